"""Numbers as people write them: what is read, what is refused, and what a refusal tells."""

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis import tables
from datapolis.core.errors import InputError
from datapolis.tables import Format, numbers

FEW = settings(max_examples=10, deadline=None)  # each is a query
MARKS = st.sampled_from([(".", ","), (",", "."), ("'", "."), ("space", ","), ("space", ".")])
FINITE = st.floats(-1e12, 1e12, allow_nan=False).map(lambda one: round(one, 2))


def written(value, thousands, decimal):
    """A number with two decimals in the marks of a convention."""
    text = f"{value:,.2f}".replace(",", "T").replace(".", "D")
    return text.replace("T", "\u00a0" if thousands == "space" else thousands).replace("D", decimal)


def column(cells, form=None, separator=";"):
    """What is read of a column of text cells."""
    import ibis

    table = tables.open_table(ibis.memtable({"x": cells}), form=form)
    object.__setattr__(table, "separator", separator)
    rows = table.numbers("x", gaps=True)
    return rows, rows.arrow(rows.expression)["x"].to_numpy()


@FEW
@given(st.lists(FINITE, min_size=1), MARKS)
def test_what_is_written_in_a_convention_is_read_in_it(values, marks):
    thousands, decimal = marks
    form = Format(thousands=thousands, decimal=decimal)
    _, read = column([written(one, thousands, decimal) for one in values], form)
    assert read.tolist() == values


@FEW
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1))
def test_whole_numbers_are_never_doubted(values):
    rows, read = column([str(one) for one in values])
    assert read.tolist() == values and not any(rows.odd.values())


@FEW
@given(st.lists(st.floats(0, 1, exclude_max=True).map(lambda one: f"{one:.3f}"), min_size=1))
def test_shares_with_three_decimals_are_never_doubted(cells):
    rows, read = column(cells, separator=",")
    assert read.tolist() == [float(one) for one in cells] and not any(rows.odd.values())


@pytest.mark.parametrize(
    "cells, separator",
    [
        (["740.736", "998"], ","),  # small numbers need no mark
        (["740.736", "2500"], ","),  # nor do four digits, in many countries
        (["740.736", "230.100"], ";"),  # a comma is for decimals where ; is for cells
        (["740.736", "0", "12"], ","),
    ],
)
def test_points_that_may_mark_thousands_are_refused(cells, separator):
    with pytest.raises(InputError) as refused:
        column(cells, separator=separator)
    said = str(refused.value)
    assert "x: row 1 (999.999) can be read in two ways" in said
    assert "--thousands ." in said and "--decimal ." in said and "740" not in said
    _, read = column(cells, Format(thousands="."), separator)
    assert read.tolist() == [float(one.replace(".", "")) for one in cells]
    _, read = column(cells, Format(decimal="."), separator)
    assert read.tolist() == [float(one) for one in cells]


@pytest.mark.parametrize("settled", ["0.567", "12.5", "12345", "1.2345", "-0.125", "7.25e3"])
def test_one_cell_settles_that_points_mark_decimals(settled):
    rows, read = column(["740.736", "998", settled], separator=";")
    assert read.tolist() == [740.736, 998.0, float(settled)] and not any(rows.odd.values())


def test_a_reading_that_stays_possible_is_noted():
    rows, read = column(["10.000", "7.431", "8.257"], separator=",")
    assert read.tolist() == [10.0, 7.431, 8.257]
    assert any("taken to mark decimals" in one for one in rows.notes)


@pytest.mark.parametrize(
    "cells, says, options",
    [
        (["1234,56", "104500"], "9999,99: a comma marks decimals", {"decimal": ","}),
        (["1.234,56"], "a point marks thousands and a comma decimals", {"thousands": "."}),
        (["1,234.56"], "a comma marks thousands", {"thousands": ","}),
        (["1,234", "12.5"], "a comma marks thousands", {"thousands": ","}),
        (["1,234,567"], "commas mark thousands", {"thousands": ","}),
        (["1.234.567"], "points mark thousands", {"thousands": "."}),
        (["1 400"], "9 999: a space marks thousands", {"thousands": "space"}),
        (["1'400"], "an apostrophe marks thousands", {"thousands": "'"}),
        (["45.3%"], "99.9%: a percent sign", {"percent": True}),
        (["€400", "€ 35"], "€999: a currency sign", {"sign": ["€"]}),
        (["-", "5"], "- stands for a missing number", {"blanks": ["-"]}),
    ],
)
def test_a_cell_that_is_no_plain_number_names_the_option_that_reads_it(cells, says, options):
    with pytest.raises(InputError) as refused:
        column(cells)
    said = str(refused.value)
    assert "x: " in said and "first in row 1" in said and says in said
    for name, value in options.items():
        flag = value if isinstance(value, str) else value[0] if value is not True else ""
        assert re.search(rf"--{name} ?\"?{re.escape(flag)}", said), said
    if "decimal" not in options and any("," in one for one in cells) and "." in options.values():
        options = {**options, "decimal": ","}
    _, read = column(cells, Format(**options))
    assert np.isfinite(read).any()


def test_either_reading_of_a_comma_is_offered():
    with pytest.raises(InputError, match="--thousands , or --decimal , whichever is meant"):
        column(["1,234", "998"])
    assert column(["1,234"], Format(thousands=","))[1].tolist() == [1234.0]
    assert column(["1,234"], Format(decimal=","))[1].tolist() == [1.234]


@pytest.mark.parametrize("cell", ["Anna 1975", "two", "77 Main Street", "<script>"])
def test_words_are_never_told(cell):
    with pytest.raises(InputError) as refused:
        column([cell])
    assert not any(word in str(refused.value) for word in cell.split())
    assert numbers.shape(cell) == ""


@pytest.mark.parametrize("cell", ["1.5", "12.34.5", "1234.567", "0.123"])
def test_marks_of_thousands_stand_every_three_digits(cell):
    with pytest.raises(InputError, match="is not a number"):
        column([cell], Format(thousands="."))


def test_a_percentage_is_as_written_or_a_share_where_one_is_asked_for():
    import ibis

    table = tables.open_table(ibis.memtable({"x": ["45.3%", "54.7 %"]}), form=Format(percent=True))
    assert table.numbers("x").fetch("x")["x"].tolist() == [45.3, 54.7]
    shares = table.numbers("x", least=0, most=1).fetch("x")["x"]
    np.testing.assert_allclose(shares, [0.453, 0.547], rtol=1e-12)


def test_a_sign_in_some_cells_alone_is_refused():
    with pytest.raises(InputError, match="some cells have a percent sign and some have none"):
        column(["45.3%", "0.547"], Format(percent=True))


def test_one_mark_is_not_for_thousands_and_decimals():
    with pytest.raises(InputError, match="both thousands and decimals"):
        Format(thousands=",", decimal=",")
    with pytest.raises(InputError, match="did you mean 'space'"):
        Format(thousands="spce")


def test_real_tables_are_read_without_a_doubt():
    """No column of numbers of a real table is refused, and hardly one is asked about."""
    folder = Path(os.environ.get("DATA", ""))
    if not os.environ.get("DATA") or not folder.is_dir():
        pytest.skip("DATA names no folder with these tables")
    number = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
    looks = {"grouped": re.compile(numbers.GROUPED), "small": re.compile(numbers.SMALL)}
    seen = noted = 0
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            header = next(rows)
            cells = [set() for _ in header]
            for row in rows:
                for kept, cell in zip(cells, row, strict=True):
                    if cell.strip() and len(kept) < 3000:
                        kept.add(cell.strip())
        for name, values in zip(header, cells, strict=True):
            if not values or not all(number.fullmatch(one) for one in values):
                continue
            counts = {key: sum(map(bool, map(p.match, values))) for key, p in looks.items()}
            zeros = sum(bool(re.match(numbers.ZERO, one)) for one in values)
            counts["settled"] = len(values) - counts["grouped"] - counts["small"] - zeros
            assert not numbers.doubtful(counts, ","), f"{path.name}: {name}"
            noted += numbers.undecided(counts)
            seen += 1
    assert seen > 50 and noted <= 5  # a published table of a few rows
