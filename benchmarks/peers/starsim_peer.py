"""Starsim: the rumour as an infection on a static network, the wealth game as a module of its own.

The rumour is an `Infection` whose susceptible are the ignorant and whose infected the spreaders,
with one state more, the stiflers. `infect_route` runs twice over the same ties, as Starsim advises
for a disease of several strains: from spreaders to the ignorant with chance beta, and from all who
know to spreaders with chance alpha beta. Both are drawn before either is set, in `step`:
`step_state`, where Starsim's own diseases recover, comes before the transmission.

All runs on arrays, with compiled loops over the ties. Common random numbers, which let runs with
and without a measure be compared draw by draw, are off, as Starsim advises for speed, and so are
the results on births and deaths, which nobody has.

The month of `citizens` is left out: Starsim has agents of one kind, and a state holds one value for
each of them, so that neither the firms nor the profile at each firm in use are its own.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

import numpy as np
import protocol
import starsim as ss

STEPS = 1_000  # Starsim lays out its whole run before the first step
ss.options.crn = False


class Telling(ss.Infection):
    """Maki-Thompson over every network of the simulation."""

    def __init__(self, beta: float, alpha: float, seeds: np.ndarray) -> None:
        super().__init__()
        self.define_pars(beta=beta, stifling=alpha * beta)
        self.define_states(ss.BoolState("stifler"))
        self.seeds = ss.uids(seeds)

    def init_post(self) -> None:
        super().init_post()
        self.set_prognoses(self.seeds)

    def set_prognoses(self, uids: Any, sources: Any = None) -> None:
        super().set_prognoses(uids, sources)
        self.infected[uids] = True
        self.ti_infected[uids] = self.ti

    def contacts(self, chance: float, tellers: np.ndarray, hearers: np.ndarray) -> Any:
        """The hearers whom at least one contact with a teller reaches."""
        speak = self.rel_trans.asnew(tellers * self.rel_trans.raw, copy=False)
        listen = self.rel_sus.asnew(hearers * self.rel_sus.raw, copy=False)
        found = [
            self.infect_route(place, route, [chance, chance], speak, listen)
            for place, route in enumerate(self.sim.networks.values())
        ]
        return self.finalize_infections(*map(list, zip(*found, strict=True)))

    def step(self) -> None:
        spreads, knows = self.infected.raw, self.infected.raw | self.stifler.raw
        told, sources, _ = self.contacts(self.pars.beta, spreads, self.susceptible.raw)
        stifled, _, _ = self.contacts(self.pars.stifling, knows, spreads)
        self.set_prognoses(told, sources)
        self.infected[stifled] = False
        self.stifler[stifled] = True


class Ties(ss.Network):
    """The inputs' graph, which stays as it is."""

    def step(self) -> None:
        pass


class Giving(ss.Module):
    """Everyone who has a unit gives one to anyone."""

    def __init__(self, agents: int) -> None:
        super().__init__()
        self.define_states(ss.IntArr("units", default=1))
        self.taker = ss.randint(agents)

    def step(self) -> None:
        givers = (self.units > 0).uids
        takers = self.taker.rvs(len(givers))
        self.units[givers] -= 1
        self.units[:] += np.bincount(takers, minlength=len(self.units))


class Society:
    """A simulation with nobody born or dying; the modules are made anew for each start."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.agents = int(inputs["agents"])

    def modules(self) -> dict[str, Any]:
        raise NotImplementedError

    def start(self, seed: int) -> None:
        self.sim = None
        gc.collect()  # a simulation and its modules know each other
        self.sim = ss.Sim(
            n_agents=self.agents,
            dur=STEPS,
            rand_seed=seed,
            people_results=False,
            verbose=0,
            **self.modules(),
        )
        self.sim.init()

    def step(self, steps: int) -> None:
        self.steps = steps
        self.sim.run(until=self.sim.t.tvec[steps - 1])


class Rumour(Society):
    """One disease, one network."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        super().__init__(inputs)
        self.beta, self.alpha = float(inputs["beta"]), float(inputs["alpha"])
        self.seeds = inputs["seeds"]
        self.ties = np.ascontiguousarray(inputs["edges"].T)

    def modules(self) -> dict[str, Any]:
        one, other = self.ties
        return {
            "diseases": Telling(self.beta, self.alpha, self.seeds),
            "networks": Ties(p1=one, p2=other, beta=np.ones(len(one))),
        }

    def answer(self) -> dict[str, float]:
        results = self.sim.results.telling
        last = self.steps - 1
        spreaders = list(results.n_infected[: self.steps] / self.agents)
        return protocol.rumour_answer(results.n_susceptible[last] / self.agents, spreaders)


class Wealth(Society):
    """One module, no network."""

    def modules(self) -> dict[str, Any]:
        return {"custom": Giving(self.agents)}

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(np.asarray(self.sim.custom.giving.units.values))


if __name__ == "__main__":
    works = {"rumour": Rumour, "wealth": Wealth}
    protocol.serve(works, version=protocol.version("starsim"))
