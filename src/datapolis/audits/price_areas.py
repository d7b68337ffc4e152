"""What groups of people meet on average, where only areas are known.

With y the outcome of an area and a, b how many people of two groups live there, the gap is

    sum a y / sum a - sum b y / sum b.

It is of areas: what people of a group pay inside an area is not known (Robinson 1950). Dealing y
anew among the areas of each unit leaves, on average, the gap between units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits import cells as reading
from datapolis.audits.finding import Columns, Finding, suppressed_finding
from datapolis.audits.price_options import (
    CLAIMS,
    FAMILY,
    FEW,
    FITTED,
    NORMAL,
    SIGNIFICANCE,
    Found,
    PriceOptions,
)
from datapolis.audits.privacy import SUPPRESSED, one_dominates, shown
from datapolis.audits.suppressed import Suppressed, each, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.inference.clustered import without_rounding
from datapolis.statistics.inference.relabelling import ByChance, relabelled
from datapolis.statistics.inference.resampling import bootstrap_counts, interval
from datapolis.tables import Table
from datapolis.tables.totals import without_totals

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = Any

ECOLOGICAL = (
    "what any customer pays: areas are averages, and what holds for areas need not hold for people"
)
BETWEEN = "between units"


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas with an outcome, and how many people of each group live there."""

    y: Float[Column, "area"]
    people: Mapping[str, Float[Column, "area"]]
    unit: Int[Column, "area"]  # coded from 0
    cluster: Int[Column, "area"]  # coded from 0

    def where(self, chosen: Column) -> Areas:
        """The areas chosen."""
        codes = (
            np.unique(one[chosen], return_inverse=True)[1] for one in (self.unit, self.cluster)
        )
        people = {name: one[chosen] for name, one in self.people.items()}
        return Areas(self.y[chosen], people, *codes)

    def mean(self, group: str) -> float:
        """The outcome that people of a group meet on average."""
        return float((self.people[group] * self.y).sum() / self.people[group].sum())

    def gap(self, first: str, second: str) -> float:
        """The mean of one group less that of the other, 0 where they are equal but for rounding."""
        one, other = self.mean(first), self.mean(second)
        return float(without_rounding(one - other, max(abs(one), abs(other))))

    def tilt(self, first: str, second: str) -> Float[Column, "area"]:
        """How much more of one group than of the other lives in each area."""
        one, other = self.people[first], self.people[second]
        return one / one.sum() - other / other.sum()

    def error(self, first: str, second: str, groups: Column) -> float:
        """The standard error of the gap if groups of areas are independent."""
        one, other = self.people[first], self.people[second]
        parts = one / one.sum() * (self.y - self.mean(first))
        parts = parts - other / other.sum() * (self.y - self.mean(second))
        scale = (one / one.sum() + other / other.sum()) * np.abs(self.y)
        sums = without_rounding(np.bincount(groups, parts), np.bincount(groups, scale))
        if sums.size < 2:
            return float("nan")
        return float(np.sqrt((sums**2).sum() * sums.size / (sums.size - 1)))


def compare_areas(rows: Table, asked: PriceOptions) -> Found:
    """Means of groups over areas, their gap, where it lies, and fifths of the outcome."""
    areas, parts, notes = _read_areas(rows, asked)
    first, *others = asked.groups
    told = _areas_told([areas], asked)
    if not told[0]:
        few = each(("gaps", "fifths"), too_few("areas, or people of a group,", asked.least))
        return Found([_suppressed_areas(asked)], {}, notes, [], few)
    distinct = int(np.unique(areas.y).size)
    if distinct < areas.y.size / 2:
        notes.append(
            f"{areas.y.size:,} areas have {distinct:,} different outcomes: they are rounded, or "
            "set for larger areas, which are not in the table and would be the units."
        )
    findings = [_area_mean(areas, group, asked) for group in asked.groups]
    for other in others:
        findings.append(_gap(areas, first, other, "", asked))
        if asked.unit is not None:
            findings.append(_between(areas, first, other, asked))
    told = _areas_told([part for _, part in parts], asked)
    if hidden := int((~told).sum()):
        notes.append(
            f"{hidden:,} of {len(parts):,} markets are left out: {SUPPRESSED}, or nobody of a "
            "group lives there."
        )
    findings += [
        _gap(part, first, other, label, asked)
        for (label, part), seen in zip(parts, told, strict=True)
        if seen
        for other in others
    ]
    fifths, series, few = _fifths(areas, asked, notes)
    if hidden and not asked.public:
        why = (
            f"in {hidden:,} markets fewer than {asked.least} areas, or people of a group, are left"
        )
        few += (suppressed("gaps", why, part=True),)
    gaps = [one for one in findings if one.name.startswith("gap")]
    series["gaps"] = {
        "of": np.array(
            [one.of if one.name == "gap" else f"{one.of}, {BETWEEN}" for one in gaps], object
        ),
        "estimate": np.array([one.estimate for one in gaps]),
        "lower": np.array([one.lower for one in gaps]),
        "upper": np.array([one.upper for one in gaps]),
    }
    notes.append("No targets: without a column of cost nothing here calibrates the model.")
    return Found([*findings, *fifths], series, notes, [], few)


def _read_areas(
    rows: Table, asked: PriceOptions
) -> tuple[Areas, list[tuple[str, Areas]], list[str]]:
    """The areas, those of each market, and in words what was left out."""
    rows = reading.with_outcome(rows, asked, asked.outcome)
    rows = rows.numbers(*asked.groups.values(), least=0, gaps=True)
    rows = rows.text(*asked.within, gaps=True)
    place = [reading.UNIT] if asked.unit is not None else []
    place += [reading.CLUSTER] if asked.cluster is not None else []
    named = isinstance(asked.unit, str) and asked.unit in rows.columns
    names = [asked.unit] if named else []
    for column in asked.groups.values():
        rows = without_totals(rows, [*names, *asked.within], column)
    needed = {**reading.needed(asked), **{column: column for column in asked.groups.values()}}
    rows, notes = reading.complete(rows, needed, asked.least)
    if (many := rows.count()) > FITTED:
        raise InputError(
            "there are too many areas", file=rows.name, value=many, allowed=f"{FITTED:,} rows"
        )
    if not many:
        raise InputError("no row is left", file=rows.name, field="outcome and groups")
    columns = rows.fetch(reading.Y, *asked.groups.values(), *place, *asked.within)
    people = {name: columns[column] for name, column in asked.groups.items()}
    for name, values in people.items():
        if not values.sum() > 0:
            raise InputError(
                "nobody of this group lives in any area",
                file=rows.name,
                field=asked.groups[name],
                allowed="one number above 0 at least",
            )
    each = np.arange(many)
    unit = np.unique(columns[place[0]], return_inverse=True)[1] if asked.unit is not None else each
    cluster = unit
    if asked.cluster is not None:
        cluster = np.unique(columns[reading.CLUSTER], return_inverse=True)[1]
    areas = Areas(columns[reading.Y], people, unit, cluster)
    if not asked.within:
        return areas, [], notes
    text = np.stack([np.asarray(columns[one], str) for one in asked.within])
    labels, market = np.unique(text, axis=1, return_inverse=True)
    parts = [
        (", ".join(f"{name} {value}" for name, value in zip(asked.within, label, strict=True)),
         areas.where(market.ravel() == number))
        for number, label in enumerate(labels.T.tolist())
        if labels.shape[1] <= FAMILY
    ]  # fmt: skip
    if not parts:
        notes.append(f"There are more than {FAMILY} markets: they are told together alone.")
    return areas, parts, notes


def _areas_told(every: list[Areas], asked: PriceOptions) -> Column:
    """Which of these parts of the table may be told."""
    inhabited = [[one.people[group] > 0 for group in asked.groups] for one in every]
    size = np.array([min(int(some.sum()) for some in one) for one in inhabited], float)
    people = np.array([min(values.sum() for values in one.people.values()) for one in every])
    largest = np.array([_ruled(one, asked) for one in every], bool)
    told = shown(size, people, least=asked.least, public=asked.public, dominated=largest)
    return told & (people > 0) & (asked.public | (size >= asked.least))


def _ruled(areas: Areas, asked: PriceOptions) -> bool:
    """Whether one area could be worked out by another in some group."""
    added = list(areas.people.values())
    if asked.outcome.amount and (areas.y >= 0).all():
        added += [people * areas.y for people in added]
    return any(one_dominates(values) for values in added)


def _suppressed_areas(asked: PriceOptions) -> Finding:
    return suppressed_finding(
        "gap",
        estimand=f"The difference in mean {asked.outcome.text} between groups of people.",
        units=asked.clusters,
        basis="people of each group",
        claims=CLAIMS,
    )


def _area_shared(areas: Areas, asked: PriceOptions) -> dict[str, Any]:
    """What findings on areas have in common."""
    return {
        "unit": asked.outcome.unit,
        "n_rows": areas.y.size,
        "n_units": int(areas.cluster.max()) + 1,
        "units": asked.clusters if asked.unit is not None or asked.cluster is not None else "areas",
        "cannot_say": f"{asked.cannot_say}; nor {ECOLOGICAL}",
        "claims": CLAIMS,
    }


def _area_mean(areas: Areas, group: str, asked: PriceOptions) -> Finding:
    """The outcome that people of a group meet on average."""
    mean = areas.mean(group)
    return Finding(
        name="level",
        of=group,
        estimand=f"The mean {asked.outcome.text} of the areas where the group {group} lives.",
        estimate=mean,
        basis=f"people of the group {group}",
        method=f"mean over areas, weighted by {asked.groups[group]}; as listed",
        says=f"People of the group {group} live in areas of {asked.number(mean)} on average.",
        **_area_shared(areas, asked),
    )


def _gap(areas: Areas, first: str, other: str, of: str, asked: PriceOptions) -> Finding:
    """The difference between two groups, with an interval over units."""
    gap = areas.gap(first, other)
    clusters = int(areas.cluster.max()) + 1
    error = areas.error(first, other, areas.cluster)
    naive = areas.error(first, other, np.arange(areas.y.size))
    lower, upper, how = np.nan, np.nan, f"fewer than {FEW} units, so no interval"
    if clusters >= FEW:
        (lower, upper), how = _area_interval(areas, first, other, gap, error, asked)
    shared = _area_shared(areas, asked)
    where = f" ({of})" if of else ""
    against = f", {naive:.2g} if areas were" if clusters < areas.y.size else ""
    return Finding(
        name="gap",
        of=f"{first} - {other}{', ' if of else ''}{of}",
        estimand=f"The difference in mean {asked.outcome.text} of areas between the groups {first} "
        f"and {other}{where}.",
        estimate=gap,
        lower=lower,
        upper=upper,
        interval="sampling" if np.isfinite(lower) else "none",
        basis=f"people of each group{where}",
        method=f"difference of means; {how}; as if {shared['units']} were drawn from more, for a "
        "list of all areas has no sampling error",
        says=f"The group {first} meets {asked.number(gap, sign=True)} against {other}{where}"
        + (
            f" (standard error {error:.2g} if {shared['units']} are independent{against})."
            if how.startswith("interval")
            else "."
        ),
        **shared,
    )


def _area_interval(
    areas: Areas, first: str, other: str, gap: float, error: float, asked: PriceOptions
) -> tuple[tuple[float, float], str]:
    """The interval of a gap, by bootstrap of clusters or by Student's t, and which it is."""
    from scipy.stats import t

    clusters = int(areas.cluster.max()) + 1
    if error == 0:
        return (np.nan, np.nan), "no interval: the areas are alike, but for rounding"
    if clusters <= NORMAL:
        parts = []
        for group in (first, other):
            people = areas.people[group]
            parts += [
                np.bincount(areas.cluster, people),
                np.bincount(areas.cluster, people * areas.y),
            ]
        sums = np.stack(parts, axis=1)
        drawn = np.concatenate(
            [counts @ sums for counts in bootstrap_counts(clusters, asked.draws, asked.seed)]
        )
        if (drawn[:, [0, 2]] > 0).all():
            found = interval(drawn[:, 1] / drawn[:, 0] - drawn[:, 3] / drawn[:, 2])
            return found, f"interval by bootstrap of {clusters:,} units"
    reach = float(t.ppf(1 - SIGNIFICANCE / 2, max(clusters - 1, 1))) * error
    return asked.possible(gap - reach, gap + reach), f"interval by the error of {clusters:,} units"


def _between(areas: Areas, first: str, other: str, asked: PriceOptions) -> Finding:
    """What is left of a gap when outcomes are dealt anew inside units: the part between them."""
    tilt, y, unit = areas.tilt(first, other), areas.y, areas.unit
    many = np.bincount(unit).astype(float)
    mean = np.bincount(unit, y) / many
    left = float((tilt * mean[unit]).sum())
    gap = float((tilt * y).sum())
    dealt = relabelled(y, unit, asked.draws, asked.seed)
    gaps, done = [], 0
    for block in dealt.blocks:
        gaps.append(block @ tilt)
        done += block.shape[0]
        if asked.progress:
            asked.progress("dealing", done, dealt.many)
    by_chance = ByChance(gap, np.concatenate(gaps), dealt.exact, dealt.many)
    test, (lower, upper) = by_chance.two_sided(centre=left), by_chance.interval()
    return Finding(
        name="gap_between",
        of=f"{first} - {other}",
        estimand=f"The part of the gap that remains when {asked.outcome.text} is dealt anew among "
        f"the areas of each {asked.units}: what lies between them.",
        estimate=left,
        lower=min(lower, left),
        upper=max(upper, left),
        interval="randomisation",
        basis="people of each group",
        method=f"exact mean over all deals; {test.words(f'deals inside {asked.units}')}",
        says=f"Dealt anew inside {asked.units}, {asked.number(left, sign=True)} of "
        f"{asked.number(gap, sign=True)} remain: this part lies between them, the rest inside "
        f"(p = {test.p_value:.4f}).",
        p_value=test.p_value,
        p_least=test.least_p,
        **_area_shared(areas, asked),
    )


def _fifths(
    areas: Areas, asked: PriceOptions, notes: list[str]
) -> tuple[list[Finding], dict[str, Columns], tuple[Suppressed, ...]]:
    """Which share of each group lives in each fifth of the areas, from least to most."""
    edges = np.unique(np.quantile(areas.y, np.arange(1, 5) / 5))
    place = np.searchsorted(edges, areas.y, side="left")
    many = edges.size + 1
    groups = list(asked.groups)
    people = np.array([np.bincount(place, areas.people[one], many) for one in groups])
    homes = np.array([np.bincount(place, areas.people[one] > 0, many) for one in groups])
    row = np.repeat(np.arange(len(groups)), many)
    told = shown(
        homes.ravel(), people.ravel(), least=asked.least, public=asked.public, within=row
    ).reshape(people.shape)
    told &= told.all(axis=0)  # of all groups or of none: one may be the sum of others
    if not told.all():
        notes.append(f"{int((~told).sum())} shares of fifths are {SUPPRESSED}.")
    shares = people / people.sum(axis=1, keepdims=True)
    kept = np.argwhere(told)
    findings = [
        Finding(
            name="fifth_share",
            of=f"{groups[group]}, {one + 1} of {many}",
            estimand=f"The share of the group {groups[group]} that lives in one fifth of the "
            f"areas by {asked.outcome.text}.",
            estimate=float(shares[group, one]),
            basis=f"people of the group {groups[group]}",
            method=f"areas cut into {many} of equal number by {asked.outcome.text}, 1 the least; "
            "as listed",
            says=f"{shares[group, one]:.1%} of the group {groups[group]} live in part {one + 1} of "
            f"{many} of the areas by {asked.outcome.text}.",
            **{**_area_shared(areas, asked), "unit": "share"},
        )
        for group, one in kept
    ]
    series = {
        "group": np.array([groups[group] for group, _ in kept], object),
        "fifth": np.array([one + 1 for _, one in kept]),
        "share": np.array([shares[group, one] for group, one in kept]),
    }
    if told.all():
        return findings, {"fifths": series}, ()
    why = f"some parts have fewer than {asked.least} areas, or people of a group, or could be had "
    few = suppressed("fifths", f"{why}by subtraction", part=bool(told.any()))
    return findings, {"fifths": series} if told.any() else {}, (few,)
