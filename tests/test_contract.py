"""What every mechanism, index, lever and parameter owes, checked for all of them at once."""

import jax
import numpy as np
import pytest

from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVERS
from datapolis.model.indices import INDICES, labels
from datapolis.model.mechanisms import (
    absorption,
    attention,
    breaches,
    collection,
    exchange,
    governance,
    law,
    mining,
    monitoring,
    pricing,
    resources,
    rights,
    rumours,
    ties,
)
from datapolis.model.month import MONTH
from datapolis.model.society import UNIT_FIELDS
from tests.helpers import (
    before,
    born,
    changed,
    close,
    grown,
    leaves,
    levers,
    months,
    parameters,
    run,
    small_world,
    stages,
)

BUSY = {  # everything that can happen happens soon
    "resources.entry": 0.3,
    "resources.merger": 1.0,
    "resources.ruin": 1e-4,
    "resources.entrant_wealth": 1e-5,
    "resources.offline": 0.0,
    "breaches.attack_rate": 0.09,
    "breaches.loss": 10.0,
    "breaches.liability": 0.1,
    "breaches.vulnerability": 1.0,
    "breaches.reference_data": 1.0,
    "breaches.contagion": 0.5,
    "absorption.government": 0.15,
    "ties.adaptation": 0.2,
    "exchange.shared": 0.1,
    "exchange.link_review": 0.3,
    "exchange.link_lapse": 0.3,
    "exchange.hoarding_rent": 0.1,
    "law.move": 0.1,
    "rumours.rate": 1.0,
    "rumours.seed": 0.01,
    "trust.threshold": 0.3,
    "pricing.basket": 0.01,
    "technology.start": 0.3,
    "law.lag": 24.0,
    "attention.reconsideration": 0.5,
    "pricing.tolerance": 0.0,
}


def start(constants):
    """Month 0 with one rich firm, one at the edge of ruin, and agencies already linked."""
    society = born(small_world(), constants)
    wealth = np.array(society.organizations.wealth)
    wealth[8:18] = [1.0, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 3e-4, 2e-5]
    profile = {"citizens.profile": 0.1, "organizations.security": 0.01}
    return changed(society, {"organizations.wealth": wealth, "links": True, **profile})


def same(one, other):
    return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)


def names_changed(earlier, later):
    first, second = leaves(earlier), leaves(later)
    return {name for name in second if name not in first or not same(first[name], second[name])}


# --- mechanisms ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def writings():
    """What each mechanism changed in three quite different years."""
    world = small_world()
    found = {mechanism.__name__: set() for mechanism in MONTH}
    quiet, busy = parameters(), parameters(BUSY)
    split = levers(antitrust=1.0, data_sharing=1.0)
    for constants, policy in ((quiet, levers()), (busy, levers()), (busy, split)):
        society = born(world, constants) if constants is quiet else start(constants)
        for month in range(18):
            earlier = None
            for mechanism, society in stages(society, world, constants, policy, 0, month):  # noqa: B020
                if mechanism is not None:
                    found[mechanism.__name__] |= names_changed(earlier, society)
                earlier = society
    return found


@pytest.mark.parametrize("mechanism", MONTH, ids=lambda mechanism: mechanism.__name__)
def test_a_mechanism_changes_what_it_declares_and_nothing_else(mechanism, writings):
    def declared(name):
        return any(name == one or name.startswith(f"{one}.") for one in mechanism.writes)

    changed_names = writings[mechanism.__name__]
    assert {name for name in changed_names if not declared(name)} == set()
    never = {
        one
        for one in mechanism.writes
        if not any(name == one or name.startswith(f"{one}.") for name in changed_names)
    }
    assert never == set()


@pytest.mark.parametrize("mechanism", MONTH, ids=lambda mechanism: mechanism.__name__)
def test_a_mechanism_says_what_it_is(mechanism):
    """Its file opens with equation, off switch and source."""
    text = __import__(mechanism.__module__, fromlist=["_"]).__doc__
    assert "Off:" in text
    assert "Source:" in text


# --- indices ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def observed():
    world = small_world()
    every = jax.jit(
        lambda society, world: {name: one(society, world) for name, one in INDICES.items()}
    )
    return every(grown(), world)


@pytest.mark.parametrize("name", INDICES)
def test_an_index_has_its_dimensions_and_says_what_it_is(name, observed):
    one, world = INDICES[name], small_world()
    assert observed[name].shape == tuple(len(labels(dim, world)) for dim in one.dims)
    assert one.about
    assert one.unit
    nan_allowed = {"rumour_reach", "rumour_half_time", "new_ties_of_hit"}
    assert name in nan_allowed or np.isfinite(np.asarray(observed[name])).all()


def test_shares_are_shares(observed):
    for name in (
        "power_share",
        "wealth_share",
        "dependence_share",
        "relational_share",
        "pivotality",
    ):
        close(np.sum(observed[name]), 1.0)
    close(
        observed["power_herfindahl"],
        observed["power_herfindahl_between"] + observed["power_herfindahl_within"],
    )
    close(observed["sector_herfindahl"], np.sum(np.asarray(observed["power_share"]) ** 2))


# --- levers -------------------------------------------------------------------------------------

GUARDED = {"regions.law": 0.6, "regions.enforcement": 0.9}
SPREAD = {"citizens.rumour": (np.arange(300) % 3 == 0).astype(int)}


def agencies(values):
    return np.asarray(values)[: small_world().sizes.agencies]


def others(values):
    return np.asarray(values)[small_world().sizes.agencies :]


# lever: (mechanism, what it moves, which way, what the society must have, constants)
MOVES = [
    ("data_sharing", exchange, lambda s: np.sum(s.links), 1, {"organizations.skill": 0.2},
     {"exchange.hoarding_rent": 1.0, "exchange.link_review": 0.3}),
    ("open_data", exchange, lambda s: np.sum(others(s.flows.workable)), 1, {}, {}),
    ("open_data", rights, lambda s: np.mean(s.citizens.rights[:, 0]), 1, {}, {}),
    ("open_data", monitoring, lambda s: s.flows.sight[1], 1, {}, {}),
    ("open_data", ties, lambda s: np.sum(s.organizations.strength), 1, {}, {}),
    ("data_mindset", absorption, lambda s: np.sum(agencies(s.organizations.skill)), 1, {}, {}),
    ("data_mindset", mining, lambda s: np.sum(agencies(s.organizations.creative)), 1, {}, {}),
    ("privacy_law", collection, lambda s: np.sum(s.flows.taken), -1, GUARDED, {}),
    ("privacy_law", attention, lambda s: s.flows.steered, -1,
     {"regions.law": 0.0, "regions.enforcement": 1.0, "citizens.profile": 5.0,
      "organizations.skill": 0.3}, {"attention.steering": 1.0}),
    ("data_ownership", breaches, lambda s: np.sum(s.citizens.stray), -1, GUARDED, {}),
    ("pricing_ban", pricing,
     lambda s: np.sum(abs(s.flows.price - s.flows.common_price[s.citizens.uses])), -1,
     {"firms.discrimination": 0.9}, {}),
    ("antitrust", resources, lambda s: s.flows.merged, -1,
     {"organizations.wealth": np.where(np.arange(24) == 8, 1.0, 1e-3), "organizations.data": 0.0},
     {"resources.merger": 1.0}),
    ("antitrust", resources, lambda s: s.flows.broken_up, 1,
     {"firms.user_share": np.eye(12)[0], "organizations.alive": np.arange(24) != 12},
     {"resources.merger": 0.0}),
    ("portability", attention, lambda s: s.firms.user_share, 0, {},
     {"attention.reconsideration": 1.0, "attention.switching_cost": 4.0}),
    ("portability", pricing, lambda s: np.sum(s.flows.price), -1, {"firms.discrimination": 0.9},
     {"pricing.rivalry": 1.0, "attention.switching_cost": 1.0}),
    ("enforcement_capacity", law, lambda s: np.min(s.flows.capacity), 1, {}, {}),
    ("legislation_speed", law, lambda s: np.mean(s.regions.law), 1, {"technology": 0.9}, {}),
    ("regional_coordination", law, lambda s: np.mean(s.flows.race), -1, {}, {}),
    ("security_standard", breaches, lambda s: np.sum(s.organizations.security), 1,
     {"flows.exposed": 2.0}, {"breaches.liability": 0.1}),
    ("rumour_correction", rumours, lambda s: np.sum(np.asarray(s.citizens.rumour) == 1), -1,
     SPREAD, {}),
    ("public_platform", rights, lambda s: np.mean(s.citizens.rights[:, 1]), 1, {}, {}),
    ("association_support", governance, lambda s: np.mean(s.regions.partnership), 1, {}, {}),
    ("association_support", resources, lambda s: s.flows.money["donations"], 1, {}, {}),
    ("government_transparency", rights, lambda s: np.mean(s.citizens.rights[:, 2]), 1,
     {"watching_government": 0.8}, {}),
]  # fmt: skip


def test_every_lever_has_its_move():
    assert {move[0] for move in MOVES} == set(LEVERS)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: f"{move[0]}-{move[1].__name__}")
def test_a_lever_moves_what_it_is_meant_to_move(move):
    """From 0 to half to 1, in the direction that the equation demands."""
    lever, mechanism, quantity, sign, stocks, constants = move
    world, constants = small_world(), parameters(constants)
    society = changed(before(mechanism), stocks)
    found = [
        np.asarray(
            quantity(run(mechanism, society, world, constants, levers(**{lever: level}))), float
        )
        for level in (0.0, 0.5, 1.0)
    ]
    if sign == 0:  # it changes, without a direction
        assert not np.array_equal(found[0], found[2])
    else:
        assert sign * (found[2] - found[0]) > 0
        assert sign * (found[1] - found[0]) >= 0
        assert sign * (found[2] - found[1]) >= 0


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_that_is_not_pulled_costs_nothing(lever):
    world = small_world()
    society = before(resources)
    assert run(resources, society, world).flows.money["levers"] == 0.0
    after = run(resources, society, world, policy=levers(**{lever: 1.0}))
    held = float(np.sum(agencies(society.organizations.wealth)))
    close(after.flows.money["levers"], -0.005 * held, rtol=1e-4)


# --- parameters ---------------------------------------------------------------------------------

FIXED = {"power.wealth_weight"}  # a convention: its range is one value


def busy_months(number=24, path=None, value=None):
    """The society month by month in a busy world with all levers half pulled."""
    world, constants = small_world(), parameters({**BUSY, **({path: value} if path else {})})
    policy = levers(**dict.fromkeys(LEVERS, 0.3))
    society = start(constants)
    for month in range(number):
        society = months(society, world, 1, constants, policy, first=month)
        yield leaves(society)


@pytest.fixture(scope="module")
def busy():
    return list(busy_months())


@pytest.mark.parametrize("path", [path for path in DECLARED if path not in FIXED])
def test_a_parameter_changes_something(path, busy):
    """At an end of its range some stock or flow differs, soon or within two busy years."""
    declared = DECLARED[path]
    here = BUSY.get(path, declared.default)
    ends = sorted((declared.low, declared.high), key=lambda end: -abs(end - here))
    assert any(
        not same(base[name], changed_[name])
        for end in ends
        for base, changed_ in zip(busy, busy_months(path=path, value=end), strict=True)
        for name in base
    )


@pytest.mark.parametrize("path", DECLARED)
def test_a_parameter_is_declared_once_and_well(path):
    declared = DECLARED[path]
    assert declared.allows(declared.default)
    assert declared.about
    assert declared.unit
    assert declared.source
    assert declared.low < declared.high or path in FIXED


def test_unit_fields_are_fields():
    names = {name.rpartition(".")[2] for name in leaves(born(small_world()))}
    assert set(UNIT_FIELDS) <= names
