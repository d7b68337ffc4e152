"""Trials of portfolios: each in the same draws of what is not known, with the same chance.

A set of draws has first some worlds at the study's own parameters, told apart by chance alone, and
then draws: a Latin hypercube over ranges, or rows of a calibrated posterior. Every portfolio meets
the same worlds and seeds, so that what these gave to all cancels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import Policy
from datapolis.core.scenario import Scenario
from datapolis.statistics.inference.designs import latin_hypercube
from datapolis.studies.candidate_policies import COST, Objective, costs
from datapolis.studies.ensemble import batch_size
from datapolis.studies.outcomes import Uncertainty, rows_of
from datapolis.studies.run_cache import Laboratory
from datapolis.studies.runs import PLAIN, Case

if TYPE_CHECKING:
    import xarray
    from jaxtyping import Float

APART = 1_000_000  # seeds between two sets of draws
DECILES = ("citizens_gain_by_decile", "rights_by_decile")


@dataclass(frozen=True)
class Draws:
    """Worlds in which portfolios are tried."""

    parameters: tuple[Mapping[str, float], ...]  # of each draw; empty at the study's own
    seeds: tuple[tuple[int, ...], ...]  # of each draw
    defaults: int  # the first so many are at the study's own parameters
    paths: tuple[str, ...]  # that vary

    def __len__(self) -> int:
        return len(self.parameters)

    def levels(self) -> Float[np.ndarray, "draw path"]:
        """The varied parameters of the draws that are not at the study's own."""
        return np.array(
            [[one[path] for path in self.paths] for one in self.parameters[self.defaults :]]
        )

    def some(self, places: Sequence[int]) -> Draws:
        """Some of the draws that are not at the study's own parameters."""
        return Draws(
            tuple(self.parameters[self.defaults + place] for place in places),
            tuple(self.seeds[self.defaults + place] for place in places),
            0,
            self.paths,
        )


@dataclass(frozen=True)
class Source:
    """Where draws come from: ranges, or rows of a posterior."""

    varied: tuple[Uncertainty, ...]
    rows: Float[np.ndarray, "row path"] | None = None  # of the posterior
    weights: Float[np.ndarray, "row"] | None = None

    def draw(self, many: int, *, defaults: int, seeds: int, base: int, stream: int) -> Draws:
        """A set of draws; sets of different streams share neither draws nor seeds."""
        rng = np.random.default_rng(np.random.SeedSequence([base, 41, stream]))
        if self.rows is None:
            rows = rows_of(self.varied, latin_hypercube(rng, many, len(self.varied)))
        else:
            chosen = rng.choice(len(self.rows), many, replace=many > len(self.rows), p=self.weights)
            rows = [
                {
                    one.path: float(np.float32(value))
                    for one, value in zip(self.varied, self.rows[row], strict=True)
                }
                for row in chosen
            ]
        first = base + APART * stream
        return Draws(
            parameters=tuple([{} for _ in range(defaults)] + list(rows)),
            seeds=tuple(
                tuple((first + draw * seeds + one) % 2**31 for one in range(seeds))
                for draw in range(defaults + many)
            ),
            defaults=defaults,
            paths=tuple(one.path for one in self.varied),
        )


def posterior(path: Path | str) -> Source:
    """Draws from a table whose columns are paths of parameters; `weight` may weigh its rows.

    Raises InputError if there is no such table, or no such column in it.
    """
    from pyarrow import parquet

    path = Path(path)
    if not path.is_file():
        raise InputError("no such file", field="posterior", value=str(path))
    try:
        table = parquet.read_table(path)
    except Exception:  # whatever a file that is no Parquet makes of itself
        raise InputError("not a Parquet file", field="posterior", value=path.name) from None
    paths = [name for name in table.column_names if name in DECLARED]
    if not paths or not table.num_rows:
        raise InputError(
            "holds no parameters",
            field="posterior",
            value=path.name,
            allowed='a row or more, and columns such as "law.lag"',
        )
    rows = np.stack([np.asarray(table[name], float) for name in paths], axis=1)
    for place, name in enumerate(paths):
        declared = DECLARED[name]
        if not ((rows[:, place] >= declared.low) & (rows[:, place] <= declared.high)).all():
            raise InputError(
                "values beyond the declared range",
                field=f"posterior.{name}",
                allowed=f"{declared.low:g} to {declared.high:g}",
            )
    weights = None
    if "weight" in table.column_names:
        weights = np.asarray(table["weight"], float)
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
            raise InputError("no weights", field="posterior.weight", allowed="0 or more, not all 0")
        weights = weights / weights.sum()
    return Source(tuple(Uncertainty.parse(name) for name in paths), rows, weights)


@dataclass(frozen=True)
class Tried:
    """What came of portfolios in a set of draws."""

    values: Float[np.ndarray, "portfolio draw objective"]  # larger is better
    runs: xarray.Dataset  # case = portfolio, draw, seed
    shape: tuple[int, int, int]

    def of(self, series: Any) -> np.ndarray:
        """A quantity of each run as [portfolio, draw, ...], mean over seeds."""
        values = np.asarray(series, float)
        return np.asarray(values.reshape(*self.shape, *values.shape[1:]).mean(axis=2))


@dataclass(frozen=True)
class Trials:
    """What tries portfolios: a laboratory, what is recorded, and what counts."""

    lab: Laboratory
    months: int
    record: tuple[str, ...]
    objectives: tuple[Objective, ...]
    scenario: Scenario = ()

    def run(self, name: str, policies: Sequence[Policy], draws: Draws) -> Tried:
        """One round: every portfolio in every draw with every seed.

        All rounds of a batch or more compute in batches of one size.
        """
        cases = [
            Case(
                seed=seed,
                parameters=dict(parameters),
                policy=policy,
                scenario=self.scenario,
            )
            for policy in policies
            for parameters, seeds in zip(draws.parameters, draws.seeds, strict=True)
            for seed in seeds
        ]
        most = batch_size(self.lab.worlds[PLAIN].sizes.citizens, 10**6)
        size = most if len(cases) >= most else None
        found = self.lab.run(name, cases, months=self.months, record=self.record, size=size)
        shape = (len(policies), len(draws), len(draws.seeds[0]))
        columns = []
        for one in self.objectives:
            if one.name == COST:
                values = costs([case.policy for case in cases], found, self.months)
            else:
                values = one.of(found)
            columns.append(one.sign * values.reshape(shape).mean(axis=2))
        values = np.nan_to_num(np.stack(columns, axis=-1), nan=0.0)
        return Tried(values, found, shape)
