"""Whether two columns order the same few units alike: an exact permutation test.

Spearman's correlation is that of the ranks, equal values sharing the mean of theirs. With a_i twice
the rank of x_i less n + 1, and b_i likewise for y,

    rho = sum a_i b_i / sqrt(sum a_i**2 sum b_i**2)

If the columns have nothing to do with each other, each order of b is as likely as any other. p is
the share of the orders whose |rho| is at least the observed one; the sums are whole numbers, so
ties are exact. Up to nine units all n! orders are taken, beyond that as many as are drawn, with
p = (1 + b)/(1 + B).

With few units even the same order in both is no rare event. `smallest` is the least |rho| with a p
of at most .05; where there is none, no correlation could be shown.

Sources: Spearman (1904); Pitman (1937); Phipson and Smyth (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.errors import InputError
from datapolis.inference.resampling import DRAWS, interval

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

ALL = 9  # units up to which every order is taken
LEVEL = 0.05
BLOCK = 1_000_000  # ranks held at once


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
    exact = x.size <= ALL
    if scale == 0:
        none = float("nan")
        return RankTest(none, none, none, none, none, none, x.size, exact)
    sums = _all(first, second) if exact else _drawn(first, second, draws, seed)
    observed = int(first @ second)
    far = np.sort(np.abs(sums))
    values = np.unique(far if exact else np.append(far, abs(observed)))
    extra = 0 if exact else 1  # an order that was drawn may not be the observed one
    chance = (far.size - np.searchsorted(far, values) + extra) / (far.size + extra)
    rare = values[chance <= LEVEL]
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
    )


def _ranks(values: Float[Column, "unit"]) -> Int[Column, "unit"]:
    """Twice the rank, less n + 1: whole numbers that sum to 0."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    ranks: Int[Column, "unit"] = below + up_to - values.size
    return ranks


def _all(first: Int[Column, "unit"], second: Int[Column, "unit"]) -> Int[Column, "order"]:
    """The sum of products under each of the n! orders."""
    many = factorial(second.size)
    orders = np.fromiter(
        (place for order in permutations(range(second.size)) for place in order),
        np.int8,
        many * second.size,
    ).reshape(many, second.size)
    sums: Int[Column, "order"] = second[orders] @ first
    return sums


def _drawn(
    first: Int[Column, "unit"], second: Int[Column, "unit"], draws: int, seed: int
) -> Int[Column, "order"]:
    """The sum of products under orders that are drawn."""
    random = np.random.default_rng(seed)
    step = max(1, BLOCK // second.size)
    blocks = []
    for start in range(0, draws, step):
        many = min(step, draws - start)
        dealt = random.permuted(np.broadcast_to(second, (many, second.size)), axis=1)
        blocks.append(dealt @ first)
    return np.concatenate(blocks)
