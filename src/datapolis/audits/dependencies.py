"""Which options of an audit have no effect without another, or beside it.

Written once, where the option is declared, and checked before an audit begins, so that the command
line, the app and a study say the same of an option that would do nothing:

    weight: Annotated[str, "column that weighs the markets", Needs("within")] = ""

An option counts as given where it differs from its default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datapolis.core.errors import InputError


@dataclass(frozen=True, init=False)
class Needs:
    """An option, or a further table, without which this one does nothing: one of several.

    With `value` the one that is named must have that value.
    """

    options: tuple[str, ...]
    value: str

    def __init__(self, *options: str, value: str = "") -> None:
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "value", value)

    def met(self, values: Mapping[str, Any], given: Callable[[str], bool]) -> bool:
        """Whether this one has an effect."""
        if self.value:
            return any(values[name] == self.value for name in self.options)
        return any(given(name) for name in self.options)

    @property
    def words(self) -> str:
        """What is to be done."""
        wanted = " or ".join(_flag(name) for name in self.options)
        return f"only with {wanted}{f' {self.value}' if self.value else ''}"


@dataclass(frozen=True, init=False)
class Without:
    """Options beside which this one does nothing."""

    options: tuple[str, ...]

    def __init__(self, *options: str) -> None:
        object.__setattr__(self, "options", options)

    def met(self, values: Mapping[str, Any], given: Callable[[str], bool]) -> bool:
        """Whether this one has an effect."""
        return not any(given(name) for name in self.options)

    @property
    def words(self) -> str:
        """What is to be done."""
        return f"only without {' and without '.join(_flag(name) for name in self.options)}"


Dependency = Needs | Without


def rules_of(hints: Mapping[str, Any]) -> dict[str, list[Dependency]]:
    """The rules of each option, from the annotated types of an audit's parameters."""
    found = {
        name: [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Dependency)]
        for name, hint in hints.items()
    }
    return {name: rules for name, rules in found.items() if rules}


def unmet(
    rules: Mapping[str, list[Dependency]], values: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[str, Dependency] | None:
    """The first option that is given and would do nothing, and the rule that says so."""

    def given(name: str) -> bool:
        return not _same(values.get(name), defaults.get(name))

    for name, of_option in rules.items():
        for rule in of_option if given(name) else ():
            if not rule.met(values, given):
                return name, rule
    return None


def check_dependencies(
    rules: Mapping[str, list[Dependency]], values: Mapping[str, Any], defaults: Mapping[str, Any]
) -> None:
    """InputError that names both, where an option is given that would do nothing."""
    if found := unmet(rules, values, defaults):
        name, rule = found
        raise InputError(
            f"{_flag(name)} has no effect here",
            field=name,
            value=str(values[name])[:60],
            allowed=rule.words,
        )


def _same(value: Any, default: Any) -> bool:
    """Whether an option has its default, or is empty as its default is."""
    if isinstance(value, Sequence) and isinstance(default, Sequence):
        return list(value) == list(default)
    if isinstance(value, str | int | float | bool | Mapping | None):
        return bool(value == default or (default is None and value == ""))
    return value is default  # an array is no default


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
