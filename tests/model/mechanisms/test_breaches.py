"""Breaches: attacks, leaks, security, lawbreakers, and data that cannot be recalled."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from datapolis.model.mechanisms import breaches
from datapolis.model.noise import noise
from tests.helpers import (
    changed,
    close,
    hand_society,
    hand_world,
    levers,
    parameters,
    tie_lists,
    with_flows,
)
from tests.helpers import run as run_alone

USES, PROFILE = [[0, 1], [2, 0], [1, 2]], [[0.5, 0.2], [0.1, 0.3], [0.4, 0.6]]
KNOWN = [[0.3, 0.1], [0.8, 0.2], [0.4, 0.5]]
TOTAL = {"breaches.attack_rate": 1e6, "breaches.smallest_leak": 1.0}  # all are hit, all is lost
QUIET = {"breaches.attack_rate": 0.0}


def run(mechanism, society, world, *rest, **more):
    """The mechanism alone, where a breach reaches what its holder has, and no pool."""
    organizations = society.organizations
    exposed = jnp.where(organizations.alive, organizations.data, 0.0)
    return run_alone(mechanism, with_flows(society, exposed=exposed), world, *rest, **more)


def made(world, stocks=None, attacks=1.0, shocked=None, known=KNOWN):
    base = {"technology": 0.4, "citizens.uses": USES, "citizens.profile": PROFILE}
    shocked = np.zeros(world.sizes.organizations, bool) if shocked is None else shocked
    return hand_society(
        world, {**base, **(stocks or {})}, attacks=attacks, shocked=shocked, known=known
    )


@pytest.fixture(scope="module")
def world():
    return hand_world()


def holders(many=8000):
    """Many associations alike, for frequencies."""
    world = hand_world(agencies=1, firms=1, slots=1, associations=many - 2)
    stocks = {"citizens.uses": [[0]] * 3, "citizens.profile": [[0.1]] * 3}
    return world, made(world, stocks, known=[[0.1]] * 3)


def test_attacks_come_at_the_rate_of_size_to_the_power_of_point_six():
    world, society = holders()
    many = world.sizes.organizations
    data = np.where(np.arange(many) % 2 == 0, 3.0, 0.3) / many
    stocks = {
        "organizations.data": data,
        "organizations.security": 0.05,
        "lawbreakers": 2.0,
        "leaked_stock": 0.5,
    }
    constants = parameters(
        {
            "breaches.attack_rate": 0.1,
            "breaches.vulnerability": 0.8,
            "breaches.security_effect": 20.0,
            "breaches.reference_data": 1.0,
            "breaches.contagion": 0.0,
        }
    )
    hit = np.asarray(run(breaches, changed(society, stocks), world, constants).organizations.hit)
    for which, size in ((0, 3.0), (1, 0.3)):
        rate = 0.1 * (2.0 * 1.5) * (0.2 + 0.4) * size**0.6 * 0.8 / (1 + 20 * 0.05)
        expected = 1 - np.exp(-rate)
        found = hit[np.arange(many) % 2 == which].mean()
        close(found, expected, rtol=0, atol=4 * np.sqrt(expected * (1 - expected) / (many / 2)))


def test_a_leak_spreads_to_those_who_hold_a_tie_to_the_hit():
    """1 - (1 - contagion tie)^2 with two partners hit for sure; nobody else can be hit."""
    world, society = holders()
    many = world.sizes.organizations
    data = np.zeros(many)
    data[:2] = 1e6
    ties = tie_lists(many, {i: {0: 0.8, 1: 0.4} for i in range(2, many)})
    society = changed(society, {"organizations.data": data, **ties})
    constants = parameters({"breaches.attack_rate": 0.1, "breaches.contagion": 0.5})
    hit = np.asarray(run(breaches, society, world, constants).organizations.hit)
    assert hit[:2].all()
    expected = 1 - (1 - 0.4) * (1 - 0.2)
    close(hit[2:].mean(), expected, rtol=0, atol=4 * np.sqrt(expected * (1 - expected) / many))
    off = parameters({"breaches.attack_rate": 0.1, "breaches.contagion": 0.0})
    assert not run(breaches, society, world, off).organizations.hit[2:].any()


def test_shares_lost_are_truncated_pareto():
    """P(lost > x) = (f0 / x)^b below 1, all with probability f0^b; the mean by Monte Carlo."""
    world, society = holders()
    smallest, tail = 0.01, 0.57
    constants = parameters(
        {"breaches.attack_rate": 1e6, "breaches.smallest_leak": smallest, "breaches.tail": tail}
    )
    lost = np.concatenate(
        [
            run(breaches, society, world, constants, seed=seed).flows.leaked_share
            for seed in range(8)
        ]
    )
    assert lost.min() >= smallest * 0.999
    assert lost.max() == 1.0
    for x in (0.02, 0.1, 0.5):
        expected = (smallest / x) ** tail
        close((lost > x).mean(), expected, rtol=0, atol=4 * np.sqrt(expected / len(lost)))
    close((lost == 1).mean(), smallest**tail, rtol=0, atol=4 * np.sqrt(0.08 / len(lost)))
    mean = tail * smallest**tail * (1 - smallest ** (1 - tail)) / (1 - tail) + smallest**tail
    close(lost.mean(), mean, rtol=0, atol=4 * lost.std() / np.sqrt(len(lost)))


def test_one_in_ten_large_breaches_is_very_large():
    """At b = .37, cut at 2e8, P(> 1e7 given > 5e4) is .0989 (O36): here > .05 given > .00025."""
    world, society = holders()
    constants = parameters(
        {"breaches.attack_rate": 1e6, "breaches.smallest_leak": 0.00025, "breaches.tail": 0.37}
    )
    lost = np.concatenate(
        [
            run(breaches, society, world, constants, seed=seed).flows.leaked_share
            for seed in range(8)
        ]
    )
    inside = lost[lost < 1.0]  # here the rest loses all; the theory cuts the distribution off
    close((inside > 0.05).mean(), 0.0989, rtol=0, atol=4 * np.sqrt(0.09 / len(inside)))


def test_security_goes_where_gordon_and_loeb_say():
    """z* minimises the expected loss lambda v0 / (1 + alpha z) L plus z, found numerically."""
    world = hand_world(regions=1)
    data = np.array([3.0, 0.1, 1.0, 0.02, 10.0, 0.5])
    stocks = {
        "organizations.data": data,
        "organizations.security": 0.01,
        "lawbreakers": 3.0,
        "regions.law": 0.5,
        "regions.enforcement": 0.4,
    }
    constants = parameters({"breaches.attack_rate": 0.02, "breaches.liability": 0.25})
    after = run(breaches, made(world, stocks), world, constants)
    holding = 6 * data / 4.0
    attacks = 0.02 * 3.0 * (0.2 + 0.4) * holding**0.6
    mean_lost = 0.57 * 0.01**0.57 * (1 - 0.01**0.43) / 0.43 + 0.01**0.57
    felt = 0.25 + 0.75 * 0.5 * 0.4
    for o in range(6):
        loss = attacks[o] * holding[o] * mean_lost * 50.0 * felt
        best = minimize_scalar(
            lambda z, loss=loss: loss * 0.8 / (1 + 20 * z) + z,
            bounds=(0, 50),
            method="bounded",
            options={"xatol": 1e-9},
        ).x
        best = best if best > 1e-5 else 0.0
        close(after.organizations.security[o], 0.01 + 0.1 * (best - 0.01), rtol=1e-3, atol=1e-6)


def test_a_security_standard_makes_holders_liable(world):
    rich = {"organizations.data": 3.0}
    often = parameters({"breaches.attack_rate": 0.006})
    plain = run(breaches, made(world, rich), world, often).organizations.security
    strict = run(
        breaches, made(world, rich), world, often, levers(security_standard=1.0)
    ).organizations.security
    # (1 + alpha z*) goes as the root of liability: 1 against .3 and what law adds
    felt = 0.3 + 0.7 * 0.02 * 0.1
    ratio = (1 + 200 * np.asarray(strict)) / (1 + 200 * np.asarray(plain))
    close(ratio, np.full(6, 1 / np.sqrt(felt)), rtol=1e-3)


def test_lawbreakers_by_hand(world):
    data = [0.4, 0.2, 0.1, 0.3, 0.05, 0.02]
    stocks = {
        "organizations.data": data,
        "organizations.security": [0.1, 0, 0.2, 0, 0.05, 0],
        "lawbreakers": 0.7,
        "leaked_stock": 0.3,
        "regions.law": 0.5,
        "regions.enforcement": 0.2,
    }
    constants = parameters({**QUIET, "breaches.reference_data": 1.0, "breaches.crime_cost": 0.6})
    after = run(breaches, made(world, stocks), world, constants)
    prey = np.mean(
        [
            (6 * d) ** 1.6 / (1 + 20 * z)
            for d, z in zip(data, [0.1, 0, 0.2, 0, 0.05, 0], strict=True)
        ]
    )
    gain = 1.0 * 1.3 * 0.6 * prey / (1 + 0.7 / 2.0)
    growth = 0.05 * np.clip(gain - 0.6 * (1 + 4 * 0.1), -1, 1)
    close(after.lawbreakers, 0.7 * np.exp(growth))
    close(after.leaked_stock, 0.97 * 0.3)


def test_lawbreakers_settle_where_gain_equals_risk(world):
    """L* = kappa (loot (1 + Lambda)(.2 + T) prey / (c (1 + 4 law enf)) - 1)."""
    stocks = {
        "organizations.data": 2.0 * 4.0 / 6,
        "regions.law": 0.0,
        "organizations.security": 0.0,
    }
    constants = parameters(
        {**QUIET, "breaches.recruitment": 0.2, "breaches.loss": 0.0, "breaches.crime_cost": 1.0}
    )
    society = made(world, stocks)
    for _ in range(600):
        society = run(breaches, society, world, constants)
    close(society.lawbreakers, 2.0 * (0.6 * 2.0**1.6 - 1), rtol=1e-3)
    starved = changed(society, {"organizations.data": 0.0})
    for _ in range(600):
        starved = run(breaches, starved, world, constants)
    close(starved.lawbreakers, 0.02)  # the floor: there are always some


def test_what_leaks_is_a_copy_and_copies_grow_by_themselves(world):
    """All firms lose all: stray grows by all profiles, the firms keep theirs."""
    data = [0, 0, 0.1, 0.1, 0.1, 0]
    stocks = {
        "organizations.data": data,
        "citizens.stray": [0.2, 0.0, 1.0],
        "citizens.copies": [3.0, 0, 0],
    }
    society = made(world, stocks)
    growth = {"breaches.copying": 0.2, "breaches.copy_loss": 0.05, "breaches.copy_room": 4.0}
    constants = parameters({**TOTAL, **growth, "breaches.stray_decay": 0.1})
    after = run(breaches, society, world, constants)
    leaked = np.sum(PROFILE, axis=1)
    copies = np.maximum([3.0, 0, 0], leaked / (np.array([0.2, 0.0, 1.0]) + leaked))
    copies = copies + 0.2 * copies * (1 - copies / 4) - 0.05 * copies
    stray = (np.array([0.2, 0.0, 1.0]) + np.sum(PROFILE, axis=1)) * (1 - 0.1 / (1 + copies))
    close(after.citizens.copies, copies)
    close(after.citizens.stray, stray)
    close(after.citizens.profile, PROFILE)
    close(after.leaked_stock, np.mean(6 * np.array(data) / 4))
    quiet = run(breaches, society, world, parameters({**QUIET, **growth}))
    close(quiet.citizens.copies, [3.0 + 0.2 * 3 / 4 - 0.05 * 3, 0, 0])


@pytest.mark.parametrize(
    ("copying", "loss", "settle"), [(0.2, 0.05, 4.0 * 3 / 4), (0.1, 0.05, 4.0 / 2), (0.05, 0.1, 0)]
)
def test_copies_settle_where_making_and_losing_balance(world, copying, loss, settle):
    """room (1 - copy_loss / copying), from below and from above; none where more is lost."""
    rates = {"breaches.copying": copying, "breaches.copy_loss": loss, "breaches.copy_room": 4.0}
    constants = parameters({**QUIET, **rates})
    society = made(world, {"citizens.copies": [0.01, 1.0, 30.0]})
    for _ in range(400):
        society = run(breaches, society, world, constants)
    close(society.citizens.copies, [settle] * 3, rtol=1e-3, atol=1e-3)


def test_public_holders_leak_records_of_those_in_their_reach():
    """Two regions: a regional agency holds R times its data per person, a national one its data.

    So does an association, here of the first region.
    """
    world = hand_world(
        citizens=4,
        region=[0, 0, 1, 1],
        regions=2,
        associations=2,
        home=[0, 1, 0, 0, 0, 0, 0],
        national=[True, False, False, False, False, False, False],
    )
    data, skill = [0.3, 0.2, 0, 0, 0, 0.1, 0], [0.1, 0.25, 0, 0, 0, 0.2, 0]
    society = hand_society(
        world,
        {"technology": 0.4, "organizations.data": data, "organizations.skill": skill},
        attacks=1.0,
        shocked=np.zeros(7, bool),
        known=np.zeros((4, 2)),
    )
    alone = {"breaches.stray_decay": 0.0, "breaches.scam": 0.0, "breaches.leak_harm": 1.0}
    constants = parameters({**TOTAL, **alone})
    after = run(breaches, society, world, constants)
    close(after.citizens.stray, [0.3 + 0.2, 0.3 + 0.2, 0.3 + 0.4, 0.3 + 0.4])
    psi = [1 - np.exp(-2 * 0.1 * 0.3), 1 - np.exp(-2 * 0.25 * 0.4), 1 - np.exp(-2 * 0.2 * 0.2)]
    here, there = psi[0] + psi[2], psi[0] + psi[1]
    close(after.flows.harm, 1 - np.exp(-np.array([here, here, there, there])))
    close(after.flows.harm_holder, [psi[0] + psi[1] / 2, 0, psi[2] / 2, 0])


def test_harm_by_hand(world):
    data = [0, 0, 0.1, 0.1, 0.1, 0]
    stocks = {"organizations.data": data, "lawbreakers": 4.0, "leaked_stock": 5.0}
    weights = {"breaches.leak_harm": 0.3, "breaches.scam": 0.05}
    constants = parameters({**TOTAL, "breaches.stray_decay": 0.0, **weights})
    after = run(breaches, made(world, stocks), world, constants)
    stray = np.sum(PROFILE, axis=1)
    scams = 0.05 * 10 * (1 - np.exp(-2 * 0.4 * stray))  # power 24, held at 10
    close(after.flows.harm, 1 - np.exp(-(0.3 * np.sum(KNOWN, axis=1) + scams)))
    close(after.flows.harm_holder, [0, 0.3 * np.mean(np.sum(KNOWN, axis=1)), 0, np.mean(scams)])


def test_who_shares_nothing_is_known_by_kin():
    """rho^2 times what is held about kin (O31 in spirit: the other's data alone give rho^2)."""
    world = hand_world(strong=[[1, 2], [0, -1], [-1, -1]])
    stocks = {"citizens.stray": [0.3, 0.0, 0.1]}
    constants = parameters({**QUIET, "breaches.correlation": 0.9, "breaches.stray_decay": 0.0})
    after = run(breaches, made(world, stocks), world, constants)
    held = 1 - np.exp(-2 * 0.4 * (np.sum(PROFILE, axis=1) + np.array([0.3, 0, 0.1])))
    close(after.flows.held, held)
    close(after.flows.inferred, 0.81 * np.array([(held[1] + held[2]) / 2, held[0], 0.0]))
    off = parameters({**QUIET, "breaches.correlation": 0.0})
    assert not run(breaches, made(world, stocks), world, off).flows.inferred.any()


def test_off_without_attacks_nothing_leaks_and_stray_fades_as_copies_let_it(world):
    society = made(world, {"citizens.stray": 1.0, "citizens.copies": [0.0, 1.0, 9.0]})
    still = {"breaches.copying": 0.0, "breaches.copy_loss": 0.0}
    constants = parameters({**QUIET, **still, "breaches.stray_decay": 0.1})
    after = run(breaches, society, world, constants)
    assert not after.flows.leaked_share.any()
    assert not after.organizations.hit.any()
    close(after.citizens.stray, [0.9, 0.95, 0.99])


def test_data_ownership_recalls_as_far_as_law_reaches(world):
    stocks = {"citizens.stray": 1.0, "regions.law": 0.5, "regions.enforcement": 0.8}
    constants = parameters({**QUIET, "breaches.stray_decay": 0.0})
    after = run(breaches, made(world, stocks), world, constants, levers(data_ownership=1.0))
    close(after.citizens.stray, [1 - 0.3 * 0.4] * 3)
    lawless = made(world, {**stocks, "regions.law": 0.0})
    after = run(breaches, lawless, world, constants, levers(data_ownership=1.0))
    close(after.citizens.stray, [1.0] * 3)


def test_the_shocked_count_as_hit_and_the_dead_do_not(world):
    alive = [1, 1, 0, 1, 1, 1]
    society = made(
        world, {"organizations.alive": alive}, shocked=np.array([1, 0, 1, 0, 0, 0], bool)
    )
    after = run(breaches, society, world, parameters(QUIET))
    assert list(after.organizations.hit) == [True] + [False] * 5
    after = run(breaches, society, world, parameters({"breaches.attack_rate": 1e6}))
    assert list(after.organizations.hit) == [bool(one) for one in alive]


def test_attacks_follow_their_own_stream():
    """Whether place o is struck is the month's number for o, however many there are."""
    key = jax.random.key(0)
    few, many = noise(key, jnp.arange(10), 0), noise(key, jnp.arange(1000), 0)
    assert jnp.array_equal(few, many[:10])
