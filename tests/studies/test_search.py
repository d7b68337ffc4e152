"""Policy search: fronts that are known, chance that is exposed, rules that act as they say."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.core.declare import writes
from datapolis.core.errors import InputError, InputErrors
from datapolis.core.policy import LEVERS, Policy, Ramp, Rule
from datapolis.model.mechanisms import rumours, technology
from datapolis.model.simulation import simulate
from datapolis.model.world import World
from datapolis.statistics.inference.designs import latin_hypercube
from datapolis.studies import search
from datapolis.studies.candidate_policies import (
    COST,
    Space,
    active,
    costs,
    level_of,
    marks_of,
    objective,
    said,
)
from datapolis.studies.multiobjective_search import evolve, front
from datapolis.studies.policy_evaluation import Draws, Source, posterior
from datapolis.studies.robustness import meets, most_robust, regrets, scores, shortfall, worst_tenth
from datapolis.studies.search import (
    Budget,
    Search,
    ask,
    choose,
    helps_most,
    sign_test,
    telling,
    with_rules,
)

pytest.importorskip("pymoo")
SPACE = Space(("open_data", "antitrust"), 120, {"harm": [0.1, 0.2], "trust": [0.5]})


# --- the searcher ---------------------------------------------------------------------------------


def test_the_front_of_zdt1_is_found():
    # Zitzler, Deb and Thiele (2000): both minimised; the front is f2 = 1 - sqrt(f1), where all
    # other genes are 0
    def zdt1(_, x):
        g = 1 + 9 * x[:, 1:].mean(axis=1)
        return -np.stack([x[:, 0], g * (1 - np.sqrt(x[:, 0] / g))], axis=1)

    _, values = evolve(zdt1, 6, 2, size=40, generations=80, seed=1)
    best = -values[front(values)]
    assert np.abs(best[:, 1] - (1 - np.sqrt(best[:, 0]))).mean() < 0.05
    # hypervolume to the corner (1, 1) is 2/3 on the whole front
    order = best[np.argsort(best[:, 0])]
    edges = np.append(order[:, 0], 1.0)
    volume = float(np.sum(np.diff(edges) * np.clip(1.0 - order[:, 1], 0, None)))
    assert volume == pytest.approx(2 / 3, abs=0.04)


def test_the_front_of_two_levers_is_found_with_four_objectives():
    # rights = a, loss = a^2 + b^2 ...: any b above 0 only costs, so the front has b = 0
    def value(_, x):
        a, b = x[:, 0], x[:, 1]
        return np.stack([a, -(a**2) - b**2, 1 - a - b, -b], axis=1)

    points, values = evolve(value, 2, 4, size=20, generations=25, seed=2)
    assert points[front(values)][:, 1].mean() < 0.05  # of points at random: .5


def test_a_search_is_the_same_again_and_uses_no_chance_but_its_seed():
    def value(_, x):
        return np.stack([x[:, 0], -x.sum(axis=1)], axis=1)

    def found(seed):
        return evolve(value, 3, 2, size=8, generations=4, seed=seed)[0]

    one = found(5)
    np.random.seed(0)  # noqa: NPY002
    assert np.array_equal(one, found(5)) and not np.array_equal(one, found(6))


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_nothing_on_a_front_is_beaten(seed, many, objectives):
    values = np.random.default_rng(seed).integers(0, 5, (many, objectives)).astype(float)
    on = front(values)
    assert on.any()
    for place in range(many):
        beaten = (
            (values >= values[place]).all(axis=1) & (values > values[place]).any(axis=1)
        ).any()
        assert on[place] == (not beaten)


def test_a_latin_hypercube_has_one_in_each_part():
    points = latin_hypercube(np.random.default_rng(1), 10, 3)
    for column in points.T:
        assert sorted((column * 10).astype(int)) == list(range(10))


# --- robustness -----------------------------------------------------------------------------------


def test_regret_and_targets_by_hand():
    # three portfolios, two draws, one objective: nothing 0, 0; A 2, -1; B 1, 1
    values = np.array([[[0.0], [0.0]], [[2.0], [-1.0]], [[1.0], [1.0]]])
    regret = regrets(values, np.ones(1))
    assert regret.tolist() == [[2.0, 1.0], [0.0, 2.0], [1.0, 0.0]]
    assert worst_tenth(regret).tolist() == [2.0, 2.0, 1.0]
    assert meets(values, np.array([math.nan])).tolist() == [[1, 1], [1, 0], [1, 1]]
    assert meets(values, np.array([1.0])).tolist() == [[0, 0], [1, 0], [1, 1]]
    assert meets(values, np.array([-math.inf])).all()
    found = scores(values, np.array([math.nan]), np.ones(1))
    assert most_robust(found, np.array([False, True, True])) == 2
    assert found.score.tolist() == [0.0, 0.5, 1.0]
    # A regrets 2 at worst as doing nothing does, but misses its target once
    assert most_robust(found, np.array([True, True, False])) == 0


def test_a_slack_of_one_in_a_hundred_is_not_worse():
    values = np.array([[[-1.0]], [[-1.009]], [[-1.02]]])  # a loss grows from 1
    assert meets(values, np.array([math.nan])).ravel().tolist() == [True, True, False]


def test_what_chance_alone_chose_gains_nothing_where_it_is_reported():
    """The winner's curse: 60 equal portfolios in noise, chosen on ten draws, reported on others."""
    rng = np.random.default_rng(8)
    chosen, reported = [], []
    for _ in range(60):
        selection = rng.normal(size=(60, 12, 2))
        found = choose(selection, np.full(2, math.nan), 2)
        fresh = rng.normal(size=(60, 200, 2))
        again = scores(fresh, np.full(2, math.nan), found.scale)
        for place in (found.robust, found.nominal):
            best = found.score if place == found.robust else found.at_defaults
            chosen.append(best[place])
            reported.append(again.score[place])
    # the mean of 120 reported gains, each of 200 draws
    error = np.std(reported) / np.sqrt(len(reported) / 2)
    assert np.mean(chosen) > 0.2
    assert abs(np.mean(reported)) < 3 * error and abs(np.mean(reported)) < 0.02


def test_what_helps_most_meets_more_or_comes_nearer():
    targets, scale = np.array([1.0]), np.ones(1)
    base = [[[0.0], [0.0]], [[0.5], [1.0]]]
    assert helps_most(np.array([*base, [[0.6], [0.9]]]), targets, scale) == 1  # nearer, but loses
    assert helps_most(np.array([*base, [[0.6], [1.0]]]), targets, scale) == 2  # nearer
    assert helps_most(np.array([*base, [[0.6], [1.0]], [[1.0], [1.0]]]), targets, scale) == 3
    assert helps_most(np.array([*base, [[0.5], [1.0]]]), targets, scale) == 1  # no better
    assert shortfall(np.array(base), targets, scale).tolist() == [1.0, 0.25]


def test_chance_in_a_sign_test_by_hand():
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(3, 3) == 1.0 and sign_test(0, 0) == 1.0


# --- portfolios -----------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=9, max_size=9))
def test_every_point_is_a_portfolio(genes):
    policy = SPACE.policy(np.array(genes))
    assert set(policy.levers) <= {"open_data", "antitrust"}
    for setting in policy.levers.values():
        assert 0.1 <= setting.level <= 1.0
        if isinstance(setting, Ramp):
            assert setting.start % 12 == 0 and 0 <= setting.start < 60
        else:
            assert (setting.when == "harm") == (setting.above is not None)
            assert setting.mark in SPACE.marks[setting.when]
    policy.schedule(120, observed=["harm", "trust"])


def test_a_gene_is_a_level_by_tenths():
    assert [level_of(gene) for gene in (0.0, 0.33, 0.34, 0.999, 1.0)] == [0.0, 0.0, 0.1, 1.0, 1.0]
    levels = [level_of(gene) for gene in np.linspace(0, 1, 2000)]
    assert sorted(set(levels)) == [place / 10 for place in range(11)]


def test_a_portfolio_by_hand():
    policy = SPACE.policy(np.array([1.0, 0.0, 0.5, 0.3, 0.0, 0.9, 0.9, 0.0, 0.0]))
    assert policy.levers == {
        "open_data": Ramp(24, 48, 1.0),
        "antitrust": Rule("harm", above=0.2, level=1.0),
    }
    assert said(policy) == "from month 24: open data 1; antitrust 1 while harm is above 0.2"
    assert said(Policy()) == "nothing"


def test_a_rule_acts_a_month_after_what_it_sees():
    seen = np.array([0.0, 0.3, 0.15, 0.05, 0.3])
    assert active(Rule("harm", above=0.2, release=0.1), seen).tolist() == [0, 0, 1, 1, 0]
    assert active(Rule("trust", below=0.1), seen).tolist() == [0, 1, 0, 0, 1]


@writes("citizens.trust")
def tells_its_lever(society, world, parameters, levers, key):
    """Trust becomes the lever, so that an index shows what the month received."""
    trust = 0.0 * society.citizens.trust + levers.rumour_correction
    return replace(society, citizens=replace(society.citizens, trust=trust))


def test_a_rule_costs_what_the_model_made_of_it():
    world = World.generate(citizens=120, regions=2, departments=2, firms=8, associations=3)
    policy = Policy(rumour_correction=Rule("technology", above=0.05, level=0.5))
    run = simulate(
        world, months=24, seed=1, policy=policy, mechanisms=[technology, tells_its_lever],
        record=["technology", "trust"],
    )  # fmt: skip
    used = run["trust"].values
    assert used[0] == 0.0 and used[-1] == 0.5
    found = costs([policy], run.expand_dims("case"), 24)
    assert found[0] == pytest.approx(float(used.mean()), abs=1e-6)


def test_what_a_ramp_costs_by_hand():
    runs = xarray.Dataset()
    policy = Policy(open_data=Ramp(0, 2, 1.0), antitrust=0.5)
    assert costs([policy, Policy()], runs, 4).tolist() == [(0 + 0.5 + 1 + 1) / 4 + 0.5, 0.0]


def test_marks_lie_on_the_bad_side():
    values = np.linspace(0, 1, 101)[None, :]
    runs = xarray.Dataset(dict.fromkeys(("harm", "trust"), (("case", "month"), values)))
    marks = marks_of(runs, ["harm", "trust"])
    assert marks["harm"] == [0.25, 0.5, 0.75, 0.9] and marks["trust"] == [0.75, 0.5, 0.25, 0.1]


def test_what_tells_failing_worlds_apart_is_found():
    fails = np.arange(40) < 10
    harm = np.zeros((80, 12))
    harm[40:50] = 1.0  # of the second portfolio, where it fails
    trust = np.random.default_rng(0).random((80, 12))
    runs = xarray.Dataset({"harm": (("case", "month"), harm), "trust": (("case", "month"), trust)})
    tried = search.Tried(np.zeros((2, 40, 1)), runs, (2, 40, 1))
    name, mark, above = telling(tried, fails, ["trust", "harm"])[0]
    assert (name, mark, above) == ("harm", 0.5, True)
    policies = with_rules(Policy(open_data=0.4), [("harm", 0.5, True)], ["open_data", "antitrust"])
    assert policies[0].levers == {"open_data": Rule("harm", above=0.5, level=1.0)}
    assert policies[1].levers["antitrust"] == Rule("harm", above=0.5, level=1.0)


# --- draws ----------------------------------------------------------------------------------------


def test_sets_of_draws_share_nothing():
    from datapolis.studies.outcomes import Uncertainty

    source = Source((Uncertainty.parse("law.lag"),))
    one, two = (source.draw(8, defaults=2, seeds=3, base=7, stream=stream) for stream in (1, 2))
    assert isinstance(one, Draws) and len(one) == 10 and one.parameters[:2] == ({}, {})
    seeds = [{seed for draw in found.seeds for seed in draw} for found in (one, two)]
    assert len(seeds[0]) == 30 and not seeds[0] & seeds[1]
    assert not set(one.levels().ravel()) & set(two.levels().ravel())


def test_draws_of_a_posterior_are_its_rows(tmp_path):
    import pyarrow
    from pyarrow import parquet

    place = tmp_path / "posterior.parquet"
    table = {"law.lag": [20.0, 30.0, 40.0], "weight": [0.0, 1.0, 0.0], "note": ["", "", ""]}
    parquet.write_table(pyarrow.table(table), place)
    source = posterior(place)
    assert source.draw(5, defaults=0, seeds=1, base=0, stream=1).levels().ravel().tolist() == (
        [30.0] * 5
    )
    parquet.write_table(pyarrow.table({"law.lag": [1.0]}), place)
    with pytest.raises(InputError, match="beyond the declared range"):
        posterior(place)
    parquet.write_table(pyarrow.table({"lag": [1.0]}), place)
    with pytest.raises(InputError, match="holds no parameters"):
        posterior(place)
    place.write_text("no table")
    with pytest.raises(InputError, match="not a Parquet file"):
        posterior(place)


# --- the question ---------------------------------------------------------------------------------

STUDY = """
schema = 2
title = "What to do"
[world]
citizens = 120
months = 24
regions = 2
agencies = 2
associations = 3
firms = 8
[parameters]
rumours.rate = 1.0
[policies.calm]
rumour_correction = 0.5
[ensemble]
seed = 3
vary = ["rumours.forgetting", "law.lag"]
"""
TINY = Budget(120, 24, 4, 2, 3, 1, 8, 40, 8, 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("search")
    (place / "study.toml").write_text(STUDY)
    return place


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"budget": "smal"}, "did you mean 'small'"),
        ({"objectives": ["rigths", "cost"]}, "did you mean 'rights'"),
        ({"objectives": ["-harn", "cost"]}, "did you mean 'harm'"),
        ({"objectives": ["rights"]}, "two or more"),
        ({"objectives": ["cost", "cost"]}, "stands twice"),
        ({"levers": ["open_dat"]}, "did you mean 'open_data'"),
        ({"vary": ["law.leg"]}, r"did you mean 'law\.lag'"),
        ({"thresholds": {"right": 0.5}}, "did you mean 'rights'"),
        ({"thresholds": {"rights": 1.5}}, "0 to 1"),
        ({"thresholds": {"cost": 0.0}}, "contradicts"),
        ({"posterior": "nowhere.parquet"}, "no such file"),
        ({"months": 5}, "24 to"),
        ({"citizens": 5}, "100 to"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(folder, options, says):
    with pytest.raises(InputError, match=says):
        ask(folder / "study.toml", folder / "wrong", **options)
    assert not (folder / "wrong").exists()


def test_slips_in_the_study_are_told_with_their_lines(tmp_path):
    text = STUDY + '[search]\nlevers = ["open_dat"]\nvary = ["law.leg"]\nbudge = 1\n'
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(InputErrors) as caught:
        ask(tmp_path / "study.toml", tmp_path / "out")
    assert len(str(caught.value).splitlines()) == 3
    assert "did you mean 'open_data'" in str(caught.value)


def test_an_objective_may_be_any_outcome():
    one = objective("-harm@mean")
    assert (one.sign, one.outcomes, one.unit) == (-1, ("harm@mean",), "share")
    assert objective(COST).outcomes == () and len(LEVERS) == 16


PARTS = [technology, rumours]
AIMS = ["-rumour_heard@mean", "+technology", "cost"]


@pytest.fixture
def tiny(monkeypatch):
    make_tiny(monkeypatch)


def make_tiny(patch):
    """Rumours alone: what the other mechanisms would make is neither watched nor recorded."""
    patch.setitem(search.BUDGETS, "small", TINY)
    patch.setattr(search, "TRIGGERS", {"rumour_spreading": "above", "trust": "below"})
    patch.setattr(search, "GAINS", ())
    patch.setattr(search, "DECILES", ("rights_by_decile", "trust_by_decile"))
    patch.setattr("datapolis.studies.policy_evaluation.batch_size", lambda *_: 24)
    patch.setattr("datapolis.studies.ensemble.AT_ONCE", 24 * 120)


@pytest.fixture(scope="module")
def answered(folder):
    with pytest.MonkeyPatch.context() as patch:
        make_tiny(patch)
        return ask(folder / "study.toml", folder / "out", objectives=AIMS, mechanisms=PARTS)


def test_a_search_from_end_to_end(answered):
    text = (answered / "answer.json").read_text()
    found = Search.from_json(json.loads(text))
    names = [one.name for one in found.rows]
    assert names[:2] == ["do nothing", "calm"] and len(set(names)) == len(names)
    assert {found.robust, found.nominal} <= set(names[1:])
    nothing, calm = found.rows[:2]
    assert nothing.score == 0.0 and nothing.values["cost"] == 0.0 and nothing.satisficing == 1.0
    assert (
        calm.values["cost"] == 0.5 and calm.values["+technology"] == nothing.values["+technology"]
    )
    assert all(one.regret >= 0.0 and 0.0 <= one.satisficing <= 1.0 for one in found.rows)
    assert {one.decile for one in found.losses} == set(range(1, 11))
    assert all(one.change == 0.0 for one in found.losses)  # rumours move neither rights nor trust
    assert json.loads(json.dumps(found.as_json())) == json.loads(text)
    for table in ("portfolios", "archive", "losses"):
        assert (answered / "tables" / f"{table}.parquet").is_file()


def test_a_search_asked_again_runs_nothing_and_says_the_same(answered, folder, tiny):
    before, seen = (answered / "answer.json").read_bytes(), []
    ask(
        folder / "study.toml",
        folder / "out",
        objectives=AIMS,
        mechanisms=PARTS,
        progress=lambda *step: seen.append(step),
    )
    assert (answered / "answer.json").read_bytes() == before and not seen
