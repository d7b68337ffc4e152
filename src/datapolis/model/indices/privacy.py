"""What is recorded, strays, leaks and does harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.arrays import TINY, mean, mean_of, slot_sum
from datapolis.model.quantities import (
    at_citizens,
    legal_pressure,
    sector_sums,
)
from datapolis.model.society import Society
from datapolis.model.world import World
from datapolis.statistics.indicators.quantiles import histogram_quantile

if TYPE_CHECKING:
    from jaxtyping import Array
from datapolis.model.indices.declared import Group, by_decile, over_users

index = Group("privacy")


@index("months/month")
def beyond_law(society: Society, world: World) -> Any:
    """Time online that neither law nor enforcement reaches."""
    guard = at_citizens(legal_pressure(society), world)
    return mean(society.flows.online * (1.0 - guard))


@index("data")
def profile(society: Society, world: World) -> Any:
    """What firms in use hold about a citizen."""
    return mean(slot_sum(society.citizens.profile))


@index()
def stray_share(society: Society, world: World) -> Any:
    """Part of what is held about citizens that no choice of theirs reaches: loss of control."""
    stray = mean(society.citizens.stray)
    return stray / jnp.maximum(stray + profile(society, world), TINY)


@index("data", ("decile",))
def stray_by_decile(society: Society, world: World) -> Any:
    """Stray data by decile of income."""
    return by_decile(society.citizens.stray, world)


@index("copies")
def copies(society: Society, world: World) -> Any:
    """Copies of a citizen's stray data."""
    return mean(society.citizens.copies)


@index()
def covert_share(society: Society, world: World) -> Any:
    """Part of what firms take that is taken without consent."""
    return society.flows.covert


@index()
def laxity(society: Society, world: World) -> Any:
    """Laxity about consent, mean over users."""
    return over_users(society.firms.laxity, society)


@index()
def held(society: Society, world: World) -> Any:
    """What can be known of a citizen."""
    return mean(society.flows.held)


@index()
def inferred(society: Society, world: World) -> Any:
    """What can be known of a citizen who shares nothing, by kin."""
    return mean(society.flows.inferred)


@index()
def harm(society: Society, world: World) -> Any:
    """Mean harm."""
    return mean(society.flows.harm)


def _harm_quantile(society: Society, q: float) -> Array:
    """A quantile of harm on a logarithmic scale, which tells small harms apart; within 3 %."""
    size = jnp.log10(jnp.maximum(society.flows.harm, 1e-6))
    return 10.0 ** histogram_quantile(size, q, -6.0, 0.0, 512)


@index()
def harm_median(society: Society, world: World) -> Any:
    """Median harm; from a millionth, below which harm counts as that."""
    return _harm_quantile(society, 0.5)


@index()
def harm_ninetieth(society: Society, world: World) -> Any:
    """Harm that one citizen in ten exceeds."""
    return _harm_quantile(society, 0.9)


@index("exposure", ("holder",))
def harm_by_holder(society: Society, world: World) -> Any:
    """Exposure to harm by who held the data that did it."""
    return society.flows.harm_holder


@index("breaches/month")
def breaches(society: Society, world: World) -> Any:
    """Organizations whose data leaked."""
    return jnp.sum(society.flows.leaked_share > 0.0)


@index("reference holdings/month", ("sector",))
def leaked(society: Society, world: World) -> Any:
    """Data leaked, in reference holdings, by sector."""
    return sector_sums(society.flows.leaked, world)


@index("lawbreakers")
def lawbreakers(society: Society, world: World) -> Any:
    """Lawbreakers; 1 at the start."""
    return society.lawbreakers


@index("power")
def lawbreakers_power(society: Society, world: World) -> Any:
    """Lawbreakers times what the leaked stock adds to each."""
    return society.lawbreakers * (1.0 + society.leaked_stock)


@index("reference holdings")
def leaked_stock(society: Society, world: World) -> Any:
    """Leaked data in circulation."""
    return society.leaked_stock


@index("security")
def security(society: Society, world: World) -> Any:
    """Mean security of firms."""
    part = world.sizes.market
    return mean_of(society.organizations.security[part], society.organizations.alive[part])
