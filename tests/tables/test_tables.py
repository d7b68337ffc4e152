import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from datapolis import tables
from datapolis.core.errors import InputError


@pytest.fixture
def write(tmp_path):
    def write(text, name="table.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_roles_name_columns_and_types(write):
    path = write("month,firm,reach\n2018-01,Ä,0.5\n2018-01,b,1e-3\n")
    columns = tables.read(path, {"name": "firm", "weight": "reach"}, numbers=["weight"])
    assert list(columns) == ["name", "weight"]
    assert columns["name"].tolist() == ["Ä", "b"]
    assert columns["weight"].dtype == np.float64
    assert columns["weight"].tolist() == [0.5, 0.001]


def test_namibia_and_leading_zeros_stay_text(write):
    path = write("iso2,code\nNA,007\nnull,1\nNaN,2\n")
    columns = tables.read(path, {"place": "iso2", "code": "code"})
    assert columns["place"].tolist() == ["NA", "null", "NaN"]
    assert columns["code"].tolist() == ["007", "1", "2"]


def test_parquet_gives_the_same_as_csv(tmp_path, write):
    csv = write("name,weight\nNA,1\nb,2.5\n")
    path = tmp_path / "table.parquet"
    parquet.write_table(pyarrow.table({"name": ["NA", "b"], "weight": [1.0, 2.5]}), path)
    roles = {"name": "name", "weight": "weight"}
    one, two = (tables.read(file, roles, numbers=["weight"]) for file in (csv, path))
    for role in roles:
        assert one[role].tolist() == two[role].tolist()


def test_whole_numbers_and_dates_of_parquet_fit_their_roles(tmp_path):
    path = tmp_path / "table.parquet"
    when = pyarrow.array([0, 31], pyarrow.date32())
    parquet.write_table(pyarrow.table({"day": when, "count": [1, 2]}), path)
    columns = tables.read(path, {"time": "day", "weight": "count"}, numbers=["weight"])
    assert columns["time"].tolist() == ["1970-01-01", "1970-02-01"]
    assert columns["weight"].tolist() == [1.0, 2.0]


def test_an_optional_column_is_left_out_and_a_gap_becomes_nan(write):
    path = write("name,weight\na,\nb,2\n")
    roles = {"name": "name", "weight": "weight", "more": "more"}
    columns = tables.read(path, roles, numbers=["weight"], optional=["more"], gaps=["weight"])
    assert "more" not in columns
    assert np.isnan(columns["weight"][0]) and columns["weight"][1] == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,wieght\na,1\n", ["weight: a column is missing", "did you mean 'wieght'"]),
        ("name,weight\n", ["table is empty"]),
        ("", ["table is empty"]),
        ("name,weight\na,1\nb,much\n", ["weight: row 2 is not a number", "at least 0"]),
        ("name,weight\na,nan\nb,1\n", ["weight: row 1 is not a number"]),
        ("name,weight\na,inf\nb,1\n", ["weight: row 1 is not a number"]),
        ("name,weight\na,1\nb,\n", ["weight: row 2 is empty"]),
        ("name,weight\na,1\nb,-2\n", ["weight: row 2 is negative", "-2"]),
        ("name,weight\na,1\n,2\n", ["name: row 2 is empty"]),
        ("name,weight\na,1\nb,1\na,2\n", ["name: a name stands twice, in rows 1 and 3"]),
        ("name,name,weight\na,b,1\n", ["name: two columns have this name"]),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_place(write, text, says):
    path = write(text)
    with pytest.raises(InputError) as error:
        tables.read(path, {"name": "name", "weight": "weight"}, numbers=["weight"], unique=["name"])
    message = str(error.value)
    assert message.startswith("table.csv: ") and "\n" not in message
    for part in says:
        assert part in message


def test_names_may_repeat_over_periods(write):
    path = write("month,name\n1,a\n2,a\n1,b\n2,b\n")
    roles = {"time": "month", "name": "name"}
    assert len(tables.read(path, roles, unique=["time", "name"])["name"]) == 4


def test_no_message_shows_what_a_text_cell_says(write):
    path = write("name,weight\nAda Lovelace,secret\nAda Lovelace,1\n")
    for arguments in ({"numbers": ["weight"]}, {"unique": ["name"]}, {"numbers": ["name"]}):
        with pytest.raises(InputError) as error:
            tables.read(path, {"name": "name", "weight": "weight"}, **arguments)
        assert "Ada" not in str(error.value) and "secret" not in str(error.value)


def test_a_file_that_is_not_there_and_one_of_another_kind(write):
    path = write("a\n1\n")
    with pytest.raises(InputError, match=r"tabel.csv: no such file; did you mean 'table.csv'"):
        tables.read(path.with_name("tabel.csv"), {"a": "a"})
    with pytest.raises(InputError, match=r"notes.txt: not a table .* allowed: .csv"):
        tables.read(write("a\n1\n", "notes.txt"), {"a": "a"})
    with pytest.raises(InputError, match="cannot be read as a table"):
        tables.read(write("no parquet", "broken.parquet"), {"a": "a"})


def test_a_table_is_found_in_the_first_folder_that_has_it(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    (two / "a.csv").write_text("x\n1\n")
    assert tables.find("a.csv", [one, two]) == two / "a.csv"
    assert tables.find("b.csv", [one, two]) is None
    (one / "a.csv").write_text("x\n2\n")
    assert tables.find("a.csv", [one, two]) == one / "a.csv"
    assert tables.sha256(one / "a.csv") != tables.sha256(two / "a.csv")


def test_rows_are_counted_by_name():
    names, counts = tables.count_rows(np.array(["b", "a", "b"]))
    assert names.tolist() == ["a", "b"] and counts.tolist() == [1.0, 2.0]
