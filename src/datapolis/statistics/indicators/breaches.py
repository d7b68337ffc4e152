"""How large a breach is: Pareto sizes that cannot exceed what there is to lose.

Source: F30, docs/model.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import namespace

if TYPE_CHECKING:
    from jaxtyping import Array, Float


def truncated_pareto_mean(
    smallest: float | Float[Array, "..."], tail: float | Float[Array, "..."]
) -> Float[Array, "..."]:
    """The mean share lost in a breach, if it is min(1, f0 * e**(-1/b)) with e uniform on 0..1.

        m = b f0**b (1 - f0**(1 - b)) / (1 - b) + f0**b,   at b = 1: f0 (1 - ln f0)

    f0 (`smallest`, above 0 up to 1) is the least share lost, b (`tail`, above 0) the Pareto
    exponent; the last part is the chance that all is lost. 1 as b goes to 0 or when f0 is 1, f0 as
    b grows without bound. Source: sizes as in Wheatley, Maillart and Sornette (2016).
    """
    xp = namespace(smallest, tail)
    logarithm = xp.log(smallest)
    exponent = (tail - 1) * logarithm
    near = xp.abs(exponent) < 1e-4  # (e**u - 1)/u is 1 + u/2 to 2e-9
    growth = xp.where(near, 1 + exponent / 2, xp.expm1(exponent) / xp.where(near, 1, exponent))
    result: Float[Array, "..."] = xp.exp(tail * logarithm) - tail * smallest * logarithm * growth
    return result


def truncated_pareto_survival(
    x: float | Float[Array, "..."],
    lower: float | Float[Array, "..."],
    upper: float | Float[Array, "..."],
    tail: float | Float[Array, "..."],
) -> Float[Array, "..."]:
    """The chance that a breach loses more than x, if sizes are Pareto between two bounds.

        P(X > x) = (x**-b - upper**-b) / (lower**-b - upper**-b)

    1 up to `lower`, 0 from `upper` on; sizes in any one unit, 0 < lower < upper, b = `tail` > 0.
    Source: Wheatley, Maillart and Sornette (2016).
    """
    xp = namespace(x, lower, upper, tail)
    top = xp.log(xp.clip(x, lower, upper) / lower)
    whole = xp.log(upper / lower)
    result: Float[Array, "..."] = xp.expm1(-tail * (whole - top)) / xp.expm1(-tail * whole)
    return result * xp.exp(-tail * top)
