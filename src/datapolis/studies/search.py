"""Policy search: which portfolio of levers is good in several ways, whatever the world is like?

    nothing     doing nothing, and the study's own policies, in the draws of the search
    search      generations of portfolios in the same draws (NSGA-II or III)
    choose      of those that no other beats on the mean, the one that regrets least at worst
    report      the same in draws and with chance that the search never saw
    who loses   by tenth of income, against doing nothing
    where       the box of parameters in which the chosen one fails (scenario discovery)
    mend        levers made rules on the indices that tell failing worlds apart; tried in failing
                draws and in others, judged in draws held back from all of that

Every step is one round of the laboratory, so what was stopped goes on where it was.

Sources: Deb et al. (2002) and Deb and Jain (2014), the searchers; Kasprzyk et al. (2013), search
and robustness over many draws together; Bryant and Lempert (2010), scenario discovery; Bertsimas
and Sim (2004), the price of robustness. See `robustness`, `portfolios`, `discovery`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError, nearest
from datapolis.core.policy import LEVERS, Policy, Rule
from datapolis.studies import break_even
from datapolis.studies.asking import Report, Tell, each_once, keep_answer, resized, within
from datapolis.studies.candidate_policies import (
    COST,
    TRIGGERS,
    Objective,
    Space,
    marks_of,
    objective,
    said,
)
from datapolis.studies.discovery import Box, find_box
from datapolis.studies.multiobjective_search import evolve, front
from datapolis.studies.outcomes import Outcome, Uncertainty, box
from datapolis.studies.policy_evaluation import DECILES, Draws, Source, Trials, Tried, posterior
from datapolis.studies.question import asked
from datapolis.studies.records import policy_record
from datapolis.studies.robustness import (
    best_on_mean,
    gains,
    meets,
    most_robust,
    scales,
    scores,
    shortfall,
)
from datapolis.studies.runs import Progress

if TYPE_CHECKING:
    from datapolis.model.month import Mechanism
    from datapolis.studies.study import Study

NOTHING = "do nothing"
ROBUST, NOMINAL, MENDED = "robust choice", "best at defaults", "with a rule"
DEFAULT_OBJECTIVES = ("rights", "privacy_loss", "cost")
SHOWN = 8  # portfolios of the front that are reported, besides those chosen
DEFAULTS = 2  # worlds at the study's own parameters in the draws of the search
DEFAULTS_REPORTED = 8
GAINS = break_even.PARTS  # what the break-even of a net gain is computed from
WATCHED = 2  # indices on which rules are tried
RULES_ADDED = 2  # one after the other, as long as another one helps
SURE = 0.05  # chance that mends as well
SELECTION, REPORTED, DISCOVERY, JUDGEMENT = range(1, 5)  # streams of draws


@dataclass(frozen=True)
class Budget:
    """How much is run."""

    citizens: int
    months: int
    portfolios: int  # a generation
    generations: int
    draws: int  # of the search
    seeds: int  # a draw
    reported: int  # draws of the report
    discovered: int  # draws in which the chosen one is looked at for where it fails
    tried: int  # draws in which rules are tried, half of them failing
    judged: int  # draws in which the mended one is judged


BUDGETS: dict[str, Budget] = {
    "small": Budget(1_000, 120, 12, 6, 6, 1, 24, 192, 16, 96),
    "medium": Budget(2_000, 240, 24, 12, 14, 1, 64, 400, 24, 200),
    "large": Budget(5_000, 240, 40, 20, 22, 2, 128, 600, 32, 400),
}


# --- the answer ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A portfolio as it is reported, in draws that the search never saw."""

    name: str
    says: str
    policy: Mapping[str, Any]  # as a study would hold it
    values: Mapping[str, float]  # of each objective, mean over draws
    lower: Mapping[str, float]  # the middle 90 % of draws
    upper: Mapping[str, float]
    score: float  # gain over doing nothing, in units of the scales
    regret: float  # of the worst tenth
    satisficing: float  # share of draws in which every target is met
    at_defaults: float  # gain at the study's own parameters
    chosen_score: float | None  # the gain in the draws of the search
    on_front: bool  # in the draws of the report
    turns: str = ""  # at which weights the change of citizens' net gain turns its sign


@dataclass(frozen=True)
class Loss:
    """Whether a tenth of income loses by a portfolio, against doing nothing."""

    portfolio: str
    index: str
    decile: int
    change: float  # mean over draws
    losing: float  # share of draws in which it has less


@dataclass(frozen=True)
class Mending:
    """A rule that was to mend what fails."""

    says: str
    policy: Mapping[str, Any]
    added: Mapping[str, Mapping[str, Any]]  # the rules: lever -> index, mark, side
    watched: tuple[str, ...]  # the indices that were tried
    tried: int  # rules
    draws: int  # in which it is judged
    before: float  # share of them in which every target is met
    after: float
    won: int  # draws that now meet them, and did not
    lost: int
    p_value: float  # of the won and lost being alike
    score_before: float
    score_after: float
    mended: bool


@dataclass(frozen=True)
class Search:
    """The answer of a search for policies."""

    budget: str
    citizens: int
    months: int
    draws: Mapping[str, int]
    objectives: tuple[Mapping[str, Any], ...]  # name, sign, unit, about, target, scale
    looked_at: int  # portfolios
    rows: tuple[Row, ...]  # doing nothing first
    robust: str
    nominal: str
    losses: tuple[Loss, ...]
    failing: float  # share of the draws of the discovery in which the robust choice fails
    box: Mapping[str, Any] | None
    rule: str
    mending: Mending | None
    varied: tuple[str, ...]

    def row(self, name: str) -> Row:
        """A reported portfolio."""
        return next(one for one in self.rows if one.name == name)

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {"kind": "search", **asdict(self)}

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Search:
        """The answer that plain data says."""
        rest = {name: value for name, value in found.items() if name != "kind"}
        mending = rest["mending"]
        if mending is not None:
            mending = Mending(**{**mending, "watched": tuple(mending["watched"])})
        return Search(
            **{
                **rest,
                "objectives": tuple(rest["objectives"]),
                "rows": tuple(Row(**one) for one in rest["rows"]),
                "losses": tuple(Loss(**one) for one in rest["losses"]),
                "mending": mending,
                "varied": tuple(rest["varied"]),
            }
        )

    @staticmethod
    def read(out: Path) -> Search:
        """The answer that a folder holds."""
        return Search.from_json(json.loads((out / "answer.json").read_text(encoding="utf-8")))


# --- the question --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options:
    """What is asked, checked."""

    budget: Budget
    objectives: tuple[Objective, ...]
    thresholds: np.ndarray  # [objective], larger is better; nan is: not worse than doing nothing
    levers: tuple[str, ...]
    source: Source
    seed: int


def ask(
    study: Path | str,
    out: Path | str,
    *,
    budget: str = "small",
    objectives: Sequence[str] | None = None,
    levers: Sequence[str] | None = None,
    vary: Sequence[str] | None = None,
    thresholds: Mapping[str, float] | None = None,
    posterior: Path | str | None = None,
    citizens: int | None = None,
    months: int | None = None,
    data: Path | str | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    report: Report | None = None,
    mechanisms: Sequence[Mechanism] | None = None,
) -> Path:
    """Search the portfolios of a study, into a folder; or go on where it was stopped.

    budget      small (minutes), medium (half an hour) or large (hours)
    objectives  names of `portfolios.OBJECTIVES`, or outcomes with a sign: "-harm@mean"
    levers      that may be used; all if not said
    vary        paths of parameters that are not known; else the study's [ensemble] vary, or all
    thresholds  targets by objective; else not to be worse than doing nothing, but for the cost
    posterior   a Parquet file of draws of parameters, instead of their ranges
    citizens, months   other than the budget's

    What is not given is read in [search] of the study. Raises InputError, StoreError.
    """
    from datapolis.studies.study import read_study

    read = read_study(study)
    chosen = _options(
        read, budget, objectives, levers, vary, thresholds, posterior, citizens, months
    )
    question = {
        "kind": "search",
        "budget": budget,
        **asdict(chosen.budget),
        "objectives": [one.name for one in chosen.objectives],
        "thresholds": [
            None if math.isnan(one) else "none" if math.isinf(one) else one
            for one in chosen.thresholds.tolist()
        ],
        "levers": list(chosen.levers),
        "vary": [one.path for one in chosen.source.varied],
        "posterior": _hash(posterior),
    }
    out = Path(out)
    with asked(
        resized(read, chosen.budget.citizens),
        out,
        question,
        data=data,
        mechanisms=mechanisms,
        scheduler=scheduler,
        progress=progress,
    ) as lab:
        trials = Trials(
            lab,
            chosen.budget.months,
            _record(read, chosen.objectives),
            chosen.objectives,
            tuple(one for one in read.scenario if one.month < chosen.budget.months),
        )
        answer, archive = _searched(read, chosen, trials, budget, tell or (lambda _: None))
        tables = {
            "portfolios": _columns(answer),
            "archive": archive,
            "losses": _loss_columns(answer),
        }
        keep_answer(out, answer.as_json(), tables, report)
    return out


def _options(
    study: Study,
    budget: str,
    objectives: Sequence[str] | None,
    levers: Sequence[str] | None,
    vary: Sequence[str] | None,
    thresholds: Mapping[str, float] | None,
    posterior_path: Path | str | None,
    citizens: int | None,
    months: int | None,
) -> Options:
    part = study.search
    if budget not in BUDGETS:
        raise InputError(
            "no such budget",
            field="budget",
            value=budget,
            allowed=", ".join(BUDGETS),
            nearest=nearest(budget, BUDGETS),
        )
    size = BUDGETS[budget]
    if citizens is not None:
        within("citizens", citizens, 100, 1_000_000_000)
        size = replace(size, citizens=citizens)
    if months is not None:
        within("months", months, 24, 12_000)
        size = replace(size, months=months)
    names = list(objectives or part.objectives or DEFAULT_OBJECTIVES)
    if len(names) < 2:
        raise InputError(
            "a trade-off needs two or more", field="objectives", value=names, allowed="two or more"
        )
    sought = tuple(objective(one) for one in names)
    each_once(names, "objectives")
    used = list(levers or part.levers or LEVERS)
    for one in used:
        if one not in LEVERS:
            raise InputError(
                "no such lever", field="levers", value=one, nearest=nearest(one, LEVERS)
            )
    each_once(used, "levers")
    if posterior_path is not None:
        if vary:
            raise InputError(
                "a posterior says what varies", field="vary", allowed="vary, or posterior"
            )
        source = posterior(posterior_path)
    else:
        paths = list(vary or part.vary or study.ensemble.vary)
        each_once(paths, "vary")
        source = Source(tuple([Uncertainty.parse(one) for one in paths] or box()))
    given = dict(thresholds if thresholds is not None else part.thresholds)
    return Options(
        size,
        sought,
        _thresholds(sought, given),
        tuple(one for one in LEVERS if one in used),
        source,
        study.ensemble.seed,
    )


def _thresholds(objectives: Sequence[Objective], given: Mapping[str, float]) -> np.ndarray:
    """The least of each objective, turned so that more is better; see `robustness.meets`."""
    names = [one.name for one in objectives]
    for name, value in given.items():
        if name not in names:
            raise InputError(
                "a target of what is no objective here",
                field=f"thresholds.{name}",
                value=value,
                allowed=", ".join(names),
                nearest=nearest(name, names),
            )
        one = objectives[names.index(name)]
        if not math.isfinite(value) or (one.unit == "share" and not 0.0 <= value <= 1.0):
            raise InputError(
                "a target that cannot be met or missed",
                field=f"thresholds.{name}",
                value=value,
                allowed="0 to 1" if one.unit == "share" else "a number",
            )
        if name == COST and value <= 0.0:
            raise InputError(
                "contradicts the search: only doing nothing costs nothing",
                field=f"thresholds.{name}",
                value=value,
                allowed="more than 0 full levers",
            )
    return np.array(
        [
            one.sign * given[one.name]
            if one.name in given
            else (-math.inf if one.name == COST else math.nan)
            for one in objectives
        ]
    )


def _hash(path: Path | str | None) -> str | None:
    from datapolis.tables import sha256

    return None if path is None else sha256(Path(path))


def _record(study: Study, objectives: Sequence[Objective]) -> tuple[str, ...]:
    """All indices that any step reads, so that all rounds compile once."""
    names = [Outcome.parse(text).index for one in objectives for text in one.outcomes]
    names += [name.partition(".")[0] for name in TRIGGERS]
    watched = [
        name.partition(".")[0] for policy in study.policies.values() for name in policy.watched()
    ]
    return tuple(dict.fromkeys([*names, *sorted(watched), *DECILES, *GAINS]))


# --- the steps -----------------------------------------------------------------------------------


def _searched(
    study: Study, asked: Options, trials: Trials, budget: str, tell: Tell
) -> tuple[Search, dict[str, list[Any]]]:
    size = asked.budget

    def drawn(many: int, stream: int, defaults: int = 0) -> Draws:
        return asked.source.draw(
            many, defaults=defaults, seeds=size.seeds, base=asked.seed, stream=stream
        )

    # nothing, and the study's own; then generations
    selection = drawn(size.draws, SELECTION, DEFAULTS)
    own = [NOTHING, *[name for name, one in study.policies.items() if one.levers]]
    policies = [Policy(NOTHING), *[study.policies[name] for name in own[1:]]]
    tell(
        f"Search: {size.generations} generations of {size.portfolios} portfolios, each in "
        f"{len(selection)} worlds of {size.citizens:,} citizens and {size.months} months."
    )
    first = trials.run("nothing", policies, selection)
    nothing = first.runs.isel(case=slice(0, first.shape[1] * first.shape[2]))
    space = Space(asked.levers, size.months, marks_of(nothing, list(TRIGGERS)))
    names, values, seen = list(own), [first.values], [_key(one) for one in policies]

    def value(generation: int, points: np.ndarray) -> np.ndarray:
        found = [space.policy(point) for point in points]
        tried = trials.run(f"generation-{generation + 1:02d}", found, selection)
        for place, one in enumerate(found):
            if _key(one) not in seen:
                seen.append(_key(one))
                policies.append(one)
                names.append(f"P{len(policies) - len(own)}")
                values.append(tried.values[place : place + 1])
        return np.asarray(tried.values[:, DEFAULTS:].mean(axis=1))

    evolve(
        value,
        space.genes,
        len(asked.objectives),
        size=size.portfolios,
        generations=size.generations,
        seed=asked.seed,
    )
    all_values = np.concatenate(values)
    chosen = choose(all_values, asked.thresholds, DEFAULTS)
    tell(f"{len(policies)} portfolios looked at; {int(chosen.front.sum())} that no other beats.")

    # report, in draws that the search never saw
    reported = _reported(chosen, len(own))
    draws = drawn(size.reported, REPORTED, DEFAULTS_REPORTED)
    told = [names[place] for place in reported]
    tried = trials.run("reported", [policies[place] for place in reported], draws)
    rows = _rows(
        asked,
        tried,
        [policies[place] for place in reported],
        told,
        chosen,
        [float(chosen.score[place]) for place in reported],
    )
    robust, nominal = names[chosen.robust], names[chosen.nominal]
    losses = _losses(tried, told, [robust] if robust == nominal else [robust, nominal])

    # where it fails, and what mends it
    best = policies[chosen.robust]
    looked = drawn(size.discovered, DISCOVERY)
    discovered = trials.run("discovery", [policies[0], best], looked)
    fails = ~meets(discovered.values, asked.thresholds)[1]
    found = find_box(looked.levels(), looked.paths, fails, seed=asked.seed)
    tell(
        f"The robust choice misses a target in {100 * fails.mean():.0f} % of {len(looked)} worlds."
    )
    mending = _mended(
        asked, trials, space, chosen, best, looked, discovered, fails, found,
        drawn(size.judged, JUDGEMENT), policies[0],
    )  # fmt: skip
    answer = Search(
        budget=budget,
        citizens=size.citizens,
        months=size.months,
        draws={
            "search": size.draws,
            "reported": size.reported,
            "discovered": size.discovered,
            "judged": size.judged,
            "seeds": size.seeds,
        },
        objectives=tuple(
            {
                "name": one.name,
                "sign": one.sign,
                "unit": one.unit,
                "about": one.about,
                "target": _target(one, threshold),
                "scale": float(scale),
            }
            for one, threshold, scale in zip(
                asked.objectives, asked.thresholds.tolist(), chosen.scale, strict=True
            )
        ),
        looked_at=len(policies),
        rows=rows,
        robust=robust,
        nominal=nominal,
        losses=losses,
        failing=float(fails.mean()),
        box=None if found is None else found.as_json(),
        rule="" if found is None else found.rule(),
        mending=mending,
        varied=looked.paths,
    )
    return answer, _archive(names, policies, all_values, asked.objectives, chosen)


@dataclass(frozen=True)
class Chosen:
    """What is chosen of all that was looked at, on the draws of the search."""

    front: np.ndarray  # [portfolio]
    scale: np.ndarray  # [objective]
    mean: np.ndarray  # [portfolio, objective], larger is better
    score: np.ndarray  # [portfolio]
    regret: np.ndarray
    satisficing: np.ndarray
    at_defaults: np.ndarray
    robust: int
    nominal: int


def choose(values: np.ndarray, thresholds: np.ndarray, defaults: int) -> Chosen:
    """The portfolio that regrets least at worst, and the best at the study's own parameters.

    values    [portfolio, draw, objective], larger is better; the first portfolio does nothing
    defaults  the first so many draws are at the study's own parameters

    Doing nothing is never chosen: whether a choice beats it, the report says.
    """
    uncertain = values[:, defaults:]
    scale = scales(uncertain)
    found = scores(uncertain, thresholds, scale)
    on_front = front(found.mean)
    something = np.arange(len(values)) > 0
    among = on_front & something if (on_front & something).any() else something
    at_defaults = gains(values[:, :defaults], scale).mean(axis=1) if defaults else found.score
    return Chosen(
        front=on_front,
        scale=scale,
        mean=found.mean,
        score=found.score,
        regret=found.regret,
        satisficing=found.satisficing,
        at_defaults=at_defaults,
        robust=most_robust(found, among),
        nominal=best_on_mean(at_defaults, something),
    )


def _reported(chosen: Chosen, own: int) -> list[int]:
    """Which portfolios are reported: nothing, the study's, the chosen, and some of the front.

    Of the front those are added, one by one, that lie farthest from all that are there.
    """
    places = list(dict.fromkeys([*range(own), chosen.robust, chosen.nominal]))
    scaled = chosen.mean / chosen.scale
    left = [place for place in np.flatnonzero(chosen.front).tolist() if place not in places]
    for _ in range(min(SHOWN, len(left))):
        apart = [
            min(float(np.abs(scaled[place] - scaled[other]).sum()) for other in places)
            for place in left
        ]
        places.append(left.pop(int(np.argmax(apart))))
    return places


def _rows(
    asked: Options,
    tried: Tried,
    policies: Sequence[Policy],
    names: Sequence[str],
    chosen: Chosen,
    chosen_scores: Sequence[float | None],
) -> tuple[Row, ...]:
    values = tried.values[:, DEFAULTS_REPORTED:]
    found = scores(values, asked.thresholds, chosen.scale)
    at_defaults = gains(tried.values[:, :DEFAULTS_REPORTED], chosen.scale).mean(axis=1)
    on_front = front(found.mean)
    low, high = np.quantile(values, (0.05, 0.95), axis=1)
    rows = []
    for place, policy in enumerate(policies):

        def by_name(numbers: np.ndarray, other: np.ndarray) -> dict[str, float]:
            return {
                one.name: float((numbers if one.sign > 0 else -other)[column]) + 0.0
                for column, one in enumerate(asked.objectives)
            }

        rows.append(
            Row(
                name=names[place],
                says=said(policy),
                policy=policy_record(policy),
                values=by_name(found.mean[place], found.mean[place]),
                lower=by_name(low[place], high[place]),
                upper=by_name(high[place], low[place]),
                score=float(found.score[place]),
                regret=float(found.regret[place]),
                satisficing=float(found.satisficing[place]),
                at_defaults=float(at_defaults[place]),
                chosen_score=chosen_scores[place],
                on_front=bool(on_front[place]),
                turns=_turns(tried, place),
            )
        )
    return tuple(rows)


def _turns(tried: Tried, place: int) -> str:
    """Where the net gain of a portfolio over doing nothing turns; of the first, its own level."""
    _, draws, seeds = tried.shape
    cases = np.arange(DEFAULTS_REPORTED * seeds, draws * seeds)
    own, nothing = (tried.runs.isel(case=one * draws * seeds + cases) for one in (place, 0))
    at = break_even.of(own, nothing if place else None, month=None)
    return "" if at is None else str(at)


def _losses(tried: Tried, names: Sequence[str], of: Sequence[str]) -> tuple[Loss, ...]:
    """By tenth of income: how much a portfolio changes, and how often it takes away."""
    losses = []
    for index in DECILES:
        ends = tried.runs[index].values[:, -12:].mean(axis=1)  # [case, decile]
        by_draw = tried.of(ends)[:, DEFAULTS_REPORTED:]
        for name in of:
            change = by_draw[names.index(name)] - by_draw[0]
            losses += [
                Loss(
                    portfolio=name,
                    index=index,
                    decile=decile + 1,
                    change=float(change[:, decile].mean()),
                    losing=float((change[:, decile] < 0.0).mean()),
                )
                for decile in range(change.shape[1])
            ]
    return tuple(losses)


def _mended(
    asked: Options,
    trials: Trials,
    space: Space,
    chosen: Chosen,
    best: Policy,
    looked: Draws,
    discovered: Tried,
    fails: np.ndarray,
    found: Box | None,
    held_back: Draws,
    nothing: Policy,
) -> Mending | None:
    """The rule that helps most where the choice fails, judged in draws held back."""
    inside = fails if found is None else found.holds(looked.levels(), looked.paths)
    if not fails.any() or fails.all() or not (inside & fails).any():
        return None
    watched = telling(discovered, fails, list(space.marks))[:WATCHED]
    if not watched:
        return None
    some = _some(looked, inside & fails, asked.budget.tried)
    mended, many, step = best, 0, 1
    while step <= RULES_ADDED:
        candidates = with_rules(mended, watched, asked.levers)
        tried = trials.run(f"rules-{step}", [nothing, mended, *candidates], some)
        place = helps_most(tried.values, asked.thresholds, chosen.scale)
        many, step = many + len(candidates), step + 1
        if place == 1:
            break
        mended = candidates[place - 2]
    judged = trials.run("judged", [nothing, best, mended], held_back)
    final = scores(judged.values, asked.thresholds, chosen.scale)
    good = meets(judged.values, asked.thresholds)
    won, lost = int((good[2] & ~good[1]).sum()), int((good[1] & ~good[2]).sum())
    p_value = sign_test(won, lost)
    return Mending(
        says=said(mended),
        policy=policy_record(mended),
        added={
            lever: {"when": one.when, "mark": one.mark, "above": one.above is not None}
            for lever, one in mended.levers.items()
            if isinstance(one, Rule) and one != best.levers.get(lever)
        },
        watched=tuple(name for name, _, _ in watched),
        tried=many,
        draws=len(held_back),
        before=float(final.satisficing[1]),
        after=float(final.satisficing[2]),
        won=won,
        lost=lost,
        p_value=p_value,
        score_before=float(final.score[1]),
        score_after=float(final.score[2]),
        mended=won > lost and p_value < SURE,
    )


def _some(looked: Draws, failing: np.ndarray, many: int) -> Draws:
    """Draws to try rules in: half of them failing, if there are as many, half others."""
    failing_places, others = np.flatnonzero(failing), np.flatnonzero(~failing)
    bad = failing_places[: max(many // 2, many - len(others))]
    return looked.some(sorted([*bad.tolist(), *others[: many - len(bad)].tolist()]))


def helps_most(values: np.ndarray, thresholds: np.ndarray, scale: np.ndarray) -> int:
    """Which portfolio meets the targets most often; of equals, which stays behind them least.

    The first does nothing and is never taken; the second is taken unless another one is better.
    """
    often = meets(values, thresholds).mean(axis=1)
    behind = shortfall(values, thresholds, scale)
    return max(range(1, len(values)), key=lambda one: (often[one], -behind[one], -one))


def telling(
    discovered: Tried, fails: np.ndarray, triggers: Sequence[str]
) -> list[tuple[str, float, bool]]:
    """Indices that tell failing worlds from others: name, mark, and whether to act above it.

    The most telling first: by how often an index, mean over the months, is on one side in a failing
    world and on the other in another (Mann and Whitney 1947). The mark lies between the medians.
    """
    found = []
    for name in triggers:
        means = np.nan_to_num(Outcome.parse(f"{name}@mean").of(discovered.runs))
        means = discovered.of(means)[1]
        bad, good = means[fails], means[~fails]
        above = (bad[:, None] > good[None, :]).mean() + 0.5 * (bad[:, None] == good[None, :]).mean()
        mark = float(f"{(np.median(bad) + np.median(good)) / 2.0:.3g}")
        found.append((abs(above - 0.5), name, mark, bool(above > 0.5)))
    found.sort(key=lambda one: (-one[0], one[1]))
    return [(name, mark, above) for size, name, mark, above in found if size > 0.0]


def with_rules(
    policy: Policy, watched: Sequence[tuple[str, float, bool]], levers: Sequence[str]
) -> list[Policy]:
    """A policy with one lever, each in turn, made a rule on each of the indices.

    The rule acts fully, and only while the index is bad.
    """
    found = []
    for name, mark, above in watched:
        rule = Rule(name, above=mark) if above else Rule(name, below=mark)
        for lever in levers:
            settings = {**policy.levers, lever: rule}
            ordered = {one: settings[one] for one in LEVERS if one in settings}
            found.append(Policy(MENDED, parameters=policy.parameters, **ordered))
    return found


def sign_test(won: int, lost: int) -> float:
    """How likely chance tells two alike things apart as often, or more, one way or the other."""
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost, 0.5).pvalue) if won + lost else 1.0


def _key(policy: Policy) -> str:
    return json.dumps(policy_record(policy))


def _target(one: Objective, threshold: float) -> str:
    if math.isnan(threshold):
        return "not worse than doing nothing"
    if math.isinf(threshold):
        return "none"
    return f"{'at least' if one.sign > 0 else 'at most'} {one.sign * threshold:g}"


# --- tables --------------------------------------------------------------------------------------


def _columns(answer: Search) -> dict[str, list[Any]]:
    rows = answer.rows
    table: dict[str, list[Any]] = {
        "portfolio": [one.name for one in rows],
        "says": [one.says for one in rows],
        "policy": [json.dumps(one.policy) for one in rows],
        "score": [one.score for one in rows],
        "regret_worst_tenth": [one.regret for one in rows],
        "satisficing": [one.satisficing for one in rows],
        "score_at_defaults": [one.at_defaults for one in rows],
        "score_in_search": [one.chosen_score for one in rows],
        "on_front": [one.on_front for one in rows],
    }
    for one in answer.objectives:
        name = one["name"]
        table[name] = [row.values[name] for row in rows]
        table[f"{name}_lower"] = [row.lower[name] for row in rows]
        table[f"{name}_upper"] = [row.upper[name] for row in rows]
    return table


def _archive(
    names: Sequence[str],
    policies: Sequence[Policy],
    values: np.ndarray,
    objectives: Sequence[Objective],
    chosen: Chosen,
) -> dict[str, list[Any]]:
    """Everything that was looked at, on the draws of the search."""
    table: dict[str, list[Any]] = {
        "portfolio": list(names),
        "says": [said(one) for one in policies],
        "policy": [_key(one) for one in policies],
        "score": chosen.score.tolist(),
        "regret_worst_tenth": chosen.regret.tolist(),
        "satisficing": chosen.satisficing.tolist(),
        "score_at_defaults": chosen.at_defaults.tolist(),
        "on_front": chosen.front.tolist(),
    }
    for place, one in enumerate(objectives):
        table[one.name] = (one.sign * chosen.mean[:, place]).tolist()
    return table


def _loss_columns(answer: Search) -> dict[str, list[Any]]:
    names = ("portfolio", "index", "decile", "change", "losing")
    return {name: [getattr(one, name) for one in answer.losses] for name in names}
