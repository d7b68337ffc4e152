"""What regulators fine: how many decisions and how much money, by country and by type.

Each row is one decision, with a fine or without one that is known. Number and money are told side
by side, since few fines hold most of the money and the country with most decisions need not be the
one with most money.

**How unequal.** The share of the largest fifth of the known amounts; quantiles, each the least
amount that at least that share of decisions does not exceed; above a least value x_min that is
chosen, the exponent of a power law p(x) ~ x**-alpha (`datapolis.statistics.inference.power_law`),
compared with a lognormal cut at the same x_min.

**Bounds, not sampling intervals.** A list of decisions is no sample of decisions. What is open is
amounts that are not known: each may be 0, or as much as the largest that is. alpha and the delay
alone have sampling intervals, for decisions as draws of one process.

**When.** Dates count to the day where they are written so, else by month or by year. The last month
with a decision is left out unless the list is known to reach its end.

**How long.** Only from two dates, when a case was opened and when it was decided. Cases that take
long are not decided yet: delays are truncated on the right, and the product limit in reverse time
mends that (`datapolis.statistics.inference.truncated`). One date gives no delay.

Sources: Clauset, Shalizi and Newman (2009); Vuong (1989); Lagakos, Barraj and De Gruttola (1988).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from datapolis.audits.cell_suppression import shown_together
from datapolis.audits.disclosure_control import countable, enough_each_side, parted, rest_is_safe
from datapolis.audits.finding import Audit, Columns, Finding, audit, suppressed_finding
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
from datapolis.audits.privacy import SUPPRESSED, one_dominates
from datapolis.audits.suppressed import Suppressed, each, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.indicators import spearman, top_fifth_share
from datapolis.statistics.inference import truncated
from datapolis.statistics.inference.resampling import DRAWS, interval
from datapolis.tables import N, Source, Table, derived, open_table
from datapolis.tables.totals import without_totals

if TYPE_CHECKING:
    Column = Any  # a NumPy array; the indicators are typed for those of JAX

CROSS, YEAR, MONTH = map(derived, ("cross", "year", "month"))  # splits beside those by columns
DATES, YEARS = ("date", "date_raw"), ("year",)  # looked for where no column is named
NOT_GIVEN = "(not given)"
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
FEWEST = 5  # groups in a rank correlation
SIGNIFICANCE = 0.05
TAIL = 10  # amounts in the smallest tail that is fitted
LISTED = 200  # groups of a column, or of a cross, that charts and tables list
CLAIMS = ("V27", "V28", "V29", "V30", "V31")
BASIS = "decisions listed, and the sum of their known amounts, sum to one"
AMOUNTS = frozenset({"known", "nothing"})  # parts of the decisions that amounts are counted of
HIDDEN: dict[str, Any] = {
    "estimand": "What the decisions listed hold.",
    "units": "decisions",
    "basis": BASIS,
    "claims": CLAIMS,
}
CASE_MIX = (
    "What is not listed: a published list is no census of decisions, and the cases of countries "
    "differ."
)
DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[ T]00:00:00(?:\.0+)?)?)?)?")


@dataclass(frozen=True, eq=False)
class Decisions:
    """Decisions alike in every column read, as one row with how many there are."""

    labels: Mapping[str, Column]  # by column
    amount: Column  # nan where not known
    year: Column  # "2019", or ""
    month: Column  # "2019-03", or ""
    day: Column  # datetime64, NaT where the date is not to the day
    opened: Column  # likewise
    odd: Column  # whether something is written for a date that is none
    unit: Column  # numbered from 0; -1 where each decision is a unit of its own
    many: Column

    def __getitem__(self, chosen: Any) -> Decisions:
        columns = {name: one[chosen] for name, one in vars(self).items() if name != "labels"}
        return Decisions(labels={name: one[chosen] for name, one in self.labels.items()}, **columns)

    @property
    def n(self) -> int:
        """How many decisions there are."""
        return int(self.many.sum())

    @property
    def known(self) -> Decisions:
        """Those with a known amount."""
        return self[~np.isnan(self.amount)]

    @property
    def each(self) -> Column:
        """The amounts of all decisions, one for each, those not known as 0."""
        return np.repeat(np.nan_to_num(self.amount), self.many)

    @property
    def units(self) -> Column:
        """The unit of each decision, numbered from 0."""
        units = np.repeat(self.unit, self.many)
        return np.arange(units.size) if (units < 0).all() else units

    def safe(self, least: int) -> bool:
        """Whether the sum of these may be told: units enough, none that dominates (p % rule)."""
        _, code = np.unique(self.units, return_inverse=True)
        if code.size == 0 or code.max() + 1 < least:
            return False
        return least <= 1 or not one_dominates(np.bincount(code, self.each))


@audit(amount="amount", unit="unit", period=("date", "year"), case=("unit", "date"))
def enforcement(
    table: Source,
    *,
    amount: Annotated[str, "column with the fine, in one currency; empty where not known"],
    by: Annotated[Sequence[str], "columns to count by, such as country and type"],
    date: Annotated[
        str, "column with the date of the decision; without it date or date_raw, if there is one"
    ] = "",
    year: Annotated[
        str, "column with its year, where dates are not written out; without it year"
    ] = "",
    opened: Annotated[str, "column with the date when the case was opened; without it no delay"] = (
        ""
    ),
    as_of: Annotated[str, "day up to which the list is complete, as 2020-12-31"] = "",
    unit: Annotated[str, "column with who was fined; without it each decision is a unit"] = "",
    currency: Annotated[str, "unit of the amounts"] = "EUR",
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    seed: Seed = 0,
    draws: Draws = DRAWS,
    progress: Progress = None,
) -> Audit:
    """How many decisions and how much money, by group and by month, and how unequal the fines are.

    Raises InputError where amounts are negative or no numbers, where a date and its year disagree
    or a case was decided before it was opened, and where groups are too many to suppress some.
    """
    by = [one.strip() for one in (by.split(",") if isinstance(by, str) else by)]
    rows = open_table(table, drop=drop, duplicates=duplicates)
    taken = (amount, opened, unit, date, year)  # a column with another meaning is no date
    date, year = _column(rows, date, DATES, taken), _column(rows, year, YEARS, taken)
    read = _read(rows, amount, by, date, year, opened, unit)
    end = _day(as_of, "as_of") if as_of else None
    if as_of and not (date or year):
        raise InputError(
            "--as-of has no effect here", field="as_of", value=as_of, allowed="only with --date"
        )
    least = 1 if public else min_group
    told: dict[str, Any] = {"kind": "enforcement", "title": "What regulators fine"}
    if not read.safe(least):
        return Audit(
            findings=(suppressed_finding("decisions", **HIDDEN),),
            suppressed=each(
                (*(f"groups: {name}" for name in by), *(("months",) if date else ())),
                too_few(unit or "decisions", least),
            ),
            notes=(*rows.notes, f"All: {SUPPRESSED}."),
            inputs=(rows.provenance,),
            **told,
        )
    tables = _tables(read, by, bool(date or year))
    seen = _seen(tables, read, least)
    counted = _countable(read, end, least)
    findings = [
        *_sums(read, counted, least, currency),
        *_quantiles(read, counted, least, currency),
        *_tail(read, counted, least, currency, draws, seed, progress),
        *_leaders(read, {name: tables[name] for name in by}, seen, least, currency),
        *_months(read, counted, tables, seen, date, end),
        *_delays(read, counted, opened, end, least, draws, seed, progress),
    ]
    hidden = tuple(_not_drawn(by, tables, seen, unit, least))
    series = _series(read, by, tables, seen, findings, _whole(read, end))
    without = {one.series for one in hidden if not one.part}
    return Audit(
        findings=tuple(findings),
        series={name: one for name, one in series.items() if name not in without},
        suppressed=hidden,
        notes=(
            *rows.notes,
            *_notes(read, counted, date, year),
            *_hidden(tables, seen),
            "No index of the model is a fine: quantiles are printed, not emitted as targets.",
        ),
        inputs=(rows.provenance,),
        **told,
    )


# --- decisions ---------------------------------------------------------------------------------


def _column(rows: Table, given: str, usual: Sequence[str], taken: Sequence[str]) -> str:
    """The column named, or the first of the usual ones that is there and not taken, or ""."""
    if given:
        rows.require(given)
        return given
    return next((one for one in usual if one in rows.columns and one not in taken), "")


def _read(
    rows: Table, amount: str, by: list[str], date: str, year: str, opened: str, unit: str
) -> Decisions:
    """The decisions, reduced where the rows lie to those that differ."""
    if not by or not all(by) or len(set(by)) < len(by) or amount in by:
        raise InputError(
            "no columns to count by", file=rows.name, field="by", allowed="one or more, each once"
        )
    words = [one for one in (*by, date, year, opened, unit) if one]
    rows = rows.text(*dict.fromkeys(words), gaps=True).numbers(amount, least=0, gaps=True)
    rows = without_totals(rows, [*by, *([unit] if unit else [])], amount)
    rows = rows.days_written(*(one for one in (date, opened) if one))
    if unit:
        rows = rows.text(unit)
    cells = rows.group([*words, amount])
    many = cells[N].astype(int)
    if not many.size:
        raise InputError("no decision is left", file=rows.name, allowed="one row or more")
    dated = _words(cells[date]) if date else [""] * many.size
    when = [_parts(one) for one in dated]
    years = np.array([one[0] for one in when], str)
    if year:
        years = _years(rows.name, year, _words(cells[year]), years, many)
    day = np.array([one[2] or "NaT" for one in when], "datetime64[D]")
    begun = np.full(many.size, "NaT", "datetime64[D]")
    if opened:
        begun = np.array(
            [_parts(one)[2] or "NaT" for one in _words(cells[opened])], "datetime64[D]"
        )
        wrong = int(many[begun > day].sum())
        if wrong:
            raise InputError(
                f"{wrong:,} cases were decided before they were opened",
                file=rows.name,
                field=opened,
                allowed=f"no date after {date}",
            )
    return Decisions(
        labels={one: np.array([cell or NOT_GIVEN for cell in _words(cells[one])]) for one in by},
        amount=cells[amount].astype(float),
        year=years,
        month=np.array([one[1] for one in when], str),
        day=day,
        odd=np.array([bool(text) and not one[0] for text, one in zip(dated, when, strict=True)]),
        opened=begun,
        unit=np.unique(cells[unit], return_inverse=True)[1] if unit else np.full(many.size, -1),
        many=many,
    )


def _words(cells: Column) -> list[str]:
    """Text, with "" where a cell is empty."""
    return ["" if cell is None else str(cell) for cell in cells]


def _parts(written: str) -> tuple[str, str, str]:
    """The year, month and day of a date that is written to the day, the month or the year."""
    found = DATE.fullmatch(written)
    if found is None:
        return "", "", ""
    year, month, day = found.groups()
    try:
        Day(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return "", "", ""
    return year, f"{year}-{month}" if month else "", f"{year}-{month}-{day}" if day else ""


def _years(file: str, field: str, given: list[str], dated: Column, many: Column) -> Column:
    """The year of each decision: as given, else of its date; they may not disagree."""
    years = np.array([_parts(one.removesuffix(".0"))[0] for one in given], str)
    wrong = (years != "") & (dated != "") & (years != dated)
    if wrong.any():
        raise InputError(
            f"{int(many[wrong].sum()):,} rows have another year than their date",
            file=file,
            field=field,
            allowed="the year of the date",
        )
    return np.where(years == "", dated, years)


def _day(written: str, field: str) -> Any:
    day = _parts(written)[2]
    if not day:
        raise InputError(
            "not a date", field=field, value=written, allowed="a date such as 2020-12-31"
        )
    return np.datetime64(day, "D")


DATED: dict[str, Callable[[Decisions], Column]] = {
    "to the day": lambda read: ~np.isnat(read.day),
    "to the month alone": lambda read: np.isnat(read.day) & (read.month != ""),
    "to the year alone": lambda read: (read.month == "") & (read.year != ""),
    "not at all": lambda read: read.year == "",
}


def _countable(read: Decisions, end: Any, least: int) -> frozenset[str]:
    """Which parts of the decisions may be counted, so that no count of few units follows."""
    first, last = _whole(read, end)
    parts = {
        "known": ~np.isnan(read.amount),
        "nothing": read.amount == 0,
        "whole months": _in(read, first, last) if last else np.zeros(read.many.size, bool),
        "two dates": ~np.isnat(read.opened)
        & (~np.isnat(read.day) if end is None else read.day <= end),
        **{how: chosen(read) for how, chosen in DATED.items()},
        "odd": read.odd,
    }
    each = {name: np.repeat(part, read.many) for name, part in parts.items()}
    return countable(each, read.units, least=least)


def _notes(read: Decisions, counted: frozenset[str], date: str, year: str) -> Iterator[str]:
    """What is not known of amounts and dates, in words."""
    yield (
        f"Of {read.n:,} decisions {_without(read, counted)}; all count as decisions, those without "
        "an amount are no part of sums and quantiles."
    )
    if read[read.amount == 0].n:
        yield (
            "An amount of 0 counts as a fine of 0 in quantiles and shares; where it stands for one "
            "that is only intended, --blanks 0 takes it for an amount that is not known."
        )
    if not date:
        yield "No date of decisions: nothing is told by month."
        return
    parts = {how: read[chosen(read)].n for how, chosen in DATED.items() if how in counted}
    words = [f"{many:,} {how}" for how, many in parts.items() if many]
    listed = f": {', '.join(words)} (of {read.n:,})" if words else ""
    yield f"Decisions are dated by column {date}{listed}."
    odd = read[read.odd].n
    if odd:
        number = f"{odd:,} cells" if "odd" in counted else "Some cells"
        yield (
            f"{number} of column {date} hold something that is no date, such as letters in place "
            "of the day" + (f"; for them column {year} counts." if year else ".")
        )


# --- groups, and which of them may be told -----------------------------------------------------


@dataclass(frozen=True, eq=False)
class Groups:
    """One way to split the decisions: what its groups are called, and where each decision lies."""

    names: Column  # label of each group; one row of labels for a cross of columns
    place: Column  # of each row of decisions

    def decisions(self, read: Decisions) -> Column:
        """How many decisions each group has."""
        return np.bincount(self.place, read.many, len(self.names)).astype(int)

    def known(self, read: Decisions) -> Column:
        """How many of them have a known amount."""
        return np.bincount(self.place, read.many * ~np.isnan(read.amount), len(self.names))

    def sums(self, read: Decisions) -> Column:
        """The sum of their known amounts."""
        amount = np.nan_to_num(read.amount) * read.many
        return np.bincount(self.place, amount, len(self.names))


def _tables(read: Decisions, by: list[str], dated: bool) -> dict[str, Groups]:
    """Every split that is told: by each column, by all of them, by year and by month."""
    tables = {name: _split(read.labels[name]) for name in by}
    if len(by) > 1:
        tables[CROSS] = _split(np.array([read.labels[name] for name in by], str).T)
    if dated:
        tables[YEAR] = _split(read.year)
        tables[MONTH] = _split(np.array([read.year, read.month], str).T)
    return tables


def _split(labels: Column) -> Groups:
    names, place = np.unique(labels, axis=0, return_inverse=True)
    return Groups(names, place.ravel())


def _seen(tables: dict[str, Groups], read: Decisions, least: int) -> dict[str, Column]:
    """Which groups of each split may be told, so that none gives another away."""
    seen = {name: np.ones(len(one.names), bool) for name, one in tables.items()}
    if least <= 1:
        return seen
    known = ~np.isnan(read.amount)
    parts = [np.ones(known.size, bool)]  # of the decisions, which are counted
    if known.any() and not known.all():
        parts.append(known)  # of those with an amount, which are added up
    for part in parts:
        here = read[part]
        groups, places = {}, {}
        for name, one in tables.items():
            groups[name], place = np.unique(one.place[part], return_inverse=True)
            places[name] = np.repeat(place, here.many)
        told = shown_together(places, here.units, here.each, least=least)
        for name in tables:
            seen[name][groups[name]] &= told[name]
    return seen


def _hidden(tables: dict[str, Groups], seen: dict[str, Column]) -> Iterator[str]:
    """How many groups are suppressed."""
    for name in tables:
        many = int((~seen[name]).sum())
        if many:
            what = {CROSS: "all columns together", YEAR: "year", MONTH: "month"}.get(name, name)
            yield (
                f"{many:,} groups by {what} are suppressed: they are smaller than the threshold, "
                "one of them has nearly all, or they could be found by subtraction."
            )


# --- findings ----------------------------------------------------------------------------------


def _shared(read: Decisions) -> dict[str, Any]:
    return {
        "n_rows": read.n,
        "n_units": int(np.unique(read.units).size),
        "units": "decisions" if (read.unit < 0).all() else "fined",
        "basis": BASIS,
        "claims": CLAIMS,
    }


def _told(part: Decisions, read: Decisions, counted: frozenset[str]) -> dict[str, Any]:
    """The same of a part; of the whole where their difference would tell of few decisions."""
    return _shared(part if counted >= AMOUNTS else read)


def _without(read: Decisions, counted: frozenset[str]) -> str:
    """In words how many decisions give no amount, or one of 0."""
    if not counted >= AMOUNTS:
        return "some may give no amount, or one of 0"
    unknown, nothing = read.n - read.known.n, read[read.amount == 0].n
    return f"{unknown:,} give no amount, {nothing:,} an amount of 0"


def _sums(read: Decisions, counted: frozenset[str], least: int, currency: str) -> Iterator[Finding]:
    """Decisions, the sum of fines and the part of the largest fifth."""
    shared = {**_shared(read), "cannot_say": CASE_MIX}
    unknown = read.n - read.known.n
    yield Finding(
        name="decisions",
        estimand="How many decisions are listed.",
        estimate=float(read.n),
        unit="decisions",
        method="count; no interval: every decision that is listed",
        says=f"{read.n:,} decisions are listed; {_without(read, counted)}.",
        **shared,
    )
    known = read.known
    if not known.safe(least):
        yield suppressed_finding("sum", **HIDDEN)
        return
    shared |= _told(known, read, counted)
    amounts = known.each
    most: Column = np.append(amounts, np.full(unknown, amounts.max()))
    bounded = unknown > 0 and least <= 1
    bounds = "; bounds: amounts not known are 0, or each as much as the largest known"
    told = bounds if bounded else "; no interval: every known amount that is listed"
    total = float(amounts.sum())
    yield Finding(
        name="sum",
        estimand="The sum of the fines that are listed.",
        estimate=total,
        lower=total if bounded else np.nan,
        upper=float(most.sum()) if bounded else np.nan,
        interval="bounds" if bounded else "none",
        unit=currency,
        method=f"sum of the known amounts{told}",
        says=f"The fines that are known sum to {total:,.0f} {currency}.",
        **shared,
    )
    safe = rest_is_safe(amounts, known.units, amounts.size / 5, least=least)
    if total <= 0 or amounts.size < 5 or not safe:
        yield (
            suppressed_finding("top_fifth_share", **HIDDEN)
            if least > 1
            else _not("top_fifth_share", shared)
        )
        return
    none: Column = np.append(amounts, np.zeros(unknown))
    values = [float(top_fifth_share(one)) for one in (amounts, none, most)]
    whole = np.cumsum(np.sort(amounts)[::-1]) / total
    floor, ceiling = (whole[int(heads(amounts.size / 5)) - 1] for heads in (np.floor, np.ceil))
    rounded = f"; {floor:.4f} with whole heads rounded down, {ceiling:.4f} up"
    yield Finding(
        name="top_fifth_share",
        estimand="The share of all fines that the largest fifth of the known amounts make.",
        estimate=values[0],
        lower=min(values) if bounded else np.nan,
        upper=max(values) if bounded else np.nan,
        interval="bounds" if bounded else "none",
        unit="share",
        method="of the known amounts, the last head counted in part"
        f"{rounded if least <= 1 else ''}{told}",  # the two differ by one fine
        says=f"The largest fifth of the fines make {values[0]:.1%} of the money; .8 is the 80-20 "
        "rule.",
        **shared,
    )


def _quantiles(
    read: Decisions, counted: frozenset[str], least: int, currency: str
) -> Iterator[Finding]:
    """The amounts that given shares of decisions do not exceed."""
    known = read.known
    unknown = read.n - known.n
    if not known.n:
        return
    amounts = np.sort(known.each)
    for share in QUANTILES:
        value = _quantile(amounts, share)
        if not enough_each_side(known.each, known.units, value, least):
            yield suppressed_finding("quantile", f"{share:.0%}", **HIDDEN)
            continue
        low, high = (
            _quantile(np.sort(np.append(amounts, np.full(unknown, other))), share)
            for other in (0.0, amounts[-1])
        )
        bounded = unknown > 0 and least <= 1
        yield Finding(
            name="quantile",
            of=f"{share:.0%}",
            estimand="The least amount that this share of the known amounts does not exceed.",
            estimate=value,
            lower=low if bounded else np.nan,
            upper=high if bounded else np.nan,
            interval="bounds" if bounded else "none",
            unit=currency,
            method="order statistic, amounts of 0 included"
            + (
                "; bounds: amounts not known are 0, or as much as the largest known"
                if bounded
                else "; no interval: every known amount that is listed"
            ),
            says=f"{share:.0%} of the fines are {value:,.0f} {currency} or less.",
            **{**_told(known, read, counted), "cannot_say": CASE_MIX},
        )


def _quantile(ordered: Column, share: float) -> float:
    return float(ordered[max(int(np.ceil(share * ordered.size - 1e-9)) - 1, 0)])


def _tail(
    read: Decisions,
    counted: frozenset[str],
    least: int,
    currency: str,
    draws: int,
    seed: int,
    progress: Progress,
) -> Iterator[Finding]:
    """The exponent of the largest fines, and whether a lognormal lies nearer to them."""
    from datapolis.statistics.inference import heavy_tails, power_law

    fined = read[np.nan_to_num(read.amount) > 0]
    shared = _told(fined, read, counted)
    if np.unique(fined.amount).size < 2:
        yield _not("tail_exponent", shared)
        return
    law = power_law.fit(fined.amount, fined.many)
    above = fined[fined.amount >= law.x_min]
    if law.n_tail < TAIL or not parted(fined.each, fined.units, law.x_min * (1 - 1e-12), least):
        yield (
            suppressed_finding("tail_exponent", **HIDDEN)
            if least > 1
            else _not("tail_exponent", shared)
        )
        return
    beside = counted >= AMOUNTS and bool(
        countable({"tail": fined.each >= law.x_min}, fined.units, least=least)
    )
    tail = {"n_rows": law.n_tail, "n_units": int(np.unique(above.units).size)} if beside else {}
    units = None if (fined.unit < 0).all() else fined.unit
    drawn = power_law.bootstrap(
        fined.amount, fined.many, draws=draws, seed=seed, units=units, progress=progress
    )
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    lower, upper = interval(drawn[:, 0])
    starts, start = interval(drawn[:, 1]), _about(law.x_min, least)
    yield Finding(
        name="tail_exponent",
        estimand="The exponent of the density of fines above the value from which on it is closest "
        "to a power law.",
        estimate=law.alpha,
        lower=lower,
        upper=upper,
        interval="sampling",
        unit="exponent",
        method=f"maximum likelihood above x_min {start} (95 %: {_about(starts[0], least)} to "
        f"{_about(starts[1], least)}), chosen by the Kolmogorov-Smirnov distance; "
        f"{f'{law.n_tail} amounts lie there; ' if beside else ''}bootstrap of {draws:,} samples, "
        "each with its own x_min, for decisions as draws of one process",
        says=f"Fines of {start} {currency} or more fall with exponent {law.alpha:.2f}"
        + (
            ": so slowly that their mean has no end; only quantiles can be told."
            if law.alpha <= 2
            else "."
        ),
        **{
            **shared,
            "cannot_say": "Whether it is a power law; round amounts blur x_min.",
        },
    )

    plain = heavy_tails.fit("power law", above.amount, above.many, floor=law.x_min)
    lognormal = heavy_tails.fit("lognormal", above.amount, above.many, floor=law.x_min)
    ratio, p = heavy_tails.vuong(
        plain,
        lognormal,
        above.amount,
        above.many,
        units=None if units is None else above.unit,
    )
    nearer = "the power law" if ratio > 0 else "the lognormal"
    yield Finding(
        name="power_law_or_lognormal",
        estimand="Whether fines above x_min lie nearer to a power law (above 0) or to a lognormal "
        "(below 0): Vuong's statistic.",
        estimate=ratio,
        unit="standard errors",
        method=f"log likelihood ratio over its standard error, both laws cut at {start}; no "
        "interval: its p value is two-sided",
        says=f"Above {start} {currency} the fines lie nearer to {nearer}, "
        + (
            f"beyond chance (p {p:.2g})."
            if p <= SIGNIFICANCE
            else f"but not beyond chance (p {p:.2f}): the two are not told apart."
        ),
        p_value=p,
        **{**shared, **tail, "cannot_say": "Which law it is: other laws may lie as near."},
    )


def _about(amount: float, least: int) -> str:
    """An amount in words; one digit of it where it may be that of a single decision."""
    return f"{amount:,.0f}" if least <= 1 else f"about {float(f'{amount:.0e}'):,.0f}"


def _leaders(
    read: Decisions,
    tables: dict[str, Groups],
    seen: dict[str, Column],
    least: int,
    currency: str,
) -> Iterator[Finding]:
    """For each column who has most decisions and who most money, and whether the orders agree."""
    total, summed = float(np.nansum(read.amount * read.many)), read.known.safe(least)
    for name, groups in tables.items():
        chosen = np.flatnonzero(seen[name] & summed)
        among = "" if seen[name].all() else " among the groups that are shown"
        if not chosen.size or total <= 0:
            yield (
                suppressed_finding("most_decisions", name, **HIDDEN)
                if chosen.size == 0
                else _not("most_money", _shared(read), name)
            )
            continue
        labels = groups.names[chosen]
        many, money = groups.decisions(read)[chosen], groups.sums(read)[chosen]
        first, rich = int(np.argmax(many)), int(np.argmax(money))
        shared = {**_shared(read), "cannot_say": CASE_MIX, "of": name}
        for key, top, value, words in (
            ("most_decisions", first, many[first] / read.n, "decisions"),
            ("most_money", rich, money[rich] / total, "money"),
        ):
            yield Finding(
                name=key,
                estimand=f"The share of all {words} of the {name} with most of it{among}.",
                estimate=float(value),
                unit="share",
                method="count and sum by group; no interval: every decision that is listed",
                says=f"{labels[top]} has most {words}{among}: {many[top]:,} of {read.n:,} "
                f"decisions ({many[top] / read.n:.1%}) and {money[top]:,.0f} of {total:,.0f} "
                f"{currency} ({money[top] / total:.1%}).",
                **shared,
            )
        if chosen.size >= FEWEST and np.unique(many).size > 1 and np.unique(money).size > 1:
            order = float(spearman(many.astype(float), money))
            yield Finding(
                name="number_and_money",
                estimand=f"Rank correlation of decisions with money over each {name}{among}.",
                estimate=order,
                unit="correlation",
                method=f"Spearman over {chosen.size} groups; no interval: every one that is shown",
                says=f"By {name}, the order by decisions and that by money agree with a rank "
                f"correlation of {order:.2f}.",
                **{**shared, "n_units": int(chosen.size), "units": name, "basis": "ranks"},
            )


def _whole(read: Decisions, end: Any) -> tuple[str, str]:
    """The first and the last whole month with a date; "", "" if there is none."""
    months = np.unique(read.month[read.month != ""])
    if not months.size:
        return "", ""
    last = np.datetime64(str(months[-1]), "M")
    if end is None:
        last -= 1
    else:
        last = min(last, (end + 1).astype("datetime64[M]") - 1)
    return (str(months[0]), str(last)) if str(last) >= str(months[0]) else ("", "")


def _months(
    read: Decisions,
    counted: frozenset[str],
    tables: dict[str, Groups],
    seen: dict[str, Column],
    date: str,
    end: Any,
) -> Iterator[Finding]:
    """How many decisions a whole month has."""
    first, last = _whole(read, end)
    if not last:
        yield Finding(
            name="decisions_a_month",
            estimate=np.nan,
            estimand="How many decisions a month has.",
            method="none",
            says="Nothing is told by month.",
            **{**_shared(read), "cannot_say": "No whole month is dated." if date else "No date."},
        )
        return
    inside = read[(read.month >= first) & (read.month <= last) & (read.month != "")]
    months = int(np.datetime64(last, "M") - np.datetime64(first, "M")) + 1 if first else 0
    told = [bool(seen[MONTH][at]) for at in np.unique(tables[MONTH].place[_in(read, first, last)])]
    if not all(told):
        yield suppressed_finding("decisions_a_month", **HIDDEN)
        return
    yield Finding(
        name="decisions_a_month",
        of=f"{first} to {last}",
        estimand="How many of the decisions listed a whole month has on average.",
        estimate=inside.n / months,
        unit="decisions a month",
        method=f"{inside.n:,} decisions dated to the day or the month over {months} whole months; "
        "the last is "
        + ("the one before the month of the last decision" if end is None else f"whole by {end}")
        + "; no interval: every decision that is listed",
        says=f"From {first} to {last} a month has {inside.n / months:.1f} decisions of the list.",
        **{
            **_shared(inside if "whole months" in counted else read),
            "cannot_say": "No trend: recent decisions are still being added, and more authorities "
            "publish theirs; those dated by year alone are left out.",
        },
    )


def _in(read: Decisions, first: str, last: str) -> Column:
    return (read.month >= first) & (read.month <= last) & (read.month != "")


def _delays(
    read: Decisions,
    counted: frozenset[str],
    opened: str,
    end: Any,
    least: int,
    draws: int,
    seed: int,
    progress: Progress,
) -> Iterator[Finding]:
    """How long it took from opening a case to deciding it."""
    estimand = "The median time from opening a case to its decision."
    both = read[~np.isnat(read.opened) & ~np.isnat(read.day)]
    if both.n < FEWEST or (least > 1 and not _units_enough(both, least)):
        yield Finding(
            name="delay",
            estimand=estimand,
            estimate=np.nan,
            method="none",
            says="No delay is told.",
            **{
                **_shared(read),
                "cannot_say": "One date tells no delay; the day on which a case was opened is "
                "needed."
                if not opened
                else "Too few cases have both dates to the day.",
            },
        )
        return
    last = read.day[~np.isnat(read.day)].max() if end is None else end
    both = both[both.day <= last]
    delay = np.repeat((both.day - both.opened).astype(float), both.many)
    window = np.repeat((last - both.opened).astype(float), both.many)
    shared = {**_shared(both if "two dates" in counted else read), "unit": "days"}
    naive = truncated.as_recorded(delay).quantile(0.5)
    limit = truncated.product_limit(delay, window)
    units = np.unique(both.units, return_inverse=True)[1]
    middles = [naive, *([limit.quantile(0.5)] if limit.identified else [])]
    if not all(enough_each_side(delay, units, one, least) for one in middles):
        yield suppressed_finding("delay", **HIDDEN)
        return
    yield Finding(
        name="delay_as_recorded",
        estimand=f"{estimand[:-1]}, among the cases decided.",
        estimate=naive,
        method="median; no interval: every case with two dates",
        says=f"Half of the cases with two dates were decided within {naive:,.0f} days.",
        **{**shared, "cannot_say": "How long cases take: long ones are not decided yet."},
    )
    middle, _ = truncated.bootstrap(
        delay, window, units, at=np.empty(0), draws=draws, seed=seed, progress=progress
    )
    lower, upper = interval(middle)
    bounded = limit.identified and all(
        enough_each_side(delay, units, one, least) for one in (lower, upper)
    )
    told = str(last) if end is not None or least <= 1 else str(last.astype("datetime64[M]"))
    longest = window.max() if least <= 1 else float(f"{window.max():.1g}")
    yield Finding(
        name="delay",
        estimand=estimand,
        estimate=limit.quantile(0.5) if limit.identified else np.nan,
        lower=lower if bounded else np.nan,
        upper=upper if bounded else np.nan,
        interval="sampling" if bounded else "none",
        method=f"product limit in reverse time, as of {told}, {draws:,} bootstrap samples of "
        f"{shared['units']}"
        + (
            "; an end of the interval is suppressed: too few beyond it"
            if limit.identified and not bounded
            else ""
        ),
        says=f"Corrected for cases not yet decided, half take {limit.quantile(0.5):,.0f} days or "
        f"less, against {naive:,.0f} as recorded."
        if limit.identified
        else "No delay is told.",
        **{
            **shared,
            "cannot_say": f"Delays longer than {longest:,.0f} days."
            if limit.identified
            else "Some delay took every case that could have had it: shorter ones tell nothing.",
        },
    )


def _units_enough(read: Decisions, least: int) -> bool:
    return np.unique(read.units).size >= least


def _not(name: str, shared: dict[str, Any], of: str = "") -> Finding:
    return Finding(
        name=name,
        of=of,
        estimand="How the fines that are listed are spread.",
        estimate=np.nan,
        method="none",
        says="Not estimated.",
        **{**shared, "cannot_say": "Too few different amounts above 0 are known."},
    )


# --- what charts draw --------------------------------------------------------------------------


def _series(
    read: Decisions,
    by: list[str],
    tables: dict[str, Groups],
    seen: dict[str, Column],
    findings: list[Finding],
    whole: tuple[str, str],
) -> dict[str, Columns]:
    """Groups with number and money, the cross of all columns, months and quantiles."""
    total = float(np.nansum(read.amount * read.many))
    groups: dict[str, list[Any]] = {"by": [], "group": []}
    numbers: dict[str, list[Any]] = {}
    for name in by:
        chosen = _largest(tables[name], seen[name], read)
        groups["by"] += [name] * chosen.size
        groups["group"] += tables[name].names[chosen].tolist()
        for key, values in _counted(tables[name], read, total).items():
            numbers.setdefault(key, []).extend(values[chosen].tolist())
    series: dict[str, Columns] = {"groups": {**groups, **numbers}}
    if CROSS in tables:
        chosen = _largest(tables[CROSS], seen[CROSS], read)
        labels = tables[CROSS].names[chosen]
        series["cross"] = {
            **{f"by {name}": labels[:, at] for at, name in enumerate(by)},
            **{k: v[chosen] for k, v in _counted(tables[CROSS], read, total).items()},
        }
    if MONTH in tables:
        for name, split in (("year", YEAR), ("month", MONTH)):
            labels = tables[split].names
            labels = labels if name == "year" else labels[:, 1]
            chosen = np.flatnonzero(seen[split] & (labels != ""))
            series[f"{name}s"] = {
                name: labels[chosen],
                **({"whole": labels[chosen] <= whole[1]} if name == "month" else {}),
                **{k: v[chosen] for k, v in _counted(tables[split], read, total).items()},
            }
    shares = [one for one in findings if one.name == "quantile" and np.isfinite(one.estimate)]
    series["quantiles"] = {
        "share": [float(one.of.rstrip("%")) / 100 for one in shares],
        "amount": [one.estimate for one in shares],
    }
    return series


def _not_drawn(
    by: list[str], tables: dict[str, Groups], seen: dict[str, Column], unit: str, least: int
) -> Iterator[Suppressed]:
    """The charts in which groups or months are suppressed."""
    charts = {f"groups: {name}": name for name in by}
    if "month" in tables:
        charts["months"] = "month"
    for chart, name in charts.items():
        if hidden := int((~seen[name]).sum()):
            what = "months" if name == "month" else f"groups of {name}"
            why = f"{hidden:,} {what} would tell of fewer than {least} {unit or 'decisions'}, or "
            why += "could be had by subtraction"
            yield suppressed(chart, why, part=int(seen[name].sum()) > 1)


def _largest(groups: Groups, seen: Column, read: Decisions) -> Column:
    """The groups that are told with most decisions, at most `LISTED`."""
    chosen = np.flatnonzero(seen)
    order = np.argsort(-groups.decisions(read)[chosen], kind="stable")
    return chosen[order[:LISTED]]


def _counted(groups: Groups, read: Decisions, total: float) -> dict[str, Column]:
    """Number and money of each group."""
    many, money = groups.decisions(read), groups.sums(read)
    return {
        "decisions": many,
        "sum": money,
        "share_of_decisions": many / read.n,
        "share_of_sum": money / total if total > 0 else np.full(money.size, np.nan),
    }
