"""Rumours: one controversy at a time, told over kin and over strangers (section 7.9)."""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import (
    NOBODY,
    SPREADING,
    STIFLED,
    UNHEARD,
    Citizen,
    Controversy,
    Society,
)
from verification.reference.shared import mean, reach_of_communication, unit

BLOCK_BEGINS, TOLD, BEGINS = 0, 1, 9
"""The numbers of the draws."""

BLOCK = 8
OVER_BELOW = 0.001


def rumours(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """An unheard citizen is told by ties that spread; one who spreads tires of ties that know.

    Chance not to be told = (1 - strong transmission)^(strong ties that spread) × (1 - weak
    transmission × reach of communication)^(weak ties that spread). A spreading citizen goes on with
    chance (1 - stifling × transmission)^(ties that know), if it does not forget by itself.
    """
    spreading = mean(citizen.rumour == SPREADING for citizen in society.citizens)
    if spreading < OVER_BELOW:
        heard = _share_heard(society)
        if heard > 0:
            society.controversy.reach = heard
        if chance.uniform("rumours", 0, BEGINS) < parameters.rumours.rate:
            _begin(society, parameters, chance)
    told = [
        _after_talk(society, citizen, parameters, levers, chance) for citizen in society.citizens
    ]
    for citizen, rumour in zip(society.citizens, told, strict=True):
        citizen.rumour = rumour
    _keep_time(society)


def _share_heard(society: Society) -> float:
    return mean(citizen.rumour != UNHEARD for citizen in society.citizens)


def _begin(society: Society, parameters: Parameters, chance: Chance) -> None:
    """Everybody is unheard, but for the neighbourhoods in which the controversy begins."""
    society.controversy = Controversy(reach=society.controversy.reach)
    for citizen in society.citizens:
        block = citizen.identity // BLOCK
        begins = chance.uniform("rumours", block, BLOCK_BEGINS) < parameters.rumours.seed
        citizen.rumour = SPREADING if begins else UNHEARD


def _after_talk(
    society: Society, citizen: Citizen, parameters: Parameters, levers: Levers, chance: Chance
) -> int:
    """What a citizen is after this month's talk."""
    number = chance.uniform("rumours", citizen.identity, TOLD)
    if citizen.rumour == UNHEARD:
        believes = _chance_to_believe(society, citizen, parameters)
        return SPREADING if number < believes else UNHEARD
    if citizen.rumour == SPREADING:
        tires = _chance_to_tire(society, citizen, parameters, levers)
        return STIFLED if number < tires else SPREADING
    return STIFLED


def _transmission(society: Society, parameters: Parameters) -> tuple[float, float]:
    """Telling over a strong tie, and over a weak one."""
    reach = reach_of_communication(society, parameters)
    rules = parameters.rumours
    return rules.strong_transmission, rules.weak_transmission * reach


def _chance_to_believe(society: Society, citizen: Citizen, parameters: Parameters) -> float:
    """The chance to be told by as many as it takes."""
    strong, weak = _transmission(society, parameters)
    by_strong = _count(society, citizen.strong, (SPREADING,))
    by_weak = _count(society, citizen.weak, (SPREADING,))
    by_nobody = (1 - strong) ** by_strong * (1 - weak) ** by_weak
    if parameters.rumours.tellers < 1.5:
        return 1 - by_nobody
    by_one = by_nobody * (by_strong * strong / (1 - strong) + by_weak * weak / (1 - weak))
    return 1 - by_nobody - by_one


def _chance_to_tire(
    society: Society, citizen: Citizen, parameters: Parameters, levers: Levers
) -> float:
    """The chance to lose interest, by meeting those who know or by oneself."""
    strong, weak = _transmission(society, parameters)
    rules = parameters.rumours
    knowing_strong = _count(society, citizen.strong, (SPREADING, STIFLED))
    knowing_weak = _count(society, citizen.weak, (SPREADING, STIFLED))
    met_nobody = (1 - rules.stifling * strong) ** knowing_strong
    met_nobody *= (1 - rules.stifling * weak) ** knowing_weak
    by_itself = unit(rules.forgetting + levers.rumour_correction / 2)
    return 1 - met_nobody * (1 - by_itself)


def _count(society: Society, ties: list[int], states: tuple[int, ...]) -> int:
    return sum(society.citizens[tie].rumour in states for tie in ties if tie != NOBODY)


def _keep_time(society: Society) -> None:
    """The controversy grows a month older; the month in which half have heard is kept."""
    controversy, heard = society.controversy, _share_heard(society)
    controversy.age += 1
    if math.isnan(controversy.half_time) and heard >= 0.5:
        controversy.half_time = controversy.age
