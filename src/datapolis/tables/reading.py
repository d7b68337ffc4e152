"""Tables become columns: CSV or Parquet files, read by DuckDB through Ibis, every cell checked.

A caller names roles ("name", "weight") and the columns that fill them. What comes back fits: text
without gaps, numbers in range, keys that do not repeat. What does not fit is an InputError that
names the file, the column and the row; the content of a text cell is never shown, for it may be
about a person.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import re
import shutil
import tempfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.tables.lines import misfit

KINDS = (".csv", ".csv.gz", ".tsv", ".parquet")
MEMORY = "2GB"  # of DuckDB; what does not fit goes to a folder for temporary files
WILD = re.compile(r"[*?\[]")  # DuckDB would take a name with one of these for a pattern
UNPACKED = 100  # times its size that a .csv.gz may unpack to, and
AT_LEAST = 1_000_000_000  # bytes it may unpack to in any case
LONGEST_TEXTS = 4_000_000_000  # bytes of a column of names: rows times the longest of them
LONGEST_NAME = 10_000  # characters of the name of a column
MARK = "datapolis "  # begins the names of derived columns, and of no column of a table


def find(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of that name in the first folder that has it; None if none does."""
    for folder in folders:
        place = folder / name
        if is_file(place):
            return place
    return None


def is_file(place: Path) -> bool:
    """Whether a file is there; a name that no file can have is of none."""
    try:
        return place.is_file()
    except (OSError, ValueError):
        return False


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
    check_header(path, file)
    there = check_names(table.columns, file)
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


def check_names(columns: Collection[str], file: str) -> list[str]:
    """The names of a table's columns, each a name that cannot be taken for another.

    InputError where a name holds what no text may, is very long, begins like those of derived
    columns, or is that of another column but for capitals, which engines do not tell apart.
    """
    names = [str(name) for name in columns]
    if any("\0" in name for name in names):
        raise InputError(
            "the name of a column holds a character that is none (NUL)",
            file=file,
            allowed="names of letters, digits and signs",
        )
    if any(len(name) > LONGEST_NAME for name in names):
        raise InputError(
            "the name of a column is too long", file=file, allowed=f"{LONGEST_NAME:,} characters"
        )
    for name in names:
        if name.lower().startswith(MARK):
            raise InputError(
                "the name of a column begins as only those of derived columns do",
                file=file,
                field=name,
                allowed=f"another name: none may begin with '{MARK}'",
            )
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.get(name.lower())) is not None:
            raise InputError(
                "two columns have this name"
                if other == name
                else f"two columns have this name but for capitals ({other}, {name})",
                file=file,
                field=name,
                allowed="each name once; capitals alone do not tell two apart",
            )
        seen[name.lower()] = name
    return names


def derived(name: str) -> str:
    """What a column that is made here is called, so that no column of a table has its name."""
    return name if name.startswith(MARK) else MARK + name


def count_rows(names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Different names in order, and how many rows each has."""
    different, counts = np.unique(names, return_counts=True)
    return different, counts.astype(float)


def check_file(path: Path, file: str = "") -> None:
    """InputError where a file is not there, is no table, or unpacks to more than it should."""
    file = file or path.name
    if not is_file(path):
        if _is_there(path):
            raise InputError("not a table that can be read", file=file, allowed=", ".join(KINDS))
        others = [one.name for one in path.parent.iterdir()] if _is_there(path.parent) else []
        raise InputError("no such file", file=file, nearest=nearest(path.name, others))
    if not path.name.endswith(KINDS):
        raise InputError(
            "not a table that can be read", file=file, allowed=", ".join(KINDS) + _remedy(path)
        )
    if path.stat().st_size == 0:
        raise InputError("the table is empty", file=file, allowed="a header and at least one row")
    if path.name.endswith(".gz"):
        _check_unpacked(path, file)


REMEDIES = {
    ".xlsx .xls .xlsm .xlsb .ods .numbers": "save the sheet as CSV (UTF-8) in the spreadsheet",
    ".json .jsonl .ndjson": "open it with pandas, and give the data frame or its CSV",
    ".txt .dat .tab": "rename it to .csv, or to .tsv if tabs stand between its cells",
    ".zip .7z .rar .bz2 .xz .zst": "unpack it first",
    ".sav .dta .sas7bdat .rds .rdata": "save it as CSV in the program that wrote it",
    ".pdf .docx .doc .html .htm": "copy the table out of it into a CSV file",
}
"""What helps with files of other kinds, by the ends of their names."""


def _remedy(path: Path) -> str:
    words = (words for ends, words in REMEDIES.items() if path.suffix.lower() in ends.split())
    return "".join(f"; {one}" for one in words)


def _is_there(path: Path) -> bool:
    try:
        return path.is_dir() or path.exists()
    except (OSError, ValueError):
        return False


def _check_unpacked(path: Path, file: str) -> None:
    """Unpack it once, a piece at a time, and stop where it becomes too large."""
    most = max(UNPACKED * path.stat().st_size, AT_LEAST)
    seen = 0
    try:
        with gzip.open(path) as unpacked:
            while piece := unpacked.read(1 << 22):
                seen += len(piece)
                if seen > most:
                    raise InputError(
                        "unpacks to far more than a table of its size would",
                        file=file,
                        allowed=f"{most:,} bytes; unpack it first if that is meant",
                    )
    except (OSError, EOFError, ValueError, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(file) from None


def literal(path: Path) -> str:
    """A path as DuckDB takes it for this file alone, and never for a pattern."""
    return WILD.sub(r"[\g<0>]", str(path))


def connected() -> Any:
    """DuckDB with bounded memory, which fetches nothing from elsewhere."""
    import ibis

    return ibis.duckdb.connect(
        memory_limit=MEMORY,
        temp_directory=str(_spill()),
        autoinstall_known_extensions=False,
    )


@cache
def _spill() -> Path:
    """A folder of this process alone for what does not fit into memory; gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix="datapolis-spill-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _opened(path: Path, file: str) -> Any:
    """The table of a file as an Ibis expression; CSV cells are all text."""
    check_file(path, file)
    connection = connected()
    try:
        if path.name.endswith(".parquet"):
            return connection.read_parquet(literal(path))
        separator = {"delim": "\t"} if path.name.endswith(".tsv") else {}
        return connection.read_csv(
            literal(path), header=True, all_varchar=True, sample_size=-1, **separator
        )
    except Exception as error:
        if type(error).__module__.startswith(("duckdb", "_duckdb", "ibis")):
            raise (misfit(path) or _unreadable(file)) from None  # what DuckDB says quotes cells
        raise


def _unreadable(file: str) -> InputError:
    return InputError(
        "cannot be read as a table: its rows differ in length, or it is of another kind",
        file=file,
        allowed=", ".join(KINDS),
    )


def check_header(path: Path, file: str, encoding: str = "utf-8", **how: Any) -> None:
    """InputError where a file names two columns alike: engines rename one of them in silence."""
    if path.name.endswith(".parquet"):
        from pyarrow import ArrowException, parquet

        try:
            check_names(parquet.read_schema(path).names, file)
        except (OSError, ArrowException):
            raise _unreadable(file) from None
        return
    if path.name.endswith(".tsv"):
        how = {"delim": "\t", **how}
    try:
        written = connected().read_csv(
            literal(path), header=False, all_varchar=True, encoding=encoding, **how
        )
        row: dict[str, Any] = next(iter(written.limit(1).to_pyarrow().to_pylist()), {})
    except Exception as error:
        if type(error).__module__.startswith(("duckdb", "_duckdb", "ibis", "pyarrow")):
            return  # what cannot be read so is read, or refused, with its header
        raise
    check_names([name for name in row.values() if name], file)


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
            _refuse_doubtful(table[column], fetched[role], file, column)
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
        check_length(fetched[role], file, column)
        content[role] = fetched[role].to_numpy(zero_copy_only=False).astype(str)
    return content


def _refuse_doubtful(cells: Any, written: Any, file: str, column: str) -> None:
    """InputError for a column of text whose points mark thousands or decimals; see numbers.py."""
    from pyarrow import compute

    from datapolis.tables import numbers

    if not cells.type().is_string():
        return
    text = compute.utf8_trim_whitespace(written)
    found = {
        name: compute.match_substring_regex(text, pattern)
        for name, pattern in (
            ("grouped", numbers.GROUPED),
            ("small", numbers.SMALL),
            ("zero", numbers.ZERO),
        )
    }
    counts = {name: compute.sum(one).as_py() or 0 for name, one in found.items()}
    filled = compute.sum(compute.not_equal(text, "")).as_py() or 0
    counts["settled"] = filled - sum(counts.values())
    if numbers.doubtful(counts):
        row = compute.index(found["grouped"], True).as_py() + 1
        raise InputError(
            f"row {row} can be read in two ways: its point marks thousands or decimals",
            file=file,
            field=column,
            allowed="numbers as 1234.5, without marks of thousands",
        )


def check_length(cells: Any, file: str, column: str = "") -> None:
    """InputError where names are so long that their column would not fit into memory."""
    from pyarrow import compute

    longest = compute.max(compute.utf8_length(cells)).as_py() or 0
    if 4 * longest * len(cells) > LONGEST_TEXTS:
        raise InputError(
            f"a cell of {longest:,} characters is too long to be a name",
            file=file,
            field=column,
            allowed=f"{LONGEST_TEXTS // (4 * len(cells)):,} characters in {len(cells):,} rows",
        )


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
