"""Whether neighbours adopted first: a question of `diffusion` that needs a table of ties.

The mean share of an adopter's neighbours who had adopted earlier is compared with the same after
times were dealt anew within communities (see `datapolis.statistics.inference.exposure`). Neighbours
who are not in the table of people leave that share between two bounds.

Sources: Valente (1995); Shalizi and Thomas (2011); Phipson and Smyth (2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.adoption import People
from datapolis.audits.diffusion_common import (
    CLAIMS,
    COUNT,
    FEWEST,
    LAYER,
    SIGNIFICANCE,
    Chance,
    Links,
    Reported,
    check_layers,
    counted,
    in_words,
    names_as_text,
    suppressed_estimate,
)
from datapolis.audits.finding import Columns, Finding
from datapolis.core.errors import InputError
from datapolis.statistics.inference.exposure import Neighbours, exposure_by_chance
from datapolis.tables import N, Table

if TYPE_CHECKING:
    from jaxtyping import Int

    Column = np.ndarray[Any, np.dtype[Any]]

NO_CAUSE = (
    "That people adopted because others had: friends who are alike, a common cause, or people who "
    "differ in readiness give the same."
)


def who_came_first(
    people: People, web: Table, links: Links, chance: Chance, least: int, **columns: str
) -> Reported:
    """Whether neighbours came first more often than chance within communities gives.

    columns   `node`, `time` and `within` of the table of people
    """
    names, times, community = _members(people, **columns)
    cells = _pairs(web, links, least)
    source, target = (_places(names, cells[column]) for column in links.ties)
    if not ((source >= 0) & (target >= 0)).any():
        raise InputError(
            "no tie joins two people of the first table",
            file=web.name,
            field=" and ".join(links.ties),
            allowed=f"names as in the column {columns['node']}",
        )
    findings = [*_coverage(cells, source, target, least)]
    notes = []
    if strangers := int(cells[N][source < 0].sum()):
        notes.append(
            f"{counted(strangers, least)} ties start at nobody of the first table; they are left "
            "out."
        )
    if selves := int(cells[N][(source >= 0) & (source == target)].sum()):
        notes.append(
            f"{counted(selves, least)} ties lead from people to themselves; they are left out."
        )
    inside = (source >= 0) & (target >= 0)
    neighbours = Neighbours.of(source[inside], target[inside], names.size)
    number = int((np.isfinite(times) & (neighbours.degree > 0)).sum())
    make = partial(
        Finding,
        n_rows=int(cells[N].sum()),
        n_units=number,
        units="adopters who named somebody of the table",
        basis="the neighbours that each adopter named, once each",
        claims=CLAIMS,
        cannot_say=NO_CAUSE,
        unit="share",
    )
    estimand = "The mean share of an adopter's neighbours who had adopted in an earlier period."
    if number < max(least, FEWEST):
        few = suppressed_estimate(make, "earlier_neighbours", estimand, "", number, least)
        return [*findings, few], {}, notes
    found = float(neighbours.exposure(times))
    by_chance = exposure_by_chance(
        neighbours,
        times,
        community,
        chance.draws,
        chance.seed,
        lambda done: chance.done("dealing times anew", done, max(done, chance.draws)),
    )
    test, mean = by_chance.upper(), by_chance.mean
    both = min(1.0, 2 * min(test.p_value, by_chance.lower().p_value))
    lower, upper = by_chance.interval()
    more = "more than" if test.p_value <= SIGNIFICANCE else "no more than"
    findings += [
        make(
            name="earlier_neighbours",
            estimand=estimand,
            estimate=found,
            lower=lower,
            upper=upper,
            interval="randomisation",
            method=f"{test.words('permutations of times within communities')}, one-sided "
            f"(twice the smaller tail: {in_words(both)}); the interval is what chance gives",
            p_value=test.p_value,
            p_least=test.least_p,
            says=f"At adoption {found:.3f} of an adopter's neighbours had adopted, against "
            f"{mean:.3f} were times dealt at random within communities: {more} chance "
            f"gives ({in_words(test.p_value)}).",
        ),
        make(
            name="earlier_neighbours_by_chance",
            estimand="The same, were times dealt at random within communities.",
            estimate=mean,
            method=f"mean over {'all ' if test.exact else ''}{test.many:,} permutations",
            says=f"Chance alone gives {mean:.3f}.",
        ),
    ]
    outside = (source >= 0) & (target < 0)
    if outside.any():
        findings.append(
            _threshold_bounds(neighbours, times, source, target, cells[links.ties[1]], make)
        )
    return findings, {}, notes


def _members(
    people: People, node: str, time: str, within: str
) -> tuple[Column, Column, Int[Column, "person"]]:
    """Names, times of adoption (inf: never) and communities by number."""
    rows = names_as_text(people.table, node).check_unique(
        node, allowed="each person once; exact duplicates go with duplicates=drop"
    )
    cells = rows.fetch(node, time, *([within] if within else []))
    times = cells[time].astype(float)
    times = np.where(np.isfinite(times) & (times < people.last), times, np.inf)
    community = np.zeros(times.size, int)
    if within:
        community = np.unique(cells[within].astype(str), return_inverse=True)[1]
    return cells[node], times, community


def _pairs(web: Table, links: Links, least: int) -> Columns:
    """The nominations by layer and pair, counted; layers that were not asked for are left out."""
    web = names_as_text(web, *links.ties)
    by = [*links.ties]
    if links.layers or (LAYER in web.columns and LAYER not in links.ties):
        web = web.text(LAYER)
        by = [LAYER, *by]
    if links.layers:
        check_layers(web, links.layers, least)
        web = web.where(web[LAYER].isin(list(links.layers)))
    return web.group(by)


def _coverage(cells: Columns, source: Column, target: Column, least: int) -> Iterator[Finding]:
    """Which part of the nominations leads to people of the table, by layer."""
    known = source >= 0
    kinds = cells.get(LAYER, np.full(source.size, "all ties"))
    for kind in np.unique(kinds[known]):
        here = known & (kinds == kind)
        many = int(cells[N][here].sum())
        make = partial(
            Finding,
            n_rows=many,
            n_units=int(np.unique(source[here]).size),
            units="people who named somebody",
            basis="all nominations of the layer",
            method=COUNT,
            claims=("R6",),
        )
        estimand = "The share of nominations that lead to people of the first table."
        if min(many, np.unique(source[here]).size) < least:
            yield suppressed_estimate(make, "nominations_inside", estimand, "a small layer")
            continue
        inside = float(cells[N][here & (target >= 0)].sum() / many)
        yield make(
            name="nominations_inside",
            of=str(kind),
            estimand=estimand,
            estimate=inside,
            unit="share",
            says=f"{inside:.0%} of the nominations ({kind}) lead to people of the table.",
            cannot_say=(
                "When the others adopted: how many neighbours it takes can only be bounded."
                if inside < 1
                else "Whom people know beyond those they named."
            ),
        )


def _threshold_bounds(
    neighbours: Neighbours,
    times: Column,
    source: Column,
    target: Column,
    named: Column,
    make: Any,
) -> Finding:
    """The share who came first if none, or all, of the neighbours outside the table had."""
    pairs = np.unique(
        np.stack([source.astype(str), named.astype(str)])[:, (source >= 0) & (target < 0)],
        axis=1,
    )
    outside = np.bincount(pairs[0].astype(int), minlength=times.size)
    whole = neighbours.degree + outside
    counts = np.isfinite(times) & (whole > 0)
    early = neighbours.earlier(times)[counts]
    ends = [float(((early + extra) / whole[counts]).mean()) for extra in (0, outside[counts])]
    inside = float(neighbours.exposure(times))
    finding: Finding = make(
        name="exposure_at_adoption",
        estimand="The mean share of all neighbours named, inside the table or not, who came first.",
        estimate=min(max(inside, ends[0]), ends[1]),
        lower=ends[0],
        upper=ends[1],
        interval="bounds",
        n_units=int(counts.sum()),
        units="adopters who named somebody",
        method="none, or all, of the neighbours outside the table adopted earlier",
        says=f"Counting neighbours outside the table, between {ends[0]:.2f} and {ends[1]:.2f} of "
        "them had adopted first: thresholds of adoption are bounds.",
    )
    return finding


def _places(names: Column, wanted: Column) -> Int[Column, "row"]:
    """The place of each wanted name among the names, -1 where it is not there."""
    names, wanted = names.astype(str), wanted.astype(str)
    order = np.argsort(names)
    at = np.minimum(np.searchsorted(names[order], wanted), names.size - 1)
    found: Column = np.where(names[order][at] == wanted, order[at], -1)
    return found
