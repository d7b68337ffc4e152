"""Absorption: organizations learn the technology (section 7.2)."""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import GOVERNMENT, Organization, Society
from verification.reference.shared import held, ratio, ties_of


def absorption(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Each learns by itself, and from those it is tied to.

    New skill = skill + rate × [1 - peers + peers × mean skill of ties / frontier] × what is left
    to learn, held in 0 to the frontier. All learn at once, from last month's skills.
    """
    learnt = [_learnt(society, one, parameters, levers) for one in society.organizations]
    for organization, skill in zip(society.organizations, learnt, strict=True):
        organization.skill = skill


def _learnt(
    society: Society, organization: Organization, parameters: Parameters, levers: Levers
) -> float:
    if not organization.alive:
        return 0.0
    frontier = society.technology
    peers = parameters.absorption.peers
    from_ties = ratio(_skill_of_ties(society, organization), frontier)
    speed = _rate(organization, parameters, levers) * (1 - peers + peers * from_ties)
    left = frontier - organization.skill
    return held(organization.skill + speed * left, 0.0, frontier)


def _rate(organization: Organization, parameters: Parameters, levers: Levers) -> float:
    rates = parameters.absorption
    by_sector = (rates.government, rates.firms, rates.associations)
    rate = by_sector[organization.sector]
    if organization.sector == GOVERNMENT:
        rate *= 1 + 9 * levers.data_mindset
    return rate


def _skill_of_ties(society: Society, organization: Organization) -> float:
    """The mean of partners' skills, weighted by strength; 0 without ties."""
    ties = ties_of(society, organization)
    weighted = math.fsum(strength * partner.skill for partner, strength in ties)
    return ratio(weighted, math.fsum(strength for _, strength in ties))
