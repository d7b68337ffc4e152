"""Names do not matter: organizations in another order, and everybody k times.

Citizens in another order are in tests/model/test_society.py, batches and seeds in
tests/model/test_simulation.py.

Chance about an organization is drawn by its place, so other places draw other chance: each
mechanism is run with what is drawn by place turned off, and must then do the same under the new
labels. Attention cannot be: a taste belongs to citizen and place for good. There only the law of
large numbers is left, and is tested. Copies of a citizen carry its number, hence its chance: all
else in a month per citizen is then the same, chance included.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.model.mechanisms import attention
from datapolis.model.month import MONTH
from tests.helpers import (
    before,
    close,
    grown,
    hand_society,
    hand_world,
    leaves,
    parameters,
    repeat,
    run,
    small_world,
    stages,
)

# --- organizations in another order, each within its sector -------------------------------------

CALM = {  # whatever is drawn by the place of an organization
    "exchange.link_review": 0.0,
    "exchange.link_lapse": 0.0,
    "breaches.attack_rate": 0.0,
    "resources.merger": 0.0,
    "resources.entry": 0.0,
    "law.move": 0.0,
    "ties.search": 0.0,
}


def order_within_sectors(sizes, seed=0):
    """For each new place the old one, by kind of place."""
    random = np.random.default_rng(seed)
    parts = [random.permutation(np.arange(part.start, part.stop)) for part in sizes.sectors]
    return {
        sizes.organizations: np.concatenate(parts),
        sizes.firms: parts[1] - sizes.agencies,
        sizes.agencies: parts[0],
    }


def relabelled(record, order, named):
    """A record with its rows in the new order; fields that hold places get the new places."""

    def one(path, values):
        if values is None or not hasattr(values, "shape"):
            return values
        values = np.asarray(values)
        if values.ndim and values.shape[0] in order:
            values = values[order[values.shape[0]]]
        kind = named.get("".join(str(part) for part in path).rpartition(".")[2])
        if kind:
            place = np.argsort(order[kind])
            values = np.where(values >= 0, place[np.maximum(values, 0)], -1).astype(values.dtype)
        return jnp.asarray(values)

    return jax.tree_util.tree_map_with_path(one, record)


@pytest.mark.parametrize(
    "mechanism", [one for one in MONTH if one is not attention], ids=lambda one: one.__name__
)
def test_organizations_by_other_names_live_the_same_month(mechanism):
    """Only sums are rounded in another order: 1e-4 of a value, or 1e-6 of the largest like it."""
    world, society = small_world(), before(mechanism)
    sizes = world.sizes
    order = order_within_sectors(sizes)
    named = {
        "partners": sizes.organizations,
        "uses": sizes.firms,
        "peers": sizes.agencies,
    }
    world_ = replace(world, organizations=relabelled(world.organizations, order, named))
    here = relabelled(society, order, named)
    constants = parameters(CALM)
    expected = leaves(relabelled(run(mechanism, society, world, constants), order, named))
    found = leaves(run(mechanism, here, world_, constants))
    assert set(found) == set(expected)
    for path, values in found.items():
        other = expected[path]
        if path == "flows.islands":  # labels, named after a member: who is with whom stays
            values, other = (np.equal.outer(one, one) for one in map(np.asarray, (values, other)))
        known = np.nan_to_num(np.asarray(other, float))  # a dead firm's price is nan
        close(values, other, rtol=1e-4, atol=1e-6 * np.max(np.abs(known), initial=0.0))


def test_firms_by_other_names_have_the_same_users_beyond_chance():
    """Tastes belong to places: user shares of 40,000 within 4 standard errors of a share."""
    citizens, firms = 40_000, 5
    world = hand_world(citizens=citizens, firms=firms, slots=1)
    quality, order = np.array([0.6, 0.3, 0.0, -0.2, -0.5]), np.array([3, 0, 4, 1, 2])
    constants = parameters(
        {
            "attention.network_effect": 0.0,
            "attention.switching_cost": 0.0,
            "attention.reconsideration": 1.0,
            "attention.social": 0.0,
            "attention.steering": 0.0,
        }
    )
    uses = (np.arange(citizens) % firms)[:, None]
    share = [
        np.asarray(
            repeat(
                attention,
                hand_society(world, {"firms.quality": here, "citizens.uses": uses}),
                world,
                60,
                constants,
            ).firms.user_share
        )
        for here in (quality, quality[order])
    ]
    close(share[1], share[0][order], rtol=0, atol=4 * np.sqrt(2) * 0.5 / np.sqrt(citizens))


# --- everybody k times ----------------------------------------------------------------------------


def copied(world, society, times):
    """Each citizen `times` over: the same number, hence the same chance; ties within a copy."""
    many = world.sizes.citizens

    def tiled(values):
        values = np.asarray(values)
        return jnp.asarray(np.tile(values, (times,) + (1,) * (values.ndim - 1)))

    def ties(lists):
        lists = np.asarray(tiled(lists))
        copy = np.repeat(np.arange(times), many)[:, None] * many
        return jnp.asarray(np.where(lists >= 0, lists + copy, -1), jnp.int32)

    traits = jax.tree.map(tiled, world.citizens)
    traits = replace(traits, strong=ties(world.citizens.strong), weak=ties(world.citizens.weak))
    sizes = replace(world.sizes, citizens=many * times)
    people = jax.tree.map(tiled, society.citizens)
    return replace(world, sizes=sizes, citizens=traits), replace(society, citizens=people)


def test_three_of_everybody_live_the_same_month():
    """Data, money, power and every other quantity are per citizen: the same to rounding of sums."""
    world, society, times = small_world(), grown(), 3
    world_, society_ = copied(world, society, times)
    both = zip(stages(society, world, month=24), stages(society_, world_, month=24), strict=True)
    for (mechanism, one), (_, other) in both:
        name = mechanism.__name__ if mechanism else "strike"
        first, second = leaves(one), leaves(other)
        assert set(first) == set(second)
        for path, values in first.items():
            values = np.asarray(values)
            if values.ndim and values.shape[0] == world.sizes.citizens:
                values = np.tile(values, (times,) + (1,) * (values.ndim - 1))
            np.testing.assert_allclose(
                second[path], values, rtol=1e-4, atol=1e-5, err_msg=f"{name}: {path}"
            )


def test_a_larger_population_is_a_closer_look_at_the_same_society():
    """4,000 citizens and 16,000 others: users of firms within 4 standard errors of a share.

    Numbers are new, hence tastes and chance: a share must not move with how many there are.
    """
    found = []
    for citizens in (4000, 16_000):
        world = hand_world(citizens=citizens, firms=5, slots=1)
        uses = (np.arange(citizens) % 5)[:, None]
        society = hand_society(world, {"citizens.uses": uses, "firms.quality": np.arange(5) / 5})
        constants = parameters({"attention.reconsideration": 1.0})
        society = repeat(attention, society, world, 40, constants)
        found.append(society.firms.user_share)
    close(found[1], found[0], rtol=0, atol=4 * 0.5 * np.sqrt(1 / 4000 + 1 / 16_000))
