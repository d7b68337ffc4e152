"""The log of releases: it refuses what two releases give away, and holds nothing of the table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from datapolis import cli
from datapolis.audits import concentration, enforcement
from datapolis.audits.disclosure_log import Ledger
from datapolis.audits.log_folder import BUSY, KEY
from datapolis.audits.sketches import difference, sketch
from datapolis.core.errors import InputError, StoreError

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


def test_the_log_keeps_the_threshold_it_was_made_with(tmp_path):
    log = Ledger(tmp_path / "log")
    log.enter("enforcement", [fines()], FINED)
    with pytest.raises(InputError, match="larger threshold") as refused:
        log.enter("enforcement", [fines()], {**FINED, "min_group": 5})
    assert refused.value.field == "min_group" and len(log.entries) == 1
    log.enter("enforcement", [fines()], {**FINED, "min_group": 20})
    log.enter("enforcement", [fines()], FINED)


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
    for file in [*out.iterdir(), *log.rglob("*")]:
        content = b"" if file.is_dir() else file.read_bytes()
        if file.suffix == ".npz":
            assert file.stat().st_mode & 0o077 == 0
            content = b"".join(one.tobytes() for one in np.load(file).values())
        assert not [one for one in markers if one.encode() in content], file.name
    assert not [one for one in markers if one in result.output]
    entry = Ledger(log).entries[0]
    assert set(entry) == {"date", "kind", "least", "populations"}


def test_two_logs_of_one_table_have_nothing_in_common(tmp_path):
    """Without the key nothing can be compared, nor a guess be tried."""
    entries = []
    for name in ("one", "other"):
        log = Ledger(tmp_path / name)
        log.enter("enforcement", [fines()], FINED)
        entries.append(log.entries[0])
        assert (log.folder / KEY).stat().st_mode & 0o077 == 0
    assert not set(entries[0]["populations"]) & set(entries[1]["populations"])
    ids = [
        set(np.concatenate([np.load(file)["ids"] for file in (tmp_path / name).rglob("*.npz")]))
        for name in ("one", "other")
    ]
    assert len(ids[0]) == len(ids[1]) > 100 and not ids[0] & ids[1]


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


# --- any combination of all releases -------------------------------------------------------------


def cities():
    """Lands A, B and C by city; B is b1 (50), b2 (9) and b3 (41)."""
    many = {"a1": 40, "a2": 30, "b1": 50, "b2": 9, "b3": 41, "c1": 25, "c2": 15}
    city = [name for name, number in many.items() for _ in range(number)]
    fine = np.random.default_rng(5).lognormal(7, 0.5, len(city)).round().astype(int)
    return {
        "who": [f"{name}-{place}" for place, name in enumerate(city)],
        "land": [name[0].upper() for name in city],
        "city": city,
        "fine": fine.tolist(),
    }


def sum_by(audit):
    groups = audit.series["groups"]
    return dict(zip(groups["group"], groups["sum"], strict=True))


def release(log, table, **options):
    """An audit as the command publishes it: audited, entered, and then told."""
    found = enforcement(table, amount="fine", draws=9, **options)
    log.enter("enforcement", [table], {"amount": "fine", **options}, found)
    return found


@pytest.mark.parametrize("unit", ["who", ""])
def test_a_land_less_two_cities_is_refused(tmp_path, unit):
    """Both releases without a log give the nine firms of b2, and their sum, exactly."""
    table = cities()
    lands, by_city = (
        sum_by(enforcement(table, amount="fine", by=by, unit="who", draws=9))
        for by in ("land", "city")
    )
    truth = sum(f for f, c in zip(table["fine"], table["city"], strict=True) if c == "b2")
    assert "b2" not in by_city
    assert lands["B"] - by_city["b1"] - by_city["b3"] == truth
    log = Ledger(tmp_path / "log")
    release(log, table, by="land", unit=unit)
    with pytest.raises(InputError, match="by subtraction"):
        release(log, table, by="city", unit=unit)
    assert len(log.entries) == 1


def test_three_releases_of_which_no_two_give_anything_away(tmp_path):
    """Two halves of a group of 60 in one way, 31 and 29 in another, 47 of both: in threes only."""
    many = 240
    place = np.arange(many)
    table = {
        "who": [f"w{one}" for one in place],
        "fine": (1000 + place**2).tolist(),
        "first": np.where(place < 60, "p", "rest").tolist(),
        "second": np.where(place < 26, "q", np.where(place < 180, "rest", "t")).tolist(),
        "third": np.where((place >= 26) & (place < 56), "r", np.where(place < 200, "rest", "u"))
        .tolist(),
    }  # fmt: skip
    log = Ledger(tmp_path / "log")
    release(log, table, by="first", unit="who")
    release(log, table, by="second", unit="who")
    with pytest.raises(InputError, match="alone or with what this log holds"):
        release(log, table, by="third", unit="who")  # p less q less r: four firms


@pytest.mark.parametrize("unit", ["who", ""])
def test_a_row_less_is_refused_whatever_columns_and_groups_there_are(tmp_path, unit):
    table = fines()
    less = rows_of(table, [one for one in range(120) if one != 7])
    log = Ledger(tmp_path / "log")
    release(log, table, by="land", unit=unit)
    for other in ({**less, "source": ["web"] * 119}, {k: less[k] for k in ("who", "land", "fine")}):
        with pytest.raises(InputError, match="by subtraction"):
            release(log, other, by="land", unit=unit)
    for by in ("side", ["land", "side"]):
        with pytest.raises(InputError, match="by subtraction"):
            release(log, less, by=by, unit=unit)


@pytest.mark.parametrize("unit", ["who", ""])
def test_a_corrected_value_is_refused_whatever_the_groups_are(tmp_path, unit):
    table = fines()
    corrected = {**table, "fine": [*table["fine"][:7], 5000.0, *table["fine"][8:]]}
    log = Ledger(tmp_path / "log")
    release(log, table, by="land", unit=unit)
    for by in ("land", "side", ["land", "side"]):
        with pytest.raises(InputError, match="by subtraction"):
            release(log, corrected, by=by, unit=unit)
    assert len(log.entries) == 1


def test_other_columns_and_another_way_to_write_a_number_change_nothing(tmp_path):
    table = fines()
    log = Ledger(tmp_path / "log")
    release(log, table, by="land", unit="who")
    release(log, {**table, "source": ["web"] * 120}, by="land", unit="who")
    whole = {**table, "fine": [str(one) for one in table["fine"]]}
    release(log, whole, by="land", unit="who")
    assert len(log.entries) == 3


def told_apart(sets, many, least):
    """Whether rank alone says that fewer than `least` of many units can be told apart."""
    from itertools import combinations

    rows = np.array([[one in told for one in range(many)] for told in sets], float)
    whole = np.linalg.matrix_rank(rows)
    return any(
        np.linalg.matrix_rank(np.delete(rows, chosen, axis=1)) < whole
        for few in range(1, least)
        for chosen in combinations(range(many), few)
    )


@given(st.integers(0, 100_000))
@settings(max_examples=25, deadline=None)
def test_no_accepted_sequence_of_releases_isolates_few_units(seed):
    """Up to five releases of tables of 12 units by random groups, threshold 3, against brute force.

    Every accepted set is kept; ranks of all their combinations are looked at by brute force.
    """
    from tempfile import TemporaryDirectory

    random = np.random.default_rng(seed)
    accepted = []
    with TemporaryDirectory() as folder:
        log = Ledger(folder)
        for _ in range(5):
            here = np.flatnonzero(random.random(12) < random.choice([0.7, 1.0]))
            label = random.integers(0, int(random.integers(1, 4)), here.size)
            table = {
                "who": [f"w{one}" for one in here],
                "land": [f"g{one}" for one in label],
                "fine": (here + 1).tolist(),
            }
            sets = [set(here.tolist())]
            groups = [set(here[label == one].tolist()) for one in np.unique(label)]
            if min(map(len, groups)) >= 3:
                sets += groups
                by = {"by": "land"}
            else:
                by = {}  # the whole table alone
            try:
                options = {"amount": "fine", "unit": "who", "min_group": 3, **by}
                log.enter("enforcement", [table], options)
            except InputError:
                continue
            if here.size >= 3:
                accepted += sets
    assert not accepted or not told_apart(accepted, 12, 3)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_same_releases_again_and_disjoint_large_groups_are_never_refused(seed):
    from tempfile import TemporaryDirectory

    table = fines(150, seed)
    other = {**fines(60, seed + 1), "who": [f"other {one}" for one in range(60)]}
    with TemporaryDirectory() as folder:
        log = Ledger(folder)
        for _ in range(2):
            log.enter("enforcement", [table], FINED)
            log.enter("enforcement", [other], FINED)
        assert len(log.entries) == 4


# --- logs of version 0.1 -------------------------------------------------------------------------


def old_log(folder, table, options):
    """A log as version 0.1 wrote it, of one release by land."""
    from base64 import b85encode

    log = Ledger(folder)

    def text(ids):
        return b85encode(sketch(ids).astype("<u8").tobytes()).decode()

    units = log.ids("unit", table["who"])
    land = np.array(table["land"])
    sets = {"": units, **{f"land={one}": units[land == one] for one in np.unique(land)}}
    rows = zip(*(map(str, table[one]) for one in ("fine", "land", "who")), strict=True)
    records = ["\x1d".join([row[2], "\x1f".join(row)]) for row in rows]
    log.add(
        kind="enforcement",
        unit=log.hash_of("column", options["unit"]),
        columns=log.hash_of("columns", "\x1f".join(["who", "fine", "land", "who"])),
        sets={log.hash_of("label", label): text(ids) for label, ids in sets.items()},
        withheld=[],
        records=text(log.ids("record", records)),
    )
    return log


def test_a_log_of_version_0_1_is_honoured_by_pairs_and_said_to_be(tmp_path):
    table = fines()
    log = old_log(tmp_path / "log", table, FINED)
    notes = log.enter("enforcement", [table], FINED)
    assert any("version 0.1" in note for note in notes)
    with pytest.raises(InputError, match="release 1"):
        log.enter("enforcement", [rows_of(table, range(3, 120))], FINED)
    fresh = old_log(tmp_path / "other", table, FINED)
    table["fine"][7] += 1000
    with pytest.raises(InputError, match="release 1"):
        fresh.enter("enforcement", [table], FINED)
    with pytest.raises(InputError, match="of version"):
        fresh.enter("enforcement", [fines()], {**FINED, "min_group": 500})


def test_a_damaged_file_of_sets_is_not_taken_for_an_empty_one(tmp_path):
    log = Ledger(tmp_path / "log")
    log.enter("enforcement", [fines()], FINED)
    for file in (log.folder / "sets").iterdir():
        file.write_bytes(b"nothing")
    with pytest.raises(StoreError, match="cannot be read"):
        log.enter("enforcement", [fines()], FINED)
