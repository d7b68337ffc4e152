"""Quantities that several mechanisms share (section 7.0 of docs/model.md).

Each is computed anew from the society as it stands when it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.people import (
    GOVERNMENT,
    NOBODY,
    SECTORS,
    Agency,
    Citizen,
    Firm,
    Organization,
    Region,
    Society,
)


def unit(value: float) -> float:
    """The value held in 0 to 1; [x] in the description."""
    return min(max(value, 0.0), 1.0)


def held(value: float, low: float, high: float) -> float:
    """The value held between two bounds."""
    return min(max(value, low), high)


def mean(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    listed = list(values)
    return math.fsum(listed) / len(listed) if listed else 0.0


def ratio(part: float, whole: float, otherwise: float = 0.0) -> float:
    """part / whole, or something else where there is no whole."""
    return part / whole if whole > 0 else otherwise


def sigmoid(value: float) -> float:
    """1 / (1 + exp(-x)), also for values far from 0."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))


def logit_step(value: float, step: float) -> float:
    """A share pushed up or down a little, so that it never leaves .01 to .99."""
    start = held(value, 0.01, 0.99)
    pushed = sigmoid(math.log(start / (1 - start)) + held(step, -2.0, 2.0))
    return held(pushed, 0.01, 0.99)


def softmax(values: list[float]) -> list[float]:
    """exp(value) over the sum of all exp(value)."""
    if not values:
        return []
    largest = max(values)
    weights = [math.exp(value - largest) for value in values]
    return [weight / math.fsum(weights) for weight in weights]


def reach_of_communication(society: Society, parameters: Parameters) -> float:
    """ict = T / (T + half_reach)."""
    frontier = society.technology
    return frontier / (frontier + parameters.technology.half_reach)


def access(citizen: Citizen) -> float:
    """The digital divide: 1 - exp(-income) / 2."""
    return 1 - math.exp(-citizen.income) / 2


def pressure_of_law(region: Region) -> float:
    """What law does in fact: law times enforcement."""
    return region.law * region.enforcement


def protection(region: Region, levers: Levers) -> float:
    """(law + (1 - law) privacy_law) enforcement."""
    return (region.law + (1 - region.law) * levers.privacy_law) * region.enforcement


def where_it_sits(society: Society, organization: Organization, by_region: list[float]) -> float:
    """A regional value at an organization: its region's; the mean of all if it is national."""
    return mean(by_region) if organization.national else by_region[organization.region]


def pressure_at(society: Society, organization: Organization) -> float:
    """Pressure of law where an organization sits."""
    by_region = [pressure_of_law(region) for region in society.regions]
    return where_it_sits(society, organization, by_region)


def insight(firm: Firm, profile: float) -> float:
    """psi = 1 - exp(-2 skill profile): how well a firm knows a citizen by a profile."""
    return 1 - math.exp(-2 * firm.skill * profile)


def openness(organization: Organization, parameters: Parameters, levers: Levers) -> float:
    """How far an organization's data are open to others."""
    exchange = parameters.exchange
    by_sector = (exchange.open_government, exchange.open_firms, exchange.open_associations)
    open_now = unit(by_sector[organization.sector] * organization.openness)
    if organization.sector == GOVERNMENT:
        open_now += (1 - open_now) * levers.open_data
    return open_now


def use_of_data(sector: int, parameters: Parameters, levers: Levers) -> float:
    """The share of its data that an organization of a sector puts to use."""
    absorption = parameters.absorption
    by_sector = (
        absorption.use_government,
        absorption.use_firms,
        absorption.use_associations,
    )
    use = by_sector[sector]
    if sector == GOVERNMENT:
        use += (1 - use) * levers.data_mindset
    return use


def living(society: Society) -> list[Organization]:
    """All organizations that live, in order of place."""
    return [organization for organization in society.organizations if organization.alive]


def living_firms(society: Society) -> list[Firm]:
    """All firms that live, in order of place."""
    return [firm for firm in society.firms if firm.alive]


def mean_over_firms_alive(society: Society, values: list[float]) -> float:
    """The mean, over living firms, of values in the order of firms."""
    return mean(value for firm, value in zip(society.firms, values, strict=True) if firm.alive)


def ties_of(society: Society, organization: Organization) -> list[tuple[Organization, float]]:
    """The living partners of a living organization, each with the strength of the tie."""
    if not organization.alive:
        return []
    return [
        (society.organizations[partner], strength)
        for partner, strength in zip(organization.partners, organization.strength, strict=True)
        if partner != NOBODY and society.organizations[partner].alive
    ]


def shares_of_ties(
    society: Society, organization: Organization
) -> list[tuple[Organization, float]]:
    """P: each tie's strength over the strength of all, or over 1 if all is less than 1."""
    ties = ties_of(society, organization)
    whole = max(1.0, math.fsum(strength for _, strength in ties))
    return [(partner, strength / whole) for partner, strength in ties]


def crossing(society: Society) -> float:
    """The share of tie strength that crosses from one sector to another; 0 without ties."""
    all_strength = across = 0.0
    for organization in society.organizations:
        for partner, strength in ties_of(society, organization):
            all_strength += strength
            if partner.sector != organization.sector:
                across += strength
    return ratio(across, all_strength)


def power_by_region(society: Society) -> list[list[float]]:
    """X: base power of each sector in each region; a national organization counts 1/R everywhere.

    Read as `power_by_region(society)[region][sector]`, from `flows.base_power`.
    """
    many = len(society.regions)
    found = [[0.0 for _ in SECTORS] for _ in range(many)]
    for organization, power in zip(society.organizations, society.flows.base_power, strict=True):
        if organization.national:
            for region in range(many):
                found[region][organization.sector] += power / many
        else:
            found[organization.region][organization.sector] += power
    return found


def creative_power(society: Society, sector: int) -> float:
    """All creative power of a sector."""
    return math.fsum(one.creative for one in society.organizations if one.sector == sector)


def mean_openness_of_agencies(society: Society, parameters: Parameters, levers: Levers) -> float:
    """The mean over agencies of their openness."""
    return mean(openness(agency, parameters, levers) for agency in society.agencies)


def data_of_all(agencies: Iterable[Agency]) -> float:
    """The data of several agencies together."""
    return math.fsum(agency.data for agency in agencies)
