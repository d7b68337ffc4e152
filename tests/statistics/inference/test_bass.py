"""Bass's model by likelihood against closed forms, brute force and tables drawn from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.statistics.inference.bass import (
    CUT,
    NAMES,
    Adoption,
    Bass,
    band,
    fit,
    imitation_test,
    last_period,
    log_likelihood,
    nonlinear_least_squares,
    ordinary_least_squares,
    profile_interval,
    waiting,
)

DOCTORS = Adoption(
    np.arange(18.0), np.array([11, 9, 9, 11, 11, 11, 13, 7, 4, 1, 5, 3, 3, 4, 4, 2, 1]), 16
)  # adopters by month, counted; the published fit is checked in tests/audits


def drawn(random, people, periods, p, q, ceiling):
    left = waiting(np.arange(periods + 1), p, q)
    chance = np.append(ceiling * -np.diff(left), 0)
    chance[-1] = 1 - chance.sum()
    counts = random.multinomial(people, chance)
    return Adoption(np.arange(periods + 1.0), counts[:-1], int(counts[-1]))


def loss(seen, p, q, ceiling):
    """The likelihood written again, from F itself."""
    growth = np.exp(-(p + q) * seen.edges)
    share = ceiling * (1 - growth) / (1 + q / p * growth)
    return -(seen.adopters * np.log(np.diff(share))).sum() - seen.rest * np.log(1 - share[-1])


def test_the_share_of_adopters_solves_the_equation_of_the_model():
    time = np.linspace(0, 30, 30_001)
    share = 1 - waiting(time, 0.02, 0.35)
    slope = np.gradient(share, time)
    right = (0.02 + 0.35 * share) * (1 - share)
    np.testing.assert_allclose(slope[1:-1], right[1:-1], atol=1e-7)


def test_without_imitation_or_ceiling_p_is_that_of_equal_hazards():
    """Of all person-periods at risk, a part 1 - exp(-p) ends in adoption: a closed form."""
    adopters = np.array([30, 20, 12, 9])
    seen = Adoption(np.arange(5.0), adopters, 29)
    at_risk = sum(100 - adopters[:period].sum() for period in range(4))
    expected = -np.log1p(-adopters.sum() / at_risk)
    assert np.isclose(fit(seen, q=0.0, ceiling=1.0).p, expected, rtol=1e-6)


def test_the_likelihood_agrees_with_the_one_written_from_the_share():
    for parameters in ((0.1, 0.2, 0.9), (0.003, 0.6, 1.0), (0.2, 0.0, 0.8)):
        found = log_likelihood(DOCTORS, *parameters)
        assert np.isclose(found, -loss(DOCTORS, *parameters), rtol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_no_parameters_nearby_or_true_are_likelier_than_the_fit(seed):
    random = np.random.default_rng(seed)
    true = (np.exp(random.uniform(-5, -1.5)), random.uniform(0, 0.8), random.uniform(0.4, 1))
    seen = drawn(random, 150, 15, *true)
    best = fit(seen)
    factors = np.exp(random.normal(0, 0.3, (4000, 3)))
    trial = np.array([best.p, best.q, best.ceiling]) * factors
    trial[:, 2] = np.minimum(trial[:, 2], 1)
    trial = np.vstack([trial, [true]])
    assert log_likelihood(seen, *trial.T).max() <= best.log_likelihood + 1e-6


def test_a_general_search_finds_the_same_top():
    from scipy.optimize import minimize

    def off(at):
        return loss(DOCTORS, np.exp(at[0]), at[1], 1 / (1 + np.exp(-at[2])))

    options = {"maxiter": 5000, "xatol": 1e-8, "fatol": 1e-9}
    other = minimize(off, [-2.5, 0.2, 2.0], method="Nelder-Mead", options=options)
    best = fit(DOCTORS)
    assert np.isclose(best.log_likelihood, -other.fun, atol=1e-6)
    assert np.isclose(best.p, np.exp(other.x[0]), rtol=1e-4)
    assert np.isclose(best.q, other.x[1], rtol=1e-3)


@pytest.mark.parametrize("held", [{}, {"ceiling": 1.0}])
def test_an_interval_ends_where_the_profile_falls_or_at_a_limit(held):
    best = fit(DOCTORS, **held)
    for name in NAMES:
        if name in held:
            continue
        lower, upper = profile_interval(DOCTORS, best, name, **held)
        assert lower <= getattr(best, name) <= upper
        for end in (lower, upper):
            fallen = 2 * (best.log_likelihood - fit(DOCTORS, **{**held, name: end}).log_likelihood)
            at_limit = (name, end) in (("q", 0.0), ("ceiling", 1.0))
            assert fallen <= CUT + 1e-4 if at_limit else np.isclose(fallen, CUT, atol=1e-3)


def test_the_band_holds_every_curve_that_is_likely_enough_and_no_other():
    best = fit(DOCTORS)
    limits = {name: profile_interval(DOCTORS, best, name) for name in NAMES}
    times = np.array([3.0, 9.0, 17.0])
    lower, upper = band(DOCTORS, best, limits, times)
    random = np.random.default_rng(4)
    trial = np.array([random.uniform(*limits[name], 20_000) for name in NAMES])
    likely = 2 * (best.log_likelihood - log_likelihood(DOCTORS, *trial)) <= CUT
    p, q, ceiling = trial[:, likely, None]
    shares = ceiling * (1 - waiting(times, p, q))
    width = upper - lower
    assert (np.abs(shares.min(0) - lower) < 0.1 * width).all()
    assert (np.abs(shares.max(0) - upper) < 0.1 * width).all()


@settings(max_examples=12, deadline=None)
@given(st.floats(0.05, 40))
def test_other_units_of_time_change_the_rates_alone(unit):
    other = Adoption(DOCTORS.edges * unit, DOCTORS.adopters, DOCTORS.rest)
    one, two = fit(DOCTORS), fit(other)
    assert np.isclose(one.p, two.p * unit, rtol=1e-4)
    assert np.isclose(one.q, two.q * unit, rtol=1e-3)
    assert np.isclose(one.ceiling, two.ceiling, rtol=1e-4)


def test_ordinary_least_squares_gives_back_the_parabola_it_assumes():
    p, q, final = 0.03, 0.4, 1000.0
    past, new = 0.0, []
    for _ in range(12):
        new.append(p * final + (q - p) * past - q / final * past**2)
        past += new[-1]
    np.testing.assert_allclose(ordinary_least_squares(np.array(new)), (p, q, final), rtol=1e-6)
    assert np.isnan(ordinary_least_squares(np.array([1.0, 2.0, 4.0, 8.0, 16.0]))).all()


def test_nonlinear_least_squares_gives_back_the_curve_it_assumes():
    new = 800 * -np.diff(waiting(np.arange(15), 0.02, 0.5))
    found = nonlinear_least_squares(new)
    np.testing.assert_allclose(found, (0.02, 0.5, 800), rtol=1e-5)


@pytest.mark.parametrize("way", [ordinary_least_squares, nonlinear_least_squares])
def test_least_squares_never_need_more_adopters_than_there_are_people(way):
    """A curve cut in its rise asks for more; with all people held nothing fits better nearby."""
    new = 800 * -np.diff(waiting(np.arange(7), 0.02, 0.5))
    assert way(new, 1e9) == way(new)
    p, q, final = way(new, 500.0)
    assert final == 500.0 and p >= 0

    def off(p, q):
        past = np.cumsum(new) - new
        if way is ordinary_least_squares:
            fitted = p * 500 + (q - p) * past - q / 500 * past**2
        else:
            fitted = 500 * -np.diff(waiting(np.arange(7), p, q))
        return ((fitted - new) ** 2).sum()

    best = off(p, q)
    for factor in (0.99, 1.01):
        assert best < min(off(p * factor, q), off(p, q * factor))


def test_a_negative_rate_is_no_estimate():
    """The parabola through these numbers lies below 0 where nobody has adopted."""
    new = np.array([1.0, 1, 1, 1, 2, 8, 30, 60, 50, 5])
    past = np.cumsum(new) - new
    assert np.polyfit(past, new, 2)[2] < 0
    assert np.isnan(ordinary_least_squares(new)).all()


def test_a_last_period_of_those_who_never_adopted_is_found():
    """19 who did not adopt in nine periods, written as adopters of the tenth; four were due."""
    adopters = np.array([20, 11, 22, 8, 16, 4, 5, 10, 5])
    due, p = last_period(Adoption(np.arange(11.0), np.append(adopters, 19), 0))
    hazard = adopters.sum() / sum(120 - adopters[:period].sum() for period in range(9))
    assert abs(due - 19 * hazard) < 1.5 and p < 1e-9
    due, p = last_period(Adoption(np.arange(11.0), np.append(adopters, 4), 15))
    assert p > 0.05


def test_a_last_period_on_the_curve_is_seldom_too_large():
    """200 tables: at most 5 % and three standard errors, 4.6 points, in rise and at the end."""
    random = np.random.default_rng(11)
    for true, periods in (((0.02, 0.4, 0.9), 8), ((0.05, 0.3, 1.0), 16)):
        found = [last_period(drawn(random, 200, periods, *true))[1] <= 0.05 for _ in range(100)]
        assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def test_an_interval_at_a_limit_does_not_cross():
    """Two thousand empty periods put p at its lower limit, where both ends are one number."""
    adopters = np.zeros(2009, int)
    adopters[2000:] = [20, 11, 22, 8, 16, 4, 5, 10, 5]
    seen = Adoption(np.arange(2010.0), adopters, 19)
    best = fit(seen, ceiling=1.0)
    lower, upper = profile_interval(seen, best, "p", ceiling=1.0)
    assert lower <= best.p <= upper


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """250 tables each: 95 % within three standard errors of such a share, 4.1 points."""
    random = np.random.default_rng(7)
    true = {"p": 0.02, "q": 0.4, "ceiling": 0.7}
    near = Bass(**true)
    held = dict.fromkeys(true, 0)
    for _ in range(250):
        seen = drawn(random, 200, 18, **true)
        best = fit(seen, near=near)
        for name, value in true.items():
            other = fit(seen, near=near, **{name: value})
            held[name] += 2 * (best.log_likelihood - other.log_likelihood) <= CUT
    for name, times in held.items():
        assert abs(times / 250 - 0.95) < 0.041, name


@pytest.mark.parametrize("ceiling", [1.0, 0.8])
def test_without_imitation_it_is_found_no_more_often_than_stated(ceiling):
    """150 tables: at most 5 % and three standard errors, 5.3 points."""
    random = np.random.default_rng(8)
    tables = (drawn(random, 150, 15, 0.12, 0.0, ceiling) for _ in range(150))
    alarms = np.mean([imitation_test(seen)[1] <= 0.05 for seen in tables])
    assert alarms <= 0.05 + 0.053


def test_strong_imitation_is_found():
    random = np.random.default_rng(9)
    tables = (drawn(random, 300, 18, 0.01, 0.5, 0.9) for _ in range(20))
    assert all(imitation_test(seen)[1] < 0.001 for seen in tables)


@pytest.mark.parametrize(
    "edges, adopters",
    [([0, 1], [1, 2]), ([1, 2, 3], [1, 2]), ([0, 2, 1], [1, 2]), ([0, 1, 2], [0, 0])],
)
def test_what_is_no_count_of_periods_is_refused(edges, adopters):
    with pytest.raises(ValueError, match="expected"):
        Adoption(np.array(edges, float), np.array(adopters), 5)
