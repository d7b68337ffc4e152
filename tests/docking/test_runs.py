"""How whole runs of both models are judged, on numbers whose verdict is known."""

import numpy as np
import pytest

from verification.docking.runs import FEWEST, LEVEL, Plan, _judged, distance_between, distance_bound


def judged(one, other, comparisons=100):
    return _judged("trust", "", np.asarray(one), np.asarray(other), comparisons)


def sample(seed, many=60, mean=0.5, spread=0.1):
    return mean + spread * np.random.default_rng(seed).standard_normal(many)


def test_the_same_numbers_are_equivalent():
    values = sample(0)
    found = judged(values, values + 1e-8)
    assert (found.verdict, found.distance) == ("equivalent", 0.0)
    assert judged(np.zeros(60), np.zeros(60)).verdict == "equivalent"


def test_pairs_that_differ_by_little_are_equivalent():
    values = sample(1)
    found = judged(values, values + sample(2, mean=0.002, spread=0.01))
    assert found.verdict == "equivalent"
    assert found.p_equivalence < LEVEL


def test_a_shift_differs():
    found = judged(sample(3), sample(4, mean=0.7))
    assert found.verdict == "differs"
    assert found.difference == pytest.approx(0.2, abs=0.05)


def test_another_spread_differs_though_the_mean_is_the_same():
    found = judged(sample(5, 400, spread=0.01), sample(6, 400, spread=0.1))
    assert found.verdict == "differs"
    assert found.distance > found.distance_bound


def test_noise_is_not_decided():
    assert judged(sample(7, spread=1.0), sample(8, spread=1.0)).verdict == "not decided"


def test_few_pairs_are_not_decided():
    one = np.where(np.arange(60) < FEWEST - 1, 0.3, np.nan)
    found = judged(one, one)
    assert (found.verdict, found.pairs) == ("not decided", FEWEST - 1)


def test_the_bound_is_the_larger_one():
    wide = judged(sample(9, mean=1.0, spread=0.5), sample(9, mean=1.0, spread=0.5))
    assert wide.rule == "spread"
    assert wide.bound == pytest.approx(0.25 * np.std(sample(9, spread=0.5), ddof=1))
    narrow = judged(sample(9, mean=1.0, spread=0.01), sample(9, mean=1.0, spread=0.01))
    assert narrow.rule == "mean"
    assert narrow.bound == pytest.approx(0.05, rel=0.01)


def test_equal_distributions_rarely_pass_the_bound_of_distance():
    """Smirnov's bound holds its level, on samples of one distribution."""
    luck = np.random.default_rng(0)
    limit = distance_bound(120, 0.05)
    over = [
        distance_between(luck.standard_normal(120), luck.standard_normal(120)) > limit
        for _ in range(400)
    ]
    assert np.mean(over) < 0.08


def test_a_replicate_begins_from_its_own_world():
    plan = Plan(citizens=100)
    one, same, other = (np.asarray(plan.world(seed).citizens.income) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
