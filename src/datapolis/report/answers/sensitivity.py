"""The page of a sensitivity: what each outcome depends on, and how much of it is chance."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt

from datapolis.core.parameters import DECLARED
from datapolis.report.answered import Answer, Section, joined, percent
from datapolis.report.answers.ranges import range_of
from datapolis.studies.sensitivity import CHANCE, Dependence, Influence, Sensitivity
from datapolis.theme import FAINT, INK, NARROW, PLAIN, SECTORS, WIDE, Chart, finish, inline

SHOWN = 12  # factors of a chart
KNOWN = SECTORS["government"]
METHOD_WORDS = {"morris": "Morris screening", "sobol": "Sobol' shares of variance"}


def page(out: Path) -> Answer:
    """The page of the answer in a folder."""
    found = Sensitivity.from_json(json.loads((out / "answer.json").read_text(encoding="utf-8")))
    question = json.loads((out / "question.json").read_text(encoding="utf-8"))
    many = len(found.varied)
    return Answer(
        kind="sensitivity",
        title="What it depends on",
        asked=(
            f"Which of {many} uncertain parameter{'s' * (many != 1)} do "
            f"{joined([one.outcome for one in found.dependences])} depend on, and how much is "
            f"chance? {found.runs:,} runs of {found.months} months with {found.citizens:,} "
            f"citizens, {METHOD_WORDS[found.method]}, each parameter over its declared range, "
            f"{'without a policy' if found.policy == 'none' else f'under {found.policy}'}."
        ),
        answer=" ".join(sentence(one, found.method) for one in found.dependences),
        sections=[section(one, found) for one in found.dependences],
        sure=sure(found),
        again=[again(question)],
    )


def section(one: Dependence, found: Sensitivity) -> Section:
    """One outcome."""
    shown = one.influences
    size, alone = heads(found.method)
    columns: dict[str, Any] = {
        "factor": [words(factor) for factor in shown],
        "rank": [factor.rank for factor in shown],
        size: [factor.size for factor in shown],
        "95 % interval": [f"{factor.lower:.3g} to {factor.upper:.3g}" for factor in shown],
        alone: [factor.alone for factor in shown],
        "range": [range_of(factor.parameter) for factor in shown],
        "what it is": [about(factor.parameter) for factor in shown],
    }
    text = sentence(one, found.method)
    if one.mean is not None and one.spread is not None:
        text += (
            f" Over all runs its mean is {one.mean:.3g}, its standard deviation {one.spread:.3g}."
        )
    if one.unknown:
        text += f" In {one.unknown:,} runs it had no value; they count as the mean of the others."
    return Section(
        title=one.outcome,
        text=text,
        charts=partial(charts, one, found.method),
        columns=columns,
    )


def sentence(one: Dependence, method: str) -> str:
    """What an outcome depends on, in a sentence or two."""
    chance = next(factor for factor in one.influences if factor.parameter == CHANCE)
    others = [factor for factor in one.influences if factor.parameter != CHANCE]
    if not one.spread or one.influences[0].size == 0.0:
        return f"{one.outcome} is the same in all runs: it depends on nothing that was varied."
    first = [factor for factor in others if factor.size > 0.0][:3]
    head = (
        f"{one.outcome} depends most on {joined([factor.parameter for factor in first])}"
        if first
        else f"{one.outcome} depends on chance alone"
    )
    if method == "sobol":
        return (
            f"{head}; chance makes {share(chance.alone)} of its variance by itself, and has a "
            f"part in {share(chance.size)}."
        )
    within = sum(factor.size <= chance.upper for factor in others)
    tail = (
        "chance does not move it"
        if chance.size == 0.0
        else f"another luck alone moves it by {chance.size:.2g}, and {within} of "
        f"{len(others)} parameters move it no more than that"
    )
    return f"{head}; {tail}."


def charts(one: Dependence, method: str, width: int = WIDE) -> list[Chart]:
    """Bars with intervals, the largest first; chance always among them."""
    shown = list(one.influences[:SHOWN])
    if all(factor.parameter != CHANCE for factor in shown):
        shown[-1] = next(factor for factor in one.influences if factor.parameter == CHANCE)
    rows: list[dict[str, Any]] = [
        {
            "factor": words(factor),
            "size": factor.size,
            "lower": factor.lower,
            "upper": factor.upper,
            "label": f"{factor.size:.2g}",
            "what": "chance" if factor.parameter == CHANCE else "parameter",
            "about": about(factor.parameter),
        }
        for factor in shown
    ]
    order = [row["factor"] for row in rows]
    most = max([row["upper"] for row in rows] + [1e-9])
    unit = "share of variance" if method == "sobol" else measured_in(one.unit)
    title = f"total share of variance (ST), {one.outcome}" if method == "sobol" else unit
    longest = 6.6 * max(map(len, order))
    inner = max(int(width - min(longest, 220) - 30), 120)
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y(
            "factor:N",
            sort=order,
            title=None,
            axis=alt.Axis(domain=False, ticks=False, labelLimit=220 if width > NARROW else 190),
        ),
        tooltip=[
            alt.Tooltip("factor:N"),
            alt.Tooltip("about:N", title="is"),
            alt.Tooltip("size:Q", format=".3~g"),
            alt.Tooltip("lower:Q", title="from", format=".3~g"),
            alt.Tooltip("upper:Q", title="to", format=".3~g"),
        ],
    )
    scale = alt.Scale(domain=[0, most * 1.16], nice=False)
    axis = alt.Axis(tickCount=4, format=".3~g")
    bar = base.mark_bar(height=11, cornerRadiusEnd=2).encode(
        x=alt.X("size:Q", title=title, scale=scale, axis=axis),
        color=alt.Color(
            "what:N",
            scale=alt.Scale(domain=["parameter", "chance"], range=[KNOWN, PLAIN]),
            legend=None,
        ),
    )
    whisker = base.mark_rule(color=INK, strokeWidth=1.3).encode(
        x=alt.X("lower:Q", scale=scale, title=title), x2="upper:Q"
    )
    text = base.mark_text(align="left", dx=5, color=FAINT, fontSize=11).encode(
        x=alt.X("upper:Q", scale=scale, title=title), text="label:N"
    )
    chart = alt.layer(bar, whisker, text).properties(width=inner, height=21 * len(rows))
    said = "; ".join(f"{row['factor']} {row['label']}" for row in rows)
    return [
        finish(
            chart,
            f"What {one.outcome} depends on",
            f"Bars, the largest first, with 95 % intervals, {title}: {said}. Chance is grey.",
        )
    ]


def heads(method: str) -> tuple[str, str]:
    """The headings of the two columns of numbers."""
    if method == "morris":
        return "mean size of its effects (µ*)", "spread of its effects (σ)"
    return "total share of variance (ST)", "share by itself (S1)"


def measured_in(unit: str) -> str:
    """The axis of screening."""
    said = "" if unit in ("1", "") else f", {unit}"
    return f"change over the whole range, mean size µ*{said}"


def words(factor: Influence) -> str:
    """A factor as the page calls it."""
    return "chance" if factor.parameter == CHANCE else factor.parameter


def about(path: str) -> str:
    """What a factor is."""
    return "another seed, all else the same" if path == CHANCE else DECLARED[path].about


def share(estimate: float) -> str:
    """A share of variance to read; its estimate may fall a little outside 0 to 1."""
    return percent(min(max(estimate, 0.0), 1.0))


def sure(found: Sensitivity) -> list[str]:
    """How sure it is, and what it cannot say."""
    said = [
        "Intervals are 95 % by bootstrap over the design: two factors whose intervals overlap may "
        "stand in either order.",
        "Every parameter counts as equally likely anywhere in its declared range. A wider range "
        "makes a parameter matter more; ranges are part of the question.",
        "This is about the model. That an outcome depends on a parameter here does not show that "
        "it does in any country.",
    ]
    if found.method == "morris":
        said.insert(
            1,
            "Screening ranks; it does not share out variance. A large σ beside µ* says that the "
            "parameter bends the outcome or works through others. A step of chance is another "
            "luck; steps of parameters are carried on to the whole range.",
        )
    else:
        said.insert(
            1,
            "S1 is what a factor does by itself, ST what it has a part in; the ST of several "
            "factors may add to more than one. Small shares can come out a little below zero.",
        )
    return said


def again(question: dict[str, Any]) -> str:
    """The line of Python that gives the same."""
    given = {
        name: question[name]
        for name in ("method", "outcomes", "vary", "months", "citizens", "policy")
    }
    each = len(question["vary"]) + (2 if question["method"] == "morris" else 3)
    given["runs"] = question["size"] * each
    if len(question["vary"]) == len([one for one in DECLARED.values() if one.low < one.high]):
        given.pop("vary")
    options = "".join(f"\n    {name}={value!r}," for name, value in given.items())
    return (
        "from datapolis.studies import sensitivity\n"
        f'sensitivity.ask(\n    "study.toml", "out/sensitivity",{options}\n)'
    )
