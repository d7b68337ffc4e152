"""The month: shocks first, then the seventeen mechanisms in this order (section 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mesa

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from reference.absorption import absorption
from reference.attention import attention
from reference.breaches import breaches
from reference.chance import Chance
from reference.collection import collection
from reference.exchange import exchange
from reference.governance import governance
from reference.law import law
from reference.mining import mining
from reference.monitoring import monitoring
from reference.people import Flows, Society
from reference.power import power
from reference.pricing import pricing
from reference.resources import resources
from reference.rights import rights
from reference.rumours import rumours
from reference.shocks import Shock, strike
from reference.technology import technology
from reference.ties import ties
from reference.trust import trust

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
