"""The concentration audit against published figures and against theory."""

import csv
from pathlib import Path

import numpy as np
import pytest

from datapolis.audits.concentration import audit, with_unseen
from datapolis.errors import InputError
from datapolis.indicators import gini, herfindahl, top_fifth_share

EXAMPLES = Path(__file__).parents[2] / "examples"
TRACKERS = EXAMPLES / "web-tracking" / "tracker_company_month_201705_201801.csv"
FIRST, LAST = "2017-05", "2018-01"


@pytest.fixture(scope="module")
def columns():
    if not TRACKERS.exists():
        pytest.skip(f"the example's table is missing: {TRACKERS.name}")
    with TRACKERS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = (("month", str), ("company", str), ("reach", float))
    return {key: np.array([kind(row[key]) for row in rows]) for key, kind in names}


@pytest.fixture(scope="module")
def trackers(columns):
    return look_up(audit(columns["month"], columns["company"], columns["reach"]))


def look_up(found):
    """{(time, indicator): {column: value}}"""
    keys = [key for key in found if key not in ("time", "indicator")]
    return {
        (str(time), str(indicator)): {key: found[key][row] for key in keys}
        for row, (time, indicator) in enumerate(zip(found["time"], found["indicator"], strict=True))
    }


def one_period(weight, basis="presence"):
    weight = np.asarray(weight, float)
    names = np.array([f"company {place}" for place in range(weight.size)])
    found = look_up(audit(np.full(weight.size, "now"), names, weight, basis=basis))
    return {indicator: row for (_, indicator), row in found.items()}


@pytest.mark.parametrize(
    "month, indicator, published, digits",
    [
        (FIRST, "gini", 0.767, 3),
        (LAST, "gini", 0.785, 3),
        (FIRST, "largest", 0.779, 3),  # Google
        (LAST, "largest", 0.796, 3),
        (FIRST, "total", 5.49, 2),
        (LAST, "total", 4.80, 2),
        (FIRST, "herfindahl", 0.032, 3),
        (LAST, "herfindahl", 0.038, 3),
    ],
)
def test_published_figures(trackers, month, indicator, published, digits):
    assert round(float(trackers[month, indicator]["value"]), digits) == published


@pytest.mark.parametrize("month, published", [(FIRST, 0.818), (LAST, 0.822)])
def test_top_fifth_lies_between_the_head_counts_rounded_down_and_up(columns, month, published):
    reach = np.sort(columns["reach"][columns["month"] == month])[::-1]
    heads = 0.2 * reach.size
    down, up = (reach[: int(round_(heads))].sum() / reach.sum() for round_ in (np.floor, np.ceil))
    assert round(down, 3) == published
    assert down <= top_fifth_share(reach) <= up


def test_top_fifth_of_the_first_month_lies_in_its_published_range(trackers):
    assert 0.8177 <= trackers[FIRST, "top_fifth_share"]["value"] <= 0.8193


def test_every_value_lies_within_its_bounds_and_says_what_they_mean(trackers):
    for row in trackers.values():
        assert row["lower"] <= row["value"] <= row["upper"]
        assert row["interval"]
    assert {str(row["n"]) for (time, _), row in trackers.items() if time == FIRST} == {"488"}


def test_largest_is_known_exactly_and_shares_that_overlap_are_no_market(trackers):
    largest = trackers[LAST, "largest"]
    assert largest["lower"] == largest["value"] == largest["upper"]
    assert "market bands do not apply" in trackers[LAST, "herfindahl"]["interval"]


def test_tail_interval_is_hills_standard_error(trackers):
    tail = trackers[FIRST, "tail_exponent"]
    leaders = round(0.2 * tail["n"])
    assert np.isclose(tail["upper"] - tail["value"], 1.645 * tail["value"] / np.sqrt(leaders), 1e-3)


def test_tail_of_a_pareto_law_is_its_exponent():
    chance = (np.arange(20_000) + 0.5) / 20_000
    tail = one_period(chance ** (-1 / 1.5))["tail_exponent"]
    assert np.isclose(tail["value"], 1.5, rtol=0.01)
    assert tail["lower"] < 1.5 < tail["upper"]


def test_ninety_percent_of_the_tail_intervals_hold_the_exponent():
    random = np.random.default_rng(1)
    tails = [one_period(random.pareto(1.2, 500) + 1)["tail_exponent"] for _ in range(400)]
    held = np.mean([tail["lower"] <= 1.2 <= tail["upper"] for tail in tails])
    assert 0.86 <= held <= 0.94


def test_pareto_shares_follow_from_the_exponent():
    exponent, many = 3.0, 100_000
    chance = (np.arange(many) + 0.5) / many
    found = one_period(chance ** (-1 / exponent))
    assert np.isclose(found["gini"]["value"], 1 / (2 * exponent - 1), rtol=1e-3)
    assert np.isclose(found["top_fifth_share"]["value"], 0.2 ** (1 - 1 / exponent), rtol=1e-3)


def test_equal_holders():
    found = one_period(np.full(10, 0.3))
    assert np.isclose(found["herfindahl"]["value"], 0.1)
    assert np.isclose(found["effective_number"]["value"], 10)
    assert np.isclose(found["gini"]["value"], 0)
    assert np.isclose(found["four_largest"]["value"], 0.4)
    assert np.isnan(found["tail_exponent"]["value"])


def test_bounds_by_hand():
    """Two holders of 3 and 1; unseen: nothing twice, 1 twice, or 2 once."""
    found = one_period([3.0, 1.0])
    assert np.isclose(found["herfindahl"]["value"], 10 / 16)
    assert np.isclose(found["herfindahl"]["lower"], min(12 / 36, 14 / 36))
    assert np.isclose(found["herfindahl"]["upper"], 10 / 16)
    assert np.isclose(found["gini"]["value"], 0.25)
    assert np.isclose(found["gini"]["upper"], gini(np.array([3.0, 1.0, 0.0, 0.0])))
    assert np.isclose(found["total"]["lower"], 4.0)
    assert np.isclose(found["total"]["upper"], 6.0)


def test_what_is_left_of_a_whole_is_the_unseen_of_shares():
    weight = np.array([0.5, 0.2])
    tables = list(with_unseen(weight, "share"))
    assert [round(float(table.sum()), 12) for table in tables] == [0.7, 0.7, 1.0, 1.0]
    found = one_period(weight, basis="share")["herfindahl"]
    assert np.isclose(found["lower"], 0.25 + 0.04 + 2 * 0.15**2)
    assert np.isclose(found["upper"], herfindahl(weight))


def test_the_order_of_rows_changes_nothing(columns):
    order = np.random.default_rng(1).permutation(columns["reach"].size)
    plain = audit(columns["month"], columns["company"], columns["reach"])
    mixed = audit(*(columns[key][order] for key in ("month", "company", "reach")))
    for key in plain:
        if plain[key].dtype.kind == "f":
            np.testing.assert_allclose(plain[key], mixed[key], rtol=1e-12)
        else:
            assert (plain[key] == mixed[key]).all()


@pytest.mark.parametrize(
    "weight, basis, says",
    [
        ([0.5, -0.1], "presence", "1 rows are no amount"),
        ([0.5, np.nan], "presence", "1 rows are no amount"),
        ([0.0, 0.0], "presence", "nobody has anything"),
        ([0.7, 0.6], "share", "sum to more than 1"),
        ([0.7, 0.1], "market", "no such basis"),
        ([], "presence", "empty"),
    ],
)
def test_bad_tables_are_refused(weight, basis, says):
    with pytest.raises(InputError, match=says):
        one_period(weight, basis=basis)


def test_a_name_twice_in_a_period_is_refused():
    with pytest.raises(InputError, match="twice"):
        audit(np.array(["now", "now"]), np.array(["a", "a"]), np.array([0.1, 0.2]))
