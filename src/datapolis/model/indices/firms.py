"""One number a firm: only on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datapolis.model.society import Society
from datapolis.model.world import World

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group, within

index = Group("firms")


@index(dims=("firm",))
def user_share_by_firm(society: Society, world: World) -> Any:
    """Users' share of each place for firms; 0 where it is empty."""
    return society.firms.user_share


@index("data", ("firm",))
def data_by_firm(society: Society, world: World) -> Any:
    """Data of each place for firms."""
    return within(society.organizations.data, world)


@index("income", ("firm",))
def wealth_by_firm(society: Society, world: World) -> Any:
    """Wealth of each place for firms."""
    return within(society.organizations.wealth, world)
