"""New links between islands: the majorisation argument and the choices against every choice."""

from itertools import combinations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datapolis.statistics.inference import pooling
from datapolis.statistics.inference.pooling import best_links, merged, worth

shares = arrays(float, st.integers(2, 6), elements=st.floats(0.01, 1)).map(lambda s: s / s.sum())


def after(share, links):
    """What the islands hold once these pairs are linked, by NetworkX."""
    graph = networkx.Graph()
    graph.add_nodes_from(range(share.size))
    graph.add_edges_from(links)
    return np.array([share[list(one)].sum() for one in networkx.connected_components(graph)])


@settings(deadline=None, max_examples=40)
@given(shares, st.integers(1, 3), st.sampled_from([1.05, 1.5, 2.0, 3.0]))
def test_merging_the_largest_is_the_best_of_all_choices(share, links, exponent):
    pairs = list(combinations(range(share.size), 2))
    best = max(
        worth(after(share, chosen), exponent)
        for many in range(min(links, len(pairs)) + 1)
        for chosen in combinations(pairs, many)
    )
    assert worth(merged(share, links), exponent) == pytest.approx(best, rel=1e-12)


@settings(deadline=None, max_examples=40)
@given(shares, st.integers(1, 3), st.floats(0.2, 1.0))
def test_no_link_pays_without_increasing_returns(share, links, exponent):
    pairs = np.array(list(combinations(range(share.size), 2)))
    for chosen in combinations(range(len(pairs)), min(links, len(pairs))):
        linked = worth(after(share, pairs[list(chosen)].tolist()), exponent)
        assert linked <= worth(share, exponent) + 1e-12
    best = best_links(share, pairs, np.ones(len(pairs)), links, exponent)
    assert best.chosen == () and best.value == pytest.approx(worth(share, exponent))


@st.composite
def possible(draw):
    share = draw(shares)
    pairs = list(combinations(range(share.size), 2))
    kept = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=6, unique=True))
    cost = draw(arrays(float, len(kept), elements=st.sampled_from([0.5, 1.0, 2.0, 3.0])))
    return share, np.array(kept), cost, draw(st.floats(0.4, 6))


@settings(deadline=None, max_examples=60)
@given(possible(), st.sampled_from([1.2, 2.0]))
def test_links_with_costs_against_every_choice(world, exponent):
    share, pair, cost, budget = world
    best = max(
        worth(after(share, pair[list(chosen)].tolist()), exponent)
        for many in range(len(pair) + 1)
        for chosen in combinations(range(len(pair)), many)
        if cost[list(chosen)].sum() <= budget
    )
    exact = best_links(share, pair, cost, budget, exponent)
    assert exact.exact
    assert exact.value == pytest.approx(best, rel=1e-12)
    assert cost[list(exact.chosen)].sum() <= budget + 1e-9
    tried, pooling.TRIED = pooling.TRIED, 0
    try:
        greedy = best_links(share, pair, cost, budget, exponent)
    finally:
        pooling.TRIED = tried
    assert not greedy.exact
    assert cost[list(greedy.chosen)].sum() <= budget + 1e-9
    assert greedy.value <= best * (1 + 1e-12) <= greedy.bound * (1 + 1e-9)


def test_greedy_can_be_worse_and_the_bound_holds(monkeypatch):
    """The dearest link alone is best; gain for cost leads to the cheap ones first."""
    share = np.array([0.45, 0.45, 0.05, 0.05])
    pair, cost = np.array([[0, 1], [2, 3]]), np.array([100.0, 0.5])
    monkeypatch.setattr(pooling, "TRIED", 0)
    greedy = best_links(share, pair, cost, 100.0, 2.0)
    monkeypatch.undo()
    exact = best_links(share, pair, cost, 100.0, 2.0)
    assert greedy.value < exact.value <= exact.bound


@given(shares, st.floats(1.01, 3))
def test_separation_costs_at_most_that_of_equal_islands(share, exponent):
    lost = 1 - worth(share, exponent)
    assert -1e-9 <= lost <= 1 - share.size ** (1 - exponent) + 1e-9
