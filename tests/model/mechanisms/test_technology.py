"""Technology: a logistic frontier that lost trust slows."""

import numpy as np
import pytest

from datapolis.model.mechanisms import technology
from tests.helpers import changed, close, hand_society, hand_world, parameters, run


def world_and_society(start, trust):
    world = hand_world(citizens=len(trust))
    return world, hand_society(world, {"technology": start, "citizens.trust": trust})


def test_one_month_by_hand():
    world, society = world_and_society(0.2, [0.1, 0.5, 0.9])
    constants = parameters({"technology.growth": 0.05, "technology.autonomy": 0.4})
    after = run(technology, society, world, constants)
    close(after.technology, 0.2 + 0.05 * 0.2 * 0.8 * (0.4 + 0.5))


def test_it_follows_the_logistic_curve():
    """dT/dt = r T (1 - T) has T = 1 / (1 + (1/T0 - 1) e^(-rt)); monthly steps stay within .01."""
    world, society = world_and_society(0.04, [1.0, 1.0, 1.0])
    constants = parameters({"technology.growth": 0.02, "technology.autonomy": 0.5})
    rate, largest = 0.02 * 1.5, 0.0
    for month in range(1, 241):
        society = run(technology, society, world, constants)
        curve = 1 / (1 + (1 / 0.04 - 1) * np.exp(-rate * month))
        largest = max(largest, abs(float(society.technology) - curve))
    assert largest < 0.01


@pytest.mark.parametrize("autonomy", [0.0, 0.3, 3.0])
def test_lost_trust_slows_it(autonomy):
    constants = parameters({"technology.autonomy": autonomy})
    grown = []
    for trust in (0.9, 0.1):
        world, society = world_and_society(0.3, [trust] * 3)
        grown.append(float(run(technology, society, world, constants).technology) - 0.3)
    close(grown[0] / grown[1], (autonomy + 0.9) / (autonomy + 0.1), rtol=1e-4)


def test_off():
    world, society = world_and_society(0.3, [0.6] * 3)
    after = run(technology, society, world, parameters({"technology.growth": 0.0}))
    assert after.technology == society.technology
    still = changed(society, {"citizens.trust": 0.0})
    after = run(technology, still, world, parameters({"technology.autonomy": 0.0}))
    assert after.technology == society.technology


@pytest.mark.parametrize("frontier", [0.0, 1.0])
def test_it_rests_at_both_ends(frontier):
    world, society = world_and_society(frontier, [1.0] * 3)
    after = run(technology, society, world, parameters({"technology.growth": 0.1}))
    assert after.technology == frontier
