"""What is said of a table that is refused: which row it is, and which option would read it.

Asked only when a table is refused, of its rows as they were opened. Of a cell only the shape of a
number is told, never its text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datapolis.core.errors import InputError
from datapolis.tables import dates, numbers
from datapolis.tables.reading import derived

if TYPE_CHECKING:
    from datapolis.tables.opened import Table

ROW = derived("row")  # the number of a row as opened, the first below the header being 0
LOOKED_AT = 10_000  # different cells of a column that a refusal looks at
ABOVE = 10  # rows in which a header is looked for that is not in the first line


def filled(cells: Any) -> Any:
    """Text without blanks around it; what is then empty is null."""
    return cells.strip().nullif("")


def first(rows: Table, column: str, chosen: Callable[[Any], Any]) -> tuple[int, str] | None:
    """The number of the first row, from 1, whose text in a column is chosen, and that text."""
    whole = rows.whole
    if whole is None or column not in whole.columns or not whole[column].type().is_string():
        return None
    cells = whole.filter(chosen(whole[column])).select(row=ROW, cell=column)
    found = rows.arrow(cells.order_by("row").limit(1)).to_pylist()
    return (int(found[0]["row"]) + 1, str(found[0]["cell"] or "")) if found else None


def first_empty(rows: Table, column: str, problem: str) -> tuple[str, str]:
    """In words where the first empty cell of a column is, and what helps."""
    found = first(rows, column, lambda cells: filled(cells).isnull())
    if found is None:
        return "", ""
    here = rows.whole.filter(rows.whole[ROW] == found[0] - 1).drop(ROW)
    cells = rows.arrow(here).to_pylist()[0].values()
    if any(cell is not None and str(cell).strip() for cell in cells):
        return f", first in row {found[0]}", ""
    return f", first in row {found[0]}, which is empty as a whole", "remove empty rows"


def first_unread(
    rows: Table, converted: Callable[[Any], Any], gaps: bool, column: str, problem: str
) -> tuple[str, str]:
    """In words which cell is the first that cannot be read, and the option that would read it."""
    if problem == "is empty":
        return first_empty(rows, column, problem)
    if problem == "is out of range":
        return "", ""

    def unread(cells: Any) -> Any:
        return rows.bare(cells).notnull() & converted(cells).isnull()

    found = first(rows, column, unread)
    if found is not None:
        place, cell = f", first in row {found[0]}", found[1]
    elif rows.whole is None:  # rows have no order, as on Spark
        cells = rows.expression.filter(unread(rows.expression[column])).select(column).limit(1)
        place, cell = "", str(rows.arrow(cells)[column].to_pylist()[0])
    else:
        return "", ""
    others = [one for one in _texts(rows, column) if one is not None]
    if problem == "is not a date":
        shape, (why, option) = "", dates.advice(others)
    else:
        shape, (why, option) = numbers.shape(cell), numbers.advice(cell, others, column, gaps)
    said = ": ".join(one for one in (shape, why) if one)
    return place + (f" ({said})" if said else ""), option


def _texts(rows: Table, column: str) -> list[str | None]:
    whole = rows.expression if rows.whole is None else rows.whole
    found: list[str | None] = rows.arrow(whole.select(column).distinct().limit(LOOKED_AT))[
        column
    ].to_pylist()
    return found


def doubtful(rows: Table, column: str) -> InputError:
    """The error for a column of numbers whose points mark thousands or decimals."""
    found = first(rows, column, lambda cells: rows.bare(cells).re_search(numbers.GROUPED))
    cell = f"row {found[0]} ({numbers.shape(found[1])})" if found else "a cell (999.999)"
    return InputError(
        f"{cell} can be read in two ways: its point marks thousands or decimals",
        file=rows.name,
        field=column,
        allowed="--thousands . or --decimal . whichever is meant",
    )


def lower(rows: Table, column: str) -> str:
    """In words whether the name of a missing column stands in the first rows instead."""
    if rows.whole is None or rows.path is None:
        return ""
    above = rows.arrow(rows.whole.drop(ROW).limit(ABOVE)).to_pylist()
    for place, row in enumerate(above, 1):
        if column in row.values():
            return f"; its name stands in row {place}: remove what is above the header"
    return ""
