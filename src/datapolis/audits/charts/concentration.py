"""Lorenz curves of the first and the last period, and the index under the three panel rules."""

from __future__ import annotations

import altair as alt

from datapolis.audits.finding import Audit
from datapolis.theme import (
    FAINT,
    INK,
    NARROW,
    NEUTRAL,
    NEUTRAL_INK,
    POLICIES,
    POLICY_INK,
    Chart,
    finish,
    gap,
    inline,
    panel,
    spread,
    tidy,
)

FEW = 24  # points of a curve that are marked one by one
TITLES = {
    "lorenz": "How much the smallest and the largest hold",
    "panels": "The change depends on who is counted",
    "means": "Mean concentration over separate markets",
}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    parts = {"lorenz": lorenz_curves, "panels": panel_rules, "means": means}
    return {
        name: part(audit, width)
        for name, part in parts.items()
        if name in audit.series and len(audit.series[name]["time"])
    }


def lorenz_curves(audit: Audit, width: int) -> Chart:
    """The poorest share of holders against the share they have, at the points that are told."""
    rows = tidy(audit.series["lorenz"])
    times = list(dict.fromkeys(row["time"] for row in rows))
    side = min(width - 60, 360)
    x = alt.X(
        "holders:Q",
        title="share of holders, smallest first",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    y = alt.Y(
        "share:Q",
        title="share that they hold together",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    colour = alt.Color(
        "time:N",
        scale=alt.Scale(domain=times, range=[POLICIES[1], INK][-len(times) :]),
        legend=None,
    )
    dots = {"size": 30, "filled": True} if len(rows) <= FEW * len(times) else False
    lines = alt.Chart(inline(rows)).mark_line(strokeWidth=2.2, point=dots)
    lines = lines.encode(x=x, y=y, color=colour)
    ends = [{"holders": 0, "share": 0}, {"holders": 1, "share": 1}]
    equal = alt.Chart(inline(ends)).mark_line(strokeDash=[4, 4], color=FAINT, strokeWidth=1)
    names = [
        {"holders": 0.42, "share": 0.50, "label": "all equal", "ink": FAINT},
        *(
            {"holders": 0.06, "share": 0.92 - 0.08 * place, "label": f"— {time}", "ink": ink}
            for place, (time, ink) in enumerate(
                zip(times, [POLICY_INK[1], INK][-len(times) :], strict=True)
            )
        ),
    ]
    text = alt.Chart(inline(names)).mark_text(align="left", fontSize=12, fontWeight=600)
    text = text.encode(x=x, y=y, text="label:N", color=alt.Color("ink:N", scale=None, legend=None))
    chart = alt.layer(equal.encode(x=x, y=y), lines, text).resolve_scale(color="independent")
    said = "; ".join(
        f"{one.of or 'listed'}: largest fifth {one.estimate:.1%}"
        for one in audit.all("top_fifth_share")
        if (one.of or "listed") in times and one.estimate == one.estimate
    )
    return finish(
        chart.properties(width=side, height=side),
        TITLES["lorenz"],
        "Lorenz curves, from the smallest holder to the largest, straight between "
        f"{len(rows):,} points. {said or 'The largest fifth is not told'}.",
    )


def panel_rules(audit: Audit, width: int) -> Chart:
    """The index in each period under the three panel rules."""
    names = {"gini": "Gini coefficient", "top_fifth_share": "share of the largest fifth"}
    rows = [
        {"panel": words, "time": row["time"], "rule": row["rule"], "value": gap(row[name])}
        for row in tidy(audit.series["panels"])
        for name, words in names.items()
    ]
    times = list(dict.fromkeys(row["time"] for row in rows))
    known = [row for row in rows if row["value"] is not None]
    titles = [title for title in names.values() if any(row["panel"] == title for row in known)]
    rules = list(dict.fromkeys(row["rule"] for row in known))
    columns = 1 if width < NARROW else 2
    labels = []
    span = max(row["value"] for row in known) - min(row["value"] for row in known) or 1.0
    for title in titles:
        lines = [
            [row for row in known if row["panel"] == title and row["rule"] == rule]
            for rule in rules
        ]
        here = [line[-1] for line in lines if line]  # a line is named where it ends
        low = min(row["value"] for row in known if row["panel"] == title)
        places = spread([row["value"] for row in here], span * 0.09, low, 1.0)
        labels += [{**row, "value": place} for row, place in zip(here, places, strict=True)]
    inner = panel(width, columns, 60) - 96
    base = alt.Chart(inline(rows)).encode(
        x=alt.X(
            "time:O",
            sort=times,
            title=None,
            axis=alt.Axis(labelAngle=0, labelOverlap="greedy", domain=False),
        ),
        color=alt.Color("rule:N", scale=alt.Scale(domain=rules, range=list(NEUTRAL)), legend=None),
    )
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4))
    line = base.mark_line(strokeWidth=2, point={"size": 26, "filled": True}).encode(
        y=y, tooltip=["rule:N", "time:N", alt.Tooltip("value:Q", format=".3f")]
    )
    panels = []
    for title in titles:
        named = [row for row in labels if row["panel"] == title]
        text = (
            alt.Chart(inline(named))
            .mark_text(align="left", dx=8, fontSize=12, fontWeight=600)
            .encode(
                x=alt.X("time:O", sort=times),
                y=y,
                text="rule:N",
                color=alt.Color(
                    "rule:N", scale=alt.Scale(domain=rules, range=list(NEUTRAL_INK)), legend=None
                ),
            )
        )
        of_panel = line.transform_filter(alt.datum.panel == title)
        panels.append(
            alt.layer(of_panel, text)
            .resolve_scale(color="independent")
            .properties(
                width=inner, height=190, title=alt.TitleParams(title, fontSize=13, offset=6)
            )
        )
    said = "; ".join(one.says for one in audit.findings if one.name.endswith("_change"))
    return finish(
        alt.concat(*panels, columns=columns, spacing=96),
        TITLES["panels"],
        f"Lines over the periods for three rules of who is counted. {said}",
    )


def means(audit: Audit, width: int) -> Chart:
    """The mean index over separate markets in each period, with shares raw and rescaled."""
    rows = tidy(audit.series["means"])
    times = list(dict.fromkeys(row["time"] for row in rows))
    kinds = list(dict.fromkeys(row["index"] for row in rows))
    inner = width - 70
    base = alt.Chart(inline(rows)).encode(
        x=alt.X(
            "time:O",
            sort=times,
            title=None,
            axis=alt.Axis(labelAngle=0, labelOverlap="greedy"),
        ),
        y=alt.Y("value:Q", title="mean Herfindahl index", scale=alt.Scale(zero=False)),
        color=alt.Color("index:N", scale=alt.Scale(domain=kinds, range=list(NEUTRAL)), legend=None),
        tooltip=["index:N", "time:N", alt.Tooltip("value:Q", format=".3f")],
    )
    line = base.mark_line(strokeWidth=2, point={"size": 34, "filled": True})
    at = times[min(1, len(times) - 1)]
    inks = alt.Color("index:N", scale=alt.Scale(domain=kinds, range=list(NEUTRAL_INK)), legend=None)
    layers = [line]
    for kind, below in zip(kinds, (-16, 18), strict=False):  # one name above, one below
        named = [row for row in rows if row["time"] == at and row["index"] == kind]
        text = alt.Chart(inline(named)).mark_text(
            align="left", dx=8, dy=below, fontSize=12, fontWeight=600
        )
        layers.append(
            text.encode(x=alt.X("time:O", sort=times), y="value:Q", text="index:N", color=inks)
        )
    said = "; ".join(f"{row['time']}, {row['index']}: {row['value']:.3f}" for row in rows)
    chart = alt.layer(*layers).resolve_scale(color="independent")
    return finish(
        chart.properties(width=inner, height=230),
        TITLES["means"],
        f"Lines over the periods. {said}.",
    )
