"""Whether the options under [measure] of a study file are those of its audit.

It knows audits and no study, so that a study can be checked while it is read.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from datapolis.audits import AUDITS
from datapolis.audits.finding import options_of, sources_of
from datapolis.core.errors import InputError, nearest


def check_measure(
    name: str,
    kind: str,
    given: Mapping[str, Any],
    many: int,
    error: Callable[..., InputError],
) -> None:
    """InputError if the audit has no such option, lacks one, or one is of another kind.

    given    the options of the audit, as the study file has them
    many     how many tables it is given
    error    makes the error of a place in the file: error(problem, place, value=, allowed=, ...)
    """
    place = ("measure", name)
    if kind not in AUDITS:
        raise error(
            "no such audit",
            (*place, "kind"),
            value=kind,
            allowed=", ".join(AUDITS),
            nearest=nearest(kind, AUDITS),
        )
    audit = AUDITS[kind]
    options, sources = options_of(audit), sources_of(audit)
    for key, value in given.items():
        if key not in options:
            raise error(
                "the audit has no such option",
                (*place, key),
                allowed=", ".join(options),
                nearest=nearest(key, options),
            )
        if problem := misfit(value, options[key].annotation):
            raise error("of another kind", (*place, key), value=value, allowed=problem)
    lacking = [
        key
        for key, one in options.items()
        if one.default is inspect.Parameter.empty and key not in given
    ]
    if lacking:
        raise error("an option is missing", place, allowed=f"{', '.join(lacking)} = ...")
    least = sum(sources.values())
    if not least <= many <= len(sources):
        raise error(f"{many} tables", place, allowed=f"{least} to {len(sources)} tables")


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
