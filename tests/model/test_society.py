"""The society: how it begins, what it refuses, and that nobody's place matters."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.model.society import FlowError, Flows, Society
from datapolis.model.world import World
from tests.helpers import born, changed, close, grown, leaves, parameters, small_world, stages


@pytest.fixture(scope="module")
def society():
    return born(small_world())


def test_totals_by_sector_are_the_endowments(society):
    world = small_world()
    for stock, totals in (("data", (1.0, 0.02, 0.02)), ("wealth", (0.70, 0.25, 0.05))):
        values = getattr(society.organizations, stock)
        close([jnp.sum(values[part]) for part in world.sizes.sectors], totals, rtol=1e-4)


def test_everybody_uses_different_living_firms(society):
    uses = np.asarray(society.citizens.uses)
    alive = np.asarray(society.organizations.alive)[small_world().sizes.market]
    assert alive[uses].all()
    assert all(len(set(row)) == 3 for row in uses)
    close(society.firms.user_share.sum(), 1.0)


def test_the_dead_begin_with_nothing(society):
    dead = ~np.asarray(society.organizations.alive)
    for stock in ("data", "wealth", "skill", "arrivals", "creative", "security"):
        assert not np.asarray(getattr(society.organizations, stock))[dead].any()
    partners = np.asarray(society.organizations.partners)
    assert (partners[dead] == -1).all()
    assert not dead[partners[partners >= 0]].any()


def test_partners_are_different_others_mostly_of_the_own_sector():
    world = World.generate(200, firms=60, associations=60, departments=10)
    society = born(world)
    partners, sector = (
        np.asarray(society.organizations.partners),
        np.asarray(world.organizations.sector),
    )
    inside, many = 0, 0
    for one, row in enumerate(partners):
        mine = row[row >= 0]
        assert one not in mine
        assert len(set(mine)) == len(mine)
        inside, many = inside + (sector[mine] == sector[one]).sum(), many + len(mine)
    assert 0.8 < inside / many < 0.92  # four in five drawn inside, a third of the rest by chance
    close(np.asarray(society.organizations.strength)[partners >= 0], 0.05)


def test_it_never_begins_beyond_technology():
    early = born(small_world(), parameters({"technology.start": 0.01}))
    assert float(jnp.max(early.organizations.skill)) <= 0.01
    assert float(jnp.max(early.regions.law)) <= 0.01
    usual = born(small_world())
    close(usual.regions.law, 0.02)


def test_measured_reach_is_where_users_begin():
    names = [f"firm {place}" for place in range(6)]
    reach = np.array([60.0, 20.0, 10.0, 5.0, 4.0, 1.0])
    world = World.from_tables(
        organizations={"name": names, "sector": ["market"] * 6, "reach": reach},
        **{"slots": 1},
        seed=1,
    )
    start = born(world)
    close(start.firms.user_share[:6], reach / reach.sum(), rtol=0, atol=0.01)
    data = np.asarray(start.organizations.data)[world.sizes.market]
    close(data[:6] / data.sum(), reach / reach.sum(), rtol=1e-4)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"citizens.trust": 1.5}, "citizens.trust"),
        ({"organizations.data": -0.1}, "organizations.data"),
        ({"regions.law": np.nan}, "regions.law"),
        ({"organizations.strength": 2.0}, "organizations.strength"),
    ],
)
def test_check_refuses_what_cannot_be(society, values, says):
    society.check(small_world())
    with pytest.raises(InputError, match=says):
        changed(society, values).check(small_world())


def test_check_refuses_another_size(society):
    with pytest.raises(InputError, match="another size"):
        society.check(World.generate(200, firms=6))


def test_an_unmade_flow_refuses_every_use():
    flow = Flows().harm
    for use in (
        lambda: flow + 1,
        lambda: 1 - flow,
        lambda: flow[0],
        lambda: flow > 0,
        lambda: flow.shape,
        lambda: jnp.sum(flow),
        lambda: bool(flow),
        lambda: -flow,
    ):
        with pytest.raises(FlowError, match=r"'harm'.*'breaches'"):
            use()


# --- relabelling --------------------------------------------------------------------------------


def permuted(world, society, order):
    """The same citizens in another order, their ties pointing to where the others now stand."""
    place = np.argsort(order)

    def ties(lists):
        lists = np.asarray(lists)[order]
        return jnp.asarray(np.where(lists >= 0, place[np.maximum(lists, 0)], -1), jnp.int32)

    citizens = world.citizens
    moved = jax.tree.map(lambda values: jnp.asarray(np.asarray(values)[order]), citizens)
    moved = replace(moved, strong=ties(citizens.strong), weak=ties(citizens.weak))
    people = jax.tree.map(lambda values: jnp.asarray(np.asarray(values)[order]), society.citizens)
    return replace(world, citizens=moved), replace(society, citizens=people)


def test_in_another_order_everyone_lives_the_same_month():
    """All chance belongs to identities: only rounding of sums differs, mechanism by mechanism."""
    world, society = small_world(), grown()
    order = np.random.default_rng(0).permutation(300)
    world_, society_ = permuted(world, society, order)
    both = zip(stages(society, world, month=24), stages(society_, world_, month=24), strict=True)
    for (mechanism, one), (_, other) in both:
        name = mechanism.__name__ if mechanism else "strike"
        first, second = leaves(one), leaves(other)
        assert set(first) == set(second)
        for path, values in first.items():
            values = np.asarray(values)
            by_citizen = values.ndim and values.shape[0] == 300
            expected = values[order] if by_citizen else values
            np.testing.assert_allclose(
                second[path], expected, rtol=1e-4, atol=1e-5, err_msg=f"{name}: {path}"
            )


def test_the_start_belongs_to_identities_too():
    world = small_world()
    order = np.random.default_rng(1).permutation(300)
    world_, _ = permuted(world, born(world), order)
    assert np.array_equal(born(world_).citizens.uses, np.asarray(born(world).citizens.uses)[order])


def test_a_society_is_a_pytree(society):
    assert isinstance(jax.tree.map(lambda values: values, society), Society)
