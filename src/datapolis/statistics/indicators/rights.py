"""Whether rights are enjoyed by all alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import namespace, ratio, scatter_add
from datapolis.statistics.indicators.concentration import gini

if TYPE_CHECKING:
    from jaxtyping import Array, Float


def rights_gini(rights: Float[Array, "citizen right"], bins: int | None = None) -> Float[Array, ""]:
    """How unequally rights are enjoyed: the Gini coefficient of each citizen's mean right, 0 to 1.

    0 when all citizens enjoy the same, 1 - 1/n when one enjoys all there is, nan while nobody
    enjoys any. With `bins` citizens are not sorted but put into so many equal classes, which is
    a hundred times faster for a million; inequality inside a class is left out, so that the value
    falls short by at most 1/(4 * bins * mean right). Source: F22; Gini (1912).
    """
    xp = namespace(rights)
    enjoyed = xp.mean(rights, axis=1)
    if bins is None:
        return gini(enjoyed)
    if bins < 1:
        raise ValueError(f"bins is {bins}; expected the number of classes, 1 or more")
    many = enjoyed.shape[0]
    place = xp.clip(xp.floor(enjoyed * bins), 0, bins - 1).astype(int)
    count = scatter_add(xp.zeros(bins, dtype=int), place, xp.ones_like(place))
    held = scatter_add(xp.zeros(bins, dtype=enjoyed.dtype), place, enjoyed)
    twice_rank = 2 * xp.cumsum(count) - count  # of the middle of each class
    return ratio(xp, xp.sum((twice_rank - many) * held), many * xp.sum(held))
