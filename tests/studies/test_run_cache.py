"""Runs asked for in rounds: kept, found again, gone on with; the same on threads and processes."""

import json
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import xarray

from datapolis.core.errors import InputError, StoreError
from datapolis.core.policy import Policy, Rule, pulse, ramp
from datapolis.core.scenario import Shock
from datapolis.model import simulation
from datapolis.model.mechanisms import rumours, technology
from datapolis.model.world import World
from datapolis.studies import ensemble, runs
from datapolis.studies.executor import spread
from datapolis.studies.outcomes import Outcome, Uncertainty
from datapolis.studies.records import case_of, case_record, policy_of, policy_record
from datapolis.studies.run_cache import Laboratory
from datapolis.studies.runs import Case

PARTS = [technology, rumours]
RECORD = ["rumour_spreading", "technology", "skill"]
CASES = [
    Case(seed=number, parameters={"technology.growth": 0.02 + 0.01 * number, "rumours.rate": 1.0})
    for number in range(5)
]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(ensemble, "AT_ONCE", 240)


@pytest.fixture(scope="module")
def world():
    return World.generate(citizens=120, regions=2, departments=2, firms=8, associations=3)


def laboratory(folder, world, **more):
    return Laboratory(folder, {"plain": world}, mechanisms=PARTS, **more)


def asked(folder, world, cases=CASES, **more):
    return laboratory(folder, world, **more).run("seeds", cases, months=24, record=RECORD)


@pytest.fixture(scope="module")
def undisturbed(world, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "AT_ONCE", 240)
        return asked(tmp_path_factory.mktemp("laboratory"), world).load()


def test_a_case_is_the_run_it_says(undisturbed, world):
    assert dict(undisturbed.sizes) == {"case": 5, "month": 24, "sector": 3}
    alone = simulation.simulate(
        world,
        months=24,
        seed=3,
        parameters=simulation.Parameters().set(CASES[3].parameters),
        mechanisms=PARTS,
        record=RECORD,
    )
    for name in RECORD:
        found = undisturbed[name].sel(case=3).values
        np.testing.assert_allclose(found, alone[name].values, rtol=1e-5, atol=1e-6)


def test_killed_and_asked_again_ends_bit_equal(tmp_path, world, undisturbed):
    script = textwrap.dedent(f"""
        import sys, time
        sys.path.insert(0, {str(__file__).rpartition("/")[0]!r})
        from datapolis.studies import ensemble
        ensemble.AT_ONCE = 240
        import test_run_cache as here
        world = here.World.generate(
            citizens=120, regions=2, departments=2, firms=8, associations=3
        )
        def progress(what, done, total):
            if done > 48:
                time.sleep(600)
        here.asked(here.Path(sys.argv[1]), world, progress=progress)
    """).replace("here.Path", "__import__('pathlib').Path")
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    done = tmp_path / "rounds" / "0000-seeds" / "plain" / "done"
    try:
        for _ in range(1200):
            if list(done.glob("*.json")):
                break
            assert process.poll() is None
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 1 <= len(list(done.glob("*.json"))) < 3
    xarray.testing.assert_identical(asked(tmp_path, world).load(), undisturbed)


@pytest.mark.outer
def test_processes_give_the_same_bits(tmp_path, world, undisturbed):
    pytest.importorskip("distributed")
    found = asked(tmp_path, world, scheduler="processes:2").load()
    xarray.testing.assert_identical(found, undisturbed)


@pytest.mark.parametrize("address", ["processes:many", "tcp://127.0.0.1:9", "nowhere"])
def test_a_scheduler_that_is_none_is_told(tmp_path, world, address, monkeypatch):
    monkeypatch.setattr("datapolis.studies.executor.PATIENCE", "1s")
    with pytest.raises(InputError, match="scheduler"):
        asked(tmp_path, world, scheduler=address)


def test_what_is_there_is_not_computed_again_and_other_runs_are_refused(tmp_path, world):
    asked(tmp_path, world)
    traced, seen = simulation.TRACES[0], []
    asked(tmp_path, world, progress=lambda *step: seen.append(step))
    assert simulation.TRACES[0] == traced and not seen
    with pytest.raises(StoreError, match="holds other runs"):
        asked(tmp_path, world, CASES[:3])


def test_a_damaged_chunk_is_computed_again(tmp_path, world, undisturbed):
    asked(tmp_path, world)
    chunk = tmp_path / "rounds" / "0000-seeds" / "plain" / "results.zarr" / "skill" / "1.0.0"
    chunk.write_bytes(b"\x00" * 9)
    xarray.testing.assert_identical(asked(tmp_path, world).load(), undisturbed)


def test_a_failed_batch_keeps_its_error_and_the_others(tmp_path, world, undisturbed, monkeypatch):
    works = runs.Work.__call__

    def fails(work, batch):
        if batch.number == 1:
            raise FloatingPointError("secret value")
        return works(work, batch)

    with monkeypatch.context() as patch:
        patch.setattr(runs.Work, "__call__", fails)
        with pytest.raises(FloatingPointError):
            asked(tmp_path, world)
    place = tmp_path / "rounds" / "0000-seeds" / "plain"
    mark = json.loads((place / "failed" / "0001.json").read_text())
    assert mark["error"].startswith("FloatingPointError") and "secret" not in str(mark)
    assert mark["cases"] == [2, 4] and len(list((place / "done").iterdir())) == 2
    xarray.testing.assert_identical(asked(tmp_path, world).load(), undisturbed)


def test_batches_are_computed_in_their_order(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    kept = []
    errors = spread(abs, range(9), lambda batch, *_: kept.append(batch), lambda *_: None)
    assert kept == list(range(9)) and not errors


def test_nothing_is_kept_after_the_end(monkeypatch):
    """A thread may still compute when another has ended it all: what it finds comes too late."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    ended, late, kept = threading.Event(), threading.Event(), []

    def work(batch):
        if batch == "wrong":
            raise InputError("wrong")
        ended.wait(10)
        late.set()
        return batch

    def keep(batch, *_):
        kept.append(batch)

    with pytest.raises(InputError, match="wrong"):
        spread(work, ["slow", "wrong"], keep, lambda *_: None)
    ended.set()
    assert late.wait(10) and not kept
    time.sleep(0.1)  # for what follows in that thread
    assert not kept


def test_worlds_and_held_stocks_go_case_by_case(tmp_path, world):
    other = world.rewire(1.0)
    cases = [
        Case(seed=1),
        Case(seed=1, world="rewired"),
        Case(seed=1, frozen=("technology",)),
        Case(seed=2),
    ]
    lab = Laboratory(tmp_path, {"plain": world, "rewired": other}, mechanisms=PARTS)
    found = lab.run("mixed", cases, months=12, record=["technology"])["technology"]
    assert found.sizes["case"] == 4
    assert (found.sel(case=2) == found.sel(case=2)[0]).all()
    for free in (0, 1, 3):
        assert found.sel(case=free)[-1] > found.sel(case=free)[0]
    assert np.array_equal(found.sel(case=0), found.sel(case=1))  # technology knows no kin
    kept = json.loads((tmp_path / "rounds/0000-mixed/rewired/cases.json").read_text())
    assert [case_record(case_of(one, "rewired")) for one in kept] == [case_record(cases[1])]


def test_a_record_says_the_whole_case():
    policy = Policy(
        antitrust=0.5,
        open_data=ramp(6, 12, 0.8, first=0.1),
        privacy_law=pulse(3, 4, 1.0),
        pricing_ban=Rule("harm", above=0.2, release=0.1, level=0.7),
        parameters={"law.lag": ramp(0, 12, 24.0, first=48.0), "rumours.rate": 0.3},
    )
    assert policy_record(policy)["pricing_ban"] == {
        "when": "harm", "above": 0.2, "release": 0.1, "level": 0.7
    }  # fmt: skip
    again = policy_of(json.loads(json.dumps(policy_record(policy))))
    assert again.levers == policy.levers and again.parameters == policy.parameters
    case = Case(
        seed=3,
        parameters={"law.lag": 24.0},
        policy=policy,
        scenario=(Shock(6, whom="largest", data=0.5),),
        frozen=("trust",),
    )
    found = case_of(json.loads(json.dumps(case_record(case))), "plain")
    assert found.scenario == case.scenario and found.parameters == case.parameters
    assert found.frozen == case.frozen and found.policy.levers == policy.levers


def test_outcomes_read_what_they_say():
    months = np.arange(24.0)
    found = xarray.Dataset(
        {
            "harm": (("case", "month"), np.stack([months, np.full(24, np.nan)])),
            "power_share": (("case", "month", "sector"), np.stack([np.ones((24, 3))] * 2)),
        },
        {"sector": ["government", "market", "social"]},
    )
    value = {
        "harm": 17.5, "harm@first": 5.5, "harm@mean": 11.5, "harm@max": 23.0, "harm@min": 0.0,
        "harm@change": 12.0, "harm@7": 7.0, "power_share.market@mean": 1.0,
    }  # fmt: skip
    for text, expected in value.items():
        outcome = Outcome.parse(text)
        assert outcome.of(found)[0] == expected and str(outcome) == text
        assert np.isnan(outcome.of(found)[1]) or outcome.label


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("harn", "did you mean 'harm'"),
        ("harm@mad", "did you mean 'max'"),
        ("power_share", "needs a label"),
        ("harm.market", "has no labels"),
    ],
)
def test_what_is_no_outcome_is_told(text, says):
    with pytest.raises(InputError, match=says):
        Outcome.parse(text)


def test_an_uncertainty_lies_in_the_declared_range():
    one = Uncertainty.parse("law.lag", 24.0, 48.0)
    assert one.at(np.array([0.0, 0.5, 1.0])).tolist() == [24.0, 36.0, 48.0]
    with pytest.raises(InputError, match="within 12 to 240"):
        Uncertainty.parse("law.lag", 1.0, 48.0)
    with pytest.raises(InputError, match=r"did you mean 'law\.lag'"):
        Uncertainty.parse("law.leg")
