"""Technology: the frontier grows, and more slowly where trust is lost (section 7.1)."""

from __future__ import annotations

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import Society
from verification.reference.shared import mean, unit


def technology(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Logistic growth of the frontier.

    New frontier = frontier + growth × frontier × what is left to reach × (autonomy + mean trust).
    """
    frontier = society.technology
    mean_trust = mean(citizen.trust for citizen in society.citizens)
    push = parameters.technology.autonomy + mean_trust
    grown = parameters.technology.growth * frontier * (1 - frontier) * push
    society.technology = unit(frontier + grown)
