"""Trust, awareness, awakening: good experience builds slowly, bad experience destroys fast.

    trust     <- trust + e+ good (1 - trust) - [e- unfair + e_h harm + e_r spreading] trust
    good       = [surplus / (basket online)] + sum_j a_ij psi_ij / 2
    awareness <- awareness + (1 - awareness) [5 w_u unfair + w_h harm + w_k know] - w_d awareness
    awake iff  mean enjoyed right + example (2 awake strong + awake weak) / 3 >= theta_i,
               and one who was awake has not tired (with probability `weariness`)
    gain       = surplus + w_s service - w_h harm,   service = online sum_j a_ij psi_ij

[x]     x clipped to 0..1
theta   mean threshold + spread times reluctance, at least .05
awake   shares among strong and weak ties, of last month; a citizen may fall asleep again
w       parameters.welfare: weights of what is counted as gain; nothing in the month reads it

The paradox of privacy stays possible: with attention.trust_elasticity = 0 nobody uses less for
trusting less.
Off: unfair_loss = harm_loss = 0; example = 0; weariness = 0.
Source: F27 (Slovic, 1993; Bush and Mosteller form), F22 (Granovetter, 1978), docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, barrier, clip01, slot_sum, tie_count, tie_sum
from datapolis.model.noise import noise
from datapolis.model.society import KNOW, SPREADING

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes(
    "citizens.trust",
    "citizens.awareness",
    "citizens.awake",
    "flows.good",
    "flows.service",
    "flows.gain",
)
def trust(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let citizens learn from the month."""
    constants, citizens, flows = parameters.trust, society.citizens, society.flows
    bought = parameters.pricing.basket * flows.online
    good = clip01(flows.surplus / jnp.maximum(bought, TINY))
    helped = slot_sum(flows.attention * flows.known)
    good = good + 0.5 * helped
    spreading = (citizens.rumour == SPREADING).astype(jnp.float32)
    bad = clip01(
        constants.unfair_loss * flows.unfair
        + constants.harm_loss * flows.harm
        + constants.rumour_loss * spreading
    )
    trusting = (
        citizens.trust + constants.gain * good * (1.0 - citizens.trust) - bad * citizens.trust
    )

    lesson = clip01(
        5.0 * constants.unfair_lesson * flows.unfair
        + constants.harm_lesson * flows.harm
        + constants.known_lesson * citizens.rights[:, KNOW]
    )
    awareness = citizens.awareness + (1.0 - citizens.awareness) * lesson
    awareness = awareness - constants.awareness_decay * citizens.awareness

    threshold = constants.threshold + constants.threshold_spread * world.citizens.reluctance
    threshold = jnp.maximum(0.05, threshold)
    example = 2.0 * _share(citizens.awake, world.citizens.strong)
    example = (example + _share(citizens.awake, world.citizens.weak)) / 3.0
    met = slot_sum(citizens.rights) / 4.0
    tires = citizens.awake & (noise(key, world.citizens.identity, 0) < constants.weariness)
    service = flows.online * helped
    worth = parameters.welfare
    return replace(
        society,
        citizens=replace(
            citizens,
            trust=clip01(trusting),
            awareness=clip01(awareness),
            awake=(met + constants.example * example >= threshold) & ~tires,
        ),
        flows=replace(
            flows,
            good=good,
            service=service,
            gain=flows.surplus + worth.service * service - worth.harm * flows.harm,
        ),
    )


def _share(state: Array, ties: Array) -> Array:
    """Share of a citizen's ties in a state; 0 without ties."""
    yes = barrier(tie_sum(state.astype(jnp.int8), ties))
    return jnp.asarray(yes / jnp.maximum(tie_count(ties), 1))
