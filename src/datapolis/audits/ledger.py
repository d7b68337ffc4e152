"""What was told of a table before: so that two releases do not give away what each withholds.

A release that leaves out three people, or has three more, gives these three away by subtraction
from the release with them. No single release shows that, so the sets that are told (all units, and
each group of the columns that are grouped by) are entered in a log, and a new release is refused
where one of its sets differs from an earlier one by fewer units than the threshold.

The log holds no cell, no label and no size. A unit is a hash with a key that stays in the folder.
A set is an array of cells: each unit is added (exclusive or) to one cell of each of four rows, so
that what two sets share falls out of their sum, and what is left can be read cell by cell if it is
little, and not at all if it is much.

    diff = sketch(A) xor sketch(B) = sketch(units in A or in B, but not in both)

What it does not catch: sets that follow from three or more releases, groups crossed by several
columns, units that are written in another way or called by another column, releases that were not
logged, and what somebody else published. Whoever has the key and a list of names can find out which
of them are in a set of a few hundred units or fewer: the folder is as confidential as the table.

Source: Eppstein, Goodrich, Uyeda and Varghese (2011), What's the difference? (invertible tables)
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from base64 import b85decode, b85encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.options import MIN_GROUP
from datapolis.audits.privacy import shown
from datapolis.errors import InputError, StoreError
from datapolis.tables import Source, Table, open_table

if TYPE_CHECKING:
    from jaxtyping import UInt64

    Column = np.ndarray[Any, np.dtype[Any]]

ROWS, CELLS = 4, 64  # of a set; up to about 190 units that differ can be read
MOST = 60  # the largest threshold for which a difference can surely be read
GROUPS = 200  # groups of a column that are entered
UNITS = ("unit", "holder", "payer", "node", "source", "thread", "left")  # options that name units
GROUPED = ("by", "within", "time", "year", "period", "group", "entity", "shares", "veracity")
FILTERS = {"drop", "only"}  # options that choose rows
KEY, LOG, BUSY = "key", "ledger.jsonl", "busy"


@dataclass(frozen=True)
class Scope:
    """Whom a release speaks of: the units of each set that it may tell, as hashes."""

    unit: str  # hash of the column of units
    columns: str  # hash of the columns that are read
    least: int
    sets: Mapping[str, UInt64[Column, "unit"]]  # that may be told, by label; "" is all
    withheld: Sequence[str]  # labels of the others
    records: UInt64[Column, "unit"]  # units with what the columns read say of them


class Ledger:
    """A folder with the log of releases and the key of its hashes."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / KEY).exists():
                self._write(KEY, secrets.token_bytes(32), os.O_EXCL)
            self.key = (self.folder / KEY).read_bytes()
        except OSError as error:
            raise StoreError(f"{folder}: no log can be kept here ({error.strerror})") from error

    def enter(self, kind: str, sources: Sequence[Source], options: Mapping[str, Any]) -> None:
        """Enter a release of an audit before it is told.

        Raises InputError, and enters nothing, where it and an earlier one would give few units
        away. A public register is not entered: it has nothing to hide.
        """
        if options.get("public"):
            return
        scopes = [self.scope(source, options) for source in sources]
        with self.alone():
            for scope in scopes:
                self._check(scope)
            for scope in scopes:
                self.add(kind=kind, **self._entry(scope))

    def scope(self, source: Source, options: Mapping[str, Any]) -> Scope:
        """The sets of units that an audit of this table may tell of."""
        least = int(options.get("min_group", MIN_GROUP))
        if least > MOST:
            raise InputError(
                "the log cannot tell such sets apart",
                field="min_group",
                value=least,
                allowed=f"at most {MOST}, or no log",
            )
        rows = open_table(
            source, drop=options.get("drop", ""), duplicates=options.get("duplicates", "keep")
        )
        name, _, value = str(options.get("only", "")).partition("=")
        if name:
            rows = rows.require(name).where(rows[name].cast("string") == value)
        cells = _texts(rows)
        named = {key: _columns(options.get(key), cells) for key in options}
        unit = next((named[key][0] for key in UNITS if named.get(key)), "")
        read = sorted({one for key in named.keys() - FILTERS for one in named[key]})
        who = cells[unit] if unit else _joined(cells, sorted(cells))
        codes, names = _codes(who)
        ids = self._ids("unit", names)
        sets, withheld = {"": ids}, []
        for column in dict.fromkeys(one for key in GROUPED for one in named.get(key, ())):
            label, labels = _codes(cells[column])
            groups = [np.unique(codes[label == one]) for one in range(min(len(labels), GROUPS))]
            seen = shown(np.array([one.size for one in groups]), least=least, overlap=True)
            for text, group, told in zip(labels, groups, seen, strict=False):
                if told and column != unit:
                    sets[f"{column}={text}"] = ids[group]
                else:
                    withheld.append(f"{column}={text}")
        return Scope(
            unit=self._hash("column", unit),
            columns=self._hash("columns", "\x1f".join([unit, *read])),
            least=least,
            sets=sets,
            withheld=withheld,
            records=self._ids("record", _records(codes, _joined(cells, read), names)),
        )

    def _entry(self, scope: Scope) -> dict[str, Any]:
        return {
            "unit": scope.unit,
            "columns": scope.columns,
            "sets": {
                self._hash("label", label): _text(sketch(ids)) for label, ids in scope.sets.items()
            },
            "withheld": [self._hash("label", label) for label in scope.withheld],
            "records": _text(sketch(scope.records)),
        }

    def _check(self, scope: Scope) -> None:
        """Raise InputError if an earlier release and this one differ by few units."""
        new = self._entry(scope)
        for number, entry in enumerate(self.entries, 1):
            if entry.get("unit") != scope.unit or entry["sets"] == new["sets"]:
                old = []
            else:
                old = [_array(one) for one in entry["sets"].values()]
            for label, ids in scope.sets.items():
                if _near(ids, old, scope.least):
                    raise _refused(number, label, scope.least)
            same = [_array(entry["records"])] if entry.get("columns") == scope.columns else []
            if _near(scope.records, same, scope.least):
                raise _refused(number, "", scope.least)

    @property
    def entries(self) -> list[dict[str, Any]]:
        """What was entered so far, oldest first."""
        try:
            lines = (self.folder / LOG).read_text(encoding="utf-8").splitlines()
            return [json.loads(line) for line in lines]
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.folder / LOG}: cannot be read; nothing was told") from error

    # --- below the surface ---------------------------------------------------------------------

    def add(self, **entry: Any) -> None:
        """Add an entry, while the log is held."""
        line = json.dumps({"date": date.today().isoformat(), **entry}) + "\n"
        self._write(LOG, line.encode(), os.O_APPEND)

    def _write(self, name: str, content: bytes, how: int) -> None:
        place = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | how, 0o600)
        with os.fdopen(place, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(place)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the log, so that nothing is entered between a check and its entry."""
        busy = self.folder / BUSY
        try:
            self._write(BUSY, b"", os.O_EXCL)
        except FileExistsError:
            raise StoreError(
                f"{busy}: another process holds the log; if none runs, remove it"
            ) from None
        try:
            yield
        finally:
            busy.unlink()

    def _digest(self, what: str, text: str, size: int) -> bytes:
        content = f"{what}\x1e{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, key=self.key, digest_size=size).digest()

    def _hash(self, what: str, text: str) -> str:
        return self._digest(what, text, 16).hex()

    def _ids(self, what: str, texts: Sequence[str]) -> UInt64[Column, "unit"]:
        return np.frombuffer(b"".join(self._digest(what, one, 8) for one in texts), np.uint64)


# --- sets ----------------------------------------------------------------------------------------


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


def _near(ids: UInt64[Column, "unit"], old: Sequence[Column], least: int) -> bool:
    """Whether a set differs from an earlier one, but by fewer units than the threshold."""
    new = sketch(ids)
    for one in old:
        units = difference(new ^ one)
        if units:
            added = int(np.isin(ids, np.array(units, np.uint64)).sum())
            if max(added, len(units) - added) < least:
                return True
    return False


def _mixed(ids: Column, stream: int) -> Column:
    """A second hash of hashes (splitmix64)."""
    with np.errstate(over="ignore"):
        value = ids + np.uint64(0x9E3779B97F4A7C15) * np.uint64(stream + 1)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))


def _text(cells: Column) -> str:
    return b85encode(cells.astype("<u8").tobytes()).decode()


def _array(text: str) -> Column:
    return np.frombuffer(b85decode(text), "<u8").astype(np.uint64).reshape(ROWS, CELLS, 2)


def _refused(number: int, label: str, least: int) -> InputError:
    what = f"a group by {label.partition('=')[0]}" if label else "this table"
    return InputError(
        f"what is told of {what} and release {number} of the log would give fewer than {least} "
        "units away by subtraction",
        field="log",
        allowed="the same units as before, or a difference of as many units as the threshold",
    )


# --- rows ----------------------------------------------------------------------------------------


def _texts(rows: Table) -> dict[str, list[str]]:
    """All cells of a table as text."""
    cells = {name: rows[name].cast("string") for name in rows.columns}
    arrow = rows.arrow(rows.expression.select(**cells))
    return {name: [one or "" for one in arrow[name].to_pylist()] for name in arrow.column_names}


def _columns(option: Any, cells: Mapping[str, Any]) -> list[str]:
    """The columns of the table that an option names."""
    if isinstance(option, Mapping):
        option = [*option, *option.values()]
    texts = [option] if isinstance(option, str) else option
    texts = texts if isinstance(texts, list | tuple) else []
    parts = [part.split("=")[0].strip() for text in texts for part in str(text).split(",")]
    return [one for one in dict.fromkeys(parts) if one in cells]


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
