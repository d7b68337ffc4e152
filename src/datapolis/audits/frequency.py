"""Tables of value and count: a row stands for as many units alike as one of its columns says.

Asked with `frequency`, an audit gives what it gives of the table in which each row is repeated so
often, as units that are told apart; rows of frequency 0 stand for nobody. Within groups the counts
are added up by the query, so that no table is written out where weights suffice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.tables.opened import Table
from datapolis.tables.reading import derived

if TYPE_CHECKING:
    Column = np.ndarray[Any, np.dtype[Any]]

Frequency = Annotated[
    str, "column of how many units a row stands for: 0, 1, 2, ...; without it each row is one"
]
COUNT = derived("frequency")  # the column that `with_frequency` adds
MOST = 20_000_000  # units that are written out one by one, where an index needs all of them


def with_frequency(rows: Table, frequency: str) -> Table:
    """The rows that stand for anybody, with how many units each stands for in the column COUNT.

    Without a frequency each row is one unit. Raises InputError where a cell is no whole number of
    at least 0, or where all are 0.
    """
    if not frequency:
        return rows
    allowed = "whole numbers: 0, 1, 2, and so on"
    rows.require(frequency, field="frequency").numbers(frequency, least=0)  # refused by its name
    rows = rows.mutate(**{COUNT: rows[frequency]}).numbers(COUNT, least=0)
    many = rows[COUNT]
    if broken := rows.where(many != many.floor()).count():
        raise InputError(
            f"{broken:,} {'cell is' if broken == 1 else 'cells are'} no whole number",
            file=rows.name,
            field=frequency,
            allowed=allowed,
        )
    rows = rows.recode(COUNT, many.cast("int64"))
    rows = rows.where(rows[COUNT] > 0)
    if not rows.count():
        raise InputError(
            "is 0 in every row", file=rows.name, field=frequency, allowed="above 0 in some rows"
        )
    return rows


def units(rows: Table, frequency: str) -> Any:
    """How many units the rows of a group stand for, as an Ibis aggregate."""
    import ibis

    return rows[COUNT].sum().cast("int64") if frequency else ibis._.count()


def written_out(values: Column, times: Column, name: str, frequency: str) -> Column:
    """Each value as often as it occurs; InputError where that is more than memory should hold."""
    if (many := int(times.sum())) > MOST:
        raise InputError(
            f"{many:,} units in one list",
            file=name,
            field=frequency,
            allowed=f"at most {MOST:,}; or a coarser unit, such as thousands",
        )
    return np.repeat(values, times)


def note(frequency: str, what: str) -> list[str]:
    """What is said of how rows were counted."""
    return [f"Each row stands for as many {what} as {frequency} says."] if frequency else []
