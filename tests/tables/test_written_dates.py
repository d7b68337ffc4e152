"""Dates and periods: read by a named order, never guessed, and put in the order of time."""

import datetime

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis import tables
from datapolis.core.errors import InputError
from datapolis.tables import Format
from datapolis.tables.periods import calendar, coded, ordered

FEW = settings(max_examples=10, deadline=None)  # each is a query
DAYS = st.dates(datetime.date(1800, 1, 1), datetime.date(2199, 12, 31))
WRITTEN = {"day-first": "%d/%m/%Y", "month-first": "%m/%d/%Y", "year-first": "%Y/%m/%d"}


def opened(cells, **form):
    return tables.open_table(ibis.memtable({"x": cells}), form=Format(**form))


@FEW
@given(st.lists(DAYS, min_size=1), st.sampled_from(list(WRITTEN)))
def test_a_day_written_in_an_order_is_read_in_it(days, order):
    cells = [day.strftime(WRITTEN[order]) for day in days]
    rows = opened(cells, dates=order).dates("x")
    assert rows.arrow(rows.expression)["x"].to_pylist() == days


@FEW
@given(st.lists(DAYS, min_size=1), st.sampled_from(["ask", *WRITTEN]))
def test_iso_dates_are_read_by_every_order(days, order):
    rows = opened([day.isoformat() for day in days], dates=order).dates("x")
    assert rows.arrow(rows.expression)["x"].to_pylist() == days


@pytest.mark.parametrize(
    "cells, says",
    [
        (["06/01/2019", "11/12/2019"], "--dates day-first or --dates month-first"),
        (["31.12.2019", "01.02.2019"], "written day/month/year.*--dates day-first"),
        (["12/31/2019", "01/02/2019"], "written month/day/year.*--dates month-first"),
        (["20190131"], "with the year first.*--dates year-first"),
        (["12/31/2019", "31/12/2019"], "in both orders"),
        (["01/02/19"], "years have two digits"),
        (["5 Jan 2019"], "months are written in letters"),
    ],
)
def test_other_dates_are_refused_and_the_order_is_named(cells, says):
    with pytest.raises(InputError, match=f"x: .*first in row 1 .*{says}"):
        opened(cells).dates("x")


@pytest.mark.parametrize("day", ["1900-01-01", "1970-01-01", "9999-12-31"])
def test_placeholders_are_asked_about(day):
    rows = opened(["2014-06-27", day]).dates("x")
    assert any(f"x holds {day}" in note and f'--blanks "{day}"' in note for note in rows.notes)
    rows = opened(["2014-06-27", day], blanks=[day]).dates("x", gaps=True)
    assert rows.arrow(rows.expression)["x"].to_pylist()[1] is None
    assert not any("holds" in note for note in rows.notes)


IN_ORDER = [
    ["2017", "2018", "2019"],
    ["2018Q1", "2018Q2", "2018-Q3", "2019 Q1"],
    ["Q4 2017", "Q1 2018"],
    ["Dec 2017", "Jan 2018", "April 2018", "Sept 2018"],
    ["12/2017", "01/2018", "2/2018"],
    ["2017-12", "2018-01"],
    ["201712", "201801"],
    ["2017-H2", "2018-H1"],
    ["2018-W9", "2018-W10"],
    ["2010-11", "2011-12", "2012-13"],
    ["1998/99", "1999/00", "2000/01"],
    ["2017-12-31", "2018-01-01"],
    ["8", "9", "10"],
    ["wave 1", "wave 2", "wave 10"],
    ["2017Q4", "2018-Q1"],
    ["1", "a", "b"],
]


@pytest.mark.parametrize("labels", IN_ORDER, ids=lambda one: one[0])
def test_periods_are_in_the_order_of_time(labels):
    assert ordered(reversed(labels)) == labels
    names, code = coded(labels[::-1])
    assert names.tolist() == labels and code.tolist() == [*range(len(labels))][::-1]


@given(st.lists(DAYS, min_size=1, unique=True))
def test_days_months_and_years_are_ordered_as_their_dates(days):
    days = sorted(days)
    assert ordered(day.isoformat() for day in days) == [day.isoformat() for day in days]
    months = list(dict.fromkeys(f"{day:%B} {day.year}" for day in days))
    assert ordered(months) == months


def test_labels_that_are_no_dates_are_noted():
    rows = opened(["wave 2", "wave 10"]).periods("x")
    assert any("the order of the numbers in them" in note for note in rows.notes)
    rows = opened(["before", "after"]).periods("x")
    assert any("the order of the alphabet" in note for note in rows.notes)
    assert not any("order" in note for note in opened(["2018", "2017"]).periods("x").notes)


def test_one_period_is_not_written_in_two_ways():
    with pytest.raises(InputError, match="one period is written in two ways"):
        opened(["2018Q1", "2018-Q1", "2018-Q2"]).periods("x")
    assert calendar(["2018", "2018-Q1"]).kind == "several"


def test_days_in_another_order_are_refused_or_written_out():
    cells = ["15/01/2022", "15/12/2021"]
    with pytest.raises(InputError, match=r"x: holds dates: .*--dates day-first"):
        opened(cells).periods("x")
    rows = opened(cells, dates="day-first").periods("x")
    assert sorted(rows.fetch("x")["x"].tolist()) == ["2021-12-15", "2022-01-15"]
    with pytest.raises(InputError, match="is not a date in the order month-first"):
        opened(cells, dates="month-first").periods("x")


def test_periods_of_numbers_are_read_as_they_are():
    rows = tables.open_table({"x": np.array([10, 9, 8])}).periods("x")
    assert ordered(rows.fetch("x")["x"]) == ["8", "9", "10"]
