"""Forecasts from rolling origins on a fixed panel: the model beside what needs no model.

Of a measured market, the firms that are listed in every period are the panel. How many months of
the model a period has is read from its dates (`studies.cadence`); between months the model's
logarithms are interpolated. From each origin the next periods are forecast thrice:

last value   as at the origin, with the changes seen before it drawn at random
drift        the same, and each firm goes on at its own mean rate
model        draws of a posterior, each started from the reach measured at the origin; the model's
             relative changes from its first month are added to what was measured

What is forecast is the logarithm of a firm's share of the panel, and the panel's top-fifth share.
Scores are the CRPS (in log points, smaller is better) and how many of the 90 % intervals hold what
came. Every firm counts once: origins and horizons of one firm are averaged, for they hang together.

Source: rolling origins after Tashman (2000); CRPS after Gneiting and Raftery (2007).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.finding import plain
from datapolis.core.errors import InputError, nearest
from datapolis.statistics.indicators import top_fifth_share
from datapolis.statistics.inference.scores import crps, interval
from datapolis.studies.asking import Report, Tell, keep_answer
from datapolis.studies.cadence import cadence
from datapolis.studies.document.sections import FirmsTable
from datapolis.studies.posterior import Posterior, baseline
from datapolis.studies.question import asked
from datapolis.studies.runs import Case
from datapolis.studies.study import Study, read_study

if TYPE_CHECKING:
    from jaxtyping import Float

    from datapolis.studies.run_cache import Laboratory
    from datapolis.studies.runs import Progress

METHODS = ("last value", "drift", "model")
BEFORE = 3  # periods that an origin needs, itself among them, for a drift to be seen
ENOUGH = 12  # origins that do not overlap, from which on a comparison over time means something
COVERAGE = 0.9


@dataclass(frozen=True)
class Panel:
    """Shares of firms that are listed in every period."""

    periods: tuple[str, ...]
    names: tuple[str, ...]
    reach: Float[np.ndarray, "period firm"]
    months: float = 1.0  # of the model, from one period to the next
    cadence: str = "monthly"

    @property
    def logs(self) -> Float[np.ndarray, "period firm"]:
        """Logarithms of shares of the panel."""
        return np.asarray(np.log(self.reach / self.reach.sum(axis=1, keepdims=True)))


@dataclass(frozen=True)
class Forecasted:
    """The answer, as plain tables."""

    title: str
    periods: list[str]
    firms: int
    origins: list[str]
    horizon: int
    members: int
    scores: list[dict[str, Any]]  # a row each method and horizon
    overall: list[dict[str, Any]]  # a row each method
    apart: int  # origins whose forecasts do not overlap
    enough: bool
    months: float = 1.0  # of the model, from one period to the next
    cadence: str = "monthly"

    def as_json(self) -> dict[str, Any]:
        """Plain data, as it stands in answer.json."""
        found: dict[str, Any] = plain({"kind": "forecast", **asdict(self)})
        return found

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> Forecasted:
        """The answer that `as_json` wrote."""
        return Forecasted(**{key: value for key, value in content.items() if key != "kind"})


def ask(
    study: Path | str,
    out: Path | str,
    *,
    posterior: Posterior | None = None,
    draws: int = 32,
    horizon: int = 3,
    most: int = 60,
    data: Path | str | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    report: Report | None = None,
) -> Path:
    """Forecast the measured market of a study from rolling origins, into a folder.

    posterior   whose draws are started at each origin; the baseline of the package by default
    draws       members of each forecast
    horizon     periods ahead, at most
    most        the largest firms of the panel, at its first period

    Raises InputError if the study's firms do not come from a table with periods, or too few, or if
    periods are not evenly apart or say no time (`studies.cadence`).
    """
    path, out, say = Path(study), Path(out), tell or (lambda _: None)
    read = read_study(path)
    panel = panel_of(read, data, most)
    origins = _origins(panel, horizon)
    chosen = posterior or baseline()
    question = {
        "kind": "forecast",
        "draws": draws,
        "horizon": horizon,
        "most": most,
        "seed": read.ensemble.seed,
        "posterior": [round(float(one), 8) for one in chosen.weights @ chosen.values],
    }
    with asked(read, out, question, data=data, scheduler=scheduler, progress=progress) as lab:
        modelled = {
            origin: _from_model(lab, read, panel, origin, chosen, draws, horizon)
            for origin in origins
        }
        answer, scores = compare(
            panel, modelled, horizon, draws, seed=read.ensemble.seed, title=read.title
        )
        for sentence in sentences(answer):
            say(sentence)
        keep_answer(out, answer.as_json(), {"forecasts": scores}, report)
    return out


def panel_of(study: Study, data: Path | str | None = None, most: int = 60) -> Panel:
    """The firms that the study's table lists in every period, the largest at the first."""
    from datapolis import tables
    from datapolis.studies.inputs import folders_of

    firms = study.world.firms
    if not isinstance(firms, FirmsTable) or firms.time is None:
        raise study.error(
            "a forecast needs firms measured over several periods",
            ("world", "firms"),
            allowed="table, name, weight and time",
        )
    folders = folders_of(study, data)
    path = tables.find(firms.table, folders)
    if path is None:
        others = [one.name for folder in folders for one in folder.iterdir() if one.is_file()]
        raise study.error(
            "no such file",
            ("world", "firms", "table"),
            value=firms.table,
            nearest=nearest(firms.table, others),
        )
    columns = {"name": firms.name, "weight": firms.weight, "time": firms.time}
    rows = tables.read(path, columns, numbers=("weight",), unique=("time", "name"))
    times = np.asarray(rows["time"], str)
    when = cadence(np.unique(times).tolist(), firms.cadence, field=firms.time, file=path.name)
    found = [
        dict(zip(rows["name"][here].tolist(), rows["weight"][here].tolist(), strict=True))
        for here in (times == period for period in when.periods)
    ]
    always = [name for name in found[0] if all(month.get(name, 0.0) > 0.0 for month in found)]
    always = sorted(always, key=lambda name: (-found[0][name], name))[:most]
    if len(always) < 10:
        raise InputError(
            "too few firms are listed in every period",
            file=path.name,
            field=firms.name,
            value=len(always),
            allowed="10 or more",
        )
    reach = np.array([[month[name] for name in always] for month in found])
    names = tuple(str(name) for name in always)
    return Panel(when.periods, names, reach, when.months, when.name)


def _origins(panel: Panel, horizon: int) -> list[int]:
    """Periods from which a forecast can start: enough before them, one at least after them."""
    last = len(panel.periods) - 1
    if horizon < 1 or last < BEFORE:
        raise InputError(
            "too few periods to forecast any",
            field="horizon",
            value=len(panel.periods),
            allowed=f"a horizon of 1 or more, and {BEFORE + 1} periods or more",
        )
    return list(range(BEFORE - 1, last))


def without_model(
    panel: Panel, origin: int, horizon: int, members: int, drift: bool, seed: int
) -> Float[np.ndarray, "member ahead firm"]:
    """Last value or drift: changes seen before the origin, drawn at random and added up."""
    logs = panel.logs
    changes = np.diff(logs[: origin + 1], axis=0)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 201, origin, int(drift)]))
    centred = (changes - changes.mean(axis=0)).ravel()
    centred = centred * np.sqrt(len(changes) / max(len(changes) - 1, 1))
    drawn = rng.choice(centred, (members, horizon, logs.shape[1]))
    rate = changes.mean(axis=0) if drift else np.zeros(logs.shape[1])
    return np.asarray(logs[origin] + np.cumsum(drawn + rate, axis=1))


def _from_model(
    lab: Laboratory,
    study: Study,
    panel: Panel,
    origin: int,
    posterior: Posterior,
    draws: int,
    horizon: int,
) -> Float[np.ndarray, "member ahead firm"]:
    """Draws of the posterior, each started from what was measured at the origin."""
    from datapolis.model.world import World
    from datapolis.studies.market_inversion import at_rest

    name = panel.periods[origin]
    seed = study.ensemble.seed
    typical = study.parameters.set(posterior.mean())
    world = World.from_tables(
        organizations={
            "name": list(panel.names),
            "sector": ["market"] * len(panel.names),
            "reach": panel.reach[origin].tolist(),
        },
        citizens=study.world.citizens,
        seed=study.world.seed,
        regions=study.world.regions,
        associations=study.world.associations,
        income_spread=study.world.income_spread,
    )
    lab.worlds[name] = at_rest(world, typical, study.world.seed)
    months = 12 * (1 + int(np.ceil(horizon * panel.months)) // 12)
    cases = [
        Case(seed=1 + seed * 10_007 + place, parameters=parameters, world=name)
        for place, parameters in enumerate(posterior.draws(draws, seed))
    ]
    runs = lab.run(f"from-{name}", cases, months=months, record=["user_share_by_firm"])
    amounts = np.asarray(runs["user_share_by_firm"].values, float)[:, :, : len(panel.names)]
    least = 0.5 / (study.world.citizens * lab.worlds[name].sizes.slots)
    amounts = np.maximum(amounts, least)
    logs = np.log(amounts / amounts.sum(axis=2, keepdims=True))
    return np.asarray(panel.logs[origin] + later(logs, horizon, panel.months) - logs[:, :1])


def later(
    logs: Float[np.ndarray, "member month firm"], horizon: int, months: float
) -> Float[np.ndarray, "member ahead firm"]:
    """Logarithms at 1, 2, ... `horizon` periods of so many months after the first month."""
    at = months * np.arange(1, horizon + 1)
    before = np.floor(at + 1e-9).astype(int)
    part = np.clip(at - before, 0.0, 1.0)[:, None]
    after = np.minimum(before + 1, logs.shape[1] - 1)
    return np.asarray((1.0 - part) * logs[:, before] + part * logs[:, after])


def compare(
    panel: Panel,
    modelled: Mapping[int, Float[np.ndarray, "member ahead firm"]],
    horizon: int,
    members: int,
    *,
    seed: int = 0,
    title: str = "",
) -> tuple[Forecasted, dict[str, list[Any]]]:
    """Scores of the three methods over origins, horizons and firms; and the table of them."""
    logs = panel.logs
    rows: dict[str, list[Any]] = {
        key: [] for key in ("method", "origin", "ahead", "firm", "crps", "error", "held")
    }
    tops: list[tuple[str, float, bool]] = []
    for origin, model in modelled.items():
        ahead = min(horizon, len(panel.periods) - 1 - origin)
        forecasts = {
            "last value": without_model(panel, origin, horizon, members, False, seed),
            "drift": without_model(panel, origin, horizon, members, True, seed),
            "model": model,
        }
        for method, ensemble in forecasts.items():
            shown, came = ensemble[:, :ahead], logs[origin + 1 : origin + 1 + ahead]
            score = crps(shown, came)
            low, high = interval(shown, COVERAGE)
            held, miss = (low <= came) & (came <= high), np.abs(np.median(shown, axis=0) - came)
            for step in range(ahead):
                rows["method"] += [method] * len(panel.names)
                rows["origin"] += [panel.periods[origin]] * len(panel.names)
                rows["ahead"] += [step + 1] * len(panel.names)
                rows["firm"] += list(panel.names)
                rows["crps"] += score[step].tolist()
                rows["error"] += miss[step].tolist()
                rows["held"] += held[step].tolist()
                top = np.array([float(top_fifth_share(np.exp(one))) for one in shown[:, step]])
                true = np.array(float(top_fifth_share(np.exp(came[step]))))
                ends = interval(top, COVERAGE)
                tops.append((method, float(crps(top, true)), bool(ends[0] <= true <= ends[1])))
    table = {key: np.asarray(values) for key, values in rows.items()}
    first = _by_firm(table, panel, "last value")
    overall = []
    for method in METHODS:
        here = table["method"] == method
        change = _by_firm(table, panel, method) - first
        spread = float(change.std(ddof=1) / np.sqrt(len(change)))
        fifth = [one for one in tops if one[0] == method]
        overall.append(
            {
                "method": method,
                "crps": float(table["crps"][here].mean()),
                "error": float(table["error"][here].mean()),
                "held": float(table["held"][here].mean()),
                "against_last": float(change.mean()),
                "low": float(change.mean()) - 1.96 * spread,
                "high": float(change.mean()) + 1.96 * spread,
                "top_crps": float(np.mean([one[1] for one in fifth])),
                "top_held": float(np.mean([one[2] for one in fifth])),
            }
        )
    scores = [
        {
            "method": method,
            "ahead": step,
            "crps": float(table["crps"][here].mean()),
            "held": float(table["held"][here].mean()),
            "forecasts": int(here.sum()),
        }
        for method in METHODS
        for step in range(1, horizon + 1)
        if (here := (table["method"] == method) & (table["ahead"] == step)).any()
    ]
    apart = (len(panel.periods) - BEFORE) // horizon
    answer = Forecasted(
        title=title,
        periods=list(panel.periods),
        firms=len(panel.names),
        origins=[panel.periods[one] for one in modelled],
        horizon=horizon,
        members=members,
        scores=scores,
        overall=overall,
        apart=apart,
        enough=apart >= ENOUGH,
        months=panel.months,
        cadence=panel.cadence,
    )
    return answer, rows


def _by_firm(table: Mapping[str, np.ndarray], panel: Panel, method: str) -> np.ndarray:
    here = table["method"] == method
    return np.array([table["crps"][here & (table["firm"] == name)].mean() for name in panel.names])


def sentences(answer: Forecasted) -> list[str]:
    """The answer in a few sentences."""
    by = {one["method"]: one for one in answer.overall}
    best = min(answer.overall, key=lambda one: float(one["crps"]))
    model = by["model"]
    side = (
        "no better or worse than" if model["low"] <= 0 <= model["high"]
        else "better than" if model["against_last"] < 0 else "worse than"
    )  # fmt: skip
    told = [
        f"Over {answer.firms} firms and {len(answer.origins)} origins the {best['method']} "
        f"forecasts best: CRPS {best['crps']:.3f} log points. The model has {model['crps']:.3f} "
        f"and is {side} the last value; its 90 % intervals hold {100 * model['held']:.0f} %."
    ]
    told.append(
        f"Periods are {answer.cadence}: one is {answer.months:.3g} months of the model, and "
        f"{answer.horizon} periods ahead are {answer.horizon * answer.months:.3g}."
    )
    if not answer.enough:
        told.append(
            f"{len(answer.periods)} periods are too few to judge forecasts: only {answer.apart} "
            f"origins of {answer.horizon} periods do not overlap, and whatever moved the whole "
            "market in this time counts as one event."
        )
    return told
