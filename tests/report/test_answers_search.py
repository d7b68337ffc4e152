"""The page of a policy search says what its numbers say, whichever way they fall."""

import json
from dataclasses import replace

import pytest

from datapolis.report.answered import html
from datapolis.report.answers import search as pages
from datapolis.studies.discovery import Box
from datapolis.studies.search import NOTHING, Loss, Mending, Row, Search

OBJECTIVES = (
    {"name": "rights", "sign": 1, "unit": "share", "about": "", "target": "at least 0.5",
     "scale": 0.1},
    {"name": "privacy_loss", "sign": -1, "unit": "share", "about": "",
     "target": "not worse than doing nothing", "scale": 0.2},
    {"name": "cost", "sign": -1, "unit": "full levers", "about": "", "target": "none",
     "scale": 2.0},
)  # fmt: skip
POLICY = {
    "open_data": {"from": 12, "to": 36, "level": 0.8},
    "antitrust": {"when": "harm", "above": 0.2, "level": 1.0},
    "privacy_law": 0.1,
}


def row(name, rights, loss, cost, score, regret, kept=0.9, promised=None, front=True, nominal=0.0):
    values = {"rights": rights, "privacy_loss": loss, "cost": cost}
    return Row(
        name, f"says {name}", POLICY, values, values, values, score, regret, kept, nominal,
        score if promised is None else promised, front,
    )  # fmt: skip


def losses(portfolio, losing):
    return [
        Loss(portfolio, index, decile, -0.01, losing if decile == 1 else 0.0)
        for index in pages.PANELS
        for decile in range(1, 11)
    ]


BOX = Box({"law.lag": (100.0, float("inf"))}, 0.8, 0.6, 0.2, {"law.lag": 0.001}, 0.025, 0.3)
MENDING = Mending(
    "open data 1 while harm is above 0.2", {},
    {"open_data": {"when": "harm", "mark": 0.2, "above": True}}, ("harm",), 16, 96, 0.7, 0.9, 20,
    1, 0.001, 0.3, 0.35, True,
)  # fmt: skip
FOUND = Search(
    budget="small",
    citizens=1000,
    months=120,
    draws={"search": 6, "reported": 24, "discovered": 192, "judged": 96, "seeds": 1},
    objectives=OBJECTIVES,
    looked_at=75,
    rows=(
        row(NOTHING, 0.4, 0.5, 0.0, 0.0, 0.9, 1.0),
        row("open_government", 0.45, 0.5, 2.0, 0.1, 0.5, front=False),
        row("P3", 0.5, 0.3, 1.0, 0.4, 0.1, promised=0.6, nominal=0.5),
        row("P9", 0.52, 0.4, 3.0, 0.3, 0.4, promised=0.5, nominal=0.7),
        row("P12", 0.41, 0.45, 0.2, 0.1, 0.5),
    ),
    robust="P3",
    nominal="P9",
    losses=(*losses("P3", 0.7), *losses("P9", 0.1)),
    failing=0.3,
    box=BOX.as_json(),
    rule=BOX.rule(),
    mending=MENDING,
    varied=("law.lag", "trust.unfair_loss"),
)


@pytest.fixture
def page(tmp_path):
    def made(found=FOUND):
        (tmp_path / "answer.json").write_text(json.dumps(found.as_json(), allow_nan=False))
        (tmp_path / "question.json").write_text(json.dumps({"kind": "search"}))
        return pages.page(tmp_path)

    return made


def texts(answer):
    return {one.title: one.text for one in answer.sections}


def test_the_answer_survives_its_file():
    assert Search.from_json(json.loads(json.dumps(FOUND.as_json()))) == FOUND


def test_the_page_tells_the_choice_and_its_price(page):
    answer = page()
    assert answer.answer.startswith(
        "P3 regrets least at worst: open data and antitrust by a rule, and 1 other a little."
    )
    assert "It gains over doing nothing" in answer.answer and "90 %" in answer.answer
    said = texts(answer)
    assert "P9 was chosen" in said["What robustness costs"]
    assert "costs 0.2 there, and takes 0.3 off the regret" in said["What robustness costs"]
    assert "chosen minus reported is 0.2" in said["Promised and kept"]
    assert "Others beat open government in every objective" in said["What each gives up"]
    assert "rights: at least 0.5" in said["What each gives up"]
    assert "tenth 1 of income (1 is the poorest) has less" in said["Who loses by P3"]
    assert "Failures gather where law.lag above 100:" in said["Where it fails"]
    assert "That mends it" in said["Can a rule mend it?"]
    text = html(answer, {"facts": {}, "inputs": []})
    assert text.count('role="img"') == 6


def test_the_page_tells_the_opposite_too(page):
    one = replace(
        FOUND,
        nominal="P3",
        losses=tuple(losses("P3", 0.0)),
        box=None,
        rule="",
        mending=replace(MENDING, won=2, lost=9, mended=False, p_value=0.06),
    )
    said = texts(page(one))
    assert "being robust costs nothing here" in said["What robustness costs"]
    assert "no tenth of income loses in any world" in said["Who loses by P3"]
    assert "No region of the parameters" in said["Where it fails"]
    assert "more harm than good" in said["Can a rule mend it?"]
    assert "open data fully while harm is above 0.2" in said["Can a rule mend it?"]
    none = replace(one, mending=replace(MENDING, added={}))
    assert "No rule of this kind mends it" in texts(page(none))["Can a rule mend it?"]
    never = replace(one, failing=0.0, mending=None)
    assert "there is nothing to mend" in texts(page(never))["Can a rule mend it?"]
    bad = [replace(r, score=-0.1) if r.name == "P3" else r for r in FOUND.rows]
    assert "does not even beat doing nothing" in page(replace(one, rows=tuple(bad))).answer


def test_charts_name_their_lines_and_say_their_numbers():
    for width in (720, 354):
        (chart,) = pages.parallel(FOUND, width)
        spec = json.dumps(chart.to_dict())
        assert "P3, robust" in spec and "P9, " in spec and "do nothing" in spec
        for draw in (pages.parallel, pages.kept, pages.by_tenth):
            (chart,) = draw(FOUND, width)
            assert "P3" in chart.to_dict()["description"]
