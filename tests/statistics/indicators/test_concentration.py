"""Concentration: known values at both ends, and what must never change it."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datapolis import indicators as of

quick = settings(max_examples=60, deadline=None)
amounts = arrays(
    np.float64, st.integers(2, 40), elements=st.just(0.0) | st.floats(1e-3, 1e3)
).filter(lambda amount: amount.sum() > 0)

ALL = {
    "herfindahl": of.herfindahl,
    "normalized_herfindahl": of.normalized_herfindahl,
    "effective_number": of.effective_number,
    "concentration_ratio": of.concentration_ratio,
    "gini": of.gini,
    "top_share": of.top_share,
    "top_fifth_share": of.top_fifth_share,
    "entropy": of.entropy,
    "normalized_entropy": of.normalized_entropy,
    "lorenz": lambda amount: of.lorenz(amount)[1],
}
COUNT_FREE = ("gini", "top_fifth_share")  # unchanged when every holder is there twice
compiled = cache(jax.jit)  # once for all examples
MASKED = (of.normalized_herfindahl, of.gini, of.top_share, of.normalized_entropy)


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def indicator(request):
    return request.param


ENDS = [  # indicator, with ten equal holders, with one of ten who has everything
    (of.herfindahl, 1 / 10, 1),
    (of.normalized_herfindahl, 0, 1),
    (of.effective_number, 10, 1),
    (of.concentration_ratio, 4 / 10, 1),
    (of.gini, 0, 9 / 10),
    (of.top_fifth_share, 2 / 10, 1),
    (of.entropy, np.log(10), 0),
    (of.normalized_entropy, 1, 0),
]


@pytest.mark.parametrize(("indicator", "equal", "alone"), ENDS)
def test_both_ends(xp, indicator, equal, alone):
    assert indicator(xp.full(10, 3.0)) == pytest.approx(equal, rel=1e-5, abs=1e-6)
    assert indicator(3.0 * (xp.arange(10) == 7)) == pytest.approx(alone, abs=1e-6)


def test_nobody_has_anything_is_nan(xp, indicator):
    assert np.isnan(indicator(xp.zeros(5))).all()


def test_a_single_holder_has_no_normalized_concentration(xp):
    assert np.isnan(of.normalized_herfindahl(xp.ones(1)))
    assert np.isnan(of.normalized_entropy(xp.ones(1)))
    assert np.isnan(of.hill_tail_exponent(xp.ones(1)))
    assert of.herfindahl(xp.ones(1)) == 1
    assert of.gini(xp.ones(1)) == 0


def test_whole_numbers_are_amounts_too(xp):
    counts = xp.asarray([0, 1, 3, 4])
    assert of.gini(counts) == pytest.approx(of.gini(counts * 1.0))
    assert of.herfindahl(counts) == pytest.approx(26 / 64)
    assert of.top_share(counts, 0.25) == pytest.approx(1 / 2)


@quick
@given(amounts, st.floats(1e-3, 1e3))
def test_the_unit_cancels(amount, factor):
    for indicator in ALL.values():
        np.testing.assert_allclose(indicator(amount * factor), indicator(amount), atol=1e-9)


@quick
@given(amounts, st.integers(2, 5))
def test_replication(amount, times):
    again = np.tile(amount, times)
    for name in COUNT_FREE:
        np.testing.assert_allclose(ALL[name](again), ALL[name](amount), atol=1e-9)
    assert of.effective_number(again) == pytest.approx(times * of.effective_number(amount))
    assert of.entropy(again) == pytest.approx(of.entropy(amount) + np.log(times), abs=1e-9)


@quick
@given(amounts, st.randoms(use_true_random=False))
def test_names_do_not_matter(amount, random):
    order = list(range(amount.size))
    random.shuffle(order)
    for indicator in ALL.values():
        np.testing.assert_allclose(indicator(amount[order]), indicator(amount), atol=1e-9)


@quick
@given(
    arrays(np.float64, st.integers(2, 40), elements=st.integers(0, 100).map(float)).filter(
        lambda amount: amount.any()
    ),
    st.floats(0.01, 0.99),
    st.data(),
)
def test_a_gift_from_the_poorer_to_the_richer_concentrates(amount, part, data):
    """Pigou and Dalton's principle: every measure of inequality must rise."""
    giver = data.draw(st.sampled_from(np.flatnonzero(amount > 0).tolist()))
    taker = data.draw(st.sampled_from([o for o in range(amount.size) if o != giver]))
    if amount[taker] < amount[giver]:
        giver, taker = taker, giver
    if amount[giver] == 0:
        return
    after = amount.copy()
    after[giver] -= part * amount[giver]
    after[taker] += part * amount[giver]
    for indicator in (of.gini, of.herfindahl):
        assert indicator(after) > indicator(amount)
    assert of.entropy(after) < of.entropy(amount)
    assert of.top_fifth_share(after) >= of.top_fifth_share(amount) - 1e-12


@quick
@given(amounts)
def test_order_of_the_measures(amount):
    """1/n <= H <= CR1 <= sqrt(H), and 1/H is at most e**entropy (both are Hill numbers)."""
    total = of.herfindahl(amount)
    first = of.concentration_ratio(amount, leaders=1)
    assert 1 / amount.size - 1e-12 <= total <= first + 1e-12
    assert first <= np.sqrt(total) + 1e-12
    assert of.effective_number(amount) <= np.exp(of.entropy(amount)) + 1e-9


@quick
@given(amounts)
def test_gini_is_twice_the_area_above_the_lorenz_curve(amount):
    population, share = of.lorenz(amount)
    assert of.gini(amount) == pytest.approx(1 - 2 * np.trapezoid(share, population), abs=1e-9)
    assert (population[0], share[0]) == (0, 0)
    assert (population[-1], share[-1]) == pytest.approx((1, 1))
    assert (np.diff(share) >= 0).all()
    assert (np.diff(share, n=2) >= -1e-12).all()


@quick
@given(amounts)
def test_gini_is_half_the_mean_difference_over_the_mean(amount):
    mean_difference = np.mean(np.abs(amount[:, None] - amount))
    assert of.gini(amount) == pytest.approx(mean_difference / (2 * amount.mean()), abs=1e-9)


@quick
@given(amounts, st.floats(0, 1))
def test_top_share_is_read_off_the_lorenz_curve(amount, fraction):
    population, share = of.lorenz(amount)
    read = 1 - np.interp(1 - fraction, population, share)
    assert of.top_share(amount, fraction) == pytest.approx(read, abs=1e-9)


@quick
@given(amounts, st.data())
def test_dead_places_change_nothing(amount, data):
    places = amount.size + data.draw(st.integers(1, 10))
    alive = np.zeros(places, bool)
    alive[data.draw(st.permutations(range(places)))[: amount.size]] = True
    whole = np.full(places, 77.0)  # what a dead place happens to hold does not count
    whole[alive] = amount
    for indicator in (*MASKED, of.top_fifth_share, of.hill_tail_exponent):
        np.testing.assert_allclose(
            indicator(whole, alive=alive), indicator(amount), atol=1e-9, equal_nan=True
        )
    emptied = np.where(alive, whole, 0)
    for indicator in (of.herfindahl, of.effective_number, of.entropy, of.concentration_ratio):
        assert indicator(emptied) == pytest.approx(indicator(amount), abs=1e-9)
    population, share = of.lorenz(whole, alive)
    np.testing.assert_allclose(population[-amount.size - 1 :], of.lorenz(amount)[0], atol=1e-12)
    np.testing.assert_allclose(share[-amount.size - 1 :], of.lorenz(amount)[1], atol=1e-12)
    assert not population[: places - amount.size].any()


@settings(max_examples=15, deadline=None)
@given(
    arrays(np.float64, 30, elements=st.integers(1, 50).map(float)),
    arrays(bool, 30).filter(lambda alive: alive.sum() > 5),
)
def test_float32_under_jit_agrees_with_float64(amount, alive):
    for indicator in (*MASKED, of.hill_tail_exponent):
        exact = indicator(amount, alive=alive)
        quick_one = compiled(indicator)(jnp.asarray(amount, jnp.float32), alive=jnp.asarray(alive))
        assert quick_one.dtype == jnp.float32
        np.testing.assert_allclose(quick_one, exact, rtol=2e-3, atol=1e-5)
    for indicator in ALL.values():
        fast = compiled(indicator)(jnp.asarray(amount, jnp.float32))
        np.testing.assert_allclose(fast, indicator(amount), rtol=1e-4, atol=1e-5)


def test_a_batch_is_its_members():
    batch = np.random.default_rng(1).pareto(1.2, (3, 20))
    for indicator in (*ALL.values(), of.hill_tail_exponent):
        found = jax.jit(jax.vmap(indicator))(jnp.asarray(batch, jnp.float32))
        expected = [indicator(member) for member in batch]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_compiled_and_eager_agree():
    amount = jnp.asarray(np.random.default_rng(2).pareto(1.2, 20), jnp.float32)
    for indicator in (of.gini, of.top_fifth_share, of.entropy, of.hill_tail_exponent):
        eager, fast = indicator(amount), jax.jit(indicator)(amount)
        np.testing.assert_allclose(fast, eager, rtol=1e-5, atol=1e-6)


def test_top_share_counts_the_last_head_in_part(xp):
    amount = xp.asarray([5.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    assert of.top_fifth_share(amount) == pytest.approx((5 + 0.6 * 4) / 18)
    assert of.top_share(amount, 0.0) == 0
    assert of.top_share(amount, 1.0) == pytest.approx(1)


def test_concentration_ratio_of_fewer_holders_than_leaders(xp):
    assert of.concentration_ratio(xp.asarray([2.0, 1.0]), leaders=4) == 1


def test_hill_takes_the_holders_above_the_threshold(xp):
    amount = xp.asarray([8.0, 1.0, 4.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    expected = 2 / (np.log(8 / 2) + np.log(4 / 2))
    assert of.hill_tail_exponent(amount, 0.2) == pytest.approx(expected)
    assert np.isnan(of.hill_tail_exponent(xp.ones(10)))  # no tail to measure
    assert np.isnan(of.hill_tail_exponent(amount * (amount > 4)))  # nobody below to compare with


class TestSectors:
    amount = np.array([4.0, 1.0, 1.0, 3.0, 1.0, 0.0])
    group = np.array([0, 1, 1, 2, 2, 2])

    def test_by_hand(self, xp):
        amount, group = xp.asarray(self.amount), xp.asarray(self.group)
        np.testing.assert_allclose(of.sector_shares(amount, group, 3), [0.4, 0.2, 0.4], rtol=1e-6)
        np.testing.assert_allclose(
            of.herfindahl_by_group(amount, group, 4), [1, 1 / 2, 10 / 16, np.nan], rtol=1e-6
        )
        total, between, within = of.herfindahl_split(amount, group, 4)
        assert total == pytest.approx(0.28)
        assert between == pytest.approx(0.4**2 + 0.2**2 / 2 + 0.4**2 / 3)
        assert within == pytest.approx(0.4**2 * (10 / 16 - 1 / 3))

    def test_a_sector_equal_inside_adds_nothing_within(self, xp):
        _, _, within = of.herfindahl_split(xp.ones(6), xp.asarray(self.group), 3)
        assert within == pytest.approx(0, abs=1e-7)

    def test_the_living_count(self):
        alive = np.array([True, True, True, True, True, False])
        masked = of.herfindahl_split(self.amount, self.group, 3, alive)
        np.testing.assert_allclose(
            masked, of.herfindahl_split(self.amount[:5], self.group[:5], 3), rtol=1e-12
        )

    def test_nobody_has_anything_is_nan(self, xp):
        parts = of.herfindahl_split(xp.zeros(6), xp.asarray(self.group), 3)
        assert np.isnan(np.asarray(parts)).all()
        assert np.isnan(of.sector_shares(xp.zeros(6), xp.asarray(self.group), 3)).all()

    def test_jit(self):
        fast = jax.jit(of.herfindahl_split, static_argnums=2)(
            jnp.asarray(self.amount), jnp.asarray(self.group), 3
        )
        np.testing.assert_allclose(fast, of.herfindahl_split(self.amount, self.group, 3), rtol=1e-5)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="fraction is 20"):
        of.top_share(np.ones(3), 20)
    with pytest.raises(ValueError, match=r"fraction is -0\.1"):
        of.hill_tail_exponent(np.ones(3), -0.1)
    with pytest.raises(ValueError, match="leaders is 0"):
        of.concentration_ratio(np.ones(3), 0)
    with pytest.raises(ValueError, match="groups is 0"):
        of.sector_shares(np.ones(3), np.zeros(3, int), 0)
