"""Of which rows and units an audit publishes numbers: the sets that the log of releases stores.

A population is what sums run over, and what tells its items apart from release to release:

    units          the units themselves, if a column names them: numbers of units
    rows           the rows of each unit, numbered: numbers of rows
    rows by value  the rows of each unit with what one column says of them: sums of that column

A corrected value is an item that went and another that came, whatever the release is grouped by.
Rows that are alike in this are numbered in the order of their other cells, so that a release that
is grouped in another way numbers them alike. Without a column of units an item is a row with its
value, or, where no column of values is read, with the labels that are read, and nothing else: a
column that is added to the table changes no item.

The sets of a population are all of its items, and the groups of each column that is grouped by, of
their cross, and of the years and months of a date, as far as they are published: as far as the
label stands in a finding or chart of the audit, if that is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.finding import Audit
from datapolis.audits.privacy import shown
from datapolis.tables import Table

if TYPE_CHECKING:
    from jaxtyping import Int

    Column = np.ndarray[Any, np.dtype[Any]]

UNITS = ("unit", "holder", "payer", "node", "source", "thread", "left")  # options that name units
GROUPED = ("by", "within", "time", "year", "period", "group", "entity", "shares", "veracity")
DATED = ("date", "reported", "start")  # options whose dates are grouped by year and month
FILTERS = {"drop", "only"}  # options that choose rows
EMPTY = ("", "(not given)", "not recorded")  # what an empty cell is called
NUMBER = "\x1e"  # between the text of an item and its number among those alike


@dataclass(frozen=True)
class Population:
    """Items that sums run over, and the groups of them that are published."""

    key: tuple[str, ...]  # what it is, in names of columns
    items: Sequence[str]  # what tells each item from the others
    units: Sequence[str]  # whose each is
    places: Mapping[str, Int[Column, "item"]]  # group of each item by column; -1: not published


@dataclass(frozen=True)
class PublishedCells:
    """The cells of a table as text, and which columns the options name."""

    cells: Mapping[str, Sequence[str]]
    named: Mapping[str, Sequence[str]]

    @property
    def unit(self) -> str:
        """The column of units, or nothing."""
        return next((self.named[key][0] for key in UNITS if self.named.get(key)), "")

    @property
    def read(self) -> list[str]:
        """The columns that are read, but to choose rows."""
        return sorted({one for key in self.named.keys() - FILTERS for one in self.named[key]})

    @property
    def grouped(self) -> list[str]:
        """The columns that are grouped by."""
        found = (one for key in GROUPED for one in self.named.get(key, ()))
        return [one for one in dict.fromkeys(found) if one != self.unit]

    @property
    def values(self) -> list[str]:
        """The columns that are read for what they say of units."""
        taken = {self.unit, *self.grouped}
        return [one for one in self.read if one not in taken]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.cells.values()), ()))


def cells_of(rows: Table, options: Mapping[str, Any]) -> PublishedCells:
    """All cells of a table as text."""
    texts = {name: rows[name].cast("string") for name in rows.columns}
    arrow = rows.arrow(rows.expression.select(**texts))
    cells = {name: [one or "" for one in arrow[name].to_pylist()] for name in arrow.column_names}
    return PublishedCells(cells, {key: _columns(option, cells) for key, option in options.items()})


def populations(
    table: PublishedCells, least: int, found: Audit | None = None
) -> Iterator[Population]:
    """The populations of a table with the groups that are published; none where nothing is.

    found   the audit that is published; without it groups are taken to be published by their size
    """
    if found is not None and not any(np.isfinite(one.estimate) for one in found.findings):
        return
    rows = np.arange(table.rows)
    whole = [NUMBER.join(row) for row in zip(*table.cells.values(), strict=True)]
    order = np.argsort(np.array(whole, object), kind="stable")
    unit = [_plain_unit(one) for one in table.cells[table.unit]] if table.unit else whole
    places = dict(_places(table, unit if table.unit else None, least, found))
    if table.unit:
        names, code = np.unique(np.array(unit, object).astype(str), return_inverse=True)
        yield Population(
            key=("units", table.unit),
            items=names.tolist(),
            units=names.tolist(),
            places=dict(_of_units(places, code)),
        )
    tables: list[tuple[str, ...]] = [(one,) for one in table.values]
    if table.unit and names.size < rows.size:
        tables.append(())
    if not table.unit and not tables:
        tables.append(tuple(table.read))
    for values in tables:
        said = [[_plain(cell) for cell in table.cells[one]] for one in values]
        kept = [row for row in order.tolist() if not said or any(one[row] for one in said)]
        if not kept:
            continue
        alike = [
            NUMBER.join([unit[row] if table.unit else "", *(one[row] for one in said)])
            for row in kept
        ]
        items = _numbered(alike)
        yield Population(
            key=("rows", table.unit, *values),
            items=items,
            units=[unit[row] for row in kept] if table.unit else items,
            places={name: one[kept] for name, one in places.items()},
        )


def _places(
    table: PublishedCells, unit: Sequence[str] | None, least: int, found: Audit | None
) -> Iterator[tuple[str, Int[Column, "row"]]]:
    """For each way to group rows the published group of each row, numbered from 0; else -1."""
    labels: dict[str, tuple[Sequence[str], ...]] = {
        one: (table.cells[one],) for one in table.grouped
    }
    by = [one for one in table.named.get("by", ()) if one in labels]
    if len(by) > 1:
        labels[NUMBER.join(by)] = tuple(table.cells[one] for one in by)
    for column in chain.from_iterable(table.named.get(key, ()) for key in DATED):
        for part, long in (("year", 4), ("month", 7)):
            cut = [cell[:long] if len(cell) >= long else "" for cell in table.cells[column]]
            if any(cut) and found is not None:
                labels[f"{column} by {part}"] = (cut,)
    written = None if found is None else _written(found)
    who: Column = np.arange(table.rows)
    if unit is not None:
        who = np.unique(np.array(unit, object).astype(str), return_inverse=True)[1]
    for name, cells in labels.items():
        names, code = np.unique(
            np.array([NUMBER.join(one) for one in zip(*cells, strict=True)], object).astype(str),
            return_inverse=True,
        )
        pairs = np.unique(np.stack([code, who]), axis=1)[0]
        size: Column = np.bincount(pairs, minlength=names.size)
        seen: Column = np.zeros(names.size, bool)
        if written is not None:
            seen = np.array([written.has(one.split(NUMBER)) for one in names.tolist()], bool)
        if not seen.any():  # no audit is given, or it does not write these labels
            seen = np.asarray(shown(size, least=least, overlap=True))
        seen = seen & (size >= least)
        number = np.where(seen, np.cumsum(seen) - 1, -1)
        yield name, number[code]


def _of_units(
    places: Mapping[str, Int[Column, "row"]], code: Int[Column, "row"]
) -> Iterator[tuple[str, Int[Column, "unit"]]]:
    """The same of units, by columns in which each unit lies in one group."""
    for name, place in places.items():
        first = np.full(int(code.max()) + 1, -1)
        first[code] = place
        if (first[code] == place).all():
            yield name, first


@dataclass(frozen=True)
class Written:
    """The labels that an audit writes beside a number, those of one number together."""

    rows: Sequence[frozenset[str]]
    each: frozenset[str]

    def has(self, labels: Sequence[str]) -> bool:
        """Whether labels stand together somewhere; an empty one under any of its names."""
        wanted = [set(EMPTY[1:]) if one == "" else {one} for one in labels]
        if not all(self.each & one for one in wanted):
            return False
        return len(wanted) == 1 or any(all(row & one for one in wanted) for row in self.rows)


def _written(found: Audit) -> Written:
    rows = []
    for one in found.findings:
        if np.isfinite(one.estimate):
            rows.append(frozenset({one.of, one.of.partition(": ")[2]}))
    for series in found.series.values():
        numbers = [column for column in series.values() if np.asarray(column).dtype.kind == "f"]
        kept = ~np.isnan(numbers[0]) if numbers else None  # nan: suppressed
        for at, row in enumerate(zip(*series.values(), strict=False)):
            if kept is None or kept[at]:
                rows.append(frozenset(str(cell) for cell in row if isinstance(cell, str | int)))
    return Written(rows, frozenset(chain.from_iterable(rows)))


def _columns(option: Any, cells: Mapping[str, Any]) -> list[str]:
    """The columns of the table that an option names."""
    if isinstance(option, Mapping):
        option = [*option, *option.values()]
    texts = [option] if isinstance(option, str) else option
    texts = texts if isinstance(texts, list | tuple) else []
    parts = [part.split("=")[0].strip() for text in texts for part in str(text).split(",")]
    return [one for one in dict.fromkeys(parts) if one in cells]


def _plain(cell: str) -> str:
    """A number as it is written shortest, so that 5 and 5.0 are the same; all else as it is."""
    try:
        return repr(float(cell))
    except ValueError:
        return cell


def _plain_unit(cell: str) -> str:
    """A unit by a number without the .0 that a column with empty cells gives it."""
    return cell.removesuffix(".0") if cell[:-2].isdigit() else cell


def _numbered(texts: Sequence[str]) -> list[str]:
    """Texts, those alike numbered, so that each is an item of its own."""
    seen: dict[str, int] = {}
    found = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        found.append(f"{text}{NUMBER}{seen[text]}")
    return found
