"""Counts and means of groups with differential privacy: noise instead of a threshold.

    count_g + noise,   mean_g = lower + step (sum_g + noise) / (count_g + noise)

For any unit, what is told is at most exp(epsilon) times as likely with its rows as without them.
That holds whatever the reader knows beside it, and it adds up: releases of epsilon 0.5 and 0.3 are
together one of 0.8. The budget of a log says how much there may be in all.

**Bounds.** A unit counts with `most_rows` rows at most, the first of its own; a value counts as the
nearest from `lower` to `upper`, in steps of 2**-20 of that width, so that sums are whole numbers
and exact. One unit then moves all counts together by most_rows, all sums by most_rows * 2**20
steps. Groups and bounds are given, never read from the table: that would tell of it too.

**Noise.** OpenDP's discrete Laplace noise, P(k) ~ exp(-|k| / scale), of scale most_rows / epsilon;
a mean spends half of epsilon on the sum and half on the count. There is no seed: who could draw the
noise again could take it off.

Needs `pip install "datapolis[privacy]"`.

Sources: Dwork, McSherry, Nissim and Smith (2006); Ghosh, Roughgarden and Sundararajan (2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.log_folder import LogFolder
from datapolis.core.errors import InputError
from datapolis.tables import Source, Table, open_table

if TYPE_CHECKING:
    import pandas
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

STEPS = 2**20  # of a value between its bounds
DELTA = 0.0  # Laplace noise is pure: no chance is set aside in which epsilon does not hold


@dataclass(frozen=True)
class PrivateRelease:
    """Noisy numbers of groups, and what protects whom."""

    groups: tuple[str, ...]
    counts: Int[Column, "group"]
    means: Float[Column, "group"] | None  # nan where the noisy count is below 1
    epsilon: float
    delta: float
    unit: str  # whose rows are protected together
    most_rows: int
    bounds: tuple[float, float] | None  # of a value
    scale: float  # of the noise on a count
    left: float  # of the budget

    @property
    def says(self) -> str:
        """What was done, for whoever reads the numbers."""
        bounded = "" if self.bounds is None else (
            f", values taken from {self.bounds[0]:g} to {self.bounds[1]:g}"
        )  # fmt: skip
        return (
            f"Differentially private: epsilon {self.epsilon:g}, delta {self.delta:g}, for all rows "
            f"of one {self.unit} together, of which {self.most_rows} at most count{bounded}; "
            f"discrete Laplace noise of scale {self.scale:g} on each count, by OpenDP."
        )

    def frame(self) -> pandas.DataFrame:
        """A row for each group, with what protects it."""
        import pandas

        columns: dict[str, Any] = {"group": self.groups, "count": self.counts}
        if self.means is not None:
            columns["mean"] = self.means
        return pandas.DataFrame({**columns, "epsilon": self.epsilon, "unit": self.unit})


def declare_budget(log: Path | str, epsilon: float) -> None:
    """Declare, once, the epsilon of all private releases of a log together."""
    folder = LogFolder(log)
    _check_positive("epsilon", epsilon)
    with folder.alone():
        total, _ = _budget(folder)
        if total not in (0.0, epsilon):
            raise InputError(
                "the budget was declared before",
                field="epsilon",
                value=epsilon,
                allowed=f"{total:g}: a budget that can be raised protects nobody",
            )
        if not total:
            folder.add(budget=float(epsilon), delta=DELTA)


def budget_left(log: Path | str) -> float:
    """The epsilon that is left of the budget of a log."""
    total, spent = _budget(LogFolder(log))
    return total - spent


def private_counts(
    table: Source,
    *,
    by: str,
    groups: Sequence[str],
    unit: str,
    epsilon: float,
    log: Path | str,
    most_rows: int = 1,
    drop: str = "",
) -> PrivateRelease:
    """How many rows each group has, with noise; `epsilon` is spent from the budget of `log`.

    by, groups   the column of groups, and those of it that are told; other rows count nowhere
    unit         the column of whose rows are protected together

    Raises InputError where too little of the budget is left; then nothing was drawn.
    """
    rows = open_table(table, drop=drop).text(by, unit)
    _check(groups, epsilon, most_rows)
    cells = _bounded(rows, by, unit, "", groups, most_rows)
    counts = np.bincount(cells[by], minlength=len(groups))
    left = _spend(log, "private_counts", epsilon)
    noisy = _noisy(counts, most_rows, epsilon)
    return PrivateRelease(
        groups=tuple(groups),
        counts=noisy,
        means=None,
        epsilon=epsilon,
        delta=DELTA,
        unit=unit,
        most_rows=most_rows,
        bounds=None,
        scale=most_rows / epsilon,
        left=left,
    )


def private_means(
    table: Source,
    *,
    value: str,
    bounds: tuple[float, float],
    by: str,
    groups: Sequence[str],
    unit: str,
    epsilon: float,
    log: Path | str,
    most_rows: int = 1,
    drop: str = "",
) -> PrivateRelease:
    """The mean value of each group, with noise; half of `epsilon` goes to the counts.

    value, bounds   the column of values, and from where to where one counts; the rest as in
                    `private_counts`

    Raises InputError where too little of the budget is left; then nothing was drawn.
    """
    lower, upper = (float(one) for one in bounds)
    if not (np.isfinite(lower) and np.isfinite(upper) and lower < upper):
        raise InputError("no bounds", field="bounds", value=bounds, allowed="lower, upper")
    rows = open_table(table, drop=drop).text(by, unit).numbers(value)
    _check(groups, epsilon, most_rows)
    cells = _bounded(rows, by, unit, value, groups, most_rows)
    part = (np.clip(cells[value], lower, upper) - lower) / (upper - lower)
    steps = np.rint(part * STEPS).astype(np.int64)
    counts = np.bincount(cells[by], minlength=len(groups))
    sums = np.zeros(len(groups), np.int64)
    np.add.at(sums, cells[by], steps)
    left = _spend(log, "private_means", epsilon)
    noisy = _noisy(counts, most_rows, epsilon / 2)
    total = _noisy(sums, most_rows * STEPS, epsilon / 2)
    share = np.where(noisy >= 1, total / np.maximum(noisy, 1) / STEPS, np.nan)
    return PrivateRelease(
        groups=tuple(groups),
        counts=noisy,
        means=lower + (upper - lower) * np.clip(share, 0.0, 1.0),
        epsilon=epsilon,
        delta=DELTA,
        unit=unit,
        most_rows=most_rows,
        bounds=(lower, upper),
        scale=2 * most_rows / epsilon,
        left=left,
    )


def _bounded(
    rows: Table, by: str, unit: str, value: str, groups: Sequence[str], most_rows: int
) -> dict[str, Any]:
    """The group, by number, and the value of the rows that count: a unit's first `most_rows`.

    Which of its rows those are depends on the unit's own rows alone, whatever the others have.
    """
    cells = rows.fetch(unit, by, *([value] if value else []))
    known = {name: place for place, name in enumerate(groups)}
    group = np.array([known.get(str(one), -1) for one in cells[by]], int)
    owner = np.unique(cells[unit].astype(str), return_inverse=True)[1]
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], owner[order])
    kept = order[np.arange(order.size) - first < most_rows]
    kept = kept[group[kept] >= 0]
    return {by: group[kept], **({value: cells[value][kept]} if value else {})}


def _noisy(exact: Int[Column, "group"], moves: int, epsilon: float) -> Int[Column, "group"]:
    """Whole numbers with OpenDP's noise, where one unit moves all of them together by `moves`."""
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    measurement = space >> dp.m.then_laplace(scale=moves / epsilon)
    if measurement.map(moves) > epsilon * (1 + 1e-9):
        raise AssertionError("the noise does not hold what epsilon promises")
    return np.array(measurement(exact.astype(int).tolist()), np.int64)


def _opendp() -> Any:
    """OpenDP, with the measurements that its contributors have proved but not vetted."""
    try:
        import opendp.prelude as dp
    except ImportError:
        raise InputError(
            "OpenDP is not installed", allowed='pip install "datapolis[privacy]"'
        ) from None
    dp.enable_features("contrib")
    return dp


def _budget(folder: LogFolder) -> tuple[float, float]:
    """The budget of a log, 0 before it is declared, and what of it is spent."""
    total = next((one["budget"] for one in folder.entries if "budget" in one), 0.0)
    return float(total), float(sum(one.get("epsilon", 0.0) for one in folder.entries))


def _spend(log: Path | str, kind: str, epsilon: float) -> float:
    """Spend epsilon before noise is drawn, and return what is left of the budget."""
    _opendp()
    folder = LogFolder(log)
    with folder.alone():
        total, spent = _budget(folder)
        if epsilon > (total - spent) * (1 + 1e-12):
            raise InputError(
                "the privacy budget is spent" if total else "no budget was declared",
                field="epsilon",
                value=epsilon,
                allowed=f"at most {max(total - spent, 0.0):g} of {total:g} (declare_budget)",
            )
        folder.add(kind=kind, epsilon=float(epsilon), delta=DELTA)
    return total - spent - epsilon


def _check(groups: Sequence[str], epsilon: float, most_rows: int) -> None:
    if isinstance(groups, str) or not groups or len(set(groups)) < len(groups):
        raise InputError("no groups to tell", field="groups", allowed="one or more, each once")
    _check_positive("epsilon", epsilon)
    if most_rows < 1:
        raise InputError("too few", field="most_rows", value=most_rows, allowed="1 or more")


def _check_positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InputError("is out of range", field=name, value=value, allowed="a number above 0")
