"""16. Law follows technology with a lag; regulators fear for prosperity (section 7.16)."""

from __future__ import annotations

from collections.abc import Callable

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import GOVERNMENT, Citizen, Society
from verification.reference.shared import mean, softmax, unit

MOVE, WHERE = 0, 1
"""Draws of a firm: whether it chooses its region anew, and which it chooses."""


def law(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Law closes part of its gap to technology, faster the more it is demanded.

    Enforcement moves toward what a regulator wants who weighs strictness against the firms that
    would leave, less what lobbying turns, as far as it is able. Firms move to lenient regions.
    """
    strictness = [region.enforcement for region in society.regions]
    _find_demand(society, parameters)
    _find_race(society, parameters, levers)
    _find_capacity(society, levers)
    for place, region in enumerate(society.regions):
        speed = society.flows.demand[place] * (1 + 4 * levers.legislation_speed)
        gap = max(0.0, society.technology - region.law)
        region.law = unit(region.law + min(1.0, speed / parameters.law.lag) * gap)
        wanted = unit(1 - society.flows.race[place]) * (1 - society.flows.capture)
        wanted *= society.flows.capacity[place]
        region.enforcement = unit(region.enforcement + 0.05 * (wanted - region.enforcement))
    _move_firms(society, parameters, chance, strictness)


def mean_by_region(society: Society, value: Callable[[int, Citizen], float]) -> list[float]:
    """The mean of a value, told by the place of the citizen and the citizen, in each region."""
    found: list[list[float]] = [[] for _ in society.regions]
    for place, citizen in enumerate(society.citizens):
        found[citizen.region].append(value(place, citizen))
    return [mean(values) for values in found]


def _find_demand(society: Society, parameters: Parameters) -> None:
    """Demand = base + mean of harm, unfair prices, and awareness (in full if one is awake)."""
    flows = society.flows

    def grievance(place: int, citizen: Citizen) -> float:
        voice = citizen.awareness * (0.5 + 0.5 * citizen.awake)
        return flows.harm[place] + flows.unfair[place] + voice

    flows.demand = [
        unit(parameters.law.base_demand + grievances)
        for grievances in mean_by_region(society, grievance)
    ]


def _find_race(society: Society, parameters: Parameters, levers: Levers) -> None:
    """What a regulator holds back for fear of other regions: the loss of firms over strictness."""
    flows = society.flows
    choices = parameters.law

    def concern(place: int, citizen: Citizen) -> float:
        return flows.harm[place] + flows.unfair[place] + citizen.awareness

    shares = softmax([-choices.mobility * region.enforcement for region in society.regions])
    growth = choices.growth_weight * len(society.regions) ** choices.growth_scale
    fear = growth * (1 - levers.regional_coordination) * choices.mobility
    flows.race = [
        fear * share * (1 - share) / (choices.strictness_weight * (0.1 + concerns))
        for share, concerns in zip(shares, mean_by_region(society, concern), strict=True)
    ]


def _find_capacity(society: Society, levers: Levers) -> None:
    """A regulator is as able as government is competent, or as its inspectors are many."""
    society.flows.capacity = [
        0.3 + 0.7 * max(competence[GOVERNMENT], levers.enforcement_capacity)
        for competence in society.flows.competence
    ]


def _move_firms(
    society: Society, parameters: Parameters, chance: Chance, strictness: list[float]
) -> None:
    """A few firms that are not national choose their region anew, by how lenient it was."""
    chances = softmax([-4 * parameters.law.mobility * strict for strict in strictness])
    for firm in society.firms:
        if not firm.alive or firm.national:
            continue
        if chance.uniform("law", firm.place, MOVE) < parameters.law.move:
            firm.region = chosen(chances, chance.uniform("law", firm.place, WHERE))


def chosen(chances: list[float], number: float) -> int:
    """The first place at which the chances, added up, exceed a number."""
    together = 0.0
    for place, part in enumerate(chances):
        together += part
        if number < together:
            return place
    return len(chances) - 1
