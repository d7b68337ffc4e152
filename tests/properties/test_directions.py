"""Which way a constant pushes what it acts on, one mechanism each, as docs/model.md has it.

The same society, the same chance, a constant at the low end of its declared range, in the middle
and at the high end: never the wrong way, and some way between the ends. Since chance belongs to
identities, no tolerance is needed but rounding. Levers are in tests/test_contract.py. Left out are
constants without a direction (what is learnt from peers who may be ahead or behind, an elasticity
of data above or below the mean, the speed toward something that lies on either side), and
probabilities of rare events that tests/model/mechanisms count (`rumours.seed`, `law.move`).
"""

import numpy as np
import pytest

from datapolis.core.parameters import DECLARED
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
    power,
    pricing,
    resources,
    rumours,
    technology,
    ties,
    trust,
)
from tests.helpers import before, changed, levers, parameters, run, small_world

SIZES = small_world().sizes
AGENCIES, FIRMS, ASSOCIATIONS = SIZES.government, SIZES.market, SIZES.social


def total(path, part=slice(None)):
    """The sum of a stock or flow, or of a part of it."""

    def value(society):
        record = society
        for name in path.split("."):
            record = record[name] if isinstance(record, dict) else getattr(record, name)
        return np.sum(np.asarray(record, float)[part] if np.ndim(record) else float(record))

    return value


def moves(society):
    """How many spaces are no longer what they were before attention."""
    return np.sum(np.asarray(society.citizens.uses) != np.asarray(FOUND[attention].citizens.uses))


def weighted(path):
    """The sum of what is known, or of firms' discrimination, by attention."""

    def value(society):
        share = np.asarray(society.flows.attention, float)
        if path == "known":
            return np.sum(share * np.asarray(society.flows.known))
        return np.sum(share * np.asarray(society.firms.discrimination)[society.citizens.uses])

    return value


def concentration(society):
    return np.sum(np.asarray(society.firms.user_share, float) ** 2)


def state(number):
    return lambda society: np.sum(np.asarray(society.citizens.rumour) == number)


def agencies_and_firms(government, firms):
    return np.concatenate([np.full(8, government), np.full(12, firms), np.full(4, government)])


FOUND = {}  # the society as each mechanism finds it
KNOWN_WELL = {
    "citizens.profile": np.array([0.1, 1.0, 5.0]),
    "organizations.skill": 0.3,
    "citizens.awareness": 0.6,
}
DISCRIMINATING = {"firms.discrimination": np.linspace(0.1, 0.9, 12), **KNOWN_WELL}
FREE = {"attention.switching_cost": 0.0, "attention.reconsideration": 1.0}
ENFORCED = {"regions.law": 0.8, "regions.enforcement": 0.8, "firms.discrimination": 0.5}
TOLD = {"citizens.rumour": (np.arange(300) % 10 == 0).astype(int), "technology": 0.8}
QUIET_RUMOUR = {"rumours.rate": 0.0, "rumours.tellers": 1.0}
HOLDING = {"flows.exposed": 1.0}
ATTACKED = {"breaches.attack_rate": 0.3}  # about every third is struck
HIT = {"breaches.attack_rate": 1e3}  # whoever holds anything is struck
HOARDED = {"organizations.skill": 0.05, "links": False}
TIED = {"organizations.strength": 0.4}
POOLED = {"exchange.shared": 0.3}
JOINABLE = {"technology": 0.3, "flows.base_power": 0.05}
POOR = {"organizations.wealth": np.r_[np.full(8, 0.1), np.geomspace(2e-6, 2e-4, 12), np.ones(4)]}
SOME_DEAD = {"organizations.alive": np.arange(24) % 3 != 2}

# constant, mechanism, which way, what, stocks that make it matter, other constants
CASES = [
    ("technology.growth", technology, 1, total("technology"), {}, {}),
    ("technology.autonomy", technology, 1, total("technology"), {}, {}),
    ("technology.half_reach", attention, -1, total("flows.online"), {}, {}),
    ("absorption.government", absorption, 1, total("organizations.skill", AGENCIES), {}, {}),
    ("absorption.firms", absorption, 1, total("organizations.skill", FIRMS), {}, {}),
    ("absorption.associations", absorption, 1, total("organizations.skill", ASSOCIATIONS), {}, {}),
    ("absorption.use_government", mining, 1, total("organizations.creative", AGENCIES), {}, {}),
    ("absorption.use_firms", mining, 1, total("organizations.creative", FIRMS), {}, {}),
    ("absorption.use_associations", mining, 1,
     total("organizations.creative", ASSOCIATIONS), {}, {}),
    ("attention.trust_elasticity", attention, -1, total("flows.online"), {}, {}),
    ("attention.personal_help", attention, 1, weighted("known"),
     KNOWN_WELL, {"attention.reconsideration": 0.0}),
    ("attention.privacy_concern", attention, -1, weighted("known"),
     KNOWN_WELL, {"attention.reconsideration": 0.0}),
    ("attention.price_concern", attention, -1, weighted("discrimination"),
     DISCRIMINATING, {"attention.reconsideration": 0.0}),
    ("attention.network_effect", attention, 1, concentration,
     {"firms.user_share": np.geomspace(1, 0.01, 12) / np.geomspace(1, 0.01, 12).sum(),
      "firms.quality": 0.0, "organizations.creative": 0.0},
     {"attention.reconsideration": 0.0}),
    ("attention.switching_cost", attention, -1, moves, {}, {"attention.reconsideration": 1.0}),
    ("attention.reconsideration", attention, 1, moves, {}, {"attention.switching_cost": 0.0}),
    ("attention.steering", attention, 1, total("flows.steered"), KNOWN_WELL, FREE),
    ("pricing.cost", pricing, 1, total("flows.price"), {}, {}),
    ("pricing.basket", pricing, 1, total("flows.revenue"), {}, {}),
    ("pricing.rivalry", pricing, -1, total("flows.price"), {}, {}),
    ("pricing.price_weight", pricing, -1, total("flows.price"), {}, {"pricing.rivalry": 1.0}),
    ("pricing.fine", pricing, -1, total("firms.discrimination"), ENFORCED, {}),
    ("pricing.fine", pricing, 1, total("flows.fines"), ENFORCED, {}),
    ("pricing.fine", collection, -1, total("firms.laxity"), ENFORCED, {}),
    ("pricing.detection", pricing, -1, total("firms.discrimination"), ENFORCED, {}),
    ("pricing.witness", pricing, -1, total("firms.discrimination"), ENFORCED, {}),
    ("pricing.watching", pricing, 1, total("flows.unfair"), ENFORCED, {}),
    ("pricing.tolerance", pricing, -1, total("flows.unfair"), ENFORCED, {}),
    ("pricing.backlash", pricing, -1, total("firms.discrimination"), {}, {}),
    ("pricing.backlash", collection, -1, total("firms.laxity"), {}, {}),
    ("collection.traces", collection, 1, total("flows.taken"), {}, {}),
    ("collection.consent", collection, 1, total("flows.taken"), {}, {}),
    ("collection.covert", collection, 1, total("flows.covert"), {}, {}),
    ("collection.profile_decay", collection, -1, total("citizens.profile"), {}, {}),
    ("collection.data_decay", collection, -1, total("organizations.data"), {}, {}),
    ("collection.administration", collection, 1, total("organizations.data", AGENCIES), {}, {}),
    ("collection.membership", collection, 1, total("organizations.data", ASSOCIATIONS), {}, {}),
    ("exchange.open_government", exchange, 1, total("flows.workable", FIRMS), {}, {}),
    ("exchange.open_firms", exchange, 1, total("flows.workable", FIRMS), TIED, {}),
    ("exchange.open_associations", exchange, 1, total("flows.workable"), TIED, {}),
    ("exchange.derivation", exchange, 1, total("flows.derived"), TIED, {}),
    ("exchange.linkage", exchange, 1, total("flows.workable", AGENCIES), {"links": True}, {}),
    ("exchange.linkage", exchange, 1, total("flows.exposed", AGENCIES), {"links": True}, {}),
    ("exchange.pool_match", exchange, 1, total("flows.workable", FIRMS), {}, POOLED),
    ("exchange.pool_match", exchange, 1, total("flows.exposed", FIRMS), {}, POOLED),
    ("exchange.sale", exchange, 1, total("citizens.stray"), TIED, {}),
    ("exchange.hoarding_rent", exchange, -1, total("links"),
     {**HOARDED, "organizations.skill": 0.3}, {"exchange.link_review": 1.0}),
    ("exchange.link_cost", exchange, -1, total("links"),
     {**HOARDED, "organizations.skill": 0.3},
     {"exchange.link_review": 1.0, "exchange.hoarding_rent": 0.0}),
    ("exchange.link_review", exchange, 1, total("links"), HOARDED,
     {"exchange.hoarding_rent": 0.0, "exchange.link_cost": 0.0}),
    ("exchange.link_lapse", exchange, -1, total("links"), {"links": True},
     {"exchange.hoarding_rent": 1.0}),
    ("breaches.attack_rate", breaches, 1, total("organizations.hit"), {}, {}),
    ("breaches.vulnerability", breaches, 1, total("organizations.hit"), HOLDING, ATTACKED),
    ("breaches.security_effect", breaches, -1, total("organizations.hit"),
     {**HOLDING, "organizations.security": 0.5}, {"breaches.attack_rate": 3.0}),
    ("breaches.reference_data", breaches, -1, total("organizations.hit"), HOLDING, ATTACKED),
    ("breaches.contagion", breaches, 1, total("organizations.hit"),
     {**HOLDING, "organizations.strength": 0.9}, ATTACKED),
    ("breaches.liability", breaches, 1, total("organizations.security"), HOLDING, ATTACKED),
    ("breaches.loss", breaches, 1, total("organizations.security"), HOLDING, ATTACKED),
    ("breaches.smallest_leak", breaches, 1, total("flows.leaked_share"), {}, HIT),
    ("breaches.tail", breaches, -1, total("flows.leaked_share"), {}, HIT),
    ("breaches.loot", breaches, 1, total("lawbreakers"), {}, {}),
    ("breaches.crowding", breaches, 1, total("lawbreakers"), {}, {}),
    ("breaches.crime_cost", breaches, -1, total("lawbreakers"), {}, {}),
    ("breaches.copying", breaches, 1, total("citizens.copies"), {"citizens.copies": 1.0}, {}),
    ("breaches.copy_loss", breaches, -1, total("citizens.copies"), {"citizens.copies": 1.0}, {}),
    ("breaches.copy_room", breaches, 1, total("citizens.copies"), {"citizens.copies": 1.0}, {}),
    ("breaches.stray_decay", breaches, -1, total("citizens.stray"), {}, {}),
    ("breaches.correlation", breaches, 1, total("flows.inferred"), {}, {}),
    ("breaches.leak_harm", breaches, 1, total("flows.harm"), HOLDING, ATTACKED),
    ("breaches.scam", breaches, 1, total("flows.harm"), {}, {}),
    ("rumours.strong_transmission", rumours, -1, state(0), TOLD, QUIET_RUMOUR),
    ("rumours.weak_transmission", rumours, -1, state(0), TOLD, QUIET_RUMOUR),
    ("rumours.tellers", rumours, 1, state(0), TOLD, {"rumours.rate": 0.0}),
    ("rumours.stifling", rumours, 1, state(2), TOLD,
     {**QUIET_RUMOUR, "rumours.strong_transmission": 0.5}),
    ("rumours.forgetting", rumours, 1, state(2), TOLD, QUIET_RUMOUR),
    ("trust.gain", trust, 1, total("citizens.trust"), {}, {}),
    ("trust.unfair_loss", trust, -1, total("citizens.trust"), {"flows.unfair": 0.2}, {}),
    ("trust.harm_loss", trust, -1, total("citizens.trust"), {"flows.harm": 0.2}, {}),
    ("trust.rumour_loss", trust, -1, total("citizens.trust"), TOLD, {}),
    ("trust.unfair_lesson", trust, 1, total("citizens.awareness"), {"flows.unfair": 0.2}, {}),
    ("trust.harm_lesson", trust, 1, total("citizens.awareness"), {"flows.harm": 0.2}, {}),
    ("trust.known_lesson", trust, 1, total("citizens.awareness"), {}, {}),
    ("trust.awareness_decay", trust, -1, total("citizens.awareness"), {}, {}),
    ("trust.threshold", trust, -1, total("citizens.awake"), {"citizens.rights": 0.5}, {}),
    ("trust.weariness", trust, -1, total("citizens.awake"), {"citizens.awake": True}, {}),
    ("trust.example", trust, 1, total("citizens.awake"), {"citizens.awake": True}, {}),
    ("monitoring.base", monitoring, 1, total("watching_government"), {}, {}),
    ("monitoring.base", monitoring, 1, total("watching_society"), {}, {}),
    ("monitoring.government_reaction", monitoring, 1, total("watching_government"),
     {"watching_society": 0.2}, {}),
    ("monitoring.society_reaction", monitoring, 1, total("watching_society"),
     {"watching_government": 0.2}, {}),
    ("power.reference", power, -1, total("flows.data_weight"), {}, {}),
    ("power.capture", power, 1, total("flows.capture"), {}, {}),
    ("power.contest", power, -1, total("flows.capture"),
     {"organizations.wealth": agencies_and_firms(0.1, 0.01)}, {}),
    ("governance.capabilities", governance, -1, total("flows.solved_alone"), {}, {}),
    ("governance.complexity", governance, -1, total("flows.solved_alone"), {}, {}),
    ("governance.needed", governance, -1, total("flows.competence"), {}, {}),
    ("governance.compliance", governance, 1, total("flows.solved"),
     {"regions.partnership": 0.0}, {"governance.talks_cost": 10.0}),
    ("governance.joining_benefit", governance, 1, total("flows.joins"), JOINABLE, {}),
    ("governance.joining_cost", governance, -1, total("flows.joins"), JOINABLE, {}),
    ("governance.talks_cost", governance, -1, total("regions.partnership"), {}, {}),
    ("governance.resistance", governance, 1, total("regions.partnership"), {}, {}),
    ("resources.upkeep", resources, -1, total("organizations.wealth"), {}, {}),
    ("resources.tax", resources, 1, total("organizations.wealth", AGENCIES), {}, {}),
    ("resources.tax", resources, -1, total("organizations.wealth", FIRMS), {},
     {"resources.merger": 0.0}),
    ("resources.income_tax", resources, 1, total("organizations.wealth", AGENCIES), {}, {}),
    ("resources.offline", resources, 1, total("organizations.wealth", FIRMS), {},
     {"resources.merger": 0.0}),
    ("resources.donations", resources, 1, total("organizations.wealth", ASSOCIATIONS), {}, {}),
    ("resources.fixed_cost", resources, -1, total("flows.money.fixed_cost"), {}, {}),
    ("resources.lever_cost", resources, -1, total("organizations.wealth", AGENCIES), {}, {}),
    ("resources.ruin", resources, 1, total("flows.gone"), {**POOR, "flows.revenue": 0.0},
     {"resources.offline": 0.0, "resources.fixed_cost": 0.0}),
    ("resources.entry", resources, 1, total("flows.born"), SOME_DEAD, {}),
    ("resources.entrant_wealth", resources, 1, total("flows.money.entrants"), SOME_DEAD,
     {"resources.entry": 1.0}),
    ("resources.merger", resources, 1, total("flows.merged"),
     {"organizations.wealth": np.where(np.arange(24) == 8, 1.0, 1e-3), "organizations.data": 0.0},
     {}),
    ("law.lag", law, -1, total("regions.law"), {"technology": 0.8}, {}),
    ("law.base_demand", law, 1, total("regions.law"), {"technology": 0.8}, {}),
    ("law.strictness_weight", law, -1, total("flows.race"), {}, {}),
    ("law.growth_weight", law, 1, total("flows.race"), {}, {}),
    ("law.growth_scale", law, 1, total("flows.race"), {}, {}),
    ("law.growth_weight", law, -1, total("regions.enforcement"), {}, {}),
    ("ties.search", ties, 1, total("flows.new_ties"), TIED, {"ties.cost": 0.0}),
    ("ties.cost", ties, -1, total("flows.new_ties"),
     {"organizations.strength": 0.0, "organizations.partners": -1}, {"ties.search": 1.0}),
    ("ties.spur", ties, 1, total("flows.new_ties"),
     {"organizations.hit": True, "organizations.strength": 0.0}, {"ties.cost": 0.0}),
]  # fmt: skip


def pulled(path):
    """Levers, where a constant is about them."""
    return levers(open_data=1.0, privacy_law=1.0) if path == "resources.lever_cost" else levers()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1].__name__}")
def test_it_pushes_the_way_the_equation_says(case):
    path, mechanism, sign, quantity, stocks, constants = case
    if mechanism not in FOUND:
        FOUND[mechanism] = before(mechanism)
    society, declared = changed(FOUND[mechanism], stocks), DECLARED[path]
    low, high = declared.low, declared.high
    found = [
        float(
            quantity(
                run(
                    mechanism,
                    society,
                    small_world(),
                    parameters({**constants, path: value}),
                    pulled(path),
                )
            )
        )
        for value in (low, (low + high) / 2, high)
    ]
    rounding = 1e-6 * max(map(abs, found))
    assert sign * (found[2] - found[0]) > rounding, found
    assert sign * (found[1] - found[0]) >= -rounding, found
    assert sign * (found[2] - found[1]) >= -rounding, found


# --- what a stock does, and chains of two ---------------------------------------------------------


def test_more_security_means_fewer_breaches():
    society, world = changed(before(breaches), HOLDING), small_world()
    hits = [
        np.sum(
            run(
                breaches,
                changed(society, {"organizations.security": level}),
                world,
                parameters(ATTACKED),
                seed=seed,
            ).organizations.hit
        )
        for level in (0.0, 0.2, 1.0)
        for seed in range(20)
    ]
    none, some, much = np.reshape(hits, (3, 20)).sum(axis=1)
    assert none > some > much


@pytest.mark.parametrize(
    ("path", "way"), [("exchange.hoarding_rent", 1), ("exchange.link_review", -1)]
)
def test_more_sharing_lowers_the_integration_gap(path, way):
    """Rent keeps agencies apart, reviews bring them together: the gap that mining then finds."""
    society = changed(before(exchange), {"links": False, "organizations.skill": 0.3})
    constants = {"exchange.link_review": 1.0, "exchange.hoarding_rent": 0.0}
    constants |= {"exchange.link_cost": 0.0}
    gaps = []
    for value in (DECLARED[path].low, DECLARED[path].high):
        here = parameters({**constants, path: value})
        shared = run(exchange, society, small_world(), here)
        gaps.append(float(run(mining, shared, small_world(), here).flows.integration_gap))
    assert way * (gaps[1] - gaps[0]) > 1e-3


def test_a_higher_standard_of_liability_by_law_raises_security():
    """Liability grows with law times enforcement; fines act on prices and consent, not on this."""
    society, world = changed(before(breaches), HOLDING), small_world()
    secured = [
        float(
            np.sum(
                run(
                    breaches,
                    changed(society, {"regions.law": level, "regions.enforcement": level}),
                    world,
                    parameters(ATTACKED),
                ).organizations.security
            )
        )
        for level in (0.0, 0.5, 1.0)
    ]
    assert secured[0] < secured[1] < secured[2]
