"""17. Ties: organizations strengthen what is worth it, and look for better partners (7.17)."""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import NOBODY, PARTNERS, Organization, Society
from verification.reference.shared import (
    living,
    mean,
    openness,
    ratio,
    reach_of_communication,
    unit,
)

FRIEND, FRIEND_OF_FRIEND, CLOSURE, STRANGER, SEARCH = 0, 1, 2, 3, 4
"""Draws: a column of one's own, a column of the partner's, which way to look, whom, whether."""

FIRST_STRENGTH = 0.05


def ties(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Strength follows worth; a candidate worth more than the weakest tie may take its place.

    Worth = ict · own skill · sqrt(the other's openness) · D / (D + mean D), with D the other's
    data. Candidates come from partners as they were, and from all who live.
    """
    before = [list(organization.partners) for organization in society.organizations]
    typical = mean(organization.data for organization in living(society))
    reach = reach_of_communication(society, parameters)

    def worth(organization: Organization, partner: int) -> float:
        if partner == NOBODY or not society.organizations[partner].alive:
            return 0.0
        other = society.organizations[partner]
        size = ratio(other.data, other.data + typical)
        open_part = math.sqrt(openness(other, parameters, levers))
        return reach * organization.skill * open_part * size

    society.flows.new_ties = [False] * len(society.organizations)
    for organization in society.organizations:
        worths = [worth(organization, partner) for partner in organization.partners]
        _strengthen(organization, worths, parameters)
        candidate = candidate_of(society, before, organization, parameters, chance)
        if candidate == NOBODY or not searches(organization, parameters, chance):
            continue
        column = weakest(society, organization)
        least = _strength_that_counts(society, organization, column)
        if worth(organization, candidate) > least + parameters.ties.cost:
            organization.partners[column] = candidate
            organization.strength[column] = FIRST_STRENGTH
            society.flows.new_ties[organization.place] = True


def _strengthen(organization: Organization, worths: list[float], parameters: Parameters) -> None:
    """Each tie goes a part of the way to its worth."""
    for column, (partner, worth) in enumerate(zip(organization.partners, worths, strict=True)):
        now = organization.strength[column]
        after = unit(now + parameters.ties.adaptation * (worth - now))
        kept = organization.alive and partner != NOBODY
        organization.strength[column] = after if kept else 0.0


def candidate_of(
    society: Society,
    partners: list[list[int]],
    organization: Organization,
    parameters: Parameters,
    chance: Chance,
) -> int:
    """A partner's partner, or anyone who lives; nobody if it will not do. By place."""
    place = organization.place
    if not organization.alive:
        return NOBODY
    if chance.uniform("ties", place, CLOSURE) < parameters.ties.closure:
        friend = partners[place][chance.below(PARTNERS, "ties", place, FRIEND)]
        column = chance.below(PARTNERS, "ties", place, FRIEND_OF_FRIEND)
        found = NOBODY if friend == NOBODY else partners[friend][column]
    else:
        everybody = living(society)
        found = everybody[chance.below(len(everybody), "ties", place, STRANGER)].place
    if found in (NOBODY, place) or found in partners[place]:
        return NOBODY
    return found if society.organizations[found].alive else NOBODY


def searches(organization: Organization, parameters: Parameters, chance: Chance) -> bool:
    """Whether it looks for a better partner this month; a hit spurs the search."""
    search = parameters.ties.search * (1 + 5 * parameters.ties.spur * organization.hit)
    return chance.uniform("ties", organization.place, SEARCH) < search


def weakest(society: Society, organization: Organization) -> int:
    """The column of the weakest tie, the first of equals."""
    columns = range(len(organization.partners))
    return min(columns, key=lambda one: _strength_that_counts(society, organization, one))


def _strength_that_counts(society: Society, organization: Organization, column: int) -> float:
    """The strength of a tie; 0 if the partner is missing or dead."""
    partner = organization.partners[column]
    if partner == NOBODY or not society.organizations[partner].alive:
        return 0.0
    return organization.strength[column]
