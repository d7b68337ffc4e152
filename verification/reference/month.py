"""The month: shocks first, then the seventeen mechanisms in this order (section 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mesa

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.absorption import absorption
from verification.reference.attention import attention
from verification.reference.breaches import breaches
from verification.reference.chance import Chance
from verification.reference.collection import collection
from verification.reference.exchange import exchange
from verification.reference.governance import governance
from verification.reference.law import law
from verification.reference.mining import mining
from verification.reference.monitoring import monitoring
from verification.reference.people import Flows, Society
from verification.reference.power import power
from verification.reference.pricing import pricing
from verification.reference.resources import resources
from verification.reference.rights import rights
from verification.reference.rumours import rumours
from verification.reference.shocks import Shock, strike
from verification.reference.technology import technology
from verification.reference.ties import ties
from verification.reference.trust import trust

Mechanism = Callable[[Society, Parameters, Levers, Chance], None]

MONTH: tuple[Mechanism, ...] = (
    technology,
    absorption,
    attention,
    pricing,
    collection,
    exchange,
    mining,
    breaches,
    rumours,
    trust,
    rights,
    monitoring,
    power,
    governance,
    resources,
    law,
    ties,
)


def step(
    society: Society,
    parameters: Parameters,
    levers: Levers,
    chance: Chance,
    shocks: Sequence[Shock] = (),
) -> None:
    """Lives one month: yesterday's flows are dropped, and each mechanism acts in its turn."""
    society.flows = Flows()
    chance.begin_month(society.month)
    strike(society, shocks)
    for mechanism in MONTH:
        mechanism(society, parameters, levers, chance)
    society.month += 1


class ReferenceModel(mesa.Model):
    """A society as a Mesa model: its citizens and organizations are the model's agents."""

    def __init__(
        self,
        society: Society,
        parameters: Parameters,
        levers: Levers | Callable[[int], Levers],
        chance: Chance,
        shocks: Sequence[Shock] = (),
    ) -> None:
        """`levers` are those of all months, or a function that tells those of a month."""
        super().__init__(seed=chance.seed)
        self.society = society
        self.parameters = parameters
        self.levers = levers
        self.chance = chance
        self.shocks = shocks
        for agent in (*society.citizens, *society.organizations):
            mesa.Agent.__init__(agent, self)

    def step(self) -> None:
        """One month of the society."""
        levers = self.levers
        today = levers(self.society.month) if callable(levers) else levers
        step(self.society, self.parameters, today, self.chance, self.shocks)
