"""How much of what was measured sits in few hands, and whether that changes.

Each row says how much one holder had: the share of page loads on which a company was present, its
part of a market, its sales. The answers are indicators of `datapolis.statistics.indicators`, the
same functions that observe the simulated society.

**Basis.** What the amounts are decides what may be said.

    market     parts of one whole: about 1 or 100 where they sum to that, else the whole that is
               given, which may be the sum of the list; guideline bands apply
    amount     sizes: shares are of the total that is listed, not of all there is
    presence   shares that overlap: several companies are present on one page load, so they sum to
               more than 1. Shares of the sum are shares of presences, not of a market.

**Bounds, not sampling intervals.** A list of all companies is no sample of companies, so that a
bootstrap would answer a question nobody asked. What remains open is who was too small to be listed.
The bounds are the least and greatest value among the list as measured and the list with holders
that nobody saw: a multiple `unseen` of those listed, with nothing, as dust (as much each as the
smallest listed; for a market an equal part each of what is left of the whole), or all of that in
one hand. One exponent alone, that of the tail, is an estimate: alpha -/+ 1.96 alpha/sqrt(k) for the
k largest as draws from a Pareto law (Hill 1975).

**Privacy.** Unless the table is public, no single amount is told: not the largest, of the smallest
one digit alone, and sums of the largest only where they differ by holders enough.

**Change.** A list that grows as its floor falls changes by itself. Three panel rules are told side
by side: all who are listed, those listed in every period, those above one floor in each period. A
change is robust if the three agree in sign.

Sources: Hirschman (1945), Herfindahl (1950), Gini (1912), Lorenz (1905), Hill (1975); bands of the
US Merger Guidelines of 2023 and of 2010; F36, docs/model.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from datapolis.audits.dependencies import Needs, Without
from datapolis.audits.finding import (
    Audit,
    Columns,
    Finding,
    Target,
    audit,
    choice,
    short,
    suppressed_finding,
)
from datapolis.audits.frequency import Frequency, note, units, with_frequency, written_out
from datapolis.audits.options import MIN_GROUP, Drop, Duplicates, MinGroup, Public
from datapolis.audits.privacy import cuts_told, one_digit, one_dominates
from datapolis.audits.suppressed import Suppressed, each, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.indicators import (
    concentration_ratio,
    effective_number,
    entropy,
    gini,
    herfindahl,
    herfindahl_by_group,
    hill_tail_exponent,
    lorenz,
    normalized_herfindahl,
    sector_shares,
    spearman,
    top_fifth_share,
)
from datapolis.tables import Source, Table, derived, open_table
from datapolis.tables.periods import calendar, ordered
from datapolis.tables.totals import SURE, named, refused, said, totals_of

if TYPE_CHECKING:
    from jaxtyping import Float

    Column = Any  # a NumPy array; the indicators are typed for those of JAX

Basis = Literal["market", "amount", "presence"]
BASES = ("market", "amount", "presence")
SUMS_TO_ONE = {
    "market": "parts of the whole market",
    "amount": "shares of the total that is listed",
    "presence": "shares of all presences, which overlap: no market shares",
}
TAIL = 0.2  # part of the holders that make the tail
SLACK = 0.05  # how far shares of a whole may sum beyond it, by rounding and revision
ABOUT = 0.1  # how far shares of 1 or 100 may fall short of it, by what is not listed
PERIODS = 1_000  # most values of a column that is looked at for periods
TIMES = ("time", "period", "year", "month", "quarter", "week", "date", "day", "wave", "round")
MOST_POINTS = 200  # of a Lorenz curve
TOP = 20  # leaders whose stay is counted
GUIDELINES = (
    ("the 2023 US Merger Guidelines", 0.10, 0.18),
    ("those of 2010", 0.15, 0.25),
)
NO_SAMPLE = "What the holders hold elsewhere, and how the table was collected."
HEADS = {"floor": np.floor, "ceiling": np.ceil}


@dataclass(frozen=True)
class Measure:
    """An indicator that is told of a period: its name, what it estimates, what it means."""

    name: str
    function: Callable[[Any], Any]
    estimand: str
    says: str  # holds {value}
    unit: str = "share"


def _measures(leaders: int) -> tuple[Measure, ...]:
    return (
        Measure(
            "herfindahl",
            herfindahl,
            "The chance that two units taken at random belong to one holder (Herfindahl index).",
            "Two units taken at random belong to one holder with chance {value:.3f}.",
        ),
        Measure(
            "normalized_herfindahl",
            normalized_herfindahl,
            "The Herfindahl index rescaled from 0 (all equal) to 1 (one has all).",
            "From 0 (all equal) to 1 (one has all), concentration stands at {value:.3f}.",
        ),
        Measure(
            "effective_number",
            effective_number,
            "How many equal holders would be as concentrated.",
            "It is as concentrated as {value:.1f} equal holders would be.",
            "holders",
        ),
        Measure(
            "leaders_share",
            lambda amount: concentration_ratio(amount, leaders),
            f"The share of the {leaders} largest holders.",
            f"The {leaders} largest have {{value:.1%}}.",
        ),
        Measure(
            "gini",
            gini,
            "Inequality among the holders listed (Gini coefficient).",
            "The Gini coefficient among those listed is {value:.3f}.",
        ),
        Measure(
            "top_fifth_share",
            top_fifth_share,
            "The share of the largest fifth of holders, the last head counted in part.",
            "The largest fifth have {value:.1%}; .8 is the 80-20 rule.",
        ),
        Measure(
            "entropy",
            entropy,
            "How evenly the whole is spread, in nats.",
            "The spread is {value:.2f} nats.",
            "nats",
        ),
    )


@audit(amount="amount", unit="holder", period="time")
def concentration(
    table: Source,
    *,
    holder: Annotated[str, "column of who holds"],
    amount: Annotated[str, "column of how much: a share or a size, never negative"],
    basis: Annotated[Basis, "what the amounts are: parts of a market, sizes, or presences"],
    time: Annotated[str, "column of periods"] = "",
    within: Annotated[str, "column of separate markets, such as regions; answers are means"] = "",
    weight: Annotated[
        str, "column that weighs the separate markets; without it they are equal", Needs("within")
    ] = "",
    group: Annotated[
        str, "column of groups of holders, to split the Herfindahl index by", Without("within")
    ] = "",
    frequency: Frequency = "",
    whole: Annotated[
        float | Literal["sum"] | None,
        "what shares are parts of: 1, 100, or sum where the list is the whole market",
        Needs("basis", value="market"),
    ] = None,
    floor: Annotated[
        float | None, "least amount for the panel above one floor", Needs("time"), Without("within")
    ] = None,
    leaders: Annotated[int, "how many of the largest are counted together", Without("within")] = 4,
    unseen: Annotated[
        float, "holders too small to be listed, for each that is", Without("within")
    ] = 1.0,
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
) -> Audit:
    """How concentrated amounts are among holders, by period, and whether that changes.

    Raises InputError where amounts are negative or no numbers, where they contradict the basis, and
    where a holder stands twice in one period while shares overlap.
    """
    choice("basis", basis, BASES)
    rows = open_table(table, drop=drop, duplicates=duplicates)
    lists = _read(rows, holder, amount, basis, time, within, weight, group, frequency)
    used = {holder, amount, time, within, weight, group, frequency}
    several = not time and rows.count() > sum(one.amount.size for one in lists)
    pooled = _periods_of(rows, used) if several else ""
    if not frequency:
        lists = _without_totals(rows, lists, holder, basis, whole)
    if pooled and basis == "market" and whole != "sum":
        raise InputError(
            f"names stand in several rows, and {pooled} holds periods",
            file=rows.name,
            field=holder,
            allowed=f"--time {pooled}; or --whole sum, where the periods are one market together",
        )
    least = 1 if public else min_group
    part = _check_basis(rows, lists, amount, basis, whole, least)
    if basis == "presence" and group:
        raise InputError(
            "shares that overlap cannot be split by group",
            field="group",
            value=group,
            allowed="basis market or amount",
        )
    large = [one for one in lists if one.tellable(least)]
    notes = [*rows.notes, *_whole_note(large, part, basis)]
    notes += note(frequency, "holders")
    if pooled:
        notes.append(
            f"{rows.name}: names stand in several rows, and {pooled} holds periods; the amounts of "
            f"all periods are added up (--time {pooled} tells them apart)."
        )
    measures = _measures(leaders)
    findings: list[Finding] = []
    targets: tuple[Target, ...] = ()
    series: dict[str, Columns] = {}
    hidden: tuple[Suppressed, ...] = ()
    if within and len({one.market for one in lists}) >= least:
        findings, series = _means_over_markets(lists, basis, part, within, holder)
    elif within:
        findings = [_suppressed("mean_herfindahl", basis)]
        hidden = each(("means",), f"there are fewer than {least} of {within}")
    else:
        findings = [
            _suppressed(measure.name, basis, one.time)
            for one in lists
            if one not in large
            for measure in measures
        ]
        if large:
            if floor is None:
                floor = max(one.smallest(least) for one in large)
            findings += _changes(large, basis, floor, least)
            series, hidden = _series(lists, large, floor, leaders, least)
            targets = tuple(_targets(large, basis, part, rows.sha256, leaders, least, unseen))
        else:
            charts = ("lorenz", "panels") if len(lists) > 1 else ("lorenz",)
            hidden = each(charts, too_few("holders", least))
        for one in [*large[-1:], *large[:-1]]:  # the last period first
            findings += _of_period(one, basis, part, measures, unseen, holder, leaders, least)
    return Audit(
        kind="concentration",
        title=_title(amount, holder),
        findings=tuple(findings),
        targets=targets,
        series=series,
        suppressed=hidden,
        notes=tuple(notes),
        inputs=(rows.provenance,),
    )


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Listed:
    """Who held how much in one period, in one market; largest first."""

    time: str
    market: str
    holder: Column
    amount: Float[Column, "holder"]
    group: Column | None = None
    weight: float = 1.0
    named: bool = (
        True  # whether holders are known again in another period; not if rows stand for many
    )

    @property
    def share(self) -> Float[Column, "holder"]:
        """Shares of what is listed."""
        return self.amount / self.amount.sum()

    def without(self, names: set[str]) -> Listed:
        """The list without these holders."""
        kept = ~np.isin(self.holder.astype(str), sorted(names))
        group = None if self.group is None else self.group[kept]
        return replace(self, holder=self.holder[kept], amount=self.amount[kept], group=group)

    def tellable(self, least: int) -> bool:
        """Whether the sum of the amounts may be told: holders enough, none of whom dominates."""
        return self.amount.size >= least and not (least > 1 and one_dominates(self.amount))

    def smallest(self, least: int) -> float:
        """The least amount above 0; one digit of it where it is nobody's business."""
        found = float(self.amount[self.amount > 0].min())
        return found if least <= 1 else one_digit(found)

    def cuts(self, leaders: int, least: int) -> list[float]:
        """How many of the largest may be summed: a fifth, the leaders, steps of the curve."""
        many = self.amount.size
        wanted = [many / 5, leaders, *(many - self.points(least))]
        return cuts_told(self.amount, wanted, least=least)

    def points(self, least: int) -> Column:
        """After how many holders, smallest first, the curve has a point."""
        many = self.amount.size
        step = max(int(np.ceil(many / MOST_POINTS)), least)
        return np.unique([*range(0, many + 1, step), many])


def _read(
    rows: Table,
    holder: str,
    amount: str,
    basis: str,
    time: str,
    within: str,
    weight: str,
    group: str,
    frequency: str,
) -> list[Listed]:
    """The lists, one for each period and market; amounts of one holder are summed.

    With a frequency a row is so many holders alike, and none of them stands in another row.
    """
    rows = with_frequency(rows, frequency)
    keys = [column for column in (within, group) if column]
    rows = rows.text(holder, *keys).numbers(
        amount, least=0, most=1 if basis == "presence" and rows.form.percent else np.inf
    )
    rows = rows.periods(time) if time else rows
    parts = [column for column in (time, within) if column]
    if basis == "presence" and not frequency:
        rows.check_unique(*parts, holder, allowed="each holder once in a period: presences overlap")
    by = [*parts, holder, *([group] if group else [])]
    rows = rows.numbers(weight, least=0) if weight else rows
    values = {"amount": rows[amount].sum()}
    if weight:
        values["weight"] = rows[weight].mean()
    if frequency:  # rows alike are one class, all of whose holders have its amount
        by += [amount, *([weight] if weight else [])]
        values["amount"], values["units"] = rows[amount].max(), units(rows, frequency)
    cells = rows.group(by, **values)
    if frequency:
        times = cells[derived("units")].astype(np.int64)
        cells = {name: written_out(one, times, rows.name, frequency) for name, one in cells.items()}
    many = cells[derived("amount")].size
    label = [cells[column] if column else np.full(many, "") for column in (time, within)]
    _, start = np.unique(np.stack([one.astype(str) for one in label]), axis=1, return_index=True)
    bounds = [*sorted(start), many]
    found = []
    for first, last in pairwise(bounds):
        here = slice(first, last)
        order = np.argsort(-cells[derived("amount")][here], kind="stable")
        if not cells[derived("amount")][here].sum() > 0:
            raise InputError(
                "nobody has anything in a period",
                file=rows.name,
                field=amount,
                value=str(label[0][first]) or None,
            )
        found.append(
            Listed(
                str(label[0][first]),
                str(label[1][first]),
                cells[holder][here][order],
                cells[derived("amount")][here][order],
                cells[group][here][order] if group else None,
                float(cells[derived("weight")][here].mean()) if weight else 1.0,
                named=not frequency,
            )
        )
    place = {label: at for at, label in enumerate(ordered(one.time for one in found))}
    return sorted(found, key=lambda one: (place[one.time], one.market))


def _without_totals(
    rows: Table, lists: list[Listed], holder: str, basis: str, whole: float | str | None
) -> list[Listed]:
    """The lists without holders that are the total of the others, if that was asked for."""
    sums = np.array([one.amount.sum() for one in lists])
    full = basis == "market" and any(
        np.allclose(sums, one, rtol=SLACK) for one in (1.0, 100.0, whole) if isinstance(one, float)
    )
    pairs = [(one.holder.astype(str), one.amount) for one in lists]
    totals = totals_of(pairs, by_name=full or basis == "presence")
    if not totals:
        if any(named(str(one), SURE) for who, _ in pairs for one in who):
            rows.odd[f"{holder} as totals"] = (
                f"{rows.name}: a name in {holder} is one of totals, but it has less than the "
                "others together; it counts like the others."
            )
        return lists
    if rows.form.totals == "ask":
        raise refused(rows, holder, totals)
    dropped = rows.form.totals == "drop"
    rows.odd[f"{holder} as totals"] = said(rows.name, dropped)
    return [one.without(totals) for one in lists] if dropped else lists


def _periods_of(rows: Table, used: set[str]) -> str:
    """A column of periods that is not among those used; "" if there is none."""
    for column in rows.columns:
        if column in used:
            continue
        labels = rows.labels(column, PERIODS)
        if labels is None or len(labels) < 2:
            continue
        kind = calendar(labels).kind
        if kind in ("year", "half", "quarter", "month", "week", "day") or (
            kind and column.strip().lower() in TIMES
        ):
            return column
    return ""


def _check_basis(
    rows: Table,
    lists: list[Listed],
    amount: str,
    basis: str,
    whole: float | str | None,
    least: int,
) -> float | None:
    """What market shares are parts of; InputError if the sums contradict the basis."""
    greatest = max(float(one.amount[0]) for one in lists)
    sums = [float(one.amount.sum()) for one in lists]
    if basis == "presence" and greatest > 1 + 1e-9:
        raise InputError(
            "the share of cases in which a holder is present is above 1",
            file=rows.name,
            field=amount,
            value=round(greatest, 6),
            allowed="0 to 1, or basis amount",
        )
    if basis != "market" or whole == "sum":
        return None
    if whole is None:
        usual = float(np.median(sums))
        found = [one for one in (1.0, 100.0) if (1 - ABOUT) * one <= usual <= (1 + SLACK) * one]
        told = all(one.tellable(least) for one in lists)
        part = "--whole 1 or --whole 100 where some are not listed, " if usual < 105 else ""
        if not found or greatest > (1 + SLACK) * found[0]:
            raise InputError(
                "the amounts sum neither to about 1 nor to about 100: what is the whole?",
                file=rows.name,
                field=amount,
                value=short(usual) if told else None,
                allowed=f"{part}--whole sum where the list is the whole market; or basis amount "
                "for sizes",
            )
        whole = found[0]
    whole = float(whole)
    if not whole > 0:
        raise InputError(
            "nothing can be part of it", field="whole", value=whole, allowed="above 0, or sum"
        )
    if max(sums) > whole * (1 + SLACK):
        raise InputError(
            "parts of one whole sum to more than the whole",
            file=rows.name,
            field=amount,
            value=round(max(sums), 6),
            allowed=f"at most {whole:g}, or --whole sum; or basis presence where shares overlap, "
            "amount for sizes",
        )
    return whole


def _whole_note(lists: list[Listed], whole: float | None, basis: str) -> Iterator[str]:
    """What the whole is, and how much of it the lists hold that may be told of."""
    if basis == "market" and whole is None:
        yield "The sum of each list is taken for the whole market (whole = sum)."
    if whole is None or not lists:
        return
    parts = np.array([one.amount.sum() for one in lists]) / whole
    yield (
        f"The lists hold {parts.min():.1%} to {parts.max():.1%} of the whole, which is {whole:g} "
        f"(median {np.median(parts):.1%})."
    )
    if over := int((parts > 1).sum()):
        yield f"{over:,} of {len(lists):,} lists sum to more than the whole; they are kept as is."


# --- one period --------------------------------------------------------------------------------


def _of_period(
    one: Listed,
    basis: str,
    whole: float | None,
    measures: tuple[Measure, ...],
    unseen: float,
    holder: str,
    leaders: int,
    least: int,
) -> Iterator[Finding]:
    """What is told of one period."""
    many, public = one.amount.size, least <= 1
    needs = {"leaders_share": float(min(leaders, many)), "top_fifth_share": many / 5}
    told = one.cuts(leaders, least)
    shared: dict[str, Any] = {
        "of": one.time,
        "n_rows": many,
        "n_units": many,
        "units": "holders",
        "basis": SUMS_TO_ONE[basis],
        "claims": ("M28", "M32"),
    }
    tables = list(with_unseen(one.amount, basis, whole, unseen, one.smallest(least)))
    for measure in measures:
        if not public and needs.get(measure.name, 0.0) not in told:
            yield _suppressed(measure.name, basis, one.time)
            continue
        values = [float(measure.function(amounts)) for amounts in tables]
        cannot_say = NO_SAMPLE
        if measure.name == "herfindahl" and basis != "market":
            cannot_say = "Whether a market is concentrated: guideline bands are for market shares."
        bounded = len(tables) > 1 and np.isfinite(values).all()
        says = measure.says.format(value=values[0])
        if measure.name == "herfindahl" and basis == "market":
            says = f"{says} {bands(values[0])}"
        yield Finding(
            name=measure.name,
            estimand=measure.estimand,
            estimate=values[0],
            lower=min(values) if bounded else np.nan,
            upper=max(values) if bounded else np.nan,
            interval="bounds" if bounded else "none",
            unit=measure.unit,
            method=f"all {many} listed; bounds: {_unseen_words(basis, whole, unseen)}"
            if bounded
            else f"all {many} listed",
            says=says,
            cannot_say=cannot_say,
            **shared,
        )
    for rule, rounded in HEADS.items() if public else ():  # their difference is one holder's
        heads = max(int(rounded(0.2 * many)), 1)
        share = float(one.amount[:heads].sum() / one.amount.sum())
        yield Finding(
            name=f"top_fifth_share_{rule}",
            estimand=f"The share of the largest fifth of holders, heads rounded: {rule}.",
            estimate=share,
            unit="share",
            method=f"the {heads} largest of {many}",
            says=f"The {heads} largest of {many} have {share:.2%}.",
            cannot_say=NO_SAMPLE,
            **shared,
        )
    if public:
        largest = float(one.amount[0])
        who = f" ({one.holder[0]})"
        yield Finding(
            name="largest",
            estimand=f"The amount of the largest {holder}, as listed.",
            estimate=largest,
            method="as listed: nobody too small to be listed changes it",
            says=f"The largest{who} has {largest:.4g}"
            + (", its share of all cases." if basis == "presence" else "."),
            cannot_say=NO_SAMPLE,
            **shared,
        )
    total = float(one.amount.sum())
    yield Finding(
        name="total",
        estimand="Holders present at once, on average."
        if basis == "presence"
        else "The sum of what is listed.",
        estimate=total,
        method="sum over the list",
        says=f"On average {total:.2f} holders are present at once."
        if basis == "presence"
        else f"What is listed sums to {total:.6g}.",
        cannot_say=NO_SAMPLE,
        **shared,
    )
    few = not public and round(TAIL * many) < least
    yield _suppressed("tail_exponent", basis, one.time) if few else _tail(one, shared)
    yield from _by_group(one, shared)


def _tail(one: Listed, shared: dict[str, Any]) -> Finding:
    """The exponent of the largest fifth, as the model's index user_tail has it."""
    many = one.amount.size
    exponent = float(hill_tail_exponent(one.amount, TAIL))
    if not np.isfinite(exponent):
        return Finding(
            name="tail_exponent",
            estimand="How fast the chance of a larger holder falls, over the largest fifth.",
            estimate=np.nan,
            method="Hill",
            says="There is no tail.",
            cannot_say="Fewer than two holders, or equal ones: no exponent.",
            **shared,
        )
    leaders = min(max(round(TAIL * many), 1), many - 1)
    reach = 1.96 * exponent / np.sqrt(leaders)
    return Finding(
        name="tail_exponent",
        estimand="How fast the chance of a larger holder falls, over the largest fifth.",
        estimate=exponent,
        lower=max(exponent - reach, 0.0),
        upper=exponent + reach,
        interval="sampling",
        unit="exponent",
        method=f"Hill over the {leaders} largest, taken as draws from a Pareto law; the audit of "
        "tails chooses where the tail starts and tests the law",
        says=f"Holders above a size x become rarer as x^-{exponent:.2f} over the largest fifth.",
        cannot_say="Whether it is a power law: see the audit of tails.",
        **shared,
    )


def _by_group(one: Listed, shared: dict[str, Any]) -> Iterator[Finding]:
    """The Herfindahl index as a sum over groups: H = sum_k w_k**2 h_k."""
    if one.group is None:
        return
    names, codes = np.unique(one.group, return_inverse=True)
    code: Column = codes
    weights = sector_shares(one.amount, code, names.size)
    inside = herfindahl_by_group(one.amount, code, names.size)
    parts = weights**2 * np.nan_to_num(inside)
    whole, between = float(parts.sum()), float(herfindahl(weights))
    yield Finding(
        name="herfindahl_of_groups",
        estimand="The Herfindahl index of the groups: H of their shares w_k.",
        estimate=between,
        unit="share",
        method=f"{names.size} groups; the index of holders is {whole:.4f} = sum w_k^2 h_k",
        says=f"Two units taken at random belong to one group with chance {between:.3f}, to one "
        f"holder with chance {whole:.3f}.",
        cannot_say=NO_SAMPLE,
        **shared,
    )


def with_unseen(
    amount: Float[Column, "holder"],
    basis: str,
    whole: float | None = None,
    unseen: float = 1.0,
    smallest: float | None = None,
) -> Iterator[Column]:
    """The list as measured, then with holders whom nobody saw, three times.

    smallest   what each of them has as dust; without it as much as the smallest listed
    """
    yield amount
    many = round(unseen * amount.size)
    if not many:
        return
    rest = many * (float(amount[amount > 0].min()) if smallest is None else smallest)
    if basis == "market":
        rest = max((whole or 0.0) - float(amount.sum()), 0.0)
        if not rest:
            return
    yield np.concatenate([amount, np.zeros(many)])
    yield np.concatenate([amount, np.full(many, rest / many)])
    yield np.append(amount, rest)


def _unseen_words(basis: str, whole: float | None, unseen: float) -> str:
    least = f"{unseen:g} more for each that is listed, who were too small: "
    if basis == "market":
        return least + f"with nothing, or what is left of {whole:g} as dust or in one hand"
    return least + "with nothing, as much each as the smallest listed, or all of that in one hand"


def bands(value: float) -> str:
    """What the guidelines call a market of that Herfindahl index (0 to 1)."""
    said = []
    for name, moderate, high in GUIDELINES:
        word = "highly" if value > high else "moderately" if value >= moderate else "not"
        said.append(f"{word} concentrated by {name} ({moderate * 1e4:,.0f} and {high * 1e4:,.0f})")
    return f"On the scale to 10,000 it is {value * 1e4:,.0f}: " + ", ".join(said) + "."


# --- change ------------------------------------------------------------------------------------

CHANGING: dict[str, Callable[[Any], Any]] = {
    "gini": gini,
    "top_fifth_share": top_fifth_share,
    "herfindahl": herfindahl,
}


def panels(lists: list[Listed], floor: float) -> dict[str, list[Column]]:
    """Amounts in each period under the three panel rules."""
    found = {"all listed": [one.amount for one in lists]}
    if all(one.named for one in lists):
        always = reduce(np.intersect1d, [one.holder for one in lists])
        found["balanced panel"] = [one.amount[np.isin(one.holder, always)] for one in lists]
    return {**found, f"at least {floor:.3g}": [one.amount[one.amount >= floor] for one in lists]}


def apart(panel: Column, whole: Column, least: int) -> bool:
    """Whether an index of a panel may stand beside that of all who are listed in the period."""
    return (
        panel.size >= max(least, 2)
        and panel.sum() > 0
        and (least <= 1 or not one_dominates(panel))
        and (panel.size == whole.size or whole.size - panel.size >= least)
    )


def fifth_told(panel: Column, least: int) -> bool:
    """Whether the largest fifth of a panel are enough to be told of."""
    return least <= 1 or panel.size / 5 in cuts_told(panel, [panel.size / 5], least=least)


def _changes(lists: list[Listed], basis: str, floor: float, least: int) -> Iterator[Finding]:
    """What changed from the first to the last period, under the three panel rules."""
    if len(lists) < 2:
        return
    first, last = lists[0], lists[-1]
    between = f"{first.time} to {last.time}"
    shared: dict[str, Any] = {
        "of": between,
        "units": "holders",
        "basis": SUMS_TO_ONE[basis],
        "claims": ("M27", "M28", "M30"),
        "cannot_say": "Why it changed; and two periods are no trend.",
    }
    rules = {
        rule: (amounts[0], amounts[-1])
        for rule, amounts in panels(lists, floor).items()
        if apart(amounts[0], first.amount, least) and apart(amounts[-1], last.amount, least)
    }
    ends = [amount for pair in rules.values() for amount in pair]
    for name, indicator in CHANGING.items():
        if "all listed" not in rules or (
            name == "top_fifth_share" and not all(fifth_told(one, least) for one in ends)
        ):
            yield _suppressed(f"{name}_change", basis, between)
            continue
        values = {
            rule: [float(indicator(amount)) for amount in pair] for rule, pair in rules.items()
        }
        moves = {rule: after - before for rule, (before, after) in values.items()}
        signs = {int(np.sign(round(move, 3))) for move in moves.values()}
        told = "; ".join(
            f"{rule} {before:.3f} to {after:.3f}" for rule, (before, after) in values.items()
        )
        robust = len(rules) > 1 and len(signs) == 1 and 0 not in signs
        rule = "all three panel rules" if len(rules) == 3 else "the panel rules that may be told"
        verdict = ("It rises" if signs == {1} else "It falls") + f" under {rule}"
        yield Finding(
            name=f"{name}_change",
            estimand=f"The change of {name.replace('_', ' ')} under three panel rules.",
            estimate=moves["all listed"],
            lower=min(moves.values()),
            upper=max(moves.values()),
            interval="bounds",
            unit="share",
            n_rows=first.amount.size + last.amount.size,
            n_units=int(np.union1d(first.holder, last.holder).size) if first.named else 0,
            method=f"last less first; {told}; bounds are these rules",
            says=f"{verdict if robust else 'No robust change'}: {told}.",
            **shared,
        )
    if first.named:
        yield from _persistence(first, last, shared)


def _persistence(first: Listed, last: Listed, shared: dict[str, Any]) -> Iterator[Finding]:
    """Whether those who led still lead, and whether the large grew faster."""
    both, at_first, at_last = np.intersect1d(
        first.holder, last.holder, assume_unique=True, return_indices=True
    )
    if both.size < 10:
        return
    before, after = first.amount[at_first], last.amount[at_last]
    order = float(spearman(before, after))
    shared = {**shared, "n_rows": 2 * both.size, "n_units": int(both.size)}
    yield Finding(
        name="rank_persistence",
        estimand="Spearman's correlation of amounts in the first and the last period.",
        estimate=order,
        unit="correlation",
        method=f"{both.size} holders listed in both; no interval: all who are listed in both",
        says=f"The order of holders keeps with a rank correlation of {order:.2f}.",
        **shared,
    )
    top = min(TOP, first.amount.size, last.amount.size)
    stay = int(np.isin(first.holder[:top], last.holder[:top]).sum())
    yield Finding(
        name="top_overlap",
        estimand=f"How many of the {top} largest are still among the {top} largest.",
        estimate=float(stay),
        unit="holders",
        method="count",
        says=f"{stay} of the {top} largest are still among them.",
        **shared,
    )
    grew = (before > 0) & (after > 0)
    size, growth = np.log(before[grew]), np.log(after[grew] / before[grew])
    if grew.sum() >= 10 and np.ptp(size) > 0 and np.ptp(growth) > 0:
        from scipy.stats import linregress

        line = linregress(size, growth)
        reach = 1.96 * line.stderr
        yield Finding(
            name="growth_on_size",
            estimand="How growth (log) goes with size at the start (log): 0 under Gibrat's law.",
            estimate=float(line.slope),
            lower=float(line.slope - reach),
            upper=float(line.slope + reach),
            interval="sampling",
            unit="log per log",
            method=f"least squares over {int(grew.sum())} holders listed in both periods, as draws "
            "of a process of growth; those who left are not seen",
            says="The large grew "
            + ("more slowly" if line.slope < 0 else "faster")
            + f" than the small: slope {line.slope:+.3f}.",
            **{**shared, "cannot_say": "Measurement error in size alone makes the slope negative."},
        )


# --- means over separate markets ---------------------------------------------------------------


def _means_over_markets(
    lists: list[Listed], basis: str, whole: float | None, within: str, holder: str
) -> tuple[list[Finding], dict[str, Columns]]:
    """The Herfindahl index of each market, and its mean over markets in each period."""
    times = ordered(one.time for one in lists)
    always = set.intersection(*({one.market for one in lists if one.time == at} for at in times))
    rescaled = {(one.time, one.market): float(herfindahl(one.amount)) for one in lists}
    raw = {
        (one.time, one.market): float(((one.amount / (whole or one.amount.sum())) ** 2).sum())
        for one in lists
    }
    weights = {(one.time, one.market): one.weight for one in lists}
    equal = len({one.weight for one in lists}) == 1
    shared: dict[str, Any] = {
        "unit": "share",
        "units": within,
        "basis": SUMS_TO_ONE[basis],
        "claims": ("M28", "M30"),
    }
    weighing = "each counts the same" if equal else "weighted"
    findings: list[Finding] = []
    rows: dict[str, list[Any]] = {"time": [], "index": [], "value": []}
    for at in times:
        here = [one for one in lists if one.time == at]
        keys = [(at, one.market) for one in here]
        for name, values, words in (
            ("mean_herfindahl", rescaled, "shares rescaled to sum to one"),
            ("mean_herfindahl_raw", raw, "shares as listed, of the whole"),
        ):
            if name == "mean_herfindahl_raw" and whole is None:
                continue
            mean = _mean(values, weights, keys)
            shown = float(np.mean([one.amount.sum() for one in here]) / (whole or 1.0))
            rest = f"; the list holds {shown:.1%} of the whole on average" if whole else ""
            findings.append(
                Finding(
                    name=name,
                    of=at,
                    estimand=f"The mean Herfindahl index of {holder} over {within}, {words}.",
                    estimate=mean,
                    n_rows=sum(one.amount.size for one in here),
                    n_units=len(here),
                    method=f"mean over {len(here)} lists, {weighing}; no interval: every "
                    f"{within} that is listed",
                    says=f"Within a {within} two units belong to one {holder} with chance "
                    f"{mean:.3f}{rest}. {bands(mean)}"
                    if basis == "market"
                    else f"Within a {within} two units belong to one {holder} with chance "
                    f"{mean:.3f}.",
                    cannot_say="What the missing small holders have."
                    if whole
                    else "What is not listed.",
                    **shared,
                )
            )
            rows["time"].append(at)
            rows["index"].append(words)
            rows["value"].append(mean)
    findings += _paired(times, always, rescaled, raw if whole else None, weights, shared, within)
    return findings, {"means": rows}


def _paired(
    times: list[str],
    always: set[str],
    rescaled: dict[tuple[str, str], float],
    raw: dict[tuple[str, str], float] | None,
    weights: dict[tuple[str, str], float],
    shared: dict[str, Any],
    within: str,
) -> Iterator[Finding]:
    """The change of each market that is listed in every period, between periods and over all."""
    if len(times) < 2 or len(always) < 10:
        return
    markets = sorted(always)
    spans = dict.fromkeys([(times[0], times[-1]), *pairwise(times)])
    for first, last in spans:
        weight = np.array([weights[last, market] for market in markets])
        for name, values in (("rescaled", rescaled), ("raw", raw)):
            if values is None:
                continue
            change = np.array([values[last, one] - values[first, one] for one in markets])
            mean = float(np.average(change, weights=weight))
            part = weight / weight.sum()
            error = float(
                np.sqrt((part**2 * (change - mean) ** 2).sum() * len(markets) / (len(markets) - 1))
            )
            yield Finding(
                name="herfindahl_change" if name == "rescaled" else "herfindahl_change_raw",
                of=f"{first} to {last}",
                estimand=f"The mean change of the Herfindahl index ({name}) of a {within} that is "
                "listed in every period.",
                estimate=mean,
                lower=max(mean - 1.96 * error, -1.0),
                upper=min(mean + 1.96 * error, 1.0),
                interval="sampling",
                n_rows=2 * len(markets),
                n_units=len(markets),
                method=f"paired over {len(markets)}, standard error {error:.4f}; the interval is "
                f"for {within} as draws of one process, neighbours counted as independent",
                says=f"In the {len(markets)} that are listed throughout the index "
                f"{'rises' if mean > 0 else 'falls'} by {abs(mean):.3f} on average.",
                cannot_say="Why; and the shares that are not listed change too."
                if name == "raw"
                else "Why it changed.",
                **shared,
            )


def _mean(
    values: dict[tuple[str, str], float],
    weights: dict[tuple[str, str], float],
    keys: list[tuple[str, str]],
) -> float:
    return float(np.average([values[key] for key in keys], weights=[weights[key] for key in keys]))


# --- what charts draw, what calibration reads --------------------------------------------------


def _series(
    lists: list[Listed], large: list[Listed], floor: float, leaders: int, least: int
) -> tuple[dict[str, Columns], tuple[Suppressed, ...]]:
    """Lorenz curves of the first and the last period, the index under the panel rules; the rest.

    lists   of all periods, `large` those that may be told
    """
    ends = [large[0], large[-1]] if len(large) > 1 else large
    curve: dict[str, list[Any]] = {"time": [], "holders": [], "share": []}
    without = []
    for one in ends:
        holders, share = lorenz(one.amount)
        at = one.points(least)
        at = at[np.isin(one.amount.size - at, one.cuts(leaders, least))]
        if least > 1 and at.size < 3:  # its two ends alone, between which anything may lie
            without.append(one.time or "listed")
            continue
        curve["time"] += [one.time or "listed"] * at.size
        curve["holders"] += holders[at].tolist()
        curve["share"] += share[at].tolist()
    found: dict[str, Columns] = {"lorenz": curve} if curve["time"] else {}
    hidden = []
    if without:
        why = f"between any two points of the curve fewer than {least} holders lie, or one of them "
        why += "has most"
        of = f" ({', '.join(without)})" if len(lists) > 1 else ""
        hidden.append(suppressed("lorenz", why + of, part="lorenz" in found))
    if len(lists) > 1:
        rows = _panel_rows(lists, large, floor, least)
        values = np.array([rows["gini"], rows["top_fifth_share"]], float)
        if np.isfinite(values).any():
            found["panels"] = rows
        if least > 1 and not np.isfinite(values).all():
            hidden.append(
                suppressed(
                    "panels",
                    f"an index would tell of fewer than {least} holders, or of one, in a period "
                    "or under a rule",
                    part="panels" in found,
                )
            )
    return found, tuple(hidden)


def _panel_rows(
    lists: list[Listed], large: list[Listed], floor: float, least: int
) -> dict[str, list[Any]]:
    """The index in each period under the panel rules; nan where it is suppressed."""
    rows: dict[str, list[Any]] = {"time": [], "rule": [], "gini": [], "top_fifth_share": []}
    places = {one.time: place for place, one in enumerate(large)}
    for rule, amounts in panels(large, floor).items():
        for one in lists:
            values = {"gini": np.nan, "top_fifth_share": np.nan}
            amount: Column = amounts[places[one.time]] if one.time in places else np.zeros(0)
            if one.time in places and apart(amount, one.amount, least):
                told = fifth_told(amount, least)
                if told or amount.size == one.amount.size:
                    values["gini"] = float(gini(amount))
                if told:
                    values["top_fifth_share"] = float(top_fifth_share(amount))
            rows["time"].append(one.time)
            rows["rule"].append(rule)
            for name, value in values.items():
                rows[name].append(value)
    return rows


def _targets(
    lists: list[Listed],
    basis: str,
    whole: float | None,
    sha256: str,
    leaders: int,
    least: int,
    unseen: float,
) -> Iterator[Target]:
    """Concentration of users, to be observed on the model's firms above the same floor."""
    for one in lists:
        smallest, told = one.smallest(least), one.cuts(leaders, least)
        for index, indicator in (
            ("top_fifth_share", top_fifth_share),
            ("user_gini", gini),
            ("user_herfindahl", herfindahl),
        ):
            if index == "top_fifth_share" and least > 1 and one.amount.size / 5 not in told:
                continue
            tables = with_unseen(one.amount, basis, whole, unseen, smallest)
            values = [float(indicator(amounts)) for amounts in tables]
            yield Target(
                index=index,
                value=values[0],
                lower=min(values),
                upper=max(values),
                interval="bounds" if len(values) > 1 else "none",
                unit="share",
                time=one.time,
                n_units=one.amount.size,
                floor=smallest,
                transform=f"basis {basis}: the model's firms with at least the floor alone",
                source_sha256=sha256,
                claims=("M28", "M32"),
            )


def _suppressed(name: str, basis: str, of: str = "") -> Finding:
    return suppressed_finding(
        name,
        of,
        estimand="Concentration among the holders.",
        units="holders",
        basis=SUMS_TO_ONE[basis],
    )


def _title(amount: str, holder: str) -> str:
    return f"Concentration of {amount} over {holder}"
