import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import xarray
from pyarrow import parquet

from datapolis.audits import Audit
from datapolis.core.errors import InputError, Interrupted, StoreError
from datapolis.studies import files, pipeline, results_array, runs
from datapolis.studies import store as stores
from datapolis.studies.inputs import read_inputs

from .conftest import FIRMS, PARTS, RECORD, STUDY, bits, run, snapshot

pytestmark = pytest.mark.usefixtures("small_batches")


@pytest.fixture
def copy(undisturbed, tmp_path):
    """A copy of the results to do damage to."""
    return shutil.copytree(undisturbed, tmp_path / "out")


def test_results_are_labelled_and_read_by_xarray(undisturbed):
    results = xarray.open_zarr(undisturbed / "results.zarr", chunks=None)
    assert dict(results.sizes) == {"policy": 3, "member": 5, "month": 24, "sector": 3}
    assert results["policy"].values.tolist() == ["none", "idle", "calm"]
    assert results["sector"].values.tolist() == ["government", "market", "social"]
    assert results["rumour_spreading"].attrs["units"] == "share"
    assert results["rumour_spreading"].attrs["long_name"]
    assert np.isfinite(results["skill"].values).all()
    assert results["vary.technology.growth"].attrs["units"] == "1/month"
    assert results["vary.technology.growth"].dims == ("member",)
    assert sorted(results.data_vars) == sorted(RECORD)  # what was varied is a coordinate
    chunks = results["skill"].encoding["chunks"]
    assert chunks == (1, 2, 24, 3)


def test_what_a_folder_holds(undisturbed, folder):
    assert (undisturbed / "study.toml").read_bytes() == (folder / "study.toml").read_bytes()
    provenance = json.loads((undisturbed / "provenance.json").read_text())
    assert (undisturbed / "model.md").read_text(encoding="utf-8").startswith("# The model")
    assert provenance["inputs"][0]["table"] == "firms.csv"
    assert len(provenance["inputs"][0]["sha256"]) == 64
    assert provenance["parameters"]["rumours.rate"] == 1.0
    assert provenance["varied"] == ["rumours.forgetting", "technology.growth"]
    assert {"datapolis", "jax", "numpy", "xarray"} <= set(provenance["versions"])
    assert any("5 largest of 7" in note for note in provenance["notes"])
    text = (undisturbed / "provenance.json").read_text()
    assert str(folder) not in text and os.path.expanduser("~") not in text.replace("~", "")
    plan = json.loads((undisturbed / "plan.json").read_text())
    assert len(plan["batches"]) == 9 and plan["size"] == 2
    marks = sorted(path.name for path in (undisturbed / "done").iterdir())
    assert marks == [f"{number:04d}.json" for number in range(9)]


def test_tables_say_what_was_measured_and_what_came_out(undisturbed):
    findings = parquet.read_table(undisturbed / "tables" / "findings.parquet").to_pydict()
    assert set(findings["audit"]) == {"firms"} and set(findings["of"]) == {"2001", "2002"}
    assert all("suppressed" in why for why in findings["cannot_say"])  # of fewer than ten firms
    kept = Audit.from_json(json.loads((undisturbed / "audits" / "firms.json").read_text()))
    assert kept.options["amount"] == "users" and kept.options["basis"] == "amount"
    outcomes = parquet.read_table(undisturbed / "tables" / "outcomes.parquet").to_pydict()
    at = [
        place
        for place in range(len(outcomes["month"]))
        if outcomes["index"][place] == "skill"
        and outcomes["label"][place] == "market"
        and outcomes["policy"][place] == "calm"
        and outcomes["month"][place] == 23
    ]
    values = xarray.open_zarr(undisturbed / "results.zarr", chunks=None)["skill"].sel(
        policy="calm", month=23, sector="market"
    )
    assert len(at) == 1 and outcomes["members"][at[0]] == 5
    assert outcomes["mean"][at[0]] == pytest.approx(float(values.mean()))
    assert outcomes["q50"][at[0]] == pytest.approx(float(values.median()))
    parameters = parquet.read_table(undisturbed / "tables" / "parameters.parquet").to_pydict()
    varied = dict(zip(parameters["parameter"], parameters["varied"], strict=True))
    assert [name for name, is_so in varied.items() if is_so] == [
        "technology.growth",
        "rumours.forgetting",
    ]


def test_a_policy_that_begins_after_the_end_is_told(folder, tmp_path):
    text = STUDY.replace("antitrust = 1.0", "antitrust = { from = 24, to = 36, level = 1.0 }")
    (tmp_path / "study.toml").write_text(text)
    (tmp_path / "firms.csv").write_text(FIRMS)
    notes = read_inputs(pipeline.read_study(tmp_path / "study.toml")).notes
    assert notes[-1] == (
        "[policies.idle] antitrust never acts: it begins at month 24, and the last month is 23."
    )


def test_the_world_is_kept_whole(undisturbed):
    world, found = stores.read_world(undisturbed)
    assert found == json.loads((undisturbed / "plan.json").read_text())["world"]
    assert world.sizes.firms == 6 and world.sizes.citizens == 120
    assert "firm6" in world.names and "firm0" not in world.names


def test_a_finished_run_is_not_computed_again(copy, folder):
    before = {name: path for name, path in snapshot(copy).items() if not name.startswith("tables")}
    seen = []
    run(folder, copy, progress=lambda *step: seen.append(step))
    assert seen == [("summing up", 0, 0)]
    after = {name: path for name, path in snapshot(copy).items() if not name.startswith("tables")}
    assert before == after


def test_stopped_and_gone_on_ends_bit_equal(folder, undisturbed, tmp_path):
    out = tmp_path / "out"

    def stop(what, done, total):
        if done > 4 * 24:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        run(folder, out, progress=stop)
    done = int(re.search(r"(\d) of 9 batches are done", str(stopped.value))[1])
    assert done in (4, 5)  # the other thread may have ended its batch before the stop
    assert stopped.value.resume == f"datapolis run {folder / 'study.toml'} {out}"
    seen = []
    run(folder, out, progress=lambda what, done, total: seen.append(total))
    assert max(seen) == (9 - done) * 24
    assert bits(out) == bits(undisturbed)


def test_killed_and_gone_on_ends_bit_equal(folder, undisturbed, tmp_path):
    out = tmp_path / "out"
    script = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from datapolis.model.mechanisms import rumours, technology
        from datapolis.studies import ensemble, pipeline
        ensemble.AT_ONCE = 240
        def progress(what, done, total):
            if done > 60:
                time.sleep(600)
        pipeline.run(Path(sys.argv[1]) / "study.toml", sys.argv[2], progress=progress,
                 mechanisms=[technology, rumours], record={RECORD!r})
    """)
    process = subprocess.Popen([sys.executable, "-c", script, str(folder), str(out)])
    try:
        for _ in range(1200):
            if (out / "done" / "0000.json").exists():
                break
            assert process.poll() is None
            time.sleep(0.1)
        with pytest.raises(StoreError, match="another run is at work"):
            run(folder, out)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 1 <= len(list((out / "done").iterdir())) < 9
    run(folder, out)
    assert bits(out) == bits(undisturbed)


def test_cut_short_while_beginning_begins_again(folder, undisturbed, tmp_path, monkeypatch):
    out = tmp_path / "out"
    whole = files.write_json

    def cut(place, content):
        if place.name == "plan.json":
            raise KeyboardInterrupt
        whole(place, content)

    monkeypatch.setattr(stores, "write_json", cut)
    with pytest.raises(Interrupted, match="nothing was kept"):
        run(folder, out)
    (out / "plan.json.partial").write_text("{")
    monkeypatch.setattr(stores, "write_json", whole)
    run(folder, out)
    assert bits(out) == bits(undisturbed)


@pytest.mark.parametrize("damage", ["garbage", "missing", "another", "mark"])
def test_a_damaged_batch_is_told_and_computed_again(copy, folder, undisturbed, damage):
    chunk = copy / "results.zarr" / "rumour_spreading" / "0.1.0"
    if damage == "garbage":
        chunk.write_bytes(b"\x00" * 9)
    elif damage == "missing":
        chunk.unlink()
    elif damage == "another":
        chunk.write_bytes((chunk.parent / "2.0.0").read_bytes())
    else:
        (copy / "done" / "0003.json").write_text("{")
    said = []
    run(folder, copy, tell=said.append)
    assert said == ["batch 3 (none, members 3 to 4) is damaged and is computed again"]
    assert bits(copy) == bits(undisturbed)


def test_a_damaged_world_is_built_again(copy, folder, undisturbed):
    (copy / "world" / "citizens.income" / "0").write_bytes(b"\x00")
    for mark in (copy / "done").iterdir():
        mark.unlink()
    run(folder, copy)
    assert bits(copy) == bits(undisturbed)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda folder, out: (folder / "study.toml").write_text(STUDY + "# more\n"),
            "another study",
        ),
        (
            lambda folder, out: (folder / "firms.csv").write_text(FIRMS.replace(",50\n", ",51\n")),
            "the table 'firms.csv' is not what it was",
        ),
        (
            lambda folder, out: (out / "provenance.json").write_text(
                (out / "provenance.json").read_text().replace('"jax": "', '"jax": "9')
            ),
            "begun with jax 9",
        ),
        (
            lambda folder, out: (out / "provenance.json").write_text(
                (out / "provenance.json").read_text().replace('"model code": "', '"model code": "9')
            ),
            "begun with model code 9",
        ),
        (
            lambda folder, out: (out / "plan.json").write_text(
                (out / "plan.json").read_text().replace('"layout": 1', '"layout": 99')
            ),
            "another layout",
        ),
    ],
)
def test_what_does_not_belong_together_is_refused_and_untouched(
    copy, folder, tmp_path, change, says
):
    here = shutil.copytree(folder, tmp_path / "study")
    change(here, copy)
    before = snapshot(copy)
    with pytest.raises(StoreError, match=says):
        run(here, copy)
    assert snapshot(copy) == before


def test_a_folder_with_other_files_is_refused_and_untouched(folder, tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    (tmp_path / "tables").mkdir()
    before = snapshot(tmp_path)
    with pytest.raises(StoreError, match=r"holds other files \(diary.txt, tables\)"):
        run(folder, tmp_path)
    with pytest.raises(StoreError, match="a file; the results need a folder"):
        run(folder, tmp_path / "diary.txt")
    with pytest.raises(StoreError, match="the study lies there itself"):
        run(folder, folder)
    assert snapshot(tmp_path) == before


def test_one_run_at_a_time(copy, folder):
    lock = files.Lock(copy)
    with pytest.raises(StoreError, match="another run is at work"):
        run(folder, copy)
    lock.release()
    run(folder, copy)


def test_a_full_disk_is_told_and_leaves_what_is_done(folder, undisturbed, tmp_path, monkeypatch):
    out, whole = tmp_path / "out", files.write_json

    def full(place, content):
        if len(list((out / "done").iterdir())) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(place, content)

    monkeypatch.setattr(results_array, "write_json", full)
    with pytest.raises(StoreError, match="the disk is full"):
        run(folder, out)
    assert len(list((out / "done").iterdir())) == 2
    monkeypatch.setattr(results_array, "write_json", whole)
    run(folder, out)
    assert bits(out) == bits(undisturbed)


def test_a_batch_that_fails_is_marked_and_tried_again(folder, undisturbed, tmp_path, monkeypatch):
    out = tmp_path / "out"

    works = runs.Work.__call__

    def fails(work, batch):
        if batch.number == 1:
            raise FloatingPointError("secret value")
        return works(work, batch)

    monkeypatch.setattr(runs.Work, "__call__", fails)
    with pytest.raises(FloatingPointError):
        run(folder, out)
    assert len(list((out / "done").iterdir())) == 8  # the others are done
    monkeypatch.setattr(runs.Work, "__call__", works)
    mark = (out / "failed" / "0001.json").read_text()
    assert "FloatingPointError" in mark and "secret" not in mark
    run(folder, out)
    assert not list((out / "failed").iterdir())
    assert bits(out) == bits(undisturbed)


def test_one_society_is_kept_as_zarr_and_csv(folder, tmp_path):
    out = tmp_path / "one"
    pipeline.simulate_one(
        folder / "study.toml", out, policy="calm", seed=3, mechanisms=PARTS, record=RECORD
    )
    lines = (out / "indices.csv").read_text().splitlines()
    assert (
        lines[0] == "month,rumour_spreading,technology,skill.government,skill.market,skill.social"
    )
    assert len(lines) == 1 + 24 and lines[1].startswith("0,") and lines[24].startswith("23,")
    one = xarray.open_zarr(out / "results.zarr")
    assert one["skill"].dims == ("month", "sector")
    with pytest.raises(StoreError, match="not empty"):
        pipeline.simulate_one(folder / "study.toml", out)
    with pytest.raises(InputError, match=r"no such policy .* did you mean 'calm'"):
        pipeline.simulate_one(folder / "study.toml", tmp_path / "two", policy="clam")
