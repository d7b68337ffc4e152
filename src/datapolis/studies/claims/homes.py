"""The worlds that draws are run in: calibrated ones in that to which they were fitted.

A posterior says which parameters show what was measured in a world of one size, with so many firms,
after so many months (baseline/recipe.toml); elsewhere it says nothing. So calibrated draws are
judged in such a world over those months, and all others in the world of the study that is asked.
Each has several worlds that differ in the seed alone, of which every draw takes the next: what
chance gave to one world cannot make a verdict.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datapolis.core.errors import InputError
from datapolis.studies.claims.worlds import WORLDS
from datapolis.studies.document.migrations import SCHEMA
from datapolis.studies.runs import PLAIN
from datapolis.studies.study import Study, parse_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datapolis.model.world import World
    from datapolis.studies.claims.experiment import Experiment, Length
    from datapolis.studies.inputs import Inputs
    from datapolis.studies.run_cache import Laboratory
    from datapolis.studies.runs import Case


@dataclass(frozen=True)
class Home:
    """Where a sample of draws is run: names of worlds that differ in their seed, and how long."""

    worlds: tuple[str, ...]
    months: Mapping[Length, int]

    def at(self, number: int, case: Case) -> Case:
        """The case of a draw, in the next of the worlds."""
        base = self.worlds[number % len(self.worlds)]
        return replace(case, world=named(case.world, base))

    def as_json(self, worlds: Mapping[str, World]) -> dict[str, Any]:
        """What a reader should know of it."""
        sizes = worlds[self.worlds[0]].sizes
        return {
            "citizens": sizes.citizens,
            "firms": sizes.firms,
            "worlds": len(self.worlds),
            "months": dict(self.months),
        }


def named(variant: str, base: str) -> str:
    """How the variant of a world is called: the plain one by its name, others with theirs."""
    if PLAIN in (variant, base):
        return base if variant == PLAIN else variant
    return f"{base}-{variant}"


def fitted_study() -> Study:
    """A study of the world that the shipped calibration was fitted in, and its months."""
    text = (files("datapolis") / "baseline" / "recipe.toml").read_text(encoding="utf-8")
    world = tomllib.loads(text)["world"]
    lines = [f"{name} = {value}" for name, value in world.items()]
    made = "\n".join(
        [f'schema = {SCHEMA}\ntitle = "The world of the calibration"\n[world]', *lines]
    )
    return parse_study(made.encode(), Path("recipe.toml"))


def fitted_months(months: Mapping[Length, int]) -> Mapping[Length, int]:
    """Those of the calibration; an experiment on the start stays one on the start."""
    known = fitted_study().world.months
    return {length: many if length == "start" else known for length, many in months.items()}


def reseeded(study: Study, seeds: int, inputs: Inputs) -> list[World]:
    """Worlds of a study that differ in their seed, its own first."""
    from datapolis.studies.inputs import build_world

    found = []
    for number in range(seeds):
        other = copy.copy(study)
        other.world = study.world.model_copy(update={"seed": study.world.seed + number})
        found.append(build_world(other, inputs))
    return found


def settle(lab: Laboratory, prefix: str, worlds: Sequence[World]) -> tuple[str, ...]:
    """Give worlds to a laboratory; their names. Of the first of no prefix the lab has its own."""
    names = []
    for number, world in enumerate(worlds):
        name = f"{prefix or PLAIN}-{number}" if prefix or number else PLAIN
        if name != PLAIN:
            lab.worlds[name] = world
        names.append(name)
    return tuple(names)


def make_variants(
    lab: Laboratory, chosen: Sequence[Experiment], homes: Mapping[str, Home]
) -> dict[str, str]:
    """Make the worlds that some experiments need; why others cannot be run."""
    reasons: dict[str, str] = {}
    bases = sorted({base for home in homes.values() for base in home.worlds})
    for one in chosen:
        for variant in {arm.world for arm in one.arms} - {PLAIN}:
            for base in bases:
                name = named(variant, base)
                if name not in lab.worlds:
                    try:
                        lab.worlds[name] = WORLDS[variant](lab.worlds[base])
                    except InputError as error:
                        reasons[one.id] = str(error)
    return reasons
