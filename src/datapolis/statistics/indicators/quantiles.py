"""Quantiles of millions of values without sorting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import check_share, namespace, ratio, scatter_add

if TYPE_CHECKING:
    from jaxtyping import Array, Float


def histogram_quantile(
    values: Float[Array, "item"],
    q: float | Float[Array, "..."],
    low: float = 0.0,
    high: float = 1.0,
    bins: int = 256,
) -> Float[Array, "..."]:
    """The value that a share q of all values do not exceed, to within one bin's width.

    One pass counts the values in equal bins from `low` to `high`; those outside count in the end
    bins. Inside its bin the quantile is interpolated as if values lay there evenly. Its distance
    from the least value x with at least q of all values <= x is at most (high - low)/bins (where
    q times their number is whole, rounding may take the next value). At q = 0 it is the lower end
    of the least value's bin, at q = 1 the upper end of the greatest's; nan without values, which
    must not be nan themselves. `bins` is fixed when compiled.
    """
    check_share("q", q)
    if bins < 1 or not low < high:
        raise ValueError(f"{bins} bins from {low} to {high}; expected 1 or more, from low to high")
    xp = namespace(values, q)
    width = (high - low) / bins
    place = xp.clip(xp.floor((values - low) / width), 0, bins - 1).astype(int)
    count = scatter_add(xp.zeros(bins, dtype=int), place, xp.ones_like(place))
    up_to = xp.cumsum(count)
    wanted = xp.asarray(q) * up_to[-1]
    chosen = xp.minimum(xp.searchsorted(up_to, xp.maximum(wanted, 0.5)), bins - 1)
    inside = ratio(xp, wanted - (up_to - count)[chosen], count[chosen])
    result: Float[Array, "..."] = low + width * (chosen + xp.clip(inside, 0, 1))
    return result
