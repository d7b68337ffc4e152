"""The world: generated, read from columns, rewired."""

import jax
import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.model.world import World
from tests.helpers import close, leaves


@pytest.fixture(scope="module")
def world():
    return World.generate(3000, seed=1, regions=4, departments=3, firms=20, associations=10)


def mutual(ties):
    """Every tie has a way back, as often as it stands."""
    ties = np.asarray(ties)
    here = np.repeat(np.arange(len(ties)), ties.shape[1])
    one = np.sort(here * len(ties) + ties.ravel())
    other = np.sort(ties.ravel() * len(ties) + here)
    return np.array_equal(one, other)


def test_sizes_and_places(world):
    sizes = world.sizes
    assert (sizes.agencies, sizes.firms, sizes.associations) == (15, 24, 10)
    assert sizes.organizations == 49
    sector = np.asarray(world.organizations.sector)
    for number, part in enumerate(sizes.sectors):
        assert (sector[part] == number).all()
    assert np.asarray(world.endowment.alive).sum() == 45
    assert np.asarray(world.organizations.national)[::5][:3].all()  # central agencies
    assert not np.asarray(world.organizations.national)[1:5].any()


def test_incomes_are_lognormal_of_mean_one(world):
    income, rank = np.asarray(world.citizens.income), np.asarray(world.citizens.rank)
    close(income.mean(), 1.0, rtol=0.01)
    close(np.log(income).std(), 0.6, rtol=0.01)
    assert np.array_equal(np.argsort(income), np.argsort(rank))
    quantiles = np.asarray(world.income_quantiles)
    close(np.quantile(income, (np.arange(256) + 0.5) / 256), quantiles, rtol=0.05)


def test_kin_are_eight_mutual_and_near(world):
    strong, region = np.asarray(world.citizens.strong), np.asarray(world.citizens.region)
    assert strong.shape == (3000, 8)
    assert mutual(strong)
    assert not (strong == np.arange(3000)[:, None]).any()
    assert (region[strong] == region[:, None]).all()
    near = np.abs(strong - np.arange(3000)[:, None]) <= 4
    assert near.mean() > 0.9


def test_strangers_are_mutual_and_anywhere(world):
    weak, region = np.asarray(world.citizens.weak), np.asarray(world.citizens.region)
    assert mutual(weak)
    assert not (weak == np.arange(3000)[:, None]).any()
    close((region[weak] != region[:, None]).mean(), 0.75, rtol=0, atol=0.03)


@pytest.mark.parametrize("seed", [0, 201, 202])
def test_kin_are_mutual_in_small_and_much_rewired_worlds(seed):
    """Chance sometimes sends two neighbours' rewired ties to themselves (as in seed 201)."""
    world = World.generate(
        100, seed=seed, regions=1, departments=1, firms=4, associations=1, rewired=0.3
    )
    strong = np.asarray(world.citizens.strong)
    assert ((strong >= 0) & (strong < 100)).all()
    assert mutual(strong)
    assert not (strong == np.arange(100)[:, None]).any()


def test_peers_are_other_agencies(world):
    peers, department = (
        np.asarray(world.organizations.peers),
        np.asarray(world.organizations.department),
    )
    for agency, row in enumerate(peers):
        mine = row[row >= 0]
        assert agency not in mine
        assert len(set(mine)) == len(mine)
        assert (department[mine] == department[agency]).sum() >= 3


def test_the_same_seed_is_the_same_world_and_another_another():
    one, two, three = (World.generate(200, seed=seed, firms=6) for seed in (1, 1, 2))
    for name, value in leaves(one).items():
        assert np.array_equal(value, leaves(two)[name], equal_nan=True)
    assert not np.array_equal(one.citizens.income, three.citizens.income)


def test_rewiring_turns_kin_into_strangers_at_the_same_degree(world):
    assert np.array_equal(world.rewire(0.0).citizens.strong, world.citizens.strong)
    for share in (0.3, 1.0):
        strong = np.asarray(world.rewire(share).citizens.strong)
        assert mutual(strong)
        near = np.abs(strong - np.arange(3000)[:, None]) <= 4
        assert near.mean() < 0.97 * (1 - share) + 0.02
    assert world.rewire(0.5).citizens.weak is world.citizens.weak
    with pytest.raises(InputError, match="0 to 1"):
        world.rewire(1.2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"citizens": 10}, "citizens"),
        ({"firms": 2}, "firms"),
        ({"firms": 10, "firm_places": 5}, "firm_places"),
        ({"regions": 0}, "regions"),
        ({"slots": 17}, "slots|firms"),
    ],
)
def test_impossible_sizes_are_explained(arguments, says):
    with pytest.raises(InputError, match=says):
        World.generate(**{"citizens": 200, **arguments})


# --- from tables --------------------------------------------------------------------------------

ORGANIZATIONS = {
    "name": ["Tax", "Health", "A", "B", "C", "D", "Club"],
    "sector": ["government", "government", "market", "market", "market", "market", "social"],
    "data": [3.0, 1.0, 6.0, 3.0, 1.0, np.nan, 1.0],
    "reach": [np.nan, np.nan, 50.0, 30.0, 20.0, np.nan, np.nan],
    "openness": [1.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0],
}


def tables(**more):
    return (
        World.from_tables(organizations=ORGANIZATIONS, citizens=200, regions=2, **more)
        if "incomes" not in more
        else World.from_tables(organizations=ORGANIZATIONS, regions=2, citizens=200, **more)
    )


def test_measured_organizations_come_first_with_what_was_measured():
    world = tables()
    sizes = world.sizes
    assert (sizes.agencies, sizes.associations) == (6, 1)
    assert world.names[0] == "Tax"
    assert world.names[1] == "Tax (region 1)"
    assert world.names[sizes.agencies] == "A"
    data = np.asarray(world.endowment.data)
    close(data[:6], np.array([0.75] * 3 + [0.25] * 3) / 3)  # of 1, a department's three agencies
    close(data[6:9], 0.75 * 0.02 * np.array([0.6, 0.3, 0.1]))  # three of four firms are measured
    assert np.isnan(data[9])
    close(world.endowment.reach[:3], [50, 30, 20])
    close(np.asarray(world.organizations.openness)[:6], [0.5] * 3 + [1.5] * 3)


def test_ties_go_both_ways_and_keep_the_strongest():
    world = tables(
        ties={"from": ["A", "A", "Tax"], "to": ["B", "C", "A"], "strength": [0.3, 0.9, 0.5]}
    )
    partners, strength = world.endowment.partners, world.endowment.strength
    assert list(np.asarray(partners)[6][:3]) == [8, 0, 7]
    close(np.asarray(strength)[6][:4], [0.9, 0.5, 0.3, 0.0])
    assert list(np.asarray(partners)[7][:2]) == [6, -1]


@pytest.mark.parametrize(
    ("tables_", "says"),
    [
        ({"organizations": {"nme": ["A"], "sector": ["market"]}}, "name"),
        ({"organizations": {"name": ["A"], "sector": ["markt"]}}, "market"),
        ({"organizations": {"name": [], "sector": []}}, "empty"),
        ({"organizations": {"name": ["A", "A"], "sector": ["market"] * 2}}, "twice"),
        ({"organizations": {"name": ["A"], "sector": ["market"], "data": [-1.0]}}, "row 1"),
        ({"ties": {"from": ["A"], "to": ["B"], "strength": [0.1]}}, "organizations"),
    ],
)
def test_bad_tables_are_explained(tables_, says):
    with pytest.raises(InputError, match=says):
        World.from_tables(**tables_)


def test_a_world_goes_through_compiled_code():
    world = World.generate(200, firms=6)
    assert jax.jit(lambda world: world.citizens.income.sum())(world) > 0
