"""Pricing: personal prices, rivals who undercut them, kin who compare (section 7.4)."""

from __future__ import annotations

import math

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import NOBODY, STRONG_TIES, Citizen, Society
from verification.reference.shared import (
    held,
    logit_step,
    pressure_at,
    ratio,
    unit,
)

SEES_RANK, RANDOM_RANK, COMPARED_WITH = 0, 1, 2
"""The numbers of the draws; the first two belong to a citizen and a slot."""

EIGHTHS = 8


def pricing(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Firms ask each citizen a price between one for all and a personal one.

    Price = common price + discrimination × (personal price - common price), at least the cost; it
    is bought if income covers it. Kin compare prices at the firms they share, and mind what is
    above tolerance. Discrimination moves (on the logit scale) by adaptation × (what wholly personal
    prices add to profit - fines to be expected - users' awareness + pull of the others' practice).
    """
    flows = society.flows
    flows.common_price = common_prices(society, parameters)
    table = price_table(society, parameters)
    personal = [
        _personal_prices(society, place, table, parameters, levers, chance)
        for place in range(len(society.citizens))
    ]
    flows.price = [
        [_asked(society, number, parameters, offer) for number, offer in _slots(citizen, offers)]
        for citizen, offers in zip(society.citizens, personal, strict=True)
    ]
    _sell(society, parameters, personal)
    over = _overcharges(society, parameters, chance)
    flows.unfair = [
        unit(parameters.pricing.watching * math.fsum(_weighted(society, place, over[place])))
        for place in range(len(society.citizens))
    ]
    _learn(society, parameters, _detection(society, parameters, over))
    for firm in society.firms:
        if not firm.alive:
            flows.common_price[firm.number] = math.nan


def _slots(citizen: Citizen, values: list[float]) -> zip[tuple[int, float]]:
    return zip(citizen.uses, values, strict=True)


def _weighted(society: Society, place: int, values: list[float]) -> list[float]:
    """The values of a citizen's slots, each times the attention it gets."""
    shares = society.flows.attention[place]
    return [share * value for share, value in zip(shares, values, strict=True)]


# Prices


def price_table(society: Society, parameters: Parameters) -> list[list[float]]:
    """The best price for each segment of incomes and each eighth of knowing: table[k][eighth].

    Segment k is believed with probability psi; else a buyer may be anybody. The best price is the
    income quantile with the largest (price - cost) × (chance that the buyer can pay).
    """
    segments = number_of_segments(parameters)
    return [
        [
            _best_price(society.income_quantiles, parameters.pricing.cost, segments, k, eighth)
            for eighth in range(EIGHTHS + 1)
        ]
        for k in range(segments)
    ]


def number_of_segments(parameters: Parameters) -> int:
    """Whole, from 1 to 32."""
    return int(held(round(parameters.pricing.segments), 1, 32))


def _best_price(
    quantiles: list[float], cost: float, segments: int, segment: int, eighth: int
) -> float:
    known = eighth / EIGHTHS
    best, best_profit = quantiles[0], -math.inf
    for place, price in enumerate(quantiles):
        level = (place + 0.5) / len(quantiles)
        can_pay_in_segment = unit(segment + 1 - segments * level)
        can_pay = known * can_pay_in_segment + (1 - known) * (1 - level)
        profit = (price - cost) * can_pay
        if profit > best_profit:
            best, best_profit = price, profit
    return best


def common_prices(society: Society, parameters: Parameters) -> list[float]:
    """p0: what each firm asks of everybody, by the monopoly price and by rivals' offers."""
    monopoly = _best_price(society.income_quantiles, parameters.pricing.cost, 1, 0, 0)
    rivalry, weight = parameters.pricing.rivalry, parameters.pricing.price_weight
    prices = []
    for firm in society.firms:
        markup = 1 / (weight * max(1 - firm.user_share, 1e-30))
        compared = min(monopoly, parameters.pricing.cost + markup)
        prices.append((1 - rivalry) * monopoly + rivalry * compared)
    return prices


def _personal_prices(
    society: Society,
    place: int,
    table: list[list[float]],
    parameters: Parameters,
    levers: Levers,
    chance: Chance,
) -> list[float]:
    """P: what the firm in each slot would ask of this citizen, were it free to."""
    citizen, flows = society.citizens[place], society.flows
    rules = parameters.pricing
    band = 10 * (1 - levers.pricing_ban) ** 3
    lock = parameters.attention.switching_cost * (1 - levers.portability)
    prices = []
    for slot, number in enumerate(citizen.uses):
        known = flows.known[place][slot]
        segment = _segment(citizen, slot, known, len(table), chance)
        best = table[segment][round(known * EIGHTHS)]
        compared = min(best, rules.cost + (lock + flows.lead[place][slot]) / rules.price_weight)
        offer = (1 - rules.rivalry) * best + rules.rivalry * compared
        common = flows.common_price[number]
        prices.append(held(offer, common - band, common + band))
    return prices


def _segment(citizen: Citizen, slot: int, known: float, segments: int, chance: Chance) -> int:
    """The segment a firm believes in: of the true rank if it sees it, else of a random one."""
    identity = citizen.identity
    sees = chance.uniform_of_pair("pricing", identity, slot, SEES_RANK) < known
    guess = chance.uniform_of_pair("pricing", identity, slot, RANDOM_RANK)
    rank = citizen.rank if sees else guess
    return min(math.floor(rank * segments), segments - 1)


def _asked(society: Society, number: int, parameters: Parameters, offer: float) -> float:
    common = society.flows.common_price[number]
    practice = society.firms[number].discrimination
    return max(parameters.pricing.cost, common + practice * (offer - common))


# Sales


def _sell(society: Society, parameters: Parameters, personal: list[list[float]]) -> None:
    """Revenue and surplus at the prices asked, at wholly personal ones, and at common ones."""
    flows, cost = society.flows, parameters.pricing.cost
    common = [
        [flows.common_price[number] for number in citizen.uses] for citizen in society.citizens
    ]
    wholly = [[max(offer, cost) for offer in offers] for offers in personal]
    flows.revenue, flows.surplus = _sales(society, parameters, flows.price)
    most, _ = _sales(society, parameters, wholly)
    least, flows.common_surplus = _sales(society, parameters, common)
    flows.pricing_gain = [
        ratio(high, low, otherwise=1.0) - 1 if firm.alive else math.nan
        for firm, high, low in zip(society.firms, most, least, strict=True)
    ]


def _sales(
    society: Society, parameters: Parameters, prices: list[list[float]]
) -> tuple[list[float], list[float]]:
    """Revenue of each firm per citizen, and surplus of each citizen, at these prices."""
    revenue = [0.0] * len(society.firms)
    surplus = []
    for place, citizen in enumerate(society.citizens):
        gained = 0.0
        for slot, number in enumerate(citizen.uses):
            price = prices[place][slot]
            if citizen.income >= price:
                activity = parameters.pricing.basket * time_spent(society, place, slot)
                revenue[number] += activity * (price - parameters.pricing.cost)
                gained += activity * (citizen.income - price)
        surplus.append(gained)
    return [earned / len(society.citizens) for earned in revenue], surplus


def time_spent(society: Society, place: int, slot: int) -> float:
    """Attention to a slot times time online."""
    return society.flows.attention[place][slot] * society.flows.online[place]


# Being seen, and practice


def _overcharges(society: Society, parameters: Parameters, chance: Chance) -> list[list[float]]:
    """How much more than one of kin each citizen pays at the firms both use, beyond tolerance."""
    return [
        _overcharge(society, place, parameters, chance) for place in range(len(society.citizens))
    ]


def _overcharge(
    society: Society, place: int, parameters: Parameters, chance: Chance
) -> list[float]:
    citizen = society.citizens[place]
    column = chance.below(STRONG_TIES, "pricing", citizen.identity, COMPARED_WITH)
    tie = citizen.strong[column]
    if tie == NOBODY:
        return [0.0] * len(citizen.uses)
    theirs = dict(zip(society.citizens[tie].uses, society.flows.price[tie], strict=True))
    over = []
    for number, price in _slots(citizen, society.flows.price[place]):
        more = price / theirs[number] - 1 if number in theirs else 0.0
        over.append(max(0.0, more - parameters.pricing.tolerance))
    return over


def _detection(society: Society, parameters: Parameters, over: list[list[float]]) -> list[float]:
    """q: how likely a firm's practice is found out, by what kin see."""
    noticed = [0.0] * len(society.firms)
    for place, citizen in enumerate(society.citizens):
        weighted = _weighted(society, place, over[place])
        for number, amount in _slots(citizen, weighted):
            noticed[number] += parameters.pricing.watching * amount
    chances = []
    for firm, amount in zip(society.firms, noticed, strict=True):
        seen = ratio(amount / len(society.citizens), firm.user_share)
        unseen = math.exp(-parameters.pricing.witness * seen)
        chances.append(1 - (1 - parameters.pricing.detection) * unseen)
    return chances


def _learn(society: Society, parameters: Parameters, detection: list[float]) -> None:
    """Fines are paid, and discrimination moves toward what pays."""
    flows, rules = society.flows, parameters.pricing
    aware = society.flows.users_awareness
    usual = math.fsum(firm.user_share * firm.discrimination for firm in society.firms)
    flows.fines = []
    for firm in society.firms:
        expected = rules.fine * pressure_at(society, firm) * detection[firm.number]
        due = expected * firm.discrimination * flows.revenue[firm.number]
        flows.fines.append(min(firm.wealth / 2, due))
        if firm.alive:
            push = flows.pricing_gain[firm.number] - expected
            push -= rules.backlash * aware[firm.number]
            push += rules.pressure * (usual - firm.discrimination)
            firm.discrimination = logit_step(firm.discrimination, rules.adaptation * push)
