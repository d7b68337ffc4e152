"""Both outcomes can be had: what the essay claims, and the opposite, by parameters alone."""

import numpy as np
import pytest

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Policy
from datapolis.model.simulation import Run
from datapolis.model.world import World

pytestmark = pytest.mark.outer

GOVERNMENT, MARKET = 0, 1
EQUAL = {
    "absorption.government": 0.07,
    "absorption.firms": 0.07,
    "absorption.associations": 0.07,
    "absorption.use_government": 0.8,
    "absorption.use_firms": 0.8,
    "absorption.use_associations": 0.8,
}
SOCIETIES = {
    "default": {},
    "weak feedback": {"attention.network_effect": 0.15, "attention.quality_effect": 0.1},
    "strong feedback": {
        "attention.network_effect": 1.2,
        "attention.quality_effect": 1.5,
        "resources.entry": 0.0,
    },
    "equal sectors": EQUAL,
    "equal sectors, slow technology": {**EQUAL, "technology.growth": 0.01},
    "unproductive data": {"mining.exponent": 0.0},
    "one price": {"pricing.rivalry": 1.0},
}


@pytest.fixture(scope="module")
def outcome():
    """Twenty years of six societies that differ in a few constants: [society][index][month]."""
    world = World.generate(1000, seed=1)
    run = Run.begin(
        world,
        months=240,
        seeds=[0] * len(SOCIETIES),
        parameters=[Parameters().set(values) for values in SOCIETIES.values()],
        policies=Policy(),
        record=(
            "power_share",
            "top_fifth_share",
            "user_herfindahl",
            "discrimination",
            "sector_herfindahl",
        ),
    )
    while run.month < 240:
        run.advance()
    values = run.values()
    return {
        name: {index: value[member] for index, value in values.items()}
        for member, name in enumerate(SOCIETIES)
    }


def test_by_default_sectors_even_out_while_the_market_concentrates(outcome):
    here = outcome["default"]
    assert here["sector_herfindahl"][-1] < here["sector_herfindahl"][0]
    assert here["power_share"][-1, GOVERNMENT] < 0.5 < here["power_share"][0, GOVERNMENT]
    assert here["top_fifth_share"][-1] > 0.7
    assert here["top_fifth_share"][-1] > here["top_fifth_share"][0] + 0.25


def test_weak_feedback_concentrates_nothing(outcome):
    assert outcome["weak feedback"]["top_fifth_share"].max() < 0.6


def test_strong_feedback_without_entry_makes_one_winner(outcome):
    here = outcome["strong feedback"]
    assert here["user_herfindahl"][-1] > 0.45
    assert here["user_herfindahl"][-1] > 5 * outcome["default"]["user_herfindahl"][-1]


def test_equal_absorption_and_use_halve_what_government_loses(outcome):
    """The rest of the loss is wealth: the longer people are online, the more the market earns."""
    equal, default = outcome["equal sectors"]["power_share"], outcome["default"]["power_share"]
    assert equal[-1, GOVERNMENT] > default[-1, GOVERNMENT] + 0.1


def test_equal_sectors_and_slow_technology_keep_governments_base(outcome):
    share = outcome["equal sectors, slow technology"]["power_share"]
    assert share[-1, GOVERNMENT] > 0.5 > share[-1, MARKET]


def test_without_productive_data_nothing_shifts(outcome):
    share = outcome["unproductive data"]["power_share"]
    assert share[-1, GOVERNMENT] > 0.6


def test_rivalry_ends_discrimination(outcome):
    assert np.max(outcome["default"]["discrimination"]) > 0.5
    assert outcome["one price"]["discrimination"][-1] < 0.1
