"""Designs: points of the unit cube that fill every part of every dimension.

Source: McKay, Beckman and Conover (1979), Latin hypercube sampling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


def latin_hypercube(
    rng: np.random.Generator, points: int, dimensions: int
) -> Float[np.ndarray, "point dimension"]:
    """Points of which each n-th part of every dimension holds one."""
    places = np.stack([rng.permutation(points) for _ in range(dimensions)], axis=1)
    return np.asarray((places + rng.random((points, dimensions))) / points)


def stratified(rng: np.random.Generator, points: int) -> Float[np.ndarray, "point"]:
    """One dimension of such a design: a study draws its parameters one after the other."""
    return np.asarray((rng.permutation(points) + rng.random(points)) / points)
