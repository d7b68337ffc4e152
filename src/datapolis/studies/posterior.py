"""Priors and posteriors of parameters; the baseline that ships with the package.

A prior is uniform on the declared range of a parameter or a part of it; uniform in the logarithm
where a positive range spans a factor of ten or more, for then small values are as much in doubt as
large ones. A posterior is a weighted sample of parameter sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.core.parameters import DECLARED
from datapolis.statistics.inference.abc_smc import resampled
from datapolis.studies.outcomes import Uncertainty

if TYPE_CHECKING:
    from jaxtyping import Float

DECADE = 10.0  # from this ratio of the ends on, a prior is uniform in the logarithm


@dataclass(frozen=True)
class Prior:
    """Where a parameter lies before anything is measured."""

    path: str
    low: float
    high: float

    @staticmethod
    def parse(path: str, low: float | None = None, high: float | None = None) -> Prior:
        """The prior on a parameter's declared range, or on a part of it."""
        if path in DECLARED and DECLARED[path].low == DECLARED[path].high:
            raise InputError("a convention, which cannot vary", field=path)
        found = Uncertainty.parse(path, low, high)
        return Prior(path, found.low, found.high)

    @property
    def logarithmic(self) -> bool:
        """Whether it is uniform in the logarithm."""
        return self.low > 0 and self.high / self.low >= DECADE

    def at(self, level: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Values at levels between 0 and 1."""
        if self.logarithmic:
            return np.asarray(self.low * (self.high / self.low) ** np.asarray(level))
        return np.asarray(self.low + np.asarray(level) * (self.high - self.low))

    def level(self, value: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Levels of values."""
        value = np.asarray(value, float)
        if self.logarithmic:
            return np.asarray(np.log(value / self.low) / np.log(self.high / self.low))
        return np.asarray((value - self.low) / (self.high - self.low))

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "path": self.path,
            "low": self.low,
            "high": self.high,
            "uniform_in": "logarithm" if self.logarithmic else "value",
        }


def values_at(
    priors: Sequence[Prior], levels: Float[np.ndarray, "n parameter"]
) -> Float[np.ndarray, "n parameter"]:
    """Parameter values, as single-precision numbers can hold them, at levels."""
    columns = [one.at(levels[:, place]) for place, one in enumerate(priors)]
    return np.stack(columns, axis=1).astype(np.float32).astype(float)


@dataclass(frozen=True)
class Posterior:
    """A weighted sample of parameter sets."""

    paths: tuple[str, ...]
    values: Float[np.ndarray, "particle parameter"]
    weights: Float[np.ndarray, "particle"]  # sum to 1

    def draws(self, count: int, seed: int = 0) -> list[Mapping[str, float]]:
        """Parameter sets, drawn by weight with as little chance as can be (systematic)."""
        if count < 1:
            raise InputError("too few", field="draws", value=count, allowed="1 or more")
        rng = np.random.default_rng(np.random.SeedSequence([seed, 77]))
        places = rng.permutation(resampled(self.weights, count, rng))
        return [
            {path: float(value) for path, value in zip(self.paths, self.values[place], strict=True)}
            for place in places
        ]

    def mean(self) -> dict[str, float]:
        """The mean of each parameter."""
        return dict(zip(self.paths, (self.weights @ self.values).tolist(), strict=True))

    def columns(self) -> dict[str, list[float]]:
        """As a table: weight, then one column a parameter."""
        columns = {path: self.values[:, place].tolist() for place, path in enumerate(self.paths)}
        return {"weight": self.weights.tolist(), **columns}

    def csv(self) -> str:
        """As text: one row a particle, shortest digits that give the same single precision."""
        table = self.columns()
        rows = zip(*table.values(), strict=True)
        lines = [",".join(str(np.float32(value)) for value in row) for row in rows]
        return "\n".join([",".join(table), *lines, ""])

    @staticmethod
    def of_columns(columns: Mapping[str, Any]) -> Posterior:
        """The posterior that `columns` wrote. InputError if it is none."""
        paths = tuple(name for name in columns if name != "weight")
        for path in paths:
            if path not in DECLARED:
                raise InputError("no such parameter", field=path, nearest=nearest(path, DECLARED))
        if "weight" not in columns or not paths:
            raise InputError("no posterior: columns weight and parameters are needed")
        weights = np.asarray(columns["weight"], float)
        values = np.stack([np.asarray(columns[path], float) for path in paths], axis=1)
        return Posterior(paths, values, weights / weights.sum())


def baseline() -> Posterior:
    """The calibrated baseline that ships with the package; docs/calibration.md says how."""
    text = (files("datapolis") / "baseline" / "posterior.csv").read_text(encoding="utf-8")
    head, *lines = text.splitlines()
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines])
    return Posterior.of_columns(dict(zip(head.split(","), rows.T, strict=True)))
