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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis import tables
from datapolis.core.errors import InputError, Interrupted, StoreError, nearest
from datapolis.core.parameters import Parameters
from datapolis.studies import files
from datapolis.studies import store as stores
from datapolis.studies.store import Content, Store
from datapolis.studies.study import (
    AgenciesTable,
    FirmsTable,
    GraphTable,
    IncomesTable,
    OrganizationsTable,
    Study,
    Table,
    TiesTable,
    read_study,
)
from datapolis.tables.periods import ordered

if TYPE_CHECKING:
    from datapolis.audits import Audit
    from datapolis.model.indices import Index
    from datapolis.model.profiling import Profile
    from datapolis.model.world import World

    Columns = dict[str, Any]  # role -> array

BASIS = {"presence": "shares that overlap", "amount": "sizes"}
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


# --- the inputs --------------------------------------------------------------------------------


@dataclass
class Inputs:
    """What the tables of a study say: columns as the world takes them, hashes, and notes."""

    organizations: Columns | None = None
    ties: Columns | None = None
    graph: Columns | None = None
    incomes: Columns | None = None
    audits: dict[str, Audit] = field(default_factory=dict)  # what was measured, by name
    files: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    origin: dict[str, str] = field(default_factory=dict)  # part of the world -> file

    @property
    def hashes(self) -> dict[str, str]:
        """The hash of each table, by the part of the world that it gives."""
        return {one["part"]: one["sha256"] for one in self.files}


def folders_of(study: Study, data: Path | str | None) -> list[Path]:
    """Where tables are looked for."""
    if data is None:
        return [study.path.parent]
    if not Path(data).is_dir():
        raise InputError("no such folder", field="--data", value=str(data))
    return [study.path.parent, Path(data)]


def measure_inputs(
    study: Study,
    inputs: Inputs,
    data: Path | str | None = None,
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Measure what the study asks for under [measure], and note it among the inputs."""
    if not study.measures:
        return
    from datapolis.studies.measured import measure

    audits, notes = measure(study, folders_of(study, data), kept=kept, progress=progress)
    inputs.audits.update(audits)
    inputs.notes += notes
    inputs.files += [
        {"part": f"measure.{name}.{one['table']}", **one, "columns": {}}
        for name, audit in audits.items()
        for one in audit.inputs
    ]


def read_inputs(study: Study, data: Path | str | None = None) -> Inputs:
    """Read and check the tables that the world of a study is made of; measure its market."""
    folders = folders_of(study, data)
    inputs = Inputs()
    sectors: list[Columns] = []
    readers: dict[str, Callable[[Study, Any, Path, Inputs], Columns | None]] = {
        "firms": _firms,
        "agencies": _agencies,
        "organizations": _organizations,
        "ties": _ties,
        "graph": _graph,
        "incomes": _incomes,
    }
    for part, table in study.world.tables().items():
        path = tables.find(table.table, folders)
        if path is None:
            if not table.optional:
                raise _not_found(study, part, table, folders)
            inputs.notes.append(
                f"[world.{part}] The table {table.table!r} was not found, so this part of the "
                "world is generated. Give the folder that holds it with --data."
            )
            continue
        columns = readers[part](study, table, path, inputs)
        inputs.origin[part] = path.name
        named = {
            key.rstrip("_"): value
            for key, value in table.model_dump().items()
            if key not in ("table", "optional") and value is not None
        }
        inputs.files.append(
            {
                "part": part,
                "table": path.name,
                "sha256": tables.sha256(path),
                "bytes": path.stat().st_size,
                "columns": named,
            }
        )
        if columns is not None:
            sectors.append(columns)
    if sectors:
        inputs.organizations = _joined(study, sectors)
    if inputs.ties is not None and inputs.organizations is None:
        raise study.error(
            "ties need a table of organizations that names their ends",
            ("world", "ties"),
            allowed="[world.organizations], [world.firms] or [world.agencies] with a table",
        )
    if not inputs.files and not study.measures:
        inputs.notes.append("No table was read: the world is generated as a whole.")
    inputs.notes += list(_never(study))
    return inputs


def _never(study: Study) -> Iterator[str]:
    """Settings that begin only after the last month."""
    for name, policy in study.policies.items():
        for key, setting in {**policy.levers, **policy.parameters}.items():
            start = getattr(setting, "start", 0)
            if start >= study.world.months:
                yield (
                    f"[policies.{name}] {key} never acts: it begins at month {start}, and the last "
                    f"month is {study.world.months - 1}."
                )


def _not_found(study: Study, part: str, table: Table, folders: Sequence[Path]) -> InputError:
    others = [one.name for folder in folders for one in folder.iterdir() if one.is_file()]
    where = "beside the study" + (" and in the folder given by --data" if len(folders) > 1 else "")
    return study.error(
        f"no such file {where}",
        ("world", part, "table"),
        value=table.table,
        allowed="a .csv, .tsv or .parquet file" + ("" if len(folders) > 1 else "; see --data"),
        nearest=nearest(table.table, others),
    )


def _firms(study: Study, table: FirmsTable, path: Path, inputs: Inputs) -> Columns:
    from datapolis.audits import concentration
    from datapolis.statistics.indicators import top_fifth_share
    from datapolis.studies.measured import FIRMS

    columns = {"name": table.name, "weight": table.weight}
    if table.time is not None:
        columns["time"] = table.time
    rows = tables.read(path, columns, numbers=("weight",), unique=("time", "name"))
    when = rows.get("time", np.full(len(rows["name"]), "measured"))
    basis = table.basis or ("presence" if rows["weight"].max() <= 1 else "amount")
    if table.basis is None:
        inputs.notes.append(
            f"[world.firms] {table.weight} is taken as {BASIS[basis]}; say basis = "
            '"market", "amount" or "presence" if it is something else.'
        )
    try:
        inputs.audits[FIRMS] = concentration(
            path,
            holder=table.name,
            amount=table.weight,
            time=table.time or "",
            basis=basis,
            whole=table.whole,
            public=table.public,
        )
    except InputError as error:
        if "--" not in (error.allowed or ""):
            raise
        raise InputError(  # a table of a world is read in one way, without the options of an audit
            error.problem,
            file=error.file,
            field=error.field,
            value=error.value,
            allowed="for [world.firms], numbers as 1234.5, dates as 2014-06-27, no total among the "
            'firms, the column of periods as time, and for a market whole = 1, 100 or "sum"',
        ) from None
    periods = ordered(when)
    month = table.month or periods[0]
    if month not in periods:
        raise study.error(
            "no such month in the table",
            ("world", "firms", "month"),
            value=month,
            allowed=f"{periods[0]} to {periods[-1]}",
            nearest=nearest(month, periods),
        )
    inputs.notes.append(
        "[world.firms] Firms get the quality with which the market would stay as it was measured "
        "if data had no pull; every move away from it is the model's."
    )
    here = when == month
    name, weight = rows["name"][here], rows["weight"][here]
    if table.time is not None and len(periods) > 1:
        inputs.notes.append(
            f"[world.firms] Firms start as they were measured in {month}; the table has "
            f"{len(periods)} periods, {periods[0]} to {periods[-1]}, and all of them are measured."
        )
    if table.most is not None and len(name) > table.most:
        order = np.sort(np.argsort(-weight, kind="stable")[: table.most])
        left = 1.0 - weight[order].sum() / weight.sum()
        fifth = float(top_fifth_share(weight[order]))
        hold = f"hold {100 * left:.1f} % of all {table.weight}: they " if table.public else ""
        start = (
            f" Among the {table.most} alone, the largest fifth has {100 * fifth:.0f} %: compare "
            "the society's start with this."
            if table.public
            else ""
        )
        inputs.notes.append(
            f"[world.firms] The {table.most} largest of {len(name)} by {table.weight} become "
            f"firms. The other {len(name) - table.most} {hold}are left out of the society, not of "
            f"what is measured.{start}"
        )
        name, weight = name[order], weight[order]
    if len(name) < 4:
        raise InputError(
            f"{len(name)} firms are too few for a society",
            file=path.name,
            field=table.name,
            allowed="4 or more",
        )
    return {"name": name, "sector": np.full(len(name), "market"), "reach": weight}


def _agencies(study: Study, table: AgenciesTable, path: Path, inputs: Inputs) -> Columns:
    counted = table.openness in (None, "rows")
    if counted:
        rows = tables.read(path, {"name": table.name})
        name, openness = tables.count_rows(rows["name"])
    else:
        rows = tables.read(
            path,
            {"name": table.name, "openness": str(table.openness)},
            numbers=("openness",),
            unique=("name",),
        )
        name, openness = rows["name"], rows["openness"]
    if table.openness is None:
        openness = np.ones(len(name))
        inputs.notes.append(f"[world.agencies] {len(name)} public bodies, taken as equally open.")
    else:
        what = "the number of its rows" if counted else table.openness
        inputs.notes.append(
            f"[world.agencies] {len(name)} public bodies; the openness of each is {what}, "
            "relative to their mean. Each gets a central office and one in each region."
        )
    return {"name": name, "sector": np.full(len(name), "government"), "openness": openness}


def _organizations(study: Study, table: OrganizationsTable, path: Path, inputs: Inputs) -> Columns:
    given = {
        role: column
        for role in ("name", "sector", "data", "wealth", "reach", "openness", "region")
        if (column := getattr(table, role)) is not None
    }
    numbers = tuple(role for role in given if role not in ("name", "sector"))
    return tables.read(path, given, numbers=numbers, gaps=numbers, unique=("sector", "name"))


def _ties(study: Study, table: TiesTable, path: Path, inputs: Inputs) -> None:
    columns = {"from": table.from_, "to": table.to, "strength": table.strength}
    inputs.ties = tables.read(path, columns, numbers=("strength",), most=1.0)


def _graph(study: Study, table: GraphTable, path: Path, inputs: Inputs) -> None:
    columns = {"from": table.from_, "to": table.to}
    if table.layer is not None:
        columns["layer"] = table.layer
    if table.weight is not None:
        columns["weight"] = table.weight
    rows = tables.read(path, columns, numbers=("weight",))
    layer = rows.pop("layer", np.full(len(rows["from"]), "strong"))
    there = [str(one) for one in np.unique(layer)]
    if table.layer is not None:
        for kind in ("strong", "weak"):
            for place, name in enumerate(getattr(table, kind)):
                if name not in there and kind in table.model_fields_set:
                    raise study.error(
                        "no such layer in the table",
                        ("world", "graph", kind, place),
                        value=name,
                        allowed=", ".join(there),
                        nearest=nearest(name, there),
                    )
    strong, weak = np.isin(layer, table.strong), np.isin(layer, table.weak)
    used = strong | weak
    if not used.any():
        raise study.error(
            "no row of the table is in a layer that is used", ("world", "graph"), value=table.layer
        )
    unused = [name for name in there if name not in (*table.strong, *table.weak)]
    if unused:
        inputs.notes.append(
            f"[world.graph] Rows of the layers {', '.join(unused)} are left out: the study calls "
            "them neither strong nor weak."
        )
    columns_used = {role: values[used] for role, values in rows.items()}
    people = len(np.unique(np.concatenate([columns_used["from"], columns_used["to"]])))
    if people < study.world.citizens:
        inputs.notes.append(
            f"[world.graph] The ties of {people:,} people are laid out "
            f"{-(-study.world.citizens // people):,} times to reach {study.world.citizens:,} "
            "citizens; weak ties cross from copy to copy."
        )
    inputs.graph = {**columns_used, "kind": np.where(strong[used], "strong", "weak")}


def _incomes(study: Study, table: IncomesTable, path: Path, inputs: Inputs) -> None:
    columns = {"income": table.income}
    if table.weight is not None:
        columns["weight"] = table.weight
    inputs.incomes = tables.read(path, columns, numbers=tuple(columns))


def _joined(study: Study, sectors: Sequence[Columns]) -> Columns:
    """The rows of several tables as one table of organizations."""
    seen: set[str] = set()
    for part in sectors:
        names = {str(one) for one in np.unique(part["sector"])}
        if seen & names:
            raise study.error(
                f"organizations of one sector ({', '.join(sorted(seen & names))}) stand in two "
                "tables",
                ("world", "organizations"),
                allowed="each sector in one table",
            )
        seen |= names
    roles = dict.fromkeys(role for part in sectors for role in part)
    return {
        role: np.concatenate(
            [part.get(role, np.full(len(part["name"]), np.nan)) for part in sectors]
        )
        for role in roles
    }


def build_world(study: Study, inputs: Inputs) -> World:
    """The world that the study and its tables describe; a measured market starts at rest."""
    from datapolis.model.world import World
    from datapolis.studies.market_inversion import at_rest

    asked = study.world
    generated: dict[str, Any] = {
        "citizens": asked.citizens,
        "seed": asked.seed,
        "regions": asked.regions,
        "associations": asked.associations,
        "income_spread": asked.income_spread,
        "rewired": asked.rewired,
    }
    if isinstance(asked.firms, int):
        generated["firms"] = asked.firms
    if isinstance(asked.agencies, int):
        generated["departments"] = asked.agencies
    try:
        world = World.from_tables(
            organizations=inputs.organizations,
            ties=inputs.ties,
            incomes=inputs.incomes,
            graph=inputs.graph,
            **generated,
        )
    except InputError as error:
        raise error.at(file=inputs.origin.get(error.file, error.file) or study.file) from None
    return at_rest(world, study.parameters, asked.seed)


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
