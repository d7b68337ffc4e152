"""The draws of parameters that a trial runs over: calibrated, of the box, and at its corners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datapolis.core.errors import StoreError
from datapolis.statistics.inference.designs import stratified
from datapolis.studies.outcomes import box, rows_of

POSTERIOR, BOX = "posterior", "box"
SAMPLES = (POSTERIOR, BOX)  # that are judged
CORNERS = "corners"  # looked at for channels alone
AGAIN = "again"  # some draws of the box with other chance
DEFAULTS = "no calibration was found: defaults, with chance alone varied"

Draws = Sequence[Mapping[str, float]]


def box_draws(draws: int, seed: int) -> Draws:
    """Draws of every parameter over its declared range: of n, one in each n-th part of each."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 23]))
    every = box()
    levels = np.stack([stratified(rng, draws) for _ in every], axis=1)
    return rows_of(every, levels)


def corner_draws(draws: int, seed: int) -> Draws:
    """Draws with every parameter at an end of its declared range, each with its mirror image.

    A random two-level design, folded over: where one of a pair has a parameter low, the other has
    it high. An odd number leaves out the last mirror image.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 25]))
    every = box()
    half = rng.integers(0, 2, (-(-draws // 2), len(every))).astype(float)
    levels = np.stack([half, 1.0 - half], axis=1).reshape(-1, len(every))
    return rows_of(every, levels[:draws])


def posterior_draws(draws: int, seed: int) -> tuple[Draws, str]:
    """Draws of what calibration leaves of the parameters that it informs, and where from."""
    try:
        from datapolis.studies import calibration

        posterior: Any = calibration.baseline()
        found: Draws = posterior.draws(draws, seed)
    except (FileNotFoundError, StoreError):
        return [{} for _ in range(draws)], DEFAULTS
    paths = ", ".join(posterior.paths)
    return found, f"calibration informs {paths}; all others are at their defaults"
