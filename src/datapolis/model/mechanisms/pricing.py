"""Pricing: firms set personal prices by what they know, rivals undercut them, kin compare.

    table[k, psi] = argmax over p of (p - c) (psi S_k(p) + (1 - psi) S(p))
    P_ij  = (1 - kappa) table + kappa min(table, c + (switching + lead_ij) / lambda)
    p0_j  = (1 - kappa) p_m   + kappa min(p_m, c + 1 / (lambda (1 - s_j)))
    price = max(c, p0_j + d_j (P_ij - p0_j));  bought where income v_i >= price
    logit d_j <- logit d_j + m (gain_j - fine law enforcement q_j - backlash awareness_j
                                + pressure (d - d_j))
    q_j   = 1 - (1 - q0) exp(-witness seen_j)

S, S_k   share of citizens, of segment k, who would pay p (256 quantiles of income)
psi      the chance that the firm sees the true segment, else a random one; the firm knows psi
d        firms.discrimination            [firm], 0 (one price) to 1 (wholly personal)
kappa    parameters.pricing.rivalry      share of dealings in which offers are compared
gain     profit with d = 1 over profit with d = 0 on the same citizens, minus 1
seen     what users and one strong tie each find when they compare prices at the same firm

The pricing ban holds P within 10 (1 - ban)^3 of p0. Fines are at most half of a firm's wealth.
Off: segments = 1 (no personal price without rivalry).
Source: F26 (Bergemann, Brooks and Morris, 2015), rivalry after Thisse and Vives (1988), F29, F21
(Becker, 1968), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, barrier, clip01, logit_step, per_firm, replicate, slot_sum
from datapolis.model.noise import noise_pair
from datapolis.model.quantities import (
    alive_firms,
    at_organizations,
    legal_pressure,
    one_of_kin,
)
from datapolis.model.world import QUANTILES

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


SEGMENTS, LEVELS = 32, 9  # the most segments, and the levels of psi, that a price table holds


@writes(
    "firms.discrimination",
    "flows.price",
    "flows.common_price",
    "flows.surplus",
    "flows.common_surplus",
    "flows.unfair",
    "flows.revenue",
    "flows.pricing_gain",
    "flows.fines",
)
def pricing(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Set prices, sell, be seen, and learn whether it pays."""
    constants, firms, citizens = parameters.pricing, society.firms, society.citizens
    sizes, identity, income = world.sizes, world.citizens.identity, world.citizens.income
    uses, flows = citizens.uses, society.flows
    table = price_table(world.income_quantiles, constants.cost, constants.segments)
    monopoly = table[0, 0]

    # what the firm sees, and what it would ask
    slots = jnp.arange(sizes.slots)[None, :]
    sees = noise_pair(key, identity[:, None], slots, 0) < flows.known
    rank = jnp.where(
        sees, world.citizens.rank[:, None], noise_pair(key, identity[:, None], slots, 1)
    )
    segments = jnp.clip(jnp.round(constants.segments), 1.0, SEGMENTS)
    segment = jnp.minimum(jnp.floor(rank * segments), segments - 1.0).astype(jnp.int32)
    level = jnp.round(flows.known * (LEVELS - 1)).astype(jnp.int32)
    personal = table.ravel()[segment * LEVELS + level]
    holds = parameters.attention.switching_cost * (1.0 - levers.portability)
    undercut = constants.cost + (holds + flows.lead) / constants.price_weight
    kappa = constants.rivalry
    personal = (1.0 - kappa) * personal + kappa * jnp.minimum(personal, undercut)
    margin = 1.0 / (constants.price_weight * jnp.maximum(1.0 - firms.user_share, TINY))
    common_firm = (1.0 - kappa) * monopoly + kappa * jnp.minimum(monopoly, constants.cost + margin)
    common = common_firm[uses]
    band = 10.0 * (1.0 - levers.pricing_ban) ** 3
    personal = jnp.clip(personal, common - band, common + band)
    common, personal = barrier(common, personal)
    full = jnp.maximum(personal, constants.cost)
    price = jnp.maximum(common + firms.discrimination[uses] * (personal - common), constants.cost)
    price = barrier(price)

    # what is sold
    activity = constants.basket * flows.attention * flows.online[:, None]
    value = income[:, None]

    def sold(asked: Array) -> Array:
        return jnp.where(value >= asked, activity, 0.0)

    revenue = per_firm(sold(price) * (price - constants.cost), uses, sizes.firms)
    if_personal = per_firm(sold(full) * (full - constants.cost), uses, sizes.firms)
    if_common = per_firm(sold(common) * (common - constants.cost), uses, sizes.firms)
    surplus = slot_sum(sold(price) * (value - price))
    common_surplus = slot_sum(sold(common) * (value - common))

    # who sees it: one strong tie's prices at the same firms
    friend = one_of_kin(world, key, 2)
    known = jnp.maximum(friend, 0)
    theirs, their_price = barrier(replicate(uses)[known], replicate(price)[known])
    excess = jnp.zeros_like(price)
    for slot in range(sizes.slots):
        same = (theirs[:, slot, None] == uses) & (friend >= 0)[:, None]
        more = price / jnp.maximum(their_price[:, slot, None], TINY) - 1.0 - constants.tolerance
        excess = excess + jnp.where(same, jnp.maximum(more, 0.0), 0.0)
    noticed = barrier(constants.watching * flows.attention * excess)
    unfair = clip01(slot_sum(noticed))
    users = jnp.maximum(firms.user_share, TINY)
    has_users = firms.user_share > 0.0
    seen = jnp.where(has_users, per_firm(noticed, uses, sizes.firms) / users, 0.0)

    # whether it pays
    alive = alive_firms(society, world)
    gain = jnp.where(if_common > 0.0, if_personal / jnp.maximum(if_common, TINY) - 1.0, 0.0)
    caught = 1.0 - (1.0 - constants.detection) * jnp.exp(-constants.witness * seen)
    pursued = at_organizations(legal_pressure(society), society, world)[sizes.market]
    average = jnp.sum(firms.user_share * firms.discrimination)
    step = constants.adaptation * (
        gain
        - constants.fine * pursued * caught
        - constants.backlash * flows.users_awareness
        + constants.pressure * (average - firms.discrimination)
    )
    fines = constants.fine * pursued * caught * firms.discrimination * revenue
    fines = jnp.minimum(fines, 0.5 * society.organizations.wealth[sizes.market])
    discrimination = jnp.where(alive, logit_step(firms.discrimination, step), 0.0)
    return replace(
        society,
        firms=replace(firms, discrimination=discrimination),
        flows=replace(
            flows,
            price=price,
            common_price=jnp.where(alive, common_firm, jnp.nan),
            surplus=surplus,
            common_surplus=common_surplus,
            unfair=unfair,
            revenue=revenue,
            pricing_gain=jnp.where(alive, gain, jnp.nan),
            fines=fines,
        ),
    )


def price_table(quantiles: Array, cost: Array | float, segments: Array | float) -> Array:
    """The best price for each signalled segment and each psi (0, 1/8, ..., 1); [segment, level].

    `quantiles` are incomes at the levels (q + 1/2) / Q; prices are chosen among them. Segments are
    equal groups by income, `segments` of them; the places beyond repeat the last one.
    """
    at = (jnp.arange(QUANTILES) + 0.5) / QUANTILES
    number = jnp.clip(jnp.round(jnp.asarray(segments, jnp.float32)), 1.0, SEGMENTS)
    segment = jnp.minimum(jnp.arange(SEGMENTS), number - 1.0)
    psi = jnp.arange(LEVELS) / (LEVELS - 1)
    whole = (1.0 - at)[None, None, :]
    within = clip01(segment[:, None] + 1.0 - number * at[None, :])[:, None, :]
    chance = psi[None, :, None] * within + (1.0 - psi[None, :, None]) * whole
    return quantiles[jnp.argmax((quantiles - cost) * chance, axis=2)]
