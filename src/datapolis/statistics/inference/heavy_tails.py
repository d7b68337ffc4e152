"""Other laws that values from a floor on may follow, and which of two laws lies nearer to them.

With u = x/floor >= 1 and y = log u, each law is truncated at the floor, so that what was never
listed below it does not bend the fit:

    power law               p(y) = (alpha - 1) exp(-(alpha - 1) y)
    lognormal               p(y) ~ exp(-a y - b y**2/2),  b = 1/sigma**2, a = (log floor - mu) b
    exponential             P(U >= u) = exp(-c (u - 1)),            c = rate * floor
    stretched exponential   P(U >= u) = exp(-c (u**beta - 1)),      c = (rate * floor)**beta
    power law with cutoff   p(u) ~ u**-alpha exp(-c u),             c = rate * floor

Written like this the second to last two hold the power law as a limit (b, beta or c to 0), which
the fit reaches where the tail is no lighter than a power law. mu and sigma are free: mu may be far
below 0, and a fit that forces it above 0 gives another answer (`least_mu` shows it).

**Whole numbers.** A power law, an exponential and a cutoff give chances to whole numbers directly;
the lognormal and the stretched exponential are rounded: P(X >= x) is taken at x - 1/2, with the
floor at floor - 1/2.

**Comparison.** Vuong's statistic for laws that are not nested: R = sum l_i / sqrt(n var l), where
l_i is the difference of the two log likelihoods of value i; standard normal if both lie equally
near, positive in favour of the power law. Where values hang together in units, sums within units
take the place of l_i. The cutoff holds the power law as the case c = 0: twice the difference of log
likelihoods is held against chi squared with one degree of freedom, which is cautious, since c
cannot be negative.

Sources: Vuong (1989); Clauset, Shalizi and Newman (2009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from datapolis.core.errors import InputError
from datapolis.statistics.inference.power_law import ordered, whole_fall

if TYPE_CHECKING:
    from jaxtyping import Float, Int, Shaped

Column: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Name = Literal["power law", "lognormal", "exponential", "stretched exponential", "cutoff"]
LAWS: tuple[Name, ...] = (
    "power law",
    "lognormal",
    "exponential",
    "stretched exponential",
    "cutoff",
)

LIMIT = 1e-9  # b, beta or c below which a law is its limit, the power law
EXPLICIT = 60  # whole numbers that a cutoff sums one by one before it integrates
NODES, WEIGHTS = np.polynomial.legendre.leggauss(300)


@dataclass(frozen=True)
class Law:
    """A law fitted to values from a floor on."""

    name: Name
    floor: float
    discrete: bool
    shape: tuple[float, ...]  # as the formulas above have it: (alpha - 1,), (a, b), (c,), ...
    likelihood: float  # mean log likelihood of a value

    @property
    def parameters(self) -> Mapping[str, float]:
        """In the units of the values: alpha; mu, sigma; rate; rate, beta; alpha, rate."""
        if self.name == "power law":
            return {"alpha": 1 + self.shape[0]}
        if self.name == "lognormal":
            a, b = self.shape
            return {"mu": float(np.log(_base(self))) - a / b, "sigma": float(b**-0.5)}
        if self.name == "exponential":
            return {"rate": self.shape[0] / self.floor}
        if self.name == "stretched exponential":
            c, beta = self.shape
            with np.errstate(over="ignore"):
                rate = float(np.exp(np.log(c) / beta)) / _base(self)
            return {"rate": rate, "beta": beta}
        alpha, c = self.shape
        return {"alpha": alpha, "rate": c / self.floor}

    @property
    def at_limit(self) -> bool:
        """Whether the fit runs into the power law that is its limit."""
        return self.name not in ("power law", "exponential") and (
            self.shape[0 if self.name == "power law" else 1] <= 2 * LIMIT
        )

    def log_chance(self, x: Float[Column, "value"]) -> Float[Column, "value"]:
        """The log of the density at x >= floor, or of the chance of a whole number."""
        x = np.asarray(x, float)
        if self.name in ("lognormal", "stretched exponential") and self.discrete:
            here, above = (self._log_survival(x + step) for step in (-0.5, 0.5))
            return np.asarray(here + np.log(-np.expm1(above - here)))
        y = np.log(x / self.floor)
        if self.name == "power law":
            (fall,) = self.shape
            return -(1 + fall) * y - _log_zeta(1 + fall, 0.0, self.floor, self.discrete)
        if self.name == "exponential":
            (c,) = self.shape
            first = np.log(-np.expm1(-c / self.floor)) if self.discrete else np.log(c / self.floor)
            return np.asarray(first - c * np.expm1(y))
        if self.name == "cutoff":
            alpha, c = self.shape
            return -alpha * y - c * np.expm1(y) - _log_zeta(alpha, c, self.floor, self.discrete)
        if self.name == "lognormal":
            a, b = self.shape
            return np.asarray(-a * y - b * y * y / 2 - _log_mills(a, b) - np.log(x))
        c, beta = self.shape
        return np.asarray(np.log(c * beta) + beta * y - c * np.expm1(beta * y) - np.log(x))

    def survival(self, x: Float[Column, "value"]) -> Float[Column, "value"]:
        """P(X >= x | X >= floor), which is 1 up to the floor."""
        x = np.maximum(np.asarray(x, float), self.floor)
        if self.name in ("lognormal", "stretched exponential"):
            return np.exp(self._log_survival(x - 0.5 if self.discrete else x))
        y = np.log(x / self.floor)
        if self.name == "exponential":
            return np.asarray(np.exp(-self.shape[0] * np.expm1(y)))
        alpha, c = self.shape if self.name == "cutoff" else (1 + self.shape[0], 0.0)
        whole = _log_zeta(alpha, c, self.floor, self.discrete)
        parts = [_log_zeta(alpha, c * one / self.floor, one, self.discrete) for one in x]
        return np.asarray(np.exp(-alpha * y - c * np.expm1(y) + np.asarray(parts) - whole))

    def _log_survival(self, x: Column) -> Column:
        """The log of P(X >= x | X >= base) for a law that is rounded; base is where it starts."""
        y = np.log(x / _base(self))
        if self.name == "lognormal":
            a, b = self.shape
            return np.asarray(-a * y - b * y * y / 2 + _log_mills(a + b * y, b) - _log_mills(a, b))
        c, beta = self.shape
        return np.asarray(-c * np.expm1(beta * y))


def fit(
    name: Name,
    values: Float[Column, "value"],
    counts: Int[Column, "value"] | None = None,
    *,
    floor: float | None = None,
    discrete: bool = False,
    least_mu: float | None = None,
) -> Law:
    """The law of that name with the greatest likelihood among values from the floor on.

    floor     of the table or of its tail; the least value without it. Smaller values are left out
    least_mu  the lognormal with mu at least this, to see what such a constraint does

    Raises InputError if values are not positive, or fewer than two differ.
    """
    if name not in LAWS:
        raise InputError("no such law", field="name", value=name, allowed=", ".join(LAWS))
    x, counts = ordered(values, counts, discrete=discrete, floor=floor)
    if x.size < 2:
        raise InputError(
            "no law can be fitted",
            field="values",
            value=f"{x.size} different values",
            allowed="two different values or more, from the floor on if there is one",
        )
    floor = float(x[0]) if floor is None else float(floor)
    share = counts / counts.sum()
    shape = _SHAPES[name](x, share, floor, discrete)
    if least_mu is not None:
        if name != "lognormal":
            raise InputError("has no mu", field="least_mu", value=name, allowed="lognormal")
        free = Law(name, floor, discrete, shape, 0.0)
        if free.parameters["mu"] < least_mu:
            shape = _with_mu(least_mu, x, share, floor, discrete)
    law = Law(name, floor, discrete, shape, 0.0)
    return Law(name, floor, discrete, shape, _mean(law, x, share))


def vuong(
    one: Law,
    other: Law,
    values: Float[Column, "value"],
    counts: Int[Column, "value"] | None = None,
    *,
    units: Shaped[Column, "value"] | None = None,
) -> tuple[float, float]:
    """R, positive where the values speak for the first law, and its two-sided p value.

    units     to which independent unit each value belongs; without it, each value is one

    0 and 1 where both laws give every value the same chance.
    """
    from scipy.special import erfc

    values = np.asarray(values, float).ravel()
    times = np.ones(values.size) if counts is None else np.asarray(counts, float).ravel()
    kept = (values >= max(one.floor, other.floor)) & (times > 0)
    values, times = values[kept], times[kept]
    ratio = one.log_chance(values) - other.log_chance(values)
    middle = (times * ratio).sum() / times.sum()
    if units is None:
        spread = float((times * (ratio - middle) ** 2).sum())
    else:
        names, place = np.unique(np.asarray(units).ravel()[kept], return_inverse=True)
        parts = np.bincount(place, weights=times * (ratio - middle), minlength=names.size)
        spread = float((parts**2).sum())
    if spread <= 1e-12 * times.sum():
        return 0.0, 1.0
    found = float((times * ratio).sum() / np.sqrt(spread))
    return found, float(erfc(abs(found) / np.sqrt(2)))


def nested(plain: Law, cutoff: Law, n: float) -> tuple[float, float]:
    """Twice the gain in log likelihood of n values by a cutoff, and its chi squared p value."""
    from scipy.special import erfc

    gain = max(0.0, 2 * n * (cutoff.likelihood - plain.likelihood))
    return gain, float(erfc(np.sqrt(gain / 2)))


# --- the shape of each law ---------------------------------------------------------------------


def _power_law(x: Column, share: Column, floor: float, discrete: bool) -> tuple[float, ...]:
    excess = float((share * np.log(x / floor)).sum())
    if discrete:
        return (float(whole_fall(np.asarray([excess]), np.asarray([floor]))[0]),)
    return (1 / excess,)


def _lognormal(x: Column, share: Column, floor: float, discrete: bool) -> tuple[float, ...]:
    y = np.log(x / floor)
    first, second = float((share * y).sum()), float((share * y * y).sum())
    spread = max(second - first**2, 1e-12)
    starts = [(1 / first, 0.1 / spread), (1 / first, 1e-3 / spread), (-first / spread, 1 / spread)]
    if discrete:
        return _best(
            lambda one: _mean(Law("lognormal", floor, True, one, 0.0), x, share), starts, (1,)
        )
    return _best(
        lambda one: -one[0] * first - one[1] * second / 2 - float(_log_mills(*one)), starts, (1,)
    )


def _with_mu(
    mu: float, x: Column, share: Column, floor: float, discrete: bool
) -> tuple[float, ...]:
    base = np.log(floor - 0.5 if discrete else floor)

    def shape(logarithm: float) -> tuple[float, float]:
        b = float(np.exp(logarithm))
        return (base - mu) * b, b

    def loss(logarithm: float) -> float:
        return -_mean(Law("lognormal", floor, discrete, shape(logarithm), 0.0), x, share)

    return shape(_least(loss, -15, 8))


def _exponential(x: Column, share: Column, floor: float, discrete: bool) -> tuple[float, ...]:
    mean = float((share * (x - floor)).sum())
    return (floor * float(np.log1p(1 / mean)) if discrete else floor / mean,)


def _stretched(x: Column, share: Column, floor: float, discrete: bool) -> tuple[float, ...]:
    y = np.log(x / floor)

    def scale(beta: float) -> float:
        return 1 / float((share * np.expm1(beta * y)).sum())

    def loss(logarithm: float) -> float:
        beta = float(np.exp(logarithm))
        return -float(np.log(scale(beta)) + logarithm + beta * (share * y).sum())

    beta = float(np.exp(_least(loss, np.log(LIMIT), np.log(700 / max(y.max(), 1)))))
    if not discrete:
        return scale(beta), beta
    starts = [(np.log(scale(one)), one) for one in (beta, 0.02, 0.3)]

    def mean(one: tuple[float, ...]) -> float:
        c, beta = float(np.exp(one[0])), one[1]
        return _mean(Law("stretched exponential", floor, True, (c, beta), 0.0), x, share)

    logarithm, beta = _best(mean, starts, (1,))
    return float(np.exp(logarithm)), beta


def _cutoff(x: Column, share: Column, floor: float, discrete: bool) -> tuple[float, ...]:
    u = x / floor
    first, second = float((share * np.log(u)).sum()), float((share * (u - 1)).sum())

    def mean(one: tuple[float, ...]) -> float:
        return -one[0] * first - one[1] * second - _log_zeta(one[0], one[1], floor, discrete)

    fall = _power_law(x, share, floor, discrete)[0]
    starts = [(1 + fall, c / u.max()) for c in (0.01, 1.0)] + [(0.5, 1 / second)]
    return _best(mean, starts, (1,))


_SHAPES: dict[str, Callable[[Column, Column, float, bool], tuple[float, ...]]] = {
    "power law": _power_law,
    "lognormal": _lognormal,
    "exponential": _exponential,
    "stretched exponential": _stretched,
    "cutoff": _cutoff,
}


# --- what they share ---------------------------------------------------------------------------


def _base(law: Law) -> float:
    """Where the law starts: half below the floor for one that is rounded to whole numbers."""
    rounded = law.discrete and law.name in ("lognormal", "stretched exponential")
    return law.floor - 0.5 if rounded else law.floor


def _mean(law: Law, x: Column, share: Column) -> float:
    with np.errstate(all="ignore"):
        found = float((share * law.log_chance(x)).sum())
    return found if np.isfinite(found) else -1e300


def _log_mills(a: Any, b: float) -> Any:
    """The log of the integral of exp(-a y - b y**2/2) over y >= 0."""
    from scipy.special import erfcx, log_ndtr

    z = np.asarray(a / np.sqrt(b), float)
    right = np.log(erfcx(np.maximum(z, 0) / np.sqrt(2)) / 2)
    left = log_ndtr(-np.minimum(z, 0)) + np.minimum(z, 0) ** 2 / 2
    return np.where(z > 0, right, left) + np.log(2 * np.pi / b) / 2


def _log_zeta(alpha: float, c: float, floor: float, discrete: bool) -> float:
    """The log of the sum over whole x >= floor of u**-alpha exp(-c (u - 1)), u = x/floor.

    For numbers of any kind, of the integral over x >= floor. Sums go over to the integral after
    the first terms, with Euler and Maclaurin's corrections.
    """
    if not discrete:
        return float(np.log(floor) + _log_integral(alpha, c))
    k = floor + np.arange(EXPLICIT)
    u = k / floor
    terms = np.exp(-alpha * np.log(u) - c * (u - 1))
    end = floor + EXPLICIT
    at = float(np.exp(-alpha * np.log(end / floor) - c * (end / floor - 1)))
    rest = end * float(np.exp(_log_integral(alpha, c * end / floor)))
    slope = alpha / end + c / floor
    cube = slope**3 + 3 * slope * alpha / end**2 + 2 * alpha / end**3
    return float(np.log(terms.sum() + at * (rest + 0.5 + slope / 12 - cube / 720)))


def _log_integral(alpha: float, c: float) -> float:
    """The log of the integral of u**-alpha exp(-c (u - 1)) over u >= 1; c > 0 or alpha > 1."""
    if c <= 0:
        return float(-np.log(alpha - 1)) if alpha > 1 else np.inf
    reach = np.log1p((60 + 5 * max(0.0, 1 - alpha)) / c)
    if alpha > 1:
        reach = min(reach, 60 / (alpha - 1))
    y = reach * (NODES + 1) / 2
    inner = (1 - alpha) * y - c * np.expm1(y)
    most = inner.max()
    return float(most + np.log(reach / 2 * (WEIGHTS * np.exp(inner - most)).sum()))


def _least(loss: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    return float(found.x)


def _best(
    mean: Callable[[tuple[float, ...]], float],
    starts: Sequence[tuple[float, ...]],
    positive: tuple[int, ...],
) -> tuple[float, ...]:
    """The shape with the greatest mean log likelihood; parameters at `positive` are above 0."""
    from scipy.optimize import minimize

    def shape(point: Column) -> tuple[float, ...]:
        return tuple(
            LIMIT + float(np.exp(min(one, 200.0))) if place in positive else float(one)
            for place, one in enumerate(point)
        )

    def loss(point: Column) -> float:
        with np.errstate(all="ignore"):
            found = -mean(shape(point))
        return found if np.isfinite(found) else 1e300

    points = [
        [np.log(max(one, LIMIT)) if place in positive else one for place, one in enumerate(start)]
        for start in starts
    ]
    options = {"xatol": 1e-8, "fatol": 1e-13, "maxiter": 400}
    best = min(
        (minimize(loss, point, method="Nelder-Mead", options=options) for point in points),
        key=lambda found: float(found.fun),
    )
    again = minimize(loss, best.x, method="Nelder-Mead", options=options)
    return shape(again.x)
