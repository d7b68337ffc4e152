"""Whether a criterion can be tested at all: does anything move it as claimed, and the other way?

A claim that no equation of the model can make true fails in every draw, and one that the equations
make true holds in every draw; neither is a finding. Three kinds of draws are looked at: the
calibrated ones, those of the box, and *corners*, in which every parameter lies at one end of its
range (so that every form of an equation that is declared as a parameter is among them). Over all
of them together, with the effect taken in the sense of the claim,

    as claimed      some draw moves it so far that the criterion holds: a direction by the smallest
                    effect that matters, a mark or a band reached
    the other way   some draw moves it to the other side: a direction below 0 by a tenth of the
                    smallest effect that matters, a mark or a band not reached

Without the first a claim cannot be refuted, without the second it cannot be supported: it is *not
testable in this model*. So a refutation says that the model can show what is claimed and mostly
does not. Chance counts as a movement: what two arms share moves neither, but where they part,
chance parts with them. Below 20 draws with a value nothing is said of channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

    from datapolis.studies.claims.experiment import Side

LOOKED = 20  # draws with a value, below which a channel that was not seen may well exist
PART = 0.1  # of the smallest effect that matters, from which the other way counts as one
TINY = 1e-6  # ... where every effect matters

Says = Literal["both ways", "only as claimed", "only the other way", "neither way", ""]


@dataclass(frozen=True)
class Channel:
    """Which ways a criterion was moved by any draw."""

    toward: bool = True  # as claimed
    against: bool = True
    draws: int = 0  # with a value, that were looked at

    @property
    def says(self) -> Says:
        """In words; nothing where too few draws were looked at."""
        if self.draws < LOOKED:
            return ""
        if self.toward:
            return "both ways" if self.against else "only as claimed"
        return "only the other way" if self.against else "neither way"


def channel(signed: Float[np.ndarray, "draw"], least: float, side: Side) -> Channel:
    """The channel of a criterion, from its effects in all draws, times the sign expected."""
    known = np.asarray(signed, float)
    known = known[np.isfinite(known)]
    draws = len(known)
    if draws < LOOKED:
        return Channel(draws=draws)
    if side == "direction":
        toward, against = max(least, TINY), max(PART * least, TINY)
        return Channel(bool((known >= toward).any()), bool((known <= -against).any()), draws)
    return Channel(bool((known >= least).any()), bool((known < least).any()), draws)
