"""Regressions with errors for clusters: a thin door to statsmodels.

Least squares estimates b = (X'WX)^-1 X'Wy. Its error for clusters g is the sandwich

    (X'WX)^-1 (sum over g of X_g'W_g e_g e_g'W_g X_g) (X'WX)^-1 * G/(G-1) * (n-1)/(n-k)

which holds however rows of one cluster hang together, if clusters are independent and many. Without
clusters each row is its own (HC1). The error that takes rows for independent and alike stands
beside, as the naive one. Generalised linear models are fitted by maximum likelihood, with the same
sandwich of their scores.

Sources: Liang and Zeger (1986); McCullagh and Nelder (1989); Cameron and Miller (2015).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from datapolis.core.errors import InputError, nearest

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

    Column = np.ndarray[Any, np.dtype[Any]]
    Matrix = np.ndarray[Any, np.dtype[Any]]

Family = Literal["binomial", "quasibinomial", "poisson", "negative_binomial"]

EXACT = 1e-10  # of the largest outcome; residuals below are rounding
ALIKE = 1e-9  # a column that the columns before it give to within this part of its length


@dataclass(frozen=True)
class Regression:
    """What a regression found: one number for each name, nan where other columns give the column.

    dispersion   least squares: the residual variance. Binomial and Poisson: Pearson's chi-squared
                 over its degrees of freedom, 1 if the family fits. Negative binomial: a in
                 variance = mean + a mean^2.
    r_squared    least squares: share of the variance explained, of the deviation from the mean if a
                 column is constant. Others: share of the null deviance explained; negative
                 binomial: of the null log-likelihood.
    """

    names: tuple[str, ...]
    estimate: Float[Column, "name"]
    standard_error: Float[Column, "name"]  # for clusters
    naive_error: Float[Column, "name"]  # as if rows were independent
    n: int
    r_squared: float
    clusters: int
    dispersion: float = np.nan

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise InputError(
                "no such term",
                field="regression",
                value=name,
                allowed=", ".join(self.names),
                nearest=nearest(name, self.names),
            )
        return self.names.index(name)

    def of(self, name: str) -> tuple[float, float]:
        """Estimate and clustered standard error of a term."""
        place = self._place(name)
        return float(self.estimate[place]), float(self.standard_error[place])

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """The interval of a term by Student's t with one degree less than there are clusters."""
        from scipy.stats import t

        estimate, error = self.of(name)
        reach = float(t.ppf((1 + level) / 2, max(self.clusters - 1, 1))) * error
        return estimate - reach, estimate + reach

    def p_value(self, name: str) -> float:
        """The two-sided p value of a term by the same Student's t."""
        from scipy.stats import t

        estimate, error = self.of(name)
        if not error > 0:
            return float("nan")
        return float(2 * t.sf(abs(estimate) / error, max(self.clusters - 1, 1)))


def ols(
    y: Float[Column, "row"],
    X: Float[Matrix, "row name"],
    names: Sequence[str],
    *,
    cluster: Shaped[Column, "row"] | None = None,
    weight: Float[Column, "row"] | None = None,
    absorb: Shaped[Column, "row"] | None = None,
) -> Regression:
    """Least squares of y on the columns of X, weighted if asked, with errors for clusters.

    A constant is a column like any other: give one. Columns that the columns before them determine
    get nan, so the column of interest comes last to be told apart from its controls. With `absorb`
    the mean of each of its groups is taken out of y and X first, as if each had a column of its
    own (then no constant is needed); these columns count as parameters unless each group lies in
    one cluster (the naive error always counts them). Where residuals are rounding alone, errors are
    0, and p and interval are of no use.

    Raises InputError if the columns differ in length, hold what is no number, or leave no degrees
    of freedom.
    """
    import statsmodels.api as sm

    y, X, groups, weight = _checked(y, X, names, cluster, weight)
    length, largest = _length(X), float(np.abs(y).max(initial=0.0))
    absorbed, counted = 0, 0
    if absorb is not None:
        codes = np.unique(np.asarray(absorb), return_inverse=True)[1]
        y, X = _centred(y, codes, weight), _centred(X, codes, weight)
        absorbed = int(codes.max()) + 1
        counted = 0 if _nested(codes, groups) else absorbed
    used = _independent(X * np.sqrt(weight)[:, None], length)
    free = y.size - int(used.sum())
    if free <= absorbed or not used.any():
        raise InputError(
            "too few rows",
            field="regression",
            value=y.size,
            allowed=f"more than {y.size - free + absorbed}, and a column that varies",
        )
    fitted = sm.WLS(y, X[:, used], weights=weight).fit()
    clustered = fitted.get_robustcov_results("cluster", groups=groups)
    known = float(np.abs(fitted.resid).max() > EXACT * largest)
    return Regression(
        tuple(names),
        _full(fitted.params, used),
        _full(known * clustered.bse * np.sqrt(free / (free - counted)), used),
        _full(known * fitted.bse * np.sqrt(free / (free - absorbed)), used),
        y.size,
        float(fitted.rsquared),
        int(groups.max()) + 1,
        float(fitted.scale * free / (free - absorbed)),
    )


def glm(
    y: Float[Column, "row"],
    X: Float[Matrix, "row name"],
    names: Sequence[str],
    *,
    family: Family = "binomial",
    cluster: Shaped[Column, "row"] | None = None,
    weight: Float[Column, "row"] | None = None,
    offset: Float[Column, "row"] | None = None,
) -> Regression:
    """A generalised linear model of y on the columns of X, with errors for clusters.

    family   binomial, quasibinomial   y is a share from 0 to 1, `weight` how many it is a share of
                                       (1 if not given); link logit
             poisson                   y is a count, link log
             negative_binomial         y is a count, link log, its dispersion fitted too; no weight
    offset   added to the linear part, such as the log of the time at risk

    The naive error of the quasibinomial is that of the binomial times the root of the dispersion.
    A constant is a column like any other: give one. Raises InputError as `ols` does, if y lies
    outside its range, or if no finite estimate exists.
    """
    import statsmodels.api as sm

    if family not in get_args(Family):
        raise InputError(
            "no such family", field="family", value=family, allowed=", ".join(get_args(Family))
        )
    weighted = weight is not None
    y, X, groups, weight = _checked(y, X, names, cluster, weight)
    most = 1.0 if "binomial" in family and family != "negative_binomial" else np.inf
    if (y < 0).any() or (y > most).any():
        allowed = "shares from 0 to 1" if most == 1 else "counts of at least 0"
        raise InputError("is out of range", field="y", allowed=allowed)
    used = _independent(X, _length(X))
    if y.size <= used.sum() or not used.any():
        raise InputError(
            "too few rows", field="regression", value=y.size, allowed=f"more than {used.sum()}"
        )
    if weighted and most > 1:
        raise InputError("takes no weights", field="family", value=family)
    if family == "negative_binomial":
        found = _negative_binomial(y, X[:, used], groups, offset)
    else:
        kind = sm.families.Poisson() if family == "poisson" else sm.families.Binomial()
        counts = y if family == "poisson" else np.stack([weight * y, weight * (1 - y)], 1)
        model = sm.GLM(counts, X[:, used], family=kind, offset=offset)
        with _settled():
            fitted = model.fit(tol=1e-12)
            clustered = model.fit(tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups})
        dispersion = float(fitted.pearson_chi2 / fitted.df_resid)
        scale = np.sqrt(dispersion) if family == "quasibinomial" else 1.0
        null = float(fitted.null_deviance)
        found = Regression(
            (),
            np.asarray(fitted.params),
            np.asarray(clustered.bse),
            np.asarray(fitted.bse) * scale,
            y.size,
            1 - float(fitted.deviance) / null if null > 0 else float("nan"),
            int(groups.max()) + 1,
            dispersion,
        )
    return replace(
        found,
        names=tuple(names),
        estimate=_full(found.estimate, used),
        standard_error=_full(found.standard_error, used),
        naive_error=_full(found.naive_error, used),
    )


def _negative_binomial(y: Column, X: Matrix, groups: Column, offset: Column | None) -> Regression:
    """The negative binomial with variance mean + a mean^2, its a by maximum likelihood."""
    import statsmodels.api as sm

    model = sm.NegativeBinomial(y, X, offset=offset)
    with _settled():
        fitted = model.fit(disp=False, maxiter=500, method="bfgs", gtol=1e-8)
        clustered = model.fit(
            start_params=fitted.params,
            disp=False,
            maxiter=500,
            method="bfgs",
            gtol=1e-8,
            cov_type="cluster",
            cov_kwds={"groups": groups},
        )
    return Regression(
        (),
        np.asarray(fitted.params)[:-1],
        np.asarray(clustered.bse)[:-1],
        np.asarray(fitted.bse)[:-1],
        y.size,
        float(fitted.prsquared),
        int(groups.max()) + 1,
        float(fitted.params[-1]),
    )


@contextmanager
def _settled() -> Iterator[None]:
    """A fit that does not settle is an error, not a warning."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    with warnings.catch_warnings():
        for warning in (ConvergenceWarning, PerfectSeparationWarning, RuntimeWarning):
            warnings.simplefilter("error", warning)
        try:
            yield
        except (Warning, np.linalg.LinAlgError) as error:
            raise InputError(
                "the fit finds no finite estimate",
                field="regression",
                allowed="columns that do not tell the outcome apart without error",
            ) from error


def _checked(
    y: Any, X: Any, names: Sequence[str], cluster: Any, weight: Any
) -> tuple[Column, Matrix, Column, Column]:
    """Arrays of one length, cluster codes from 0, weights."""
    y, X = np.asarray(y, float), np.asarray(X, float)
    rows = y.size
    groups = np.arange(rows) if cluster is None else np.unique(cluster, return_inverse=True)[1]
    weight = np.ones(rows) if weight is None else np.asarray(weight, float)
    if X.shape != (rows, len(names)) or groups.shape != (rows,) or weight.shape != (rows,):
        raise InputError(
            "the columns do not have one length",
            field="regression",
            value=(y.shape, X.shape, groups.shape, weight.shape),
            allowed=f"{rows} rows, {len(names)} names",
        )
    if not (np.isfinite(y).all() and np.isfinite(X).all() and np.isfinite(weight).all()):
        raise InputError("a cell is no number", field="regression", allowed="finite numbers")
    if (weight <= 0).any():
        raise InputError("a weight is not above 0", field="weight", allowed="numbers above 0")
    if groups.size and not groups.any():
        raise InputError("there is one cluster", field="cluster", value=1, allowed="2 or more")
    return y, X, groups, weight


def _length(X: Matrix) -> Column:
    length: Column = np.sqrt((X**2).sum(0))
    return length


def _independent(X: Matrix, length: Column) -> Shaped[Column, "name"]:
    """Which columns those before them do not determine; `length` is theirs before centring."""
    scaled = X / np.where(length > 0, length, 1)
    triangle = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    used = np.zeros(X.shape[1], bool)
    used[: triangle.size] = triangle > ALIKE
    return used


def _centred(values: Matrix, codes: Column, weight: Column) -> Matrix:
    """The values less the weighted mean of their group."""
    whole = np.bincount(codes, weight)
    columns = values.reshape(values.shape[0], -1)
    means = [np.bincount(codes, weight * column) / whole for column in columns.T]
    centred: Matrix = (columns - np.stack(means, 1)[codes]).reshape(values.shape)
    return centred


def _nested(codes: Column, groups: Column) -> bool:
    """Whether each group of `codes` lies in one of `groups`."""
    pairs = np.unique(codes.astype(np.int64) * (int(groups.max()) + 1) + groups)
    return pairs.size == int(codes.max()) + 1


def _full(values: Any, used: Column) -> Column:
    """The values at the columns used, nan elsewhere."""
    full = np.full(used.size, np.nan)
    full[used] = values
    return full
