"""What looks like a slip in a table is asked about, and what does not is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapolis.audits import concentration
from datapolis.audits.data_quality import cut_short, in_two_clouds, keys_doubted, of_another_order
from datapolis.tables import open_table

YEARS = np.repeat(["2020", "2021", "2022"], 30)


@pytest.fixture
def amounts():
    return np.random.default_rng(1).lognormal(3, 1, 90)


def test_a_year_in_cents_is_asked_about(amounts):
    assert of_another_order("fine", YEARS, amounts) == []
    cents = np.where(YEARS == "2021", 100 * amounts, amounts)
    (told,) = of_another_order("fine", YEARS, cents)
    assert told.startswith("fine is of another order in 2021 than elsewhere: is that another unit")
    thousands = np.where(YEARS == "2022", amounts / 1_000, amounts)
    assert "in 2022 than elsewhere" in of_another_order("fine", YEARS, thousands)[0]
    two = YEARS < "2022"
    assert "in 2020 than in 2021" in of_another_order("fine", YEARS[two], cents[two])[0]


def test_periods_of_few_are_not_judged(amounts):
    period = np.concatenate([YEARS[:-3], ["2023"] * 3])
    amounts[-3:] *= 1_000
    assert of_another_order("fine", period, amounts) == []
    assert of_another_order("fine", period, amounts, least=3)


@given(st.floats(-5, 5), st.floats(0.01, 3.0), st.integers(0, 1_000))
def test_one_law_of_any_scale_is_one_unit(place, spread, seed):
    """Medians of 30 draws of one lognormal law are never 20 times apart at these spreads."""
    drawn = np.random.default_rng(seed).lognormal(place, spread, 90)
    assert of_another_order("x", YEARS, drawn) == []


def test_two_clouds_are_asked_about_and_a_heavy_tail_is_not():
    random = np.random.default_rng(2)
    price = random.normal(50, 2, 100)
    assert in_two_clouds("price", "street", price) == []
    price[:20] *= 100
    assert "two clouds by street" in in_two_clouds("price", "street", price)[0]
    assert in_two_clouds("price", "street", np.append(price[20:], 5_000)) == []  # one is no cloud
    assert in_two_clouds("size", "firm", random.pareto(1.1, 1_000) + 1) == []


def test_units_that_vanish_at_the_end_are_asked_about():
    unit, year = (one.ravel() for one in np.meshgrid(np.arange(40), [1, 2, 3, 4], indexing="xy"))
    order = np.lexsort((unit, year))
    unit, year = unit[order], year[order]
    assert cut_short("firms", unit, year) == []
    (told,) = cut_short("firms", unit[:-16], year[:-16])
    assert "missing from the last (4)" in told and "cut short?" in told
    random = np.random.default_rng(3)
    stays = random.random(unit.size) > 0.3  # coming and going in every year
    assert cut_short("firms", unit[stays], year[stays]) == []


def test_keys_are_doubted_where_two_tables_do_not_agree():
    assert keys_doubted(0.001) == "" and "same units" in keys_doubted(0.3)


def test_spellings_that_differ_in_capitals_or_spaces_are_told():
    table = {"firm": ["Acme", "ACME", "Ac me", "Other"] * 5, "amount": list(range(1, 21))}
    opened = open_table(table).text("firm")
    (told,) = [note for note in opened.notes if "capitals" in note]
    assert told.startswith("table: names in firm differ") and "Acme" not in told
    sound = open_table({**table, "firm": ["a", "b", "c", "d"] * 5})
    assert not [note for note in sound.text("firm").notes if "capitals" in note]


def test_an_opened_table_is_looked_at_anew_by_each_audit():
    names = [f"firm {place}" for place in range(19)] + ["FIRM 0"]
    opened = open_table({"firm": names, "amount": list(range(1, 21))})
    asked = {"holder": "firm", "amount": "amount", "basis": "amount", "public": True}
    for _ in range(2):
        found = concentration(opened, **asked)
        assert sum("capitals or spaces" in note for note in found.notes) == 1
