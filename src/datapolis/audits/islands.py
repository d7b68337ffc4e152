"""Do data lie in islands: who exchanges with whom, who could link what, what is open, who supplies.

One table answers one of four questions, and the options that name its columns say which.

**Exchange list** (`source`, `target`). A row says that two holders exchange data; a row with an
empty target names a holder that exchanges with nobody. Islands are the components of that graph.
With D_i held by i, and data that are pooled worth (sum D)**a, separation costs

    lost = 1 - sum over islands of (sum of D)**a / (sum of all D)**a

k new links at equal cost are best between the k + 1 largest islands for every a > 1, and worth
nothing for a <= 1 (see `datapolis.statistics.inference.pooling`, also for links that have costs).

**Joint view** (`left`, `right`, `weight`). A row says that a holder on the right is present at a
place on the left with chance p. Its estimand is the share of pairs of places that some holder could
link, E[1 - prod_c (1 - p_ic p_jc)] with independent presence, and bounds without independence (see
`datapolis.statistics.inference.linkability`). Few holders that are everywhere make one component of
almost any such table: they are told over thresholds of p, and say little.

**Openness** (`is_open`, `attributes`). Which attributes close entries, which close them alone, and
the sets of attributes to mend that open most (exact over all sets). `is_open` stands as published.

**Supply** (`holder`, `attributes`). Who offers how much: the Herfindahl index sum_k s_k**2 of the
interfaces offered, and the share of them with each attribute. Offers are no links.

An edge must be a real exchange or a real joint view. What it is, only the user knows: `edge_means`
says it, is compulsory, and is printed.

Source: F11, F18, docs/model.md; pooled data Jones and Tonetti (2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from datapolis.audits.answers import AuditAnswer, Threshold, listed, number, plural, said
from datapolis.audits.finding import Audit, Columns, Finding, Target, audit
from datapolis.audits.openness import openness, supply
from datapolis.audits.options import (
    MIN_GROUP,
    Drop,
    Duplicates,
    MinGroup,
    Progress,
    Public,
)
from datapolis.audits.privacy import SUPPRESSED
from datapolis.audits.suppressed import Suppressed, each, suppressed, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.indicators import (
    component_count,
    components,
    integration_gap,
    largest_component_share,
)
from datapolis.statistics.inference.covering import (
    GUARANTEE,
    best_cover,
    cover_bound,
    greedy_cover,
)
from datapolis.statistics.inference.linkability import Linkability, linked_by_one, pair_linkability
from datapolis.statistics.inference.pooling import best_links, merged, worth
from datapolis.tables import N, Source, Table, derived, open_table

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = Any  # a NumPy array; the indicators are typed for those of JAX

EXPONENTS = np.linspace(0.7, 2.0, 27)  # returns to pooled data that are swept
THRESHOLDS = np.arange(10) / 10  # of presence, for components
SPEAKING = 0.5  # thresholds up to here carry the finding
COMPLETE = 0.9  # part of all left-right pairs from which a table is one component by construction
STEPS = 40  # holders, or new links, at most, in a chart
NOTHING = "Nobody holds anything."
NOBODY = ("unknown", "other", "others", "unidentified", "none", "n/a", "na", "?")  # no holder


@dataclass(frozen=True)
class Question:
    """One of the questions that a table can answer, and the options that belong to it."""

    name: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    edges: bool


QUESTIONS = (
    Question(
        "an exchange list",
        ("source", "target"),
        ("value", "exponent", "links", "cost", "budget", "possible"),
        True,
    ),
    Question("a joint view", ("left", "right"), ("weight", "cover"), True),
    Question("openness", ("is_open",), ("attributes", "mend", "place", "dataset", "time"), False),
    Question("supply", ("holder",), ("attributes", "time"), False),
)
DEFAULTS = {"links": 3, "cover": 5}


@audit(amount="value", unit=("source", "holder", "place"), period="time")
def islands(
    table: Source,
    possible: Source = None,
    *,
    edge_means: Annotated[str, "what an edge is, in words: an exchange, or a joint view"] = "",
    source: Annotated[str | None, "holder at one end of an exchange"] = None,
    target: Annotated[str | None, "holder at the other end; empty: exchanges with nobody"] = None,
    value: Annotated[Sequence[str], "what the source holds, and if given the target"] = (),
    exponent: Annotated[float | None, "returns to pooled data a; without it .7 to 2"] = None,
    links: Annotated[int, "new links to choose"] = DEFAULTS["links"],
    cost: Annotated[str | None, "of each possible link (second table)"] = None,
    budget: Annotated[float | None, "what the possible links may cost together"] = None,
    left: Annotated[str | None, "place that is seen, such as a site"] = None,
    right: Annotated[str | None, "holder that sees it, such as a company"] = None,
    weight: Annotated[str | None, "chance, 0 to 1, that right is present at left"] = None,
    cover: Annotated[int, "holders that together cover most places"] = DEFAULTS["cover"],
    is_open: Annotated[str | None, "whether an entry is open, yes or no"] = None,
    attributes: Annotated[Sequence[str], "what each entry has or lacks, yes, no or unsure"] = (),
    mend: Annotated[Sequence[str], "attributes to mend together"] = (),
    place: Annotated[str | None, "place of an entry"] = None,
    dataset: Annotated[str | None, "data set of an entry"] = None,
    time: Annotated[str | None, "period of an entry, or day on which an offer was added"] = None,
    holder: Annotated[str | None, "who offers an interface"] = None,
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    progress: Progress = None,
) -> Audit:
    """Exchange, joint view, openness or supply of data, by the columns that are named.

    possible   links that could be made, under the same names `source` and `target`; with `cost` and
               `budget` if they cost something. Pairs that are not in it are forbidden.

    Raises InputError where the options belong to no question, or to more than one.
    """
    options = dict(locals())
    question = _question({name for name, one in options.items() if _given(name, one)}, edge_means)
    whole = open_table(table, duplicates=duplicates)
    rows = open_table(whole, drop=drop, duplicates=duplicates)
    if rows.count() == 0:
        raise InputError("no row is left", file=rows.name, field="drop", value=drop)
    rule = Threshold(public, min_group)
    inputs = [rows.provenance]
    if source and target:
        if possible is not None:
            possible = open_table(possible, duplicates=duplicates, name="possible links")
            inputs.append(possible.provenance)
        found = _exchange(
            rows, possible, source, target, tuple(value), exponent, links, cost, budget, rule
        )
    elif left and right:
        found = _joint_view(rows, whole, left, right, weight, cover, drop, rule, progress)
    elif is_open:
        found = openness(rows, is_open, tuple(attributes), tuple(mend), place, dataset, time, rule)
    else:
        found = supply(rows, str(holder), tuple(attributes), time, rule)
    meaning = [f"An edge means: {edge_means}."] if question.edges else []
    return Audit(
        kind="islands",
        title=found.title,
        findings=tuple(found.findings),
        targets=found.targets,
        series=found.series,
        suppressed=found.suppressed,
        notes=(*rows.notes, *meaning, *found.notes),
        inputs=tuple(inputs),
    )


def _given(name: str, value: Any) -> bool:
    """Whether an option that belongs to a question was given."""
    if not any(name in (*one.needs, *one.may) for one in QUESTIONS):
        return False
    if name in DEFAULTS:
        return bool(value != DEFAULTS[name])
    return value is not None and not (isinstance(value, str | Sequence) and not value)


def _question(given: set[str], edge_means: str) -> Question:
    """The one question that these options ask."""
    asked = [one for one in QUESTIONS if given & set(one.needs)]
    choices = "; ".join(f"{one.name}: {' and '.join(one.needs)}" for one in QUESTIONS)
    if len(asked) != 1:
        named = [name for one in asked for name in one.needs if name in given]
        raise InputError(
            "these options ask more than one question" if asked else "nothing is asked",
            field=", ".join(named) or "options",
            allowed=f"the columns of one of {choices}",
        )
    question = asked[0]
    lacking = [name for name in question.needs if name not in given]
    if lacking:
        raise InputError(
            f"{question.name} needs it too", field=", ".join(lacking), allowed="a column"
        )
    alien = sorted(given - set(question.needs) - set(question.may))
    if alien:
        raise InputError(
            f"{question.name} has no such option",
            field=", ".join(alien),
            allowed=", ".join((*question.needs, *question.may)),
        )
    if question.edges and not edge_means.strip():
        raise InputError(
            "it is not said what an edge means",
            field="edge_means",
            allowed='words such as "sends data to" or "seen on the site with an identifier"',
        )
    if edge_means and not question.edges:
        raise InputError(
            f"{question.name} has no edges",
            field="edge_means",
            allowed="with source and target, or left and right",
        )
    return question


# --- exchange lists ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exchange:
    """An exchange list, reduced to a graph of holders."""

    names: Column  # of the holders
    ends: Int[Column, "edge 2"]
    label: Int[Column, "holder"]  # the island of each
    amount: Float[Column, "holder"]
    share: Float[Column, "island"]  # of all data; empty if nobody holds anything
    what: str  # the data are, in words
    exponent: float | None
    links: int
    rule: Threshold
    common: Mapping[str, Any]

    @property
    def show(self) -> bool:
        """Whether numbers on islands may be shown."""
        giant = np.bincount(self.label).max()
        return self.rule.whole(self.names.size) and self.rule.part(giant, self.names.size)

    @property
    def show_value(self) -> bool:
        """Whether numbers on what they hold may be shown."""
        hidden = self.rule.dominated(self.amount) or self.rule.dominated(self.share)
        return self.show and not ((hidden or self.few) and np.ptp(self.amount) > 0)

    @property
    def few(self) -> bool:
        """Whether some island that holds anything has too few holders for its share to be told."""
        held = self.share > 0 if self.share.size else np.zeros(0, bool)
        return not all(self.rule.whole(many) for many in np.bincount(self.label)[held])

    def lost(self, exponent: float) -> float:
        """The part of the value of one pool that the islands lack."""
        return _lost(self.share, exponent)


def _exchange(
    rows: Table,
    possible: Table | None,
    source: str,
    target: str,
    value: tuple[str, ...],
    exponent: float | None,
    links: int,
    cost: str | None,
    budget: float | None,
    rule: Threshold,
) -> AuditAnswer:
    _check_exchange(value, exponent, links, cost, budget, possible)
    rows = rows.text(source).text(target, gaps=True)
    rows = rows.numbers(*value, least=0) if value else rows
    cells = rows.group([source, target])
    one, two = cells[source].astype(str), _text(cells[target])
    names = np.unique(np.r_[one, two[two != ""]])
    real = (two != "") & (one != two)
    ends = np.stack([np.searchsorted(names, end[real]) for end in (one, two)], 1)
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    label = _islands(ends, np.ones(len(ends), bool), names.size)
    amount = _amounts(rows, (source, target), value, names) if value else np.ones(names.size)
    whole = amount.sum()
    n_rows = int(cells[N].sum())
    common = {
        "n_rows": n_rows,
        "n_units": names.size,
        "units": "holders",
        "claims": ("E14", "E18"),
    }
    graph = Exchange(
        names=names,
        ends=ends,
        label=label,
        amount=amount,
        share=np.bincount(label, amount) / whole if whole > 0 else np.zeros(0),
        what=" and ".join(value) if value else "one unit for each holder",
        exponent=exponent,
        links=links,
        rule=rule,
        common=common,
    )
    findings = [*_structure(graph), _value_lost(graph), _new_links(graph)]
    if possible is not None:
        findings.append(_possible_links(graph, possible, source, target, cost, budget))
    notes = [
        "Exchange counts in either direction, and once for each pair of holders.",
        "The value that separation costs is printed and is no target: the model's integration gap "
        "counts what each agency makes of its island's data, not one pool for each island.",
    ]
    itself = int(cells[N][one == two].sum())
    again = n_rows - len(ends) - itself - int(cells[N][two == ""].sum())
    if again and rule.whole(again):
        notes.append(f"{again:,} rows name a pair again; it counts once.")
    if itself and rule.whole(itself):
        notes.append(f"{itself:,} rows link a holder to itself; they count for nothing.")
    if not graph.show_value:
        notes.append(f"Numbers on islands or on what they hold are {SUPPRESSED}.")
    return AuditAnswer(
        "Islands of exchange",
        findings,
        _exchange_series(graph),
        notes,
        _island_targets(graph, rows) if graph.show else (),
        _exchange_hidden(graph),
    )


def _check_exchange(
    value: tuple[str, ...],
    exponent: float | None,
    links: int,
    cost: str | None,
    budget: float | None,
    possible: Table | None,
) -> None:
    if len(value) > 2:
        raise InputError(
            "too many columns",
            field="value",
            value=",".join(value),
            allowed="what the source holds, and what the target holds",
        )
    if exponent is not None and not 0 < exponent <= 10:
        raise InputError("is out of range", field="exponent", value=exponent, allowed="0 to 10")
    if links < 1:
        raise InputError("is out of range", field="links", value=links, allowed="1 or more")
    if budget is not None and not 0 < budget < np.inf:
        raise InputError("is out of range", field="budget", value=budget, allowed="above 0")
    if (cost is None) != (budget is None):
        raise InputError("one is given without the other", field="cost, budget", allowed="both")
    if cost and possible is None:
        raise InputError(
            "there are no possible links that could cost something",
            field="cost, budget",
            allowed="with a second table of possible links",
        )
    if possible is not None and exponent is None:
        raise InputError(
            "which possible links are best depends on it", field="exponent", allowed="a number"
        )


def _islands(
    ends: Int[Column, "edge 2"], held: Bool[Column, "edge"], nodes: int
) -> Int[Column, "node"]:
    """The island of each node, numbered from 0; each edge is a node of its own between its ends."""
    edges = len(ends)
    both: Column = np.repeat(held[:, None], 2, axis=1)
    label = components(ends + edges, both, count=edges + nodes)[edges:]
    return np.unique(label, return_inverse=True)[1]


def _lost(share: Float[Column, "island"], exponent: float) -> float:
    """1 - sum_c s_c**a, where one pool of all is worth 1."""
    worth_of_islands: Column = np.array(worth(share, exponent))
    one_pool: Column = np.ones(())
    return float(integration_gap(worth_of_islands, one_pool))


def _amounts(
    rows: Table, ends: tuple[str, str], value: tuple[str, ...], names: Column
) -> Float[Column, "holder"]:
    """What each holder holds, the same wherever it stands."""
    from ibis import _

    low, high = np.full(names.size, np.inf), np.full(names.size, -np.inf)
    for end, column in zip(ends, value, strict=False):
        held = rows.where(rows[end].notnull())
        found = held.group([end], low=_[column].min(), high=_[column].max())
        at = np.searchsorted(names, found[end].astype(str))
        low[at] = np.minimum(low[at], found[derived("low")])
        high[at] = np.maximum(high[at], found[derived("high")])
    field = ", ".join(value)
    if unsaid := int(np.isinf(low).sum()):
        raise InputError(
            f"{unsaid:,} holders stand in no row that says what they hold",
            file=rows.name,
            field=field,
            allowed="each holder once as source, with an empty target if it exchanges with nobody; "
            "or a second column for what the target holds",
        )
    if differ := int((low != high).sum()):
        raise InputError(
            f"{differ:,} holders hold one amount in one row and another in another",
            file=rows.name,
            field=field,
            allowed="one amount for each holder",
        )
    return low


def _structure(graph: Exchange) -> list[Finding]:
    """How many islands, how large the largest is, and who holds them together."""
    networkx = import_module("networkx")
    network = networkx.Graph(graph.ends.tolist())
    pillars = sorted(networkx.articulation_points(network), key=lambda one: -network.degree[one])
    named = (
        f", the best linked of them {listed(graph.names[pillars[:5]])}"
        if graph.rule.public and pillars
        else ""
    )
    holders, label = graph.names.size, graph.label
    count, giant = int(component_count(label)), float(largest_component_share(label))
    alone = int((np.bincount(label) == 1).sum())
    lonely = (
        f"; {alone:,} exchange with nobody" if alone and graph.rule.part(alone, holders) else ""
    )
    common = {**graph.common, "basis": "holders, each in one island"}
    unseen = "Exchange that the list does not name, and how much is exchanged."
    return [
        said(
            graph.show,
            name="components",
            estimand="Number of islands: sets of holders linked to each other, if only through "
            "others.",
            estimate=count,
            unit="islands",
            method="components of the graph of exchange, in either direction",
            says=f"{holders:,} holders make {count:,} islands{lonely}.",
            cannot_say=unseen,
            **common,
        ),
        said(
            graph.show,
            name="giant_share",
            estimand="Share of holders in the largest island.",
            estimate=giant,
            unit="share",
            method="largest component over all holders",
            says=f"The largest island has {number(giant)} of all holders.",
            cannot_say=unseen,
            **common,
        ),
        said(
            graph.show and graph.rule.part(len(pillars), holders),
            name="articulation_points",
            estimand="Number of holders whose loss would part an island in two or more.",
            estimate=len(pillars),
            unit="holders",
            method="articulation points by depth-first search (Hopcroft and Tarjan 1973; NetworkX)",
            says=f"{len(pillars):,} of {holders:,} holders hold an island together{named}.",
            cannot_say="Whether others would take over what such a holder passes on.",
            **common,
        ),
    ]


def _value_lost(graph: Exchange) -> Finding:
    content: dict[str, Any] = {
        **graph.common,
        "name": "value_lost",
        "estimand": "Part of the value of all data, pooled in one place, that is lost while each "
        "island works with its own: 1 - sum of (island's data)^a / (all data)^a.",
        "unit": "share",
        "basis": f"the value of all data in one pool; data: {graph.what}",
        "method": "one pool for each island, returns a to pooled data as stated; bounds: a from "
        ".7 to 2",
    }
    if not graph.share.size:
        return Finding(**content, estimate=np.nan, says=NOTHING, cannot_say=NOTHING)
    lost = [graph.lost(a) for a in EXPONENTS]
    now = np.nan if graph.exponent is None else graph.lost(graph.exponent)
    stated = (
        "What separation costs depends on returns to data, which nobody stated"
        if graph.exponent is None
        else f"With a = {graph.exponent:g} separation costs {number(now)} of the value of all data"
    )
    return said(
        graph.show_value,
        **content,
        estimate=now,
        lower=np.nanmin([now, *lost]),
        upper=np.nanmax([now, *lost]),
        interval="bounds",
        says=f"{stated}: {number(lost[0])} at a = .7 (below 0 it pays), 0 at a = 1, "
        f"{number(lost[-1])} at a = 2.",
        cannot_say="How large a is: an assumption, not in the table.",
    )


def _new_links(graph: Exchange) -> Finding:
    """What the best new links reach where all cost the same and none is forbidden."""
    share, links, exponent = graph.share, graph.links, graph.exponent
    content: dict[str, Any] = {
        **graph.common,
        "name": "best_links",
        "of": f"{links} new {'link' if links == 1 else 'links'}",
        "estimand": "Share of all data in the largest island after the best new links, any pair "
        "of holders being free to be linked at the same cost.",
        "unit": "share",
        "basis": f"all data; data: {graph.what}",
        "method": "merging the k + 1 largest islands, exactly optimal for every a > 1 "
        "(majorisation); no link pays for a < 1",
        "cannot_say": "What a link costs, what law or technology forbids, and what one breach of a "
        "larger island would expose.",
    }
    if not share.size:
        return Finding(**{**content, "cannot_say": NOTHING}, estimate=np.nan, says=NOTHING)
    if share.size == 1 or (exponent is not None and exponent <= 1):
        reason = "All are one island" if share.size == 1 else f"With a = {exponent:g}"
        return said(
            graph.show_value,
            **content,
            estimate=share.max(),
            says=f"{reason}: no new link adds value.",
        )
    after = merged(share, links)
    order = np.argsort(-share, kind="stable")[: links + 1]
    fall = ends = ""
    if exponent is not None:
        fall = (
            f"; the part lost falls from {number(graph.lost(exponent))} to "
            f"{number(_lost(after, exponent))} (a = {exponent:g})"
        )
    if graph.rule.public:
        held = [np.where(graph.label == one, graph.amount, -1.0) for one in order]
        largest = listed(graph.names[[np.argmax(one) for one in held]])
        ends = f" The largest holder of each: {largest}."
    return said(
        graph.show_value,
        **content,
        estimate=after[0],
        says=f"{links} new links are best among the {order.size} largest islands, whatever a > 1: "
        f"together they have {number(after[0])} of all data, the largest now has "
        f"{number(share.max())}{fall}.{ends}",
    )


def _possible_links(
    graph: Exchange,
    possible: Table,
    source: str,
    target: str,
    cost: str | None,
    budget: float | None,
) -> Finding:
    """The best among the links that are possible, or the greedy choice and its gap."""
    at, price = _candidates(graph, possible, source, target, cost)
    exponent = graph.exponent or 1.0
    limit = float(graph.links) if budget is None else budget
    content: dict[str, Any] = {
        **graph.common,
        "name": "possible_links",
        "estimand": f"Part of the value of all data that is still lost (a = {exponent:g}) after "
        "the best of the possible links, "
        + (f"at a cost of at most {limit:g} together." if cost else f"{graph.links} at most."),
        "unit": "share",
        "basis": f"the value of all data in one pool; data: {graph.what}",
        "cannot_say": "Links that the second table does not name, and the cost of keeping a link.",
    }
    if not graph.share.size:
        return Finding(
            **{**content, "cannot_say": NOTHING}, estimate=np.nan, method="none", says=NOTHING
        )
    best = best_links(graph.share, graph.label[at], price, limit, exponent)
    chosen = [f"{graph.names[i]} and {graph.names[j]}" for i, j in at[list(best.chosen)]]
    which = f" ({'; '.join(chosen)})" if graph.rule.public and chosen else ""
    lost, floor = 1 - best.value, min(1 - best.bound, 1 - best.value)
    bounds = {} if best.exact else {"lower": floor, "upper": lost, "interval": "bounds"}
    return said(
        graph.show_value,
        **content,
        **bounds,
        estimate=lost,
        method="exact: every choice tried"
        if best.exact
        else "greedy: again and again the link that gains most for its cost; returns to joining "
        "increase, so it has no guarantee; bound: as many free links anywhere",
        says=f"{len(chosen)} of {len(at)} possible links between islands{which} bring the part "
        f"lost from {number(graph.lost(exponent))} to {number(lost)}. As many links, free and "
        f"allowed anywhere, would bring it to {number(floor)}: the gap is "
        f"{number(lost - floor)}.",
    )


def _candidates(
    graph: Exchange, possible: Table, source: str, target: str, cost: str | None
) -> tuple[Int[Column, "link 2"], Float[Column, "link"]]:
    """The possible links between islands, the cheapest of each pair of islands, and their cost."""
    from ibis import _

    possible = possible.text(source, target)
    if cost:
        possible = possible.numbers(cost, least=0)
    cells = possible.group([source, target], cost=_[cost].min() if cost else _.count())
    ends = [cells[end].astype(str) for end in (source, target)]
    if strange := int((~np.isin(ends, graph.names)).any(axis=0).sum()):
        raise InputError(
            f"{strange:,} possible links have an end that is no holder of the first table",
            file=possible.name,
            field=f"{source}, {target}",
            allowed="holders of the first table",
        )
    price = cells[derived("cost")].astype(float) if cost else np.ones(len(ends[0]))
    if not (price > 0).all():
        raise InputError(
            "a link costs nothing", file=possible.name, field=cost or "", allowed="costs above 0"
        )
    at = np.stack([np.searchsorted(graph.names, end) for end in ends], 1)
    pair = np.sort(graph.label[at], axis=1)
    order = np.lexsort((price, pair[:, 1], pair[:, 0]))
    order = order[pair[order, 0] != pair[order, 1]]
    kept = order[np.unique(pair[order], axis=0, return_index=True)[1]]
    return at[kept], price[kept]


def _exchange_series(graph: Exchange) -> dict[str, Columns]:
    """Value lost against the exponent, and the largest island against new links."""
    if not graph.show_value or not graph.share.size:
        return {}
    after = np.arange(min(graph.share.size, STEPS))
    if not graph.rule.public:  # a step adds one island: it may not be one of few holders
        many = np.bincount(graph.label)[np.argsort(-graph.share, kind="stable")][: after.size]
        after = after[np.minimum.accumulate(many) >= graph.rule.least]
    return {
        "value_lost": {
            "exponent": EXPONENTS,
            "lost": np.array([graph.lost(a) for a in EXPONENTS]),
        },
        "links": {
            "links": after,
            "largest": np.array([merged(graph.share, int(k))[0] for k in after]),
        },
    }


def _exchange_hidden(graph: Exchange) -> tuple[Suppressed, ...]:
    """The charts that are suppressed: of value alone, or of islands too."""
    if graph.show_value or not graph.share.size:
        return ()
    return each(("value_lost", "links"), f"{too_few('holders', graph.rule.least)}, or of an island")


def _island_targets(graph: Exchange, rows: Table) -> tuple[Target, ...]:
    holders, label = graph.names.size, graph.label
    common: dict[str, Any] = {
        "n_units": holders,
        "transform": f"{holders} holders, exchange in either direction; the number of islands "
        "compares with as many agencies only",
        "source_sha256": rows.sha256,
        "claims": ("E14", "E18"),
    }
    giant = float(largest_component_share(label))
    return (
        Target(index="largest_island", value=giant, unit="share", **common),
        Target(index="islands", value=float(component_count(label)), unit="islands", **common),
    )


# --- joint views ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class JointView:
    """A joint view, reduced: one row for each left and right."""

    left: str
    right: str
    weighted: bool
    places: int  # all of the left, also those that nobody sees
    seen: int  # those with a row
    names: Column  # of the right
    place: Int[Column, "row"]
    holder: Int[Column, "row"]
    chance: Float[Column, "row"]
    rule: Threshold

    @property
    def show(self) -> bool:
        """Whether numbers over all places may be shown."""
        return self.rule.whole(self.seen)

    @property
    def lefts(self) -> str:
        """The places, in a word."""
        return plural(self.left)

    @property
    def rights(self) -> str:
        """The holders, in a word."""
        return plural(self.right)

    @property
    def shared(self) -> dict[str, Any]:
        """What every finding on pairs of places says alike."""
        return {
            "n_rows": self.chance.size,
            "n_units": self.places,
            "units": self.lefts,
            "unit": "share",
            "basis": f"all pairs of two different {self.lefts}, also those that no {self.right} "
            "sees",
            "claims": ("M9",),
        }

    def linkability(self, progress: Progress) -> Linkability:
        """The mean over all pairs of places."""
        return pair_linkability(
            self.place, self.holder, self.chance, self.places, progress=progress
        )


def _joint_view(
    rows: Table,
    whole: Table,
    left: str,
    right: str,
    weight: str | None,
    cover: int,
    drop: str,
    rule: Threshold,
    progress: Progress,
) -> AuditAnswer:
    if cover < 1:
        raise InputError("is out of range", field="cover", value=cover, allowed="1 or more")
    someone_dropped = drop.partition("=")[0] == right
    everyone = _view(whole if someone_dropped else rows, left, right, weight, None, rule)
    view = _view(rows, left, right, weight, everyone.places, rule) if someone_dropped else everyone
    if view.places < 2:
        raise InputError("pairs need two of them", file=rows.name, field=left, value=view.places)
    pairs = view.linkability(progress)
    findings = [*_pairs(view, pairs), _top_linker(view)]
    if someone_dropped:
        findings.append(_with_dropped(view, pairs, everyone.linkability(progress)))
    giant = _giant(view)
    order = _covering(view, min(max(cover, STEPS), view.names.size))
    findings += [_components(view, giant), _coverage(view, order, cover)]
    named = {"giant": giant, "coverage": order}
    series = {name: columns for name, columns in named.items() if len(next(iter(columns.values())))}
    return AuditAnswer(
        f"What {view.rights} see of {view.lefts} together",
        findings,
        series,
        _view_notes(view),
        suppressed=tuple(_view_hidden(view, series)),
    )


def _view_hidden(view: JointView, series: Mapping[str, Columns]) -> Iterator[Suppressed]:
    """The charts that are suppressed, wholly or from some holder or threshold on."""
    if view.rule.public or not (view.chance > 0).any():
        return
    least = view.rule.least
    steps = min(STEPS, int(np.unique(view.holder[view.chance > 0]).size))
    told = series.get("coverage", {}).get("holder", np.zeros(0)).size
    if told < steps:
        why = f"from there on a {view.right} would add fewer than {least} {view.lefts}, or leave so"
        why = f"{why} few" if told else too_few(view.lefts, least)
        yield suppressed("coverage", why, part=bool(told))
    if "giant" not in series:
        yield suppressed("giant", too_few(view.lefts, least))


def _view(
    rows: Table, left: str, right: str, weight: str | None, places: int | None, rule: Threshold
) -> JointView:
    """The rows as a joint view among `places` places, or among those they name."""
    rows = rows.text(left, right)
    if weight:
        rows = rows.numbers(weight, least=0, most=1)
    rows.check_unique(left, right, allowed="each pair once; duplicates = drop if whole rows repeat")
    found = rows.fetch(left, right, *([weight] if weight else []))
    lefts, place = np.unique(found[left].astype(str), return_inverse=True)
    names, holder = np.unique(found[right].astype(str), return_inverse=True)
    return JointView(
        left=left,
        right=right,
        weighted=weight is not None,
        places=lefts.size if places is None else places,
        seen=lefts.size,
        names=names,
        place=place,
        holder=holder,
        chance=found[weight] if weight else np.ones(place.size),
        rule=rule,
    )


def _view_notes(view: JointView) -> list[str]:
    unseen = view.places - view.seen
    many = f"{unseen:,} of {view.places:,} " if view.rule.part(unseen, view.places) else ""
    notes = [
        "The share of pairs that could be linked is no index of the model, so that it is printed "
        "and is no target; components of a joint view are none either.",
        f"{many}{view.lefts} without a {view.right} stay in the denominator.",
    ]
    rows = np.bincount(view.holder)
    for name, count in zip(view.names, rows, strict=True):
        if name.lower() in NOBODY and view.rule.whole(count):
            notes.append(
                f"{count:,} rows name the {view.right} {str(name)!r}, which is no {view.right}: "
                f"nobody links what it seems to link. Leave it out with drop = {view.right}={name}."
            )
    if not view.rule.public:
        notes.append(
            f"Names of {view.rights} at fewer than {view.rule.least} {view.lefts}, and steps of "
            "the coverage by fewer, are suppressed."
        )
    return notes


def _pairs(view: JointView, pairs: Linkability) -> list[Finding]:
    left, lefts, right, rights = view.left, view.lefts, view.right, view.rights
    truth = f"Whether a {right} does link them, and whether the same person comes to both."
    estimand = (
        f"Share of pairs of {lefts} that at least one {right} could link, by presence at both: "
        "the mean over pairs of 1 - product over c of (1 - p_ic p_jc)."
    )
    return [
        said(
            view.show,
            name="pair_linkability",
            estimand=estimand,
            estimate=pairs.expected,
            lower=pairs.least,
            upper=pairs.most,
            interval="bounds",
            method="presences independent, over all pairs in blocks; bounds without any "
            "independence (Fréchet): for each pair at least the greatest of p + q - 1 or 0, at "
            "most the sum of the smaller of p and q, or 1",
            says=f"Some {right} could link {number(pairs.expected)} of all pairs of {lefts} if "
            f"presences are independent; whatever their dependence, between {number(pairs.least)} "
            f"and {number(pairs.most)}.",
            cannot_say=truth,
            **view.shared,
        ),
        said(
            view.show,
            name="pair_linkability_dependent",
            estimand=estimand,
            estimate=pairs.expected,
            lower=pairs.narrow_least,
            upper=pairs.narrow_most,
            interval="bounds",
            method=f"presence at two {lefts} independent, that of {rights} at one {left} not: for "
            "each pair at least the greatest p q, at most their sum, or 1",
            says=f"If what happens at two {lefts} is independent, and only the {rights} at one "
            f"{left} come together in any way, it is between {number(pairs.narrow_least)} and "
            f"{number(pairs.narrow_most)}.",
            cannot_say=truth,
            **view.shared,
        ),
        said(
            view.show,
            name="pairs_listed",
            estimand=f"Share of pairs of {lefts} that have a {right} in common at all.",
            estimate=pairs.listed,
            method="pairs with a row of one holder each, whatever its weight",
            says=f"By presence alone {number(pairs.listed)} of all pairs have a {right} in common; "
            f"{number(pairs.above_zero)} if only weights above 0 count.",
            cannot_say="How often: a single presence counts like presence all the time.",
            **view.shared,
        ),
    ]


def _with_dropped(view: JointView, pairs: Linkability, both: Linkability) -> Finding:
    return said(
        view.show,
        name="pairs_listed_with_dropped",
        estimand=f"Share of pairs of {view.lefts} that have a {view.right} in common, those that "
        "are left out included.",
        estimate=both.listed,
        method="pairs with a row of one holder each, whatever its weight",
        says=f"With what is left out, {number(both.listed)} of all pairs would count as linked by "
        f"presence, not {number(pairs.listed)}, and {number(both.expected)} by expected presence, "
        f"not {number(pairs.expected)}.",
        cannot_say=f"Anything on joint views, if what is left out is no single {view.right}.",
        **view.shared,
    )


def _top_linker(view: JointView) -> Finding:
    """The holder that alone links most pairs."""
    sums = np.bincount(view.holder, view.chance)
    squares = np.bincount(view.holder, view.chance**2)
    best = int(np.argmax(sums**2 - squares))
    alone = linked_by_one(view.chance[view.holder == best], view.places)
    many = int((view.holder == best).sum())
    show = view.show and view.rule.part(many, view.places)
    return said(
        show,
        name="top_linker",
        of=str(view.names[best]) if show else "",
        estimand=f"Share of pairs of {view.lefts} that one {view.right} alone is expected to link, "
        "for the one that links most.",
        estimate=alone,
        method="(S^2 - sum of p^2) / (n (n - 1)), presences independent",
        says=f"{view.names[best]} alone could link {number(alone)} of all pairs; it stands at "
        f"{many:,} of {view.places:,} {view.lefts}.",
        cannot_say="What it does with it.",
        **view.shared,
    )


def _giant(view: JointView) -> dict[str, Column]:
    """The largest component over the places that have any edge, by threshold of presence."""
    ends = np.stack([view.place, view.holder + view.seen], 1)
    found: dict[str, list[float]] = {"threshold": [], "places": [], "share": []}
    for threshold in THRESHOLDS if view.weighted else THRESHOLDS[:1]:
        held = view.chance > threshold
        here = np.unique(view.place[held])
        if not here.size:
            break
        label = _islands(ends, held, view.seen + view.names.size)[here]
        largest = np.bincount(label).max()
        if view.rule.part(largest, here.size) and view.rule.part(here.size, view.places):
            found["threshold"].append(threshold)
            found["places"].append(here.size)
            found["share"].append(largest / here.size)
    return {name: np.array(values) for name, values in found.items()}


def _components(view: JointView, giant: Mapping[str, Column]) -> Finding:
    content: dict[str, Any] = {
        **view.shared,
        "name": "giant_share",
        "estimand": f"Share of the {view.lefts} with any {view.right} that lie in the largest "
        f"component: the least over thresholds of presence up to {SPEAKING:g}.",
        "basis": f"{view.lefts} with a {view.right} above the threshold",
        "method": f"components of the graph of {view.lefts} and {view.rights}",
    }
    speaking = giant["threshold"] <= SPEAKING
    if view.names.size > 1 and view.chance.size >= COMPLETE * view.seen * view.names.size:
        return Finding(
            **content,
            estimate=np.nan,
            says=f"Nearly every {view.left} has a row with every {view.right}: one component by "
            "construction.",
            cannot_say="Anything from components: the table is a grid, no graph.",
        )
    if not speaking.any():
        return said(False, **content)
    least, most = giant["share"][speaking].min(), giant["threshold"][speaking].max()
    meaning = (
        "components tell nothing here; how many pairs can be linked does"
        if least > COMPLETE
        else "there are islands of joint view"
    )
    return Finding(
        **content,
        estimate=float(least),
        says=f"Up to a presence of {most:g} the largest component holds at least {number(least)} "
        f"of the {view.lefts} that have any {view.right}: {meaning}.",
        cannot_say="How much anybody sees: one rare presence joins two places.",
    )


def _covering(view: JointView, steps: int) -> dict[str, Column]:
    """Holders in the order in which each adds most places, as far as it may be shown."""
    here = view.chance > 0
    order, added = greedy_cover(view.place[here], view.holder[here], steps)
    covered = np.cumsum(added)
    may = [
        view.rule.whole(more) and view.rule.part(all_of_them, view.places)
        for more, all_of_them in zip(added, covered, strict=True)
    ]
    keep = may.index(False) if False in may else len(may)
    return {
        "holders": np.arange(keep) + 1,
        "holder": view.names[order[:keep]],
        "added": added[:keep],
        "covered": covered[:keep] / view.places,
    }


def _coverage(view: JointView, order: Mapping[str, Column], cover: int) -> Finding:
    many = min(cover, view.names.size)
    content: dict[str, Any] = {
        **view.shared,
        "name": "coverage",
        "of": f"{many} {view.rights if many > 1 else view.right}",
        "estimand": f"Share of {view.lefts} at which one of {many} {view.rights}, chosen to cover "
        "most, is present with a weight above 0.",
        "basis": f"all {view.lefts}",
        "cannot_say": "How much of the visits there they see.",
    }
    here = view.chance > 0
    place, holder = view.place[here], view.holder[here]
    reached = order["covered"][: min(many, order["covered"].size)]
    if not reached.size or (reached.size < many and not view.rule.public):
        return said(False, **content, method="greedy choice")
    best = best_cover(place, holder, many)
    bound = (cover_bound(place, holder, many) if best is None else best) / view.places
    limit = (
        f"no {many} cover more"
        if best is not None and bound <= reached[-1]
        else f"no {many} cover more than {number(bound)}"
    )
    return said(
        view.rule.part(round(bound * view.places), view.places),
        **content,
        estimate=float(reached[-1]),
        lower=float(reached[-1]),
        upper=max(bound, float(reached[-1])),
        interval="bounds",
        method=f"greedy choice, at least {GUARANTEE:.3f} = 1 - 1/e of the best (Nemhauser, Wolsey "
        "and Fisher 1978); the best "
        + ("by integer programme (HiGHS)" if best is not None else "bounded by what others add"),
        says=f"{content['of']}, in order {listed(order['holder'][: min(many, 5)])}"
        f"{' and others' if many > 5 else ''}, cover {number(reached[-1])} of all {view.lefts}; "
        f"{limit}.",
    )


def _text(cells: Column) -> Column:
    """Text cells as str; a null is empty."""
    return np.array(["" if cell is None else str(cell) for cell in cells.tolist()], str)
