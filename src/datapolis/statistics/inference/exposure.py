"""Whether neighbours came first: the share of a person's neighbours who adopted before it did.

For a person i who adopted at a time t_i and has neighbours N_i,

    exposure_i = share of j in N_i with t_j < t_i,

and the statistic is its mean over such people. It is compared with the same after the times were
dealt anew among the people of each community, which keeps the ties, and how many adopt in each
community and when. Even a large exposure does not tell contagion from likeness of friends or
a common cause.

Sources: Valente (1995); Shalizi and Thomas (2011) on what cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.statistics.inference.relabelling import ByChance, relabelled
from datapolis.statistics.inference.resampling import AT_ONCE

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Neighbours:
    """Ties of people to others by place, each tie once, in order of the person who has it."""

    source: Int[Column, "tie"]
    target: Int[Column, "tie"]
    people: int

    @classmethod
    def of(cls, source: Int[Column, "tie"], target: Int[Column, "tie"], people: int) -> Neighbours:
        """The different ties that there are, without those of people to themselves."""
        different = np.unique(np.asarray(source, np.int64) * people + np.asarray(target, np.int64))
        source, target = np.divmod(different, people)
        return cls(source[source != target], target[source != target], people)

    def earlier(self, time: Float[Column, "... person"]) -> Float[Column, "... person"]:
        """How many neighbours adopted before each person; inf: never."""
        first = np.concatenate([[0], np.cumsum(self.degree)])
        before = time[..., self.target] < time[..., self.source]
        counted = np.zeros((*time.shape[:-1], self.source.size + 1), np.int32)
        np.cumsum(before, axis=-1, out=counted[..., 1:])
        many: Column = counted[..., first[1:]] - counted[..., first[:-1]]
        return many

    @property
    def degree(self) -> Int[Column, "person"]:
        """How many neighbours each person has."""
        return np.bincount(self.source, minlength=self.people)

    def exposure(self, time: Float[Column, "... person"]) -> Float[Column, "..."]:
        """The mean share of neighbours who came first, over adopters with neighbours; else nan."""
        degree = self.degree
        counts = np.isfinite(time) & (degree > 0)
        shares = np.where(counts, self.earlier(time) / np.maximum(degree, 1), 0.0).sum(-1)
        many = counts.sum(-1)
        mean: Column = np.divide(
            shares, many, out=np.full(np.shape(many), np.nan), where=np.asarray(many > 0)
        )
        return mean


def exposure_by_chance(
    neighbours: Neighbours,
    time: Float[Column, "person"],
    community: Int[Column, "person"],
    draws: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> ByChance:
    """The mean exposure beside the same after times were dealt anew within communities.

    In all ways if there are few, else as often as `draws` says; `progress` is told how often.
    Where no adopter has a neighbour there is no exposure: nan.
    """
    ties = neighbours.source.size
    found = relabelled(time, community, draws, seed, ties)
    part, values, done = max(1, AT_ONCE // max(ties, 1)), [], 0
    for dealt in found.blocks:
        for start in range(0, dealt.shape[0], part):
            values.append(neighbours.exposure(dealt[start : start + part]))
            done += values[-1].size
            if progress:
                progress(done)
    own = float(neighbours.exposure(time))
    return ByChance(own, np.concatenate(values), found.exact, found.many)
