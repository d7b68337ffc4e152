"""Periods in their order: years, quarters, months, weeks and days, never compared as text.

Labels stay as the user wrote them; only their order is taken from what they mean. Compared as text,
"wave 10" would stand before "wave 9" and "Apr 2018" before "Jan 2018".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

MONTHS = (
    "january february march april may june july august september october november december".split()
)
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
SPAN = re.compile(r"([0-9]{2})?([0-9]{2})[/-]([0-9]{2})?([0-9]{2})")  # the season 2018/19
PATTERNS = [
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("year", r"(?:fy ?)?(?P<year>[0-9]{4})"),
        ("half", r"(?P<year>[0-9]{4})[ -]?[hs](?P<half>[12])"),
        ("half", r"[hs](?P<half>[12])[ /-]?(?P<year>[0-9]{4})"),
        ("quarter", r"(?P<year>[0-9]{4})[ -/]?q(?P<quarter>[1-4])"),
        ("quarter", r"q(?P<quarter>[1-4])[ /-]?(?P<year>[0-9]{4})"),
        ("month", r"(?P<year>[0-9]{4})[-/ ]?m?(?P<month>0?[1-9]|1[0-2])"),
        ("month", r"(?P<month>0?[1-9]|1[0-2])[-/](?P<year>[0-9]{4})"),
        ("month", r"(?P<name>[a-z]{3,9})\.?[ -]?(?P<year>[0-9]{4})"),
        ("month", r"(?P<year>[0-9]{4})[ -]?(?P<name>[a-z]{3,9})\.?"),
        ("week", r"(?P<year>[0-9]{4})[ -]?w(?P<week>0?[1-9]|[1-4][0-9]|5[0-3])"),
        ("day", r"(?P<year>[0-9]{4})[-/](?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})(?:[ t].*)?"),
    )
]


def parsed(label: str) -> tuple[str, tuple[float, ...]] | None:
    """The kind of a period of the calendar and what orders it; None where the label is none."""
    text = label.strip().lower()
    for kind, pattern in PATTERNS:
        if not (found := pattern.fullmatch(text)):
            continue
        given = found.groupdict()
        year, part = float(given["year"]), 1.0
        if kind == "half":
            part = 6.0 * int(given["half"]) - 5
        elif kind == "quarter":
            part = 3.0 * int(given["quarter"]) - 2
        elif kind == "week":
            part = 12.0 * (int(given["week"]) - 1) / 53 + 1
        elif "name" in given:
            month = [place for place, name in enumerate(MONTHS, 1) if _is(given["name"], name)]
            if not month:
                continue
            part = float(month[0])
        elif "month" in given:
            part = float(given["month"])
        day = float(given.get("day", 1))
        if 1 <= part < 13 and 1 <= day <= 31:
            return kind, (year, part, day)
    return None


def _is(word: str, month: str) -> bool:
    return month.startswith(word) or (word == "sept" and month == "september")


def natural(label: str) -> tuple[Any, ...]:
    """A key that orders the numbers in a text by size: "wave 9" before "wave 10"."""
    parts = re.split(r"([0-9]+(?:\.[0-9]+)?)", label.strip().lower())
    return tuple(float(one) if place % 2 else one for place, one in enumerate(parts))


@dataclass(frozen=True)
class Calendar:
    """What the labels of a column are, and by what each is ordered."""

    kind: str  # "year", "quarter", ..., "number", "several" kinds, or "" for free text
    keys: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """The labels in order."""
        return sorted(self.keys, key=lambda one: (self.keys[one], one))

    @property
    def twice(self) -> bool:
        """Whether one period is written in two ways."""
        told = self.kind not in ("", "several")
        return told and len(set(self.keys.values())) < len(self.keys)

    def doubt(self, column: str) -> str:
        """The note on an order that the labels do not settle; "" where they do."""
        if len(self.keys) < 2 or self.kind not in ("", "several"):
            return ""
        if self.kind:
            return (
                f"{column} has periods of several lengths; their order is that of their first day."
            )
        numbered = any(letter.isdigit() for one in self.keys for letter in one)
        order = "the numbers in them" if numbered else "the alphabet"
        return f"{column} holds no dates; its periods are taken in the order of {order}."


def calendar(labels: Iterable[Any]) -> Calendar:
    """What these labels are, looked at together: 2011-12 is a season beside 2012-13."""
    texts = sorted({str(one) for one in labels})
    if all(NUMBER.fullmatch(one.strip()) for one in texts):
        kind = "year" if all(len(one.strip()) == 4 for one in texts) else "number"
        return Calendar(kind if texts else "", {one: float(one) for one in texts})
    seasons = [SPAN.fullmatch(one.strip()) for one in texts]
    if all(one and (int(one[2]) + 1) % 100 == int(one[4]) for one in seasons):
        return Calendar("year", {one: one.strip() for one in texts})
    found = {one: parsed(one) for one in texts}
    kinds = {one[0] if one else "" for one in found.values()}
    if "" in kinds:
        return Calendar("", {one: natural(one) for one in texts})
    kind = kinds.pop() if len(kinds) == 1 else "several"
    return Calendar(kind, {one: key[1] for one, key in found.items() if key})


def ordered(labels: Iterable[Any]) -> list[str]:
    """The different labels in the order of time."""
    return calendar(labels).names


def coded(labels: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The different labels in the order of time, and the place of each row's label among them.

    As `np.unique(labels, return_inverse=True)`, which has them in the order of text.
    """
    names, code = np.unique(np.asarray(labels, str), return_inverse=True)
    order = ordered(names.tolist())
    place = {name: at for at, name in enumerate(order)}
    moved = np.array([place[name] for name in names.tolist()], int)
    return np.asarray(order, names.dtype), moved[code]
