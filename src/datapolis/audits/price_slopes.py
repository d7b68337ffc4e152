"""The slope of an outcome on a number, and the regression beside a comparison of two groups.

    y = a + b x + terms of cost and controls + effects of product and market + error,

by least squares, b with errors for clusters (see `datapolis.statistics.inference.regression`).
Where x varies inside units, b mixes two questions: how units with much of x differ from others, and
what happens as x changes within one. The slope with an effect for each unit answers the second
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from datapolis.audits import cells as reading
from datapolis.audits.cells import Prepared
from datapolis.audits.finding import Columns, Finding, suppressed_finding
from datapolis.audits.price_options import (
    CLAIMS,
    FEW,
    FITTED,
    Found,
    PriceOptions,
    Term,
    parse_term,
)
from datapolis.audits.suppressed import each, too_few
from datapolis.core.errors import InputError
from datapolis.statistics.inference.clustered import POWER
from datapolis.statistics.inference.regression import Regression, ols
from datapolis.tables import Table

EFFECTS = 300  # more levels of categories are taken out as means instead of columns

Column = Any


def regression_beside(prepared: Prepared, asked: PriceOptions, notes: list[str]) -> list[Finding]:
    """The second view: least squares with terms for cost, and effects for market and product."""
    assert asked.by is not None
    if not (asked.within or asked.same or asked.cost or asked.controls):
        return []
    if (many := prepared.rows.count()) > FITTED:
        notes.append(f"No regression: {many:,} rows are more than the {FITTED:,} to be fetched.")
        return []
    first, second = asked.by.names
    data = _fetched(prepared.rows, asked, prepared, reading.FIRST)
    try:
        fitted = _fit(data, prepared, asked, data[reading.FIRST].astype(float), first)
    except InputError as refused:
        notes.append(f"No regression stands beside: {refused.problem}.")
        return []
    estimate, error = fitted.of(first)
    if not np.isfinite(error):
        return []
    known = error > 0
    lower, upper = asked.possible(*fitted.interval(first)) if known else (np.nan, np.nan)
    naive = fitted.naive_error[-1]
    return [
        Finding(
            name="regression",
            estimand=f"The difference in {asked.outcome.text} between {first} and {second}, "
            "terms of the regression equal.",
            estimate=estimate,
            lower=lower,
            upper=upper,
            interval="sampling" if known else "none",
            unit=asked.outcome.unit,
            n_rows=fitted.n,
            n_units=fitted.clusters,
            units=asked.clusters,
            basis=f"weights: {asked.weight or 'rows, each alike'}",
            method=f"least squares with {_terms_words(asked)}; errors for {asked.clusters}",
            says=f"By regression {first} differ by {asked.number(estimate, sign=True)} (standard "
            f"error {error:.3g}, {naive:.3g} if rows were independent).",
            cannot_say=asked.cannot_say,
            claims=CLAIMS,
            p_value=fitted.p_value(first),
        )
    ]


def fit_slopes(rows: Table, asked: PriceOptions) -> Found:
    """The slope on a number, over all rows and inside units."""
    assert asked.by is not None
    focus = parse_term(asked.by.column, "by")
    rows = reading.with_outcome(rows, asked, asked.outcome)
    rows, (number,) = reading.with_terms(rows, (focus,), "focus term")
    rows, costs = reading.with_terms(rows, asked.cost, "cost term")
    rows, controls = reading.with_terms(rows, asked.controls, "control term")
    rows = rows.text(*asked.within, *asked.same, gaps=True)
    needed = {**reading.needed(asked, costs, controls), number: focus.text}
    rows, notes = reading.complete(rows, needed, asked.least)
    if asked.weight:
        rows = rows.where(rows[reading.WEIGHT] > 0)
    if (many := rows.count()) > FITTED:
        raise InputError(
            "a slope is fitted to rows, and there are too many",
            file=rows.name,
            field="by",
            value=many,
            allowed=f"at most {FITTED:,} rows, or two groups: column=first:second",
        )
    if not many:
        raise InputError("no row is left", file=rows.name, field="by", value=focus.text)
    prepared = Prepared(rows, rows, costs, controls)
    data = _fetched(rows, asked, prepared, number)
    values = focus.values(data[number])
    if np.ptp(values) == 0:
        raise InputError("is the same in every row", file=rows.name, field=f"by: {focus.text}")
    fitted = {"slope": _fit(data, prepared, asked, values, focus.text)}
    if asked.unit is not None and _varies(values, data[reading.UNIT]):
        fitted["slope_within"] = _fit(data, prepared, asked, values, focus.text, data[reading.UNIT])
    few = min(one.clusters for one in fitted.values())
    terms = [(focus, number), *zip(asked.cost, costs, strict=True)]
    terms += zip(asked.controls, controls, strict=True)
    if few < asked.least or any(_few_apart(data, term, name, asked) for term, name in terms):
        hidden = each(("slopes",), too_few(asked.clusters, asked.least))
        return Found([_suppressed_slope(focus, asked)], {}, notes, [], hidden)
    findings = [_slope(name, one, focus, asked) for name, one in fitted.items()]
    level = fitted["slope"]
    findings.append(
        Finding(
            name="r_squared",
            estimand=f"The share of the variance of {asked.outcome.text} that the terms explain.",
            estimate=level.r_squared,
            unit="share",
            n_rows=level.n,
            n_units=level.clusters,
            units=asked.clusters,
            basis="the variance around the mean",
            method="least squares",
            says=f"The terms explain {level.r_squared:.1%} of the variance.",
            cannot_say="whether the terms left out matter",
            claims=CLAIMS,
        )
    )
    notes.append("No targets: the model has no index for a slope on what a table names.")
    return Found(findings, _slope_series(fitted, focus, asked), notes, [])


def _few_apart(data: Columns, term: Term, name: str, asked: PriceOptions) -> bool:
    """Whether so few units differ in a number from all others that its slope tells of them.

    The slope on a column of 0 and 1 is a difference of means: that of those with 1 follows.
    """
    if asked.public or term.category:
        return False
    values, place, many = np.unique(data[name], return_inverse=True, return_counts=True)
    apart = place != int(np.argmax(many))
    units = data.get(reading.UNIT, np.arange(apart.size))
    return bool(values.size > 1 and np.unique(units[apart]).size < asked.least)


def _slope(name: str, fitted: Regression, focus: Term, asked: PriceOptions) -> Finding:
    """The finding of a slope, over all rows or inside units."""
    estimate, error = fitted.of(focus.text)
    inside = f" inside {asked.units}" if name == "slope_within" else ""
    known, enough = error > 0, fitted.clusters >= FEW
    lower, upper = fitted.interval(focus.text) if known and enough else (np.nan, np.nan)
    cannot_say = f"{asked.cannot_say}; nor of people, where rows are areas"
    if not np.isfinite(estimate):
        cannot_say = f"anything: the other terms determine {focus.text}; {cannot_say}"
        says = f"{focus.text} is determined by the other terms."
    else:
        naive = fitted.naive_error[fitted.names.index(focus.text)]
        chance = (
            f"standard error {error:.2g} for {asked.clusters}, {naive:.2g} if rows were "
            f"independent; less than {POWER * error:.2g} would mostly not be found"
        )
        if not known:
            chance = "no error is reported: the terms give every row exactly, but for rounding"
        says = (
            f"{asked.outcome.text} changes by {estimate:.3g} for each 1 of {focus.text}{inside} "
            f"({chance})."
        )
        if not enough:
            cannot_say = f"whether it is chance: fewer than {FEW} {asked.clusters}; {cannot_say}"
    return Finding(
        name=name,
        estimand=f"The change in {asked.outcome.text} with {focus.text}{inside}, all else equal.",
        estimate=estimate,
        lower=lower,
        upper=upper,
        interval="sampling" if np.isfinite(lower) else "none",
        unit=f"{asked.outcome.text} per {focus.text}",
        n_rows=fitted.n,
        n_units=fitted.clusters,
        units=asked.clusters,
        basis=f"weights: {asked.weight or 'rows, each alike'}",
        method=f"least squares with {_terms_words(asked)}{inside and f' and {asked.units}'}; "
        f"errors for {asked.clusters}; n {fitted.n:,}, R2 {fitted.r_squared:.3f}",
        says=says,
        cannot_say=cannot_say,
        claims=CLAIMS,
        p_value=fitted.p_value(focus.text) if np.isfinite(lower) else np.nan,
    )


def _suppressed_slope(focus: Term, asked: PriceOptions) -> Finding:
    return suppressed_finding(
        "slope",
        estimand=f"The change in {asked.outcome.text} with {focus.text}.",
        units=asked.clusters,
        basis="rows",
        claims=CLAIMS,
    )


def _slope_series(
    fitted: Mapping[str, Regression], focus: Term, asked: PriceOptions
) -> dict[str, Columns]:
    """The slopes for charts, and all terms of the regressions; effects of categories stay out."""
    names = {"slope": "over all rows", "slope_within": f"within {asked.units}"}
    rows = [(names[name], one, *one.of(focus.text)) for name, one in fitted.items()]
    bounds = np.array([one.interval(focus.text) for one in fitted.values()])
    naive = np.array([one.naive_error[one.names.index(focus.text)] for one in fitted.values()])
    slopes = {
        "of": np.array([row[0] for row in rows], object),
        "estimate": np.array([row[2] for row in rows]),
        "lower": bounds[:, 0],
        "upper": bounds[:, 1],
        "error": np.array([row[3] for row in rows]),
        "naive_error": naive,
    }
    terms = [
        (name, term, *one.of(term), one.naive_error[place])
        for name, one in fitted.items()
        for place, term in enumerate(one.names)
        if not term.startswith("C(")
    ]
    columns = ("model", "term", "estimate", "error", "naive_error")
    table = dict(zip(columns, map(np.array, zip(*terms, strict=True)), strict=True))
    return {"slopes": slopes, "regression": table}


def _terms_words(asked: PriceOptions) -> str:
    effects = [f"C({one})" for one in (*asked.within, *asked.same)]
    terms = [one.text for one in (*asked.cost, *asked.controls)]
    return ", ".join(["a constant", *terms, *effects])


def _fetched(rows: Table, asked: PriceOptions, prepared: Prepared, focus: str) -> Columns:
    """The columns of a regression."""
    place = [reading.UNIT] if asked.unit is not None else []
    place += [reading.CLUSTER] if asked.cluster is not None else []
    return rows.fetch(
        reading.Y,
        focus,
        reading.WEIGHT,
        *place,
        *prepared.costs,
        *prepared.controls,
        *asked.within,
        *asked.same,
    )


def _varies(values: Column, unit: Column) -> bool:
    """Whether a number takes several values in some unit."""
    code = np.unique(unit, return_inverse=True)[1]
    least, most = np.full(code.max() + 1, np.inf), np.full(code.max() + 1, -np.inf)
    np.minimum.at(least, code, values)
    np.maximum.at(most, code, values)
    return bool((most > least).any())


def _fit(
    data: Columns,
    prepared: Prepared,
    asked: PriceOptions,
    focus: Column,
    name: str,
    inside: Column | None = None,
) -> Regression:
    """Least squares with all terms, the one of interest last; with `inside`, within its groups."""
    numbers, categories = [("constant", np.ones(focus.size))], []
    terms = (*asked.cost, *asked.controls)
    for term, column in zip(terms, (*prepared.costs, *prepared.controls), strict=True):
        if term.category:
            categories.append((term.text, data[column]))
        else:
            numbers.append((term.text, term.values(data[column])))
    categories += [(f"C({one})", data[one]) for one in (*asked.within, *asked.same)]
    effects, absorb = _effects(categories, inside)
    columns = [*numbers, *effects, (name, focus)]
    cluster = data.get(reading.CLUSTER, data.get(reading.UNIT))
    return ols(
        data[reading.Y],
        np.stack([values for _, values in columns], axis=1),
        [term for term, _ in columns],
        cluster=cluster,
        weight=data[reading.WEIGHT],
        absorb=absorb,
    )


def _effects(
    categories: list[tuple[str, Column]], inside: Column | None
) -> tuple[list[tuple[str, Column]], Column | None]:
    """A column for each level of categories but the first; the largest is absorbed if need be."""
    coded = [(name, *np.unique(values, return_inverse=True)) for name, values in categories]
    coded.sort(key=lambda one: one[1].size)
    if inside is None and sum(one[1].size for one in coded) > EFFECTS:
        inside = coded.pop()[2]
    if (many := sum(one[1].size for one in coded)) > EFFECTS:
        raise InputError(
            "too many levels of categories for one regression",
            field=" and ".join(name for name, *_ in coded),
            value=many,
            allowed=f"{EFFECTS} levels, and one category of any number",
        )
    effects = [
        (f"{name} {level}", (code == level).astype(float))
        for name, levels, code in coded
        for level in range(1, levels.size)
    ]
    return effects, inside
