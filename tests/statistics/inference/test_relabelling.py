"""Randomisation tests against Fisher's, against other libraries and against all labellings."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, kstest, mannwhitneyu, permutation_test

from datapolis.statistics.inference.relabelling import ByChance, how_many, relabelled, sum_by_chance

SEEDS = st.integers(0, 100_000)


def table(seed, least=2, most=9, strata=1, kinds=None):
    """Values, who is chosen, and strata; each stratum has chosen units and others."""
    random = np.random.default_rng(seed)
    sizes = random.integers(least, most + 1, strata)
    stratum = np.repeat(np.arange(strata), sizes)
    value = random.normal(size=stratum.size)
    if kinds:
        value = random.integers(0, kinds, stratum.size).astype(float)
    chosen = np.concatenate(
        [random.permutation(np.arange(size) < random.integers(1, size)) for size in sizes]
    )
    return value, chosen, stratum


def centred(value, chosen, stratum):
    """Values around the mean of their stratum: their sum is 0 on average."""
    mean = np.bincount(stratum, value) / np.bincount(stratum)
    return value - mean[stratum], chosen, stratum


def every_choice(chosen, stratum):
    """All ways to choose as many in each stratum, with a loop."""
    parts = []
    for one in np.unique(stratum):
        members = np.flatnonzero(stratum == one)
        parts.append(combinations(members, int(chosen[members].sum())))
    for choice in product(*parts):
        dealt = np.zeros(chosen.size, bool)
        dealt[[place for part in choice for place in part]] = True
        yield dealt


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_an_outcome_of_yes_and_no_in_one_stratum_is_fishers_test(seed):
    value, chosen, stratum = table(seed, most=40, kinds=2)
    yes, no = ([int((side & (value == one)).sum()) for side in (chosen, ~chosen)] for one in (1, 0))
    found = sum_by_chance(value, chosen, stratum).two_sided(centre=value.mean() * chosen.sum())
    assert found.exact
    assert found.p_value == pytest.approx(fisher_exact([yes, no]).pvalue, rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_seven_of_nine_against_two_of_nine(seed):
    """Fisher's p is .0567, whatever the seed, however outcomes and labels are written."""
    random = np.random.default_rng(seed)
    order, low, high = random.permutation(18), *random.normal(size=2)
    value = np.where(np.r_[np.ones(7), np.zeros(2), np.ones(2), np.zeros(7)] == 1, low, high)
    chosen = np.arange(18) < 9
    for side in (chosen, ~chosen):
        found = sum_by_chance(value[order], side[order], np.zeros(18, int)).two_sided()
        assert found.p_value == pytest.approx(0.05668, abs=5e-6)
        assert found.exact and found.many == 48_620


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_the_exact_p_is_that_of_another_library(seed):
    """With as many on both sides its p, twice the smaller tail, is that of distances."""
    value = np.random.default_rng(seed).normal(size=10)
    chosen = np.arange(10) < 5
    other = permutation_test(
        (value[:5], value[5:]), lambda x, y, axis: x.mean(axis) - y.mean(axis), n_resamples=np.inf
    )
    found = sum_by_chance(value, chosen, np.zeros(10, int)).two_sided(centre=5 * value.mean())
    assert found.p_value == pytest.approx(other.pvalue, rel=1e-9)
    assert found.least_p == pytest.approx(2 / 252)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_ranks_give_the_exact_test_of_mann_and_whitney(seed):
    value, chosen, stratum = table(seed, least=4, most=14)
    ranks = np.argsort(np.argsort(value)) + 1.0
    found = sum_by_chance(ranks, chosen, stratum).two_sided(centre=ranks.mean() * chosen.sum())
    other = mannwhitneyu(value[chosen], value[~chosen], method="exact")
    assert found.p_value == pytest.approx(other.pvalue, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 3), st.sampled_from([None, 2, 3]))
def test_sums_are_those_of_all_choices(seed, strata, kinds):
    value, chosen, stratum = table(seed, most=6, strata=strata, kinds=kinds)
    every = np.array([value[dealt].sum() for dealt in every_choice(chosen, stratum)])
    found = sum_by_chance(value, chosen, stratum)
    assert found.exact and found.many == every.size == how_many(chosen, stratum)
    assert found.weights.sum() == pytest.approx(1, rel=1e-12)
    assert found.mean == pytest.approx(every.mean(), abs=1e-12)
    for at in np.unique(every.round(9)):
        share = (np.abs(every - at) < 1e-6).mean()
        assert found.weights[np.abs(found.values - at) < 1e-6].sum() == pytest.approx(share)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 2), st.sampled_from([None, 2, 4]))
def test_under_the_null_p_is_at_most_a_in_a_share_a_of_all_labellings(seed, strata, kinds):
    """Exactly, over all labellings; and no p is below the least attainable, which one attains."""
    value, chosen, stratum = centred(*table(seed, most=6, strata=strata, kinds=kinds))
    tests = [
        sum_by_chance(value, dealt, stratum).two_sided() for dealt in every_choice(chosen, stratum)
    ]
    p = np.array([one.p_value for one in tests])
    for level in np.unique(p):
        assert (p <= level + 1e-12).mean() <= level + 1e-9
    assert np.ptp([one.least_p for one in tests]) < 1e-12
    assert p.min() == pytest.approx(tests[0].least_p, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([None, 2]), st.floats(1e-6, 1e6))
def test_names_order_and_scale_do_not_matter(seed, kinds, scale):
    value, chosen, stratum = centred(*table(seed, strata=2, kinds=kinds))
    p = sum_by_chance(value, chosen, stratum).two_sided().p_value
    order = np.random.default_rng(seed).permutation(value.size)
    for again in (
        (value[order], chosen[order], stratum[order]),
        (value, ~chosen, stratum),
        (-scale * value, chosen, 5 - stratum),
    ):
        assert sum_by_chance(*again).two_sided().p_value == pytest.approx(p, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from("aabc"), min_size=1, max_size=6), SEEDS)
def test_every_way_to_deal_labels_comes_once(letters, seed):
    labels = np.array(letters)
    strata = np.random.default_rng(seed).integers(0, 2, labels.size)
    found = relabelled(labels, strata, 10, seed)
    dealt = [tuple(row) for block in found.blocks for row in block.tolist()]
    every = {
        one
        for one in permutations(letters)
        if all(
            sorted(np.array(one)[strata == place]) == sorted(labels[strata == place])
            for place in (0, 1)
        )
    }
    assert found.exact and found.many == len(dealt) == len(every)
    assert set(dealt) == every


def test_labels_are_drawn_where_they_are_too_many_and_stay_in_their_stratum():
    labels, strata = np.arange(14) % 12, np.repeat([0, 1], [12, 2])
    found = relabelled(labels, strata, 500, 3)
    dealt = np.concatenate(list(found.blocks))
    assert not found.exact and found.many == 500 and dealt.shape == (500, 14)
    for one in (0, 1):
        here = strata == one
        assert (np.sort(dealt[:, here], axis=1) == np.sort(labels[here])).all()
    again = np.concatenate(list(relabelled(labels, strata, 500, 3).blocks))
    np.testing.assert_array_equal(again, dealt)
    counts = np.unique(dealt[:, 0], return_counts=True)[1]
    assert counts.size == 12  # 500/12 each, and four standard deviations
    assert np.abs(counts - 500 / 12).max() < 4 * np.sqrt(500 * 11 / 144)


@pytest.mark.parametrize(
    "units, chosen, exact",
    [(20, 10, True), (22, 11, False), (600, 2, True), (1_000, 2, False), (362_880, 1, True)],
)
def test_sums_are_exact_up_to_a_limit(units, chosen, exact):
    """C(20, 10) is 184,756, C(22, 11) 705,432, C(600, 2) 179,700 and C(1000, 2) 499,500."""
    value = np.random.default_rng(1).random(units)
    found = sum_by_chance(value, np.arange(units) < chosen, np.zeros(units, int))
    assert (found is not None) == exact


def test_an_outcome_of_yes_and_no_is_exact_for_many_units():
    value = (np.arange(3_000) % 10 < 3).astype(float)
    chosen = np.arange(3_000) < 1_200
    value[:60] = 1
    yes = [int((value * side).sum()) for side in (chosen, ~chosen)]
    no = [int(((1 - value) * side).sum()) for side in (chosen, ~chosen)]
    found = sum_by_chance(value, chosen, np.zeros(value.size, int)).two_sided()
    assert found.p_value == pytest.approx(fisher_exact([yes, no]).pvalue, rel=1e-6)
    assert found.exact and found.many == 0 and "all permutations" in found.words("permutations")


def test_mirror_values_tie_whatever_was_drawn():
    """Half of +1 and half of -1, some drawn oftener: the distance is from 0, not their mean."""
    drawn = np.r_[np.full(40, 1.0), np.full(20, -1.0), np.full(39, 0.1)]
    found = ByChance(1.0 - 1e-13, drawn, False, 99).two_sided()
    assert found.p_value == found.least_p == 61 / 100


def test_p_of_draws_counts_the_observed_one_and_ties():
    drawn = np.array([-1.0, 1.0, 2.0, -2.0])
    assert ByChance(5.0, drawn, False, 4).two_sided().p_value == 1 / 5
    assert ByChance(2.0, drawn, False, 4).two_sided().p_value == 3 / 5
    assert ByChance(2.0, drawn, False, 4).upper().p_value == 2 / 5
    assert ByChance(2.0, drawn, False, 4).lower().p_value == 1
    assert np.isnan(ByChance(np.nan, drawn, False, 4).two_sided().p_value)


def test_what_is_not_defined_for_some_labels_is_left_out():
    """One of four relabellings has no value: the observed one is one of the other three."""
    found = ByChance(2.0, np.array([2.0, np.nan, 0.5, -1.0]), True, 4)
    assert found.two_sided().p_value == pytest.approx(1 / 3)
    assert found.mean == pytest.approx(0.5)


def test_p_by_draws_is_uniform_if_the_labels_say_nothing():
    """400 tables without effect: p values as from a uniform law (Kolmogorov-Smirnov, 1 %)."""
    random = np.random.default_rng(3)
    strata = np.repeat(np.arange(4), 10)
    found = []
    for number in range(400):
        value = random.normal(size=40)
        value -= (np.bincount(strata, value) / 10)[strata]
        label = np.concatenate([random.permutation(10) % 2 for _ in range(4)])
        dealt = np.concatenate(list(relabelled(label, strata, 99, number).blocks))
        found.append(ByChance(label @ value, dealt @ value, False, 99).two_sided().p_value)
    assert kstest(found, "uniform").pvalue > 0.01
