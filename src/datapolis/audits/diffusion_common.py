"""What the three questions of `diffusion` share: names, layers of ties, what is suppressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from datapolis.audits.finding import Columns, Finding
from datapolis.audits.options import Progress
from datapolis.audits.privacy import ITS_VALUE, LEAST
from datapolis.core.errors import InputError, nearest
from datapolis.tables import N, Table

Reported: TypeAlias = tuple[list[Finding], dict[str, Columns], list[str]]
"""What a question gives: findings, what charts draw, notes."""

LAYER = "layer"  # the column that names the kind of a tie
FEWEST = 5  # units a side, and periods, with which something is estimated at all
SIGNIFICANCE = 0.05
COUNT = "count of all in the table: no sampling error"
CLAIMS = ("E3", "E4", "R6")  # of what is said of adoption


@dataclass(frozen=True)
class Links:
    """Which columns hold ties, and which layers of them count; none: all."""

    ties: tuple[str, str]
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Chance:
    """How random steps are drawn, and who is told how far they are."""

    seed: int
    draws: int
    progress: Progress = None

    def done(self, what: str, done: int, of: int) -> None:
        """Tell how far it is."""
        if self.progress:
            self.progress(what, done, of)


def suppressed_estimate(
    make: Any, name: str, estimand: str, of: str = "", number: int = 0, least: int = LEAST
) -> Finding:
    """A finding without a number, for its group is too small to be shown, or to estimate from."""
    hidden = number < least
    one: Finding = make(
        name=name,
        of=of,
        estimand=estimand,
        estimate=np.nan,
        n_rows=0,
        n_units=0,
        method=make.keywords.get("method", "none"),
        says="Suppressed." if hidden else "Not estimated.",
        cannot_say=ITS_VALUE if hidden else f"Fewer than {FEWEST} units: too few to say anything.",
    )
    return one


def two_names(field: str, names: Sequence[str]) -> tuple[str, str]:
    """Two different names."""
    found = tuple(names)
    if isinstance(names, str) or len(found) != 2 or found[0] == found[1]:
        raise InputError("not two different names", field=field, value=names, allowed="one,other")
    return found[0], found[1]


def names_as_text(rows: Table, *columns: str, gaps: bool = False) -> Table:
    """These columns as text, whole numbers written without a point in whatever type they came."""
    for column in columns:
        if rows[column].type().is_floating():
            rows = rows.numbers(column, gaps=gaps)
            if rows.where(rows[column] != rows[column].floor()).count():
                raise InputError(
                    "names are neither text nor whole numbers",
                    file=rows.name,
                    field=column,
                    allowed="text or whole numbers",
                )
            rows = rows.recode(column, rows[column].cast("int64"))
    return rows.text(*columns, gaps=gaps)


def check_layers(web: Table, layers: tuple[str, ...], least: int) -> None:
    """InputError if a layer is not there; only those that are large enough are named."""
    there = web.group([LAYER])
    names = [str(name) for name in there[LAYER]]
    named = [str(name) for name, many in zip(names, there[N], strict=True) if many >= least]
    for layer in layers:
        if layer not in names:
            raise InputError(
                "no such layer",
                file=web.name,
                field=LAYER,
                value=layer,
                allowed=", ".join(named),
                nearest=nearest(layer, named),
            )


def counted(number: int, least: int) -> str:
    """A count for a note; small ones are not told."""
    return f"{number:,}" if number >= least else f"Fewer than {least}"


def in_words(value: float) -> str:
    """A p value in words."""
    if value < 0.0005:
        return "p < .001"
    return f"p {value:.2g}".replace("0.", ".")
