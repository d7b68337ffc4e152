"""What is not drawn, since it may not be published: which chart, why, and how to lift it.

The contract between an audit and its charts. An audit leaves what is suppressed out of its series
(or holds nan in its place) and says so here; a chart draws the numbers of its series and nothing
else: it fills in no default, joins no points over a gap, and closes no curve. Whoever shows charts
(page, app, notebook) shows these sentences in the place of a chart, or beneath what is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LIFT = (
    "To draw it: declare the table public (--public), if its rows are organizations in a public "
    "register; lower the threshold (--min-group), if your rules allow it; or merge small groups."
)
NAMED = (
    "To draw it: declare the table public (--public), if its rows are organizations in a public "
    "register."
)
QUESTION = (
    "Some numbers or charts are suppressed, since groups are smaller than the threshold of {least} "
    "(--min-group), could be had by subtraction, or would tell of one unit. Are the rows "
    "organizations in a public register, and no people? Then declare the table public (--public): "
    "nothing is suppressed."
)


@dataclass(frozen=True, kw_only=True)
class Suppressed:
    """A chart that is not drawn, or a part of one."""

    series: str  # of the audit, that the chart would draw; with a group: "groups: land"
    says: str  # in words: why, and how to lift it
    part: bool = False  # whether the rest of the chart is drawn


@dataclass(frozen=True)
class Drawing:
    """A chart as it stands on a page, or what stands in its place."""

    title: str
    chart: Any | None  # an Altair chart
    says: tuple[str, ...] = ()  # what of it is suppressed


def suppressed(series: str, why: str, *, part: bool = False, lift: str = LIFT) -> Suppressed:
    """A suppressed chart with its sentence; `why` begins in small letters and has no full stop."""
    begins = "Suppressed in part" if part else "Suppressed"
    return Suppressed(series=series, says=f"{begins}: {why}. {lift}", part=part)


def too_few(units: str, least: int) -> str:
    """Why a chart over units is suppressed."""
    return f"it would tell of fewer than {least} {units}, or of one of them"


def each(names: Sequence[str], why: str) -> tuple[Suppressed, ...]:
    """Several charts, suppressed for one reason."""
    return tuple(suppressed(name, why) for name in names)
