"""Totals among rows, and lines that do not fit their header."""

import numpy as np
import pytest

from datapolis import tables
from datapolis.audits import concentration, disclosure, enforcement, prices, rights
from datapolis.core.errors import InputError
from datapolis.tables import Format
from datapolis.tables.totals import named, totals_of, without_totals


def lists(*pairs):
    return [(np.array([*one]), np.array([*one.values()], float)) for one in pairs]


@pytest.mark.parametrize(
    "held, totals",
    [
        ({"Total": 100, "a": 60, "b": 40}, {"Total"}),
        ({"Insgesamt:": 99, "a": 60, "b": 40}, {"Insgesamt:"}),  # rounded
        ({"World": 150, "a": 60, "b": 40}, {"World"}),  # others are not listed
        ({"Total": 131, "a": 600, "b": 400}, set()),  # a company of that name
        ({"c": 100, "a": 60, "b": 40}, set()),  # one of three may have half
        ({"c": 21, "a": 1, "b": 2, "d": 3, "e": 4, "f": 5, "g": 6}, {"c"}),
        ({"c": 21.1, "a": 1, "b": 2, "d": 3, "e": 4, "f": 5, "g": 6}, set()),
    ],
)
def test_a_total_has_as_much_as_the_others(held, totals):
    assert totals_of(lists(held)) == totals


def test_a_total_in_every_period_needs_no_name():
    one, two = {"c": 5, "a": 2, "b": 3}, {"c": 8, "a": 1, "b": 7}
    assert totals_of(lists(one, two)) == {"c"}
    assert totals_of(lists(one, {**two, "c": 9})) == set()
    assert totals_of(lists(one, two), by_name=True) == set()


def test_names_of_totals():
    assert all(named(one) for one in ("Total", " TOTAL ", "Grand total:", "Summe", "合計"))
    assert not any(named(one) for one in ("Totality", "Allianz", "Sumitomo", "TotalEnergies"))


HELD = {"firm": ["Total", "a", "b", "c"], "share": [100.0, 50.0, 30.0, 20.0]}
ASKED = {"holder": "firm", "amount": "share", "basis": "market", "public": True}


def test_a_total_is_no_holder():
    with pytest.raises(InputError, match=r"row 1 \(Total\).*--totals drop, or --totals keep"):
        concentration(HELD, **ASKED)
    dropped = concentration(HELD, totals="drop", **ASKED)
    assert dropped["herfindahl"].estimate == pytest.approx(0.25 + 0.09 + 0.04)
    assert dropped["largest"].estimate == 50
    assert any("were left out (totals = drop)" in note for note in dropped.notes)
    kept = concentration(HELD, totals="keep", whole="sum", **ASKED)
    assert kept["largest"].estimate == 100
    assert any("count like the others (totals = keep)" in note for note in kept.notes)


def test_a_company_called_total_is_kept_and_noted():
    held = {"firm": ["Total", "a", "b", "c"], "share": [10.0, 40.0, 30.0, 20.0]}
    found = concentration(held, **ASKED)
    assert found["largest"].estimate == 40
    assert any("counts like the others" in note for note in found.notes)


def rows_of(names, amounts, **form):
    table = tables.open_table({"who": names, "fine": np.array(amounts, float)}, form=Format(**form))
    return without_totals(table.text("who").numbers("fine"), ["who"], "fine")


def test_rows_that_sum_up_the_others():
    names, fines = ["a", "b", "Total"], [3, 4, 7]
    with pytest.raises(InputError, match="--totals drop"):
        rows_of(names, fines)
    assert rows_of(names, fines, totals="drop").count() == 2
    assert rows_of(names, fines, totals="keep").count() == 3
    assert rows_of(["a", "b", "Total"], [3, 40, 7]).count() == 3
    footer = [1, 2, 3, 4, 5, 6, 21]
    with pytest.raises(InputError, match="who: rows seem to be the total"):
        rows_of(list("abcdefg"), footer)
    assert rows_of(list("abcdefg"), footer, totals="drop").count() == 6
    assert rows_of(["a", "b", "c"], [3, 4, 7]).count() == 3  # one of three may have half


def test_a_total_below_a_register_is_no_decision():
    table = {
        "land": [*["n", "s"] * 10, "Total"],
        "fine": np.array([*range(1, 21), 210], float),
    }
    asked = {"amount": "fine", "by": ["land"], "public": True}
    with pytest.raises(InputError, match="--totals drop"):
        enforcement(table, **asked)
    assert enforcement(table, totals="drop", **asked)["sum"].estimate == 210


def test_all_bodies_together_are_no_body():
    """Two bodies a year and their sum: 90 of 120 requests granted, once."""
    table = {
        "body": ["a", "b", "All"] * 2,
        "year": np.repeat([2020, 2021], 3),
        "granted": np.array([10, 30, 40, 20, 30, 50], float),
        "requests": np.array([20, 40, 60, 20, 40, 60], float),
    }
    asked = {
        "right": "know",
        "unit": "body",
        "time": "year",
        "yes": "granted",
        "of": "requests",
        "public": True,
    }
    with pytest.raises(InputError, match="body: rows seem to be the total"):
        rights(table, **asked)
    found = rights(table, totals="drop", **asked)
    without = {name: np.delete(cells, [2, 5]) for name, cells in table.items()}
    alone = rights(without, **asked)
    assert [one.estimate for one in found.findings] == pytest.approx(
        [one.estimate for one in alone.findings], nan_ok=True
    )
    assert any("were left out (totals = drop)" in note for note in found.notes)


def test_all_areas_together_are_no_area():
    """A footer with the people of all eight areas and their mean speed."""
    random = np.random.default_rng(8)
    people = random.integers(10, 90, (2, 8)).astype(float)
    speed = random.uniform(10, 50, 8)
    areas = {"poor": people[0], "rich": people[1], "speed": speed}
    footer = {"poor": people[0].sum(), "rich": people[1].sum(), "speed": speed.mean()}
    table = {name: np.append(cells, footer[name]) for name, cells in areas.items()}
    asked = {"outcome": "speed", "groups": {"poor": "poor", "rich": "rich"}, "public": True}
    with pytest.raises(InputError, match="--totals drop"):
        prices(table, **asked)
    found = prices(table, totals="drop", **asked)
    gap = np.average(speed, weights=people[0]) - np.average(speed, weights=people[1])
    assert found["gap"].estimate == pytest.approx(gap)


def test_margins_of_a_table_of_counts_are_no_people():
    """Three people in three classes; the row of margins is none of them."""
    table = {
        "age": ["young", "old", "young", "Total"],
        "town": ["n", "n", "s", "Total"],
        "ill": ["yes", "no", "no", "Total"],
        "people": np.array([1, 1, 1, 3]),
    }
    asked = {"quasi": ["age", "town"], "sensitive": "ill", "frequency": "people", "public": True}
    with pytest.raises(InputError, match="--totals drop"):
        disclosure(table, **asked)
    found = disclosure(table, totals="drop", **asked)
    assert found["k"].estimate == 1
    assert any("were left out (totals = drop)" in note for note in found.notes)
    assert all(one.n_rows in (0, 3) for one in found.findings)


# --- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, says",
    [
        (
            "firm,revenue\na,1\nb,2\n\nNote: preliminary\n",
            "line 5 has 1 cell where the header has 2",
        ),
        ("firm,land,fine\na,x,1\nb,y,2\nb\n", "line 4 has 1 cell where the header has 3"),
        ("firm,land,fine\na,x,1\nb,y,z,2\nc,x,3\n", "line 3 has 4 cells where the header has 3"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path, text, says):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        tables.open_table(path).text("firm")
    assert f"table.csv: {says}" in str(refused.value) and "Note" not in str(refused.value)


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("a.xlsx", b"PK", "save the sheet as CSV"),
        ("a.json", b"[]", "pandas"),
        ("a.txt", b"a,b\n1,2\n", "rename it to .csv"),
        ("a.zip", b"PK", "unpack it"),
        ("a.csv", "firm,revenue\nA,1\n".encode("utf-16"), "--encoding utf-16"),
        ("a.csv", "firm,revenue\nM\u00fcller,1\n".encode("latin-1"), "--encoding latin-1"),
        ("a.csv", b"firm,revenue\nA,1\n,\nB,2\n,\n", "row 2, which is empty as a whole"),
        ("a.csv", b"Company,Money\nfirm,revenue\nA,1\n", "its name stands in row 1"),
    ],
)
def test_what_cannot_be_read_names_the_remedy(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=says):
        tables.open_table(path).text("firm").numbers("revenue")
