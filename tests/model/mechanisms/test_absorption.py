"""Absorption: skill approaches the frontier, alone and by the example of ties."""

import numpy as np
import pytest

from datapolis.model.mechanisms import absorption
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

RATES = {
    "absorption.government": 0.02,
    "absorption.firms": 0.1,
    "absorption.associations": 0.05,
}


@pytest.fixture(scope="module")
def world():
    return hand_world()  # organizations 0, 1 agencies; 2, 3, 4 firms; 5 an association


def test_one_month_by_hand(world):
    """An agency learns from two firms by the strength of its ties; a firm without ties alone."""
    skill = [0.05, 0.0, 0.2, 0.1, 0.3, 0.1]
    ties = tie_lists(6, {0: {2: 0.3, 4: 0.1}, 5: {0: 0.5}})
    society = hand_society(world, {"technology": 0.4, "organizations.skill": skill, **ties})
    after = run(absorption, society, world, parameters({**RATES, "absorption.peers": 0.25}))
    rate = [0.02, 0.02, 0.1, 0.1, 0.1, 0.05]
    of_ties = [(0.3 * 0.2 + 0.1 * 0.3) / 0.4, 0, 0, 0, 0, 0.05]
    expected = [
        s + a * (0.75 + 0.25 * e / 0.4) * (0.4 - s)
        for s, a, e in zip(skill, rate, of_ties, strict=True)
    ]
    close(after.organizations.skill, expected)


def test_without_peers_the_gap_closes_exponentially(world):
    society = hand_society(world, {"technology": 0.5, "organizations.skill": 0.0})
    constants = parameters({**RATES, "absorption.peers": 0.0})
    for _ in range(30):
        society = run(absorption, society, world, constants)
    rate = np.array([0.02, 0.02, 0.1, 0.1, 0.1, 0.05])
    close(society.organizations.skill, 0.5 * (1 - (1 - rate) ** 30), rtol=1e-4)


def test_a_data_mindset_makes_agencies_ten_times_as_fast_and_nobody_else(world):
    society = hand_society(world, {"technology": 0.5, "organizations.skill": 0.1})
    constants = parameters({**RATES, "absorption.peers": 0.0})
    plain = np.asarray(run(absorption, society, world, constants).organizations.skill)
    bold = run(absorption, society, world, constants, levers(data_mindset=1.0)).organizations.skill
    close((np.asarray(bold) - 0.1)[:2], 10 * (plain - 0.1)[:2], rtol=1e-4)
    close(np.asarray(bold)[2:], plain[2:])


def test_off_equal_rates_treat_all_sectors_alike(world):
    society = hand_society(world, {"technology": 0.5, "organizations.skill": 0.1})
    equal = parameters(dict.fromkeys(RATES, 0.07))
    skill = np.asarray(run(absorption, society, world, equal).organizations.skill)
    assert np.ptp(skill) == 0.0


def test_a_dead_partner_teaches_nothing_and_a_dead_place_knows_nothing(world):
    ties = tie_lists(6, {0: {2: 0.3, 3: 0.1}})
    alive = [True, True, False, True, True, True]
    society = hand_society(
        world,
        {
            "technology": 0.5,
            "organizations.skill": [0.1, 0.1, 0.5, 0.2, 0.1, 0.1],
            "organizations.alive": alive,
            **ties,
        },
    )
    after = run(absorption, society, world, parameters({**RATES, "absorption.peers": 1.0}))
    assert after.organizations.skill[2] == 0.0
    close(after.organizations.skill[0], 0.1 + 0.02 * (0.2 / 0.5) * 0.4)


def test_skill_never_passes_the_frontier(world):
    society = hand_society(world, {"technology": 0.3, "organizations.skill": 0.9})
    after = run(absorption, society, world)
    assert float(np.max(after.organizations.skill)) <= 0.3 + 1e-6
    nothing = changed(society, {"technology": 0.0})
    assert float(np.max(run(absorption, nothing, world).organizations.skill)) == 0.0
