"""Attention: citizens choose among firms, look for better ones, are steered, and go online.

    A_j  = beta_q ict ln((c_j + .001) / 1.001) + beta_n ln((s_j n + .01) / 1.01) + quality_j
    U_ij = A_j + beta_h psi_ij - beta_k awareness_i psi_ij^2 - beta_p d_j awareness_i + taste_ij
    a_i. = softmax of U over the firms in use;  online_i = ict trust_i^xi access_i
    s_j  = sum_i a_ij / sum a

c      creative power over its mean, from last month     [firm]
s, n   user share and number of living firms             [firm], scalar
psi    how well firm j knows citizen i (`knowledge`)     [citizen, slot], 0 to 1
taste  Gumbel, hashed from the identities of citizen and firm, never stored

Each month a citizen looks, with probability `reconsideration`, at a candidate: what a strong tie
uses, or any living firm; or, steered by the firm used most, one of that firm's partners. It takes
the place of the worst firm in use if its utility is higher by the switching cost. A firm that died
is replaced at once. The profile left behind becomes stray; a portable part of it moves along.

Theory: with no switching cost, every firm considered and no feedback but users, shares go as
exp(quality)^(1 / (1 - beta_n)); from beta_n = 1 on one firm takes all.
Off: quality_effect = network_effect = 0; steering = 0.
Source: F06 (McFadden, 1974; Brock and Durlauf, 2001; Farrell and Klemperer, 2007), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import (
    TINY,
    barrier,
    first_slot,
    in_slot,
    is_slot,
    mean,
    mean_of,
    per_firm,
    pick,
    replicate,
    slot_any,
    slot_max,
    slot_min,
    slot_sum,
)
from datapolis.model.noise import noise, noise_pair
from datapolis.model.quantities import (
    access,
    alive_firms,
    at_citizens,
    communication,
    knowledge,
    one_of_kin,
    protection,
    top_firm,
)

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


DEAD = -1e6  # utility of a firm that is no more


@writes(
    "citizens.uses",
    "citizens.profile",
    "citizens.stray",
    "firms.user_share",
    "flows.steered",
    "flows.steered_to_top",
    "flows.previous_share",
    "flows.attention",
    "flows.online",
    "flows.users_awareness",
    "flows.known",
    "flows.lead",
)
def attention(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let citizens look around, choose, and spend their time."""
    constants, citizens, firms = parameters.attention, society.citizens, society.firms
    sizes, identity = world.sizes, world.citizens.identity
    organizations, alive = society.organizations, alive_firms(society, world)
    skill = organizations.skill[sizes.market]
    attraction = _attraction(society, world, parameters)
    firm_identity = jnp.arange(sizes.firms) + sizes.firms * firms.generation
    tastes = jax.random.wrap_key_data(world.tastes)

    def utility(firm: Array, known: Array, awareness: Array, who: Array) -> Array:
        taste = -jnp.log(-jnp.log(noise_pair(tastes, who, firm_identity[firm])))
        pull = constants.personal_help * known - constants.privacy_concern * awareness * known**2
        push = constants.price_concern * firms.discrimination[firm] * awareness
        return jnp.where(alive[firm], attraction[firm] + pull - push + taste, DEAD)

    awareness = citizens.awareness
    known = knowledge(skill[citizens.uses], citizens.profile)
    values = utility(citizens.uses, known, awareness[:, None], identity[:, None])
    known, values = barrier(known, values)

    # a candidate: from kin, or anyone; or a partner of the firm used most
    value_worst = slot_min(values)
    best = first_slot(values == slot_max(values)[:, None])
    worst = first_slot(values == value_worst[:, None])
    best, worst, value_worst = barrier(best, worst, value_worst)

    friend = one_of_kin(world, key, 0)
    slot = (noise(key, identity, 1) * sizes.slots).astype(jnp.int32)
    social = (noise(key, identity, 2) < constants.social) & (friend >= 0)
    anyone = pick(noise(key, identity, 3), alive)
    candidate = jnp.where(social, replicate(citizens.uses)[jnp.maximum(friend, 0), slot], anyone)
    guarded = 1.0 - at_citizens(protection(society, levers), world)
    steered = noise(key, identity, 4) < constants.steering * in_slot(known, best) * guarded
    place = (noise(key, identity, 5) * organizations.partners.shape[1]).astype(jnp.int32)
    top_used = in_slot(citizens.uses, best).astype(jnp.int32)
    partner = organizations.partners[sizes.agencies + top_used, place] - sizes.agencies
    partner_is_firm = (partner >= 0) & (partner < sizes.firms)
    candidate = jnp.where(steered, partner, candidate)
    shown = jnp.where(steered, partner_is_firm, True)
    candidate = barrier(jnp.clip(candidate, 0, sizes.firms - 1))
    shown = shown & alive[candidate] & ~slot_any(citizens.uses == candidate[:, None])

    # does it take the place of the worst?
    left = in_slot(citizens.profile, worst)
    carried = levers.portability * left
    known_new = knowledge(skill[candidate], carried)
    value_new = barrier(utility(candidate, known_new, awareness, identity))
    looks = noise(key, identity, 6) < constants.reconsideration
    better = value_new > value_worst + constants.switching_cost * (1.0 - levers.portability)
    moves = shown & ((looks & better) | (value_worst <= DEAD))
    looks, moves = barrier(looks, moves)
    change = moves[:, None] & is_slot(worst, sizes.slots)
    uses = jnp.where(change, candidate[:, None], citizens.uses).astype(citizens.uses.dtype)
    profile = jnp.where(change, carried[:, None], citizens.profile)
    known = jnp.where(change, known_new[:, None], known)
    uses, values = barrier(uses, jnp.where(change, value_new[:, None], values))

    # attention and time
    lives = values > DEAD
    weight = jnp.exp(values - slot_max(values)[:, None]) * lives
    share = barrier(weight / jnp.maximum(slot_sum(weight), TINY)[:, None])
    online = (
        communication(society, parameters)
        * citizens.trust**constants.trust_elasticity
        * access(world)
        * slot_any(lives)
    )
    users = per_firm(share, uses, sizes.firms)
    user_share = users / jnp.maximum(jnp.sum(users), TINY)
    aware = per_firm(share * citizens.awareness[:, None], uses, sizes.firms)
    aware = jnp.where(user_share > 0.0, aware / jnp.maximum(user_share, TINY), 0.0)
    looking = jnp.maximum(mean(looks), TINY)
    return replace(
        society,
        citizens=replace(
            citizens, uses=uses, profile=profile, stray=citizens.stray + jnp.where(moves, left, 0.0)
        ),
        firms=replace(firms, user_share=user_share),
        flows=replace(
            society.flows,
            steered=mean(looks & steered) / looking,
            steered_to_top=mean(looks & shown & (candidate == top_firm(society))) / looking,
            previous_share=firms.user_share,
            attention=share,
            online=online,
            users_awareness=aware,
            known=known,
            lead=_lead(values),
        ),
    )


def _attraction(society: Society, world: World, parameters: Parameters) -> Array:
    """What draws everybody to a firm: quality of its own, made of data, and made of users."""
    constants, alive = parameters.attention, alive_firms(society, world)
    creative = society.organizations.creative[world.sizes.market]
    average = mean_of(creative, alive)
    relative = jnp.where(average > 0.0, creative / jnp.maximum(average, TINY), 1.0)
    users = society.firms.user_share * jnp.sum(alive)
    return (
        constants.quality_effect
        * communication(society, parameters)
        * jnp.log((relative + 0.001) / 1.001)
        + constants.network_effect * jnp.log((users + 0.01) / 1.01)
        + society.firms.quality
    )


def _lead(values: Array) -> Array:
    """How much better each firm in use is than the best of the others; 0 if it is the only one."""
    if values.shape[1] == 1:
        return jnp.zeros_like(values)
    first = slot_max(values)[:, None]
    leads = is_slot(first_slot(values == first), values.shape[1])
    second = slot_max(jnp.where(leads, -jnp.inf, values))[:, None]
    return values - jnp.where(leads, second, first)
