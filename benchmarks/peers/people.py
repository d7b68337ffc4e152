"""What a firm and a citizen do, agent by agent in plain Python, for peers whose agents are objects.

A peer's own class of agents comes beside these, makes the attributes, and is told by the peer's own
means what to do: all firms renew, all citizens look, all citizens live a month, all firms reckon.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

import protocol

IGNORANT, SPREADER, STIFLER = protocol.IGNORANT, protocol.SPREADER, protocol.STIFLER


class PlainFirm:
    """One of the firms that citizens use."""

    model: Any

    def open(self, number: int, quality: float) -> None:
        self.number, self.quality = number, quality
        self.share, self.data = 1.0 / self.model.firms_in_all, 0.0
        self.renew()

    def renew(self) -> None:
        users = self.share * self.model.firms_in_all
        self.attraction = 0.35 * log((users + 0.01) / 1.01) + self.quality
        self.attention = self.taken = self.sold = 0.0

    def reckon(self) -> None:
        self.share = self.attention / self.model.many
        self.data = 0.97 * self.data + self.taken / self.model.many


class PlainCitizen:
    """One who chooses, buys, is recorded, hears and trusts."""

    model: Any

    def enter(self, place: int, income: float, reach: float, uses: list[PlainFirm]) -> None:
        self.place, self.income, self.reach, self.uses = place, income, reach, uses
        self.tastes = [self.taste(firm) for firm in uses]
        self.profile = [0.0] * len(uses)
        self.trust, self.awareness, self.state = 0.6, 0.1, IGNORANT
        self.candidate: PlainFirm | None = None
        self.met = 0
        self.kin: list[PlainCitizen] = []

    def taste(self, firm: PlainFirm) -> float:
        return self.model.tastes[(40503 * self.place + 30011 * firm.number) % 65536]

    def look(self) -> None:
        """See what kin use, and how many of them tell or know."""
        random = self.model.random
        self.candidate = None
        if random.random() < 0.25:
            self.candidate = random.choice(random.choice(self.kin).uses)
        met = 0
        if self.state == IGNORANT:
            for one in self.kin:
                met += one.state == SPREADER
        elif self.state == SPREADER:
            for one in self.kin:
                met += one.state != IGNORANT
        self.met = met

    def month(self) -> None:
        """Choose, buy, be recorded, hear, trust."""
        model, aware, profile, uses = self.model, self.awareness, self.profile, self.uses
        known = [1.0 - exp(-one) for one in profile]
        values = [
            firm.attraction + psi - aware * psi * psi + taste
            for firm, psi, taste in zip(uses, known, self.tastes, strict=True)
        ]
        candidate = self.candidate
        if candidate is not None and candidate not in uses:
            taste = self.taste(candidate)
            value = candidate.attraction + taste
            least = min(values)
            if value > least + 0.3:
                worst = values.index(least)
                uses[worst], self.tastes[worst] = candidate, taste
                values[worst], known[worst], profile[worst] = value, 0.0, 0.0
        top = max(values)
        weights = [exp(value - top) for value in values]
        whole = sum(weights)
        trust = self.trust
        online = self.reach * trust
        buys = self.income >= model.price
        served = 0.0
        for slot, firm in enumerate(uses):
            share = weights[slot] / whole
            taken = 0.8 * share * online
            profile[slot] = 0.95 * profile[slot] + taken
            served += share * known[slot]
            firm.attention += share
            firm.taken += taken
            if buys:
                firm.sold += 0.1 * share * online
        if self.met:
            luck = model.random.random()
            if self.state == IGNORANT:
                if luck < 1.0 - model.silent**self.met:
                    self.state = SPREADER
            elif luck < 1.0 - model.keeps_on**self.met:
                self.state = STIFLER
        good = min(1.0, max(0.0, self.income - model.price)) + 0.5 * served
        loss = 0.02 * trust if self.state == SPREADER else 0.0
        self.trust = trust + 0.03 * good * (1.0 - trust) - loss
        self.awareness = 0.98 * aware
