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

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis import __version__
from datapolis.core.errors import StoreError
from datapolis.studies.ensemble import Batch, plan
from datapolis.studies.files import (
    Lock,
    damaged,
    disk,
    hash_of,
    keep_whole,
    read_json,
    sealed,
    unsealed,
    write_json,
    write_table,
    write_whole,
)
from datapolis.studies.results_array import Cube
from datapolis.studies.runs import Values

if TYPE_CHECKING:
    from datapolis.audits import Audit
    from datapolis.model.indices import Index
    from datapolis.model.world import World

LAYOUT = 1  # of the folder; another one is refused
OURS = {
    "study.toml", "provenance.json", "model.md", "plan.json", "world", "results.zarr", "done",
    "failed", "audits", "tables", "report.html", "lock",
}  # fmt: skip
CODE = "model code"
DECIDING = ("datapolis", CODE, "jax")  # another version of these gives other bits
ABOVE = {
    "app", "audits", "cli", "model/profiling.py", "report", "statistics/inference", "studies",
    "tables", "theme.py",
}  # fmt: skip
"""What lies above the simulation in the house, and cannot change what it computes."""


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
        self.plan = read_json(out / "plan.json")
        self.size: int = self.plan["size"]
        self.batches = plan(self.plan["policies"], self.plan["members"], self.size)
        self.cube = Cube(out, self.plan["record"])

    # --- begin, or go on ---

    @staticmethod
    def begin(out: Path, content: Content) -> Store:
        """A new store in an empty folder, or in one where beginning was cut short."""
        check_folder(out, content.study)
        with disk(out):
            out.mkdir(parents=True, exist_ok=True)
            lock = Lock(out)
            try:
                for name in ("world", "world.partial", "tables"):
                    shutil.rmtree(out / name, ignore_errors=True)
                (out / "tables").mkdir()
                write_whole(out / "study.toml", content.study)
                write_whole(out / "model.md", described())
                world_hash = write_world(out, content.world)
                cube = _make_results(out, content)
                dated = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
                write_json(out / "provenance.json", sealed({**dated, **content.provenance}))
                begun = {
                    "layout": LAYOUT,
                    "policies": list(content.policies),
                    "members": content.members,
                    "months": content.months,
                    "size": content.size,
                    "record": [one.name for one in content.record],
                    "world": world_hash,
                    "frame": cube.frame(),
                    "batches": [
                        {"policy": one.policy, "members": [one.first, one.last]}
                        for one in plan(content.policies, content.members, content.size)
                    ],
                }
                write_json(out / "plan.json", sealed(begun))
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
            check_plan(out)
            store = Store(out, lock)
            same_as_begun(out, inputs)
            store.cube.check_frame(store.plan.get("frame"))
            with disk(out):
                keep_whole(out / "study.toml", study)
                keep_whole(out / "model.md", described())
        except BaseException:
            lock.release()
            raise
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def provenance(self) -> dict[str, Any]:
        """What is known of how it was made."""
        found: dict[str, Any] = read_json(self.out / "provenance.json")
        return found

    # --- the world ---

    def world(self) -> World | None:
        """The world as it was built; None if it is damaged."""
        return undamaged_world(self.out, self.plan["world"])

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

    def _place(self, batch: Batch) -> tuple[Any, ...]:
        return (self.plan["policies"].index(batch.policy), slice(batch.first, batch.last))

    def check(self) -> list[str]:
        """Throw away each mark whose chunk does not fit it, and tell; failed ones may try again."""
        told = []
        for batch in self.batches:
            if not self.cube.fits(batch.number, self._place(batch)):
                told.append(
                    f"batch {batch.number} ({batch.label}) is damaged and is computed again"
                )
        self.cube.forgive()
        return told

    def pending(self) -> list[Batch]:
        """The batches that have no mark."""
        return [batch for batch in self.batches if self.cube.state(batch.number) != "done"]

    def write(self, batch: Batch, values: Values, seconds: float) -> None:
        """Keep the values of a batch: first its chunk of each array, then its mark."""
        about = {"policy": batch.policy, "members": [batch.first, batch.last]}
        self.cube.keep(batch.number, self._place(batch), values, seconds=seconds, **about)

    def fail(self, batch: Batch, error: Exception) -> None:
        """Remember that a batch failed, and the kind of its error, without values."""
        about = {"policy": batch.policy, "members": [batch.first, batch.last]}
        self.cube.fail(batch.number, error, **about)

    # --- what comes of it ---

    def dataset(self) -> Any:
        """The results as an xarray.Dataset, with labels, units and long names."""
        return self.cube.dataset()

    def write_table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Keep a table as Parquet."""
        write_table(self.out, name, columns)

    def write_audits(self, audits: Mapping[str, Audit]) -> None:
        """Keep what was measured: each audit as JSON, all findings and targets as tables."""
        from datapolis.audits.finding import joined

        with disk(self.out):
            (self.out / "audits").mkdir(exist_ok=True)
            for name, audit in audits.items():
                write_json(self.out / "audits" / f"{name}.json", sealed(audit.as_json()))
        for table in ("findings", "targets"):
            if columns := joined(audits, table):
                self.write_table(table, columns)


def check_plan(out: Path) -> None:
    """Refuse a folder of another layout, and one whose plan is not what was written."""
    held = read_json(out / "plan.json")
    if not isinstance(held, dict):
        raise damaged(out / "plan.json")
    if held.get("layout") != LAYOUT:
        raise StoreError(f"{out}: made by a datapolis with another layout; use a new folder")
    _check_seal(out / "plan.json", held)


def _check_seal(place: Path, held: dict[str, Any]) -> None:
    try:
        unsealed(held)
    except ValueError:
        raise damaged(place) from None


def same_as_begun(out: Path, inputs: Mapping[str, str]) -> None:
    """Refuse to go on with other versions or tables; `inputs` are the hashes of these by part."""
    place = out / "provenance.json"
    provenance = read_json(place)
    try:
        _same_as_begun(out, provenance, inputs)
    except (KeyError, TypeError, AttributeError):
        raise damaged(place) from None
    _check_seal(place, provenance)


def _same_as_begun(out: Path, provenance: Any, inputs: Mapping[str, str]) -> None:
    if others := others_than(provenance["versions"]):
        raise StoreError(
            f"{out}: begun with {others[0]}; the rest would differ from what is done; use a new "
            "folder"
        )
    begun = {one["part"]: one["sha256"] for one in provenance["inputs"]}
    names = {one["part"]: one["table"] for one in provenance["inputs"]}
    for part in sorted({*begun, *inputs}):
        if part not in inputs:
            raise StoreError(
                f"{out}: begun with the table {names[part]!r}, which is not found now; "
                "give its folder with --data"
            )
        if begun.get(part) != inputs[part]:
            what = f"the table {names[part]!r}" if part in names else f"[world.{part}]"
            raise StoreError(
                f"{out}: {what} is not what it was when this folder was begun; use a new folder"
            )


def begun(out: Path) -> bool:
    """Whether a folder holds a store that can be gone on with."""
    return (out / "plan.json").is_file()


def progress_of(out: Path) -> tuple[int, int]:
    """How many batches are done, and of how many; (0, 0) where nothing was begun."""
    if not begun(out):
        return 0, 0
    batches = read_json(out / "plan.json")["batches"]
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


def versions() -> dict[str, str]:
    """The versions on which the numbers depend."""
    from importlib.metadata import version

    names = ("jax", "jaxlib", "numpy", "xarray", "zarr", "ibis-framework", "duckdb")
    ours = {"datapolis": __version__, CODE: model_code()}
    return {**ours, **{name: version(name) for name in names}}


def others_than(recorded: Mapping[str, str]) -> list[str]:
    """Which of the deciding versions are not those recorded, in words.

    The first folders do not say which code they were made with.
    """
    now = versions()
    return [
        f"{name} {recorded.get(name)}, this is {now[name]}"
        for name in DECIDING
        if recorded.get(name) != now[name] and not (name == CODE and CODE not in recorded)
    ]


@cache
def model_code() -> str:
    """Twelve digits that change with the code of the model: whoever adds a mechanism has others."""
    root, found = files("datapolis"), hashlib.sha256()
    for name in sorted(_sources(root)):
        found.update(name.encode() + b"\0" + root.joinpath(name).read_bytes() + b"\0")
    return found.hexdigest()[:12]


def _sources(root: Traversable, inside: str = "") -> Iterator[str]:
    for one in root.iterdir():
        name = f"{inside}{one.name}"
        if one.is_dir() and name not in ABOVE:
            yield from _sources(one, f"{name}/")
        elif name.endswith(".py") and name not in ABOVE:
            yield name


# --- files that are whole or not there ---


def described() -> bytes:
    """The description of the model, as this version of the package carries it."""
    carried = files("datapolis") / "model.md"
    if carried.is_file():
        return carried.read_bytes()
    return (Path(__file__).parents[3] / "docs" / "model.md").read_bytes()  # a working copy


# --- results and world as Zarr ---


def _make_results(out: Path, content: Content) -> Cube:
    """All arrays of the results, nan until done, each batch one chunk of each."""
    from datapolis.core.parameters import DECLARED

    drawn = {}
    for path, values in content.drawn.items():
        declared = DECLARED[path]
        about = {"units": declared.unit, "long_name": declared.about, "group": "parameters"}
        drawn[f"vary.{path}"] = ("member", values, about)
    return Cube.make(
        out,
        record=content.record,
        world=content.world,
        outer={
            "policy": list(content.policies),
            "member": (
                "member",
                np.arange(content.members),
                {"long_name": "member of the ensemble"},
            ),
        },
        months=content.months,
        chunks=(1, content.size),
        coordinates=drawn,
        attributes={"datapolis": __version__, "citizens": content.world.sizes.citizens},
    )


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
    sizes = {item.name: getattr(world.sizes, item.name) for item in fields(world.sizes)}
    group.attrs.update(sealed({"names": list(world.names), "sizes": sizes}))
    os.replace(partial, out / "world")
    return hash_of(arrays)


def read_world(out: Path) -> tuple[World, str]:
    """The world that is kept, and the hash of its arrays."""
    import jax.numpy as jnp
    import zarr

    from datapolis.model import world as parts

    group: Any = zarr.open_group(str(out / "world"), mode="r")
    about = unsealed(group.attrs.asdict())
    arrays = {path: np.asarray(group[path][...]) for path in group.array_keys()}

    def part(kind: type, prefix: str) -> Any:
        names = [item.name for item in fields(kind)]
        return kind(**{name: jnp.asarray(arrays[f"{prefix}.{name}"]) for name in names})

    world = parts.World(
        sizes=parts.Sizes(**about["sizes"]),
        citizens=part(parts.CitizenTraits, "citizens"),
        organizations=part(parts.OrganizationTraits, "organizations"),
        endowment=part(parts.Endowment, "endowment"),
        income_quantiles=jnp.asarray(arrays["income_quantiles"]),
        tastes=jnp.asarray(arrays["tastes"]),
        names=tuple(about["names"]),
    )
    return world, hash_of(leaves(world))


def undamaged_world(place: Path, begun: str) -> World | None:
    """The world that a folder keeps, if it can be read and has the hash it was begun with."""
    try:
        world, stored = read_world(place)
    except Exception:  # whatever a damaged file makes of itself
        return None
    return world if stored == begun else None
