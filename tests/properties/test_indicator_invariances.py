"""What must not change an indicator, and what must, for any numbers (hypothesis).

The indices of concentration, disclosure and rank correlation have theirs in
tests/statistics/indicators. Here the others. All in float64: 1e-9 is rounding.
"""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datapolis.statistics.indicators import (
    balance,
    banzhaf,
    bonacich,
    centralization,
    density,
    fragility,
    giant_component_share,
    herfindahl_split,
    hill_tail_exponent,
    histogram_quantile,
    integration_gap,
    k_anonymity,
    mean_path,
    policy_distance,
    pooled_value,
    price_dispersion,
    relational_power,
    removal_value,
    rights_gini,
    shapley_shubik,
    share_above,
    share_below,
    truncated_pareto_mean,
    truncated_pareto_survival,
    unique_share,
)

quick = settings(max_examples=40, deadline=None)
NODES, PLACES = 9, 3
positive = st.floats(0.01, 100)
amounts = arrays(np.float64, st.integers(2, 12), elements=positive)
weights = arrays(np.float64, st.integers(2, 6), elements=st.integers(1, 50).map(float))
factors = st.floats(0.01, 100)
shares = arrays(np.float64, 3, elements=st.floats(0.01, 1)).map(lambda x: x / x.sum())
seeds = st.integers(0, 10_000)


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


# --- power ----------------------------------------------------------------------------------------


@quick
@given(weights, st.sampled_from([2.0, 0.5, 64.0]), seeds)
def test_votes_have_neither_unit_nor_name(votes, factor, seed):
    order = np.random.default_rng(seed).permutation(votes.size)
    for index in (shapley_shubik, banzhaf):
        same(index(votes * factor), index(votes))
        same(index(votes[order]), index(votes)[order])
        same(index(np.append(votes, 0.0)), np.append(index(votes), 0.0))  # who has none adds none


@quick
@given(weights, st.data())
def test_more_votes_are_never_less_shapley_shubik_power(votes, data):
    """Votes taken from another give no less power; the sum stays, so the quota does."""
    taker, giver = data.draw(st.permutations(range(votes.size)))[:2]
    given_ = data.draw(st.integers(0, int(votes[giver])))
    after = votes.copy()
    after[giver] -= given_
    after[taker] += given_
    assert shapley_shubik(after)[taker] >= shapley_shubik(votes)[taker] - 1e-9


def web(seed):
    """A random net of nine, some ties missing, some nodes dead."""
    random = np.random.default_rng(seed)
    partners = random.integers(-1, NODES, (NODES, PLACES))
    strength = np.where(partners >= 0, random.random((NODES, PLACES)), 0.0)
    alive = random.random(NODES) < 0.8
    alive[:3] = True
    return partners, strength, alive, random.permutation(NODES)


def renamed(partners, order):
    place = np.argsort(order)
    return np.where(partners >= 0, place[np.maximum(partners, 0)], -1)[order]


@quick
@given(seeds, st.floats(-0.8, 0.8), factors)
def test_relational_power_has_a_unit_and_no_names(seed, weight, factor):
    partners, strength, _, order = web(seed)
    base = np.random.default_rng(seed).random(NODES)
    power = relational_power(base, partners, strength, weight)
    same(relational_power(factor * base, partners, strength, weight), factor * power)
    again = relational_power(base[order], renamed(partners, order), strength[order], weight)
    same(again, power[order])


@quick
@given(seeds, st.floats(-0.2, 0.2), st.floats(0.1, 10))
def test_bonacich_weighs_a_tie_and_its_beta_as_one(seed, beta, factor):
    """c depends on beta A and names alone: ties twice as strong at half of beta give the same."""
    random = np.random.default_rng(seed)
    ties = np.triu(random.random((4, 4)), 1)
    ties = ties + ties.T
    order = random.permutation(4)
    power = bonacich(ties, beta)
    same(bonacich(factor * ties, beta / factor), power)
    same(bonacich(ties[np.ix_(order, order)], beta), power[order])


@quick
@given(st.floats(0, 0.99), st.floats(0, 0.99))
def test_who_is_chosen_more_is_missed_more(one, other):
    low, high = sorted((one, other))
    assert removal_value(np.array(low)) <= removal_value(np.array(high))


@quick
@given(shares, seeds)
def test_balance_has_no_names_and_rises_when_the_larger_gives(share, seed):
    order = np.random.default_rng(seed).permutation(3)
    same(balance(share[order]), balance(share))
    rich, poor = np.argmax(share), np.argmin(share)
    assume(share[rich] > share[poor] + 1e-3)
    gift = np.zeros(3)
    gift[rich], gift[poor] = -0.25, 0.25
    assert balance(share + gift * (share[rich] - share[poor])) > balance(share)


@quick
@given(amounts, factors, seeds)
def test_concentration_splits_alike_in_any_unit_and_order(amount, factor, seed):
    random = np.random.default_rng(seed)
    group, order = random.integers(0, 3, amount.size), random.permutation(amount.size)
    split = np.array(herfindahl_split(amount, group, 3))
    same(np.array(herfindahl_split(amount * factor, group, 3)), split)
    same(np.array(herfindahl_split(amount[order], group[order], 3)), split)
    assert split[2] >= -1e-12


@quick
@given(arrays(np.float64, st.integers(3, 12), elements=st.integers(1, 999), unique=True), factors)
def test_the_tail_has_no_unit_and_a_power_divides_it(amount, factor):
    """D -> c D leaves the exponent, D -> D^2 halves it."""
    tail = hill_tail_exponent(amount)
    same(hill_tail_exponent(amount * factor) / tail, 1.0)
    same(hill_tail_exponent(amount**2) / tail, 0.5)


# --- webs and islands -----------------------------------------------------------------------------


@quick
@given(seeds)
def test_webs_have_no_names(seed):
    partners, strength, alive, order = web(seed)
    partners_, strength_, alive_ = renamed(partners, order), strength[order], alive[order]
    for index in (density, centralization):
        same(index(strength_, partners_, alive_), index(strength, partners, alive))
    for index in (giant_component_share, mean_path):
        same(index(partners_, strength_, alive_), index(partners, strength, alive))
    removal = np.random.default_rng(seed).permutation(NODES)
    place = np.argsort(order)
    same(
        fragility(partners_, strength_, alive_, place[removal]),
        fragility(partners, strength, alive, removal),
    )


@quick
@given(seeds)
def test_a_tie_more_never_tears_a_web(seed):
    partners, strength, alive, removal = web(seed)
    more = np.concatenate([partners, (np.arange(NODES)[:, None] + 1) % NODES], axis=1)
    stronger = np.concatenate([strength, np.ones((NODES, 1))], axis=1)
    assert giant_component_share(more, stronger, alive) >= giant_component_share(
        partners, strength, alive
    )
    assert (
        fragility(more, stronger, alive, removal)
        <= fragility(partners, strength, alive, removal) + 1e-12
    )


@quick
@given(amounts, st.floats(0.2, 2), factors, seeds)
def test_what_islands_hold_has_a_unit_and_no_names(data, exponent, factor, seed):
    """Times c^a in another unit; two copies, apart, are worth twice; links add from a = 1 on."""
    random = np.random.default_rng(seed)
    island = random.integers(0, data.size, data.size)
    order = random.permutation(data.size)
    value = pooled_value(data, island, exponent)
    same(pooled_value(data * factor, island, exponent) / value, factor**exponent)
    same(pooled_value(data[order], island[order], exponent), value)
    apart = np.concatenate([island, island + data.size])
    apart_value = pooled_value(np.tile(data, 2), apart, exponent)
    same(apart_value / value, 2.0)
    together = pooled_value(data, 0 * island, exponent)
    assert (together - value) * np.sign(exponent - 1) >= -1e-9 * together


@quick
@given(amounts, st.floats(0, 1), factors)
def test_a_gap_has_no_unit(linked, part, factor):
    actual = linked * part
    same(integration_gap(actual * factor, linked * factor), integration_gap(actual, linked))
    same(integration_gap(actual, linked), 1 - part)
    same(policy_distance(actual * factor, linked * factor), np.full(linked.size, 1 - part))


# --- prices, rights, breaches ---------------------------------------------------------------------


@quick
@given(amounts, factors, factors, seeds)
def test_prices_have_no_unit_and_sales_no_names(price, factor, more, seed):
    random = np.random.default_rng(seed)
    sold, order = random.random(price.size) + 0.1, random.permutation(price.size)
    spread = price_dispersion(price, sold)
    for changed in (
        price_dispersion(price * factor, sold),
        price_dispersion(price, sold * more),
        price_dispersion(price[order], sold[order]),
        price_dispersion(np.tile(price, 3), np.tile(sold, 3)),
    ):
        same(changed, spread)
    reference = float(price[0])
    for index in (share_above, share_below):
        other = index(price * 2.0, reference * 2.0, sold)  # a power of two: no rounding at the edge
        same(other, index(price, reference, sold))


rights = arrays(np.float64, (8, 4), elements=st.floats(0.01, 1))


@quick
@given(rights, st.floats(0.1, 1), seeds)
def test_inequality_of_rights_has_neither_unit_nor_name_nor_number(enjoyed, factor, seed):
    order = np.random.default_rng(seed).permutation(8)
    gini = rights_gini(enjoyed)
    for changed in (enjoyed * factor, enjoyed[order], np.tile(enjoyed, (3, 1)), enjoyed[:, ::-1]):
        same(rights_gini(changed), gini)


@quick
@given(rights)
def test_a_right_given_by_who_has_more_to_who_has_less_evens_out(enjoyed):
    """Pigou and Dalton: less than half of the difference, in every right."""
    mean = enjoyed.mean(axis=1)
    rich, poor = np.argmax(mean), np.argmin(mean)
    assume(mean[rich] > mean[poor] + 1e-3)
    after = enjoyed.copy()
    gift = 0.25 * (mean[rich] - mean[poor])
    after[rich] -= gift
    after[poor] += gift
    assert rights_gini(after) < rights_gini(enjoyed)


@quick
@given(arrays(np.int64, st.integers(1, 12), elements=st.integers(1, 9)), st.integers(2, 4))
def test_copies_of_everybody_hide_everybody(size, times):
    """Classes k times as large: k-anonymity is k times as high, and nobody is unique."""
    assert k_anonymity(size * times) == times * k_anonymity(size)
    assert unique_share(size * times) == 0
    same(unique_share(np.tile(size, times)), unique_share(size))  # more classes alike: the same


@quick
@given(amounts, st.floats(0, 1), factors)
def test_a_quantile_from_classes_keeps_the_unit_of_its_classes(values, level, factor):
    found = histogram_quantile(values, level, 0.0, 100.0)
    scaled = histogram_quantile(values * factor, level, 0.0, 100.0 * factor)
    assert abs(scaled - factor * found) <= 2 * factor * 100 / 256 + 1e-9  # a class each


@quick
@given(st.floats(1e-3, 0.5), st.floats(0.2, 3), st.floats(1.1, 2))
def test_a_larger_least_or_a_heavier_tail_loses_more(least, tail, factor):
    assert truncated_pareto_mean(least * factor, tail) > truncated_pareto_mean(least, tail)
    assert truncated_pareto_mean(least, tail * factor) < truncated_pareto_mean(least, tail)


@quick
@given(st.floats(1.5, 90), st.floats(0.2, 3), factors)
def test_survival_of_a_size_has_no_unit(size, tail, factor):
    found = truncated_pareto_survival(size * factor, factor, 100 * factor, tail)
    same(found, truncated_pareto_survival(size, 1.0, 100.0, tail))
