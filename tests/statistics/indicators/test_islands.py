"""Components against SciPy, and what pooling is worth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from datapolis.statistics.indicators import (
    component_count,
    component_sums,
    components,
    integration_gap,
    largest_component_share,
    pooled_value,
)

NODES, PLACES = 24, 3
lists = arrays(np.int64, (NODES, PLACES), elements=st.integers(-1, NODES - 1))
flags = arrays(bool, (NODES, PLACES))


def scipy_labels(edges, held, nodes):
    """The least node of each node's component, by SciPy."""
    source, place = np.nonzero(held & (edges >= 0))
    links = coo_array((np.ones(source.size), (source, edges[source, place])), (nodes, nodes))
    _, group = connected_components(links, directed=False)
    return np.array([np.flatnonzero(group == one)[0] for one in group])


COMPILED = jax.jit(components)


@settings(max_examples=100, deadline=None)
@given(lists, flags)
def test_components_are_scipys(edges, held):
    expected = scipy_labels(edges, held, NODES)
    np.testing.assert_array_equal(components(edges, held), expected)
    np.testing.assert_array_equal(COMPILED(jnp.asarray(edges), jnp.asarray(held)), expected)


@pytest.mark.parametrize(("xp", "nodes"), [(np, 1), (np, 2), (np, 5000), (jnp, 1000)])
def test_a_long_path_in_any_numbering(xp, nodes):
    order = np.random.default_rng(nodes).permutation(nodes)
    edges = np.full((nodes, 1), -1)
    edges[order[:-1], 0] = order[1:]
    labels = components(xp.asarray(edges), xp.ones((nodes, 1), dtype=bool))
    assert not np.asarray(labels).any()


def test_nodes_without_a_list_of_their_own(xp):
    labels = components(xp.asarray([[4], [-1]]), xp.ones((2, 1), dtype=bool), count=5)
    np.testing.assert_array_equal(labels, [0, 1, 2, 3, 0])
    with pytest.raises(ValueError, match="count is 1"):
        components(np.array([[0], [1]]), np.ones((2, 1), bool), count=1)


def test_a_batch_of_networks():
    random = np.random.default_rng(7)
    edges = random.integers(-1, 50, (4, 50, 2))
    held = random.random((4, 50, 2)) < [[[0.1]], [[0.3]], [[0.6]], [[1.0]]]
    batch = jax.jit(jax.vmap(components))(jnp.asarray(edges), jnp.asarray(held))
    for labels, edge, here in zip(batch, edges, held, strict=True):
        np.testing.assert_array_equal(labels, scipy_labels(edge, here, 50))


@settings(max_examples=40, deadline=None)
@given(lists, flags, arrays(bool, NODES).filter(lambda alive: alive.any()))
def test_sizes_count_and_sums(edges, held, alive):
    labels = scipy_labels(edges, held, NODES)
    _, sizes = np.unique(labels[alive], return_counts=True)
    assert largest_component_share(labels, alive) == pytest.approx(sizes.max() / alive.sum())
    assert component_count(labels, alive) == sizes.size
    amount = np.arange(NODES) * 1.0
    expected = [amount[labels == label].sum() for label in labels]
    np.testing.assert_allclose(component_sums(amount, labels), expected)


def test_both_ends(xp):
    apart, together = xp.arange(5), xp.zeros(5, dtype=int)
    assert largest_component_share(apart) == pytest.approx(1 / 5)
    assert largest_component_share(together) == 1
    assert component_count(apart) == 5
    assert component_count(together) == 1
    assert np.isnan(largest_component_share(apart, xp.zeros(5, dtype=bool)))
    np.testing.assert_allclose(component_sums(xp.ones(5), together), 5)


def test_pooling_alone_and_together(xp):
    data = xp.asarray([1.0, 4.0, 0.0])
    assert pooled_value(data, xp.arange(3), 0.5) == pytest.approx(3)
    assert pooled_value(data, xp.zeros(3, dtype=int), 2.0) == pytest.approx(25)
    assert pooled_value(data, xp.arange(3), 1.0) == pytest.approx(5)  # nothing gained or lost
    assert pooled_value(xp.zeros(3), xp.arange(3), 0.0) == 0


def test_integration_gap_at_both_ends(xp):
    assert integration_gap(xp.ones(3), xp.ones(3)) == 0
    assert integration_gap(xp.zeros(3), xp.ones(3)) == 1
    assert integration_gap(xp.asarray([1.0, 0.0]), xp.asarray([2.0, 2.0])) == pytest.approx(0.75)
    assert np.isnan(integration_gap(xp.zeros(3), xp.zeros(3)))


def test_everything_under_jit():
    data, labels = jnp.asarray([1.0, 2.0, 3.0]), jnp.asarray([0, 0, 2])
    assert jax.jit(pooled_value)(data, labels, 2.0) == pytest.approx(18)
    assert jax.jit(component_count)(labels) == 2
    np.testing.assert_allclose(jax.jit(component_sums)(data, labels), [3, 3, 3])
    assert jax.jit(largest_component_share)(labels) == pytest.approx(2 / 3)
