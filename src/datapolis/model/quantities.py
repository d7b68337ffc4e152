"""Quantities that follow from a society and that several mechanisms read, each written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.model.arrays import TINY, barrier, neighbours
from datapolis.model.noise import noise

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

    from datapolis.core.parameters import Parameters, Scalar
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


def communication(society: Society, parameters: Parameters) -> Float[Array, ""]:
    """Reach of communication, ict = T / (T + T_half): 0 without technology, towards 1 with it."""
    frontier = society.technology
    return frontier / (frontier + parameters.technology.half_reach)


def access(world: World) -> Float[Array, "citizen"]:
    """Access to technology by income v, 1 - e^(-v) / 2: the digital divide."""
    return 1.0 - 0.5 * jnp.exp(-world.citizens.income)


def legal_pressure(society: Society) -> Float[Array, "region"]:
    """What law does in fact: law times enforcement, 0 to 1."""
    return society.regions.law * society.regions.enforcement


def protection(society: Society, levers: Levers) -> Float[Array, "region"]:
    """Protection of persons: law, raised by the privacy law, times enforcement, 0 to 1."""
    law = society.regions.law
    return (law + (1.0 - law) * levers.privacy_law) * society.regions.enforcement


def at_citizens(regional: Float[Array, "region"], world: World) -> Float[Array, "citizen"]:
    """A regional value where each citizen lives."""
    return regional[world.citizens.region]


def at_organizations(
    regional: Float[Array, "region"], society: Society, world: World
) -> Float[Array, "organization"]:
    """A regional value where each organization sits; the mean of all regions for national ones."""
    here = regional[society.organizations.region]
    return jnp.where(world.organizations.national, jnp.mean(regional), here)


def by_sector(values: tuple[Scalar, Scalar, Scalar], world: World) -> Float[Array, "organization"]:
    """A value for each sector, at each of its organizations."""
    return jnp.stack([jnp.asarray(value, jnp.float32) for value in values])[
        world.organizations.sector
    ]


def openness(parameters: Parameters, levers: Levers, world: World) -> Float[Array, "organization"]:
    """How much of its data others may work with, 0 to 1; open data moves agencies to 1."""
    exchange = parameters.exchange
    sector = by_sector(
        (exchange.open_government, exchange.open_firms, exchange.open_associations), world
    )
    own = jnp.clip(sector * world.organizations.openness, 0.0, 1.0)
    agency = world.organizations.sector == 0
    return jnp.where(agency, own + (1.0 - own) * levers.open_data, own)


def use(parameters: Parameters, levers: Levers, world: World) -> Float[Array, "organization"]:
    """How much of its data it puts to use, 0 to 1; a data mindset moves agencies to 1."""
    absorption = parameters.absorption
    agencies = absorption.use_government
    agencies = agencies + (1.0 - agencies) * levers.data_mindset
    return by_sector((agencies, absorption.use_firms, absorption.use_associations), world)


def knowledge(skill: Float[Array, "..."], profile: Float[Array, "..."]) -> Float[Array, "..."]:
    """psi = 1 - exp(-2 skill profile): how well a firm knows a citizen, 0 to 1."""
    return 1.0 - jnp.exp(-2.0 * skill * profile)


def live_strength(society: Society) -> Float[Array, "organization partner"]:
    """Strength of ties between living organizations; 0 for a tie with a dead one."""
    organizations = society.organizations
    both = neighbours(organizations.alive, organizations.partners, False)
    return jnp.where(both & organizations.alive[:, None], organizations.strength, 0.0)


def partner_weights(
    strength: Float[Array, "organization partner"],
) -> Float[Array, "organization partner"]:
    """P = strength / max(1, sum of strengths): rows add up to 1 at most."""
    return strength / jnp.maximum(1.0, jnp.sum(strength, axis=1, keepdims=True))


def cross_share(society: Society, world: World) -> Float[Array, ""]:
    """Share of tie strength that crosses the borders of sectors; 0 without ties."""
    strength = live_strength(society)
    sector = world.organizations.sector
    across = neighbours(sector, society.organizations.partners, -1) != sector[:, None]
    return jnp.sum(jnp.where(across, strength, 0.0)) / jnp.maximum(jnp.sum(strength), TINY)


def sector_sums(values: Float[Array, "organization"], world: World) -> Float[Array, "sector"]:
    """Sums over agencies, firms, associations."""
    return jnp.stack([jnp.sum(values[part]) for part in world.sizes.sectors])


def regional_power(
    values: Float[Array, "organization"], society: Society, world: World
) -> Float[Array, "region sector"]:
    """A quantity of organizations by region and sector; national ones are spread evenly."""
    regions = world.sizes.regions
    national = world.organizations.national
    here = jnp.arange(regions)[:, None] == society.organizations.region[None, :]
    part = jnp.where(national[None, :], 1.0 / regions, here.astype(jnp.float32))
    spread = part * values[None, :]
    return jnp.stack([jnp.sum(spread[:, place], axis=1) for place in world.sizes.sectors], axis=1)


def chance(key: Array, many: int, draw: int = 0) -> Float[Array, "place"]:
    """A uniform number for each of `many` places."""
    return noise(key, jnp.arange(many), draw)


def alive_firms(society: Society, world: World) -> Bool[Array, "firm"]:
    """Which places for firms are taken."""
    return society.organizations.alive[world.sizes.market]


def one_of_kin(world: World, key: Array, draw: int) -> Int[Array, "citizen"]:
    """One strong tie of each citizen, by chance; -1 where that place has none."""
    ties = world.citizens.strong
    column = (noise(key, world.citizens.identity, draw) * ties.shape[1]).astype(jnp.int32)
    chosen: Array = barrier(jnp.take_along_axis(ties, column[:, None], axis=1)[:, 0])
    return chosen


def top_firm(society: Society) -> Int[Array, ""]:
    """The firm with most users."""
    return jnp.argmax(society.firms.user_share)
