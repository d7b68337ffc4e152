"""The concentration audit against published figures, by hand and against theory."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits import concentration
from datapolis.audits.concentration import Listed, _tail, bands, with_unseen
from datapolis.core.errors import InputError
from datapolis.statistics.indicators import gini, herfindahl
from tests.findings import same_findings

TRACKERS = "tracker_company_month_201705_201801.csv"
BROWSERS = "browser_vendor_share_region_201706_202312.csv"
FIRST, LAST = "2017-05", "2018-01"


@pytest.fixture(scope="module")
def trackers(table):
    return concentration(
        table(TRACKERS),
        holder="company",
        amount="reach",
        time="month",
        basis="presence",
        floor=0.001,
        public=True,
    )


@pytest.fixture(scope="module")
def browsers(table):
    return concentration(
        table(BROWSERS),
        holder="vendor",
        amount="share_pct",
        time="month",
        within="region_id",
        basis="market",
    )


def one_period(amounts, basis="presence", **options):
    amounts = np.asarray(amounts, float)
    rows = {"name": [f"company {place}" for place in range(amounts.size)], "amount": amounts}
    return concentration(
        rows, holder="name", amount="amount", basis=basis, **{"public": True, **options}
    )


# --- published figures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "month, name, published, tolerance",
    [
        (FIRST, "gini", 0.767, 5e-4),
        (LAST, "gini", 0.785, 5e-4),
        (FIRST, "top_fifth_share_floor", 0.8177, 5e-5),
        (FIRST, "top_fifth_share_ceiling", 0.8193, 5e-5),
        (LAST, "top_fifth_share", 0.822, 5e-4),
        (FIRST, "largest", 0.779, 5e-4),
        (LAST, "largest", 0.796, 5e-4),
        (FIRST, "total", 5.49, 5e-3),
        (LAST, "total", 4.80, 5e-3),
        (FIRST, "herfindahl", 0.032, 5e-4),
        (LAST, "herfindahl", 0.038, 5e-4),
    ],
)
def test_trackers(trackers, month, name, published, tolerance):
    assert abs(trackers[name, month].estimate - published) <= tolerance


def test_the_sign_of_a_change_depends_on_who_is_counted(trackers):
    change = trackers["gini_change"]
    for told in ("all listed 0.767 to 0.785", "at least 0.001 0.750 to 0.727"):
        assert told in change.says
    assert "No robust change" in change.says
    assert change.lower < 0 < change.upper
    panels = trackers.series["panels"]
    balanced = [
        value
        for rule, value in zip(panels["rule"], panels["gini"], strict=True)
        if rule == "balanced panel"
    ]
    assert abs(balanced[0] - 0.767) < 5e-4 and abs(balanced[-1] - 0.772) < 1e-3


def test_presence_gets_no_guideline_band(trackers):
    assert "Guidelines" not in trackers["herfindahl", LAST].says
    assert "guideline bands are for market shares" in trackers["herfindahl", LAST].cannot_say


@pytest.mark.parametrize("column, published", [("sales", 0.669), ("marketvalue", 0.684)])
def test_companies_of_forbes(table, column, published):
    found = concentration(
        table("forbes2000_2004.csv"), holder="name", amount=column, basis="amount"
    )
    assert abs(found["top_fifth_share"].estimate - published) <= 5e-4


def test_negative_profits_have_no_share(table):
    with pytest.raises(InputError, match="profits"):
        concentration(table("forbes2000_2004.csv"), holder="name", amount="profits", basis="amount")


def test_browsers(browsers):
    published = [0.43, 0.52, 0.53, 0.55, 0.57, 0.55]
    means = [one.estimate for one in browsers.all("mean_herfindahl")]
    np.testing.assert_allclose(means, published, atol=0.005)


def test_raw_and_rescaled_shares_move_apart(browsers):
    span = ("2022-08", "2023-12")
    raw = [browsers["mean_herfindahl_raw", at].estimate for at in span]
    rescaled = [browsers["mean_herfindahl", at].estimate for at in span]
    np.testing.assert_allclose([*raw, *rescaled], [0.536, 0.542, 0.566, 0.551], atol=5e-4)


def test_regions_that_are_listed_throughout(browsers):
    change = browsers["herfindahl_change_raw", "2017-06 to 2023-12"]
    assert change.n_units == 223
    assert abs(change.estimate - 0.135) < 5e-4
    error = (change.upper - change.lower) / (2 * 1.96)
    assert abs(error - 0.010) < 5e-4


# --- by hand and by theory ---------------------------------------------------------------------


def test_equal_holders():
    found = one_period(np.full(10, 0.3))
    assert np.isclose(found["herfindahl"].estimate, 0.1)
    assert np.isclose(found["effective_number"].estimate, 10)
    assert np.isclose(found["gini"].estimate, 0)
    assert np.isclose(found["leaders_share"].estimate, 0.4)
    assert np.isclose(found["entropy"].estimate, np.log(10))
    assert np.isnan(found["tail_exponent"].estimate)


def test_bounds_by_hand():
    """Two holders of 3 and 1; unseen: nothing twice, 1 twice, or 2 once."""
    found = one_period([3.0, 1.0], "amount")
    assert np.isclose(found["herfindahl"].estimate, 10 / 16)
    assert np.isclose(found["herfindahl"].lower, min(12 / 36, 14 / 36))
    assert np.isclose(found["herfindahl"].upper, 10 / 16)
    assert np.isclose(found["gini"].upper, gini(np.array([3.0, 1.0, 0.0, 0.0])))


def test_what_is_left_of_a_market_is_unseen():
    amounts = np.array([0.5, 0.2])
    lists = list(with_unseen(amounts, "market", 1.0))
    assert [round(float(one.sum()), 12) for one in lists] == [0.7, 0.7, 1.0, 1.0]
    found = one_period(amounts, "market", whole=1)["herfindahl"]
    assert np.isclose(found.lower, 0.25 + 0.04 + 2 * 0.15**2)
    assert np.isclose(found.upper, herfindahl(amounts))


def test_the_tail_of_a_pareto_law_is_its_exponent():
    chance = (np.arange(20_000) + 0.5) / 20_000
    tail = one_period(chance ** (-1 / 1.5), "amount")["tail_exponent"]
    assert np.isclose(tail.estimate, 1.5, rtol=0.01)
    assert tail.lower < 1.5 < tail.upper


def test_95_percent_of_the_tail_intervals_hold_the_exponent():
    """Of 1,000 samples of 500 from a Pareto law: 95 % give or take three standard errors."""
    random = np.random.default_rng(1)
    shared = {"basis": "a law", "claims": ()}
    tails = [
        _tail(Listed("", "", np.empty(500), np.sort(random.pareto(1.2, 500) + 1)[::-1]), shared)
        for _ in range(1000)
    ]
    held = np.mean([one.lower <= 1.2 <= one.upper for one in tails])
    assert abs(held - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / 1000)


def test_groups_make_up_the_whole():
    """H = sum_k w_k**2 h_k: groups of .6 and .4, each of two equal holders."""
    rows = pd.DataFrame(
        {"name": list("abcd"), "amount": [0.3, 0.3, 0.2, 0.2], "group": list("xxyy")}
    )
    found = concentration(
        rows, holder="name", amount="amount", group="group", basis="market", public=True
    )
    assert np.isclose(found["herfindahl_of_groups"].estimate, 0.36 + 0.16)
    assert f"{0.36 / 2 + 0.16 / 2:.4f}" in found["herfindahl_of_groups"].method


@pytest.mark.parametrize(
    "value, newer, older",
    [
        (0.09, "not concentrated", "not concentrated"),
        (0.14, "moderately concentrated", "not concentrated"),
        (0.19, "highly concentrated", "moderately concentrated"),
        (0.26, "highly concentrated", "highly concentrated"),
    ],
)
def test_bands(value, newer, older):
    """1,000 and 1,800 of the guidelines of 2023, 1,500 and 2,500 of those of 2010."""
    of_2023, of_2010 = bands(value).split("is ")[1].split("), ")
    assert newer in of_2023 and older in of_2010 and f"{value * 1e4:,.0f}" in of_2023


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=30), st.floats(0.1, 10))
@settings(max_examples=10, deadline=None)
def test_the_unit_changes_nothing(amounts, factor):
    plain, scaled = (one_period(np.array(amounts) * by, "amount") for by in (1.0, factor))
    for name in ("gini", "herfindahl", "top_fifth_share", "entropy"):
        assert np.isclose(plain[name].estimate, scaled[name].estimate, rtol=1e-9, atol=1e-12)


def test_holders_of_several_rows_are_summed():
    rows = pd.DataFrame({"name": ["a", "a", "b"], "amount": [0.1, 0.4, 0.5]})
    found = concentration(rows, holder="name", amount="amount", basis="market", public=True)
    assert found["largest"].estimate == 0.5
    assert found["largest"].n_units == 2


# --- what is refused, what is suppressed ---------------------------------------------------------


@pytest.mark.parametrize(
    "amounts, basis, says",
    [
        ([0.7, 0.6], "market", "sum neither to about 1 nor to about 100.*given: .1.3"),
        ([1.2, 0.1], "presence", "is above 1"),
        ([0.7, -0.1], "amount", "out of range"),
        ([0.7, np.nan], "amount", "is empty"),
        ([0.0, 0.0], "amount", "nobody has anything"),
        ([0.7, 0.1], "share", "no such choice"),
    ],
)
def test_bad_tables_are_refused(amounts, basis, says):
    with pytest.raises(InputError, match=says):
        one_period(amounts, basis)


def test_a_holder_twice_in_a_period_is_refused_where_shares_overlap():
    rows = {"name": ["a", "a"], "amount": [0.1, 0.2]}
    with pytest.raises(InputError, match="stand in more than one row"):
        concentration(rows, holder="name", amount="amount", basis="presence")


def test_few_holders_are_suppressed_unless_public():
    withheld = one_period([0.3, 0.2, 0.1], public=False)
    assert all(np.isnan(one.estimate) for one in withheld.findings)
    assert not withheld.series and not withheld.targets
    assert np.isfinite(one_period([0.3, 0.2, 0.1])["gini"].estimate)


def test_one_who_dominates_is_suppressed_unless_public():
    """One of 20 has all but a little: the second could work out its amount."""
    amounts = [1000.0, 5.0, *np.full(18, 0.1)]
    hidden = one_period(amounts, "amount", public=False)
    assert np.isnan(hidden["leaders_share"].estimate)
    with pytest.raises(KeyError):
        hidden["largest"]
    assert one_period(amounts, "amount")["largest"].estimate == 1000.0


def test_a_curve_never_shows_fewer_than_the_threshold():
    random = np.random.default_rng(2)
    curve = one_period(random.pareto(1.5, 95) + 1, "amount", public=False).series["lorenz"]
    steps = np.diff(np.round(np.array(curve["holders"]) * 95))
    assert (steps[:-1] >= 10).all()


def test_targets_carry_the_floor_and_the_hash(trackers):
    for target in trackers.targets:
        assert target.interval == "bounds" and target.lower <= target.value <= target.upper
        assert target.floor > 0 and len(target.source_sha256) == 64
    assert {one.index for one in trackers.targets} == {
        "top_fifth_share",
        "user_gini",
        "user_herfindahl",
    }


def test_spark_gives_the_same(on_spark, table):
    options = {"holder": "company", "amount": "reach", "time": "month", "basis": "presence"}
    here = concentration(table(TRACKERS), **options)
    there = concentration(on_spark(table(TRACKERS)), **options)
    same_findings(here, there, atol=1e-12)
