"""The three works on Mesa 3, agent by agent, in sets that are told what to do.

Simultaneous updates are two calls of a set: first all look, then all act; what a rumour changes is
noted and done at the step's end. Those who act are selected first where they are few; where most
do, to call everybody takes less time.
"""

from __future__ import annotations

from collections.abc import Mapping

import mesa
import numpy as np
import protocol
from people import IGNORANT, SPREADER, STIFLER, PlainCitizen, PlainFirm


class Modelled:
    """A model, made anew for each seed."""

    model: mesa.Model

    def step(self, steps: int) -> None:
        for _ in range(steps):
            self.model.step()


class Giver(mesa.Agent):
    """One who gives a unit away."""

    def __init__(self, model: mesa.Model) -> None:
        super().__init__(model)
        self.wealth = 1

    def decide(self) -> None:
        self.gives = self.wealth > 0

    def give(self) -> None:
        if self.gives:
            self.wealth -= 1
            self.random.choice(self.model.people).wealth += 1


class Game(mesa.Model):
    """The wealth-transfer game."""

    def __init__(self, agents: int, seed: int) -> None:
        super().__init__(rng=seed)
        self.people = list(Giver.create_agents(self, agents))

    def step(self) -> None:
        self.agents.do("decide")
        self.agents.do("give")


class Wealth(Modelled):
    """The wealth-transfer game."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.agents = int(inputs["agents"])

    def start(self, seed: int) -> None:
        self.model = Game(self.agents, seed)

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(np.array(self.model.agents.get("wealth")))


class Listener(mesa.Agent):
    """One who hears a rumour, tells it, and loses interest."""

    def __init__(self, model: mesa.Model) -> None:
        super().__init__(model)
        self.state = IGNORANT
        self.friends: list[Listener] = []

    def tell(self) -> None:
        model, random, met = self.model, self.random.random, 0
        for other in self.friends:
            if other.state != IGNORANT:
                met += 1
            elif random() < model.beta:
                model.told.append(other)
        if random() > model.keeps_on**met:
            model.bored.append(self)


class Talk(mesa.Model):
    """The rumour on a random graph."""

    def __init__(self, inputs: Mapping[str, np.ndarray], seed: int) -> None:
        super().__init__(rng=seed)
        self.beta = float(inputs["beta"])
        self.keeps_on = 1.0 - float(inputs["alpha"]) * self.beta
        people = list(Listener.create_agents(self, int(inputs["agents"])))
        offsets, targets = inputs["offsets"].tolist(), inputs["targets"].tolist()
        for place, one in enumerate(people):
            one.friends = [people[other] for other in targets[offsets[place] : offsets[place + 1]]]
        for seed_of_rumour in inputs["seeds"].tolist():
            people[seed_of_rumour].state = SPREADER
        self.ignorant = len(people) - len(inputs["seeds"])
        self.spreading = len(inputs["seeds"])
        self.history: list[float] = []

    def step(self) -> None:
        self.told: list[Listener] = []
        self.bored: list[Listener] = []
        self.agents.select(lambda one: one.state == SPREADER).do("tell")
        heard = set(self.told)
        for one in heard:
            one.state = SPREADER
        for one in self.bored:
            one.state = STIFLER
        self.ignorant -= len(heard)
        self.spreading += len(heard) - len(self.bored)
        self.history.append(self.spreading / len(self.agents))


class Rumour(Modelled):
    """The rumour on a random graph."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        names = ("agents", "beta", "alpha", "seeds", "offsets", "targets")
        self.inputs = {name: inputs[name] for name in names}

    def start(self, seed: int) -> None:
        self.model = Talk(self.inputs, seed)

    def answer(self) -> dict[str, float]:
        model = self.model
        return protocol.rumour_answer(model.ignorant / len(model.agents), model.history)


class Firm(PlainFirm, mesa.Agent):
    """One of the firms that citizens use."""

    def __init__(self, model: mesa.Model, number: int, quality: float) -> None:
        super().__init__(model)
        self.open(number, quality)


class Citizen(PlainCitizen, mesa.Agent):
    """One who chooses, buys, is recorded, hears and trusts."""

    def __init__(
        self, model: mesa.Model, place: int, income: float, reach: float, uses: list[PlainFirm]
    ) -> None:
        super().__init__(model)
        self.enter(place, income, reach, uses)


class Country(mesa.Model):
    """Citizens and firms."""

    def __init__(self, inputs: Mapping[str, np.ndarray], seed: int) -> None:
        super().__init__(rng=seed)
        self.price, beta = float(inputs["price"]), float(inputs["beta"])
        self.silent, self.keeps_on = 1.0 - beta, 1.0 - float(inputs["alpha"]) * beta
        self.tastes = inputs["tastes"].tolist()
        self.many, self.firms_in_all = int(inputs["agents"]), int(inputs["firms"])
        firms = [Firm(self, number, one) for number, one in enumerate(inputs["quality"].tolist())]
        uses = inputs["uses"].tolist()
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
        self.citizens, self.firms = self.agents_by_type[Citizen], self.agents_by_type[Firm]

    def step(self) -> None:
        self.firms.do("renew")
        self.citizens.do("look")
        self.citizens.do("month")
        self.firms.do("reckon")


class Citizens(Modelled):
    """The citizens' part of the month."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.inputs = dict(inputs)

    def start(self, seed: int) -> None:
        self.model = Country(self.inputs, seed)

    def answer(self) -> dict[str, float]:
        people, firms, many = self.model.citizens, self.model.firms, self.model.many
        return {
            "trust": float(np.mean(people.get("trust"))),
            "awareness": float(np.mean(people.get("awareness"))),
            "profile": float(np.mean(people.get("profile"))),
            "top": max(firms.get("share")),
            "data": sum(firms.get("data")),
            "sales": sum(firms.get("sold")) / many,
            "heard": float(np.mean(np.array(people.get("state")) != IGNORANT)),
        }


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("mesa"))
