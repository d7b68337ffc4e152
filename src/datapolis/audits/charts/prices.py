"""Paired dots of two groups with the difference beside, slopes, and fifths of areas."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from datapolis.audits.finding import Audit
from datapolis.theme import (
    FAINT,
    GRID,
    INK,
    NARROW,
    PLAIN,
    POLICIES,
    POLICY_INK,
    Chart,
    finish,
    inline,
    tidy,
)

ROW = 26  # height of a row, pixels
PAIR = (INK, POLICIES[0])  # the first and the second group
PAIR_INK = (INK, POLICY_INK[0])
MOST = 40  # rows that a chart shows
WORDS = "difference, with interval; grey: too small to be found"
LETTER = 6.6  # width of a letter, pixels
TITLES = {
    "pairs": "The two groups",
    "slopes": "The slope, and how sure it is",
    "fifths": "Where each group lives, by outcome",
    "gaps": "The gap between groups, and where it lies",
}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    charts = {}
    if len(audit.series.get("pairs", {}).get("of", ())):
        charts["pairs"] = pairs(audit, width)
    if len(audit.series.get("slopes", {}).get("of", ())):
        charts["slopes"] = slopes(audit, width)
    if len(audit.series.get("fifths", {}).get("fifth", ())):
        charts["fifths"] = fifths(audit, width)
    if len(audit.series.get("gaps", {}).get("of", ())):
        charts["gaps"] = gaps(audit, width)
    return charts


def pairs(audit: Audit, width: int) -> Chart:
    """Both groups in each market, and their difference with what would mostly not be found."""
    rows = [row for row in tidy(audit.series["pairs"]) if np.isfinite(row["difference"])]
    rows = sorted(rows, key=lambda row: -row["difference"])[:MOST]
    for row in rows:
        row["beyond"] = bool(row["p_holm"] < 0.05)
        row["band_from"], row["band_to"] = -row["detectable"], row["detectable"]
    order = [row["of"] for row in rows]
    margin = int(max(len(name) for name in order) * LETTER) + 14
    narrow = width < NARROW
    inner = int(width - margin - 30) if narrow else int((width - margin - 50) / 2)
    share = audit.findings[0].unit == "share"
    level = ".0%" if share else "~g"
    gap = "+.0%" if share else "+~g"
    outcome = audit.title.split(" by ")[0]
    what = f"share with {outcome}" if share else outcome
    height = ROW * len(rows)
    left = _levels(rows, order, level, what).properties(width=inner, height=height)
    right = _differences(rows, order, gap, narrow).properties(width=inner, height=height)
    first, second = rows[0]["first_name"], rows[0]["second_name"]
    chart = alt.concat(left, right, columns=1 if narrow else 2, spacing=18)
    told = "; ".join(
        f"{row['of']} {row['first']:.3g} and {row['second']:.3g}, difference "
        f"{row['difference']:+.3g}" + _between(row)
        for row in rows
    )
    return finish(
        chart,
        "The two groups, market by market" if len(rows) > 1 else TITLES["pairs"],
        f"Paired dots for {first} and {second}, and their difference with its 95 % interval over a "
        f"grey band of what would mostly not be found. {told}. Filled: beyond chance after Holm.",
    )


def _levels(rows: list[dict[str, Any]], order: list[str], level: str, what: str) -> Any:
    """A dot for each group, joined by a line."""
    first, second = rows[0]["first_name"], rows[0]["second_name"]
    x = alt.X("value:Q", title=what, axis=alt.Axis(format=level, tickCount=4, orient="bottom"))
    y = alt.Y(
        "of:N",
        sort=order,
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelColor=INK, labelLimit=400),
    )
    dots = [
        {"of": row["of"], "value": row[side], "group": row[f"{side}_name"]}
        for row in rows
        for side in ("first", "second")
    ]
    colour = alt.Color(
        "group:N",
        sort=[first, second],
        scale=alt.Scale(domain=[first, second], range=list(PAIR)),
        legend=alt.Legend(title=None, orient="top", symbolType="circle", labelLimit=160),
    )
    line = (
        alt.Chart(_inline(rows))
        .mark_rule(color=GRID, strokeWidth=3)
        .encode(y=y, x=alt.X("first:Q", title=what), x2="second:Q")
    )
    points = (
        alt.Chart(_inline(dots))
        .mark_circle(size=80, opacity=1)
        .encode(x=x, y=y, color=colour, tooltip=["of:N", "group:N", "value:Q"])
    )
    return alt.layer(line, points)


def _differences(rows: list[dict[str, Any]], order: list[str], gap: str, named: bool) -> Any:
    """The difference with its interval, over the band that is too small to be found."""
    axis = alt.Axis(domain=False, ticks=False, labelColor=INK, labelLimit=400) if named else None
    y = alt.Y("of:N", sort=order, title=None, axis=axis)
    title = "difference; grey: too small to be found" if named else WORDS
    x = alt.X("difference:Q", title=title, axis=alt.Axis(format=gap, tickCount=4))
    base = alt.Chart(_inline(rows))
    band = base.mark_bar(color=GRID, opacity=0.75, height=ROW - 8).encode(
        y=y, x=alt.X("band_from:Q", title=title), x2="band_to:Q"
    )
    zero = (
        alt.Chart(_inline([{"zero": 0}])).mark_rule(color=FAINT, strokeWidth=1).encode(x="zero:Q")
    )
    bounded = _inline([row for row in rows if np.isfinite(row["lower"])])
    reach = alt.Chart(bounded).mark_rule(color=INK, strokeWidth=2)
    reach = reach.encode(y=y, x="lower:Q", x2="upper:Q")
    point = base.mark_point(size=70, filled=True, opacity=1, stroke=INK, strokeWidth=1.6).encode(
        x=x,
        y=y,
        fill=alt.condition("datum.beyond", alt.value(INK), alt.value("#ffffff")),
        tooltip=["of:N", "difference:Q", "lower:Q", "upper:Q", "p:Q", "p_holm:Q"],
    )
    return alt.layer(band, zero, reach, point)


def slopes(audit: Audit, width: int) -> Chart:
    """Slopes with the interval of clusters, and the one that takes rows as independent."""
    rows = [row for row in tidy(audit.series["slopes"]) if np.isfinite(row["estimate"])]
    for row in rows:
        row["naive_from"] = row["estimate"] - 1.96 * row["naive_error"]
        row["naive_to"] = row["estimate"] + 1.96 * row["naive_error"]
    chart, told = _dots(rows, audit.findings[0].unit, width)
    return finish(
        chart,
        TITLES["slopes"],
        f"Dots with 95 % intervals for clusters (line) and for independent rows (bar). {told}.",
    )


def gaps(audit: Audit, width: int) -> Chart:
    """Gaps between groups over all areas, between units, and in each market."""
    rows = [row for row in tidy(audit.series["gaps"]) if np.isfinite(row["estimate"])][:MOST]
    chart, told = _dots(rows, f"difference in {audit.title.split(' by ')[0]}", width)
    return finish(
        chart,
        TITLES["gaps"],
        f"Dots with 95 % intervals over units; between units, the range of chance. {told}.",
    )


def _dots(rows: list[dict[str, Any]], title: str, width: int) -> tuple[Any, str]:
    """A dot with its interval for each row, and the same in words."""
    for row in rows:
        row["label"] = f"{row['estimate']:.3g}"
    order = [row["of"] for row in rows]
    margin = int(max((len(name) for name in order), default=0) * LETTER) + 14
    y = alt.Y(
        "of:N",
        sort=order,
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelColor=INK, labelLimit=400),
    )
    x = alt.X("estimate:Q", title=title, axis=alt.Axis(tickCount=5, format="~g"))
    base = alt.Chart(_inline(rows)).encode(y=y)
    zero = alt.Chart(_inline([{"zero": 0}])).mark_rule(color=FAINT).encode(x="zero:Q")
    bounded = alt.Chart(_inline([row for row in rows if np.isfinite(row["lower"])])).encode(y=y)
    layers = [
        zero,
        bounded.mark_rule(color=INK, strokeWidth=2).encode(
            x=alt.X("lower:Q", title=title), x2="upper:Q"
        ),
        base.mark_circle(color=INK, size=80, opacity=1).encode(x=x),
        base.mark_text(dy=-14, color=INK, fontSize=12, fontWeight=600).encode(x=x, text="label:N"),
    ]
    if rows and "naive_from" in rows[0]:
        naive = base.mark_rule(color=PLAIN, strokeWidth=6, opacity=0.45)
        layers.insert(1, naive.encode(x="naive_from:Q", x2="naive_to:Q"))
    chart = alt.layer(*layers).properties(width=width - margin - 30, height=44 * len(rows) + 12)
    return chart, "; ".join(f"{row['of']} {row['label']}{_between(row)}" for row in rows)


def fifths(audit: Audit, width: int) -> Chart:
    """The share of each group in each fifth of the areas."""
    rows = tidy(audit.series["fifths"])
    groups = list(dict.fromkeys(row["group"] for row in rows))
    colours = [*PAIR, *POLICIES[1:]][: len(groups)]
    many = max(row["fifth"] for row in rows)
    for row in rows:
        row["label"] = f"{row['share']:.0%}"
    x = alt.X(
        "fifth:O",
        title=f"areas in {many} equal parts, least outcome first",
        axis=alt.Axis(labelAngle=0, ticks=False),
    )
    most = 1.12 * max(row["share"] for row in rows)
    y = alt.Y(
        "share:Q",
        title="share of the group",
        axis=alt.Axis(format=".0%", tickCount=4),
        scale=alt.Scale(domain=[0, most], nice=False),
    )
    shift = alt.XOffset("group:N", sort=groups)
    base = alt.Chart(_inline(rows)).encode(x=x, xOffset=shift)
    bars = base.mark_bar().encode(
        y=y,
        color=alt.Color(
            "group:N",
            sort=groups,
            scale=alt.Scale(domain=groups, range=colours),
            legend=alt.Legend(title=None, orient="top", symbolType="circle"),
        ),
        tooltip=["group:N", "fifth:O", alt.Tooltip("share:Q", format=".3f")],
    )
    text = base.mark_text(dy=-7, fontSize=11, color=INK).encode(y=y, text="label:N")
    told = "; ".join(
        f"{group} " + ", ".join(row["label"] for row in rows if row["group"] == group)
        for group in groups
    )
    return finish(
        alt.layer(bars, text).properties(width=width - 70, height=230),
        TITLES["fifths"],
        f"Bars of the share of each group in parts of the areas, least outcome first: {told}.",
    )


def _inline(rows: list[dict[str, Any]]) -> Any:
    """Rows as the data of a chart; what is no number is left empty."""
    return inline(
        [
            {
                key: None if isinstance(value, float) and not np.isfinite(value) else value
                for key, value in row.items()
            }
            for row in rows
        ]
    )


def _between(row: dict[str, Any]) -> str:
    if not np.isfinite(row["lower"]):
        return ""
    return f" ({row['lower']:.3g} to {row['upper']:.3g})"
