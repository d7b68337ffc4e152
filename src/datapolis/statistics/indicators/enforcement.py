"""Whether the law that is written is the law that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import namespace, ratio

if TYPE_CHECKING:
    from jaxtyping import Array, Float


def policy_distance(
    enforcement: Float[Array, "..."], capacity: Float[Array, "..."]
) -> Float[Array, "..."]:
    """The part of what enforcement could do that it leaves undone: 1 - enforcement/capacity.

    0 when it does all it can, 1 when it does nothing, nan without capacity; place by place.
    """
    xp = namespace(enforcement, capacity)
    result: Float[Array, "..."] = 1 - ratio(xp, enforcement, capacity)
    return result
