"""Damage to files: a bit that flips, an end that is lost, nothing left, the file gone."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

FRAME = (".zarray", ".zattrs", ".zgroup", ".zmetadata")


def _within(name: str, place: Path) -> bool:
    return name in place.parts[:-1]


def _is_value(place: Path) -> bool:
    """Whether a file holds values of an index: those have chunks of three numbers and more."""
    return place.name.count(".") >= 1 and place.name.replace(".", "").isdigit()


CLASSES: dict[str, Callable[[Path], bool]] = {
    "chunk": lambda place: _within("results.zarr", place) and _is_value(place),
    "labels": lambda place: _within("results.zarr", place) and not _is_value(place),
    "world": lambda place: _within("world", place),
    "mark": lambda place: _within("done", place),
    "json": lambda place: place.suffix == ".json" and not _within("done", place),
    "table": lambda place: place.suffix == ".parquet",
    "text": lambda place: place.name in ("study.toml", "model.md"),
}
"""Which files of a folder of results belong to each class, by their path inside it."""


def files_of(folder: Path, kind: str) -> list[Path]:
    """The files of a class, in order."""
    return sorted(
        place
        for place in folder.rglob("*")
        if place.is_file()
        and CLASSES[kind](place.relative_to(folder))
        and not place.name.endswith((".partial", ".unfinished"))
    )


def damage(place: Path, how: str, chance: random.Random) -> None:
    """Do damage to a file: "flip" a bit, "cut" its end off, "empty" it, or let it be "gone"."""
    held = place.read_bytes()
    if how == "gone":
        place.unlink()
    elif how == "empty" or not held:
        place.write_bytes(b"")
    elif how == "cut":
        place.write_bytes(held[: chance.randrange(len(held))])
    else:
        at = chance.randrange(len(held))
        flipped = held[at] ^ (1 << chance.randrange(8))
        place.write_bytes(held[:at] + bytes([flipped]) + held[at + 1 :])


HOWS = ("flip", "cut", "empty", "gone")


def damage_some(folder: Path, kind: str, chance: random.Random) -> str:
    """Damage one to three files of a class; say which and how."""
    there = files_of(folder, kind)
    if not there:
        return ""
    chosen = chance.sample(there, min(chance.choice((1, 1, 2, 3)), len(there)))
    told = []
    for place in chosen:
        how = chance.choices(HOWS, (3, 2, 1, 1))[0]
        damage(place, how, chance)
        told.append(f"{how} {place.relative_to(folder)}")
    return ", ".join(told)


class Deadly:
    """Work that squares a number; its first calls kill the worker that does them."""

    def __init__(self, place: Path, deaths: int) -> None:
        self.place, self.deaths = place, deaths

    def __call__(self, number: int) -> int:
        """The square, or the death of this process if another one is due."""
        for death in range(self.deaths):
            mark = self.place / str(death)
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return number * number
