"""Monitoring: government watches outsiders, outsiders watch government, each provokes the other.

    V_g = C_G / (C_G + c_ref / 3),   V_s = C_out / (C_out + c_ref / 3) sqrt(open_G)
    x_g <- x_g + .1 ([3 V_g (a + b_gs x_s)] - x_g)
    x_s <- x_s + .1 ([3 V_s (a + b_sg x_g)] - x_s)

V        sight: what creative power and openness let one see of the other, 0 to 1
C        creative power of government, and of everyone else
a, b     parameters.monitoring.base, government_reaction, society_reaction

Stable while 9 V_g V_s b_gs b_sg < 1; else both run to 1.
Off: reactions 0; one side's technology by its absorption.
Source: F20 (Richardson, 1960; Mann, Nolan and Wellman, 2003), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import clip01
from datapolis.model.quantities import openness, sector_sums

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes("watching_government", "watching_society", "flows.sight")
def monitoring(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let both sides answer to being watched."""
    constants = parameters.monitoring
    creative = sector_sums(society.organizations.creative, world)
    inside, outside = creative[0], creative[1] + creative[2]
    half = parameters.power.reference / 3.0
    open_ = jnp.mean(openness(parameters, levers, world)[world.sizes.government])
    sees_out = inside / (inside + half)
    sees_in = outside / (outside + half) * jnp.sqrt(open_)
    by_government, by_society = society.watching_government, society.watching_society
    aim_government = 3.0 * sees_out * (constants.base + constants.government_reaction * by_society)
    aim_society = 3.0 * sees_in * (constants.base + constants.society_reaction * by_government)
    return replace(
        society,
        watching_government=by_government + 0.1 * (clip01(aim_government) - by_government),
        watching_society=by_society + 0.1 * (clip01(aim_society) - by_society),
        flows=replace(society.flows, sight=jnp.stack([sees_out, sees_in])),
    )
