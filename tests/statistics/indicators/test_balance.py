"""Balance of sectors, and rank correlation against an independent implementation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from datapolis.statistics.indicators import balance, spearman

columns = arrays(np.float64, (2, 12), elements=st.integers(-4, 4).map(float))


def test_balance_at_both_ends(xp):
    assert balance(xp.ones(3) / 3) == pytest.approx(1)
    assert balance(xp.asarray([0.0, 1.0, 0.0])) == 0
    assert balance(xp.asarray([0.5, 0.5, 0.0])) == pytest.approx(np.log(2) / np.log(3))
    assert np.isnan(balance(xp.zeros(3)))


@settings(max_examples=60, deadline=None)
@given(columns)
def test_spearman_with_ties(pair):
    x, y = pair
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(spearman(x, y))
    else:
        assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(columns, arrays(bool, 12).filter(lambda alive: alive.sum() > 2))
def test_spearman_of_the_living(pair, alive):
    x, y = pair
    expected = spearman(x[alive], y[alive])
    assert spearman(x, y, alive) == pytest.approx(expected, abs=1e-9, nan_ok=True)
    fast = RANKED(jnp.asarray(x), jnp.asarray(y), jnp.asarray(alive))
    np.testing.assert_allclose(fast, expected, atol=1e-5)


RANKED = jax.jit(spearman)


def test_spearman_asks_only_for_order(xp):
    x = xp.asarray([0.1, 3.0, 0.4, 20.0])
    assert spearman(x, xp.exp(x)) == pytest.approx(1)
    assert spearman(x, -x) == pytest.approx(-1)
    assert np.isnan(spearman(x, xp.asarray([1.0, np.nan, 2.0, 3.0])))
    assert np.isnan(spearman(x[:1], x[:1]))


def test_spearman_over_a_batch():
    x, y = np.random.default_rng(3).normal(size=(2, 4, 10))
    found = jax.jit(jax.vmap(spearman))(jnp.asarray(x), jnp.asarray(y))
    np.testing.assert_allclose(
        found, [spearman(*pair) for pair in zip(x, y, strict=True)], atol=1e-6
    )
