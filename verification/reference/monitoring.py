"""12. Monitoring: government and outsiders watch each other (section 7.12)."""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import GOVERNMENT, MARKET, SOCIAL, Society
from verification.reference.shared import creative_power, mean_openness_of_agencies, ratio, unit

SPEED = 0.1
"""Part of the way to what is wanted that watching goes in a month."""


def monitoring(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Each side watches 3 · its sight · (base + reaction · being watched), and gets there slowly.

    Sight comes from creative power; outsiders see government only as far as it is open. Both
    answer what the other did last month.
    """
    choices = parameters.monitoring
    government, outsiders = sights(society, parameters, levers)
    by_government, by_society = society.watching_government, society.watching_society
    society.watching_government = watching(
        by_government, government, choices.base + choices.government_reaction * by_society
    )
    society.watching_society = watching(
        by_society, outsiders, choices.base + choices.society_reaction * by_government
    )
    society.flows.sight = [government, outsiders]


def sights(society: Society, parameters: Parameters, levers: Levers) -> tuple[float, float]:
    """How well government can see outsiders, and how well outsiders can see government."""
    half_sight = parameters.power.reference / 3
    inside = creative_power(society, GOVERNMENT)
    outside = creative_power(society, MARKET) + creative_power(society, SOCIAL)
    openness = mean_openness_of_agencies(society, parameters, levers)
    government = ratio(inside, inside + half_sight)
    return government, ratio(outside, outside + half_sight) * math.sqrt(openness)


def watching(now: float, sight: float, provocation: float) -> float:
    """How closely one side watches the other, a month later."""
    return now + SPEED * (unit(3 * sight * provocation) - now)
