"""Exchange: what organizations can work with beyond their own data; sales; and links of agencies.

    workable_o = data_o + sum over partners of strength open data
               + linkage open_G mean agency data                (to all but agencies)
               + linkage (data of the island - own)             (agencies)
               + shared (pool_match sum of firms' data - own)   (firms)
    exposed_o  = data_o + linkage (data of the island - own)         (agencies)
               + shared pool_match sum of firms' data            (firms)
    derived_o  = derivation skill_o sum_p P_op open_p arrivals_p(last month)
    link g-h holds, once reviewed, iff
        sum over both of skill use ((x_g + x_h)^eta - x^eta)
        > (1 - data_sharing) (rent (r_g + r_h) + 2 link_cost);   else it lapses

P        tie strengths over max(1, their sum): rows at most 1, so derived data stay bounded
x        an agency's data over the agencies' mean
islands  components of linked agencies; what is pooled is worked with by every member, and lies open
         to whoever breaks in at one of them: pools join value and risk

Firms sell part of what they took to firms they are tied to; the buyer pays from its wealth (half of
it at most), and the citizens' stray grows by as much. Law and enforcement reduce sales.
Off: hoarding_rent = link_cost = 0, or linkage = 0.
Source: F18 (nonrivalry after Jones and Tonetti, 2020), F19 (Fellegi and Sunter, 1969), F38,
docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, neighbours, slot_sum
from datapolis.model.quantities import (
    at_organizations,
    chance,
    legal_pressure,
    live_strength,
    openness,
    partner_weights,
    use,
)
from datapolis.statistics.indicators.islands import component_sums, components

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes(
    "citizens.stray",
    "organizations.data",
    "organizations.arrivals",
    "links",
    "flows.workable",
    "flows.exposed",
    "flows.derived",
    "flows.sold",
    "flows.bought",
    "flows.bought_data",
    "flows.islands",
    "flows.island_data",
)
def exchange(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Link agencies, derive and sell data, and find what everyone can work with."""
    constants, organizations, sizes = parameters.exchange, society.organizations, world.sizes
    partners, strength = organizations.partners, live_strength(society)
    open_ = openness(parameters, levers, world)

    # derived data, from what came to partners last month
    offered = neighbours(open_ * organizations.arrivals, partners, 0.0)
    derived = (
        constants.derivation
        * organizations.skill
        * jnp.sum(partner_weights(strength) * offered, axis=1)
    )

    sold_share, sold, bought, bought_data = _sales(society, world, parameters, strength)
    taken = society.flows.taken
    stray = society.citizens.stray + slot_sum(taken * sold_share[society.citizens.uses])
    data = organizations.data + derived
    data = data.at[sizes.market].add(bought_data)

    links = _links(data[sizes.government], society, world, parameters, levers, key)
    islands = components(world.organizations.peers, links)
    island_data = component_sums(data[sizes.government], islands)

    # what can be worked with
    offered = neighbours(open_ * data, partners, 0.0)
    agencies, firms = data[sizes.government], data[sizes.market]
    published = constants.linkage * jnp.mean(open_[sizes.government] * agencies)
    linked = constants.linkage * (island_data - agencies)
    pool = constants.pool_match * jnp.sum(firms)
    pooled = jnp.zeros_like(data).at[sizes.government].set(linked)
    workable = data + pooled.at[sizes.market].set(constants.shared * (pool - firms))
    workable = workable + jnp.sum(strength * offered, axis=1)
    workable = workable + published * (world.organizations.sector != 0)
    workable = jnp.where(organizations.alive, jnp.maximum(workable, 0.0), 0.0)
    exposed = data + pooled.at[sizes.market].set(constants.shared * pool)
    exposed = jnp.where(organizations.alive, exposed, 0.0)
    return replace(
        society,
        citizens=replace(society.citizens, stray=stray),
        organizations=replace(organizations, data=data, arrivals=society.flows.collected + derived),
        links=links,
        flows=replace(
            society.flows,
            workable=workable,
            exposed=exposed,
            derived=derived,
            sold=sold,
            bought=bought,
            bought_data=bought_data,
            islands=islands,
            island_data=island_data,
        ),
    )


def _sales(
    society: Society, world: World, parameters: Parameters, strength: Array
) -> tuple[Array, Array, Array, Array]:
    """Share of intake sold, money received, money paid, and data bought, by firm."""
    constants, organizations, sizes = parameters.exchange, society.organizations, world.sizes
    part = sizes.market
    buyer = organizations.partners[part] - sizes.agencies
    is_firm = (buyer >= 0) & (buyer < sizes.firms)
    buyer = jnp.clip(buyer, 0, sizes.firms - 1)
    weight = jnp.where(is_firm, strength[part], 0.0)
    weight = weight / jnp.maximum(jnp.sum(weight, axis=1, keepdims=True), TINY)
    allowed = 1.0 - at_organizations(legal_pressure(society), society, world)[part]
    intake = society.flows.collected[part]
    offered = (constants.sale * allowed * intake)[:, None] * weight
    wanted = jnp.zeros(sizes.firms).at[buyer].add(offered)
    purse = 0.5 * organizations.wealth[part]
    price = constants.data_price
    paid_part = jnp.minimum(1.0, purse / jnp.maximum(price * wanted, TINY))
    passed = offered * paid_part[buyer]
    sold_data = jnp.sum(passed, axis=1)
    sold_share = sold_data / jnp.maximum(intake, TINY)
    bought_data = wanted * paid_part
    return sold_share, price * sold_data, price * bought_data, bought_data


def _links(
    data: Array, society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Array:
    """Which pairs of agencies are linked after this month's review."""
    constants, sizes = parameters.exchange, world.sizes
    peers = world.organizations.peers
    exponent = parameters.mining.exponent
    worth = society.organizations.skill[sizes.government]
    worth = worth * use(parameters, levers, world)[sizes.government]
    size = data / jnp.maximum(jnp.mean(data), TINY)
    other = neighbours(size, peers, 0.0)
    both = (size[:, None] + other) ** exponent
    gain = worth[:, None] * (both - size[:, None] ** exponent)
    gain = gain + neighbours(worth, peers, 0.0) * (both - other**exponent)
    rent = world.organizations.rent[:, None] + neighbours(world.organizations.rent, peers, 0.0)
    cost = (1.0 - levers.data_sharing) * (
        constants.hoarding_rent * rent + 2.0 * constants.link_cost
    )
    pays = (gain > cost) & (peers >= 0)
    many = peers.size
    reviewed = chance(key, many, 0).reshape(peers.shape) < constants.link_review
    lapses = chance(key, many, 1).reshape(peers.shape) < constants.link_lapse
    return jnp.where(pays, society.links | reviewed, society.links & ~lapses)
