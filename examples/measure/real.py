"""Where the real tables are: in the project, in a folder that DATA names, or in a package.

Few of them may be copied into the project (see NOTICE). The others are read from the folder that
the environment's DATA names, or made from packages that hold the same data.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.measure import packages

EXAMPLES = Path(__file__).parents[1]
FOLDERS = (EXAMPLES / "measure", EXAMPLES / "web-tracking")

FROM_PACKAGES: dict[str, Callable[[], Any]] = {
    "forbes2000_2004.csv": packages.forbes,
    "heavytail_words.csv": lambda: packages.heavy_tail("words"),
    "heavytail_blackouts.csv": lambda: packages.heavy_tail("blackouts"),
    "heavytail_terrorism.csv": lambda: packages.heavy_tail("terrorism"),
    "heavytail_cities.csv": lambda: packages.heavy_tail("cities"),
    "fastfood_prices_zip.csv": packages.fast_food,
    "airfare_route_concentration_1997_1999.csv": packages.air_fares,
    "hhs_breaches_2009_2014.csv": packages.breaches,
    "hhs_breaches_submissions_200910_201502.csv": packages.breach_submissions,
    "human_freedom_expression_2008_2014.csv": packages.freedoms,
}
"""Tables that a package holds: functions that give them as data frames, with the same columns."""


class Missing(LookupError):
    """A table that is neither in the project, nor in a package, nor in the folder DATA."""


@dataclass(frozen=True)
class Published:
    """A figure that somebody published, beside ours."""

    what: str  # "Gini coefficient, 2018-01"
    published: float
    ours: float
    tolerance: float
    source: str
    differs: str = ""  # why the two are known to differ

    @property
    def agrees(self) -> bool:
        """Whether ours lies within the tolerance."""
        return abs(self.ours - self.published) <= self.tolerance

    @property
    def verdict(self) -> str:
        """In a word or two; in capitals if it differs and nobody knew."""
        if self.agrees:
            return "agrees"
        return f"differs: {self.differs}" if self.differs else "DIFFERS"


def table(name: str) -> Any:
    """The path of a table, or a data frame of it from a package; `Missing` if there is neither."""
    folders = [*FOLDERS]
    if os.environ.get("DATA"):
        folders.append(Path(os.environ["DATA"]))
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    if name not in FROM_PACKAGES:
        raise Missing(f"{name}: DATA names no folder with it")
    try:
        return FROM_PACKAGES[name]()
    except ImportError as error:
        raise Missing(f"{name}: neither in the folder DATA nor installed ({error.name})") from error
