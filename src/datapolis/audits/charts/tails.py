"""The share of values at or above each value on log axes, the fitted laws, and where they start."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from datapolis.audits.finding import Audit
from datapolis.theme import (
    FAINT,
    INK,
    NARROW,
    PLAIN,
    POLICIES,
    POLICY_INK,
    Chart,
    finish,
    inline,
    spread,
    tidy,
)

HEIGHT = 340
TITLES = {"survival": "How the tail falls"}
COLOURS = {
    "power law": (INK, INK),
    "lognormal": (POLICIES[0], POLICY_INK[0]),
    "stretched exponential": (POLICIES[1], POLICY_INK[1]),
    "exponential": (POLICIES[3], POLICY_INK[3]),
    "cutoff": (POLICIES[2], POLICY_INK[2]),
}
NAMES = {"cutoff": "with cutoff", "stretched exponential": "stretched exp."}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    survival = audit.series.get("survival")
    return {"survival": curve(audit, width)} if survival and len(survival["value"]) > 1 else {}


def curve(audit: Audit, width: int) -> Chart:
    """How many values reach each size, with the laws of the tail."""
    value, share = (np.asarray(audit.series["survival"][key]) for key in ("value", "share"))
    fits, start = audit.series.get("fits"), audit.series.get("start")
    right = 104 if width >= NARROW else 0
    low = float(share.min()) * 0.5
    high = float(value.max()) * 1.15
    x = alt.X(
        "value:Q",
        title=audit.title.removeprefix("The tail of ") + ", log scale",
        scale=alt.Scale(type="log", domain=[float(value.min()), high], nice=False),
        axis=alt.Axis(
            labelExpr="datum.value < 1000 ? format(datum.value, '~g') : format(datum.value, '~s')",
            grid=False,
            values=_tens(float(value.min()), high),
        ),
    )
    y = alt.Y(
        "share:Q",
        title="share of values at or above",
        scale=alt.Scale(type="log", domain=[low, 1.0], nice=False),
        axis=alt.Axis(format="~%", values=_tens(low, 1.0)),
    )
    points = (
        alt.Chart(inline(tidy({"value": value, "share": share})))
        .mark_point(color=PLAIN, filled=True, size=18, opacity=0.8)
        .encode(x=x, y=y)
    )
    layers: list[Any] = [points]
    said = f"Points fall from all values at {_number(float(value.min()))} to "
    said += f"{_percent(float(share.min()))} at {_number(float(value.max()))}."
    if start:
        middle = float(np.sqrt(value.min() * high))
        marks, words = _start(start, x, low, middle)
        layers, said = [*marks, *layers], f"{said} {words}"
    if fits:
        layers += _lines(fits, x, y, low, bool(right))
        said += " " + _in_words(fits)
    return finish(
        alt.layer(*layers).properties(width=width - 62 - right, height=HEIGHT),
        TITLES["survival"],
        f"On two log axes, the share of values at or above each value of the table. {said}",
    )


def _start(start: Any, x: Any, low: float, middle: float) -> tuple[list[Any], str]:
    """A band for the interval of x_min, a line at x_min, and its value."""
    at, lower, upper = (float(start[key][0]) for key in ("x_min", "lower", "upper"))
    marks = []
    words = f"The power law starts at {_number(at)}"
    if np.isfinite(lower) and np.isfinite(upper):
        band = alt.Chart(inline([{"value": lower, "end": upper}])).mark_rect(
            color=FAINT, opacity=0.13
        )
        marks.append(band.encode(x=x, x2="end:Q"))
        words += f", with an interval from {_number(lower)} to {_number(upper)}"
    base = alt.Chart(inline([{"value": at, "share": low, "text": f"x_min {_number(at)}"}]))
    marks.append(base.mark_rule(color=FAINT, strokeDash=[4, 3]).encode(x=x))
    side: Any = ("right", -6) if at > middle else ("left", 6)
    text = base.mark_text(color=FAINT, fontSize=12, align=side[0], dx=side[1], dy=-12)
    marks.append(text.encode(x=x, y="share:Q", text="text:N"))
    alpha, many = float(start["alpha"][0]), int(start["n_tail"][0])
    return marks, f"{words}; alpha is {alpha:.2f} on {many:,} values."


def _lines(fits: Any, x: Any, y: Any, low: float, direct: bool) -> list[Any]:
    """The fitted laws, named at their ends, or above where there is no room."""
    laws = [name for name in COLOURS if name in set(fits["law"])]
    rows = tidy({"law": fits["law"], "value": fits["value"], "share": fits["share"]})
    rows = [row for row in rows if row["share"] >= 1.1 * low]
    colour = alt.Color(
        "law:N",
        scale=alt.Scale(domain=laws, range=[COLOURS[name][0] for name in laws]),
        legend=None
        if direct
        else alt.Legend(title=None, orient="top", columns=2, symbolType="stroke", labelLimit=160),
    )
    lines = []
    for name in reversed(laws):
        own = alt.Chart(inline([row for row in rows if row["law"] == name]))
        wide = 2.6 if name == "power law" else 1.8
        lines.append(own.mark_line(strokeWidth=wide, clip=True).encode(x=x, y=y, color=colour))
    if not direct:
        return lines
    ends = [[row for row in rows if row["law"] == name][-1] for name in laws]
    right = max(row["value"] for row in rows)
    gone = [row["value"] < 0.6 * right for row in ends]
    heights = [np.log(row["share"]) for row in ends]
    gap = -np.log(low) * 15 / HEIGHT
    stay = [place for place, left in enumerate(gone) if not left]
    placed = spread([heights[place] for place in stay], gap, float(np.log(low)) + gap, 0.0)
    for place, height in zip(stay, placed, strict=True):
        row = {"value": right, "share": float(np.exp(height)), "text": _name(laws[place])}
        lines.append(_label(row, COLOURS[laws[place]][1], 8, 0, x))
    for place, left in enumerate(gone):
        if left:
            row = {**ends[place], "text": _name(laws[place])}
            lines.append(_label(row, COLOURS[laws[place]][1], -8, -6, x, "right"))
    return lines


def _label(row: Any, ink: str, dx: int, dy: int, x: Any, align: Any = "left") -> Any:
    text = alt.Chart(inline([row])).mark_text(
        align=align, dx=dx, dy=dy, fontSize=12, color=ink, fontWeight=600
    )
    return text.encode(x=x, y="share:Q", text="text:N")


def _name(law: str) -> str:
    return NAMES.get(law, law)


def _in_words(fits: Any) -> str:
    ends = {}
    for law, value, share in zip(fits["law"], fits["value"], fits["share"], strict=True):
        ends[law] = (float(value), float(share))
    told = (f"{law} {_percent(share)} at {_number(value)}" for law, (value, share) in ends.items())
    return "Fitted laws end at: " + ", ".join(told) + "."


def _tens(low: float, high: float) -> list[float]:
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    step = max(1, (last - first) // 6)
    return [10.0**power for power in range(first, last + 1) if power % step == 0]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or float(value).is_integer() else f"{value:.4g}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
