"""What a study measures: the market its firms start from, and the audits under [measure].

    [measure.prices_by_income]
    kind = "prices"
    table = "offers.csv"
    outcome = "speed_down<25"
    within = ["city", "provider"]

`kind` names an audit, `table` (or `tables`) its tables; all other keys are the options of that
audit, as in `datapolis.audits` and on the command line.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from datapolis import tables
from datapolis.audits import AUDITS, Audit
from datapolis.audits.finding import options_of, sources_of, with_progress
from datapolis.core.errors import InputError, nearest
from datapolis.studies.files import unsealed

if TYPE_CHECKING:
    from datapolis.studies.study import MeasurePart, Study

FIRMS = "firms"  # the name of the audit of the table under [world.firms]


def measure(
    study: Study,
    folders: Sequence[Path],
    *,
    kept: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[dict[str, Audit], list[str]]:
    """The audits that a study asks for under [measure], by name, and notes on those left out.

    What an earlier run of the same study left in the folder `kept`, of the same tables, is not
    measured again.
    """
    found: dict[str, Audit] = {}
    notes: list[str] = []
    for name, part in study.measures.items():
        paths = [tables.find(table, folders) for table in part.all_tables]
        missing = [table for table, path in zip(part.all_tables, paths, strict=True) if not path]
        if missing and not part.optional:
            others = [one.name for folder in folders for one in folder.iterdir() if one.is_file()]
            raise study.error(
                "no such file beside the study or in the folder of --data",
                ("measure", name, "table"),
                value=missing[0],
                nearest=nearest(missing[0], others),
            )
        if missing:
            notes.append(
                f"[measure.{name}] {missing[0]} was not found, so this is not measured. Give the "
                "folder that holds it with --data."
            )
            continue
        earlier = _earlier(kept, name, paths)
        if earlier is not None:
            found[name] = earlier
            continue
        audit = AUDITS[part.kind]
        try:
            found[name] = audit(*paths, **part.options, **with_progress(audit, progress))
        except InputError as error:
            place = f"measure.{name}" + (f": {error.field}" if error.field else "")
            raise error.at(field=place) from None
    return found, notes


def _earlier(kept: Path | None, name: str, paths: Sequence[Path | None]) -> Audit | None:
    """The audit that an earlier run kept, if it can be read and its tables are what they were."""
    if kept is None or not (kept / f"{name}.json").is_file():
        return None
    try:
        held = json.loads((kept / f"{name}.json").read_text(encoding="utf-8"))
        audit = Audit.from_json(unsealed(held))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    same = [one["sha256"] for one in audit.inputs] == [tables.sha256(one) for one in paths if one]
    return audit if same else None


def check_measure(study: Study, name: str, part: MeasurePart) -> None:
    """InputError if the audit has no such option, lacks one, or one is of another kind."""
    place = ("measure", name)
    if part.kind not in AUDITS:
        raise study.error(
            "no such audit",
            (*place, "kind"),
            value=part.kind,
            allowed=", ".join(AUDITS),
            nearest=nearest(part.kind, AUDITS),
        )
    audit = AUDITS[part.kind]
    options, sources = options_of(audit), sources_of(audit)
    for key, value in part.options.items():
        if key not in options:
            raise study.error(
                "the audit has no such option",
                (*place, key),
                allowed=", ".join(options),
                nearest=nearest(key, options),
            )
        if problem := misfit(value, options[key].annotation):
            raise study.error("of another kind", (*place, key), value=value, allowed=problem)
    lacking = [
        key
        for key, one in options.items()
        if one.default is inspect.Parameter.empty and key not in part.options
    ]
    if lacking:
        raise study.error("an option is missing", place, allowed=f"{', '.join(lacking)} = ...")
    least = sum(sources.values())
    if not least <= len(part.all_tables) <= len(sources):
        raise study.error(
            f"{len(part.all_tables)} tables", place, allowed=f"{least} to {len(sources)} tables"
        )


def misfit(value: Any, hint: Any) -> str:
    """What would be allowed, if the value does not fit the type of an option; else nothing."""
    kind = get_args(hint)[0] if get_args(hint) and hasattr(hint, "__metadata__") else hint
    words = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
    if kind in words:
        fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        fits = fits and (kind is bool or not isinstance(value, bool))
        return "" if fits else words[kind]
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Sequence:
        fits = isinstance(value, list) and not any(misfit(one, inside[0]) for one in value)
        return "" if fits else 'a list, ["one", "other"]'
    if origin is Mapping:
        fits = isinstance(value, dict) and not any(misfit(one, inside[1]) for one in value.values())
        return "" if fits else "{ name = column }"
    if origin in (Union, UnionType):
        told = [misfit(value, one) for one in inside if one is not type(None)]
        return "" if "" in told else " or ".join(told)
    if value_names := [one for one in get_args(kind) if isinstance(one, str)]:
        return "" if value in value_names else ", ".join(value_names)
    return ""
