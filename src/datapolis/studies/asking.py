"""What questions share: another size of world, checks of options, keeping the answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from datapolis.core.errors import InputError
from datapolis.studies.files import disk, write_json, write_table

if TYPE_CHECKING:
    from datapolis.studies.study import Study

Tell: TypeAlias = Callable[[str], None]
Report: TypeAlias = Callable[[Path], Path]


def resized(study: Study, citizens: int | None) -> Study:
    """The study with another number of citizens; itself if none is given."""
    if citizens is None:
        return study
    within("citizens", citizens, 100, 1_000_000_000)
    other = copy.copy(study)
    other.world = study.world.model_copy(update={"citizens": citizens})
    return other


def within(field: str, value: int, low: int, high: int) -> None:
    """Raises InputError if a whole number lies outside its range."""
    if not low <= value <= high:
        raise InputError("out of range", field=field, value=value, allowed=f"{low:,} to {high:,}")


def each_once(names: Sequence[str], field: str) -> None:
    """Raises InputError if a name stands twice."""
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError("stands twice", field=field, value=name, allowed="each once")


def keep_answer(
    out: Path,
    answer: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, Any]],
    report: Report | None,
) -> None:
    """Keep an answer in its folder: its tables, itself as plain data, and its page."""
    for name, columns in tables.items():
        if columns:
            write_table(out, name, columns)
    with disk(out):
        write_json(out / "answer.json", answer)
        if report is not None:
            report(out)
