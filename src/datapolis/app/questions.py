"""The questions that the page Measure asks before it says any number.

They are the audits' own options, with the words that the command line shows. Some decide what may
be said at all: the basis, the independent unit, the floor, the cost. These are asked first and have
to be answered, even if the answer is that there is none.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from datapolis.audits.dependencies import rules_of
from datapolis.audits.finding import AUDITS, options_of, sources_of
from datapolis.audits.options import READING, columns_by_name, number_or_word
from datapolis.core.errors import InputError

NONE, GIVEN = "none", "given"
MUST: dict[str, tuple[str, str]] = {
    "unit": (
        "What is independent?",
        "each row is: no column tells rows of one unit",
    ),
    "floor": ("Was anything too small to be listed?", "no: there is no floor"),
    "above": ("Was anything too small to be listed?", "no: there is no floor"),
    "cost": (
        "What tells what a customer costs?",
        "no column does: then nothing is said of discrimination",
    ),
    "fraction": (
        "Is the table a sample of a population?",
        "not known: then nothing is said of risk",
    ),
    "whole": (
        "What are shares parts of?",
        "sizes of nothing, or shares that sum to about 1 or 100",
    ),
}
"""What decides what may be said: the question, and the answer that there is none."""
ASKED = {
    "concentration": ("basis", "floor", "whole"),
    "tails": ("unit", "above"),
    "islands": ("edge_means", "cost"),
    "prices": ("unit", "cost"),
    "disclosure": ("fraction",),
    "breaches": ("floor",),
    "rights": ("unit",),
    "enforcement": ("unit",),
    "influence": ("currency",),
    "diffusion": (),
}
"""What of it each audit asks."""
LAST = ("drop", "duplicates", "public", "min_group", "seed", "draws")
MOST = 60  # columns that are offered as boxes


def kinds() -> list[list[str]]:
    """The audits, each with what it asks."""
    found = [["", "choose a question"]]
    for kind, audit in AUDITS.items():
        says = (inspect.getdoc(audit) or "").split("\n\n")[0].replace("\n", " ")
        found.append([kind, f"{kind.capitalize()}: {says[:1].lower()}{says[1:].rstrip('.')}"])
    return found


def groups(kind: str, columns: Sequence[str], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of an audit for a table of these columns."""
    options = options_of(AUDITS[kind])
    first = [name for name in asked_of(kind, values) if name in options]
    needed = [
        name for name, one in options.items() if one.default is one.empty and name not in first
    ]
    idle = set(ASKED[kind]) - set(first)
    rest = [name for name in options if name not in (*first, *needed, *LAST, *READING, *idle)]
    plain = defaults(kind)
    made: list[dict[str, Any]] = []
    if first:
        fields = [field for name in first for field in asked_first(options[name], columns, values)]
        made.append(
            {
                "title": "What decides what may be said",
                "note": "No number is computed before these are answered.",
                "fields": fields,
            }
        )
    if needed:
        made.append(
            {
                "title": "What is asked of the table",
                "fields": [option(options[name], columns, required=True) for name in needed],
            }
        )
    title = "More options" if needed else "What is asked of the table"
    parts = [
        (title, rest, not needed),
        ("How cells are read", tuple(READING), False),
        ("Rows, privacy and chance", LAST, False),
    ]
    for title, names, opened in parts:
        fields = [option(options[name], columns) for name in names if name in options]
        if fields:
            given = any(values.get(one["id"]) != plain.get(one["id"]) for one in fields)
            made.append({"title": title, "fold": True, "open": opened or given, "fields": fields})
    return made


def asked_of(kind: str, values: Mapping[str, Any]) -> list[str]:
    """What is asked first, without what would have no effect beside the other answers."""
    options = options_of(AUDITS[kind])
    rules = rules_of({name: one.annotation for name, one in options.items()})
    plain = defaults(kind)

    def given(name: str) -> bool:
        return values.get(name) != plain.get(name) and answered(values.get(name))

    def acts(name: str) -> bool:
        beside = {one: values.get(one, "") for one in options}
        return all(rule.met(beside, given) for rule in rules.get(name, ()))

    return [name for name in ASKED[kind] if acts(name)]


def asked_first(
    one: inspect.Parameter, columns: Sequence[str], values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """An option that has to be answered, even by saying that there is none."""
    if one.default is one.empty or one.name not in MUST:
        return [option(one, columns, required=True)]
    question, none = MUST[one.name]
    ask: dict[str, Any] = {
        "id": f"ask_{one.name}",
        "kind": "select",
        "label": question,
        "required": True,
        "options": [["", "say first"], [GIVEN, "yes, it is named below"], [NONE, none]],
    }
    if values.get(ask["id"]) != GIVEN:
        return [ask]
    return [ask, option(one, columns, required=True)]


def option(
    one: inspect.Parameter, columns: Sequence[str], required: bool = False
) -> dict[str, Any]:
    """An option of an audit as a field."""
    kind, words = type_of(one)
    made: dict[str, Any] = {
        "id": one.name,
        "label": one.name.replace("_", " ").capitalize(),
        "help": f"{words[:1].upper()}{words[1:]}.",
        "required": required,
    }
    if get_origin(kind) is Literal:
        choices = [[str(value), str(value) or "none"] for value in get_args(kind)]
        if one.default is one.empty:
            choices = [["", "say which"], *choices]
        return {**made, "kind": "select", "options": choices}
    if kind is bool:
        return {**made, "kind": "check", "label": made["help"], "help": ""}
    if kind in (int, float):
        return {**made, "kind": "number", "step": 1 if kind is int else "any"}
    plain = not any(mark in words for mark in ("=", ";", "(", " or ", " two")) and columns
    if get_origin(kind) is Sequence and plain and "column" in words and len(columns) <= MOST:
        return {**made, "kind": "many", "options": [[name, name] for name in columns]}
    nothing = "choose a column" if required else "none"
    if kind is str and words.startswith("column") and columns:
        return {
            **made,
            "kind": "select",
            "options": [["", nothing], *([name, name] for name in columns)],
        }
    written: dict[Any, str] = {Sequence: "one,other", Mapping: "name=column,other=column"}
    return {**made, "kind": "text", "placeholder": written.get(get_origin(kind) or str, "")}


def defaults(kind: str) -> dict[str, Any]:
    """The values with which the fields of an audit open."""
    found: dict[str, Any] = {f"ask_{name}": "" for name in MUST}
    for name, one in options_of(AUDITS[kind]).items():
        value = "" if one.default in (one.empty, None) else one.default
        if isinstance(value, Mapping):
            value = ",".join(f"{key}={column}" for key, column in value.items())
        elif isinstance(value, list | tuple):
            value = list(value)
        found[name] = value
    return found


def shown(field: Mapping[str, Any], value: Any) -> Any:
    """A value as its field shows it."""
    if field["kind"] == "text" and isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return value


def missing(kind: str, values: Mapping[str, Any]) -> dict[str, str]:
    """What has to be said before any number is."""
    options, asked = options_of(AUDITS[kind]), asked_of(kind, values)
    found = {}
    for name, one in options.items():
        needed = one.default is one.empty
        if name in asked and not needed:
            if name not in MUST or values.get(f"ask_{name}") == GIVEN:
                needed = True
            elif values.get(f"ask_{name}") != NONE:
                found[f"ask_{name}"] = "Say this first."
        if needed and not answered(values.get(name)):
            found[name] = "Say this first."
    return found


def named(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the audit takes them. Raises InputError for what cannot be read."""
    found: dict[str, Any] = {}
    idle = set(ASKED[kind]) - set(asked_of(kind, values))
    for name, one in options_of(AUDITS[kind]).items():
        value = values.get(name)
        if name in ASKED[kind] and name in MUST and values.get(f"ask_{name}") == NONE:
            continue
        if name in idle:
            continue
        if answered(value) or isinstance(value, bool):
            read = converted(name, value, one)
            if read != one.default:
                found[name] = read
    return found


def converted(name: str, value: Any, one: inspect.Parameter) -> Any:
    """What was entered as what the audit takes."""
    kind, _ = type_of(one)
    if get_origin(kind) is Sequence:
        items = value if isinstance(value, list | tuple) else str(value).split(",")
        read = tuple(text for item in items if (text := str(item).strip()))
        return (
            tuple(number(name, text, float) for text in read)
            if get_args(kind) == (float,)
            else read
        )
    if get_origin(kind) is Mapping:
        return columns_by_name(str(value), name)
    if kind in (int, float):
        return number(name, value, kind)
    if words := number_or_word(kind):
        return str(value) if value in words else number(name, value, float)
    if kind is bool:
        return value is True or value == "True"
    return str(value)


def number(name: str, value: Any, kind: Callable[[Any], Any]) -> Any:
    """A number that was entered."""
    try:
        read = kind(value)
        if abs(read) < 1e15:
            return read
    except (TypeError, ValueError, OverflowError):
        pass
    raise InputError(
        "not a number" if kind is float else "not a whole number", field=name, value=str(value)[:40]
    ) from None


def answered(value: Any) -> bool:
    """Whether something was entered."""
    return value not in (None, "", [], (), False)


def type_of(one: inspect.Parameter) -> tuple[Any, str]:
    """The type of an option without None, and its words."""
    hint = one.annotation
    kind, words = (get_args(hint) if get_origin(hint) is Annotated else (hint, ""))[:2]
    parts = [part for part in get_args(kind) if part is not NoneType]
    if NoneType in get_args(kind) and len(parts) == 1:
        kind = parts[0]
    return kind, str(words)


def sources(kind: str) -> dict[str, bool]:
    """The tables that an audit takes, and whether each is needed."""
    return sources_of(AUDITS[kind])
