"""What may be shown of groups: none below a threshold, none that a total gives away.

A group with fewer than `least` independent units or fewer than `least` people is withheld. Where
the table also tells a total, one group withheld alone could be had by subtraction, so the smallest
of the others is withheld with it, until what is withheld reaches the threshold together. A sum is
withheld too where one contributor could work out another: the p % rule. Tables declared public,
such as a register, are shown whole.

Source: Hundepool et al. (2012), Statistical Disclosure Control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Shaped

    Column = np.ndarray[Any, np.dtype[Any]]

LEAST = 10  # units and people in the smallest group that is shown
PERCENT = 10.0  # how near a contributor may be estimated from outside, percent of its part
WITHHELD = "withheld: its group is smaller than the threshold, or could be had by subtraction"


def shown(
    units: Float[Column, "group"],
    people: Float[Column, "group"] | None = None,
    *,
    least: int = LEAST,
    public: bool = False,
    total: bool = True,
    within: Shaped[Column, "group"] | None = None,
    dominated: Bool[Column, "group"] | None = None,
) -> Bool[Column, "group"]:
    """Which groups may be shown.

    units, people   in each group; the smaller of the two counts, a group with none of either is
                    shown as such
    total           whether the sum over the groups is told anywhere, so that one is not enough
    within          the part of the table each group belongs to, if each part has a total of its own
    dominated       groups to withhold because one contributor dominates, see `dominant`
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
        while hidden[here].any() and (hidden[here].sum() < 2 or size[here & hidden].sum() < least):
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
