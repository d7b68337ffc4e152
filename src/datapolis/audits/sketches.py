"""Sets of units as the log of version 0.1 stored them: arrays whose differences can be read.

Each unit is added (exclusive or) to one cell of each of four rows, so that what two sets share
falls out of their sum, and what is left can be read cell by cell if it is little.

    diff = sketch(A) xor sketch(B) = sketch(units in A or in B, but not in both)

Nothing is stored so any more. Logs that hold such sets are still compared with what is published
now, by pairs, as they were then.

Source: Eppstein, Goodrich, Uyeda and Varghese (2011), What's the difference? (invertible tables)
"""

from __future__ import annotations

from base64 import b85decode
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.privacy import shown
from datapolis.audits.published_sets import GROUPED, PublishedCells

if TYPE_CHECKING:
    from jaxtyping import UInt64

    Column = np.ndarray[Any, np.dtype[Any]]

ROWS, CELLS = 4, 64  # of a set; up to about 190 units that differ can be read
MOST = 60  # the largest threshold for which a difference can surely be read
GROUPS = 200  # groups of a column that were entered


def sketch(ids: UInt64[Column, "unit"]) -> UInt64[Column, "row cell 2"]:
    """A set of units: each added to one cell of each row, beside a second hash that tells it."""
    found = np.zeros((ROWS, CELLS, 2), np.uint64)
    for row in range(ROWS):
        place = _mixed(ids, row + 1) % np.uint64(CELLS)
        np.bitwise_xor.at(found[row, :, 0], place, ids)
        np.bitwise_xor.at(found[row, :, 1], place, _mixed(ids, 0))
    return found


def difference(left: UInt64[Column, "row cell 2"]) -> list[int] | None:
    """The units that a sketch holds; None if they are too many to be read."""
    found: list[int] = []
    left = left.copy()
    while left.any():
        alone = (left[..., 0] != 0) & (_mixed(left[..., 0], 0) == left[..., 1])
        if not alone.any() or len(found) > ROWS * CELLS:
            return None
        one = left[..., 0][alone][:1]
        found.append(int(one[0]))
        left ^= sketch(one)
    return found


def near(ids: UInt64[Column, "unit"], old: Sequence[Column], least: int) -> bool:
    """Whether a set differs from an earlier one, but by fewer units than the threshold."""
    new = sketch(ids)
    for one in old:
        units = difference(new ^ one)
        if units:
            added = int(np.isin(ids, np.array(units, np.uint64)).sum())
            if max(added, len(units) - added) < least:
                return True
    return False


def near_release(
    entries: Sequence[Mapping[str, Any]],
    table: PublishedCells,
    ids: Callable[[str, Sequence[str]], Column],
    name: Callable[[str, str], str],
    least: int,
) -> tuple[int, str] | None:
    """A release of version 0.1 from which a table differs by few units, and the column; or None.

    ids, name   the hashes of units and of names of the log
    """
    if not any("records" in one for one in entries):
        return None
    cells, unit, columns = table.cells, table.unit, table.read
    codes, names = _codes(cells[unit] if unit else _joined(cells, sorted(cells)))
    units = ids("unit", names)
    sets = [("", units)]
    for column in dict.fromkeys(one for key in GROUPED for one in table.named.get(key, ())):
        label, labels = _codes(cells[column])
        groups = [np.unique(codes[label == one]) for one in range(min(len(labels), GROUPS))]
        seen = shown(np.array([one.size for one in groups]), least=least, overlap=True)
        sets += [
            (column, units[group])
            for group, told in zip(groups, seen, strict=True)
            if told and column != unit
        ]
    records = ids("record", _records(codes, _joined(cells, columns), names))
    for number, entry in enumerate(entries, 1):
        if "records" not in entry:
            continue
        if entry["unit"] == name("column", unit):
            earlier = [read(one) for one in entry["sets"].values()]
            for column, group in sets:
                if near(group, earlier, least):
                    return number, column
        same = entry["columns"] == name("columns", "\x1f".join([unit, *columns]))
        if same and near(records, [read(entry["records"])], least):
            return number, ""
    return None


def read(text: str) -> UInt64[Column, "row cell 2"]:
    """A set as a log of version 0.1 wrote it."""
    return np.frombuffer(b85decode(text), "<u8").astype(np.uint64).reshape(ROWS, CELLS, 2)


def _mixed(ids: Column, stream: int) -> Column:
    """A second hash of hashes (splitmix64)."""
    with np.errstate(over="ignore"):
        value = ids + np.uint64(0x9E3779B97F4A7C15) * np.uint64(stream + 1)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))


# --- rows as version 0.1 read them ---------------------------------------------------------------


def _joined(cells: Mapping[str, Sequence[str]], columns: Sequence[str]) -> list[str]:
    """Rows as one text each; rows alike are numbered, so that each is a unit of its own."""
    rows = ["\x1f".join(row) for row in zip(*(cells[one] for one in columns), strict=True)]
    seen: dict[str, int] = {}
    for place, row in enumerate(rows):
        seen[row] = seen.get(row, 0) + 1
        rows[place] = f"{row}\x1e{seen[row]}"
    return rows or [""] * len(next(iter(cells.values())))


def _codes(texts: Sequence[str]) -> tuple[Column, list[str]]:
    """Texts as numbers from 0, and what they stand for."""
    names, codes = np.unique(np.array(texts, object).astype(str), return_inverse=True)
    return codes, names.tolist()


def _records(codes: Column, rows: Sequence[str], names: Sequence[str]) -> list[str]:
    """Each unit with all of its rows, in one order."""
    found: list[list[str]] = [[] for _ in names]
    for code, row in zip(codes.tolist(), rows, strict=True):
        found[code].append(row.rpartition("\x1e")[0])
    return ["\x1d".join([name, *sorted(of)]) for name, of in zip(names, found, strict=True)]
