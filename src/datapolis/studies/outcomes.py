"""Outcomes and uncertainties: what a question reads off a run, and what it lets vary.

An outcome is written as a user would say it:

    "harm"                        the mean of the last twelve months
    "power_share.market"          of one label
    "harm@120"                    in month 120
    "harm@mean"                   over all months; also @max, @min
    "harm@change"                 the last twelve months less the first; also @first
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datapolis.core.declare import Declaration
from datapolis.core.errors import InputError, nearest
from datapolis.core.parameters import DECLARED

if TYPE_CHECKING:
    import xarray
    from jaxtyping import Float

YEAR = 12  # months over which the first and the last are taken, so that chance weighs less
WORDS = ("last", "first", "mean", "max", "min", "change")


@dataclass(frozen=True)
class Outcome:
    """One number of a run: an index, of one label if it has several, over some of the months."""

    index: str
    label: str = ""
    at: str = "last"

    @staticmethod
    def parse(text: str) -> Outcome:
        """The outcome that a text says. Raises InputError if there is no such index."""
        from datapolis.model.indices import INDICES

        name, _, at = text.partition("@")
        index, _, label = name.partition(".")
        if index not in INDICES:
            raise InputError(
                "no such index", field="outcome", value=text, nearest=nearest(index, INDICES)
            )
        if at and not at.isdigit() and at not in WORDS:
            raise InputError(
                "no such time of a run",
                field="outcome",
                value=text,
                allowed="a month, or " + ", ".join(WORDS),
                nearest=nearest(at, WORDS),
            )
        if bool(INDICES[index].dims) != bool(label):
            raise InputError(
                "an index of several numbers needs a label" if not label else "has no labels",
                field="outcome",
                value=text,
                allowed=f"{index}.LABEL" if not label else index,
            )
        return Outcome(index, label, at or "last")

    def __str__(self) -> str:
        name = f"{self.index}.{self.label}" if self.label else self.index
        return name if self.at == "last" else f"{name}@{self.at}"

    @property
    def unit(self) -> str:
        """The unit of the index."""
        from datapolis.model.indices import INDICES

        return INDICES[self.index].unit

    def series(self, runs: xarray.Dataset) -> Float[np.ndarray, "case month"]:
        """The index month by month. Raises InputError if the runs do not have it."""
        if self.index not in runs:
            raise InputError("not recorded in these runs", field="outcome", value=str(self))
        values = runs[self.index]
        if self.label:
            labels = [str(one) for one in values[values.dims[-1]].values]
            if self.label not in labels:
                raise InputError(
                    "no such label",
                    field="outcome",
                    value=str(self),
                    allowed=", ".join(labels[:12]),
                    nearest=nearest(self.label, labels),
                )
            values = values.isel({values.dims[-1]: labels.index(self.label)})
        return np.asarray(values.values, float)

    def of(self, runs: xarray.Dataset) -> Float[np.ndarray, "case"]:
        """The outcome of each run; nan where the index had no value."""
        series = self.series(runs)
        months = series.shape[-1]
        if self.at.isdigit():
            if int(self.at) >= months:
                raise InputError(
                    "after the last month",
                    field="outcome",
                    value=str(self),
                    allowed=f"0 to {months - 1}",
                )
            return np.asarray(series[..., int(self.at)])
        last, first = mean_of_known(series[..., -YEAR:]), mean_of_known(series[..., :YEAR])
        if self.at == "change":
            return np.asarray(last - first)
        if self.at in ("max", "min"):
            extreme = np.fmax if self.at == "max" else np.fmin  # those that pass nan over
            return np.asarray(extreme.reduce(series, axis=-1))
        return {"last": last, "first": first, "mean": mean_of_known(series)}[self.at]


def mean_of_known(values: Float[np.ndarray, "case month"]) -> Float[np.ndarray, "case"]:
    """The mean over the months that have a value; nan if none has."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def indices_of(outcomes: Iterable[Outcome]) -> list[str]:
    """The indices that some outcomes need, each once."""
    return list(dict.fromkeys(one.index for one in outcomes))


@dataclass(frozen=True)
class Uncertainty:
    """A parameter that is not known: it lies somewhere in its range, all of it as likely."""

    path: str
    low: float
    high: float

    @staticmethod
    def parse(path: str, low: float | None = None, high: float | None = None) -> Uncertainty:
        """The uncertainty of a parameter: its declared range, or a part of it."""
        if path not in DECLARED:
            raise InputError("no such parameter", field=path, nearest=nearest(path, DECLARED))
        declared = DECLARED[path]
        found = Uncertainty(
            path, declared.low if low is None else low, declared.high if high is None else high
        )
        if not declared.low <= found.low < found.high <= declared.high:
            raise InputError(
                "an empty range, or one beyond what is declared",
                field=path,
                value=(found.low, found.high),
                allowed=f"within {declared.low:g} to {declared.high:g}",
            )
        return found

    @property
    def declared(self) -> Declaration:
        """What is known of the parameter."""
        return DECLARED[self.path]

    def at(self, level: Float[np.ndarray, "case"]) -> Float[np.ndarray, "case"]:
        """The value at a level between 0 and 1 of the range."""
        return self.low + level * (self.high - self.low)


def box() -> list[Uncertainty]:
    """Every parameter over its whole declared range."""
    return [Uncertainty.parse(path) for path, one in DECLARED.items() if one.low < one.high]


def rows_of(
    uncertainties: Iterable[Uncertainty], levels: Float[np.ndarray, "case parameter"]
) -> list[Mapping[str, float]]:
    """The parameters of each case, from levels between 0 and 1."""
    columns = [(one.path, one.at(levels[:, place])) for place, one in enumerate(uncertainties)]
    return [
        {path: float(np.float32(values[row])) for path, values in columns}
        for row in range(len(levels))
    ]
