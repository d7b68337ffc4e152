"""Rights: what is offered, to whom it is in reach, and who takes it up.

    know        = ict open_G (1 + (1 - open_G) use_G skill_G)
    participate = ict (.2 + .4 partnership + .4 public_platform)
    express     = ict (1 - x_g (1 - government_transparency) / 2)
    supervise   = know express (outside share of creative power)
    enjoyed <- enjoyed + r (supply access_i (.5 + .5 max(awareness_i, awake_i)) - enjoyed)

open_G, use_G, skill_G   means over agencies
x_g                      society.watching_government

Off: the levers at 0, one right at a time.
Source: F22 (own), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, clip01
from datapolis.model.quantities import (
    access,
    at_citizens,
    communication,
    openness,
    sector_sums,
    use,
)

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes("citizens.rights")
def rights(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Offer the four rights; let citizens take them up."""
    citizens, part = society.citizens, world.sizes.government
    reach = communication(society, parameters)
    open_ = jnp.mean(openness(parameters, levers, world)[part])
    used = jnp.mean(use(parameters, levers, world)[part] * society.organizations.skill[part])
    creative = sector_sums(society.organizations.creative, world)
    outside = 1.0 - creative[0] / jnp.maximum(jnp.sum(creative), TINY)
    watched = society.watching_government * (1.0 - levers.government_transparency)
    know = clip01(reach * open_ * (1.0 + (1.0 - open_) * used))
    express = clip01(reach * (1.0 - 0.5 * watched))
    supervise = clip01(know * express * outside)
    partnership = at_citizens(society.regions.partnership, world)
    participate = clip01(reach * (0.2 + 0.4 * partnership + 0.4 * levers.public_platform))
    every = jnp.ones_like(participate)
    supply = jnp.stack([know * every, participate, express * every, supervise * every], axis=1)
    engaged = 0.5 + 0.5 * jnp.maximum(citizens.awareness, citizens.awake)
    offered = supply * (access(world) * engaged)[:, None]
    enjoyed = citizens.rights + parameters.rights.response * (offered - citizens.rights)
    return replace(society, citizens=replace(citizens, rights=clip01(enjoyed)))
