"""The weight at which a net gain turns its sign, by algebra and by simulating with that weight."""

import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

import datapolis as dp
from datapolis.studies import break_even

amounts = st.floats(0.001, 1.0)


def runs(surplus, service, harm, weights=(0.02, 0.5)):
    """Indices whose gain adds up, [run, month]."""
    parts = {"surplus": surplus, "service": service, "harm": harm}
    parts = {name: np.atleast_2d(np.asarray(one, float)) for name, one in parts.items()}
    gain = parts["surplus"] + weights[0] * parts["service"] - weights[1] * parts["harm"]
    parts["citizens_gain"] = gain
    return xarray.Dataset({name: (("member", "month"), one) for name, one in parts.items()})


def test_by_hand():
    """.03 + .02 x .5 - .5 x .02 = .03: zero if harm weighs 2, or service -.04."""
    found = break_even.of(runs([0.01, 0.03], [0.2, 0.5], [0.01, 0.02]))
    assert found.gain == pytest.approx(0.03)
    assert found.weights == pytest.approx({"service": 0.02, "harm": 0.5})
    assert found.turns == pytest.approx({"service": -0.04, "harm": 2.0})
    assert str(found) == (
        "Its sign turns where harm weighs 2 incomes instead of 0.5; at no weight of service from 0 "
        "to 0.1 (here 0.02)."
    )


def test_a_difference_turns_where_its_own_parts_say():
    """Surplus .002 less, harm .01 less: a gain of .003, which turns where harm weighs .2."""
    one = runs([0.02, 0.018], [0.3, 0.4], [0.02, 0.02])
    other = runs([0.02, 0.020], [0.3, 0.4], [0.02, 0.03])
    found = break_even.of(one, other)
    assert found.gain == pytest.approx(0.003)
    assert found.turns["harm"] == pytest.approx(0.2)
    assert np.isnan(found.turns["service"]), "service is the same: no weight of it turns it"
    assert "at no weight of service" in str(found)


@given(
    parts=st.lists(st.tuples(amounts, amounts, amounts), min_size=3, max_size=6),
    weights=st.tuples(st.floats(0.001, 0.1), st.floats(0.05, 3.0)),
)
def test_at_the_break_even_the_gain_is_nothing(parts, weights):
    """With either weight put where it turns, the mean gain over runs and months is 0."""
    found = break_even.of(runs(*np.array(parts).T, weights), month=None)
    if found is None:
        return
    mean = np.mean(parts, axis=0)
    size = 1e-6 * (1 + np.abs(mean).max() * (1 + abs(found.turns["harm"])))
    assert abs(mean[0] + weights[0] * mean[1] - found.turns["harm"] * mean[2]) < size
    size = 1e-6 * (1 + np.abs(mean).max() * (1 + abs(found.turns["service"])))
    assert abs(mean[0] + found.turns["service"] * mean[1] - weights[1] * mean[2]) < size


def test_weights_that_differ_between_runs_are_read_off_each():
    one = runs([0.02, 0.03], [0.2, 0.5], [0.01, 0.03], (0.02, 0.5))
    two = runs([0.02, 0.03], [0.2, 0.5], [0.01, 0.03], (0.06, 1.5))
    both = xarray.concat([one, two], "member")
    weighed = break_even.weights(both)
    np.testing.assert_allclose(weighed["service"], [0.02, 0.06], rtol=1e-6)
    np.testing.assert_allclose(weighed["harm"], [0.5, 1.5], rtol=1e-6)
    # harm turns the mean where .03 + .5 (.02 + .06)/2 = .03 w
    assert break_even.of(both).turns["harm"] == pytest.approx((0.03 + 0.04 * 0.5) / 0.03)


def test_nothing_is_said_where_parts_are_missing_or_do_not_add_up():
    whole = runs([0.02, 0.03, 0.01], [0.2, 0.5, 0.1], [0.01, 0.03, 0.2])
    assert break_even.of(whole.drop_vars("service")) is None
    assert break_even.of(runs([0.02, 0.03], [0.2, 0.4], [0.01, 0.02])) is None, "one line"
    assert break_even.of(whole.assign(citizens_gain=whole["citizens_gain"] ** 2)) is None


def test_a_part_that_is_always_nothing_turns_nothing():
    found = break_even.of(runs([0.02, 0.03], [0.2, 0.5], [0.0, 0.0]))
    assert found.weights["harm"] == 0.5
    assert not found.within("harm")
    assert "at no weight of service from 0 to 0.1 (here 0.02) and of harm" in str(found)


@pytest.mark.outer
def test_a_run_with_that_weight_has_no_gain():
    """Simulated twice: at the defaults, and with harm weighing what the break-even says."""
    world = dp.World.generate(300, seed=2, regions=2, departments=2, firms=10, associations=4)
    same = {"months": 12, "seed": 2, "record": list(break_even.PARTS)}
    faster = {"technology.start": 0.3, "breaches.scam": 0.004}
    first = dp.simulate(world, parameters=dp.Parameters().set(faster), **same)
    found = break_even.of(first)
    assert found.weights == pytest.approx({"service": 0.02, "harm": 0.5}, rel=1e-3)
    at = dp.Parameters().set({**faster, "welfare.harm": found.turns["harm"]})
    gain = dp.simulate(world, parameters=at, **same)["citizens_gain"]
    assert abs(float(gain[-1])) < 1e-4 * abs(found.gain)
    assert float(gain[0]) == pytest.approx(float(first["citizens_gain"][0]), rel=0.2)
