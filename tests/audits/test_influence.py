"""The influence audit against the published totals, a loop by hand, bad tables and Spark."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits.influence import influence
from datapolis.core.errors import InputError
from examples.measure.influence import totals

FILINGS = "data_broker_lobbying_filings_2020.csv"
COLUMNS = {
    "payer": "company",
    "parent": "parent_company",
    "own": "is_self_filer",
    "form": "type",
    "amount": "spending",
    "period": "period",
}
NAMES = [*COLUMNS.values(), "lobbying_firm", "client_name"]


@pytest.fixture(scope="module")
def brokers(table):
    return influence(table(FILINGS), **COLUMNS, public=True)


def filed(*rows):
    """Filings from (company, parent, own, type, amount, period, firm, client)."""
    return pd.DataFrame(rows, columns=NAMES)


def cells(audit):
    columns = audit.series["cells"]
    return {
        (company, period): amount for company, period, amount in zip(*columns.values(), strict=True)
    }


SMALL = filed(
    ("A", "", True, "Q1 REPORT", 100.0, "Q1", "A", "A"),
    ("A", "", False, "Q1 REPORT", 30.0, "Q1", "Firm", "A"),
    ("A", "", False, "Q2 REPORT", 40.0, "Q2", "Firm", "A"),
    ("A", "", False, "Q2 AMENDMENT", 50.0, "Q2", "FIRM, ", "a."),
    ("A", "", False, "Q2 REPORT", 7.0, "Q2", "Other", "A"),
    ("B", "A", False, "Q1 REPORT", 20.0, "Q1", "Firm", "B"),
    ("C", "", False, "Q1 TERMINATION", 5.0, "Q1", "Firm", "C"),
)


# --- published figures ---------------------------------------------------------------------------


def test_all_published_cells(brokers, table):
    published = totals(table("data_broker_lobbying_published_totals_2020.csv"))
    ours = cells(brokers)
    assert len(published) == 100
    assert {cell: ours.get(cell, 0.0) for cell in published} == published
    assert not set(ours) - set(published)
    assert brokers["spending"].estimate == sum(published.values()) == 29_100_154


def test_figures_computed_beforehand(brokers):
    assert brokers["plain_sum"].estimate == 40_015_154
    assert brokers["herfindahl"].estimate == pytest.approx(0.155, abs=5e-4)
    assert brokers["top_five"].estimate == pytest.approx(0.70, abs=5e-3)
    assert brokers["spending"].n_rows == 350
    assert brokers["spending"].n_units == 25
    assert brokers.targets == ()


def test_without_sizes_nothing_is_said_of_size(brokers):
    finding = brokers["size_correlation"]
    assert np.isnan(finding.estimate) and "not estimated" in finding.says


def test_with_sizes_of_another_year_five_names_match(table):
    forbes = table("forbes2000_2004.csv")
    audit = influence(
        table(FILINGS), forbes, **COLUMNS, size_name="name", size_value="sales", public=True
    )
    finding = audit["size_correlation"]
    assert finding.n_units == 5
    assert finding.interval == "randomisation"
    assert finding.p_value >= 2 / 120 - 1e-12
    assert "smallest that could be told from chance is 1.00" in finding.says
    assert len(audit.inputs) == 2


# --- by hand, and by another way -----------------------------------------------------------------


def test_a_small_table_by_hand():
    """Own 100 holds 30; 40 is amended to 50, beside 7; B belongs to A; C stands alone."""
    audit = influence(SMALL, **COLUMNS, public=True)
    assert cells(audit) == {("A", "Q1"): 120.0, ("A", "Q2"): 57.0, ("C", "Q1"): 5.0}
    assert audit["spending"].estimate == 182
    assert audit["plain_sum"].estimate == 252
    assert audit["counted_twice"].estimate == 30
    assert audit["replaced"].estimate == 40
    assert (audit["spending"].lower, audit["spending"].upper) == (162, 182)
    assert audit["herfindahl"].estimate == pytest.approx((177**2 + 5**2) / 182**2)
    assert audit.series["steps"]["amount"].tolist() == [252, -30, -40, 182]


def test_an_own_report_below_the_outside_firms_widens_the_bounds():
    rows = filed(
        ("A", "", True, "REPORT", 10.0, "Q1", "A", "A"),
        ("A", "", False, "REPORT", 25.0, "Q1", "Firm", "A"),
        ("B", "", False, "REPORT", 5.0, "Q1", "Firm", "B"),
    )
    finding = influence(rows, **COLUMNS, public=True)["spending"]
    assert (finding.estimate, finding.lower, finding.upper) == (15, 15, 30)


def test_an_own_report_is_amended_too_and_of_two_amendments_the_largest_counts():
    rows = filed(
        ("A", "", True, "REPORT", 10.0, "Q1", "A", "A"),
        ("A", "", True, "AMENDMENT", 12.0, "Q1", "A", "A"),
        ("A", "", True, "AMENDMENT", 30.0, "Q1", "A", "A"),
        ("B", "", False, "AMENDMENT", 5.0, "Q1", "Firm", "B"),
        ("B", "", False, "AMENDMENT", 5.0, "Q1", "Firm", "B"),
    )
    audit = influence(rows, **COLUMNS, public=True)
    assert cells(audit) == {("A", "Q1"): 30.0, ("B", "Q1"): 5.0}
    assert any("amended more than once" in note for note in audit.notes)


def test_an_amendment_leaves_the_same_firms_other_clients_alone():
    rows = filed(
        ("A", "", False, "REPORT", 10.0, "Q1", "Firm", "A Inc"),
        ("A", "", False, "REPORT", 20.0, "Q1", "Firm", "A Federal"),
        ("A", "", False, "AMENDMENT", 11.0, "Q1", "Firm", "A Federal"),
        ("B", "", False, "REPORT", 1.0, "Q1", "Firm", "B"),
    )
    assert cells(influence(rows, **COLUMNS, public=True)) == {("A", "Q1"): 21.0, ("B", "Q1"): 1.0}


FILED = st.lists(
    st.tuples(
        st.sampled_from("ABCD"),
        st.booleans(),
        st.booleans(),
        st.integers(0, 5),
        st.sampled_from(["Q1", "Q2"]),
        st.sampled_from(["F", "G"]),
    ),
    min_size=1,
    max_size=14,
)


def by_loop(rows):
    """The rule in words, one filing at a time."""
    spent = {}
    for company, period in {(row[0], row[4]) for row in rows}:
        here = [row for row in rows if (row[0], row[4]) == (company, period)]
        counted = {True: [], False: []}
        for own, firm in {(row[1], row[5]) for row in here}:
            same = [row for row in here if (row[1], row[5]) == (own, firm)]
            amended = [row[3] for row in same if row[2]]
            counted[own].append(max(amended) if amended else sum(row[3] for row in same))
        top = {"B": "A"}.get(company, company)
        value = sum(counted[True] if counted[True] else counted[False])
        spent[top, period] = spent.get((top, period), 0) + value
    return spent


@pytest.mark.outer
@settings(deadline=None, max_examples=25)
@given(FILED)
def test_the_rule_is_that_of_a_loop(rows):
    table = filed(
        *(
            (
                company,
                "A" if company == "B" else "",
                own,
                "AMENDMENT" if amends else "REPORT",
                float(amount),
                period,
                firm,
                company,
            )
            for company, own, amends, amount, period, firm in rows
        )
    )
    audit = influence(table, **COLUMNS, public=True)
    assert cells(audit) == by_loop(rows)
    steps = audit.series["steps"]["amount"]
    once = [row for row in rows if not row[2]]
    if len(once) == len(rows):
        assert sum(steps[:3]) == pytest.approx(steps[3])


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(len(SMALL))))
def test_the_order_of_rows_does_not_matter(order):
    audit = influence(SMALL.iloc[list(order)], **COLUMNS, public=True)
    assert cells(audit) == cells(influence(SMALL, **COLUMNS, public=True))


# --- privacy -------------------------------------------------------------------------------------


def market(companies, seed=0):
    random = np.random.default_rng(seed)
    return filed(
        *(
            (f"Secret {one}", "", False, "REPORT", round(float(amount)), period, f"Firm {one}", "x")
            for one in range(companies)
            for period in ("Q1", "Q2")
            for amount in [random.uniform(100, 200)]
        )
    )


def test_names_and_single_companies_are_told_in_a_public_register_alone():
    told = json.dumps(influence(market(30), **COLUMNS).as_json())
    assert "Secret" not in told and "Firm" not in told
    assert "Secret" in json.dumps(influence(market(30), **COLUMNS, public=True).as_json())


def test_fewer_companies_than_the_threshold_are_suppressed():
    audit = influence(market(9), **COLUMNS)
    assert [one.estimate for one in audit.findings if np.isfinite(one.estimate)] == []
    assert audit.series == {}


def test_a_company_that_dominates_is_suppressed():
    rows = market(30)
    rows.loc[0, "spending"] = 1e9
    assert all(np.isnan(one.estimate) for one in influence(rows, **COLUMNS).findings)


def test_steps_that_few_companies_make_are_suppressed_with_the_plain_sum():
    rows = pd.concat([market(30), filed(("Secret 0", "", True, "REPORT", 900.0, "Q1", "Own", "x"))])
    audit = influence(rows, **COLUMNS)
    assert np.isfinite(audit["spending"].estimate)
    assert np.isnan(audit["plain_sum"].estimate)
    assert "steps" not in audit.series
    assert audit.all("counted_twice") == ()


def test_a_period_of_few_companies_takes_another_with_it():
    rows = market(30)
    rows = pd.concat([rows, rows.head(6).assign(period="Q3")])
    told = {one.of for one in influence(rows, **COLUMNS).all("spending_in_period")}
    assert "Q3" not in told and len(told & {"Q1", "Q2"}) == 1


# --- bad tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, words",
    [
        ({"spending": -1.0}, "at least 0"),
        ({"spending": "1,000"}, "is not a number"),
        ({"is_self_filer": "perhaps"}, "neither yes nor no"),
        ({"company": ""}, "is empty"),
        ({"period": None}, "is empty"),
    ],
)
def test_bad_cells_are_refused(change, words):
    rows = SMALL.astype(object)
    for column, value in change.items():
        rows.loc[0, column] = value
    rows = rows.map(lambda cell: None if cell is None else str(cell))
    with pytest.raises(InputError, match=words) as error:
        influence(rows, **COLUMNS)
    assert "perhaps" not in str(error.value)


def test_parents_in_a_circle_and_two_parents_are_refused():
    circle = SMALL.assign(parent_company=["B"] * 5 + ["A", ""])
    with pytest.raises(InputError, match="each other's parents"):
        influence(circle, **COLUMNS)
    with pytest.raises(InputError, match="two parents in one period"):
        influence(SMALL.assign(parent_company=["C", "", "", "", "", "A", ""]), **COLUMNS)


def test_a_chain_of_parents_is_followed_to_its_top():
    rows = SMALL.assign(parent_company=["C"] * 5 + ["A", ""])
    assert set(cells(influence(rows, **COLUMNS, public=True))) == {("C", "Q1"), ("C", "Q2")}


def test_amendments_without_a_filer_are_refused():
    with pytest.raises(InputError, match="could replace several filings"):
        influence(SMALL.drop(columns=["lobbying_firm", "client_name"]), **COLUMNS)


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'company'"):
        influence(SMALL, **{**COLUMNS, "payer": "compny"})


def test_one_row_and_nothing_spent_say_what_they_cannot():
    one = influence(SMALL.head(1), **COLUMNS, public=True)
    assert one["spending"].estimate == 100
    assert "Fewer than two companies" in one["herfindahl"].cannot_say
    nothing = influence(SMALL.assign(spending=0.0), **COLUMNS, public=True)
    assert np.isnan(nothing["herfindahl"].estimate)


def test_empty_amounts_and_repeated_filings_are_counted():
    rows = pd.concat([SMALL, SMALL.tail(1), SMALL.tail(1).assign(spending=np.nan, company="D")])
    audit = influence(rows, **COLUMNS, public=True)
    assert cells(audit)["C", "Q1"] == 10
    assert any("give no amount" in note for note in audit.notes)
    assert any("repeat another" in note for note in audit.notes)
    assert cells(influence(rows, **COLUMNS, public=True, duplicates="drop"))["C", "Q1"] == 5


def test_sizes_that_are_few_repeated_or_equal():
    rows = market(8)
    size = pd.DataFrame({"company": [f"SECRET {one}" for one in range(8)], "size": range(8)})
    assert influence(rows, size, **COLUMNS, public=True)["size_correlation"].n_units == 8
    few = influence(rows, size.head(4), **COLUMNS, public=True)["size_correlation"]
    assert np.isnan(few.estimate) and "4 of 8" in few.says
    equal = influence(rows, size.assign(size=1), **COLUMNS, public=True)["size_correlation"]
    assert np.isnan(equal.estimate) and "one size" in equal.cannot_say
    with pytest.raises(InputError, match="more than one row"):
        influence(rows, pd.concat([size, size]), **COLUMNS, public=True)
    other = pd.DataFrame({"company": ["elsewhere", "elsewhere"], "size": [1, 2]})
    both = influence(rows, pd.concat([size, other]), **COLUMNS, public=True)
    assert both["size_correlation"].n_units == 8


def test_a_planted_order_of_size_is_found():
    rows = market(20)
    spent = rows.groupby("company").spending.sum()
    size = pd.DataFrame({"company": spent.index, "size": spent.to_numpy() ** 2})
    finding = influence(rows, size, **COLUMNS, public=True)["size_correlation"]
    assert finding.estimate == pytest.approx(1.0)
    assert finding.p_value == pytest.approx(1 / 10_000)


# --- charts, Spark -------------------------------------------------------------------------------


def test_charts_are_drawn_in_both_widths():
    audit = influence(market(20), **COLUMNS, public=True)
    for width in (720, 354):
        charts = audit.charts(width)
        assert len(charts) == 2
        assert all(chart.to_dict()["description"] for chart in charts)
    assert influence(market(9), **COLUMNS).charts() == []


def test_spark_gives_the_same(table, on_spark):
    ours = influence(table(FILINGS), **COLUMNS, public=True)
    spark = influence(on_spark(table(FILINGS)), **COLUMNS, public=True)
    pd.testing.assert_frame_equal(spark.frame(), ours.frame(), rtol=1e-9)
    assert cells(spark) == cells(ours)
