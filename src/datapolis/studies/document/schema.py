"""The JSON Schema of study files: what editors complete, explain and underline.

    json_schema()      the schema as plain values (JSON Schema, draft 7)
    schema_text()      the same as the text of a file

It is built from what checks studies: Pydantic's types for the fixed parts, the declarations of
parameters, levers, indices and audits for the rest. `read_study` has the last word: that a table
exists or a shock's place is taken is known only there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic.json_schema import models_json_schema

from datapolis.core.declare import Declaration
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED, LEVERS
from datapolis.core.scenario import CAPACITY, WHOM
from datapolis.studies.document import sections
from datapolis.studies.document.migrations import SCHEMA
from datapolis.studies.document.sections import CLAIMS, NONE
from datapolis.studies.document.template import WORLD

Plain = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
POLICY_NAME = "^[A-Za-z][A-Za-z0-9_-]*$"

PARTS: dict[str, type[sections.Part]] = {
    "world": sections.WorldPart,
    "firms": sections.FirmsTable,
    "agencies": sections.AgenciesTable,
    "organizations": sections.OrganizationsTable,
    "ties": sections.TiesTable,
    "graph": sections.GraphTable,
    "incomes": sections.IncomesTable,
    "scenario": sections.ShockPart,
    "ensemble": sections.EnsemblePart,
    "record": sections.RecordPart,
    "claims": sections.ClaimsPart,
    "sensitivity": sections.SensitivityPart,
    "search": sections.SearchPart,
    "calibration": sections.CalibrationPart,
}
"""The parts of a study with keys of their own; those of [world] are tables within it."""

WORLD_TABLES = ("firms", "agencies", "organizations", "ties", "graph", "incomes")
VARY = "the parameters that differ, by path; all of them if none is named"
TABLE = {
    "table": "the file: CSV or Parquet, beside the study or in the folder of --data",
    "optional": "generated instead, and told, if the file is not there",
    "unit": "what its numbers are measured in; told in the report",
}
NAMED = TABLE | {"name": "the column of names"}

WORDS: dict[str, Mapping[str, str]] = {
    "world": WORLD
    | {
        "organizations": "a table of organizations of all sectors",
        "ties": "a table of ties between organizations",
        "graph": "a table of ties between people",
        "incomes": "a table of incomes",
    },
    "firms": NAMED
    | {
        "weight": "the column that says how much of the market each reaches",
        "time": "the column of periods; without it the table is of one period",
        "month": "the period to start from; the first if not said",
        "cadence": "what one period is, if periods are whole numbers; of dates it is read",
        "most": "only so many become firms, the largest by weight",
        "basis": "parts of one whole (market), sizes (amount), or overlapping shares (presence)",
        "whole": 'what parts of a market are parts of: 1, 100, or "sum" of the list',
        "public": "a public register: what is measured may name firms and be told of few",
    },
    "agencies": NAMED
    | {"openness": 'how open each is: a column, or "rows" for how many rows a name has'},
    "organizations": NAMED
    | {
        "sector": "the column of sectors: government, market, social",
        "data": "the column of data held, relative within the sector",
        "wealth": "the column of wealth, relative within the sector",
        "reach": "the column of reach, relative within the sector",
        "openness": "the column of openness, relative within the sector",
        "region": "the column of regions, counted from 0",
    },
    "ties": TABLE
    | {
        "from": "the column of one end",
        "to": "the column of the other end",
        "strength": "the column of strength, 0 to 1",
    },
    "graph": TABLE
    | {
        "from": "the column of one end",
        "to": "the column of the other end",
        "layer": "the column that tells strong ties from weak; without it all are strong",
        "strong": "the layers of strong ties",
        "weak": "the layers of weak ties",
        "weight": "the column of weights; the strongest ties are kept",
    },
    "incomes": TABLE
    | {
        "income": "the column of incomes: one row a person or one row a decile",
        "weight": "the column of how many people a row stands for",
    },
    "scenario": {
        "month": "when it begins",
        "whom": "all, a sector, the largest holder of data, or the place of one organization",
        "data": "share of data lost each month",
        "wealth": "share of wealth lost each month",
        "attacks": "factor on attacks, on everyone",
        "months": "how long it lasts",
    },
    "ensemble": {
        "members": "how many societies under each policy, each with chance of its own",
        "seed": "of chance in the runs",
        "vary": "the parameters of which each member has another draw, by path",
    },
    "record": {"extra": "indices recorded besides the standard ones"},
    "claims": {"test": "ids of the claims that the study is about; the report shows them"},
    "sensitivity": {
        "method": "morris screens many parameters; sobol shares out the variance",
        "outcomes": 'what is read off a run, such as "harm@120" or "power_share.market"',
        "vary": VARY,
        "runs": "at most so many",
    },
    "search": {
        "objectives": 'two or more, by name, or an outcome with its sign: "-harm@mean"',
        "levers": "the levers that may be used; all if none is named",
        "vary": VARY,
        "thresholds": "what is enough of an objective, by its name",
    },
    "calibration": {
        "targets": 'audits of this study ("market.user_gini"), facts ("S04"), or a path',
        "vary": "the parameters that are fitted, by path",
        "particles": "parameter sets of the posterior",
        "proposals": "runs of a generation; twice the particles if not said",
        "generations": "at most so many",
        "recovery": "planted truths to find again",
    },
}
"""What every key of a part means."""

TOP: dict[str, str] = {
    "schema": "the version of study files",
    "title": "of the study and its report",
    "about": "what is asked, in a few sentences",
    "world": "what is fixed: generated, but for what tables say",
    "parameters": "constants of the model, other than their defaults",
    "policies": 'levers over time, by a name of yours; "none" is always there, to compare with',
    "scenario": "shocks from outside, at most eight",
    "ensemble": "how many societies, and what they differ in",
    "record": "what is recorded besides the standard indices",
    "claims": "which claims the study is about",
    "measure": "audits of tables, by a name of yours; their findings stand in the report",
    "sensitivity": "for `datapolis sensitivity`",
    "calibration": "for `datapolis calibrate`",
    "search": "for `datapolis search`",
}
"""What every key of the file means, in the order of a file."""

OVER_TIME: dict[str, dict[str, tuple[str, str]]] = {
    "ramp": {
        "from": ("month", "when it begins to rise"),
        "to": ("month", "when it has risen"),
        "level": ("level", "and stays there"),
        "first": ("level", "where it begins"),
    },
    "pulse": {
        "at": ("month", "when it begins"),
        "months": ("length", "how long it lasts"),
        "level": ("level", "while it lasts; nothing before or after"),
    },
    "rule": {
        "when": ("index", "an index, with a label if it has several numbers"),
        "above": ("number", "acts once last month's index exceeded this"),
        "below": ("number", "or once it fell below this"),
        "level": ("level", "while it acts; 1 if not said"),
        "release": ("number", "ends where the index passes this on the way back"),
    },
}
"""The kinds of a setting over time: each key, its type and its meaning."""

REQUIRED = {"ramp": ["from", "to", "level"], "pulse": ["at", "months", "level"], "rule": ["when"]}


def json_schema() -> Plain:
    """The JSON Schema of a study file, as plain values."""
    parts = _parts()
    properties: Plain = {
        "schema": {"const": SCHEMA},
        "title": {"type": "string", "minLength": 1},
        "about": {"type": "string", "default": ""},
        "world": parts.pop("world"),
        "parameters": {"$ref": "#/definitions/parameters"},
        "policies": {
            "type": "object",
            "propertyNames": {"pattern": POLICY_NAME},
            "properties": {NONE: {"type": "object", "maxProperties": 0}},
            "additionalProperties": {"$ref": "#/definitions/policy"},
        },
        "scenario": {"type": "array", "maxItems": CAPACITY, "items": parts.pop("scenario")},
        "measure": {
            "type": "object",
            "additionalProperties": {"$ref": "#/definitions/measure"},
        },
    }
    properties |= {name: parts[name] for name in TOP if name in parts}
    for name, words in TOP.items():
        properties[name] = {"description": words, **properties[name]}
    return {
        "$schema": DIALECT,
        "title": "A study of datapolis",
        "type": "object",
        "required": ["schema", "title"],
        "additionalProperties": False,
        "properties": {name: properties[name] for name in TOP},
        "definitions": {
            "parameters": _parameters({path: _constant(one) for path, one in DECLARED.items()}),
            "scheduled": _parameters(
                {path: _setting(one, ("ramp", "pulse")) for path, one in DECLARED.items()}
            ),
            "policy": _policy(),
            **{name: _kind(name) for name in OVER_TIME},
            "measure": {"oneOf": list(_measures())},
        },
    }


def schema_text() -> str:
    """The JSON Schema of a study file, as the text of a file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


# --- parts with fixed keys ----------------------------------------------------------------------


def _parts() -> dict[str, Plain]:
    """Each part as Pydantic has it, with our words; tables of the world within the world."""
    _, made = models_json_schema([(part, "validation") for part in PARTS.values()])
    found = {name: _plain(made["$defs"][part.__name__]) for name, part in PARTS.items()}
    for name, part in found.items():
        part.pop("description", None)
        for key, words in WORDS[name].items():
            part["properties"][key] = {"description": words, **part["properties"][key]}
    world = found["world"]["properties"]
    for name in WORLD_TABLES:
        table = found.pop(name)
        count = [one for one in world[name].get("oneOf", ()) if one.get("type") == "integer"]
        rest = {key: world[name][key] for key in ("description", "default") if key in world[name]}
        world[name] = {**rest, **({"anyOf": [*count, table]} if count else table)}
    world["firms"]["anyOf"][1]["dependencies"] = {"month": ["time"], "cadence": ["time"]}
    _choices(found)
    return found


def _plain(schema: Any) -> Any:
    """Without titles, and without null: TOML has none."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: {name: _plain(one) for name, one in value.items()}
        if key == "properties"
        else _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and value is None)
    }
    ways = kept.get("anyOf", ())
    known = [way for way in ways if way != {"type": "null"}]
    if len(known) == 1 and len(ways) > 1:
        del kept["anyOf"]
        kept |= known[0]
    return kept


def _choices(parts: Mapping[str, Plain]) -> None:
    """What lists and words of the parts can hold."""
    from datapolis.model.indices import INDICES
    from datapolis.studies.candidate_policies import OBJECTIVES

    def each_once(name: str, key: str, items: Plain | None = None) -> None:
        one = parts[name]["properties"][key]
        one["uniqueItems"] = True
        one["items"] = items or {"type": "string"}

    outcome = rf"({'|'.join(INDICES)})(\.[^@]+)?(@.+)?$"
    for name in ("ensemble", "sensitivity", "search", "calibration"):
        each_once(name, "vary", {"enum": list(DECLARED)})
    each_once("record", "extra", {"enum": list(INDICES)})
    each_once("claims", "test", {"enum": list(CLAIMS)})
    each_once("search", "levers", {"enum": list(LEVERS)})
    each_once("calibration", "targets")
    each_once("sensitivity", "outcomes", {"type": "string", "pattern": f"^{outcome}"})
    named = {"enum": list(OBJECTIVES)}
    signed = {"type": "string", "pattern": rf"^[+-]{outcome}"}
    each_once("search", "objectives", {"anyOf": [named, signed]})
    whom = parts["scenario"]["properties"]["whom"]
    whom["anyOf"] = [{"enum": list(WHOM)}, {"type": "integer"}]


# --- parameters, levers, policies ----------------------------------------------------------------


def _bounds(declared: Declaration) -> Plain:
    return {"type": "number", "minimum": declared.low, "maximum": declared.high}


def _about(declared: Declaration) -> str:
    unit = "" if declared.unit == "1" else f" {declared.unit}"
    return f"{declared.about}; {declared.low:g} to {declared.high:g}{unit}"


def _constant(declared: Declaration) -> Plain:
    return {
        "description": _about(declared),
        **_bounds(declared),
        "default": declared.default,
    }


def _setting(declared: Declaration, kinds: Sequence[str]) -> Plain:
    """A number in its range, or one of the kinds over time with levels in it."""
    bounds = _bounds(declared)
    return {
        "description": _about(declared),
        "anyOf": [bounds, *({"$ref": f"#/definitions/{kind}"} for kind in kinds)],
        "properties": {"level": bounds, "first": bounds},
    }


def _parameters(leaves: Mapping[str, Plain]) -> Plain:
    """A table a mechanism; a quoted path stands for the same."""
    groups: dict[str, Plain] = {}
    for path, leaf in leaves.items():
        group, _, name = path.partition(".")
        groups.setdefault(group, {})[name] = leaf
    tables: Plain = {
        group: {"type": "object", "additionalProperties": False, "properties": inside}
        for group, inside in groups.items()
    }
    paths = f"^({'|'.join(path.replace('.', '[.]') for path in leaves)})$"
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": tables,
        "patternProperties": {paths: {"type": ["number", "object"]}},
    }


def _kind(name: str) -> Plain:
    kinds: dict[str, Plain] = {
        "month": {"type": "integer", "minimum": 0},
        "length": {"type": "integer", "minimum": 1},
        "level": {"type": "number"},
        "number": {"type": "number"},
        "index": _watched(),
    }
    found: Plain = {
        "type": "object",
        "additionalProperties": False,
        "required": REQUIRED[name],
        "properties": {
            key: {"description": words, **kinds[kind]}
            for key, (kind, words) in OVER_TIME[name].items()
        },
    }
    if name == "rule":
        found["oneOf"] = [{"required": ["above"]}, {"required": ["below"]}]
    return found


def _watched() -> Plain:
    """What a rule can act on: an index of one number, or one label of one dimension."""
    from datapolis.model.indices import INDICES

    alone = [one.name for one in INDICES.values() if not one.dims]
    labelled = "|".join(one.name for one in INDICES.values() if len(one.dims) == 1)
    return {"anyOf": [{"enum": alone}, {"type": "string", "pattern": rf"^({labelled})\..+$"}]}


def _policy() -> Plain:
    levers = {
        name: _setting(one, ("ramp", "pulse", "rule")) for name, one in LEVER_DECLARED.items()
    }
    scheduled = {
        "description": "parameters that the policy sets: a number, a ramp or a pulse",
        "allOf": [{"$ref": "#/definitions/scheduled"}],
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**levers, "parameters": scheduled},
    }


# --- audits --------------------------------------------------------------------------------------


def _measures() -> Iterable[Plain]:
    """One schema for each kind of audit."""
    import inspect

    from datapolis.audits import AUDITS
    from datapolis.audits.finding import options_of, sources_of

    for kind, audit in AUDITS.items():
        options, sources = options_of(audit), sources_of(audit)
        tables = {"type": "array", "items": {"type": "string"}, "maxItems": len(sources)}
        needed = [name for name, one in options.items() if one.default is inspect.Parameter.empty]
        yield {
            "title": kind,
            "description": (inspect.getdoc(audit) or "").partition("\n\n")[0].replace("\n", " "),
            "type": "object",
            "required": ["kind", *needed],
            "anyOf": [{"required": ["table"]}, {"required": ["tables"]}],
            "additionalProperties": False,
            "properties": {
                "kind": {"description": "which audit", "const": kind},
                "table": {"description": "its table", "type": "string"},
                "tables": {"description": f"its tables: {', '.join(sources)}", **tables},
                "optional": {
                    "description": "left out, and told, if a file is not there",
                    "type": "boolean",
                    "default": False,
                },
                **{name: _option(one) for name, one in options.items()},
            },
        }


def _option(one: Any) -> Plain:
    """The schema of an option of an audit, by its type."""
    from datapolis.audits.options import number_or_word

    hint, words = one.annotation, ""
    if hasattr(hint, "__metadata__"):
        hint, words = get_args(hint)[:2]
    kinds: dict[Any, Plain] = {
        str: {"type": "string"},
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
    }
    found: Plain = {"description": words} if words else {}
    inside = [part for part in get_args(hint) if part is not type(None)]
    if hint in kinds:
        found |= kinds[hint]
    elif get_origin(hint) is Sequence:
        found |= {"type": "array", "items": kinds[inside[0]]}
    elif get_origin(hint) is Mapping:
        found |= {"type": "object", "additionalProperties": {"type": "string"}}
    elif inside and all(isinstance(part, str) for part in inside):
        found |= {"enum": inside}
    elif words_beside := number_or_word(hint):
        found |= {"anyOf": [{"type": "number"}, {"enum": list(words_beside)}]}
    elif len(inside) == 1 and inside[0] in kinds:
        found |= kinds[inside[0]]
    if one.default not in (None, one.empty, "", ()) and not isinstance(one.default, Mapping):
        found["default"] = one.default
    return found
