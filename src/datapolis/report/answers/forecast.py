"""The page of a forecast: scores of the model beside the last value and drift."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from datapolis.report.answered import Answer, Section
from datapolis.studies.forecast import Forecasted, sentences
from datapolis.theme import INK, PLAIN, POLICIES, POLICY_INK, Chart, finish, inline, spread

COLOURS = {"last value": PLAIN, "drift": POLICIES[0], "model": POLICIES[1]}
INKS = {"last value": INK, "drift": POLICY_INK[0], "model": POLICY_INK[1]}
LABEL = 90  # pixels for names at the ends of lines


def page(out: Path) -> Answer:
    """The page of the forecast in a folder."""
    answer = Forecasted.from_json(json.loads((out / "answer.json").read_text(encoding="utf-8")))
    return Answer(
        kind="forecast",
        title=answer.title,
        asked=f"How well does the model forecast the shares of {answer.firms} firms that are "
        f"listed in all of {len(answer.periods)} periods, {answer.periods[0]} to "
        f"{answer.periods[-1]}, from {len(answer.origins)} origins up to {answer.horizon} periods "
        "ahead?",
        answer=" ".join(sentences(answer)),
        sections=[
            Section(
                title="Scores",
                text="CRPS: how far a forecast with all its uncertainty lies from what came, in "
                "log points of a share; .05 is about 5 %. Smaller is better.",
                charts=lambda width: [ahead(answer.scores, width)],
                columns={
                    "forecast": [one["method"] for one in answer.overall],
                    "CRPS": [one["crps"] for one in answer.overall],
                    "median error": [one["error"] for one in answer.overall],
                    "90 % intervals hold": [f"{100 * one['held']:.0f} %" for one in answer.overall],
                    "against last value": [one["against_last"] for one in answer.overall],
                    "95 % interval": [
                        ""
                        if one["method"] == "last value"
                        else f"{one['low']:.3f} to {one['high']:.3f}"
                        for one in answer.overall
                    ],
                    "CRPS of top-fifth share": [one["top_crps"] for one in answer.overall],
                },
            )
        ],
        sure=[
            "Intervals of differences take firms as independent; what moved the whole market at "
            "once is one event to them all.",
            f"{answer.apart} origins do not overlap; "
            + (
                "enough to compare over time."
                if answer.enough
                else "too few to say that any of the three forecasts better in general."
            ),
            "The panel holds firms that stayed; forecasts of firms that come or go are not judged.",
        ],
        again=["datapolis.studies.forecast.ask(study, out, data=FOLDER)"],
    )


def ahead(scores: Sequence[Mapping[str, Any]], width: int) -> Chart:
    """CRPS by horizon, a line each method."""
    last = max(one["ahead"] for one in scores)
    most = max(one["crps"] for one in scores)
    ends = [one for one in scores if one["ahead"] == last]
    places = spread([one["crps"] for one in ends], most * 0.07, 0.0, most * 1.05)
    base = alt.Chart(inline([dict(one) for one in scores])).properties(
        width=width - LABEL - 60, height=220
    )
    colour = alt.Color(
        "method:N",
        scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
        legend=None,
    )
    x = alt.X(
        "ahead:O", title="periods ahead", axis=alt.Axis(labelAngle=0), scale=alt.Scale(padding=0.3)
    )
    y = alt.Y(
        "crps:Q",
        title="CRPS, log points of a share",
        scale=alt.Scale(domain=[0, most * 1.08]),
        axis=alt.Axis(tickCount=5),
    )
    lines = base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=50)).encode(
        x=x, y=y, color=colour
    )
    named = [
        {"method": one["method"], "place": place, "ahead": last}
        for one, place in zip(ends, places, strict=True)
    ]
    names = (
        alt.Chart(inline(named))
        .mark_text(align="left", dx=12, fontSize=13)
        .encode(
            x="ahead:O",
            y=alt.Y("place:Q"),
            text="method:N",
            color=alt.Color(
                "method:N",
                scale=alt.Scale(domain=list(INKS), range=list(INKS.values())),
                legend=None,
            ),
        )
    )
    return finish(
        alt.layer(lines, names).resolve_scale(color="independent"),
        "How far forecasts lie from what came, by periods ahead",
        "Lines: "
        + "; ".join(f"{one['method']} {one['ahead']} ahead {one['crps']:.4f}" for one in scores)
        + ".",
    )
