"""The inputs of the three works, from a size and a seed, with NumPy alone.

    python benchmarks/peers/inputs.py WORK AGENTS FILE.npz [SEED]

wealth     agents
rumour     agents, beta, alpha, seeds [seed]; edges [edge, 2], each undirected tie once, and the
           same ties both ways as CSR: the neighbours of i are
           targets[offsets[i] : offsets[i + 1]]
citizens   agents, firms, price, beta, alpha, seeds [seed], uses [citizen, 4], kin [citizen, 8]
           (mutual: three neighbours on each side, and two strangers), income, rank, reach
           [citizen], quality [firm], tastes [65536]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

DEGREE = 8  # mean number of ties in the rumour's graph
FIRMS, SLOTS = 200, 4
TASTES = 65_536
INCOME_SPREAD = 0.6  # standard deviation of log income, mean income 1
COST = 0.1  # of what firms sell; the common price is the best for one who sells to all
REACH = 0.5  # of communication


def wealth(agents: int, seed: int = 1) -> dict[str, np.ndarray]:
    """The number of agents; all start with 1 unit."""
    return {"agents": np.array(agents)}


def rumour(agents: int, seed: int = 1) -> dict[str, np.ndarray]:
    """A random graph with 4 n ties (Erdos-Renyi, mean degree 8), and 1 % who spread."""
    rng = np.random.default_rng([seed, 1])
    wanted = agents * DEGREE // 2
    codes = np.zeros(0, np.int64)
    while len(codes) < wanted:
        ends = rng.integers(0, agents, (wanted, 2))
        low, high = ends.min(axis=1), ends.max(axis=1)
        codes = np.unique(np.concatenate([codes, (low * agents + high)[low < high]]))
    codes = np.sort(rng.permutation(codes)[:wanted])
    edges = np.stack(np.divmod(codes, agents), axis=1).astype(np.int32)
    ego, alter = np.concatenate([edges, edges[:, ::-1]]).T
    order = np.argsort(ego, kind="stable")
    offsets = np.searchsorted(ego[order], np.arange(agents + 1))
    return {
        "agents": np.array(agents),
        "beta": np.array(0.1),
        "alpha": np.array(0.8),
        "seeds": _seeds(agents, rng),
        "edges": edges,
        "offsets": offsets.astype(np.int32),
        "targets": alter[order].astype(np.int32),
    }


def citizens(agents: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Citizens with incomes, kin and firms in use; firms with qualities; the common price."""
    from statistics import NormalDist

    rng = np.random.default_rng([seed, 2])
    place = np.arange(agents, dtype=np.int32)
    circle = rng.permutation(place)
    kin = np.empty((agents, 8), np.int32)
    for column, distance in enumerate((-3, -2, -1, 1, 2, 3)):
        kin[:, column] = (place + distance) % agents
    kin[circle, 6], kin[circle, 7] = np.roll(circle, 1), np.roll(circle, -1)

    uses = rng.integers(0, FIRMS, (agents, SLOTS))
    for slot in range(1, SLOTS):
        while True:
            again = (uses[:, :slot] == uses[:, slot, None]).any(axis=1)
            if not again.any():
                break
            uses[again, slot] = rng.integers(0, FIRMS, again.sum())

    # incomes are lognormal, drawn at 4,096 equally likely levels; the price is that of 256
    def incomes(levels: int) -> np.ndarray:
        at = (np.arange(levels) + 0.5) / levels
        normal = np.array([NormalDist().inv_cdf(one) for one in at])
        return np.exp(INCOME_SPREAD * normal - INCOME_SPREAD**2 / 2)

    drawn = rng.integers(0, 4096, agents)
    income = incomes(4096)[drawn].astype(np.float32)
    prices, buyers = incomes(256).astype(np.float32), 1.0 - (np.arange(256) + 0.5) / 256
    return {
        "agents": np.array(agents),
        "firms": np.array(FIRMS),
        "price": prices[np.argmax((prices - COST) * buyers)],
        "beta": np.array(0.08),
        "alpha": np.array(0.8),
        "seeds": _seeds(agents, rng),
        "uses": uses.astype(np.int16),
        "kin": kin,
        "income": income,
        "rank": ((drawn + 0.5) / 4096).astype(np.float32),
        "reach": (REACH * (1.0 - 0.5 * np.exp(-income))).astype(np.float32),
        "quality": rng.normal(0.0, 0.5, FIRMS).astype(np.float32),
        "tastes": rng.gumbel(size=TASTES).astype(np.float32),
    }


def _seeds(agents: int, rng: np.random.Generator) -> np.ndarray:
    """One in a hundred, in order."""
    return np.sort(rng.choice(agents, max(1, agents // 100), replace=False)).astype(np.int32)


MAKERS = {"wealth": wealth, "rumour": rumour, "citizens": citizens}


def write(work: str, agents: int, path: Path, seed: int = 1) -> None:
    """Make the inputs of a work and keep them in a file."""
    np.savez(path, **MAKERS[work](agents, seed))  # type: ignore[arg-type]


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:]))
