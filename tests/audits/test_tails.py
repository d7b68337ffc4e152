"""The audit of tails against published figures, planted laws, bad tables, thresholds and Spark."""

import json
import typing

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits.finding import Audit
from datapolis.audits.privacy import ITS_VALUE
from datapolis.audits.tails import tails
from datapolis.core.errors import InputError
from datapolis.statistics.indicators import hill_tail_exponent
from tests.findings import same_findings

BREACHES = "hhs_breaches_submissions_200910_201502.csv"
FINES = "gdpr_fines_2018_2020.csv"
REACH = "tracker_company_month_201705_201801.csv"
FEW = {"draws": 60, "seed": 1}


def pareto(random, alpha, many, x_min=1.0):
    return x_min * (1 - random.random(many)) ** (-1 / (alpha - 1))


def column(values, **more):
    return pd.DataFrame({"value": values, **more})


@pytest.fixture(scope="module")
def plain():
    """A table of a known law: 300 of 600 values follow it, from 10 on."""
    random = np.random.default_rng(11)
    return column(
        np.concatenate([pareto(random, 2.5, 300, 10.0), 10 * np.sqrt(random.random(300))])
    )


@pytest.fixture(scope="module")
def breaches(table):
    return tails(
        table(BREACHES), "individuals_affected", above=500, rate=220, index="data_tail", **FEW
    )


# --- published figures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "alpha", "x_min", "n_tail"),
    [
        ("words", {"discrete": True}, 1.95, 7, 2958),
        ("terrorism", {"discrete": True}, 2.37, 12, 547),
        ("blackouts", {"divide_by": 1000}, 2.27, 230, 59),
        ("cities", {"divide_by": 1000}, 2.37, 52.457, 580),
    ],
)
def test_four_heavy_tails_as_published(table, name, options, alpha, x_min, n_tail):
    found = tails(table(f"heavytail_{name}.csv"), "value", public=True, draws=30, **options)
    assert found["alpha"].estimate == pytest.approx(alpha, abs=0.01)
    assert found["x_min"].estimate == pytest.approx(x_min)
    assert found["alpha"].n_rows == n_tail
    assert found["verdict"].says.startswith("Not distinguishable")
    assert abs(found["lognormal"].estimate) < 0.5 and found["lognormal"].p_value > 0.6


def test_standard_errors_of_blackouts(table):
    """.17 if x_min were known, .27 with x_min chosen again."""
    found = tails(
        table("heavytail_blackouts.csv"), "value", divide_by=1000, public=True, draws=1500
    )["standard_error"]
    assert found.estimate == pytest.approx(0.27, abs=0.02)
    assert "would be 0.17" in found.says


def test_a_forced_mu_turns_words(table):
    found = tails(table("heavytail_words.csv"), "value", discrete=True, public=True, draws=9)[
        "lognormal_mu_above_0"
    ]
    assert found.estimate == pytest.approx(5.7, abs=0.05) and found.p_value < 0.001


def test_breaches(breaches):
    assert breaches["alpha"].estimate == pytest.approx(1.74, abs=0.005)
    assert breaches["x_min"].estimate == 5000
    assert breaches["alpha"].n_rows == 376
    assert breaches["listed_mu"].estimate == pytest.approx(3.84, abs=0.005)
    assert breaches["listed_sigma"].estimate == pytest.approx(3.22, abs=0.005)
    assert "8.09" in breaches["listed_mu"].says and "1.55" in breaches["listed_sigma"].says
    assert np.isnan(breaches["mean"].estimate)
    assert "alpha is 2 or less" in breaches["mean"].cannot_say
    assert "no expected largest" in breaches["largest"].cannot_say


def test_fines_are_rounded(table):
    found = tails(table(FINES), "fine_eur", above=1, empty="drop", public=True, **FEW)
    assert found["rounded"].estimate == pytest.approx(0.71, abs=0.005)
    assert found["alpha"].estimate == pytest.approx(1.58, abs=0.005)
    assert (found["x_min"].estimate, found["alpha"].n_rows) == (80_000, 84)
    assert found["lognormal"].p_value == pytest.approx(0.63, abs=0.005)
    bins = found["alpha_on_bins"]
    assert bins.lower < found["alpha"].estimate < bins.upper
    assert any("11 rows without fine_eur" in note for note in found.notes)
    assert any("7 rows" in note for note in found.notes)


def test_reach_is_bounded(table):
    found = tails(
        table(REACH), "reach", only="month=2017-05", most=1, public=True, index="user_tail", **FEW
    )
    assert found["cutoff"].p_value < 0.001
    assert found["verdict"].says.startswith("Not power law")
    assert "cannot exceed 1" in found["verdict"].says
    assert found["quantile_99"].upper <= 1


# --- by hand and by theory ---------------------------------------------------------------------


def test_finds_what_was_planted(plain):
    found = tails(plain, "value", public=True, draws=200)
    assert found["alpha"].lower <= 2.5 <= found["alpha"].upper
    assert found["goodness"].p_value > 0.05
    law = found["alpha"].estimate, found["x_min"].estimate
    assert found["quantile_50"].estimate == pytest.approx(law[1] * 2 ** (1 / (law[0] - 1)))
    assert found["quantile_90"].estimate == pytest.approx(law[1] * 10 ** (1 / (law[0] - 1)))


def test_mean_and_largest_where_there_is_one():
    """A steep law has a mean; the largest of m has the median x_min (m/log 2)**(1/(alpha-1))."""
    values = column(pareto(np.random.default_rng(2), 4.0, 3000))
    found = tails(values, "value", public=True, draws=99, rate=1000)
    alpha, x_min = found["alpha"].estimate, found["x_min"].estimate
    assert found["mean"].estimate == pytest.approx(x_min * (alpha - 1) / (alpha - 2))
    assert found["mean"].lower < found["mean"].estimate < found["mean"].upper
    share = found["alpha"].n_rows / 3000
    assert found["largest"].estimate == pytest.approx(
        x_min * (1000 * share / np.log(2)) ** (1 / (alpha - 1))
    )
    yearly = [pareto(np.random.default_rng(seed), 4.0, 1000).max() for seed in range(400)]
    assert found["largest"].lower < np.median(yearly) < found["largest"].upper
    capped = tails(values, "value", public=True, draws=9, rate=1e9, most=values.value.max())
    assert capped["largest"].estimate == values.value.max()


def test_exponential_values_are_no_power_law():
    random = np.random.default_rng(3)
    found = tails(column(1 + random.exponential(1, 2000)), "value", public=True, draws=39)
    assert not found["verdict"].says.startswith("Power law")
    dice = column(np.floor(random.random(3000) * 6) + 1)
    found = tails(dice, "value", discrete=True, public=True, draws=99)
    assert found["verdict"].says.startswith("Not power law")


def test_verdict_is_seldom_a_false_alarm_within_units():
    """Values of a unit are alike here: 'not power law' for at most 10 % of 30 tables."""
    alarms = 0
    for seed in range(30):
        random = np.random.default_rng(seed)
        own = pareto(random, 2.2, 80)
        twice = column(np.repeat(own, 4), who=np.repeat(np.arange(80).astype(str), 4))
        found = tails(twice, "value", unit="who", public=True, draws=39)
        alarms += found["verdict"].says.startswith("Not power law")
    assert alarms / 30 <= 0.1 + 2.6 * np.sqrt(0.1 * 0.9 / 30)


def test_units_widen_the_interval():
    own = pareto(np.random.default_rng(4), 2.2, 80)
    twice = column(np.repeat(own, 4), who=np.repeat(np.arange(80).astype(str), 4))
    rows, units = (
        tails(twice, "value", public=True, unit=unit, draws=300)["alpha"] for unit in ("", "who")
    )
    assert units.upper - units.lower > 1.4 * (rows.upper - rows.lower)
    assert units.n_units == rows.n_units / 4 and units.units == "who"


def test_a_column_may_be_its_own_unit():
    own = column(pareto(np.random.default_rng(4), 2.2, 80))
    rows, units = (
        tails(own, "value", public=True, unit=unit, draws=39)["alpha"] for unit in ("", "value")
    )
    assert units.estimate == pytest.approx(rows.estimate) and units.n_units == rows.n_units


def test_target_is_the_index_of_the_model(plain):
    found = tails(plain, "value", above=2, index="user_tail", time="2020", public=True, **FEW)
    (target,) = found.targets
    kept = plain.value[plain.value >= 2].to_numpy()
    assert target.value == pytest.approx(float(hill_tail_exponent(kept, 0.2)))
    assert target.lower < target.value < target.upper
    assert (target.index, target.floor, target.time) == ("user_tail", 2, "2020")
    none = tails(plain, "value", public=True, **FEW)
    assert none.targets == () and any("No target" in note for note in none.notes)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000), st.floats(0.01, 1e6))
def test_the_unit_of_the_column_does_not_matter(seed, factor):
    values = pareto(np.random.default_rng(seed), 2.1, 60)
    one, other = (
        tails(column(size), "value", public=True, draws=9, bins="no")
        for size in (values, values * factor)
    )
    for name in ("alpha", "goodness", "cutoff"):
        assert other[name].estimate == pytest.approx(one[name].estimate, rel=1e-4, abs=1e-4)
    assert other["x_min"].estimate == pytest.approx(factor * one["x_min"].estimate)


# --- rules for all audits ----------------------------------------------------------------------


def test_options_result_and_charts(plain, tmp_path):
    told = []
    found = tails(plain, "value", public=True, progress=lambda *said: told.append(said[0]), **FEW)
    assert set(told) == {"tail, drawn again", "goodness of fit"}
    again = Audit.load(found.save(tmp_path / "new"))
    assert again["alpha"] == found["alpha"]
    for width in (720, 354):
        (chart,) = again.charts(width)
        assert "alpha" in chart.to_dict()["description"]
        json.dumps(chart.to_dict(), allow_nan=False)
    assert tails(plain, "value", public=True, **FEW).findings == found.findings
    hints = typing.get_type_hints(tails, include_extras=True)
    assert {"table", "column", "progress", "min_group"} <= set(hints)
    fits = found.series["fits"]
    assert set(fits["law"]) == {
        "power law", "lognormal", "exponential", "stretched exponential", "cutoff",
    }  # fmt: skip


def test_empty_strange_and_negative_cells_are_refused():
    bad = {
        "is not a number": ["1", "2", "three"],
        "is empty": ["1", "2", ""],
        "not positive": ["1", "2", "-3"],
    }
    for said, cells in bad.items():
        with pytest.raises(InputError, match=said) as refused:
            tails(column(cells), "value", draws=9)
        assert "three" not in str(refused.value)
    with pytest.raises(InputError, match="is not a number"):
        tails(column(["1,000", "2", "3"]), "value", draws=9)
    with pytest.raises(InputError, match="not whole"):
        tails(column([1.5, 2, 3]), "value", discrete=True, draws=9)
    with pytest.raises(InputError, match="exceed"):
        tails(column([0.5, 2, 3]), "value", most=1, draws=9)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"column": "valeu"}, "valeu"),
        ({"divide_by": 0}, "divide_by"),
        ({"above": -1}, "above"),
        ({"rate": 0}, "rate"),
        ({"draws": 0}, "draws"),
        ({"bins": "perhaps"}, "bins"),
        ({"empty": "keep"}, "empty"),
        ({"index": "gini"}, "index"),
        ({"only": "value"}, "only"),
        ({"only": "value=nothing"}, "only"),
        ({"unit": "who"}, "who"),
    ],
)
def test_options_that_make_no_sense(plain, options, field):
    with pytest.raises(InputError) as refused:
        tails(plain, **{"column": "value", **options})
    assert refused.value.field == field


@pytest.mark.parametrize("values", [[7.0], [7.0] * 30])
def test_one_row_and_equal_values_say_nothing(values):
    (finding,) = tails(column(values), "value", public=True, draws=9).findings
    assert np.isnan(finding.estimate) and "equal" in finding.cannot_say


def test_nothing_above_the_floor(plain):
    (finding,) = tails(plain, "value", above=1e12, draws=9).findings
    assert np.isnan(finding.estimate) and finding.cannot_say


def test_small_groups_are_not_counted_in_notes(plain):
    cut = float(np.sort(plain.value)[3])
    hidden = tails(plain, "value", above=cut, draws=9)
    assert any("fewer than 10 rows below" in note for note in hidden.notes)
    told = tails(plain, "value", above=cut, public=True, draws=9)
    assert any("3 rows below" in note for note in told.notes)


@pytest.mark.parametrize("values", [[1.0, 2, 3, 5, 9], [1, 2], [2, 2, 3], [1, 1e9]])
def test_few_values_get_no_verdict(values):
    for discrete in (False, True):
        found = tails(column(values), "value", discrete=discrete, public=True, draws=9, rate=3)
        assert np.isnan(found["verdict"].estimate)
        assert "needs 10 values" in found["verdict"].cannot_say


def test_duplicates_are_counted_and_may_go():
    values = column([1.0, 1, 2, 2, 3, 5, 8, 13, 21, 34, 55, 89])
    kept = tails(values, "value", public=True, draws=9)
    gone = tails(values, "value", public=True, duplicates="drop", draws=9)
    assert any("2 rows repeat" in note for note in kept.notes)
    assert kept.series["survival"]["share"].min() == pytest.approx(1 / 12)
    assert gone.series["survival"]["share"].min() == pytest.approx(1 / 10)


# --- threshold ---------------------------------------------------------------------------------


def test_small_tables_are_suppressed():
    (finding,) = tails(column([1.0, 2, 3, 5, 8, 13, 21]), "value", draws=9).findings
    assert finding.cannot_say == ITS_VALUE and np.isnan(finding.estimate)
    assert finding.n_rows == 0


def test_single_values_are_suppressed(plain):
    """Neither the largest values nor a start with fewer than ten values below it are told."""
    found = tails(plain, "value", **FEW)
    ordered = np.sort(plain.value.to_numpy())
    shown = found.series["survival"]
    assert shown["value"].max() <= ordered[-10] and shown["value"].min() >= ordered[10]
    reached = np.sort(np.round(shown["share"] * ordered.size))
    assert (np.diff(reached) >= 10).all()
    values = column(pareto(np.random.default_rng(45), 2.5, 200))  # eight below the start
    start = tails(values, "value", public=True, draws=9)["x_min"].estimate
    assert 0 < (values.value < start).sum() < 10
    hidden = tails(values, "value", draws=9)
    assert np.isnan(hidden["x_min"].estimate) and hidden["x_min"].cannot_say == ITS_VALUE
    assert "fits" not in hidden.series and not hidden.all("quantile_50")
    assert f"{start:.6g}" not in json.dumps(hidden.as_json())


def test_few_units_with_many_rows_are_suppressed():
    values = column(pareto(np.random.default_rng(1), 2.5, 90), who=np.repeat(list("abc"), 30))
    (finding,) = tails(values, "value", unit="who", draws=9).findings
    assert finding.cannot_say == ITS_VALUE


# --- Spark -------------------------------------------------------------------------------------


def test_spark_gives_the_same(plain, on_spark):
    whole = column(np.floor(plain.value * 10) + 1, who=(np.arange(len(plain)) % 97).astype(str))
    options = {"discrete": True, "unit": "who", "above": 5, "draws": 20}
    one, other = (tails(source, "value", **options) for source in (whole, on_spark(whole)))
    same_findings(one, other, atol=1e-12)
