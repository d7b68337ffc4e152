"""Delays that are seen only if they ended by a date, counts that scatter, and largest values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapolis.core.errors import InputError
from datapolis.statistics.inference.resampling import interval
from datapolis.statistics.inference.truncated import as_recorded, bootstrap, product_limit


def seen(random, many, *, span=400.0, mean=80.0):
    """Exponential delays of beginnings spread over the span, those seen at its end."""
    begun = random.uniform(0, span, many)
    delay = np.ceil(random.exponential(mean, many))
    kept = begun + delay <= span
    return delay[kept], (span - begun)[kept]


def by_hand(delay, window):
    """The product over longer delays, term by term."""
    days = np.unique(delay)
    chance = []
    for x in days:
        product = 1.0
        for y in days[days > x]:
            at_risk = sum(d <= y <= w for d, w in zip(delay, window, strict=True))
            product *= 1 - (delay == y).sum() / at_risk
        chance.append(product)
    return days, np.array(chance)


rows = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=30)


@given(rows)
def test_product_is_that_of_its_definition(pairs):
    delay = np.array([low for low, _ in pairs], float)
    window = delay + np.array([more for _, more in pairs])
    found = product_limit(delay, window)
    days, chance = by_hand(delay, window)
    assert found.days.tolist() == days.tolist()
    np.testing.assert_allclose(found.at_most, chance, atol=1e-12)
    assert (np.diff(found.at_most) >= -1e-12).all()
    assert found.at_most[-1] == 1


@given(rows)
def test_without_truncation_it_is_what_was_recorded(pairs):
    delay = np.array([low for low, _ in pairs], float)
    found = product_limit(delay, np.full(delay.shape, 99.0))
    np.testing.assert_allclose(found.at_most, as_recorded(delay).at_most, atol=1e-12)
    assert found.quantile(0.5) == np.quantile(delay, 0.5, method="inverted_cdf")


@given(rows, st.lists(st.integers(1, 4), min_size=30, max_size=30))
def test_a_row_that_counts_twice_is_two_rows(pairs, times):
    delay = np.array([low for low, _ in pairs], float)
    window = delay + np.array([more for _, more in pairs])
    count = np.array(times[: delay.size])
    repeated = product_limit(np.repeat(delay, count), np.repeat(window, count))
    np.testing.assert_allclose(
        product_limit(delay, window, count).at_most, repeated.at_most, atol=1e-12
    )


def test_it_is_a_survival_curve_with_late_entry_in_reverse_time():
    """The library's product limit for delayed entry, on time that runs backwards."""
    from statsmodels.duration.survfunc import SurvfuncRight

    delay, window = seen(np.random.default_rng(1), 400)
    window = np.floor(window)
    top = window.max() + 1
    curve = SurvfuncRight(top - delay, np.ones(delay.size), entry=top - window - 0.5)
    found = product_limit(delay, window)
    after = dict(zip(top - curve.surv_times, curve.surv_prob, strict=True))
    for day, chance in zip(found.days[:-1], found.at_most[:-1], strict=True):
        following = found.days[np.searchsorted(found.days, day) + 1]
        assert after[following] == pytest.approx(chance, abs=1e-9)


def test_it_is_the_fixed_point_of_self_consistency():
    """The likelihood of truncated data is greatest where mass is what each delay stands for."""
    delay, window = seen(np.random.default_rng(2), 150)
    days, code = np.unique(delay, return_inverse=True)
    mass = np.full(days.size, 1 / days.size)
    inside = days[None] <= window[:, None]
    deaths = np.bincount(code)
    for _ in range(20_000):
        mass = deaths / (inside / (inside @ mass)[:, None]).sum(0)
        mass /= mass.sum()
    np.testing.assert_allclose(np.cumsum(mass), product_limit(delay, window).at_most, atol=1e-6)


def test_it_finds_the_law_where_records_are_too_short():
    delay, window = seen(np.random.default_rng(3), 20_000, span=300)
    whole = 1 - np.exp(-300 / 80)
    above = (np.exp(-60 / 80) - np.exp(-300 / 80)) / whole
    assert product_limit(delay, window).above(np.array([60.0]))[0] == pytest.approx(above, abs=0.02)
    assert as_recorded(delay).above(np.array([60.0]))[0] < above - 0.05


def test_interval_covers_and_units_count():
    """95 % of intervals hold the truth, up to 2.6 standard errors of 240 tries, units of three."""
    random = np.random.default_rng(4)
    tries, span, mean = 240, 300.0, 80.0
    hits = rows_alone = 0
    truth = (np.exp(-60 / mean) - np.exp(-span / mean)) / (1 - np.exp(-span / mean))
    for trial in range(tries):
        begun = np.repeat(random.uniform(0, span, 120), 3)
        delay = np.repeat(np.ceil(random.exponential(mean, 120)), 3)
        kept = begun + delay <= span
        unit = np.unique(np.repeat(np.arange(120), 3)[kept], return_inverse=True)[1]
        data = delay[kept], (span - begun)[kept]
        for units in (unit, np.arange(unit.size)):
            _, above = bootstrap(*data, units, at=np.array([60.0]), draws=199, seed=trial)
            low, high = interval(above[:, 0])
            if units is unit:
                hits += low <= truth <= high
            else:
                rows_alone += low <= truth <= high
    assert abs(hits / tries - 0.95) < 0.02 + 2.6 * np.sqrt(0.95 * 0.05 / tries)
    assert rows_alone / tries < 0.85  # rows taken for independent promise too much


def test_samples_of_units_are_products_of_their_own():
    random = np.random.default_rng(5)
    delay, window = seen(random, 60)
    unit = np.arange(delay.size) // 2
    medians, above = bootstrap(delay, window, unit, at=np.array([30.0]), draws=20, seed=7)
    from datapolis.statistics.inference.resampling import bootstrap_counts

    counts = np.concatenate(list(bootstrap_counts(unit.max() + 1, 20, 7)))
    for draw, drawn in enumerate(counts):
        again = np.repeat(np.arange(delay.size), drawn[unit])
        found = product_limit(delay[again], window[again])
        assert medians[draw] == found.quantile(0.5)
        assert above[draw, 0] == pytest.approx(found.above(np.array([30.0]))[0], abs=1e-12)


def test_a_delay_that_took_all_is_told():
    assert not product_limit(np.array([1.0, 5.0]), np.array([3.0, 9.0])).identified
    assert product_limit(np.array([1.0, 5.0]), np.array([6.0, 9.0])).identified
    assert product_limit(np.array([5.0, 5.0]), np.array([6.0, 9.0])).identified


@pytest.mark.parametrize(
    ("delay", "window", "word"),
    [([], [], "window"), ([1.0], [1.0, 2.0], "window"), ([3.0], [2.0], "exceed")],
)
def test_bad_input(delay, window, word):
    with pytest.raises(InputError, match=word):
        product_limit(np.array(delay), np.array(window))
