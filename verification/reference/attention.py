"""Attention: citizens choose among firms, are steered, and go online (section 7.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import NOBODY, STRONG_TIES, Citizen, Firm, Society
from verification.reference.shared import (
    access,
    insight,
    living_firms,
    mean_over_firms_alive,
    protection,
    ratio,
    reach_of_communication,
    softmax,
)

WORTH_OF_THE_DEAD = -1e6

TIE_COLUMN, TIE_SLOT, SOCIAL, ANY_FIRM = 0, 1, 2, 3
STEERED, STEERED_COLUMN, LOOKS = 4, 5, 6
"""The numbers of the draws."""


@dataclass
class Choice:
    """What one citizen looks at this month, and whether it is taken."""

    looks: bool
    steered: bool
    candidate: int
    """Number of the firm that is shown; -1 for none, or if it does not count."""
    slot: int
    """The worst slot, which the candidate would take."""
    changes: bool


def attention(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Citizens compare the firms they use, look at one other, and divide their time.

    Worth of a firm to a citizen = its appeal (data-made quality, other users, own quality) + help
    by being known - concern at being known - concern at personal prices + taste. The worst slot
    goes to a candidate that is worth enough more; time is divided by the softmax of worth; time
    online = reach of communication × trust^elasticity × access; a firm's user share is its part of
    all attention.
    """
    market = Market(society, parameters, levers, chance)
    choices = [_choose(market, citizen) for citizen in society.citizens]
    _record_steering(society, choices)
    for citizen, choice in zip(society.citizens, choices, strict=True):
        if choice.changes:
            _change(citizen, choice, levers)
    _divide_time(market)
    _count_users(society)
    _ask_users(society)


class Market:
    """The firms as citizens see them this month: all as last month left them."""

    def __init__(
        self, society: Society, parameters: Parameters, levers: Levers, chance: Chance
    ) -> None:
        self.society = society
        self.parameters = parameters
        self.levers = levers
        self.chance = chance
        self.living = living_firms(society)
        self.appeal = self._appeals()
        self.protection = [protection(region, levers) for region in society.regions]

    def _appeals(self) -> list[float]:
        """A: data-made quality, the pull of other users, and own quality."""
        pulls = self.parameters.attention
        firms = self.society.firms
        reach = reach_of_communication(self.society, self.parameters)
        mean_creative = mean_over_firms_alive(self.society, [firm.creative for firm in firms])
        appeals = []
        for firm in firms:
            creative = ratio(firm.creative, mean_creative, otherwise=1.0)
            users = firm.user_share * len(self.living)
            appeals.append(
                pulls.quality_effect * reach * math.log((creative + 0.001) / 1.001)
                + pulls.network_effect * math.log((users + 0.01) / 1.01)
                + firm.quality
            )
        return appeals

    def worth(self, citizen: Citizen, number: int, profile: float) -> float:
        """U: what a firm that holds this profile is worth to a citizen."""
        firm = self.society.firms[number]
        if not firm.alive:
            return WORTH_OF_THE_DEAD
        pulls = self.parameters.attention
        known = insight(firm, profile)
        return (
            self.appeal[number]
            + pulls.personal_help * known
            - pulls.privacy_concern * citizen.awareness * known**2
            - pulls.price_concern * firm.discrimination * citizen.awareness
            + self.chance.taste(citizen.identity, identity_of(self.society, firm))
        )

    def worths(self, citizen: Citizen) -> list[float]:
        """What the firm in each slot is worth to a citizen."""
        pairs = zip(citizen.uses, citizen.profile, strict=True)
        return [self.worth(citizen, number, profile) for number, profile in pairs]

    def draw(self, citizen: Citizen, draw: int) -> float:
        """One of this month's numbers of a citizen."""
        return self.chance.uniform("attention", citizen.identity, draw)

    def whole_draw(self, many: int, citizen: Citizen, draw: int) -> int:
        """One of this month's whole numbers of a citizen, from 0 to many - 1."""
        return self.chance.below(many, "attention", citizen.identity, draw)


def identity_of(society: Society, firm: Firm) -> int:
    """A newcomer to a place is another firm to everybody's taste."""
    return firm.number + len(society.firms) * firm.generation


def _choose(market: Market, citizen: Citizen) -> Choice:
    """What a citizen is shown, and whether it takes the place of the worst slot."""
    worths = market.worths(citizen)
    best, worst = worths.index(max(worths)), worths.index(min(worths))
    steered = _is_steered(market, citizen, best)
    candidate = (
        _steered_candidate(market, citizen, best) if steered else _own_candidate(market, citizen)
    )
    looks = market.draw(citizen, LOOKS) < market.parameters.attention.reconsideration
    changes = False
    if not _counts(market, citizen, candidate):
        candidate = NOBODY
    else:
        portability = market.levers.portability
        offered = market.worth(citizen, candidate, portability * citizen.profile[worst])
        hurdle = market.parameters.attention.switching_cost * (1 - portability)
        is_dead = not market.society.firms[citizen.uses[worst]].alive
        changes = is_dead or (looks and offered > worths[worst] + hurdle)
    return Choice(looks, steered, candidate, worst, changes)


def _own_candidate(market: Market, citizen: Citizen) -> int:
    """A firm that kin use, or any living firm."""
    column = market.whole_draw(STRONG_TIES, citizen, TIE_COLUMN)
    tie = citizen.strong[column]
    if market.draw(citizen, SOCIAL) < market.parameters.attention.social and tie != NOBODY:
        slot = market.whole_draw(market.society.slots, citizen, TIE_SLOT)
        return market.society.citizens[tie].uses[slot]
    if not market.living:
        return NOBODY
    return market.living[market.whole_draw(len(market.living), citizen, ANY_FIRM)].number


def _is_steered(market: Market, citizen: Citizen, best: int) -> bool:
    """The firm in the best slot steers by what it knows, as far as the law lets it."""
    firm = market.society.firms[citizen.uses[best]]
    known = insight(firm, citizen.profile[best])
    unprotected = 1 - market.protection[citizen.region]
    return (
        market.draw(citizen, STEERED) < market.parameters.attention.steering * known * unprotected
    )


def _steered_candidate(market: Market, citizen: Citizen, best: int) -> int:
    """A partner of the firm in the best slot; nothing if that is no firm."""
    firm = market.society.firms[citizen.uses[best]]
    column = market.whole_draw(len(firm.partners), citizen, STEERED_COLUMN)
    partner = firm.partners[column]
    if partner == NOBODY:
        return NOBODY
    shown = market.society.organizations[partner]
    return shown.number if isinstance(shown, Firm) else NOBODY


def _counts(market: Market, citizen: Citizen, candidate: int) -> bool:
    """A candidate counts if it lives and is not in use."""
    if candidate == NOBODY or candidate in citizen.uses:
        return False
    return market.society.firms[candidate].alive


def _change(citizen: Citizen, choice: Choice, levers: Levers) -> None:
    """The candidate takes the worst slot; the profile left behind becomes stray."""
    left = citizen.profile[choice.slot]
    citizen.uses[choice.slot] = choice.candidate
    citizen.profile[choice.slot] = levers.portability * left
    citizen.stray += left


def _record_steering(society: Society, choices: Sequence[Choice]) -> None:
    """How many of those who look are steered, and how many are shown the largest firm."""
    shares = [firm.user_share for firm in society.firms]
    largest = shares.index(max(shares))
    looking = [choice for choice in choices if choice.looks]
    steered = sum(choice.steered for choice in looking)
    to_top = sum(choice.candidate == largest for choice in looking)
    society.flows.steered = ratio(steered, len(looking))
    society.flows.steered_to_top = ratio(to_top, len(looking))


def _divide_time(market: Market) -> None:
    """Attention, time online, what firms know, and the lead of each slot over the others."""
    society, flows = market.society, market.society.flows
    flows.attention, flows.online, flows.known, flows.lead = [], [], [], []
    reach = reach_of_communication(society, market.parameters)
    elasticity = market.parameters.attention.trust_elasticity
    for citizen in society.citizens:
        worths = market.worths(citizen)
        firms = [society.firms[number] for number in citizen.uses]
        flows.attention.append(_attention_of(firms, worths))
        any_alive = any(firm.alive for firm in firms)
        online = reach * citizen.trust**elasticity * access(citizen)
        flows.online.append(online if any_alive else 0.0)
        pairs = zip(firms, citizen.profile, strict=True)
        flows.known.append([insight(firm, profile) for firm, profile in pairs])
        flows.lead.append(_leads(worths))


def _attention_of(firms: Sequence[Firm], worths: Sequence[float]) -> list[float]:
    """The softmax of worth over the living; 0 for the dead."""
    living = [slot for slot, firm in enumerate(firms) if firm.alive]
    shares = dict(zip(living, softmax([worths[slot] for slot in living]), strict=True))
    return [shares.get(slot, 0.0) for slot in range(len(firms))]


def _leads(worths: Sequence[float]) -> list[float]:
    """Worth less the best of the other slots; 0 if there is no other."""
    if len(worths) == 1:
        return [0.0]
    return [
        worth - max(other for place, other in enumerate(worths) if place != slot)
        for slot, worth in enumerate(worths)
    ]


def _count_users(society: Society) -> None:
    """A firm's user share is its part of all attention."""
    society.flows.previous_share = [firm.user_share for firm in society.firms]
    counted = [0.0] * len(society.firms)
    for citizen, shares in zip(society.citizens, society.flows.attention, strict=True):
        for number, share in zip(citizen.uses, shares, strict=True):
            counted[number] += share
    whole = math.fsum(counted)
    for firm, users in zip(society.firms, counted, strict=True):
        firm.user_share = ratio(users, whole)


def _ask_users(society: Society) -> None:
    """How aware a firm's users are, weighted by attention; 0 without users."""
    aware = [0.0] * len(society.firms)
    for citizen, shares in zip(society.citizens, society.flows.attention, strict=True):
        for number, share in zip(citizen.uses, shares, strict=True):
            aware[number] += share * citizen.awareness
    many = len(society.citizens)
    pairs = zip(society.firms, aware, strict=True)
    society.flows.users_awareness = [ratio(sums / many, firm.user_share) for firm, sums in pairs]
