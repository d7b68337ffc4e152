"""The one path by which every audit asks about slips: `audit` calls it, with what it declared.

An audit says which of its options name columns of amounts, of units and of periods. The columns are
fetched as their rows lie, and each amount is looked at by period, by unit and by place in the file.
The order of rows is known for files and data frames read here; for others that is said instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.data_quality import (
    MANY,
    cut_short,
    in_a_run_of_rows,
    in_two_clouds,
    of_another_order,
    stops_in_a_round,
)
from datapolis.audits.repeats import repeat_notes
from datapolis.core.errors import InputError
from datapolis.tables import Table, open_table

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

MOST = 2_000_000  # rows that are looked at one by one
MOST_PERIODS = 200  # more are told apart by their years alone, as are
MOST_DAYS = 50  # more than these, written to the day
DAY = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
DAYS = ("date", "start", "reported")  # options that name columns of days
MAY_LACK = ("client",)  # options without which a case is still named
NO_ORDER = (
    "Whether amounts change their unit from some row on was not checked: the order of the rows is "
    "not known here."
)
TOO_LONG = f"Slips of unit or rows were not looked for: more than {MOST:,} rows."


@dataclass(frozen=True)
class Roles:
    """The options of an audit that name its columns: see `datapolis.audits.finding.audit`."""

    amount: Sequence[str]
    unit: Sequence[str]
    period: Sequence[str]
    case: Sequence[str]

    @property
    def options(self) -> set[str]:
        """The options that are named, also as conditions: "sensitive if numbers" names two."""
        every = (*self.amount, *self.unit, *self.period, *self.case)
        return {part for one in every for part in re.split(" if | or ", one)}

    def columns(self, role: str, options: Mapping[str, Any], rows: Table) -> list[str]:
        """The columns of this role that the table has, by the options given."""
        named: list[str] = []
        for one in getattr(self, role):
            option, _, condition = one.partition(" if ")
            if not condition or options.get(condition):
                named += _texts(options.get(option))
        columns = [_column(one, rows) for one in named]
        if role == "period" and not any(columns):  # a column of that name is one, asked for or not
            columns = [one for one in self.period if one in rows.columns]
        return [one for one in dict.fromkeys(columns) if one]

    def case_columns(self, options: Mapping[str, Any], rows: Table) -> tuple[list[str], list[str]]:
        """The columns that name a case, and those of them that hold days; none if one lacks."""
        found, days = [], []
        for one in self.case:
            named = [*one.split(" or ")]
            columns = [_column(str(options.get(name) or ""), rows) for name in named]
            if not any(columns) and named[0] in DAYS:
                taken = {_column(one, rows) for role in options.values() for one in _texts(role)}
                columns = [name for name in named if name in rows.columns and name not in taken]
            column = next((one for one in columns if one and one not in found), "")
            if column:
                found.append(column)
                days += [column] if named[0] in DAYS else []
            elif one not in MAY_LACK:
                return [], []
        return found, days


def slip_notes(rows: Table, roles: Roles, options: Mapping[str, Any], least: int) -> list[str]:
    """What looks like a slip in a table, in questions.

    rows      as opened: no duplicates dropped, nothing cast
    options   of the audit, by name
    least     rows, and units, below which nothing is said of a part of the table
    """
    amounts, units, periods = (
        roles.columns(role, options, rows) for role in ("amount", "unit", "period")
    )
    if rows.n_rows > MOST:
        return [TOO_LONG] if amounts else []
    ordered = _in_order(rows)
    if drop := options.get("drop"):
        rows = open_table(rows, drop=drop)
    repeated = _repeated(rows, roles, options, amounts, least)
    lain = _fetched(rows, amounts, units[:1], periods[:1])
    least = max(least, MANY)
    if lain.number < least or (lain.unit is not None and np.unique(lain.unit).size < least):
        return repeated
    words = units[0] if units else "row"
    notes = [NO_ORDER] if lain.amounts and not ordered else []
    for what, value in lain.amounts.items():
        notes += _of_amount(what, value, lain, words, least, ordered)
    if lain.unit is not None and lain.period is not None and not lain.dated:
        notes += cut_short(f"of {words}", lain.unit, lain.period)
    if ordered and lain.unit is not None:
        notes += stops_in_a_round(units[0], lain.unit, of=MANY, rounds=2)
    return [*repeated, *notes]


def _repeated(
    rows: Table, roles: Roles, options: Mapping[str, Any], amounts: Sequence[str], least: int
) -> list[str]:
    """Whether rows of one case differ."""
    case, days = roles.case_columns(options, rows)
    if not case or not amounts or amounts[0] in case:
        return []
    if options.get("duplicates") == "drop":
        rows = open_table(rows, duplicates="drop")
    return repeat_notes(rows, amounts[0], case, days, least)


@dataclass(frozen=True, eq=False)
class Lain:
    """Columns of a table as its rows lie."""

    number: int  # of rows
    amounts: Mapping[str, Float[Column, "row"]]  # nan where there is none
    unit: Int[Column, "row"] | None  # numbered
    period: Column | None  # as written, or the year
    dated: bool  # whether it is the year of many dates: the last may have hardly begun


def _of_amount(
    what: str, value: Float[Column, "row"], lain: Lain, words: str, least: int, ordered: bool
) -> list[str]:
    """Whether an amount seems to be in another unit; what shows first is asked about."""
    known = np.isfinite(value)
    value, unit = value[known], None if lain.unit is None else lain.unit[known]
    told: list[str] = []
    if lain.period is not None:
        told = of_another_order(what, lain.period[known], value, least)
    if not told and ordered:
        told = in_a_run_of_rows(what, value, unit, least)
    return told or in_two_clouds(what, words, _medians(unit, value), least)


def _medians(unit: Int[Column, "row"] | None, value: Float[Column, "row"]) -> Column:
    """The median of the amounts above 0 of each unit that has some; without units, the amounts."""
    positive = value > 0
    if unit is None:
        return value[positive]
    unit, value = unit[positive], value[positive]
    order = np.lexsort((value, unit))
    unit, value = unit[order], value[order]
    start = np.flatnonzero(np.diff(unit, prepend=-1))
    many = np.diff(start, append=unit.size)
    middle: Column = (value[start + (many - 1) // 2] + value[start + many // 2]) / 2
    return middle


def _fetched(
    rows: Table, amounts: Sequence[str], units: Sequence[str], periods: Sequence[str]
) -> Lain:
    read = []
    for amount in amounts:
        try:
            rows = rows.numbers(amount, gaps=True)
            read.append(amount)
        except InputError:  # categories, or what a condition is on: no amount
            continue
    names = list(dict.fromkeys([*read, *units, *periods]))
    if not names:
        return Lain(0, {}, None, None, False)
    arrow = rows.arrow(rows.expression.select(*names))
    period = _texts_of(arrow[periods[0]]) if periods else None
    dated = period is not None and _are_dates(np.unique(period))
    if period is not None and dated:
        period = np.array([YEAR.search(one) for one in period], object)
        period = np.array([one[0] if one else "" for one in period], str)
    return Lain(
        number=arrow.num_rows,
        amounts={one: arrow[one].to_numpy(zero_copy_only=False).astype(float) for one in read},
        unit=np.unique(_texts_of(arrow[units[0]]), return_inverse=True)[1] if units else None,
        period=period,
        dated=dated,
    )


def _are_dates(periods: Column) -> bool:
    """Whether periods are too many, or too short, to be compared with each other."""
    daily = sum(DAY.match(one) is not None for one in periods.tolist()) > MOST_DAYS
    return periods.size > MOST_PERIODS or daily


def _texts_of(column: Any) -> Column:
    """A column as text, "" where a cell is empty."""
    import pyarrow

    return np.array([one or "" for one in column.cast(pyarrow.string()).to_pylist()], str)


def _in_order(rows: Table) -> bool:
    """Whether rows come as they lie in the file or frame: not on Spark, not from a query."""
    return bool(rows.sha256) and rows.expression.get_backend().name == "duckdb"


def _texts(option: Any) -> list[str]:
    """The texts of an option: one, several, or those that name what a mapping maps to."""
    if isinstance(option, Mapping):
        option = list(option.values())
    if isinstance(option, str):
        return [option]
    return (
        [one for one in option if isinstance(one, str)] if isinstance(option, list | tuple) else []
    )


def _column(text: str, rows: Table) -> str:
    """The column that a text names, if it is one: `fare`, `log(fare)`, `geo_id[:5]`."""
    bare = re.sub(r"^log\((.*)\)$|\[:\d+\]$", r"\1", text.strip())
    return next((one for one in (text, bare) if one in rows.columns), "")
