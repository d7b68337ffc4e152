"""How evenly power is spread over sectors, and whether yesterday's order is today's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import Namespace, among_living, namespace, ratio
from datapolis.statistics.indicators.concentration import normalized_entropy

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float


def balance(share: Float[Array, "sector"]) -> Float[Array, ""]:
    """How evenly the sectors share a whole: -sum_s w_s ln w_s / ln S over S sectors.

    1 when all have equal shares, 0 when one has everything; nan for a single sector, or while
    nobody has anything. Source: Shannon (1948), Pielou (1966).
    """
    return normalized_entropy(share)


def spearman(
    x: Float[Array, "holder"], y: Float[Array, "holder"], alive: Bool[Array, "holder"] | None = None
) -> Float[Array, ""]:
    """How alike two columns order the same holders: the correlation of their ranks.

    Equal values share the mean of their ranks. 1 for the same order, 0 for orders that have nothing
    to do with each other, -1 for the opposite; nan when a column has only one value, when a living
    value is nan, or with fewer than two holders. Source: Spearman (1904).
    """
    xp = namespace(x, y, alive)
    first, second = _rank(xp, x, alive), _rank(xp, y, alive)
    spread = xp.sqrt(xp.sum(first**2) * xp.sum(second**2))
    return ratio(xp, xp.sum(first * second), spread)


def _rank(
    xp: Namespace, value: Float[Array, "holder"], alive: Bool[Array, "holder"] | None
) -> Float[Array, "holder"]:
    """Each living holder's rank less the mean rank, ties in the middle; 0 for the dead."""
    value = xp.asarray(value)
    _, count = among_living(xp, value, alive)
    living = xp.ones_like(value, dtype=bool) if alive is None else alive
    ordered = xp.sort(xp.where(living, value, xp.inf))  # the dead lie last
    below = xp.searchsorted(ordered, value, side="left")
    up_to = xp.minimum(xp.searchsorted(ordered, value, side="right"), count)
    rank = xp.where(xp.isnan(value), xp.nan, (below + up_to - count) / 2)
    return xp.where(living, rank, 0)
