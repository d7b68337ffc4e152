"""What is observed each month: an indicator of a field of the society, with name, unit and labels.

An index is a function (society, world) -> number or short vector, in the file of its group.
`INDICES` holds them all by name; `STANDARD` is what a run records unless told otherwise.
"""

from __future__ import annotations

from datapolis.core.errors import InputError, nearest
from datapolis.model.indices import (
    firms,
    governance,
    law,
    market,
    power,
    prices,
    privacy,
    rights,
    rumours,
    ties,
    welfare,
)
from datapolis.model.indices.declared import (
    AIMS,
    DECILES,
    GAPS,
    HOLDERS,
    RIGHTS,
    Group,
    Index,
    labels,
)

GROUPS = (power, market, ties, governance, rights, privacy, prices, welfare, rumours, law, firms)
INDICES: dict[str, Index] = {
    name: one for group in GROUPS for name, one in group.index.indices.items()
}
STANDARD: tuple[str, ...] = tuple(name for name, one in INDICES.items() if one.group != "firms")

__all__ = [
    "AIMS", "DECILES", "GAPS", "HOLDERS", "INDICES", "RIGHTS", "STANDARD", "Group", "Index", "find",
    "labels",
]  # fmt: skip


def find(name: str) -> Index:
    """The index of that name; InputError with the nearest name if there is none."""
    if name not in INDICES:
        raise InputError("no such index", field=name, nearest=nearest(name, INDICES))
    return INDICES[name]
