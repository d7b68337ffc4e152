"""Trends of counts that scatter more than chance alone, whole months, and largest values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapolis.core.errors import InputError
from datapolis.statistics.inference.count_trend import count_trend, whole_months
from datapolis.statistics.inference.largest import drawn_largest, expected_largest
from datapolis.statistics.inference.medians import bootstrap_medians, median
from datapolis.statistics.inference.resampling import bootstrap_counts

YEARS = np.arange(60) / 12


def counts(random, ratio, spread=0.05, mean=18.0, shock=0.0):
    """Counts with a yearly ratio; spread as gamma factors that may last from month to month."""
    level = mean * ratio ** (YEARS - YEARS.mean())
    noise = random.standard_normal(YEARS.size)
    for month in range(1, YEARS.size):
        noise[month] = shock * noise[month - 1] + np.sqrt(1 - shock**2) * noise[month]
    factor = np.exp(np.sqrt(np.log1p(spread)) * noise - np.log1p(spread) / 2)
    return random.poisson(level * factor)


def test_no_trend_and_a_planted_one():
    """95 % intervals hold the truth in 95 % of 150 tries, up to 2.6 standard errors of that."""
    random = np.random.default_rng(1)
    error = 2.6 * np.sqrt(0.95 * 0.05 / 150)
    for ratio in (1.0, 1.15):
        hits = alarms = 0
        for _ in range(150):
            found = count_trend(counts(random, ratio), YEARS)
            _, low, high = found.ratio()
            hits += low <= ratio <= high
            alarms += found.p_value() < 0.05
        assert hits / 150 > 0.94 - error
        if ratio == 1:
            assert alarms / 150 < 0.06 + error
        else:
            assert alarms / 150 > 0.9


def test_shocks_that_last_widen_the_second_interval():
    found = [
        count_trend(counts(np.random.default_rng(seed), 1.0, 0.15, shock=0.6), YEARS)
        for seed in range(40)
    ]
    wider = [one.covariance_autocorrelated[1, 1] > one.covariance[1, 1] for one in found]
    assert np.mean(wider) > 0.7
    assert np.mean([one.autocorrelation for one in found]) > 0.2


def test_likelihood_is_greatest_there():
    """An independent search for the maximum of the negative binomial likelihood."""
    from scipy.optimize import minimize
    from scipy.stats import nbinom

    data = counts(np.random.default_rng(2), 1.1, 0.2)
    middle = YEARS - YEARS.mean()

    def loss(theta):
        mean, size = np.exp(theta[0] + theta[1] * middle), np.exp(-theta[2])
        return -nbinom.logpmf(data, size, size / (size + mean)).sum()

    best = minimize(loss, [np.log(data.mean()), 0.0, -2.0], method="Nelder-Mead", tol=1e-10)
    found = count_trend(data, YEARS)
    assert found.level == pytest.approx(best.x[0], abs=1e-4)
    assert found.slope == pytest.approx(best.x[1], abs=1e-4)
    assert found.spread == pytest.approx(np.exp(best.x[2]), abs=1e-3)


def test_counts_without_excess_are_poisson():
    even = count_trend(np.tile([9, 10, 11, 10], 10), np.arange(40) / 12)
    assert even.spread == 0
    assert even.poisson_dispersion < 1
    flat = count_trend(np.full(24, 5), np.arange(24) / 12)
    assert flat.ratio()[0] == pytest.approx(1)
    assert flat.autocorrelation == 0


def test_sums_drawn_have_the_mean_and_spread_of_the_trend():
    found = count_trend(counts(np.random.default_rng(3), 1.1), YEARS)
    drawn = found.drawn(20_000, 12, np.random.default_rng(4))
    last = found.fitted[-12:].sum()
    assert drawn.mean() == pytest.approx(last, rel=0.02)
    assert drawn.var() > last


def test_whole_months_begin_after_the_first_and_end_before_the_last():
    day = np.array(["2009-10-21", "2009-11-01", "2010-01-31", "2010-02-26"], "datetime64[D]")
    months, count = whole_months(day, np.array([3, 2, 4, 9]))
    assert months.astype(str).tolist() == ["2009-11", "2009-12", "2010-01"]
    assert count.tolist() == [2, 0, 4]
    months, count = whole_months(day, np.array([3, 2, 4, 9]), np.datetime64("2010-01-30"))
    assert months.astype(str).tolist() == ["2009-11", "2009-12"]
    months, count = whole_months(day, np.array([3, 2, 4, 9]), np.datetime64("2010-01-31"))
    assert count.tolist() == [2, 0, 4]
    months, count = whole_months(day[:1], np.array([3]))
    assert months.size == count.size == 0


@pytest.mark.parametrize("count", [[1, 2, 3], [0] * 12])
def test_no_trend_of_too_little(count):
    with pytest.raises(InputError, match="no trend"):
        count_trend(np.array(count), np.arange(len(count)))


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 4)), min_size=1, max_size=20))
def test_median_of_counted_values(pairs):
    values = np.array([value for value, _ in pairs], float)
    times = np.array([many for _, many in pairs])
    if not times.sum():
        with pytest.raises(InputError, match="nothing"):
            median(values, times)
    else:
        assert median(values, times) == np.median(np.repeat(values, times))


def test_medians_of_samples_of_units():
    random = np.random.default_rng(5)
    values, unit, times = random.integers(0, 9, 40), random.integers(0, 12, 40), np.ones(40, int)
    found = bootstrap_medians(values, unit, times, units=15, draws=25, seed=3)
    drawn = np.concatenate(list(bootstrap_counts(15, 25, 3)))
    for one, counted in zip(found, drawn, strict=True):
        assert one == np.median(np.repeat(values, counted[unit]))


def test_largest_of_many_is_that_of_many_drawn():
    random = np.random.default_rng(6)
    alpha, many = 2.8, 50
    drawn = drawn_largest(np.full(40_000, many), np.full(40_000, alpha), 5.0, random)
    direct = (5.0 * random.uniform(size=(20_000, many)) ** (-1 / (alpha - 1))).max(axis=1)
    for share in (0.05, 0.5, 0.9):
        assert np.quantile(drawn, share) == pytest.approx(np.quantile(direct, share), rel=0.04)
    assert expected_largest(1, 3.0, 5.0) == pytest.approx(10.0)  # the mean of the law itself
    assert expected_largest(many, alpha, 5.0) == pytest.approx(drawn.mean(), rel=0.05)


def test_largest_has_no_mean_up_to_two_and_is_at_least_x_min():
    assert expected_largest(10, 2.0, 5.0) == np.inf
    random = np.random.default_rng(7)
    none = drawn_largest(np.zeros(3, int), np.full(3, 1.5), np.array([5.0, 6.0, 7.0]), random)
    assert none.tolist() == [5.0, 6.0, 7.0]
    assert np.isfinite(drawn_largest(np.full(99, 9), np.full(99, 1 + 1e-9), 5.0, random)).all()
