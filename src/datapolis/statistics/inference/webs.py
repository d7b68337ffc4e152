"""Ties with a strength: what neighbours share across a tie, and what holds the web together.

**Overlap.** The share of the neighbours of two tied people that both have, the two left out:

    O_ij = n_ij / ((k_i - 1) + (k_j - 1) - n_ij)

with n_ij common neighbours and k ties each; nan where the two have no other neighbour.

**Cutting.** The share of all people in the largest component, as ties are cut one after another:
the weakest first, the strongest first, or at random. Ties of equal strength stand in random order.

**Intervals of pairs.** Two ties of one person are not independent. A mean or a slope θ over ties is
found again without each person i, D_i = θ - θ(without i), and without each tie, d_ij likewise. Ties
that share a person hang together, each tie with itself once:

    V = Σ_i D_i² - Σ_ij d_ij²,    interval θ -/+ t sqrt(V),    3 (Σ D_i²)² / Σ D_i⁴

the degrees of freedom of t, for few people with many ties say less than many with few.

Sources: Onnela et al. (2007) for overlap and cutting; Fafchamps and Gubert (2007) for the variance,
Snijders and Borgatti (1999) for leaving out people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

Order = Literal["weak", "random", "strong"]
ORDERS: tuple[Order, ...] = ("weak", "random", "strong")
CONFIDENCE = 0.95  # of intervals
AT_ONCE = 20_000  # ties whose neighbours are compared at once
PEOPLE_AT_ONCE = 500_000  # of all cases together


@dataclass(frozen=True)
class Web:
    """Undirected ties between people by place, each pair once, with a strength above 0."""

    one: Int[Column, "tie"]
    other: Int[Column, "tie"]
    strength: Float[Column, "tie"]
    people: int

    def overlap(self, one: Any = None, other: Any = None) -> Float[Column, "pair"]:
        """What two people share of their neighbours here, for each tie or for other pairs."""
        one = self.one if one is None else np.asarray(one)
        other = self.other if other is None else np.asarray(other)
        tied = self._matrix(np.ones(self.one.size))
        tied = (tied + tied.T).tocsr()
        degree = np.diff(tied.indptr)
        found = np.empty(one.size)
        for start in range(0, one.size, AT_ONCE):
            pair = slice(start, start + AT_ONCE)
            left, right = tied[one[pair]], tied[other[pair]]
            both = np.asarray(left.multiply(right).sum(axis=1)).ravel()
            mutual = np.asarray(tied[one[pair], other[pair]]).ravel() > 0
            others = degree[one[pair]] + degree[other[pair]] - 2 * mutual - both
            found[pair] = np.divide(both, others, out=np.full(both.size, np.nan), where=others > 0)
        return found

    def largest(self, kept: Bool[Column, "case tie"]) -> Int[Column, "case"]:
        """How many people the largest component has, in each case of ties that are kept."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        found = []
        many = max(1, PEOPLE_AT_ONCE // self.people)
        for start in range(0, kept.shape[0], many):
            case, tie = np.nonzero(kept[start : start + many])
            cases = min(many, kept.shape[0] - start)
            ends = (case * self.people + self.one[tie], case * self.people + self.other[tie])
            shape = (cases * self.people,) * 2
            graph = coo_array((np.ones(tie.size, np.int8), ends), shape=shape)
            _, label = connected_components(graph.tocsr(), directed=False)
            size = np.bincount(label)[label]
            found.append(size.reshape(cases, self.people).max(axis=1))
        return np.concatenate(found)

    def cut(
        self, order: Order, shares: Float[Column, "share"], random: np.random.Generator, draws: int
    ) -> Float[Column, "draw share"]:
        """The largest component's share of all people, once those shares of the ties are cut.

        Each draw is an order of its own, in which equal ties stand at random.
        """
        ties = self.one.size
        key = {"weak": self.strength, "random": np.zeros(ties), "strong": -self.strength}[order]
        number = np.rint(np.asarray(shares) * ties)
        turn = np.empty((draws, ties), np.int64)
        for draw in range(draws):
            turn[draw, np.lexsort((random.random(ties), key))] = np.arange(ties)
        kept = turn[:, None, :] >= number[:, None]
        return self.largest(kept.reshape(-1, ties)).reshape(draws, -1) / self.people

    def _matrix(self, values: Any) -> Any:
        from scipy.sparse import coo_array

        shape = (self.people, self.people)
        made = coo_array((np.asarray(values, float), (self.one, self.other)), shape=shape)
        return made.tocsr()


def mean_of_pairs(
    values: Float[Column, "pair"], one: Int[Column, "pair"], other: Int[Column, "pair"]
) -> tuple[float, float, float]:
    """The mean of a value of pairs and its 95 % interval; nan where leaving out one leaves none."""
    sums = np.stack([np.ones(values.size), values])
    return _interval(lambda sums: sums[1] / sums[0], sums, one, other)


def slope_of_pairs(
    x: Float[Column, "pair"],
    y: Float[Column, "pair"],
    one: Int[Column, "pair"],
    other: Int[Column, "pair"],
) -> tuple[float, float, float]:
    """The least-squares slope of y on x over pairs, and its 95 % interval; nan if x is constant."""
    apart = x - x.mean()
    if float(apart @ apart) <= 1e-12 * x.size:
        return np.nan, np.nan, np.nan
    off = y - y.mean()
    sums = np.stack([np.ones(x.size), apart, off, apart**2, apart * off])
    return _interval(_slope, sums, one, other)


def rank_correlation_of_pairs(
    x: Float[Column, "pair"],
    y: Float[Column, "pair"],
    one: Int[Column, "pair"],
    other: Int[Column, "pair"],
) -> tuple[float, float, float]:
    """Spearman's rank correlation over pairs, and its 95 % interval, within -1 and 1."""
    from scipy.stats import rankdata

    ranks = [rankdata(values) for values in (x, y)]
    if any(np.ptp(rank) == 0 for rank in ranks):
        return np.nan, np.nan, np.nan
    left, right = ((rank - rank.mean()) / rank.std() for rank in ranks)
    estimate, lower, upper = slope_of_pairs(left, right, one, other)
    return estimate, max(lower, -1.0), min(upper, 1.0)


def _slope(sums: Column) -> Any:
    """The slope from the sums of 1, x, y, x² and xy."""
    many, x, y, square, product = sums
    return (product - x * y / many) / (square - x * x / many)


def _interval(
    function: Callable[[Column], Any],
    sums: Float[Column, "sum pair"],
    one: Int[Column, "pair"],
    other: Int[Column, "pair"],
) -> tuple[float, float, float]:
    """A function of sums over pairs, and its 95 % interval."""
    from scipy.stats import t

    total = sums.sum(1)
    estimate = float(function(total))
    people, place = np.unique(np.concatenate([one, other]), return_inverse=True)
    by_person = np.stack([np.bincount(place, np.concatenate([row, row])) for row in sums])
    with np.errstate(divide="ignore", invalid="ignore"):
        person = estimate - function(total[:, None] - by_person)
        pair = estimate - function(total[:, None] - sums)
    if people.size < 3 or not np.isfinite(person).all() or not np.isfinite(pair).all():
        return estimate, np.nan, np.nan
    squares, alone = float(person @ person), float(pair @ pair)
    freedom = 3 * squares**2 / max(float((person**4).sum()), 1e-300)
    variance = max(squares - alone, alone)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, max(freedom, 1.0)) * np.sqrt(variance))
    return estimate, estimate - reach, estimate + reach
