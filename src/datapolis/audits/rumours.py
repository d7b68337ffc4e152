"""How threads of true and false rumours differ: a question of `diffusion`.

Rows are posts, threads are the units. For each measure of a thread the two kinds are compared by
rank, P(one > other) + P(equal)/2, with Mann and Whitney's test and Holm's adjustment over the
measures. p is exact, ties and all, where few enough sums of ranks can differ; else by the normal
limit.

Sources: Mann and Whitney (1947); Brunner and Munzel (2000) for the interval; Holm (1979).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.diffusion_common import (
    COUNT,
    FEWEST,
    Reported,
    counted,
    in_words,
    names_as_text,
    suppressed_estimate,
    two_names,
)
from datapolis.audits.finding import Columns, Finding
from datapolis.audits.privacy import shown
from datapolis.core.errors import InputError
from datapolis.statistics.inference.multiplicity import holm
from datapolis.statistics.inference.relabelling import sum_by_chance
from datapolis.tables import N, Table, derived

if TYPE_CHECKING:
    Column = np.ndarray[Any, np.dtype[Any]]

RUMOUR_LIMITS = (
    "Anything on how far or how fast rumours were shared: these are replies, in threads chosen for "
    "having them. The event is not in the table; if threads of one event hang together, p is too "
    "small."
)


def how_threads_differ(rows: Table, given: Mapping[str, Any], least: int) -> Reported:
    """How threads of two kinds of rumour differ."""
    veracity, stance = given["veracity"], given["stance"]
    if not veracity:
        raise InputError(
            "threads cannot be compared without it",
            field="veracity",
            allowed="the column of what a rumour turned out to be",
        )
    kinds = two_names("between", given["between"])
    if stance:
        two_names("stances", given["stances"])
    rows, notes = _checked_posts(rows, given, least)
    threads = _threads(rows, given)
    make = partial(
        Finding,
        n_rows=rows.count(),
        n_units=threads[N].size,
        units="threads",
        basis="threads, each counted once",
        method="Mann-Whitney",
        claims=("V25",),
    )
    findings = [*_counts(rows, threads, given, make, least)]
    sides = [threads[derived("kind")] == kind for kind in kinds]
    family = _family(threads, given)
    few = min(int(side.sum()) for side in sides)
    if few < max(FEWEST, least):
        of = f"{kinds[0]} against {kinds[1]}"
        for name, (words, _) in family.items():
            estimand = f"The chance that a thread of the first kind has the greater {words}."
            findings.append(suppressed_estimate(make, name, estimand, of, few, least))
        return findings, {}, notes
    compared = {
        name: _compared(*(values[side][np.isfinite(values[side])] for side in sides))
        for name, (_, values) in family.items()
    }
    by_holm = holm(np.array([one.p_value for one in compared.values()]))
    adjusted = dict(zip(family, by_holm, strict=True))
    for name, (words, values) in family.items():
        findings.append(
            _comparison(make, name, words, values, sides, kinds, compared[name], adjusted[name])
        )
    if stance:
        findings += [*_beside(threads, given["stances"], sides, kinds, make)]
    series: Columns = {
        "measure": np.array([_brief(name) for name in family], object),
        "chance": np.array([one.chance for one in compared.values()]),
        "lower": np.array([one.lower for one in compared.values()]),
        "upper": np.array([one.upper for one in compared.values()]),
        "adjusted": np.array([adjusted[name] for name in family]),
        "kinds": np.array([f"{kinds[0]} against {kinds[1]}"] * len(family), object),
    }
    return findings, {"compared": series}, notes


def _brief(name: str) -> str:
    """A measure in two or three words."""
    brief = {"size": "posts", "depth": "depth of replies", "last_post": "time to last post"}
    return brief.get(name, f"share that {name.removesuffix('_share')}")


def _checked_posts(rows: Table, given: Mapping[str, Any], least: int) -> tuple[Table, list[str]]:
    """The table with its columns checked, and what was seen of posts and parents."""
    thread, post, parent = given["thread"], given["post"], given["parent"]
    rows = rows.text(thread, given["veracity"])
    if given["depth"]:
        rows = rows.numbers(given["depth"], least=0)
    if given["seconds"]:
        rows = rows.numbers(given["seconds"], least=0, gaps=True)
    if given["stance"]:
        rows = rows.text(given["stance"], gaps=True)
    if parent and not post:
        raise InputError("replies name posts", field="parent", allowed="with post")
    notes = []
    if post:
        rows = names_as_text(rows, post).check_unique(
            thread, post, allowed="each post once in a thread"
        )
    if parent:
        rows = names_as_text(rows, parent, gaps=True)
        posts = rows.expression.select(rows[thread], rows[post]).distinct()
        posts = posts.rename(known_thread=thread, known_post=post)
        replies = rows.where(rows[parent].notnull())
        tree = replies.expression.anti_join(
            posts,
            [
                replies[thread] == posts["known_thread"],
                replies[parent] == posts["known_post"],
            ],
        )
        if lost := replace(replies, expression=tree).count():
            notes.append(
                f"{counted(lost, least)} replies answer a post that is not in their thread."
            )
        first = rows.where(rows[parent].isnull()).count()
        notes.append(f"{counted(first, least)} posts answer no other.")
    several = rows.group([thread], kinds=rows[given["veracity"]].nunique())
    if wrong := int((several[derived("kinds")] > 1).sum()):
        raise InputError(
            f"{wrong:,} threads have several values",
            file=rows.name,
            field=given["veracity"],
            allowed="one value in all posts of a thread",
        )
    return rows, notes


def _threads(rows: Table, given: Mapping[str, Any]) -> Columns:
    """One row for each thread: what it is, and its measures."""
    values = {"kind": rows[given["veracity"]].min()}
    if given["depth"]:
        values["deepest"] = rows[given["depth"]].max()
    if given["seconds"]:
        values["last"] = rows[given["seconds"]].max()
    if given["stance"]:
        stance = rows[given["stance"]]
        values["stated"] = stance.count()
        for place, word in enumerate(given["stances"]):
            values[f"stance_{place}"] = (stance == word).sum().fill_null(0)
    return rows.group([given["thread"]], **values)


def _family(threads: Columns, given: Mapping[str, Any]) -> dict[str, tuple[str, Column]]:
    """The measures of a thread that are compared: name, words, values."""
    size = threads[N].astype(float)
    family = {"size": ("number of posts", size)}
    if given["depth"]:
        family["depth"] = ("depth of replies", threads[derived("deepest")].astype(float))
    if given["seconds"]:
        family["last_post"] = ("time to the last post", threads[derived("last")].astype(float))
    if given["stance"]:
        for place, word in enumerate(given["stances"]):
            share = threads[derived(f"stance_{place}")] / size
            family[f"{word}_share"] = (f"share of posts that {word}", share)
    return family


def _counts(
    rows: Table, threads: Columns, given: Mapping[str, Any], make: Any, least: int
) -> Iterator[Finding]:
    """How many threads there are of each kind, and posts of each stance."""
    kinds, many = np.unique(threads[derived("kind")].astype(str), return_counts=True)
    for kind, number, seen in zip(
        kinds, many, shown(many, least=least, public=least <= 1), strict=True
    ):
        if seen:
            yield make(
                name="threads",
                of=str(kind),
                estimand="How many threads are about a rumour of this kind.",
                estimate=float(number),
                unit="threads",
                method=COUNT,
                says=f"{number:,} of {threads[N].size:,} threads are of the kind {kind}.",
                cannot_say="How common such rumours are: threads were chosen.",
            )
    if not given["stance"]:
        return
    stance = given["stance"]
    stated = rows.where(rows[stance].notnull())
    cells = stated.group([stance], threads=stated[given["thread"]].nunique())
    total = int(cells[N].sum())
    make = partial(make, basis="posts with a stance", method=COUNT, unit="posts")
    yield make(
        name="posts",
        of="with a stance",
        estimand="How many posts have a stance.",
        estimate=float(total),
        says=f"{total:,} of {rows.count():,} posts have a stance; the others are counted in the "
        "size of their thread alone.",
        cannot_say="What the others say.",
    )
    visible = shown(
        cells[N], cells[derived("threads")], least=least, public=least <= 1, overlap=True
    )
    for label, number, seen in zip(cells[stance], cells[N], visible, strict=True):
        if seen:
            yield make(
                name="posts",
                of=str(label),
                estimand="How many posts take this stance.",
                estimate=float(number),
                says=f"{number:,} posts {label}, {number / total:.1%} of those with a stance.",
                cannot_say="What people who do not post think.",
            )


@dataclass(frozen=True)
class Comparison:
    """P(one > other) + P(equal)/2 with its 95 % interval, and Mann-Whitney's p; nan: none."""

    chance: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    p_value: float = np.nan
    least_p: float = np.nan  # the least that could have been found, where p is exact
    exact: bool = False  # over all permutations, ties as they are; else a normal limit

    @property
    def method(self) -> str:
        """How p was had."""
        if not self.exact:
            return "Mann-Whitney, p by its normal limit"
        return f"Mann-Whitney, exact p (least attainable {self.least_p:.2g})"


def _compared(one: Column, other: Column) -> Comparison:
    """How often a thread of one kind has more than one of the other; nothing where too few."""
    if min(one.size, other.size) < FEWEST:
        return Comparison()
    from scipy.stats import mannwhitneyu, rankdata

    both = np.concatenate([one, other])
    if np.ptp(both) == 0:
        return Comparison(0.5, p_value=1.0, least_p=1.0, exact=True)
    ranks = rankdata(both) - (both.size + 1) / 2  # around 0, the mean over all permutations
    test = mannwhitneyu(one, other, alternative="two-sided")
    every = sum_by_chance(ranks, np.arange(both.size) < one.size, np.zeros(both.size, int))
    found = Comparison(float(test.statistic) / (one.size * other.size), p_value=float(test.pvalue))
    if every is not None:
        exact = every.two_sided()
        found = replace(found, p_value=exact.p_value, least_p=exact.least_p, exact=True)
    if found.chance in (0.0, 1.0):
        return found
    from statsmodels.stats.nonparametric import rank_compare_2indep

    lower, upper = rank_compare_2indep(one, other).conf_int()
    return replace(found, lower=max(float(lower), 0.0), upper=min(float(upper), 1.0))


def _comparison(
    make: Any,
    name: str,
    words: str,
    values: Column,
    sides: list[Column],
    kinds: tuple[str, str],
    found: Comparison,
    adjusted: float,
) -> Finding:
    chance, lower, upper, p = found.chance, found.lower, found.upper, found.p_value
    number = int(sum(np.isfinite(values[side]).sum() for side in sides))
    known = np.isfinite(chance)
    middle = [np.nanmedian(values[side]) if known else np.nan for side in sides]
    says = (
        f"A {kinds[0]} rumour's thread has the greater {words} than a {kinds[1]} one's with chance "
        f"{chance:.2f} (medians {_short(middle[0])} and {_short(middle[1])}; {in_words(p)}, "
        f"{in_words(adjusted)} after Holm)."
    )
    finding: Finding = make(
        name=name,
        of=f"{kinds[0]} against {kinds[1]}",
        estimand=f"The chance that a {kinds[0]} rumour's thread has the greater {words} than a "
        f"{kinds[1]} one's, ties counted half.",
        estimate=chance,
        lower=lower,
        upper=upper,
        interval="sampling" if np.isfinite(lower) else "none",
        unit="chance",
        n_units=number,
        method=f"{found.method}, Holm over the measures of this table; interval of Brunner and "
        "Munzel",
        p_value=p,
        p_least=found.least_p,
        p_adjusted=adjusted,
        says=says if known else "Not compared.",
        cannot_say=RUMOUR_LIMITS if known else f"Fewer than {FEWEST} threads a side have a value.",
    )
    return finding


def _beside(
    threads: Columns,
    stances: tuple[str, ...],
    sides: list[Column],
    kinds: tuple[str, str],
    make: Any,
) -> Iterator[Finding]:
    """The same for shares of the posts whose stance is known, beside and outside the family."""
    stated = threads[derived("stated")].astype(float)
    for place, word in enumerate(stances):
        share = np.divide(
            threads[derived(f"stance_{place}")].astype(float),
            stated,
            out=np.full(stated.size, np.nan),
            where=stated > 0,
        )
        found = _compared(*(share[side][np.isfinite(share[side])] for side in sides))
        one = _comparison(
            make,
            f"{word}_share_of_stated",
            f"share of posts with a stance that {word}",
            share,
            sides,
            kinds,
            found,
            np.nan,
        )
        yield _without_holm(one, found.method)


def _without_holm(one: Finding, how: str) -> Finding:
    """A comparison that stands beside the family."""
    says = one.says.replace(f", {in_words(np.nan)} after Holm", "; beside the family")
    method = f"{how}, beside the family; interval of Brunner and Munzel"
    return replace(one, says=says, method=method)


def _short(value: float) -> str:
    """A number in few digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
