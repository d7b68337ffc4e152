"""The web of ties between holders: how dense, how central, how mixed, how easily torn.

`partners[node, place]` is the node that a tie leads to or -1, `strength[node, place]` its strength,
0 to 1. A node names no partner twice and never itself. Dead nodes (`alive`) hold no tie and receive
none. `floor` is the strength above which a tie counts, where only its presence matters.

Source: F11, F33, docs/model.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from datapolis.statistics.indicators._namespace import Namespace, namespace, ratio, scatter_add
from datapolis.statistics.indicators.islands import components, largest_component_share

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int


def density(
    strength: Float[Array, "node place"],
    partners: Int[Array, "node place"],
    alive: Bool[Array, "node"],
    floor: float | Float[Array, ""] = 0.0,
) -> Float[Array, ""]:
    """The part of all n(n - 1) possible directed ties between living nodes that are there.

    0 without ties, 1 when everybody is tied to everybody; nan with fewer than two living nodes.
    """
    xp = namespace(strength, partners, alive, floor)
    count = xp.sum(alive)
    here = _present(xp, partners, strength, alive) & (strength > floor)
    return ratio(xp, xp.sum(here), count * xp.maximum(count - 1.0, 0))


def centralization(
    strength: Float[Array, "node place"],
    partners: Int[Array, "node place"],
    alive: Bool[Array, "node"],
) -> Float[Array, ""]:
    """How much the ties all lead to one node: sum_j (max d - d_j) / (n - 1)**2.

    d_j is the summed strength of the ties to j (Freeman's in-degree, with strength 0 to 1 in the
    place of yes or no). 0 when all receive the same or there is no tie, 1 for a star of full ties:
    all lead to one, none anywhere else; nan with fewer than two living nodes.
    Source: Freeman (1979).
    """
    xp = namespace(strength, partners, alive)
    living = xp.asarray(alive)
    held = xp.where(_present(xp, partners, strength, alive), strength, 0)
    target = xp.where(xp.asarray(partners) >= 0, partners, 0)
    received = scatter_add(xp.zeros_like(held[:, 0]), target, held)
    gaps = xp.where(living, xp.max(xp.where(living, received, 0)) - received, 0)
    return ratio(xp, xp.sum(gaps), (xp.maximum(xp.sum(living), 1) - 1.0) ** 2)


def cross_share(
    strength: Float[Array, "node place"],
    partners: Int[Array, "node place"],
    group: Int[Array, "node"],
    alive: Bool[Array, "node"] | None = None,
) -> Float[Array, ""]:
    """The part of all tie strength that lies between different groups.

    0 when every tie stays at home, 1 when every tie leaves it; nan without ties.
    """
    xp = namespace(strength, partners, group, alive)
    living = xp.ones_like(group, dtype=bool) if alive is None else alive
    held = xp.where(_present(xp, partners, strength, living), strength, 0)
    theirs = xp.asarray(group)[xp.where(xp.asarray(partners) >= 0, partners, 0)]
    leaves = theirs != xp.asarray(group)[:, None]
    return ratio(xp, xp.sum(xp.where(leaves, held, 0)), xp.sum(held))


def giant_component_share(
    partners: Int[Array, "node place"],
    strength: Float[Array, "node place"],
    alive: Bool[Array, "node"],
    floor: float | Float[Array, ""] = 0.05,
) -> Float[Array, ""]:
    """The part of the living nodes in the largest web of ties above `floor`, in any direction.

    1/n when nobody is tied, 1 when all hang together; nan when nobody lives.
    Source: Newman, Strogatz and Watts (2001).
    """
    xp = namespace(partners, strength, alive, floor)
    held = _present(xp, partners, strength, alive) & (strength > floor)
    return largest_component_share(components(partners, held), alive)


def fragility(
    partners: Int[Array, "node place"],
    strength: Float[Array, "node place"],
    alive: Bool[Array, "node"],
    order: Int[Array, "removal"],
    floor: float = 0.05,
) -> float:
    """How easily the web tears: 1 - area under the giant share while nodes are taken away in order.

    The giant share after k removals is the largest component's size over the number n that lived
    before any; the area is taken over k/n from 0 to 1 by trapezes. `order` lists the nodes, first
    to be removed first, every living one once; dead ones in it are passed over. 1/2 when the web
    holds together to the last node, 1 - 1/n + 1/(2n**2) when there are no ties; nan when nobody
    lives. Compare an order by size with a random one. NumPy only, not for use under `jit`.
    Source: Albert, Jeong and Barabasi (2000); the area as in Schneider et al. (2011).
    """
    living = np.asarray(alive, dtype=bool)
    removal = [node for node in np.asarray(order).tolist() if living[node]]
    count = int(living.sum())
    if sorted(removal) != np.flatnonzero(living).tolist():
        raise ValueError(
            f"order names {len(removal)} living nodes, {len(set(removal))} different; expected "
            f"each of the {count} living nodes once"
        )
    if count == 0:
        return float("nan")
    neighbours = _neighbours(partners, strength, living, floor)
    parent = list(range(living.size))
    size = [1] * living.size

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    back: set[int] = set()
    largest = [0]  # with everybody removed; then the nodes come back, the last removed first
    for node in reversed(removal):
        back.add(node)
        for other in neighbours[node]:
            if other in back and root(other) != root(node):
                small, large = sorted((root(other), root(node)), key=size.__getitem__)
                parent[small] = large
                size[large] += size[small]
        largest.append(max(largest[-1], size[root(node)]))
    area = (sum(largest) - largest[-1] / 2) / count**2
    return 1 - area


def mean_path(
    partners: Int[Array, "node place"],
    strength: Float[Array, "node place"],
    alive: Bool[Array, "node"],
    floor: float = 0.05,
) -> float:
    """The mean number of ties on the shortest way between two nodes, walked in either direction.

    Pairs without a way are left out: read it together with `giant_component_share`. 1 when
    everybody is tied to everybody, (n + 1)/3 on a line; nan when nobody is tied. NumPy only, with
    n x n matrices: meant for the hundreds of organizations, not for citizens.
    """
    living = np.asarray(alive, dtype=bool)
    tied = np.zeros((living.size, living.size), dtype=np.float32)
    for node, others in enumerate(_neighbours(partners, strength, living, floor)):
        tied[node, list(others)] = 1
    reached = np.eye(living.size, dtype=bool)
    frontier = reached
    steps = pairs = distance = 0
    while frontier.any():
        steps += 1
        frontier = (frontier.astype(np.float32) @ tied > 0) & ~reached
        reached = reached | frontier
        found = int(frontier.sum())
        pairs += found
        distance += steps * found
    return distance / pairs if pairs else float("nan")


def _present(
    xp: Namespace,
    partners: Int[Array, "node place"],
    strength: Float[Array, "node place"],
    alive: Bool[Array, "node"],
) -> Bool[Array, "node place"]:
    """Whether a place holds a tie between two living nodes."""
    partners, living = xp.asarray(partners), xp.asarray(alive)
    named = partners >= 0
    both = living[:, None] & living[xp.where(named, partners, 0)]
    return named & both & (xp.asarray(strength) > 0)


def _neighbours(
    partners: Int[Array, "node place"],
    strength: Float[Array, "node place"],
    alive: np.ndarray[tuple[int, ...], np.dtype[np.bool]],
    floor: float,
) -> list[set[int]]:
    """The nodes tied to each node above `floor`, in either direction."""
    named = np.asarray(partners)
    source, place = np.nonzero((named >= 0) & (np.asarray(strength) > floor))
    target = named[source, place]
    neighbours: list[set[int]] = [set() for _ in range(named.shape[0])]
    for one, other in zip(source.tolist(), target.tolist(), strict=True):
        if alive[one] and alive[other]:
            neighbours[one].add(other)
            neighbours[other].add(one)
    return neighbours
