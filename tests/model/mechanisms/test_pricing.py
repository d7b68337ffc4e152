"""Pricing: one price or a personal one, rivals, kin who compare, and whether it pays."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from datapolis.model.mechanisms import pricing
from datapolis.model.mechanisms.pricing import price_table
from tests.helpers import (
    close,
    hand_society,
    hand_world,
    income_quantiles,
    levers,
    parameters,
    run,
)

SIGMA = 0.6


def lognormal_survival(p):
    return 1 - norm.cdf((np.log(p) + SIGMA**2 / 2) / SIGMA)


def test_the_uniform_monopoly_price_is_solved():
    """(p - c) P(v >= p) on the lognormal of spread .6, mean 1, is largest at .7535 for cost .1."""
    best = minimize_scalar(
        lambda p: -(p - 0.1) * lognormal_survival(p), bounds=(0.1, 5), method="bounded"
    ).x
    close(best, 0.7535, rtol=0, atol=5e-4)
    table = np.asarray(price_table(income_quantiles(), 0.1, 1.0))
    close(table[0, 0], best, rtol=0.01)  # the nearest of 256 quantiles
    close(table, np.full_like(table, table[0, 0]), rtol=0.02)


@pytest.mark.parametrize("segments", [2, 8, 32])
def test_the_table_is_a_brute_force_optimum(segments):
    """On a fine grid of prices, none beats the table's by more than its grid of incomes costs."""
    quantiles = income_quantiles()
    table = np.asarray(price_table(quantiles, 0.1, float(segments)), float)
    p = np.linspace(0.1, quantiles[-1], 20_000)
    t = norm.cdf((np.log(p) + SIGMA**2 / 2) / SIGMA)

    def profit(price, level, k, psi):
        within = np.clip(k + 1 - segments * level, 0, 1)
        return (price - 0.1) * (psi * within + (1 - psi) * (1 - level))

    for k in range(segments):
        for at in range(9):
            psi = at / 8
            chosen = table[k, at]
            level = norm.cdf((np.log(chosen) + SIGMA**2 / 2) / SIGMA)
            best = profit(p, t, k, psi).max()
            assert profit(chosen, level, k, psi) > best * (0.97 if psi < 1 else 0.93)


# --- uniform demand -----------------------------------------------------------------------------


def uniform_market(segments, known, citizens=4000, seed=0):
    """Demand U[0, 1], no cost, all prices personal: profit and surplus of a month online."""
    income = (np.arange(citizens) + 0.5) / citizens
    quantiles = (np.arange(256) + 0.5) / 256
    world = hand_world(citizens=citizens, income=income, firms=1, slots=1, quantiles=quantiles)
    society = hand_society(
        world,
        {"firms.discrimination": 1.0, "firms.user_share": 1.0},
        attention=np.ones((citizens, 1)),
        online=np.ones(citizens),
        known=np.full((citizens, 1), known),
        lead=np.zeros((citizens, 1)),
    )
    constants = parameters(
        {
            "pricing.cost": 0.0,
            "pricing.basket": 1.0,
            "pricing.rivalry": 0.0,
            "pricing.segments": segments,
        }
    )
    after = run(pricing, society, world, constants, seed=seed)
    return float(after.flows.revenue[0]), float(np.mean(after.flows.surplus))


@pytest.mark.parametrize("segments", [1, 2, 3, 4, 10])
def test_equal_segments_of_uniform_demand(segments):
    """Profit (n - 1)/2n + 1/4n^2, surplus (4n - 3)/8n^2: most surplus at two (O25, O26)."""
    n = segments
    profit, surplus = uniform_market(float(n), known=1.0)
    close(profit, (n - 1) / (2 * n) + 1 / (4 * n**2), rtol=0.02)
    close(surplus, (4 * n - 3) / (8 * n**2), rtol=0.02)


@pytest.mark.parametrize(
    ("accuracy", "expected"), [(0.0, 0.25), (0.5, 0.34151), (1.0, 0.5 - 1 / 64 + 1 / 4096)]
)
def test_truth_or_noise(accuracy, expected):
    """A signal true with probability rho, else noise: profit .25, .34151, .5 (O28).

    A sure signal of one of 32 groups earns what 32 segments do, 31 / 64 + 1 / 4096 = .4846, not .5.
    """
    profits = [uniform_market(32.0, accuracy, citizens=20_000, seed=seed)[0] for seed in range(4)]
    close(np.mean(profits), expected, rtol=0.02)


# --- by hand ------------------------------------------------------------------------------------

INCOME = np.array([0.5, 0.9, 1.4, 2.5])
RANK = np.array([0.2, 0.45, 0.7, 0.95])
USES = np.array([[0, 1], [0, 2], [1, 0], [2, 1]])
KNOWN = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])  # sure or blind: no chance left
ATTENTION = np.array([[0.6, 0.4], [1.0, 0.0], [0.5, 0.5], [0.3, 0.7]])
ONLINE = np.array([0.5, 0.2, 0.8, 0.6])
LEAD = np.array([[0.3, -0.3], [2.0, -2.0], [0.1, -0.1], [-0.5, 0.5]])
FRIEND = [1, 0, 3, -1]
AWARE = np.array([0.1, 0.5, 0.2, 0.8])
USERS = np.array([0.5, 0.3, 0.2])
D = np.array([0.6, 0.3, 0.1])


def make(policy=None, seed=0, stocks=None, **changes):
    world = hand_world(
        citizens=4,
        income=INCOME,
        rank=RANK,
        strong=[[one] for one in FRIEND],
        regions=2,
        region=[0, 0, 1, 1],
        home=[0, 0, 0, 1, 1, 0],
        national=[False, False, False, False, True, False],
    )
    base = {
        "citizens.uses": USES,
        "citizens.awareness": AWARE,
        "firms.discrimination": D,
        "firms.user_share": USERS,
        "regions.law": [0.5, 0.4],
        "regions.enforcement": [0.4, 0.2],
        "organizations.wealth": [1, 1, 0.001, 0.3, 0.4, 0.1],
    }
    society = hand_society(
        world,
        {**base, **(stocks or {})},
        attention=ATTENTION,
        online=ONLINE,
        known=KNOWN,
        lead=LEAD,
    )
    constants = parameters(
        {
            "pricing.segments": 4.0,
            "pricing.rivalry": 0.3,
            "pricing.cost": 0.1,
            "pricing.basket": 0.2,
            "pricing.tolerance": 0.05,
            "pricing.watching": 0.8,
            "pricing.fine": 5.0,
            "pricing.detection": 0.1,
            "pricing.witness": 3.0,
            "pricing.adaptation": 0.5,
            "pricing.pressure": 0.4,
            "pricing.backlash": 0.6,
            "attention.switching_cost": 0.4,
            **changes,
        }
    )
    return run(pricing, society, world, constants, policy, seed)


def table_price(segment, psi, segments=4):
    """The best of the 256 incomes, by trying all."""
    quantiles = income_quantiles().astype(float)
    best, price = -1.0, 0.0
    for q, p in enumerate(quantiles):
        t = (q + 0.5) / 256
        within = min(1.0, max(0.0, segment + 1 - segments * t))
        profit = (p - 0.1) * (psi * within + (1 - psi) * (1 - t))
        if profit > best * (1 + 1e-6):
            best, price = profit, p
    return price


def prices_by_hand(portability=0.0, ban=0.0):
    monopoly = table_price(0, 0.0)
    common = np.array(
        [0.7 * monopoly + 0.3 * min(monopoly, 0.1 + 1 / (3.0 * (1 - s))) for s in USERS]
    )
    personal = np.zeros((4, 2))
    for i, k in np.ndindex(4, 2):
        j = USES[i, k]
        table = table_price(int(RANK[i] * 4), 1.0) if KNOWN[i, k] else monopoly
        offer = 0.1 + (0.4 * (1 - portability) + LEAD[i, k]) / 3.0
        band = 10 * (1 - ban) ** 3
        raw = 0.7 * table + 0.3 * min(table, offer)
        personal[i, k] = min(max(raw, common[j] - band), common[j] + band)
    price = np.maximum(common[USES] + D[USES] * (personal - common[USES]), 0.1)
    return common, np.maximum(personal, 0.1), price


@pytest.mark.parametrize(("portability", "ban"), [(0.0, 0.0), (0.8, 0.0), (0.0, 0.8), (0.0, 1.0)])
def test_prices_sales_and_surplus_by_hand(portability, ban):
    after = make(levers(portability=portability, pricing_ban=ban))
    common, personal, price = prices_by_hand(portability, ban)
    close(after.flows.common_price, common, rtol=1e-4)
    close(after.flows.price, price, rtol=1e-4)
    activity = 0.2 * ATTENTION * ONLINE[:, None]
    revenue, surplus, plain = np.zeros(3), np.zeros(4), np.zeros(4)
    at_personal, at_common = np.zeros(3), np.zeros(3)
    for i, k in np.ndindex(4, 2):
        j = USES[i, k]
        if INCOME[i] >= price[i, k]:
            revenue[j] += activity[i, k] * (price[i, k] - 0.1) / 4
            surplus[i] += activity[i, k] * (INCOME[i] - price[i, k])
        if INCOME[i] >= common[j]:
            at_common[j] += activity[i, k] * (common[j] - 0.1) / 4
            plain[i] += activity[i, k] * (INCOME[i] - common[j])
        if INCOME[i] >= personal[i, k]:
            at_personal[j] += activity[i, k] * (personal[i, k] - 0.1) / 4
    close(after.flows.revenue, revenue, rtol=1e-4)
    close(after.flows.surplus, surplus, rtol=1e-4)
    close(after.flows.common_surplus, plain, rtol=1e-4)
    close(after.flows.pricing_gain, at_personal / at_common - 1, rtol=1e-3, atol=1e-5)


def test_what_is_seen_and_what_is_done_about_it_by_hand():
    after = make()
    _, _, price = prices_by_hand()
    noticed = np.zeros((4, 2))
    for i, k in np.ndindex(4, 2):
        friend = FRIEND[i]
        for slot in range(2):
            if friend >= 0 and USES[friend, slot] == USES[i, k]:
                over = price[i, k] / price[friend, slot] - 1 - 0.05
                noticed[i, k] += 0.8 * ATTENTION[i, k] * max(0.0, over)
    assert noticed.any()
    close(after.flows.unfair, np.clip(noticed.sum(axis=1), 0, 1), rtol=1e-4)
    seen, aware = np.zeros(3), np.zeros(3)
    for i, k in np.ndindex(4, 2):
        seen[USES[i, k]] += noticed[i, k] / 4
        aware[USES[i, k]] += ATTENTION[i, k] * AWARE[i] / 4
    seen, aware = seen / USERS, aware / USERS
    caught = 1 - 0.9 * np.exp(-3.0 * seen)
    pursued = np.array([0.2, 0.08, 0.14])
    revenue, gain = np.asarray(after.flows.revenue), np.asarray(after.flows.pricing_gain)
    average = (USERS * D).sum()
    push = gain - 5.0 * pursued * caught - 0.6 * aware + 0.4 * (average - D)
    logit = np.log(D / (1 - D)) + np.clip(0.5 * push, -2, 2)
    close(after.firms.discrimination, np.clip(1 / (1 + np.exp(-logit)), 0.01, 0.99), rtol=1e-3)
    fines = np.minimum(5.0 * pursued * caught * D * revenue, [0.0005, 0.15, 0.2])
    close(after.flows.fines, fines, rtol=1e-3)


def test_off_one_segment_without_rivalry_is_one_price():
    """d (P - p0) = 0 for everyone; the same at a full ban of personal prices."""
    after = make(
        **{"pricing.segments": 1.0, "pricing.rivalry": 0.0}, stocks={"firms.discrimination": 1.0}
    )
    close(after.flows.price, np.asarray(after.flows.common_price)[USES], rtol=1e-5)
    banned = make(levers(pricing_ban=1.0), stocks={"firms.discrimination": 1.0})
    close(banned.flows.price, np.asarray(banned.flows.common_price)[USES], rtol=1e-5)


def test_no_adaptation_no_change_of_practice():
    close(make(**{"pricing.adaptation": 0.0}).firms.discrimination, D, rtol=1e-5)


def test_nobody_sells_below_cost():
    after = make(**{"pricing.rivalry": 1.0, "pricing.price_weight": 10.0})
    assert np.min(after.flows.price) >= 0.1


def test_the_dead_set_no_price_and_the_offline_buy_nothing():
    after = make(stocks={"organizations.alive": [1, 1, 0, 1, 1, 1]})
    assert np.isnan(after.flows.common_price[0])
    assert after.firms.discrimination[0] == 0.0
    assert not np.isnan(np.asarray(after.flows.surplus)).any()


def test_comparing_tells_only_of_the_same_firm():
    """Kin who use other firms, or nobody, see nothing."""
    apart = np.array([[0, 1], [2, 2], [0, 1], [2, 2]])
    after = make(stocks={"citizens.uses": apart})
    assert after.flows.unfair[0] == 0.0
    assert after.flows.unfair[3] == 0.0
    unwatched = make(**{"pricing.watching": 0.0})
    assert not unwatched.flows.unfair.any()


def test_rivals_end_what_a_firm_gains_by_personal_prices():
    """All offers compared and no lead: everyone pays little above cost, whoever they are."""
    after = make(
        **{"pricing.rivalry": 1.0, "attention.switching_cost": 0.0},
        stocks={"firms.discrimination": 1.0},
    )
    lead = LEAD / 3.0
    expected = np.maximum(0.1 + lead, 0.1)
    found = np.asarray(after.flows.price)
    assert (found <= np.maximum(expected, 0.1) + 1e-5).all()
