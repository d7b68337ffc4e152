"""The only doors from citizens to sums, and small helpers that every mechanism shares.

Every sum over citizens adds in fixed blocks of citizens, then the blocks in order: float32 sums
stay exact to about 1e-6 at ten million citizens, and their value follows N, never a device.

Where citizens are spread over a mesh of devices (`datapolis.model.sharding`), each device sums its
own blocks, and all of them add the blocks in the same order: a block that lies on one device has
the very sum that it has on a single one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import reduce
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from datapolis.core.declare import join_pytrees

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

BLOCKS = 64  # at most so many blocks of citizens in a sum
ONE_BLOCK = 16_000  # below so many citizens one block does
TINY = 1e-30
CITIZENS = "citizens"  # the axis of a mesh along which citizens are spread
SPREAD: Any = PartitionSpec(CITIZENS)  # type: ignore[no-untyped-call]
WHOLE: Any = PartitionSpec()  # type: ignore[no-untyped-call]


def _register(cls: type) -> None:
    names = [item.name for item in fields(cls)]
    static = [item.name for item in fields(cls) if item.metadata.get("static")]
    jax.tree_util.register_dataclass(
        cls, data_fields=[name for name in names if name not in static], meta_fields=static
    )


join_pytrees(_register)


def block_bits(citizens: int) -> int:
    """Blocks of citizens have 2^bits members: citizen i lies in block i >> bits."""
    if citizens < ONE_BLOCK:
        return citizens.bit_length()
    return (-(-citizens // BLOCKS) - 1).bit_length()


def blocks_of(citizens: int) -> tuple[int, int]:
    """How many blocks there are, and how many members the first of them has."""
    bits = block_bits(citizens)
    return ((citizens - 1) >> bits) + 1, min(citizens, 1 << bits)


def shards(citizens: int) -> int:
    """Over how many devices that many citizens are spread while this is compiled; 1 without mesh.

    Those who do not divide evenly are not spread.
    """
    many = int(dict(jax.sharding.get_abstract_mesh().shape).get(CITIZENS, 1))
    return many if citizens % many == 0 else 1


def replicate(values: Any) -> Any:
    """The same values of all citizens, whole on each device: what is read of others.

    Without a mesh it does nothing. With one, `replicate(uses)[friend]` sends each device the uses
    of all, once; to leave the choice to the compiler can cost more.
    """
    if shards(values.shape[0]) == 1:
        return values
    return jax.lax.with_sharding_constraint(values, WHOLE)  # type: ignore[no-untyped-call]


def _together(local: Callable[..., Any], *values: Any) -> Any:
    """The sum over devices of what each finds of its own citizens, given the first's number."""

    def here(*parts: Any) -> Any:
        first = jax.lax.axis_index(CITIZENS) * parts[0].shape[0]
        found = local(first, *parts)
        return jax.lax.psum(found, CITIZENS)  # type: ignore[no-untyped-call]

    return jax.shard_map(here, in_specs=(SPREAD,) * len(values), out_specs=WHOLE)(*values)


def total(values: Float[Array, "citizen ..."]) -> Float[Array, "..."]:
    """The sum over citizens, block by block."""
    values = jnp.asarray(values, jnp.float32)
    many = values.shape[0]
    number, size = blocks_of(many)
    if shards(many) > 1:

        def local(first: Any, part: Any) -> Any:
            here, rest = part.shape[0], part.shape[1:]
            rows = here // size if here % size == 0 else (here - 1) // size + 2
            room = jnp.zeros((rows * size, *rest), jnp.float32)
            at = (first % size, *(0,) * len(rest))
            cut = jax.lax.dynamic_update_slice(room, part, at).reshape(rows, size, *rest)
            every = jnp.zeros((number + rows, *rest), jnp.float32)
            at = (first // size, *(0,) * len(rest))
            return jax.lax.dynamic_update_slice(every, jnp.sum(cut, axis=1), at)[:number]

        return jnp.sum(_together(local, values), axis=0)
    padding = [(0, size * number - many)] + [(0, 0)] * (values.ndim - 1)
    cut = jnp.pad(values, padding).reshape(number, size, *values.shape[1:])
    return jnp.sum(barrier(jnp.sum(cut, axis=1)), axis=0)


def mean(values: Float[Array, "citizen ..."]) -> Float[Array, "..."]:
    """The mean over citizens."""
    return total(values) / values.shape[0]


def grouped(
    values: Float[Array, "citizen ..."], group: Int[Array, "citizen ..."], groups: int
) -> Float[Array, "group"]:
    """The sum of values by group, divided by the number of citizens: a quantity per citizen."""
    many, bits = values.shape[0], block_bits(values.shape[0])
    number, _ = blocks_of(many)

    def local(first: Any, part: Any, group: Any) -> Any:
        block = ((first + jnp.arange(part.shape[0], dtype=jnp.int32)) >> bits) * groups
        place = group.astype(jnp.int32) + jnp.expand_dims(block, tuple(range(1, group.ndim)))
        sums, added = jnp.zeros(number * groups, jnp.float32), part.ravel().astype(jnp.float32)
        return sums.at[place.ravel()].add(added, mode="promise_in_bounds")

    sums = _together(local, values, group) if shards(many) > 1 else local(0, values, group)
    by_group: Array = jnp.sum(sums.reshape(number, groups), axis=0) / many
    return by_group


def group_mean(
    values: Float[Array, "citizen"], group: Int[Array, "citizen"], groups: int
) -> Float[Array, "group"]:
    """The mean of values in each group; 0 where a group is empty."""
    size = grouped(jnp.ones_like(values), group, groups)
    return grouped(values, group, groups) / jnp.maximum(size, TINY)


def per_firm(
    values: Float[Array, "citizen slot"], uses: Int[Array, "citizen slot"], firms: int
) -> Float[Array, "firm"]:
    """The sum over all uses of each firm, per citizen."""
    return grouped(values, uses, firms)


def neighbours(values: Any, ties: Int[Array, "citizen tie"], nothing: Any = 0) -> Any:
    """The value of each acquaintance; `nothing` where there is no tie (-1)."""
    # A gather holds its places within bounds by itself: -1 reads place 0, and is masked here.
    there = replicate(values).at[ties].get(mode="promise_in_bounds", wrap_negative_indices=False)
    return jnp.where(ties >= 0, there, jnp.asarray(nothing, values.dtype))


def tie_sum(values: Float[Array, "citizen"], ties: Int[Array, "citizen tie"]) -> Any:
    """The sum of a value over each citizen's acquaintances, in the type of the value."""
    values = replicate(values)
    told = [neighbours(values, ties[:, place]) for place in range(ties.shape[1])]
    return reduce(jnp.add, told)


def tie_count(ties: Int[Array, "citizen tie"]) -> Any:
    """How many acquaintances each citizen has."""
    return slot_sum((ties >= 0).astype(jnp.int8))


def clip01(values: Any) -> Any:
    """Values held in 0 to 1."""
    return jnp.clip(values, 0.0, 1.0)


def logit_step(value: Any, step: Any, low: float = 0.01, high: float = 0.99) -> Any:
    """`value` moved by `step` (held within 2) on the logit scale, kept in low to high."""
    at = jnp.clip(value, low, high)
    return jnp.clip(jax.nn.sigmoid(jnp.log(at / (1.0 - at)) + jnp.clip(step, -2.0, 2.0)), low, high)


def mean_of(values: Float[Array, "place"], alive: Bool[Array, "place"]) -> Float[Array, ""]:
    """The mean over the living; 0 when nobody lives."""
    return jnp.sum(jnp.where(alive, values, 0.0)) / jnp.maximum(jnp.sum(alive), 1)


def living(alive: Bool[Array, "place"]) -> Int[Array, "place"]:
    """The places of the living, in order, then the others: `living(alive)[k]` is the k-th."""
    return jnp.argsort(~alive, stable=True).astype(jnp.int32)


def pick(number: Float[Array, "..."], alive: Bool[Array, "place"]) -> Int[Array, "..."]:
    """The living place that a uniform number in (0, 1) points to."""
    count = jnp.sum(alive)
    rank = jnp.minimum((number * count).astype(jnp.int32), jnp.maximum(count - 1, 0))
    return living(alive)[rank]


def slot_sum(values: Any) -> Any:
    """The sum over a citizen's few slots, written out: short rows are slow to reduce otherwise."""
    return reduce(jnp.add, [values[:, slot] for slot in range(values.shape[1])])


def slot_max(values: Any) -> Any:
    """The largest over a citizen's few slots."""
    return reduce(jnp.maximum, [values[:, slot] for slot in range(values.shape[1])])


def slot_min(values: Any) -> Any:
    """The smallest over a citizen's few slots."""
    return reduce(jnp.minimum, [values[:, slot] for slot in range(values.shape[1])])


def slot_any(values: Any) -> Any:
    """Whether any of a citizen's few slots is so."""
    return reduce(jnp.logical_or, [values[:, slot] for slot in range(values.shape[1])])


def first_slot(marked: Bool[Array, "citizen slot"]) -> Int[Array, "citizen"]:
    """The first of a citizen's marked slots; -1 if none is."""
    slot = jnp.full(marked.shape[0], -1, jnp.int8)
    for place in reversed(range(marked.shape[1])):
        slot = jnp.where(marked[:, place], jnp.int8(place), slot)
    return slot


def is_slot(slot: Int[Array, "citizen"], slots: int) -> Bool[Array, "citizen slot"]:
    """Which of a citizen's slots is the one given."""
    return slot[:, None] == jnp.arange(slots, dtype=jnp.int8)


def in_slot(values: Array, slot: Int[Array, "citizen"]) -> Any:
    """What a citizen has in the slot given; 0 for none."""
    return slot_sum(jnp.where(is_slot(slot, values.shape[1]), values, 0))


def barrier(*values: Any) -> Any:
    """The same values, computed once: without this, a compiler may repeat them for each reader."""
    kept = jax.lax.optimization_barrier(values)  # type: ignore[no-untyped-call]
    return kept[0] if len(values) == 1 else kept
