"""Modules that have moved: their old names still import, with a warning, until version 0.3."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {  # the old name below datapolis: the package where it is now
    **dict.fromkeys(("declare", "errors", "parameters", "policy", "scenario"), "core"),
    **dict.fromkeys(("indicators", "inference"), "statistics"),
    **dict.fromkeys(
        (
            "arrays",
            "indices",
            "mechanisms",
            "month",
            "noise",
            "profiling",
            "quantities",
            "sharding",
            "simulation",
            "society",
            "world",
        ),
        "model",
    ),
}


class Moved(MetaPathFinder, Loader):
    """Finds `datapolis.month` as `datapolis.model.month`: one module under two names."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for an old name; None for all other names."""
        package, _, inside = name.partition(".")
        first = inside.partition(".")[0]
        return ModuleSpec(name, self) if package == "datapolis" and first in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module under its new name, with a warning that names it."""
        inside = spec.name.partition(".")[2]
        now = f"datapolis.{MOVED[inside.partition('.')[0]]}.{inside}"
        module = import_module(now)
        spec.loader_state = module.__spec__
        warnings.warn(f"{spec.name} is now {now}", DeprecationWarning, stacklevel=2)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: it has run under its new name, which its own spec keeps."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state
