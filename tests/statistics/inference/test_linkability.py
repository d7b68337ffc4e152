"""Pairs that could be linked: against a plain double loop, and bounds against joint laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datapolis.statistics.inference import linkability
from datapolis.statistics.inference.linkability import linked_by_one, pair_linkability

tables = arrays(
    float,
    st.tuples(st.integers(2, 7), st.integers(1, 4)),
    elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0]),
)


def rows_of(table):
    """A dense table as rows: cells of 0 are rows too, unless the place or holder is even."""
    place, holder = np.nonzero((table > 0) | (np.add.outer(*map(np.arange, table.shape)) % 2 == 1))
    return place, holder, table[place, holder]


def plainly(table):
    """The same seven means, pair by pair."""
    listed = np.zeros(table.shape, bool)
    place, holder, _ = rows_of(table)
    listed[place, holder] = True
    sums = []
    for i in range(len(table)):
        for j in range(i):
            p, q = table[i], table[j]
            sums.append(
                (
                    1 - np.prod(1 - p * q),
                    max(0, (p + q - 1).max()),
                    min(1, np.minimum(p, q).sum()),
                    (p * q).max(),
                    min(1, (p * q).sum()),
                    (listed[i] & listed[j]).any(),
                    (p * q > 0).any(),
                )
            )
    return np.mean(sums, axis=0)


@settings(deadline=None)
@given(tables, st.integers(1, 9))
def test_is_the_plain_double_loop_in_blocks_of_any_size(table, at_once):
    whole, linkability.AT_ONCE = linkability.AT_ONCE, at_once
    try:
        found = pair_linkability(*rows_of(table), places=len(table))
    finally:
        linkability.AT_ONCE = whole
    np.testing.assert_allclose(list(vars(found).values()), plainly(table), atol=1e-12)
    assert found.least <= found.narrow_least <= found.expected <= found.narrow_most <= found.most


@settings(deadline=None)
@given(tables, st.integers(0, 2**32 - 1))
def test_bounds_hold_under_any_dependence(table, seed):
    """Presence by shared draws, mixed at random: each place and holder keeps its chance."""
    random = np.random.default_rng(seed)
    draws = 400
    shared = (np.arange(draws) + 0.5) / draws  # one stratified draw, so that chances are exact
    ways = [shared, 1 - shared, random.permutation(shared), (shared + random.random()) % 1]
    choice = random.integers(0, len(ways), table.shape)
    present = np.array([[ways[way] < p for way, p in zip(*row, strict=True)]
                        for row in zip(choice, table, strict=True)])  # fmt: skip
    linked = [
        (present[i] & present[j]).any(axis=0).mean() for i in range(len(table)) for j in range(i)
    ]
    found = pair_linkability(*rows_of(table), places=len(table))
    slack = 2 * table.shape[1] / draws
    assert found.least - slack <= np.mean(linked) <= found.most + slack


def test_bounds_are_attained():
    """Chances .7 and .6 of one holder, .6 and .7 of another, over ten equal moments."""
    place, holder = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    found = pair_linkability(place, holder, np.array([0.7, 0.6, 0.6, 0.7]), 2)
    moment = np.arange(10)
    nested = [moment < 7, moment >= 4, (moment >= 1) & (moment < 7), (moment >= 4) | (moment < 1)]
    apart = [moment < 7, moment < 6, moment >= 4, moment >= 3]
    for law, bound in ((nested, found.least), (apart, found.most)):
        assert [one.mean() for one in law] == [0.7, 0.6, 0.6, 0.7]
        linked = (law[0] & law[1]) | (law[2] & law[3])
        assert linked.mean() == pytest.approx(bound)


def test_simulated_visits_are_linked_as_often_as_expected():
    """Planted chances and independent presence: over 300 tables the mean error is no more than
    three standard errors, and bounds hold each time."""
    random = np.random.default_rng(3)
    errors = []
    for _ in range(300):
        table = random.random((6, 3)) ** 2
        present = random.random((40, *table.shape)) < table
        both = (present[:, :, None] & present[:, None, :]).any(axis=3)
        linked = both[:, *np.triu_indices(6, 1)].mean()
        found = pair_linkability(*rows_of(table), places=6)
        errors.append(linked - found.expected)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))


def test_places_that_nobody_sees_count():
    one = (np.array([0, 1]), np.array([0, 0]), np.array([1.0, 1.0]))
    assert pair_linkability(*one, places=2).expected == 1
    assert pair_linkability(*one, places=4).expected == pytest.approx(1 / 6)
    assert np.isnan(pair_linkability(*one, places=1).expected)


@given(arrays(float, st.integers(2, 9), elements=st.floats(0, 1)))
def test_one_holder_links_what_the_table_of_it_alone_says(chance):
    alone = pair_linkability(
        np.arange(chance.size), np.zeros(chance.size, int), chance, chance.size
    )
    assert linked_by_one(chance, chance.size) == pytest.approx(alone.expected, abs=1e-12)


def test_progress_is_told_to_the_end():
    told = []
    pair_linkability(
        np.arange(3), np.zeros(3, int), np.ones(3), 3, progress=lambda *what: told.append(what)
    )
    assert told[-1] == ("pairs of places", 3, 3)
