"""Write docs/claims.md from the answer of a trial: `python docs/make_claims.py OUT`.

OUT is a folder that `datapolis claims --mode full --out OUT` made, or one of a smaller mode: the
page says which.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from datapolis.report.answers.claims import NAMES, answered, told, where
from datapolis.studies.claims import channel, verdict
from datapolis.studies.claims.claim_test import (
    CRITERION_TESTS,
    EXPERIMENT_TESTS,
    Measured,
    Trial,
    Tried,
    claims_of,
    criterion_said,
    effect_said,
    figure_said,
    figures_of,
    said,
)
from datapolis.studies.claims.draws import BOX, POSTERIOR, SAMPLES

HERE = Path(__file__).parent


def page(trial: Trial) -> str:
    """The page as Markdown."""
    parts = [
        *_head(trial),
        *_verdicts(trial),
        *_wrong(trial),
        *_silent(trial),
        *_experiments(trial),
        *_claims(trial),
    ]
    return "\n".join(parts) + "\n"


def _head(trial: Trial) -> Iterator[str]:
    size = {
        "quick": "a quick run (`datapolis claims --quick`): too small to find rules, and short of "
        "the horizons that matter. A moderate run under these rules has not been made yet",
        "moderate": "a run of moderate size, in a small world: to be superseded by a full one",
        "full": "a full run",
    }[trial.mode]
    yield "# The essay on trial"
    yield ""
    yield (
        "The essay's claims are hypotheses. Each experiment X01 to X24 pulls one thing in the "
        "model and reads what becomes of the claims that rest on it; "
        "[claims-map.md](claims-map.md) says where in the model each claim lives. This page is "
        f"written by `docs/make_claims.py` from {size}. Draws: {where(trial)}; {trial.again} draws "
        f"of the box run again with other chance; {trial.runs:,} runs in all."
    )
    yield ""
    yield f"**In short.** {answered(trial)}"
    yield ""
    yield "## The rule"
    yield ""
    yield (
        "It was written down before the runs, with every smallest effect that matters. A first "
        "quick trial showed X07, X11 and X23 to read something else than their claim; they were "
        "mended, as `datapolis.studies.claims.declared` tells, before any larger trial, and no "
        "smallest effect was touched. What was added since stands beside the verdicts. The rule "
        "itself was mended once, after a first trial of moderate size: families are fixed, bands "
        "have two ends, and what nothing can move is not testable (CHANGELOG.md)."
    )
    yield ""
    paragraphs = [
        *(verdict.__doc__ or "").split("\n\n")[1:],
        f"Here a verdict on an experiment is one of {EXPERIMENT_TESTS}, one on a criterion one of "
        f"{CRITERION_TESTS}. What can be tested:",
        *(channel.__doc__ or "").split("\n\n")[1:],
    ]
    for paragraph in paragraphs:
        if paragraph.startswith("    "):
            yield "```text"
            yield paragraph.replace("\n    ", "\n").removeprefix("    ").rstrip()
            yield "```"
        else:
            yield " ".join(paragraph.split())
        yield ""
    yield (
        "A verdict is about this model: *supported* means that its equations, with most of the "
        "parameters that are admissible, make the claim true. "
        f"Calibrated draws: {trial.posterior}. The calibration was made with the model of version "
        "0.1, and not again since its equations changed (CHANGELOG.md). A claim about power counts "
        "only if at least three of four ways to measure it agree (share of base power, "
        "dependence, relations, pivotality)."
    )
    yield ""


def _verdicts(trial: Trial) -> Iterator[str]:
    yield "## Verdicts"
    yield ""
    yield "Counts are of the draws in which the experiment holds."
    yield ""
    yield from _table(
        ("X", "question", "calibrated", "whole box", "effect in the box, with 95 %", "flips"),
        [
            (
                f"[{one.id}](#{one.id.lower()})",
                one.question,
                said(one, POSTERIOR),
                said(one, BOX),
                effect_said(one, BOX),
                "yes" if one.flips else "",
            )
            for one in trial.tried
        ],
    )


def _wrong(trial: Trial) -> Iterator[str]:
    """Where the essay is wrong, in this model, and what the model cannot test."""
    yield "## Where the essay is wrong, in this model"
    yield ""
    yield "Refuted, in the calibrated draws or in the whole box:"
    yield ""
    for one in trial.tried:
        if any(found.verdict == "refuted" for found in one.verdicts.values()):
            verdicts = "; ".join(f"{NAMES[sample]} {said(one, sample)}" for sample in SAMPLES)
            yield f"- {one.id} ({', '.join(one.claims)}): {one.question} {verdicts}."
    yield ""
    yield (
        "Single criteria that are refuted in both samples, each corrected for all that are "
        "declared:"
    )
    yield ""
    for one in trial.tried:
        for criterion in one.criteria:
            if all(found.verdict == "refuted" for found in criterion.samples.values()):
                counts = ", ".join(
                    f"{NAMES[sample]} {criterion_said(criterion, sample)}" for sample in SAMPLES
                )
                yield (f"- {one.id}, {' '.join(criterion.claims)}: *{criterion.name}* ({counts}).")
    yield ""
    yield "## What this model cannot test"
    yield ""
    yield (
        "Criteria that no draw moves one of the two ways. Where nothing moves one as claimed it is "
        "never refuted, where nothing moves one the other way it is never supported:"
    )
    yield ""
    for one in trial.tried:
        for criterion in one.criteria:
            if criterion.channel not in ("", "both ways"):
                claims = " ".join(criterion.claims)
                yield f"- {one.id}, {claims}: *{criterion.name}*: moved {criterion.channel}."
    yield ""


def _silent(trial: Trial) -> Iterator[str]:
    yield "## Where the essay is silent, or this model is"
    yield ""
    for one in trial.tried:
        if one.silent:
            yield f"- {one.id}: {one.silent}"
    yield ""
    yield "What the equations settle beforehand, so that no run can be counted as evidence for it:"
    yield ""
    for one in trial.tried:
        if one.built_in:
            yield f"- {one.id}: {one.built_in}"
    yield ""


def _experiments(trial: Trial) -> Iterator[str]:
    yield "## Experiments"
    yield ""
    for one in trial.tried:
        yield f"### {one.id}"
        yield ""
        yield f"**{one.question}**"
        yield ""
        if one.skipped:
            yield f"Not run: {one.skipped}"
            yield ""
            continue
        for paragraph in told(one):
            yield paragraph
            yield ""
        yield from _criteria(one)


def _criteria(one: Tried) -> Iterator[str]:
    yield from _table(
        ("criterion", "needed", "expected", *NAMES.values(), "draws move it", "by chance"),
        [
            (
                criterion.name,
                "yes" if criterion.needed else "",
                criterion.expects,
                *(_read(criterion, sample) for sample in NAMES),
                criterion.channel,
                "" if criterion.chance is None else f"{criterion.chance:.0%}",
            )
            for criterion in one.criteria
        ],
    )


def _read(criterion: Measured, sample: str) -> str:
    found = criterion.samples[sample]
    if found.median is None:
        return "no value"
    sides = " to ".join("?" if one is None else f"{one:.2g}" for one in (found.low, found.high))
    return f"{found.median:.2g} ({sides}); {criterion_said(criterion, sample)}"


def _claims(trial: Trial) -> Iterator[str]:
    yield "## Claim by claim"
    yield ""
    yield (
        "The verdict on each criterion that names a claim, alone, corrected for all that are "
        "declared, and in how many draws it holds."
    )
    yield ""
    found = claims_of(trial)
    yield from _table(
        ("claim", "X", "criterion", *NAMES.values()),
        [
            (
                claim,
                experiment,
                criterion.name,
                *(criterion_said(criterion, sample) for sample in NAMES),
            )
            for claim in sorted(found, key=_order)
            for experiment, criterion in found[claim]
        ],
    )
    beside = figures_of(trial)
    if beside:
        yield "Read by figures that only many draws together have:"
        yield ""
        yield from _table(
            ("claim", "X", "figure", "over the draws of the box [95 %]"),
            [
                (claim, experiment, figure.name, figure_said(figure))
                for claim in sorted(beside, key=_order)
                for experiment, figure in beside[claim]
            ],
        )
    named = {claim for one in trial.tried for claim in one.claims}
    unread = sorted(named - set(found) - set(beside), key=_order)
    yield (
        "No criterion and no figure reads these claims, though an experiment is about them (see "
        f"where the essay is silent): {', '.join(unread) or 'none'}."
    )


def _order(claim: str) -> tuple[int, int]:
    return "IMERVP".index(claim[0]), int(claim[1:])


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""


if __name__ == "__main__":
    (HERE / "claims.md").write_text(page(Trial.read(Path(sys.argv[1]))), encoding="utf-8")
