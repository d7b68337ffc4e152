"""Scenarios: shocks as arrays of one shape."""

import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.core.scenario import CAPACITY, WHOM, Shock, shocks


def test_a_scenario_as_arrays():
    found = shocks([Shock(3, "market", data=0.5, months=4), Shock(7, 12, wealth=0.2, attacks=3.0)])
    assert found.first[:2].tolist() == [3, 7]
    assert found.last[:2].tolist() == [6, 7]
    assert found.whom[:2].tolist() == [WHOM["market"], 12]
    assert np.allclose(found.data[:2], [0.5, 0.0])
    assert np.allclose(found.wealth[:2], [0.0, 0.2])
    assert np.allclose(found.attacks[:2], [1.0, 3.0])


def test_the_rest_never_happens():
    found = shocks()
    assert len(found.first) == CAPACITY
    assert (found.first > found.last).all()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Shock(0, "markt"), "market"),
        (lambda: Shock(0, data=1.5), "0 to 1"),
        (lambda: Shock(0, wealth=-0.1), "0 to 1"),
        (lambda: Shock(-1), "month >= 0"),
        (lambda: Shock(0, months=0), "months >= 1"),
        (lambda: Shock(0, attacks=-1.0), "attacks >= 0"),
        (lambda: shocks([Shock(0)] * (CAPACITY + 1)), f"at most {CAPACITY}"),
    ],
)
def test_bad_scenarios_are_explained(make, says):
    with pytest.raises(InputError, match=says):
        make()
