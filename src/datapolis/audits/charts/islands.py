"""Value lost against the exponent, coverage by few holders, what closes entries, and supply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import altair as alt

from datapolis.audits.answers import plural
from datapolis.audits.finding import Audit
from datapolis.theme import (
    FAINT,
    INK,
    NARROW,
    NEUTRAL,
    NEUTRAL_INK,
    PLAIN,
    Chart,
    finish,
    inline,
    spread,
    tidy,
)

FIRST = 15  # holders whose coverage is drawn
LARGEST = 12  # holders whose supply is drawn
HEIGHT = 240
ROW = 24  # pixels of a bar and its gap
COLOURS = {"level": INK, "lost": PLAIN, "gained": NEUTRAL[2]}
TITLES = {
    "value_lost": "What islands cost, by returns to data",
    "links": "What the best new links bring together",
    "coverage": "Share covered, one holder after the other",
    "giant": "The largest component, by presence",
    "waterfall": "What closes entries, attribute by attribute",
    "mended": "What mending would open",
    "supply": "Who offers most",
}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    drawn: Mapping[str, Callable[[list[dict[str, Any]], Audit, int], Chart]] = {
        "value_lost": value_lost,
        "links": new_links,
        "coverage": coverage,
        "giant": giant,
        "waterfall": waterfall,
        "mended": mended,
        "supply": supply,
    }
    return {
        name: chart(tidy(audit.series[name]), audit, width)
        for name, chart in drawn.items()
        if name in audit.series
    }


def value_lost(rows: list[dict[str, Any]], audit: Audit, width: int) -> Chart:
    """The part of the value that separation costs, over the returns to pooled data."""
    stated = audit.options.get("exponent")
    base = alt.Chart(inline(rows)).encode(
        x=alt.X(
            "exponent:Q",
            title="returns to pooled data, a",
            scale=alt.Scale(zero=False, nice=False),
            axis=alt.Axis(grid=False, format=".2~f", values=[0.75, 1, 1.25, 1.5, 1.75, 2]),
        ),
        y=alt.Y("lost:Q", title="share of the value lost", axis=alt.Axis(tickCount=5)),
        tooltip=[alt.Tooltip("exponent:Q", format=".2f"), alt.Tooltip("lost:Q", format=".3f")],
    )
    zero = alt.Chart(inline([{"lost": 0}])).mark_rule(color=FAINT, strokeDash=[4, 4])
    layers = [zero.encode(y="lost:Q"), base.mark_line(color=INK, strokeWidth=2.2)]
    if stated is not None and rows[0]["exponent"] <= stated <= rows[-1]["exponent"]:
        lost = audit["value_lost"].estimate
        point = [{"exponent": stated, "lost": lost, "text": f"a = {stated:g}: {lost:.2f}"}]
        here = alt.Chart(inline(point)).encode(x="exponent:Q", y="lost:Q")
        layers.append(here.mark_point(color=INK, filled=True, size=60))
        layers.append(
            here.mark_text(align="right", dx=-9, dy=-9, color=INK, fontSize=12).encode(
                text="text:N"
            )
        )
    return finish(
        alt.layer(*layers).properties(width=width - 70, height=HEIGHT),
        TITLES["value_lost"],
        f"A line. {audit['value_lost'].says}",
    )


def new_links(rows: list[dict[str, Any]], audit: Audit, width: int) -> Chart:
    """The largest island's share of all data after each further best link."""
    chart = _steps(
        rows, "links:Q", "best new links", "largest:Q", "share of data in the largest island"
    )
    return finish(
        chart.properties(width=width - 70, height=HEIGHT),
        TITLES["links"],
        f"A line of points, from {rows[0]['largest']:.3f} of all data in the largest island with "
        f"no new link to {rows[-1]['largest']:.3f} with {rows[-1]['links']}.",
    )


def coverage(rows: list[dict[str, Any]], audit: Audit, width: int) -> Chart:
    """Holders in coverage order against the places covered, each bar what one adds."""
    left, right = (str(audit.options.get(end) or end) for end in ("left", "right"))
    first = [
        {**row, "before": before, "text": f"{row['covered']:.0%}"}
        for row, before in zip(rows, [0.0, *(row["covered"] for row in rows)], strict=False)
    ][:FIRST]
    limit = 110 if width < NARROW else 170
    base = alt.Chart(inline(first)).encode(
        y=alt.Y(
            "holder:N",
            sort=[row["holder"] for row in first],
            title=None,
            axis=alt.Axis(labelLimit=limit, domain=False, ticks=False),
        ),
        tooltip=["holder:N", "added:Q", alt.Tooltip("covered:Q", format=".3f")],
    )
    x = alt.X(
        "before:Q",
        title=f"share of {plural(left)} covered, each {right} adding most",
        scale=alt.Scale(domain=[0, 1.12 * first[-1]["covered"]], nice=False),
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    bar = base.mark_bar(color=PLAIN, height=ROW * 0.62).encode(x=x, x2="covered:Q")
    text = base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(
        x="covered:Q", text="text:N"
    )
    told = ", ".join(f"{row['holder']} {row['covered']:.3f}" for row in first)
    last = rows[-1]
    return finish(
        alt.layer(bar, text).properties(width=width - limit - 40, height=ROW * len(first)),
        f"Share of {plural(left)} covered, {right} by {right}",
        f"Bars, one for each {right} in the order in which it adds most, up to the share covered "
        f"with it: {told}; {last['covered']:.3f} after {last['holders']}.",
    )


def giant(rows: list[dict[str, Any]], audit: Audit, width: int) -> Chart:
    """The largest component over thresholds of presence."""
    chart = _steps(
        rows, "threshold:Q", "presence above", "share:Q", "share in the largest component"
    )
    said = ", ".join(f"{row['share']:.3f} above {row['threshold']:g}" for row in rows)
    return finish(
        chart.properties(width=width - 70, height=HEIGHT),
        TITLES["giant"],
        f"A line of points: {said}.",
    )


def waterfall(rows: list[dict[str, Any]], audit: Audit, width: int) -> Chart:
    """From all entries to the open ones, attribute by attribute."""
    times = list(dict.fromkeys(row["time"] for row in rows))
    bars = []
    for time in times:
        reached = 0
        for row in [one for one in rows if one["time"] == time]:
            many = row["entries"]
            start = 0 if row["kind"] == "level" else reached
            reached = start + many
            text = f"{many:,}" if row["kind"] == "level" else f"{many:+,}".replace("-", "−")
            bars.append({**row, "from": start, "to": reached, "text": text})
    for bar in bars:
        bar["end"] = max(bar["from"], bar["to"])
    columns = 1 if width < NARROW or len(times) == 1 else 2
    inner = (width - 130) // columns - (50 if columns == 2 else 26)
    order = list(dict.fromkeys(bar["step"] for bar in bars))
    most = max(bar["end"] for bar in bars)
    panels = []
    for place, time in enumerate(times):
        axis = alt.Axis(labelLimit=140, domain=False, ticks=False, labels=place % columns == 0)
        base = alt.Chart(inline([bar for bar in bars if bar["time"] == time])).encode(
            y=alt.Y("step:N", sort=order, title=None, axis=axis)
        )
        x = alt.X(
            "from:Q",
            title="entries",
            scale=alt.Scale(domain=[0, most * 1.12], nice=False),
            axis=alt.Axis(tickCount=4),
        )
        kinds = list(COLOURS)
        colour = alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[COLOURS[kind] for kind in kinds]),
            legend=None,
        )
        bar = base.mark_bar(height=ROW * 0.62).encode(
            x=x, x2="to:Q", color=colour, tooltip=["step:N", "entries:Q"]
        )
        text = base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(
            x="end:Q", text="text:N"
        )
        title = alt.TitleParams(time, fontSize=13, offset=6)
        panels.append(
            alt.layer(bar, text).properties(width=inner, height=ROW * len(order), title=title)
        )
    said = "; ".join(
        f"{time}: "
        + ", ".join(f"{bar['step']} {bar['text']}" for bar in bars if bar["time"] == time)
        for time in times
    )
    return finish(
        alt.concat(*panels, columns=columns, spacing=22),
        TITLES["waterfall"],
        f"Bars from all entries down to those that are open, attributes in the order given; an "
        f"entry counts at the first that it lacks. {said}.",
    )


def mended(rows: list[dict[str, Any]], audit: Audit, width: int) -> Chart:
    """How many closed entries the best set of each size would open."""
    times = list(dict.fromkeys(row["time"] for row in rows))
    for row in rows:
        row["share"] = row["opened"] / row["closed"]
    shades = alt.Scale(domain=times, range=[*NEUTRAL[::-1]][-len(times) :])
    inks = alt.Scale(domain=times, range=[*NEUTRAL_INK[::-1]][-len(times) :])
    lines = _steps(
        rows,
        "attributes:Q",
        "attributes mended, the best set of each size",
        "share:Q",
        "share of closed entries opened",
        ["time:N", "which:N", "opened:Q", "closed:Q"],
        alt.Color("time:N", scale=shades, legend=None),
    )
    middle = max(row["attributes"] for row in rows) // 2 + 1
    at = [row for row in rows if row["attributes"] == middle]
    places = spread([row["share"] for row in at], 18 / HEIGHT, 0, 1)
    named = [{**row, "share": place} for row, place in zip(at, places, strict=True)]
    text = alt.Chart(inline(named)).mark_text(align="left", dx=9, dy=8, fontSize=12, fontWeight=600)
    labels = text.encode(
        x="attributes:Q",
        y="share:Q",
        text="time:N",
        color=alt.Color("time:N", scale=inks, legend=None),
    )
    said = "; ".join(
        f"{row['time']} {row['which']}: {row['opened']} of {row['closed']}".strip()
        for row in rows
        if row["attributes"] <= 3
    )
    chart = alt.layer(lines, labels).resolve_scale(color="independent")
    return finish(
        chart.properties(width=width - 70, height=HEIGHT),
        TITLES["mended"],
        f"Lines of points. {said}.",
    )


def supply(rows: list[dict[str, Any]], audit: Audit, width: int) -> Chart:
    """Those who offer most."""
    largest = rows[:LARGEST]
    limit = 170 if width < NARROW else 320
    base = alt.Chart(inline(largest)).encode(
        y=alt.Y(
            "holder:N",
            sort=[row["holder"] for row in largest],
            title=None,
            axis=alt.Axis(labelLimit=limit, domain=False, ticks=False),
        ),
        x=alt.X(
            "offers:Q",
            title="offers",
            scale=alt.Scale(domain=[0, 1.12 * largest[0]["offers"]], nice=False),
            axis=alt.Axis(tickCount=4),
        ),
    )
    bar = base.mark_bar(color=PLAIN, height=ROW * 0.62)
    text = base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(text="offers:Q")
    said = ", ".join(f"{row['holder']} {row['offers']}" for row in largest)
    return finish(
        alt.layer(bar, text).properties(width=width - limit - 40, height=ROW * len(largest)),
        TITLES["supply"],
        f"Bars: {said}.",
    )


def _steps(
    rows: list[dict[str, Any]],
    across: str,
    across_title: str,
    up: str,
    up_title: str,
    tips: list[Any] | None = None,
    colour: Any = None,
) -> Any:
    """A line of points of a share."""
    along = sorted({row[across.partition(":")[0]] for row in rows})
    values = along[:: -(-len(along) // 10)]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X(across, title=across_title, axis=alt.Axis(grid=False, format="~g", values=values)),
        y=alt.Y(up, title=up_title, axis=alt.Axis(format=".0%", tickCount=5)),
        tooltip=[across, alt.Tooltip(up, format=".3f"), *(tips or [])],
        color=alt.value(INK) if colour is None else colour,
    )
    return base.mark_line(strokeWidth=1.8, point={"size": 34, "filled": True})
