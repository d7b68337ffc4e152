"""How much of a whole sits in few hands.

Every function takes the amounts of the holders, which are never negative; their unit cancels. An
empty place (amount 0) adds nothing. Where the number of holders matters, `alive` says who counts:
without it every place does, those with nothing too.

Source: F36, docs/model.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import (
    among_living,
    check_share,
    membership,
    namespace,
    ratio,
)

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int


def herfindahl(amount: Float[Array, "holder"]) -> Float[Array, ""]:
    """The chance that two units taken at random have one holder: H = sum_o s_o**2, s_o = D_o/sum D.

    1/n when n holders have equal amounts, 1 when one has everything, nan while nobody has anything.
    Source: Hirschman (1945), Herfindahl (1950).
    """
    xp = namespace(amount)
    return xp.sum(ratio(xp, amount, xp.sum(amount)) ** 2)


def normalized_herfindahl(
    amount: Float[Array, "holder"], alive: Bool[Array, "holder"] | None = None
) -> Float[Array, ""]:
    """Concentration that does not depend on how many hold: (H - 1/n)/(1 - 1/n), n holders.

    0 when all n have equal amounts, 1 when one has everything; nan for fewer than two holders, or
    while nobody has anything.
    """
    xp = namespace(amount, alive)
    held, count = among_living(xp, amount, alive)
    return ratio(xp, count * herfindahl(held) - 1, xp.maximum(count - 1, 0))


def effective_number(amount: Float[Array, "holder"]) -> Float[Array, ""]:
    """How many equal holders would be as concentrated: 1/H.

    n when n holders have equal amounts, 1 when one has everything, nan while nobody has anything.
    Source: Laakso and Taagepera (1979).
    """
    result: Float[Array, ""] = 1 / herfindahl(amount)
    return result


def concentration_ratio(amount: Float[Array, "holder"], leaders: int = 4) -> Float[Array, ""]:
    """The share of the whole that the largest few hold: CR = sum of the `leaders` largest s_o.

    leaders/n when n holders have equal amounts, 1 when no more than the leaders hold anything, nan
    while nobody has anything. `leaders` is a whole number, fixed when compiled.
    """
    if leaders < 1:
        raise ValueError(f"leaders is {leaders}; expected a number of holders, 1 or more")
    xp = namespace(amount)
    largest = xp.flip(xp.sort(amount))[:leaders]
    return ratio(xp, xp.sum(largest), xp.sum(amount))


def gini(
    amount: Float[Array, "holder"], alive: Bool[Array, "holder"] | None = None
) -> Float[Array, ""]:
    """Half the mean difference between two holders, over the mean: inequality among n holders.

        G = sum_k (2k - n - 1) D_(k) / (n sum D),   D_(1) <= ... <= D_(n)

    0 when all have equal amounts, 1 - 1/n when one has everything, nan while nobody has anything.
    Source: Gini (1912).
    """
    xp = namespace(amount, alive)
    held, count = among_living(xp, amount, alive)
    places = held.shape[0]
    rank = xp.arange(1, places + 1) - (places - count)  # the dead lie first, with nothing
    return ratio(xp, xp.sum((2 * rank - count - 1) * xp.sort(held)), count * xp.sum(held))


def top_share(
    amount: Float[Array, "holder"],
    fraction: float = 0.2,
    alive: Bool[Array, "holder"] | None = None,
) -> Float[Array, ""]:
    """The share of the whole that the largest `fraction` of the holders have.

    The heads are fraction * n, and the last one counts in part: of 8 holders the top fifth is the
    largest and 0.6 of the second, so that the value does not jump when a holder comes or goes.
    `fraction` when all have equal amounts, 1 when no more than these heads hold anything, nan while
    nobody has anything.
    """
    check_share("fraction", fraction)
    xp = namespace(amount, alive, fraction)
    held, count = among_living(xp, amount, alive)
    counted = xp.clip(fraction * count - xp.arange(held.shape[0]), 0, 1)
    return ratio(xp, xp.sum(counted * xp.flip(xp.sort(held))), xp.sum(held))


def top_fifth_share(
    amount: Float[Array, "holder"], alive: Bool[Array, "holder"] | None = None
) -> Float[Array, ""]:
    """The share of the whole that the largest fifth of the holders have; .8 is the 80/20 rule.

    .2 when all have equal amounts, 1 when no more than a fifth hold anything, nan while nobody has
    anything. See `top_share`.
    """
    return top_share(amount, 0.2, alive)


def entropy(amount: Float[Array, "holder"]) -> Float[Array, ""]:
    """How evenly a whole is spread, in nats: -sum_o s_o ln s_o, where 0 ln 0 is 0.

    ln n when n holders have equal amounts, 0 when one has everything, nan while nobody has
    anything. Source: Shannon (1948); as a measure of concentration Theil (1967).
    """
    xp = namespace(amount)
    share = ratio(xp, amount, xp.sum(amount))
    return -xp.sum(share * xp.log(xp.where(share == 0, 1, share))) + 0.0  # never -0


def normalized_entropy(
    amount: Float[Array, "holder"], alive: Bool[Array, "holder"] | None = None
) -> Float[Array, ""]:
    """Evenness that does not depend on how many hold: entropy / ln n, n holders.

    1 when all n have equal amounts, 0 when one has everything; nan for fewer than two holders, or
    while nobody has anything. Source: Pielou (1966).
    """
    xp = namespace(amount, alive)
    held, count = among_living(xp, amount, alive)
    return ratio(xp, entropy(held), xp.log(xp.maximum(count, 1)))


def lorenz(
    amount: Float[Array, "holder"], alive: Bool[Array, "holder"] | None = None
) -> tuple[Float[Array, "point"], Float[Array, "point"]]:
    """The Lorenz curve: the poorest share of holders, and the share of the whole they have.

    Two columns of n + 1 points from (0, 0) to (1, 1), a dead place repeats the origin. The diagonal
    when all have equal amounts; 0 until the last point when one has everything; the second column
    is nan while nobody has anything. Source: Lorenz (1905).
    """
    xp = namespace(amount, alive)
    held, count = among_living(xp, amount, alive)
    places = held.shape[0]
    dead = places - count
    population = ratio(xp, xp.maximum(xp.arange(places + 1) - dead, 0), count)
    summed = xp.cumsum(xp.concat([xp.zeros_like(held[:1]), xp.sort(held)]))
    return population, ratio(xp, summed, summed[-1])


def hill_tail_exponent(
    amount: Float[Array, "holder"],
    fraction: float = 0.2,
    alive: Bool[Array, "holder"] | None = None,
) -> Float[Array, ""]:
    """The Pareto exponent of the largest holders: how fast P(D > x) ~ x**-a falls.

        a = k / sum_{i <= k} ln(D_(i) / D_(k+1)),   D_(1) >= D_(2) >= ..., k = fraction * n

    k is rounded to a whole number from 1 to n - 1. It is the maximum-likelihood exponent above the
    (k+1)-th amount; its standard error is about a/sqrt(k). Near 0 when the first few dwarf the
    rest, about 1 under Zipf's law, large when the leaders are nearly equal; nan when they are
    equal, when D_(k+1) is 0, or with fewer than two holders.
    Source: Hill (1975); Clauset, Shalizi and Newman (2009).
    """
    check_share("fraction", fraction)
    xp = namespace(amount, alive, fraction)
    held, count = among_living(xp, amount, alive)
    ordered = xp.flip(xp.sort(held))
    leaders = xp.minimum(xp.maximum(xp.round(fraction * count), 1), count - 1)
    leads = xp.arange(held.shape[0]) < leaders
    threshold = xp.max(xp.where(leads, 0, ordered))
    logarithm = xp.log(xp.where(ordered > 0, ordered, 1))
    excess = logarithm - xp.log(xp.where(threshold > 0, threshold, xp.nan))
    return ratio(xp, leaders, xp.sum(xp.where(leads, excess, 0)))


def sector_shares(
    amount: Float[Array, "holder"], group: Int[Array, "holder"], groups: int
) -> Float[Array, "group"]:
    """Each sector's share of the whole: w_k = sum of its amounts / sum of all.

    0 for a sector without anything, 1 for one that has everything; all nan while nobody has
    anything. `group` numbers each holder's sector from 0; `groups` is fixed when compiled.
    """
    xp = namespace(amount, group)
    member = membership(xp, group, groups)
    return ratio(xp, xp.sum(xp.where(member, amount[:, None], 0), axis=0), xp.sum(amount))


def herfindahl_by_group(
    amount: Float[Array, "holder"], group: Int[Array, "holder"], groups: int
) -> Float[Array, "group"]:
    """Concentration inside each sector: h_k = sum over its holders of (D_o / D of the sector)**2.

    With the sectors' shares w_k of the whole it makes up the total: H = sum_k w_k**2 h_k.
    1/n_k when the sector's n_k holders have equal amounts, 1 when one has all of the sector's, nan
    for a sector without anything.
    """
    xp = namespace(amount, group)
    held = xp.where(membership(xp, group, groups), amount[:, None], 0)
    return xp.sum(ratio(xp, held, xp.sum(held, axis=0)) ** 2, axis=0)


def herfindahl_split(
    amount: Float[Array, "holder"],
    group: Int[Array, "holder"],
    groups: int,
    alive: Bool[Array, "holder"] | None = None,
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Total concentration, and its exact parts between and within the sectors: H = B + W.

        B = sum_k w_k**2 / n_k               what would remain if every sector were equal inside
        W = sum_k w_k**2 (h_k - 1/n_k)       what the inequality inside the sectors adds

    n_k counts a sector's holders. B is 1/n when the sectors have their holders' part and 1 when a
    sector of one holder has everything; W is 0 when every sector is equal inside. All three are nan
    while nobody has anything. Sector concentration itself is `herfindahl(sector_shares(...))`.
    """
    xp = namespace(amount, group, alive)
    held, _ = among_living(xp, amount, alive)
    share = ratio(xp, held, xp.sum(held))
    member = membership(xp, group, groups)
    if alive is not None:
        member = member & xp.asarray(alive)[:, None]
    size = xp.maximum(xp.sum(member, axis=0), 1)
    equal = xp.sum(xp.where(member, share[:, None], 0), axis=0) / size
    between = xp.sum(size * equal**2)
    within = xp.sum(xp.where(member, share[:, None] - equal, 0) ** 2)
    return xp.sum(share**2), between, within
