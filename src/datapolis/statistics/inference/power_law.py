"""Where a heavy tail starts and how fast it falls: a power law above a least value that is chosen.

From x_min on, values have the density, or whole numbers the chance,

    p(x) = (alpha - 1)/x_min (x/x_min)**-alpha        p(x) = x**-alpha / zeta(alpha, x_min)

For each x_min among the values, alpha is the maximum of the likelihood; the x_min chosen is the one
whose law lies nearest to the values from it on, by the Kolmogorov-Smirnov distance

    D = max over values x >= x_min of |P(X < x) - share of those values that is below x|

in which each different value is one step, so that ties are no gap. How sure both are is read from
samples drawn again from the values; whether the law is plausible, from samples drawn from the law
itself. Each of these samples chooses its own x_min.

**Speed.** Values are reduced to different values and their counts; sums from the top down give
every alpha at once. A candidate's distance is at least its distance at a few of its points, so that
most candidates fall out after four points and few are compared in full. The answer is that of the
full search.

Sources: Clauset, Shalizi and Newman (2009); p values as in Phipson and Smyth (2010).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datapolis.core.errors import InputError

if TYPE_CHECKING:
    from jaxtyping import Float, Int, Shaped

Column: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Progress: TypeAlias = Callable[[str, int, int], None] | None

PROBES = (4, 16, 64, 256)  # points at which candidates are compared before they are in full
BLOCK = 50_000  # candidates compared at once
TABULATED = 5_000  # whole numbers from x_min on whose chances are tabulated, to draw from
NEAR = 20  # from here on the series of zeta is exact to eleven digits
CLOSE = 1e-12  # relative difference that rounding may make


@dataclass(frozen=True)
class PowerLaw:
    """A power law from x_min on, and how many of the values it describes."""

    alpha: float  # exponent of the density, above 1
    x_min: float  # where the law starts
    n_tail: int  # values from x_min on
    distance: float  # Kolmogorov-Smirnov, to these values
    n: int  # all values, from the floor on
    discrete: bool = False

    @property
    def standard_error(self) -> float:
        """Of alpha if x_min were known beforehand: (alpha - 1)/sqrt(n_tail)."""
        return (self.alpha - 1) / float(np.sqrt(self.n_tail))

    def survival(self, x: Float[Column, "value"]) -> Float[Column, "value"]:
        """P(X >= x | X >= x_min), which is 1 up to x_min."""
        x = np.maximum(np.asarray(x, float), self.x_min)
        chance: Column = np.exp((1 - self.alpha) * np.log(x / self.x_min))
        if self.discrete:
            chance = chance * _scaled_zeta(np.full(x.shape, self.alpha), x) / self._scale
        return chance

    def reached_by(self, chance: Float[Column, "value"]) -> Float[Column, "value"]:
        """The value that this share of those from x_min on reaches, 0 < chance <= 1.

        For whole numbers the greatest x with P(X >= x | X >= x_min) >= chance.
        """
        chance = np.asarray(chance, float)
        power = -1 / (self.alpha - 1)
        if not self.discrete:
            return np.asarray(self.x_min * chance**power)
        far = np.floor(0.5 + self.x_min * (chance * (self.alpha - 1) * self._scale) ** power)
        near = np.searchsorted(-self._table, -chance, side="right") - 1
        return np.where(chance >= self._table[-1], self.x_min + near, far)

    @cached_property
    def _scale(self) -> float:
        return float(_scaled_zeta(np.asarray([self.alpha]), np.asarray([self.x_min]))[0])

    @cached_property
    def _table(self) -> Column:
        return self.survival(self.x_min + np.arange(TABULATED))


def fit(
    values: Float[Column, "value"],
    counts: Int[Column, "value"] | None = None,
    *,
    discrete: bool = False,
    floor: float | None = None,
    top: float | None = None,
) -> PowerLaw:
    """The power law from the x_min on that lies nearest to the values.

    values    positive numbers in any order; whole numbers if `discrete`
    counts    how often each occurs; once without
    floor     less than this is left out, as if it had never been listed
    top       the greatest x_min that is tried; without it, all values but the largest are

    Raises InputError if values are not positive, or fewer than two differ.
    """
    x, counts = ordered(values, counts, discrete=discrete, floor=floor)
    last = x.size if top is None else int(np.searchsorted(x, top, side="right"))
    if min(x.size - 1, last) < 1:
        raise InputError(
            "no tail to fit",
            field="values",
            value=f"{x.size} different values" if top is None else f"none up to {top:g}",
            allowed="two different values or more, above the floor if there is one",
        )
    place, alpha, distance = _nearest(x, np.log(x), counts, discrete, last)
    return PowerLaw(
        alpha=alpha,
        x_min=float(x[place]),
        n_tail=int(counts[place:].sum()),
        distance=distance,
        n=int(counts.sum()),
        discrete=discrete,
    )


def bootstrap(
    values: Float[Column, "value"],
    counts: Int[Column, "value"] | None = None,
    *,
    draws: int,
    seed: int,
    discrete: bool = False,
    floor: float | None = None,
    units: Shaped[Column, "value"] | None = None,
    progress: Progress = None,
) -> Float[Column, "draw parameter"]:
    """alpha and x_min of samples of as many values, drawn with return: one row for each sample.

    Where `units` says which independent unit each value belongs to, units are drawn instead, each
    with all its values. A sample without two different values gives nan, nan.
    """
    x, times = ordered(values, counts, discrete=discrete, floor=floor)
    logarithm = np.log(x)
    random = np.random.default_rng(seed)
    if units is None:
        samples = _samples(times, draws, random)
    else:
        samples = _samples_of_units(values, counts, units, x, draws, random)
    drawn = np.full((draws, 2), np.nan)
    for draw, sample in enumerate(samples):
        here = np.flatnonzero(sample)
        if here.size > 1:
            place, alpha, _ = _nearest(x[here], logarithm[here], sample[here], discrete)
            drawn[draw] = alpha, x[here[place]]
        tell(progress, "tail, drawn again", draw + 1, draws)
    return drawn


def goodness(
    values: Float[Column, "value"],
    counts: Int[Column, "value"] | None = None,
    *,
    draws: int,
    seed: int,
    discrete: bool = False,
    floor: float | None = None,
    size: int | None = None,
    progress: Progress = None,
) -> float:
    """How often samples of the fitted law lie as far from a power law of their own: a p value.

    A value of a sample comes from the law with chance n_tail/n, else it is one of the values below
    x_min; then the sample chooses its own x_min. A small p says: no power law from any x_min on.

    size    values in a sample, at most n: fewer where values hang together, as within units
    """
    x, counts = ordered(values, counts, discrete=discrete, floor=floor)
    law = fit(x, counts, discrete=discrete)
    size = law.n if size is None else max(2, min(size, law.n))
    random = np.random.default_rng(seed)
    body = x < law.x_min
    below, logarithm = x[body], np.log(x[body])
    share = counts[body] / max(1, counts[body].sum())
    beyond = 0
    for draw in range(draws):
        many = int(random.binomial(size, law.n_tail / law.n))
        again = random.multinomial(size - many, share) if below.size else np.zeros(0, int)
        here = np.flatnonzero(again)
        tail, times = np.unique(law.reached_by(1 - random.random(many)), return_counts=True)
        distance = np.inf
        if here.size + tail.size > 1:
            _, _, distance = _nearest(
                np.concatenate([below[here], tail]),
                np.concatenate([logarithm[here], np.log(tail)]),
                np.concatenate([again[here], times]),
                discrete,
            )
        beyond += distance >= law.distance * (1 - CLOSE)
        tell(progress, "goodness of fit", draw + 1, draws)
    return (1 + beyond) / (1 + draws)


def ordered(
    values: Float[Column, "value"],
    counts: Int[Column, "value"] | None = None,
    *,
    discrete: bool = False,
    floor: float | None = None,
) -> tuple[Float[Column, "different"], Int[Column, "different"]]:
    """The different values from the floor on, smallest first, and how often each occurs.

    Raises InputError unless all of them are positive, and whole numbers if `discrete`.
    """
    values = np.asarray(values, float).ravel()
    counts = np.ones(values.size, int) if counts is None else np.asarray(counts).ravel()
    if counts.shape != values.shape or (counts < 0).any():
        raise InputError(
            "counts do not fit the values", field="counts", allowed="one for each, 0 or more"
        )
    kept = (counts > 0) & (True if floor is None else values >= floor)
    if not np.isfinite(values).all() or (values[kept] <= 0).any():
        wrong = int(counts[~np.isfinite(values) | (kept & (values <= 0))].sum())
        raise InputError(
            f"{wrong:,} values are not positive numbers", field="values", allowed="> 0"
        )
    if discrete and (values[kept] % 1 != 0).any():
        wrong = int(counts[kept & (values % 1 != 0)].sum())
        raise InputError(
            f"{wrong:,} values are not whole numbers", field="values", allowed="1, 2, 3 and so on"
        )
    x, place = np.unique(values[kept], return_inverse=True)
    return x, np.bincount(place, weights=counts[kept], minlength=x.size).astype(np.int64)


def tell(progress: Progress, what: str, done: int, all_of_them: int) -> None:
    """Say how much is done, a hundred times in all."""
    if progress is not None and (done == all_of_them or done % max(1, all_of_them // 100) == 0):
        progress(what, done, all_of_them)


# --- the search --------------------------------------------------------------------------------


def _nearest(
    x: Float[Column, "value"],
    logarithm: Float[Column, "value"],
    counts: Int[Column, "value"],
    discrete: bool,
    last: int | None = None,
) -> tuple[int, float, float]:
    """Place of x_min among ascending values, its alpha and its distance."""
    law = _Candidates(x, logarithm, counts, discrete, last)
    best = (np.inf, 0)
    alive = np.arange(law.fall.size)
    lowest = np.zeros(alive.size)
    for points in PROBES:
        lowest = law.at_least(alive, points)
        place = int(alive[np.argmin(lowest)])
        best = min(best, (law.distance(place), place))
        near = lowest <= best[0]
        alive, lowest = alive[near], lowest[near]
    for index in np.argsort(lowest, kind="stable"):
        if lowest[index] > best[0]:
            break
        best = min(best, (law.distance(int(alive[index])), int(alive[index])))
    distance, place = best
    return place, 1 + float(law.fall[place]), float(distance)


class _Candidates:
    """The laws from each possible x_min on, and how far they lie from the values."""

    def __init__(
        self, x: Column, logarithm: Column, counts: Column, discrete: bool, last: int | None
    ) -> None:
        above = np.cumsum(counts[::-1])[::-1].astype(float)  # values at or above each
        total = np.cumsum((counts * logarithm)[::-1])[::-1]
        many = x.size - 1 if last is None else min(x.size - 1, last)
        excess = total[:many] / above[:many] - logarithm[:many]
        self.x, self.logarithm, self.above = x, logarithm, above
        self.fall = whole_fall(excess, x[:many]) if discrete else 1 / excess  # alpha - 1
        self.scale = _scaled_zeta(1 + self.fall, x[:many]) if discrete else None

    def gap(self, place: Column, point: Column) -> Column:
        """|P(X < x) - share below x| of the laws at these places, at these points."""
        fall = self.fall[place]
        chance: Column = np.exp(fall * (self.logarithm[place] - self.logarithm[point]))
        if self.scale is not None:
            fall = np.broadcast_to(fall, chance.shape)
            chance = chance * _scaled_zeta(1 + fall, self.x[point]) / self.scale[place]
        chance -= self.above[point] / self.above[place]
        return np.abs(chance, out=chance)

    def distance(self, place: int) -> float:
        """The distance of one law, over all points."""
        return float(self.gap(np.asarray(place), np.arange(place, self.x.size)).max())

    def at_least(self, places: Column, points: int) -> Column:
        """The greatest gap of each law over a few points, evenly spread over its own."""
        steps = (np.arange(points) + 0.5) / points
        found = np.empty(places.size)
        for start in range(0, places.size, BLOCK):
            block = places[start : start + BLOCK, None]
            point = block + ((self.x.size - block) * steps).astype(np.intp)
            found[start : start + BLOCK] = self.gap(block, point).max(axis=1)
        return found


def _samples(
    counts: Int[Column, "value"], draws: int, random: np.random.Generator
) -> Iterator[Int[Column, "value"]]:
    """How often each value is drawn, for each sample."""
    total = int(counts.sum())
    if total > 10 * counts.size:
        for _ in range(draws):
            yield random.multinomial(total, counts / total)
        return
    owner = np.repeat(np.arange(counts.size), counts)
    for _ in range(draws):
        yield np.bincount(owner[random.integers(0, total, total)], minlength=counts.size)


def _samples_of_units(
    values: Column,
    counts: Column | None,
    units: Column,
    x: Column,
    draws: int,
    random: np.random.Generator,
) -> Iterator[Int[Column, "value"]]:
    """How often each value of `x` is drawn, where units are drawn with all their values."""
    values, units = np.asarray(values, float).ravel(), np.asarray(units).ravel()
    times = np.ones(values.size, int) if counts is None else np.asarray(counts).ravel()
    kept = (times > 0) & (values >= x[0])
    place = np.searchsorted(x, values[kept])
    names, unit = np.unique(units[kept], return_inverse=True)
    for _ in range(draws):
        chosen = np.bincount(random.integers(0, names.size, names.size), minlength=names.size)
        sample = np.bincount(place, weights=chosen[unit] * times[kept], minlength=x.size)
        yield sample.astype(np.int64)


# --- whole numbers -----------------------------------------------------------------------------


def whole_fall(excess: Float[Column, "law"], x_min: Float[Column, "law"]) -> Float[Column, "law"]:
    """alpha - 1 of whole numbers from x_min on whose mean of log(X/x_min) is `excess`."""
    fall: Column = root(
        lambda fall: np.log(_mean_excess(1 + fall, x_min)) - np.log(excess),
        1 / (excess + np.log(x_min / (x_min - 0.5))),
    )
    return fall


def root(
    miss: Callable[[Float[Column, "law"]], Float[Column, "law"]], start: Float[Column, "law"]
) -> Float[Column, "law"]:
    """Where each of several functions that fall with the log of a positive number is 0: secants."""
    before = np.log(start)
    last = miss(np.exp(before))
    now = np.clip(before + np.clip(last, -1, 1), -20, 8)
    for _ in range(60):
        found = miss(np.exp(now))
        moved = now - before
        slope = np.divide(found - last, moved, out=np.full_like(moved, -1.0), where=moved != 0)
        step = np.clip(-found / np.where(slope < -1e-3, slope, -1.0), -1, 1)
        before, last, now = now, found, np.clip(now + step, -20, 8)
        if np.abs(step).max() < 1e-11:
            break
    return np.asarray(np.exp(now))


def _scaled_zeta(s: Shaped[Column, "..."], q: Shaped[Column, "..."]) -> Shaped[Column, "..."]:
    """q**(s - 1) zeta(s, q), the sum of q**(s - 1) k**-s over k = q, q + 1, ... for whole q."""
    scaled = _series(s, np.maximum(q, NEAR))
    near = np.nonzero(q < NEAR)
    if near[0].size:
        rest, terms, _ = _first_terms(s[near], q[near])
        scaled[near] = rest * scaled[near] + terms.sum(axis=-1)
    return scaled


def _mean_excess(s: Float[Column, "law"], q: Float[Column, "law"]) -> Float[Column, "law"]:
    """The mean of log(X/q) where whole numbers X >= q have chances k**-s / zeta(s, q)."""
    far = np.maximum(q, NEAR)
    sums, weighted = _series(s, far), -_slope(s, far)
    near = np.flatnonzero(q < NEAR)
    if near.size:
        rest, terms, logarithms = _first_terms(s[near], q[near])
        weighted[near] += np.log(NEAR / q[near]) * sums[near]
        weighted[near] = rest * weighted[near] + (terms * logarithms).sum(axis=-1)
        sums[near] = rest * sums[near] + terms.sum(axis=-1)
    return np.asarray(weighted / sums)


def _first_terms(
    s: Float[Column, "law"], q: Float[Column, "law"]
) -> tuple[Float[Column, "law"], Float[Column, "law k"], Float[Column, "law k"]]:
    """What scales the series from NEAR on, the terms before it, and log(k/q) of each."""
    logarithms = np.log(np.arange(1.0, NEAR) / q[:, None])
    terms = np.where(logarithms > -CLOSE, np.exp(-s[:, None] * logarithms) / q[:, None], 0.0)
    return (NEAR / q) ** (1 - s), terms, logarithms


def _series(s: Shaped[Column, "..."], q: Shaped[Column, "..."]) -> Shaped[Column, "..."]:
    """q**(s - 1) zeta(s, q) for large q (Euler and Maclaurin)."""
    square = 1 / (q * q)
    third = s * (s + 1) * (s + 2)
    fifth = third * (s + 3) * (s + 4)
    seventh = fifth * (s + 5) * (s + 6)
    rest = third / 720 - square * (fifth / 30_240 - square * seventh / 1_209_600)
    rest = square * (s / 12 - square * rest)
    return np.asarray(1 / (s - 1) + 0.5 / q + rest)


def _slope(s: Float[Column, "law"], q: Float[Column, "law"]) -> Float[Column, "law"]:
    """The derivative of `_series` for s."""
    square = 1 / (q * q)
    third = 3 * s * s + 6 * s + 2
    fifth = 5 * s**4 + 40 * s**3 + 105 * s * s + 100 * s + 24
    rest = square * (1 / 12 - square * (third / 720 - square * fifth / 30_240))
    return np.asarray(rest - 1 / (s - 1) ** 2)
