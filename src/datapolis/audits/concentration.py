"""How much of what was measured sits in few hands, period by period.

Each row of the table says how much one holder had in one period: the share of page loads on which
a company was present, or its share of a market. The answers are indicators of
`datapolis.indicators`, the same functions that observe the simulated society.

**Basis.** With "presence" the weights overlap: on one page load several companies are present, so
the weights sum to more than 1, and `herfindahl` is about shares of all presences. The bands that
competition authorities use for market shares do not apply to it. With "share" the weights are
parts of one whole and sum to at most 1.

**Bounds, not sampling intervals.** A table of all companies is no sample of companies, so that a
bootstrap would answer a question nobody asked. What remains open is who was too small to be
measured. The bounds are the least and greatest value among four tables: the one measured, and the
same with as many holders again that nobody saw, who have

    nothing        dust: they are there, and count
    as much each   as the smallest holder measured ("presence"), or as is left of 1 ("share")
    all of that    in one hand: the unseen are one holder

The tail exponent alone is an estimate. Its interval is alpha -/+ 1.645 alpha/sqrt(k), 90 %, for the
k largest holders taken as draws from a Pareto law (Hill 1975).

Source: F36, docs/model.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from datapolis.errors import InputError
from datapolis.indicators import (
    concentration_ratio,
    effective_number,
    gini,
    herfindahl,
    hill_tail_exponent,
    top_fifth_share,
)

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

    Column = np.ndarray[Any, np.dtype[Any]]

Basis = Literal["presence", "share"]

NINETY = 1.6448536269514722  # standard errors on either side of a 90 % interval
TAIL = 0.2  # part of the holders that make the tail

BOUNDS = {
    "presence": "bounds: as many holders again unseen, with nothing, each as much as the smallest "
    "measured, or all of that in one hand; shares overlap, market bands do not apply",
    "share": "bounds: as many holders again unseen, with nothing, an equal part each of what is "
    "left of 1, or all of that in one hand",
}
STANDARD_ERROR = "90 % interval: alpha -/+ 1.645 alpha/sqrt(k), k largest holders (Hill)"
AS_MEASURED = "as measured: no holder too small to be measured changes it"
NO_TAIL = "none: fewer than two holders, or equal ones"

BOUNDED: dict[str, Callable[[Any], Any]] = {
    "herfindahl": herfindahl,
    "effective_number": effective_number,
    "top_fifth_share": top_fifth_share,
    "gini": gini,
    "four_largest": concentration_ratio,
}
tail: Callable[[Any, float], Any] = hill_tail_exponent


def audit(
    time: Shaped[Column, "row"],
    name: Shaped[Column, "row"],
    weight: Float[Column, "row"],
    *,
    basis: Basis = "presence",
) -> dict[str, Column]:
    """How concentrated the weights are among the names, in each period.

    Columns, one row for each period and indicator: `time`, `indicator`, `value`, `lower`, `upper`,
    `interval` (in words what the two mean) and `n`, how many holders were measured.

    herfindahl        chance that two units taken at random have one holder
    effective_number  how many equal holders would be as concentrated
    top_fifth_share   share of the largest fifth of holders; .8 is the 80-20 rule
    gini              inequality among holders
    four_largest      share of the four largest
    largest           weight of the largest holder, as measured
    total             sum of all weights: with "presence", holders present at once on average
    tail_exponent     how fast the chance of a larger holder falls, over the largest fifth
    """
    time, name, weight = np.asarray(time), np.asarray(name), np.asarray(weight, np.float64)
    _check(time, name, weight, basis)
    rows = [
        (period, *row, int(here.sum()))
        for period in np.unique(time)
        for here in [time == period]
        for row in _answers(weight[here], basis)
    ]
    period, indicator, value, lower, upper, interval, count = zip(*rows, strict=True)
    return {
        "time": np.asarray(period),
        "indicator": np.asarray(indicator),
        "value": np.asarray(value, np.float64),
        "lower": np.asarray(lower, np.float64),
        "upper": np.asarray(upper, np.float64),
        "interval": np.asarray(interval),
        "n": np.asarray(count, np.int64),
    }


def _answers(weight: Float[Column, "holder"], basis: Basis) -> Iterator[tuple[Any, ...]]:
    """Indicator, value, lower, upper and interval of one period."""
    tables = list(with_unseen(weight, basis))
    for name, indicator in BOUNDED.items():
        values = [float(indicator(table)) for table in tables]
        yield name, values[0], min(values), max(values), BOUNDS[basis]
    largest = float(weight.max())
    yield "largest", largest, largest, largest, AS_MEASURED
    totals = [float(table.sum()) for table in tables]
    yield "total", totals[0], min(totals), max(totals), BOUNDS[basis]
    exponent = float(tail(weight, TAIL))
    if np.isnan(exponent):
        yield "tail_exponent", exponent, np.nan, np.nan, NO_TAIL
        return
    reach = NINETY * exponent / np.sqrt(_leaders(weight.size))
    yield "tail_exponent", exponent, max(exponent - reach, 0.0), exponent + reach, STANDARD_ERROR


def with_unseen(weight: Float[Column, "holder"], basis: Basis) -> Iterator[Column]:
    """The weights as measured, then with as many holders again whom nobody saw, three times."""
    many = weight.size
    smallest = weight[weight > 0].min()
    rest = max(1.0 - weight.sum(), 0.0) if basis == "share" else many * smallest
    yield weight
    yield np.concatenate([weight, np.zeros(many)])
    yield np.concatenate([weight, np.full(many, rest / many)])
    yield np.append(weight, rest)


def _leaders(many: int) -> int:
    """How many holders make the tail: as `hill_tail_exponent` rounds it."""
    return min(max(round(TAIL * many), 1), many - 1)


def _check(time: Column, name: Column, weight: Column, basis: str) -> None:
    if basis not in BOUNDS:
        raise InputError("no such basis", field="basis", value=basis, allowed="presence, share")
    if not time.shape == name.shape == weight.shape or weight.ndim != 1:
        raise InputError(
            "the columns do not have one length",
            field="time, name, weight",
            value=(time.shape, name.shape, weight.shape),
        )
    if weight.size == 0:
        raise InputError("the table is empty", field="weight", allowed="one row or more")
    if not np.isfinite(weight).all() or (weight < 0).any():
        wrong = int((~np.isfinite(weight) | (weight < 0)).sum())
        raise InputError(
            f"{wrong} rows are no amount", field="weight", allowed="numbers, 0 or more"
        )
    _, counts = np.unique(
        np.stack([time.astype(str), name.astype(str)]), axis=1, return_counts=True
    )
    if (counts > 1).any():
        raise InputError(
            f"{int((counts > 1).sum())} names occur twice in one period",
            field="name",
            allowed="each name once in each period",
        )
    for period in np.unique(time):
        whole = weight[time == period].sum()
        if whole <= 0:
            raise InputError("nobody has anything in a period", field="weight", value=str(period))
        if basis == "share" and whole > 1 + 1e-6:
            raise InputError(
                "shares of one whole sum to more than 1",
                field="weight",
                value=round(float(whole), 6),
                allowed="at most 1, or basis presence",
            )
