"""Doing it again: a stored batch computed from its record alone, and compared bit by bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datapolis.core.errors import InputError, StoreError, nearest
from datapolis.model.month import MONTH, Mechanism
from datapolis.studies import ensemble, runs
from datapolis.studies import store as stores
from datapolis.studies.files import hash_of, read_json, read_whole
from datapolis.studies.records import case_of
from datapolis.studies.results_array import Cube
from datapolis.studies.run_cache import kept_world
from datapolis.studies.runs import Progress, Work
from datapolis.studies.study import Study, parse_study


def why_other(out: Path) -> str:
    """What may be the reason where runs came out otherwise, in words."""
    recorded = read_json(out / "provenance.json")["versions"]
    others = stores.others_than(recorded)
    if others:
        return f"they were made with {others[0]}"
    if stores.CODE not in recorded:
        return "was this the same machine, and the same state of the code?"
    return "was this the same machine?"


@dataclass(frozen=True)
class Stored:
    """A batch that is done: where, its runs, and what computes it."""

    round: str
    batch: runs.Batch
    work: Work
    expected: str  # the hash of its values


@dataclass(frozen=True)
class Again:
    """Whether a stored batch came out the same, to the last bit."""

    round: str
    batch: int
    runs: str
    same: bool


def again(
    out: Path | str,
    *,
    round: str | None = None,
    batch: int | None = None,
    every: bool = False,
    mechanisms: Sequence[Mechanism] = MONTH,
    progress: Progress | None = None,
) -> list[Again]:
    """Compute stored batches again, from nothing but their record, and compare.

    out      the folder of a study or of a question
    round    one round only, by its name; of a study, a policy
    batch    one batch only, by its number
    every    all batches of a round; else the first that is done

    Raises InputError if there is no such round or batch, StoreError if the folder holds neither.
    """
    out = Path(out)
    found = list(_stored(out, tuple(mechanisms)))
    if not found:
        raise StoreError(f"{out}: holds no run that is done")
    names = list(dict.fromkeys(one.round for one in found))
    if round is not None and round not in names:
        raise InputError(
            "no such round",
            field="round",
            value=round,
            allowed=", ".join(names[:12]),
            nearest=nearest(round, names),
        )
    chosen = [one for one in found if round in (None, one.round)]
    if batch is not None:
        chosen = [one for one in chosen if one.batch.number == batch]
        if not chosen:
            raise InputError("no such batch that is done", field="batch", value=batch)
    elif not every:
        first = {one.round: one for one in reversed(chosen)}
        chosen = [first[name] for name in names if name in first]
    return [_compared(one, place, len(chosen), progress) for place, one in enumerate(chosen)]


def _compared(one: Stored, place: int, many: int, progress: Progress | None) -> Again:
    def advance(batch: runs.Batch, month: int) -> None:
        if progress is not None:
            progress(f"{one.round}, batch {batch.number}", place * months + month, many * months)

    months = one.work.months
    values = replace(one.work, advance=advance)(one.batch)
    same = hash_of(values) == one.expected
    return Again(one.round, one.batch.number, one.batch.label, same)


def _stored(out: Path, mechanisms: tuple[Mechanism, ...]) -> Iterator[Stored]:
    study = parse_study(read_whole(out / "study.toml"), out / "study.toml")
    if stores.begun(out):
        yield from _of_study(out, study, mechanisms)
    for folder in sorted((out / "rounds").glob("*/*/plan.json")):
        yield from _of_round(out, folder.parent, study, mechanisms)


def _of_study(out: Path, study: Study, mechanisms: tuple[Mechanism, ...]) -> Iterator[Stored]:
    plan = read_json(out / "plan.json")
    world, _ = stores.read_world(out)
    work = ensemble.work_of(study, world, plan["size"], plan["record"], mechanisms)
    drawn, cube = ensemble.draws(study), Cube(out, plan["record"])
    for one in ensemble.plan(plan["policies"], plan["members"], plan["size"]):
        if cube.state(one.number) == "done":
            batch = runs.Batch(one.number, one.label, ensemble.cases_of(study, drawn, one))
            yield Stored(one.policy, batch, work, cube.mark(one.number)["sha256"])


def _of_round(
    out: Path, folder: Path, study: Study, mechanisms: tuple[Mechanism, ...]
) -> Iterator[Stored]:
    plan: dict[str, Any] = read_json(folder / "plan.json")
    records = read_json(folder / "cases.json")
    cases = tuple(case_of(one, folder.name) for one in records)
    work = Work(
        kept_world(out, folder.name),
        months=plan["months"],
        record=tuple(plan["record"]),
        size=plan["size"],
        parameters=study.parameters,
        mechanisms=mechanisms,
        holdable=tuple(plan["holdable"]),
        paths=tuple(plan["paths"]),
    )
    cube = Cube(folder, plan["record"])
    name = (
        folder.parent.name if folder.name == runs.PLAIN else f"{folder.parent.name}/{folder.name}"
    )
    for number, first in enumerate(range(0, len(cases), work.size)):
        if cube.state(number) == "done":
            chosen = cases[first : first + work.size]
            label = f"runs {first + 1} to {first + len(chosen)}"
            batch = runs.Batch(number, label, chosen)
            yield Stored(name, batch, work, cube.mark(number)["sha256"])
