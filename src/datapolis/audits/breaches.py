"""How often data leak, how late it is told, how large it is and whom it hits: a register's view.

Each row of a register is one breach that was reported. What the columns given allow is answered,
the rest says what it lacks.

**Rate.** Reports by month, in whole months alone: E[n] = exp(a + b t), Var[n] = mu + k mu**2. The
yearly ratio is exp(b). By month of start the last months fall away, for their breaches are not
reported yet (truncation on the right): that is never a trend.

**Lag.** Days from start to report are seen only for what was reported by the date of the table, so
that shares as recorded are too short; the product limit in reverse time,
F(x) = product over y > x of (1 - d(y)/n(y)), corrects that. Where the register begins, breaches
that started earlier are in it only if they were reported late: they are left out. The interval
comes from samples of whole entities.

**Severity.** A power law above an x_min that is chosen, p(x) ~ x**-alpha. The largest of a year of
n breaches, k of them above x_min, is x_min (1 - U**(1/k))**(-1/(alpha - 1)) with U uniform; n, the
share above x_min, x_min and alpha are drawn anew each time. It has no mean if alpha <= 2.

**Who.** Counts by kind of entity. A rate would need how many entities there are.

**Samples.** In a collection that was not drawn at random (`sample`) nothing but shares within it
is told.

Sources: Lawless (1987); Lagakos, Barraj and De Gruttola (1988); Clauset, Shalizi and Newman (2009);
Wheatley, Maillart and Sornette (2016).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from datapolis.audits.cell_suppression import shown_together
from datapolis.audits.dependencies import Needs, Without
from datapolis.audits.disclosure_control import countable, enough_each_side, parted
from datapolis.audits.finding import Audit, Columns, Finding, audit, without_rows
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
from datapolis.audits.privacy import ITS_VALUE, dominant, shown
from datapolis.audits.suppressed import Suppressed, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.inference import power_law, truncated
from datapolis.statistics.inference.count_trend import CountTrend, count_trend, whole_months
from datapolis.statistics.inference.largest import drawn_largest, expected_largest
from datapolis.statistics.inference.medians import bootstrap_medians, median
from datapolis.statistics.inference.resampling import DRAWS, interval
from datapolis.tables import N, Source, Table, derived, open_table
from datapolis.tables.totals import without_totals

if TYPE_CHECKING:
    Column = np.ndarray[Any, np.dtype[Any]]

MARK = 60.0  # days from discovery within which the US rule wants a report
LEAST_MONTHS = 24  # whole months of a trend: two of each season
LEAST_ROWS = 10  # of a distribution
MOST_MISSING = 0.05  # part of the rows whose report has no date, for a rate to be told
GRID = 48  # steps of the lag curve
RECENT = 4  # last months of start that are told
SEPARATOR = "|"
PARTS = (
    "all",
    "dated",
    "months",
    "with a size",
    "sized",
    "above 0",
    "below the floor",
    "lag",
    "corrected",
    "early",
    "impossible",
    "sized without a lag",
)  # of the rows, that are counted
UNKNOWN = "not recorded"
UNIT = derived("unit")
LAG_COLUMN = derived("lag")
MOST_POINTS = 200  # of a curve of sizes

NO_UNREPORTED = "What was never reported, and what lies below the size from which reports are due."
LAG_FROM_START = (
    "Whether the law was kept: the lag runs from the start of the breach, a legal term from its "
    "discovery, which is not in the table."
)
NO_RATE = "How likely a kind is to be hit: how many entities of it there are is not in the table."
SAMPLE = (
    "Anything outside the sample: it was picked, not drawn at random; hence no rate, no trend, no "
    "severity and no target."
)
NO_TARGET = (
    "No target is emitted: the model counts all breaches among all its organizations in a month, "
    "a register those of one sector above a size; lags and sizes in people are no model index."
)

DATED = Needs("reported", "start")  # what a date of the table or of a law is compared with


@audit(
    amount=("size", "lag"),
    unit="holder",
    period=("reported", "start"),
    case=("holder", "start or reported"),
)
def breaches(
    table: Source,
    *,
    start: Annotated[str, "column: day on which a breach began"] = "",
    reported: Annotated[str, "column: day on which it was reported"] = "",
    lag: Annotated[str, "column: days from start to report; else from the two dates"] = "",
    size: Annotated[str, "column: how many people or records were affected"] = "",
    holder: Annotated[str, "column: the entity whose data leaked, the independent unit"] = "",
    entity: Annotated[str, "column: type of entity"] = "",
    as_of: Annotated[
        str, "date of the table, as 2014-06-27; else the last report", DATED, Without("sample")
    ] = "",
    law_from: Annotated[
        str,
        "first start from which reports were due, as 2009-09-23; else the first report",
        DATED,
        Without("sample"),
    ] = "",
    floor: Annotated[
        float | None,
        "size below which nothing has to be reported",
        Needs("size"),
        Without("sample"),
    ] = None,
    mark: Annotated[
        float, "days after which a lag is called long", Needs("lag", "start"), Without("sample")
    ] = MARK,
    population: Annotated[
        float | None, "people there are: no breach is larger", Needs("size"), Without("sample")
    ] = None,
    sample: Annotated[bool, "the rows were picked: tell shares within them, nothing else"] = False,
    shares: Annotated[Sequence[str], "columns of labels, several in a cell joined by |"] = (),
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    seed: Seed = 1,
    draws: Draws = DRAWS,
    progress: Annotated[Progress, "told while samples are drawn"] = None,
) -> Audit:
    """How often data leak, how late that is reported, how many people it affects, and who is hit.

    Raises InputError for a column that is missing or cannot be read, and if no column is named.
    """
    asked = _Asked(
        start=start,
        reported=reported,
        lag=lag,
        size=size,
        holder=holder,
        entity=entity,
        as_of=_day("as_of", as_of),
        law_from=_day("law_from", law_from),
        floor=floor,
        mark=_positive("mark", mark),
        population=None if population is None else _positive("population", population),
        public=public,
        least=1 if public else min_group,
        seed=seed,
        draws=int(_positive("draws", draws)),
        progress=progress,
    )
    if holder and holder in (start, reported, lag, size):
        raise InputError(
            "a date or a number is no entity",
            field="holder",
            value=holder,
            allowed="a column of names",
        )
    shares = [shares] if isinstance(shares, str) else list(shares)
    rows = _typed(open_table(table, drop=drop, duplicates=duplicates), asked, shares)
    told = _Told(
        rows,
        together=_together(rows, asked, shares, sample),
        counted=_counted(rows, asked, shares),
        units=_units(rows, asked),
    )
    if not asked.enough(told.n, told.units):
        for name, estimand in (("annual_ratio", TREND), ("lag_median", LAG), ("alpha", TAIL)):
            told.cannot(name, estimand, ITS_VALUE)
        told.hide(_drawn_by(asked, shares, sample), too_few(asked.whose, asked.least))
    elif sample:
        _within_sample(told, asked, shares)
    else:
        trend = _rate(told, asked)
        _lags(told, asked)
        _severity(told, asked, trend)
        _who(told, asked)
        _labels(told, asked, shares, NO_UNREPORTED)
    told.notes.append(NO_TARGET)
    source, notes = rows.provenance, told.notes
    if not asked.public and "all" not in told.counted:
        source, notes = without_rows(source, notes)
    return Audit(
        kind="breaches",
        title="Breaches: " + ("a sample" if sample else "how often, how late, how large"),
        findings=tuple(told.findings),
        series=told.series,
        suppressed=tuple(told.hidden),
        notes=tuple(notes),
        inputs=(source,),
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """The options, read."""

    start: str
    reported: str
    lag: str
    size: str
    holder: str
    entity: str
    as_of: np.datetime64 | None
    law_from: np.datetime64 | None
    floor: float | None
    mark: float
    population: float | None
    public: bool
    least: int
    seed: int
    draws: int
    progress: Progress

    @property
    def units(self) -> str:
        """What the independent units are."""
        return "entities" if self.holder else "breaches, no column says whose"

    @property
    def whose(self) -> str:
        """What the independent units are, in a word."""
        return "entities" if self.holder else "breaches"

    def day(self, day: np.datetime64) -> str:
        """A date in words: the month alone where the table is not public and the day is a cell."""
        told = self.public or day in (self.law_from, self.as_of)
        return str(day if told else day.astype("datetime64[M]"))

    def enough(self, rows: int, units: int) -> bool:
        """Whether a number over so many rows of so many units may be told."""
        return self.public or min(rows, units) >= self.least

    def many(self, number: int, units: int) -> str:
        """A number of rows in words, if it may be told; units are those whose rows they are."""
        return f"{number:,} rows" if min(number, units) >= self.least else "some rows"


@dataclass(frozen=True)
class _Told:
    """The table, and what has been found in it so far."""

    rows: Table
    findings: list[Finding] = field(default_factory=list)
    series: dict[str, Columns] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    hidden: list[Suppressed] = field(default_factory=list)
    together: frozenset[tuple[str, str]] | None = None  # labels that hide each other; None: all
    counted: frozenset[str] = frozenset()  # parts of the rows that may be counted
    units: int = 0  # independent units

    def __post_init__(self) -> None:
        self.notes.extend(self.rows.notes)

    @cached_property
    def n(self) -> int:
        """How many rows there are."""
        return self.rows.count()

    def beside(self, column: str, labels: Iterable[Any]) -> Column:
        """Which labels of a column may stand beside those of the other columns."""
        known = self.together
        return np.array([known is None or (column, str(one)) in known for one in labels], bool)

    def size(self, part: str, rows: int, units: int) -> dict[str, int]:
        """Rows and units of a finding; of all, or none, where those of the part would tell few."""
        if part in self.counted:
            return {"n_rows": rows, "n_units": units}
        every = "all" in self.counted
        return {"n_rows": self.n if every else 0, "n_units": self.units if every else 0}

    def tell(self, name: str, estimand: str, estimate: float, says: str, **more: Any) -> None:
        """Add a finding."""
        more = {"basis": "reported breaches", "claims": ("V26",), **more}
        more.setdefault("cannot_say", NO_UNREPORTED)
        if np.isnan(more.get("lower", np.nan)):
            more |= {"lower": np.nan, "upper": np.nan, "interval": "none"}
        self.findings.append(
            Finding(name=name, estimand=estimand, estimate=estimate, says=says, **more)
        )

    def cannot(self, name: str, estimand: str, why: str, **more: Any) -> None:
        """Add a finding that says why nothing can be said."""
        self.tell(
            name, estimand, np.nan, "Nothing can be said.", method="none", cannot_say=why, **more
        )

    def hide(self, charts: Iterable[str], why: str, *, part: bool = False) -> None:
        """Say of charts that they are suppressed, and why."""
        self.hidden.extend(suppressed(name, why, part=part) for name in charts)


def _drawn_by(asked: _Asked, shares: Sequence[str], sample: bool) -> Iterator[str]:
    """The charts that these options ask for."""
    wanted = {
        "lag": asked.start and asked.reported,
        "months": asked.reported,
        "sizes": asked.size,
        "kinds": asked.entity,
    }
    yield from (name for name, columns in wanted.items() if columns and not sample)
    if shares or (sample and asked.entity):
        yield "shares"


# --- reading -----------------------------------------------------------------------------------


def _typed(rows: Table, asked: _Asked, shares: Sequence[str]) -> Table:
    """The table with its columns read as what they are; whose rows are whose in `unit`."""
    named = {
        name: getattr(asked, name)
        for name in ("start", "reported", "lag", "size", "holder", "entity")
        if getattr(asked, name)
    }
    if not named and not shares:
        raise InputError(
            "no column is named",
            file=rows.name,
            field="breaches",
            allowed="one or more of start, reported, lag, size, holder, entity, shares",
        )
    for name, column in named.items():
        rows.require(column, field=name)
    rows.require(*shares, field="shares")
    dates = [named[name] for name in ("start", "reported") if name in named]
    labels = [*([asked.entity] if asked.entity else []), *shares]
    if dates:
        rows = rows.dates(*dates, gaps=True)
    if asked.lag:
        rows = rows.numbers(asked.lag, gaps=True)
    if asked.size:
        rows = rows.numbers(asked.size, least=0, gaps=True)
    if asked.holder:
        rows = rows.text(asked.holder)
    if asked.size:
        rows = without_totals(
            rows, [one for one in (asked.holder, asked.entity) if one], asked.size
        )
    return rows.text(*labels, gaps=True) if labels else rows


def _by_unit(rows: Table, asked: _Asked, keys: Sequence[str]) -> Columns:
    """Cells of unit and keys with their number of rows `n`; without a holder each row is a unit."""
    if asked.holder:
        cells = rows.group([asked.holder, *keys])
        unit = np.unique(cells[asked.holder], return_inverse=True)[1]
        return {UNIT: unit, N: cells[N], **{key: cells[key] for key in keys}}
    cells = rows.group(keys)
    many = int(cells[N].sum())
    each = {key: np.repeat(cells[key], cells[N]) for key in keys}
    return {UNIT: np.arange(many), N: np.ones(many, int), **each}


def _units(rows: Table, asked: _Asked) -> int:
    """How many independent units there are."""
    if not asked.holder or asked.public:
        return rows.count()
    return int(rows.group([], units=rows[asked.holder].nunique())[derived("units")][0])


def _together(
    rows: Table, asked: _Asked, shares: Sequence[str], sample: bool
) -> frozenset[tuple[str, str]] | None:
    """The labels of all columns whose numbers together give no small group away."""
    columns = list(dict.fromkeys([*shares, *([asked.entity] if asked.entity else [])]))
    if asked.public or not columns:
        return None
    if asked.holder:
        cells = _by_unit(rows, asked, columns)
        unit = cells[UNIT]
    else:  # more rows than the threshold are no safer
        cells = rows.group(columns)
        again = np.repeat(np.arange(cells[N].size), np.minimum(cells[N], asked.least))
        cells = {name: one[again] for name, one in cells.items()}
        unit = np.arange(again.size)
    tables: dict[str, Column] = {}
    label_at: dict[tuple[str, str], tuple[str, int]] = {}  # the table of each label, and its place
    for column in columns:
        whole = column == asked.entity and not sample
        sets = [_labels_of(cell, whole) for cell in cells[column]]
        labels = sorted(set().union(*sets))
        if all(len(one) <= 1 for one in sets):  # each row in one group
            names, tables[column] = np.unique(
                np.array(["".join(one) for one in sets], str), return_inverse=True
            )
            label_at |= {(column, one): (column, place) for place, one in enumerate(names.tolist())}
            continue
        for label in labels:
            has = np.array([label in one for one in sets])
            tables[f"{column}: {label}"] = (~has).astype(int)
            label_at[column, label] = (f"{column}: {label}", 0)
    seen = shown_together(tables, unit, np.zeros(unit.size), least=asked.least)
    return frozenset(label for label, (table, place) in label_at.items() if seen[table][place])


def _counted(rows: Table, asked: _Asked, shares: Sequence[str]) -> frozenset[str]:
    """Which parts of the rows may be counted, so that no count of few units follows.

    The number of all comes first where kinds and labels are counted, as they add up to it.
    """
    lag = bool(asked.lag or (asked.start and asked.reported))
    if lag:
        rows = _with_lag(rows, asked)
    columns = [asked.start, asked.reported, asked.size, LAG_COLUMN if lag else "", *shares]
    names = [one for one in dict.fromkeys(columns) if one]
    if not names or asked.public:
        return frozenset(PARTS) | {f"with {one}" for one in shares}
    cells = _by_unit(rows, asked, names)
    count = cells[N]
    every = np.ones(count.size, bool)
    parts = {}
    if asked.reported:
        day = cells[asked.reported].astype("datetime64[D]")
        dated = ~np.isnat(day)
        parts["dated"] = dated
        if dated.any():
            months = whole_months(day[dated], count[dated], asked.as_of)[0]
            parts["months"] = dated & np.isin(day.astype("datetime64[M]"), months)
    if asked.size:
        size = cells[asked.size].astype(float)
        parts["with a size"] = ~np.isnan(size)
        parts["sized"] = size >= (0.0 if asked.floor is None else asked.floor)
        parts["above 0"] = parts["sized"] & (size > 0)
        parts["below the floor"] = ~np.isnan(size) & ~parts["sized"]
    if lag:
        parts["lag"] = ~np.isnan(cells[LAG_COLUMN].astype(float))
        lags, begun = _cells_of_lags(cells, asked)
        if begun is not None:
            possible, kept, _ = _correctable(lags, begun, asked)
            parts |= {"corrected": kept, "early": possible & ~kept}
            parts["impossible"] = parts["lag"] & ~possible
        if asked.size:
            parts["sized without a lag"] = ~np.isnan(size) & ~parts["lag"]
    parts |= {
        f"with {one}": np.array([cell is not None for cell in cells[one]], bool) for one in shares
    }
    order = ["all", *parts] if asked.entity or shares else [*parts, "all"]
    parts["all"] = every
    return countable(
        {name: np.repeat(parts[name], count) for name in order},
        np.repeat(cells[UNIT], count),
        least=asked.least,
        whole=False,
    )


def _labels_of(cell: Any, whole: bool) -> set[str]:
    """The labels that a cell holds: itself, or the several that it joins by |."""
    if cell is None:
        return {UNKNOWN} if whole else set()
    return {str(cell)} if whole else {one.strip() for one in str(cell).split(SEPARATOR)} - {""}


def _day(name: str, text: str) -> np.datetime64 | None:
    if not text:
        return None
    try:
        return np.datetime64(date.fromisoformat(str(text)), "D")
    except ValueError:
        raise InputError(
            "is not a date", field=name, value=text, allowed="a date such as 2014-06-27"
        ) from None


def _positive(name: str, value: float) -> float:
    if not (np.isfinite(value) and value > 0):
        raise InputError("is out of range", field=name, value=value, allowed="a number above 0")
    return float(value)


# --- how often ---------------------------------------------------------------------------------

TREND = "By what the number of reports is multiplied from one year to the next."


def _rate(told: _Told, asked: _Asked) -> CountTrend | None:
    """Reports a month and their trend."""
    trend = _by_report(told, asked)
    if asked.start:
        _recent_starts(told, asked)
    return trend


def _by_report(told: _Told, asked: _Asked) -> CountTrend | None:
    if not asked.reported:
        told.cannot("annual_ratio", TREND, "No column of report dates is named (reported).")
        return None
    dated = told.rows.where(told.rows[asked.reported].notnull())
    days = dated.group([asked.reported])
    missing = told.n - int(days[N].sum())
    if missing > MOST_MISSING * told.n or not days[N].size:
        number = f"{missing:,} rows" if told.counted >= {"all", "dated"} else "Too many rows"
        told.cannot(
            "annual_ratio",
            TREND,
            f"{number} have no date of report, and nothing says that they are spread "
            "over the months like the others: no rate, no trend.",
        )
        return None
    months, counts = whole_months(days[asked.reported], days[N], asked.as_of)
    if months.size < LEAST_MONTHS or counts.sum() < max(months.size, asked.least):
        if 0 < counts.sum() < asked.least:
            told.hide(("months",), too_few("breaches", asked.least))
        told.cannot(
            "annual_ratio",
            TREND,
            f"{months.size} whole months: too few (a trend needs {LEAST_MONTHS}, two of each "
            "season) or with too few reports (one a month, on average).",
        )
        return None
    trend = count_trend(counts, np.arange(months.size) / 12)
    between = f"{months[0]} to {months[-1]}"
    units = _units_of_months(dated, asked, months, counts)
    if "months" not in told.counted:  # what the months leave of all is few, and stays hidden
        units = np.append(units, 1)
    visible = shown(units, least=asked.least, overlap=bool(asked.holder))[: months.size]
    told.series["months"] = {
        "month": months.astype(str),
        "count": np.where(visible, counts, np.nan),
        "fitted": trend.fitted,
    }
    if not visible.all():
        why = f"{int((~visible).sum())} months have fewer than {asked.least} {asked.whose}"
        told.hide(("months",), f"{why}, or could be had by subtraction", part=True)
    _tell_trend(told, asked, trend, counts, between)
    return trend


def _units_of_months(dated: Table, asked: _Asked, months: Column, counts: Column) -> Column:
    """How many units reported in each month."""
    if not asked.holder or asked.public:
        return counts
    day = dated[asked.reported]
    cells = dated.mutate(month=day.year() * 12 + day.month() - 1).group(
        [derived("month")], units=dated[asked.holder].nunique()
    )
    number = dict(
        zip(cells[derived("month")].tolist(), cells[derived("units")].tolist(), strict=True)
    )
    return np.array([number.get(12 * 1970 + month, 0) for month in months.astype(int).tolist()])


def _tell_trend(told: _Told, asked: _Asked, trend: CountTrend, counts: Column, of: str) -> None:
    total = int(counts.sum())
    exact = "months" in told.counted
    if not exact:  # else what is in no whole month would follow, and that is few
        total = round(total / asked.least) * asked.least
    shared: dict[str, Any] = {
        "of": of,
        "n_rows": total if exact else 0,
        "n_units": counts.size,
        "units": "whole months, by date of report",
    }
    told.tell(
        "rate",
        "Reported breaches in a month.",
        total / counts.size,
        f"{total / counts.size:.1f} breaches a month were reported, "
        f"{'' if exact else 'about '}{total:,} in {counts.size} whole months.",
        unit="breaches/month",
        method="mean of whole months by date of report; no interval: all that were reported"
        + ("" if exact else f"; their number rounded to a multiple of {asked.least}"),
        **shared,
    )
    for name, autocorrelated in (("annual_ratio", False), ("annual_ratio_autocorrelated", True)):
        ratio, lower, upper = trend.ratio(autocorrelated)
        clear = "grow" if lower > 1 else "fall" if upper < 1 else "show no clear trend"
        told.tell(
            name,
            TREND,
            ratio,
            f"Reports {clear}: times {ratio:.3f} a year ({lower:.3f} to {upper:.3f}).",
            lower=lower,
            upper=upper,
            interval="sampling",
            unit="ratio",
            method=f"negative binomial, log-linear in time, k {trend.spread:.3f}; "
            + (
                "standard error allows shocks to last three months (Newey and West)"
                if autocorrelated
                else "months independent given the trend"
            ),
            p_value=trend.p_value(autocorrelated),
            cannot_say="Whether there were more breaches or more was reported.",
            **shared,
        )
    told.tell(
        "dispersion",
        "By what the variance of the counts exceeds that of independent events (Poisson).",
        trend.poisson_dispersion,
        f"Counts vary {trend.poisson_dispersion:.2f} times as much as independent events would; "
        f"the variance is mean + {trend.spread:.3f} mean^2.",
        unit="ratio",
        method="Pearson's chi squared over its degrees of freedom, Poisson trend",
        cannot_say="Why: season, common causes, or how reports are made.",
        **shared,
    )
    told.tell(
        "autocorrelation",
        "How the deviation of a month from the trend goes with that of the month before.",
        trend.autocorrelation,
        f"Deviations of neighbouring months correlate by {trend.autocorrelation:.2f}; chance alone "
        f"gives up to {1.96 / np.sqrt(counts.size):.2f}.",
        unit="correlation",
        method="deviance residuals of the trend, one month apart",
        cannot_say="Why neighbouring months are alike.",
        **shared,
    )


def _recent_starts(told: _Told, asked: _Asked) -> None:
    """How the last months of start fall away."""
    cells = _by_unit(told.rows.where(told.rows[asked.start].notnull()), asked, [asked.start])
    day = cells[asked.start]
    if not day.size:
        return
    last = (day.max() if asked.as_of is None else asked.as_of).astype("datetime64[M]")
    months = np.arange(last - RECENT + 1, last + 1)
    here = [day.astype("datetime64[M]") == month for month in months]
    counts = [int(cells[N][one].sum()) for one in here]
    units = np.array([np.unique(cells[UNIT][one]).size for one in here])
    hidden = not shown(units, least=asked.least, public=asked.public).all()
    told.tell(
        "recent_starts",
        f"Reported breaches that started in the last {RECENT} months of the table.",
        np.nan if hidden else float(sum(counts)),
        "By month of start the last months fall away"
        + ("." if hidden else f": {', '.join(map(str, counts))}.")
        + " They are not reported yet (truncation on the right), which is no trend.",
        of=f"{months[0]} to {months[-1]}",
        unit="breaches",
        n_rows=0 if hidden else sum(counts),
        n_units=len(counts),
        units="months, by start",
        method="counts by month of start; no interval: all that were reported so far",
        cannot_say=(f"{ITS_VALUE} " if hidden else "")
        + "Any trend: breaches of the last months are still to be reported.",
    )


# --- how late ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lags:
    """Lags in days by row, how long each could have been, whose they are; counts of equal rows."""

    lag: Column
    window: Column
    unit: Column
    count: Column

    def __getitem__(self, chosen: Column) -> _Lags:
        return _Lags(self.lag[chosen], self.window[chosen], self.unit[chosen], self.count[chosen])

    @property
    def n(self) -> int:
        """How many rows."""
        return int(self.count.sum())

    @property
    def n_units(self) -> int:
        """How many independent units."""
        return int(np.unique(self.unit).size)

    def parted(self, asked: _Asked) -> bool:
        """Whether the rows above the mark may be told from those below."""
        return parted(self.lag, self.unit, asked.mark, asked.least)

    def middle(self, cut: float, asked: _Asked) -> bool:
        """Whether units enough lie on either side of a quantile."""
        return enough_each_side(self.lag, self.unit, cut, asked.least)


LAG = "Days from the start of a breach to its report: lag from start."


def _lags(told: _Told, asked: _Asked) -> None:
    """Lags as recorded, corrected for truncation, and who has none."""
    if not asked.lag and not (asked.start and asked.reported):
        told.cannot("lag_median", LAG, "No lag is named, nor both dates (lag; start, reported).")
        return
    rows = _with_lag(told.rows, asked)
    has_lag = rows[LAG_COLUMN].notnull()
    keys = [*([asked.start] if asked.start else []), LAG_COLUMN]
    cells = _by_unit(rows.where(has_lag), asked, keys)
    many = int(cells[N].sum())
    if many < LEAST_ROWS or not asked.enough(many, np.unique(cells[UNIT]).size):
        units = int(np.unique(cells[UNIT]).size)
        number = asked.many(many, units) if "lag" in told.counted else "some rows"
        told.cannot("lag_median", LAG, f"{number} have a lag: too few, or of too few.")
        return
    lags, begun = _cells_of_lags(cells, asked)
    _as_recorded(told, asked, lags)
    _corrected(told, asked, lags, begun)
    if asked.size:
        _missing(told, asked, rows, has_lag)


def _with_lag(rows: Table, asked: _Asked) -> Table:
    if asked.lag:
        return rows.mutate(**{LAG_COLUMN: rows[asked.lag]})
    days = rows[asked.reported].delta(rows[asked.start], unit="day")
    return rows.mutate(**{LAG_COLUMN: days.cast("float64")})


def _cells_of_lags(cells: Columns, asked: _Asked) -> tuple[_Lags, Column | None]:
    """The lags, and the days of start; windows are nan where none is known."""
    lag = cells[LAG_COLUMN]
    if not asked.start or np.isnat(cells[asked.start].astype("datetime64[D]")).all():
        return _Lags(lag, np.full(lag.shape, np.nan), cells[UNIT], cells[N]), None
    begun = cells[asked.start].astype("datetime64[D]")
    day = np.where(np.isnat(begun), np.nan, begun.astype(float))
    as_of = np.nanmax(day + lag) if asked.as_of is None else float(asked.as_of.astype(int))
    return _Lags(lag, as_of - day, cells[UNIT], cells[N]), begun


def _as_recorded(told: _Told, asked: _Asked, lags: _Lags) -> None:
    recorded = truncated.as_recorded(lags.lag, lags.count)
    above = float(recorded.above(np.asarray([asked.mark]))[0])
    shared: dict[str, Any] = {
        **told.size("lag", lags.n, lags.n_units),
        "units": asked.units,
        "method": "as recorded, all rows with a lag",
        "cannot_say": "Long lags of recent breaches, which are not reported yet. " + LAG_FROM_START,
    }
    middle = median(lags.lag, lags.count)
    estimand = f"The median, over recorded lags, of: {LAG}"
    if lags.middle(middle, asked):
        told.tell(
            "lag_median_recorded",
            estimand,
            middle,
            f"Lag from start as recorded: half take at most {middle:g} days.",
            unit="days",
            **shared,
        )
    else:
        told.cannot("lag_median_recorded", estimand, ITS_VALUE)
    estimand = f"The share of recorded lags from start above {asked.mark:g} days."
    if not lags.parted(asked):
        told.cannot("lag_above_recorded", estimand, ITS_VALUE)
        return
    told.tell(
        "lag_above_recorded",
        estimand,
        above,
        f"Lag from start as recorded: {above:.1%} take more than {asked.mark:g} days.",
        unit="share",
        **shared,
    )
    part = lags.n / told.n
    if lags.n == told.n or not told.counted >= {"all", "lag"}:
        return
    low, high = above * part, above * part + 1 - part
    told.tell(
        "lag_above_bounds",
        f"The share above {asked.mark:g} days over all reported breaches, lag recorded or not.",
        above,
        f"{1 - part:.1%} of the breaches have no lag: of all, {low:.1%} to {high:.1%} took more "
        f"than {asked.mark:g} days from the start.",
        lower=low,
        upper=high,
        interval="bounds",
        unit="share",
        **{
            **shared,
            "n_rows": told.n,
            "method": "as recorded; bounds: none or all of those without a lag lie above",
        },
    )


def _corrected(told: _Told, asked: _Asked, lags: _Lags, begun: Column | None) -> None:
    """The lags corrected for truncation, and the same rows uncorrected."""
    if begun is None:
        told.cannot("lag_median", LAG, "No start is known: nothing corrects the lag.")
        return
    possible, kept, since = _correctable(lags, begun, asked)
    many = {
        part: asked.many(lags[rows].n, lags[rows].n_units) if part in told.counted else "some rows"
        for part, rows in (("early", possible & ~kept), ("impossible", ~possible))
    }
    told.notes.append(
        f"Corrected lags: breaches that started before {asked.day(since)} "
        f"({many['early'] if (possible & ~kept).any() else 'none'}) are left out, as the register "
        "holds only those of them that were reported late"
        + ("." if asked.law_from is not None else "; that is the first report.")
    )
    if not possible.all():
        told.notes.append(
            f"{many['impossible'].capitalize()} are left out of corrected lags: reported before "
            "the start, after the date of the table, or without a start."
        )
    seen = lags[kept]
    if seen.n < max(LEAST_ROWS, asked.least) or seen.n_units < max(LEAST_ROWS, asked.least):
        if 0 < min(seen.n, seen.n_units) < asked.least:
            told.hide(("lag",), too_few(asked.whose, asked.least))
        told.cannot("lag_median", LAG, "Too few rows, or of too few units, are left to correct.")
        return
    found = truncated.product_limit(seen.lag, seen.window, seen.count)
    naive = truncated.as_recorded(seen.lag, seen.count)
    if not found.identified:
        told.cannot(
            "lag_median",
            LAG,
            "The longest lags took all who could have had them: shorter ones cannot be weighed "
            "against them. A later date of the table is needed.",
        )
        return
    grid = _grid(asked, seen)
    unit = np.unique(seen.unit, return_inverse=True)[1]
    medians, above = truncated.bootstrap(
        seen.lag,
        seen.window,
        unit,
        seen.count,
        at=np.append(grid, asked.mark),
        draws=asked.draws,
        seed=asked.seed,
        progress=asked.progress,
    )
    _tell_corrected(told, asked, seen, found, naive, medians, above[:, -1])
    bands = np.quantile(1 - above[:, :-1], [0.025, 0.975], axis=0)
    told.series["lag"] = {
        "day": grid,
        "corrected": 1 - found.above(grid),
        "lower": bands[0],
        "upper": bands[1],
        "naive": 1 - naive.above(grid),
        "mark": np.full(grid.shape, asked.mark),
    }


def _correctable(lags: _Lags, begun: Column, asked: _Asked) -> tuple[Column, Column, np.datetime64]:
    """Which lags are possible, which of them can be corrected, and the first start of those."""
    days = np.nan_to_num(lags.lag).astype("timedelta64[D]")
    reported = np.where(np.isnan(lags.lag), np.datetime64("NaT"), begun + days)
    since = asked.law_from if asked.law_from is not None else np.nanmin(reported)
    possible = (lags.lag >= 0) & (lags.lag <= lags.window)
    return possible, possible & (begun >= since), since


def _grid(asked: _Asked, seen: _Lags) -> Column:
    """Days at which the curve is told: no step with fewer units than may be shown."""
    days = np.unique(np.append(np.linspace(0, 4 * asked.mark, GRID + 1), asked.mark))
    if asked.public:
        return days
    day = np.append(days, np.inf)[np.searchsorted(days, seen.lag)]
    found = steps(day, seen.unit, asked.least)
    return found[np.isfinite(found)]


def steps(value: Column, unit: Column, least: int) -> Column:
    """Values, ascending, with `least` different units or more between neighbours, and after."""
    order = np.argsort(value, kind="stable")
    different, first = np.unique(value[order], return_index=True)
    kept: list[float] = []
    since: set[int] = set()
    for number, members in zip(different, np.split(unit[order], first[1:]), strict=True):
        since.update(members.tolist())
        if len(since) >= least:
            kept.append(float(number))
            since = set()
    return np.asarray(kept[:-1] if since and kept else kept, float)


def _tell_corrected(
    told: _Told,
    asked: _Asked,
    seen: _Lags,
    found: truncated.Delays,
    naive: truncated.Delays,
    medians: Column,
    above: Column,
) -> None:
    mark = np.asarray([asked.mark])
    shared: dict[str, Any] = {
        **told.size("corrected", seen.n, seen.n_units),
        "units": asked.units,
    }
    corrected = {
        **shared,
        "interval": "sampling",
        "method": "product limit in reverse time for lags truncated on the right; interval from "
        f"{asked.draws:,} samples of whole units, if they were draws of one process",
        "cannot_say": f"Lags above about {_round(seen.window.max(), 2)} days, which the register "
        f"had no time to see; those not recorded; what was never reported. {LAG_FROM_START}"
        + ("" if asked.holder else " Breaches of one entity are counted as independent."),
    }
    uncorrected = {
        **shared,
        "method": "as recorded, on the rows that the correction uses",
        "cannot_say": "Long lags of recent breaches, which are not reported yet.",
    }
    middle, long = found.quantile(0.5), float(found.above(mark)[0])
    low, high = interval(medians)
    ends = all(seen.middle(one, asked) for one in (low, high))  # an end is somebody's lag
    estimand = f"The median, corrected for reports still to come, of: {LAG}"
    if seen.middle(middle, asked):
        told.tell(
            "lag_median",
            estimand,
            middle,
            f"Lag from start, reports still to come allowed for: half take at most {middle:g} days"
            + (f" ({low:g} to {high:g})." if ends else "."),
            lower=low if ends else np.nan,
            upper=high if ends else np.nan,
            unit="days",
            **corrected,
        )
    else:
        told.cannot("lag_median", estimand, ITS_VALUE)
    plain = naive.quantile(0.5)
    estimand = f"The median on the same rows, uncorrected, of: {LAG}"
    if seen.middle(plain, asked):
        told.tell(
            "lag_median_naive",
            estimand,
            plain,
            f"Uncorrected, half of the same rows take at most {plain:g} days.",
            unit="days",
            **uncorrected,
        )
    else:
        told.cannot("lag_median_naive", estimand, ITS_VALUE)
    estimand = f"The share of lags from start above {asked.mark:g} days, corrected."
    if not seen.parted(asked):
        told.cannot("lag_above", estimand, ITS_VALUE)
        return
    low, high = interval(above)
    told.tell(
        "lag_above",
        estimand,
        long,
        f"Lag from start, reports still to come allowed for: {long:.1%} take more than "
        f"{asked.mark:g} days ({low:.1%} to {high:.1%}).",
        lower=low,
        upper=high,
        unit="share",
        **corrected,
    )
    plain = float(naive.above(mark)[0])
    told.tell(
        "lag_above_naive",
        f"The share of lags from start above {asked.mark:g} days, same rows, uncorrected.",
        plain,
        f"Uncorrected, {plain:.1%} of the same rows take more than {asked.mark:g} days.",
        unit="share",
        **uncorrected,
    )


def _missing(told: _Told, asked: _Asked, rows: Table, has_lag: Any) -> None:
    """Whether breaches without a lag are as large as those with one."""
    sized = rows.mutate(has_lag=has_lag).where(rows[asked.size].notnull())
    cells = _by_unit(sized, asked, [derived("has_lag"), asked.size])
    size, unit, count = cells[asked.size], cells[UNIT], cells[N]
    with_lag = cells[derived("has_lag")].astype(bool)
    without = int(count[~with_lag].sum())
    if not without:
        return
    estimand = "How many times as large breaches without a lag are as those with one (medians)."
    present, absent = (
        median(size[side], count[side]) if side.any() else np.nan for side in (with_lag, ~with_lag)
    )
    enough = all(
        int(count[side].sum()) >= LEAST_ROWS
        and enough_each_side(size[side], unit[side], cut, asked.least)
        for side, cut in ((with_lag, present), (~with_lag, absent))
    )
    if not enough:
        told.cannot(
            "missing_lag_size_ratio",
            estimand,
            "Too few rows have a lag, or lack one, on either side of a median.",
        )
        return
    units = int(unit.max()) + 1
    if not present > 0:
        told.cannot("missing_lag_size_ratio", estimand, "The median with a lag is 0: no ratio.")
        return
    drawn = [
        bootstrap_medians(
            size[side], unit[side], count[side], units=units, draws=asked.draws, seed=asked.seed
        )
        for side in (with_lag, ~with_lag)
    ]
    low, high = interval(drawn[1] / np.maximum(drawn[0], np.finfo(float).tiny))
    counted = told.counted >= {"sized without a lag", "with a size"}
    larger = "larger" if low > 1 else "smaller" if high < 1 else "not clearly of another size"
    told.tell(
        "missing_lag_size_ratio",
        estimand,
        absent / present,
        (f"{without:,} breaches have" if counted else "Breaches with")
        + f" no lag{' and' if counted else ''} are {larger}: median {absent:,.5g} against "
        f"{present:,.5g}. "
        + (
            "Lags are not missing at random."
            if low > 1 or high < 1
            else "That is no proof that lags are missing at random."
        ),
        lower=low,
        upper=high,
        interval="sampling",
        unit="ratio",
        **told.size("with a size", int(count.sum()), units),
        units=asked.units,
        method=f"ratio of medians; interval from {asked.draws:,} samples of whole units",
        cannot_say="How long the lags that are missing were.",
    )


# --- how large ---------------------------------------------------------------------------------

TAIL = "The exponent of a power law of the number affected, above an x_min that is chosen."
LARGEST = "The largest breach of a year such as the last of the table."
CLAIMS = ("V19", "V26")


@dataclass(frozen=True)
class _Sizes:
    """Sizes above 0 or from the floor on, how often each occurs, and whose they are."""

    size: Column
    count: Column
    unit: Column

    @property
    def n(self) -> int:
        """How many breaches."""
        return int(self.count.sum())

    @property
    def n_units(self) -> int:
        """How many independent units."""
        return int(self.unit.max()) + 1


def _severity(told: _Told, asked: _Asked, trend: CountTrend | None) -> None:
    """Sizes, their tail, and the largest of a year."""
    if not asked.size:
        told.cannot("alpha", TAIL, "No column of sizes is named (size).", claims=CLAIMS)
        return
    cells = _by_unit(told.rows.where(told.rows[asked.size].notnull()), asked, [asked.size])
    listed = cells[asked.size] >= (0.0 if asked.floor is None else asked.floor)
    if not listed.all():
        below = int(cells[N][~listed].sum()), int(np.unique(cells[UNIT][~listed]).size)
        number = asked.many(*below) if "below the floor" in told.counted else "some rows"
        told.notes.append(
            f"{number.capitalize()} lie below the floor of {asked.floor:g} and are left out of "
            "sizes."
        )
    sized = int(cells[N][listed].sum())
    if sized < LEAST_ROWS or not asked.enough(sized, np.unique(cells[UNIT][listed]).size):
        if sized and not asked.enough(sized, np.unique(cells[UNIT][listed]).size):
            told.hide(("sizes",), too_few(asked.whose, asked.least))
        told.cannot("alpha", TAIL, "Too few breaches have a size.", claims=CLAIMS)
        return
    _totals(told, asked, _sizes(cells, asked, listed))
    tail = _sizes(cells, asked, listed & (cells[asked.size] > 0))
    if np.unique(tail.size).size < LEAST_ROWS:
        told.cannot("alpha", TAIL, "Fewer than ten different sizes: no tail to fit.", claims=CLAIMS)
        return
    _tail(told, asked, tail, trend)


def _sizes(cells: Columns, asked: _Asked, chosen: Column) -> _Sizes:
    unit = np.unique(cells[UNIT][chosen], return_inverse=True)[1]
    return _Sizes(cells[asked.size][chosen], cells[N][chosen], unit)


def _totals(told: _Told, asked: _Asked, of: _Sizes) -> None:
    total, middle = float(of.size @ of.count), median(of.size, of.count)
    shared: dict[str, Any] = {
        **told.size("sized", of.n, of.n_units),
        "units": asked.units,
        "unit": "people",
        "method": "as reported; no interval: all that were reported",
        "claims": CLAIMS,
    }
    estimand = "The median number of people affected by a reported breach."
    if enough_each_side(of.size, of.unit, middle, asked.least):
        told.tell(
            "size_median",
            estimand,
            middle,
            f"Half of the breaches affected at most {middle:,.7g} people.",
            **shared,
        )
    else:
        told.cannot("size_median", estimand, ITS_VALUE, claims=CLAIMS)
    by_unit = np.sort(np.bincount(of.unit, of.size * of.count))[::-1]
    if asked.public or (
        by_unit.size > 2 and not dominant(by_unit[:1], by_unit[1:2], np.asarray([total]))[0]
    ):
        number = f" in {of.n:,} breaches" if "sized" in told.counted else ""
        told.tell(
            "total",
            "People affected by all reported breaches, each as often as it happened.",
            total,
            f"{total:,.0f} people were affected{number}.",
            **{**shared, "cannot_say": "How many different people: one may be hit repeatedly."},
        )
    if asked.public:
        largest = float(of.size.max())
        told.tell(
            "largest",
            "The largest reported breach.",
            largest,
            f"The largest affected {largest:,.0f} people.",
            **shared,
        )
    else:
        told.notes.append("The largest breach is suppressed: it is that of one entity.")


def _tail(told: _Told, asked: _Asked, of: _Sizes, trend: CountTrend | None) -> None:
    """The power law, and the largest of a year drawn from it."""
    law = power_law.fit(of.size, of.count, floor=asked.floor)
    above = np.unique(of.unit[of.size >= law.x_min]).size
    if above < asked.least:
        told.hide(("sizes",), too_few(asked.whose, asked.least))
        told.cannot("alpha", TAIL, ITS_VALUE, claims=CLAIMS)
        return
    tail = countable(
        {"tail": np.repeat(of.size >= law.x_min, of.count)},
        np.repeat(of.unit, of.count),
        least=asked.least,
    )
    drawn = power_law.bootstrap(
        of.size,
        of.count,
        draws=asked.draws,
        seed=asked.seed,
        floor=asked.floor,
        units=of.unit,
        progress=asked.progress,
    )
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    low, high = interval(drawn[:, 0])
    number = f" ({law.n_tail:,} of {law.n:,} breaches)"
    if not tail or "above 0" not in told.counted:
        number = ""
    begins = f"{law.x_min:,.7g}" if asked.public else f"about {_round(law.x_min, 1)}"
    told.tell(
        "alpha",
        TAIL,
        law.alpha,
        f"From {begins} people on{number} the chance of x or more falls "
        f"as x^-{law.alpha - 1:.2f}: alpha is {law.alpha:.2f} ({low:.2f} to {high:.2f}).",
        lower=low,
        upper=high,
        interval="sampling",
        unit="exponent",
        **told.size("above 0", law.n, of.n_units),
        units=asked.units,
        method="maximum likelihood, x_min by the least Kolmogorov-Smirnov distance"
        + ("" if asked.floor is None else f", not below {asked.floor:g}")
        + f"; interval from {len(drawn):,} samples of whole units, each with its own x_min",
        cannot_say="Whether it is a power law: see the audit of tails.",
        claims=CLAIMS,
    )
    curve = _curve(asked, of, law)
    if asked.public or curve["size"].size > 1:
        told.series["sizes"] = curve
    else:
        why = f"no two sizes have {asked.least} {asked.whose} or more between them"
        told.hide(("sizes",), why)
    _largest(told, asked, of, law, drawn, trend)


def _curve(asked: _Asked, of: _Sizes, law: power_law.PowerLaw) -> Columns:
    """The share of breaches at least as large, at sizes that may be shown."""
    size = of.size
    if not asked.public:  # two digits are shown, so that the share belongs to the size shown
        size = np.array([float(f"{value:.2g}") for value in size])
    values = np.sort(-steps(-size, of.unit, asked.least))
    if values.size > MOST_POINTS:
        wanted = np.append(np.geomspace(values[0], values[-1], MOST_POINTS), law.x_min)
        place = np.searchsorted(values, wanted * (1 - 1e-12))
        values = np.unique(values[np.minimum(place, values.size - 1)])
    share = np.array([of.count[size >= value].sum() for value in values]) / of.n
    fitted = np.where(values >= law.x_min, law.n_tail / law.n * law.survival(values), np.nan)
    return {"size": values, "share": share, "fitted": fitted}


def _largest(
    told: _Told,
    asked: _Asked,
    of: _Sizes,
    law: power_law.PowerLaw,
    drawn: Column,
    trend: CountTrend | None,
) -> None:
    """The largest of a year: median and 90 % band, and its mean if it has one."""
    random = np.random.default_rng(asked.seed)
    yearly, how = _yearly(told, asked, trend, len(drawn), random)
    if yearly is None:
        told.cannot("largest_in_year", LARGEST, how, claims=CLAIMS)
        return
    order = np.argsort(of.size)
    at_least = np.cumsum(of.count[order][::-1])[::-1] / of.n
    number = random.binomial(yearly, at_least[np.searchsorted(of.size[order], drawn[:, 1])])
    largest = drawn_largest(number, drawn[:, 0], drawn[:, 1], random)
    cap = "not capped, as no population is given"
    if asked.population is not None:
        largest = np.minimum(largest, asked.population)
        cap = f"capped by a population of {asked.population:,.0f}"
    five, middle, ninety_five = np.quantile(largest, [0.05, 0.5, 0.95])
    shared: dict[str, Any] = {
        "unit": "people",
        **told.size("above 0", law.n, of.n_units),
        "units": asked.units,
        "claims": CLAIMS,
    }
    says = (
        f"In half of the years the largest breach affects more than {_round(middle)} people, in "
        f"nine of ten {_round(five)} to {_round(ninety_five)} ({cap})."
    )
    for which, value in (("median", middle), ("5 %", five), ("95 %", ninety_five)):
        told.tell(
            "largest_in_year",
            f"{LARGEST[:-1]}: {which} of what is to be expected (5 % to 95 %: a 90 % band).",
            float(value),
            says,
            of=which,
            method=f"{len(drawn):,} years drawn: alpha, x_min from samples of whole units; {how}",
            cannot_say="A year in which the law, or the number of breaches, is another.",
            **shared,
        )
    _mean_of_largest(told, law, interval(drawn[:, 0])[0], float(number.mean()), shared)


def _mean_of_largest(
    told: _Told, law: power_law.PowerLaw, least: float, number: float, shared: dict[str, Any]
) -> None:
    """Told only where alpha, and the lower end of its interval, are above 2."""
    estimand = "The mean of the largest breach of a year."
    if least <= 2:
        told.cannot(
            "expected_largest",
            estimand,
            f"alpha is {law.alpha:.2f} and may be {least:.2f}: with alpha of 2 or less sizes have "
            "no mean, nor has the largest of them.",
            claims=CLAIMS,
        )
        return
    mean = expected_largest(number, law.alpha, law.x_min)
    told.tell(
        "expected_largest",
        estimand,
        mean,
        f"The largest breach of a year affects {_round(mean)} people on average.",
        method="of the fitted power law and the mean number of breaches above x_min; not capped",
        cannot_say="A typical year: the median is lower.",
        **shared,
    )


def _round(value: float, digits: int = 3) -> str:
    """So many digits, without an exponent."""
    return f"{float(f'{value:.{digits}g}'):,.0f}"


def _yearly(
    told: _Told,
    asked: _Asked,
    trend: CountTrend | None,
    many: int,
    random: np.random.Generator,
) -> tuple[Column | None, str]:
    """Breaches in a year, drawn, and how."""
    if trend is not None:
        return trend.drawn(many, 12, random), "breaches of a year as in the last twelve months"
    first, last = _span(told.rows, asked)
    if first is None or last is None or last <= first:
        return (
            None,
            "Over how long breaches were reported is not known (reported, or law_from and as_of).",
        )
    years = float((last - first).astype(int)) / 365.25
    rate = random.gamma(told.n + 0.5, 1 / years, many)
    return (
        random.poisson(rate),
        f"breaches of a year as on average from {asked.day(first)} to {asked.day(last)}, "
        "independent events",
    )


def _span(rows: Table, asked: _Asked) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """From when to when breaches were reported."""
    first, last = asked.law_from, asked.as_of
    if asked.reported and (first is None or last is None):
        days = rows.where(rows[asked.reported].notnull()).group([asked.reported])[asked.reported]
        if days.size:
            first = days.min() if first is None else first
            last = days.max() if last is None else last
    return first, last


# --- who, and shares of labels -----------------------------------------------------------------


def _who(told: _Told, asked: _Asked) -> None:
    """Counts by kind of entity."""
    if not asked.entity:
        return
    rows = told.rows.recode(asked.entity, told.rows[asked.entity].fill_null(UNKNOWN))
    values: dict[str, Any] = {}
    if asked.holder:
        values["entities"] = rows[asked.holder].nunique()
    if asked.size:
        values["people"] = rows[asked.size].sum().fill_null(0.0)
    cells = rows.group([asked.entity], **values)
    units = cells.get(derived("entities"), cells[N])
    visible = shown(
        units,
        cells.get(derived("people")),
        least=asked.least,
        public=asked.public,
        overlap=bool(asked.holder),
    )
    visible &= told.beside(asked.entity, cells[asked.entity])
    if not visible.all():
        told.notes.append(f"{int((~visible).sum())} kinds of entity are suppressed: too few.")
        why = f"{int((~visible).sum())} kinds of entity have fewer than {asked.least} "
        why += f"{asked.whose}, or could be had by subtraction"
        told.hide(("kinds",), why, part=int(visible.sum()) > 1)
    total = int(cells[N].sum())
    for place in np.flatnonzero(visible):
        many = int(cells[N][place])
        entities = f" of {int(units[place]):,} entities" if asked.holder else ""
        told.tell(
            "reports",
            f"Reported breaches of one kind of entity ({asked.entity}).",
            float(many),
            f"{many:,} of {total:,} reported breaches ({many / total:.1%}){entities}.",
            of=str(cells[asked.entity][place]),
            unit="breaches",
            n_rows=many,
            n_units=int(units[place]),
            units=asked.units,
            basis="all reported breaches",
            method="counts; no interval: all that were reported",
            cannot_say=NO_RATE,
        )
    if visible.all() or visible.sum() > 1:
        told.series["kinds"] = {
            "kind": cells[asked.entity][visible],
            "breaches": cells[N][visible],
            "units": units[visible],
        }


def _within_sample(told: _Told, asked: _Asked, shares: Sequence[str]) -> None:
    """What a sample that was not drawn at random allows."""
    why = "The sample was picked, not drawn at random."
    if asked.reported or asked.start:
        told.cannot("annual_ratio", TREND, f"{why} No rate and no trend.")
    if asked.lag or (asked.start and asked.reported):
        told.cannot("lag_median", LAG, f"{why} No lag.")
    if asked.size:
        told.cannot("alpha", TAIL, f"{why} No severity.", claims=CLAIMS)
    _labels(told, asked, [*shares, *([asked.entity] if asked.entity else [])], SAMPLE)


def _labels(told: _Told, asked: _Asked, columns: Sequence[str], cannot_say: str) -> None:
    """The share of rows with each label; rows with several count for each."""
    drawn: dict[str, list[Any]] = {"column": [], "label": [], "share": [], "n": []}
    hidden: list[str] = []
    for column in columns:
        cells = told.rows.where(told.rows[column].notnull()).group([column])
        filled = int(cells[N].sum())
        if filled < max(asked.least, 1):
            told.cannot("share", f"Shares of {column}.", "Too few rows have one.", of=column)
            if filled and not asked.public:
                hidden.append(column)
            continue
        counts = label_counts(cells[column], cells[N])
        labels = sorted(counts, key=lambda one: (-counts[one], one))
        many = np.asarray([counts[one] for one in labels])
        visible = shown(many, least=asked.least, public=asked.public, overlap=True)
        visible &= told.beside(column, labels)
        if not visible.all():
            told.notes.append(
                f"{int((~visible).sum())} labels of {column} are suppressed: too few."
            )
            hidden.append(column)
        if (unlabelled := told.n - filled) > 0:
            empty = f"{unlabelled:,} rows" if f"with {column}" in told.counted else "some rows"
            told.notes.append(f"{column}: {empty} are empty and left out.")
        for label, number in _chosen(labels, many, visible):
            told.tell(
                "share",
                f"The share of the rows with a {column} that have this one.",
                number / filled,
                f"{number / filled:.1%} of the rows have {label}, within this table alone.",
                of=f"{column}: {label}",
                unit="share",
                **told.size(f"with {column}", filled, filled),
                units="rows",
                basis=f"rows with a {column}; a row with several counts for each",
                method="counts; no interval: a description of these rows",
                cannot_say=cannot_say,
            )
            for name, value in zip(drawn, (column, label, number / filled, number), strict=True):
                drawn[name].append(value)
    if hidden:
        why = f"labels of {', '.join(hidden)} have fewer than {asked.least} rows, or could be had "
        told.hide(("shares",), why + "by subtraction", part=len(drawn["label"]) > 1)
    if len(drawn["label"]) > (1 if hidden else 0):
        told.series["shares"] = {name: np.asarray(values) for name, values in drawn.items()}


def label_counts(cells: Column, count: Column) -> dict[str, int]:
    """How many rows have each label, where a cell joins several by |; one counts once in a cell."""
    found: dict[str, int] = {}
    for cell, many in zip(cells, count, strict=True):
        for label in _labels_of(cell, whole=False):
            found[label] = found.get(label, 0) + int(many)
    return found


def _chosen(labels: Sequence[str], many: Column, visible: Column) -> Iterator[tuple[str, int]]:
    for label, number, show in zip(labels, many, visible, strict=True):
        if show:
            yield label, int(number)
