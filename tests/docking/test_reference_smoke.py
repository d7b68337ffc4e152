"""The month written a second time: it lives some months, and every value is a number."""

import math
from dataclasses import fields

import jax
import pytest

from datapolis.core.parameters import Parameters
from datapolis.core.policy import LEVERS, Levers
from verification.reference.chance import Chance, HashedChance, fold_in
from verification.reference.month import MONTH, ReferenceModel
from verification.reference.people import (
    NOBODY,
    Agency,
    Association,
    Citizen,
    Firm,
    Region,
    Society,
)
from verification.reference.shocks import Shock

REGIONS = 2
PEOPLE = 60
PLACES = 8
LIVING = 6
AGENCIES = 6
ORGANIZATIONS = AGENCIES + PLACES + 4

NO_LEVER = Levers(**dict.fromkeys(LEVERS, 0.0))
EVERY_LEVER = Levers(**dict.fromkeys(LEVERS, 0.5))


def society() -> Society:
    citizens = [citizen(place) for place in range(PEOPLE)]
    organizations = [
        *(agency(place) for place in range(AGENCIES)),
        *(firm(number) for number in range(PLACES)),
        *(association(AGENCIES + PLACES + number) for number in range(4)),
    ]
    quantiles = [income((q + 0.5) / 256) for q in range(256)]
    made = Society(citizens, organizations, [Region() for _ in range(REGIONS)], quantiles)
    slots = [number for one in citizens for number in one.uses]
    for one in made.firms:
        one.user_share = slots.count(one.number) / len(slots)
    return made


def income(rank: float) -> float:
    return 0.4 * (1 - rank) ** -0.6


def citizen(place: int) -> Citizen:
    rank = (place * 7 % PEOPLE + 0.5) / PEOPLE
    steps = (-4, -3, -2, -1, 1, 2, 3, 4)
    return Citizen(
        identity=place,
        income=income(rank),
        rank=rank,
        region=place * REGIONS // PEOPLE,
        reluctance=(place % 5 - 2) / 2,
        strong=[(place + step) % PEOPLE for step in steps],
        weak=[(place + step) % PEOPLE for step in (-17, 17, -25)] + [NOBODY],
        uses=[(place + slot) % LIVING for slot in range(4)],
        profile=[0.0] * 4,
    )


def common(place: int, sector: int, alive: bool = True) -> dict:
    partners = [(place + step) % ORGANIZATIONS for step in (1, 2, 5, 9, 11)] + [NOBODY] * 3
    known = [partner if _lives(partner) and alive else NOBODY for partner in partners]
    return {
        "place": place,
        "sector": sector,
        "national": place % 3 == 0,
        "home": place % REGIONS,
        "region": place % REGIONS,
        "alive": alive,
        "partners": known,
        "strength": [0.05 if partner != NOBODY else 0.0 for partner in known],
        "skill": 0.02 if alive else 0.0,
    }


def _lives(place: int) -> bool:
    return not AGENCIES + LIVING <= place < AGENCIES + PLACES


def agency(place: int) -> Agency:
    peers = [other for other in range(AGENCIES) if other != place]
    peers += [NOBODY] * (8 - len(peers))
    shared = common(place, 0)
    return Agency(department=place // 3, peers=peers, data=1 / 6, wealth=0.7 / 6, **shared)


def firm(number: int) -> Firm:
    alive = number < LIVING
    shared = common(AGENCIES + number, 1, alive)
    if not alive:
        return Firm(number=number, discrimination=0.0, laxity=0.0, **shared)
    return Firm(number=number, data=0.02 / 6, wealth=0.25 / 6, quality=0.1 * number, **shared)


def association(place: int) -> Association:
    return Association(data=0.005, wealth=0.0125, **common(place, 2))


def lived(months: int, levers: Levers, chance: Chance, shocks: tuple[Shock, ...] = ()) -> Society:
    # Ruin and entry often enough that places are emptied and taken within the months.
    parameters = Parameters().set({"resources.entry": 0.3, "resources.merger": 1.0})
    model = ReferenceModel(society(), parameters, levers, chance, shocks)
    for _ in range(months):
        model.step()
    assert model.steps == months
    assert len(model.agents) == PEOPLE + ORGANIZATIONS
    return model.society


def numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list | tuple):
        return [number for item in value for number in numbers(item)]
    return [float(value)] if isinstance(value, int | float) else []


def state(one: object) -> list[float]:
    return [number for item in fields(one) for number in numbers(getattr(one, item.name))]


def everything(made: Society) -> list[float]:
    agents = [*made.citizens, *made.organizations, *made.regions]
    whole = [made.technology, made.lawbreakers, made.leaked_stock, made.watching_government]
    whole += [made.watching_society, *numbers(made.aims)]
    return whole + [number for one in agents for number in state(one)]


def test_there_are_seventeen_mechanisms():
    assert len(MONTH) == 17


@pytest.mark.parametrize("levers", [NO_LEVER, EVERY_LEVER], ids=["untouched", "every lever"])
def test_months_go_by_without_a_nan(levers):
    made = lived(12, levers, Chance(3))
    assert all(math.isfinite(number) for number in everything(made))
    for name, made_now in vars(made.flows).items():
        found = numbers(made_now)
        if name in (
            "common_price",
            "pricing_gain",
        ):  # of places that were empty when prices were set
            found = [number for number in found if not math.isnan(number)]
            assert found
        assert all(math.isfinite(number) for number in found), name
    assert made.month == 12
    for one in made.citizens:
        shares = [one.trust, one.awareness, *one.rights]
        assert all(0 <= share <= 1 for share in shares)
        assert len(set(one.uses)) == 4
    for one in made.organizations:
        assert one.skill <= made.technology + 1e-12
        assert min(one.data, one.wealth, one.security, one.creative) >= 0
        assert one.alive or one.data == one.wealth == one.creative == 0


def test_the_same_chance_makes_the_same_society():
    first, second = (everything(lived(3, NO_LEVER, Chance(5))) for _ in range(2))
    other = everything(lived(3, NO_LEVER, Chance(6)))
    assert first == second
    assert first != other


def test_hashed_chance_drives_the_month_too():
    made = lived(3, NO_LEVER, HashedChance(5, tastes=(1, 2)))
    assert all(math.isfinite(number) for number in everything(made))


def test_a_shock_takes_data_and_is_remembered():
    shock = Shock(first=1, last=1, target=1, data_loss=0.5, wealth_loss=0.2, attacks=3.0)
    made = lived(2, NO_LEVER, Chance(5), (shock,))
    assert made.flows.attacks == 3
    assert all(one.hit and one.alert == 6 for one in made.firms if one.alive)
    assert made.flows.shock_loss > 0


def test_money_is_neither_made_nor_lost_but_by_the_ledger():
    shock = Shock(first=4, last=4, wealth_loss=0.1)
    parameters = Parameters().set({"resources.entry": 0.3, "resources.merger": 1.0})
    model = ReferenceModel(society(), parameters, EVERY_LEVER, Chance(8), (shock,))
    for _ in range(8):
        before = math.fsum(one.wealth for one in model.society.organizations)
        model.step()
        after = math.fsum(one.wealth for one in model.society.organizations)
        flows = model.society.flows
        booked = math.fsum(flows.money.values()) - flows.shock_loss
        assert after - before == pytest.approx(booked, abs=1e-12)
    assert any(one.generation > 0 for one in model.society.firms)


@pytest.mark.parametrize(("seed", "number"), [(0, 0), (7, 12), (2**31 - 1, 4_000_000_000)])
def test_keys_are_folded_as_jax_does_it(seed, number):
    theirs = jax.random.key_data(jax.random.fold_in(jax.random.key(seed), number))
    assert fold_in((0, seed), number) == tuple(int(word) for word in theirs)


def test_chance_is_uniform_and_has_a_name():
    for chance in (Chance(1), HashedChance(1, tastes=(1, 2))):
        drawn = [chance.uniform("trust", place, 0) for place in range(2000)]
        assert 0 < min(drawn) < 0.01 and 0.99 < max(drawn) < 1
        assert abs(sum(drawn) / 2000 - 0.5) < 0.03
        assert chance.uniform("trust", 3, 0) == drawn[3]
        assert chance.uniform("rights", 3, 0) != drawn[3]
        taste = chance.taste(3, 4)
        chance.begin_month(9)
        assert chance.uniform("trust", 3, 0) != drawn[3]
        assert chance.taste(3, 4) == taste


def test_reading_a_flow_too_early_is_an_error():
    with pytest.raises(AttributeError, match="before it is made"):
        _ = society().flows.harm
