"""The rule by which the essay's claims are judged, written down before the full run.

In every draw of parameters an experiment *holds* if all its needed criteria do, *goes beyond* if
all are reached and one that names a band lies above it, and *falls short* else. What is judged is
in how many of n draws it does each, with X ~ Binomial(n, share) and every p value corrected:

    supported         it holds in more than 2/3: P(X >= held | 2/3) is below .05, and the middle
                      effect of every needed criterion lies on the expected side with its whole 95 %
                      interval
    more than claimed it goes beyond in more than 2/3, by the same test: not as the essay says, and
                      no refutation
    refuted           it is reached in fewer than 1/3: P(X <= reached | 1/3) is below .05
    contingent        none of these, and a short rule on the experiment's hinges tells the draws in
                      which it holds from those in which it does not: found by PRIM in one half of
                      the draws, it parts the other half too (Fisher's exact test, both ways pooled)
    not testable      a needed criterion that nothing moves as claimed, and no other refutes it; or
                      it would be supported, but nothing moves one of its criteria the other way
    not identified    everything else: too few draws, chance as large as the effect, no rule, or a
                      quarter of the draws or more without a value

Every p value is multiplied by the number of tests in its family (Bonferroni). Families are fixed by
what is declared, never by what is run: the declared experiments times two samples of draws for the
verdicts on experiments, all their declared criteria times two samples for the table of criteria. So
a verdict is the same whatever else is run, in any order. Of the three binomial tests on one sample
at most one can be false and come near rejection, so they count as one; two rules are looked for,
where it holds and where it fails, and count twice.

2/3 and 1/3 are ours: a claim made without conditions should hold in a clear majority of the worlds
that the essay does not exclude. The decisive criterion is the needed one that holds least often. A
refutation of a direction is *opposite* if in most draws the effect is as large the other way,
*nothing that matters* if its median's whole 90 % interval is smaller than the smallest effect that
matters (two one-sided tests at 5 %), else *mostly absent*. A mark has no opposite: it is *not met*.
A value below a band is *less than claimed*. What can be tested at all, `channel` says.

Sources: Clopper and Pearson (1934), Dunn (1961), Schuirmann (1987), Friedman and Fisher (1999).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from datapolis.statistics.inference.multiplicity import bonferroni
from datapolis.studies.claims.channel import Channel

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

    from datapolis.studies.claims.experiment import Side

Verdict = Literal[
    "supported", "more than claimed", "contingent", "refuted", "not testable", "not identified"
]
VERDICTS: tuple[Verdict, ...] = (
    "supported", "more than claimed", "contingent", "refuted", "not testable", "not identified",
)  # fmt: skip
NEVER, ALWAYS = "nothing moves it as claimed", "nothing moves it the other way"

MOST, FEW = 2 / 3, 1 / 3  # shares of draws above which it is supported, below which refuted
ALPHA = 0.05
UNREAD = 0.25  # share of draws without a value from which nothing can be said
INSIDE = 5  # draws of the other half that a rule must hold, to be tested there


@dataclass(frozen=True)
class Rule:
    """On what it depends: a rule found in half of the draws that parts the other half."""

    says: str
    inside: float  # share of the other half's draws in the rule in which the claim holds
    outside: float  # ... of those not in the rule
    p_value: float  # corrected
    fails: bool = False  # the rule tells where it does not hold


@dataclass(frozen=True)
class Judged:
    """The verdict on one experiment in one sample of draws."""

    verdict: Verdict
    held: int
    draws: int  # with a value
    unread: int  # without one
    low: float  # 95 % interval of the share of draws in which it holds
    high: float
    p_supported: float  # corrected, as the next two
    p_refuted: float
    kind: str = ""  # of a refutation, or why it is not testable
    rule: Rule | None = None
    beyond: int = 0  # draws in which it is more than claimed
    p_more: float = 1.0

    @property
    def share(self) -> float:
        """The share of draws in which it holds; nan without any."""
        return self.held / self.draws if self.draws else math.nan

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {**vars(self), "rule": None if self.rule is None else vars(self.rule)}

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Judged:
        """Of plain data."""
        rule = found["rule"]
        return Judged(**{**found, "rule": None if rule is None else Rule(**rule)})


@dataclass(frozen=True)
class Effects:
    """What a needed criterion read, times the sign that is expected."""

    signed: Float[np.ndarray, "draw"]
    least: float
    most: float = math.inf
    side: Side = "direction"
    channel: Channel = field(default_factory=Channel)

    @property
    def holds(self) -> Float[np.ndarray, "draw"]:
        """1 in draws in which it holds, 0 in others; nan without a value."""
        held = (self.signed >= self.least) & (self.signed <= self.most)
        return np.where(np.isfinite(self.signed), held.astype(float), np.nan)

    @property
    def share(self) -> float:
        """The share of draws in which it holds; nan without any."""
        held, draws = counted(self.holds)
        return held / draws if draws else math.nan

    @property
    def agrees(self) -> bool:
        """Whether the middle effect lies on the expected side, with its whole interval."""
        return median_interval(self.signed)[0] >= min(0.0, self.least)


@dataclass(frozen=True)
class Evidence:
    """What an experiment gave in one sample of draws."""

    needed: Sequence[Effects]
    levels: Float[np.ndarray, "draw parameter"]
    hinges: Sequence[str]

    @property
    def holds(self) -> Float[np.ndarray, "draw"]:
        """1 in draws in which all needed criteria hold, 0 in others; nan without a value."""
        return np.asarray(np.min([one.holds for one in self.needed], axis=0))

    @property
    def reached(self) -> Float[np.ndarray, "draw"]:
        """1 in draws in which no needed criterion falls short; nan without a value."""
        return reached(self.needed)

    @property
    def decisive(self) -> Effects:
        """Of the needed criteria the one that holds least often."""
        return decisive(self.needed)


def reached(needed: Sequence[Effects]) -> Float[np.ndarray, "draw"]:
    """1 in draws in which none of these falls short of its claim; nan without a value."""
    signed = np.stack([one.signed for one in needed])
    least = np.array([one.least for one in needed])[:, None]
    return np.where(
        np.isfinite(signed).all(axis=0), (signed >= least).all(axis=0).astype(float), np.nan
    )


def decisive(needed: Sequence[Effects]) -> Effects:
    """Of some criteria the one that holds least often."""
    return min(needed, key=lambda one: -1.0 if math.isnan(one.share) else one.share)


def judged(one: Evidence, *, tests: int, seed: int = 0) -> Judged:
    """The verdict on one experiment, or one criterion, in one sample of draws.

    `tests` is how many tests its family has, whatever else is run: every p value is multiplied by
    it. Nothing else than the evidence decides, so that the verdict is the same in any company.
    """

    def corrected(p: float) -> float:
        return float(bonferroni(np.array([p]), tests)[0])

    held, draws = counted(one.holds)
    beyond = counted(one.reached)[0] - held
    unread = len(one.holds) - draws
    failing = [criterion for criterion in one.needed if criterion.channel.toward]
    assumed = [criterion for criterion in one.needed if not criterion.channel.against]
    p_supported, p_more = (corrected(above(many, draws, MOST)) for many in (held, beyond))
    p_refuted = corrected(below(*counted(reached(failing)), FEW)) if failing else 1.0
    rule, kind = None, ""
    verdict: Verdict = "not identified"
    if draws and unread <= UNREAD * len(one.holds):
        if p_refuted < ALPHA:
            verdict, kind = "refuted", refutation(decisive(failing))
        elif len(failing) < len(one.needed):
            verdict, kind = "not testable", NEVER
        elif min(p_supported, p_more) < ALPHA and assumed:
            verdict, kind = "not testable", ALWAYS
        elif p_more < ALPHA:
            verdict = "more than claimed"
        elif p_supported < ALPHA and all(criterion.agrees for criterion in one.needed):
            verdict = "supported"
        elif (rule := found_rule(one, seed, tests)) is not None:
            verdict = "contingent"
    low, high = clopper_pearson(held, draws)
    return Judged(
        verdict=verdict,
        held=held,
        draws=draws,
        unread=unread,
        low=low,
        high=high,
        p_supported=p_supported,
        p_refuted=p_refuted,
        kind=kind,
        rule=rule,
        beyond=beyond,
        p_more=p_more,
    )


def counted(holds: Float[np.ndarray, "draw"]) -> tuple[int, int]:
    """In how many draws it holds, of how many with a value."""
    known = np.isfinite(holds)
    return int(holds[known].sum()), int(known.sum())


def above(held: int, draws: int, share: float) -> float:
    """P(X >= held) if it held with this share: how surprising that it holds so often."""
    from scipy.stats import binom

    return float(binom.sf(held - 1, draws, share)) if draws else 1.0


def below(held: int, draws: int, share: float) -> float:
    """P(X <= held) if it held with this share."""
    from scipy.stats import binom

    return float(binom.cdf(held, draws, share)) if draws else 1.0


def clopper_pearson(held: int, draws: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share. Clopper and Pearson (1934)."""
    from scipy.stats import binomtest

    if not draws:
        return 0.0, 1.0
    found = binomtest(held, draws).proportion_ci(level, "exact")
    return float(found.low), float(found.high)


def median_interval(values: Float[np.ndarray, "draw"], level: float = 0.95) -> tuple[float, float]:
    """An interval of the median that holds whatever the distribution: between two of the values.

    The k-th smallest and the k-th largest, with the largest k for which P(X < k) is at most half of
    what may be missed, X ~ Binomial(n, 1/2). The whole line below six values (at 95 %).
    """
    from scipy.stats import binom

    values = np.sort(values[np.isfinite(values)])
    many = len(values)
    rank = int(binom.ppf((1.0 - level) / 2, many, 0.5)) if many else 0
    while rank > 0 and binom.cdf(rank - 1, many, 0.5) > (1.0 - level) / 2:
        rank -= 1
    if rank == 0:
        return -math.inf, math.inf
    return float(values[rank - 1]), float(values[many - rank])


def refutation(one: Effects) -> str:
    """Of which kind a refutation is: what lies on the other side of the criterion."""
    if one.side == "mark":
        return "mark not met"
    if one.side == "band":
        return "less than claimed"
    effects = one.signed[np.isfinite(one.signed)]
    margin = abs(one.least)
    if margin > 0 and np.mean(effects <= -margin) > 0.5:
        return "opposite"
    low, high = median_interval(effects, 0.9)
    if -margin < low and high < margin:
        return "nothing that matters"
    return "mostly absent"


def found_rule(one: Evidence, seed: int = 0, tests: int = 1) -> Rule | None:
    """A rule that parts the draws in which it holds from the others; None if there is none.

    It must part them in the half of the draws in which it was not looked for, too. `tests` corrects
    its p value, twice over, as it is looked for where the claim holds and where it fails.
    """
    known = np.isfinite(one.holds)
    holds, levels = one.holds[known] > 0.5, one.levels[known]
    if not one.hinges or holds.all() or not holds.any():
        return None
    for fails in (False, True):
        wanted = ~holds if fails else holds
        found = _checked(levels, one.hinges, wanted, seed, 2 * tests)
        if found is not None:
            says, inside, outside, p_value = found
            if fails:
                inside, outside = 1.0 - inside, 1.0 - outside
            return Rule(says, inside, outside, p_value, fails)
    return None


def _checked(
    levels: Float[np.ndarray, "draw parameter"],
    names: Sequence[str],
    wanted: Bool[np.ndarray, "draw"],
    seed: int,
    tests: int,
) -> tuple[str, float, float, float] | None:
    """A box in all draws whose likes, found in each half, part the other half."""
    from scipy.stats import fisher_exact

    from datapolis.studies.discovery import find_box

    halves = np.arange(len(wanted)) % 2
    table = np.zeros((2, 2), int)  # in the box or not, wanted or not, where it was not looked for
    for half in (0, 1):
        here = halves == half
        box = find_box(levels[here], names, wanted[here], seed=seed)
        if box is None:
            continue
        inside, there = box.holds(levels[~here], names), wanted[~here]
        for row, part in enumerate((inside, ~inside)):
            table[row] += int((part & there).sum()), int((part & ~there).sum())
    if table[0].sum() < INSIDE or not table[1].sum():
        return None
    raw = float(fisher_exact(table, alternative="greater").pvalue)
    p_value = float(bonferroni(np.array([raw]), tests)[0])
    whole = find_box(levels, names, wanted, seed=seed)
    if p_value >= ALPHA or whole is None:
        return None
    shares = table[:, 0] / table.sum(axis=1)
    return whole.rule(), float(shares[0]), float(shares[1]), p_value
