"""The log of releases: which rows and units published numbers are of, so that none gives few away.

A release that leaves out three people, or has three more, gives these three away by subtraction
from the release with them; two releases by other groups give away what both leave out. No single
release shows that. So the sets that are published (all units, and each group of the columns that
are grouped by) are entered in a log, and a new release is refused where

    some sum of multiples of all sets that were ever published of these units is a sum over fewer
    units than the threshold (`disclosure_control.few_units`: a complete search), or
    a set differs from an earlier one by fewer units than the threshold on either side.

The log holds no cell, no label and no size. A unit is a hash with a key that stays in the folder;
of each the log knows in which of the published sets it was. Whoever has the key and a list of names
can find out who was in which set: the folder is as confidential as the table.

The threshold of a log is that of its first release; one with a smaller threshold is refused. Logs
of version 0.1 hold sets from which only small differences can be read; they are compared by pairs
with what is published now.

What it does not catch: units that are written in another way or called by another column, edges of
a network, releases that were not logged, what somebody else published, what follows from amounts
being no less than 0, and a difference of many units of whom one dominates, as amounts are not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from datapolis.audits import sketches
from datapolis.audits.disclosure_control import MOST_CELLS, Undecided, few_units
from datapolis.audits.finding import Audit
from datapolis.audits.log_folder import LogFolder, Published
from datapolis.audits.options import MIN_GROUP
from datapolis.audits.published_sets import Population, PublishedCells, cells_of, populations
from datapolis.core.errors import InputError
from datapolis.tables import Source, open_table


class Ledger(LogFolder):
    """A log of releases in a folder, which refuses what would give few units away."""

    def enter(
        self,
        kind: str,
        sources: Sequence[Source],
        options: Mapping[str, Any],
        found: Audit | None = None,
    ) -> list[str]:
        """Enter a release of an audit before it is published, and return notes on it.

        Raises InputError, and enters nothing, where it and earlier ones would give few units away,
        or where that cannot be found out. A public register is not entered: it has nothing to hide.

        found   the audit itself, which says which groups are published; else their size says it
        """
        if options.get("public"):
            return []
        least = int(options.get("min_group", MIN_GROUP))
        tables = [self._cells(source, options) for source in sources]
        with self.alone():
            entries = self.entries
            least = self._threshold(entries, least)
            old = [one for one in entries if "records" in one]
            number = len(entries) + 1
            stored: dict[str, Published] = {}
            for table in tables:
                near = sketches.near_release(entries, table, self.ids, self.hash_of, least)
                if near:
                    raise _refused(*near, least)
                for one in populations(table, least, found):
                    name = self.hash_of("population", "\x1f".join(one.key))
                    before = stored[name] if name in stored else self.stored(name)
                    stored[name] = self._checked(one, before, number, least)
            for name, sets in stored.items():
                self.store(name, sets)
            self.add(kind=kind, least=least, populations=sorted(stored))
        return _notes(tables, len(old))

    def _checked(
        self, population: Population, before: Published, number: int, least: int
    ) -> Published:
        """All sets of a population, the new ones with them; InputError if few are given away."""
        new = self._published(population, number)
        if np.unique(new.units).size < least:  # an audit publishes nothing of so few
            return before
        after = before.with_sets(new)
        what = population.key[1] or "this table"
        if after.matrix.size > MOST_CELLS:
            raise _too_many(after.matrix.shape[0])
        many = before.matrix.shape[0]
        if after.matrix.shape[0] == many:
            return after  # the same sets again
        for one, other in _pairs_apart(after, many, least):
            column = _group(population, int(after.number[one]))
            raise _refused(int(after.release[other]), column, least)
        try:
            few = few_units(after.as_sets, least=least)
        except Undecided:
            raise _too_many(after.matrix.shape[0]) from None
        if few:
            raise InputError(
                f"what is published by {what}, alone or with what this log holds, would give fewer "
                f"than {least} units away by subtraction",
                field="log",
                allowed="the same groups as before, larger ones, or private_means",
            )
        return after

    def _published(self, population: Population, number: int) -> Published:
        """The sets of a population as hashes."""
        ids = self.ids("item", population.items)
        if population.units is population.items:
            units = ids
        else:
            names, place = np.unique(
                np.array(population.units, object).astype(str), return_inverse=True
            )
            units = self.ids("item", names.tolist())[place]
        code = np.zeros(ids.size, int)
        for place in population.places.values():
            code = np.unique(code * (int(place.max()) + 2) + place + 1, return_inverse=True)[1]
        first = np.unique(code, return_index=True)[1]
        rows = [np.ones((1, first.size), bool)]
        rows += [
            place[first] == np.arange(int(place.max()) + 1)[:, None]
            for place in population.places.values()
        ]
        matrix = np.concatenate(rows)
        order = np.argsort(ids)
        return Published(
            ids[order],
            units[order],
            code[order],
            matrix,
            np.full(len(matrix), number),
            np.arange(len(matrix)),
        )

    def _threshold(self, entries: Sequence[Mapping[str, Any]], least: int) -> int:
        """The threshold of the log; InputError where the release has a smaller one."""
        kept = next((int(one["least"]) for one in entries if "least" in one), least)
        if least < kept:
            raise InputError(
                "what this log holds was published with a larger threshold",
                field="min_group",
                value=least,
                allowed=f"{kept} or more, or a new folder for another table",
            )
        if least > sketches.MOST and any("records" in one for one in entries):
            raise InputError(
                "a log of version 0.1 cannot tell such sets apart",
                field="min_group",
                value=least,
                allowed=f"at most {sketches.MOST}, or a new folder",
            )
        return least

    def _cells(self, source: Source, options: Mapping[str, Any]) -> PublishedCells:
        rows = open_table(
            source, drop=options.get("drop", ""), duplicates=options.get("duplicates", "keep")
        )
        name, _, value = str(options.get("only", "")).partition("=")
        if name:
            rows = rows.require(name).where(rows[name].cast("string") == value)
        return cells_of(rows, options)


def _pairs_apart(sets: Published, before: int, least: int) -> Iterator[tuple[int, int]]:
    """Pairs of a new set and an earlier one that fewer units than `least` tell apart."""
    _, unit = np.unique(sets.units, return_inverse=True)
    weight = np.bincount(np.unique(np.stack([sets.atom, unit]), axis=1)[0]).astype(float)
    old, new = (one.astype(float) for one in np.split(sets.matrix, [before]))
    both = (new * weight) @ old.T
    more, less = new @ weight[:, None] - both, (old @ weight)[None] - both
    apart = np.maximum(more, less)
    for one, other in np.argwhere((apart > 0) & (apart < least)):
        yield before + int(one), int(other)


# --- words ---------------------------------------------------------------------------------------


def _group(population: Population, number: int) -> str:
    """The column of a new set by its number, or nothing if it is the whole table."""
    if number == 0:
        return ""
    last = np.cumsum([int(place.max()) + 1 for place in population.places.values()])
    return list(population.places)[int(np.searchsorted(last, number))]


def _refused(number: int, column: str, least: int) -> InputError:
    what = f"a group by {' and '.join(column.split(chr(30)))}" if column else "this table"
    return InputError(
        f"what is told of {what} and release {number} of the log would give fewer than {least} "
        "units away by subtraction",
        field="log",
        allowed="the same units as before, or a difference of as many units as the threshold",
    )


def _too_many(sets: int) -> InputError:
    return InputError(
        "the log cannot be checked: too many groups, or groups that cross in too many ways, to be "
        "sure that none of them gives few units away",
        field="log",
        value=f"{sets:,} groups",
        allowed="fewer or larger groups, or private_means",
    )


def _notes(tables: Sequence[PublishedCells], old: int) -> list[str]:
    notes = []
    if old:
        notes.append(
            f"Log: {old:,} of its releases were entered by version 0.1. They are compared with "
            "this one by pairs, not in every combination; begin a new folder for a new table."
        )
    if any(not one.unit for one in tables):
        notes.append(
            "Log: no column of units is named, so that rows are told apart by what is read of "
            "them; rows alike in that may be taken for one another. Name the column of units."
        )
    return notes
