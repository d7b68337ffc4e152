"""Bootstrap samples of independent units, and intervals of what was drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

DRAWS = 9_999  # least number of permutations and of bootstrap samples
AT_ONCE = 4_000_000  # numbers held at once

Progress = Callable[[str, int, int], None]


def interval(drawn: Float[Column, "draw"], level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of the draws (percentiles); nan, nan if one of them is no number."""
    lower, upper = np.quantile(np.asarray(drawn, float), [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def bootstrap_counts(
    units: int, draws: int, seed: int, strata: Int[Column, "unit"] | None = None
) -> Iterator[Int[Column, "draw unit"]]:
    """How often each unit is drawn in each bootstrap sample, in blocks of draws.

    As many units are drawn as there are, with return; within each stratum where strata are given.
    """
    random = np.random.default_rng(seed)
    parts = [np.arange(units)]
    if strata is not None:
        parts = [np.flatnonzero(strata == one) for one in np.unique(strata)]
    block = max(1, min(draws, AT_ONCE // max(units, 1)))
    for start in range(0, draws, block):
        many = min(block, draws - start)
        counts = np.zeros((many, units), np.int32)
        for part in parts:
            counts[:, part] = random.multinomial(
                part.size, np.full(part.size, 1 / part.size), size=many
            )
        yield counts
