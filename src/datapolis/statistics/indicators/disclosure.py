"""How well people hide in a table: who has the same quasi-identifiers, and what that tells.

People with the same quasi-identifiers (age, sex, ...) make a class. `size` holds how many people
match a person of each class. Where every value is known that is the number of people in the class;
where some are missing classes overlap, and `people` says how many stand in each. `counts` holds for
each class how many of its people have each value, or level, of a sensitive column. A class without
people, or without a known level, does not count.

Source: Samarati (2001) and Sweeney (2002) for k; Machanavajjhala et al. (2007) for l; Li, Li and
Venkatasubramanian (2007) for t; Cao and Karras (2012) for beta; Skinner and Elliot (2002) for the
chance that a match is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import check_share, namespace, ratio

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float

    from datapolis.statistics.indicators._namespace import Namespace


def k_anonymity(size: Float[Array, "class"]) -> Float[Array, ""]:
    """The people in the smallest class: everybody is hidden among k, himself included.

    1 if somebody stands alone, n if all n people are alike; nan without people.
    """
    xp = namespace(size)
    return _least(xp, size, size > 0)


def unique_share(
    size: Float[Array, "class"], people: Float[Array, "class"] | None = None
) -> Float[Array, ""]:
    """The share of people whom nobody else matches: 0 nobody, 1 everybody; nan without people."""
    return share_below_k(size, 2, people)


def share_below_k(
    size: Float[Array, "class"], k: int, people: Float[Array, "class"] | None = None
) -> Float[Array, ""]:
    """The share of people who are matched by fewer than k, themselves included.

    0 if all hide among k or more, 1 if nobody does, nan without people.
    """
    xp = namespace(size, people)
    standing = size if people is None else people
    below = (size > 0) & (size < k)
    return ratio(xp, xp.sum(xp.where(below, standing, 0)), xp.sum(standing))


def matching_class_size(
    size: Float[Array, "class"], people: Float[Array, "class"] | None = None
) -> Float[Array, ""]:
    """The mean over people of how many match them: sum n**2 / sum n where every value is known.

    1 if all stand alone, n if all n people are alike, nan without people.
    """
    xp = namespace(size, people)
    standing = size if people is None else people
    return ratio(xp, xp.sum(standing * size), xp.sum(standing))


def match_chance(size: Float[Array, "class"], fraction: float) -> Float[Array, ""]:
    """The chance that a match to somebody unique in a sample is right (data intrusion simulation).

        pi n_1 / (pi n_1 + 2 (1 - pi) n_2)

    n_1 classes of the sample have one person and n_2 have two; `fraction` is pi, the part of the
    population that is in the sample. 1 if the sample is the population, near 0 if most who are
    unique in the sample have doubles outside it; nan if nobody is unique. Every value is known.
    """
    check_share("fraction", fraction)
    xp = namespace(size, fraction)
    alone, pairs = xp.sum(size == 1), xp.sum(size == 2)
    right = fraction * alone
    found = ratio(xp, right, right + 2 * (1 - fraction) * pairs)
    return xp.where(alone > 0, found, xp.nan)


def certain_share(
    counts: Float[Array, "class level"], people: Float[Array, "class"] | None = None
) -> Float[Array, ""]:
    """The share of people whose class tells their sensitive value, for all in it have the same.

    0 if every class has two levels or more, 1 if none does, nan without people.
    """
    xp = namespace(counts, people)
    known = xp.sum(counts, axis=1)
    standing = known if people is None else xp.where(known > 0, people, 0)
    alike = xp.sum(counts > 0, axis=1) == 1
    return ratio(xp, xp.sum(xp.where(alike, standing, 0)), xp.sum(standing))


def l_diversity(counts: Float[Array, "class level"]) -> Float[Array, ""]:
    """The fewest different levels in a class (distinct l-diversity).

    1 if the level of some class is certain, m if each class has all m levels; nan without people.
    """
    xp = namespace(counts)
    levels = xp.sum(counts > 0, axis=1)
    return _least(xp, levels, levels > 0)


def entropy_l_diversity(counts: Float[Array, "class level"]) -> Float[Array, ""]:
    """The least effective number of levels in a class: min over classes of exp(-sum q ln q).

    q are the shares of the levels in the class. 1 if the level of some class is certain, m if in
    each class all m levels are equally frequent; nan without people.
    """
    xp = namespace(counts)
    share, there = _within(xp, counts)
    evenness = -xp.sum(share * xp.log(xp.where(share > 0, share, 1)), axis=1)
    return _least(xp, xp.exp(evenness), there)


def t_closeness(
    counts: Float[Array, "class level"], whole: Float[Array, "level"] | None = None
) -> Float[Array, ""]:
    """How far the levels of a class are from those of the table, at most: max of sum |q - p| / 2.

    q are shares in the class and p in the table; `whole` are the counts of the table, if `counts`
    is a part of it. The part of a class that would need another level for it to be like the table:
    0 if all classes are alike, near 1 if some class has only a level that is rare elsewhere; nan
    without people.
    """
    xp = namespace(counts, whole)
    share, there = _within(xp, counts)
    return _most(xp, xp.sum(xp.abs(share - _table(xp, counts, whole)), axis=1) / 2, there)


def ordered_t_closeness(
    counts: Float[Array, "class level"], whole: Float[Array, "level"] | None = None
) -> Float[Array, ""]:
    """The same for m levels in order (numbers): max of sum_i |sum_{j <= i} (q_j - p_j)| / (m - 1).

    How many steps the people of a class are from the table on average, over the steps there are.
    0 if all classes are alike, near 1 if some class has the lowest level alone and almost all
    others the highest; 0 with one level, nan without people.
    """
    xp = namespace(counts, whole)
    share, there = _within(xp, counts)
    steps = xp.abs(xp.cumsum(share - _table(xp, counts, whole), axis=1))
    return _most(xp, xp.sum(steps, axis=1) / max(counts.shape[1] - 1, 1), there)


def basic_beta(
    counts: Float[Array, "class level"], whole: Float[Array, "level"] | None = None
) -> Float[Array, ""]:
    """The greatest relative gain in belief: max over classes and levels of (q - p)/p.

    q are shares in the class and p in the table; `whole` are the counts of the table, if `counts`
    is a part of it. 0 if all classes are alike; 1/p - 1 if a class has only a level of share p.
    A level that nobody has does not count. nan without people.
    """
    xp = namespace(counts, whole)
    share, there = _within(xp, counts)
    table = _table(xp, counts, whole)
    gain = xp.where(table > 0, share / xp.where(table > 0, table, 1), 0) - 1
    return _most(xp, xp.max(gain, axis=1), there)


def _within(
    xp: Namespace, counts: Float[Array, "class level"]
) -> tuple[Float[Array, "class level"], Bool[Array, "class"]]:
    """The shares of the levels in each class, and which classes have any."""
    people = xp.sum(counts, axis=1, keepdims=True)
    return counts / xp.where(people > 0, people, 1), people[:, 0] > 0


def _table(
    xp: Namespace, counts: Float[Array, "class level"], whole: Float[Array, "level"] | None
) -> Float[Array, "level"]:
    """The shares of the levels in the whole table."""
    people = xp.sum(counts, axis=0) if whole is None else xp.asarray(whole)
    return people / xp.maximum(xp.sum(people), 1)


def _least(
    xp: Namespace, value: Float[Array, "class"], there: Bool[Array, "class"]
) -> Float[Array, ""]:
    """The least value of those there, nan if there are none."""
    least = xp.min(xp.where(there, value, xp.inf), initial=xp.inf)
    return xp.where(xp.any(there), least, xp.nan)


def _most(
    xp: Namespace, value: Float[Array, "class"], there: Bool[Array, "class"]
) -> Float[Array, ""]:
    """The greatest value of those there, nan if there are none."""
    most = xp.max(xp.where(there, value, -xp.inf), initial=-xp.inf)
    return xp.where(xp.any(there), most, xp.nan)
