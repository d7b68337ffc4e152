"""The three works on AgentPy, agent by agent, in lists that are told what to do.

Simultaneous updates are two calls of a list: first all look, then all act; what a rumour changes is
noted and done at the step's end.
"""

from __future__ import annotations

from collections.abc import Mapping

import agentpy
import numpy as np
import protocol
from people import IGNORANT, SPREADER, STIFLER, PlainCitizen, PlainFirm


class Modelled:
    """A model, made anew for each seed and set up before the clock starts."""

    kind: type[agentpy.Model]
    model: agentpy.Model

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.inputs = dict(inputs)

    def start(self, seed: int) -> None:
        self.model = self.kind({"inputs": self.inputs, "seed": seed})
        self.model.sim_setup(steps=10_000)

    def step(self, steps: int) -> None:
        for _ in range(steps):
            self.model.sim_step()


class Giver(agentpy.Agent):
    """One who gives a unit away."""

    def setup(self) -> None:
        self.wealth = 1

    def decide(self) -> None:
        self.gives = self.wealth > 0

    def give(self) -> None:
        if self.gives:
            self.wealth -= 1
            self.model.random.choice(self.model.people).wealth += 1


class Game(agentpy.Model):
    """The wealth-transfer game."""

    def setup(self) -> None:
        self.people = agentpy.AgentList(self, int(self.p.inputs["agents"]), Giver)

    def step(self) -> None:
        self.people.decide()
        self.people.give()


class Wealth(Modelled):
    """The wealth-transfer game."""

    kind = Game

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(np.array(list(self.model.people.wealth)))


class Listener(agentpy.Agent):
    """One who hears a rumour, tells it, and loses interest."""

    def setup(self) -> None:
        self.state = IGNORANT

    def tell(self) -> None:
        if self.state != SPREADER:
            return
        model, met = self.model, 0
        random = model.random.random
        for other in self.friends:
            if other.state != IGNORANT:
                met += 1
            elif random() < model.beta:
                model.told.append(other)
        if random() > model.keeps_on**met:
            model.bored.append(self)


class Talk(agentpy.Model):
    """The rumour on a random graph."""

    def setup(self) -> None:
        inputs = self.p.inputs
        self.beta = float(inputs["beta"])
        self.keeps_on = 1.0 - float(inputs["alpha"]) * self.beta
        self.people = agentpy.AgentList(self, int(inputs["agents"]), Listener)
        people = list(self.people)
        offsets, targets = inputs["offsets"].tolist(), inputs["targets"].tolist()
        for place, one in enumerate(people):
            one.friends = [people[other] for other in targets[offsets[place] : offsets[place + 1]]]
        for place in inputs["seeds"].tolist():
            people[place].state = SPREADER
        self.ignorant = len(people) - len(inputs["seeds"])
        self.spreading = len(inputs["seeds"])
        self.history: list[float] = []

    def step(self) -> None:
        self.told: list[Listener] = []
        self.bored: list[Listener] = []
        self.people.tell()
        heard = set(self.told)
        for one in heard:
            one.state = SPREADER
        for one in self.bored:
            one.state = STIFLER
        self.ignorant -= len(heard)
        self.spreading += len(heard) - len(self.bored)
        self.history.append(self.spreading / len(self.people))


class Rumour(Modelled):
    """The rumour on a random graph."""

    kind = Talk

    def answer(self) -> dict[str, float]:
        model = self.model
        return protocol.rumour_answer(model.ignorant / len(model.people), model.history)


class Firm(PlainFirm, agentpy.Agent):
    """One of the firms that citizens use."""

    def setup(self, number: int, quality: float) -> None:
        self.open(number, quality)


class Citizen(PlainCitizen, agentpy.Agent):
    """One who chooses, buys, is recorded, hears and trusts."""

    def setup(self, place: int, income: float, reach: float, uses: list[PlainFirm]) -> None:
        self.enter(place, income, reach, uses)


class Country(agentpy.Model):
    """Citizens and firms."""

    def setup(self) -> None:
        inputs = self.p.inputs
        self.price, beta = float(inputs["price"]), float(inputs["beta"])
        self.silent, self.keeps_on = 1.0 - beta, 1.0 - float(inputs["alpha"]) * beta
        self.tastes = inputs["tastes"].tolist()
        self.many, self.firms_in_all = int(inputs["agents"]), int(inputs["firms"])
        self.firms = agentpy.AgentList(
            self,
            [Firm(self, number, one) for number, one in enumerate(inputs["quality"].tolist())],
        )
        firms, uses = list(self.firms), inputs["uses"].tolist()
        people = [
            Citizen(self, place, income, reach, [firms[firm] for firm in uses[place]])
            for place, (income, reach) in enumerate(
                zip(inputs["income"].tolist(), inputs["reach"].tolist(), strict=True)
            )
        ]
        for one, kin in zip(people, inputs["kin"].tolist(), strict=True):
            one.kin = [people[other] for other in kin]
        for place in inputs["seeds"].tolist():
            people[place].state = SPREADER
        self.citizens = agentpy.AgentList(self, people)

    def step(self) -> None:
        self.firms.renew()
        self.citizens.look()
        self.citizens.month()
        self.firms.reckon()


class Citizens(Modelled):
    """The citizens' part of the month."""

    kind = Country

    def answer(self) -> dict[str, float]:
        people, firms, many = self.model.citizens, self.model.firms, self.model.many
        return {
            "trust": float(np.mean([one.trust for one in people])),
            "awareness": float(np.mean([one.awareness for one in people])),
            "profile": float(np.mean([one.profile for one in people])),
            "top": max(one.share for one in firms),
            "data": sum(one.data for one in firms),
            "sales": sum(one.sold for one in firms) / many,
            "heard": float(np.mean([one.state != IGNORANT for one in people])),
        }


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("agentpy"))
