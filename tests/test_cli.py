import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from datapolis import cli
from datapolis.cli import shared
from datapolis.core.errors import StoreError
from datapolis.studies import pipeline
from datapolis.studies.inputs import build_world, read_inputs
from datapolis.studies.study import read_study

TABLE = "month,firm,reach\n" + "".join(
    f"{month},firm{number},0.{number}\n"
    for month in ("2018-01", "2018-02")
    for number in range(1, 7)
)
STUDY = """schema = 2
title = "A study"
[world]
citizens = 200
months = 12
[world.firms]
table = "firms.csv"
name = "firm"
weight = "reach"
time = "month"
[parameters]
law.lag = 24
[policies.watchdog]
antitrust = { when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }
[ensemble]
members = 2
"""


@pytest.fixture
def write(tmp_path):
    def write(study=STUDY, table=TABLE):
        (tmp_path / "study.toml").write_text(study)
        if table is not None:
            (tmp_path / "firms.csv").write_text(table)
        return tmp_path / "study.toml", tmp_path / "out"

    return write


def call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


BAD_INPUT = {
    "unknown key": (
        STUDY.replace("citizens", "citizen"),
        TABLE,
        "study.toml:4: world.citizen: no such key; did you mean 'citizens'?",
    ),
    "wrong type": (
        STUDY.replace("months = 12", 'months = "12"'),
        TABLE,
        "study.toml:5: world.months: of the wrong type (given: '12'); allowed: a whole number",
    ),
    "out of range": (
        STUDY.replace("law.lag = 24", "law.lag = 2"),
        TABLE,
        "study.toml:12: parameters.law.lag: out of range (given: 2); allowed: 12 to 240 month",
    ),
    "missing file": (
        STUDY.replace("firms.csv", "frims.csv"),
        TABLE,
        "study.toml:7: world.firms.table: no such file beside the study (given: 'frims.csv'); "
        "allowed: a .csv, .tsv or .parquet file; see --data; did you mean 'firms.csv'?",
    ),
    "missing column": (
        STUDY.replace('"reach"', '"raech"'),
        TABLE,
        "firms.csv: raech: a column is missing; allowed: month, firm, reach; did you mean 'reach'?",
    ),
    "missing month": (
        STUDY.replace('time = "month"', 'time = "month"\nmonth = "2018-3"'),
        TABLE,
        "study.toml:11: world.firms.month: no such month in the table (given: '2018-3'); "
        "allowed: 2018-01 to 2018-02; did you mean '2018-02'?",
    ),
    "negative weight": (
        STUDY,
        TABLE.replace("0.3", "-0.3", 1),
        "firms.csv: reach: row 3 is negative (given: -0.3); allowed: a number of at least 0",
    ),
    "duplicate name": (
        STUDY,
        TABLE.replace("firm4", "firm3", 1),
        "firms.csv: month and firm: a name stands twice, in rows 3 and 4; allowed: each once",
    ),
    "empty table": (
        STUDY,
        "month,firm,reach\n",
        "firms.csv: the table is empty; allowed: a header and at least one row",
    ),
    "NaN": (
        STUDY,
        TABLE.replace("0.3", "nan", 1),
        "firms.csv: reach: row 3 is not a number; allowed: a number of at least 0",
    ),
    "no index": (
        STUDY.replace("top_fifth_share", "top_fith_share"),
        TABLE,
        "study.toml:14: policies.watchdog.antitrust.when: a rule on an index that does not exist "
        "(given: 'top_fith_share'); did you mean 'top_fifth_share'?",
    ),
    "newer version": (
        STUDY.replace("schema = 2", "schema = 3"),
        TABLE,
        "study.toml:1: schema: made for a newer datapolis; update datapolis to run it (given: 3); "
        "allowed: 1, 2",
    ),
    "too few firms": (
        STUDY,
        "month,firm,reach\n2018-01,a,1\n2018-01,b,1\n",
        "firms.csv: firm: 2 firms are too few for a society; allowed: 4 or more",
    ),
    "nobody has anything": (
        STUDY,
        "month,firm,reach\n" + "".join(f"2018-01,{name},0\n" for name in "abcde"),
        "firms.csv: reach: nobody has anything in a period (given: '2018-01')",
    ),
}


@pytest.mark.parametrize("kind", BAD_INPUT)
@pytest.mark.parametrize("command", ["run", "simulate"])
def test_bad_input_ends_in_one_message_and_nothing_written(write, tmp_path, command, kind):
    study, table, message = BAD_INPUT[kind]
    path, out = write(study, table)
    result = call(command, path, out)
    assert result.stderr == message + "\n"
    assert result.exit_code == 2 and result.stdout == ""
    assert sorted(one.name for one in tmp_path.iterdir()) == ["firms.csv", "study.toml"]


def test_bad_input_leaves_earlier_results_alone(write):
    path, out = write(STUDY.replace("law.lag = 24", "law.lag = 2"))
    out.mkdir()
    (out / "results").write_text("earlier")
    assert call("run", path, out).exit_code == 2
    assert [one.name for one in out.iterdir()] == ["results"]


def test_a_folder_that_cannot_be_used_ends_with_3(write):
    path, out = write()
    out.mkdir()
    (out / "diary.txt").write_text("mine")
    result = call("run", path, out)
    assert result.exit_code == 3
    assert result.stderr == (
        f"{out}: holds other files (diary.txt); use an empty or a new folder\n"
    )
    result = call("report", out)
    assert result.exit_code == 3 and "holds no results" in result.stderr


def test_a_missing_data_folder_and_a_bad_seed(write, tmp_path):
    path, out = write()
    result = call("run", path, out, "--data", tmp_path / "nowhere")
    assert result.exit_code == 2 and "--data: no such folder" in result.stderr
    result = call("simulate", path, out, "--seed", "-1")
    assert result.exit_code == 2 and "--seed: out of range" in result.stderr


def test_tables_are_found_in_the_data_folder_and_optional_ones_are_told(write, tmp_path):
    graph = '[world.graph]\ntable = "graph.csv"\nfrom = "a"\nto = "b"\noptional = true\n'
    path, _ = write(STUDY + graph, table=None)
    data = tmp_path / "data"
    data.mkdir()
    (data / "firms.csv").write_text(TABLE)
    inputs = read_inputs(read_study(path), data)
    assert [one["part"] for one in inputs.files] == ["firms"]
    assert inputs.notes[-1] == (
        "[world.graph] The table 'graph.csv' was not found, so this part of the world is "
        "generated. Give the folder that holds it with --data."
    )
    (data / "graph.csv").write_text("a,b\n1,2\n2,3\n")
    inputs = read_inputs(read_study(path), data)
    assert inputs.graph["kind"].tolist() == ["strong", "strong"]


def test_every_part_of_a_world_comes_from_its_table(write, tmp_path):
    files = {
        "bodies.csv": "body\nx\nx\ny\n",
        "groups.csv": "name,sector,wealth\nclub,social,2\nunion,social,\n",
        "ties.csv": "a,b,s\nfirm1,club,0.5\nx,firm2,1\n",
        "people.csv": "a,b,how,n\n1,2,kin,3\n2,3,web,1\n3,1,web,1\n1,3,mail,1\n",
        "incomes.csv": "income,people\n1,5\n2,3\n9,2\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    more = """
[world.agencies]
table = "bodies.csv"
name = "body"
openness = "rows"
[world.organizations]
table = "groups.csv"
name = "name"
sector = "sector"
wealth = "wealth"
[world.ties]
table = "ties.csv"
from = "a"
to = "b"
strength = "s"
[world.graph]
table = "people.csv"
from = "a"
to = "b"
layer = "how"
strong = ["kin"]
weak = ["web"]
weight = "n"
[world.incomes]
table = "incomes.csv"
income = "income"
weight = "people"
"""
    path, _ = write(STUDY + more)
    study = read_study(path)
    inputs = read_inputs(study)
    world = build_world(study, inputs)
    assert world.sizes.firms == 8 and world.sizes.associations == 2
    assert world.sizes.agencies == 2 * (1 + 6) and world.sizes.citizens == 200
    assert {"firm1", "x", "y", "club", "union"} <= set(world.names)
    assert set(inputs.hashes) == {
        "firms", "agencies", "organizations", "ties", "graph", "incomes",
    }  # fmt: skip
    notes = " ".join(inputs.notes)
    assert "layers mail are left out" in notes and "laid out 67 times" in notes


def test_what_layers_and_ends_must_fit(write, tmp_path):
    (tmp_path / "people.csv").write_text("a,b,how\n1,2,kin\n2,3,web\n")
    graph = (
        '[world.graph]\ntable = "people.csv"\nfrom = "a"\nto = "b"\nlayer = "how"\n'
        'strong = ["kni"]\nweak = ["web"]\n'
    )
    path, out = write(STUDY + graph)
    result = call("run", path, out)
    assert result.stderr == (
        "study.toml:22: world.graph.strong.0: no such layer in the table (given: 'kni'); "
        "allowed: kin, web; did you mean 'kin'?\n"
    )
    (tmp_path / "ties.csv").write_text("a,b,s\nfirm1,firm9,0.5\n")
    ties = '[world.ties]\ntable = "ties.csv"\nfrom = "a"\nto = "b"\nstrength = "s"\n'
    path, out = write(STUDY + ties)
    result = call("run", path, out)
    assert result.exit_code == 2 and not out.exists()
    assert result.stderr.startswith("ties.csv: to: row 1 names nobody in the table")


def test_help_is_light():
    script = (
        "import sys\nfrom datapolis import cli\ntry:\n    cli.app(['run', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'jax', 'numpy', 'xarray', 'rich', 'datapolis.studies'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Run STUDY into the folder OUT" in done.stdout


def test_new_writes_a_study_that_fits_and_overwrites_nothing(tmp_path):
    path = tmp_path / "new.toml"
    assert call("new", path).exit_code == 0
    assert "watchdog" in read_study(path).policies
    path.write_text("mine")
    result = call("new", path)
    assert result.exit_code == 3 and "nothing was overwritten" in result.stderr
    assert path.read_text() == "mine"


def test_an_error_of_ours_is_told_without_values(write, monkeypatch):
    def breaks(*_, **__):
        raise ValueError("a secret value")

    monkeypatch.setattr(pipeline, "run", breaks)
    path, out = write()
    result = call("run", path, out)
    assert result.exit_code == 1
    assert "ValueError in test_cli.py" in result.stderr and "secret" not in result.stderr


@pytest.mark.outer
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_says_what_is_kept_and_how_to_go_on(write, number):
    path, out = write()
    command = [sys.executable, "-m", "datapolis.cli", "run", str(path), str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for _ in range(1800):
        if (out / "plan.json").exists():
            break
        time.sleep(0.1)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"Stopped: 0 of 2 batches are done and kept in {out}." in said
    assert f"To go on:\n  datapolis run {path} {out}" in said
    assert "Traceback" not in said


def test_doctor_finds_all_well():
    result = call("doctor")
    assert result.exit_code == 0 and "self-check: all is well" in result.stdout


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys):
    lines = shared.Lines()
    for done in range(0, 121):
        lines("none, members 1 to 8", done, 120)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "  0 %" in said[0] and "100 %" in said[1]


def test_run_ends_with_the_places_of_what_was_made(write, monkeypatch):
    path, out = write()

    def made(study, folder, **_):
        for name in ("report.html", "results.zarr"):
            Path(folder).mkdir(exist_ok=True)
            (Path(folder) / name).write_text("")

    monkeypatch.setattr(pipeline, "run", made)
    result = call("run", path, out)
    assert result.exit_code == 0
    assert result.stdout.split() == [str(out / "report.html"), str(out / "results.zarr")]


def test_a_store_error_from_the_work_is_told(write, monkeypatch):
    def refuses(*_, **__):
        raise StoreError("out: the disk is full")

    monkeypatch.setattr(pipeline, "run", refuses)
    result = call("run", *write())
    assert result.exit_code == 3 and result.stderr == "out: the disk is full\n"
