"""What must always hold, at the end of each month, wherever in the declared ranges a society lives.

64 societies of 300 citizens, their parameters drawn from all of the declared box at once (Latin
hypercube), half of them under levers or shocks, for 60 months in one compiled segment. Witnesses
stand between the mechanisms and note how far each rule was broken.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.core.declare import writes
from datapolis.core.policy import LEVERS, Policy, ramp
from datapolis.core.scenario import Shock
from datapolis.model.indices import Index
from datapolis.model.month import MONTH
from datapolis.model.simulation import Run
from datapolis.model.society import UNIT_FIELDS
from datapolis.model.world import World
from tests.helpers import draws, leaves

MEMBERS, MONTHS = 64, 60


def note(society, name, **values):
    return replace(
        society,
        own={
            **society.own,
            name: {key: jnp.float32(v) if jnp.ndim(v) == 0 else v for key, v in values.items()},
        },
    )


def opening_state(world, key):
    many = world.sizes.organizations
    return {"data": jnp.zeros(many), "wealth": jnp.float32(0.0), "frontier": jnp.float32(0.0)}


@writes("own.opening", state=opening_state)
def opening(society, world, parameters, levers, key):
    """Remember the month's first stocks, after shocks."""
    return note(
        society,
        "opening",
        data=society.organizations.data,
        wealth=jnp.sum(society.organizations.wealth),
        frontier=society.technology,
    )


RULES = {}


def numbers(*names):
    for name in names:
        RULES[name.partition("<")[0]] = float(name.partition("<")[2] or 0.0)
    return {name.partition("<")[0]: jnp.float32(0.0) for name in names}


CHOICE = ("attention_sum<1e-5", "users_sum<1e-5", "dead_attention", "same_firm_twice")


@writes("own.after_attention", state=lambda world, key: numbers(*CHOICE))
def after_attention(society, world, parameters, levers, key):
    """Attention sums to 1, or 0 if nobody lives there; users to 1; spaces are different firms."""
    alive = society.organizations.alive[world.sizes.market]
    share, uses = society.flows.attention, society.citizens.uses.astype(jnp.int32)
    sums = jnp.sum(share, axis=1)
    lives = jnp.any(alive[uses], axis=1)
    slots = uses.shape[1]
    twice = sum(
        jnp.sum(uses[:, one] == uses[:, other]) for one in range(slots) for other in range(one)
    )
    return note(
        society,
        "after_attention",
        attention_sum=jnp.max(jnp.abs(sums - lives)),
        users_sum=jnp.abs(jnp.sum(society.firms.user_share) - jnp.any(lives)),
        dead_attention=jnp.max(jnp.where(alive[uses], 0.0, share)),
        same_firm_twice=twice,
    )


PRICES = ("price_below_cost<1e-6", "surplus_below_zero", "fines_above_half<1e-7")


@writes("own.after_pricing", state=lambda world, key: numbers(*PRICES))
def after_pricing(society, world, parameters, levers, key):
    """No price below cost, nobody buys at a loss, fines leave half."""
    wealth = society.organizations.wealth[world.sizes.market]
    return note(
        society,
        "after_pricing",
        price_below_cost=jnp.max(parameters.pricing.cost - society.flows.price),
        surplus_below_zero=-jnp.min(society.flows.surplus),
        fines_above_half=jnp.max(society.flows.fines - 0.5 * wealth),
    )


TRADE = ("data_from_nowhere<2e-6", "data_trade<1e-6", "paid_above_half<1e-7")


@writes("own.after_exchange", state=lambda world, key: numbers(*TRADE))
def after_exchange(society, world, parameters, levers, key):
    """Data arrive only by collection, administration, membership, derivation, purchase."""
    flows, before = society.flows, society.own["opening"]["data"]
    bought = jnp.zeros_like(before).at[world.sizes.market].set(flows.bought_data)
    kept = (1.0 - parameters.collection.data_decay) * before
    expected = kept + flows.collected + flows.derived + bought
    wealth = society.organizations.wealth[world.sizes.market]
    return note(
        society,
        "after_exchange",
        data_from_nowhere=jnp.max(
            jnp.abs(society.organizations.data - expected) / (expected + 1e-3)
        ),
        data_trade=jnp.abs(jnp.sum(flows.sold) - jnp.sum(flows.bought)),
        paid_above_half=jnp.max(flows.bought - 0.5 * wealth),
    )


END = (
    "negative_stock",
    "nan",
    "outside_unit<1e-5",
    "dead_hold",
    "skill_above_frontier<1e-6",
    "law_above_frontier<1e-6",
    "frontier_falls",
    "ledger<1e-5",
    "aims_sum<1e-4",
    "copies_above_room<1e-3",
    "lawbreakers_out_of_range<1e-4",
    "tie_with_self",
    "places_out_of_range",
    "race_of_one_region",
    "power_parts<1e-5",
    "same_firm_twice_at_the_end",
    "data_appear_in_resources<1e-5",
)


@writes("own.closing", state=lambda world, key: numbers(*END))
def closing(society, world, parameters, levers, key):
    """The month's last word."""
    held, firms, flows = society.organizations, society.firms, society.flows
    part, many = world.sizes.market, world.sizes.organizations
    signed = ("firms.quality", "organizations.partners")
    unknown = ("controversy.half_time", "controversy.reach")
    stocks = {
        name: value
        for name, value in leaves(replace(society, own={}, flows=type(flows)())).items()
        if name not in unknown
    }
    unit = [value for name, value in stocks.items() if name.rpartition(".")[2] in UNIT_FIELDS]
    real = [value for value in stocks.values() if jnp.issubdtype(value.dtype, jnp.floating)]
    made = [
        value
        for name, value in leaves(flows, "flows.").items()
        if jnp.issubdtype(value.dtype, jnp.floating)
        and name not in ("flows.common_price", "flows.pricing_gain", "flows.integration_gap")
    ]
    dead, dead_firms = ~held.alive, ~held.alive[part]
    of_dead = [
        jnp.max(jnp.where(dead, stock, 0.0))
        for stock in (
            held.data,
            held.arrivals,
            held.skill,
            held.creative,
            held.wealth,
            held.security,
            jnp.max(held.strength, axis=1),
        )
    ] + [
        jnp.max(jnp.where(dead_firms, jnp.abs(stock), 0.0))
        for stock in (firms.quality, firms.discrimination, firms.laxity, firms.user_share)
    ]
    wealth, opening = jnp.sum(held.wealth), society.own["opening"]
    crossed = sum(jax.tree.leaves(flows.money))
    scale = jnp.maximum(1.0, jnp.maximum(wealth, opening["wealth"]))
    uses = society.citizens.uses.astype(jnp.int32)
    slots = uses.shape[1]
    kept = (1.0 - parameters.collection.data_decay) * jnp.sum(opening["data"])
    arrived = jnp.sum(flows.collected) + jnp.sum(flows.derived) + jnp.sum(flows.bought_data)
    entrants = 1e-5 * flows.born
    power = flows.base_power / jnp.maximum(jnp.sum(flows.base_power), 1e-30)
    return note(
        society,
        "closing",
        negative_stock=-jnp.min(
            jnp.stack([jnp.min(1.0 * v) for name, v in stocks.items() if name not in signed])
        ),
        nan=sum(jnp.sum(~jnp.isfinite(value)) for value in real + made),
        outside_unit=jnp.max(jnp.stack([jnp.max(value) for value in unit])) - 1.0,
        dead_hold=jnp.max(jnp.stack(of_dead)),
        skill_above_frontier=jnp.max(held.skill) - society.technology,
        law_above_frontier=jnp.max(society.regions.law) - society.technology,
        frontier_falls=opening["frontier"] - society.technology,
        ledger=jnp.abs(wealth - opening["wealth"] - crossed) / scale,
        aims_sum=jnp.max(jnp.abs(jnp.sum(society.aims, axis=1) - 1.0)),
        copies_above_room=jnp.max(society.citizens.copies) - parameters.breaches.copy_room,
        lawbreakers_out_of_range=jnp.maximum(
            0.02 - society.lawbreakers, society.lawbreakers - 50.0
        ),
        tie_with_self=jnp.sum(held.partners == jnp.arange(many)[:, None]),
        places_out_of_range=jnp.sum((uses < 0) | (uses >= world.sizes.firms))
        + jnp.sum((held.region < 0) | (held.region >= world.sizes.regions))
        + jnp.sum((held.partners < -1) | (held.partners >= many)),
        race_of_one_region=jnp.max(flows.race) * (world.sizes.regions == 1),
        power_parts=jnp.abs(jnp.sum(power) - 1.0),
        same_firm_twice_at_the_end=sum(
            jnp.sum(uses[:, one] == uses[:, other]) for one in range(slots) for other in range(one)
        ),
        data_appear_in_resources=jnp.sum(held.data) - kept - arrived - entrants,
    )


WITNESSES = (after_attention, after_pricing, after_exchange, closing)


def broken(witness, rule):
    def value(society, world):
        return society.own[witness.__name__][rule]

    return Index(f"broken_{rule}", value, "1", (), "test", rule)


def watched_month():
    after = {"attention": after_attention, "pricing": after_pricing, "exchange": after_exchange}
    month = [opening]
    for mechanism in MONTH:
        month.append(mechanism)
        if mechanism.__name__ in after:
            month.append(after[mechanism.__name__])
    return (*month, closing)


@pytest.fixture(scope="module")
def violations():
    """How far each rule was broken: by rule, [member, month]."""
    world = World.generate(
        300, seed=5, regions=3, departments=2, firms=10, firm_places=12, associations=4, slots=3
    )
    rng = np.random.default_rng(1)
    policies = [
        Policy(**{name: float(rng.random()) for name in LEVERS if rng.random() < 0.4})
        if member % 2
        else Policy()
        for member in range(MEMBERS)
    ]
    policies[1] = Policy(**dict.fromkeys(LEVERS, 1.0))
    policies[3] = Policy(**{name: ramp(0, 48, 1.0) for name in LEVERS})
    scenarios = [
        [Shock(20, "market", data=0.9, wealth=1.0), Shock(30, "largest", data=1.0, attacks=50.0)]
        if member % 4 == 0
        else []
        for member in range(MEMBERS)
    ]
    rules = [broken(witness, rule) for witness in WITNESSES for rule in witness.state(world, None)]
    run = Run.begin(
        world,
        months=MONTHS,
        seeds=list(range(MEMBERS)),
        parameters=draws(MEMBERS),
        policies=policies,
        scenarios=scenarios,
        mechanisms=watched_month(),
        record=rules,
    )
    while run.month < MONTHS:
        run.advance()
    return run.values()


NAMES = [name.partition("<")[0] for name in (*CHOICE, *PRICES, *TRADE, *END)]


@pytest.mark.parametrize("rule", NAMES)
def test_it_always_holds(rule, violations):
    found = violations[f"broken_{rule}"]
    assert found.shape == (MEMBERS, MONTHS)
    assert not np.isnan(found).any()
    worst = np.unravel_index(np.argmax(found), found.shape)
    assert found[worst] <= RULES[rule], f"member and month {worst}: broken by {found[worst]:.3g}"
