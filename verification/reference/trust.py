"""Trust, awareness, awakening (section 7.10)."""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import KNOW, NOBODY, SPREADING, Citizen, Society
from verification.reference.shared import mean, ratio, unit

TIRES = 0
"""The number of the draw."""


def trust(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Good experience builds trust slowly, bad experience destroys it fast and teaches.

    Trust = trust + gain × good × (1 - trust) - losses × trust. Awareness = awareness + lessons ×
    (1 - awareness) - fading. A citizen is awake if its rights, and the awake it is tied to, reach
    its threshold; one who was awake may tire. All at once: the awake are those of last month. What
    is counted as gain = surplus + weight × service - weight × harm.
    """
    flows = society.flows
    flows.good = [
        _good_experience(society, place, parameters) for place in range(len(society.citizens))
    ]
    flows.service = [_service(society, place) for place in range(len(society.citizens))]
    worth = parameters.welfare
    flows.gain = [
        surplus + worth.service * service - worth.harm * harm
        for surplus, service, harm in zip(flows.surplus, flows.service, flows.harm, strict=True)
    ]
    awake = [
        _awakes(society, citizen, parameters) and not _tires(citizen, parameters, chance)
        for citizen in society.citizens
    ]
    for place, citizen in enumerate(society.citizens):
        unfair, harm = flows.unfair[place], flows.harm[place]
        citizen.trust = _trust(citizen, flows.good[place], unfair, harm, parameters)
        citizen.awareness = _awareness(citizen, unfair, harm, parameters)
        citizen.awake = awake[place]


def _good_experience(society: Society, place: int, parameters: Parameters) -> float:
    """Surplus of what is bought, and help by being known."""
    flows = society.flows
    spent = parameters.pricing.basket * flows.online[place]
    surplus = unit(ratio(flows.surplus[place], spent))
    return surplus + _help(society, place) / 2


def _help(society: Society, place: int) -> float:
    """How well a citizen is known where attention is spent."""
    flows = society.flows
    pairs = zip(flows.attention[place], flows.known[place], strict=True)
    return math.fsum(share * known for share, known in pairs)


def _service(society: Society, place: int) -> float:
    """Time online, weighted by how well a citizen is known where it is spent."""
    return society.flows.online[place] * _help(society, place)


def _trust(
    citizen: Citizen, good: float, unfair: float, harm: float, parameters: Parameters
) -> float:
    rules = parameters.trust
    spreading = citizen.rumour == SPREADING
    loss = rules.unfair_loss * unfair + rules.harm_loss * harm + rules.rumour_loss * spreading
    gained = rules.gain * good * (1 - citizen.trust)
    return unit(citizen.trust + gained - unit(loss) * citizen.trust)


def _awareness(citizen: Citizen, unfair: float, harm: float, parameters: Parameters) -> float:
    rules = parameters.trust
    lesson = 5 * rules.unfair_lesson * unfair + rules.harm_lesson * harm
    lesson += rules.known_lesson * citizen.rights[KNOW]
    learnt = (1 - citizen.awareness) * unit(lesson)
    return unit(citizen.awareness + learnt - rules.awareness_decay * citizen.awareness)


def _awakes(society: Society, citizen: Citizen, parameters: Parameters) -> bool:
    """Whether rights and example reach the threshold of a citizen."""
    rules = parameters.trust
    strong = _awake_share(society, citizen.strong)
    weak = _awake_share(society, citizen.weak)
    call = mean(citizen.rights) + rules.example * (2 * strong + weak) / 3
    threshold = rules.threshold + rules.threshold_spread * citizen.reluctance
    return call >= max(0.05, threshold)


def _tires(citizen: Citizen, parameters: Parameters, chance: Chance) -> bool:
    """Whether one who was awake last month tires."""
    tired = chance.uniform("trust", citizen.identity, TIRES) < parameters.trust.weariness
    return citizen.awake and tired


def _awake_share(society: Society, ties: list[int]) -> float:
    """The part of these ties that is awake; 0 without ties."""
    return mean(society.citizens[tie].awake for tie in ties if tie != NOBODY)
