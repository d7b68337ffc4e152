"""Power laws on bins: rounding does not move them, chances are those of the law."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from datapolis.core.errors import InputError
from datapolis.statistics.inference import binned, power_law


def pareto(random, alpha, many, x_min=1.0):
    return x_min * (1 - random.random(many)) ** (-1 / (alpha - 1))


def counted(values, floor=None):
    edges = binned.round_edges(values, floor)
    return edges, binned.count(values, np.ones(values.size, int), edges)


def test_limits_hold_round_numbers_inside():
    edges = binned.round_edges(np.array([1000.0, 250_000.0]))
    assert edges.tolist() == [750, 1500, 3500, 7500, 15_000, 35_000, 75_000, 150_000, np.inf]
    assert binned.round_edges(np.array([500.0, 9000.0]), 500).tolist() == [
        500, 750, 1500, 3500, 7500, np.inf,
    ]  # fmt: skip
    values = np.array([600.0, 800, 1500, 1499, 9999])
    counts = binned.count(values, np.array([9, 1, 2, 3, 4]), np.array([750, 1500, 3500, np.inf]))
    assert counts.tolist() == [4, 2, 4]


def test_alpha_is_the_maximum_of_the_likelihood():
    edges, counts = counted(pareto(np.random.default_rng(1), 1.8, 800))
    law = binned.fit(edges, counts)
    place = int(np.flatnonzero(edges == law.x_min)[0])

    def loss(alpha):
        reached = np.append((edges[place:-1] / edges[place]) ** (1 - alpha), 0.0)
        held = counts[place:]
        return -(held[held > 0] * np.log(-np.diff(reached)[held > 0])).sum()

    found = minimize_scalar(loss, bounds=(1.01, 6), method="bounded", options={"xatol": 1e-10})
    assert law.alpha == pytest.approx(found.x, abs=1e-6)
    assert law.n_tail == counts[place:].sum() and law.n == 800


def test_rounding_does_not_move_the_fit_on_bins():
    """Rounded to one digit, values keep their bins or nearly; the search on values is misled."""
    random = np.random.default_rng(2)
    values = pareto(random, 2.3, 20_000, 1000.0)
    digits = 10.0 ** np.floor(np.log10(values))
    rounded = np.where(random.random(20_000) < 0.7, np.round(values / digits) * digits, values)
    law = binned.fit(*counted(rounded, 1000.0))
    assert law.alpha == pytest.approx(2.3, abs=4 * 1.3 / np.sqrt(law.n_tail))
    assert binned.goodness(*counted(rounded, 1000.0), draws=99, seed=1) > 0.01
    assert law.n_tail > 5 * power_law.fit(rounded).n_tail


def test_interval_and_false_alarms():
    covered = alarms = 0
    for seed in range(60):
        edges, counts = counted(pareto(np.random.default_rng(seed), 1.9, 400))
        drawn = binned.bootstrap(edges, counts, draws=99, seed=seed)[:, 0]
        lower, upper = np.quantile(drawn[np.isfinite(drawn)], [0.025, 0.975])
        covered += lower <= 1.9 <= upper
        alarms += seed < 40 and binned.goodness(edges, counts, draws=39, seed=seed) <= 0.05
    assert covered / 60 >= 0.93 - 2.6 * np.sqrt(0.93 * 0.07 / 60)
    assert alarms / 40 <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 40)


def test_too_few_bins():
    with pytest.raises(InputError, match="5 bins"):
        binned.fit(np.array([1.0, 2.0, 4.0, np.inf]), np.array([5, 3, 1]))
    with pytest.raises(InputError, match="5 bins"):
        binned.fit(np.append(np.arange(1.0, 9.0), np.inf), np.zeros(8, int))
    with pytest.raises(InputError, match="5 bins"):
        binned.fit(np.append(np.arange(1.0, 9.0), np.inf), np.array([0] * 7 + [4]))
