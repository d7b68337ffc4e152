"""Chance: a stream for every mechanism and month, and a number for every citizen.

    stream    fold_in(fold_in(key(seed), month), crc32(name)): one key per mechanism and month
    noise     a hash of (stream, identity, draw): the same number whatever the order, batch or shard

The hash is two rounds of a 32-bit finalizer (xor-shift and multiply, constants of Chris Wellons'
search for low bias, 2018); tests/model/test_noise.py checks its uniformity and independence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int, UInt32


def stream(key: Array, name: str) -> Array:
    """The key of one name within `key`. Streams of other names are left alone."""
    return jax.random.fold_in(key, crc32(name.encode()))


def _mix(word: UInt32[Array, "..."]) -> UInt32[Array, "..."]:
    word = (word ^ (word >> 16)) * jnp.uint32(0x7FEB352D)
    word = (word ^ (word >> 15)) * jnp.uint32(0x846CA68B)
    return word ^ (word >> 16)


def _word(key: Array, identity: Int[Array, "..."], draw: Any) -> UInt32[Array, "..."]:
    first, second = jax.random.key_data(key)
    start = first ^ (jnp.uint32(draw) * jnp.uint32(0x9E3779B9))
    return _mix(_mix(identity.astype(jnp.uint32) + start) ^ second)


def _uniform(word: UInt32[Array, "..."]) -> Float[Array, "..."]:
    return jnp.asarray(((word >> 9).astype(jnp.float32) + 0.5) * jnp.float32(2**-23))


def noise(key: Array, identity: Int[Array, "..."], draw: Any = 0) -> Float[Array, "..."]:
    """A uniform number in (0, 1) for each identity; `draw` numbers the draws of one stream."""
    return _uniform(_word(key, identity, draw))


def noise_pair(
    key: Array, one: Int[Array, "..."], other: Int[Array, "..."], draw: Any = 0
) -> Float[Array, "..."]:
    """A uniform number in (0, 1) for each pair of identities, of any two broadcastable shapes."""
    word = _mix(_word(key, one, draw) + other.astype(jnp.uint32) * jnp.uint32(0x9E3779B1))
    return _uniform(word)


def normal(key: Array, identity: Int[Array, "..."], draw: Any = 0) -> Float[Array, "..."]:
    """A standard normal number for each identity."""
    return jax.scipy.special.ndtri(noise(key, identity, draw))
