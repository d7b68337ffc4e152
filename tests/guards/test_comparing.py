"""A guard that sees nothing guards nothing: what moves is told, by its name."""

import numpy as np
import pytest

from tests.guards.comparing import differences_of, other_bits, other_lines, sums

FINDINGS = [{"name": "gini", "of": "2017", "estimate": 0.5}, {"name": "gini", "of": "2018"}]


@pytest.mark.parametrize(
    ("kept", "found", "said"),
    [
        ({"a": 1.0}, {"a": 1.0 + 1e-10}, []),
        ({"a": 1.0}, {"a": 1.0 + 1e-8}, ["a: 1.00000001, kept 1.0"]),
        ({"a": 0.0}, {"a": 1e-15}, []),
        ({"a": True}, {"a": 1}, ["a: 1, kept true"]),
        ({"a": 1}, {"b": 1}, ["a: is gone; it was 1", "b: is new: 1"]),
        ({"a": 1.0}, {"a": None}, ["a: null, kept 1.0"]),
        (["x", "y"], ["x", "z"], ["[1]: z, kept y"]),
        (["x"], ["x", "z"], [": 2 of them, kept 1", ": is new: z"]),
        (FINDINGS, FINDINGS[::-1], [": in another order"]),
        (
            FINDINGS,
            [{**FINDINGS[0], "estimate": 0.6}, FINDINGS[1]],
            ["gini, 2017: estimate: 0.6, kept 0.5"],
        ),
    ],
)
def test_what_moved_is_told(kept, found, said):
    assert differences_of(kept, found, 1e-9) == said


def test_sums_change_with_a_value_and_with_the_order():
    values = np.array([3.0, -1.0, -2.0, np.nan])
    for other in (values[[1, 0, 2, 3]], values + 1e-6, values[:3], np.array([3.0, -1, -2, 0])):
        assert differences_of(sums(values), sums(other), 1e-9)
    assert differences_of(sums(values), sums(values * (1 + 1e-12)), 1e-9) == []
    assert differences_of(sums(["a", "b"]), sums(["b", "a"]), 1e-9)


def test_other_bits_are_told_where_they_are():
    kept = {"a": {"b": {"sha256": "1"}, "c": {"sha256": "2"}}}
    assert other_bits(kept, {"a": {"b": {"sha256": "1"}, "c": {"sha256": "3"}}}) == ["a: c"]
    assert differences_of(kept, {"a": {"b": {"sha256": "0"}, "c": {}}}, 1e-9) == []


def test_lines_that_are_gone_and_new_are_told():
    assert other_lines(["a", "b", "b"], ["b", "c"]) == ["is gone: a", "is gone: b", "is new: c"]
