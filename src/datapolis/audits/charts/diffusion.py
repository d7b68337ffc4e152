"""Cumulative adoption with the band of the fit; threads compared; the web as its ties are cut."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from datapolis.audits.finding import Audit, Finding
from datapolis.theme import (
    FAINT,
    GRID,
    INK,
    NARROW,
    POLICY_INK,
    Chart,
    finish,
    inline,
    spread,
    tidy,
)

MARGIN = 60  # pixels beside the plot
FIT = POLICY_INK[1]
TITLES = {
    "curve": "Adoption, counted and fitted",
    "compared": "Threads on two kinds of rumours",
    "cut": "What holds together as ties are cut",
}
CUTS = {
    "strongest first": POLICY_INK[1],
    "at random": FAINT,
    "weakest first": POLICY_INK[0],
}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    charts = {}
    if audit.series.get("curve"):
        charts["curve"] = adopted(audit, width)
    if np.isfinite(audit.series.get("compared", {}).get("chance", [])).any():
        charts["compared"] = compared(audit, width)
    if audit.series.get("cut"):
        charts["cut"] = cut(audit, width)
    return charts


def adopted(audit: Audit, width: int) -> Chart:
    """The share who had adopted, as counted and as fitted."""
    curve, seen = tidy(audit.series["curve"]), tidy(audit.series["adopted"])
    ends = [curve[0]["time"], curve[-1]["time"]]
    x = alt.X(
        "time:Q",
        title="period",
        axis=alt.Axis(tickMinStep=1, grid=False, format="d"),
        scale=alt.Scale(domain=ends, nice=False),
    )
    y = alt.Y(
        "share:Q",
        title="share of people who had adopted",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    base = alt.Chart(inline(curve)).encode(x=x)
    band = base.mark_area(color=FIT, opacity=0.18).encode(y=alt.Y("lower:Q"), y2="upper:Q")
    line = base.mark_line(color=FIT, strokeWidth=2.2).encode(y=y)
    points = alt.Chart(inline(seen)).mark_point(filled=True, size=46, color=INK, opacity=1)
    middle = curve[int(len(curve) * 0.55)]
    names = [
        {
            "time": middle["time"],
            "share": max(middle["lower"] - 0.07, 0.03),
            "name": "fit with 95 % band",
        },
    ]
    text = alt.Chart(inline(names)).mark_text(align="left", fontSize=12, fontWeight=600, color=FIT)
    text = text.encode(x=x, y=y, text="name:N")
    last = seen[-1]
    counted = [{"time": last["time"], "share": last["share"] + 0.06, "name": "counted"}]
    over = alt.Chart(inline(counted)).mark_text(align="right", fontSize=12, fontWeight=600)
    over = over.encode(x=x, y=y, text="name:N", color=alt.value(INK))
    chart = alt.layer(band, line, points.encode(x=x, y=y), text, over)
    fit = {name: _fitted(audit, name) for name in ("p", "q", "ceiling")}
    said = (
        f"The share of people who had adopted, by period: {last['share']:.1%} at the last that is "
        f"drawn. The fitted curve has p {fit['p'].estimate:.3g}, q {fit['q'].estimate:.3g} (95 % "
        f"interval {fit['q'].lower:.3g} to {fit['q'].upper:.3g}) and a ceiling of "
        f"{fit['ceiling'].estimate:.1%}."
    )
    return finish(chart.properties(width=width - MARGIN, height=300), TITLES["curve"], said)


def compared(audit: Audit, width: int) -> Chart:
    """The chance that a thread of one kind has the greater measure, with its interval."""
    rows = [row for row in tidy(audit.series["compared"]) if row["chance"] == row["chance"]]
    for row in rows:
        if row["lower"] != row["lower"]:  # no interval: one side is greater throughout
            row["lower"] = row["upper"] = row["chance"]
    order = [row["measure"] for row in rows]
    first, _, second = rows[0]["kinds"].partition(" against ")
    left = 120 if width < NARROW else 170
    x = alt.X(
        "chance:Q",
        title=[f"chance that a thread on a {first} rumour", f"has more than one on a {second}"],
        axis=alt.Axis(format=".1f", tickCount=5, grid=False),
        scale=alt.Scale(domain=[0.2, 0.8], clamp=True),
    )
    y = alt.Y("measure:N", title=None, sort=order, axis=alt.Axis(labelLimit=left, domain=False))
    half = alt.Chart(inline([{"chance": 0.5}])).mark_rule(color=GRID, strokeWidth=2).encode(x=x)
    base = alt.Chart(inline(rows)).encode(y=y)
    reach = base.mark_rule(strokeWidth=2, color=INK).encode(x=alt.X("lower:Q"), x2="upper:Q")
    points = base.mark_point(filled=True, size=70, color=INK, opacity=1).encode(x=x)
    said = "; ".join(
        f"{row['measure']} {row['chance']:.2f} (95 % interval {row['lower']:.2f} to "
        f"{row['upper']:.2f}, p after Holm {row['adjusted']:.2g})"
        for row in rows
    )
    return finish(
        alt.layer(half, reach, points).properties(width=width - left - 20, height=34 * len(rows)),
        f"Threads on {first} and {second} rumours",
        f"Chance that a thread on a {first} rumour has more than one on a {second} rumour, 1/2 if "
        f"they do not differ: {said}.",
    )


def cut(audit: Audit, width: int) -> Chart:
    """The largest component's share of people against the share of ties cut, in three orders."""
    rows = tidy(audit.series["cut"])
    half = {row["order"]: row["share"] for row in rows if abs(row["cut"] - 0.5) < 1e-9}
    x = alt.X(
        "cut:Q",
        title="share of ties cut",
        axis=alt.Axis(format=".0%", tickCount=5, grid=False),
        scale=alt.Scale(domain=[0, 1]),
    )
    y = alt.Y(
        "share:Q",
        title="people in the largest component",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domainMin=0),
    )
    colour = alt.Color(
        "order:N",
        scale=alt.Scale(domain=list(CUTS), range=list(CUTS.values())),
        legend=None,
    )
    lines = alt.Chart(inline(rows)).mark_line(strokeWidth=2.2)
    lines = lines.encode(x=x, y=y, color=colour)
    top = max(row["share"] for row in rows)
    places = spread([_at(rows, order, 0.6) for order in CUTS], top * 0.075, 0.0, top)
    names = [
        {"cut": 0.66, "share": place + top * 0.14, "order": order}
        for order, place in zip(CUTS, places, strict=True)
    ]
    text = alt.Chart(inline(names)).mark_text(align="left", fontSize=12, fontWeight=600)
    text = text.encode(x=x, y=y, text="order:N", color=colour)
    said = ", ".join(f"{order} {half[order]:.1%}" for order in CUTS if order in half)
    return finish(
        alt.layer(lines, text).properties(width=width - MARGIN, height=300),
        TITLES["cut"],
        f"Share of people in the largest component by share of ties cut; with half cut: {said}. "
        f"With none cut {top:.1%}.",
    )


def _fitted(audit: Audit, name: str) -> Finding:
    """The parameter of the curve that is drawn."""
    return next(one for one in audit.all(name) if one.of.endswith("a share never adopts"))


def _at(rows: list[dict[str, Any]], order: str, share: float) -> float:
    """The height of a line near a share of ties cut."""
    line = [row for row in rows if row["order"] == order]
    return float(min(line, key=lambda row: abs(row["cut"] - share))["share"])
