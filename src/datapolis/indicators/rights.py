"""Whether rights are enjoyed by all alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.indicators._namespace import namespace
from datapolis.indicators.concentration import gini

if TYPE_CHECKING:
    from jaxtyping import Array, Float


def rights_gini(rights: Float[Array, "citizen right"]) -> Float[Array, ""]:
    """How unequally rights are enjoyed: the Gini coefficient of each citizen's mean right.

    0 when all citizens enjoy the same, 1 - 1/n when one enjoys all there is, nan while nobody
    enjoys any. Source: F22; Gini (1912).
    """
    return gini(namespace(rights).mean(rights, axis=1))
