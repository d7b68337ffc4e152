"""How good a forecast or a posterior was: CRPS, coverage, and ranks of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def crps(
    ensemble: Float[np.ndarray, "member *case"], observed: Float[np.ndarray, "*case"]
) -> Float[np.ndarray, "*case"]:
    """Continuous ranked probability score of an ensemble, in the unit of what is forecast.

        CRPS = mean_m |x_m - y| - sum_{m, m'} |x_m - x_m'| / (2 M^2)

    0 when every member is right; the absolute error when all members are one number; smaller is
    better. Source: Gneiting and Raftery (2007), in the form for ensembles.
    """
    members = np.sort(np.asarray(ensemble, float), axis=0)
    many = len(members)
    error = np.mean(np.abs(members - observed), axis=0)
    rank = 2.0 * np.arange(1, many + 1) - many - 1.0
    return np.asarray(error - np.tensordot(rank, members, axes=(0, 0)) / many**2)


def interval(
    ensemble: Float[np.ndarray, "member *case"], level: float = 0.9
) -> tuple[Float[np.ndarray, "*case"], Float[np.ndarray, "*case"]]:
    """The central interval of an ensemble."""
    low, high = np.quantile(ensemble, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def coverage(
    ensemble: Float[np.ndarray, "member *case"],
    observed: Float[np.ndarray, "*case"],
    level: float = 0.9,
) -> float:
    """The share of what was observed that lies inside the central interval of its ensemble."""
    low, high = interval(ensemble, level)
    return float(np.mean((low <= observed) & (observed <= high)))


def weighted_quantile(
    values: Float[np.ndarray, "particle"],
    weights: Float[np.ndarray, "particle"],
    levels: Sequence[float],
) -> Float[np.ndarray, "level"]:
    """Quantiles of a weighted sample; each value stands in the middle of its weight."""
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2
    return np.asarray(np.interp(np.asarray(levels) * weights.sum(), middle, values[order]))


def rank_of(
    truth: float,
    values: Float[np.ndarray, "particle"],
    weights: Float[np.ndarray, "particle"],
) -> float:
    """Where a truth lies in a posterior: the weight of what is smaller, 0 to 1.

    Over truths from the prior, with data from each, it is uniform if the posterior is right.
    Source: simulation-based calibration, Talts, Betancourt, Simpson, Vehtari and Gelman (2018).
    """
    return float(weights[values < truth].sum() / weights.sum())


def uniformity(ranks: Float[np.ndarray, "truth"], bins: int = 10) -> float:
    """The p value of Pearson's chi-square: how likely uniform ranks are as uneven as these."""
    from scipy.stats import chisquare

    counts: Int[np.ndarray, "bin"] = np.histogram(ranks, bins=bins, range=(0.0, 1.0))[0]
    return float(chisquare(counts).pvalue)
