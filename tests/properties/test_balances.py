"""What one gives another gets, or it decays: of records about citizens, of data, of money, of time.

That attention sums to one, data come from somewhere, the ledger of money closes and trade pays what
it gets is watched all over the box by test_invariants.py. Here the parts that cancel inside those
sums: where a record is when a citizen leaves a firm, a firm dies, is bought or broken up.
"""

from dataclasses import replace

import numpy as np
import pytest

from datapolis.model.mechanisms import attention, breaches, collection, exchange, pricing, resources
from tests.helpers import (
    before,
    changed,
    close,
    levers,
    parameters,
    run,
    small_world,
)

WORLD = small_world()
AGENCIES, FIRMS = WORLD.sizes.government, WORLD.sizes.market


def records(society):
    """All that is held about each citizen: what firms in use hold, and what is out of reach."""
    citizens = society.citizens
    return np.asarray(citizens.profile, float).sum(axis=1) + np.asarray(citizens.stray, float)


def held(society):
    """A society in which much is held about everybody, each amount another."""
    amount = 0.5 + np.linspace(0, 1, 900).reshape(300, 3)
    return changed(society, {"citizens.profile": amount, "citizens.stray": 0.2})


@pytest.mark.parametrize("portability", [0.0, 1.0])
def test_who_leaves_a_firm_leaves_a_record(portability):
    """The profile left is stray; what is carried is a copy, no more than what was left."""
    society = held(before(attention))
    society = changed(society, {"organizations.alive": np.arange(24) != 9})
    constants = parameters({"attention.reconsideration": 0.5})  # who lost a firm moves anyway
    after = run(attention, society, WORLD, constants, levers(portability=portability))
    left = np.asarray(after.citizens.stray - society.citizens.stray, float)
    assert (left > 0).any()
    close(records(after) - records(society), portability * left, rtol=0, atol=1e-5)
    share = np.asarray(after.flows.attention, float)
    close(share.sum(axis=1), np.ones(300))


def test_a_profile_is_what_was_kept_and_what_was_taken():
    society = held(before(collection))
    after = run(collection, society, WORLD, parameters({"collection.profile_decay": 0.1}))
    kept = 0.9 * np.asarray(society.citizens.profile, float)
    close(after.citizens.profile, kept + np.asarray(after.flows.taken, float))
    taken = np.asarray(after.flows.taken, float).sum() / 300  # firms hold what citizens gave
    close(np.asarray(after.flows.collected, float)[FIRMS].sum(), taken)


def test_what_is_sold_about_citizens_is_what_is_bought():
    """Data bought by firms, per citizen, are the records that went astray; the price joins both."""
    ties = {"organizations.strength": 0.5, "organizations.wealth": 1.0}
    society = changed(before(exchange), ties)
    after = run(exchange, society, WORLD, parameters({"exchange.sale": 0.3}))
    bought = np.asarray(after.flows.bought_data, float).sum()
    assert bought > 1e-3
    close(np.mean(records(after) - records(society)), bought, rtol=1e-4)
    close(np.asarray(after.flows.bought, float).sum(), 0.02 * bought, rtol=1e-4)
    close(after.flows.sold.sum(), after.flows.bought.sum(), rtol=1e-4)


def test_a_leak_takes_nothing_from_its_holder():
    """What leaks is a copy: profiles and data stay, and stray grows by the copies."""
    society = changed(held(before(breaches)), {"flows.exposed": 1.0, "organizations.data": 0.1})
    constants = parameters({"breaches.attack_rate": 1.0, "breaches.stray_decay": 0.0})
    after = run(breaches, society, WORLD, constants)
    close(after.citizens.profile, society.citizens.profile, rtol=0, atol=0)
    close(after.organizations.data, society.organizations.data, rtol=0, atol=0)
    lost = np.asarray(after.flows.leaked_share, float)
    assert lost[FIRMS].any()
    of_firms = lost[FIRMS][np.asarray(society.citizens.uses)] * np.asarray(society.citizens.profile)
    serves = np.asarray(WORLD.organizations.national)[None, :] | (
        np.asarray(society.organizations.region)[None, :]
        == np.asarray(WORLD.citizens.region)[:, None]
    )
    regions = np.where(WORLD.organizations.national, 1, WORLD.sizes.regions)
    public = (serves * (lost * 0.1 * regions)[None, :])[:, np.r_[0:8, 20:24]]
    gain = np.asarray(after.citizens.stray - society.citizens.stray, float)
    close(gain, of_firms.sum(axis=1) + public.sum(axis=1), rtol=1e-4)


EVENTS = {
    "a merger": ({"organizations.wealth": np.where(np.arange(24) == 8, 1.0, 1e-3),
                  "organizations.data": 0.01},
                 {"resources.merger": 1.0}, {}),
    "a break-up": ({"firms.user_share": np.r_[0.9, np.full(11, 0.1 / 11)],
                    "organizations.alive": np.arange(24) != 12},
                   {"resources.merger": 0.0, "resources.entry": 0.0}, {"antitrust": 0.5}),
    "entries": ({"organizations.alive": (np.arange(24) < 9) | (np.arange(24) > 13)},
                {"resources.merger": 0.0, "resources.entry": 1.0}, {}),
    "exits": ({"organizations.wealth": np.r_[np.full(8, 0.1), np.zeros(6), np.full(10, 0.1)],
               "flows.revenue": 0.0},
              {"resources.offline": 0.0, "resources.merger": 0.0, "resources.entry": 0.0}, {}),
}  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_firms_come_and_go_but_records_stay(event):
    """Each citizen's records, all firms' data and users: moved, ended with a firm, or born."""
    stocks, constants, policy = EVENTS[event]
    society = changed(held(before(resources)), stocks)
    dead = ~np.asarray(society.organizations.alive)
    society = changed(
        society,
        {
            "organizations.data": np.where(dead, 0.0, np.asarray(society.organizations.data)),
            "organizations.wealth": np.where(dead, 0.0, np.asarray(society.organizations.wealth)),
            "firms.user_share": np.where(dead[FIRMS], 0.0, np.asarray(society.firms.user_share)),
        },
    )
    after = run(resources, society, WORLD, parameters(constants), levers(**policy))
    flows = after.flows
    made = {name: int(getattr(flows, name)) for name in ("born", "gone", "merged", "broken_up")}
    happened = {"a merger": "merged", "a break-up": "broken_up", "entries": "born", "exits": "gone"}
    assert made[happened[event]] >= 1
    close(records(after), records(society), rtol=0, atol=1e-5)

    closed = np.asarray(society.organizations.alive) & ~np.asarray(after.organizations.alive)
    ended = closed if event == "exits" else np.zeros(24, bool)
    young = made["born"] - made["broken_up"]
    data, users = society.organizations.data, society.firms.user_share
    close(
        np.sum(after.organizations.data),
        np.sum(np.asarray(data)[~ended]) + 1e-5 * young,
        rtol=1e-5,
    )
    living = int(np.sum(np.asarray(after.organizations.alive)[FIRMS])) - young
    close(
        np.sum(after.firms.user_share),
        np.sum(np.asarray(users)[~ended[FIRMS]]) + 0.2 * young / max(living, 1),
        rtol=1e-5,
    )


def test_what_firms_pay_in_tax_and_fines_agencies_get():
    """Revenue taxed and fines paid leave firms and reach agencies: the sum of both is untouched."""
    society = before(resources)
    society = replace(society, flows=replace(society.flows, fines=0.01 * (society.flows.fines + 1)))
    quiet = {"resources.merger": 0.0, "resources.entry": 0.0, "resources.ruin": 0.0}
    rich = changed(society, {"organizations.wealth": 1.0})
    wealth = []
    for tax in (0.0, 0.4):
        after = run(resources, rich, WORLD, parameters({**quiet, "resources.tax": tax}))
        wealth.append(np.asarray(after.organizations.wealth, float))
    moved = wealth[1] - wealth[0]
    revenue = float(np.sum(np.asarray(rich.flows.revenue)))
    close(moved[AGENCIES].sum(), 0.4 * revenue, rtol=1e-3)
    close(moved[FIRMS].sum(), -0.4 * revenue, rtol=1e-3)
    unfined = replace(rich, flows=replace(rich.flows, fines=0.0 * rich.flows.fines))
    less = run(resources, unfined, WORLD, parameters({**quiet, "resources.tax": 0.4}))
    fined = wealth[1] - np.asarray(less.organizations.wealth, float)
    close(fined[AGENCIES].sum(), float(np.sum(np.asarray(rich.flows.fines))), rtol=1e-3)
    close(fined[FIRMS].sum(), -fined[AGENCIES].sum(), rtol=1e-3)


def test_what_buyers_save_firms_do_not_earn():
    """Of one purchase surplus and revenue share its worth over cost, whatever the price."""
    society = before(pricing)
    after = run(pricing, society, WORLD, parameters())
    income = np.asarray(WORLD.citizens.income, float)[:, None]
    price, share = np.asarray(after.flows.price, float), np.asarray(society.flows.attention, float)
    active = 0.1 * share * np.asarray(society.flows.online, float)[:, None]
    worth = np.where(income >= price, active * (income - 0.1), 0.0).sum() / 300
    shared = float(np.mean(after.flows.surplus)) + float(np.sum(after.flows.revenue))
    close(shared, worth, rtol=1e-4)
