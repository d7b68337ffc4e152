"""How long it took, where only what has come in by a date is seen: right-truncated delays.

A delay d of something that began at s is in the table only if s + d is not after the date of the
table: d <= w, its window. Long delays of recent beginnings are missing, so that shares and medians
of the delays as recorded are too short. In reverse time, from the longest delay down, truncation on
the right becomes late entry, and a product limit gives the distribution:

    F(x) = product over y > x of (1 - d(y) / n(y))
    d(y) = delays that are y        n(y) = those with delay <= y <= window

F is the chance of a delay of at most x, given that it is at most the longest window: nothing is
known of longer ones. Beginnings and delays have to be independent. Sources: Lynden-Bell (1971),
Woodroofe (1985), Lagakos, Barraj and De Gruttola (1988).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.statistics.inference.resampling import AT_ONCE, Progress, bootstrap_counts

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

TIE = 1e-12  # rounding of a product


@dataclass(frozen=True, eq=False)
class Delays:
    """A distribution of delays: the chance `at_most` of one no longer than each of `days`."""

    days: Float[Column, "delay"]
    at_most: Float[Column, "delay"]

    @property
    def identified(self) -> bool:
        """Whether no delay but the shortest took all who could have had it.

        Where one did, the product is 0 below it, whatever the shorter delays are.
        """
        return self.at_most.size == 1 or bool((self.at_most > 0).all())

    def quantile(self, share: float) -> float:
        """The shortest delay that at least this share does not exceed."""
        return float(self.days[np.argmax(self.at_most >= share - TIE)])

    def above(self, days: Float[Column, "at"]) -> Float[Column, "at"]:
        """The share of delays longer than each of these."""
        below = np.searchsorted(self.days, np.asarray(days, float), side="right")
        chance: Column = 1 - np.concatenate([[0.0], self.at_most])[below]
        return chance


def as_recorded(delay: Float[Column, "row"], weight: Float[Column, "row"] | None = None) -> Delays:
    """The distribution of the delays in the table, as if none were missing."""
    delay = np.asarray(delay, float)
    days, code = np.unique(delay, return_inverse=True)
    count = np.bincount(code, weight, days.size)
    return Delays(days, np.cumsum(count) / count.sum())


def product_limit(
    delay: Float[Column, "row"],
    window: Float[Column, "row"],
    weight: Float[Column, "row"] | None = None,
) -> Delays:
    """The distribution of right-truncated delays, by the product limit in reverse time.

    delay    in any unit, at most `window`: how long it could have been and still be seen
    weight   how many there are of each row; without it one

    Raises InputError if a delay exceeds its window or there is none.
    """
    delay, window = _checked(delay, window)
    weight = np.ones(delay.size) if weight is None else np.asarray(weight, float)
    days, code = np.unique(delay, return_inverse=True)
    left = np.searchsorted(days, window, side="right")
    deaths = np.bincount(code, weight, days.size)
    leaving = np.bincount(left, weight, days.size + 1)
    return Delays(days, _chances(deaths[None], leaving[None])[0])


def bootstrap(
    delay: Float[Column, "row"],
    window: Float[Column, "row"],
    unit: Int[Column, "row"],
    weight: Float[Column, "row"] | None = None,
    *,
    at: Float[Column, "at"],
    draws: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Float[Column, "draw"], Float[Column, "draw at"]]:
    """The median and the shares above the delays `at`, in samples of whole units with return.

    unit   which independent unit each row belongs to, 0, 1, ...

    Raises InputError as `product_limit`.
    """
    from scipy.sparse import csr_array

    delay, window = _checked(delay, window)
    weight = np.ones(delay.size) if weight is None else np.asarray(weight, float)
    days, code = np.unique(delay, return_inverse=True)
    left = np.searchsorted(days, window, side="right")
    units = int(np.max(unit)) + 1
    deaths = csr_array((weight, (unit, code)), (units, days.size))
    leaving = csr_array((weight, (unit, left)), (units, days.size + 1))
    place = np.searchsorted(days, np.asarray(at, float), side="right")
    medians, above = np.empty(draws), np.empty((draws, place.size))
    step, done = max(1, AT_ONCE // (4 * days.size)), 0
    for counts in bootstrap_counts(units, draws, seed):
        for first in range(0, len(counts), step):
            some = counts[first : first + step]
            at_most = _chances(some @ deaths, some @ leaving)
            here = slice(done, done + len(some))
            medians[here] = days[np.argmax(at_most >= 0.5 - TIE, axis=1)]
            above[here] = 1 - np.pad(at_most, ((0, 0), (1, 0)))[:, place]
            done += len(some)
            if progress is not None:
                progress("delays", done, draws)
    return medians, above


def _chances(
    deaths: Float[Column, "draw delay"], leaving: Float[Column, "draw edge"]
) -> Float[Column, "draw delay"]:
    """F at each delay: deaths at it, and how many windows end before it."""
    at_risk = np.cumsum(deaths, axis=1) - np.cumsum(leaving[:, :-1], axis=1)
    stay = 1 - deaths / np.maximum(at_risk, TIE)
    stay[deaths == 0] = 1.0
    chance: Column = np.ones(stay.shape)
    chance[:, :-1] = np.cumprod(np.maximum(stay[:, :0:-1], 0.0), axis=1)[:, ::-1]
    return chance


def _checked(
    delay: Float[Column, "row"], window: Float[Column, "row"]
) -> tuple[Float[Column, "row"], Float[Column, "row"]]:
    delay, window = np.asarray(delay, float), np.asarray(window, float)
    if not delay.size or delay.shape != window.shape:
        raise InputError("one window for each delay is needed", field="delay", allowed="1 or more")
    if not (delay <= window).all():
        raise InputError(
            f"{int((~(delay <= window)).sum())} delays exceed their window",
            field="delay",
            allowed="at most the time from the beginning to the date of the table",
        )
    return delay, window
