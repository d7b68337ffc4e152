"""Breaches: attacks, leaks and their spread, security, lawbreakers, and harm (section 7.8)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import (
    GOVERNMENT,
    MONTHS_OF_ALERT,
    NOBODY,
    Citizen,
    Organization,
    Society,
)
from verification.reference.shared import (
    held,
    mean,
    pressure_at,
    pressure_of_law,
    protection,
    ratio,
    ties_of,
)

STRUCK, INFECTED, SHARE_LOST = 0, 1, 2
"""The numbers of the draws."""


@dataclass
class Threat:
    """What an organization is up against this month."""

    holding: float
    """What lies open to whoever breaks in, in reference holdings."""
    attacks: float
    """The rate of attacks."""
    weakness: float
    """Success of an attack, relative to that without any security."""


def breaches(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Attacks come where data are, succeed where security is weak, and spread against ties.

    Rate of attacks = base rate × shocks × lawbreakers × (.2 + frontier) × holding^.6. One that is
    struck, or tied to one that was, loses a share of what it holds, with a heavy tail. Security
    moves a tenth of the way to what an expected loss is worth; lawbreakers come when it pays. What
    leaks about a person is the holder's own; it becomes stray, is copied, and fades slowly; copies
    get lost. Harm = 1 - exp(-(weight × what leaked × how well it is understood + weight ×
    lawbreakers × what they know)).
    """
    lawbreaking = society.lawbreakers * (1 + society.leaked_stock)
    threats = [_threat(society, one, lawbreaking, parameters) for one in society.organizations]
    lost = _shares_lost(society, threats, parameters, chance)
    society.flows.leaked_share = lost
    society.flows.leaked = [
        share * threat.holding for share, threat in zip(lost, threats, strict=True)
    ]
    _secure(society, threats, parameters, levers)
    _recruit(society, threats, parameters)
    _leak_and_harm(society, lawbreaking, parameters, levers)
    _infer(society, parameters)
    _raise_alert(society)


# Who is hit


def _threat(
    society: Society, one: Organization, lawbreaking: float, parameters: Parameters
) -> Threat:
    rules = parameters.breaches
    exposed = society.flows.exposed[one.place]
    holding = len(society.organizations) * exposed / rules.reference_data
    pull = rules.attack_rate * society.flows.attacks * lawbreaking * (0.2 + society.technology)
    return Threat(holding, pull * holding**0.6, 1 / (1 + rules.security_effect * one.security))


def _shares_lost(
    society: Society, threats: list[Threat], parameters: Parameters, chance: Chance
) -> list[float]:
    """f: the share each organization loses; 0 for those that are not hit."""
    struck = [
        one.alive and _is_struck(one, threat, parameters, chance)
        for one, threat in zip(society.organizations, threats, strict=True)
    ]
    lost = []
    for one in society.organizations:
        infected = one.alive and _is_infected(society, one, struck, parameters, chance)
        is_hit = struck[one.place] or infected
        lost.append(_share_lost(one, parameters, chance) if is_hit else 0.0)
    return lost


def _is_struck(one: Organization, threat: Threat, parameters: Parameters, chance: Chance) -> bool:
    success = parameters.breaches.vulnerability * threat.weakness
    return chance.uniform("breaches", one.place, STRUCK) < 1 - math.exp(-threat.attacks * success)


def _is_infected(
    society: Society,
    one: Organization,
    struck: list[bool],
    parameters: Parameters,
    chance: Chance,
) -> bool:
    """A leak comes back along the ties that an organization has to those that were struck."""
    spared = 1.0
    for partner, strength in ties_of(society, one):
        if struck[partner.place]:
            spared *= 1 - parameters.breaches.contagion * strength
    return chance.uniform("breaches", one.place, INFECTED) < 1 - spared


def _share_lost(one: Organization, parameters: Parameters, chance: Chance) -> float:
    number = chance.uniform("breaches", one.place, SHARE_LOST)
    rules = parameters.breaches
    return min(1.0, rules.smallest_leak * number ** (-1 / rules.tail))


def mean_share_lost(parameters: Parameters) -> float:
    """m_f: the mean of the share lost by one that is hit."""
    smallest, tail = parameters.breaches.smallest_leak, parameters.breaches.tail
    below_all = tail * smallest**tail * (1 - smallest ** (1 - tail)) / (1 - tail)
    return below_all + smallest**tail


# Those who defend, and those who attack


def _secure(
    society: Society, threats: list[Threat], parameters: Parameters, levers: Levers
) -> None:
    """Security moves a tenth of the way to what an expected loss is worth to its holder."""
    rules = parameters.breaches
    mean_lost = mean_share_lost(parameters)
    for one, threat in zip(society.organizations, threats, strict=True):
        if not one.alive:
            one.security = 0.0
            continue
        by_law = rules.liability + (1 - rules.liability) * pressure_at(society, one)
        liability = max(by_law, levers.security_standard)
        loss = threat.holding * rules.loss * liability * mean_lost
        at_stake = rules.security_effect * threat.attacks * rules.vulnerability * loss
        worth_it = max(0.0, math.sqrt(at_stake) - 1) / rules.security_effect
        one.security += 0.1 * (worth_it - one.security)


def _recruit(society: Society, threats: list[Threat], parameters: Parameters) -> None:
    """Lawbreakers come while their gain a head is above its cost; leaked data pile up."""
    rules = parameters.breaches
    living = [
        (threat, leaked)
        for one, threat, leaked in zip(
            society.organizations, threats, society.flows.leaked, strict=True
        )
        if one.alive
    ]
    prey = mean(threat.holding**1.6 * threat.weakness for threat, _ in living)
    skill = (1 + society.leaked_stock) * (0.2 + society.technology)
    gain = rules.loot * skill * prey / (1 + society.lawbreakers / rules.crowding)
    law = mean(pressure_of_law(region) for region in society.regions)
    profit = held(gain - rules.crime_cost * (1 + 4 * law), -1.0, 1.0)
    society.lawbreakers = held(
        society.lawbreakers * math.exp(rules.recruitment * profit), 0.02, 50.0
    )
    society.leaked_stock = 0.97 * society.leaked_stock + mean(leaked for _, leaked in living)


# What leaks about whom


def _leak_and_harm(
    society: Society, lawbreaking: float, parameters: Parameters, levers: Levers
) -> None:
    """Leaks become stray, stray is copied and fades, and what is known of a citizen harms."""
    flows, rules = society.flows, parameters.breaches
    by_region = [_leaks_of_servants(society, region) for region in range(len(society.regions))]
    frontier = society.technology
    flows.harm, flows.held = [], []
    exposures = []
    for place, citizen in enumerate(society.citizens):
        leaked, by_agencies, by_associations = by_region[citizen.region]
        by_firms, from_firms = _leaks_of_firms(society, place)
        _add_stray(society, citizen, leaked + from_firms, parameters, levers)
        by_lawbreakers = rules.scam * min(lawbreaking, 10.0)
        by_lawbreakers *= 1 - math.exp(-2 * frontier * citizen.stray)
        by_holders = (rules.leak_harm * one for one in (by_agencies, by_firms, by_associations))
        exposure = (*by_holders, by_lawbreakers)
        exposures.append(exposure)
        flows.harm.append(1 - math.exp(-math.fsum(exposure)))
        about = math.fsum(citizen.profile) + citizen.stray
        flows.held.append(1 - math.exp(-2 * frontier * about))
    flows.harm_holder = [mean(of_holder) for of_holder in zip(*exposures, strict=True)]


def _leaks_of_servants(society: Society, region: int) -> tuple[float, float, float]:
    """What agencies and associations that serve a region leak of each citizen there.

    The data that leak, and how much is understood of them, from agencies and from associations.
    """
    leaked = by_agencies = by_associations = 0.0
    for one in (*society.agencies, *society.associations):
        if not (one.national or one.region == region):
            continue
        share = society.flows.leaked_share[one.place]
        of_each = one.data * (1 if one.national else len(society.regions))
        leaked += share * of_each
        understood = share * (1 - math.exp(-2 * one.skill * of_each))
        if one.sector == GOVERNMENT:
            by_agencies += understood
        else:
            by_associations += understood
    return leaked, by_agencies, by_associations


def _leaks_of_firms(society: Society, place: int) -> tuple[float, float]:
    """How much is understood of what a citizen's firms leak, and the data that leak."""
    citizen = society.citizens[place]
    understood = leaked = 0.0
    for slot, number in enumerate(citizen.uses):
        share = society.flows.leaked_share[society.firms[number].place]
        understood += share * society.flows.known[place][slot]
        leaked += share * citizen.profile[slot]
    return understood, leaked


def _add_stray(
    society: Society, citizen: Citizen, leaked: float, parameters: Parameters, levers: Levers
) -> None:
    """What leaks joins the stray; copies multiply, get lost, and keep it from fading."""
    rules = parameters.breaches
    stray = citizen.stray + leaked
    copies = max(citizen.copies, ratio(leaked, stray))
    made = rules.copying * copies * max(0.0, 1 - copies / rules.copy_room)
    copies += made - rules.copy_loss * copies
    citizen.copies = copies
    protected = protection(society.regions[citizen.region], levers)
    recalled = 0.3 * levers.data_ownership * protected
    citizen.stray = stray * (1 - rules.stray_decay / (1 + copies)) * (1 - recalled)


def _infer(society: Society, parameters: Parameters) -> None:
    """What is known of a citizen who shares nothing, by what is known of kin."""
    known = society.flows.held
    society.flows.inferred = [
        parameters.breaches.correlation**2
        * mean(known[tie] for tie in citizen.strong if tie != NOBODY)
        for citizen in society.citizens
    ]


def _raise_alert(society: Society) -> None:
    """Those hit by a breach or a shock are on the alert for six months."""
    flows = society.flows
    for one in society.organizations:
        one.hit = flows.leaked_share[one.place] > 0 or flows.shocked[one.place]
        one.alert = MONTHS_OF_ALERT if one.hit else max(0, one.alert - 1)
