"""How an innovation spreads by adoption: Bass's model, fitted to periods that some never adopt in.

Who has not yet adopted does so at the rate p + q F(t): p from outside (innovation), q from those
who have adopted (imitation). From F(0) = 0 follows

    F(t) = (1 - E) / (1 + (q/p) E),   E = exp(-(p + q) t),

and a share `ceiling` ever adopts. Times are seen as periods, so that the likelihood is that of
intervals, with those who had not adopted by the last edge T censored there:

    log L = Σ_k n_k log(ceiling (F(t_k) - F(t_(k-1)))) + rest log(1 - ceiling F(T)).

An interval holds the values of one parameter whose profile lies within 1.92 of the maximum (95 %).
Held at their limits q = 0 and ceiling = 1, intervals hold the truth more often than they say.
People are taken to adopt independently, given the numbers.

The old ways stand beside: ordinary least squares of new on past adopters (Bass 1969) and nonlinear
least squares of new adopters on the model's increments (Srinivasan and Mason 1986). Neither knows
of those who have not adopted, and both may ask for more adopters than there are people: then their
number is held at all people, and p and q are fitted again.

Sources: Bass (1969); Schmittlein and Mahajan (1982); Venzon and Moolgavkar (1988).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

Name = Literal["p", "q", "ceiling"]
NAMES: tuple[Name, ...] = ("p", "q", "ceiling")
LOWEST = np.array([1e-8, 0.0, 1e-6])  # of p, q (over the whole time watched) and the ceiling
HIGHEST = np.array([1e3, 1e3, 1.0])
CUT = 3.841458820694124  # 95 % of chi-squared with one degree of freedom
STEPS = 500  # of the search, at most
STILL = 1e-8  # a slope per person that counts as flat
FINE = 41  # points on each axis of the region that gives the band


@dataclass(frozen=True)
class Adoption:
    """How many adopted in each period, and how many had not by the last."""

    edges: Float[Column, "edge"]  # when periods end, from 0
    adopters: Int[Column, "period"]
    rest: int

    def __post_init__(self) -> None:
        edges, adopters = np.asarray(self.edges, float), np.asarray(self.adopters)
        if edges.size != adopters.size + 1 or edges[0] != 0 or (np.diff(edges) <= 0).any():
            raise ValueError("edges: expected 0, then the growing end of each period")
        if (adopters < 0).any() or self.rest < 0 or not adopters.sum():
            raise ValueError("adopters: expected counts, some of them above 0")

    @property
    def people(self) -> int:
        """How many there are, adopters or not."""
        return int(np.sum(self.adopters)) + self.rest


@dataclass(frozen=True)
class Bass:
    """The model with its parameters; p and q per unit of time, the ceiling a share."""

    p: float
    q: float
    ceiling: float = 1.0
    log_likelihood: float = np.nan

    def adopted(self, time: Float[Column, "..."]) -> Float[Column, "..."]:
        """The expected share of all people who have adopted by a time."""
        share: Column = self.ceiling * (1 - waiting(time, self.p, self.q))
        return share


def waiting(time: Any, p: Any, q: Any) -> Any:
    """1 - F(t): the share of later adopters who have not adopted by a time; p > 0, q >= 0."""
    fallen = np.exp(-(p + q) * time)
    return fallen * (p + q) / (p + q * fallen)


def log_likelihood(seen: Adoption, p: Any, q: Any, ceiling: Any) -> Any:
    """The log-likelihood of parameters, of any shape that NumPy can broadcast."""
    p, q, ceiling = (np.asarray(value, float)[..., None] for value in (p, q, ceiling))
    left = waiting(np.asarray(seen.edges, float), p, q)
    adopted = np.maximum(ceiling * (left[..., :-1] - left[..., 1:]), 1e-300)
    never = np.maximum(1 - ceiling[..., 0] * (1 - left[..., -1]), 1e-300)
    return (seen.adopters * np.log(adopted)).sum(-1) + seen.rest * np.log(never)


def fit(
    seen: Adoption,
    *,
    p: float | None = None,
    q: float | None = None,
    ceiling: float | None = None,
    near: Bass | None = None,
) -> Bass:
    """The likeliest parameters; those given are held. `near` is where the search starts, too."""
    span = float(seen.edges[-1])
    scale = np.array([1 / span, 1 / span, 1.0])
    lowest, highest = LOWEST.copy(), HIGHEST.copy()
    for place, value in enumerate((p, q, ceiling)):
        if value is not None:
            lowest[place] = highest[place] = value / scale[place]
    lowest[0], highest[0] = np.log(lowest[0]), np.log(highest[0])
    found = [
        _climb(seen, np.clip(start, lowest, highest), lowest, highest, scale)
        for start in _starts(seen, scale, near)
    ]
    at, loss = min(found, key=lambda one: one[1])
    values = np.array([np.exp(at[0]), at[1], at[2]]) * scale
    rate, imitation, share = (float(value) for value in values)
    return Bass(rate, imitation, share, -loss * seen.people)


def profile_interval(seen: Adoption, best: Bass, name: Name, **held: float) -> tuple[float, float]:
    """The 95 % interval of a parameter by its profile likelihood; `held` as in the fit itself."""
    from scipy.optimize import brentq

    place = NAMES.index(name)
    span = 1.0 if name == "ceiling" else float(seen.edges[-1])
    middle = getattr(best, name)

    def above(value: float) -> float:
        held_too: dict[str, Any] = {**held, name: value}
        other = fit(seen, **held_too, near=best)
        return 2 * (best.log_likelihood - other.log_likelihood) - CUT

    ends = []
    for limit in (LOWEST[place] / span, HIGHEST[place] / span):
        if name != "ceiling" and limit > middle:
            limit = _doubled(above, max(middle, 1e-3 / span), limit)
        inside = limit == middle or above(limit) <= 0
        ends.append(limit if inside else brentq(above, limit, middle, rtol=1e-7, xtol=1e-9))
    return min(float(ends[0]), middle), max(float(ends[1]), middle)  # both at a limit: rounding


def imitation_test(seen: Adoption, **held: float) -> tuple[float, float]:
    """2 Δ log L for q = 0, and its p value by chi-squared with one degree of freedom.

    q = 0 is a limit of q, so that the true chance is at most the p value: no false alarm more.
    """
    from scipy.stats import chi2

    free: dict[str, Any] = dict(held)
    both = fit(seen, **free), fit(seen, q=0.0, **free)
    twice = max(2 * (both[0].log_likelihood - both[1].log_likelihood), 0.0)
    return twice, float(chi2.sf(twice, 1))


def last_period(seen: Adoption) -> tuple[float, float]:
    """How many would adopt in the last period by the curve of those before, and p of more.

    Likelihood ratio of a curve for all periods against one for those before with a share of its own
    in the last; one-sided, chi-squared with one degree of freedom. nan, nan where nobody adopted
    before or nobody was left.
    """
    from scipy.special import xlogy
    from scipy.stats import chi2

    many = int(seen.adopters[-1])
    left = many + seen.rest
    if not np.sum(seen.adopters[:-1]) or not left:
        return np.nan, np.nan
    before = fit(Adoption(seen.edges[:-1], seen.adopters[:-1], left))
    reached, after = before.adopted(np.asarray(seen.edges, float)[-2:])
    due = left * float(after - reached) / max(1 - float(reached), 1e-300)
    own = float(xlogy(many, many / left) + xlogy(seen.rest, seen.rest / left))
    twice = max(2 * (before.log_likelihood + own - fit(seen).log_likelihood), 0.0)
    half = float(chi2.sf(twice, 1)) / 2
    return due, half if many > due else 1 - half


def band(
    seen: Adoption,
    best: Bass,
    limits: Mapping[Name, tuple[float, float]],
    times: Float[Column, "time"],
) -> tuple[Float[Column, "time"], Float[Column, "time"]]:
    """The 95 % band, time by time, of the share that has adopted.

    `limits` are the profile intervals of the parameters that were fitted. The ends of the band are
    the least and greatest share of any parameters whose log-likelihood lies within 1.92 of the
    maximum: the profile-likelihood interval of that share, over a fine grid between the limits.
    """
    axes = []
    for name in NAMES:
        lower, upper = limits.get(name, (getattr(best, name),) * 2)
        many = FINE if name in limits else 1
        spaced = np.geomspace if name == "p" else np.linspace
        axes.append(spaced(lower, upper, many))
    p, q, ceiling = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    kept = 2 * (best.log_likelihood - log_likelihood(seen, p, q, ceiling)) <= CUT
    p, q, ceiling = (
        np.append(axis[kept], getattr(best, name))[:, None]
        for axis, name in zip((p, q, ceiling), NAMES, strict=True)
    )
    shares = ceiling * (1 - waiting(np.asarray(times, float), p, q))
    return shares.min(0), shares.max(0)


def ordinary_least_squares(
    adopters: Float[Column, "period"], people: float = np.inf
) -> tuple[float, float, float]:
    """p, q and how many adopt in the end, from n_t = p m + (q - p) N_(t-1) - (q/m) N_(t-1)².

    m is at most `people`. nan where the parabola has no positive root, or p would be below 0.
    Source: Bass (1969).
    """
    new = np.asarray(adopters, float)
    past = np.cumsum(new) - new
    if np.unique(past).size < 3:
        return np.nan, np.nan, np.nan
    square, linear, constant = np.polyfit(past, new, 2)
    inside = linear**2 - 4 * square * constant
    if square >= 0 or inside < 0:
        return np.nan, np.nan, np.nan
    final = (-linear - np.sqrt(inside)) / (2 * square)
    p, q = constant / final, -square * final
    if final > people:  # n_t = p (m - N) + q N (m - N)/m with m held
        final, left = people, people - past
        p, q = np.linalg.lstsq(np.stack([left, past * left / people], axis=1), new, rcond=None)[0]
    return (float(p), float(q), float(final)) if p >= 0 else (np.nan, np.nan, np.nan)


def nonlinear_least_squares(
    adopters: Float[Column, "period"], people: float = np.inf
) -> tuple[float, float, float]:
    """p, q and how many adopt in the end, from n_t = m (F(t) - F(t-1)); m is at most `people`.

    Source: Srinivasan and Mason (1986).
    """
    new = np.asarray(adopters, float)
    p, q, final = _increments(new, None)
    return (p, q, final) if final <= people else _increments(new, people)


def _increments(new: Float[Column, "period"], held: float | None) -> tuple[float, float, float]:
    """Least squares on the model's increments, how many adopt in the end free or held."""
    from scipy.optimize import least_squares

    edges = np.arange(new.size + 1)
    total = new.sum()

    def final(at: Column) -> float:
        return float(np.exp(at[2])) if held is None else held / total

    def off(at: Column) -> Column:
        left = waiting(edges, np.exp(at[0]), at[1])
        apart: Column = final(at) * -np.diff(left) - new / total
        return apart

    free = 3 if held is None else 2
    ends = ([np.log(1e-8), 0.0, np.log(1e-3)][:free], [np.log(1e3), 1e3, np.log(1e3)][:free])
    starts = [(p / new.size, q / new.size) for p in (0.1, 1.0) for q in (1.0, 5.0)]
    found = [
        least_squares(
            off, [np.log(p), q, 0.1][:free], bounds=ends, xtol=1e-14, ftol=1e-14, gtol=1e-14
        )
        for p, q in starts
    ]
    best = min(found, key=lambda one: float(one.cost)).x
    imitation = float(best[1]) if best[1] > 1e-9 else 0.0  # the search stops short of its limit
    adopted = final(best) * float(total) if held is None else held
    return float(np.exp(best[0])), imitation, adopted


def _climb(
    seen: Adoption, at: Column, lowest: Column, highest: Column, scale: Column
) -> tuple[Column, float]:
    """The nearest top of the likelihood within limits, and minus its log per person.

    Fisher scoring with Levenberg's damping; a parameter at a limit stays while the slope pushes it
    out.
    """
    loss, slope, information = _loss(seen, at, scale)
    damping = 1e-3
    for _ in range(STEPS):
        out = ((at <= lowest) & (slope >= 0)) | ((at >= highest) & (slope <= 0))
        free = np.flatnonzero(~out)
        if not free.size or np.abs(slope[free]).max() < STILL:
            break
        matrix = information[np.ix_(free, free)]
        matrix = matrix + np.diag(damping * np.diag(matrix) + 1e-12)
        step = at.copy()
        step[free] -= np.linalg.solve(matrix, slope[free])
        step = np.clip(step, lowest, highest)
        trial = _loss(seen, step, scale)
        if trial[0] <= loss:
            moved = float(np.abs(step - at).max())
            at, (loss, slope, information) = step, trial
            damping = max(damping / 10, 1e-9)
            if moved < 1e-12:
                break
        elif damping > 1e12:
            break
        else:
            damping *= 4
    return at, loss


def _loss(seen: Adoption, at: Column, scale: Column) -> tuple[float, Column, Column]:
    """Minus the log-likelihood per person at (log p, q, ceiling), its slope and information."""
    p, q, ceiling = np.exp(at[0]) * scale[0], at[1] * scale[1], at[2]
    time = np.asarray(seen.edges, float)
    fallen = np.exp(-(p + q) * time)
    ratio = q / p
    below = (1 + ratio * fallen) ** 2
    by_p = (time * fallen * (1 + ratio) + (1 - fallen) * fallen * ratio / p) / below
    by_q = (time * fallen * (1 + ratio) - (1 - fallen) * fallen / p) / below
    grown = np.stack([p * by_p, scale[1] * by_q]) * ceiling
    share = 1 - waiting(time, p, q)
    step = -np.diff(waiting(time, p, q))
    chance = np.maximum(np.append(ceiling * step, 1 - ceiling * share[-1]), 1e-300)
    change = np.empty((3, chance.size))
    change[:2, :-1], change[:2, -1] = np.diff(grown), -grown[:, -1]
    change[2, :-1], change[2, -1] = step, -share[-1]
    part = np.append(np.asarray(seen.adopters, float), seen.rest) / seen.people
    relative = change / chance
    loss = -float(part[part > 0] @ np.log(chance[part > 0]))
    return loss, -relative @ part, relative @ change.T


def _starts(seen: Adoption, scale: Column, near: Bass | None) -> list[Column]:
    """Where the search starts: few and far apart, or near a fit that is known."""
    share = float(np.sum(seen.adopters)) / seen.people
    far = [(0.0, 1.0, share), (-2.3, 5.0, share), (-1.0, 3.0, 0.99)]
    if near is not None:
        known = np.array([near.p, near.q, near.ceiling]) / scale
        far = [(float(np.log(known[0])), float(known[1]), float(known[2]))]
    return [np.array(one) for one in far]


def _doubled(above: Any, middle: float, limit: float) -> float:
    """A value so far above the middle that the profile has fallen, or the limit."""
    value = middle
    while (value := value * 2) < limit:
        if above(value) > 0:
            return value
    return limit
