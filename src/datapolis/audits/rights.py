"""How far a right is met, where and when that was measured at all, and whether it changes.

A table speaks of one right, to know, to participate, to express or to supervise, in one of three
ways, and keeps its own scale:

    score     a number for each unit and period, such as an expert's score of a country
    entries   rows that have a property or not, such as data sets looked at that are open
    counts    how many of how many, such as requests that were granted in full

**Coverage first.** The first answer is where there is a value: unit by period. Nothing is carried
forward or filled in, and rights that were not measured in the same years and places are not added
up.

**Change.** A list that grows changes by itself. The level of all rows is told beside that of the
units that are there in every year, and only of these is a change told with an interval:

    scores, entries   mean over units of last less first value, each unit counting once
    counts            sum(yes)/sum(of) of the last year less that of the first; and the slope b of
                      logit p = a + b t over the cells of unit and period, quasi-binomial

Errors are those between units, never between rows or requests: each unit is left out in turn
(`datapolis.statistics.inference.trends`). The units are all there are, so an interval says how far
the change depends on which of them it is seen in, not how well it was counted.

**Two sources.** Scales differ, so ranks are compared, within a period: Spearman's correlation over
the units that both have, tested by permutation; its interval is that of Bonett and Wright (2000),

    tanh(artanh r -/+ 1.96 sqrt((1 + r^2/2)/(n - 3)))

Countries meet on codes, never on names where there is a code; `NA` is Namibia.

Sources: Spearman (1904); Phipson and Smyth (2010); F22, docs/model.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add, and_
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import numpy as np

from datapolis.audits.data_quality import keys_doubted
from datapolis.audits.dependencies import Needs
from datapolis.audits.disclosure_control import countable
from datapolis.audits.finding import (
    Audit,
    Columns,
    Finding,
    Target,
    audit,
    choice,
    without_rows,
)
from datapolis.audits.options import (
    MIN_GROUP,
    Draws,
    Drop,
    Duplicates,
    MinGroup,
    Public,
    Seed,
)
from datapolis.audits.privacy import ITS_VALUE, SUPPRESSED, dominant
from datapolis.audits.suppressed import NAMED, Suppressed, suppressed, too_few
from datapolis.core.errors import InputError, nearest
from datapolis.statistics.inference.ranks import spearman_test
from datapolis.statistics.inference.resampling import DRAWS
from datapolis.statistics.inference.trends import (
    Estimate,
    LogitTrend,
    logit_trend,
    mean_slope,
    paired_change,
)
from datapolis.tables import N, Source, Table, derived, open_table
from datapolis.tables.totals import without_totals

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = Any  # a NumPy array; the indicators are typed for those of JAX

Right = Literal["know", "participate", "express", "supervise"]
RIGHTS: tuple[str, ...] = get_args(Right)
CLAIMS = {"know": "R2", "participate": "R3", "express": "R4", "supervise": "R5"}
NOTHING: Mapping[str, str] = MappingProxyType({})

FEWEST = 5  # units below which nothing is said of change or agreement
CODE = re.compile(r"[A-Za-z]{2,3}")
PERIOD_NAME = derived("period")  # a column for tables that speak of one period
PERIOD = re.compile(r"(\d{4})(?:\.0+)?(?:-(\d{2}))?(?:-(\d{2}))?")

CANNOT_SAY = {
    "score": "A score is a judgement on its own scale: it is no share of people who enjoy the "
    "right, and is not compared with another scale.",
    "entries": "What was looked at is a chosen list, not people: whether anybody uses it stays "
    "open.",
    "counts": "It speaks of those who asked, not of those who did not, nor of what was asked. "
    "Merged and renamed units break their series.",
}
NO_SAMPLE = "no interval: all rows there are"
OFFERED = (
    "the right as met for those who use it, {yes} of {of} pooled over {which}: divide the index "
    "by the mean over citizens of access * (.5 + .5 max(awareness, awake)), so that those who do "
    "not ask do not count"
)
NO_TARGET = {
    "score": "No target: a score on a scale of its own is not the share of a right that citizens "
    "enjoy, which is what the index `rights` measures.",
    "entries": "No target: a share of things looked at is not the share of a right that citizens "
    "enjoy, which is what the index `rights` measures.",
    "counts": "No target, as asked (target = False).",
}


@audit(amount=("score", "of"), unit="unit", period="time")
def rights(
    table: Source,
    other: Source | None = None,
    *,
    right: Annotated[Right, "the right that the table speaks of"],
    unit: Annotated[str, "column of the units: country codes, bodies"],
    time: Annotated[Sequence[str], "column of the year, or two: year,quarter or year,month"] = (
        "year",
    ),
    score: Annotated[str, "column of a score, kept on its own scale"] = "",
    yes: Annotated[
        Sequence[str], "columns of how many had the right met, added up; or column=value"
    ] = (),
    of: Annotated[Sequence[str], "columns of how many there were, added up; none: rows"] = (),
    minus: Annotated[Sequence[str], "columns to take off what there were"] = (),
    entry: Annotated[str, "column that tells the rows of one unit and period apart"] = "",
    against: Annotated[
        Mapping[str, str],
        "columns of the other table where they differ: unit, time, score, yes, of, entry; or "
        "period, the one it speaks of",
        Needs("other"),
    ] = NOTHING,
    target: Annotated[
        bool, "emit shares as targets: each of `of` is an attempt to use the right"
    ] = True,
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    seed: Seed = 0,
    draws: Draws = DRAWS,
) -> Audit:
    """How far a right is met by unit and period: coverage, levels, change, agreement.

    `drop` is for the first table, `duplicates` for both. Raises InputError where counts contradict
    each other, where a unit stands twice in a period without an `entry` that tells its rows apart,
    and where countries would be joined by name although there is a code.
    """
    choice("right", right, RIGHTS)
    reading = _reading(unit, time, score, yes, of, minus, entry)
    rows = open_table(table, drop=drop, duplicates=duplicates)
    grid = _read(rows, reading)
    view = RightsGrid(grid, right, public, 1 if public else min_group)
    findings = [_coverage(view), *_levels(view), *_changes(view)]
    trends = _trends(view)
    findings += _told_trends(view, trends)
    source, read = rows.provenance, rows.notes
    few = 0 < grid.gap_units < view.least  # would be the rows less those with a value
    if few or not view.rows_safe[0].all():
        source, read = without_rows(source, read)
    notes = [*read, *_notes(view)]
    inputs = [source]
    if other is not None:
        others = open_table(other, duplicates=duplicates, name="" if _named(other) else "other")
        found, said = _agreement(view, rows, others, _reading_of(reading, against), seed, draws)
        findings += found
        notes += [*others.notes, *said]
        inputs.append(others.provenance)
    emitted = tuple(_targets(view, trends, rows.sha256)) if target else ()
    if not emitted:
        notes.append(NO_TARGET[reading.kind])
    return Audit(
        kind="rights",
        title=f"The right to {right}: {reading.label}",
        findings=tuple(findings),
        targets=emitted,
        series=_series(view, trends),
        suppressed=tuple(_not_drawn(view)),
        notes=tuple(notes),
        inputs=tuple(inputs),
    )


def together(*audits: Audit) -> Audit:
    """Audits of several rights side by side, under one grid of coverage: right by year.

    Findings keep their names; what they are of begins with the right and the column. Nothing is
    added up over rights.
    """
    if not audits:
        raise InputError("no audit", field="together", allowed="one audit or more")
    audits = _told_apart(audits)
    labels = [str(one.series["coverage"]["label"][0]) for one in audits]
    findings = [_meeting(audits)]
    for label, one in zip(labels, audits, strict=True):
        findings += [
            replace(found, of=f"{label}: {found.of}" if found.of else label)
            for found in one.findings
        ]
    names = dict.fromkeys(name for one in audits for name in one.series)
    series = {
        name: {
            column: np.concatenate(
                [np.asarray(one.series[name][column]) for one in audits if name in one.series]
            )
            for column in next(one.series[name] for one in audits if name in one.series)
        }
        for name in names
    }
    return Audit(
        kind="rights",
        title="The four rights, as far as they are measured",
        findings=tuple(findings),
        targets=tuple(target for one in audits for target in one.targets),
        series=series,
        suppressed=_joined(audits, series),
        notes=tuple(dict.fromkeys(note for one in audits for note in one.notes)),
        inputs=tuple(entry for one in audits for entry in one.inputs),
    )


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """Which columns of a table say what."""

    unit: str
    time: tuple[str, ...]
    score: str = ""
    yes: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    entry: str = ""
    period: str = ""  # the one period of a table without a column of time

    @property
    def kind(self) -> str:
        """Whether it holds scores, entries or counts."""
        return "score" if self.score else "counts" if self.of else "entries"

    @property
    def label(self) -> str:
        """What is measured, in the names of the table."""
        whole = " - ".join([" + ".join(self.of), *self.minus])
        return self.score or (f"{' + '.join(self.yes)} of {whole}" if whole else self.yes[0])

    @property
    def level(self) -> str:
        """What a level is, in words."""
        return {
            "score": f"The mean {self.score}, on its own scale, each unit counting once",
            "entries": f"The share of rows with {self.label} in a unit, each unit counting once",
            "counts": f"The share {self.label}, pooled over units",
        }[self.kind]

    @property
    def basis(self) -> str:
        """What sums to one."""
        return {
            "score": "nothing sums to one: a score on its own scale",
            "entries": "the rows of each unit and period",
            "counts": f"{' + '.join(self.of)}{''.join(f' less {one}' for one in self.minus)}",
        }[self.kind]

    @property
    def scale(self) -> str:
        """The unit of a level."""
        return "own scale" if self.kind == "score" else "share"

    def words(self, level: float, sign: bool = False) -> str:
        """A level as it is written."""
        digits = ".3f" if self.kind == "score" or sign else ".1%"
        return f"{level:{'+' if sign else ''}{digits}}"


def _names(given: Any) -> tuple[str, ...]:
    """Names given as a list, or as text with commas."""
    listed = given.split(",") if isinstance(given, str) else list(given or ())
    return tuple(name.strip() for name in listed if name.strip())


def _named(source: Any) -> bool:
    """Whether a table brings a name of its own."""
    return isinstance(source, Table) or hasattr(source, "__fspath__") or isinstance(source, str)


def _reading(
    unit: str, time: Any, score: str, yes: Any, of: Any, minus: Any, entry: str, period: str = ""
) -> Reading:
    reading = Reading(
        unit, _names(time), score, _names(yes), _names(of), _names(minus), entry, period
    )
    if bool(score) == bool(reading.yes):
        raise InputError(
            "either a score or a count is measured",
            field="score, yes",
            value=(score, ",".join(reading.yes)),
            allowed="score=column, or yes=column with of=column, or yes=column=value",
        )
    if score and (reading.of or reading.minus):
        raise InputError("a score is no part of a whole", field="of", allowed="nothing with score")
    if reading.minus and not reading.of:
        raise InputError("nothing to take off from", field="minus", allowed="of=column")
    conditions = sum("=" in one for one in reading.yes)
    if conditions and (reading.of or len(reading.yes) > 1):
        raise InputError(
            "rows with a value are parts of rows",
            field="yes",
            value=",".join(reading.yes),
            allowed="one column=value, without of",
        )
    if not reading.of and len(reading.yes) > 1:
        raise InputError(
            "several counts and no whole", field="of", allowed="the columns that they are part of"
        )
    if not 1 <= len(reading.time) <= 2 and not period:
        raise InputError(
            "one or two columns", field="time", value=",".join(reading.time), allowed="year,quarter"
        )
    return reading


def _reading_of(first: Reading, against: Mapping[str, str]) -> Reading:
    """The same reading of the other table, but for what `against` says."""
    allowed = ("unit", "time", "score", "yes", "of", "minus", "entry", "period")
    for key in against:
        if key not in allowed:
            raise InputError(
                "no such choice",
                field="against",
                value=key,
                allowed=", ".join(allowed),
                nearest=nearest(key, allowed),
            )
    given = {
        key: getattr(first, key) for key in ("unit", "time", "score", "yes", "of", "minus", "entry")
    }
    if any(key in against for key in ("score", "yes")):
        given |= {"score": "", "yes": (), "of": (), "minus": ()}
        given["entry"] = ""
    return _reading(**{**given, "period": "", **against})


@dataclass(frozen=True, eq=False)
class Grid:
    """What a table says of each unit in each period.

    part/whole is the value of a cell; a whole of 0 is a cell without a value. Scores and entries
    have the number of rows as whole.
    """

    reading: Reading
    units: Column
    periods: list[str]  # the finest there are: "2010 Q1"
    moments: Float[Column, "period"]  # in years
    years: list[str]
    year: Int[Column, "period"]  # which of the years a period lies in
    part: Float[Column, "unit period"]
    whole: Float[Column, "unit period"]
    rows: Float[Column, "unit period"]  # with a value
    n_gaps: int  # rows without one
    gap_units: int  # units with such a row

    def by_year(self, values: Float[Column, "unit period"]) -> Float[Column, "unit year"]:
        """Sums over the periods of each year."""
        return values @ (self.year[:, None] == np.arange(len(self.years))).astype(float)

    def levels(self, by_year: bool) -> tuple[Column, Column]:
        """Parts and wholes of units whose sums over units, divided, are the level.

        Units count by what was asked of them if these are counts, else once each.
        """
        part, whole = self.part, self.whole
        if by_year:
            part, whole = self.by_year(part), self.by_year(whole)
        if self.reading.kind == "counts":
            return part, whole
        known = whole > 0
        return np.where(known, part / np.where(known, whole, 1.0), 0.0), known.astype(float)


def _read(rows: Table, reading: Reading) -> Grid:
    """The cells of a table: one for each unit and period."""
    import ibis

    if reading.period:
        rows = rows.mutate(**{PERIOD_NAME: ibis.literal(reading.period)})
        reading = replace(reading, time=(PERIOD_NAME,))
    rows.require(reading.unit)
    rows = _text(rows, reading.unit).text(*reading.time).days_written(*reading.time)
    rows, part, whole, known = _cells(rows, reading)
    keys = list(dict.fromkeys([reading.unit, *reading.time]))
    entry = [reading.entry] if reading.entry else []
    unlike = open_table(rows, duplicates="drop") if rows.n_duplicates else rows
    unlike.check_unique(
        *keys,
        *entry,
        allowed="each once; rows of one unit and period need a column that tells them apart "
        "(entry), rows that repeat another are dropped with duplicates = drop",
    )
    cells = rows.group(
        keys,
        part=known.ifelse(part, 0.0).sum(),
        whole=known.ifelse(whole, 0.0).sum(),
        known=known.ifelse(1, 0).sum(),
    )
    return _grid(rows.name, reading, cells)


def _text(rows: Table, column: str) -> Table:
    """The table with the units as text, none of them empty."""
    try:
        return rows.text(column)
    except InputError as error:
        raise InputError(
            error.problem,
            file=rows.name,
            field=column,
            allowed="text in every row; Namibia's code is NA: read data frames with "
            "keep_default_na=False, or give the file itself",
        ) from None


def _cells(rows: Table, reading: Reading) -> tuple[Table, Any, Any, Any]:
    """Part and whole of each row, and whether it has them, as expressions."""
    import ibis

    one = ibis.literal(1.0)
    if reading.score:
        rows = rows.numbers(reading.score, gaps=True)
        return rows, rows[reading.score], one, rows[reading.score].notnull()
    if not reading.of:
        column, equals, value = reading.yes[0].partition("=")
        if not equals:
            rows = rows.numbers(column, least=0, most=1, gaps=True)
            return rows, rows[column], one, rows[column].notnull()
        rows = rows.text(column, gaps=True)
        if not rows.where((rows[column] == value).fill_null(False)).count():
            raise InputError("no row has this value", file=rows.name, field=column, value=value)
        return rows, (rows[column] == value).cast("float64"), one, rows[column].notnull()
    columns = list(dict.fromkeys([*reading.yes, *reading.of, *reading.minus]))
    rows = rows.numbers(*columns, least=0, gaps=True)
    rows = without_totals(rows, [reading.unit], reading.of[0])
    known = reduce(and_, (rows[column].notnull() for column in columns))
    part = reduce(add, (rows[column] for column in reading.yes))
    whole = reduce(add, (rows[column] for column in reading.of))
    for column in reading.minus:
        whole = whole - rows[column]
    wrong = rows.where((known & ((part > whole) | (whole < 0))).fill_null(False)).count()
    if wrong:
        raise InputError(
            f"{wrong:,} {'row has' if wrong == 1 else 'rows have'} more than there were",
            file=rows.name,
            field=",".join(reading.yes),
            allowed=f"at most {reading.basis}, and that not below 0",
        )
    return rows, part, whole, known


def _grid(file: str, reading: Reading, cells: Columns) -> Grid:
    labels, moments, years = _periods(file, reading, cells)
    value = np.asarray(cells[derived("known")]) > 0
    if not value.any():
        raise InputError("no row has a value", file=file, field=reading.label)
    units, unit = np.unique(np.asarray(cells[reading.unit], str), return_inverse=True)
    order = np.unique(moments)
    period = np.searchsorted(order, moments)
    first = np.unique(period, return_index=True)[1]
    year_names, year = np.unique(years[first], return_inverse=True)
    shape = units.size, order.size
    filled = {}
    gaps = np.asarray(cells[N]) - np.asarray(cells[derived("known")])
    for name in ("part", "whole", "known"):
        filled[name] = np.zeros(shape)
        np.add.at(filled[name], (unit, period), np.asarray(cells[derived(name)], float))
    return Grid(
        reading=reading,
        units=units,
        periods=[str(labels[place]) for place in first],
        moments=order,
        years=[str(name) for name in year_names],
        year=year,
        part=filled["part"],
        whole=filled["whole"],
        rows=filled["known"],
        n_gaps=int(gaps.sum()),
        gap_units=int(np.unique(unit[gaps > 0]).size),
    )


def _periods(file: str, reading: Reading, cells: Columns) -> tuple[Column, Column, Column]:
    """Label, moment in years and year (or the only column's period) of each cell."""
    first = np.asarray(cells[reading.time[0]], str)
    known, place = np.unique(first, return_inverse=True)
    found = [PERIOD.fullmatch(text) for text in known]
    parts = [
        (int(one[1]), int(one[2] or 1), int(one[3] or 1)) if one else (0, 0, 0) for one in found
    ]
    wrong = sum(not (year and 1 <= month <= 12 and 1 <= day <= 31) for year, month, day in parts)
    if wrong:
        raise InputError(
            f"{wrong:,} {'period is' if wrong == 1 else 'periods are'} not understood",
            file=file,
            field=reading.time[0],
            allowed="2014, 2014-06 or 2014-06-27",
        )
    moment = np.array([year + (month - 1) / 12 + (day - 1) / 372 for year, month, day in parts])
    years = np.array([text.partition(".")[0] for text in known])
    if len(reading.time) == 1:
        return years[place], moment[place], years[place]
    column = reading.time[1]
    monthly = "month" in column.lower()
    most = 12 if monthly else 4
    try:
        within = np.asarray(cells[column], float)
    except ValueError:
        within = np.full(place.size, np.nan)
    if not np.isin(within, np.arange(1, most + 1)).all():
        raise InputError(
            "is no part of a year",
            file=file,
            field=column,
            allowed=f"1 to {most}; a column of months has month in its name",
        )
    mark = "-{:02.0f}" if monthly else " Q{:.0f}"
    labels = np.array(
        [f"{year}{mark.format(part)}" for year, part in zip(years[place], within, strict=True)]
    )
    return labels, moment[place] + (within - 1) / most, years[place]


# --- who is there, and who may be shown ----------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RightsGrid:
    """A grid with what is told of it."""

    grid: Grid
    right: str
    public: bool
    least: int

    @property
    def reading(self) -> Reading:
        return self.grid.reading

    @property
    def throughout(self) -> Bool[Column, "unit"]:
        """The units with a value in every year in which any has one."""
        whole = self.grid.levels(by_year=True)[1]
        return (whole[:, (whole > 0).any(axis=0)] > 0).all(axis=1)

    @property
    def several(self) -> bool:
        """Whether there are years to compare."""
        return int((self.grid.levels(by_year=True)[1] > 0).any(axis=0).sum()) > 1

    @cached_property
    def counted(self) -> frozenset[str]:
        """Which numbers of units may be published, so that none of few units follows from them.

        Units of each year, of each period within a year, of any year, of every year, listed.
        """
        grid = self.grid
        by_year = grid.levels(by_year=True)[1] > 0
        inside = grid.levels(by_year=False)[1] > 0
        filled = np.flatnonzero(by_year.any(axis=0))
        parts = {f"in {grid.years[at]}": by_year[:, at] for at in filled}
        if inside.shape != by_year.shape:
            parts |= {f"in {name}": inside[:, at] for at, name in enumerate(grid.periods)}
        parts |= {
            "any": by_year.any(axis=1),
            "always": self.throughout,
            "ends": by_year[:, filled[[0, -1]]].any(axis=1),
            "complete": (inside | ~inside.any(axis=0)).all(axis=1),
            "listed": np.ones(grid.units.size, bool),
        }
        return countable(parts, np.arange(grid.units.size), least=self.least, whole=False)

    @cached_property
    def rows_safe(self) -> tuple[Column, Column]:
        """In which years rows may be counted, of all units and of those throughout.

        A number of rows is a sum over units: none of them may dominate it (p % rule), nor what it
        leaves of another one.
        """
        grid = self.grid
        always = self.throughout
        sums = (grid.by_year(grid.rows), *self._entries)
        found = [
            np.all([self._undominated(one[units]) for one in sums], axis=0)
            for units in (np.ones(always.size, bool), always, ~always)
        ]
        nobody = ~(grid.by_year(grid.rows)[~always] > 0).any(axis=0)
        return found[0], found[1] & (nobody | found[2] | ~found[0])

    @property
    def _entries(self) -> tuple[Column, ...]:
        return (self.grid.by_year(self.grid.part),) if self.reading.kind == "entries" else ()

    def _undominated(self, amounts: Float[Column, "unit year"]) -> Column:
        """In which years no unit has nearly all; where units have a row each there is nothing."""
        if self.public or self.reading.kind != "entries" or amounts.shape[0] < 2:
            return np.ones(amounts.shape[1], bool)
        second, largest = np.sort(amounts, axis=0)[-2:]
        total = amounts.sum(axis=0)
        return (total == 0) | ~dominant(largest, second, total)

    def size(self, part: str, rows: int, units: int, *, safe: bool = True) -> dict[str, int]:
        """Rows and units of a finding; 0, which is not told, where few units would follow."""
        told = part in self.counted
        return {"n_rows": rows if told and safe else 0, "n_units": units if told else 0}

    def over(self, part: str, units: int) -> str:
        """How many units, in words, if that may be published."""
        return f"{units:,} units" if part in self.counted else "the units"

    def told(
        self, part: Float[Column, "unit period"], whole: Float[Column, "unit period"]
    ) -> tuple[Column, Column]:
        """In which periods the level of all units, and of those throughout, may be shown.

        The rest is had by subtraction where both are: then it must be safe too.
        """
        always = self.throughout
        every, kept, rest = (
            self._large(part[units], whole[units])
            for units in (np.ones(always.size, bool), always, ~always)
        )
        nobody = ~(whole[~always] > 0).any(axis=0)
        return every & (nobody | rest | ~kept), kept

    def told_inside(self) -> tuple[Column, Column]:
        """The same for the finest periods, where those of a year do not give few units away.

        A year less the periods in it tells of the units that lack one of these.
        """
        grid = self.grid
        part, whole = grid.levels(by_year=False)
        every, kept = self.told(part, whole)
        if self.public or len(grid.periods) == len(grid.years):
            return every, kept
        there = whole > 0
        in_year = there @ (grid.year[:, None] == np.arange(len(grid.years))) > 0
        away = [
            ((in_year[:, grid.year] & ~there)[units].sum(axis=0), told)
            for units, told in ((slice(None), every), (self.throughout, kept))
        ]
        found = []
        for lacking, told in away:
            safe = told & ((lacking == 0) | (lacking >= self.least))
            whole_year = np.array([safe[grid.year == year].all() for year in grid.year])
            found.append(safe & whole_year)
        return found[0], found[1]

    def _size(self, whole: Float[Column, "unit period"]) -> Column:
        units = (whole > 0).sum(axis=0)
        people = whole.sum(axis=0) if self.reading.kind == "counts" else units
        return np.minimum(units, people)

    def _large(
        self, part: Float[Column, "unit period"], whole: Float[Column, "unit period"]
    ) -> Column:
        if self.public:
            return (whole > 0).any(axis=0)
        large = self._size(whole) >= self.least
        added = {"counts": (part, whole), "score": (np.abs(part),), "entries": ()}
        for amounts in added[self.reading.kind] if whole.shape[0] > 1 else ():
            second, largest = np.sort(amounts, axis=0)[-2:]
            large = large & ~dominant(largest, second, amounts.sum(axis=0))
        return large

    def finding(self, name: str, **given: Any) -> Finding:
        """A finding about this right; nan stands for what is suppressed or cannot be said."""
        shared: dict[str, Any] = {
            "unit": self.reading.scale,
            "units": f"units ({self.reading.unit})",
            "basis": self.reading.basis,
            "cannot_say": CANNOT_SAY[self.reading.kind],
            "claims": (CLAIMS[self.right],),
        }
        return Finding(name=name, **{**shared, **given})

    def suppressed(self, name: str, estimand: str, of: str = "") -> Finding:
        """A finding of a group that is too small to be shown."""
        return self.finding(
            name,
            of=of,
            estimand=estimand,
            estimate=np.nan,
            method="not shown",
            says="Suppressed.",
            cannot_say=ITS_VALUE,
        )


def _coverage(view: RightsGrid) -> Finding:
    """How much of the grid of units and years has a value."""
    grid = view.grid
    part, whole = grid.levels(by_year=True)
    there = whole > 0
    estimand = (
        f"The share of cells, unit by year, in which the right to {view.right} was measured "
        f"({view.reading.label})."
    )
    every, _ = view.told(part, whole)
    units, cells = int(there.any(axis=1).sum()), int(there.sum())
    years = {f"in {year}" for year, any_ in zip(grid.years, there.any(axis=0), strict=True) if any_}
    if not every[there.any(axis=0)].all() or not view.counted >= {*years, "any", "listed"}:
        return view.suppressed("coverage", estimand)
    span = grid.years[0] if len(grid.years) == 1 else f"{grid.years[0]} to {grid.years[-1]}"
    always = int(view.throughout.sum())
    return view.finding(
        "coverage",
        estimand=estimand,
        estimate=cells / there.size,
        unit="share",
        n_rows=int(grid.rows.sum()) if view.rows_safe[0].all() else 0,
        n_units=units,
        basis="cells of the grid, unit by year",
        method="cells with a value over all cells; nothing carried forward, nothing filled in",
        says=f"{grid.units.size:,} units in {len(grid.years):,} years ({span}): {cells:,} of "
        f"{there.size:,} cells have a value"
        + (f"; {always:,} units have one in every year." if "always" in view.counted else "."),
        cannot_say="Anything of the cells without a value, or of units that are not listed.",
    )


# --- levels and changes --------------------------------------------------------------------------


def _levels(view: RightsGrid) -> Iterator[Finding]:
    """The level of each year, of all rows and of the units that are there throughout."""
    grid = view.grid
    part, whole = grid.levels(by_year=True)
    told = dict(zip(("level", "level_throughout"), view.told(part, whole), strict=True))
    rows, entries = grid.by_year(grid.rows), grid.by_year(grid.part)
    for name, of_units in (
        ("level", np.ones(grid.units.size, bool)),
        ("level_throughout", view.throughout),
    ):
        if name == "level_throughout" and not view.several:
            continue
        who = "all rows" if name == "level" else "units there in every year"
        for place, year in enumerate(grid.years):
            here = of_units & (whole[:, place] > 0)
            estimand = f"{view.reading.level}, {year}, {who}."
            if not here.any():
                continue
            if not told[name][place]:
                yield view.suppressed(name, estimand, year)
                continue
            level = float(part[here, place].sum() / whole[here, place].sum())
            many, safe = int(here.sum()), bool(view.rows_safe[name != "level"][place])
            counted = f"in {year}" if name == "level" else "always"
            yield view.finding(
                name,
                of=year,
                estimand=estimand,
                estimate=level,
                **view.size(counted, int(rows[here, place].sum()), many, safe=safe),
                method=f"{who}; {NO_SAMPLE}",
                says=f"{year}: {view.reading.words(level)} ({view.reading.label}) over "
                f"{view.over(counted, many)}, {who}.",
            )
            if name == "level" and view.reading.kind == "entries":
                if not safe:
                    what = f"The share of all rows with {view.reading.label}, {year}."
                    yield view.suppressed("share_of_rows", what, year)
                    continue
                met, all_ = float(entries[here, place].sum()), int(rows[here, place].sum())
                yield view.finding(
                    "share_of_rows",
                    of=year,
                    estimand=f"The share of all rows with {view.reading.label}, {year}.",
                    estimate=met / all_,
                    n_rows=all_,
                    n_units=many if counted in view.counted else 0,
                    basis="all rows of the period",
                    method=NO_SAMPLE,
                    says=f"{year}: {met:,.0f} of {all_:,} rows, {met / all_:.1%}.",
                )


def _changes(view: RightsGrid) -> Iterator[Finding]:
    """From the first to the last year: on all rows, on the same units, and what lies between."""
    if not view.several:
        return
    part, whole = view.grid.levels(by_year=True)
    filled = np.flatnonzero((whole > 0).any(axis=0))
    ends = [int(filled[0]), int(filled[-1])]
    first, last = (view.grid.years[end] for end in ends)
    part, whole = part[:, ends], whole[:, ends]
    every, kept = view.told(part, whole)
    span = f"from {first} to {last}"
    stays = view.throughout
    estimand = f"{view.reading.level}: its change {span}"
    all_change = np.nan
    if every.all():
        levels = part.sum(axis=0) / whole.sum(axis=0)
        all_change = float(levels[1] - levels[0])
        counts = (whole > 0).sum(axis=0)
        yield view.finding(
            "change",
            of=f"{first} to {last}",
            estimand=f"{estimand}, all rows.",
            estimate=all_change,
            **view.size("ends", int(counts.sum()), int((whole > 0).any(axis=1).sum())),
            method="last level less first, whoever is listed; no interval: the units differ",
            says=f"On all rows it moves by {view.reading.words(all_change, True)} {span}"
            + (
                f", while the list goes from {counts[0]:,} to {counts[1]:,} units."
                if view.counted >= {f"in {first}", f"in {last}"}
                else "."
            ),
            cannot_say="Whether anything changed: other units are listed in the two years.",
        )
    else:
        yield view.suppressed("change", f"{estimand}, all rows.", f"{first} to {last}")
    estimand = f"{estimand}, in the units there in every year."
    if not kept.all() and stays.sum() >= max(FEWEST, view.least):
        yield view.suppressed("change_throughout", estimand, f"{first} to {last}")
        return
    if stays.sum() < max(FEWEST, view.least):
        yield _too_few(view, "change_throughout", estimand, f"{first} to {last}")
        return
    found = paired_change(part[stays], whole[stays])
    most = np.inf if view.reading.kind == "score" else 1.0  # two shares are at most 1 apart
    yield view.finding(
        "change_throughout",
        of=f"{first} to {last}",
        estimand=estimand,
        estimate=found.value,
        **_interval(found, most),
        **view.size("always", 2 * found.units, found.units),
        method="paired: the same units in both years; error from leaving out one unit at a time",
        says=_paired_words(view, found, most, all_change, span),
        cannot_say=f"Why it changed. {CANNOT_SAY[view.reading.kind]}",
    )


def _paired_words(
    view: RightsGrid, found: Estimate, most: float, all_change: float, span: str
) -> str:
    words = view.reading.words
    lower, upper = np.clip(found.interval, -most, most)
    who = f"{found.units:,} " if "always" in view.counted else ""
    beyond = "beyond chance" if lower > 0 or upper < 0 else "not beyond chance"
    says = (
        f"In the {who}units there throughout it moves by {words(found.value, True)} "
        f"{span} (se {found.error:.3f}, 95 % {words(lower, True)} to {words(upper, True)}): "
        f"{beyond}."
    )
    if np.isfinite(all_change) and abs(all_change - found.value) > found.error:
        says += (
            f" On all rows it is {words(all_change, True)}: the rest is who is listed, not what "
            "changed."
        )
    return says


def _interval(found: Estimate, most: float = np.inf) -> dict[str, Any]:
    """An interval and a p value, if there is an error to make them from; `most`: its ends' size."""
    lower, upper = np.clip(found.interval, -most, most)
    if not np.isfinite(lower):
        return {}
    return {"lower": lower, "upper": upper, "interval": "sampling", "p_value": found.p_value}


def _too_few(view: RightsGrid, name: str, estimand: str, of: str) -> Finding:
    return view.finding(
        name,
        of=of,
        estimand=estimand,
        estimate=np.nan,
        method="none",
        says="Nothing is said of change.",
        cannot_say=f"Fewer than {max(FEWEST, view.least)} units are there in every year.",
    )


def _trends(view: RightsGrid) -> dict[str, Estimate | None]:
    """Slopes a year: of the logit for counts, of the value for the rest; what may be shown."""
    grid = view.grid
    part, whole = grid.levels(by_year=False)
    filled = (whole > 0).any(axis=0)
    if not view.several or filled.sum() < 3:
        return {}
    every, kept = view.told(part, whole)
    stays = view.throughout
    found: dict[str, Estimate | None] = {}
    if view.reading.kind == "counts":
        if every[filled].all():
            found["trend"] = _logit(grid, np.ones(grid.units.size, bool))
        if kept[filled].all() and stays.sum() >= FEWEST:
            found["trend_throughout"] = _logit(grid, stays)
        return found
    complete = stays & (whole[:, filled] > 0).all(axis=1)
    large = complete.sum() >= max(FEWEST, view.least)
    rest = int(stays.sum() - complete.sum())
    if large and (view.public or rest == 0 or rest >= view.least):
        found["trend_throughout"] = mean_slope(part[complete][:, filled], grid.moments[filled])
    return found


def _logit(grid: Grid, of_units: Bool[Column, "unit"]) -> LogitTrend | None:
    unit, period = np.nonzero((grid.whole > 0) & of_units[:, None])
    if np.unique(unit).size < FEWEST:
        return None
    return logit_trend(
        grid.part[unit, period], grid.whole[unit, period], grid.moments[period], unit
    )


def _told_trends(view: RightsGrid, trends: Mapping[str, Estimate | None]) -> Iterator[Finding]:
    grid = view.grid
    span = f"{grid.years[0]} to {grid.years[-1]}"
    there = grid.whole > 0
    for name, found in trends.items():
        cells = there if name == "trend" else there[view.throughout]
        part = "any" if name == "trend" else "always"
        if view.reading.kind != "counts":
            part = "complete"
        size = view.size(part, int(cells.sum()), found.units) if found is not None else {}
        who = "all rows" if name == "trend" else "units there in every year"
        counts = view.reading.kind == "counts"
        what = f"logit of the share {view.reading.label}" if counts else view.reading.level
        estimand = f"The slope a year of the {what}, {span}, {who}."
        if not counts:
            estimand = f"{what}: its slope a year, {span}, {who}."
        if found is None:
            yield view.finding(
                name,
                of=span,
                estimand=estimand,
                estimate=np.nan,
                unit="logit a year",
                method="none",
                says="No slope is told.",
                cannot_say=f"There is no finite slope, or there are fewer than {FEWEST} units.",
            )
            continue
        yield view.finding(
            name,
            of=span,
            estimand=estimand,
            estimate=found.value,
            **_interval(found),
            unit="logit a year" if counts else f"{view.reading.scale} a year",
            **size,
            method=_trend_method(found),
            says=_trend_words(found, who, view.over(part, found.units)),
            cannot_say=f"Why it changed, nor what comes next. {CANNOT_SAY[view.reading.kind]}",
        )
    found = trends.get("trend")
    if isinstance(found, LogitTrend):
        yield view.finding(
            "dispersion",
            of=span,
            estimand="How many times wider the counts scatter around one trend than independent "
            "requests of equal chance would.",
            estimate=found.dispersion,
            unit="times the binomial variance",
            **view.size("any", int(there.sum()), found.units),
            method="Pearson's chi squared over its degrees of freedom, logit linear in time",
            says=f"The variance is {found.dispersion:.1f} times the binomial: an error that takes "
            f"each count for independent ({found.naive:.4f}) is {found.error / found.naive:.0f} "
            "times too small.",
        )


def _trend_method(found: Estimate) -> str:
    if isinstance(found, LogitTrend):
        return (
            "quasi-binomial over cells of unit and period, logit linear in time; standard errors: "
            f"naive {found.naive:.4f}, with dispersion {found.quasi:.4f}, clustered by unit "
            f"{found.clustered:.4f}, leaving out one unit at a time {found.error:.4f} (interval)"
        )
    return "mean over units of their least-squares slopes, error from their scatter"


def _trend_words(found: Estimate, who: str, units: str) -> str:
    lower, upper = found.interval
    seen = "no trend beyond chance"
    if lower > 0 or upper < 0:
        seen = "a rise" if found.value > 0 else "a fall"
    if isinstance(found, LogitTrend):
        return (
            f"{who.capitalize()}: the odds change by a factor of {np.exp(found.value):.3f} a year "
            f"(logit {found.value:+.4f}, 95 % {lower:+.4f} to {upper:+.4f}, "
            f"{units}): {seen}."
        )
    return (
        f"{who.capitalize()}: it moves by {found.value:+.4f} a year (se {found.error:.4f}, 95 % "
        f"{lower:+.4f} to {upper:+.4f}, {units}): {seen}."
    )


# --- two sources -------------------------------------------------------------------------------


def _agreement(
    view: RightsGrid, rows: Table, others: Table, reading: Reading, seed: int, draws: int
) -> tuple[list[Finding], list[str]]:
    """How alike two sources rank the same units, within each year that both have."""
    other = _read(others, reading)
    _refuse_names(rows, view.grid)
    _refuse_names(others, other)
    keys = [_keys(grid.units) for grid in (view.grid, other)]
    _, first, second = np.intersect1d(*keys, return_indices=True)
    years = [year for year in view.grid.years if year in other.years]
    notes = []
    apart = np.array([view.grid.units.size - first.size, other.units.size - first.size, first.size])
    if view.public or ((apart == 0) | (apart >= view.least)).all():
        notes.append(
            f"{first.size:,} units of {view.grid.units.size:,} and {other.units.size:,} meet on "
            f"{view.reading.unit} and {reading.unit}."
        )
    what = f"{view.reading.label} and {reading.label}"
    estimand = f"Spearman's correlation of {what} over the units that both sources have"
    if not years:
        said = view.finding(
            "agreement",
            estimand=f"{estimand}.",
            estimate=np.nan,
            unit="correlation",
            method="none",
            says="The two sources are not compared.",
            cannot_say="They have no year in common, and ranks are compared within a year: "
            f"{', '.join(view.grid.years)} and {', '.join(other.years)}.",
        )
        return [said], notes
    findings = []
    for year in years:
        values = []
        for grid, order in ((view.grid, first), (other, second)):
            part, whole = (one[order, grid.years.index(year)] for one in grid.levels(by_year=True))
            values.append(np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan))
        both = np.isfinite(values[0]) & np.isfinite(values[1])
        rest = int((view.grid.levels(by_year=True)[1][:, view.grid.years.index(year)] > 0).sum())
        rest -= int(both.sum())
        counted = rest == 0 or rest >= view.least
        findings.append(
            _alike(
                view,
                values[0][both],
                values[1][both],
                f"{estimand}, {year}.",
                year,
                seed,
                draws,
                counted,
            )
        )
    return findings, notes


def _alike(
    view: RightsGrid,
    first: Column,
    second: Column,
    estimand: str,
    year: str,
    seed: int,
    draws: int,
    counted: bool,
) -> Finding:
    many = first.size
    if not view.public and 0 < many < view.least:
        return view.suppressed("agreement", estimand, year)
    test = spearman_test(first, second, draws=draws, seed=seed) if many >= FEWEST else None
    shared: dict[str, Any] = {
        "of": year,
        "estimand": estimand,
        "unit": "correlation",
        "n_rows": many if counted else 0,
        "n_units": many if counted else 0,
        "basis": "nothing sums to one: ranks",
    }
    if test is None or not np.isfinite(test.correlation):
        return view.finding(
            "agreement",
            **shared,
            estimate=np.nan,
            method="none",
            says="The two sources are not compared.",
            cannot_say=f"Fewer than {FEWEST} units have a value in both, or all have the same.",
        )
    lower, upper = _fisher(test.correlation, many)
    return view.finding(
        "agreement",
        **shared,
        estimate=test.correlation,
        lower=lower,
        upper=upper,
        interval="sampling",
        p_value=test.p_value,
        p_least=test.least_p,
        method=f"ranks within the year, ties in the middle; p by {test.orders}; interval of Bonett "
        "and Wright",
        says=f"{year}: on the {f'{many:,} ' if counted else ''}units that both have, the ranks "
        f"agree with a correlation of {test.correlation:.2f} (95 % {lower:.2f} to {upper:.2f}).",
        cannot_say="Which of the two is right, and whether both err alike."
        + keys_doubted(test.p_value),
    )


def _fisher(found: float, many: int) -> tuple[float, float]:
    """The 95 % interval of a rank correlation."""
    middle = np.arctanh(np.clip(found, -1 + 1e-12, 1 - 1e-12))
    reach = 1.959963984540054 * np.sqrt((1 + found**2 / 2) / (many - 3))
    lower, upper = np.tanh([middle - reach, middle + reach])
    return min(float(lower), found), max(float(upper), found)


def _keys(units: Column) -> Column:
    """Units as they are joined: codes in capitals, all else as written."""
    codes = all(CODE.fullmatch(unit) for unit in units)
    return np.array([unit.upper() if codes else unit for unit in units], str)


def _refuse_names(rows: Table, grid: Grid) -> None:
    """Refuse a join by name in a table that has a column of codes."""
    if all(CODE.fullmatch(unit) for unit in grid.units):
        return
    codes = [
        column
        for column in rows.columns
        if re.search(r"(^|_)iso_?[23]?|(^|_)code$", column.lower()) and column != grid.reading.unit
    ]
    if codes:
        raise InputError(
            "units are joined by name although there is a code",
            file=rows.name,
            field="unit",
            value=grid.reading.unit,
            allowed=", ".join(codes),
        )


# --- what is handed on -------------------------------------------------------------------------


def _targets(
    view: RightsGrid, trends: Mapping[str, Estimate | None], sha256: str
) -> Iterator[Target]:
    """Levels and slope of a share of attempts that were met: the right as those meet it who ask."""
    if view.reading.kind != "counts":
        return
    grid = view.grid
    part, whole = grid.levels(by_year=True)
    every, kept = view.told(part, whole)
    of_units = view.throughout if view.several else np.ones(grid.units.size, bool)
    number = f"{of_units.sum():,} " if "always" in view.counted else ""
    which = f"the {number}units there in every year" if view.several else "all units"
    shared: dict[str, Any] = {
        "index": f"rights.{view.right}",
        "source_sha256": sha256,
        "claims": (CLAIMS[view.right],),
    }
    rule = OFFERED.format(yes=" + ".join(view.reading.yes), of=view.reading.basis, which=which)
    told = (kept if view.several else every) & (of_units.sum() >= FEWEST)
    for place, year in enumerate(grid.years):
        if told[place]:
            yield Target(
                value=float(part[of_units, place].sum() / whole[of_units, place].sum()),
                unit="share",
                time=year,
                n_units=int((whole[of_units, place] > 0).sum())
                if ("always" if view.several else f"in {year}") in view.counted
                else 0,
                transform=rule,
                **shared,
            )
    slope = trends.get("trend_throughout")
    if slope is not None:
        yield Target(
            value=slope.value,
            **{key: one for key, one in _interval(slope).items() if key != "p_value"},
            unit="logit a year",
            time=f"{grid.years[0]} to {grid.years[-1]}",
            n_units=slope.units if "always" in view.counted else 0,
            transform=f"{rule}; then the least-squares slope of its logit on the year",
            **shared,
        )


def _notes(view: RightsGrid) -> Iterator[str]:
    grid = view.grid
    if grid.n_gaps and (view.public or min(grid.n_gaps, grid.gap_units) >= view.least):
        yield f"{grid.n_gaps:,} rows have no value; they are left out, not filled in."
    _, whole = grid.levels(by_year=False)
    empty = (grid.rows > 0) & (grid.whole == 0)
    nothing = int(empty.sum())
    if nothing and (view.public or empty.any(axis=1).sum() >= view.least):
        yield f"{nothing:,} cells have nothing to be a part of (0 of 0); they have no share."
    stays = view.throughout
    come = int((whole > 0).any(axis=1).sum() - stays.sum())
    if view.several and come and view.counted >= {"any", "always"}:
        yield (
            f"{come:,} units come or go: merged, renamed, or listed later. They are in the level "
            "of all rows and in no change."
        )
    short = int((whole[stays][:, (whole > 0).any(axis=0)] == 0).any(axis=1).sum())
    split = len(grid.periods) > len(grid.years)
    if split and short and view.counted >= {"always", "complete"}:
        yield f"{short:,} of the units there in every year lack a period within one."
    every, kept = view.told(*grid.levels(by_year=True))
    hidden = int((~every).sum() + (~kept).sum()) if view.several else int((~every).sum())
    if hidden and not view.public:
        yield f"{hidden:,} levels are {SUPPRESSED}."


def _series(view: RightsGrid, trends: Mapping[str, Estimate | None]) -> dict[str, Columns]:
    """What charts draw; names of units only where the table is public."""
    grid = view.grid
    label = {"label": f"{view.right}: {view.reading.label}", "right": view.right}
    part, whole = grid.levels(by_year=True)
    every, _ = view.told(part, whole)
    coverage = [
        {**label, "year": year, "time": float(year[:4]), "units": int(there.sum())}
        for year, there, shown in zip(grid.years, (whole > 0).T, every, strict=True)
        if shown and there.any() and f"in {year}" in view.counted
    ]
    found = {
        "coverage": coverage or [{**label, "year": "", "time": np.nan, "units": 0}],
        "levels": [{**label, **row} for row in _drawn_levels(view)],
        "trend": [
            {
                **label,
                "rows": "all" if name == "trend" else "throughout",
                "slope": one.value,
                "naive": one.naive,
                "quasi": one.quasi,
                "clustered": one.clustered,
                "left_out": one.error,
                "dispersion": one.dispersion,
                "units": one.units
                if ("any" if name == "trend" else "always") in view.counted
                else 0,
            }
            for name, one in trends.items()
            if isinstance(one, LogitTrend)
        ],
    }
    if view.public:
        rows = grid.by_year(grid.rows)
        found["units"] = [
            {
                **label,
                "unit": str(grid.units[unit]),
                "year": grid.years[place],
                "value": float(part[unit, place] / whole[unit, place]),
                "rows": int(rows[unit, place]),
            }
            for unit, place in zip(*np.nonzero(whole > 0), strict=True)
        ]
    return {name: _columns(rows) for name, rows in found.items() if rows}


def _drawn_levels(view: RightsGrid) -> Iterator[dict[str, Any]]:
    grid = view.grid
    part, whole = grid.levels(by_year=False)
    every, kept = view.told_inside()
    groups = [("all", np.ones(grid.units.size, bool), every)]
    if view.several:
        groups.append(("throughout", view.throughout, kept))
    for rows, of_units, shown in groups:
        there = (whole[of_units] > 0).any(axis=0)
        for place in np.flatnonzero(there) if (there & shown).any() else ():
            told = bool(shown[place])  # else nan, where the line breaks
            level = part[of_units, place].sum() / whole[of_units, place].sum()
            many = float((whole[of_units, place] > 0).sum())
            counted = f"in {grid.periods[place]}"
            if rows == "throughout":  # within a year some of them may be missing
                counted = "always" if many == of_units.sum() else "nothing"
            yield {
                "period": grid.periods[place],
                "time": float(grid.moments[place]),
                "rows": rows,
                "value": float(level) if told else np.nan,
                "units": many if told and counted in view.counted else np.nan,
                "scale": view.reading.scale,
            }


def _not_drawn(view: RightsGrid) -> Iterator[Suppressed]:
    """The charts that are suppressed, wholly or in some years."""
    if view.public:
        return
    grid, few = view.grid, too_few("units", view.least)
    part, whole = grid.levels(by_year=True)
    years = (whole > 0).any(axis=0)
    every, _ = view.told(part, whole)
    names = {f"in {year}" for year, one in zip(grid.years, years, strict=True) if one}
    if (
        not every[years].all() or not names <= view.counted
    ):  # the series keeps its labels, without units, where nothing is told
        yield suppressed("coverage", few, part=True)
    inside, kept = view.told_inside()
    _, whole = grid.levels(by_year=False)
    sides = [(np.ones(grid.units.size, bool), inside)]
    if view.several:
        sides.append((view.throughout, kept))
    there = [(whole[units] > 0).any(axis=0) for units, _ in sides]
    told = [here & shown for here, (_, shown) in zip(there, sides, strict=True)]
    if any((here & ~shown).any() for here, shown in zip(there, told, strict=True)):
        yield suppressed("levels", few, part=any(shown.any() for shown in told))
    if years.sum() > 1:
        yield suppressed("units", "it would tell of each unit", lift=NAMED)


def _joined(audits: Sequence[Audit], series: Mapping[str, Columns]) -> tuple[Suppressed, ...]:
    """What is suppressed in any of several audits; in part where another audit draws it."""
    found = {
        (one.series, one.says): replace(one, part=one.series in series)
        for audit in audits
        for one in audit.suppressed
    }
    return tuple(found.values())


def _columns(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Rows as columns; text as objects."""
    return {
        name: np.asarray(
            [row[name] for row in rows], object if isinstance(rows[0][name], str) else None
        )
        for name in rows[0]
    }


def _told_apart(audits: tuple[Audit, ...]) -> tuple[Audit, ...]:
    """The audits, those that measure the same in several tables labelled with the table too."""
    labels = [str(one.series["coverage"]["label"][0]) for one in audits]
    if len(set(labels)) == len(labels):
        return audits
    return tuple(
        replace(
            one,
            series={
                name: {
                    **columns,
                    "label": np.full(
                        len(columns["label"]), f"{label} ({one.inputs[0]['table']})", object
                    ),
                }
                for name, columns in one.series.items()
            },
        )
        for label, one in zip(labels, audits, strict=True)
    )


def _meeting(audits: Sequence[Audit]) -> Finding:
    """In how many years all four rights are measured."""
    years: dict[str, set[str]] = {right: set() for right in RIGHTS}
    for one in audits:
        coverage = one.series["coverage"]
        for right, year in zip(coverage["right"], coverage["year"], strict=True):
            if year:
                years[str(right)].add(str(year)[:4])
    every = sorted(set.union(*years.values()))
    common = set.intersection(*years.values())
    said = "; ".join(
        f"{right}: {', '.join(sorted(known)) or 'never'}" for right, known in years.items()
    )
    return Finding(
        name="coverage",
        of="all rights",
        estimand="The number of years in which all four rights are measured.",
        estimate=float(len(common)),
        unit="years",
        n_rows=len(every),
        n_units=len(audits),
        units="tables and columns",
        basis="nothing sums to one: years",
        method="the grid right by year, whatever the places; nothing carried forward or filled in",
        says=f"Of {len(every)} years with any right, {len(common)} have all four ({said}). "
        "No composite is made.",
        cannot_say="Whether the rights rise and fall together: they are not measured in the same "
        "years and places.",
        claims=tuple(CLAIMS.values()),
    )
