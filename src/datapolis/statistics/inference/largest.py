"""The largest of so many draws from a power law: it has quantiles always, a mean only if alpha > 2.

Of n values with P(X >= x) = (x/x_min)**(1 - alpha) the largest is at most x with the chance
(1 - (x/x_min)**(1 - alpha))**n, so that with U uniform on 0..1

    largest = x_min (1 - U**(1/n))**(-1/(alpha - 1))
    mean    = x_min Gamma(n + 1) Gamma(1 - 1/(alpha - 1)) / Gamma(n + 1 - 1/(alpha - 1))

Source: order statistics of the Pareto law, as in David and Nagaraja (2003).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

GREATEST = float(np.finfo(float).max)


def drawn_largest(
    number: Int[Column, "draw"],
    alpha: Float[Column, "draw"],
    x_min: Float[Column, "draw"],
    random: np.random.Generator,
) -> Float[Column, "draw"]:
    """The largest of `number` values, drawn; x_min where the number is 0.

    alpha   above 1
    x_min   above 0, in the unit of the result
    """
    number = np.asarray(number, float)
    survival = -np.expm1(np.log(1 - random.random(number.shape)) / np.maximum(number, 1))
    logarithm = np.log(x_min) - np.log(survival) / (np.asarray(alpha, float) - 1)
    largest: Column = np.where(
        number > 0, np.exp(np.minimum(logarithm, np.log(GREATEST))), np.asarray(x_min, float)
    )
    return largest


def expected_largest(number: float, alpha: float, x_min: float) -> float:
    """The mean of the largest of `number` values, 1 or more; infinite if alpha is at most 2."""
    from scipy.special import gammaln

    if alpha <= 2:
        return float("inf")
    power = 1 / (alpha - 1)
    logarithm = gammaln(number + 1) + gammaln(1 - power) - gammaln(number + 1 - power)
    return float(x_min * np.exp(logarithm))
