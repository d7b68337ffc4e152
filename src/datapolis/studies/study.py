"""The study: one TOML file that says what is asked. Data only; no study runs code.

What may stand in it is built from the declarations of parameters, levers and indices, so a new
parameter can be used in studies at once. Every slip is told in one line, all of them together:

    study.toml:14: policies.watchdog.antitrst: no such lever; did you mean 'antitrust'?
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from datapolis.core.declare import Declaration
from datapolis.core.errors import InputError, InputErrors, nearest
from datapolis.core.parameters import DECLARED, Parameters
from datapolis.core.policy import LEVER_DECLARED, Policy, Pulse, Ramp, Rule, Setting
from datapolis.core.scenario import CAPACITY, WHOM, Shock
from datapolis.studies.migrations import migrated
from datapolis.studies.toml_positions import Lines, Place

NONE = "none"  # the policy that is always there, to compare with
LEAST = 100  # citizens of the smallest world
LARGEST = 1_000_000  # bytes of a study file
DEEPEST = 20  # tables and lists within each other
LONGEST_KEY = 1_000  # dots of a line
MOST_NAMES = 1_000  # in a list of parameters, indices or claims
MOST_SLIPS = 50  # that are told at once
SHOWN = 200  # characters of a value that is told
NAME = r"[A-Za-z][A-Za-z0-9_-]*"  # of a policy, of what is measured
NAMED = "letters, digits, _ and -, a letter first"

CLAIMS: tuple[str, ...] = (
    *(f"I{number}" for number in range(1, 7)),
    *(f"M{number}" for number in range(1, 34)),
    *(f"E{number}" for number in range(1, 22)),
    *(f"R{number}" for number in range(1, 14)),
    *(f"V{number}" for number in range(1, 32)),
    *(f"P{number}" for number in range(1, 16)),
    *(f"X{number:02d}" for number in range(1, 25)),
)

Texts: TypeAlias = Annotated[tuple[str, ...], Strict(False)]


class Part(BaseModel):
    """A part of a study: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True
    )


def refuse(problem: str, allowed: str = "", nearest: str | None = None) -> PydanticCustomError:
    """An error in our own words, told at the key where a validator raises it."""
    context = {"problem": problem, "allowed": allowed, "nearest": nearest or ""}
    return PydanticCustomError("slip", "{problem}", context)


# --- the world ---------------------------------------------------------------------------------


def _inside(value: Any) -> Any:
    """A study names files of its own folder and of that of --data, and none beyond them."""
    if isinstance(value, str):
        leads = PureWindowsPath(value).anchor or PurePosixPath(value).is_absolute()
        if leads or ".." in re.split(r"[/\\]", value):
            raise refuse(
                "a table outside the folder",
                "a file beside the study or in the folder of --data, or in folders within these",
            )
    return value


FileName = Annotated[str, BeforeValidator(_inside)]


class Table(Part):
    """A table: a file beside the study, or in the folder given by --data."""

    table: FileName = Field(min_length=1)
    optional: bool = False  # generated instead, and told, if the file is not there
    unit: str = ""  # what its numbers are measured in, told in the report


class FirmsTable(Table):
    """Firms, and how much of the market each reaches."""

    name: str
    weight: str
    time: str | None = None  # the column of periods; without it the table is of one period
    month: str | None = None  # the period to start from; the first if not said
    cadence: Literal["daily", "weekly", "monthly", "quarterly", "yearly"] | None = None
    most: int | None = Field(default=None, ge=4, le=30_000)  # the largest by weight
    basis: Literal["presence", "market", "amount"] | None = None  # see audits.concentration
    whole: float | Literal["sum"] | None = None  # of a market; see audits.concentration
    public: bool = False  # a public register: what is measured may name firms and be told of few

    @model_validator(mode="after")
    def _month_of_time(self) -> FirmsTable:
        if self.month is not None and self.time is None:
            raise refuse("a month is chosen, but no column of time is named", "time = the column")
        if self.cadence is not None and self.time is None:
            raise refuse("a cadence is said, but no column of time is named", "time = the column")
        return self


class AgenciesTable(Table):
    """Public bodies, and how open each is: a column, or how many rows it has."""

    name: str
    openness: str | None = None  # "rows" counts the rows of each name


class OrganizationsTable(Table):
    """Organizations of all sectors, with what is known of each."""

    name: str
    sector: str
    data: str | None = None
    wealth: str | None = None
    reach: str | None = None
    openness: str | None = None
    region: str | None = None


class TiesTable(Table):
    """Ties between organizations, by their names."""

    from_: str = Field(alias="from")
    to: str
    strength: str


class GraphTable(Table):
    """Ties between people in two layers; one graph is laid out as often as citizens need it."""

    from_: str = Field(alias="from")
    to: str
    layer: str | None = None  # the column that tells the layers apart; without it all are strong
    strong: Texts = ("strong",)
    weak: Texts = ("weak",)
    weight: str | None = None


class IncomesTable(Table):
    """Incomes of citizens, one row each or one row a decile."""

    income: str
    weight: str | None = None


def _count_or_table(value: Any) -> str | None:
    if isinstance(value, Mapping | BaseModel):
        return "<table>"
    return "<count>" if isinstance(value, int) and not isinstance(value, bool) else None


def _count_or(table: type[Table], low: int, high: int) -> Any:
    count = Annotated[int, Field(ge=low, le=high), Tag("<count>")]
    return Annotated[
        count | Annotated[table, Tag("<table>")],
        Discriminator(
            _count_or_table,
            custom_error_type="slip",
            custom_error_message="neither a number nor a table",
            custom_error_context={
                "problem": "neither a number nor a table",
                "allowed": f"{low} to {high}, or a table",
                "nearest": "",
            },
        ),
    ]


class WorldPart(Part):
    """What is fixed: generated, but for what tables say."""

    citizens: int = Field(default=100_000, ge=LEAST, le=1_000_000_000)
    months: int = Field(default=240, ge=1, le=12_000)
    seed: int = Field(default=0, ge=0, lt=2**31)
    regions: int = Field(default=6, ge=1, le=1_000)
    firms: _count_or(FirmsTable, 4, 30_000) = 200  # type: ignore[valid-type]
    agencies: _count_or(AgenciesTable, 1, 10_000) = 8  # type: ignore[valid-type]
    associations: int = Field(default=100, ge=1, le=100_000)
    income_spread: float = Field(default=0.6, ge=0.0, le=3.0)
    rewired: float = Field(default=0.05, ge=0.0, le=1.0)
    organizations: OrganizationsTable | None = None
    ties: TiesTable | None = None
    graph: GraphTable | None = None
    incomes: IncomesTable | None = None

    def tables(self) -> dict[str, Table]:
        """The tables named, by part of the world."""
        return {
            name: value
            for name in ("firms", "agencies", "organizations", "ties", "graph", "incomes")
            if isinstance(value := getattr(self, name), Table)
        }


# --- levers and parameters over time -----------------------------------------------------------


class RampPart(Part):
    """Rises from `first` at month `from` to `level` at month `to`, and stays."""

    from_: int = Field(alias="from", ge=0)
    to: int = Field(ge=0)


class PulsePart(Part):
    """`level` for some months, nothing before or after."""

    at: int = Field(ge=0)
    months: int = Field(ge=1)


class RulePart(Part):
    """Acts on what was observed last month."""

    when: str
    above: float | None = None
    below: float | None = None
    release: float | None = None


def _kind(value: Any) -> str | None:
    """Which kind a setting is, told by its keys before anything of it is checked."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return "<constant>"
    if not isinstance(value, Mapping):
        return None
    keys = set(value)
    for kind, signs in (
        ("<rule>", {"when", "above", "below", "release"}),
        ("<pulse>", {"at", "months"}),
        ("<ramp>", {"from", "to", "first"}),
    ):
        if keys & signs:
            return kind
    close = {key: nearest(key, ("when", "above", "below", "at", "months", "from")) for key in keys}
    for kind, signs in (("<rule>", {"when", "above", "below"}), ("<pulse>", {"at", "months"})):
        if signs & set(close.values()):
            return kind
    return "<ramp>" if "from" in close.values() else None


KINDS = (
    "{low:g} to {high:g}, {{ from, to, level }}, {{ at, months, level }}",
    ", or {{ when, above or below, level, release }}",
)


def _setting(declared: Declaration, rules: bool) -> Any:
    """The type of a setting: a number in its range, or one of the kinds over time."""
    number = Annotated[float, Field(ge=declared.low, le=declared.high)]
    ramp: Any = create_model(
        "RampPart", __base__=RampPart, level=(number, ...), first=(number | None, None)
    )
    pulse: Any = create_model("PulsePart", __base__=PulsePart, level=(number, ...))
    kinds: Any = (
        Annotated[number, Tag("<constant>")]
        | Annotated[ramp, BeforeValidator(_in_order), Tag("<ramp>")]
        | Annotated[pulse, Tag("<pulse>")]
    )
    if rules:
        rule: Any = create_model("RulePart", __base__=RulePart, level=(number, 1.0))
        kinds = kinds | Annotated[rule, BeforeValidator(_one_mark), Tag("<rule>")]
    allowed = "".join(KINDS[: 1 + rules]).format(low=declared.low, high=declared.high)
    problem = "of none of the kinds that a lever can be" if rules else "no value over time"
    return Annotated[
        kinds,
        Discriminator(
            _kind if rules else _kind_of_parameter,
            custom_error_type="slip",
            custom_error_message=problem,
            custom_error_context={"problem": problem, "allowed": allowed, "nearest": ""},
        ),
    ]


def _kind_of_parameter(value: Any) -> str | None:
    kind = _kind(value)
    return None if kind == "<rule>" else kind


def _in_order(value: Any) -> Any:
    if isinstance(value, Mapping):
        start, end = value.get("from"), value.get("to")
        if isinstance(start, int) and isinstance(end, int) and 0 <= end < start:
            raise refuse(f"a ramp ends before it starts ({start} to {end})", "from <= to")
    return value


def _one_mark(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if not set(value) - {"when", "above", "below", "level", "release"} and (
        ("above" in value) == ("below" in value)
    ):
        raise refuse("a rule needs exactly one mark", "above = x, or below = x")
    release, above, below = (value.get(name) for name in ("release", "above", "below"))
    if isinstance(release, int | float) and (
        (isinstance(above, int | float) and release > above)
        or (isinstance(below, int | float) and release < below)
    ):
        raise refuse(
            "the release lies on the wrong side of the mark",
            "release <= above, or release >= below",
        )
    return value


def _tree(declared: Mapping[str, Declaration], leaf: Callable[[Declaration], Any]) -> Any:
    """A model with one field a parameter, in one part a mechanism; no field has to be given."""
    groups: dict[str, dict[str, Any]] = {}
    for path, one in declared.items():
        group, _, name = path.partition(".")
        groups.setdefault(group, {})[name] = (leaf(one), None)
    fields: dict[str, Any] = {
        group: (create_model(group, __base__=Part, **inside), Field(default_factory=dict))
        for group, inside in groups.items()
    }
    return create_model("ParametersPart", __base__=Part, **fields)


def _constant(declared: Declaration) -> Any:
    return Annotated[float, Field(ge=declared.low, le=declared.high)]


ParametersPart = _tree(DECLARED, _constant)
ScheduledPart = _tree(DECLARED, lambda declared: _setting(declared, rules=False))
_levers: dict[str, Any] = {
    name: (_setting(declared, rules=True), None) for name, declared in LEVER_DECLARED.items()
}
PolicyPart: Any = create_model(
    "PolicyPart", __base__=Part, parameters=(ScheduledPart, None), **_levers
)


# --- shocks, ensemble, claims ------------------------------------------------------------------


def _whom(value: Any) -> Any:
    if isinstance(value, str) and value not in WHOM:
        raise refuse(
            "nobody of that name to shock", ", ".join(WHOM) + ", or a place", nearest(value, WHOM)
        )
    return value


class ShockPart(Part):
    """A shock from outside."""

    month: int = Field(ge=0)
    whom: Annotated[str | int, BeforeValidator(_whom)] = "all"
    data: float = Field(default=0.0, ge=0.0, le=1.0)
    wealth: float = Field(default=0.0, ge=0.0, le=1.0)
    attacks: float = Field(default=1.0, ge=0.0)
    months: int = Field(default=1, ge=1)


def _named(known: Mapping[str, Any] | tuple[str, ...], problem: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and value not in known:
            raise refuse(problem, nearest=nearest(value, known))
        return value

    return BeforeValidator(check)


def _each_once(values: Any) -> Any:
    if isinstance(values, list):
        if len(values) > MOST_NAMES:
            raise refuse("too many", f"at most {MOST_NAMES:,}")
        seen: set[str] = set()
        for value in values:
            if repr(value) in seen:
                raise refuse(f"{_shown(value)!r} stands twice", "each once")
            seen.add(repr(value))
    return values


def _shown(value: Any) -> Any:
    """A value as it is told: not more than can be read."""
    text = str(value)
    return value if len(text) <= SHOWN else f"{text[:SHOWN]} …"


ParameterPath = Annotated[str, _named(DECLARED, "no such parameter")]
Claim = Annotated[str, _named(CLAIMS, "no such claim")]
LeverName = Annotated[str, _named(LEVER_DECLARED, "no such lever")]


def _outcome(value: Any) -> Any:
    from datapolis.studies.outcomes import Outcome

    if isinstance(value, str):
        try:
            Outcome.parse(value)
        except InputError as error:
            raise refuse(error.problem, error.allowed, error.nearest) from None
    return value


OutcomeText = Annotated[str, BeforeValidator(_outcome)]


class EnsemblePart(Part):
    """How many members, their chance, and which parameters they differ in."""

    members: int = Field(default=32, ge=1, le=1_000_000)
    seed: int = Field(default=0, ge=0, lt=2**31)
    vary: Annotated[tuple[ParameterPath, ...], Strict(False), BeforeValidator(_each_once)] = ()


class RecordPart(Part):
    """What is recorded besides the standard indices."""

    extra: Annotated[tuple[str, ...], Strict(False), BeforeValidator(_each_once)] = ()


class ClaimsPart(Part):
    """Which claims the study is about."""

    test: Annotated[tuple[Claim, ...], Strict(False), BeforeValidator(_each_once)] = ()


class CalibrationPart(Part):
    """What the model is fitted to, what of it, and with how many runs; see `studies.targets`."""

    targets: Annotated[tuple[str, ...], Strict(False), BeforeValidator(_each_once)] = ()
    vary: Annotated[tuple[ParameterPath, ...], Strict(False), BeforeValidator(_each_once)] = ()
    particles: int = Field(default=128, ge=8, le=1_000_000)
    proposals: int | None = Field(default=None, ge=8, le=1_000_000)
    generations: int = Field(default=6, ge=1, le=100)
    recovery: int = Field(default=0, ge=0, le=1_000_000)


class SensitivityPart(Part):
    """Which outcomes are asked what they depend on; see `studies.sensitivity`."""

    method: Literal["morris", "sobol"] = "morris"
    outcomes: Annotated[tuple[OutcomeText, ...], Strict(False), BeforeValidator(_each_once)] = ()
    vary: Annotated[tuple[ParameterPath, ...], Strict(False), BeforeValidator(_each_once)] = ()
    runs: int | None = Field(default=None, ge=8, le=10_000_000)


class SearchPart(Part):
    """What a search for policies looks for, and with what; see `studies.search`."""

    objectives: Annotated[tuple[str, ...], Strict(False), BeforeValidator(_each_once)] = ()
    levers: Annotated[tuple[LeverName, ...], Strict(False), BeforeValidator(_each_once)] = ()
    vary: Annotated[tuple[ParameterPath, ...], Strict(False), BeforeValidator(_each_once)] = ()
    thresholds: dict[str, float] = Field(default_factory=dict)


class MeasurePart(BaseModel):
    """An audit of tables: its kind, its tables, and its own options as further keys."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    kind: str
    table: FileName | None = None
    tables: Annotated[tuple[FileName, ...], Strict(False)] = ()
    optional: bool = False  # left out, and told, if a file is not there

    @model_validator(mode="after")
    def _flat(self) -> MeasurePart:
        for key, value in self.options.items():
            inside = value.values() if isinstance(value, dict) else value
            if isinstance(value, dict | list) and not all(_is_single(one) for one in inside):
                raise refuse(f"{key[:60]}: holds more than texts and numbers", "a list of these")
        return self

    @property
    def all_tables(self) -> list[str]:
        """The tables in their order."""
        return [*([self.table] if self.table else []), *self.tables]

    @property
    def options(self) -> dict[str, Any]:
        """The keys that are the audit's own."""
        return dict(self.model_extra or {})


def _is_single(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


class Asked(Part):
    """The whole file."""

    schema_: int = Field(alias="schema")
    title: str = Field(min_length=1)
    about: str = ""
    world: WorldPart = WorldPart()
    parameters: ParametersPart = ParametersPart()  # type: ignore[valid-type]
    policies: dict[str, PolicyPart] = Field(default_factory=dict)
    scenario: Annotated[tuple[ShockPart, ...], Strict(False), Field(max_length=CAPACITY)] = ()
    ensemble: EnsemblePart = EnsemblePart()
    record: RecordPart = RecordPart()
    claims: ClaimsPart = ClaimsPart()
    sensitivity: SensitivityPart = SensitivityPart()
    search: SearchPart = SearchPart()
    calibration: CalibrationPart = CalibrationPart()
    measure: dict[str, MeasurePart] = Field(default_factory=dict)


class Study:
    """A study that was read and fits: what is asked, as the types of the model."""

    def __init__(self, asked: Asked, text: bytes, path: Path, lines: Lines) -> None:
        self.asked, self.text, self.path, self.lines = asked, text, path, lines
        self.world: WorldPart = asked.world
        self.ensemble = asked.ensemble
        self.title, self.about, self.claims = asked.title, asked.about, asked.claims.test
        self.set_parameters = dict(_given(asked.parameters))
        self.parameters = Parameters().set(self.set_parameters)
        self.policies: dict[str, Policy] = {NONE: Policy(NONE)}
        for name, part in asked.policies.items():
            self.policies[name] = _policy(name, part, self.parameters)
        self.scenario = tuple(Shock(**shock.model_dump()) for shock in asked.scenario)
        self.measures: dict[str, MeasurePart] = asked.measure
        self.sensitivity: SensitivityPart = asked.sensitivity
        self.search: SearchPart = asked.search

    @property
    def file(self) -> str:
        """The name by which messages call the study."""
        return self.path.name

    @property
    def record(self) -> list[str]:
        """The indices to record: the standard ones, and those asked for besides."""
        from datapolis.model.indices import STANDARD

        return [*STANDARD, *(name for name in self.asked.record.extra if name not in STANDARD)]

    @property
    def paths(self) -> tuple[str, ...]:
        """The parameters that any policy schedules: the study's union, so that all compile once."""
        return tuple(sorted({path for one in self.policies.values() for path in one.parameters}))

    def error(self, problem: str, place: Place, **more: Any) -> InputError:
        """An error of this study at a key."""
        return InputError(
            problem,
            file=self.file,
            line=self.lines.of(place),
            field=".".join(map(str, place)),
            **more,
        )


def read_study(path: Path | str) -> Study:
    """Read and check a study file. Raises InputError, or InputErrors with a line for each slip."""
    path = Path(path)
    if path.is_dir():
        raise InputError("a folder, not a study", file=path.name, allowed="a TOML file")
    if not path.is_file():
        others = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError("no such file", file=path.name, nearest=nearest(path.name, others))
    _check_large(path.stat().st_size, path.name)
    return parse_study(path.read_bytes(), path)


def parse_study(text: bytes, path: Path) -> Study:
    """A study from the bytes of its file."""
    file = path.name
    _check_large(len(text), file)
    try:
        plain = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not a text file in UTF-8", file=file) from None
    _check_keys(plain, file)
    try:
        raw = tomllib.loads(plain)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r"\s*\(at (?:line (\d+), column \d+|end of document)\)", message)
        line = int(found[1]) if found and found[1] else plain.count("\n") + 1
        problem = message[: found.start()] if found else message
        problem = re.sub(
            r"\((('[^']*',? ?)+)\)", lambda keys: ".".join(re.findall("'(.*?)'", keys[1])), problem
        )
        problem = f"not TOML: {problem[:1].lower()}{problem[1:]}"
        raise InputError(problem, file=file, line=line) from None
    except RecursionError:
        raise _too_deep(file) from None
    except ValueError:  # a number of thousands of digits
        raise _too_large_a_number(file) from None
    _check_values(raw, file)
    lines = Lines(plain)
    raw = migrated(raw, file, lines)
    raw, slips = _expand_paths(raw, file, lines)
    asked: Any = None
    try:
        asked = Asked.model_validate(raw)
    except ValidationError as error:
        told = islice(error.errors(include_url=False), MOST_SLIPS)
        slips += [_translate(one, file, lines) for one in told]
    slips += islice(_beyond_types(raw, file, lines), MOST_SLIPS)
    if slips:
        raise _told(slips)
    study = Study(asked, text, path, lines)
    for name, part in study.measures.items():
        from datapolis.studies.audit_options import check_measure  # loads the audits

        check_measure(name, part.kind, part.options, len(part.all_tables), study.error)
    return study


def _told(slips: list[InputError]) -> InputError:
    order = sorted(slips, key=lambda slip: slip.line or 0)[:MOST_SLIPS]
    return order[0] if len(order) == 1 else InputErrors(order)


def _check_large(size: int, file: str) -> None:
    if size > LARGEST:
        raise InputError(
            "too large for a study", file=file, value=size, allowed=f"up to {LARGEST:,} bytes"
        )


def _check_keys(text: str, file: str) -> None:
    """Keys of very many parts take longer than anybody waits."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > LONGEST_KEY:
            raise InputError(
                "too many dots", file=file, line=number, allowed=f"up to {LONGEST_KEY:,} in a line"
            )


def _check_values(value: Any, file: str, left: int = DEEPEST) -> None:
    """TOML bounds whole numbers to 64 bits; nobody needs tables in tables in tables."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _too_large_a_number(file)
    if isinstance(value, dict | list):
        if not left:
            raise _too_deep(file)
        for one in value.values() if isinstance(value, dict) else value:
            _check_values(one, file, left - 1)


def _too_deep(file: str) -> InputError:
    return InputError(
        "tables and lists lie too deep in each other", file=file, allowed=f"up to {DEEPEST}"
    )


def _too_large_a_number(file: str) -> InputError:
    return InputError("a whole number is too large", file=file, allowed="numbers of 64 bits")


def _expand_paths(
    raw: dict[str, Any], file: str, lines: Lines
) -> tuple[dict[str, Any], list[InputError]]:
    """Quoted paths, "law.lag" = 24, as the tables that they stand for."""
    slips: list[InputError] = []

    def expand(values: Any, place: Place) -> Any:
        if not isinstance(values, dict):
            return values
        grown: dict[str, Any] = {}
        for key, value in values.items():
            names = key.split(".")
            inside = grown
            for name in names[:-1]:
                inside = inside.setdefault(name, {})
                if not isinstance(inside, dict):
                    break
            if isinstance(inside, dict) and names[-1] not in inside:
                inside[names[-1]] = value
                lines.also((*place, *names), (*place, key))
            elif isinstance(inside, dict) and isinstance(value, dict):
                inside[names[-1]] = {**inside[names[-1]], **value}
            else:
                slips.append(
                    InputError(
                        "given twice",
                        file=file,
                        line=lines.of((*place, key)),
                        field=".".join((*map(str, place), key)),
                        allowed="each parameter once",
                    )
                )
        return grown

    raw = dict(raw)
    if "parameters" in raw:
        raw["parameters"] = expand(raw["parameters"], ("parameters",))
    if isinstance(raw.get("policies"), dict):
        raw["policies"] = {
            name: {
                **part,
                "parameters": expand(part["parameters"], ("policies", name, "parameters")),
            }
            if isinstance(part, dict) and "parameters" in part
            else part
            for name, part in raw["policies"].items()
        }
    return raw, slips


# --- from Pydantic's errors to ours -------------------------------------------------------------

TAGS = ("<count>", "<table>", "<constant>", "<ramp>", "<pulse>", "<rule>")  # of our unions

_TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "finite_number": "a number that is not nan or inf",
}


def _translate(error: Any, file: str, lines: Lines) -> InputError:
    """One of Pydantic's errors as one line of ours."""
    place, tag = _place(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    value: Any = error["input"]
    shown = _shown(value) if isinstance(value, str | int | float) else None
    problem, allowed, near = "", "", None
    if kind == "slip":
        problem, allowed, near = context["problem"], context["allowed"], context["nearest"] or None
    elif kind == "extra_forbidden":
        problem, known = _unknown(place, tag)
        near, shown = nearest(str(place[-1]), known), None
        if near is None:
            allowed = ", ".join(known) if len(known) <= 20 else ""
    elif kind == "missing":
        problem, shown = "missing", None
    elif kind in _TYPES:
        problem, allowed = "of the wrong type", _TYPES[kind]
    elif kind in ("greater_than_equal", "less_than_equal", "less_than", "greater_than"):
        problem, allowed = "out of range", _range(place, tag, context)
    elif kind == "literal_error":
        problem, allowed = "not one of the words it can be", context["expected"]
    elif kind == "string_too_short":
        problem, allowed = "empty", "some text"
    elif kind == "too_long":
        problem, allowed = "too many", f"at most {context['max_length']}"
    else:
        problem = str(error["msg"])[:1].lower() + str(error["msg"])[1:]
    return InputError(
        problem,
        file=file,
        line=lines.of(place),
        field=".".join(map(str, place)),
        value=shown,
        allowed=allowed,
        nearest=near,
    )


def _place(loc: Place) -> tuple[Place, str]:
    """Where in the file: Pydantic's place without the tags of its unions; and the last tag."""
    tags = [name[1:-1] for name in loc if isinstance(name, str) and name in TAGS]
    place = tuple(name for name in loc if name not in TAGS)
    return place or ("",), tags[-1] if tags else ""  # an empty key is told of nowhere


def _unknown(place: Place, tag: str) -> tuple[str, list[str]]:
    """What an unknown key is not, and what could have been meant."""
    parts = [name for name in place if isinstance(name, str)]
    if tag in ("ramp", "pulse", "rule"):
        names = {
            "ramp": ["from", "to", "level", "first"],
            "pulse": ["at", "months", "level"],
            "rule": ["when", "above", "below", "level", "release"],
        }[tag]
        return f"no such key of a {tag}", names
    if "parameters" in parts[:3] and parts[-1] != "parameters":
        group = parts[-2] if parts[-2] != "parameters" else ""
        known = [path.partition(".") for path in DECLARED]
        if group:
            return "no such parameter", [name for one, _, name in known if one == group]
        return "no such group of parameters", list(dict.fromkeys(one for one, _, _ in known))
    if parts[0] == "policies" and len(parts) == 3:
        return "no such lever", [*LEVER_DECLARED, "parameters"]
    return "no such key", _keys(place)


def _section(place: Place) -> type[BaseModel]:
    """The section of a study file in which a place lies, by what is declared."""
    section: type[BaseModel] = Asked
    named = None  # the section of each entry of a table whose keys are names
    for name in place[:-1]:
        if named is not None:
            section, named = named, None
            continue
        fields = section.model_fields.items()
        field = next((one for key, one in fields if (one.alias or key) == name), None)
        if field is None or (inside := _section_in(field.annotation)) is None:
            continue
        if get_origin(field.annotation) is dict:
            named = inside
        else:
            section = inside
    return section


def _section_in(hint: Any) -> type[BaseModel] | None:
    """The section that a type holds, if any."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    return next((found for one in get_args(hint) if (found := _section_in(one))), None)


def _keys(place: Place) -> list[str]:
    return [field.alias or name for name, field in _section(place).model_fields.items()]


def _declared(place: Place) -> Declaration | None:
    """The declaration of the parameter or lever at a place, or within which it lies."""
    parts = [str(name) for name in place]
    if "parameters" in parts[:3]:
        inside = parts[parts.index("parameters") + 1 :]
        return DECLARED.get(".".join(inside[:2]))
    if parts[0] == "policies" and len(parts) > 2:
        return LEVER_DECLARED.get(parts[2])
    return None


def _range(place: Place, tag: str, context: Mapping[str, Any]) -> str:
    declared = _declared(place)
    if declared is not None and place[-1] not in ("from", "to", "at", "months"):
        unit = "" if declared.unit == "1" else f" {declared.unit}"
        return f"{declared.low:g} to {declared.high:g}{unit}"
    for name, field in _section(place).model_fields.items():
        if (field.alias or name) == place[-1]:
            low = [bound.ge for bound in field.metadata if hasattr(bound, "ge")]
            high = [bound.le for bound in field.metadata if hasattr(bound, "le")]
            high += [bound.lt - 1 for bound in field.metadata if hasattr(bound, "lt")]
            if low and high:
                return f"{low[0]:,} to {high[0]:,}".replace(",", "_")
    if tag == "count":
        low_high = {"firms": "4 to 30_000", "agencies": "1 to 10_000"}
        return low_high.get(str(place[-1]), "")
    word = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    return ", ".join(f"{word[name]} {value}" for name, value in context.items() if name in word)


# --- what types cannot say ----------------------------------------------------------------------


def _beyond_types(raw: Mapping[str, Any], file: str, lines: Lines) -> Iterator[InputError]:
    """Names of policies, and indices that exist: looked at even where something else is wrong."""

    def slip(problem: str, *place: str | int, **more: Any) -> InputError:
        field = ".".join(map(str, place))
        return InputError(problem, file=file, line=lines.of(place), field=field, **more)

    def table(of: Any, name: str) -> dict[str, Any]:
        found = of.get(name) if isinstance(of, dict) else None
        return found if isinstance(found, dict) else {}

    rules = []
    for name, policy in table(raw, "policies").items():
        if not re.fullmatch(NAME, name):
            yield slip("no name for a policy", "policies", name, allowed=NAMED)
        if name == NONE and policy:
            allowed = "an empty [policies.none]"
            yield slip("the policy 'none' does nothing", "policies", name, allowed=allowed)
        for lever in LEVER_DECLARED:
            when = table(table(raw["policies"], name), lever).get("when")
            if isinstance(when, str):
                rules.append((name, lever, when))
    for name in table(raw, "measure"):
        if not re.fullmatch(NAME, name):  # it becomes the name of a file
            yield slip("no name for what is measured", "measure", name, allowed=NAMED)
    extra = table(raw, "record").get("extra", [])
    extra = extra if isinstance(extra, list) else []
    if not rules and not extra:
        return
    from datapolis.model.indices import INDICES, STANDARD

    for number, name in enumerate(extra):
        if isinstance(name, str) and name not in INDICES:
            near = nearest(name, INDICES)
            yield slip("no such index", "record", "extra", number, value=name, nearest=near)
    recorded = {*STANDARD, *(name for name in extra if isinstance(name, str))}
    known = _watchable(table(raw, "world"), [name for name in INDICES if name in recorded])
    possible = set(known)
    for policy_name, lever, when in rules:
        if when in possible:
            continue
        place = ("policies", policy_name, lever, "when")
        labelled = [name for name in known if name.startswith(f"{when}.")]
        if labelled:
            problem = "an index of several numbers; a rule acts on one"
            yield slip(problem, *place, value=when, allowed=", ".join(labelled[:8]))
        else:
            problem = "a rule on an index that does not exist"
            yield slip(problem, *place, value=when, nearest=nearest(when, known))


def _watchable(world: Mapping[str, Any], recorded: list[str]) -> list[str]:
    """What rules can act on. How many firms there are is known only with their table: any fits."""
    from types import SimpleNamespace
    from typing import cast

    from datapolis.model.indices import INDICES
    from datapolis.model.simulation import watchable
    from datapolis.model.world import Sizes, World

    default = WorldPart.model_fields["regions"].default
    regions = world.get("regions", default)
    regions = regions if isinstance(regions, int) and 0 < regions <= 1_000 else default
    firms = world.get("firms")
    firms = firms if isinstance(firms, int) and 0 < firms <= 30_000 else 30_000
    sizes = Sizes(citizens=0, regions=regions, agencies=0, firms=firms)
    made = cast("World", SimpleNamespace(sizes=sizes))
    return watchable([INDICES[name] for name in recorded], made)


def _given(part: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The parameters that were given, by path."""
    for name in type(part).model_fields if isinstance(part, BaseModel) else ():
        value = getattr(part, name)
        if isinstance(value, Part) and not isinstance(value, RampPart | PulsePart):
            yield from _given(value, f"{prefix}{name}.")
        elif value is not None and value != {}:
            yield prefix + name, value


def _policy(name: str, part: Any, parameters: Parameters) -> Policy:
    levers = {
        lever: _as_setting(value, 0.0)
        for lever in LEVER_DECLARED
        if (value := getattr(part, lever)) is not None
    }
    scheduled = {
        path: _as_setting(value, float(parameters.get(path)))
        for path, value in _given(part.parameters)
    }
    return Policy(name, parameters=scheduled, **levers)


def _as_setting(part: Any, before: float) -> Setting:
    """A part of a study as a setting of a policy; a ramp starts from the value before it."""
    if isinstance(part, RampPart):
        first = part.first if part.first is not None else before  # type: ignore[attr-defined]
        return Ramp(part.from_, part.to, part.level, first)  # type: ignore[attr-defined]
    if isinstance(part, PulsePart):
        return Pulse(part.at, part.months, part.level)  # type: ignore[attr-defined]
    if isinstance(part, RulePart):
        return Rule(part.when, part.above, part.below, part.level, part.release)  # type: ignore[attr-defined]
    return float(part)
