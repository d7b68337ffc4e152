"""The rank correlation test against tables of critical values, another library, and chance."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test, spearmanr

from datapolis.core.errors import InputError
from datapolis.statistics.inference.ranks import spearman_test

COLUMNS = st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), min_size=3, max_size=6).filter(
    lambda rows: all(len(set(one)) > 1 for one in zip(*rows, strict=True))
)


@pytest.mark.parametrize("n, smallest", [(5, 1.0), (6, 0.886), (7, 0.786), (8, 0.738), (9, 0.700)])
def test_smallest_correlations_are_those_of_printed_tables(n, smallest):
    """Two-sided critical values at .05 (Zar 1972)."""
    test = spearman_test(np.arange(n), np.arange(n))
    assert test.smallest == pytest.approx(smallest, abs=5e-4)
    assert test.exact and test.correlation == pytest.approx(1.0)


def test_four_companies_can_show_nothing():
    test = spearman_test([1, 2, 3, 4], [1, 2, 3, 4])
    assert np.isnan(test.smallest)
    assert test.p_value == test.least_p == pytest.approx(2 / 24)


@settings(deadline=None, max_examples=12)
@given(COLUMNS)
def test_the_exact_p_is_that_of_another_library(rows):
    x, y = np.array(rows, float).T
    test = spearman_test(x, y)
    found = permutation_test(
        (x,),
        lambda one: spearmanr(one, y).statistic,
        permutation_type="pairings",
        n_resamples=np.inf,
        vectorized=False,
    )
    assert test.correlation == pytest.approx(spearmanr(x, y).statistic)
    sums = np.abs(found.null_distribution)
    assert test.p_value == pytest.approx(np.mean(sums >= abs(test.correlation) - 1e-9))
    assert -1 - 1e-9 <= test.lower <= test.upper <= 1 + 1e-9


@settings(deadline=None, max_examples=20)
@given(COLUMNS, st.randoms(use_true_random=False))
def test_neither_the_order_of_units_nor_the_scale_matters(rows, random):
    x, y = np.array(rows, float).T
    order = list(range(x.size))
    random.shuffle(order)
    assert spearman_test(x[order], np.exp(y[order])) == spearman_test(x, y)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_ties_make_all_orders_of_more_units_few_enough(seed):
    """Ten units of two values have 252 orders: exact, as a loop over them, in either column."""
    random = np.random.default_rng(seed)
    x, y = random.normal(size=10), random.permutation(np.arange(10) % 2).astype(float)
    test, turned = spearman_test(x, y), spearman_test(y, x)
    every = [
        spearmanr(x, np.isin(np.arange(10), chosen)).statistic
        for chosen in combinations(range(10), 5)
    ]
    assert test.exact and test.many == 252
    expected = (np.abs(every) >= abs(test.correlation) - 1e-9).mean()
    assert test.p_value == pytest.approx(expected) == turned.p_value
    assert test.p_value >= test.least_p == pytest.approx(2 / 252)
    assert spearman_test(x, y, seed=seed + 1) == test


def test_drawn_orders_come_near_all_orders():
    random = np.random.default_rng(5)
    x = random.normal(size=10)
    y = x + random.normal(size=10)
    test = spearman_test(x, y, draws=9_999, seed=1)
    assert not test.exact
    assert test.smallest == pytest.approx(0.648, abs=0.03)  # Zar (1972), n = 10
    assert test.p_value == pytest.approx(spearmanr(x, y).pvalue, abs=0.02)
    assert spearman_test(x, y, draws=9_999, seed=1) == test


def test_false_alarms_stay_below_the_level_when_filings_hang_together():
    """Spending sums filings that share their company's scale; sizes have nothing to do with it."""
    random = np.random.default_rng(7)
    alarms = 0
    for _ in range(2_000):
        scale = np.exp(random.normal(size=6))
        spending = (scale[:, None] * random.lognormal(size=(6, 8))).sum(axis=1)
        alarms += spearman_test(spending, random.lognormal(size=6)).p_value <= 0.05
    assert alarms / 2_000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2_000)


def test_a_planted_order_is_found():
    random = np.random.default_rng(3)
    size = np.exp(random.normal(size=25))
    spending = size**0.8 * np.exp(0.4 * random.normal(size=25))
    test = spearman_test(size, spending, draws=1_999)
    assert test.correlation > test.smallest and test.p_value <= 0.01


@pytest.mark.parametrize("x, y", [([1], [2]), ([1, 2], [1]), ([1, np.nan, 2], [1, 2, 3])])
def test_columns_that_do_not_fit_are_refused(x, y):
    with pytest.raises(InputError, match="finite numbers for two units or more"):
        spearman_test(x, y)


def test_a_column_of_one_value_has_no_order():
    test = spearman_test([1, 1, 1], [1, 2, 3])
    assert np.isnan(test.correlation) and np.isnan(test.p_value)
