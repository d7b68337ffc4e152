"""Monitoring: two sides that answer each other's watching (Richardson)."""

import numpy as np
import pytest

from datapolis.model.mechanisms import monitoring
from tests.helpers import close, hand_society, hand_world, levers, parameters, run


@pytest.fixture(scope="module")
def world():
    return hand_world()


def test_one_month_by_hand(world):
    creative = [0.1, 0.2, 0.5, 0.3, 0.0, 0.2]
    society = hand_society(
        world,
        {
            "organizations.creative": creative,
            "watching_government": 0.3,
            "watching_society": 0.2,
        },
    )
    constants = parameters(
        {
            "monitoring.base": 0.05,
            "monitoring.government_reaction": 0.4,
            "monitoring.society_reaction": 0.6,
            "power.reference": 3.0,
            "exchange.open_government": 0.25,
        }
    )
    after = run(monitoring, society, world, constants)
    sight_g, sight_s = 0.3 / (0.3 + 1.0), 1.0 / (1.0 + 1.0) * 0.5
    close(after.flows.sight, [sight_g, sight_s])
    close(after.watching_government, 0.3 + 0.1 * (3 * sight_g * (0.05 + 0.4 * 0.2) - 0.3))
    close(after.watching_society, 0.2 + 0.1 * (3 * sight_s * (0.05 + 0.6 * 0.3) - 0.2))


def settled(world, creative, constants, months=1500):
    society = hand_society(world, {"organizations.creative": creative})
    for _ in range(months):
        society = run(monitoring, society, world, constants)
    return float(society.watching_government), float(society.watching_society)


def equations(base, to_government, to_society, sight):
    """x = p + q y, y = p' + r x: the values at rest, by elimination."""
    a, b = 3 * sight * base, 3 * sight * to_government
    c, d = 3 * sight * base, 3 * sight * to_society
    return (a + b * c) / (1 - b * d), (c + d * a) / (1 - b * d)


def test_it_settles_where_mutual_watching_says(world):
    """x = 1 + .5 y, y = 2 + .4 x settles at (2.5, 3) (O54); here in tenths."""
    constants = parameters(
        {
            "monitoring.base": 0.1 / 0.75,
            "monitoring.government_reaction": 0.5 / 0.75,
            "monitoring.society_reaction": 0.4 / 1.5,
            "exchange.open_government": 1.0,
        }
    )
    creative = [1 / 3, 0.0, 0.5, 0.5, 0.0, 0.0]  # over one third of the reference: 1/3 and 1
    close(settled(world, creative, constants), (0.25, 0.3), rtol=1e-3)


@pytest.mark.parametrize(("reaction", "explodes"), [(0.6, False), (0.75, True)])
def test_it_explodes_when_the_loop_exceeds_one(world, reaction, explodes):
    """9 V_g V_s b b = (1.5 b)^2 at V = 1/2: below one at .6, above at .75 (O54)."""
    constants = parameters(
        {
            "monitoring.base": 0.03,
            "monitoring.government_reaction": reaction,
            "monitoring.society_reaction": reaction,
            "exchange.open_government": 1.0,
        }
    )
    x, y = settled(world, [0.5, 0.5, 0.5, 0.5, 0.0, 0.0], constants)
    if explodes:
        close([x, y], [1.0, 1.0], rtol=1e-3)
    else:
        close([x, y], equations(0.03, reaction, reaction, 0.5), rtol=1e-3)
        assert max(x, y) < 1.0


def test_off_without_reactions_each_side_watches_on_its_own(world):
    off = parameters({"monitoring.government_reaction": 0.0, "monitoring.society_reaction": 0.0})
    creative = [0.5, 0.5, 0.3, 0.3, 0.2, 0.2]
    base = settled(world, creative, off)
    blind = settled(world, [0.5, 0.5, 0.0, 0.0, 0.0, 0.0], off)
    close(base[0], blind[0])
    assert blind[1] < 1e-6  # without technology outsiders see nothing


def test_open_data_lets_outsiders_see(world):
    society = hand_society(world, {"organizations.creative": 0.5})
    constants = parameters({"exchange.open_government": 0.16})
    plain = run(monitoring, society, world, constants).flows.sight
    opened = run(monitoring, society, world, constants, levers(open_data=1.0)).flows.sight
    close(np.asarray(opened) / np.asarray(plain), [1.0, 1.0 / 0.4], rtol=1e-4)
