"""Approximate Bayesian computation: parameters whose simulations come near what was measured.

    accept theta when  d(theta)^2 = mean_k (g_k / s_k)^2  is among the smallest
    g_k = the distance of summary k from its range [lower_k, upper_k]; 0 inside
    s_k = sqrt(MAD_k^2 + error_k^2), MAD over the prior, error_k of the measurement
    q_t(theta) = sum_i w_i N(theta; theta_i, 2 Sigma_t) / Z_t   on the unit box, q_0 = 1
    w(theta) ~ 1 / sum_t (n_t / n) q_t(theta)

Parameters are levels between 0 and 1 under a uniform prior. The first generation comes from the
prior, each later one from a mixture of normals around the particles accepted so far, with twice
their covariance: narrower kernels leave the edges of the box to few runs of great weight, and a
parameter that nothing tells seems to be told. All generations have one size and are simulated at
once, and none is thrown away: all that was ever simulated stays in the pool, weighted by the
mixture of all generations. As the prior is one of them, no weight exceeds n / n_0.

Source: adaptive generations of one size after Lenormand, Jabot and Deffuant (2013), kernels and
importance weights after Beaumont, Cornuet, Marin and Robert (2009) and Filippi, Barnes, Cornebise
and Stumpf (2013), mixture weights after Cornuet, Marin, Mira and Robert (2012), the prior in
the mixture after Owen and Zhou (2000), thresholds by quantile after Del Moral, Doucet and Jasra
(2012).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from datapolis.statistics.inference.designs import latin_hypercube

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Simulate = Callable[
    ["Float[np.ndarray, 'n parameter']", "Int[np.ndarray, 'n']", int],
    "Float[np.ndarray, 'n target']",
]
"""Summaries of simulations at some levels, each with a seed of its own; and the generation."""

LEAST_SCALE = 1e-9  # of a summary that never differs
INSIDE = 2**15  # draws by which the part of a mixture that lies in the box is found
SMALLEST = 1e-3  # singular value, relative to the largest, that a regression uses
RIDGE = 1e-4  # standard deviation, in levels, below which no kernel falls


@dataclass(frozen=True)
class Ranges:
    """What was measured: a range for each summary, a point where both ends are one."""

    lower: Float[np.ndarray, "target"]
    upper: Float[np.ndarray, "target"]
    error: Float[np.ndarray, "target"]  # standard error of the measurement; 0 if it has none

    @staticmethod
    def points(values: Sequence[float] | Float[np.ndarray, "target"]) -> Ranges:
        """Measured values without error."""
        at = np.asarray(values, float)
        return Ranges(at, at, np.zeros_like(at))

    def gap(self, summaries: Float[np.ndarray, "n target"]) -> Float[np.ndarray, "n target"]:
        """How far each summary lies above (+) or below (-) its range; 0 inside."""
        return np.asarray(summaries - np.clip(summaries, self.lower, self.upper))


@dataclass(frozen=True)
class Generation:
    """What one generation did."""

    simulated: int
    threshold: float  # the largest distance among the particles after it
    entering: float  # share of its simulations that became particles
    effective: float  # effective number of particles


@dataclass(frozen=True)
class Mixture:
    """Where proposals come from: normals around particles, cut at the box. The prior has none."""

    centres: Float[np.ndarray, "particle parameter"]
    weights: Float[np.ndarray, "particle"]
    root: Float[np.ndarray, "parameter parameter"]  # of the covariance of each
    inside: float  # part of the mixture that lies in the box

    def draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "n parameter"]:
        """Levels from the mixture, anywhere."""
        which = rng.choice(len(self.weights), count, p=self.weights)
        normal = rng.standard_normal((count, self.centres.shape[1]))
        return np.asarray(self.centres[which] + normal @ self.root.T)

    def density(self, levels: Float[np.ndarray, "n parameter"]) -> Float[np.ndarray, "n"]:
        """The density of the mixture inside the box."""
        inverse = np.linalg.inv(self.root)
        here, centres = levels @ inverse.T, self.centres @ inverse.T
        squared = np.sum((here[:, None, :] - centres[None, :, :]) ** 2, axis=2)
        scale = np.linalg.det(self.root) * (2.0 * np.pi) ** (len(self.root) / 2)
        return np.asarray(np.exp(-0.5 * squared) @ self.weights / (scale * self.inside))


@dataclass(frozen=True)
class Pool:
    """All that was simulated, with the weight that the prior gives each of them."""

    levels: Float[np.ndarray, "n parameter"]
    summaries: Float[np.ndarray, "n target"]
    weights: Float[np.ndarray, "n"]  # prior over mixture of generations
    first: int  # how many of them came from the prior
    scale: Float[np.ndarray, "target"]  # of the prior's summaries, median absolute deviation

    def distances(
        self, ranges: Ranges, targets: Sequence[int] | None = None
    ) -> Float[np.ndarray, "n"]:
        """Distance of each simulation from what was measured, over all targets or some of them."""
        chosen = np.arange(len(ranges.lower)) if targets is None else np.asarray(targets, int)
        scale = np.hypot(self.scale, ranges.error)
        gap = (ranges.gap(self.summaries) / np.maximum(scale, LEAST_SCALE))[:, chosen]
        squared = np.mean(gap**2, axis=1)
        return np.where(np.isfinite(squared), np.sqrt(squared), np.inf)

    def nearest(
        self, ranges: Ranges, particles: int, targets: Sequence[int] | None = None
    ) -> Particles:
        """The particles of smallest distance. Where several are inside, all of these are."""
        distances = self.distances(ranges, targets)
        order = np.argsort(distances, kind="stable")[:particles]
        order = order[np.isfinite(distances[order])]
        threshold = float(distances[order[-1]]) if len(order) else np.inf
        chosen = np.flatnonzero(distances <= threshold) if len(order) else order
        weights = self.weights[chosen]
        return Particles(
            levels=self.levels[chosen],
            weights=weights / weights.sum() if len(chosen) else weights,
            summaries=self.summaries[chosen],
            distances=distances[chosen],
            places=chosen,
        )


@dataclass(frozen=True)
class Particles:
    """Accepted simulations: a weighted sample of the posterior."""

    levels: Float[np.ndarray, "particle parameter"]
    weights: Float[np.ndarray, "particle"]  # sum to 1
    summaries: Float[np.ndarray, "particle target"]
    distances: Float[np.ndarray, "particle"]
    places: Int[np.ndarray, "particle"]  # in the pool

    @property
    def effective(self) -> float:
        """Effective number of particles: 1 / sum w^2 (Kish, 1965)."""
        return float(1.0 / np.sum(self.weights**2)) if len(self.weights) else 0.0


@dataclass(frozen=True)
class Fit:
    """The posterior, and how it came about."""

    particles: Particles
    pool: Pool
    generations: tuple[Generation, ...]
    stopped: str  # why no further generation was simulated
    ranges: Ranges = field(repr=False)


def fit(
    simulate: Simulate,
    ranges: Ranges,
    parameters: int,
    *,
    particles: int = 128,
    proposals: int | None = None,
    generations: int = 6,
    seed: int = 0,
    least_entering: float = 0.05,
) -> Fit:
    """Fit parameters to ranges by generations of simulations of one size.

    simulate        (levels [n, parameter] in 0..1, seeds [n], generation) -> summaries [n, target];
                    nan where a run has no such number: it is never accepted
    particles       accepted at the end
    proposals       simulated in a generation; twice the particles if not said
    least_entering  stop when a smaller share of a generation became particles
    """
    size = proposals or 2 * particles
    levels = np.empty((0, parameters))
    summaries: np.ndarray = np.empty((0, len(ranges.lower)))
    mixtures: list[Mixture] = []
    told: list[Generation] = []
    scale, density = np.ones(len(ranges.lower)), np.empty(0)
    for number in range(generations):
        rng = np.random.default_rng(np.random.SeedSequence([seed, 101, number]))
        fresh = (
            latin_hypercube(rng, size, parameters)
            if not number
            else _inside(mixtures[-1], size, rng)
        )
        seeds = 1 + number * size + np.arange(size) + (seed * 1_000_003) % 2**30
        found = np.asarray(simulate(fresh, seeds, number), float)
        levels, summaries = np.vstack([levels, fresh]), np.vstack([summaries, found])
        if not number:
            scale = deviation(found)
        added = [np.ones(size), *(one.density(fresh) for one in mixtures)]
        density = np.r_[density, np.sum(added, axis=0)]
        pool = Pool(levels, summaries, (number + 1) / density, size, scale)
        kept = pool.nearest(ranges, particles)
        entering = float(np.sum(kept.places >= number * size)) / size
        threshold = float(kept.distances.max()) if len(kept.places) else np.inf
        told.append(Generation(size, threshold, entering, kept.effective))
        if threshold == 0.0:
            return Fit(kept, pool, tuple(told), "all particles lie inside every range", ranges)
        if number and entering < least_entering:
            return Fit(kept, pool, tuple(told), "hardly any simulation came nearer", ranges)
        if len(kept.places) > parameters + 1:
            mixtures.append(_mixture(kept, rng))
            density = density + mixtures[-1].density(levels)
        elif number + 1 < generations:
            return Fit(kept, pool, tuple(told), "too few runs had every number", ranges)
    return Fit(kept, pool, tuple(told), "the generations asked for are done", ranges)


def deviation(summaries: Float[np.ndarray, "n target"]) -> Float[np.ndarray, "target"]:
    """Median absolute deviation of each summary over simulations, times 1.4826 (Hampel, 1974).

    The standard deviation where more than half are alike.
    """
    known = np.where(np.isfinite(summaries), summaries, np.nan)
    found = np.ones(summaries.shape[1])
    for place, column in enumerate(known.T):
        values = column[np.isfinite(column)]
        if len(values):
            found[place] = 1.4826 * np.median(np.abs(values - np.median(values)))
            found[place] = found[place] or values.std()
    return np.maximum(found, LEAST_SCALE)


def adjusted(
    kept: Particles, ranges: Ranges, scale: Float[np.ndarray, "target"]
) -> Float[np.ndarray, "particle parameter"]:
    """Levels moved to where a local linear regression puts them at no distance at all.

        logit theta* = m(0) + r sqrt((1 + h) / (1 - p / n)),   logit theta = m(g) + r
        weights w (1 - (d / d_max)^2)

    m is linear in the distances g, with p coefficients over n effective particles; h is the
    leverage of g = 0. The root makes up for what the fit takes out of the residuals r and for what
    is unknown of m(0); without it the posterior of few particles is too narrow.
    Source: Beaumont, Zhang and Balding (2002); the logit keeps them in the box; the root is that of
    prediction from a regression.
    """
    gap = ranges.gap(kept.summaries) / np.maximum(scale, LEAST_SCALE)
    varies = gap.std(axis=0) > 0
    if not varies.any() or kept.distances.max() == 0.0:
        return kept.levels
    clipped = np.clip(kept.levels, 1e-6, 1 - 1e-6)
    logit = np.log(clipped / (1 - clipped))
    near = 1.0 - (kept.distances / (kept.distances.max() * (1 + 1e-9))) ** 2
    weights = kept.weights * np.maximum(near, 1e-12)
    weights = weights / weights.sum()
    effective = 1.0 / np.sum(weights**2)
    design = np.column_stack([np.ones(len(gap)), gap[:, varies]])
    root = np.sqrt(weights)[:, None]
    inverse = np.linalg.pinv(design * root, rcond=SMALLEST)
    rank = float(np.trace(inverse @ (design * root)))
    if effective <= rank + 1.0:
        return kept.levels
    slope = inverse @ (logit * root)
    at_none = np.r_[1.0, np.zeros(int(varies.sum()))]
    leverage = float(np.sum((at_none @ inverse) ** 2)) / effective
    stretch = np.sqrt((1.0 + leverage) / (1.0 - rank / effective))
    moved = slope[0] + stretch * (logit - design @ slope)
    return np.asarray(1.0 / (1.0 + np.exp(-moved)))


def resampled(
    weights: Float[np.ndarray, "particle"], count: int, rng: np.random.Generator
) -> Int[np.ndarray, "n"]:
    """Places of particles, drawn by weight with the least chance: systematic resampling.

    Source: Kitagawa (1996).
    """
    marks = (np.arange(count) + rng.random()) / count
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges / edges[-1], marks), len(weights) - 1)


def _inside(mixture: Mixture, count: int, rng: np.random.Generator) -> np.ndarray:
    """Levels from a mixture, inside the box."""
    found = np.empty((0, mixture.centres.shape[1]))
    while len(found) < count:
        drawn = mixture.draw(2 * count, rng)
        found = np.vstack([found, drawn[_in_box(drawn)]])
    return found[:count]


def _in_box(levels: np.ndarray) -> np.ndarray:
    return np.asarray(np.all((levels > 0.0) & (levels < 1.0), axis=1))


def _mixture(kept: Particles, rng: np.random.Generator) -> Mixture:
    """Normals around particles, with twice their covariance."""
    many = kept.levels.shape[1]
    covariance = np.cov(kept.levels.T, aweights=kept.weights, ddof=0).reshape(many, many)
    root = np.linalg.cholesky(2.0 * covariance + RIDGE**2 * np.eye(many))
    everywhere = Mixture(kept.levels, kept.weights, root, 1.0)
    inside = float(np.mean(_in_box(everywhere.draw(INSIDE, rng))))
    return Mixture(kept.levels, kept.weights, root, max(inside, 1.0 / INSIDE))
