"""Mining: data that are worked with make creative power; the gap that islands leave."""

import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.model.mechanisms import mining
from tests.helpers import close, hand_society, hand_world, levers, parameters, run

USE = {
    "absorption.use_government": 0.5,
    "absorption.use_firms": 0.9,
    "absorption.use_associations": 0.8,
}


@pytest.fixture(scope="module")
def world():
    return hand_world()


def made(world, workable, islands=(0.1, 0.1), **stocks):
    stocks = {f"organizations.{name}": value for name, value in stocks.items()}
    return hand_society(world, stocks, workable=workable, island_data=list(islands))


def test_one_month_by_hand(world):
    skill, workable = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.5, 0.1, 0.02, 0.3, 0.0, 0.07]
    society = made(world, workable, skill=skill)
    after = run(mining, society, world, parameters({**USE, "mining.exponent": 0.7}))
    use = [0.5, 0.5, 0.9, 0.9, 0.9, 0.8]
    expected = [s * u * (6 * w) ** 0.7 / 6 for s, u, w in zip(skill, use, workable, strict=True)]
    close(after.organizations.creative, expected)


def test_elasticities_of_data_and_of_use(world):
    """Ten times the data makes 10^eta times the creative power, twice the use twice as much."""
    society = made(world, 0.1 * np.ones(6))
    constants = parameters({**USE, "mining.exponent": 0.3})
    base = run(mining, society, world, constants).organizations.creative
    more = run(mining, made(world, np.ones(6)), world, constants).organizations.creative
    close(more / base, np.full(6, 10**0.3), rtol=1e-4)
    half = parameters({name: value / 2 for name, value in USE.items()} | {"mining.exponent": 0.3})
    close(run(mining, society, world, half).organizations.creative, base / 2, rtol=1e-4)


def test_nonrival_pooling_gains_members_to_the_exponent(world):
    """A hundred times the pool, worked with by each, is worth 100^.06 = 1.3183 (O21)."""
    constants = parameters({**USE, "mining.exponent": 0.06})
    alone = run(mining, made(world, 0.01 * np.ones(6)), world, constants).organizations.creative
    pool = run(mining, made(world, 1.0 * np.ones(6)), world, constants).organizations.creative
    close(pool / alone, np.full(6, 1.3183), rtol=1e-4)


def test_the_gap_of_islands_by_hand(world):
    """Two agencies hold .3 and .1 apart; linked, each would work with linkage times the other's."""
    data = [0.3, 0.1, 0.0, 0.0, 0.0, 0.0]
    society = made(world, data, islands=(0.3, 0.1), data=data, skill=[0.2, 0.4, 0, 0, 0, 0])
    constants = parameters({**USE, "mining.exponent": 0.8, "exchange.linkage": 0.5})
    after = run(mining, society, world, constants)
    apart = 0.2 * 0.3**0.8 + 0.4 * 0.1**0.8
    linked = 0.2 * (0.3 + 0.5 * 0.1) ** 0.8 + 0.4 * (0.1 + 0.5 * 0.3) ** 0.8
    close(after.flows.integration_gap, 1 - apart / linked, rtol=1e-4)
    whole = made(world, data, islands=(0.4, 0.4), data=data)
    close(run(mining, whole, world, constants).flows.integration_gap, 0.0, atol=1e-6)


def test_off_exponent_zero_makes_data_unproductive(world):
    off = parameters({**USE, "mining.exponent": 0.0})
    few = run(mining, made(world, 0.01 * np.ones(6)), world, off).organizations.creative
    many = run(mining, made(world, 9.0 * np.ones(6)), world, off).organizations.creative
    assert jnp.array_equal(few, many)


def test_a_data_mindset_puts_agencies_data_to_use(world):
    society = made(world, np.ones(6))
    constants = parameters(USE)
    plain = run(mining, society, world, constants).organizations.creative
    bold = run(mining, society, world, constants, levers(data_mindset=1.0)).organizations.creative
    close(bold / plain, [2.0, 2.0, 1, 1, 1, 1], rtol=1e-5)


def test_a_dead_place_makes_nothing_even_where_data_do_not_matter(world):
    alive = [True, True, False, True, True, True]
    society = made(world, np.zeros(6), alive=alive)
    for exponent in (0.0, 0.8):
        after = run(mining, society, world, parameters({"mining.exponent": exponent}))
        assert after.organizations.creative[2] == 0.0
