"""Study files of earlier versions, read as if they were of this one.

When a key is renamed, or comes to mean something else, SCHEMA rises by one and STEPS gets a
function that takes the plain values of a file of the version before to those of the next. The file
itself is never changed, and a run keeps it as it was given.

    1    datapolis 0.1.0
    2    `basis = "share"` of [world.firms] is called "market", as the audit calls it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datapolis.core.errors import InputError
from datapolis.studies.document.toml_positions import Lines

SCHEMA = 2
Plain = dict[str, Any]


def _market(raw: Plain) -> Plain:
    """From 1: parts of one whole were called a share."""
    world = raw.get("world")
    firms = world.get("firms") if isinstance(world, dict) else None
    if not isinstance(world, dict) or not isinstance(firms, dict) or firms.get("basis") != "share":
        return raw
    return {**raw, "world": {**world, "firms": {**firms, "basis": "market"}}}


STEPS: dict[int, Callable[[Plain], Plain]] = {1: _market}
"""What turns a file of a version into one of the next."""


def migrated(raw: Plain, file: str, lines: Lines) -> Plain:
    """The values of a study file in the terms of this version.

    Raises InputError where the file names no version, or one that this datapolis does not know.
    """
    version = raw.get("schema")
    if version is None:
        raise InputError(
            "the schema is missing", file=file, field="schema", allowed=f"schema = {SCHEMA}"
        )
    known = sorted({*STEPS, SCHEMA})
    if type(version) is not int or version not in known:
        newer = type(version) is int and version > SCHEMA
        raise InputError(
            "made for a newer datapolis; update datapolis to run it"
            if newer
            else "no such version of study files",
            file=file,
            line=lines.of(("schema",)),
            field="schema",
            value=version,
            allowed=", ".join(map(str, known)),
        )
    for before in range(version, SCHEMA):
        raw = {**STEPS[before](raw), "schema": before + 1}
    return raw
