"""The coverage grid, levels of all rows and of the units there throughout, and which those are."""

from __future__ import annotations

import textwrap
from typing import Any

import altair as alt

from datapolis.audits.finding import Audit
from datapolis.theme import (
    FAINT,
    GRID,
    INK,
    NARROW,
    PLAIN,
    Chart,
    finish,
    gap,
    inline,
    panel,
    spread,
    tidy,
)

LETTER = 6.6  # pixels of a letter, about
HEIGHT = 160  # of a panel of lines
NAMED = 90  # pixels for the names at the end of lines
TITLES = {
    "coverage": "Units measured in each year",
    "levels": "Levels, each on its own scale",
    "units": "Which units have a value, year by year",
}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    charts = {}
    covered = [row for row in tidy(audit.series.get("coverage", {})) if row["units"]]
    if covered:
        charts["coverage"] = coverage_grid(covered, width)
    levels = tidy(audit.series.get("levels", {}))
    if known(levels):
        charts["levels"] = level_lines(levels, width)
    units = tidy(audit.series.get("units", {}))
    if len({(row["label"], row["year"]) for row in units}) > len({row["label"] for row in units}):
        charts["units"] = unit_strips(units, width)
    return charts


def coverage_grid(rows: list[dict[str, Any]], width: int) -> Chart:
    """How many units have a value, right by year."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    lines = {label: wrapped(label, width - 20) for label in labels}
    tall = max(len(text) for text in lines.values())
    most = {label: max(row["units"] for row in rows if row["label"] == label) for label in labels}
    low, high = (int(side(row["time"] for row in rows)) for side in (min, max))
    low, high = (low, high) if high - low >= 4 else (low - 2, high + 2)
    step, box = 34 + 15 * tall, 26
    height = step * len(labels)
    cells = [
        {
            **row,
            "left": int(row["time"]) - 0.47,
            "right_": int(row["time"]) + 0.47,
            "top": labels.index(row["label"]) * step + 15 * tall + 3,
            "bottom": labels.index(row["label"]) * step + 15 * tall + 3 + box,
            "middle": labels.index(row["label"]) * step + 15 * tall + 3 + box / 2,
            "full": 0.18 + 0.32 * row["units"] / most[row["label"]],
        }
        for row in rows
    ]
    years = alt.Scale(domain=[low - 0.5, high + 0.5], nice=False)
    ticks = list(range(low, high + 1, 1 if width >= NARROW or high - low < 8 else 4))
    axis = alt.Axis(title=None, values=ticks, format="d", grid=False, tickSize=0, domain=False)
    down = alt.Scale(domain=[height, 0], nice=False)
    empty = [
        {"left": year - 0.47, "right_": year + 0.47, "top": cell["top"], "bottom": cell["bottom"]}
        for cell in {cell["label"]: cell for cell in cells}.values()
        for year in range(low, high + 1)
    ]
    box_ = {
        "x": alt.X("left:Q", scale=years, axis=axis),
        "x2": "right_:Q",
        "y": alt.Y("top:Q", scale=down, axis=None),
        "y2": "bottom:Q",
    }
    nothing = alt.Chart(inline(empty)).mark_rect(color=GRID, opacity=0.35).encode(**box_)
    filled = (
        alt.Chart(inline(cells))
        .mark_rect(color=PLAIN)
        .encode(
            **box_,
            opacity=alt.Opacity("full:Q", scale=None, legend=None),
            tooltip=["label:N", "year:N", "units:Q"],
        )
    )
    number = (
        alt.Chart(inline(cells))
        .mark_text(color=INK, fontSize=12 if width >= NARROW else 11)
        .encode(
            x=alt.X("time:Q", scale=years, axis=axis),
            y=alt.Y("middle:Q", scale=down, axis=None),
            text="units:Q",
        )
    )
    names = [
        {
            "at": low - 0.5,
            "y": labels.index(label) * step + 15 * tall - 2 - 14 * (len(text) - 1),
            "text": text,
        }
        for label, text in lines.items()
    ]
    heads = (
        alt.Chart(inline(names))
        .mark_text(
            align="left", baseline="bottom", lineHeight=14, color=INK, fontWeight=600, fontSize=12
        )
        .encode(
            x=alt.X("at:Q", scale=years, axis=axis),
            y=alt.Y("y:Q", scale=down, axis=None),
            text="text:N",
        )
    )
    said = "; ".join(
        f"{label}: "
        + ", ".join(f"{row['year']} {row['units']}" for row in rows if row["label"] == label)
        for label in labels
    )
    return finish(
        alt.layer(nothing, filled, number, heads).properties(width=width - 20, height=height),
        TITLES["coverage"],
        f"A grid of rights by years, with the number of units that have a value. {said}. Empty "
        "cells were not measured; nothing is filled in.",
    )


def level_lines(rows: list[dict[str, Any]], width: int) -> Chart:
    """The level by period: all rows faint, the units there throughout bold."""
    labels = list(dict.fromkeys(row["label"] for row in known(rows)))
    columns = min(len(labels), 1 if width < NARROW else 2)
    inner = panel(width, columns, 52 + NAMED)
    panels = [
        one_panel([row for row in rows if row["label"] == label], label, inner) for label in labels
    ]
    ends = []
    for label in labels:
        for kind in ("all", "throughout"):
            line = [row for row in known(rows) if row["label"] == label and row["rows"] == kind]
            if line:
                ends.append(
                    f"{label}, {named(kind)}: {number(line[0])} in {line[0]['period']}"
                    + (f", {number(line[-1])} in {line[-1]['period']}" if len(line) > 1 else "")
                )
    return finish(
        alt.concat(*panels, columns=columns, spacing=22),
        TITLES["levels"],
        f"Lines over time; faint: all rows, bold: units there in every year. {'; '.join(ends)}.",
    )


def known(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose level is not suppressed."""
    return [row for row in rows if row["value"] == row["value"]]


def one_panel(every: list[dict[str, Any]], label: str, inner: int) -> Any:
    """One right in one source; a line breaks where a period is suppressed."""
    rows = known(every)
    kinds = [kind for kind in ("all", "throughout") if any(row["rows"] == kind for row in rows)]
    times = [row["time"] for row in rows]
    low, high = min(times), max(times)
    room = (0.5 if high == low else 0.04 * (high - low)) or 0.5
    several = len(set(times)) > 1
    x = alt.X(
        "time:Q",
        title=None,
        scale=alt.Scale(domain=[low - room, high + room], nice=False),
        axis=alt.Axis(format="d", grid=False, values=ticks(low, high, inner)),
    )
    values = [row["value"] for row in rows]
    margin = 0.2 * (max(values) - min(values))
    domain = [min(values) - margin, max(values) + margin] if margin else [0.0, 1.2 * max(values)]
    domain[1] = domain[1] if domain[1] > domain[0] else domain[0] + 1
    share = rows[0]["scale"] == "share"
    y = alt.Y(
        "value:Q",
        title="share" if share else "score, own scale",
        scale=alt.Scale(domain=domain, nice=False, zero=False),
        axis=alt.Axis(tickCount=4, format=share_format(domain) if share else ""),
    )
    tips: list[Any] = ["period:N", "rows:N", alt.Tooltip("value:Q", format=".3f"), "units:Q"]
    drawn = []
    for kind in kinds:
        line = [
            {**row, "value": gap(row["value"]), "units": gap(row["units"])}
            for row in every
            if row["rows"] == kind
        ]
        bold = kind == "throughout" or len(kinds) == 1
        mark: dict[str, Any] = {"color": INK if bold else PLAIN, "opacity": 1.0 if bold else 0.6}
        base = alt.Chart(inline(line)).encode(x=x, y=y, tooltip=tips)
        if several:
            drawn.append(base.mark_line(strokeWidth=2.6 if bold else 1.5, **mark))
        if len(line) <= 12 or any(row["value"] is None for row in line):
            drawn.append(base.mark_point(filled=True, size=34 if bold else 20, **mark))
    last = [[row for row in rows if row["rows"] == kind][-1] for kind in kinds]
    places = spread([row["value"] for row in last], (domain[1] - domain[0]) * 34 / HEIGHT, *domain)
    ends = [
        {
            **row,
            "value": place,
            "text": [named(row["rows"]), f"{row['units']:.0f} units"],
            "ink": INK if row["rows"] == "throughout" or len(kinds) == 1 else FAINT,
        }
        for row, place in zip(last, places, strict=True)
    ]
    text = (
        alt.Chart(inline(ends))
        .mark_text(align="left", baseline="middle", dx=9, dy=-6, fontSize=12, lineHeight=14)
        .encode(x=x, y=y, text="text:N", color=alt.Color("ink:N", scale=None, legend=None))
    )
    title = alt.TitleParams(wrapped(label, inner + NAMED), fontSize=13, offset=8)
    return alt.layer(*drawn, text).properties(width=inner, height=HEIGHT, title=title)


def unit_strips(rows: list[dict[str, Any]], width: int) -> Chart:
    """Which units have a value in which year: those there throughout first."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    labels = [label for label in labels if len(years_of(rows, label)) > 1]
    columns = min(len(labels), 1 if width < NARROW else 2)
    inner = panel(width, columns, 58)
    panels, said = [], []
    for label in labels:
        here = [row for row in rows if row["label"] == label]
        years = years_of(rows, label)
        seen: dict[str, set[str]] = {}
        for row in here:
            seen.setdefault(row["unit"], set()).add(row["year"])
        order = sorted(seen, key=lambda unit: (-len(seen[unit]), min(seen[unit]), unit))
        always = sum(len(known) == len(years) for known in seen.values())
        cells = runs(here, order, always)
        base = alt.Chart(inline(cells)).mark_rect()
        panels.append(
            base.encode(
                x=alt.X(
                    "year:O",
                    title=None,
                    sort=years,
                    scale=alt.Scale(paddingInner=0.12),
                    axis=alt.Axis(labelAngle=0, labelOverlap="greedy", domain=False),
                ),
                y=alt.Y(
                    "first:Q",
                    title="units, those there longest on top",
                    scale=alt.Scale(domain=[len(order), 0], nice=False),
                    axis=alt.Axis(grid=False, tickCount=4),
                ),
                y2="last:Q",
                color=alt.Color("ink:N", scale=None, legend=None),
                tooltip=["year:N", "units:Q"],
            ).properties(
                width=inner,
                height=min(max(150, 4 * len(order)), 260),
                title=alt.TitleParams(wrapped(label, inner + 40), fontSize=13, offset=8),
            )
        )
        said.append(f"{label}: {len(order)} units, {always} of them in all {len(years)} years")
    return finish(
        alt.concat(*panels, columns=columns, spacing=22),
        TITLES["units"],
        f"Strips, one for each unit; dark: there in every year. {'; '.join(said)}.",
    )


def runs(rows: list[dict[str, Any]], order: list[str], always: int) -> list[dict[str, Any]]:
    """Units that lie next to each other in the order and have a value in one year, as one."""
    place = {unit: number for number, unit in enumerate(order)}
    found: list[dict[str, Any]] = []
    for year, number in sorted((row["year"], place[row["unit"]]) for row in rows):
        before = found[-1] if found else None
        if before and before["year"] == year and before["last"] == number and number != always:
            before["last"], before["units"] = number + 1, before["units"] + 1
        else:
            ink = INK if number < always else PLAIN
            found.append(
                {"year": year, "first": number, "last": number + 1, "units": 1, "ink": ink}
            )
    return found


def ticks(low: float, high: float, inner: int) -> list[int]:
    """Whole years, as many as there is room for."""
    years = list(range(round(low), int(high) + 1))
    step = max(1, -(-len(years) * 44 // max(inner, 1)))
    return years[::step]


def share_format(domain: list[float]) -> str:
    """Percent, with a digit where the axis is short."""
    return ".0%" if domain[1] - domain[0] > 0.04 else ".1%"


def years_of(rows: list[dict[str, Any]], label: str) -> list[str]:
    """The years in which a source has a value."""
    return sorted({row["year"] for row in rows if row["label"] == label})


def named(kind: str) -> str:
    """A line's name."""
    return "all rows" if kind == "all" else "throughout"


def number(row: dict[str, Any]) -> str:
    """A level as it is written."""
    return f"{row['value']:.1%}" if row["scale"] == "share" else f"{row['value']:.3f}"


def wrapped(text: str, pixels: float) -> list[str]:
    """A label in lines that fit."""
    return textwrap.wrap(text, max(int(pixels / LETTER), 12)) or [""]
