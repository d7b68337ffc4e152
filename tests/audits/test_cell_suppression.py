"""No suppressed group can be had from the groups shown: attacked with linear programs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from datapolis.audits.cell_suppression import shown_together
from datapolis.core.errors import InputError

LEAST = 10


def codes(*columns):
    """Numbers from 0 for the combinations of columns."""
    return np.unique(np.stack(columns), axis=1, return_inverse=True)[1].ravel()


def table(seed, rows, columns, cases):
    """Random cases in two columns of groups of uneven size, with heavy-tailed amounts."""
    random = np.random.default_rng(seed)
    first = random.choice(rows, cases, p=random.dirichlet(np.full(rows, 0.7)))
    second = random.choice(columns, cases, p=random.dirichlet(np.full(columns, 0.7)))
    return codes(first), codes(second), np.round(random.pareto(1.2, cases) * 100)


def sets(tables):
    """Atoms of the tables, and the groups of each as rows of 0 and 1 over the atoms."""
    places = np.stack(list(tables.values()))
    atoms, atom = np.unique(places, axis=1, return_inverse=True)
    groups = {
        name: (row == np.arange(row.max() + 1)[:, None]).astype(float)
        for name, row in zip(tables, atoms, strict=True)
    }
    return groups, atom.ravel()


def unsafe(parts):
    """Too few, or one that another could work out (p % rule), by its definition."""
    parts = np.sort(parts)[::-1]
    return parts.size < LEAST or parts[2:].sum() < 0.1 * parts[0]


def attacked(tables, amount, shown):
    """Every unsafe group or atom whose number can be had from those shown, by linear programs."""
    groups, atom = sets(tables)
    every = np.concatenate([np.ones((1, atom.max() + 1)), *groups.values()])
    seen = np.concatenate([shown[""], *(shown[name] for name in groups)])
    counts = np.bincount(atom)
    told, values = every[seen], every[seen] @ counts
    found = []
    for one in [*every, *np.eye(counts.size)]:
        if not unsafe(amount[(one > 0)[atom]]):
            continue
        ends = [
            linprog(sign * one, A_eq=told, b_eq=values, bounds=(0, None), method="highs")
            for sign in (1, -1)
        ]
        if all(end.status == 0 for end in ends) and -ends[1].fun - ends[0].fun < 1e-6:
            found.append(one)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_nothing_suppressed_follows_from_both_margins_and_the_cells(seed):
    first, second, amount = table(seed, 6, 4, 260)
    tables = {"country": first, "type": second, "cross": codes(first, second)}
    shown = shown_together(tables, np.arange(amount.size), amount, least=LEAST)
    assert not attacked(tables, amount, shown)


@pytest.mark.parametrize("seed", range(6))
def test_nor_from_groups_that_lie_in_one_another(seed):
    """Months lie in years, and some countries have cases of one year alone."""
    first, month, amount = table(seed + 50, 5, 12, 240)
    year = month // 6
    tables = {"country": first, "year": codes(year), "month": month}
    shown = shown_together(tables, np.arange(amount.size), amount, least=LEAST)
    assert not attacked(tables, amount, shown)


def test_one_small_cell_takes_a_square_with_it():
    """By hand: with all sums known, 4 alone or with one more cell could be worked out."""
    sizes = np.array([[4, 20, 30], [25, 40, 50], [60, 70, 80]])
    first, second = np.indices(sizes.shape).reshape(2, -1).repeat(sizes.ravel(), axis=1)
    cross = codes(first, second)
    shown = shown_together(
        {"row": first, "column": second, "cross": cross},
        np.arange(first.size),
        np.ones(first.size),
        least=LEAST,
    )
    assert shown[""].all() and shown["row"].all() and shown["column"].all()
    hidden = ~shown["cross"].reshape(3, 3)
    assert hidden.sum() == 4 and hidden[0, 0]
    assert sorted(hidden.sum(axis=0)) == sorted(hidden.sum(axis=1)) == [0, 2, 2]


def test_a_country_of_one_type_is_not_had_from_the_type():
    """Without cells: all 6 cases of one type lie in one country, suppressed with another."""
    country = np.repeat([0, 1, 2], [6, 30, 40])
    kind = np.repeat([0, 1, 2], [6, 30, 40])
    shown = shown_together(
        {"country": country, "type": kind}, np.arange(76), np.ones(76), least=LEAST
    )
    assert shown["country"].tolist() == shown["type"].tolist() == [False, False, True]


def test_one_dominant_contributor_is_suppressed():
    place = np.repeat([0, 1, 2], [30, 30, 30])
    amount = np.ones(90)
    amount[0] = 1e6
    amount[30] = 9e5
    amount[61] = 8e5
    shown = shown_together({"country": place}, np.arange(90), amount, least=LEAST)
    assert not shown["country"].any()
    assert shown[""].all()


def test_many_rows_of_one_unit_are_one_unit():
    place, unit = np.repeat([0, 1, 2], 30), np.arange(90)
    unit[:30] = 0
    shown = shown_together({"country": place}, unit, np.ones(90), least=LEAST)
    assert shown["country"].sum() == 1 and not shown["country"][0]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_large_even_groups_are_shown_and_small_tables_are_not(seed):
    random = np.random.default_rng(seed)
    place = random.permutation(np.repeat(np.arange(4), 40))
    amount = random.uniform(1, 2, place.size)
    assert shown_together({"one": place}, np.arange(place.size), amount)["one"].all()
    few = shown_together({"one": place[:9] // 3}, np.arange(9), amount[:9])
    assert not any(one.any() for one in few.values())


def test_too_many_groups_are_refused():
    place = np.arange(3_000)
    with pytest.raises(InputError, match="fewer columns, or a public register"):
        shown_together({"one": place}, place, np.ones(3_000))
