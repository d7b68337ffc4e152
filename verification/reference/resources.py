"""15. Resources: money comes and goes; firms leave, are bought, are broken up, and enter (7.15)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import NOBODY, Citizen, Firm, Organization, Society
from verification.reference.shared import living_firms, ratio

BOUGHT, TAKEOVER, ENTRY, QUALITY, REGION, MOVES = 0, 1, 2, 3, 4, 5
"""Draws: whom the richest firm tries to buy and whether it does (both at identity 0); of a place
for a firm, whether it is taken, and the newcomer's quality and region; of a citizen, whether it
moves in a break-up."""

IN = ("income_tax", "revenue", "offline", "donations", "written_off", "entrants")
OUT = ("upkeep", "fixed_cost", "security", "levers", "wound_up", "takeovers")


@dataclass
class Places:
    """What became of the places for firms this month, by `Firm.number`.

    A place takes part in one of exit, merger, break-up and entry a month.
    """

    gone: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    """Places of the firms that were bought."""
    buyers: list[int] = field(default_factory=list)
    broken_up: list[int] = field(default_factory=list)
    born: list[int] = field(default_factory=list)

    def touched(self, firm: Firm) -> bool:
        """Whether the place has taken part in something already."""
        return firm.number in (
            *self.gone,
            *self.merged,
            *self.buyers,
            *self.broken_up,
            *self.born,
        )


def resources(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Accounts of all sectors; then exit, merger, break-up and entry of firms.

    `flows.money` tells by name what came from outside (above 0) and what was lost (below 0).
    """
    flows = society.flows
    flows.money = dict.fromkeys((*IN, *OUT), 0.0)
    living_then = len(living_firms(society))
    _settle(society, parameters, levers, living_then)
    places = Places()
    _exit(society, parameters, places)
    _merge(society, parameters, levers, chance, places)
    _break_up(society, levers, chance, places)
    _enter(society, parameters, chance, places)
    flows.gone, flows.merged = len(places.gone), len(places.merged)
    flows.broken_up, flows.born = len(places.broken_up), len(places.born)


# Accounts


def _settle(society: Society, parameters: Parameters, levers: Levers, living_then: int) -> None:
    """All accounts of the month, from the wealth that everybody had before it.

    `living_then` is the number of firms that live before any leaves or enters.
    """
    flows = society.flows
    before = math.fsum(agency.wealth for agency in society.agencies)
    income = parameters.resources.income_tax + parameters.resources.tax * math.fsum(flows.revenue)
    income += math.fsum(flows.fines)
    for agency in society.agencies:
        share = ratio(agency.wealth, before, otherwise=1 / len(society.agencies))
        _account_of_agency(society, agency, income * share, parameters, levers)
    for firm in living_firms(society):
        _account_of_firm(society, firm, parameters, living_then)
    for association in society.associations:
        _account_of_association(society, association, parameters, levers)
    flows.money["income_tax"] += parameters.resources.income_tax if society.agencies else 0.0
    flows.money["revenue"] += math.fsum(flows.revenue)
    flows.government_gain = math.fsum(agency.wealth for agency in society.agencies) - before


def _pay_upkeep(society: Society, organization: Organization, parameters: Parameters) -> None:
    upkeep = parameters.resources.upkeep * organization.wealth
    society.flows.money["upkeep"] -= upkeep
    organization.wealth -= upkeep


def _account_of_agency(
    society: Society,
    agency: Organization,
    income: float,
    parameters: Parameters,
    levers: Levers,
) -> None:
    """Agencies live from taxes and fines and pay for the levers, at most all they have."""
    rate = min(
        parameters.resources.lever_cost * sum_of_levers(levers), 1 - parameters.resources.upkeep
    )
    spent = rate * agency.wealth
    _pay_upkeep(society, agency, parameters)
    agency.wealth += income - spent
    society.flows.money["levers"] -= spent


def sum_of_levers(levers: Levers) -> float:
    """All levers, each as often as it costs."""
    return math.fsum(one.metadata["cost"] * getattr(levers, one.name) for one in fields(levers))


def _account_of_firm(
    society: Society, firm: Firm, parameters: Parameters, living_then: int
) -> None:
    """Firms live from revenue, offline trade and sales of data; what they cannot pay is lost."""
    flows = society.flows
    choices = parameters.resources
    security = min(0.0001 * firm.security, 0.01 * firm.wealth)
    _pay_upkeep(society, firm, parameters)
    firm.wealth += (1 - choices.tax) * flows.revenue[firm.number]
    firm.wealth += choices.offline / living_then
    firm.wealth += flows.sold[firm.place] - flows.bought[firm.place]
    firm.wealth -= flows.fines[firm.number] + choices.fixed_cost + security
    flows.money["offline"] += choices.offline / living_then
    flows.money["fixed_cost"] -= choices.fixed_cost
    flows.money["security"] -= security
    flows.money["written_off"] += max(0.0, -firm.wealth)
    firm.wealth = max(0.0, firm.wealth)


def _account_of_association(
    society: Society, association: Organization, parameters: Parameters, levers: Levers
) -> None:
    """Associations live from donations."""
    donations = parameters.resources.donations * (1 + levers.association_support)
    donations /= len(society.associations)
    _pay_upkeep(society, association, parameters)
    association.wealth += donations
    society.flows.money["donations"] += donations


# Places


def _exit(society: Society, parameters: Parameters, places: Places) -> None:
    """A firm that is ruined leaves, and its wealth is lost."""
    for firm in living_firms(society):
        if firm.wealth < parameters.resources.ruin:
            society.flows.money["wound_up"] -= firm.wealth
            empty(society, firm)
            places.gone.append(firm.number)


def _merge(
    society: Society, parameters: Parameters, levers: Levers, chance: Chance, places: Places
) -> None:
    """The richest firm buys another, if it can pay and antitrust lets it."""
    firms = living_firms(society)
    if len(firms) < 2:
        return
    buyer = max(firms, key=lambda firm: firm.wealth)
    others = [firm for firm in firms if firm is not buyer]
    bought = others[chance.below(len(others), "resources", 0, BOUGHT)]
    price = bought.wealth + 20 * parameters.exchange.data_price * bought.data
    tried = chance.uniform("resources", 0, TAKEOVER) < parameters.resources.merger * (
        1 - levers.antitrust
    )
    allowed = buyer.user_share + bought.user_share < 1 - 0.9 * levers.antitrust
    if not (tried and allowed and price < 0.3 * buyer.wealth):
        return
    buyer.wealth += bought.wealth - price
    buyer.data += bought.data
    buyer.arrivals += bought.arrivals
    buyer.user_share += bought.user_share
    society.flows.money["takeovers"] -= price
    for citizen in society.citizens:
        hand_over(citizen, bought, buyer)
    empty(society, bought)
    places.merged.append(bought.number)
    places.buyers.append(buyer.number)


def hand_over(citizen: Citizen, bought: Firm, buyer: Firm) -> None:
    """A user of the firm that was bought becomes one of the buyer, with the profile.

    Who uses the buyer already has the profile added there, and is left with a dead, empty slot.
    """
    if bought.number not in citizen.uses:
        return
    slot = citizen.uses.index(bought.number)
    if buyer.number in citizen.uses:
        citizen.profile[citizen.uses.index(buyer.number)] += citizen.profile[slot]
        citizen.profile[slot] = 0.0
    else:
        citizen.uses[slot] = buyer.number


def _break_up(society: Society, levers: Levers, chance: Chance, places: Places) -> None:
    """Antitrust splits the largest firm in two, if it is too large and there is a free place."""
    candidates = [firm for firm in living_firms(society) if not places.touched(firm)]
    free = [firm for firm in society.firms if not firm.alive and not places.touched(firm)]
    if levers.antitrust <= 0 or not candidates or not free:
        return
    old, new = max(candidates, key=lambda firm: firm.user_share), free[0]
    if old.user_share <= 1 - 0.9 * levers.antitrust:
        return
    _take(society, new)
    for name in ("data", "creative", "wealth", "arrivals", "user_share"):
        half = getattr(old, name) / 2
        setattr(old, name, half)
        setattr(new, name, half)
    new.quality = old.quality
    for citizen in society.citizens:
        moves = chance.uniform("resources", citizen.identity, MOVES) < 0.5
        if moves and old.number in citizen.uses and new.number not in citizen.uses:
            citizen.uses[citizen.uses.index(old.number)] = new.number
    places.broken_up.append(old.number)
    places.born.append(new.number)


def _enter(
    society: Society,
    parameters: Parameters,
    chance: Chance,
    places: Places,
) -> None:
    """Places that were empty all month are taken by newcomers, each with some probability."""
    living_now = len(living_firms(society))
    for firm in society.firms:
        if firm.alive or places.touched(firm):
            continue
        if chance.uniform("resources", firm.number, ENTRY) >= parameters.resources.entry:
            continue
        _take(society, firm)
        firm.wealth = parameters.resources.entrant_wealth
        firm.data = 1e-5
        spread = parameters.attention.quality_spread
        firm.quality = spread * chance.normal("resources", firm.number, QUALITY)
        firm.user_share = 0.2 / max(1, living_now)
        firm.region = chance.below(len(society.regions), "resources", firm.number, REGION)
        society.flows.money["entrants"] += firm.wealth
        places.born.append(firm.number)


def _take(society: Society, firm: Firm) -> None:
    """An empty place is taken by a new firm, which inherits users, but no profile, ties or data."""
    empty(society, firm)
    firm.alive = True
    firm.generation += 1
    firm.skill = 0.8 * society.technology
    firm.discrimination = 0.02
    firm.laxity = 0.6
    for citizen in society.citizens:
        for slot, number in enumerate(citizen.uses):
            if number == firm.number:
                citizen.stray += citizen.profile[slot]
                citizen.profile[slot] = 0.0


def empty(society: Society, firm: Firm) -> None:
    """A place is left with nothing: no data, no wealth, no users, no ties."""
    firm.alive = False
    firm.data = firm.arrivals = firm.skill = firm.creative = 0.0
    firm.wealth = firm.security = 0.0
    firm.quality = firm.discrimination = firm.laxity = firm.user_share = 0.0
    firm.partners = [NOBODY] * len(firm.partners)
    firm.strength = [0.0] * len(firm.strength)
    _forget(society.organizations, firm)


def _forget(organizations: Iterable[Organization], firm: Firm) -> None:
    """Everybody loses their ties to a place."""
    for organization in organizations:
        for column, partner in enumerate(organization.partners):
            if partner == firm.place:
                organization.partners[column] = NOBODY
                organization.strength[column] = 0.0
