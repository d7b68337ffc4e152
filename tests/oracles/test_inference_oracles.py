"""Methods of inference, and indicators, on processes that are known to make a law.

The processes of O07, O08, O10 and O11 are not in the month, whose firms grow because they are
chosen: they are played here, and what must find their law is the fit or the index of the package.
"""

import networkx as nx
import numpy as np
import pytest
from scipy.special import beta as beta_function

from datapolis.model.world import World
from datapolis.statistics.indicators import (
    giant_component_share,
    herfindahl,
    hill_tail_exponent,
    unique_share,
)
from datapolis.statistics.inference import power_law
from datapolis.statistics.inference.bass import waiting
from datapolis.statistics.inference.linkability import pair_linkability
from datapolis.statistics.inference.pooling import worth
from tests.oracles.test_indicator_oracles import random_web


def ends(pointer):
    """Where chains of pointers to earlier places end; a place that points to itself is an end."""
    while True:
        further = pointer[pointer]
        if np.array_equal(further, pointer):
            return pointer
        pointer = further


def test_o05_the_estimator_and_its_error():
    """alpha - 1 = n / sum ln(x / x_min), error (alpha - 1) / sqrt n; within 4 errors of the truth.

    O05 names the exponent of what survives, the fit that of the density: one more.
    """
    amount = np.random.default_rng(5).pareto(1.8, 200_000) + 1
    found = power_law.fit(amount, top=float(amount.min()))  # one x_min to choose from
    estimate = amount.size / np.log(amount / amount.min()).sum()
    assert found.alpha - 1 == pytest.approx(estimate, rel=1e-9)
    assert found.standard_error == pytest.approx(estimate / np.sqrt(amount.size), rel=1e-9)
    assert abs(found.alpha - 1 - 1.8) < 4 * found.standard_error


def test_o07_simons_entrants_and_followers():
    """With entry .1: P(1) = .52632, P(2) = .16917, density exponent 2.1111 far out.

    Who is not new repeats a word said before, each equally likely. P within 4 standard errors of a
    count; the exponent within 4 of its own and .02, for rho B(k, rho + 1) is still that much less
    steep than its power law from k = 50 on: by (rho + 1) rho / 2k = .023 at 50, less beyond.
    """
    random, said = np.random.default_rng(7), 2_000_000
    earlier = (random.random(said) * np.arange(said)).astype(int)
    new = random.random(said) < 0.1
    new[0] = True
    sizes = np.bincount(ends(np.where(new, np.arange(said), earlier)))
    sizes = sizes[sizes > 0]
    rho = 1 / 0.9
    for size, expected in ((1, 0.52632), (2, 0.16917)):
        assert rho * beta_function(size, rho + 1) == pytest.approx(expected, abs=1e-5)
        error = np.sqrt(expected * (1 - expected) / sizes.size)
        assert abs((sizes == size).mean() - expected) < 4 * error
    tail = sizes[sizes >= 50]
    found = power_law.fit(tail, discrete=True, top=50.0)
    assert abs(found.alpha - 2.1111) < 4 * found.standard_error + 0.02


def test_o08_preferential_attachment():
    """One tie each, in proportion to ties: P(1, 2, 3) = 2/3, 1/6, 1/15; survival exponent 2.

    A newcomer takes a random end of a random earlier tie. P within 4 standard errors of a count
    (degrees of one tree lean on each other, less than that). The exponent of the density is 3, and
    4 / (k (k + 1)(k + 2)) is less steep by 3 / k, .1 at 30: 4 standard errors and .1.
    """
    random, nodes = np.random.default_rng(8), 1_000_000
    tie = np.arange(1, nodes)  # the tie of node i was made by node i
    chosen = 1 + (random.random(nodes - 1) * np.maximum(tie - 1, 1)).astype(int)
    chosen[0] = 1
    newer_end = random.random(nodes - 1) < 0.5
    newer_end[0] = False
    # an end is the node that made the tie, or the node it went to: ask the earlier tie
    asked = np.where(newer_end, tie, chosen)
    last = ends(np.concatenate([[0], asked]))[1:]
    first_end = np.where(last == 1, 0, chosen[last - 1])
    degree = np.bincount(tie, minlength=nodes) + np.bincount(first_end, minlength=nodes)
    for size, expected in ((1, 2 / 3), (2, 1 / 6), (3, 1 / 15)):
        error = np.sqrt(expected * (1 - expected) / nodes)
        assert abs((degree == size).mean() - expected) < 4 * error
    found = power_law.fit(degree[degree >= 30], discrete=True, top=30.0)
    assert abs(found.alpha - 3) < 4 * found.standard_error + 0.1


def test_o10_random_growth_with_a_floor():
    """Drift -.01, spread .1, reflected at 0: tail exponent 2, within 4 of its errors.

    It starts in the law of the limit of small steps and walks several times its memory,
    2 (spread / drift)^2 = 200 steps.
    """
    random, firms, top = np.random.default_rng(10), 40_000, 0.2
    logarithm = random.exponential(1 / 2, firms)
    for _ in range(1000):
        logarithm = np.maximum(0, logarithm + random.normal(-0.01, 0.1, firms))
    error = 2 / np.sqrt(top * firms)
    assert abs(hill_tail_exponent(np.exp(logarithm), top) - 2) < 4 * error


@pytest.mark.parametrize(
    ("colours", "exponent", "expected"), [(4, 1.0, 0.4), (2, 0.5, 0.5), (2, 2.0, 1.0)]
)
def test_o11_urns(colours, exponent, expected):
    """Each draw adds a ball, drawn by the exponent of what is there: E H = .4; 1/2; 1.

    3,000 urns of 3,000 draws: 4 standard errors, and .01 for draws that never end in the theory
    (in the second, shares come near each other as draws^-1/2, H as 1 / draws; in the third one ball
    in some hundred is left to others).
    """
    random, urns = np.random.default_rng(11), 3000
    balls = np.ones((colours, urns))
    rows = np.arange(urns)
    for _ in range(3000):
        bar = np.cumsum(balls**exponent, axis=0)
        balls[(random.random(urns) * bar[-1] > bar[:-1]).sum(axis=0), rows] += 1
    found = np.array([herfindahl(urn) for urn in balls.T])
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(urns) + 0.01


def test_o22_islands_as_the_search_for_links_counts_them():
    assert worth(np.full(16, 1 / 16), 1.5) == pytest.approx(0.25)


def test_o32_unique_people():
    """N people in B equally likely cells: (1 - 1/B)^(N - 1), which is e^(-N/B); 4 errors."""
    random, cells = np.random.default_rng(32), 200_000
    for people in (cells, cells // 2):
        size = np.bincount(random.integers(0, cells, people))
        expected = np.exp(-people / cells)
        error = np.sqrt(expected * (1 - expected) / people)
        assert abs(float(unique_share(size)) - expected) < 4 * error
    assert np.exp(-1) == pytest.approx(0.36788, abs=1e-5)


def test_o33_reach_of_many_who_each_see_a_part():
    """1 - (1 - f)^m = .97175 at .3 and 10: ten holders that each see a pair of places with .3."""
    holder = np.tile(np.arange(10), 2)
    place = np.repeat([0, 1], 10)
    chance = np.full(20, np.sqrt(0.3))  # at both places: .3
    assert pair_linkability(place, holder, chance, 2).expected == pytest.approx(0.97175, abs=1e-5)


def test_o43_clustering_of_the_ring_of_kin():
    """3 (K - 2) / (4 (K - 1)): 2/3 at ten neighbours, and at the world's eight 9/14, exactly."""

    def formula(neighbours):
        return 3 * (neighbours - 2) / (4 * (neighbours - 1))

    assert formula(10) == pytest.approx(2 / 3)
    kin = np.asarray(World.generate(200, regions=1, rewired=0.0).citizens.strong)
    web = nx.Graph((i, j) for i, ties in enumerate(kin) for j in ties)
    assert nx.average_clustering(web) == pytest.approx(formula(8))
    ring = nx.watts_strogatz_graph(200, 10, 0.0)
    assert nx.average_clustering(ring) == pytest.approx(formula(10))


@pytest.mark.parametrize(("removed", "left"), [(0.7, 0.3137), (0.8, 0.0)])
def test_o46_a_net_breaks_when_three_quarters_fail(removed, left):
    """At mean degree 4: S(1.2) of those left at 70 % removed; nothing at 80 %.

    20,000 nodes; .04 at the first, where 6,000 are left near the threshold (three times the spread
    over seeds), and 1 % at the second.
    """
    nodes = 20_000
    edges = random_web(nodes, 4.0, seed=46)
    alive = np.random.default_rng(46).random(nodes) > removed
    share = float(giant_component_share(edges, np.ones(edges.shape), alive))
    assert share == pytest.approx(left, abs=0.04 if left else 0.01)


def test_o50_half_have_adopted():
    """Bass .03 and .38 a year: half after 6.550 years; at .005 and .15 15.809 years later."""
    market, government = (np.log(2 + q / p) / (p + q) for p, q in ((0.03, 0.38), (0.005, 0.15)))
    assert market == pytest.approx(6.550, abs=1e-3)
    assert government - market == pytest.approx(15.809, abs=1e-3)
    assert waiting(market, 0.03, 0.38) == pytest.approx(0.5, abs=1e-12)
    assert waiting(government, 0.005, 0.15) == pytest.approx(0.5, abs=1e-12)
