"""Disturbed jobs end as if nothing had happened, or say why not; `make faults` tries many."""

import json
import os
import random
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from datapolis.core.errors import InputError, StoreError
from datapolis.model.mechanisms import rumours, technology
from datapolis.studies import ensemble, pipeline
from datapolis.studies.executor import spread
from datapolis.studies.files import sealed, unsealed
from datapolis.studies.question import asked
from datapolis.studies.study import read_study
from verification.faults import statistical
from verification.faults.__main__ import plan
from verification.faults.damage import CLASSES, Deadly, damage, files_of
from verification.faults.disturb import CLOCK, KINDS, Scene, Skipped, Trial
from verification.faults.forge import Forge
from verification.faults.ground import Ground
from verification.faults.jobs import JOBS, ROOT, content, differing, environment, write_inputs
from verification.faults.statistical import claims, error_of, faults, misses

RECORD = ["rumour_spreading", "technology", "skill"]


# --- real commands ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """The command `datapolis measure`, done undisturbed."""
    place = tmp_path_factory.mktemp("faults")
    loads = "datapolis.cli datapolis.audits datapolis.report ibis duckdb pandas pyarrow.parquet"
    there = Ground(place / "ground", place / "compiled")
    there.forge = Forge(environment(JOBS["measure"], there.cache), ROOT, loads)
    yield there if there.prepare("measure") else None
    there.forge.close()


@pytest.mark.outer
@pytest.mark.parametrize("kind", ["kill", "file limit", "full disk", "read-only"])
def test_a_disturbed_command_ends_as_if_nothing_had_happened(ground, kind):
    scene = Scene(ground, Trial(1, kind, "measure", 1), ground.place / kind)
    try:
        found = KINDS[kind](scene)
    except Skipped as why:
        pytest.skip(f"{kind}: {why}")
    assert found.verdict == "equal" or "exists already" in found.why, found  # killed when done
    assert found.ends[0] in (-9, 0, 3), found


def test_a_clock_jumps_when_it_is_told_to():
    more = {"PYTHONPATH": str(CLOCK), "FAULT_CLOCK": json.dumps([[0.0, -1e9, 60.0]])}
    script = "import time; print(time.time(), time.monotonic())"
    said = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **more}, capture_output=True, text=True
    )
    wall, steady = map(float, said.stdout.split())
    assert abs(time.time() - 1e9 - wall) < 30 and 30 < steady - time.monotonic() < 61


def test_a_campaign_is_planned_by_its_seed_and_a_part_of_it_is_found_again():
    kinds, jobs = list(KINDS), list(JOBS)
    whole = plan(200, 1, kinds, jobs)
    assert whole == plan(200, 1, kinds, jobs) != plan(200, 2, kinds, jobs)
    assert {trial.kind for trial in whole} == set(KINDS)
    assert {trial.job for trial in whole} == set(JOBS)
    some = plan(20, 1, ["kill"], jobs)
    assert some == [trial for trial in whole if trial.kind == "kill"][:20]


# --- folders that were damaged ------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    place = tmp_path_factory.mktemp("study") / "inputs"
    write_inputs(place)
    return place


def run(study, out):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "AT_ONCE", 600)
        return pipeline.run(
            study / "study.toml", out, mechanisms=[technology, rumours], record=RECORD
        )


@pytest.fixture(scope="module")
def undisturbed(study, tmp_path_factory):
    return run(study, tmp_path_factory.mktemp("results") / "out")


@pytest.fixture
def copy(undisturbed, tmp_path):
    return shutil.copytree(undisturbed, tmp_path / "out")


def flipped(place, before, after):
    """One digit or letter of a file changed, so that it can still be read."""
    text = place.read_text()
    assert before in text
    place.write_text(text.replace(before, after, 1))


def first_label(out):
    """A chunk of a label: not of values."""
    return next(one for one in files_of(out, "labels") if one.parent.name == "member")


MENDED = {
    "a figure of a kept audit": lambda out: flipped(
        out / "audits" / "market.json", '"estimate": 0.', '"estimate": 0.9'
    ),
    "a kept audit cut": lambda out: damage(out / "audits" / "market.json", "cut", random.Random(1)),
    "the size of the world": lambda out: flipped(
        out / "world" / ".zattrs", '"slots": ', '"slots": 1'
    ),
    "the description": lambda out: (out / "model.md").unlink(),
    "the study": lambda out: (out / "study.toml").unlink(),
    "a table": lambda out: damage(out / "tables" / "outcomes.parquet", "empty", random.Random(1)),
}
TOLD = {
    "the plan": lambda out: flipped(out / "plan.json", '"members": 3', '"members": 2'),
    "the plan cut": lambda out: damage(out / "plan.json", "cut", random.Random(1)),
    "provenance": lambda out: flipped(out / "provenance.json", '"seed": 7', '"seed": 5'),
    "provenance cut": lambda out: damage(out / "provenance.json", "cut", random.Random(1)),
    "labels": lambda out: damage(first_label(out), "gone", random.Random(1)),
}


@pytest.mark.parametrize("what", MENDED)
def test_what_can_be_made_again_is_mended(study, undisturbed, copy, what):
    MENDED[what](copy)
    assert differing(content(undisturbed), content_or_none(copy))
    run(study, copy)
    assert not differing(content(undisturbed), content(copy))


@pytest.mark.parametrize("what", TOLD)
def test_what_cannot_be_made_again_is_told_and_left_alone(study, copy, what):
    TOLD[what](copy)
    before = {one: one.read_bytes() for one in copy.rglob("*") if one.is_file()}
    with pytest.raises(StoreError, match="damaged; use a new folder"):
        run(study, copy)
    assert before == {one: one.read_bytes() for one in copy.rglob("*") if one.is_file()}


def content_or_none(out):
    """What a folder holds, or nothing if it cannot be read."""
    try:
        return content(out)
    except Exception:
        return {}


def test_every_file_of_a_folder_is_of_a_class_that_is_damaged(undisturbed):
    known = {one for kind in CLASSES for one in files_of(undisturbed, kind)}
    others = {one.name for one in undisturbed.rglob("*") if one.is_file()} - {
        one.name for one in known
    }
    assert others == {"lock"}  # and no report was asked for


def test_a_question_builds_its_damaged_world_again_and_tells_damaged_words(study, tmp_path):
    read, out = read_study(study / "question.toml"), tmp_path / "out"
    with asked(read, out, {"kind": "none"}):
        pass
    before = content(out)
    (out / "world" / "tastes" / "0").write_bytes(b"")
    with asked(read, out, {"kind": "none"}):
        pass
    assert content(out) == before
    (out / "question.json").write_text('{"kind": "no')
    with pytest.raises(StoreError, match=r"question.json: is damaged"), asked(read, out, {}):
        pass


def test_a_seal_holds_what_it_was_put_on_and_nothing_else():
    content = {"a": [1, 0.1, None], "b": {"c": "ä"}}
    assert unsealed(json.loads(json.dumps(sealed(content)))) == content
    assert unsealed(content) == content  # older folders have none
    with pytest.raises(ValueError):
        unsealed({**sealed(content), "a": [1, 0.2, None]})


# --- workers ------------------------------------------------------------------------------------


@pytest.mark.outer
def test_when_every_worker_has_died_others_get_the_work_again(tmp_path):
    """Whatever the first workers held, the work itself included, is lost with them."""
    pytest.importorskip("distributed")
    kept = {}
    errors = spread(
        Deadly(tmp_path, 2),
        range(6),
        lambda batch, result, _: kept.update({batch: result}),
        lambda batch, error: pytest.fail(f"{batch}: {error!r}"),
        scheduler="processes:2",
    )
    assert errors == [] and kept == {one: one * one for one in range(6)}
    assert len(list(tmp_path.iterdir())) == 2


def test_without_any_worker_it_is_told(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("datapolis.studies.executor.ALONE", 1.0)
    quiet = {"n_workers": 0, "processes": False, "dashboard_address": None}
    with (
        distributed.LocalCluster(**quiet) as cluster,
        pytest.raises(InputError, match="no worker is left"),
    ):
        spread(Deadly(tmp_path, 0), [1], print, print, scheduler=cluster.scheduler_address)


def test_processes_that_die_while_they_start_are_started_again(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    begun = []

    def dies(**_):
        begun.append(1)
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(distributed, "LocalCluster", dies)
    with pytest.raises(InputError, match="the processes did not start"):
        spread(Deadly(tmp_path, 0), [1], print, print, scheduler="processes:2")
    assert len(begun) == 3


# --- statistical faults -------------------------------------------------------------------------


@pytest.mark.outer
def test_few_made_tables_without_effect_alarm_about_as_often_as_they_mean_to():
    claim = next(one for one in claims() if one.audit == "rights" and one.meant)
    many = 12
    assert misses(claim, many, seed=1) / many <= 0.05 + 3 * error_of(0.05, many)


@pytest.mark.parametrize(
    ("name", "audit", "expected"),
    [
        ("a tenth of the rows twice", "concentration", "tells"),
        ("smallest third lost: gini", "concentration", "keeps"),
        ("keys shuffled: incomes among rows", "prices", "tells"),
        ("amounts times 100: shares of the last month", "concentration", "refuses"),
    ],
)
def test_a_spoilt_table_is_refused_told_or_does_no_harm(name, audit, expected):
    fault = next(one for one in faults() if (one.name, one.audit) == (name, audit))
    assert fault.outcome(np.random.default_rng(1)) == expected


def test_words_are_new_only_if_no_sound_table_has_them():
    table = statistical.tables.sizes(np.random.default_rng(1))
    other = statistical.tables.sizes(np.random.default_rng(2))
    one, two = statistical.of_sizes(table), statistical.of_sizes(other)
    assert not statistical.new_words(one, two)
    with pytest.raises(InputError):
        statistical.of_sizes({**table, "amount": -table["amount"]})
