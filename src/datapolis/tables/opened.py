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
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.tables import dates as written_dates
from datapolis.tables import numbers as written_numbers
from datapolis.tables import refusals
from datapolis.tables.formats import Format
from datapolis.tables.lines import encoding_of, misfit, separator_of
from datapolis.tables.periods import calendar
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
from datapolis.tables.refusals import ROW, filled

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
UNNAMED = "table"  # what messages call a table that is no file
MOST_LABELS = 100_000  # different periods; a column of more is none of periods
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
    form: Format = Format()  # how its cells are read
    separator: str = ""  # between the cells of a CSV file
    path: Path | None = None  # of a CSV file
    whole: Any = None  # an Ibis table: the rows as opened, each with its number
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
                if self.path is not None and (odd := misfit(self.path, self.columns)):
                    raise odd.at(file=self.name)
                raise InputError(
                    f"a column is missing{refusals.lower(self, column)}",
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

        With `gaps` a cell may be empty; it is then null, and nan when fetched. Where shares from 0
        to 1 are asked for, a percentage that the format reads becomes one.
        """
        allowed = _range(least, most) + (", or empty" if gaps else "")

        def outside(cells: Any) -> Any:
            return (cells < least) | (cells > most) | cells.isnan() | cells.isinf()

        def as_number(cells: Any) -> Any:
            return written_numbers.as_number(self.bare(cells), self.form)

        def converted(cells: Any) -> Any:
            number = as_number(cells)
            if not self.form.percent or most != 1:
                return number
            return filled(cells).endswith("%").ifelse(number / 100, number)

        texts = [one for one in dict.fromkeys(columns) if self._is_text(one)]
        changed, found = self._cast(
            columns, "float64", converted, "is not a number", allowed, gaps, outside, self._doubts
        )
        for place, column in enumerate(texts):
            counts = {name: int(found[f"{name}_{place}"][0]) for name in written_numbers.COUNTED}
            self._judge(column, counts)
        return changed

    def dates(self, *columns: str, gaps: bool = False) -> Table:
        """These columns as dates, written 2014-06-27 or in the order that the format names.

        Dates that stand where programs know none, such as 1900-01-01, are asked about in a note.
        """
        allowed = "a date such as 2014-06-27" + (", or empty" if gaps else "")

        def converted(cells: Any) -> Any:
            return written_dates.as_date(self.bare(cells), self.form)

        changed, found = self._cast(
            columns, "date", converted, "is not a date", allowed, gaps, more=_placeholders
        )
        for column in dict.fromkeys(columns):
            there = [day for day in written_dates.PLACEHOLDERS if found[f"{column} {day}"][0]]
            if there:
                self.odd[f"{column} as dates"] = written_dates.asked(self.name, column, there)
        return changed

    def periods(self, *columns: str, gaps: bool = False) -> Table:
        """These columns as text that names periods: years, months, "2018Q1", "wave 3", dates.

        Their order is that of `datapolis.tables.periods`. Dates that are not written 2014-06-27 are
        read in the order that the format names and then written so; without it they are refused.
        """
        rows = self.text(*columns, gaps=gaps)
        for column in dict.fromkeys(columns):
            labels = rows.labels(column, MOST_LABELS)
            if labels is None:
                raise InputError(
                    f"has more than {MOST_LABELS:,} different values",
                    file=self.name,
                    field=column,
                    allowed="a column of periods",
                )
            why, option = written_dates.advice(labels, only_days=True)
            if why and not option.startswith("--"):
                raise InputError(
                    f"holds dates: {why}", file=self.name, field=column, allowed=option
                )
            if why:
                rows = rows.days_written(column)
                labels = rows.labels(column, MOST_LABELS) or []
            found = calendar(labels)
            if found.twice:
                raise InputError(
                    "one period is written in two ways",
                    file=self.name,
                    field=column,
                    allowed="one way of writing for each period",
                )
            self.odd[f"{column} in order"] = found.doubt(f"{self.name}: {column}")
        return rows

    def days_written(self, *columns: str) -> Table:
        """Columns of text in which days are written 2014-06-27; what is no day stays as it is.

        Days such as 06/01/2019 are read in the order that the format names; without it refused.
        """
        rows = self
        for column in dict.fromkeys(columns):
            cells = self[column]
            days = cells.re_search(f"^{written_dates.DAY}{written_dates.CLOCK}").fill_null(False)
            if self.form.dates == "ask":
                first = written_dates.LOOKED_AT
                found = self._run(
                    self.expression.filter(days).select(column).distinct().limit(first)
                )
                why, option = written_dates.advice(found[column].to_pylist(), only_days=True)
                if why:
                    raise InputError(
                        f"holds dates: {why}", file=self.name, field=column, allowed=option
                    )
                continue
            read = written_dates.as_date(cells, self.form)
            wrong = (days & read.isnull()).sum().fill_null(0)
            if many := int(self._run(self.expression.aggregate(n=wrong))["n"][0].as_py()):
                raise InputError(
                    f"{many:,} {'cell' if many == 1 else 'cells'}: is not a date in the order "
                    f"{self.form.dates}",
                    file=self.name,
                    field=column,
                    allowed="one order of day, month and year in the whole column",
                )
            rows = rows.recode(column, read.cast("string").fill_null(cells))
        return rows

    def text(self, *columns: str, gaps: bool = False, spelling: bool = True) -> Table:
        """These columns as text; an empty cell is refused, or null with `gaps`.

        Names that differ in capitals or spaces alone are noted, unless `spelling` does not matter.
        """
        self.require(*columns)
        cells = {column: filled(self.expression[column].cast("string")) for column in columns}
        changed = replace(self, expression=self.expression.mutate(*_named(cells)))
        empty = {} if gaps else {(c, "is empty"): changed.expression[c].isnull() for c in columns}
        looked_at = changed._not_looked_at(columns) if spelling else []
        found = dict.fromkeys(columns, partial(refusals.first_empty, self))
        spelled = changed._spellings(looked_at)
        counts = changed._refuse(empty, "text in every row", spelled, found)
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
        seen = self.expression.group_by(list(dict.fromkeys(columns))).agg(ibis._.count().name(N))
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
        if self.form.said:
            said.append(f"{self.name}: {self.form.said}.")
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
        converted: Callable[[Any], Any],
        problem: str,
        allowed: str,
        gaps: bool,
        outside: Callable[[Any], Any] | None = None,
        more: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None,
    ) -> tuple[Table, Columns]:
        """The columns as numbers or dates; what `converted` makes null of a text is refused.

        `more` aggregates of the columns, before and after, are asked in the same query.
        """
        self.require(*columns)
        checks: dict[tuple[str, str], Any] = {}
        after = {}
        for column in columns:
            cells = self.expression[column]
            empty = cells.isnull()
            if self._is_text(column):
                empty = self.bare(cells).isnull()
                after[column] = converted(cells)
                checks[column, problem] = ~empty & after[column].isnull()
            else:
                after[column] = cells.cast(kind)
            if not gaps:
                checks[column, "is empty"] = empty
            if outside is not None:
                checks[column, "is out of range"] = outside(after[column])
        why = dict.fromkeys(after, partial(refusals.first_unread, self, converted, gaps))
        found = self._refuse(checks, allowed, more(after) if more else None, why)
        return replace(self, expression=self.expression.mutate(*_named(after))), found

    def _is_text(self, column: str) -> bool:
        self.require(column)
        return bool(self.expression[column].type().is_string())

    def bare(self, cells: Any) -> Any:
        """A column of text without the signs that the format leaves out, null where it is empty."""
        cells = filled(cells)
        if self.form.blanks:
            cells = cells.isin(self.form.blanks).ifelse(None, cells)
        return written_numbers.stripped(cells, self.form)

    def _doubts(self, after: Mapping[str, Any]) -> dict[str, Any]:
        """What has to be counted in text to see whether its numbers fit two readings."""
        asked: dict[str, Any] = {}
        for place, column in enumerate(one for one in after if self._is_text(one)):
            cells = filled(self.expression[column])
            counts = written_numbers.doubts(cells, self.bare(self.expression[column]))
            asked |= {f"{name}_{place}": one for name, one in counts.items()}
        return asked

    def _judge(self, column: str, counts: Mapping[str, int]) -> None:
        """InputError, or a note, for a column of numbers that fits two readings."""
        if self.form.percent and counts["signed"] and counts["unsigned"]:
            raise InputError(
                "some cells have a percent sign and some have none",
                file=self.name,
                field=column,
                allowed="the sign in every cell or in none",
            )
        if {self.form.thousands, self.form.decimal} != {"ask"}:
            return
        if written_numbers.doubtful(counts, self.separator):
            raise refusals.doubtful(self, column)
        self.odd[f"{column} as numbers"] = (
            f"{self.name}: each number in {column} with a point has three digits after it; the "
            "points are taken to mark decimals (--thousands . takes them to mark thousands)."
            if written_numbers.undecided(counts)
            else ""
        )

    def labels(self, column: str, most: int) -> list[str] | None:
        """The different texts of a column, in no order; None if there are more than `most`."""
        texts = self.expression.select(cell=self[column].cast("string")).distinct()
        found = self._run(texts.limit(most + 2))["cell"].to_pylist()
        there = [one for one in found if one is not None]
        return None if len(there) > most else there

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
        why: Mapping[str, Callable[[str, str], tuple[str, str]]] | None = None,
    ) -> Columns:
        """InputError for the first (column, problem) that any row has; one query for all.

        `more` aggregates are asked in the same query, and returned; `why` finds for a column in
        words where the first such cell is, and what would help.
        """
        if not wrong and not more:
            return {}
        keys = list(wrong)
        counts = {f"wrong_{place}": wrong[key].sum().fill_null(0) for place, key in enumerate(keys)}
        found = self._fetched(self.expression.aggregate(**counts, **(more or {})))
        for place, (column, problem) in enumerate(keys):
            if many := int(found[f"wrong_{place}"][0]):
                where, option = why[column](column, problem) if why else ("", "")
                raise InputError(
                    f"{many:,} {'cell' if many == 1 else 'cells'}: {problem}{where}",
                    file=self.name,
                    field=column,
                    allowed=f"{allowed}; {option}" if option else allowed,
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
            if _of_an_engine(error):  # what an engine says quotes cells
                raise _unreadable(self.name, self.path) from None
            raise


def open_table(
    source: Source,
    *,
    drop: str = "",
    duplicates: Duplicates = "keep",
    encoding: str = "utf-8",
    name: str = "",
    form: Format | None = None,
) -> Table:
    """A table opened for questions, its exact duplicate rows counted.

    drop         rows to leave out: "company=unknown", or "company=unknown,other"
    duplicates   "keep", or "drop" all but the first of rows that repeat another exactly
    encoding     of a CSV file: "utf-8", "utf-16" or "latin-1"
    form         how its cells are written, where it is not as a program writes them

    Raises InputError if there is no such file, if it is no table, or if it has no rows.
    """
    if duplicates not in ("keep", "drop"):
        raise InputError(
            "no such choice", field="duplicates", value=duplicates, allowed="keep, drop"
        )
    if isinstance(source, Table):
        table = replace(
            source, odd={}, name=name if source.name == UNNAMED and name else source.name
        )
    else:
        table = _counted(_opened(source, encoding, name))
    if form is not None:
        table = replace(table, form=form)
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
    import ibis

    whole = None
    if table.expression.get_backend().name == "duckdb" and ROW not in table.columns:
        whole = table.expression.mutate(**{ROW: ibis.row_number()})  # asked only to refuse
    return replace(table, n_rows=many, n_duplicates=many - different, whole=whole)


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
        return Table(
            name or path.name,
            cells,
            sha256(path),
            separator=separator_of(path, encoding),
            path=None if path.name.endswith(".parquet") else path,
        )
    if isinstance(source, ibis.expr.types.Table):
        return Table(name or UNNAMED, source)
    try:
        library = type(source).__module__.partition(".")[0]
        if library == "xarray":
            source = source.to_dataframe().reset_index()
        elif isinstance(source, Mapping):
            source = _arrow(source)
        elif library not in FRAMES and hasattr(source, "__arrow_c_stream__"):
            source = pyarrow.table(source)
        names = getattr(source, "column_names", None) or source.columns
        check_names(list(names), name or UNNAMED)  # Ibis cannot tell two alike apart
        return Table(name or UNNAMED, ibis.memtable(source), _hash(source))
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
            raise _unreadable(path.name, path) from None
        raise


def _of_an_engine(error: Exception) -> bool:
    """Whether a library below says so, that cannot read the cells or join their types."""
    below = ("duckdb", "_duckdb", "ibis", "pyspark", "pyarrow", "py4j", "polars")
    return type(error).__module__.split(".")[0] in below


def _unreadable(file: str, path: Path | None = None) -> InputError:
    """What is said of a file that no engine reads; its odd line, if there is one."""
    if path is not None and (odd := misfit(path)):
        return odd.at(file=file)
    seems = encoding_of(path) if path is not None else ""
    hint = {
        "utf-16": "; this file seems to be UTF-16: --encoding utf-16",
        "latin-1": "; this file is not UTF-8: save it so, or give --encoding latin-1 for the "
        "letters of western Europe",
    }.get(seems, "")
    return InputError(
        "cannot be read as a table: its rows differ in length, its letters are encoded in another "
        "way, or it is of another kind",
        file=file,
        allowed=f"{', '.join(KINDS)}; UTF-8 unless an encoding is given{hint}",
    )


def _dropped(table: Table, drop: str) -> Table:
    column, equals, values = drop.partition("=")
    if not equals:
        raise InputError(
            "cannot be read", field="drop", value=drop, allowed="column=value or column=one,other"
        )
    table.require(column, field="drop")

    def stays(rows: Any) -> Any:
        return ~rows[column].cast("string").isin(values.split(",")).fill_null(False)

    kept = table.where(stays(table.expression))
    if kept.whole is not None and column in kept.whole.columns:
        kept = replace(kept, whole=kept.whole.filter(stays(kept.whole)))
    left = kept.count()
    return replace(kept, n_dropped=table.count() - left)


def _named(columns: Mapping[str, Any]) -> list[Any]:
    """Ibis expressions by name as a list: no name is taken for that of an argument."""
    return [cells.name(column) for column, cells in columns.items()]


def _placeholders(after: Mapping[str, Any]) -> dict[str, Any]:
    """Whether days stand in columns of dates that programs write where they know none."""
    import ibis

    return {
        f"{column} {day}": (cells == ibis.literal(day).cast("date")).any().fill_null(False)
        for column, cells in after.items()
        for day in written_dates.PLACEHOLDERS
    }


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
