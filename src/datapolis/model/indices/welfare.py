"""Gains by holder, time online, trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.model.arrays import mean
from datapolis.model.society import Society
from datapolis.model.world import World

if TYPE_CHECKING:
    pass
from datapolis.model.indices.declared import Group, by_decile

index = Group("welfare")


@index("income/month")
def citizens_gain(society: Society, world: World) -> Any:
    """Net gain of a citizen: surplus plus service less harm, weighed by `welfare`."""
    return mean(society.flows.gain)


@index("months/month")
def service(society: Society, world: World) -> Any:
    """Personal service: time online, weighted by how well a citizen is known where it is spent."""
    return mean(society.flows.service)


@index("income/month", ("decile",))
def citizens_gain_by_decile(society: Society, world: World) -> Any:
    """Net gain by decile of income."""
    return by_decile(society.flows.gain, world)


@index("income/month")
def firms_gain(society: Society, world: World) -> Any:
    """Firms' revenue and data sales less fines, per citizen."""
    flows = society.flows
    return jnp.sum(flows.revenue) - jnp.sum(flows.fines)


@index("income/month")
def government_gain(society: Society, world: World) -> Any:
    """Change of government's wealth, per citizen."""
    return society.flows.government_gain


@index("months/month")
def online(society: Society, world: World) -> Any:
    """Time online."""
    return mean(society.flows.online)


@index()
def trust(society: Society, world: World) -> Any:
    """Mean trust."""
    return mean(society.citizens.trust)


@index(dims=("decile",))
def trust_by_decile(society: Society, world: World) -> Any:
    """Trust by decile of income."""
    return by_decile(society.citizens.trust, world)
