"""Where the time of a month goes: each mechanism alone, the whole, and the least it could take.

A mechanism alone is compiled by itself, on the society that the one before it left; in the month
they are compiled together, so that the parts do not add up to the whole. The least is the time to
stream what the month must touch once: all stocks of citizens, read and written, and their traits,
read, at the bandwidth that adding 1 in place to an array of that size reaches in the same process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from datapolis.core.parameters import Parameters
from datapolis.core.policy import LEVERS, Levers, Policy
from datapolis.model.month import MONTH, Mechanism, apply_shocks, get
from datapolis.model.noise import stream
from datapolis.model.simulation import SEGMENT, Run, compiler_options

if TYPE_CHECKING:
    from datapolis.model.world import World

REPEATS = 5


@dataclass(frozen=True)
class Timing:
    """One mechanism, or the indices."""

    name: str
    milliseconds: float
    megabytes: float  # read and written by its compiled code, as the compiler counts them


@dataclass(frozen=True)
class Profile:
    """The time of one month, and of its parts."""

    citizens: int
    parts: tuple[Timing, ...]
    milliseconds: float  # of the whole month, with its indices
    touched: float  # megabytes that must be touched once
    least: float  # milliseconds to stream them

    @property
    def ratio(self) -> float:
        """How many times the least a month takes."""
        return self.milliseconds / self.least


def profile(
    world: World,
    *,
    parameters: Parameters | None = None,
    policy: Policy | None = None,
    seed: int = 0,
    mechanisms: Sequence[Mechanism] = MONTH,
    record: Sequence[str] | None = None,
) -> Profile:
    """Time the second year of a society: medians of five, after compiling.

    Raises what `simulate` raises for the same arguments.
    """
    run = Run.begin(
        world,
        months=SEGMENT * (REPEATS + 2),
        seeds=seed,
        parameters=parameters or Parameters(),
        policies=policy or Policy(),
        mechanisms=mechanisms,
        record=record,
    )
    run.advance()
    society = jax.tree.map(jnp.array, run.society)
    month = _median(run.advance) / SEGMENT
    levers = Levers(**dict.fromkeys(LEVERS, jnp.float32(0.0)))
    society = apply_shocks(society, world, None, SEGMENT)
    parts = []
    for mechanism in mechanisms:
        key = stream(jax.random.key(seed), mechanism.__name__)
        given = (society, world, run.inputs.parameters, levers, key)

        def changed(*given: Any, mechanism: Mechanism = mechanism) -> list[Any]:
            after = mechanism(*given)
            return [get(after, path) for path in mechanism.writes]  # type: ignore[attr-defined]

        parts.append(_timed(mechanism.__name__, changed, given))
        society = jax.jit(mechanism)(*given)
    indices = run.design.record
    parts.append(
        _timed("indices", lambda *given: [one(*given) for one in indices], (society, world))
    )
    stocks, traits = _size(society.citizens), _size(world.citizens)
    touched = 2 * stocks + traits
    return Profile(
        citizens=world.sizes.citizens,
        parts=tuple(parts),
        milliseconds=1e3 * month,
        touched=touched / 1e6,
        least=1e3 * touched / _bandwidth(touched),
    )


def _timed(name: str, work: Callable[..., Any], given: Sequence[Any]) -> Timing:
    options = compiler_options(jax.default_backend(), large=True)
    compiled = jax.jit(work, compiler_options=options).lower(*given).compile()
    seconds = _median(lambda: _wait(compiled(*given)))
    cost = compiled.cost_analysis() or {}
    return Timing(name, 1e3 * seconds, cost.get("bytes accessed", 0.0) / 1e6)


def _median(work: Callable[[], Any]) -> float:
    """Seconds of a call: the median of five, after one."""
    work()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return sorted(times)[REPEATS // 2]


def _wait(values: Any) -> None:
    jax.block_until_ready(values)  # type: ignore[no-untyped-call]


def _size(record: Any) -> int:
    return sum(getattr(record, item.name).nbytes for item in fields(record))


def _bandwidth(touched: int) -> float:
    """Bytes a second at which an array is read, changed and written in place."""
    values = jnp.zeros(max(touched // 8, 1), jnp.float32)  # half of them read, half written
    more = jax.jit(lambda values: values + 1.0, donate_argnums=0)

    def again() -> None:
        nonlocal values
        values = more(values)
        _wait(values)

    return 2 * values.nbytes / _median(again)
