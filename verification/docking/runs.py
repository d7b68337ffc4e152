"""Whole runs: do the two models, each with chance of its own, make the same societies?

Replicate r begins in both models from the same society (seed r of `World.generate` and of
`Society.start`), with the same tastes; after that the package draws from its hash and the reference
from NumPy's. What is compared is every standard index in the last month, label by label.

**Equivalence.** Two one-sided t tests (TOST: Schuirmann, 1987, doi:10.1007/BF01068419) on the
differences of pairs, at 5 %. The bounds were fixed before any run: the larger of 5 % of the
package's mean (`OF_MEAN`) and a quarter of the pooled standard deviation (`OF_SPREAD`).
**Distribution.** The two-sample Kolmogorov-Smirnov distance, and the distance that chance exceeds
in 5 % of docked models, divided over all comparisons (Bonferroni); both samples are rounded to
`DIGITS` digits of the largest value first, so that float32 is no difference.

    equivalent     both one-sided tests reject, and the distance is within its bound
    differs        the t test on pairs rejects equality at 5 % over all comparisons and the means
                   are not shown to be equivalent, or the distance is beyond its bound
    not decided    anything else: too few replicates for what varies so much

The reference's indices are computed by the package (`datapolis.model.indices`) from the reference's
state and flows, carried over by `verification.docking.adapter`.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import jax
import numpy as np
from scipy import stats

from datapolis.core.parameters import Parameters
from datapolis.core.policy import LEVERS, Levers
from datapolis.model.indices import INDICES, STANDARD, labels
from datapolis.model.month import step as package_step
from datapolis.model.noise import stream
from datapolis.model.society import Flows, Society
from datapolis.model.world import World
from verification.docking.adapter import to_package, to_reference
from verification.docking.chance import WorldChance
from verification.reference.month import ReferenceModel

OF_MEAN, OF_SPREAD, LEVEL = 0.05, 0.25, 0.05
DIGITS = 5
FEWEST = 10  # pairs without which nothing is said

SIZES = {"regions": 3, "departments": 3, "firms": 24, "associations": 8, "slots": 4}


@dataclass(frozen=True)
class Plan:
    """What is run in both models."""

    citizens: int = 500
    months: int = 60
    replicates: int = 40
    lever: float = 0.0
    """How far all levers are pulled."""

    def world(self, seed: int) -> World:
        """What is fixed in a replicate."""
        return World.generate(self.citizens, seed=seed, **SIZES)


@dataclass(frozen=True)
class Verdict:
    """How one entry of one index compares."""

    index: str
    label: str
    pairs: int
    package: float
    reference: float
    difference: float
    bound: float
    rule: str
    """Which rule gave the bound: "mean" or "spread"."""
    p_equivalence: float
    p_difference: float
    distance: float
    distance_bound: float
    verdict: str


# --- running ------------------------------------------------------------------------------------


@cache
def _start() -> Any:
    return jax.jit(Society.start)


@cache
def _observe() -> Any:
    return jax.jit(
        lambda society, world: {name: INDICES[name](society, world) for name in STANDARD}
    )


@cache
def _live() -> Any:
    def live(society: Any, world: Any, constants: Any, levers: Any, key: Any, months: Any) -> Any:
        def once(month: Any, society: Any) -> Any:
            after = package_step(society, world, constants, levers, jax.random.fold_in(key, month))
            return replace(after, flows=Flows())

        society = jax.lax.fori_loop(0, months - 1, once, society)
        last = jax.random.fold_in(key, months - 1)
        return package_step(society, world, constants, levers, last)

    return jax.jit(live)


def _inputs(plan: Plan) -> tuple[Parameters, Levers]:
    parameters = jax.tree.map(float, Parameters())
    return parameters, Levers(**dict.fromkeys(LEVERS, plan.lever))


def _born(plan: Plan, seed: int) -> tuple[World, Society]:
    world = plan.world(seed)
    key = stream(jax.random.key(seed), "start")
    return world, _start()(world, _inputs(plan)[0], key)


def _observed(society: Society, world: World) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in _observe()(society, world).items()}


def package_run(plan: Plan, seed: int) -> dict[str, np.ndarray]:
    """All standard indices in the last month of one run of the package."""
    world, society = _born(plan, seed)
    key = jax.random.key(seed)
    return _observed(_live()(society, world, *_inputs(plan), key, plan.months), world)


def reference_run(plan: Plan, seed: int) -> dict[str, np.ndarray]:
    """The same of the reference, with chance of its own."""
    world, society = _born(plan, seed)
    mirrored = to_reference(society, world)
    model = ReferenceModel(mirrored, *_inputs(plan), WorldChance(1_000_003 + seed, world))
    for _ in range(plan.months):
        model.step()
    return _observed(to_package(mirrored, society), world)


Runs = Sequence[dict[str, np.ndarray]]


def runs(plan: Plan, processes: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Replicate by replicate, what was observed in the package and in the reference."""
    seeds = range(plan.replicates)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        lived = pool.map(partial(reference_run, plan), seeds)
        for seed, reference in zip(seeds, lived, strict=True):
            yield package_run(plan, seed), reference


# --- judging ------------------------------------------------------------------------------------


def verdicts(package: Runs, reference: Runs, world: World) -> list[Verdict]:
    """Every entry of every index, judged."""
    entries = list(_entries(package, reference, world))
    return [_judged(*entry, comparisons=len(entries)) for entry in entries]


def _entries(
    package: Runs, reference: Runs, world: World
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    for name in STANDARD:
        one = np.stack([run[name] for run in package]).reshape(len(package), -1)
        other = np.stack([run[name] for run in reference]).reshape(len(reference), -1)
        dims = INDICES[name].dims
        names = [""]
        for dim in dims:
            names = [
                f"{so_far} {label}".strip() for so_far in names for label in labels(dim, world)
            ]
        for column, label in enumerate(names):
            yield name, label, one[:, column].astype(float), other[:, column].astype(float)


def _judged(
    index: str, label: str, one: np.ndarray, other: np.ndarray, comparisons: int
) -> Verdict:
    """TOST on pairs and the Kolmogorov-Smirnov distance of one entry."""
    known = np.isfinite(one) & np.isfinite(other)
    one, other, pairs = one[known], other[known], int(np.sum(known))
    if pairs < FEWEST:
        nan = float("nan")
        means = (float(np.mean(x)) if pairs else nan for x in (one, other))
        return Verdict(index, label, pairs, *means, nan, nan, "", nan, nan, nan, nan, "not decided")
    off = other - one
    by_mean = OF_MEAN * abs(float(np.mean(one)))
    by_spread = OF_SPREAD * float(np.sqrt((np.var(one, ddof=1) + np.var(other, ddof=1)) / 2))
    bound, rule = max((by_mean, "mean"), (by_spread, "spread"))
    p_equivalence, p_difference = _tests(off, bound)
    distance = distance_between(one, other)
    limit = distance_bound(pairs, LEVEL / comparisons)
    verdict = "not decided"
    if distance > limit or (p_difference < LEVEL / comparisons and p_equivalence >= LEVEL):
        verdict = "differs"
    elif p_equivalence < LEVEL:
        verdict = "equivalent"
    return Verdict(
        index,
        label,
        pairs,
        float(np.mean(one)),
        float(np.mean(other)),
        float(np.mean(off)),
        bound,
        rule,
        p_equivalence,
        p_difference,
        distance,
        limit,
        verdict,
    )


def _tests(off: np.ndarray, bound: float) -> tuple[float, float]:
    """p of the two one-sided tests within ± bound (the larger), and of the test of equality."""
    many, middle = len(off), float(np.mean(off))
    error = float(np.std(off, ddof=1)) / np.sqrt(many)
    if error <= 1e-9 * max(abs(middle), bound, 1e-30):
        within = abs(middle) <= max(bound, 1e-12)
        return (0.0, 1.0) if within else (1.0, 0.0)
    low = stats.t.sf((middle + bound) / error, many - 1)
    high = stats.t.cdf((middle - bound) / error, many - 1)
    equal = 2 * stats.t.sf(abs(middle) / error, many - 1)
    return float(max(low, high)), float(equal)


def distance_between(one: np.ndarray, other: np.ndarray) -> float:
    """The Kolmogorov-Smirnov distance of two samples, apart from rounding."""
    scale = float(max(np.max(np.abs(one)), np.max(np.abs(other))))
    if scale == 0.0:
        return 0.0
    one, other = (np.round(values / scale, DIGITS) for values in (one, other))
    return float(stats.ks_2samp(one, other).statistic)


def distance_bound(many: int, level: float) -> float:
    """The distance that two samples of one distribution exceed with probability `level`.

    The asymptotic form of Smirnov: sqrt(-ln(level/2) / many) for two samples of the same size.
    """
    return float(min(1.0, np.sqrt(-np.log(level / 2) / many)))
