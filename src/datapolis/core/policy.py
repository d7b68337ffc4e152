"""What government can do: 16 levers, each 0 to 1 over time, and policies made of them.

A lever of a policy is one of four kinds:
    0.6                                              a constant
    ramp(60, 84, 0.8)                                rises from 0 at month 60 to 0.8 at month 84
    pulse(60, 12, 0.8)                               0.8 for 12 months from month 60, else 0
    Rule("top_fifth_share", above=0.8, level=1.0)    acts on what was observed last month

Whatever a policy says, it becomes a `Schedule` of one shape, so that no policy compiles anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeAlias

from datapolis.core.declare import Declaration, declarations, lever, record
from datapolis.core.errors import InputError, nearest

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

    from datapolis.core.parameters import Scalar


@record
@dataclass(frozen=True)
class Levers:
    """The values of all levers in one month, 0 (untouched) to 1 (full)."""

    data_sharing: Scalar = lever(
        "removes the rent and cost that keep agencies' data apart",
        mechanisms="exchange",
        claims="P9 E21",
    )
    open_data: Scalar = lever(
        "publishes agencies' data",
        mechanisms="exchange, rights, monitoring, power, ties",
        claims="P12 R2",
    )
    data_mindset: Scalar = lever(
        "makes agencies adopt faster and use what they hold",
        mechanisms="absorption, exchange, mining, rights",
        claims="P8 P1",
    )
    privacy_law: Scalar = lever(
        "consent, minimisation, retention",
        mechanisms="attention, collection, breaches",
        claims="P5",
    )
    data_ownership: Scalar = lever(
        "lets citizens recall data about them", mechanisms="breaches", claims="V5 P5"
    )
    pricing_ban: Scalar = lever(
        "holds personal prices near one price for all", mechanisms="pricing", claims="P15 P10"
    )
    antitrust: Scalar = lever(
        "controls mergers and breaks up the largest firm", mechanisms="resources", claims="P4 M33"
    )
    portability: Scalar = lever(
        "lowers switching cost and moves profiles along",
        mechanisms="attention, pricing",
        claims="P4",
    )
    enforcement_capacity: Scalar = lever("inspectors and courts", mechanisms="law", claims="P6 P7")
    legislation_speed: Scalar = lever("shortens the lag of law", mechanisms="law", claims="P11")
    regional_coordination: Scalar = lever(
        "stops regions from underbidding each other", mechanisms="law", claims="V28"
    )
    security_standard: Scalar = lever(
        "makes holders liable for leaks", mechanisms="breaches", claims="P5 V15"
    )
    rumour_correction: Scalar = lever("corrects rumours", mechanisms="rumours", claims="V25")
    public_platform: Scalar = lever(
        "platforms for taking part in public affairs", mechanisms="rights", claims="P12 R3"
    )
    association_support: Scalar = lever(
        "supports associations and joint governance",
        mechanisms="governance, resources",
        claims="P3 P13",
    )
    government_transparency: Scalar = lever(
        "limits what government may watch", mechanisms="rights", claims="E12 P12"
    )


LEVERS: tuple[str, ...] = tuple(item.name for item in fields(Levers))
LEVER_COST: tuple[float, ...] = tuple(item.metadata["cost"] for item in fields(Levers))
LEVER_CLAIMS: dict[str, str] = {item.name: item.metadata["claims"] for item in fields(Levers)}
LEVER_DECLARED: dict[str, Declaration] = {item.path: item for item in declarations(Levers)}


@dataclass(frozen=True)
class Ramp:
    """From `first` at month `start` straight to `level` at month `end`, and `level` after that."""

    start: int
    end: int
    level: float
    first: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise InputError(
                "a ramp must not end before it starts",
                field="ramp",
                value=(self.start, self.end),
                allowed="0 <= from <= to",
            )

    def at(self, month: int) -> float | None:
        """The value in a month; None before the ramp begins."""
        if month < self.start:
            return None
        if month >= self.end:
            return self.level
        done = (month - self.start) / (self.end - self.start)
        return self.first + done * (self.level - self.first)


@dataclass(frozen=True)
class Pulse:
    """`level` for `months` months from month `start`; nothing before or after."""

    start: int
    months: int
    level: float

    def __post_init__(self) -> None:
        if self.start < 0 or self.months < 1:
            raise InputError(
                "a pulse must last a month or more",
                field="pulse",
                value=(self.start, self.months),
                allowed="at >= 0, months >= 1",
            )

    def at(self, month: int) -> float | None:
        """The value in a month; None outside the pulse."""
        return self.level if self.start <= month < self.start + self.months else None


@dataclass(frozen=True)
class Rule:
    """A lever that acts on an index: on past a mark, off at the release, with memory in between.

    `when` names a recorded index, with a label if it has a dimension: "power_share.market".
    With `above`, the lever goes to `level` when last month's index exceeded it and back to 0 when
    it fell below `release` (the mark itself if not given). With `below`, the other way round.
    """

    when: str
    above: float | None = None
    below: float | None = None
    level: float = 1.0
    release: float | None = None

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise InputError(
                "a rule needs exactly one mark", field="rule", allowed="above = x, or below = x"
            )
        wrong_side = self.release is not None and (
            (self.above is not None and self.release > self.above)
            or (self.below is not None and self.release < self.below)
        )
        if wrong_side:
            raise InputError(
                "the release lies on the wrong side of the mark",
                field="rule.release",
                value=self.release,
                allowed="release <= above, or release >= below",
            )

    @property
    def mark(self) -> float:
        """The value that switches the lever on."""
        return self.above if self.above is not None else self.below  # type: ignore[return-value]


Setting: TypeAlias = float | Ramp | Pulse | Rule


def ramp(start: int, end: int, level: float, first: float = 0.0) -> Ramp:
    """A lever that rises from `first` at month `start` to `level` at month `end` and stays."""
    return Ramp(start, end, level, first)


def pulse(start: int, months: int, level: float) -> Pulse:
    """A lever at `level` for `months` months from month `start`."""
    return Pulse(start, months, level)


@record
@dataclass(frozen=True)
class Schedule:
    """A policy as arrays of one shape, whatever it says.

    `values` holds scheduled parameters in the order of the study's paths; nan leaves one alone.
    """

    base: Float[Array, "month lever"]
    watch: Int[Array, "lever"]  # place in the vector of observed indices; -1 watches nothing
    on: Float[Array, "lever"]
    off: Float[Array, "lever"]
    level: Float[Array, "lever"]
    below: Bool[Array, "lever"]
    values: Float[Array, "month path"]


class Policy:
    """Levers over time, as data; parameters can be scheduled too, by their path.

    >>> Policy(open_data=0.6, data_sharing=ramp(60, 84, 0.8), name="open government")
    """

    def __init__(
        self,
        name: str = "",
        *,
        parameters: Mapping[str, Setting] | None = None,
        **levers: Setting,
    ) -> None:
        self.name = name
        self.levers: dict[str, Setting] = {}
        self.parameters: dict[str, Setting] = dict(parameters or {})
        for lever_name, setting in levers.items():
            if lever_name not in LEVERS:
                raise InputError(
                    "no such lever", field=lever_name, nearest=nearest(lever_name, LEVERS)
                )
            for value in _levels(setting):
                if not 0.0 <= value <= 1.0:
                    raise InputError(
                        "a lever lies outside its range",
                        field=lever_name,
                        value=value,
                        allowed="0 to 1",
                    )
            self.levers[lever_name] = setting
        for path, setting in self.parameters.items():
            if isinstance(setting, Rule):
                raise InputError("a rule can set a lever only, not a parameter", field=path)

    @staticmethod
    def of(given: Policy | Mapping[str, Setting] | None) -> Policy:
        """The policy that is given: itself, one of levers by name, or none.

        Raises InputError if it is neither, or says something that no lever can be.
        """
        if given is None or isinstance(given, Policy):
            return given or Policy()
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise InputError(
                "no policy",
                field="policy",
                value=given,
                allowed="a Policy, or levers by name such as {'antitrust': 1.0}",
            )
        for name, setting in given.items():
            if name in LEVERS and not isinstance(setting, int | float | Ramp | Pulse | Rule):
                raise InputError(
                    "no setting of a lever",
                    field=name,
                    value=setting,
                    allowed="0 to 1, or a Ramp, a Pulse or a Rule",
                )
            if name not in LEVERS:
                raise InputError("no such lever", field=name, nearest=nearest(name, LEVERS))
        return Policy(**given)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={setting!r}" for name, setting in self.levers.items())
        return f"Policy({self.name!r}, {inside})"

    def watched(self) -> set[str]:
        """The indices that this policy's rules act on."""
        return {setting.when for setting in self.levers.values() if isinstance(setting, Rule)}

    def schedule(
        self, months: int, observed: Sequence[str] = (), paths: Sequence[str] = ()
    ) -> Schedule:
        """This policy as arrays over `months`; `observed` orders what can be watched."""
        import numpy as np

        many = len(LEVERS)
        base = np.zeros((months, many), np.float32)
        values = np.full((months, len(paths)), np.nan, np.float32)
        watch = np.full(many, -1, np.int32)
        on, off, level = (np.zeros(many, np.float32) for _ in range(3))
        below = np.zeros(many, bool)
        places = {name: place for place, name in enumerate(observed)}
        for place, name in enumerate(LEVERS):
            setting = self.levers.get(name, 0.0)
            if not isinstance(setting, Rule):
                base[:, place] = [_at(setting, month) or 0.0 for month in range(months)]
                continue
            if setting.when not in places:
                raise InputError(
                    "a rule watches an index that is not recorded",
                    field=f"{name}.when",
                    value=setting.when,
                    nearest=nearest(setting.when, places),
                )
            watch[place] = places[setting.when]
            on[place] = setting.mark
            off[place] = setting.mark if setting.release is None else setting.release
            level[place] = setting.level
            below[place] = setting.below is not None
        for place, path in enumerate(paths):
            if path in self.parameters:
                found = [_at(self.parameters[path], month) for month in range(months)]
                values[:, place] = [np.nan if value is None else value for value in found]
        return Schedule(base, watch, on, off, level, below, values)  # type: ignore[arg-type]


def _at(setting: Any, month: int) -> float | None:
    return setting.at(month) if isinstance(setting, Ramp | Pulse) else float(setting)


def _levels(setting: Setting) -> Iterable[float]:
    if isinstance(setting, Ramp):
        return (setting.first, setting.level)
    if isinstance(setting, Pulse | Rule):
        return (setting.level,)
    return (float(setting),)
