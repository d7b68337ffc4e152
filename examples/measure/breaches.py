"""Breaches of health records in the United States, and a sample of incidents of all kinds.

The register as of 2014 has the start of each breach and, for 749 of 1,055, the date of its report;
that of 2015 has all dates of report but no start. So lags come from the first, rates from the
second. The sample holds the 1,000 best described incidents of a community's collection.
"""

from __future__ import annotations

from dataclasses import replace

from datapolis.audits import Audit
from datapolis.audits.breaches import breaches
from datapolis.statistics.inference.resampling import DRAWS
from examples.measure.real import Missing, Published, table

TITLE = "Breaches: how often, how late, how large, and whom they hit"
LAW_FROM = "2009-09-23"  # from when breaches had to be reported
AS_OF = "2014-06-27"
PEOPLE = 308_745_538  # census of the United States, 2010
ECDAT = "documentation of the R package Ecdat"
COMPUTED = "computed beforehand from the same table"


def demo(draws: int = DRAWS) -> tuple[Audit, list[Published]]:
    """The register as of 2014 with the rates of 2015 and the sample, and figures to compare."""
    first = breaches(
        table("hhs_breaches_2009_2014.csv"),
        start="breach_start",
        reported="breach_submission_date",
        size="individuals_affected",
        holder="entity_id",
        entity="covered_entity_type",
        as_of=AS_OF,
        law_from=LAW_FROM,
        floor=500,
        population=PEOPLE,
        draws=draws,
        public=True,
    )
    second = breaches(
        table("hhs_breaches_submissions_200910_201502.csv"),
        reported="breach_submission_date",
        size="individuals_affected",
        holder="entity_id",
        entity="covered_entity_type",
        floor=500,
        population=PEOPLE,
        draws=draws,
        public=True,
    )
    return _together({"2014": first, "2015": second, "sample": _sample()}), _published(
        first, second
    )


def _sample() -> Audit:
    """The sample of incidents; where it is missing, an audit that says so."""
    try:
        source = table("vcdb_sample_1000.csv")
    except Missing as missing:
        return Audit(kind="breaches", title="", findings=(), notes=(str(missing),))
    return breaches(
        source, sample=True, shares=["actor", "pattern"], size="data_total", public=True
    )


def _together(audits: dict[str, Audit]) -> Audit:
    """One audit of three tables: what one cannot say is left to the one that can."""
    said = {one.name for audit in audits.values() for one in audit.findings if one.n_rows}
    told = [
        replace(one, of=f"{label}: {one.of}" if one.of else label)
        for label, audit in audits.items()
        for one in audit.findings
        if one.n_rows or one.name not in said or label == "sample"
    ]
    series = {name: one for audit in audits.values() for name, one in audit.series.items()}
    return replace(
        audits["2014"],
        findings=tuple(told),
        series=series,
        notes=tuple(dict.fromkeys(note for audit in audits.values() for note in audit.notes)),
        inputs=tuple(one for audit in audits.values() for one in audit.inputs),
    )


def _published(first: Audit, second: Audit) -> list[Published]:
    """What was published or computed beforehand, beside ours."""
    rows = [
        ("Breaches as of 2014", 1055, first["total"].n_rows, 0, ECDAT),
        ("Breaches as of 2015", 1151, second["total"].n_rows, 0, ECDAT),
    ]
    figures = [
        ("People affected, 2014", 31_926_430, first["total"], 0),
        ("Largest breach, 2014", 4_900_000, first["largest"], 0),
        ("Median lag as recorded, days", 58, first["lag_median_recorded"], 0),
        ("Lags above 60 days as recorded", 0.398, first["lag_above_recorded"], 0.001),
        ("Median lag corrected, days", 59, first["lag_median"], 0),
        ("Lags above 60 days corrected", 0.42, first["lag_above"], 0.005),
        ("Median lag on the same rows, days", 58, first["lag_median_naive"], 0),
        ("Lags above 60 days on the same rows", 0.38, first["lag_above_naive"], 0.005),
        ("Yearly ratio of reports", 1.108, second["annual_ratio"], 0.0005),
        ("Dispersion of monthly reports", 1.45, second["dispersion"], 0.005),
        ("Autocorrelation of monthly reports", 0.23, second["autocorrelation"], 0.005),
        ("Exponent of sizes, 2015", 1.74, second["alpha"], 0.005),
    ]
    rows += [(what, known, one.estimate, near, COMPUTED) for what, known, one, near in figures]
    return [Published(*row) for row in rows]
