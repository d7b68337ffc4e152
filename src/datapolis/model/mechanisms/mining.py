"""Mining: data that are worked with, and only those, make creative power.

    C_o = skill_o use_o (M workable_o)^eta / M

workable  flows.workable              [organization], citizen-months per citizen
eta       parameters.mining.exponent  elasticity; 0 makes data unproductive
M         places for organizations

One function for all sectors: possession is not enough for anyone (E17). The integration gap is the
creative power that government forgoes while its data lie in islands: 1 - C / C(all linked).
Off: exponent = 0.
Source: F03 (own form; eta after Jones and Tonetti, 2020), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.quantities import use
from datapolis.statistics.indicators.islands import integration_gap

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes("organizations.creative", "flows.integration_gap")
def mining(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Turn workable data into creative power."""
    organizations, sizes, flows = society.organizations, world.sizes, society.flows
    many = sizes.organizations
    effort = organizations.skill * use(parameters, levers, world) * organizations.alive

    def mined(workable: Array, effort: Array) -> Array:
        return effort * (many * workable) ** parameters.mining.exponent / many

    creative = mined(flows.workable, effort)
    part = sizes.government
    missing = jnp.sum(organizations.data[part]) - flows.island_data
    all_linked = flows.workable[part] + parameters.exchange.linkage * missing
    gap = integration_gap(creative[part], mined(all_linked, effort[part]))
    return replace(
        society,
        organizations=replace(organizations, creative=creative),
        flows=replace(flows, integration_gap=gap),
    )
