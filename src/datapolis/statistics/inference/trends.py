"""Changes over time in the same units, with errors that respect what hangs together.

Rows of one unit resemble each other, so that neither rows nor what is counted in them are
independent: errors come from leaving out one unit at a time (the jackknife over clusters). With G
units, theta_(g) the estimate without unit g and theta_(.) the mean of these,

    se^2 = (G - 1)/G sum_g (theta_(g) - theta_(.))^2,   interval theta -/+ t(.975; G - 1) se

For the mean of paired differences this is exactly their standard error, sd/sqrt(G).

Counts that are parts of counts follow a quasi-binomial law: y_i of n_i with chance p_i and
variance phi n_i p_i (1 - p_i), logit p_i = a + b t_i. phi, the dispersion, is Pearson's chi squared
over its degrees of freedom; 1 would be independent draws of one chance.

Sources: Tukey (1958) for leaving one out; Bell and McCaffrey (2002) for leaving out clusters;
Liang and Zeger (1986) for the clustered error; McCullagh and Nelder (1989) for quasi-likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.statistics.inference.regression import glm

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """An estimate with its error from units left out one at a time."""

    value: float
    error: float  # standard error; nan with fewer than two units
    units: int  # independent ones

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, by Student's t with one degree of freedom less than units."""
        from scipy.stats import t

        reach = float(t.ppf((1 + CONFIDENCE) / 2, self.units - 1)) * self.error
        return self.value - reach, self.value + reach

    @property
    def p_value(self) -> float:
        """Of the test that the value is 0, two-sided; nan without an error."""
        from scipy.stats import t

        if not self.error > 0:
            return float("nan")
        return float(2 * t.sf(abs(self.value / self.error), self.units - 1))


@dataclass(frozen=True)
class LogitTrend(Estimate):
    """The slope of a logit, in its unit of time, with the errors that others would give it."""

    naive: float  # standard error if all that was counted were independent
    quasi: float  # the same times the root of the dispersion
    clustered: float  # sandwich over units, times sqrt(G/(G-1) (n-1)/(n-2))
    dispersion: float  # 1 if all that was counted were independent


def jackknife(left_out: Float[Column, "unit"]) -> float:
    """The standard error from the estimates without each unit in turn; nan below two units."""
    left_out = np.asarray(left_out, float)
    units = left_out.size
    if units < 2:
        return float("nan")
    return float(np.sqrt((units - 1) / units * ((left_out - left_out.mean()) ** 2).sum()))


def paired_change(
    part: Float[Column, "unit 2"], whole: Float[Column, "unit 2"] | None = None
) -> Estimate:
    """How much a level changes from the first column to the second, in the same units.

    The level is sum(part)/sum(whole) over the units; without `whole` it is their mean. Every
    whole is above 0. Raises ValueError without a unit.
    """
    part = np.asarray(part, float)
    whole = np.ones_like(part) if whole is None else np.asarray(whole, float)
    if not part.shape[0]:
        raise ValueError("no unit; expected one or more")
    parts, wholes = part.sum(axis=0), whole.sum(axis=0)
    change = float(parts[1] / wholes[1] - parts[0] / wholes[0])
    if part.shape[0] < 2:
        return Estimate(change, float("nan"), part.shape[0])
    without = (parts - part) / (wholes - whole)
    return Estimate(change, jackknife(without[:, 1] - without[:, 0]), part.shape[0])


def mean_slope(value: Float[Column, "unit time"], time: Float[Column, "time"]) -> Estimate:
    """The mean over units of their least-squares slopes; every unit is seen at every time."""
    value, time = np.asarray(value, float), np.asarray(time, float)
    centred = time - time.mean()
    slopes = value @ centred / (centred @ centred)
    units = slopes.size
    error = float(slopes.std(ddof=1) / np.sqrt(units)) if units > 1 else float("nan")
    return Estimate(float(slopes.mean()), error, units)


def logit_trend(
    part: Float[Column, "cell"],
    whole: Float[Column, "cell"],
    time: Float[Column, "cell"],
    unit: Int[Column, "cell"],
) -> LogitTrend | None:
    """How the logit of part/whole moves with time: a quasi-binomial fit over cells.

    part, whole   counts, 0 <= part <= whole, whole above 0
    unit          a number for each independent unit

    None where there is no such slope: fewer than two units, fewer than three cells, a single
    time, or a share that is 0 or 1 before or after some moment, which a logit reaches only at
    infinity.
    """
    from scipy.special import expit

    part, whole, time = (np.asarray(column, float) for column in (part, whole, time))
    number = np.unique(unit, return_inverse=True)[1]
    if number.size < 3 or not number.any() or np.ptp(time) == 0:
        return None
    design = np.column_stack([np.ones_like(time), time - np.average(time, weights=whole)])
    try:
        fitted = glm(part / whole, design, ("level", "slope"), cluster=number, weight=whole)
    except InputError:
        return None
    chance = expit(design @ fitted.estimate)
    residual, weight = part - whole * chance, whole * chance * (1 - chance)
    slope, clustered = fitted.of("slope")
    naive = float(fitted.naive_error[1])
    return LogitTrend(
        value=slope,
        error=jackknife(_slopes_without(slope, design, residual, weight, number)),
        units=fitted.clusters,
        naive=naive,
        quasi=naive * float(np.sqrt(fitted.dispersion)),
        clustered=clustered,
        dispersion=fitted.dispersion,
    )


def _slopes_without(
    slope: float, design: Column, residual: Column, weight: Column, number: Column
) -> Column:
    """The slope without each unit in turn, by one step of Newton's method from the whole."""
    units = int(number.max()) + 1
    score = np.zeros((units, 2))
    np.add.at(score, number, design * residual[:, None])
    information = np.zeros((units, 2, 2))
    np.add.at(information, number, design[:, :, None] * (design * weight[:, None])[:, None, :])
    rest = information.sum(axis=0) - information
    try:
        step = np.linalg.solve(rest, score[:, :, None])[:, 1, 0]
    except np.linalg.LinAlgError:  # without one unit a single time is left
        step = np.full(units, np.nan)
    without: Column = slope - step
    return without
