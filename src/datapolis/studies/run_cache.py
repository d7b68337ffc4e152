"""The laboratory: any runs of the model, asked for in rounds, each kept so that it is run once.

A question to the model (which parameters matter? which portfolio is robust?) is a program that asks
for runs, looks at what comes out, and asks for more. It draws all its chance from a seed. So it
needs no memory of its own: stopped and begun again, it asks for the same rounds, finds those that
are done, and goes on, bit for bit.

    world/                     the plain world; others, made of it, in worlds/NAME/world/
    rounds/0000-morris/plain/  cases.json  plan.json  results.zarr/  done/  failed/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import StoreError
from datapolis.core.parameters import Parameters
from datapolis.model.month import MONTH, Mechanism
from datapolis.studies import market_inversion
from datapolis.studies.ensemble import batch_size
from datapolis.studies.files import (
    damaged,
    disk,
    hash_of,
    keep_whole,
    read_json,
    write_json,
    write_whole,
)
from datapolis.studies.records import case_record
from datapolis.studies.results_array import Cube
from datapolis.studies.runs import PLAIN, Batch, Case, Progress, Values, Work, compute
from datapolis.studies.store import leaves, read_world, undamaged_world, write_world

if TYPE_CHECKING:
    import xarray

    from datapolis.model.world import World


class Laboratory:
    """A folder in which runs are asked for and kept."""

    def __init__(
        self,
        folder: Path,
        worlds: Mapping[str, World],
        *,
        parameters: Parameters | None = None,
        mechanisms: Sequence[Mechanism] = MONTH,
        scheduler: str | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.folder, self.worlds = folder, dict(worlds)
        self.parameters = parameters or Parameters()
        self.mechanisms = tuple(mechanisms)
        self.scheduler, self.progress = scheduler, progress
        self.asked = 0  # rounds so far

    def run(
        self,
        name: str,
        cases: Sequence[Case],
        *,
        months: int,
        record: Sequence[str],
        size: int | None = None,
        holdable: Sequence[str] = (),
    ) -> xarray.Dataset:
        """What the indices were in each case: a dataset with dimensions case, month, ...

        name      of the round, for people; rounds are told apart by their order
        record    the indices to keep, by name
        size      cases of a batch; by default as many as pay, in batches as equal as can be
        holdable  stocks that cases of other rounds hold; with these and one size all compile once

        Raises StoreError if the folder holds other runs in this place, or if runs failed, and
        InputError if a measured market does not rest at the parameters of a case.
        """
        import xarray

        folder = self.folder / "rounds" / f"{self.asked:04d}-{name}"
        self.asked += 1
        parts, order = [], []
        for world in dict.fromkeys(case.world for case in cases):
            self._keep_world(world)
            market_inversion.check(
                self.worlds[world],
                (self.parameters.set(one.parameters) for one in cases if one.world == world),
            )
            places = [place for place, case in enumerate(cases) if case.world == world]
            chosen = [cases[place] for place in places]
            work = self._work(chosen, months, record, size, holdable)
            round_ = Round(folder / world, work, chosen)
            round_.compute(name, self.scheduler, self.progress)
            parts.append(round_.cube.dataset())
            order += places
        joined = parts[0] if len(parts) == 1 else xarray.concat(parts, "case", join="override")
        ordered: xarray.Dataset = joined.isel(case=np.argsort(order)).assign_coords(
            case=np.arange(len(cases))
        )
        return ordered

    def _keep_world(self, name: str) -> None:
        """Keep a world besides the plain one, so that runs in it can be done again.

        Raises StoreError if another one of this name is kept.
        """
        place = self.folder / "worlds" / name
        if name == PLAIN:
            return
        if (place / "world").is_dir():
            if undamaged_world(place, hash_of(leaves(self.worlds[name]))) is None:
                raise StoreError(f"{place}: holds another world; use a new folder")
            return
        with disk(self.folder):
            place.mkdir(parents=True, exist_ok=True)
            write_world(place, self.worlds[name])

    def _work(
        self,
        cases: Sequence[Case],
        months: int,
        record: Sequence[str],
        size: int | None,
        holdable: Sequence[str],
    ) -> Work:
        world = self.worlds[cases[0].world]
        return Work(
            world=world,
            months=months,
            record=tuple(record),
            size=size or batch_size(world.sizes.citizens, len(cases)),
            parameters=self.parameters,
            mechanisms=self.mechanisms,
            holdable=tuple(sorted({*holdable, *(path for case in cases for path in case.frozen)})),
            paths=tuple(sorted({path for case in cases for path in case.policy.parameters})),
        )


class Round:
    """Runs in one world that were asked for at once: their record, their results, their marks."""

    def __init__(self, folder: Path, work: Work, cases: Sequence[Case]) -> None:
        self.folder, self.work, self.cases = folder, work, tuple(cases)
        self.places = {
            number: slice(first, min(first + work.size, len(cases)))
            for number, first in enumerate(range(0, len(cases), work.size))
        }
        self.cube = self._opened()

    def _opened(self) -> Cube:
        from datapolis.model.indices import find

        cases = json.dumps([case_record(case) for case in self.cases], indent=0).encode()
        plan: dict[str, Any] = {
            "months": self.work.months,
            "record": list(self.work.record),
            "size": self.work.size,
            "holdable": list(self.work.holdable),
            "paths": list(self.work.paths),
            "cases": len(self.cases),
            "sha256": hashlib.sha256(cases).hexdigest(),
        }
        if (self.folder / "plan.json").is_file():
            held = read_json(self.folder / "plan.json")
            if not isinstance(held, dict):
                raise damaged(self.folder / "plan.json")
            frame = held.pop("frame", None)
            if held != plan:
                raise StoreError(
                    f"{self.folder}: holds other runs than are asked for now; use a new folder"
                )
            cube = Cube(self.folder, plan["record"])
            cube.check_frame(frame)
            with disk(self.folder):
                keep_whole(self.folder / "cases.json", cases)
            return cube
        with disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / "cases.json", cases)
            cube = Cube.make(
                self.folder,
                record=[find(name) for name in plan["record"]],
                world=self.work.world,
                outer={"case": np.arange(len(self.cases))},
                months=self.work.months,
                chunks=(self.work.size,),
                coordinates={},
                attributes={"citizens": self.work.world.sizes.citizens},
            )
            write_json(self.folder / "plan.json", {**plan, "frame": cube.frame()})
        return cube

    def compute(self, name: str, scheduler: str | None, progress: Progress | None) -> None:
        """Compute what is not done yet."""
        for number, place in self.places.items():
            self.cube.fits(number, (place,))
        self.cube.forgive()
        compute(
            self.work,
            [
                Batch(number, f"{name}, runs {at.start + 1} to {at.stop}", self.cases[at])
                for number, at in self.places.items()
                if self.cube.state(number) != "done"
            ],
            self._keep,
            self._fail,
            scheduler=scheduler,
            progress=progress,
        )

    def _about(self, batch: Batch) -> dict[str, Any]:
        place = self.places[batch.number]
        return {"cases": [place.start, place.stop]}

    def _keep(self, batch: Batch, values: Values, seconds: float) -> None:
        place = (self.places[batch.number],)
        self.cube.keep(batch.number, place, values, seconds=seconds, **self._about(batch))

    def _fail(self, batch: Batch, error: Exception) -> None:
        self.cube.fail(batch.number, error, **self._about(batch))


def kept_world(out: Path, name: str) -> World:
    """A world that a folder keeps, by the name by which cases call it."""
    return read_world(out if name == PLAIN else out / "worlds" / name)[0]
