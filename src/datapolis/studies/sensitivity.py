"""Sensitivity: which of all that is not known does an outcome depend on, and how much is chance?

Every parameter lies somewhere in its range, and chance is one factor more: a level between 0 and 1
that stands for a seed. Two methods.

    morris   screening: each factor in turn takes a long step from many places, which changes the
             outcome by d. mu* is the mean of |d| over the share of the range that was stepped,
             sigma the spread of d: large where the factor bends or works through others.
    sobol    shares of the variance of the outcome: S1 is what would go if the factor alone were
             known, ST what would be left if all the others were. ST - S1 is its part in what
             factors do together.

Chance has no slope to walk along: a step of it is another luck, and its |d| is not divided.

Sources: Morris (1991); Campolongo, Cariboni and Saltelli (2007), mu*; Sobol' (1993, 2001);
Saltelli et al. (2010), how S1 and ST are estimated. Samples and indices are those of SALib.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.studies.asking import Report, Tell, each_once, keep_answer, resized, within
from datapolis.studies.outcomes import Outcome, Uncertainty, box, indices_of, rows_of
from datapolis.studies.question import asked
from datapolis.studies.runs import Case, Progress

if TYPE_CHECKING:
    from jaxtyping import Float

    from datapolis.model.month import Mechanism
    from datapolis.studies.study import Study

CHANCE = "chance"  # the factor that is no parameter
LUCKS = 2**20  # seeds that the levels of chance stand for
GRID = 4  # levels of a factor in screening
TRAJECTORIES = 10  # of screening, if nothing is said
BASE = 128  # points of the decomposition, if nothing is said
LEAST = {"morris": 4, "sobol": 16}  # trajectories, points below which nothing can be told
METHODS = ("morris", "sobol")
OUTCOMES = ("harm", "stray_share", "top_fifth_share", "trust", "power_share.government")

Method: TypeAlias = Literal["morris", "sobol"]
Evaluate: TypeAlias = Callable[[np.ndarray], np.ndarray]  # levels [case, factor] -> value [case]


@dataclass(frozen=True)
class Influence:
    """How much an outcome depends on one factor.

    size   mu* in the unit of the outcome, or the total share of variance ST
    alone  the spread sigma of its effects, or the share of variance S1 by itself
    """

    parameter: str
    rank: int  # 1 is the largest
    size: float
    lower: float  # of a 95 % interval by bootstrap
    upper: float
    alone: float
    alone_lower: float | None = None
    alone_upper: float | None = None


@dataclass(frozen=True)
class Dependence:
    """What one outcome depends on."""

    outcome: str
    unit: str
    mean: float | None  # over all runs
    spread: float | None  # standard deviation over all runs
    unknown: int  # runs in which it had no value; they count as the mean of the others
    influences: tuple[Influence, ...]  # the largest first


@dataclass(frozen=True)
class Sensitivity:
    """The answer: each outcome, and what it depends on."""

    method: Method
    runs: int
    months: int
    citizens: int
    policy: str
    varied: tuple[str, ...]
    dependences: tuple[Dependence, ...]

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {"kind": "sensitivity", **asdict(self)}

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Sensitivity:
        """The answer that plain data says."""
        dependences = tuple(
            Dependence(**{**one, "influences": tuple(Influence(**i) for i in one["influences"])})
            for one in found["dependences"]
        )
        rest = {name: value for name, value in found.items() if name not in ("kind", "dependences")}
        return Sensitivity(**{**rest, "varied": tuple(rest["varied"])}, dependences=dependences)


# --- the methods, on any function ----------------------------------------------------------------


def screen(
    evaluate: Evaluate, names: Sequence[str], *, trajectories: int = TRAJECTORIES, seed: int = 0
) -> list[Influence]:
    """Morris screening of a function of levels between 0 and 1."""
    levels = morris_levels(len(names), trajectories, seed)
    return morris_influences(levels, evaluate(levels), names, seed)


def decompose(
    evaluate: Evaluate, names: Sequence[str], *, base: int = BASE, seed: int = 0
) -> list[Influence]:
    """Sobol' shares of the variance of a function of levels between 0 and 1."""
    levels = sobol_levels(len(names), base, seed)
    return sobol_influences(evaluate(levels), names, seed)


def morris_levels(factors: int, trajectories: int, seed: int) -> Float[np.ndarray, "case factor"]:
    """Trajectories through a grid of four levels, in each of which every factor steps once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SALib.sample import morris

        rng = np.random.default_rng(np.random.SeedSequence([seed, 21]))
        return np.asarray(
            morris.sample(_problem(factors), trajectories, num_levels=GRID, seed=rng), float
        )


def morris_influences(
    levels: Float[np.ndarray, "case factor"],
    values: Float[np.ndarray, "case"],
    names: Sequence[str],
    seed: int,
) -> list[Influence]:
    """mu* with its interval, and sigma, from values at `morris_levels`; the largest first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SALib.analyze import morris

        found = morris.analyze(
            _problem(len(names)),
            np.asarray(levels, float),
            np.asarray(values, float),
            num_resamples=1000,
            num_levels=GRID,
            seed=np.random.default_rng(np.random.SeedSequence([seed, 22])),
        )
    step = GRID / (2.0 * (GRID - 1))
    walked = np.array([step if name == CHANCE else 1.0 for name in names])
    size = np.asarray(found["mu_star"], float) * walked
    sigma = np.nan_to_num(np.asarray(found["sigma"], float)) * walked
    around = np.nan_to_num(np.asarray(found["mu_star_conf"], float)) * walked
    return _ranked(names, size, around, sigma)


def sobol_levels(factors: int, base: int, seed: int) -> Float[np.ndarray, "case factor"]:
    """Saltelli's sample: two scrambled Sobol' sequences, and each factor exchanged in turn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SALib.sample import sobol

        rng = np.random.default_rng(np.random.SeedSequence([seed, 23]))
        problem = _problem(factors)
        return np.asarray(sobol.sample(problem, base, calc_second_order=False, seed=rng), float)


def sobol_influences(
    values: Float[np.ndarray, "case"], names: Sequence[str], seed: int
) -> list[Influence]:
    """ST and S1 with their intervals, from values at `sobol_levels`; the largest first."""
    values = np.asarray(values, float)
    if np.ptp(values) == 0.0:
        nothing = np.zeros(len(names))
        return _ranked(names, nothing, nothing, nothing, nothing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SALib.analyze import sobol

        found = sobol.analyze(
            _problem(len(names)),
            values,
            calc_second_order=False,
            num_resamples=1000,
            seed=1 + seed,  # SALib takes 0 for no seed
        )
    total, first = np.asarray(found["ST"], float), np.asarray(found["S1"], float)
    return _ranked(names, total, np.asarray(found["ST_conf"]), first, np.asarray(found["S1_conf"]))


def _problem(factors: int) -> dict[str, Any]:
    return {
        "num_vars": factors,
        "names": [f"factor{place}" for place in range(factors)],
        "bounds": [[0.0, 1.0]] * factors,
    }


def _ranked(
    names: Sequence[str],
    size: np.ndarray,
    around: np.ndarray,
    alone: np.ndarray,
    alone_around: np.ndarray | None = None,
) -> list[Influence]:
    order = np.argsort(-size, kind="stable")
    return [
        Influence(
            parameter=names[place],
            rank=rank,
            size=float(size[place]),
            lower=max(float(size[place] - around[place]), 0.0),
            upper=float(size[place] + around[place]),
            alone=float(alone[place]),
            alone_lower=None if alone_around is None else float(alone[place] - alone_around[place]),
            alone_upper=None if alone_around is None else float(alone[place] + alone_around[place]),
        )
        for rank, place in enumerate(order.tolist(), 1)
    ]


# --- the question --------------------------------------------------------------------------------


def ask(
    study: Path | str,
    out: Path | str,
    *,
    method: str | None = None,
    outcomes: Sequence[str] | None = None,
    vary: Sequence[str] | None = None,
    runs: int | None = None,
    months: int | None = None,
    citizens: int | None = None,
    policy: str = "none",
    data: Path | str | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    report: Report | None = None,
    mechanisms: Sequence[Mechanism] | None = None,
) -> Path:
    """What outcomes of a study depend on, into a folder; or go on where it was stopped.

    method     morris or sobol
    outcomes   as `studies.outcomes` reads them; "harm@120" is harm in month 120
    vary       paths of parameters; all over their declared ranges if none are given
    runs       at most so many; ten trajectories, or 128 points, if not said
    months, citizens   other than the study's
    policy     of the study, under which all runs are made

    What is not given is read in [sensitivity] of the study. Raises InputError, StoreError.
    """
    from datapolis.studies.study import read_study

    read = resized(read_study(study), citizens)
    part = read.sensitivity
    chosen = method or part.method
    if chosen not in METHODS:
        raise InputError(
            "no such method",
            field="method",
            value=chosen,
            allowed=", ".join(METHODS),
            nearest=nearest(chosen, METHODS),
        )
    sought = [Outcome.parse(one) for one in outcomes or part.outcomes or OUTCOMES]
    varied = [Uncertainty.parse(path) for path in vary or part.vary] or box()
    each_once([str(one) for one in sought], "outcomes")
    each_once([one.path for one in varied], "vary")
    length = read.world.months if months is None else months
    within("months", length, 12, 12_000)
    if policy not in read.policies:
        raise InputError(
            "no such policy",
            field="policy",
            value=policy,
            allowed=", ".join(read.policies),
            nearest=nearest(policy, read.policies),
        )
    for one in sought:
        if one.at.isdigit() and int(one.at) >= length:
            raise InputError(
                "after the last month",
                field="outcomes",
                value=str(one),
                allowed=f"0 to {length - 1}",
            )
    names = [*[one.path for one in varied], CHANCE]
    size = design_size(chosen, len(names), runs if runs is not None else part.runs)
    question = {
        "kind": "sensitivity",
        "method": chosen,
        "outcomes": [str(one) for one in sought],
        "vary": names[:-1],
        "size": size,
        "months": length,
        "citizens": read.world.citizens,
        "policy": policy,
    }
    out = Path(out)
    with asked(
        read,
        out,
        question,
        data=data,
        mechanisms=mechanisms,
        scheduler=scheduler,
        progress=progress,
    ) as lab:
        seed = read.ensemble.seed
        if chosen == "morris":
            levels = morris_levels(len(names), size, seed)
        else:
            levels = sobol_levels(len(names), size, seed)
        (tell or (lambda _: None))(
            f"{len(levels):,} runs of {length} months: {len(varied)} parameters and chance."
        )
        cases = _cases(read, varied, levels, policy, chosen)
        found = lab.run(chosen, cases, months=length, record=indices_of(sought))
        answer = Sensitivity(
            method=chosen,  # type: ignore[arg-type]
            runs=len(cases),
            months=length,
            citizens=read.world.citizens,
            policy=policy,
            varied=tuple(names[:-1]),
            dependences=tuple(
                _dependence(one, one.of(found), levels, names, chosen, seed) for one in sought
            ),
        )
        keep_answer(out, answer.as_json(), {"sensitivity": columns(answer)}, report)
    return out


def design_size(method: str, factors: int, runs: int | None) -> int:
    """Trajectories, or points, that so many runs allow. Raises InputError if these tell nothing."""
    each = factors + 1
    if method == "sobol":
        each = factors + 2
    if runs is None:
        return TRAJECTORIES if method == "morris" else BASE
    size = runs // each
    if size < LEAST[method]:
        raise InputError(
            f"too few for {factors - 1} parameters and chance by the method {method}",
            field="runs",
            value=runs,
            allowed=f"at least {LEAST[method] * each:,}, or vary fewer parameters",
        )
    return size if method == "morris" else 2 ** int(np.log2(size))


def _cases(
    study: Study,
    varied: Sequence[Uncertainty],
    levels: Float[np.ndarray, "case factor"],
    policy: str,
    method: str,
) -> list[Case]:
    """The runs of a design. In screening each trajectory has two lucks of its own."""
    chance = levels[:, -1]
    if method == "morris":
        trajectory = np.arange(len(levels)) // (levels.shape[1] + 1)
        shift = (trajectory + 0.5) / (trajectory[-1] + 1)
        chance = (chance * (GRID - 1) + shift) / GRID
    seeds = (study.ensemble.seed + np.minimum(chance * LUCKS, LUCKS - 1).astype(int)) % 2**31
    rows = rows_of(varied, levels[:, :-1])
    return [
        Case(
            seed=int(seed),
            parameters=row,
            policy=study.policies[policy],
            scenario=study.scenario,
        )
        for seed, row in zip(seeds, rows, strict=True)
    ]


def _dependence(
    outcome: Outcome,
    values: Float[np.ndarray, "case"],
    levels: Float[np.ndarray, "case factor"],
    names: Sequence[str],
    method: str,
    seed: int,
) -> Dependence:
    known = np.isfinite(values)
    mean = float(values[known].mean()) if known.any() else None
    filled = np.where(known, values, 0.0 if mean is None else mean)
    if method == "morris":
        influences = morris_influences(levels, filled, names, seed)
    else:
        influences = sobol_influences(filled, names, seed)
    return Dependence(
        outcome=str(outcome),
        unit=outcome.unit,
        mean=mean,
        spread=float(filled.std()) if known.any() else None,
        unknown=int((~known).sum()),
        influences=tuple(influences),
    )


def columns(answer: Sensitivity) -> dict[str, list[Any]]:
    """The answer as a table, one row an outcome and a factor."""
    rows = [(one, factor) for one in answer.dependences for factor in one.influences]
    size, alone = ("mu_star", "sigma") if answer.method == "morris" else ("ST", "S1")
    table: dict[str, list[Any]] = {
        "outcome": [one.outcome for one, _ in rows],
        "parameter": [factor.parameter for _, factor in rows],
        "rank": [factor.rank for _, factor in rows],
        size: [factor.size for _, factor in rows],
        f"{size}_lower": [factor.lower for _, factor in rows],
        f"{size}_upper": [factor.upper for _, factor in rows],
        alone: [factor.alone for _, factor in rows],
    }
    if answer.method == "sobol":
        table["S1_lower"] = [factor.alone_lower for _, factor in rows]
        table["S1_upper"] = [factor.alone_upper for _, factor in rows]
    return table
