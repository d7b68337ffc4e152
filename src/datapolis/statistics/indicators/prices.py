"""Whether the same thing costs everybody the same.

Source: F26, F29, docs/model.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import namespace, ratio

if TYPE_CHECKING:
    from jaxtyping import Array, Float


def price_dispersion(price: Float[Array, "sale"], weight: Float[Array, "sale"]) -> Float[Array, ""]:
    """How far prices lie apart: their weighted standard deviation over their weighted mean m.

        sqrt(sum w (p - m)**2 / sum w) / m

    0 when all pay the same, without an upper bound (1 when half pay one price and half nothing).
    The unit of price cancels; a sale of weight 0 adds nothing. nan without sales, or when the mean
    is 0.
    """
    xp = namespace(price, weight)
    whole = xp.sum(weight)
    mean = ratio(xp, xp.sum(weight * price), whole)
    return ratio(xp, xp.sqrt(ratio(xp, xp.sum(weight * (price - mean) ** 2), whole)), mean)


def share_above(
    price: Float[Array, "sale"],
    reference: float | Float[Array, "..."],
    weight: Float[Array, "sale"],
    tolerance: float | Float[Array, ""] = 1e-3,
) -> Float[Array, ""]:
    """The weighted share of sales that cost more than `reference` by more than `tolerance` of it.

    0 when nobody pays more, 1 when everybody does, nan without sales.
    """
    xp = namespace(price, reference, weight, tolerance)
    return ratio(xp, xp.sum(weight * (price > reference * (1 + tolerance))), xp.sum(weight))


def share_below(
    price: Float[Array, "sale"],
    reference: float | Float[Array, "..."],
    weight: Float[Array, "sale"],
    tolerance: float | Float[Array, ""] = 1e-3,
) -> Float[Array, ""]:
    """The weighted share of sales that cost less than `reference` by more than `tolerance` of it.

    0 when nobody pays less, 1 when everybody does, nan without sales.
    """
    xp = namespace(price, reference, weight, tolerance)
    return ratio(xp, xp.sum(weight * (price < reference * (1 - tolerance))), xp.sum(weight))
