"""Searching a space for what is best in several ways at once, a generation at a time.

Points of the unit cube are asked for, valued from outside, and told; chance comes from a seed. Up
to three objectives by NSGA-II (Deb et al. 2002), more by NSGA-III (Deb and Jain 2014), as pymoo
has them (Blank and Deb 2020).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.statistics.inference.designs import latin_hypercube

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

MOST_FOR_CROWDING = 3  # objectives; with more, crowding tells little


def evolve(
    value: Callable[[int, np.ndarray], np.ndarray],
    genes: int,
    objectives: int,
    *,
    size: int,
    generations: int,
    seed: int,
    start: np.ndarray | None = None,
) -> tuple[Float[np.ndarray, "point gene"], Float[np.ndarray, "point objective"]]:
    """All points that were looked at, and their values; larger is better in every objective.

    value        (generation, points [point, gene] in 0..1) -> values [point, objective]
    size         points a generation; of the first, `start` gives some
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pymoo.core.evaluator import Evaluator
        from pymoo.core.problem import Problem
        from pymoo.problems.static import StaticProblem

        problem = Problem(n_var=genes, n_obj=objectives, xl=0.0, xu=1.0)
        algorithm = _algorithm(objectives, size, _first(genes, size, seed, start))
        algorithm.setup(problem, seed=seed, termination=("n_gen", generations), verbose=False)
        seen_points, seen_values = [], []
        for generation in range(generations):
            asked = algorithm.ask()
            points = np.asarray(asked.get("X"), float)
            values = np.asarray(value(generation, points), float)
            Evaluator().eval(StaticProblem(problem, F=-np.nan_to_num(values, nan=-1e30)), asked)
            algorithm.tell(infills=asked)
            seen_points.append(points)
            seen_values.append(values)
    return np.concatenate(seen_points), np.concatenate(seen_values)


def _first(genes: int, size: int, seed: int, start: np.ndarray | None) -> np.ndarray:
    """The first generation: a Latin hypercube, some of it given."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 31]))
    points = latin_hypercube(rng, size, genes)
    if start is not None and len(start):
        points[: len(start)] = start[:size]
    return points


def _algorithm(objectives: int, size: int, first: np.ndarray) -> Any:
    if objectives <= MOST_FOR_CROWDING:
        from pymoo.algorithms.moo.nsga2 import NSGA2

        return NSGA2(pop_size=size, sampling=first)
    from pymoo.algorithms.moo.nsga3 import NSGA3
    from pymoo.util.ref_dirs import get_reference_directions

    parts = 1
    directions = get_reference_directions("das-dennis", objectives, n_partitions=1)
    while len(directions) < size:
        parts += 1
        more = get_reference_directions("das-dennis", objectives, n_partitions=parts)
        if len(more) > size:
            break
        directions = more
    return NSGA3(directions, pop_size=size, sampling=first)


def front(values: Float[np.ndarray, "point objective"]) -> Bool[np.ndarray, "point"]:
    """Which points no other point beats: as good in everything, better in something (Pareto)."""
    values = np.asarray(values, float)
    as_good = (values[:, None, :] >= values[None, :, :]).all(axis=-1)  # [other, point]
    better = (values[:, None, :] > values[None, :, :]).any(axis=-1)
    return np.asarray(~(as_good & better).any(axis=0) & np.isfinite(values).all(axis=1))
