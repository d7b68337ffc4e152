"""One visual language for every chart: colours, letters, panels, words for those who do not see.

Okabe and Ito's colours, safe for the colour-blind: a sector, a policy and a group keep theirs
everywhere. Whatever draws a chart, of a society or of a table, draws it with these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, TypeAlias

import altair as alt
import numpy as np

Chart: TypeAlias = alt.TopLevelMixin

WIDE, NARROW = 720, 480  # pixels

INK, FAINT, GRID = "#23272f", "#5c6470", "#d9dde3"
SECTORS = {"government": "#0072b2", "market": "#d55e00", "associations": "#009e73"}
SECTOR_INK = {"government": "#005b8f", "market": "#a84a00", "associations": "#00694d"}
PLAIN = "#6f7782"  # the baseline
POLICIES = ("#e69f00", "#56b4e9", "#cc79a7", "#b3a100")
POLICY_INK = ("#8a5c00", "#1b6fa3", "#97406f", "#6b6000")
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"  # one set of widths everywhere
NEUTRAL = (INK, PLAIN, "#b3a100")  # lines that are neither a sector nor a policy
NEUTRAL_INK = (INK, FAINT, "#6b6000")

LOOK: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "padding": 4,
    "aria": False,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 17, "fontWeight": 600, "color": INK, "offset": 12},
    "axis": {
        "labelColor": FAINT,
        "titleColor": FAINT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 400,
        "domainColor": GRID,
        "tickColor": GRID,
        "gridColor": GRID,
        "labelPadding": 5,
    },
    "header": {"labelColor": INK, "labelPadding": 6},
    "legend": {
        "labelColor": INK,
        "labelFontSize": 13,
        "symbolSize": 90,
        "columnPadding": 18,
        "labelLimit": 240,
    },
    "facet": {"spacing": 22},
}
"""The house's plain look."""


def finish(chart: Any, title: str, description: str) -> Chart:
    """The chart with its title, words for those who do not see it, and the house's look."""
    finished: Chart = chart.properties(title=title, description=description, config=LOOK)
    return finished


def svg(chart: Any) -> str:
    """A finished chart as a picture for a page, with its words for those who do not see it."""
    import vl_convert

    spec = chart.to_dict(validate=False)
    drawn: str = vl_convert.vegalite_to_svg(json.dumps(spec))
    said = f'<svg role="img" aria-label="{escape(str(spec.get("description", "")))}"'
    return drawn.replace("<svg", said, 1)


def inline(rows: list[dict[str, Any]]) -> Any:
    """Rows as the data of a chart."""
    return alt.InlineData(values=rows)


def tidy(columns: Mapping[str, Any], *, known: bool = False) -> list[dict[str, Any]]:
    """Columns of one length as rows of plain values; with `known` no row holds a nan."""
    lists = [np.asarray(values).tolist() for values in columns.values()]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]
    return [row for row in rows if all(value == value for value in row.values())] if known else rows


def gap(value: Any) -> Any:
    """A number as a chart holds it: none for nan, at which a line breaks and nothing is drawn."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


def legend(width: int) -> alt.Legend:
    """Names by colour, above the chart."""
    columns = 2 if width < NARROW else 4
    return alt.Legend(
        title=None, orient="top", symbolType="circle", symbolOpacity=1, columns=columns
    )


def heading(field: str, order: list[str]) -> alt.Facet:
    """The headings of small multiples, in the order given."""
    header = alt.Header(title=None, labelAnchor="start", labelFontWeight=600, labelFontSize=13)
    return alt.Facet(f"{field}:N", sort=order, header=header)


def panel(width: int, columns: int, margin: int) -> int:
    """The inner width of one of several panels."""
    return int((width - (columns - 1) * 22) / columns - margin)


def spread(values: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the values, in their order and `gap` or more apart, so that names are read."""
    order = sorted(range(len(values)), key=values.__getitem__)
    places = [min(max(values[place], low), high) for place in order]
    for _ in range(60):
        for lower, upper in zip(range(len(places)), range(1, len(places)), strict=False):
            lack = gap - (places[upper] - places[lower])
            if lack > 1e-9:
                places[lower] -= lack / 2
                places[upper] += lack / 2
        shift = max(low - places[0], 0.0) if places else 0.0
        shift -= max(places[-1] - high, 0.0) if places else 0.0
        places = [place + shift for place in places]
    back = dict(zip(order, places, strict=True))
    return [back[place] for place in range(len(values))]
