"""The trial: all arms of all experiments run once, read by their criteria, judged by the rule.

Two samples of draws are asked for. The *posterior* draws the parameters that data can inform from
what calibration leaves of them, and leaves all others at their defaults; the *box* draws every
parameter from its whole declared range (Latin hypercube; McKay, Beckman and Conover, 1979). In the
box the sectors' adoption and use come from the same ranges, so that no sector is late by decree.
Calibrated draws are run in the world to which they were fitted (`homes`). Some draws of the box are
run again with other chance, to part chance from parameters, and corners of the box tell which
criteria can be tested at all (`channel`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.studies import ensemble
from datapolis.studies.asking import Report, Tell, keep_answer
from datapolis.studies.claims.channel import Channel, channel
from datapolis.studies.claims.declared import CRITERIA, EXPERIMENTS
from datapolis.studies.claims.draws import (
    AGAIN,
    BOX,
    CORNERS,
    POSTERIOR,
    SAMPLES,
    Draws,
    box_draws,
    corner_draws,
    posterior_draws,
)
from datapolis.studies.claims.experiment import (
    REPLICATE,
    Criterion,
    Experiment,
    Figure,
    Length,
    NetGain,
    Runs,
)
from datapolis.studies.claims.homes import (
    Home,
    fitted_months,
    fitted_study,
    make_variants,
    reseeded,
    settle,
)
from datapolis.studies.claims.verdict import (
    VERDICTS,
    Effects,
    Evidence,
    Judged,
    counted,
    judged,
    median_interval,
)
from datapolis.studies.document.migrations import SCHEMA
from datapolis.studies.files import disk, read_json, read_whole, write_json
from datapolis.studies.inputs import read_inputs
from datapolis.studies.question import asked
from datapolis.studies.records import case_record
from datapolis.studies.runs import PLAIN, Case, Progress
from datapolis.studies.study import Study, parse_study, read_study

if TYPE_CHECKING:
    from jaxtyping import Float

    from datapolis.studies.run_cache import Laboratory

KIND = "claims"
RULES = 2  # by which a trial is judged; 1 were those of version 0.1
BATCH = 24  # runs at once, at most
RESAMPLES = 999  # of the draws, for the interval of a figure
EXPERIMENT_TESTS = len(EXPERIMENTS) * len(SAMPLES)  # whatever is run: see `verdict`
CRITERION_TESTS = len(CRITERIA) * len(SAMPLES)


@dataclass(frozen=True, kw_only=True)
class Mode:
    """How large a trial is."""

    name: str
    box: int  # draws of each sample
    posterior: int
    again: int  # draws of the box with a second seed
    corners: int  # draws at the corners of the box, for channels
    worlds: int  # seeds of the world of each sample
    figures: bool  # whether there are draws enough for figures
    months: Mapping[Length, int]
    world: str  # the table of the study that is asked if none is given


SMALL = "citizens = 400\nregions = 4\nfirms = 60\nagencies = 4\nassociations = 24"

MODES: dict[str, Mode] = {
    "quick": Mode(
        name="quick",
        box=22,
        posterior=22,
        again=0,
        corners=8,
        worlds=3,
        figures=False,
        months={"start": 12, "usual": 96, "long": 120},
        world=SMALL,
    ),
    "moderate": Mode(
        name="moderate",
        box=64,
        posterior=24,
        again=8,
        corners=16,
        worlds=4,
        figures=True,
        months={"start": 12, "usual": 240, "long": 360},
        world=SMALL,
    ),
    "full": Mode(
        name="full",
        box=240,
        posterior=80,
        again=40,
        corners=32,
        worlds=8,
        figures=True,
        months={"start": 12, "usual": 240, "long": 480},
        world="citizens = 1000",
    ),
}

STUDY = """schema = {schema}
title = "The essay on trial"
[world]
{world}
months = {months}
"""


@dataclass(frozen=True)
class Sampled:
    """What a criterion read in one sample of draws."""

    effects: tuple[float | None, ...]
    held: int
    draws: int
    median: float | None
    low: float | None  # 95 % interval of the median
    high: float | None
    verdict: str = ""  # on this criterion alone, corrected for all that are declared
    kind: str = ""
    turns: str = ""  # of a net gain: at which weights its sign turns


@dataclass(frozen=True)
class Measured:
    """A criterion and what it read."""

    name: str
    claims: tuple[str, ...]
    expects: str
    unit: str
    sign: int
    least: float
    needed: bool
    samples: Mapping[str, Sampled]
    chance: float | None  # the part of the variance over the box that chance alone makes
    side: str = ""
    most: float | None = None  # of a band
    channel: str = ""  # which ways any draw moved it


@dataclass(frozen=True)
class Told:
    """A figure of the draws of the box, and its 95 % interval."""

    name: str
    claims: tuple[str, ...]
    unit: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Tried:
    """An experiment, what its criteria read, and the verdicts on it."""

    id: str
    claims: tuple[str, ...]
    question: str
    arms: tuple[tuple[str, str], ...]
    refuted_if: str
    built_in: str
    silent: str
    months: Mapping[str, int]  # of each sample
    criteria: tuple[Measured, ...]
    figures: tuple[Told, ...]
    verdicts: Mapping[str, Judged]
    skipped: str = ""  # why it was not run

    def decisive(self, sample: str) -> Measured:
        """The criterion whose effect is told with the verdict: needed, and holds least often."""
        needed = [one for one in self.criteria if one.needed]
        return min(needed, key=lambda one: one.samples[sample].held)

    @property
    def flips(self) -> bool:
        """Whether the verdict depends on what is calibrated."""
        return len({one.verdict for one in self.verdicts.values()}) > 1


@dataclass(frozen=True)
class Trial:
    """The answer: every experiment asked for, with its verdicts."""

    mode: str
    draws: Mapping[str, int]
    again: int
    citizens: int
    runs: int
    seed: int
    posterior: str  # where its draws come from
    tried: tuple[Tried, ...]
    homes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # worlds of each sample
    corners: int = 0
    rules: int = 1  # by which it was judged; `RULES` now

    @property
    def flips(self) -> int:
        """How many verdicts differ between the samples."""
        return sum(one.flips for one in self.tried)

    def count(self, sample: str) -> dict[str, int]:
        """How many experiments have each verdict in a sample."""
        found = [one.verdicts[sample].verdict for one in self.tried if sample in one.verdicts]
        return {verdict: found.count(verdict) for verdict in VERDICTS}

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "kind": KIND,
            **{name: getattr(self, name) for name in self.__dataclass_fields__ if name != "tried"},
            "tried": [
                {
                    **vars(one),
                    "criteria": [
                        {
                            **vars(measured),
                            "samples": {name: vars(s) for name, s in measured.samples.items()},
                        }
                        for measured in one.criteria
                    ],
                    "figures": [vars(figure) for figure in one.figures],
                    "verdicts": {name: j.as_json() for name, j in one.verdicts.items()},
                }
                for one in self.tried
            ],
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Trial:
        """Of plain data."""
        about = {
            name: found[name]
            for name in Trial.__dataclass_fields__
            if name != "tried" and name in found
        }
        return Trial(**about, tried=tuple(_tried_of(one) for one in found["tried"]))

    @staticmethod
    def read(out: Path) -> Trial:
        """The answer that a folder holds."""
        return Trial.from_json(json.loads(read_whole(out / "answer.json")))


def _tried_of(found: Mapping[str, Any]) -> Tried:
    criteria = tuple(
        Measured(
            **{
                **one,
                "claims": tuple(one["claims"]),
                "samples": {
                    name: Sampled(**{**part, "effects": tuple(part["effects"])})
                    for name, part in one["samples"].items()
                },
            }
        )
        for one in found["criteria"]
    )
    months = found["months"]
    return Tried(
        **{
            **found,
            "months": months if isinstance(months, dict) else dict.fromkeys(SAMPLES, months),
            "claims": tuple(found["claims"]),
            "arms": tuple((name, says) for name, says in found["arms"]),
            "criteria": criteria,
            "figures": tuple(
                Told(**{**one, "claims": tuple(one["claims"])}) for one in found["figures"]
            ),
            "verdicts": {name: Judged.from_json(one) for name, one in found["verdicts"].items()},
        }
    )


# --- asking ------------------------------------------------------------------------------------


def ask(
    out: Path | str,
    *,
    only: Sequence[str] | None = None,
    mode: str = "quick",
    study: Path | str | None = None,
    draws: int | None = None,
    seed: int = 0,
    data: Path | str | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    report: Report | None = None,
) -> Path:
    """Put the essay's claims on trial, and return the folder of the answer.

    out     a folder: new, or of the same question, which then goes on
    only    experiments by id ("X13"), or claims ("M32"), whose experiments are run; all by default
    mode    "quick", "moderate" or "full"
    study   in whose world the box is run, and whose parameters hold where nothing else is drawn; a
            small generated world by default. Calibrated draws are run where they were fitted
    draws   of the box; of the posterior a third of it, but 22 at least. By default the mode's
    report  makes the page of a folder

    Raises InputError if there is no such experiment, claim or mode, StoreError if the folder holds
    another question.
    """
    out, size = Path(out), sized(mode, draws)
    chosen = experiments(only)
    read = _study(study, size)
    say = tell or (lambda sentence: None)
    question = {
        "kind": KIND,
        "mode": mode,
        "only": [one.id for one in chosen] if only else "all",
        "draws": size.box,
        "seed": seed,
        "rules": RULES,
    }
    inputs = read_inputs(read, data)
    with asked(
        read, out, question, data=data, inputs=inputs, scheduler=scheduler, progress=progress
    ) as lab:
        samples, said = _kept_draws(out / "tables" / "draws.json", size, seed)
        say(f"Posterior: {said}.")
        fitted = fitted_study()
        homes = {
            POSTERIOR: Home(
                settle(lab, "fitted", reseeded(fitted, size.worlds, read_inputs(fitted))),
                fitted_months(size.months),
            ),
            BOX: Home(
                settle(lab, "", [lab.worlds[PLAIN], *reseeded(read, size.worlds, inputs)[1:]]),
                size.months,
            ),
        }
        trial = tried(lab, chosen, samples, homes, size, seed, said, say)
        keep_answer(out, trial.as_json(), {"effects": _effects(trial)}, report)
    return out


def sized(mode: str, draws: int | None = None) -> Mode:
    """The mode of that name, with other draws if some are given."""
    if mode not in MODES:
        raise InputError(
            "no such mode",
            field="mode",
            value=mode,
            allowed=", ".join(MODES),
            nearest=nearest(mode, MODES),
        )
    size = MODES[mode]
    if draws is None:
        return size
    if draws < 2:
        raise InputError("too few", field="draws", value=draws, allowed="2 or more")
    again = draws // 6 if size.again else 0
    return Mode(**{**vars(size), "box": draws, "posterior": max(22, draws // 3), "again": again})


def experiments(only: Sequence[str] | None) -> tuple[Experiment, ...]:
    """The experiments of some ids, or of some claims, in their order; all if none is given."""
    names = {one.id: {one.id, *one.all_claims} for one in EXPERIMENTS}
    known = set().union(*names.values())
    for name in only or ():
        if name not in known:
            raise InputError(
                "no experiment is of this name, nor about a claim of it",
                field="only",
                value=name,
                allowed="X01 to X24, or a claim such as M32",
                nearest=nearest(name, known),
            )
    return tuple(one for one in EXPERIMENTS if not only or names[one.id] & set(only))


def _study(study: Path | str | None, size: Mode) -> Study:
    if study is not None:
        return read_study(study)
    text = STUDY.format(schema=SCHEMA, world=size.world, months=max(size.months.values()))
    return parse_study(text.encode(), Path("study.toml"))


def _kept_draws(place: Path, size: Mode, seed: int) -> tuple[dict[str, Draws], str]:
    """The draws of a folder: kept there, so that another calibration does not change them."""
    names = (*SAMPLES, CORNERS)
    if place.is_file():
        found = read_json(place)
        return {sample: found[sample] for sample in names}, found["said"]
    calibrated, said = posterior_draws(size.posterior, seed)
    samples: dict[str, Draws] = {
        POSTERIOR: calibrated,
        BOX: box_draws(size.box, seed),
        CORNERS: corner_draws(size.corners, seed),
    }
    plain = {sample: [dict(draw) for draw in draws] for sample, draws in samples.items()}
    with disk(place.parent):
        place.parent.mkdir(exist_ok=True)
        write_json(place, {**plain, "said": said})
    return samples, said


# --- running -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Need:
    """A run that is asked for, by any number of arms."""

    case: Case
    months: int


class Plan:
    """All runs of some experiments under some draws, each once, at the length of the longest.

    Rounds of one world and one length are asked for together. All have one size of batches and one
    set of stocks that may be held, so that the model is compiled once.
    """

    def __init__(self) -> None:
        self.needs: dict[tuple[str, str], Need] = {}

    def add(self, case: Case, months: int) -> tuple[str, str]:
        """Ask for a run; what it is known by."""
        key = (case.world, json.dumps(case_record(case), sort_keys=True))
        held = self.needs.get(key)
        if held is None or held.months < months:
            self.needs[key] = Need(case, months)
        return key

    def rounds(self) -> list[tuple[str, int, list[tuple[str, str]]]]:
        """World, months and runs of each round."""
        grouped: dict[tuple[str, int], list[tuple[str, str]]] = {}
        for key, need in self.needs.items():
            grouped.setdefault((need.case.world, need.months), []).append(key)
        return [
            (world, months, keys)
            for (world, months), keys in sorted(
                grouped.items(), key=lambda item: (item[0][0] != PLAIN, item[0])
            )
        ]

    def run(self, lab: Laboratory, record: Sequence[str]) -> dict[tuple[str, str], Place]:
        """Run everything; where each run lies."""
        found: dict[tuple[str, str], Place] = {}
        rounds = self.rounds()
        for world, months, keys in rounds:
            # small batches: a round of few runs is filled up to a whole one
            many = min(BATCH, ensemble.batch_size(lab.worlds[world].sizes.citizens, 2**20))
            results = lab.run(
                f"{world}-{months}",
                [self.needs[key].case for key in keys],
                months=months,
                record=record,
                size=many if len(rounds) > 1 else None,
                holdable=[path for need in self.needs.values() for path in need.case.frozen],
            )
            found |= {key: Place(results, place) for place, key in enumerate(keys)}
        return found


@dataclass(frozen=True)
class Place:
    """Where a run lies: which dataset, which case."""

    results: Any
    case: int


def gathered(places: Sequence[Place], months: int) -> Any:
    """Some runs as one dataset, in the order given, over their first months."""
    import xarray

    sources = {id(one.results): one.results for one in places}
    parts, order = [], []
    for name, results in sources.items():
        here = [number for number, one in enumerate(places) if id(one.results) == name]
        chosen = results.isel(case=[places[number].case for number in here], month=slice(0, months))
        parts.append(chosen)
        order += here
    if len(parts) == 1:
        return parts[0]
    return xarray.concat(parts, "case", join="override").isel(case=np.argsort(order))


def tried(
    lab: Laboratory,
    chosen: Sequence[Experiment],
    samples: Mapping[str, Draws],
    homes: Mapping[str, Home],
    size: Mode,
    seed: int,
    said: str,
    tell: Tell,
) -> Trial:
    """Run the experiments under the samples of draws, each in its home, and judge them."""
    reasons = make_variants(lab, chosen, homes)
    homes = {**homes, AGAIN: homes[BOX], CORNERS: homes[BOX]}
    runnable = [one for one in chosen if one.id not in reasons]
    for name, reason in reasons.items():
        tell(f"{name} is not run: {reason}")
    every: dict[str, tuple[Draws, list[int]]] = {}
    for place, name in enumerate((*SAMPLES, CORNERS)):
        many = len(samples[name])
        seeds = [1 + seed * 10_007 + place * 100_003 + number for number in range(many)]
        every[name] = samples[name], seeds
    if size.again:
        drawn, seeds = every[BOX]
        every[AGAIN] = drawn[: size.again], [one + 2 * REPLICATE for one in seeds[: size.again]]

    plan = Plan()
    keys = {
        (one.id, sample, arm.name): [
            plan.add(
                homes[sample].at(number, arm.case(draw, chance, lab.parameters, other)),
                homes[sample].months[one.length],
            )
            for number, (draw, other, chance) in enumerate(
                zip(draws, [*draws[1:], *draws[:1]], seeds, strict=True)
            )
        ]
        for one in runnable
        for sample, (draws, seeds) in every.items()
        for arm in one.arms
        if not arm.redrawn or (size.figures and sample == BOX)  # where draws are independent
    }
    record = sorted({name for one in runnable for name in one.probe().indices})
    tell(f"{len(plan.needs):,} runs, {len(keys)} arms and samples, {len(record)} indices.")
    places = plan.run(lab, record)

    measured: dict[str, tuple[Measured, ...]] = {}
    figures: dict[str, tuple[Told, ...]] = {}
    verdicts: dict[str, dict[str, Judged]] = {}
    for one in runnable:
        runs = {
            sample: Runs(
                {
                    arm.name: gathered(
                        [places[key] for key in keys[one.id, sample, arm.name]],
                        homes[sample].months[one.length],
                    )
                    for arm in one.arms
                    if (one.id, sample, arm.name) in keys
                }
            )
            for sample in every
            if every[sample][0]
        }
        effects = {
            sample: [_read(criterion, found) for criterion in one.criteria]
            for sample, found in runs.items()
        }
        channels = [
            channel(
                criterion.sign * np.concatenate([effects[n][place] for n in effects if n != AGAIN]),
                criterion.least,
                criterion.side,
            )
            for place, criterion in enumerate(one.criteria)
        ]
        measured[one.id] = tuple(
            _measured(
                criterion,
                {name: effects[name][place] for name in effects},
                channels[place],
                {name: _turns(criterion, found) for name, found in runs.items()},
            )
            for place, criterion in enumerate(one.criteria)
        )
        if size.figures:
            figures[one.id] = tuple(_told(figure, runs[BOX], seed) for figure in one.figures)
        verdicts[one.id] = {
            sample: judged(
                _evidence(one, effects[sample], channels, samples[sample]),
                tests=EXPERIMENT_TESTS,
                seed=seed,
            )
            for sample in SAMPLES
        }
    return Trial(
        mode=size.name,
        draws={sample: len(samples[sample]) for sample in SAMPLES},
        again=size.again,
        citizens=lab.worlds[PLAIN].sizes.citizens,
        runs=len(plan.needs),
        seed=seed,
        posterior=said,
        tried=tuple(
            Tried(
                id=one.id,
                claims=one.claims,
                question=one.question,
                arms=tuple((arm.name, arm.says) for arm in one.arms),
                refuted_if=one.refuted_if,
                built_in=one.built_in,
                silent=one.silent,
                months={sample: homes[sample].months[one.length] for sample in SAMPLES},
                criteria=measured.get(one.id, ()),
                figures=figures.get(one.id, ()),
                verdicts=verdicts.get(one.id, {}),
                skipped=reasons.get(one.id, ""),
            )
            for one in chosen
        ),
        homes={sample: homes[sample].as_json(lab.worlds) for sample in SAMPLES},
        corners=len(samples[CORNERS]),
        rules=RULES,
    )


def _read(criterion: Criterion, runs: Runs) -> Float[np.ndarray, "draw"]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(criterion.effect(runs), float)


def _turns(criterion: Criterion, runs: Runs) -> str:
    """Where a net gain turns its sign; nothing of other criteria."""
    return criterion.effect.turns(runs) if isinstance(criterion.effect, NetGain) else ""


def _measured(
    criterion: Criterion,
    effects: Mapping[str, np.ndarray],
    moved: Channel,
    turns: Mapping[str, str],
) -> Measured:
    chance = None
    if AGAIN in effects and np.isfinite(effects[AGAIN]).sum() > 2:
        first = effects[BOX][: len(effects[AGAIN])]
        noise = float(np.nanmean((first - effects[AGAIN]) ** 2)) / 2
        spread = float(np.nanvar(effects[BOX]))
        chance = round(min(1.0, noise / spread), 4) if spread > 0 else None
    return Measured(
        name=criterion.name,
        claims=criterion.claims,
        expects=criterion.expects,
        unit=criterion.unit,
        sign=criterion.sign,
        least=criterion.least,
        needed=criterion.needed,
        samples={
            name: replace(_sampled(criterion, effects[name], moved), turns=turns.get(name, ""))
            for name in SAMPLES
        },
        chance=chance,
        side=criterion.side,
        most=_plain(criterion.most),
        channel=moved.says,
    )


def _told(figure: Figure, runs: Runs, seed: int) -> Told:
    """A figure, with the percentile interval of the draws drawn again (Efron, 1979)."""
    columns = np.asarray(figure.columns(runs), float)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 24]))
    again = [
        figure.of(columns[rng.integers(0, len(columns), len(columns))]) for _ in range(RESAMPLES)
    ]
    known = np.array([one for one in again if math.isfinite(one)])
    low, high = np.quantile(known, (0.025, 0.975)) if len(known) else (math.nan, math.nan)
    return Told(
        name=figure.name,
        claims=figure.claims,
        unit=figure.unit,
        value=_plain(figure.of(columns)),
        low=_plain(low),
        high=_plain(high),
    )


def _sampled(criterion: Criterion, effects: np.ndarray, moved: Channel) -> Sampled:
    alone = Evidence([_effects_of(criterion, effects, moved)], np.empty((len(effects), 0)), ())
    found = judged(alone, tests=CRITERION_TESTS)
    held, many = counted(criterion.holds(effects))
    known = effects[np.isfinite(effects)]
    low, high = median_interval(effects)
    return Sampled(
        effects=tuple(_plain(one) for one in effects),
        held=held,
        draws=many,
        median=_plain(np.median(known)) if len(known) else None,
        low=_plain(low),
        high=_plain(high),
        verdict=found.verdict,
        kind=found.kind,
    )


def _effects_of(criterion: Criterion, effects: np.ndarray, moved: Channel) -> Effects:
    """What a criterion read, in the sense of its claim."""
    return Effects(criterion.sign * effects, criterion.least, criterion.most, criterion.side, moved)


def _plain(value: Any) -> float | None:
    return float(f"{float(value):.6g}") if math.isfinite(value) else None


def _evidence(
    one: Experiment, effects: Sequence[np.ndarray], channels: Sequence[Channel], draws: Draws
) -> Evidence:
    """Of one experiment in one sample: what its needed criteria read, and the levels of hinges."""
    hinges = [path for path in one.hinges if all(path in draw for draw in draws)]
    levels = np.array([[draw[path] for path in hinges] for draw in draws], float)
    return Evidence(
        needed=[
            _effects_of(criterion, values, moved)
            for criterion, values, moved in zip(one.criteria, effects, channels, strict=True)
            if criterion.needed
        ],
        levels=levels.reshape(len(draws), len(hinges)),
        hinges=hinges,
    )


# --- telling -----------------------------------------------------------------------------------


def rows(trial: Trial) -> list[dict[str, str]]:
    """The table of verdicts: one row an experiment, as words."""
    return [
        {
            "X": one.id,
            "claims": " ".join(one.claims),
            "question": one.question,
            "posterior": said(one, POSTERIOR),
            "box": said(one, BOX),
            "effect": effect_said(one, BOX),
            "flips": "yes" if one.flips else "",
        }
        for one in trial.tried
    ]


def said(one: Tried, sample: str) -> str:
    """A verdict with the share of draws in which the experiment holds."""
    if one.skipped:
        return "not run"
    found = one.verdicts[sample]
    kind = f" ({found.kind})" if found.kind else ""
    beyond = f", beyond it {found.beyond}/{found.draws}" if found.beyond else ""
    return f"{found.verdict}{kind}, {found.held}/{found.draws}{beyond}"


def criterion_said(one: Measured, sample: str) -> str:
    """The verdict on a criterion alone, with the share of draws in which it holds."""
    found = one.samples[sample]
    kind = f" ({found.kind})" if found.kind else ""
    verdict = f"{found.verdict}{kind}, " if found.verdict else ""
    return f"{verdict}{found.held}/{found.draws}"


def figure_said(figure: Told) -> str:
    """A figure with its interval."""
    if figure.value is None:
        return "no value"
    unit = f" {figure.unit}" if figure.unit else ""
    return f"{_short(figure.value)} [{_short(figure.low)}, {_short(figure.high)}]{unit}"


def effect_said(one: Tried, sample: str) -> str:
    """The decisive criterion's middle effect with its interval, and what is expected."""
    if one.skipped:
        return ""
    decisive = one.decisive(sample)
    found = decisive.samples[sample]
    if found.median is None:
        return "none"
    between = f" [{_short(found.low)}, {_short(found.high)}]"
    return f"{_short(found.median)}{between}; expected {decisive.expects}"


def _short(value: float | None) -> str:
    return "?" if value is None else f"{value:.2g}"


def figures_of(trial: Trial) -> dict[str, list[tuple[str, Told]]]:
    """Of every claim the figures that name it, with their experiment."""
    found: dict[str, list[tuple[str, Told]]] = {}
    for one in trial.tried:
        for figure in one.figures:
            for claim in figure.claims:
                found.setdefault(claim, []).append((one.id, figure))
    return found


def claims_of(trial: Trial) -> dict[str, list[tuple[str, Measured]]]:
    """Of every claim the criteria that name it, with their experiment."""
    found: dict[str, list[tuple[str, Measured]]] = {}
    for one in trial.tried:
        for criterion in one.criteria:
            for claim in criterion.claims:
                found.setdefault(claim, []).append((one.id, criterion))
    return found


def _effects(trial: Trial) -> dict[str, list[Any]]:
    """One row an effect: experiment, criterion, sample, draw, effect, whether it holds."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("experiment", "criterion", "needed", "sample", "draw", "effect")
    }
    for one in trial.tried:
        for criterion in one.criteria:
            for sample, found in criterion.samples.items():
                for draw, effect in enumerate(found.effects):
                    for name, value in zip(
                        columns,
                        (one.id, criterion.name, criterion.needed, sample, draw, effect),
                        strict=True,
                    ):
                        columns[name].append(value)
    return columns
