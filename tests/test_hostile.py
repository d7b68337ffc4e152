"""Hostile input: what is read ends in an answer or in a sentence, and does nothing else.

The short form of `verification/fuzz.py`, and each thing that was once wrong.
"""

import csv
import gzip
import io
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from datapolis import tables
from datapolis.audits import concentration, prices
from datapolis.audits.finding import AUDITS
from datapolis.core.errors import InputError, InputErrors, StoreError
from datapolis.report.measured import page
from datapolis.studies.document.sections import DEEPEST, LARGEST, MOST_SLIPS
from datapolis.studies.study import parse_study
from datapolis.tables import reading
from datapolis.tables.sheets import harmless
from verification import fuzz

HEAD = 'schema = 2\ntitle = "t"\n'
SCRIPT, IMAGE = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'
RAW = ("<script>alert", "<img src=x")
STUDY = Path("study.toml")


def told(text):
    """What is said of a study that does not fit."""
    with pytest.raises(InputError) as caught:
        parse_study(text.encode(), STUDY)
    return str(caught.value)


# --- the fuzzer for a few seconds ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "many"), [("study", 150), ("links", 10), ("tables", 15), ("uploads", 4)]
)
def test_some_hostile_input(target, many, monkeypatch):
    monkeypatch.setattr(fuzz, "PATIENCE", 300)
    seen, wrong = [], []

    def took(given, failed):
        (wrong if failed else seen).append((failed, given))

    fuzz.tries(target, 7, took, most=many)
    assert wrong == [] and len(seen) == many


def test_the_fuzzer_hears_of_what_may_not_be(tmp_path):
    import os

    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    watch = fuzz.Watch(inside)
    watch.folder = inside
    for wrong in (
        lambda: os.system("true"),
        lambda: compile(fuzz.CANARY, "given", "eval"),
    ):
        with pytest.raises(fuzz.Wrong), watch:
            wrong()
    with watch:
        (inside / "fine").write_text("")
    assert not outside.exists()
    with pytest.raises(fuzz.Wrong):
        fuzz.check_html(f"<p><script>{fuzz.CANARY}</script>")
    with pytest.raises(fuzz.Wrong):
        fuzz.check_sheet("a,b\n1,=1+1\n")
    fuzz.check_sheet("a,b\n-1,'=1+1\n")


# --- studies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/b", "..", "a\\\\b", "a b", ""])
def test_what_is_measured_has_a_name_that_stays_in_its_folder(name):
    measured = f'[measure."{name}"]\nkind = "tails"\ntable = "t.csv"\nvalue = "a"\n'
    assert "no name for what is measured" in told(HEAD + measured)


@pytest.mark.parametrize(
    "name", ["/etc/passwd.csv", "../t.csv", "a/../../t.csv", "C:\\\\t.csv", "\\\\\\\\host\\\\t.csv"]
)
def test_a_study_names_no_table_outside_its_folder(name):
    firms = f'[world.firms]\ntable = "{name}"\nname = "a"\nweight = "b"\n'
    measured = f'[measure.m]\nkind = "tails"\ntable = "{name}"\nvalue = "a"\n'
    several = f'[measure.m]\nkind = "tails"\ntables = ["{name}"]\nvalue = "a"\n'
    for part in (firms, measured, several):
        assert "a table outside the folder" in told(HEAD + part)


def test_tables_in_folders_beside_a_study_are_found():
    firms = '[world.firms]\ntable = "data/t.csv"\nname = "a"\nweight = "b"\n'
    assert parse_study((HEAD + firms).encode(), STUDY).world.firms.table == "data/t.csv"


@pytest.mark.parametrize("name", ["x" * 5_000, "a\\u0000b", "\\U0001F600" * 200])
def test_a_name_that_no_file_can_have_is_not_found(name, tmp_path):
    from datapolis.studies.inputs import read_inputs

    firms = f'[world.firms]\ntable = "{name}"\nname = "a"\nweight = "b"\n'
    study = parse_study((HEAD + firms).encode(), tmp_path / "study.toml")
    with pytest.raises(InputError, match="no"):
        read_inputs(study)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5_000 + "]" * 5_000,
        "a = " + "{ b = " * 2_000 + "1" + " }" * 2_000,
        "[" + "a." * 900 + "b]\nc = 1",
        "seed = 1" + "0" * 5_000,
        "schema = 0x" + "f" * 5_000,
        "a" + ".a" * 50_000 + " = 1",
        "#" * (LARGEST + 1),
        "\n".join(f"k{n} = {n}" for n in range(80_000)),
        "[ensemble]\nvary = [" + ", ".join(f'"p{n}"' for n in range(60_000)) + "]",
        "[parameters]\n" + "\n".join(f"law.l{n} = 1" for n in range(30_000)),
        '[policies.p]\nantitrust = { when = "x", above = 1.0 }\n',
    ],
    ids=lambda text: text[:12],
)
def test_a_study_that_is_too_much_is_told_soon(text):
    began = time.process_time()
    said = told(text if "schema" in text else HEAD + text)
    assert time.process_time() - began < 10
    assert len(said) < 60_000 and "Traceback" not in said


def test_slips_are_told_up_to_a_number():
    with pytest.raises(InputErrors) as caught:
        parse_study((HEAD + "\n".join(f"k{n} = 1" for n in range(500))).encode(), STUDY)
    assert len(caught.value.errors) == MOST_SLIPS
    assert "too deep" in told(HEAD + "[measure.m]\na = " + "[" * DEEPEST + "]" * DEEPEST)


@pytest.mark.parametrize("key", ["", "<a", "<rule>", "a.b", "\\u0000", "=1"])
@pytest.mark.parametrize("head", ["", "[world]\n", "[policies.p]\n", "[parameters]\n"])
def test_keys_of_any_kind_are_told(key, head):
    assert "no such" in told(HEAD + head + f'"{key}" = 1\n')


def test_a_value_is_told_in_part():
    assert len(told(HEAD + f'[world]\ncitizens = "{"x" * 100_000}"')) < 1_000


def test_options_of_an_audit_hold_texts_and_numbers():
    head = HEAD + '[measure.m]\nkind = "prices"\ntable = "t.csv"\noutcome = "a"\n'
    for wrong in ("within = [[1]]", "within = [{ a = 1 }]", "groups = { a = [1] }", "by = [true]"):
        assert "holds more than texts and numbers" in told(head + wrong)


# --- formulas ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["log(__import__('os').system('touch ran'))", "__import__('os')", "log(a) + 1", "a<b<1"]
)
def test_an_outcome_is_a_column_and_never_code(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = {"a": np.arange(1.0, 41.0), "g": np.array(["x", "y"] * 20), "u": np.arange(40)}
    with pytest.raises(InputError):
        prices(table, outcome=text, within=["g"], by=["g"], unit="u")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\n=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("-1.5", "-1.5"),
        ("+2e-3", "+2e-3"),
        ("plain, = text", "plain, = text"),
        ("", ""),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_no_cell_is_a_formula_and_numbers_stay(cell, kept):
    assert harmless(cell) == kept


def formulas(text):
    """Cells that a spreadsheet would compute."""
    found = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    return [one for one in found if harmless(one) != one]


def test_files_for_spreadsheets_hold_no_formula(tmp_path):
    from datapolis.app.exports import findings

    path = tmp_path / "=cmd.csv"
    names = [f"=HYPERLINK({n})" for n in range(6)] + ["@x", "-y", "+z", "\tt"]
    path.write_text("holder,amount\n" + "".join(f'"{n}",{i + 1}\n' for i, n in enumerate(names)))
    found = concentration(path, holder="holder", amount="amount", basis="amount", public=True)
    hostile = replace(
        found,
        findings=tuple(
            replace(one, of="=1+1", says="-2+3", units="a\r=1 a", unit="\r\n@x")
            for one in found.findings
        ),
    )
    folder = hostile.save(tmp_path / "out")
    for text in (
        (folder / "findings.csv").read_text(),
        zipfile.ZipFile(io.BytesIO(findings(hostile))).read("findings.csv").decode(),
    ):
        rows = list(csv.DictReader(io.StringIO(text)))
        assert formulas(text) == [] and {row["of"] for row in rows} == {"'=1+1"}
        for row, one in zip(rows, found.findings, strict=True):
            assert np.isnan(one.estimate) or float(row["estimate"]) == one.estimate


# --- HTML ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", [SCRIPT, IMAGE])
def test_what_a_table_holds_stands_in_no_page_as_a_tag(hostile, tmp_path):
    from datapolis.app.components import file_name
    from datapolis.app.exports import audit_note
    from datapolis.app.pages.measure import answer

    table = {
        hostile: [f"{hostile}{n}" for n in range(12)],
        f"{hostile}2": np.arange(1.0, 13.0),
        f"{hostile}3": [f"{hostile}t"] * 6 + ["u"] * 6,
    }
    found = concentration(
        tables.open_table(table, name=hostile),
        holder=hostile,
        amount=f"{hostile}2",
        time=f"{hostile}3",
        basis="amount",
        public=True,
    )
    told = [page([found], title=hostile), answer(found, False), audit_note(found)]
    told.append(found._repr_html_())
    assert any("&lt;script" in one or "&lt;img" in one for one in told)
    for one in told:
        assert not [raw for raw in RAW if raw in one]
    assert "<" not in file_name(f"{hostile}.csv") and '"' not in file_name(f"{hostile}.csv")


def test_results_in_a_notebook_hold_no_tag():
    import xarray

    import datapolis.report.notebook  # registers the accessor

    values = np.linspace(0.1, 0.9, 2 * 2 * 4).reshape(2, 2, 4)
    results = xarray.Dataset(
        {"trust": (("policy", "member", "month"), values, {"units": IMAGE, "long_name": SCRIPT})},
        {"policy": [SCRIPT, IMAGE], "member": [0, 1], "month": range(4)},
    )
    html = results.datapolis._repr_html_()
    assert not [raw for raw in RAW if raw in html]
    assert datapolis.report.notebook is not None


# --- tables --------------------------------------------------------------------------------------


def refused(path, match, **named):
    """Both readers refuse a file, in words."""
    for read in (
        lambda: tables.read(path, {"one": "a", "two": "b"}, numbers=("two",), **named),
        lambda: tables.open_table(path).fetch("a", "b"),
    ):
        with pytest.raises(InputError, match=match):
            read()


def test_a_packed_table_may_not_unpack_to_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "AT_LEAST", 1_000_000)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"0,0\n" * 5_000_000))
    refused(path, "unpacks to far more")
    path.write_bytes(gzip.compress(b"a,b\nx,1\n")[:-6])
    refused(path, "cannot be read")
    path.write_bytes(gzip.compress(b"a,b\nx,1\n")[:10] + b"\xff" * 20)  # zlib's own error
    refused(path, "cannot be read")
    path.write_bytes(gzip.compress(b"a,b\nx,1\n"))
    assert tables.open_table(path).n_rows == 1


def test_a_very_long_cell_is_told(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "x" * 5_000_000 + ",1\n")
    refused(path, "cannot be read")
    rows = "".join(f"n{n},1\n" for n in range(2_000))
    path.write_text("a,b\n" + rows + "x" * 1_500_000 + ",1\n")
    refused(path, "too long to be a name")
    path.write_text("a,b," + "x" * 200_000 + "\nn,1,2\n")
    with pytest.raises(InputError):
        tables.read(path, {"one": "a"})


def test_very_many_columns_are_told_soon(tmp_path):
    from datapolis.app.bounds import check_size

    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{n}" for n in range(1_000_000)) + "\n" + ",".join("1" * 100) + "\n")
    began = time.process_time()
    with pytest.raises(InputError, match="too many columns"):
        check_size(path)
    refused(path, "100 cells where the header has 1000000")
    assert time.process_time() - began < 20


def test_a_small_file_of_very_many_rows_is_told_before_it_is_opened(tmp_path, monkeypatch):
    from datapolis.app import bounds

    path = tmp_path / "same.parquet"
    parquet.write_table(pyarrow.table({"a": pyarrow.array(np.zeros(3_000_000, np.int8))}), path)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(bounds, "MOST_ROWS", 2_000_000)
    with pytest.raises(InputError, match="too many rows"):
        bounds.check_size(path)


@pytest.mark.parametrize("name", ["a?.csv", "a*.csv", "[ab]1.csv", "a[1].csv"])
def test_a_name_stands_for_one_file(name, tmp_path):
    (tmp_path / "a1.csv").write_text("a,b\nanother,1\n")
    path = tmp_path / name
    path.write_text("a,b\nown,1\n")
    assert tables.read(path, {"one": "a"})["one"].tolist() == ["own"]
    assert tables.open_table(path).fetch("a")["a"].tolist() == ["own"]


def test_a_table_that_is_no_file_is_told(tmp_path):
    for name in ("t.csv", "x" * 5_000 + ".csv", "a\0b.csv"):
        (tmp_path / "t.csv").mkdir(exist_ok=True)
        refused(tmp_path / name, "no such file|not a table")


@pytest.mark.parametrize("kind", list(AUDITS))
def test_no_audit_leaves_a_trace_of_its_errors(kind, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f'"{SCRIPT}","=1+1","a\'b"\n' + "".join(f"{n},{n},x\n" for n in range(30)))
    given = {"suffix": ".csv", "kind": kind, "columns": [SCRIPT, "=1+1", "a'b"], "options": {}}
    try:
        fuzz.check_audit(fuzz.asked(path, given), tmp_path)
    except (InputError, StoreError) as error:
        assert str(error)
