"""Approximate Bayesian computation against posteriors that are known exactly."""

import numpy as np
import pytest
from scipy.stats import norm, truncnorm

from datapolis.statistics.inference import abc_smc
from datapolis.statistics.inference.abc_smc import (
    Mixture,
    Ranges,
    adjusted,
    deviation,
    fit,
    resampled,
)
from datapolis.statistics.inference.scores import rank_of, uniformity, weighted_quantile

NOISE = 0.1


def gaussian(levels, seeds, generation):
    """One observation of each level with normal noise, each run with a seed of its own."""
    noise = np.stack([np.random.default_rng([7, seed]).standard_normal(2) for seed in seeds])
    return levels[:, :2] + NOISE * noise


def moments(found, levels=None):
    levels = found.particles.levels if levels is None else levels
    mean = found.particles.weights @ levels
    return mean, np.sqrt(found.particles.weights @ (levels - mean) ** 2)


def test_the_posterior_of_a_normal_mean_is_found():
    """Uniform prior, normal noise: the posterior is that normal, cut at the box."""
    found = fit(gaussian, Ranges.points([0.4, 0.9]), 2, particles=400, generations=6, seed=1)
    exact = [truncnorm((0 - at) / NOISE, (1 - at) / NOISE, at, NOISE) for at in (0.4, 0.9)]
    mean, spread = moments(found, adjusted(found.particles, found.ranges, found.pool.scale))
    error = NOISE / np.sqrt(found.particles.effective)
    np.testing.assert_allclose(mean, [one.mean() for one in exact], atol=4 * error)
    np.testing.assert_allclose(spread, [one.std() for one in exact], rtol=0.15)
    assert found.particles.effective > 150
    thresholds = [one.threshold for one in found.generations]
    assert thresholds == sorted(thresholds, reverse=True)


def test_a_parameter_that_nothing_tells_keeps_its_prior():
    found = fit(gaussian, Ranges.points([0.5, 0.5]), 3, particles=300, generations=5, seed=2)
    mean, spread = moments(found)
    assert mean[2] == pytest.approx(0.5, abs=0.07)
    assert spread[2] == pytest.approx(np.sqrt(1 / 12), rel=0.12)


def test_many_parameters_that_nothing_tells_do_not_seem_to_be_told():
    """Two of eight are told; the variance of the other six stays that of the prior, 1/12."""
    lost = []
    for seed in range(6):
        found = fit(gaussian, Ranges.points([0.4, 0.6]), 8, particles=128, seed=seed)
        lost.append(1 - 12 * moments(found)[1] ** 2)
    assert np.mean(lost, axis=0)[:2].min() > 0.75
    assert np.mean(lost, axis=0)[2:].mean() == pytest.approx(0.0, abs=0.1)


def test_inside_a_range_no_run_is_farther_than_another():
    """Without noise and with a range, the posterior is the prior on the range."""
    found = fit(
        lambda levels, seeds, number: levels,
        Ranges(np.array([0.2]), np.array([0.5]), np.zeros(1)),
        1,
        particles=100,
        seed=3,
    )
    assert found.particles.distances.max() == 0.0
    assert found.particles.levels.min() >= 0.2 and found.particles.levels.max() <= 0.5
    assert moments(found)[0][0] == pytest.approx(0.35, abs=0.03)
    assert "inside" in found.stopped


def test_a_range_beyond_reach_is_neared_and_never_inside():
    found = fit(lambda levels, seeds, number: levels, Ranges.points([2.0]), 1, particles=50, seed=4)
    assert found.particles.distances.min() > 0 and found.particles.levels.min() > 0.9


def test_runs_without_a_number_are_never_accepted():
    def half(levels, seeds, number):
        return np.where(levels < 0.5, np.nan, levels)

    found = fit(half, Ranges.points([0.3]), 1, particles=40, seed=5)
    assert found.particles.levels.min() >= 0.5 and np.isfinite(found.particles.weights).all()
    empty = fit(lambda levels, *_: levels * np.nan, Ranges.points([0.3]), 1, particles=40, seed=5)
    assert len(empty.particles.places) == 0 and "too few" in empty.stopped


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    again = [
        fit(gaussian, Ranges.points([0.4, 0.6]), 2, particles=40, generations=3, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(again[0].particles.levels, again[1].particles.levels)
    assert not np.array_equal(again[0].particles.levels, again[2].particles.levels)


def test_no_weight_exceeds_what_the_prior_in_the_mixture_allows():
    found = fit(gaussian, Ranges.points([0.4, 0.6]), 2, particles=60, generations=4, seed=6)
    generations = len(found.generations)
    assert found.pool.weights.max() <= generations + 1e-9
    assert found.pool.weights.mean() == pytest.approx(1.0, abs=0.15)  # estimates the integral, 1


def test_a_mixture_is_a_density_on_the_box():
    rng = np.random.default_rng(8)
    kept = abc_smc.Particles(
        rng.random((30, 2)), np.full(30, 1 / 30), np.zeros((30, 1)), np.zeros(30), np.arange(30)
    )
    mixture = abc_smc._mixture(kept, rng)
    grid = (np.stack(np.meshgrid(*[np.arange(60)] * 2), axis=-1).reshape(-1, 2) + 0.5) / 60
    assert mixture.density(grid).mean() == pytest.approx(1.0, abs=0.03)
    one = Mixture(np.array([[0.3]]), np.ones(1), np.array([[0.1]]), 1.0)
    assert one.density(np.array([[0.4]]))[0] == pytest.approx(norm.pdf(0.4, 0.3, 0.1))


def test_simulation_based_calibration_of_the_normal_mean():
    """Truths from the prior, data from each: their ranks are uniform, 90 % intervals hold 90 %."""
    ranks, held = [], 0
    for number in range(100):
        truth = np.random.default_rng([9, number]).random(1)
        seen = gaussian(np.r_[truth, 0.5][None], [10**6 + number], 0)[0, :1]
        found = fit(
            lambda levels, seeds, at: gaussian(np.c_[levels, levels], seeds, at)[:, :1],
            Ranges.points(seen),
            1,
            particles=60,
            generations=3,
            seed=number,
        )
        levels = adjusted(found.particles, found.ranges, found.pool.scale)[:, 0]
        weights = found.particles.weights
        ranks.append(rank_of(truth[0], levels, weights))
        low, high = weighted_quantile(levels, weights, (0.05, 0.95))
        held += low <= truth[0] <= high
    assert uniformity(np.array(ranks), 10) > 0.01
    assert 82 <= held <= 97  # binomial, 99 %


def test_deviations_and_resampling():
    values = np.random.default_rng(1).normal(3.0, 2.0, (20_000, 1))
    assert deviation(values)[0] == pytest.approx(2.0, rel=0.03)
    assert deviation(np.array([[1.0]] * 9 + [[11.0]]))[0] == pytest.approx(3.0)
    places = resampled(np.array([0.1, 0.6, 0.3]), 1000, np.random.default_rng(2))
    np.testing.assert_allclose(np.bincount(places) / 1000, [0.1, 0.6, 0.3], atol=0.002)
