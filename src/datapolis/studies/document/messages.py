"""What is wrong with a study file, in words: which line, which key, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import (
    BaseModel,
)

from datapolis.core.declare import Declaration
from datapolis.core.errors import InputError, nearest
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED
from datapolis.studies.document.sections import NAME, NAMED, NONE, Asked, WorldPart, plain_text
from datapolis.studies.document.toml_positions import Lines, Place

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


def translate(error: Any, file: str, lines: Lines) -> InputError:
    """One of Pydantic's errors as one line of ours."""
    place, tag = _place(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    value: Any = error["input"]
    shown = plain_text(value) if isinstance(value, str | int | float) else None
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


def beyond_types(raw: Mapping[str, Any], file: str, lines: Lines) -> Iterator[InputError]:
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
