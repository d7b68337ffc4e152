"""Whether the same thing costs, or serves, two groups of customers alike.

A row is an offer, a sale or an area. What is compared is an outcome (a price, a speed, whether the
speed is below 25) between two groups of customers, inside cells of equal market, product and cost:

    D = sum over cells s of W_s (mean of first group - mean of second) / sum of W_s,

over the cells that hold both groups; the share of rows that lie in such cells is told with it.

**Units.** Offers of one block group share their wires and their group: they are not independent.
Chance is what comes when whole units change their group inside their cells: in all ways where few
enough differ (exact p; Fisher's test for an outcome of yes and no in one cell), else in ways drawn
(p = (1+b)/(1+B)); above a million units by the exact mean and variance of all permutations, marked
normal. The interval is
a bootstrap of units, or of a coarser cluster such as a tract. Markets named by `within` are one
family of tests: Holm's p, and Benjamini and Hochberg's. What was found is set beside the smallest
difference that would be found in four of five tables, 2.8 clustered standard errors.

**A number instead of two groups** (the share of a group in an area) has a slope, by least squares
with errors for clusters, with terms for cost and effects for product and market. Where the number
varies inside units, the slope between and within units and the slope within them stand side by
side.

**Areas.** Where only areas are known, with how many people of each group live there, the outcome
that people of each group meet on average is compared: of areas, never of customers. Dealing the
outcomes anew inside units tells which part of the gap lies between units.

Nothing here says why. Without a column of cost nothing is said on discrimination.

Sources: Fisher (1935) and Freedman and Lane (1983) for permutations, Holm (1979), Benjamini and
Hochberg (1995), Liang and Zeger (1986) for errors of clusters, Robinson (1950) for what areas do
not say of people, Cochran (1968) for five classes; F26, F29, docs/model.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from datapolis.audits import cells as reading
from datapolis.audits.cells import Prepared, Reduced, prepare
from datapolis.audits.dependencies import Needs
from datapolis.audits.finding import Audit, Columns, Finding, Target, audit, suppressed_finding
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
from datapolis.audits.price_areas import compare_areas
from datapolis.audits.price_options import (
    CLAIMS,
    FAMILY,
    FEW,
    NORMAL,
    SIGNIFICANCE,
    Found,
    PriceOptions,
    PriceOutcome,
    Term,
    Z,
    listed,
    parse_by,
    parse_outcome,
    parse_term,
)
from datapolis.audits.price_slopes import fit_slopes, regression_beside
from datapolis.audits.privacy import SUPPRESSED, one_dominates, shown
from datapolis.audits.suppressed import Suppressed, each, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.inference.clustered import (
    POWER,
    StratumCells,
    differences_by_chance,
    every_difference,
    permutation_moments,
    resampled_differences,
)
from datapolis.statistics.inference.multiplicity import benjamini_hochberg, holm
from datapolis.statistics.inference.relabelling import Significance
from datapolis.statistics.inference.resampling import DRAWS, interval
from datapolis.tables import Source, Table, derived

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

    Column = Any

NONE: Mapping[str, str] = MappingProxyType({})


@audit(amount=("outcome", "cost"), unit="unit", period=())
def prices(
    table: Source,
    *,
    outcome: Annotated[
        str, "what is compared: a column, log(column), or a condition such as speed_down<25"
    ],
    by: Annotated[
        Any, "who the customer is: column=first:second (one|other joins values), or a number"
    ] = "",
    groups: Annotated[
        Mapping[str, str], "instead of by, where rows are areas: group=column of its people"
    ] = NONE,
    within: Annotated[
        Sequence[str], "columns of markets, told one by one as a family of tests"
    ] = (),
    same: Annotated[Sequence[str], "columns of the product, alike inside a cell"] = (),
    cost: Annotated[
        Sequence[str], "columns of cost, alike inside a cell; C(column) for categories"
    ] = (),
    classes: Annotated[
        int, "how many classes a cost with many values is cut into", Needs("cost")
    ] = 5,
    controls: Annotated[
        Sequence[str], "further terms of the regression: column, log(column)^2, C(column)"
    ] = (),
    unit: Annotated[
        Any, "column of what is independent and has one group, or its first letters: geo_id[:5]"
    ] = None,
    cluster: Annotated[Any, "column of coarser units for intervals, written likewise"] = None,
    weight: Annotated[str, "column of how many offers, sales or customers a row stands for"] = "",
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    draws: Draws = DRAWS,
    seed: Seed = 0,
    progress: Progress = None,
) -> Audit:
    """Whether prices or service differ between groups of customers in cells alike in all else.

    `unit` and `cluster` may also be an array or Series as long as the table; `by` a mapping
    {"income": ("Low", "High")} or a tuple.

    Raises InputError where an option cannot be read, a column is missing or no number where one is
    needed, a weight is negative, or nothing is left to compare.
    """
    asked = PriceOptions(
        outcome=parse_outcome(outcome),
        by=None if groups and not by else parse_by(by),
        groups=dict(groups),
        within=listed(within),
        same=listed(same),
        cost=tuple(parse_term(one, "cost") for one in listed(cost)),
        classes=classes,
        controls=tuple(parse_term(one, "controls") for one in listed(controls)),
        unit=unit,
        cluster=cluster,
        weight=weight,
        least=1 if public else min_group,
        public=public,
        draws=draws,
        seed=seed,
        progress=progress,
    )
    asked.check()
    rows = reading.opened(table, drop, duplicates, {"unit": unit, "cluster": cluster})
    if asked.by is None:
        found = compare_areas(rows, asked)
    elif asked.by.first:
        found = _two_groups(rows, asked)
    else:
        found = fit_slopes(rows, asked)
    return Audit(
        kind="prices",
        title=f"{asked.outcome.text} by {asked.who}",
        findings=tuple(found.findings),
        targets=tuple(found.targets),
        series=found.series,
        suppressed=found.suppressed,
        notes=(*rows.notes, *found.notes),
        inputs=(rows.provenance,),
    )


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One comparison of two groups: in one market, or in all of them."""

    of: str
    levels: tuple[float, float]
    error: float  # if clusters are independent
    unit_error: float  # if units are
    naive: float  # if rows are, each unit of weight for itself
    p: float
    least: float  # the least p that any labels could have had
    exact: bool  # p is over all permutations
    chance: tuple[float, float]
    bounds: tuple[float, float]
    how: str  # how p and interval were had, in words
    overlap: float
    rows: int  # this and what follows is of cells that hold both groups
    units: tuple[int, int]
    people: tuple[float, float]
    dominated: bool

    @property
    def difference(self) -> float:
        """First less second."""
        return self.levels[0] - self.levels[1]

    @property
    def design_effect(self) -> float:
        """How many times the variance is that of as many independent offers; nan without any."""
        known = self.naive > 0 and self.unit_error > 0
        return (self.unit_error / self.naive) ** 2 if known else float("nan")

    @property
    def detectable(self) -> float:
        """The smallest difference found in four of five such tables; nan without an error."""
        return POWER * self.error if self.error > 0 else float("nan")

    @property
    def naive_z(self) -> float:
        """The difference over the error that takes offers as independent."""
        return self.difference / self.naive if self.naive > 0 else float("nan")


def _two_groups(rows: Table, asked: PriceOptions) -> Found:
    """The comparison in all markets, in each of them, its mirror, and the regression beside it."""
    prepared, notes = prepare(rows, asked, asked.outcome)
    reduced, said = _reduced(prepared, asked, asked.same)
    notes += [*said, *_mixed_note(prepared, reduced, asked)]
    everything, family = _family(reduced, asked)
    told = _told([everything, *family], asked)
    if family:
        told[1:] = _beside(reduced, asked, told[1:], np.array([min(one.units) for one in family]))
    if not told[0]:
        nothing = each(("pairs",), too_few(asked.units, asked.least))
        return Found([_suppressed(asked)], {}, notes, [], nothing)
    told = told[1:]
    if asked.within and not family:
        notes.append(f"There are more than {FAMILY} markets: they are told together alone.")
    if hidden := int((~told).sum()):
        notes.append(f"{hidden:,} of {len(family):,} markets are {SUPPRESSED}.")
    if family and all(one.least * len(family) > SIGNIFICANCE for one in family):
        notes.append(
            f"No p of {len(family):,} markets can fall below 5 % after Holm: there are too few "
            f"{asked.units}, or too few draws ({asked.draws:,})."
        )
    by_holm = holm(np.array([one.p for one in family]))
    by_rate = benjamini_hochberg(np.array([one.p for one in family]))
    findings = list(_overall(everything, family, by_holm, reduced, asked))
    findings += regression_beside(prepared, asked, notes)
    findings += _mirror(rows, asked, notes)
    findings += [
        finding
        for place, one in enumerate(family)
        if told[place]
        for finding in _of_market(one, by_holm[place], by_rate[place], len(family), reduced, asked)
    ]
    series = _pairs(family, by_holm, by_rate, told, asked)
    if not family:
        alone = np.array([everything.p])
        series = _pairs([everything], alone, alone, np.ones(1, bool), asked)
    targets = list(_targets(everything, reduced, asked, rows.sha256, notes))
    drawn = len(series["of"])
    few: tuple[Suppressed, ...] = ()
    if hidden:
        why = (
            f"{hidden:,} markets have fewer than {asked.least} {asked.units} of a group, or could "
        )
        few = (suppressed("pairs", f"{why}be had by subtraction", part=bool(drawn)),)
    return Found(findings, {"pairs": series} if drawn else {}, notes, targets, few)


# reading


def _reduced(
    prepared: Prepared, asked: PriceOptions, same: Sequence[str]
) -> tuple[Reduced, list[str]]:
    """The cells of the rows, and in words how they were made."""
    costs = [
        Term(one.text, column, category=one.category)
        for one, column in zip(asked.cost, prepared.costs, strict=True)
    ]
    rows, keys, said = reading.classed(prepared.rows, costs, asked.classes)
    keys = [*dict.fromkeys([*asked.within, *same]), *keys]
    notes = [f"Cells of equal cost: {', '.join(said)}."] if said else []
    by_unit, clustered = asked.unit is not None, asked.cluster is not None
    if not by_unit:
        notes.append("No unit was named: each row is taken as independent of all others.")
    return reading.reduce_rows(rows, keys, by_unit, clustered), notes


def _mixed_note(prepared: Prepared, reduced: Reduced, asked: PriceOptions) -> list[str]:
    """In words how many units hold several groups, where some do."""
    assert asked.by is not None
    if not reduced.mixed:
        return []
    everyone, column = prepared.everyone, asked.by.column
    known = everyone.where(everyone[column].notnull() & everyone[reading.UNIT].notnull())
    each = known.expression.group_by(reading.UNIT).agg(values=known[column].nunique())
    several = (each.values > 1).cast("float64").mean()
    share = float(replace(known, expression=each).group([], share=several)[derived("share")][0])
    many = f"{reduced.mixed:,}" if reduced.mixed >= asked.least else f"Fewer than {asked.least}"
    return [
        f"{many} of {reduced.units:,} units ({asked.units}) hold both groups, and "
        f"{share:.0%} of those with a value of {column} hold several: what changes its group is "
        f"{asked.units} x {column}, so the test is weaker."
    ]


def _family(reduced: Reduced, asked: PriceOptions) -> tuple[Compared, list[Compared]]:
    """The comparison over all markets, and in each of them."""
    large = (reduced.units > NORMAL, int(_seen(reduced.cells.cluster).sum()) > NORMAL)
    everything = _compared(reduced.cells, "", asked, asked.seed, large)
    if not asked.within:
        return everything, []
    labels, home = _markets(reduced, asked)
    if labels.shape[1] > FAMILY:
        return everything, []
    return everything, [
        _compared(
            reduced.cells.where(home == place),
            ", ".join(label),
            asked,
            asked.seed + 1 + place,
            large,
        )
        for place, label in enumerate(labels.T.tolist())
    ]


def _markets(reduced: Reduced, asked: PriceOptions) -> tuple[Column, Int[Column, "cell"]]:
    """The labels of the markets, and the market of each cell."""
    columns = np.stack([np.asarray(reduced.strata[one], str) for one in asked.within])
    labels, market = np.unique(columns, axis=1, return_inverse=True)
    return labels, market.ravel()[reduced.cells.stratum]


def _beside(
    reduced: Reduced, asked: PriceOptions, told: Bool[Column, "market"], units: Column
) -> Column:
    """Which markets may be told beside all together, whose rest must be safe as a whole.

    A unit may lie in several of the markets that are suppressed, and one may dominate them all.
    """
    if asked.public:
        return told
    home, cells = _markets(reduced, asked)[1], reduced.cells
    here = cells.both[cells.stratum]
    told = told.copy()
    while not told.all():
        rest = here & ~told[home]
        sides = [one for one in (cells.first & rest, ~cells.first & rest) if one.any()]
        if all(_safe(cells, side, asked) for side in sides) or not told.any():
            break
        told[np.flatnonzero(told)[np.argmin(units[told])]] = False
    return told


def _safe(cells: StratumCells, side: Column, asked: PriceOptions) -> bool:
    """Whether units enough lie on a side, and none of them dominates it."""
    return int(_seen(cells.unit[side]).sum()) >= asked.least and not any(
        _dominated(cells, side, amounts) for amounts in _added(cells, asked)
    )


def _added(cells: StratumCells, asked: PriceOptions) -> list[Column]:
    """What units add to a mean: weight, and where sizes are compared the outcome by weight."""
    sizes = asked.outcome.amount and (cells.total >= 0).all()
    return [cells.weight, cells.total] if sizes else [cells.weight]


def _compared(
    cells: StratumCells, of: str, asked: PriceOptions, seed: int, large: tuple[bool, bool]
) -> Compared:
    """The comparison of two groups over cells; `large` for units and for clusters: no draws."""
    here = cells.both[cells.stratum]
    sides = (cells.first & here, ~cells.first & here)
    units = [int(_seen(cells.unit[side]).sum()) for side in sides]
    some, enough = bool(here.any()), min(units) >= FEW
    chances = Significance(float("nan"), float("nan"), False, 0)
    chance, bounds = (np.nan, np.nan), (np.nan, np.nan)
    how = f"fewer than {FEW} units on one side: no error, no p, no interval"
    error = unit_error = float("nan")
    if some and enough:
        error, unit_error = cells.clustered_error(), cells.clustered_error(cells.unit)
        chances, chance, by_chance = _by_chance(cells, asked, seed, large[0])
        bounds, by_sample = _sampled(cells, error, asked, seed, large[1])
        how = f"{by_chance}; {by_sample}"
        if np.isnan(error):
            how += f"; no error: no cell holds two {asked.clusters} of one group"
    return Compared(
        of=of,
        levels=cells.levels,
        error=error,
        unit_error=unit_error,
        naive=cells.naive_error() if some else float("nan"),
        p=chances.p_value,
        least=chances.least_p,
        exact=chances.exact,
        chance=chance,
        bounds=bounds,
        how=how,
        overlap=cells.overlap,
        rows=int(cells.rows[here].sum()),
        units=(units[0], units[1]),
        people=(float(cells.weight[sides[0]].sum()), float(cells.weight[sides[1]].sum())),
        dominated=not asked.public
        and any(
            _dominated(cells, side, amounts) for side in sides for amounts in _added(cells, asked)
        ),
    )


def _seen(codes: Int[Column, "cell"]) -> Column:
    seen = np.zeros(int(codes.max(initial=-1)) + 1, bool)
    seen[codes] = True
    return seen


def _by_chance(
    cells: StratumCells, asked: PriceOptions, seed: int, large: bool
) -> tuple[Significance, tuple[float, float], str]:
    """p by permutations of whole units, what chance alone gives, and how it was had."""
    if large:
        found = every_difference(cells, asked.progress)
    else:
        found = differences_by_chance(cells, asked.draws, seed, asked.progress)
    if found is not None:
        test = found.two_sided()
        what = f"permutations of {asked.units} inside cells"
        words = test.words(what) + (", as Fisher's exact test" if found.fisher else "")
        return test, found.interval(), words
    from scipy.stats import norm

    mean, spread = permutation_moments(cells)
    far = abs(cells.difference - mean)
    p = float(2 * norm.sf(far / spread)) if spread > 0 else 1.0
    words = f"p normal, from exact mean and variance of all permutations of {asked.units}"
    chance = asked.possible(mean - Z * spread, mean + Z * spread)
    return Significance(p, float("nan"), False, 0), chance, words


def _sampled(
    cells: StratumCells, error: float, asked: PriceOptions, seed: int, large: bool
) -> tuple[tuple[float, float], str]:
    """The sampling interval, by bootstrap of clusters or by Student's t, and which it is."""
    from scipy.stats import t

    clusters = int(_seen(cells.cluster).sum())
    if not large:
        drawn = resampled_differences(cells, asked.draws, seed, asked.progress)
        if np.isfinite(drawn).all():
            return interval(drawn), f"interval by bootstrap of {clusters:,} {asked.clusters}"
    reach = float(t.ppf(1 - SIGNIFICANCE / 2, max(clusters - 1, 1))) * error
    words = f"interval by the clustered error of {clusters:,} {asked.clusters}"
    if not np.isfinite(reach):
        return (np.nan, np.nan), "no interval"
    return asked.possible(cells.difference - reach, cells.difference + reach), words


def _dominated(cells: StratumCells, side: Column, amounts: Column) -> bool:
    """Whether the largest unit of a group could be worked out by the second largest."""
    return one_dominates(np.bincount(cells.unit[side], amounts[side], 2))


def _told(every: Sequence[Compared], asked: PriceOptions) -> Column:
    """Which comparisons may be told: the first is all of them together."""
    size = np.array([min(one.units) for one in every], float)
    people = np.array([min(one.people) for one in every], float)
    dominated = np.array([one.dominated for one in every])
    some = asked.public | (size >= asked.least)  # none at all says who is there, too
    return some & np.concatenate(
        [
            shown(
                size[part], people[part], least=asked.least, public=asked.public,
                dominated=dominated[part],
            )
            for part in (slice(0, 1), slice(1, None))
        ]
    )  # fmt: skip


# telling


def _suppressed(asked: PriceOptions) -> Finding:
    return suppressed_finding(
        "difference",
        estimand=_estimand(asked, ""),
        units=asked.units,
        basis=_basis(asked),
        claims=CLAIMS,
    )


def _estimand(asked: PriceOptions, of: str) -> str:
    assert asked.by is not None
    first, second = asked.by.names
    inside = [
        words
        for words, columns in (
            ("market", () if of else asked.within),
            ("product", asked.same),
            ("cost", asked.cost),
        )
        if columns
    ]
    cells = f", inside cells of equal {' and '.join(inside)}" if inside else ""
    where = f" in {of}" if of else ""
    return (
        f"The difference in mean {asked.outcome.text} between {first} and {second} "
        f"({asked.by.column}){where}{cells}."
    )


def _basis(asked: PriceOptions) -> str:
    each = f"{asked.weight} of each row" if asked.weight else "rows, each alike"
    return f"weights: {each}; cells by their size, of those that hold both groups"


def _unit_words(reduced: Reduced, asked: PriceOptions) -> str:
    assert asked.by is not None
    return f"{asked.units} x {asked.by.column}" if reduced.mixed else asked.units


def _shared(one: Compared, reduced: Reduced, asked: PriceOptions) -> dict[str, Any]:
    """What findings of one comparison have in common."""
    return {
        "n_rows": one.rows,
        "n_units": sum(one.units),
        "units": _unit_words(reduced, asked),
        "basis": _basis(asked),
        "claims": CLAIMS,
    }


def _difference(one: Compared, reduced: Reduced, asked: PriceOptions, **more: Any) -> Finding:
    """The finding of one comparison."""
    assert asked.by is not None
    cannot_say = asked.cannot_say
    if np.isnan(one.difference):
        cannot_say = f"anything: no cell holds both groups; {cannot_say}"
    elif np.isnan(one.p):
        cannot_say = f"whether it is chance: fewer than {FEW} units stand on one side; {cannot_say}"
    bounded = bool(np.isfinite(one.bounds).all())
    return Finding(
        name="difference",
        of=one.of,
        estimand=_estimand(asked, one.of),
        estimate=one.difference,
        lower=one.bounds[0],
        upper=one.bounds[1],
        interval="sampling" if bounded else "none",
        unit=asked.outcome.unit,
        cannot_say=cannot_say,
        p_value=one.p,
        p_least=one.least,
        **_shared(one, reduced, asked),
        **more,
    )


def _overall(
    one: Compared, family: list[Compared], adjusted: Column, reduced: Reduced, asked: PriceOptions
) -> Any:
    """What is told of all markets together."""
    assert asked.by is not None
    shared = {**_shared(one, reduced, asked), "cannot_say": asked.cannot_say}
    first, second = asked.by.names
    if np.isnan(one.difference):
        says = f"No cell holds both {first} and {second}: there is nothing to compare."
    else:
        says = (
            f"The audited offers differ by {asked.number(one.difference, sign=True)}: "
            f"{asked.number(one.levels[0])} for {first}, {asked.number(one.levels[1])} for "
            f"{second}{_chance_words(one)}"
        )
        if family:
            beyond = int((adjusted < SIGNIFICANCE).sum())
            says += f"; beyond chance in {beyond} of {len(family)}"
        says += "."
    yield _difference(one, reduced, asked, method=one.how, says=says)
    if family:
        beyond = int((adjusted < SIGNIFICANCE).sum())
        naive = int((np.abs([pair.naive_z for pair in family]) > Z).sum())
        tested = {"method": "Holm over the family, 5 %", "unit": "markets"}
        yield Finding(
            name="beyond_chance",
            estimand=f"In how many of the {len(family)} markets chance does not explain it.",
            estimate=beyond,
            says=f"Beyond chance in {beyond} of {len(family)}, by whole units and Holm.",
            **{**shared, **tested},
        )
        yield Finding(
            name="naive_beyond_chance",
            estimand=f"In how many of the {len(family)} markets z is above 1.96, row by row.",
            estimate=naive,
            says=f"Taken one by one, the offers would differ in {naive} of {len(family)}: they "
            "hang together, so this is too many.",
            **{**shared, **tested, "method": "z of independent rows, unadjusted, 5 %"},
        )
    for group, level in zip(asked.by.names, one.levels, strict=True):
        if np.isfinite(level):
            yield _level(group, level, group, shared, asked)
    yield Finding(
        name="overlap",
        estimand="The share of rows that lie in cells with both groups.",
        estimate=one.overlap,
        unit="share",
        method="rows in cells with both over all rows of the two groups",
        says=f"{one.overlap:.1%} of the rows lie in cells that hold both groups; the others are "
        "compared with nobody.",
        **shared,
    )
    if np.isfinite(one.design_effect):
        yield Finding(
            name="design_effect",
            estimand="How many times the variance is that of as many independent offers.",
            estimate=one.design_effect,
            unit="times",
            method=f"variance if {asked.units} are independent over that if rows are",
            says=f"The variance is {one.design_effect:.1f} times that of independent offers, so "
            f"z is {one.difference / one.unit_error:.1f} and not {one.naive_z:.1f}.",
            **shared,
        )
    if np.isfinite(one.p):
        yield _detectable(one, shared, asked)
    if asked.outcome.amount:
        spread = reduced.cells.spread()
        if np.isfinite(spread):
            yield Finding(
                name="residual_spread",
                estimand="How far the outcome lies apart inside cells: standard deviation over "
                "mean.",
                estimate=spread,
                unit="share",
                method="weighted, around the mean of each cell",
                says=f"Inside cells {asked.outcome.text} lies {spread:.1%} of its mean apart.",
                **shared,
            )


def _detectable(one: Compared, shared: Mapping[str, Any], asked: PriceOptions) -> Finding:
    """The smallest difference that would mostly be found, if one is possible."""
    found = one.detectable
    if np.isnan(found):
        says = f"What would mostly be found is not told: {_no_error(one, asked)}."
    elif asked.outcome.sign and found > 1:
        found = float("nan")
        says = "Not even the greatest possible difference, 100 points, would mostly be found."
    else:
        says = f"Less than {asked.number(found, sign=True).lstrip('+')} would mostly not be found."
    return Finding(
        name="detectable",
        estimand="The smallest difference that would be found in four of five such tables.",
        estimate=found,
        unit=asked.outcome.unit,
        method=f"2.8 clustered standard errors ({asked.clusters})",
        says=says,
        **shared,
    )


def _chance_words(one: Compared) -> str:
    if np.isnan(one.p):
        return ""
    p = f"p = {one.p:.4f}" if one.p >= 1e-4 else "p < 0.0001"
    if one.exact:
        return f" (exact {p}, the least possible here is {one.least:.2g})"
    few = f", the least possible here is {one.least:.2g}" if one.least > SIGNIFICANCE else ""
    return f" ({p}{few})"


def _level(
    of: str, level: float, group: str, shared: Mapping[str, Any], asked: PriceOptions
) -> Finding:
    """The mean outcome of one group."""
    return Finding(
        name="level",
        of=of,
        estimand=f"The mean {asked.outcome.text} of {group}, cells weighted as for the difference.",
        estimate=level,
        unit=asked.outcome.unit,
        method="weighted mean of the audited rows",
        says=f"{of}: {asked.number(level)}.",
        **shared,
    )


def _of_market(
    one: Compared, by_holm: float, by_rate: float, many: int, reduced: Reduced, asked: PriceOptions
) -> Any:
    """What is told of one market."""
    assert asked.by is not None
    first, second = asked.by.names
    if np.isnan(one.difference):
        says = f"{one.of}: no cell holds both {first} and {second}."
    else:
        says = (
            f"{one.of}: {asked.number(one.levels[0])} for {first}, {asked.number(one.levels[1])} "
            f"for {second}, {asked.number(one.difference, sign=True)}"
        )
        if np.isfinite(one.p):
            verdict = "beyond chance" if by_holm < SIGNIFICANCE else "not beyond chance"
            says += (
                f": {verdict} (p = {one.p:.4f}; Holm {by_holm:.4f}, Benjamini-Hochberg "
                f"{by_rate:.4f}). {_row_by_row(one, asked)}"
            )
        says += "."
    method = f"{one.how}; adjusted by Holm for {many} markets"
    yield _difference(one, reduced, asked, method=method, says=says, p_adjusted=by_holm)
    shared = {**_shared(one, reduced, asked), "cannot_say": asked.cannot_say}
    for group, level in zip(asked.by.names, one.levels, strict=True):
        if np.isfinite(level):
            yield _level(f"{one.of}: {group}", level, group, shared, asked)


def _row_by_row(one: Compared, asked: PriceOptions) -> str:
    """In words what rows would say, and what would be found; or that there is no error."""
    if not (np.isfinite(one.detectable) and np.isfinite(one.design_effect)):
        return f"No error is reported: {_no_error(one, asked)}"
    reach = min(one.detectable, 1.0) if asked.outcome.sign else one.detectable
    found = asked.number(reach, sign=True).lstrip("+")
    return (
        f"Row by row z would be {one.naive_z:.1f}, with a design effect of "
        f"{one.design_effect:.1f}; less than {found} would mostly not be found"
    )


def _no_error(one: Compared, asked: PriceOptions) -> str:
    """In words why there is no standard error."""
    if np.isnan(one.error) or np.isnan(one.unit_error):
        return f"no cell holds two {asked.clusters} of one group"
    return f"in each cell the {asked.clusters} of a group have one mean, but for rounding"


def _pairs(
    family: list[Compared], by_holm: Column, by_rate: Column, told: Column, asked: PriceOptions
) -> Columns:
    """The comparisons that may be told, as a table for charts."""
    assert asked.by is not None
    kept = [place for place in range(len(family)) if told[place]]
    pairs = [family[place] for place in kept]

    def column(value: Any) -> Column:
        return np.array([value(one) for one in pairs], float)

    names = {f"{side}_name": np.array([name] * len(pairs), object)
             for side, name in zip(("first", "second"), asked.by.names, strict=True)}  # fmt: skip
    return {
        "of": np.array([one.of or "all" for one in pairs], object),
        **names,
        "first": column(lambda one: one.levels[0]),
        "second": column(lambda one: one.levels[1]),
        "difference": column(lambda one: one.difference),
        "lower": column(lambda one: one.bounds[0]),
        "upper": column(lambda one: one.bounds[1]),
        "chance_lower": column(lambda one: one.chance[0]),
        "chance_upper": column(lambda one: one.chance[1]),
        "error": column(lambda one: one.error),
        "naive_error": column(lambda one: one.naive),
        "naive_z": column(lambda one: one.naive_z),
        "design_effect": column(lambda one: one.design_effect),
        "detectable": column(lambda one: one.detectable),
        "overlap": column(lambda one: one.overlap),
        "rows": column(lambda one: one.rows),
        "units": column(lambda one: sum(one.units)),
        "p": column(lambda one: one.p),
        "p_holm": np.asarray(by_holm)[kept],
        "p_rate": np.asarray(by_rate)[kept],
    }


def _mirror(rows: Table, asked: PriceOptions, notes: list[str]) -> list[Finding]:
    """The same comparison turned round: the product as outcome, in cells of equal outcome."""
    if len(asked.same) != 1:
        return []
    outcome = PriceOutcome(asked.same[0], asked.same[0])
    try:
        reading.read_outcome(rows, outcome)
    except InputError:
        notes.append(f"{outcome.text} is no number: it is not compared at equal outcome.")
        return []
    turned = replace(asked, outcome=outcome, same=(asked.outcome.column,))
    prepared, _ = prepare(rows, turned, outcome)
    reduced, _ = _reduced(prepared, turned, turned.same)
    everything, family = _family(reduced, turned)
    if not _told([everything], turned)[0]:
        notes.append(f"{outcome.text} at equal {asked.outcome.column} is {SUPPRESSED}.")
        return []
    adjusted = holm(np.array([one.p for one in family]))
    beyond = (
        f"; beyond chance in {int((adjusted < SIGNIFICANCE).sum())} of {len(family)}"
        if family
        else ""
    )
    found = _difference(
        everything,
        reduced,
        turned,
        method=everything.how,
        says=f"Turned round, {outcome.text} differs by "
        f"{turned.number(everything.difference, sign=True)} at equal {asked.outcome.column}"
        f"{_chance_words(everything)}{beyond}; {everything.overlap:.1%} of rows lie in cells "
        "with both groups.",
    )
    return [replace(found, name="mirror")]


def _targets(
    one: Compared, reduced: Reduced, asked: PriceOptions, sha256: str, notes: list[str]
) -> Any:
    """The spread inside cells, where it is that of one product's price at equal cost."""
    plain = asked.outcome.amount
    if not asked.cost:
        notes.append("No targets: without a column of cost nothing here calibrates the model.")
    elif not (plain and asked.same):
        notes.append(
            "No targets: the model has no index for a difference between groups that a table names;"
            " its dispersion of prices needs a price as outcome and the product named by same."
        )
    elif np.isfinite(spread := reduced.cells.spread()):
        notes.append("The difference has no index in the model: it is told, not a target.")
        yield Target(
            index="dispersion",
            value=spread,
            unit="share",
            n_units=sum(one.units),
            transform="inside cells of equal product and cost: the model's costs are equal too",
            source_sha256=sha256,
            claims=CLAIMS,
        )
