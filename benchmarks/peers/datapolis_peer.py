"""The three works in datapolis: one mechanism of a user's own, and the package's own mechanisms.

wealth     `transfer`, a mechanism of a user's own with a state of its own.
rumour     datapolis.model.mechanisms.rumours alone, over strong ties as wide as the largest degree.
citizens   attention, pricing, collection, rumours and trust, with one price for all, candidates
           from kin alone and consent to everything. Trust reads harm, which breaches make;
           `harmless` makes none. They do more than the work asks: price tables and undercutting,
           comparisons of prices with kin, steering, discrimination, laxity, awakening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import protocol

import datapolis as dp
from datapolis.core.declare import writes
from datapolis.core.parameters import (
    Attention,
    Collection,
    Parameters,
    Pricing,
    Rumours,
    Technology,
)
from datapolis.core.parameters import Trust as Trusting
from datapolis.core.policy import Policy
from datapolis.model.indices import Index, find
from datapolis.model.mechanisms import attention, collection, pricing, rumours, trust
from datapolis.model.noise import noise
from datapolis.model.simulation import Run
from datapolis.model.society import SPREADING, UNHEARD, Society

NOBODY = 1  # places for weak ties, none of them taken


@writes("own.transfer", state=lambda world, key: jnp.ones(world.sizes.citizens, jnp.int32))
def transfer(
    society: Society, world: dp.World, parameters: Parameters, levers: Any, key: jax.Array
) -> Society:
    """Let everyone who has a unit give one to somebody."""
    wealth, many, identity = society.own["transfer"], world.sizes.citizens, world.citizens.identity
    gives = (wealth > 0).astype(wealth.dtype)
    high, low = noise(key, identity, 0) * 2**23, noise(key, identity, 1) * 2**9
    bits = high.astype(jnp.uint32) * 2**9 + low.astype(jnp.uint32)  # thirty-two, for large worlds
    whom = (bits % many).astype(jnp.int32)
    wealth = (wealth - gives).at[whom].add(gives, mode="promise_in_bounds")
    return replace(society, own={**society.own, "transfer": wealth})


@writes("flows.harm")
def harmless(
    society: Society, world: dp.World, parameters: Parameters, levers: Any, key: jax.Array
) -> Society:
    """A month in which no data leak."""
    nothing = jnp.zeros(world.sizes.citizens, jnp.float32)
    return replace(society, flows=replace(society.flows, harm=nothing))


NOTHING = Index(
    "nothing",
    lambda society, world: jnp.mean(society.own["transfer"] == 0),
    "share",
    (),
    "wealth",
    "Citizens without a unit.",
)


REVENUE = Index(
    "revenue",
    lambda society, world: jnp.sum(society.flows.revenue),
    "income per citizen",
    (),
    "prices",
    "What firms earn in the month.",
)


class Simulated:
    """A run of some mechanisms, begun anew for each seed."""

    mechanisms: Sequence[Callable[..., Society]]
    record: Sequence[str | Index]
    world: dp.World
    parameters = Parameters()
    run: Run

    def society(self, seed: int) -> Society | None:
        """The society to begin with; the world's own if None."""
        return None

    def start(self, seed: int) -> None:
        self.run = Run.begin(
            self.world,
            months=1200,
            seeds=seed,
            parameters=self.parameters,
            policies=Policy(),
            mechanisms=self.mechanisms,
            record=[find(one) if isinstance(one, str) else one for one in self.record],
            start=self.society(seed),
        )
        jax.block_until_ready(self.run.carry)

    def step(self, steps: int) -> None:
        self.run.months = self.run.month + steps
        while self.run.month < self.run.months:
            self.run.advance()
        jax.block_until_ready(self.run.carry)


class Wealth(Simulated):
    """The wealth-transfer game."""

    mechanisms = (transfer,)
    record = (NOTHING,)

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.world = dp.World.generate(int(inputs["agents"]), seed=1)

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(np.asarray(self.run.society.own["transfer"]))


def padded(offsets: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The neighbours of each in a row as long as the longest, -1 for none."""
    degree = np.diff(offsets)
    rows = np.full((len(degree), int(degree.max())), -1, np.int32)
    rows[np.arange(rows.shape[1]) < degree[:, None]] = targets
    return rows


def seeded(society: Society, seeds: np.ndarray) -> Society:
    """The same society, in which the seeds spread a rumour."""
    state = society.citizens.rumour.at[jnp.asarray(seeds)].set(SPREADING)
    return replace(society, citizens=replace(society.citizens, rumour=state))


def tied(agents: int, ties: np.ndarray, **sizes: int) -> dp.World:
    """A world whose citizens have these strong ties, and no weak ones."""
    world = dp.World.generate(agents, seed=1, **sizes)
    none = jnp.full((agents, NOBODY), -1, jnp.int32)
    citizens = replace(world.citizens, strong=jnp.asarray(ties), weak=none)
    return replace(world, citizens=citizens)


def telling(inputs: Mapping[str, np.ndarray]) -> Rumours:
    """The rumour of the contract: nobody forgets, and no other one begins."""
    return Rumours(
        strong_transmission=float(inputs["beta"]),
        stifling=float(inputs["alpha"]),
        forgetting=0.0,
        rate=0.0,
    )


class Rumour(Simulated):
    """The rumour on a random graph."""

    mechanisms = (rumours,)
    record = ("rumour_heard", "rumour_spreading")

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        ties = padded(inputs["offsets"], inputs["targets"])
        self.world = tied(int(inputs["agents"]), ties)
        self.parameters = Parameters(rumours=telling(inputs))
        self.seeds = inputs["seeds"]

    def society(self, seed: int) -> Society:
        return seeded(Society.start(self.world, self.parameters, jax.random.key(seed)), self.seeds)

    def answer(self) -> dict[str, float]:
        values = self.run.values()
        return protocol.rumour_answer(
            1.0 - float(values["rumour_heard"][-1]), list(values["rumour_spreading"])
        )


class Citizens(Simulated):
    """The citizens' part of the month."""

    mechanisms = (attention, pricing, collection, rumours, harmless, trust)
    record = (REVENUE,)

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        agents, firms = int(inputs["agents"]), int(inputs["firms"])
        world = tied(agents, inputs["kin"], regions=1, firms=firms, firm_places=firms)
        traits = replace(
            world.citizens,
            income=jnp.asarray(inputs["income"]),
            rank=jnp.asarray(inputs["rank"]),
        )
        endowment = replace(
            world.endowment,
            uses=jnp.asarray(inputs["uses"]),
            quality=jnp.asarray(inputs["quality"]),
        )
        self.world = replace(world, citizens=traits, endowment=endowment)
        self.seeds, self.price = inputs["seeds"], float(inputs["price"])
        self.parameters = Parameters(
            technology=Technology(start=0.35, half_reach=0.35),  # communication reaches half
            attention=Attention(
                quality_effect=0.0,
                price_concern=0.0,
                social=1.0,
                steering=0.0,
                trust_elasticity=1.0,
            ),
            pricing=Pricing(segments=1.0, rivalry=0.0),
            collection=Collection(consent=50.0),
            rumours=telling(inputs),
            trust=Trusting(known_lesson=0.0),
        )

    def society(self, seed: int) -> Society:
        world = self.world
        society = Society.start(world, self.parameters, jax.random.key(seed))
        organizations, firms = society.organizations, society.firms
        return seeded(
            replace(
                society,
                organizations=replace(
                    organizations,
                    skill=jnp.full_like(organizations.skill, 0.5),
                    data=jnp.zeros_like(organizations.data),
                ),
                firms=replace(firms, user_share=jnp.full(world.sizes.firms, 1 / world.sizes.firms)),
            ),
            self.seeds,
        )

    def answer(self) -> dict[str, float]:
        society, world = self.run.society, self.world
        citizens = society.citizens
        return {
            "trust": float(jnp.mean(citizens.trust)),
            "awareness": float(jnp.mean(citizens.awareness)),
            "profile": float(jnp.mean(citizens.profile)),
            "top": float(jnp.max(society.firms.user_share)),
            "data": float(jnp.sum(society.organizations.data[world.sizes.market])),
            "sales": float(self.run.values()["revenue"][-1]) / (self.price - Pricing().cost),
            "heard": float(jnp.mean(citizens.rumour != UNHEARD)),
        }


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("datapolis"))
