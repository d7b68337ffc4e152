"""The median of values that are counted, and of whole units drawn with return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.statistics.inference.resampling import AT_ONCE, bootstrap_counts

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]


def median(values: Float[Column, "value"], counts: Int[Column, "value"] | None = None) -> float:
    """The median of values that occur so often; the mean of the two middle ones of an even number.

    Raises InputError if there is none.
    """
    values = np.asarray(values, float)
    counts = np.ones(values.shape) if counts is None else np.asarray(counts, float)
    order = np.argsort(values, kind="stable")
    if not counts.sum() > 0:
        raise InputError("no median of nothing", field="values", allowed="one value or more")
    return float(_middle(values[order], counts[order][None])[0])


def bootstrap_medians(
    values: Float[Column, "row"],
    unit: Int[Column, "row"],
    counts: Int[Column, "row"] | None = None,
    *,
    units: int,
    draws: int,
    seed: int,
) -> Float[Column, "draw"]:
    """The median in samples of whole units; nan where no unit drawn has a value.

    unit     which unit each row belongs to: 0 to `units` - 1
    units    how many are drawn, those without a row here among them: with one seed, groups of rows
             of the same units see the same samples
    """
    from scipy.sparse import csr_array

    values = np.asarray(values, float)
    counts = np.ones(values.shape) if counts is None else np.asarray(counts, float)
    different, code = np.unique(values, return_inverse=True)
    cells = csr_array((counts, (np.asarray(unit), code)), (units, different.size))
    step = max(1, AT_ONCE // (4 * different.size))
    found = [
        _middle(different, block[first : first + step] @ cells)
        for block in bootstrap_counts(units, draws, seed)
        for first in range(0, len(block), step)
    ]
    return np.concatenate(found)


def _middle(
    values: Float[Column, "value"], counts: Float[Column, "draw value"]
) -> Float[Column, "draw"]:
    """The medians of sorted values by how often each occurs."""
    below = np.cumsum(counts, axis=1)
    half = below[:, -1:] / 2
    lower = values[np.argmax(below >= half, axis=1)]
    upper = values[np.argmax(below > half, axis=1)]
    return np.where(half[:, 0] > 0, (lower + upper) / 2, np.nan)
