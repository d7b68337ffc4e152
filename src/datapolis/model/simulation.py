"""Running: months in compiled segments, for one society or a batch of them.

`simulate` is the public door; `Run` beneath it holds what is carried between segments, so that
progress, cancelling and batches need nothing else. Between two segments the work can stop.

Static (a new one compiles): sizes, mechanisms, record, fields that a member holds, scheduled paths,
segment length, batch size. Traced (never compiles): parameters, policy, scenario, seed, the month,
which member holds which of those fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from datapolis import __version__
from datapolis.core.errors import InputError
from datapolis.core.parameters import Parameters
from datapolis.core.policy import LEVERS, Levers, Policy, Schedule, Setting
from datapolis.core.scenario import Scenario, Shocks, shocks
from datapolis.model import sharding
from datapolis.model.indices import STANDARD, Index, find, labels
from datapolis.model.month import MONTH, Mechanism, full_path, get, step
from datapolis.model.noise import stream
from datapolis.model.society import FlowError, Flows, Society

if TYPE_CHECKING:
    import xarray
    from jax.sharding import Mesh
    from jaxtyping import Array, Bool, Float

    from datapolis.model.world import World

LARGE = 100_000  # citizens from which memory is spared
SEGMENT = 12  # months in one compiled call
Progress = Callable[[int, int], None]  # months done, months in all

TRACES = [0]  # how often a segment was traced; a test watches it


@dataclass(frozen=True)
class Design:
    """Everything static about a run: what a new compilation depends on."""

    mechanisms: tuple[Mechanism, ...]
    record: tuple[Index, ...]
    frozen: tuple[str, ...]
    paths: tuple[str, ...]
    length: int
    batched: bool


@dataclass(frozen=True)
class Inputs:
    """Everything traced about a run; in a batch, each with a leading axis of members."""

    parameters: Parameters
    schedule: Schedule
    shocks: Shocks
    seed: Array


def simulate(
    world: World,
    *,
    months: int = 240,
    seed: int = 0,
    parameters: Parameters | None = None,
    policy: Policy | Mapping[str, Setting] | None = None,
    scenario: Scenario = (),
    mechanisms: Sequence[Mechanism] = MONTH,
    record: Sequence[str | Index] | None = None,
    frozen: Sequence[str] = (),
    start: Society | None = None,
    progress: Progress | None = None,
    mesh: Mesh | None = None,
) -> xarray.Dataset:
    """Simulate one society and return its indices, month by month.

    world        what is fixed; `World.generate` or `World.from_tables`
    months       how many, counted from 0; a lever at month 60 acts in the 61st
    seed         of all chance in the run; the same seed gives the same run
    policy       levers over time, or what each lever is by its name; none by default
    scenario     shocks from outside
    mechanisms   the month, or a part of it, or with your own added
    record       indices by name, or your own; by default all that these mechanisms make possible
    frozen       stocks held at their first value, by name ("trust", "regions.law"): cut feedbacks
    start        a society to go on from, instead of the world's endowment
    progress     called with (months done, months in all) after each segment
    mesh         devices among which citizens are shared (`sharding.mesh`); one device by default

    Raises InputError if something given does not fit; FlowError if an index or a mechanism needs
    what no mechanism of the month makes.
    """
    if months < 1:
        raise InputError("too short", field="months", value=months, allowed="1 or more")
    policy = Policy.of(policy)
    run = Run.begin(
        world,
        months=months,
        seeds=seed,
        parameters=parameters or Parameters(),
        policies=policy,
        scenarios=scenario,
        mechanisms=mechanisms,
        record=record,
        frozen=frozen,
        start=start,
        mesh=mesh,
    )
    while run.month < months:
        run.advance()
        if progress is not None:
            progress(run.month, months)
    dataset = run.dataset()
    dataset.attrs.update(seed=seed, policy=repr(policy), parameters=describe(run.parameters))
    return dataset


def describe(parameters: Parameters) -> str:
    """All parameters as one line of JSON, by path."""
    return json.dumps({path: float(parameters.get(path)) for path in parameters.declared()})


def watchable(record: Sequence[Index], world: World) -> list[str]:
    """The names by which rules can watch recorded indices: "harm", "power_share.market", ..."""
    names = []
    for one in record:
        if not one.dims:
            names.append(one.name)
        elif len(one.dims) == 1:
            names += [f"{one.name}.{label}" for label in labels(one.dims[0], world)]
    return names


class Run:
    """A simulation under way: the carry, what was recorded, and how to go on.

    With lists of seeds, parameters, policies and scenarios of one length it is a batch: all members
    share the world, and are advanced together.
    """

    def __init__(
        self,
        world: World,
        design: Design,
        inputs: Inputs,
        months: int,
        carry: Any,
        held: Any,
        parameters: Parameters,
        mesh: Mesh | None = None,
    ) -> None:
        self.world, self.design, self.inputs, self.mesh = world, design, inputs, mesh
        self.months, self.month = months, 0
        self.carry, self.held = carry, held
        self.parameters = parameters  # as given; of the first member in a batch
        self.recorded: list[dict[str, np.ndarray]] = []

    @staticmethod
    def begin(
        world: World,
        *,
        months: int,
        seeds: int | Sequence[int],
        parameters: Parameters | Sequence[Parameters],
        policies: Policy | Sequence[Policy],
        scenarios: Scenario | Sequence[Scenario] = (),
        mechanisms: Sequence[Mechanism] = MONTH,
        record: Sequence[str | Index] | None = None,
        frozen: Sequence[str] | Sequence[Sequence[str]] = (),
        holdable: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        start: Society | None = None,
        mesh: Mesh | None = None,
    ) -> Run:
        """Prepare a run. A list of seeds makes a batch; the others are lists too, or repeated.

        `holdable` and `paths` are the stocks that any member of a study may hold, and the
        parameters that any of its policies schedules: with them, all its batches compile once.
        With a `mesh` its devices share the citizens.
        """
        batched = not isinstance(seeds, int)
        many = len(seeds) if batched else 1  # type: ignore[arg-type]

        def listed(value: Any, kind: Any) -> list[Any]:
            return [value] * many if isinstance(value, kind) else list(value)

        all_seeds = list(seeds) if batched else [seeds]  # type: ignore[arg-type]
        all_parameters = listed(parameters, Parameters)
        all_policies = [Policy.of(one) for one in listed(policies, Policy | Mapping)]
        plain = not scenarios or not isinstance(scenarios[0], list | tuple)
        all_scenarios: list[Any] = [scenarios] * many if plain else list(scenarios)

        names = [mechanism.__name__ for mechanism in mechanisms]
        for name in names:
            if names.count(name) > 1:
                raise InputError("two mechanisms of one name", field="mechanisms", value=name)
        own = _brought(mechanisms, "parameters")
        all_parameters = [replace(one, own={**own, **one.own}) for one in all_parameters]
        wanted = [find(one) if isinstance(one, str) else one for one in record or STANDARD]
        scheduled = sorted({path for policy in all_policies for path in policy.parameters})
        scheduled = list(paths) if paths is not None else scheduled
        for path in scheduled:
            all_parameters[0].set({path: 0.0})  # an unknown path is an InputError

        design = Design(tuple(mechanisms), (), (), tuple(scheduled), 1, False)
        floats = [_floats(one) for one in all_parameters]
        kept = _observable(world, design, floats[0], wanted, required=record is not None)
        observed = watchable(kept, world)
        schedules = [policy.schedule(months, observed, scheduled) for policy in all_policies]
        inputs = Inputs(
            parameters=_stack(floats, batched),
            schedule=_stack([jax.tree.map(jnp.asarray, one) for one in schedules], batched),
            shocks=_stack(
                [jax.tree.map(jnp.asarray, shocks(one)) for one in all_scenarios], batched
            ),
            seed=jnp.asarray(all_seeds if batched else all_seeds[0], jnp.uint32),
        )
        if mesh is not None:
            world = sharding.place_world(world, mesh)
            inputs = Inputs(*(sharding.place(one, mesh) for one in vars(inputs).values()))
        with _on(mesh):
            born = _born(design.mechanisms, batched)(world, inputs.parameters, inputs.seed)
        if start is not None:
            start.check(world)
            own_states = {**born.own, **start.own}
            born = jax.tree.map(jnp.array, replace(start, flows=born.flows, own=own_states))
        outer = (many,) if batched else ()
        unseen = jnp.full((*outer, len(observed)), jnp.nan, jnp.float32)
        carry = (born, unseen, jnp.zeros((*outer, len(LEVERS)), bool))
        cut = [[full_path(born, name) for name in one] for one in _each(frozen, many)]
        every = [full_path(born, name) for name in holdable or ()]
        every = list(dict.fromkeys([*every, *(path for one in cut for path in one)]))
        if mesh is not None:
            carry = sharding.place(carry, mesh, world.sizes.citizens, outer=len(outer))
        held = {
            path: (
                jnp.array(get(born, path)),
                jnp.asarray([path in one for one in cut] if batched else path in cut[0]),
            )
            for path in every
        }
        design = replace(design, record=tuple(kept), frozen=tuple(every), batched=batched)
        return Run(world, design, inputs, months, carry, held, all_parameters[0], mesh)

    def advance(self) -> None:
        """Do the next segment: twelve months, or what is left."""
        length = min(SEGMENT, self.months - self.month)
        design = replace(self.design, length=length)
        with _on(self.mesh):
            self.carry, recorded = _segment(
                design,
                self.carry,
                self.world,
                self.inputs.parameters,
                self._schedule(length),
                self.inputs.shocks,
                self.inputs.seed,
                self.held,
                jnp.int32(self.month),
            )
        self.recorded.append({name: np.asarray(value) for name, value in recorded.items()})
        self.month += length

    def _schedule(self, length: int) -> Schedule:
        """The months of the next segment, so that a longer horizon compiles nothing anew."""
        schedule, axis = self.inputs.schedule, 1 if self.design.batched else 0
        now = slice(self.month, self.month + length)
        at = (slice(None),) * axis + (now,)
        return replace(schedule, base=schedule.base[at], values=schedule.values[at])

    @property
    def society(self) -> Society:
        """The society as the last month left it (in a batch, of all members)."""
        society: Society = self.carry[0]
        return society

    def values(self) -> dict[str, np.ndarray]:
        """What was recorded so far: [month, ...], in a batch [member, month, ...]."""
        axis = 1 if self.design.batched else 0
        return {
            one.name: np.concatenate([part[one.name] for part in self.recorded], axis=axis)
            for one in self.design.record
        }

    def dataset(self) -> xarray.Dataset:
        """What was recorded so far, with labels, units and what each index means."""
        import xarray

        outer = ("member", "month") if self.design.batched else ("month",)
        coordinates: dict[str, Any] = {"month": np.arange(self.month)}
        variables, values = {}, self.values()
        for one in self.design.record:
            coordinates |= {dim: labels(dim, self.world) for dim in one.dims}
            attributes = {"units": one.unit, "long_name": one.about, "group": one.group}
            variables[one.name] = ((*outer, *one.dims), values[one.name], attributes)
        about: dict[str, Any] = {"datapolis": __version__, "citizens": self.world.sizes.citizens}
        dataset = xarray.Dataset(variables, coordinates, about)
        dataset["month"].attrs["units"] = "month"
        return dataset


def _on(mesh: Mesh | None) -> AbstractContextManager[Any]:
    """Compile and run on a mesh; without one, as ever."""
    return nullcontext() if mesh is None else jax.set_mesh(mesh)


def _each(names: Sequence[str] | Sequence[Sequence[str]], many: int) -> list[Sequence[str]]:
    """The names of each member, where they are given for all at once."""
    if all(isinstance(name, str) for name in names):
        return [names] * many  # type: ignore[list-item]
    return list(names)


def _floats(parameters: Parameters) -> Parameters:
    floats: Parameters = jax.tree.map(lambda value: jnp.asarray(value, jnp.float32), parameters)
    return floats


def _stack(members: list[Any], batched: bool) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *members) if batched else members[0]


@cache
def _born(mechanisms: tuple[Mechanism, ...], batched: bool) -> Callable[..., Society]:
    one = partial(_start, mechanisms)
    return jax.jit(jax.vmap(one, in_axes=(None, 0, 0)) if batched else one)


def _start(
    mechanisms: tuple[Mechanism, ...], world: World, parameters: Parameters, seed: Array
) -> Society:
    key = jax.random.key(seed)
    society = Society.start(world, parameters, stream(key, "start"))
    own = {
        name: state(world, stream(key, name))
        for name, state in _brought(mechanisms, "state").items()
    }
    born: Society = jax.tree.map(jnp.array, replace(society, own=own))
    return sharding.keep(born, world)


def _brought(mechanisms: Sequence[Mechanism], what: str) -> dict[str, Any]:
    """What mechanisms of one's own bring along (`declare.writes`), by their names."""
    found = {mechanism.__name__: getattr(mechanism, what, None) for mechanism in mechanisms}
    return {name: value for name, value in found.items() if value is not None}


_KEPT: dict[Any, tuple[Index, ...]] = {}


def _observable(
    world: World, design: Design, parameters: Parameters, wanted: list[Index], required: bool
) -> list[Index]:
    """Those of the wanted indices that these mechanisms make possible; all of them if required."""

    def month(world: World, parameters: Parameters) -> Society:
        society = _start(design.mechanisms, world, parameters, jnp.uint32(0))
        levers = Levers(**dict.fromkeys(LEVERS, jnp.float32(0.0)))
        return step(
            society, world, parameters, levers, jax.random.key(0), mechanisms=design.mechanisms
        )

    structure = jax.tree.structure(parameters)
    key = (world.sizes, design.mechanisms, tuple(wanted), required, structure)
    if key in _KEPT:  # the next batch of a study asks the same
        return list(_KEPT[key])
    after = jax.eval_shape(month, world, parameters)
    kept = []
    for one in wanted:
        try:
            jax.eval_shape(one, after, world)
        except FlowError:
            if required:
                raise
        else:
            kept.append(one)
    _KEPT[key] = tuple(kept)
    return kept


def _segment(*arguments: Any) -> tuple[Any, dict[str, Array]]:
    """Twelve months, compiled."""
    large = arguments[2].sizes.citizens >= LARGE
    compiled: tuple[Any, dict[str, Array]]
    compiled = _compiled(jax.default_backend(), large)(*arguments)
    return compiled


@cache
def _compiled(backend: str, large: bool) -> Callable[..., Any]:
    """The segment as a compiled function, one for each kind of device, few citizens or many."""
    options = compiler_options(backend, large)
    return jax.jit(_advanced, static_argnums=0, donate_argnums=1, compiler_options=options)


def compiler_options(backend: str, large: bool) -> dict[str, Any] | None:
    """What the compiler is asked for on a kind of device.

    On a processor it would drop the marks of `arrays.once` before it fuses, and compute what they
    mark again for every reader: a month takes twice as long. So that pass is left out; and with
    many citizens the one that keeps what is the same each month, such as parts of their noise: it
    saves no time there and takes 60 bytes a citizen. Its default order of work favours many cores;
    the other one needs a third less memory.
    """
    if backend != "cpu":
        return None
    left_out = ["cse_barrier_expander"] + ["while-loop-invariant-code-motion"] * large
    return {
        "xla_disable_hlo_passes": ",".join(left_out),
        "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
        "xla_llvm_disable_expensive_passes": True,  # compiles a fifth faster, runs as fast
    }


def _advanced(
    design: Design,
    carry: Any,
    world: World,
    parameters: Parameters,
    schedule: Schedule,
    shocks: Shocks,
    seed: Array,
    held: Mapping[str, Any],
    first: Array,
) -> tuple[Any, dict[str, Array]]:
    TRACES[0] += 1
    one = partial(_months, design)
    if design.batched:
        one = jax.vmap(one, in_axes=(0, None, 0, 0, 0, 0, 0, None))
    return one(carry, world, parameters, schedule, shocks, seed, held, first)


def _months(
    design: Design,
    carry: Any,
    world: World,
    parameters: Parameters,
    schedule: Schedule,
    shocks: Shocks,
    seed: Array,
    held: Mapping[str, Any],
    first: Array,
) -> tuple[Any, dict[str, Array]]:
    """The months of one segment of one member."""

    def month(carry: Any, number: Array) -> tuple[Any, dict[str, Array]]:
        society, observed, active = carry
        active = _switched(schedule, observed, active)
        scheduled = _scheduled(parameters, design.paths, schedule.values[number - first])
        key = jax.random.fold_in(jax.random.key(seed), number)
        society = step(
            society,
            world,
            scheduled,
            _levers(schedule, active, number - first),
            key,
            mechanisms=design.mechanisms,
            shocks=shocks,
            month=number,
            held=held,
        )
        recorded = {one.name: one(society, world) for one in design.record}
        short = [recorded[one.name].ravel() for one in design.record if len(one.dims) <= 1]
        observed = jnp.concatenate(short) if short else observed
        return sharding.keep(((_rested(society), observed, active), recorded), world)

    return jax.lax.scan(month, carry, first + jnp.arange(design.length))


def _switched(
    schedule: Schedule, observed: Float[Array, "index"], active: Bool[Array, "lever"]
) -> Bool[Array, "lever"]:
    """Which rules act this month, by what was observed last month; nan passes no mark."""
    if observed.shape[0] == 0:
        return active
    seen = observed[jnp.maximum(schedule.watch, 0)]
    on = jnp.where(schedule.below, seen < schedule.on, seen > schedule.on)
    off = jnp.where(schedule.below, seen > schedule.off, seen < schedule.off)
    return (schedule.watch >= 0) & (active | on) & ~off


def _levers(schedule: Schedule, active: Bool[Array, "lever"], month: Array) -> Levers:
    by_rule = jnp.where(active, schedule.level, 0.0)
    values = jnp.where(schedule.watch >= 0, by_rule, schedule.base[month])
    return Levers(**{name: values[place] for place, name in enumerate(LEVERS)})


def _scheduled(parameters: Parameters, paths: tuple[str, ...], values: Array) -> Parameters:
    """The parameters of this month: as given, but for those that the policy sets."""
    changed = {
        path: jnp.where(jnp.isnan(values[place]), parameters.get(path), values[place])
        for place, path in enumerate(paths)
    }
    return parameters.set(changed)


def _rested(society: Society) -> Society:
    """The society without this month's flows, as it is carried."""
    return replace(society, flows=Flows())
