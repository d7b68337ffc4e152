"""Tables become columns: CSV or Parquet files, read by DuckDB through Ibis, every cell checked.

A caller names roles ("name", "weight") and the columns that fill them. What comes back fits: text
without gaps, numbers in range, keys that do not repeat. What does not fit is an InputError that
names the file, the column and the row; the content of a text cell is never shown, for it may be
about a person.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datapolis.errors import InputError, nearest

KINDS = (".csv", ".csv.gz", ".tsv", ".parquet")


def find(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of that name in the first folder that has it; None if none does."""
    for folder in folders:
        place = folder / name
        if place.is_file():
            return place
    return None


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(
    path: Path | str,
    columns: Mapping[str, str],
    *,
    numbers: Collection[str] = (),
    optional: Collection[str] = (),
    unique: Sequence[str] = (),
    least: float = 0.0,
    most: float = np.inf,
    gaps: Collection[str] = (),
    unnamed: str = "",
) -> dict[str, np.ndarray]:
    """The columns of a table by role: text as it stands ('NA' is text), numbers as float64.

    columns    role -> name of the column
    numbers    roles that must be numbers from `least` to `most`; all others are text
    optional   roles whose column may be missing; they are then left out
    unique     roles that together may not repeat: ("time", "name")
    gaps       number roles in which a cell may be empty; it becomes nan
    unnamed    how messages call the file, if not by its own name

    Raises InputError naming the file, the column, the row, what is allowed and the nearest name.
    """
    path = Path(path)
    file = unnamed or path.name
    table = _opened(path, file)
    there = list(table.columns)
    chosen: dict[str, str] = {}
    for role, column in columns.items():
        if column in there:
            chosen[role] = column
        elif role not in optional:
            raise InputError(
                "a column is missing",
                file=file,
                field=column,
                allowed=", ".join(there),
                nearest=nearest(column, there),
            )
    _refuse_twice(path, file, chosen.values())
    content = _fetched(table, chosen, numbers, file)
    if not len(next(iter(content.values()), ())):
        raise InputError("the table is empty", file=file, allowed="a header and at least one row")
    for role, values in content.items():
        if role in numbers:
            _check_numbers(values, file, chosen[role], least, most, role in gaps)
    keys = [content[role] for role in unique if role in content]
    if keys:
        _check_unique(keys, file, " and ".join(chosen[role] for role in unique if role in chosen))
    return {
        role: values[0] if isinstance(values, tuple) else values for role, values in content.items()
    }


def count_rows(names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Different names in order, and how many rows each has."""
    different, counts = np.unique(names, return_counts=True)
    return different, counts.astype(float)


def _opened(path: Path, file: str) -> Any:
    """The table of a file as an Ibis expression; CSV cells are all text."""
    if not path.exists():
        others = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError("no such file", file=file, nearest=nearest(path.name, others))
    if not path.is_file() or not path.name.endswith(KINDS):
        raise InputError("not a table that can be read", file=file, allowed=", ".join(KINDS))
    import ibis

    if path.stat().st_size == 0:
        raise InputError("the table is empty", file=file, allowed="a header and at least one row")
    connection = ibis.duckdb.connect()
    try:
        if path.name.endswith(".parquet"):
            return connection.read_parquet(path)
        separator = {"delim": "\t"} if path.name.endswith(".tsv") else {}
        return connection.read_csv(path, header=True, all_varchar=True, sample_size=-1, **separator)
    except Exception as error:
        if type(error).__module__.startswith(("duckdb", "_duckdb", "ibis")):
            raise _unreadable(file) from None  # what DuckDB says quotes cells
        raise


def _unreadable(file: str) -> InputError:
    return InputError(
        "cannot be read as a table: its rows differ in length, or it is of another kind",
        file=file,
        allowed=", ".join(KINDS),
    )


def _refuse_twice(path: Path, file: str, wanted: Collection[str]) -> None:
    """A CSV header in which a wanted column stands twice leaves open which one is meant."""
    if not path.name.endswith((".csv", ".tsv")):
        return
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        delimiter = "\t" if path.name.endswith(".tsv") else ","
        header = next(csv.reader(lines, delimiter=delimiter), [])
    for column in wanted:
        if header.count(column) > 1:
            raise InputError(
                "two columns have this name",
                file=file,
                field=column,
                allowed="each name once in the header",
            )


def _fetched(table: Any, chosen: Mapping[str, str], numbers: Collection[str], file: str) -> Any:
    """The chosen columns: text as str arrays, numbers as (float64, was there a text?) pairs."""
    wanted: dict[str, Any] = {}
    for role, column in chosen.items():
        cells = table[column]
        wanted[role] = cells.cast("string")
        if role in numbers:
            number = cells.try_cast("float64") if cells.type().is_string() else cells
            wanted[f"{role} as number"] = number.cast("float64")
    try:
        fetched = table.select(**wanted).to_pyarrow()
    except Exception as error:
        if type(error).__module__.startswith(("duckdb", "_duckdb", "ibis")):
            raise _unreadable(file) from None
        raise
    content: dict[str, Any] = {}
    for role, column in chosen.items():
        empty = fetched[role].is_null().to_numpy(zero_copy_only=False)
        if role in numbers:
            values = fetched[f"{role} as number"]
            content[role] = (
                np.asarray(values.to_numpy(zero_copy_only=False), float).copy(),
                empty,
            )
            continue
        if empty.any():
            raise InputError(
                f"row {int(np.flatnonzero(empty)[0]) + 1} is empty",
                file=file,
                field=column,
                allowed="text in every row",
            )
        content[role] = fetched[role].to_numpy(zero_copy_only=False).astype(str)
    return content


def _check_numbers(
    cells: tuple[np.ndarray, np.ndarray],
    file: str,
    column: str,
    least: float,
    most: float,
    gaps: bool,
) -> None:
    values, empty = cells
    allowed = f"a number of at least {least:g}" if most == np.inf else f"{least:g} to {most:g}"

    def refuse(rows: np.ndarray, problem: str, shown: bool = False) -> None:
        if rows.any():
            row = int(np.flatnonzero(rows)[0])
            value = float(values[row]) if shown else None
            raise InputError(
                f"row {row + 1} {problem}", file=file, field=column, value=value, allowed=allowed
            )

    if not gaps:
        refuse(empty, "is empty")
    refuse(~np.isfinite(values) & ~empty, "is not a number")
    outside = ((values < least) | (values > most)) & ~empty
    refuse(outside, "is negative" if least == 0.0 and most == np.inf else "is out of range", True)


def _check_unique(keys: list[Any], file: str, column: str) -> None:
    _, codes = np.unique(keys[0], return_inverse=True)
    for key in keys[1:]:
        _, more = np.unique(key, return_inverse=True)
        codes = codes * (more.max() + 1) + more
    order = np.argsort(codes, kind="stable")
    again = np.flatnonzero(codes[order][1:] == codes[order][:-1])
    if len(again):
        row = int(order[again + 1].min())
        first = int(np.flatnonzero(codes == codes[row])[0])
        raise InputError(
            f"a name stands twice, in rows {first + 1} and {row + 1}",
            file=file,
            field=column,
            allowed="each once",
        )
