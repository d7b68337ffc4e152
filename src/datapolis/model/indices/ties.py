"""Ties between organizations, islands of data, and skill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.arrays import mean_of
from datapolis.model.quantities import (
    cross_share,
    live_strength,
)
from datapolis.model.society import Society
from datapolis.model.world import World
from datapolis.statistics.indicators.islands import (
    component_count,
    component_sums,
    largest_component_share,
)
from datapolis.statistics.indicators.ties import centralization, density, giant_component_share

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group

index = Group("ties")


@index()
def tie_density(society: Society, world: World) -> Any:
    """Strength of ties over its maximum."""
    organizations = society.organizations
    return density(live_strength(society), organizations.partners, organizations.alive)


@index()
def tie_centralization(society: Society, world: World) -> Any:
    """How far ties gather at one organization."""
    organizations = society.organizations
    return centralization(live_strength(society), organizations.partners, organizations.alive)


@index()
def cross_sector_share(society: Society, world: World) -> Any:
    """Share of tie strength that crosses sectors."""
    return cross_share(society, world)


@index()
def community_share(society: Society, world: World) -> Any:
    """Organizations in the largest component of ties above .05: the data community."""
    organizations = society.organizations
    return giant_component_share(
        organizations.partners, live_strength(society), organizations.alive
    )


@index("ties/month")
def new_ties(society: Society, world: World) -> Any:
    """New ties per living organization."""
    return mean_of(society.flows.new_ties, society.organizations.alive)


@index("ties/month")
def new_ties_of_hit(society: Society, world: World) -> Any:
    """New ties per organization that was hit within six months; nan if none was."""
    hit = society.organizations.alert > 0
    return jnp.where(jnp.any(hit), mean_of(society.flows.new_ties, hit), jnp.nan)


@index()
def hit_share(society: Society, world: World) -> Any:
    """Organizations hit by a breach or a shock this month."""
    return mean_of(society.organizations.hit, society.organizations.alive)


@index()
def integration_gap(society: Society, world: World) -> Any:
    """Creative power that government forgoes while its data lie in islands."""
    return society.flows.integration_gap


@index()
def largest_island(society: Society, world: World) -> Any:
    """Agencies in the largest island of linked data."""
    return largest_component_share(society.flows.islands)


@index("islands")
def islands(society: Society, world: World) -> Any:
    """Islands of agencies' data."""
    return component_count(society.flows.islands)


@index("data")
def island_exposure(society: Society, world: World) -> Any:
    """Data that one breach of the largest island would expose."""
    sizes = component_sums(jnp.ones(world.sizes.agencies), society.flows.islands)
    return society.flows.island_data[jnp.argmax(sizes)]


@index(dims=("sector",))
def skill(society: Society, world: World) -> Any:
    """Mean skill of a sector's living organizations; technology is its bound."""
    organizations = society.organizations
    return jnp.stack(
        [
            mean_of(organizations.skill[part], organizations.alive[part])
            for part in world.sizes.sectors
        ]
    )
