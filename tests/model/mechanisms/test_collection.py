"""Collection: consent, covert taking, and stocks that grow stale."""

import numpy as np
import pytest

from datapolis.model.mechanisms import collection
from tests.helpers import changed, close, hand_society, hand_world, levers, parameters, run

ATTENTION = [[0.6, 0.4], [1.0, 0.0], [0.5, 0.5]]
KNOWN = [[0.3, 0.1], [0.8, 0.0], [0.0, 0.5]]
ONLINE = [0.5, 0.2, 0.8]
USES = [[0, 1], [2, 0], [1, 2]]
AWARE = [0.1, 0.6, 0.3]
LAX = [0.6, 0.2, 0.9]
SHARE = [0.6 / 3, 0.9 / 3, 1.5 / 3]
CONSTANTS = {
    "collection.traces": 0.8,
    "collection.consent": 0.5,
    "collection.covert": 0.7,
    "collection.profile_decay": 0.1,
    "collection.data_decay": 0.05,
    "collection.administration": 0.03,
    "collection.membership": 0.01,
    "attention.personal_help": 1.2,
    "technology.half_reach": 0.35,
}


@pytest.fixture(scope="module")
def world():
    return hand_world(
        region=[0, 1, 1], regions=2, home=[0, 1, 0, 1, 1, 0], national=[0, 0, 0, 0, 1, 0]
    )


def made(world, stocks=None):
    base = {
        "technology": 0.35,
        "citizens.uses": USES,
        "citizens.profile": [[0.5, 0.2], [0.0, 0.3], [0.1, 0.1]],
        "citizens.awareness": AWARE,
        "firms.laxity": LAX,
        "firms.user_share": SHARE,
        "regions.law": [0.4, 0.2],
        "regions.enforcement": [0.5, 0.25],
        "organizations.data": [0.4, 0.5, 0.1, 0.2, 0.3, 0.02],
    }
    return hand_society(
        world, {**base, **(stocks or {})}, attention=ATTENTION, known=KNOWN, online=ONLINE
    )


def logistic(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("privacy", [0.0, 0.6])
def test_one_month_by_hand(world, privacy):
    after = run(collection, made(world), world, parameters(CONSTANTS), levers(privacy_law=privacy))
    law, enforcement = [0.4, 0.2], [0.5, 0.25]
    guard = [(law[r] + (1 - law[r]) * privacy) * enforcement[r] for r in (0, 1)]
    open_, hidden = np.zeros(3), np.zeros(3)
    before = [[0.5, 0.2], [0.0, 0.3], [0.1, 0.1]]
    for i, region in enumerate([0, 1, 1]):
        for k in range(2):
            j, psi = USES[i][k], KNOWN[i][k]
            consent = logistic(0.5 - 3 * privacy + 1.2 * psi - 3 * AWARE[i] * psi)
            offered = 0.8 * ATTENTION[i][k] * ONLINE[i] * (1 - 0.5 * privacy * guard[region])
            secret = offered * (1 - consent) * 0.7 * (1 - guard[region])
            taken = offered * consent + secret * LAX[j]
            close(after.flows.taken[i, k], taken)
            kept = before[i][k] * (1 - 0.1 * (1 + privacy * guard[region]))
            close(after.citizens.profile[i, k], kept + taken)
            open_[j] += offered * consent / 3
            hidden[j] += secret / 3
    lax = np.array(LAX)
    intake = open_ + hidden * lax
    collected = [0.015, 0.015, *intake, 0.01 * 0.5]
    close(after.flows.collected, collected)
    data = np.array([0.4, 0.5, 0.1, 0.2, 0.3, 0.02])
    close(after.organizations.data, 0.95 * data + collected)
    close(after.flows.covert, (hidden * lax).sum() / intake.sum())


def test_laxity_by_hand(world):
    """It pays where quality is made of data; fines, awareness and rivals push it."""
    extra = {"pricing.adaptation": 0.4, "pricing.fine": 6.0, "pricing.detection": 0.1}
    constants = parameters({**CONSTANTS, **extra, "pricing.pressure": 0.5, "pricing.backlash": 0.7})
    after = run(collection, made(world), world, constants)
    guard, pursued = (
        [0.2, 0.05],
        [0.2, 0.05, 0.125],
    )  # at citizens; at firms 0, 1 and the national 2
    open_, hidden, aware = np.zeros(3), np.zeros(3), np.zeros(3)
    for i, region in enumerate([0, 1, 1]):
        for k in range(2):
            j, psi = USES[i][k], KNOWN[i][k]
            consent = logistic(0.5 + 1.2 * psi - 3 * AWARE[i] * psi)
            offered = 0.8 * ATTENTION[i][k] * ONLINE[i]
            open_[j] += offered * consent
            hidden[j] += offered * (1 - consent) * 0.7 * (1 - guard[region])
            aware[j] += ATTENTION[i][k] * AWARE[i] / 3 / SHARE[j]
    # firm 0 sits in region 0, firm 1 in region 1
    pursued = [pursued[0], pursued[1], pursued[2]]
    average = sum(s * x for s, x in zip(SHARE, LAX, strict=True))
    for j in range(3):
        worth = 0.5 * 0.5 * 0.8 * hidden[j] / (open_[j] + hidden[j])
        push = worth - 6.0 * pursued[j] * 0.1 - 0.7 * aware[j] + 0.5 * (average - LAX[j])
        logit = np.log(LAX[j] / (1 - LAX[j])) + 0.4 * push
        close(after.firms.laxity[j], logistic(logit), rtol=1e-4)


def test_off_without_covert_taking_only_consent_counts(world):
    off = parameters({**CONSTANTS, "collection.covert": 0.0})
    after = run(collection, made(world), world, off)
    assert after.flows.covert == 0.0
    lax = changed(made(world), {"firms.laxity": 0.01})
    close(run(collection, lax, world, off).flows.taken, after.flows.taken)


def test_stocks_settle_at_inflow_over_decay_with_the_known_half_life(world):
    """D* = inflow / decay; at decay .05 a gap halves in 13.5134 months (O59)."""
    society = made(world)
    constants = parameters(CONSTANTS)
    society = changed(society, {"organizations.data": 0.0})
    frozen = {"firms.laxity": LAX}
    data = []
    for _ in range(400):
        society = changed(run(collection, society, world, constants), frozen)
        data.append(np.asarray(society.organizations.data))
    inflow = np.asarray(society.flows.collected)
    close(data[-1], inflow / 0.05, rtol=1e-4)
    half = np.log(0.5) / np.log(0.95)
    close(half, 13.5134, rtol=1e-5)
    reached = np.stack(data) / (inflow / 0.05)  # 1 - .95^t
    close(np.interp(0.5, reached[:, 0], np.arange(1, 401)), half, rtol=2e-3)
    taken = np.asarray(society.flows.taken)
    close(society.citizens.profile, taken / 0.1, rtol=1e-4)


def test_opt_in_and_opt_out_differ_by_the_logit(world):
    nobody_known = changed(made(world), {})
    blank = {"attention.personal_help": 0.0, "collection.covert": 0.0}
    aware = {"citizens.awareness": 0.0}
    opened = {}
    for consent in (-1.0, 1.0):
        constants = parameters({**CONSTANTS, **blank, "collection.consent": consent})
        after = run(collection, changed(nobody_known, aware), world, constants)
        opened[consent] = float(np.sum(after.flows.taken))
    close(opened[1.0] / opened[-1.0], np.exp(1.0), rtol=1e-4)  # sigmoid(1) / sigmoid(-1)


def test_nobody_online_and_the_dead_collect_nothing(world):
    society = made(world, {"organizations.alive": [1, 1, 0, 1, 1, 0], "organizations.data": 0.0})
    after = run(collection, society, world, parameters(CONSTANTS))
    assert after.flows.collected[2] == 0.0
    assert after.flows.collected[5] == 0.0
    assert after.firms.laxity[0] == 0.0
    offline = hand_society(
        world, {"citizens.uses": USES}, attention=ATTENTION, known=KNOWN, online=[0.0] * 3
    )
    after = run(collection, offline, world, parameters(CONSTANTS))
    assert not after.flows.taken.any()
    assert after.flows.covert == 0.0
