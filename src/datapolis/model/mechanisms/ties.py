"""Ties: organizations strengthen what is worth it, and look for better partners.

    worth_oj = ict skill_o sqrt(open_j) D_j / (D_j + <D>)      0 if j is dead
    strength <- strength + adaptation (worth - strength)
    with probability search (1 + 5 spur hit_o): the weakest tie gives way to a candidate not yet
    tied, if its worth exceeds that strength + cost; a new tie starts at .05

The candidate is a partner's partner with probability `closure`, else any living organization.
Off: closure = 0; spur = 0; communication fixed (technology.growth = 0).
Source: F10 (Jackson and Rogers, 2007), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, clip01, mean_of, neighbours, pick
from datapolis.model.quantities import chance, communication, live_strength, openness

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


NEW = 0.05  # strength of a new tie


@writes("organizations.partners", "organizations.strength", "flows.new_ties")
def ties(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let strength follow worth, then let some look for somebody better."""
    constants, organizations = parameters.ties, society.organizations
    partners, alive, many = organizations.partners, organizations.alive, world.sizes.organizations
    average = mean_of(organizations.data, alive)
    attractive = jnp.sqrt(openness(parameters, levers, world)) * organizations.data
    attractive = alive * attractive / jnp.maximum(organizations.data + average, TINY)
    reach = communication(society, parameters) * organizations.skill

    worth = reach[:, None] * neighbours(attractive, partners, 0.0)
    strength = organizations.strength + constants.adaptation * (worth - organizations.strength)
    strength = jnp.where((partners >= 0) & alive[:, None], clip01(strength), 0.0)

    # a candidate: a partner's partner, or anyone
    width = partners.shape[1]
    everyone = jnp.arange(many)
    column = (chance(key, many, 0) * width).astype(jnp.int32)
    second = (chance(key, many, 1) * width).astype(jnp.int32)
    through = partners[everyone, column]
    near = jnp.where(through >= 0, partners[jnp.maximum(through, 0), second], -1)
    close = chance(key, many, 2) < constants.closure
    candidate = jnp.where(close, near, pick(chance(key, many, 3), alive))
    safe = jnp.maximum(candidate, 0)
    fits = (candidate >= 0) & (candidate != everyone) & alive[safe] & alive
    fits = fits & ~jnp.any(partners == candidate[:, None], axis=1)

    held = jnp.where(live_strength(society) > 0.0, strength, 0.0)
    weakest = jnp.argmin(held, axis=1)
    better = reach * attractive[safe] > jnp.min(held, axis=1) + constants.cost
    searches = constants.search * (1.0 + 5.0 * constants.spur * organizations.hit)
    new = fits & better & (chance(key, many, 4) < searches)
    change = new[:, None] & (jnp.arange(width)[None, :] == weakest[:, None])
    return replace(
        society,
        organizations=replace(
            organizations,
            partners=jnp.where(change, candidate[:, None], partners),
            strength=jnp.where(change, NEW, strength),
        ),
        flows=replace(society.flows, new_ties=new),
    )
