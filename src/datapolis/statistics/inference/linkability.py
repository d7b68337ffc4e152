"""How many pairs of places a holder could link, because it sees both.

At place i holder c is present with chance p_ic. A pair i < j is linked if some holder is present at
both:

    expected   1 - prod_c (1 - p_ic p_jc)      all presences independent
    least      max_c max(0, p_ic + p_jc - 1)   nothing independent: what must be
    most       min(1, sum_c min(p_ic, p_jc))   nothing independent: what can be
    narrow     from max_c p_ic p_jc to min(1, sum_c p_ic p_jc)
                                               places independent, holders at one place not

`least` and `most` are attained by some joint law with the same chances, so they cannot be improved
without further knowledge. Pairs are worked through in blocks of places, so that no matrix of all
pairs is kept; the work is the sum over holders of the square of the places they are at.

Source: the bounds follow Fréchet (1935); own form for pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

AT_ONCE = 1_000_000  # pairs in one block


@dataclass(frozen=True)
class Linkability:
    """Each the mean over all pairs of places, between 0 and 1; nan for fewer than two places."""

    expected: float
    least: float
    most: float
    narrow_least: float
    narrow_most: float
    listed: float  # share of pairs with a holder in common, whatever its chance
    above_zero: float  # share of pairs with a holder in common whose two chances are above 0


def pair_linkability(
    place: Int[Column, "row"],
    holder: Int[Column, "row"],
    chance: Float[Column, "row"],
    places: int,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Linkability:
    """The mean linkability of the pairs among `places` places, each place and holder once a row.

    place     whole numbers from 0; places that stand in no row have no holder
    holder    whole numbers from 0
    chance    of presence, 0 to 1
    """
    if places < 2:
        return Linkability(*[float("nan")] * 7)
    seen, place = np.unique(place, return_inverse=True)
    holder = np.asarray(holder)
    order = np.lexsort((place, holder))
    place, holder, chance = place[order], holder[order], np.asarray(chance, float)[order]
    ends = np.flatnonzero(np.diff(holder, append=-1)) + 1
    lists = [slice(*one) for one in zip([0, *ends[:-1]], ends, strict=True)]
    sums = np.zeros(7)
    start = 0
    while start < seen.size:
        if progress is not None:
            progress("pairs of places", start, seen.size)
        stop = min(seen.size, start + max(1, AT_ONCE // (seen.size - start)))
        sums += _block(place, chance, lists, start, stop, seen.size)
        start = stop
    if progress is not None:
        progress("pairs of places", seen.size, seen.size)
    return Linkability(*(sums / (places * (places - 1) / 2)).tolist())


def linked_by_one(chance: Float[Column, "place"], places: int) -> float:
    """The part of all pairs among `places` places that one holder is expected to link.

    (S**2 - sum p**2) / (n (n - 1)), where S is the sum of its chances p; 0 to 1.
    """
    chance = np.asarray(chance, float)
    return float((chance.sum() ** 2 - (chance**2).sum()) / (places * (places - 1)))


def _block(
    place: Int[Column, "row"],
    chance: Float[Column, "row"],
    lists: list[slice],
    start: int,
    stop: int,
    many: int,
) -> Float[Column, "7"]:
    """The sums over pairs of a place in start..stop with a later one."""
    shape = (stop - start, many - start)
    apart = np.ones(shape)  # chance that no holder links the pair
    least, most, narrow_least, narrow_most = (np.zeros(shape) for _ in range(4))
    listed = np.zeros(shape, bool)
    for one in lists:
        at, p = place[one], chance[one]
        first, last = np.searchsorted(at, [start, stop])
        if first == last:
            continue
        pairs = np.ix_(at[first:last] - start, at[first:] - start)
        here, there = p[first:last, None], p[None, first:]
        both = here * there
        apart[pairs] *= 1 - both
        least[pairs] = np.maximum(least[pairs], here + there - 1)
        most[pairs] += np.minimum(here, there)
        narrow_least[pairs] = np.maximum(narrow_least[pairs], both)
        narrow_most[pairs] += both
        listed[pairs] = True
    narrow_most = np.minimum(narrow_most, 1)
    parts = (
        np.clip(1 - apart, narrow_least, narrow_most),  # equal ones, parted by rounding
        np.minimum(least, narrow_least),
        np.minimum(most, 1),
        narrow_least,
        narrow_most,
        listed,
        most > 0,
    )
    return np.array([np.triu(part, 1).sum() for part in parts], float)
