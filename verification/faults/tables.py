"""Made tables whose truth is known: nothing going on, or a planted effect; rows hang together.

Each function takes a generator of chance and gives columns; what an audit of them must find is
known from how they were made.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Columns = dict[str, Any]


def offers(
    random: np.random.Generator,
    effect: float = 0.0,
    *,
    streets: int = 48,
    rows: int = 4,
    districts: int = 12,
    between: float = 0.0,
    whole_districts: bool = False,
) -> Columns:
    """Offers whose streets hang together; the poor of a street pay `effect` more.

    between          how far districts differ, besides streets
    whole_districts  poor and rich are told apart by district, not by street
    """
    street = np.repeat(np.arange(streets), rows)
    district = street * districts // streets
    group = random.permutation(districts if whole_districts else streets) % 2 == 0
    poor = group[district if whole_districts else street]
    price = 50 + random.normal(size=streets)[street] + random.normal(size=street.size)
    price = price + between * random.normal(size=districts)[district] + effect * poor
    return {
        "street": np.char.add("street ", street.astype(str)),
        "district": np.char.add("district ", district.astype(str)),
        "income": np.where(poor, "poor", "rich"),
        "price": price,
    }


def scores(
    random: np.random.Generator,
    change: float = 0.0,
    *,
    units: int = 40,
    blocs: int = 8,
    between: float = 0.0,
) -> Columns:
    """Scores of units in two years, four entries a year; `between` is what whole blocs share."""
    unit, year = (one.ravel() for one in np.meshgrid(np.arange(units), [2010, 2011]))
    level = random.normal(5, 2, units)
    step = random.normal(0, 0.7, units) + between * random.normal(size=blocs)[_blocs(units, blocs)]
    moved = (change + step[unit]) * (year == 2011)
    value = level[unit] + moved + random.normal(0, 0.3, unit.size)
    codes = np.array([f"{chr(65 + one // 26)}{chr(65 + one % 26)}" for one in range(units)])
    return {"code": codes[unit], "year": year.astype(str), "score": value}


def requests(random: np.random.Generator, trend: float = 0.0, *, bodies: int = 30) -> Columns:
    """Requests to bodies over four years; the logit of granting drifts by body, and by `trend`."""
    body, year = (one.ravel() for one in np.meshgrid(np.arange(bodies), np.arange(4)))
    drift = random.normal(0, 0.15, bodies)[body] + trend
    logit = random.normal(0.3, 0.6, bodies)[body] + drift * year
    asked = random.integers(20, 80, body.size)
    return {
        "body": np.char.add("body ", body.astype(str)),
        "year": (2010 + year).astype(str),
        "asked": asked,
        "given": random.binomial(asked, 1 / (1 + np.exp(-logit))),
    }


def register(
    random: np.random.Generator,
    yearly: float = 1.0,
    *,
    months: int = 60,
    incidents: float = 8.0,
    lasting: float = 0.0,
) -> Columns:
    """Reports over whole months, `yearly` times as many each year; an incident has several.

    lasting   how far the luck of a month stays for the next (autocorrelation)
    """
    luck = np.zeros(months)
    for month in range(1, months):
        luck[month] = lasting * luck[month - 1] + random.normal(0, 0.25)
    level = incidents * np.exp(np.log(yearly) * np.arange(months) / 12)
    level = level * np.exp(luck if lasting else 0.0)
    each = [random.geometric(0.4, random.poisson(one)).sum() for one in level]
    month = np.repeat(np.arange(months), each)
    day = np.datetime64("2009-01", "M") + month
    dates = day.astype("datetime64[D]") + random.integers(0, 28, month.size)
    size = np.floor(500 * random.uniform(size=month.size) ** (-1 / 1.5))
    return {
        "told": dates.astype(str),
        "size": size,
        "kind": random.choice(["clinic", "insurer", "plan"], month.size),
        "who": np.char.add("entity ", random.integers(0, 400, month.size).astype(str)),
    }


def markets(
    random: np.random.Generator,
    later: float = 0.3,
    *,
    regions: int = 40,
    vendors: int = 4,
    blocs: int = 8,
    between: float = 0.0,
) -> Columns:
    """Shares of vendors in regions in two months; their spread is .3, and `later` in the second.

    between   spread of what whole blocs of regions share, in each month anew
    """
    base = random.normal(0, 0.5, (regions, 1, vendors))
    spread = np.array([0.3, later])[None, :, None]
    shared = between * random.normal(size=(blocs, 2, vendors))[_blocs(regions, blocs)]
    weight = np.exp(base + spread * random.normal(size=(regions, 2, vendors)) + shared)
    share = 100 * weight / weight.sum(axis=2, keepdims=True)
    region, month, vendor = (
        one.ravel() for one in np.meshgrid(*map(np.arange, share.shape), indexing="ij")
    )
    return {
        "region": np.char.add("region ", region.astype(str)),
        "month": np.array(["2020-01", "2021-01"])[month],
        "vendor": np.array(["Alpha", "Beta", "Gamma", "Delta", "Epsilon"])[vendor],
        "share": share.ravel(),
    }


def change_of_markets(later: float, draws: int = 200_000) -> float:
    """The change of the Herfindahl index that `markets` plants, by simulation of many regions."""
    random = np.random.default_rng(0)
    base = random.normal(0, 0.5, (draws, 4))
    indices = []
    for spread in (0.3, later):
        weight = np.exp(base + spread * random.normal(size=(draws, 4)))
        indices.append(((weight / weight.sum(axis=1, keepdims=True)) ** 2).sum(axis=1).mean())
    return float(indices[1] - indices[0])


def sizes(
    random: np.random.Generator, *, holders: int = 60, periods: int = 4, parts: int = 1
) -> Columns:
    """Sizes of holders over periods, of a heavy tail, each in equal parts; order hardly changes."""
    base = np.sort(random.pareto(1.2, holders) + 1)[::-1]
    amount = base[None, :] * np.exp(random.normal(0, 0.05, (periods, holders)))
    amount = np.repeat(amount[:, :, None], parts, axis=2) / parts
    amount = amount * np.exp(random.normal(0, 0.01, amount.shape))
    places = np.meshgrid(*map(np.arange, amount.shape), indexing="ij")
    period, holder, _ = (one.ravel() for one in places)
    return {
        "holder": np.char.add("Holder ", holder.astype(str)),
        "period": np.char.add("200", (period + 1).astype(str)),
        "amount": (1_000 * amount).ravel().round(2),
    }


def filings(random: np.random.Generator, *, companies: int = 40) -> tuple[Columns, Columns]:
    """What companies file in four periods, and their sizes, which go with what they spend."""
    size = np.exp(random.normal(3, 1, companies))
    company, period = (one.ravel() for one in np.meshgrid(np.arange(companies), np.arange(4)))
    spent = 1_000 * size[company] * np.exp(random.normal(0, 0.3, company.size))
    names = np.char.add("Company ", np.arange(companies).astype(str))
    return (
        {
            "company": names[company],
            "own": np.full(company.size, "true"),
            "type": np.char.add(np.char.add("Q", (period + 1).astype(str)), " REPORT"),
            "spending": spent.round(2),
            "period": np.char.add("Q", (period + 1).astype(str)),
            "lobbying_firm": names[company],
            "client_name": names[company],
        },
        {"company": names, "size": size.round(3)},
    )


def _blocs(units: int, blocs: int) -> np.ndarray:
    return np.arange(units) * blocs // units
