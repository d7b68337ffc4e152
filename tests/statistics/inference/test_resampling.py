"""Bootstrap samples and families of tests against theory and another library."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from datapolis.statistics.inference.multiplicity import benjamini_hochberg, holm
from datapolis.statistics.inference.resampling import bootstrap_counts, interval

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
