"""Collection: firms record what citizens do, with consent and without; records grow stale.

    C_ij    = sigmoid(c0 - 3 privacy_law + beta_h psi_ij - 3 awareness_i psi_ij)
    offered = traces a_ij online_i (1 - privacy_law protection / 2)
    taken   = offered (C + (1 - C) z laxity_j (1 - protection))
    profile <- profile (1 - delta_h (1 + privacy_law protection)) + taken
    data    <- (1 - delta_D) data + sum_i taken / N      (agencies, associations: their own flows)
    logit laxity <- logit laxity + m (beta_q ict eta covert_j - fine law enforcement q0
                                      - backlash awareness_j + pressure (mean laxity - laxity_j))

z         parameters.collection.covert  what can be taken without consent, 0 to 0.8
covert_j  the covert part of firm j's intake, were it wholly lax
Data (a stock for statistics) and profile (about persons) are two uses of one record, never added.

Off: covert = 0; consent is opt-in (-1) or opt-out (+1).
Source: F04 (Farboodi and Veldkamp, 2021), F24 (Acemoglu et al., 2022), F29, docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.model.arrays import TINY, logit_step, per_firm
from datapolis.model.quantities import (
    alive_firms,
    at_citizens,
    at_organizations,
    communication,
    legal_pressure,
    protection,
)

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Society
    from datapolis.model.world import World


@writes(
    "citizens.profile",
    "organizations.data",
    "firms.laxity",
    "flows.taken",
    "flows.covert",
    "flows.collected",
)
def collection(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Let stale records go, then add what is taken this month."""
    constants, citizens, firms = parameters.collection, society.citizens, society.firms
    sizes, flows, organizations = world.sizes, society.flows, society.organizations
    uses, known, awareness = citizens.uses, flows.known, citizens.awareness[:, None]
    guard = at_citizens(protection(society, levers), world)[:, None]
    reach = communication(society, parameters)

    help_ = parameters.attention.personal_help * known
    consent = jax.nn.sigmoid(
        constants.consent - 3.0 * levers.privacy_law + help_ - 3.0 * awareness * known
    )
    activity = flows.attention * flows.online[:, None]
    offered = constants.traces * activity * (1.0 - 0.5 * levers.privacy_law * guard)
    open_ = offered * consent
    hidden = (
        offered * (1.0 - consent) * constants.covert * (1.0 - guard)
    )  # were the firm wholly lax
    taken = open_ + hidden * firms.laxity[uses]
    kept = 1.0 - constants.profile_decay * (1.0 + levers.privacy_law * guard)
    alive = alive_firms(society, world)
    profile = citizens.profile * kept + taken

    openly, covertly = (per_firm(part, uses, sizes.firms) for part in (open_, hidden))
    from_users = jnp.where(alive, openly + covertly * firms.laxity, 0.0)
    collected = jnp.concatenate(
        [
            jnp.full(sizes.agencies, 1.0) * constants.administration / sizes.agencies,
            from_users,
            jnp.full(sizes.associations, 1.0) * constants.membership * reach / sizes.associations,
        ]
    )
    collected = jnp.where(organizations.alive, collected, 0.0)

    # does laxity pay?
    pricing = parameters.pricing
    pursued = at_organizations(legal_pressure(society), society, world)[sizes.market]
    worth = parameters.attention.quality_effect * reach * parameters.mining.exponent
    covert_part = covertly / jnp.maximum(openly + covertly, TINY)
    average = jnp.sum(firms.user_share * firms.laxity)
    step = pricing.adaptation * (
        worth * covert_part
        - pricing.fine * pursued * pricing.detection
        - pricing.backlash * flows.users_awareness
        + pricing.pressure * (average - firms.laxity)
    )
    taken_in_all = jnp.sum(openly + covertly * firms.laxity)
    return replace(
        society,
        citizens=replace(citizens, profile=profile),
        organizations=replace(
            organizations, data=(1.0 - constants.data_decay) * organizations.data + collected
        ),
        firms=replace(firms, laxity=jnp.where(alive, logit_step(firms.laxity, step), 0.0)),
        flows=replace(
            flows,
            taken=taken,
            covert=jnp.sum(covertly * firms.laxity) / jnp.maximum(taken_in_all, TINY),
            collected=collected,
        ),
    )
