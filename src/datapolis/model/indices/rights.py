"""The four rights that citizens enjoy, and who is awake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datapolis.model.arrays import mean, slot_sum
from datapolis.model.society import Society
from datapolis.model.world import World
from datapolis.statistics.indicators.rights import rights_gini

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group, by_decile

index = Group("rights")


@index(dims=("right",))
def rights(society: Society, world: World) -> Any:
    """Rights that citizens enjoy: to know, participate, express, supervise."""
    return mean(society.citizens.rights)


@index(dims=("decile",))
def rights_by_decile(society: Society, world: World) -> Any:
    """Mean enjoyed right by decile of income."""
    return by_decile(slot_sum(society.citizens.rights) / 4.0, world)


@index()
def rights_inequality(society: Society, world: World) -> Any:
    """Gini coefficient of mean enjoyed rights over citizens."""
    return rights_gini(slot_sum(society.citizens.rights)[:, None] / 4.0, bins=1024)


@index()
def awake(society: Society, world: World) -> Any:
    """Citizens who are awake."""
    return mean(society.citizens.awake)


@index()
def awareness(society: Society, world: World) -> Any:
    """Mean awareness."""
    return mean(society.citizens.awareness)
