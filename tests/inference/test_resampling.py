"""Permutation p values and bootstrap samples against theory and other libraries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from statsmodels.stats.multitest import multipletests

from datapolis.inference.multiplicity import benjamini_hochberg, holm
from datapolis.inference.resampling import bootstrap_counts, interval, p_value, permuted_within

chances = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(chances)
@settings(max_examples=30, deadline=None)  # the other library takes a while to load
def test_holm_as_another_library_has_it(p):
    np.testing.assert_allclose(holm(np.array(p)), multipletests(p, method="holm")[1])


@given(chances)
@settings(max_examples=30, deadline=None)
def test_benjamini_hochberg_as_another_library_has_it(p):
    other = multipletests(p, method="fdr_bh")[1]
    np.testing.assert_allclose(benjamini_hochberg(np.array(p)), other, atol=1e-12)


def test_what_was_not_tested_does_not_count():
    for adjust in (holm, benjamini_hochberg):
        both = adjust(np.array([0.01, np.nan, 0.04]))
        assert np.isnan(both[1])
        np.testing.assert_allclose(both[[0, 2]], adjust(np.array([0.01, 0.04])))


def test_p_is_never_zero_and_counts_ties():
    drawn = np.array([-1.0, 1.0, 2.0, -2.0])
    assert p_value(5.0, drawn) == 1 / 5
    assert p_value(2.0, drawn) == 3 / 5  # two of four lie as far from their mean
    assert np.isnan(p_value(np.nan, drawn))


def test_p_is_uniform_if_the_labels_say_nothing():
    """400 tables without effect: p values as from a uniform law (Kolmogorov-Smirnov, 1 %)."""
    random = np.random.default_rng(3)
    strata = np.repeat(np.arange(4), 10)
    found = []
    for table in range(400):
        value, label = random.normal(size=40), random.permutation(np.arange(40) % 2)

        def gap(labels, value=value):
            return value[labels == 1].mean() - value[labels == 0].mean()

        drawn = [gap(dealt) for dealt in permuted_within(label, strata, 99, table)]
        found.append(p_value(gap(label), np.array(drawn)))
    assert kstest(found, "uniform").pvalue > 0.01


def test_labels_stay_in_their_stratum():
    labels, strata = np.array([1, 1, 0, 0, 0, 2]), np.array([0, 0, 0, 1, 1, 1])
    for dealt in permuted_within(labels, strata, 20, 1):
        for one in (0, 1):
            assert sorted(dealt[strata == one]) == sorted(labels[strata == one])


def test_every_order_is_equally_likely():
    labels = np.array([0, 1, 2])
    orders = [tuple(dealt) for dealt in permuted_within(labels, np.zeros(3, int), 6000, 2)]
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert counts.size == 6
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000 * 5 / 6)


def test_as_many_units_are_drawn_as_there_are():
    strata = np.array([0] * 5 + [1] * 3)
    counts = np.concatenate(list(bootstrap_counts(8, 500, 1, strata)))
    assert counts.shape == (500, 8)
    assert (counts[:, :5].sum(axis=1) == 5).all() and (counts[:, 5:].sum(axis=1) == 3).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.15)


def test_the_same_seed_draws_the_same():
    one, two = (np.concatenate(list(bootstrap_counts(5, 50, 7))) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("level, ends", [(0.95, (2.5, 97.5)), (0.5, (25.0, 75.0))])
def test_intervals_are_percentiles(level, ends):
    np.testing.assert_allclose(interval(np.arange(101.0), level), ends)
