"""The main job: from a study and its tables to results, tables and notes in one folder.

read the study, read its tables   nothing is written while something may be wrong with them
measure                           the concentration of what the tables say
build the world                   once; it lies in the folder
compute                           the members under each policy, batch by batch
sum up                            outcomes with their range over members
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError, Interrupted, StoreError, nearest
from datapolis.core.parameters import Parameters
from datapolis.studies import files
from datapolis.studies import store as stores
from datapolis.studies.inputs import Inputs, build_world, measure_inputs, read_inputs
from datapolis.studies.store import Content, Store
from datapolis.studies.study import Study, read_study

if TYPE_CHECKING:
    from datapolis.model.indices import Index
    from datapolis.model.profiling import Profile
    from datapolis.model.world import World

    Columns = dict[str, Any]  # role -> array

Progress = Callable[[str, int, int], None]  # what is done, how much, of how much
Tell = Callable[[str], None]


def run(
    study: Path | str,
    out: Path | str,
    *,
    data: Path | str | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    report: Callable[[Path], Path] | None = None,
    mechanisms: Sequence[Any] | None = None,
    record: Sequence[str] | None = None,
) -> Path:
    """Run a study into a folder, or go on where an earlier run was stopped. Returns the folder.

    study       the TOML file
    out         the folder of the results; it may be new, or hold this study's earlier run
    data        a folder in which tables are looked for that do not lie beside the study
    scheduler   of Dask, over whose workers the batches are spread; see `studies.spread`
    progress    called with (what is done, months done, months in all)
    tell        called with sentences that a person may want to read
    report      writes the report into the folder when all is done: `datapolis.report.write`
    mechanisms, record   a part of the month, and what is recorded of it; all by default

    Raises InputError, StoreError, Interrupted; see `datapolis.core.errors`.
    """
    path, out = Path(study), Path(out)
    asked = read_study(path)
    if out.resolve() == path.resolve().parent:
        raise StoreError(f"{out}: the study lies there itself; the results need their own folder")
    stores.check_folder(out, asked.text)
    say = tell or (lambda _: None)
    with interruptible(path, out, data):
        inputs = read_inputs(asked, data)
        measure_inputs(asked, inputs, data, kept=out / "audits", progress=progress)
        new = not stores.begun(out)
        with _opened(out, asked, inputs, record) as store:
            for note in inputs.notes if new else ():
                say(note)
            world = _world(store, asked, inputs)
            for sentence in store.check():
                say(sentence)
            store.write_table("parameters", parameter_columns(asked))
            store.write_audits(inputs.audits)
            _compute(store, asked, world, mechanisms, scheduler, progress)
            if progress is not None:
                progress("summing up", 0, 0)
            store.write_table("outcomes", outcome_columns(store.dataset()))
            if report is not None:
                with files.disk(out):
                    report(out)
    return out


def _compute(
    store: Store,
    study: Study,
    world: World,
    mechanisms: Sequence[Any] | None,
    scheduler: str | None,
    progress: Progress | None,
) -> None:
    from datapolis.model.month import MONTH
    from datapolis.studies.ensemble import compute

    compute(
        study,
        world,
        store.pending(),
        store.size,
        store.plan["record"],
        store.write,
        store.fail,
        mechanisms=mechanisms or MONTH,
        scheduler=scheduler,
        progress=progress,
    )


def profile_one(
    study: Path | str,
    *,
    data: Path | str | None = None,
    seed: int | None = None,
    policy: str = "none",
) -> Profile:
    """Time a month of a study's society, and each of its mechanisms."""
    from datapolis.model.profiling import profile

    asked = _with_policy(Path(study), policy)
    return profile(
        build_world(asked, read_inputs(asked, data)),
        parameters=asked.parameters,
        policy=asked.policies[policy],
        seed=asked.ensemble.seed if seed is None else seed,
        record=asked.record,
    )


def _with_policy(path: Path, policy: str) -> Study:
    """The study, if it has a policy of that name."""
    asked = read_study(path)
    if policy not in asked.policies:
        raise InputError(
            "no such policy",
            file=asked.file,
            field="policy",
            value=policy,
            allowed=", ".join(asked.policies),
            nearest=nearest(policy, asked.policies),
        )
    return asked


def simulate_one(
    study: Path | str,
    out: Path | str,
    *,
    data: Path | str | None = None,
    seed: int | None = None,
    policy: str = "none",
    progress: Progress | None = None,
    tell: Tell | None = None,
    mechanisms: Sequence[Any] | None = None,
    record: Sequence[str] | None = None,
) -> Path:
    """Simulate one society of a study; keep its indices as Zarr, and as CSV, one row a month."""
    import xarray

    from datapolis.model.month import MONTH
    from datapolis.model.simulation import simulate

    path, out = Path(study), Path(out)
    asked = _with_policy(path, policy)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(f"{out}: not empty; one society needs a new folder")
    inputs = read_inputs(asked, data)
    world = build_world(asked, inputs)
    say = tell or (lambda _: None)
    for note in inputs.notes:
        say(note)
    seed = asked.ensemble.seed if seed is None else seed
    one: xarray.Dataset = simulate(
        world,
        months=asked.world.months,
        seed=seed,
        parameters=asked.parameters,
        policy=asked.policies[policy],
        scenario=asked.scenario,
        mechanisms=mechanisms or MONTH,
        record=record or asked.record,
        progress=lambda done, total: progress and progress(policy, done, total),
    )
    with files.disk(out):
        out.mkdir(parents=True, exist_ok=True)
        files.write_whole(out / "study.toml", asked.text)
        one.to_zarr(out / "results.zarr", mode="w", zarr_format=2, consolidated=True)
        rows = flat(one)
        lines = [
            ",".join(rows),
            *(",".join(map(_cell, row)) for row in zip(*rows.values(), strict=True)),
        ]
        files.write_whole(out / "indices.csv", ("\n".join(lines) + "\n").encode())
        files.write_json(
            out / "provenance.json",
            {**provenance(asked, inputs, world), "seed": seed, "policy": policy},
        )
    return out


def _cell(value: Any) -> str:
    return str(int(value)) if isinstance(value, np.integer) else f"{value:.8g}"


def flat(dataset: Any) -> dict[str, np.ndarray]:
    """The indices of one society as columns of numbers: month, harm, power_share.market, ..."""
    columns = {"month": np.asarray(dataset["month"].values)}
    for name, values in dataset.data_vars.items():
        if values.dims == ("month",):
            columns[str(name)] = np.asarray(values.values)
        elif len(values.dims) == 2:
            for place, label in enumerate(values[values.dims[1]].values):
                columns[f"{name}.{label}"] = np.asarray(values.values[:, place])
    return columns


# --- the store ---------------------------------------------------------------------------------


def _opened(out: Path, study: Study, inputs: Inputs, record: Sequence[str] | None) -> Store:
    """The store of the study: gone on with, or begun."""
    from datapolis.studies import market_inversion
    from datapolis.studies.ensemble import batch_size, draws

    if stores.begun(out):
        return Store.go_on(out, study.text, inputs.hashes)
    world = build_world(study, inputs)
    indices = _indices(study, record)
    _check_rules(study, world, indices)
    members, drawn = study.ensemble.members, draws(study)
    sets = [{path: float(drawn[path][place]) for path in drawn} for place in range(members)]
    market_inversion.check(world, (study.parameters.set(one) for one in sets))
    size = batch_size(study.world.citizens, members)
    content = Content(
        study=study.text,
        provenance=provenance(study, inputs, world),
        world=world,
        record=indices,
        policies=list(study.policies),
        members=members,
        months=study.world.months,
        size=size,
        drawn=drawn,
    )
    return Store.begin(out, content)


def _indices(study: Study, record: Sequence[str] | None) -> list[Index]:
    from datapolis.model.indices import find

    return [find(name) for name in (record or study.record)]


def _check_rules(study: Study, world: World, indices: Sequence[Index]) -> None:
    """A rule may name a firm; how many there are is known only now."""
    from datapolis.model.simulation import watchable

    known = watchable(indices, world)
    for name, policy in study.policies.items():
        for lever, setting in policy.levers.items():
            when = getattr(setting, "when", None)
            if when is not None and when not in known:
                raise study.error(
                    "a rule on an index that does not exist",
                    ("policies", name, lever, "when"),
                    value=when,
                    nearest=nearest(when, known),
                )


def _world(store: Store, study: Study, inputs: Inputs) -> World:
    """The world of the store; built again if it was damaged."""
    world = store.world()
    if world is None:
        world = build_world(study, inputs)
        store.mend_world(world)
    return world


def provenance(study: Study, inputs: Inputs, world: World) -> dict[str, Any]:
    """How the results come about: all but the numbers themselves, and nothing of the user."""
    import os
    import platform
    from dataclasses import fields

    import jax

    from datapolis.studies.ensemble import machine_memory

    return {
        "title": study.title,
        "study": {"file": study.file},
        "versions": stores.versions(),
        "python": platform.python_version(),
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cpus": os.cpu_count(),
            "memory_gib": round(machine_memory() / 2**30, 1),
            "devices": ", ".join(f"{one.platform} {one.device_kind}" for one in jax.devices()),
        },
        "inputs": inputs.files,
        "notes": inputs.notes,
        "citizens": study.world.citizens,
        "months": study.world.months,
        "seed": study.ensemble.seed,
        "members": study.ensemble.members,
        "varied": list(study.ensemble.vary),
        "claims": list(study.claims),
        "policies": {
            name: {
                **{lever: said(setting) for lever, setting in policy.levers.items()},
                **{path: said(setting) for path, setting in policy.parameters.items()},
            }
            for name, policy in study.policies.items()
        },
        "world": {
            **{item.name: getattr(world.sizes, item.name) for item in fields(world.sizes)},
            "seed": study.world.seed,
        },
        "parameters": {
            path: float(study.parameters.get(path)) for path in study.parameters.declared()
        },
    }


def said(setting: Any) -> str:
    """A setting in words."""
    from datapolis.core.policy import Pulse, Ramp, Rule

    if isinstance(setting, Ramp):
        first, last = f"{setting.first:g} at month {setting.start}", f"month {setting.end}"
        return f"from {first} to {setting.level:g} at {last}"
    if isinstance(setting, Pulse):
        return f"{setting.level:g} for {setting.months} months from month {setting.start}"
    if isinstance(setting, Rule):
        side, back = ("above", "below") if setting.above is not None else ("below", "above")
        release = setting.mark if setting.release is None else setting.release
        return (
            f"{setting.level:g} once {setting.when} is {side} {setting.mark:g}, until it is {back} "
            f"{release:g}"
        )
    return f"{setting:g}"


# --- what comes of it --------------------------------------------------------------------------


def parameter_columns(study: Study) -> dict[str, list[Any]]:
    """Every parameter: its value here, its default, range, unit, source and meaning."""
    declared = Parameters().declared()
    return {
        "parameter": list(declared),
        "value": [float(study.parameters.get(path)) for path in declared],
        "given": [path in study.set_parameters for path in declared],
        "varied": [path in study.ensemble.vary for path in declared],
        "default": [one.default for one in declared.values()],
        "low": [one.low for one in declared.values()],
        "high": [one.high for one in declared.values()],
        "unit": [one.unit for one in declared.values()],
        "source": [one.source for one in declared.values()],
        "about": [one.about for one in declared.values()],
    }


def outcome_columns(results: Any) -> dict[str, Any]:
    """Each index under each policy in each month: mean, median and the middle 90 % of members."""
    parts: list[dict[str, Any]] = []
    for policy in results["policy"].values:
        for name, label, values in _series(results.sel(policy=policy)):
            counts = np.isfinite(values).sum(axis=0)
            mean, quantiles = _summed_up(np.where(np.isfinite(values), values, np.nan), counts)
            months = results["month"].values
            parts.append(
                {
                    "policy": np.full(len(months), str(policy)),
                    "index": np.full(len(months), name),
                    "label": np.full(len(months), label),
                    "month": months,
                    "unit": np.full(len(months), results[name].attrs.get("units", "")),
                    "members": counts,
                    "mean": mean,
                    "q05": quantiles[0],
                    "q50": quantiles[1],
                    "q95": quantiles[2],
                }
            )
    return {
        name: np.concatenate([part[name] for part in parts]).tolist()
        if parts[0][name].dtype.kind == "U"
        else np.concatenate([part[name] for part in parts])
        for name in parts[0]
    }


def _summed_up(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and 5, 50 and 95 %, over the members that have a value; nan where none has."""
    quantiles = np.full((3, values.shape[1]), np.nan)
    mean = np.full(values.shape[1], np.nan)
    levels = (0.05, 0.5, 0.95)
    whole, some = counts == len(values), (counts > 0) & (counts < len(values))
    if whole.any():
        quantiles[:, whole] = np.quantile(values[:, whole], levels, axis=0)
        mean[whole] = values[:, whole].mean(axis=0)
    if some.any():  # slower
        quantiles[:, some] = np.nanquantile(values[:, some], levels, axis=0)
        mean[some] = np.nanmean(values[:, some], axis=0)
    return mean, quantiles


def _series(results: Mapping[str, Any]) -> Iterator[tuple[str, str, np.ndarray]]:
    """The indices one by one, those of several numbers label by label, as [member, month]."""
    for name, values in results.data_vars.items():  # type: ignore[attr-defined]
        if values.dims[:2] != ("member", "month"):
            continue
        numbers = np.asarray(values.values, float)
        if len(values.dims) == 2:
            yield str(name), "", numbers
        elif len(values.dims) == 3:
            for place, label in enumerate(values[values.dims[2]].values):
                yield str(name), str(label), numbers[:, :, place]


# --- stopping ----------------------------------------------------------------------------------


@contextmanager
def interruptible(study: Path, out: Path, data: Path | str | None) -> Iterator[None]:
    """Turn Ctrl-C into an error that says what is kept, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise interrupted(study, out, data) from None


def interrupted(study: Path, out: Path, data: Path | str | None) -> Interrupted:
    """What is kept in the folder, and the command that goes on."""
    import shlex

    words = ["datapolis", "run", str(study), str(out)]
    words += ["--data", str(data)] if data is not None else []
    done, total = stores.progress_of(out)
    kept = f"{done} of {total} batches are done and kept in {out}" if total else "nothing was kept"
    return Interrupted(f"Stopped: {kept}.", resume=shlex.join(words))
