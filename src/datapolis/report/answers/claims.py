"""The page of the trial: each experiment with its verdicts and effects, and what it cannot say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from datapolis.report.answered import Answer, Section
from datapolis.studies.claims.claim_test import (
    RULES,
    Measured,
    Trial,
    Tried,
    claims_of,
    criterion_said,
    effect_said,
    figure_said,
    said,
)
from datapolis.studies.claims.declared import EXPERIMENTS
from datapolis.studies.claims.draws import BOX, POSTERIOR, SAMPLES
from datapolis.studies.claims.verdict import FEW, MOST, VERDICTS
from datapolis.theme import FAINT, GRID, INK, NARROW, PLAIN, finish, inline

NAMES = {POSTERIOR: "calibrated", BOX: "whole box"}
INKS = {POSTERIOR: INK, BOX: PLAIN}
POINTS = 60  # draws drawn of each sample; the quantiles are of all
RULE = """In each draw of parameters an experiment holds if all its needed criteria do. It is
*supported* if it holds in more than two thirds of all draws, *more than claimed* if it goes beyond
the claim in as many, *refuted* if it falls short in more than two thirds, *contingent* if none of
these, and a short rule found in one half of the draws tells in the other half when it holds. It is
*not testable* where no draw moves a criterion as claimed, or none the other way: the equations then
settle it, not the runs. Else it is *not identified*. All tests are exact, at 5 % after a correction
for all declared experiments in both samples of draws, whatever is run. The rule and the smallest
effects that matter were set before the runs."""
EARLIER = """This trial was judged by the rules of version 0.1, by which a verdict could depend on
what else was run, a distance had an opposite, and claims that no equation can move were refuted.
Run it again."""


def page(out: Path) -> Answer:
    """The page of the answer that a folder holds."""
    trial = Trial.read(out)
    return Answer(
        kind="claims",
        title="The essay on trial" if len(trial.tried) > 1 else f"On trial: {trial.tried[0].id}",
        asked=asked(trial),
        answer=answered(trial),
        sections=[
            Section(
                title="Verdicts",
                text=RULE.replace("\n", " ").replace("*", ""),
                charts=partial(_overview, trial),
                columns=verdict_columns(trial),
            ),
            *(_section(one) for one in trial.tried),
            Section(
                title="Claim by claim",
                text="Every criterion that names a claim, its own verdict, and in how many draws "
                "it holds. Verdicts are corrected for all declared criteria in both samples; no "
                "rules are looked for. The essay's claims are counted in docs/claims-map.md.",
                columns=claim_columns(trial),
            ),
        ],
        sure=sure(trial),
        again=again(trial),
    )


def asked(trial: Trial) -> str:
    """What was asked, in a sentence."""
    ids = [one.id for one in trial.tried]
    named = f"{ids[0]} to {ids[-1]}" if len(ids) == len(EXPERIMENTS) else ", ".join(ids)
    what = f"Experiment{'' if len(ids) == 1 else 's'} {named}"
    return (
        f"{what} on the essay's claims: does each hold under what is calibrated "
        f"({trial.draws[POSTERIOR]} draws), and everywhere in the admissible box "
        f"({trial.draws[BOX]} draws)?"
    )


def answered(trial: Trial) -> str:
    """The answer in a sentence or two."""
    if len(trial.tried) == 1:
        one = trial.tried[0]
        if one.skipped:
            return f"Not run: {one.skipped}"
        return f"Calibrated: {said(one, POSTERIOR)}. Whole box: {said(one, BOX)}."
    parts = []
    for sample in SAMPLES:
        count = trial.count(sample)
        told = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS if count[verdict])
        parts.append(f"{NAMES[sample].capitalize()}: {told}.")
    flips = trial.flips
    parts.append("1 verdict differs" if flips == 1 else f"{flips} verdicts differ")
    return f"{' '.join(parts)} between the two."


def sure(trial: Trial) -> list[str]:
    """How sure, and what it cannot say."""
    found = [
        "A verdict is about this model: supported means that its equations make the claim true in "
        "most of the draws, not that the world does.",
        f"Draws: {where(trial)}. {trial.posterior[0].upper()}{trial.posterior[1:]}.",
    ]
    if trial.rules < RULES:
        found.insert(0, EARLIER.replace("\n", " "))
    if trial.mode == "quick":
        found.append(
            "A quick trial: with so few draws only what holds nearly everywhere, or nowhere, can "
            "be told, and no rule can be found. It looks ahead eight to twelve years where a full "
            "one looks twenty to forty, and much comes later."
        )
    if not trial.again:
        found.append("No draw was run twice, so chance was not parted from parameters.")
    return found


def where(trial: Trial) -> str:
    """How many draws of each sample, and in which worlds they were run."""
    if not trial.homes:
        return (
            f"{trial.draws[POSTERIOR]} calibrated, {trial.draws[BOX]} of the box; a world of "
            f"{trial.citizens:,} citizens"
        )
    parts = []
    for sample, words in ((POSTERIOR, "calibrated"), (BOX, "of the box")):
        home = trial.homes[sample]
        many = f"{home['worlds']} worlds" if home["worlds"] > 1 else "one world"
        parts.append(
            f"{trial.draws[sample]} {words}, in {many} of {home['citizens']:,} citizens and "
            f"{home['firms']} places for firms over {home['months']['usual']} months"
        )
    return f"{'; '.join(parts)}; {trial.corners} corners of the box beside them"


def again(trial: Trial) -> list[str]:
    """Lines that give the same."""
    ids = [one.id for one in trial.tried]
    more = f"draws={trial.draws[BOX]}, seed={trial.seed}"
    only = "" if len(ids) > 1 else f"only={ids!r}, "
    call = f'ask("OUT", {only}mode="{trial.mode}", {more})'
    chosen = "" if len(ids) > 1 else f" {ids[0]}"
    return [
        f"datapolis claims{chosen} --mode {trial.mode} --draws {trial.draws[BOX]} "
        f"--seed {trial.seed} --out OUT",
        f"from datapolis.studies.claims import ask; {call}",
    ]


def verdict_columns(trial: Trial) -> dict[str, list[Any]]:
    """The table of verdicts."""
    return {
        "X": [one.id for one in trial.tried],
        "question": [one.question for one in trial.tried],
        "calibrated": [said(one, POSTERIOR) for one in trial.tried],
        "whole box": [said(one, BOX) for one in trial.tried],
        "effect in the box [95 %]": [effect_said(one, BOX) for one in trial.tried],
        "flips": ["yes" if one.flips else "" for one in trial.tried],
    }


def claim_columns(trial: Trial) -> dict[str, list[Any]]:
    """The table of claims."""
    rows = [
        (claim, experiment, criterion)
        for claim, found in sorted(claims_of(trial).items(), key=_in_order)
        for experiment, criterion in found
    ]
    return {
        "claim": [claim for claim, _, _ in rows],
        "X": [experiment for _, experiment, _ in rows],
        "criterion": [criterion.name for _, _, criterion in rows],
        **{
            NAMES[sample]: [criterion_said(criterion, sample) for _, _, criterion in rows]
            for sample in SAMPLES
        },
    }


def _in_order(item: tuple[str, Any]) -> tuple[int, int]:
    claim = item[0]
    return "IMERVP".index(claim[0]), int(claim[1:])


def _section(one: Tried) -> Section:
    if one.skipped:
        return Section(title=f"{one.id}: not run", text=f"{one.question}\n\n{one.skipped}")
    return Section(
        title=_heading(one),
        text="\n\n".join([one.question, *told(one)]),
        charts=partial(_effects, one),
        columns=criterion_columns(one),
    )


def _heading(one: Tried) -> str:
    calibrated, whole = (one.verdicts[sample].verdict for sample in SAMPLES)
    if calibrated == whole:
        return f"{one.id}: {calibrated}"
    return f"{one.id}: {calibrated}; in the whole box {whole}"


def told(one: Tried) -> list[str]:
    """What is said of an experiment, paragraph by paragraph."""
    found = [
        f"Calibrated: {said(one, POSTERIOR)}. Whole box: {said(one, BOX)}.",
        f"Claims {', '.join(one.claims)}. Arms, over {spans(one)} months: "
        + "; ".join(f"{name} ({says})" for name, says in one.arms)
        + ".",
        f"It would be refuted if {one.refuted_if}.",
    ]
    for sample in SAMPLES:
        rule = one.verdicts[sample].rule
        if rule is not None:
            found.insert(
                1,
                f"{NAMES[sample].capitalize()}: it {'fails' if rule.fails else 'holds'} with "
                f"{rule.says}. Where the rule was not looked for, it holds in "
                f"{rule.inside:.0%} of the draws in the rule and in {rule.outside:.0%} of the "
                "others.",
            )
    for criterion in one.criteria:
        turns = {sample: criterion.samples[sample].turns for sample in SAMPLES}
        if any(turns.values()):
            parts = [f"{NAMES[name].capitalize()}: {text}" for name, text in turns.items() if text]
            found.append(f'"{criterion.name}", mean over draws. {" ".join(parts)}')
    if one.figures:
        told = "; ".join(f"{figure.name} {figure_said(figure)}" for figure in one.figures)
        found.append(f"Beside the verdict, over the draws of the box: {told}.")
    if one.built_in:
        found.append(f"Built in: {one.built_in}")
    if one.silent:
        found.append(f"The essay, or this model, is silent here: {one.silent}")
    return found


def spans(one: Tried) -> str:
    """Over how many months, where the samples differ in it."""
    calibrated, whole = (one.months[sample] for sample in SAMPLES)
    return f"{whole}" if calibrated == whole else f"{calibrated} (calibrated) and {whole} (box)"


def criterion_columns(one: Tried) -> dict[str, list[Any]]:
    """The table of an experiment's criteria."""
    columns: dict[str, list[Any]] = {
        "criterion": [
            f"{criterion.name}{'' if criterion.needed else ' (beside)'}"
            for criterion in one.criteria
        ],
        "expected": [criterion.expects for criterion in one.criteria],
    }
    for sample in SAMPLES:
        columns[NAMES[sample]] = [_read(criterion, sample) for criterion in one.criteria]
    if any(criterion.channel for criterion in one.criteria):
        columns["draws move it"] = [criterion.channel or "–" for criterion in one.criteria]
    if any(criterion.chance is not None for criterion in one.criteria):
        columns["chance's part of the variance"] = [
            "–" if criterion.chance is None else f"{criterion.chance:.0%}"
            for criterion in one.criteria
        ]
    return columns


def _read(criterion: Measured, sample: str) -> str:
    found = criterion.samples[sample]
    if found.median is None:
        return "no value"
    low, high = ("?" if side is None else f"{side:.2g}" for side in (found.low, found.high))
    holds = criterion_said(criterion, sample)
    return f"{found.median:.2g} [{low}, {high}]; {'' if found.verdict else 'holds '}{holds}"


# --- charts ------------------------------------------------------------------------------------


def _overview(trial: Trial, width: int) -> Sequence[Any]:
    """In which share of draws each experiment holds, with its exact interval."""
    ran = [one for one in trial.tried if not one.skipped]
    rows = [
        {
            "X": one.id,
            "sample": NAMES[sample],
            "share": found.share,
            "low": found.low,
            "high": found.high,
            "said": f"{one.id}, {NAMES[sample]}: {said(one, sample)}",
        }
        for one in ran
        for sample in SAMPLES
        if (found := one.verdicts[sample]).draws
    ]
    order = [one.id for one in ran]
    names = [NAMES[sample] for sample in SAMPLES]
    y = alt.Y("X:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False))
    offset = alt.YOffset("sample:N", sort=names)
    colour = alt.Color(
        "sample:N",
        scale=alt.Scale(domain=names, range=list(INKS.values())),
        legend=alt.Legend(title=None, orient="top", symbolType="circle", symbolOpacity=1),
    )
    base = alt.Chart(inline(rows))
    x = alt.X(
        "share:Q",
        scale=alt.Scale(domain=[0, 1]),
        title="share of draws in which it holds",
        axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    marks = alt.Chart(inline([{"at": FEW}, {"at": MOST}])).mark_rule(color=FAINT, strokeDash=[3, 3])
    layers = alt.layer(
        marks.encode(x="at:Q"),
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(
            y=y, yOffset=offset, x="low:Q", x2="high:Q", color=colour
        ),
        base.mark_circle(size=46, opacity=1).encode(
            y=y, yOffset=offset, x=x, color=colour, tooltip="said:N"
        ),
    ).properties(width=width - 60, height=alt.Step(11))
    return [
        finish(
            layers,
            "In how many draws each experiment holds",
            "One row an experiment: the share of draws in which all its needed criteria hold, "
            "calibrated and over the whole box, with exact 95 % intervals. Dashed lines at one "
            "third and two thirds: supported right of them; left of them refuted, unless it goes "
            "beyond the claim or cannot be tested.",
        )
    ]


def _effects(one: Tried, width: int) -> Sequence[Any]:
    """The effects of the needed criteria over the draws."""
    panels = [
        _strip(criterion, width)
        for criterion in one.criteria
        if criterion.needed and criterion.samples[BOX].median is not None
    ]
    if not panels:
        return []
    return [
        finish(
            alt.vconcat(*panels, spacing=18),
            f"{one.id}: effects over the draws",
            "For each needed criterion the effects over calibrated draws and over the whole box: "
            "a dot a draw, a bar over the middle 90 %, a tick at the median. The shaded side is "
            "where the criterion holds.",
        )
    ]


def _strip(criterion: Measured, width: int) -> Any:
    known = {
        sample: np.array([one for one in criterion.samples[sample].effects if one is not None])
        for sample in SAMPLES
    }
    mark = criterion.sign * criterion.least
    end = mark if criterion.most is None else criterion.sign * criterion.most
    low, high = _window([*known.values(), np.array([0.0, mark, end])])
    names = [NAMES[sample] for sample in SAMPLES]
    dots, bars = [], []
    for sample, effects in known.items():
        if not len(effects):
            continue
        shown = effects[:: max(1, -(-len(effects) // POINTS))]
        dots += [
            {"sample": NAMES[sample], "effect": float(np.clip(effect, low, high))}
            for effect in shown
        ]
        quantiles = np.clip(np.quantile(effects, (0.05, 0.5, 0.95)), low, high)
        bars.append(
            {
                "sample": NAMES[sample],
                "low": float(quantiles[0]),
                "middle": float(quantiles[1]),
                "high": float(quantiles[2]),
            }
        )
    far = (high if criterion.sign > 0 else low) if criterion.most is None else end
    side = (min(mark, far), max(mark, far))
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    title = f"effect ({criterion.unit})" if criterion.unit else "effect"
    x: Callable[..., Any] = partial(alt.X, scale=scale, title=title, axis=alt.Axis(tickCount=7))
    y = alt.Y("sample:N", sort=names, title=None, axis=alt.Axis(ticks=False, domain=False))
    colour = alt.Color(
        "sample:N", scale=alt.Scale(domain=names, range=list(INKS.values())), legend=None
    )
    shade = alt.Chart(inline([{"from": side[0], "to": side[1]}])).mark_rect(
        color=GRID, opacity=0.55
    )
    zero = alt.Chart(inline([{"at": 0.0}])).mark_rule(color=FAINT, strokeDash=[2, 3])
    held = alt.Chart(inline(bars))
    heading = _wrapped(
        f"{criterion.name} (expected: {criterion.expects})", 52 if width < NARROW else 105
    )
    return alt.layer(
        shade.encode(x=x("from:Q"), x2="to:Q"),
        zero.encode(x=x("at:Q")),
        held.mark_rule(strokeWidth=5, opacity=0.25).encode(
            y=y, x=x("low:Q"), x2="high:Q", color=colour
        ),
        alt.Chart(inline(dots))
        .mark_circle(size=26, opacity=0.55)
        .encode(y=y, x=x("effect:Q"), color=colour),
        held.mark_tick(thickness=3, size=22).encode(y=y, x=x("middle:Q"), color=colour),
    ).properties(
        width=width - 90,
        height=64,
        title=alt.TitleParams(heading, fontSize=12, fontWeight=400, color=INK, offset=6),
    )


def _window(parts: Sequence[np.ndarray]) -> tuple[float, float]:
    """What is shown of the effects: nearly all of them, with the mark and nothing."""
    least = min(float(np.quantile(part, 0.02)) for part in parts if len(part))
    most = max(float(np.quantile(part, 0.98)) for part in parts if len(part))
    edge = 0.05 * max(most - least, 1e-6)
    return least - edge, most + edge


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)
