"""Chains of mechanisms, and single ones in limits, against models whose answer is known.

Oracles of one mechanism alone stand with it in tests/mechanisms. What the month's form cannot be
brought to is said there: its tastes last (O18 holds for one choice, not month by month), trust
follows a mean month (O30's stationary mean, not its fluctuation), kin's data reveal rho^2 of what
is held (O31's leading term, not its two-sided 2 / (4 - rho^2)).
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from datapolis.mechanisms import attention, collection, rumours, trust
from tests.helpers import (
    changed,
    close,
    hand_society,
    hand_world,
    parameters,
    repeat,
    run,
)

# --- awakening (O41) ----------------------------------------------------------------------------


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
    constants = parameters({"trust.threshold": 0.5, "trust.threshold_spread": 0.2})
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
    """Normal thresholds of mean .25 jump at spread .12222 (O41): between .115 and .135."""
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
