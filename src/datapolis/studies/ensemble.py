"""The ensemble: many members under each policy, in batches of one size.

A member is a seed and a draw of the varied parameters. It has the same seed and the same draw under
every policy, so that policies are compared pair by pair and what chance gave to both cancels.
A batch is some members under one policy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datapolis.core.parameters import DECLARED
from datapolis.model.month import MONTH, Mechanism
from datapolis.statistics.inference.designs import stratified
from datapolis.studies import runs
from datapolis.studies.runs import Case

if TYPE_CHECKING:
    from datapolis.model.indices import Index
    from datapolis.model.world import World
    from datapolis.studies.study import Study

AT_ONCE = 32_768  # citizens in a batch, beyond which a larger batch is no faster
BYTES = 1_000  # a citizen of a member needs, at most
FIXED = 16 * 2**20  # bytes that a member needs besides


@dataclass(frozen=True)
class Batch:
    """Members `first` to `last` - 1 under one policy, computed at once."""

    number: int
    policy: str
    first: int
    last: int

    @property
    def members(self) -> range:
        """The numbers of its members."""
        return range(self.first, self.last)

    @property
    def label(self) -> str:
        """What a progress line says of it."""
        return f"{self.policy}, members {self.first + 1} to {self.last}"


def plan(policies: Sequence[str], members: int, size: int) -> tuple[Batch, ...]:
    """All batches, in the order in which they are computed: first some members of every policy."""
    starts = range(0, members, size)
    return tuple(
        Batch(number, policy, first, min(first + size, members))
        for number, (first, policy) in enumerate((f, p) for f in starts for p in policies)
    )


def batch_size(citizens: int, members: int, memory: int | None = None) -> int:
    """How many members at once: as many as pay and as fit, in batches as equal as can be."""
    available = machine_memory() if memory is None else memory
    fit = available // 2 // (citizens * BYTES + FIXED)
    most = max(1, min(members, fit, AT_ONCE // citizens))
    return -(-members // -(-members // most))


def machine_memory() -> int:
    """Bytes of memory of this machine; 4 GiB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 4 * 2**30


def draws(study: Study) -> dict[str, np.ndarray]:
    """What each member has of each varied parameter: a Latin hypercube over the declared ranges.

    Of m members, one has each m-th part of each range. McKay, Beckman and Conover (1979).
    """
    members = study.ensemble.members
    rng = np.random.default_rng(np.random.SeedSequence([study.ensemble.seed, 3]))
    drawn = {}
    for path in study.ensemble.vary:
        level = stratified(rng, members)
        declared = DECLARED[path]
        values = declared.low + level * (declared.high - declared.low)
        drawn[path] = values.astype(np.float32)
    return drawn


def cases_of(study: Study, drawn: Mapping[str, np.ndarray], batch: Batch) -> tuple[Case, ...]:
    """The runs of a batch: each member has its seed and its draw, under every policy the same."""
    return tuple(
        Case(
            seed=study.ensemble.seed + member,
            parameters={path: float(values[member]) for path, values in drawn.items()},
            policy=study.policies[batch.policy],
            scenario=study.scenario,
        )
        for member in batch.members
    )


def work_of(
    study: Study,
    world: World,
    size: int,
    record: Sequence[str | Index],
    mechanisms: Sequence[Mechanism] = MONTH,
) -> runs.Work:
    """What computes a batch of a study."""
    return runs.Work(
        world,
        months=study.world.months,
        record=tuple(record),
        size=size,
        parameters=study.parameters,
        mechanisms=tuple(mechanisms),
        paths=study.paths,
    )


def compute(
    study: Study,
    world: World,
    batches: Sequence[Batch],
    size: int,
    record: Sequence[str | Index],
    keep: Callable[[Batch, runs.Values, float], None],
    fail: Callable[[Batch, Exception], None],
    *,
    mechanisms: Sequence[Mechanism] = MONTH,
    scheduler: str | None = None,
    progress: runs.Progress | None = None,
) -> None:
    """Compute batches, and keep the values of the indices, [member, month, ...], of each."""
    drawn = draws(study)
    by_number = {batch.number: batch for batch in batches}
    runs.compute(
        work_of(study, world, size, record, mechanisms),
        [runs.Batch(one.number, one.label, cases_of(study, drawn, one)) for one in batches],
        lambda batch, values, seconds: keep(by_number[batch.number], values, seconds),
        lambda batch, error: fail(by_number[batch.number], error),
        scheduler=scheduler,
        progress=progress,
    )
