"""How far and how fast a rumour spreads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datapolis.model.arrays import mean
from datapolis.model.society import SPREADING, UNHEARD, Society
from datapolis.model.world import World

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group

index = Group("rumours")


@index()
def rumour_heard(society: Society, world: World) -> Any:
    """Citizens who have heard the rumour under way."""
    return mean(society.citizens.rumour != UNHEARD)


@index()
def rumour_spreading(society: Society, world: World) -> Any:
    """Citizens who spread it."""
    return mean(society.citizens.rumour == SPREADING)


@index()
def rumour_reach(society: Society, world: World) -> Any:
    """Citizens who had heard the last rumour when it died; nan before one has."""
    return society.controversy.reach


@index("months")
def rumour_half_time(society: Society, world: World) -> Any:
    """Months until half of the citizens had heard; nan if they have not."""
    return society.controversy.half_time
