"""Rights: what is offered, to whom it is in reach, and who takes it up (section 7.11)."""

from __future__ import annotations

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import GOVERNMENT, SECTORS, Citizen, Region, Society
from verification.reference.shared import (
    access,
    creative_power,
    mean,
    mean_openness_of_agencies,
    ratio,
    reach_of_communication,
    unit,
    use_of_data,
)


def rights(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Rights that are offered become rights that are enjoyed, at the pace of the citizen.

    Enjoyed = enjoyed + response × (offered × access × (half, and half by awareness) - enjoyed), for
    the rights to know, participate, express, and supervise.
    """
    by_region = [_offered(society, region, parameters, levers) for region in society.regions]
    for citizen in society.citizens:
        in_reach = access(citizen) * _uptake(citizen)
        citizen.rights = [
            unit(enjoyed + parameters.rights.response * (offered * in_reach - enjoyed))
            for enjoyed, offered in zip(citizen.rights, by_region[citizen.region], strict=True)
        ]


def _uptake(citizen: Citizen) -> float:
    """Half of a right is taken up by itself, the other half by the aware or the awake."""
    return 0.5 + 0.5 * max(citizen.awareness, float(citizen.awake))


def _offered(
    society: Society, region: Region, parameters: Parameters, levers: Levers
) -> list[float]:
    """The four rights as they are offered in a region."""
    reach = reach_of_communication(society, parameters)
    open_data = mean_openness_of_agencies(society, parameters, levers)
    used = mean(
        use_of_data(GOVERNMENT, parameters, levers) * agency.skill for agency in society.agencies
    )
    know = unit(reach * open_data * (1 + (1 - open_data) * used))
    participate = unit(reach * (0.2 + 0.4 * region.partnership + 0.4 * levers.public_platform))
    watched = society.watching_government * (1 - levers.government_transparency) / 2
    express = unit(reach * (1 - watched))
    supervise = unit(know * express * (1 - _share_of_government(society)))
    return [know, participate, express, supervise]


def _share_of_government(society: Society) -> float:
    """Government's share of creative power."""
    by_sector = [creative_power(society, sector) for sector in SECTORS]
    return ratio(by_sector[GOVERNMENT], sum(by_sector))
