"""How portfolios fare over draws of what is not known: on the mean, at worst, often enough.

Values are [portfolio, draw, objective], larger is better, and the first portfolio does nothing.

    score         gain over doing nothing, each objective in units of its scale, then their mean
    regret        what the best known portfolio of the same draw has more, in the same units
    worst tenth   mean regret of the tenth of draws in which it is largest
    satisficing   share of draws in which every target is met

Whatever is best among many on some draws owes part of it to them: the winner's curse. So what is
chosen on one set of draws is reported on another.

Sources: Savage (1951), regret; Simon (1956), satisficing; Starr (1963), the domain criterion;
Herman et al. (2015), robustness compared; Capen, Clapp and Campbell (1971), the winner's curse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

WORST = 0.1  # share of draws that count as the worst
SLACK = 0.01  # of what doing nothing has: no worse than by that is not worse


@dataclass(frozen=True)
class Scores:
    """What becomes of each portfolio over the draws."""

    mean: Float[np.ndarray, "portfolio objective"]
    score: Float[np.ndarray, "portfolio"]
    regret: Float[np.ndarray, "portfolio"]  # of the worst tenth of draws
    satisficing: Float[np.ndarray, "portfolio"]


def scales(values: Float[np.ndarray, "portfolio draw objective"]) -> Float[np.ndarray, "objective"]:
    """The unit of each objective: how far the portfolios' means lie apart; 1 if they do not."""
    means = values.mean(axis=1)
    apart = np.ptp(means, axis=0)
    return np.asarray(np.where(apart > 1e-12, apart, 1.0))


def gains(
    values: Float[np.ndarray, "portfolio draw objective"], scale: Float[np.ndarray, "objective"]
) -> Float[np.ndarray, "portfolio draw"]:
    """Gain over doing nothing in the same draw: objectives in units of their scale, their mean."""
    return np.asarray(((values - values[:1]) / scale).mean(axis=-1))


def regrets(
    values: Float[np.ndarray, "portfolio draw objective"], scale: Float[np.ndarray, "objective"]
) -> Float[np.ndarray, "portfolio draw"]:
    """What the best known portfolio of the same draw gains more."""
    gain = gains(values, scale)
    return np.asarray(gain.max(axis=0, keepdims=True) - gain)


def worst_tenth(
    regret: Float[np.ndarray, "portfolio draw"],
) -> Float[np.ndarray, "portfolio"]:
    """The mean of the largest tenth of the draws, one draw at least."""
    many = max(1, math.ceil(WORST * regret.shape[1] - 1e-9))
    return np.asarray(np.sort(regret, axis=1)[:, -many:].mean(axis=1))


def meets(
    values: Float[np.ndarray, "portfolio draw objective"],
    thresholds: Float[np.ndarray, "objective"],
) -> Bool[np.ndarray, "portfolio draw"]:
    """In which draws every target is met.

    thresholds   the least of each objective; nan: not worse than doing nothing in the same draw;
                 -inf: no target
    """
    return np.asarray((values >= _least(values, thresholds)).all(axis=-1))


def shortfall(
    values: Float[np.ndarray, "portfolio draw objective"],
    thresholds: Float[np.ndarray, "objective"],
    scale: Float[np.ndarray, "objective"],
) -> Float[np.ndarray, "portfolio"]:
    """How far portfolios stay behind the targets, in units of the scales: mean over draws."""
    missing = np.maximum(_least(values, thresholds) - values, 0.0) / scale
    return np.asarray(missing.sum(axis=-1).mean(axis=1))


def _least(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    nothing = values[:1]
    return np.where(np.isnan(thresholds), nothing - SLACK * np.abs(nothing), thresholds)


def scores(
    values: Float[np.ndarray, "portfolio draw objective"],
    thresholds: Float[np.ndarray, "objective"],
    scale: Float[np.ndarray, "objective"],
) -> Scores:
    """All measures of every portfolio."""
    return Scores(
        mean=values.mean(axis=1),
        score=gains(values, scale).mean(axis=1),
        regret=worst_tenth(regrets(values, scale)),
        satisficing=meets(values, thresholds).mean(axis=1),
    )


def most_robust(found: Scores, among: Bool[np.ndarray, "portfolio"]) -> int:
    """Which of some portfolios regrets least in its worst tenth of draws.

    Of equals, the one that meets the targets more often.
    """
    order = np.lexsort((np.arange(len(among)), -found.satisficing, found.regret, ~among))
    return int(order[0])


def best_on_mean(gain: Float[np.ndarray, "portfolio"], among: Bool[np.ndarray, "portfolio"]) -> int:
    """Which of some portfolios gains most."""
    return int(np.argmax(np.where(among, gain, -np.inf)))
