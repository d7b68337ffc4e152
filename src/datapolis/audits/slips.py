"""What in a table looks like a slip on the way to it: another unit, or rows that were lost.

A note asks whoever knows the table; it changes no number, and tells none. What cannot be seen from
inside a table is not asked: rows lost without a trace, or a part of the names in another unit where
sizes spread widely anyhow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

    Column = np.ndarray[Any, np.dtype[Any]]

JUMP = 20.0  # times; a hundred and a thousand are common between units, twenty between years is not
GAP = 10.0  # times between neighbours
EDGE = 0.05  # of the units on either side of a gap, at least
FEW = 3  # units that are no cloud yet
MANY = 10  # units or more, or nothing is asked
GONE = 0.2  # of the units that were always there


def of_another_order(
    what: str, period: Column, value: Float[Column, "row"], least: int = MANY
) -> list[str]:
    """Whether the median of one period is many times that of the others, or a small part of it.

    what    is measured, as the note calls it
    least   values of a period, or it is left out
    """
    names, code = np.unique(np.asarray(period, str), return_inverse=True)
    size = np.bincount(code)
    kept = np.flatnonzero(size >= max(least, 1))
    middle = np.array([np.median(np.abs(value[code == one])) for one in kept])
    kept, middle = kept[middle > 0], middle[middle > 0]
    if kept.size < 2:
        return []
    usual = np.quantile(middle, 0.5, method="lower")
    ratio = np.maximum(middle / usual, usual / middle)
    odd = names[kept[ratio >= JUMP]]
    if not odd.size:
        return []
    if kept.size == 2:
        first, second = names[kept]
        return [f"{what} is of another order in {first} than in {second}: {ANOTHER}"]
    more = f" and {odd.size - 3:,} more" if odd.size > 3 else ""
    return [f"{what} is of another order in {', '.join(odd[:3])}{more} than elsewhere: {ANOTHER}"]


ANOTHER = "is that another unit or currency?"


def in_two_clouds(
    what: str, units: str, value: Float[Column, "unit"], least: int = MANY
) -> list[str]:
    """Whether positive values of units fall into two clouds with nothing between them.

    least   units on either side
    """
    order = np.sort(value[np.isfinite(value)])
    few = max(least, FEW, int(np.ceil(EDGE * order.size)))
    if order.size < 2 * few or order[0] <= 0:
        return []
    step = (order[1:] / order[:-1])[few - 1 : order.size - few]
    if not step.size or step.max() < GAP:
        return []
    return [
        f"{what} falls into two clouds by {units}, ten or more times apart, with nothing between "
        f"them: {ANOTHER}"
    ]


def keys_doubted(p_value: float) -> str:
    """What a comparison of two tables cannot say where chance alone could have made it."""
    if p_value <= 0.05:
        return ""
    return " Whether the keys of both tables mean the same units: no agreement shows."


def cut_short(units: str, unit: Column, period: Column) -> list[str]:
    """Whether units that were there in all periods are missing from the last, unlike before."""
    names, when = np.unique(np.asarray(period, str), return_inverse=True)
    if names.size < 3:
        return []
    _, who = np.unique(np.asarray(unit, str), return_inverse=True)
    here: Any = np.zeros((who.max() + 1, names.size), bool)
    here[who, when] = True
    gone = []
    for last in range(1, names.size):
        always = here[:, :last].all(axis=1)
        if always.sum() < MANY:
            return []
        gone.append(float(1 - here[always, last].mean()))
    if gone[-1] < GONE or gone[-1] <= 3 * max(gone[:-1]):
        return []
    return [
        f"Many {units} that are there in every period before are missing from the last "
        f"({names[-1]}), unlike before: was the table cut short?"
    ]
