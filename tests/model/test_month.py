"""The month: one step, the shocks that strike it, and the paths of stocks."""

from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.core.scenario import Shock, shocks
from datapolis.model.mechanisms import absorption, pricing, technology, trust
from datapolis.model.month import MONTH, apply_shocks, full_path, get, paths, put, step
from datapolis.model.noise import stream
from datapolis.model.society import FlowError, Flows
from tests.helpers import (
    born,
    close,
    hand_society,
    hand_world,
    leaves,
    levers,
    parameters,
    run,
    small_world,
)

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def world():
    return hand_world()


def test_the_month_is_the_list_in_order_each_with_its_stream(world):
    society = hand_society(world)
    after = step(society, world, parameters(), levers(), KEY, mechanisms=(technology, absorption))
    by_hand = technology(society, world, parameters(), levers(), stream(KEY, "technology"))
    by_hand = absorption(by_hand, world, parameters(), levers(), stream(KEY, "absorption"))
    close(after.technology, by_hand.technology)
    close(after.organizations.skill, by_hand.organizations.skill)
    reverse = step(society, world, parameters(), levers(), KEY, mechanisms=(absorption, technology))
    assert not np.array_equal(reverse.organizations.skill, after.organizations.skill)


def test_every_mechanism_stands_once_in_the_month():
    names = [mechanism.__name__ for mechanism in MONTH]
    assert len(set(names)) == 17


def test_a_flow_that_nobody_made_says_who_should_have(world):
    society = hand_society(world)
    with pytest.raises(FlowError, match=r"'known'.*'attention'"):
        run(pricing, society, world)
    with pytest.raises(FlowError, match=r"'online'.*'attention'"):
        step(society, world, parameters(), levers(), KEY, mechanisms=(trust,))


def test_what_is_held_stays(world):
    society = hand_society(world)
    held = {"technology": (society.technology, True)}
    after = step(
        society, world, parameters(), levers(), KEY, mechanisms=(technology, absorption), held=held
    )
    assert after.technology == society.technology
    assert not np.array_equal(after.organizations.skill, society.organizations.skill)


def test_last_months_flows_are_forgotten(world):
    society = hand_society(world, {}, harm=[0.5] * 3)
    after = step(society, world, parameters(), levers(), KEY, mechanisms=(technology,))
    assert isinstance(after.flows.harm, type(Flows().harm))


# --- shocks -------------------------------------------------------------------------------------


def struck(world, scenario, month, stocks=None):
    society = hand_society(world, stocks or {})
    return society, apply_shocks(society, world, shocks(scenario), jnp.int32(month))


def test_shocks_by_hand(world):
    """Organizations: two agencies, three firms, an association."""
    scenario = (
        Shock(2, "market", data=0.5, wealth=0.25),
        Shock(2, 0, data=0.1, attacks=3.0),
        Shock(1, "all", data=0.2, months=2, attacks=2.0),
        Shock(5, "social", wealth=1.0),
    )
    society, after = struck(world, scenario, 2)
    close(after.organizations.data, 0.1 * np.array([0.9, 1, 0.5, 0.5, 0.5, 1]) * 0.8)
    close(after.organizations.wealth, 0.1 * np.array([1, 1, 0.75, 0.75, 0.75, 1]))
    close(after.flows.attacks, 6.0)
    close(after.flows.shock_loss, 0.1 * 0.25 * 3)
    assert after.flows.shocked.all()
    _, before = struck(world, scenario, 0)
    close(before.organizations.data, society.organizations.data)
    assert before.flows.attacks == 1.0
    assert not before.flows.shocked.any()
    _, later = struck(world, scenario, 5)
    close(later.organizations.wealth, [0.1] * 5 + [0.0])
    assert list(later.flows.shocked) == [False] * 5 + [True]


def test_the_largest_is_who_holds_most_data_and_the_dead_are_spared(world):
    stocks = {"organizations.data": [0.1, 0.2, 0.9, 0.3, 0.0, 0.1]}
    _, after = struck(world, (Shock(0, "largest", data=1.0),), 0, stocks)
    close(after.organizations.data, [0.1, 0.2, 0.0, 0.3, 0.0, 0.1])
    dead = {"organizations.alive": [1, 1, 1, 1, 0, 1]}
    _, after = struck(world, (Shock(0, "all", data=0.5),), 0, dead)
    assert not after.flows.shocked[4]


def test_no_scenario_is_a_quiet_month(world):
    society = hand_society(world)
    quiet, none = (
        apply_shocks(society, world, shocks(), jnp.int32(0)),
        apply_shocks(society, world, None, 0),
    )
    for name, value in leaves(none).items():
        close(leaves(quiet)[name], value)


# --- paths --------------------------------------------------------------------------------------


def test_paths_name_every_stock_and_reach_it():
    society = born(small_world())
    known = paths(society)
    assert "citizens.trust" in known
    assert "technology" in known
    assert not any(path.startswith(("flows", "own")) for path in known)
    assert set(known) == set(leaves(replace(society, flows=Flows())))
    changed = put(society, "citizens.trust", 7)
    assert get(changed, "citizens.trust") == 7
    assert get(society, "citizens.trust") is society.citizens.trust


def test_short_names_are_understood_and_wrong_ones_explained():
    society = born(small_world())
    assert full_path(society, "trust") == "citizens.trust"
    assert full_path(society, "regions.law") == "regions.law"
    with pytest.raises(InputError, match=r"did you mean '(citizens\.)?trust'"):
        full_path(society, "trusst")


def test_the_month_reads_nothing_that_comes_later():
    """Each flow is made before it is read: the month runs from a society without any flow."""
    society, world = born(small_world()), small_world()
    after = jax.eval_shape(
        lambda society, world: step(society, world, parameters(), levers(), KEY), society, world
    )
    made = leaves(after.flows)
    assert not [name for name in vars(after.flows) if not any(one.startswith(name) for one in made)]


def test_months_have_streams_of_their_own():
    keys = [jax.random.fold_in(KEY, month) for month in range(3)]
    data = [tuple(np.asarray(jax.random.key_data(stream(key, "attention")))) for key in keys]
    assert all(one != other for one, other in pairwise(data))
