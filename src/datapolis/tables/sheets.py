"""CSV files that people open in a spreadsheet: no cell of them may be a formula.

A spreadsheet takes text that begins with = + - @ for a formula, and a formula can start a program
or send what stands beside it. Such text gets a ' before it, which a spreadsheet shows as text.
Numbers stay as they are, also where they are written as text.

Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

FORMULA = re.compile(r"[\t\r\n]|\s*[=+@＝＋＠－-]")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; what is no text stays as it is."""
    if not isinstance(cell, str) or NUMBER.fullmatch(cell):
        return cell
    # a lone \r begins a row in many programs, and Python's writer puts no quotes around it
    cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{cell}" if FORMULA.match(cell) else cell


def harmless_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of which no cell is taken for a formula."""
    return [{name: harmless(cell) for name, cell in row.items()} for row in rows]
