"""Trust, awareness, awakening (section 7.10)."""

from __future__ import annotations

import math

from datapolis.parameters import Parameters
from datapolis.policy import Levers
from reference.chance import Chance
from reference.people import KNOW, NOBODY, SPREADING, Citizen, Society
from reference.shared import mean, ratio, unit


def trust(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Good experience builds trust slowly, bad experience destroys it fast and teaches.

    Trust = trust + gain × good × (1 - trust) - losses × trust. Awareness = awareness + lessons ×
    (1 - awareness) - fading. A citizen is awake if its rights, and the awake it is tied to, reach
    its threshold. All at once: the awake are those of last month.
    """
    flows = society.flows
    flows.good = [
        _good_experience(society, place, parameters) for place in range(len(society.citizens))
    ]
    awake = [_awakes(society, citizen, parameters) for citizen in society.citizens]
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
    pairs = zip(flows.attention[place], flows.known[place], strict=True)
    return surplus + math.fsum(share * known for share, known in pairs) / 2


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


def _awake_share(society: Society, ties: list[int]) -> float:
    """The part of these ties that is awake; 0 without ties."""
    return mean(society.citizens[tie].awake for tie in ties if tie != NOBODY)
