"""The trend of counts over equal periods that scatter more than chance alone would have it.

    E[n_t] = mu_t = exp(a + b t)        Var[n_t] = mu_t + k mu_t**2

by maximum likelihood (negative binomial of the second kind; Poisson where k is 0). Counts of one
period are taken as independent of those of the next given the trend; how far they are not is shown
by the autocorrelation of deviance residuals, and a second standard error allows for it (Newey and
West). Sources: Lawless (1987), Newey and West (1987).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError

if TYPE_CHECKING:
    from jaxtyping import Float, Int, Shaped

    Column = np.ndarray[Any, np.dtype[Any]]

LAGS = 3  # periods over which a shock is allowed to last
Z = 1.959963984540054  # standard errors on either side of a 95 % interval


@dataclass(frozen=True, eq=False)
class CountTrend:
    """A trend of counts, with times in the unit of `time`."""

    level: float  # a: log of the mean in the middle of the time
    slope: float  # b: by how much it grows in one unit of time
    covariance: Float[Column, "2 2"]  # of both, periods taken as independent
    covariance_autocorrelated: Float[Column, "2 2"]  # the same, shocks last up to 3 periods
    spread: float  # k: 0 is Poisson
    poisson_dispersion: float  # Pearson's, of a Poisson trend: 1 is chance alone
    autocorrelation: float  # of deviance residuals, one period apart
    middle: Float[Column, "period"]  # time from the middle
    fitted: Float[Column, "period"]

    def ratio(self, autocorrelated: bool = False) -> tuple[float, float, float]:
        """By what the mean is multiplied in one unit of time, and its 95 % interval."""
        covariance = self.covariance_autocorrelated if autocorrelated else self.covariance
        reach = Z * float(np.sqrt(covariance[1, 1]))
        return (
            float(np.exp(self.slope)),
            float(np.exp(self.slope - reach)),
            float(np.exp(self.slope + reach)),
        )

    def p_value(self, autocorrelated: bool = False) -> float:
        """Of the test that there is no trend, two-sided."""
        from scipy.stats import norm

        covariance = self.covariance_autocorrelated if autocorrelated else self.covariance
        return float(2 * norm.sf(abs(self.slope) / np.sqrt(covariance[1, 1])))

    def drawn(self, many: int, last: int, random: np.random.Generator) -> Int[Column, "draw"]:
        """Sums over `last` periods like the last ones: the trend and chance are drawn anew."""
        mean = (self.level, self.slope)
        trend = random.multivariate_normal(mean, self.covariance_autocorrelated, many)
        counts = np.exp(trend[:, :1] + trend[:, 1:] * self.middle[-last:])
        if self.spread > 0:
            counts = random.gamma(1 / self.spread, counts * self.spread)
        total: Column = random.poisson(counts).sum(axis=1)
        return total


def whole_months(
    day: Shaped[Column, "day"], count: Int[Column, "day"], as_of: np.datetime64 | None = None
) -> tuple[Shaped[Column, "month"], Int[Column, "month"]]:
    """Counts in each month after that of the first day and before that of the last, or of `as_of`.

    A month without a day has 0; a month that ends with `as_of` is whole.
    """
    if as_of is not None:
        day, count = day[day <= as_of], count[day <= as_of]
    if not day.size:
        return np.empty(0, "datetime64[M]"), np.empty(0, np.int64)
    month = day.astype("datetime64[M]")
    last = day.max() if as_of is None else as_of
    end = (last + np.timedelta64(1, "D")).astype("datetime64[M]")
    months = np.arange(month.min() + 1, max(end, month.min() + 1))
    place = (month - month.min()).astype(int) - 1
    inside = (place >= 0) & (place < months.size)
    return months, np.bincount(place[inside], count[inside], months.size).astype(np.int64)


def count_trend(count: Int[Column, "period"], time: Float[Column, "period"]) -> CountTrend:
    """The log-linear trend of counts.

    count   of each period, 0 or more
    time    of each period, evenly spaced

    Raises InputError for fewer than 8 periods or no count above 0.
    """
    import statsmodels.api as models

    count, time = np.asarray(count, float), np.asarray(time, float)
    if count.size < 8 or not count.sum() > 0:
        raise InputError(
            "no trend can be fitted", field="count", allowed="8 periods or more, not all without"
        )
    middle = time - time.mean()
    design = np.column_stack([np.ones(count.size), middle])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # counts that the trend meets exactly are no trouble
        poisson = models.GLM(count, design, family=models.families.Poisson()).fit()
        dispersion = float(poisson.pearson_chi2 / poisson.df_resid)
        mean = np.asarray(poisson.fittedvalues)
        spread = _spread(models, count, design, mean) if dispersion > 1 else 0.0
        family = models.families.NegativeBinomial(alpha=spread or 1.0)
        model = models.GLM(count, design, family=family if spread else models.families.Poisson())
        fit = model.fit()
        robust = model.fit(cov_type="HAC", cov_kwds={"maxlags": LAGS})
    residual = np.asarray(fit.resid_deviance)
    residual = residual - residual.mean()
    square = float(residual @ residual)
    return CountTrend(
        level=float(fit.params[0]),
        slope=float(fit.params[1]),
        covariance=np.asarray(fit.cov_params()),
        covariance_autocorrelated=np.asarray(robust.cov_params()),
        spread=spread,
        poisson_dispersion=dispersion,
        autocorrelation=float(residual[1:] @ residual[:-1] / square) if square > 0 else 0.0,
        middle=middle,
        fitted=np.asarray(fit.fittedvalues),
    )


def _spread(models: Any, count: Column, design: Column, mean: Column) -> float:
    """k by maximum likelihood, or by moments where the search for it ends nowhere."""
    fit = models.NegativeBinomial(count, design).fit(disp=0)
    if fit.mle_retvals["converged"] and fit.params[-1] > 0:
        return float(fit.params[-1])
    return max(float(((count - mean) ** 2 - mean).sum() / (mean**2).sum()), 0.0)
