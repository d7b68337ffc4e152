"""Rumours: who tells, who believes with one teller or two, and who loses interest."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.model.mechanisms import rumours
from tests.helpers import changed, close, hand_society, hand_world, levers, parameters, repeat, run

UNHEARD, SPREADING, STIFLED = range(3)


def star(many, strong=(), weak=()):
    """Citizens all of whom are tied to the first few citizens, who are tied to nobody."""

    def lists(ends):
        ties = np.tile(np.asarray(ends or [-1]), (many, 1))
        ties[: max([*strong, *weak]) + 1] = -1
        return ties

    return hand_world(citizens=many, strong=lists(list(strong)), weak=lists(list(weak)))


def told(strong, weak, states, seed=0, kind="unheard", **changes):
    """The share of many citizens who change state in a month, all with the same acquaintances."""
    many = 20_000
    world = star(many, strong, weak)
    here = max([*strong, *weak]) + 1
    state = np.full(many, UNHEARD if kind == "unheard" else SPREADING)
    state[:here] = states
    society = hand_society(world, {"technology": 0.35, "citizens.rumour": state})
    base = {"technology.half_reach": 0.35, "rumours.rate": 0.0}
    policy = changes.pop("policy", None)
    after = run(rumours, society, world, parameters({**base, **changes}), policy, seed)
    found = np.asarray(after.citizens.rumour)[here:]
    assert set(found) <= ({UNHEARD, SPREADING} if kind == "unheard" else {SPREADING, STIFLED})
    return (found != state[here:]).mean()


def near(found, expected):
    close(found, expected, rtol=0, atol=4 * np.sqrt(expected * (1 - expected) / 20_000) + 1e-9)


TELL = {"rumours.strong_transmission": 0.3, "rumours.weak_transmission": 0.4}  # weak: .2 here


def test_one_teller_by_hand():
    """Two of three kin and one of two strangers spread; those who lost interest tell nobody."""
    states = [SPREADING, SPREADING, STIFLED, SPREADING, UNHEARD]
    near(told([0, 1, 2], [3, 4], states, **TELL), 1 - 0.7**2 * 0.8)


def test_two_tellers_by_hand():
    states = [SPREADING, SPREADING, STIFLED, SPREADING, UNHEARD]
    nobody = 0.7**2 * 0.8
    one = 2 * 0.3 * 0.7 * 0.8 + 0.7**2 * 0.2
    found = told([0, 1, 2], [3, 4], states, **TELL, **{"rumours.tellers": 2.0})
    near(found, 1 - nobody - one)
    single = told([0], [1], [SPREADING, UNHEARD], **TELL, **{"rumours.tellers": 2.0})
    assert single == 0.0  # one teller never does


def test_losing_interest_by_hand():
    """Kin who know (2 of 3) and strangers who know (1) stifle; so does forgetting."""
    states = [SPREADING, STIFLED, UNHEARD, STIFLED]
    changes = {**TELL, "rumours.stifling": 0.5, "rumours.forgetting": 0.1}
    expected = 1 - (1 - 0.15) ** 2 * (1 - 0.1) * 0.9
    near(told([0, 1, 2], [3], states, kind="spreading", **changes), expected)
    corrected = 1 - (1 - 0.15) ** 2 * (1 - 0.1) * (1 - 0.6)
    policy = levers(rumour_correction=1.0)
    near(told([0, 1, 2], [3], states, kind="spreading", policy=policy, **changes), corrected)


def test_off_nobody_begins():
    world = hand_world(citizens=1000)
    society = hand_society(world, {})
    after = repeat(rumours, society, world, 50, parameters({"rumours.rate": 0.0}))
    assert not after.citizens.rumour.any()
    assert np.isnan(after.controversy.reach)


def test_a_controversy_begins_in_blocks_of_eight_neighbours():
    many = 80_000
    world = hand_world(citizens=many)
    constants = parameters({"rumours.rate": 1.0, "rumours.seed": 0.01, "rumours.forgetting": 0.0})
    after = run(rumours, hand_society(world, {}), world, constants)
    state = np.asarray(after.citizens.rumour).reshape(-1, 8)
    assert np.array_equal(state.max(axis=1), state.min(axis=1))
    close(state[:, 0].mean(), 0.01, rtol=0, atol=4 * np.sqrt(0.01 / (many / 8)))
    assert after.controversy.age == 1.0


def test_a_new_one_begins_when_the_last_is_over_and_its_reach_is_kept():
    world = hand_world(citizens=2000)
    state = np.where(np.arange(2000) < 600, STIFLED, UNHEARD)
    society = hand_society(world, {"citizens.rumour": state, "controversy.age": 30.0})
    sure = parameters({"rumours.rate": 1.0, "rumours.seed": 0.01})
    after = run(rumours, society, world, sure)
    close(after.controversy.reach, 0.3)
    assert after.controversy.age == 1.0
    assert not (np.asarray(after.citizens.rumour) == STIFLED)[:600].all()
    alive = changed(
        society, {"citizens.rumour": np.where(np.arange(2000) < 600, SPREADING, UNHEARD)}
    )
    after = run(rumours, alive, world, sure)
    assert np.isnan(after.controversy.reach)
    assert after.controversy.age == 31.0


def test_half_time_is_when_half_have_heard():
    world = hand_world(citizens=1000)
    society = hand_society(
        world,
        {
            "citizens.rumour": np.where(np.arange(1000) < 500, SPREADING, UNHEARD),
            "controversy.age": 4.0,
        },
    )
    after = run(rumours, society, world, parameters({"rumours.rate": 0.0}))
    assert after.controversy.half_time == 5.0
    later = run(rumours, after, world, parameters({"rumours.rate": 0.0}))
    assert later.controversy.half_time == 5.0


# --- theory -------------------------------------------------------------------------------------


def mixing(many=20_000, degree=6, seed=0, months=1500, **changes):
    """Never-heard share when strangers are met at random anew each month."""
    rng = np.random.default_rng(seed)
    strong = np.full((many, 2), -1)
    world = hand_world(citizens=many, strong=strong, weak=np.zeros((many, degree)))
    state = np.where(rng.permutation(many) < many // 200, SPREADING, UNHEARD)
    society = hand_society(world, {"technology": 1.0, "citizens.rumour": state})
    constants = parameters(
        {
            "rumours.rate": 0.0,
            "rumours.strong_transmission": 0.0,
            "rumours.weak_transmission": 0.01,
            "rumours.stifling": 1.0,
            "rumours.forgetting": 0.0,
            "technology.half_reach": 0.0,  # communication is 1
            **changes,
        }
    )
    for month in range(months):
        met = jnp.asarray(rng.integers(0, many, (many, degree)), jnp.int32)
        world = replace(world, citizens=replace(world.citizens, weak=met))
        society = run(rumours, society, world, constants, seed=month)
        if not (np.asarray(society.citizens.rumour) == SPREADING).any():
            break
    return (np.asarray(society.citizens.rumour) == UNHEARD).mean()


def test_one_in_five_never_hears_it():
    """Maki and Thompson: .203188 of a mixing population never hear it (O38).

    Begun by half a percent; months so short (rate .06) that they nearly make continuous time.
    """
    never = mixing()
    # begun by y0, the unheard end at x with x = (1 - y0) exp(-2 (1 - x) + y0)
    y0, x = 1 / 200, 0.2
    for _ in range(200):
        x = (1 - y0) * np.exp(-2 * (1 - x) + y0)
    close(x, 0.203188, rtol=0, atol=0.002)
    close(never, x, rtol=0, atol=0.012)


def test_forgetting_lets_more_stay_unheard():
    """R = 1 - exp(-e R), e = (lambda + alpha) / (alpha + delta): .54561 never hear (O39).

    Six strangers at .01 make lambda = alpha = .06 a month, so delta is .03.
    """
    never = mixing(**{"rumours.forgetting": 0.03})
    close(never, 0.54561, rtol=0, atol=0.03)


def small_world(shortcuts, many=3000, seed=0):
    """A ring of four kin each, with one long weak tie for a share of citizens."""
    rng = np.random.default_rng(seed)
    here = np.arange(many)
    strong = np.stack([(here + step) % many for step in (-2, -1, 1, 2)], axis=1)
    weak = np.where(rng.random((many, 1)) < shortcuts, rng.integers(0, many, (many, 1)), -1)
    return hand_world(citizens=many, strong=strong, weak=weak)


def reach(world, tellers, months=120, strong=0.6):
    many = world.sizes.citizens
    state = np.where(np.arange(many) < 8, SPREADING, UNHEARD)
    society = hand_society(world, {"technology": 1.0, "citizens.rumour": state})
    constants = parameters(
        {
            "rumours.rate": 0.0,
            "rumours.strong_transmission": strong,
            "rumours.weak_transmission": 0.6,
            "rumours.stifling": 0.0,
            "rumours.forgetting": 0.0,
            "rumours.tellers": tellers,
            "technology.half_reach": 0.0,
        }
    )
    after = repeat(rumours, society, world, months, constants)
    return (np.asarray(after.citizens.rumour) != UNHEARD).mean()


def test_weak_ties_speed_what_needs_one_teller():
    """Without shortcuts a rumour goes round a ring at its own pace; with them, exponentially."""
    assert reach(small_world(0.0), 1.0) < 0.2
    assert reach(small_world(0.5), 1.0) > 0.95


def test_weak_ties_do_not_carry_what_needs_two_tellers():
    """On kin's ring two tellers are met again and again; strangers alone never bring two (O44)."""
    assert reach(small_world(0.0, many=300), 2.0, months=700) > 0.95
    many = 3000
    rng = np.random.default_rng(1)
    strangers = rng.integers(0, many, (many, 4))  # a random graph of the same degree, no kin
    alone = hand_world(citizens=many, strong=strangers, weak=np.full((many, 1), -1))
    assert reach(alone, 2.0, months=200) < 0.05
    assert reach(alone, 1.0, months=200) > 0.95


@pytest.mark.parametrize("tellers", [1.0, 2.0])
def test_nobody_spreads_nobody_hears(tellers):
    world = small_world(0.3, many=200)
    society = hand_society(world, {"citizens.rumour": STIFLED * (np.arange(200) < 100)})
    constants = parameters({"rumours.rate": 0.0, "rumours.tellers": tellers})
    after = run(rumours, society, world, constants)
    assert np.array_equal(after.citizens.rumour, society.citizens.rumour)
