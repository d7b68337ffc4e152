"""The enforcement audit against figures computed beforehand, by hand, chance, bad tables, Spark."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from datapolis.audits.enforcement import enforcement
from datapolis.core.errors import InputError

FINES = "gdpr_fines_2018_2020.csv"
BY = {"amount": "fine", "by": ["country", "type"], "draws": 50}


@pytest.fixture(scope="module")
def fines(table):
    return enforcement(
        table(FINES), amount="fine_eur", by=["country", "type"], public=True, draws=200
    )


def made(cases, seed=0, countries=4, kinds=3):
    """Decisions with heavy-tailed fines by country, type and day."""
    random = np.random.default_rng(seed)
    days = np.datetime64("2019-01-01") + random.integers(0, 700, cases)
    share = np.linspace(1, 3, countries)
    return pd.DataFrame(
        {
            "country": random.choice(
                [f"Land {one}" for one in range(countries)], cases, p=share / share.sum()
            ),
            "type": random.choice([f"Kind {one}" for one in range(kinds)], cases),
            "date": days.astype(str),
            "fine": np.round(1_000 * (1 + random.pareto(1.1, cases)), 2),
        }
    )


def group(audit, by, name):
    """The row of a group in the series."""
    columns = audit.series["groups"]
    place = list(zip(columns["by"], columns["group"], strict=True)).index((by, name))
    return {key: values[place] for key, values in columns.items()}


# --- figures computed beforehand -----------------------------------------------------------------


def test_counts_and_sum(fines):
    assert fines["decisions"].estimate == 528
    assert "11 give no amount, 7 an amount of 0" in fines["decisions"].says
    assert fines["sum"].estimate == 245_241_697
    assert fines["sum"].n_rows == 517
    assert fines["top_fifth_share"].estimate == pytest.approx(0.978, abs=5e-4)


def test_tail(fines):
    tail, ratio = fines["tail_exponent"], fines["power_law_or_lognormal"]
    assert tail.estimate == pytest.approx(1.58, abs=0.005)
    assert "x_min 80,000" in tail.method and "84 amounts" in tail.method
    assert tail.lower < tail.estimate < tail.upper and tail.interval == "sampling"
    assert "only quantiles" in tail.says
    assert ratio.n_rows == 84
    assert ratio.p_value == pytest.approx(0.63, abs=0.005)


def test_spain_leads_in_number_and_italy_in_money(fines):
    assert fines["most_decisions", "country"].says.startswith("Spain")
    assert fines["most_money", "country"].says.startswith("Italy")
    spain, italy = group(fines, "country", "Spain"), group(fines, "country", "Italy")
    assert spain["decisions"] > italy["decisions"] and spain["sum"] < italy["sum"]


def test_one_date_gives_no_delay(fines):
    assert np.isnan(fines["delay"].estimate)
    assert "One date tells no delay" in fines["delay"].cannot_say


def test_dates_are_told_as_they_are_written(fines):
    """496 cells have ten characters, but 12 of them hold letters where a day should be."""
    day, month, year = (int(word) for word in ("484", "7", "37"))
    assert day + month + year == 528
    note = next(one for one in fines.notes if one.startswith("Decisions are dated"))
    assert "484 to the day, 7 to the month alone, 37 to the year alone" in note
    assert any(
        "12 cells of column date_raw hold something that is no date" in one for one in fines.notes
    )
    assert fines["decisions_a_month"].of.endswith("2020-11")
    assert fines.series["months"]["whole"].tolist()[-2:] == [True, False]
    assert fines.series["months"]["decisions"].sum() == day + month
    assert fines.series["years"]["decisions"].sum() == 528


def test_the_table_agrees_with_another_reading(fines, table):
    rows = pd.read_csv(table(FINES), keep_default_na=False)
    rows["fine"] = pd.to_numeric(rows.fine_eur)
    by_country = rows.groupby("country").fine.agg(["size", "sum"])
    for name, (many, money) in by_country.iterrows():
        found = group(fines, "country", name)
        assert (found["decisions"], found["sum"]) == (many, pytest.approx(money))
    assert fines["number_and_money", "country"].estimate == pytest.approx(
        spearmanr(by_country["size"], by_country["sum"]).statistic
    )
    known = rows.fine.dropna()
    for share in (0.1, 0.5, 0.99):
        expected = np.quantile(known, share, method="inverted_cdf")
        assert fines["quantile", f"{share:.0%}"].estimate == expected
    assert len(fines.series["cross"]["sum"]) == rows.groupby(["country", "type"]).ngroups
    assert fines.targets == ()


# --- by hand, and properties ---------------------------------------------------------------------


def test_bounds_when_an_amount_is_not_known():
    rows = made(40).assign(fine=[100.0] * 30 + [1000.0] * 9 + [None])
    audit = enforcement(rows, **BY, public=True)
    total = audit["sum"]
    assert (total.estimate, total.lower, total.upper) == (12_000, 12_000, 13_000)
    middle = audit["quantile", "75%"]
    assert (middle.lower, middle.estimate, middle.upper) == (100, 100, 100)
    assert audit["quantile", "90%"].lower <= audit["quantile", "90%"].estimate == 1_000


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000), st.integers(12, 60))
def test_groups_add_up_to_the_total(seed, cases):
    audit = enforcement(made(cases, seed), **{**BY, "draws": 10}, public=True)
    for name in ("country", "type"):
        chosen = [one == name for one in audit.series["groups"]["by"]]
        sums = np.array(audit.series["groups"]["sum"])[chosen]
        assert sums.sum() == pytest.approx(audit["sum"].estimate)
    assert audit.series["cross"]["decisions"].sum() == cases
    assert audit.series["months"]["sum"].sum() == pytest.approx(audit["sum"].estimate)
    share = audit["top_fifth_share"].estimate
    assert 0.2 <= share <= 1


def test_the_list_is_whole_up_to_a_day_that_is_told():
    rows = made(200).assign(date=["2019-03-31"] * 100 + ["2019-04-30"] * 100)
    assert enforcement(rows, **BY, public=True)["decisions_a_month"].of == "2019-03 to 2019-03"
    for day, last in (("2019-04-30", "2019-04"), ("2019-04-29", "2019-03")):
        audit = enforcement(rows, **BY, public=True, as_of=day)
        assert audit["decisions_a_month"].of == f"2019-03 to {last}"


@pytest.mark.parametrize("written", ["2019-02-30", "xx.yy.2019", "2019/03/01", "March"])
def test_what_is_no_date_is_kept_by_year(written):
    rows = made(50).assign(year="2019", date=[written] * 20 + ["2019-05-01"] * 30)
    audit = enforcement(rows, **BY, public=True)
    assert audit.series["months"]["decisions"].tolist() == [30]
    assert audit.series["years"]["decisions"].tolist() == [50]
    assert any(
        "20 cells of column date hold something that is no date" in one for one in audit.notes
    )


DELAYS = {
    **BY,
    "opened": "opened",
    "as_of": "2020-09-27",
    "draws": 199,
    "public": True,
}


def delayed(seed, cases=300):
    """Cases opened over 1,000 days, decided after 200 days in the median, seen to day 1,000."""
    random = np.random.default_rng(seed)
    start = random.integers(0, 1_000, cases)
    delay = np.round(random.exponential(200 / np.log(2), cases)).astype(int)
    seen = start + delay <= 1_000
    day = np.datetime64("2018-01-01")
    return made(int(seen.sum()), seed).assign(
        opened=(day + start[seen]).astype(str), date=(day + (start + delay)[seen]).astype(str)
    )


def test_delays_are_corrected_for_cases_not_yet_decided():
    """Half of all delays take 200 days; those within the longest window have that median less."""
    longest = 1_000
    rate = np.log(2) / 200
    true = -np.log(1 - 0.5 * (1 - np.exp(-rate * longest))) / rate
    inside, nearer = 0, 0
    for seed in range(16):
        audit = enforcement(delayed(seed), **DELAYS)
        found, naive = audit["delay"], audit["delay_as_recorded"]
        inside += found.lower <= true <= found.upper
        nearer += abs(found.estimate - true) < abs(naive.estimate - true)
        assert naive.estimate < true
    assert nearer >= 13
    assert inside >= 12  # of 16, 15 are expected; fewer than 12 has a chance below 1 in 1,000


# --- privacy -------------------------------------------------------------------------------------


def test_small_groups_are_neither_named_nor_counted():
    rows = made(300)
    rows.loc[:3, "country"] = "Tiny"
    rows.loc[:3, "type"] = "Odd"
    audit = enforcement(rows, **BY)
    told = json.dumps(audit.as_json())
    assert "Tiny" not in told and "Odd" not in told
    shown = audit.series["groups"]
    assert min(shown["decisions"]) >= 10
    for by in ("country", "type"):
        chosen = [one == by for one in shown["by"]]
        left = 300 - np.array(shown["decisions"])[chosen].sum()
        assert left >= 10
    assert "Tiny" in json.dumps(enforcement(rows, **BY, public=True).as_json())


def test_no_suppressed_cell_follows_from_what_is_told():
    """Numbers that are shown, as equations over the cells: those suppressed stay open."""
    rows = made(240, seed=3, countries=6, kinds=4)
    audit = enforcement(rows, **BY)
    truth = rows.groupby(["country", "type"]).size()
    cells = list(truth.index)
    told = [np.ones(len(cells))]
    series = audit.series
    for by, name in zip(series["groups"]["by"], series["groups"]["group"], strict=True):
        place = ("country", "type").index(by)
        told.append(np.array([float(cell[place] == name) for cell in cells]))
    shown = set(zip(series["cross"]["by country"], series["cross"]["by type"], strict=True))
    told += [np.array([float(cell == one) for cell in cells]) for one in shown]
    rank = np.linalg.matrix_rank(np.array(told))
    small = [cell for cell in cells if truth[cell] < 10]
    assert small and shown
    for cell in small:
        one = np.array([float(other == cell) for other in cells])
        assert np.linalg.matrix_rank(np.array([*told, one])) == rank + 1


def test_a_sum_that_one_fine_dominates_is_suppressed():
    rows = made(300)
    for land, amount in (("Land 0", 1e8), ("Land 3", 9e7), ("Land 3", 8e7), ("Land 3", 7e7)):
        free = rows.index[(rows.country == land) & (rows.fine < 1e7)]
        rows.loc[free[0], "fine"] = amount
    audit = enforcement(rows, **BY)
    assert np.isfinite(audit["sum"].estimate)
    shown = {one for one in audit.series["groups"]["group"] if one.startswith("Land")}
    assert shown == {"Land 1", "Land 2"}  # Land 3 alone is large enough to hide Land 0 among
    rows.loc[0, "fine"] = 1e12
    assert not enforcement(rows, **BY).series


def test_many_fines_of_one_firm_are_one_unit():
    rows = made(300).assign(firm=[f"Firm {one}" for one in range(300)])
    rows.loc[rows.country == "Land 0", "firm"] = "Firm X"
    shown = enforcement(rows, **BY, unit="firm").series["groups"]["group"]
    assert "Land 0" not in shown
    assert "Firm" not in json.dumps(enforcement(rows, **BY, unit="firm").as_json())


def test_too_few_decisions_tell_nothing():
    audit = enforcement(made(9), **BY)
    assert [one.name for one in audit.findings] == ["decisions"]
    assert np.isnan(audit["decisions"].estimate) and not audit.series


def test_few_unknown_amounts_are_not_counted():
    rows = made(300)
    rows.loc[:4, "fine"] = np.nan
    told = json.dumps(enforcement(rows, **BY).as_json())
    assert "295" not in told


# --- bad tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column, cell, words",
    [
        ("fine", "-5", "at least 0"),
        ("fine", "1,000", "is not a number"),
        ("fine", "secret", "is not a number"),
    ],
)
def test_bad_amounts_are_refused_without_telling_them(column, cell, words):
    rows = made(30).astype({"fine": str})
    rows.loc[0, column] = cell
    with pytest.raises(InputError, match=words) as error:
        enforcement(rows, **BY)
    assert "secret" not in str(error.value)


def test_bad_options_are_refused():
    rows = made(30)
    with pytest.raises(InputError, match="did you mean 'country'"):
        enforcement(rows, amount="fine", by=["contry"])
    for none in ([], [""]):
        with pytest.raises(InputError, match="no columns to count by"):
            enforcement(rows, amount="fine", by=none)
    with pytest.raises(InputError, match="not a date"):
        enforcement(rows, **BY, as_of="soon")
    with pytest.raises(InputError, match="no decision is left"):
        enforcement(rows, **BY, drop="type=Kind 0,Kind 1,Kind 2")


def test_dates_that_contradict_are_refused():
    rows = made(30).assign(year="2011")
    with pytest.raises(InputError, match="another year than their date"):
        enforcement(rows, **BY)
    with pytest.raises(InputError, match="decided before they were opened"):
        enforcement(made(30).assign(opened="2031-01-01"), **BY, opened="opened")


def test_one_row_equal_amounts_and_no_amounts():
    one = enforcement(made(1), **BY, public=True)
    assert one["decisions"].estimate == 1 and np.isnan(one["tail_exponent"].estimate)
    equal = enforcement(made(40).assign(fine=5.0), **BY, public=True)
    assert np.isnan(equal["tail_exponent"].estimate)
    assert equal["top_fifth_share"].estimate == pytest.approx(0.2)
    nothing = enforcement(made(40).assign(fine=0.0), **BY, public=True)
    assert np.isnan(nothing["top_fifth_share"].estimate)
    unknown = enforcement(made(40).assign(fine=np.nan), **BY, public=True)
    assert unknown["decisions"].estimate == 40


def test_empty_labels_are_a_group_of_their_own():
    rows = made(60)
    rows.loc[:19, "type"] = None
    audit = enforcement(rows, **BY, public=True)
    assert group(audit, "type", "(not given)")["decisions"] == 20


def test_duplicates_are_counted_and_dropped_as_asked():
    rows = pd.concat([made(50), made(50).head(10)])
    kept = enforcement(rows, **BY, public=True)
    assert kept["decisions"].estimate == 60
    assert any("repeat another row" in note for note in kept.notes)
    assert enforcement(rows, **BY, public=True, duplicates="drop")["decisions"].estimate == 50


def test_many_groups_are_cut_in_public_and_refused_otherwise():
    rows = made(3_000).assign(country=[f"Land {one}" for one in range(3_000)])
    audit = enforcement(rows, **BY, public=True)
    assert list(audit.series["groups"]["by"]).count("country") == 200
    with pytest.raises(InputError, match="fewer columns, or a public register"):
        enforcement(rows, **BY)


def test_columns_may_be_named_in_one_string():
    rows = made(60)
    ours = enforcement(rows, **{**BY, "by": "country, type"}, public=True)
    pd.testing.assert_frame_equal(ours.frame(), enforcement(rows, **BY, public=True).frame())


# --- charts, Spark -------------------------------------------------------------------------------


def test_charts_are_drawn_in_both_widths():
    audit = enforcement(made(200), **BY, public=True)
    for width in (720, 354):
        charts = audit.charts(width)
        assert len(charts) == 3
        assert all(chart.to_dict()["description"] for chart in charts)
    assert enforcement(made(9), **BY).charts() == []


def test_spark_gives_the_same(table, on_spark):
    options = {"amount": "fine_eur", "by": ["country", "type"], "public": True, "draws": 50}
    ours = enforcement(table(FINES), **options)
    spark = enforcement(on_spark(table(FINES)), **options)
    pd.testing.assert_frame_equal(spark.frame(), ours.frame(), rtol=1e-9)
    for name, columns in ours.series.items():
        pd.testing.assert_frame_equal(
            pd.DataFrame(spark.series[name]), pd.DataFrame(columns), rtol=1e-9
        )
