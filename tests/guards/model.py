"""A society after two years, and a small study's folder of results: numbers, and their bits.

Both are of one small world with all mechanisms, a batch of two members: one program is compiled.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.guards.comparing import platform, sums
from tests.helpers import leaves

FIRST = 3  # values that are kept of each array
MONTHS = 24
POLICY = "steered"
STUDY = f"""
schema = 2
title = "Much at once"

[world]
citizens = 300
months = 12
seed = 3
regions = 3
firms = 40
agencies = 2
associations = 6

[policies.{POLICY}]
data_sharing = {{ from = 2, to = 9, level = 0.8 }}
open_data = 0.6
portability = {{ from = 0, to = 6, level = 0.2, first = 0.9 }}
pricing_ban = {{ at = 3, months = 5, level = 0.8 }}
antitrust = {{ when = "top_fifth_share", above = 0.3, level = 1.0, release = 0.2 }}
[policies.{POLICY}.parameters]
law.lag = {{ from = 1, to = 11, level = 24.0 }}

[[scenario]]
month = 4
whom = "largest"
data = 0.5
attacks = 10.0
months = 2

[ensemble]
members = 2
seed = 5
vary = ["attention.network_effect", "trust.unfair_loss"]

[record]
extra = ["user_share_by_firm"]
"""
VOLATILE = ("date", "versions", "python", "machine", "seal")


def numbers(values: Any) -> dict[str, Any]:
    """An array as it is kept: shape, type, sums, first values, and the hash of its bits."""
    array = np.asarray(values)
    flat = array.ravel()
    first = flat[:FIRST].astype(float) if array.dtype.kind in "biuf" else flat[:FIRST]
    return {
        "type": str(array.dtype),
        "shape": list(array.shape),
        "first": [one if one == one else "nan" for one in first.tolist()],
        **sums(flat),
        "sha256": hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest(),
    }


@contextmanager
def _study() -> Iterator[Path]:
    """The study in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.toml"
        path.write_text(STUDY, encoding="utf-8")
        yield path


@cache
def society() -> dict[str, Any]:
    """The world, and the society of both members after two years under the policy."""
    from datapolis.model.simulation import Run
    from datapolis.studies import ensemble, inputs, store
    from datapolis.studies.study import read_study

    with _study() as path:
        study = read_study(path)
        world = inputs.build_world(study, inputs.read_inputs(study))
    batch = ensemble.Batch(0, POLICY, 0, study.ensemble.members)
    cases = ensemble.cases_of(study, ensemble.draws(study), batch)
    run = Run.begin(
        world,
        months=MONTHS,
        seeds=[one.seed for one in cases],
        parameters=[study.parameters.set(one.parameters) for one in cases],
        policies=[one.policy for one in cases],
        scenarios=[one.scenario for one in cases],
        record=study.record,
        frozen=[() for _ in cases],
        holdable=(),
        paths=study.paths,
    )
    while run.month < MONTHS:
        run.advance()
    return {
        "platform": platform(),
        "world": {name: numbers(value) for name, value in store.leaves(world).items()},
        "society": {name: numbers(value) for name, value in leaves(run.society).items()},
    }


@cache
def results() -> dict[str, Any]:
    """What the folder of a study holds, but for what changes with the day and the machine."""
    from datapolis.studies import pipeline
    from datapolis.studies.files import read_json

    with _study() as path:
        out = pipeline.run(path, path.parent / "out")
        files = sorted(one.relative_to(out).as_posix() for one in out.rglob("*") if one.is_file())
        marks = {one.name: read_json(one) for one in sorted((out / "done").iterdir())}
        return {
            "platform": platform(),
            "files": [one for one in files if not one.startswith(("results.zarr/", "world/"))],
            "plan": _without(read_json(out / "plan.json"), "frame", "world", "seal"),
            "marks": {name: _without(one, "seconds", "seal") for name, one in marks.items()},
            "provenance": _without(read_json(out / "provenance.json"), *VOLATILE),
            **_arrays(out),
            "tables": _tables(out),
        }


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: one for key, one in values.items() if key not in names}


def _arrays(out: Path) -> dict[str, Any]:
    import xarray

    with xarray.open_zarr(out / "results.zarr", chunks=None) as found:
        return {
            "arrays": {str(name): numbers(one.values) for name, one in found.variables.items()},
            "labels": {
                str(name): {"dimensions": list(one.dims), **one.attrs}
                for name, one in found.variables.items()
            },
            "attributes": _without(found.attrs, "datapolis"),
        }


def _tables(out: Path) -> dict[str, Any]:
    from pyarrow import parquet

    found = {path.stem: parquet.read_table(path) for path in sorted((out / "tables").iterdir())}
    return {
        f"{name}: {column}": sums(np.array(table[column].to_pylist()))
        for name, table in found.items()
        for column in table.column_names
    }
