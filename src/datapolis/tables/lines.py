"""Lines of a CSV file that have another number of cells than its header: a footer, a cut line.

An engine that meets one guesses another separator, or gives up; what it says of it quotes cells. So
the file is read once more, line by line, only to name the line.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datapolis.core.errors import InputError

SEPARATORS = ",;\t|"
HEAD = 1 << 16  # bytes looked at to find the separator


def separator_of(path: Path, encoding: str = "utf-8") -> str:
    """What stands between the cells of a CSV file's header; "" where that is not clear."""
    if not path.name.endswith((".csv", ".csv.gz", ".tsv")):
        return ""
    if path.name.endswith(".tsv"):
        return "\t"
    try:
        head = _head(path).decode(encoding, "ignore").lstrip("\ufeff")
    except (OSError, EOFError, LookupError):
        return ""
    lines = [one for one in head.splitlines() if one.strip()][:20]
    counts = {one: min((line.count(one) for line in lines[:2]), default=0) for one in SEPARATORS}
    best = max(counts, key=lambda one: counts[one])
    return best if counts[best] else ""


def encoding_of(path: Path) -> str:
    """How the letters of a file seem to be written: "utf-16", "utf-8-sig" or "latin-1"."""
    try:
        head = _head(path)
    except (OSError, EOFError):
        return "utf-8-sig"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head[:-4].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(head) - 8 else "latin-1"
    return "utf-8-sig"


def _head(path: Path) -> bytes:
    with _opener(path)(path, "rb") as file:
        found: bytes = file.read(HEAD)
    return found


def _opener(path: Path) -> Any:
    return gzip.open if path.name.endswith(".gz") else open


def misfit(path: Path, columns: Sequence[str] = ()) -> InputError | None:
    """The error that names the first line with another number of cells; None if all have as many.

    columns    as an engine read them: where they are what the header says, nothing is looked for
    """
    separator = separator_of(path)
    if not separator:
        return None
    if (encoding := encoding_of(path)) == "utf-16":
        return None
    try:
        with _opener(path)(path, "rt", encoding=encoding, errors="replace", newline="") as file:
            rows = csv.reader(file, delimiter=separator)
            header = next(rows, [])
            if columns and [one.strip() for one in header] == [one.strip() for one in columns]:
                return None
            if len(header) < 2:
                return None
            odd, others = None, 0
            for row in rows:
                if row and len(row) != len(header):
                    odd, others = (odd, others + 1) if odd else ((rows.line_num, len(row)), 0)
    except (OSError, EOFError, csv.Error):
        return None
    if odd is None:
        return None
    line, many = odd
    more = f", and {others:,} further lines do not fit either" if others else ""
    return InputError(
        f"line {line} has {many} {'cell' if many == 1 else 'cells'} where the header has "
        f"{len(header)}{more}",
        file=path.name,
        allowed="as many cells in each line: remove notes below the table, mend a line that was "
        "cut, put quotes around cells that hold the separator",
    )
