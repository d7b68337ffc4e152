"""What is kept can be computed again from its record; a question has its folder."""

import json

import pytest

from datapolis.core.errors import InputError, StoreError
from datapolis.core.policy import Policy, ramp
from datapolis.core.scenario import Shock
from datapolis.studies import ensemble
from datapolis.studies.question import asked
from datapolis.studies.reproduce import again
from datapolis.studies.runs import Case
from datapolis.studies.study import read_study

from .conftest import PARTS, RECORD, snapshot

CASES = [
    Case(seed=1, parameters={"rumours.rate": 0.9}),
    Case(seed=2, policy=Policy(rumour_correction=ramp(6, 12, 0.8))),
    Case(seed=3, scenario=(Shock(3, whom="largest", data=0.5),), frozen=("technology",)),
    Case(seed=4, policy=Policy(parameters={"rumours.rate": 0.3})),
    Case(seed=5, world="rewired"),
]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(ensemble, "AT_ONCE", 240)


def question(folder, out, what="talk"):
    study = read_study(folder / "study.toml")
    with asked(study, out, {"kind": "test", "what": what}) as lab:
        lab.mechanisms = tuple(PARTS)
        lab.worlds["rewired"] = lab.worlds["plain"].rewire(1.0)
        return lab.run("talk", CASES, months=12, record=RECORD).load()


@pytest.fixture(scope="module")
def answered(folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "AT_ONCE", 240)
        out = tmp_path_factory.mktemp("question") / "out"
        return out, question(folder, out)


def test_every_run_of_a_question_comes_out_the_same(answered):
    out, _ = answered
    found = again(out, every=True, mechanisms=PARTS)
    assert [(one.round, one.batch) for one in found] == [
        ("0000-talk", 0), ("0000-talk", 1), ("0000-talk/rewired", 0)
    ]  # fmt: skip
    assert all(one.same for one in found)


def test_a_study_comes_out_the_same_and_what_was_changed_does_not(undisturbed):
    found = again(undisturbed, batch=4, mechanisms=PARTS)
    assert [(one.round, one.batch, one.same) for one in found] == [("idle", 4, True)]
    mark = undisturbed / "done" / "0008.json"
    before = mark.read_text()
    mark.write_text(json.dumps({**json.loads(before), "sha256": "0" * 64}))
    try:
        (found,) = again(undisturbed, batch=8, mechanisms=PARTS)
        assert not found.same
    finally:
        mark.write_text(before)


def test_a_question_gone_on_with_is_the_same_and_another_is_refused(answered, folder):
    out, before = answered
    assert before.identical(question(folder, out))
    kept = snapshot(out)
    with pytest.raises(StoreError, match="another question"):
        question(folder, out, what="silence")
    assert snapshot(out) == kept


def test_a_folder_of_other_things_is_refused(folder, tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(StoreError, match="other files"):
        question(folder, tmp_path)
    with pytest.raises(StoreError, match="needs a folder"):
        question(folder, tmp_path / "diary.txt")


def test_what_is_not_there_is_told(answered, tmp_path):
    out, _ = answered
    with pytest.raises(InputError, match=r"did you mean '0000-talk'"):
        again(out, round="0000-tale")
    with pytest.raises(InputError, match="no such batch"):
        again(out, batch=99)
    with pytest.raises(StoreError, match="cannot be read"):
        again(tmp_path)
