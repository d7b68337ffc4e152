"""A cube: labelled arrays on disk that are filled batch by batch, with proof of each batch.

    results.zarr/      case x month (x sector, ...), or policy x member x month; nan until done
    done/0007.json     the mark of a batch: the hash of its values, renamed into place after them
    failed/0007.json   its error

State is read off the marks: what has none is pending. A mark whose hash does not fit its chunk is
thrown away and told. So work that was killed at any point goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from datapolis.core.errors import kind_of
from datapolis.studies.files import damaged, disk, hash_of, sealed, unsealed, write_json
from datapolis.studies.runs import Values

if TYPE_CHECKING:
    from datapolis.model.indices import Index
    from datapolis.model.world import World

State: TypeAlias = Literal["pending", "done", "failed"]


class Cube:
    """The arrays of some indices, with a mark for each batch that is in them."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder, self.names = folder, tuple(names)
        self._group: Any = None
        self._writing = threading.Lock()

    @staticmethod
    def make(
        folder: Path,
        *,
        record: Sequence[Index],
        world: World,
        outer: Mapping[str, Any],
        months: int,
        chunks: Sequence[int],
        coordinates: Mapping[str, Any],
        attributes: Mapping[str, Any],
    ) -> Cube:
        """An empty cube in a folder: nan everywhere, no marks.

        `outer` gives the dimensions before the month with their labels; `chunks` how many of each
        make one batch. Zarr format 2: in it, text and consolidated metadata are stable, and every
        reader knows it.
        """
        import xarray
        import zarr

        from datapolis.model.indices import labels

        for name in ("results.zarr", "results.partial"):
            shutil.rmtree(folder / name, ignore_errors=True)
        for name in ("done", "failed"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir(parents=True)
        known: dict[str, Any] = {
            **outer,
            "month": ("month", np.arange(months), {"units": "month"}),
        }
        for one in record:
            for dim in one.dims:
                known[dim] = labels(dim, world)
        partial = folder / "results.partial"
        dataset = xarray.Dataset({}, {**known, **coordinates}, dict(attributes))
        dataset.to_zarr(partial, mode="w", zarr_format=2, consolidated=False)
        group = zarr.open_group(str(partial), mode="r+")
        lengths = tuple(dataset.sizes[name] for name in outer)
        for one in record:
            inner = tuple(len(labels(dim, world)) for dim in one.dims)
            group.create_array(
                one.name,
                shape=(*lengths, months, *inner),
                chunks=(*chunks, months, *inner),
                dtype="float32",
                fill_value=float("nan"),
                attributes={
                    "_ARRAY_DIMENSIONS": [*outer, "month", *one.dims],
                    "units": one.unit,
                    "long_name": one.about,
                    "group": one.group,
                },
            )
        zarr.consolidate_metadata(str(partial))
        os.replace(partial, folder / "results.zarr")
        return Cube(folder, [one.name for one in record])

    @property
    def group(self) -> Any:
        """The arrays, as a Zarr group."""
        import zarr

        if self._group is None:
            self._group = zarr.open_group(str(self.folder / "results.zarr"), mode="r+")
        return self._group

    def dataset(self) -> Any:
        """The arrays as an xarray.Dataset, with labels, units and long names."""
        import xarray

        return xarray.open_zarr(self.folder / "results.zarr", chunks=None)

    def frame(self) -> str:
        """The hash of all that lies beside the values: labels, units, shapes."""
        found, results = hashlib.sha256(), self.folder / "results.zarr"
        for place in sorted(results.rglob("*")):
            inside = place.relative_to(results)
            is_chunk = inside.parts[0] in self.names and not inside.name.startswith(".")
            if place.is_file() and not is_chunk:
                found.update(f"{inside.as_posix()} ".encode() + place.read_bytes())
        return found.hexdigest()

    def check_frame(self, begun: str | None) -> None:
        """StoreError if the labels and shapes are not those with which it was begun."""
        if begun is not None and self.frame() != begun:
            raise damaged(self.folder / "results.zarr")

    def state(self, number: int) -> State:
        """How a batch stands."""
        if self._mark(number).exists():
            return "done"
        return "failed" if self._failed(number).exists() else "pending"

    def keep(
        self, number: int, place: tuple[Any, ...], values: Values, *, seconds: float, **about: Any
    ) -> None:
        """Keep the values of a batch: first its chunk of each array, then its mark."""
        values = {name: np.asarray(values[name], np.float32) for name in self.names}
        with disk(self.folder), self._writing:
            for name, value in values.items():
                self.group[name][place] = value
            mark = {**about, "sha256": hash_of(values), "seconds": round(seconds, 3)}
            write_json(self._mark(number), sealed({"batch": number, **mark}))
            self._failed(number).unlink(missing_ok=True)

    def mark(self, number: int) -> dict[str, Any]:
        """What the mark of a batch that is done says."""
        found: dict[str, Any] = json.loads(self._mark(number).read_text())
        return found

    def values(self, place: tuple[Any, ...]) -> dict[str, np.ndarray]:
        """What the arrays hold at the place of a batch."""
        return {name: self.group[name][place] for name in self.names}

    def fits(self, number: int, place: tuple[Any, ...]) -> bool:
        """Whether a batch holds what it was marked for, if it was; a mark that lies is dropped."""
        mark = self._mark(number)
        if not mark.exists():
            return True
        try:
            fits = hash_of(self.values(place)) == unsealed(self.mark(number))["sha256"]
        except Exception:  # whatever a damaged file makes of itself
            fits = False
        if not fits:
            with disk(self.folder):
                mark.unlink()
        return bool(fits)

    def fail(self, number: int, error: Exception, **about: Any) -> None:
        """Remember that a batch failed, and the kind of its error, without values."""
        with disk(self.folder), self._writing:
            write_json(self._failed(number), {"batch": number, **about, "error": kind_of(error)})

    def forgive(self) -> None:
        """Let those that failed try again."""
        with disk(self.folder):
            for name in (self.folder / "failed").glob("*.json"):
                name.unlink()

    def _mark(self, number: int) -> Path:
        return self.folder / "done" / f"{number:04d}.json"

    def _failed(self, number: int) -> Path:
        return self.folder / "failed" / f"{number:04d}.json"
