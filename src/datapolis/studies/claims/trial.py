"""The trial: all arms of all experiments run once, read by their criteria, judged by the rule.

Two samples of draws are asked for. The *posterior* draws the parameters that data can inform from
what calibration leaves of them, and leaves all others at their defaults; the *box* draws every
parameter from its whole declared range (Latin hypercube; McKay, Beckman and Conover, 1979). In the
box the sectors' adoption and use come from the same ranges, so that no sector is late by decree.
Some draws of the box are run again with other chance, to part chance from parameters.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.errors import InputError, StoreError, nearest
from datapolis.inference.designs import stratified
from datapolis.studies import ensemble
from datapolis.studies.asking import Report, Tell, keep_answer
from datapolis.studies.claims.declared import EXPERIMENTS
from datapolis.studies.claims.experiment import (
    REPLICATE,
    Criterion,
    Experiment,
    Figure,
    Length,
    Runs,
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
from datapolis.studies.claims.worlds import WORLDS
from datapolis.studies.files import disk, read_json, read_whole, write_json
from datapolis.studies.outcomes import box, rows_of
from datapolis.studies.question import asked
from datapolis.studies.records import case_record
from datapolis.studies.runs import PLAIN, Case, Progress
from datapolis.studies.study import Study, parse_study, read_study

if TYPE_CHECKING:
    from jaxtyping import Float

    from datapolis.studies.laboratory import Laboratory

KIND = "claims"
POSTERIOR, BOX = "posterior", "box"
SAMPLES = (POSTERIOR, BOX)
AGAIN = "again"  # some draws of the box with other chance
RESAMPLES = 999  # of the draws, for the interval of a figure
DEFAULTS = "no calibration was found: defaults, with chance alone varied"

Draws = Sequence[Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Mode:
    """How large a trial is."""

    name: str
    box: int  # draws of each sample
    posterior: int
    again: int  # draws of the box with a second seed
    figures: bool  # whether there are draws enough for figures
    months: Mapping[Length, int]
    world: str  # the table of the study that is asked if none is given


SMALL = "citizens = 400\nregions = 4\nfirms = 60\nagencies = 4\nassociations = 24"

MODES: dict[str, Mode] = {
    "quick": Mode(
        name="quick",
        box=16,
        posterior=16,
        again=0,
        figures=False,
        months={"start": 12, "usual": 96, "long": 120},
        world=SMALL,
    ),
    "moderate": Mode(
        name="moderate",
        box=64,
        posterior=24,
        again=8,
        figures=True,
        months={"start": 12, "usual": 240, "long": 360},
        world=SMALL,
    ),
    "full": Mode(
        name="full",
        box=240,
        posterior=80,
        again=40,
        figures=True,
        months={"start": 12, "usual": 240, "long": 480},
        world="citizens = 1000",
    ),
}

STUDY = """schema = 2
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
    months: int
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
        about = {name: found[name] for name in Trial.__dataclass_fields__ if name != "tried"}
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
    return Tried(
        **{
            **found,
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
    only    experiments by id ("X13"); all by default
    mode    "quick", "moderate" or "full"
    study   whose world, and whose parameters where nothing else is drawn; a small generated world
            by default
    draws   of the box; of the posterior a third of it, but 16 at least. By default the mode's
    report  makes the page of a folder

    Raises InputError if there is no such experiment or mode, StoreError if the folder holds another
    question.
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
    }
    with asked(read, out, question, data=data, scheduler=scheduler, progress=progress) as lab:
        samples, said = _kept_draws(out / "tables" / "draws.json", size, seed)
        say(f"Posterior: {said}.")
        trial = tried(lab, chosen, samples, size, seed, said, say)
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
    return Mode(**{**vars(size), "box": draws, "posterior": max(16, draws // 3), "again": again})


def experiments(only: Sequence[str] | None) -> tuple[Experiment, ...]:
    """The experiments of some ids, in their order; all if none is given."""
    known = {one.id: one for one in EXPERIMENTS}
    for name in only or ():
        if name not in known:
            raise InputError(
                "no such experiment",
                field="only",
                value=name,
                allowed="X01 to X24",
                nearest=nearest(name, known),
            )
    return tuple(one for one in EXPERIMENTS if not only or one.id in only)


def _study(study: Path | str | None, size: Mode) -> Study:
    if study is not None:
        return read_study(study)
    text = STUDY.format(world=size.world, months=max(size.months.values()))
    return parse_study(text.encode(), Path("study.toml"))


def _kept_draws(place: Path, size: Mode, seed: int) -> tuple[dict[str, Draws], str]:
    """The draws of a folder: kept there, so that another calibration does not change them."""
    if place.is_file():
        found = read_json(place)
        return {sample: found[sample] for sample in SAMPLES}, found["said"]
    calibrated, said = posterior_draws(size.posterior, seed)
    samples: dict[str, Draws] = {POSTERIOR: calibrated, BOX: box_draws(size.box, seed)}
    plain = {sample: [dict(draw) for draw in draws] for sample, draws in samples.items()}
    with disk(place.parent):
        place.parent.mkdir(exist_ok=True)
        write_json(place, {**plain, "said": said})
    return samples, said


def box_draws(draws: int, seed: int) -> Draws:
    """Draws of every parameter over its declared range: of n, one in each n-th part of each."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 23]))
    every = box()
    levels = np.stack([stratified(rng, draws) for _ in every], axis=1)
    return rows_of(every, levels)


def posterior_draws(draws: int, seed: int) -> tuple[Draws, str]:
    """Draws of what calibration leaves of the parameters that it informs, and where from."""
    try:
        from datapolis.studies import calibration

        posterior: Any = calibration.baseline()
        found: Draws = posterior.draws(draws, seed)
    except (ImportError, AttributeError, FileNotFoundError, InputError, StoreError):
        return [{} for _ in range(draws)], DEFAULTS
    paths = ", ".join(posterior.paths)
    return found, f"calibration informs {paths}; all others are at their defaults"


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
        many = ensemble.batch_size(lab.worlds[PLAIN].sizes.citizens, 2**20)
        for world, months, keys in rounds:
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
    size: Mode,
    seed: int,
    said: str,
    tell: Tell,
) -> Trial:
    """Run the experiments under the samples of draws and judge them."""
    reasons = _make_worlds(lab, chosen)
    runnable = [one for one in chosen if one.id not in reasons]
    for name, reason in reasons.items():
        tell(f"{name} is not run: {reason}")
    every: dict[str, tuple[Draws, list[int]]] = {}
    for place, name in enumerate(SAMPLES):
        many = len(samples[name])
        seeds = [1 + seed * 10_007 + place * 100_003 + number for number in range(many)]
        every[name] = samples[name], seeds
    if size.again:
        drawn, seeds = every[BOX]
        every[AGAIN] = drawn[: size.again], [one + 2 * REPLICATE for one in seeds[: size.again]]

    plan = Plan()
    keys = {
        (one.id, sample, arm.name): [
            plan.add(arm.case(draw, chance, lab.parameters, other), size.months[one.length])
            for draw, other, chance in zip(draws, [*draws[1:], draws[0]], seeds, strict=True)
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
    evidence: dict[str, list[Evidence]] = {sample: [] for sample in SAMPLES}
    for one in runnable:
        months = size.months[one.length]
        runs = {
            sample: Runs(
                {
                    arm.name: gathered(
                        [places[key] for key in keys[one.id, sample, arm.name]], months
                    )
                    for arm in one.arms
                    if (one.id, sample, arm.name) in keys
                }
            )
            for sample in every
        }
        effects = {
            sample: [_read(criterion, runs[sample]) for criterion in one.criteria]
            for sample in every
        }
        measured[one.id] = tuple(
            _measured(criterion, {name: effects[name][place] for name in every})
            for place, criterion in enumerate(one.criteria)
        )
        if size.figures:
            figures[one.id] = tuple(_told(figure, runs[BOX], seed) for figure in one.figures)
        for sample in SAMPLES:
            evidence[sample].append(_evidence(one, effects[sample], samples[sample]))
    verdicts = {
        sample: dict(
            zip(
                [one.id for one in runnable],
                judged(evidence[sample], family=len(EXPERIMENTS), seed=seed),
                strict=True,
            )
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
                months=size.months[one.length],
                criteria=measured.get(one.id, ()),
                figures=figures.get(one.id, ()),
                verdicts={
                    sample: verdicts[sample][one.id]
                    for sample in SAMPLES
                    if one.id in verdicts[sample]
                },
                skipped=reasons.get(one.id, ""),
            )
            for one in chosen
        ),
    )


def _make_worlds(lab: Laboratory, chosen: Sequence[Experiment]) -> dict[str, str]:
    """Make the worlds that some experiments need; why others cannot be run."""
    reasons: dict[str, str] = {}
    for one in chosen:
        for arm in one.arms:
            if arm.world not in lab.worlds:
                try:
                    lab.worlds[arm.world] = WORLDS[arm.world](lab.worlds[PLAIN])
                except InputError as error:
                    reasons[one.id] = str(error)
    return reasons


def _read(criterion: Criterion, runs: Runs) -> Float[np.ndarray, "draw"]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(criterion.effect(runs), float)


def _measured(criterion: Criterion, effects: Mapping[str, np.ndarray]) -> Measured:
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
        samples={name: _sampled(criterion, effects[name]) for name in SAMPLES},
        chance=chance,
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


def _sampled(criterion: Criterion, effects: np.ndarray) -> Sampled:
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
    )


def _plain(value: Any) -> float | None:
    return float(f"{float(value):.6g}") if math.isfinite(value) else None


def _evidence(one: Experiment, effects: Sequence[np.ndarray], draws: Draws) -> Evidence:
    """Of one experiment in one sample: what its needed criteria read, and the levels of hinges."""
    hinges = [path for path in one.hinges if all(path in draw for draw in draws)]
    levels = np.array([[draw[path] for path in hinges] for draw in draws], float)
    return Evidence(
        needed=[
            Effects(criterion.sign * values, criterion.least)
            for criterion, values in zip(one.criteria, effects, strict=True)
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
    return f"{found.verdict}{kind}, {found.held}/{found.draws}"


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
