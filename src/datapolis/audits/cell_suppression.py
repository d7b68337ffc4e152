"""Which groups of several tables of the same cases may be shown, so that none gives another away.

A list of cases is counted by country, by type, by month: tables that share their cases, and a total
that they all have. What is suppressed in one table may be had from the others, by subtraction along
a row, down a column or across both. Each table splits the cases into groups, and the smallest parts
that any of them tells apart are its atoms; a group is then a set of atoms, a row of 0 and 1.

    unsafe      a set of fewer than `least` units, or one that a contributor dominates (p % rule)
    derivable   a set that is a sum or difference of groups that are shown: it lies in their span

No combination of shown groups may be one of fewer than `least` units, whatever its weights
(`disclosure_control`). No unsafe group, no unsafe atom and no unsafe rest (a shown group less those
of another table that are shown inside it) may be derivable. Where one is, the smallest group that
helps to derive it is suppressed too, and so on until none is; then those that turn out to be
needless are given back, the largest first. A group of a finer table is suppressed wherever the
coarser one that holds it is. This guards what subtraction gives exactly; how closely a number may
be bounded from its being no less than 0 is not limited further.

Source: Hundepool et al. (2012), Statistical Disclosure Control, on secondary suppression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.disclosure_control import Sets, Undecided, unsafe_combination
from datapolis.audits.privacy import LEAST, PERCENT, dominant
from datapolis.core.errors import InputError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

    Column = np.ndarray[Any, np.dtype[Any]]

MOST = 1_000_000  # groups times atoms that are compared
NOTHING = 1e-8  # rounding of a projection
ROUNDS = 200  # combinations of few units that are found and prevented


def shown_together(
    tables: Mapping[str, Int[Column, "case"]],
    unit: Int[Column, "case"],
    amount: Float[Column, "case"],
    *,
    least: int = LEAST,
    percent: float = PERCENT,
) -> dict[str, Bool[Column, "group"]]:
    """Which groups of each table may be shown, with the total under the name "".

    tables    for each the group of every case, numbered from 0
    unit      who each case belongs to, numbered from 0: a group counts different units
    amount    of each case, 0 or more; its sum over a group is shown with the group
    least     units in the smallest group that is shown

    Raises InputError where there are too many groups to compare.
    """
    names = ["", *tables]
    places = np.stack([np.zeros(unit.size, int), *tables.values()])
    atoms, atom = np.unique(places, axis=1, return_inverse=True)
    groups = [int(row.max()) + 1 for row in atoms]
    if sum(groups) * atoms.shape[1] > MOST:
        raise _too_many(sum(groups))
    sets = np.concatenate(
        [row == np.arange(many)[:, None] for row, many in zip(atoms, groups, strict=True)]
    )
    table = np.repeat(np.arange(len(names)), groups)
    hidden = _Sets(sets, table, atom.ravel(), unit, amount, least, percent).hidden()
    return dict(zip(names, np.split(~hidden, np.cumsum(groups)[:-1]), strict=True))


def _too_many(groups: int) -> InputError:
    return InputError(
        "too many groups to make sure that none gives another away",
        field="by",
        value=groups,
        allowed=f"groups times different cases up to {MOST:,}: fewer columns, or a public register",
    )


@dataclass
class _Sets:
    """Groups of all tables as sets of atoms; the first is the total."""

    sets: Bool[Column, "group atom"]
    table: Int[Column, "group"]
    atom: Int[Column, "case"]
    unit: Int[Column, "case"]
    amount: Float[Column, "case"]
    least: int
    percent: float
    found: list[Any] = field(default_factory=list)  # combinations of few units, prevented
    guarded: list[Any] = field(default_factory=list)  # unsafe sets that must not be derivable

    def hidden(self) -> Bool[Column, "group"]:
        """Which groups are suppressed."""
        for _ in range(ROUNDS):
            hidden = self._hidden()
            try:
                weights = unsafe_combination(
                    Sets(self.sets[~hidden], self.atom, self.unit), least=self.least
                )
            except Undecided:
                break
            if weights is None:
                return hidden
            self.found.append(weights)
        raise _too_many(len(self.sets))

    def _hidden(self) -> Bool[Column, "group"]:
        """Which groups are suppressed so that no guarded set can be had."""
        unsafe: Bool[Column, "group"] = np.array([not self.safe(one) for one in self.sets])
        if unsafe[0]:
            return np.ones_like(unsafe)
        atoms = np.eye(self.sets.shape[1], dtype=bool)
        few = (one for one in atoms if not self.safe(one))
        self.guarded = [*self.sets[unsafe], *few, *self.found]
        size = np.array([self.units(one) for one in self.sets])
        common = self.sets.astype(float) @ self.sets.T.astype(float)
        many = common.diagonal()
        inside = (common == many[:, None]) & (many[:, None] < many)
        nested = inside & self._refines()[self.table[:, None], self.table]
        hidden = unsafe.copy()
        helpers: set[int] | None = None
        while helpers is None or helpers:
            hidden = hidden | (nested & hidden).any(axis=1)
            helpers = self._rests(hidden, inside, size) or self._derived(hidden, size)
            hidden[list(helpers)] = True
            if hidden[0]:
                return np.ones_like(hidden)
        return self._needed(hidden, unsafe, inside, nested, size)

    def units(self, chosen: Bool[Column, "atom"]) -> int:
        """How many different units a set has."""
        return int(np.unique(self.unit[chosen[self.atom]]).size)

    def safe(self, chosen: Bool[Column, "atom"]) -> bool:
        """Whether a set has units enough, and none that dominates it."""
        here = chosen[self.atom]
        _, code = np.unique(self.unit[here], return_inverse=True)
        parts = np.sort(np.bincount(code, self.amount[here]))[::-1]
        if parts.size < max(self.least, 1):
            return False
        first, second = parts[:1], parts[1:2] if parts.size > 1 else np.zeros(1)
        whole = parts.sum(keepdims=True)
        return not bool(dominant(first, second, whole, percent=self.percent)[0])

    def _refines(self) -> Bool[Column, "fine coarse"]:
        """Whether every group of one table lies in one group of another."""
        many = int(self.table.max()) + 1
        place = [self.sets[self.table == one].argmax(axis=0) for one in range(many)]
        pairs = [
            [np.unique(np.stack([fine, coarse]), axis=1).shape[1] for coarse in place]
            for fine in place
        ]
        own = np.array([fine.max() + 1 for fine in place])
        refines: Bool[Column, "fine coarse"] = np.array(pairs) == own[:, None]
        return refines

    def _rests(
        self,
        hidden: Bool[Column, "group"],
        inside: Bool[Column, "group group"],
        size: Int[Column, "group"],
    ) -> set[int]:
        """Groups to suppress since a shown one, less those of a table inside it, is unsafe."""
        helpers = set()
        for whole in np.flatnonzero(~hidden).tolist():
            for table in np.unique(self.table):
                parts = np.flatnonzero(~hidden & inside[:, whole] & (self.table == table))
                rest = self._left(whole, parts)
                if rest is not None:
                    self.guarded.append(rest)
                    helpers.add(int(parts[np.argmin(size[parts])]))
        return helpers

    def _left(self, whole: int, parts: Int[Column, "part"]) -> Bool[Column, "atom"] | None:
        """What is left of a group without some that lie in it, if that is unsafe."""
        rest = self.sets[whole] & ~self.sets[parts].any(axis=0)
        return rest if parts.size and rest.any() and not self.safe(rest) else None

    def _needed(
        self,
        hidden: Bool[Column, "group"],
        unsafe: Bool[Column, "group"],
        inside: Bool[Column, "group group"],
        nested: Bool[Column, "group group"],
        size: Int[Column, "group"],
    ) -> Bool[Column, "group"]:
        """The groups suppressed, less those that are shown without making an unsafe set derivable.

        What the shown groups leave free is the null space of their rows. Showing one more takes one
        direction from it; a guarded set is safe while some direction is left along it.
        """
        if not self.guarded:
            return unsafe
        _, strength, axes = np.linalg.svd(self.sets[~hidden].astype(float), full_matrices=True)
        free = axes[int((strength > NOTHING * strength[0]).sum()) :]
        guarded = np.array(self.guarded, float) @ free.T
        groups = self.sets.astype(float) @ free.T
        extra = np.flatnonzero(hidden & ~unsafe)
        for one in extra[np.argsort(-size[extra], kind="stable")].tolist():
            if (nested[one] & hidden).any() or not self._leaves_safe(one, hidden, inside):
                continue
            length = float(np.linalg.norm(groups[one]))
            way = groups[one] / length if length > NOTHING else np.zeros_like(groups[one])
            less = guarded - np.outer(guarded @ way, way)
            if (np.abs(less).max(axis=1) > NOTHING).all():
                guarded, groups = less, groups - np.outer(groups @ way, way)
                hidden[one] = False
        return hidden

    def _leaves_safe(
        self, one: int, hidden: Bool[Column, "group"], inside: Bool[Column, "group group"]
    ) -> bool:
        """Whether no unsafe rest comes about if one group more is shown."""
        seen = ~hidden
        seen[one] = True
        pairs = [(whole, self.table[one]) for whole in np.flatnonzero(inside[one] & seen).tolist()]
        pairs += [(one, table) for table in np.unique(self.table)]
        return all(
            self._left(whole, np.flatnonzero(seen & inside[:, whole] & (self.table == table)))
            is None
            for whole, table in pairs
        )

    def _derived(self, hidden: Bool[Column, "group"], size: Int[Column, "group"]) -> set[int]:
        """For each unsafe set that the shown groups give, the smallest group that helps to."""
        if not self.guarded:
            return set()
        seen = np.flatnonzero(~hidden)
        shown, guarded = self.sets[seen].astype(float), np.array(self.guarded, float)
        _, strength, axes = np.linalg.svd(shown, full_matrices=False)
        axes = axes[strength > NOTHING * strength[0]]
        left = guarded - guarded @ axes.T @ axes
        derived = guarded[np.abs(left).max(axis=1) < NOTHING]
        if not len(derived):
            return set()
        weights = np.linalg.lstsq(shown.T, derived.T, rcond=None)[0].T
        return {self._smallest(seen[np.abs(row) > NOTHING], size) for row in weights}

    def _smallest(self, helpers: Int[Column, "helper"], size: Int[Column, "group"]) -> int:
        """The smallest of some groups; the total only where it is the only one."""
        others = helpers[helpers > 0]
        helpers = others if others.size else helpers
        return int(helpers[np.argmin(size[helpers])])
