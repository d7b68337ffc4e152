"""Governance: coverage of needed capabilities, who joins, and the mode that is chosen."""

import numpy as np
import pytest

from datapolis.model.mechanisms import governance
from tests.helpers import (
    changed,
    close,
    hand_society,
    hand_world,
    levers,
    parameters,
    run,
    tie_lists,
)


@pytest.fixture(scope="module")
def world():
    """One region; agency 0 is central, organization 4 works everywhere."""
    return hand_world()


def power_for(quality, needed=0.15):
    """The base power that gives a competence: q = .8 X / (X + needed)."""
    return needed * quality / (0.8 - quality)


def made(world, government, firms, associations, stocks=None):
    """Base power by sector, at the first organization of each."""
    power = [government, 0.0, firms, 0.0, 0.0, associations]
    return hand_society(world, {"technology": 0.0, **(stocks or {})}, base_power=power)


HALF = power_for(0.5)


def by_hand(q, power, k, partnership, constants, cross=0.0, aims=(0.8, 0.1, 0.1), support=0.0):
    """The month's outcome of one region in plain arithmetic."""

    def solves(f, a):
        return (1 - (1 - q[0]) * (1 - q[1] * f) * (1 - q[2] * a)) ** k

    hurdle = constants["joining_cost"] * (1 - support) * (1 - 0.5 * cross)
    worth = [constants["joining_benefit"] * (0.3 + aim) for aim in aims]
    first = worth[2] * (solves(0, 1) - solves(0, 0)) > hurdle
    firms = worth[1] * (solves(1, first) - solves(0, first)) > hurdle
    associations = worth[2] * (solves(firms, 1) - solves(firms, 0)) > hurdle
    alone, joint = solves(0, 0), solves(firms, associations)
    x = constants["compliance"]
    order = solves(x, x)
    part = power[0] / sum(power)
    as_equals = alone + part * (joint - alone) - constants["talks_cost"] * (1 - 0.5 * cross)
    by_order = order - constants["resistance"] * (1 - part) ** 2
    aim = 1 / (1 + np.exp(-constants["responsiveness"] * (as_equals - by_order + 0.3 * support)))
    after = partnership + 0.05 * (aim - partnership)
    return after, after * joint + (1 - after) * order, alone, (firms, associations)


PLAIN = {
    "joining_cost": 0.03,
    "joining_benefit": 0.5,
    "compliance": 0.3,
    "talks_cost": 0.1,
    "resistance": 0.4,
    "responsiveness": 20.0,
}


@pytest.mark.parametrize(
    "power", [(0.3, 0.1, 0.05), (0.1, 0.3, 0.2), (0.05, 0.6, 0.0), (2.0, 0.01, 0.01)]
)
@pytest.mark.parametrize("support", [0.0, 0.7])
def test_one_month_by_hand(world, power, support):
    society = made(
        world, *power, {"technology": 0.4, "regions.partnership": 0.3, "regions.backlog": 2.0}
    )
    after = run(governance, society, world, policy=levers(association_support=support))
    q = [0.8 * x / (x + 0.15) for x in power]
    partnership, solved, alone, joins = by_hand(
        q, power, 1.0 + 5.0 * 0.4, 0.3, PLAIN, support=support
    )
    close(after.flows.competence, [q])
    close(after.flows.joins, [joins])
    close(after.flows.solved_alone, [alone])
    close(after.regions.partnership, [partnership])
    close(after.flows.solved, [solved])
    close(after.regions.backlog, [0.9 * 2.0 + 1 - solved])
    close(after.regions.legitimacy, [0.5 + 0.05 * (solved - 0.5)])
    close(after.flows.effort, [1 + partnership * sum(joins) + (1 - partnership) * 0.6])


def test_four_capabilities_at_one_half():
    """k = 4, q = .5: alone .0625, all three .58618 (O48)."""
    world = hand_world()
    society = made(world, HALF, HALF, HALF, {"regions.partnership": 1.0})
    constants = {
        "governance.capabilities": 4.0,
        "governance.joining_cost": 0.0,
        "governance.talks_cost": 0.0,
        "governance.responsiveness": 50.0,
        "governance.compliance": 0.0,
    }
    after = run(governance, society, world, parameters(constants))
    close(after.flows.competence, [[0.5] * 3], rtol=1e-5)
    close(after.flows.solved_alone, [0.0625], rtol=1e-4)
    close(after.flows.joins, [[1, 1]])
    p = float(after.regions.partnership[0])
    close((float(after.flows.solved[0]) - (1 - p) * 0.0625) / p, 0.58618, rtol=1e-4)


def test_national_organizations_are_spread_evenly_over_regions():
    world = hand_world(
        citizens=4,
        region=[0, 0, 1, 1],
        regions=2,
        home=[0, 1, 1, 0, 0, 1],
        national=[1, 0, 0, 0, 0, 0],
    )
    society = hand_society(world, {"technology": 0.0}, base_power=[0.4, 0.1, 0.3, 0.0, 0.2, 0.1])
    power = np.array([[0.2, 0.2, 0.0], [0.2 + 0.1, 0.3, 0.1]]) * 2
    close(run(governance, society, world).flows.competence, 0.8 * power / (power + 0.15))


def test_cross_sector_ties_ease_talks_and_joining(world):
    ties = tie_lists(6, {0: {2: 0.3, 1: 0.1}})
    society = made(world, 0.3, 0.3, 0.1, {"technology": 0.4, **ties})
    after = run(governance, society, world)
    q = [0.8 * x / (x + 0.15) for x in (0.3, 0.3, 0.1)]
    expected = by_hand(q, (0.3, 0.3, 0.1), 3.0, 0.0, PLAIN, cross=0.75)
    close(after.regions.partnership, [expected[0]])


def test_off_talks_too_costly_leave_order(world):
    society = made(world, 0.2, 0.4, 0.2, {"regions.partnership": 1.0})
    off = parameters({"governance.talks_cost": 5.0})
    for _ in range(100):
        society = run(governance, society, world, off)
    assert society.regions.partnership[0] < 0.01


def test_off_without_resistance_or_complexity_a_strong_government_rules_by_order(world):
    society = made(world, 3.0, 0.05, 0.02, {"technology": 1.0})
    off = parameters({"governance.resistance": 0.0, "governance.complexity": 0.0})
    for _ in range(100):
        society = run(governance, society, world, off)
    assert society.regions.partnership[0] < 0.2


def test_the_powerful_turn_order_into_partnership(world):
    """With resistance, the same months at a small part of power end as equals."""
    society = made(world, 0.2, 0.8, 0.3, {"technology": 0.9})
    for _ in range(100):
        society = run(governance, society, world)
    assert society.regions.partnership[0] > 0.8


def test_nobody_joins_at_a_prohibitive_cost_and_support_removes_it(world):
    society = made(world, 0.3, 0.3, 0.3)
    dear = parameters({"governance.joining_cost": 0.3, "governance.joining_benefit": 0.05})
    assert not run(governance, society, world, dear).flows.joins.any()
    supported = run(governance, society, world, dear, levers(association_support=1.0))
    assert supported.flows.joins.all()
    weak = run(governance, made(world, 0.3, 0.0, 0.0), world, dear, levers(association_support=1.0))
    assert not weak.flows.joins.any()  # nor does who has nothing to add, even where it is free


def test_aims_drift_to_partners_and_back_to_mandates(world):
    """w + mu (theirs - w) + mu (mandate - w); agency 0 is tied to a firm and an agency."""
    aims = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.3, 0.2, 0.5]])
    ties = tie_lists(6, {0: {2: 0.3, 1: 0.1}, 5: {3: 0.2}})
    society = made(world, 0.3, 0.3, 0.1, {"aims": aims, **ties})
    after = run(governance, society, world, parameters({"governance.drift": 0.04}))
    mandates = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    toward = np.array([0.75 * aims[1] + 0.25 * aims[0], aims[1], aims[1]])
    close(after.aims, aims + 0.04 * (toward - aims) + 0.04 * (mandates - aims))
    close(np.sum(after.aims, axis=1), [1, 1, 1])
    still = run(governance, society, world, parameters({"governance.drift": 0.0}))
    close(still.aims, aims)


def test_it_settles_where_order_and_talks_say(world):
    """Partnership goes to the sigmoid of the difference; backlog to ten times what is unsolved."""
    society = made(world, 0.3, 0.2, 0.1, {"technology": 0.3})
    for _ in range(300):
        society = run(governance, society, world)
    q = [0.8 * x / (x + 0.15) for x in (0.3, 0.2, 0.1)]
    rest = float(society.regions.partnership[0])
    close(by_hand(q, (0.3, 0.2, 0.1), 2.5, rest, PLAIN)[0], rest, rtol=1e-4)
    solved = float(society.flows.solved[0])
    close(society.regions.backlog, [10 * (1 - solved)], rtol=1e-3)
    close(society.regions.legitimacy, [solved], rtol=1e-3)


def test_no_power_at_all_solves_nothing(world):
    after = run(governance, made(world, 0.0, 0.0, 0.0), world)
    close(after.flows.solved, [0.0])
    assert not np.isnan(np.asarray(changed(after, {}).regions.partnership)).any()
