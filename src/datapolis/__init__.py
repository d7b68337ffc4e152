"""datapolis: measure, simulate and govern data power."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from datapolis._moved import MOVED, Moved

__version__ = "0.1.0"

sys.meta_path.insert(0, Moved())

_WHERE = {
    "World": "datapolis.model.world",
    "Society": "datapolis.model.society",
    "Parameters": "datapolis.core.parameters",
    "Levers": "datapolis.core.policy",
    "Policy": "datapolis.core.policy",
    "Rule": "datapolis.core.policy",
    "ramp": "datapolis.core.policy",
    "pulse": "datapolis.core.policy",
    "Shock": "datapolis.core.scenario",
    "MONTH": "datapolis.model.month",
    "step": "datapolis.model.month",
    "simulate": "datapolis.model.simulation",
    "Run": "datapolis.model.simulation",
    "at_rest": "datapolis.studies.market_inversion",
    "open_results": "datapolis.report.notebook",
    "INDICES": "datapolis.model.indices",
    "STANDARD": "datapolis.model.indices",
    "Index": "datapolis.model.indices",
    "InputError": "datapolis.core.errors",
    "StoreError": "datapolis.core.errors",
    "parameter": "datapolis.core.declare",
    "record": "datapolis.core.declare",
    "writes": "datapolis.core.declare",
}
_RESULTS = ("simulate", "Run")  # what they give has the accessor of report.notebook
_MODULES = {
    "indicators": "datapolis.statistics.indicators",
    "mechanisms": "datapolis.model.mechanisms",
    "tables": "datapolis.tables",
    "audits": "datapolis.audits",
    "studies": "datapolis.studies",
    "report": "datapolis.report",
}

__all__ = ["__version__", *_WHERE, *_MODULES]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: importing datapolis alone stays light."""
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        if name in _RESULTS:
            import_module("datapolis.report.notebook")
    elif name in _MODULES:
        value = import_module(_MODULES[name])
    elif name in MOVED:
        return import_module(f"datapolis.{name}")
    else:
        raise AttributeError(f"module 'datapolis' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
