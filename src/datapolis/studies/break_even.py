"""At which weight of service or of harm the sign of a citizen's net gain turns.

    gain = surplus + w_s service - w_h harm           parameters.welfare; months of `indices`

The weights are judgements, so whoever says that citizens gain or lose says beside it where that
turns: with all else as it is,

    w_h* = w_h + gain / harm        w_s* = w_s - gain / service

for a level as for a difference. The weights of a run are read off its recorded parts, which fix
them (two unknowns, a line for each month), so that nothing else need be known of the run. Of
several runs the mean gain is asked about, and a weight that differs between them is put to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datapolis.core.parameters import DECLARED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    import xarray
    from jaxtyping import Float

    Runs: TypeAlias = Float[np.ndarray, "run"]

NAN = float("nan")
GAIN = "citizens_gain"
PARTS = (GAIN, "surplus", "service", "harm")
"""The indices that must be recorded."""
WEIGHTS = {"service": "welfare.service", "harm": "welfare.harm"}
ALIKE = 1e-4  # of parts that move together: sine of the angle between them, about
FITS = 1e-3  # of the largest gain: by how much recorded parts may fail to add up


@dataclass(frozen=True)
class BreakEven:
    """Where the sign of a net gain turns, weight by weight; nan where a part is 0."""

    gain: float
    """In incomes a month: a level, or a difference."""
    weights: dict[str, float]
    """What service and harm weighed, in incomes; the mean over runs."""
    turns: dict[str, float]
    """What each would have to weigh, the other as it is."""

    def within(self, part: str) -> bool:
        """Whether the weight at which it turns lies in the declared range."""
        declared = DECLARED[WEIGHTS[part]]
        return bool(declared.low <= self.turns[part] <= declared.high)

    def __str__(self) -> str:
        """In a sentence, for the range of each weight."""
        if self.gain == 0.0:
            return "There is no net gain or loss whose sign could turn."
        at, never = [], []
        for part, path in WEIGHTS.items():
            reach = f"{DECLARED[path].low:g} to {DECLARED[path].high:g}"
            here = f"{self.weights[part]:.2g}"
            if self.within(part):
                at.append(f"{part} weighs {self.turns[part]:.2g} incomes instead of {here}")
            else:
                never.append(f"{part} from {reach} (here {here})")
        none = " and of ".join(never)
        if not at:
            return f"Its sign turns at no weight of {none}."
        said = f"Its sign turns where {', or where '.join(at)}"
        return f"{said}; at no weight of {none}." if never else f"{said}."


def break_even(gain: Runs, service: Runs, harm: Runs, weights: Mapping[str, Runs]) -> BreakEven:
    """Where the sign of the mean gain of runs turns, from each run's gain, service and harm.

    gain in incomes a month; service and harm as the indices have them, levels or differences alike;
    weights of each run, in incomes. Runs without a value are left out.
    """
    known = np.isfinite(gain + service + harm)
    gain, service, harm = gain[known], service[known], harm[known]
    weighed = {part: np.broadcast_to(one, known.shape)[known] for part, one in weights.items()}
    turns = {
        "service": _ratio(weighed["service"] * service - gain, service),
        "harm": _ratio(weighed["harm"] * harm + gain, harm),
    }
    means = {part: float(one.mean()) if len(one) else NAN for part, one in weighed.items()}
    return BreakEven(float(gain.mean()) if len(gain) else NAN, means, turns)


def _ratio(part: Runs, whole: Runs) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else NAN


def weights(runs: xarray.Dataset) -> dict[str, Runs] | None:
    """What service and harm weighed in each run; the default of a part that is always 0.

    runs    indices of `PARTS`, with a dimension month and any others; these are taken as one, runs
    None if the parts do not add up to the gain, or move together so that they fix no weights.
    """
    gain, surplus, service, harm = (_by_run(runs, name) for name in PARTS)
    known = np.isfinite(gain + surplus + service + harm)
    lines = np.nan_to_num(np.stack([service, -harm], axis=-1)) * known[..., None]
    wanted = (np.nan_to_num(gain - surplus) * known)[..., None]
    size = np.linalg.norm(lines, axis=1)
    scaled = lines / np.maximum(size, 1e-30)[:, None]
    found = np.linalg.pinv(scaled) @ wanted
    left = np.abs(scaled @ found - wanted)
    apart = np.linalg.svd(scaled, compute_uv=False)[:, -1] > ALIKE
    if not known.any() or not (apart | (size == 0).any(axis=1)).all():
        return None
    if left.max() > FITS * np.abs(gain[known]).max():
        return None
    default = [float(DECLARED[path].default) for path in WEIGHTS.values()]
    weighed = np.where(size > 0, found[..., 0] / np.maximum(size, 1e-30), default)
    return dict(zip(WEIGHTS, weighed.T, strict=True))


def of(
    runs: xarray.Dataset, other: xarray.Dataset | None = None, month: int | None = -1
) -> BreakEven | None:
    """Where the mean net gain of runs turns, or its difference from that of others, run by run.

    month   the month that is compared; None for the mean over all months
    None where the parts were not recorded, or do not add up to the gain by constant weights.
    """
    both = [runs] if other is None else [runs, other]
    if not all(name in one for one in both for name in PARTS):
        return None
    weighed = weights(runs)
    if weighed is None:
        return None

    def at(name: str) -> Runs:
        values = [_by_run(one, name) for one in both]
        ends = [one.mean(axis=1) if month is None else one[:, month] for one in values]
        return ends[0] if other is None else ends[0] - ends[1]

    return break_even(at(GAIN), at("service"), at("harm"), weighed)


def _by_run(runs: xarray.Dataset, name: str) -> Float[np.ndarray, "run month"]:
    """An index with all dimensions but the month in one."""
    values = runs[name].transpose(..., "month").values
    return np.asarray(values, np.float64).reshape(-1, values.shape[-1])
