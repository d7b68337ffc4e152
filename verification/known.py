"""What is known of the world that the model is about, and where a default run lies.

    python -m verification.known            prints the table
    python -m verification.known write      writes it into docs/verification.md

One run of a small society (`default_run`), each outcome read as stated, each band with its source.
A band is wide: it says what is known, not what the model should be tuned to. `outside` marks bands
that the default run is known to miss; a test sees to it that no other is missed, and that none of
these is met unnoticed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray

DOCUMENT = Path(__file__).parents[1] / "docs" / "verification.md"
TABLE = re.compile(r"(<!-- known: begin -->\n).*?(<!-- known: end -->)", re.DOTALL)
CITIZENS, MONTHS, SEED = 1_000, 240, 1
RECORD = (
    "online", "trust", "technology", "law", "firms_alive", "firms_born", "firms_gone",
    "firms_bought", "breaches", "harm", "harm_by_holder", "copies", "top_fifth_share", "awake",
    "rumour_spreading", "discrimination", "solved", "revenue", "firms_gain", "pricing_gain",
    "charged_less",
)  # fmt: skip

Values = np.ndarray
Reading = Callable[["xarray.Dataset"], float]


@dataclass(frozen=True)
class Known:
    """A band of what is known, and how it is read off a run."""

    name: str
    lower: float
    upper: float
    read: Reading
    source: str
    outside: bool = False
    """Whether the default run is known to lie outside."""

    def holds(self, value: float) -> bool:
        """Whether a value lies in the band."""
        return self.lower <= value <= self.upper


# --- readings ------------------------------------------------------------------------------------


def yearly(results: xarray.Dataset, name: str) -> Values:
    """Means over each year."""
    return np.asarray(results[name].values, float).reshape(-1, 12).mean(axis=1)


def last(name: str, years: int = 1) -> Reading:
    """The mean of the last years."""
    return lambda results: float(yearly(results, name)[-years:].mean())


def organizations() -> int:
    """Organizations that live at the start, of the default world."""
    sizes = world().sizes
    return int(sizes.organizations - sizes.firms + np.sum(world().endowment.alive[sizes.market]))


def of_firms(*names: str) -> Reading:
    """A count of firms a year, as a share of the firms that live; mean over the run."""
    return lambda results: float(
        12 * np.mean(sum(results[name].values for name in names) / results["firms_alive"].values)
    )


def victims(results: xarray.Dataset) -> float:
    """Who is harmed at least once in a year, if months are independent: mean of five years."""
    harm = np.asarray(results["harm"].values, float)[-60:].reshape(-1, 12)
    return float(np.mean(1.0 - np.prod(1.0 - harm, axis=1)))


def largest_part(results: xarray.Dataset) -> float:
    """The largest of agencies', firms', associations' and lawbreakers' parts of all harm."""
    parts = np.asarray(results["harm_by_holder"].values, float).sum(axis=0)
    return float(parts.max() / parts.sum())


def months_behind(results: xarray.Dataset) -> float:
    """Months from technology at a half to law at a half; nan if one never is."""
    dates = [np.flatnonzero(results[name].values >= 0.5)[:1] for name in ("technology", "law")]
    return float(dates[1][0] - dates[0][0]) if all(map(len, dates)) else float("nan")


def parameter(path: str) -> Reading:
    """A default."""
    from datapolis import Parameters

    return lambda _: float(Parameters().get(path))


def fines(results: xarray.Dataset) -> float:
    """Fines as a part of revenue over cost, last five years."""
    revenue, left = (results[name].values[-60:].sum() for name in ("revenue", "firms_gain"))
    return float(1.0 - left / revenue)


# --- what is known -------------------------------------------------------------------------------

EUROSTAT = (
    "Eurostat, business demography 2021: births 10.7 % of enterprises in the EU (Estonia 3.1, "
    "Lithuania 20.2), deaths 8.5 %"
)
SURVEY = (
    "UK Cyber Security Breaches Survey 2022: 39 % of businesses found an attack in a year (upper "
    "end), a fifth of these lost money or data (.08), about 1 % personal data (lower end)"
)

KNOWN: tuple[Known, ...] = (
    Known(
        "time online, last year over first", 2.0, 8.5,
        lambda r: float(yearly(r, "online")[-1] / yearly(r, "online")[0]),
        "ITU: 16 % of the world used the internet in 2005, 68 % in 2024, 4.3 times as many; half "
        "to twice of that",
    ),
    Known(
        "time online, least change of a year", -0.01, 0.5,
        lambda r: float(np.diff(yearly(r, "online")).min()),
        "ITU: in no year since 2005 did the share of people who use the internet fall; .01 for "
        "chance",
    ),
    Known(
        "trust, highest less lowest year", 0.0, 0.37,
        lambda r: float(np.ptp(yearly(r, "trust"))),
        "Pew Research Center, trust in the US government: 54 % at its highest in 2001, 17 % at its "
        "lowest since",
    ),
    Known("firms born in a year, of firms", 0.031, 0.202, of_firms("firms_born"), EUROSTAT),
    Known(
        "firms gone or bought in a year, of firms", 0.031, 0.202,
        of_firms("firms_gone", "firms_bought"), f"{EUROSTAT}; the band is that of births",
    ),
    Known(
        "breaches a year for each organization, last five years", 0.004, 0.39,
        lambda r: 12 * last("breaches", 5)(r) / organizations(), SURVEY,
    ),
    Known(
        "citizens harmed in a year, last five years", 0.045, 0.18, victims,
        "US Bureau of Justice Statistics: 9 % were victims of identity theft within a year, in "
        "2018 and in 2021; half to twice of that",
    ),
    Known(
        "largest part of harm by who held the data", 0.25, 0.6, largest_part,
        "own rule: harm must not hang on one part of four; no source tells the parts",
    ),
    Known(
        "copies, of the room for them, last year", 0.1, 0.9,
        lambda r: last("copies")(r) / parameter("breaches.copy_room")(r),
        "own rule: not at an end",
    ),
    Known(
        "citizens awake, last year", 0.05, 0.9, last("awake"), "own rule: not at an end",
    ),
    Known(
        "users at the largest fifth of firms, last year", 0.6, 0.9, last("top_fifth_share"),
        "top fifth of companies: 66.9 % of sales (Forbes 2000 of 2004, R package HSAUR), 82.2 % of "
        "reach (WhoTracks.me, January 2018)",
    ),
    Known(
        "citizens who spread a rumour, mean of all months", 0.001, 0.23,
        lambda r: float(yearly(r, "rumour_spreading").mean()),
        "Pew Research Center, 2016: 23 % say that they ever shared a made-up story; in one month "
        "it is fewer",
    ),
    Known(
        "use of personal prices, last year", 0.25, 0.75, last("discrimination"),
        "S12: 14 of 32 paired tests and 9 of 16 sites show other prices for other people (.44, "
        ".56)",
    ),
    Known(
        "months from technology at a half to law at a half", 44.0, 276.0, months_behind,
        "S23: 44 months from scandal to law in force, 276 from directive to regulation",
    ),
    Known(
        "public problems solved, last year", 0.61, 0.896, last("solved"),
        "read as quality of public service: UN e-government index 2022, world mean .610; requests "
        "for information answered in time by UK central government, 2015, .896",
    ),
    Known(
        "openness of agencies (default)", 0.06, 0.16, parameter("exchange.open_government"),
        "fully open data sets: 6 to 7 % (Open Data Barometer 2013), 16 and 12 % (Global Open Data "
        "Index 2013, 2014)",
    ),
    Known(
        "tail exponent of breaches (default)", 0.37, 0.7, parameter("breaches.tail"),
        "S06, S07: .37 to .57, and .7",
    ),
    Known(
        "fines, of revenue over cost, last five years", 0.0, 0.04, fines,
        "EU General Data Protection Regulation, article 83(5): at most 4 % of turnover",
        outside=True,
    ),
    Known(
        "profit that personal prices add, last year", 0.10, 0.19, last("pricing_gain"),
        "S13, S14: 10 to 19 %", outside=True,
    ),
    Known(
        "dealings at less than the common price, last year", 0.6, 1.0, last("charged_less"),
        "S13: more than 60 % of buyers pay less", outside=True,
    ),
)  # fmt: skip


def world() -> object:
    """The society's world: default sizes, few citizens."""
    from datapolis import World

    return World.generate(CITIZENS, seed=SEED)


def default_run() -> xarray.Dataset:
    """Twenty years without policy, with every constant at its default."""
    from datapolis import simulate

    return simulate(world(), months=MONTHS, seed=SEED, record=list(RECORD))  # type: ignore[arg-type]


def table(results: xarray.Dataset) -> str:
    """The table of the document."""
    rows = ["| what | known | default run | source |", "| --- | --- | --- | --- |"]
    for one in KNOWN:
        said = f"{one.read(results):.3g}{' (outside)' if one.outside else ''}"
        rows.append(f"| {one.name} | {one.lower:g} to {one.upper:g} | {said} | {one.source} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Do what is asked."""
    made = table(default_run())
    print(made)
    if sys.argv[1:] == ["write"]:
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(TABLE.sub(rf"\g<1>{made}\g<2>", text), encoding="utf-8")


if __name__ == "__main__":
    main()
