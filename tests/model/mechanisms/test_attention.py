"""Attention: a random-utility choice among few firms, candidates, steering, and time online."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from datapolis.model.mechanisms import attention
from datapolis.model.noise import noise_pair
from tests.helpers import (
    changed,
    close,
    hand_society,
    hand_world,
    levers,
    parameters,
    repeat,
    run,
    tie_lists,
)

STILL = {"attention.reconsideration": 0.0, "attention.steering": 0.0}
EAGER = {  # no copying, no cost, every firm considered, no feedback
    "attention.reconsideration": 1.0,
    "attention.social": 0.0,
    "attention.steering": 0.0,
    "attention.switching_cost": 0.0,
    "attention.quality_effect": 0.0,
    "attention.network_effect": 0.0,
    "attention.personal_help": 0.0,
    "attention.privacy_concern": 0.0,
    "attention.price_concern": 0.0,
}


def tastes(world, firms, generation=None):
    """The Gumbel taste of every citizen for every firm."""
    identity = np.arange(firms) + firms * (
        np.zeros(firms, int) if generation is None else generation
    )
    uniform = noise_pair(
        jax.random.wrap_key_data(world.tastes),
        world.citizens.identity[:, None],
        jnp.asarray(identity)[None, :],
    )
    return -np.log(-np.log(np.asarray(uniform, float)))


# --- by hand ------------------------------------------------------------------------------------

USES, PROFILE = np.array([[0, 1], [2, 0], [1, 2]]), np.array([[0.5, 0.2], [0.1, 0.3], [0.0, 2.0]])
STOCKS = {
    "technology": 0.35,
    "citizens.uses": USES,
    "citizens.profile": PROFILE,
    "citizens.trust": [0.5, 0.9, 0.1],
    "citizens.awareness": [0.1, 0.6, 0.9],
    "organizations.skill": [0.1, 0.1, 0.2, 0.3, 0.1, 0.1],
    "organizations.creative": [0.0, 0.0, 0.3, 0.2, 0.1, 0.0],
    "firms.quality": [0.4, -0.2, 0.1],
    "firms.discrimination": [0.5, 0.2, 0.02],
    "firms.user_share": [0.5, 0.2, 0.3],
    "firms.generation": [0, 2, 1],
}
EFFECTS = {
    "attention.quality_effect": 0.7,
    "attention.network_effect": 0.3,
    "attention.personal_help": 1.2,
    "attention.privacy_concern": 0.8,
    "attention.price_concern": 0.6,
    "attention.trust_elasticity": 1.5,
    "technology.half_reach": 0.35,
}


def utilities(world, profile, uses):
    """U of a citizen for a firm in plain arithmetic: communication one half, three firms live."""
    taste = tastes(world, 3, np.array([0, 2, 1]))
    values, psis = np.zeros(uses.shape), np.zeros(uses.shape)
    for i, k in np.ndindex(*uses.shape):
        j = uses[i, k]
        aware = STOCKS["citizens.awareness"][i]
        psi = 1 - np.exp(-2 * STOCKS["organizations.skill"][2 + j] * profile[i, k])
        relative = STOCKS["organizations.creative"][2 + j] / 0.2
        pull = 0.7 * 0.5 * np.log((relative + 0.001) / 1.001)
        pull += 0.3 * np.log((STOCKS["firms.user_share"][j] * 3 + 0.01) / 1.01)
        pull += STOCKS["firms.quality"][j] + 1.2 * psi - 0.8 * aware * psi**2
        values[i, k] = pull - 0.6 * STOCKS["firms.discrimination"][j] * aware + taste[i, j]
        psis[i, k] = psi
    return values, psis


@pytest.fixture(scope="module")
def world():
    return hand_world(income=[0.5, 1.0, 2.0])


def test_choice_time_and_lead_by_hand(world):
    after = run(attention, hand_society(world, STOCKS), world, parameters({**EFFECTS, **STILL}))
    values, psis = utilities(world, PROFILE, USES)
    share = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    close(after.flows.attention, share, rtol=1e-4)
    close(after.flows.known, psis, rtol=1e-4)
    close(after.flows.lead, values - values[:, ::-1], rtol=1e-4, atol=1e-5)
    trust, income = np.array([0.5, 0.9, 0.1]), np.array([0.5, 1.0, 2.0])
    close(after.flows.online, 0.5 * trust**1.5 * (1 - 0.5 * np.exp(-income)))
    users = np.zeros(3)
    np.add.at(users, USES, share / 3)
    close(after.firms.user_share, users, rtol=1e-4)
    awareness = np.zeros(3)
    np.add.at(awareness, USES, share * np.array([[0.1], [0.6], [0.9]]) / 3)
    close(after.flows.users_awareness, awareness / users, rtol=1e-4)
    close(after.flows.previous_share, [0.5, 0.2, 0.3])
    assert np.array_equal(after.citizens.uses, USES)
    assert not after.citizens.stray.any()


@pytest.mark.parametrize("portability", [0.0, 0.5])
def test_the_worst_is_replaced_exactly_when_the_new_is_better_by_the_cost(world, portability):
    """Two of three firms are used: only the third can come in; shown one month in three."""
    cost = 0.4
    constants = parameters(
        {
            **EFFECTS,
            "attention.reconsideration": 1.0,
            "attention.social": 0.0,
            "attention.steering": 0.0,
            "attention.switching_cost": cost,
        }
    )
    policy = levers(portability=portability)
    values, _ = utilities(world, PROFILE, USES)
    worst = values.argmin(axis=1)
    left = PROFILE[np.arange(3), worst]
    third = 3 - USES.sum(axis=1)
    there, _ = utilities(world, portability * left[:, None], third[:, None])
    better = there[:, 0] > values.min(axis=1) + cost * (1 - portability)
    society, moved = hand_society(world, STOCKS), np.zeros(3, bool)
    for seed in range(30):
        after = run(attention, society, world, constants, policy, seed)
        uses = np.asarray(after.citizens.uses)
        for i in range(3):
            if np.array_equal(uses[i], USES[i]):
                close(after.citizens.profile[i], PROFILE[i])
                assert after.citizens.stray[i] == 0.0
                continue
            moved[i] = True
            expected = USES[i].copy()
            expected[worst[i]] = third[i]
            assert np.array_equal(uses[i], expected)
            kept = PROFILE[i].copy()
            kept[worst[i]] = portability * left[i]
            close(after.citizens.profile[i], kept)
            close(after.citizens.stray[i], left[i])
    assert np.array_equal(moved, better)


def test_off_no_reconsideration_no_move(world):
    society = hand_society(world, STOCKS)
    after = repeat(attention, society, world, 20, parameters({**EFFECTS, **STILL}))
    assert np.array_equal(after.citizens.uses, USES)


# --- who is dead --------------------------------------------------------------------------------


def test_a_dead_firm_is_left_at_once_and_what_it_held_is_stray():
    """Firm 0 died; everybody in one month moves to the one living firm they do not use."""
    world = hand_world(citizens=50)
    alive = [1, 1, 0, 1, 1, 1]
    stocks = {"organizations.alive": alive, "citizens.profile": [[0.3, 0.1]] * 50}
    society = hand_society(world, stocks)  # all use firms 0 and 1
    constants = parameters({**STILL, "attention.social": 0.0})
    moved = np.zeros(50, bool)
    for seed in range(20):
        after = run(attention, society, world, constants, seed=seed)
        uses, share = np.asarray(after.citizens.uses), np.asarray(after.flows.attention)
        here = uses[:, 0] == 2
        assert np.array_equal(uses[~here], [[0, 1]] * (~here).sum())
        close(after.citizens.stray, np.where(here, 0.3, 0.0))
        close(share[~here, 0], np.zeros((~here).sum()))
        close(share.sum(axis=1), np.ones(50))
        assert after.firms.user_share[0] == 0.0
        moved |= here
    assert moved.all()


def test_who_has_only_dead_firms_is_offline(world):
    alive = [1, 1, 0, 0, 0, 1]
    society = hand_society(world, {"organizations.alive": alive})
    after = run(attention, society, world)
    assert not after.flows.attention.any()
    assert not after.flows.online.any()
    assert not after.firms.user_share.any()
    assert np.isfinite(np.asarray(after.flows.lead)).all()


def test_one_space_has_no_lead_over_another():
    world = hand_world(slots=1)
    after = run(attention, hand_society(world, {}), world)
    close(after.flows.attention, np.ones((3, 1)))
    close(after.flows.lead, np.zeros((3, 1)))


def test_spaces_stay_different_and_living_whatever_happens():
    rng = np.random.default_rng(5)
    strong = rng.integers(0, 60, (60, 4))
    world = hand_world(citizens=60, firms=7, slots=4, strong=strong)
    society = hand_society(world, {})
    constants = parameters({"attention.reconsideration": 1.0, "attention.social": 0.5})
    alive = np.ones(world.sizes.organizations, bool)
    for month in range(30):
        alive[2:9] = True
        alive[2 + rng.integers(0, 7, 2)] = False
        society = changed(society, {"organizations.alive": alive})
        society = run(attention, society, world, constants, seed=month)
        uses = np.asarray(society.citizens.uses)
        assert all(len(set(row)) == 4 for row in uses)
        share = np.asarray(society.flows.attention)
        assert not share[~alive[2:9][uses]].any()
        close(share.sum(axis=1), np.ones(60))
        close(society.firms.user_share.sum(), 1.0)


# --- candidates ---------------------------------------------------------------------------------


def test_copying_shows_only_what_kin_use():
    """Everybody's kin use firm 2 in one of two spaces: half of the looks find it; firm 3 never."""
    citizens = 4000
    strong = np.zeros((citizens, 1), int)
    strong[0] = 1
    world = hand_world(citizens=citizens, firms=4, strong=strong)
    uses = np.tile([0, 1], (citizens, 1))
    uses[0] = [0, 2]
    society = hand_society(world, {"citizens.uses": uses, "firms.quality": [0, 0, 100, 100]})
    constants = parameters({**EAGER, "attention.social": 1.0})
    found = np.asarray(run(attention, society, world, constants).citizens.uses)[1:]
    assert not (found == 3).any()
    close((found == 2).any(axis=1).mean(), 0.5, rtol=0, atol=4 * 0.5 / np.sqrt(citizens))
    off = parameters({**EAGER, "attention.social": 0.0})
    found = np.asarray(run(attention, society, world, off).citizens.uses)[1:]
    for firm in (2, 3):
        close((found == firm).any(axis=1).mean(), 0.25, rtol=0, atol=4 * 0.45 / np.sqrt(citizens))


@pytest.mark.parametrize("guard", [0.0, 0.5])
def test_steering_shows_partners_of_the_top_firm(guard):
    """With probability steering psi (1 - protection) the top firm shows its partner, or nobody."""
    citizens = 8000
    world = hand_world(citizens=citizens, firms=4)
    ties = tie_lists(world.sizes.organizations, {2: {4: 0.5}})
    ties["organizations.partners"][2] = 4  # firm 0's partner is firm 2 in every place
    stocks = {
        "organizations.skill": 0.5,
        "citizens.profile": [[np.log(5.0), 0.0]] * citizens,  # firm 0 knows .8 of everybody
        "firms.quality": [50.0, 0.0, 20.0, 20.0],
        "regions.law": 1.0,
        "regions.enforcement": guard,
        **ties,
    }
    society = hand_society(world, stocks)
    constants = parameters({**EAGER, "attention.steering": 0.9})
    after = run(attention, society, world, constants)
    steered = 0.9 * 0.8 * (1 - guard)
    noise = 4 * 0.5 / np.sqrt(citizens)
    close(after.flows.steered, steered, rtol=0, atol=noise)
    uses = np.asarray(after.citizens.uses)
    close((uses == 2).any(axis=1).mean(), steered + (1 - steered) / 4, rtol=0, atol=noise)
    close((uses == 3).any(axis=1).mean(), (1 - steered) / 4, rtol=0, atol=noise)
    ties["organizations.partners"][2] = 0  # an agency: then nobody is shown
    after = run(attention, changed(society, ties), world, constants)
    close(
        (np.asarray(after.citizens.uses) == 2).any(axis=1).mean(),
        (1 - steered) / 4,
        rtol=0,
        atol=noise,
    )
    off = run(attention, society, world, parameters(EAGER))
    assert off.flows.steered == 0.0


def test_the_privacy_law_shields_from_steering_where_it_is_enforced():
    world = hand_world(citizens=4000)
    stocks = {
        "organizations.skill": 0.9,
        "citizens.profile": 5.0,
        "regions.law": 0.0,
        "regions.enforcement": 1.0,
    }
    society = hand_society(world, stocks)
    constants = parameters({**EAGER, "attention.steering": 1.0})
    assert run(attention, society, world, constants).flows.steered > 0.99
    shielded = run(attention, society, world, constants, levers(privacy_law=1.0))
    assert shielded.flows.steered == 0.0


def test_steered_is_counted_among_those_who_look():
    """Half of them look; the firm that knows them wholly shows each of them the top firm."""
    world = hand_world(citizens=1000)
    ties = tie_lists(world.sizes.organizations, {2: {4: 0.5}})
    ties["organizations.partners"][2] = 4
    stocks = {
        "organizations.skill": 0.9,
        "citizens.profile": [[20.0, 0.0]] * 1000,
        "firms.quality": [50.0, 0.0, 0.0],
        "firms.user_share": [0.3, 0.3, 0.4],
        "regions.law": 0.0,
        **ties,
    }
    half = {**EAGER, "attention.steering": 1.0, "attention.reconsideration": 0.5}
    after = run(attention, hand_society(world, stocks), world, parameters(half))
    close(after.flows.steered, 1.0)
    close(after.flows.steered_to_top, 1.0)


# --- theory -------------------------------------------------------------------------------------


def settled(quality, network, citizens=20_000, number=400, seed=0):
    """Shares of users once everybody with one space has considered every firm."""
    firms = len(quality)
    world = hand_world(citizens=citizens, firms=firms, slots=1, tastes=(seed + 1, 2))
    uses = (np.arange(citizens) % firms)[:, None]
    society = hand_society(world, {"firms.quality": quality, "citizens.uses": uses})
    constants = parameters({**EAGER, "attention.network_effect": network})
    after = repeat(attention, society, world, number, constants, seed=seed)
    return np.asarray(after.firms.user_share, float)


@pytest.mark.parametrize("network", [0.0, 0.35, 0.6])
def test_shares_go_as_quality_to_one_over_one_less_feedback(network):
    """s_j ~ exp(q_j)^(1 / (1 - beta)); log shares within .08 (chance, and the .01 user of all)."""
    quality = np.array([0.4, 0.2, 0.0, -0.2, -0.4]) * (1 - network)
    share = settled(quality, network)
    theory = np.exp(quality / (1 - network))
    theory /= theory.sum()
    close(np.log(share), np.log(theory), rtol=0, atol=0.08)


@pytest.mark.parametrize("network", [0.0, 0.35])
def test_the_top_fifth_holds_four_fifths_at_the_known_spread(network):
    """sigma / (1 - beta) = 2 * .8416 is exactly 80/20 for many firms; within 2.5 points for 200."""
    spread = 2 * 0.8416 * (1 - network)
    quality = spread * norm.ppf((np.arange(200) + 0.5) / 200)
    share = np.sort(settled(quality, network, citizens=4000, number=2500))[::-1]
    close(share[:40].sum(), 0.8, rtol=0, atol=0.025)


def test_off_without_feedback_equal_firms_stay_equal():
    share = settled(np.zeros(5), 0.0)
    close(share, np.full(5, 0.2), rtol=0, atol=4 * 0.4 / np.sqrt(20_000))


@pytest.mark.parametrize("network", [1.1, 1.2])
def test_from_feedback_one_on_one_firm_takes_all(network):
    share = settled(np.array([0.1, 0.05, 0.0, -0.05, -0.1]), network, citizens=4000, number=1500)
    assert share.max() > 0.97


def test_switching_cost_keeps_as_many_as_the_logit_says():
    """Two equal firms, cost 2: .8808 stay where chance put them (O18).

    The month's tastes last, so nobody comes and goes as in O18's repeated draw; each draw of tastes
    is one of its choices, and the correlation of place before and after is its tanh(k / 2) = .7616.
    """
    citizens = 40_000
    world = hand_world(citizens=citizens, firms=2, slots=1)
    uses = (np.arange(citizens) % 2)[:, None]
    society = hand_society(world, {"citizens.uses": uses})
    constants = parameters({**EAGER, "attention.switching_cost": 2.0})
    after = np.asarray(repeat(attention, society, world, 30, constants).citizens.uses)
    stay = (after == uses).mean()
    close(stay, 0.8808, rtol=0, atol=4 * 0.33 / np.sqrt(citizens))
    close(np.corrcoef(after[:, 0], uses[:, 0])[0, 1], 0.7616, rtol=0, atol=0.015)
    free = repeat(attention, society, world, 30, constants, levers(portability=1.0))
    close(
        (np.asarray(free.citizens.uses) == uses).mean(),
        0.5,
        rtol=0,
        atol=4 * 0.5 / np.sqrt(citizens),
    )


def test_what_is_lost_with_a_firm_is_minus_log_of_one_less_its_share():
    """E max U falls by -ln(1 - s) when a firm of logit share s goes: .6931 at .5 (O14)."""
    world = hand_world(citizens=200_000, firms=3)
    quality = np.log([0.5, 0.3, 0.2])
    value = quality + tastes(world, 3)
    for gone, share in enumerate([0.5, 0.3, 0.2]):
        loss = value.max(axis=1) - np.delete(value, gone, axis=1).max(axis=1)
        close(loss.mean(), -np.log(1 - share), rtol=0, atol=4 * loss.std() / np.sqrt(200_000))
