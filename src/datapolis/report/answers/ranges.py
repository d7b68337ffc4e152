"""Over what a parameter varied, in words: for all pages of answers."""

from __future__ import annotations

from datapolis.core.parameters import DECLARED
from datapolis.studies.sensitivity import CHANCE


def range_of(path: str) -> str:
    """Over what a factor varied."""
    if path == CHANCE:
        return "seeds"
    one = DECLARED[path]
    return f"{one.low:g} to {one.high:g}" + ("" if one.unit == "1" else f" {one.unit}")
