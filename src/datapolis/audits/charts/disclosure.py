"""People by the size of their class, and whom sets of few attributes single out."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from datapolis.audits.finding import Audit
from datapolis.theme import FAINT, INK, NARROW, NEUTRAL, PLAIN, Chart, finish, inline

BELOW, ABOVE = INK, "#b9bfc8"  # people in classes below k, and the others
ROW = 46  # height of a number of attributes, pixels
TITLES = {"sizes": "How many people look alike", "sets": "Few attributes single people out"}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    charts = {}
    if audit.series.get("sizes"):
        charts["sizes"] = class_sizes(audit, width)
    if np.isfinite(audit.series.get("sets", {}).get("share", [])).any():
        charts["sets"] = smallest_sets(audit, width)
    return charts


def class_sizes(audit: Audit, width: int) -> Chart:
    """The share of people in classes of each size, those below k dark."""
    sizes = audit.series["sizes"]
    least_k = audit.options["least_k"]
    rows = [
        {"size": _range(start, end), "share": share, "label": _percent(share), "below": bool(below)}
        for start, end, share, below in zip(
            sizes["from"], sizes["to"], sizes["share"], sizes["below"], strict=True
        )
    ]
    order = [row["size"] for row in rows]
    angle = -40 if width < NARROW and len(rows) > 6 else 0
    x = alt.X(
        "size:N",
        sort=order,
        title="people who look alike",
        axis=alt.Axis(labelAngle=angle, ticks=False, domain=True),
        scale=alt.Scale(paddingInner=0.18),
    )
    y = alt.Y(
        "share:Q",
        title="share of people",
        axis=alt.Axis(format=".0%", tickCount=4, grid=False),
        scale=alt.Scale(domain=[0, 1.12 * max(row["share"] for row in rows)]),
    )
    colour = alt.condition(alt.datum.below, alt.value(BELOW), alt.value(ABOVE))
    base = alt.Chart(inline(rows)).encode(x=x, y=y)
    bars = base.mark_bar().encode(color=colour, tooltip=["size:N", "label:N"])
    labels = base.mark_text(dy=-8, fontSize=12, color=INK).encode(text="label:N")
    below = audit["share_below_k"].estimate
    title = (
        f"{_percent(below)} of people hide among fewer than {least_k}"
        if np.isfinite(below)
        else TITLES["sizes"]
    )
    said = "; ".join(f"{row['size']}: {row['label']}" for row in rows)
    return finish(
        alt.layer(bars, labels).properties(width=width - 70, height=220),
        title,
        f"Bars: the share of people by how many people have the same quasi-identifiers, themselves "
        f"included. {said}. Classes below {least_k} are dark.",
    )


def smallest_sets(audit: Audit, width: int) -> Chart:
    """For each number of attributes what each set singles out, and what the right one would."""
    sets, reach = audit.series["sets"], audit.series["reach"]
    names = ("size", "attributes", "share", "role")
    rows: list[dict[str, Any]] = [
        {"size": int(size), "attributes": str(which), "share": float(share), "role": str(role)}
        for size, which, share, role in zip(*(sets[name] for name in names), strict=True)
    ]
    words = {size: _attributes(size) for size in sorted({row["size"] for row in rows})}
    for row in rows:
        row["number"] = words[row["size"]]
        row["label"] = _label(row)
    named = [row for row in rows if row["role"]]
    rows = [row for row in rows if np.isfinite(row["share"])]
    best = [row for row in named if np.isfinite(row["share"])]
    union: list[dict[str, Any]] = [
        {"number": words[int(size)], "share": float(share)}
        for size, share in zip(reach["size"], reach["share"], strict=True)
        if np.isfinite(share) and size > 1
    ]
    named = [{name: row[name] for name in ("number", "label")} for row in named]
    top = max(row["share"] for row in [*rows, *union])
    x = alt.X(
        "share:Q",
        title="share of people singled out",
        axis=alt.Axis(format=".0%" if top > 0.05 else ".1%", tickCount=4, grid=False),
        scale=alt.Scale(domain=[0, 1.04 * top]),
    )
    y = alt.Y(
        "number:N",
        sort=list(words.values()),
        title=None,
        axis=alt.Axis(labelColor=INK, labelPadding=10, ticks=False, domain=False, grid=False),
    )
    dots = alt.Chart(inline(rows)).mark_tick(color=PLAIN, opacity=0.6, thickness=1.5, height=14)
    most = alt.Chart(inline(best)).mark_point(filled=True, size=80, color=INK, opacity=1)
    labels = alt.Chart(inline(named)).mark_text(
        align="left", dy=-15, fontSize=11.5, color=FAINT, limit=width - 120
    )
    layers = [
        dots.encode(x=x, y=y, tooltip=["attributes:N", alt.Tooltip("share:Q", format=".4f")]),
        most.encode(x=x, y=y),
        labels.encode(x=alt.value(4), y=y, text="label:N"),
    ]
    if union:
        right = alt.Chart(inline(union)).mark_point(
            shape="diamond", size=90, filled=True, color=NEUTRAL[2], opacity=1
        )
        layers.append(right.encode(x=x, y=y))
    said = "; ".join(f"{row['number']}: {row['label']}" for row in named)
    any_set = "; ".join(f"{row['number']}: {_percent(row['share'])}" for row in union)
    chart = alt.layer(*layers).properties(width=width - 115, height=ROW * len(words))
    title: Any = alt.TitleParams(
        TITLES["sets"],
        subtitle=[
            "tick: a set; dot: the most telling, which is named",
            "diamond: people whom some set of as many or fewer singles out",
        ],
        subtitleColor=FAINT,
        subtitleFontSize=12,
        subtitlePadding=5,
    )
    return finish(
        chart,
        title,
        f"The share of people whom nobody else matches, by the number of attributes known. The set "
        f"that singles out most: {said}. Singled out by some set of so many attributes or fewer: "
        f"{any_set or 'not told'}.",
    )


def _attributes(many: int) -> str:
    return f"{many} attribute{'' if many == 1 else 's'}"


def _label(row: dict[str, Any]) -> str:
    """What a set singles out, and its name."""
    share = _percent(row["share"]) if np.isfinite(row["share"]) else "suppressed"
    return f"{share}: {row['attributes'] if row['role'] == 'most telling' else row['role']}"


def _range(start: Any, end: Any) -> str:
    return f"{start:,}" if start == end else f"{start:,}–{end:,}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share:.1%}"
