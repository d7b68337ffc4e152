"""Whether two columns order the same few units alike: an exact permutation test.

Spearman's correlation is that of the ranks, equal values sharing the mean of theirs. With a_i twice
the rank of x_i less n + 1, and b_i likewise for y,

    rho = sum a_i b_i / sqrt(sum a_i**2 sum b_i**2)

If the columns have nothing to do with each other, each order of b is as likely as any other. p is
the share of the orders whose |rho| is at least the observed one; the sums are whole numbers, so
ties are exact. All different orders are taken where there are at most 362,880 (nine units, more
with ties), beyond that as many as are drawn, with p = (1 + b)/(1 + B).

With few units even the same order in both is no rare event. `smallest` is the least |rho| with a p
of at most .05; where there is none, no correlation could be shown.

Sources: Spearman (1904); Pitman (1937); Phipson and Smyth (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.statistics.inference.relabelling import relabelled
from datapolis.statistics.inference.resampling import DRAWS, interval

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class RankTest:
    """A rank correlation beside what chance alone gives."""

    correlation: float  # -1 to 1; nan where a column has one value only
    p_value: float  # two-sided
    smallest: float  # least |correlation| that would have p <= .05; nan if none would
    least_p: float  # of the greatest correlation that these ranks could have
    lower: float  # middle 95 % of the correlations of all orders
    upper: float
    n: int
    exact: bool  # whether every order was taken
    many: int  # orders that differ if exact, else how many were drawn

    @property
    def orders(self) -> str:
        """Which orders p is of, in words, with the least p that any could have."""
        how = f"all {self.many:,} orders" if self.exact else f"{self.many:,} orders drawn at random"
        return f"{how} (least attainable p {self.least_p:.2g})"


def spearman_test(
    x: Float[Column, "unit"], y: Float[Column, "unit"], *, draws: int = DRAWS, seed: int = 0
) -> RankTest:
    """The rank correlation of two columns, its permutation p, and the smallest that could be shown.

    Raises InputError unless both columns have the same number of finite values, two or more.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.shape != y.shape or x.ndim != 1 or x.size < 2 or not np.isfinite([x, y]).all():
        raise InputError(
            "no two columns of numbers for the same units",
            field="x, y",
            value=(x.shape, y.shape),
            allowed="finite numbers for two units or more",
        )
    first, second = _ranks(x), _ranks(y)
    scale = float(np.sqrt(float(first @ first) * float(second @ second)))
    if scale == 0:
        none = float("nan")
        return RankTest(none, none, none, none, none, none, x.size, True, 1)
    first, second = sorted((first, second), key=_alike)  # the one with more ties has fewer orders
    dealt = relabelled(second, np.zeros(second.size, int), draws, seed)
    sums, exact = np.concatenate([block @ first for block in dealt.blocks]), dealt.exact
    observed = int(first @ second)
    far = np.sort(np.abs(sums))
    values = np.unique(far if exact else np.append(far, abs(observed)))
    extra = 0 if exact else 1  # an order that was drawn may not be the observed one
    chance = (far.size - np.searchsorted(far, values) + extra) / (far.size + extra)
    rare = values[chance <= SIGNIFICANCE]
    lower, upper = interval(sums / scale)
    return RankTest(
        correlation=observed / scale,
        p_value=float(chance[np.searchsorted(values, abs(observed))]),
        smallest=float(rare[0]) / scale if rare.size else np.nan,
        least_p=float(chance[-1]),
        lower=lower,
        upper=upper,
        n=x.size,
        exact=exact,
        many=dealt.many,
    )


def _alike(ranks: Int[Column, "unit"]) -> float:
    """The logarithm of how many orders of these ranks are the same."""
    return sum(lgamma(many + 1) for many in np.unique(ranks, return_counts=True)[1])


def _ranks(values: Float[Column, "unit"]) -> Int[Column, "unit"]:
    """Twice the rank, less n + 1: whole numbers that sum to 0."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    ranks: Int[Column, "unit"] = below + up_to - values.size
    return ranks
