"""Exchange: links of agencies, derived data, sales, and what everyone can work with."""

from itertools import product

import numpy as np
import pytest

from datapolis.model.mechanisms import exchange
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

DATA = [0.4, 0.2, 0.1, 0.3, 0.05, 0.02]
QUIET = {"exchange.derivation": 0.0, "exchange.sale": 0.0, "exchange.link_review": 0.0}
TAKEN = [[0.2, 0.1], [0.3, 0.0], [0.0, 0.6]]
USES = [[0, 1], [1, 2], [2, 0]]
COLLECTED = [0.01, 0.01, 0.8 / 3, 0.4 / 3, 0.0, 0.005]


def made(world, stocks=None, collected=COLLECTED, taken=TAKEN):
    base = {"organizations.data": DATA, "citizens.uses": USES}
    return hand_society(world, {**base, **(stocks or {})}, collected=collected, taken=taken)


@pytest.fixture(scope="module")
def world():
    return hand_world()


def test_workable_data_by_hand(world):
    ties = tie_lists(6, {0: {2: 0.3}, 2: {0: 0.5, 3: 0.2}, 5: {1: 0.4}})
    links = [[False, False], [False, False]]
    constants = parameters(
        {
            **QUIET,
            "exchange.open_government": 0.2,
            "exchange.open_firms": 0.3,
            "exchange.linkage": 0.25,
            "exchange.shared": 0.1,
            "exchange.pool_match": 0.5,
            "exchange.link_lapse": 0.0,
        }
    )
    after = run(exchange, made(world, {"links": links, **ties}), world, constants)
    published = 0.25 * 0.2 * (0.4 + 0.2) / 2
    pool = 0.5 * (0.1 + 0.3 + 0.05)
    close(
        after.flows.workable,
        [
            0.4 + 0.3 * 0.3 * 0.1,
            0.2,
            0.1 + 0.5 * 0.2 * 0.4 + 0.2 * 0.3 * 0.3 + published + 0.1 * (pool - 0.1),
            0.3 + published + 0.1 * (pool - 0.3),
            0.05 + published + 0.1 * (pool - 0.05),
            0.02 + 0.4 * 0.2 * 0.2 + published,
        ],
    )
    close(after.organizations.data, DATA)


def test_an_island_pools_what_its_members_hold():
    """Agencies 0-1-2 in a row are one island; 3 stays alone."""
    world = hand_world(agencies=4, peers=[[1, -1], [2, 0], [-1, -1], [0, -1]])
    links = [[True, False], [True, False], [False, False], [False, False]]
    data = [0.4, 0.2, 0.1, 0.3, 0, 0, 0, 0]
    society = hand_society(
        world,
        {"organizations.data": data, "links": links},
        collected=np.zeros(8),
        taken=np.zeros((3, 2)),
    )
    constants = parameters({**QUIET, "exchange.linkage": 0.5, "exchange.link_lapse": 0.0})
    after = run(exchange, society, world, constants)
    close(after.flows.island_data, [0.7, 0.7, 0.7, 0.3])
    close(after.flows.islands, [0, 0, 0, 3])
    close(after.flows.workable[:4], [0.4 + 0.15, 0.2 + 0.25, 0.1 + 0.3, 0.3])


def test_shared_data_level_firms_as_the_theory_of_sharing_says(world):
    """At pool_match 1, D_eff = (1 - sigma) D + sigma sum D (F38, O60)."""
    constants = parameters({**QUIET, "exchange.shared": 0.2, "exchange.pool_match": 1.0})
    constants = constants.set({"exchange.open_government": 0.0})
    after = run(exchange, made(world), world, constants)
    firms = np.array(DATA[2:5])
    close(after.flows.workable[2:5], 0.8 * firms + 0.2 * firms.sum())


def test_the_critical_share_of_sharing(world):
    """Inflow goes as D_eff^beta: the gap stops growing at sigma* = (beta - 1)/(beta + n - 1) (O60).

    The month's attention has an elasticity of its own in workable data; here the theory's inflow is
    put on top of the exchange, so only the exchange's part of O60 is checked.
    """
    world = hand_world(firms=2)
    society = hand_society(world, {}, collected=np.zeros(5), taken=np.zeros((3, 2)))
    beta, decay = 1.5, 0.05
    growth = {}
    for shared in (0.15, 0.2, 0.25):
        constants = parameters(
            {
                **QUIET,
                "exchange.shared": shared,
                "exchange.pool_match": 1.0,
                "exchange.open_government": 0.0,
            }
        )
        data = np.array([0.505, 0.495])
        for _ in range(60):
            held = changed(society, {"organizations.data": [0, 0, *data, 0]})
            works = np.asarray(run(exchange, held, world, constants).flows.workable, float)[2:4]
            data = (1 - decay) * data + decay * works**beta / np.sum(works**beta)
        growth[shared] = np.log(data[0] / data[1]) / np.log(0.505 / 0.495)
        factor = 1 + decay * (beta * (1 - shared) / (1 + shared) - 1)
        close(growth[shared], factor**60, rtol=5e-3)
    assert growth[0.15] > 1.05
    close(growth[0.2], 1.0, rtol=5e-3)
    assert growth[0.25] < 0.95


def test_derived_data_by_hand(world):
    """From what came to partners last month, by tie, openness, skill; ties add up to one."""
    ties = tie_lists(6, {2: {0: 0.5, 3: 0.2}, 5: {3: 0.9, 4: 0.6}})
    stocks = {
        "organizations.arrivals": [0.1, 0, 0.05, 0.2, 0.1, 0],
        "organizations.skill": [0.1, 0.1, 0.3, 0.1, 0.1, 0.4],
        **ties,
    }
    constants = parameters(
        {
            **QUIET,
            "exchange.derivation": 0.4,
            "exchange.open_government": 0.2,
            "exchange.open_firms": 0.3,
        }
    )
    after = run(exchange, made(world, stocks), world, constants)
    firm = 0.4 * 0.3 * (0.5 * 0.2 * 0.1 + 0.2 * 0.3 * 0.2)
    association = 0.4 * 0.4 * (0.9 / 1.5 * 0.3 * 0.2 + 0.6 / 1.5 * 0.3 * 0.1)
    derived = np.array([0, 0, firm, 0, 0, association])
    close(after.flows.derived, derived)
    close(after.organizations.data, np.array(DATA) + derived)
    close(after.organizations.arrivals, np.array(COLLECTED) + derived)


def test_derivation_is_stable_at_its_largest():
    """Full ties, skill, openness and derivation .5: arrivals settle at inflow / (1 - .5)."""
    world = hand_world()
    everyone = {i: {j: 1.0 for j in range(6) if j != i} for i in range(6)}
    society = hand_society(
        world,
        {"technology": 1.0, "organizations.skill": 1.0, **tie_lists(6, everyone)},
        collected=np.full(6, 0.1),
        taken=np.zeros((3, 2)),
    )
    constants = parameters(
        {
            **QUIET,
            "exchange.derivation": 0.5,
            "exchange.open_government": 1.0,
            "exchange.open_firms": 1.0,
            "exchange.open_associations": 1.0,
        }
    )
    for _ in range(60):
        society = run(exchange, society, world, constants)
    close(society.organizations.arrivals, np.full(6, 0.2), rtol=1e-4)


def test_sales_by_hand():
    """Firm 0 sells to firms 1 and 2 by tie strength; firm 1 can only afford part."""
    world = hand_world(regions=2, region=[0, 0, 1], home=[0, 0, 0, 1, 1, 0])
    wealth = [1, 1, 0.1, 0.0004, 0.5, 0.1]
    stocks = {
        "organizations.wealth": wealth,
        "citizens.stray": [0.3, 0.0, 0.1],
        "regions.law": [0.5, 0.4],
        "regions.enforcement": [0.4, 0.5],
        **tie_lists(6, {2: {3: 0.3, 4: 0.1, 0: 0.9}, 4: {5: 0.5}}),
    }
    constants = parameters({**QUIET, "exchange.sale": 0.25, "exchange.data_price": 0.02})
    after = run(exchange, made(world, stocks), world, constants)
    offered = 0.25 * (1 - 0.2) * 0.8 / 3
    wanted = np.array([0, 0.75 * offered, 0.25 * offered])
    paid = np.array([1, 0.5 * 0.0004 / (0.02 * wanted[1]), 1])
    assert paid[1] < 1
    bought = wanted * paid
    close(after.flows.bought_data, bought)
    close(after.flows.bought, 0.02 * bought)
    close(after.flows.sold, [0.02 * bought.sum(), 0, 0])
    close(after.organizations.data, np.array(DATA) + np.array([0, 0, *bought, 0]))
    share = bought.sum() / (0.8 / 3)  # of what firm 0 took
    at_firm_0 = [0.2, 0.0, 0.6]
    close(after.citizens.stray, np.array([0.3, 0.0, 0.1]) + share * np.array(at_firm_0))


def test_no_partner_firm_no_price_no_law_break(world):
    constants = parameters({**QUIET, "exchange.sale": 0.25})
    alone = run(exchange, made(world, tie_lists(6, {2: {0: 0.5}})), world, constants)
    assert not alone.flows.sold.any()
    assert not alone.citizens.stray.any()
    ties = tie_lists(6, {2: {3: 0.5}})
    strict = {"regions.law": 1.0, "regions.enforcement": 1.0}
    after = run(exchange, made(world, {**ties, **strict}), world, constants)
    assert not after.flows.sold.any()
    dead = {"organizations.alive": [1, 1, 1, 0, 1, 1]}
    assert not run(exchange, made(world, {**ties, **dead}), world, constants).flows.sold.any()


def linked(world, society, changes=None, policy=None, seed=0):
    constants = parameters(
        {
            **QUIET,
            "exchange.link_review": 1.0,
            "exchange.link_lapse": 1.0,
            "mining.exponent": 0.8,
            **(changes or {}),
        }
    )
    return np.asarray(run(exchange, society, world, constants, policy, seed).links)


def test_a_link_holds_exactly_when_it_pays():
    """Gain of the pair against both rents and costs, in the agencies' mean data; else it lapses."""
    rng = np.random.default_rng(4)
    agencies = 12
    peers = np.stack(
        [rng.permutation(np.delete(np.arange(agencies), i))[:3] for i in range(agencies)]
    )
    rent = rng.lognormal(0, 0.5, agencies)
    world = hand_world(agencies=agencies, peers=peers, rent=rent)
    data = np.concatenate([rng.lognormal(-2, 0.5, agencies), np.zeros(4)])
    skill = np.concatenate([rng.uniform(0.2, 0.9, agencies), np.zeros(4)])
    society = hand_society(
        world,
        {
            "technology": 0.9,
            "organizations.data": data,
            "organizations.skill": skill,
            "links": rng.random(peers.shape) < 0.5,
        },
        collected=np.zeros(agencies + 4),
        taken=np.zeros((3, 2)),
    )
    for sharing in (0.0, 0.5):
        found = linked(world, society, policy=levers(data_sharing=sharing))
        size = data[:agencies] / data[:agencies].mean()
        expected = np.zeros_like(found)
        for g, place in product(range(agencies), range(3)):
            h = peers[g, place]
            both = (size[g] + size[h]) ** 0.8
            gain = 0.5 * skill[g] * (both - size[g] ** 0.8)
            gain += 0.5 * skill[h] * (both - size[h] ** 0.8)
            expected[g, place] = gain > (1 - sharing) * (0.25 * (rent[g] + rent[h]) + 2 * 0.05)
        assert 0.1 < expected.mean() < 0.9
        assert np.array_equal(found, expected)


def test_off_free_links_all_hold_and_full_sharing_is_free():
    world = hand_world(agencies=3, peers=[[1, 2], [0, 2], [0, 1]])
    society = hand_society(world, {}, collected=np.zeros(7), taken=np.zeros((3, 2)))
    dear = {"exchange.hoarding_rent": 1.0}
    assert not linked(world, society, dear).any()
    assert linked(world, society, dear, levers(data_sharing=1.0)).all()
    free = {"exchange.hoarding_rent": 0.0, "exchange.link_cost": 0.0}
    assert linked(world, society, free).all()
    unproductive = {**free, "mining.exponent": 0.0}
    assert not linked(world, society, unproductive).any()


def test_reviews_and_lapses_come_at_their_rates():
    agencies = 2000
    peers = np.stack(
        [np.arange(1, agencies + 1) % agencies, np.arange(-1, agencies - 1) % agencies], 1
    )
    world = hand_world(agencies=agencies, peers=peers)
    society = hand_society(world, {}, collected=np.zeros(agencies + 4), taken=np.zeros((3, 2)))
    free = {"exchange.hoarding_rent": 0.0, "exchange.link_cost": 0.0}
    share = linked(world, society, {**free, "exchange.link_review": 0.2}).mean()
    close(share, 0.2, rtol=0, atol=4 * np.sqrt(0.16 / 4000))
    full = changed(society, {"links": True})
    dear = {"exchange.hoarding_rent": 1.0, "exchange.link_lapse": 0.1}
    share = linked(world, full, dear).mean()
    close(share, 0.9, rtol=0, atol=4 * np.sqrt(0.09 / 4000))


@pytest.mark.parametrize(("agencies", "exact"), [(3, 0.5), (4, 38 / 64)])
def test_chance_that_all_are_linked(agencies, exact):
    """Each pair linked with probability 1/2: all are one island with p^2 (3 - 2 p), 38/64 (O24)."""
    peers = np.full((agencies, 4), -1)
    for g in range(agencies):  # each pair is named once, so that one review decides it
        peers[g, : agencies - 1 - g] = np.arange(g + 1, agencies)
    world = hand_world(agencies=agencies, peers=peers)
    society = hand_society(world, {}, collected=np.zeros(agencies + 4), taken=np.zeros((3, 2)))
    free = {"exchange.hoarding_rent": 0.0, "exchange.link_cost": 0.0, "exchange.link_review": 0.5}
    constants = parameters({**QUIET, **free})
    all_linked = [
        bool(np.all(run(exchange, society, world, constants, seed=seed).flows.islands == 0))
        for seed in range(800)
    ]
    close(np.mean(all_linked), exact, rtol=0, atol=4 * np.sqrt(exact * (1 - exact) / 800))


def test_open_data_publishes_agencies_data(world):
    constants = parameters({**QUIET, "exchange.linkage": 0.5, "exchange.open_government": 0.2})
    plain = np.asarray(run(exchange, made(world), world, constants).flows.workable)
    opened = run(exchange, made(world), world, constants, levers(open_data=1.0)).flows.workable
    gain = np.asarray(opened) - plain
    close(gain, [0, 0, *[0.5 * 0.8 * 0.3] * 4], atol=1e-6)


def test_off_without_linkage_islands_and_publication_are_worth_nothing():
    world = hand_world(peers=[[1, -1], [0, -1]])
    society = made(world, {"links": [[True, False], [True, False]]})
    constants = parameters({**QUIET, "exchange.linkage": 0.0, "exchange.link_lapse": 0.0})
    close(run(exchange, society, world, constants).flows.workable, DATA)
