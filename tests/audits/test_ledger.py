"""The log of releases: it refuses what two releases give away, and holds nothing of the table."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from datapolis import cli
from datapolis.audits import concentration, enforcement
from datapolis.audits.ledger import BUSY, KEY, Ledger, difference, sketch
from datapolis.errors import InputError, StoreError

FINED = {"amount": "fine", "by": "land", "unit": "who"}


def fines(many=120, seed=1):
    random = np.random.default_rng(seed)
    return {
        "who": [f"firm {one:03}" for one in range(many)],
        "land": random.choice(["north", "south", "west"], many).tolist(),
        "side": random.choice(["up", "down"], many).tolist(),
        "fine": np.round(random.lognormal(5, 1, many), 2).tolist(),
    }


def rows_of(table, chosen):
    return {name: [cells[one] for one in chosen] for name, cells in table.items()}


def ids(random, many):
    return random.integers(1, 2**63, many).astype(np.uint64)


# --- sets ----------------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.integers(0, 60), st.integers(0, 5_000))
@settings(max_examples=40, deadline=None)
def test_what_two_sets_do_not_share_is_read_whatever_they_share(seed, apart, common):
    """By definition: the symmetric difference."""
    random = np.random.default_rng(seed)
    left, right, both = (ids(random, many) for many in (apart // 2, apart - apart // 2, common))
    found = difference(sketch(np.append(left, both)) ^ sketch(np.append(right, both)))
    assert found is not None and set(found) == {*left.tolist(), *right.tolist()}


def test_a_large_difference_cannot_be_read():
    random = np.random.default_rng(3)
    assert difference(sketch(ids(random, 2_000))) is None


# --- repeated releases ---------------------------------------------------------------------------


def test_the_same_again_and_a_difference_of_many_are_told(tmp_path):
    log, table = Ledger(tmp_path / "log"), fines()
    log.enter("enforcement", [table], FINED)
    log.enter("enforcement", [table], FINED)
    log.enter("enforcement", [rows_of(table, range(40))], FINED)  # each land loses ten or more
    assert len(log.entries) == 3


@pytest.mark.parametrize("many", [1, 3, 9])
def test_few_rows_more_or_less_are_refused(tmp_path, many):
    log, table = Ledger(tmp_path / "log"), fines()
    log.enter("enforcement", [table], FINED)
    for chosen in (range(120 - many), range(many, 120)):
        with pytest.raises(InputError, match="by subtraction"):
            log.enter("enforcement", [rows_of(table, chosen)], FINED)
    assert len(log.entries) == 1


def test_filters_that_overlap_but_for_few_are_refused(tmp_path):
    """One release without the five of the west, another without any filter."""
    table = fines()
    table["land"] = ["west"] * 5 + ["north"] * 60 + ["south"] * 55
    log = Ledger(tmp_path / "log")
    log.enter("enforcement", [table], FINED)
    with pytest.raises(InputError, match="release 1"):
        log.enter("enforcement", [table], {**FINED, "by": "side", "drop": "land=west"})


def test_two_groupings_that_differ_by_few_are_refused(tmp_path):
    """The north is told; then the upper side, which is the north without three firms."""
    table = fines()
    table["land"] = ["north"] * 60 + ["south"] * 60
    table["side"] = ["up"] * 57 + ["down"] * 63
    log = Ledger(tmp_path / "log")
    log.enter("enforcement", [table], FINED)
    with pytest.raises(InputError, match="a group by side"):
        log.enter("enforcement", [table], {**FINED, "by": "side"})
    log.enter("concentration", [table], {"holder": "who", "amount": "fine"})


def test_a_corrected_amount_of_one_firm_is_refused_though_all_are_the_same_firms(tmp_path):
    log, table = Ledger(tmp_path / "log"), fines()
    log.enter("enforcement", [table], FINED)
    table["fine"][7] += 1000
    with pytest.raises(InputError, match="by subtraction"):
        log.enter("enforcement", [table], FINED)


def test_without_a_unit_each_row_is_one_even_where_rows_repeat(tmp_path):
    table = {"land": ["north"] * 50, "fine": [100.0] * 50}
    log = Ledger(tmp_path / "log")
    log.enter("enforcement", [table], {"amount": "fine", "by": "land"})
    with pytest.raises(InputError, match="by subtraction"):
        log.enter("enforcement", [rows_of(table, range(48))], {"amount": "fine", "by": "land"})


def test_the_difference_that_is_refused_would_have_told_a_fine(tmp_path):
    """The attack itself, without a log: two totals, one firm apart."""
    table = fines()
    sums = [
        enforcement(one, amount="fine", by="land", unit="who", draws=9)["sum"].estimate
        for one in (table, rows_of(table, range(119)))
    ]
    assert sums[0] - sums[1] == pytest.approx(table["fine"][119])


def test_a_public_register_is_not_entered(tmp_path):
    log = Ledger(tmp_path / "log")
    log.enter("enforcement", [fines()], {**FINED, "public": True})
    assert not log.entries


def test_a_threshold_that_the_log_cannot_guard_is_refused(tmp_path):
    with pytest.raises(InputError, match="min_group"):
        Ledger(tmp_path / "log").enter("enforcement", [fines()], {**FINED, "min_group": 500})


def test_a_log_that_is_held_or_broken_tells_nothing(tmp_path):
    log = Ledger(tmp_path / "log")
    (log.folder / BUSY).touch()
    with pytest.raises(StoreError, match="holds the log"):
        log.enter("enforcement", [fines()], FINED)
    (log.folder / BUSY).unlink()
    (log.folder / "ledger.jsonl").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        log.enter("enforcement", [fines()], FINED)
    assert not (log.folder / BUSY).exists()


# --- what the log holds --------------------------------------------------------------------------


def marked(folder):
    """A table with a marker of its own in every cell, and the markers."""
    many = 40
    table = {
        "who": [f"secretfirm{one}x" for one in range(many)],
        "land": [f"secretland{one % 2}x" for one in range(many)],
        "fine": [f"{7_000_000 + 13 * one}.{one + 10}" for one in range(many)],
    }
    path = folder / "fines.csv"
    lines = [",".join(table), *(",".join(row) for row in zip(*table.values(), strict=True))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path, [one for cells in table.values() for one in cells]


def test_log_and_provenance_hold_no_cell(tmp_path):
    path, markers = marked(tmp_path)
    out, log = tmp_path / "out", tmp_path / "log"
    options = ["--amount", "fine", "--holder", "who", "--basis", "amount"]
    call = ["measure", "concentration", str(path), *options, "--out", str(out), "--log", str(log)]
    result = CliRunner().invoke(cli.app, call)
    assert result.exit_code == 0, result.output
    for file in [*out.iterdir(), *log.iterdir()]:
        content = file.read_bytes()
        assert not [one for one in markers if one.encode() in content], file.name
    assert not [one for one in markers if one in result.output]
    entry = Ledger(log).entries[0]
    assert set(entry) == {"date", "kind", "unit", "columns", "sets", "withheld", "records"}
    assert "40" not in json.dumps({**entry, "sets": "", "records": "", "date": "", "unit": "",
                                   "columns": ""})  # fmt: skip


def test_two_logs_of_one_table_have_nothing_in_common(tmp_path):
    """Without the key nothing can be compared, nor a guess be tried."""
    entries = []
    for name in ("one", "other"):
        log = Ledger(tmp_path / name)
        log.enter("enforcement", [fines()], FINED)
        entries.append(log.entries[0])
        assert (log.folder / KEY).stat().st_mode & 0o077 == 0
    assert not set(entries[0]["sets"]) & set(entries[1]["sets"])
    assert entries[0]["records"] != entries[1]["records"]


def test_the_command_refuses_the_second_of_two_releases(tmp_path):
    path, _ = marked(tmp_path)
    short = tmp_path / "short.csv"
    short.write_text("\n".join(path.read_text().splitlines()[:-3]), encoding="utf-8")
    options = ["--amount", "fine", "--holder", "who", "--basis", "amount"]
    options += ["--log", str(tmp_path / "log")]
    for table, code in ((path, 0), (path, 0), (short, 2)):
        result = CliRunner().invoke(cli.app, ["measure", "concentration", str(table), *options])
        assert result.exit_code == code, result.output
    assert "by subtraction" in result.stderr and "secretfirm" not in result.stderr
    assert "gini" not in result.stdout
    assert concentration(short, holder="who", amount="fine", basis="amount")["gini"]
