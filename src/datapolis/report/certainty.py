"""When a number of simulated societies is said to have a clear sign, and in which words.

One rule for note, report and app. With fewer than 20 members the ends of a 90 % range are the
outermost members themselves, so that nothing is clear; from 20 on a sign is clear where the middle
90 % lie on one side of 0. Where it is not, it is said how many members are on which side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

ENOUGH = 20  # members from which a sign can be clear
LOWER, UPPER = 0.05, 0.95  # of the members, between which a range lies

Standing = Literal["clear", "too few", "disagree", "same"]


@dataclass(frozen=True)
class Certainty:
    """How members stand to 0: how many above, how many below, and what may be said of it."""

    members: int  # with a value
    above: int
    below: int
    sign: Literal[-1, 0, 1]  # 0 unless it is clear

    @property
    def standing(self) -> Standing:
        """Whether the sign is clear; else whether members are too few, disagree, or stay at 0."""
        if self.sign:
            return "clear"
        if self.members < ENOUGH:
            return "too few"
        return "disagree" if self.above or self.below else "same"

    @property
    def counts(self) -> str:
        """On which side of 0 the members are."""
        level = self.members - self.above - self.below
        parts = [f"{self.above} up", f"{self.below} down", *([f"{level} level"] if level else [])]
        return f"{', '.join(parts)} of {self.members}"

    @property
    def words(self) -> str:
        """As a cell of a table says it."""
        return {
            "clear": "clear",
            "too few": f"not told: fewer than {ENOUGH} members ({self.counts})",
            "disagree": f"members disagree ({self.counts})",
            "same": "no change in any member",
        }[self.standing]


def certainty(values: Float[np.ndarray, "member"]) -> Certainty:
    """How certain the sign of a number is over members; those without a value do not count."""
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    sign: Literal[-1, 0, 1] = 0
    if len(known) >= ENOUGH:
        lower, upper = np.quantile(known, (LOWER, UPPER))
        sign = 1 if lower > 0 else -1 if upper < 0 else 0
    return Certainty(len(known), int((known > 0).sum()), int((known < 0).sum()), sign)
