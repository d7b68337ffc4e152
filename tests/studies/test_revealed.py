"""A measured market starts at rest: with the quality it reveals, shares stay as measured."""

import numpy as np
import pytest

import datapolis as dp
from datapolis.indicators import spearman, top_fifth_share
from datapolis.mechanisms import attention
from datapolis.studies import revealed

RESTING = {"attention.quality_effect": 0.0}  # no pull of data


@pytest.fixture(scope="module")
def measured():
    """Forty firms whose reach falls as a power of their rank."""
    reach = np.arange(1, 41) ** -0.8
    table = {
        "name": [f"firm {place}" for place in range(40)],
        "sector": ["market"] * 40,
        "reach": reach,
    }
    return dp.World.from_tables(organizations=table, citizens=4_000, seed=3), reach / reach.sum()


@pytest.fixture(scope="module")
def resting(measured):
    return dp.at_rest(measured[0])


def shares(world, months):
    record = ["user_share_by_firm"]
    constants = dp.Parameters().set(RESTING)
    run = dp.simulate(
        world, months=months, seed=5, parameters=constants, mechanisms=[attention], record=record
    )
    return run["user_share_by_firm"].values[:, :40].astype(float)


def test_the_market_starts_and_stays_as_it_was_measured(measured, resting):
    """Quality was found with other citizens, 20,000 of them, who have tastes of their own.

    A share of 1 % among 4,000 has a standard error of about a sixteenth of itself, and firms in
    the middle lie 3 % apart: the order holds, but not exactly.
    """
    _, target = measured
    found = shares(resting, 36)
    for month in (0, 35):
        assert abs(top_fifth_share(found[month]) - top_fifth_share(target)) < 0.05
        assert spearman(found[month], target) > 0.9
        assert abs(found[month, 0] - target[0]) < 0.04


def test_more_reach_reveals_more_quality(resting):
    quality = np.asarray(resting.endowment.quality[:40])
    assert spearman(quality.astype(float), -np.arange(40.0)) > 0.97
    assert abs(quality.mean()) < 1e-3
    assert np.isnan(np.asarray(resting.endowment.quality[40:])).all()


def test_a_world_without_measured_reach_is_left_alone():
    world = dp.World.generate(200, firms=10, seed=1)
    assert dp.at_rest(world) is world
    assert revealed.at_rest(world) is world


def test_a_graph_smaller_than_the_population_is_laid_out_many_times():
    """Four people in a square of strong ties, and one weak diagonal."""
    graph = {
        "from": ["a", "b", "c", "d", "a"],
        "to": ["b", "c", "d", "a", "c"],
        "kind": ["strong"] * 4 + ["weak"],
    }
    world = dp.World.from_tables(graph=graph, citizens=400, seed=1)
    strong, weak = np.asarray(world.citizens.strong), np.asarray(world.citizens.weak)
    assert (np.sum(strong >= 0, axis=1) == 2).all()
    place = np.arange(400)
    for one in range(2):
        there = strong[:, one]
        assert (there // 4 == place // 4).all()  # kin stay in their copy
        assert (np.abs(there % 4 - place % 4) % 2 == 1).all()  # along the square
        assert (strong[there] == place[:, None]).any(axis=1).all()  # and back
    held = weak[:, 0] >= 0
    assert set(place[held] % 4) == {0, 2}
    assert (weak[weak[held, 0], 0] == place[held]).all()


def test_deciles_of_income_become_the_incomes_of_citizens():
    """Means are 1, the order of ranks stays, and the richest tenth earns what it was given."""
    deciles = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0, 12.0, 21.0])
    world = dp.World.from_tables(incomes={"income": deciles}, citizens=2_000, seed=1)
    income, rank = np.asarray(world.citizens.income, float), np.asarray(world.citizens.rank)
    assert abs(income.mean() - 1.0) < 1e-4
    assert (np.diff(income[np.argsort(rank)]) >= 0).all()
    assert abs(income[rank > 0.9].sum() / income.sum() - 21 / 70) < 0.03
