"""Law: a first-order lag behind technology; regulators in a race; firms that move."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from datapolis.mechanisms import law
from tests.helpers import changed, close, hand_society, hand_world, levers, parameters, run

FLOWS = {
    "harm": [0.1, 0.0, 0.2, 0.05],
    "unfair": [0.0, 0.1, 0.0, 0.05],
    "capture": 0.2,
}


def regions_world(regions, national=None, firms=3):
    citizens = 4 * regions
    return hand_world(
        citizens=citizens,
        region=np.arange(citizens) // 4,
        regions=regions,
        firms=firms,
        national=national,
    )


def made(world, stocks=None, **flows):
    regions = world.sizes.regions
    everywhere = {
        "harm": np.tile(FLOWS["harm"], regions),
        "unfair": np.tile(FLOWS["unfair"], regions),
        "capture": FLOWS["capture"],
        "competence": np.tile([0.4, 0.5, 0.6], (regions, 1)),
    }
    return hand_society(world, stocks or {}, **{**everywhere, **flows})


def test_one_month_by_hand():
    world = regions_world(2)
    awareness, awake = [0.1, 0.5, 0.9, 0.3], [False, True, False, True]
    society = made(
        world,
        {
            "technology": 0.6,
            "regions.law": [0.1, 0.5],
            "regions.enforcement": [0.3, 0.2],
            "citizens.awareness": np.tile(awareness, 2),
            "citizens.awake": np.tile(awake, 2),
        },
    )
    constants = parameters({"law.growth_weight": 0.3, "law.mobility": 1.5, "law.lag": 24.0})
    after = run(law, society, world, constants)
    harm, unfair = np.mean(FLOWS["harm"]), np.mean(FLOWS["unfair"])
    voice = np.mean([a * (1.0 if w else 0.5) for a, w in zip(awareness, awake, strict=True)])
    demand = 0.2 + harm + unfair + voice
    close(after.flows.demand, [demand, demand])
    close(after.regions.law, [0.1 + demand / 24 * 0.5, 0.5 + demand / 24 * 0.1])
    weights = np.exp(-1.5 * np.array([0.3, 0.2]))
    share = weights / weights.sum()
    strictness = 2.0 * (0.1 + harm + unfair + np.mean(awareness))
    race = 0.3 * 1.5 * 2 * share * (1 - share) / strictness
    close(after.flows.race, race)
    capacity = 0.3 + 0.7 * 0.4
    close(after.flows.capacity, [capacity, capacity])
    wanted = (1 - race) * (1 - 0.2) * capacity
    before = np.array([0.3, 0.2])
    close(after.regions.enforcement, before + 0.05 * (wanted - before))


def test_the_race_is_the_regulators_first_order_condition():
    """Maximise -(h/2)(1 - e)^2 + g R s_r(e): e = 1 - g k R s (1 - s) / h at today's s."""
    regions, mobility, growth = 3, 0.8, 0.3
    world = regions_world(regions)
    constants = parameters(
        {"law.growth_weight": growth, "law.mobility": mobility, "power.capture": 0.0}
    )
    society = made(world, {"citizens.awareness": 0.5}, capture=0.0)
    grievance = np.mean(FLOWS["harm"]) + np.mean(FLOWS["unfair"])
    strictness = 2.0 * (0.1 + grievance + 0.5)

    def regulator(enforcement, others):
        share = np.exp(-mobility * enforcement)
        share = share / (share + (regions - 1) * np.exp(-mobility * others))
        return -(strictness / 2) * (1 - enforcement) ** 2 + growth * regions * share

    # the symmetric equilibrium, found by best replies; there the formula's s is the regulator's own
    held = 0.5
    for _ in range(50):
        held = minimize_scalar(
            lambda e, held=held: -regulator(e, held), bounds=(0, 1), method="bounded"
        ).x
    alike = changed(society, {"regions.enforcement": held})
    race = run(law, alike, world, constants).flows.race
    close(1 - np.asarray(race), [held] * regions, rtol=1e-3)


@pytest.mark.parametrize("growth", [0.3, 5.0])
def test_one_region_has_no_race(growth):
    world = regions_world(1)
    constants = parameters({"law.growth_weight": growth, "law.mobility": 4.0})
    assert np.array_equal(run(law, made(world), world, constants).flows.race, [0.0])


def test_the_race_grows_with_the_number_of_regions():
    race = []
    for regions in (1, 2, 3, 6):
        world = regions_world(regions)
        race.append(float(np.mean(run(law, made(world), world).flows.race)))
    assert race == sorted(race)
    close(np.array(race) / race[-1], [0, 0.5 / (5 / 6), (2 / 3) / (5 / 6), 1], rtol=1e-4)


def test_off_no_growth_weight_no_capture_full_capacity_reach_full_enforcement():
    world = regions_world(3)
    society = made(world, capture=0.0)
    off, policy = parameters({"law.growth_weight": 0.0}), levers(enforcement_capacity=1.0)
    for _ in range(300):
        society = run(law, society, world, off, policy)
    close(society.regions.enforcement, [1.0] * 3, rtol=1e-4)


def test_coordination_ends_the_race_and_inspectors_add_capacity():
    world = regions_world(3)
    society = made(world)
    assert np.array_equal(
        run(law, society, world, policy=levers(regional_coordination=1.0)).flows.race, [0.0] * 3
    )
    capacity = run(law, society, world, policy=levers(enforcement_capacity=1.0)).flows.capacity
    close(capacity, [1.0] * 3)


def test_exponential_technology_leaves_law_behind_by_the_known_ratio():
    """With demand 1, L / T = 1 / (1 + tau (e^g - 1)): .44833 at g = .05, tau = 24 (O52)."""
    world = regions_world(1)
    society = made(world, {"regions.law": 0.0}, harm=np.ones(4), unfair=np.zeros(4))
    constants = parameters({"law.lag": 24.0})
    frontier = 1e-6
    for _ in range(270):
        society = run(law, changed(society, {"technology": frontier}), world, constants)
        ratio = float(society.regions.law[0]) / (frontier * np.exp(0.05))
        frontier *= np.exp(0.05)
    close(ratio, 1 / (1 + 24 * (np.exp(0.05) - 1)), rtol=1e-3)
    close(1 / (1 + 24 * (np.exp(0.05) - 1)), 0.44833, rtol=1e-4)


def test_linear_technology_leaves_law_behind_by_a_constant():
    """With demand 1 the gap goes to g tau after the month's step of technology (O52)."""
    world = regions_world(1)
    society = made(world, {"regions.law": 0.0}, harm=np.ones(4), unfair=np.zeros(4))
    constants = parameters({"law.lag": 24.0})
    for month in range(400):
        society = run(law, changed(society, {"technology": 0.002 * month}), world, constants)
    gap = 0.002 * 400 - float(society.regions.law[0])
    close(gap, 0.002 * 24, rtol=1e-3)


def test_legislation_speed_shortens_the_lag_and_law_never_passes_technology():
    world = regions_world(1)
    society = made(world, {"technology": 0.8, "regions.law": 0.2})
    slow = run(law, society, world).regions.law[0]
    fast = run(law, society, world, policy=levers(legislation_speed=1.0)).regions.law[0]
    close((fast - 0.2) / (slow - 0.2), 5.0, rtol=1e-4)
    furious = made(world, {"technology": 0.8}, harm=np.ones(4))
    after = run(law, furious, world, parameters({"law.lag": 1.0}), levers(legislation_speed=1.0))
    close(after.regions.law, [0.8])


def test_firms_move_to_where_they_are_enforced_less_and_nobody_else_moves():
    firms = 4000
    national = np.zeros(firms + 3, bool)
    national[2 : 2 + firms // 2] = True
    world = regions_world(3, national=national, firms=firms)
    enforcement = np.array([0.1, 0.4, 0.8])
    society = made(world, {"regions.enforcement": enforcement})
    constants = parameters({"law.move": 1.0, "law.mobility": 0.7})
    region = np.asarray(run(law, society, world, constants).organizations.region)
    assert not region[:2].any()  # agencies
    assert not region[2 : 2 + firms // 2].any()  # national firms
    assert region[-1] == 0  # the association
    found = np.bincount(region[2 + firms // 2 : 2 + firms], minlength=3) / (firms / 2)
    expected = np.exp(-4 * 0.7 * enforcement) / np.exp(-4 * 0.7 * enforcement).sum()
    close(found, expected, rtol=0, atol=4 * np.sqrt(0.25 / (firms / 2)))
    still = run(law, society, world, parameters({"law.move": 0.0})).organizations.region
    assert not np.asarray(still).any()
