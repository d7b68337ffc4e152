"""A table opened for questions: an Ibis expression that is computed where its rows lie.

    rows = open_table("offers.csv", drop="company=unknown", duplicates="drop")
    rows = rows.text("city", "provider").numbers("speed_down", least=0)
    cells = rows.group(["city", "provider"], total=rows["speed_down"].sum())
    cells["city"], cells[N], cells[derived("total")]

What is derived from a table never bears the name of one of its columns: `group` and `mutate` call
it `derived(name)`, a name that no column of a table may have.

Cells of a CSV file are text until a column is asked for as a number, so `NA` stays `NA`. A cell
that does not fit is an InputError that names the file, the column, how many rows and what is
allowed, never the cell. Files are opened for reading alone. The same expressions run on DuckDB,
which keeps what does not fit into memory on disk, and on Spark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from datapolis.errors import InputError, nearest
from datapolis.tables.reading import (
    KINDS,
    MEMORY,
    check_file,
    check_header,
    check_length,
    check_names,
    connected,
    derived,
    literal,
    sha256,
)

Source: TypeAlias = Any
"""A path, an Ibis table, a pandas or Polars data frame, an Arrow table or whatever gives one
(`__arrow_c_stream__`), an xarray dataset with its coordinates, or a mapping of columns."""

Columns: TypeAlias = dict[str, np.ndarray[Any, np.dtype[Any]]]
Duplicates = Literal["keep", "drop"]
FRAMES = ("pandas", "polars", "pyarrow")  # libraries whose tables Ibis takes as they are
MOST_LOOKED_AT = 5_000_000  # rows of a table whose names are compared with each other
SPELLINGS = (
    "{}: names in {} differ from each other in capitals or spaces alone; they count as different."
)
N = derived("n")  # how many rows a group has
ONCE = 200_000_000  # bytes of a CSV file that is parsed once and kept; a larger one stays on disk


@dataclass(frozen=True)
class Table:
    """A table opened for questions; each method that changes something gives a new one."""

    name: str  # what messages call it
    expression: Any  # an Ibis table
    sha256: str = ""  # of the file's bytes; empty for a table that is no file
    n_rows: int = 0  # as opened, before anything was dropped
    n_duplicates: int = 0  # rows that repeat another row exactly, beyond the first
    n_dropped: int = 0  # rows that `drop` took out
    duplicates: Duplicates = "keep"
    # by column: what was found odd, or ""; shared by all that is made of an opened table
    odd: dict[str, str] = field(default_factory=dict, compare=False)

    def __getitem__(self, column: str) -> Any:
        """The Ibis expression of a column."""
        self.require(column)
        return self.expression[column]

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.expression.columns)

    def require(self, *columns: str, field: str = "") -> Table:
        """The table itself, if it has these columns."""
        for column in columns:
            if column not in self.columns:
                raise InputError(
                    "a column is missing",
                    file=self.name,
                    field=field or column,
                    value=column if field else None,
                    allowed=", ".join(self.columns),
                    nearest=nearest(column, self.columns),
                )
        return self

    def numbers(
        self, *columns: str, least: float = -np.inf, most: float = np.inf, gaps: bool = False
    ) -> Table:
        """These columns as float64: each cell a finite number from `least` to `most`.

        With `gaps` a cell may be empty; it is then null, and nan when fetched.
        """
        allowed = _range(least, most) + (", or empty" if gaps else "")

        def outside(cells: Any) -> Any:
            return (cells < least) | (cells > most) | cells.isnan() | cells.isinf()

        return self._cast(columns, "float64", "is not a number", allowed, gaps, outside)

    def dates(self, *columns: str, gaps: bool = False) -> Table:
        """These columns as dates, written 2014-06-27."""
        allowed = "a date such as 2014-06-27" + (", or empty" if gaps else "")
        return self._cast(columns, "date", "is not a date", allowed, gaps)

    def text(self, *columns: str, gaps: bool = False, spelling: bool = True) -> Table:
        """These columns as text; an empty cell is refused, or null with `gaps`.

        Names that differ in capitals or spaces alone are noted, unless `spelling` does not matter.
        """
        self.require(*columns)
        cells = {column: _filled(self.expression[column].cast("string")) for column in columns}
        changed = replace(self, expression=self.expression.mutate(*_named(cells)))
        empty = {} if gaps else {(c, "is empty"): changed.expression[c].isnull() for c in columns}
        looked_at = changed._not_looked_at(columns) if spelling else []
        counts = changed._refuse(empty, "text in every row", changed._spellings(looked_at))
        for place, column in enumerate(looked_at):
            several = counts[f"alike_{place}"][0] < counts[f"as_written_{place}"][0]
            self.odd[column] = SPELLINGS.format(self.name, column) if several else ""
        return changed

    def where(self, condition: Any) -> Table:
        """The rows for which an Ibis condition holds."""
        return replace(self, expression=self.expression.filter(condition))

    def mutate(self, **columns: Any) -> Table:
        """The table with further columns, as Ibis expressions, each called `derived(name)`."""
        new = {derived(name): cells for name, cells in columns.items()}
        if again := new.keys() & set(self.columns):
            raise ValueError(f"derived twice: {', '.join(sorted(again))}")
        return replace(self, expression=self.expression.mutate(*_named(new)))

    def recode(self, column: str, cells: Any) -> Table:
        """The table with other cells in one of its columns, as an Ibis expression."""
        self.require(column)
        return replace(self, expression=self.expression.mutate(*_named({column: cells})))

    def count(self) -> int:
        """How many rows there are now."""
        return int(self._run(self.expression.count(), scalar=True))

    def group(self, by: Sequence[str], **values: Any) -> Columns:
        """One row for each combination of `by`, in order, with these aggregates.

        An aggregate is found as `cells[derived(name)]`, the number of rows as `cells[N]`.
        """
        self.require(*by)
        import ibis

        keys = list(dict.fromkeys(by))
        new = {N: ibis._.count(), **{derived(name): value for name, value in values.items()}}
        if again := new.keys() & set(keys):
            raise ValueError(f"grouped by what is counted: {', '.join(sorted(again))}")
        if not keys:
            return self._fetched(self.expression.aggregate(_named(new)))
        return self._fetched(self.expression.group_by(keys).agg(*_named(new)).order_by(keys))

    def fetch(self, *columns: str) -> Columns:
        """These columns as arrays, rows in the order of their values."""
        self.require(*columns)
        names = list(dict.fromkeys(columns))
        return self._fetched(self.expression.select(*names).order_by(names))

    def check_unique(self, *columns: str, allowed: str = "each once") -> Table:
        """The table itself, if no two rows have the same values in these columns."""
        import ibis

        self.require(*columns)
        seen = self.expression.group_by(list(columns)).agg(ibis._.count().name(N))
        again = int(self._run(seen.filter(seen[N] > 1).count(), scalar=True))
        if again:
            raise InputError(
                f"{again} keys stand in more than one row",
                file=self.name,
                field=" and ".join(columns),
                allowed=allowed,
            )
        return self

    @property
    def provenance(self) -> dict[str, Any]:
        """What a result says of its input: no cell of it."""
        return {
            "table": self.name,
            "sha256": self.sha256,
            "rows": self.n_rows,
            "exact_duplicates": self.n_duplicates,
            "duplicates": self.duplicates,
            "dropped": self.n_dropped,
        }

    @property
    def notes(self) -> list[str]:
        """In words what was read, and what was left out."""
        said = [f"{self.name}: {self.n_rows:,} rows."]
        if self.n_duplicates:
            done = "dropped" if self.duplicates == "drop" else "kept"
            said.append(
                f"{self.name}: {self.n_duplicates:,} rows repeat another row exactly; they are "
                f"{done} (duplicates = {self.duplicates})."
            )
        if self.n_dropped:
            said.append(f"{self.name}: {self.n_dropped:,} rows were left out as asked (drop).")
        return [*said, *filter(None, self.odd.values())]

    # --- below the surface ---------------------------------------------------------------------

    def _cast(
        self,
        columns: Sequence[str],
        kind: str,
        problem: str,
        allowed: str,
        gaps: bool,
        outside: Callable[[Any], Any] | None = None,
    ) -> Table:
        self.require(*columns)
        checks: dict[tuple[str, str], Any] = {}
        after = {}
        for column in columns:
            cells = self.expression[column]
            if cells.type().is_string():
                cells = _filled(cells)
                after[column] = cells.try_cast(kind)
                checks[column, problem] = cells.notnull() & after[column].isnull()
            else:
                after[column] = cells.cast(kind)
            if not gaps:
                checks[column, "is empty"] = cells.isnull()
            if outside is not None:
                checks[column, "is out of range"] = outside(after[column])
        self._refuse(checks, allowed)
        return replace(self, expression=self.expression.mutate(*_named(after)))

    def _not_looked_at(self, columns: Sequence[str]) -> list[str]:
        """The columns whose names were not compared with each other yet; none of a long table."""
        few = self.n_rows <= MOST_LOOKED_AT
        return [column for column in dict.fromkeys(columns) if few and column not in self.odd]

    def _spellings(self, columns: Sequence[str]) -> dict[str, Any]:
        """How many names each column has, as written and without capitals and spaces."""
        counts = {}
        for place, column in enumerate(columns):
            cells = self.expression[column]
            counts[f"as_written_{place}"] = cells.nunique()
            counts[f"alike_{place}"] = cells.lower().replace(" ", "").nunique()
        return counts

    def _refuse(
        self,
        wrong: Mapping[tuple[str, str], Any],
        allowed: str,
        more: Mapping[str, Any] | None = None,
    ) -> Columns:
        """InputError for the first (column, problem) that any row has; one query for all.

        `more` aggregates are asked in the same query, and returned.
        """
        if not wrong and not more:
            return {}
        keys = list(wrong)
        counts = {f"wrong_{place}": wrong[key].sum().fill_null(0) for place, key in enumerate(keys)}
        found = self._fetched(self.expression.aggregate(**counts, **(more or {})))
        for place, (column, problem) in enumerate(keys):
            if many := int(found[f"wrong_{place}"][0]):
                raise InputError(
                    f"{many:,} {'cell' if many == 1 else 'cells'}: {problem}",
                    file=self.name,
                    field=column,
                    allowed=allowed,
                )
        return found

    def arrow(self, expression: Any) -> Any:
        """What an Ibis expression gives, as an Arrow table."""
        return self._run(expression)

    def _fetched(self, expression: Any) -> Columns:
        arrow = self._run(expression)
        return {name: _array(arrow[name], self.name, name) for name in arrow.column_names}

    def _run(self, expression: Any, scalar: bool = False) -> Any:
        try:
            return expression.to_pyarrow().as_py() if scalar else expression.to_pyarrow()
        except Exception as error:
            if type(error).__name__ == "OutOfMemoryException":
                raise InputError(
                    f"the answer does not fit into {MEMORY} of memory and the space for temporary "
                    "files",
                    file=self.name,
                    allowed="fewer columns or groups, more space, or Spark",
                ) from None
            if _of_an_engine(error):
                raise _unreadable(self.name) from None  # what an engine says quotes cells
            raise


def open_table(
    source: Source,
    *,
    drop: str = "",
    duplicates: Duplicates = "keep",
    encoding: str = "utf-8",
    name: str = "",
) -> Table:
    """A table opened for questions, its exact duplicate rows counted.

    drop         rows to leave out: "company=unknown", or "company=unknown,other"
    duplicates   "keep", or "drop" all but the first of rows that repeat another exactly
    encoding     of a CSV file: "utf-8", "utf-16" or "latin-1"

    Raises InputError if there is no such file, if it is no table, or if it has no rows.
    """
    if duplicates not in ("keep", "drop"):
        raise InputError(
            "no such choice", field="duplicates", value=duplicates, allowed="keep, drop"
        )
    opened = isinstance(source, Table)
    table = replace(source, odd={}) if opened else _counted(_opened(source, encoding, name))
    if duplicates == "drop" and table.duplicates == "keep":
        different = table.expression.distinct() if table.n_duplicates else table.expression
        table = replace(table, expression=different, duplicates=duplicates)
    return _dropped(table, drop) if drop else table


def on_spark(path: Path | str, master: str = "local[*]", encoding: str = "utf-8") -> Table:
    """A CSV or Parquet file opened on Spark, for tables that outgrow one machine.

    Needs Java and the extra `datapolis[spark]`; raises InputError where they are missing.
    """
    path = Path(path)
    check_file(path)
    check_header(path, path.name, encoding)
    connection = _spark(master)
    if path.name.endswith(".parquet"):
        expression = connection.read_parquet(str(path))
    else:
        separator = "\t" if path.name.endswith(".tsv") else ","
        expression = connection.read_csv(
            str(path),
            header=True,
            inferSchema=False,
            sep=separator,
            quote='"',
            escape='"',
            multiLine=True,
            encoding=encoding,
            mode="FAILFAST",
        )
    return open_table(expression, name=path.name)


def _counted(table: Table) -> Table:
    """The table with how many rows it has, and how many of them repeat another."""
    check_names(table.columns, table.name)
    many = table.count()
    if not many:
        raise InputError(
            "the table is empty", file=table.name, allowed="a header and at least one row"
        )
    different = int(table._run(table.expression.distinct().count(), scalar=True))
    return replace(table, n_rows=many, n_duplicates=many - different)


def _spark(master: str) -> Any:
    import ibis

    try:
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master(master)
        if master.startswith("local"):  # as many parts as one machine can use
            builder = builder.config("spark.sql.shuffle.partitions", "4")
        session = (
            builder.appName("datapolis")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
    except Exception as error:
        raise InputError(
            f"Spark does not start ({type(error).__name__})",
            field="spark",
            allowed="an installation of Java and of datapolis[spark]",
        ) from None
    return ibis.pyspark.connect(session)


def _opened(source: Source, encoding: str, name: str) -> Table:
    import ibis
    import pyarrow

    if isinstance(source, str | Path):
        path = Path(source)
        check_file(path)
        cells = _read_file(path, encoding)
        check_header(path, name or path.name, encoding)
        return Table(name or path.name, cells, sha256(path))
    if isinstance(source, ibis.expr.types.Table):
        return Table(name or "table", source)
    try:
        library = type(source).__module__.partition(".")[0]
        if library == "xarray":
            source = source.to_dataframe().reset_index()
        elif isinstance(source, Mapping):
            source = _arrow(source)
        elif library not in FRAMES and hasattr(source, "__arrow_c_stream__"):
            source = pyarrow.table(source)
        names = getattr(source, "column_names", None) or source.columns
        check_names(list(names), name or "table")  # Ibis cannot tell two alike apart
        return Table(name or "table", ibis.memtable(source), _hash(source))
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"not a table: of another kind ({type(source).__name__}), of columns of several "
            "lengths, or with mixed types in one column",
            field=name or "table",
            allowed="a path, a data frame, an Arrow or Ibis table, an xarray dataset, a mapping of "
            "columns",
        ) from error


def _arrow(columns: Mapping[str, Any]) -> Any:
    """Columns as an Arrow table; nan is null."""
    import pyarrow

    arrays = {key: np.asarray(value) for key, value in columns.items()}
    return pyarrow.table(
        {key: pyarrow.array(value, from_pandas=True) for key, value in arrays.items()}
    )


def _hash(source: Any) -> str:
    """The hash of the cells of a table in memory."""
    import pyarrow

    if not isinstance(source, pyarrow.Table):
        try:
            source = pyarrow.table(source)
        except (TypeError, ValueError, AttributeError, pyarrow.ArrowException):
            return ""
    found = hashlib.sha256()
    for batch in source.to_batches():
        for column in batch.columns:
            for buffer in column.buffers():
                if buffer is not None:
                    found.update(buffer)
    return found.hexdigest()


def _read_file(path: Path, encoding: str) -> Any:
    connection = connected()
    try:
        if path.name.endswith(".parquet"):
            return connection.read_parquet(literal(path))
        separator = {"delim": "\t"} if path.name.endswith(".tsv") else {}
        cells = connection.read_csv(
            literal(path), header=True, all_varchar=True, encoding=encoding, **separator
        )
        if path.stat().st_size > ONCE:
            return cells
        return connection.create_table("cells", cells, temp=True)  # parsed once, not by each query
    except Exception as error:
        if _of_an_engine(error):
            raise _unreadable(path.name) from None
        raise


def _of_an_engine(error: Exception) -> bool:
    """Whether a library below says so, that cannot read the cells or join their types."""
    below = ("duckdb", "_duckdb", "ibis", "pyspark", "pyarrow", "py4j", "polars")
    return type(error).__module__.split(".")[0] in below


def _unreadable(file: str) -> InputError:
    return InputError(
        "cannot be read as a table: its rows differ in length, its letters are encoded in another "
        "way, or it is of another kind",
        file=file,
        allowed=f"{', '.join(KINDS)}; UTF-8 unless an encoding is given",
    )


def _dropped(table: Table, drop: str) -> Table:
    column, equals, values = drop.partition("=")
    if not equals:
        raise InputError(
            "cannot be read", field="drop", value=drop, allowed="column=value or column=one,other"
        )
    table.require(column, field="drop")
    cells = table.expression[column].cast("string")
    kept = table.where(~cells.isin(values.split(",")).fill_null(False))
    left = kept.count()
    return replace(kept, n_dropped=table.count() - left)


def _named(columns: Mapping[str, Any]) -> list[Any]:
    """Ibis expressions by name as a list: no name is taken for that of an argument."""
    return [cells.name(column) for column, cells in columns.items()]


def _filled(cells: Any) -> Any:
    """Text without blanks around it; what is then empty is null."""
    return cells.strip().nullif("")


def _range(least: float, most: float) -> str:
    if np.isinf(least) and np.isinf(most):
        return "a number such as 1234.5"
    if np.isinf(most):
        return f"a number of at least {least:g}"
    if np.isinf(least):
        return f"a number of at most {most:g}"
    return f"a number from {least:g} to {most:g}"


def _array(column: Any, file: str = "", name: str = "") -> np.ndarray[Any, np.dtype[Any]]:
    """An Arrow column as a NumPy array: text as str objects, null numbers as nan."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        cells = column.to_numpy(zero_copy_only=False) if column.null_count else None
        if cells is not None:
            return np.asarray(cells, object)
        check_length(column, file, name)
        return np.asarray(column.to_pylist(), str)
    if pyarrow.types.is_date(kind):
        return np.asarray(column.cast(pyarrow.date32()).to_numpy(), "datetime64[D]")
    if pyarrow.types.is_decimal(kind):
        column = column.cast(pyarrow.float64())
    values: np.ndarray[Any, np.dtype[Any]] = np.asarray(column.to_numpy())
    return values
