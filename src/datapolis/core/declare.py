"""How anything is declared: parameters, levers, records, and what a mechanism writes.

Nothing here imports NumPy or JAX, so that the command line, the study file and the documentation
can read every declaration at once. Records join JAX's pytrees when `datapolis.model.arrays` is
loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declaration:
    """What is known of one parameter or lever before any number of it is used."""

    path: str  # "attention.network_effect"
    default: float
    unit: str
    low: float
    high: float
    source: str  # an F of docs/theory.md, "own", or a reference
    about: str

    def allows(self, value: float) -> bool:
        """Whether `value` lies in the declared range (nan does not)."""
        return self.low <= value <= self.high


def parameter(
    default: float, about: str, *, unit: str = "1", low: float, high: float, source: str = "own"
) -> Any:
    """A constant of the model: its default, meaning, unit, range (the prior of sweeps), source."""
    declared = {"unit": unit, "low": low, "high": high, "source": source, "about": about}
    return field(default=default, metadata={"declared": declared})


def lever(about: str, *, mechanisms: str, claims: str, cost: float = 1.0) -> Any:
    """What government can set, 0 to 1; `cost` is relative to `resources.lever_cost`."""
    declared = {"unit": "1", "low": 0.0, "high": 1.0, "source": mechanisms, "about": about}
    return field(default=0.0, metadata={"declared": declared, "claims": claims, "cost": cost})


def static(default: Any = None) -> Any:
    """A field that is part of the shape of a record: a new value compiles anew."""
    return field(default=default, metadata={"static": True})


def declarations(record: type | object, prefix: str = "") -> Iterator[Declaration]:
    """Every parameter or lever declared in a dataclass, and in the dataclasses within it."""
    for item in fields(record):  # type: ignore[arg-type]
        if "declared" in item.metadata:
            yield Declaration(prefix + item.name, float(item.default), **item.metadata["declared"])  # type: ignore[arg-type]
        elif isinstance(item.default_factory, type) and is_dataclass(item.default_factory):
            yield from declarations(item.default_factory, f"{prefix}{item.name}.")


_records: list[type] = []
_join: list[Callable[[type], None]] = []


def record(cls: Class) -> Class:
    """Mark a frozen dataclass as part of the state; it becomes a pytree once JAX is there."""
    _records.append(cls)
    for join in _join:
        join(cls)
    return cls


def join_pytrees(join: Callable[[type], None]) -> None:
    """Hand every record, those declared and those to come, to `join` (called by arrays.py)."""
    _join.append(join)
    for cls in _records:
        join(cls)


def writes(
    *names: str, state: Any = None, parameters: Any = None
) -> Callable[[Function], Function]:
    """Declare what a mechanism changes, e.g. "citizens.trust"; one test checks that it is so.

    A mechanism of one's own may bring `state`, a function (world, key) -> array or pytree, kept in
    `society.own[name]`, and `parameters`, a frozen dataclass kept in `parameters.own[name]`.
    """

    def declare(function: Function) -> Function:
        function.writes = names  # type: ignore[attr-defined]
        function.state = state  # type: ignore[attr-defined]
        function.parameters = parameters  # type: ignore[attr-defined]
        return function

    return declare
