"""How large an uploaded table may become when it is read: told by its file, before it is opened.

A file of a few bytes can stand for more cells than any machine holds.
"""

from __future__ import annotations

from pathlib import Path

from datapolis.core.errors import InputError

MOST_COLUMNS = 2_000
MOST_ROWS = 50_000_000
MOST_CELLS = 500_000_000
MOST_BYTES = 8_000_000_000  # of a Parquet file once it is unpacked
LONGEST_LINE = 2_000_000  # bytes of the header of a text file
ELSE = "larger tables are read by `datapolis measure` on the command line"


def check_size(path: Path) -> None:
    """InputError where a table is larger than a page reads."""
    if path.suffix == ".parquet":
        _check_parquet(path)
    else:
        _check_text(path)


def _check_parquet(path: Path) -> None:
    from pyarrow import ArrowException, parquet

    try:
        told = parquet.read_metadata(path)
        unpacked = sum(told.row_group(at).total_byte_size for at in range(told.num_row_groups))
    except (ArrowException, OSError, ValueError):
        return  # no Parquet: whoever opens it says so
    _refuse("columns", told.num_columns, MOST_COLUMNS)
    _refuse("rows", told.num_rows, MOST_ROWS)
    _refuse("cells", told.num_rows * told.num_columns, MOST_CELLS)
    _refuse("bytes once unpacked", unpacked, MOST_BYTES)


def _check_text(path: Path) -> None:
    separator = b"\t" if path.suffix == ".tsv" else b","
    with path.open("rb") as file:
        header = file.readline(LONGEST_LINE)
    _refuse("columns", header.count(separator) + 1, MOST_COLUMNS)
    _refuse("bytes in its first line", len(header), LONGEST_LINE - 1)


def _refuse(what: str, many: int, most: int) -> None:
    if many > most:
        raise InputError(
            f"the table has too many {what}", value=f"{many:,}", allowed=f"up to {most:,}; {ELSE}"
        )
