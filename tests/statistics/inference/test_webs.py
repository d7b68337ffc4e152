"""Overlap, cutting and intervals of pairs against networkx, by hand and on simulated tables."""

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.statistics.inference.webs import (
    ORDERS,
    Web,
    mean_of_pairs,
    rank_correlation_of_pairs,
    slope_of_pairs,
)


def web_of(random, people, ties):
    pairs = np.unique(np.sort(random.integers(0, people, (ties, 2)), axis=1), axis=0)
    one, other = pairs[pairs[:, 0] != pairs[:, 1]].T
    return Web(one, other, random.integers(1, 6, one.size).astype(float), people)


def graph_of(web, kept=None):
    graph = networkx.Graph()
    graph.add_nodes_from(range(web.people))
    kept = np.ones(web.one.size, bool) if kept is None else kept
    graph.add_edges_from(zip(web.one[kept].tolist(), web.other[kept].tolist(), strict=True))
    return graph


def test_overlap_by_hand():
    """A triangle 0, 1, 2 with a tail 2-3, and a pair 4-5 without other neighbours."""
    web = Web(np.array([0, 0, 1, 2, 4]), np.array([1, 2, 2, 3, 5]), np.ones(5), 6)
    np.testing.assert_allclose(web.overlap(), [1, 1 / 2, 1 / 2, 0, np.nan])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_overlap_and_components_agree_with_networkx(seed):
    random = np.random.default_rng(seed)
    web = web_of(random, int(random.integers(3, 15)), int(random.integers(4, 40)))
    if not web.one.size:
        return
    graph = graph_of(web)
    expected = []
    for one, other in zip(web.one.tolist(), web.other.tolist(), strict=True):
        left, right = set(graph[one]) - {other}, set(graph[other]) - {one}
        union = len(left | right)
        expected.append(len(left & right) / union if union else np.nan)
    np.testing.assert_allclose(web.overlap(), expected)
    kept = random.random((3, web.one.size)) < 0.5
    largest = [max(map(len, networkx.connected_components(graph_of(web, row)))) for row in kept]
    assert web.largest(kept).tolist() == largest


def test_overlap_of_pairs_that_are_not_tied_leaves_nobody_out():
    web = Web(np.array([0, 1, 0]), np.array([2, 2, 3]), np.ones(3), 4)
    np.testing.assert_allclose(web.overlap(np.array([0]), np.array([1])), [1 / 2])


@pytest.mark.parametrize("order", ORDERS)
def test_cutting_begins_with_all_and_ends_with_nobody_tied(order):
    random = np.random.default_rng(2)
    web = web_of(random, 40, 90)
    shares = np.linspace(0, 1, 11)
    curve = web.cut(order, shares, random, 5)
    whole = max(map(len, networkx.connected_components(graph_of(web)))) / 40
    np.testing.assert_allclose(curve[:, 0], whole)
    np.testing.assert_allclose(curve[:, -1], 1 / 40)
    assert (np.diff(curve, axis=1) <= 0).all()


def test_bridges_hold_the_web_together():
    """Ten groups of five, all tied inside strongly, a ring of weak bridges between them."""
    groups = [range(5 * group, 5 * group + 5) for group in range(10)]
    inside = [(a, b) for group in groups for a in group for b in group if a < b]
    bridges = [(5 * group, (5 * group + 5) % 50) for group in range(10)]
    one, other = np.array([sorted(pair) for pair in inside + bridges]).T
    strength = np.array([9.0] * len(inside) + [1.0] * len(bridges))
    web = Web(one, other, strength, 50)
    share = [len(bridges) / len(one)]
    random = np.random.default_rng(1)
    assert web.cut("weak", share, random, 20).max() == 5 / 50
    assert web.cut("strong", share, random, 20).mean() > 0.9


def test_the_mean_and_the_slope_are_the_usual_ones():
    random = np.random.default_rng(3)
    web = web_of(random, 30, 80)
    x, y = random.normal(size=(2, web.one.size))
    assert np.isclose(mean_of_pairs(y, web.one, web.other)[0], y.mean())
    assert np.isclose(slope_of_pairs(x, y, web.one, web.other)[0], np.polyfit(x, y, 1)[0])
    from scipy.stats import spearmanr

    found = rank_correlation_of_pairs(x, y, web.one, web.other)
    assert np.isclose(found[0], spearmanr(x, y).statistic)


def test_pairs_of_different_people_have_the_usual_interval():
    """Without shared people the interval is the jackknife's of independent values: Student's."""
    random = np.random.default_rng(4)
    values = random.normal(size=400)
    mean, lower, upper = mean_of_pairs(values, np.arange(400), np.arange(400, 800))
    expected = 1.96 * values.std(ddof=1) / 20
    assert np.isclose(upper - mean, expected, rtol=0.02)
    assert np.isclose(mean - lower, expected, rtol=0.02)


def test_intervals_hold_the_truth_though_people_hang_together():
    """500 tables: 95 % within three standard errors, 2.9 points; as if independent, far fewer."""
    random = np.random.default_rng(5)
    held = naive = means = 0
    for _ in range(500):
        web = web_of(random, 150, 400)
        mine, theirs = random.normal(size=(2, 150))
        x = mine[web.one] + mine[web.other] + random.normal(size=web.one.size)
        noise = theirs[web.one] + theirs[web.other] + random.normal(size=web.one.size)
        slope, lower, upper = slope_of_pairs(x, 0.3 * x + noise, web.one, web.other)
        held += lower <= 0.3 <= upper
        naive += abs(slope - 0.3) <= 1.96 * noise.std() / x.std() / np.sqrt(x.size)
        _, lower, upper = mean_of_pairs(noise, web.one, web.other)
        means += lower <= 0 <= upper
    assert abs(held / 500 - 0.95) < 0.029
    assert abs(means / 500 - 0.95) < 0.029
    assert naive / 500 < 0.88


def test_what_does_not_vary_has_no_slope():
    one, other = np.array([0, 1, 2]), np.array([1, 2, 3])
    assert np.isnan(slope_of_pairs(np.ones(3), np.arange(3.0), one, other)).all()
    assert np.isnan(rank_correlation_of_pairs(np.arange(3.0), np.ones(3), one, other)).all()
