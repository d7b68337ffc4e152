"""A difference between two groups inside strata, when rows of one unit hang together.

A table is reduced to cells, one for each stratum s, unit u and group g, with the weight w and the
weighted sums of the outcome. Inside a stratum the difference of the two weighted means is D_s; over
strata that hold both groups it is weighted by their size W_s (direct standardisation):

    D = sum over s of W_s D_s / sum over s of W_s

For the sizes as they are, D is linear in who belongs to the first group. With the stratum's mean m,

    D = sum over units of the first group of r_u,
    r_u = sum over s of W_s/W (1/W_s1 + 1/W_s0) (sum over u of w y - m_s sum over u of w)

**Permutation.** Whole units change their group, within the strata they lie in, and take their rows,
their weights and so their r_u with them. Where units lie in several strata (goods that every shop
sells), they change group in all of them at once, among the units of all strata so joined; the sizes
of the groups then change too, and D is computed anew for each permutation. Mean and variance of the
sum of r_u over all permutations are exact: for n_1 of n units with mean r and sum of squares S
around it, n_1 r and n_1 (n - n_1) S / (n (n - 1)). That is D where no unit lies in several strata,
and near it otherwise. Whichever way units lie, swapping the groups turns D into -D: the centre of
all permutations is 0. They are all taken where there are few
(`datapolis.statistics.inference.relabelling`).

What is left of equal numbers after rounding counts as nothing: differences below 1e-10 of the
numbers that were subtracted, and variances below 1e-12 of the mean square.

**Errors.** The clustered standard error sums the linear parts of each cluster, which is the error
of a regression with errors for clusters; the naive one takes each unit of weight as independent.
Where each group has one cluster in each stratum, as in pairs, the linear parts are 0 whatever the
outcomes are: there is no clustered error. The bootstrap draws whole clusters with return and
computes D anew.

Sources: Freedman and Lane (1983); Liang and Zeger (1986); Cameron, Gelbach and Miller (2008).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.statistics.inference.relabelling import ByChance, relabelled, sum_by_chance
from datapolis.statistics.inference.resampling import AT_ONCE, Progress, bootstrap_counts

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

NOISE = 1e-10  # of what is subtracted; a difference below is rounding
FLAT = 1e-12  # of the mean square; a variance below is rounding
POWER = 2.8  # standard errors that a test at 5 % finds in four of five tables: 1.96 + .84


@dataclass(frozen=True, eq=False)
class StratumCells:
    """A table reduced to one entry for each stratum, unit and group; codes count from 0.

    weight   sum of the weights w of the rows
    total    sum of w y
    square   sum of w y^2
    rows     how many rows
    """

    stratum: Int[Column, "cell"]
    unit: Int[Column, "cell"]  # what changes its group as a whole
    cluster: Int[Column, "cell"]  # what is independent of others
    first: Bool[Column, "cell"]  # in the first of the two groups
    weight: Float[Column, "cell"]
    total: Float[Column, "cell"]
    square: Float[Column, "cell"]
    rows: Int[Column, "cell"]

    def where(self, chosen: Bool[Column, "cell"]) -> StratumCells:
        """The cells chosen, codes without gaps."""
        return StratumCells(
            *(_codes(one[chosen]) for one in (self.stratum, self.unit, self.cluster)),
            *(one[chosen] for one in (self.first, self.weight, self.total, self.square, self.rows)),
        )

    @cached_property
    def strata(self) -> int:
        """How many strata there are."""
        return int(self.stratum.max(initial=-1)) + 1

    @cached_property
    def sizes(self) -> tuple[Float[Column, "stratum"], Float[Column, "stratum"]]:
        """Weight of the first and of the second group in each stratum."""
        return self._by_stratum(self.weight)

    def _by_stratum(self, values: Column) -> tuple[Column, Column]:
        first = np.bincount(self.stratum, values * self.first, self.strata)
        return first, np.bincount(self.stratum, values * ~self.first, self.strata)

    @cached_property
    def both(self) -> Bool[Column, "stratum"]:
        """Which strata hold both groups."""
        return (self.sizes[0] > 0) & (self.sizes[1] > 0)

    @cached_property
    def share(self) -> Float[Column, "stratum"]:
        """What a stratum counts for: its part of the weight of those that hold both groups."""
        size = np.where(self.both, self.sizes[0] + self.sizes[1], 0.0)
        whole = size.sum()
        return size / whole if whole > 0 else size

    @cached_property
    def overlap(self) -> float:
        """The share of rows that lie in strata with both groups."""
        return float(self.rows[self.both[self.stratum]].sum() / self.rows.sum())

    @cached_property
    def means(self) -> tuple[Float[Column, "stratum"], Float[Column, "stratum"]]:
        """Mean outcome of the first and of the second group in each stratum, nan without any."""
        sums = self._by_stratum(self.total)
        return tuple(
            np.divide(total, size, out=np.full(size.shape, np.nan), where=size > 0)
            for total, size in zip(sums, self.sizes, strict=True)
        )

    @cached_property
    def levels(self) -> tuple[float, float]:
        """The mean of each group over the strata that hold both; their difference is D."""
        if not self.both.any():
            return float("nan"), float("nan")
        first, second = ((self.share * np.where(self.both, one, 0)).sum() for one in self.means)
        return float(first), float(second)

    @property
    def difference(self) -> float:
        """D: the first group less the second; nan where no stratum holds both."""
        first, second = self.levels
        return float(without_rounding(first - second, max(abs(first), abs(second))))

    @cached_property
    def contribution(self) -> Float[Column, "unit"]:
        """The r of each unit: D is their sum over the units of the first group."""
        first, second = self.sizes
        inverse = sum(
            np.divide(1.0, size, out=np.zeros(size.shape), where=size > 0) for size in self.sizes
        )
        size = first + second
        total = np.bincount(self.stratum, self.total, self.strata)
        mean = np.divide(total, size, out=np.zeros(size.shape), where=size > 0)
        left = self.total - self.weight * mean[self.stratum]
        counts = (self.share * inverse)[self.stratum]
        scale = np.bincount(self.unit, counts * np.abs(self.total))
        return without_rounding(np.bincount(self.unit, counts * left), scale)

    @cached_property
    def labels(self) -> Bool[Column, "unit"]:
        """Which units belong to the first group."""
        labels = np.zeros(int(self.unit.max()) + 1, bool)
        labels[self.unit] = self.first
        return labels

    @cached_property
    def spanning(self) -> bool:
        """Whether a unit lies in several strata."""
        pairs = np.unique(self.unit.astype(np.int64) * self.strata + self.stratum)
        return pairs.size > self.labels.size

    @cached_property
    def homes(self) -> Int[Column, "unit"]:
        """Among whom each unit changes its group: a stratum, or strata that share units."""
        home = np.empty(self.labels.size, np.int64)
        home[self.unit] = self.stratum
        if (home[self.unit] == self.stratum).all():
            return home
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        order = slice(None) if _sorted(self.unit) else np.argsort(self.unit, kind="stable")
        unit, stratum = self.unit[order], self.stratum[order]
        again = np.flatnonzero(unit[1:] == unit[:-1])
        pairs = np.unique(stratum[again].astype(np.int64) * self.strata + stratum[again + 1])
        edges = (np.ones(pairs.size), (pairs // self.strata, pairs % self.strata))
        graph = coo_array(edges, shape=(self.strata, self.strata))
        joined: Column = connected_components(graph, directed=False)[1]
        return joined[home]

    def naive_error(self) -> float:
        """The standard error of D if each unit of weight were independent."""
        squares, variance = self._by_stratum(self.square), 0.0
        for square, size, mean in zip(squares, self.sizes, self.means, strict=True):
            size, mean = size[self.both], mean[self.both]
            spread = _variance(square[self.both] / size, mean)
            variance += float((self.share[self.both] ** 2 * spread / size).sum())
        return float(np.sqrt(variance))

    def clustered_error(self, independent: Int[Column, "cell"] | None = None) -> float:
        """The standard error of D if clusters, or what is given, are independent.

        nan where no group has two of them in one stratum: nothing then tells how far they differ.
        """
        groups = self.cluster if independent is None else independent
        if not self._repeated(groups):
            return float("nan")
        parts, scale = np.zeros((2, groups.size))
        for group, sign, size, mean in zip(
            (self.first, ~self.first), (1.0, -1.0), self.sizes, self.means, strict=True
        ):
            here = group & self.both[self.stratum]
            at = self.stratum[here]
            counts = self.share[at] / size[at]
            parts[here] = sign * counts * (self.total[here] - self.weight[here] * mean[at])
            scale[here] = counts * np.abs(self.total[here])
        sums = without_rounding(np.bincount(groups, parts), np.bincount(groups, scale))
        return float(np.sqrt((sums**2).sum() * sums.size / (sums.size - 1)))

    def _repeated(self, groups: Int[Column, "cell"]) -> bool:
        """Whether some group has two clusters in one stratum that holds both groups."""
        here = self.both[self.stratum]
        side = 2 * self.stratum[here].astype(np.int64) + self.first[here]
        pairs = np.unique(side * (int(groups.max(initial=0)) + 1) + groups[here])
        return int(pairs.size) > int(np.unique(side).size)

    def spread(self) -> float:
        """The standard deviation of the outcome inside strata over its mean, if that is above 0."""
        size = self.sizes[0] + self.sizes[1]
        total = np.bincount(self.stratum, self.total, self.strata)
        square = np.bincount(self.stratum, self.square, self.strata)
        used = size > 0
        if not total.sum() > 0:
            return float("nan")
        inside = _variance(square[used] / size[used], total[used] / size[used])
        inside = (size[used] * inside).sum() / size.sum()
        return float(np.sqrt(inside) / (total.sum() / size.sum()))


def permutation_moments(cells: StratumCells) -> tuple[float, float]:
    """Mean and standard deviation of D over all permutations of whole units, exact."""
    each, labels, homes = cells.contribution, cells.labels, cells.homes
    units = np.bincount(homes).astype(float)
    first = np.bincount(homes, labels)
    mean = np.bincount(homes, each) / units
    left = without_rounding(each - mean[homes], np.maximum(np.abs(each), np.abs(mean[homes])))
    around = np.bincount(homes, left**2)
    variance = first * (units - first) / (units * np.maximum(units - 1, 1)) * around
    return float((first * mean).sum()), float(np.sqrt(variance.sum()))


def differences_by_chance(
    cells: StratumCells, draws: int, seed: int, progress: Progress | None = None
) -> ByChance:
    """D beside D when the groups are dealt anew over the units of each stratum; its centre is 0."""
    every = every_difference(cells, progress)
    if every is not None:
        return every
    return ByChance(
        _observed(cells), permuted_differences(cells, draws, seed, progress), False, draws
    )


def every_difference(cells: StratumCells, progress: Progress | None = None) -> ByChance | None:
    """D in all permutations of whole units, where few enough differ; else None."""
    if not cells.spanning:
        return sum_by_chance(cells.contribution, cells.labels, cells.homes)
    size = max(cells.labels.size, cells.strata)
    found = relabelled(cells.labels, cells.homes, 0, 0, size)
    if not found.exact:
        return None
    many = int(cells.labels.sum())
    values, done = [], 0
    for block in found.blocks:
        for part in np.array_split(block, max(1, block.shape[0] * size // AT_ONCE)):
            values.append(_dealt(cells, np.nonzero(part)[1].reshape(-1, many)))
            done += part.shape[0]
            if progress:
                progress("permuting", done, found.many)
    return ByChance(_observed(cells), np.concatenate(values), True, found.many)


def _observed(cells: StratumCells) -> float:
    """D, computed as that of permutations is, so that equal values are equal."""
    if not cells.spanning:
        return float(cells.contribution[cells.labels].sum())
    return float(_dealt(cells, np.flatnonzero(cells.labels)[None])[0])


def permuted_orders(
    homes: Int[Column, "unit"], draws: int, seed: int, progress: Progress | None, what: str
) -> Iterator[Int[Column, "draw unit"]]:
    """Units sorted by their home and in random order inside it, once a row, in blocks of draws."""
    random = np.random.default_rng(seed)
    block = max(1, min(draws, AT_ONCE // max(homes.size, 1)))
    for start in range(0, draws, block):
        many = min(block, draws - start)
        yield np.argsort(homes + random.random((many, homes.size)), axis=1)
        if progress:
            progress(what, start + many, draws)


def permuted_differences(
    cells: StratumCells,
    draws: int,
    seed: int,
    progress: Progress | None = None,
    what: str = "permuting",
) -> Float[Column, "draw"]:
    """D when the groups are dealt anew over the units of each stratum, once for each draw."""
    order = np.argsort(cells.homes, kind="stable")
    homes = cells.homes[order]
    units = np.bincount(homes)
    place = np.arange(homes.size) - (np.cumsum(units) - units)[homes]
    chosen = np.flatnonzero(place < np.bincount(cells.homes, cells.labels)[homes])
    each = cells.contribution[order]
    found = []
    for dealt in permuted_orders(homes, draws, seed, progress, what):
        first = dealt[:, chosen]
        found.append(_dealt(cells, order[first]) if cells.spanning else each[first].sum(axis=1))
    return np.concatenate(found)


def _dealt(cells: StratumCells, first: Int[Column, "draw first"]) -> Float[Column, "draw"]:
    """D anew where these units are the first group."""
    from scipy.sparse import csr_array

    draws, many = first.shape
    bounds = np.arange(draws + 1) * many
    shape = (draws, cells.labels.size)
    in_first = csr_array((np.ones(first.size), first.ravel(), bounds), shape=shape)
    sums = [
        csr_array((values, (cells.unit, cells.stratum)), shape=(cells.labels.size, cells.strata))
        for values in (np.ones(cells.unit.size), cells.weight, cells.total)
    ]
    n1, w1, y1 = ((in_first @ one).toarray() for one in sums)
    n, w, y = (np.asarray(one.sum(axis=0)) for one in sums)
    return _standardised(w1, y1, w - w1, y - y1, (n1 > 0) & (n1 < n))


def _standardised(
    w1: Column, y1: Column, w0: Column, y0: Column, both: Bool[Column, "draw stratum"]
) -> Float[Column, "draw"]:
    """D from weights and weighted sums of both groups by stratum; nan where none holds both."""
    size = np.where(both, w1 + w0, 0.0)
    gap = np.divide(y1, w1, out=np.zeros_like(y1), where=both)
    second = np.divide(y0, w0, out=np.zeros_like(y0), where=both)
    gap = without_rounding(gap - second, np.abs(gap))
    whole = size.sum(axis=1)
    out = np.full(whole.shape, np.nan)
    found: Column = np.divide((size * gap).sum(axis=1), whole, out=out, where=whole > 0)
    return found


def resampled_differences(
    cells: StratumCells,
    draws: int,
    seed: int,
    progress: Progress | None = None,
    what: str = "resampling",
) -> Float[Column, "draw"]:
    """D in bootstrap samples of whole clusters; nan where no stratum holds both groups."""
    from scipy.sparse import csr_array

    shape = (int(cells.cluster.max()) + 1, cells.strata)
    sums = [
        csr_array((values[group], (cells.cluster[group], cells.stratum[group])), shape=shape)
        for group in (cells.first, ~cells.first)
        for values in (cells.weight, cells.total)
    ]
    drawn, done = [], 0
    for counts in bootstrap_counts(shape[0], draws, seed):
        for part in np.array_split(counts, max(1, counts.shape[0] * shape[1] // AT_ONCE)):
            w1, y1, w0, y0 = (part @ one for one in sums)
            drawn.append(_standardised(w1, y1, w0, y0, (w1 > 0) & (w0 > 0)))
        done += counts.shape[0]
        if progress:
            progress(what, done, draws)
    return np.concatenate(drawn)


def without_rounding(left: Any, scale: Any) -> Column:
    """What a subtraction left, 0 where that is the rounding of numbers as large as `scale`."""
    cleared: Column = np.where(np.abs(left) <= NOISE * scale, 0.0, left)
    return cleared


def _variance(square: Column, mean: Column) -> Column:
    """The variance by the mean square and the mean, 0 where it is their rounding."""
    left = square - mean**2
    found: Column = np.where(left <= FLAT * square, 0.0, left)
    return found


def _sorted(values: Column) -> bool:
    return bool((values[1:] >= values[:-1]).all())


def _codes(values: Column) -> Int[Column, "cell"]:
    """Codes from 0 without gaps, in the order of the values."""
    seen = np.zeros(int(values.max(initial=-1)) + 1, bool)
    seen[values] = True
    codes: Column = (np.cumsum(seen, dtype=np.int32) - 1)[values]
    return codes
