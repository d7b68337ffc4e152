"""Rights: supply, access, and who takes them up."""

import numpy as np
import pytest

from datapolis.model.mechanisms import rights
from tests.helpers import close, hand_society, hand_world, levers, parameters, run

STOCKS = {
    "technology": 0.35,
    "organizations.skill": [0.2, 0.4, 0.3, 0.3, 0.3, 0.3],
    "organizations.creative": [0.1, 0.3, 0.4, 0.0, 0.0, 0.2],
    "watching_government": 0.6,
    "regions.partnership": 0.5,
    "citizens.awareness": [0.0, 0.4, 0.2],
    "citizens.awake": [False, False, True],
}
CONSTANTS = {
    "technology.half_reach": 0.35,  # communication is one half
    "exchange.open_government": 0.2,
    "absorption.use_government": 0.5,
}


@pytest.fixture(scope="module")
def world():
    return hand_world(income=[0.5, 1.0, 1.5])


def supply(open_=0.2, used=0.5 * 0.3, platform=0.0, watched=0.6):
    know = 0.5 * open_ * (1 + (1 - open_) * used)
    participate = 0.5 * (0.2 + 0.4 * 0.5 + 0.4 * platform)
    express = 0.5 * (1 - 0.5 * watched)
    return [know, participate, express, know * express * 0.6]


def expected(world, offered, before=0.1, response=0.1):
    after = []
    for income, engaged in zip([0.5, 1.0, 1.5], [0.5, 0.7, 1.0], strict=True):
        access = 1 - 0.5 * np.exp(-income)
        after.append([before + response * (one * access * engaged - before) for one in offered])
    return after


def test_one_month_by_hand(world):
    after = run(rights, hand_society(world, STOCKS), world, parameters(CONSTANTS))
    close(after.citizens.rights, expected(world, supply()))


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        ({"open_data": 1.0}, {"open_": 1.0}),
        ({"public_platform": 1.0}, {"platform": 1.0}),
        ({"government_transparency": 1.0}, {"watched": 0.0}),
        ({"data_mindset": 1.0}, {"used": 0.3}),
    ],
)
def test_each_lever_moves_its_right(world, policy, changes):
    society = hand_society(world, STOCKS)
    after = run(rights, society, world, parameters(CONSTANTS), levers(**policy))
    close(after.citizens.rights, expected(world, supply(**changes)))


def test_they_settle_where_supply_access_and_engagement_say(world):
    society = hand_society(world, STOCKS)
    constants = parameters({**CONSTANTS, "rights.response": 0.2})
    for _ in range(80):
        society = run(rights, society, world, constants)
    close(society.citizens.rights, expected(world, supply(), before=0.0, response=1.0), rtol=1e-4)


def test_no_technology_no_rights(world):
    society = hand_society(world, {**STOCKS, "technology": 0.0})
    constants = parameters({**CONSTANTS, "rights.response": 0.2})
    close(run(rights, society, world, constants).citizens.rights, np.full((3, 4), 0.08))
