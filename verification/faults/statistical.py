"""Statistical faults: how often audits see what is not there, and what they say of bad tables.

`python -m verification.faults.statistical` makes tables whose truth is known
(verification/faults/tables.py) and prints two tables. The first: how often an audit alarms where
there is nothing (5 % is meant), and how often its interval holds a planted effect (95 %). The
second: what it does with a table that was spoilt on the way, by rows twice, other units, rows lost,
names spelt in two ways:

    refuses   it stops with an error
    tells     it answers, and says what is odd in words that it has for no sound table
    keeps     its answer is that of the sound table: it is within 2 %, or in the interval, which is
              not more than three times as wide
    silent    another answer, and not a word

    --tables N     made tables of each kind in the first part                   default 400
    --repeats N    spoilt tables of each kind in the second                     default 20
    --seed S       of chance                                                    default 1
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from datapolis.audits import Audit, breaches, concentration, influence, prices, rights
from datapolis.core.errors import InputError
from verification.faults import tables
from verification.faults.tables import Columns

DRAWS = 199
Random = np.random.Generator

# --- what the audits are asked ------------------------------------------------------------------


def of_prices(table: Columns, **more: Any) -> Audit:
    """Whether the poor pay more."""
    asked = {"outcome": "price", "by": "income=poor:rich", "unit": "street", "draws": DRAWS}
    return prices(table, public=True, **{**asked, **more})


def of_scores(table: Columns, other: Columns | None = None) -> Audit:
    """Whether a score changed, and whether another source agrees."""
    asked = {"right": "express", "score": "score", "unit": "code", "draws": DRAWS}
    return rights(table, other, public=True, **asked)


def of_requests(table: Columns) -> Audit:
    """Whether fewer requests are granted."""
    return rights(table, right="know", yes="given", of="asked", unit="body", public=True)


def of_reports(table: Columns, **more: Any) -> Audit:
    """Whether more is reported every year."""
    return breaches(table, reported="told", size="size", draws=49, public=True, **more)


def of_markets(table: Columns) -> Audit:
    """Whether markets grew more concentrated."""
    asked = {"holder": "vendor", "amount": "share", "time": "month", "within": "region"}
    return concentration(table, basis="market", public=True, **asked)


def of_sizes(table: Columns) -> Audit:
    """How concentrated sizes are, and whether that changed."""
    asked = {"holder": "holder", "amount": "amount", "time": "period"}
    return concentration(table, basis="amount", public=True, **asked)


def of_filings(table: Columns, size: Columns | None = None) -> Audit:
    """Who spends on lobbying."""
    columns = {"payer": "company", "own": "own", "form": "type"}
    columns |= {"amount": "spending", "period": "period"}
    return influence(table, size, public=True, draws=DRAWS, **columns)


# --- chance: false alarms and planted effects ---------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """A finding of made tables, and the truth that its interval should hold."""

    name: str
    audit: str
    ask: Callable[[Random], Audit]
    finding: str
    truth: float
    meant: float | None  # how often the interval should miss; None: the table breaks its terms
    by_p: bool = False  # an alarm is p <= .05, not an interval that misses

    def missed(self, random: Random) -> bool:
        """Whether the answer to one made table misses the truth."""
        found = self.ask(random).all(self.finding)[0]
        if self.by_p:
            return bool(found.p_value <= 0.05)
        return not found.lower <= self.truth <= found.upper


def claims() -> list[Claim]:
    """All claims, those without an effect first."""
    at = tables
    wrong = None
    return [
        Claim("no difference; unit named", "prices",
              lambda r: of_prices(at.offers(r)), "difference", 0, 0.05, True),
        Claim("no difference, districts differ; district named", "prices",
              lambda r: of_prices(at.offers(r, between=1, whole_districts=True, districts=24),
                                  unit="district"), "difference", 0, 0.05, True),
        Claim("no difference, districts differ; street named instead", "prices",
              lambda r: of_prices(at.offers(r, between=1, whole_districts=True, districts=24)),
              "difference", 0, wrong, True),
        Claim("no difference; no unit named", "prices",
              lambda r: of_prices(at.offers(r), unit=None), "difference", 0, wrong, True),
        Claim("no change of scores", "rights",
              lambda r: of_scores(at.scores(r)), "change_throughout", 0, 0.05),
        Claim("no change of scores; blocs move together", "rights",
              lambda r: of_scores(at.scores(r, between=0.7)), "change_throughout", 0, wrong),
        Claim("no trend of requests; bodies drift", "rights",
              lambda r: of_requests(at.requests(r)), "trend_throughout", 0, 0.05),
        Claim("no trend of reports; several an incident", "breaches",
              lambda r: of_reports(at.register(r)), "annual_ratio", 1, 0.05),
        Claim("no trend of reports; months alike (.6)", "breaches",
              lambda r: of_reports(at.register(r, lasting=0.6)), "annual_ratio", 1, wrong),
        Claim("the same tables, autocorrelated errors", "breaches",
              lambda r: of_reports(at.register(r, lasting=0.6)),
              "annual_ratio_autocorrelated", 1, wrong),
        Claim("no change of markets", "concentration",
              lambda r: of_markets(at.markets(r)), "herfindahl_change", 0, 0.05),
        Claim("no change of markets; blocs alike", "concentration",
              lambda r: of_markets(at.markets(r, between=0.3)), "herfindahl_change", 0, wrong),
        Claim("planted difference 1", "prices",
              lambda r: of_prices(at.offers(r, 1.0)), "difference", 1, 0.05),
        Claim("planted change .5 of scores", "rights",
              lambda r: of_scores(at.scores(r, 0.5)), "change_throughout", 0.5, 0.05),
        Claim("planted ratio 1.2 a year", "breaches",
              lambda r: of_reports(at.register(r, 1.2)), "annual_ratio", 1.2, 0.05),
        Claim("planted rise of markets", "concentration",
              lambda r: of_markets(at.markets(r, 0.8)), "herfindahl_change",
              at.change_of_markets(0.8), 0.05),
    ]  # fmt: skip


# --- tables that were spoilt --------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A way to spoil a table, and the finding in which it would show."""

    name: str
    audit: str
    make: Callable[[Random], tuple[Columns, ...]]
    ask: Callable[..., Audit]
    spoil: Callable[[Random, tuple[Columns, ...]], tuple[Columns, ...]]
    finding: str

    def outcome(self, random: Random) -> str:
        """What the audit does with one spoilt table."""
        sound = self.make(random)
        before = self.ask(*sound)
        try:
            after = self.ask(*self.spoil(random, sound))
        except InputError:
            return "refuses"
        if new_words(before, after):
            return "tells"
        return _kept(before.all(self.finding)[0], after.all(self.finding)[0])


def _kept(before: Any, after: Any) -> str:
    near = abs(after.estimate - before.estimate) <= 0.02 * abs(before.estimate)
    inside = after.lower <= before.estimate <= after.upper
    as_sure = after.upper - after.lower <= 3 * (before.upper - before.lower)
    return "keeps" if near or (inside and as_sure) else "silent"


def new_words(before: Audit, after: Audit) -> bool:
    """Whether a second audit says what the first had no words for, numbers and names apart."""
    return bool(_words(after) - _words(before))


def _words(audit: Audit) -> set[str]:
    limits = [f"{one.name}: {one.cannot_say}" for one in audit.findings]
    return {re.sub(r"[\d.,]+", "#", text) for text in (*audit.notes, *limits)}


def rows(table: Columns, chosen: Any) -> Columns:
    """Some rows of a table."""
    return {name: values[chosen] for name, values in table.items()}


def twice(random: Random, made: tuple[Columns, ...]) -> tuple[Columns, ...]:
    """A tenth of the rows stands twice."""
    many = len(next(iter(made[0].values())))
    again = random.choice(many, many // 10, replace=False)
    return rows(made[0], np.concatenate([np.arange(many), again])), *made[1:]


def lost(random: Random, made: tuple[Columns, ...]) -> tuple[Columns, ...]:
    """The last tenth of the rows is missing."""
    many = len(next(iter(made[0].values())))
    return rows(made[0], slice(0, many - many // 10)), *made[1:]


def smallest_lost(column: str, share: float = 0.3) -> Any:
    """The smallest amounts are missing."""

    def spoil(random: Random, made: tuple[Columns, ...]) -> tuple[Columns, ...]:
        amount = made[0][column]
        return rows(made[0], amount > np.quantile(amount, share)), *made[1:]

    return spoil


def times_100(column: str, where: Callable[[Random, Columns], np.ndarray]) -> Any:
    """Some amounts are in hundredths of their unit."""

    def spoil(random: Random, made: tuple[Columns, ...]) -> tuple[Columns, ...]:
        table = made[0]
        amount = np.where(where(random, table), 100 * table[column], table[column])
        return {**table, column: amount}, *made[1:]

    return spoil


def last_of(column: str) -> Callable[[Random, Columns], np.ndarray]:
    """The rows of the last period."""
    return lambda random, table: table[column] == np.unique(table[column])[-1]


def some_of(column: str, share: float = 0.2) -> Callable[[Random, Columns], np.ndarray]:
    """The rows of some of the names of a column."""

    def where(random: Random, table: Columns) -> np.ndarray:
        names = np.unique(table[column])
        return np.isin(table[column], random.choice(names, int(share * names.size), replace=False))

    return where


def respelt(column: str, largest: str = "") -> Any:
    """One name is spelt in two ways, in capitals in half of its rows."""

    def spoil(random: Random, made: tuple[Columns, ...]) -> tuple[Columns, ...]:
        table = made[0]
        cells = table[column].astype(object)
        name = cells[np.argmax(table[largest])] if largest else cells[0]
        here = np.flatnonzero(cells == name)
        other = random.choice(here, here.size // 2, replace=False)
        cells[other] = name.upper()
        return {**table, column: cells.astype(str)}, *made[1:]

    return spoil


def mixed_up(column: str) -> Any:
    """The cells of one column are dealt anew among all rows."""

    def spoil(random: Random, made: tuple[Columns, ...]) -> tuple[Columns, ...]:
        return {**made[0], column: random.permutation(made[0][column])}, *made[1:]

    return spoil


def shuffled(column: str, place: int) -> Any:
    """The keys of one table are dealt anew: each has what another had."""

    def spoil(random: Random, made: tuple[Columns, ...]) -> tuple[Columns, ...]:
        table = made[place]
        keys, rank = np.unique(table[column], return_inverse=True)
        mixed = {**table, column: random.permutation(keys)[rank]}
        return *made[:place], mixed, *made[place + 1 :]

    return spoil


def two_sources(random: Random) -> tuple[Columns, Columns]:
    """Scores, and other scores that go with them."""
    one = tables.scores(random)
    other = one["score"] + random.normal(0, 0.5, one["score"].size)
    return one, {**one, "score": other}


def ordered_register(random: Random) -> tuple[Columns]:
    """A register by date of report."""
    made = tables.register(random)
    return (rows(made, np.argsort(made["told"], kind="stable")),)


def faults() -> list[Fault]:
    """All ways to spoil a table for each audit that they concern."""
    price = ("prices", lambda r: (tables.offers(r, 1.0),), of_prices)
    score = ("rights", lambda r: (tables.scores(r, 0.5),), of_scores)
    size = ("concentration", lambda r: (tables.sizes(r),), of_sizes)
    parts = ("concentration", lambda r: (tables.sizes(r, parts=4),), of_sizes)
    market = ("concentration", lambda r: (tables.markets(r),), of_markets)
    report = ("breaches", ordered_register, of_reports)
    filing = ("influence", tables.filings, of_filings)
    both = ("rights", two_sources, of_scores)
    cents = "amounts times 100"
    return [
        Fault("keys shuffled: units of the second source", *both, shuffled("code", 1), "agreement"),
        Fault("keys shuffled: companies of the sizes", *filing, shuffled("company", 1),
              "size_correlation"),
        Fault("keys shuffled: incomes among rows", *price, mixed_up("income"), "difference"),
        Fault("a tenth of the rows twice", *price, twice, "difference"),
        Fault("a tenth of the rows twice", *score, twice, "change_throughout"),
        Fault("a tenth of the rows twice", *size, twice, "herfindahl"),
        Fault("a tenth of the rows twice", *report, twice, "rate"),
        Fault("a tenth of the rows twice", *filing, twice, "spending"),
        Fault(f"{cents}: a fifth of the streets", *price, times_100("price", some_of("street")),
              "difference"),
        Fault(f"{cents}: last year", *score, times_100("score", last_of("year")),
              "change_throughout"),
        Fault(f"{cents}: last period, shares of sizes", *size,
              times_100("amount", last_of("period")), "herfindahl"),
        Fault(f"{cents}: last period, their sum", *size,
              times_100("amount", last_of("period")), "total"),
        Fault(f"{cents}: a fifth of the holders", *size, times_100("amount", some_of("holder")),
              "herfindahl"),
        Fault(f"{cents}: shares of the last month", *market, times_100("share", last_of("month")),
              "herfindahl_change"),
        Fault(f"{cents}: sizes of a third of the kinds", *report,
              times_100("size", some_of("kind", 0.34)), "size_median"),
        Fault(f"{cents}: last period", *filing, times_100("spending", last_of("period")),
              "spending"),
        Fault("last tenth of the rows lost", *price, lost, "difference"),
        Fault("last tenth of the rows lost", *score, lost, "change_throughout"),
        Fault("last tenth of the rows lost", *size, lost, "herfindahl"),
        Fault("last tenth of the rows lost", *report, lost, "annual_ratio"),
        Fault("last tenth of the rows lost", *filing, lost, "spending"),
        Fault("smallest third lost: gini", *size, smallest_lost("amount"), "gini"),
        Fault("smallest third lost: herfindahl", *size, smallest_lost("amount"), "herfindahl"),
        Fault("smallest third lost", *filing, smallest_lost("spending"), "spending"),
        Fault("a name spelt in two ways: group", *price, respelt("income"), "difference"),
        Fault("a name spelt in two ways: unit", *score, respelt("code"), "change_throughout"),
        Fault("a name spelt in two ways: largest holder",
            *parts,
            respelt("holder", "amount"),
            "herfindahl",
        ),
        Fault("a name spelt in two ways: vendor", *market, respelt("vendor"), "mean_herfindahl"),
        Fault("a name spelt in two ways: kind of entity", *report_by_kind(),
              respelt("kind"), "reports"),
        Fault("a name spelt in two ways: largest payer", *filing, respelt("company", "spending"),
              "herfindahl"),
    ]  # fmt: skip


def report_by_kind() -> tuple[str, Any, Any]:
    """The register, asked who is hit."""
    return "breaches", ordered_register, lambda table: of_reports(table, entity="kind")


# --- the two tables -----------------------------------------------------------------------------


def main() -> int:
    """Print both tables; 1 if an interval misses more, or less, than it means to."""
    wanted = _arguments()
    console = Console(highlight=False, width=120)
    found: dict[str, Any] = {"tables": wanted.tables, "repeats": wanted.repeats}
    found["chance"] = by_chance(wanted.tables, wanted.seed, console)
    found["faults"] = by_fault(wanted.repeats, wanted.seed, console)
    out = Path(wanted.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "statistical.json").write_text(json.dumps(found, indent=1) + "\n")
    return int(any(row["beyond"] for row in found["chance"]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m verification.faults.statistical", description=__doc__
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--tables", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="out/faults")
    return parser.parse_args()


def misses(claim: Claim, many: int, seed: int) -> int:
    """In how many of so many made tables the answer misses the truth."""
    chances = np.random.SeedSequence(seed).spawn(many)
    return sum(claim.missed(np.random.default_rng(one)) for one in chances)


def error_of(share: float, many: int) -> float:
    """The simulation error of a share, one standard deviation."""
    return float(np.sqrt(share * (1 - share) / many))


def by_chance(many: int, seed: int, console: Console) -> list[dict[str, Any]]:
    """How often each claim's answer misses the truth."""
    found = []
    for claim in claims():
        share = misses(claim, many, seed) / many
        meant = claim.meant
        beyond = meant is not None and abs(share - meant) > 3 * error_of(meant, many)
        row = {"audit": claim.audit, "table": claim.name, "share": share, "beyond": beyond}
        found.append({**row, "meant": meant, "tables": many})
        console.print(
            f"{claim.audit:<14} {claim.name:<52} {share:6.1%}"
            f"{'   beyond 3 simulation errors of 5 %' if beyond else ''}"
            f"{'   its terms are broken' if meant is None else ''}"
        )
    return found


def by_fault(repeats: int, seed: int, console: Console) -> list[dict[str, Any]]:
    """What each audit does with each spoilt table."""
    outcomes = ("refuses", "tells", "keeps", "silent")
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("audit", "spoilt by", "looked at", *outcomes):
        shown.add_column(heading, justify="right" if heading in outcomes else "left")
    found = []
    for fault in faults():
        chances = np.random.SeedSequence([seed, *fault.name.encode()]).spawn(repeats)
        counts = Counter(fault.outcome(np.random.default_rng(one)) for one in chances)
        found.append(
            {"audit": fault.audit, "fault": fault.name, "finding": fault.finding, **counts}
        )
        shown.add_row(
            fault.audit, fault.name, fault.finding, *(str(counts[one] or "-") for one in outcomes)
        )
    console.print(shown)
    return found


if __name__ == "__main__":
    sys.exit(main())
