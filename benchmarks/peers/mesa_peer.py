"""The three works on Mesa 3, agent by agent, in sets that are told what to do.

Simultaneous updates are two calls of a set: first all look, then all act; what a rumour changes is
noted and done at the step's end. Those who act are selected first where they are few; where most
do, to call everybody takes less time.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log

import mesa
import numpy as np
import protocol

IGNORANT, SPREADER, STIFLER = protocol.IGNORANT, protocol.SPREADER, protocol.STIFLER


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


class Firm(mesa.Agent):
    """One of the firms that citizens use."""

    def __init__(self, model: mesa.Model, number: int, quality: float) -> None:
        super().__init__(model)
        self.number, self.quality = number, quality
        self.share, self.data = 1.0 / model.firms_in_all, 0.0
        self.clear()

    def clear(self) -> None:
        users = self.share * self.model.firms_in_all
        self.attraction = 0.35 * log((users + 0.01) / 1.01) + self.quality
        self.attention = self.taken = self.sold = 0.0

    def reckon(self) -> None:
        self.share = self.attention / self.model.many
        self.data = 0.97 * self.data + self.taken / self.model.many


class Citizen(mesa.Agent):
    """One who chooses, buys, is recorded, hears and trusts."""

    def __init__(
        self, model: mesa.Model, place: int, income: float, reach: float, uses: list[Firm]
    ) -> None:
        super().__init__(model)
        self.place, self.income, self.reach, self.uses = place, income, reach, uses
        self.tastes = [self.taste(firm) for firm in uses]
        self.profile = [0.0] * len(uses)
        self.trust, self.awareness, self.state = 0.6, 0.1, IGNORANT
        self.candidate: Firm | None = None
        self.met = 0
        self.kin: list[Citizen] = []

    def taste(self, firm: Firm) -> float:
        return self.model.tastes[(40503 * self.place + 30011 * firm.number) % 65536]

    def look(self) -> None:
        """See what kin use, and how many of them tell or know."""
        random = self.random
        self.candidate = None
        if random.random() < 0.25:
            self.candidate = random.choice(random.choice(self.kin).uses)
        self.met = 0
        if self.state == IGNORANT:
            for one in self.kin:
                self.met += one.state == SPREADER
        elif self.state == SPREADER:
            for one in self.kin:
                self.met += one.state != IGNORANT

    def month(self) -> None:
        """Choose, buy, be recorded, hear, trust."""
        model, aware, profile, uses = self.model, self.awareness, self.profile, self.uses
        known = [1.0 - exp(-one) for one in profile]
        values = [
            firm.attraction + psi - aware * psi * psi + taste
            for firm, psi, taste in zip(uses, known, self.tastes, strict=True)
        ]
        candidate = self.candidate
        if candidate is not None and candidate not in uses:
            taste = self.taste(candidate)
            value = candidate.attraction + taste
            least = min(values)
            if value > least + 0.3:
                worst = values.index(least)
                uses[worst], self.tastes[worst] = candidate, taste
                values[worst], known[worst], profile[worst] = value, 0.0, 0.0
        top = max(values)
        weights = [exp(value - top) for value in values]
        whole = sum(weights)
        online = self.reach * self.trust
        buys = self.income >= model.price
        served = 0.0
        for slot, firm in enumerate(uses):
            share = weights[slot] / whole
            taken = 0.8 * share * online
            profile[slot] = 0.95 * profile[slot] + taken
            served += share * known[slot]
            firm.attention += share
            firm.taken += taken
            if buys:
                firm.sold += 0.1 * share * online
        if self.met:
            luck = self.random.random()
            if self.state == IGNORANT:
                if luck < 1.0 - model.silent**self.met:
                    self.state = SPREADER
            elif luck < 1.0 - model.keeps_on**self.met:
                self.state = STIFLER
        good = min(1.0, max(0.0, self.income - model.price)) + 0.5 * served
        trust = self.trust
        self.trust += 0.03 * good * (1.0 - trust)
        if self.state == SPREADER:
            self.trust -= 0.02 * trust
        self.awareness = 0.98 * aware


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
        self.firms.do("clear")
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
