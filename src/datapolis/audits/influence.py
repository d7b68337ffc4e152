"""What companies spend to sway government: filings made into totals, and how few spend most of it.

A company that lobbies with staff of its own reports all it spends, the firms it hires included;
each of these firms reports its part once more. Adding every filing up counts that part twice. Of
each company c in each period t

    spent(c, t) = own report, if it filed one; else the sum of the outside firms' filings

after an amendment has taken the place of the filing it amends: the one by the same filer for the
same client, company and period. A parent's total is that of the companies whose parent it is and of
itself. With shares s_c of the total of all companies, concentration is H = sum_c s_c**2.

**Bounds, not sampling intervals.** A public register is no sample. What the filings leave open is
what a report holds: a parent's own report may already hold what its subsidiaries' firms report (the
least total), and an own report that is less than the sum of the outside firms' cannot hold them all
(the greatest takes the greater of the two).

**Against size.** Only where a table of sizes is given: Spearman's rank correlation, its permutation
p, and the smallest correlation that so few companies could show.

Sources: US Lobbying Disclosure Act of 1995, section 5 (whose reports hold what); Hirschman (1945);
Spearman (1904).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from datapolis.audits.cell_suppression import shown_together
from datapolis.audits.data_quality import keys_doubted
from datapolis.audits.dependencies import Needs
from datapolis.audits.finding import Audit, Columns, Finding, audit, suppressed_finding
from datapolis.audits.options import (
    MIN_GROUP,
    Draws,
    Drop,
    Duplicates,
    MinGroup,
    Public,
    Seed,
)
from datapolis.audits.privacy import SUPPRESSED, one_dominates
from datapolis.audits.suppressed import NAMED, Suppressed, each, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.indicators import concentration_ratio, herfindahl
from datapolis.statistics.inference.ranks import RankTest, spearman_test
from datapolis.statistics.inference.resampling import DRAWS
from datapolis.tables import N, Source, Table, open_table
from datapolis.tables.periods import coded
from datapolis.tables.totals import without_totals

if TYPE_CHECKING:
    from jaxtyping import Int

    Column = Any  # a NumPy array; the indicators are typed for those of JAX

FILER, CLIENT = "lobbying_firm", "client_name"  # where the table has them
YES, NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
LEADERS = 5
FEWEST = 5  # companies in a rank correlation
LISTED = 200  # companies that charts and tables name
BASIS = "amounts filed by the companies listed sum to one"
CLAIMS = ("M1", "E5", "M25")
HIDDEN: dict[str, Any] = {
    "estimand": "What the companies listed spent on lobbying.",
    "units": "companies",
    "basis": BASIS,
    "claims": CLAIMS,
}
NOT_ALL = (
    "What is spent without being filed, by companies that are not listed, or on anything but "
    "lobbying; what the money achieved."
)


@dataclass(frozen=True, eq=False)
class Spent:
    """What each company spent in each period, by three readings of the same filings."""

    company: Column  # of each cell, in the order of companies, then periods
    period: Column
    amount: Column  # its own report, else the outside firms'
    least: Column  # were all of its parts inside the parent's own report
    most: Column  # were outside firms' filings that exceed an own report not inside it
    twice: Column  # filed by outside firms and again inside an own report
    filings: Column  # how many were read

    def by_company(self, cells: Column) -> tuple[Column, Column]:
        """The companies, and the sum of these cells for each."""
        names, code = np.unique(self.company, return_inverse=True)
        return names, np.bincount(code, cells, names.size)


@audit(
    amount="amount",
    unit="payer",
    period="period",
    case=("payer", "period", "own", "form", "filer", "client"),
)
def influence(
    filings: Source,
    size: Source | None = None,
    *,
    payer: Annotated[str, "column with the company that pays"],
    own: Annotated[str, "column that says whether it is the company's own report: true or false"],
    form: Annotated[str, "column with the type of filing, in words"],
    amount: Annotated[str, "column with the amount spent"],
    period: Annotated[str, "column with the period of the report"],
    parent: Annotated[str, "column with the parent company; empty cells have none"] = "",
    filer: Annotated[str, "column with who filed, to find what an amendment replaces"] = FILER,
    client: Annotated[str, "column with the client as the filer writes it, likewise"] = CLIENT,
    amends: Annotated[str, "word in the type of filing that marks an amendment"] = "amendment",
    currency: Annotated[str, "unit of the amounts"] = "USD",
    size_name: Annotated[
        str, "column of the size table with the company", Needs("size")
    ] = "company",
    size_value: Annotated[str, "column of the size table with its size", Needs("size")] = "size",
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    seed: Seed = 0,
    draws: Draws = DRAWS,
) -> Audit:
    """What each company spent on lobbying by the filings, and how few spent most of it.

    Raises InputError where amounts are negative or no numbers, where a cell of `own` says neither
    yes nor no, where a company has two parents in one period or stands above itself, and where
    filers are not named though amendments need it.
    """
    rows = open_table(filings, drop=drop, duplicates=duplicates)
    read = _read(rows, payer, own, form, amount, period, parent, filer, client, amends)
    least = 1 if public else min_group
    kept, replaced, notes = _amended(read, least, rows.name)
    spent = _spent(kept, rows.name)
    notes = [*rows.notes, *_notes(read, spent, least), *notes]
    names, totals = spent.by_company(spent.amount)
    inputs = [rows.provenance]
    if not _showable(totals, least, public):
        findings = [suppressed_finding("spending", **HIDDEN)]
        return Audit(
            kind="influence",
            title=_title(),
            findings=tuple(findings),
            suppressed=each(("steps", "companies"), too_few("companies", least)),
            notes=(*notes, f"All: {SUPPRESSED}."),
            inputs=tuple(inputs),
        )
    findings = list(_sums(read, spent, replaced, least, public, currency))
    findings += _concentration(spent, least, currency)
    findings += _periods(spent, least, public, currency)
    if size is None:
        findings.append(_no_size(names.size))
    else:
        sizes = open_table(size)
        inputs.append(sizes.provenance)
        notes += sizes.notes
        findings.append(
            _against_size(names, totals, sizes, size_name, size_value, least, draws, seed)
        )
    if not public:
        notes.append("Companies are not named, nor told one by one: the table is not public.")
    notes.append("No index of the model is money spent on lobbying: nothing is emitted as target.")
    return Audit(
        kind="influence",
        title=_title(),
        findings=tuple(findings),
        series=_series(read, spent, findings, public),
        suppressed=tuple(_not_drawn(findings, public, least)),
        notes=tuple(notes),
        inputs=tuple(inputs),
    )


# --- filings -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Filings:
    """Filings alike in every column read, as one row with how many there are."""

    payer: Column
    parent: Column  # "" without one
    own: Column
    amends: Column
    period: Column
    filer: Column  # in small letters and digits alone
    client: Column
    amount: Column  # of one of them, nan where none is given
    many: Column

    def __getitem__(self, chosen: Any) -> Filings:
        return Filings(**{name: column[chosen] for name, column in vars(self).items()})

    @property
    def total(self) -> float:
        """The sum of the amounts, none counted as 0."""
        return float(np.nansum(self.amount * self.many))


def _read(
    rows: Table,
    payer: str,
    own: str,
    form: str,
    amount: str,
    period: str,
    parent: str,
    filer: str,
    client: str,
    amends: str,
) -> Filings:
    """The filings, reduced where the rows lie to those that differ."""
    there = set(rows.columns) - {payer, own, form, amount, period, parent}
    filer = "" if filer == FILER and filer not in there else filer
    client = "" if client == CLIENT and client not in there else client
    rows = rows.text(payer).periods(period).text(*([parent] if parent else []), gaps=True)
    rows = rows.text(own, form, spelling=False)  # compared in small letters, as are these:
    rows = rows.text(*(one for one in (filer, client) if one), gaps=True, spelling=False)
    rows = without_totals(rows.numbers(amount, least=0, gaps=True), [payer], amount)
    if rows.n_rows and rows.count() == 0:
        raise InputError("no filing is left", file=rows.name, allowed="one filing or more")
    by = [one for one in (payer, own, form, period, parent, filer, client, amount) if one]
    cells = rows.group(by)
    many = cells[N].astype(int)
    blank = np.full(many.size, "", object)
    marks = np.char.lower(cells[own].astype(str))
    wrong = ~np.isin(marks, [*YES, *NO])
    if wrong.any():
        raise InputError(
            f"{int(many[wrong].sum()):,} cells say neither yes nor no",
            file=rows.name,
            field=own,
            allowed=", ".join([*YES, *NO]),
        )
    found = np.char.find(np.char.lower(cells[form].astype(str)), amends.lower()) >= 0
    return Filings(
        payer=cells[payer].astype(str),
        parent=_words(cells[parent]) if parent else blank.astype(str),
        own=np.isin(marks, YES),
        amends=found & bool(amends),
        period=cells[period].astype(str),
        filer=_letters(cells[filer]) if filer else blank,
        client=_letters(cells[client]) if client else blank,
        amount=cells[amount].astype(float),
        many=many,
    )


def _words(cells: Column) -> Column:
    """Text, with "" where a cell is empty."""
    return np.array(["" if one is None else str(one) for one in cells], str)


def _letters(cells: Column) -> Column:
    """Small letters and digits alone, so that two spellings of a name agree."""
    return np.array([key(one) for one in _words(cells)], object)


def key(name: str) -> str:
    """A name as it is compared: small letters and digits alone."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _amended(read: Filings, least: int, file: str) -> tuple[Filings, Filings, list[str]]:
    """The filings that count, those that amendments replace, and what is to be said of it.

    An amendment replaces what the same filer filed for the same client, company and period; where
    it names the client in another way, what that filer filed for the company, if for one client.
    """
    if not read.amends.any():
        return read, read[np.zeros(read.many.size, bool)], []
    filed: dict[Any, list[int]] = {}  # by company, period, filer
    for at, one in enumerate(zip(read.payer, read.period, read.own, read.filer, strict=True)):
        filed.setdefault(one, []).append(at)
    gone = np.zeros(read.many.size, bool)
    found, several = 0, 0
    for (*_, own, filer), places in filed.items():
        rows = np.array(places)
        for client in dict.fromkeys(read.client[rows[read.amends[rows]]]):
            mending = rows[read.amends[rows] & (read.client[rows] == client)]
            originals = _originals(read, rows[~read.amends[rows]], client)
            if not own and not filer and read.many[originals].sum() > 1:
                raise InputError(
                    "an amendment could replace several filings",
                    file=file,
                    field="filer",
                    allowed="a column with who filed, filled for every amendment",
                )
            found += int(originals.size > 0)
            several += int(read.many[mending].sum() > 1)
            gone[originals] = True
            gone[mending] = True
            gone[mending[np.argmax(np.nan_to_num(read.amount[mending], nan=-1.0))]] = False
    kept = read[~gone]
    kept.many[kept.amends] = 1
    said = [
        f"{_number(read.many[read.amends].sum(), least)} filings are amendments: for "
        f"{_number(found, least)} what they replace is in the list and was left out; the others "
        "stand alone."
    ]
    if several:
        said.append(
            f"{_number(several, least)} filings are amended more than once, in an order that is "
            "not known: the amendment with the largest amount counts."
        )
    return kept, read[gone & ~read.amends], said


def _originals(read: Filings, rows: Column, client: str) -> Column:
    """Which of one filer's filings an amendment for this client replaces."""
    same = rows[read.client[rows] == client]
    one_client = len(set(read.client[rows])) == 1
    return rows if not same.size and one_client else same


def _number(many: Any, least: int) -> str:
    """A number of filings in words, if it is none or large enough to be told."""
    return f"{int(many):,}" if many == 0 or many >= least else f"fewer than {least}"


def _spent(kept: Filings, file: str) -> Spent:
    """What each parent spent in each period, and how far the filings leave it open."""
    units, unit = np.unique(np.array([kept.payer, kept.period], str), axis=1, return_inverse=True)
    unit = unit.ravel()
    many = units.shape[1]
    paid = np.nan_to_num(kept.amount) * kept.many
    own = np.bincount(unit, paid * kept.own, many)
    outside = np.bincount(unit, paid * ~kept.own, many)
    reports = np.bincount(unit, kept.own & ~np.isnan(kept.amount), many) > 0
    amount = np.where(reports, own, outside)
    most = np.where(reports, np.maximum(own, outside), outside)
    twice = np.where(reports, outside, 0.0)
    top = _tops(units, unit, kept, file)
    holds = reports & (top == units[0])
    cells, cell = np.unique(np.array([top, units[1]], str), axis=1, return_inverse=True)
    cell = cell.ravel()
    size = cells.shape[1]
    parent_reports = np.bincount(cell, holds, size) > 0
    of_parent = np.bincount(cell, amount * holds, size)
    added = np.bincount(cell, amount, size)
    return Spent(
        company=cells[0],
        period=cells[1],
        amount=added,
        least=np.where(parent_reports, of_parent, added),
        most=np.bincount(cell, most, size),
        twice=np.bincount(cell, twice, size),
        filings=np.bincount(cell[unit], kept.many, size),
    )


def _tops(units: Column, unit: Int[Column, "row"], kept: Filings, file: str) -> Column:
    """The company at the top of each company in each period."""
    parents: dict[tuple[str, str], set[str]] = {}
    for at, name in zip(unit, kept.parent, strict=True):
        parents.setdefault((units[0, at], units[1, at]), set()).add(name)
    above = {}
    for here, names in parents.items():
        if len(names) > 1:
            raise InputError(
                "a company has two parents in one period, or one in some rows alone",
                file=file,
                field="parent",
                allowed="one parent, or none, in every row of a company and period",
            )
        above[here] = names.pop()
    return np.array([_top(name, period, above, file) for name, period in units.T], str)


def _top(name: str, period: str, above: dict[tuple[str, str], str], file: str) -> str:
    seen = {name}
    while parent := above.get((name, period), ""):
        if parent in seen and parent != name:
            raise InputError(
                "companies are each other's parents", file=file, field="parent", allowed="no circle"
            )
        if parent == name:
            break
        seen.add(parent)
        name = parent
    return name


def _notes(read: Filings, spent: Spent, least: int) -> Iterator[str]:
    """What the filings leave open, in words."""
    empty = read.many[np.isnan(read.amount)].sum()
    if empty:
        yield f"{_number(empty, least)} filings give no amount: they count as nothing spent."
    alike = (read.many - 1).sum()
    if alike:
        yield (
            f"{_number(alike, least)} filings repeat another in every column that is read; all "
            "count, unless they are amendments."
        )
    short = (spent.most > spent.amount).sum()
    if short:
        yield (
            f"In {_number(short, least)} periods of a company outside firms filed more than its "
            "own report holds, so that it cannot hold them all: the upper bound takes the greater."
        )


# --- findings ----------------------------------------------------------------------------------


def _showable(totals: Column, least: int, public: bool) -> bool:
    """Whether the sum over all companies may be told."""
    if public:
        return True
    return totals.size >= least and not one_dominates(totals)


def _shared(spent: Spent, units: int) -> dict[str, Any]:
    return {
        "n_rows": int(spent.filings.sum()),
        "n_units": units,
        "units": "companies",
        "basis": BASIS,
        "claims": CLAIMS,
    }


def _sums(
    read: Filings, spent: Spent, replaced: Filings, least: int, public: bool, currency: str
) -> Iterator[Finding]:
    """The total by the rule, beside the plain sum and what that counts twice."""
    names, totals = spent.by_company(spent.amount)
    total, plain = float(totals.sum()), read.total
    shared = {**_shared(spent, names.size), "n_rows": int(read.many.sum()), "unit": currency}
    lower, upper, interval = _open(spent, least)
    yield Finding(
        name="spending",
        estimand="What the companies listed spent on lobbying over all periods.",
        estimate=total,
        lower=lower,
        upper=upper,
        interval=interval,
        method="own report where there is one, else the sum of outside firms' filings, amendments "
        "in place of what they amend, summed up to the parent; "
        + (
            "bounds: subsidiaries inside the parent's own report, and own reports that cannot hold "
            "the outside firms'"
            if interval == "bounds"
            else "no interval: a full register"
        ),
        says=f"{names.size} companies spent {total:,.0f} {currency}.",
        cannot_say=NOT_ALL,
        **shared,
    )
    again = spent.by_company(spent.twice)[1]
    mended = float(np.nansum(replaced.amount * replaced.many))
    parts = [
        (again, int((again > 0).sum())),
        (np.array([mended]), len(set(replaced.payer))),
    ]
    hidden = not public and any(
        units and (units < least or one_dominates(part[part > 0])) for part, units in parts
    )
    if hidden:
        yield suppressed_finding("plain_sum", **HIDDEN)
        return
    yield Finding(
        name="plain_sum",
        estimand="The sum of every filing, as if none held another.",
        estimate=plain,
        method="sum over all filings; no interval: a full register",
        says=f"All filings add up to {plain:,.0f} {currency}, against {total:,.0f} by the rule: "
        "own reports hold what outside firms file again.",
        cannot_say="What was spent.",
        **shared,
    )
    yield Finding(
        name="counted_twice",
        estimand="What outside firms filed for companies whose own report holds it already.",
        estimate=float(again.sum()),
        method="sum of outside firms' filings in the periods with an own report",
        says=f"{again.sum():,.0f} {currency} stand in the filings of outside firms and once more "
        f"in the own reports of {int((again > 0).sum())} companies.",
        cannot_say="Whether each own report really holds all of it.",
        **shared,
    )
    yield Finding(
        name="replaced",
        estimand="What stood in filings that an amendment of the list replaces.",
        estimate=mended,
        method="sum of the filings left out for their amendments",
        says=f"Amendments replace filings of {mended:,.0f} {currency}.",
        cannot_say="What was amended before the list was made.",
        **shared,
    )


def _open(spent: Spent, least: int) -> tuple[float, float, Any]:
    """Bounds of the total, unless so few companies make them that they would tell of these."""
    moved = [
        np.abs(spent.by_company(cells - spent.amount)[1]) for cells in (spent.least, spent.most)
    ]
    moved = [one[one > 0] for one in moved if one.any()]
    if not moved or any(one.size < least or (least > 1 and one_dominates(one)) for one in moved):
        return np.nan, np.nan, "none"
    return float(spent.least.sum()), float(spent.most.sum()), "bounds"


def _concentration(spent: Spent, least: int, currency: str) -> Iterator[Finding]:
    """How few companies spend most of it."""
    names, totals = spent.by_company(spent.amount)
    readings = [totals, spent.by_company(spent.least)[1], spent.by_company(spent.most)[1]]
    shared = {**_shared(spent, names.size), "unit": "share", "cannot_say": NOT_ALL}
    bounds = "bounds: the readings of the filings that give the least and the greatest total"
    if totals.sum() <= 0 or names.size < 2:
        yield Finding(
            name="herfindahl",
            estimand="The chance that two units of spending taken at random are one company's.",
            estimate=np.nan,
            method="none",
            says="Not estimated.",
            **{**shared, "cannot_say": "Fewer than two companies, or nothing was spent."},
        )
        return
    values = [float(herfindahl(one)) for one in readings]
    interval = _open(spent, least)[2]
    known = interval == "bounds"
    yield Finding(
        name="herfindahl",
        estimand="The chance that two units of spending taken at random are one company's.",
        estimate=values[0],
        lower=min(values) if known else np.nan,
        upper=max(values) if known else np.nan,
        interval=interval,
        method=f"sum of squared shares of the total; {bounds}"
        if known
        else "sum of squared shares of the total; no interval: a full register",
        says=f"Two {currency} taken at random come from one company with chance {values[0]:.3f}, "
        f"as if {1 / values[0]:.1f} equal companies spent all of it.",
        **shared,
    )
    few = min(LEADERS, names.size)
    values = [float(concentration_ratio(one, few)) for one in readings]
    top = np.sort(totals)[::-1][:few]
    if few < least or (least > 1 and one_dominates(top)):
        yield suppressed_finding("top_five", **HIDDEN)
        return
    leaders = names[np.argsort(-totals, kind="stable")[:few]]
    named = f": {', '.join(leaders)}" if least <= 1 else ""
    yield Finding(
        name="top_five",
        estimand=f"The share of the total that the {few} companies with the most spent.",
        estimate=values[0],
        lower=min(values) if known else np.nan,
        upper=max(values) if known else np.nan,
        interval=interval,
        method=f"sum of the {few} largest shares; {bounds}"
        if known
        else f"sum of the {few} largest shares; no interval: a full register",
        says=f"{few} of {names.size} companies spent {values[0]:.0%} of it{named}.",
        **shared,
    )


def _periods(spent: Spent, least: int, public: bool, currency: str) -> Iterator[Finding]:
    """What was spent in each period."""
    periods, code = coded(spent.period)
    here = [code == at for at in range(periods.size)]
    units = np.array([one.sum() for one in here])
    seen = np.ones(periods.size, bool)
    if not public:  # a company in several periods is one, so that periods are judged together
        company = np.unique(spent.company, return_inverse=True)[1]
        seen = shown_together({"period": code}, company, spent.amount, least=least)["period"]
    for at in np.flatnonzero(seen):
        value = float(spent.amount[here[at]].sum())
        yield Finding(
            name="spending_in_period",
            of=str(periods[at]),
            estimand="What the companies listed spent on lobbying in a period.",
            estimate=value,
            unit=currency,
            method="as the total; no interval: a full register",
            says=f"{periods[at]}: {int(units[at])} companies spent {value:,.0f} {currency}.",
            cannot_say=NOT_ALL,
            **{
                **_shared(spent, int(units[at])),
                "n_rows": int(spent.filings[here[at]].sum()),
            },
        )


def _no_size(companies: int) -> Finding:
    return Finding(
        name="size_correlation",
        estimand="Whether larger companies spend more: rank correlation of spending with size.",
        estimate=np.nan,
        n_units=companies,
        units="companies",
        basis="ranks",
        method="none",
        says="Spending against size is not estimated.",
        cannot_say="The filings hold no size; a table of sizes of the same year has to be given.",
        claims=CLAIMS,
    )


def _against_size(
    names: Column,
    totals: Column,
    sizes: Table,
    size_name: str,
    size_value: str,
    least: int,
    draws: int,
    seed: int,
) -> Finding:
    """The rank correlation of spending with size, for the companies that both tables name."""
    sizes = sizes.text(size_name, spelling=False).numbers(size_value, gaps=True)
    cells = sizes.fetch(size_name, size_value)
    known: dict[str, float] = {}
    listed = {key(name) for name in names}
    for name, value in zip(map(key, cells[size_name]), cells[size_value], strict=True):
        if name not in listed or np.isnan(value):
            continue
        if name in known:
            raise InputError(
                "a company stands in more than one row",
                file=sizes.name,
                field=size_name,
                allowed="one row and one size for each company",
            )
        known[name] = float(value)
    both = [at for at, name in enumerate(names) if key(name) in known]
    shared: dict[str, Any] = {
        "name": "size_correlation",
        "estimand": "Whether larger companies spend more: rank correlation of spending with size.",
        "n_rows": len(both),
        "n_units": len(both),
        "units": "companies",
        "basis": "ranks",
        "claims": CLAIMS,
    }
    if len(both) < max(FEWEST, least):
        told = str(len(both)) if least <= 1 else f"fewer than {max(FEWEST, least)}"
        return Finding(
            estimate=np.nan,
            method="none",
            says=f"Spending against size is not estimated: {told} of {names.size} companies are in "
            "the table of sizes.",
            cannot_say="Whether spending goes with size: too few companies are in both tables.",
            **{**shared, "n_rows": 0, "n_units": 0 if least > 1 else len(both)},
        )
    test = spearman_test(
        totals[both], np.array([known[key(names[at])] for at in both]), draws=draws, seed=seed
    )
    return _size_finding(test, names.size, shared)


def _size_finding(test: RankTest, listed: int, shared: dict[str, Any]) -> Finding:
    if np.isnan(test.correlation):
        return Finding(
            estimate=np.nan,
            method="none",
            says="Spending against size is not estimated.",
            cannot_say="All companies have one size, or spent the same.",
            **shared,
        )
    could = (
        "and no correlation could have a p value of .05 or less"
        if np.isnan(test.smallest)
        else f"where the smallest that could be told from chance is {test.smallest:.2f}"
    )
    return Finding(
        estimate=test.correlation,
        lower=test.lower,
        upper=test.upper,
        interval="randomisation",
        unit="correlation",
        method=f"Spearman, permutation of sizes over companies, p by {test.orders}; the interval "
        "is what chance alone gives",
        says=f"Over {test.n} companies spending and size have a rank correlation of "
        f"{test.correlation:.2f} (p {test.p_value:.3g}), {could}.",
        cannot_say=f"Nothing on the {listed - test.n} companies without a size, on companies that "
        "file nothing, or on what causes what; sizes may be of another year."
        + keys_doubted(test.p_value),
        p_value=test.p_value,
        p_least=test.least_p,
        **shared,
    )


# --- what charts draw --------------------------------------------------------------------------


def _series(
    read: Filings, spent: Spent, findings: list[Finding], public: bool
) -> dict[str, Columns]:
    """The steps from filings to the total; in a public register the companies too."""
    told = {one.name: one.estimate for one in findings if not one.of}
    series: dict[str, Columns] = {}
    if np.isfinite(told.get("plain_sum", np.nan)):
        series["steps"] = {
            "step": ["all filings added up", "counted twice", "replaced", "spent"],
            "amount": [
                told["plain_sum"],
                -told["counted_twice"],
                -told["replaced"],
                told["spending"],
            ],
        }
    if not public:
        return series
    names, totals = spent.by_company(spent.amount)
    _, twice = spent.by_company(spent.twice)
    order = np.argsort(-totals, kind="stable")[:LISTED]
    series["companies"] = {
        "company": names[order],
        "amount": totals[order],
        "counted_twice": twice[order],
        "share": totals[order] / totals.sum() if totals.sum() > 0 else totals[order],
    }
    cells = np.isin(spent.company, names[order])
    series["cells"] = {
        "company": spent.company[cells],
        "period": spent.period[cells],
        "amount": spent.amount[cells],
    }
    return series


def _not_drawn(findings: list[Finding], public: bool, least: int) -> Iterator[Suppressed]:
    """The charts that are suppressed."""
    if public:
        return
    told = {one.name: one.estimate for one in findings if not one.of}
    if not np.isfinite(told.get("plain_sum", np.nan)):
        yield suppressed("steps", too_few("companies", least))
    yield suppressed("companies", "it would name companies and tell of each", lift=NAMED)


def _title() -> str:
    return "What companies spend on lobbying, and how few spend most of it"
