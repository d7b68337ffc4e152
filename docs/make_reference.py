"""Write the pages of look-up that the code knows: study files, the command line, declarations.

    python docs/make_reference.py            writes them
    python docs/make_reference.py --check    writes nothing; exits 1 if one is out of date

docs/look-up/study-file.md    from the JSON Schema of study files
docs/look-up/cli.md           from the help of every command
docs/look-up/parameters.md    from the declarations of parameters, levers and indices
docs/look-up/api/audits.md    from the signatures of the audits
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import typer

from datapolis import cli
from datapolis.audits import AUDITS
from datapolis.audits.finding import options_of, sources_of
from datapolis.audits.options import number_or_word
from datapolis.cli.measure import measure_app
from datapolis.core.parameters import DECLARED, Parameters
from datapolis.core.policy import LEVER_CLAIMS, LEVER_COST, LEVER_DECLARED, LEVERS
from datapolis.model.indices import INDICES, STANDARD
from datapolis.studies.candidate_policies import OBJECTIVES
from datapolis.studies.document.schema import (
    OVER_TIME,
    PARTS,
    REQUIRED,
    TOP,
    WORLD_TABLES,
    json_schema,
)
from datapolis.studies.document.template import study_text

FOLDER = Path(__file__).parent / "look-up"
MADE = "<!-- made by docs/make_reference.py -->\n\n"
MOST = 6  # words of a choice that a table shows


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"

    return "".join([line(heads), line(["---"] * len(heads)), *map(line, rows)])


def code(text: object) -> str:
    """A name or a value as code; a bar in it does not end the cell of a table."""
    if "|" in str(text):
        return f"<code>{str(text).replace('|', '&#124;')}</code>"
    return f"`{text}`"


# --- the study file -----------------------------------------------------------------------------

STUDY = """# The study file

A study is one TOML file. It names tables, parameters, policies and how many societies to run; it
never runs code. A key that is not listed here is refused, with its line and the nearest name that
there is. `datapolis new study.toml` writes a study to begin with. A file of an earlier version of
study files (`schema`) is read as one of this version, and is itself never changed.

```toml
schema = 2
title = "Who watches the web?"

[world]
citizens = 2_000
months = 240

[policies.open_government]
data_sharing = { from = 60, to = 84, level = 0.8 }

[ensemble]
members = 32
vary = ["law.lag"]
```

## Completion in an editor

`datapolis schema > study.schema.json` writes the JSON Schema of this page (draft 7). An editor that
knows TOML schemas completes keys, shows their meaning and underlines what does not fit, once the
first line of the study says where the schema lies:

```toml
#:schema ./study.schema.json
```

That comment is read by Taplo and by the editor extensions made on it. `read_study` and every
command check more than a schema can say: that a column exists, that an index has the label a rule
watches.

## The whole file

"""

AUDIT_KEYS = """
All other keys are the options of that audit: those of `datapolis measure KIND`, listed on the
[command line](cli.md#datapolis-measure). Lists are written `["one", "other"]`, pairs
`{ name = "column" }`.
"""


def study_page() -> str:
    """Every key of a study, from the schema."""
    schema = json_schema()
    top = schema["properties"]
    rows = [(_head(name, top[name]), _kind(top[name]), words) for name, words in TOP.items()]
    text = [STUDY, table(("key", "is", "what it says"), rows)]
    text += [f"\n## [world]\n\n{TOP['world'].capitalize()}.\n\n", _keys(top["world"], WORLD_TABLES)]
    for name in WORLD_TABLES:
        part = top["world"]["properties"][name]
        inside = part["anyOf"][-1] if "anyOf" in part else part
        about = _sentence(inspect.getdoc(PARTS[name]))
        text += [f"\n### [world.{name}]\n\n{about}\n\n", _keys(inside)]
    text += ["\n## [parameters]\n\n", PARAMETERS, "\n## [policies.NAME]\n\n", POLICIES]
    for kind, about in KINDS.items():
        text += [f"\n### A {kind}\n\n{about}\n\n", _over_time(kind)]
    text += ["\n## [[scenario]]\n\nA shock from outside; at most eight.\n\n"]
    text += [_keys(top["scenario"]["items"])]
    for name in ("ensemble", "record", "claims"):
        text += [f"\n## [{name}]\n\n{_sentence(TOP[name])}\n\n", _keys(top[name])]
    text += ["\n## [measure.NAME]\n\nAn audit of tables.\n\n", _measure_keys(schema), AUDIT_KEYS]
    for name in ("sensitivity", "calibration", "search"):
        text += [f"\n## [{name}]\n\n{_sentence(TOP[name])}\n\n", _keys(top[name])]
    text += ["\nThe objectives that have a name:\n\n", _objectives(), START]
    text += ["```toml\n", study_text(), "```\n"]
    return "".join(text)


PARAMETERS = """Constants of the model, by mechanism and name; each must lie in its range.
All of them stand under [parameters](parameters.md#parameters).

```toml
[parameters]
law.lag = 24.0
attention.network_effect = 0.4
```
"""

POLICIES = """A name of yours (letters, digits, `_` and `-`), and under it levers from 0 (untouched)
to 1 (full); all of them stand under [levers](parameters.md#levers). A lever is a number, a ramp, a
pulse or a rule. `[policies.none]` is always there and stays empty. Under
`[policies.NAME.parameters]` a policy sets parameters too, by a number, a ramp or a pulse.

```toml
[policies.watchdog]
open_data = 0.6
antitrust = { when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }

[policies.watchdog.parameters]
law.lag = { from = 60, to = 84, level = 24.0 }
```
"""

KINDS = {
    "ramp": "Rises from one month to another, and stays: `{ from = 60, to = 84, level = 0.8 }`",
    "pulse": "For some months only: `{ at = 60, months = 12, level = 0.8 }`",
    "rule": "Acts on what was observed last month: "
    '`{ when = "harm", above = 0.1, level = 1.0, release = 0.05 }`',
}

START = """
## A study to begin with

What `datapolis new` writes. It runs as it is; what is commented out is the default.

"""


def _sentence(text: str | None) -> str:
    text = " ".join((text or "").split())
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _head(name: str, part: Mapping[str, Any]) -> str:
    if name in ("policies", "measure"):
        return f"[`[{name}.NAME]`](#{name}name)"
    if name == "scenario":
        return "[`[[scenario]]`](#scenario)"
    if part.get("type") == "object" or "$ref" in part:
        return f"[`[{name}]`](#{name})"
    return code(name)


def _kind(part: Mapping[str, Any]) -> str:
    """What a key takes, in words."""
    if "const" in part:
        return code(part["const"])
    if "enum" in part:
        return _choice(part["enum"])
    if "anyOf" in part:
        return ", or ".join(dict.fromkeys(_kind(one) for one in part["anyOf"]))
    kind = part.get("type")
    if kind == "array":
        items = part.get("items", {})
        many = "tables" if items.get("type") == "object" else "list"
        inside = _kind(items) if "enum" in items or "anyOf" in items else ""
        return f"{many} of {inside}" if inside and many == "list" else many
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
    }
    name = words.get(str(kind), "table")
    low, high = part.get("minimum"), part.get("maximum")
    if high is None and "exclusiveMaximum" in part:
        high = part["exclusiveMaximum"] - 1
    if low is not None and high is not None:
        return f"{name}, {_short(low)} to {_short(high)}"
    return f"{name}, at least {_short(low)}" if low is not None else name


def _short(value: float) -> str:
    return f"{value:_}" if isinstance(value, int) else f"{value:g}"


def _choice(words: Sequence[str]) -> str:
    if len(words) <= MOST:
        return ", ".join(map(code, words))
    known = {
        tuple(DECLARED): "paths of [parameters](parameters.md#parameters)",
        tuple(LEVERS): "[levers](parameters.md#levers)",
        tuple(INDICES): "[indices](parameters.md#indices)",
        tuple(OBJECTIVES): "objectives by name",
    }
    return known.get(tuple(words), "[claims](../claims-map.md)")


def _default(part: Mapping[str, Any], needed: bool) -> str:
    if needed:
        return "needed"
    if "default" not in part or part["default"] in ("", [], {}):
        return ""
    value = part["default"]
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(_short(value) if isinstance(value, int | float) else json.dumps(value).strip('"'))


def _keys(part: Mapping[str, Any], but: Sequence[str] = ()) -> str:
    """The keys of a part; `but` are told elsewhere, and linked."""
    needed = part.get("required", ())
    rows = []
    for name, one in part["properties"].items():
        kind = _kind(one)
        if name in but:
            there = f"[table](#world{name})"
            kind = f"{_kind(one['anyOf'][0])}, or a {there}" if "anyOf" in one else there
        rows.append((code(name), kind, _default(one, name in needed), one.get("description", "")))
    return table(("key", "is", "default", "what it says"), rows)


def _over_time(kind: str) -> str:
    words = {"month": "a month", "length": "months", "index": "an index", "number": "number"}
    rows = [
        (
            code(key),
            words.get(one, "in the range of the lever or parameter"),
            "needed" if key in REQUIRED[kind] else "",
            about,
        )
        for key, (one, about) in OVER_TIME[kind].items()
    ]
    return table(("key", "is", "", "what it says"), rows)


def _measure_keys(schema: Mapping[str, Any]) -> str:
    ways = schema["definitions"]["measure"]["oneOf"]
    first = ways[0]["properties"]
    kinds = ", ".join(code(way["properties"]["kind"]["const"]) for way in ways)
    rows = [("`kind`", kinds, "needed", "which audit")]
    rows += [("`table`", "text", "this or `tables`", first["table"]["description"])]
    rows += [("`tables`", "list", "", "its tables, where an audit reads two")]
    rows += [("`optional`", "true or false", "`false`", first["optional"]["description"])]
    return table(("key", "is", "default", "what it says"), rows)


def _objectives() -> str:
    rows = [
        (code(one.name), "more" if one.sign > 0 else "less", one.unit, one.about)
        for one in OBJECTIVES.values()
    ]
    return table(("objective", "better is", "unit", "what it is"), rows)


# --- the command line ---------------------------------------------------------------------------

TYPES = {
    "TEXT": r"<str>|<list\[str\]>|TEXT",
    "INTEGER": "<int>|INTEGER",
    "NUMBER": "<float>|FLOAT",
    "PATH": "<path>|PATH",
}

COMMANDS = """# The command line

`datapolis --help` lists the commands, `datapolis COMMAND --help` says what stands here. Results go
to standard output, progress and messages to standard error.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | an error of datapolis itself, or a self-check that failed |
| 2 | something given is wrong; nothing was written |
| 3 | a folder of results cannot be used; nothing in it was changed |
| 130 | stopped; what is done is kept, and the same command goes on |

"""


def command_page() -> str:
    """Every command with its arguments and options."""
    command: Any = typer.main.get_command(cli.app)
    rows = [
        (f"[`{name}`](#datapolis-{name})", one.short_help or one.help.split("\n")[0])
        for name, one in command.commands.items()
    ]
    text = [COMMANDS, table(("command", "what it does"), rows)]
    for name, one in command.commands.items():
        if name == "measure":
            text += list(_measures())
            continue
        text += [f"\n## datapolis {name}\n\n", *_command(f"datapolis {name}", one)]
    return "".join(text)


MEASURE = """
## datapolis measure

```text
datapolis measure KIND [OPTIONS] TABLE...
```

Audits of tables: findings, each with what it cannot say. [Audits of tables](../measure.md) shows
each kind on a real table. Lists are written `one,other`, pairs `name=column`. A table is a CSV or
Parquet file. These options are the same for every kind:

"""


def _measures() -> Iterator[str]:
    app: Any = typer.main.get_command(measure_app(lambda one: one, lambda: None))
    shared = set.intersection(
        *({(one.name, one.help) for one in kind.params} for kind in app.commands.values())
    )
    some = next(iter(app.commands.values()))
    yield MEASURE
    both = [one for one in some.params if (one.name, one.help) in shared]
    yield _options(both, typer.Context(some))
    for name, kind in app.commands.items():
        yield f"\n### measure {name}\n\n"
        own = [one for one in kind.params if (one.name, one.help) not in shared]
        yield from _command(f"datapolis measure {name}", kind, own)


def _command(path: str, command: Any, shown: Sequence[Any] | None = None) -> Iterator[str]:
    context = typer.Context(command)
    usage = re.sub("[{}]", "", " ".join([path, *command.collect_usage_pieces(context)]))
    yield f"```text\n{usage}\n```\n\n"
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    yield "\n\n".join(" ".join(one.split()) for one in paragraphs) + "\n\n"
    params = [one for one in command.params if one.name != "help"]
    shown = params if shown is None else shown
    if shown:
        yield _options(shown, context)


def _options(params: Sequence[Any], context: Any) -> str:
    """Arguments and options as their help tells them, what it has in brackets in a column."""
    rows = []
    for one in params:
        flags, words = one.get_help_record(context)
        words, _, bracket = words.partition("  [")
        name = flags.split(" ")[0] if one.param_type_name == "argument" else _spaced(flags)
        rows.append((code(name), _given(bracket.removesuffix("]")), words))
    return table(("", "default", "what it says"), rows)


def _spaced(flags: str) -> str:
    """The names of an option and what it takes, whatever this version of Typer calls that."""
    flags = flags.replace(" / ", ", ").replace(" RANGE", "")
    for kind, words in TYPES.items():
        flags = re.sub(f"(?<= )({words})$", kind, flags)
    return re.sub(r"<(.*)>", r"\1", flags)


def _given(bracket: str) -> str:
    """What an option is without being given, and its range."""
    parts = [one.strip() for one in bracket.split(";") if one.strip()]
    words = [
        code(one.removeprefix("default: ")) if one.startswith("default: ") else one
        for one in parts
        if one != "(none)"
    ]
    return ", ".join(words).replace("required", "needed").replace("<=x<=", " to ")


# --- declarations -------------------------------------------------------------------------------

DECLARATIONS = """# Parameters, levers, indices

What can be set and what can be read, as the code declares it. `Parameters().set({"law.lag": 24.0})`
changes a parameter, `Policy(open_data=0.6)` pulls a lever, `simulate(..., record=["harm"])` records
an index. Equations stand in [the model](../model.md), sources in [theory](../theory.md).

## Levers

What government sets, 0 (untouched) to 1 (full). Cost is relative to `resources.lever_cost`.

"""


def declared_page() -> str:
    """Parameters by mechanism, levers, indices by group."""
    levers = [
        (
            code(name),
            LEVER_DECLARED[name].about,
            LEVER_DECLARED[name].source,
            LEVER_CLAIMS[name].replace(" ", ", "),
            f"{cost:g}",
        )
        for name, cost in zip(LEVERS, LEVER_COST, strict=True)
    ]
    text = [DECLARATIONS, table(("lever", "what it does", "mechanisms", "claims", "cost"), levers)]
    text.append("\n## Parameters\n\nThe range is what sweeps draw from; `F` ids are explained in ")
    text.append("[theory](../theory.md), `own` is an assumption of ours.\n")
    groups: dict[str, list[Any]] = {}
    for path, one in DECLARED.items():
        groups.setdefault(path.partition(".")[0], []).append(one)
    for group, inside in groups.items():
        about = _sentence(inspect.getdoc(type(getattr(Parameters(), group))))
        rows = [
            (
                code(one.path),
                f"{one.default:g}",
                f"{one.low:g} to {one.high:g}" if one.low < one.high else "fixed",
                one.unit,
                one.about,
                one.source,
            )
            for one in inside
        ]
        heads = ("parameter", "default", "range", "unit", "meaning", "source")
        text += [f"\n### {group}\n\n{about}\n\n", table(heads, rows)]
    text.append("\n## Indices\n\nObserved each month. Those marked with * are recorded on request ")
    text.append("only: `record=[...]`, or `[record]` of a study.\n")
    families: dict[str, list[Any]] = {}
    for index in INDICES.values():
        families.setdefault(index.group, []).append(index)
    for family, members in families.items():
        rows = [
            (
                code(one.name) + ("" if one.name in STANDARD else " *"),
                one.unit,
                ", ".join(one.dims),
                one.about,
            )
            for one in members
        ]
        text += [f"\n### {family}\n\n", table(("index", "unit", "by", "what it is"), rows)]
    return "".join(text)


# --- audits -------------------------------------------------------------------------------------

ASKED = """# datapolis.audits

Questions to a table. What each kind asks, finds and cannot say:
[Audits of tables](../../measure.md). On the command line the options have the same names:
[`datapolis measure`](../cli.md#datapolis-measure).

A table is a CSV or Parquet file, a pandas or Polars data frame, an Arrow or Ibis table, or a
mapping of columns. Options are given by name.

## What an audit answers

::: datapolis.audits.finding.Audit
    options:
      members: [all, frame, charts, save, load, as_json, from_json]

::: datapolis.audits.finding.Finding
    options:
      members: []

::: datapolis.audits.finding.Target
    options:
      members: []

::: datapolis.audits.finding.AUDITS
    options:
      show_attribute_values: false

## Options of every audit

"""

TABLES = """
## Several releases

[Privacy of outputs](../../know/privacy-of-outputs.md) says what these protect, and what not.

::: datapolis.audits.disclosure_log.Ledger
    options:
      members: [enter]

::: datapolis.audits.private_release.declare_budget

::: datapolis.audits.private_release.budget_left

::: datapolis.audits.private_release.private_counts

::: datapolis.audits.private_release.private_means

## Tables

::: datapolis.tables.opened.open_table

::: datapolis.tables.opened.on_spark

::: datapolis.tables.reading.read
"""


def audit_page() -> str:
    """The library's page on audits: what they answer, and the options of each kind."""
    every = {kind: options_of(audit) for kind, audit in AUDITS.items()}
    shared = set.intersection(
        *({_worded(one) for one in inside.values()} for inside in every.values())
    )
    some = next(iter(every.values())).values()
    text = [ASKED, _keywords(one for one in some if _worded(one) in shared), "\n## The ten kinds\n"]
    for kind, inside in every.items():
        tables = ", ".join(
            name if needed else f"{name}=None" for name, needed in sources_of(AUDITS[kind]).items()
        )
        text.append(f"\n::: datapolis.audits.{kind}.{kind}\n    options:\n")
        text.append("      show_signature: false\n      separate_signature: false\n\n")
        text.append(f"```text\ndp.audits.{kind}({tables}, *, ...)\n```\n\n")
        text.append(_keywords(one for one in inside.values() if _worded(one) not in shared))
    return "".join([*text, TABLES])


def _worded(one: inspect.Parameter) -> tuple[str, str]:
    """The name and the words of an option."""
    words = get_args(one.annotation)[1] if hasattr(one.annotation, "__metadata__") else ""
    return one.name, words


def _keywords(options: Iterable[inspect.Parameter]) -> str:
    rows = []
    for one in options:
        hint = get_args(one.annotation)[0] if _worded(one)[1] else one.annotation
        needed = one.default is inspect.Parameter.empty
        shown = "needed" if needed else code(repr(one.default)) if one.default != "" else ""
        rows.append((code(one.name), _hinted(hint), shown, _worded(one)[1]))
    return table(("option", "is", "default", "what it says"), rows)


def _hinted(hint: Any) -> str:
    """The type of an option, in words."""
    inside = [one for one in get_args(hint) if one is not type(None)]
    words = {str: "text", int: "whole number", float: "number", bool: "True or False"}
    if hint in words:
        return words[hint]
    if get_origin(hint) is Sequence:
        return "numbers" if inside == [float] else "list of text"
    if get_origin(hint) is Mapping:
        return "mapping of text"
    if beside := number_or_word(hint):
        return ", ".join(["number", *(code(repr(one)) for one in beside)])
    if inside and all(isinstance(one, str) for one in inside):
        return ", ".join(code(repr(one)) for one in inside)
    return words.get(inside[0], "see above") if len(inside) == 1 else "text, or more"


PAGES: dict[str, Callable[[], str]] = {
    "study-file.md": study_page,
    "cli.md": command_page,
    "parameters.md": declared_page,
    "api/audits.md": audit_page,
}


def pages() -> dict[str, str]:
    """Every generated page by the name of its file."""
    return {name: f"{MADE}{make()}" for name, make in PAGES.items()}


def main() -> int:
    """Write the pages, or only check them."""
    from make_tables import brought_up_to_date  # beside this script

    texts = {FOLDER / name: text for name, text in pages().items()}
    return brought_up_to_date(texts, __doc__ or "", "make_reference.py")


if __name__ == "__main__":
    sys.exit(main())
