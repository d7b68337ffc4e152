"""Forecasts on panels whose law is known: who is best, by how much, and what is too short."""

from typing import ClassVar

import numpy as np
import pytest
import xarray

from datapolis.core.errors import InputError
from datapolis.studies import forecast, market_inversion
from datapolis.studies.forecast import (
    METHODS,
    Forecasted,
    Panel,
    compare,
    panel_of,
    sentences,
    without_model,
)
from datapolis.studies.posterior import baseline
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
cadence = "monthly"
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
    assert "9 periods are too few" in sentences(answer)[2]
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
    assert (found.months, found.cadence) == (1.0, "monthly")
    plain = STUDY.partition("[world.firms]")[0]
    (tmp_path / "plain.toml").write_text(plain)
    with pytest.raises(InputError, match="measured over several periods"):
        panel_of(read_study(tmp_path / "plain.toml"))


@pytest.mark.parametrize(
    ("labels", "months"),
    [
        (("2014", "2015", "2016", "2017"), 12.0),
        (("2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4"), 3.0),
        (("2017-05", "2017-06", "2017-07", "2017-08"), 1.0),
        (("2017-W01", "2017-W02", "2017-W03", "2017-W04"), 7 / (365.2425 / 12)),
    ],
)
def test_a_period_is_as_many_months_of_the_model_as_its_dates_say(tmp_path, labels, months):
    """A market whose logs change by .01 times the firm's place a month: in h periods by h m .01."""
    (tmp_path / "study.toml").write_text(STUDY.replace('cadence = "monthly"\n', ""))
    rows = [f"{one},firm{place:02d},{1 + place}" for one in labels for place in range(12)]
    (tmp_path / "firms.csv").write_text("\n".join(["month,firm,reach", *rows, ""]))
    study = read_study(tmp_path / "study.toml")
    found = panel_of(study)
    assert found.periods == labels and found.months == pytest.approx(months)
    rates = 0.01 * np.arange(len(found.names))
    grown = []

    class Lab:
        """Gives the market as many months as are asked for."""

        worlds: ClassVar[dict] = {}

        def run(self, name, cases, *, months, record):
            logs = rates * np.arange(months)[:, None]
            grown.append(months)
            shares = np.repeat(np.exp(logs)[None], len(cases), axis=0)
            values = ("case", "month", "firm"), shares / shares.sum(axis=2, keepdims=True)
            return xarray.Dataset({"user_share_by_firm": values})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(market_inversion, "at_rest", lambda world, *_: world)
        told = forecast._from_model(Lab(), study, found, 2, baseline(), draws=3, horizon=4)
    assert grown[0] > 4 * months
    ahead = told - found.logs[2]
    between = ahead - ahead[:, :, :1]  # differences of firms: the sum of shares falls out
    expected = np.arange(1, 5)[:, None] * months * (rates - rates[0])
    np.testing.assert_allclose(between, np.repeat(expected[None], 3, axis=0), atol=1e-9)


def test_a_month_that_is_missing_is_refused(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY.replace('cadence = "monthly"\n', ""))
    for months, said in (
        (("2017-05", "2017-06", "2017-08"), "firms.csv.*month.*2017-06, then 2017-08"),
        ((1, 2, 3), "cadence = "),
    ):
        rows = [f"{month},firm{place},{place + 1}" for month in months for place in range(14)]
        (tmp_path / "firms.csv").write_text("\n".join(["month,firm,reach", *rows, ""]))
        with pytest.raises(InputError, match=said):
            panel_of(read_study(tmp_path / "study.toml"))
