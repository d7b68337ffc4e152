"""The declared box: no stock, flow or index becomes what it cannot be, anywhere in it.

A point draws every declared parameter and every lever at once, from a scrambled Sobol' sequence; a
lever is left alone in half of the points, and is even over 0 to 1 in the others. A corner has one
parameter, or lever, at an end of its range and all else at its default. Societies are tiny; at the
end of every month a witness looks at each stock and flow: a number, not below 0 where nothing can
be, a share where it is one. Here 256 points and all corners live for two years; the whole box,

    BOX_POINTS=2048 pytest -n 0 tests/properties/test_box.py -s

for three (some minutes).
"""

import os
from dataclasses import dataclass, replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import qmc

from datapolis.core.declare import writes
from datapolis.core.parameters import DECLARED, Parameters
from datapolis.core.policy import LEVER_DECLARED, LEVERS, Levers, Policy
from datapolis.model.indices import INDICES, STANDARD
from datapolis.model.month import MONTH, step
from datapolis.model.simulation import Run
from datapolis.model.society import UNIT_FIELDS, Flows, Society
from datapolis.model.world import World
from tests.helpers import changed, grown, leaves, with_flows

POINTS, MONTHS = 256, 24
AT_ONCE = 128  # members in a batch: as many as pay
SHARES = (
    "steered steered_to_top attention online known unfair covert leaked_share harm held inferred "
    "integration_gap data_weight pivotality capture competence joins solved solved_alone sight "
    "capacity demand previous_share"
).split()
SIGNED = ("quality", "partners", "lead", "pricing_gain", "government_gain", "gain")
UNKNOWN = ("half_time", "reach", "common_price", "pricing_gain", "integration_gap")  # nan: no value
ROUNDING = 1e-5  # of a share that is a quotient of float32 sums over up to some hundred terms
UNMEASURED = (  # nan, where there is nothing to measure (docs/model.md, 8)
    "new_ties_of_hit",  # nobody was hit
    "rumour_reach",  # none has died yet
    "rumour_half_time",  # half have not heard
    "integration_gap",  # government makes nothing of its data
    "user_tail",  # the fifth with most is one firm, or all in it are equal
    "data_tail",
)
SIGNED_INDICES = (
    "rank_persistence citizens_gain citizens_gain_by_decile firms_gain government_gain "
    "pricing_gain information_gap"
).split()


@cache
def world():
    """A world that is tiny and has everything: regions, departments, empty places."""
    return World.generate(
        128, seed=3, regions=3, departments=2, firms=10, firm_places=12, associations=4, slots=3
    )


# --- points of the box --------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """Where a society lives: parameters and levers by name; all else as declared."""

    values: dict[str, float]
    levers: dict[str, float]
    seed: int

    def __str__(self) -> str:
        everything = {**self.values, **self.levers}
        if len(everything) > 3:
            return f"point {self.seed}"
        return ", ".join(f"{name} = {value:g}" for name, value in everything.items()) or "default"


def spread(number, first=0):
    """Points that fill the box evenly, all parameters and levers at once; number a power of 2."""
    varied = [path for path, declared in DECLARED.items() if declared.low < declared.high]
    sequence = qmc.Sobol(len(varied) + len(LEVERS), rng=np.random.default_rng(2026))
    levels = sequence.random_base2(int(np.log2(number)))
    points = []
    for seed, level in enumerate(levels[first:], first):
        ends = ((DECLARED[path].low, DECLARED[path].high) for path in varied)
        values = {
            path: low + (high - low) * u
            for path, u, (low, high) in zip(varied, level, ends, strict=False)
        }
        pulled = {
            name: 2.0 * u - 1.0
            for name, u in zip(LEVERS, level[len(varied) :], strict=True)
            if u > 0.5
        }
        points.append(Point(values, pulled, seed))
    return points


def corners():
    """Each parameter and each lever at either end of its range, one at a time."""
    ends = [
        Point({path: end}, {}, seed=0)
        for path, declared in DECLARED.items()
        for end in sorted({declared.low, declared.high})
    ]
    return ends + [Point({}, {name: LEVER_DECLARED[name].high}, seed=0) for name in LEVERS]


# --- what cannot be -----------------------------------------------------------------------------


def excesses(society):
    """By how much each stock and flow lies outside what it may be; inf for what is no number."""
    found = {}
    stocks = leaves(replace(society, own={}, flows=Flows()))
    flows = leaves(society.flows, "flows.")
    for path, values in {**stocks, **flows}.items():
        name = path.rpartition(".")[2]
        values = jnp.asarray(values, jnp.float32)
        unknown = jnp.isnan(values) & (name in UNKNOWN)
        least = -jnp.inf if name in SIGNED or path.startswith("flows.money") else 0.0
        share = name in UNIT_FIELDS or (path.startswith("flows.") and name in SHARES)
        slack = ROUNDING if share else 0.0
        most = 1.0 if share else jnp.inf
        if name == "partners":
            least, most = -1.0, jnp.inf
        below = least - slack - values
        above = values - most - slack
        outside = jnp.where(jnp.isfinite(values), jnp.maximum(below, above), jnp.inf)
        found[path] = jnp.max(jnp.where(unknown, -jnp.inf, outside), initial=-jnp.inf)
    return {path: jnp.maximum(excess, 0.0) for path, excess in found.items()}


def paths_of(here):
    """The stocks and flows of a month in order, without computing it."""

    def month():
        key = jax.random.key(0)
        society = Society.start(here, Parameters(), key)
        return excesses(step(society, here, Parameters(), Levers(), key))

    return list(jax.eval_shape(month))


@writes("own.witness", state=lambda here, key: dict.fromkeys(paths_of(here), jnp.zeros(2)))
def witness(society, world, parameters, levers, key):
    """Keep the worst of each stock and flow, and how many months it was outside."""
    kept = {
        path: jnp.stack([jnp.maximum(before[0], excess), before[1] + (excess > 0.0)])
        for (path, excess), before in (
            (item, society.own["witness"][item[0]]) for item in excesses(society).items()
        )
    }
    return replace(society, own={**society.own, "witness": kept})


@dataclass(frozen=True)
class Failure:
    """A quantity that was outside at a point: by how much, and in how many of its months."""

    point: Point
    path: str
    excess: float
    months: int

    def __str__(self) -> str:
        return f"{self.path} by {self.excess:.3g} in {self.months} months at {self.point}"


def failures(points, months=MONTHS):
    """What was outside, at which points. Batches have one size, so that only one is compiled."""
    found = []
    for first in range(0, len(points), AT_ONCE):
        batch = points[first : first + AT_ONCE]
        filled = batch + [batch[-1]] * (AT_ONCE - len(batch))
        run = Run.begin(
            world(),
            months=months,
            seeds=[point.seed for point in filled],
            parameters=[Parameters().set(point.values) for point in filled],
            policies=[Policy(**point.levers) for point in filled],
            mechanisms=(*MONTH, witness),
            record=STANDARD,
        )
        while run.month < months:
            run.advance()
        for path, (worst, number) in (
            (path, np.asarray(noted)[: len(batch)].T)
            for path, noted in run.society.own["witness"].items()
        ):
            found += [
                Failure(batch[member], path, float(worst[member]), int(number[member]))
                for member in np.flatnonzero(worst)
            ]
        found += _of_indices(run.values(), batch)
    return found


def _of_indices(observed, batch):
    """Shares are shares, and nothing is nan but what has nothing to measure."""
    found = []
    for name, values in observed.items():
        values = np.asarray(values[: len(batch)], float).reshape(len(batch), values.shape[1], -1)
        least = -np.inf if name in SIGNED_INDICES else 0.0
        most = 1.0 if INDICES[name].unit == "share" and name != "pricing_gain" else np.inf
        outside = np.maximum(least - values, values - most) - ROUNDING
        outside = np.where(np.isinf(values), np.inf, outside)
        unknown = -1.0 if name in UNMEASURED else np.inf
        outside = np.where(np.isnan(values), unknown, outside)
        outside = outside.max(axis=2)
        found += [
            Failure(point, f"index {name}", float(row.max()), int(np.sum(row > 0)))
            for point, row in zip(batch, outside, strict=True)
            if row.max() > 0
        ]
    return found


# --- nothing is outside -------------------------------------------------------------------------


def told(found):
    return "\n".join(str(one) for one in sorted(found, key=lambda one: one.path))


@pytest.mark.outer
def test_nothing_is_outside_at_points_all_over_the_box():
    found = failures(spread(POINTS))
    assert not found, told(found)


@pytest.mark.outer
def test_nothing_is_outside_at_any_corner():
    found = failures(corners())
    assert not found, told(found)


@pytest.mark.outer
@pytest.mark.skipif("BOX_POINTS" not in os.environ, reason="asked for by BOX_POINTS=2048")
def test_nothing_is_outside_in_the_whole_box():
    found = failures(spread(int(os.environ["BOX_POINTS"])), 36) + failures(corners(), 36)
    assert not found, told(found)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("citizens.trust", np.nan),
        ("citizens.trust", 1.001),
        ("organizations.data", -1e-6),
        ("leaked_stock", np.inf),
        ("organizations.partners", -2),
        ("flows.harm", 1.001),
        ("flows.money", {"upkeep": np.float32(np.inf)}),
    ],
)
def test_the_witness_sees_what_cannot_be(path, value):
    society = grown()
    if path.startswith("flows."):
        broken = with_flows(society, **{path.partition(".")[2]: value})
    else:
        broken = changed(society, {path: value})
    seen = {name for name, excess in excesses(broken).items() if excess > 0}
    assert len(seen) == 1
    assert seen.pop().startswith(path)
    assert not any(excess > 0 for excess in excesses(society).values())


def test_points_lie_in_the_box_and_corners_at_its_ends():
    for point in spread(64) + corners():
        for path, value in point.values.items():
            assert DECLARED[path].allows(value)
        Policy(**point.levers)  # refuses what lies outside
    assert {path for point in corners() for path in point.values} == set(DECLARED)
