"""The quality that a measured market reveals: with it, the model's market rests where it was found.

The world's own citizens choose among the measured firms, every month, anyone of them, whatever the
gain, while the quality of each firm follows what is still missing:

    quality_j <- quality_j + pace (ln measured share_j - ln simulated share_j)

Firms' pulls through users and data are off, so this quality is all that draws to a firm at its
measured share, its users' pull included. What citizens use in the end is kept with it. Nobody finds
a better firm then, so the market rests at any switching cost and with any candidates; and as users
pull by network_effect ln((s_j n + .01)/1.01), firms of any draw of parameters have quality_j less
that at the measured share (`society.start`). One search serves all draws, and each starts at rest.

`check` asks whether that is so: over two years of attention alone no share of users, and no top
fifth, may lie a hundredth or more from what was measured. Few citizens cannot show small shares;
and from network_effect = 1 on users pull so hard that small gaps grow. Both are refused.

Source: the contraction of Berry, Levinsohn and Pakes (1995), on simulated shares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from datapolis.core.errors import InputError
from datapolis.core.parameters import Parameters
from datapolis.core.policy import Policy
from datapolis.model.mechanisms import attention
from datapolis.model.simulation import SEGMENT, Run
from datapolis.model.society import first_reach
from datapolis.model.world import World
from datapolis.statistics.indicators import top_fifth_share

if TYPE_CHECKING:
    from jaxtyping import Float

ROUNDS = 120  # years in which quality is sought
PACE = (0.5, 0.1)  # in the first third of them, and in the last year
LARGEST_STEP = 0.5  # utils
LOOKING = {
    "attention.quality_effect": 0.0,
    "attention.network_effect": 0.0,
    "attention.switching_cost": 0.0,
    "attention.reconsideration": 1.0,
    "attention.social": 0.0,
    "attention.steering": 0.0,
}
TOLERANCE = 0.01  # of all attention
MONTHS = 24  # of attention alone, over which a market must rest
HARDEST = {  # what moves a market most: the highest of some parameters, the lowest of one
    "attention.network_effect": max,
    "attention.reconsideration": max,
    "attention.social": max,
    "attention.steering": max,
    "attention.switching_cost": min,
}


@dataclass(frozen=True)
class Rest:
    """How a measured market stays as it was measured, over two years of attention alone."""

    distance: float  # largest difference of a user share from the measured one, in any month
    top: float  # largest difference of the top fifth's share from the measured one
    drift: float  # change of the top fifth's share from the first month to the last

    @property
    def holds(self) -> bool:
        """All are below a hundredth."""
        return max(self.distance, self.top, self.drift) < TOLERANCE


def at_rest(world: World, parameters: Parameters | None = None, seed: int = 0) -> World:
    """A copy of a world whose measured firms have the quality and users that explain their reach.

    Where no reach was measured the world is returned as it is. Whatever the parameters of a run in
    this world, its market starts at rest; `parameters` say at which that is checked.

    Raises InputError if the market does not stay within a hundredth of what was measured.
    """
    if not _measured(world).any():
        return world
    parameters = parameters or Parameters()
    quality, uses = revealed(world, parameters, seed)
    alive = np.asarray(world.endowment.alive)[world.sizes.market]
    chosen = jnp.asarray(np.where(alive, quality, np.nan), jnp.float32)
    rested = replace(world, endowment=replace(world.endowment, quality=chosen, uses=uses))
    check(rested, [parameters], seed)
    return rested


def check(world: World, draws: Iterable[Parameters], seed: int = 0) -> None:
    """Raise InputError if the market of a world `at_rest` does not rest at a draw of parameters.

    Asked first of all that moves a market most, of all draws together; only if it does not rest
    there, of each draw.
    """
    apart = {tuple(float(one.get(path)) for path in HARDEST): one for one in draws}
    if not apart or not settled(world):
        return
    columns = zip(HARDEST.items(), zip(*apart, strict=True), strict=True)
    hardest = {path: which(values) for (path, which), values in columns}
    first = next(iter(apart.values()))
    if len(apart) > 1 and rest(world, first.set(hardest), seed).holds:
        return
    for one in apart.values():
        found = rest(world, one, seed)
        if not found.holds:
            raise _restless(world, one, found)


def settled(world: World) -> bool:
    """Whether a world has a measured market that `at_rest` was asked for."""
    found = world.endowment
    return bool(found.uses.shape[0] > 0 and _measured(world).any())


def rest(world: World, parameters: Parameters, seed: int = 0) -> Rest:
    """How the market of a world `at_rest` stays as it was measured, under these parameters."""
    alive, target = _target(world)
    run = _choosing(world, parameters, MONTHS, seed + 1)
    while run.month < MONTHS:
        run.advance()
    shares = run.values()["user_share_by_firm"].astype(float)
    tops = np.array([float(top_fifth_share(share[alive])) for share in shares])
    return Rest(
        distance=float(np.abs(shares - target).max()),
        top=float(np.abs(tops - float(top_fifth_share(target[alive]))).max()),
        drift=float(abs(tops[-1] - tops[0])),
    )


def revealed(
    world: World, parameters: Parameters, seed: int = 0
) -> tuple[Float[np.ndarray, "firm"], Any]:
    """What draws to each firm at its measured share, in utils of mean 0; and the firms in use."""
    alive, target = _target(world)
    floor = 0.5 / (world.sizes.citizens * world.sizes.slots)  # half of one use
    wanted = np.log(np.maximum(target, floor))
    quality = _centred(wanted, alive)
    run = _choosing(world, parameters.set(LOOKING), ROUNDS * SEGMENT, seed)
    share, first = target, ROUNDS // 3
    for year in range(ROUNDS):
        done = max(0, year - first) / (ROUNDS - 1 - first)
        pace = PACE[0] * (PACE[1] / PACE[0]) ** done
        step = pace * (wanted - np.log(np.maximum(share, floor)))
        quality = _centred(quality + np.clip(step, -LARGEST_STEP, LARGEST_STEP), alive)
        run.carry = _with_quality(run.carry, quality)
        run.advance()
        share = run.recorded[-1]["user_share_by_firm"][-1].astype(float)
    return quality, run.society.citizens.uses


def _measured(world: World) -> np.ndarray:
    reach = np.asarray(world.endowment.reach, float)
    alive = np.asarray(world.endowment.alive)[world.sizes.market]
    return np.asarray(np.isfinite(reach) & (reach > 0) & alive)


def _target(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Which firms live, and the share of users that each was measured to have."""
    alive = np.asarray(world.endowment.alive)[world.sizes.market]
    return alive, np.asarray(first_reach(world.endowment.reach, jnp.asarray(alive)), float)


def _centred(quality: np.ndarray, alive: np.ndarray) -> np.ndarray:
    return np.where(alive, quality - quality[alive].mean(), 0.0)


def _choosing(world: World, parameters: Parameters, months: int, seed: int) -> Run:
    """Citizens who choose among firms, and nothing else: one program for whatever parameters."""
    return Run.begin(
        world,
        months=months,
        seeds=seed,
        parameters=parameters,
        policies=Policy(),
        mechanisms=[attention],
        record=["user_share_by_firm"],
    )


def _with_quality(carry: Any, quality: np.ndarray) -> Any:
    society, observed, active = carry
    firms = replace(society.firms, quality=jnp.asarray(quality, jnp.float32))
    return replace(society, firms=firms), observed, active


def _restless(world: World, parameters: Parameters, found: Rest) -> InputError:
    """What was found, and what would help."""
    alive, target = _target(world)
    citizens, slots = world.sizes.citizens, world.sizes.slots
    small = int((target[alive] < 1.0 / (citizens * slots)).sum())
    enough = -int(-1.0 / (slots * target[alive].min()) // 100) * 100
    more = f"citizens = {max(enough, 2 * citizens)} or more"
    if small:
        more += (
            f" ({small} firms have less than one of the {citizens * slots} uses of {citizens} "
            f"citizens), or the {int(alive.sum()) - small} largest firms"
        )
    effect = float(parameters.attention.network_effect)
    if effect >= 1.0:
        more += ", or a lower attention.network_effect (from 1 on a lead of users grows by itself)"
    return InputError(
        f"the measured market does not rest at attention.network_effect = {effect:.3g}: in "
        f"{MONTHS} months of attention alone a firm's share of users comes to lie "
        f"{found.distance:.3f} from the measured one, the top fifth's {found.top:.3f}, and that "
        f"drifts by {found.drift:.3f}; all must be below {TOLERANCE:g}",
        field="world.firms",
        allowed=more,
    )
