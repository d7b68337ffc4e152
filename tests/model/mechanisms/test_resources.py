"""Resources: accounts that close; firms that leave, are bought, are broken up, and enter."""

import jax
import numpy as np
import pytest

from datapolis.core.policy import LEVERS
from datapolis.model.mechanisms import resources
from datapolis.model.noise import noise
from tests.helpers import changed, close, hand_society, hand_world, levers, parameters, run

STILL = {"resources.entry": 0.0, "resources.merger": 0.0, "resources.ruin": 0.0}
WEALTH = [0.4, 0.2, 0.1, 0.05, 0.02, 0.03]
MONEY = {
    "revenue": [0.01, 0.002, 0.0],
    "sold": [0.001, 0.0, 0.0],
    "bought": [0.0, 0.0006, 0.0004],
    "fines": [0.003, 0.0, 0.0],
}


@pytest.fixture(scope="module")
def world():
    return hand_world()


def made(world, stocks=None, **flows):
    firms = world.sizes.firms
    nothing = dict.fromkeys(MONEY, np.zeros(firms))
    return hand_society(
        world, {"organizations.wealth": 0.1, **(stocks or {})}, **{**nothing, **flows}
    )


def ledger(before, after):
    """Change of all wealth less everything that crossed the border."""
    change = np.sum(after.organizations.wealth, dtype=float) - np.sum(
        before.organizations.wealth, dtype=float
    )
    return change - sum(float(value) for value in after.flows.money.values())


def test_accounts_by_hand(world):
    society = made(
        world,
        {"organizations.wealth": WEALTH, "organizations.security": [0, 0, 2.0, 50.0, 0, 0]},
        **MONEY,
    )
    constants = parameters(
        {
            **STILL,
            "resources.upkeep": 0.02,
            "resources.tax": 0.25,
            "resources.income_tax": 0.014,
            "resources.offline": 0.006,
            "resources.donations": 0.002,
            "resources.fixed_cost": 1e-4,
            "resources.lever_cost": 0.01,
        }
    )
    policy = levers(open_data=0.5, antitrust=0.01, association_support=1.0)
    after = run(resources, society, world, constants, policy)
    kept = 0.98 * np.array(WEALTH)
    income = 0.014 + 0.25 * 0.012 + 0.003
    spent = 0.01 * 1.51
    expected = [
        kept[0] + income * 0.4 / 0.6 - spent * 0.4,
        kept[1] + income * 0.2 / 0.6 - spent * 0.2,
        kept[2] + 0.75 * 0.01 + 0.002 + 0.001 - 0.003 - 1e-4 - 2e-4,
        kept[3] + 0.75 * 0.002 + 0.002 - 0.0006 - 1e-4 - 0.01 * 0.05,  # security: 1 % at most
        kept[4] + 0.002 - 0.0004 - 1e-4,
        kept[5] + 0.002 * 2,
    ]
    close(after.organizations.wealth, expected)
    close(after.flows.government_gain, sum(expected[:2]) - 0.6, rtol=1e-4)
    assert abs(ledger(society, after)) < 1e-6


def test_debts_are_written_off_and_named(world):
    society = made(
        world,
        {"organizations.wealth": [0.1, 0.1, 0.0, 0.1, 0.1, 0.1]},
        bought=[0.02, 0, 0],
        sold=[0, 0.02, 0],
    )
    after = run(resources, society, world, parameters(STILL))
    assert after.organizations.wealth[2] == 0.0
    close(after.flows.money["written_off"], 0.02 - 0.004 / 3 + 3e-5, rtol=1e-4)
    assert abs(ledger(society, after)) < 1e-6


def test_an_empty_place_pays_nothing_and_is_paid_nothing(world):
    """Two firms live: they share the offline trade, and two fixed costs are paid, no third."""
    stocks = {
        "organizations.alive": [1, 1, 1, 0, 1, 1],
        "organizations.wealth": [0.1, 0.1, 0.1, 0.0, 0.1, 0.1],
    }
    costs = {"resources.upkeep": 0.0, "resources.offline": 0.006, "resources.fixed_cost": 1e-3}
    after = run(resources, made(world, stocks), world, parameters({**STILL, **costs}))
    close(np.asarray(after.organizations.wealth)[2:5], [0.1 + 0.003 - 1e-3, 0, 0.1 + 0.003 - 1e-3])
    close(after.flows.money["fixed_cost"], -2e-3)
    close(after.flows.money["offline"], 0.006)
    assert after.flows.money["written_off"] == 0.0


def test_agencies_without_wealth_share_equally(world):
    society = made(world, {"organizations.wealth": [0, 0, 0.1, 0.1, 0.1, 0.1]})
    after = run(resources, society, world, parameters(STILL))
    close(after.organizations.wealth[:2], [0.007, 0.007])


def test_without_levers_nothing_is_spent_and_each_costs_its_share(world):
    society = made(world)
    free = run(resources, society, world, parameters(STILL))
    assert free.flows.money["levers"] == 0.0
    for name in LEVERS:
        after = run(resources, society, world, parameters(STILL), levers(**{name: 1.0}))
        close(after.flows.money["levers"], -0.005 * 0.2, rtol=1e-4)


# --- leaving ------------------------------------------------------------------------------------


def test_a_ruined_firm_leaves_nothing(world):
    society = made(
        world,
        {
            "organizations.wealth": [0.1, 0.1, 1e-7, 0.1, 0.1, 0.1],
            "organizations.creative": 0.2,
            "organizations.arrivals": 0.1,
            "organizations.security": 0.1,
            "organizations.partners": np.tile([0, 1, 2, 3, 4, 5, -1, -1], (6, 1)),
            "organizations.strength": 0.3,
            "citizens.profile": [[0.5, 0.2]] * 3,
        },
    )
    constants = parameters(
        {**STILL, "resources.offline": 0.0, "resources.fixed_cost": 0.0, "resources.ruin": 1e-5}
    )
    after = run(resources, society, world, constants)
    held = after.organizations
    assert list(held.alive) == [True, True, False, True, True, True]
    for stock in (held.data, held.arrivals, held.skill, held.creative, held.wealth, held.security):
        assert stock[2] == 0.0
    assert not held.strength[2].any()
    firms = after.firms
    for stock in (firms.quality, firms.discrimination, firms.laxity, firms.user_share):
        assert stock[0] == 0.0
    assert after.flows.gone == 1
    assert abs(ledger(society, after)) < 1e-7
    close(after.citizens.profile, [[0.5, 0.2]] * 3)  # its users notice next month
    assert np.array_equal(after.citizens.uses, society.citizens.uses)


# --- mergers ------------------------------------------------------------------------------------


def merging(**changes):
    """Firm 0 is rich; 1 and 2 are cheap. Citizens use (0, 1), (1, 2), (0, 2)."""
    world = hand_world()
    stocks = {
        "organizations.wealth": [0.1, 0.1, 1.0, 0.01, 0.02, 0.1],
        "organizations.data": [0.1, 0.1, 0.5, 0.2, 0.3, 0.1],
        "organizations.arrivals": [0, 0, 0.05, 0.02, 0.03, 0],
        "firms.user_share": [0.5, 0.3, 0.2],
        "firms.quality": [0.1, 0.2, 0.3],
        "citizens.uses": [[0, 1], [1, 2], [0, 2]],
        "citizens.profile": [[0.5, 0.2], [0.3, 0.1], [0.4, 0.7]],
        **changes,
    }
    return world, made(world, stocks)


SURE = {"resources.entry": 0.0, "resources.merger": 1.0, "resources.ruin": 0.0}


def test_a_takeover_by_hand():
    world, society = merging()
    constants = parameters({**SURE, "exchange.data_price": 0.005})
    plain = run(resources, society, world, parameters({**STILL, "exchange.data_price": 0.005}))
    seen = set()
    for seed in range(20):
        after = run(resources, society, world, constants, seed=seed)
        assert after.flows.merged == 1
        assert abs(ledger(society, after)) < 1e-6
        target = int(np.flatnonzero(~np.asarray(after.organizations.alive))[0]) - 2
        seen.add(target)
        wealth = np.asarray(plain.organizations.wealth)
        data = [0.5, 0.2, 0.3]
        price = wealth[2 + target] + 20 * 0.005 * data[target]
        close(after.flows.money["takeovers"], -price, rtol=1e-4)
        close(after.organizations.wealth[2], wealth[2] + wealth[2 + target] - price, rtol=1e-5)
        close(after.organizations.data[2], 0.5 + data[target])
        close(after.organizations.arrivals[2], 0.05 + [0, 0.02, 0.03][target])
        close(after.firms.user_share[0], 0.5 + [0, 0.3, 0.2][target])
        assert after.organizations.data[2 + target] == 0.0
        if target == 1:
            uses, profile = [[0, 1], [0, 2], [0, 2]], [[0.7, 0.0], [0.3, 0.1], [0.4, 0.7]]
        else:
            uses, profile = [[0, 1], [1, 0], [0, 2]], [[0.5, 0.2], [0.3, 0.1], [1.1, 0.0]]
        assert np.array_equal(after.citizens.uses, uses)
        close(after.citizens.profile, profile)
        close(np.sum(after.citizens.profile), np.sum(society.citizens.profile))
    assert seen == {1, 2}


def test_no_takeover_beyond_means_or_control():
    world, society = merging()
    constants = parameters({**SURE, "exchange.data_price": 0.005})
    for policy in (levers(antitrust=1.0), levers(antitrust=0.4)):  # cap .64: .5 + .2 is above
        for seed in range(10):
            after = run(resources, society, world, constants, policy, seed)
            assert after.flows.merged == 0
    dear = parameters({**SURE, "exchange.data_price": 0.1})  # 20 .1 .2 > .3
    assert run(resources, society, world, dear).flows.merged == 0
    off = parameters(STILL)
    assert run(resources, society, world, off).flows.merged == 0


def test_the_last_firm_buys_nobody():
    world, society = merging(**{"organizations.alive": [1, 1, 1, 0, 0, 1]})
    society = changed(society, {"organizations.wealth": [0.1, 0.1, 1, 0, 0, 0.1]})
    after = run(resources, society, world, parameters(SURE))
    assert after.flows.merged == 0
    assert after.organizations.alive[2]


def test_nobody_is_left_to_do_anything():
    world, society = merging(
        **{"organizations.alive": [1, 1, 0, 0, 0, 1], "firms.user_share": [0.0, 0.0, 0.0]}
    )
    society = changed(society, {"organizations.wealth": [0.1, 0.1, 0, 0, 0, 0.1]})
    after = run(resources, society, world, parameters(SURE), levers(antitrust=1.0))
    assert not np.asarray(after.organizations.alive)[2:5].any()
    assert abs(ledger(society, after)) < 1e-6


# --- break-ups ----------------------------------------------------------------------------------


def test_a_break_up_by_hand():
    citizens = 4000
    world = hand_world(citizens=citizens)
    uses = np.tile([0, 1], (citizens, 1))
    uses[:1000] = [2, 1]  # they still remember the dead place: it comes back to them as it is
    society = made(
        world,
        {
            "technology": 0.5,
            "organizations.alive": [1, 1, 1, 1, 0, 1],
            "organizations.data": [0.1, 0.1, 0.6, 0.1, 0, 0.1],
            "organizations.wealth": [0.1, 0.1, 0.8, 0.1, 0, 0.1],
            "organizations.skill": [0.1, 0.1, 0.3, 0.1, 0, 0.1],
            "firms.user_share": [0.7, 0.3, 0.0],
            "firms.quality": [0.9, 0.1, 0.0],
            "firms.discrimination": [0.5, 0.1, 0.0],
            "citizens.uses": uses,
            "citizens.profile": [[0.4, 0.1]] * citizens,
        },
    )
    policy = levers(antitrust=0.5)  # above .55 of users
    plain = run(resources, society, world, parameters(STILL))
    after = run(resources, society, world, parameters(STILL), policy)
    assert after.flows.broken_up == 1
    assert after.flows.born == 1
    half = 0.5 * np.asarray(plain.organizations.wealth)[2]
    close(np.asarray(after.organizations.wealth)[[2, 4]], [half, half], rtol=1e-5)
    close(np.asarray(after.organizations.data)[[2, 4]], [0.3, 0.3])
    close(after.firms.user_share, [0.35, 0.3, 0.35])
    close(after.firms.quality, [0.9, 0.1, 0.9])
    close(after.firms.discrimination, [0.5, 0.1, 0.02])
    close(after.firms.laxity[2], 0.6)
    close(after.organizations.skill[4], 0.8 * 0.5)
    assert list(after.firms.generation) == [0, 0, 1]
    assert abs(ledger(society, after)) < 1e-6
    found = np.asarray(after.citizens.uses)
    moved = (found[1000:, 0] == 2).mean()
    close(moved, 0.5, rtol=0, atol=4 * 0.5 / np.sqrt(3000))
    drawn = noise(jax.random.key(0), world.citizens.identity, 5) < 0.5  # as docs/model.md has it
    assert np.array_equal(found[1000:, 0] == 2, drawn[1000:])
    close(after.citizens.profile[1000:], [[0.4, 0.1]] * 3000)
    close(after.citizens.profile[:1000], [[0.0, 0.1]] * 1000)
    close(after.citizens.stray[:1000], np.full(1000, 0.4))


def test_a_break_up_waits_for_a_place_and_for_antitrust():
    world = hand_world()
    stocks = {"firms.user_share": [0.9, 0.05, 0.05]}
    society = made(world, stocks)
    assert (
        run(resources, society, world, parameters(STILL), levers(antitrust=1.0)).flows.broken_up
        == 0
    )
    room = made(
        world,
        {
            "organizations.alive": [1, 1, 1, 1, 0, 1],
            "organizations.wealth": [0.1, 0.1, 0.1, 0.1, 0, 0.1],
            "firms.user_share": [0.95, 0.05, 0.0],
        },
    )
    assert run(resources, room, world, parameters(STILL)).flows.broken_up == 0
    assert (
        run(resources, room, world, parameters(STILL), levers(antitrust=1.0)).flows.broken_up == 1
    )


# --- entry --------------------------------------------------------------------------------------


def test_entry_comes_at_its_rate_and_a_young_firm_is_as_declared():
    firms = 4000
    world = hand_world(firms=firms, regions=3, citizens=6, region=[0, 0, 1, 1, 2, 2])
    alive = np.ones(firms + 3, bool)
    alive[2 : 2 + firms // 2] = False
    society = made(
        world,
        {
            "technology": 0.5,
            "organizations.alive": alive,
            "organizations.wealth": 0.01 * alive,
            "organizations.data": 0.01 * alive,
            "firms.user_share": alive[2:-1] / (firms // 2),
            "citizens.profile": [[0.4, 0.1]] * 6,
        },
    )
    constants = parameters(
        {
            **STILL,
            "resources.entry": 0.2,
            "resources.entrant_wealth": 3e-3,
            "attention.quality_spread": 0.7,
        }
    )
    after = run(resources, society, world, constants)
    born = np.asarray(after.organizations.alive)[2:-1] & ~alive[2:-1]
    close(born.mean(), 0.1, rtol=0, atol=4 * np.sqrt(0.16 / 2000) / 2)
    assert after.flows.born == born.sum()
    held, young = after.organizations, after.firms
    close(np.asarray(held.wealth)[2:-1][born], 3e-3)
    close(np.asarray(held.data)[2:-1][born], 1e-5)
    close(np.asarray(held.skill)[2:-1][born], 0.4)
    close(np.asarray(young.user_share)[born], 0.2 / (firms // 2))
    close(np.asarray(young.discrimination)[born], 0.02)
    close(np.asarray(young.laxity)[born], 0.6)
    assert np.array_equal(np.asarray(young.generation), born.astype(int))
    quality = np.asarray(young.quality)[born]
    close(quality.std(), 0.7, rtol=0.15)
    close(quality.mean(), 0.0, rtol=0, atol=4 * 0.7 / np.sqrt(born.sum()))
    where = np.bincount(np.asarray(held.region)[2:-1][born], minlength=3) / born.sum()
    close(where, [1 / 3] * 3, rtol=0, atol=4 * np.sqrt(0.22 / born.sum()))
    close(after.flows.money["entrants"], 3e-3 * born.sum(), rtol=1e-4)
    assert abs(ledger(society, after)) < 1e-4 * np.sum(held.wealth)


def test_who_kept_the_place_of_a_dead_firm_meets_the_new_one_as_a_stranger():
    """The profile at the dead firm becomes stray when its place is taken."""
    world = hand_world()
    society = made(
        world,
        {
            "organizations.alive": [1, 1, 0, 1, 1, 1],
            "organizations.wealth": [0.1, 0.1, 0, 0.1, 0.1, 0.1],
            "citizens.profile": [[0.4, 0.1]] * 3,
        },
    )
    constants = parameters({**STILL, "resources.entry": 1.0})
    after = run(resources, society, world, constants)
    assert after.organizations.alive[2]
    close(after.citizens.profile, [[0.0, 0.1]] * 3)
    close(after.citizens.stray, [0.4] * 3)


def test_a_place_takes_part_in_one_event_a_month():
    """What was bought or ruined this month is not taken this month, even at entry 1."""
    world, society = merging()
    constants = parameters({**SURE, "resources.entry": 1.0, "exchange.data_price": 0.005})
    after = run(resources, society, world, constants)
    assert after.flows.merged == 1
    assert after.flows.born == 0
    assert np.sum(after.organizations.alive) == 5
