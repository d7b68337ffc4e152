"""AgentTorch: the three works, each a substep over tensors of the whole population.

A model is a configuration: agents with properties, and substeps whose policies decide and whose
transitions change the state. The rumour's transition passes messages over the ties with PyTorch
Geometric, as AgentTorch's own epidemic does, in the fused form that the latter advises, over a
sparse matrix. The matrix is a fixed argument of the transition: a network in the state would be
copied at every substep. The runner keeps every state it has been through, as it always does; the
rumour's course is read from there. Errors in a policy are swallowed by AgentTorch and show as
missing actions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import protocol
import torch
from agent_torch.core import Registry, Runner
from agent_torch.core.helpers import get_by_path
from agent_torch.core.substep import (
    SubstepAction,
    SubstepTransition,
    SubstepTransitionMessagePassing,
)
from torch_geometric.utils import spmm


def read(state: dict[str, Any], path: str) -> torch.Tensor:
    """A property of the state, by its path."""
    return get_by_path(state, re.split("/", path))


def happens(chance: torch.Tensor) -> torch.Tensor:
    """Whether events of such chances happen."""
    return torch.rand(chance.shape) < chance


def meet(
    status: torch.Tensor,
    spread: torch.Tensor,
    know: torch.Tensor,
    beta: torch.Tensor,
    alpha: torch.Tensor,
) -> torch.Tensor:
    """The status after a month among so many who spread and who know."""
    told = (status == protocol.IGNORANT) & happens(1 - (1 - beta) ** spread)
    stifled = (status == protocol.SPREADER) & happens(1 - (1 - alpha * beta) ** know)
    return status + told.to(torch.int8) + stifled.to(torch.int8)


def begun(inputs: Mapping[str, np.ndarray]) -> torch.Tensor:
    """Everyone's status at step 0."""
    seeds = torch.from_numpy(inputs["seeds"].astype(np.int64))
    status = torch.zeros(int(inputs["agents"]), dtype=torch.int8)
    return status.index_fill(0, seeds, protocol.SPREADER)


def generated(name: str, make: Any) -> dict[str, Any]:
    """A property or argument that a registered function makes."""
    Registry.register_helper(name, "initialization")(lambda shape, arguments: make())
    return {
        "name": name,
        "shape": [1],
        "dtype": "int",
        "learnable": False,
        "value": None,
        "initialization_function": {"generator": name, "arguments": {}},
    }


def fixed(name: str, value: float) -> dict[str, Any]:
    """An argument that is a number."""
    return {
        "name": name,
        "shape": [1],
        "dtype": "float",
        "learnable": False,
        "value": value,
        "initialization_function": None,
    }


def function(name: str, reads: list[str], writes: list[str], arguments: Any = None) -> dict:
    """A policy or a transition over properties of the citizens and of the firms."""
    kinds = {one: "firms" if one in ("share", "data", "sales") else "citizens" for one in reads}
    paths = {one: f"agents/{kind}/{one}" for one, kind in kinds.items()}
    return {
        name: {
            "generator": name,
            "arguments": arguments,
            "input_variables": paths,
            "output_variables": writes,
        }
    }


@Registry.register_substep("choose_takers", "policy")
class ChooseTakers(SubstepAction):
    """Everyone who has a unit chooses whom to give one."""

    def forward(self, state: dict[str, Any], observation: Any) -> dict[str, torch.Tensor]:
        gives = read(state, self.input_variables["units"]) > 0
        return {"gives": gives, "takers": torch.randint(len(gives), (int(gives.sum()),))}


@Registry.register_substep("transfer", "transition")
class Transfer(SubstepTransition):
    """The units change hands."""

    def forward(self, state: dict[str, Any], action: Any) -> dict[str, torch.Tensor]:
        units = read(state, self.input_variables["units"])
        gives, takers = action["citizens"]["gives"], action["citizens"]["takers"]
        taken = torch.bincount(takers, minlength=len(units))
        return {self.output_variables[0]: (units - gives.int() + taken).int()}


@Registry.register_substep("tell", "transition")
class Tell(SubstepTransitionMessagePassing):
    """Maki-Thompson over the ties."""

    def message_and_aggregate(self, ties: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return spmm(ties, x, reduce="sum")

    def forward(self, state: dict[str, Any], action: Any) -> dict[str, torch.Tensor]:
        status = read(state, self.input_variables["status"])
        spreads, knows = status == protocol.SPREADER, status != protocol.IGNORANT
        sent = torch.stack((spreads, knows), dim=1).float()
        met = self.propagate(self.fixed_args["ties"], x=sent)
        beta, alpha = self.fixed_args["beta"], self.fixed_args["alpha"]
        return {self.output_variables[0]: meet(status, met[:, 0], met[:, 1], beta, alpha)}


@Registry.register_substep("live", "transition")
class Live(SubstepTransition):
    """The citizens' month, and the firms' sums of it."""

    def forward(self, state: dict[str, Any], action: Any) -> dict[str, torch.Tensor]:
        now = {name: read(state, path) for name, path in self.input_variables.items()}
        world = self.fixed_args
        uses, profile, trust, awareness = (
            now[name] for name in ("uses", "profile", "trust", "awareness")
        )
        count, many = len(uses), len(now["share"])
        everyone = torch.arange(count)
        pull = 0.35 * torch.log((many * now["share"] + 0.01) / 1.01) + world["quality"]

        def utility(who: torch.Tensor, firm: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
            taste = world["tastes"][(40503 * who + 30011 * firm) % 65536]
            wary = awareness[who]
            return pull[firm] + known - wary * known**2 + taste

        known = 1 - torch.exp(-profile)
        utilities = utility(everyone[:, None], uses, known)
        friend = world["kin"][everyone, torch.randint(8, (count,))]
        candidate = uses[friend, torch.randint(4, (count,))]
        offer = utility(everyone, candidate, torch.zeros(count))
        least, worst = utilities.min(dim=1)
        better = (offer > least + 0.3) & ~(uses == candidate[:, None]).any(dim=1)
        changes = better & (torch.rand(count) < 0.25)
        here = (torch.arange(4) == worst[:, None]) & changes[:, None]
        uses = torch.where(here, candidate[:, None], uses)
        utilities = torch.where(here, offer[:, None], utilities)
        profile, known = profile.masked_fill(here, 0), known.masked_fill(here, 0)

        attention = torch.softmax(utilities, dim=1)
        reached = attention * (world["reach"] * trust)[:, None]
        surplus = world["income"] - world["price"]
        bought = 0.1 * reached * (surplus >= 0)[:, None]
        taken = 0.8 * reached
        status = now["status"]
        kin = status[world["kin"]]
        spread, know = (kin == protocol.SPREADER).sum(1), (kin != protocol.IGNORANT).sum(1)
        status = meet(status, spread, know, world["beta"], world["alpha"])
        good = surplus.clamp(0, 1) + 0.5 * (attention * known).sum(dim=1)
        loss = 0.02 * (status == protocol.SPREADER) * trust

        def per_firm(amount: torch.Tensor) -> torch.Tensor:
            sums = torch.bincount(uses.flatten(), amount.flatten(), minlength=many)
            return sums / count

        return {
            "uses": uses,
            "profile": 0.95 * profile + taken,
            "trust": trust + 0.03 * good * (1 - trust) - loss,
            "awareness": 0.98 * awareness,
            "status": status,
            "share": per_firm(attention),
            "data": 0.97 * now["data"] + per_firm(taken),
            "sales": per_firm(bought),
        }


class Society:
    """A runner of one substep of the citizens, beside whom there may be firms."""

    def __init__(
        self, agents: int, properties: dict, policy: Any, transition: dict, firms: Any = None
    ) -> None:
        self.runner = Runner(
            {
                "simulation_metadata": {
                    "num_agents": agents,
                    "num_episodes": 1,
                    "num_steps_per_episode": 1,
                    "num_substeps_per_step": 1,
                    "device": "cpu",
                    "calibration": False,
                },
                "state": {
                    "environment": None,
                    "agents": {
                        "citizens": {"number": agents, "properties": properties},
                        "firms": {"number": 0, "properties": firms},
                    },
                    "objects": None,
                    "network": None,
                },
                "substeps": {
                    "0": {
                        "name": "month",
                        "active_agents": ["citizens"],
                        "observation": {"citizens": None},
                        "policy": {"citizens": policy},
                        "transition": transition,
                    }
                },
            },
            Registry(),
        )

    def start(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.runner.init()

    def step(self, steps: int) -> None:
        with torch.no_grad():
            self.runner.step(steps)


class Wealth(Society):
    """The wealth-transfer game."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        agents = int(inputs["agents"])
        units = generated("one_each", lambda: torch.ones(agents, dtype=torch.int32))
        policy = function("choose_takers", ["units"], ["gives", "takers"])
        super().__init__(
            agents, {"units": units}, policy, function("transfer", ["units"], ["units"])
        )

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(self.runner.state["agents"]["citizens"]["units"].numpy())


class Rumour(Society):
    """Maki-Thompson over the inputs' graph."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        agents, status = int(inputs["agents"]), begun(inputs)
        offsets, targets = map(torch.from_numpy, (inputs["offsets"], inputs["targets"]))
        size = (agents, agents)
        matrix = torch.sparse_csr_tensor(offsets, targets, torch.ones(len(targets)), size)
        arguments = {
            "ties": generated("ties", lambda: matrix),
            "beta": fixed("beta", float(inputs["beta"])),
            "alpha": fixed("alpha", float(inputs["alpha"])),
        }
        transition = function("tell", ["status"], ["status"], arguments)
        super().__init__(agents, {"status": generated("seeded", status.clone)}, None, transition)

    def answer(self) -> dict[str, float]:
        course = [one[-1]["agents"]["citizens"]["status"] for one in self.runner.state_trajectory]
        spreaders = [float((one == protocol.SPREADER).float().mean()) for one in course[1:]]
        ignorant = float((course[-1] == protocol.IGNORANT).float().mean())
        return protocol.rumour_answer(ignorant, spreaders)


class Citizens(Society):
    """The citizens' month."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        agents, firms = int(inputs["agents"]), int(inputs["firms"])
        uses = torch.from_numpy(inputs["uses"].astype(np.int64))
        citizens = {
            "uses": uses,
            "profile": torch.zeros(uses.shape),
            "trust": torch.full((agents,), 0.6),
            "awareness": torch.full((agents,), 0.1),
            "status": begun(inputs),
        }
        sums = {
            "share": torch.full((firms,), 1 / firms, dtype=torch.float32),
            "data": torch.zeros(firms),
            "sales": torch.zeros(firms),
        }
        given = ("kin", "income", "reach", "quality", "tastes")
        arguments = {name: torch.from_numpy(inputs[name]) for name in given}
        arguments["kin"] = arguments["kin"].long()
        numbers = {name: fixed(name, float(inputs[name])) for name in ("price", "beta", "alpha")}

        def properties(values: dict[str, torch.Tensor]) -> dict[str, Any]:
            return {name: generated(name, value.clone) for name, value in values.items()}

        names = [*citizens, *sums]
        transition = function("live", names, names, {**properties(arguments), **numbers})
        super().__init__(agents, properties(citizens), None, transition, properties(sums))

    def answer(self) -> dict[str, float]:
        citizens, firms = (self.runner.state["agents"][kind] for kind in ("citizens", "firms"))
        means = {name: citizens[name].mean() for name in ("trust", "awareness", "profile")}
        heard = (citizens["status"] != protocol.IGNORANT).float().mean()
        totals = {name: firms[name].sum() for name in ("data", "sales")}
        answer = {**means, "top": firms["share"].max(), **totals, "heard": heard}
        return {name: float(value) for name, value in answer.items()}


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("agent-torch"))
