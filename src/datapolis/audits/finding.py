"""What an audit answers: findings, targets for calibration, and the numbers that its charts draw.

A finding is one typed row. It says what was estimated, by which method and from how many
independent units; what its interval is, for a complete register has no sampling error; what it says
in words, and what it cannot say.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_type_hints

import numpy as np

from datapolis import __version__
from datapolis.audits.data_quality_notes import Roles, slip_notes
from datapolis.audits.dependencies import Dependency, check_dependencies, rules_of
from datapolis.audits.options import READING
from datapolis.audits.privacy import BEFORE, ITS_VALUE, LEAST, SUPPRESSED
from datapolis.audits.suppressed import QUESTION, Drawing, Suppressed
from datapolis.core.errors import InputError, StoreError, nearest
from datapolis.tables import Format, open_table
from datapolis.tables.sheets import harmless

if TYPE_CHECKING:
    import pandas
    import pyarrow

Columns: TypeAlias = Mapping[str, Any]
"""A tidy table: columns of one length by name."""

Interval = Literal["sampling", "randomisation", "bounds", "none"]
INTERVALS: dict[str, str] = {
    "sampling": "95 % interval: how far another sample of the same units could lie",
    "randomisation": "95 % of what chance alone gives, were labels dealt at random",
    "bounds": "bounds: the least and greatest value that what was not measured allows",
    "none": "no interval",
}
PROGRESS = "progress"  # the parameter of an audit that is no option
ROWS = 40  # of findings shown in a notebook's cell
ROUNDING = 1e-6  # by which the ends of an interval that is a point may cross
OF_UNITS = ("unit", "holder", "payer")  # options that say whose a row is
CONFIDENCE = 0.95  # of sampling and randomisation intervals


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One answer of an audit."""

    name: str  # short and stable, to look it up: "gini"
    of: str = ""  # which group or period of the table: "2018-01"
    estimand: str  # what is estimated, in a sentence
    estimate: float  # nan where nothing can be said
    lower: float = np.nan
    upper: float = np.nan
    interval: Interval = "none"
    unit: str = ""  # "share", "USD a month", "days"
    n_rows: int = 0
    n_units: int = 0  # independent units, not rows
    units: str = ""  # what they are: "companies"
    basis: str  # what sums to one
    method: str
    says: str
    cannot_say: str = ""
    claims: tuple[str, ...] = ()
    p_value: float = np.nan
    p_adjusted: float = np.nan  # for the family that `method` names
    p_least: float = np.nan  # of a randomisation test: the least p that any labels could have had

    def __post_init__(self) -> None:
        for number in ("estimate", "lower", "upper", "p_value", "p_adjusted", "p_least"):
            object.__setattr__(self, number, float(getattr(self, number)))  # plain, not NumPy's
        if self.interval not in INTERVALS:
            raise ValueError(f"{self.name}: interval is {self.interval!r}")
        if (self.interval == "none") != (np.isnan(self.lower) and np.isnan(self.upper)):
            raise ValueError(f"{self.name}: interval {self.interval} with {self.lower, self.upper}")
        if self.lower > self.upper and np.isclose(self.lower, self.upper, rtol=ROUNDING, atol=0):
            lower, upper = self.upper, self.lower  # two computations of one number
            object.__setattr__(self, "lower", lower)
            object.__setattr__(self, "upper", upper)
        if self.lower > self.upper:
            raise ValueError(f"{self.name}: lower {self.lower} above upper {self.upper}")
        for text in ("name", "estimand", "basis", "method", "says"):
            if not getattr(self, text):
                raise ValueError(f"{self.name or 'a finding'}: {text} is empty")
        if np.isnan(self.estimate) and not self.cannot_say:
            raise ValueError(f"{self.name}: no estimate, and no word why")


@dataclass(frozen=True, kw_only=True)
class Target:
    """A measured value that calibration can read: a model index under the table's own rule."""

    index: str  # of datapolis.INDICES; with a label: "rights.know"
    value: float
    lower: float = np.nan
    upper: float = np.nan
    interval: Interval = "none"  # bounds are a range, not a Gaussian error
    unit: str = ""
    time: str = ""  # the period it was measured in
    n_units: int = 0
    floor: float = np.nan  # less than this was not listed: apply it to the model too
    transform: str = ""  # the rest of the observation rule, in words
    source_sha256: str = ""
    claims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        from datapolis.model.indices import INDICES

        name = self.index.split(".")[0]
        if name not in INDICES:
            raise ValueError(
                f"target {self.index}: no such index; nearest {nearest(name, INDICES)}"
            )


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The findings of one audit, with what its charts draw and where it all comes from."""

    kind: str  # the name of the audit: "prices"
    title: str
    findings: tuple[Finding, ...]
    targets: tuple[Target, ...] = ()
    series: Mapping[str, Columns] = field(default_factory=dict)  # what charts draw, by name
    suppressed: tuple[Suppressed, ...] = ()  # charts, or parts of them, that are not drawn
    notes: tuple[str, ...] = ()  # what was read, left out, suppressed
    inputs: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = __version__
    date: str = field(default_factory=lambda: date.today().isoformat())

    def __post_init__(self) -> None:
        columns = {
            name: {key: _array(values) for key, values in table.items()}
            for name, table in self.series.items()
        }
        object.__setattr__(self, "series", columns)
        for one in self.suppressed:
            if not one.part and one.series in self.series:
                raise ValueError(f"{self.kind}: {one.series} is suppressed, and yet there")

    def __getitem__(self, key: str | tuple[str, str]) -> Finding:
        """The finding of that name, or of that name and group: audit["gini", "2018-01"]."""
        name, of = (key, None) if isinstance(key, str) else key
        found = [one for one in self.findings if one.name == name and of in (None, one.of)]
        if len(found) != 1:
            keys = [f"{one.name}, {one.of}" if one.of else one.name for one in self.findings]
            raise KeyError(f"{key!r}: {len(found)} findings; there are {'; '.join(keys)}")
        return found[0]

    def all(self, name: str) -> tuple[Finding, ...]:
        """The findings of that name, over groups and periods."""
        return tuple(one for one in self.findings if one.name == name)

    def frame(self) -> pandas.DataFrame:
        """The findings as a pandas data frame, one row each."""
        import pandas

        columns = [one.name for one in fields(Finding)]
        return pandas.DataFrame([_row(one) for one in self.findings], columns=columns)

    def arrow(self) -> pyarrow.Table:
        """The findings as an Arrow table, one row each."""
        import pyarrow

        return pyarrow.Table.from_pylist([_row(one) for one in self.findings])

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The findings, for whatever takes Arrow: `polars.DataFrame(audit)`."""
        return self.arrow().__arrow_c_stream__(requested_schema)

    def charts(self, width: int = 720) -> list[Any]:
        """The charts of the audit, as Altair charts of that width in pixels."""
        return [one.chart for one in self.figures(width) if one.chart is not None]

    def figures(self, width: int = 720) -> list[Drawing]:
        """The charts with what of them is suppressed, then what stands for those not drawn."""
        module = import_module(f"datapolis.audits.charts.{self.kind}")
        drawn: dict[str, Any] = module.draw(self, width)

        def figure(name: str) -> Drawing:
            series, _, of = name.partition(": ")
            says = tuple(one.says for one in self.suppressed if one.series == name)
            return Drawing(module.TITLES[series].format(of=of), drawn.get(name), says)

        hidden = [one.series for one in self.suppressed]
        return [figure(name) for name in dict.fromkeys((*drawn, *hidden))]

    @property
    def question(self) -> str:
        """What is asked, once, of whoever knows a table of which something is suppressed."""
        hidden = any(
            words in one.cannot_say for one in self.findings for words in (SUPPRESSED, BEFORE)
        )
        if self.options.get("public") or not (hidden or self.suppressed):
            return ""
        return QUESTION.format(least=self.options.get("min_group", LEAST))

    def _repr_html_(self) -> str:
        shown = self.frame()[["name", "of", "estimate", "lower", "upper", "interval", "says"]]
        table = shown.to_html(index=False, na_rep="", max_rows=ROWS)
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        pictures = "".join(map(_shown, self.figures()))
        asked = f"<p>{escape(self.question)}</p>" if self.question else ""
        return f"<h4>{escape(self.title)}</h4>{table}{asked}<ul>{notes}</ul>{pictures}"

    def save(self, folder: Path | str) -> Path:
        """Write the audit into a new folder: findings, targets, what charts draw, provenance."""
        from pyarrow import Table, parquet

        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=False)
        except FileExistsError:
            raise StoreError(f"{folder}: exists already; nothing was written") from None
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made ({error.strerror})") from error
        self.frame().map(harmless).to_csv(folder / "findings.csv", index=False)
        if self.targets:
            rows = [_row(target) for target in self.targets]
            parquet.write_table(Table.from_pylist(rows), folder / "targets.parquet")
        (folder / "audit.json").write_text(
            json.dumps(self.as_json(), indent=1, ensure_ascii=False, allow_nan=False),
            encoding="utf-8",
        )
        return folder

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values; what is no number is None."""
        content = {one.name: getattr(self, one.name) for one in fields(self)}
        content["findings"] = [asdict(one) for one in self.findings]
        content["targets"] = [asdict(one) for one in self.targets]
        content["suppressed"] = [asdict(one) for one in self.suppressed]
        found: dict[str, Any] = plain(content)
        return found

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Audit:
        """The audit that `as_json` wrote; whatever else stands there is left out."""
        own = {one.name: content[one.name] for one in fields(cls) if one.name in content}
        return cls(
            **{
                **own,
                "findings": tuple(_read(Finding, one) for one in content["findings"]),
                "targets": tuple(_read(Target, one) for one in content["targets"]),
                "suppressed": tuple(Suppressed(**one) for one in content.get("suppressed", ())),
                "notes": tuple(content["notes"]),
                "inputs": tuple(content["inputs"]),
            }
        )

    @classmethod
    def load(cls, folder: Path | str) -> Audit:
        """The audit that `save` wrote."""
        path = Path(folder) / "audit.json"
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path}: holds no audit ({type(error).__name__})") from error


AUDITS: dict[str, Callable[..., Audit]] = {}
"""The audits by kind."""
ROLES: dict[str, Roles] = {}
"""By kind, which options of an audit name amounts, units and periods."""


def audit(
    *,
    amount: str | Sequence[str],
    unit: str | Sequence[str],
    period: str | Sequence[str],
    case: str | Sequence[str] = (),
) -> Callable[[Callable[..., Audit]], Callable[..., Audit]]:
    """Declare a function from tables and options to an Audit as the audit of its own name.

    It gets the options that say how cells are read (`options.READING`), and its tables opened by
    them. Its options and their defaults are kept in the result, so that it can be done again. One
    that would have no effect (audits/dependencies.py) is refused before any table is read. What
    looks like a slip in its first table is asked about, by the columns that these options name:

    amount   sizes, on a scale that some rows could miss; "sensitive if numbers" where another
             option says so; () where there is none
    unit     what the rows are of; () where each is a unit of its own
    period   when; () where there is no such column
    case     what together names a case that one row should hold, whose it is first; "start or
             reported" is the first that is given; () where several rows of a unit are no wonder
    """
    columns = (amount, unit, period, case)
    roles = Roles(*(tuple([one] if isinstance(one, str) else one) for one in columns))

    def declared(function: Callable[..., Audit]) -> Callable[..., Audit]:
        own = inspect.signature(function)
        if shared := READING.keys() & own.parameters.keys():
            raise TypeError(f"{function.__name__}: {', '.join(shared)} are options of every audit")
        signature = own.replace(parameters=[*own.parameters.values(), *_reading()])
        parameters = signature.parameters.values()
        defaults = {one.name: one.default for one in parameters}
        keyword = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
        sources = [one.name for one in parameters if _is_source(one)]
        if unknown := roles.options - set(own.parameters):
            raise TypeError(f"{function.__name__} has no option {', '.join(sorted(unknown))}")

        @functools.wraps(function)
        def audited(*arguments: Any, **named: Any) -> Audit:
            bound = signature.bind(*arguments, **named)
            bound.apply_defaults()
            given = dict(bound.arguments)
            options = {name: given[name] for name in keyword}
            check_dependencies(_rules(function), given, defaults)
            form = Format(**{name: given.pop(name) for name in READING})
            for name in sources:
                if given[name] is not None:
                    given[name] = open_table(given[name], form=form)
            found = function(**given)
            least = 1 if options.get("public") else int(options.get("min_group", LEAST))
            if least > 1:
                of_units = any(options.get(name) for name in OF_UNITS)
                found = _discreet(found, least, of_units)
            asked = slip_notes(given[sources[0]], roles, given, least)
            kept = {name: _option(value) for name, value in options.items()}
            return replace(
                found,
                kind=function.__name__,
                options={**kept, **found.options},
                notes=(*found.notes, *asked),
            )

        audited.__signature__ = signature  # type: ignore[attr-defined]
        audited.__annotations__ = {**function.__annotations__, **READING}
        AUDITS[function.__name__], ROLES[function.__name__] = audited, roles
        return audited

    return declared


@functools.cache
def _rules(function: Callable[..., Audit]) -> dict[str, list[Dependency]]:
    return rules_of(get_type_hints(function, include_extras=True))


def _reading() -> list[inspect.Parameter]:
    """The options that say how cells are read, as parameters."""
    defaults = {one.name: one.default for one in fields(Format)}
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=hint
        )
        for name, hint in READING.items()
    ]


def _discreet(found: Audit, least: int, of_units: bool) -> Audit:
    """The audit without what its tables' numbers of rows tell of fewer rows than `least`.

    Rows left out as asked are a group, and so are those that a finding does not count: the number
    of all rows would give them by subtraction. Rows that repeat another may all be those of one
    unit: where rows belong to units (`of_units`) their number is never published.
    """
    inputs, notes = [], list(found.notes)
    for one in found.inputs:
        name, rows, dropped = one["table"], one["rows"], one["dropped"]
        repeats = one.get("exact_duplicates") or 0
        if repeats and (of_units or repeats < least):
            one = {**one, "exact_duplicates": None}
            exact = f"{name}: {repeats:,} rows repeat another row exactly"
            notes = [
                note.replace(exact, f"{name}: some rows repeat another row exactly")
                for note in notes
            ]
        few = 0 < dropped < least
        if rows is not None and (
            few or any(0 < abs(rows - row.n_rows) < least for row in found.findings if row.n_rows)
        ):
            one = {**one, "rows": None, "dropped": None if few else dropped}
            words = {
                f"{name}: {rows:,} rows.": f"{name}: how many rows it has is suppressed.",
                f"{name}: {dropped:,} rows were left out": f"{name}: fewer than {least} rows were "
                "left out",
            }
            for old, new in words.items() if few else list(words.items())[:1]:
                notes = [note.replace(old, new) for note in notes]
        inputs.append(one)
    return replace(found, inputs=tuple(inputs), notes=tuple(notes))


def without_rows(
    provenance: Mapping[str, Any], notes: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """What a table is, and the notes on it, without how many rows it has."""
    name, rows = provenance["table"], provenance["rows"]
    hidden = f"{name}: how many rows it has is suppressed."
    told = [hidden if note == f"{name}: {rows:,} rows." else note for note in notes]
    return {**provenance, "rows": None}, told


def sources_of(audit: Callable[..., Audit]) -> dict[str, bool]:
    """The tables that an audit takes, in order, and whether each is needed."""
    return {
        name: one.default is one.empty
        for name, one in inspect.signature(audit).parameters.items()
        if _is_source(one)
    }


def options_of(audit: Callable[..., Audit]) -> dict[str, inspect.Parameter]:
    """The options of an audit, each with its type (`annotation`) and default."""
    types = get_type_hints(audit, include_extras=True)
    return {
        name: one.replace(annotation=types[name])
        for name, one in inspect.signature(audit).parameters.items()
        if not _is_source(one) and name != PROGRESS
    }


def with_progress(audit: Callable[..., Audit], progress: Any) -> dict[str, Any]:
    """The keyword by which an audit tells how far it is, if it can and somebody wants to know."""
    takes = PROGRESS in inspect.signature(audit).parameters
    return {PROGRESS: progress} if takes and progress is not None else {}


def _is_source(one: inspect.Parameter) -> bool:
    return str(one.annotation).startswith("Source")


def joined(audits: Mapping[str, Audit], table: Literal["findings", "targets"]) -> dict[str, Any]:
    """The findings or targets of several audits as columns, `audit` names which; empty if none."""
    rows = [
        {"audit": name, **_row(one)}
        for name, found in audits.items()
        for one in getattr(found, table)
    ]
    return {key: [row[key] for row in rows] for key in rows[0]} if rows else {}


def short(value: float) -> str:
    """A number to four digits; nothing for what is none."""
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def suppressed_finding(
    name: str,
    of: str = "",
    *,
    estimand: str,
    units: str,
    basis: str,
    claims: tuple[str, ...] = (),
) -> Finding:
    """A finding that stands for a number that may not be shown."""
    return Finding(
        name=name,
        of=of,
        estimand=estimand,
        estimate=np.nan,
        units=units,
        basis=basis,
        method="suppressed",
        says="Suppressed.",
        cannot_say=ITS_VALUE,
        claims=claims,
    )


def choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """The value, if it is one of those allowed."""
    if value not in allowed:
        raise InputError(
            "no such choice",
            field=name,
            value=value,
            allowed=", ".join(allowed),
            nearest=nearest(str(value), allowed),
        )
    return value


def _shown(figure: Drawing) -> str:
    """A figure in a notebook."""
    from datapolis.theme import svg

    heading = f"<h5>{escape(figure.title)}</h5>" if figure.chart is None else svg(figure.chart)
    return heading + "".join(f"<p>{escape(one)}</p>" for one in figure.says)


def _option(value: Any) -> Any:
    """An option as it can be written down: a column given as an array is only named as such."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _option(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_option(one) for one in value]
    return f"<{type(value).__name__}>"


def _row(one: Finding | Target) -> dict[str, Any]:
    row = asdict(one)
    row["claims"] = " ".join(row["claims"])
    return row


def _read(kind: Callable[..., Any], row: Mapping[str, Any]) -> Any:
    """A finding or target of plain values: None is nan where a number belongs."""
    return kind(
        **{
            key: tuple(value) if isinstance(value, list) else np.nan if value is None else value
            for key, value in row.items()
        }
    )


def _array(values: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """A column as an array: numbers with None as nan, all else as it is."""
    if isinstance(values, np.ndarray):
        return values
    values = list(values)
    if any(isinstance(value, str) for value in values):
        return np.asarray(values, object)
    return np.asarray([np.nan if value is None else value for value in values])


def plain(value: Any) -> Any:
    """Nested values as JSON knows them."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(one) for one in value.tolist()]
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
