"""What the questions of one audit share: what may be shown, and how numbers and names are said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.finding import Columns, Finding, Target
from datapolis.audits.privacy import SUPPRESSED, one_dominates, shown
from datapolis.audits.suppressed import Suppressed

if TYPE_CHECKING:
    from jaxtyping import Float

    Column = Any


@dataclass(frozen=True)
class AuditAnswer:
    """What one question to a table gives."""

    title: str
    findings: list[Finding]
    series: Mapping[str, Columns]
    notes: list[str]
    targets: tuple[Target, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()


@dataclass(frozen=True)
class Threshold:
    """What may be shown: all of a public register, else groups of `least` units or more."""

    public: bool
    least: int

    def whole(self, units: float) -> bool:
        """Whether a number over so many units may be shown."""
        return self.public or units >= self.least

    def part(self, part: float, whole: float) -> bool:
        """Whether a part of a whole may be shown: neither it nor the rest is a small group."""
        return bool(shown(np.array([part, whole - part]), least=self.least, public=self.public)[0])

    def dominated(self, held: Float[Column, "holder"]) -> bool:
        """Whether one holder could work out another from the sum (p % rule)."""
        return not self.public and held.size > 1 and one_dominates(held)


def said(show: bool, **content: Any) -> Finding:
    """The finding, or the same without any number where it may not be shown."""
    if not show:
        for key in ("lower", "upper", "interval"):
            content.pop(key, None)
        hidden = f"The number is {SUPPRESSED}."
        content.update(estimate=np.nan, says="The number is suppressed.", cannot_say=hidden)
    return Finding(**content)


def plural(noun: str) -> str:
    """The plural of a column's name."""
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def listed(names: Any) -> str:
    """Names in a row."""
    return ", ".join(str(name) for name in names)


def number(value: float) -> str:
    """A share as it is read: 0.779, 0.00862."""
    return f"{value:.3f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"
