"""Many tests at once: adjusted p values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

    Column = np.ndarray[Any, np.dtype[Any]]


def holm(p: Float[Column, "test"]) -> Float[Column, "test"]:
    """Holm's adjusted p values: below a level, the chance of any false alarm is below it too.

    The i-th smallest of m becomes the largest of (m - j + 1) p_(j), j <= i, at most 1; nan stays
    nan and does not count. Source: Holm (1979). statsmodels has it too, but takes a second to load.
    """
    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.arange(order.size, 0, -1) * p[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def bonferroni(p: Float[Column, "test"], tests: int) -> Float[Column, "test"]:
    """p values times the size of a family that was fixed beforehand, at most 1; nan stays nan.

    For a family of which only a part may be run: each value stays what it is whatever the others
    are, which no stepwise correction grants. `tests` is the size of the family. Raises ValueError
    if more values are given than the family has. Source: Dunn (1961).
    """
    p = np.asarray(p, float)
    if p.size > tests:
        raise ValueError(f"{p.size} values of a family of {tests}")
    return np.asarray(np.minimum(p * tests, 1.0))


def benjamini_hochberg(p: Float[Column, "test"]) -> Float[Column, "test"]:
    """Adjusted p values for the expected share of false alarms among all alarms.

    nan stays nan and does not count. Source: Benjamini and Hochberg (1995).
    """
    from scipy.stats import false_discovery_control

    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        adjusted[known] = false_discovery_control(p[known])
    return adjusted
