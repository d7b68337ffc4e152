"""Who watches whom, who joins, and which problems are solved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.arrays import mean
from datapolis.model.society import Society
from datapolis.model.world import World

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group

index = Group("governance")


@index(dims=("gap",))
def information_gap(society: Society, world: World) -> Any:
    """Three gaps between those who see and those who are seen.

    What government sees of society less the reverse; what outsiders do not watch of government;
    what firms hold about a citizen less what a citizen may know.
    """
    sight = society.flows.sight
    know = mean(society.citizens.rights[:, 0])
    return jnp.stack(
        [sight[0] - sight[1], 1.0 - society.watching_society, mean(society.flows.held) - know]
    )


@index()
def watching_government(society: Society, world: World) -> Any:
    """How closely government watches outsiders."""
    return society.watching_government


@index()
def watching_society(society: Society, world: World) -> Any:
    """How closely outsiders watch government."""
    return society.watching_society


@index()
def partnership(society: Society, world: World) -> Any:
    """Dealings as equals, mean over regions; the rest is by order."""
    return jnp.mean(society.regions.partnership)


@index(dims=("region",))
def partnership_by_region(society: Society, world: World) -> Any:
    """Dealings as equals by region."""
    return society.regions.partnership


@index(dims=("joiner",))
def joining(society: Society, world: World) -> Any:
    """Regions in which firms, associations join in solving problems."""
    return jnp.mean(society.flows.joins, axis=0)


@index()
def solved(society: Society, world: World) -> Any:
    """Problems solved: service quality."""
    return jnp.mean(society.flows.solved)


@index()
def solved_alone(society: Society, world: World) -> Any:
    """Problems that government would solve alone."""
    return jnp.mean(society.flows.solved_alone)


@index("solved/effort")
def solved_per_effort(society: Society, world: World) -> Any:
    """Problems solved per sector's effort."""
    return jnp.mean(society.flows.solved / society.flows.effort)


@index("problems")
def backlog(society: Society, world: World) -> Any:
    """Unsolved problems that pile up."""
    return jnp.mean(society.regions.backlog)


@index()
def legitimacy(society: Society, world: World) -> Any:
    """Legitimacy, mean over regions."""
    return jnp.mean(society.regions.legitimacy)


@index("cosine")
def blur(society: Society, world: World) -> Any:
    """Mean cosine of the sectors' aims: 1 when borders are gone."""
    aims = society.aims / jnp.linalg.norm(society.aims, axis=1, keepdims=True)
    return (aims[0] @ aims[1] + aims[0] @ aims[2] + aims[1] @ aims[2]) / 3.0


@index(dims=("sector",))
def public_aim(society: Society, world: World) -> Any:
    """Weight of the public interest in a sector's aims."""
    return society.aims[:, 0]
