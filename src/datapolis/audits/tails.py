"""How heavy the tail of a column is: where it starts, how fast it falls, which law it has.

    P(X >= x) = n_tail/n (x/x_min)**-(alpha - 1)   from x_min on

alpha is the maximum of the likelihood and x_min the start at which the law lies nearest to the
values (Kolmogorov-Smirnov). Both are chosen again in every sample that the intervals and the
goodness of fit are read from, so that the choice of x_min is part of what is uncertain. Other laws,
each truncated at the same start, are held against it: lognormal, exponential and stretched
exponential by Vuong's statistic, the power law with a cutoff by a likelihood ratio.

**Verdict.** "Not power law" if the goodness of fit has p < .05, or if another law is nearer with
p < .05 after Holm's correction over the four comparisons: a table that does follow a power law is
refused at most one time in ten. "Power law" if it is not refused and all three rivals are farther
with p < .05 after the correction. Else "not distinguishable": both are compatible with the values.

**Floor.** A table that lists only values from `above` on is cut there. The lognormal of all listed
values is truncated at that floor; its parameters are told with and without the cut.

**Rounding.** Where more than half of the values end in 000 the heaps mislead the choice of x_min,
and a fit on bins is told beside. **Bounded values** (shares) cannot follow a power law without end:
the cutoff is the form to look at. **alpha of 2 or less** leaves no mean: quantiles alone are told.

Sources: Clauset, Shalizi and Newman (2009); Vuong (1989); Virkar and Clauset (2014); Holm (1979).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from datapolis.audits.dependencies import Needs
from datapolis.audits.finding import Audit, Columns, Finding, Target, audit, choice
from datapolis.audits.frequency import Frequency, note, units, with_frequency
from datapolis.audits.options import (
    MIN_GROUP,
    Draws,
    Drop,
    Duplicates,
    MinGroup,
    Progress,
    Public,
    Seed,
)
from datapolis.audits.privacy import ITS_VALUE, shown
from datapolis.audits.suppressed import Suppressed, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.inference import binned, heavy_tails, power_law
from datapolis.statistics.inference.largest import drawn_largest
from datapolis.statistics.inference.multiplicity import holm
from datapolis.statistics.inference.resampling import DRAWS, interval
from datapolis.tables import Source, Table, derived, open_table
from datapolis.tables.totals import without_totals

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

Verdict = Literal["power law", "not distinguishable", "not power law"]
RIVALS: tuple[heavy_tails.Name, ...] = ("lognormal", "exponential", "stretched exponential")
SIGNIFICANCE = 0.05
LEAST_TAIL = 10  # values from x_min on that a verdict needs
QUANTILES = (0.5, 0.9, 0.99)
HEAPED = 0.5  # share of values that end in 000 from which on a fit on bins is told
TOP_FIFTH = 0.2
MOST_DRAWN = 200_000  # values in a sample for the goodness of fit; fewer are cautious
POINTS = 160  # of a curve that is drawn
BINS = ("auto", "yes", "no")
EMPTY = ("refuse", "drop")
INDICES = ("user_tail", "data_tail")
CLAIMS = ("M32", "V19")
WHOLE = (
    "What other values would have been listed, and anything about values below x_min. Where the "
    "table is all there is, the interval says how far another draw of the same process could lie."
)
TOGETHER = (
    " Values of one unit may hang together: the test counts them as {many:,} independent values, "
    "as if those of a unit were all alike, which is cautious."
)


@audit(amount="column", unit="unit", period=())
def tails(
    table: Source,
    column: Annotated[str, "column of positive numbers: sizes, counts, amounts"],
    *,
    discrete: Annotated[bool, "values are whole numbers that are counted: words, deaths"] = False,
    above: Annotated[
        float | None, "legal or listing floor: what is smaller was not listed and is left out"
    ] = None,
    divide_by: Annotated[float, "what the numbers are divided by first, such as 1000"] = 1.0,
    most: Annotated[float | None, "greatest value that can occur, such as 1 for a share"] = None,
    only: Annotated[str, "rows to look at, as column=value"] = "",
    unit: Annotated[str, "column of the independent unit; without it each row is one"] = "",
    frequency: Frequency = "",
    rate: Annotated[float | None, "values that come in a period, to tell its largest"] = None,
    bins: Annotated[
        Literal["auto", "yes", "no"], "fit on bins beside: if values are rounded, always, never"
    ] = "auto",
    empty: Annotated[Literal["refuse", "drop"], "what is done with empty cells"] = "refuse",
    index: Annotated[
        Literal["", "user_tail", "data_tail"], "model index that the column measures, for a target"
    ] = "",
    time: Annotated[str, "when it was measured, for a target", Needs("index")] = "",
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    seed: Seed = 0,
    draws: Draws = DRAWS,
    progress: Progress = None,
) -> Audit:
    """Where the tail of a column starts, how fast it falls, and whether it is a power law.

    Findings: `verdict`, `alpha`, `x_min`, `standard_error`, `goodness`, one for each rival, the
    `cutoff`, quantiles and the mean of the tail; with a floor the lognormal of all listed values;
    with a rate the `largest` of a period; for rounded values the fit on bins.

    `most`, `above` and x_min are in units of the column after `divide_by`.

    Raises InputError if a cell is no number, if a value is not positive (and above no floor), or if
    values are not whole although `discrete` says so.
    """
    for name, value, allowed in (("bins", bins, BINS), ("empty", empty, EMPTY)):
        choice(name, value, allowed)
    if index:
        choice("index", index, INDICES)
    _check_positive(divide_by=divide_by, above=above, most=most, rate=rate, draws=draws)
    rows = open_table(table, drop=drop, duplicates=duplicates)
    least = 0 if public else min_group
    values, notes = _read(
        rows, column, unit, frequency, only, empty, divide_by, above, discrete, least
    )
    notes += note(frequency, "values")
    _check_most(rows, column, values, most)
    known = _Told(values, public, min_group)
    title = f"The tail of {column}" + (f", {only}" if only else "")
    if (reason := known.reason) is not None:
        findings: list[Finding] = [_none(values, reason)]
        series: dict[str, Columns] = {}
        targets: tuple[Target, ...] = ()
        hidden = [suppressed("survival", too_few(values.units, min_group))]
        hidden = hidden if reason == ITS_VALUE else []
    else:
        tail = _Tail(values, draws, seed, progress)
        findings = list(_findings(tail, known, most, rate, bins))
        series, hidden = _series(tail, known)
        targets = tuple(_targets(values, index, time, rows.sha256, least)) if index else ()
    if not index:
        notes.append("No target: the option index did not say which model index the column is.")
    return Audit(
        kind="tails",
        title=title,
        findings=tuple(findings),
        targets=targets,
        series=series,
        suppressed=tuple(hidden),
        notes=(*notes, *known.notes),
        inputs=(rows.provenance,),
    )


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Values:
    """The values of a column from the floor on, as different values (of each unit) and counts."""

    column: str
    x: Float[Column, "cell"]
    counts: Int[Column, "cell"]
    unit: Int[Column, "cell"] | None
    units: str  # what the independent units are
    floor: float | None
    discrete: bool
    divide_by: float
    read: int  # values before the floor
    in_thousands: float  # share of these that end in 000; nan where they are smaller

    @cached_property
    def n(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())

    def many(self, here: Bool[Column, "cell"] | None = None) -> int:
        """How many independent units have values here."""
        kept = self.counts > 0 if here is None else here
        if self.unit is None:
            return int(self.counts[kept].sum())
        return int(np.unique(self.unit[kept]).size)

    @cached_property
    def independent(self) -> int:
        """As how many independent values these count at least: n**2 / sum of units' counts**2."""
        if self.unit is None:
            return self.n
        sizes = np.bincount(self.unit, weights=self.counts)
        return int(max(1, round(self.n**2 / float((sizes**2).sum()))))

    @cached_property
    def different(self) -> tuple[Float[Column, "value"], Int[Column, "value"]]:
        """The different values, smallest first, and their counts."""
        return power_law.ordered(self.x, self.counts)


def _read(
    rows: Table,
    column: str,
    unit: str,
    frequency: str,
    only: str,
    empty: str,
    divide_by: float,
    above: float | None,
    discrete: bool,
    least: int,
) -> tuple[Values, list[str]]:
    notes = []
    if only:
        name, equals, wanted = only.partition("=")
        if not equals:
            raise InputError("cannot be read", field="only", value=only, allowed="column=value")
        rows.require(name, field="only")
        rows = rows.where(rows[name].cast("string") == wanted)
        many = rows.count()
        if not many:
            raise InputError("no row is left", file=rows.name, field="only", value=only)
        notes.append(f"{rows.name}: {_rows(many, least)} with {only}.")
    rows = with_frequency(rows, frequency).numbers(column, gaps=empty == "drop")
    if unit:
        rows = rows.text(unit)
    if not frequency:
        rows = without_totals(rows, [unit] if unit else [], column)
    notes = [*rows.notes, *notes]
    cells = rows.group([unit, column] if unit else [column], units=units(rows, frequency))
    x, counts = np.asarray(cells[column], float), np.asarray(cells[derived("units")], np.int64)
    there = np.isfinite(x)
    if not there.all():
        missing = _rows(counts[~there].sum(), least)
        notes.append(f"{rows.name}: {missing} without {column}, left out.")
    x, counts = x[there], counts[there]
    owner = np.unique(cells[unit][there], return_inverse=True)[1] if unit else None
    read, in_thousands = int(counts.sum()), _ending_in_000(x, counts)
    x = x / divide_by
    if above is None and (x <= 0).any():
        raise InputError(
            f"{counts[x <= 0].sum():,} values are not positive",
            file=rows.name,
            field=column,
            allowed="numbers above 0; or a floor (above), so that smaller ones are left out",
        )
    kept = np.ones(x.size, bool) if above is None else x >= above
    if not kept.all():
        notes.append(
            f"{rows.name}: {_rows(counts[~kept].sum(), least)} below the floor of {_said(above)}, "
            "left out."
        )
    if discrete and (x[kept] % 1 != 0).any():
        raise InputError(
            f"{counts[kept & (x % 1 != 0)].sum():,} values are not whole numbers",
            file=rows.name,
            field=column,
            allowed="whole numbers, since discrete was given",
        )
    if owner is not None:
        owner = np.unique(owner[kept], return_inverse=True)[1]
    return (
        Values(
            column=column,
            x=x[kept],
            counts=counts[kept],
            unit=owner,
            units=unit or "rows",
            floor=above,
            discrete=discrete,
            divide_by=divide_by,
            read=read,
            in_thousands=in_thousands,
        ),
        notes,
    )


def _rows(many: int, least: int) -> str:
    """How many rows, unless they are fewer than may be told."""
    return f"{many:,} rows" if many >= least else f"fewer than {least} rows"


def _ending_in_000(x: Float[Column, "cell"], counts: Int[Column, "cell"]) -> float:
    """The share of values that end in 000; nan if fewer than half reach 1,000."""
    total = counts.sum()
    if not total or counts[x >= 1000].sum() < total / 2:
        return float("nan")
    return float(counts[x % 1000 == 0].sum() / total)


def _check_positive(**options: float | None) -> None:
    for name, value in options.items():
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError("is out of range", field=name, value=value, allowed="above 0")


def _check_most(rows: Table, column: str, values: Values, most: float | None) -> None:
    if most is not None and values.x.size and (values.x > most).any():
        raise InputError(
            f"{values.counts[values.x > most].sum():,} values exceed the greatest that can occur",
            file=rows.name,
            field=column,
            allowed=f"at most {_said(most)} (most)",
        )


# --- estimation --------------------------------------------------------------------------------


class _Tail:
    """What is estimated of one column, each part when it is first asked for."""

    def __init__(self, values: Values, draws: int, seed: int, progress: Progress) -> None:
        self.values, self.draws, self.seed, self.progress = values, draws, seed, progress
        x, counts = values.different
        self.law = power_law.fit(x, counts, discrete=values.discrete)
        self.here = values.x >= self.law.x_min
        self.n_units = values.many(self.here)

    @cached_property
    def drawn(self) -> Float[Column, "draw parameter"]:
        """alpha and x_min of samples drawn again that have a tail."""
        values = self.values
        drawn = power_law.bootstrap(
            values.x,
            values.counts,
            draws=self.draws,
            seed=self.seed,
            discrete=values.discrete,
            units=values.unit,
            progress=self.progress,
        )
        drawn = drawn[np.isfinite(drawn[:, 0])]
        return drawn if drawn.size else np.asarray([[self.law.alpha, self.law.x_min]])

    @cached_property
    def alpha(self) -> tuple[float, float]:
        """The 95 % interval of alpha."""
        return interval(self.drawn[:, 0])

    @cached_property
    def start(self) -> tuple[float, float]:
        """The 95 % interval of x_min, of values that occur."""
        lower, upper = np.quantile(self.drawn[:, 1], [0.025, 0.975], method="closest_observation")
        return float(lower), float(upper)

    @cached_property
    def size(self) -> int:
        """How many values a sample for the goodness of fit holds."""
        return min(self.values.independent, MOST_DRAWN)

    @cached_property
    def goodness(self) -> float:
        """The p value of the goodness of fit."""
        x, counts = self.values.different
        return power_law.goodness(
            x,
            counts,
            draws=self.draws,
            seed=self.seed + 1,
            discrete=self.values.discrete,
            size=self.size,
            progress=self.progress,
        )

    @cached_property
    def plain(self) -> heavy_tails.Law:
        return self.fitted("power law")

    def fitted(self, name: heavy_tails.Name, least_mu: float | None = None) -> heavy_tails.Law:
        """A law of the same tail."""
        x, counts = self.values.different
        return heavy_tails.fit(
            name,
            x,
            counts,
            floor=self.law.x_min,
            discrete=self.values.discrete,
            least_mu=least_mu,
        )

    def against(self, law: heavy_tails.Law) -> tuple[float, float]:
        """Vuong's R, positive for the power law, and its p value."""
        values = self.values
        return heavy_tails.vuong(self.plain, law, values.x, values.counts, units=values.unit)

    @cached_property
    def laws(self) -> dict[str, heavy_tails.Law]:
        return {name: self.fitted(name) for name in (*RIVALS, "cutoff")}

    @cached_property
    def tests(self) -> dict[str, tuple[float, float]]:
        """What each law says against the power law: the statistic and its p value."""
        found: dict[str, tuple[float, float]] = {
            name: self.against(self.laws[name]) for name in RIVALS
        }
        share = self.values.independent / self.values.n
        found["cutoff"] = heavy_tails.nested(
            self.plain, self.laws["cutoff"], self.law.n_tail * share
        )
        return found

    @cached_property
    def adjusted(self) -> dict[str, float]:
        """The p values after Holm's correction over the four comparisons."""
        p = holm(np.asarray([p for _, p in self.tests.values()]))
        return dict(zip(self.tests, p.tolist(), strict=True))

    @cached_property
    def verdict(self) -> tuple[Verdict, str]:
        """The verdict, and why."""
        sure = [name for name in RIVALS if self.adjusted[name] < SIGNIFICANCE]
        far = [name for name in sure if self.tests[name][0] > 0]
        near = [_article(name) for name in sure if name not in far]
        if self.adjusted["cutoff"] < SIGNIFICANCE:
            near.append("a power law with a cutoff")
        against = [f"they lie nearer to {name}" for name in near]
        if self.goodness < SIGNIFICANCE:
            against.insert(0, f"they lie too far from one (goodness of fit {_p(self.goodness)})")
        if against:
            return "not power law", ", and ".join(against)
        if len(far) == len(RIVALS):
            return "power law", "the goodness of fit holds, and all three rivals lie farther off"
        rest = " and ".join(_article(name) for name in RIVALS if name not in far)
        return "not distinguishable", f"{rest} cannot be told from it"


# --- what may be told --------------------------------------------------------------------------


class _Told:
    """What of these values may be told."""

    def __init__(self, values: Values, public: bool, least: int) -> None:
        self.values, self.public, self.least = values, public, least
        self.notes: list[str] = []
        if not public:
            self.notes.append(
                f"Not declared public: values are told only where at least {least} {values.units} "
                "lie at or above and below, and of the curve only every so many."
            )

    @property
    def reason(self) -> str | None:
        """Why nothing at all can be said."""
        values = self.values
        if not values.n:
            return "There is no value from the floor on."
        if not self.public and min(values.n, values.many()) < self.least:
            return ITS_VALUE
        if values.different[0].size < 2:
            return "All values are equal: there is no tail."
        return None

    def enough(self, here: Bool[Column, "cell"]) -> bool:
        """Whether this many values of this many units may be told of."""
        values = self.values
        return self.public or min(values.counts[here].sum(), values.many(here)) >= self.least

    def value(self, x: float) -> bool:
        """Whether a value that occurs may be told: enough lie on either side, or share it."""
        values = self.values
        below = values.x < x
        return self.enough(values.x == x) or (
            self.enough(~below) and (self.enough(below) or (x == values.floor))
        )


def _none(values: Values, reason: str) -> Finding:
    hidden = reason == ITS_VALUE
    return Finding(
        name="verdict",
        estimand=f"Whether the tail of {values.column} is a power law.",
        estimate=np.nan,
        n_rows=0 if hidden else values.n,
        n_units=0 if hidden else values.many(),
        units=values.units,
        basis="each value counts once",
        method="none",
        says="Nothing is estimated.",
        cannot_say=reason,
    )


# --- findings ----------------------------------------------------------------------------------


def _findings(
    tail: _Tail, known: _Told, most: float | None, rate: float | None, bins: str
) -> Iterator[Finding]:
    values = tail.values
    if not known.enough(tail.here):
        yield _none(values, ITS_VALUE)
    else:
        start = known.value(tail.law.x_min)
        shared = {
            "n_rows": tail.law.n_tail,
            "n_units": tail.n_units,
            "units": values.units,
            "basis": f"values from x_min{f' = {_said(tail.law.x_min)}' if start else ''} on",
        }
        yield _verdict(tail, most, shared)
        yield from _law(tail, known, shared)
        yield from _tests(tail, shared)
        if start:
            yield from _sizes(tail, most, shared)
        if rate is not None:
            yield _largest(tail, rate, most, shared)
    if values.floor is not None:
        yield from _listed(values)
    if np.isfinite(values.in_thousands):
        yield _heaped(values, known)
    rounded = bool(values.in_thousands > HEAPED)
    if bins == "yes" or (bins == "auto" and rounded):
        yield from _on_bins(tail, known)


def _verdict(tail: _Tail, most: float | None, shared: dict[str, Any]) -> Finding:
    law, values = tail.law, tail.values
    told: dict[str, Any] = {
        "name": "verdict",
        "estimand": f"How many values of {values.column} the verdict on their law rests on.",
        "unit": "values",
        "method": "goodness of fit below .05, or a comparison below .05 after Holm over four, "
        "refuse the power law; it is named if all three rivals are refused",
        "claims": CLAIMS,
        **shared,
    }
    if law.n_tail < LEAST_TAIL:
        return Finding(
            estimate=np.nan,
            says=f"No verdict: {law.n_tail} values lie in the tail.",
            cannot_say=f"A verdict needs {LEAST_TAIL} values or more from x_min on.",
            **told,
        )
    word, why = tail.verdict
    bounded = ""
    if most is not None:
        bounded = (
            f" Values cannot exceed {_said(most)}, so that no power law goes on without end: the "
            "form with a cutoff is the one to look at."
        )
    return Finding(
        estimate=law.n_tail,
        says=f"{word.capitalize()}, on {law.n_tail:,} values: {why}.{bounded}",
        cannot_say="Which law made the values: that one is not refused does not prove it.",
        **told,
    )


def _law(tail: _Tail, known: _Told, shared: dict[str, Any]) -> Iterator[Finding]:
    law, values = tail.law, tail.values
    kind = "whole numbers, zeta" if law.discrete else "numbers of any kind, Pareto"
    method = (
        f"maximum likelihood ({kind}), x_min by the least Kolmogorov-Smirnov distance; percentiles "
        f"of {tail.drawn.shape[0]:,} samples of {values.units}, x_min chosen again in each"
    )
    lower, upper = tail.alpha
    yield Finding(
        name="alpha",
        estimand=f"The exponent of the density of {values.column} in its tail.",
        estimate=law.alpha,
        lower=lower,
        upper=upper,
        interval="sampling",
        unit="exponent",
        method=method,
        says=f"The tail falls with exponent {law.alpha:.2f} ({lower:.2f} to {upper:.2f}): twice "
        f"the size is reached by {2 ** (1 - law.alpha):.2f} times as many.",
        cannot_say=WHOLE,
        claims=CLAIMS,
        **shared,
    )
    robust = float(np.diff(np.quantile(tail.drawn[:, 0], [0.16, 0.84]))[0] / 2)
    yield Finding(
        name="standard_error",
        estimand="The standard error of the exponent, x_min being chosen from the values.",
        estimate=robust,
        unit="exponent",
        method="half the width of the middle 68 % of the samples; (alpha - 1)/sqrt(n_tail) if "
        "x_min were known",
        says=f"The standard error of alpha is {robust:.2f}; it would be {law.standard_error:.2f} "
        "if x_min were known beforehand.",
        cannot_say=WHOLE,
        **shared,
    )
    yield _start(tail, known, method, shared)
    yield Finding(
        name="goodness",
        estimand="How often values of the fitted law lie as far from a power law as these do.",
        estimate=tail.goodness,
        unit="p value",
        p_value=tail.goodness,
        method=f"semi-parametric bootstrap, {tail.draws:,} samples of {tail.size:,} "
        "values, x_min chosen again in each; p = (1+b)/(1+B)",
        says=f"A power law would lie as far off in {tail.goodness:.2%} of such samples (distance "
        f"{law.distance:.4f}): it is "
        f"{'refused' if tail.goodness < SIGNIFICANCE else 'not refused'}.",
        cannot_say="That the power law is true: a small table refuses little."
        + ("" if values.unit is None else TOGETHER.format(many=values.independent)),
        **shared,
    )


def _start(tail: _Tail, known: _Told, method: str, shared: dict[str, Any]) -> Finding:
    law, values = tail.law, tail.values
    estimand = f"The value of {values.column} from which on it follows a power law."
    if not known.value(law.x_min):
        return Finding(
            name="x_min",
            estimand=estimand,
            estimate=np.nan,
            unit=values.column,
            method=method,
            says="Where the tail starts is suppressed.",
            cannot_say=ITS_VALUE,
            **shared,
        )
    limits: dict[str, Any] = {}
    reach = ""
    if all(known.value(one) for one in tail.start):
        limits = {"lower": tail.start[0], "upper": tail.start[1], "interval": "sampling"}
        reach = f" ({_said(tail.start[0])} to {_said(tail.start[1])})"
    return Finding(
        name="x_min",
        estimand=estimand,
        estimate=law.x_min,
        unit=values.column,
        method=method,
        says=f"The tail starts at {_said(law.x_min)}{reach} and holds {law.n_tail:,} of {law.n:,} "
        f"values, {law.n_tail / law.n:.1%}.",
        cannot_say="What law the values below have.",
        **limits,
        **shared,
    )


def _tests(tail: _Tail, shared: dict[str, Any]) -> Iterator[Finding]:
    for name in RIVALS:
        law = tail.laws[name]
        yield _compared(tail, law, name.replace(" ", "_"), _parameters(law), shared)
    free = tail.laws["lognormal"]
    if free.parameters["mu"] < 0 < np.log(tail.law.x_min):
        forced = tail.fitted("lognormal", least_mu=0.0)
        told = f"mu forced to 0 or more, for comparison: {_parameters(forced)}"
        yield _compared(tail, forced, "lognormal_mu_above_0", told, shared, family=False)
    gain, p = tail.tests["cutoff"]
    law = tail.laws["cutoff"]
    better = tail.adjusted["cutoff"] < SIGNIFICANCE
    yield Finding(
        name="cutoff",
        estimand="How much likelier the values are under a power law with an exponential cutoff.",
        estimate=gain,
        unit="twice the log likelihood ratio",
        p_value=p,
        p_adjusted=tail.adjusted["cutoff"],
        method="likelihood ratio of nested laws, both truncated at x_min, against chi squared with "
        "1 degree of freedom (cautious: the cutoff cannot be negative); Holm over four comparisons",
        says=f"A cutoff {'improves' if better else 'does not improve'} the fit beyond chance "
        f"({_p(p)}): {_parameters(law)}.",
        cannot_say="Whether a bound or another law bends the tail."
        + ("" if tail.values.unit is None else TOGETHER.format(many=tail.values.independent)),
        **shared,
    )


def _compared(
    tail: _Tail,
    law: heavy_tails.Law,
    name: str,
    told: str,
    shared: dict[str, Any],
    family: bool = True,
) -> Finding:
    found, p = tail.tests[law.name] if family else tail.against(law)
    adjusted = tail.adjusted[law.name] if family else np.nan
    nearer = "power law" if found > 0 else law.name
    if (adjusted if family else p) < SIGNIFICANCE:
        says = f"The values lie nearer to the {nearer} (R = {found:.2f}, {_p(p)}): {told}."
    else:
        says = (
            f"The {law.name} fits neither worse nor better beyond chance (R = {found:.2f}, "
            f"{_p(p)}): {told}."
        )
    if law.at_limit:
        says += f" The {law.name} runs into its limit, which is itself a power law."
    return Finding(
        name=name,
        estimand="Which law lies nearer to the tail, a power law (above 0) or "
        f"{_article(law.name)}.",
        estimate=found,
        unit="standard normal",
        p_value=p,
        p_adjusted=adjusted,
        method="Vuong's statistic of log likelihoods, both laws truncated at x_min"
        + ("; mu and sigma are free, no constraint" if name == "lognormal" else "")
        + (
            "; Holm over four comparisons" if family else "; mu at least 0, not part of the verdict"
        ),
        says=says,
        cannot_say="Which of the two is true: both may be wrong.",
        **shared,
    )


def _sizes(tail: _Tail, most: float | None, shared: dict[str, Any]) -> Iterator[Finding]:
    """Quantiles of the tail, and its mean where it has one."""
    law, values = tail.law, tail.values
    lower, upper = (_with_alpha(law, one) for one in tail.alpha)
    method = "of the fitted power law; interval from that of alpha, x_min as estimated"
    for share in QUANTILES:
        quantile, low, high = (
            min(float(one.reached_by(np.asarray([1 - share]))[0]), np.inf if most is None else most)
            for one in (law, upper, lower)
        )
        yield Finding(
            name=f"quantile_{round(100 * share)}",
            estimand=f"The value that {share:.0%} of those in the tail stay below.",
            estimate=quantile,
            lower=low,
            upper=high,
            interval="sampling",
            unit=values.column,
            method=method,
            says=f"Of the values from {_said(law.x_min)} on, {share:.0%} stay below "
            f"{_about(quantile)} ({_about(low)} to {_about(high)}).",
            cannot_say=WHOLE,
            **shared,
        )
    mean = _mean_of(law)
    bounded = tail.alpha[0] > 2
    told: dict[str, Any] = {
        "name": "mean",
        "estimand": "The mean of the values in the tail, under the power law.",
        "unit": values.column,
        "method": method,
        **shared,
    }
    if np.isfinite(mean) and bounded:
        low, high = _mean_of(upper), _mean_of(lower)
        yield Finding(
            estimate=mean,
            lower=low,
            upper=high,
            interval="sampling",
            says=f"The mean of the tail is {_about(mean)} ({_about(low)} to {_about(high)}).",
            cannot_say="How far single values lie from it: for alpha below 3 there is no variance.",
            **told,
        )
    else:
        why = "alpha is 2 or less" if law.alpha <= 2 else "the interval of alpha reaches 2"
        yield Finding(
            estimate=np.nan,
            says=f"No mean is told, since {why}; quantiles alone are.",
            cannot_say=f"The mean: {why}, and a power law of alpha up to 2 has none. The mean of "
            "the values listed grows with their number.",
            **told,
        )


def _largest(tail: _Tail, rate: float, most: float | None, shared: dict[str, Any]) -> Finding:
    """The largest of a period in which values come at this rate, independently."""
    law, values = tail.law, tail.values
    x, counts = values.different
    above = np.cumsum(counts[::-1])[::-1] / values.n
    alpha, start = tail.drawn.T
    share = above[np.searchsorted(x, start)]
    cap = np.inf if most is None else most
    median = _median_largest(rate, law.n_tail / law.n, law.alpha, law.x_min, cap)
    medians = _median_largest(rate, share, alpha, start, cap)
    random = np.random.default_rng(tail.seed + 2)
    number = random.poisson(rate * share)
    drawn = np.minimum(drawn_largest(number, alpha, start, random), cap)
    low, high = np.quantile(drawn, [0.05, 0.95])
    lower, upper = interval(medians)
    return Finding(
        name="largest",
        estimand=f"The median of the largest {values.column} of a period with {_said(rate)} values "
        "on average.",
        estimate=float(median),
        lower=lower,
        upper=upper,
        interval="sampling",
        unit=values.column,
        method="Poisson number of values, tail by the power law, alpha and x_min of each sample; "
        + ("no upper bound" if most is None else f"capped at {_said(most)}"),
        says=f"In half of the periods the largest exceeds {_about(float(median))}; 90 % of "
        f"periods lie between {_about(float(low))} and {_about(float(high))}, by chance of "
        "number and size and by what is not known of the law.",
        cannot_say="Clusters and trends of the rate, which is taken as known and steady. "
        + ("There is no expected largest: alpha is 2 or less." if law.alpha <= 2 else ""),
        **shared,
    )


def _median_largest(rate: float, share: Any, alpha: Any, start: Any, cap: float) -> Any:
    """x with exp(-rate share (x/start)**(1 - alpha)) = 1/2, at least the start of the tail."""
    chance = np.minimum(np.log(2) / (rate * np.asarray(share, float)), 1.0)
    return np.minimum(start * np.exp(-np.log(chance) / (np.asarray(alpha) - 1)), cap)


def _listed(values: Values) -> Iterator[Finding]:
    """The lognormal of all values that were listed, with the floor and as if there were none."""
    x, counts = values.different
    floor = values.floor
    assert floor is not None
    law = heavy_tails.fit("lognormal", x, counts, floor=floor, discrete=values.discrete)
    logarithm = np.log(x)
    share = counts / counts.sum()
    middle = float((share * logarithm).sum())
    spread = float(np.sqrt((share * (logarithm - middle) ** 2).sum()))
    without = {"mu": middle, "sigma": spread}
    words = {"mu": "mean", "sigma": "standard deviation"}
    for name, value in law.parameters.items():
        yield Finding(
            name=f"listed_{name}",
            estimand=f"The {words[name]} of log {values.column}, below the floor too, if all of it "
            "were lognormal.",
            estimate=value,
            unit="log",
            n_rows=values.n,
            n_units=values.many(),
            units=values.units,
            basis=f"values from the floor of {_said(floor)} on",
            method="maximum likelihood of the lognormal truncated at the floor, mu and sigma free",
            says=f"A lognormal cut at {_said(floor)} has {name} = {value:.2f}; if the cut is "
            f"forgotten, {without[name]:.2f} comes out.",
            cannot_say="How many values lie below the floor, which the law alone tells.",
        )


def _heaped(values: Values, known: _Told) -> Finding:
    share = values.in_thousands
    told: dict[str, Any] = {
        "name": "rounded",
        "estimand": f"The share of all values of {values.column} that end in 000.",
        "unit": "share",
        "n_rows": values.read,
        "n_units": values.read,
        "units": "rows",
        "basis": "all values read, below the floor too",
        "method": "count",
    }
    ending = values.read * share
    parts = shown(
        np.asarray([ending, values.read - ending]), least=known.least, public=known.public
    )
    below = values.read - values.n  # by subtraction
    if not parts.all() or not (known.public or below == 0 or below >= known.least):
        told |= {"n_rows": 0, "n_units": 0}
        return Finding(estimate=np.nan, says="Suppressed.", cannot_say=ITS_VALUE, **told)
    return Finding(
        estimate=share,
        says=f"{share:.0%} of the values end in 000"
        + (": they were rounded or set in round numbers." if share > HEAPED else "."),
        cannot_say="What the values were before somebody rounded them.",
        **told,
    )


def _on_bins(tail: _Tail, known: _Told) -> Iterator[Finding]:
    """The power law fitted to bins that are wider than the rounding."""
    values = tail.values
    x, counts = values.different
    edges = binned.round_edges(x, values.floor)
    held = binned.count(x, counts, edges)
    told: dict[str, Any] = {
        "n_rows": values.n,
        "n_units": values.many(),
        "units": values.units,
        "basis": "values in bins from 1.5, 3.5 and 7.5 times powers of ten on",
    }
    try:
        law = binned.fit(edges, held)
    except InputError:
        yield Finding(
            name="alpha_on_bins",
            estimand=f"The exponent of the density of {values.column} in its tail, from bins.",
            estimate=np.nan,
            method="none",
            says="No fit on bins.",
            cannot_say=f"A fit needs {binned.LEAST_BINS} bins up to the largest value.",
            **told,
        )
        return
    if not known.enough(values.x >= law.x_min):
        return
    more: dict[str, Any] = {"draws": tail.draws, "size": values.independent}
    drawn = binned.bootstrap(edges, held, seed=tail.seed + 3, progress=tail.progress, **more)
    p = binned.goodness(edges, held, seed=tail.seed + 4, progress=tail.progress, **more)
    drawn = drawn[np.isfinite(drawn[:, 0]), 0]
    lower, upper = interval(drawn if drawn.size else np.asarray([law.alpha]))
    told["n_rows"] = law.n_tail
    told["n_units"] = values.many(values.x >= law.x_min)
    yield Finding(
        name="alpha_on_bins",
        estimand=f"The exponent of the density of {values.column} in its tail, from bins.",
        estimate=law.alpha,
        lower=lower,
        upper=upper,
        interval="sampling",
        unit="exponent",
        p_value=p,
        method=f"maximum likelihood on bins, x_min a bin limit; percentiles of {tail.draws:,} "
        "samples; p value of the goodness of fit by samples of the law",
        says=f"On bins that hold the heaps whole, the tail falls with exponent {law.alpha:.2f} "
        f"({lower:.2f} to {upper:.2f}) from {_said(law.x_min)} on, with {law.n_tail:,} values; "
        f"goodness of fit {_p(p)}.",
        cannot_say=WHOLE,
        claims=CLAIMS,
        **told,
    )


# --- what the charts draw, and targets ---------------------------------------------------------


def _series(tail: _Tail, known: _Told) -> tuple[dict[str, Columns], list[Suppressed]]:
    """Share of values at or above each value, the fitted laws, and where the tail starts."""
    values, law = tail.values, tail.law
    if values.unit is not None and not known.public:
        why = f"units ({values.units}) have several values, so that the curve could tell of one"
        return {}, [suppressed("survival", why)]
    x, counts = values.different
    above = np.cumsum(counts[::-1])[::-1]
    points = _thinned(above, 1 if known.public else known.least)
    points = points[np.asarray([known.value(float(one)) for one in x[points]], bool)]
    if not known.public and points.size < 2:
        why = f"no two values have {known.least} values or more at, between and below them"
        return {}, [suppressed("survival", why)]
    series: dict[str, Columns] = {
        "survival": {"value": x[points], "share": above[points] / values.n},
    }
    if not (known.enough(tail.here) and known.value(law.x_min)) or not points.size:
        why = "where the tail starts, and so the fitted laws, would tell of few values"
        return series, [] if known.public else [suppressed("survival", why, part=True)]
    grid = np.geomspace(law.x_min, max(float(x[points].max()), law.x_min * 2), 60)
    if law.discrete:
        grid = np.unique(np.round(grid))
    laws = {"power law": tail.plain, **tail.laws}
    reached = [law.n_tail / law.n * one.survival(grid) for one in laws.values()]
    fits = {
        "law": np.repeat(np.asarray(list(laws), object), grid.size),
        "value": np.tile(grid, len(laws)),
        "share": np.concatenate(reached),
    }
    drawn = fits["share"] >= 0.3 * float(above[points].min()) / values.n
    series["fits"] = {name: cells[drawn] for name, cells in fits.items()}
    limits = tail.start if all(known.value(one) for one in tail.start) else (np.nan, np.nan)
    series["start"] = {
        "x_min": np.asarray([law.x_min]),
        "lower": np.asarray([limits[0]]),
        "upper": np.asarray([limits[1]]),
        "alpha": np.asarray([law.alpha]),
        "n_tail": np.asarray([law.n_tail]),
    }
    return series, []


def _thinned(above: Int[Column, "value"], least: int) -> Int[Column, "shown"]:
    """Places of a falling count, at least `least` apart, the last count at least that much."""
    total = int(above[0])
    wanted = np.unique(np.round(np.geomspace(least, total, POINTS)).astype(int))[::-1]
    places: list[int] = []
    for place in np.searchsorted(-above, -wanted, side="right") - 1:
        apart = not places or above[places[-1]] - above[place] >= least
        if apart and above[place] >= least:
            places.append(int(place))
    return np.asarray(places, int)


def _targets(values: Values, index: str, time: str, sha256: str, least: int) -> Iterator[Target]:
    """The tail exponent as the model has it: of the survival function, over the largest fifth."""
    x, counts = values.different
    leaders = int(min(max(round(TOP_FIFTH * values.n), 1), values.n - 1))
    if leaders < least:
        return
    above = np.cumsum(counts[::-1])[::-1]
    place = int(np.flatnonzero(above > leaders)[-1])  # the largest value that is no leader's own
    logarithm = np.log(x[place:] / x[place])
    excess = float((counts[place:] * logarithm)[1:].sum())
    if excess <= 0:
        return
    exponent = leaders / excess
    reach = 1.96 * exponent / np.sqrt(leaders * values.independent / values.n)
    yield Target(
        index=index,
        value=exponent,
        lower=max(exponent - reach, 0.0),
        upper=exponent + reach,
        interval="sampling",
        unit="exponent",
        time=time,
        n_units=values.many(),
        floor=np.nan if values.floor is None else values.floor,
        transform="exponent of the survival function, alpha - 1, over the largest fifth of the "
        "values from the floor on, as the model's index; interval +/- 1.96 standard errors (Hill)",
        source_sha256=sha256,
        claims=("M32",),
    )


# --- words and formulas ------------------------------------------------------------------------


def _with_alpha(law: power_law.PowerLaw, alpha: float) -> power_law.PowerLaw:
    return power_law.PowerLaw(alpha, law.x_min, law.n_tail, law.distance, law.n, law.discrete)


def _mean_of(law: power_law.PowerLaw) -> float:
    """The mean from x_min on; infinite if alpha is at most 2."""
    from scipy.special import zeta

    if law.alpha <= 2:
        return float("inf")
    if law.discrete:
        return float(zeta(law.alpha - 1, law.x_min) / zeta(law.alpha, law.x_min))
    return law.x_min * (law.alpha - 1) / (law.alpha - 2)


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _parameters(law: heavy_tails.Law) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in law.parameters.items())


def _p(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")


def _about(value: float) -> str:
    """A value as it is read, of three digits or more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _said(value: float | None) -> str:
    """A value as it is read: whole where it is whole."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1e4 or float(value).is_integer() else f"{value:,.6g}"
