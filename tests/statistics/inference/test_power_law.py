"""Power laws against the full search, another library, theory, and tables of a known law."""

import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.special import zeta

from datapolis.core.errors import InputError
from datapolis.statistics.inference import power_law
from examples.measure import packages


def pareto(random, alpha, many, x_min=1.0):
    return x_min * (1 - random.random(many)) ** (-1 / (alpha - 1))


def full_search(values):
    """x_min, alpha and distance by comparing every candidate at every value."""
    values = np.sort(np.asarray(values, float))
    found = []
    for x_min in np.unique(values)[:-1]:
        tail = values[values >= x_min]
        alpha = 1 + tail.size / np.log(tail / x_min).sum()
        points = np.unique(tail)
        below = np.searchsorted(tail, points, side="left") / tail.size
        law = 1 - (points / x_min) ** (1 - alpha)
        found.append((np.abs(law - below).max(), x_min, alpha, tail.size))
    return min(found)


def full_search_of_whole(values):
    """The same for whole numbers, alpha by a search of its own."""
    values = np.sort(np.asarray(values, float))
    found = []
    for x_min in np.unique(values)[:-1]:
        tail = values[values >= x_min]
        mean = np.log(tail).mean()
        alpha = minimize_scalar(
            lambda one, mean=mean, x_min=x_min: one * mean + np.log(zeta(one, x_min)),
            bounds=(1.001, 60),
            method="bounded",
            options={"xatol": 1e-12},
        ).x
        points = np.unique(tail)
        below = np.searchsorted(tail, points, side="left") / tail.size
        law = 1 - zeta(alpha, points) / zeta(alpha, x_min)
        found.append((np.abs(law - below).max(), x_min, alpha, tail.size))
    return min(found)


# --- the search --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(1, 400), min_size=2, max_size=120), st.integers(1, 12))
def test_search_finds_what_the_full_search_finds(values, grain):
    if len(set(values)) < 2:
        values = [*values, max(values) + 1]
    values = np.asarray(values) / grain
    found, (distance, x_min, alpha, n_tail) = power_law.fit(values), full_search(values)
    assert found.distance == pytest.approx(distance, rel=1e-9, abs=1e-12)
    if found.x_min == x_min:
        assert found.alpha == pytest.approx(alpha, rel=1e-9)
        assert found.n_tail == n_tail and found.n == values.size


@pytest.mark.parametrize("seed", range(4))
def test_search_on_larger_tables(seed):
    random = np.random.default_rng(seed)
    values = np.concatenate([pareto(random, 2.3, 800, 5.0), random.lognormal(1, 1, 1500)])
    found, (distance, x_min, alpha, n_tail) = power_law.fit(values), full_search(values)
    assert (found.x_min, found.n_tail) == (x_min, n_tail)
    assert (found.alpha, found.distance) == pytest.approx((alpha, distance), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_search_on_whole_numbers(seed):
    random = np.random.default_rng(seed)
    values = np.floor(pareto(random, 2.4, 500) * (1 + seed)).astype(int)
    found = power_law.fit(values, discrete=True)
    distance, x_min, alpha, n_tail = full_search_of_whole(values)
    assert (found.x_min, found.n_tail) == (x_min, n_tail)
    assert found.alpha == pytest.approx(alpha, abs=1e-6)
    assert found.distance == pytest.approx(distance, abs=1e-6)


def test_counts_order_and_unit_do_not_matter():
    random = np.random.default_rng(3)
    values = np.round(pareto(random, 2.0, 900, 10.0))
    one = power_law.fit(values)
    different, counts = np.unique(values, return_counts=True)
    order = random.permutation(different.size)
    assert power_law.fit(different[order], counts[order]) == one
    scaled = power_law.fit(values * 8)
    assert (scaled.alpha, scaled.x_min) == (pytest.approx(one.alpha, rel=1e-9), 8 * one.x_min)


def test_by_hand():
    """Values 1, 2, 4: from 1 alpha is 1 + 3/log 8; from 2, 1 + 2/log 2, farther off at 4."""
    found = power_law.fit([4, 1, 2])
    assert found.alpha == pytest.approx(1 + 3 / np.log(8))
    fall = 3 / np.log(8)
    assert found.distance == pytest.approx(max(2 / 3 - 2**-fall, abs(1 / 3 - 4**-fall)))
    assert (found.x_min, found.n_tail, found.n) == (1, 3, 3)


def test_floor_and_top():
    random = np.random.default_rng(4)
    values = np.concatenate([pareto(random, 2.5, 400, 100.0), random.uniform(1, 100, 600)])
    assert power_law.fit(values, floor=100) == power_law.fit(values[values >= 100])
    assert power_law.fit(values, top=20.0).x_min <= 20


@pytest.mark.parametrize("q", [1, 2, 7, 19, 20, 33, 5000])
def test_zeta_and_its_slope(q):
    s = np.array([1.02, 1.5, 2.0, 2.5, 4.0, 7.0])
    own = power_law._scaled_zeta(s, np.full(s.size, float(q)))
    np.testing.assert_allclose(own, zeta(s, q) * float(q) ** (s - 1), rtol=1e-10)
    step = 1e-5
    slope = (np.log(zeta(s + step, q)) - np.log(zeta(s - step, q))) / (2 * step)
    mean = power_law._mean_excess(s, np.full(s.size, float(q)))
    np.testing.assert_allclose(mean, -slope - np.log(q), rtol=2e-6, atol=1e-9)


def test_alpha_of_whole_numbers_solves_its_equation():
    excess, x_min = np.array([0.02, 0.4, 1.3, 3.0]), np.array([1.0, 2.0, 15.0, 400.0])
    fall = power_law.whole_fall(excess, x_min)
    for one, mean, start in zip(fall, excess, x_min, strict=True):
        step = 1e-6

        def miss(alpha, mean=mean, start=start, step=step):
            up, down = (np.log(zeta(alpha + sign * step, start)) for sign in (1, -1))
            return -(up - down) / (2 * step) - np.log(start) - mean

        assert 1 + one == pytest.approx(brentq(miss, 1.01, 60), rel=1e-4)


# --- another library, and the published tables -------------------------------------------------


@pytest.mark.parametrize(
    ("name", "divide_by", "discrete", "alpha", "x_min", "n_tail"),
    [
        ("words", 1, True, 1.95, 7, 2958),
        ("terrorism", 1, True, 2.37, 12, 547),
        ("blackouts", 1000, False, 2.27, 230, 59),
        ("cities", 1000, False, 2.37, 52.457, 580),
    ],
)
def test_published_exponents(name, divide_by, discrete, alpha, x_min, n_tail):
    values = packages.heavy_tail(name)["value"].to_numpy() / divide_by
    found = power_law.fit(values, discrete=discrete)
    assert found.alpha == pytest.approx(alpha, abs=0.01)
    assert (found.x_min, found.n_tail) == (pytest.approx(x_min), n_tail)


def test_against_powerlaw_on_cities():
    """The same x_min and alpha, in a fraction of the time: theirs from the cheapest candidates."""
    powerlaw = pytest.importorskip("powerlaw")
    values = packages.heavy_tail("cities")["value"].to_numpy() / 1000
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = powerlaw.Fit(values, xmin=(45.0, 70.0), verbose=False)
        alpha, x_min, distance = theirs.alpha, theirs.xmin, theirs.D
    tried = np.unique(values[(values >= 45) & (values <= 70)]).size
    long = (time.process_time() - started) * np.unique(values).size / tried
    started = time.process_time()
    found = power_law.fit(values)
    short = time.process_time() - started
    assert found.x_min == x_min
    assert (found.alpha, found.distance) == pytest.approx((alpha, distance), rel=1e-10)
    assert long > 20 * short


# --- samples drawn again -----------------------------------------------------------------------


def test_interval_holds_the_planted_exponent():
    """93 to 97 % of tables, up to the 2.6 standard errors that 100 tables leave."""
    covered = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        values = np.concatenate([pareto(random, 2.5, 120, 5.0), 5 * np.sqrt(random.random(180))])
        drawn = power_law.bootstrap(values, draws=119, seed=seed)[:, 0]
        lower, upper = np.quantile(drawn, [0.025, 0.975])
        covered += lower <= 2.5 <= upper
    error = 2.6 * np.sqrt(0.95 * 0.05 / 100)
    assert 0.93 - error <= covered / 100 <= 0.97 + error


def test_power_laws_are_rarely_refused_and_others_are():
    refused = sum(
        power_law.goodness(pareto(np.random.default_rng(seed), 2.2, 100), draws=39, seed=seed)
        <= 0.05
        for seed in range(80)
    )
    assert refused / 80 <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 80)
    dice = np.floor(np.random.default_rng(0).random(3000) * 6) + 1
    assert power_law.goodness(dice, draws=99, seed=1, discrete=True) == pytest.approx(0.01)


def test_units_hang_together():
    """Values that stand ten times each in their unit: the spread is that of the units."""
    random = np.random.default_rng(5)
    own = pareto(random, 2.5, 60)
    values, units = np.repeat(own, 10), np.repeat(np.arange(60), 10)
    apart = power_law.bootstrap(own, draws=400, seed=2)[:, 0].std()
    together = power_law.bootstrap(values, units=units, draws=400, seed=2)[:, 0].std()
    ignored = power_law.bootstrap(values, draws=400, seed=2)[:, 0].std()
    assert together == pytest.approx(apart, rel=0.25)
    assert ignored < 0.6 * together


def test_seeds_decide_and_progress_is_told():
    values = pareto(np.random.default_rng(6), 2.0, 80)
    told = []
    one = power_law.bootstrap(values, draws=20, seed=1, progress=lambda *said: told.append(said))
    assert np.array_equal(one, power_law.bootstrap(values, draws=20, seed=1))
    assert not np.array_equal(one, power_law.bootstrap(values, draws=20, seed=2))
    assert told[-1] == ("tail, drawn again", 20, 20)


@settings(deadline=None, max_examples=30)
@given(st.floats(1.2, 4.0), st.integers(1, 60), st.booleans(), st.integers(0, 99))
def test_draws_follow_the_law(alpha, x_min, discrete, seed):
    law = power_law.PowerLaw(alpha, x_min, 10, 0.0, 10, discrete)
    random = np.random.default_rng(seed)
    drawn = law.reached_by(1 - random.random(4000))
    assert drawn.min() >= x_min
    for point in (x_min + 1, 2 * x_min + 1, 10 * x_min + 3):
        chance = float(law.survival(np.asarray([point]))[0])
        if discrete:
            assert chance == pytest.approx(zeta(alpha, point) / zeta(alpha, x_min), rel=1e-9)
        error = np.sqrt(chance * (1 - chance) / 4000)
        assert (drawn >= point).mean() == pytest.approx(chance, abs=5 * error + 1e-3)


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ([3, 3, 3], {}, "two different values"),
        ([], {}, "two different values"),
        ([1, 2, 3], {"floor": 3}, "two different values"),
        ([5, 6, 7], {"top": 1}, "up to 1"),
        ([1, -2, 3], {}, "not positive"),
        ([1, 0, 3], {}, "not positive"),
        ([1, np.nan, 3], {}, "not positive"),
        ([1, 2.5, 3], {"discrete": True}, "not whole"),
        ([1, 2], {"counts": [1]}, "counts"),
        ([1, 2], {"counts": [1, -1]}, "counts"),
    ],
)
def test_bad_input(values, options, said):
    with pytest.raises(InputError, match=said):
        power_law.fit(np.asarray(values, float), **options)
