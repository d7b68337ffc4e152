"""Power through others, against dense algebra and against counting every order."""

from itertools import combinations, permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datapolis.statistics.indicators import (
    banzhaf,
    bonacich,
    relational_power,
    removal_value,
    shapley_shubik,
)


def web(seed, nodes=12, places=4):
    """Base power, partners (some of them none) and strengths, at random."""
    random = np.random.default_rng(seed)
    partners = random.integers(-1, nodes, (nodes, places))
    return random.random(nodes), partners, random.random((nodes, places))


@pytest.mark.parametrize("weight", [-0.8, -0.3, 0.0, 0.5, 0.8])
def test_relational_power_solves_its_equation(xp, weight):
    base, partners, strength = web(seed=1)
    dense = np.zeros((12, 12))
    for node, place in np.argwhere(partners >= 0):
        dense[node, partners[node, place]] += strength[node, place]
    dense /= np.maximum(1, dense.sum(axis=1, keepdims=True))
    exact = np.linalg.solve(np.eye(12) - weight * dense.T, base)
    found = relational_power(
        xp.asarray(base, dtype=float), xp.asarray(partners), xp.asarray(strength), weight
    )
    np.testing.assert_allclose(found, exact, atol=1e-3, rtol=1e-3)


def test_relational_power_without_ties_or_weight_is_base_power(xp):
    base, partners, strength = web(seed=2)
    base, strength = xp.asarray(base), xp.asarray(strength)
    alone = relational_power(base, xp.full((12, 4), -1), strength, 0.5)
    np.testing.assert_allclose(alone, base)
    np.testing.assert_allclose(relational_power(base, xp.asarray(partners), strength, 0.0), base)


def test_relational_power_by_hand(xp):
    """1 gives half of itself to 0, whose strong ties (2 in sum) are cut to what it has."""
    partners = xp.asarray([[1, 2], [0, -1], [-1, -1]])
    strength = xp.asarray([[1.0, 1.0], [0.5, 9.0], [0.0, 0.0]])
    base = xp.asarray([1.0, 1.0, 0.0])
    one = relational_power(base, partners, strength, 0.1, rounds=1)
    np.testing.assert_allclose(one, [1 + 0.1 * 0.5, 1 + 0.1 * 0.5, 0.1 * 0.5], rtol=1e-6)


def test_relational_power_under_jit_and_vmap():
    base, partners, strength = web(seed=3)
    base, strength = jnp.asarray(base), jnp.asarray(strength)
    weights = jnp.asarray([-0.5, 0.5])
    batch = jax.jit(jax.vmap(relational_power, (None, None, None, 0)))
    for one, weight in zip(batch(base, partners, strength, weights), weights, strict=True):
        np.testing.assert_allclose(
            one, relational_power(base, partners, strength, weight), rtol=1e-5
        )


def test_bonacich_refuses_what_never_settles():
    line = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    with pytest.raises(ValueError, match=r"beta is 0\.8"):
        bonacich(line, 0.8)
    with pytest.raises(ValueError, match="square"):
        bonacich(line[:2], 0.1)
    assert np.isnan(bonacich(np.zeros((3, 3)), 0.5)).all()
    np.testing.assert_allclose(bonacich(jnp.asarray(line), -0.5), [0, np.sqrt(3), 0], atol=1e-6)


def test_weight_must_let_power_settle():
    with pytest.raises(ValueError, match=r"weight is 1\.5"):
        relational_power(*web(seed=4), 1.5)


def test_removal_value_at_both_ends(xp):
    value = removal_value(xp.asarray([0.0, 0.5, 0.999, 1.0]))
    np.testing.assert_allclose(value, [0, np.log(2), np.log(1000), np.log(1000)], rtol=1e-4)


whole_weights = arrays(np.int64, st.integers(1, 5), elements=st.integers(0, 20)).filter(
    lambda weights: weights.sum() > 0
)


@settings(max_examples=60, deadline=None)
@given(whole_weights, st.sampled_from([0.5, 2 / 3, 0.25]))
def test_voting_power_by_counting(weights, quota):
    n, limit = weights.size, quota * weights.sum() + 1e-3  # whole weights: a tie stays a tie
    pivots, swings = np.zeros(n), np.zeros(n)
    for order in permutations(range(n)):
        pivots[order[int(np.argmax(np.cumsum(weights[list(order)]) > limit))]] += 1
    for size in range(1, n + 1):
        for members in combinations(range(n), size):
            whole = weights[list(members)].sum()
            for player in members:
                swings[player] += whole > limit >= whole - weights[player]
    np.testing.assert_allclose(shapley_shubik(weights, quota), pivots / pivots.sum(), atol=1e-12)
    np.testing.assert_allclose(banzhaf(weights, quota), swings / swings.sum(), atol=1e-12)


def test_voting_power_at_both_ends(xp):
    for index in (shapley_shubik, banzhaf):
        np.testing.assert_allclose(index(xp.asarray([6.0, 3.0, 1.0])), [1, 0, 0], atol=1e-6)
        np.testing.assert_allclose(index(xp.ones(3)), np.ones(3) / 3, rtol=1e-6)
        np.testing.assert_allclose(index(xp.asarray([5.0, 5.0, 0.0])), [0.5, 0.5, 0], atol=1e-6)
        assert np.isnan(index(xp.zeros(3))).all()


def test_a_tie_is_no_majority_after_rounding(xp):
    """0.1 + 0.2 is not above half of 0.6, although floating point says so."""
    np.testing.assert_allclose(
        shapley_shubik(xp.asarray([0.1, 0.2, 0.3])), np.array([1, 1, 4]) / 6, rtol=1e-6
    )


def test_voting_power_by_region():
    weights = jnp.asarray(np.random.default_rng(5).random((6, 3)), jnp.float32)
    for index in (shapley_shubik, banzhaf):
        regions = jax.jit(index)(weights)
        assert regions.dtype == jnp.float32
        for one, region in zip(regions, weights, strict=True):
            np.testing.assert_allclose(one, index(np.asarray(region)), rtol=1e-5)


def test_too_many_players_are_refused():
    with pytest.raises(ValueError, match="13 players"):
        shapley_shubik(np.ones(13))
    with pytest.raises(ValueError, match="quota is 51"):
        banzhaf(np.ones(3), 51)
