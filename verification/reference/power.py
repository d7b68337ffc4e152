"""13. Power, measured four ways, and what it buys from the regulator (section 7.13)."""

from __future__ import annotations

import itertools
import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import MARKET, SECTORS, Organization, Society
from verification.reference.shared import openness, power_by_region, ratio, shares_of_ties, ties_of

ROUNDS = 40
"""How often power is passed on over ties."""

MOST = 0.999
"""The largest part of what it has that anybody can lose with one other."""

NARROW = 1e-6
"""A coalition that has half to within this part has not won."""


def power(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Base power from wealth and creative power; relational power; dependence; pivotality; capture.

    Changes nothing but flows. The market's share of wealth is what lobbying turns policy by.
    """
    flows = society.flows
    flows.base_power = [base_power(one, parameters) for one in society.organizations]
    flows.data_weight = _data_weight(society, parameters)
    flows.relational = _relational(society, parameters)
    flows.dependence = _dependence(society, parameters, levers)
    flows.pivotality = [shapley_shubik(weights) for weights in power_by_region(society)]
    flows.capture = _capture(society, parameters)


def _sources(organization: Organization, parameters: Parameters) -> tuple[float, float]:
    """What wealth and what creative power add, before the root is taken."""
    choices = parameters.power
    from_wealth = choices.wealth_weight * organization.wealth**choices.substitution
    creative = organization.creative / choices.reference
    return from_wealth, (1 - choices.wealth_weight) * creative**choices.substitution


def base_power(organization: Organization, parameters: Parameters) -> float:
    """(a · wealth^s + (1 - a) · (creative power / reference)^s)^(1/s)."""
    return math.fsum(_sources(organization, parameters)) ** (1 / parameters.power.substitution)


def _data_weight(society: Society, parameters: Parameters) -> float:
    """The part of base power that comes from data, over all power."""
    powers = society.flows.base_power
    from_data = 0.0
    for organization, power_now in zip(society.organizations, powers, strict=True):
        of_wealth, of_data = _sources(organization, parameters)
        from_data += ratio(of_data, of_wealth + of_data) * power_now
    return ratio(from_data, math.fsum(powers))


def _relational(society: Society, parameters: Parameters) -> list[float]:
    """y = base power + relation · what those tied to one pass on of their own y."""
    base = society.flows.base_power
    ties = [
        (organization.place, partner.place, share)
        for organization in society.organizations
        for partner, share in shares_of_ties(society, organization)
    ]
    powers = list(base)
    for _ in range(ROUNDS):
        passed = [0.0] * len(base)
        for giver, taker, share in ties:
            passed[taker] += share * powers[giver]
        powers = [
            own + parameters.power.relation * more for own, more in zip(base, passed, strict=True)
        ]
    return [max(0.0, power_now) for power_now in powers]


def _dependence(society: Society, parameters: Parameters, levers: Levers) -> list[float]:
    """What citizens and partners would lose without each organization."""
    found = [0.0] * len(society.organizations)
    citizens = len(society.citizens)
    for citizen, attention in zip(society.citizens, society.flows.attention, strict=True):
        for number, part in zip(citizen.uses, attention, strict=True):
            found[society.firms[number].place] += loss_without(part) / citizens
    for organization in society.organizations:
        workable = society.flows.workable[organization.place]
        for partner, strength in ties_of(society, organization):
            lent = strength * openness(partner, parameters, levers) * partner.data
            found[partner.place] += loss_without(ratio(lent, workable))
    return found


def loss_without(part: float) -> float:
    """What is lost, in utils, with a part of all that one has."""
    return -math.log(1 - min(part, MOST))


def shapley_shubik(weights: list[float]) -> list[float]:
    """The part of all orders of joining in which each turns a losing coalition into a winning one.

    More than half of all weight wins.
    """
    quota = (0.5 + NARROW) * math.fsum(weights)
    turns = [0] * len(weights)
    orders = list(itertools.permutations(range(len(weights))))
    for order in orders:
        together = 0.0
        for player in order:
            together += weights[player]
            if together > quota:
                turns[player] += 1
                break
    return [count / len(orders) for count in turns]


def _capture(society: Society, parameters: Parameters) -> float:
    """Policy that lobbying turns: the market's part of a contest of wealth."""
    efforts = [
        math.fsum(one.wealth for one in society.organizations if one.sector == sector)
        ** parameters.power.contest
        for sector in SECTORS
    ]
    return parameters.power.capture * ratio(efforts[MARKET], math.fsum(efforts))
