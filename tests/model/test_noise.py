"""Chance: uniform, independent, and the same whatever the order or the batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from datapolis.model.noise import noise, noise_pair, normal, stream

MANY = 200_000
KEY = jax.random.key(7)


def numbers(draw=0, key=KEY):
    return np.asarray(noise(key, jnp.arange(MANY), draw), float)


def test_it_is_uniform_between_zero_and_one():
    found = numbers()
    assert found.min() > 0.0
    assert found.max() < 1.0
    assert stats.kstest(found, "uniform").pvalue > 1e-4
    counts = np.bincount((found * 1000).astype(int), minlength=1000)
    assert stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("lag", [1, 2, 8, 64, 1000])
def test_neighbours_are_independent(lag):
    found = numbers()
    pairs = np.corrcoef(found[:-lag], found[lag:])[0, 1]
    assert abs(pairs) < 4.5 / np.sqrt(MANY)
    table = np.histogram2d(found[:-lag], found[lag:], bins=16, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(table.ravel()).pvalue > 1e-4


def test_draws_streams_and_seeds_are_independent():
    base = numbers()
    others = [numbers(draw) for draw in (1, 2, 100)]
    others += [numbers(key=stream(KEY, "trust")), numbers(key=jax.random.key(8))]
    others += [numbers(key=jax.random.fold_in(KEY, 1))]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < 4.5 / np.sqrt(MANY)


def test_every_bit_is_fair():
    bits = (numbers() * 2**23).astype(np.int64)
    for bit in range(23):
        share = ((bits >> bit) & 1).mean()
        assert abs(share - 0.5) < 4.5 * 0.5 / np.sqrt(MANY)


def test_it_never_reaches_one():
    """The greatest word (one of these has it) stays below 1: its taste would be infinite."""
    greatest = noise(KEY, jnp.arange(641_000, 642_000))
    assert float(greatest.max()) < 1.0
    assert np.isfinite(np.asarray(normal(KEY, jnp.arange(641_000, 642_000)))).all()


def test_a_number_belongs_to_its_identity():
    """Order, batch and shape change nothing."""
    identity = jnp.arange(1000)
    shuffled = jax.random.permutation(jax.random.key(1), identity)
    assert jnp.array_equal(noise(KEY, identity)[shuffled], noise(KEY, shuffled))
    assert jnp.array_equal(noise(KEY, identity)[:10], noise(KEY, identity[:10]))
    assert jnp.array_equal(noise(KEY, identity.reshape(10, 100)).ravel(), noise(KEY, identity))
    keys = jax.random.split(KEY, 3)
    batch = jax.vmap(lambda key: noise(key, identity))(keys)
    for key, row in zip(keys, batch, strict=True):
        assert jnp.array_equal(noise(key, identity), row)


def test_pairs_are_uniform_and_independent_along_both_sides():
    one, other = jnp.arange(500), jnp.arange(400)
    found = np.asarray(noise_pair(KEY, one[:, None], other[None, :]), float)
    assert stats.kstest(found.ravel(), "uniform").pvalue > 1e-4
    limit = 4.5 / np.sqrt(found.size)
    assert abs(np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]) < limit
    assert abs(np.corrcoef(found[:-1].ravel(), found[1:].ravel())[0, 1]) < limit
    swapped = np.asarray(noise_pair(KEY, other[:, None], one[None, :]), float)[:400, :400].T
    assert abs(np.corrcoef(found[:400, :400].ravel(), swapped.ravel())[0, 1]) < 4.5 / 400


def test_pairs_of_a_pair_are_that_pair():
    found = noise_pair(KEY, jnp.arange(5)[:, None], jnp.arange(7)[None, :])
    assert found[3, 4] == noise_pair(KEY, jnp.asarray(3), jnp.asarray(4))


def test_normal_numbers_are_normal():
    found = np.asarray(normal(KEY, jnp.arange(MANY)), float)
    assert np.isfinite(found).all()
    assert stats.kstest(found, "norm").pvalue > 1e-4


def test_a_stream_depends_on_its_name_alone():
    assert jnp.array_equal(
        jax.random.key_data(stream(KEY, "trust")), jax.random.key_data(stream(KEY, "trust"))
    )
    names = ["trust", "law", "ties", "start"]
    assert len({tuple(np.asarray(jax.random.key_data(stream(KEY, name)))) for name in names}) == 4
