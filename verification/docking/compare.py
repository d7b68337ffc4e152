"""The same society, the same chance: each mechanism of both models, field by field.

Whole numbers must be the same. Others may differ by rounding, for the package computes with 24
bits and the reference with 53: an entry by `RELATIVE` of itself, and by `OF_LARGEST` of the largest
entry of its field; where a field is a difference of nearly equal numbers, by `ABSOLUTE` as well.
In a whole month, where rounding adds up over 17 mechanisms, by `IN_A_MONTH` times as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from datapolis.model.month import MONTH
from datapolis.model.society import Society
from datapolis.model.world import World
from verification.docking.adapter import (
    package_arrays,
    to_arrays,
    to_reference,
    to_reference_shocks,
)
from verification.docking.chance import PackageChance
from verification.docking.societies import Case, cases, cases_of_other_sizes, lived, stages
from verification.reference.month import MONTH as REFERENCE
from verification.reference.month import step
from verification.reference.shocks import strike

RELATIVE = 2e-5
OF_LARGEST = 2e-6
IN_A_MONTH = 10.0
ABSOLUTE = {
    "flows.harm": 2e-7,
    "flows.known": 2e-7,
    "flows.unfair": 1e-6,
    "flows.pricing_gain": 1e-6,
    "flows.integration_gap": 1e-6,
    "flows.government_gain": 1e-6,
}
"""By path: how far an entry may be off, where the field is a difference of larger numbers."""

MECHANISMS = tuple(mechanism.__name__ for mechanism in MONTH)
WRITES = {
    "shocks": (
        "organizations.data",
        "organizations.wealth",
        "flows.attacks",
        "flows.shocked",
        "flows.shock_loss",
    ),
    **{mechanism.__name__: mechanism.writes for mechanism in MONTH},
}


@dataclass(frozen=True)
class Difference:
    """How one field of one society differs between the two models."""

    case: str
    month: int
    mechanism: str
    path: str
    whole: bool
    """Whether it holds whole numbers or yes and no."""
    entries: int
    wrong: int
    """Entries that differ by more than is allowed."""
    relative: float
    """The largest difference, over the largest entry of the field."""
    absolute: float
    example: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the field is the same up to rounding."""
        return self.wrong == 0


def difference(
    case: str,
    month: int,
    mechanism: str,
    path: str,
    package: np.ndarray,
    reference: np.ndarray,
    slack: float = 1.0,
) -> Difference:
    """The two values of a field, held against each other."""
    whole = package.dtype.kind in "bui"
    if package.shape != reference.shape:
        shapes = f"shapes {package.shape} and {reference.shape}"
        return Difference(case, month, mechanism, path, whole, 0, 1, np.inf, np.inf, shapes)
    one, other = package.astype(np.float64), reference.astype(np.float64)
    here, there = np.isnan(one), np.isnan(other)
    off = np.where(here | there, 0.0, np.abs(one - other))
    scale = float(np.max(np.abs(other), initial=0.0, where=~there))
    allowed = np.zeros_like(off)
    if not whole:
        allowed = RELATIVE * np.abs(other) + OF_LARGEST * scale + ABSOLUTE.get(path, 0.0)
        allowed *= slack
    wrong = (off > allowed) | (here != there)
    example = ""
    if np.any(wrong):
        at = tuple(int(place) for place in np.argwhere(wrong)[0])
        example = f"{list(at)}: {one[at]:.9g} and {other[at]:.9g}"
    largest = float(np.max(off, initial=0.0))
    return Difference(
        case,
        month,
        mechanism,
        path,
        whole,
        off.size,
        int(np.sum(wrong)),
        largest / scale if scale > 0 else largest,
        largest,
        example,
    )


def _everything(
    case: str,
    month: int,
    mechanism: str,
    package: Society,
    found: dict[str, np.ndarray],
    slack: float = 1.0,
) -> Iterator[Difference]:
    """Every stock and every flow made so far."""
    nothing = np.full((0,), np.nan)
    for path, value in package_arrays(package).items():
        yield difference(case, month, mechanism, path, value, found.get(path, nothing), slack)


def written(path: str, mechanism: str) -> bool:
    """Whether a mechanism declares that it writes this field."""
    return any(path == one or path.startswith(f"{one}.") for one in WRITES[mechanism])


def mechanism_by_mechanism(
    case: Case, world: World, society: Society, month: int
) -> Iterator[Difference]:
    """One month: each mechanism of the reference on what the package's mechanism found."""
    by_name = {mechanism.__name__: mechanism for mechanism in REFERENCE}
    chance = PackageChance(case.seed, world)
    chance.begin_month(month)
    for name, before, after in stages(case, world, society, month):
        mirrored = to_reference(before, world, month)
        if name == "shocks":
            strike(mirrored, to_reference_shocks(case.scenario))
        else:
            by_name[name](mirrored, case.parameters, case.policy, chance)
        yield from _everything(case.name, month, name, after, to_arrays(mirrored))


def whole_month(case: Case, world: World, society: Society, month: int) -> Iterator[Difference]:
    """One month of all mechanisms, the reference going on from what it made itself."""
    mirrored = to_reference(society, world, month)
    shocks = to_reference_shocks(case.scenario)
    step(mirrored, case.parameters, case.policy, PackageChance(case.seed, world), shocks)
    *_, (_, _, after) = stages(case, world, society, month)
    yield from _everything(case.name, month, "month", after, to_arrays(mirrored), slack=IN_A_MONTH)


# --- all of it -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """How one step of the month compares over all societies."""

    HEADINGS = (
        "step",
        "fields",
        "comparisons",
        "entries",
        "differ",
        "largest difference",
        "where",
        "in small differences",
    )

    step: str
    fields: int
    comparisons: int
    entries: int
    differ: int
    """Fields of one society that differ by more than is allowed."""
    largest: float
    """The largest difference of an entry that is no whole number, over its field's largest."""
    where: str
    small: float
    """The largest difference in a field of `ABSOLUTE`, as it is."""

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return self.differ == 0

    def row(self) -> list[str]:
        """The row of the table."""
        return [
            self.step,
            str(self.fields),
            str(self.comparisons),
            f"{self.entries:,}",
            str(self.differ),
            f"{self.largest:.1e}" if self.largest else "0",
            self.where,
            f"{self.small:.1e}" if self.small else "",
        ]


def summaries() -> list[Summary]:
    """Every step on every society, two months each, and whole months."""
    found: list[Difference] = []
    for case in [*cases(), *cases_of_other_sizes()]:
        found += two_months(case)
    return [_summary(name, found) for name in (*WRITES, "month")]


def two_months(case: Case) -> list[Difference]:
    """All comparisons on one society, in the first month it is looked at and in the next."""
    world = case.world
    society, found = lived(case, world), []
    for month in (case.months, case.months + 1):
        found += mechanism_by_mechanism(case, world, society, month)
        found += whole_month(case, world, society, month)
        *_, (_, _, society) = stages(case, world, society, month)
    return found


def months_together(case: Case, months: int) -> int:
    """How many months both models go on by themselves before any whole number differs.

    Both draw the same numbers, and neither is put right by the other: rounding adds up, until a
    choice falls the other way.
    """
    world = case.world
    society = lived(case, world)
    mirrored = to_reference(society, world, case.months)
    chance, blows = PackageChance(case.seed, world), to_reference_shocks(case.scenario)
    for month in range(months):
        step(mirrored, case.parameters, case.policy, chance, blows)
        *_, (_, _, society) = stages(case, world, society, case.months + month)
        found = _everything(case.name, month, "month", society, to_arrays(mirrored))
        if any(one.whole and not one.agrees for one in found):
            return month
    return months


def _summary(name: str, found: list[Difference]) -> Summary:
    here = [
        one
        for one in found
        if one.mechanism == name and (name == "month" or written(one.path, name))
    ]
    beside = [one for one in found if one.mechanism == name and not one.agrees]
    real = [one for one in here if not one.whole and one.path not in ABSOLUTE]
    worst = max(real, key=lambda one: one.relative)
    return Summary(
        step="whole month" if name == "month" else name,
        fields=len({one.path for one in here}),
        comparisons=len(here),
        entries=sum(one.entries for one in here),
        differ=len(beside),
        largest=worst.relative,
        where=worst.path if worst.relative else "",
        small=max((one.absolute for one in here if one.path in ABSOLUTE), default=0.0),
    )
