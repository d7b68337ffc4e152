"""What may be shown of groups: none below a threshold, none that a total gives away.

A group with fewer than `least` independent units or fewer than `least` people is suppressed. Where
the table also tells a total, one group suppressed alone could be had by subtraction, so the
smallest of the others is suppressed with it, until what is suppressed reaches the threshold
together. Where one unit may lie in several groups, units of small groups may be the same, so that
one large group must be among those suppressed. A sum is suppressed too where one contributor could
work out another: the p % rule. Tables declared public, such as a register, are shown whole.

Source: Hundepool et al. (2012), Statistical Disclosure Control.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Shaped

    Column = np.ndarray[Any, np.dtype[Any]]

LEAST = 10  # units and people in the smallest group that is shown
PERCENT = 10.0  # how near a contributor may be estimated from outside, percent of its part
SUPPRESSED = (
    "suppressed, as the group is smaller than the threshold or the number could be found by "
    "subtraction"
)
BEFORE = "withheld: its group is smaller than the threshold"  # the words of 0.1, in stored audits
ITS_VALUE = f"Its value: it is {SUPPRESSED}."  # what a finding that is suppressed cannot say


def shown(
    units: Float[Column, "group"],
    people: Float[Column, "group"] | None = None,
    *,
    least: int = LEAST,
    public: bool = False,
    total: bool = True,
    overlap: bool = False,
    within: Shaped[Column, "group"] | None = None,
    dominated: Bool[Column, "group"] | None = None,
) -> Bool[Column, "group"]:
    """Which groups may be shown.

    units, people   in each group; the smaller of the two counts, a group with none of either is
                    shown as such
    total           whether the sum over the groups is told anywhere, so that one is not enough
    overlap         whether a unit may lie in several groups, so that their sizes do not add up
    within          the part of the table each group belongs to, if each part has a total of its own
    dominated       groups to suppress because one contributor dominates, see `dominant`
    """
    size = np.asarray(units, float)
    if people is not None:
        size = np.minimum(size, np.asarray(people, float))
    if public:
        return np.ones(size.shape, bool)
    hidden = (size > 0) & (size < least)
    if dominated is not None:
        hidden = hidden | np.asarray(dominated, bool)
    if not total:
        return ~hidden
    parts = (
        np.zeros(size.shape, int) if within is None else np.unique(within, return_inverse=True)[1]
    )
    for part in np.unique(parts):
        here = parts == part
        while hidden[here].any() and not _enough(size[here & hidden], least, overlap):
            others = np.flatnonzero(here & ~hidden & (size > 0))
            if not others.size:
                break
            hidden[others[np.argmin(size[others])]] = True
    return ~hidden


def one_dominates(amounts: Float[Column, "contributor"], *, percent: float = PERCENT) -> bool:
    """Whether the sum of these amounts is unsafe by the p % rule; one or two contributors are."""
    amounts = np.asarray(amounts, float)
    second, first = np.sort(np.append(amounts, [0.0, 0.0]))[-2:]
    one = (np.array([first]), np.array([second]), np.array([amounts.sum()]))
    return bool(dominant(*one, percent=percent)[0])


def dominant(
    largest: Float[Column, "group"],
    second: Float[Column, "group"],
    total: Float[Column, "group"],
    *,
    percent: float = PERCENT,
) -> Bool[Column, "group"]:
    """Groups in which the second largest contributor knows the largest to within p % (p % rule).

    It knows the total and its own part, so the rest, total - largest - second, is all that hides
    the largest: the group is unsafe where that rest is less than p % of the largest.
    """
    rest = np.asarray(total, float) - largest - second
    unsafe: Bool[Column, "group"] = rest < percent / 100 * np.asarray(largest, float)
    return unsafe


def cuts_told(
    amounts: Float[Column, "holder"],
    wanted: Iterable[float],
    *,
    least: int = LEAST,
    percent: float = PERCENT,
) -> list[float]:
    """How many of the largest may be summed, beside each other and beside the sum of all.

    Two such sums differ by the holders between them, so that those must be enough, and none of
    them may dominate; of a head counted in part the whole amount is looked at.

    amounts   of the holders, largest first
    wanted    numbers of the largest, the most wanted first; whole or not
    least     holders between two sums; with 1 or less all are told
    """
    told = [0.0, float(len(amounts))]
    if least <= 1:
        return sorted({*told, *map(float, wanted)})
    for cut in wanted:
        if any(abs(cut - other) < 1e-9 for other in told):
            continue
        below = max((other for other in told if other < cut), default=cut)
        above = min((other for other in told if other > cut), default=cut)
        pieces = ((below, cut), (cut, above))
        if all(
            to - start >= least
            and not one_dominates(amounts[int(start) : int(np.ceil(to))], percent=percent)
            for start, to in pieces
        ):
            told.append(float(cut))
    return sorted(told)


def one_digit(value: float) -> float:
    """A number above 0 rounded down to one digit, so that nobody's own amount is told."""
    if not value > 0:
        return 0.0
    scale = 10.0 ** np.floor(np.log10(value))
    return float(f"{np.floor(value / scale * (1 + 1e-12)) * scale:.1g}")


def _enough(sizes: Float[Column, "hidden"], least: int, overlap: bool) -> bool:
    """Whether groups that are suppressed hide one another."""
    return bool(sizes.size > 1 and (sizes.max() if overlap else sizes.sum()) >= least)
