"""Neighbours who came first: by hand, by brute force, and on tables without and with contagion."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.statistics.inference.exposure import Neighbours, exposure_by_chance


def brute(source, target, time):
    """The mean exposure, person by person."""
    shares = []
    for person, own in enumerate(time):
        friends = {b for a, b in zip(source, target, strict=True) if a == person and b != person}
        if friends and np.isfinite(own):
            shares.append(sum(time[friend] < own for friend in friends) / len(friends))
    return np.mean(shares) if shares else np.nan


def test_by_hand():
    """0 names 1 and 2; 1 names 2, twice; 2 names itself and 0; 3 never adopts."""
    source, target = np.array([0, 0, 1, 1, 2, 2, 3]), np.array([1, 2, 2, 2, 2, 0, 0])
    time = np.array([3.0, 2.0, 2.0, np.inf])
    neighbours = Neighbours.of(source, target, 4)
    assert neighbours.degree.tolist() == [2, 1, 1, 1]
    assert neighbours.earlier(time).tolist() == [2, 0, 0, 1]
    assert np.isclose(neighbours.exposure(time), (2 / 2 + 0 + 0) / 3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_agrees_with_brute_force(seed):
    random = np.random.default_rng(seed)
    people = int(random.integers(2, 12))
    source, target = random.integers(0, people, (2, int(random.integers(1, 30))))
    time = random.integers(1, 6, people).astype(float)
    time[time == 5] = np.inf
    found = Neighbours.of(source, target, people).exposure(time)
    assert np.isclose(found, brute(source, target, time), equal_nan=True)


def test_few_people_are_dealt_in_all_ways():
    """Two of four in one community adopt: all twelve ways to deal their times, by hand."""
    source, target = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0])
    time = np.array([2.0, 1.0, np.inf, np.inf])
    neighbours = Neighbours.of(source, target, 4)
    found = exposure_by_chance(neighbours, time, np.zeros(4, int), 99, 0)
    every = [brute(source, target, np.array(one)) for one in set(permutations(time))]
    assert found.exact and found.many == len(every) == 12
    np.testing.assert_allclose(np.sort(found.values), np.sort(every))
    assert found.upper().p_value == np.mean(np.array(every) >= 0.5)


def p_value(source, target, time, community, seed, draws=199):
    neighbours = Neighbours.of(source, target, time.size)
    return exposure_by_chance(neighbours, time, community, draws, seed).upper().p_value


def village(random, contagion, most=0.5):
    """Six communities that adopt at different times, with ties inside them."""
    people, home = 120, np.repeat(np.arange(6), 20)
    source = np.repeat(np.arange(people), 3)
    target = home[source] * 20 + random.integers(0, 20, source.size)
    start = random.uniform(0.02, most, 6)[home]
    time = np.full(people, np.inf)
    for period in range(1, 16):
        share = np.bincount(source, time[target] < period, people) / 3
        now = np.isinf(time) & (random.random(people) < start + contagion * share)
        time[now] = period
    return source, target, time, home


def test_communities_that_adopt_together_are_no_contagion():
    """300 tables without contagion: alarms at most 5 % and three standard errors, 3.8 points."""
    random = np.random.default_rng(5)
    alarms = [p_value(*village(random, 0.0), number) <= 0.05 for number in range(300)]
    assert np.mean(alarms) <= 0.05 + 0.038


def test_contagion_is_found():
    random = np.random.default_rng(6)
    found = [p_value(*village(random, 0.8, 0.06), number) <= 0.05 for number in range(30)]
    assert np.mean(found) > 0.9


@pytest.mark.parametrize("time", [[np.inf, np.inf], [1.0, np.inf]])
def test_nobody_to_count_gives_no_number(time):
    neighbours = Neighbours.of(np.array([1]), np.array([0]), 2)
    assert np.isnan(neighbours.exposure(np.array(time)))
