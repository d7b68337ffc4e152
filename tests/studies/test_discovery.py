"""Boxes of failures: planted ones are found, chance gives none, limits that say nothing go."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from datapolis.core.errors import InputError
from datapolis.studies.discovery import (
    Box,
    _densest,
    _peeled,
    find_box,
    quasi_p,
    quick_peeling,
)

pytest.importorskip("ema_workbench")
NAMES = [f"part.{letter}" for letter in "abcdef"]


def planted(seed, runs=400, background=0.05, inside=0.95):
    """Failures in a > .6 and b < .5, a fifth of the space; few elsewhere."""
    rng = np.random.default_rng(seed)
    levels = rng.random((runs, len(NAMES)))
    box = (levels[:, 0] > 0.6) & (levels[:, 1] < 0.5)
    return levels, rng.random(runs) < np.where(box, inside, background)


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_box_is_found(seed):
    levels, fails = planted(seed)
    box = find_box(levels, NAMES, fails, seed=seed)
    assert set(box.limits) == {"part.a", "part.b"}
    # a peel takes a twentieth of the box, and of 400 runs one lies within .01 of a limit
    assert box.limits["part.a"] == (pytest.approx(0.6, abs=0.06), math.inf)
    assert box.limits["part.b"] == (-math.inf, pytest.approx(0.5, abs=0.06))
    assert box.density > 0.8 and box.coverage > 0.6
    assert box.mass == pytest.approx(0.2, abs=0.06)
    assert max(box.p_values.values()) < 1e-6 and box.p_chance == 1 / 40
    assert box.rule().startswith("part.a above 0.6") or box.rule().startswith("part.a above 0.5")
    assert " and part.b below 0." in box.rule()


def test_chance_gives_a_rule_at_most_as_often_as_it_says():
    rng = np.random.default_rng(5)
    found = [
        find_box(rng.random((150, 6)), NAMES, rng.random(150) < 0.3, seed=number)
        for number in range(20)
    ]
    many = sum(box is not None for box in found)
    assert binom.sf(many - 1, 20, 0.05) > 0.001  # one in twenty is what is promised


def test_the_quick_peeling_and_the_workbench_agree():
    levels, fails = planted(1, background=0.0, inside=1.0)
    quick, theirs = (
        _densest(levels, NAMES, fails, peeling(levels, NAMES, fails, 0.1), 0.1, 0.4).limits
        for peeling in (quick_peeling, _peeled)
    )
    assert set(quick) == set(theirs) == {"part.a", "part.b"}
    for name in quick:
        np.testing.assert_allclose(quick[name], theirs[name], atol=0.05)


def test_a_quasi_p_by_hand():
    # ten runs, five of them in the box: 4 of 5 fail there, 5 of 10 without the limit
    levels = np.arange(10.0)[:, None]
    fails = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 0], bool)
    found = quasi_p(levels, ["x"], fails, {"x": (5.0, math.inf)}, {})
    assert found == pytest.approx((5 + 1) / 32)  # P(4 or 5 heads of 5)


def test_the_workbench_has_the_same_quasi_p():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas
        from ema_workbench.analysis import prim

        levels, fails = planted(2)
        found = prim.Prim(
            pandas.DataFrame(levels, columns=NAMES), fails.astype(float), 0.5, mass_min=0.1
        ).find_box()
    box = found.box_lim
    limits = {
        name: (box.loc[0, name] if low > 0 else -math.inf, box.loc[1, name] if up > 0 else math.inf)
        for name, (low, up) in found.qp[-1].items()
    }
    seen = 0
    for name, (low, high) in limits.items():
        for side, free in enumerate([(-math.inf, high), (low, math.inf)]):
            if math.isfinite((low, high)[side]):
                ours = quasi_p(levels, NAMES, fails, limits, {**limits, name: free})
                assert ours == pytest.approx(found.qp[-1][name][side], rel=1e-6)
                seen += 1
    assert seen >= 2


def test_too_few_failures_or_one_value_give_no_rule():
    levels, fails = planted(0)
    assert find_box(levels, NAMES, np.zeros(400, bool)) is None
    assert find_box(levels, NAMES, np.ones(400, bool)) is None
    assert find_box(np.ones((400, 6)), NAMES, fails) is None
    constant = levels.copy()
    constant[:, 3] = 7.0
    assert "part.d" not in find_box(constant, NAMES, fails).limits


def test_a_box_is_said_and_read_again():
    box = Box(
        {"a.b": (0.123, math.inf), "c.d": (-math.inf, 60.0), "e.f": (1.0, 2.0)},
        0.9, 0.8, 0.2, {"a.b": 0.01, "c.d": 0.02, "e.f": 0.0}, 0.025, 0.3,
    )  # fmt: skip
    assert box.rule() == "a.b above 0.12 and c.d below 60 and e.f between 1 and 2"
    assert Box.from_json(json.loads(json.dumps(box.as_json(), allow_nan=False))) == box
    inside = box.holds(np.array([[0.2, 5.0, 1.5], [0.1, 5.0, 1.5]]), ["a.b", "c.d", "e.f"])
    assert inside.tolist() == [True, False]


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=30, deadline=None)
def test_peeling_only_narrows_and_keeps_the_floor(seed):
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 8, (60, 3)).astype(float)  # with many ties
    fails = rng.random(60) < 0.4
    last = np.ones(60, bool)
    for limits in quick_peeling(levels, NAMES[:3], fails, 0.2):
        inside = Box(limits, 0, 0, 0, {}).holds(levels, NAMES[:3])
        assert (inside <= last).all() and inside.sum() >= 12
        last = inside


def test_what_does_not_fit_is_told():
    levels, fails = planted(0)
    with pytest.raises(InputError, match="does not fit"):
        find_box(levels, NAMES[:2], fails)
    with pytest.raises(InputError, match="no share of runs"):
        find_box(levels, NAMES, fails, least_mass=0.0)
    levels[0, 0] = math.nan
    with pytest.raises(InputError, match="no number"):
        find_box(levels, NAMES, fails)
