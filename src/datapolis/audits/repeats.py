"""Rows of one case that are no copies: an amendment, or a case written twice in other words.

An audit declares which of its columns name a case together: who was fined, and on which day. Rows
that agree in these, spelling apart, and differ in the amount or in spelling are asked about. Nobody
but the reader knows which row counts, so that the sum is told both ways: over all rows, and with
the largest of each case.

Both sums tell their difference too, which is a sum over the cases that are repeated: it is told
where these have units enough, none of whom dominates it (p % rule), and then to three digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.privacy import one_dominates
from datapolis.core.errors import InputError
from datapolis.tables import N, Table, derived

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

DAY = r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}"  # with less than a day several cases are no wonder
UNLIKE = r"[^\p{L}\p{N}]+"  # what does not tell two spellings of a name apart
ASKED = "are they amendments, or one case written twice?"
KEPT = "All of them count here."


def repeat_notes(
    rows: Table, amount: str, case: Sequence[str], days: Sequence[str], least: int
) -> list[str]:
    """In words how many rows of one case differ, and the sum of the amounts both ways.

    amount   column that is added up
    case     columns that name a case together; whose it is first
    days     those of them that hold days; rows with less than a day are left out
    least    rows, and units, below which numbers are not told; 1 in a public register
    """
    try:
        rows = rows.numbers(amount, gaps=True)
    except InputError:
        return []
    found = _cases(rows, amount, case, days)
    twice = (found.amounts > 1) | (found.spellings > 1)
    if not twice.any():
        return []
    several, cases = int(found.rows[twice].sum()), int(twice.sum())
    alike = f"with the same {' and '.join(case)}, spelling apart, differ in {amount} or spelling"
    if not _safe(found, twice, least):
        many = f"Fewer than {least}" if several < least else "Some"
        return [f"{rows.name}: {many} rows {alike}: {ASKED} {KEPT} Their sums are suppressed."]
    total = float(rows.group([], total=rows[amount].sum())[derived("total")][0])
    once = total - float(found.more[twice].sum())
    return [
        f"{rows.name}: {several:,} rows {alike}, in {cases:,} cases: {ASKED} {KEPT} {amount} sums "
        f"to {_sum(total, least)} over all rows, and to {_sum(once, least)} with only the largest "
        "of each of these cases."
    ]


@dataclass(frozen=True, eq=False)
class Cases:
    """Rows by case."""

    unit: Int[Column, "case"]  # whose it is, numbered
    rows: Int[Column, "case"]
    amounts: Int[Column, "case"]  # different ones
    spellings: Int[Column, "case"]
    more: Float[Column, "case"]  # the sum of the amounts, less the largest
    totals: Float[Column, "unit"]  # of all rows of a unit
    n_rows: int  # in all


def _cases(rows: Table, amount: str, case: Sequence[str], days: Sequence[str]) -> Cases:
    """The cases that are named in full, reduced where the rows lie."""
    text = {f"case_{place}": rows[name].cast("string") for place, name in enumerate(case)}
    bare = {name: cells.lower().re_replace(UNLIKE, "").nullif("") for name, cells in text.items()}
    named = rows.mutate(**bare)
    keys = [derived(name) for name in bare]
    totals = named.group(keys[:1], total=named[amount].sum().fill_null(0.0))
    known = [named[name].notnull() for name in keys]
    known += [named[name].cast("string").re_search(DAY) for name in days]
    named = named.where(known)
    spelt = [named[name].cast("string") for name in case if name not in days]
    cells = named.group(
        keys,
        amounts=named[amount].nunique(),
        spellings=reduce(lambda one, other: one.concat("\x1f", other), spelt).nunique(),
        total=named[amount].sum().fill_null(0.0),
        largest=named[amount].max().fill_null(0.0),
    )
    every, unit = totals[keys[0]].astype(str), cells[keys[0]].astype(str)
    place = np.unique(np.concatenate([every, unit]), return_inverse=True)[1]
    return Cases(
        unit=place[every.size :],
        rows=cells[N].astype(int),
        amounts=cells[derived("amounts")].astype(int),
        spellings=cells[derived("spellings")].astype(int),
        more=(cells[derived("total")] - cells[derived("largest")]).astype(float),
        totals=np.bincount(place[: every.size], totals[derived("total")].astype(float)),
        n_rows=int(totals[N].sum()),
    )


def _safe(found: Cases, twice: Bool[Column, "case"], least: int) -> bool:
    """Whether the counts, both sums and what these differ by give nobody away."""
    if least <= 1:
        return True
    more = np.bincount(found.unit[twice], found.more[twice], found.totals.size)
    others = found.n_rows - int(found.rows[twice].sum())
    return (
        int(twice.sum()) >= least
        and (others == 0 or others >= least)
        and all(_enough(one, least) for one in (found.totals, more, found.totals - more))
    )


def _enough(of: Float[Column, "unit"], least: int) -> bool:
    """Whether enough units have a part in a sum, and none dominates it."""
    return bool((of > 0).sum() >= least and not one_dominates(of))


def _sum(value: float, least: int) -> str:
    """A sum in words: three digits of it where the table is not public."""
    if least > 1:
        return f"about {float(f'{value:.3g}'):,.12g}"
    return f"{round(value, 2):,.15g}"
