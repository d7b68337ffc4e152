"""How concentrated firms are, in users, data and wealth; who comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.quantities import (
    alive_firms,
)
from datapolis.model.society import Society
from datapolis.model.world import World
from datapolis.statistics.indicators.balance import spearman
from datapolis.statistics.indicators.concentration import (
    concentration_ratio,
    gini,
    herfindahl,
    hill_tail_exponent,
    top_share,
)

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group, within

index = Group("market")


@index()
def user_herfindahl(society: Society, world: World) -> Any:
    """Concentration of users over firms."""
    return herfindahl(society.firms.user_share)


@index()
def user_four_largest(society: Society, world: World) -> Any:
    """Share of users at the four largest firms."""
    return concentration_ratio(society.firms.user_share, 4)


@index()
def user_gini(society: Society, world: World) -> Any:
    """Gini coefficient of users over living firms."""
    return gini(society.firms.user_share, alive_firms(society, world))


@index()
def top_fifth_share(society: Society, world: World) -> Any:
    """Share of users at the largest fifth of living firms: .8 is the 80-20 rule."""
    return top_share(society.firms.user_share, 0.2, alive_firms(society, world))


@index("exponent")
def user_tail(society: Society, world: World) -> Any:
    """Tail exponent of users over the largest fifth of firms."""
    return hill_tail_exponent(society.firms.user_share, 0.2, alive_firms(society, world))


@index()
def data_herfindahl(society: Society, world: World) -> Any:
    """Concentration of data over firms."""
    return herfindahl(within(society.organizations.data, world))


@index()
def data_gini(society: Society, world: World) -> Any:
    """Gini coefficient of data over living firms."""
    return gini(within(society.organizations.data, world), alive_firms(society, world))


@index()
def data_top_fifth_share(society: Society, world: World) -> Any:
    """Share of firms' data at the fifth of living firms that holds most."""
    return top_share(within(society.organizations.data, world), 0.2, alive_firms(society, world))


@index("exponent")
def data_tail(society: Society, world: World) -> Any:
    """Tail exponent of data over the fifth of firms that holds most."""
    data = within(society.organizations.data, world)
    return hill_tail_exponent(data, 0.2, alive_firms(society, world))


@index()
def wealth_top_fifth_share(society: Society, world: World) -> Any:
    """Share of firms' wealth at the richest fifth of living firms."""
    return top_share(within(society.organizations.wealth, world), 0.2, alive_firms(society, world))


@index("firms")
def firms_alive(society: Society, world: World) -> Any:
    """Firms alive."""
    return jnp.sum(alive_firms(society, world))


@index("firms/month")
def firms_born(society: Society, world: World) -> Any:
    """Firms born this month, by entry or break-up."""
    return society.flows.born


@index("firms/month")
def firms_gone(society: Society, world: World) -> Any:
    """Firms that left this month."""
    return society.flows.gone


@index("firms/month")
def firms_bought(society: Society, world: World) -> Any:
    """Firms that were bought this month."""
    return society.flows.merged


@index("firms/month")
def firms_broken_up(society: Society, world: World) -> Any:
    """Firms that were broken up this month."""
    return society.flows.broken_up


@index()
def top_firm_share(society: Society, world: World) -> Any:
    """Users' share of the largest firm."""
    return jnp.max(society.firms.user_share)


@index("correlation")
def rank_persistence(society: Society, world: World) -> Any:
    """Rank correlation of firms' user shares, this month with last."""
    return spearman(
        society.firms.user_share, society.flows.previous_share, alive_firms(society, world)
    )


@index()
def steered(society: Society, world: World) -> Any:
    """Part of those who look whose candidate the firm they use most has steered."""
    return society.flows.steered


@index()
def steered_to_top(society: Society, world: World) -> Any:
    """Part of those who look who are shown the largest firm: its weight in opinion."""
    return society.flows.steered_to_top
