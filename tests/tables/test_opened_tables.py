"""Opened tables: what is read, what is refused, on both engines."""

import hashlib

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

from datapolis import tables
from datapolis.core.errors import InputError

CSV = 'city,code,price,when\nBergen,NA,1.5,2014-06-27\n"Oslo, west",NO,2,2014-06-28\n'


@pytest.fixture
def file(tmp_path):
    def write(text=CSV, name="offers.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_cells_of_a_file(file):
    rows = tables.open_table(file()).text("city", "code").numbers("price").dates("when")
    found = rows.fetch("city", "code", "price", "when")
    assert found["city"].tolist() == ["Bergen", "Oslo, west"]
    assert found["code"].tolist() == ["NA", "NO"]
    assert found["price"].tolist() == [1.5, 2.0]
    assert found["when"].astype(str).tolist() == ["2014-06-27", "2014-06-28"]
    assert rows.sha256 == hashlib.sha256(file().read_bytes()).hexdigest()


FRAME = {"name": ["a", "b"], "value": [1.0, 2.5]}


@pytest.mark.parametrize(
    "source",
    [
        FRAME,
        pd.DataFrame(FRAME),
        pyarrow.table(FRAME),
        polars.DataFrame(FRAME),
    ],
    ids=["mapping", "pandas", "arrow", "polars"],
)
def test_every_kind_of_table(source):
    rows = tables.open_table(source).text("name").numbers("value")
    assert rows.n_rows == 2
    found = rows.fetch("name", "value")
    assert (found["name"].tolist(), found["value"].tolist()) == (["a", "b"], [1.0, 2.5])


@pytest.mark.parametrize(
    "price, says",
    [
        ("", "1 cell: is empty"),
        ("two", "1 cell: is not a number"),
        ('"1,234"', "1 cell: is not a number"),
        ("nan", "1 cell: is out of range"),
        ("-1", "1 cell: is out of range; allowed: a number of at least 0"),
        ("inf", "1 cell: is out of range"),
    ],
)
def test_a_cell_that_is_no_number_is_told_without_the_cell(file, price, says):
    path = file(CSV.replace("1.5", price))
    with pytest.raises(InputError) as refused:
        tables.open_table(path).numbers("price", least=0)
    assert says in str(refused.value)
    assert "offers.csv: price" in str(refused.value)
    assert "two" not in str(refused.value) and "1,234" not in str(refused.value)


def test_gaps_are_nan_where_they_are_allowed(file):
    rows = tables.open_table(file(CSV.replace("1.5", ""))).numbers("price", gaps=True)
    assert np.isnan(rows.fetch("city", "price")["price"][0])


def test_exact_duplicates_are_counted_and_dropped_if_asked(file):
    path = file(CSV + "Bergen,NA,1.5,2014-06-27\n")
    kept = tables.open_table(path)
    assert (kept.n_rows, kept.n_duplicates, kept.count()) == (3, 1, 3)
    assert any("repeat another row exactly; they are kept" in note for note in kept.notes)
    dropped = tables.open_table(path, duplicates="drop")
    assert (dropped.n_rows, dropped.n_duplicates, dropped.count()) == (3, 1, 2)


def test_rows_are_left_out_as_asked(file):
    rows = tables.open_table(file(), drop="code=NA")
    assert (rows.count(), rows.n_dropped) == (1, 1)
    assert tables.open_table(rows, drop="code=NO,XX").count() == 0
    with pytest.raises(InputError, match="column=value"):
        tables.open_table(file(), drop="code")
    with pytest.raises(InputError, match="did you mean 'code'"):
        tables.open_table(file(), drop="cod=NA")


def test_reductions(file):
    rows = tables.open_table(file(CSV * 1 + "Bergen,NA,3,2014-06-29\n")).numbers("price")
    found = rows.group(["city"], total=rows["price"].sum())
    assert found["city"].tolist() == ["Bergen", "Oslo, west"]
    assert found[tables.derived("total")].tolist() == [4.5, 2.0]
    assert found[tables.N].tolist() == [2, 1]
    assert rows.group([], total=rows["price"].sum())[tables.derived("total")].tolist() == [6.5]
    with pytest.raises(InputError, match="1 keys stand in more than one row"):
        rows.check_unique("city")


def test_what_is_derived_never_bears_the_name_of_a_column(file):
    rows = tables.open_table(file("n,Total\na,1\na,2\nb,4\n")).numbers("Total")
    found = rows.group(["n"], total=rows["Total"].sum())
    assert found["n"].tolist() == ["a", "b"]
    assert found[tables.N].tolist() == [2, 1]
    assert found[tables.derived("total")].tolist() == [3.0, 4.0]
    more = rows.mutate(total=2 * rows["Total"])
    assert more.fetch("Total", tables.derived("total"))[tables.derived("total")].tolist() == [
        2,
        4,
        8,
    ]
    assert rows.check_unique("n", "Total") is rows
    assert rows.recode("n", rows["n"].upper()).fetch("n")["n"].tolist() == ["A", "A", "B"]
    with pytest.raises(InputError, match="a column is missing"):
        rows.recode("total", rows["n"])
    with pytest.raises(ValueError, match="derived twice"):
        more.mutate(total=rows["Total"])
    with pytest.raises(ValueError, match="grouped by what is counted"):
        more.group([tables.derived("total")], total=rows["Total"].sum())
    with pytest.raises(InputError, match="none may begin with 'datapolis '"):
        tables.open_table({"Datapolis N": [1]})


@pytest.mark.parametrize("second", ["a", "A"])
def test_two_columns_of_one_name_are_refused_however_they_come(file, tmp_path, second):
    import pandas
    import polars
    import pyarrow
    from pyarrow import parquet

    arrow = pyarrow.table([["1"], ["2"], ["3"]], names=["a", second, "a_1"])
    parquet.write_table(arrow, tmp_path / "twice.parquet")
    sources = [
        file(f"a,{second},a_1\n1,2,3\n"),
        file(f"a\t{second}\n1\t2\n", "twice.tsv"),
        tmp_path / "twice.parquet",
        arrow,
        pandas.DataFrame([["1", "2"]], columns=["a", second]),
        *([] if second == "a" else [{"a": [1], "A": [2]}, polars.DataFrame({"a": [1], "A": [2]})]),
    ]
    for source in sources:
        with pytest.raises(InputError, match="two columns have this name"):
            tables.open_table(source)


def test_a_cell_that_repeats_a_name_is_no_second_column(file):
    rows = tables.open_table(file("a,b,a_1\nb,b,A\n", "once.csv"))
    assert rows.columns == ["a", "b", "a_1"]


@pytest.mark.parametrize(
    "name, text, says",
    [
        ("offers.xlsx", "x", "not a table that can be read"),
        ("offers.csv", "", "the table is empty"),
        ("offers.csv", "city,price\n", "the table is empty"),
        ("offers.parquet", "no parquet", "cannot be read as a table"),
    ],
)
def test_what_is_no_table_is_refused(file, name, text, says):
    with pytest.raises(InputError, match=says):
        tables.open_table(file(text, name))


def test_an_encoding_must_be_given_where_it_is_not_utf_8(file):
    path = file(CSV.replace("Bergen", "Tromsø"), encoding="latin-1")
    with pytest.raises(InputError, match="UTF-8 unless an encoding is given"):
        tables.open_table(path).text("city").fetch("city")
    rows = tables.open_table(path, encoding="latin-1").text("city")
    assert rows.fetch("city")["city"].tolist() == ["Oslo, west", "Tromsø"]


@pytest.mark.parametrize(
    "source",
    [
        5,
        {"a": [1, 2], "b": [1]},
        pd.DataFrame({"a": [1, "x", 2.5]}),
    ],
    ids=["number", "lengths", "mixed"],
)
def test_what_is_no_table_in_memory_is_refused(source):
    with pytest.raises(InputError):
        tables.open_table(source).numbers("a")


def test_a_missing_file_names_the_nearest(file):
    path = file()
    with pytest.raises(InputError, match=r"did you mean 'offers\.csv'"):
        tables.open_table(path.with_name("ofers.csv"))
