"""Indicators against numbers that theory gives (the O of `docs/theory.md`)."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from datapolis.statistics.indicators import (
    banzhaf,
    bonacich,
    components,
    concentration_ratio,
    giant_component_share,
    gini,
    herfindahl,
    herfindahl_by_group,
    herfindahl_split,
    hill_tail_exponent,
    largest_component_share,
    pooled_value,
    removal_value,
    sector_shares,
    shapley_shubik,
    top_fifth_share,
    top_share,
    truncated_pareto_survival,
)

MANY = 1_000_000


def quantiles(distribution):
    """A population of which no part is luck: the distribution at evenly spaced shares."""
    return distribution.ppf((np.arange(MANY) + 0.5) / MANY)


def pareto_population(exponent):
    """Mean amount of each millionth of a Pareto population, exact by its Lorenz curve."""
    share = np.linspace(0, 1, MANY + 1)
    return -np.diff((1 - share) ** (1 - 1 / exponent))


def test_o01_equal_and_geometric_shares():
    for n in (1, 2, 7, 100):
        assert herfindahl(np.ones(n)) == pytest.approx(1 / n)
    for q in (0.2, 0.6, 0.9):
        assert herfindahl(q ** np.arange(400)) == pytest.approx((1 - q) / (1 + q))
    assert herfindahl(0.6 ** np.arange(100)) == pytest.approx(0.25)


def test_o02_o03_eighty_twenty():
    alpha = np.log(5) / np.log(4)
    assert alpha == pytest.approx(1.160964, abs=1e-6)
    population = pareto_population(alpha)
    assert top_fifth_share(population) == pytest.approx(0.8, abs=1e-9)
    assert gini(population) == pytest.approx(0.75647, abs=1e-5)
    assert gini(population) == pytest.approx(1 / (2 * alpha - 1), abs=1e-6)
    assert gini(pareto_population(2.5)) == pytest.approx(0.25, abs=1e-6)
    assert top_share(pareto_population(2.5), 0.2) == pytest.approx(0.38073, abs=1e-5)


def test_o03_eighty_twenty_does_not_fix_gini():
    two_classes = np.array([4.0] * 20 + [0.25] * 80)
    assert top_fifth_share(two_classes) == pytest.approx(0.8)
    assert gini(two_classes) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("distribution", "top", "inequality"),
    [
        (stats.expon(), 0.52189, 0.5),
        (stats.uniform(), 0.36, 1 / 3),
        (stats.lognorm(1.68324), 0.8, 0.76604),
    ],
    ids=["exponential", "uniform", "lognormal"],
)
def test_o04_top_fifth_and_gini(distribution, top, inequality):
    population = quantiles(distribution)
    assert top_fifth_share(population) == pytest.approx(top, abs=1e-4)
    assert gini(population) == pytest.approx(inequality, abs=1e-4)


@pytest.mark.parametrize("exponent", [0.8, 1.16, 1.8])
def test_o05_tail_exponent_of_simulated_pareto(exponent):
    n, fraction = 200_000, 0.2
    amount = np.random.default_rng(5).pareto(exponent, n) + 1
    error = exponent / np.sqrt(fraction * n)
    assert abs(hill_tail_exponent(amount, fraction) - exponent) < 4 * error
    society = jnp.asarray(amount / amount.sum(), jnp.float32)
    assert abs(hill_tail_exponent(society, fraction) - exponent) < 4 * error


def test_o06_zipf():
    amount = 1 / np.arange(1, 101)
    assert concentration_ratio(amount, leaders=1) == pytest.approx(0.19278, abs=1e-5)
    assert top_fifth_share(amount) == pytest.approx(0.69355, abs=1e-5)
    assert herfindahl(amount) == pytest.approx(0.06076, abs=1e-5)


def line(nodes):
    return np.eye(nodes, k=1) + np.eye(nodes, k=-1)


def test_o12_the_sign_of_beta_flips_who_is_strong():
    np.testing.assert_allclose(bonacich(line(3), -0.5), [0, 1.7321, 0], atol=1e-4)
    np.testing.assert_allclose(bonacich(line(5), -0.5), [0, 1.5811, 0, 1.5811, 0], atol=1e-4)
    degree = bonacich(line(5), 0.0)
    np.testing.assert_allclose(degree, [0.5976, 1.1952, 1.1952, 1.1952, 0.5976], atol=1e-4)
    friends = bonacich(line(5), 0.5)
    np.testing.assert_allclose(friends / friends[0], np.array([8, 14, 16, 14, 8]) / 8)
    for power in (degree, friends):
        assert np.sum(power**2) == pytest.approx(5)
    with pytest.raises(ValueError, match="beta"):
        bonacich(line(5), 1 / np.sqrt(3) + 1e-9)


def test_o14_surplus_lost_with_a_platform():
    np.testing.assert_allclose(removal_value(np.array([0.5, 0.9])), [0.6931, 2.3026], atol=1e-4)


def test_o14_by_gumbel_draws():
    """What choosers lose on average when their best platform is taken from the choice set."""
    share = np.array([0.5, 0.3, 0.2])
    utility = np.log(share) + np.random.default_rng(14).gumbel(size=(1_000_000, 3))
    loss = utility.max(axis=1) - utility[:, 1:].max(axis=1)
    error = loss.std() / np.sqrt(loss.size)
    assert abs(loss.mean() - removal_value(share)[0]) < 4 * error


def test_o15_voting_power():
    weights = np.array([50, 49, 1])
    np.testing.assert_allclose(shapley_shubik(weights), [2 / 3, 1 / 6, 1 / 6])
    np.testing.assert_allclose(banzhaf(weights), [3 / 5, 1 / 5, 1 / 5])


def test_o22_equal_islands():
    m, exponent, nodes = 16, 1.5, 64
    data = np.ones(nodes)
    islands = np.arange(nodes) // (nodes // m) * (nodes // m)
    kept = pooled_value(data, islands, exponent) / pooled_value(data, 0 * islands, exponent)
    assert kept == pytest.approx(0.25)
    assert kept == pytest.approx(m ** (1 - exponent))


def random_web(nodes, degree, seed):
    """Each pair is tied with probability degree/nodes: its edge list, each tie at one end."""
    random = np.random.default_rng(seed)
    pairs = random.integers(0, nodes, (2, random.poisson(nodes * degree / 2)))
    source = np.sort(pairs[0])
    place = np.arange(source.size) - np.searchsorted(source, source)
    edges = np.full((nodes, place.max() + 1), -1)
    edges[source, place] = pairs[1]
    return edges


@pytest.mark.parametrize(("degree", "share"), [(1.5, 0.58281), (2.0, 0.79681), (3.0, 0.94048)])
def test_o23_giant_component(degree, share):
    nodes = 20_000
    edges = random_web(nodes, degree, seed=23)
    strength, alive = np.ones(edges.shape), np.ones(nodes, bool)
    assert giant_component_share(edges, strength, alive) == pytest.approx(share, abs=0.02)


def test_o23_below_the_threshold():
    """A random node's component has 1/(1 - c) nodes on average, and no part of the whole."""
    nodes, degree = 20_000, 0.5
    edges = random_web(nodes, degree, seed=24)
    labels = components(edges, edges >= 0)
    size = np.bincount(labels)[labels]
    assert size.mean() == pytest.approx(2, abs=0.1)
    assert largest_component_share(labels) < 0.01


def test_o36_breach_sizes():
    chance = truncated_pareto_survival(1e7, 5e4, 2e8, 0.37)
    assert chance == pytest.approx(0.0989, abs=1e-4)
    society = truncated_pareto_survival(jnp.asarray(1e7), 5e4, 2e8, jnp.asarray(0.37))
    assert society == pytest.approx(0.0989, abs=1e-4)


def test_o55_concentration_splits_by_sector():
    random = np.random.default_rng(55)
    amount, group = random.pareto(1.2, 60), random.integers(0, 3, 60)
    share, inside = sector_shares(amount, group, 3), herfindahl_by_group(amount, group, 3)
    assert np.sum(share**2 * inside) == pytest.approx(herfindahl(amount), rel=1e-12)
    total, between, within = herfindahl_split(amount, group, 3)
    holders = np.bincount(group, minlength=3)
    assert total == pytest.approx(between + within, rel=1e-12)
    assert total == pytest.approx(herfindahl(amount), rel=1e-12)
    assert between == pytest.approx(np.sum(share**2 / holders), rel=1e-12)
    assert within == pytest.approx(np.sum(share**2 * (inside - 1 / holders)), rel=1e-12)
