"""Calibration from study to folder: what can be told is found, what cannot stays as it was."""

import json

import numpy as np
import pytest
from pyarrow import parquet

from datapolis.audits.finding import Audit, Finding, Target
from datapolis.core.errors import InputError, StoreError
from datapolis.core.parameters import DECLARED
from datapolis.model.mechanisms import technology
from datapolis.studies import ensemble
from datapolis.studies.calibration import Calibrated, ask, sentences
from datapolis.studies.posterior import Posterior, Prior, baseline, values_at
from datapolis.studies.study import read_study

STUDY = """
schema = 2
title = "How fast is technology?"
[world]
citizens = 120
months = 24
regions = 2
agencies = 2
associations = 3
firms = 8
[ensemble]
seed = 3
[calibration]
vary = ["technology.growth", "technology.half_reach"]
particles = 24
proposals = 60
generations = 4
recovery = 30
"""
TRUST = 0.6  # of everyone at month 0, and as long as nothing changes it
GROWTH = 0.06


def logistic(growth, months=24):
    """The frontier month by month, by the equation of docs/model.md."""
    frontier, found = DECLARED["technology.start"].default, []
    for _ in range(months):
        pace = DECLARED["technology.autonomy"].default + TRUST
        frontier += growth * frontier * (1 - frontier) * pace
        found.append(frontier)
    return np.array(found)


def target(**more):
    value = logistic(GROWTH)[-12:].mean()
    given = {"index": "technology", "value": float(value), **more}
    finding = Finding(
        name="reach", estimand="reach", estimate=value, basis="share", method="count", says="it is"
    )
    return Audit(kind="diffusion", title="Reach", findings=(finding,), targets=(Target(**given),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("calibration")
    (place / "study.toml").write_text(STUDY)
    target().save(place / "reach")
    return place


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(ensemble, "AT_ONCE", 120 * 30)


@pytest.fixture(scope="module")
def fitted(folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "AT_ONCE", 120 * 30)
        out = tmp_path_factory.mktemp("out") / "calibrated"
        return asked(folder, out)


def asked(folder, out, **more):
    targets = more.pop("targets", [str(folder / "reach")])
    return ask(folder / "study.toml", out, targets=targets, mechanisms=[technology], **more)


def test_what_the_target_tells_is_found_and_the_rest_keeps_its_prior(fitted):
    answer = Calibrated.from_json(json.loads((fitted / "answer.json").read_text()))
    growth, reach = answer.parameters
    assert growth["q50"] == pytest.approx(GROWTH, rel=0.05)
    assert growth["contraction"] > 0.95 and reach["contraction"] < 0.35
    (shown,) = answer.predictive
    assert shown["reached"] and shown["q50"] == pytest.approx(
        logistic(GROWTH)[-12:].mean(), rel=0.02
    )
    by_name = {one["parameter"]: one for one in answer.recovery}
    assert by_name["technology.growth"]["correlation"] > 0.95
    assert abs(by_name["technology.half_reach"]["correlation"]) < 0.6
    assert by_name["technology.half_reach"]["covered_90"] > 0.7
    said = " ".join(sentences(answer))
    assert "little about technology.half_reach" in said and "technology.growth is 0.0" in said


def test_the_folder_holds_what_a_reader_needs(fitted):
    table = parquet.read_table(fitted / "tables" / "posterior.parquet").to_pydict()
    paths = ("technology.growth", "technology.half_reach")
    assert set(paths) <= set(table) and np.sum(table["weight"]) == pytest.approx(1.0)
    names = {one.stem for one in (fitted / "tables").glob("*.parquet")}
    assert {"posterior", "targets", "predictive", "contraction", "recovery"} <= names
    rounds = sorted(one.name for one in (fitted / "rounds").iterdir())
    assert rounds[0] == "0000-generation-1" and rounds[-1].endswith("recovery")


def test_asked_again_it_computes_nothing_and_says_the_same(fitted, folder):
    before = (fitted / "answer.json").read_bytes()
    steps = []
    asked(folder, fitted, progress=lambda *step: steps.append(step))
    assert (fitted / "answer.json").read_bytes() == before and not steps
    with pytest.raises(StoreError, match="another question"):
        asked(folder, fitted, particles=30)


def test_its_page_says_what_is_and_is_not_known(fitted):
    from datapolis.report.answered import write

    text = write(fitted).read_text(encoding="utf-8")
    for words in ("Fitted values of each parameter", "Not identified", "technology.half_reach"):
        assert words in text


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"targets": ["nowhere"]}, "neither an audit of the study, a file, nor a fact"),
        ({"vary": ["power.wealth_weight"]}, "a convention, which cannot vary"),
        ({"vary": ["law.leg"]}, "did you mean 'law.lag'"),
        ({"particles": 3}, "allowed: 5 or more"),
        ({"particles": 100}, "fewer runs in a generation than particles"),
    ],
)
def test_what_cannot_be_asked_is_told(folder, tmp_path, more, says):
    with pytest.raises(InputError, match=says):
        asked(folder, tmp_path / "out", **more)
    assert not (tmp_path / "out").exists()


def test_a_study_without_targets_is_told(folder, tmp_path):
    with pytest.raises(InputError, match="no targets"):
        ask(folder / "study.toml", tmp_path / "out")


def test_slips_in_the_section_are_told_with_their_line(tmp_path):
    slip = STUDY.replace("generations = 4", "generations = 0").replace(
        '"technology.growth"', '"technology.growht"'
    )
    (tmp_path / "study.toml").write_text(slip)
    with pytest.raises(InputError) as told:
        read_study(tmp_path / "study.toml")
    text = str(told.value)
    assert "study.toml:14: calibration.vary.0: no such parameter" in text
    assert "study.toml:17: calibration.generations: out of range" in text


def test_priors_span_their_range_evenly_in_the_right_scale():
    wide, narrow = Prior.parse("absorption.firms"), Prior.parse("law.lag", 44.0, 240.0)
    assert wide.logarithmic and not narrow.logarithmic
    assert wide.at(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.003, (0.003 * 0.15) ** 0.5, 0.15])
    for prior in (wide, narrow):
        levels = np.array([0.1, 0.8])
        assert prior.level(prior.at(levels)) == pytest.approx(levels)
    assert values_at([wide], np.array([[0.0]]))[0, 0] == float(np.float32(0.003))


def test_draws_follow_the_weights_and_the_seed():
    posterior = Posterior(("law.lag",), np.array([[24.0], [48.0]]), np.array([0.25, 0.75]))
    draws = posterior.draws(100, seed=1)
    assert draws == posterior.draws(100, seed=1) != posterior.draws(100, seed=2)
    assert sum(one["law.lag"] == 48.0 for one in draws) == 75
    assert posterior.mean() == {"law.lag": 42.0}
    head, *rows = posterior.csv().splitlines()
    assert head == "weight,law.lag" and rows == ["0.25,24.0", "0.75,48.0"]
    with pytest.raises(InputError, match="no such parameter"):
        Posterior.of_columns({"weight": [1.0], "law.leg": [1.0]})


def test_the_baseline_lies_in_declared_ranges():
    found = baseline()
    assert len(found.weights) >= 32 and found.weights.sum() == pytest.approx(1.0)
    for path, values in zip(found.paths, found.values.T, strict=True):
        declared = DECLARED[path]
        slack = 1e-6 * abs(declared.high)
        assert declared.low - slack <= values.min() and values.max() <= declared.high + slack
    assert set(found.draws(3, 1)[0]) == set(found.paths)


def test_zero_is_given_and_overrides_what_the_study_says(folder, tmp_path):
    out = asked(folder, tmp_path / "out", recovery=0, particles=16, proposals=32, generations=1)
    assert json.loads((out / "question.json").read_text())["recovery"] == 0
    assert json.loads((out / "answer.json").read_text())["recovery"] == []
