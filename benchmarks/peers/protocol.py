"""How a peer is run: one process, one work, commands on standard input, JSON on standard output.

    python NAME_peer.py WORK INPUTS.npz          (WORK: wealth, rumour or citizens)

A peer's program is a class for each work it can do, and one call at its end:

    class Rumour:
        def __init__(self, inputs): ...      lay out the inputs of `inputs.py`    (told as "ready")
        def start(self, seed): ...           the society at step 0, chance anew   (not timed)
        def step(self, steps): ...           do so many steps, and have done them (timed)
        def answer(self): ...                {"heard": 0.93, ...} as floats       (not timed)

    if __name__ == "__main__":
        protocol.serve({"rumour": Rumour}, version=protocol.version("ndlib"))

`inputs` maps names to arrays and reads each when it is first asked for. Whatever runs later (a
graphics card, a thread) must be waited for inside `step`. The commands, and what is answered:

                      {"ready": seconds to build, "version": "5.1.0"}
    go STEPS SEED     {"seconds": of the steps alone, "answer": {...}, "peak": of them, bytes}
    end

Every `go` starts anew from the inputs with another seed, so that each round does the same steps;
the first one is the warm-up, where compilers compile. A program that does not do the work asked for
ends with status 3. Needs the standard library and NumPy.

THE THREE WORKS. All updates are simultaneous: decided on the state at the step's start.

wealth     Each of n agents starts with 1 unit. Every step each agent who has a unit gives one to
           an agent drawn uniformly (itself allowed).
           Answer: mean, gini, nothing (share of agents with 0).

rumour     Maki-Thompson on an undirected random graph of mean degree 8. States: ignorant,
           spreader, stifler; the seeds start as spreaders. Of an agent's neighbours, s spread and
           k know (spread or stifle). In one step
               an ignorant becomes a spreader with probability 1 - (1 - beta)^s,
               a spreader becomes a stifler with probability 1 - (1 - alpha beta)^k:
           each contact happens with probability beta, and each contact with one who knows stifles
           with probability alpha. (This is the rule of datapolis.model.mechanisms.rumours.)
           Answer: heard (share not ignorant after the last step), top (largest share of spreaders
           after any step), month (the step after which it was reached, from 1).

citizens   The citizens' part of datapolis's month: choose, buy, be recorded, hear, trust. Citizen
           i uses firm j = uses[i, slot] in each of its four slots, has a profile at each, trust
           (first 0.6), awareness (first 0.1), a state of rumour (seeds spread), income v.
           1 Look:   psi = 1 - exp(-profile) in each slot.
                     U = 0.35 ln((m share_j + 0.01) / 1.01) + quality_j + psi - awareness psi^2
                         + taste(i, j), m firms, share from last month (first 1/m each),
                     taste(i, j) = tastes[(40503 i + 30011 j) mod 65536].
                     With probability 0.25 see a candidate: what a uniformly drawn one of the eight
                     kin used in a uniformly drawn slot at the month's start. If it is not in use
                     and its U (psi = 0) exceeds the least U in use by more than 0.3, it takes the
                     place of that one, with profile 0.
           2 Choose: a = softmax of U over the slots; online = reach_i trust.
           3 Buy:    bought = 0.1 a online in each slot where v >= price, else 0.
           4 Record: profile <- 0.95 profile + 0.8 a online.
           5 Hear:   the rumour above over the eight kin, with the inputs' alpha and beta.
           6 Trust:  good = min(1, max(0, v - price)) + 0.5 sum a psi (psi after step 1; 0 in a slot
                     just changed); trust <- trust + 0.03 good (1 - trust) - 0.02 [spreads] trust,
                     [spreads] after step 5; awareness <- 0.98 awareness.
           Firms:    share_j = sum of a over its users / n; data_j <- 0.97 data_j + sum of
                     0.8 a online / n (first 0); sales_j = sum of bought / n.
           Answer: trust, awareness, profile (means; profile over all slots), top (largest share),
           data, sales (sums over firms), heard.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

IGNORANT, SPREADER, STIFLER = 0, 1, 2
NOT_THIS = 3  # the exit status of a peer that does not do the work asked for


class Work(Protocol):
    """What a peer's class offers."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None: ...

    def start(self, seed: int) -> None: ...

    def step(self, steps: int) -> None: ...

    def answer(self) -> dict[str, float]: ...


def version(package: str) -> str:
    """The installed version of a package."""
    from importlib.metadata import version as installed

    return installed(package)


def gini(wealth: np.ndarray) -> float:
    """The Gini coefficient of amounts of at least 0: 0 when all are equal, towards 1."""
    ordered = np.sort(np.asarray(wealth, float))
    many = len(ordered)
    rank = np.arange(1, many + 1)
    return float(2.0 * np.sum(rank * ordered) / (many * np.sum(ordered)) - (many + 1) / many)


def wealth_answer(wealth: np.ndarray) -> dict[str, float]:
    """The answer of the work `wealth`, from every agent's units."""
    wealth = np.asarray(wealth)
    return {
        "mean": float(np.mean(wealth)),
        "gini": gini(wealth),
        "nothing": float(np.mean(wealth == 0)),
    }


def rumour_answer(ignorant: float, spreaders: list[float]) -> dict[str, float]:
    """The answer of the work `rumour`: last share of ignorants, each step's share of spreaders."""
    month = int(np.argmax(spreaders))
    return {"heard": 1.0 - ignorant, "top": float(spreaders[month]), "month": month + 1.0}


def forget_peak() -> None:
    """Begin to count the peak memory anew, where the system lets a process do so."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Peak memory of this process since `forget_peak`, bytes; since its start on other systems."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def serve(works: Mapping[str, Callable[[Mapping[str, np.ndarray]], Work]], version: str) -> None:
    """Do the work that the command line names, as the driver commands.

    What libraries print goes to standard error; standard output is kept for answers.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(**what: Any) -> None:
        answers.write(json.dumps(what) + "\n")

    name, path = sys.argv[1:3]
    if name not in works:
        sys.exit(NOT_THIS)
    started = time.perf_counter()
    with np.load(path) as inputs:
        work = works[name](inputs)
        tell(ready=time.perf_counter() - started, version=version)
        for line in sys.stdin:
            command, *numbers = line.split()
            if command == "end":
                return
            steps, seed = map(int, numbers)
            work.start(seed)
            forget_peak()
            started = time.perf_counter()
            work.step(steps)
            seconds = time.perf_counter() - started
            tell(seconds=seconds, answer=work.answer(), peak=peak())
