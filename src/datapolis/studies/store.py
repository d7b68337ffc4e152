"""The run store: a folder that holds a study, what was computed for it, and proof of it.

    study.toml       as asked, byte for byte
    provenance.json  parameters, seed, versions, machine, hashes of the inputs, notes
    model.md         the model that was run, in words and equations
    plan.json        the batches; once it is there, the folder is begun
    world/           the world, built once
    results.zarr/    policy x member x month (x sector, ...); nan until done
    done/0007.json   the mark of a batch: the hash of its values, renamed into place after its chunk
    failed/0007.json its error
    audits/          what was measured, one JSON file for each audit
    tables/          Parquet: findings, targets, parameters and, when all is done, outcomes

State is read off the marks. Whatever has no mark is computed again; a mark whose hash does not fit
its chunk is thrown away and told. So a run that was killed at any point goes on where it was.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis import __version__
from datapolis.errors import StoreError
from datapolis.studies.ensemble import Batch, plan

if TYPE_CHECKING:
    from datapolis.audits import Audit
    from datapolis.indices import Index
    from datapolis.world import World

LAYOUT = 1  # of the folder; another one is refused
OURS = {
    "study.toml", "provenance.json", "model.md", "plan.json", "world", "results.zarr", "done",
    "failed", "audits", "tables", "report.html", "lock",
}  # fmt: skip
DECIDING = ("datapolis", "jax")  # another version of these gives other bits


@dataclass(frozen=True)
class Content:
    """What a new store begins with."""

    study: bytes
    provenance: dict[str, Any]
    world: World
    record: Sequence[Index]
    policies: Sequence[str]
    members: int
    months: int
    size: int
    drawn: Mapping[str, np.ndarray]


class Store:
    """An open run store, held by a lock that dies with its process."""

    def __init__(self, out: Path, lock: Lock) -> None:
        self.out, self._lock = out, lock
        self.plan = json.loads(_read(out / "plan.json"))
        self.size: int = self.plan["size"]
        self.batches = plan(self.plan["policies"], self.plan["members"], self.size)
        self._results: Any = None

    # --- begin, or go on ---

    @staticmethod
    def begin(out: Path, content: Content) -> Store:
        """A new store in an empty folder, or in one where beginning was cut short."""
        check_folder(out, content.study)
        with disk(out):
            out.mkdir(parents=True, exist_ok=True)
            lock = Lock(out)
            try:
                for name in ("world", "world.partial", "results.zarr", "results.partial"):
                    shutil.rmtree(out / name, ignore_errors=True)
                for name in ("done", "failed", "tables"):
                    shutil.rmtree(out / name, ignore_errors=True)
                    (out / name).mkdir()
                write_whole(out / "study.toml", content.study)
                write_whole(out / "model.md", described())
                world_hash = write_world(out, content.world)
                _make_results(out, content)
                dated = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
                write_json(out / "provenance.json", {**dated, **content.provenance})
                write_json(
                    out / "plan.json",
                    {
                        "layout": LAYOUT,
                        "policies": list(content.policies),
                        "members": content.members,
                        "months": content.months,
                        "size": content.size,
                        "record": [one.name for one in content.record],
                        "world": world_hash,
                        "batches": [
                            {"policy": one.policy, "members": [one.first, one.last]}
                            for one in plan(content.policies, content.members, content.size)
                        ],
                    },
                )
                return Store(out, lock)
            except BaseException:
                lock.release()
                raise

    @staticmethod
    def go_on(out: Path, study: bytes, inputs: Mapping[str, str]) -> Store:
        """The store of this study, to go on with; `inputs` are the hashes of its tables by part."""
        check_folder(out, study)
        with disk(out):
            lock = Lock(out)
        try:
            store = Store(out, lock)
            if store.plan.get("layout") != LAYOUT:
                raise StoreError(
                    f"{out}: made by a datapolis with another layout; use a new folder"
                )
            store._same_as_begun(inputs)
        except BaseException:
            lock.release()
            raise
        return store

    def _same_as_begun(self, inputs: Mapping[str, str]) -> None:
        provenance = self.provenance()
        now = versions()
        for name in DECIDING:
            begun = provenance["versions"].get(name)
            if begun != now[name]:
                raise StoreError(
                    f"{self.out}: begun with {name} {begun}, this is {now[name]}; the rest would "
                    "differ from what is done; use a new folder"
                )
        begun = {one["part"]: one["sha256"] for one in provenance["inputs"]}
        names = {one["part"]: one["table"] for one in provenance["inputs"]}
        for part in sorted({*begun, *inputs}):
            if part not in inputs:
                raise StoreError(
                    f"{self.out}: begun with the table {names[part]!r}, which is not found now; "
                    "give its folder with --data"
                )
            if begun.get(part) != inputs[part]:
                what = f"the table {names[part]!r}" if part in names else f"[world.{part}]"
                raise StoreError(
                    f"{self.out}: {what} is not what it was when this folder was begun; "
                    "use a new folder"
                )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def provenance(self) -> dict[str, Any]:
        """What is known of how it was made."""
        found: dict[str, Any] = json.loads(_read(self.out / "provenance.json"))
        return found

    # --- the world ---

    def world(self) -> World | None:
        """The world as it was built; None if it is damaged."""
        try:
            world, stored = read_world(self.out)
        except Exception:
            return None
        return world if stored == self.plan["world"] else None

    def mend_world(self, world: World) -> None:
        """Put a world that was built again in the place of a damaged one."""
        if hash_of(leaves(world)) != self.plan["world"]:
            raise StoreError(
                f"{self.out}: its world is damaged, and cannot be built again as it was; "
                "use a new folder"
            )
        with disk(self.out):
            shutil.rmtree(self.out / "world", ignore_errors=True)
            write_world(self.out, world)

    # --- batches ---

    @property
    def results(self) -> Any:
        """The Zarr group of the results."""
        import zarr

        if self._results is None:
            self._results = zarr.open_group(str(self.out / "results.zarr"), mode="r+")
        return self._results

    def check(self) -> list[str]:
        """Throw away each mark whose chunk does not fit it, and tell; failed ones may try again."""
        told = []
        for batch in self.batches:
            mark = self._mark(batch)
            if mark.exists() and not self._fits(batch, mark):
                mark.unlink()
                told.append(
                    f"batch {batch.number} ({batch.label}) is damaged and is computed again"
                )
        for name in (self.out / "failed").glob("*.json"):
            name.unlink()
        return told

    def pending(self) -> list[Batch]:
        """The batches that have no mark."""
        return [batch for batch in self.batches if not self._mark(batch).exists()]

    def write(self, batch: Batch, values: Mapping[str, np.ndarray], seconds: float) -> None:
        """Keep the values of a batch: first its chunk of each array, then its mark."""
        row = self.plan["policies"].index(batch.policy)
        values = {name: np.asarray(values[name], np.float32) for name in self.plan["record"]}
        with disk(self.out):
            for name, value in values.items():
                self.results[name][row, batch.first : batch.last] = value
            mark = {
                "batch": batch.number,
                "policy": batch.policy,
                "members": [batch.first, batch.last],
                "sha256": hash_of(values),
                "seconds": round(seconds, 3),
            }
            write_json(self._mark(batch), mark)

    def fail(self, batch: Batch, error: Exception) -> None:
        """Remember that a batch failed, and the kind of its error, without values."""
        where = f"{self.out.name}/failed"
        mark = {"batch": batch.number, "policy": batch.policy, "error": type(error).__name__}
        with disk(self.out):
            write_json(self.out / "failed" / f"{batch.number:04d}.json", {**mark, "in": where})

    def _mark(self, batch: Batch) -> Path:
        return self.out / "done" / f"{batch.number:04d}.json"

    def _fits(self, batch: Batch, mark: Path) -> bool:
        row = self.plan["policies"].index(batch.policy)
        try:
            expected = json.loads(mark.read_text())["sha256"]
            values = {
                name: self.results[name][row, batch.first : batch.last]
                for name in self.plan["record"]
            }
        except Exception:  # whatever a damaged file makes of itself
            return False
        return bool(hash_of(values) == expected)

    # --- what comes of it ---

    def dataset(self) -> Any:
        """The results as an xarray.Dataset, with labels, units and long names."""
        import xarray

        return xarray.open_zarr(self.out / "results.zarr")

    def write_table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Keep a table as Parquet."""
        import pyarrow
        from pyarrow import parquet

        place = self.out / "tables" / f"{name}.parquet"
        partial = place.with_suffix(".partial")
        with disk(self.out):
            place.parent.mkdir(exist_ok=True)
            parquet.write_table(pyarrow.table(dict(columns)), partial)
            os.replace(partial, place)

    def write_audits(self, audits: Mapping[str, Audit]) -> None:
        """Keep what was measured: each audit as JSON, all findings and targets as tables."""
        from datapolis.audits.finding import joined

        with disk(self.out):
            (self.out / "audits").mkdir(exist_ok=True)
            for name, audit in audits.items():
                write_json(self.out / "audits" / f"{name}.json", audit.as_json())
        for table in ("findings", "targets"):
            if columns := joined(audits, table):
                self.write_table(table, columns)


def begun(out: Path) -> bool:
    """Whether a folder holds a store that can be gone on with."""
    return (out / "plan.json").is_file()


def progress_of(out: Path) -> tuple[int, int]:
    """How many batches are done, and of how many; (0, 0) where nothing was begun."""
    if not begun(out):
        return 0, 0
    batches = json.loads(_read(out / "plan.json"))["batches"]
    return len(list((out / "done").glob("*.json"))), len(batches)


def check_folder(out: Path, study: bytes) -> None:
    """Refuse a folder that holds something else; nothing is written."""
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out}: a file; the results need a folder of their own")
    if not out.is_dir():
        return
    names = {one.name for one in out.iterdir()}
    others = sorted(name for name in names - OURS if not name.endswith(".partial"))
    held = out / "study.toml"
    if held.is_file() and held.read_bytes() != study:
        raise StoreError(
            f"{out}: holds the results of another study, or of this one before it was changed; "
            "use another folder"
        )
    started = (out / "lock").is_file()
    if not begun(out) and names and (others or not started):
        raise StoreError(
            f"{out}: holds other files ({', '.join([*others, *sorted(names - {*others})][:3])}); "
            "use an empty or a new folder"
        )


class Lock:
    """One process at a time; the system lets go of it when the process ends, however it ends."""

    def __init__(self, out: Path) -> None:
        self._file = (out / "lock").open("a+b")
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise StoreError(f"{out}: another run is at work in this folder") from None
            raise

    def release(self) -> None:
        """Let others in."""
        self._file.close()


def versions() -> dict[str, str]:
    """The versions on which the numbers depend."""
    from importlib.metadata import version

    names = ("jax", "jaxlib", "numpy", "xarray", "zarr", "ibis-framework", "duckdb")
    return {"datapolis": __version__, **{name: version(name) for name in names}}


# --- files that are whole or not there ---


def described() -> bytes:
    """The description of the model, as this version of the package carries it."""
    carried = files("datapolis") / "model.md"
    if carried.is_file():
        return carried.read_bytes()
    return (Path(__file__).parents[3] / "docs" / "model.md").read_bytes()  # a working copy


@contextmanager
def disk(out: Path) -> Iterator[None]:
    """Tell what the disk refuses as a StoreError."""
    try:
        yield
    except FileNotFoundError:
        raise  # a mistake of ours, not of the disk
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full; make room and run the same command again",
            errno.EDQUOT: "your part of the disk is full; make room and run the same command again",
            errno.EACCES: "may not be written",
            errno.EROFS: "may not be written",
        }
        reason = reasons.get(
            error.errno or 0, f"cannot be written ({os.strerror(error.errno or 0)})"
        )
        raise StoreError(f"{out}: {reason}") from None


def write_whole(place: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, whatever happens."""
    partial = place.with_name(f"{place.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, place)
    if sys.platform != "win32":
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_new(place: Path, text: str) -> None:
    """Write a file that is not there yet; refuse to touch one that is."""
    try:
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StoreError(f"{place}: is there already; nothing was overwritten") from None
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror})") from None


def write_json(place: Path, content: Any) -> None:
    """Write a JSON file as a whole."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(place, text.encode() + b"\n")


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError:
        raise StoreError(f"{place}: cannot be read; use a new folder") from None


def hash_of(values: Mapping[str, Any]) -> str:
    """The hash of named arrays; all nan are alike."""
    found = hashlib.sha256()
    for name in sorted(values):
        value = np.asarray(values[name])
        if value.dtype.kind == "f":
            value = np.where(np.isnan(value), np.float32(np.nan), value).astype(np.float32)
        found.update(f"{name} {value.dtype.str} {value.shape}".encode())
        found.update(np.ascontiguousarray(value).tobytes())
    return found.hexdigest()


# --- results and world as Zarr ---
# Format 2: in it, text and consolidated metadata are stable, and every reader knows it.


def _make_results(out: Path, content: Content) -> None:
    """All arrays of the results, nan until done, each batch one chunk of each."""
    import xarray
    import zarr

    from datapolis.indices import labels
    from datapolis.parameters import DECLARED

    coordinates: dict[str, Any] = {
        "policy": list(content.policies),
        "member": ("member", np.arange(content.members), {"long_name": "member of the ensemble"}),
        "month": ("month", np.arange(content.months), {"units": "month"}),
    }
    for one in content.record:
        for dim in one.dims:
            coordinates[dim] = labels(dim, content.world)
    for path, values in content.drawn.items():
        declared = DECLARED[path]
        about = {"units": declared.unit, "long_name": declared.about, "group": "parameters"}
        coordinates[f"vary.{path}"] = ("member", values, about)
    attributes = {"datapolis": __version__, "citizens": content.world.sizes.citizens}
    partial = out / "results.partial"
    dataset = xarray.Dataset({}, coordinates, attributes)
    dataset.to_zarr(partial, mode="w", zarr_format=2, consolidated=False)
    group = zarr.open_group(str(partial), mode="r+")
    for one in content.record:
        inner = tuple(len(labels(dim, content.world)) for dim in one.dims)
        group.create_array(
            one.name,
            shape=(len(content.policies), content.members, content.months, *inner),
            chunks=(1, content.size, content.months, *inner),
            dtype="float32",
            fill_value=float("nan"),
            attributes={
                "_ARRAY_DIMENSIONS": ["policy", "member", "month", *one.dims],
                "units": one.unit,
                "long_name": one.about,
                "group": one.group,
            },
        )
    zarr.consolidate_metadata(str(partial))
    os.replace(partial, out / "results.zarr")


def leaves(record: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """The arrays of a world by path."""
    found: dict[str, np.ndarray] = {}
    for item in fields(record):
        value = getattr(record, item.name)
        if item.name in ("sizes", "names"):
            continue
        if is_dataclass(value):
            found |= leaves(value, f"{prefix}{item.name}.")
        else:
            found[prefix + item.name] = np.asarray(value)
    return found


def write_world(out: Path, world: World) -> str:
    """Keep a world; return the hash of its arrays."""
    import zarr

    partial = out / "world.partial"
    shutil.rmtree(partial, ignore_errors=True)
    group = zarr.open_group(str(partial), mode="w", zarr_format=2)
    arrays = leaves(world)
    for path, value in arrays.items():
        group.create_array(path, data=value)
    group.attrs["names"] = list(world.names)
    group.attrs["sizes"] = {
        item.name: getattr(world.sizes, item.name) for item in fields(world.sizes)
    }
    os.replace(partial, out / "world")
    return hash_of(arrays)


def read_world(out: Path) -> tuple[World, str]:
    """The world that is kept, and the hash of its arrays."""
    import jax.numpy as jnp
    import zarr

    from datapolis import world as parts

    group: Any = zarr.open_group(str(out / "world"), mode="r")
    arrays = {path: np.asarray(group[path][...]) for path in group.array_keys()}

    def part(kind: type, prefix: str) -> Any:
        names = [item.name for item in fields(kind)]
        return kind(**{name: jnp.asarray(arrays[f"{prefix}.{name}"]) for name in names})

    world = parts.World(
        sizes=parts.Sizes(**group.attrs["sizes"]),
        citizens=part(parts.CitizenTraits, "citizens"),
        organizations=part(parts.OrganizationTraits, "organizations"),
        endowment=part(parts.Endowment, "endowment"),
        income_quantiles=jnp.asarray(arrays["income_quantiles"]),
        tastes=jnp.asarray(arrays["tastes"]),
        names=tuple(group.attrs["names"]),
    )
    return world, hash_of(leaves(world))
