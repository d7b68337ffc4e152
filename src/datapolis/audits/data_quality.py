"""What in a table looks like a slip on the way to it: another unit, or rows that were lost.

A note asks whoever knows the table; it changes no number, and tells none. What cannot be seen from
inside a table is not asked: rows lost without a trace, or a part of the names in another unit where
sizes spread widely anyhow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.tables.periods import coded

if TYPE_CHECKING:
    from jaxtyping import Float

    Column = np.ndarray[Any, np.dtype[Any]]

JUMP = 20.0  # times; a hundred and a thousand are common between units, twenty between years is not
GAP = 10.0  # times between neighbours
EDGE = 0.05  # of the units on either side of a gap, at least
FEW = 3  # units that are no cloud yet
MANY = 10  # units or more, or nothing is asked
BLOCKS = 20  # equal parts of the rows that are compared with each other, at most
RUN = 0.1  # of the rows, in a run that is asked about; sorted lists begin with a few that are large
SORTED = 0.7  # rank correlation of amounts with their place beyond which rows are sorted
GONE = 0.2  # of the units that were always there


def of_another_order(
    what: str, period: Column, value: Float[Column, "row"], least: int = MANY
) -> list[str]:
    """Whether the median of one period is many times that of the others, or a small part of it.

    what    is measured, as the note calls it
    least   values of a period, or it is left out
    """
    names, code = coded(period)
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
    order = np.sort(value[np.isfinite(value) & (value > 0)])
    few = max(least, FEW, int(np.ceil(EDGE * order.size)))
    if order.size < 2 * few:
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
    names, when = coded(period)
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


def in_a_run_of_rows(
    what: str, value: Float[Column, "row"], unit: Column | None = None, least: int = MANY
) -> list[str]:
    """Whether some rows in a run are of another order than those before or after them.

    The rows are cut into equal blocks. Blocks whose medians are many times the usual one, or a
    small part of it, have to follow each other and be at most half. Three in four amounts of the
    run have to lie beyond three in four of the others (nine in ten, where it neither begins nor
    ends the table). Neither may be sorted, for that makes any blocks differ. Where units come
    again, each is compared with itself, so that large units that stand together are no slip.

    value   of each row in the order of the file; those of 0 or less are left out
    unit    whose it is
    least   rows in a block
    """
    unit = None if unit is None else unit[value > 0]
    value = np.log(value[value > 0])
    blocks = min(BLOCKS, value.size // least)
    if blocks < 3:
        return []
    block = np.arange(value.size) * blocks // value.size
    middle = np.array([np.median(value[block == one]) for one in range(blocks)])
    usual = np.quantile(middle, 0.5, method="lower")
    jump = np.log(JUMP)
    for odd in (middle >= usual + jump, middle <= usual - jump):
        place = np.flatnonzero(odd)
        if not RUN <= place.size / blocks <= 0.5 or place[-1] - place[0] >= place.size:
            continue
        inside = odd[block]
        beside = np.convolve(odd, np.ones(3), "same")[block] > 0  # the blocks at its ends hold both
        apart = (
            [value[inside], value[~beside]] if (~beside).any() else [value[inside], value[~inside]]
        )
        low, high = sorted(apart, key=np.median)
        part = 0.25 if place[0] == 0 or place[-1] == blocks - 1 else 0.1
        if np.quantile(high, part) <= np.quantile(low, 1 - part) or any(map(_sorted, apart)):
            continue
        if unit is not None and not _same_units_differ(value, unit, inside, jump):
            continue
        where = (
            f"the first {inside.mean():.0%} of the rows"
            if place[0] == 0
            else f"the last {inside.mean():.0%} of the rows"
            if place[-1] == blocks - 1
            else f"{inside.mean():.0%} of the rows, which stand together,"
        )
        return [f"{what} is of another order in about {where} than in the others: {ANOTHER}"]
    return []


def _sorted(value: Float[Column, "row"]) -> bool:
    """Whether amounts rise or fall with their place."""
    if value.size < MANY or np.ptp(value) == 0:
        return False
    rank = np.argsort(np.argsort(value, kind="stable"), kind="stable")
    return bool(abs(np.corrcoef(rank, np.arange(rank.size))[0, 1]) >= SORTED)


def _same_units_differ(
    value: Float[Column, "row"], unit: Column, inside: Column, jump: float
) -> bool:
    """Whether units that stand on both sides differ as much from themselves; True where few do."""
    code = np.unique(unit, return_inverse=True)[1]
    both = np.intersect1d(code[inside], code[~inside])
    if both.size < FEW:  # each unit stands in one place: what differs may be the units
        return np.unique(code).size > 0.8 * code.size
    change = [
        np.median(value[inside & (code == one)]) - np.median(value[~inside & (code == one)])
        for one in both[:200]
    ]
    return bool(abs(np.median(change)) >= jump)


def stops_in_a_round(units: str, unit: Column, of: int, rounds: int) -> list[str]:
    """Whether rows repeat one order of units again and again, and stop in the middle of it.

    unit     of each row, in the order of the file
    of       units in a round, at least
    rounds   whole ones, at least
    """
    code = np.unique(unit, return_inverse=True)[1]
    again = np.flatnonzero(code[1:] == code[0])
    length = int(again[0]) + 1 if again.size else 0
    if length < of or code.size < rounds * length or not code.size % length:
        return []
    if np.unique(code[:length]).size < length or (code[length:] != code[:-length]).any():
        return []
    return [
        f"The rows name each of {units} in one order again and again, and stop in the middle of "
        "it: was the table cut short?"
    ]
