"""Power through others: what partners lend, what would be lost, and who tips a vote."""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.statistics.indicators._namespace import (
    Namespace,
    check_share,
    namespace,
    ratio,
    repeat,
    scatter_add,
)

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

MOST_PLAYERS = 12  # 4,096 coalitions
TIE = 1e-6  # a majority by less than this part of all weight is rounding, not a majority


def relational_power(
    base: Float[Array, "holder"],
    partners: Int[Array, "holder place"],
    strength: Float[Array, "holder place"],
    weight: float | Float[Array, ""],
    rounds: int = 40,
) -> Float[Array, "holder"]:
    """Power of one's own, and through those who hold a tie to one: y = x + weight * P'y.

    P_ij = strength of i's tie to j / max(1, sum of i's strengths): a holder passes on no more than
    all its power. The equation is iterated from y = x; it converges for |weight| < 1 (to 1e-4 in 40
    rounds up to 0.8). In the unit of `base`: `base` itself at weight 0 or without ties; above it at
    positive weights, where powerful partners make powerful; at negative weights weak partners do,
    and y can fall below 0. A partner of -1 is none.
    Source: Katz (1953), Bonacich (1987).
    """
    if isinstance(weight, int | float) and not -1 < weight < 1:
        raise ValueError(f"weight is {weight}; power settles only between -1 and 1")
    xp = namespace(base, partners, strength, weight)
    base = xp.asarray(base)
    held = xp.where(partners >= 0, strength, 0)
    target = xp.where(partners >= 0, partners, 0)
    part = held / xp.maximum(1, xp.sum(held, axis=1, keepdims=True))

    def once(power: Float[Array, "holder"]) -> Float[Array, "holder"]:
        passed = scatter_add(xp.zeros_like(base), target, part * power[:, None])
        return base + weight * passed

    return repeat(once, base, rounds)


def bonacich(adjacency: Float[Array, "node node"], beta: float) -> Float[Array, "node"]:
    """Power in a network: c = a (I - beta A)^-1 A 1, with a > 0 such that sum c**2 = n.

    A_ij is the strength of the tie from i to j. All 1 when all nodes have alike positions. At
    beta > 0 ties to the powerful make powerful (information), at beta < 0 ties to the weak do
    (bargaining: they have nobody else), at beta = 0 power is the number of ties. All nan without
    any tie. Exact, by NumPy in float64, so not for use under `jit`: `relational_power` is.

    Raises ValueError when |beta| is not below 1/|largest eigenvalue of A|: no power settles then.
    Source: Bonacich (1987).
    """
    matrix = np.asarray(adjacency, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"adjacency has shape {matrix.shape}; expected a square matrix")
    largest = float(np.max(np.abs(np.linalg.eigvals(matrix)), initial=0.0))
    if abs(beta) * largest >= 1:
        raise ValueError(
            f"beta is {beta}; expected less than 1/{largest:.6g} = {1 / largest:.6g} in size, one "
            "over the largest eigenvalue of the adjacency"
        )
    n = matrix.shape[0]
    power = np.linalg.solve(np.eye(n) - beta * matrix, matrix.sum(axis=1))
    length = np.sqrt(np.sum(power**2))
    scaled = power * (np.sqrt(n) / length if length > 0 else np.nan)
    return namespace(adjacency).asarray(scaled)


def removal_value(share: Float[Array, "..."]) -> Float[Array, "..."]:
    """What those lose who choose a holder with this probability, if it vanished: -ln(1 - share).

    In utils of the logit choice among all. 0 when nobody chooses it; it grows without bound as
    alternatives vanish, and is cut at share .999 (6.9 utils).
    Source: dependence as in Emerson (1962); Capps, Dranove and Satterthwaite (2003).
    """
    xp = namespace(share)
    return -xp.log1p(-xp.minimum(share, 0.999))


def shapley_shubik(
    weights: Float[Array, "*batch player"], quota: float | Float[Array, ""] = 0.5
) -> Float[Array, "*batch player"]:
    """How often each player tips the vote, if all join in random order; they sum to 1.

    A coalition wins with *more* than `quota` of all weight (by more than a millionth of it, so that
    a tie stays a tie in float32). 0 for a player who never tips it, 1 for a dictator; all nan while
    nobody has weight. All 2**n coalitions are counted, so n is at most 12.
    Source: Shapley and Shubik (1954).
    """
    xp, tips = _tipped(weights, quota)
    n = tips.shape[-1]
    size = _coalitions(n)[0].sum(axis=1)
    orders = [factorial(max(s - 1, 0)) * factorial(n - s) / factorial(n) for s in size.tolist()]
    times = xp.sum(tips * xp.asarray(orders, dtype=tips.dtype)[:, None], axis=-2)
    return ratio(xp, times, xp.sum(times, axis=-1, keepdims=True))


def banzhaf(
    weights: Float[Array, "*batch player"], quota: float | Float[Array, ""] = 0.5
) -> Float[Array, "*batch player"]:
    """Each player's part of all coalitions that would lose without one of their members.

    The rule of winning, both ends and the nan case are those of `shapley_shubik`; here all
    coalitions weigh the same, there all orders do. Source: Banzhaf (1965).
    """
    xp, tips = _tipped(weights, quota)
    times = xp.sum(tips, axis=-2)
    return ratio(xp, times, xp.sum(times, axis=-1, keepdims=True))


@cache
def _coalitions(players: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Who is in each coalition, and the number of the same coalition without each player."""
    number, bit = np.arange(2**players)[:, None], 1 << np.arange(players)
    return (number & bit) > 0, number & ~bit


def _tipped(
    weights: Float[Array, "*batch player"], quota: float | Float[Array, ""]
) -> tuple[Namespace, Float[Array, "*batch coalition player"]]:
    """1 where a coalition wins with a member and loses without, else 0."""
    check_share("quota", quota)
    players = weights.shape[-1]
    if not 1 <= players <= MOST_PLAYERS:
        raise ValueError(f"weights has {players} players; expected 1 to {MOST_PLAYERS}")
    xp = namespace(weights, quota)
    share = ratio(xp, weights, xp.sum(weights, axis=-1, keepdims=True))
    member, without = _coalitions(players)
    weight = xp.sum(xp.where(member, share[..., None, :], 0), axis=-1)
    wins = weight > quota + TIE
    tips = xp.asarray(member) & wins[..., None] & ~wins[..., without]
    return xp, tips.astype(share.dtype)
