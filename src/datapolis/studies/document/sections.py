"""What may stand in a study file: each section with its keys, their types, ranges and defaults.

The schema, the messages, the documentation and the app read the sections here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from datapolis.core.declare import Declaration
from datapolis.core.errors import InputError, nearest
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED
from datapolis.core.scenario import CAPACITY, WHOM

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
                raise refuse(f"{plain_text(value)!r} stands twice", "each once")
            seen.add(repr(value))
    return values


def plain_text(value: Any) -> Any:
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
