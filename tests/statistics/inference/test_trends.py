"""Changes in the same units, against formulas, exact refits and chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import beta, ttest_rel

from datapolis.statistics.inference.trends import jackknife, logit_trend, mean_slope, paired_change


def test_change_of_means_is_the_paired_t_test():
    values = np.random.default_rng(1).normal(size=(23, 2))
    found = paired_change(values)
    test = ttest_rel(values[:, 1], values[:, 0])
    known = test.confidence_interval(0.95)
    assert np.isclose(found.value, (values[:, 1] - values[:, 0]).mean())
    assert np.isclose(found.p_value, test.pvalue)
    assert np.allclose(found.interval, (known.low, known.high))


def test_change_of_shares_by_hand():
    """Two units, 1 of 2 and 3 of 4, then 2 of 2 and 1 of 4: 4/6 to 3/6."""
    found = paired_change(np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[2.0, 2.0], [4.0, 4.0]]))
    assert np.isclose(found.value, 3 / 6 - 4 / 6)
    without = np.array([1 / 4 - 3 / 4, 2 / 2 - 1 / 2])
    assert np.isclose(found.error, np.sqrt(((without - without.mean()) ** 2).sum() / 2))


@given(st.integers(2, 12), st.integers(0, 10**6))
def test_leaving_out_one_of_a_mean_is_its_standard_error(units, seed):
    values = np.random.default_rng(seed).normal(size=units)
    without = (values.sum() - values) / (units - 1)
    assert np.isclose(jackknife(without), values.std(ddof=1) / np.sqrt(units))


@settings(deadline=None)
@given(st.integers(0, 10**6), st.floats(-5, 5))
def test_what_is_added_to_all_changes_no_change(seed, added):
    values = np.random.default_rng(seed).normal(size=(8, 2))
    plain, moved = paired_change(values), paired_change(values + added)
    assert np.isclose(plain.value, moved.value)
    assert np.isclose(plain.error, moved.error)


def test_mean_slope_is_the_slope_of_the_mean():
    random = np.random.default_rng(2)
    time = np.array([2008.0, 2009, 2011, 2014])
    values = random.normal(size=(31, 4)) + 0.3 * time
    found = mean_slope(values, time)
    assert np.isclose(found.value, np.polyfit(time, values.mean(axis=0), 1)[0])
    slopes = np.polyfit(time, values.T, 1)[0]
    assert np.isclose(found.error, slopes.std(ddof=1) / np.sqrt(31))


def panel(units, times, slope, seed, most=400):
    """Counts whose chances, mean expit(slope t), hang together in a unit, and sizes that differ."""
    random = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), times)
    time = np.tile(np.arange(times) - (times - 1) / 2, units)
    mean = expit(slope * time)
    place = np.repeat(random.random(units), times)
    chance = beta.ppf(place, 6 * mean, 6 * (1 - mean))
    whole = np.repeat(np.exp(random.normal(4, 0.7, units)).astype(int) % most + 5, times)
    tilt = np.repeat(np.clip(random.normal(0, 0.2, units), -0.4, 0.4), times) * time
    part = random.binomial(whole, chance * (1 + tilt * (1 - chance)))
    return part.astype(float), whole.astype(float), time, unit


def refit(part, whole, time, unit, left_out):
    import statsmodels.api as models

    kept = unit != left_out
    design = models.add_constant(time[kept])
    counts = np.column_stack([part[kept], whole[kept] - part[kept]])
    return models.GLM(counts, design, family=models.families.Binomial()).fit().params[1]


def test_logit_trend_against_statsmodels_and_exact_refits():
    import statsmodels.api as models

    part, whole, time, unit = panel(20, 6, -0.1, 3)
    found = logit_trend(part, whole, time, unit)
    design = models.add_constant(time)
    law = models.GLM(
        np.column_stack([part, whole - part]), design, family=models.families.Binomial()
    )
    plain = law.fit()
    robust = law.fit(cov_type="cluster", cov_kwds={"groups": unit})
    assert np.isclose(found.value, plain.params[1], rtol=1e-8)
    assert np.isclose(found.naive, plain.bse[1], rtol=1e-6)
    assert np.isclose(found.clustered, robust.bse[1], rtol=1e-6)
    assert np.isclose(found.dispersion, plain.pearson_chi2 / plain.df_resid, rtol=1e-8)
    assert np.isclose(found.quasi, found.naive * np.sqrt(found.dispersion))
    exact = jackknife(np.array([refit(part, whole, time, unit, one) for one in range(20)]))
    assert np.isclose(found.error, exact, rtol=0.02)


def test_logit_trend_is_the_same_for_units_by_any_name_and_any_order_of_cells():
    part, whole, time, unit = panel(12, 5, 0.2, 4)
    order = np.random.default_rng(5).permutation(part.size)
    plain = logit_trend(part, whole, time, unit)
    names = np.array([f"unit {one}" for one in unit])
    mixed = logit_trend(part[order], whole[order], time[order] + 2010, names[order])
    for name in ("value", "error", "naive", "clustered", "dispersion"):
        assert np.isclose(getattr(plain, name), getattr(mixed, name), rtol=1e-7)


@pytest.mark.parametrize(
    "part, time, unit",
    [
        ([0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1]),
        ([3, 3, 3, 3], [0, 1, 0, 1], [0, 0, 1, 1]),
        ([0, 3, 0, 3], [0, 1, 0, 1], [0, 0, 1, 1]),
        ([1, 2, 1, 2], [5, 5, 5, 5], [0, 0, 1, 1]),
        ([1, 2, 1, 2], [0, 1, 2, 3], [0, 0, 0, 0]),
    ],
)
def test_no_slope_where_there_is_none(part, time, unit):
    assert logit_trend(*(np.asarray(one) for one in (part, [3] * 4, time, unit))) is None


@pytest.mark.parametrize("slope", [0.0, 0.08])
def test_intervals_of_a_trend_hold_it_and_naive_ones_do_not(slope):
    """300 tables of 40 units; 93 to 97 % with three simulation errors (.013) of room."""
    held = naive = 0
    for seed in range(300):
        found = logit_trend(*panel(40, 4, slope, seed))
        lower, upper = found.interval
        held += lower <= slope <= upper
        naive += abs(found.value - slope) <= 1.96 * found.naive
    assert 0.93 - 0.039 <= held / 300 <= 0.97 + 0.03
    assert naive / 300 < 0.85


def test_intervals_of_a_change_of_shares_hold_it():
    """400 tables of 40 units whose pooled share does not change; same room."""
    held = 0
    for seed in range(400):
        part, whole, _, _ = panel(40, 2, 0.0, 10_000 + seed)
        found = paired_change(part.reshape(40, 2), whole.reshape(40, 2))
        lower, upper = found.interval
        held += lower <= 0 <= upper
    assert 0.93 - 0.033 <= held / 400 <= 0.97 + 0.033


def test_a_single_unit_has_no_error():
    found = paired_change(np.array([[1.0, 3.0]]))
    assert found.value == 2
    assert np.isnan(found.error)
    assert np.isnan(found.p_value)
    with pytest.raises(ValueError, match="no unit"):
        paired_change(np.empty((0, 2)))
