"""The page of a calibration: what was learnt, what the fitted model shows, what stays unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from datapolis.report.answered import Answer, Section, percent
from datapolis.statistics.inference.scores import weighted_quantile
from datapolis.studies.calibration import NOT_FOUND, SAYS_LITTLE, Calibrated, learnt_of, sentences
from datapolis.studies.posterior import Prior
from datapolis.theme import (
    INK,
    NARROW,
    PLAIN,
    POLICIES,
    POLICY_INK,
    Chart,
    finish,
    inline,
    panel,
)

BINS = 12  # of a marginal
FITTED, FITTED_INK = POLICIES[1], POLICY_INK[1]
MEASURED = POLICIES[0]
NAME = 190  # pixels for a name beside a row

Rows = Sequence[Mapping[str, Any]]


def page(out: Path) -> Answer:
    """The page of the calibration in a folder."""
    from pyarrow import parquet

    answer = Calibrated.from_json(json.loads((out / "answer.json").read_text(encoding="utf-8")))
    posterior = parquet.read_table(out / "tables" / "posterior.parquet").to_pydict()
    learnt = learnt_of(answer)
    return Answer(
        kind="calibration",
        title=answer.title,
        asked=f"Which of {len(answer.parameters)} parameters let the model show "
        f"{len(answer.targets)} numbers that were measured? {answer.simulated:,} runs of "
        f"{answer.months} months and {answer.citizens:,} citizens were compared with them.",
        answer=" ".join(sentences(answer)),
        sections=_sections(answer, posterior, learnt),
        sure=_sure(answer, learnt),
        again=[
            "datapolis calibrate study.toml OUT --data FOLDER_OF_THE_TABLES",
            "tables/posterior.parquet holds the fitted parameter sets and their weights",
        ],
    )


def _sections(answer: Calibrated, posterior: Mapping[str, Any], learnt: Rows) -> list[Section]:
    sections = [
        Section(
            title="What the targets tell of each parameter",
            text="Bars: where the fitted parameter sets lie, from the least to the greatest value "
            "of the prior. The line is the prior, equal everywhere. Where bars follow the line, "
            f"nothing was learnt. Grey: less than {percent(SAYS_LITTLE)} of the prior's variance "
            f"is gone, or planted values are not found again (correlation below {NOT_FOUND:g}).",
            charts=lambda width: [
                marginals(answer.parameters, posterior, width),
                contraction(answer.parameters, [one["parameter"] for one in learnt], width),
            ],
            columns=_parameter_table(answer.parameters),
        ),
        Section(
            title="Does the fitted model show what was measured?",
            text="Fresh runs of the fitted parameter sets, with chance of their own: blue, 90 % of "
            "them and their median. Orange is what was measured, the thin grey line 90 % of runs "
            "of the prior. Inside is the share of fitted runs in the measured range.",
            charts=lambda width: [predictive(answer.predictive, width)],
            columns={
                "target": [one["target"] for one in answer.predictive],
                "measured": [_span(one["lower"], one["upper"]) for one in answer.predictive],
                "before, 90 %": [
                    _span(one["prior_q05"], one["prior_q95"]) for one in answer.predictive
                ],
                "fitted, 90 %": [_span(one["q05"], one["q95"]) for one in answer.predictive],
                "inside": [percent(one["inside"]) for one in answer.predictive],
            },
        ),
    ]
    if answer.left_out:
        sections.append(
            Section(
                title="Each target predicted by the others",
                text="A target is left out, the model is fitted to the others, and what it then "
                "shows (blue) is compared with it (orange). The second chart says which "
                "parameter a target tells: how much of the contraction is lost without it.",
                charts=lambda width: [
                    predictive(answer.left_out, width, left_out=True),
                    informs(answer.informs, width),
                ],
                columns={
                    "target": [one["target"] for one in answer.left_out],
                    "measured": [_span(one["lower"], one["upper"]) for one in answer.left_out],
                    "without it, 90 %": [_span(one["q05"], one["q95"]) for one in answer.left_out],
                    "predicted": ["yes" if one["predicted"] else "no" for one in answer.left_out],
                    "effective runs": [one["effective"] for one in answer.left_out],
                },
            )
        )
    if answer.recovery:
        sections.append(
            Section(
                title="Would planted parameters be found again?",
                text=f"{answer.recovery[0]['truths']} parameter sets from the prior were planted, "
                "simulated, and sought with what their runs show. A calibration that is right "
                "covers 90 % of them with 90 % intervals, and the p value of even ranks is not "
                "small. A correlation near 0 says that a parameter cannot be told from these "
                "targets, wherever it lies.",
                columns={
                    "parameter": [one["parameter"] for one in answer.recovery],
                    "correlation with truth": [one["correlation"] for one in answer.recovery],
                    "50 % interval covers": [percent(one["covered_50"]) for one in answer.recovery],
                    "90 % interval covers": [percent(one["covered_90"]) for one in answer.recovery],
                    "p of even ranks": [one["uniform_p"] for one in answer.recovery],
                },
            )
        )
    sections.append(
        Section(
            title="What it was fitted to",
            text="How each number is read off a run, as the table's own rule asks.",
            columns={
                "target": [one["name"] for one in answer.targets],
                "measured": [_span(one["lower"], one["upper"]) for one in answer.targets],
                "standard error": [one["error"] or None for one in answer.targets],
                "rule": [one["reading"] for one in answer.targets],
                "doubt": [one["doubt"] for one in answer.targets],
                "source": [one["source"] for one in answer.targets],
            },
        )
    )
    sections.append(
        Section(
            title="How the fit came about",
            text=f"It ended because {answer.stopped}.",
            columns={
                "generation": [one["generation"] for one in answer.generations],
                "runs": [one["simulated"] for one in answer.generations],
                "largest distance": [one["threshold"] for one in answer.generations],
                "became particles": [percent(one["entering"]) for one in answer.generations],
                "effective particles": [one["effective"] for one in answer.generations],
            },
        )
    )
    return sections


def _sure(answer: Calibrated, learnt: Rows) -> list[str]:
    missed = [one["target"] for one in answer.predictive if not one["reached"]]
    told = [
        "The posterior is approximate: a parameter set counts if its run comes within "
        f"{answer.threshold:.2f} prior deviations of the targets, and {answer.effective:.0f} "
        "effective sets stand for it.",
        "A parameter that is told is told within this model. The targets are few and of other "
        "markets and years; another mechanism could show the same.",
    ]
    if missed:
        told.append(
            f"The fitted model does not show {', '.join(missed)}: either these targets pull "
            "against others, or the model lacks what makes them."
        )
    told += [
        f"{one['first']} and {one['second']} trade off (correlation {one['correlation']:.2f}): "
        "only a combination of them is known."
        for one in answer.together
    ]
    unknown = [one["parameter"] for one in answer.parameters if one not in learnt]
    if unknown:
        told.append(f"Not identified by these targets: {', '.join(unknown)}. Sweep them.")
    doubtful = [f"{one['name']} ({one['doubt']})" for one in answer.targets if one["doubt"]]
    if doubtful:
        told.append(f"Uncertain targets: {', '.join(doubtful)}.")
    return told


def _parameter_table(rows: Rows) -> dict[str, Sequence[Any]]:
    return {
        "parameter": [one["parameter"] for one in rows],
        "default": [one["default"] for one in rows],
        "prior": [
            _span(one["low"], one["high"]) + (", log" if one["uniform_in"] == "logarithm" else "")
            for one in rows
        ],
        "narrowed by": [one["narrowed_by"] for one in rows],
        "median": [one["q50"] for one in rows],
        "90 %": [_span(one["q05"], one["q95"]) for one in rows],
        "contraction": [percent(one["contraction"]) for one in rows],
    }


def _span(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "–"
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


# --- charts ------------------------------------------------------------------------------------


def marginals(parameters: Rows, posterior: Mapping[str, Any], width: int) -> Chart:
    """Where the posterior of each parameter lies in its prior, as small multiples."""
    rows: list[dict[str, Any]] = []
    names: list[str] = []
    weights = np.asarray(posterior["weight"], float)
    for one in parameters:
        prior = Prior(one["parameter"], one["low"], one["high"])
        name = f"{one['parameter']}   {one['low']:.3g} to {one['high']:.3g}"
        levels = np.clip(prior.level(np.asarray(posterior[one["parameter"]], float)), 0, 1)
        shares, edges = np.histogram(levels, BINS, (0.0, 1.0), weights=weights)
        middle = float(weighted_quantile(levels, weights, [0.5])[0])
        names.append(name)
        rows += [
            {
                "name": name,
                "from": float(edges[at]),
                "to": float(edges[at + 1]),
                "density": float(share * BINS),
                "prior": 1.0,
                "middle": middle,
            }
            for at, share in enumerate(shares)
        ]
    columns = 1 if width < NARROW else 3
    room = panel(width, columns, 8)
    scale = alt.Scale(domain=[0, max(2.0, max(row["density"] for row in rows))])
    base = alt.Chart(inline(rows)).properties(width=room, height=70)
    bars = base.mark_bar(color=FITTED).encode(
        x=alt.X("from:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
        x2="to:Q",
        y=alt.Y("density:Q", axis=None, scale=scale),
        y2=alt.datum(0),
    )
    line = base.mark_rule(color=PLAIN, strokeDash=[3, 3]).encode(y=alt.Y("prior:Q", scale=scale))
    middle = base.mark_rule(color=INK, strokeWidth=1.5).encode(x="mean(middle):Q")
    header = alt.Header(title=None, labelAnchor="start", labelFontSize=11, labelLimit=room)
    chart = alt.layer(bars, line, middle).facet(
        facet=alt.Facet("name:N", sort=names, header=header), columns=columns, spacing=18
    )
    told = "; ".join(
        f"{one['parameter']} median {one['q50']:.3g}, 90 % {_span(one['q05'], one['q95'])}"
        for one in parameters
    )
    return finish(
        chart,
        "Fitted values of each parameter, over the range of its prior",
        f"Small histograms, a dashed line for the prior, a line for the median. {told}.",
    )


def contraction(parameters: Rows, learnt: Sequence[str], width: int) -> Chart:
    """How much of the prior's variance the targets take away, a bar each parameter."""
    rows = [
        {
            "name": one["parameter"],
            "contraction": one["contraction"],
            "told": percent(one["contraction"]),
            "learnt": one["parameter"] in learnt,
        }
        for one in sorted(parameters, key=lambda one: -float(one["contraction"]))
    ]
    names = [row["name"] for row in rows]
    base = alt.Chart(inline(rows)).properties(width=width - NAME - 50, height=24 * len(rows))
    order = alt.Y("name:N", sort=names, title=None, axis=_names())
    bars = base.mark_bar(height=12).encode(
        x=alt.X(
            "contraction:Q",
            title="variance of the prior that is gone",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        y=order,
        color=alt.condition("datum.learnt", alt.value(FITTED), alt.value(PLAIN)),
    )
    labels = base.mark_text(align="left", dx=5, color=INK).encode(
        x="contraction:Q", y=order, text="told:N"
    )
    return finish(
        alt.layer(bars, labels),
        "How much was learnt about each parameter",
        "Bars: "
        + "; ".join(f"{row['name']} {row['told']}" for row in rows)
        + f". Grey: not identified, less than {percent(SAYS_LITTLE)} or not found where planted.",
    )


def _names() -> alt.Axis:
    return alt.Axis(labelLimit=NAME, domain=False, ticks=False, labelColor=INK)


def predictive(rows: Rows, width: int, left_out: bool = False) -> Chart:
    """Ranges of the model beside measured ones, a row a target, each on a scale of its own."""
    drawn: list[dict[str, Any]] = []
    for one in rows:
        ends = [one[key] for key in ("lower", "upper", "q05", "q95")]
        ends += [one.get("prior_q05"), one.get("prior_q95")]
        known = [float(end) for end in ends if end is not None]
        if one["q05"] is None or not known:
            continue
        low, high = min(known), max(known)
        length = (high - low) or 1.0

        def at(value: float, low: float = low, length: float = length) -> float:
            return (value - low) / length

        middle = at(one["lower"]), at(one["upper"])
        pad = max(0.006 - (middle[1] - middle[0]) / 2, 0.0)
        drawn.append(
            {
                "name": one["target"],
                "lower": middle[0] - pad,
                "upper": middle[1] + pad,
                "low": at(one["q05"]),
                "high": at(one["q95"]),
                "middle": at(one["q50"]),
                "before_low": at(one.get("prior_q05", one["q05"])),
                "before_high": at(one.get("prior_q95", one["q95"])),
                "told": _span(one["q05"], one["q95"]),
                "meant": _span(one["lower"], one["upper"]),
            }
        )
    names = [row["name"] for row in drawn]
    room = 130 if width >= NARROW else 84
    base = alt.Chart(inline(drawn)).properties(
        width=max(width - NAME - room - 10, 60), height=34 * len(drawn)
    )
    order = alt.Y("name:N", sort=names, title=None, axis=_names())
    scale = alt.Scale(domain=[-0.02, 1.02])

    def bar(low: str, high: str, **look: Any) -> Any:
        return base.mark_bar(**look).encode(
            x=alt.X(f"{low}:Q", axis=None, scale=scale), x2=f"{high}:Q", y=order
        )

    layers = [
        bar("lower", "upper", height=24, color=MEASURED, opacity=0.45),
        bar("before_low", "before_high", height=2, color=PLAIN),
        bar("low", "high", height=7, color=FITTED),
        base.mark_point(filled=True, size=60, color=INK, opacity=1).encode(
            x=alt.X("middle:Q", scale=scale), y=order
        ),
        base.mark_text(align="left", color=FITTED_INK, dy=-7, fontSize=11).encode(
            x=alt.value(max(width - NAME - room - 10, 60) + 6), y=order, text="told:N"
        ),
        base.mark_text(align="left", color=POLICY_INK[0], dy=7, fontSize=11).encode(
            x=alt.value(max(width - NAME - room - 10, 60) + 6), y=order, text="meant:N"
        ),
    ]
    title = (
        "Each target as the others predict it, and as it was measured"
        if left_out
        else "What the fitted model shows, and what was measured"
    )
    return finish(
        alt.layer(*layers),
        title,
        "A row each target, on a scale of its own: "
        + "; ".join(f"{row['name']} {row['told']}, measured {row['meant']}" for row in drawn)
        + (". Thin grey lines: runs of the prior." if not left_out else "."),
    )


def informs(rows: Rows, width: int) -> Chart:
    """Which target tells which parameter: contraction lost without it, as a table of squares."""
    drawn = [
        {**row, "shown": max(row["lost"], 0.0), "told": f"{100 * row['lost']:.0f}"}
        for row in rows
        if row["lost"] is not None
    ]
    targets = list(dict.fromkeys(row["target"] for row in drawn))
    parameters = list(dict.fromkeys(row["parameter"] for row in drawn))
    base = alt.Chart(inline(drawn)).properties(width=width - NAME - 10, height=26 * len(targets))
    x = alt.X(
        "parameter:N",
        sort=parameters,
        title=None,
        axis=alt.Axis(orient="top", labelAngle=-35, labelLimit=170, domain=False, ticks=False),
    )
    y = alt.Y("target:N", sort=targets, title=None, axis=_names())
    squares = base.mark_rect(color=FITTED, stroke="white").encode(
        x=x,
        y=y,
        opacity=alt.Opacity(
            "shown:Q", scale=alt.Scale(domain=[0, 0.4], range=[0.05, 0.9], clamp=True), legend=None
        ),
    )
    text = base.mark_text(color=INK, fontSize=11).encode(x=x, y=y, text="told:N")
    most = sorted(drawn, key=lambda row: -row["shown"])[:5]
    return finish(
        alt.layer(squares, text),
        "Points of contraction lost without each target",
        "A table of targets by parameters. Most is lost at "
        + "; ".join(f"{row['parameter']} without {row['target']} ({row['told']})" for row in most)
        + ".",
    )
