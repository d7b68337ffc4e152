"""Power, measured four ways, and capture."""

from itertools import permutations

import numpy as np
import pytest

from datapolis.model.mechanisms import power
from tests.helpers import changed, close, hand_society, hand_world, parameters, run, tie_lists

WEALTH, CREATIVE = [0.4, 0.1, 0.2, 0.05, 0.0, 0.1], [0.3, 0.0, 0.9, 0.6, 0.1, 0.0]
ATTENTION = [[0.6, 0.4], [1.0, 0.0], [0.5, 0.5]]
USES = [[0, 1], [2, 0], [1, 2]]


@pytest.fixture(scope="module")
def world():
    return hand_world()


def made(world, stocks=None, workable=(0.2,) * 6):
    base = {
        "organizations.wealth": WEALTH,
        "organizations.creative": CREATIVE,
        "citizens.uses": USES,
    }
    return hand_society(world, {**base, **(stocks or {})}, attention=ATTENTION, workable=workable)


def test_base_power_is_the_mean_of_wealth_and_data_in_one_unit(world):
    after = run(power, made(world), world, parameters({"power.reference": 3.0}))
    expected = [0.5 * w + 0.5 * c / 3 for w, c in zip(WEALTH, CREATIVE, strict=True)]
    close(after.flows.base_power, expected)
    close(after.flows.data_weight, sum(0.5 * c / 3 for c in CREATIVE) / sum(expected))


def test_substitution_by_hand(world):
    after = run(power, made(world), world, parameters({"power.substitution": 0.5}))
    expected = [
        (0.5 * w**0.5 + 0.5 * (c / 3) ** 0.5) ** 2 for w, c in zip(WEALTH, CREATIVE, strict=True)
    ]
    close(after.flows.base_power, expected, rtol=1e-4)


def test_relational_power_solves_its_equation(world):
    ties = tie_lists(6, {0: {2: 0.3, 5: 0.2}, 2: {3: 0.9, 4: 0.8}, 3: {0: 0.1}, 5: {0: 0.4}})
    for weight in (0.5, -0.5, 0.0):
        after = run(power, made(world, ties), world, parameters({"power.relation": weight}))
        base = np.asarray(after.flows.base_power, float)
        matrix = np.zeros((6, 6))
        matrix[0, 2], matrix[0, 5], matrix[3, 0], matrix[5, 0] = 0.3, 0.2, 0.1, 0.4
        matrix[2, 3], matrix[2, 4] = 0.9 / 1.7, 0.8 / 1.7  # no more than all its power is passed on
        solved = np.linalg.solve(np.eye(6) - weight * matrix.T, base)
        close(after.flows.relational, np.maximum(solved, 0), rtol=1e-4)


def test_dependence_by_hand(world):
    """Citizens would lose -ln(1 - a), partners -ln(1 - its part of their workable data)."""
    ties = tie_lists(6, {5: {0: 0.5, 2: 0.4}, 0: {3: 0.1}})
    stocks = {"organizations.data": [0.4, 0.1, 0.2, 0.3, 0.0, 0.0], **ties}
    constants = parameters({"exchange.open_government": 0.2, "exchange.open_firms": 0.3})
    after = run(power, made(world, stocks), world, constants)

    def lost(share):
        return -np.log(1 - min(share, 0.999))

    firms = np.zeros(3)
    for i in range(3):
        for k in range(2):
            firms[USES[i][k]] += lost(ATTENTION[i][k]) / 3
    to_agency = lost(0.5 * 0.2 * 0.4 / 0.2)
    to_firm_0, to_firm_1 = lost(0.4 * 0.3 * 0.2 / 0.2), lost(0.1 * 0.3 * 0.3 / 0.2)
    expected = [to_agency, 0, firms[0] + to_firm_0, firms[1] + to_firm_1, firms[2], 0]
    close(after.flows.dependence, expected, rtol=1e-4)


@pytest.mark.parametrize(
    "power_", [(0.5, 0.3, 0.2), (0.6, 0.3, 0.1), (0.4, 0.35, 0.25), (0, 0.7, 0.3)]
)
def test_pivotality_counts_the_six_orders(world, power_):
    wealth = [power_[0], 0, power_[1], 0, 0, power_[2]]
    stocks = {"organizations.wealth": wealth, "organizations.creative": 0.0}
    found = run(power, made(world, stocks), world).flows.pivotality
    times = np.zeros(3)
    for order in permutations(range(3)):
        so_far = 0.0
        for one in order:
            if so_far <= 0.5 + 1e-9 < so_far + power_[one]:
                times[one] += 1
            so_far += power_[one]
    close(found, [times / 6], rtol=1e-5)


def test_capture_is_a_contest_of_wealth(world):
    sums = np.array([0.5, 0.25, 0.1])
    for contest in (0.5, 1.0, 2.0):
        constants = parameters({"power.contest": contest, "power.capture": 0.4})
        found = run(power, made(world), world, constants).flows.capture
        close(found, 0.4 * sums[1] ** contest / np.sum(sums**contest), rtol=1e-4)
    assert run(power, made(world), world, parameters({"power.capture": 0.0})).flows.capture == 0.0


def test_the_poor_and_the_dead(world):
    nothing = {"organizations.wealth": 0.0, "organizations.creative": 0.0}
    after = run(power, made(world, nothing, workable=(0.0,) * 6), world)
    for value in (after.flows.base_power, after.flows.relational, after.flows.capture):
        close(value, np.zeros_like(value))
    assert after.flows.data_weight == 0.0
    alive = changed(made(world), {"organizations.alive": [1, 1, 0, 1, 1, 1]})
    assert np.isfinite(np.asarray(run(power, alive, world).flows.dependence)).all()
