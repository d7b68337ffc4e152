"""What an experiment is: arms that differ in one thing, and criteria that say what would count.

An arm is a way to run the model: what it changes of a draw of parameters, with which levers, after
which shocks, in which world, with which stocks held. All arms of an experiment share the draws and
their seeds, so that what chance gave to both cancels in their difference.

A criterion reads one number of each draw off the arms, its effect. The claim holds in a draw if
the effect, times the sign that the essay expects, is `least` or more; least is the smallest effect
that matters, written down before the runs. Every criterion declares its side, that is what lies
where it fails:

    direction  a change one way; as large a change the other way is its opposite
    mark       a level, an amount or a smaller-of-two that must be reached (or not passed); where it
               is not, there is no opposite, however far away
    band       a value near a claimed one, `least` to `most`; below it is less than claimed, above
               it is more than claimed, which is no refutation

A figure is a number that only many draws together have, such as a part of their variance. It is
told beside the verdict and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from datapolis.core.policy import Policy
from datapolis.core.scenario import Scenario
from datapolis.studies import break_even
from datapolis.studies.outcomes import Outcome
from datapolis.studies.runs import PLAIN, Case

if TYPE_CHECKING:
    from jaxtyping import Float

    from datapolis.core.parameters import Parameters

Side = Literal["direction", "mark", "band"]
Length = Literal["start", "usual", "long"]  # how long an experiment runs, see `trial.Mode`
WAYS = ("power_share", "dependence_share", "relational_share", "pivotality")  # power, four ways
NEEDED = 3  # of the four ways must agree, if a claim is about power
LITTLE = 1e-9  # below it a quantity counts as this, so that nothing is divided by 0
YEAR = 12


@dataclass(frozen=True)
class Change:
    """A value that follows from the draw: a parameter's own, or another's, times a factor."""

    factor: float = 1.0
    of: str = ""  # whose value; the parameter's own if empty
    most: float = np.inf


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A way to run the model in every draw."""

    name: str
    says: str = "as drawn"
    parameters: Mapping[str, float | Change] = field(default_factory=dict)  # by path
    policy: Policy = field(default_factory=Policy)
    scenario: Scenario = ()
    frozen: tuple[str, ...] = ()
    world: str = PLAIN
    replicate: bool = False  # with chance of its own
    redrawn: tuple[str, ...] = ()  # parameters that are drawn anew; such an arm is of figures

    def case(
        self,
        draw: Mapping[str, float],
        seed: int,
        defaults: Parameters,
        other: Mapping[str, float] | None = None,
    ) -> Case:
        """The run of this arm under a draw of parameters, and of chance.

        `other` is an independent draw: redrawn parameters take their values of it.
        """

        def value(path: str, setting: float | Change) -> float:
            if not isinstance(setting, Change):
                return setting
            source = setting.of or path
            drawn = draw[source] if source in draw else float(defaults.get(source))
            return float(np.float32(min(drawn * setting.factor, setting.most)))

        changed = {path: value(path, setting) for path, setting in self.parameters.items()}
        changed |= {path: (other or draw)[path] for path in self.redrawn}
        return Case(
            seed=seed + REPLICATE * self.replicate,
            parameters={**draw, **changed},
            policy=self.policy,
            scenario=self.scenario,
            frozen=self.frozen,
            world=self.world,
        )


REPLICATE = 1_000_003  # added to a seed for chance that is independent of it


class Runs:
    """What the arms of an experiment gave: one dataset an arm, with the draws in one order."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found

    def of(self, arm: str, outcome: str) -> Float[np.ndarray, "draw"]:
        """An outcome of each draw, as `studies.outcomes` says it."""
        return Outcome.parse(outcome).of(self.found[arm])

    def series(self, arm: str, outcome: str) -> Float[np.ndarray, "draw month"]:
        """The same month by month."""
        return Outcome.parse(outcome).series(self.found[arm])


class Probe(Runs):
    """Runs that are not there: notes which arms and indices are read."""

    def __init__(self, months: int = 240) -> None:
        super().__init__({})
        self.months = months
        self.arms: dict[str, None] = {}
        self.indices: dict[str, None] = {}

    def of(self, arm: str, outcome: str) -> Float[np.ndarray, "draw"]:
        """One draw of ones."""
        return self.series(arm, outcome)[:, 0]

    def series(self, arm: str, outcome: str) -> Float[np.ndarray, "draw month"]:
        """One draw of ones, in each month."""
        self.arms[arm] = None
        self.indices[Outcome.parse(outcome).index] = None
        return np.ones((1, self.months))


Effect = Callable[[Runs], "Float[np.ndarray, 'draw']"]


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that the essay expects, and how it is read."""

    name: str
    claims: tuple[str, ...]
    effect: Effect
    side: Side
    least: float  # the claim holds in a draw if sign times effect is this or more
    most: float = np.inf  # ... and, of a band, this or less
    sign: Literal[1, -1] = 1
    unit: str = ""
    needed: bool = True  # for the verdict on the experiment; the others stand beside it

    def __post_init__(self) -> None:
        if np.isfinite(self.most) != (self.side == "band") or self.most < self.least:
            raise ValueError(f"{self.name}: a band, and nothing else, ends at `most`")
        if self.side == "direction" and self.least < 0:
            raise ValueError(f"{self.name}: a direction asks for a change that way, or for none")

    def holds(self, effects: Float[np.ndarray, "draw"]) -> Float[np.ndarray, "draw"]:
        """1 where it holds, 0 where not, nan where there is no effect to be read."""
        signed = self.sign * effects
        held = ((signed >= self.least) & (signed <= self.most)).astype(float)
        return np.where(np.isfinite(effects), held, np.nan)

    @property
    def expects(self) -> str:
        """What would hold, in signs."""
        if self.side == "band":
            low, high = sorted((self.sign * self.least, self.sign * self.most))
            return f"{low:g} to {high:g}{' ' + self.unit if self.unit else ''}"
        compared = "at least" if self.sign > 0 else "at most"
        return f"{compared} {self.sign * self.least:g}{' ' + self.unit if self.unit else ''}"


Columns = Callable[[Runs], "Float[np.ndarray, 'draw column']"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number that only a sample of draws has; none of them holds or fails by it."""

    name: str
    claims: tuple[str, ...]
    columns: Columns  # what it is made of, a row a draw
    of: Callable[[Float[np.ndarray, "draw column"]], float]
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A claim on trial."""

    id: str
    claims: tuple[str, ...]
    indices: tuple[str, ...] = ()  # in which a reader of a study's results looks for it
    question: str
    arms: tuple[Arm, ...]
    criteria: tuple[Criterion, ...]
    refuted_if: str
    hinges: tuple[str, ...]  # parameters on which, by the equations, the claim may turn
    built_in: str = ""  # what of it the model's equations settle beforehand
    silent: str = ""  # what the essay does not say, or this model cannot
    length: Length = "usual"
    figures: tuple[Figure, ...] = ()

    @property
    def all_claims(self) -> tuple[str, ...]:
        """The claims that it is about, with those that a criterion or a figure of it names."""
        read = [one.claims for one in self.criteria] + [one.claims for one in self.figures]
        return tuple(dict.fromkeys([*self.claims, *(claim for some in read for claim in some)]))

    @property
    def needed(self) -> tuple[Criterion, ...]:
        """The criteria that must all hold."""
        return tuple(one for one in self.criteria if one.needed)

    def probe(self) -> Probe:
        """Which arms and which indices its criteria read."""
        probe = Probe()
        for one in self.criteria:
            one.effect(probe)
        for figure in self.figures:
            figure.columns(probe)
        return probe


# --- effects -----------------------------------------------------------------------------------


def level(outcome: str, arm: str) -> Effect:
    """An outcome of one arm."""
    return lambda runs: runs.of(arm, outcome)


def difference(outcome: str, treated: str, control: str) -> Effect:
    """An outcome with the treatment less without."""
    return lambda runs: runs.of(treated, outcome) - runs.of(control, outcome)


@dataclass(frozen=True)
class NetGain:
    """The effect of a treatment on citizens' net gain, mean over all months."""

    treated: str
    control: str

    def __call__(self, runs: Runs) -> Float[np.ndarray, "draw"]:
        """The gain with the treatment less without; its parts are read too, for `turns`."""
        for part in break_even.PARTS:
            runs.of(self.treated, f"{part}@mean")
        gain = f"{break_even.GAIN}@mean"
        return np.asarray(runs.of(self.treated, gain) - runs.of(self.control, gain))

    def turns(self, runs: Runs) -> str:
        """At which weights of service and harm the mean effect over the draws turns its sign."""
        found = break_even.of(runs.found[self.treated], runs.found[self.control], month=None)
        return "" if found is None else str(found)


def growth(outcome: str, treated: str, control: str) -> Effect:
    """The logarithm of what the treatment multiplies an outcome by: 0.1 is about a tenth more."""
    return lambda runs: log_ratio(runs.of(treated, outcome), runs.of(control, outcome))


def log_ratio(
    treated: Float[np.ndarray, "draw"], control: Float[np.ndarray, "draw"]
) -> Float[np.ndarray, "draw"]:
    """ln(treated / control); what is nothing counts as very little."""
    return np.asarray(np.log(np.maximum(treated, LITTLE) / np.maximum(control, LITTLE)))


def ways(
    sector: str, treated: str, control: str, *, sign: Literal[1, -1], at: str = "last"
) -> Effect:
    """What a treatment does to a sector's power, of the four ways that which three agree on.

    The third strongest of four differences, in the sense of `sign`: it passes a mark if and only
    if three of the four ways or more do.
    """

    def effect(runs: Runs) -> Float[np.ndarray, "draw"]:
        found = np.stack(
            [
                runs.of(treated, f"{way}.{sector}@{at}") - runs.of(control, f"{way}.{sector}@{at}")
                for way in WAYS
            ]
        )
        return agreed(found, sign)

    return effect


def agreed(found: Float[np.ndarray, "way draw"], sign: Literal[1, -1]) -> np.ndarray:
    """The effect that at least three of four ways reach; nan if fewer than all are known."""
    return np.asarray(sign * np.sort(sign * found, axis=0)[len(found) - NEEDED])


def first_month(series: Float[np.ndarray, "draw month"], mark: float) -> np.ndarray:
    """The first month at which a series is above a mark; the horizon if it never is."""
    above = series > mark
    return np.asarray(np.where(above.any(axis=1), above.argmax(axis=1), series.shape[1]), float)


def yearly(series: Float[np.ndarray, "draw month"]) -> Float[np.ndarray, "draw year"]:
    """Means of whole years, over the months that have a value."""
    years = series.shape[1] // YEAR
    parts = series[:, : years * YEAR].reshape(len(series), years, YEAR)
    known = np.isfinite(parts)
    total = np.where(known, parts, 0.0).sum(axis=2)
    count = known.sum(axis=2)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


# --- figures -----------------------------------------------------------------------------------


def outcomes(*read: tuple[str, str]) -> Columns:
    """Some outcomes of some arms, (arm, outcome) each, as columns."""
    return lambda runs: np.stack([runs.of(arm, outcome) for arm, outcome in read], axis=1)


def total_effect(columns: Float[np.ndarray, "draw 2"]) -> float:
    """Sobol' total effect of what was redrawn: E (f - f_redrawn)^2 / (2 Var f).

    The part of an outcome's variance that would be gone if all else were known, with what it does
    together with others; 0 to 1, and a little more by chance. nan if the outcome does not vary.
    Source: Jansen (1999).
    """
    plain, redrawn = columns[np.isfinite(columns).all(axis=1)].T
    variance = float(np.var(plain)) if len(plain) > 1 else 0.0
    return float(np.mean((plain - redrawn) ** 2) / (2 * variance)) if variance > 0 else np.nan


def rank_correlation(columns: Float[np.ndarray, "draw 2"]) -> float:
    """Spearman's rank correlation of two outcomes over the draws (Spearman, 1904); -1 to 1."""
    from scipy.stats import rankdata

    known = columns[np.isfinite(columns).all(axis=1)]
    one, other = rankdata(known, axis=0).T if len(known) else ([], [])
    if len(known) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])
