"""Cover and mend: against every choice tried."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datapolis.statistics.inference.covering import (
    GUARANTEE,
    best_cover,
    best_mends,
    cover_bound,
    greedy_cover,
    opened,
)

members = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 6)))


def covered(member, chosen):
    return int(member[:, list(chosen)].any(axis=1).sum())


@settings(deadline=None, max_examples=60)
@given(members, st.integers(1, 4))
def test_cover_against_every_choice(member, most):
    place, holder = np.nonzero(member)
    many = min(most, member.shape[1])
    best = max(covered(member, one) for one in combinations(range(member.shape[1]), many))
    order, added = greedy_cover(place, holder, most)
    assert covered(member, order) == added.sum()
    assert added.sum() >= GUARANTEE * best - 1e-9
    assert best_cover(place, holder, most) == best
    assert added.sum() <= best <= cover_bound(place, holder, most)
    assert (np.diff(added) <= 0).all() and len(set(order)) == len(order)


def test_greedy_can_miss_the_best():
    """The largest set first leaves one place uncovered; the other two cover all."""
    member = np.zeros((8, 3), bool)
    member[[1, 2, 3, 5, 6], 0] = True
    member[:4, 1] = True
    member[4:, 2] = True
    place, holder = np.nonzero(member)
    assert greedy_cover(place, holder, 2)[1].tolist() == [5, 2]
    assert best_cover(place, holder, 2) == 8


def test_nothing_is_covered_by_nothing():
    none = np.array([], int)
    assert greedy_cover(none, none, 3)[0].size == 0
    assert best_cover(none, none, 3) == 0
    assert cover_bound(none, none, 3) == 0


@given(arrays(int, 16, elements=st.integers(0, 9)))
def test_mends_against_every_set(lacking):
    many = opened(lacking)
    for mended in range(16):
        plainly = sum(lacking[lacks] for lacks in range(1, 16) if lacks & ~mended == 0)
        assert many[mended] == plainly
    for size, (mended, count, ties) in enumerate(best_mends(lacking), 1):
        counts = [many[one] for one in range(16) if one.bit_count() == size]
        assert count == max(counts) == many[mended]
        assert ties == counts.count(count)
        assert mended.bit_count() == size


def test_of_sets_that_tie_the_first_attributes_are_told():
    assert best_mends(np.array([0, 2, 2, 0]))[0] == (1, 2, 2)


def test_what_two_open_together_neither_opens_alone():
    """Three entries lack both: a greedy choice by single attributes would see nothing."""
    assert best_mends(np.array([5, 0, 0, 3])) == [(1, 0, 2), (3, 3, 1)]
