"""The page: whole, safe to open, and without a network."""

import json
import warnings
from html.parser import HTMLParser

import pytest

from datapolis.core.errors import StoreError
from datapolis.report import page, write
from datapolis.report.page import draw_all
from datapolis.report.render import safe_json

from .conftest import ensemble

STUDY = """
schema = 2
title = "Who <b>watches</b>?"
about = "A study of & by hand."
[policies.open_government]
data_sharing = { from = 6, to = 12, level = 0.8 }
open_data = 0.6
[policies.market_order]
antitrust = { when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }
[policies.citizens_rights]
privacy_law = { at = 6, months = 3, level = 0.5 }
[claims]
test = ["M32", "X05"]
"""
PROVENANCE = {
    "title": "Who <b>watches</b>?",
    "seed": 7,
    "members": 6,
    "citizens": 1_000,
    "months": 30,
    "versions": {"datapolis": "0.1.0", "python": "3.11"},
    "machine": {"cores": 2},
    "inputs": [{"table": "tracker_company_month.csv", "sha256": "ab" * 32}],
    "notes": ["Ties between citizens were generated."],
    "parameters": {"attention.network_effect": 0.41},
    "varied": ["attention.network_effect"],
}
HOSTILE = "</title></script><script>alert('x')</script><img src=http://evil.example/x.png>"


@pytest.fixture(scope="module")
def text(results, market):
    return page.page(results, PROVENANCE, STUDY, {"firms": market})


@pytest.fixture(scope="module")
def hostile(results):
    small = results[["trust", "power_share", "rights_by_decile"]]
    notes = {"notes": [HOSTILE], "inputs": [{"table": HOSTILE, "sha256": HOSTILE}]}
    provenance = {**PROVENANCE, **notes, "title": HOSTILE, "citizens": 60}
    names = ["none", "<script>", "market_order", "citizens_rights"]
    return page.page(small.assign_coords(policy=names), provenance, STUDY)


class Reader(HTMLParser):
    """What a browser would load, and which elements there are."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.tags, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.loads += [found[name] for name in ("src", "srcset", "data", "poster") if name in found]
        if "href" in found or "xlink:href" in found:
            (self.links if tag == "a" else self.loads).append(found.get("href"))
        if "id" in found:
            self.ids.append(found["id"])


def test_the_page_loads_nothing(text):
    reader = Reader(text)
    assert reader.loads == []
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(reader.tags)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'" in text


def test_links_lead_to_a_part_of_the_page_or_a_licence(text):
    reader = Reader(text)
    inside = {link[1:] for link in reader.links if link.startswith("#")}
    assert inside <= set(reader.ids)
    outside = [link for link in reader.links if not link.startswith("#")]
    assert outside == ["https://creativecommons.org/licenses/by/4.0/"]


def test_the_page_says_what_it_must(text):
    assert "Who &lt;b&gt;watches&lt;/b&gt;?" in text
    assert "A study of &amp; by hand." in text
    for said in (
        "WhoTracks.me",
        "CC BY 4.0",
        "1,000 citizens and 6 members",
        "citizens = 10_000",
        "Ties between citizens were generated.",
        "ab" * 32,
        "datapolis run study.toml out/",
        "from 0 in month 6 to 0.8 in month 12",
        "1.0 while top fifth share lies above 0.8, until it passes 0.7",
        "0.5 for 3 months from month 6",
        "attention.network_effect",
        "0.41",
        "With 6 members the ranges are rough.",
        "488 holders",
        "No verdict is given here",
    ):
        assert said in text, said


def test_there_is_a_picture_of_every_chart_for_wide_and_narrow_windows(text):
    assert text.count('role="img" aria-label=') == 2 * len(page.FIGURES)
    assert text.count("<svg xmlns") == 2 * len(page.FIGURES)


def test_the_numbers_of_the_charts_can_be_read(text):
    start = text.index('<script id="charts" type="application/json">') + 44
    specs = json.loads(text[start : text.index("</script>", start)])
    assert len(specs["specs"]) == 2 * len(page.FIGURES)
    used = {name for spec in specs["specs"].values() for name in spec["uses"]}
    assert used == set(specs["data"])


def test_a_hostile_title_does_nothing(hostile):
    reader = Reader(hostile)
    assert reader.loads == []
    assert reader.tags.count("script") == 2
    assert reader.tags.count("title") == 1
    assert "img" not in reader.tags
    assert "<script>alert" not in hostile


def test_small_groups_are_suppressed_in_page_and_charts(hostile):
    assert "Not shown: rights_by_decile" in hostile
    assert 'id="by-income"' not in hostile


def test_the_summary_follows_the_sign(measured):
    names = ["power_share", "top_fifth_share", "trust", "harm"]
    falls, rises = (page.page(ensemble(sign, 24)[names], PROVENANCE, STUDY) for sign in (1, -1))
    assert "the market has it" in falls and "the market has it" not in rises
    assert "firms rises" in falls and "firms falls" in rises


def test_nothing_in_the_data_ends_a_script():
    assert "</" not in safe_json({"a": HOSTILE})
    assert json.loads(safe_json({"a": HOSTILE})) == {"a": HOSTILE}


def test_charts_that_need_what_was_not_recorded_are_left_out(results):
    drawn, _ = draw_all(results[["trust"]], [])
    assert [figure["id"] for figure in drawn] == ["policy-changes", "privacy"]


def test_a_run_without_any_result_is_told(results):
    with pytest.raises(StoreError, match="no member is done"):
        page.page(results[["trust"]] * float("nan"), PROVENANCE, STUDY)


def test_write_reads_the_folder_and_writes_the_page(tmp_path, results, market):

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Zarr, about names as text
        results[["trust", "top_fifth_share"]].to_zarr(tmp_path / "results.zarr")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "provenance.json").write_text(json.dumps(PROVENANCE), encoding="utf-8")
    (tmp_path / "audits").mkdir()
    (tmp_path / "audits" / "firms.json").write_text(json.dumps(market.as_json()), encoding="utf-8")
    path = write(tmp_path)
    assert path == tmp_path / "report.html"
    assert "0.82" in path.read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.unfinished"))


def test_a_folder_without_results_is_told(tmp_path):
    with pytest.raises(StoreError, match=r"results\.zarr"):
        write(tmp_path)
