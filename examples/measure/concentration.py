"""Concentration of trackers on the web, as presence, and of browsers, as a market."""

from __future__ import annotations

from datapolis import audits
from datapolis.audits import Audit
from examples.measure.real import Published, table

TITLE = "Who is present on the pages that people load"
BROWSERS = "browser_vendor_share_region_201706_202312.csv"


def demo() -> tuple[Audit, list[Published]]:
    """The trackers' audit, beside figures of trackers, browsers and companies."""
    found = audits.concentration(
        table("tracker_company_month_201705_201801.csv"),
        holder="company",
        amount="reach",
        time="month",
        basis="presence",
        floor=0.001,
        public=True,
    )
    return found, [*_trackers(found), *_browsers(), *_companies()]


def _trackers(found: Audit) -> list[Published]:
    source = "WhoTracks.me table, an independent computation"
    figures = (
        ("gini", "2017-05", "Gini coefficient", 0.767),
        ("gini", "2018-01", "Gini coefficient", 0.785),
        ("top_fifth_share_floor", "2017-05", "largest fifth, heads rounded down", 0.818),
        ("top_fifth_share_floor", "2018-01", "largest fifth, heads rounded down", 0.822),
        ("largest", "2018-01", "reach of the largest", 0.796),
    )
    return [
        Published(f"{words}, {month}", figure, found[name, month].estimate, 5e-4, source)
        for name, month, words, figure in figures
    ]


def _browsers() -> list[Published]:
    found = audits.concentration(
        table(BROWSERS),
        holder="vendor",
        amount="share_pct",
        time="month",
        within="region_id",
        basis="market",
        public=True,
    )
    figures = zip((0.43, 0.52, 0.53, 0.55, 0.57, 0.55), found.all("mean_herfindahl"), strict=True)
    return [
        Published(
            f"mean Herfindahl index of browsers, {one.of}",
            figure,
            one.estimate,
            0.005,
            "StatCounter by caniuse.com, an independent computation",
        )
        for figure, one in figures
    ]


def _companies() -> list[Published]:
    found = []
    for column, figure in (("sales", 0.669), ("marketvalue", 0.684)):
        share = audits.concentration(
            table("forbes2000_2004.csv"), holder="name", amount=column, basis="amount"
        )["top_fifth_share"]
        found.append(
            Published(
                f"largest fifth of the Forbes 2000 by {column}",
                figure,
                share.estimate,
                5e-4,
                "Forbes 2000 of 2004, an independent computation",
            )
        )
    return found
