"""Regressions against formulas by hand, against dummies, and against what they should not take."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.core.errors import InputError
from datapolis.statistics.inference.regression import glm, ols

RANDOM = np.random.default_rng(20)
ROWS, CLUSTERS = 240, 40
GROUP = np.repeat(np.arange(CLUSTERS), ROWS // CLUSTERS)
X = np.stack([np.ones(ROWS), RANDOM.normal(size=ROWS), RANDOM.normal(size=CLUSTERS)[GROUP]], axis=1)
Y = X @ [1.0, 0.5, -0.3] + RANDOM.normal(size=CLUSTERS)[GROUP] + RANDOM.normal(size=ROWS)
WEIGHT = RANDOM.uniform(0.5, 3, size=ROWS)
NAMES = ("constant", "inside", "between")


def sandwich(score, bread, clusters, parameters):
    sums = np.stack([score[one == GROUP].sum(0) for one in range(CLUSTERS)])
    correction = clusters / (clusters - 1) * (ROWS - 1) / (ROWS - parameters)
    return np.sqrt(np.diag(bread @ sums.T @ sums @ bread) * correction)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_least_squares_and_its_sandwich_are_those_of_the_formula(weight):
    w = np.ones(ROWS) if weight is None else weight
    found = ols(Y, X, NAMES, cluster=GROUP, weight=weight)
    bread = np.linalg.inv(X.T * w @ X)
    estimate = bread @ (X.T * w @ Y)
    left = Y - X @ estimate
    assert found.estimate == pytest.approx(estimate, rel=1e-10)
    assert found.standard_error == pytest.approx(
        sandwich(X * (w * left)[:, None], bread, CLUSTERS, 3), rel=1e-10
    )
    variance = (w * left**2).sum() / (ROWS - 3)
    assert found.naive_error == pytest.approx(np.sqrt(variance * np.diag(bread)), rel=1e-10)
    around = Y - np.average(Y, weights=w)
    assert found.r_squared == pytest.approx(1 - (w * left**2).sum() / (w * around**2).sum())
    assert (found.n, found.clusters) == (ROWS, CLUSTERS)


def test_without_clusters_each_row_is_its_own():
    found = ols(Y, X, NAMES)
    same = ols(Y, X, NAMES, cluster=np.arange(ROWS))
    bread = np.linalg.inv(X.T @ X)
    left = Y - X @ found.estimate
    meat = (X * (left**2)[:, None]).T @ X
    expected = np.sqrt(np.diag(bread @ meat @ bread) * ROWS / (ROWS - 3))
    assert found.standard_error == pytest.approx(expected, rel=1e-10)
    assert same.standard_error == pytest.approx(expected, rel=1e-10)


def test_absorbed_effects_are_those_of_a_column_for_each():
    dummies = (np.arange(1, CLUSTERS) == GROUP[:, None]).astype(float)
    wide = np.concatenate([X[:, :1], dummies, X[:, 1:2]], axis=1)
    names = [f"column {place}" for place in range(wide.shape[1])]
    expected = ols(Y, wide, names, cluster=GROUP, weight=WEIGHT)
    found = ols(Y, X[:, 1:2], ["inside"], cluster=GROUP, weight=WEIGHT, absorb=GROUP)
    assert found.estimate[0] == pytest.approx(expected.estimate[-1], rel=1e-9)
    assert found.naive_error[0] == pytest.approx(expected.naive_error[-1], rel=1e-9)
    # effects inside clusters do not count as parameters; columns always do
    counted = np.sqrt((ROWS - 41) / (ROWS - 1))
    assert found.standard_error[0] == pytest.approx(expected.standard_error[-1] * counted, rel=1e-9)
    across = ols(Y, X[:, 1:2], ["inside"], cluster=np.arange(ROWS) % 30, absorb=GROUP)
    columns = ols(Y, wide, names, cluster=np.arange(ROWS) % 30)
    assert across.standard_error[0] == pytest.approx(columns.standard_error[-1], rel=1e-9)


def test_what_other_columns_determine_has_no_estimate():
    twice = np.concatenate([X, X[:, 1:2] - 2 * X[:, 2:]], axis=1)
    found = ols(Y, twice, [*NAMES, "again"], cluster=GROUP)
    assert np.isnan(found.of("again")).all()
    assert found.estimate[:3] == pytest.approx(ols(Y, X, NAMES).estimate, rel=1e-9)
    assert np.isnan(found.p_value("again"))
    inside = ols(Y, X[:, 1:], NAMES[1:], cluster=GROUP, absorb=GROUP)
    assert np.isnan(inside.of("between")[0])
    assert np.isfinite(inside.of("inside")[0])


def test_intervals_are_those_of_student():
    from scipy.stats import t

    found = ols(Y, X, NAMES, cluster=GROUP)
    estimate, error = found.of("inside")
    lower, upper = found.interval("inside")
    assert (lower + upper) / 2 == pytest.approx(estimate)
    assert (upper - lower) / 2 == pytest.approx(t.ppf(0.975, CLUSTERS - 1) * error)
    assert found.p_value("inside") == pytest.approx(2 * t.sf(abs(estimate / error), CLUSTERS - 1))


@settings(max_examples=30, deadline=None)
@given(scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_units_of_measurement_move_the_estimates_as_they_should(scale, shift):
    found, moved = ols(Y, X, NAMES, cluster=GROUP), ols(shift + scale * Y, X, NAMES, cluster=GROUP)
    assert moved.estimate[1:] == pytest.approx(scale * found.estimate[1:], rel=1e-6, abs=1e-9)
    assert moved.standard_error[1:] == pytest.approx(scale * found.standard_error[1:], rel=1e-6)


def test_a_binomial_model_and_its_sandwich_are_those_of_the_scores():
    of = RANDOM.integers(5, 60, size=ROWS).astype(float)
    share = RANDOM.binomial(of.astype(int), 0.3) / of
    found = glm(share, X, NAMES, family="quasibinomial", weight=of, cluster=GROUP)
    mean = 1 / (1 + np.exp(-X @ found.estimate))
    score = X * (of * (share - mean))[:, None]
    assert np.abs(score.sum(0)).max() < 1e-6
    bread = np.linalg.inv(X.T * (of * mean * (1 - mean)) @ X)
    assert found.standard_error == pytest.approx(sandwich(score, bread, CLUSTERS, 3), rel=1e-6)
    dispersion = (of * (share - mean) ** 2 / (mean * (1 - mean))).sum() / (ROWS - 3)
    assert found.dispersion == pytest.approx(dispersion, rel=1e-8)
    assert found.naive_error == pytest.approx(np.sqrt(dispersion * np.diag(bread)), rel=1e-6)
    plain = glm(share, X, NAMES, weight=of, cluster=GROUP)
    assert plain.naive_error == pytest.approx(np.sqrt(np.diag(bread)), rel=1e-6)


def test_a_count_model_has_the_rate_of_its_offset():
    time = RANDOM.uniform(1, 9, size=ROWS)
    count = RANDOM.poisson(2.5 * time).astype(float)
    found = glm(count, X[:, :1], NAMES[:1], family="poisson", offset=np.log(time))
    assert np.exp(found.estimate[0]) == pytest.approx(count.sum() / time.sum(), rel=1e-8)
    assert found.naive_error[0] == pytest.approx(1 / np.sqrt(count.sum()), rel=1e-6)
    assert found.r_squared == pytest.approx(0, abs=1e-9)


def test_the_negative_binomial_finds_what_was_planted():
    random = np.random.default_rng(4)
    x = random.normal(size=4_000)
    mean, dispersion = np.exp(1.0 + 0.4 * x), 0.5
    count = random.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mean)).astype(float)
    found = glm(
        count, np.stack([np.ones_like(x), x], 1), ("constant", "x"), family="negative_binomial"
    )
    assert found.estimate == pytest.approx([1.0, 0.4], abs=0.06)
    assert found.dispersion == pytest.approx(dispersion, abs=0.07)
    assert found.standard_error == pytest.approx(found.naive_error, rel=0.1)


def test_coverage_under_clusters():
    tables, held, naive = 400, 0, 0
    random = np.random.default_rng(9)
    x = random.normal(size=CLUSTERS)[GROUP]
    design = np.stack([np.ones(ROWS), x], axis=1)
    for _ in range(tables):
        y = 0.5 * x + random.normal(size=CLUSTERS)[GROUP] + random.normal(size=ROWS)
        found = ols(y, design, ("constant", "x"), cluster=GROUP)
        lower, upper = found.interval("x")
        held += lower <= 0.5 <= upper
        naive += abs(found.estimate[1] - 0.5) <= 1.96 * found.naive_error[1]
    # 93 to 97 %, and two standard deviations of chance
    assert 0.93 - 0.022 <= held / tables <= 0.97 + 0.022
    assert naive / tables < 0.85


@pytest.mark.parametrize(
    "change, words",
    [
        ({"y": Y[:-1]}, "one length"),
        ({"names": NAMES[:2]}, "one length"),
        ({"y": np.where(np.arange(ROWS) == 3, np.nan, Y)}, "no number"),
        ({"weight": np.zeros(ROWS)}, "not above 0"),
        ({"cluster": np.zeros(ROWS)}, "one cluster"),
        ({"y": Y[:2], "X": X[:2]}, "too few rows"),
        ({"X": np.zeros((ROWS, 3))}, "too few rows"),
    ],
)
def test_what_cannot_be_fitted_is_said(change, words):
    with pytest.raises(InputError, match=words):
        ols(**{"y": Y, "X": X, "names": NAMES, **change})


def test_models_refuse_what_they_cannot_take():
    with pytest.raises(InputError, match="no such family"):
        glm(Y, X, NAMES, family="gamma")
    with pytest.raises(InputError, match="out of range"):
        glm(Y, X, NAMES)
    with pytest.raises(InputError, match="takes no weights"):
        glm(np.abs(Y), X, NAMES, family="poisson", weight=WEIGHT)
    apart = (X[:, 1] > 0).astype(float)
    with pytest.raises(InputError, match="no finite estimate"):
        glm(apart, X, NAMES)
    with pytest.raises(InputError, match=r"no such term.*inside"):
        ols(Y, X, NAMES).of("insid")


def test_residuals_of_rounding_make_no_error():
    exact = X @ [0.1, 0.2, 0.3]
    found = ols(exact, X, NAMES, cluster=GROUP)
    assert found.estimate == pytest.approx([0.1, 0.2, 0.3], rel=1e-9)
    assert (found.standard_error == 0).all() and np.isnan(found.p_value("inside"))
    near = ols(exact + 1e-6 * Y, X, NAMES, cluster=GROUP)
    assert near.standard_error == pytest.approx(
        1e-6 * ols(Y, X, NAMES, cluster=GROUP).standard_error, rel=1e-6
    )
