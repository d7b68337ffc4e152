"""More than one device: citizens spread over a mesh, everything else the same on each device.

    mesh = sharding.mesh()                       all devices of all processes, along one axis
    dp.simulate(world, months=240, mesh=mesh)    the same results

Each device holds an equal part of the citizens, in order; organizations, firms, regions and all
numbers are on every device, which all compute them alike. What crosses between devices: sums over
citizens (`arrays.total`, `arrays.grouped`) and what citizens read of others (`arrays.everyone`).

Several processes, on one machine or many, first join: each calls `join` with its own number, then
all run the same program; what a run records is known to all of them.

Which numbers of citizens: any multiple of the devices. Where the border between two devices is also
one between two blocks of citizens (`arrays.block_bits`), sums are the very sums of a single device;
elsewhere two devices share a block, and its sum may differ by float32 rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from datapolis.core.errors import InputError
from datapolis.model.arrays import BLOCKS, CITIZENS, ONE_BLOCK, WHOLE, block_bits, blocks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datapolis.model.world import World

Record = TypeVar("Record")


def join(address: str, processes: int, process: int, *, devices: int | None = None) -> None:
    """Make this process one of several that run together; to be called before anything else.

    address     HOST:PORT of process 0, which all others can reach
    processes   how many there are, 1 or more
    process     the number of this one, 0 to processes - 1
    devices     of this process; on a processor 1 unless told otherwise, else all that it has

    Waits until all have come. On processors they talk by Gloo over TCP.

    Raises InputError for numbers that do not fit, and if JAX already runs in this process.
    """
    if processes < 1:
        raise InputError("too few", field="processes", value=processes, allowed="1 or more")
    if not 0 <= process < processes:
        allowed = f"0 to {processes - 1}"
        raise InputError("no such process", field="process", value=process, allowed=allowed)
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise InputError("no address", field="coordinator", value=address, allowed="HOST:PORT")
    config: Any = jax.config
    try:
        config.update("jax_cpu_collectives_implementation", "gloo")
        if devices is not None:
            config.update("jax_num_cpu_devices", devices)
        jax.distributed.initialize(address, processes, process)
    except RuntimeError as error:
        raise InputError(
            f"cannot join: {error}", field="process", value=process, allowed="joined once, first"
        ) from None


def mesh(devices: Sequence[Any] | None = None) -> Mesh:
    """A mesh over these devices; by default over all devices of all processes."""
    every = jax.devices() if devices is None else list(devices)
    return Mesh(np.array(every), (CITIZENS,), axis_types=(AxisType.Auto,))


def check(citizens: int, mesh: Mesh) -> None:
    """Raise InputError unless the mesh has the axis and its devices can share the citizens."""
    if mesh.axis_names != (CITIZENS,):
        raise InputError(
            "a mesh of other axes", field="mesh", value=mesh.axis_names, allowed=f"({CITIZENS!r},)"
        )
    many = mesh.size
    if citizens % many:
        below, above = citizens // many * many, -(-citizens // many) * many
        near = f"{below} or {above}" if below else f"{above}"
        raise InputError(
            f"citizens cannot be shared by {many} devices",
            field="citizens",
            value=citizens,
            allowed=f"a multiple of {many}, such as {near}; the same to the last bit as on one "
            f"device with {even(citizens, many)}",
        )


def is_even(citizens: int, devices: int) -> bool:
    """Whether no block of citizens is shared by two devices: sums are then those of one device."""
    _, size = blocks_of(citizens)
    return devices == 1 or citizens % (devices * size) == 0


def even(citizens: int, devices: int) -> int:
    """The least number of citizens, from this one on, with which no block is shared.

    It is at least 16,000, below which there is one block. There are 64 blocks at most; for more
    devices than that, the least number that they can share at all.
    """
    at_least, step = max(citizens, ONE_BLOCK), devices
    if devices <= BLOCKS:
        step = devices << block_bits(at_least)
        if not is_even(-(-at_least // step) * step, devices):
            step *= 2  # the next larger blocks
    return -(-at_least // step) * step


def spec(record: Any, citizens: int, *, outer: int = 0) -> Any:
    """How each array of a World, a Society, or a part of one lies on the mesh.

    Arrays of citizens are spread along their first axis after `outer` others (members of a batch);
    all else is whole on each device.
    """

    def one(path: Any, value: Any) -> Any:
        names = {getattr(key, "name", "") for key in path}
        theirs = names & {"citizens", "own"} or names >= {"endowment", "uses"}
        counted = value.ndim > outer and value.shape[outer] == citizens
        if theirs and counted:
            return PartitionSpec(*(None,) * outer, CITIZENS)  # type: ignore[no-untyped-call]
        return WHOLE

    return jax.tree_util.tree_map_with_path(one, record)


def place(record: Record, mesh: Mesh, citizens: int = 0, *, outer: int = 0) -> Record:
    """A copy of a record on the mesh. Every process gives the same, and keeps its own part.

    Without `citizens`, the number of them, all of it is whole on each device.
    """

    def one(value: Any, spec: PartitionSpec) -> Any:
        there = NamedSharding(mesh, spec)
        if not mesh.is_multi_process or _lies_afar(value):
            return jax.device_put(value, there)
        whole = np.asarray(value)
        return jax.make_array_from_callback(whole.shape, there, lambda index: whole[index])

    placed: Record = jax.tree.map(one, record, spec(record, citizens or -1, outer=outer))
    return placed


def place_world(world: World, mesh: Mesh) -> World:
    """A copy of the world on the mesh. Raises InputError if its citizens cannot be shared."""
    check(world.sizes.citizens, mesh)
    return place(world, mesh, world.sizes.citizens)


def keep(record: Record, world: World) -> Record:
    """Hold a record's arrays where they belong, while it is compiled for a mesh."""
    if jax.sharding.get_abstract_mesh().empty:
        return record
    specs = spec(record, world.sizes.citizens)
    kept: Record = jax.tree.map(jax.lax.with_sharding_constraint, record, specs)
    return kept


def gather(record: Record) -> Record:
    """A copy that lies whole on this process, such as of a run's society; all must ask for it."""
    from jax.experimental.multihost_utils import process_allgather

    whole: Record = jax.tree.map(
        lambda value: process_allgather(value, tiled=True) if _lies_afar(value) else value, record
    )
    return whole


def _lies_afar(value: Any) -> bool:
    """Whether some of an array lies on devices of other processes."""
    return isinstance(value, jax.Array) and not value.is_fully_addressable
