"""Sums over citizens, and the small helpers that every mechanism shares."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.model.arrays import (
    clip01,
    group_mean,
    grouped,
    living,
    logit_step,
    mean,
    mean_of,
    neighbours,
    per_firm,
    pick,
    total,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("many", [1, 2, 3, 64, 999, 15_999, 16_000, 16_001, 100_003])
def test_sums_are_sums_at_every_size(many):
    values = RNG.random((many, 3)).astype(np.float32)
    exact = values.sum(axis=0, dtype=float)
    np.testing.assert_allclose(total(values), exact, rtol=2e-6)
    np.testing.assert_allclose(mean(values[:, 0]), exact[0] / many, rtol=2e-6)
    group = RNG.integers(0, 7, (many, 3))
    expected = np.zeros(7)
    np.add.at(expected, group, values.astype(float))
    found = grouped(jnp.asarray(values), jnp.asarray(group, jnp.int16), 7)
    np.testing.assert_allclose(found, expected / many, rtol=1e-5)
    by_one = grouped(jnp.asarray(values[:, 0]), jnp.asarray(group[:, 0]), 7)
    expected = np.bincount(group[:, 0], values[:, 0], minlength=7)
    np.testing.assert_allclose(by_one, expected / many, rtol=1e-5)


def test_ten_million_equal_terms_do_not_stop_growing():
    """A running float32 sum stops at 1.7e7 unit terms; blocks do not."""
    values = jnp.full(20_000_000, 1.0, jnp.float32)
    np.testing.assert_allclose(total(values), 2e7, rtol=1e-6)
    np.testing.assert_allclose(mean(values * 0.1), 0.1, rtol=1e-5)
    one = grouped(values, jnp.zeros(20_000_000, jnp.int8), 2)
    np.testing.assert_allclose(one, [1.0, 0.0], rtol=1e-6)


def test_a_batch_sums_like_its_members():
    values = jnp.asarray(RNG.random((3, 20_000)), jnp.float32)
    np.testing.assert_allclose(jax.vmap(total)(values), [total(row) for row in values], rtol=1e-6)


def test_means_of_groups_and_of_empty_ones():
    values, group = jnp.array([1.0, 2.0, 6.0]), jnp.array([0, 0, 2])
    np.testing.assert_allclose(group_mean(values, group, 4), [1.5, 0, 6, 0])
    uses = jnp.array([[0, 1], [1, 2], [0, 2]])
    np.testing.assert_allclose(
        per_firm(jnp.array([[1.0, 2], [3, 4], [5, 6]]), uses, 3), np.array([6, 5, 10]) / 3
    )


def test_means_over_the_living():
    alive = jnp.array([True, False, True])
    assert mean_of(jnp.array([1.0, 100.0, 3.0]), alive) == 2.0
    assert mean_of(jnp.array([1.0, 100.0, 3.0]), jnp.zeros(3, bool)) == 0.0


def test_acquaintances():
    found = neighbours(jnp.array([1.0, 2.0, 3.0]), jnp.array([[1, -1], [2, 0]]), 9.0)
    assert jnp.array_equal(found, jnp.array([[2.0, 9.0], [3.0, 1.0]]))
    assert neighbours(jnp.array([True, False]), jnp.array([[-1]]), False).dtype == bool


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.floats(0.0, 1.0, exclude_max=True))
@settings(max_examples=50, deadline=None)
def test_picks_are_living(alive, number):
    places = np.flatnonzero(alive)
    if not len(places):
        return
    chosen = int(pick(jnp.float32(max(number, 1e-7)), jnp.asarray(alive)))
    assert chosen in places


def test_picks_are_even():
    alive = jnp.array([True, False, True, True, False, True])
    numbers = (jnp.arange(4000) + 0.5) / 4000
    counts = np.bincount(pick(numbers, alive), minlength=6)
    assert list(counts) == [1000, 0, 1000, 1000, 0, 1000]
    assert list(living(alive)[:4]) == [0, 2, 3, 5]


@given(st.floats(0, 1), st.floats(-5, 5))
@settings(max_examples=100, deadline=None)
def test_logit_steps(value, step):
    found = float(logit_step(jnp.float32(value), jnp.float32(step)))
    start = min(max(value, 0.01), 0.99)
    logit = np.log(start / (1 - start)) + min(max(step, -2), 2)
    assert abs(found - min(max(1 / (1 + np.exp(-logit)), 0.01), 0.99)) < 1e-5


def test_clipping():
    assert jnp.array_equal(clip01(jnp.array([-1.0, 0.5, 2.0])), jnp.array([0.0, 0.5, 1.0]))
