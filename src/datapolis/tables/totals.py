"""Totals among the rows: a row "Total" beside the rows that it sums up counts everything twice.

A name alone is no evidence, for a company is called Total, and an amount alone is little, for one
of three may have as much as the other two. A row is taken for a total where it has a name of totals
and at least as much as all others together, to 2 %; or, without such a name, where it has exactly
as much as six or more others, or as two or more others in each of several periods or markets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.tables import refusals
from datapolis.tables.reading import derived

if TYPE_CHECKING:
    from datapolis.tables.opened import Table

Column = np.ndarray[Any, np.dtype[Any]]

SURE = (
    "total|totals|grand total|subtotal|sub-total|sub total|sum|sum total|insgesamt|gesamt|summe|"
    "gesamtsumme|totale|totaal|total general|total général|suma|razem|итого|всего|合計|合计|总计"
).split("|")
NAMES = (*SURE, "all", "overall", "alle", "together", "zusammen", "world", "all countries")
NEAR = 0.02  # how far a total by name may fall short of the others, which are rounded too
EXACT = 1e-6  # relative; how near a total without a name has to be
MANY = 6  # others whose sum hardly meets one amount by chance
SEVERAL = 2  # the same, where it happens in every period or market
ENDS = r"[ :.*]+$"


def named(text: str, names: Sequence[str] = NAMES) -> bool:
    """Whether a text is a name of totals, such as Total or Insgesamt:."""
    return re.sub(ENDS, "", text.strip().lower()) in names


def totals_of(lists: Sequence[tuple[Column, Column]], by_name: bool = False) -> set[str]:
    """The holders that are the total of the others in every list in which they stand.

    lists      holders and amounts of each period or market, each holder once
    by_name    ask for a name of totals, not for an amount alone
    """
    found: dict[str, list[bool]] = {}
    exact: dict[str, list[int]] = {}
    for holder, amount in lists:
        called = np.array([named(str(one)) for one in holder], bool)
        others = float(amount[~called].sum())
        for one, much in zip(holder[called], amount[called], strict=True):
            found.setdefault(str(one), []).append(bool(much >= (1 - NEAR) * others > 0))
        largest = int(np.argmax(amount))
        rest = float(amount.sum() - amount[largest])
        if abs(float(amount[largest]) - rest) <= EXACT * rest and not called.any():
            exact.setdefault(str(holder[largest]), []).append(amount.size - 1)
    totals = {one for one, always in found.items() if all(always)}
    if by_name:
        return totals
    enough = MANY if len(lists) == 1 else SEVERAL
    return totals | {
        one for one, many in exact.items() if len(many) == len(lists) and min(many) >= enough
    }


def refused(rows: Table, column: str, names: set[str]) -> InputError:
    """The error for rows that are totals; only a name of totals is told."""
    told = sorted(one for one in names if named(one))
    row = refusals.first(rows, column, lambda cells: cells.strip().isin(sorted(names)))
    place = f"row {row[0]}" if row else "a row"
    return InputError(
        f"{place}{f' ({told[0]})' if told else ''} has as much as all others together: it seems to "
        "be their total",
        file=rows.name,
        field=column,
        allowed="--totals drop, or --totals keep where it is one like the others",
    )


def without_totals(
    rows: Table, columns: Sequence[str], amount: str, *, by_name: bool = False
) -> Table:
    """Rows of which none is the total of the others; refused, dropped or kept as asked.

    columns    of names, in which a name of totals may stand; without any an amount alone tells
    by_name    ask for a name of totals, not for an amount alone
    """
    import ibis

    if not rows[amount].type().is_numeric():  # a column that is its own unit is text by now
        return rows
    cells = rows[amount].fill_null(0.0)
    called: Any = cells.isnull() & ibis.literal(False)
    for column in dict.fromkeys(columns):
        if rows[column].type().is_string():
            named = rows[column].strip().lower().re_replace(ENDS, "").isin(NAMES)
            called = called | named.fill_null(False)
    counts = rows.group(
        [],
        named=called.sum().fill_null(0),
        total=called.ifelse(cells, 0.0).sum().fill_null(0.0),
        others=called.ifelse(0.0, cells).sum().fill_null(0.0),
        most=cells.max().fill_null(0.0),
        some=(cells > 0).sum().fill_null(0),
    )
    names = ("named", "total", "others", "most", "some")
    number = {name: float(counts[derived(name)][0]) for name in names}
    most, whole = number["most"], number["total"] + number["others"]
    if number["named"]:
        if not number["total"] >= (1 - NEAR) * number["others"] > 0:
            return rows
        chosen = called
    elif not by_name and abs(2 * most - whole) <= EXACT * whole and number["some"] > MANY:
        chosen = cells == most
    else:
        return rows
    field = " and ".join(dict.fromkeys(columns)) or amount
    if rows.form.totals == "ask":
        raise InputError(
            "rows seem to be the total of the others: they have as much as all others together",
            file=rows.name,
            field=field,
            allowed="--totals drop, or --totals keep where they are like the others",
        )
    dropped = rows.form.totals == "drop"
    rows.odd[f"{field} as totals"] = said(rows.name, dropped)
    return rows.where(~chosen) if dropped else rows


def said(file: str, dropped: bool) -> str:
    """The note on what was done with totals."""
    done = "were left out" if dropped else "count like the others"
    return (
        f"{file}: rows that seem to be the total of the others {done} (totals = "
        f"{'drop' if dropped else 'keep'})."
    )
