"""How much time lies between measured periods: read from their dates, or declared; never assumed.

    2017, 2018, 2019            yearly       12 months of the model each
    2017-Q1, 2017-Q2            quarterly     3
    2017-05, 2017-06            monthly       1
    2017-W18, 2017-05-01 + 7    weekly        7 / 30.44
    2017-05-01 + 1              daily         1 / 30.44

Equal steps of another length (every second month, every fourth year) count as they are. Periods
written in different ways, steps that differ (a gap), and labels that say no time are refused,
unless labels are whole numbers and the study declares what one of them means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias

from datapolis.core.errors import InputError

Name: TypeAlias = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
DAYS = 365.2425 / 12  # of a month
MONTHS: dict[str, float] = {
    "daily": 1 / DAYS,
    "weekly": 7 / DAYS,
    "monthly": 1.0,
    "quarterly": 3.0,
    "yearly": 12.0,
}
ALLOWED = 'dates such as 2017, 2017-Q2, 2017-05, 2017-W18 or 2017-05-03; or cadence = "monthly"'


@dataclass(frozen=True)
class Cadence:
    """Periods in the order of time, and how many months of the model lie from one to the next."""

    periods: tuple[str, ...]
    months: float  # a period
    name: str  # "monthly", "every 2 months"


@dataclass(frozen=True)
class _Moment:
    """A period as its label says it."""

    kind: str  # year, quarter, month, week, day, number
    at: int  # months since year 0; of weeks, days and numbers: days, days and the number
    month_end: bool = False
    day: int = 1


def cadence(
    labels: Sequence[str], declared: str | None = None, *, field: str = "time", file: str = ""
) -> Cadence:
    """The cadence of periods, which are at least two.

    declared   "daily", "weekly", "monthly", "quarterly" or "yearly": what one step of labels that
               are whole numbers means; dates must agree with it

    Raises InputError that names the periods if they are mixed, have gaps, or say no time.
    """
    moments = {label: _moment(label) for label in dict.fromkeys(str(one) for one in labels)}
    known: dict[str, _Moment] = {}
    for label, moment in moments.items():
        if moment is None:
            raise InputError(
                "a period that says no time", field=field, file=file, value=label, allowed=ALLOWED
            )
        known[label] = moment
    kinds: dict[str, str] = {}
    for label, moment in known.items():
        kinds.setdefault(moment.kind, label)
    if len(kinds) > 1:
        raise InputError(
            "periods of different lengths are mixed",
            field=field,
            file=file,
            value=", ".join(kinds.values()),
            allowed="one length: leave out the rows of the others",
        )
    if len(known) < 2:
        raise InputError(
            "one period has no cadence", field=field, file=file, value=", ".join(known)
        )
    ordered = sorted(known, key=lambda label: known[label].at)
    found = _step([known[label] for label in ordered], ordered, field, file)
    if found is None:  # whole numbers
        if declared is None:
            raise InputError(
                "periods are numbers that do not say whether one is a day, a month or a year",
                field=field,
                file=file,
                value=", ".join(ordered[:3]),
                allowed='cadence = "monthly" (or daily, weekly, quarterly, yearly)',
            )
        found = MONTHS[declared]
    elif declared is not None and abs(found - MONTHS[declared]) > 0.01 * found:
        raise InputError(
            f"the dates are {_named(found)}, another cadence is declared",
            field=field,
            file=file,
            value=f"{declared}; {', '.join(ordered[:3])}",
            allowed="the cadence of the dates, or none declared",
        )
    return Cadence(tuple(ordered), found, _named(found))


def months_between(first: str, then: str, declared: str | None = None) -> int | None:
    """Whole months of the model from one period to another, by what their labels say.

    None where they cannot be compared: written in different ways, or saying no time.
    """
    one, other = _moment(first), _moment(then)
    if one is None or other is None or one.kind != other.kind:
        return None
    between = other.at - one.at
    if one.kind == "number":
        return None if declared is None else round(between * MONTHS[declared])
    return round(between / DAYS) if one.kind in ("week", "day") else between


def _moment(label: str) -> _Moment | None:
    text = str(label).strip()
    if found := re.fullmatch(r"(\d{4})", text):
        return _Moment("year", 12 * int(found[1]))
    if found := re.fullmatch(r"(\d{4})[- ]?[Qq]([1-4])", text):
        return _Moment("quarter", 12 * int(found[1]) + 3 * int(found[2]) - 3)
    if found := re.fullmatch(r"(\d{4})[-/](0[1-9]|1[0-2])", text):
        return _Moment("month", 12 * int(found[1]) + int(found[2]) - 1)
    if found := re.fullmatch(r"(\d{4})-?[Ww](\d{2})", text):
        try:
            return _Moment(
                "week", date.fromisocalendar(int(found[1]), int(found[2]), 1).toordinal()
            )
        except ValueError:
            return None
    if found := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?", text):
        try:
            day = date(*(int(part) for part in found.groups()))
        except ValueError:
            return None
        ends = (day + timedelta(days=1)).month != day.month
        return _Moment("day", day.toordinal(), ends, day.day)
    return _Moment("number", int(text)) if re.fullmatch(r"\d{1,9}", text) else None


def _step(moments: Sequence[_Moment], labels: Sequence[str], field: str, file: str) -> float | None:
    """Months from one period to the next; None of whole numbers. Refused if steps differ."""
    kind = moments[0].kind
    places = [moment.at for moment in moments]
    if kind == "day" and _one_of_month(moments):
        dates = [date.fromordinal(moment.at) for moment in moments]
        places = [12 * day.year + day.month - 1 for day in dates]
        kind = "month"
    steps = [after - before for before, after in pairwise(places)]
    usual = min(steps)
    for place, step in enumerate(steps):
        if usual == 0 or step != usual:
            raise InputError(
                "two labels are one period"
                if usual == 0
                else "a period is missing, or periods are not evenly apart",
                field=field,
                file=file,
                value=f"{labels[place]}, then {labels[place + 1]}"
                if usual
                else ", ".join(labels[steps.index(0) : steps.index(0) + 2]),
                allowed="periods at equal distances: leave out those before or after the gap, or "
                "put in what is missing",
            )
    if kind == "number":
        if usual != 1:
            raise InputError(
                "a period is missing, or periods are not evenly apart",
                field=field,
                file=file,
                value=f"{labels[0]}, then {labels[1]}",
                allowed="consecutive whole numbers",
            )
        return None
    return usual / DAYS if kind in ("day", "week") else float(usual)


def _one_of_month(moments: Sequence[_Moment]) -> bool:
    """Whether days are the same day of different months, or all the last."""
    alike = len({moment.day for moment in moments}) == 1
    months = {date.fromordinal(moment.at).replace(day=1) for moment in moments}
    return len(months) == len(moments) and (alike or all(one.month_end for one in moments))


def _named(months: float) -> str:
    for name, usual in MONTHS.items():
        if abs(months - usual) < 0.01 * usual:
            return name
    days = round(months * DAYS)
    return f"every {months:g} months" if months == int(months) else f"every {days} days"
