"""Uniqueness in a population: by counting all partitions, by simulation, by its coverage."""

from collections import Counter
from math import exp, factorial, prod

import numpy as np
import pytest

from datapolis.statistics.inference import uniqueness
from datapolis.statistics.inference.uniqueness import expected_unique, match_interval, pitman


def partitions(people, most=None):
    """All ways to write a number as a sum of smaller ones, largest first."""
    if not people:
        yield ()
    for first in range(min(people, most or people), 0, -1):
        for rest in partitions(people - first, first):
            yield (first, *rest)


def ways(sizes):
    """In how many ways people fall into classes of these sizes."""
    alike = prod(factorial(many) for many in Counter(sizes).values())
    return factorial(sum(sizes)) / prod(factorial(size) for size in sizes) / alike


def seated(random, people, alpha, theta):
    """The class sizes of people who arrive one by one under Pitman's partition."""
    sizes = []
    for there in range(people):
        if random.random() < (theta + alpha * len(sizes)) / (theta + there):
            sizes.append(1)
        else:
            weights = np.asarray(sizes) - alpha
            sizes[random.choice(len(sizes), p=weights / weights.sum())] += 1
    return np.asarray(sizes)


@pytest.mark.parametrize(("alpha", "theta"), [(0.3, 2.0), (0.7, -0.4), (0.01, 10.0)])
def test_all_partitions_of_seven_people(alpha, theta):
    chances, unique = [], []
    for sizes in partitions(7):
        size, many = np.unique(sizes, return_counts=True)
        height = uniqueness._log_likelihood(np.asarray(alpha), np.asarray(theta), size, many)
        chances.append(ways(sizes) * exp(height))
        unique.append(sizes.count(1) / 7)
    assert sum(chances) == pytest.approx(1)
    expected = expected_unique(np.asarray(alpha), np.asarray(theta), 7)
    assert expected == pytest.approx(np.dot(chances, unique))


def test_the_fit_is_the_top_of_the_likelihood():
    sizes = seated(np.random.default_rng(3), 600, 0.5, 20.0)
    found = pitman(sizes)
    size, many = np.unique(sizes, return_counts=True)

    def height(alpha, theta):
        return uniqueness._log_likelihood(np.asarray(alpha), np.asarray(theta), size, many)

    top = height(found.alpha, found.theta)
    random = np.random.default_rng(1)
    for alpha, theta in zip(random.uniform(0, 1, 500), random.uniform(0, 100, 500), strict=True):
        assert height(alpha, theta) <= top + 1e-3
    lowest = min(height(*one) for one in found.likely)
    assert top - uniqueness.LIKELY <= lowest + 1e-9


def test_the_interval_of_the_model_holds_the_truth_where_the_model_does():
    random, truth, draws = np.random.default_rng(5), (0.6, 15.0), 80
    expected = expected_unique(*map(np.asarray, truth), 5_000)
    hits = 0
    for _ in range(draws):
        _, lower, upper = pitman(seated(random, 300, *truth)).unique(5_000)
        hits += lower <= expected <= upper
    # 93 to 97 %, and two standard errors of 2.4 points for eighty draws
    assert hits / draws >= 0.88


def test_nobody_alike_has_no_fit():
    assert pitman(np.ones(20, int)) is None
    assert pitman(np.zeros(3, int)) is None


@pytest.mark.parametrize("fraction", [0.05, 0.3])
def test_the_chance_of_a_right_match_is_covered(fraction):
    random = np.random.default_rng(7)
    population = random.zipf(1.7, 6_000).clip(max=400)
    hits, errors, draws = 0, [], 1_000
    for _ in range(draws):
        sample = random.binomial(population, fraction)
        alone = sample == 1
        truth = alone.sum() / population[alone].sum()
        estimate, lower, upper = match_interval(sample, fraction)
        hits += lower <= truth <= upper
        errors.append(estimate - truth)
    # 93 to 97 %, and three standard errors of 0.7 points for a thousand draws
    assert 0.91 <= hits / draws <= 0.99
    assert np.mean(errors) == pytest.approx(0, abs=0.1 * np.std(errors) + 0.01)


def test_a_sample_of_everybody_is_the_population():
    sizes = np.array([1, 1, 2, 5])
    assert match_interval(sizes, 1.0) == (1, 1, 1)
    found = pitman(np.repeat([1, 2, 3], [40, 20, 10]))
    assert 0 < found.unique(110)[0] < 1


def test_nobody_unique_has_no_match():
    assert np.isnan(match_interval(np.array([2, 3]), 0.5)).all()
