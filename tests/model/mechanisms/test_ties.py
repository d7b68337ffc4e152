"""Ties: strength follows worth; the weakest gives way to somebody better."""

import numpy as np
import pytest

from datapolis.model.mechanisms import ties
from datapolis.statistics.indicators.ties import giant_component_share
from tests.helpers import (
    changed,
    close,
    hand_society,
    hand_world,
    levers,
    parameters,
    run,
    tie_lists,
)

NO_SEARCH = {"ties.search": 0.0}


def test_strength_by_hand():
    """A dead partner's tie fades, a dead organization's are gone; D over D + the living's mean."""
    world = hand_world()
    data = [0.8, 0.2, 0.4, 0.0, 0.1, 0.1]
    alive = [True, True, True, False, True, True]
    stocks = {
        "technology": 0.35,
        "organizations.data": data,
        "organizations.alive": alive,
        "organizations.skill": [0.2, 0.1, 0.3, 0.0, 0.3, 0.3],
        **tie_lists(6, {0: {2: 0.3, 3: 0.2}, 3: {0: 0.5}, 2: {0: 0.1}}),
    }
    constants = parameters(
        {
            **NO_SEARCH,
            "technology.half_reach": 0.35,
            "exchange.open_government": 0.16,
            "exchange.open_firms": 0.36,
            "ties.adaptation": 0.1,
        }
    )
    after = run(ties, hand_society(world, stocks), world, constants)
    mean = np.mean([0.8, 0.2, 0.4, 0.1, 0.1])
    to_firm = 0.5 * 0.2 * 0.6 * 0.4 / (0.4 + mean)
    to_agency = 0.5 * 0.3 * 0.4 * 0.8 / (0.8 + mean)
    strength = np.asarray(after.organizations.strength)
    close(strength[0, :2], [0.3 + 0.1 * (to_firm - 0.3), 0.2 * 0.9])
    close(strength[2, 0], 0.1 + 0.1 * (to_agency - 0.1))
    assert not strength[3].any()
    assert not after.flows.new_ties.any()


def test_strength_settles_at_worth():
    world = hand_world()
    stocks = {
        "technology": 0.35,
        "organizations.data": 0.2,
        "organizations.skill": 0.3,
        **tie_lists(6, {0: {1: 0.9, 2: 0.0}, 4: {5: 0.5}}),
    }
    constants = parameters({**NO_SEARCH, "technology.half_reach": 0.35, "ties.adaptation": 0.2})
    society = hand_society(world, stocks)
    for _ in range(80):
        society = run(ties, society, world, constants)
    strength = np.asarray(society.organizations.strength)
    worth = 0.5 * 0.3 * np.sqrt([0.15, 0.3, 0.3]) * 0.5
    close([strength[0, 0], strength[0, 1], strength[4, 0]], worth, rtol=1e-4)


def searchers(many=400, **stocks):
    """Associations that all look for a better partner."""
    world = hand_world(agencies=1, firms=1, slots=1, associations=many - 2)
    base = {"technology": 0.9, "organizations.skill": 0.9, "organizations.data": 1.0}
    return world, hand_society(world, {**base, **stocks})


def test_off_no_search_no_new_tie_and_certain_search_ties_everyone():
    world, society = searchers()
    assert not run(ties, society, world, parameters(NO_SEARCH)).flows.new_ties.any()
    sure = parameters({"ties.search": 1.0, "ties.closure": 0.0})
    after = run(ties, society, world, sure)
    new = np.asarray(after.flows.new_ties)
    assert new.mean() > 0.98  # all but those whose candidate is themselves
    partners, strength = np.asarray(after.organizations.partners), after.organizations.strength
    assert np.array_equal((partners >= 0).sum(axis=1), new)
    close(np.asarray(strength)[partners >= 0], np.full(new.sum(), 0.05))


def test_nobody_ties_itself_the_dead_or_a_partner_twice():
    world, society = searchers(60)
    alive = np.ones(60, bool)
    alive[20:40] = False
    society = changed(society, {"organizations.alive": alive})
    constants = parameters({"ties.search": 1.0, "ties.closure": 0.3, "ties.cost": 0.0})
    for seed in range(40):
        society = run(ties, society, world, constants, seed=seed)
    partners = np.asarray(society.organizations.partners)
    for one in range(60):
        mine = partners[one][partners[one] >= 0]
        assert one not in mine
        assert len(set(mine)) == len(mine)
        assert alive[mine].all()
        assert alive[one] or not len(mine)


def test_a_tie_is_replaced_only_for_more_worth_than_it_has():
    """With eight ties at full worth and everyone alike, nobody is better by the cost."""
    world, society = searchers(40)
    rng = np.random.default_rng(0)
    partners = np.stack(
        [rng.permutation(np.delete(np.arange(2, 40), max(i - 2, 0)))[:8] for i in range(40)]
    )
    constants = parameters({"ties.search": 1.0, "ties.closure": 0.0, "ties.cost": 0.02})
    worth = 0.9 / (0.9 + 0.35) * 0.9 * np.sqrt(0.3) * 0.5
    full = changed(society, {"organizations.partners": partners, "organizations.strength": worth})
    data = np.ones(40)
    assert not run(ties, full, world, constants).flows.new_ties[2:].any()
    data[2:20] = 30.0  # now half of them are far better
    richer = changed(full, {"organizations.data": data})
    assert run(ties, richer, world, constants).flows.new_ties.mean() > 0.2


def test_a_candidate_is_judged_by_its_own_worth():
    """Only organization 0 has data: whoever comes upon it is tied to it, and to nobody else."""
    world, society = searchers(50, **{"organizations.data": np.eye(50)[0]})
    constants = parameters({"ties.search": 1.0, "ties.closure": 0.0})
    for seed in range(20):
        society = run(ties, society, world, constants, seed=seed)
    partners = np.asarray(society.organizations.partners)
    assert set(partners.ravel()) == {0, -1}
    assert not (partners[0] == 0).any()
    assert (partners == 0).any(axis=1).sum() > 5


def test_being_hit_spurs_the_search_by_its_factor():
    """search (1 + 5 spur hit): .05 and .05 (1 + 5 .6) = .2, of 4000 organizations each."""
    hit = np.arange(8000) % 2 == 0
    world, society = searchers(8000, **{"organizations.hit": hit})
    constants = parameters({"ties.search": 0.05, "ties.spur": 0.6, "ties.closure": 0.0})
    new = np.asarray(run(ties, society, world, constants).flows.new_ties)
    close(new[hit].mean(), 0.2, rtol=0, atol=4 * np.sqrt(0.2 * 0.8 / 4000))
    close(new[~hit].mean(), 0.05, rtol=0, atol=4 * np.sqrt(0.05 * 0.95 / 4000))
    off = parameters({"ties.search": 0.05, "ties.spur": 0.0, "ties.closure": 0.0})
    new = np.asarray(run(ties, society, world, off).flows.new_ties)
    close(new[hit].mean(), 0.05, rtol=0, atol=4 * np.sqrt(0.05 * 0.95 / 4000))


def test_closure_leads_to_partners_partners():
    """In a circle where each is tied to the next, closure offers only the one after the next."""
    many = 50
    world = hand_world(agencies=1, firms=1, slots=1, associations=many - 2)
    circle = {i: {(i + 1) % many: 0.5} for i in range(many)}
    ring = tie_lists(many, circle)
    ring["organizations.partners"][:, 1:] = ring["organizations.partners"][:, :1]  # drawn for sure
    stocks = {"technology": 0.9, "organizations.skill": 0.9, "organizations.data": 1.0, **ring}
    society = hand_society(world, stocks)
    constants = parameters({"ties.search": 1.0, "ties.closure": 1.0})
    after = run(ties, society, world, constants)
    partners, new = np.asarray(after.organizations.partners), np.asarray(after.flows.new_ties)
    assert new.all()
    for i in range(many):
        assert set(partners[i]) == {(i + 1) % many, (i + 2) % many}


def test_open_data_makes_agencies_worth_a_tie():
    world = hand_world()
    stocks = {"technology": 0.5, **tie_lists(6, {2: {0: 0.1, 3: 0.1}})}
    society = hand_society(world, stocks)
    constants = parameters({**NO_SEARCH, "ties.adaptation": 1.0})
    plain = np.asarray(run(ties, society, world, constants).organizations.strength[2])
    opened = run(ties, society, world, constants, levers(open_data=1.0)).organizations.strength[2]
    close(np.asarray(opened)[:2] / plain[:2], [1 / np.sqrt(0.15), 1.0], rtol=1e-4)


def test_a_community_forms_once_ties_are_worth_it():
    """Random search gives each a few ties: above the threshold of a giant component (F11)."""
    world, society = searchers(300)

    def share(society):
        held = society.organizations
        return float(giant_component_share(held.partners, held.strength, held.alive))

    constants = parameters({"ties.search": 0.5, "ties.closure": 0.0, "ties.adaptation": 0.1})
    assert share(society) < 0.01
    for seed in range(24):
        society = run(ties, society, world, constants, seed=seed)
    assert share(society) > 0.9
    poor = changed(society, {"technology": 0.02})
    for seed in range(60):
        poor = run(ties, poor, world, constants, seed=seed)
    assert share(poor) < 0.05


@pytest.mark.parametrize("frontier", [0.0, 1.0])
def test_strength_stays_a_share(frontier):
    world, society = searchers(50, technology=frontier)
    constants = parameters({"ties.search": 0.5, "ties.adaptation": 0.2})
    for seed in range(20):
        society = run(ties, society, world, constants, seed=seed)
    strength = np.asarray(society.organizations.strength)
    assert strength.min() >= 0.0
    assert strength.max() <= 1.0
