"""Differences between groups in cells: by hand, by enumeration, by another library, by chance."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.statistics.inference.clustered import (
    StratumCells,
    differences_by_chance,
    every_difference,
    permutation_moments,
    permuted_differences,
    resampled_differences,
)
from datapolis.statistics.inference.relabelling import ByChance
from datapolis.statistics.inference.resampling import interval


def cells_of(rows):
    """A data frame with stratum, unit, first, weight, y, and cluster if it has one; row by row."""
    column = {name: rows[name].to_numpy() for name in rows}
    weight, y, first = column["weight"].astype(float), column["y"], column["first"]
    return StratumCells(
        column["stratum"],
        np.unique(column["unit"] * 2 + first, return_inverse=True)[1],
        column.get("cluster", column["unit"]),
        first,
        weight,
        weight * y,
        weight * y**2,
        np.ones(y.size, int),
    )


def summed(cells):
    """The same cells, those of one stratum, unit and group added up."""
    keys = np.stack([cells.stratum, cells.unit, cells.cluster, cells.first])
    found, place = np.unique(keys, axis=1, return_inverse=True)
    sums = (
        np.bincount(place.ravel(), getattr(cells, name))
        for name in ("weight", "total", "square", "rows")
    )
    return StratumCells(*found[:3], found[3].astype(bool), *sums)


def made(seed, units=60, strata=3, rows=5, effect=0.0, between=1.0, spanning=False):
    """Offers of units that hang together; each unit has one group, and one stratum or all."""
    random = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), rows)
    home = random.integers(strata, size=units)
    group = random.permutation(units) % 2 == 0
    stratum = np.tile(np.arange(rows) % strata, units) if spanning else home[unit]
    y = effect * group[unit] + stratum + between * random.normal(size=units)[unit]
    y = y + random.normal(size=unit.size)
    weight = random.integers(1, 4, size=unit.size).astype(float)
    return pd.DataFrame(
        {"stratum": stratum, "unit": unit, "first": group[unit], "weight": weight, "y": y}
    )


def by_hand(rows):
    """The difference cell by cell, with a loop."""
    sums, whole = 0.0, 0.0
    for _, cell in rows.groupby("stratum"):
        sides = [cell[cell["first"] == side] for side in (True, False)]
        if all(len(side) for side in sides):
            means = [np.average(side.y, weights=side.weight) for side in sides]
            sums += cell.weight.sum() * (means[0] - means[1])
            whole += cell.weight.sum()
    return sums / whole


@pytest.mark.parametrize("spanning", [False, True])
def test_the_difference_is_that_of_a_loop_over_cells(spanning):
    rows = made(1, spanning=spanning)
    cells = cells_of(rows)
    assert cells.difference == pytest.approx(by_hand(rows), rel=1e-12)
    assert cells.contribution[cells.labels].sum() == pytest.approx(cells.difference, rel=1e-10)


@pytest.mark.parametrize("spanning", [False, True])
def test_adding_up_rows_of_one_cell_changes_nothing(spanning):
    cells = cells_of(made(6, spanning=spanning))
    fewer = summed(cells)
    assert fewer.rows.size < cells.rows.size
    for name in ("difference", "overlap"):
        assert getattr(fewer, name) == pytest.approx(getattr(cells, name), rel=1e-12)
    for name in ("clustered_error", "naive_error", "spread"):
        assert getattr(fewer, name)() == pytest.approx(getattr(cells, name)(), rel=1e-9)
    assert permutation_moments(fewer) == pytest.approx(permutation_moments(cells), abs=1e-12)
    draws = [resampled_differences(one, 50, 1) for one in (fewer, cells)]
    assert draws[0] == pytest.approx(draws[1], rel=1e-9)


def test_rows_in_cells_of_one_group_are_compared_with_nobody():
    rows = pd.DataFrame(
        {
            "stratum": [0, 0, 1, 2],
            "unit": [0, 1, 2, 3],
            "first": [True, False, True, False],
            "weight": 1.0,
            "y": [3.0, 1.0, 100.0, 50.0],
        }
    )
    cells = cells_of(rows)
    assert (cells.difference, cells.overlap) == (2.0, 0.5)
    alone = cells.where(cells.stratum == 1)
    assert np.isnan(alone.difference)
    assert not alone.both.any()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50), scale=st.floats(0.1, 10))
def test_units_of_measurement_do_not_matter(seed, shift, scale):
    rows = made(seed, units=20)
    cells, moved = cells_of(rows), cells_of(rows.assign(y=shift + scale * rows.y))
    assert moved.difference == pytest.approx(scale * cells.difference, rel=1e-6, abs=1e-8)
    assert moved.clustered_error() == pytest.approx(scale * cells.clustered_error(), rel=1e-6)
    first = differences_by_chance(cells, 99, seed).two_sided().p_value
    assert differences_by_chance(moved, 99, seed).two_sided().p_value == pytest.approx(first)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_swapping_the_groups_changes_the_sign_alone(seed):
    cells = cells_of(made(seed, units=24))
    turned = StratumCells(
        cells.stratum, cells.unit, cells.cluster, ~cells.first,
        cells.weight, cells.total, cells.square, cells.rows,
    )  # fmt: skip
    assert turned.difference == pytest.approx(-cells.difference, rel=1e-9, abs=1e-12)
    assert turned.clustered_error() == pytest.approx(cells.clustered_error(), rel=1e-9)


def test_mean_and_spread_of_all_permutations_are_those_of_enumeration():
    rows = made(5, units=9, strata=1, rows=2)
    cells = cells_of(rows)
    first = int(cells.labels.sum())
    every = np.array(
        [cells.contribution[list(chosen)].sum() for chosen in combinations(range(9), first)]
    )
    mean, spread = permutation_moments(cells)
    assert (mean, spread) == pytest.approx((every.mean(), every.std()), abs=1e-12)
    drawn = permuted_differences(cells, 20_000, seed=1)
    found = every_difference(cells)
    np.testing.assert_allclose(np.sort(found.values), np.sort(every), atol=1e-12)
    exact = (np.abs(every) >= abs(cells.difference) - 1e-12).mean()
    assert found.exact and found.two_sided().p_value == pytest.approx(exact, rel=1e-9)
    by_draws = ByChance(found.observed, drawn, False, drawn.size).two_sided()
    assert by_draws.p_value == pytest.approx(exact, abs=0.015)
    assert drawn.std() == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize(("spanning", "close"), [(False, 0.03), (True, 0.1)])
def test_moments_agree_with_draws_over_several_strata(spanning, close):
    cells = cells_of(made(2, spanning=spanning))
    mean, spread = permutation_moments(cells)
    drawn = permuted_differences(cells, 20_000, seed=3)
    assert drawn.mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(20_000) + close * spread)
    assert drawn.std() == pytest.approx(spread, rel=close)


def test_permuted_units_over_several_strata_give_the_difference_of_the_table_so_made():
    rows = made(4, units=6, strata=2, rows=4, spanning=True)
    cells = cells_of(rows)
    drawn = set(permuted_differences(cells, 500, seed=0).round(9))
    units = np.unique(rows.unit)
    every = []
    for chosen in combinations(units, int(cells.labels.sum())):
        again = cells_of(rows.assign(first=rows.unit.isin(chosen)))
        every.append(again.difference)
    assert drawn <= set(np.round(every, 9)) and len(drawn) > len(every) / 2
    found = every_difference(cells)
    assert found.exact and found.many == len(every) == found.values.size
    np.testing.assert_allclose(np.sort(found.values), np.sort(every), atol=1e-12)
    assert found.observed == pytest.approx(cells.difference, rel=1e-12)


def test_one_rare_price_among_equal_ones_is_not_beyond_chance():
    """Sixty tables with one other price: p is at most .05 in about a twentieth of them."""
    alarms = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        rows = made(seed, units=60, strata=3, rows=9, spanning=True)
        rows["y"] = np.where(np.arange(len(rows)) == random.integers(len(rows)), 30.0, 50.0)
        cells = cells_of(rows)
        alarms += differences_by_chance(cells, 199, seed).two_sided().p_value <= 0.05
    assert alarms <= 3 + 3 * 1.7


def test_an_outcome_that_is_the_same_everywhere_is_no_difference():
    rows = made(1, units=40, strata=4, rows=30)
    rows["y"], rows["weight"] = 54.99, np.random.default_rng(0).random(len(rows)) + 0.1
    cells = cells_of(rows)
    drawn = permuted_differences(cells, 99, seed=0)
    assert cells.difference == 0.0 and not drawn.any()
    assert differences_by_chance(cells, 99, 0).two_sided().p_value == 1.0


def test_units_that_lie_in_several_strata_change_group_in_all_of_them():
    cells = cells_of(made(2, spanning=True))
    assert np.unique(cells.homes).size == 1
    assert np.unique(cells_of(made(2)).homes).size == 3
    shuffled = np.random.default_rng(0).permutation(cells.unit.size)
    mixed = StratumCells(
        *(
            getattr(cells, name)[shuffled]
            for name in "stratum unit cluster first weight total square rows".split()
        )
    )
    assert np.array_equal(mixed.homes, cells.homes)
    assert mixed.contribution == pytest.approx(cells.contribution, abs=1e-12)


@pytest.mark.filterwarnings("default::UserWarning")
def test_the_error_in_one_stratum_is_that_of_a_regression_with_clusters():
    sm = pytest.importorskip("statsmodels.api")
    rows = made(7, strata=1)
    cells = cells_of(rows)
    design = sm.add_constant(rows["first"].to_numpy().astype(float))
    model = sm.WLS(rows.y, design, weights=rows.weight)
    groups = rows.unit.to_numpy()
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    many = cells.labels.size
    assert cells.difference == pytest.approx(fitted.params.iloc[1], rel=1e-10)
    expected = fitted.bse.iloc[1] * np.sqrt(many / (many - 1))
    assert cells.clustered_error() == pytest.approx(expected, rel=1e-10)


def test_the_naive_error_is_that_of_as_many_rows_as_there_is_weight():
    rows = made(8, strata=1)
    each = rows.loc[rows.index.repeat(rows.weight.astype(int))]
    sides = [each[each["first"] == side].y for side in (True, False)]
    expected = np.sqrt(sum(side.var(ddof=0) / side.size for side in sides))
    assert cells_of(rows).naive_error() == pytest.approx(expected, rel=1e-10)


def test_without_effect_whole_units_keep_the_level_and_rows_do_not():
    tables, draws = 300, 99
    alarms, naive = 0, 0
    for seed in range(tables):
        cells = cells_of(made(seed, units=24, strata=2, rows=6))
        alarms += differences_by_chance(cells, draws, seed).two_sided().p_value <= 0.05
        naive += abs(cells.difference / cells.naive_error()) > 1.96
    # .05 of 300 is 15, with a standard deviation of 3.8: three of them are allowed
    assert alarms <= 15 + 3 * 3.8
    assert naive > 0.2 * tables


def test_without_effect_units_over_several_strata_keep_the_level():
    tables = 300
    alarms = sum(
        differences_by_chance(cells, 99, seed).two_sided().p_value <= 0.05
        for seed in range(tables)
        for cells in [cells_of(made(seed, units=12, strata=3, rows=6, spanning=True))]
    )
    assert alarms <= 15 + 3 * 3.8


def test_a_planted_effect_lies_in_the_interval_as_often_as_stated():
    tables, effect, held = 300, 0.7, 0
    for seed in range(tables):
        rows = made(seed, units=120, strata=2, rows=3, effect=effect)
        cells = cells_of(rows)
        lower, upper = interval(resampled_differences(cells, 299, seed))
        held += lower <= effect <= upper
    # 93 to 97 %, and two standard deviations (1.26 points each) of chance
    assert 0.93 - 0.025 <= held / tables <= 0.97 + 0.025


def test_the_bootstrap_draws_clusters_and_not_units():
    rows = made(3, units=120, strata=1, rows=2, between=0)
    shared = np.random.default_rng(3).normal(size=20)
    rows["cluster"] = rows.unit // 6
    rows["y"] += 2 * shared[rows.cluster]
    coarse = cells_of(rows)
    fine = cells_of(rows.drop(columns="cluster"))
    spread = [resampled_differences(one, 2_000, 1).std() for one in (coarse, fine)]
    assert spread[0] == pytest.approx(coarse.clustered_error(), rel=0.2)
    assert spread[1] == pytest.approx(fine.clustered_error(), rel=0.1)
    assert coarse.clustered_error() != pytest.approx(fine.clustered_error(), rel=0.05)


def test_a_sample_without_one_of_the_groups_has_no_difference():
    rows = made(3, units=3, strata=1, rows=1)
    drawn = resampled_differences(cells_of(rows), 500, 1)
    assert np.isnan(drawn).any()
    assert np.isfinite(drawn).any()


def test_the_spread_inside_cells_is_that_of_residuals():
    rows = made(4)
    mean = rows.groupby("stratum")[["weight", "y"]].apply(
        lambda cell: np.average(cell.y, weights=cell.weight)
    )
    left = rows.y - mean[rows.stratum].to_numpy()
    expected = np.sqrt(np.average(left**2, weights=rows.weight))
    expected /= np.average(rows.y, weights=rows.weight)
    assert cells_of(rows).spread() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("level", [0.1, 50 / 3, 1e7 + 0.1])
def test_rounding_is_no_variance_in_whatever_order_it_was_added_up(level):
    """Rows that differ inside units, whose means are equal: by theory the clustered error is 0."""
    deviation = level / 7 * np.array([-3.0, -1, 0, 1, 3])
    rows = pd.DataFrame(
        {
            "stratum": 0,
            "unit": np.repeat(np.arange(12), 5),
            "first": np.repeat(np.arange(12) % 2 == 0, 5),
            "weight": np.tile([0.3, 0.7, 1.1, 0.7, 0.3], 12),
            "y": level + np.tile(deviation, 12),
        }
    )
    for seed in range(20):
        cells = cells_of(rows.sample(frac=1, random_state=seed))
        assert (cells.clustered_error(), permutation_moments(cells)[1]) == (0, 0)
        assert cells.naive_error() > 0.1 * level * np.sqrt(1 / 18.6)
        alike = cells_of(rows.assign(y=level).sample(frac=1, random_state=seed))
        assert (alike.naive_error(), alike.spread(), alike.difference) == (0, 0, 0)


def test_small_variances_are_no_rounding():
    """A standard deviation of a ten-thousandth of the mean is found to six digits."""
    deviation = np.tile([-1.0, 1.0], 20)
    rows = pd.DataFrame(
        {"stratum": 0, "unit": range(40), "first": np.arange(40) < 20, "weight": 1.0,
         "y": 1e3 + 0.1 * deviation}
    )  # fmt: skip
    cells = cells_of(rows)
    assert cells.spread() == pytest.approx(1e-4, rel=1e-6)
    assert cells.naive_error() == pytest.approx(0.1 * np.sqrt(2 / 20), rel=1e-6)


def test_pairs_have_no_clustered_error():
    """One unit of each group in a stratum: no residual is left, whatever the outcomes are."""
    units = np.arange(12)
    rows = pd.DataFrame(
        {"stratum": units // 2, "unit": units, "first": units % 2 == 0, "weight": 1.0,
         "y": np.random.default_rng(3).normal(size=12)}
    )  # fmt: skip
    assert np.isnan(cells_of(rows).clustered_error())
    one_more = pd.concat([rows, rows.iloc[[0]].assign(unit=12, y=5.0)], ignore_index=True)
    assert cells_of(one_more).clustered_error() > 0
