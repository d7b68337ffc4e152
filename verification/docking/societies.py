"""Societies in which much happens: what the two models are held against each other on.

All have the same sizes, so that the package compiles each mechanism once. They differ in seed,
parameters, levers, shocks, and in what was made rare or unequal on purpose: missing ties, openness
that differs, firms at the edge of ruin, linked agencies, a firm with most users.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from datapolis.core.parameters import DECLARED, Parameters
from datapolis.core.policy import LEVERS, Levers
from datapolis.core.scenario import Shock, shocks
from datapolis.model.month import MONTH, Mechanism, apply_shocks, put
from datapolis.model.noise import stream
from datapolis.model.society import Flows, Society
from datapolis.model.world import World

CITIZENS = 400
SIZES = {
    "regions": 4,
    "departments": 3,
    "firms": 16,
    "firm_places": 20,
    "associations": 6,
    "slots": 4,
}

BUSY = {  # everything that can happen happens soon
    "resources.entry": 0.3,
    "resources.merger": 1.0,
    "resources.ruin": 1e-4,
    "resources.entrant_wealth": 1e-5,
    "resources.offline": 0.0,
    "breaches.attack_rate": 0.09,
    "breaches.loss": 10.0,
    "breaches.liability": 0.1,
    "breaches.vulnerability": 1.0,
    "breaches.reference_data": 1.0,
    "breaches.contagion": 0.5,
    "absorption.government": 0.15,
    "absorption.peers": 0.6,
    "ties.adaptation": 0.2,
    "exchange.shared": 0.1,
    "exchange.linkage": 0.6,
    "exchange.link_review": 0.3,
    "exchange.link_lapse": 0.3,
    "exchange.hoarding_rent": 0.1,
    "exchange.data_price": 0.1,
    "law.move": 0.1,
    "rumours.rate": 1.0,
    "rumours.seed": 0.01,
    "rumours.strong_transmission": 0.3,
    "trust.threshold": 0.3,
    "technology.start": 0.3,
    "law.lag": 24.0,
    "attention.reconsideration": 0.5,
    "attention.steering": 0.8,
    "attention.social": 0.5,
    "pricing.tolerance": 0.0,
}

FALLING = {  # what ends: firms are bought, links lapse, rumours die at once
    "resources.merger": 1.0,
    "exchange.link_lapse": 0.3,
    "exchange.hoarding_rent": 1.0,
    "exchange.link_cost": 0.5,
    "rumours.rate": 0.5,
    "rumours.seed": 1e-4,
}


@dataclass(frozen=True)
class Case:
    """A society to compare on: how it came about, and what acts on it."""

    name: str
    seed: int
    months: int
    """How long it has lived when it is looked at."""
    values: Mapping[str, float] = field(default_factory=dict)
    levers: Mapping[str, float] = field(default_factory=dict)
    scenario: Sequence[Shock] = ()
    unequal: bool = False
    """Whether it begins with rich and ruined firms, linked agencies and one large firm."""
    marred: bool = False
    """Whether citizens lack ties, and organizations differ in openness."""
    other_sizes: Mapping[str, int] = field(default_factory=dict)
    """Sizes that are not those of the others: the package compiles anew for these."""

    @property
    def world(self) -> World:
        """What is fixed."""
        world = World.generate(CITIZENS, seed=self.seed, **{**SIZES, **self.other_sizes})
        return _marred(world, self.seed) if self.marred else world

    @property
    def parameters(self) -> Parameters:
        """Constants, each as near to what was said as the package's precision allows."""
        return _single(Parameters().set(self.values))

    @property
    def policy(self) -> Levers:
        """Levers, in the package's precision too."""
        return _single(replace(Levers(), **self.levers))


def _single(record: Any) -> Any:
    return jax.tree.map(lambda value: float(np.float32(value)), record)


def drawn(number: int, seed: int = 1) -> list[dict[str, float]]:
    """Parameters drawn evenly from their declared ranges."""
    from scipy.stats import qmc

    paths = list(DECLARED)
    sample = qmc.LatinHypercube(len(paths), rng=np.random.default_rng(seed)).random(number)
    return [
        {
            path: DECLARED[path].low + (DECLARED[path].high - DECLARED[path].low) * float(level)
            for path, level in zip(paths, row, strict=True)
        }
        for row in sample
    ]


def cases() -> list[Case]:
    """The societies of the docking by mechanism."""
    every = dict.fromkeys(LEVERS, 0.3)
    blows = (
        Shock(month=13, whom="largest", data=0.5, attacks=3.0, months=3),
        Shock(month=14, whom="market", wealth=0.2, months=2),
        Shock(month=14, whom=3, data=0.1, wealth=0.1),
    )
    fixed = [
        Case("newborn", 5, 0),
        Case("newborn, unequal", 6, 0, {"trust.threshold": 0.4}, unequal=True),
        Case("of takeovers and lapses", 8, 2, FALLING, unequal=True),
        Case("as it is", 0, 30),
        Case("marred", 1, 40, {"technology.start": 0.2}, marred=True),
        Case("busy", 2, 12, BUSY, every, unequal=True),
        Case(
            "busy, two tellers, antitrust",
            3,
            2,
            {**BUSY, "rumours.tellers": 2.0, "resources.ruin": 1e-6, "pricing.fine": 20.0},
            {"antitrust": 1.0, "data_sharing": 1.0, "data_mindset": 1.0, "privacy_law": 1.0},
            unequal=True,
            marred=True,
        ),
        Case("busy, struck", 4, 13, BUSY, {"portability": 0.5}, blows, unequal=True),
    ]
    luck = np.random.default_rng(7)
    return fixed + [
        Case(
            f"drawn {number}",
            10 + number,
            18,
            values,
            {name: float(luck.random()) for name in LEVERS},
            unequal=number % 2 == 0,
            marred=number % 3 == 0,
        )
        for number, values in enumerate(drawn(7))
    ]


def cases_of_other_sizes() -> list[Case]:
    """Societies at the edges of what sizes may be; they take longer."""
    values = {**BUSY, "attention.reconsideration": 1.0}
    return [
        Case(
            "one slot, one region",
            20,
            10,
            values,
            {"antitrust": 0.9},
            unequal=True,
            other_sizes={"slots": 1, "regions": 1},
        ),
        Case(
            "every place taken",
            21,
            10,
            {**BUSY, "resources.merger": 0.1, "resources.ruin": 1e-6},
            {"antitrust": 1.0, "pricing_ban": 0.8},
            unequal=True,
            marred=True,
            other_sizes={"firms": 20, "slots": 6, "associations": 1},
        ),
    ]


def _marred(world: World, seed: int) -> World:
    luck = np.random.default_rng(seed)
    citizens, organizations = world.citizens, world.organizations

    def thinned(ties: Any, part: float) -> Any:
        ties = np.array(ties)
        ties[luck.random(ties.shape) < part] = -1
        ties[luck.random(len(ties)) < 0.02] = -1
        return jnp.asarray(ties)

    openness = np.exp(luck.standard_normal(world.sizes.organizations)).astype(np.float32)
    return replace(
        world,
        citizens=replace(
            citizens, strong=thinned(citizens.strong, 0.2), weak=thinned(citizens.weak, 0.2)
        ),
        organizations=replace(organizations, openness=jnp.asarray(openness)),
    )


def _unequal(society: Society, world: World, seed: int) -> Society:
    luck, part = np.random.default_rng(seed), world.sizes.market
    wealth = np.array(society.organizations.wealth)
    wealth[part] *= np.exp(2 * luck.standard_normal(world.sizes.firms)).astype(np.float32)
    wealth[part][luck.integers(world.sizes.firms)] = 1.0
    uses = np.array(society.citizens.uses)
    most = 5  # a firm that four in five use
    without = ~np.any(uses == most, axis=1) & (luck.random(len(uses)) < 0.8)
    uses[without, 0] = most
    share = np.bincount(uses.ravel(), minlength=world.sizes.firms) / uses.size
    found = {
        "organizations.wealth": wealth,
        "organizations.security": np.full(len(wealth), 0.01),
        "citizens.uses": uses,
        "citizens.profile": luck.random(uses.shape),
        "citizens.awake": luck.random(len(uses)) < 0.3,
        "firms.user_share": share,
        "links": (luck.random(society.links.shape) < 0.3) & (world.organizations.peers >= 0),
        "technology": np.maximum(society.technology, 0.3),
    }
    for path, value in found.items():
        record = society
        for name in path.split("."):
            record = getattr(record, name)
        society = put(society, path, jnp.asarray(value, record.dtype))
    return society


# --- the package's months ------------------------------------------------------------------------


@cache
def compiled(mechanism: Mechanism) -> Any:
    """A mechanism compiled alone."""
    return jax.jit(mechanism)


@cache
def _struck() -> Any:
    return jax.jit(apply_shocks)


@cache
def _start() -> Any:
    return jax.jit(Society.start)


def born(case: Case) -> Society:
    """The society at month 0."""
    key = stream(jax.random.key(case.seed), "start")
    society: Society = _start()(case.world, case.parameters, key)
    return _unequal(society, case.world, case.seed) if case.unequal else society


def stages(
    case: Case, world: World, society: Society, month: int
) -> Iterator[tuple[str, Society, Society]]:
    """One month of the package: the name of each step, and the society before and after it."""
    key = jax.random.fold_in(jax.random.key(case.seed), month)
    before = replace(society, flows=Flows())
    after = _struck()(before, world, shocks(case.scenario), jnp.int32(month))
    yield "shocks", before, after
    constants, policy = case.parameters, case.policy
    for mechanism in MONTH:
        name, before = mechanism.__name__, after
        after = compiled(mechanism)(before, world, constants, policy, stream(key, name))
        yield name, before, after


def lived(case: Case, world: World) -> Society:
    """The society after its months, without flows."""
    society = born(case)
    for month in range(case.months):
        *_, (_, _, society) = stages(case, world, society, month)
    return replace(society, flows=Flows())
