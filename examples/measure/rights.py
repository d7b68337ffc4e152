"""The four rights, each where it is measured: published figures beside ours."""

from __future__ import annotations

import numpy as np

from datapolis.audits.finding import Audit
from datapolis.audits.rights import rights, together
from examples.measure.real import Published, table

TITLE = "Rights: to know, to participate, to express, to supervise"


def demo() -> tuple[Audit, list[Published]]:
    """Every source with its own scale, under one grid of coverage."""
    requests = table("uk_foi_by_body_quarter_2010_2017.csv")
    yearly = table("uk_foi_by_body_year_2010_2017.csv")
    index = table("global_open_data_index_entries_2013_2014.csv")
    barometer = table("open_data_barometer_datasets_2013.csv")
    quarters = {"unit": "body", "time": ("year", "quarter"), "public": True}
    places = {"unit": "place", "entry": "dataset", "duplicates": "drop", "public": True}
    granted = rights(requests, right="know", yes="granted_full", of="resolvable", **quarters)
    in_time = rights(
        requests,
        right="supervise",
        yes=("deadline_met", "permitted_extension"),
        of="received",
        minus="on_hold_or_lapsed",
        **quarters,
    )
    reviewed = rights(
        yearly,
        right="supervise",
        yes=("ir_upheld_part", "ir_overturned"),
        of="internal_reviews_known",
        unit="body",
        target=False,
        public=True,
    )
    open_share = rights(index, right="know", yes="isopen=Yes", **places)
    entries = rights(
        index,
        barometer,
        right="know",
        score="score",
        against={"unit": "iso2", "score": "calculated_score", "entry": "dataset"},
        **places,
    )
    listed = rights(
        barometer, right="know", yes="is_open", unit="iso2", entry="dataset", public=True
    )
    governments = table("un_egovernment_2022.csv")
    online = rights(
        governments, right="participate", score="egov_index", unit="country", public=True
    )
    taking_part = rights(
        governments,
        right="participate",
        score="e_participation_index",
        unit="country",
        public=True,
    )
    expression = rights(
        table("human_freedom_expression_2008_2014.csv"),
        right="express",
        score="pf_expression",
        unit="iso3",
        public=True,
    )
    audit = together(
        granted, open_share, entries, listed, taking_part, expression, in_time, reviewed
    )
    of_country = dict(
        zip(online.series["units"]["unit"], online.series["units"]["value"], strict=True)
    )
    freedom_of_information = "Cabinet Office, bulletin of 21 April 2016"
    survey = "UN E-Government Survey 2022"
    checked = "computed independently on the same table"
    close, many = near_published(entries)
    published = [
        Published(
            "requests answered in time, 2015",
            0.896,
            in_time["level", "2015"].estimate,
            0.0005,
            freedom_of_information,
        ),
        Published("mean EGDI", 0.6102, online["level", "2022"].estimate, 0.00005, survey),
        Published("EGDI of Denmark", 0.9717, of_country["Denmark"], 0.00005, survey),
        Published("EGDI of Finland", 0.9533, of_country["Finland"], 0.00005, survey),
        Published(
            "EGDI of the Republic of Korea",
            0.9529,
            of_country["Republic of Korea"],
            0.00005,
            survey,
        ),
        Published(
            "open data sets, Barometer 2013 (published 7 %, the table has 71 of 1,155)",
            0.07,
            listed["share_of_rows", "2013"].estimate,
            0.01,
            "Open Data Barometer, second edition",
        ),
        Published(
            f"places of {many} whose score is that of their entries within .5, 2014",
            92,
            close,
            0,
            checked,
        ),
        Published(
            "index against Barometer, 2013", 0.83, entries["agreement"].estimate, 0.005, checked
        ),
        Published(
            "expression, change 2008 to 2014, 141 countries",
            -0.058,
            expression["change_throughout"].estimate,
            0.0005,
            checked,
        ),
        Published(
            "openness, change 2013 to 2014, 56 places",
            0.018,
            open_share["change_throughout"].estimate,
            0.0005,
            checked,
        ),
        Published(
            "granted in full, logit a year", -0.076, granted["trend"].estimate, 0.0005, checked
        ),
        Published(
            "dispersion of answers in time", 22, in_time["dispersion"].estimate, 0.5, checked
        ),
    ]
    return audit, published


def near_published(entries: Audit) -> tuple[int, int]:
    """How many places of 2014 have a published score within .5 of a tenth of their entries' sum."""
    import pandas

    places = table("global_open_data_index_places_2013_2014.csv")
    if not isinstance(places, pandas.DataFrame):
        places = pandas.read_csv(places, keep_default_na=False, na_values={"score_2014": [""]})
    score = dict(zip(places["place"], places["score_2014"], strict=True))
    units = entries.series["units"]
    pairs = np.array(
        [
            (value * rows / 10, score[unit])
            for unit, year, value, rows in zip(
                units["unit"], units["year"], units["value"], units["rows"], strict=True
            )
            if year == "2014" and np.isfinite(score.get(unit, np.nan))
        ]
    )
    return int((np.abs(pairs[:, 0] - pairs[:, 1]) <= 0.5).sum()), len(pairs)
