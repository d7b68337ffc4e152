"""The rule by which the essay's claims are judged, written down before the full run.

In every draw of parameters an experiment *holds* if all its needed criteria do. What is judged is
the share of draws in which it holds, h of n:

    supported       the share is above 2/3: P(X >= h | 2/3) is below .05 after Holm's correction
                    over all experiments, and the middle effect of every needed criterion lies on
                    the expected side with its whole 95 % interval
    refuted         the share is below 1/3: P(X <= h | 1/3) is below .05, corrected alike
    contingent      neither, and a short rule on the experiment's hinges tells the draws in which it
                    holds from those in which it does not: found by PRIM in one half of the draws,
                    it parts the other half too (Fisher's exact test, below .05, both ways pooled)
    not identified  everything else: too few draws, chance as large as the effect, no rule, or a
                    quarter of the draws or more without a value

For X ~ Binomial(n, share). 2/3 and 1/3 are ours: a claim made without conditions should hold in a
clear majority of the worlds that the essay does not exclude. The decisive criterion is the needed
one that holds least often. A refutation is *opposite* if in most draws the decisive effect is as
large the other way, *nothing that matters* if its median's whole 90 % interval is smaller than the
smallest effect that matters (two one-sided tests at 5 %), else *mostly absent*.

Sources: Clopper and Pearson (1934), Holm (1979), Schuirmann (1987), Friedman and Fisher (1999).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from datapolis.inference.multiplicity import holm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

Verdict = Literal["supported", "contingent", "refuted", "not identified"]
VERDICTS: tuple[Verdict, ...] = ("supported", "contingent", "refuted", "not identified")

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
    p_value: float
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
    p_supported: float  # corrected
    p_refuted: float
    kind: str = ""  # of a refutation
    rule: Rule | None = None

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

    @property
    def share(self) -> float:
        """The share of draws in which it holds; nan without any."""
        known = self.signed[np.isfinite(self.signed)]
        return float(np.mean(known >= self.least)) if len(known) else math.nan

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
        signed = np.stack([one.signed for one in self.needed])
        least = np.array([one.least for one in self.needed])[:, None]
        return np.where(
            np.isfinite(signed).all(axis=0), (signed >= least).all(axis=0).astype(float), np.nan
        )

    @property
    def decisive(self) -> Effects:
        """Of the needed criteria the one that holds least often."""
        return min(self.needed, key=lambda one: -1.0 if math.isnan(one.share) else one.share)


def judged(evidence: Sequence[Evidence], *, family: int = 0, seed: int = 0) -> list[Judged]:
    """The verdicts on some experiments of one family, in one sample of draws.

    `family` is how many experiments the correction counts, if more than are given: those that are
    not given count as the least striking.
    """
    supported = [above(*counted(one.holds), MOST) for one in evidence]
    refuted = [below(*counted(one.holds), FEW) for one in evidence]
    # of the two one-sided tests on an experiment at most one can be false and come near rejection
    others = np.ones(max(0, family - len(evidence)))
    adjusted = holm(np.concatenate([np.minimum(supported, refuted), others]))[: len(evidence)]
    return [
        _judged(one, up, down, corrected, seed)
        for one, up, down, corrected in zip(evidence, supported, refuted, adjusted, strict=True)
    ]


def _judged(one: Evidence, up: float, down: float, corrected: float, seed: int) -> Judged:
    held, draws = counted(one.holds)
    unread = len(one.holds) - draws
    low, high = clopper_pearson(held, draws)
    rule, kind = None, ""
    verdict: Verdict = "not identified"
    enough = draws > 0 and unread <= UNREAD * len(one.holds)
    if enough and corrected < ALPHA and up < down:
        agrees = all(criterion.agrees for criterion in one.needed)
        verdict = "supported" if agrees else "not identified"
    elif enough and corrected < ALPHA:
        verdict, kind = "refuted", refutation(one.decisive)
    if enough and verdict == "not identified":
        rule = found_rule(one, seed)
        verdict = "contingent" if rule is not None else verdict
    return Judged(
        verdict=verdict,
        held=held,
        draws=draws,
        unread=unread,
        low=low,
        high=high,
        p_supported=corrected if up <= down else 1.0,
        p_refuted=corrected if down < up else 1.0,
        kind=kind,
        rule=rule,
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
    from scipy.stats import beta

    if not draws:
        return 0.0, 1.0
    tail = (1.0 - level) / 2
    low = 0.0 if held == 0 else float(beta.ppf(tail, held, draws - held + 1))
    high = 1.0 if held == draws else float(beta.ppf(1.0 - tail, held + 1, draws - held))
    return low, high


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
    """Of which kind a refutation is."""
    effects = one.signed[np.isfinite(one.signed)]
    margin = abs(one.least)
    if margin > 0 and np.mean(effects <= -margin) > 0.5:
        return "opposite"
    low, high = median_interval(effects, 0.9)
    if -margin < low and high < margin:
        return "nothing that matters"
    return "mostly absent"


def found_rule(one: Evidence, seed: int = 0) -> Rule | None:
    """A rule that parts the draws in which it holds from the others; None if there is none.

    It must part them in the half of the draws in which it was not looked for, too.
    """
    known = np.isfinite(one.holds)
    holds, levels = one.holds[known] > 0.5, one.levels[known]
    for fails in (False, True):
        wanted = ~holds if fails else holds
        found = _checked(levels, one.hinges, wanted, seed)
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
    p_value = float(fisher_exact(table, alternative="greater").pvalue)
    whole = find_box(levels, names, wanted, seed=seed)
    if p_value >= ALPHA or whole is None:
        return None
    shares = table[:, 0] / table.sum(axis=1)
    return whole.rule(), float(shares[0]), float(shares[1]), p_value
