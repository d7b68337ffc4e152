"""The short indicators: prices, breaches, rights, enforcement, quantiles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datapolis.statistics.indicators import (
    gini,
    histogram_quantile,
    policy_distance,
    price_dispersion,
    rights_gini,
    share_above,
    share_below,
    truncated_pareto_mean,
    truncated_pareto_survival,
)


def test_price_dispersion_at_both_ends(xp):
    weight = xp.asarray([1.0, 3.0])
    assert price_dispersion(xp.asarray([2.0, 2.0]), weight) == pytest.approx(0, abs=1e-7)
    assert price_dispersion(xp.asarray([0.0, 2.0]), xp.ones(2)) == pytest.approx(1)
    assert np.isnan(price_dispersion(xp.asarray([1.0, 2.0]), xp.zeros(2)))
    assert np.isnan(price_dispersion(xp.zeros(2), weight))


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, 8, elements=st.floats(0.1, 10)), st.floats(0.1, 10))
def test_price_dispersion_counts_weights_as_repeats(price, unit):
    weight = np.arange(8)
    repeated = np.repeat(price, weight)
    expected = repeated.std() / repeated.mean()
    assert price_dispersion(unit * price, 2.0 * weight) == pytest.approx(expected, abs=1e-7)


def test_who_pays_more_and_who_less(xp):
    price = xp.asarray([0.5, 1.0, 1.0005, 2.0])
    weight = xp.asarray([1.0, 2.0, 3.0, 4.0])
    assert share_above(price, 1.0, weight) == pytest.approx(0.4)
    assert share_below(price, 1.0, weight) == pytest.approx(0.1)
    assert share_above(price, xp.asarray([0.4, 0.9, 0.9, 1.0]), weight) == pytest.approx(1)
    assert share_above(price, 1.0, weight, tolerance=0.0) == pytest.approx(0.7)
    assert np.isnan(share_above(price, 1.0, 0 * weight))


@pytest.mark.parametrize("tail", [0.37, 0.7, 1.0, 1.5])
@pytest.mark.parametrize("smallest", [0.001, 0.1])
def test_mean_loss_by_simulation(smallest, tail):
    uniform = (np.arange(4_000_000) + 0.5) / 4_000_000  # every outcome once: no luck in it
    simulated = np.minimum(1, smallest * uniform ** (-1 / tail)).mean()
    assert truncated_pareto_mean(smallest, tail) == pytest.approx(simulated, rel=1e-3)


def test_mean_loss_at_both_ends_and_across_one(xp):
    f0 = xp.asarray(0.01)
    assert truncated_pareto_mean(xp.asarray(1.0), xp.asarray(0.5)) == pytest.approx(1)
    assert truncated_pareto_mean(f0, xp.asarray(1e-4)) == pytest.approx(1, rel=1e-3)
    assert truncated_pareto_mean(f0, xp.asarray(200.0)) == pytest.approx(0.01, rel=1e-2)
    around = truncated_pareto_mean(f0, xp.asarray([0.9999, 0.99999, 1.0, 1.00001, 1.0001]))
    np.testing.assert_allclose(around, 0.01 * (1 - np.log(0.01)), rtol=5e-4)
    assert (np.diff(np.asarray(around, np.float64)) < 0).all()


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-3, 0.9), st.floats(0.2, 3).filter(lambda b: abs(b - 1) > 0.01))
def test_mean_loss_is_the_formula_of_the_model(f0, b):
    formula = b * f0**b * (1 - f0 ** (1 - b)) / (1 - b) + f0**b
    assert truncated_pareto_mean(f0, b) == pytest.approx(formula, rel=1e-9)


def test_breach_survival_at_both_ends(xp):
    x = xp.asarray([1.0, 5.0, 50.0, 500.0, 1000.0])
    chance = truncated_pareto_survival(x, 5.0, 500.0, 0.5)
    middle = (50**-0.5 - 500**-0.5) / (5**-0.5 - 500**-0.5)
    np.testing.assert_allclose(chance, [1, 1, middle, 0, 0], atol=1e-6)


def test_rights_gini(xp):
    rights = xp.asarray([[0.2, 0.4], [0.6, 0.0], [0.3, 0.3]])
    assert rights_gini(rights) == pytest.approx(0, abs=1e-6)
    assert rights_gini(xp.asarray([[1.0, 1.0], [0.0, 0.0]])) == pytest.approx(1 / 2)
    assert rights_gini(rights[:, :1]) == pytest.approx(gini(rights[:, 0]))
    assert np.isnan(rights_gini(xp.zeros((3, 4))))


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, (30, 4), elements=st.just(0.0) | st.floats(1e-6, 1)),
    st.integers(1, 64),
)
def test_rights_gini_by_classes_falls_short_by_little(rights, bins):
    if rights.sum() > 0:
        gap = rights_gini(rights) - rights_gini(rights, bins)
        assert -1e-9 <= gap <= 1 / (4 * bins * rights.mean()) + 1e-9


def test_rights_gini_of_many():
    rights = np.random.default_rng(29).beta(2, 3, (50_000, 4))
    society = jax.jit(lambda one: rights_gini(one, bins=1024))(jnp.asarray(rights, jnp.float32))
    assert society == pytest.approx(rights_gini(rights), abs=1e-4)
    with pytest.raises(ValueError, match="bins is 0"):
        rights_gini(rights, bins=0)


def test_policy_distance(xp):
    distance = policy_distance(xp.asarray([0.3, 0.0, 0.0]), xp.asarray([0.3, 0.5, 0.0]))
    np.testing.assert_allclose(distance, [0, 1, np.nan])


values = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1, 2))


@settings(max_examples=100, deadline=None)
@given(values, st.floats(0, 1))
def test_histogram_quantile_within_one_bin(column, q):
    either_side = np.clip([q - 1e-9, q + 1e-9], 0, 1)  # where rounding decides, both are right
    low, high = np.quantile(np.clip(column, 0, 1), either_side, method="inverted_cdf")
    width = 1 / 50 + 1e-12
    assert low - width <= histogram_quantile(column, q, bins=50) <= high + width


def test_histogram_quantile_of_many(xp):
    column = xp.asarray(np.random.default_rng(19).beta(2, 5, 100_000))
    found = histogram_quantile(column, xp.asarray([0.1, 0.5, 0.9]))
    np.testing.assert_allclose(found, np.quantile(column, [0.1, 0.5, 0.9]), atol=1 / 256)
    assert np.isnan(histogram_quantile(column[:0], 0.5))


def test_histogram_quantile_under_jit():
    column = jnp.asarray(np.random.default_rng(23).normal(size=(3, 1000)), jnp.float32)
    fast = jax.jit(jax.vmap(lambda one: histogram_quantile(one, 0.9, -4.0, 4.0)))(column)
    np.testing.assert_allclose(fast, np.quantile(column, 0.9, axis=1), atol=8 / 256)


def test_quantiles_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="q is 90"):
        histogram_quantile(np.ones(3), 90)
    with pytest.raises(ValueError, match="0 bins"):
        histogram_quantile(np.ones(3), 0.5, bins=0)
