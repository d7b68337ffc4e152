"""The quality that a measured market reveals: with it, the model's market rests where it was found.

    quality_j <- quality_j + pace (ln measured share_j - ln simulated share_j)

until citizens who choose among these firms, without any pull of data, give each firm the share that
was measured. Then the citizens of the world choose for some years, and what they use is kept. So a
simulated market starts at rest, and what moves it afterwards is the model's doing.

Source: the contraction of Berry, Levinsohn and Pakes (1995), on simulated shares.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from datapolis.mechanisms import attention
from datapolis.parameters import Parameters
from datapolis.policy import Policy
from datapolis.simulation import SEGMENT, Run
from datapolis.society import first_reach
from datapolis.world import World

if TYPE_CHECKING:
    from jaxtyping import Float

CITIZENS = 20_000  # who choose while quality is sought
ROUNDS = 48  # years in which it is sought
SETTLING = 600  # months in which the citizens of the world choose before month 0
LOOKING = {"attention.quality_effect": 0.0, "attention.reconsideration": 1.0}  # no data; fast
PACE = 0.5


def at_rest(world: World, parameters: Parameters | None = None, seed: int = 0) -> World:
    """A copy of a world whose measured firms have the quality and users that explain their reach.

    Where no reach was measured the world is returned as it is.
    """
    reach = np.asarray(world.endowment.reach, float)
    alive = np.asarray(world.endowment.alive)[world.sizes.market]
    known = np.isfinite(reach) & (reach > 0) & alive
    if not known.any():
        return world
    parameters = parameters or Parameters()
    quality, _ = revealed_quality(world, parameters, seed)
    chosen = jnp.asarray(np.where(known, quality, np.nan), jnp.float32)
    world = replace(world, endowment=replace(world.endowment, quality=chosen))
    run = _choosing(world, parameters, SETTLING, seed)
    while run.month < SETTLING:
        run.advance()
    uses = run.society.citizens.uses
    return replace(world, endowment=replace(world.endowment, uses=uses))


def _choosing(world: World, parameters: Parameters, months: int, seed: int) -> Run:
    """Citizens who choose among firms, and nothing else; data have no pull."""
    return Run.begin(
        world,
        months=months,
        seeds=seed,
        parameters=parameters.set(LOOKING),
        policies=Policy(),
        mechanisms=[attention],
        record=["user_share_by_firm"],
    )


def revealed_quality(
    world: World, parameters: Parameters, seed: int = 0
) -> tuple[Float[np.ndarray, "firm"], Float[np.ndarray, "firm"]]:
    """Quality in utils, mean 0, and the share that each firm has with it."""
    sizes = world.sizes
    small = World.generate(
        CITIZENS,
        seed=seed,
        regions=sizes.regions,
        departments=1,
        firms=int(np.asarray(world.endowment.alive)[sizes.market].sum()),
        firm_places=sizes.firms,
        associations=1,
        slots=sizes.slots,
    )
    small = replace(small, endowment=replace(small.endowment, reach=world.endowment.reach))
    run = _choosing(small, parameters, ROUNDS * SEGMENT, seed)
    alive = np.asarray(small.endowment.alive)[small.sizes.market]
    target = np.asarray(first_reach(small.endowment.reach, jnp.asarray(alive)), float)
    floor = 0.5 / (CITIZENS * sizes.slots)  # half of one user's attention to one space
    quality, share = np.zeros_like(target), np.asarray(run.society.firms.user_share, float)
    for _ in range(ROUNDS):
        step = PACE * (np.log(np.maximum(target, floor)) - np.log(np.maximum(share, floor)))
        quality = np.where(alive, quality + np.clip(step, -1.0, 1.0), 0.0)
        quality = np.where(alive, quality - quality[alive].mean(), 0.0)
        run.carry = _with_quality(run.carry, quality)
        run.advance()
        share = run.recorded[-1]["user_share_by_firm"][SEGMENT // 2 :].mean(axis=0)
    return quality, share


def _with_quality(carry: Any, quality: np.ndarray) -> Any:
    society, observed, active = carry
    firms = replace(society.firms, quality=jnp.asarray(quality, jnp.float32))
    return replace(society, firms=firms), observed, active
