"""Trust, awareness and awakening: Bush and Mosteller's operator, Granovetter's thresholds."""

import numpy as np
import pytest

from datapolis.model.mechanisms import trust
from tests.helpers import close, hand_society, hand_world, parameters, run

PLAIN = {  # no experience at all
    "surplus": [0.0] * 3,
    "online": [0.5] * 3,
    "attention": [[0.5, 0.5]] * 3,
    "known": [[0.0, 0.0]] * 3,
    "unfair": [0.0] * 3,
    "harm": [0.0] * 3,
}
TIRELESS = {"trust.weariness": 0.0, "trust.threshold": 0.5, "trust.example": 1.0}
STRONG, WEAK = [[1, 2], [0, 2], [0, 1]], [[-1], [-1], [0]]


@pytest.fixture(scope="module")
def world():
    return hand_world(reluctance=[-1.0, 0.5, 3.0], strong=STRONG, weak=WEAK)


def test_one_month_by_hand(world):
    attention, known = [[0.7, 0.3], [1.0, 0.0], [0.5, 0.5]], [[0.4, 0.2], [0.8, 0.9], [0.0, 0.6]]
    surplus, online = [0.01, 0.2, 0.0], [0.5, 0.8, 0.0]
    unfair, harm = [0.0, 0.2, 0.1], [0.3, 0.0, 0.05]
    spreading, aware, before = [0, 1, 0], [0.1, 0.5, 0.9], [0.6, 0.3, 0.9]
    society = hand_society(
        world,
        {
            "citizens.trust": before,
            "citizens.awareness": aware,
            "citizens.rumour": [0, 1, 2],
            "citizens.rights": [[0.5, 0, 0, 0], [0.2, 0, 0, 0], [0.0, 0, 0, 0]],
        },
        surplus=surplus,
        online=online,
        attention=attention,
        known=known,
        unfair=unfair,
        harm=harm,
    )
    constants = parameters(
        {
            "pricing.basket": 0.1,
            "trust.gain": 0.03,
            "trust.unfair_loss": 0.4,
            "trust.harm_loss": 0.8,
            "trust.rumour_loss": 0.05,
            "trust.unfair_lesson": 0.1,
            "trust.harm_lesson": 0.2,
            "trust.known_lesson": 0.02,
            "trust.awareness_decay": 0.03,
        }
    )
    after = run(trust, society, world, constants)
    know = [0.5, 0.2, 0.0]
    for i in range(3):
        good = min(1.0, surplus[i] / (0.1 * online[i])) if online[i] else 0.0
        good += 0.5 * sum(a * p for a, p in zip(attention[i], known[i], strict=True))
        bad = 0.4 * unfair[i] + 0.8 * harm[i] + 0.05 * spreading[i]
        close(after.flows.good[i], good)
        close(after.citizens.trust[i], before[i] + 0.03 * good * (1 - before[i]) - bad * before[i])
        lesson = 5 * 0.1 * unfair[i] + 0.2 * harm[i] + 0.02 * know[i]
        close(after.citizens.awareness[i], aware[i] + (1 - aware[i]) * lesson - 0.03 * aware[i])


def test_awakening_by_hand(world):
    """Thresholds .3, .6, 1.1; rights .25 and what is seen among two strong and one weak tie."""
    society = hand_society(
        world,
        {"citizens.rights": 0.25, "citizens.awake": [True, False, True]},
        **PLAIN,
    )
    after = run(trust, society, world, parameters(TIRELESS))
    # strong ties awake: 1/2, 1, 1/2; weak: none, none, 1
    met = [0.25 + 1 / 3, 0.25 + 2 / 3, 0.25 + (2 * 0.5 + 1) / 3]
    assert list(after.citizens.awake) == [met[0] >= 0.3, met[1] >= 0.6, met[2] >= 1.1]
    assert list(after.citizens.awake) == [True, True, False]  # the third falls asleep again


@pytest.mark.parametrize("margin", [-0.01, 0.01])
def test_strong_ties_count_twice(margin):
    """Awake by so little, asleep by so little: rights .25 and .6 (2 strong + weak) / 3."""
    met = 0.25 + 0.6 * np.array([2 * 0.5, 2 * 1.0, 2 * 0.5 + 1]) / 3
    world = hand_world(reluctance=met + margin, strong=STRONG, weak=WEAK)
    stocks = {"citizens.rights": 0.25, "citizens.awake": [True, False, True]}
    constants = {"trust.threshold": 0.0, "trust.threshold_spread": 1.0, "trust.example": 0.6}
    constants = {**TIRELESS, **constants}
    after = run(trust, hand_society(world, stocks, **PLAIN), world, parameters(constants))
    assert list(after.citizens.awake) == [margin < 0] * 3


def test_off_without_example_only_rights_awaken(world):
    society = hand_society(world, {"citizens.rights": 0.25, "citizens.awake": True}, **PLAIN)
    alone = {**TIRELESS, "trust.example": 0.0, "trust.threshold": 0.4}
    after = run(trust, society, world, parameters(alone))
    assert list(after.citizens.awake) == [True, False, False]


def test_the_awake_tire_at_their_rate_and_the_sleeping_do_not():
    """Everybody would be awake: of those who were a share `weariness` tires, of the others none."""
    many = 20_000
    world = hand_world(citizens=many, strong=np.full((many, 1), -1), weak=np.full((many, 1), -1))
    flows = {name: np.repeat(np.asarray(value)[:1], many, 0) for name, value in PLAIN.items()}
    awake = np.arange(many) < many / 2
    society = hand_society(world, {"citizens.rights": 1.0, "citizens.awake": awake}, **flows)
    constants = parameters({"trust.threshold_spread": 0.0, "trust.weariness": 0.2})
    after = np.asarray(run(trust, society, world, constants).citizens.awake)
    assert after[~awake].all()
    close(after[awake].mean(), 0.8, rtol=0, atol=4 * np.sqrt(0.2 * 0.8 / (many / 2)))


def test_gain_by_hand(world):
    """Surplus, and service and harm by their weights; service is time where one is known."""
    harm = {"harm": [0.1, 0.0, 0.3], "surplus": [0.02, 0.0, 0.01], "known": [[0.4, 0.2]] * 3}
    society = hand_society(world, {}, **{**PLAIN, **harm})
    constants = parameters({"welfare.service": 0.04, "welfare.harm": 0.25})
    after = run(trust, society, world, constants)
    close(after.flows.service, [0.5 * 0.3] * 3)
    close(
        after.flows.gain, 0.04 * 0.15 + np.array([0.02, 0.0, 0.01]) - 0.25 * np.array([0.1, 0, 0.3])
    )


def test_off_without_losses_trust_never_falls(world):
    off = {"trust.unfair_loss": 0.0, "trust.harm_loss": 0.0, "trust.rumour_loss": 0.0}
    bad = {**PLAIN, "unfair": [1.0] * 3, "harm": [1.0] * 3}
    society = hand_society(world, {"citizens.rumour": 1}, **bad)
    after = run(trust, society, world, parameters(off))
    close(after.citizens.trust, [0.6] * 3)


def test_the_worst_month_takes_all_trust_but_no_more(world):
    worst = {**PLAIN, "unfair": [1.0] * 3, "harm": [1.0] * 3}
    society = hand_society(world, {"citizens.rumour": 1, "citizens.awareness": 1.0}, **worst)
    constants = parameters({"trust.unfair_loss": 0.9, "trust.harm_loss": 1.0})
    after = run(trust, society, world, constants)
    close(after.citizens.trust, [0.0] * 3)
    assert np.all((after.citizens.awareness >= 0) & (after.citizens.awareness <= 1))


@pytest.mark.parametrize(("gain", "loss"), [(0.02, 0.3), (0.05, 0.2)])
def test_trust_settles_where_the_linear_operator_says(world, gain, loss):
    """Good at rate g, bad at rate b on average: trust = g / (g + b), O30 in the mean."""
    share_good = 0.9  # of months; the rest are unfair. Here every month is the mean month
    society = hand_society(
        world,
        {},
        **{
            **PLAIN,
            "surplus": [0.1 * 0.5 * share_good] * 3,
            "unfair": [1 - share_good] * 3,
        },
    )
    constants = parameters({"pricing.basket": 0.1, "trust.gain": gain, "trust.unfair_loss": loss})
    for _ in range(400):
        society = run(trust, society, world, constants)
    expected = share_good * gain / (share_good * gain + (1 - share_good) * loss)
    close(society.citizens.trust, [expected] * 3, rtol=1e-3)


def test_awareness_settles_where_lessons_and_fading_say(world):
    society = hand_society(world, {"citizens.rights": 0.0}, **{**PLAIN, "harm": [0.2] * 3})
    constants = parameters({"trust.harm_lesson": 0.25, "trust.awareness_decay": 0.05})
    for _ in range(200):
        society = run(trust, society, world, constants)
    close(society.citizens.awareness, [0.05 / (0.05 + 0.05)] * 3, rtol=1e-3)


def test_time_online_zero_is_no_experience(world):
    society = hand_society(world, {}, **{**PLAIN, "online": [0.0] * 3})
    after = run(trust, society, world)
    close(after.citizens.trust, [0.6] * 3)
    close(after.flows.good, [0.0] * 3)
