"""Runs of the model, said in full and computed in batches.

A batch is computed at once. All batches of a round have one size, one set of scheduled parameters
and one of stocks that may be held: the first one compiles, the others do not. A short one is filled
up with repeated cases, which are dropped again: a batch of another size would differ in the last
bits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Policy
from datapolis.core.scenario import Scenario
from datapolis.model.month import MONTH, Mechanism
from datapolis.model.simulation import SEGMENT, Run
from datapolis.studies.executor import spread

if TYPE_CHECKING:
    from datapolis.model.indices import Index
    from datapolis.model.world import World

PLAIN = "plain"  # the world that cases live in if nothing else is said
Progress = Callable[[str, int, int], None]  # what is done, how much, of how much
Values: TypeAlias = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """One run of the model: where it departs from the parameters and the world of its round."""

    seed: int = 0
    parameters: Mapping[str, float] = field(default_factory=dict)  # by path
    policy: Policy = field(default_factory=Policy)
    scenario: Scenario = ()
    frozen: tuple[str, ...] = ()  # stocks that stay at their first value
    world: str = PLAIN


@dataclass(frozen=True)
class Batch:
    """Cases that are computed at once."""

    number: int
    label: str  # what a progress line says of it
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Work:
    """What it takes to compute a batch: given to workers once."""

    world: World
    months: int
    record: tuple[str | Index, ...]
    size: int
    parameters: Parameters = field(default_factory=Parameters)
    mechanisms: tuple[Mechanism, ...] = MONTH
    holdable: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    advance: Callable[[Batch, int], None] | None = None  # told the months done, before each segment

    def __call__(self, batch: Batch) -> dict[str, np.ndarray]:
        """The values of the indices by name, [case, month, ...]."""
        cases = [*batch.cases, *[batch.cases[-1]] * (self.size - len(batch.cases))]
        run = Run.begin(
            self.world,
            months=self.months,
            seeds=[case.seed for case in cases],
            parameters=[self.parameters.set(case.parameters) for case in cases],
            policies=[case.policy for case in cases],
            scenarios=[case.scenario for case in cases],
            mechanisms=self.mechanisms,
            record=self.record,
            frozen=[case.frozen for case in cases],
            holdable=self.holdable,
            paths=self.paths,
        )
        while run.month < self.months:
            if self.advance is not None:
                self.advance(batch, run.month)
            with _one_compiles(run):
                run.advance()
        return {name: values[: len(batch.cases)] for name, values in run.values().items()}


def compute(
    work: Work,
    batches: Sequence[Batch],
    keep: Callable[[Batch, Values, float], None],
    fail: Callable[[Batch, Exception], None],
    *,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Compute batches, on threads or on workers; keep the values or the error of each.

    A batch that fails does not stop the others; when they are done, the first error is raised.
    """
    done: dict[int, int] = {}
    stopped = threading.Event()
    telling = threading.Lock()

    def tell(batch: Batch, months: int, label: str) -> None:
        with telling:
            done[batch.number] = months
            if progress is not None:
                progress(label, sum(done.values()), len(batches) * work.months)

    def advance(batch: Batch, month: int) -> None:
        if stopped.is_set():
            raise Stopped
        first = not any(done.values())
        tell(batch, month, f"compiling, then {batch.label}" if first else batch.label)

    def kept(batch: Batch, values: Values, seconds: float) -> None:
        if not stopped.is_set():
            keep(batch, values, seconds)
            tell(batch, work.months, batch.label)

    told = work if scheduler else replace(work, advance=advance)
    try:
        errors = spread(told, batches, kept, fail, scheduler=scheduler)
    except BaseException:
        stopped.set()
        raise
    if errors:
        raise errors[0]


class Stopped(Exception):
    """Nobody waits for this batch any more."""


_SEEN: set[Any] = set()
_COMPILING = threading.Lock()


class _one_compiles:
    """While one thread compiles, others that need the same do not compile it too."""

    def __init__(self, run: Run) -> None:
        length = min(SEGMENT, run.months - run.month)
        self.key = (run.design, run.world.sizes, length, len(run.inputs.seed))

    def __enter__(self) -> None:
        self.first = self.key not in _SEEN
        if self.first:
            _COMPILING.acquire()
            if self.key in _SEEN:
                _COMPILING.release()
                self.first = False

    def __exit__(self, *_: object) -> None:
        if self.first:
            _SEEN.add(self.key)
            _COMPILING.release()
