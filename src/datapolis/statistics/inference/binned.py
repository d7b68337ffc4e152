"""A power law fitted to bins, for values that people have rounded.

Where many values are round numbers, each heap is a step of the cumulated shares that no law has,
so that the search for x_min follows the heaps. Counts in bins that are wider than the rounding keep
what is left. A value from x_min = b_i on lies in bin j, which starts at b_j, with the chance

    P_j = (b_j/b_i)**-(alpha - 1) - (b_{j+1}/b_i)**-(alpha - 1)

and is counted up to the last, open bin. alpha is the maximum of the likelihood; x_min is the bin
limit with the least Kolmogorov-Smirnov distance at the limits above it, among those with at least
five bins up to the largest value, since a law fits fewer bins whatever they hold. Bins begin at
1.5, 3.5 and 7.5 times powers of ten, so that the heaps at 1, 2, 5 and 10 lie inside of them.

Source: Virkar and Clauset (2014), with these limits and this least number of bins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from datapolis.core.errors import InputError
from datapolis.statistics.inference.power_law import CLOSE, Column, PowerLaw, Progress, root, tell

if TYPE_CHECKING:
    from jaxtyping import Float, Int

LEAST_BINS = 5
LIMITS = (1.5, 3.5, 7.5)


def round_edges(
    values: Float[Column, "value"], floor: float | None = None
) -> Float[Column, "edge"]:
    """Limits of bins for these positive values: between round numbers, the last at infinity."""
    low, high = float(np.min(values)), float(np.max(values))
    tens = 10.0 ** np.arange(np.floor(np.log10(low)) - 1, np.ceil(np.log10(high)) + 1)
    limits = np.outer(tens, LIMITS).ravel()
    first = limits[limits <= low].max() if floor is None else floor
    return np.concatenate([[first], limits[(limits > first) & (limits <= high)], [np.inf]])


def count(
    values: Float[Column, "value"], counts: Int[Column, "value"], edges: Float[Column, "edge"]
) -> Int[Column, "bin"]:
    """How many values lie in each bin; those below the first limit are left out."""
    place = np.searchsorted(edges, values, side="right") - 1
    kept = place >= 0
    return np.bincount(place[kept], weights=counts[kept], minlength=edges.size - 1).astype(np.int64)


def fit(edges: Float[Column, "edge"], counts: Int[Column, "bin"]) -> PowerLaw:
    """The power law from the bin limit on that lies nearest to the counts.

    Raises InputError if fewer than five bins lie between the first and the largest value.
    """
    found = _nearest(np.log(np.asarray(edges, float)), np.asarray(counts))
    if found is None:
        raise InputError(
            "no tail to fit",
            field="edges",
            value=f"{_occupied(np.asarray(counts))} bins up to the largest value",
            allowed=f"{LEAST_BINS} bins or more",
        )
    place, alpha, distance = found
    tail, total = int(np.sum(counts[place:])), int(np.sum(counts))
    return PowerLaw(alpha, float(edges[place]), tail, distance, total)


def bootstrap(
    edges: Float[Column, "edge"],
    counts: Int[Column, "bin"],
    *,
    draws: int,
    seed: int,
    size: int | None = None,
    progress: Progress = None,
) -> Float[Column, "draw parameter"]:
    """alpha and x_min of samples of `size` values (as many as there are), drawn with return."""
    counts = np.asarray(counts)
    logarithm, total = np.log(np.asarray(edges, float)), int(counts.sum())
    random = np.random.default_rng(seed)
    drawn = np.full((draws, 2), np.nan)
    for draw in range(draws):
        found = _nearest(logarithm, random.multinomial(size or total, counts / total))
        if found is not None:
            drawn[draw] = found[1], edges[found[0]]
        tell(progress, "tail of bins, drawn again", draw + 1, draws)
    return drawn


def goodness(
    edges: Float[Column, "edge"],
    counts: Int[Column, "bin"],
    *,
    draws: int,
    seed: int,
    size: int | None = None,
    progress: Progress = None,
) -> float:
    """How often samples of the fitted law lie as far from a power law of their own: a p value."""
    counts = np.asarray(counts)
    law = fit(edges, counts)
    place = int(np.searchsorted(edges, law.x_min))
    total = int(counts.sum())
    chance = counts / total
    reached = np.append(law.survival(np.asarray(edges[place:-1])), 0.0)
    chance[place:] = law.n_tail / total * -np.diff(reached)
    logarithm = np.log(np.asarray(edges, float))
    random = np.random.default_rng(seed)
    beyond = 0
    for draw in range(draws):
        found = _nearest(logarithm, random.multinomial(size or total, chance / chance.sum()))
        beyond += found is None or found[2] >= law.distance * (1 - CLOSE)
        tell(progress, "goodness of fit of bins", draw + 1, draws)
    return (1 + beyond) / (1 + draws)


def _occupied(counts: Column) -> int:
    """Bins up to the last that holds a value."""
    held = np.flatnonzero(counts)
    return int(held[-1]) + 1 if held.size else 0


def _nearest(logarithm: Column, counts: Column) -> tuple[int, float, float] | None:
    """Place of x_min among the limits, alpha, and distance; None if there are too few bins."""
    last = _occupied(counts)
    start, width = logarithm[:-1][:last], np.diff(logarithm)[:last]
    counts = counts[:last].astype(float)
    many = min(last - LEAST_BINS + 1, _occupied(counts * np.isfinite(width)))
    if many < 1:
        return None
    above = np.cumsum(counts[::-1])[::-1]
    total = np.cumsum((counts * start)[::-1])[::-1]
    lead = total[:many] - above[:many] * start[:many]  # sums of log(b_j/b_i)
    held = np.triu(np.broadcast_to(counts * np.minimum(width, 700), (last, last)))[:many]

    def miss(fall: Column) -> Column:
        with np.errstate(over="ignore"):
            rest = held / np.expm1(fall[:, None] * width)
        return np.asarray(np.log(rest.sum(axis=1)) - np.log(lead))

    fall = root(miss, above[:many] / (lead + above[:many] * 0.4))
    lengths = start[None, :] - start[:many, None]
    reached = np.exp(-fall[:, None] * np.maximum(lengths, 0))
    gap = np.where(lengths >= 0, np.abs(reached - above / above[:many, None]), 0.0)
    distance = gap.max(axis=1)
    place = int(np.argmin(distance))
    return place, 1 + float(fall[place]), float(distance[place])
