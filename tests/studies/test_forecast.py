"""Forecasts on panels whose law is known: who is best, by how much, and what is too short."""

import numpy as np
import pytest

from datapolis.errors import InputError
from datapolis.studies.forecast import (
    METHODS,
    Forecasted,
    Panel,
    compare,
    panel_of,
    sentences,
    without_model,
)
from datapolis.studies.study import read_study

FIRMS = 80
STUDY = """
schema = 2
title = "A market"
[world]
citizens = 120
[world.firms]
table = "firms.csv"
name = "firm"
weight = "reach"
time = "month"
"""


def panel(periods, rate=0.0, noise=0.05, seed=1):
    """Firms of like size whose logarithms walk at random, each with a rate of its own."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, noise, (periods, FIRMS)) + rng.normal(0.0, 1.0, FIRMS) * rate
    logs = rng.normal(-4.0, 0.1, FIRMS) + np.cumsum(steps, axis=0)
    names = tuple(f"firm{place}" for place in range(FIRMS))
    return Panel(tuple(f"{place:03d}" for place in range(periods)), names, np.exp(logs))


def scored(found, horizon=2, model=None, members=200):
    last = len(found.periods) - 1
    origins = range(10, last)
    modelled = {
        origin: np.repeat(found.logs[origin + 1 : origin + 1 + horizon][None], 3, axis=0)
        if model is None
        else model(origin)
        for origin in origins
    }
    answer, _ = compare(found, modelled, horizon, members)
    return answer, {one["method"]: one for one in answer.overall}


def test_a_random_walk_is_forecast_by_its_last_value():
    """CRPS of a normal of spread s is s / sqrt(pi) on average; two steps have sqrt 2 of it."""
    answer, by = scored(panel(60))
    one_step = next(
        one for one in answer.scores if (one["method"], one["ahead"]) == ("last value", 1)
    )
    assert one_step["crps"] == pytest.approx(0.05 / np.sqrt(np.pi), rel=0.05)
    assert by["last value"]["held"] == pytest.approx(0.9, abs=0.03)
    assert by["drift"]["crps"] > by["last value"]["crps"]
    assert answer.enough and "too few" not in " ".join(sentences(answer))


def test_where_firms_keep_their_rate_drift_is_better():
    _, by = scored(panel(40, rate=0.1))
    assert by["drift"]["high"] < 0.0 and by["drift"]["crps"] < 0.6 * by["last value"]["crps"]


def test_a_model_that_knows_what_comes_has_no_score_and_one_that_errs_has_its_error():
    found = panel(30)
    _, by = scored(found, model=None)
    assert by["model"]["crps"] == pytest.approx(0.0, abs=1e-12) and by["model"]["held"] == 1.0

    def off(origin):
        came = found.logs[origin + 1 : origin + 3]
        return np.repeat(came[None] + 0.3, 3, axis=0)

    answer, by = scored(found, model=off)
    assert by["model"]["crps"] == pytest.approx(0.3) and by["model"]["low"] > 0
    assert "worse than the last value" in sentences(answer)[0]
    assert Forecasted.from_json(answer.as_json()) == answer


def test_nine_months_are_told_to_be_too_few():
    found = panel(9)
    modelled = {origin: np.zeros((3, 3, FIRMS)) for origin in range(2, 8)}
    answer, rows = compare(found, modelled, 3, 50)
    assert answer.apart == 2 and not answer.enough
    assert "9 months are too few" in sentences(answer)[1]
    assert set(rows["method"]) == set(METHODS)
    assert len(rows["crps"]) == 3 * FIRMS * (3 + 3 + 3 + 3 + 2 + 1)


def test_only_what_was_seen_before_the_origin_is_used():
    found = panel(12)
    later = Panel(found.periods, found.names, found.reach.copy())
    later.reach[7:] *= 3.0
    for drift in (False, True):
        assert np.array_equal(
            without_model(found, 6, 3, 20, drift, 1), without_model(later, 6, 3, 20, drift, 1)
        )


def test_the_panel_holds_firms_listed_in_every_period(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    rows = [
        f"{month},firm{place},{(place + 1) / 100}"
        for month in (1, 2, 3)
        for place in range(14)
        if (month, place) != (2, 13)
    ]
    (tmp_path / "firms.csv").write_text("\n".join(["month,firm,reach", *rows, ""]))
    study = read_study(tmp_path / "study.toml")
    found = panel_of(study, most=12)
    assert found.periods == ("1", "2", "3")
    assert found.names == tuple(f"firm{place}" for place in range(12, 0, -1))
    assert np.exp(found.logs).sum(axis=1) == pytest.approx(np.ones(3))
    plain = STUDY.partition("[world.firms]")[0]
    (tmp_path / "plain.toml").write_text(plain)
    with pytest.raises(InputError, match="measured over several periods"):
        panel_of(read_study(tmp_path / "plain.toml"))
