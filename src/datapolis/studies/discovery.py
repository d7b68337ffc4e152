"""Scenario discovery: where in the space of what is not known does it go wrong?

Runs differ in parameters and either fail or not. The patient rule induction method (PRIM) peels
thin slices off the space, each time the one without which failures lie densest; what remains is a
box, a rule that people can read:

    attention.network_effect above 0.52 and law.lag below 60

    density    share of the box's runs that fail
    coverage   share of all failures that lie in the box
    mass       share of all runs that lie in the box

Peeling finds a dense box in pure chance too. So a box counts only if failures that were shuffled
over the runs do not give one as good as often as one time in twenty, and of its limits only those
count without which failures would lie less dense than chance explains (quasi-p).

Sources: Friedman and Fisher (1999), PRIM; Bryant and Lempert (2010), scenario discovery and
quasi-p; Besag and Clifford (1991), tests by chance that stop early. The peeling is that of the
EMA Workbench (Kwakkel 2017).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datapolis.core.errors import InputError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

SURE = 0.05  # a limit, or a box, that chance gives more often is none
SHUFFLES = 39  # of failures over runs, at most; one box in forty or fewer is then chance's
PEEL = 0.05  # share of the runs in the box that one step takes away
FEWEST = 8  # failures, and runs that do not fail, without which nothing is looked for

Limits: TypeAlias = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Box:
    """A part of the space in which failures lie dense."""

    limits: Limits  # by parameter; infinite on a side that is free
    density: float
    coverage: float
    mass: float
    p_values: Mapping[str, float]  # quasi-p of each parameter's limits
    p_chance: float = math.nan  # how often shuffled failures give a box as good
    base: float = math.nan  # share of all runs that fail

    def rule(self) -> str:
        """The box as a person would say it."""
        return " and ".join(_said(name, *limits) for name, limits in self.limits.items())

    def holds(
        self, levels: Float[np.ndarray, "case parameter"], names: Sequence[str]
    ) -> Bool[np.ndarray, "case"]:
        """Which cases lie in the box."""
        return _inside(np.asarray(levels, float), self.limits, list(names))

    def as_json(self) -> dict[str, Any]:
        """The box as plain data; a free side is None."""
        return {
            "limits": {
                name: [side if math.isfinite(side) else None for side in sides]
                for name, sides in self.limits.items()
            },
            "density": self.density,
            "coverage": self.coverage,
            "mass": self.mass,
            "p_values": dict(self.p_values),
            "p_chance": None if math.isnan(self.p_chance) else self.p_chance,
            "base": None if math.isnan(self.base) else self.base,
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Box:
        """The box that plain data says."""
        return Box(
            limits={
                name: (
                    -math.inf if low is None else float(low),
                    math.inf if high is None else float(high),
                )
                for name, (low, high) in found["limits"].items()
            },
            density=found["density"],
            coverage=found["coverage"],
            mass=found["mass"],
            p_values=dict(found["p_values"]),
            p_chance=math.nan if found["p_chance"] is None else found["p_chance"],
            base=math.nan if found["base"] is None else found["base"],
        )


def find_box(
    levels: Float[np.ndarray, "case parameter"],
    names: Sequence[str],
    is_failure: Bool[np.ndarray, "case"],
    *,
    least_mass: float = 0.1,
    least_coverage: float = 0.4,
    seed: int = 0,
) -> Box | None:
    """The box in which failures lie densest, or None if there is none that chance does not give.

    levels          of each parameter in each run, in any unit
    names           of the parameters
    least_mass      no smaller share of the runs makes a box
    least_coverage  no smaller share of the failures makes a box
    seed            of the shuffles that the box is held against

    Of the boxes that peeling passes through, the densest that keeps both floors is looked for; of
    those as dense within one standard error, the one that covers most is taken. Raises InputError
    if the arrays do not fit.
    """
    levels, fails = np.asarray(levels, float), np.asarray(is_failure, bool)
    _check(levels, names, fails, least_mass)
    if min(fails.sum(), (~fails).sum()) < FEWEST:
        return None
    varied = [place for place in range(len(names)) if np.ptp(levels[:, place]) > 0]
    levels, names = levels[:, varied], [names[place] for place in varied]
    floors = (least_mass, least_coverage)
    if not names:
        return None
    p_chance = _chance(levels, names, fails, floors, seed)
    if p_chance > SURE:
        return None
    box = _densest(levels, names, fails, _peeled(levels, names, fails, least_mass), *floors)
    return None if box is None else replace(box, p_chance=p_chance)


def _chance(
    levels: np.ndarray,
    names: Sequence[str],
    fails: np.ndarray,
    floors: tuple[float, float],
    seed: int,
) -> float:
    """How often failures shuffled over the runs give a box as surprising as they do themselves.

    All are peeled alike, by the quick peeling. Stops as soon as the answer can only be: too often.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 11]))

    def surprise(fails: np.ndarray) -> float:
        trajectory = quick_peeling(levels, names, fails, floors[0])
        box = _densest(levels, names, fails, trajectory, *floors)
        return 0.0 if box is None else _surprise(box, len(fails))

    found, as_good = surprise(fails), 0
    if not found:
        return 1.0
    for shuffle in range(1, SHUFFLES + 1):
        as_good += surprise(rng.permutation(fails)) >= found
        if 1 + as_good > SURE * (1 + SHUFFLES):
            return (1 + as_good) / (1 + shuffle)
    return (1 + as_good) / (1 + SHUFFLES)


def _check(levels: np.ndarray, names: Sequence[str], fails: np.ndarray, least_mass: float) -> None:
    if levels.ndim != 2 or levels.shape != (len(fails), len(names)):
        raise InputError(
            "does not fit the runs and the parameters",
            field="levels",
            value=levels.shape,
            allowed=f"{(len(fails), len(names))}",
        )
    if not np.isfinite(levels).all():
        raise InputError("a value that is no number", field="levels")
    if not 0.0 < least_mass < 1.0:
        raise InputError(
            "no share of runs", field="least_mass", value=least_mass, allowed="between 0 and 1"
        )


def _densest(
    levels: np.ndarray,
    names: Sequence[str],
    fails: np.ndarray,
    trajectory: Sequence[Limits],
    least_mass: float,
    least_coverage: float,
) -> Box | None:
    """The best box of a peeling, without the limits that chance explains."""
    boxes = [_measured(levels, names, fails, limits) for limits in trajectory if limits]
    passed = [
        box for box in boxes if box.mass >= least_mass - 1e-9 and box.coverage >= least_coverage
    ]
    if not passed:
        return None
    best = max(passed, key=lambda box: (box.density, box.coverage))
    error = math.sqrt(best.density * (1.0 - best.density) / (best.mass * len(fails)))
    as_dense = [box for box in passed if box.density >= best.density - error - 1e-12]
    chosen = max(as_dense, key=lambda box: (box.coverage, box.density))
    limits = chosen.limits
    while limits:
        p_values = _quasi_ps(levels, names, fails, limits)
        name, side = worst = max(p_values, key=p_values.__getitem__)
        if p_values[worst] <= SURE:
            kept = _measured(levels, names, fails, limits)
            by_name = {
                name: max(p for (other, _), p in p_values.items() if other == name)
                for name in limits
            }
            return replace(kept, p_values=by_name) if kept.density > kept.base else None
        limits = _freed(limits, name, side)
    return None


def _measured(levels: np.ndarray, names: Sequence[str], fails: np.ndarray, limits: Limits) -> Box:
    """A box of given limits, with its density, coverage and mass."""
    inside = _inside(levels, limits, names)
    here = int(fails[inside].sum())
    return Box(
        limits=limits,
        density=here / max(int(inside.sum()), 1),
        coverage=here / int(fails.sum()),
        mass=float(inside.mean()),
        p_values={},
        base=float(fails.mean()),
    )


def _quasi_ps(
    levels: np.ndarray, names: Sequence[str], fails: np.ndarray, limits: Limits
) -> dict[tuple[str, int], float]:
    """The quasi-p of every limit, by parameter and side (0 low, 1 high)."""
    return {
        (name, side): quasi_p(levels, names, fails, limits, _freed(limits, name, side))
        for name, sides in limits.items()
        for side in (0, 1)
        if math.isfinite(sides[side])
    }


def _freed(limits: Limits, name: str, side: int) -> Limits:
    """The limits without one of them."""
    low, high = limits[name]
    left = (-math.inf, high) if side == 0 else (low, math.inf)
    if not any(map(math.isfinite, left)):
        return {other: sides for other, sides in limits.items() if other != name}
    return {**limits, name: left}


def quasi_p(
    levels: np.ndarray, names: Sequence[str], fails: np.ndarray, limits: Limits, others: Limits
) -> float:
    """How likely chance makes a box as dense, if what it adds to `others` says nothing.

    The probability that of T runs H or more fail, when each fails with the density of the box that
    has the other limits alone. Bryant and Lempert (2010).
    """
    from scipy.stats import binom

    here = _inside(levels, limits, names)
    density = fails[_inside(levels, others, names)].mean()
    return float(binom.sf(int(fails[here].sum()) - 1, int(here.sum()), density))


def _surprise(box: Box, runs: int) -> float:
    """How far from chance a box is: runs in it times the divergence of its density from all runs'.

    T (d ln(d / b) + (1 - d) ln((1 - d) / (1 - b))): the logarithm of the likelihood ratio.
    """
    density, base = box.density, box.base
    told = [
        share * math.log(share / other)
        for share, other in ((density, base), (1.0 - density, 1.0 - base))
        if share > 0.0
    ]
    return box.mass * runs * sum(told)


def _inside(levels: np.ndarray, limits: Limits, names: Sequence[str]) -> np.ndarray:
    inside = np.ones(len(levels), bool)
    for name, (low, high) in limits.items():
        column = levels[:, list(names).index(name)]
        inside &= (column >= low) & (column <= high)
    return inside


def _peeled(
    levels: np.ndarray, names: Sequence[str], fails: np.ndarray, least_mass: float
) -> list[Limits]:
    """The limits of every box that PRIM passes through, peeling and then pasting."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries' own futures and missing companions
        import pandas

        prim = import_module("ema_workbench.analysis.prim")
        table = pandas.DataFrame(levels, columns=list(names))
        any_box = 1e-9  # whatever is above it counts as a failure, and every box is dense enough
        found = prim.Prim(table, fails.astype(float), any_box, peel_alpha=PEEL, mass_min=least_mass)
        box = found.find_box()
    columns = list(names)
    return [
        _sides(
            levels,
            names,
            np.asarray(sides.loc[0, columns], float),
            np.asarray(sides.loc[1, columns], float),
        )
        for sides in box.box_lims
    ]


def quick_peeling(
    levels: np.ndarray, names: Sequence[str], fails: np.ndarray, least_mass: float
) -> list[Limits]:
    """The limits of the boxes that peeling passes through: all slices of a step weighed at once.

    From each end of each parameter a twentieth of the runs in the box may go; that slice goes whose
    loss gains most density for the runs lost. Friedman and Fisher (1999), section 8.
    """
    low, high = levels.min(axis=0), levels.max(axis=0)
    inside = np.ones(len(levels), bool)
    trajectory = [_sides(levels, names, low, high)]
    while True:
        here, failing = levels[inside], fails[inside].astype(float)
        edges = np.quantile(here, (PEEL, 1.0 - PEEL), axis=0)
        kept = np.stack([here >= edges[0], here <= edges[1]])  # [end, case, parameter]
        many = kept.sum(axis=1)
        dense = np.einsum("ecp,c->ep", kept, failing) / np.maximum(many, 1)
        lost = len(here) - many
        fits = (lost > 0) & (many >= least_mass * len(levels))
        gain = np.where(fits, (dense - failing.mean()) / np.maximum(lost, 1), -1.0)
        restricted = (low > levels.min(axis=0)) | (high < levels.max(axis=0))
        best = (gain >= gain.max() - 1e-12) * (1 + restricted)  # of equals, no new parameter
        end, place = np.unravel_index(np.argmax(best), gain.shape)
        if gain[end, place] <= 0.0:
            return trajectory
        low, high = low.copy(), high.copy()
        (low, high)[end][place] = edges[end, place]
        inside &= (levels[:, place] >= low[place]) & (levels[:, place] <= high[place])
        trajectory.append(_sides(levels, names, low, high))


def _sides(levels: np.ndarray, names: Sequence[str], low: np.ndarray, high: np.ndarray) -> Limits:
    """Limits by parameter: those that leave out a run, each free side infinite."""
    least, most = levels.min(axis=0), levels.max(axis=0)
    return {
        name: (
            float(low[place]) if low[place] > least[place] else -math.inf,
            float(high[place]) if high[place] < most[place] else math.inf,
        )
        for place, name in enumerate(names)
        if low[place] > least[place] or high[place] < most[place]
    }


def _said(name: str, low: float, high: float) -> str:
    """One parameter's limits in words."""
    if math.isinf(low):
        return f"{name} below {_short(high)}"
    if math.isinf(high):
        return f"{name} above {_short(low)}"
    return f"{name} between {_short(low)} and {_short(high)}"


def _short(value: float) -> str:
    """A limit to read: two digits, and all that stand before the point."""
    return f"{value:.0f}" if abs(value) >= 10.0 else f"{value:.2g}"
