"""7. Mining: data that are worked with, and only those, make creative power (section 7.7)."""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import Organization, Society
from verification.reference.shared import data_of_all, ratio, use_of_data


def mining(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Creative power = skill · use · (M · workable data)^exponent / M, in one form for all sectors.

    M counts all places of organizations. The gap is the part of government's creative power that
    it forgoes while its data lie in islands.
    """
    places = len(society.organizations)
    for organization in society.organizations:
        workable = society.flows.workable[organization.place]
        organization.creative = mined(organization, workable, places, parameters, levers)
    society.flows.integration_gap = _integration_gap(society, parameters, levers)


def mined(
    organization: Organization,
    workable: float,
    places: int,
    parameters: Parameters,
    levers: Levers,
) -> float:
    """What an organization makes of an amount of workable data."""
    if not organization.alive:
        return 0.0
    use = use_of_data(organization.sector, parameters, levers)
    return organization.skill * use * (places * workable) ** parameters.mining.exponent / places


def _integration_gap(society: Society, parameters: Parameters, levers: Levers) -> float:
    """1 - creative power of agencies / what it would be if all of them were one island."""
    flows = society.flows
    everything = data_of_all(society.agencies)
    places = len(society.organizations)
    now = math.fsum(agency.creative for agency in society.agencies)
    together = math.fsum(
        mined(
            agency,
            flows.workable[agency.place]
            + parameters.exchange.linkage * (everything - flows.island_data[agency.place]),
            places,
            parameters,
            levers,
        )
        for agency in society.agencies
    )
    return 1 - ratio(now, together, otherwise=1.0)
