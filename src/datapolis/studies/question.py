"""A question to the model: a folder that holds what was asked, every run it took, and the answer.

question.json    what was asked: its kind, its options, its seed
study.toml       the study it was asked of
provenance.json  parameters, versions, machine, hashes of the inputs
model.md         the model that was run
world/           the world, built once
rounds/          the runs (see `laboratory`)
tables/  report.html
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datapolis.core.errors import StoreError
from datapolis.model.month import MONTH, Mechanism
from datapolis.studies import store as stores
from datapolis.studies.files import (
    Lock,
    damaged,
    disk,
    hash_of,
    keep_whole,
    read_json,
    read_whole,
    sealed,
    write_json,
    write_whole,
)
from datapolis.studies.run_cache import Laboratory
from datapolis.studies.runs import PLAIN, Progress

if TYPE_CHECKING:
    from datapolis.model.world import World
    from datapolis.studies.inputs import Inputs
    from datapolis.studies.study import Study

OURS = {
    "question.json", "answer.json", "study.toml", "provenance.json", "model.md", "world", "worlds",
    "rounds", "tables", "report.html", "lock",
}  # fmt: skip


@contextmanager
def asked(
    study: Study,
    out: Path,
    question: Mapping[str, Any],
    *,
    data: Path | str | None = None,
    inputs: Inputs | None = None,
    mechanisms: Sequence[Mechanism] | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Laboratory]:
    """The laboratory of a question in its folder: new, or gone on with.

    question    what is asked, as plain data: "kind" and every option that decides about the runs
    inputs      what the study's tables say, if they were read already
    mechanisms  a part of the month; all by default

    Raises StoreError if the folder holds another question, another version's, or other files.
    """
    from datapolis.studies import pipeline
    from datapolis.studies.inputs import build_world, read_inputs

    _check(out, study.text, question)
    inputs = inputs or read_inputs(study, data)
    with disk(out):
        out.mkdir(parents=True, exist_ok=True)
        lock = Lock(out)
    try:
        if (out / "question.json").is_file():
            stores.same_as_begun(out, inputs.hashes)
            world = _kept_world(out, lambda: build_world(study, inputs))
            with disk(out):
                keep_whole(out / "model.md", stores.described())
        else:
            world = build_world(study, inputs)
            with disk(out):
                for name in ("world", "worlds", "rounds", "tables"):
                    shutil.rmtree(out / name, ignore_errors=True)
                write_whole(out / "study.toml", study.text)
                write_whole(out / "model.md", stores.described())
                known = stores.write_world(out, world)
                dated = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
                about = {**dated, **pipeline.provenance(study, inputs, world)}
                write_json(out / "provenance.json", sealed(about))
                write_json(out / "question.json", {**question, "world": known})
        yield Laboratory(
            out,
            {PLAIN: world},
            parameters=study.parameters,
            mechanisms=mechanisms or MONTH,
            scheduler=scheduler,
            progress=progress,
        )
    finally:
        lock.release()


def _kept_world(out: Path, build: Callable[[], World]) -> World:
    """The world of a question that was begun; built again if it was damaged."""
    begun = read_json(out / "question.json").get("world", "")
    world = stores.undamaged_world(out, begun)
    if world is not None:
        return world
    world = build()
    if hash_of(stores.leaves(world)) != begun:
        raise StoreError(f"{out}: its world is damaged; use a new folder")
    with disk(out):
        shutil.rmtree(out / "world", ignore_errors=True)
        stores.write_world(out, world)
    return world


def _check(out: Path, study: bytes, question: Mapping[str, Any]) -> None:
    """Refuse a folder that holds something else; nothing is written."""
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out}: a file; the answer needs a folder of its own")
    if not out.is_dir():
        return
    begun = out / "question.json"
    others = sorted(
        one.name
        for one in out.iterdir()
        if one.name not in OURS and not one.name.endswith(".partial")
    )
    if begun.is_file():
        held = read_json(begun)
        if not isinstance(held, dict):
            raise damaged(begun)
        held.pop("world", None)
        if held != json.loads(json.dumps(question)) or read_whole(out / "study.toml") != study:
            raise StoreError(
                f"{out}: holds another question, or this one about another study or with other "
                "options; use another folder"
            )
    elif others or ((out / "study.toml").exists() and not (out / "lock").exists()):
        raise StoreError(
            f"{out}: holds other files ({', '.join(others[:3] or ['study.toml'])}); use an empty "
            "or a new folder"
        )
