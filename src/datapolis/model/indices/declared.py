"""What an index is, how one is declared, and what its numbers are labelled with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.arrays import TINY, group_mean
from datapolis.model.society import Society
from datapolis.model.world import SECTORS, World

if TYPE_CHECKING:
    from jaxtyping import Array

DECILES = 10
RIGHTS = ("know", "participate", "express", "supervise")
GAPS = ("government-society", "outsiders-government", "firm-citizen")
HOLDERS = ("government", "market", "social", "lawbreakers")
AIMS = ("public", "profit", "group")


@dataclass(frozen=True)
class Index:
    """A number, or a short vector, of a society: how it is observed and what it is measured in."""

    name: str
    function: Callable[[Society, World], Any]
    unit: str
    dims: tuple[str, ...]
    group: str
    about: str

    def __call__(self, society: Society, world: World) -> Array:
        """The value of this index in a society whose month has run."""
        return jnp.asarray(self.function(society, world), jnp.float32)


class Group:
    """The indices of one group, in the order in which they are declared."""

    def __init__(self, name: str) -> None:
        self.name, self.indices = name, dict[str, Index]()

    def __call__(self, unit: str = "share", dims: tuple[str, ...] = ()) -> Callable[[Any], Any]:
        """Declare a function (society, world) -> value as an index under its own name."""

        def declare(function: Callable[[Society, World], Any]) -> Callable[[Society, World], Any]:
            about = " ".join((function.__doc__ or "").split())
            name = function.__name__
            self.indices[name] = Index(name, function, unit, dims, self.name, about)
            return function

        return declare


def labels(dim: str, world: World) -> list[Any]:
    """The labels along a dimension of an index."""
    sizes = world.sizes
    known: dict[str, list[Any]] = {
        "sector": list(SECTORS),
        "right": list(RIGHTS),
        "gap": list(GAPS),
        "holder": list(HOLDERS),
        "aim": list(AIMS),
        "decile": list(range(1, DECILES + 1)),
        "region": list(range(sizes.regions)),
        "joiner": ["market", "social"],
        "firm": list(range(sizes.firms)),
    }
    return known[dim]


def by_decile(values: Array, world: World) -> Array:
    """Means of a citizens' quantity by decile of income."""
    decile = jnp.minimum((world.citizens.rank * DECILES).astype(jnp.int32), DECILES - 1)
    return group_mean(values, decile, DECILES)


def over_users(values: Array, society: Society) -> Array:
    """The mean of a firms' quantity over users, those of firms born this month too."""
    share = society.firms.user_share  # sums to 1 when counted, to more after births
    return jnp.sum(values * share) / jnp.maximum(jnp.sum(share), TINY)


def within(amount: Array, world: World) -> Array:
    return amount[world.sizes.market]
