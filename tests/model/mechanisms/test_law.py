"""Law: a first-order lag behind technology; regulators in a race; firms that move."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from datapolis.model.mechanisms import law
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
    race = 0.3 * 1.5 * share * (1 - share) / strictness
    close(after.flows.race, race)
    capacity = 0.3 + 0.7 * 0.4
    close(after.flows.capacity, [capacity, capacity])
    wanted = (1 - race) * (1 - 0.2) * capacity
    before = np.array([0.3, 0.2])
    close(after.regions.enforcement, before + 0.05 * (wanted - before))


def nash(weight, pull, mobility, regions):
    """Strictness at which no regulator does better alone, found by best replies.

    Each maximises -(weight/2)(1 - e)^2 + pull s_r(e) over 0..1, s = softmax of -mobility e; the
    best of a grid first, for the payoff may have two peaks.
    """
    weight = np.broadcast_to(weight, regions)
    held, grid = np.full(regions, 0.5), np.linspace(0.0, 1.0, 201)
    for _ in range(200):
        before = held.copy()
        for one in range(regions):

            def loss(enforcement, one=one):
                others = np.exp(-mobility * np.delete(held, one)).sum()
                share = 1 / (1 + others * np.exp(mobility * enforcement))
                return weight[one] / 2 * (1 - enforcement) ** 2 - pull * share

            best = grid[np.argmin(loss(grid))]
            bounds = (max(best - 0.01, 0.0), min(best + 0.01, 1.0))
            held[one] = minimize_scalar(
                loss, bounds=bounds, method="bounded", options={"xatol": 1e-9}
            ).x
        if np.abs(held - before).max() < 1e-9:
            break
    return held


@pytest.mark.parametrize(("regions", "rests"), [(1, 1.0), (2, 0.5), (3, 5 / 9), (4, 0.625)])
def test_the_race_rests_where_the_game_of_regions_does(regions, rests):
    """F34 with g k / h = 2: strictness 1, .5, .625 in a game of one, two, four regions."""
    close(nash(1.0, 2.0, 1.0, regions), [rests] * regions, rtol=1e-5)
    world = regions_world(regions)
    constants = parameters({"law.strictness_weight": 1.0, "law.growth_weight": 0.25})
    society = made(world, harm=np.zeros(4 * regions), unfair=np.zeros(4 * regions), capture=0.0)
    society = changed(society, {"citizens.awareness": 0.025, "regions.enforcement": rests})
    close(run(law, society, world, constants).flows.race, [1 - rests] * regions)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("regions", [2, 3, 5, 8])
def test_the_race_is_the_first_order_condition_of_its_game(regions, scale):
    """In both rival forms and between them: 1 - race is the equilibrium found by best replies."""
    growth, mobility, weight = 0.3, 0.8, 0.5
    world = regions_world(regions)
    constants = parameters(
        {
            "law.growth_weight": growth,
            "law.mobility": mobility,
            "law.growth_scale": scale,
            "law.strictness_weight": weight,
        }
    )
    society = made(world, {"citizens.awareness": 0.5}, capture=0.0)
    grievance = np.mean(FLOWS["harm"]) + np.mean(FLOWS["unfair"])
    held = nash(weight * (0.6 + grievance), growth * regions**scale, mobility, regions)
    assert (held > 0.1).all() and (held < 0.95).all()
    race = run(law, changed(society, {"regions.enforcement": held}), world, constants).flows.race
    close(1 - np.asarray(race), held, rtol=1e-4)


def test_regions_that_differ_rest_where_none_does_better_alone():
    """Three regions with other grievances, full capacity: months lead to the game's equilibrium."""
    world = regions_world(3)
    harm = np.repeat([0.0, 0.2, 0.5], 4)
    society = made(world, {"citizens.awareness": 0.3}, harm=harm, unfair=np.zeros(12), capture=0.0)
    constants = parameters({"law.growth_weight": 1.2, "law.mobility": 0.8})
    for _ in range(300):
        society = run(law, society, world, constants, levers(enforcement_capacity=1.0))
    found = np.asarray(society.regions.enforcement, float)
    weights = 2.0 * (0.4 + np.array([0.0, 0.2, 0.5]))
    held = nash(weights, 1.2, 0.8, 3)
    assert np.ptp(held) > 0.1
    close(found, held, rtol=1e-3)


@pytest.mark.parametrize("growth", [0.3, 5.0])
def test_one_region_has_no_race(growth):
    world = regions_world(1)
    constants = parameters({"law.growth_weight": growth, "law.mobility": 4.0})
    assert np.array_equal(run(law, made(world), world, constants).flows.race, [0.0])


@pytest.mark.parametrize(("scale", "times"), [(0.0, [0, 1, 8 / 9, 3 / 4, 5 / 9]),
                                              (1.0, [0, 1, 4 / 3, 3 / 2, 5 / 3])])  # fmt: skip
def test_what_the_number_of_regions_does_is_a_matter_of_form(scale, times):
    """Alike regions: race goes as R^x (R - 1)/R^2; hardest between two if x = 0, growing if 1."""
    race = []
    for regions in (1, 2, 3, 4, 6):
        world, constants = regions_world(regions), parameters({"law.growth_scale": scale})
        race.append(float(np.mean(run(law, made(world), world, constants).flows.race)))
    close(np.array(race) / race[1], times, rtol=1e-4, atol=1e-7)


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
