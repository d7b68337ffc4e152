"""Randomisation tests: labels are dealt anew among units, in all ways or in some that are drawn.

If labels say nothing, each way to deal them among the units of a stratum is as likely as any other.
A test compares a statistic with the same over all such ways, or over B that are drawn:

    p = share of all ways with a statistic as far out as the observed one        (exact)
    p = (1 + b)/(1 + B), b the number of draws as far out                        (drawn)

How far out a value lies is its distance from a centre that is known beforehand, the exact mean over
all ways; the mean of the draws would part mirror values that tie, and p would change with the seed.
Values whose distances differ by less than 1e-9 of the furthest tie: that is rounding.

All ways are taken wherever there are at most 362,880 (9!). For a sum over the chosen units those
that give different sums are counted, equal units being exchangeable: an outcome of 0 and 1 is exact
for any number of units. With one stratum and two values the values of the sum are ordered by their
probability and not by their distance, so that p is that of Fisher's exact test.

With few units even the furthest value is no rare event: `least_p` is its p, the least that could
have been found. Relabellings for which the statistic is not defined are left out; the observed one
is among the others, so that the test holds given that.

Sources: Fisher (1935); Pitman (1937); Ernst (2004); Phipson and Smyth (2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import chain, combinations
from math import comb, lgamma, log
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.statistics.inference.resampling import AT_ONCE

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, Shaped

    Column = np.ndarray[Any, np.dtype[Any]]

EVERY = 362_880  # relabellings up to which all are taken: 9!, those of nine ranks
WORK = 100_000_000  # numbers computed for all relabellings, up to which they are taken
TOLERANCE = 1e-9  # of the furthest distance; what lies closer ties
EQUAL = 1e-11  # of the largest value; what lies closer is one value
LIKELY = 1e-7  # of a probability; what lies closer is as likely
COUNTED = 10**15  # more ways are not told as a number


@dataclass(frozen=True)
class Significance:
    """The p value of a randomisation test, and what it could have been."""

    p_value: float  # nan where nothing could be compared
    least_p: float  # p of the furthest value that any relabelling has, or any that was drawn
    exact: bool  # whether all relabellings were taken
    many: int  # how many exist if exact, 0 if they are too many to count; else how many were drawn

    def words(self, what: str) -> str:
        """How p was had: `what` names the relabellings, "permutations of shops"."""
        if not self.exact:
            how = f"p by {self.many:,} {what} drawn at random"
        else:
            how = f"exact p by all {f'{self.many:,} ' if self.many else ''}{what}"
        least = f"{self.least_p:.2g}" if self.least_p > 1e-12 else "below 1e-12"
        return f"{how} (least attainable p {least})"


@dataclass(frozen=True, eq=False)
class ByChance:
    """A statistic as observed, and what it is when labels are dealt anew.

    values    of all relabellings, equal ones perhaps once, or of those drawn
    weights   the probability of each; None: all alike
    many      relabellings that exist if exact (0: beyond counting), else how many were drawn
    fisher    whether values are ordered by probability and not by distance
    """

    observed: float
    values: Float[Column, "value"]
    exact: bool
    many: int
    weights: Float[Column, "value"] | None = None
    fisher: bool = False

    @property
    def mean(self) -> float:
        """The mean over relabellings for which the statistic is defined."""
        values, weights = self._defined()
        return float(values @ weights)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The middle `level` of the values; nan, nan if there are none."""
        values, weights = self._defined()
        if not values.size:
            return float("nan"), float("nan")
        if self.weights is None:
            lower, upper = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
            return float(lower), float(upper)
        order = np.argsort(values)
        below = np.cumsum(weights[order])
        ends = np.searchsorted(below, [(1 - level) / 2 + EQUAL, (1 + level) / 2 - EQUAL])
        lower, upper = values[order[np.minimum(ends, values.size - 1)]]
        return float(lower), float(upper)

    def two_sided(self, centre: float = 0.0) -> Significance:
        """The chance of a value as far from the centre as observed, on either side."""
        values, weights = self._defined()
        if self.fisher and values.size:
            own = float(weights[np.argmin(np.abs(values - self.observed))])
            return self._share(-weights, -own, rounding=LIKELY)
        return self._share(np.abs(values - centre), abs(self.observed - centre))

    def upper(self) -> Significance:
        """The chance of a value as large as observed."""
        return self._share(self._defined()[0], self.observed)

    def lower(self) -> Significance:
        """The chance of a value as small as observed."""
        return self._share(-self._defined()[0], -self.observed)

    def _defined(self) -> tuple[Float[Column, "value"], Float[Column, "value"]]:
        """Values that are numbers and their probabilities, which sum to 1."""
        values = np.asarray(self.values, float)
        known = np.isfinite(values)
        weights = np.ones(values.size) if self.weights is None else self.weights
        return values[known], weights[known] / max(float(weights[known].sum()), 1e-300)

    def _share(self, far: Column, own: float, rounding: float = 0.0) -> Significance:
        """The chance of being as far out as `own`, and of the furthest.

        rounding   of a limit itself, where values are probabilities; else 1e-9 of the furthest
        """
        if not far.size or not np.isfinite(own):
            return Significance(float("nan"), float("nan"), self.exact, self.many)
        furthest = max(float(far.max()), own)
        weights = self._defined()[1]
        slack = TOLERANCE * max(float(np.abs(far).max()), abs(own))
        found = []
        for limit in (own, furthest):
            beyond = far >= limit - (rounding * abs(limit) if rounding else slack)
            if self.exact:
                found.append(min(float(weights[beyond].sum()), 1.0))
            else:
                found.append((1 + int(beyond.sum())) / (1 + far.size))
        return Significance(found[0], found[1], self.exact, self.many)


def how_many(labels: Shaped[Column, "unit"], strata: Int[Column, "unit"]) -> int:
    """How many different ways there are to deal the labels within strata; 0: beyond counting."""
    kinds = _codes(labels)
    pairs, counts = np.unique(_codes(strata) * (kinds.max() + 1) + kinds, return_counts=True)
    stratum = pairs // (kinds.max() + 1)
    sizes = np.bincount(stratum, counts).astype(int)
    logarithm = sum(lgamma(n + 1) for n in sizes) - sum(lgamma(n + 1) for n in counts)
    if logarithm > log(COUNTED):
        return 0
    ways = 1
    for place, size in enumerate(sizes):
        left = int(size)
        for count in sorted(int(one) for one in counts[stratum == place])[:-1]:
            ways *= comb(left, count)
            left -= count
    return ways


@dataclass(frozen=True, eq=False)
class Relabelled:
    """Labels dealt anew, in blocks of relabellings."""

    blocks: Iterator[Shaped[Column, "relabelling unit"]]
    exact: bool  # whether each different way comes once
    many: int


def relabelled(
    labels: Shaped[Column, "unit"],
    strata: Int[Column, "unit"],
    draws: int,
    seed: int,
    size: int = 0,
) -> Relabelled:
    """All different ways to deal the labels within strata, or so many draws where there are more.

    All are taken if they are at most 362,880, and 1e8 numbers at most are computed for them;
    `size` says how many each one takes, at least as many as there are labels.
    """
    labels, strata = np.asarray(labels), np.asarray(strata)
    ways = how_many(labels, strata)
    if 0 < ways <= EVERY and ways * max(labels.size, size) <= WORK:
        return Relabelled(_every(labels, strata, ways), True, ways)
    return Relabelled(_drawn(labels, strata, draws, seed), False, draws)


def _drawn(
    labels: Shaped[Column, "unit"], strata: Int[Column, "unit"], draws: int, seed: int
) -> Iterator[Shaped[Column, "draw unit"]]:
    """The labels dealt at random within strata, in blocks of draws."""
    random = np.random.default_rng(seed)
    strata = _codes(strata)
    home = np.argsort(strata, kind="stable")
    block = max(1, min(draws, AT_ONCE // max(labels.size, 1)))
    for start in range(0, draws, block):
        keys = strata + random.random((min(block, draws - start), labels.size))
        dealt = np.empty(keys.shape, labels.dtype)
        dealt[:, home] = labels[np.argsort(keys, axis=1)]
        yield dealt


def _every(
    labels: Shaped[Column, "unit"], strata: Int[Column, "unit"], ways: int
) -> Iterator[Shaped[Column, "relabelling unit"]]:
    """Every different way once, in blocks: those of each stratum, joined with each other."""
    parts = []
    for one in np.unique(strata):
        members = np.flatnonzero(strata == one)
        values, counts = np.unique(labels[members], return_counts=True)
        if values.size > 1:
            parts.append((members, values, _orders(counts)))
    block = max(1, AT_ONCE // max(labels.size, 1))
    for start in range(0, ways, block):
        number = np.arange(start, min(start + block, ways))
        dealt = np.repeat(labels[None], number.size, axis=0)
        for members, values, orders in parts:
            number, place = np.divmod(number, orders.shape[0])
            dealt[:, members] = values[orders[place]]
        yield dealt


def _orders(counts: Int[Column, "label"]) -> Int[Column, "order unit"]:
    """All different orders of so many labels of each kind, as their codes."""
    size, rarest = int(counts.sum()), np.argsort(counts, kind="stable")
    orders = np.full((1, size), rarest[-1], np.min_scalar_type(counts.size))
    free = np.arange(size)[None]
    for code in rarest[:-1]:
        left, many = free.shape[1], int(counts[code])
        ways = comb(left, many)
        flat = chain.from_iterable(combinations(range(left), many))
        chosen = np.fromiter(flat, np.int64, ways * many).reshape(ways, many)
        others = np.ones((ways, left), bool)
        np.put_along_axis(others, chosen, False, axis=1)
        kept = np.nonzero(others)[1].reshape(ways, left - many)
        orders = np.repeat(orders, ways, axis=0)
        np.put_along_axis(orders, free[:, chosen].reshape(-1, many), code, axis=1)
        free = free[:, kept].reshape(-1, left - many)
    return orders


def sum_by_chance(
    values: Float[Column, "unit"], chosen: Bool[Column, "unit"], strata: Int[Column, "unit"]
) -> ByChance | None:
    """The sum of values over the chosen units, were these dealt anew within strata: exact.

    None where more than 362,880 sums could differ. Equal values of a stratum are exchangeable, so
    that they are counted together; Fisher's order where one stratum has two values.
    """
    values, chosen = np.asarray(values, float), np.asarray(chosen, bool)
    strata = _codes(strata)
    near = EQUAL * float(np.abs(values).max(initial=0.0))
    order = np.lexsort((values, strata))
    value, home = values[order], strata[order]
    sizes, firsts = np.bincount(strata), np.bincount(strata, chosen).astype(int)
    new = np.append(True, (np.diff(value) > near) | (np.diff(home) > 0))
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, value.size))
    kinds = np.bincount(home[starts], minlength=sizes.size)
    free = np.flatnonzero((kinds > 1) & (firsts > 0) & (firsts < sizes))
    fixed = ~np.isin(strata, free)
    base, ways = float(values[chosen & fixed].sum()), 1
    groups = []
    for place in free:
        mine = home[starts] == place
        groups.append((value[starts[mine]], counts[mine], int(firsts[place])))
        ways *= _different(counts[mine], int(firsts[place]), EVERY // ways)
        if ways > EVERY:
            return None
    atoms = [_sums(*group) for group in groups]
    sums, weights = reduce(_joined, atoms, (np.array([base]), np.ones(1)))
    return ByChance(
        observed=float(values[chosen].sum()),
        values=sums,
        weights=weights,
        exact=True,
        many=how_many(chosen, strata),
        fisher=len(groups) == 1 and groups[0][0].size == 2,
    )


def _joined(one: tuple[Column, Column], other: tuple[Column, Column]) -> tuple[Column, Column]:
    """Sums of two independent strata and their probabilities."""
    return np.add.outer(one[0], other[0]).ravel(), np.multiply.outer(one[1], other[1]).ravel()


def _different(counts: Int[Column, "value"], first: int, most: int) -> int:
    """In how many ways so many units can be chosen, equal ones not told apart; above most: more.

    Whatever has been chosen among the first few values can be completed, so that the count of such
    beginnings is a lower limit, and counting stops early.
    """
    left = int(counts.sum())
    first = min(first, left - first)
    if first == 1:
        return counts.size
    ways = np.zeros(first + 1, np.int64)
    ways[0] = 1
    for count in counts:
        left -= int(count)
        summed = np.cumsum(ways)
        ways = summed.copy()
        if count < first:
            ways[count + 1 :] -= summed[: -(count + 1)]
        if (found := int(ways[max(first - left, 0) :].sum())) > most:
            return most + 1
        ways[: max(first - left, 0)] = 0
    return found


def _sums(
    values: Float[Column, "value"], counts: Int[Column, "value"], first: int
) -> tuple[Float[Column, "sum"], Float[Column, "sum"]]:
    """The sums that a choice of so many units can have, and the probability of each."""
    if values.size == 2:
        from scipy.stats import hypergeom

        most = np.arange(max(0, first - counts[0]), min(first, counts[1]) + 1)
        chance = hypergeom.pmf(most, counts.sum(), counts[1], first)
        return most * values[1] + (first - most) * values[0], chance
    size = int(counts.sum())
    if first > size - first:  # the others are fewer: what they leave
        sums, chance = _sums(values, counts, size - first)
        return float(values @ counts) - sums, chance
    sums, logarithm = _chosen(values, counts, first, first)[first]
    return sums, np.exp(logarithm - _log_ways(size, first))


def _chosen(
    values: Float[Column, "value"], counts: Int[Column, "value"], least: int, most: int
) -> dict[int, tuple[Float[Column, "sum"], Float[Column, "sum"]]]:
    """The sums of `least` to `most` units, by how many, and the logarithm of their ways.

    The values are halved and each half's sums are joined, so that none is copied often.
    """
    if values.size == 1:
        taken = range(max(least, 0), min(most, int(counts[0])) + 1)
        return {
            many: (many * values, np.array([_log_ways(int(counts[0]), many)])) for many in taken
        }
    if most == 1:
        none = {0: (np.zeros(1), np.zeros(1))} if least < 1 else {}
        return {**none, 1: (values, np.log(counts))}
    half = values.size // 2
    sizes = int(counts[:half].sum()), int(counts[half:].sum())
    left = _chosen(values[:half], counts[:half], least - sizes[1], most)
    right = _chosen(values[half:], counts[half:], least - sizes[0], most)
    parts: dict[int, list[tuple[Column, Column]]] = {}
    for one, (sums, ways) in left.items():
        for other, (more, others) in right.items():
            if least <= one + other <= most:
                joined = np.add.outer(sums, more).ravel(), np.add.outer(ways, others).ravel()
                parts.setdefault(one + other, []).append(joined)
    return {
        many: (np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found]))
        for many, found in parts.items()
    }


def _log_ways(many: int, some: int) -> float:
    """The logarithm of how many ways there are to choose some of many."""
    if many <= 500:
        return log(comb(many, some))
    return lgamma(many + 1) - lgamma(some + 1) - lgamma(many - some + 1)


def _codes(values: Shaped[Column, "unit"]) -> Int[Column, "unit"]:
    """Codes from 0 without gaps."""
    codes: Column = np.unique(np.asarray(values), return_inverse=True)[1]
    return codes.ravel()
