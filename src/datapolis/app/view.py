"""What is asked on the page Simulate: a view, as a link, as a study and as lines of Python.

A view is checked twice. A link is data, never code: every key and number is compared with what is
declared, and a slip is told in words. What is left becomes the text of a study, which is read and
checked as any study is.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datapolis import __version__
from datapolis.core.declare import Declaration
from datapolis.core.errors import InputError, nearest
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED, Policy, Pulse, Ramp, Rule
from datapolis.studies.document.migrations import SCHEMA, migrated

if TYPE_CHECKING:
    from datapolis.studies.study import Study

Query = Mapping[str, str]

MINE = "with_policy"  # the name of the policy that is compared with doing nothing
AT_ONCE = 4  # members in a batch, under both policies: what was compiled once serves all
NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?(e-?[0-9]{1,2})?")
SETTING = re.compile(r"(?P<level>[0-9.e-]+)(?:(?P<kind>[~@])(?P<start>[0-9]+)-(?P<end>[0-9]+))?")
WHOLE: dict[str, tuple[int, int]] = {
    "citizens": (100, 20_000),
    "months": (12, 360),
    "members": (AT_ONCE, 32),
    "seed": (0, 2**31 - 1 - 32),
    "world": (0, 2**31 - 1),
}
"""What a link can say in whole numbers, and how much of it one page may ask for."""
MOST = 16_000_000  # citizens times months times members
SHOWS = ("power", "market", "rights", "privacy", "income", "law", "ties", "changes")
LONGEST = 6_000  # characters of a link
FIRST, LAST = "from month", "to month"


@dataclass(frozen=True)
class Base:
    """What every session starts from: a study's world and parameters, or the defaults."""

    study: Study | None = None
    data: Path | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def read(path: Path | str | None, data: Path | str | None = None) -> Base:
        """The base that a study file gives. Raises InputError where it does not fit."""
        if path is None:
            return Base()
        from datapolis.studies.study import read_study

        study = read_study(path)
        raw = migrated(tomllib.loads(study.text.decode("utf-8-sig")), study.file, study.lines)
        return Base(study, Path(data) if data is not None else None, raw)

    def default(self, path: str) -> float:
        """The value of a parameter where a view says nothing of it."""
        given = self.study.set_parameters if self.study is not None else {}
        return float(given.get(path, DECLARED[path].default))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The levers of the study's first policy."""
        asked = self.study.policies if self.study is not None else {}
        others = [policy for name, policy in asked.items() if name != "none"]
        return others[0].levers if others else {}

    @property
    def rules(self) -> list[str]:
        """Levers of that policy that follow a rule, which no page can show."""
        return [name for name, setting in self.settings.items() if isinstance(setting, Rule)]

    def view(self) -> View:
        """The view with which a page opens."""
        if self.study is None:
            return View()
        asked = self.study
        whole = {
            "citizens": asked.world.citizens,
            "months": asked.world.months,
            "members": -(-asked.ensemble.members // AT_ONCE) * AT_ONCE,
            "seed": asked.ensemble.seed,
            "world": asked.world.seed,
        }
        held = {
            name: min(max(value, WHOLE[name][0]), WHOLE[name][1]) for name, value in whole.items()
        }
        most = max(MOST // (held["citizens"] * held["months"]) // AT_ONCE * AT_ONCE, AT_ONCE)
        held["members"] = min(held["members"], most)
        levers = {
            name: setting
            for name, setting in self.settings.items()
            if isinstance(setting, int | float | Ramp | Pulse)
        }
        return View(**held, levers=levers)  # type: ignore[arg-type]


@dataclass(frozen=True)
class View:
    """What is simulated and shown: plain values, so that two equal views give equal numbers."""

    citizens: int = 2_000
    months: int = 120
    members: int = AT_ONCE
    seed: int = 1
    world: int = 0
    parameters: Mapping[str, float] = field(default_factory=dict)  # where they are not the base's
    levers: Mapping[str, Any] = field(default_factory=dict)  # constants, ramps and pulses
    show: str = SHOWS[0]

    @property
    def policy(self) -> Policy:
        """The policy that is compared with doing nothing."""
        return Policy(MINE, **self.levers)

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of what is compared."""
        return ("none", MINE) if self.levers else ("none",)

    @property
    def seeds(self) -> list[list[int]]:
        """The seeds of all members, batch by batch."""
        return [
            list(range(first, first + AT_ONCE))
            for first in range(self.seed, self.seed + self.members, AT_ONCE)
        ]

    def check(self) -> View:
        """The view itself, if one page may ask for so much; else an InputError."""
        if self.citizens * self.months * self.members > MOST:
            raise InputError(
                "too much for this page: take fewer citizens, months or members, or download the "
                "study file and use `datapolis run`",
                field="citizens x months x members",
                value=f"{self.citizens * self.months * self.members:,}",
                allowed=f"up to {MOST:,}",
            )
        if self.members % AT_ONCE:
            raise InputError(
                "members come in fours",
                field="members",
                value=self.members,
                allowed=", ".join(map(str, range(AT_ONCE, WHOLE["members"][1] + 1, AT_ONCE))),
            )
        return self

    def key(self, base: Base) -> str:
        """A hash of all that decides the numbers: what is shown does not."""
        text = study_text(replace(self, show=SHOWS[0]), base)
        return hashlib.sha256(f"{__version__}\n{text}".encode()).hexdigest()


# --- as a link ---------------------------------------------------------------------------------


def to_query(view: View, base: Base | None = None) -> dict[str, str]:
    """The view as the part of a link behind the question mark: what is not as the page opens."""
    plain = (base or Base()).view()
    said = {
        name: str(getattr(view, name))
        for name in WHOLE
        if getattr(view, name) != getattr(plain, name)
    }
    said |= {path: short(value) for path, value in sorted(view.parameters.items())}
    for name in LEVER_DECLARED:
        if view.levers.get(name) != plain.levers.get(name):
            said[name] = setting_text(view.levers.get(name, 0.0))
    if view.show != plain.show:
        said["show"] = view.show
    return said


def from_query(query: Query, base: Base | None = None) -> tuple[View, list[InputError]]:
    """The view of a link, and what in the link could not be used: it stays as the page opens."""
    base = base or Base()
    view, slips = base.view(), []
    if sum(len(name) + len(value) for name, value in query.items()) > LONGEST:
        return view, [InputError("the link is too long", allowed=f"{LONGEST:,} characters")]
    whole: dict[str, Any] = {}
    parameters, levers = dict(view.parameters), dict(view.levers)
    for name, text in query.items():
        try:
            if name in WHOLE:
                whole[name] = whole_number(name, text)
            elif name in DECLARED:
                parameters[name] = declared_number(DECLARED[name], text)
            elif name in LEVER_DECLARED:
                levers[name] = read_setting(name, text)
            elif name == "show":
                whole[name] = one_of(name, text, SHOWS)
            else:
                known = [*WHOLE, *DECLARED, *LEVER_DECLARED, "show"]
                raise InputError(
                    "nothing of that name can be in a link",
                    field=shown(name),
                    nearest=nearest(name[:60], known),
                )
        except InputError as error:
            slips.append(error)
    found = cleaned(replace(view, **whole, parameters=parameters, levers=levers), base)
    try:
        return found.check(), slips
    except InputError as error:
        fewer = {name: getattr(view, name) for name in ("citizens", "months", "members")}
        return replace(found, **fewer), [*slips, error]


def cleaned(view: View, base: Base) -> View:
    """The view without parameters at their default and levers that are untouched."""
    parameters = {
        path: value for path, value in view.parameters.items() if value != base.default(path)
    }
    levers = {
        name: view.levers[name] for name in LEVER_DECLARED if view.levers.get(name, 0.0) != 0.0
    }
    return replace(view, parameters=parameters, levers=levers)


def whole_number(name: str, text: str) -> int:
    """A whole number of a link, in its range."""
    low, high = WHOLE[name]
    if not re.fullmatch(r"[0-9]{1,10}", text) or not low <= int(text) <= high:
        raise InputError(
            "not a whole number in range",
            field=name,
            value=shown(text),
            allowed=f"{low:,} to {high:,}",
        )
    return int(text)


def declared_number(declared: Declaration, text: str) -> float:
    """A number in the range of a parameter or lever."""
    if not NUMBER.fullmatch(text) or not declared.allows(float(text)):
        unit = "" if declared.unit == "1" else f" {declared.unit}"
        raise InputError(
            "not a number in range",
            field=declared.path,
            value=shown(text),
            allowed=f"{declared.low:g} to {declared.high:g}{unit}",
        )
    return float(text)


def one_of(name: str, text: str, allowed: Sequence[str]) -> str:
    """A word of a link, if it is one of those allowed."""
    if text not in allowed:
        raise InputError(
            "no such choice", field=name, value=shown(text), allowed=", ".join(allowed)
        )
    return text


def setting_text(setting: Any) -> str:
    """A lever over time in a link: 0.8, 0.8~60-84 (rises), 0.8@60-84 (between)."""
    if isinstance(setting, Ramp):
        return f"{short(setting.level)}~{setting.start}-{setting.end}"
    if isinstance(setting, Pulse):
        return f"{short(setting.level)}@{setting.start}-{setting.start + setting.months}"
    return short(float(setting))


def read_setting(name: str, text: str) -> Any:
    """A lever over time, from a link."""
    found = SETTING.fullmatch(text) if len(text) <= 60 else None
    if found is None:
        raise InputError(
            "not a lever over time",
            field=name,
            value=shown(text),
            allowed="0.8, 0.8~60-84 to rise between these months, 0.8@60-84 to last from one to "
            "the other",
        )
    level = declared_number(LEVER_DECLARED[name], found["level"])
    if found["kind"] is None:
        return level
    return timed(name, found["kind"], level, int(found["start"][:9]), int(found["end"][:9]))


def timed(name: str, kind: str, level: float, start: int, end: int) -> Any:
    """A ramp (~) or a pulse (@) between two months."""
    if not 0 <= start < end <= WHOLE["months"][1]:
        raise InputError(
            "a lever must begin before it ends",
            field=name,
            value=f"{start} to {end}",
            allowed=f"months 0 to {WHOLE['months'][1]}, the first before the last",
        )
    return Ramp(start, end, level) if kind == "~" else Pulse(start, end - start, level)


def shown(text: str) -> str:
    """What was given, short enough for a sentence."""
    return text if len(text) <= 60 else f"{text[:60]}…"


def short(value: float) -> str:
    """A number in as few digits as give it back."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(float(value))


# --- as a study --------------------------------------------------------------------------------


def study_text(view: View, base: Base) -> str:
    """The view as the text of a study file."""
    raw = dict(base.raw)
    world = {**raw.get("world", {}), "citizens": view.citizens, "months": view.months}
    world["seed"] = view.world
    given = base.study.set_parameters if base.study is not None else {}
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "title": raw.get("title", "A view of data power"),
        **({"about": raw["about"]} if "about" in raw else {}),
        "world": world,
        "parameters": nested({**given, **view.parameters}),
        "policies": {MINE: {name: plain(one) for name, one in view.levers.items()}}
        if view.levers
        else {},
        **({"scenario": raw["scenario"]} if "scenario" in raw else {}),
        "ensemble": {"members": view.members, "seed": view.seed},
    }
    return "\n".join(toml(content)) + "\n"


def study_of(view: View, base: Base) -> Study:
    """The study of a view. Raises InputError where it does not fit."""
    from datapolis.studies.study import parse_study

    folder = base.study.path.parent if base.study is not None else Path()
    return parse_study(study_text(view, base).encode(), folder / "view.toml")


def plain(setting: Any) -> Any:
    """A lever over time as a study says it."""
    if isinstance(setting, Ramp):
        return {"from": setting.start, "to": setting.end, "level": setting.level}
    if isinstance(setting, Pulse):
        return {"at": setting.start, "months": setting.months, "level": setting.level}
    return float(setting)


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by path as tables in tables."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        group, _, name = path.partition(".")
        found.setdefault(group, {})[name] = float(value)
    return found


def toml(content: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Plain values as lines of TOML: first what is no table."""
    tables, lists = {}, {}
    for name, value in content.items():
        if isinstance(value, Mapping) and (not prefix or name in ("firms", "parameters")):
            tables[name] = value
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            lists[name] = value
        else:
            yield f"{key(name)} = {toml_value(value)}"
    for name, value in tables.items():
        if value:
            yield f"\n[{prefix}{key(name)}]"
            yield from toml(value, f"{prefix}{key(name)}.")
    for name, rows in lists.items():
        for row in rows:
            yield f"\n[[{prefix}{key(name)}]]"
            yield from toml(row, f"{prefix}{key(name)}.")


def key(name: str) -> str:
    """A key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def toml_value(value: Any) -> str:
    """A value of TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:_}" if value >= 10_000 else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key(k)} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False)


# --- as Python ---------------------------------------------------------------------------------


def python_lines(view: View, base: Base) -> str:
    """The lines of Python that give the numbers of the view, in the same batches."""
    lines = ["import datapolis as dp", ""]
    if base.study is None:
        lines += [f"world = dp.World.generate({view.citizens:_}, seed={view.world})"]
        set_parameters = view.parameters
    else:
        lines += [
            "from datapolis.studies.study import read_study",
            "from datapolis.studies.inputs import build_world, read_inputs",
            "",
            'study = read_study("view.toml")  # download it here, beside the tables it names',
            "world = build_world(study, read_inputs(study))",
        ]
        set_parameters = {}
    parameters = "study.parameters" if base.study is not None else "dp.Parameters()"
    if set_parameters:
        inside = ", ".join(f'"{path}": {value!r}' for path, value in set_parameters.items())
        parameters += f".set({{{inside}}})"
    lines += [f"parameters = {parameters}", f"policy = {policy_line(view)}"]
    scenario = "    scenarios=study.scenario,\n" if base.raw.get("scenario") else ""
    lines += [
        "",
        "",
        "def batch(seeds):",
        '    """Members under no policy, then the same members under the policy."""',
        "    run = dp.Run.begin(",
        "        world,",
        f"        months={view.months},",
        "        seeds=[*seeds, *seeds],",
        "        parameters=parameters,",
        "        policies=[dp.Policy()] * len(seeds) + [policy] * len(seeds),",
        *([f"    {scenario.rstrip()}"] if scenario else []),
        '        record=[*dp.STANDARD, "user_share_by_firm"],',
        "    )",
        "    while run.month < run.months:",
        "        run.advance()",
        "    return run.dataset()",
        "",
        "",
        f"firsts = range({view.seed}, {view.seed + view.members}, {AT_ONCE})",
        f"results = [batch(list(range(first, first + {AT_ONCE}))) for first in firsts]",
        'print(results[0].power_share.sel(sector="government").isel(month=-1).values)',
    ]
    return "\n".join(lines) + "\n"


def policy_line(view: View) -> str:
    """The policy as Python."""
    said = []
    for name, one in view.levers.items():
        if isinstance(one, Ramp):
            text = f"dp.ramp({one.start}, {one.end}, {one.level!r})"
        elif isinstance(one, Pulse):
            text = f"dp.pulse({one.start}, {one.months}, {one.level!r})"
        else:
            text = repr(float(one))
        said.append(f"{name}={text}")
    return f"dp.Policy({', '.join(said)})"
