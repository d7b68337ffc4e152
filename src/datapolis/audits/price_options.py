"""What a comparison of prices was asked, as it is written.

outcome   speed_down          a column of numbers
          log(fare)           its natural logarithm, numbers above 0
          speed_down<25       a condition, 1 where it holds (< <= > >= = !=)
by        income=Low:High     two groups of a column's values; `D:A|B` joins values
unit      geo_id[:5]          a column, its first letters, or an array as long as the table
term      log(dist)^2         of a regression: a column, its logarithm, a square, C(chain) for
                              categories
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datapolis.audits.finding import Columns, Finding, Target
from datapolis.audits.options import Progress
from datapolis.audits.suppressed import Suppressed
from datapolis.core.errors import InputError

NO_COST = "unadjusted for cost; no statement on discrimination"
SOME_COST = (
    "why: costs beyond the columns named, and what the seller knew of the customer, are not in the "
    "table"
)
CLAIMS = ("V9", "V10", "V11")
FEW = 5  # fewer units on one side are told without p and interval
NORMAL = 1_000_000  # above so many units exact moments and normal errors stand for draws
FITTED = 2_000_000  # more rows are not fetched at once
FAMILY = 200  # more markets are told together only
SIGNIFICANCE = 0.05
Z = 1.959963984540054
CONDITIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}

Column = Any


@dataclass(frozen=True)
class PriceOutcome:
    """A number for each row: a column, its logarithm, or whether a condition holds."""

    text: str
    column: str
    log: bool = False
    sign: str = ""
    value: str = ""

    @property
    def amount(self) -> bool:
        """Whether it is a number on its own scale: no condition and no logarithm."""
        return not self.sign and not self.log

    @property
    def unit(self) -> str:
        """What it is measured in."""
        return "share" if self.sign else self.text


def parse_outcome(text: str) -> PriceOutcome:
    """An outcome as it is written: `speed_down`, `log(fare)`, `speed_down<25`."""
    text = text.strip()
    if found := re.fullmatch(r"log\((.+)\)", text):
        return PriceOutcome(text, found[1].strip(), log=True)
    if found := re.fullmatch(r"([^<>!=]+?)\s*(<=|>=|!=|<|>|=)\s*([^<>!=]+)", text):
        column, sign, value = found.groups()
        if sign not in ("=", "!=") and not is_number(value):
            raise InputError("not a number", field="outcome", value=text, allowed="speed_down<25")
        return PriceOutcome(text, column.strip(), sign=sign, value=value.strip())
    if not text or re.search(r"[<>!=]", text):
        raise InputError(
            "cannot be read",
            field="outcome",
            value=text,
            allowed="a column, log(column), or a condition such as speed_down<25",
        )
    return PriceOutcome(text, text)


@dataclass(frozen=True)
class By:
    """Who the customer is: two groups of the values of a column; no groups for a number."""

    column: str
    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """The two groups in words."""
        return " or ".join(self.first), " or ".join(self.second)


def parse_by(given: Any) -> By:
    """`income=Low:High`, `grade=D:A|B`, ("income", "Low", "High"), {"income": ("Low", "High")}."""
    allowed = "column=first:second (one|other joins values), or a column of numbers"
    if isinstance(given, Mapping) and len(given) == 1:
        ((column, levels),) = given.items()
        pair = levels.split(":") if isinstance(levels, str) else list(levels)
    elif isinstance(given, tuple | list) and len(given) == 3:
        column, pair = given[0], list(given[1:])
    elif isinstance(given, str) and given.strip():
        column, equals, levels = given.partition("=")
        if not equals:
            return By(column.strip())
        pair = levels.split(":")
    else:
        raise InputError("cannot be read", field="by", value=given, allowed=allowed)
    sides = [
        tuple(
            one.strip()
            for one in (side.split("|") if isinstance(side, str) else map(str, _listed(side)))
        )
        for side in pair
    ]
    if len(sides) != 2 or not all(all(side) and side for side in sides):
        raise InputError("does not name two groups", field="by", value=given, allowed=allowed)
    if set(sides[0]) & set(sides[1]):
        raise InputError("a value is in both groups", field="by", value=given, allowed=allowed)
    return By(str(column).strip(), sides[0], sides[1])


@dataclass(frozen=True)
class Term:
    """A term of a regression, or a cost: a column of numbers or of categories."""

    text: str
    column: str
    log: bool = False
    square: bool = False
    category: bool = False

    def values(self, column: Column) -> Column:
        """The numbers of the term from those of its column."""
        values = np.log(column) if self.log else column
        return values**2 if self.square else values


def parse_term(text: str, field: str) -> Term:
    """`dist`, `log(dist)`, `dist^2`, `log(dist)^2`, `C(chain)`."""
    plain, square = re.subn(r"\s*\^\s*2$", "", text.strip())
    if found := re.fullmatch(r"C\((.+)\)", plain):
        if square:
            raise InputError("categories have no square", field=field, value=text)
        return Term(text, found[1].strip(), category=True)
    if found := re.fullmatch(r"log\((.+)\)", plain):
        return Term(text, found[1].strip(), log=True, square=bool(square))
    if not plain:
        raise InputError(
            "cannot be read", field=field, value=text, allowed="column, log(column), C(column)"
        )
    return Term(text, plain, square=bool(square))


def listed(given: str | Sequence[str]) -> tuple[str, ...]:
    """A list of columns, also where one is given as text: `one,other`."""
    if isinstance(given, str):
        given = given.split(",")
    return tuple(one.strip() for one in given if one.strip())


def _listed(side: Any) -> Any:
    return side if isinstance(side, tuple | list | set) else [side]


def is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def place_name(given: Any) -> str:
    """What a unit is called in words."""
    if isinstance(given, str):
        return given.strip()
    name = getattr(given, "name", None)
    return f"{name} as given" if name else "units as given"


@dataclass(frozen=True)
class PriceOptions:
    """The options of an audit, read."""

    outcome: PriceOutcome
    by: By | None
    groups: dict[str, str]
    within: tuple[str, ...]
    same: tuple[str, ...]
    cost: tuple[Term, ...]
    classes: int
    controls: tuple[Term, ...]
    unit: Any
    cluster: Any
    weight: str
    least: int
    public: bool
    draws: int
    seed: int
    progress: Progress

    def check(self) -> None:
        """InputError where options contradict each other."""
        if self.by is not None and self.groups:
            raise InputError("both were given", field="by and groups", allowed="one of the two")
        if self.groups and len(self.groups) < 2:
            raise InputError(
                "one group has nothing to be compared with",
                field="groups",
                value=", ".join(self.groups),
                allowed="two groups or more",
            )
        if self.draws < 1 or self.classes < 2:
            name, least = ("draws", 1) if self.draws < 1 else ("classes", 2)
            raise InputError(
                "is too small", field=name, value=getattr(self, name), allowed=f"at least {least}"
            )
        if self.groups and (self.same or self.cost or self.controls or self.weight):
            raise InputError(
                "areas have no cells of product and cost, and the groups are their weights",
                field="groups",
                allowed="without same, cost, controls and weight",
            )

    @property
    def who(self) -> str:
        """The customers in words."""
        return " and ".join(self.groups) if self.by is None else self.by.column

    @property
    def units(self) -> str:
        """What is independent, in words."""
        return place_name(self.unit) if self.unit is not None else "rows"

    @property
    def clusters(self) -> str:
        """What intervals draw anew, in words."""
        return place_name(self.cluster) if self.cluster is not None else self.units

    @property
    def cannot_say(self) -> str:
        """What no comparison here can say."""
        return SOME_COST if self.cost else NO_COST

    def possible(self, lower: float, upper: float) -> tuple[float, float]:
        """The ends of an interval of a difference: two shares are at most 1 apart."""
        if not self.outcome.sign:
            return lower, upper
        return float(np.clip(lower, -1.0, 1.0)), float(np.clip(upper, -1.0, 1.0))

    def number(self, value: float, sign: bool = False) -> str:
        """A level of the outcome in words; with `sign` a difference."""
        if not self.outcome.sign:
            return f"{value:+.4g}" if sign else f"{value:.4g}"
        return f"{100 * value:+.1f} points" if sign else f"{value:.1%}"


@dataclass
class Found:
    """What an audit found, before it is bound together."""

    findings: list[Finding]
    series: dict[str, Columns]
    notes: list[str]
    targets: list[Target]
    suppressed: tuple[Suppressed, ...] = ()
