"""What strong and weak ties do: a question of `diffusion`.

Rows are ties with a strength, which is summed both ways. Told are the overlap of neighbours by
quarter of strength, and the share of people in the largest component as ties are cut, weakest
first, strongest first or at random (see `datapolis.statistics.inference.webs`).

Sources: Granovetter (1973); Onnela et al. (2007).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.diffusion_common import (
    COUNT,
    FEWEST,
    LAYER,
    Chance,
    Links,
    Reported,
    check_layers,
    counted,
    names_as_text,
    suppressed_estimate,
)
from datapolis.audits.finding import Columns, Finding
from datapolis.audits.privacy import one_dominates, shown
from datapolis.statistics.inference.webs import (
    ORDERS,
    Order,
    Web,
    mean_of_pairs,
    rank_correlation_of_pairs,
    slope_of_pairs,
)
from datapolis.tables import N, Table, derived

if TYPE_CHECKING:
    Column = np.ndarray[Any, np.dtype[Any]]

SHARES = np.linspace(0, 1, 21)  # of the ties that are cut
HALF = 10  # the place of one half among them
WORK, LEAST_ORDERS, MOST_ORDERS = 2_000_000, 20, 400  # ties times orders of cutting; orders

TIE_LIMITS = (
    "That a weak tie is a weak friendship: strength counts what was exchanged on the layers and in "
    "the weeks watched, among the people watched, so that weak may mean unobserved."
)
DOMINATED = (
    "Its value: suppressed, since the largest contributor could be worked out from the sum (p % "
    "rule)."
)
DIGITS = 12  # of a sum of strengths; sums that differ by rounding are equal


def strong_and_weak(
    rows: Table, strength: str, links: Links, chance: Chance, least: int
) -> Reported:
    """What neighbours share across strong and weak ties, and what holds the web together."""
    ties, layers = links.ties, links.layers
    rows = names_as_text(rows, *ties).numbers(strength, least=0)
    notes: list[str] = []
    findings: list[Finding] = []
    others: tuple[str, ...] = ()
    chosen = rows
    if layers or (LAYER in rows.columns and LAYER not in (*ties, strength)):
        rows = rows.text(LAYER)
        check_layers(rows, layers, least)
        chosen = rows.where(rows[LAYER].isin(list(layers))) if layers else rows
        findings += [*_totals(rows, strength, ties, least)]
        if layers:
            there = rows.group([LAYER])
            others = tuple(
                str(name)
                for name, many in zip(there[LAYER], there[N], strict=True)
                if name not in layers and many >= least
            )
    if selves := chosen.where(chosen[ties[0]] == chosen[ties[1]]).count():
        notes.append(
            f"{counted(selves, least)} ties lead from people to themselves; they are left out."
        )
    names, web, zeros = _web(chosen, strength, ties)
    if zeros:
        notes.append(f"{counted(zeros, least)} pairs have no strength at all; they are no ties.")
    label = ", ".join(layers) or "all ties"
    make = partial(
        Finding,
        n_rows=chosen.count(),
        n_units=web.people,
        units="people",
        basis=f"ties between people ({label}), both ways together",
        claims=("V23", "V24"),
        cannot_say=TIE_LIMITS,
    )
    if min(web.people, web.one.size) < max(least, 2 * FEWEST):
        estimand = "The share of their neighbours that two tied people share."
        few = suppressed_estimate(
            make, "overlap", estimand, "", min(web.people, web.one.size), least
        )
        return [*findings, few], {}, notes
    findings.append(
        make(
            name="ties",
            estimand="How many pairs of people are tied.",
            estimate=float(web.one.size),
            unit="ties",
            method=COUNT,
            says=f"{web.one.size:,} ties join {web.people:,} people.",
        )
    )
    overlap = web.overlap()
    known = np.isfinite(overlap)
    if alone := int((~known).sum()):
        notes.append(
            f"{counted(alone, least)} ties join two people without other neighbours; they have no "
            "overlap."
        )
    findings += [*_overlaps(web, overlap, known, make, least)]
    for other in others:
        findings += [*_overlap_elsewhere(rows, strength, ties, other, names, web, make)]
    cuts, curve = _cuts(web, chance, make)
    return [*findings, *cuts], {"cut": curve}, notes


def _web(rows: Table, strength: str, ties: tuple[str, str]) -> tuple[Column, Web, int]:
    """People's names, their ties with strengths summed both ways, and pairs without any."""
    import ibis

    one, other = rows[ties[0]], rows[ties[1]]
    paired = rows.where(one != other).mutate(
        tie_one=ibis.least(one, other), tie_other=ibis.greatest(one, other)
    )
    ends = [derived("tie_one"), derived("tie_other")]
    cells = paired.group(ends, tie_strength=paired[strength].sum())
    strengths = cells[derived("tie_strength")]
    here = strengths > 0
    first, second = (cells[end][here].astype(str) for end in ends)
    names, place = np.unique(np.concatenate([first, second]), return_inverse=True)
    amount = strengths[here].astype(float)
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(amount)))
    amount = np.rint(amount * scale) / scale
    web = Web(place[: first.size], place[first.size :], amount, names.size)
    return names, web, int((~here).sum())


def _totals(rows: Table, strength: str, ties: tuple[str, str], least: int) -> Iterator[Finding]:
    """How much strength each layer has in all."""
    ends = [rows.group([LAYER, end], amount=rows[strength].sum()) for end in ties]
    cells, amounts = ends[0], derived("amount")
    kinds = np.unique(cells[LAYER])
    people = np.array([[(end[LAYER] == kind).sum() for kind in kinds] for end in ends])
    unsafe = np.array(
        [
            any(one_dominates(end[amounts][end[LAYER] == kind].astype(float)) for end in ends)
            for kind in kinds
        ]
    )
    unsafe &= least > 1
    told = shown(people.min(axis=0), least=least, public=least <= 1, overlap=True) & ~unsafe
    for kind, seen, ruled in zip(kinds, told, unsafe, strict=True):
        here = cells[LAYER] == kind
        amount = cells[amounts][here].astype(float)
        make = partial(
            Finding,
            n_rows=int(cells[N][here].sum()),
            n_units=int(here.sum()),
            units="people who have such ties",
            basis="all ties of the layer, each way by itself",
            method="sum",
            claims=("V23", "V24"),
        )
        estimand = "What all ties of the layer carry together."
        if not seen:
            hidden = suppressed_estimate(make, "total_strength", estimand, "a layer")
            yield replace(hidden, cannot_say=DOMINATED) if ruled else hidden
            continue
        yield make(
            name="total_strength",
            of=str(kind),
            estimand=estimand,
            estimate=float(amount.sum()),
            unit=strength,
            says=f"The ties of the layer {kind} add up to {amount.sum():,.6g}.",
            cannot_say="What was exchanged otherwise, or outside the weeks watched.",
        )


def _overlaps(web: Web, overlap: Column, known: Column, make: Any, least: int) -> Iterator[Finding]:
    """Overlap by quarter of strength, and how it changes with the rank of strength."""
    cuts = np.quantile(web.strength, [0.25, 0.5, 0.75])
    quarter = np.searchsorted(cuts, web.strength)
    words = ("weakest quarter", "second quarter", "third quarter", "strongest quarter")
    estimand = "The mean share of their neighbours that two tied people share (overlap)."
    make = partial(make, unit="share")
    method = "mean over ties; interval with all ties of a person hanging together"
    for place, word in enumerate(words):
        here = known & (quarter == place)
        people = np.unique(np.concatenate([web.one[here], web.other[here]])).size
        if min(int(here.sum()), people) < max(least, FEWEST):
            yield suppressed_estimate(
                make, "overlap", estimand, word, min(int(here.sum()), people), least
            )
            continue
        mean, lower, upper = mean_of_pairs(overlap[here], web.one[here], web.other[here])
        ends = "" if place == 0 else f"above {cuts[place - 1]:,.4g}"
        ends += "" if place == 3 else f"{' and ' if place else ''}up to {cuts[place]:,.4g}"
        yield make(
            name="overlap",
            of=word,
            estimand=estimand,
            estimate=mean,
            lower=max(lower, 0.0),
            upper=min(upper, 1.0),
            interval="sampling" if np.isfinite(lower) else "none",
            n_units=people,
            method=method,
            says=f"In the {word} of ties (strength {ends}; {int(here.sum()):,} ties) two people "
            f"share {mean:.3f} of their neighbours.",
        )
    yield from _slopes(web, overlap, known, make)


def _slopes(web: Web, overlap: Column, known: Column, make: Any) -> Iterator[Finding]:
    from scipy.stats import rankdata

    one, other = web.one[known], web.other[known]
    rank = rankdata(web.strength[known])
    if rank.size:
        rank = (rank - rank.min()) / max(float(np.ptp(rank)), 1.0)
    for name, of, estimand, unit, numbers in (
        (
            "overlap_slope",
            "",
            "By how much overlap grows from the weakest to the strongest tie, by rank.",
            "share",
            slope_of_pairs(rank, overlap[known], one, other),
        ),
        (
            "overlap_correlation",
            "same ties",
            "Spearman's rank correlation of strength and overlap.",
            "correlation",
            rank_correlation_of_pairs(web.strength[known], overlap[known], one, other),
        ),
    ):
        yield _association(make, name, of, estimand, unit, numbers)


def _association(
    make: Any, name: str, of: str, estimand: str, unit: str, numbers: tuple[float, float, float]
) -> Finding:
    estimate, lower, upper = (float(np.clip(one, -1.0, 1.0)) for one in numbers)  # of a share
    known = np.isfinite(estimate)
    sure = "beyond chance" if lower > 0 or upper < 0 else "no more than chance may give"
    finding: Finding = make(
        name=name,
        of=of,
        estimand=estimand,
        estimate=estimate,
        lower=lower,
        upper=upper,
        interval="sampling" if np.isfinite(lower) else "none",
        unit=unit,
        method="least squares over ties (on ranks, 0 the weakest, 1 the strongest), held at 1 "
        "where the line leaves the range of a share; interval with all ties of a person hanging "
        "together",
        says=f"{estimand[:-1]}: {estimate:+.3f}, {sure}." if known else "Not estimated.",
        **({} if known else {"cannot_say": "Strength or overlap is the same in all ties."}),
    )
    return finding


def _overlap_elsewhere(
    rows: Table,
    strength: str,
    ties: tuple[str, str],
    layer: str,
    names: Column,
    web: Web,
    make: Any,
) -> Iterator[Finding]:
    """Whether strength goes with the overlap of neighbours in a layer that was not chosen."""
    there, second, _ = _web(rows.where(rows[LAYER] == layer), strength, ties)
    everyone = np.union1d(names, there)
    mine, theirs = np.searchsorted(everyone, names), np.searchsorted(everyone, there)
    whole = Web(theirs[second.one], theirs[second.other], second.strength, everyone.size)
    overlap = whole.overlap(mine[web.one], mine[web.other])
    known = np.isfinite(overlap)
    if known.sum() < 2 * FEWEST:
        return
    yield _association(
        partial(make, n_units=web.people),
        "overlap_correlation",
        layer,
        f"Spearman's rank correlation of strength and the overlap of neighbours by {layer}.",
        "correlation",
        rank_correlation_of_pairs(
            web.strength[known], overlap[known], web.one[known], web.other[known]
        ),
    )


def _cuts(web: Web, chance: Chance, make: Any) -> tuple[list[Finding], Columns]:
    """The largest component as ties are cut in three orders."""
    orders = int(
        np.clip(WORK // web.one.size, LEAST_ORDERS, min(MOST_ORDERS, max(chance.draws, 1)))
    )
    random = np.random.default_rng(chance.seed)
    drawn: dict[Order, Column] = {}
    step = LEAST_ORDERS
    for place, order in enumerate(ORDERS):
        curves = []
        for start in range(0, orders, step):
            curves.append(web.cut(order, SHARES, random, min(step, orders - start)))
            done = place * orders + min(start + step, orders)
            chance.done("cutting ties", done, len(ORDERS) * orders)
        drawn[order] = np.concatenate(curves)
    lower, upper = np.quantile(drawn["random"], [0.025, 0.975], axis=0)
    make = partial(make, unit="share", basis="all people with a tie")
    whole = float(drawn["random"][0, 0])
    findings = [
        make(
            name="giant_share",
            of="no tie cut",
            estimand="The share of people in the largest component.",
            estimate=whole,
            method="components",
            says=f"{whole:.1%} of the people hang together.",
        )
    ]
    words: dict[Order, str] = {
        "weak": "weakest first",
        "random": "at random",
        "strong": "strongest first",
    }
    for order, word in words.items():
        half = float(drawn[order][:, HALF].mean())
        outside = half < lower[HALF] or half > upper[HALF]
        compare = (
            ""
            if order == "random"
            else (
                f", {'beyond' if outside else 'within'} what cutting at random gives "
                f"({lower[HALF]:.2f} to {upper[HALF]:.2f})"
            )
        )
        findings.append(
            make(
                name="giant_share",
                of=f"half cut, {word}",
                estimand=f"The share of people in the largest component once half of the ties are "
                f"cut, {word}.",
                estimate=half,
                lower=float(lower[HALF]),
                upper=float(upper[HALF]),
                interval="randomisation",
                method=f"mean over {orders:,} orders, equal ties in random order; the interval is "
                "what cutting at random gives",
                says=f"With half of the ties cut, {word}, {half:.3f} of the people hang together"
                f"{compare}.",
                cannot_say=f"{TIE_LIMITS} Strengths of one person's ties hang together, so that "
                "random cutting is a yardstick, not a test.",
            )
        )
    curve: Columns = {
        "order": np.repeat(np.array(list(words.values()), object), SHARES.size),
        "cut": np.tile(SHARES, len(words)),
        "share": np.concatenate([drawn[order].mean(0) for order in words]),
    }
    return findings, curve
