"""Draw the map of outcomes: docs/map.svg, from runs of the whole month. About three minutes.

Left: what the market ends as, by how strongly users and data feed back on choice. Right: what
becomes of government's share of power. No curve is asked for; all of them are outcomes.
"""

from __future__ import annotations

from pathlib import Path

import altair as alt
import numpy as np

import datapolis as dp
from datapolis.core.parameters import Parameters
from datapolis.core.policy import Policy
from datapolis.model.simulation import Run
from datapolis.theme import FAINT, FONT, INK, SECTORS

MONTHS, CITIZENS, SEEDS = 240, 2_000, (1, 2, 3)
FEEDBACKS = (0.0, 0.15, 0.3, 0.5, 0.65, 0.8, 0.95, 1.1, 1.3, 1.6, 2.0)
RECORD = ("top_fifth_share", "top_firm_share", "power_share", "technology")
HERE = Path(__file__).parent


def with_feedback(total: float, entry: bool) -> Parameters:
    """Parameters whose feedback of users and data, at full technology, is `total`."""
    default = Parameters()
    reach = 1.0 / (1.0 + default.technology.half_reach)
    by_data = default.attention.quality_effect * reach * default.mining.exponent
    usual = default.attention.network_effect + by_data
    changed = {
        "attention.network_effect": default.attention.network_effect * total / usual,
        "attention.quality_effect": default.attention.quality_effect * total / usual,
    }
    if not entry:
        changed |= {"resources.entry": 0.0, "resources.merger": 0.0}
    return default.set(changed)


def outcomes(parameters: list[Parameters], slots: int = 4) -> dict[str, np.ndarray]:
    """What is recorded of each set of parameters, mean over seeds; [set, month, ...]."""
    world = dp.World.generate(CITIZENS, seed=1, slots=slots)
    run = Run.begin(
        world,
        months=MONTHS,
        seeds=[seed for _ in parameters for seed in SEEDS],
        parameters=[one for one in parameters for _ in SEEDS],
        policies=Policy(),
        record=RECORD,
    )
    while run.month < MONTHS:
        run.advance()
    values = run.values()
    return {
        name: value.reshape(len(parameters), len(SEEDS), *value.shape[1:]).mean(axis=1)
        for name, value in values.items()
    }


def market() -> tuple[alt.LayerChart, list[str]]:
    """The market at the end, by feedback."""
    lines = {
        "largest fifth, firms enter": ("top_fifth_share", True, 4, SECTORS["market"]),
        "largest fifth, no entry": ("top_fifth_share", False, 4, "#e69f00"),
        "largest firm of four in use": ("top_firm_share", False, 4, INK),
        "largest firm, one in use": ("top_firm_share", False, 1, FAINT),
    }
    rows, told = [], []
    found = {
        key: outcomes([with_feedback(total, key[0]) for total in FEEDBACKS], key[1])
        for key in {(entry, slots) for _, entry, slots, _ in lines.values()}
    }
    for line, (name, entry, slots, _) in lines.items():
        ends = found[entry, slots][name][:, -1]
        told.append(
            f"{line}: " + ", ".join(f"{f:g} {e:.2f}" for f, e in zip(FEEDBACKS, ends, strict=True))
        )
        rows += [
            {"feedback": f, "share": float(e), "line": line}
            for f, e in zip(FEEDBACKS, ends, strict=True)
        ]
    scale = alt.Scale(domain=list(lines), range=[one[-1] for one in lines.values()])
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("feedback:Q", title="feedback of users and data on choice, at full technology"),
        y=alt.Y(
            "share:Q", title=f"share of users after {MONTHS} months", axis=alt.Axis(format="%")
        ),
        color=alt.Color(
            "line:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=2)
        ),
    )
    rule = alt.Chart(alt.Data(values=[{"y": 0.8}])).mark_rule(strokeDash=[4, 3], color=FAINT)
    chart = alt.layer(
        rule.encode(y="y:Q"), base.mark_line(strokeWidth=2), base.mark_point(filled=True)
    )
    return chart.properties(width=380, height=300, title="How the market ends"), told


def government() -> tuple[alt.LayerChart, list[str]]:
    """Government's share of power over time."""
    default = Parameters()
    equal = {f"absorption.{name}": 0.05 for name in ("government", "firms", "associations")}
    equal |= {f"absorption.use_{name}": 0.75 for name in ("government", "firms", "associations")}
    cases = {
        "as it is": (default, SECTORS["government"]),
        "all sectors adopt and use alike": (default.set(equal), SECTORS["associations"]),
        "data produce nothing": (default.set({"mining.exponent": 0.0}), INK),
    }
    shares = outcomes([one for one, _ in cases.values()])["power_share"][:, :, 0]
    rows = [
        {"month": month, "share": float(value), "line": line}
        for line, series in zip(cases, shares, strict=True)
        for month, value in enumerate(series)
        if month % 4 == 0 or month == MONTHS - 1
    ]
    told = [f"{line}: {series[-1]:.2f}" for line, series in zip(cases, shares, strict=True)]
    scale = alt.Scale(domain=list(cases), range=[colour for _, colour in cases.values()])
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("month:Q", title="month", scale=alt.Scale(domain=[0, MONTHS])),
        y=alt.Y(
            "share:Q",
            title="government's share of base power",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%"),
        ),
        color=alt.Color(
            "line:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=1)
        ),
    )
    chart = alt.layer(base.mark_line(strokeWidth=2))
    return chart.properties(width=300, height=300, title="What becomes of government"), told


def main() -> None:
    """Run, draw, and say the numbers."""
    left, told = market()
    right, more = government()
    chart = (
        alt.hconcat(left, right)
        .resolve_scale(color="independent")
        .configure(font=FONT, background="white")
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="#e6e9ee", labelColor=INK, titleColor=INK, titleFontWeight="normal"
        )
        .configure_title(anchor="start", color=INK)
    )
    chart.save(str(HERE / "map.svg"))
    print("\n".join([*told, *more]))


if __name__ == "__main__":
    main()
