"""Calibration: which parameters let the model show what was measured, and what remains unknown.

posterior      parameter sets whose runs come near the targets (`inference.abc_smc`)
predictive     fresh runs of the posterior: does the model show what it was fitted to?
contraction    1 - (posterior sd / prior sd)^2 of each parameter, in levels: 0 nothing was learnt
left out       each target in turn: is it predicted by the others, and which parameter needs it?
recovery       planted parameters found again, with coverage (simulation-based calibration)

The question is a program that asks a laboratory for rounds of runs, one a generation; stopped and
asked again it goes on, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.finding import plain
from datapolis.core.errors import InputError
from datapolis.statistics.inference.abc_smc import Fit, Ranges, adjusted, deviation, fit, resampled
from datapolis.statistics.inference.abc_smc import Pool as Simulated
from datapolis.statistics.inference.scores import rank_of, uniformity, weighted_quantile
from datapolis.studies.asking import Report, Tell, keep_answer
from datapolis.studies.document.sections import FirmsTable
from datapolis.studies.inputs import Inputs, folders_of, read_inputs
from datapolis.studies.outcomes import Uncertainty
from datapolis.studies.posterior import Posterior, Prior, baseline, values_at
from datapolis.studies.question import asked
from datapolis.studies.runs import Case
from datapolis.studies.study import Study, read_study
from datapolis.studies.targets import Targets, gather, spans
from datapolis.tables.periods import ordered

if TYPE_CHECKING:
    from jaxtyping import Float

    from datapolis.audits import Audit
    from datapolis.model.month import Mechanism
    from datapolis.studies.run_cache import Laboratory
    from datapolis.studies.runs import Progress

__all__ = ["Calibrated", "Posterior", "Prior", "ask", "baseline", "calibrate"]

INFORMED: Mapping[str, tuple[str, ...]] = {
    "market": (
        "attention.network_effect",
        "attention.quality_effect",
        "attention.quality_spread",
        "resources.entry",
    ),
    "prices": ("pricing.segments", "pricing.rivalry", "pricing.fine"),
    "rights": ("rights.response",),
    "law": ("law.lag",),
    "ties": ("exchange.linkage", "exchange.link_cost"),
    "rumours": ("rumours.strong_transmission", "rumours.weak_transmission"),
}
"""What the targets of each group of indices can tell; of an inseparable pair, one."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SAYS_LITTLE = 0.3  # contraction below which a parameter counts as not identified
NOT_FOUND = 0.3  # correlation with planted truths, below which it does too
TOGETHER = 0.5  # correlation from which only a combination of two parameters is known
NEAREST = 0.2  # of the prior's runs, accepted for a planted truth
FEWEST = 40  # accepted for a planted truth at least
CUBE = 10**6  # seeds of rounds that are no generation


@dataclass(frozen=True)
class Asked:
    """What a calibration varies, and how much it simulates."""

    priors: tuple[Prior, ...]
    particles: int
    proposals: int
    generations: int
    recovery: int
    seed: int


@dataclass(frozen=True)
class Calibrated:
    """The answer, as plain tables: lists of rows."""

    title: str
    months: int
    citizens: int
    simulated: int
    stopped: str
    threshold: float
    effective: float
    targets: list[dict[str, Any]]
    parameters: list[dict[str, Any]]  # prior, quantiles of the posterior, contraction
    generations: list[dict[str, Any]]
    predictive: list[dict[str, Any]]  # a row a target
    left_out: list[dict[str, Any]]  # a row a target
    informs: list[dict[str, Any]]  # contraction lost without a target, a row each pair
    together: list[dict[str, Any]]  # pairs of parameters of which a combination is known
    recovery: list[dict[str, Any]]  # a row a parameter; empty if not asked for

    def as_json(self) -> dict[str, Any]:
        """Plain data, as it stands in answer.json."""
        found: dict[str, Any] = plain({"kind": "calibration", **asdict(self)})
        return found

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> Calibrated:
        """The answer that `as_json` wrote."""
        return Calibrated(**{key: value for key, value in content.items() if key != "kind"})


def ask(
    study: Path | str,
    out: Path | str,
    *,
    targets: Sequence[str] = (),
    vary: Sequence[str] = (),
    particles: int | None = None,
    proposals: int | None = None,
    generations: int | None = None,
    recovery: int | None = None,
    seed: int | None = None,
    data: Path | str | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    report: Report | None = None,
    mechanisms: Sequence[Mechanism] | None = None,
) -> Path:
    """Calibrate the model of a study to targets, into a folder. Returns the folder.

    targets      audits of the study's [measure], paths of audits, facts; see `studies.targets`
    vary         parameters; those that the targets can inform if none is named
    particles    parameter sets of the posterior; 128 by default
    proposals    runs of a generation; twice the particles by default
    generations  at most so many; 6 by default
    recovery     planted truths to find again; none by default
    mechanisms   a part of the month; all by default

    What is not given is taken from the study's [calibration]. Raises InputError for targets that no
    index stands for, that contradict each other, or that leave a prior empty.
    """
    path, out, say = Path(study), Path(out), tell or (lambda _: None)
    read = read_study(path)
    section = read.asked.calibration

    def given(name: str, value: Any, default: Any) -> Any:
        told = (value, getattr(section, name))
        return next((one for one in told if one is not None and one not in ((), [])), default)

    wanted = list(given("targets", list(targets), []))
    if not wanted:
        raise InputError(
            "no targets",
            file=read.file,
            field="targets",
            allowed='[calibration] targets = ["facts"], the names of audits, or paths',
        )
    inputs = read_inputs(read, data)
    audits, origin = _audits(read, inputs, data, out, wanted, progress)
    firms = read.world.firms
    steps = firms.cadence if isinstance(firms, FirmsTable) else None
    found = gather(wanted, audits, origin, steps)
    priors = _priors(found, list(given("vary", list(vary), [])))
    many = int(given("particles", particles, 128))
    setting = Asked(
        priors=priors,
        particles=many,
        proposals=int(given("proposals", proposals, 2 * many)),
        generations=int(given("generations", generations, 6)),
        recovery=int(given("recovery", recovery, 0)),
        seed=read.ensemble.seed if seed is None else seed,
    )
    _check(setting, read)
    question = {
        "kind": "calibration",
        "targets": [one.as_json() for one in found.measured],
        "priors": [one.as_json() for one in priors],
        "particles": many,
        "proposals": setting.proposals,
        "generations": setting.generations,
        "recovery": setting.recovery,
        "seed": setting.seed,
    }
    with asked(
        read,
        out,
        question,
        inputs=inputs,
        mechanisms=mechanisms,
        scheduler=scheduler,
        progress=progress,
    ) as lab:
        found.check(lab.worlds["plain"], read.world.months)
        answer, tables = calibrate(lab, found, setting, read.world.months, read.title)
        for sentence in sentences(answer):
            say(sentence)
        keep_answer(out, answer.as_json(), tables, report)
    return out


def calibrate(
    lab: Laboratory, targets: Targets, setting: Asked, months: int, title: str = ""
) -> tuple[Calibrated, dict[str, Mapping[str, Any]]]:
    """The answer, and its tables by name."""
    priors, ranges = setting.priors, targets.ranges

    def simulate(levels: np.ndarray, seeds: np.ndarray, number: int, name: str = "") -> np.ndarray:
        values = values_at(priors, levels)
        cases = [
            Case(
                seed=int(seed),
                parameters={one.path: float(row[at]) for at, one in enumerate(priors)},
            )
            for row, seed in zip(values, seeds, strict=True)
        ]
        name = name or f"generation-{number + 1}"
        return targets.of(lab.run(name, cases, months=months, record=targets.record))

    found = fit(
        simulate,
        ranges,
        len(priors),
        particles=setting.particles,
        proposals=setting.proposals,
        generations=setting.generations,
        seed=setting.seed,
    )
    kept, pool = found.particles, found.pool
    if len(kept.places) < 2:
        raise InputError(
            "no run of the prior has every number that a target asks for",
            field="targets",
            allowed="targets whose index has a value in this study; more months",
        )
    rng = np.random.default_rng(np.random.SeedSequence([setting.seed, 102]))
    fresh = kept.levels[resampled(kept.weights, setting.particles, rng)]
    seeds = _seeds(setting, 1, len(fresh))
    predicted = simulate(fresh, seeds, 0, "predictive")
    recovered = _recovery(simulate, pool, setting)
    answer = Calibrated(
        title=title,
        months=months,
        citizens=lab.worlds["plain"].sizes.citizens,
        simulated=len(pool.levels) + len(fresh) + setting.recovery,
        stopped=found.stopped,
        threshold=float(kept.distances.max()),
        effective=kept.effective,
        targets=[one.as_json() for one in targets.measured],
        parameters=_parameters(found, priors, targets),
        generations=[
            {"generation": place + 1, **asdict(one)} for place, one in enumerate(found.generations)
        ],
        predictive=_predictive(targets, pool, predicted),
        left_out=_left_out(targets, found, setting),
        informs=_informs(targets, found, setting),
        together=_together(found, priors),
        recovery=recovered,
    )
    posterior = Posterior(
        tuple(one.path for one in priors), values_at(priors, kept.levels), kept.weights
    )
    names = [one.name for one in targets.measured]
    tables: dict[str, Mapping[str, Any]] = {
        "posterior": {
            **posterior.columns(),
            "distance": kept.distances.tolist(),
            **{f"target {name}": kept.summaries[:, at] for at, name in enumerate(names)},
        },
        "targets": _columns(answer.targets),
        "predictive": {name: predicted[:, at] for at, name in enumerate(names)},
        "contraction": _columns(answer.parameters),
        "leave_one_out": _columns(answer.left_out),
    }
    if recovered:
        tables["recovery"] = _columns(recovered)
    return answer, tables


# --- what is asked -----------------------------------------------------------------------------


def _audits(
    study: Study,
    inputs: Inputs,
    data: Path | str | None,
    out: Path,
    wanted: Sequence[str],
    progress: Progress | None,
) -> tuple[dict[str, Audit], str]:
    """The audits that the study asks for, and the period at month 0 if its firms were measured."""
    from datapolis.studies.measured import FIRMS, measure

    audits: dict[str, Audit] = {}
    origin = ""
    if isinstance(study.world.firms, FirmsTable):
        audits |= inputs.audits
        if FIRMS in audits and study.world.firms.time is not None:
            times = ordered(one.time for one in audits[FIRMS].targets if not spans(one.time))
            origin = study.world.firms.month or (times[0] if times else "")
    if any(text.partition(".")[0] in study.measures for text in wanted):
        folders = folders_of(study, data)
        audits |= measure(study, folders, kept=out / "tables" / "audits", progress=progress)[0]
    return audits, origin


def _priors(targets: Targets, vary: Sequence[str]) -> tuple[Prior, ...]:
    """The priors of what varies, narrowed by facts that name the parameter itself."""
    from datapolis.model.indices import INDICES

    paths = list(dict.fromkeys(vary))
    if not paths:
        groups = dict.fromkeys(INDICES[one.outcome.index].group for one in targets.measured)
        paths = [path for group in groups for path in INFORMED.get(group, ())]
        if not paths:
            raise InputError(
                "nothing to vary: name the parameters that these targets are to inform",
                field="vary",
                allowed='vary = ["law.lag", ...]',
            )
    paths += [path for path in targets.narrowed if path not in paths]
    return tuple(Prior.parse(path, *targets.narrowed.get(path, (None, None))) for path in paths)


def _check(setting: Asked, study: Study) -> None:
    least = {"particles": len(setting.priors) + 3, "generations": 1}
    for name, low in least.items():
        if getattr(setting, name) < low:
            raise InputError(
                "too few",
                file=study.file,
                field=name,
                value=getattr(setting, name),
                allowed=f"{low} or more",
            )
    if setting.proposals < setting.particles:
        raise InputError(
            "fewer runs in a generation than particles",
            file=study.file,
            field="proposals",
            value=setting.proposals,
            allowed=f"{setting.particles} or more",
        )


def _seeds(setting: Asked, place: int, count: int) -> np.ndarray:
    """Seeds that no generation has."""
    return (setting.seed * 1_000_003) % 2**30 + place * CUBE + np.arange(count)


# --- what comes of it --------------------------------------------------------------------------


def _contraction(
    levels: Float[np.ndarray, "particle parameter"], weights: Float[np.ndarray, "particle"]
) -> Float[np.ndarray, "parameter"]:
    """1 less the variance of the levels over that of the prior, 1/12; below 0 is told as 0."""
    mean = weights @ levels
    return np.asarray(np.maximum(0.0, 1.0 - 12.0 * (weights @ (levels - mean) ** 2)))


def _parameters(found: Fit, priors: Sequence[Prior], targets: Targets) -> list[dict[str, Any]]:
    kept = found.particles
    contraction = _contraction(kept.levels, kept.weights)
    rows = []
    for place, prior in enumerate(priors):
        levels = weighted_quantile(kept.levels[:, place], kept.weights, QUANTILES)
        mean = kept.weights @ prior.at(kept.levels[:, place])
        declared = Uncertainty.parse(prior.path).declared
        rows.append(
            {
                "parameter": prior.path,
                "about": declared.about,
                "unit": declared.unit,
                "default": declared.default,
                "low": prior.low,
                "high": prior.high,
                "uniform_in": prior.as_json()["uniform_in"],
                "mean": float(mean),
                **{
                    f"q{round(100 * q):02d}": float(value)
                    for q, value in zip(QUANTILES, prior.at(levels), strict=True)
                },
                "contraction": float(contraction[place]),
                "narrowed_by": ", ".join(one.id for one in targets.facts if one.what == prior.path),
            }
        )
    return rows


def _predictive(
    targets: Targets, pool: Simulated, predicted: Float[np.ndarray, "draw target"]
) -> list[dict[str, Any]]:
    """What the prior and what fresh runs of the posterior show, beside what was measured."""
    prior, ranges = pool.summaries[: pool.first], targets.ranges
    gap = np.abs(ranges.gap(predicted)) <= 1.96 * ranges.error
    rows = []
    for place, one in enumerate(targets.measured):
        now = _quantiles(predicted[:, place])
        rows.append(
            {
                "target": one.name,
                "lower": one.lower - 1.96 * one.error,
                "upper": one.upper + 1.96 * one.error,
                **{f"prior_{name}": value for name, value in _quantiles(prior[:, place]).items()},
                **now,
                "inside": float(np.mean(gap[:, place])),
                "reached": now["q05"] <= one.upper + 1.96 * one.error
                and now["q95"] >= one.lower - 1.96 * one.error,
                "off": float(ranges.gap(np.full((1, len(ranges.lower)), now["q50"]))[0, place]),
            }
        )
    return rows


def _quantiles(
    values: Float[np.ndarray, "n"], weights: Float[np.ndarray, "n"] | None = None
) -> dict[str, float]:
    known = np.isfinite(values)
    if not known.any():
        return {f"q{round(100 * q):02d}": np.nan for q in QUANTILES}
    weights = np.ones(len(values)) if weights is None else weights
    found = weighted_quantile(values[known], weights[known], QUANTILES)
    return {f"q{round(100 * q):02d}": float(one) for q, one in zip(QUANTILES, found, strict=True)}


def _without(place: int, count: int) -> list[int]:
    return [other for other in range(count) if other != place]


def _left_out(targets: Targets, found: Fit, setting: Asked) -> list[dict[str, Any]]:
    """Each target as the posterior without it predicts it, from the runs that are there."""
    rows: list[dict[str, Any]] = []
    if len(targets.measured) < 2:
        return rows
    for place, one in enumerate(targets.measured):
        others = _without(place, len(targets.measured))
        kept = found.pool.nearest(found.ranges, setting.particles, others)
        shown = _quantiles(kept.summaries[:, place], kept.weights)
        low, high = one.lower - 1.96 * one.error, one.upper + 1.96 * one.error
        rows.append(
            {
                "target": one.name,
                "lower": low,
                "upper": high,
                **shown,
                "predicted": shown["q05"] <= high and shown["q95"] >= low,
                "effective": kept.effective,
            }
        )
    return rows


def _informs(targets: Targets, found: Fit, setting: Asked) -> list[dict[str, Any]]:
    """How much contraction of each parameter is lost without each target."""
    if len(targets.measured) < 2:
        return []
    whole = _contraction(found.particles.levels, found.particles.weights)
    rows = []
    for place, one in enumerate(targets.measured):
        others = _without(place, len(targets.measured))
        kept = found.pool.nearest(found.ranges, setting.particles, others)
        lost = whole - _contraction(kept.levels, kept.weights)
        rows += [
            {"target": one.name, "parameter": prior.path, "lost": float(lost[at])}
            for at, prior in enumerate(setting.priors)
        ]
    return rows


def _together(found: Fit, priors: Sequence[Prior]) -> list[dict[str, Any]]:
    """Pairs of parameters that the posterior ties to each other."""
    kept = found.particles
    shift = kept.levels - kept.weights @ kept.levels
    covariance = (shift * kept.weights[:, None]).T @ shift
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation = covariance / np.outer(spread, spread)
    return [
        {"first": priors[i].path, "second": priors[j].path, "correlation": float(correlation[i, j])}
        for i in range(len(priors))
        for j in range(i)
        if abs(correlation[i, j]) >= TOGETHER
    ]


def _recovery(
    simulate: Callable[..., np.ndarray], pool: Simulated, setting: Asked
) -> list[dict[str, Any]]:
    """Planted truths from the prior, found again from the prior's runs: ranks and coverage.

    Each truth is simulated, its summaries are taken for what was measured, and the nearest of the
    other runs of the prior, regression-adjusted, are its posterior. If that is right, the truth's
    rank is uniform, and 90 % of intervals hold it (Talts et al., 2018; from one pool of runs as
    Csillery, Francois and Blum, 2012).
    """
    if not setting.recovery:
        return []
    rng = np.random.default_rng(np.random.SeedSequence([setting.seed, 103]))
    planted = rng.random((setting.recovery, len(setting.priors)))
    shown = simulate(planted, _seeds(setting, 2, len(planted)), 0, "recovery")
    levels = np.vstack([pool.levels[: pool.first], planted])
    summaries = np.vstack([pool.summaries[: pool.first], shown])
    ranks, inside, means, truths = [], [], [], []
    scale = deviation(summaries)
    for place in range(pool.first, len(levels)):
        if not np.isfinite(summaries[place]).all():
            continue
        others = np.flatnonzero(np.arange(len(levels)) != place)
        known = Simulated(
            levels[others], summaries[others], np.ones(len(others)), len(others), scale
        )
        ranges = Ranges.points(summaries[place])
        kept = known.nearest(ranges, max(FEWEST, round(NEAREST * len(others))))
        found = adjusted(kept, ranges, scale)
        truth = levels[place]
        ranks.append([rank_of(truth[at], found[:, at], kept.weights) for at in range(len(truth))])
        means.append(kept.weights @ found)
        truths.append(truth)
    if len(truths) < 10:
        return []
    rank, mean, truth = np.array(ranks), np.array(means), np.array(truths)
    inside = [np.mean(np.abs(rank - 0.5) <= level / 2, axis=0) for level in (0.5, 0.9)]
    bins = max(2, min(10, len(rank) // 8))
    return [
        {
            "parameter": prior.path,
            "truths": len(rank),
            "correlation": float(np.corrcoef(mean[:, at], truth[:, at])[0, 1]),
            "covered_50": float(inside[0][at]),
            "covered_90": float(inside[1][at]),
            "uniform_p": uniformity(rank[:, at], bins),
            "ranks": rank[:, at].tolist(),
        }
        for at, prior in enumerate(setting.priors)
    ]


def learnt_of(answer: Calibrated) -> list[dict[str, Any]]:
    """The parameters that the targets tell: contracted, and found again where planted."""
    lost = {one["parameter"] for one in answer.recovery if one["correlation"] < NOT_FOUND}
    return [
        one
        for one in answer.parameters
        if one["contraction"] >= SAYS_LITTLE and one["parameter"] not in lost
    ]


def sentences(answer: Calibrated) -> list[str]:
    """The answer in a few sentences."""
    reached = [one for one in answer.predictive if one["reached"]]
    missed = [one["target"] for one in answer.predictive if not one["reached"]]
    told = [
        f"{len(reached)} of {len(answer.predictive)} targets lie within 90 % of the fitted model's "
        "runs" + (f"; not {', '.join(missed)}." if missed else ".")
    ]
    learnt = learnt_of(answer)
    open_ = [one["parameter"] for one in answer.parameters if one not in learnt]
    if learnt:
        first = sorted(learnt, key=lambda one: -float(one["contraction"]))
        said = (
            f"{one['parameter']} is {one['q50']:.3g} ({one['q05']:.3g} to {one['q95']:.3g})"
            for one in first
        )
        told.append(f"The targets tell: {'; '.join(said)}.")
    if open_:
        told.append(f"They say little about {', '.join(open_)}.")
    return told


# --- files -------------------------------------------------------------------------------------


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {key: [row[key] for row in rows] for key in rows[0]} if rows else {}
