"""Law and enforcement: law follows technology with a lag; regulators fear for prosperity.

    demand_r = [base + harm + unfair + awareness (.5 + .5 awake)]                  regional means
    law_r   <- law_r + min(1, demand_r (1 + 4 legislation_speed) / lag) max(0, T - law_r)
    race_r   = g (1 - coordination) R^x k s_r (1 - s_r) / h_r
    h_r      = h (.1 + harm + unfair + awareness)
    e*_r     = [1 - race_r] (1 - capture)
    enforcement_r <- + .05 (e*_r capacity_r - enforcement_r)
    capacity_r = .3 + .7 max(q_G, enforcement_capacity)

The race is a game of R regions. Regulator r chooses its strictness e_r in 0..1 to maximise

    -(h_r/2) (1 - e_r)^2 + g R^x s_r(e),      s = softmax over regions of -k e,

where s_r is the part of all firms that sit in region r. As ds_r/de_r = -k s_r (1 - s_r), its first
order condition is h_r (1 - e_r) = g R^x k s_r (1 - s_r), that is e_r = 1 - race_r. Where regions
are alike the equilibrium is e = 1 - (g k/h) R^x (R - 1)/R^2, held in 0..1. The exponent x
(`law.growth_scale`) says what growth a regulator counts; the two ends are rival forms:

    x = 0   its part of all firms (F34, the default): strictness rests at 1, .5, .625 for R = 1, 2,
            4 and g k/h = 2; the race is hardest between two regions and dies out with many, since
            a small region has little to lose
    x = 1   its firms against the mean region's (own): firms grow in number with regions, so that
            race is g k (R - 1)/(R h), which grows with R

One region has no race under either. Firms that are not national choose their region anew with
probability `move`, where they are enforced less.
Off: growth_weight = 0; power.capture = 0; lag = 1.
Source: F35 (own first-order lag), F34 (after Zodrow and Mieszkowski, 1986; the logit form and x are
own), F15, docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import clip01, group_mean
from datapolis.model.quantities import chance

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes(
    "organizations.region",
    "regions.law",
    "regions.enforcement",
    "flows.demand",
    "flows.race",
    "flows.capacity",
)
def law(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Make law, enforce it as far as rivalry and capture let it, and let firms move."""
    constants, citizens, regions = parameters.law, society.citizens, society.regions
    flows, many = society.flows, world.sizes.regions

    def regional(values: Array) -> Array:
        return group_mean(values, world.citizens.region, many)

    grievance = flows.harm + flows.unfair
    voice = citizens.awareness * (0.5 + 0.5 * citizens.awake)
    demand = clip01(constants.base_demand + regional(grievance + voice))
    pace = jnp.minimum(1.0, demand * (1.0 + 4.0 * levers.legislation_speed) / constants.lag)
    laws = regions.law + pace * jnp.maximum(0.0, society.technology - regions.law)

    share = jax.nn.softmax(-constants.mobility * regions.enforcement)
    weight = constants.strictness_weight * (0.1 + regional(grievance + citizens.awareness))
    counted = jnp.power(float(many), constants.growth_scale)
    fear = constants.growth_weight * (1.0 - levers.regional_coordination) * counted
    race = fear * constants.mobility * share * (1.0 - share) / weight
    wanted = clip01(1.0 - race) * (1.0 - flows.capture)
    capacity = 0.3 + 0.7 * jnp.maximum(flows.competence[:, 0], levers.enforcement_capacity)
    enforcement = regions.enforcement + 0.05 * (wanted * capacity - regions.enforcement)
    return replace(
        society,
        organizations=replace(
            society.organizations, region=_moved(society, world, parameters, key)
        ),
        regions=replace(regions, law=clip01(laws), enforcement=clip01(enforcement)),
        flows=replace(flows, demand=demand, race=race, capacity=capacity),
    )


def _moved(society: Society, world: World, parameters: Parameters, key: Array) -> Array:
    """Where organizations sit after this month; only firms that are not national move."""
    constants, sizes = parameters.law, world.sizes
    organizations = society.organizations
    pull = jnp.cumsum(jax.nn.softmax(-4.0 * constants.mobility * society.regions.enforcement))
    many = sizes.organizations
    to = jnp.searchsorted(pull, chance(key, many, 1) * pull[-1]).astype(jnp.int32)
    moves = chance(key, many, 0) < constants.move
    moves = moves & organizations.alive & ~world.organizations.national
    moves = moves & (world.organizations.sector == 1)
    return jnp.where(moves, jnp.minimum(to, sizes.regions - 1), organizations.region)
