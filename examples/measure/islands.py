"""What companies see together, what is open, who supplies: published figures beside ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from datapolis.audits.finding import Audit
from datapolis.audits.islands import islands
from examples.measure.real import Published, table

TITLE = "Islands: joint views of sites, open data by place, interfaces on offer"
REQUIRED = (
    "exists",
    "digital",
    "public",
    "online",
    "free",
    "machinereadable",
    "bulk",
    "openlicense",
)  # for openness as the index defines it; being up to date is scored, not required
CHECKED = "computed independently on the same table"


def demo() -> tuple[Audit, list[Published]]:
    """A joint view, openness with and without rows that repeat others, and supply."""
    view = islands(
        table("tracker_site_company_201801.csv"),
        left="site",
        right="company",
        weight="tracked_proportion",
        drop="company=unknown",
        edge_means="seen on the site with an identifier",
        public=True,
    )
    kept, different = (openness(duplicates) for duplicates in ("keep", "drop"))
    offers = islands(
        table("uk_gov_api_catalogue_2021_07.csv"),
        holder="provider",
        attributes=("has_licence", "has_documentation"),
        time="dateAdded",
        public=True,
    )
    parts = (view, different, offers)
    audit = replace(
        view,
        title=TITLE,
        findings=tuple(finding for one in parts for finding in one.findings),
        series={name: columns for one in parts for name, columns in one.series.items()},
        notes=tuple(dict.fromkeys(note for one in parts for note in one.notes)),
        inputs=tuple(source for one in parts for source in one.inputs),
    )
    return audit, [*seen(view), *opened(kept, different), *offered(offers)]


def openness(duplicates: str) -> Audit:
    """The Global Open Data Index of both years."""
    options: dict[str, Any] = {"duplicates": duplicates}
    return islands(
        table("global_open_data_index_entries_2013_2014.csv"),
        is_open="isopen",
        attributes=REQUIRED,
        mend=("bulk", "openlicense"),
        place="place",
        dataset="dataset",
        time="year",
        public=True,
        **options,
    )


def seen(view: Audit) -> list[Published]:
    """What companies see of sites."""
    figures = (
        ("pairs of sites that Google could link", 0.0086, "top_linker", 5e-5),
        ("pairs that some company could link", 0.0238, "pair_linkability", 5e-5),
        ("pairs with a company in common", 0.134, "pairs_listed", 5e-4),
        ("the same, with unknown", 0.318, "pairs_listed_with_dropped", 5e-4),
    )
    return [
        Published(what, figure, view[name].estimate, tolerance, CHECKED)
        for what, figure, name, tolerance in figures
    ]


def opened(kept: Audit, different: Audit) -> list[Published]:
    """What is open; the published counts of 2014 are of more places than the table has."""
    index = "Open Knowledge, Global Open Data Index, summary"
    figures = []
    repeats = "41 rows repeat another"
    later = "the table lacks four places, and the reason is not known"
    for audit, year, entries, places, many, rows, why in (
        (different, "2013", 597, 60, 97, "each once", ""),
        (kept, "2013", 597, 60, 97, "repeats kept", repeats),
        (kept, "2014", 970, 97, 124, "as published", later),
    ):
        share = audit["open_share", year]
        ours = (share.n_units, audit["places", year].estimate, share.estimate * share.n_units)
        for what, figure, measured in zip(
            ("entries", "places", "open entries"), (entries, places, many), ours, strict=True
        ):
            found = Published(f"{what} {year}, {rows}", figure, round(measured), 0, index, why)
            figures.append(found)
    for year, alone, both, lacking in (("2013", 57, 90, 18), ("2014", 97, 148, 19)):
        for what, figure, finding in (
            ("closed by the licence alone", alone, different["sole_barrier", year]),
            (
                "opened by licence and bulk",
                both,
                different["mend", f"{year}: bulk and openlicense"],
            ),
            ("open though lacking something", lacking, different["open_lacking", year]),
        ):
            figures.append(Published(f"{what}, {year}", figure, finding.estimate, 0, CHECKED))
    return figures


def offered(offers: Audit) -> list[Published]:
    """Who offers interfaces."""
    figures = (
        ("Herfindahl index of interfaces", 0.132, offers["supply_hhi"], 5e-4),
        ("share with a licence", 0.39, offers["attribute_share", "has_licence"], 5e-3),
        ("share documented", 0.81, offers["attribute_share", "has_documentation"], 5e-3),
        ("added in 2020-08", 92, offers["largest_month"], 0),
    )
    return [
        Published(what, figure, finding.estimate, tolerance, CHECKED)
        for what, figure, finding, tolerance in figures
    ]
