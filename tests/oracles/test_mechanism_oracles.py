"""Chains of mechanisms, and single ones in limits, against models whose answer is known.

Oracles of one mechanism alone stand with it in tests/model/mechanisms. What the month's form cannot
be brought to is said there: its tastes last (O18 holds for one choice, not month by month), trust
follows a mean month (O30's stationary mean, not its fluctuation), kin's data reveal rho^2 of what
is held (O31's leading term, not its two-sided 2 / (4 - rho^2)).
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import norm

from datapolis.model.mechanisms import (
    absorption,
    attention,
    breaches,
    collection,
    exchange,
    governance,
    mining,
    pricing,
    rumours,
    trust,
)
from tests.helpers import (
    changed,
    close,
    hand_society,
    hand_world,
    parameters,
    repeat,
    run,
    tie_lists,
    with_flows,
)

# --- awakening (O41, O42) ------------------------------------------------------------------------


def awake_after(thresholds, months=150):
    """Everybody sees everybody; a right of .05 is enjoyed by all, on top of what is seen."""
    many = len(thresholds)
    everyone = np.arange(many)
    seen = np.stack([np.delete(everyone, i) for i in range(many)])
    reluctance = (np.asarray(thresholds) + 0.05 - 0.5) / 0.2
    world = hand_world(citizens=many, strong=seen, weak=seen, reluctance=reluctance)
    society = hand_society(
        world,
        {"citizens.rights": 0.05},
        surplus=np.zeros(many),
        online=np.zeros(many),
        attention=np.zeros((many, 2)),
        known=np.zeros((many, 2)),
        unfair=np.zeros(many),
        harm=np.zeros(many),
    )
    granovetter = {"trust.example": 1.0, "trust.weariness": 0.0}
    constants = parameters({**granovetter, "trust.threshold": 0.5, "trust.threshold_spread": 0.2})
    after = repeat(trust, society, world, months, constants)
    return int(np.sum(after.citizens.awake))


def test_a_hundred_thresholds_and_one_of_them_replaced():
    """Thresholds 0 to 99 others: all awake. Replace 1 by 2: one does (O41, Granovetter)."""
    others = np.arange(100)
    assert awake_after((others - 0.01) / 99) == 100
    others[1] = 2
    assert awake_after((others - 0.01) / 99) == 1


@pytest.mark.parametrize(("spread", "awakes"), [(0.115, False), (0.135, True)])
def test_awakening_jumps_at_the_critical_spread(spread, awakes):
    """Normal thresholds of mean .25 jump at spread .12222 (O42): between .115 and .135."""
    many = 120
    thresholds = 0.25 + spread * norm.ppf((np.arange(many) + 0.5) / many)
    share = awake_after(thresholds, months=400) / many
    assert share > 0.9 if awakes else share < 0.15


# --- rumours as percolation (O40) -----------------------------------------------------------------


def random_graph(many, degree, seed=0, width=18):
    """A random graph of a mean degree, as lists of acquaintances."""
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, many, (2, int(many * degree / 2)))
    ego, alter = np.concatenate([one, other]), np.concatenate([other, one])
    order = np.argsort(ego, kind="stable")
    ego, alter = ego[order], alter[order]
    place = np.arange(len(ego)) - np.searchsorted(ego, ego)
    lists = np.full((many, width), -1)
    fits = place < width
    lists[ego[fits], place[fits]] = alter[fits]
    return lists


@pytest.mark.parametrize(
    ("transmission", "reached"), [(0.5, 0.79681), (0.375, 0.58281), (0.2, 0.0)]
)
def test_a_rumour_told_once_percolates(transmission, reached):
    """Who forgets after a month tells each tie once: T c = 2, 1.5, .8 (O40, O23)."""
    many = 20_000
    world = hand_world(citizens=many, strong=random_graph(many, 4.0))
    state = (np.arange(many) % (many // 20) == 0).astype(int)  # twenty begin it
    society = hand_society(world, {"citizens.rumour": state})
    constants = parameters(
        {
            "rumours.rate": 0.0,
            "rumours.strong_transmission": transmission,
            "rumours.stifling": 0.0,
            "rumours.forgetting": 1.0,
        }
    )
    after = repeat(rumours, society, world, 200, constants)
    heard = np.mean(np.asarray(after.citizens.rumour) != 0)
    close(heard, reached, rtol=0, atol=0.02)


# --- data that attract the users who leave them (O19) ---------------------------------------------


def theory_of_feedback(data, beta, decay, months):
    """D' = (1 - decay) D + decay D^beta / sum D^beta."""
    data = np.array(data, float)
    for _ in range(months):
        data = (1 - decay) * data + decay * data**beta / np.sum(data**beta)
    return data


@pytest.mark.parametrize("beta", [0.5, 1.5])
def test_feedback_through_data_widens_or_closes_gaps_at_its_rate(beta):
    """The gap of two firms grows by 1 + decay (beta - 1) a month (O19), beta = pull of quality.

    The limit: one space, no other feedback, time to reconsider within the month, everything
    recorded, and creative power in proportion to data (exponent 1, communication 1).
    """
    citizens, decay, months = 30_000, 0.05, 24
    world = hand_world(citizens=citizens, firms=2, slots=1)
    uses = (np.arange(citizens) % 2)[:, None]
    constants = parameters(
        {
            "technology.half_reach": 0.0,
            "attention.quality_effect": beta,
            "attention.network_effect": 0.0,
            "attention.reconsideration": 1.0,
            "attention.social": 0.0,
            "attention.steering": 0.0,
            "attention.switching_cost": 0.0,
            "attention.personal_help": 0.0,
            "attention.privacy_concern": 0.0,
            "attention.price_concern": 0.0,
            "collection.consent": 100.0,
            "collection.traces": decay,
            "collection.data_decay": decay,
        }
    )
    data = np.array([0.6, 0.4])
    society = hand_society(world, {"technology": 1.0, "citizens.uses": uses})
    for month in range(months):
        creative = np.concatenate([[0, 0], data, [0]])
        society = changed(society, {"organizations.creative": creative})
        society = repeat(attention, society, world, 25, constants, seed=month)
        flows = {"attention": np.ones((citizens, 1)), "online": np.ones(citizens)}
        made = hand_society(world, {}, **flows, known=np.zeros((citizens, 1))).flows
        here = changed(
            replace(society, flows=made),
            {"organizations.data": np.concatenate([[0, 0], data, [0]])},
        )
        after = run(collection, here, world, constants)
        data = np.asarray(after.organizations.data, float)[2:4]
    expected = theory_of_feedback([0.6, 0.4], beta, decay, months)
    close(data.sum(), 1.0, rtol=1e-3)
    close(np.log(data[0] / data[1]), np.log(expected[0] / expected[1]), rtol=0.06)
    small = theory_of_feedback([0.5005, 0.4995], beta, decay, 100)
    close(
        np.log(small[0] / small[1]) / np.log(0.5005 / 0.4995),
        {0.5: 0.0795, 1.5: 11.814}[beta],
        rtol=2e-2,
    )


# --- data: learning (O20), islands (O22), kin (O31) -----------------------------------------------


def test_an_eighty_percent_learning_curve_is_an_elasticity_of_a_third():
    """Twice the data, 1 / .8 of the power, at exponent log2 1.25 = .321928 (O20): an identity.

    The other half of O20, precision with memory, is not in the month: its data have one exponent.
    """
    exponent = np.log2(1 / 0.8)
    close(exponent, 0.321928, rtol=1e-6)
    world = hand_world()
    society = hand_society(world, {"organizations.skill": 0.3}, island_data=[0.0, 0.0])
    constants = parameters({"mining.exponent": exponent})
    once, twice = (
        run(mining, with_flows(society, workable=np.full(6, data)), world, constants)
        for data in (0.2, 0.4)
    )
    close(twice.organizations.creative / once.organizations.creative, np.full(6, 1.25), rtol=1e-5)


def test_sixteen_equal_islands_keep_a_quarter():
    """m islands keep m^(1 - a) of what all would make together (O22): .25 at 16 and a = 1.5.

    In the month each of an island's agencies works with the whole of it, so that an island is worth
    its members times data^exponent: O22 with a = 1 + exponent. Linkage is 1, as in the theory.
    """
    agencies, islands = 64, 16
    peers = np.full((agencies, 3), -1)
    for g in range(0, agencies, 4):  # the first of four is linked with the others
        peers[g] = [g + 1, g + 2, g + 3]
    world = hand_world(agencies=agencies, peers=peers)
    many = world.sizes.organizations
    society = hand_society(
        world,
        {"links": peers >= 0, "organizations.skill": 0.3, "organizations.data": 0.01},
        collected=np.zeros(many),
        taken=np.zeros((3, 2)),
    )
    constants = parameters(
        {
            "exchange.linkage": 1.0,
            "exchange.link_review": 0.0,
            "exchange.link_lapse": 0.0,
            "exchange.derivation": 0.0,
            "mining.exponent": 0.5,
        }
    )
    linked = run(exchange, society, world, constants)
    assert len(np.unique(linked.flows.islands)) == islands
    gap = float(run(mining, linked, world, constants).flows.integration_gap)
    close(1 - gap, 0.25, rtol=1e-5)


def test_of_one_who_shares_nothing_half_the_square_of_the_correlation_is_known():
    """rho^2 / 2 (O31) where half is known of kin: .405 at .9.

    Half is what one noisy look tells in the theory. What is known of one who shares too is not
    joined with what kin tell, so 2 / (4 - rho^2) has nothing that answers to it.
    """
    world = hand_world(strong=[[1, 2], [0, 2], [0, 1]])
    half = np.log(2) / (2 * 0.4)  # 1 - exp(-2 T data) = 1/2
    society = hand_society(
        world,
        {"technology": 0.4, "citizens.stray": half},
        exposed=np.zeros(6),
        attacks=1.0,
        shocked=np.zeros(6, bool),
        known=np.zeros((3, 2)),
    )
    constants = parameters({"breaches.correlation": 0.9, "breaches.stray_decay": 0.0})
    after = run(breaches, society, world, constants)
    close(after.flows.held, [0.5] * 3)
    close(after.flows.inferred, [0.405] * 3)


# --- aims as averaging (O16) ----------------------------------------------------------------------


def test_the_weighted_mean_of_aims_is_kept_by_the_weights_of_averaging():
    """Averaging [[.5, .5], [.25, .75]] has weights 1/3, 2/3 (O16).

    The month's aims are pulled back to mandates and never agree. What is left of O16 is that its
    weights, and no others, give a mean that averaging does not move; mandates, where aims begin,
    have the same mean. To rounding, .02 a month for ten years.
    """
    world = hand_world()  # agencies 0 and 1, firms 2 to 4, an association without ties
    ties = tie_lists(6, {0: {1: 0.2, 2: 0.2}, 2: {0: 0.1, 3: 0.3}})
    society = hand_society(world, ties, base_power=np.full(6, 0.1))
    before = np.asarray(society.aims, float)
    after = repeat(governance, society, world, 120, parameters({"governance.drift": 0.02}))
    after = np.asarray(after.aims, float)
    assert np.abs(after[:2] - before[:2]).max() > 0.05
    weights = np.array([1 / 3, 2 / 3])
    close(weights @ after[:2], weights @ before[:2], rtol=0, atol=1e-5)
    assert np.abs([0.5, 0.5] @ (after[:2] - before[:2])).max() > 0.01


# --- who hears of it (O33, O44) -------------------------------------------------------------------


def test_ten_tellers_reach_nearly_all():
    """1 - (1 - f)^m = .97175 at .3 and 10 (O33); within 4 standard errors of a share."""
    many = 20_000
    ties = np.zeros((many, 10), int) + np.arange(10)
    world = hand_world(citizens=many, strong=ties)
    society = hand_society(world, {"citizens.rumour": np.arange(many) < 10})
    constants = parameters(
        {
            "rumours.rate": 0.0,
            "rumours.strong_transmission": 0.3,
            "rumours.stifling": 0.0,
            "rumours.forgetting": 0.0,
        }
    )
    heard = np.asarray(run(rumours, society, world, constants).citizens.rumour)[10:] != 0
    close(heard.mean(), 0.97175, rtol=0, atol=4 * np.sqrt(0.97 * 0.03 / many))


@pytest.mark.parametrize(("tellers", "months"), [(1.0, 100), (2.0, 200)])
def test_round_a_ring_of_four_from_two_neighbours(tellers, months):
    """402 in a ring of four: all in 100 months if one teller does, in 200 if two must (O44).

    Exact, with telling all but certain: beyond the declared range, where certainty is no number.
    """
    many = 402
    here = np.arange(many)
    strong = np.stack([(here + step) % many for step in (-2, -1, 1, 2)], axis=1)
    world = hand_world(citizens=many, strong=strong)
    society = hand_society(world, {"citizens.rumour": here < 2})
    constants = parameters(
        {
            "rumours.rate": 0.0,
            "rumours.strong_transmission": 1 - 1e-6,
            "rumours.stifling": 0.0,
            "rumours.forgetting": 0.0,
            "rumours.tellers": tellers,
        }
    )
    before = repeat(rumours, society, world, months - 1, constants)
    assert np.sum(np.asarray(before.citizens.rumour) == 0) in (2, 4)
    after = run(rumours, before, world, constants, seed=1)
    assert np.all(np.asarray(after.citizens.rumour) != 0)


# --- the largest of many breaches (O37) -----------------------------------------------------------


def test_all_breaches_together_are_three_times_the_largest():
    """At tail .7 sum over largest has mean 1 / (1 - .7) = 3.3333 in the limit (O37).

    Of 2,000 it is 3.2197, by the order statistics of the draws.
    So small a smallest share that none of 2,000 comes near all there is: the cap is out of the way.
    Within 4 standard errors of 600 months.
    """
    many, months, tail = 2000, 600, 0.7
    world = hand_world(agencies=1, firms=1, slots=1, associations=many - 2)
    society = hand_society(
        world,
        {"citizens.uses": [[0]] * 3},
        exposed=np.ones(many),
        attacks=1.0,
        shocked=np.zeros(many, bool),
        known=np.zeros((3, 1)),
    )
    constants = parameters(
        {"breaches.attack_rate": 1e6, "breaches.smallest_leak": 1e-9, "breaches.tail": tail}
    )
    ratio = []
    for seed in range(months):
        lost = np.asarray(run(breaches, society, world, constants, seed=seed).flows.leaked_share)
        assert np.all(lost > 0)
        ratio.append(lost.sum() / lost.max())
    # of n draws: 1 + (1 - n (n - 1) B(1 + 1/b, n - 1)) / (1/b - 1)
    rest = (
        np.exp(gammaln(1 + 1 / tail) + gammaln(many - 1) - gammaln(many + 1 / tail))
        * many
        * (many - 1)
    )
    expected = 1 + (1 - rest) / (1 / tail - 1)
    close(expected, 3.2197, rtol=1e-4)
    close(np.mean(ratio), expected, rtol=0, atol=4 * np.std(ratio) / np.sqrt(months))


# --- adoption (O50) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sector", "first", "p", "q", "years"),
    [("firms", 2, 0.03, 0.38, 6.550), ("government", 0, 0.005, 0.15, 6.550 + 15.809)],
)
def test_half_have_learnt_when_bass_says(sector, first, p, q, years):
    """Half after 6.550 years at .03 and .38; government, at .005 and .15, 15.809 later (O50).

    Two of a sector that learn from each other alone: skill over T has the share that adopts as its
    example, rate p + q a year, and q / (p + q) of it from ties. Months instead of time without
    steps are late by about half a month's growth, q / 24: 2 % and a month.
    """
    world = hand_world()
    ties = tie_lists(6, {first: {first + 1: 0.3}, first + 1: {first: 0.3}})
    society = hand_society(world, {"technology": 1.0, "organizations.skill": 0.0, **ties})
    constants = parameters({f"absorption.{sector}": (p + q) / 12, "absorption.peers": q / (p + q)})
    skill, month = 0.0, 0
    while skill < 0.5:
        society = run(absorption, society, world, constants)
        before, skill, month = skill, float(society.organizations.skill[first]), month + 1
    reached = month - (skill - 0.5) / (skill - before)
    close(reached, 12 * years, rtol=0.02, atol=1.0)


# --- whether it pays to break a rule (O53), or to price by person (O61) ---------------------------


@pytest.mark.parametrize(("inspected", "sign"), [(0.19, 1), (0.2, 0), (0.21, -1)])
def test_a_rule_is_broken_while_inspection_is_rarer_than_one_in_five(inspected, sign):
    """Gain 1, fine 4: indifferent at inspection 1 / (1 + 4) = .2 (O53).

    Who is caught in the theory loses the gain and pays 4; in the month it keeps it and pays a
    multiple of profit, so that multiple is 5 gains. How often the rule is broken (.2 in O53) has
    nothing that answers to it: the month's inspectors do not play, law and capacity send them.
    """
    citizens = 4000
    income = (np.arange(citizens) + 0.5) / citizens
    world = hand_world(
        citizens=citizens,
        income=income,
        firms=1,
        slots=1,
        quantiles=(np.arange(256) + 0.5) / 256,
    )
    society = hand_society(
        world,
        {
            "firms.discrimination": 0.5,
            "firms.user_share": 1.0,
            "regions.law": 1.0,
            "regions.enforcement": 1.0,
            "citizens.awareness": 0.0,
        },
        attention=np.ones((citizens, 1)),
        online=np.ones(citizens),
        known=np.ones((citizens, 1)),
        lead=np.zeros((citizens, 1)),
    )
    values = {"pricing.cost": 0.0, "pricing.rivalry": 0.0, "pricing.segments": 2.0}
    values |= {"pricing.detection": inspected, "pricing.witness": 0.0, "pricing.adaptation": 0.5}
    gain = float(run(pricing, society, world, parameters(values)).flows.pricing_gain[0])
    close(gain, 0.25, rtol=0.02)  # profit 5/16 over 1/4 (O26)
    after = run(pricing, society, world, parameters({**values, "pricing.fine": 5.0 * gain}))
    step = float(after.firms.discrimination[0]) - 0.5
    close(step, sign * 0.5 * 0.25 * 0.05 * gain, rtol=0.02, atol=1e-6)  # slope of the sigmoid: 1/4


@pytest.mark.parametrize(("detected", "ratio"), [(0.0, 2.0), (1 / 32, 1.348), (1 / 16, 1.0)])
def test_personal_prices_win_in_the_long_run_below_one_detection_in_sixteen(detected, ratio):
    """Twice the revenue is eaten up by lost trust at detection g / (g + e-/e+) = 1/16 (O61).

    At g = 1 and e-/e+ = 15, where every month is the mean month: trust settles, time online goes as
    trust (elasticity 1), and revenue as (1 + g) times it. At half of that detection 2 x .674.
    """
    world = hand_world()
    gain, loss = 0.02, 0.3
    flows = {"surplus": [0.1 * (1 - detected)] * 3, "online": [1.0] * 3, "harm": [0.0] * 3}
    flows |= {"attention": [[0.5, 0.5]] * 3, "known": [[0.0, 0.0]] * 3, "unfair": [detected] * 3}
    constants = parameters(
        {
            "pricing.basket": 0.1,
            "trust.gain": gain,
            "trust.unfair_loss": loss,
            "attention.trust_elasticity": 1.0,
        }
    )
    settled = repeat(trust, hand_society(world, {}, **flows), world, 2000, constants)
    believed = hand_society(world, {"citizens.trust": 1.0})
    trusted = changed(believed, {"citizens.trust": settled.citizens.trust})
    online = [run(attention, one, world, constants).flows.online for one in (trusted, believed)]
    close(2 * online[0] / online[1], [ratio] * 3, rtol=1e-3)
