"""Dates as people write them: 2014-06-27 is read as it stands, all else by a named order.

Of 06/01/2019 nobody can tell whether it is a day in June or in January, so the order of day and
month is never guessed, not even where a day above 12 gives it away: the refusal then names it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from datapolis.tables.formats import Format

ISO = r"^[0-9][0-9][0-9][0-9]-[0-9][0-9]?-[0-9][0-9]?"
WHOLE_YEAR = r"^[0-9][0-9][0-9][0-9][-/]"
DAY = r"([0-9][0-9]?)[ ]?[./-][ ]?([0-9][0-9]?)[ ]?[./-][ ]?([0-9][0-9][0-9][0-9])"
YEAR = r"([0-9][0-9][0-9][0-9])[./-]?([0-9][0-9]?)[./-]?([0-9][0-9]?)"
CLOCK = r"([ T].*)?$"  # a time of day is left out, as in ISO dates
LOOKED_AT = 10_000  # different cells in which the order of day and month is looked for
SHORT = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}")
WORDS = re.compile(r"[0-9]{1,2}[. -]{0,2}[^\W\d]{3,12}[. -]{0,2}[0-9]{4}")
PLACEHOLDERS = (
    "0001-01-01",
    "1800-01-01",
    "1899-12-30",
    "1899-12-31",
    "1900-01-01",
    "1970-01-01",
    "2999-12-31",
    "9999-01-01",
    "9999-12-31",
)
"""Dates that programs write where no date is known: beginnings and ends of their calendars."""


def as_date(cells: Any, form: Format) -> Any:
    """A column of text as dates by the order of the format; null where a cell does not fit it."""
    if form.dates == "ask":  # DuckDB would read 01/02/19 as a day of the year 1
        return cells.re_search(WHOLE_YEAR).ifelse(cells, None).try_cast("date")
    pattern = f"^{YEAR if form.dates == 'year-first' else DAY}{CLOCK}"
    first, second, third = (cells.re_extract(pattern, place) for place in (1, 2, 3))
    year, month, day = {
        "year-first": (first, second, third),
        "month-first": (third, first, second),
        "day-first": (third, second, first),
    }[form.dates]
    written = year.concat("-", month.lpad(2, "0"), "-", day.lpad(2, "0"))
    ordered = cells.re_search(pattern).ifelse(written, None).try_cast("date")
    return cells.re_search(ISO).ifelse(cells.try_cast("date"), ordered)


def asked(file: str, column: str, days: Sequence[str]) -> str:
    """The note that asks what placeholders stand for."""
    return (
        f"{file}: {column} holds {' and '.join(days)}, which programs write where they know no "
        "date; they count as dates. Are they unknown? "
        f'--blanks "{",".join(days)}" takes them for empty.'
    )


def advice(cells: Collection[str], only_days: bool = False) -> tuple[str, str]:
    """Why cells are no ISO dates, and the option that would read them; "" where none does.

    only_days    look for days alone: 201803 may be a month, and 2018 a year
    """
    found = [re.fullmatch(DAY + "([ T].*)?", one.strip()) for one in cells]
    ends = [(int(one[1]), int(one[2])) for one in found if one]
    if ends:
        first, second = (max(column) for column in zip(*ends, strict=True))
        if first > 12 and second > 12:
            return "day and month stand in both orders", "one order in the whole column"
        if first > 12:
            return "written day/month/year", "--dates day-first"
        if second > 12:
            return "written month/day/year", "--dates month-first"
        return (
            "whether the day or the month stands first cannot be told from the table",
            "--dates day-first or --dates month-first, whichever is meant",
        )
    if not only_days and any(re.fullmatch(YEAR + "([ T].*)?", one.strip()) for one in cells):
        return "written with the year first", "--dates year-first"
    if any(SHORT.fullmatch(one.strip()) for one in cells):
        return "years have two digits", "years of four digits"
    if any(WORDS.fullmatch(one.strip()) for one in cells):
        return "months are written in letters", "months in digits"
    return "", ""
