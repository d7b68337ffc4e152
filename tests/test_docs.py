"""The documents say what the code says: tables, names, claims, experiments, links."""

import inspect
import re
import runpy
from dataclasses import fields, is_dataclass
from pathlib import Path
from unittest.mock import MagicMock

import jax
import numpy as np
import pytest
import xarray

import datapolis as dp
from datapolis.core.parameters import DECLARED, Parameters
from datapolis.core.policy import LEVERS
from datapolis.core.scenario import shocks
from datapolis.model import society
from datapolis.model.indices import INDICES, STANDARD, labels
from datapolis.model.month import MONTH
from datapolis.model.society import (
    Citizens,
    Controversy,
    Firms,
    Flows,
    Organizations,
    Regions,
    Society,
)
from datapolis.model.world import World
from datapolis.studies.document.sections import CLAIMS

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT / "docs"
MAP = (DOCUMENTS / "claims-map.md").read_text(encoding="utf-8")
MODEL = (DOCUMENTS / "model.md").read_text(encoding="utf-8")
THEORY = (DOCUMENTS / "theory.md").read_text(encoding="utf-8")
PARTS = {
    "citizens": Citizens,
    "organizations": Organizations,
    "firms": Firms,
    "regions": Regions,
    "controversy": Controversy,
}
STOCKS = {f"{name}.{item.name}" for name, part in PARTS.items() for item in fields(part)} | {
    item.name for item in fields(Society) if item.name not in (*PARTS, "flows", "own")
}
FLOWS = {f"flows.{item.name}" for item in fields(Flows)}
ARGUMENTS = set(inspect.signature(World.generate).parameters)
PROSE = re.sub(r"```.*?```", "", MAP, flags=re.DOTALL)  # without the lines of code
NAMES = sorted(set(re.findall(r"`([^`\n]+)`", PROSE)))


def rows(text, pattern):
    """The cells of the rows of tables whose first cell is an id."""
    found = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return {
        cells[0].strip(): cells[1:] for cells in found if re.fullmatch(pattern, cells[0].strip())
    }


def section(title):
    """One chapter of the map of claims."""
    return MAP.split(f"\n## {title}\n")[1].split("\n## ")[0]


CLAIM_ROWS = rows(section("Claims").split("### Levers declared")[0], r"[IMERVP]\d+")


@pytest.mark.parametrize("script", sorted(DOCUMENTS.glob("*.py")), ids=lambda path: path.name)
def test_a_script_finds_what_it_imports(script):
    assert runpy.run_path(str(script), run_name="read")["__doc__"]


def test_generated_tables_are_up_to_date():
    filled = runpy.run_path(str(DOCUMENTS / "make_tables.py"))["filled"]
    for path in sorted(DOCUMENTS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert filled(text) == text, f"{path.name}: run python docs/make_tables.py"


def test_making_the_tables_twice_changes_nothing_more():
    filled = runpy.run_path(str(DOCUMENTS / "make_tables.py"))["filled"]
    once = filled(MODEL.replace("| `law.lag` |", "| `law.lagg` |"))
    assert once == filled(once) == MODEL


def test_every_claim_of_the_essay_is_a_row():
    wanted = [claim for claim in CLAIMS if claim[0] != "X"]
    assert len(wanted) == 119
    assert list(CLAIM_ROWS) == wanted


@pytest.mark.parametrize("claim", list(CLAIM_ROWS))
def test_a_claim_names_its_experiment_its_state_a_treatment_and_an_index(claim):
    about, experiment, state, change, read = CLAIM_ROWS[claim]
    assert about.strip()
    assert experiment.strip() in CLAIMS
    in_code = [re.findall(r"`([^`]+)`", cell) for cell in (state, change, read)]
    assert set(in_code[0]) & (STOCKS | FLOWS)
    known = set(DECLARED) | set(LEVERS) | ARGUMENTS | {"World.rewire"}
    assert set(in_code[1]) & known or {"I6"} & {claim}  # I6 freezes each of its stocks
    assert {name.partition(".")[0] for name in in_code[2]} & set(INDICES) or claim == "I6"


def test_every_experiment_actor_and_ambiguity_has_a_row():
    experiments = rows(section("Experiments"), r"X\d\d")
    assert list(experiments) == [claim for claim in CLAIMS if claim[0] == "X"]
    assert list(rows(section("Actors"), r"A\d+")) == [f"A{number}" for number in range(1, 17)]
    assert list(rows(section("Ambiguities"), r"Q\d+")) == [f"Q{number}" for number in range(1, 16)]


@pytest.fixture(scope="module")
def world():
    return World.generate(200, seed=1)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_in_the_map_of_claims_exists_in_code(name, world):
    head, _, label = name.partition(".")
    if name in STOCKS | FLOWS | set(DECLARED) | set(LEVERS) | set(INDICES) | ARGUMENTS:
        return
    if name in {mechanism.__name__ for mechanism in MONTH} | set(PARTS):
        return
    if name in inspect.signature(dp.simulate).parameters:
        return
    if head in INDICES:
        (dim,) = INDICES[head].dims
        assert label in map(str, labels(dim, world)), f"{head} has no {label}"
        return
    thing = dp
    for part in name.split("."):
        thing = getattr(thing, part, None) or getattr(dp.simulation, part, None)
        assert thing is not None, f"{name} is not in the code"


def test_every_stock_flow_lever_index_and_parameter_is_in_the_description():
    told = set(re.findall(r"`([^`\n]+)`", MODEL))
    assert told >= STOCKS | FLOWS | set(LEVERS) | set(INDICES) | set(DECLARED)


def test_the_stocks_are_all_the_stocks():
    kinds = {item.name: getattr(society, str(item.type), None) for item in fields(Society)}
    assert {name for name, kind in kinds.items() if is_dataclass(kind)} == {*PARTS, "flows"}


EXPERIMENTS = re.findall(r"\*\*(X\d\d)\*\*.*?((?:\n```python\n.*?```)+)", MAP, re.DOTALL)


@pytest.mark.parametrize(("experiment", "text"), EXPERIMENTS, ids=[one for one, _ in EXPERIMENTS])
def test_the_lines_of_an_experiment_fit_the_library(experiment, text, world, monkeypatch):
    """They are run with a stand-in for `simulate`, which looks at what it is given."""
    asked = []

    def simulate(world, **arguments):
        real.bind(world, **arguments)
        parameters = arguments.get("parameters", Parameters())
        assert all(isinstance(parameters.get(path), float) for path in DECLARED)
        assert set(arguments.get("record", STANDARD)) <= set(INDICES)
        frozen = {name.rpartition(".")[2] for name in arguments.get("frozen", ())}
        assert frozen <= {name.rpartition(".")[2] for name in STOCKS}
        assert isinstance(arguments.get("policy", dp.Policy()), dp.Policy)
        shocks(arguments.get("scenario", ()))
        asked.append(arguments)
        return recorded(world, arguments.get("months", 240))

    def recorded(world, months):
        """All indices, each with its dimensions, and no meaning."""
        dims = {dim: labels(dim, world) for name in STANDARD for dim in INDICES[name].dims}
        values = {
            name: (("month", *one), np.zeros((months, *(len(dims[dim]) for dim in one))))
            for name in STANDARD
            for one in [INDICES[name].dims]
        }
        return xarray.Dataset(values, dims)

    real = inspect.signature(dp.simulate)
    monkeypatch.setattr(dp, "simulate", simulate)
    monkeypatch.setattr("datapolis.model.simulation.Run.begin", lambda *_, **__: MagicMock())
    monkeypatch.setattr(dp.indicators, "mean_path", MagicMock())
    shapes = jax.eval_shape(dp.Society.start, world, Parameters(), jax.random.key(1))
    born = jax.tree.map(lambda one: np.zeros(one.shape, one.dtype), shapes)
    monkeypatch.setattr(dp.Society, "start", lambda *_: born)
    names = {"print": lambda *_: None}
    first = re.search(r"```python\n(.*?)```", MAP, re.DOTALL)[1]
    for block in (first, *re.findall(r"```python\n(.*?)```", text, re.DOTALL)):
        exec(compile(block, f"claims-map.md: {experiment}", "exec"), names)
    assert len(asked) > 1, f"{experiment} simulates nothing"


def test_every_experiment_says_how_it_is_run():
    assert [one for one, _ in EXPERIMENTS] == [claim for claim in CLAIMS if claim[0] == "X"]


def test_every_source_named_in_code_is_explained():
    listed = set(
        re.findall(r"\b[FOS]\d\d\b", "\n".join(re.findall(r"^\| ([^|]+) \|", THEORY, re.M)))
    )
    files = [*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py")]
    named = {
        found
        for path in files
        for found in re.findall(r"\b[FOS][0-6]\d\b", path.read_text("utf-8"))
    }
    assert named - listed == set()


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted(DOCUMENTS.glob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target:
            assert (path.parent / target.partition("#")[0]).exists(), target


def test_the_five_lines_of_the_readme_compile():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "README.md", "exec")


def test_what_the_page_on_audits_shows_runs():
    """Two units of .5, .3 and .2 belong to one holder with chance .25 + .09 + .04."""
    text = (DOCUMENTS / "measure.md").read_text("utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    names = {}
    exec(compile(block, "measure.md", "exec"), names)
    assert names["found"]["herfindahl"].estimate == pytest.approx(0.38)


@pytest.mark.outer
def test_what_the_page_on_questions_shows_runs(capsys):
    """Sharing links agencies' data, so less of their creative power is forgone."""
    text = (DOCUMENTS / "ask.md").read_text("utf-8")
    exec(compile(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], "ask.md", "exec"), {})
    assert -1.0 < float(capsys.readouterr().out) < 0.0
