"""New links between islands: what they are worth, and which are best.

Islands hold s_1 .. s_m of a whole, and data that are pooled make sum_c s_c**a. One new link makes
two islands one.

**Free links, a > 1.** k links join at most k + 1 islands. Merging the k + 1 largest into one gives
sums that majorise those of every other choice, and a sum of convex functions is largest where the
sums majorise (Hardy, Littlewood and Pólya 1929): it is exactly the best. With a < 1 every merger
loses, with a = 1 none matters.

**Links with costs, or only between some pairs.** All choices are tried where they are few. Else the
link that gains most for its cost is taken again and again. Joining islands has increasing returns,
so that this greedy choice has no guarantee; its gap to the bound is told instead: as many free
links as the budget would pay for if it paid the cheapest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.statistics.indicators import pooled_value

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = Any  # a NumPy array; the indicators are typed for those of JAX

TRIED = 20_000  # choices, at most, of which all are tried


@dataclass(frozen=True)
class Links:
    """The links chosen, what the islands are then worth, and what no choice can exceed."""

    chosen: tuple[int, ...]  # rows of the pairs given
    value: float
    bound: float
    exact: bool  # every choice was tried


def merged(share: Float[Column, "island"], links: int) -> Float[Column, "island"]:
    """What the islands hold once the links + 1 largest are one, largest first."""
    ordered = np.sort(np.asarray(share, float))[::-1]
    return np.r_[ordered[: links + 1].sum(), ordered[links + 1 :]]


def worth(share: Float[Column, "island"], exponent: float) -> float:
    """sum_c s_c**a."""
    share = np.asarray(share, float)
    alone: Column = np.arange(share.size)
    return float(pooled_value(share, alone, exponent))


def best_links(
    share: Float[Column, "island"],
    pair: Int[Column, "link 2"],
    cost: Float[Column, "link"],
    budget: float,
    exponent: float,
) -> Links:
    """The links among these pairs of islands that are worth most and cost at most `budget`.

    share      what each island holds of the whole
    pair       the two islands of each possible link, which differ
    cost       of each link, above 0; with 1 each the budget is a number of links
    """
    share, pair, cost = np.asarray(share, float), np.asarray(pair), np.asarray(cost, float)
    most = int((np.cumsum(np.sort(cost)) <= budget * (1 + 1e-12)).sum())
    bound = max(worth(share, exponent), worth(merged(share, most), exponent))
    choices = sum(comb(len(cost), many) for many in range(most + 1))
    if exponent <= 1:
        return Links((), worth(share, exponent), bound, True)
    if choices <= TRIED:
        tried = [
            one
            for many in range(most + 1)
            for one in combinations(range(len(cost)), many)
            if cost[list(one)].sum() <= budget * (1 + 1e-12)
        ]
        values = [_value(share, pair[list(one)], exponent) for one in tried]
        best = int(np.argmax(values))
        return Links(tried[best], values[best], bound, True)
    chosen = _greedy(share, pair, cost, budget, exponent)
    return Links(chosen, _value(share, pair[list(chosen)], exponent), bound, False)


def _greedy(
    share: Float[Column, "island"],
    pair: Int[Column, "link 2"],
    cost: Float[Column, "link"],
    budget: float,
    exponent: float,
) -> tuple[int, ...]:
    """Again and again the link that gains most for its cost, as long as the budget lasts."""
    label, held = np.arange(share.size), share.copy()
    chosen: list[int] = []
    left = budget * (1 + 1e-12)
    while True:
        ends = label[pair]
        one, two = held[ends[:, 0]], held[ends[:, 1]]
        gain = ((one + two) ** exponent - one**exponent - two**exponent) / cost
        gain[(ends[:, 0] == ends[:, 1]) | (cost > left)] = 0
        best = int(gain.argmax())
        if gain[best] <= 0:
            return tuple(chosen)
        chosen.append(best)
        left -= cost[best]
        into, gone = ends[best]
        held[into] += held[gone]
        label[label == gone] = into


def _value(share: Float[Column, "island"], pair: Int[Column, "link 2"], exponent: float) -> float:
    """What the islands are worth once these pairs are linked."""
    label: Column = np.arange(share.size)
    for one, two in pair:
        label[label == label[one]] = label[two]
    return float(pooled_value(share, label, exponent))
