"""6. Exchange: what organizations can work with beyond their own data (section 7.6).

An organization derives data from what reached its partners last month, buys some, and agencies
link their records where both gain. What it can work with is its own data, what its partners keep
open, and the linked and pooled data; what a breach of it lays open is its own and the linked and
pooled data.
"""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import (
    GOVERNMENT,
    MARKET,
    NOBODY,
    PEERS,
    Agency,
    Firm,
    Organization,
    Society,
)
from verification.reference.shared import (
    data_of_all,
    mean,
    openness,
    pressure_at,
    ratio,
    shares_of_ties,
    ties_of,
    use_of_data,
)

REVIEW, LAPSE = 0, 1
"""Draws, at 8 · agency + column: whether a link is reviewed, and whether it lapses."""


def exchange(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Data grow by what is derived and bought; links are reviewed; then it is known what is there.

    Only this month's intake and what was derived count as arrivals next month.
    """
    _derive(society, parameters, levers)
    _sell(society, parameters)
    for organization in society.organizations:
        organization.data += society.flows.derived[organization.place]
        organization.data += society.flows.bought_data[organization.place]
    _review_links(society, parameters, levers, chance)
    _find_islands(society)
    _find_workable(society, parameters, levers)
    _find_exposed(society, parameters)
    for organization in society.organizations:
        place = organization.place
        organization.arrivals = society.flows.collected[place] + society.flows.derived[place]


def _derive(society: Society, parameters: Parameters, levers: Levers) -> None:
    """Derived = derivation · skill · what reached partners last month, as far as it is open."""
    society.flows.derived = [
        parameters.exchange.derivation
        * organization.skill
        * math.fsum(
            share * openness(partner, parameters, levers) * partner.arrivals
            for partner, share in shares_of_ties(society, organization)
        )
        for organization in society.organizations
    ]


def _sell(society: Society, parameters: Parameters) -> None:
    """Firms sell a part of this month's intake to the firms they are tied to, and keep the data."""
    flows = society.flows
    price = parameters.exchange.data_price
    offers = [(firm, offers_of(society, parameters, firm)) for firm in society.firms]
    offered = [0.0] * len(society.organizations)
    for _, by_buyer in offers:
        for buyer, amount in by_buyer.items():
            offered[buyer] += amount
    flows.sold = [0.0] * len(society.organizations)
    flows.bought = [0.0] * len(society.organizations)
    flows.bought_data = [0.0] * len(society.organizations)
    sold_share = [0.0] * len(society.firms)
    for firm, by_buyer in offers:
        amounts = {
            buyer: amount * affordable(society.organizations[buyer], price * offered[buyer])
            for buyer, amount in by_buyer.items()
        }
        for buyer, amount in amounts.items():
            flows.bought_data[buyer] += amount
            flows.bought[buyer] += price * amount
        sold = math.fsum(amounts.values())
        flows.sold[firm.place] = price * sold
        sold_share[firm.number] = ratio(sold, flows.collected[firm.place])
    _stray(society, sold_share)


def offers_of(society: Society, parameters: Parameters, firm: Firm) -> dict[int, float]:
    """By place of the buyer, what a firm offers: in proportion to the strength of the tie."""
    buyers = [(one, strength) for one, strength in ties_of(society, firm) if one.sector == MARKET]
    strength_of_all = math.fsum(strength for _, strength in buyers)
    if strength_of_all <= 0:
        return {}
    offer = (
        parameters.exchange.sale
        * (1 - pressure_at(society, firm))
        * society.flows.collected[firm.place]
    )
    return {one.place: offer * strength / strength_of_all for one, strength in buyers}


def affordable(buyer: Organization, cost: float) -> float:
    """The part of all offers that a buyer can pay from half of its wealth."""
    return min(1.0, ratio(buyer.wealth / 2, cost, otherwise=1.0))


def _stray(society: Society, sold_share: list[float]) -> None:
    """What was sold about a citizen is out of the citizen's reach."""
    for citizen, taken in zip(society.citizens, society.flows.taken, strict=True):
        citizen.stray += math.fsum(
            amount * sold_share[firm] for firm, amount in zip(citizen.uses, taken, strict=True)
        )


def _review_links(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """A link that pays is made when it is reviewed; one that does not pay may lapse."""
    typical = mean(agency.data for agency in society.agencies)
    sizes = [ratio(agency.data, typical) for agency in society.agencies]
    for agency in society.agencies:
        for column in range(PEERS):
            if agency.peers[column] == NOBODY:
                continue
            peer = society.agencies[agency.peers[column]]
            identity = PEERS * agency.place + column
            if link_pays(agency, peer, sizes, parameters, levers):
                review = parameters.exchange.link_review
                if chance.uniform("exchange", identity, REVIEW) < review:
                    agency.links[column] = True
            elif chance.uniform("exchange", identity, LAPSE) < parameters.exchange.link_lapse:
                agency.links[column] = False


def link_pays(
    agency: Agency, peer: Agency, sizes: list[float], parameters: Parameters, levers: Levers
) -> bool:
    """Whether what both make of the joint data exceeds rents and costs.

    `sizes` are agencies' data over their mean, by place.
    """
    exponent = parameters.mining.exponent
    joint = (sizes[agency.place] + sizes[peer.place]) ** exponent
    gain = math.fsum(
        one.skill
        * use_of_data(GOVERNMENT, parameters, levers)
        * (joint - sizes[one.place] ** exponent)
        for one in (agency, peer)
    )
    rent = parameters.exchange.hoarding_rent * (agency.rent + peer.rent)
    return gain > (1 - levers.data_sharing) * (rent + 2 * parameters.exchange.link_cost)


def _find_islands(society: Society) -> None:
    """Agencies that are linked, directly or through others, form an island."""
    labels = islands_of(society.agencies)
    society.flows.islands = labels
    data = {label: data_of_all(_members(society, labels, label)) for label in set(labels)}
    society.flows.island_data = [data[label] for label in labels]


def _members(society: Society, labels: list[int], label: int) -> list[Agency]:
    return [agency for agency in society.agencies if labels[agency.place] == label]


def islands_of(agencies: list[Agency]) -> list[int]:
    """By agency the lowest agency of its island; a link counts in either direction."""
    neighbours: list[list[int]] = [[] for _ in agencies]
    for agency in agencies:
        for peer, linked in zip(agency.peers, agency.links, strict=True):
            if linked and peer != NOBODY:
                neighbours[agency.place].append(peer)
                neighbours[peer].append(agency.place)
    labels = [NOBODY] * len(agencies)
    for first in range(len(agencies)):
        waiting = [first] if labels[first] == NOBODY else []
        while waiting:
            agency_place = waiting.pop()
            if labels[agency_place] == NOBODY:
                labels[agency_place] = first
                waiting.extend(neighbours[agency_place])
    return labels


def _find_workable(society: Society, parameters: Parameters, levers: Levers) -> None:
    """Workable = own data + what partners keep open + what is published, linked, or pooled."""
    published = mean(
        openness(agency, parameters, levers) * agency.data for agency in society.agencies
    )
    pool = parameters.exchange.pool_match * math.fsum(firm.data for firm in society.firms)

    def workable(organization: Organization) -> float:
        if not organization.alive:
            return 0.0
        found = organization.data + math.fsum(
            strength * openness(partner, parameters, levers) * partner.data
            for partner, strength in ties_of(society, organization)
        )
        if organization.sector == GOVERNMENT:
            found += linked_data(society, parameters, organization)
        else:
            found += parameters.exchange.linkage * published
        if organization.sector == MARKET:
            found += parameters.exchange.shared * (pool - organization.data)
        return max(0.0, found)

    society.flows.workable = [workable(organization) for organization in society.organizations]


def _find_exposed(society: Society, parameters: Parameters) -> None:
    """Exposed = own data + what is linked (agencies) or pooled (firms)."""
    pool = parameters.exchange.pool_match * math.fsum(firm.data for firm in society.firms)

    def exposed(organization: Organization) -> float:
        if not organization.alive:
            return 0.0
        if organization.sector == GOVERNMENT:
            return organization.data + linked_data(society, parameters, organization)
        if organization.sector == MARKET:
            return organization.data + parameters.exchange.shared * pool
        return organization.data

    society.flows.exposed = [exposed(organization) for organization in society.organizations]


def linked_data(society: Society, parameters: Parameters, agency: Organization) -> float:
    """What an agency reaches of the rest of its island."""
    rest = society.flows.island_data[agency.place] - agency.data
    return parameters.exchange.linkage * rest
