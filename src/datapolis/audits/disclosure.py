"""How many people a table about people singles out, and what it tells about those in a crowd.

An intruder who knows some columns of a person, the quasi-identifiers (age, sex, ...), looks for the
rows that match. One group-by reduces the table to classes of people who match one another, with how
many of them have each level of a sensitive column; all measures are indicators on these counts.

    k          people in the smallest class
    l          fewest levels in a class; entropy l: fewest effective levels, min of exp(-sum q ln q)
    t          furthest class: max of sum |q - p| / 2, or the ordered distance for numbers
    beta       greatest gain in belief: max of (q - p)/p, shares q in a class and p in the table

**Missing values.** An empty cell, or one that holds the text told as `missing`, matches every
value: an intruder cannot use what is not there. That is the optimistic reading: k is told a second
time, of the rows in which nothing is missing alone. Any other text, `?` or `*` too, is a value
unless told, and asked about.

**The population.** A person who is unique in a sample may have doubles outside it. With the
sampling fraction pi the chance that a match to a sample unique is right is estimated without a
model, by pi n_1/(pi n_1 + 2 (1 - pi) n_2), and the share unique in the population by Pitman's
partition, which is a *model*. Both are tried on samples of the file itself, where the truth is
known. Without pi nothing is said.

**Privacy.** No value of any column leaves the reduction, but for marks of a missing one: it holds
numbers of classes and levels alone. k, l, t and beta say how far the worst class goes, never which
it is. Class sizes are told in bins of at least `min_group` people, and a share only where two such
bins meet. Of people who are singled out, a number is told only if it and every difference from the
others told, where one group lies within the other, is nobody or at least `min_group` people.

Not computed: delta-disclosure, the greatest |ln q/p|, which is infinite as soon as a class lacks
one level; and Ewens' partition, Pitman's with alpha 0, which fits such files worse.

Sources: Samarati (2001), Sweeney (2002), Machanavajjhala et al. (2007), Li, Li and
Venkatasubramanian (2007), Cao and Karras (2012), Skinner and Elliot (2002), Hoshino (2001), Elliot,
Manning and Ford (2002) on sets that single out; O32, docs/theory.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb, log1p
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from datapolis.audits.finding import Audit, Columns, Finding, audit
from datapolis.audits.frequency import COUNT, Frequency, note, with_frequency
from datapolis.audits.options import (
    MIN_GROUP,
    Drop,
    Duplicates,
    MinGroup,
    Progress,
    Public,
    Seed,
)
from datapolis.audits.privacy import ITS_VALUE
from datapolis.audits.suppressed import Suppressed, each, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.indicators.disclosure import (
    basic_beta,
    certain_share,
    entropy_l_diversity,
    k_anonymity,
    l_diversity,
    matching_class_size,
    ordered_t_closeness,
    share_below_k,
    t_closeness,
    unique_share,
)
from datapolis.statistics.inference.uniqueness import match_interval, pitman
from datapolis.tables import Source, Table, open_table
from datapolis.tables.totals import without_totals

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

    Column = Any  # a NumPy array; the indicators are typed for those of JAX
    Sparse = Any  # a matrix of scipy.sparse

AT_ONCE = 4_000_000  # numbers held at once
MOST_SETS = 5_000  # of attributes that are searched
MOST_PATTERNS = 64  # combinations of attributes that are missing together
STEPS = (1, 2, 3, 5, 10, 20, 50)  # class sizes at which bins begin; then 100, 200, 500, 1,000, ...
FRACTIONS = (0.05, 0.10, 0.30)  # of the file, on which the estimates are tried
FEWEST = 1_000  # people in a file that is sampled to try them
BASIS = "people of the file, one for each row"
FILE = "What an intruder knows, and whether somebody he looks for is in the file at all."
SAMPLE = (
    "Risk: where the file is a sample, people who are unique in it may have doubles outside it. "
    "Unique means by these columns; an intruder may know others."
)
STAR = "*"  # what stands for a suppressed value in files of ARX and others
MISSING_WORDS = frozenset(
    "?|-|--|.|..|na|n/a|#n/a|nan|null|nil|<na>|missing|unknown|suppressed|redacted|not known"
    "|not available".split("|")
)
"""Other texts that often stand for a missing value; "none" is as often a level."""
MODEL = (
    "It is a model: its interval holds the sampling error alone, and where classes are not as in "
    "Pitman's partition it is wrong by more. In a file made so that nobody is unique (k = 3) "
    "samples of 10 % make it say 9 %. It needs a large sample: on ten attributes of the Adult file "
    "single samples of 5 % give 54 to 92 %, where 76 % are unique."
)


@dataclass(frozen=True)
class DistinctCells:
    """The table reduced to what differs: numbers for values, and how many people have them."""

    codes: Int[Column, "cell attribute"]  # of values, from 0; -1 where it is missing
    level: Int[Column, "cell"]  # of the sensitive column, in order; -1 where it is missing
    levels: int
    people: Int[Column, "cell"]
    doubted: Mapping[str, tuple[list[str], int]] = field(default_factory=dict)
    """Texts that look like a missing value and were not told as one: in which columns and rows."""


@dataclass(frozen=True)
class Classes:
    """People who have the same quasi-identifiers, and how many match them."""

    codes: Int[Column, "class attribute"]
    people: Int[Column, "class"]  # who stand in the class
    size: Int[Column, "class"]  # who match: the same people, if no value is missing
    counts: Sparse  # class by level: who match and have this level
    whole: Int[Column, "level"]  # people of the table with each level

    @property
    def complete(self) -> bool:
        """Whether no value is missing, so that no two classes overlap."""
        return bool((self.codes >= 0).all())

    @property
    def known(self) -> Bool[Column, "class"]:
        """The classes of people of whom no value is missing."""
        found: Bool[Column, "class"] = (self.codes >= 0).all(axis=1)
        return found


@audit(amount="sensitive if numbers", unit=(), period=())
def disclosure(
    table: Source,
    *,
    quasi: Annotated[Sequence[str], "columns that an intruder may know: the quasi-identifiers"],
    sensitive: Annotated[str, "column of what nobody should learn about a person"],
    numbers: Annotated[
        bool, "the sensitive column holds numbers: t is the ordered distance"
    ] = False,
    order: Annotated[
        Sequence[str], "levels of the sensitive column, lowest first: t is the ordered distance"
    ] = (),
    frequency: Frequency = "",
    missing: Annotated[
        str, "text that stands for a missing value, such as ?; * stands for any number of stars"
    ] = "",
    fraction: Annotated[
        float | None, "part of the population that is in the file, above 0 to 1"
    ] = None,
    least_k: Annotated[int, "people below k are counted for this k"] = 5,
    attributes: Annotated[
        Sequence[str], "further columns, beside quasi, to search for sets that single people out"
    ] = (),
    up_to: Annotated[int, "most columns in a set that is searched"] = 3,
    samples: Annotated[
        int, "samples of the file on which the estimates for a population are tried, or 0"
    ] = 20,
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    seed: Seed = 1,
    progress: Annotated[Progress, "told how far the search and the samples are"] = None,
) -> Audit:
    """How many people a table singles out, and what it tells about people in a crowd.

    Raises InputError where columns are missing or named twice, where `fraction`, `least_k`, `up_to`
    or `samples` is out of range, where there are too many sets to search, and where a level of the
    sensitive column is no number or not listed in `order`.
    """
    quasi, attributes = tuple(quasi), (*quasi, *(one for one in attributes if one not in quasi))
    _check(attributes, sensitive, numbers, order)
    _check_numbers(fraction, least_k, up_to, samples, len(attributes))
    rows = open_table(table, drop=drop, duplicates=duplicates)
    people = with_frequency(rows, frequency)
    if frequency:
        people = without_totals(people, [*attributes, sensitive], COUNT, by_name=True)
    cells = read_cells(
        people,
        attributes,
        sensitive,
        numbers=numbers,
        order=order,
        missing=missing,
        frequency=frequency,
    )
    classes = match(cells, range(len(quasi)))
    file = _File(classes, quasi, sensitive, least_k, 1 if public else min_group)
    searched = classes if attributes == quasi else match(cells, range(len(attributes)))
    alone = search(searched, len(quasi), up_to, progress)
    groups = _Groups(file, attributes, alone, up_to)
    tried = _tried(classes, samples, seed, progress) if classes.complete else None
    findings = [
        *_crowd(file, measures(classes, ordered=numbers or bool(order)), bool(numbers or order)),
        *_alone(file, groups),
        *_population(file, fraction),
        *(_checks(file, tried, samples) if tried and file.cuts(2, 3) else ()),
    ]
    return Audit(
        kind="disclosure",
        title="Whom the table singles out",
        findings=tuple(findings),
        series=_series(file, groups),
        suppressed=_hidden(file, groups),
        notes=(
            *rows.notes,
            *_not_found(cells, missing),
            *_notes(file, groups, cells, fraction, duplicates, frequency),
        ),
        inputs=(rows.provenance,),
    )


# --- the reduction --------------------------------------------------------------------------------


def read_cells(
    rows: Table,
    attributes: Sequence[str],
    sensitive: str,
    *,
    numbers: bool = False,
    order: Sequence[str] = (),
    missing: str = "",
    frequency: str = "",
) -> DistinctCells:
    """The table reduced by one group-by to cells of equal attributes and equal sensitive level.

    Values become numbers as they come from the engine; none is kept.
    """
    import ibis

    rows.require(*attributes, sensitive)
    if numbers and missing:
        known = rows.text(sensitive, gaps=True)
        rows = known.recode(sensitive, known[sensitive].nullif(missing))
    if numbers:
        rows = rows.numbers(sensitive, gaps=True)
    plain = {f"c{place}": rows[name] for place, name in enumerate((*attributes, sensitive))}
    each = rows[COUNT] if frequency else ibis.literal(1, "int64")
    kept = rows.expression.select(**plain, each=each).group_by(list(plain))
    cells = kept.agg(people=lambda group: group.each.sum().cast("int64"))
    arrow = rows.arrow(cells)
    coded = [_coded(arrow[f"c{place}"], missing) for place in range(len(attributes) + 1)]
    codes = [one for one, _ in coded[:-1]]
    people = np.asarray(arrow["people"], np.int64)
    level, texts = coded[-1]
    if not texts:
        raise InputError(
            "is empty in every row", file=rows.name, field=sensitive, allowed="a level in some rows"
        )
    place = _places(rows.name, sensitive, level, texts, people, numbers, order)
    return DistinctCells(
        codes=np.stack(codes, axis=1),
        level=np.where(level >= 0, place[level], -1),
        levels=int(place.max()) + 1,
        people=people,
        doubted=_doubted((*attributes, sensitive), coded, people),
    )


def _doubted(
    columns: Sequence[str], coded: Sequence[tuple[Column, list[str]]], people: Column
) -> dict[str, tuple[list[str], int]]:
    """Texts that may stand for a missing value: the columns they stand in, and in how many rows."""
    named: dict[str, list[str]] = {}
    rows: dict[str, Column] = {}
    for column, (codes, texts) in zip(columns, coded, strict=True):
        for place, text in enumerate(texts):
            word = STAR if _stars(text) else text
            if word == STAR or text.casefold() in MISSING_WORDS:
                named.setdefault(word, [])
                if column not in named[word]:
                    named[word].append(column)
                rows[word] = rows.get(word, np.zeros(people.size, bool)) | (codes == place)
    return {word: (named[word], int(people[here].sum())) for word, here in rows.items()}


def _stars(text: str) -> bool:
    """Whether a text is of stars alone: * or *****."""
    return bool(text) and not text.strip(STAR)


def match(cells: DistinctCells, columns: Sequence[int]) -> Classes:
    """The classes of people with the same values in these columns, and who matches them."""
    from scipy.sparse import csr_matrix

    codes = cells.codes[:, columns]
    _, first, number = np.unique(_key(codes), return_index=True, return_inverse=True)
    people = np.bincount(number, cells.people).astype(np.int64)
    known = cells.level >= 0
    shape = (first.size, cells.levels)
    counts = csr_matrix((cells.people[known], (number[known], cells.level[known])), shape=shape)
    whole = np.bincount(cells.level[known], cells.people[known], minlength=shape[1])
    codes = codes[first]
    if (codes >= 0).all():
        return Classes(codes, people, people, counts, whole)
    size = matching(codes, csr_matrix(people[:, None])).toarray()[:, 0]
    return Classes(codes, people, size, matching(codes, counts), whole)


def matching(codes: Int[Column, "class attribute"], counts: Sparse) -> Sparse:
    """For each class the sum of `counts` over all classes that may be of the same people.

    Two classes may be, if they agree in every attribute that is known of both. Classes are taken
    together by which attributes they lack; each pair of such patterns is one match by the others.
    """
    from scipy.sparse import csr_matrix, vstack

    known = codes >= 0
    pattern = np.unique(_key(known.astype(np.int64)), return_inverse=True)[1]
    homes = [np.flatnonzero(pattern == one) for one in range(pattern.max() + 1)]
    if len(homes) > MOST_PATTERNS:
        raise InputError(
            f"attributes are missing together in {len(homes)} different ways",
            field="missing",
            allowed=f"at most {MOST_PATTERNS}; a text in the empty cells makes them a value",
        )
    found = []
    for home in homes:
        total = 0
        for other in homes:
            both = known[home[0]] & known[other[0]]
            key = np.unique(_key(codes[np.ix_(np.append(home, other), both)]), return_inverse=True)
            here, there = np.split(key[1], [home.size])
            entries = (np.ones(other.size, np.int64), (there, np.arange(other.size)))
            members = csr_matrix(entries, shape=(key[0].size, other.size))
            total = total + (members @ counts[other])[here]
        found.append(total)
    return vstack(found, format="csr")[np.argsort(np.concatenate(homes))]


def _key(codes: Int[Column, "row attribute"]) -> Int[Column, "row"]:
    """One number for each combination of codes, the same where all are."""
    key, many = np.zeros(len(codes), np.int64), 1
    for column in codes.T:
        width = int(column.max(initial=-1)) + 2
        if many * width > 2**62:
            key = np.unique(key, return_inverse=True)[1]
            many = int(key.max()) + 1
        key = key * width + (column + 1)
        many *= width
    return key


def _coded(column: Any, missing: str) -> tuple[Int[Column, "cell"], list[str]]:
    """A column of Arrow as numbers from 0, -1 where it is missing; and the texts they stand for."""
    import pyarrow

    if isinstance(column, pyarrow.ChunkedArray):
        column = column.combine_chunks()
    encoded = column.dictionary_encode()
    texts: dict[str, int] = {}
    gaps = {"", missing} | ({"nan"} if pyarrow.types.is_floating(column.type) else set())
    place = [
        -1
        if text is None or text.strip() in gaps or (missing == STAR and _stars(text.strip()))
        else texts.setdefault(text.strip(), len(texts))
        for text in encoded.dictionary.cast(pyarrow.string()).to_pylist()
    ]
    codes = np.asarray(encoded.indices.fill_null(-1))
    return np.asarray([*place, -1], np.int64)[codes], list(texts)


def _places(
    name: str,
    sensitive: str,
    level: Int[Column, "cell"],
    texts: list[str],
    people: Int[Column, "cell"],
    numbers: bool,
    order: Sequence[str],
) -> Int[Column, "level"]:
    """The place of each level in its order."""
    if numbers:
        values = np.asarray(texts, float)
        return np.unique(values, return_inverse=True)[1].astype(np.int64)
    if not order:
        return np.arange(len(texts))
    listed = {text: place for place, text in enumerate(order)}
    place = np.asarray([listed.get(text, -1) for text in texts], np.int64)
    if many := int(people[(level >= 0) & (place[level] < 0)].sum()):
        raise InputError(
            f"{many:,} {'cell' if many == 1 else 'cells'}: is not listed in order",
            file=name,
            field=sensitive,
            allowed=f"the {len(order)} levels of order, or empty",
        )
    return place


# --- the measures ---------------------------------------------------------------------------------


def measures(classes: Classes, *, ordered: bool = False) -> dict[str, float]:
    """k, l, entropy l, t, beta and the share whose sensitive level is certain.

    Classes come in blocks, so that no matrix of all classes and all levels is held.
    """
    least = {"l": l_diversity, "entropy_l": entropy_l_diversity}
    closeness = ordered_t_closeness if ordered else t_closeness
    most: dict[str, Callable[..., Any]] = {"t": closeness, "beta": basic_beta}
    found = dict.fromkeys((*least, *most), np.nan)
    certain = known = 0.0
    for here, counts in _blocks(classes.counts):
        for name, indicator in least.items():
            found[name] = float(np.fmin(found[name], indicator(counts)))
        for name, indicator in most.items():
            found[name] = float(np.fmax(found[name], indicator(counts, classes.whole)))
        standing: Column = np.where(counts.any(axis=1), classes.people[here], 0)
        if standing.sum():
            certain += float(certain_share(counts, standing) * standing.sum())
            known += float(standing.sum())
    found["certain"] = certain / known if known else np.nan
    return {"k": float(k_anonymity(classes.size)), **found}


def _blocks(counts: Sparse) -> Iterator[tuple[slice, Column]]:
    """The matrix of counts, some classes at a time."""
    many, levels = counts.shape
    step = max(1, AT_ONCE // levels)
    for start in range(0, many, step):
        here = slice(start, start + step)
        yield here, counts[here].toarray()


def search(
    classes: Classes, quasi: int, up_to: int, progress: Progress = None
) -> dict[tuple[int, ...], Bool[Column, "person"]]:
    """Whom each set of at most `up_to` attributes singles out, of those whom all together do.

    So too for the first `quasi` attributes and for all. Nothing if all single nobody out.
    """
    candidates = classes.size == 1
    many = classes.codes.shape[1]
    if not candidates.any():
        return {}
    small = range(1, min(up_to, many) + 1)
    sets = [one for size in small for one in combinations(range(many), size)]
    sets = list(dict.fromkeys((*sets, tuple(range(quasi)), tuple(range(many)))))
    found = {}
    for done, columns in enumerate(sets, 1):
        found[columns] = _matches(classes.codes[:, columns], classes.people)[candidates] == 1
        if progress is not None:
            progress("sets of attributes", done, len(sets))
    return found


def _matches(
    codes: Int[Column, "class attribute"], people: Int[Column, "class"]
) -> Int[Column, "class"]:
    """How many people match those of each class in these columns."""
    if (codes >= 0).all():
        number = np.unique(_key(codes), return_inverse=True)[1]
        return np.bincount(number, people).astype(np.int64)[number]
    from scipy.sparse import csr_matrix

    return matching(codes, csr_matrix(people[:, None])).toarray()[:, 0]


def _tried(
    classes: Classes, samples: int, seed: int, progress: Progress
) -> dict[str, Column] | None:
    """Estimates and truth on samples of the file: one row for each fraction and sample."""
    people = int(classes.people.sum())
    if not samples or people < FEWEST:
        return None
    random = np.random.default_rng(seed)
    unique = float(unique_share(classes.people))
    rows = []
    for fraction in FRACTIONS:
        for drawn in range(samples):
            sample = random.multivariate_hypergeometric(
                classes.people, round(fraction * people), method="marginals"
            )
            alone = sample == 1
            right = alone.sum() / max(classes.people[alone].sum(), 1) if alone.any() else np.nan
            model = pitman(sample)
            modelled = model.unique(people)[0] if model else np.nan
            estimate = match_interval(sample, fraction)[0]
            rows.append((fraction, right, estimate, unique, modelled))
            if progress is not None:
                progress(f"samples of {fraction:.0%}", drawn + 1, samples)
    names = ("fraction", "true_match", "match", "unique", "model")
    return dict(zip(names, np.asarray(rows).T, strict=True))


# --- what is said ---------------------------------------------------------------------------------


class _File:
    """The file as findings speak of it, and what of it may be shown."""

    def __init__(
        self, classes: Classes, quasi: Sequence[str], sensitive: str, least_k: int, least: int
    ) -> None:
        self.classes, self.quasi, self.sensitive = classes, quasi, sensitive
        self.least_k, self.least = least_k, least
        self.people = int(classes.people.sum())
        self.unique = int(classes.people[classes.size == 1].sum())
        starts = bin_starts(int(classes.size.max()), least_k)
        place = np.searchsorted(starts, classes.size, side="right") - 1
        people: Column = np.bincount(place, classes.people, minlength=len(starts))
        self.starts = merged(starts, people, least)
        place = np.searchsorted(self.starts, classes.size, side="right") - 1
        self.in_bin = np.bincount(place, classes.people, minlength=len(self.starts)).astype(int)

    @property
    def shown(self) -> bool:
        """Whether there are people enough to say anything."""
        return self.people >= self.least

    def cuts(self, *sizes: int) -> bool:
        """Whether people below each of these class sizes may be told from the others."""
        return self.shown and all(size in self.starts for size in sizes)

    def splits(self, many: int) -> bool:
        """Whether so many people may be told from the others."""
        parts = (many, self.people - many)
        return self.shown and all(part == 0 or part >= self.least for part in parts)

    def apart(self, many: int, others: int) -> bool:
        """Whether the difference of two groups, one within the other, may be told."""
        return many == others or abs(many - others) >= self.least

    def finding(self, name: str, value: float, *, shown: bool = True, **words: Any) -> Finding:
        """A finding about the people of the file, suppressed where it may not be shown."""
        words = {"basis": BASIS, "cannot_say": FILE, "claims": ("V5", "V7", "V8"), **words}
        if not (shown and self.shown):
            words.update(says="Suppressed: too few people to be told apart.", cannot_say=ITS_VALUE)
            words.update(lower=np.nan, upper=np.nan, interval="none")
            value = np.nan
        counted = {"n_rows": self.people, "n_units": self.people, "units": "people"}
        return Finding(name=name, estimate=float(value), **{**counted, **words})


def bin_starts(largest: int, least_k: int) -> list[int]:
    """The class sizes at which bins begin, least_k among them."""
    starts = {*STEPS, least_k}
    scale = 100
    while scale <= largest:
        starts |= {scale, 2 * scale, 5 * scale}
        scale *= 10
    return sorted(starts)


def merged(starts: Sequence[int], people: Sequence[float], least: int) -> list[int]:
    """Where bins begin once neighbours are joined: each holds nobody, or `least` people or more.

    If all together are fewer, one bin is left.
    """
    kept, inside, held = [starts[0]], 0.0, [0.0]
    for place, many in enumerate(people):
        inside += many
        held[-1] = inside
        if (inside == 0 or inside >= least) and place + 1 < len(starts):
            kept.append(starts[place + 1])
            held.append(0.0)
            inside = 0.0
    while len(kept) > 1 and 0 < held[-1] < least:
        kept.pop()
        last = held.pop()
        held[-1] += last
    return kept


def _crowd(file: _File, found: dict[str, float], ordered: bool) -> Iterator[Finding]:
    """k, l, t, beta and who is in small classes; what k does not protect from comes first."""
    classes, column = file.classes, file.sensitive
    k, l_value, certain = found["k"], found["l"], found["certain"]
    known, matched = classes.known, ""
    if not classes.complete:
        apart = float(k_anonymity(classes.people[known])) if known.any() else np.nan
        matched = ", where a missing cell matches every value; without such matches "
        matched += f"k = {apart:,.0f}" if known.any() else "there is no k: nobody has all of them"
    alike = bool((classes.whole > 0).sum() < 2)
    one_level = f"{column} has one level or none in the whole table: there is nothing to learn."
    nothing = one_level if alike else FILE
    yield file.finding(
        "l",
        l_value,
        unit="levels",
        estimand=f"The fewest different levels of {column} in a class of people who look alike.",
        method="distinct l-diversity: min over classes of the number of levels",
        says=_says_l(l_value, k, column),
        cannot_say=nothing,
    )
    sure = round(certain * float(classes.people[np.diff(classes.counts.indptr) > 0].sum()))
    yield file.finding(
        "certain_share",
        certain,
        shown=file.splits(sure) and file.apart(sure, file.unique),
        unit="share",
        estimand=f"The share of people whose {column} is told by their quasi-identifiers.",
        method="people in classes with one level, over all whose class has a known one",
        says=f"For {_percent(certain)} of people all who look like them have the same {column}: "
        "whoever knows their quasi-identifiers knows it.",
        cannot_say=nothing,
    )
    yield file.finding(
        "k",
        k,
        unit="people",
        estimand="The people in the smallest class of those who look alike.",
        method="k-anonymity: min over classes of the people who match",
        says=f"Somebody stands alone: no other person has the same quasi-identifiers (k = 1)"
        f"{matched}."
        if k == 1
        else f"Everybody is hidden among {k:,.0f} people or more (k = {k:,.0f}){matched}.",
        cannot_say=f"Whether that protects: k says nothing about {column}, which may be the same "
        "for all of a class; see l.",
    )
    if not classes.complete:
        yield _without_matches(file, known, apart)
    below = float(share_below_k(classes.size, file.least_k, classes.people))
    yield file.finding(
        "share_below_k",
        below,
        of=f"k = {file.least_k}",
        shown=file.cuts(file.least_k),
        unit="share",
        estimand=f"The share of people in classes of fewer than {file.least_k}.",
        method=f"people whom fewer than {file.least_k} match, themselves included, over all",
        says=f"{_percent(below)} of people hide among fewer than {file.least_k}.",
    )
    yield file.finding(
        "entropy_l",
        found["entropy_l"],
        unit="levels",
        estimand=f"The fewest effective levels of {column} in a class.",
        method="entropy l-diversity: min over classes of exp(-sum q ln q)",
        says=f"The most one-sided class is as mixed as {found['entropy_l']:.2f} equal levels.",
        cannot_say=nothing,
    )
    distance = (
        "max over classes of sum_i |sum_{j <= i} (q_j - p_j)| / (m - 1), m levels in order"
        if ordered
        else "max over classes of sum |q - p| / 2"
    )
    yield file.finding(
        "t",
        found["t"],
        unit="share",
        estimand=f"How far {column} of a class is from that of the table, at most.",
        method=f"t-closeness: {distance}",
        says=f"In the class that stands out most {column} is {found['t']:.4f} away from that of "
        "the table, where 0 is alike and 1 as far as can be.",
        cannot_say=nothing,
    )
    yield file.finding(
        "beta",
        found["beta"],
        unit="relative gain",
        estimand=f"How much more likely a level of {column} becomes by knowing the class, at most.",
        method="basic beta-likeness: max over classes and levels of (q - p)/p",
        says=f"Knowing the class makes some level up to {1 + found['beta']:.2f} times as likely as "
        "in the table.",
        cannot_say=nothing,
    )
    mean = float(matching_class_size(classes.size, classes.people))
    yield file.finding(
        "matching_class_size",
        mean,
        unit="people",
        estimand="How many people match a person, himself included, on average over people.",
        method="sum of squared class sizes over the number of people",
        says=f"A person is matched by {mean:,.1f} people on average, himself included.",
        cannot_say="How it is for most: a few large classes raise the mean. " + FILE,
    )


def _without_matches(file: _File, known: Bool[Column, "class"], k: float) -> Finding:
    """k among the people of whom all quasi-identifiers are known, who match each other alone."""
    many = int(file.classes.people[known].sum())
    told = many if file.splits(many) else 0
    words: dict[str, Any] = {
        "unit": "people",
        "n_rows": told,
        "n_units": told,
        "basis": "people whose quasi-identifiers are all known, one for each row",
        "estimand": "The people in the smallest class, where a missing quasi-identifier matches "
        "nobody and rows that have one are left out.",
        "method": "k-anonymity over rows without a missing quasi-identifier, as where suppressed "
        "rows stand apart",
    }
    if np.isnan(k):
        return _unsaid(file, "Of nobody are all known.", "There is no such class.",
                       {"name": "k_without_missing", **words})  # fmt: skip
    says = f"Without matches by missing cells everybody is hidden among {k:,.0f} or more."
    if k == 1:
        says = "Without matches by missing cells somebody stands alone (k = 1)."
    return file.finding("k_without_missing", k, says=says, **words)


def _says_l(least: float, k: float, column: str) -> str:
    if least > 1:
        return f"Every class has {least:.0f} different levels of {column} or more."
    said = f"In some class everybody has the same {column} (l = 1): to know the class is to know it"
    if k > 1:
        return f"{said}, though every class has {k:,.0f} people or more: k does not protect here."
    return f"{said}."


class _Groups:
    """The people whom sets of attributes single out, and which numbers of them may be told."""

    def __init__(
        self,
        file: _File,
        attributes: tuple[str, ...],
        alone: dict[tuple[int, ...], Bool[Column, "person"]],
        up_to: int,
    ) -> None:
        self.file, self.attributes, self.alone = file, attributes, alone
        self.quasi, self.all = tuple(range(len(file.quasi))), tuple(range(len(attributes)))
        self.sizes = sorted({len(columns) for columns in alone if len(columns) <= up_to})
        self.best = {
            size: max(
                (columns for columns in alone if len(columns) == size),
                key=lambda columns: int(alone[columns].sum()),
            )
            for size in self.sizes
        }
        self._told: list[tuple[Column, int]] = []
        self.shares: dict[tuple[int, ...], float] = {}  # nan where it may not be told
        self.reach: dict[int, float] = {}
        if not alone:
            return
        self._offer(alone[self.quasi], told=file.cuts(2))
        for size in self.sizes:
            masks = [mask for columns, mask in alone.items() if len(columns) <= size]
            self.reach[size] = self._offer(np.logical_or.reduce(masks))
        first = (self.quasi, self.all, *self.best.values())
        order = dict.fromkeys((*first, *alone))
        self.shares = {columns: self._offer(alone[columns]) for columns in order}

    def name(self, columns: Sequence[int]) -> list[str]:
        """The columns of a set."""
        return [self.attributes[column] for column in columns]

    def role(self, columns: tuple[int, ...]) -> str:
        """What is special about a set."""
        if columns == self.quasi:
            return "quasi-identifiers"
        if columns == self.all:
            return "all attributes"
        return "most telling" if columns == self.best.get(len(columns)) else ""

    def _offer(self, mask: Bool[Column, "person"], told: bool = True) -> float:
        """The share of these people if it may be told beside what is told already, else nan."""
        many, bits = int(mask.sum()), np.packbits(mask)
        if not told or not self.file.splits(many):
            return np.nan
        for others, count in self._told:
            nested = not (bits & ~others).any() or not (others & ~bits).any()
            if nested and not self.file.apart(many, count):
                return np.nan
        self._told.append((bits, many))
        return many / self.file.people


def _alone(file: _File, groups: _Groups) -> Iterator[Finding]:
    """Who is unique: by all quasi-identifiers, by one attribute, by the best set of each size."""
    unique = file.unique / file.people
    yield file.finding(
        "unique_share",
        unique,
        of=_count(len(file.quasi), "attribute"),
        shown=file.cuts(2),
        unit="share",
        estimand="The share of people whom nobody else in the file matches by the "
        "quasi-identifiers.",
        method="people in classes of one, over all",
        says=f"{_percent(unique)} of people are the only one in the file with their "
        f"{_listed(file.quasi)}.",
        cannot_say=SAMPLE,
        claims=("V6", "V7", "V8", "V26"),
    )
    for columns in groups.alone:
        if len(columns) == 1:
            yield _set(file, groups, columns, "unique_by_attribute")
    for size in groups.sizes:
        if size > 1 and groups.role(groups.best[size]) == "most telling":
            yield _set(file, groups, groups.best[size], "most_telling_set")
        if size == len(groups.attributes):
            continue
        share, number = groups.reach[size], _count(size, "attribute")
        yield file.finding(
            "singled_out",
            share,
            of=f"at most {number}",
            shown=not np.isnan(share),
            unit="share",
            estimand=f"The share of people whom some set of at most {number} singles out.",
            method="people whom nobody else matches in one of the sets searched, over all",
            says=f"{_percent(share)} of people are singled out by {number}"
            f"{'' if size == 1 else ' or fewer'}, for each the right ones of "
            f"{len(groups.attributes)}.",
            cannot_say=SAMPLE,
        )
    if groups.alone and groups.all != groups.quasi:
        yield _set(file, groups, groups.all, "all_attributes")


def _set(file: _File, groups: _Groups, columns: tuple[int, ...], name: str) -> Finding:
    """How many a set of attributes singles out."""
    names, share = groups.name(columns), groups.shares[columns]
    alike = _count(len(names), "attribute")
    telling = name == "most_telling_set"
    which = f", the set of {alike} that singles out most" if telling else ""
    return file.finding(
        name,
        share,
        of=names[0] if len(names) == 1 else alike,
        shown=not np.isnan(share),
        unit="share",
        estimand=f"The share of people whom nobody else matches by {_listed(names)}{which}.",
        method="people whom nobody else matches in these columns, over all",
        says=f"{_percent(share)} of people are the only one with their {_listed(names)}.",
        cannot_say=SAMPLE,
    )


def _population(file: _File, fraction: float | None) -> Iterator[Finding]:
    """What follows for the population, if the sampling fraction is known."""
    classes = file.classes
    match_words: dict[str, Any] = {
        "name": "match_chance",
        "unit": "chance",
        "estimand": "The chance that a person of the population who matches somebody unique in the "
        "file is that person.",
        "method": "pi n_1/(pi n_1 + 2 (1 - pi) n_2), n_1 classes of one and n_2 of two",
        "claims": ("V8", "V26"),
    }
    model_words: dict[str, Any] = {
        "name": "population_unique",
        "unit": "share",
        "estimand": "The share of people of the population whom nobody else in it matches.",
        "method": "model: Pitman's partition fitted to the class sizes by maximum likelihood, "
        "expected at n/pi people",
        "claims": ("V8", "V26"),
    }
    reason = ""
    if fraction is None:
        reason = "The sampling fraction is not known, so nothing follows for the population."
    elif not classes.complete:
        reason = "Classes overlap where values are missing, and the estimates need them apart."
    if reason or fraction is None:
        for words in (match_words, model_words):
            yield _unsaid(file, "Nothing is said about the population.", reason, words)
        return
    chance, *ends = match_interval(classes.size, fraction)
    if np.isnan(chance):
        yield _unsaid(file, "Nobody is unique in the file.", "There is no such match.", match_words)
    else:
        yield file.finding(
            value=chance,
            shown=file.cuts(2, 3),
            lower=ends[0],
            upper=ends[1],
            interval="sampling",
            says=f"A match to somebody unique in the file is right with chance {chance:.3f} "
            f"({ends[0]:.3f} to {ends[1]:.3f}), if {_percent(fraction)} of the population are in "
            "it.",
            cannot_say="What an intruder knows, and whether everybody had the same chance of being "
            "drawn, which the estimate takes for given.",
            **match_words,
        )
    fitted = pitman(classes.size)
    if fitted is None:
        yield _unsaid(file, "No two people look alike.", "The model has no fit then.", model_words)
        return
    share, *ends = fitted.unique(file.people / fraction)
    yield file.finding(
        value=share,
        shown=file.cuts(2),
        lower=ends[0],
        upper=ends[1],
        interval="sampling",
        says=f"By the model {_percent(share)} of the population are unique ({_percent(ends[0])} to "
        f"{_percent(ends[1])}).",
        cannot_say=MODEL,
        **model_words,
    )


def _unsaid(file: _File, says: str, cannot_say: str, words: dict[str, Any]) -> Finding:
    """A finding without an estimate."""
    return file.finding(value=np.nan, says=says, cannot_say=cannot_say, **words)


def _checks(file: _File, tried: dict[str, Column], samples: int) -> Iterator[Finding]:
    """How the two estimates did on samples of the file itself."""
    for fraction in FRACTIONS:
        here = tried["fraction"] == fraction
        right, match_, model = (tried[name][here] for name in ("true_match", "match", "model"))
        words: dict[str, Any] = {
            "of": f"{fraction:.0%} of the file",
            "method": f"{samples} samples of {fraction:.0%} of the file without return; mean",
            "cannot_say": "Whether it does as well on the real population, which is larger than "
            "the file and may be different.",
        }
        told = np.isfinite(right) & np.isfinite(match_)
        if told.any():
            off = np.abs(match_ - right)[told]
            yield file.finding(
                "tried_match_chance",
                match_[told].mean(),
                unit="chance",
                estimand="The chance that a match to a sample unique is right, estimated from "
                "samples of the file, where the truth is known.",
                says=f"In samples of {fraction:.0%} of the file a match to somebody unique is "
                f"right with chance {right[told].mean():.3f}; the estimate says "
                f"{match_[told].mean():.3f} on average, and is off by {off.mean():.3f} on average "
                f"and {off.max():.3f} at worst.",
                **words,
            )
        told = np.isfinite(model)
        if told.any():
            unique = float(tried["unique"][0])
            yield file.finding(
                "tried_population_unique",
                model[told].mean(),
                unit="share",
                estimand="The share of people unique in the file, from samples of it by the model.",
                says=f"From samples of {fraction:.0%} of the file the model says that "
                f"{_percent(model[told].mean())} of its people are unique, single samples "
                f"{_percent(model[told].min())} to {_percent(model[told].max())}; the truth is "
                f"{_percent(unique)}.",
                **words,
            )


def _series(file: _File, groups: _Groups) -> dict[str, Columns]:
    """The numbers of the charts: people by class size, and what each set singles out."""
    if not file.shown:
        return {}
    ends = [*(after - 1 for after in file.starts[1:]), int(file.classes.size.max())]
    some = file.in_bin > 0
    sizes = {
        "from": np.asarray(file.starts),
        "to": np.maximum(file.starts, ends),
        "people": file.in_bin,
        "share": file.in_bin / file.people,
        "below": np.asarray(ends) < file.least_k,
    }
    sets: Columns = {
        "size": np.asarray([len(columns) for columns in groups.alone], int),
        "attributes": np.asarray([" + ".join(groups.name(one)) for one in groups.alone], str),
        "share": np.asarray([groups.shares[columns] for columns in groups.alone], float),
        "role": np.asarray([groups.role(columns) for columns in groups.alone], str),
    }
    reach = {
        "size": np.asarray(list(groups.reach), int),
        "share": np.asarray(list(groups.reach.values()), float),
    }
    found: dict[str, Columns] = {"sizes": {name: of[some] for name, of in sizes.items()}}
    if np.isfinite(sets["share"]).any():
        found |= {"sets": sets, "reach": reach}
    return found


def _hidden(file: _File, groups: _Groups) -> tuple[Suppressed, ...]:
    """The charts that are suppressed."""
    if not file.shown:
        return each(("sizes", "sets"), too_few("people", file.least))
    told = np.isfinite([*groups.shares.values(), np.nan]).any()
    if groups.alone and not told:
        return each(("sets",), f"every set singles out fewer than {file.least} people, or all but")
    return ()


def _not_found(cells: DistinctCells, missing: str) -> Iterator[str]:
    """Whether what was told to stand for a missing value stands nowhere."""
    if missing and (cells.codes >= 0).all() and (cells.level >= 0).all():
        yield f"No cell holds {missing!r}, which was told to stand for a missing value."


def _notes(
    file: _File,
    groups: _Groups,
    cells: DistinctCells,
    fraction: float | None,
    duplicates: str,
    frequency: str,
) -> Iterator[str]:
    classes = file.classes
    yield from note(frequency, "people") or [
        "One row is taken as one person; exact repeats are people alike, not mistakes."
    ]
    if not file.unique and file.shown:
        yield "Nobody is singled out by all quasi-identifiers, so by no set of them."
    if duplicates == "drop":
        yield "Dropping repeats takes people out who hide one another: classes look too small."
    for what, lacking in (
        ("a quasi-identifier", classes.people[(classes.codes < 0).any(axis=1)].sum()),
        (file.sensitive, cells.people[cells.level < 0].sum()),
    ):
        if lacking:
            many = f"{lacking:,}" if lacking >= file.least else f"fewer than {file.least}"
            yield f"In {many} rows {what} is missing."
    if not classes.complete:
        yield (
            "A missing quasi-identifier matches every value, so that k, l, t and shares can only "
            "look safer than if such rows stood apart; k_without_missing leaves them out."
        )
    for word, (columns, rows) in cells.doubted.items():
        many = f"{rows:,}" if rows >= file.least else f"fewer than {file.least}"
        yield (
            f"In {many} rows {_listed(columns)} {'hold' if len(columns) > 1 else 'holds'} {word!r} "
            "alone, which counts as a value: does it stand for one that is missing or suppressed? "
            f'Then say so (--missing "{word}").'
        )
    places = [len(np.unique(column[column >= 0])) for column in classes.codes.T]
    possible = float(np.prod(np.asarray(places, float)))
    if file.cuts(2) and possible > 1:
        even = float(np.exp((file.people - 1) * log1p(-1 / possible)))
        unique = float(unique_share(classes.size, classes.people))
        yield (
            f"unique_share is {unique:.4f} with {_count(len(places), 'attribute')} and "
            f"{possible:,.0f} possible cells; if people were spread evenly over these, {even:.4f} "
            "would be unique. No index of the model is this quantity: it is printed, no target."
        )
    if fraction is None:
        yield "Without the sampling fraction nothing is said about the population."
    joined = len(bin_starts(int(classes.size.max()), file.least_k)) - len(file.starts)
    if joined:
        yield f"Class sizes with fewer than {file.least} people are told together with the next."
    if hidden := int(np.isnan(list(groups.shares.values())).sum()):
        yield (
            f"{hidden:,} of {len(groups.shares):,} sets of attributes are suppressed: they single "
            f"out fewer than {file.least} people, or so few more or fewer than another."
        )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if not share or share >= 0.01 else f"{100 * share:.2f} %"


def _count(many: int, what: str) -> str:
    return f"{many} {what}{'' if many == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- what is refused ------------------------------------------------------------------------------


def _check(
    attributes: tuple[str, ...], sensitive: str, numbers: bool, order: Sequence[str]
) -> None:
    if not attributes or len(set(attributes)) < len(attributes) or sensitive in attributes:
        raise InputError(
            "columns to match people by",
            field="quasi",
            value=", ".join(attributes),
            allowed="one or more, each once, without the sensitive column",
        )
    if len(set(order)) < len(order) or (order and numbers):
        raise InputError(
            "levels in order", field="order", allowed="each level once, and not with numbers"
        )


def _check_numbers(
    fraction: float | None, least_k: int, up_to: int, samples: int, attributes: int
) -> None:
    if fraction is not None and not 0 < fraction <= 1:
        raise InputError(
            "out of range", field="fraction", value=fraction, allowed="above 0, at most 1"
        )
    for option, value, least in (
        ("least_k", least_k, 2),
        ("up_to", up_to, 1),
        ("samples", samples, 0),
    ):
        if value < least:
            raise InputError("out of range", field=option, value=value, allowed=f"{least} or more")
    many = sum(comb(attributes, size) for size in range(1, min(up_to, attributes) + 1))
    if many > MOST_SETS:
        raise InputError(
            f"{many:,} sets of attributes to search",
            field="up_to",
            value=up_to,
            allowed=f"at most {MOST_SETS:,} sets: fewer attributes, or a smaller up_to",
        )
