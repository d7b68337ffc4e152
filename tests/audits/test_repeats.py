"""Rows of one case that are no copies are asked about, and the sum is told both ways."""

import numpy as np
import pytest

from datapolis.audits import breaches, enforcement, influence
from datapolis.audits.repeats import repeat_notes
from datapolis.tables import open_table

MANY = 60
FIRM = [f"Firm {one}" for one in range(MANY)]
DAY = (np.datetime64("2019-01-01") + 5 * np.arange(MANY)).astype(str).tolist()
SIZE = [100.0 + one for one in range(MANY)]  # 7,770 in all


def listed(amended=6, spelt=6, by=50.0):
    """Sixty cases, some again with a larger figure, others again in capitals and with a point."""
    rows = list(zip(FIRM, DAY, SIZE, strict=True))
    again = [(firm, day, size + by) for firm, day, size in rows[:amended]]
    again += [
        (f"{firm.upper()}.", day, size) for firm, day, size in rows[amended : amended + spelt]
    ]
    firm, day, size = (list(one) for one in zip(*rows, *again, strict=True))
    return {"firm": firm, "day": day, "size": size, "land": ["n"] * len(firm)}


def told(found):
    return [one for one in found.notes if "one case written twice?" in one]


def fined(table, **more):
    return told(
        enforcement(table, amount="size", by=["land"], date="day", unit="firm", draws=9, **more)
    )


def breached(table, **more):
    return told(breaches(table, size="size", start="day", holder="firm", draws=9, **more))


def noted(table, least=10):
    return repeat_notes(open_table(table), "size", ("firm", "day"), ("day",), least)


@pytest.mark.parametrize("asked", [fined, breached])
def test_the_sum_is_told_over_all_rows_and_with_the_largest_of_each_case(asked):
    """All rows: 7,770 + (615 + 300) + 651 = 9,336. The largest of each: 7,770 + 6 times 50."""
    (note,) = asked(listed(), public=True)
    assert "24 rows with the same firm and day, spelling apart, differ in size or spelling" in note
    assert "in 12 cases" in note
    assert "size sums to 9,336 over all rows, and to 8,070 with only the largest" in note
    (note,) = noted(listed())
    assert "to about 9,340 over all rows, and to about 8,070 with only" in note


def test_few_cases_are_asked_about_without_a_number():
    (note,) = noted(listed(2, 1))
    assert "Fewer than 10 rows" in note and "sums are suppressed" in note
    assert not any(one.isdigit() for one in note.replace("than 10", ""))
    (note,) = noted(listed(4, 5))  # nine cases
    assert "Some rows" in note and "sums are suppressed" in note
    assert fined(listed(4, 5)) == [note]


def test_a_difference_that_one_unit_dominates_is_suppressed():
    table = listed(12, 0)
    table["size"][0], table["size"][MANY] = 20_000.0, 20_050.0  # others are some 110 each
    (note,) = noted(table)
    assert "sums are suppressed" in note


def test_copies_and_other_cases_are_no_amendments():
    assert noted(listed(0, 0)) == []
    table = listed(0, 0)
    twice = {name: cells + cells[:20] for name, cells in table.items()}
    assert noted(twice) == []  # exact copies are counted elsewhere
    assert noted({**table, "firm": ["one"] * 30 + FIRM[30:]}) == []  # other days, other cases


def test_cases_without_a_day_are_not_compared():
    assert noted({**listed(), "day": ["2019"] * 72}) == []


def test_one_filing_in_two_figures_is_asked_about():
    """Two figures of one filer for one client; an amendment is marked, and replaces."""
    filings = {
        "who": FIRM * 2,
        "own": ["false"] * 120,
        "form": ["report"] * 120,
        "when": ["Q1"] * 120,
        "lobbying_firm": ["A & Co"] * 60 + ["A and Co", *["A & Co"] * 59],
        "client_name": FIRM * 2,
        "spent": SIZE + [size + 10 * (one < 12) for one, size in enumerate(SIZE)],
    }
    columns = {"payer": "who", "own": "own", "form": "form", "amount": "spent", "period": "when"}
    (note,) = told(influence(filings, **columns, public=True))
    assert "22 rows with the same who and when and own and form and lobbying_firm" in note
    assert "in 11 cases" in note  # 12 without the one whose filer is another name
    assert f"sums to {15_540 + 120:,} over all rows" in note
    assert f"{15_660 - sum(SIZE[1:12]):,.0f} with only the largest" in note
    marked = {**filings, "form": ["report"] * 60 + ["amendment"] * 60}
    assert told(influence(marked, **columns, public=True)) == []
