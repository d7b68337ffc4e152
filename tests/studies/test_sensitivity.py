"""Sensitivity: functions whose shares are known, and a small model whose chance is known."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.core.errors import InputError, InputErrors
from datapolis.model.mechanisms import rumours, technology
from datapolis.studies.sensitivity import (
    CHANCE,
    Sensitivity,
    ask,
    decompose,
    design_size,
    screen,
)

pytest.importorskip("SALib")
PARTS = [technology, rumours]
STUDY = """
schema = 2
title = "What spreads"
[world]
citizens = 120
months = 24
regions = 2
agencies = 2
associations = 3
firms = 8
[parameters]
rumours.rate = 1.0
rumours.seed = 0.01
[ensemble]
seed = 3
"""


@given(
    st.lists(st.floats(-5, 5).filter(lambda x: abs(x) > 0.01), min_size=2, max_size=5),
    st.integers(0, 1000),
)
@settings(max_examples=20, deadline=None)
def test_screening_a_linear_function_is_exact(slopes, seed):
    names = [f"x{place}" for place in range(len(slopes))]
    found = {one.parameter: one for one in screen(lambda x: x @ np.array(slopes), names, seed=seed)}
    for name, slope in zip(names, slopes, strict=True):
        assert found[name].size == pytest.approx(abs(slope), rel=1e-9)
        assert found[name].alone == pytest.approx(0.0, abs=1e-9)  # no bend, nothing together
    ranked = sorted(found.values(), key=lambda one: one.rank)
    assert [one.size for one in ranked] == sorted((one.size for one in ranked), reverse=True)


def test_a_step_of_chance_is_not_a_slope():
    found = {one.parameter: one for one in screen(lambda x: np.rint(x[:, 0]), [CHANCE, "x"])}
    assert found[CHANCE].size == pytest.approx(1.0) and found["x"].size == 0.0


def test_an_interaction_has_spread_in_screening():
    found = {one.parameter: one for one in screen(lambda x: x[:, 0] * x[:, 1], ["a", "b"])}
    assert found["a"].alone > 0.1 and found["b"].alone > 0.1


def test_shares_of_sobols_g_function():
    # V_i = (1/3) / (1 + a_i)^2, V = prod(1 + V_i) - 1 (Saltelli and Sobol' 1995)
    a = np.array([0.0, 1.0, 9.0])
    part = (1 / 3) / (1 + a) ** 2
    whole = np.prod(1 + part) - 1
    total = part * np.prod(1 + part) / (1 + part) / whole

    def g(x):
        return np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1)

    found = {one.parameter: one for one in decompose(g, ["0", "1", "2"], base=2048)}
    for place in range(3):
        one = found[str(place)]
        assert one.alone == pytest.approx(part[place] / whole, abs=0.03)
        assert one.size == pytest.approx(total[place], abs=0.03)


def test_what_never_changes_depends_on_nothing():
    for found in (
        screen(lambda x: np.ones(len(x)), ["a", "b"]),
        decompose(lambda x: np.ones(len(x)), ["a", "b"], base=16),
    ):
        assert [one.size for one in found] == [0.0, 0.0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("sensitivity")
    (place / "study.toml").write_text(STUDY)
    return place


@pytest.fixture(scope="module")
def answered(folder):
    return ask(
        folder / "study.toml",
        folder / "out",
        outcomes=["technology", "rumour_heard@mean"],
        vary=["technology.growth", "rumours.strong_transmission"],
        runs=80,
        mechanisms=PARTS,
    )


def test_a_question_finds_what_matters(answered):
    from pyarrow import parquet

    found = Sensitivity.from_json(json.loads((answered / "answer.json").read_text()))
    assert found.runs == 80 and found.method == "morris"
    technology_, heard = found.dependences
    by_name = {one.parameter: one for one in technology_.influences}
    assert technology_.influences[0].parameter == "technology.growth"
    assert by_name[CHANCE].size == 0.0  # the frontier draws no chance
    assert by_name["rumours.strong_transmission"].size == 0.0
    assert {one.parameter: one.size for one in heard.influences}[CHANCE] > 0.0
    rows = parquet.read_table(answered / "tables" / "sensitivity.parquet").to_pydict()
    assert len(rows["parameter"]) == 6
    assert {"outcome", "parameter", "rank", "mu_star", "mu_star_lower", "sigma"} <= set(rows)


def test_a_question_asked_again_is_not_run_again_and_says_the_same(folder, answered):
    before, seen = (answered / "answer.json").read_bytes(), []
    ask(
        folder / "study.toml",
        folder / "out",
        outcomes=["technology", "rumour_heard@mean"],
        vary=["technology.growth", "rumours.strong_transmission"],
        runs=80,
        mechanisms=PARTS,
        progress=lambda *step: seen.append(step),
    )
    assert (answered / "answer.json").read_bytes() == before and not seen


def test_shares_of_variance_of_the_model(folder):
    out = ask(
        folder / "study.toml",
        folder / "sobol",
        method="sobol",
        outcomes=["technology@max", "rumour_heard"],
        vary=["technology.growth", "technology.start"],
        runs=80,
        mechanisms=PARTS,
    )
    found = Sensitivity.from_json(json.loads((out / "answer.json").read_text()))
    by_name = {one.parameter: one for one in found.dependences[0].influences}
    assert found.runs == 16 * 5 and by_name[CHANCE].size == 0.0
    # T is about start exp(.9 growth 24): over their ranges start makes a factor of 30, growth of 7
    assert by_name["technology.start"].size > by_name["technology.growth"].size > 0.0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "moris"}, "did you mean 'morris'"),
        ({"outcomes": ["harn"]}, "did you mean 'harm'"),
        ({"outcomes": ["harm", "harm"]}, "stands twice"),
        ({"outcomes": ["harm@99"]}, "after the last month"),
        ({"vary": ["law.leg"]}, r"did you mean 'law\.lag'"),
        ({"runs": 10}, r"too few for \d+ parameters"),
        ({"months": 1}, "12 to"),
        ({"citizens": 5}, "100 to"),
        ({"policy": "nine"}, "no such policy"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(folder, options, says):
    with pytest.raises(InputError, match=says):
        ask(folder / "study.toml", folder / "wrong", **options)
    assert not (folder / "wrong").exists()


def test_slips_in_the_study_are_told_with_their_lines(tmp_path):
    text = STUDY + '[sensitivity]\nmethod = "moris"\noutcomes = ["harn"]\nvary = ["law.leg"]\n'
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(InputErrors) as caught:
        ask(tmp_path / "study.toml", tmp_path / "out")
    lines = str(caught.value).splitlines()
    assert len(lines) == 3 and all(line.startswith("study.toml:1") for line in lines)
    assert "did you mean 'harm'" in str(caught.value)


def test_sizes_follow_the_runs():
    assert design_size("morris", 5, 60) == 10
    assert design_size("sobol", 5, 7 * 100) == 64  # a power of two
    assert math.log2(design_size("sobol", 5, None)) % 1 == 0
