"""Rumours: one controversy at a time, told over kin and over strangers.

    Q0 = (1 - T_s)^n_s (1 - T_w ict)^n_w                         nobody told
    Q1 = Q0 (n_s T_s / (1 - T_s) + n_w T_w ict / (1 - T_w ict))  exactly one did
    an unheard citizen believes with 1 - Q0 (one teller needed) or 1 - Q0 - Q1 (two)
    a spreading one stops with 1 - (1 - alpha T_s)^kin (1 - alpha T_w ict)^strangers
                                   (1 - forgetting - correction / 2)

n_s, n_w      spreading strong and weak ties;  kin, strangers: those who know already
T_s, T_w      rumours.strong_transmission, rumours.weak_transmission (times communication)

When less than 0.1 % spread, the rumour is over, and with probability `rate` a new one begins in
blocks of eight neighbours. Weak ties speed what needs one teller and stop what needs two.
Theory: without kin and with many weak ties, .203 never hear it (Maki and Thompson, 1973).
Off: rate = 0.
Source: F32 (Daley and Kendall, 1965; Nekovee et al., 2007; Centola and Macy, 2007), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import barrier, mean, tie_sum
from datapolis.model.noise import noise
from datapolis.model.quantities import communication
from datapolis.model.society import SPREADING, STIFLED, UNHEARD

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


OVER = 0.001  # share spreading below which a rumour is over
BLOCK = 8  # neighbours among whom a rumour begins


@writes("citizens.rumour", "controversy")
def rumours(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let those who spread tell, and lose interest; begin a new rumour when the last is over."""
    constants, identity = parameters.rumours, world.citizens.identity
    state, controversy = society.citizens.rumour, society.controversy

    # is the last one over, and does another begin?
    over = mean(state == SPREADING) < OVER
    begins = over & (noise(key, jnp.asarray(0), 9) < constants.rate)
    heard = mean(state != UNHEARD)
    reach = jnp.where(over & (heard > 0.0), heard, controversy.reach)
    seeded = noise(key, identity // BLOCK, 0) < constants.seed
    state = jnp.where(begins, jnp.where(seeded, SPREADING, UNHEARD), state).astype(jnp.int8)

    # who tells whom: both counts of one tie in one number
    code = (state == SPREADING).astype(jnp.int16) * 256 + (state != UNHEARD).astype(jnp.int16)

    def count(ties: Array) -> tuple[Array, Array]:
        codes = barrier(tie_sum(code, ties))
        return (codes >> 8).astype(jnp.float32), (codes & 255).astype(jnp.float32)

    tell_strong, know_strong = count(world.citizens.strong)
    tell_weak, know_weak = count(world.citizens.weak)
    strong = constants.strong_transmission
    weak = constants.weak_transmission * communication(society, parameters)
    nobody = jnp.exp(tell_strong * jnp.log1p(-strong) + tell_weak * jnp.log1p(-weak))
    one = nobody * (tell_strong * strong / (1.0 - strong) + tell_weak * weak / (1.0 - weak))
    believes = jnp.where(constants.tellers < 1.5, 1.0 - nobody, 1.0 - nobody - one)
    alpha = constants.stifling
    keeps_on = jnp.exp(
        know_strong * jnp.log1p(-alpha * strong) + know_weak * jnp.log1p(-alpha * weak)
    )
    bored = jnp.clip(constants.forgetting + 0.5 * levers.rumour_correction, 0.0, 1.0)
    stops = 1.0 - keeps_on * (1.0 - bored)
    luck = noise(key, identity, 1)
    state = jnp.where(
        (state == UNHEARD) & (luck < believes),
        SPREADING,
        jnp.where((state == SPREADING) & (luck < stops), STIFLED, state),
    ).astype(jnp.int8)

    age = jnp.where(begins, 1.0, controversy.age + 1.0)
    before = jnp.where(begins, jnp.nan, controversy.half_time)
    half = jnp.isnan(before) & (mean(state != UNHEARD) >= 0.5)
    return replace(
        society,
        citizens=replace(society.citizens, rumour=state),
        controversy=replace(
            controversy, age=age, half_time=jnp.where(half, age, before), reach=reach
        ),
    )
