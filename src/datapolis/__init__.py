"""datapolis: measure, simulate and govern data power."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "World": "datapolis.world",
    "Society": "datapolis.society",
    "Parameters": "datapolis.parameters",
    "Levers": "datapolis.policy",
    "Policy": "datapolis.policy",
    "Rule": "datapolis.policy",
    "ramp": "datapolis.policy",
    "pulse": "datapolis.policy",
    "Shock": "datapolis.scenario",
    "MONTH": "datapolis.month",
    "step": "datapolis.month",
    "simulate": "datapolis.simulation",
    "Run": "datapolis.simulation",
    "at_rest": "datapolis.studies.revealed",
    "open_results": "datapolis.report.notebook",
    "INDICES": "datapolis.indices",
    "STANDARD": "datapolis.indices",
    "Index": "datapolis.indices",
    "InputError": "datapolis.errors",
    "StoreError": "datapolis.errors",
    "parameter": "datapolis.declare",
    "record": "datapolis.declare",
    "writes": "datapolis.declare",
}
_RESULTS = ("simulate", "Run")  # what they give has the accessor of report.notebook
_MODULES = ("indicators", "mechanisms", "tables", "audits", "studies", "report")

__all__ = ["__version__", *_WHERE, *_MODULES]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: importing datapolis alone stays light."""
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        if name in _RESULTS:
            import_module("datapolis.report.notebook")
    elif name in _MODULES:
        value = import_module(f"datapolis.{name}")
    else:
        raise AttributeError(f"module 'datapolis' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
