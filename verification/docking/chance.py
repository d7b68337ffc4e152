"""Chance for the reference, in blocks: the package's own numbers, or others.

    PackageChance    the numbers that `datapolis.model.noise` gives: both models see the same luck
    WorldChance      numbers of NumPy's generator, but the tastes of a world, which belong to it

A number is named as in `verification.reference.chance.Chance`: by month, mechanism, identity, and
draw. Here those of a block of identities are made at once and kept for the month.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import jax
import jax.numpy as jnp
import numpy as np

from datapolis.model.noise import noise, noise_pair, stream
from datapolis.model.world import World
from verification.reference.chance import TASTES, Chance

BLOCK = 1024  # identities for which numbers are made at once
OTHERS = 32  # others for which the numbers of pairs are made at once


@jax.jit
def _numbers(key: Any, first: Any, draw: Any) -> Any:
    return noise(key, first + jnp.arange(BLOCK), draw)


@jax.jit
def _numbers_of_pairs(key: Any, first: Any, other: Any, draw: Any) -> Any:
    one = first + jnp.arange(BLOCK)[:, None]
    return noise_pair(key, one, other + jnp.arange(OTHERS)[None, :], draw)


class PackageChance(Chance):
    """The numbers of the package, under the package's names."""

    def __init__(self, seed: int, world: World) -> None:
        super().__init__(seed)
        self._key = jax.random.key(seed)
        self._key_of_tastes = jax.random.wrap_key_data(world.tastes)
        self._made: dict[Any, np.ndarray] = {}

    def begin_month(self, month: int) -> None:
        """Numbers of other months are forgotten; those of tastes are kept."""
        super().begin_month(month)
        self._made = {name: made for name, made in self._made.items() if name[0] == TASTES}

    def _number(self, mechanism: str, identity: int, other: int | None, draw: int) -> float:
        first = identity - identity % BLOCK
        beside = None if other is None else other - other % OTHERS
        name = (mechanism, first, beside, draw)
        if name not in self._made:
            self._made[name] = np.asarray(self._block(*name), np.float64)
        place = identity - first
        at = place if other is None or beside is None else (place, other - beside)
        return float(self._made[name][at])

    def _block(self, mechanism: str, first: int, other: int | None, draw: int) -> Any:
        """The numbers of identities from `first` on, or of their pairs with others."""
        if mechanism == TASTES:
            key = self._key_of_tastes
        else:
            key = stream(jax.random.fold_in(self._key, self.month), mechanism)
        if other is None:
            return _numbers(key, first, draw)
        return _numbers_of_pairs(key, first, other, draw)


class WorldChance(PackageChance):
    """Chance of its own for all that happens; what citizens like is the world's."""

    def _block(self, mechanism: str, first: int, other: int | None, draw: int) -> Any:
        if mechanism == TASTES:
            return super()._block(mechanism, first, other, draw)
        name = [self.seed, self.month, crc32(mechanism.encode()), first, draw]
        name.append(0 if other is None else other + 1)
        shape = (BLOCK,) if other is None else (BLOCK, OTHERS)
        return (np.random.default_rng(name).integers(2**23, size=shape) + 0.5) / 2**23
