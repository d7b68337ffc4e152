"""Who lives in the society: citizens, organizations, regions, and what they carry along.

The names are those of section 2 of docs/model.md. State is floats, whole numbers, and lists of
them; nothing here is an array. Agents point at each other by their place in the society's lists:

    citizens        by their place in `Society.citizens`
    organizations   by their place in `Society.organizations` (agencies, then firms, then
                    associations); agencies come first, so an agency's place among the agencies is
                    its place among all
    firms           in `Citizen.uses` by their place in `Society.firms` (`Firm.number`)
    regions         by their place in `Society.regions`

and -1 (`NOBODY`) stands for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import mesa

NOBODY = -1

GOVERNMENT, MARKET, SOCIAL = 0, 1, 2
SECTORS = (GOVERNMENT, MARKET, SOCIAL)

UNHEARD, SPREADING, STIFLED = 0, 1, 2
KNOW, PARTICIPATE, EXPRESS, SUPERVISE = 0, 1, 2, 3

STRONG_TIES = 8
WEAK_TIES = 4
PARTNERS = 8
PEERS = 8
MONTHS_OF_ALERT = 6

MANDATES = ((0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8))
"""The first aims of government, market and associations: the public, profit, the group."""


@dataclass(eq=False)
class Citizen(mesa.Agent):
    """One person: an income, kin and acquaintances, and a firm in each slot of the day."""

    identity: int
    """The number under which the citizen draws chance."""
    income: float
    rank: float
    """Place in the order of incomes, from 0 to 1."""
    region: int
    reluctance: float
    """Standard normal; becomes the awakening threshold."""
    strong: list[int]
    """Kin and neighbours, 8 places of citizens, -1 for none."""
    weak: list[int]
    """Strangers, 4 places of citizens, -1 for none."""

    uses: list[int]
    """The firm in each slot, all different (`Firm.number`)."""
    profile: list[float]
    """What the firm in each slot holds about the citizen."""
    stray: float = 0.0
    """What is held about the citizen where no present choice of theirs reaches it."""
    copies: float = 0.0
    """Copies of the stray."""
    trust: float = 0.6
    awareness: float = 0.1
    rumour: int = UNHEARD
    awake: bool = False
    rights: list[float] = field(default_factory=lambda: [0.1] * 4)
    """Enjoyed: to know, to participate, to express, to supervise."""


@dataclass(eq=False, kw_only=True)
class Organization(mesa.Agent):
    """What agencies, firms and associations have in common."""

    place: int
    """Place in `Society.organizations`, the number under which it draws chance."""
    sector: int
    national: bool
    """Whether it is in every region."""
    home: int
    """Region at month 0."""
    openness: float = 1.0
    """Relative to the sector's."""

    alive: bool = True
    data: float = 0.0
    arrivals: float = 0.0
    """What was collected and derived last month."""
    skill: float = 0.02
    creative: float = 0.0
    wealth: float = 0.0
    security: float = 0.0
    partners: list[int] = field(default_factory=lambda: [NOBODY] * PARTNERS)
    """Places of organizations, -1 for none."""
    strength: list[float] = field(default_factory=lambda: [0.0] * PARTNERS)
    """Of each tie, from 0 to 1."""
    region: int = 0
    hit: bool = False
    """By a breach or a shock, this month."""
    alert: int = 0
    """Months for which a hit is still remembered."""


@dataclass(eq=False, kw_only=True)
class Agency(Organization):
    """A part of government: one department, central or in one region."""

    department: int
    peers: list[int]
    """Agencies it may link with, 8 places, -1 for none."""
    rent: float = 1.0
    """Relative rent of hoarding."""
    links: list[bool] = field(default_factory=lambda: [False] * PEERS)
    """Whether it is linked with each of its peers."""


@dataclass(eq=False, kw_only=True)
class Firm(Organization):
    """A place for a firm; while `alive` is false the place is empty."""

    number: int
    """Place among the places for firms, as citizens' `uses` have it."""
    generation: int = 0
    """How many firms had this place before."""
    quality: float = 0.0
    discrimination: float = 0.02
    """From one price for all (0) to wholly personal prices (1)."""
    laxity: float = 0.6
    """How freely it takes without consent."""
    user_share: float = 0.0


@dataclass(eq=False, kw_only=True)
class Association(Organization):
    """An organization of citizens that is neither government nor market."""


@dataclass(eq=False)
class Region:
    """A part of the country with a law, a regulator, and a way of governing."""

    law: float = 0.02
    enforcement: float = 0.1
    partnership: float = 0.0
    """From rule by order (0) to dealing as equals (1)."""
    backlog: float = 0.0
    legitimacy: float = 0.5


@dataclass(eq=False)
class Controversy:
    """The rumour under way, and how far the last one went."""

    age: float = 0.0
    """Months since it began."""
    half_time: float = float("nan")
    """Months until half of the citizens had heard."""
    reach: float = float("nan")


class Flows:
    """What one mechanism makes for later ones in the same month. Reading it too early is an error.

    Every flow is a plain list in the order of the society's lists, or one number:

        by citizen              online, surplus, common_surplus, unfair, harm, held, inferred,
                                good, service, gain
        by citizen and slot     attention, known (psi), lead, price, taken
        by firm                 previous_share, users_awareness, common_price, revenue,
                                pricing_gain, fines
        by organization         shocked, collected, workable, exposed, derived, sold, bought,
                                bought_data, leaked_share, leaked, base_power, relational,
                                dependence, new_ties (whether it has one)
        by agency               islands, island_data
        by region               competence (by sector), joins, pivotality, solved, solved_alone,
                                effort, demand, race, capacity
        by holder               harm_holder (agencies, firms, associations, lawbreakers)
        by side                 sight (government's of outsiders, and theirs of government)
        by name                 money
        a pair                  sight (of government, of outsiders)
        one number              attacks, shock_loss, steered, steered_to_top, covert,
                                integration_gap, data_weight, capture, born, gone, merged,
                                broken_up, government_gain
    """

    def __getattr__(self, name: str) -> Any:
        """Called only for what nobody has made yet."""
        raise AttributeError(f"the flow {name!r} is read before it is made")


@dataclass(eq=False)
class Society:
    """All of them, and the few values that belong to nobody in particular."""

    citizens: list[Citizen]
    organizations: list[Organization]
    """Agencies, then places for firms, then associations; each at its own `place`."""
    regions: list[Region]
    income_quantiles: list[float]
    """Income at 256 levels (q + 1/2)/256, known to firms."""

    technology: float = 0.04
    """The frontier T."""
    lawbreakers: float = 1.0
    leaked_stock: float = 0.0
    """Leaked data in circulation."""
    watching_government: float = 0.1
    watching_society: float = 0.1
    aims: list[list[float]] = field(default_factory=lambda: [list(aims) for aims in MANDATES])
    """By sector: the weight of the public, of profit, of the group."""
    controversy: Controversy = field(default_factory=Controversy)
    month: int = 0
    flows: Flows = field(default_factory=Flows)

    agencies: list[Agency] = field(init=False)
    firms: list[Firm] = field(init=False)
    associations: list[Association] = field(init=False)

    def __post_init__(self) -> None:
        """Lists the three sectors by themselves; they hold the same objects."""
        self.agencies = [one for one in self.organizations if isinstance(one, Agency)]
        self.firms = [one for one in self.organizations if isinstance(one, Firm)]
        self.associations = [one for one in self.organizations if isinstance(one, Association)]

    @property
    def slots(self) -> int:
        """K, how many firms a citizen uses at a time."""
        return len(self.citizens[0].uses)
