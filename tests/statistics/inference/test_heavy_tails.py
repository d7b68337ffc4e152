"""Other heavy-tailed laws: chances that sum to one, fits that no other parameters beat."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm, truncnorm

from datapolis.core.errors import InputError
from datapolis.statistics.inference import heavy_tails, power_law
from examples.measure import packages

SHAPES = {
    "power law": (0.9,),
    "lognormal": (-1.5, 1.2),
    "exponential": (0.4,),
    "stretched exponential": (0.8, 0.45),
    "cutoff": (0.7, 0.05),
}


def law(name, discrete, floor=6.0):
    return heavy_tails.Law(name, floor, discrete, SHAPES[name], 0.0)


@pytest.mark.parametrize("name", heavy_tails.LAWS)
def test_densities_integrate_to_what_survives(name):
    one = law(name, discrete=False)

    def density(y):
        return np.exp(one.log_chance(np.asarray([np.exp(y)]))[0] + y)

    for low, high in ((6.0, 9.0), (9.0, 70.0), (70.0, 500.0)):
        part = quad(density, np.log(low), np.log(high), epsabs=1e-12)[0]
        lost = one.survival(np.asarray([low, high]))
        assert part == pytest.approx(lost[0] - lost[1], rel=1e-7, abs=1e-11)
    assert one.survival(np.asarray([6.0]))[0] == 1


@pytest.mark.parametrize("name", heavy_tails.LAWS)
def test_chances_sum_to_what_survives(name):
    one = law(name, discrete=True)
    chances = np.exp(one.log_chance(np.arange(6.0, 4000.0)))
    left = one.survival(np.asarray([6.0, 7.0, 60.0, 4000.0]))
    assert left[0] == pytest.approx(1, rel=1e-9)
    assert 1 - left[1] == pytest.approx(chances[0], rel=1e-8)
    assert chances[54:].sum() == pytest.approx(left[2] - left[3], rel=1e-7)
    assert chances.sum() == pytest.approx(1 - left[3], rel=1e-8)


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("name", heavy_tails.LAWS)
def test_no_neighbour_fits_better(name, discrete):
    random = np.random.default_rng(7)
    values = 6 * np.exp(np.abs(random.normal(0.3, 1.1, 700)))
    values = np.floor(values) if discrete else values
    found = heavy_tails.fit(name, values, floor=6, discrete=discrete)
    best = found.log_chance(values).mean()
    assert found.likelihood == pytest.approx(best, rel=1e-12)
    for place, value in enumerate(found.shape):
        for factor in (0.9, 0.999, 1.001, 1.1):
            shape = list(found.shape)
            shape[place] = value * factor
            near = heavy_tails.Law(name, 6.0, discrete, tuple(shape), 0.0)
            assert near.log_chance(values).mean() <= best + 1e-9


def test_power_law_and_exponential_in_closed_form():
    values = np.array([2.0, 3.0, 5.0, 11.0])
    assert heavy_tails.fit("power law", values, floor=2).parameters["alpha"] == pytest.approx(
        1 + 4 / np.log(values / 2).sum()
    )
    assert heavy_tails.fit("exponential", values, floor=2).parameters["rate"] == pytest.approx(
        1 / (values.mean() - 2)
    )
    geometric = heavy_tails.fit("exponential", values, floor=2, discrete=True)
    assert np.exp(-geometric.parameters["rate"]) == pytest.approx(3.25 / 4.25)


@settings(deadline=None, max_examples=15)
@given(st.floats(2, 7), st.floats(0.7, 2.0), st.integers(0, 1000))
def test_truncated_lognormal_against_scipy(mu, sigma, seed):
    """Parameters come back within 5 standard errors, and the likelihood is that of scipy."""
    floor = 50.0
    start = (np.log(floor) - mu) / sigma
    draws = truncnorm.rvs(start, np.inf, loc=mu, scale=sigma, size=4000, random_state=seed)
    found = heavy_tails.fit("lognormal", np.exp(draws), floor=floor)
    own = found.parameters

    def likelihood(one, other):
        cut = norm.logsf((np.log(floor) - one) / other)
        return (norm.logpdf(draws, one, other) - cut - draws).mean()

    assert found.likelihood == pytest.approx(
        likelihood(**{"one": own["mu"], "other": own["sigma"]})
    )
    assert found.likelihood >= likelihood(mu, sigma) - 1e-9


@pytest.mark.parametrize(
    ("name", "divide_by", "discrete"),
    [
        ("words", 1, True),
        ("terrorism", 1, True),
        ("blackouts", 1000, False),
        ("cities", 1000, False),
    ],
)
def test_lognormal_is_not_rejected(name, divide_by, discrete):
    values = packages.heavy_tail(name)["value"].to_numpy() / divide_by
    tail = power_law.fit(values, discrete=discrete)
    plain, other = (
        heavy_tails.fit(one, values, floor=tail.x_min, discrete=discrete)
        for one in ("power law", "lognormal")
    )
    assert plain.parameters["alpha"] == pytest.approx(tail.alpha, rel=1e-9)
    ratio, p = heavy_tails.vuong(plain, other, values)
    assert abs(ratio) < 0.5 and p > 0.6


def test_what_a_constraint_on_mu_does_to_words():
    values = packages.heavy_tail("words")["value"].to_numpy()
    plain = heavy_tails.fit("power law", values, floor=7, discrete=True)
    forced = heavy_tails.fit("lognormal", values, floor=7, discrete=True, least_mu=0)
    ratio, p = heavy_tails.vuong(plain, forced, values)
    assert ratio == pytest.approx(5.7, abs=0.05) and p < 0.001
    free = heavy_tails.fit("lognormal", values, floor=7, discrete=True)
    stopped = heavy_tails.Law(  # mu -724, where another program stops: R .44 as published
        "lognormal", 7.0, True, ((np.log(6.5) + 723.877) / 27.6591**2, 27.6591**-2), 0.0
    )
    ratio, p = heavy_tails.vuong(plain, stopped, values)
    assert (ratio, p) == pytest.approx((0.44, 0.66), abs=0.03)
    tail = values[values >= 7]
    assert free.likelihood > stopped.log_chance(tail).mean()
    assert free.at_limit


# --- comparisons ---------------------------------------------------------------------------------


def test_vuong_by_hand_and_in_units():
    values = np.array([2.0, 3.0, 5.0, 11.0, 2.5])
    plain, other = (heavy_tails.fit(name, values, floor=2) for name in ("power law", "exponential"))
    ratio = plain.log_chance(values) - other.log_chance(values)
    expected = ratio.sum() / np.sqrt(5 * ratio.var())
    assert heavy_tails.vuong(plain, other, values)[0] == pytest.approx(expected)
    assert heavy_tails.vuong(other, plain, values)[0] == pytest.approx(-expected)
    units = np.arange(5)
    assert heavy_tails.vuong(plain, other, values, units=units)[0] == pytest.approx(expected)
    twice = np.repeat(values, 2)
    clustered = heavy_tails.vuong(plain, other, twice, units=np.repeat(units, 2))
    assert clustered[0] == pytest.approx(expected)
    assert heavy_tails.vuong(plain, plain, values) == (0.0, 1.0)


def test_cutoff_is_rarely_found_where_there_is_none():
    """At most 5 % of 60 tables, up to 2.6 standard errors; a planted one is found in most."""

    def found(values):
        plain, cutoff = (heavy_tails.fit(name, values, floor=1) for name in ("power law", "cutoff"))
        return heavy_tails.nested(plain, cutoff, values.size)[1] < 0.05

    alarms = hits = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        alarms += found((1 - random.random(200)) ** (-1 / 1.2))
        if seed < 20:
            wide = (1 - random.random(600)) ** (-1 / 0.5)
            hits += found(wide[random.random(600) < np.exp(-(wide - 1) / 20)])
    assert alarms / 60 <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 60)
    assert hits > 15


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("normal", {}, "no such law"),
        ("exponential", {"least_mu": 0.0}, "no mu"),
        ("lognormal", {"floor": 3.0}, "two different values"),
    ],
)
def test_bad_input(name, options, said):
    with pytest.raises(InputError, match=said):
        heavy_tails.fit(name, [1.0, 2.0, 3.0], **options)
