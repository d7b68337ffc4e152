"""What questions that run the model share: another size of world, tables, checks of options."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from datapolis.errors import InputError

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
