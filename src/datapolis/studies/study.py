"""The study: one TOML file that says what is asked. Data only; no study runs code.

What may stand in it is built from the declarations of parameters, levers and indices, so a new
parameter can be used in studies at once. Every slip is told in one line, all of them together:

    study.toml:14: policies.watchdog.antitrst: no such lever; did you mean 'antitrust'?
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from datapolis.core.errors import InputError, InputErrors, nearest
from datapolis.core.parameters import Parameters
from datapolis.core.policy import LEVER_DECLARED, Policy, Pulse, Ramp, Rule, Setting
from datapolis.core.scenario import Shock
from datapolis.studies.document.messages import beyond_types, translate
from datapolis.studies.document.migrations import migrated
from datapolis.studies.document.sections import (
    DEEPEST,
    LARGEST,
    LONGEST_KEY,
    MOST_SLIPS,
    NONE,
    Asked,
    MeasurePart,
    Part,
    PulsePart,
    RampPart,
    RulePart,
    SearchPart,
    SensitivityPart,
    WorldPart,
)
from datapolis.studies.document.toml_positions import Lines, Place


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
        slips += [translate(one, file, lines) for one in told]
    slips += islice(beyond_types(raw, file, lines), MOST_SLIPS)
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
