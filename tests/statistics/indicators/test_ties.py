"""Ties: stars, lines and complete webs, whose values are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

from datapolis.statistics.indicators import (
    centralization,
    cross_share,
    density,
    fragility,
    giant_component_share,
    mean_path,
)

N = 6
COMPLETE = np.array([[j for j in range(N) if j != i] for i in range(N)])
STAR = np.array([[-1], *[[0]] * (N - 1)])  # all lead to 0
LINE = np.array([[i + 1 if i + 1 < N else -1] for i in range(N)])
EMPTY = np.full((N, 2), -1)
LIVING = np.ones(N, bool)


def full(partners):
    return np.ones(partners.shape)


@pytest.mark.parametrize(
    ("partners", "dense", "central", "giant", "path"),
    [
        (COMPLETE, 1, 0, 1, 1),
        (STAR, 1 / N, 1, 1, (5 * 1 + 10 * 2) / 15),
        (LINE, 1 / N, 1 / 25, 1, (N + 1) / 3),
        (EMPTY, 0, 0, 1 / N, np.nan),
    ],
    ids=["complete", "star", "line", "empty"],
)
def test_known_webs(partners, dense, central, giant, path):
    strength = full(partners)
    assert density(strength, partners, LIVING) == pytest.approx(dense)
    assert centralization(strength, partners, LIVING) == pytest.approx(central, abs=1e-12)
    assert giant_component_share(partners, strength, LIVING) == pytest.approx(giant)
    assert mean_path(partners, strength, LIVING) == pytest.approx(path, nan_ok=True)


def test_centralization_follows_strength(xp):
    half = centralization(xp.asarray(0.5 * full(STAR)), xp.asarray(STAR), xp.asarray(LIVING))
    assert half == pytest.approx(0.5)


def test_weak_ties_are_below_the_floor(xp):
    strength = xp.asarray(0.05 * full(LINE))
    alive, line = xp.asarray(LIVING), xp.asarray(LINE)
    assert giant_component_share(line, strength, alive, 0.06) == pytest.approx(1 / N)
    assert giant_component_share(line, strength, alive, 0.04) == 1
    assert density(strength, line, alive, 0.06) == 0


def test_the_dead_have_no_ties(xp):
    """Without node 2 the line 0-1-2-3-4-5 falls into a pair and three."""
    alive, line = xp.asarray(np.arange(N) != 2), xp.asarray(LINE)
    strength = xp.asarray(full(LINE))
    assert giant_component_share(line, strength, alive) == pytest.approx(3 / 5)
    assert density(strength, line, alive) == pytest.approx(3 / 20)
    assert mean_path(line, strength, alive) == pytest.approx((1 + 1 + 1 + 2) / 4)
    group = xp.asarray([0, 1, 0, 0, 0, 1])
    assert cross_share(strength, line, group, alive) == pytest.approx(2 / 3)
    nobody = xp.zeros(N, dtype=bool)
    assert np.isnan(density(strength, line, nobody))
    assert np.isnan(centralization(strength, line, nobody))
    assert np.isnan(giant_component_share(line, strength, nobody))


def test_cross_share_at_both_ends(xp):
    line, strength = xp.asarray(LINE), xp.asarray(full(LINE))
    assert cross_share(strength, line, xp.zeros(N, dtype=int)) == 0
    assert cross_share(strength, line, xp.arange(N)) == 1
    assert np.isnan(cross_share(strength, xp.asarray(LINE * 0 - 1), xp.arange(N)))


def test_fragility_at_both_ends():
    order = np.arange(N)
    assert fragility(COMPLETE, full(COMPLETE), LIVING, order) == pytest.approx(1 / 2)
    assert fragility(EMPTY, full(EMPTY), LIVING, order) == pytest.approx(1 - 1 / N + 1 / (2 * N**2))
    assert np.isnan(fragility(EMPTY, full(EMPTY), ~LIVING, order))


def test_a_star_dies_with_its_middle():
    first, last = np.arange(N), np.arange(N)[::-1]
    strength = full(STAR)
    assert fragility(STAR, strength, LIVING, last) == pytest.approx(1 / 2)  # giant 6 5 4 3 2 1 0
    # giant 6 1 1 1 1 1 0
    assert fragility(STAR, strength, LIVING, first) == pytest.approx(1 - (3 + 5) / 36)


def test_fragility_is_the_area_under_the_giant_share():
    random = np.random.default_rng(11)
    partners = random.integers(-1, 40, (40, 2))
    strength, alive = random.random((40, 2)), random.random(40) < 0.8
    order = random.permutation(40)
    living = alive.copy()
    sizes = []
    for node in [None, *order[alive[order]]]:
        if node is not None:
            living[node] = False
        share = giant_component_share(partners, strength, living, 0.3) if living.any() else 0
        sizes.append(share * living.sum())
    area = np.trapezoid(sizes) / alive.sum() ** 2
    assert fragility(partners, strength, alive, order, 0.3) == pytest.approx(1 - area)


def test_fragility_wants_every_living_node_once():
    with pytest.raises(ValueError, match="6 living nodes"):
        fragility(LINE, full(LINE), LIVING, np.array([0, 1, 1]))


def test_mean_path_is_scipys():
    random = np.random.default_rng(13)
    partners = random.integers(-1, 60, (60, 2))
    dense = np.zeros((60, 60))
    for node, place in np.argwhere(partners >= 0):
        dense[node, partners[node, place]] = 1
    distance = shortest_path(dense, directed=False, unweighted=True)
    found = distance[np.isfinite(distance) & (distance > 0)]
    assert mean_path(partners, full(partners), np.ones(60, bool)) == pytest.approx(found.mean())


def test_jit_and_vmap_agree_with_numpy():
    random = np.random.default_rng(17)
    partners = random.integers(-1, 30, (3, 30, 4))
    strength, alive = random.random((3, 30, 4)), random.random((3, 30)) < 0.8
    group = random.integers(0, 3, 30)
    batch = [jnp.asarray(column) for column in (strength, partners, alive)]
    first = jax.jit(jax.vmap(density))(*batch)
    second = jax.jit(jax.vmap(centralization))(*batch)
    third = jax.jit(jax.vmap(cross_share, (0, 0, None, 0)))(batch[0], batch[1], group, batch[2])
    fourth = jax.jit(jax.vmap(giant_component_share))(batch[1], batch[0], batch[2])
    for i in range(3):
        s, p, a = strength[i], partners[i], alive[i]
        assert first[i] == pytest.approx(density(s, p, a), rel=1e-5)
        assert second[i] == pytest.approx(centralization(s, p, a), rel=1e-4)
        assert third[i] == pytest.approx(cross_share(s, p, group, a), rel=1e-5)
        assert fourth[i] == pytest.approx(giant_component_share(p, s, a), rel=1e-5)
