"""What questions that run the model share: another size of world, tables, checks of options."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from datapolis.errors import InputError
from datapolis.studies import files

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


def write_table(out: Path, name: str, columns: Mapping[str, Any]) -> None:
    """Keep a table of an answer as Parquet, whole or not at all."""
    import pyarrow
    from pyarrow import parquet

    place = out / "tables" / f"{name}.parquet"
    partial = place.with_suffix(".partial")
    with files.disk(out):
        place.parent.mkdir(exist_ok=True)
        parquet.write_table(pyarrow.table(dict(columns)), partial)
        os.replace(partial, place)
