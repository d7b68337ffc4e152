"""14. Governance: compound problems, who joins in solving them, by order or as equals (7.14)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import (
    GOVERNMENT,
    MANDATES,
    MARKET,
    SECTORS,
    SOCIAL,
    Region,
    Society,
)
from verification.reference.shared import crossing, power_by_region, ratio, sigmoid, ties_of, unit

PUBLIC = 0
"""The first of a sector's aims."""


@dataclass(frozen=True)
class Problems:
    """What it takes to solve a region's problems."""

    competence: list[float]
    """By sector, from 0 to .8."""
    capabilities: float

    def solved(self, effort_of_firms: float, effort_of_associations: float) -> float:
        """The part of problems that is solved when each sector makes such an effort."""
        government, firms, associations = self.competence
        failing = (
            (1 - government)
            * (1 - firms * effort_of_firms)
            * (1 - associations * effort_of_associations)
        )
        return (1 - failing) ** self.capabilities


def governance(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """By region: who would join, which mode brings government more, and what is solved.

    A region moves toward dealing as equals as far as that brings government more than order does.
    Then the sectors' aims drift toward those of their partners and back to their mandates.
    """
    flows = society.flows
    cross = crossing(society)
    powers = power_by_region(society)
    flows.competence, flows.joins = [], []
    flows.solved, flows.solved_alone, flows.effort = [], [], []
    for region, by_sector in zip(society.regions, powers, strict=True):
        problems = problems_of(society, parameters, by_sector)
        joins = who_joins(problems, society.aims, parameters, levers, cross)
        flows.competence.append(problems.competence)
        flows.joins.append(joins)
        flows.solved_alone.append(problems.solved(0.0, 0.0))
        share = ratio(by_sector[GOVERNMENT], math.fsum(by_sector))
        _choose_mode(region, problems, joins, share, cross, parameters, levers)
        flows.solved.append(_solve(region, problems, joins, parameters))
        flows.effort.append(_effort(region, joins, parameters))
    society.aims = drifted_aims(society, parameters)


def problems_of(society: Society, parameters: Parameters, by_sector: list[float]) -> Problems:
    """Competence grows with base power in the region; technology makes problems complex."""
    choices = parameters.governance
    regions = len(society.regions)
    competence = [
        0.8 * ratio(regions * power, regions * power + choices.needed) for power in by_sector
    ]
    return Problems(competence, choices.capabilities + choices.complexity * society.technology)


def who_joins(
    problems: Problems,
    aims: list[list[float]],
    parameters: Parameters,
    levers: Levers,
    cross: float,
) -> list[float]:
    """Whether firms and whether associations join (1 or 0).

    Associations answer first, with firms out; then firms; then associations again.
    """
    choices = parameters.governance
    cost = choices.joining_cost * (1 - levers.association_support) * (1 - cross / 2)

    def joins(sector: int, added: float) -> float:
        worth = choices.joining_benefit * (0.3 + aims[sector][PUBLIC]) * added
        return 1.0 if worth > cost else 0.0

    def associations_join(firms: float) -> float:
        return joins(SOCIAL, problems.solved(firms, 1.0) - problems.solved(firms, 0.0))

    at_first = associations_join(0.0)
    firms = joins(MARKET, problems.solved(1.0, at_first) - problems.solved(0.0, at_first))
    return [firms, associations_join(firms)]


def _choose_mode(
    region: Region,
    problems: Problems,
    joins: list[float],
    share: float,
    cross: float,
    parameters: Parameters,
    levers: Levers,
) -> None:
    """Partnership moves toward what it brings government, compared with order.

    `share` is government's share of power in the region.
    """
    choices = parameters.governance
    alone = problems.solved(0.0, 0.0)
    by_order = problems.solved(choices.compliance, choices.compliance)
    gain_of_talks = (
        alone + share * (problems.solved(*joins) - alone) - choices.talks_cost * (1 - cross / 2)
    )
    gain_of_order = by_order - choices.resistance * (1 - share) ** 2
    better = gain_of_talks - gain_of_order + 0.3 * levers.association_support
    wanted = sigmoid(choices.responsiveness * better)
    region.partnership = unit(region.partnership + 0.05 * (wanted - region.partnership))


def _solve(region: Region, problems: Problems, joins: list[float], parameters: Parameters) -> float:
    """What is solved in both modes together; the rest piles up, and legitimacy follows."""
    compliance = parameters.governance.compliance
    solved = region.partnership * problems.solved(*joins)
    solved += (1 - region.partnership) * problems.solved(compliance, compliance)
    region.backlog = 0.9 * region.backlog + 1 - solved
    region.legitimacy = unit(region.legitimacy + 0.05 * (solved - region.legitimacy))
    return solved


def _effort(region: Region, joins: list[float], parameters: Parameters) -> float:
    """Government's effort is 1; others make theirs by joining or by order."""
    by_order = 2 * parameters.governance.compliance
    return 1 + region.partnership * sum(joins) + (1 - region.partnership) * by_order


def drifted_aims(society: Society, parameters: Parameters) -> list[list[float]]:
    """Aims move toward those of the sectors one is tied to, and back toward the mandate."""
    drift = parameters.governance.drift
    shares = tie_shares_of_sectors(society)
    found = []
    for sector in SECTORS:
        aims = []
        for aim, now in enumerate(society.aims[sector]):
            around = math.fsum(
                shares[sector][other] * society.aims[other][aim] for other in SECTORS
            )
            aims.append(now + drift * (around - now) + drift * (MANDATES[sector][aim] - now))
        found.append(aims)
    return found


def tie_shares_of_sectors(society: Society) -> list[list[float]]:
    """By sector, the shares of its tie strength that lead to each sector; without ties its own."""
    strengths = [[0.0 for _ in SECTORS] for _ in SECTORS]
    for organization in society.organizations:
        for partner, strength in ties_of(society, organization):
            strengths[organization.sector][partner.sector] += strength
    return [
        [
            ratio(strength, math.fsum(row), otherwise=float(sector == other))
            for other, strength in enumerate(row)
        ]
        for sector, row in enumerate(strengths)
    ]
