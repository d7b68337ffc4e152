"""From the package's arrays to the reference's agents, and back.

    to_reference    World and Society -> reference.people.Society, with the flows made so far
    to_arrays       reference.people.Society -> {"citizens.trust": array, ...}, in double precision
    to_package      reference.people.Society -> Society, in the package's precision

The names by which things are called are the package's. Nothing is computed here.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from datapolis.core.scenario import Scenario
from datapolis.model.month import get, paths, put
from datapolis.model.society import Flows, Society, Unmade
from datapolis.model.world import SECTORS, World
from verification.reference import people, shocks

CITIZEN = "uses profile stray copies trust awareness rumour awake rights".split()
ORGANIZATION = (
    "alive data arrivals skill creative wealth security partners strength region hit alert".split()
)
FIRM = "generation quality discrimination laxity user_share".split()
REGION = "law enforcement partnership backlog legitimacy".split()
SCALAR = "technology lawbreakers leaked_stock watching_government watching_society".split()
CONTROVERSY = "age half_time reach".split()
OF_FIRMS_HERE = ("sold", "bought", "bought_data")
"""Flows that the package holds by firm and the reference by organization."""


def plain(value: Any) -> Any:
    """An array as lists of plain numbers, or as one plain number."""
    return np.asarray(value).tolist()


def _columns(record: Any, names: list[str]) -> list[dict[str, Any]]:
    """The fields of a record of arrays, as one dictionary for each row."""
    listed = [plain(getattr(record, name)) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*listed, strict=True)]


# --- to the reference --------------------------------------------------------------------------


def to_reference(society: Society, world: World, month: int = 0) -> people.Society:
    """The same society, person by person; flows that were made this month come along."""
    found = people.Society(
        citizens=_citizens(society, world),
        organizations=_organizations(society, world),
        regions=[people.Region(**row) for row in _columns(society.regions, REGION)],
        income_quantiles=plain(world.income_quantiles),
        aims=plain(society.aims),
        controversy=people.Controversy(
            **{name: plain(getattr(society.controversy, name)) for name in CONTROVERSY}
        ),
        month=month,
        **{name: plain(getattr(society, name)) for name in SCALAR},
    )
    _bring_flows(society, world, found.flows)
    return found


def _citizens(society: Society, world: World) -> list[people.Citizen]:
    traits = "identity income rank region reluctance strong weak".split()
    rows = zip(_columns(world.citizens, traits), _columns(society.citizens, CITIZEN), strict=True)
    return [people.Citizen(**fixed, **changing) for fixed, changing in rows]


def _organizations(society: Society, world: World) -> list[people.Organization]:
    sizes = world.sizes
    fixed = _columns(world.organizations, ["sector", "national", "home", "openness"])
    changing = _columns(society.organizations, ORGANIZATION)
    rows = [
        {"place": place, **one, **other}
        for place, (one, other) in enumerate(zip(fixed, changing, strict=True))
    ]
    agency_traits = _columns(world.organizations, ["department", "peers", "rent"])
    links, firm_traits = plain(society.links), _columns(society.firms, FIRM)
    agencies = [
        people.Agency(**row, **traits, links=linked)
        for row, traits, linked in zip(rows[sizes.government], agency_traits, links, strict=True)
    ]
    firms = [
        people.Firm(**row, **traits, number=number)
        for number, (row, traits) in enumerate(zip(rows[sizes.market], firm_traits, strict=True))
    ]
    return [*agencies, *firms, *(people.Association(**row) for row in rows[sizes.social])]


def _bring_flows(society: Society, world: World, flows: people.Flows) -> None:
    for item in fields(Flows):
        value = getattr(society.flows, item.name)
        if isinstance(value, Unmade):
            continue
        if isinstance(value, dict):
            value = {name: plain(amount) for name, amount in value.items()}
        elif item.name in OF_FIRMS_HERE:
            everywhere = np.zeros(world.sizes.organizations)
            everywhere[world.sizes.market] = np.asarray(value)
            value = plain(everywhere)
        else:
            value = plain(value)
        setattr(flows, item.name, value)


def to_reference_shocks(scenario: Scenario) -> list[shocks.Shock]:
    """The shocks of a scenario as the reference tells them."""
    sectors = {name: place for place, name in enumerate(SECTORS)}
    return [
        shocks.Shock(
            first=one.month,
            last=one.month + one.months - 1,
            target=sectors.get(one.whom, one.whom) if isinstance(one.whom, str) else "all",
            place=one.whom if isinstance(one.whom, int) else None,
            data_loss=one.data,
            wealth_loss=one.wealth,
            attacks=one.attacks,
        )
        for one in scenario
    ]


# --- back to the package -----------------------------------------------------------------------


def to_arrays(society: people.Society) -> dict[str, np.ndarray]:
    """All stocks, and the flows made so far, by the package's paths."""
    found = _stocks(society)
    for item in fields(Flows):
        if item.name not in vars(society.flows):
            continue
        value = getattr(society.flows, item.name)
        if isinstance(value, dict):
            found |= {f"flows.{item.name}.{name}": np.asarray(one) for name, one in value.items()}
            continue
        value = np.asarray(value)
        if item.name in OF_FIRMS_HERE:
            value = value[[firm.place for firm in society.firms]]
        found[f"flows.{item.name}"] = value
    return found


def _stocks(society: people.Society) -> dict[str, np.ndarray]:
    groups = (
        ("citizens", society.citizens, CITIZEN),
        ("organizations", society.organizations, ORGANIZATION),
        ("firms", society.firms, FIRM),
        ("regions", society.regions, REGION),
    )
    found = {
        f"{group}.{name}": np.asarray([getattr(one, name) for one in members])
        for group, members, names in groups
        for name in names
    }
    found |= {name: np.asarray(getattr(society, name)) for name in SCALAR}
    found |= {
        f"controversy.{name}": np.asarray(getattr(society.controversy, name))
        for name in CONTROVERSY
    }
    found["links"] = np.asarray([agency.links for agency in society.agencies])
    found["aims"] = np.asarray(society.aims)
    return found


def package_arrays(record: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """All stocks of a society of the package, and the flows made so far, by path."""
    found: dict[str, np.ndarray] = {}
    if isinstance(record, dict):
        for name, value in record.items():
            found |= package_arrays(value, f"{prefix}{name}.")
    elif is_dataclass(record):
        for item in fields(record):
            found |= package_arrays(getattr(record, item.name), f"{prefix}{item.name}.")
    elif not isinstance(record, Unmade):
        found[prefix[:-1]] = np.asarray(record)
    return found


def to_package(society: people.Society, like: Society) -> Society:
    """The same society as arrays, of the kinds that another society of its world has."""
    arrays = to_arrays(society)
    for path in paths(like):
        like = put(like, path, jnp.asarray(arrays[path], get(like, path).dtype))
    made: dict[str, Any] = {}
    for path, value in arrays.items():
        if path.startswith("flows."):
            kind = jnp.float32 if value.dtype.kind == "f" else None
            _, name, *inner = path.split(".")
            if inner:
                made.setdefault(name, {})[inner[0]] = jnp.asarray(value, kind)
            else:
                made[name] = jnp.asarray(value, kind)
    return put(like, "flows", Flows(**made))
