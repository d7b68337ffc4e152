"""A measured market starts at rest: with the quality it reveals, shares stay as measured."""

import jax
import numpy as np
import pytest

import datapolis as dp
from datapolis.core.errors import InputError
from datapolis.model.mechanisms import attention
from datapolis.model.society import Society
from datapolis.statistics.indicators import spearman, top_fifth_share
from datapolis.studies import market_inversion
from datapolis.studies.posterior import baseline
from tests.helpers import close

FIRMS = 40


def measured_world(firms=FIRMS, citizens=1_000, slope=0.8, **other):
    """Firms whose reach falls as a power of their rank."""
    reach = np.arange(1, firms + 1) ** -slope
    table = {
        "name": [f"firm {place}" for place in range(firms)],
        "sector": ["market"] * firms,
        "reach": reach,
    }
    return dp.World.from_tables(organizations=table, citizens=citizens, seed=3, **other), reach


@pytest.fixture(scope="module")
def measured():
    world, reach = measured_world()
    return world, reach / reach.sum()


@pytest.fixture(scope="module")
def resting(measured):
    return dp.at_rest(measured[0])


def shares(world, months, seed=5, parameters=None):
    run = dp.simulate(
        world,
        months=months,
        seed=seed,
        parameters=dp.Parameters().set(parameters or {}),
        mechanisms=[attention],
        record=["user_share_by_firm"],
    )
    return run["user_share_by_firm"].values[:, :FIRMS].astype(float)


def strongest():
    """The draw of the shipped posterior in which users pull most."""
    kept = baseline()
    row = kept.values[kept.values[:, kept.paths.index("attention.network_effect")].argmax()]
    return dict(zip(kept.paths, row.tolist(), strict=True))


DRAWS = [
    {},
    {"attention.network_effect": 0.0},
    *baseline().draws(4, seed=2),
    strongest(),
    {"attention.switching_cost": 0.0, "attention.reconsideration": 1.0},
    {"attention.switching_cost": 4.0, "attention.social": 1.0, "attention.steering": 1.0},
]


@pytest.mark.parametrize("draw", DRAWS, ids=lambda one: f"{len(one)} parameters")
def test_the_market_starts_and_stays_as_it_was_measured_whatever_is_drawn(measured, resting, draw):
    """Every share and the top fifth within .01 over 24 months of attention alone, other chance."""
    target = measured[1]
    found = shares(resting, 24, seed=7, parameters=draw)
    tops = np.array([top_fifth_share(month) for month in found])
    assert np.abs(found - target).max() < 0.01
    assert np.abs(tops - top_fifth_share(target)).max() < 0.01
    assert abs(tops[-1] - tops[0]) < 0.01
    # the size of firms is as measured, not stretched: slope of log share on log share
    slope = np.polyfit(np.log(target), np.log(found[-1]), 1)[0]
    assert abs(slope - 1.0) < 0.05


def test_a_longer_time_of_attention_alone_changes_little(measured, resting):
    found = shares(resting, 120)
    assert abs(top_fifth_share(found[-1]) - top_fifth_share(measured[1])) < 0.01


def test_a_market_that_does_not_rest_is_refused_with_what_would_help():
    """150 citizens have 600 uses: two thirds of 300 firms are smaller than one of them."""
    world, _ = measured_world(firms=300, citizens=150, slope=1.3)
    with pytest.raises(InputError) as refused:
        dp.at_rest(world)
    said = str(refused.value)
    assert "does not rest" in said and "citizens = " in said and "largest firms" in said
    most = int(said.split("or the ")[1].split()[0])
    weights = np.arange(1, 301) ** -1.3
    assert most == np.sum(weights / weights.sum() >= 1 / 600)


def test_each_draw_of_a_round_is_asked_and_one_that_runs_away_is_named(resting):
    """Pulled by users twice over and ready to move at once, a lead grows by itself."""
    plain = dp.Parameters()
    wild = plain.set(
        {
            "attention.network_effect": 3.0,
            "attention.switching_cost": 0.0,
            "attention.reconsideration": 1.0,
        }
    )
    market_inversion.check(resting, [plain, plain.set({"attention.network_effect": 0.8})])
    with pytest.raises(InputError, match=r"network_effect = 3.*lower attention.network_effect"):
        market_inversion.check(resting, [plain, wild])
    market_inversion.check(dp.World.generate(200, firms=10, seed=1), [wild])  # nothing was measured


def test_a_firm_without_reach_rests_at_the_least_measured_one():
    reach = np.array([*(np.arange(1, 20) ** -0.8), np.nan])
    table = {"name": [f"firm {one}" for one in range(20)], "sector": ["market"] * 20}
    world = dp.World.from_tables(organizations={**table, "reach": reach}, citizens=1_000, seed=3)
    quality = np.asarray(dp.at_rest(world).endowment.quality[:20], float)
    assert np.isfinite(quality).all() and abs(quality[19] - quality[18]) < 0.3


def test_quality_is_less_by_what_users_pull(resting, measured):
    """At the measured share both pulls together are the same in every draw: V = q + b ln(...)."""
    target = measured[1]
    quality = {
        effect: Society.start(
            resting, dp.Parameters().set({"attention.network_effect": effect}), jax.random.key(0)
        ).firms.quality[:FIRMS]
        for effect in (0.0, 0.9)
    }
    pull = 0.9 * np.log((target * FIRMS + 0.01) / 1.01)
    close(quality[0.0] - quality[0.9], pull, atol=1e-5)


def test_more_reach_reveals_more_quality(resting):
    """Not in exact order: 1,000 citizens' own tastes make up for a part of it."""
    quality = np.asarray(resting.endowment.quality[:FIRMS])
    assert spearman(quality.astype(float), -np.arange(float(FIRMS))) > 0.9
    assert abs(quality.mean()) < 1e-3
    assert np.isnan(np.asarray(resting.endowment.quality[FIRMS:])).all()


def test_a_world_without_measured_reach_is_left_alone():
    world = dp.World.generate(200, firms=10, seed=1)
    assert dp.at_rest(world) is world
    assert market_inversion.at_rest(world) is world


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
