"""How late breaches are reported, how many a month, how large they are, and whom they hit."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from datapolis.audits.finding import Audit
from datapolis.theme import (
    FAINT,
    GRID,
    INK,
    NEUTRAL,
    NEUTRAL_INK,
    PLAIN,
    WIDE,
    Chart,
    finish,
    inline,
    tidy,
)

HEIGHT = 260
MARGIN = 66  # pixels for the names and numbers of an axis
LETTER = 6.6  # pixels of a letter, about
TITLES = {
    "lag": "How soon breaches are reported",
    "months": "Reports by month, with their trend",
    "sizes": "How large breaches are",
    "kinds": "Who reported breaches: numbers, not rates",
    "shares": "Shares within this table alone",
}


def draw(audit: Audit, width: int = WIDE) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    drawn = {
        "lag": lag_curve,
        "months": months_and_trend,
        "sizes": size_curve,
        "kinds": kinds_hit,
        "shares": label_shares,
    }
    return {
        name: function(columns, width)
        for name, function in drawn.items()
        if (columns := _columns(audit, name)) is not None
    }


def _columns(audit: Audit, name: str) -> dict[str, Any] | None:
    """The columns of a series, if it has two rows or more."""
    columns = {key: np.asarray(one) for key, one in audit.series.get(name, {}).items()}
    return columns if columns and len(next(iter(columns.values()))) > 1 else None


def lag_curve(lag: dict[str, Any], width: int) -> Chart:
    """The share reported within so many days of the start, as recorded and corrected."""
    day, mark = lag["day"], float(lag["mark"][0])
    last = float(day[-1])
    x = alt.X(
        "day:Q",
        title="days from the start of the breach to its report",
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(grid=False, tickCount=5),
    )
    y = alt.Y(
        "share:Q",
        title="share reported",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    band = (
        alt.Chart(
            inline(tidy({"day": day, "share": lag["lower"], "high": lag["upper"]}, known=True))
        )
        .mark_area(color=NEUTRAL[0], opacity=0.14)
        .encode(x=x, y=y, y2="high:Q")
    )
    recorded = (
        alt.Chart(inline(tidy({"day": day, "share": lag["naive"]}, known=True)))
        .mark_line(color=NEUTRAL[2], strokeDash=[6, 3], strokeWidth=2)
        .encode(x=x, y=y)
    )
    corrected = (
        alt.Chart(inline(tidy({"day": day, "share": lag["corrected"]}, known=True)))
        .mark_line(color=NEUTRAL[0], strokeWidth=2.5)
        .encode(x=x, y=y)
    )
    at_mark = (
        alt.Chart(inline([{"day": mark}])).mark_rule(color=FAINT, strokeDash=[2, 3]).encode(x=x)
    )
    nearest = int(np.argmin(np.abs(day - mark)))
    corrected_at, naive_at = (float(lag[name][nearest]) for name in ("corrected", "naive"))
    named_at = 0.62 * last
    above, under = (float(np.interp(named_at, day, lag[name])) for name in ("naive", "lower"))
    words = [
        {"day": mark + last / 60, "share": 0.04, "text": f"{mark:g} days", "ink": FAINT},
        {"day": named_at, "share": above + 0.055, "text": "as recorded", "ink": NEUTRAL_INK[2]},
        {"day": named_at, "share": under - 0.055, "text": "corrected", "ink": NEUTRAL_INK[0]},
    ]
    named = (
        alt.Chart(inline(words))
        .mark_text(align="left", fontSize=12)
        .encode(x=x, y=y, text="text:N", color=alt.Color("ink:N", scale=None))
    )
    return finish(
        alt.layer(band, at_mark, recorded, corrected, named).properties(
            width=width - MARGIN, height=HEIGHT
        ),
        TITLES["lag"],
        f"Two curves of the share of breaches reported within so many days of their start. At "
        f"{day[nearest]:g} days {corrected_at:.1%} are reported once reports still to come are "
        f"allowed for, with a 95 % band around the curve, and {naive_at:.1%} as recorded.",
    )


def months_and_trend(months: dict[str, Any], width: int) -> Chart:
    """Reports in each whole month, and the fitted rate."""
    month, count, fitted = (months[name] for name in ("month", "count", "fitted"))
    most = float(np.nanmax(np.append(count, fitted)))
    x = alt.X(
        "month:T",
        title=None,
        axis=alt.Axis(format="%Y", tickCount={"interval": "year", "step": 1}, grid=False),
    )
    y = alt.Y(
        "count:Q",
        title="reported breaches a month",
        scale=alt.Scale(domain=[0, most], nice=True),
        axis=alt.Axis(tickCount=5),
    )
    points = (
        alt.Chart(inline(tidy({"month": month, "count": count}, known=True)))
        .mark_point(color=PLAIN, filled=True, size=28, opacity=0.85)
        .encode(x=x, y=y)
    )
    line = (
        alt.Chart(inline(tidy({"month": month, "count": fitted}, known=True)))
        .mark_line(color=INK, strokeWidth=2.5)
        .encode(x=x, y=y)
    )
    growth = (float(fitted[-1]) / float(fitted[0])) ** (12 / (len(fitted) - 1))
    named = (
        alt.Chart(inline([{"month": str(month[-1]), "count": 0}]))
        .mark_text(color=INK, align="right", baseline="bottom", dy=-6, fontSize=12)
        .encode(x=x, y=y, text=alt.value(f"line: fitted rate, times {growth:.3f} a year"))
    )
    return finish(
        alt.layer(points, line, named).properties(width=width - MARGIN, height=HEIGHT),
        TITLES["months"],
        f"A point for each whole month from {month[0]} to {month[-1]}, by date of report, and the "
        f"fitted rate, which goes from {fitted[0]:.1f} to {fitted[-1]:.1f} breaches a month: times "
        f"{growth:.3f} a year.",
    )


def size_curve(sizes: dict[str, Any], width: int) -> Chart:
    """The share of breaches at least as large, with the power law, on log axes."""
    size, share, fitted = (sizes[name] for name in ("size", "share", "fitted"))
    ten = [10.0**power for power in range(13)]
    x = alt.X(
        "size:Q",
        title="people affected",
        scale=alt.Scale(type="log", domain=[float(size[0]), float(size[-1])], nice=False),
        axis=alt.Axis(format="~s", grid=False, values=ten),
    )
    low = float(np.nanmin(np.append(share, fitted)))
    y = alt.Y(
        "share:Q",
        title="share of breaches at least as large",
        scale=alt.Scale(type="log", domain=[low, 1], nice=False),
        axis=alt.Axis(format="~%", values=[1 / one for one in ten]),
    )
    points = (
        alt.Chart(inline(tidy({"size": size, "share": share}, known=True)))
        .mark_point(color=PLAIN, filled=True, size=22, opacity=0.85)
        .encode(x=x, y=y)
    )
    law = tidy({"size": size, "share": fitted}, known=True)
    layers = [points]
    said = "The power law starts above all sizes shown."
    if law:
        line = alt.Chart(inline(law)).mark_line(color=INK, strokeWidth=2.5).encode(x=x, y=y)
        start = alt.Chart(inline(law[:1])).encode(x=x, y=y)
        layers += [
            line,
            start.mark_point(color=INK, filled=True, size=70),
            start.mark_text(color=INK, align="left", dx=9, dy=-9, fontSize=12).encode(
                text=alt.value("power law from here")
            ),
        ]
        said = f"A power law is fitted from {law[0]['size']:,.0f} on."
    middle = size[np.argmin(np.abs(share - 0.5))]
    return finish(
        alt.layer(*layers).properties(width=width - MARGIN, height=HEIGHT),
        TITLES["sizes"],
        f"The share of breaches that affect at least so many people, on two log axes, from "
        f"{size[0]:,.0f} to {size[-1]:,.0f}; half affect about {middle:,.0f} or more. {said}",
    )


def kinds_hit(kinds: dict[str, Any], width: int) -> Chart:
    """How many breaches each kind of entity reported."""
    rows = sorted(
        tidy({"name": kinds["kind"], "value": kinds["breaches"]}, known=True),
        key=lambda one: -one["value"],
    )
    for row in rows:
        row["text"] = f"{row['value']:,}"
    said = ", ".join(f"{row['name']} {row['text']}" for row in rows)
    return finish(
        _bars(rows, width, "reported breaches", ",d", _room([row["name"] for row in rows], width)),
        TITLES["kinds"],
        f"Bars of the number of breaches by kind of entity: {said}. How many entities of a kind "
        "there are is not in the table.",
    )


def label_shares(shares: dict[str, Any], width: int) -> Chart:
    """The share of the rows with each label, a panel for each column."""
    panels, said = [], []
    room = _room(shares["label"].tolist(), width)
    for column in dict.fromkeys(shares["column"].tolist()):
        here = shares["column"] == column
        rows = tidy({"name": shares["label"][here], "value": shares["share"][here]}, known=True)
        for row in rows:
            row["text"] = f"{row['value']:.1%}"
        panels.append(_bars(rows, width, f"share of the rows with {column}", "%", room))
        said.append(f"{column}: " + ", ".join(f"{row['name']} {row['text']}" for row in rows))
    return finish(
        alt.vconcat(*panels, spacing=18),
        TITLES["shares"],
        "Bars of the share of rows with each label; a row with several counts for each. "
        + "; ".join(said)
        + ".",
    )


def _room(names: list[str], width: int) -> float:
    """Pixels for the names of bars."""
    return min(max(len(name) for name in names) * LETTER + 12, width * 0.42)


def _bars(rows: list[dict[str, Any]], width: int, title: str, form: str, room: float) -> Any:
    """Horizontal bars with their value at the end."""
    most = max(row["value"] for row in rows)
    x = alt.X(
        "value:Q",
        title=title,
        scale=alt.Scale(domain=[0, most * 1.18], nice=False),
        axis=alt.Axis(format=form, tickCount=4, grid=False),
    )
    y = alt.Y(
        "name:N",
        title=None,
        sort=[row["name"] for row in rows],
        axis=alt.Axis(
            labelColor=INK,
            labelLimit=room,
            minExtent=room,
            maxExtent=room,
            domain=False,
            ticks=False,
            gridColor=GRID,
        ),
    )
    base = alt.Chart(inline(rows)).encode(x=x, y=y)
    bars = base.mark_bar(color=PLAIN, height=14)
    values = base.mark_text(color=INK, align="left", dx=5, fontSize=12).encode(text="text:N")
    return alt.layer(bars, values).properties(width=width - room - 24, height=26 * len(rows))
