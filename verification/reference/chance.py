"""Where all chance of the month comes from: numbers with a name.

A number is named by month, mechanism, identity (of the citizen, or the place of the organization)
and draw, so it is the same in whatever order it is asked for, whatever the policy.

`Chance` takes its numbers from NumPy's generator. `HashedChance` makes them as section 7.0 of
docs/model.md writes them down.
"""

from __future__ import annotations

import math
import zlib
from statistics import NormalDist

import numpy as np

TASTES = "world.tastes"
"""The name of what citizens like: the same in all months."""

_STANDARD_NORMAL = NormalDist()
_WORD = 0xFFFFFFFF


class Chance:
    """Numbers strictly between 0 and 1, each with a name; NumPy's generator makes them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.month = 0
        self._tastes: dict[tuple[int, int], float] = {}

    def begin_month(self, month: int) -> None:
        """Every number drawn from now on belongs to this month."""
        self.month = month

    def uniform(self, mechanism: str, identity: int, draw: int) -> float:
        """The number of one citizen (its identity) or one organization (its place)."""
        return self._number(mechanism, identity, None, draw)

    def uniform_of_pair(self, mechanism: str, identity: int, other: int, draw: int) -> float:
        """The number of a pair, such as a citizen and a slot."""
        return self._number(mechanism, identity, other, draw)

    def normal(self, mechanism: str, identity: int, draw: int) -> float:
        """A standard normal number."""
        return _STANDARD_NORMAL.inv_cdf(self.uniform(mechanism, identity, draw))

    def below(self, many: int, mechanism: str, identity: int, draw: int) -> int:
        """A whole number from 0 to many - 1."""
        return min(math.floor(self.uniform(mechanism, identity, draw) * many), many - 1)

    def taste(self, citizen: int, firm: int) -> float:
        """What a citizen likes about a firm, both by identity; fixed for good."""
        if (citizen, firm) not in self._tastes:
            number = self.uniform_of_pair(TASTES, citizen, firm, 0)
            self._tastes[citizen, firm] = -math.log(-math.log(number))
        return self._tastes[citizen, firm]

    def _number(self, mechanism: str, identity: int, other: int | None, draw: int) -> float:
        month = 0 if mechanism == TASTES else self.month + 1
        name = [self.seed, month, zlib.crc32(mechanism.encode()), identity, draw]
        name.append(0 if other is None else other + 1)
        return (np.random.default_rng(name).integers(2**23) + 0.5) / 2**23


class HashedChance(Chance):
    """The numbers of section 7.0: a hash of month, mechanism, identity and draw."""

    def __init__(self, seed: int, tastes: tuple[int, int]) -> None:
        """`tastes` are the two words of the key of tastes, which belongs to the world."""
        super().__init__(seed)
        self._keys: dict[tuple[int, str], tuple[int, int]] = {}
        self._key_of_tastes = tastes

    def _key(self, mechanism: str) -> tuple[int, int]:
        if mechanism == TASTES:
            return self._key_of_tastes
        name = (self.month, mechanism)
        if name not in self._keys:
            seed = (self.seed >> 32 & _WORD, self.seed & _WORD)
            month = fold_in(seed, self.month)
            self._keys[name] = fold_in(month, zlib.crc32(mechanism.encode()))
        return self._keys[name]

    def _number(self, mechanism: str, identity: int, other: int | None, draw: int) -> float:
        first, second = self._key(mechanism)
        word = mix(identity + (first ^ (draw * 0x9E3779B9 & _WORD)))
        word = mix(word ^ second)
        if other is not None:
            word = mix(word + other * 0x9E3779B1)
        return ((word >> 9) + 0.5) / 2**23


def mix(word: int) -> int:
    """Stirs the 32 bits of a word."""
    word &= _WORD
    word ^= word >> 16
    word = word * 0x7FEB352D & _WORD
    word ^= word >> 15
    word = word * 0x846CA68B & _WORD
    return word ^ word >> 16


def fold_in(key: tuple[int, int], number: int) -> tuple[int, int]:
    """A new key from a key and a number, as JAX's `fold_in` does."""
    return threefry(key, (0, number & _WORD))


def threefry(key: tuple[int, int], block: tuple[int, int]) -> tuple[int, int]:
    """Threefry-2x32 in 20 rounds (Salmon et al., 2011, doi:10.1145/2063384.2063405)."""
    keys = (*key, key[0] ^ key[1] ^ 0x1BD11BDA)
    left, right = (block[0] + keys[0]) & _WORD, (block[1] + keys[1]) & _WORD
    for group in range(5):
        for turn in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            left = (left + right) & _WORD
            right = (right << turn | right >> 32 - turn) & _WORD
            right ^= left
        left = (left + keys[(group + 1) % 3]) & _WORD
        right = (right + keys[(group + 2) % 3] + group + 1) & _WORD
    return left, right
