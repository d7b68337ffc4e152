"""The report: one HTML file that needs nothing else, not even a network.

Every chart stands on the page as a picture (SVG), once for a wide and once for a narrow window, and
is drawn again from its numbers where JavaScript runs, so that pointing at it tells them. Colours
are the page's own variables, so that dark windows and paper suit. What comes from a user, a title
or a table's name, is escaped by the template.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datapolis import __version__
from datapolis.audits import Audit
from datapolis.core.errors import StoreError
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED
from datapolis.model.indices import INDICES
from datapolis.report import charts, sentences
from datapolis.report.charts import months, words
from datapolis.report.measured import section
from datapolis.report.render import WIDTHS, picture, rendered, write_page
from datapolis.report.sentences import NBSP, number
from datapolis.report.tables import (
    KEYS,
    LEAST,
    Key,
    Row,
    Rows,
    done,
    key_numbers,
    large_enough,
    measured_rows,
    members_done,
    observed,
    others,
    policies,
    with_results,
)
from datapolis.studies.measured import FIRMS

if TYPE_CHECKING:
    import xarray

SOURCES = {
    "tracker_": (
        "The tracker tables are by WhoTracks.me, a measurement of third-party tracking in real "
        "browsing (Karaj, Macbeth, Berson and Pujol 2018, arXiv:1804.08959). Columns were "
        "selected and numbers rounded; no value was filled in. Licence:",
        "CC BY 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "uk_gov_api_catalogue": (
        "The catalogue of interfaces is © Crown copyright. Licence:",
        "Open Government Licence v3.0",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    ),
    "copenhagen_multiplex": (
        "The ties between students are of the Copenhagen Networks Study (Sapiezynski et al. 2019, "
        "Scientific Data 6:315).",
        "",
        "",
    ),
}
"""Whom to name for a table, by how its name begins."""


@dataclass(frozen=True)
class Figure:
    """A chart with what it says and what it cannot say."""

    id: str
    draw: Callable[[xarray.Dataset, Rows, int], Any]
    needs: tuple[str, ...]  # one of these indices at least
    says: Callable[[xarray.Dataset, Rows], str]
    limits: str
    needs_measured: bool = False
    needs_others: bool = False

    def possible(self, results: xarray.Dataset, measured: Rows) -> bool:
        """Whether what it shows was recorded, measured and compared."""
        return (
            any(name in results for name in self.needs)
            and (bool(measured) or not self.needs_measured)
            and (bool(others(results)) or not self.needs_others)
        )


def keys_of(*names: str) -> tuple[Key, ...]:
    """The key numbers of these indices."""
    return tuple(key for key in KEYS if key.name in names)


PRIVACY_KEYS = charts.PRIVACY
RIGHT_KEYS = tuple(
    Key("rights", f"the right {words}", ("right", name)) for name, words in charts.RIGHTS.items()
)
LAW_KEYS = (
    Key("law", "law"),
    Key("enforcement", "enforcement"),
    Key("law_gap", "law's lag behind technology"),
)
PARTS = (
    Key("power_herfindahl_between", "concentration between sectors"),
    Key("power_herfindahl_within", "concentration within sectors"),
)


def say_trends(*keys: Key) -> Callable[[xarray.Dataset, Rows], str]:
    """Sentences on these numbers without a policy, at the start and at the end."""

    def say(results: xarray.Dataset, measured: Rows) -> str:
        return " ".join(sentences.trend(results, key) for key in keys if key.name in results)

    return say


def say_changes(*keys: Key) -> Callable[[xarray.Dataset, Rows], str]:
    """Sentences on what the policies clearly change in these numbers."""

    def say(results: xarray.Dataset, measured: Rows) -> str:
        return sentences.clear_changes(results, [key for key in keys if key.name in results])

    return say


FIGURES = (
    Figure(
        "sector-balance",
        lambda results, _, width: charts.sector_balance(results, width),
        ("power_share",),
        say_trends(*keys_of("power_share")),
        "Shares always sum to one: a falling share can go with growing power. Base power counts "
        "wealth and what is made of data, no other source of power.",
    ),
    Figure(
        "power-parts",
        lambda results, _, width: charts.power_parts(results, width),
        ("power_herfindahl",),
        say_trends(*PARTS),
        "Balance between sectors and concentration inside them can move apart: neither says what "
        "the other does. The two parts sum to the whole in each member, not in their medians.",
    ),
    Figure(
        "user-concentration",
        charts.user_concentration,
        ("top_fifth_share",),
        lambda results, measured: sentences.users(results, measured),
        "The simulated share is of users, the measured one of page loads on which a company is "
        "present, where companies overlap: they can be compared in shape, not as one quantity. The "
        "dashed line marks 80 %.",
    ),
    Figure(
        "measured-and-simulated",
        charts.measured_and_simulated,
        ("user_herfindahl", "top_fifth_share", "user_gini", "user_tail"),
        lambda results, measured: sentences.beside(results, measured),
        "Ranges of measured values are bounds for companies too small to be measured (for the tail "
        "exponent a 90 % interval); ranges of simulated values hold 90 % of members. That two "
        "numbers agree does not show that they have one cause. Each panel has its own scale.",
        needs_measured=True,
    ),
    Figure(
        "four-ways",
        lambda results, _, width: charts.four_ways(results, width),
        tuple(charts.FOUR_WAYS),
        lambda results, _: sentences.agreement(results),
        "Power has no one definition. Resources: share of wealth and creative power. Dependence: "
        "what others would lose. Ties: power from ties with the powerful. Pivotality: how often a "
        "sector turns a losing side into a winning one.",
    ),
    Figure(
        "policy-changes",
        lambda results, _, width: charts.policy_changes(results, width=width),
        tuple(key.name for key in KEYS),
        say_changes(*KEYS),
        "Each panel has its own scale, and 0 is no change; a difference of 0.05 between shares is "
        "five points. Levers cost government money in the model, but nobody has measured how much "
        "they would cost a real one.",
        needs_others=True,
    ),
    Figure(
        "rights",
        lambda results, _, width: charts.rights_over_time(results, width),
        ("rights",),
        say_changes(*RIGHT_KEYS),
        "Each right is a mean over citizens, from 0 to 1; what it is worth to them is not told.",
    ),
    Figure(
        "privacy",
        lambda results, _, width: charts.privacy(results, width),
        tuple(key.name for key in PRIVACY_KEYS),
        say_changes(*PRIVACY_KEYS),
        "Harm is a mean over citizens: single breaches hit some of them hard, which the table "
        "below and the indices harm_median and harm_ninetieth show better. Each panel has its "
        "own scale.",
    ),
    Figure(
        "law",
        lambda results, _, width: charts.law_behind_technology(results, width),
        tuple(charts.LAW),
        say_changes(*LAW_KEYS),
        "Law and enforcement are means over regions; a region can lie far from them. Each runs "
        "from 0 to 1 on a scale of its own: read when they rise, rather than how far apart they "
        "lie.",
    ),
    Figure(
        "by-income",
        lambda results, _, width: charts.by_income(results, width),
        ("rights_by_decile", "citizens_gain_by_decile"),
        lambda results, _: sentences.rich_and_poor(results),
        "Each point is a mean over a tenth of all citizens; differences inside it are not shown.",
    ),
    Figure(
        "governance",
        lambda results, _, width: charts.governance(results, width),
        ("partnership",),
        say_trends(*keys_of("partnership")),
        "Dealing as equals is a form of governing, not its quality: whether more problems are "
        "solved is told by the index solved.",
    ),
)


# --- from folder to file -----------------------------------------------------------------------


def write(out: Path) -> Path:
    """Write `report.html` from the results in the folder `out`, and return its path.

    Raises StoreError if the folder holds no results.
    """
    return write_page(Path(out) / "report.html", page(*read(Path(out))))


def read(out: Path) -> tuple[xarray.Dataset, dict[str, Any], str, dict[str, Audit]]:
    """Results, provenance, study and audits of a folder of results."""
    import xarray

    for name in ("results.zarr", "provenance.json", "study.toml"):
        if not (out / name).exists():
            raise StoreError(f"{out}: no {name} here; run the study first")
    results = xarray.open_zarr(out / "results.zarr", chunks=None, consolidated=False)
    provenance = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    study = (out / "study.toml").read_text(encoding="utf-8")
    return results, provenance, study, read_audits(out / "audits")


def read_audits(folder: Path) -> dict[str, Audit]:
    """What was measured, by name: first the market that the firms start from."""
    found = {path.stem: path for path in sorted(folder.glob("*.json"))}
    order = sorted(found, key=lambda name: name != FIRMS)
    return {
        name: Audit.from_json(json.loads(found[name].read_text(encoding="utf-8"))) for name in order
    }


def page(
    results: xarray.Dataset,
    provenance: Mapping[str, Any],
    study: str,
    audits: Mapping[str, Audit] | None = None,
) -> str:
    """The report as HTML."""
    from markupsafe import Markup

    asked = tomllib.loads(study)
    citizens = int(provenance.get("citizens", results.attrs.get("citizens", 0)))
    results = observed(results)
    shown = large_enough(results, citizens).load()
    if not done(shown).any():
        raise StoreError("no member is done yet: there is nothing to report")
    shown = with_results(shown)
    audits = audits or {}
    measured = measured_rows(audits.get(FIRMS))
    drawn, specs = draw_all(shown, measured)
    sections = [section(audit, f"audit-{name}", specs) for name, audit in audits.items()]
    ids = {figure["id"]: figure for figure in drawn}
    return rendered(
        "page.html",
        specs,
        nbsp=NBSP,
        version=provenance.get("versions", {}).get("datapolis", __version__),
        title=provenance.get("title") or asked.get("title", "A study"),
        about=asked.get("about", ""),
        seed=provenance.get("seed", "?"),
        summary=sentences.summary(shown, measured),
        facts=facts(shown, provenance, citizens),
        reading=reading(members_done(shown)),
        contents=list(contents(sections, asked)),
        audits=sections,
        notes=[str(note) for note in provenance.get("notes", [])],
        sources=list(sources(provenance.get("inputs", []))),
        policies=[policy_row(name, asked) for name in policies(shown)],
        figures=[{**figure, **{size: Markup(figure[size]) for size in WIDTHS}} for figure in drawn],
        suppressed=suppressed(results, shown),
        policy_names=[words(name) for name in policies(shown)],
        numbers=[number_row(row) for row in key_numbers(shown)],
        claims=[claim_row(claim, ids, shown) for claim in asked.get("claims", {}).get("test", [])],
        parameters_say=parameters_say(provenance),
        parameters=list(parameter_groups(provenance)),
        larger=larger(provenance, citizens),
        inputs=[input_row(row) for row in provenance.get("inputs", [])],
        versions=list(versions(provenance)),
        study=study,
    )


# --- charts ------------------------------------------------------------------------------------


def draw_all(results: xarray.Dataset, measured: Rows) -> tuple[Rows, dict[str, Any]]:
    """Every possible figure with its pictures, and the specifications that they are drawn from."""
    drawn: Rows = []
    specs: dict[str, Any] = {"specs": {}, "data": {}}
    for figure in FIGURES:
        if not figure.possible(results, measured):
            continue
        found: Row = {"id": figure.id, "limits": figure.limits}
        found["says"] = figure.says(results, measured)
        for size, width in WIDTHS.items():
            chart = figure.draw(results, measured, width)
            drawn_as = picture(chart, f"{figure.id}-{size}", specs)
            found["title"], found["description"], found[size] = drawn_as
        drawn.append(found)
    return drawn, specs


# --- words and tables of the page --------------------------------------------------------------


def facts(
    results: xarray.Dataset, provenance: Mapping[str, Any], citizens: int
) -> Iterator[tuple[str, str]]:
    """At which size the study ran."""
    yield "citizens", f"{citizens:,}"
    yield "months", str(provenance.get("months", months(results)))
    yield "policies", str(len(policies(results)))
    ready = members_done(results)
    asked = int(provenance.get("members", ready))
    yield "members each", str(ready) if ready == asked else f"{ready} of {asked}"
    yield "seed", str(provenance.get("seed", "?"))


def reading(members: int) -> str:
    """How to read a range."""
    said = (
        "All numbers but the measured ones come from a simulated society. A range in brackets "
        "holds the middle 90 % of members: it tells how far chance and varied parameters move a "
        "number in this model, not how far the model is from the world. "
    )
    if members == 1:
        return said + "There is one member only, so ranges are points and say nothing."
    if members < sentences.ROUGH:
        return said + f"With {members} members the ranges are rough."
    return said + "Policies are compared member by member."


def contents(audits: Rows, asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The parts of the page."""
    yield from ((audit["id"], audit["title"]) for audit in audits)
    yield "generated", "What was read, and what was generated"
    yield "policies", "What each policy is"
    yield "charts-and-words", "What the society did"
    yield "numbers", "Key numbers"
    if asked.get("claims", {}).get("test"):
        yield "claims", "Claims this study is about"
    yield "parameters", "Parameters"
    yield "reproduce", "How to run this again"


def cell(row: Row | None, unit: str = "1") -> tuple[str, str]:
    """A number and its range."""
    if row is None or row["value"] is None:
        return "–", ""
    return number(row["value"], unit), sentences.reached(row, unit)


def number_row(row: Row) -> Row:
    """A key number at the start and at the end under each policy."""
    unit = "" if row["unit"] in ("share", "1") else f" ({unit_words(row['unit'])})"
    cells = [cell(row["start"], row["unit"])]
    cells += [cell(end, row["unit"]) for end in row["end"].values()]
    return {"label": sentences.opened(row["index"]) + unit, "cells": cells}


def unit_words(unit: str) -> str:
    """A unit to read."""
    return {"income/month": "incomes a month", "1": "no unit"}.get(unit, unit)


def sources(inputs: list[Mapping[str, Any]]) -> Iterator[Row]:
    """Whom to name for the tables that were read."""
    names = [Path(str(row.get("table", ""))).name for row in inputs]
    for start, (text, licence, link) in SOURCES.items():
        if any(name.startswith(start) for name in names):
            yield {"text": text, "licence": licence, "link": link}


def input_row(row: Mapping[str, Any]) -> Row:
    """A table that was read: which columns, and its hash."""
    columns = row.get("columns", {})
    return {
        "table": str(row.get("table", "")),
        "sha256": str(row.get("sha256", "")),
        "columns": list(columns.items()) if isinstance(columns, Mapping) else [],
    }


def policy_row(name: str, asked: Mapping[str, Any]) -> Row:
    """A policy, and what it sets."""
    levers = []
    for lever, setting in asked.get("policies", {}).get(name, {}).items():
        if lever == "parameters" and isinstance(setting, Mapping):
            levers += [
                {"name": f"{group}.{path}", "setting": setting_words(value), "about": ""}
                for group, inside in setting.items()
                for path, value in inside.items()
            ]
            continue
        declared = LEVER_DECLARED.get(lever)
        about = declared.about if declared else ""
        levers.append({"name": words(lever), "setting": setting_words(setting), "about": about})
    return {"name": sentences.opened(words(name)), "levers": levers}


def setting_words(setting: Any) -> str:
    """A lever over time in words: a constant, a ramp, a pulse or a rule."""
    if not isinstance(setting, Mapping):
        return f"{setting} in every month"
    level = setting.get("level", 1.0)
    if "when" in setting:
        mark = "above" if "above" in setting else "below"
        release = f", until it passes {setting['release']}" if "release" in setting else ""
        index = str(setting["when"]).replace("_", " ")
        return f"{level} while {index} lies {mark} {setting.get(mark)}{release}"
    if "at" in setting:
        return f"{level} for {setting.get('months')} months from month {setting['at']}"
    first = setting.get("first", 0)
    return f"from {first} in month {setting.get('from')} to {level} in month {setting.get('to')}"


def suppressed(results: xarray.Dataset, shown: xarray.Dataset) -> str:
    """What is not shown because groups are too small."""
    missing = [name for name in results.data_vars if name not in shown]
    if not missing:
        return ""
    return (
        f"Not shown: {', '.join(map(str, missing))}. A tenth of these citizens is a group of fewer "
        f"than {LEAST}."
    )


def claim_row(claim: str, ids: Mapping[str, Row], results: xarray.Dataset) -> Row:
    """Where a claim is looked up."""
    experiment, indices = sentences.where_to_look(str(claim))
    here = [
        (figure.id, ids[figure.id]["title"])
        for figure in FIGURES
        if figure.id in ids and figure.id != "policy-changes" and set(indices) & set(figure.needs)
    ]
    recorded = [name for name in indices if name in INDICES]
    return {"id": str(claim), "experiment": experiment, "charts": here, "indices": recorded}


def parameters_say(provenance: Mapping[str, Any]) -> str:
    """How many parameters there are, and which differ between members."""
    varied = [str(path) for path in provenance.get("varied", [])]
    said = f"Every constant of the model, {len(DECLARED)} in all, with its range and source. "
    if varied:
        return said + f"Members differ in {sentences.listed(varied)}, drawn from their ranges."
    return said + "No parameter is varied: members differ by chance alone."


def parameter_groups(provenance: Mapping[str, Any]) -> Iterator[Row]:
    """The parameters by mechanism."""
    values, varied = provenance.get("parameters", {}), set(provenance.get("varied", []))
    groups: dict[str, Rows] = {}
    for path, one in DECLARED.items():
        value = float(values.get(path, one.default))
        groups.setdefault(path.split(".")[0], []).append(
            {
                "path": path,
                "about": one.about,
                "value": f"{value:g}",
                "unit": unit_words(one.unit),
                "range": f"{one.low:g} to {one.high:g}",
                "source": one.source,
                "varied": path in varied,
            }
        )
    for name, rows in groups.items():
        yield {"name": sentences.opened(words(name)), "rows": rows}


def larger(provenance: Mapping[str, Any], citizens: int) -> str:
    """At which size it ran, and how to run it larger."""
    members = int(provenance.get("members", 1))
    return (
        f"It ran with {citizens:,} citizens and {members} members under each policy. To run it "
        f"larger, raise citizens under [world] (for example citizens = {10 * citizens:_}) and "
        f"members under [ensemble] (for example members = {2 * members}) in study.toml, and give "
        "a new folder: time and memory grow in proportion to both. More members make ranges "
        "firmer; more citizens make chance smaller."
    )


def versions(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """When and with what it was run."""
    yield from ((name, str(provenance[name])) for name in ("date", "python") if name in provenance)
    for kind in ("versions", "machine"):
        found = provenance.get(kind, {})
        if isinstance(found, Mapping):
            yield from ((str(name), str(value)) for name, value in found.items())
        else:
            yield kind, str(found)
