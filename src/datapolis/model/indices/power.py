"""Base power, dependence, and who can tip a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.arrays import TINY, group_mean
from datapolis.model.quantities import (
    regional_power,
    sector_sums,
)
from datapolis.model.society import PARTICIPATE, Society
from datapolis.model.world import SECTORS, World
from datapolis.statistics.indicators.balance import balance
from datapolis.statistics.indicators.concentration import (
    herfindahl_split,
)
from datapolis.statistics.indicators.power import shapley_shubik

if TYPE_CHECKING:
    from jaxtyping import Array
from datapolis.model.indices.declared import Group

index = Group("power")


@index("power", ("sector",))
def base_power(society: Society, world: World) -> Any:
    """Base power by sector, from wealth and creative power: can grow for all (positive sum)."""
    return sector_sums(society.flows.base_power, world)


@index("power")
def total_power(society: Society, world: World) -> Any:
    """All base power."""
    return jnp.sum(society.flows.base_power)


@index(dims=("sector",))
def power_share(society: Society, world: World) -> Any:
    """Share of base power by sector: zero sum (distributive power; way 1 of 4)."""
    sums = sector_sums(society.flows.base_power, world)
    return sums / jnp.sum(sums)


@index("creative power", ("sector",))
def creative_power(society: Society, world: World) -> Any:
    """Creative power, mined from data, by sector."""
    return sector_sums(society.organizations.creative, world)


@index(dims=("sector",))
def wealth_share(society: Society, world: World) -> Any:
    """Share of wealth by sector."""
    sums = sector_sums(society.organizations.wealth, world)
    return sums / jnp.maximum(jnp.sum(sums), TINY)


@index("income", ("sector",))
def wealth(society: Society, world: World) -> Any:
    """Wealth by sector, in monthly incomes per citizen."""
    return sector_sums(society.organizations.wealth, world)


@index("data", ("sector",))
def data_held(society: Society, world: World) -> Any:
    """Data held by sector, in citizen-months per citizen."""
    return sector_sums(society.organizations.data, world)


@index()
def data_weight(society: Society, world: World) -> Any:
    """Part of base power that comes from data: an outcome."""
    return society.flows.data_weight


@index(dims=("sector",))
def dependence_share(society: Society, world: World) -> Any:
    """Share of dependence power, what others would lose without the sector (way 2 of 4)."""
    sums = sector_sums(society.flows.dependence, world)
    return sums / jnp.maximum(jnp.sum(sums), TINY)


@index("utils", ("sector",))
def dependence(society: Society, world: World) -> Any:
    """What citizens and partners would lose without the organizations of a sector."""
    return sector_sums(society.flows.dependence, world)


@index(dims=("sector",))
def relational_share(society: Society, world: World) -> Any:
    """Share of relational power, from ties with the powerful (way 3 of 4)."""
    sums = sector_sums(society.flows.relational, world)
    return sums / jnp.maximum(jnp.sum(sums), TINY)


@index(dims=("sector",))
def pivotality(society: Society, world: World) -> Any:
    """Shapley-Shubik index of the sectors, mean over regions (way 4 of 4)."""
    return jnp.mean(society.flows.pivotality, axis=0)


@index()
def citizens_pivotality(society: Society, world: World) -> Any:
    """Citizens as a fourth player beside the sectors: their Shapley-Shubik index, over regions.

    Their weight is all base power times the part of citizens who are awake times the right to
    participate that these enjoy: voice 1 weighs as much as all organizations together.
    """
    citizens, sizes = society.citizens, world.sizes
    voice = citizens.awake * citizens.rights[:, PARTICIPATE]
    voice = group_mean(voice.astype(jnp.float32), world.citizens.region, sizes.regions)
    power = regional_power(society.flows.base_power, society, world)
    weight = voice * jnp.sum(power, axis=1)
    players = jnp.concatenate([power, weight[:, None]], axis=1)
    return jnp.mean(shapley_shubik(players, 0.5)[:, 3])


@index()
def power_balance(society: Society, world: World) -> Any:
    """Entropy of the sectors' shares of base power over its maximum: 1 equal, 0 one has all."""
    return balance(power_share(society, world))


@index()
def sector_herfindahl(society: Society, world: World) -> Any:
    """Concentration of base power between the three sectors: 1/3 equal, 1 one has all."""
    return jnp.sum(power_share(society, world) ** 2)


def _split(society: Society, world: World) -> tuple[Array, Array, Array]:
    return herfindahl_split(
        society.flows.base_power,
        world.organizations.sector,
        len(SECTORS),
        society.organizations.alive,
    )


@index()
def power_herfindahl(society: Society, world: World) -> Any:
    """Concentration of base power over all organizations: between plus within sectors."""
    return _split(society, world)[0]


@index()
def power_herfindahl_between(society: Society, world: World) -> Any:
    """The part of it that would remain if each sector were equal inside."""
    return _split(society, world)[1]


@index()
def power_herfindahl_within(society: Society, world: World) -> Any:
    """The part of it that is made by inequality inside the sectors."""
    return _split(society, world)[2]
