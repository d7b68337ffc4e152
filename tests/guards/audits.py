"""What each audit finds on small tables and on the real tables of examples/measure.

An entry holds findings, targets, notes and what is suppressed as they are; of a series, which may
hold rows of a table, only how many values it has and some of their sums.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datapolis.audits import AUDITS, Audit
from examples.measure.real import FOLDERS
from tests import audit_cases
from tests.guards.comparing import sums

TRACKERS = "tracker_company_month_201705_201801.csv"
SITES = "tracker_site_company_201801.csv"
BROWSERS = "browser_vendor_share_region_201706_202312.csv"
REGISTER, SUBMISSIONS = "hhs_breaches_2009_2014.csv", "hhs_breaches_submissions_200910_201502.csv"
ADULT = "adult_raw_quasi_identifiers.csv"
OFFERS, MICHIGAN = "isp_offers_blockgroup_shared_cities.csv", "mi_insurance_autoclub_tract.csv"
FOOD, FARES = "fastfood_prices_zip.csv", "airfare_route_concentration_1997_1999.csv"
REQUESTS, YEARLY = "uk_foi_by_body_quarter_2010_2017.csv", "uk_foi_by_body_year_2010_2017.csv"
INDEX = "global_open_data_index_entries_2013_2014.csv"
BAROMETER, GOVERNMENTS = "open_data_barometer_datasets_2013.csv", "un_egovernment_2022.csv"
FREEDOMS, FINES = "human_freedom_expression_2008_2014.csv", "gdpr_fines_2018_2020.csv"

PUBLIC = {"public": True}
PRESENCE = {
    "holder": "company", "amount": "reach", "time": "month", "basis": "presence", "floor": 0.001,
}  # fmt: skip
MARKET = {
    "holder": "vendor", "amount": "share_pct", "time": "month", "within": "region_id",
    "basis": "market",
}  # fmt: skip
SEEN = {
    "left": "site", "right": "company", "weight": "tracked_proportion", "drop": "company=unknown",
    "edge_means": "seen on the site with an identifier",
}  # fmt: skip
REQUIRED = (
    "exists", "digital", "public", "online", "free", "machinereadable", "bulk", "openlicense",
)  # fmt: skip
OPEN = {
    "is_open": "isopen", "attributes": REQUIRED, "mend": ("bulk", "openlicense"), "place": "place",
    "dataset": "dataset", "time": "year", **PUBLIC,
}  # fmt: skip
SPEED = {
    "outcome": "speed_down<25", "within": ["major_city", "provider"], "unit": "block_group",
    "weight": "n_offers", "draws": 19,
}  # fmt: skip
TRACTS = {**SPEED, "cluster": "block_group[:11]", **PUBLIC}
AREAS = {
    "outcome": "location_effect", "groups": {"Black": "black_tot", "White": "white_tot"},
    "unit": "geo_id[:5]",
}  # fmt: skip
AREA = {"by": "prpblck", "cluster": "county", "draws": 19, **PUBLIC}
QUASI = ("age", "education", "occupation", "relationship", "sex", "native-country")
MORE = ("workclass", "marital-status", "race", "hours-per-week")
PEOPLE = {"quasi": QUASI, "sensitive": "salary-class", "samples": 0, "up_to": 1}
REPORTED = {
    "reported": "breach_submission_date", "size": "individuals_affected", "floor": 500, "draws": 9,
}  # fmt: skip
ENTITIES = {"holder": "entity_id", "entity": "covered_entity_type", "population": 308_745_538}
STARTED = {"start": "breach_start", "as_of": "2014-06-27", "law_from": "2009-09-23"}
QUARTERS = {"unit": "body", "time": ("year", "quarter"), "draws": 19}
PLACES = {"unit": "place", "entry": "dataset", "duplicates": "drop", "draws": 19, **PUBLIC}
COUNTRIES = {"draws": 19, **PUBLIC}

REAL: dict[str, dict[str, tuple[list[str], dict[str, Any]]]] = {  # kind: what: tables, options
    "concentration": {
        "trackers": ([TRACKERS], {**PRESENCE, **PUBLIC}),
        "trackers, not public": ([TRACKERS], PRESENCE),
        "browsers": ([BROWSERS], {**MARKET, **PUBLIC}),
        "browsers, not public": ([BROWSERS], MARKET),
        "sales": (
            ["forbes2000_2004.csv"], {"holder": "name", "amount": "sales", "basis": "amount"},
        ),
        "market values": (
            ["forbes2000_2004.csv"], {"holder": "name", "amount": "marketvalue", "basis": "amount"},
        ),
    },
    "tails": {
        "reach": (
            [TRACKERS],
            {"column": "reach", "only": "month=2017-05", "most": 1, "draws": 9, **PUBLIC},
        ),
        "words": (
            ["heavytail_words.csv"], {"column": "value", "discrete": True, "draws": 1, **PUBLIC},
        ),
        "terrorism": (
            ["heavytail_terrorism.csv"],
            {"column": "value", "discrete": True, "draws": 4, **PUBLIC},
        ),
        "blackouts": (
            ["heavytail_blackouts.csv"],
            {"column": "value", "divide_by": 1000, "draws": 9, **PUBLIC},
        ),
        "cities": (
            ["heavytail_cities.csv"],
            {"column": "value", "divide_by": 1000, "draws": 1, **PUBLIC},
        ),
        "breaches": (
            [SUBMISSIONS], {"column": "individuals_affected", "above": 500, "draws": 9, **PUBLIC},
        ),
        "breaches, whole numbers": (
            [SUBMISSIONS],
            {"column": "individuals_affected", "above": 500, "discrete": True, "draws": 2},
        ),
        "fines": (
            [FINES], {"column": "fine_eur", "above": 1, "empty": "drop", "draws": 9, **PUBLIC},
        ),
    },
    "islands": {
        "joint view": ([SITES], {**SEEN, **PUBLIC}),
        "open data": ([INDEX], {**OPEN, "duplicates": "drop"}),
        "interfaces": (
            ["uk_gov_api_catalogue_2021_07.csv"],
            {"holder": "provider", "attributes": ("has_licence", "has_documentation"),
             "time": "dateAdded", **PUBLIC},
        ),
    },
    "prices": {
        "offers by income": ([OFFERS], {**TRACTS, "by": "income_level=Low:Upper Income"}),
        "offers by grade": ([OFFERS], {**TRACTS, "by": "redlining_grade=D:A|B"}),
        "offers by income and cost": (
            [OFFERS],
            {**SPEED, "by": "income_level=Low:Upper Income",
             "cost": ["ppl_per_sq_mile", "n_providers"]},
        ),
        "areas": ([MICHIGAN], {**AREAS, "within": "is_in_detroit", **PUBLIC}),
        "soda": ([FOOD], {**AREA, "outcome": "psoda", "controls": ["income"]}),
        "soda, logarithms": (
            [FOOD], {**AREA, "outcome": "log(psoda)", "controls": ["log(income)"]},
        ),
        "fares": (
            [FARES],
            {"outcome": "log(fare)", "by": "bmktshr", "unit": "id", "draws": 19, **PUBLIC,
             "controls": ["log(dist)", "log(dist)^2", "C(year)"]},
        ),
    },
    "disclosure": {
        "raw": (
            [ADULT],
            {"quasi": QUASI, "sensitive": "salary-class", "attributes": MORE, "samples": 1},
        ),
        "three attributes": ([ADULT], {**PEOPLE, "quasi": ("age", "sex", "race")}),
        "k = 3": (["adult_anonymized_k3.csv"], PEOPLE),
        "k = 10": (["adult_anonymized_k10.csv"], PEOPLE),
    },
    "breaches": {
        "as of 2014": ([REGISTER], {**STARTED, **REPORTED, **ENTITIES, **PUBLIC}),
        "as of 2014, not public": (
            [REGISTER], {**STARTED, **REPORTED, "lag": "reporting_lag_days"},
        ),
        "as of 2015": ([SUBMISSIONS], {**REPORTED, **ENTITIES, **PUBLIC}),
        "sample": (
            ["vcdb_sample_1000.csv"],
            {"sample": True, "shares": ["actor", "pattern"], "size": "data_total", "draws": 9,
             **PUBLIC},
        ),
    },
    "rights": {
        "granted": (
            [REQUESTS],
            {"right": "know", "yes": "granted_full", "of": "resolvable", **QUARTERS, **PUBLIC},
        ),
        "granted, not public": (
            [REQUESTS], {"right": "know", "yes": "granted_full", "of": "resolvable", **QUARTERS},
        ),
        "in time": (
            [REQUESTS],
            {"right": "supervise", "yes": ("deadline_met", "permitted_extension"),
             "of": "received", "minus": "on_hold_or_lapsed", **QUARTERS, **PUBLIC},
        ),
        "reviewed": (
            [YEARLY],
            {"right": "supervise", "yes": ("ir_upheld_part", "ir_overturned"),
             "of": "internal_reviews_known", "unit": "body", "target": False, **COUNTRIES},
        ),
        "open data": ([INDEX], {"right": "know", "yes": "isopen=Yes", **PLACES}),
        "index and barometer": (
            [INDEX, BAROMETER],
            {"right": "know", "score": "score", **PLACES, "against": {
                "unit": "iso2", "score": "calculated_score", "entry": "dataset"}},
        ),
        "barometer": (
            [BAROMETER],
            {"right": "know", "yes": "is_open", "unit": "iso2", "entry": "dataset", **COUNTRIES},
        ),
        "online": (
            [GOVERNMENTS],
            {"right": "participate", "score": "egov_index", "unit": "country", **COUNTRIES},
        ),
        "taking part": (
            [GOVERNMENTS],
            {"right": "participate", "score": "e_participation_index", "unit": "country",
             **COUNTRIES},
        ),
        "expression": (
            [FREEDOMS],
            {"right": "express", "score": "pf_expression", "unit": "iso3", **COUNTRIES},
        ),
    },
    "enforcement": {
        "fines": ([FINES], {"amount": "fine_eur", "by": ["country", "type"], "draws": 9, **PUBLIC}),
    },
    "influence": {
        "filings": (
            ["data_broker_lobbying_filings_2020.csv"],
            {"payer": "company", "parent": "parent_company", "own": "is_self_filer",
             "form": "type", "amount": "spending", "period": "period", "draws": 9, **PUBLIC},
        ),
    },
    "diffusion": {
        "doctors": (
            ["medical_innovation_nodes.csv", "medical_innovation_ties.csv"],
            {"time": "toa", "never": 18, "within": "city", "draws": 9},
        ),
        "farmers": (
            ["brazil_farmers_nodes.csv", "brazil_farmers_ties.csv"],
            {"time": "toa", "never": 20, "within": "village", "draws": 9},
        ),
        "rumours": (
            ["rumour_cascades_rumoureval2017_traindev.csv"],
            {"thread": "thread", "post": "post", "parent": "parent", "depth": "depth",
             "seconds": "seconds_since_source", "stance": "stance", "veracity": "veracity",
             "draws": 9},
        ),
        "students": (
            ["copenhagen_multiplex_ties.csv"],
            {"ties": ("source", "target"), "layer": ("calls", "sms"), "strength": "weight",
             "draws": 4},
        ),
    },
}  # fmt: skip

CASES = [(audit_cases.kind_of(case), f"case: {case}") for case in audit_cases.CASES]
ENTRIES = [*CASES, *((kind, what) for kind, every in REAL.items() for what in every)]


class Absent(LookupError):
    """A real table that is neither in the project nor in the folder DATA."""


def path_of(name: str) -> Path:
    """The path of a real table."""
    folders = [*FOLDERS, *([Path(os.environ["DATA"])] if os.environ.get("DATA") else [])]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise Absent(f"{name}: DATA names no folder with it")


def found_of(kind: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The entries of a kind of audit, and why there are some that cannot be made here."""
    found, absent = {}, {}
    for what in (what for one, what in ENTRIES if one == kind):
        try:
            found[what] = entry(audited(kind, what))
        except Absent as missing:
            absent[what] = str(missing)
    return found, absent


def audited(kind: str, what: str) -> Audit:
    """The audit of an entry."""
    if what.startswith("case: "):
        case = what.removeprefix("case: ")
        return audit_cases.audited(
            case, *audit_cases.table_and_options(case, audit_cases.plain_names(case))
        )
    names, options = REAL[kind][what]
    return AUDITS[kind](*map(path_of, names), **options)


def entry(found: Audit) -> dict[str, Any]:
    """An audit as it is kept."""
    content = found.as_json()
    return {
        "title": content["title"],
        "options": content["options"],
        "inputs": [_without(one, "sha256", "bytes") for one in content["inputs"]],
        "findings": [
            {key: one for key, one in row.items() if one not in (None, "", [])}
            for row in content["findings"]
        ],
        "targets": [_without(one, "source_sha256") for one in content["targets"]],
        "suppressed": content["suppressed"],
        "notes": content["notes"],
        "series": {
            f"{name}: {column}": sums(values)
            for name, columns in found.series.items()
            for column, values in columns.items()
        },
    }


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: one for key, one in values.items() if key not in names}
