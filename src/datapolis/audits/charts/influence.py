"""From all filings to what was spent, as a waterfall; and who spent most."""

from __future__ import annotations

from typing import Any

import altair as alt

from datapolis.audits.finding import Audit
from datapolis.theme import FAINT, GRID, INK, NARROW, PLAIN, POLICIES, Chart, finish, inline

MOST = 15  # companies that are drawn
TOTAL, TAKEN = PLAIN, POLICIES[0]
TITLES = {"steps": "From filings to what was spent", "companies": "Who spent most on lobbying"}
WORDS = {
    "all filings added up": ["all filings", "added up"],
    "counted twice": ["counted", "twice"],
    "replaced": ["replaced by", "amendments"],
    "spent": ["spent"],
}


def draw(audit: Audit, width: int) -> dict[str, Chart]:
    """What there is to draw, by the name of its series."""
    charts = {}
    currency = str(audit.options.get("currency", ""))
    if audit.series.get("steps"):
        charts["steps"] = waterfall(audit.series["steps"], currency, width)
    if len(audit.series.get("companies", {}).get("company", ())) > 1:
        charts["companies"] = companies(audit.series["companies"], currency, width)
    return charts


def waterfall(steps: Any, currency: str, width: int) -> Chart:
    """All filings, less what is counted twice, less what was amended: what was spent."""
    amounts = [float(one) for one in steps["amount"]]
    unit, word = _unit(amounts[0])
    rows, level = [], 0.0
    for step, amount in zip(steps["step"], amounts, strict=True):
        whole = step in ("all filings added up", "spent")
        start, level = (0.0, amount) if whole else (level, level + amount)
        rows.append(
            {
                "step": step,
                "from": start / unit,
                "to": level / unit,
                "top": max(start, level) / unit,
                "label": f"{amount / unit:,.1f}".replace("-0.0", "0.0").replace("-", "−"),
                "colour": TOTAL if whole else TAKEN,
            }
        )
    lines = "{" + ", ".join(f"{name!r}: {words!r}" for name, words in WORDS.items()) + "}"
    x = alt.X(
        "step:N",
        sort=list(WORDS),
        title=None,
        axis=alt.Axis(labelAngle=0, labelExpr=f"{lines}[datum.value]", ticks=False, labelColor=INK),
        scale=alt.Scale(paddingInner=0.35, paddingOuter=0.15),
    )
    y = alt.Y(
        "from:Q",
        title=f"{word}{currency}",
        axis=alt.Axis(tickCount=5),
        scale=alt.Scale(domain=[0, max(row["top"] for row in rows) * 1.1 or 1]),
    )
    base = alt.Chart(inline(rows))
    bars = base.mark_bar().encode(x=x, y=y, y2="to:Q", color=alt.Color("colour:N", scale=None))
    labels = base.mark_text(dy=-9, fontSize=13, fontWeight=600, color=INK)
    chart = alt.layer(bars, labels.encode(x=x, y="top:Q", text="label:N"))
    plain, twice, replaced, spent = (abs(one) for one in amounts)
    return finish(
        chart.properties(width=width - 70, height=260),
        TITLES["steps"],
        f"All filings add up to {plain:,.0f} {currency}. Of this {twice:,.0f} stand in own reports "
        f"already and {replaced:,.0f} were replaced by amendments, which leaves {spent:,.0f}.",
    )


def companies(series: Any, currency: str, width: int) -> Chart:
    """What each of the companies with the most spent."""
    names = [str(one) for one in series["company"]]
    amounts = [float(one) for one in series["amount"]]
    shares = [float(one) for one in series["share"]]
    unit, word = _unit(max(amounts))
    rows: list[dict[str, Any]] = [
        {"company": name, "amount": amount / unit, "label": f"{share:.1%}"}
        for name, amount, share in zip(names, amounts, shares, strict=True)
    ][:MOST]
    room = 150 if width < NARROW else 200
    y = alt.Y(
        "company:N",
        sort=names[:MOST],
        title=None,
        axis=alt.Axis(labelLimit=room, ticks=False, domainColor=GRID, labelColor=INK),
    )
    x = alt.X(
        "amount:Q",
        title=f"{word}{currency} (and share of all)",
        axis=alt.Axis(tickCount=4, grid=False),
        scale=alt.Scale(domain=[0, max(amounts) / unit * (1.35 if width < NARROW else 1.1) or 1]),
    )
    base = alt.Chart(inline(rows))
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=FAINT)
    chart = alt.layer(
        base.mark_bar(color=TOTAL, height=13).encode(x=x, y=y),
        labels.encode(x=x, y=y, text="label:N"),
    )
    left = len(names) - len(rows)
    return finish(
        chart.properties(
            width=width,
            height=22 * len(rows),
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        ),
        TITLES["companies"],
        f"Bars for {len(rows)} companies: {names[0]} spent {amounts[0]:,.0f} {currency}, "
        f"{shares[0]:.1%} of all; {names[1]} {amounts[1]:,.0f}."
        + (f" {left} companies that spent less are not drawn." if left > 0 else ""),
    )


def _unit(largest: float) -> tuple[float, str]:
    """A round number to divide amounts by, and its word."""
    for unit, word in ((1e9, "billion "), (1e6, "million "), (1e3, "thousand ")):
        if largest >= unit:
            return unit, word
    return 1.0, ""
