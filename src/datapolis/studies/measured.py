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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from datapolis import tables
from datapolis.audits import AUDITS, Audit
from datapolis.errors import InputError, nearest

if TYPE_CHECKING:
    from datapolis.studies.study import MeasurePart, Study

FIRMS = "firms"  # the name of the audit of the table under [world.firms]


def measure(
    study: Study, folders: Sequence[Path], progress: Callable[[str, int, int], None] | None = None
) -> tuple[dict[str, Audit], list[str]]:
    """The audits that a study asks for under [measure], by name, and notes on those left out."""
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
        options = dict(part.options)
        audit = AUDITS[part.kind]
        if progress is not None and "progress" in inspect.signature(audit).parameters:
            options["progress"] = progress
        try:
            found[name] = audit(*paths, **options)
        except InputError as error:
            error.field = f"measure.{name}" + (f": {error.field}" if error.field else "")
            raise type(error)(
                error.problem,
                file=error.file,
                field=error.field,
                value=error.value,
                allowed=error.allowed,
                nearest=error.nearest,
            ) from None
    return found, notes


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
    hints = get_type_hints(audit, include_extras=True)
    given = inspect.signature(audit).parameters
    options = {
        key: one
        for key, one in given.items()
        if not str(one.annotation).startswith("Source") and key != "progress"
    }
    for key, value in part.options.items():
        if key not in options:
            raise study.error(
                "the audit has no such option",
                (*place, key),
                allowed=", ".join(options),
                nearest=nearest(key, options),
            )
        if problem := misfit(value, hints[key]):
            raise study.error("of another kind", (*place, key), value=value, allowed=problem)
    lacking = [
        key
        for key, one in options.items()
        if one.default is inspect.Parameter.empty and key not in part.options
    ]
    if lacking:
        raise study.error("an option is missing", place, allowed=f"{', '.join(lacking)} = ...")
    sources = [key for key, one in given.items() if str(one.annotation).startswith("Source")]
    if not 1 <= len(part.all_tables) <= len(sources):
        raise study.error(
            f"{len(part.all_tables)} tables", place, allowed=f"1 to {len(sources)} tables"
        )


def misfit(value: Any, hint: Any) -> str:
    """What would be allowed, if the value does not fit the type of an option; else nothing."""
    kind = get_args(hint)[0] if get_args(hint) and hasattr(hint, "__metadata__") else hint
    words = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
    if kind in words:
        fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        fits = fits and (kind is bool or not isinstance(value, bool))
        return "" if fits else words[kind]
    origin = get_origin(kind)
    if origin is Sequence:
        return "" if isinstance(value, list) else 'a list, ["one", "other"]'
    if origin is Mapping:
        return "" if isinstance(value, dict) else "{ name = column }"
    if value_names := [one for one in get_args(kind) if isinstance(one, str)]:
        return "" if value in value_names else ", ".join(value_names)
    return ""
