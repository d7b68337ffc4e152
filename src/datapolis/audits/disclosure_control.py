"""Whether published sums and counts, added and subtracted in any way, give few units away.

A published number is the sum over a set of items (rows, or units). Items in the same sets are
alike; they make an atom, and a set is a row of 0 and 1 over atoms. Whoever has all sets can form

    w = y M,    M the matrix of sets by atoms, y any real numbers,

and learns the sum over items weighted by w. Such a combination is unsafe where the items with a
weight other than 0 belong to at least one and to fewer than `least` units.

**The search is complete.** Deal the units into `least` parts. A combination of fewer units misses a
part altogether, so it lies in the space of those that are 0 on one of the parts, which is smaller.
Each such space is split into components that share no atom, and searched in the same way, until one
combination is left, or none. To find the smallest support is hard in general (NP-hard), so the
number of steps is limited; where it is not enough `Undecided` is raised, and nothing is published.

Whether a number is 0 is decided to within 1e-7 of numbers of the order of 1 (the matrix holds 0
and 1 alone), and the rank of a Gram matrix to within 1e-10 of its largest diagonal element.

Source: Hundepool et al. (2012), Statistical Disclosure Control, on secondary suppression; Vardy
(1997), The intractability of computing the minimum distance of a code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.linalg import lapack, qr, solve_triangular
from scipy.sparse.csgraph import connected_components

from datapolis.audits.privacy import one_dominates

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

STEPS = 3_000  # spaces that are looked at
MOST_SETS = 6_000  # different sets
MOST_CELLS = 1_000_000_000  # sets times atoms
MOST_HELD = 60_000_000  # numbers of a space held at once
NOTHING = 1e-7  # of a weight
DEPENDENT = 1e-10  # of a pivot


class Undecided(Exception):
    """Too many sets, or sets too entangled, to be sure that none gives few units away."""


@dataclass(frozen=True)
class Sets:
    """Sets of items, over atoms of items that lie in the same sets."""

    matrix: Bool[Column, "set atom"]
    atom: Int[Column, "item"]  # of each item
    unit: Int[Column, "item"]  # whose item it is, numbered from 0


def few_units(sets: Sets, *, least: int) -> int:
    """In how few units, fewer than `least`, some combination of the sets can be had; 0 if in none.

    Raises Undecided where that cannot be found out in so many steps.
    """
    weights = unsafe_combination(sets, least=least)
    if weights is None:
        return 0
    return int(np.unique(sets.unit[weights[sets.atom] != 0]).size)


def unsafe_combination(sets: Sets, *, least: int) -> Float[Column, "atom"] | None:
    """The weights of atoms in some combination of the sets that few units have; None if in none.

    Raises Undecided where that cannot be found out in so many steps.
    """
    pairs = np.unique(np.stack([sets.atom, sets.unit]), axis=1)
    if least <= 1 or not pairs.size or not sets.matrix.size:
        return None
    matrix = np.unique(np.packbits(sets.matrix, axis=1), axis=0)
    matrix = np.unpackbits(matrix, axis=1, count=sets.matrix.shape[1]).astype(bool)
    used = matrix.any(axis=0)
    many = np.bincount(pairs[0], minlength=used.size)
    if (many[used] >= least).all():
        return None
    if matrix.shape[0] > MOST_SETS or matrix.size > MOST_CELLS:
        raise Undecided
    search = _Search(pairs[0], pairs[1], least)
    rows = sparse.csr_array(matrix, dtype=float)
    _, kept, _ = _null(rows)
    rows = rows[kept]
    columns = rows.tocsc()
    for part in search.parts(used & (many < least)):
        missed, _, full = _null(columns[:, part | (many >= least)].tocsr())
        if full:
            continue
        if missed.shape[0] * used.size > MOST_HELD:
            raise Undecided
        found = search.fewest(missed @ rows)
        if found is not None:
            return found
    return None


@dataclass
class _Search:
    """A search for combinations that few units have; each item is an atom and a unit."""

    atom: Int[Column, "item"]
    unit: Int[Column, "item"]
    least: int
    steps: int = field(default=STEPS)

    def units(self, atoms: Bool[Column, "atom"]) -> int:
        """How many units have an item in one of these atoms."""
        return int(np.unique(self.unit[atoms[self.atom]]).size)

    def parts(self, atoms: Bool[Column, "atom"]) -> Iterator[Bool[Column, "atom"]]:
        """For each part of the units of these atoms, the atoms in which one of the part is."""
        here = np.flatnonzero(atoms[self.atom])
        here = here[np.argsort(self.atom[here], kind="stable")]
        names, first, place = np.unique(self.unit[here], return_index=True, return_inverse=True)
        turn = np.empty(names.size, int)
        turn[np.argsort(first, kind="stable")] = np.arange(names.size)
        part = turn[place] % self.least
        for one in range(self.least):
            met = np.zeros(atoms.size, bool)
            met[self.atom[here[part == one]]] = True
            yield met

    def fewest(self, space: Float[Column, "row atom"]) -> Float[Column, "atom"] | None:
        """Some unsafe combination in a space of combinations; None if there is none."""
        for rows in _components(_reduced(space)):
            self.steps -= 1
            if self.steps < 0:
                raise Undecided
            atoms = np.any(rows != 0, axis=0)
            if self.units(atoms) < self.least:
                weights: Float[Column, "atom"] = rows[0]
                return weights
            if rows.shape[0] == 1:
                continue
            for one in rows:  # cheap, and mostly enough to find what there is
                if self.units(one != 0) < self.least:
                    weights = one
                    return weights
            for part in self.parts(atoms):
                missed, _, full = _null(sparse.csr_array(rows[:, part]))
                found = None if full else self.fewest(missed @ rows)
                if found is not None:
                    return found
        return None


def _null(rows: Any) -> tuple[Float[Column, "null row"], Int[Column, "kept"], bool]:
    """Weights of rows that add up to nothing, rows that are independent, and whether all are."""
    many = rows.shape[0]
    gram = (rows @ rows.T).toarray()
    largest = float(gram.diagonal().max(initial=0.0))
    if largest <= 0:
        return np.eye(many), np.zeros(0, int), many == 0
    factor, order, rank, _ = lapack.dpstrf(gram, tol=DEPENDENT * largest, lower=1)
    order = order - 1
    if rank == many:
        return np.zeros((0, many)), np.sort(order), True
    head, rest = np.tril(factor[:rank, :rank]), factor[rank:, :rank]
    weights = np.zeros((many - rank, many))
    weights[:, order[rank:]] = np.eye(many - rank)
    weights[:, order[:rank]] = -solve_triangular(head, rest.T, trans="T", lower=True).T
    return weights, np.sort(order[:rank]), False


def _reduced(space: Float[Column, "row atom"]) -> Float[Column, "row atom"]:
    """The same space by rows each of which alone has a 1 in some column."""
    space = np.asarray(space)
    length = np.abs(space).max(axis=1, initial=0.0)
    space = space[length > NOTHING] / length[length > NOTHING, None]
    if not space.size:
        return space
    used = np.flatnonzero((np.abs(space) > NOTHING).any(axis=0))
    factor, order = qr(space[:, used], mode="r", pivoting=True)
    size = np.abs(np.diagonal(factor))
    rank = int((size > NOTHING * size[0]).sum())
    upper = factor[:rank]
    found = np.zeros((rank, space.shape[1]))
    found[:, used[order]] = solve_triangular(upper[:, :rank], upper)
    found[np.abs(found) <= NOTHING] = 0.0
    return found


def _components(space: Float[Column, "row atom"]) -> Iterator[Float[Column, "row atom"]]:
    """A reduced space in pieces that share no atom."""
    if not space.shape[0]:
        return
    met = sparse.csr_array(space != 0, dtype=float)
    count, label = connected_components(met @ met.T, directed=False)
    for one in range(count):
        yield space[label == one]


# --- what one release publishes ------------------------------------------------------------------


def countable(
    parts: Mapping[str, Bool[Column, "item"]],
    unit: Int[Column, "item"],
    *,
    least: int,
    whole: bool = True,
) -> frozenset[str]:
    """Which parts of items may be counted beside all of them and beside each other.

    A part is counted by items and by units. Parts are taken in the order given: each is published
    where no combination of the counts published so far and its own is one of few units.

    parts   the items of each
    unit    whose each item is, numbered from 0
    whole   whether the number of all is published in any case
    """
    if least <= 1:
        return frozenset(parts)
    names = np.unique(unit, return_inverse=True)[1]
    owners = int(names.max(initial=-1)) + 1
    kept: list[str] = []
    levels: list[tuple[list[Any], Column]] = [
        ([np.ones(names.size, bool)] * whole, names),
        ([np.ones(owners, bool)] * whole, np.arange(owners)),
    ]
    for name, part in parts.items():
        items: Any = np.asarray(part, bool)
        units = np.bincount(names[items], minlength=owners) > 0
        tried = [
            ([*sets, one], owner) for (sets, owner), one in zip(levels, (items, units), strict=True)
        ]
        if all(_safe(np.array(sets), owner, least) for sets, owner in tried):
            kept.append(name)
            levels = tried
    return frozenset(kept)


def _safe(rows: Bool[Column, "set item"], unit: Int[Column, "item"], least: int) -> bool:
    """Whether no combination of sets of items is one of few units, for sure."""
    if not rows.any():
        return True
    code = np.zeros(rows.shape[1], int)
    for row in rows:
        code = np.unique(code * 2 + row, return_inverse=True)[1]
    first = np.unique(code, return_index=True)[1]
    try:
        return few_units(Sets(rows[:, first], code, unit), least=least) == 0
    except Undecided:
        return False


def enough_each_side(
    value: Float[Column, "item"], unit: Int[Column, "item"], cut: float, least: int
) -> bool:
    """Whether `least` units or more lie at or below a cut, such as a quantile, and at or above."""
    sides = (value <= cut, value >= cut)
    return least <= 1 or all(np.unique(unit[side]).size >= least for side in sides)


def parted(value: Float[Column, "item"], unit: Int[Column, "item"], cut: float, least: int) -> bool:
    """Whether those above a cut may be counted: nobody, or `least` units or more, on each side."""
    many = [np.unique(unit[side]).size for side in (value > cut, value <= cut)]
    return least <= 1 or all(one == 0 or one >= least for one in many)


def rest_is_safe(
    amount: Float[Column, "item"], unit: Int[Column, "item"], cut: float, *, least: int
) -> bool:
    """Whether the sum of the largest amounts may be published beside the sum of all.

    Both pieces, the largest and the rest, must have units enough and none that dominates (p %
    rule); an amount of which the head counts a part is looked at in both.

    cut   how many of the largest are summed; whole or not
    """
    order = np.argsort(-np.asarray(amount, float), kind="stable")
    head, rest = order[: int(np.ceil(cut))], order[int(cut) :]
    for piece in (head, rest):
        code = np.unique(unit[piece], return_inverse=True)[1]
        sums = np.bincount(code, amount[piece])
        if least > 1 and (sums.size < least or one_dominates(sums)):
            return False
    return True
