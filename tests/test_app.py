"""The app without a browser: its pages answer as a person's clicks would make them.

What a page shows has to be what the library gives; what a link or an upload says is checked as
hostile; and nothing that is served comes from elsewhere.
"""

import base64
import contextlib
import io
import json
import re
import socket
import threading
import time
import tomllib
import urllib.request
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

pytest.importorskip("panel")

from datapolis.app import exports, fields, questions
from datapolis.app.comparison import RESULTS, Comparison, Kept
from datapolis.app.components import escape, file_name
from datapolis.app.jobs import Cancelled, Job
from datapolis.app.pages.claims import Claims
from datapolis.app.pages.measure import Measure
from datapolis.app.pages.policies import Policies, link_of
from datapolis.app.pages.simulate import Simulate
from datapolis.app.server import PAGES, open_page, serve
from datapolis.app.state import Session, Settings
from datapolis.app.view import (
    AT_ONCE,
    MOST,
    SHOWS,
    WHOLE,
    Base,
    View,
    cleaned,
    from_query,
    python_lines,
    read_setting,
    setting_text,
    study_of,
    study_text,
    to_query,
)
from datapolis.audits import AUDITS, concentration
from datapolis.cli import app
from datapolis.core.errors import InputError, StoreError
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED, Pulse, Ramp
from datapolis.studies.document.migrations import SCHEMA
from datapolis.studies.search import NOTHING, Loss, Row, Search
from tests.serving import served

TINY = View(
    citizens=300,
    months=24,
    parameters={"law.lag": 24.0},
    levers={"open_data": 0.6, "data_sharing": Ramp(6, 12, 0.8), "antitrust": Pulse(3, 9, 1.0)},
)
LINK = to_query(TINY)
NOWHERE = re.compile(r"(?:https?:)?//(?!127\.0\.0\.1|localhost)[A-Za-z0-9]+\.[A-Za-z]")


def test_a_busy_port_is_said_before_anything_else(capsys):
    """The app does not say that it is served where another program has the port."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = []
        with pytest.raises(StoreError, match=r"taken by another program.*--port"):
            serve(port=port, ready=lambda: said.append("served"))
        with pytest.raises(StoreError, match="taken by another program"):
            serve(port=port, threaded=True)
        found = CliRunner().invoke(app, ["app", "--port", str(port), "--no-open"])
    assert not said and found.exit_code == 3
    told = found.output + str(found.exception or "")
    assert "is served at" not in told and "taken by another program" in told


@pytest.fixture(scope="module")
def tiny():
    """The tiny view, computed once."""
    comparison = Comparison(TINY, Base())
    while not comparison.done:
        comparison.advance()
    return comparison


@pytest.fixture
def page(tmp_path):
    """A page of its own session; closed in the end."""
    opened = []

    def made(kind, query=None, results=tmp_path):
        one = kind(Session(Settings(results=results), query=query or {}))
        opened.append(one)
        return one

    yield made
    for one in opened:
        one.session.close()


def waited(page):
    """Wait until nothing is at work any more."""
    if page.session.job is not None:
        page.session.job.thread.join(300)
    while asides := [one for one in threading.enumerate() if one.name == "datapolis-aside"]:
        asides[0].join(60)
    return page


# --- links -------------------------------------------------------------------------------------


def number_in(declared):
    return (
        st.floats(declared.low, declared.high)
        .map(lambda value: round(value, 9))
        .filter(declared.allows)
    )


MONTHS = st.tuples(st.integers(0, 359), st.integers(1, 360)).filter(lambda two: two[0] < two[1])
LEVELS = st.floats(0.01, 1.0).map(lambda value: round(value, 6))
SETTINGS = st.one_of(
    LEVELS,
    st.builds(lambda level, two: Ramp(*two, level), LEVELS, MONTHS),
    st.builds(lambda level, two: Pulse(two[0], two[1] - two[0], level), LEVELS, MONTHS),
)
VIEWS = st.builds(
    View,
    citizens=st.integers(100, 2_000),
    months=st.integers(12, 240),
    members=st.sampled_from([4, 8, 16]),
    seed=st.integers(*WHOLE["seed"]),
    world=st.integers(*WHOLE["world"]),
    parameters=st.dictionaries(
        st.sampled_from([path for path in DECLARED if DECLARED[path].low < DECLARED[path].high]),
        st.integers(0, 1000),
        max_size=5,
    ).map(
        lambda found: {
            path: round(
                DECLARED[path].low + (DECLARED[path].high - DECLARED[path].low) * n / 1000, 9
            )
            for path, n in found.items()
        }
    ),
    levers=st.dictionaries(st.sampled_from(list(LEVER_DECLARED)), SETTINGS, max_size=4),
    show=st.sampled_from(SHOWS),
)


@given(view=VIEWS)
@settings(max_examples=60, deadline=None)
def test_a_link_gives_the_view_back(view):
    view = cleaned(view, Base())
    query = to_query(view)
    assert all(isinstance(one, str) for one in query.values())
    assert from_query(query) == (view, [])


@given(
    query=st.dictionaries(
        st.one_of(st.text(max_size=80), st.sampled_from([*WHOLE, *DECLARED, *LEVER_DECLARED])),
        st.one_of(
            st.text(max_size=80),
            st.sampled_from(
                ["nan", "inf", "1e999", "-1", "٣", "0x10", "1_000", "0.8~9-3", "''", " 1"]
            ),
        ),
        max_size=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_a_link_of_any_kind_is_told_in_words_or_fits(query):
    view, slips = from_query(query)
    assert view.check() == view
    assert all(DECLARED[path].allows(value) for path, value in view.parameters.items())
    for slip in slips:
        assert (
            isinstance(slip, InputError) and len(str(slip)) < 600 and "Traceback" not in str(slip)
        )
    study_of(view, Base())  # whatever is left is a study that fits


def test_slips_in_a_link_say_what_is_allowed():
    _, slips = from_query({"law.lag": "999", "law.lagg": "24", "months": "7", "open_data": "x"})
    said = [str(slip) for slip in slips]
    assert "allowed: 12 to 240 month" in said[0]
    assert "did you mean 'law.lag'?" in said[1]
    assert "allowed: 12 to 360" in said[2]
    assert "0.8~60-84" in said[3]


def test_too_large_a_link_is_refused():
    view, slips = from_query({"citizens": "20000", "months": "360", "members": "32"})
    assert "too much for this page" in str(slips[0])
    assert view.citizens * view.months * view.members <= MOST
    assert "too long" in str(from_query({"show": "x" * 10_000})[1][0])


@given(setting=SETTINGS)
def test_a_lever_over_time_survives_a_link(setting):
    assert read_setting("open_data", setting_text(setting)) == setting


def test_a_view_is_a_study_that_says_the_same():
    study = study_of(TINY, Base())
    assert study.world.citizens == 300 and study.world.months == 24
    assert study.parameters.law.lag == 24.0
    assert study.policies["with_policy"].levers == TINY.policy.levers
    written = tomllib.loads(study_text(TINY, Base()))
    assert written["ensemble"] == {"members": 4, "seed": 1} and written["schema"] == SCHEMA


def test_a_view_of_an_old_study_is_a_study_of_today(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        'schema = 1\ntitle = "Old"\n[world.firms]\ntable = "firms.csv"\nname = "firm"\n'
        'weight = "share"\nbasis = "share"\n'
    )
    base = Base.read(path)
    written = tomllib.loads(study_text(base.view(), base))
    assert written["schema"] == SCHEMA and written["world"]["firms"]["basis"] == "market"


def test_a_study_gives_the_view_that_the_page_opens_with(tmp_path):
    (tmp_path / "companies.csv").write_text(
        "company,reach\n" + "".join(f"c{i},{1 / (i + 1):.3f}\n" for i in range(8))
    )
    path = tmp_path / "study.toml"
    path.write_text(
        'schema = 2\ntitle = "Own"\n[world]\ncitizens = 400\nmonths = 36\n'
        '[world.firms]\ntable = "companies.csv"\nname = "company"\nweight = "reach"\n'
        "[parameters]\nlaw.lag = 36\n[policies.open]\nopen_data = 0.5\n"
        'antitrust = { when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }\n'
        "[ensemble]\nmembers = 6\nseed = 3\n"
    )
    base = Base.read(path)
    view = base.view()
    assert (view.citizens, view.months, view.members, view.seed) == (400, 36, 8, 3)
    assert view.levers == {"open_data": 0.5} and base.default("law.lag") == 36.0
    assert from_query(to_query(view, base), base) == (view, [])
    study = study_of(replace(view, parameters={"law.lag": 48.0}), base)
    assert study.parameters.law.lag == 48.0
    assert study.world.firms.table == "companies.csv"
    assert "read_study" in python_lines(view, base)
    page = Simulate(Session(Settings(base=base, results=tmp_path)))
    assert base.rules == ["antitrust"] and "antitrust" in page.status.html


# --- fields ------------------------------------------------------------------------------------


def test_every_parameter_and_lever_has_a_field_with_range_unit_and_source():
    base, view = Base(), View()
    made = [
        field
        for group in [*fields.lever_groups(view), *fields.parameter_groups(view, base)]
        for field in group["fields"]
    ]
    ids = [field["id"] for field in made]
    fixed = {path for path, one in DECLARED.items() if one.low == one.high}
    assert len(ids) == len(set(ids))
    assert set(ids) == (set(DECLARED) - fixed) | set(LEVER_DECLARED)
    values = fields.values_of(view, base)
    for field in made:
        assert field["label"] and field["info"] and field["id"] in values
        if field["kind"] == "range":
            declared = DECLARED[field["id"]]
            assert (field["min"], field["max"]) == (declared.low, declared.high)
            assert f"{declared.low:g} to {declared.high:g}" in field["info"]
            assert "Source: " in field["info"]


def test_a_slip_in_a_field_is_told_and_changes_nothing(page):
    one = page(Simulate)
    before = one.session.view
    one.changed("law.lag", "999")
    assert "12 to 240 month" in one.parameters.errors["law.lag"]
    one.changed("open_data", {"kind": "rises", "level": "0.5", "from": "80", "to": "20"})
    assert "the first before the last" in one.levers.errors["open_data"]
    one.changed("seed", {"a": 1})
    one.changed("citizens", "1000000")
    assert one.session.view == before
    one.changed("law.lag", 24)
    assert one.session.view.parameters == {"law.lag": 24.0} and not one.parameters.errors.get(
        "law.lag"
    )
    one.changed("law.lag", DECLARED["law.lag"].default)
    assert one.session.view.parameters == {}


# --- societies ---------------------------------------------------------------------------------


def test_the_lines_of_python_give_the_numbers_of_the_page(tiny):
    results = tiny.results()
    scope = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(python_lines(TINY, Base()), "reproduce.py", "exec"), scope)
    (found,) = scope["results"]
    assert set(found.data_vars) == set(results.data_vars)
    for name, one in found.data_vars.items():
        for turn, policy in enumerate(("none", "with_policy")):
            expected = one.values[AT_ONCE * turn : AT_ONCE * (turn + 1)]
            np.testing.assert_array_equal(results[name].sel(policy=policy).values, expected)
    assert results.sizes["month"] == 24 and results["harm"].attrs["units"] == "share"


def test_the_same_seed_is_the_same_society_until_the_policy_acts(tiny):
    power = tiny.results()["power_share"]
    late = View(citizens=300, months=24, levers={"open_data": Pulse(20, 4, 1.0)})
    assert late.key(Base()) != TINY.key(Base())
    assert np.isfinite(power.values).all()
    np.testing.assert_allclose(power.sum("sector").values, 1.0, atol=1e-5)
    assert not np.array_equal(power.sel(policy="none"), power.sel(policy="with_policy"))


def test_the_network_has_each_tie_once_between_living_organizations(tiny):
    for one in tiny.ties():
        places = set(one["place"].tolist())
        pairs = list(zip(one["one"].tolist(), one["other"].tolist(), strict=True))
        assert pairs and len(pairs) == len(set(pairs))
        assert all(a < b and a in places and b in places for a, b in pairs)
        assert (one["strength"] > 0).all() and one["data"].sum() == pytest.approx(1.0)


def test_a_page_runs_and_shows_what_the_library_gives(page, tiny):
    RESULTS.found.clear()
    one = page(Simulate, LINK)
    one.opened()
    waited(one)
    assert "Done: 24 months, 4 societies" in one.status.html
    np.testing.assert_array_equal(one.session.results["harm"].values, tiny.results()["harm"].values)
    assert "Who holds power" in one.body.html and one.choice.visible and one.actions.visible
    assert one.body.html.index("<svg") < one.body.html.index("Shares always sum to one")
    assert escape("policy = dp.Policy(data_sharing=dp.ramp(6, 12, 0.8)") in one.again.html
    for show in SHOWS:
        one.show(show)
        waited(one)
        assert "aria-label=" in one.body.html and "An error" not in one.status.html
    assert "Key numbers" in one.body.html and "share of 1" in one.body.html
    again = page(Simulate, LINK)  # another session: from what is kept, by its content
    again.opened()
    waited(again)
    assert again.session.results is one.session.results and again.body.html


def test_a_run_is_cancelled_between_two_years(page):
    RESULTS.found.clear()
    one = page(Simulate, {**LINK, "months": "360", "members": "32"})
    one.run()
    assert one.session.busy and one.controls.values["cancel"] is True
    while one.session.results is None and one.session.job.active:
        time.sleep(0.05)
    one.changed("cancel", True)
    assert not one.session.busy and "Cancelled" in one.status.html
    assert one.controls.values["run"] is True
    waited(one)
    assert one.session.job.state == "cancelled" and "Cancelled" in one.status.html
    assert 0 < one.session.results.sizes["month"] < 360
    assert not one.actions.visible  # what is not whole is not handed out


def test_files_say_what_to_cite(tiny):
    results, base = tiny.results(), Base()
    study = exports.of_simulation("study", TINY, base, results)[1]
    import hashlib

    digest = hashlib.sha256(study).hexdigest()
    name, content, _ = exports.of_simulation("data", TINY, base, results)
    files = zipfile.ZipFile(io.BytesIO(content))
    assert {"indices.csv", "indices.parquet", "view.toml", "reproduce.py", "cite.json"} <= set(
        files.namelist()
    )
    assert any(one.startswith("results.zarr/") for one in files.namelist())
    cite = json.loads(files.read("cite.json"))
    assert set(cite) == {"estimand", "method", "interval", "version", "input_sha256", "seed"}
    assert cite["input_sha256"] == digest and files.read("view.toml") == study
    rows = files.read("key-numbers.csv").decode().splitlines()
    assert all(digest in row for row in rows[1:]) and len(rows) > 20
    note = exports.of_simulation("note", TINY, base, results)[1].decode()
    assert digest in note and "What it cannot say" in note and "@page" in note
    assert not NOWHERE.search(note) and "<script" not in note
    report = exports.of_simulation("report", TINY, base, results)[1].decode()
    assert "How to run this again" in report and name == "data.zip"


def test_kept_results_are_few():
    kept = Kept(2)
    for number in range(3):
        kept.put(str(number), number)
    assert kept.get("0") is None and kept.get("2") == 2


# --- work in the background --------------------------------------------------------------------


def test_errors_of_a_job_are_told_in_words():
    told = []

    def wrong(job):
        raise InputError("out of range", field="law.lag", value=999, allowed="12 to 240")

    job = Job(wrong, told.append).start()
    job.thread.join(10)
    assert told[-1].state == "failed" and "allowed: 12 to 240" in told[-1].problem

    def ours(job):
        raise KeyError("a cell of somebody's table")

    job = Job(ours, told.append).start()
    job.thread.join(10)
    assert "not of yours" in told[-1].problem and "somebody" not in told[-1].problem


def test_a_cancelled_job_says_nothing_more():
    told, begun, go = [], threading.Event(), threading.Event()

    def work(job):
        begun.set()
        go.wait(10)
        job.tell("too late", 1, 1)

    job = Job(work, told.append).start()
    begun.wait(10)
    job.cancel()
    assert job.state == "cancelled"
    go.set()
    job.thread.join(10)
    assert job.state == "cancelled" and not [one for one in told if one.says == "too late"]
    with pytest.raises(Cancelled):
        job.check()


# --- tables ------------------------------------------------------------------------------------

TABLE = "firm,month,share\n" + "".join(
    f"f{firm},{month},{(firm + 1) / 210:.6f}\n"
    for month in ("2020-01", "2020-02")
    for firm in range(20)
)


def send(upload, name, content, piece=300):
    """Send a file in pieces, as a browser does."""
    many = max(-(-len(content) // piece), 1)
    for place in range(many):
        data = base64.b64encode(content[place * piece : (place + 1) * piece]).decode()
        upload._handle_msg({"name": name, "turn": "t", "place": place, "many": many, "data": data})


def test_no_number_before_basis_and_floor_are_said(page):
    one = page(Measure)
    send(one.first, "shares.csv", TABLE.encode())
    waited(one)
    assert "firm" in one.columns.html and "share" in one.columns.html
    assert not re.search(r"\d", re.sub(r"<[^>]+>", "", one.columns.html))
    one.changed("kind", "concentration")
    one.changed("measure", True)
    assert set(one.options.errors) == {"basis", "holder", "amount"}
    assert one.session.job is None and "No number yet" in one.status.html
    for id, value in {
        "basis": "market",
        "holder": "firm",
        "amount": "share",
        "time": "month",
        "public": True,
    }.items():
        one.changed(id, value)
    one.changed("measure", True)
    assert set(one.options.errors) == {"ask_whole", "ask_floor"}  # asked where they have an effect
    assert one.session.job is None and "No number yet" in one.status.html
    one.changed("ask_whole", "none")
    one.changed("ask_floor", "none")
    one.changed("measure", True)
    waited(one)
    assert one.status.html == "Done."
    html = one.body.html
    assert html.index("What it cannot say") < html.index("<data-chart")
    expected = concentration(
        one.session.tables["first"], holder="firm", amount="share", time="month", basis="market",
        public=True,
    )  # fmt: skip
    assert one.session.audit.findings == expected.findings
    assert "SHA-256 shares.csv" in one.again.html
    scope = {}
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.chdir(one.session.tables["first"].parent),
    ):
        exec(exports.audit_lines(one.session.audit), scope)
    assert scope["found"].findings == expected.findings
    for id in exports.OF_AUDIT:
        name, content, _ = exports.of_audit(id, one.session.audit)
        assert name and content
    note = exports.audit_note(one.session.audit)
    assert "What it cannot say" in note and not NOWHERE.search(note)
    query = {name: str(value) for name, value in one._query().items()}
    again = page(Measure, query)
    assert {k: v for k, v in again.values.items() if v} == {
        k: v for k, v in one.values.items() if v
    }


@pytest.mark.parametrize("kind", list(AUDITS))
def test_every_audit_can_be_asked(kind):
    plain = questions.defaults(kind)
    groups = questions.groups(kind, ["a", "b"], plain)
    ids = [field["id"] for group in groups for field in group["fields"]]
    assert len(ids) == len(set(ids))
    lacking = questions.missing(kind, plain)
    assert set(lacking) <= set(ids)
    for name in questions.asked_of(kind, plain):
        assert name in lacking or f"ask_{name}" in lacking or plain[name]
    for group in groups:
        for field in group["fields"]:
            assert field["label"] and field["kind"] in (
                "select", "number", "text", "check", "many",
            )  # fmt: skip


def test_what_would_have_no_effect_is_neither_asked_nor_sent():
    plain = questions.defaults("concentration")
    assert questions.asked_of("concentration", plain) == ["basis"]
    market = plain | {"basis": "market", "time": "year"}
    assert questions.asked_of("concentration", market) == ["basis", "floor", "whole"]
    given = market | {"ask_floor": "given", "floor": "0.1", "ask_whole": "none"}
    assert questions.named("concentration", given)["floor"] == 0.1
    without = questions.named("concentration", given | {"time": ""})
    assert "floor" not in without and set(without) == {"basis"}


def test_answers_are_read_as_the_audit_takes_them():
    values = questions.defaults("prices") | {
        "outcome": "speed<25",
        "within": ["city", "provider"],
        "ask_cost": "given",
        "cost": "density, n",
        "ask_unit": "none",
        "draws": "9999",
        "groups": "Black=b, White=w",
    }
    assert questions.missing("prices", values) == {}
    assert questions.named("prices", values) == {
        "outcome": "speed<25",
        "within": ("city", "provider"),
        "cost": ("density", "n"),
        "groups": {"Black": "b", "White": "w"},
    }
    with pytest.raises(InputError, match="not a whole number"):
        questions.named("prices", values | {"draws": "many"})
    with pytest.raises(InputError, match="name=column"):
        questions.named("prices", values | {"groups": "Black"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("table.xlsx", b"PK", "not a table that can be read here"),
        ("table.csv", b"", "empty"),
        ("table.csv", b"a,b\n", "empty"),
        ("table.csv", b'a,b\n1\n"2,3,4\n\xff\xfe', "cannot be read"),
        ("table.parquet", b"PAR1 nothing PAR1", "cannot be read"),
    ],
)
def test_a_bad_upload_is_told_in_words(page, name, content, said):
    one = page(Measure)
    send(one.first, name, content)
    waited(one)
    assert said in one.status.html and "Traceback" not in one.status.html
    assert "first" not in one.session.tables and not one.kind.visible


def test_uploads_stay_in_their_folder_and_go_with_the_session(page):
    assert file_name("../../etc/passwd.csv") == "passwd.csv"
    assert file_name("C:\\here\\..\\a\0b;.csv") == "a_b_.csv"
    with pytest.raises(InputError):
        file_name("..")
    one, other = page(Measure), page(Measure)
    send(one.first, "../x.csv", TABLE.encode())
    waited(one)
    folder = one.session.folder
    assert [path.name for path in folder.rglob("*.csv")] == ["x.csv"]
    assert other.session.folder is None and not other.session.tables
    one.session.close()
    assert not folder.exists()


def test_an_upload_is_bounded_and_in_order(page):
    one = page(Measure)
    one.first.most = 500
    send(one.first, "large.csv", TABLE.encode())
    assert "too large" in one.status.html and not list(one.session.uploads().rglob("*.csv"))
    piece = {"name": "a.csv", "turn": "t", "place": 1, "many": 2, "data": "YQ=="}
    for message in (piece, None, [], {"place": 0}, {**piece, "place": 0, "data": "%%"}):
        one.first._handle_msg(message)
    assert not one.session.tables


# --- stored answers ----------------------------------------------------------------------------


def test_the_shipped_trial_is_shown_with_the_experiment_behind_each_verdict(page):
    from datapolis.app.pages.answers import SHIPPED
    from datapolis.studies.claims.claim_test import RULES, Trial

    trial = Trial.read(SHIPPED / "claims")
    assert trial.rules == RULES  # not one of the first rules
    verdicts = {one.id: one.verdicts["posterior"].verdict for one in trial.tried}
    one = page(Claims)
    one.opened()
    waited(one)
    assert one.body.html.count("claims?x=X") == 24
    for verdict, many in trial.count("posterior").items():
        assert not many or f"{many} {verdict}" in one.body.html
        one.changed("verdict", verdict)
        waited(one)
        assert one.body.html.count("claims?x=X") == many
    one.changed("claim", "M32")
    waited(one)
    assert f"X13: {verdicts['X13']}" in one.body.html
    assert "It would be refuted if" in one.body.html
    one.changed("x", "X99")
    assert "no such choice" in one.controls.errors["x"]
    linked = page(Claims, {"x": "X10", "from": "../../etc", "y": "<script>"})
    linked.opened()
    waited(linked)
    assert "no such answer" in linked.status.html and "<script>" not in linked.status.html
    assert f"X10: {verdicts['X10']}" in linked.body.html


def test_the_shipped_trial_is_the_one_of_the_documentation():
    from datapolis.app.pages.answers import SHIPPED
    from datapolis.studies.claims.claim_test import Trial, rows

    said = (Path(__file__).parents[1] / "docs" / "claims.md").read_text(encoding="utf-8")
    for row in rows(Trial.read(SHIPPED / "claims")):
        assert f"| {row['question']} | {row['posterior']} | {row['box']} |" in said


OBJECTIVES = (
    {"name": "rights", "sign": 1, "unit": "share", "about": "", "target": "none", "scale": 0.1},
    {
        "name": "cost",
        "sign": -1,
        "unit": "full levers",
        "about": "",
        "target": "none",
        "scale": 2.0,
    },
)
POLICY = {
    "open_data": {"from": 12, "to": 36, "level": 0.8},
    "antitrust": {"when": "harm", "above": 0.2, "level": 1.0},
    "privacy_law": 0.1,
}


def portfolio(name, rights, cost, policy=POLICY):
    values = {"rights": rights, "cost": cost}
    return Row(name, f"says {name}", policy, values, values, values, 0.3, 0.1, 0.9, 0.2, 0.3, True)


@pytest.fixture
def searched(tmp_path):
    """A folder that holds the answer of a search."""
    panels = ("citizens_gain_by_decile", "rights_by_decile")
    found = Search(
        budget="small",
        citizens=1000,
        months=120,
        draws={"search": 6, "reported": 24, "discovered": 192, "judged": 96, "seeds": 1},
        objectives=OBJECTIVES,
        looked_at=75,
        rows=(
            portfolio(NOTHING, 0.4, 0.0, {}),
            portfolio("P3", 0.5, 1.0),
            portfolio("P9", 0.6, 3.0),
        ),
        robust="P3",
        nominal="P9",
        losses=tuple(
            Loss(name, index, decile, -0.01, 0.2)
            for name in ("P3", "P9")
            for index in panels
            for decile in range(1, 11)
        ),
        failing=0.3,
        box=None,
        rule="",
        mending=None,
        varied=("law.lag",),
    )
    folder = tmp_path / "search"
    folder.mkdir()
    (folder / "answer.json").write_text(json.dumps(found.as_json()))
    (folder / "question.json").write_text('{"kind": "search"}')
    return tmp_path


def test_portfolios_are_brushed_by_what_is_asked(page, searched):
    one = page(Policies, results=searched)
    one.opened()
    waited(one)
    assert "3 of 3 portfolios" in one.body.html and "Where it fails" in one.body.html
    one.changed("bound_rights", "0.45")
    one.changed("bound_cost", 2)
    waited(one)
    assert "1 of 3 portfolios" in one.body.html
    assert one.query() == {"bound_rights": "0.45", "bound_cost": "2"}
    one.changed("bound_rights", "nan")
    one.changed("portfolio", "P77")
    assert {"bound_rights", "portfolio"} <= set(one.controls.errors)
    one.changed("portfolio", "P9")
    waited(one)
    assert "See it at work" in one.body.html and "left out: antitrust" in one.body.html
    linked = page(Policies, one.query(), results=searched)
    linked.opened()
    waited(linked)
    assert linked.body.html == one.body.html


def test_a_portfolio_can_be_seen_at_work():
    from urllib.parse import parse_qsl

    link, rules = link_of(portfolio("P9", 0.6, 3.0))
    view, slips = from_query(dict(parse_qsl(link.partition("?")[2])))
    assert slips == [] and rules == ["antitrust"]
    assert view.levers == {"open_data": Ramp(12, 36, 0.8), "privacy_law": 0.1}


def test_a_page_without_answers_says_how_to_get_one(page, tmp_path):
    (tmp_path / "answer.json").write_text("{broken")
    one = page(Policies)
    one.opened()
    assert "datapolis search" in one.body.html


# --- the server --------------------------------------------------------------------------------


@pytest.fixture(scope="module", name="served")
def server():
    with served() as address:
        yield address


def got(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.geturl(), answer.read().decode("utf-8", "replace")


@pytest.mark.parametrize("path", ["", *(kind.name for kind in PAGES)])
def test_what_is_served_asks_nobody_else(served, path):
    address, html = got(f"{served}/{path}")
    assert address.startswith(served)
    assert not NOWHERE.search(html)
    assert html.count("<h1>") == 1 and 'aria-current="page"' in html and 'lang="en"' in html
    for asked in re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', html):
        assert asked.startswith(("static/", "./", "assets/"))
    assert "cdn" not in html.lower()


def test_the_charts_library_is_served_from_here(served):
    assert "vegaEmbed" in got(f"{served}/assets/vega.js")[1]


def test_hostile_queries_are_served_politely(served):
    query = "law.lag=%3Cscript%3Ealert(1)%3C/script%3E&members=1e9&%00=%ff"
    _, html = got(f"{served}/simulate?{query}")
    assert "<script>alert(1)" not in html


def test_sessions_share_nothing():
    one, other = (Session(), Session())
    for name, value in vars(one).items():
        if isinstance(value, dict | list):
            assert value is not getattr(other, name)


def test_every_part_of_a_page_has_a_place():
    for kind in PAGES:
        one = kind(Session())
        places = set(re.findall(r"roots\.(\w+)", one.layout)) | {"courier"}
        assert places == set(one.parts)
        assert open_page(kind, Settings()) is not None
