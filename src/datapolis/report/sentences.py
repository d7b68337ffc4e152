"""What a report says of its numbers: every sentence follows from them, whatever their sign.

A difference between policies, or between months, is said to be one only if its sign is clear by the
one rule of `report.certainty`: 20 members or more, the middle 90 % of them on one side. Where each
claim of the essay is looked up, is told here too; no sentence judges a claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from datapolis.report.certainty import ENOUGH, Certainty, certainty
from datapolis.report.charts import FOUR_WAYS, LEAST_CHANGE, months, sector_words, words
from datapolis.report.tables import (
    MEASURED,
    Key,
    Row,
    Rows,
    bands,
    baseline,
    changes,
    first_and_last,
    others,
)
from datapolis.studies import break_even
from datapolis.studies.claims.declared import EXPERIMENTS

if TYPE_CHECKING:
    import xarray

NBSP = "\u202f"  # between a number and its sign
ROUGH = ENOUGH  # members below which a 90 % range is rough

DIFFERENCES = {
    "share": (100.0, " points"),
    "income/month": (100.0, f"{NBSP}% of a mean income"),
}
"""How a difference is told: its factor, and its unit after that."""

GAIN_LABEL = "a citizen's net gain"
HEADLINES = (
    Key("power_share", "government's share of power", ("sector", "government")),
    Key("power_share", "the market's share of power", ("sector", "market")),
    Key("top_fifth_share", "the share of users at the largest fifth of firms"),
    Key("trust", "trust"),
    Key("harm", "harm to citizens"),
    Key("rights", "the rights that citizens enjoy", mean_over="right"),
    Key("citizens_gain", GAIN_LABEL),
)
"""What the summary says of each policy."""


def number(value: float | None, unit: str = "1") -> str:
    """A number to read: shares in percent, others to three digits."""
    if value is None or not np.isfinite(value):
        return "–"
    if unit != "share":
        return f"{value:.3g}".replace("-", "−")
    percent = 100 * value
    digits = 0 if abs(percent) >= 10 else 1 if abs(percent) >= 0.1 else 2
    return f"{percent:.{digits}f}{NBSP}%".replace("-", "−")


def ranged(row: Row | None, unit: str = "share") -> str:
    """A number with the range of 90 % of members."""
    if row is None:
        return "–"
    reach = reached(row, unit)
    return f"{number(row['value'], unit)} ({reach})" if reach else number(row["value"], unit)


def reached(row: Row, unit: str = "share") -> str:
    """The range of a number; nothing where both ends read as the number itself."""
    value, lower, upper = (number(row[name], unit) for name in ("value", "lower", "upper"))
    if lower == value == upper:
        return ""
    return f"{lower.removesuffix(f'{NBSP}%')} to {upper}"


def amount(row: Row) -> str:
    """How large a difference is, without its sign: a lowering by 2 is by 2."""
    turn = -1.0 if row["value"] < 0 else 1.0
    value, *ends = (turn * row[name] for name in ("value", "lower", "upper"))
    factor, unit = DIFFERENCES.get(row["unit"], (1.0, ""))
    low, high = (digits(factor * end) for end in sorted(ends))
    return f"{digits(factor * value)}{unit} ({low} to {high})"


def digits(value: float) -> str:
    """Two digits, never with an exponent."""
    return f"{float(f'{value:.2g}'):.10f}".rstrip("0").rstrip(".").replace("-", "−")


def opened(text: str) -> str:
    """A text as the beginning of a sentence; HHI stays HHI."""
    return text[:1].upper() + text[1:]


def uncapitalized(text: str) -> str:
    """A sentence in the midst of another."""
    return text[:1].lower() + text[1:]


def listed(parts: Sequence[str]) -> str:
    """One, two and three."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


# --- the summary -------------------------------------------------------------------------------


def summary(results: xarray.Dataset, measured: Rows) -> list[str]:
    """What the study found: who holds power, how users gather, what every policy changes."""
    paragraphs = []
    if "power_share" in results:
        paragraphs.append(power(results))
    if "top_fifth_share" in results:
        paragraphs.append(users(results, measured))
    paragraphs.append(net_gain(results))
    paragraphs += [policy(results, name) for name in others(results)]
    return [paragraph for paragraph in paragraphs if paragraph]


def power(results: xarray.Dataset) -> str:
    """Who holds most power without a policy, at the start and at the end."""
    ends = results["power_share"].sel(policy=baseline(results), drop=True).isel(month=[0, -1])
    rows = bands(ends)
    if not rows:
        return ""
    first, last = rows[0]["month"], rows[-1]["month"]
    at = {(row["month"], row["sector"]): row for row in rows}
    start = max((row for row in rows if row["month"] == first), key=lambda row: row["value"])
    end = max((row for row in rows if row["month"] == last), key=lambda row: row["value"])
    before, after = sector_words(start["sector"]), sector_words(end["sector"])
    opening = (
        f"At the start, {the(before)} {has(before)} the largest share of power, {ranged(start)}. "
    )
    later = f"After {months(results)} months {under(baseline(results))}"
    led = leads(ends, end["sector"])
    if start["sector"] == end["sector"]:
        then = f"{later} {the(after)} still {has(after)} the largest, {ranged(end)}, in {led}."
    else:
        lost = at.get((last, start["sector"]))
        then = (
            f"{later} {the(after)} {has(after)} it, {ranged(end)}, in {led}; "
            f"{the(before)} then {has(before)} {ranged(lost)}."
        )
    return opening + then


def leads(ends: xarray.DataArray, sector: str) -> str:
    """In how many members this sector has most power at the end."""
    last = ends.isel(month=-1).transpose("member", "sector")
    values = np.asarray(last.values, np.float64)
    done = np.isfinite(values).all(axis=1)
    place = [str(name) for name in last["sector"].values].index(sector)
    count, many = int((values[done].argmax(axis=1) == place).sum()), int(done.sum())
    return f"{count} of {many} members"


def users(results: xarray.Dataset, measured: Rows) -> str:
    """How users gather at the largest fifth of firms, beside what was measured."""
    values = results["top_fifth_share"].sel(policy=baseline(results), drop=True)
    rows = bands(values.isel(month=[0, -1]))
    if not rows:
        return ""
    ends = np.asarray(values.isel(month=[0, -1]).transpose("member", "month").values, np.float64)
    change = certainty(ends[:, 1] - ends[:, 0])
    what = "The share of users at the largest fifth of firms"
    opening = {
        "clear": f"{what} {'rises' if change.sign > 0 else 'falls'}",
        "too few": f"{what}, in too few members ({change.counts}) to say whether it changes",
        "disagree": f"{what} does not clearly change (members: {change.counts})",
        "same": f"{what} does not change in any member",
    }[change.standing]
    said = (
        f"{opening}: {ranged(rows[0])} at the start, "
        f"{ranged(rows[-1])} after {months(results)} months {under(baseline(results))}."
    )
    found = [row for row in measured if row["indicator"] == "top_fifth_share"]
    if found:
        seen = [f"{number(row['value'], 'share')}{when(row)}" for row in first_and_last(found)]
        said += f" In the measured table the largest fifth of companies has {listed(seen)}."
    return said


def net_gain(results: xarray.Dataset) -> str:
    """What a citizen gains or loses without a policy at the end, and where that would turn."""
    if break_even.GAIN not in results:
        return ""
    values = results[break_even.GAIN].sel(policy=baseline(results), drop=True)
    rows = bands(values.isel(month=[-1]))
    if not rows:
        return ""
    verb = "gains" if rows[0]["value"] > 0 else "loses"
    sure = certainty(np.asarray(values.isel(month=-1).values, np.float64))
    counted = "" if sure.sign else f" in the middle member ({sure.above} of {sure.members} gain)"
    return (
        f"After {months(results)} months {under(baseline(results))} a citizen {verb} "
        f"{amount({**rows[0], 'unit': 'income/month'})}{counted}. {turns(results)}"
    ).strip()


def turns(results: xarray.Dataset, name: str = "") -> str:
    """At which weights the net gain at the end turns its sign, or what a policy changes of it.

    Says that it cannot be told where the parts of the gain were not recorded.
    """
    plain = results.sel(policy=baseline(results), drop=True)
    found = (
        break_even.of(results.sel(policy=name, drop=True), plain) if name else break_even.of(plain)
    )
    if found is not None:
        return str(found)
    return "At which weights of service and harm its sign turns was not recorded."


def when(row: Row) -> str:
    """When something was measured, if the table says so."""
    return "" if row["time"] == "measured" else f" in {row['time']}"


def policy(results: xarray.Dataset, name: str) -> str:
    """What a policy changes at the end, and what it does not clearly change."""
    rows = [row for row in changes(results, HEADLINES) if row["policy"] == name]
    if not rows:
        return ""
    clear = [row for row in rows if row["sign"] and not small(row)]
    done = []
    for verb, sign in (("raises", 1), ("lowers", -1)):
        parts = [f"{row['index']} by {amount(row)}" for row in clear if row["sign"] == sign]
        if parts:
            done.append(f"{verb} {listed(parts)}")
    said = f"Compared with {words(baseline(results))}, {words(name)} "
    if fewest := [row["certainty"] for row in rows if row["certainty"].standing == "too few"]:
        parts = [f"{row['index']} {signed(row)}, {side(row)}" for row in rows if not small(row)]
        told = f" The middle member: {'; '.join(parts)}." if parts else ""
        if any(row["index"] == GAIN_LABEL and not small(row) for row in rows):
            told += f" Of {GAIN_LABEL}: {uncapitalized(turns(results, name))}"
        return f"{said}ran in {few_members(fewest)}{told}"
    said += "; it ".join(done) + "." if done else "changes none of the headline numbers clearly."
    if hardly := [row["index"] for row in rows if row["sign"] and small(row)]:
        said += f" It hardly changes {listed(hardly)}."
    if unclear := disagreed(rows):
        said += f" Members do not agree on its effect on {listed(unclear)}."
    if any(row["index"] == GAIN_LABEL and row["sign"] for row in rows):
        said += f" Of {GAIN_LABEL}: {uncapitalized(turns(results, name))}"
    return said


def few_members(rows: Sequence[Certainty]) -> str:
    """That too few members ran for a sign to be clear."""
    many = min(one.members for one in rows)
    noun = "member" if many == 1 else "members"
    return f"{many} {noun}: fewer than {ENOUGH}, so no change is called clear."


def signed(row: Row) -> str:
    """The change in the middle member, with its sign."""
    factor, unit = DIFFERENCES.get(row["unit"], (1.0, ""))
    return f"{'+' if row['value'] > 0 else ''}{digits(factor * row['value'])}{unit}"


def disagreed(rows: Rows) -> list[str]:
    """The numbers on whose change members disagree, with how many are on which side."""
    return [
        f"{row['index']} ({side(row)})" for row in rows if row["certainty"].standing == "disagree"
    ]


def side(row: Row) -> str:
    """How many members are on which side of 0."""
    return str(row["certainty"].counts)


def small(row: Row) -> bool:
    """Whether a difference of shares is too small to speak of."""
    return bool(row["unit"] in ("share", "1") and abs(row["value"]) < LEAST_CHANGE)


def the(sector: str) -> str:
    """A sector in the midst of a sentence."""
    return "the market" if sector == "market" else sector


def has(sector: str) -> str:
    """Associations have, government has."""
    return "have" if sector == "associations" else "has"


def under(name: str) -> str:
    """Under which policy."""
    return "without a policy" if name == "none" else f"under {words(name)}"


# --- beside the charts -------------------------------------------------------------------------


def clear_changes(results: xarray.Dataset, keys: Sequence[Key]) -> str:
    """What each policy clearly raises or lowers of these, at the end."""
    every = changes(results, keys)
    if fewest := [row["certainty"] for row in every if row["certainty"].standing == "too few"]:
        return f"At the end each policy was run in {few_members(fewest)}"
    found = [row for row in every if row["sign"] and not small(row)]
    gains = {key.label for key in keys if key.name == break_even.GAIN}
    said = []
    for name in others(results):
        parts = []
        for sign, verb in ((1, "higher"), (-1, "lower")):
            here = [r["index"] for r in found if r["policy"] == name and r["sign"] == sign]
            if here:
                parts.append(f"{verb} {listed(here)}")
        if parts:
            said.append(f"{opened(words(name))}: {'; '.join(parts)}.")
        if any(row["index"] in gains and row["policy"] == name for row in found):
            said.append(f"Of its net gain: {uncapitalized(turns(results, name))}")
    unclear = disagreed(every)
    told = (
        f" Members disagree on {listed(unclear)}." if unclear and len(others(results)) == 1 else ""
    )
    if said:
        return f"At the end, compared with {words(baseline(results))}: {' '.join(said)}{told}"
    if others(results):
        return f"At the end no policy differs clearly from {words(baseline(results))} here.{told}"
    return ""


def trend(results: xarray.Dataset, key: Key) -> str:
    """A key number without a policy, at the start and at the end."""
    rows = bands(key.of(results).sel(policy=baseline(results), drop=True).isel(month=[0, -1]))
    if not rows:
        return ""
    start, end = ranged(rows[0], key.unit), ranged(rows[-1], key.unit)
    return (
        f"{opened(key.label)}: {start} at the start, {end} after {months(results)} months "
        f"{under(baseline(results))}."
    )


def beside(results: xarray.Dataset, measured: Rows) -> str:
    """Whether the simulated concentration at the end reaches the measured one."""
    found: dict[str, list[str]] = {}
    for indicator, (index, label) in MEASURED.items():
        here = [row for row in measured if row["indicator"] == indicator and row["value"]]
        if index not in results or not here:
            continue
        last = first_and_last(here)[-1]
        end = bands(results[index].sel(policy=baseline(results), drop=True).isel(month=[-1]))
        if end:
            apart = (
                "below"
                if end[0]["upper"] < last["lower"]
                else "above"
                if end[0]["lower"] > last["upper"]
                else "within reach of"
            )
            found.setdefault(apart, []).append(label)
    said = [f"{apart} what was measured: {listed(labels)}" for apart, labels in found.items()]
    return f"After {months(results)} months, simulated, {'; '.join(said)}." if said else ""


def agreement(results: xarray.Dataset) -> str:
    """Which sector has most power at the end, in each of the four ways, without a policy."""
    first: dict[str, list[str]] = {}
    for name, label in FOUR_WAYS.items():
        if name in results:
            end = results[name].sel(policy=baseline(results), drop=True).isel(month=-1)
            rows = bands(end)
            if rows:
                most = max(rows, key=lambda row: row["value"])["sector"]
                first.setdefault(sector_words(most), []).append(label)
    if not first:
        return ""
    verb = {"associations": "are"}
    said = [
        f"{the(sector)} {verb.get(sector, 'is')} first by {listed(ways)}"
        for sector, ways in first.items()
    ]
    opening = f"After {months(results)} months {under(baseline(results))}, {listed(said)}."
    ways = sum(map(len, first.values()))
    agree = max(map(len, first.values()))
    return f"{opening} {agree} of {ways} measures agree on who is first."


def rich_and_poor(results: xarray.Dataset) -> str:
    """Poorest and richest tenth at the end, without a policy."""
    said = []
    for name, label in (
        ("rights_by_decile", "mean right enjoyed"),
        ("citizens_gain_by_decile", "net gain"),
    ):
        if name not in results:
            continue
        end = results[name].sel(policy=baseline(results), drop=True).isel(month=-1)
        rows = bands(end)
        if len(rows) > 1:
            unit = "1" if name == "rights_by_decile" else "income/month"
            poor, rich = ranged(rows[0], unit), ranged(rows[-1], unit)
            said.append(f"{label}: {poor} for the poorest tenth, {rich} for the richest")
    opening = f"After {months(results)} months {under(baseline(results))}, "
    if said and break_even.GAIN in results:
        return f"{opening}{'; '.join(said)}. Of the mean net gain: {uncapitalized(turns(results))}"
    return f"{opening}{'; '.join(said)}." if said else ""


# --- where claims are looked up ----------------------------------------------------------------


def where_to_look(claim: str) -> tuple[str, list[str]]:
    """The experiment of a claim, and its indices; nothing for a claim that is not known."""
    for one in EXPERIMENTS:
        if claim == one.id or claim in one.claims:
            return one.id, list(one.indices)
    return "", []
