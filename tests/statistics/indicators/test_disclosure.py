"""How well people hide: by hand, from the rows themselves, and what must never change it."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from datapolis.statistics.indicators import disclosure as of

quick = settings(max_examples=80, deadline=None)
people = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40)

COUNTS = [[3, 1, 0], [0, 2, 0], [1, 1, 2]]  # ten people in classes of four, two and four


def counted(rows):
    """Rows of class and level as a matrix of counts."""
    counts = np.zeros((6, 4), int)
    np.add.at(counts, tuple(np.transpose(rows)), 1)
    return counts


def by_class(rows):
    classes = {}
    for one, level in rows:
        classes.setdefault(one, []).append(level)
    return classes


def test_by_hand(xp):
    counts = xp.asarray(COUNTS)
    size = counts.sum(axis=1)
    assert of.k_anonymity(size) == 2
    assert of.l_diversity(counts) == 1
    assert of.entropy_l_diversity(counts) == pytest.approx(1)
    assert of.t_closeness(counts) == pytest.approx(0.6)  # |0 - .4| + |1 - .4| + |0 - .2| over 2
    assert of.ordered_t_closeness(counts) == pytest.approx(0.3)  # (.35 + .25)/2 and (.4 + .2)/2
    assert of.basic_beta(counts) == pytest.approx(1.5)  # 1/.4 - 1; the third class has .5/.2 - 1
    assert of.certain_share(counts) == pytest.approx(0.2)
    assert of.unique_share(size) == 0
    assert of.share_below_k(size, 3) == pytest.approx(0.2)
    assert of.matching_class_size(size) == pytest.approx(3.6)


def test_the_chance_that_a_match_is_right(xp):
    size = xp.asarray([1, 1, 1, 2, 2, 5])
    assert of.match_chance(size, 0.5) == pytest.approx(1.5 / 3.5)
    assert of.match_chance(size, 1.0) == 1
    assert np.isnan(of.match_chance(xp.asarray([2, 3]), 0.5))
    with pytest.raises(ValueError, match="fraction"):
        of.match_chance(size, 1.5)


def test_people_who_match_may_be_more_than_stand_in_a_class(xp):
    size, standing = xp.asarray([3, 3, 1]), xp.asarray([1, 2, 1])
    assert of.unique_share(size, standing) == pytest.approx(1 / 4)
    assert of.share_below_k(size, 4, standing) == 1
    assert of.matching_class_size(size, standing) == pytest.approx(10 / 4)
    counts = xp.asarray([[3, 0], [3, 0], [0, 0]])
    assert of.certain_share(counts, standing) == 1


def test_classes_that_are_all_alike_tell_nothing(xp):
    counts = xp.asarray([[1, 2, 3], [2, 4, 6], [0, 0, 0]])
    for measure in (of.t_closeness, of.ordered_t_closeness, of.basic_beta):
        assert measure(counts) == pytest.approx(0, abs=1e-6)


def test_nobody_is_nan(xp):
    nobody = xp.zeros((2, 3))
    for measure in (
        of.l_diversity,
        of.entropy_l_diversity,
        of.t_closeness,
        of.ordered_t_closeness,
        of.basic_beta,
        of.certain_share,
    ):
        assert np.isnan(measure(nobody))
    for measure in (of.k_anonymity, of.unique_share, of.matching_class_size):
        assert np.isnan(measure(xp.zeros(3)))


def test_one_level_has_no_distance(xp):
    assert of.ordered_t_closeness(xp.asarray([[3], [1]])) == 0


@quick
@given(people)
def test_from_the_rows_themselves(rows):
    counts, classes = counted(rows), by_class(rows)
    size = counts.sum(axis=1)
    levels = [level for _, level in rows]
    share = {level: levels.count(level) / len(rows) for level in set(levels)}
    ordered = [
        wasserstein_distance(inside, levels) / 3  # three steps between four levels
        for inside in classes.values()
    ]
    gains = [
        inside.count(level) / len(inside) / share[level] - 1
        for inside in classes.values()
        for level in inside
    ]
    distances = [
        sum(abs(inside.count(level) / len(inside) - share[level]) for level in share) / 2
        for inside in classes.values()
    ]
    assert of.k_anonymity(size) == min(map(len, classes.values()))
    assert of.l_diversity(counts) == min(len(set(inside)) for inside in classes.values())
    assert of.t_closeness(counts) == pytest.approx(max(distances), abs=1e-12)
    assert of.ordered_t_closeness(counts) == pytest.approx(max(ordered), abs=1e-12)
    assert of.basic_beta(counts) == pytest.approx(max(gains), abs=1e-12)
    alone = [one for one, inside in classes.items() if len(inside) == 1]
    assert of.unique_share(size) == pytest.approx(len(alone) / len(rows))
    match = Counter(one for one, _ in rows)
    assert of.matching_class_size(size) == pytest.approx(np.mean([match[one] for one, _ in rows]))


@quick
@given(people)
def test_a_part_of_the_classes_with_the_whole_table_beside(rows):
    counts = counted(rows)
    whole = counts.sum(axis=0)
    for measure in (of.t_closeness, of.ordered_t_closeness, of.basic_beta):
        parts = [measure(counts[:2], whole), measure(counts[2:], whole)]
        assert np.nanmax(parts) == pytest.approx(measure(counts), abs=1e-12)


@quick
@given(people, st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda two: len({*two}) == 2))
def test_joining_two_classes_never_harms(rows, two):
    counts = counted(rows)
    joined = np.delete(counts, two[1], axis=0)
    joined[two[0] - (two[1] < two[0])] += counts[two[1]]
    for measure in (of.t_closeness, of.ordered_t_closeness, of.basic_beta):
        assert measure(joined) <= measure(counts) + 1e-12
    assert of.l_diversity(joined) >= of.l_diversity(counts)
    assert of.entropy_l_diversity(joined) >= of.entropy_l_diversity(counts) - 1e-12
    assert of.k_anonymity(joined.sum(axis=1)) >= of.k_anonymity(counts.sum(axis=1))


@quick
@given(people)
def test_effective_levels_are_at_most_levels(rows):
    counts = counted(rows)
    assert 1 - 1e-12 <= of.entropy_l_diversity(counts) <= of.l_diversity(counts) + 1e-12
