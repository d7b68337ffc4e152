"""Cadence: read from dates or declared; whatever is mixed, missing or undated is refused."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapolis.core.errors import InputError
from datapolis.studies.cadence import cadence, months_between

MONTH = 365.2425 / 12  # days of a mean month of the Gregorian calendar
FIRST = date(2017, 5, 1)


def days(step, many=5):
    return [(FIRST + timedelta(days=step * place)).isoformat() for place in range(many)]


@pytest.mark.parametrize(
    ("labels", "name", "months"),
    [
        (["2015", "2016", "2017"], "yearly", 12),
        (["2017-Q3", "2017-Q4", "2018-Q1"], "quarterly", 3),
        (["2017Q3", "2017Q4", "2018Q1"], "quarterly", 3),
        (["2017-11", "2017-12", "2018-01"], "monthly", 1),
        (["2017-10-01", "2017-11-01", "2017-12-01"], "monthly", 1),
        (["2017-11-30", "2017-12-31", "2018-01-31", "2018-02-28"], "monthly", 1),
        (["2017-03-31", "2017-06-30", "2017-09-30"], "quarterly", 3),
        (["2015-01-01", "2016-01-01", "2017-01-01"], "yearly", 12),
        (["2017-W51", "2017-W52", "2018-W01", "2018-W02"], "weekly", 7 / MONTH),
        (days(7), "weekly", 7 / MONTH),
        (days(1), "daily", 1 / MONTH),
        (["2017-01", "2017-03", "2017-05"], "every 2 months", 2),
        (["2010", "2014", "2018"], "every 48 months", 48),
        (days(14), "every 14 days", 14 / MONTH),
    ],
)
def test_it_is_read_from_dates(labels, name, months):
    found = cadence(labels[::-1])
    assert (found.name, found.periods) == (name, tuple(labels))
    assert found.months == pytest.approx(months)


@given(st.integers(0, 400), st.sampled_from([(1, "monthly"), (3, "quarterly"), (12, "yearly")]))
def test_whatever_month_it_begins(start, step):
    months, name = step
    at = [start + months * place for place in range(6)]
    labels = [f"{1990 + one // 12}-{one % 12 + 1:02d}" for one in at]
    found = cadence(labels)
    assert (found.months, found.name, found.periods) == (months, name, tuple(labels))


@pytest.mark.parametrize(
    ("declared", "months"), [("yearly", 12), ("monthly", 1), ("daily", 0.0329)]
)
def test_whole_numbers_are_what_is_declared_and_stand_in_the_order_of_numbers(declared, months):
    found = cadence([str(one) for one in (2, 10, 9, 8, 7, 6, 5, 4, 3)], declared)
    assert found.periods == tuple(str(one) for one in range(2, 11))
    assert found.months == pytest.approx(months, rel=2e-3)


@pytest.mark.parametrize(
    ("labels", "declared", "said"),
    [
        (["2017-05", "2017-06", "2017-08"], None, "missing.*2017-06, then 2017-08"),
        ([*days(1), (FIRST + timedelta(days=7)).isoformat()], None, "missing"),
        (["2015", "2016", "2018"], "yearly", "missing.*2016, then 2018"),
        (["1", "2", "4"], "monthly", "missing.*2, then 4"),
        (["2", "4", "6"], "monthly", "consecutive"),
        (["2017", "2018-01", "2018-02"], None, "mixed.*2017, 2018-01"),
        (["1", "2", "3"], None, 'cadence = "monthly"'),
        (["spring", "summer"], "monthly", "says no time.*spring"),
        (["2017-13", "2017-14"], None, "says no time"),
        (["2017-02-30", "2017-03-30"], None, "says no time"),
        (["2017-05", "2017-06", "2017-07"], "weekly", "monthly, another cadence is declared"),
        (["2017-Q1", "2017Q1", "2017-Q2"], None, "two labels are one period.*2017-Q1, 2017Q1"),
        (["2017-05"], None, "one period"),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_periods(labels, declared, said):
    with pytest.raises(InputError, match=said):
        cadence(labels, declared, field="month", file="firms.csv")


def test_months_from_one_period_to_another():
    assert months_between("2017-05", "2018-01") == 8
    assert months_between("2017", "2019") == 24
    assert months_between("2017-Q4", "2018-Q2") == 6
    assert months_between("2017-05-01", "2018-05-01") == 12
    assert months_between("2017-W01", "2018-W01") == 12
    assert months_between("2018-01", "2017-12") == -1
    assert months_between("3", "5", "yearly") == 24
    assert months_between("3", "5") is None
    assert months_between("2017-05", "2018") is None
    assert months_between("2017-05", "later") is None
