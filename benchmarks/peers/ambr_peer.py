"""The three works on AMBER, in columns: its vectorized lane, with its faster parts installed.

wealth     the view API: `where`, a write to a filtered view, `scatter_add`.
rumour     columns are borrowed as arrays and committed; neighbours are counted by a sparse matrix.
citizens   the same, with one column for each slot of what a citizen has four of.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

os.environ.setdefault("AMBER_SUPPRESS_DEPRECATIONS", "1")

import ambr
import numpy as np
import protocol
from scipy.sparse import csr_array

IGNORANT, SPREADER, STIFLER = protocol.IGNORANT, protocol.SPREADER, protocol.STIFLER


class Modelled:
    """A model, made anew for each seed and set up before the clock starts."""

    kind: type[ambr.Model]
    model: ambr.Model

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.inputs = dict(inputs)

    def start(self, seed: int) -> None:
        self.model = self.kind({"seed": seed, "show_progress": False})
        self.model.given = self.inputs
        self.model = self.model.cpu(mode="vectorized")
        self.model._ensure_setup()

    def step(self, steps: int) -> None:
        for _ in range(steps):
            self.model.run_step()


class Game(ambr.Model):
    """The wealth-transfer game."""

    def setup(self) -> None:
        self.many = int(self.given["agents"])
        self.add_agents(self.many, wealth=1)
        self.everyone = self.agents.ids.to_numpy()

    def step_vectorized(self) -> None:
        donors = self.agents.where(self.agents.wealth > 0)
        whom = self.everyone[self.rng.integers(0, self.many, len(donors))]
        donors.wealth -= 1
        self.agents.at[whom].scatter_add(wealth=1)


class Wealth(Modelled):
    """The wealth-transfer game."""

    kind = Game

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(self.model.agents.numpy("wealth"))


def ties(offsets: np.ndarray, targets: np.ndarray) -> csr_array:
    """Who knows whom, as a sparse matrix of ones."""
    many = len(offsets) - 1
    ones = np.ones(len(targets), np.float32)
    return csr_array((ones, targets, offsets), shape=(many, many))


def after_talk(
    state: np.ndarray,
    known: csr_array,
    beta: float,
    alpha: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Everyone's state after one step of the rumour."""
    spreads, ignorant = state == SPREADER, state == IGNORANT
    told = known @ spreads.astype(np.float32)
    spreading = np.flatnonzero(spreads)
    met = known[spreading] @ (~ignorant).astype(np.float32)
    reached = np.flatnonzero(ignorant & (told > 0))
    heard = rng.random(len(reached), np.float32) < 1.0 - (1.0 - beta) ** told[reached]
    bored = rng.random(len(spreading), np.float32) < 1.0 - (1.0 - alpha * beta) ** met
    state = state.copy()
    state[reached[heard]] = SPREADER
    state[spreading[bored]] = STIFLER
    return state


class Talk(ambr.Model):
    """The rumour on a random graph."""

    def setup(self) -> None:
        given = self.given
        self.known = ties(given["offsets"], given["targets"])
        self.beta, self.alpha = float(given["beta"]), float(given["alpha"])
        state = np.full(int(given["agents"]), IGNORANT, np.int8)
        state[given["seeds"]] = SPREADER
        self.add_agents(len(state), state=state)
        self.history: list[float] = []

    def step_vectorized(self) -> None:
        state, _ = self.agents.borrow("state")
        state = after_talk(state, self.known, self.beta, self.alpha, self.rng)
        self.agents.commit(state=state)
        self.history.append(float(np.mean(state == SPREADER)))


class Rumour(Modelled):
    """The rumour on a random graph."""

    kind = Talk

    def answer(self) -> dict[str, float]:
        ignorant = float(np.mean(self.model.agents.numpy("state") == IGNORANT))
        return protocol.rumour_answer(ignorant, self.model.history)


class Country(ambr.Model):
    """Citizens in columns; firms in arrays beside them."""

    def setup(self) -> None:
        given = self.given
        self.many, slots = given["uses"].shape
        self.firms = int(given["firms"])
        self.price = np.float32(given["price"])
        self.beta, self.alpha = float(given["beta"]), float(given["alpha"])
        self.place = np.arange(self.many)
        width = given["kin"].shape[1]
        self.known = ties(np.arange(0, self.many * width + 1, width), given["kin"].ravel())
        state = np.full(self.many, IGNORANT, np.int8)
        state[given["seeds"]] = SPREADER
        columns = {
            "income": given["income"],
            "reach": given["reach"],
            "state": state,
            "trust": np.full(self.many, 0.6, np.float32),
            "awareness": np.full(self.many, 0.1, np.float32),
        }
        self.uses = [f"uses_{slot}" for slot in range(slots)]
        self.profiles = [f"profile_{slot}" for slot in range(slots)]
        for slot in range(slots):
            columns[self.uses[slot]] = given["uses"][:, slot]
            columns[self.profiles[slot]] = np.zeros(self.many, np.float32)
        self.add_agents(self.many, **columns)
        self.share = np.full(self.firms, 1.0 / self.firms)
        self.data = np.zeros(self.firms)

    def taste(self, who: np.ndarray, firm: np.ndarray) -> np.ndarray:
        """What a citizen has for a firm, whatever it offers."""
        return self.given["tastes"][(40503 * who + 30011 * firm.astype(np.int64)) % 65536]

    def step_vectorized(self) -> None:
        rng, agents = self.rng, self.agents
        borrowed = [agents.borrow(name)[0] for name in ("income", "reach", "trust", "awareness")]
        income, reach, trust, awareness = borrowed
        state, _ = agents.borrow("state")
        uses = [agents.borrow(name)[0].copy() for name in self.uses]
        profile = [agents.borrow(name)[0].copy() for name in self.profiles]

        # what is in use is worth
        users = np.log((self.share * self.firms + 0.01) / 1.01)
        attraction = (0.35 * users + self.given["quality"]).astype(np.float32)
        known = [np.float32(1.0) - np.exp(-one) for one in profile]
        values = [
            attraction[firm] + psi - awareness * psi**2 + self.taste(self.place, firm)
            for firm, psi in zip(uses, known, strict=True)
        ]

        # one in four sees what kin use
        look = np.flatnonzero(rng.random(self.many, np.float32) < 0.25)
        kin = self.given["kin"]
        friend = kin[look, rng.integers(0, kin.shape[1], len(look))]
        candidate = np.choose(rng.integers(0, len(uses), len(look)), [one[friend] for one in uses])
        here = np.stack([one[look] for one in values])
        worst, new = here.argmin(axis=0), np.ones(len(look), bool)
        for one in uses:
            new &= one[look] != candidate
        value = attraction[candidate] + self.taste(look, candidate)
        moves = new & (value > here.min(axis=0) + np.float32(0.3))
        for slot in range(len(uses)):
            chosen = moves & (worst == slot)
            who = look[chosen]
            uses[slot][who], values[slot][who] = candidate[chosen], value[chosen]
            known[slot][who] = profile[slot][who] = 0.0

        # choose, buy, be recorded
        top = np.maximum.reduce(values)
        weights = [np.exp(one - top) for one in values]
        whole = np.add.reduce(weights)
        online, buys = reach * trust, income >= self.price
        attention, taken_by, sold_by = np.zeros((3, self.firms))
        served = np.zeros(self.many, np.float32)
        for slot, firm in enumerate(uses):
            share = weights[slot] / whole
            spent = share * online
            taken = np.float32(0.8) * spent
            profile[slot] = np.float32(0.95) * profile[slot] + taken
            served += share * known[slot]
            attention += np.bincount(firm, share, self.firms)
            taken_by += np.bincount(firm, taken, self.firms)
            sold_by += np.bincount(firm[buys], np.float32(0.1) * spent[buys], self.firms)
        self.share = attention / self.many
        self.data = 0.97 * self.data + taken_by / self.many
        self.sales = sold_by / self.many

        # hear and trust
        state = after_talk(state, self.known, self.beta, self.alpha, rng)
        good = np.clip(income - self.price, 0.0, 1.0) + np.float32(0.5) * served
        loss = np.where(state == SPREADER, np.float32(0.02), np.float32(0.0)) * trust
        trust = trust + np.float32(0.03) * good * (np.float32(1.0) - trust) - loss
        agents.commit(
            state=state,
            trust=trust,
            awareness=np.float32(0.98) * awareness,
            **dict(zip(self.uses, uses, strict=True)),
            **dict(zip(self.profiles, profile, strict=True)),
        )


class Citizens(Modelled):
    """The citizens' part of the month."""

    kind = Country

    def answer(self) -> dict[str, float]:
        model = self.model
        return {
            "trust": float(np.mean(model.agents.numpy("trust"), dtype=float)),
            "awareness": float(np.mean(model.agents.numpy("awareness"), dtype=float)),
            "profile": float(np.mean(model.agents.numpy(*model.profiles), dtype=float)),
            "top": float(np.max(model.share)),
            "data": float(np.sum(model.data)),
            "sales": float(np.sum(model.sales)),
            "heard": float(np.mean(model.agents.numpy("state") != IGNORANT)),
        }


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("ambr"))
