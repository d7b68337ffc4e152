"""The month: one list that reads like a table of contents, and the step that does it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import jax.numpy as jnp

from datapolis.core.errors import InputError, nearest
from datapolis.core.scenario import WHOM
from datapolis.model.arrays import barrier
from datapolis.model.mechanisms import (
    absorption,
    attention,
    breaches,
    collection,
    exchange,
    governance,
    law,
    mining,
    monitoring,
    power,
    pricing,
    resources,
    rights,
    rumours,
    technology,
    ties,
    trust,
)
from datapolis.model.noise import stream
from datapolis.model.society import Flows, Society

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.core.scenario import Shocks
    from datapolis.model.world import World

Mechanism: TypeAlias = Callable[..., Society]

MONTH: tuple[Mechanism, ...] = (
    technology,  # 1 the frontier grows
    absorption,  # 2 organizations learn
    attention,  # 3 citizens choose
    pricing,  # 4 firms set prices
    collection,  # 5 firms record
    exchange,  # 6 organizations share, sell, link
    mining,  # 7 data become creative power
    breaches,  # 8 data leak
    rumours,  # 9 word spreads
    trust,  # 10 citizens learn, and wake
    rights,  # 11 rights are enjoyed
    monitoring,  # 12 both sides watch
    power,  # 13 power is measured four ways
    governance,  # 14 problems are solved, by order or as equals
    resources,  # 15 money moves; firms come and go
    law,  # 16 law follows
    ties,  # 17 organizations tie themselves anew
)


def step(
    society: Society,
    world: World,
    parameters: Parameters,
    levers: Levers,
    key: Array,
    *,
    mechanisms: Sequence[Mechanism] = MONTH,
    shocks: Shocks | None = None,
    month: Array | int = 0,
    held: Mapping[str, tuple[Any, Any]] | None = None,
) -> Society:
    """Advance the society by one month. The order of `mechanisms` is part of the model.

    `held` gives fields that can be held as they are, by path ("citizens.trust"), each with its
    value and whether it is held: a feedback is cut there. Each mechanism draws from a stream of its
    own name.
    """
    society = replace(society, flows=Flows())
    society = apply_shocks(society, world, shocks, month)
    for mechanism in mechanisms:
        society = mechanism(society, world, parameters, levers, stream(key, mechanism.__name__))
        for path, (value, is_held) in (held or {}).items():
            society = put(society, path, jnp.where(is_held, value, get(society, path)))
        society = barrier(society)
    return society


def apply_shocks(
    society: Society, world: World, shocks: Shocks | None, month: Array | int
) -> Society:
    """Let the shocks of this month take data and wealth; remember whom they hit."""
    organizations, sizes = society.organizations, world.sizes
    many = sizes.organizations
    if shocks is None:
        flows = replace(
            society.flows,
            attacks=jnp.float32(1.0),
            shocked=jnp.zeros(many, bool),
            shock_loss=jnp.float32(0.0),
        )
        return replace(society, flows=flows)
    now = (shocks.first <= month) & (month <= shocks.last)
    sector = WHOM["government"] - world.organizations.sector
    place, largest = jnp.arange(many), jnp.argmax(organizations.data)
    whom = shocks.whom[:, None]
    meant = (whom == place) | (whom == WHOM["all"]) | (whom == sector)
    meant = meant | ((whom == WHOM["largest"]) & (place == largest))
    meant = meant & now[:, None] & organizations.alive
    keeps_data = jnp.prod(jnp.where(meant, 1.0 - shocks.data[:, None], 1.0), axis=0)
    keeps_wealth = jnp.prod(jnp.where(meant, 1.0 - shocks.wealth[:, None], 1.0), axis=0)
    loses = (shocks.data > 0.0) | (shocks.wealth > 0.0)
    wealth = organizations.wealth * keeps_wealth
    return replace(
        society,
        organizations=replace(organizations, data=organizations.data * keeps_data, wealth=wealth),
        flows=replace(
            society.flows,
            attacks=jnp.prod(jnp.where(now, shocks.attacks, 1.0)),
            shocked=jnp.any(meant & loses[:, None], axis=0),
            shock_loss=jnp.sum(organizations.wealth) - jnp.sum(wealth),
        ),
    )


def put(record: Any, path: str, value: Any) -> Any:
    """A copy of a record with another value at a path."""
    name, _, rest = path.partition(".")
    return replace(record, **{name: put(getattr(record, name), rest, value) if rest else value})


def get(record: Any, path: str) -> Any:
    """The value of a record at a path."""
    for name in path.split("."):
        record = getattr(record, name)
    return record


def paths(record: Any, prefix: str = "") -> list[str]:
    """The paths of all stocks in a society: "citizens.trust", "technology", ..."""
    found = []
    for item in fields(record):
        value = getattr(record, item.name)
        if item.name in ("flows", "own"):
            continue
        if is_dataclass(value):
            found += paths(value, f"{prefix}{item.name}.")
        else:
            found.append(prefix + item.name)
    return found


def full_path(society: Society, name: str) -> str:
    """The path of a stock given by its path or, where it is the only one, by its last name."""
    known = paths(society)
    found = [path for path in known if path == name or path.rpartition(".")[2] == name]
    if len(found) == 1:
        return found[0]
    raise InputError(
        "no such stock" if not found else f"several stocks of this name: {', '.join(found)}",
        field="frozen",
        value=name,
        nearest=nearest(name, [*known, *(path.rpartition(".")[2] for path in known)]),
    )
