"""What is suppressed cannot be had by subtraction, nor by one who contributes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits.privacy import dominant, shown

sizes = st.lists(st.integers(0, 40), min_size=1, max_size=12)


@given(sizes)
def test_no_group_below_the_threshold_is_shown(units):
    units = np.array(units)
    seen = shown(units, least=10)
    assert not (seen & (units > 0) & (units < 10)).any()


@given(sizes)
def test_what_is_suppressed_is_never_one_group_and_never_few_together(units):
    units = np.array(units)
    hidden = ~shown(units, least=10)
    if hidden.any():
        others = (~hidden & (units > 0)).any()
        assert (hidden.sum() >= 2 and units[hidden].sum() >= 10) or not others


@given(sizes, st.data())
@settings(max_examples=50)
def test_each_part_with_a_total_of_its_own_is_guarded(units, data):
    units = np.array(units)
    part = np.array(
        data.draw(st.lists(st.integers(0, 2), min_size=units.size, max_size=units.size))
    )
    seen = shown(units, least=10, within=part)
    for one in np.unique(part):
        here = part == one
        np.testing.assert_array_equal(seen[here], shown(units[here], least=10))


def test_the_smaller_of_units_and_people_counts():
    seen = shown(np.array([12, 50, 50]), np.array([400, 9, 300]), total=False)
    assert seen.tolist() == [True, False, True]


def test_a_group_of_nobody_is_shown_as_such_and_a_register_whole():
    assert shown(np.array([0, 30, 40])).tolist() == [True, True, True]
    assert shown(np.array([1, 30]), public=True).all()


def test_one_small_group_takes_the_next_smallest_with_it():
    assert shown(np.array([4, 60, 20])).tolist() == [False, True, False]
    assert shown(np.array([4, 60, 20]), total=False).tolist() == [False, True, True]


@pytest.mark.parametrize(
    "largest, second, total, unsafe",
    [(100, 50, 155, True), (100, 50, 161, False), (100, 0, 100, True)],
)
def test_the_p_percent_rule_by_hand(largest, second, total, unsafe):
    """Unsafe if what hides the largest, total less the two largest, is under 10 % of it."""
    assert dominant(*(np.array([one]) for one in (largest, second, total)))[0] == unsafe
