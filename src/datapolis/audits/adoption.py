"""When people adopted: a question of `diffusion`.

How many had adopted, how fast, and whether imitation is needed to explain it. Bass's model is
fitted by the likelihood of periods (see `datapolis.statistics.inference.bass`), with a share who
never adopt and without one, for that share and imitation trade off. Least squares stand beside as
the old way.

Sources: Bass (1969); Schmittlein and Mahajan (1982); Srinivasan and Mason (1986).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.audits.diffusion_common import (
    CLAIMS,
    COUNT,
    FEWEST,
    SIGNIFICANCE,
    Reported,
    in_words,
    suppressed_estimate,
)
from datapolis.audits.finding import Columns, Finding
from datapolis.audits.privacy import shown
from datapolis.core.errors import InputError
from datapolis.statistics.inference.bass import (
    NAMES,
    Adoption,
    Bass,
    Name,
    band,
    fit,
    imitation_test,
    last_period,
    nonlinear_least_squares,
    ordinary_least_squares,
    profile_interval,
)
from datapolis.tables import N, Table

if TYPE_CHECKING:
    from jaxtyping import Int

    Column = np.ndarray[Any, np.dtype[Any]]

MOST_PERIODS = 10_000
PILE = 0.01  # p below which the last period holds more than the curve of the others gives
HEAP = 5.0  # a period with so many times the adopters of its neighbours is a round number

MODELS: dict[str, dict[str, Any]] = {
    "a share never adopts": {},
    "all adopt in the end": {"ceiling": 1.0},
}
PARAMETERS: dict[Name, tuple[str, str, str]] = {
    "p": (
        "The rate at which people adopt by themselves (p of Bass's model, innovation).",
        "per period",
        "By themselves, people adopt at a rate of {value:.3g} per period (p).",
    ),
    "q": (
        "How much the rate of adoption grows with the share who have adopted (q, imitation).",
        "per period",
        "With all others as adopters, the rate would be higher by {value:.3g} per period (q).",
    ),
    "ceiling": (
        "The share of people who ever adopt (the ceiling).",
        "share",
        "{value:.1%} of all people adopt sooner or later.",
    ),
}
ONE_CURVE = (
    "That people adopted because others had: a campaign that grows, or people who differ in "
    "readiness, bend the curve alike. The interval takes people as independent; where those of a "
    "community adopt together it is too narrow."
)


@dataclass(frozen=True)
class People:
    """When people adopted: how many in each community and period."""

    community: Column
    period: Int[Column, "cell"]  # from 0; -1: had not adopted
    many: Int[Column, "cell"]
    start: int  # the first period, as the table writes it
    last: int  # the first period that was not seen any more
    table: Table  # its rows, the columns checked
    notes: tuple[str, ...] = ()  # how times were read

    @classmethod
    def read(
        cls, rows: Table, time: str, never: float | None, start: int | None, within: str
    ) -> People:
        """Counts of the table, its times checked.

        Without a start periods count from 1; where more would stand empty before the first adopter
        than were seen from then on, as with calendar years, they begin with that one.
        """
        given, start = start, 1 if start is None else start
        rows = rows.numbers(time, least=start, gaps=never is None)
        if broken := rows.where(rows[time] != rows[time].floor()).count():
            raise InputError(
                f"{broken:,} cells: is no whole period",
                file=rows.name,
                field=time,
                allowed=f"{start}, {start + 1}, and so on",
            )
        if never is not None and (never != int(never) or never <= start):
            raise InputError(
                "nobody could adopt before", field="never", value=never, allowed=f"above {start}"
            )
        if within:
            rows = rows.text(within)
        cells = rows.group([within, time] if within else [time])
        times = cells[time].astype(float)
        adopted = np.isfinite(times) & (times < (np.inf if never is None else never))
        if not adopted.any():
            raise InputError(
                "nobody adopted",
                file=rows.name,
                field=time,
                allowed="one time or more before never",
            )
        last = int(never) if never is not None else int(times[adopted].max()) + 1
        first = int(times[adopted].min())
        notes: tuple[str, ...] = ()
        if first - start > last - first:
            notes = (
                f"Periods are taken to begin with the first in the table, {first}, when anybody "
                "could adopt; if people could before, say from when with --start."
                if given is None
                else f"Nobody adopted in the {first - start:,} periods from {start} on, more than "
                f"all the others: if nobody could, say from when with --start {first}.",
            )
            start = first if given is None else start
        if last - start > MOST_PERIODS:
            raise InputError(
                f"{last - start:,} periods", field=time, allowed=f"at most {MOST_PERIODS:,}"
            )
        period = np.where(adopted, np.nan_to_num(times) - start, -1).astype(int)
        community = cells[within] if within else np.full(times.size, "")
        return cls(community, period, cells[N], start, last, rows, notes)

    @property
    def watched(self) -> int:
        """How many periods were seen."""
        return self.last - self.start

    @property
    def rows(self) -> int:
        """How many people there are."""
        return int(self.many.sum())

    def adoption(self, edges: Column | None = None) -> Adoption:
        """How many adopted in each period, or between the edges given."""
        counts = self.counts
        if edges is None:
            edges = np.arange(self.watched + 1)
        summed = np.add.reduceat(counts, edges[:-1].astype(int))
        return Adoption(edges.astype(float), summed, self.rows - int(counts.sum()))

    @property
    def counts(self) -> Int[Column, "period"]:
        """How many adopted in each period."""
        here = self.period >= 0
        return np.bincount(self.period[here], self.many[here], self.watched).astype(int)

    def heaps(self, least: int) -> Int[Column, "heap"]:
        """Periods in which far more adopted than in those beside them: times given in round."""
        counts = self.counts
        beside = (counts[:-2] + counts[2:]) / 2
        return 1 + np.flatnonzero((counts[1:-1] > HEAP * beside) & (counts[1:-1] >= least))


def when_adopted(people: People, least: int) -> Reported:
    """How many adopted, how fast, and whether imitation is needed to explain it."""
    make = partial(
        Finding,
        n_rows=people.rows,
        n_units=people.rows,
        units="people",
        basis="all people of the table",
        method=COUNT,
        claims=CLAIMS,
    )
    if people.rows < least:
        return (
            [suppressed_estimate(make, "saturation", "The share of people who had adopted.")],
            {},
            [],
        )
    seen = people.adoption()
    pile = _pile(seen, least)
    findings = [*_saturation(people, make, least, pile)]
    notes = [*people.notes]
    if pile:
        last = people.last - 1
        notes.append(
            f"In period {last}, the last one seen, {pile.many:,} adopted where the curve of the "
            f"periods before gives about {pile.due:.0f} ({in_words(pile.p)}). If {last} stands for "
            f"people who never adopted, say so with --never {last}; if not, something happened "
            "then, or later times were cut to it. Whether imitation is needed is told with and "
            "without that period."
        )
    if np.count_nonzero(seen.adopters) < FEWEST or seen.people - seen.rest < FEWEST:
        findings += [
            make(
                name=name,
                estimand=PARAMETERS[name][0],
                estimate=np.nan,
                says="Not estimated.",
                cannot_say=f"Fewer than {FEWEST} people or periods of adoption: no curve to fit.",
            )
            for name in NAMES
        ]
        return findings, {}, notes
    fits = {label: fit(seen, **held) for label, held in MODELS.items()}
    parameters = _parameters(seen, fits, make)
    findings += [*_tests(seen, pile, people.last - 1, make), *parameters]
    findings += [*_least_squares(seen, make)]
    heaps = people.heaps(least)
    if heaps.size:
        named = ", ".join(str(people.start + heap) for heap in heaps)
        notes.append(
            f"Far more adopted in period {named} than in those beside: times were given in round "
            "numbers, or something happened then."
        )
        findings += [_without_heaps(people, heaps, make)]
    series = {"adopted": _steps(people, least), "curve": _curve(people, seen, fits, parameters)}
    if least > 1:
        notes.append(
            f"The cumulative curve is shown only at periods {least} or more adopters apart."
        )
    return findings, series, notes


@dataclass(frozen=True)
class Pile:
    """More adopters in the last period than the curve of those before gives."""

    many: int
    due: float  # by that curve
    p: float
    before: Adoption  # what was seen up to then


def _pile(seen: Adoption, least: int) -> Pile | None:
    """The adopters of the last period, if they are too many: perhaps those who never adopted."""
    many, before = int(seen.adopters[-1]), seen.adopters[:-1]
    if many < max(FEWEST, least) or np.count_nonzero(before) < FEWEST:
        return None
    due, p = last_period(seen)
    left = Adoption(seen.edges[:-1], before, many + seen.rest)
    return Pile(many, due, p, left) if p < PILE else None


def _saturation(people: People, make: Any, least: int, pile: Pile | None) -> Iterator[Finding]:
    """The share who adopted and the time to half of all; in the communities, the extremes."""
    counts = people.counts
    yield make(
        name="saturation",
        estimand="The share of people who had adopted when watching ended.",
        estimate=float(counts.sum() / people.rows),
        unit="share",
        says=f"{counts.sum() / people.rows:.1%} of {people.rows:,} people had adopted by the end"
        + (
            f"; {(counts.sum() - pile.many) / people.rows:.1%} before its last period, which holds "
            "more than is due."
            if pile
            else "."
        ),
        cannot_say="Who will adopt later.",
    )
    half = _half(counts, people.rows)
    yield make(
        name="half_time",
        estimand="The period by which half of all people had adopted.",
        estimate=half + people.start if half is not None else np.nan,
        unit="periods",
        says=(
            f"Half had adopted by period {half + people.start}."
            if half is not None
            else "Fewer than half had adopted by the end."
        ),
        cannot_say="" if half is not None else "When half will have adopted, if ever.",
    )
    names, place = np.unique(people.community, return_inverse=True)
    if names.size < 2:
        return
    size = np.bincount(place, people.many)
    visible = np.flatnonzero(shown(size, least=least, public=least <= 1))
    if visible.size < 2:
        yield suppressed_estimate(make, "saturation_highest", "The highest share in a community.")
        return
    tables = [
        np.bincount(
            people.period[(place == one) & (people.period >= 0)],
            people.many[(place == one) & (people.period >= 0)],
            people.watched,
        )
        for one in visible
    ]
    shares = np.array([table.sum() for table in tables]) / size[visible]
    for name, word, at in (
        ("saturation_highest", "highest", int(np.argmax(shares))),
        ("saturation_lowest", "lowest", int(np.argmin(shares))),
    ):
        yield make(
            name=name,
            of=f"community {_label(names[visible[at]])}",
            estimand=f"The {word} share of adopters in a community of {least} people or more.",
            estimate=float(shares[at]),
            unit="share",
            n_rows=int(size[visible[at]]),
            n_units=int(size[visible[at]]),
            says=f"The {word} share in one of {visible.size} communities is {shares[at]:.1%}.",
            cannot_say="Why communities differ; small ones differ more by chance.",
        )
    halves = [_half(table, many) for table, many in zip(tables, size[visible], strict=True)]
    reached = [half + people.start for half in halves if half is not None]
    if len(reached) >= 2:
        yield make(
            name="half_time_mean",
            estimand="The mean, over communities, of the period by which half had adopted.",
            estimate=float(np.mean(reached)),
            unit="periods",
            n_units=len(reached),
            units="communities",
            method="mean over communities in which half had adopted",
            says=f"In {len(reached)} communities half had adopted after {np.mean(reached):.1f} "
            "periods on average.",
            cannot_say=(
                "How long the others take: in "
                f"{len(halves) - len(reached)} communities half had not adopted by the end."
                if len(reached) < len(halves)
                else "How long it would take elsewhere."
            ),
        )


def _half(counts: Column, people: float) -> int | None:
    """The place of the period by which half had adopted, if they had."""
    there = np.cumsum(counts) >= people / 2
    return int(np.argmax(there)) if there.any() else None


def _tests(seen: Adoption, pile: Pile | None, last: int, make: Any) -> Iterator[Finding]:
    """Whether adoption needs imitation, with and without a share who never adopt.

    Where the last period holds a pile, also with that period left out.
    """
    found = {label: imitation_test(seen, **held) for label, held in MODELS.items()}
    without = (
        {
            f"{label}, period {last} left out": imitation_test(pile.before, **held)
            for label, held in MODELS.items()
        }
        if pile
        else {}
    )
    needed = [[p <= SIGNIFICANCE for _, p in tests.values()] for tests in (found, without)]
    if len({*needed[0], *needed[1]}) == 1:
        verdict = (
            "The rate of adoption grows with those who have adopted, with or without a ceiling."
            if needed[0][0]
            else "Contagion not identified: p alone explains the curve as well."
        )
    elif pile and len({*needed[0]}) == 1 and not any(needed[1]):
        verdict = (
            f"Contagion not identified: it hangs on the pile in the last period ({last}), which "
            "may be people who never adopted."
        )
    elif pile and needed[0] != needed[1]:
        verdict = f"Contagion not identified: it depends on whether period {last} counts."
    else:
        verdict = "Contagion not identified: it depends on whether a share never adopts."
    for label, (twice, p) in {**found, **without}.items():
        yield make(
            name="imitation_test",
            of=label,
            estimand="Twice the log-likelihood that imitation adds: the test of q = 0.",
            estimate=twice,
            unit="2 Δ log L",
            method="likelihood ratio, chi-squared with 1 degree of freedom; q = 0 is a limit, so "
            "that p errs upwards",
            p_value=p,
            says=f"{verdict} If {label}, imitation adds 2 Δ log L = {twice:.1f} ({in_words(p)}).",
            cannot_say=ONE_CURVE,
        )


def _parameters(seen: Adoption, fits: Mapping[str, Bass], make: Any) -> list[Finding]:
    """p, q and the ceiling by likelihood, with profile intervals."""
    return [
        _parameter(seen, best, name, label, MODELS[label], make)
        for label, best in fits.items()
        for name in NAMES
        if name not in MODELS[label]
    ]


def _parameter(
    seen: Adoption, best: Bass, name: Name, label: str, held: Mapping[str, float], make: Any
) -> Finding:
    lower, upper = profile_interval(seen, best, name, **held)
    estimand, unit, says = PARAMETERS[name]
    finding: Finding = make(
        name=name,
        of=label,
        estimand=estimand,
        estimate=getattr(best, name),
        lower=lower,
        upper=upper,
        interval="sampling",
        unit=unit,
        method="maximum likelihood of adoption periods, the rest censored at the end; "
        "profile-likelihood interval",
        says=says.format(value=getattr(best, name)) + _at_all(name, getattr(best, name)),
        cannot_say=ONE_CURVE,
    )
    return finding


def _at_all(name: Name, value: float) -> str:
    """What is said of a ceiling that lies at all people there are."""
    most = name == "ceiling" and value >= 1 - 1e-9
    return " The ceiling is held there: nobody else could adopt." if most else ""


def _least_squares(seen: Adoption, make: Any) -> Iterator[Finding]:
    """The old ways, which leave out who did not adopt."""
    ways = {
        "ordinary least squares": ordinary_least_squares(seen.adopters, seen.people),
        "nonlinear least squares": nonlinear_least_squares(seen.adopters, seen.people),
    }
    for label, (p, q, final) in ways.items():
        for name, value in zip(NAMES, (p, q, final / seen.people), strict=True):
            known = np.isfinite(value)
            says = PARAMETERS[name][2].format(value=value) + _at_all(name, value)
            yield make(
                name=name,
                of=label,
                estimand=PARAMETERS[name][0],
                estimate=value,
                unit=PARAMETERS[name][1],
                method=f"{label} on adopters by period, for comparison; a ceiling above all people "
                "is held there",
                says=says if known else "No estimate.",
                cannot_say="How sure it is: it does not count those who had not adopted.",
            )


def _without_heaps(people: People, heaps: Column, make: Any) -> Finding:
    """q once round periods are pooled with the two on either side."""
    pooled = {int(heap) + off for heap in heaps for off in (-1, 0, 1, 2)}
    kept = [at for at in range(1, people.watched) if at not in pooled]
    edges = np.array([0, *kept, people.watched])
    seen = people.adoption(edges)
    one = _parameter(seen, fit(seen), "q", "round periods pooled", {}, make)
    return replace(one, method=f"{one.method}; round periods pooled with two on either side")


def _steps(people: People, least: int) -> Columns:
    """The cumulative share at periods so far apart that no step shows fewer people than `least`."""
    reached = np.cumsum(people.counts)
    time, share, before = [0.0], [0.0], 0
    for period, many in enumerate(reached):
        apart = many == reached[-1] or reached[-1] - many >= least
        if many - before >= least and apart:
            time.append(period + 1.0)
            share.append(many / people.rows)
            before = many
    return {"time": np.array(time) + people.start - 1, "share": np.array(share)}


def _curve(
    people: People, seen: Adoption, fits: Mapping[str, Bass], parameters: Sequence[Finding]
) -> Columns:
    """The fitted share by time with its 95 % band, from the first model."""
    label = next(iter(MODELS))
    limits: dict[Name, tuple[float, float]] = {
        name: (one.lower, one.upper)
        for one in parameters
        for name in NAMES
        if (one.name, one.of) == (name, label)
    }
    times = np.linspace(0, seen.edges[-1], min(people.watched, 200) + 1)
    lower, upper = band(seen, fits[label], limits, times)
    return {
        "time": times + people.start - 1,
        "share": fits[label].adopted(times),
        "lower": lower,
        "upper": upper,
    }


def _label(name: Any) -> str:
    """A community as it is shown: whole numbers without a point."""
    text = str(name)
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text
