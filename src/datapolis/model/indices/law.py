"""Technology, law, enforcement, and the race of regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.society import Society
from datapolis.model.world import World
from datapolis.statistics.indicators.enforcement import policy_distance

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group

index = Group("law")


@index()
def technology(society: Society, world: World) -> Any:
    """Technology frontier."""
    return society.technology


@index()
def law(society: Society, world: World) -> Any:
    """Law, mean over regions."""
    return jnp.mean(society.regions.law)


@index()
def law_gap(society: Society, world: World) -> Any:
    """How far law lags behind technology."""
    return society.technology - jnp.mean(society.regions.law)


@index()
def enforcement(society: Society, world: World) -> Any:
    """Enforcement, mean over regions."""
    return jnp.mean(society.regions.enforcement)


@index(dims=("region",))
def enforcement_by_region(society: Society, world: World) -> Any:
    """Enforcement by region."""
    return society.regions.enforcement


@index()
def race(society: Society, world: World) -> Any:
    """What regulators hold back for fear of rival regions."""
    return jnp.mean(jnp.clip(society.flows.race, 0.0, 1.0))


@index()
def capture(society: Society, world: World) -> Any:
    """What lobbying takes off enforcement."""
    return society.flows.capture


@index()
def enforcement_distance(society: Society, world: World) -> Any:
    """Distance of enforcement from what capacity would allow, mean over regions."""
    return jnp.mean(policy_distance(society.regions.enforcement, society.flows.capacity))
