"""Which holders are linked to each other, directly or through others, and what their data make.

An undirected network is written as lists: `edges[node, place]` is a neighbour or -1, and
`held[node, place]` says whether this link exists. A link named by one of its two ends is enough.
A component is labelled by its lowest node number.

Source: F11, F18, docs/model.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datapolis.statistics.indicators._namespace import (
    Namespace,
    namespace,
    ratio,
    scatter_add,
    scatter_least,
    until_still,
)

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int


def components(
    edges: Int[Array, "from place"], held: Bool[Array, "from place"], count: int | None = None
) -> Int[Array, "node"]:
    """The lowest node number in each node's component; a node without links is its own.

    `count` is the number of nodes, where more exist than have a list of their own. Labels fall to
    the least among neighbours and jump to their label's label until nothing changes: about log n
    rounds over the links, and no n x n matrix.
    Source: Zhang, Azad and Buluc (2020, FastSV), after Shiloach and Vishkin (1982).
    """
    xp = namespace(edges, held)
    lists = edges.shape[0]
    nodes = lists if count is None else count
    if nodes < lists:
        raise ValueError(f"count is {nodes}; expected at least {lists}, the nodes that have a list")
    link = xp.asarray(held) & (xp.asarray(edges) >= 0)
    source = xp.broadcast_to(xp.arange(lists)[:, None], link.shape).ravel()
    target = xp.where(link, edges, xp.arange(lists)[:, None]).ravel()  # no link: to oneself

    def once(label: Int[Array, "node"]) -> Int[Array, "node"]:
        jumped = label[label]
        least = xp.minimum(jumped[source], jumped[target])
        where = xp.concat([label[source], label[target], source, target])
        lower = scatter_least(label, where, xp.tile(least, 4))
        return xp.minimum(lower, lower[lower])

    return until_still(once, xp.arange(nodes))


def largest_component_share(
    labels: Int[Array, "node"], alive: Bool[Array, "node"] | None = None
) -> Float[Array, ""]:
    """The part of all (living) nodes that lie in the largest component.

    1/n when nobody is linked, 1 when everybody is linked to everybody else, if only through others;
    nan without nodes.
    """
    xp = namespace(labels, alive)
    size = _sizes(xp, labels, alive)
    return ratio(xp, xp.max(size), xp.sum(size))


def component_count(
    labels: Int[Array, "node"], alive: Bool[Array, "node"] | None = None
) -> Int[Array, ""]:
    """The number of components that hold a (living) node: n when nobody is linked, 1 when all are.

    Never nan; 0 without nodes.
    """
    xp = namespace(labels, alive)
    return xp.sum(_sizes(xp, labels, alive) > 0)


def component_sums(
    amount: Float[Array, "node"], labels: Int[Array, "node"]
) -> Float[Array, "node"]:
    """What each node's component holds altogether, in the unit of `amount`.

    A node's own amount when it has no link, the total when all are linked; never nan. Dead nodes
    should hold 0.
    """
    xp = namespace(amount, labels)
    labels = xp.asarray(labels)
    return _pools(xp, amount, labels)[labels]


def pooled_value(
    data: Float[Array, "node"], labels: Int[Array, "node"], exponent: float | Float[Array, ""]
) -> Float[Array, ""]:
    """What data are worth when each component works with its own pool: sum_c (sum of c's D)**a.

    In the unit of data**a. With a > 1 links add value: m equal islands have m**(1 - a) of what they
    had as one. With a < 1 they lose it, with a = 1 they change nothing. 0 without any data; never
    nan. Source: F18; that data can be pooled without being used up, Jones and Tonetti (2020).
    """
    xp = namespace(data, labels, exponent)
    pool = _pools(xp, data, xp.asarray(labels))
    return xp.sum(xp.where(pool > 0, xp.where(pool > 0, pool, 1) ** exponent, 0))


def integration_gap(
    actual: Float[Array, "holder"], linked: Float[Array, "holder"]
) -> Float[Array, ""]:
    """The part of a possible value that separation costs: 1 - sum(actual)/sum(linked).

    `linked` is what each holder would make if all were linked. 0 when nothing is lost, 1 when all
    is, negative where separation pays; nan when linking would make nothing either.
    """
    xp = namespace(actual, linked)
    result: Float[Array, ""] = 1 - ratio(xp, xp.sum(actual), xp.sum(linked))
    return result


def _pools(
    xp: Namespace, amount: Float[Array, "node"], labels: Int[Array, "node"]
) -> Float[Array, "node"]:
    """The sum of each component at its lowest node, 0 elsewhere."""
    return scatter_add(xp.zeros_like(amount), labels, amount)


def _sizes(
    xp: Namespace, labels: Int[Array, "node"], alive: Bool[Array, "node"] | None
) -> Int[Array, "node"]:
    """The living nodes of each component at its lowest node, 0 elsewhere."""
    one = xp.ones_like(labels) if alive is None else xp.asarray(alive).astype(labels.dtype)
    return _pools(xp, one, xp.asarray(labels))
