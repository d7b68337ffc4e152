"""Modules that have moved: their old names still import, with a warning, until version 0.3."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {  # below datapolis: the old name, the new one
    "errors": "core.errors",
    "declare": "core.declare",
    "parameters": "core.parameters",
    "policy": "core.policy",
    "scenario": "core.scenario",
    "indicators": "statistics.indicators",
    "inference": "statistics.inference",
    "arrays": "model.arrays",
    "noise": "model.noise",
    "world": "model.world",
    "society": "model.society",
    "quantities": "model.quantities",
    "mechanisms": "model.mechanisms",
    "month": "model.month",
    "indices": "model.indices",
    "simulation": "model.simulation",
    "sharding": "model.sharding",
    "profiling": "model.profiling",
    "studies.again": "studies.reproduce",
    "studies.work": "studies.pipeline",
    "studies.laboratory": "studies.run_cache",
    "studies.cube": "studies.results_array",
    "studies.lines": "studies.document.toml_positions",
    "studies.migrations": "studies.document.migrations",
    "studies.schema": "studies.document.schema",
    "studies.template": "studies.document.template",
    "studies.spread": "studies.executor",
    "studies.trials": "studies.policy_evaluation",
    "studies.claims.trial": "studies.claims.claim_test",
    "studies.descent": "studies.gradient_calibration",
    "studies.revealed": "studies.market_inversion",
    "studies.evolution": "studies.multiobjective_search",
    "studies.portfolios": "studies.candidate_policies",
    "audits.slips": "audits.data_quality",
    "audits.slip_notes": "audits.data_quality_notes",
    "audits.spreading": "audits.diffusion_common",
    "audits.ledger": "audits.disclosure_log",
    "audits.margins": "audits.cell_suppression",
    "report.drawn": "report.render",
}


class Moved(MetaPathFinder, Loader):
    """Finds `datapolis.month` as `datapolis.model.month`: one module under two names."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for an old name; None for all other names."""
        return ModuleSpec(name, self) if _now(name) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module under its new name, with a warning that names it."""
        now = _now(spec.name)
        module = import_module(now)
        spec.loader_state = module.__spec__
        warnings.warn(f"{spec.name} is now {now}", DeprecationWarning, stacklevel=2)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: it has run under its new name, which its own spec keeps."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state


def _now(name: str) -> str:
    """What a module is called now; "" if it has not moved."""
    package, _, inside = name.partition(".")
    old = inside if package == "datapolis" else ""
    while old:
        if old in MOVED:
            return f"datapolis.{MOVED[old]}{inside.removeprefix(old)}"
        old = old.rpartition(".")[0]
    return ""
