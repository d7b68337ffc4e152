"""Numbers as people write them: which reading a cell fits, and how it is read by a named option.

A column of text is read as plain numbers, 1234.5, unless an option says otherwise. Two things are
refused. A cell that is no plain number, with the option that would read it. And a column that fits
two readings: every cell with a point looks like 740.736 (one to three digits, the first not 0, then
exactly three), and something speaks for thousands: cells without a point are whole numbers below
10,000, as 998, or the cells of the file are separated by semicolons, as where a comma marks
decimals. One cell such as 0.567, 12.5 or 12345 settles it: then points mark decimals.

Of a cell only its shape is told: every digit a 9, and nothing at all of cells that hold words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from datapolis.tables.formats import Format

SPACES = " \u00a0\u202f\u2009"  # plain, no-break, narrow no-break and thin
CURRENCY = "€$£¥₹₽₩¢"
MISSING = ("-", "–", "—", ".", "..", "...", "*", "?", "/", "n/a", "na", "n.a.", "null", "none", "x")
SHAPE = re.compile(rf"[9.,'’%<>~≈≥≤()+\-−{CURRENCY}{SPACES}eE]+")
LONGEST = 40  # characters of a shape that is told

# what a cell looks like; patterns that Python, DuckDB and Spark all know
GROUPED = r"^[+-]?[1-9][0-9]?[0-9]?\.[0-9][0-9][0-9]$"  # 740.736
SMALL = r"^[+-]?[1-9][0-9]?[0-9]?[0-9]?$"  # 998; four digits often go without a mark
ZERO = r"^[+-]?0+$"


COUNTED = ("grouped", "small", "settled", "signed", "unsigned")


def doubts(written: Any, bare: Any) -> dict[str, Any]:
    """Counts that tell whether a column fits two readings, as Ibis aggregates; see `COUNTED`.

    written, bare    a column of text as it is written, and without signs
    """
    grouped, small, zero = (bare.re_search(one) for one in (GROUPED, SMALL, ZERO))
    signed = written.endswith("%")
    counts = (grouped, small, ~(grouped | small | zero), signed, ~signed & ~zero)
    return {name: one.sum().fill_null(0) for name, one in zip(COUNTED, counts, strict=True)}


def undecided(counts: Mapping[str, int]) -> bool:
    """Whether points may mark thousands as well as decimals, by the shapes of all cells."""
    return counts["grouped"] > 0 and not counts["settled"]


def doubtful(counts: Mapping[str, int], separator: str = "") -> bool:
    """Whether points may mark thousands, and something speaks for it: the column is refused."""
    return undecided(counts) and (counts["small"] > 0 or separator == ";")


def stripped(cells: Any, form: Format) -> Any:
    """A column of text without the signs that the format leaves out, and without blanks around."""
    for mark in form.marks:
        cells = cells.startswith(mark).ifelse(cells.substr(len(mark)), cells)
        cells = cells.endswith(mark).ifelse(cells.substr(0, cells.length() - len(mark)), cells)
        cells = cells.re_replace(f"^[{SPACES}]+", "").re_replace(f"[{SPACES}]+$", "")
    return cells


def as_number(cells: Any, form: Format) -> Any:
    """A column of stripped text as float64 by these conventions; null where a cell does not fit."""
    if form.plain:
        return cells.try_cast("float64")
    after = re.escape(form.point)
    exponent = "([eE][+-]?[0-9]+)?"
    fits = cells.re_search(f"^[+-]?([0-9]+({after}[0-9]*)?|{after}[0-9]+){exponent}$")
    if form.thousands not in ("ask", "none"):
        groups = {"space": SPACES, "'": "'’"}.get(form.thousands, form.thousands)
        several = f"({after}[0-9]*)?$"
        fits = fits | cells.re_search(
            f"^[+-]?[1-9][0-9]?[0-9]?([{groups}][0-9][0-9][0-9])+{several}"
        )
        for one in groups:
            cells = cells.replace(one, "")
    if form.point != ".":
        cells = cells.replace(form.point, ".")
    return fits.ifelse(cells, None).try_cast("float64")


# --- what a refusal says of a cell ---------------------------------------------------------------


def shape(cell: str) -> str:
    """How a number is written, every digit a 9; nothing of a cell that holds more than a number."""
    made = re.sub(r"\d", "9", cell.strip(SPACES + "\t"))[:LONGEST]
    if "9" not in made or not SHAPE.fullmatch(made):
        return ""
    return re.sub(f"[{SPACES}]", " ", made)


def advice(cell: str, others: Collection[str], column: str, gaps: bool = False) -> tuple[str, str]:
    """Why a cell is no plain number, and the option that would read it; "" where nothing helps.

    others   cells of the same column, for what one cell alone does not tell
    """
    bare = cell.strip(SPACES + "\t")
    if bare.lower() in MISSING:
        return f"{bare} stands for a missing number", _left_out(column, bare, gaps)
    made = shape(cell)
    if not made:
        return "", ""
    if "%" in made:
        return "a percent sign", "--percent"
    signs = [sign for sign in CURRENCY if sign in made]
    if signs:
        return "a currency sign", f'--sign "{signs[0]}"'
    if re.search("[<>~≈≥≤]", made):
        return "a bound, not a number", _left_out(column, "...", gaps) + " (... as it is written)"
    if re.search("[()−]", made):
        return "brackets or a long dash mark a negative number", "a minus sign: -1234.5"
    return _marks(made, [shape(one) for one in others])


def _left_out(column: str, cell: str, gaps: bool) -> str:
    """The options that do without a cell, written as it stands in the table."""
    drop = f'--drop "{column}={cell}" leaves such rows out'
    return f'{drop}, --blanks "{cell}" takes such cells for empty' if gaps else drop


def _marks(made: str, others: Collection[str]) -> tuple[str, str]:
    """What marks thousands and decimals in a number of this shape, among numbers of others."""
    if re.fullmatch(r"[+-]?9{1,3}( 999)+([.,]9*)?", made):
        more = " --decimal ," if "," in made else ""
        return "a space marks thousands", f"--thousands space{more}"
    if re.fullmatch(r"[+-]?9{1,3}(['’]999)+([.,]9*)?", made):
        more = " --decimal ," if "," in made else ""
        return "an apostrophe marks thousands", f'--thousands "\'"{more}'
    if "." in made and "," in made:
        if made.rindex(",") > made.rindex("."):
            return "a point marks thousands and a comma decimals", "--thousands . --decimal ,"
        return "a comma marks thousands", "--thousands ,"
    if made.count(".") > 1:
        more = " --decimal ," if any("," in one for one in others) else ""
        return "points mark thousands", f"--thousands .{more}"
    if made.count(",") > 1:
        return "commas mark thousands", "--thousands ,"
    if "," not in made:
        return "", ""
    with_comma = [one for one in (*others, made) if "," in one]
    if not all(re.fullmatch(r"[+-]?9{1,3}(,999)+(\.9*)?", one) for one in with_comma):
        more = " --thousands ." if any("." in one for one in others) else ""
        return "a comma marks decimals", f"--decimal ,{more}"
    if any("." in one or one.count(",") > 1 for one in others):
        return "a comma marks thousands", "--thousands ,"
    return (
        "a comma marks thousands or decimals",
        "--thousands , or --decimal , whichever is meant",
    )
