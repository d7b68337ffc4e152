"""Worlds besides the plain one that experiments ask for: the plain one with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datapolis.model.world import World

STRANGERS, ISOLATED, EQUAL, UNEQUAL = "strangers isolated equal unequal".split()
TENFOLD_GOVERNMENT, TENFOLD_MARKET = "tenfold-government", "tenfold-market"
UNEQUAL_SPREAD = 1.68324  # of a lognormal whose top fifth holds 80 % (O04)


def strangers(world: World) -> World:
    """Every tie to kin leads to a stranger instead, at the same degree."""
    return world.rewire(1.0)


def isolated(world: World) -> World:
    """Organizations have partners by chance, with ties of no strength."""
    import jax.numpy as jnp

    many, places = world.endowment.partners.shape
    rng = np.random.default_rng(np.random.SeedSequence([0, 21]))
    steps = np.sort(rng.random((many, many - 1)).argsort(axis=1)[:, :places], axis=1) + 1
    partners = (np.arange(many)[:, None] + steps) % many  # different ones, nobody itself
    strength = np.zeros((many, places), np.float32)
    endowment = replace(
        world.endowment,
        partners=jnp.asarray(partners, jnp.int32),
        strength=jnp.asarray(strength),
    )
    return replace(world, endowment=endowment)


def tenfold(world: World, sector: int) -> World:
    """A sector holds ten times the data at the start."""
    part, endowment = world.sizes.sectors[sector], world.endowment
    return replace(
        world,
        endowment=replace(
            endowment,
            data=endowment.data.at[part].multiply(10.0),
            data_total=endowment.data_total.at[sector].multiply(10.0),
        ),
    )


def equal(world: World) -> World:
    """All firms begin with the same data and wealth."""
    import jax.numpy as jnp

    part, endowment = world.sizes.market, world.endowment
    alive = endowment.alive[part]
    share = alive / jnp.sum(alive)
    return replace(
        world,
        endowment=replace(
            endowment,
            data=endowment.data.at[part].set(share * endowment.data_total[1]),
            wealth=endowment.wealth.at[part].set(share * endowment.wealth_total[1]),
        ),
    )


def unequal(world: World) -> World:
    """Firms' wealth is spread as where a fifth has 80 %, before any data."""
    import jax.numpy as jnp

    part, endowment = world.sizes.market, world.endowment
    rng = np.random.default_rng(np.random.SeedSequence([0, 22]))
    alive = np.asarray(endowment.alive[part])
    places = (rng.permutation(int(alive.sum())) + 0.5) / alive.sum()
    from scipy.special import ndtri

    drawn = np.zeros(len(alive))
    drawn[alive] = np.exp(UNEQUAL_SPREAD * ndtri(places))
    share = jnp.asarray(drawn / drawn.sum(), jnp.float32)
    wealth = endowment.wealth.at[part].set(share * endowment.wealth_total[1])
    return replace(world, endowment=replace(endowment, wealth=wealth))


WORLDS: dict[str, Callable[[World], World]] = {
    STRANGERS: strangers,
    ISOLATED: isolated,
    TENFOLD_GOVERNMENT: partial(tenfold, sector=0),
    TENFOLD_MARKET: partial(tenfold, sector=1),
    EQUAL: equal,
    UNEQUAL: unequal,
}
