"""Portfolios: levers with their levels, one time to begin, and rules that act on an index.

A portfolio is a point of the unit cube, so that a search can move through them:

    level of each lever   a third of the gene is "untouched", the rest .1 to 1 by tenths
    begin                 the year in which all levers start to rise; two years later they are up
    two rules, each       which lever (or none), which index it watches, and past which mark

Marks are quantiles of what the index was when nothing was done, so that rules act in some worlds
and not in others. What a portfolio costs is counted in full levers: the mean over the months of
the sum of levers, each times its declared cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.core.policy import LEVER_COST, LEVERS, Policy, Pulse, Ramp, Rule, Setting
from datapolis.studies.outcomes import Outcome

if TYPE_CHECKING:
    import xarray
    from jaxtyping import Float

RULES = 2  # of a portfolio, at most
RISE = 24  # months from a lever's start to its level
UNTOUCHED = 1.0 / 3.0  # of the gene of a level
MARKS = (0.25, 0.5, 0.75, 0.9)  # quantiles, towards the bad side
COST = "cost"

TRIGGERS: Mapping[str, str] = {  # what a rule can watch, and on which side it is bad
    "harm": "above",
    "stray_share": "above",
    "covert_share": "above",
    "top_fifth_share": "above",
    "power_share.market": "above",
    "law_gap": "above",
    "lawbreakers": "above",
    "rumour_spreading": "above",
    "discrimination": "above",
    "trust": "below",
}


@dataclass(frozen=True)
class Objective:
    """What a portfolio is to be good at: the mean of some outcomes, or what it costs."""

    name: str
    outcomes: tuple[str, ...]  # none: the cost
    sign: int  # 1: more is better; -1: less is
    unit: str
    about: str

    def of(self, runs: xarray.Dataset) -> Float[np.ndarray, "case"]:
        """Its value in each run, as it is said: not yet turned so that more is better."""
        return np.asarray(np.mean([Outcome.parse(one).of(runs) for one in self.outcomes], axis=0))


OBJECTIVES: dict[str, Objective] = {
    one.name: one
    for one in (
        Objective(
            "rights",
            ("rights.know", "rights.participate", "rights.express", "rights.supervise"),
            1,
            "share",
            "mean of the four rights that citizens enjoy",
        ),
        Objective("privacy_loss", ("stray_share",), -1, "share", "data beyond citizens' control"),
        Objective("harm", ("harm",), -1, "share", "harm to citizens"),
        Objective(
            "concentration",
            ("top_fifth_share",),
            -1,
            "share",
            "users at the largest fifth of firms",
        ),
        Objective(
            "user_herfindahl", ("user_herfindahl",), -1, "1", "concentration of users over firms"
        ),
        Objective(
            "prosperity",
            ("citizens_gain",),
            1,
            "income/month",
            "a citizen's net gain: surplus and service less harm",
        ),
        Objective("surplus", ("surplus",), 1, "income/month", "consumer surplus of a citizen"),
        Objective("revenue", ("revenue",), 1, "income/month", "firms' revenue over cost"),
        Objective("total_power", ("total_power",), 1, "power", "base power of all organizations"),
        Objective("trust", ("trust",), 1, "share", "trust of citizens"),
        Objective(COST, (), -1, "full levers", "levers in use, mean over the months"),
    )
}


def objective(text: str) -> Objective:
    """An objective by its name, or any outcome with a sign: "-harm@mean", "+trust".

    Raises InputError if there is no such objective or outcome.
    """
    if text in OBJECTIVES:
        return OBJECTIVES[text]
    if text[:1] in ("+", "-"):
        outcome = Outcome.parse(text[1:])
        word = "more" if text[0] == "+" else "less"
        sign = 1 if text[0] == "+" else -1
        return Objective(text, (text[1:],), sign, outcome.unit, f"{word} of {text[1:]}")
    raise InputError(
        "no such objective",
        field="objectives",
        value=text,
        allowed=", ".join(OBJECTIVES) + ', or an outcome with its sign: "-harm@mean"',
        nearest=nearest(text, OBJECTIVES),
    )


@dataclass(frozen=True)
class Space:
    """The portfolios that are searched: which levers, how many months, which marks of rules."""

    levers: tuple[str, ...]
    months: int
    marks: Mapping[str, Sequence[float]]  # of each trigger, towards the bad side

    @property
    def genes(self) -> int:
        """How many numbers say a portfolio."""
        return len(self.levers) + 1 + 3 * RULES

    def policy(self, genes: Float[np.ndarray, "gene"], name: str = "") -> Policy:
        """The portfolio that a point of the unit cube says."""
        many = len(self.levers)
        levels = dict(zip(self.levers, map(level_of, genes[:many]), strict=True))
        years = max(self.months // 24, 1)  # to begin with: those of the first half
        begin = 12 * min(int(genes[many] * years), years - 1)
        settings: dict[str, Setting] = {
            lever: Ramp(begin, begin + RISE, level) for lever, level in levels.items() if level > 0
        }
        triggers = list(self.marks)
        for rule in range(RULES):
            which, watched, mark = genes[many + 1 + 3 * rule :][:3]
            place = int(which * 2 * many)  # half of the gene is: no rule
            if place < many and triggers:
                lever = self.levers[place]
                index = triggers[min(int(watched * len(triggers)), len(triggers) - 1)]
                marks = self.marks[index]
                at = marks[min(int(mark * len(marks)), len(marks) - 1)]
                settings[lever] = trigger(index, at, levels[lever] or 1.0)
        ordered = {lever: settings[lever] for lever in LEVERS if lever in settings}
        return Policy(name, parameters=None, **ordered)


def level_of(gene: float) -> float:
    """The level of a lever that a gene says: 0, or .1 to 1 by tenths."""
    if gene < UNTOUCHED:
        return 0.0
    tenths = 1 + int((float(gene) - UNTOUCHED) / (1.0 - UNTOUCHED) * 10.0)
    return min(tenths, 10) / 10.0


def trigger(index: str, mark: float, level: float) -> Rule:
    """A rule that acts when an index has gone bad past a mark."""
    if TRIGGERS[index] == "above":
        return Rule(index, above=mark, level=level)
    return Rule(index, below=mark, level=level)


def marks_of(runs: xarray.Dataset, triggers: Sequence[str]) -> dict[str, list[float]]:
    """Marks of each trigger: quantiles over runs in which nothing was done, and their months."""
    marks = {}
    for name in triggers:
        series = Outcome.parse(name).series(runs)
        known = series[np.isfinite(series)]
        if not known.size or np.ptp(known) == 0.0:
            continue
        sides = [share if TRIGGERS[name] == "above" else 1.0 - share for share in MARKS]
        found = [float(f"{np.quantile(known, share):.3g}") for share in sides]
        marks[name] = list(dict.fromkeys(found))
    return marks


def costs(
    policies: Sequence[Policy], runs: xarray.Dataset, months: int
) -> Float[np.ndarray, "case"]:
    """Full levers in use, mean over the months, of each run under its policy.

    A rule's lever is in use as its index, a month before, told it to be.
    """
    series: dict[str, np.ndarray] = {}
    known: dict[int, float] = {}
    found = np.zeros(len(policies))
    for case, policy in enumerate(policies):
        if id(policy) not in known:
            known[id(policy)] = sum(
                cost_of(lever) * float(np.mean(_scheduled(setting, months)))
                for lever, setting in policy.levers.items()
                if not isinstance(setting, Rule)
            )
        found[case] = known[id(policy)]
        for lever, setting in policy.levers.items():
            if isinstance(setting, Rule):
                if setting.when not in series:
                    series[setting.when] = Outcome.parse(setting.when).series(runs)
                acting = active(setting, series[setting.when][case])
                found[case] += cost_of(lever) * setting.level * float(acting.mean())
    return found


def cost_of(lever: str) -> float:
    """The declared cost of a lever that is fully up."""
    return LEVER_COST[LEVERS.index(lever)]


def active(rule: Rule, seen: Float[np.ndarray, "month"]) -> np.ndarray:
    """In which months a rule acts: what it sees in a month decides the next."""
    acting, found = False, []
    on = np.float32(rule.mark)
    off = np.float32(rule.mark if rule.release is None else rule.release)
    for value in np.concatenate([[np.nan], np.asarray(seen)[:-1]]).astype(np.float32):
        past, back = (
            (value > on, value < off) if rule.above is not None else (value < on, value > off)
        )
        acting = bool((acting or past) and not back)
        found.append(acting)
    return np.array(found)


def _scheduled(setting: Any, months: int) -> list[float]:
    if isinstance(setting, Ramp | Pulse):
        return [setting.at(month) or 0.0 for month in range(months)]
    return [float(setting)] * months


def said(policy: Policy) -> str:
    """A portfolio as a person would say it."""
    if not policy.levers and not policy.parameters:
        return "nothing"
    parts: list[str] = []
    by_time: dict[str, list[str]] = {}
    for lever, setting in policy.levers.items():
        word = lever.replace("_", " ")
        if isinstance(setting, Rule):
            side = "above" if setting.above is not None else "below"
            parts.append(
                f"{word} {setting.level:g} while {setting.when} is {side} {setting.mark:.3g}"
            )
        elif isinstance(setting, Ramp):
            when = f"from month {setting.start}"
            by_time.setdefault(when, []).append(f"{word} {setting.level:g}")
        elif isinstance(setting, Pulse):
            when = f"for {setting.months} months from month {setting.start}"
            by_time.setdefault(when, []).append(f"{word} {setting.level:g}")
        else:
            by_time.setdefault("always", []).append(f"{word} {float(setting):g}")
    timed = [f"{when}: {', '.join(levers)}" for when, levers in by_time.items()]
    scheduled = [f"{path} changed" for path in policy.parameters]
    return "; ".join([*timed, *parts, *scheduled])
