"""The ensemble: many members under each policy, in batches of one size.

A member is a seed and a draw of the varied parameters. It has the same seed and the same draw under
every policy, so that policies are compared pair by pair and what chance gave to both cancels.
A batch is some members under one policy. All batches have one size and one set of scheduled paths:
the first one compiles, the others do not. The last is filled up with repeated members, which are
dropped again, and never smaller: a batch of another size would differ in the last bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.month import MONTH, Mechanism
from datapolis.parameters import DECLARED, Parameters
from datapolis.policy import Policy
from datapolis.simulation import Run

if TYPE_CHECKING:
    from datapolis.indices import Index
    from datapolis.scenario import Scenario
    from datapolis.studies.study import Study
    from datapolis.world import World

Advance = Callable[[str, int, int], None]  # what is done, months done, months in all

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
        level = (rng.permutation(members) + rng.random(members)) / members
        declared = DECLARED[path]
        values = declared.low + level * (declared.high - declared.low)
        drawn[path] = values.astype(np.float32)
    return drawn


def parameters_of(
    study: Study, drawn: Mapping[str, np.ndarray], members: Sequence[int]
) -> list[Parameters]:
    """The parameters of some members."""
    return [
        study.parameters.set({path: float(values[member]) for path, values in drawn.items()})
        for member in members
    ]


def compute(
    study: Study,
    world: World,
    batches: Sequence[Batch],
    size: int,
    record: Sequence[str | Index],
    *,
    mechanisms: Sequence[Mechanism] = MONTH,
    advance: Advance | None = None,
) -> Iterator[tuple[Batch, dict[str, np.ndarray]]]:
    """Each batch with the values of its indices, [member, month, ...], as soon as it is done."""
    drawn = draws(study)
    months, total = study.world.months, len(batches) * study.world.months
    for place, batch in enumerate(batches):
        members = list(batch.members)
        members += [members[-1]] * (size - len(members))
        run = _begun(study, world, batch, members, drawn, record, mechanisms)
        while run.month < months:
            if advance is not None:
                first = place == 0 and run.month == 0
                what = f"compiling, then {batch.label}" if first else batch.label
                advance(what, place * months + run.month, total)
            run.advance()
        kept = batch.last - batch.first
        yield batch, {name: values[:kept] for name, values in run.values().items()}
        if advance is not None:
            advance(batch.label, (place + 1) * months, total)


def _begun(
    study: Study,
    world: World,
    batch: Batch,
    members: list[int],
    drawn: Mapping[str, np.ndarray],
    record: Sequence[str | Index],
    mechanisms: Sequence[Mechanism],
) -> Run:
    policy: Policy = study.policies[batch.policy]
    scenario: Scenario = study.scenario
    more: dict[str, Any] = {"scenarios": scenario} if scenario else {}
    return Run.begin(
        world,
        months=study.world.months,
        seeds=[study.ensemble.seed + member for member in members],
        parameters=parameters_of(study, drawn, members),
        policies=policy,
        mechanisms=mechanisms,
        record=record,
        paths=study.paths,
        **more,
    )
