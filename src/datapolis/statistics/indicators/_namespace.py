"""What NumPy and JAX say differently, said once: the indicators above this file have one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from jaxtyping import Array, Bool, Float, Int


class Namespace(Protocol):
    """The functions of `numpy` or of `jax.numpy`."""

    nan: float
    inf: float

    def __getattr__(self, name: str) -> Callable[..., Array]: ...


def namespace(*values: Any) -> Namespace:
    """`jax.numpy` if any of the values is a JAX array, else `numpy`; plain numbers fit both."""
    spaces = [v.__array_namespace__() for v in values if hasattr(v, "__array_namespace__")]
    found: Namespace = next((space for space in spaces if space is not np), np)
    return found


def ratio(xp: Namespace, part: Any, whole: Any) -> Array:
    """`part / whole`, nan where the whole is 0, without a warning and never weakly typed."""
    quotient: Array = part / xp.where(whole == 0, xp.nan, whole)
    return quotient.astype(quotient.dtype)


def among_living(
    xp: Namespace, amount: Float[Array, "holder"], alive: Bool[Array, "holder"] | None
) -> tuple[Float[Array, "holder"], Any]:
    """The amounts with 0 in dead places, and how many holders live."""
    if alive is None:
        return amount, amount.shape[0]
    return xp.where(alive, amount, 0), xp.sum(alive)


def membership(
    xp: Namespace, group: Int[Array, "holder"], groups: int
) -> Bool[Array, "holder group"]:
    """Who belongs to which of a few groups."""
    if groups < 1:
        raise ValueError(f"groups is {groups}; expected the number of groups, 1 or more")
    return xp.asarray(group)[:, None] == xp.arange(groups)


def check_share(name: str, value: Any) -> None:
    """Refuse a plain number outside 0..1; a traced or array value is the caller's to keep there."""
    if isinstance(value, int | float) and not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; expected a share between 0 and 1")


def scatter_add(target: Any, index: Int[Array, "..."], values: Array) -> Array:
    """`target` with each of `values` added at its index; values that meet in one place add up."""
    result: Array
    if hasattr(target, "at"):
        result = target.at[index].add(values)
    else:
        np.add.at(copy := target.copy(), index, values)
        result = copy
    return result


def scatter_least(target: Any, index: Int[Array, "..."], values: Array) -> Array:
    """`target` lowered to the least of the `values` that meet in each place."""
    result: Array
    if hasattr(target, "at"):
        result = target.at[index].min(values)
    else:
        np.minimum.at(copy := target.copy(), index, values)
        result = copy
    return result


def repeat(change: Callable[[Array], Array], start: Array, rounds: int) -> Array:
    """`start` after so many rounds of `change`."""
    if hasattr(start, "at"):
        from jax.lax import fori_loop

        result: Array = fori_loop(0, rounds, lambda _, value: change(value), start)
        return result
    for _ in range(rounds):
        start = change(start)
    return start


def until_still(change: Callable[[Array], Array], start: Array) -> Array:
    """`start` changed until a round changes nothing."""
    if hasattr(start, "at"):
        from jax.lax import while_loop

        def again(state: tuple[Array, Array]) -> Array:
            return (state[0] != state[1]).any()

        def once(state: tuple[Array, Array]) -> tuple[Array, Array]:
            return state[1], change(state[1])

        result: Array = while_loop(again, once, (start, change(start)))[1]
        return result
    while True:
        now = change(start)
        if (now == start).all():
            return now
        start = now
