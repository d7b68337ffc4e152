"""Citizens shared by several devices: the same sums, the same society, the same indices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.model import sharding
from datapolis.model.arrays import blocks_of, replicate, shards
from datapolis.model.simulation import simulate
from tests import spread
from tests.helpers import small_world

DEVICES = 4
ROUNDING = {"rtol": 5e-6, "atol": 2e-6}  # of indices that add over citizens at once, not in blocks


def found(tmp_path_factory, part, devices=DEVICES):
    """What a part finds on several devices and on one: pairs, by name."""
    (kept,) = spread.run(tmp_path_factory.mktemp(part), part, devices=devices)
    names = [name.removeprefix("alone ") for name in kept if name.startswith("alone ")]
    return {name: (kept[f"spread {name}"], kept[f"alone {name}"]) for name in names}


def compare(pairs):
    """The society must be the same to the last bit; indices to rounding."""
    assert any(name.startswith("society") for name in pairs)
    for name, (several, one) in pairs.items():
        if name.startswith("society"):
            np.testing.assert_array_equal(several, one, err_msg=name)
        else:
            np.testing.assert_allclose(several, one, err_msg=name, **ROUNDING)


# --- sums and what is read of others -------------------------------------------------------------


@pytest.fixture(scope="module")
def sums(tmp_path_factory):
    return found(tmp_path_factory, "doors")


@pytest.mark.outer
@pytest.mark.parametrize("many", [spread.EXACT, 65_536])
def test_sums_are_the_same_bits_where_devices_end_at_blocks(sums, many):
    assert sharding.is_even(many, DEVICES)
    for name, (several, one) in sums.items():
        if name.startswith(f"{many} "):
            np.testing.assert_array_equal(several, one, err_msg=name)


@pytest.mark.outer
def test_sums_are_the_same_up_to_rounding_everywhere(sums):
    for name, (several, one) in sums.items():
        np.testing.assert_allclose(several, one, rtol=3e-6, err_msg=name)


@pytest.mark.outer
def test_what_others_have_is_the_same_everywhere(sums):
    read = {name: pair for name, pair in sums.items() if name.endswith(("neighbours", "tie sum"))}
    assert len(read) == 14
    for name, (several, one) in read.items():
        np.testing.assert_array_equal(several, one, err_msg=name)


def test_without_a_mesh_nobody_is_spread():
    values = jnp.arange(8.0)
    assert shards(8) == 1
    assert replicate(values) is values


# --- which numbers of citizens -------------------------------------------------------------------


def on(devices):
    return jax.sharding.AbstractMesh((devices,), ("citizens",))


def test_devices_that_cannot_share_the_citizens_equally_are_refused():
    with pytest.raises(InputError, match="citizens") as error:
        sharding.check(100_000, on(3))
    assert "99999 or 100002" in error.value.allowed
    assert str(sharding.even(100_000, 3)) in error.value.allowed
    for citizens in (99_999, 100_002, sharding.even(100_000, 3)):
        sharding.check(citizens, on(3))
    with pytest.raises(InputError, match="mesh"):
        sharding.check(100, jax.sharding.AbstractMesh((2,), ("people",)))


@pytest.mark.parametrize("devices", [1, 2, 3, 5, 8, 33, 64])
@pytest.mark.parametrize("citizens", [100, 16_000, 20_000, 65_537, 1_000_000])
def test_even_numbers_end_at_blocks(citizens, devices):
    """By another way: no block of citizens has its first and its last on different devices."""
    many = sharding.even(citizens, devices)
    assert many >= citizens
    number, size = blocks_of(many)
    first = np.arange(number) * size
    last = np.minimum(first + size, many) - 1
    share = many // devices
    assert many % devices == 0
    np.testing.assert_array_equal(first // share, last // share)


def test_the_even_number_is_the_least():
    least = next(many for many in range(20_000, 100_000) if sharding.is_even(many, 6))
    assert sharding.even(20_000, 6) == least


def test_more_devices_than_blocks_share_what_they_can():
    assert sharding.even(1_000_000, 100) == 1_000_000
    assert not sharding.is_even(1_000_000, 100)


# --- whole runs ----------------------------------------------------------------------------------


@pytest.mark.outer
def test_a_month_on_four_devices_is_the_month_on_one(tmp_path_factory):
    compare(found(tmp_path_factory, "month"))


@pytest.mark.outer
def test_members_of_a_batch_are_the_same_too(tmp_path_factory):
    compare(found(tmp_path_factory, "batch"))


@pytest.mark.outer
def test_devices_that_share_a_block_give_the_same_up_to_rounding(tmp_path_factory):
    """A sum that differs by its last bits moves shares of users by as much, and prices with it."""
    pairs = found(tmp_path_factory, "rounded")
    assert not sharding.is_even(spread.ROUNDED, DEVICES)
    for name, (several, one) in pairs.items():
        np.testing.assert_allclose(several, one, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.outer
def test_a_mesh_of_one_device_changes_nothing():
    world = small_world()
    one = simulate(world, months=12, **spread.fewer())
    other = simulate(world, months=12, mesh=sharding.mesh(), **spread.fewer())
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name], other[name])
