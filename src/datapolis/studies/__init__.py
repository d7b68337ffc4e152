"""Studies: what is asked, in one file; what is computed, in one folder that can be gone on with."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "Study": "study",
    "read_study": "study",
    "Store": "store",
    "Batch": "ensemble",
    "plan": "ensemble",
    "run": "pipeline",
    "simulate_one": "pipeline",
}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    """Load a name when it is first used."""
    if name not in _WHERE:
        raise AttributeError(f"module 'datapolis.studies' has no attribute {name!r}")
    value = getattr(import_module(f"datapolis.studies.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
