"""Internet offers by income: published shares of slow offers beside ours, market by market."""

from __future__ import annotations

import pandas

from datapolis.audits.finding import Audit
from datapolis.audits.prices import prices
from examples.measure.real import Published, table

TITLE = "Internet offers by the income of a block group"
PAPER = "The Markup (2022), investigation of internet offers, table 1"
AREAS = "The Markup (2024), investigation of insurance territories, fifths of the location effect"
BOOK = "Wooldridge, Introductory Econometrics, chapters 3 and 14, computer exercises"
GROUPS = {
    "income_level=Low:Upper Income": ("pct_slow_lower_income", "pct_slow_upper_income"),
    "race_quantile=least white:most white": ("pct_slow_least_white", "pct_slow_most_white"),
    "redlining_grade=D:A|B": ("pct_slow_d_rated", "pct_slow_ab_rated"),
}
OFFERS = "isp_offers_blockgroup_shared_cities.csv"
ROUNDED = 5.01e-5  # four decimals
OURS = "an independent computation on the same table"


def demo() -> tuple[Audit, list[Published]]:
    """The audit of offers by income, and published figures of four tables beside ours."""
    audits = {by: _offers(by, draws) for by, draws in zip(GROUPS, (9_999, 1, 1), strict=True)}
    published = [one for by, columns in GROUPS.items() for one in _shares(audits[by], by, columns)]
    income = next(iter(audits.values()))
    return income, [*published, *_chance(income), *_michigan(), *_food(), *_fares()]


def _offers(by: str, draws: int) -> Audit:
    return prices(
        table(OFFERS),
        outcome="speed_down<25",
        by=by,
        within=["major_city", "provider"],
        unit="block_group",
        cluster="block_group[:11]",
        weight="n_offers",
        public=True,
        draws=draws,
    )


def _shares(audit: Audit, by: str, columns: tuple[str, str]) -> list[Published]:
    """Each published share of slow offers."""
    names = audit.series["pairs"]["of"].tolist()
    found = []
    rows = pandas.read_csv(table("isp_published_disparities_shared_cities.csv"))
    for row in rows.to_dict("records"):
        of = f"{row['major_city'].lower()}, {row['isp']}"
        for side, column in zip(("first", "second"), columns, strict=True):
            if pandas.notna(row[column]):
                group = audit.series["pairs"][f"{side}_name"][0]
                ours = float(audit.series["pairs"][side][names.index(of)])
                what = f"share of slow offers, {of}, {group} ({by.split('=')[0]})"
                found.append(Published(what, row[column], ours, ROUNDED, PAPER))
    return found


def _chance(income: Audit) -> list[Published]:
    """In how many markets it is beyond chance, and the tract interval of one."""
    orleans = income["difference", "new orleans, AT&T"]
    return [
        Published("markets beyond chance, of 10", 3, income["beyond_chance"].estimate, 0, OURS),
        Published("the same, offer by offer", 8, income["naive_beyond_chance"].estimate, 0, OURS),
        Published("New Orleans, difference", 0.369, orleans.estimate, 5e-4, OURS),
        Published("New Orleans, lower end by tract", 0.21, orleans.lower, 0.01, OURS),
        Published("New Orleans, upper end by tract", 0.52, orleans.upper, 0.01, OURS),
    ]


def _michigan() -> list[Published]:
    """Fifths of the location effect, and the gap between the groups."""
    name = "mi_insurance_autoclub_tract.csv"
    audit = prices(
        table(name),
        outcome="location_effect",
        groups={"Black": "black_tot", "White": "white_tot"},
        unit="geo_id[:5]",
        within="is_in_detroit",
        public=True,
    )
    rows = pandas.read_csv(table("mi_insurance_published_quintiles_autoclub.csv"))
    fifths = [
        Published(
            f"Michigan, percent of {row['Race']} people in fifth {place} of the location effect",
            row[fifth],
            100 * audit["fifth_share", f"{row['Race']}, {place} of 5"].estimate,
            1e-3,
            AREAS,
        )
        for row in rows.to_dict("records")
        for place, fifth in enumerate(
            ("Lowest", "Middle low", "Middle", "Middle high", "Highest"), start=1
        )
    ]
    inside = {"inside Detroit": (0.035, "True"), "outside": (0.179, "False")}
    gaps = {one.of.lower(): one.estimate for one in audit.all("gap")}
    between = audit["gap_between"].estimate
    return [
        *fifths,
        *(
            Published(
                f"Michigan, mean effect, {who}", mean, audit["level", who].estimate, 5e-4, OURS
            )
            for who, mean in (("Black", 1.505), ("White", 0.977))
        ),
        Published("Michigan, gap", 0.528, gaps["black - white"], 5e-4, OURS),
        *(
            Published(
                f"Michigan, gap {words}",
                gap,
                gaps[f"black - white, is_in_detroit {value}".lower()],
                5e-4,
                OURS,
            )
            for words, (gap, value) in inside.items()
        ),
        Published(
            "Michigan, gap with effects dealt anew inside counties",
            0.275,
            between,
            5e-4,
            OURS,
            "that is one deal, ours the exact mean over all deals (standard deviation .014)",
        ),
    ]


def _food() -> list[Published]:
    """Soda at fast-food restaurants and the share of Black people in the area."""
    found = []
    for outcome, control, figures in (
        ("psoda", "income", {"constant": (0.956, 5e-4), "prpblck": (0.115, 5e-4),
                             "income": (0.0000016, 5e-8)}),
        ("log(psoda)", "log(income)", {"prpblck": (0.122, 5e-4), "log(income)": (0.077, 5e-4)}),
    ):  # fmt: skip
        audit = prices(
            table("fastfood_prices_zip.csv"),
            outcome=outcome,
            by="prpblck",
            controls=[control],
            cluster="county",
            public=True,
        )
        terms = audit.series["regression"]
        ours = dict(zip(terms["term"].tolist(), terms["estimate"].tolist(), strict=True))
        found += [
            Published(f"{outcome} on {term}", value, ours[term], tolerance, BOOK)
            for term, (value, tolerance) in figures.items()
        ]
    return found


def _fares() -> list[Published]:
    """Air fares and the share of the largest carrier: three years, and four in a package."""
    from examples.measure.packages import air_fares

    def slopes(fares: object) -> Audit:
        return prices(
            fares,
            outcome="log(fare)",
            by="bmktshr",
            controls=["log(dist)", "log(dist)^2", "C(year)"],
            unit="id",
            public=True,
        )

    three = slopes(table("airfare_route_concentration_1997_1999.csv"))
    found = []
    if three["slope"].n_rows == 3_447:
        found = [
            Published(
                "log(fare) on bmktshr, three years", 0.387, three["slope"].estimate, 5e-4, OURS
            ),
            Published("the same within routes", 0.298, three["slope_within"].estimate, 5e-4, OURS),
        ]
    try:
        four = slopes(air_fares())
    except ImportError:
        return found
    what = "log(fare) on bmktshr, four years"
    return [*found, Published(what, 0.360, four["slope"].estimate, 5e-4, BOOK)]
