"""Absorption: organizations learn the technology, by themselves and from those they are tied to.

    skill <- skill + a_s (1 - pi + pi skill_of_ties / T) (T - skill)

skill  organizations.skill          [organization], 0 to T
a_s    parameters.absorption.*      1/month, by sector; agencies' times 1 + 9 data_mindset
pi     parameters.absorption.peers  part learnt from ties, weighted by their strength

That government is late (E4) is a hypothesis in a_s: the month treats all sectors alike.
Off: equal rates and use for all sectors.
Source: F17 (Bass, 1969), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, clip01, neighbours
from datapolis.model.quantities import by_sector, live_strength

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes("organizations.skill")
def absorption(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let skill approach the frontier."""
    constants, organizations = parameters.absorption, society.organizations
    agencies = constants.government * (1.0 + 9.0 * levers.data_mindset)
    rate = by_sector((agencies, constants.firms, constants.associations), world)
    strength = live_strength(society)
    partners_skill = neighbours(organizations.skill, organizations.partners, 0.0)
    skill_of_ties = jnp.sum(strength * partners_skill, axis=1) / jnp.maximum(
        jnp.sum(strength, axis=1), TINY
    )
    frontier = society.technology
    example = skill_of_ties / jnp.maximum(frontier, TINY)
    pace = clip01(rate * (1.0 - constants.peers + constants.peers * example))
    skill = organizations.skill + pace * (frontier - organizations.skill)
    skill = jnp.where(organizations.alive, jnp.clip(skill, 0.0, frontier), 0.0)
    return replace(society, organizations=replace(organizations, skill=skill))
