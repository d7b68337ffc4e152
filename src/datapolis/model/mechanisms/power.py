"""Power, measured four ways, and what it buys from the regulator.

    base        x_o = (a W_o^s + (1 - a)(C_o / c_ref)^s)^(1/s)
    relational  y   = x + zeta P' y                         shares from max(y, 0)
    dependence  sum_i -ln(1 - min(a_ij, .999)) / N  +  sum over partners -ln(1 - its part of their
                workable data)
    pivotality  Shapley-Shubik index of the sectors in each region, quota half of base power
    capture     = chi e_F^r / sum_s e_s^r,  e the wealth that each sector can lobby with

W, C   organizations.wealth, organizations.creative        [organization]
c_ref  creative power worth one month's income
P      tie strengths over max(1, their sum)

The weight of data in base power is an outcome, not a parameter.
Off: capture = 0.
Source: F03 (own CES), F02 (Bonacich, 1987), F01 (Emerson, 1962), Shapley and Shubik (1954), F15
(Tullock, 1980), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, neighbours, per_firm
from datapolis.model.quantities import live_strength, openness, regional_power, sector_sums
from datapolis.statistics.indicators.power import relational_power, removal_value, shapley_shubik

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes(
    "flows.base_power",
    "flows.data_weight",
    "flows.relational",
    "flows.dependence",
    "flows.pivotality",
    "flows.capture",
)
def power(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Measure power in the four ways, and how far it bends the regulator."""
    constants, organizations = parameters.power, society.organizations
    strength, partners = live_strength(society), organizations.partners
    weight, s = constants.wealth_weight, constants.substitution
    from_wealth = weight * organizations.wealth**s
    from_data = (1.0 - weight) * (organizations.creative / constants.reference) ** s
    base = (from_wealth + from_data) ** (1.0 / s)
    part_of_data = from_data / jnp.maximum(from_wealth + from_data, TINY)

    relational = relational_power(base, partners, strength, constants.relation)
    lobby = sector_sums(organizations.wealth, world) ** constants.contest
    return replace(
        society,
        flows=replace(
            society.flows,
            base_power=base,
            data_weight=jnp.sum(part_of_data * base) / jnp.maximum(jnp.sum(base), TINY),
            relational=jnp.maximum(relational, 0.0),
            dependence=_dependence(society, world, parameters, levers, strength),
            pivotality=shapley_shubik(regional_power(base, society, world), 0.5),
            capture=constants.capture * lobby[1] / jnp.maximum(jnp.sum(lobby), TINY),
        ),
    )


def _dependence(
    society: Society, world: World, parameters: Parameters, levers: Levers, strength: Array
) -> Array:
    """What citizens and partners would lose without an organization."""
    sizes, partners, flows = world.sizes, society.organizations.partners, society.flows
    of_citizens = per_firm(removal_value(flows.attention), society.citizens.uses, sizes.firms)
    offered = openness(parameters, levers, world) * society.organizations.data
    given = strength * neighbours(offered, partners, 0.0)
    share = given / jnp.maximum(flows.workable[:, None], TINY)
    of_partners = (
        jnp.zeros(sizes.organizations)
        .at[jnp.maximum(partners, 0)]
        .add(jnp.where(partners >= 0, removal_value(share), 0.0))
    )
    return of_partners.at[sizes.market].add(of_citizens)
