"""Combinations of published sets that few units have: found wherever brute force finds one."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits.disclosure_control import (
    Sets,
    countable,
    enough_each_side,
    few_units,
    rest_is_safe,
)


def of(rows, units=None):
    """Sets as rows of 0 and 1 over items; each item a unit of its own unless units are given."""
    rows = np.array(rows, bool)
    atoms, atom = np.unique(rows, axis=1, return_inverse=True)
    units = np.arange(rows.shape[1]) if units is None else np.array(units)
    return Sets(atoms, atom.ravel(), np.unique(units, return_inverse=True)[1])


def isolated(rows, units, least):
    """By rank: whether few units alone have a combination, trying all sets of fewer than `least`.

    A combination with these units alone exists where leaving their columns out loses rank.
    """
    rows, units = np.array(rows, float), np.array(units)
    whole = np.linalg.matrix_rank(rows)
    names = np.unique(units)
    for many in range(1, min(least, names.size + 1)):
        for chosen in combinations(names, many):
            left = rows[:, ~np.isin(units, chosen)]
            if (np.linalg.matrix_rank(left) if left.size else 0) < whole:
                return True
    return False


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_the_search_finds_what_brute_force_finds_and_nothing_else(data):
    items = data.draw(st.integers(3, 11))
    seed = data.draw(st.integers(0, 100_000))
    random = np.random.default_rng(seed)
    rows = random.random((int(random.integers(1, 8)), items)) < random.uniform(0.2, 0.9)
    owners = items if data.draw(st.booleans()) else max(items - 3, 2)
    units = np.arange(items) if owners == items else random.integers(0, owners, items)
    least = data.draw(st.integers(2, 5))
    if rows.any():
        assert bool(few_units(of(rows, units), least=least)) == isolated(rows, units, least)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 8))
@settings(max_examples=60, deadline=None)
def test_disjoint_groups_that_are_large_are_never_refused(seed, groups, least):
    random = np.random.default_rng(seed)
    size = random.integers(least, 4 * least, groups)
    place = np.repeat(np.arange(groups), size)
    rows = [place == one for one in range(groups)] + [place >= 0]
    assert few_units(of(rows + rows), least=least) == 0


def test_land_less_two_cities_is_the_third():
    """100 units of a land; 50 and 41 of two of its cities: 9 are left."""
    place = np.repeat([0, 1, 2], [50, 9, 41])
    assert few_units(of([place >= 0, place == 0, place == 2]), least=10) == 9
    assert few_units(of([place >= 0, place == 0, place == 2]), least=9) == 0


def test_a_combination_with_other_weights_than_one_is_found():
    """Three pairs of three parts of 20, and one of 3: half of their sum, less the whole."""
    place = np.repeat([0, 1, 2, 3], [20, 20, 20, 3])
    pairs = [np.isin(place, one) for one in ((0, 1), (1, 2), (0, 2))]
    assert few_units(of([*pairs, place >= 0]), least=10) == 3


def test_rows_of_one_unit_are_one():
    """A difference of twelve rows is one of a single unit, if all are its own."""
    rows = [np.ones(60, bool), np.arange(60) < 48]
    assert few_units(of(rows), least=10) == 0
    assert few_units(of(rows, np.minimum(np.arange(60), 48)), least=10) == 1


def test_a_thousand_sets_of_many_units_are_checked():
    """Twenty ways to split 20,000 units into 50 groups at random: nothing small, and then one."""
    random = np.random.default_rng(1)
    place = random.integers(0, 50, (20, 20_000))
    rows = np.concatenate([one == np.arange(50)[:, None] for one in place])
    sets = Sets(rows, np.arange(20_000), np.arange(20_000))
    assert few_units(sets, least=10) == 0
    less = rows[:1] & (np.arange(20_000) > np.flatnonzero(rows[0])[4])
    assert few_units(Sets(np.concatenate([rows, less]), sets.atom, sets.unit), least=10) == 5


def test_counts_beside_each_other():
    """43 units of which 40 have a value: the 40 are not counted beside all, nor all beside them."""
    units = np.arange(43)
    parts = {"value": units < 40, "half": units < 20, "all": units >= 0}
    assert countable(parts, units, least=10) == {"half", "all"}
    assert countable(parts, units, least=10, whole=False) == {"value", "half"}
    assert countable(parts, units, least=1) == set(parts)


def test_rows_of_one_unit_are_not_counted():
    """Sixty firms with a row each, and one with twelve rows that have no amount."""
    unit = np.append(np.arange(60), np.full(12, 60))
    assert not countable({"known": unit < 60}, unit, least=10)


def test_each_side_of_a_cut_and_the_rest_beside_a_head():
    values, units = np.arange(20.0), np.arange(20)
    assert enough_each_side(values, units, 9.5, 10)
    assert not enough_each_side(values, units, 8.5, 10)
    assert not enough_each_side(values, units // 2, 9.5, 10)
    amount = np.array([1000.0] * 10 + [900.0] + [0.1] * 39)
    assert not rest_is_safe(amount, np.arange(50), 10, least=10)
    assert rest_is_safe(np.delete(amount, 10), np.arange(49), 10, least=10)
