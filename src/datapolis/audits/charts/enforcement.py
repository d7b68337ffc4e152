"""Number of decisions against money, by country; and decisions by month."""

from __future__ import annotations

from typing import Any

import altair as alt

from datapolis.audits.finding import Audit
from datapolis.theme import FAINT, GRID, INK, NARROW, PLAIN, POLICIES, Chart, finish, inline

MOST = 14  # groups that are drawn
NUMBER, MONEY = PLAIN, POLICIES[0]
LONGEST = 24  # letters of a name beside its dots
TITLES = {"groups": "Decisions and money, by {of}", "months": "Decisions by month"}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    charts = {}
    groups = audit.series.get("groups", {})
    for by in dict.fromkeys(groups.get("by", ())):
        rows = [
            {"group": name, "decisions": float(many), "money": float(money)}
            for one, name, many, money in zip(
                groups["by"],
                groups["group"],
                groups["share_of_decisions"],
                groups["share_of_sum"],
                strict=True,
            )
            if one == by
        ]
        rows.sort(key=lambda row: max(row["decisions"], row["money"]), reverse=True)
        if len(rows) > 1:
            charts[f"groups: {by}"] = number_and_money(rows, by, width)
    months = audit.series.get("months", {})
    if len(months.get("month", ())) > 1:
        charts["months"] = by_month(months, width)
    return charts


def number_and_money(rows: list[dict[str, Any]], by: str, width: int) -> Chart:
    """Each group's share of the decisions, and its share of the money."""
    drawn = rows[:MOST]
    above = max(len(row["group"]) for row in drawn) > LONGEST  # long names stand above their dots
    axis = alt.Axis(ticks=False, domain=False, labelColor=INK, labelLimit=LONGEST * 8)
    y = alt.Y(
        "group:N",
        sort=[row["group"] for row in drawn],
        title=None,
        axis=None if above else axis,
    )
    most = max(max(row["decisions"], row["money"]) for row in drawn)
    x = alt.X(
        "decisions:Q",
        title="share of decisions (hollow) and of money (filled)",
        scale=alt.Scale(domain=[0, min(1.0, most * 1.05)]),
        axis=alt.Axis(format=".0%", tickCount=4),
    )
    base = alt.Chart(inline(drawn))
    rule = base.mark_rule(color=GRID, strokeWidth=3).encode(x=x, x2="money:Q", y=y)
    number = base.mark_point(size=80, color=NUMBER, strokeWidth=2, fill="white", opacity=1)
    money = base.mark_point(size=80, color=MONEY, filled=True, opacity=1)
    layers = [rule, number.encode(x=x, y=y), money.encode(x="money:Q", y=y)]
    if above:
        names = base.mark_text(align="left", dy=-15, fontSize=12, color=INK, limit=width - 20)
        layers.append(names.encode(x=alt.value(1), y=y, text="group:N"))
    chart = alt.layer(*layers).properties(
        width=width,
        height=(40 if above else 22) * len(drawn),
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
    first = max(rows, key=lambda row: row["decisions"])
    rich = max(rows, key=lambda row: row["money"])
    left = len(rows) - len(drawn)
    return finish(
        chart,
        TITLES["groups"].format(of=by),
        f"Two dots for each {by}: its share of the decisions (hollow) and of the money (filled). "
        f"{first['group']} has most decisions, {first['decisions']:.1%}, and {first['money']:.1%} "
        f"of the money; {rich['group']} has most money, {rich['money']:.1%}, from "
        f"{rich['decisions']:.1%} of the decisions."
        + (f" {left} smaller groups are not drawn." if left > 0 else ""),
    )


def by_month(months: Any, width: int) -> Chart:
    """Decisions of each month; a month that is not whole is hollow."""
    rows: list[dict[str, Any]] = [
        {"month": str(month), "decisions": int(many), "whole": bool(whole)}
        for month, many, whole in zip(
            months["month"], months["decisions"], months["whole"], strict=True
        )
    ]
    x = alt.X(
        "yearmonth(month):T",
        title=None,
        axis=alt.Axis(format="%b %Y", tickCount=4 if width < NARROW else 8, grid=False),
    )
    bars = (
        alt.Chart(inline(rows))
        .mark_bar(stroke=PLAIN, strokeWidth=1, width=max(3, (width - 90) / (len(rows) * 1.6)))
        .encode(
            x=x,
            y=alt.Y("decisions:Q", title="decisions a month", axis=alt.Axis(tickCount=5)),
            fill=alt.condition("datum.whole", alt.value(PLAIN), alt.value("white")),
        )
    )
    layers = [bars]
    part = [row for row in rows if not row["whole"]]
    if part:
        label = alt.Chart(inline(part[-1:])).mark_text(
            align="right", dx=-8, dy=-2, baseline="top", fontSize=12, color=FAINT
        )
        layers.append(label.encode(x=x, y="decisions:Q", text=alt.value("not whole")))
    top = max(rows, key=lambda row: row["decisions"])
    return finish(
        alt.layer(*layers).properties(width=width - 70, height=220),
        TITLES["months"],
        f"Bars from {rows[0]['month']} to {rows[-1]['month']}, most in {top['month']} "
        f"({top['decisions']} decisions). "
        + (f"{part[-1]['month']} is hollow, since it is not whole." if part else ""),
    )
