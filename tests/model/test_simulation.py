"""Running: the same seed the same run, batches like single runs, and nothing compiled twice."""

from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.core.declare import parameter, record, writes
from datapolis.core.errors import InputError
from datapolis.core.parameters import Parameters
from datapolis.core.policy import Policy, Rule, pulse, ramp
from datapolis.core.scenario import Shock
from datapolis.model import simulation
from datapolis.model.indices import INDICES, Index
from datapolis.model.mechanisms import absorption, law, technology
from datapolis.model.simulation import Run, simulate
from datapolis.model.society import FlowError
from tests.helpers import born, changed, close, months, small_world

WATCHED = ("trust", "harm", "power_share", "top_fifth_share", "user_share_by_firm", "wealth")
YEARS = 24


def whole(seed=0, **more):
    return simulate(small_world(), months=YEARS, seed=seed, record=WATCHED, **more)


@pytest.fixture(scope="module")
def first():
    return whole()


def equal(one, other):
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one.data_vars)


# --- the whole month ----------------------------------------------------------------------------


def test_the_same_seed_is_the_same_run_and_another_seed_another(first):
    assert equal(first, whole())
    assert not equal(first, whole(seed=1))


def test_the_run_is_the_months_of_the_model_one_after_the_other(first):
    """simulate() does what a loop over mechanisms does: seed, start, streams and order agree."""
    world = small_world()
    society = months(born(world), world, YEARS)
    found = {name: np.asarray(INDICES[name](society, world)) for name in WATCHED}
    for name in WATCHED:
        close(first[name].values[-1], found[name], rtol=2e-3, atol=1e-5)


def test_nothing_compiles_anew_for_other_inputs(first):
    """Other parameters, policies of all kinds, scenarios and seeds run in the same segment."""
    done = simulation.TRACES[0]
    policy = Policy(
        open_data=0.3,
        antitrust=ramp(2, 9, 0.9),
        pricing_ban=pulse(5, 3, 1.0),
        privacy_law=Rule("harm", above=0.01, release=0.005),
        data_sharing=Rule("power_share.government", below=0.6, level=0.5),
    )
    constants = Parameters().set({"law.lag": 12.0, "pricing.segments": 3.0})
    scenario = [Shock(3, "market", data=0.5), Shock(10, "largest", wealth=0.5, attacks=9.0)]
    other = whole(seed=5, policy=policy, parameters=constants, scenario=scenario)
    assert not equal(first, other)
    longer = simulate(small_world(), months=48, seed=2, record=WATCHED)
    assert longer.sizes["month"] == 48
    assert simulation.TRACES[0] == done


def test_a_longer_run_begins_like_a_shorter_one(first):
    longer = simulate(small_world(), months=36, record=WATCHED)
    for name in WATCHED:
        assert np.array_equal(longer[name][:YEARS], first[name], equal_nan=True)


def test_a_run_goes_on_from_a_society(first):
    """From `start`, the first month is the month after; at month 0 it is the run itself."""
    world = small_world()
    again = whole(start=born(world))
    for name in WATCHED:
        close(again[name], first[name], rtol=2e-3, atol=1e-5)
    rich = changed(born(world), {"citizens.trust": 0.1})
    other = whole(start=rich)
    assert other["trust"][0] < first["trust"][0] - 0.3
    assert float(np.mean(rich.citizens.trust)) == pytest.approx(0.1)  # what was given is kept


def test_a_batch_is_its_members(first):
    """Members of a batch give what single runs give, to 1e-5 in the first year."""
    world = small_world()
    constants = [Parameters(), Parameters().set({"law.lag": 12.0}), Parameters()]
    policies = [Policy(), Policy(), Policy(antitrust=0.8, open_data=0.5)]
    run = Run.begin(
        world,
        months=12,
        seeds=[0, 3, 4],
        parameters=constants,
        policies=policies,
        record=WATCHED,
    )
    run.advance()
    for member, seed in enumerate([0, 3, 4]):
        alone = simulate(
            world,
            months=12,
            seed=seed,
            parameters=constants[member],
            policy=policies[member],
            record=WATCHED,
        )
        for name in WATCHED:
            close(run.values()[name][member], alone[name], rtol=1e-5, atol=1e-5)


def test_records_have_labels_units_and_the_run_in_words(first):
    assert list(first["power_share"].coords["sector"].values) == ["government", "market", "social"]
    assert first["wealth"].attrs["units"] == "income"
    assert first["trust"].dtype == np.float32
    assert first.attrs["seed"] == 0
    assert first.sizes == {"month": YEARS, "sector": 3, "firm": 12}
    assert '"law.lag": 48.0' in first.attrs["parameters"]


def test_progress_is_told():
    told = []
    simulate(
        small_world(),
        months=30,
        mechanisms=(technology,),
        record=("technology",),
        progress=lambda done, of: told.append((done, of)),
    )
    assert told == [(12, 30), (24, 30), (30, 30)]


# --- a small month: technology and absorption -----------------------------------------------------

SMALL = (technology, absorption)


def small(months=24, record=("technology", "skill"), mechanisms=SMALL, **more):
    return simulate(small_world(), months=months, mechanisms=mechanisms, record=record, **more)


def test_standard_records_what_the_month_makes_possible():
    found = simulate(small_world(), months=2, mechanisms=SMALL)
    assert {"technology", "skill", "trust"} <= set(found.data_vars)
    assert "harm" not in found.data_vars
    with pytest.raises(FlowError, match="harm"):
        small(record=("harm",))


def test_a_frozen_stock_stays_and_what_follows_it_differs():
    plain, held = small(), small(frozen=("technology",))
    assert np.unique(held["technology"]).size == 1
    close(held["technology"][0], 0.04)
    assert plain["technology"][-1] > 0.045
    assert held["skill"][-1, 1] < plain["skill"][-1, 1]
    start = changed(born(small_world()), {"technology": 0.5})
    close(small(frozen=("technology",), start=start)["technology"], np.full(24, 0.5))


def test_a_scheduled_parameter_acts_in_its_months_only():
    """Growth is 0 in months 6 to 11: the frontier rests there; elsewhere it is as without it."""
    policy = Policy(parameters={"technology.growth": pulse(6, 6, 0.0)})
    found = small(policy=policy)["technology"].values
    assert np.unique(found[5:12]).size == 1
    plain = small()["technology"].values
    close(found[:6], plain[:6])
    close(found[12:], plain[6:18], rtol=1e-4)  # trust does not move here
    with pytest.raises(InputError, match="no such parameter"):
        small(policy=Policy(parameters={"technology.groth": 0.1}))


def test_a_lever_at_a_month_acts_in_that_month():
    """A data mindset from month 5: skills differ first in what month 5 records."""
    found = small(policy=Policy(data_mindset=pulse(5, 100, 1.0)))["skill"].values[:, 0]
    plain = small()["skill"].values[:, 0]
    close(found[:5], plain[:5])
    assert found[5] > plain[5] * 1.001


def lever_watch(society, world):
    return society.own["lever_note"]


@writes("own.lever_note", state=lambda world, key: jnp.float32(-1.0))
def lever_note(society, world, parameters, levers, key):
    """Write down a lever and, as an index to watch, the wave below."""
    return replace(society, own={**society.own, "lever_note": jnp.float32(levers.open_data)})


WAVE = [0.1, 0.4, 0.6, 0.45, 0.25, 0.31, 0.2, 0.9, 0.1, 0.5, 0.7, 0.0]


@writes("own.wave", state=lambda world, key: jnp.float32(0.0))
def wave(society, world, parameters, levers, key):
    """Count months, so that an index can follow a given course."""
    return replace(society, own={**society.own, "wave": society.own["wave"] + 1.0})


def course(society, world):
    return jnp.asarray(WAVE)[society.own["wave"].astype(int) - 1]


SEEN = Index("course", course, "1", (), "test", "a given course")
LEVER = Index("lever", lever_watch, "1", (), "test", "the lever's value")


@pytest.mark.parametrize(
    ("rule", "on", "off"),
    [
        (Rule("course", above=0.5, level=0.8), lambda x: x > 0.5, lambda x: x < 0.5),
        (Rule("course", above=0.5, level=0.8, release=0.3), lambda x: x > 0.5, lambda x: x < 0.3),
        (Rule("course", below=0.3, level=0.8, release=0.5), lambda x: x < 0.3, lambda x: x > 0.5),
    ],
    ids=["one mark", "above with memory", "below with memory"],
)
def test_a_rule_acts_on_last_months_index_with_memory(rule, on, off):
    found = simulate(
        small_world(),
        months=12,
        mechanisms=(wave, lever_note),
        record=(SEEN, LEVER),
        policy=Policy(open_data=rule),
    )
    close(found["course"], WAVE)
    expected, active = [0.0], False
    for seen in WAVE[:-1]:
        active = (active or on(seen)) and not off(seen)
        expected.append(0.8 if active else 0.0)
    close(found["lever"], expected)


def test_a_rule_on_what_is_not_recorded_is_explained():
    with pytest.raises(InputError, match="not recorded"):
        small(policy=Policy(open_data=Rule("harm", above=0.1)))


@record
@dataclass(frozen=True)
class Fashion:
    """A constant of one's own."""

    speed: float = parameter(0.25, "speed of fashion", unit="1/month", low=0.0, high=1.0)


@writes("own.fashion", state=lambda world, key: jnp.float32(1.0), parameters=Fashion())
def fashion(society, world, parameters, levers, key):
    """Fade."""
    rest = 1.0 - parameters.own["fashion"].speed
    return replace(society, own={**society.own, "fashion": society.own["fashion"] * rest})


def test_an_own_mechanism_brings_state_and_parameters():
    index = Index(
        "fashion", lambda society, world: society.own["fashion"], "1", (), "own", "fashion"
    )
    found = simulate(small_world(), months=3, mechanisms=(technology, fashion), record=(index,))
    close(found["fashion"], 0.75 ** np.arange(1, 4))
    faster = Parameters(own={"fashion": Fashion(speed=0.5)})
    found = simulate(
        small_world(), months=3, mechanisms=(fashion,), record=(index,), parameters=faster
    )
    close(found["fashion"], 0.5 ** np.arange(1, 4))


def test_the_impossible_is_refused():
    world = small_world()
    with pytest.raises(InputError, match="too short"):
        simulate(world, months=0)
    with pytest.raises(InputError, match="two mechanisms of one name"):
        small(mechanisms=(technology, technology))
    with pytest.raises(InputError, match="no such index"):
        small(record=("technologie",))
    with pytest.raises(InputError, match="no such stock"):
        small(frozen=("nothing",))
    with pytest.raises(FlowError, match=r"law|harm|capture"):
        simulate(world, months=1, mechanisms=(law,), record=("law",))
    ill = changed(born(world), {"citizens.trust": 2.0})
    with pytest.raises(InputError, match=r"citizens\.trust"):
        small(start=ill)


def test_parameters_go_in_by_value_whatever_their_type():
    one = small(parameters=Parameters().set({"technology.growth": 0.1}))
    other = small(parameters=Parameters().set({"technology.growth": np.float64(0.1)}))
    assert equal(one, other)
