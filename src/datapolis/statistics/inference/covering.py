"""Few that cover many: the places k holders reach together, and attributes to mend together.

**Cover.** Choose k sets so that their union is as large as can be. The greedy choice, each time the
set that adds most, reaches at least 1 - 1/e of the best union (Nemhauser, Wolsey and Fisher 1978),
because what a set adds never grows as the union does. A bound that holds for the table at hand: no
k sets cover more than those chosen cover plus the k largest of what the others would still add.
The best union itself is an integer programme, solved by HiGHS.

**Mend.** An entry is closed because it lacks a set of attributes, and opens once all of them are
mended: it must be that what it lacks is a part of what is mended. The entries that a set S opens
are counted for every S at once, by sums over subsets (Yates 1937), so the best set of each size is
exact. Opening is no cover: two attributes may open what neither opens alone, so a greedy choice has
no guarantee here and none is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

GUARANTEE = 1 - float(np.exp(-1))  # of the best cover that the greedy one reaches
DENSE = 50_000_000  # cells of the largest table for which the best cover is looked for
NODES = 2_000  # branches of the search for it


def greedy_cover(
    place: Int[Column, "row"], holder: Int[Column, "row"], most: int
) -> tuple[Int[Column, "step"], Int[Column, "step"]]:
    """The holders in the order in which each adds most places, and how many it adds.

    At most `most` of them, and none that adds nothing; of equal ones the lowest number.
    """
    place, holder = np.asarray(place), np.asarray(holder)
    uncovered = np.ones(int(place.max(initial=-1)) + 1, bool)
    order, added = [], []
    for _ in range(most):
        gain = np.bincount(holder[uncovered[place]], minlength=1)
        best = int(gain.argmax())
        if not gain[best]:
            break
        order.append(best)
        added.append(int(gain[best]))
        uncovered[place[holder == best]] = False
    return np.array(order, int), np.array(added, int)


def cover_bound(place: Int[Column, "row"], holder: Int[Column, "row"], most: int) -> int:
    """At least as many places as any `most` holders cover, from what the greedy choice leaves."""
    place, holder = np.asarray(place), np.asarray(holder)
    order, added = greedy_cover(place, holder, most)
    bound = int(place.max(initial=-1)) + 1
    for step in range(order.size + 1):
        taken = np.unique(place[np.isin(holder, order[:step])])
        gain = np.bincount(holder[~np.isin(place, taken)], minlength=1)
        bound = min(bound, int(added[:step].sum() + np.sort(gain)[::-1][:most].sum()))
    return bound


def best_cover(place: Int[Column, "row"], holder: Int[Column, "row"], most: int) -> int | None:
    """The most places that any `most` holders cover; None where the search was given up."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, eye_array, hstack

    place = np.unique(place, return_inverse=True)[1]
    holder = np.unique(holder, return_inverse=True)[1]
    if not place.size or (place.max() + 1) * (holder.max() + 1) > DENSE:
        return None if place.size else 0
    member = np.zeros((place.max() + 1, holder.max() + 1), bool)
    member[place, holder] = True
    packed, first, weight = np.unique(
        np.packbits(member, axis=1), axis=0, return_index=True, return_counts=True
    )
    kinds, holders = len(packed), member.shape[1]
    reach = hstack([csr_array(-member[first].astype(float)), eye_array(kinds)])
    chosen = np.r_[np.ones(holders), np.zeros(kinds)]
    found = milp(
        np.r_[np.zeros(holders), -weight.astype(float)],
        integrality=chosen,
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(reach, ub=0), LinearConstraint(chosen[None], ub=most)],
        options={"node_limit": NODES, "mip_rel_gap": 0.0},
    )
    return round(-found.fun) if found.status == 0 else None


def opened(lacking: Int[Column, "subset"]) -> Int[Column, "subset"]:
    """For every set of attributes how many entries lack only what is in it, and something.

    lacking   [2**m] how many entries lack exactly this set; attribute a is the bit 2**a
    """
    sums = _over_subsets(lacking)
    more: Int[Column, "subset"] = sums - sums[0]
    return more


def best_mends(lacking: Int[Column, "subset"]) -> list[tuple[int, int, int]]:
    """For each number of attributes, 1 to m: the set that opens most, how many, how many sets tie.

    Of sets that tie, the one whose attributes come first.
    """
    many = opened(lacking)
    attributes = int(many.size).bit_length() - 1
    subset = np.arange(many.size)
    size = np.array([int(one).bit_count() for one in subset])
    early = np.zeros(many.size, int)  # the bits in reverse, so that the first attributes weigh most
    for bit in range(attributes):
        early |= ((subset >> bit) & 1) << (attributes - 1 - bit)
    found = []
    for k in range(1, attributes + 1):
        most = many[size == k].max()
        ties = np.flatnonzero((size == k) & (many == most))
        found.append((int(ties[np.argmax(early[ties])]), int(most), ties.size))
    return found


def _over_subsets(values: Float[Column, "subset"]) -> Float[Column, "subset"]:
    """For each set the sum of the values of all its subsets."""
    sums = np.array(values)
    step = 1
    while step < sums.size:
        pairs = sums.reshape(-1, 2, step)
        pairs[:, 1] += pairs[:, 0]
        step *= 2
    return sums
