"""Resources: money comes and goes; firms leave, are bought, are broken up, and enter.

    wealth <- (1 - upkeep) wealth, and then
    firms         + (1 - tax) revenue + offline / n + data sold - data bought - fines
                  - fixed_cost - min(.0001 security, 1 % of wealth)
    agencies      + (income_tax + tax revenue + fines) by their wealth - lever_cost (levers) wealth
    associations  + donations (1 + association_support) / S
    never below 0; what is missing is written off

    leaves   a firm below `ruin`
    merger   with probability merger (1 - antitrust) the richest firm b buys a random firm t if
             W_t + 20 data_price D_t < .3 W_b and s_b + s_t < cap
    break-up with antitrust > 0, the largest firm above cap = 1 - .9 antitrust gives half of its
             data, creative power, wealth and users to a dead place; it waits if there is none
    entry    a dead place is taken with probability `entry`

A place takes part in one of these a month. Every inflow and outflow has a name in `flows.money`,
and the ledger closes. Users of a firm that was bought go with it; whoever then has the buyer twice
keeps one space with both profiles. A profile left at a dead firm becomes stray when its place is
taken.
Off: entry = merger = 0.
Source: F08 (Simon, 1955), own, docs/model.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax.numpy as jnp

from datapolis.core.declare import writes
from datapolis.core.policy import LEVER_COST, LEVERS
from datapolis.model.arrays import TINY, barrier, neighbours, pick, slot_any, slot_sum
from datapolis.model.noise import noise, normal
from datapolis.model.quantities import alive_firms, chance

if TYPE_CHECKING:
    from jax import Array

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Levers
    from datapolis.model.society import Citizens, Society
    from datapolis.model.world import World


ENTRANT_DATA, ENTRANT_USERS = 1e-5, 0.2  # data at birth; user share at birth, times 1 / n
YOUNG_SKILL, YOUNG_DISCRIMINATION, YOUNG_LAXITY = 0.8, 0.02, 0.6


@writes(
    "citizens.uses",
    "citizens.profile",
    "citizens.stray",
    "organizations.alive",
    "organizations.data",
    "organizations.arrivals",
    "organizations.skill",
    "organizations.creative",
    "organizations.wealth",
    "organizations.security",
    "organizations.partners",
    "organizations.strength",
    "organizations.region",
    "firms.generation",
    "firms.quality",
    "firms.discrimination",
    "firms.laxity",
    "firms.user_share",
    "flows.money",
    "flows.born",
    "flows.gone",
    "flows.merged",
    "flows.broken_up",
    "flows.government_gain",
)
def resources(
    society: Society, world: World, parameters: Parameters, levers: Levers, key: Array
) -> Society:
    """Settle the month's accounts, then let firms leave, merge, split and enter."""
    sizes, before = world.sizes, society.organizations.wealth
    wealth, money = _accounts(society, world, parameters, levers)
    after = _Market(society, world, parameters, wealth)
    after.leave()
    merger = after.merge(levers, key)
    split = after.break_up(levers)
    after.enter(key)
    money |= after.money
    part = sizes.government
    society = after.written(society)
    return replace(
        society,
        citizens=_follow(society, world, merger, split, after.born, key),
        flows=replace(
            society.flows,
            money=money,
            born=jnp.sum(after.born),
            gone=jnp.sum(after.gone),
            merged=merger[0].astype(jnp.int32),
            broken_up=split[0].astype(jnp.int32),
            government_gain=jnp.sum(wealth[part]) - jnp.sum(before[part]),
        ),
    )


def _accounts(
    society: Society, world: World, parameters: Parameters, levers: Levers
) -> tuple[Array, dict[str, Array]]:
    """Wealth after income and expense, and the flows across the border of the system by name."""
    constants, organizations, flows = parameters.resources, society.organizations, society.flows
    sizes, alive = world.sizes, organizations.alive
    government, market, social = sizes.sectors
    wealth = organizations.wealth
    upkeep = constants.upkeep * wealth
    kept = wealth - upkeep

    living_firms = alive[market]
    many = jnp.maximum(jnp.sum(living_firms), 1)
    trade = jnp.where(living_firms, constants.offline / many, 0.0)
    fixed = jnp.where(living_firms, constants.fixed_cost, 0.0)
    security = jnp.minimum(1e-4 * organizations.security[market], 0.01 * wealth[market])
    firms = kept[market] + (1.0 - constants.tax) * flows.revenue + trade + flows.sold
    firms = firms - flows.bought - flows.fines - fixed - security
    written_off = jnp.maximum(0.0, -firms)

    held = jnp.sum(wealth[government])
    share = jnp.where(
        held > 0.0, wealth[government] / jnp.maximum(held, TINY), 1.0 / sizes.agencies
    )
    revenue, fines = jnp.sum(flows.revenue), jnp.sum(flows.fines)
    income = constants.income_tax + constants.tax * revenue + fines
    used = sum(cost * getattr(levers, name) for name, cost in zip(LEVERS, LEVER_COST, strict=True))
    part = jnp.minimum(constants.lever_cost * used, 1.0 - constants.upkeep)
    spent = part * wealth[government]
    agencies = kept[government] + income * share - spent

    given = constants.donations * (1.0 + levers.association_support) / sizes.associations
    associations = kept[social] + given
    money = {
        "income_tax": constants.income_tax + 0.0 * revenue,
        "revenue": revenue,
        "offline": jnp.sum(trade),
        "donations": given * sizes.associations + 0.0 * revenue,
        "written_off": jnp.sum(written_off),
        "upkeep": -jnp.sum(upkeep),
        "fixed_cost": -jnp.sum(fixed),
        "security": -jnp.sum(security),
        "levers": -jnp.sum(spent),
    }
    return jnp.concatenate([agencies, firms + written_off, associations]), money


class _Market:
    """The places of firms while they leave, merge, split and are taken: each once a month."""

    def __init__(
        self, society: Society, world: World, parameters: Parameters, wealth: Array
    ) -> None:
        self.part, self.firms = world.sizes.market, world.sizes.firms
        self.place = jnp.arange(self.firms)
        self.constants, self.parameters = parameters.resources, parameters
        self.frontier, self.regions = society.technology, world.sizes.regions
        organizations = society.organizations
        self.all_wealth = wealth
        self.alive = alive_firms(society, world)
        self.wealth = wealth[self.part]
        self.data = organizations.data[self.part]
        self.arrivals = organizations.arrivals[self.part]
        self.skill = organizations.skill[self.part]
        self.creative = organizations.creative[self.part]
        self.security = organizations.security[self.part]
        self.region = organizations.region[self.part]
        self.traits = society.firms
        self.touched = jnp.zeros(self.firms, bool)
        self.gone = self.born = self.touched
        self.money: dict[str, Array] = {}

    def _at(self, place: Array, happens: Array) -> Array:
        return (self.place == place) & happens

    def _close(self, closed: Array) -> None:
        """Empty the places that are given up."""
        stays = ~closed
        self.alive, self.touched = self.alive & stays, self.touched | closed
        for name in ("wealth", "data", "arrivals", "skill", "creative", "security"):
            setattr(self, name, jnp.where(stays, getattr(self, name), 0.0))
        self.traits = replace(
            self.traits,
            quality=jnp.where(stays, self.traits.quality, 0.0),
            discrimination=jnp.where(stays, self.traits.discrimination, 0.0),
            laxity=jnp.where(stays, self.traits.laxity, 0.0),
            user_share=jnp.where(stays, self.traits.user_share, 0.0),
        )

    def _open(
        self, opened: Array, wealth: Array, data: Array, users: Array, quality: Array
    ) -> None:
        """Fill places with young firms."""
        self.alive, self.touched = self.alive | opened, self.touched | opened
        self.born = self.born | opened
        self.wealth = jnp.where(opened, wealth, self.wealth)
        self.data = jnp.where(opened, data, self.data)
        self.skill = jnp.where(opened, YOUNG_SKILL * self.frontier, self.skill)
        traits = self.traits
        self.traits = replace(
            traits,
            generation=traits.generation + opened,
            quality=jnp.where(opened, quality, traits.quality),
            discrimination=jnp.where(opened, YOUNG_DISCRIMINATION, traits.discrimination),
            laxity=jnp.where(opened, YOUNG_LAXITY, traits.laxity),
            user_share=jnp.where(opened, users, traits.user_share),
        )

    def leave(self) -> None:
        """Firms that are ruined leave; what little they had is lost."""
        self.gone = self.alive & (self.wealth < self.constants.ruin)
        self.money["wound_up"] = -jnp.sum(jnp.where(self.gone, self.wealth, 0.0))
        self._close(self.gone)

    def merge(self, levers: Levers, key: Array) -> tuple[Array, Array, Array]:
        """The richest firm buys another, if it can pay and may; (whether, buyer, target)."""
        buyer = jnp.argmax(jnp.where(self.alive, self.wealth, -1.0))
        eligible = self.alive & (self.place != buyer)
        target = pick(noise(key, jnp.asarray(0), 0), eligible)
        price = self.wealth[target] + 20.0 * self.parameters.exchange.data_price * self.data[target]
        share = self.traits.user_share
        happens = noise(key, jnp.asarray(0), 1) < self.constants.merger * (1.0 - levers.antitrust)
        happens = happens & jnp.any(eligible) & self.alive[buyer]
        happens = happens & (price < 0.3 * self.wealth[buyer])
        happens = happens & (share[buyer] + share[target] < 1.0 - 0.9 * levers.antitrust)
        self.money["takeovers"] = jnp.where(happens, -price, 0.0)
        gets, goes = self._at(buyer, happens), self._at(target, happens)
        bought = {name: getattr(self, name)[target] for name in ("wealth", "data", "arrivals")}
        users = share[target]
        self._close(goes)
        self.wealth = self.wealth + jnp.where(gets, bought["wealth"] - price, 0.0)
        self.data = self.data + jnp.where(gets, bought["data"], 0.0)
        self.arrivals = self.arrivals + jnp.where(gets, bought["arrivals"], 0.0)
        self.traits = replace(
            self.traits, user_share=self.traits.user_share + jnp.where(gets, users, 0.0)
        )
        self.touched = self.touched | gets
        return happens, buyer, target

    def break_up(self, levers: Levers) -> tuple[Array, Array, Array]:
        """The largest firm above the cap gives half to a dead place; (whether, firm, place)."""
        share = jnp.where(self.touched, 0.0, self.traits.user_share)
        largest = jnp.argmax(share)
        empty = ~self.alive & ~self.touched
        place = jnp.argmax(empty)
        happens = (levers.antitrust > 0.0) & (share[largest] > 1.0 - 0.9 * levers.antitrust)
        happens = happens & jnp.any(empty)
        halved, opened = self._at(largest, happens), self._at(place, happens)
        shared = ("wealth", "data", "arrivals", "creative")
        half = {name: 0.5 * getattr(self, name)[largest] for name in shared}
        users, quality = 0.5 * share[largest], self.traits.quality[largest]
        for name in shared:
            setattr(self, name, jnp.where(halved, half[name], getattr(self, name)))
        self.traits = replace(
            self.traits, user_share=jnp.where(halved, users, self.traits.user_share)
        )
        self._open(opened, half["wealth"], half["data"], users, quality)
        for name in ("arrivals", "creative"):
            setattr(self, name, jnp.where(opened, half[name], getattr(self, name)))
        self.touched = self.touched | halved
        return happens, largest, place

    def enter(self, key: Array) -> None:
        """New firms take dead places."""
        opened = ~self.alive & ~self.touched & (chance(key, self.firms, 2) < self.constants.entry)
        capital = self.constants.entrant_wealth
        self.money["entrants"] = jnp.sum(opened) * capital
        many = jnp.maximum(jnp.sum(self.alive), 1)
        quality = self.parameters.attention.quality_spread * normal(key, self.place, 3)
        users = jnp.full(self.firms, ENTRANT_USERS) / many
        self._open(
            opened,
            jnp.full(self.firms, 1.0) * capital,
            jnp.full(self.firms, ENTRANT_DATA),
            users,
            quality,
        )
        drawn = (chance(key, self.firms, 4) * self.regions).astype(jnp.int32)
        self.region = jnp.where(opened, drawn, self.region)

    def written(self, society: Society) -> Society:
        """The society with these places; one that was emptied or taken loses its old ties."""
        organizations, part = society.organizations, self.part
        fresh = jnp.zeros(organizations.alive.shape, bool).at[part].set(~self.alive | self.born)
        lost = fresh[:, None] | neighbours(fresh, organizations.partners, False)
        return replace(
            society,
            firms=self.traits,
            organizations=replace(
                organizations,
                alive=organizations.alive.at[part].set(self.alive),
                data=organizations.data.at[part].set(self.data),
                arrivals=organizations.arrivals.at[part].set(self.arrivals),
                skill=organizations.skill.at[part].set(self.skill),
                creative=organizations.creative.at[part].set(self.creative),
                wealth=self.all_wealth.at[part].set(self.wealth),
                security=organizations.security.at[part].set(self.security),
                region=organizations.region.at[part].set(self.region),
                partners=jnp.where(lost, -1, organizations.partners),
                strength=jnp.where(lost, 0.0, organizations.strength),
            ),
        )


def _follow(
    society: Society,
    world: World,
    merger: tuple[Array, Array, Array],
    split: tuple[Array, Array, Array],
    born: Array,
    key: Array,
) -> Citizens:
    """Citizens' spaces and profiles after mergers, break-ups and births."""
    citizens = society.citizens
    uses, profile = citizens.uses, citizens.profile

    # a profile left at a dead firm becomes stray when its place is taken
    forgotten = jnp.where(born[uses], profile, 0.0)
    stray, profile = citizens.stray + slot_sum(forgotten), profile - forgotten

    # users of the firm that was bought go to the buyer
    happens, buyer, target = merger
    at_buyer, at_target = uses == buyer, (uses == target) & happens
    both, found = barrier(slot_any(at_buyer), slot_sum(jnp.where(at_target, profile, 0.0)))
    twice, brought = both[:, None], found[:, None]
    profile = jnp.where(at_buyer, profile + brought, profile)
    profile = jnp.where(at_target & twice, 0.0, profile)
    uses = jnp.where(at_target & ~twice, buyer, uses)

    # half of the users of the firm that was broken up go to the new one
    happens, largest, place = split
    goes = noise(key, world.citizens.identity, 5) < 0.5
    goes = barrier(goes & ~slot_any(uses == place) & happens)
    uses = jnp.where(goes[:, None] & (uses == largest), place, uses)
    return replace(citizens, uses=uses.astype(citizens.uses.dtype), profile=profile, stray=stray)
