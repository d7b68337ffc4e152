"""Personal prices, surplus, and what discrimination gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.arrays import mean, slot_sum
from datapolis.model.society import Society
from datapolis.model.world import World
from datapolis.statistics.indicators.prices import price_dispersion, share_above, share_below

if TYPE_CHECKING:
    from jaxtyping import Array
from datapolis.model.indices.declared import Group, by_decile, over_users

index = Group("prices")


def _sales(society: Society) -> tuple[Array, Array]:
    weight = society.flows.attention * society.flows.online[:, None]
    return society.flows.price, weight


@index("coefficient of variation")
def dispersion(society: Society, world: World) -> Any:
    """Dispersion of prices asked, weighted by time spent."""
    price, weight = _sales(society)
    return price_dispersion(price.ravel(), weight.ravel())


@index("income", ("decile",))
def price_by_decile(society: Society, world: World) -> Any:
    """Mean price asked by decile of income."""
    price = slot_sum(society.flows.price * society.flows.attention)
    return by_decile(price, world)


@index()
def charged_more(society: Society, world: World) -> Any:
    """Dealings in which more than the common price is asked."""
    price, weight = _sales(society)
    common = society.flows.common_price[society.citizens.uses]
    return share_above(price.ravel(), common.ravel(), weight.ravel())


@index()
def charged_less(society: Society, world: World) -> Any:
    """Dealings in which less than the common price is asked."""
    price, weight = _sales(society)
    common = society.flows.common_price[society.citizens.uses]
    return share_below(price.ravel(), common.ravel(), weight.ravel())


@index("income/month")
def surplus(society: Society, world: World) -> Any:
    """Consumer surplus per citizen."""
    return mean(society.flows.surplus)


@index("income/month")
def surplus_at_common_price(society: Society, world: World) -> Any:
    """Consumer surplus if everyone were asked the common price."""
    return mean(society.flows.common_surplus)


@index("income/month")
def revenue(society: Society, world: World) -> Any:
    """Firms' revenue over cost per citizen."""
    return jnp.sum(society.flows.revenue)


@index()
def pricing_gain(society: Society, world: World) -> Any:
    """What personal prices add to profit, mean over users."""
    gain = jnp.nan_to_num(society.flows.pricing_gain)
    return over_users(gain, society)


@index()
def discrimination(society: Society, world: World) -> Any:
    """Use of personal prices, mean over users."""
    return over_users(society.firms.discrimination, society)


@index()
def unfair(society: Society, world: World) -> Any:
    """Unfair prices that are noticed."""
    return mean(society.flows.unfair)
