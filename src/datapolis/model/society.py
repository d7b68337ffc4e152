"""The society: what changes. Stocks are carried from month to month; flows live one month.

`start` gives the first month's stocks; `check` guards a society that a user brings along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import reduce
from typing import TYPE_CHECKING, Any, NoReturn

import jax
import jax.numpy as jnp

from datapolis.core.declare import record
from datapolis.core.errors import InputError
from datapolis.model.arrays import living, per_firm
from datapolis.model.noise import noise, normal, stream
from datapolis.model.world import PARTNERS, World

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

    from datapolis.core.parameters import Parameters

KNOW, PARTICIPATE, EXPRESS, SUPERVISE = range(4)
UNHEARD, SPREADING, STIFLED = range(3)


class FlowError(LookupError):
    """A flow was read before any mechanism of this month made it."""


class Unmade:
    """Stands in a flow's place until a mechanism makes it; reading it says who should have."""

    def __init__(self, name: str, maker: str) -> None:
        self.__dict__.update(name=name, maker=maker)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise FlowError(
            f"the flow {self.__dict__['name']!r} is not made yet this month; the mechanism "
            f"{self.__dict__['maker']!r} makes it and must come first"
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") and name != "__array_namespace__":
            raise AttributeError(name)
        self._refuse()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _refuse
    __rtruediv__ = __neg__ = __getitem__ = __lt__ = __gt__ = __le__ = __ge__ = _refuse
    __jax_array__ = __array__ = __bool__ = __float__ = __pow__ = __and__ = __or__ = _refuse
    __invert__ = _refuse


jax.tree_util.register_pytree_node(
    Unmade,
    lambda flow: ((), (flow.__dict__["name"], flow.__dict__["maker"])),
    lambda names, _: Unmade(*names),
)


def flow(name: str, maker: str) -> Any:
    """A flow of the month and the mechanism that makes it."""
    return field(default_factory=lambda: Unmade(name, maker))


@record
@dataclass(frozen=True)
class Citizens:
    """What citizens remember from one month to the next."""

    uses: Int[Array, "citizen slot"]  # the firm in each activity space
    profile: Float[Array, "citizen slot"]  # what that firm holds about them, citizen-months
    stray: Float[Array, "citizen"]  # what is held where no choice of theirs reaches it
    copies: Float[Array, "citizen"]  # of the stray
    trust: Float[Array, "citizen"]
    awareness: Float[Array, "citizen"]
    rumour: Int[Array, "citizen"]  # 0 unheard, 1 spreading, 2 stifled
    awake: Bool[Array, "citizen"]
    rights: Float[Array, "citizen right"]  # know, participate, express, supervise


@record
@dataclass(frozen=True)
class Organizations:
    """What organizations of all sectors have; a dead place has nothing."""

    alive: Bool[Array, "organization"]
    data: Float[Array, "organization"]  # citizen-months per citizen
    arrivals: Float[Array, "organization"]  # data that came last month
    skill: Float[Array, "organization"]
    creative: Float[Array, "organization"]  # creative power, mined from data
    wealth: Float[Array, "organization"]  # monthly incomes per citizen
    security: Float[Array, "organization"]
    partners: Int[Array, "organization partner"]  # -1 for none
    strength: Float[Array, "organization partner"]
    region: Int[Array, "organization"]
    hit: Bool[Array, "organization"]  # by a breach or a shock this month
    alert: Int[Array, "organization"]  # months for which a hit is still remembered, from six


@record
@dataclass(frozen=True)
class Firms:
    """What firms have besides."""

    generation: Int[Array, "firm"]  # how many firms had this place before
    quality: Float[Array, "firm"]
    discrimination: Float[Array, "firm"]
    laxity: Float[Array, "firm"]
    user_share: Float[Array, "firm"]


@record
@dataclass(frozen=True)
class Regions:
    """What regions have."""

    law: Float[Array, "region"]
    enforcement: Float[Array, "region"]
    partnership: Float[Array, "region"]  # 0 rule by order, 1 as equals
    backlog: Float[Array, "region"]
    legitimacy: Float[Array, "region"]


@record
@dataclass(frozen=True)
class Controversy:
    """The rumour that is under way, and how far the last one went."""

    age: Float[Array, ""]  # months since it began
    half_time: Float[
        Array, ""
    ]  # months until half of the citizens had heard; nan if they never did
    reach: Float[Array, ""]  # share that had heard the last one when it died; nan before


@record
@dataclass(frozen=True)
class Flows:
    """What is made and read within one month, in the order in which it is made."""

    attacks: Any = flow("attacks", "shocks")  # factor on attacks
    shocked: Any = flow("shocked", "shocks")  # [organization]
    shock_loss: Any = flow("shock_loss", "shocks")  # wealth lost
    steered: Any = flow("steered", "attention")  # share of candidates that were steered
    steered_to_top: Any = flow("steered_to_top", "attention")  # share shown that is the top firm
    previous_share: Any = flow("previous_share", "attention")  # [firm]
    attention: Any = flow("attention", "attention")  # [citizen, slot]
    online: Any = flow("online", "attention")  # [citizen]
    users_awareness: Any = flow("users_awareness", "attention")  # mean over a firm's users [firm]
    known: Any = flow("known", "attention")  # psi [citizen, slot]
    lead: Any = flow("lead", "attention")  # utility above the best other slot [citizen, slot]
    price: Any = flow("price", "pricing")  # [citizen, slot]
    common_price: Any = flow("common_price", "pricing")  # [firm]
    surplus: Any = flow("surplus", "pricing")  # [citizen]
    common_surplus: Any = flow(
        "common_surplus", "pricing"
    )  # if all paid the common price [citizen]
    unfair: Any = flow("unfair", "pricing")  # [citizen]
    revenue: Any = flow("revenue", "pricing")  # [firm]
    pricing_gain: Any = flow("pricing_gain", "pricing")  # [firm]
    fines: Any = flow("fines", "pricing")  # [firm]
    taken: Any = flow("taken", "collection")  # [citizen, slot]
    covert: Any = flow("covert", "collection")  # share of all that is taken
    collected: Any = flow("collected", "collection")  # [organization]
    workable: Any = flow("workable", "exchange")  # [organization]
    exposed: Any = flow("exposed", "exchange")  # data that one breach can reach [organization]
    derived: Any = flow("derived", "exchange")  # [organization]
    sold: Any = flow("sold", "exchange")  # money received for data [firm]
    bought: Any = flow("bought", "exchange")  # money paid for data [firm]
    bought_data: Any = flow("bought_data", "exchange")  # [firm]
    islands: Any = flow("islands", "exchange")  # label [agency]
    island_data: Any = flow("island_data", "exchange")  # [agency]
    integration_gap: Any = flow("integration_gap", "mining")
    leaked_share: Any = flow("leaked_share", "breaches")  # of an organization's data [organization]
    leaked: Any = flow("leaked", "breaches")  # relative amount [organization]
    harm: Any = flow("harm", "breaches")  # [citizen]
    harm_holder: Any = flow("harm_holder", "breaches")  # [sector and lawbreakers]
    held: Any = flow("held", "breaches")  # what can be known of a citizen, 0 to 1 [citizen]
    inferred: Any = flow("inferred", "breaches")  # ... of one who shares nothing [citizen]
    good: Any = flow("good", "trust")  # [citizen]
    service: Any = flow("service", "trust")  # months online times how well one is known [citizen]
    gain: Any = flow("gain", "trust")  # net gain, in incomes [citizen]
    sight: Any = flow("sight", "monitoring")  # V of government and of outsiders [2]
    base_power: Any = flow("base_power", "power")  # [organization]
    data_weight: Any = flow("data_weight", "power")
    relational: Any = flow("relational", "power")  # [organization]
    dependence: Any = flow("dependence", "power")  # [organization]
    pivotality: Any = flow("pivotality", "power")  # [region, sector]
    capture: Any = flow("capture", "power")
    competence: Any = flow("competence", "governance")  # q [region, sector]
    joins: Any = flow("joins", "governance")  # firms, associations [region, 2]
    solved: Any = flow("solved", "governance")  # [region]
    solved_alone: Any = flow("solved_alone", "governance")  # by government alone [region]
    effort: Any = flow("effort", "governance")  # sum of efforts [region]
    money: Any = flow("money", "resources")  # the month's ledger, by name
    born: Any = flow("born", "resources")
    gone: Any = flow("gone", "resources")
    merged: Any = flow("merged", "resources")
    broken_up: Any = flow("broken_up", "resources")
    government_gain: Any = flow("government_gain", "resources")
    demand: Any = flow("demand", "law")  # [region]
    race: Any = flow("race", "law")  # [region]
    capacity: Any = flow("capacity", "law")  # [region]
    new_ties: Any = flow("new_ties", "ties")  # [organization]


@record
@dataclass(frozen=True, repr=False)
class Society:
    """Everything that changes."""

    citizens: Citizens
    organizations: Organizations
    firms: Firms
    links: Bool[Array, "agency peer"]  # between agencies
    aims: Float[Array, "sector aim"]  # public, profit, group
    regions: Regions
    technology: Float[Array, ""]
    lawbreakers: Float[Array, ""]
    leaked_stock: Float[Array, ""]
    watching_government: Float[Array, ""]  # how closely government watches outsiders
    watching_society: Float[Array, ""]  # how closely outsiders watch government
    controversy: Controversy
    flows: Flows
    own: Mapping[str, Any]

    def __repr__(self) -> str:
        shape = self.citizens.trust.shape  # in a batch [member, citizen]
        return f"Society(citizens {list(shape)}; {', '.join(vars(self))})"

    @staticmethod
    def start(world: World, parameters: Parameters, key: Array) -> Society:
        """The society at month 0, born from the endowment; chance fills what was not measured."""
        return start(world, parameters, key)

    def check(self, world: World) -> None:
        """Raise InputError if this society does not fit `world` or breaks what must always hold."""
        check(self, world)


MANDATES = ((0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8))


def start(world: World, parameters: Parameters, key: Array) -> Society:
    """The society at month 0."""
    sizes, endowment = world.sizes, world.endowment
    citizens, many, regions = sizes.citizens, sizes.organizations, sizes.regions
    place = jnp.arange(many)
    alive = endowment.alive
    alive_firms = alive[sizes.market]
    reach = first_reach(endowment.reach, alive_firms)
    settled = endowment.uses.shape[0] > 0
    uses = endowment.uses if settled else _first_uses(reach, world, stream(key, "uses"))

    def split(given: Array, totals: Array, name: str, by_reach: bool = False) -> Array:
        drawn = jnp.where(alive, jnp.exp(0.5 * normal(stream(key, name), place)), 0.0)
        if by_reach:
            measured = jnp.any(alive_firms & (endowment.reach > 0))
            drawn = drawn.at[sizes.market].set(jnp.where(measured, reach, drawn[sizes.market]))
        share = jnp.concatenate([drawn[part] / jnp.sum(drawn[part]) for part in sizes.sectors])
        filled = jnp.where(jnp.isnan(given), share * totals[world.organizations.sector], given)
        return jnp.where(alive, filled, 0.0).astype(jnp.float32)

    def every(value: float, *shape: int) -> Array:
        return jnp.full(shape, value, jnp.float32)

    quality_drawn = parameters.attention.quality_spread * normal(
        stream(key, "quality"), jnp.arange(sizes.firms)
    )
    # a quality that is known holds at the reach of month 0, the pull of users included
    users = jnp.log((reach * jnp.sum(alive_firms) + 0.01) / 1.01)
    known_quality = endowment.quality - parameters.attention.network_effect * users
    quality = jnp.where(jnp.isnan(endowment.quality), quality_drawn, known_quality)
    first_share = per_firm(every(1.0 / sizes.slots, citizens, sizes.slots), uses, sizes.firms)
    if settled:  # what citizens use was found from the measured reach
        measured = jnp.any(alive_firms & (endowment.reach > 0))
        first_share = jnp.where(measured, reach, first_share)
    partners, strength = _first_partners(world, stream(key, "partners"))
    zeros, ones = jnp.zeros(many, jnp.float32), jnp.ones(many, jnp.float32)
    known = jnp.minimum(0.02, parameters.technology.start)  # skill and law stay behind technology

    return Society(
        citizens=Citizens(
            uses=uses,
            profile=every(0.0, citizens, sizes.slots),
            stray=every(0.0, citizens),
            copies=every(0.0, citizens),
            trust=every(0.6, citizens),
            awareness=every(0.1, citizens),
            rumour=jnp.zeros(citizens, jnp.int8),
            awake=jnp.zeros(citizens, bool),
            rights=every(0.1, citizens, 4),
        ),
        organizations=Organizations(
            alive=alive,
            data=split(endowment.data, endowment.data_total, "data", by_reach=True),
            arrivals=zeros,
            skill=known * ones * alive,
            creative=zeros,
            wealth=split(endowment.wealth, endowment.wealth_total, "wealth"),
            security=zeros,
            partners=partners,
            strength=strength,
            region=world.organizations.home,
            hit=jnp.zeros(many, bool),
            alert=jnp.zeros(many, jnp.int32),
        ),
        firms=Firms(
            generation=jnp.zeros(sizes.firms, jnp.int32),
            quality=jnp.where(alive_firms, quality, 0.0).astype(jnp.float32),
            discrimination=every(0.02, sizes.firms) * alive_firms,
            laxity=every(0.6, sizes.firms) * alive_firms,
            user_share=first_share.astype(jnp.float32),
        ),
        links=jnp.zeros(world.organizations.peers.shape, bool),
        aims=jnp.array(MANDATES, jnp.float32),
        regions=Regions(
            law=every(1.0, regions) * known,
            enforcement=every(0.1, regions),
            partnership=every(0.0, regions),
            backlog=every(0.0, regions),
            legitimacy=every(0.5, regions),
        ),
        technology=jnp.asarray(parameters.technology.start, jnp.float32) + 0.0,
        lawbreakers=every(1.0),
        leaked_stock=every(0.0),
        watching_government=every(0.1),
        watching_society=every(0.1),
        controversy=Controversy(age=every(0.0), half_time=every(jnp.nan), reach=every(jnp.nan)),
        flows=Flows(),
        own={},
    )


def first_reach(measured: Array, alive: Array) -> Array:
    """Each firm's part of all uses at month 0: measured, or equal; one unmeasured gets least."""
    known = alive & (measured > 0)
    least = jnp.min(jnp.where(known, measured, jnp.inf))
    filled = jnp.where(known, measured, jnp.where(jnp.isfinite(least), least, 1.0))
    filled = jnp.where(alive, filled, 0.0)
    return filled / jnp.sum(filled)


def _first_uses(reach: Array, world: World, key: Array) -> Array:
    """Different firms for each citizen, drawn by reach; a draw already used is drawn again."""
    sizes, identity = world.sizes, world.citizens.identity
    alive = world.endowment.alive[sizes.market]
    places, count = living(alive), jnp.sum(alive)
    upto = jnp.cumsum(reach[places])
    ranks: list[Array] = []

    def clashes(rank: Array) -> Array:
        return reduce(jnp.logical_or, [rank == other for other in ranks])

    def drawn(draw: Any) -> Array:
        number = noise(key, identity, draw) * upto[-1]
        return jnp.minimum(jnp.searchsorted(upto, number), count - 1).astype(jnp.int32)

    for slot in range(sizes.slots):
        rank = drawn(100 * slot)
        if ranks:
            rank = jax.lax.fori_loop(
                1,
                8,
                lambda attempt, rank, slot=slot: jnp.where(
                    clashes(rank), drawn(100 * slot + attempt), rank
                ),
                rank,
            )
        for _ in range(slot):
            rank = jnp.where(clashes(rank), (rank + 1) % count, rank)
        ranks.append(rank)
    return places[jnp.stack(ranks, axis=1)].astype(jnp.int16)


def _first_partners(world: World, key: Array) -> tuple[Array, Array]:
    """Eight partners each, four in five of the own sector; measured ties where there are."""
    sizes, endowment = world.sizes, world.endowment
    own = world.organizations.sector[:, None]
    place = jnp.arange(sizes.organizations)
    row, column = place[:, None], jnp.arange(PARTNERS)[None, :]
    identity = row * PARTNERS + column
    same = noise(key, identity, 0) < 0.8
    number = noise(key, identity, 1)
    order, count = living(endowment.alive), jnp.sum(endowment.alive)
    first = jnp.stack(
        [jnp.sum(endowment.alive & (world.organizations.sector < s)) for s in range(3)]
    )
    size = jnp.stack(
        [jnp.sum(endowment.alive & (world.organizations.sector == s)) for s in range(3)]
    )
    inside = first[own] + jnp.minimum((number * size[own]).astype(jnp.int32), size[own] - 1)
    anyone = jnp.minimum((number * count).astype(jnp.int32), count - 1)
    drawn = order[jnp.where(same, inside, anyone)]
    twice = jnp.any(
        (drawn[:, :, None] == drawn[:, None, :]) & (column[0][:, None] > column[0][None, :]), axis=2
    )
    nobody = (drawn == row) | twice | ~endowment.alive[:, None]
    drawn = jnp.where(nobody, -1, drawn)
    measured = jnp.any(endowment.partners >= 0)
    partners = jnp.where(measured, endowment.partners, drawn).astype(jnp.int32)
    strength = jnp.where(
        partners >= 0, jnp.where(measured, jnp.nan_to_num(endowment.strength), 0.05), 0.0
    )
    return partners, strength.astype(jnp.float32)


def check(society: Society, world: World) -> None:
    """Raise InputError if a society breaks its shapes or what must always hold."""
    sizes = world.sizes
    shape = society.citizens.uses.shape
    if shape != (sizes.citizens, sizes.slots):
        raise InputError(
            "a society of another size than its world",
            field="society.citizens.uses",
            value=shape,
            allowed=str((sizes.citizens, sizes.slots)),
        )
    for part in ("citizens", "organizations", "firms", "regions"):
        record_ = getattr(society, part)
        for item in fields(record_):
            values = getattr(record_, item.name)
            low, high = _bounds(item.name)
            wrong = jnp.isnan(values) | (values < low) | (values > high)
            if bool(jnp.any(wrong)):
                raise InputError(
                    "a value that cannot be",
                    field=f"society.{part}.{item.name}",
                    value=float(values[tuple(jnp.argwhere(wrong)[0])]),
                    allowed=f"{low:g} to {high:g}",
                )


UNIT_FIELDS = (
    "trust awareness rights skill strength discrimination laxity user_share law enforcement "
    "partnership legitimacy"
).split()


def _bounds(name: str) -> tuple[float, float]:
    """The least and the most that a field may be; a share may exceed 1 by what rounding adds."""
    least = {"quality": -float("inf"), "partners": -1.0}.get(name, 0.0)
    return least, (1.0 + 1e-5 if name in UNIT_FIELDS else float("inf"))
