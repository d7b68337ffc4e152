"""Breaches: attacks, leaks and their spread; security; lawbreakers; harm; data that stay abroad.

    lambda_o = attack_rate X (.2 + T) Dhat_o^.6,   X = L (1 + Lambda),   Dhat = M exposed / D_ref
    hit with 1 - exp(-lambda v),                   v = v0 / (1 + alpha_z z)
    z  <- z + .1 (z* - z)
    z*  = max(0, sqrt(alpha_z lambda v0 Dhat m_f loss liability) - 1) / alpha_z
    partners of the hit are hit with 1 - prod(1 - contagion strength)
    share lost  f = min(1, f0 eps^(-1/b)), of mean m_f
    L      <- L exp(m clip(loot (1 + Lambda)(.2 + T) <Dhat^1.6 v / v0> / (1 + L / kappa)
                           - crime_cost (1 + 4 <law enforcement>), +-1)),  kept in .02 to 50
    Lambda <- .97 Lambda + <f Dhat>
    copies <- max(copies, leaked part of stray), and then
              + copying copies max(0, 1 - copies / room) - copy_loss copies
    stray  <- (stray + f profile) (1 - delta_s / (1 + copies)) (1 - .3 data_ownership protection)
    harm_i  = 1 - exp(-leak_harm sum psi f - scam min(X, 10) (1 - exp(-2 T stray_i)))

L, Lambda  society.lawbreakers, society.leaked_stock
z, alpha_z organizations.security, breaches.security_effect
liability  the part of a loss that its holder feels: raised by law, enforcement, security standard

What leaks is a copy: the holder keeps its own. Agencies and associations hold no profiles; they
hold the same about everyone in their reach, and leak that. Somebody who shares nothing is known by
kin: correlation^2 times what is held about them.
Off: attack_rate = 0; contagion = 0; correlation = 0.
Source: F30 (Gordon and Loeb, 2002; tail after Wheatley, Maillart and Sornette, 2016), F31 (own),
F25, O31, docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import (
    TINY,
    barrier,
    mean,
    mean_of,
    neighbours,
    slot_sum,
    tie_count,
    tie_sum,
)
from datapolis.model.quantities import (
    at_citizens,
    at_organizations,
    chance,
    knowledge,
    legal_pressure,
    live_strength,
    protection,
)
from datapolis.statistics.indicators.breaches import truncated_pareto_mean

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


REMEMBERED = 6  # months for which a hit is remembered


@writes(
    "citizens.stray",
    "citizens.copies",
    "organizations.security",
    "organizations.hit",
    "organizations.alert",
    "lawbreakers",
    "leaked_stock",
    "flows.leaked_share",
    "flows.leaked",
    "flows.harm",
    "flows.harm_holder",
    "flows.held",
    "flows.inferred",
)
def breaches(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Attack, leak, harm; then let lawbreakers and holders draw their conclusions."""
    constants, organizations, sizes = parameters.breaches, society.organizations, world.sizes
    citizens, flows, many = society.citizens, society.flows, world.sizes.organizations
    alive, frontier = organizations.alive, society.technology

    # attacks
    holding = many * flows.exposed / constants.reference_data
    pressure = society.lawbreakers * (1.0 + society.leaked_stock)
    attacks = constants.attack_rate * flows.attacks * pressure * (0.2 + frontier) * holding**0.6
    exposed = constants.vulnerability / (1.0 + constants.security_effect * organizations.security)
    struck = alive & (chance(key, many, 0) < 1.0 - jnp.exp(-attacks * exposed))
    partner_struck = neighbours(struck, organizations.partners, False)
    spread = jnp.where(partner_struck, constants.contagion * live_strength(society), 0.0)
    infected = alive & (chance(key, many, 1) < 1.0 - jnp.prod(1.0 - spread, axis=1))
    leaks_now = struck | infected
    hit = leaks_now | (flows.shocked & alive)
    size = constants.smallest_leak * chance(key, many, 2) ** (-1.0 / constants.tail)
    lost = jnp.where(leaks_now, jnp.minimum(1.0, size), 0.0)

    # security: what a loss would cost its holder
    legal = legal_pressure(society)
    liability = constants.liability + (1.0 - constants.liability) * at_organizations(
        legal, society, world
    )
    liability = jnp.maximum(liability, levers.security_standard)
    expected = constants.vulnerability * holding * constants.loss * liability
    expected = expected * truncated_pareto_mean(constants.smallest_leak, constants.tail)
    wanted = jnp.sqrt(constants.security_effect * attacks * expected) - 1.0
    wanted = jnp.maximum(0.0, wanted) / constants.security_effect
    security = organizations.security + 0.1 * (wanted - organizations.security)

    # lawbreakers
    prey = mean_of(holding**1.6 * exposed / constants.vulnerability, alive)
    gain = constants.loot * (1.0 + society.leaked_stock) * (0.2 + frontier) * prey
    gain = gain / (1.0 + society.lawbreakers / constants.crowding)
    risk = constants.crime_cost * (1.0 + 4.0 * jnp.mean(legal))
    growth = constants.recruitment * jnp.clip(gain - risk, -1.0, 1.0)
    lawbreakers = jnp.clip(society.lawbreakers * jnp.exp(growth), 0.02, 50.0)
    leaked_stock = 0.97 * society.leaked_stock + mean_of(lost * holding, alive)

    # what leaks about whom
    leaks = barrier(lost[sizes.market][citizens.uses])
    from_firms = leaks * citizens.profile
    records, insight = _public_leaks(lost, society, world)
    stray = citizens.stray + slot_sum(from_firms)
    stray = stray + at_citizens(jnp.sum(records, axis=0), world)
    just_leaked = (stray - citizens.stray) / jnp.maximum(stray, TINY)
    copies = jnp.maximum(citizens.copies, just_leaked)
    room = jnp.maximum(0.0, 1.0 - copies / constants.copy_room)
    copies = copies * (1.0 + constants.copying * room - constants.copy_loss)
    guard = at_citizens(protection(society, levers), world)
    stray = stray * (1.0 - constants.stray_decay / (1.0 + copies))
    stray = stray * (1.0 - 0.3 * levers.data_ownership * guard)

    # harm, and what can be known of a citizen
    from_profiles = constants.leak_harm * slot_sum(flows.known * leaks)
    insight = constants.leak_harm * insight
    scams = constants.scam * jnp.minimum(pressure, 10.0)
    scams = scams * (1.0 - jnp.exp(-2.0 * frontier * stray))
    exposure = from_profiles + at_citizens(jnp.sum(insight, axis=0), world) + scams
    held = 1.0 - jnp.exp(-2.0 * frontier * (slot_sum(citizens.profile) + stray))
    held = barrier(held)
    strong = world.citizens.strong
    kin = tie_sum(held, strong) / jnp.maximum(tie_count(strong), 1)
    by_holder = jnp.stack(
        [jnp.mean(insight[0]), mean(from_profiles), jnp.mean(insight[1]), mean(scams)]
    )
    return replace(
        society,
        citizens=replace(citizens, stray=stray, copies=copies),
        organizations=replace(
            organizations,
            security=jnp.where(alive, security, 0.0),
            hit=hit,
            alert=jnp.where(hit, REMEMBERED, jnp.maximum(organizations.alert - 1, 0)),
        ),
        lawbreakers=lawbreakers,
        leaked_stock=leaked_stock,
        flows=replace(
            flows,
            leaked_share=lost,
            leaked=lost * holding,
            harm=1.0 - jnp.exp(-exposure),
            harm_holder=by_holder,
            held=held,
            inferred=constants.correlation**2 * kin,
        ),
    )


def _public_leaks(lost: Array, society: Society, world: World) -> tuple[Array, Array]:
    """Records leaked per person, and psi times share lost, by agencies and associations."""
    sizes, organizations = world.sizes, society.organizations
    regions = sizes.regions
    national = world.organizations.national
    here = organizations.region[None, :] == jnp.arange(regions)[:, None]
    serves = national[None, :] | here
    per_person = organizations.data * jnp.where(national, 1.0, regions)
    records, insight = [], []
    for part in (sizes.government, sizes.social):
        known = knowledge(organizations.skill[part], per_person[part])
        records.append(jnp.sum(serves[:, part] * (lost * per_person)[part], axis=1))
        insight.append(jnp.sum(serves[:, part] * known * lost[part], axis=1))
    return jnp.stack(records), jnp.stack(insight)
