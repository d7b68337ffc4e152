"""Scores of ensembles, against closed forms and direct sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from datapolis.statistics.inference.scores import (
    coverage,
    crps,
    interval,
    rank_of,
    uniformity,
    weighted_quantile,
)

NUMBERS = st.floats(-100, 100)


@given(arrays(float, st.integers(1, 12), elements=NUMBERS), NUMBERS)
def test_crps_is_the_double_sum_of_its_definition(members, observed):
    pairs = np.abs(members[:, None] - members[None, :]).mean()
    expected = np.abs(members - observed).mean() - pairs / 2
    assert crps(members, np.array(observed)) == pytest.approx(expected, abs=1e-9)


def test_crps_of_a_normal_is_its_closed_form():
    """Gneiting and Raftery (2007), equation 5."""
    members = norm.ppf((np.arange(4000) + 0.5) / 4000)
    for z in (-1.0, 0.0, 2.0):
        exact = z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)
        assert crps(members, np.array(z)) == pytest.approx(exact, abs=1e-3)


def test_crps_of_one_number_is_its_error():
    assert crps(np.array([[3.0, 1.0]]), np.array([1.0, 1.0])).tolist() == [2.0, 0.0]


def test_intervals_hold_what_they_say():
    rng = np.random.default_rng(1)
    members, seen = rng.standard_normal((400, 3000)), rng.standard_normal(3000)
    assert coverage(members, seen, 0.9) == pytest.approx(0.9, abs=0.02)
    low, high = interval(members, 0.5)
    assert np.mean(high - low) == pytest.approx(2 * 0.6745, abs=0.03)


def test_weighted_quantiles_and_ranks():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.25, 0.25, 0.5])
    assert weighted_quantile(values, weights, [0.5])[0] == 2.0
    assert rank_of(2.5, values, weights) == 0.75
    ranks = (np.arange(100) + 0.5) / 100
    assert uniformity(ranks) == pytest.approx(1.0)
    assert uniformity(ranks**3) < 1e-6
