"""From rows to cells: what is compared, reduced where the rows lie.

Rows become cells of stratum, cluster, unit and group with n, sum w, sum wy and sum wy^2. Strata and
clusters get integer codes by a join with the list of those that there are; units, which may be many
millions, get theirs as the cells stream in sorted by unit. Text never becomes an array.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from datapolis.audits.price_options import CONDITIONS, PriceOptions, PriceOutcome, Term, is_number
from datapolis.core.errors import InputError
from datapolis.statistics.inference.clustered import StratumCells
from datapolis.tables import N, Source, Table, derived, open_table

BATCH = 1_000_000  # cells that stream in at once
ROWS = 1_000_000  # most rows that are compared one by one, without a unit
SEVERAL = 10  # more different numbers than these are cut into classes
GLANCE = 100_000  # rows looked at to see whether there are more

Column = Any


# --- rows ----------------------------------------------------------------------------------------

UNIT, CLUSTER, STRATUM, FIRST, WEIGHT, Y = map(
    derived, ("unit", "cluster", "stratum", "first", "weight", "y")
)


def opened(source: Source, drop: str, duplicates: Any, arrays: Mapping[str, Any]) -> Table:
    """The table, with units that were given as arrays joined to its rows as columns of their own.

    Raises InputError if an array is not as long as the table, or the rows have no order.
    """
    arrays = {name: one for name, one in arrays.items() if not isinstance(one, str | None)}
    if not arrays:
        return open_table(source, drop=drop, duplicates=duplicates)
    import ibis

    table = open_table(source)
    if table.expression.get_backend().name != "duckdb":
        raise InputError(
            "rows have no order here that an array could follow",
            file=table.name,
            field=" and ".join(arrays),
            allowed="the name of a column",
        )
    arrow = table.arrow(table.expression)
    for name, given in arrays.items():
        values = np.asarray(given)
        if values.shape != (arrow.num_rows,):
            raise InputError(
                "is not as long as the table",
                file=table.name,
                field=name,
                value=values.shape,
                allowed=f"{arrow.num_rows} values, one for each row",
            )
        text = [None if _none(one) else str(one) for one in values.tolist()]
        arrow = arrow.append_column(derived(f"given {name}"), [text])
    table = replace(table, expression=ibis.memtable(arrow))
    return open_table(table, drop=drop, duplicates=duplicates)


def _none(value: Any) -> bool:
    return value is None or value != value


def with_place(rows: Table, name: str, given: Any, field: str) -> Table:
    """The rows with what a unit or cluster says under `name`: a column, or its first letters."""
    if not isinstance(given, str):
        return rows.mutate(**{name: rows[derived(f"given {field}")]})
    found = re.fullmatch(r"(.+)\[:(\d+)\]", given.strip())
    column = found[1].strip() if found else given.strip()
    rows.require(column, field=field)
    kind = rows[column].type()
    if found:
        rows = rows.text(column, gaps=True)
        return rows.mutate(**{name: rows[column].substr(0, int(found[2]))})
    if not kind.is_integer():
        rows = rows.text(column, gaps=True)
    return rows.mutate(**{name: rows[column]})


def needed(
    asked: PriceOptions, costs: Sequence[str] = (), controls: Sequence[str] = ()
) -> dict[str, str]:
    """The columns in which a row must have something, and what each is called."""
    return {
        Y: asked.outcome.text,
        **{column: column for column in (*asked.within, *asked.same)},
        **dict(zip(costs, (one.text for one in asked.cost), strict=True)),
        **dict(zip(controls, (one.text for one in asked.controls), strict=True)),
        **({UNIT: asked.units} if asked.unit is not None else {}),
        **({CLUSTER: asked.clusters} if asked.cluster is not None else {}),
    }


def complete(rows: Table, columns: Mapping[str, str], least: int = 1) -> tuple[Table, list[str]]:
    """The rows with nothing missing in the columns needed, and in words how many were left out."""
    counts = {
        f"c{place}": rows[column].isnull().sum().fill_null(0)
        for place, column in enumerate(columns)
    }
    found = rows.group([], **counts)
    gaps = [int(found[derived(name)][0]) for name in counts]
    said = [
        f"{rows.name}: left out without {words}: {_many(many, least)}."
        for words, many in zip(columns.values(), gaps, strict=True)
        if many
    ]
    if not said:
        return rows, said
    kept = rows.where([rows[column].notnull() for column in columns])
    return kept, said


def _many(rows: int, least: int) -> str:
    """A number of rows in words, if it may be told."""
    return f"{rows:,} rows" if rows >= least else f"fewer than {least} rows"


def classed(rows: Table, costs: Sequence[Term], classes: int) -> tuple[Table, list[str], list[str]]:
    """The rows with a column for each cost to make cells by; their names; and how, in words.

    A number with more than ten different values is cut into classes of equally many rows; fewer
    are taken as they are, and so are categories.
    """
    names, said = [], []
    for place, term in enumerate(costs):
        name = derived(f"cost {place}")
        names.append(name)
        if term.category or not _many_values(rows, term.column):
            rows = rows.mutate(**{name: rows[term.column]})
            said.append(f"{term.text} as it is")
            continue
        steps = [step / classes for step in range(1, classes)]
        found = rows.group([], edges=rows[term.column].quantile(steps))
        edges = sorted({float(edge) for edge in found[derived("edges")][0]})
        above = [(rows[term.column] > edge).cast("int32") for edge in edges]
        rows = rows.mutate(**{name: sum(above[1:], start=above[0])})
        said.append(f"{term.text} in {len(edges) + 1} classes of equally many rows")
    return rows, names, said


def _many_values(rows: Table, column: str) -> bool:
    for seen in (rows.expression.limit(GLANCE), rows.expression):
        one = replace(rows, expression=seen.select(column).distinct())
        if one.count() > SEVERAL:
            return True
    return False


def _above_zero(rows: Table, column: str) -> Table:
    """The rows, if no number of the column is 0 or less."""
    many = rows.where(rows[column] <= 0).count()
    if many:
        raise InputError(
            f"{many:,} {'cell' if many == 1 else 'cells'}: has no logarithm",
            file=rows.name,
            field=column,
            allowed="numbers above 0",
        )
    return rows


def read_terms(rows: Table, terms: Sequence[Term]) -> Table:
    """The rows with the columns of terms read strictly, empty cells null."""
    categories = [term.column for term in terms if term.category]
    numbers = [term.column for term in terms if not term.category]
    rows = rows.text(*dict.fromkeys(categories), gaps=True)
    rows = rows.numbers(*dict.fromkeys(numbers), gaps=True)
    for term in terms:
        if term.log:
            rows = _above_zero(rows, term.column)
    return rows


@dataclass(frozen=True)
class Prepared:
    """Rows with all that is compared, in columns of fixed names."""

    rows: Table  # of the two groups, nothing missing
    everyone: Table  # before the rows of other groups were left out
    costs: tuple[str, ...]  # columns of cost as numbers or categories
    controls: tuple[str, ...]


def prepare(rows: Table, asked: PriceOptions, outcome: PriceOutcome) -> tuple[Prepared, list[str]]:
    """The rows of both groups, read strictly; and in words what was left out."""
    by = asked.by
    assert by is not None
    rows = with_outcome(rows, asked, outcome)
    rows, costs = with_terms(rows, asked.cost, "cost term")
    rows, controls = with_terms(rows, asked.controls, "control term")
    rows = rows.text(by.column, *asked.within, *asked.same, gaps=True)
    everyone = rows
    rows = rows.where(rows[by.column].isin([*by.first, *by.second]))
    rows = rows.mutate(
        **{FIRST: rows[by.column].isin(list(by.first)).fill_null(False).cast("int8")}
    )
    rows, notes = complete(rows, {**needed(asked, costs, controls), Y: outcome.text}, asked.least)
    if asked.weight:
        some = rows.where(rows[WEIGHT] > 0)
        if nothing := rows.count() - some.count():
            notes.append(f"{rows.name}: left out with weight 0: {_many(nothing, asked.least)}.")
        rows = some
    seen = rows.group([FIRST])
    for side, name in ((1, by.names[0]), (0, by.names[1])):
        if side not in seen[FIRST]:
            raise InputError(
                "no row of this group has all that is needed",
                file=rows.name,
                field=f"by: {by.column}",
                value=name,
                allowed="two groups, each with rows; group names are told apart by their case",
            )
    return Prepared(rows, everyone, costs, controls), notes


def with_outcome(rows: Table, asked: PriceOptions, outcome: PriceOutcome) -> Table:
    """The rows with outcome, weight, unit and cluster in columns of fixed names."""
    import ibis

    rows = read_outcome(rows, outcome)
    cells = rows[outcome.column]
    if outcome.sign:
        value = float(outcome.value) if is_number(outcome.value) else outcome.value
        cells = CONDITIONS[outcome.sign](cells, value).cast("float64")
    rows = rows.mutate(**{Y: cells.ln() if outcome.log else cells})
    if asked.weight:
        rows = rows.numbers(asked.weight, least=0)
    weight = rows[asked.weight] if asked.weight else ibis.literal(1.0)
    rows = rows.mutate(**{WEIGHT: weight})
    if asked.unit is not None:
        rows = with_place(rows, UNIT, asked.unit, "unit")
    if asked.cluster is not None:
        rows = with_place(rows, CLUSTER, asked.cluster, "cluster")
    return rows


def read_outcome(rows: Table, outcome: PriceOutcome) -> Table:
    """The rows with the column of an outcome read strictly, empty cells null."""
    if outcome.sign in ("=", "!=") and not is_number(outcome.value):
        return rows.text(outcome.column, gaps=True)
    rows = rows.numbers(outcome.column, gaps=True)
    return _above_zero(rows, outcome.column) if outcome.log else rows


def with_terms(rows: Table, terms: Sequence[Term], name: str) -> tuple[Table, tuple[str, ...]]:
    """The rows with a column for each term, before text of the same column is read."""
    rows = read_terms(rows, terms)
    names = tuple(derived(f"{name} {place}") for place in range(len(terms)))
    columns = {name: rows[term.column] for name, term in zip(names, terms, strict=True)}
    return rows.mutate(**columns) if columns else rows, names


# --- cells ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Reduced:
    """A table as cells, with what their codes stand for."""

    cells: StratumCells
    strata: Mapping[str, Column]  # the columns that make a stratum, one entry for each
    units: int  # units, whatever groups they hold
    mixed: int  # units that hold both groups


def reduce_rows(rows: Table, keys: Sequence[str], by_unit: bool, clustered: bool) -> Reduced:
    """Cells of rows that hold UNIT, CLUSTER, FIRST, WEIGHT and Y, strata made by `keys`."""
    rows, strata = _coded(rows, keys, STRATUM)
    if clustered:
        rows, _ = _coded(rows, [CLUSTER], CLUSTER + " code")
    place = [CLUSTER + " code"] if clustered else []
    found = _by_unit(rows, place) if by_unit else _row_by_row(rows, place)
    unit, first = found["unit"], found["first"]
    cluster = found["cluster"] if clustered else unit
    many = int(unit.max()) + 1
    if clustered:
        _check_nested(rows, unit, cluster)
    levels = np.zeros(2 * many, bool)
    levels[2 * unit.astype(np.int64) + first] = True
    mixed = int((levels[0::2] & levels[1::2]).sum())
    if mixed:
        code = np.cumsum(levels, dtype=np.int32) - 1
        dealt = code[2 * unit.astype(np.int64) + first]
    else:
        dealt = unit
    cells = StratumCells(
        found["stratum"], dealt, cluster, first,
        found["weight"], found["total"], found["square"], found["rows"],
    )  # fmt: skip
    return Reduced(cells, strata, many, mixed)


def _coded(rows: Table, keys: Sequence[str], name: str) -> tuple[Table, Mapping[str, Column]]:
    """The rows with an integer code for each combination of keys, and the combinations."""
    import ibis

    if not keys:
        return rows.mutate(**{name: ibis.literal(0, "int32")}), {}
    found = rows.group(list(keys))
    labels = {key: found[key] for key in keys}
    codes = np.arange(found[N].size, dtype=np.int32)
    if codes.size == 1:
        return rows.mutate(**{name: ibis.literal(0, "int32")}), labels
    import pyarrow

    # one name for each side of the join, so that no column is there twice
    joined = {f"{name} {place}": labels[key] for place, key in enumerate(keys)}
    right = ibis.memtable(pyarrow.table({**joined, name: codes}))
    on = [
        rows[key] == right[f"{name} {place}"].cast(rows[key].type())
        for place, key in enumerate(keys)
    ]
    wide = rows.expression.join(right, on)
    return replace(rows, expression=wide.select(*rows.columns, name)), labels


def _by_unit(rows: Table, place: list[str]) -> dict[str, Column]:
    """Cells of stratum, cluster, unit and group; units coded as they stream in."""
    keys = [UNIT, *place, FIRST, STRATUM]
    y, w = rows[Y], rows[WEIGHT]
    import ibis

    cells = rows.expression.group_by(keys).agg(
        rows=ibis._.count(), weight=w.sum(), total=(w * y).sum(), square=(w * y * y).sum()
    )
    columns: dict[str, list[Column]] = {}
    code, last = -1, None
    for batch in _batches(rows, cells.order_by(keys)):
        changed = _changes(batch[UNIT], last)
        codes = code + np.cumsum(changed, dtype=np.int32)
        code, last = int(codes[-1]), batch[UNIT][-1]
        part = {"unit": codes, **_arrays(batch, place)}
        for key, values in part.items():
            columns.setdefault(key, []).append(values)
    if not columns:
        raise InputError("no row is left", file=rows.name, allowed="one row in each group")
    return {key: np.concatenate(columns.pop(key)) for key in list(columns)}


def _row_by_row(rows: Table, place: list[str]) -> dict[str, Column]:
    """Cells of single rows, in the order of their values, so that engines agree."""

    keys = [*place, STRATUM, FIRST, Y, WEIGHT]
    many = rows.count()
    if many > ROWS:
        raise InputError(
            "a table of this size is not compared row by row",
            file=rows.name,
            field="unit",
            value=many,
            allowed=f"a unit at which `by` varies, or at most {ROWS:,} rows",
        )
    found = replace(rows, expression=rows.expression.select(*keys)).group(keys)
    again = np.repeat(np.arange(found[N].size), found[N])
    y, w = found[Y][again], found[WEIGHT][again]
    part = {
        "unit": np.arange(again.size, dtype=np.int32),
        "stratum": found[STRATUM][again].astype(np.int32),
        "first": found[FIRST][again].astype(bool),
        "rows": np.ones(again.size, np.int32),
        "weight": w,
        "total": w * y,
        "square": w * y * y,
    }
    if place:
        part["cluster"] = found[place[0]][again].astype(np.int32)
    return part


def _arrays(batch: Any, place: list[str]) -> dict[str, Column]:
    """The numbers of a batch of cells."""
    kinds: dict[str, tuple[str, Any]] = {
        "stratum": (STRATUM, np.int32),
        "first": (FIRST, bool),
        "rows": ("rows", np.int32),
        "weight": ("weight", np.float64),
        "total": ("total", np.float64),
        "square": ("square", np.float64),
    }
    if place:
        kinds["cluster"] = (place[0], np.int32)
    return {
        key: batch[name].to_numpy(zero_copy_only=False).astype(kind)
        for key, (name, kind) in kinds.items()
    }


def _changes(column: Any, last: Any) -> Column:
    """Where a sorted column begins a new value; `last` is what came before it."""
    from pyarrow import compute

    changed = np.ones(len(column), bool)
    if last is not None:
        changed[0] = column[0] != last
    changed[1:] = compute.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    return changed


def _batches(rows: Table, expression: Any) -> Iterator[Any]:
    """Batches of a result as Arrow tables; what an engine says of its cells is not passed on."""
    try:
        for batch in _reader(expression):
            if batch.num_rows:
                yield {name: batch.column(name) for name in batch.schema.names}
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("duckdb", "_duckdb", "ibis", "pyspark"):
            raise InputError(
                f"the engine could not reduce the table ({type(error).__name__})", file=rows.name
            ) from None
        raise


def _reader(expression: Any) -> Any:
    """An expression as a stream of Arrow batches, so that it never is in memory as a whole."""
    backend = expression.get_backend()
    if backend.name != "duckdb":
        return expression.to_pyarrow_batches(chunk_size=BATCH)
    expression.limit(0).to_pyarrow()  # makes known the tables in memory that it joins
    return backend.con.sql(backend.compile(expression)).to_arrow_reader(BATCH)


def _check_nested(rows: Table, unit: Column, cluster: Column) -> None:
    """InputError if a unit lies in several clusters."""
    home = np.zeros(int(unit.max()) + 1, np.int32)
    home[unit] = cluster
    if many := int(np.unique(unit[home[unit] != cluster]).size):
        raise InputError(
            f"{many:,} units lie in several clusters",
            file=rows.name,
            field="cluster",
            allowed="a coarser unit, in which each unit lies as a whole",
        )
