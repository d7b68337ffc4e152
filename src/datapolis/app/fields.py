"""The fields of the page Simulate, made from the declarations of parameters and levers."""

from __future__ import annotations

from typing import Any

from datapolis.app.view import AT_ONCE, WHOLE, Base, View, short
from datapolis.core.declare import Declaration
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_CLAIMS, LEVER_DECLARED, Pulse, Ramp

ESSENTIAL = (
    "attention.network_effect",
    "attention.quality_effect",
    "attention.switching_cost",
    "absorption.government",
    "exchange.sale",
    "breaches.attack_rate",
    "law.lag",
    "resources.tax",
)
"""Parameters that outcomes hang on most, or that people ask for first."""
FIRST_LEVERS = ("data_sharing", "open_data", "privacy_law", "antitrust", "portability")
SIZES = (500, 2_000, 5_000, 20_000)
TIMES = (60, 120, 240, 360)
KINDS = [
    ["off", "untouched"],
    ["always", "in every month"],
    ["rises", "rises"],
    ["between", "for a time"],
]
SHOWS = [
    ["power", "Power"],
    ["market", "Market"],
    ["rights", "Rights"],
    ["privacy", "Privacy"],
    ["income", "Rich and poor"],
    ["law", "Law"],
    ["ties", "Ties"],
    ["changes", "All changes"],
]


def words(name: str) -> str:
    """A name as words, with a capital."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def about(declared: Declaration) -> str:
    """Range, unit, default and source of a parameter, for its note."""
    unit = "" if declared.unit == "1" else f" {declared.unit}"
    source = "our assumption" if declared.source == "own" else declared.source
    return (
        f"{declared.path}: {declared.low:g} to {declared.high:g}{unit}, by default "
        f"{declared.default:g}. Source: {source} (docs/theory.md)."
    )


def society_groups() -> list[dict[str, Any]]:
    """What is simulated: how large, how long, how often."""
    select = {"kind": "select"}
    return [
        {
            "title": "The society",
            "look": "two",
            "fields": [
                {
                    **select,
                    "id": "citizens",
                    "label": "Citizens",
                    "info": "Time grows in proportion. Shares and means hardly depend on it; "
                    "chance does.",
                    "options": [[str(one), f"{one:,}"] for one in SIZES],
                },
                {
                    **select,
                    "id": "months",
                    "label": "Months",
                    "options": [[str(one), f"{one} ({one // 12} years)"] for one in TIMES],
                },
                {
                    **select,
                    "id": "members",
                    "label": "Societies",
                    "info": "How many are run, each with a seed of its own. Bands in the charts "
                    "hold the middle 90 % of them. Each runs twice: without and with your policy.",
                    "options": [[str(one), str(one)] for one in (4, 8, 16, 32)],
                },
                {
                    "id": "seed",
                    "kind": "number",
                    "label": "First seed",
                    "min": WHOLE["seed"][0],
                    "max": WHOLE["seed"][1],
                    "step": 1,
                },
            ],
        },
        {
            "look": "row",
            "fields": [
                {"id": "run", "kind": "button", "label": "Run", "look": "primary"},
                {"id": "cancel", "kind": "button", "label": "Cancel", "look": "stop"},
            ],
        },
    ]


def lever_groups(view: View) -> list[dict[str, Any]]:
    """Levers over time: first those that are asked for most."""
    rest = [name for name in LEVER_DECLARED if name not in FIRST_LEVERS]
    opened = any(name in view.levers for name in rest)
    return [
        {
            "title": "Your policy",
            "note": "What government does; it is compared with doing nothing.",
            "fields": [lever(name, view) for name in FIRST_LEVERS],
        },
        {
            "title": f"{len(rest)} more levers",
            "fold": True,
            "open": opened,
            "fields": [lever(name, view) for name in rest],
        },
    ]


def lever(name: str, view: View) -> dict[str, Any]:
    """A lever as a field."""
    declared = LEVER_DECLARED[name]
    return {
        "id": name,
        "kind": "lever",
        "label": words(name),
        "months": view.months,
        "options": KINDS,
        "info": (
            f"{words(declared.about)}. 0 is untouched, 1 is full. Acts on: {declared.source}. "
            f"Claims: {LEVER_CLAIMS[name]}."
        ),
    }


def parameter_groups(view: View, base: Base) -> list[dict[str, Any]]:
    """Parameters by mechanism, with a field to search them; first the essential ones."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path in DECLARED:
        if path not in ESSENTIAL and DECLARED[path].low < DECLARED[path].high:
            groups.setdefault(path.split(".")[0], []).append(slider(path, base))
    made: list[dict[str, Any]] = [
        {
            "title": "Parameters asked for most",
            "fold": True,
            "open": True,
            "sought": True,
            "search": f"Find one of {len(DECLARED)} parameters",
            "fields": [slider(path, base) for path in ESSENTIAL],
        }
    ]
    for name, fields in groups.items():
        opened = any(
            path.split(".")[0] == name for path in view.parameters if path not in ESSENTIAL
        )
        made.append(
            {
                "title": f"{words(name)} ({len(fields)})",
                "fold": True,
                "open": opened,
                "sought": True,
                "fields": fields,
            }
        )
    return made


def slider(path: str, base: Base) -> dict[str, Any]:
    """A parameter as a field."""
    declared = DECLARED[path]
    return {
        "id": path,
        "kind": "range",
        "label": words(declared.about),
        "unit": "" if declared.unit == "1" else declared.unit,
        "min": declared.low,
        "max": declared.high,
        "step": float(short(float(f"{(declared.high - declared.low) / 200:.1g}"))),
        "default": base.default(path),
        "info": about(declared),
    }


def values_of(view: View, base: Base) -> dict[str, Any]:
    """The values of all fields."""
    found: dict[str, Any] = {
        "citizens": str(view.citizens),
        "months": str(view.months),
        "members": str(view.members),
        "seed": view.seed,
    }
    found |= {path: view.parameters.get(path, base.default(path)) for path in DECLARED}
    found |= {name: lever_value(view.levers.get(name, 0.0), view) for name in LEVER_DECLARED}
    return found


def lever_value(setting: Any, view: View) -> dict[str, Any]:
    """A lever over time as its field shows it."""
    start, end = min(60, view.months // 4), min(84, view.months // 2)
    if isinstance(setting, Ramp):
        return {"kind": "rises", "level": setting.level, "from": setting.start, "to": setting.end}
    if isinstance(setting, Pulse):
        until = setting.start + setting.months
        return {"kind": "between", "level": setting.level, "from": setting.start, "to": until}
    kind = "always" if setting else "off"
    return {"kind": kind, "level": float(setting) or 0.8, "from": start, "to": end}


def in_fours(members: int) -> int:
    """The next number of members that fills its batches."""
    return -(-members // AT_ONCE) * AT_ONCE
