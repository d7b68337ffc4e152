"""Targets: what was measured, and the rule by which the same is read off a run.

    audit of a table  ->  Target (index, value, bounds, floor, transform)  ->  Measured
    fact of theory.md ->  Fact (index or parameter, range)                 ->  Measured, or a prior

Where less than a floor was not listed, the indicator is computed on the model's own firms at or
above that floor. Bounds are a range: a run that lies inside has no distance. An interval of
sampling is an error of the measurement. What an audit cannot say is refused.

A target is called by its audit, its index and its period: "market", "market.user_gini",
"market.user_gini@2018-01"; a fact by its name: "S04", "S04.user_gini"; all facts: "facts". A path
leads to an audit that `datapolis measure` wrote, or to the results of a study.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.core.parameters import DECLARED
from datapolis.statistics.inference.abc_smc import Ranges
from datapolis.studies.cadence import months_between
from datapolis.studies.facts import FACTS, SPACES, UNUSED, Fact
from datapolis.studies.outcomes import YEAR, Outcome, mean_of_known
from datapolis.tables.periods import ordered

if TYPE_CHECKING:
    import xarray
    from jaxtyping import Float

    from datapolis.audits.finding import Audit, Target
    from datapolis.model.world import World

BY_FIRM = {"user": "user_share_by_firm", "data": "data_by_firm", "wealth": "wealth_by_firm"}
Z95 = 1.96  # half of a 95 % interval, in standard errors


@dataclass(frozen=True)
class Measured:
    """A measured range, and how the same is read off a run."""

    name: str
    outcome: Outcome
    lower: float
    upper: float
    value: float = np.nan  # what was estimated, where the range has one
    error: float = 0.0  # standard error of the measurement
    rule: str = "index"
    floor: float = 0.0  # share below which a firm was not listed
    unit: str = ""
    time: str = ""
    source: str = ""  # where it comes from: an audit and the hash of its table, or a fact
    reading: str = ""  # the rule in words
    doubt: str = ""

    @property
    def record(self) -> list[str]:
        """The indices that have to be recorded."""
        if self.rule in ("above_floor", "runner_up"):
            return [BY_FIRM[_of_what(self.outcome.index)]]
        return [self.outcome.index]

    def of(self, runs: xarray.Dataset) -> Float[np.ndarray, "case"]:
        """The same number of each run; nan where a run has none."""
        return RULES[self.rule](self, runs)

    def as_json(self) -> dict[str, Any]:
        """Plain data; what is no number is None."""
        plain = {**asdict(self), "outcome": str(self.outcome)}
        return {
            key: None if isinstance(one, float) and not np.isfinite(one) else one
            for key, one in plain.items()
        }


@dataclass(frozen=True)
class Targets:
    """What a calibration is fitted to, and the ranges to which facts narrow parameters."""

    measured: tuple[Measured, ...]
    narrowed: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()  # those that narrow a parameter

    @property
    def ranges(self) -> Ranges:
        """The ranges, in the order of the targets."""
        return Ranges(
            np.array([one.lower for one in self.measured]),
            np.array([one.upper for one in self.measured]),
            np.array([one.error for one in self.measured]),
        )

    @property
    def record(self) -> list[str]:
        """The indices that have to be recorded, each once."""
        return list(dict.fromkeys(name for one in self.measured for name in one.record))

    def of(self, runs: xarray.Dataset) -> Float[np.ndarray, "case target"]:
        """The summaries of runs."""
        return np.stack([one.of(runs) for one in self.measured], axis=1)

    def check(self, world: World, months: int) -> None:
        """InputError if a target cannot be read off runs of this world and length."""
        for one in self.measured:
            at = one.outcome.at
            if at.isdigit() and int(at) >= months:
                raise InputError(
                    "measured after the last month of the study",
                    field=f"targets: {one.name}",
                    value=one.time,
                    allowed=f"months = {12 * (int(at) // 12 + 1)} or more",
                )
            if one.outcome.index == "islands" and world.sizes.agencies != int(one.floor):
                raise InputError(
                    "a number of islands compares with as many agencies only",
                    field=f"targets: {one.name}",
                    value=world.sizes.agencies,
                    allowed=f"{int(one.floor)} agencies in the world of the study",
                )


# --- reading off runs --------------------------------------------------------------------------


def _of_what(index: str) -> str:
    """Whose distribution over firms an index describes."""
    return "data" if index.startswith("data_") else "wealth" if "wealth" in index else "user"


def _index(target: Measured, runs: xarray.Dataset) -> np.ndarray:
    return target.outcome.of(runs)


def _indicator(index: str) -> Callable[[np.ndarray], float] | None:
    """The indicator of a distribution over firms, on the amounts of those that are listed."""
    from datapolis.statistics.indicators import concentration

    indicators: Any = concentration
    plain = re.sub("^(user|data|wealth)_", "", index)
    found: dict[str, Callable[[np.ndarray], float]] = {
        "top_fifth_share": indicators.top_fifth_share,
        "gini": indicators.gini,
        "herfindahl": indicators.herfindahl,
        "four_largest": indicators.concentration_ratio,
        "tail": indicators.hill_tail_exponent,
        "top_firm_share": lambda amount: amount.max() / amount.sum(),
    }
    return found.get(plain)


def _above_floor(target: Measured, runs: xarray.Dataset) -> np.ndarray:
    """The indicator on the firms at or above the floor, month by month, then over its months."""
    indicator = _indicator(target.outcome.index)
    assert indicator is not None
    return _over_months(target, runs, lambda amount: float(indicator(amount)))


def _runner_up(target: Measured, runs: xarray.Dataset) -> np.ndarray:
    """The second largest firm against the largest."""

    def ratio(amount: np.ndarray) -> float:
        second, first = np.sort(amount)[-2:]
        return float(second / first)

    return _over_months(target, runs, ratio)


def _over_months(
    target: Measured, runs: xarray.Dataset, number: Callable[[np.ndarray], float]
) -> np.ndarray:
    """A number of the firms that are listed in one month, or its mean over the last twelve."""
    amounts = np.asarray(runs[target.record[0]].values, float)
    at = target.outcome.at
    months = [int(at)] if at.isdigit() else list(range(amounts.shape[1]))[-YEAR:]
    found = np.full((len(amounts), len(months)), np.nan)
    for case, rows in enumerate(amounts):
        for place, month in enumerate(months):
            row = rows[month]
            listed = row[(row > 0) & (row >= target.floor * row.sum())]
            if len(listed) >= 5:
                found[case, place] = number(listed)
    return mean_of_known(found)


def _slope_of_logit(target: Measured, runs: xarray.Dataset) -> np.ndarray:
    """The least-squares slope of the logit of yearly means on the year, over the last years."""
    series = target.outcome.series(runs)
    years = min(series.shape[1] // YEAR, int(target.floor))
    yearly = series[:, -years * YEAR :].reshape(len(series), years, YEAR).mean(axis=2)
    share = np.clip(yearly, 1e-6, 1 - 1e-6)
    year = np.arange(years) - (years - 1) / 2
    return np.asarray(np.log(share / (1 - share)) @ year / (year @ year))


RULES: dict[str, Callable[[Measured, Any], np.ndarray]] = {
    "index": _index,
    "above_floor": _above_floor,
    "runner_up": _runner_up,
    "slope_of_logit": _slope_of_logit,
}
"""How a number is read off runs."""


# --- from audits -------------------------------------------------------------------------------


def of_target(name: str, target: Target, origin: str = "", cadence: str | None = None) -> Measured:
    """A target of an audit, with the rule that it carries.

    origin   the period at month 0 ("2017-05"), where the world starts from a measured one; without
             it a target is compared with the last twelve months
    cadence  what one period is, where periods are whole numbers: "monthly"
    """
    called = f"{name}.{target.index}"
    if not np.isfinite(target.value):
        raise InputError("the audit could not say it", field=f"targets: {called}")
    at = _month(target, origin, called, cadence)
    outcome = Outcome.parse(target.index + (f"@{at}" if at is not None else ""))
    rule, floor, reading = "index", 0.0, target.transform
    if target.unit == "logit a year":
        years = [int(one) for one in re.findall(r"\d{4}", target.time)]
        rule, floor = "slope_of_logit", float(max(years[-1] - years[0] + 1, 2)) if years else 5.0
    elif target.index == "islands":
        floor = float(target.n_units)
    elif np.isfinite(target.floor) and target.floor > 0 and _indicator(target.index) is not None:
        presence = "basis presence" in target.transform
        rule, floor = "above_floor", target.floor / (SPACES if presence else 1)
        reading += f"; floor {floor:.3g} of all attention" + (
            f", a {SPACES}th of the presence, as each citizen uses {SPACES} firms"
            if presence
            else ""
        )
    bounds = target.interval == "bounds"
    sampling = target.interval in ("sampling", "randomisation")
    return Measured(
        name=called + (f"@{target.time}" if target.time else ""),
        outcome=outcome,
        lower=target.lower if bounds else target.value,
        upper=target.upper if bounds else target.value,
        value=target.value,
        error=(target.upper - target.lower) / (2 * Z95) if sampling else 0.0,
        rule=rule,
        floor=floor,
        unit=target.unit,
        time=target.time,
        source=f"{name}, table {target.source_sha256[:12]}",
        reading=reading,
    )


def _month(target: Target, origin: str, called: str, cadence: str | None) -> int | None:
    """The month of the model in which a target was measured; None for the last twelve.

    Raises InputError if its period and that of month 0 cannot be compared.
    """
    if not origin or not target.time or spans(target.time):
        return None
    between = months_between(origin, target.time, cadence)
    if between is None:
        numbers = origin.isdigit() and target.time.isdigit()
        raise InputError(
            "how many months lie between the period of month 0 and that of a target is not said",
            field=f"targets: {called}",
            value=f"{origin}, {target.time}",
            allowed='cadence = "monthly" (or daily, weekly, quarterly, yearly) in [world.firms]'
            if numbers
            else f"a period written as {origin} is",
        )
    if between < 0:
        raise InputError(
            "measured before month 0 of the world",
            field=f"targets: {called}",
            value=target.time,
            allowed=f"{origin} or later",
        )
    return between


def of_audit(
    name: str,
    audit: Audit,
    wanted: str = "",
    origin: str = "",
    cadence: str | None = None,
) -> list[Measured]:
    """The targets of an audit: all of its last period, or those of "index" or "index@period".

    Raises InputError if it has none, or if what is wanted is a finding that no index stands for.
    """
    index, _, time = wanted.partition("@")
    if not audit.targets:
        raise InputError(
            "this audit emits no target: no index of the model is measured by it",
            field=f"targets: {name}",
            value=audit.kind,
        )
    chosen = [one for one in audit.targets if index in ("", one.index)]
    if not chosen:
        known = list(dict.fromkeys(one.index for one in audit.targets))
        finding = next((one for one in audit.findings if one.name == index), None)
        why = f"; {finding.cannot_say}" if finding and finding.cannot_say else ""
        raise InputError(
            f"a finding, and no index of the model stands for it{why}"
            if finding
            else "the audit has no target of that index",
            field=f"targets: {name}",
            value=index,
            allowed=", ".join(known),
            nearest=nearest(index, known),
        )
    if time and not any(one.time == time for one in chosen):
        periods = [one.time for one in chosen]
        raise InputError(
            "the audit has no target of that period",
            field=f"targets: {name}.{index}",
            value=time,
            allowed=", ".join(dict.fromkeys(periods)),
            nearest=nearest(time, periods),
        )
    if time:
        chosen = [one for one in chosen if one.time == time]
    elif not origin:
        last = ordered(one.time for one in chosen if not spans(one.time))[-1]
        chosen = [one for one in chosen if one.time == last or spans(one.time)]
    return [of_target(name, one, origin, cadence) for one in chosen]


def spans(time: str) -> bool:
    """Whether a target was measured over several periods together."""
    return " to " in time


def load(path: Path) -> dict[str, Audit]:
    """The audits at a path, by name: an audit's file or folder, or the results of a study."""
    from datapolis.audits.finding import Audit

    files = [path] if path.is_file() else sorted((path / "audits").glob("*.json"))
    files = files or [one for one in [path / "audit.json"] if one.is_file()]
    if not files:
        raise InputError(
            "no audit there",
            field="targets",
            value=str(path),
            allowed="audit.json, or a folder that `datapolis measure` or `datapolis run` wrote",
        )
    found = {}
    for file in files:
        name = path.name if file.name == "audit.json" and path.is_dir() else file.stem
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            _check_indices(file, content)
            found[name] = Audit.from_json(content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"holds no audit ({type(error).__name__})", file=file.name, field="targets"
            ) from None
    return found


def _check_indices(file: Path, content: Mapping[str, Any]) -> None:
    from datapolis.model.indices import INDICES

    for one in content["targets"]:
        if (name := str(one["index"]).split(".")[0]) not in INDICES:
            raise InputError(
                "a target of no index of the model",
                file=file.name,
                field="targets",
                value=one["index"],
                nearest=nearest(name, INDICES),
            )


# --- from facts --------------------------------------------------------------------------------


def of_fact(fact: Fact) -> Measured:
    """A fact about an outcome."""
    runner_up = fact.what == "runner_up"
    outcome = Outcome.parse("top_firm_share" if runner_up else fact.what)
    return Measured(
        name=fact.name,
        outcome=outcome,
        lower=fact.lower,
        upper=fact.upper,
        rule="runner_up" if runner_up else "index",
        unit=outcome.unit,
        source=fact.id,
        reading=fact.reading,
        doubt=fact.doubt,
    )


def facts_of(wanted: str) -> list[Fact]:
    """The facts that a text calls: "facts", "S04", "S04.user_gini"."""
    if wanted == "facts":
        return [one for one in FACTS if not one.rival]
    found = [one for one in FACTS if wanted in (one.id, one.name)]
    if not found:
        ids = [one.name for one in FACTS]
        if wanted in UNUSED:
            raise InputError(
                f"a fact that no index stands for: {UNUSED[wanted]}", field="targets", value=wanted
            )
        raise InputError(
            "no such fact",
            field="targets",
            value=wanted,
            allowed=", ".join(dict.fromkeys(one.id for one in FACTS)),
            nearest=nearest(wanted, [*ids, *(one.id for one in FACTS)]),
        )
    return found


# --- together ----------------------------------------------------------------------------------


def gather(
    wanted: Sequence[str],
    audits: Mapping[str, Audit] | None = None,
    origin: str = "",
    cadence: str | None = None,
) -> Targets:
    """The targets that texts call, from a study's own audits by name, from files and from facts.

    Raises InputError if there are none, one is called twice, or two contradict each other.
    """
    known = dict(audits or {})
    measured: list[Measured] = []
    facts: list[Fact] = []
    for text in wanted:
        name, _, rest = text.partition(".")
        if name in known:
            measured += of_audit(name, known[name], rest, origin, cadence)
        elif Path(text).exists() and text not in ("facts",):
            for called, audit in load(Path(text)).items():
                if audit.targets or Path(text).is_file():
                    measured += of_audit(called, audit, "", origin, cadence)
        elif text == "facts" or re.fullmatch(r"S\d+(\..+)?", text):
            facts += facts_of(text)
        else:
            raise InputError(
                "neither an audit of the study, a file, nor a fact",
                field="targets",
                value=text,
                allowed=", ".join([*known, "facts", "a path"]),
                nearest=nearest(text, [*known, "facts"]),
            )
    measured += [of_fact(one) for one in facts if one.what not in DECLARED]
    if not measured:
        raise InputError(
            "nothing that a run could be compared with",
            field="targets",
            value=", ".join(wanted) or None,
            allowed="audits with targets, or facts about an index",
        )
    _each_once(measured)
    _no_contradiction(measured)
    about = tuple(one for one in facts if one.what in DECLARED)
    return Targets(tuple(measured), _narrowed(about), about)


def _each_once(measured: Sequence[Measured]) -> None:
    names = [one.name for one in measured]
    for name in names:
        if names.count(name) > 1:
            raise InputError("a target stands twice", field="targets", value=name)


def _no_contradiction(measured: Sequence[Measured]) -> None:
    """No run can lie in two ranges of one number that do not meet."""
    for place, one in enumerate(measured):
        for other in measured[:place]:
            same = (one.outcome, one.rule, one.floor) == (other.outcome, other.rule, other.floor)
            low, high = (one, other) if one.upper < other.lower else (other, one)
            if same and low.upper < high.lower and not (low.error or high.error):
                raise InputError(
                    f"{low.name} and {high.name} contradict each other",
                    field="targets",
                    value=str(one.outcome),
                    allowed=f"one of them: at most {low.upper:.4g}, or at least {high.lower:.4g}",
                )


def _narrowed(facts: Sequence[Fact]) -> dict[str, tuple[float, float]]:
    """The range of each parameter that facts leave."""
    found: dict[str, tuple[float, float]] = {}
    for fact in facts:
        declared = DECLARED[fact.what]
        low, high = found.get(fact.what, (declared.low, declared.high))
        left = max(low, fact.lower), min(high, fact.upper)
        if left[0] >= left[1]:
            raise InputError(
                f"{fact.name} contradicts the other facts about this parameter",
                field="targets",
                value=(fact.lower, fact.upper),
                allowed=f"a range that meets {low:g} to {high:g}",
            )
        found[fact.what] = left
    return found
