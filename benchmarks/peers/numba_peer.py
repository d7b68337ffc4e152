"""The three works as loops written by hand for Numba: parallel, single precision, in place.

Chance is a hash of (seed, step, agent, draw). Each thread adds into arrays of its own, and the
citizens' month is one loop over citizens.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import protocol
from numba import get_num_threads, njit, prange

IGNORANT, SPREADER, STIFLER = protocol.IGNORANT, protocol.SPREADER, protocol.STIFLER
ONE = np.float32(1.0)
MOST = 256  # more neighbours than anybody has


@njit(inline="always")
def mixed(x):
    """A bijection of thirty-two bits without visible pattern (constants: Chris Wellons, 2018)."""
    x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D))
    x = np.uint32((x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))


@njit(inline="always")
def word(seed, step, agent, draw):
    """Thirty-two bits by chance, the same for the same numbers."""
    first = mixed(np.uint32(agent) ^ np.uint32(seed * 0x9E3779B9))
    return mixed(np.uint32(first + np.uint32((4 * step + draw) * 0x9E3779B1)))


@njit(inline="always")
def uniform(bits):
    """A number in [0, 1) from thirty-two bits."""
    return np.float32(bits >> np.uint32(8)) * np.float32(2.0**-24)


@njit(parallel=True, fastmath=True)
def transfers(wealth, got, steps, seed):
    """The wealth-transfer game; `got` is what each thread hands to each agent, 0 at the start."""
    threads, many = got.shape
    size = (many + threads - 1) // threads
    for step in range(steps):
        for thread in prange(threads):
            for agent in range(thread * size, min(many, (thread + 1) * size)):
                if wealth[agent] > 0:
                    wealth[agent] -= 1
                    bits = np.uint64(word(seed, step, agent, 0))
                    got[thread, (bits * np.uint64(many)) >> np.uint64(32)] += 1
        for agent in prange(many):
            for thread in range(threads):
                wealth[agent] += got[thread, agent]
                got[thread, agent] = 0


class Wealth:
    """The wealth-transfer game."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        agents = int(inputs["agents"])
        self.wealth = np.empty(agents, np.int32)
        self.got = np.zeros((get_num_threads(), agents), np.int8)

    def start(self, seed: int) -> None:
        self.wealth[:] = 1
        self.seed = seed

    def step(self, steps: int) -> None:
        transfers(self.wealth, self.got, steps, self.seed)

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(self.wealth)


@njit(fastmath=True, inline="always")
def next_state(agent, state, others, hears, stops, seed, step, draw):
    """What an agent is after it met the others: it hears, or loses interest, or stays."""
    now = state[agent]
    if now != STIFLER:
        met = 0
        for place in range(len(others)):
            other = state[others[place]]
            met += other == SPREADER or (now == SPREADER and other == STIFLER)
        if met > 0:
            luck = uniform(word(seed, step, agent, draw))
            if now == IGNORANT:
                if luck < hears[met]:
                    now = SPREADER
            elif luck < stops[met]:
                now = STIFLER
    return now


@njit(parallel=True, fastmath=True)
def spreads(state, after, offsets, targets, hears, stops, seed, spreading):
    """The rumour; `spreading` receives the number of spreaders after each step."""
    many = len(state)
    for step in range(len(spreading)):
        spreaders = 0
        for agent in prange(many):
            others = targets[offsets[agent] : offsets[agent + 1]]
            now = next_state(agent, state, others, hears, stops, seed, step, 0)
            after[agent] = now
            spreaders += now == SPREADER
        state, after = after, state
        spreading[step] = spreaders
    return state


class Rumour:
    """The rumour on a random graph."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.offsets, self.targets = inputs["offsets"], inputs["targets"]
        self.first = np.full(int(inputs["agents"]), IGNORANT, np.int8)
        self.first[inputs["seeds"]] = SPREADER
        self.state, self.after = self.first.copy(), self.first.copy()
        self.hears, self.stops = chances(inputs)

    def start(self, seed: int) -> None:
        self.state[:] = self.first
        self.seed = seed

    def step(self, steps: int) -> None:
        self.spreading = np.zeros(steps, np.int64)
        self.last = spreads(
            *(self.state, self.after, self.offsets, self.targets),
            *(self.hears, self.stops, self.seed, self.spreading),
        )

    def answer(self) -> dict[str, float]:
        ignorant = float(np.mean(self.last == IGNORANT))
        return protocol.rumour_answer(ignorant, list(self.spreading / len(self.last)))


def chances(inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The probability to hear, and to stop, by the number of neighbours that matter."""
    beta, alpha, number = float(inputs["beta"]), float(inputs["alpha"]), np.arange(MOST)
    hears, stops = 1.0 - (1.0 - beta) ** number, 1.0 - (1.0 - alpha * beta) ** number
    return hears.astype(np.float32), stops.astype(np.float32)


@njit(parallel=True, fastmath=True)
def month(
    uses,
    uses_after,
    profile,
    trust,
    awareness,
    state,
    state_after,
    kin,
    income,
    reach,
    price,
    tastes,
    attraction,
    hears,
    stops,
    sums,
    seed,
    step,
):
    """One month of all citizens; `sums` [thread, firm, kind] receives attention, data, sales."""
    many, slots = uses.shape
    threads = sums.shape[0]
    size = (many + threads - 1) // threads
    for thread in prange(threads):
        sums[thread] = 0.0
        value = np.empty(slots, np.float32)
        known = np.empty(slots, np.float32)
        for citizen in range(thread * size, min(many, (thread + 1) * size)):
            aware = awareness[citizen]
            worst = 0
            for slot in range(slots):
                firm = uses[citizen, slot]
                psi = ONE - np.exp(-profile[citizen, slot])
                taste = tastes[(40503 * citizen + 30011 * firm) & 65535]
                known[slot] = psi
                value[slot] = attraction[firm] + psi - aware * psi * psi + taste
                if value[slot] < value[worst]:
                    worst = slot
                uses_after[citizen, slot] = firm

            bits = word(seed, step, citizen, 0)
            if bits & np.uint32(3) == 0:
                friend = kin[citizen, (bits >> np.uint32(2)) & np.uint32(7)]
                candidate = uses[friend, (bits >> np.uint32(5)) & np.uint32(3)]
                new = True
                for slot in range(slots):
                    new = new and uses[citizen, slot] != candidate
                if new:
                    taste = tastes[(40503 * citizen + 30011 * candidate) & 65535]
                    offer = attraction[candidate] + taste
                    if offer > value[worst] + np.float32(0.3):
                        uses_after[citizen, worst] = candidate
                        value[worst], known[worst] = offer, np.float32(0.0)
                        profile[citizen, worst] = np.float32(0.0)

            top = value[0]
            for slot in range(1, slots):
                top = max(top, value[slot])
            whole = np.float32(0.0)
            for slot in range(slots):
                value[slot] = np.exp(value[slot] - top)
                whole += value[slot]
            online = reach[citizen] * trust[citizen]
            buys = income[citizen] >= price
            served = np.float32(0.0)
            for slot in range(slots):
                firm = uses_after[citizen, slot]
                share = value[slot] / whole
                taken = np.float32(0.8) * share * online
                profile[citizen, slot] = np.float32(0.95) * profile[citizen, slot] + taken
                served += share * known[slot]
                sums[thread, firm, 0] += share
                sums[thread, firm, 1] += taken
                if buys:
                    sums[thread, firm, 2] += np.float32(0.1) * share * online

            now = next_state(citizen, state, kin[citizen], hears, stops, seed, step, 1)
            state_after[citizen] = now

            good = min(ONE, max(np.float32(0.0), income[citizen] - price))
            good += np.float32(0.5) * served
            before = trust[citizen]
            after = before + np.float32(0.03) * good * (ONE - before)
            if now == SPREADER:
                after -= np.float32(0.02) * before
            trust[citizen] = after
            awareness[citizen] = np.float32(0.98) * aware


class Citizens:
    """The citizens' part of the month."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        agents, self.firms = int(inputs["agents"]), int(inputs["firms"])
        self.inputs = {
            name: inputs[name]
            for name in ("uses", "seeds", "kin", "income", "reach", "tastes", "quality")
        }
        self.price = np.float32(inputs["price"])
        slots = self.inputs["uses"].shape[1]
        self.uses, self.uses_after = np.empty((2, agents, slots), np.int16)
        self.state, self.state_after = np.empty((2, agents), np.int8)
        self.profile = np.empty((agents, slots), np.float32)
        self.trust, self.awareness = np.empty((2, agents), np.float32)
        self.sums = np.zeros((get_num_threads(), self.firms, 4), np.float32)
        self.hears, self.stops = chances(inputs)

    def start(self, seed: int) -> None:
        self.uses[:] = self.inputs["uses"]
        self.state[:] = IGNORANT
        self.state[self.inputs["seeds"]] = SPREADER
        self.profile[:], self.trust[:], self.awareness[:] = 0.0, 0.6, 0.1
        self.share = np.full(self.firms, 1.0 / self.firms, np.float32)
        self.data = np.zeros(self.firms)
        self.seed = seed

    def step(self, steps: int) -> None:
        given = self.inputs
        for step in range(steps):
            users = np.log((self.share * self.firms + 0.01) / 1.01)
            attraction = (0.35 * users + given["quality"]).astype(np.float32)
            month(
                *(self.uses, self.uses_after, self.profile, self.trust, self.awareness),
                *(self.state, self.state_after, given["kin"], given["income"], given["reach"]),
                *(self.price, given["tastes"], attraction, self.hears, self.stops, self.sums),
                *(self.seed, step),
            )
            self.uses, self.uses_after = self.uses_after, self.uses
            self.state, self.state_after = self.state_after, self.state
            found = self.sums.sum(axis=0, dtype=float).T / len(self.uses)
            attention, taken, self.sales, _ = found
            self.share = attention.astype(np.float32)
            self.data = 0.97 * self.data + taken

    def answer(self) -> dict[str, float]:
        return {
            "trust": float(np.mean(self.trust, dtype=float)),
            "awareness": float(np.mean(self.awareness, dtype=float)),
            "profile": float(np.mean(self.profile, dtype=float)),
            "top": float(np.max(self.share)),
            "data": float(np.sum(self.data)),
            "sales": float(np.sum(self.sales)),
            "heard": float(np.mean(self.state != IGNORANT)),
        }


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("numba"))
