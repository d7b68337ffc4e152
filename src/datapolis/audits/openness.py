"""Two questions of `islands` that need no edges: what is open, and who offers how much.

**Openness.** Which attributes close entries, which close them alone, and the sets of attributes to
mend that open most, exact over all sets (see `datapolis.statistics.inference.covering`). Whether an
entry is open stands as published. A cell that is unsure or empty counts as lacking; the bounds of a
count let each such cell be either.

**Supply.** The Herfindahl index sum_k s_k**2 over those who offer, and the share of offers with
each attribute. Offers are no links: who uses them is not in such a table.

Source: Hirschman (1945), Herfindahl (1950).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.answers import AuditAnswer, Threshold, number, plural, said
from datapolis.audits.cell_suppression import shown_together
from datapolis.audits.finding import Columns, Finding
from datapolis.audits.privacy import shown
from datapolis.audits.suppressed import Suppressed, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.indicators import effective_number, herfindahl
from datapolis.statistics.inference.covering import best_mends
from datapolis.tables import N, Table, derived, open_table
from datapolis.tables.periods import ordered

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

    Column = Any  # a NumPy array; the indicators are typed for those of JAX

ATTRIBUTES = 16  # at most, so that every set of them can be tried
CONFIDENTIAL = 10  # at most where what is shown must not give small groups away
SETS = 3  # sizes of sets to mend that have a finding of their own
YES, NO = ("yes", "true", "1", "y", "1.0"), ("no", "false", "0", "n", "0.0")
UNSURE = ("", "unsure", "unknown", "na", "n/a", "?")
PERIOD = derived("period")
BOUNDS = "; bounds: what is unsure is had, or lacked"


def openness(
    rows: Table,
    is_open: str,
    attributes: tuple[str, ...],
    mend: tuple[str, ...],
    place: str | None,
    dataset: str | None,
    time: str | None,
    rule: Threshold,
) -> AuditAnswer:
    """What is open, what closes the rest, and what mending would open."""
    _check(attributes, mend, place, dataset, rule)
    read = (is_open, attributes, place, dataset, time)
    periods = _periods(rows, *read)
    once: dict[str, Period] = {}
    if rule.public and rows.n_duplicates and rows.duplicates == "keep":
        once = {one.label: one for one in _periods(open_table(rows, duplicates="drop"), *read)}
    counts = np.array([one.count for one in periods], float)
    visible = shown(counts, least=rule.least, public=rule.public)
    told = [one for one, show in zip(periods, visible, strict=True) if show]
    judged = [(now, Sets(now, mend, rule)) for now in told]
    findings: list[Finding] = []
    for now, sets in judged:
        findings.append(_open_share(now, once.get(now.label), sets))
        if now.grid is not None:
            findings.append(_places(now, now.grid))
        if attributes and now.count == now.open:
            findings.append(_none_closed(now))
        elif attributes:
            findings += [*_barriers(now, sets), *_mends(now, mend, sets)]
    notes = [
        "The share that is open is no index of the model, so that it is printed and is no target.",
        f"{is_open} stands as published: it is not worked out from the attributes.",
    ]
    if len(told) < len(periods):
        notes.append(f"{len(periods) - len(told)} periods are suppressed.")
    if attributes and not rule.public:
        notes.append(
            "Counts of small groups of entries, and counts that give them away, are suppressed, "
            "and so are bounds for what is unsure."
        )
    series = _series(judged)
    hidden = _hidden(series, periods, told, attributes, rule)
    return AuditAnswer("Open and closed data", findings, series, notes, suppressed=tuple(hidden))


def _check(
    attributes: tuple[str, ...],
    mend: tuple[str, ...],
    place: str | None,
    dataset: str | None,
    rule: Threshold,
) -> None:
    most = ATTRIBUTES if rule.public else CONFIDENTIAL
    if len(set(attributes)) != len(attributes) or len(attributes) > most:
        raise InputError(
            "every set of attributes is tried",
            field="attributes",
            value=",".join(attributes),
            allowed=f"up to {most}, each once",
        )
    if not set(mend) <= set(attributes):
        raise InputError(
            "what is to be mended must be an attribute",
            field="mend",
            value=",".join(sorted(set(mend) - set(attributes))),
            allowed=", ".join(attributes) or "names that are given as attributes too",
        )
    if (place is None) != (dataset is None):
        raise InputError("one is given without the other", field="place, dataset", allowed="both")


@dataclass(frozen=True)
class Grid:
    """Places by data sets: how many there are of each, and what is amiss."""

    places: int
    datasets: int
    missing: int  # cells without an entry
    repeated: int  # cells with more than one


@dataclass(frozen=True)
class Period:
    """The entries of one period: how many of each kind, by what they lack."""

    label: str
    attributes: tuple[str, ...]
    opens: Bool[Column, "kind"]
    lacks: Int[Column, "kind"]  # surely; a set as bits, attribute a is 2**a
    unsure: Int[Column, "kind"]
    entries: Int[Column, "kind"]
    grid: Grid | None

    @property
    def count(self) -> int:
        """All entries."""
        return int(self.entries.sum())

    @property
    def open(self) -> int:
        """Those that are open."""
        return int(self.entries[self.opens].sum())

    @property
    def without(self) -> Int[Column, "kind"]:
        """What is lacking, what is unsure included."""
        return self.lacks | self.unsure

    @cached_property
    def closed(self) -> Int[Column, "subset"]:
        """How many entries that are not open lack exactly each set of attributes."""
        counts: Column = np.zeros(2 ** len(self.attributes), int)
        np.add.at(counts, self.without[~self.opens], self.entries[~self.opens])
        return counts

    @cached_property
    def best(self) -> list[tuple[int, int, int]]:
        """For each number of attributes the best set to mend, what it opens, how many tie."""
        return best_mends(self.closed)

    def many(self, kinds: Bool[Column, "kind"]) -> int:
        """The entries of these kinds."""
        return int(self.entries[kinds].sum())

    def lacking(self, attribute: int) -> Bool[Column, "kind"]:
        """The kinds that are closed and lack this attribute."""
        kinds: Column = ~self.opens & (self.without >> attribute & 1 == 1)
        return kinds

    def despite(self, attribute: int | None = None) -> Bool[Column, "kind"]:
        """The kinds that are open although they lack this attribute, or any."""
        bits = 2 ** len(self.attributes) - 1 if attribute is None else 1 << attribute
        kinds: Column = self.opens & (self.without & bits != 0)
        return kinds

    def mended(self, bits: int) -> tuple[Bool[Column, "kind"], ...]:
        """The kinds that mending these attributes opens: as counted, for sure, and at most."""
        shut, lacks, without = ~self.opens, self.lacks, self.without
        return (
            shut & (without != 0) & (without & ~bits == 0),
            shut & (lacks != 0) & (without & ~bits == 0),
            shut & (lacks & ~bits == 0) & (without & bits != 0),
        )

    def bits(self, names: tuple[str, ...]) -> int:
        """These attributes as bits."""
        return sum(1 << self.attributes.index(name) for name in set(names))

    def named(self, bits: int) -> list[str]:
        """The attributes that these bits mean."""
        return [name for place, name in enumerate(self.attributes) if bits >> place & 1]

    def steps(self) -> list[Bool[Column, "kind"]]:
        """The kinds that lack each attribute and none before it, in the order given."""
        return [
            (self.without >> place & 1 == 1) & (self.without & ((1 << place) - 1) == 0)
            for place in range(len(self.attributes))
        ]


class Sets:
    """Which counts of a period may be shown, so that none gives a small group away.

    Every count that is told anywhere is a set of kinds of entries, so all are judged together.
    """

    def __init__(self, now: Period, mend: tuple[str, ...], rule: Threshold) -> None:
        self.public = rule.public
        self.said_of_bounds = BOUNDS if rule.public else ""
        self.visible: dict[bytes, bool] = {}
        if rule.public:
            return
        places = range(len(now.attributes))
        masks = [now.opens, now.despite(), *map(now.despite, places), *map(now.lacking, places)]
        masks += [*now.steps(), (now.without == 0) & ~now.opens]
        best = [one[0] for one in now.best[:SETS]]
        masks += [now.mended(bits)[0] for bits in (*(1 << one for one in places), *best)]
        masks.append(now.mended(now.bits(mend))[0])
        case = np.repeat(np.arange(now.entries.size), np.minimum(now.entries, max(rule.least, 1)))
        split = {mask.tobytes(): mask[case].astype(int) for mask in masks if mask.sum() > 0}
        split = {key: one for key, one in split.items() if 0 < one.sum() < one.size}
        tables = {f"{place}": one for place, one in enumerate(split.values())}
        found = shown_together(tables, np.arange(case.size), np.ones(case.size), least=rule.least)
        for place, key in enumerate(split):
            self.visible[key] = bool(found[f"{place}"].all())

    def show(self, *masks: Bool[Column, "kind"]) -> bool:
        """Whether these counts may be shown; what is nothing or all may."""
        return self.public or all(self.visible.get(one.tobytes(), False) for one in masks)

    def bounds(self, least: int, most: int) -> dict[str, Any]:
        """The bounds of a count, for a public register."""
        return {"lower": least, "upper": most, "interval": "bounds"} if self.public else {}


def _periods(
    rows: Table,
    is_open: str,
    attributes: tuple[str, ...],
    place: str | None,
    dataset: str | None,
    time: str | None,
) -> list[Period]:
    """The entries of each period, reduced to kinds."""
    rows.require(is_open, *attributes, *[one for one in (place, dataset, time) if one])
    by = [PERIOD] if time else []
    if time:
        rows = rows.periods(time)
        rows = rows.mutate(**{PERIOD: rows[time]})
    for column in (is_open, *attributes):
        rows = _states(rows, column, sure=column == is_open)
    kinds = rows.group([*by, is_open, *attributes])
    cells = None
    if place and dataset:
        cells = rows.text(place, dataset).group([*by, place, dataset])
    found = []
    for label in ordered(kinds[PERIOD]) if time else [""]:
        here = kinds[PERIOD] == label if time else np.ones(len(kinds[N]), bool)
        bits = {
            state: np.array([kinds[name][here] == state for name in attributes], int).T
            @ (1 << np.arange(len(attributes)))
            if attributes
            else np.zeros(here.sum(), int)
            for state in ("no", "unsure")
        }
        crossed = None
        if cells is not None:
            now = cells[PERIOD] == label if time else np.ones(len(cells[N]), bool)
            places, datasets = (np.unique(cells[str(one)][now]).size for one in (place, dataset))
            crossed = Grid(
                places=places,
                datasets=datasets,
                missing=places * datasets - int(now.sum()),
                repeated=int((cells[N][now] > 1).sum()),
            )
        found.append(
            Period(
                label=label,
                attributes=attributes,
                opens=kinds[is_open][here] == "yes",
                lacks=bits["no"],
                unsure=bits["unsure"],
                entries=kinds[N][here].astype(int),
                grid=crossed,
            )
        )
    return found


def _states(rows: Table, column: str, *, sure: bool) -> Table:
    """A column as yes, no or unsure."""
    import ibis

    rows = rows.text(column, gaps=True)
    cells = rows[column].lower().fill_null("")
    known = [*YES, *NO] if sure else [*YES, *NO, *UNSURE]
    if wrong := rows.where(~cells.isin(known)).count():
        raise InputError(
            f"{wrong:,} {'cell' if wrong == 1 else 'cells'}: neither yes nor no",
            file=rows.name,
            field=column,
            allowed="yes or no, true or false, 1 or 0" + ("" if sure else "; unsure, or empty"),
        )
    state = ibis.cases((cells.isin(YES), "yes"), (cells.isin(NO), "no"), else_="unsure")
    return rows.recode(column, state)


def _common(now: Period) -> dict[str, Any]:
    return {
        "of": now.label,
        "unit": "entries",
        "n_rows": now.count,
        "n_units": now.count,
        "units": "entries",
        "basis": "entries that are not open; one may lack several attributes",
        "claims": ("E15", "P12"),
    }


def _open_share(now: Period, once: Period | None, sets: Sets) -> Finding:
    words = f"{now.open:,} of {now.count:,} entries are open."
    bounds: dict[str, Any] = {}
    if now.grid is not None:
        whole = now.count + now.grid.missing
        bounds = {
            "lower": now.open / whole,
            "upper": (now.open + now.grid.missing) / whole,
            "interval": "bounds",
        }
        words += f" Cells of place by data set without an entry: {now.grid.missing:,}"
        words += f"; with more than one: {now.grid.repeated:,}." if now.grid.repeated else "."
    if once is not None and once.count < now.count:
        words += (
            f" Without the {now.count - once.count:,} rows that repeat another exactly, it is "
            f"{once.open:,} of {once.count:,}."
        )
    return said(
        sets.show(now.opens),
        **{**_common(now), "unit": "share", "basis": "entries, all together one"},
        **bounds,
        name="open_share",
        estimand="Share of entries that are open, as published.",
        estimate=now.open / now.count,
        method="counted"
        + ("; bounds: cells without an entry are closed, or open" if bounds else ", a full list"),
        says=words,
        cannot_say="Whether entries were judged rightly, and how much data or use each stands for.",
    )


def _places(now: Period, grid: Grid) -> Finding:
    return Finding(
        **{**_common(now), "unit": "places", "basis": "places with an entry"},
        name="places",
        estimand="Number of places that have an entry.",
        estimate=grid.places,
        method="counted",
        says=f"{grid.places:,} places have entries on {grid.datasets:,} data sets.",
        cannot_say="Anything on places without an entry.",
    )


def _none_closed(now: Period) -> Finding:
    return Finding(
        **_common(now),
        name="sole_barrier",
        estimand="Entries that are not open and lack one attribute alone.",
        estimate=np.nan,
        method="counted",
        says="Every entry is open.",
        cannot_say="What closes entries: none is closed.",
    )


def _barriers(now: Period, sets: Sets) -> list[Finding]:
    """What most closed entries lack, what alone closes most, and what open entries lack."""
    shut = now.count - now.open
    places = range(len(now.attributes))
    first = max(places, key=lambda one: now.many(now.lacking(one)))
    sole = max(places, key=lambda one: now.many(now.mended(1 << one)[0]))
    worst = max(places, key=lambda one: now.many(now.despite(one)))
    lacking, despite, often = now.lacking(first), now.despite(), now.despite(worst)
    alone = now.mended(1 << sole)
    counts = [now.many(one) for one in alone]
    most_often = (
        f", most often {now.attributes[worst]} ({now.many(often):,})"
        if now.many(often) and sets.show(often)
        else ""
    )
    return [
        said(
            sets.show(lacking),
            **_common(now),
            name="lacking",
            estimand="Entries that are not open and lack the attribute that most of them lack.",
            estimate=now.many(lacking),
            method="counted",
            says=f"Of {shut:,} entries that are not open, {now.many(lacking):,} lack "
            f"{now.attributes[first]}, more than lack any other attribute.",
            cannot_say="What would open them: most lack more than one attribute.",
        ),
        said(
            sets.show(alone[0]),
            **_common(now),
            name="sole_barrier",
            estimand="Entries that are not open and lack one attribute alone, for the attribute "
            "that alone closes most.",
            estimate=counts[0],
            **sets.bounds(*counts[1:]),
            method="counted" + sets.said_of_bounds,
            says=f"{now.attributes[sole]} alone is lacking in {counts[0]:,} of the {shut:,} "
            "entries that are not open.",
            cannot_say="Why it is lacking, and what it would cost to mend.",
        ),
        said(
            sets.show(despite),
            **{**_common(now), "basis": "entries that are open"},
            name="open_lacking",
            estimand="Entries that are published as open and lack one of the attributes.",
            estimate=now.many(despite),
            method="counted",
            says=f"{now.many(despite):,} of {now.open:,} open entries lack an attribute"
            f"{most_often}.",
            cannot_say="Whether the entry or the attribute is recorded wrongly.",
        ),
    ]


def _mends(now: Period, mend: tuple[str, ...], sets: Sets) -> list[Finding]:
    """The best sets of attributes to mend, and the set that was asked for."""
    found = [
        _mend(now, bits, sets, f"best {size} of {len(now.attributes)}", ties)
        for size, (bits, _, ties) in enumerate(now.best[:SETS], 1)
    ]
    if mend:
        found.append(_mend(now, now.bits(mend), sets, " and ".join(mend)))
    return found


def _mend(now: Period, bits: int, sets: Sets, of: str, ties: int = 0) -> Finding:
    kinds = now.mended(bits)
    count, low, high = (now.many(one) for one in kinds)
    tie = f" {ties} sets of that size open as many." if ties > 1 else ""
    return said(
        sets.show(kinds[0]),
        **{**_common(now), "of": f"{now.label}: {of}" if now.label else of},
        name="mend",
        estimand="Entries that are not open and would lack nothing if these attributes were mended"
        + (", for the set of that size that opens most." if ties else "."),
        estimate=count,
        **sets.bounds(low, high),
        method=("exact: every set tried" if ties else "counted") + sets.said_of_bounds,
        says=f"Mending {' and '.join(now.named(bits))} would leave {count:,} of "
        f"{now.count - now.open:,} closed entries without a lack.{tie}",
        cannot_say="That they would then be declared open: that judgement is made elsewhere.",
    )


def _series(judged: list[tuple[Period, Sets]]) -> dict[str, Columns]:
    """What the charts draw, as far as it may be shown."""
    rows: dict[str, list[dict[str, Any]]] = {"waterfall": [], "barriers": [], "mended": []}
    for now, sets in judged:
        rows["waterfall"] += _waterfall(now, sets)
        for place, name in enumerate(now.attributes):
            lacking, alone = now.lacking(place), now.mended(1 << place)[0]
            if sets.show(lacking, alone):
                rows["barriers"].append(
                    {
                        "time": now.label,
                        "attribute": name,
                        "lacking": now.many(lacking),
                        "alone": now.many(alone),
                    }
                )
        for size, (bits, count, _) in enumerate(now.best if now.closed.any() else [], 1):
            if sets.show(now.mended(bits)[0]):
                rows["mended"].append(
                    {
                        "time": now.label,
                        "attributes": size,
                        "which": ", ".join(now.named(bits)),
                        "opened": count,
                        "closed": now.count - now.open,
                    }
                )
    return {
        name: {key: np.array([one[key] for one in found]) for key in found[0]}
        for name, found in rows.items()
        if found
    }


def _hidden(
    series: Mapping[str, Columns],
    periods: list[Period],
    told: list[Period],
    attributes: tuple[str, ...],
    rule: Threshold,
) -> Iterator[Suppressed]:
    """The charts that are suppressed, wholly or in some periods or sets."""
    if rule.public or not attributes:
        return
    drawn = np.unique(series.get("waterfall", {}).get("time", np.zeros(0))).size
    few = too_few("entries", rule.least)
    if drawn < len(periods):
        why = few if not drawn else f"in {len(periods) - drawn} periods {few}"
        yield suppressed("waterfall", why, part=bool(drawn))
    closed = [one for one in periods if one.closed.any()]
    wanted = sum(len(one.best) for one in closed if one in told)
    drawn = len(series.get("mended", {}).get("time", ()))
    if closed and (drawn < wanted or not drawn):
        yield suppressed("mended", few, part=bool(drawn))


def _waterfall(now: Period, sets: Sets) -> list[dict[str, Any]]:
    """From all entries to the open ones: those that lack each attribute in turn, and no earlier."""
    steps, despite = now.steps(), now.despite()
    all_the_same = (now.without == 0) & ~now.opens
    if not now.attributes or not sets.show(*steps, despite, all_the_same, now.opens):
        return []
    rows = [("entries", now.count, "level")]
    rows += [
        (name, -now.many(kinds), "lost") for name, kinds in zip(now.attributes, steps, strict=True)
    ]
    rows.append(("open all the same", now.many(despite), "gained"))
    if now.many(all_the_same):
        rows.append(("closed all the same", -now.many(all_the_same), "lost"))
    rows.append(("open", now.open, "level"))
    return [
        {"time": now.label, "step": step, "entries": many, "kind": kind}
        for step, many, kind in rows
    ]


# --- supply --------------------------------------------------------------------------------------


def supply(
    rows: Table, holder: str, attributes: tuple[str, ...], time: str | None, rule: Threshold
) -> AuditAnswer:
    """Who offers how much, and the share of what is offered that has each attribute."""
    rows.require(holder, *attributes, *([time] if time else []))
    offers = rows.text(holder).group([holder])
    names: Column = offers[holder].astype(str)
    offered: Column = offers[N].astype(float)
    whole = int(offered.sum())
    visible = shown(offered, least=rule.least, public=rule.public)
    order = [one for one in np.lexsort((names, -offered)) if visible[one]]
    most = "; ".join(f"{names[one]} {number(offered[one] / whole)}" for one in order[:3])
    common: dict[str, Any] = {
        "n_rows": whole,
        "n_units": names.size,
        "units": plural(holder),
        "claims": ("E14", "E15"),
    }
    index, equal = float(herfindahl(offered)), float(effective_number(offered))
    findings = [
        said(
            rule.whole(names.size) and not rule.dominated(offered),
            name="supply_hhi",
            estimand=f"Concentration of what is offered: the chance that two offers taken at "
            f"random have one {holder} (Herfindahl index).",
            estimate=index,
            unit="share",
            basis="offers listed, all together one",
            method="sum of squared shares; a full list, so that there is no sampling interval",
            says=f"{names.size:,} {plural(holder)} offer {whole:,}; the index is {number(index)}, "
            f"as if {equal:.1f} offered the same. {f'Largest: {most}.' if most else ''}".strip(),
            cannot_say="Who uses what is offered: a list of offers has no edges, so nothing is "
            "said on islands; and what the list leaves out.",
            **common,
        ),
        *(_having(rows, name, whole, rule, common) for name in attributes),
    ]
    if time:
        findings.append(_batch(rows, time, whole, rule, common))
    notes = [
        "Offers are no links: components are measured from exchange lists only.",
        "The concentration of supply is no index of the model: printed, no target.",
    ]
    if not visible.all():
        notes.append(f"{int((~visible).sum())} {plural(holder)} are suppressed.")
    series: dict[str, Columns] = {}
    if order:
        series["supply"] = {"holder": names[order], "offers": offered[order].astype(int)}
    hidden: tuple[Suppressed, ...] = ()
    if not visible.all():
        many = int((~visible).sum())
        why = f"{many:,} {plural(holder)} have fewer than {rule.least} offers, or could be had by "
        hidden = (suppressed("supply", f"{why}subtraction", part=bool(order)),)
    return AuditAnswer(f"Supply by {holder}", findings, series, notes, suppressed=hidden)


def _having(
    rows: Table, attribute: str, whole: int, rule: Threshold, common: Mapping[str, Any]
) -> Finding:
    state = _states(rows, attribute, sure=False).group([attribute])
    count = dict(zip(state[attribute].tolist(), state[N].tolist(), strict=True))
    having, unsure = int(count.get("yes", 0)), int(count.get("unsure", 0))
    return said(
        rule.part(having, whole) and rule.part(having + unsure, whole),
        name="attribute_share",
        of=attribute,
        estimand=f"Share of what is offered that has {attribute}.",
        estimate=having / whole,
        lower=having / whole,
        upper=(having + unsure) / whole,
        interval="bounds",
        unit="share",
        basis="offers listed, all together one",
        method="counted; bounds: what is unsure or empty has it, or has it not",
        says=f"{attribute}: {having:,} of {whole:,} offers, {number(having / whole)}.",
        cannot_say="Whether it is of use, and whether anybody uses the offer.",
        **common,
    )


def _batch(
    rows: Table, time: str, whole: int, rule: Threshold, common: Mapping[str, Any]
) -> Finding:
    """The month in which most was added."""
    dated = rows.dates(time)
    months = dated.mutate(**{PERIOD: dated[time].cast("string").substr(0, 7)}).group([PERIOD])
    largest = int(np.argmax(months[N]))
    many, month = int(months[N][largest]), str(months[PERIOD][largest])
    show = rule.part(many, whole)
    return said(
        show,
        name="largest_month",
        of=month if show else "",
        estimand="Offers added in the month in which most were added.",
        estimate=many,
        unit="offers",
        basis="offers listed",
        method="counted by month",
        says=f"{many:,} of {whole:,} were added in {month}.",
        cannot_say="A trend: the day on which an offer was listed is not the day it began.",
        **common,
    )
