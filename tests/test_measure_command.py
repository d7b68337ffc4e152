"""The command `measure`, and [measure] in a study: doors to the audits."""

import inspect
import json
import shlex
from pathlib import Path
from typing import get_type_hints

import pytest
import typer
from typer.testing import CliRunner

from datapolis import audits, cli
from datapolis.audits import Audit
from datapolis.cli.measure import measure_app
from datapolis.core.errors import InputError
from datapolis.studies import measured
from datapolis.studies.study import parse_study

TABLE = "month,firm,reach\n" + "".join(
    f"{month},firm{number},0.{number:02}\n"
    for month in ("2018-01", "2018-02")
    for number in range(1, 16)
)
OPTIONS = ["--holder", "firm", "--amount", "reach", "--time", "month", "--basis", "presence"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "firms.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def call(*arguments):
    return CliRunner().invoke(cli.app, ["measure", *map(str, arguments)])


def test_every_audit_is_a_command():
    shown = call("--help").output
    for kind in audits.AUDITS:
        assert f"\n  {kind}" in shown
    assert call().output == shown


@pytest.mark.parametrize("kind", audits.AUDITS)
def test_every_option_is_explained_on_the_command_line(kind):
    result = call(kind, "--help")
    assert result.exit_code == 0, result.output
    hints = get_type_hints(audits.AUDITS[kind], include_extras=True)
    for name, one in inspect.signature(audits.AUDITS[kind]).parameters.items():
        if str(one.annotation).startswith("Source") or name == "progress":
            continue
        assert f"--{name.replace('_', '-')}" in result.output
        words = hints[name].__metadata__[0]
        assert words.split()[0] in result.output


def test_findings_are_printed_and_a_folder_is_written(file, tmp_path):
    out = tmp_path / "out"
    result = call("concentration", file, *OPTIONS, "--out", out)
    assert result.exit_code == 0, result.output
    assert "top_fifth_share" in result.stdout and "It cannot say:" in result.stdout
    assert {one.name for one in out.iterdir()} == {
        "audit.json",
        "findings.csv",
        "report.html",
        "targets.parquet",
    }
    kept = Audit.load(out)
    again = audits.concentration(
        file, holder="firm", amount="reach", time="month", basis="presence"
    )
    assert kept["gini", "2018-01"] == again["gini", "2018-01"]
    assert kept.options["basis"] == "presence"
    assert "<script" in (out / "report.html").read_text(encoding="utf-8")
    refused = call("concentration", file, *OPTIONS, "--out", out)
    assert refused.exit_code == 3 and "nothing was written" in refused.stderr


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["concentration"], "TABLE"),
        (["concentration", "missing.csv", *OPTIONS], "no such file"),
        (["concentration", "{file}", *OPTIONS[:-1], "shares"], "shares"),
        (["concentration", "{file}", "{file}", *OPTIONS], "2 tables were given"),
        (["concentration", "{file}", *OPTIONS, "--within", "mnth"], "did you mean 'month'"),
    ],
)
def test_wrong_command_lines(file, arguments, says):
    result = call(*[file if one == "{file}" else one for one in arguments])
    assert result.exit_code == 2
    assert says in result.stderr + result.stdout
    assert "Traceback" not in result.output


def test_what_is_written_in_html_is_escaped(tmp_path):
    path = tmp_path / "firms.csv"
    path.write_text(TABLE.replace("firm15", "<script>alert(1)</script>"), encoding="utf-8")
    out = tmp_path / "out"
    assert call("concentration", path, *OPTIONS, "--public", "--out", out).exit_code == 0
    assert "<script>alert(1)" not in (out / "report.html").read_text(encoding="utf-8")


# --- in a study --------------------------------------------------------------------------------

STUDY = """schema = 2
title = "A study"
[world]
citizens = 200
months = 12
[measure.trackers]
kind = "concentration"
table = "firms.csv"
holder = "firm"
amount = "reach"
time = "month"
basis = "presence"
"""


def test_a_study_measures(file):
    study = parse_study(STUDY.encode(), file.with_name("study.toml"))
    found, notes = measured.measure(study, [file.parent])
    assert found["trackers"].kind == "concentration" and not notes
    assert json.loads(json.dumps(found["trackers"].as_json()))["options"]["holder"] == "firm"


def test_an_optional_table_is_left_out_and_told(file):
    text = STUDY.replace("firms.csv", "others.csv") + "optional = true\n"
    study = parse_study(text.encode(), file.with_name("study.toml"))
    found, notes = measured.measure(study, [file.parent])
    assert not found and "others.csv was not found" in notes[0]


@pytest.mark.parametrize(
    "old, new, says",
    [
        ('"concentration"', '"concentratio"', "no such audit"),
        ('"concentration"', '"concentratio"', "did you mean 'concentration'"),
        ('holder = "firm"', 'holdr = "firm"', "did you mean 'holder'"),
        ('holder = "firm"\n', "", "an option is missing; allowed: holder"),
        ('holder = "firm"', "holder = 5", "of another kind (given: 5); allowed: text"),
        ('"presence"', '"share"', "of another kind (given: 'share'); allowed: market, amount"),
        ('table = "firms.csv"\n', "", "0 tables"),
    ],
)
def test_slips_are_told_with_their_line(file, old, new, says):
    with pytest.raises(InputError) as refused:
        parse_study(STUDY.replace(old, new).encode(), file.with_name("study.toml"))
    assert says in str(refused.value) and str(refused.value).startswith("study.toml:")


def test_what_an_earlier_run_kept_is_not_measured_again(file, tmp_path, monkeypatch):
    study = parse_study(STUDY.encode(), file.with_name("study.toml"))
    found, _ = measured.measure(study, [file.parent])
    kept = tmp_path / "audits"
    kept.mkdir()
    (kept / "trackers.json").write_text(json.dumps(found["trackers"].as_json()), encoding="utf-8")

    def again(*_, **__):
        raise InputError("measured again")

    monkeypatch.setitem(audits.AUDITS, "concentration", again)
    earlier, _ = measured.measure(study, [file.parent], kept=kept)
    assert earlier["trackers"].findings[0].name == found["trackers"].findings[0].name
    file.write_text(TABLE.replace("0.01", "0.02"), encoding="utf-8")
    with pytest.raises(InputError, match=r"measure\.trackers: measured again"):
        measured.measure(study, [file.parent], kept=kept)


def test_a_missing_table_names_the_nearest(file):
    text = STUDY.replace('"firms.csv"', '"frims.csv"')
    study = parse_study(text.encode(), file.with_name("study.toml"))
    with pytest.raises(InputError, match=r"did you mean 'firms\.csv'"):
        measured.measure(study, [file.parent])


# --- in the documents --------------------------------------------------------------------------

ROOT = Path(__file__).parents[1]


def written():
    """Every command `datapolis measure KIND ...` in the documents, as a list of words."""
    for document in (ROOT / "README.md", ROOT / "docs" / "measure.md"):
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            words = (
                shlex.split(line, comments=True) if line.startswith("datapolis measure ") else []
            )
            if len(words) > 3 and "--help" not in words:
                yield pytest.param(words[2:], id=f"{document.name} {words[2]}")


@pytest.mark.parametrize("words", list(written()))
def test_commands_in_the_documents_are_understood(words):
    group = typer.main.get_command(measure_app(lambda one: one, lambda: None))
    command = group.commands[words[0]]
    understood = command.make_context(words[0], words[1:])
    assert understood.params["tables"]


def test_every_kind_is_shown_in_the_documents():
    shown = {one.values[0][0] for one in written()}
    assert shown == set(audits.AUDITS)
