"""Governance: compound problems, who joins in solving them, and by order or as equals.

    q_s   = .8 X_s / (X_s + b0),  X_s = R times base power of sector s in the region
    P(f)  = (1 - prod_s (1 - q_s f_s))^k,  k = k0 + k1 T capabilities
    P_G   = P(1, 0, 0);  P_order = P(1, x, x);  P_joint = P(1, firms join, associations join)
    s joins iff  benefit (.3 + public aim_s) (its marginal P)
                 > cost (1 - support) (1 - cross share / 2)
    as equals  u_b = P_G + pi (P_joint - P_G) - talks_cost (1 - cross share / 2)
    by order   u_c = P_order - resistance (1 - pi)^2
    partnership <- + .05 (sigmoid(responsiveness (u_b - u_c + .3 support)) - partnership)
    solved = partnership P_joint + (1 - partnership) P_order
    backlog <- .9 backlog + 1 - solved;   legitimacy <- + .05 (solved - legitimacy)
    w_s <- w_s + mu (sum_s' tie share_ss' w_s' - w_s) + mu (mandate_s - w_s)

support  the lever association_support
pi       government's part of power in the region.

  Associations judge first alone, then firms given
     them, then associations given firms.  The mode is chosen, never set by a ratio of power.
Off: talks_cost large (never as equals); resistance = 0; complexity = 0; drift = 0.
Source: F13 (own coverage form; Hong and Page, 2004; Diekmann, 1985), F14 (Nash, 1950), F16 (own),
docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, clip01, neighbours
from datapolis.model.quantities import cross_share, live_strength, regional_power
from datapolis.model.society import MANDATES

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes(
    "aims",
    "regions.partnership",
    "regions.backlog",
    "regions.legitimacy",
    "flows.competence",
    "flows.joins",
    "flows.solved",
    "flows.solved_alone",
    "flows.effort",
)
def governance(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Solve problems, alone or together; move toward the mode that serves government better."""
    constants, regions = parameters.governance, society.regions
    power = regional_power(society.flows.base_power, society, world)
    share = power / jnp.maximum(jnp.sum(power, axis=1, keepdims=True), TINY)
    scaled = world.sizes.regions * power
    quality = 0.8 * scaled / (scaled + constants.needed)
    needed = constants.capabilities + constants.complexity * society.technology
    cross = cross_share(society, world)

    def solves(firms: Array | float, associations: Array | float) -> Array:
        government, market, social = quality[:, 0], quality[:, 1], quality[:, 2]
        nobody = (1.0 - government) * (1.0 - market * firms) * (1.0 - social * associations)
        return (1.0 - nobody) ** needed

    # who joins
    benefit = constants.joining_benefit * (0.3 + society.aims[:, 0])
    hurdle = constants.joining_cost * (1.0 - levers.association_support) * (1.0 - 0.5 * cross)
    alone = solves(0.0, 0.0)
    first = (benefit[2] * (solves(0.0, 1.0) - alone) > hurdle).astype(jnp.float32)
    firms = benefit[1] * (solves(1.0, first) - solves(0.0, first)) > hurdle
    firms = firms.astype(jnp.float32)
    associations = benefit[2] * (solves(firms, 1.0) - solves(firms, 0.0)) > hurdle
    associations = associations.astype(jnp.float32)

    # which mode
    by_order, jointly = (
        solves(constants.compliance, constants.compliance),
        solves(firms, associations),
    )
    part = share[:, 0]
    as_equals = alone + part * (jointly - alone) - constants.talks_cost * (1.0 - 0.5 * cross)
    ordering = by_order - constants.resistance * (1.0 - part) ** 2
    better = as_equals - ordering + 0.3 * levers.association_support
    aim = jax.nn.sigmoid(constants.responsiveness * better)
    partnership = regions.partnership + 0.05 * (aim - regions.partnership)
    solved = partnership * jointly + (1.0 - partnership) * by_order
    effort = 1.0 + partnership * (firms + associations)
    effort = effort + (1.0 - partnership) * 2.0 * constants.compliance
    return replace(
        society,
        aims=_drift(society, world, constants.drift),
        regions=replace(
            regions,
            partnership=clip01(partnership),
            backlog=0.9 * regions.backlog + 1.0 - solved,
            legitimacy=clip01(regions.legitimacy + 0.05 * (solved - regions.legitimacy)),
        ),
        flows=replace(
            society.flows,
            competence=quality,
            joins=jnp.stack([firms, associations], axis=1),
            solved=solved,
            solved_alone=alone,
            effort=effort,
        ),
    )


def _drift(society: Society, world: World, speed: Array | float) -> Array:
    """Aims of the sectors after a month among partners; mandates pull back."""
    strength, aims = live_strength(society), society.aims
    sector = world.organizations.sector
    theirs = neighbours(sector, society.organizations.partners, 0)
    shares = []
    for one in range(3):
        mine = jnp.where((sector == one)[:, None], strength, 0.0)
        sums = jnp.stack([jnp.sum(jnp.where(theirs == other, mine, 0.0)) for other in range(3)])
        alone = jnp.zeros(3).at[one].set(1.0)
        shares.append(
            jnp.where(jnp.sum(sums) > 0.0, sums / jnp.maximum(jnp.sum(sums), TINY), alone)
        )
    toward = jnp.stack(shares) @ aims
    return aims + speed * (toward - aims) + speed * (jnp.array(MANDATES) - aims)
