"""The tables of a study as the columns of a world: found, read, checked, and measured.

read_inputs     every table that the world is made of, with its hash and with notes
measure_inputs  what is asked under [measure]
build_world     the world that they make
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis import tables
from datapolis.core.errors import InputError, nearest
from datapolis.studies.document.sections import (
    AgenciesTable,
    FirmsTable,
    GraphTable,
    IncomesTable,
    OrganizationsTable,
    Table,
    TiesTable,
)
from datapolis.studies.study import Study
from datapolis.tables.periods import ordered

if TYPE_CHECKING:
    from datapolis.audits import Audit
    from datapolis.model.world import World

    Columns = dict[str, Any]  # role -> array

BASIS = {"presence": "shares that overlap", "amount": "sizes"}
Progress = Callable[[str, int, int], None]  # what is done, how much, of how much


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
