"""Technology: the frontier grows logistically, and more slowly where trust is lost.

    T <- T + g T (1 - T) (tau0 + <trust>)

T      society.technology              scalar, 0 to 1
g      parameters.technology.growth    1/month
tau0   parameters.technology.autonomy  growth that needs no trust
trust  citizens.trust                  [citizen], 0 to 1

Off: growth = 0; autonomy large against 1 removes the part of trust.
Source: F28 (own closure of claim V13), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from datapolis.core.declare import writes
from datapolis.model.arrays import clip01, mean

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes("technology")
def technology(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let the frontier grow."""
    frontier = society.technology
    pace = parameters.technology.autonomy + mean(society.citizens.trust)
    growth = parameters.technology.growth * frontier * (1.0 - frontier) * pace
    return replace(society, technology=clip01(frontier + growth))
