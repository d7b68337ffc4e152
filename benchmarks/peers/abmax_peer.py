"""abmax: the three works, each a step function of one agent, mapped over a set and scanned.

An agent reads its own state, its signal, and, in the step's parameters, what all others were at the
step's start; what flows between agents is summed between two calls of `step_agents`, as in abmax's
own models, and a society's steps are one `scan`. Every agent draws from a key of its own. abmax has
no networks: the contacts of the rumour are sums over the ties, handed to each agent as its signal.

The sets are made by mapping `create_agent` over keys split at once. abmax's `create_agents` does
the same, but unpacks the keys one by one, which takes minutes for a million agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import protocol
from abmax.functions import jit_step_agents
from abmax.structs import Agent, Params, Set, Signal, State
from flax import struct

IGNORANT, SPREADER = protocol.IGNORANT, protocol.SPREADER


@partial(jax.jit, static_argnums=(0, 1))
def people(kind: type[Agent], count: int, params: dict[str, Any], seed: int) -> Set:
    """A set of so many agents, with their own parameters, [agent, ...] each."""
    keys = jax.random.split(jax.random.key(seed), count)
    create = jax.vmap(kind.create_agent, in_axes=(None, 0, 0, 0, 0))
    agents = create(0, Params(params), jnp.arange(count), jnp.ones(count, bool), keys)
    return Set(count, count, agents, 0, 0, params=None, state=None, policy=None, key=None)


def agent(
    kind: type[Agent], params: Params, place: Any, active: Any, key: Any, **state: Any
) -> Any:
    """An agent with such a state."""
    return kind(place, active, 0.0, 0, params, State(state), policy=None, key=key)


def contact(status: Any, spread: Any, know: Any, draw: Any, beta: Any, alpha: Any) -> Any:
    """The status after a month among so many who spread and who know."""
    told = (status == IGNORANT) & (draw < 1 - (1 - beta) ** spread)
    stifled = (status == SPREADER) & (draw < 1 - (1 - alpha * beta) ** know)
    return status + told + stifled


@struct.dataclass
class Giver(Agent):
    """One who gives a unit away."""

    @staticmethod
    def create_agent(kind: Any, params: Params, place: Any, active: Any, key: Any) -> Giver:
        return agent(Giver, params, place, active, key, units=1, gives=False, taker=place)

    @staticmethod
    def choose(me: Giver, signal: None, params: Params) -> Giver:
        key, draw = jax.random.split(me.key)
        units = me.state.content["units"]
        taker = jax.random.randint(draw, (), 0, params.content["agents"])
        return me.replace(
            key=key, state=State({"units": units, "gives": units > 0, "taker": taker})
        )

    @staticmethod
    def settle(me: Giver, signal: Signal, params: None) -> Giver:
        mine = me.state.content
        units = mine["units"] - mine["gives"] + signal.content["taken"]
        return me.replace(state=State({**mine, "units": units}))


@partial(jax.jit, static_argnums=1)
def game(givers: Set, steps: int) -> Set:
    """So many steps of the wealth-transfer game."""
    count = givers.agents.id.shape[0]

    def step(givers: Set, _: None) -> tuple[Set, None]:
        givers = jit_step_agents(Giver.choose, Params({"agents": count}), None, givers)
        chosen = givers.agents.state.content
        taken = jnp.zeros(count, int).at[chosen["taker"]].add(chosen["gives"])
        return jit_step_agents(Giver.settle, None, Signal({"taken": taken}), givers), None

    return jax.lax.scan(step, givers, length=steps)[0]


class Wealth:
    """The wealth-transfer game."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.agents = int(inputs["agents"])

    def start(self, seed: int) -> None:
        self.givers = None
        self.givers = people(Giver, self.agents, {}, seed)

    def step(self, steps: int) -> None:
        self.givers = jax.block_until_ready(game(self.givers, steps))

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(np.asarray(self.givers.agents.state.content["units"]))


@struct.dataclass
class Hearer(Agent):
    """One whom a rumour may reach."""

    @staticmethod
    def create_agent(kind: Any, params: Params, place: Any, active: Any, key: Any) -> Hearer:
        status = params.content["status"]
        return agent(Hearer, Params({}), place, active, key, status=status)

    @staticmethod
    def hear(me: Hearer, signal: Signal, params: Params) -> Hearer:
        key, draw = jax.random.split(me.key)
        met = signal.content
        status = contact(
            me.state.content["status"],
            met["spread"],
            met["know"],
            jax.random.uniform(draw),
            **params.content,
        )
        return me.replace(key=key, state=State({"status": status}))


@partial(jax.jit, static_argnums=2)
def rumour(hearers: Set, ties: Any, steps: int, params: Params) -> tuple[Set, Any]:
    """So many months of a rumour, and the share of spreaders after each."""
    count = hearers.agents.id.shape[0]

    def step(hearers: Set, _: None) -> tuple[Set, Any]:
        status = hearers.agents.state.content["status"]
        sent = jnp.stack([status == SPREADER, status != IGNORANT], axis=1).astype(jnp.float32)
        met = jax.ops.segment_sum(sent[ties[1]], ties[0], count, indices_are_sorted=True)
        signal = Signal({"spread": met[:, 0], "know": met[:, 1]})
        hearers = jit_step_agents(Hearer.hear, params, signal, hearers)
        return hearers, jnp.mean(hearers.agents.state.content["status"] == SPREADER)

    return jax.lax.scan(step, hearers, length=steps)


def begun(inputs: Mapping[str, np.ndarray]) -> Any:
    """Everyone's status at step 0."""
    return jnp.zeros(int(inputs["agents"]), int).at[inputs["seeds"]].set(SPREADER)


class Rumour:
    """Maki-Thompson over the inputs' graph."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.status = begun(inputs)
        hearers = np.repeat(np.arange(len(self.status)), np.diff(inputs["offsets"]))
        self.ties = jnp.asarray(hearers, jnp.int32), jnp.asarray(inputs["targets"])
        self.params = Params({name: jnp.float32(inputs[name]) for name in ("beta", "alpha")})

    def start(self, seed: int) -> None:
        self.hearers = None
        self.hearers = people(Hearer, len(self.status), {"status": self.status}, seed)

    def step(self, steps: int) -> None:
        done = rumour(self.hearers, self.ties, steps, self.params)
        self.hearers, self.course = jax.block_until_ready(done)

    def answer(self) -> dict[str, float]:
        ignorant = float(jnp.mean(self.hearers.agents.state.content["status"] == IGNORANT))
        return protocol.rumour_answer(ignorant, self.course.tolist())


@struct.dataclass
class Citizen(Agent):
    """One who uses four firms and hears from eight kin."""

    @staticmethod
    def create_agent(kind: Any, params: Params, place: Any, active: Any, key: Any) -> Citizen:
        own = dict(params.content)
        zeros = jnp.zeros(own["uses"].shape, jnp.float32)
        state = {
            "uses": own.pop("uses"),
            "status": own.pop("status"),
            "profile": zeros,
            "attention": zeros,
            "taken": zeros,
            "bought": zeros,
            "trust": jnp.float32(0.6),
            "awareness": jnp.float32(0.1),
        }
        return agent(Citizen, Params(own), place, active, key, **state)

    @staticmethod
    def month(me: Citizen, signal: None, params: Params) -> Citizen:
        mine, own, world = me.state.content, me.params.content, params.content
        key, draw = jax.random.split(me.key)
        sees, friend, slot, heard = jax.random.uniform(draw, (4,))
        uses, profile, trust, awareness = (
            mine[name] for name in ("uses", "profile", "trust", "awareness")
        )

        def utility(firm: Any, known: Any) -> Any:
            taste = me.id.astype(jnp.uint32) * 40503 + firm.astype(jnp.uint32) * 30011
            pull = known - awareness * known**2
            return world["draw"][firm] + pull + world["tastes"][taste % 65536]

        known = 1 - jnp.exp(-profile)
        utilities = utility(uses, known)
        other = own["kin"][(friend * 8).astype(int)]
        candidate = world["uses"][other, (slot * 4).astype(int)]
        offer, worst = utility(candidate, jnp.float32(0)), jnp.argmin(utilities)
        better = (offer > utilities[worst] + 0.3) & ~jnp.any(uses == candidate)
        here = (jnp.arange(4) == worst) & better & (sees < 0.25)
        uses, utilities = jnp.where(here, candidate, uses), jnp.where(here, offer, utilities)
        profile, known = jnp.where(here, 0, profile), jnp.where(here, 0, known)

        attention = jax.nn.softmax(utilities)
        online = own["reach"] * trust
        surplus = own["income"] - world["price"]
        taken = 0.8 * attention * online
        kin = world["status"][own["kin"]]
        status = contact(
            mine["status"],
            jnp.sum(kin == SPREADER),
            jnp.sum(kin != IGNORANT),
            heard,
            world["beta"],
            world["alpha"],
        )
        good = jnp.minimum(1, jnp.maximum(0, surplus)) + 0.5 * jnp.sum(attention * known)
        loss = 0.02 * (status == SPREADER) * trust
        state = {
            "uses": uses,
            "status": status,
            "profile": 0.95 * profile + taken,
            "attention": attention,
            "taken": taken,
            "bought": 0.1 * attention * online * (surplus >= 0),
            "trust": trust + 0.03 * good * (1 - trust) - loss,
            "awareness": 0.98 * awareness,
        }
        return me.replace(key=key, state=State(state))


@struct.dataclass
class Firm(Agent):
    """One who is used and records."""

    @staticmethod
    def create_agent(kind: Any, params: Params, place: Any, active: Any, key: Any) -> Firm:
        share = params.content["share"]
        zero = jnp.float32(0)
        return agent(Firm, params, place, active, key, share=share, data=zero, sales=zero)

    @staticmethod
    def month(me: Firm, signal: Signal, params: None) -> Firm:
        flows = signal.content
        data = 0.97 * me.state.content["data"] + flows["taken"]
        state = {"share": flows["attention"], "data": data, "sales": flows["bought"]}
        return me.replace(state=State(state))


@partial(jax.jit, static_argnums=2)
def months(citizens: Set, firms: Set, steps: int, world: Params) -> tuple[Set, Set]:
    """So many months of citizens and firms."""
    count, many = citizens.agents.id.shape[0], firms.agents.id.shape[0]

    def step(both: tuple[Set, Set], _: None) -> tuple[tuple[Set, Set], None]:
        citizens, firms = both
        before, share = citizens.agents.state.content, firms.agents.state.content["share"]
        pull = 0.35 * jnp.log((many * share + 0.01) / 1.01)
        seen = {
            "draw": pull + firms.agents.params.content["quality"],
            "uses": before["uses"],
            "status": before["status"],
        }
        params = Params({**world.content, **seen})
        citizens = jit_step_agents(Citizen.month, params, None, citizens)
        after = citizens.agents.state.content
        uses = after["uses"].reshape(-1)
        flows = {
            name: jnp.zeros(many).at[uses].add(after[name].reshape(-1)) / count
            for name in ("attention", "taken", "bought")
        }
        return (citizens, jit_step_agents(Firm.month, None, Signal(flows), firms)), None

    return jax.lax.scan(step, (citizens, firms), length=steps)[0]


class Citizens:
    """The citizens' month."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.agents, self.firms = int(inputs["agents"]), int(inputs["firms"])
        own = {name: jnp.asarray(inputs[name]) for name in ("kin", "income", "reach")}
        uses = jnp.asarray(inputs["uses"], jnp.int32)
        self.own = {**own, "uses": uses, "status": begun(inputs)}
        world = ("tastes", "price", "beta", "alpha")
        self.world = Params({name: jnp.asarray(inputs[name], jnp.float32) for name in world})
        share = jnp.full(self.firms, 1 / self.firms)
        self.firm = {"quality": jnp.asarray(inputs["quality"]), "share": share}

    def start(self, seed: int) -> None:
        self.society = None
        self.society = (
            people(Citizen, self.agents, self.own, seed),
            people(Firm, self.firms, self.firm, seed),
        )

    def step(self, steps: int) -> None:
        self.society = jax.block_until_ready(months(*self.society, steps, self.world))

    def answer(self) -> dict[str, float]:
        citizens, firms = (one.agents.state.content for one in self.society)
        means = {name: citizens[name].mean() for name in ("trust", "awareness", "profile")}
        sums = {name: firms[name].sum() for name in ("data", "sales")}
        heard = jnp.mean(citizens["status"] != IGNORANT)
        answer = {**means, "top": firms["share"].max(), **sums, "heard": heard}
        return {name: float(value) for name, value in answer.items()}


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("abmax"))
