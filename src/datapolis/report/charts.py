"""Charts in one visual language: a function each, from results to an Altair chart.

A sector and a policy keep their colour everywhere (Okabe and Ito's, safe for the colour-blind).
Lines are medians over members, bands and bars the middle 90 % of them. A line is named at its end,
every axis has a unit, and a chart's `description` says in words what is shown. `width` is the room
in pixels: below `NARROW` small multiples stand in fewer columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from datapolis.report.tables import (
    KEYS,
    MEASURED,
    Key,
    Row,
    Rows,
    bands,
    baseline,
    changes,
    first_and_last,
    last_month,
    others,
    policies,
    thinned,
)
from datapolis.statistics.indicators import lorenz
from datapolis.theme import (
    FAINT,
    INK,
    NARROW,
    NEUTRAL,
    NEUTRAL_INK,
    PLAIN,
    POLICIES,
    POLICY_INK,
    SECTOR_INK,
    SECTORS,
    WIDE,
    Chart,
    finish,
    heading,
    inline,
    legend,
    panel,
    spread,
)

if TYPE_CHECKING:
    import xarray

FEW_MONTHS = 41  # points of a line in small multiples
LEAST_CHANGE = 0.005  # less than this is drawn as nearly nothing


FOUR_WAYS = {
    "power_share": "resources",
    "dependence_share": "dependence",
    "relational_share": "ties",
    "pivotality": "pivotality",
}
RIGHTS = {
    "know": "to know",
    "participate": "to participate",
    "express": "to express",
    "supervise": "to supervise",
}
PRIVACY = (
    Key("stray_share", "data beyond citizens' control"),
    Key("covert_share", "data taken without consent"),
    Key("harm", "harm to citizens"),
    Key("trust", "trust of citizens"),
)
LAW = {"technology": "technology", "law": "law", "enforcement": "enforcement"}
PARTS = {
    "power_herfindahl": "all",
    "power_herfindahl_between": "between sectors",
    "power_herfindahl_within": "within sectors",
}


def policy_colours(results: xarray.Dataset) -> dict[str, str]:
    """The colour of each policy: the baseline grey, the others in turn."""
    turn = {name: POLICIES[place % len(POLICIES)] for place, name in enumerate(others(results))}
    return {words(name): colour for name, colour in {baseline(results): PLAIN, **turn}.items()}


def policy_ink(results: xarray.Dataset) -> dict[str, str]:
    """The colour of each policy's name, dark enough to read."""
    turn = {name: POLICY_INK[place % len(POLICY_INK)] for place, name in enumerate(others(results))}
    return {words(name): colour for name, colour in {baseline(results): FAINT, **turn}.items()}


def words(name: str) -> str:
    """A name as words: open_government is open government, none is no policy."""
    return "no policy" if name == "none" else name.replace("_", " ")


# --- one chart each ----------------------------------------------------------------------------


def sector_balance(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Shares of base power by sector, without a policy."""
    rows = bands(thinned(results)["power_share"].sel(policy=baseline(results), drop=True))
    rows = named(rows)
    chart = lines(rows, "sector", SECTORS, SECTOR_INK, "share of base power", width, percent=True)
    return finish(
        chart,
        "Who holds power, if government changes nothing",
        "Lines over the months: government's, the market's and associations' share of base power. "
        + ends_in_words(rows, "sector"),
    )


def power_parts(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Concentration of power over all organizations, split between and within sectors."""
    rows = gathered(thinned(results), PARTS, "part", baseline(results))
    colours = dict(zip(PARTS.values(), NEUTRAL, strict=True))
    ink = dict(zip(PARTS.values(), NEUTRAL_INK, strict=True))
    chart = lines(rows, "part", colours, ink, "concentration (HHI, 0 to 1)", width)
    return finish(
        chart,
        "Concentration of power between sectors, and inside them",
        "Lines over the months: concentration of power over all organizations, and its two parts. "
        + ends_in_words(rows, "part"),
    )


def user_concentration(
    results: xarray.Dataset, measured: Rows | None = None, width: int = WIDE
) -> Chart:
    """Users at the largest fifth of firms under each policy, with what was measured beside."""
    rows = named(bands(thinned(results)["top_fifth_share"]))
    found = [row for row in measured or [] if row["indicator"] == "top_fifth_share"]
    room = last_month(results) * 0.1 if found else 0.0
    chart = lines(
        rows,
        "policy",
        policy_colours(results),
        policy_ink(results),
        "users at the largest fifth of firms",
        width,
        percent=True,
        before=room,
        top=1.0,
    )
    mark = alt.Chart(inline([{"y": 0.8, "label": "80-20 rule"}]))
    rule = mark.mark_rule(strokeDash=[4, 4], color=FAINT).encode(y="y:Q")
    layers = [rule, chart]
    if found:
        layers.append(measured_marks(first_and_last(found), room))
    seen = " Diamonds at the left: " + in_words(first_and_last(found), "time") if found else ""
    return finish(
        alt.layer(*layers),
        "How users gather at few firms, under each policy",
        "Lines over the months: the share of users at the largest fifth of firms under each "
        "policy; a dashed line marks 80 %. " + ends_in_words(rows, "policy") + seen,
    )


def measured_and_simulated(results: xarray.Dataset, measured: Rows, width: int = WIDE) -> Chart:
    """The same indicators on the measured table and on the simulated firms."""
    rows: Rows = []
    base, last = baseline(results), last_month(results)
    for indicator, (index, label) in MEASURED.items():
        if index not in results:
            continue
        rows += [
            {"panel": label, "what": measured_at(row), "kind": "measured", **ends(row)}
            for row in first_and_last([row for row in measured if row["indicator"] == indicator])
        ]
        for row in bands(results[index].isel(month=[0, -1]).sel(policy=base, drop=True)):
            what = "simulated, end" if row["month"] == last else "simulated, start"
            rows.append({"panel": label, "what": what, "kind": "simulated", **ends(row)})
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=["measured", "simulated"], range=[INK, PLAIN]),
        legend=None,
    )
    return finish(
        dots(rows, "what", 1 if width < NARROW else 2, width, colour),
        "Concentration, measured and simulated",
        "Dots with ranges, for measures of concentration. " + all_in_words(rows, "panel", "what"),
    )


def four_ways(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Power of the sectors at the end, measured in four ways, under each policy."""
    end = results.isel(month=-1)
    rows = [
        {"panel": label, **row}
        for name, label in FOUR_WAYS.items()
        if name in results
        for row in named(bands(end[name]))
    ]
    colour = alt.Color(
        "sector:N",
        scale=alt.Scale(domain=list(SECTORS), range=list(SECTORS.values())),
        legend=legend(width),
    )
    columns = 1 if width < NARROW else 2
    return finish(
        dots(rows, "policy", columns, width, colour, percent=True),
        f"Power measured in four ways, after {months(results)} months",
        "Dots with ranges: each sector's share of power by resources, dependence, ties and "
        "pivotality, under each policy. " + all_in_words(rows, "panel", "policy", "sector"),
    )


def policy_changes(results: xarray.Dataset, keys: Sequence[Key] = KEYS, width: int = WIDE) -> Chart:
    """What each policy changes in the last month, compared member by member with none."""
    rows = named(changes(results, keys))
    for row in rows:
        row["sure"] = row.pop("certainty").words
        row["panel"] = row["index"] + UNITS.get(row["unit"], f", {row['unit']}")
    colours = policy_colours(results)
    order = [words(name) for name in others(results)]
    colour = alt.Color(
        "policy:N",
        scale=alt.Scale(domain=order, range=[colours[name] for name in order]),
        legend=legend(width),
    )
    columns = 1 if width < NARROW else 3
    return finish(
        dots(rows, "policy", columns, width, colour, names=False, around_zero=True),
        f"What each policy changes, after {months(results)} months",
        "Dots with ranges: each policy less no policy, in the same members. "
        + all_in_words(rows, "policy", "index"),
    )


def rights_over_time(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """The four rights under each policy."""
    rows = named(bands(thinned(results, FEW_MONTHS)["rights"]))
    for row in rows:
        row["panel"] = f"right {RIGHTS.get(row['right'], row['right'])}"
    return finish(
        small_multiples(rows, results, width, "share enjoyed (0 to 1)", shared=True),
        "Rights that citizens enjoy",
        "Four panels of lines over the months, one for each right, a line for each policy. "
        + ends_in_words(rows, "panel", "policy"),
    )


def privacy(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Privacy, harm and trust under each policy."""
    thin = thinned(results, FEW_MONTHS)
    rows = [
        {**row, "panel": key.label}
        for key in PRIVACY
        if key.name in results
        for row in named(bands(key.of(thin)))
    ]
    return finish(
        small_multiples(rows, results, width, "share (0 to 1)", shared=False),
        "Privacy, harm and trust",
        "Panels of lines over the months: data beyond citizens' control, data taken without "
        "consent, harm and trust, a line for each policy. "
        + ends_in_words(rows, "panel", "policy"),
    )


def law_behind_technology(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Technology, law and enforcement, a panel for each policy."""
    rows = named(gathered(thinned(results, FEW_MONTHS), LAW, "line"))
    order = [words(name) for name in policies(results)]
    columns = 1 if width < NARROW else 2
    inner = panel(width, columns, 46)
    chart = lines(
        rows,
        "line",
        dict(zip(LAW.values(), NEUTRAL, strict=True)),
        dict(zip(LAW.values(), NEUTRAL_INK, strict=True)),
        "level (0 to 1)",
        inner,
        height=150,
        top=1.0,
        facet=("policy", order, columns),
    )
    return finish(
        chart,
        "Technology, law and enforcement",
        "A panel for each policy with lines over the months for technology, law and enforcement. "
        + ends_in_words(rows, "policy", "line"),
    )


def by_income(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Rights and net gain by decile of income at the end, under each policy."""
    panels = {
        "rights_by_decile": "mean right enjoyed (0 to 1)",
        "citizens_gain_by_decile": "net gain, incomes a month",
    }
    chart, _ = decile_panels(results, panels, width, height=200)
    return finish(
        chart,
        f"Rich and poor, after {months(results)} months",
        "Two panels by decile of income: mean right enjoyed and net gain, a line for each policy.",
    )


def decile_panels(
    results: xarray.Dataset, panels: Mapping[str, str], width: int, height: int
) -> tuple[Chart, list[dict[str, Any]]]:
    """A panel for each index by decile of income at the end, a line for each policy; its rows."""
    end = results.isel(month=-1)
    rows = [
        {**row, "panel": label}
        for name, label in panels.items()
        if name in results
        for row in named(bands(end[name]))
    ]
    columns = 1 if width < NARROW else 2
    base = alt.Chart().encode(
        x=alt.X("decile:O", title="decile of income (1 poorest)", axis=alt.Axis(labelAngle=0)),
        color=policy_legend(policy_colours(results), width),
        tooltip=tooltips("policy", "decile"),
    )
    line = base.mark_line(strokeWidth=1.5).encode(y=alt.Y("value:Q", title=None))
    bar = base.mark_rule(strokeWidth=1.5, opacity=0.6).encode(y="lower:Q", y2="upper:Q")
    dot = base.mark_point(filled=True, size=34, opacity=1).encode(y="value:Q")
    chart = (
        alt.layer(line, bar, dot, data=inline(rows))
        .properties(width=panel(width, columns, 46), height=height)
        .facet(facet=heading("panel", list(panels.values())), columns=columns)
        .resolve_scale(y="independent")
        .resolve_axis(x="independent")
    )
    return chart, rows


def governance(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Whether sectors deal by order or as equals, under each policy."""
    rows = named(bands(thinned(results)["partnership"]))
    chart = lines(
        rows,
        "policy",
        policy_colours(results),
        policy_ink(results),
        "dealings as equals, share",
        width,
        percent=True,
        top=1.0,
    )
    return finish(
        chart,
        "Governing by order, or dealing as equals",
        "Lines over the months: share of dealings between government and others that are as "
        "equals; the rest is by order. " + ends_in_words(rows, "policy"),
    )


def sector_balances(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Shares of base power by sector, a panel for each policy."""
    rows = named(bands(thinned(results, FEW_MONTHS)["power_share"]))
    order = [words(name) for name in policies(results)]
    columns = 1 if width < NARROW else 2
    inner = width - 52 if len(order) == 1 else panel(width, columns, 46)
    chart = lines(
        rows,
        "sector",
        SECTORS,
        SECTOR_INK,
        "share of base power",
        inner,
        height=260 if len(order) == 1 else 210,
        percent=True,
        top=1.0,
        facet=("policy", order, columns),
    )
    return finish(
        chart,
        "Who holds power",
        "A panel for each policy with lines over the months: government's, the market's and "
        "associations' share of base power. " + ends_in_words(rows, "policy", "sector"),
    )


def lorenz_curves(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """How users spread over firms: the share that the smallest firms have together."""
    first, last = 0, last_month(results)
    curves = [(baseline(results), first, "start")]
    curves += [(name, last, f"{words(name)}, month {last}") for name in policies(results)]
    colours = {
        "start": FAINT,
        **{f"{n}, month {last}": c for n, c in policy_colours(results).items()},
    }
    rows: Rows = []
    for policy, month, label in curves:
        at = {"policy": policy, "month": month}
        shares = np.asarray(results["user_share_by_firm"].sel(at).values, np.float64)
        alive = np.asarray(results["firms_alive"].sel(at).values)
        drawn = np.array([on_grid(one, int(many)) for one, many in zip(shares, alive, strict=True)])
        lower, middle, upper = np.quantile(drawn, (0.05, 0.5, 0.95), axis=0)
        rows += [
            {
                "curve": label,
                "firms": float(x),
                "value": float(m),
                "lower": float(a),
                "upper": float(b),
            }
            for x, a, m, b in zip(GRID_OF_FIRMS, lower, middle, upper, strict=True)
        ]
    order = list(dict.fromkeys(row["curve"] for row in rows))
    colour = alt.Color(
        "curve:N",
        scale=alt.Scale(domain=order, range=[colours[name] for name in order]),
        legend=legend(width),
    )
    axis = alt.Axis(format=".0%", tickCount=5)
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("firms:Q", title="firms, the smallest first", axis=axis), color=colour
    )
    title = "share of users that they have together"
    share = alt.Y("value:Q", title=title, axis=axis)
    band = base.mark_area(opacity=0.14).encode(y=alt.Y("lower:Q", title=title), y2="upper:Q")
    dash = alt.condition("datum.curve == 'start'", alt.value([6, 4]), alt.value([1, 0]))
    line = base.mark_line(strokeWidth=2).encode(
        y=share, strokeDash=dash, tooltip=tooltips("curve", "firms")
    )
    equal = alt.Chart(inline([{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
    equal = equal.mark_line(strokeDash=[4, 4], color=FAINT, strokeWidth=1).encode(x="x:Q", y="y:Q")
    side = min(width - 60, 420)
    fifth = {row["curve"]: 1 - row["value"] for row in rows if abs(row["firms"] - 0.8) < 1e-9}
    said = "; ".join(f"{name} {share:.0%}" for name, share in fifth.items())
    return finish(
        alt.layer(equal, band, line).properties(width=width - 60, height=side),
        "How users spread over firms",
        "Lorenz curves: the share of users that the smallest firms have together; the dashed "
        f"diagonal is equality. Users at the largest fifth of firms: {said}.",
    )


GRID_OF_FIRMS = np.linspace(0.0, 1.0, 41)


def on_grid(shares: np.ndarray, alive: int) -> np.ndarray:
    """The Lorenz curve of the living firms at even steps; dead places have no users."""
    held: Any = np.sort(shares)[max(len(shares) - alive, 0) :]
    population, share = lorenz(held)
    curve: np.ndarray = np.interp(GRID_OF_FIRMS, np.asarray(population), np.asarray(share))
    return curve


def privacy_by_income(results: xarray.Dataset, width: int = WIDE) -> Chart:
    """Rights, trust and data beyond control by decile of income at the end, under each policy."""
    panels = {
        "rights_by_decile": "mean right enjoyed (0 to 1)",
        "stray_by_decile": "data beyond a citizen's control (records)",
        "trust_by_decile": "trust (0 to 1)",
        "citizens_gain_by_decile": "net gain (incomes a month)",
    }
    chart, rows = decile_panels(results, panels, width, height=160)
    return finish(
        chart.resolve_axis(x="independent", y="independent"),
        f"Rights and privacy, from poor to rich, after {months(results)} months",
        "Panels by decile of income, a line for each policy: mean right enjoyed, data beyond a "
        "citizen's control, trust, and net gain. "
        + all_in_words(
            [row for row in rows if row["decile"] in (1, 10)], "panel", "policy", "decile"
        ),
    )


ACROSS, INSIDE = 400, 200  # ties between and inside sectors that are drawn, the strongest
DISCS = {0: (-1.12, 0.55), 1: (1.0, 0.0), 2: (-0.98, -0.72)}  # where each sector lies
TURN = 2.399963  # the golden angle, by which places in a disc follow each other


def tie_network(networks: Sequence[Mapping[str, Any]], month: int, width: int = WIDE) -> Chart:
    """Organizations and their strongest ties, a disc for each sector, a panel for each policy.

    Each network has `policy`; `place`, `sector` and `data` of its organizations; and `one`,
    `other` and `strength` of its ties. The largest holders lie in the middle of their disc.
    """
    columns = 1 if width < NARROW or len(networks) == 1 else 2
    inner = width - 8 if columns == 1 else panel(width, 2, 6)
    panels, said = [], []
    span = alt.Scale(domain=[-2.05, 2.05], nice=False)
    tall = alt.Scale(domain=[-1.5, 1.5], nice=False)
    for one in networks:
        at = disc_places(np.asarray(one["sector"]), np.asarray(one["data"]))
        names = [list(SECTORS)[sector] for sector in one["sector"]]
        where = {int(place): number for number, place in enumerate(one["place"])}
        points = [
            {"x": round(float(x), 4), "y": round(float(y), 4), "sector": name, "data": float(data)}
            for (x, y), name, data in zip(at, names, one["data"], strict=True)
        ]
        ends = [
            (where[int(a)], where[int(b)]) for a, b in zip(one["one"], one["other"], strict=True)
        ]
        across = np.array([names[a] != names[b] for a, b in ends], bool)
        order = np.argsort(-np.asarray(one["strength"]), kind="stable")
        chosen = [*order[across[order]][:ACROSS], *order[~across[order]][:INSIDE]]
        links = [
            {
                "x": points[ends[tie][0]]["x"],
                "y": points[ends[tie][0]]["y"],
                "x2": points[ends[tie][1]]["x"],
                "y2": points[ends[tie][1]]["y"],
                "across": bool(across[tie]),
            }
            for tie in chosen
        ]
        x = alt.X("x:Q", scale=span, axis=None)
        y = alt.Y("y:Q", scale=tall, axis=None)
        line = (
            alt.Chart(inline(links))
            .mark_rule(color=FAINT, strokeWidth=0.7)
            .encode(
                x=x,
                y=y,
                x2="x2:Q",
                y2="y2:Q",
                opacity=alt.condition("datum.across", alt.value(0.34), alt.value(0.2)),
            )
        )
        dot = (
            alt.Chart(inline(points))
            .mark_circle(opacity=0.9)
            .encode(
                x=x,
                y=y,
                size=alt.Size("data:Q", legend=None, scale=alt.Scale(range=[6, 230])),
                color=alt.Color(
                    "sector:N",
                    scale=alt.Scale(domain=list(SECTORS), range=list(SECTORS.values())),
                    legend=None,
                ),
                tooltip=[
                    "sector:N",
                    alt.Tooltip("data:Q", title="share of all data", format=".1%"),
                ],
            )
        )
        titles = [
            {
                "x": DISCS[place][0],
                "y": DISCS[place][1] + (0.66 if place != 1 else 1.02),
                "name": name,
            }
            for place, name in enumerate(SECTORS)
        ]
        text = (
            alt.Chart(inline(titles))
            .mark_text(fontSize=12, fontWeight=600)
            .encode(
                x=x,
                y=y,
                text="name:N",
                color=alt.Color(
                    "name:N",
                    scale=alt.Scale(domain=list(SECTORS), range=list(SECTOR_INK.values())),
                    legend=None,
                ),
            )
        )
        title = alt.TitleParams(words(str(one["policy"])), fontSize=13, fontWeight=600, offset=4)
        drawn = alt.layer(line, dot, text).resolve_scale(color="independent")
        panels.append(drawn.properties(width=inner, height=int(inner * 0.72), title=title))
        said.append(f"{words(str(one['policy']))}: {ties_in_words(one)}")
    return finish(
        alt.concat(*panels, columns=columns, spacing=16),
        f"Who is tied to whom, after {month + 1} months",
        "A disc of circles for each sector, joined by lines: each circle is an organization, sized "
        f"by its share of all data held; lines are ties, at most {ACROSS} across sectors and "
        f"{INSIDE} inside them. " + " ".join(said),
    )


def disc_places(sector: np.ndarray, data: np.ndarray) -> np.ndarray:
    """A place for each organization in the disc of its sector, the largest in the middle."""
    places = np.zeros((len(sector), 2))
    for one, (x, y) in DISCS.items():
        here = np.flatnonzero(sector == one)
        order = here[np.argsort(-data[here], kind="stable")]
        rank = np.arange(len(order)) + 0.5
        radius = (0.9 if one == 1 else 0.52) * np.sqrt(rank / max(len(order), 1))
        places[order, 0] = x + radius * np.cos(TURN * rank)
        places[order, 1] = y + radius * np.sin(TURN * rank)
    return places


def ties_in_words(one: Mapping[str, Any]) -> str:
    """How much of the strength of ties joins which sectors."""
    sector = dict(zip(np.asarray(one["place"]).tolist(), one["sector"], strict=True))
    names, total = list(SECTORS), float(np.sum(one["strength"]))
    found: dict[tuple[str, str], float] = {}
    for a, b, strength in zip(one["one"], one["other"], one["strength"], strict=True):
        pair = tuple(sorted((names[sector[int(a)]], names[sector[int(b)]])))
        found[pair] = found.get(pair, 0.0) + float(strength)  # type: ignore[index, arg-type]
    parts = sorted(found.items(), key=lambda item: -item[1])
    said = ", ".join(
        f"{a} and {b} {strength / total:.0%}" if a != b else f"within {a} {strength / total:.0%}"
        for (a, b), strength in parts
        if total
    )
    return f"{len(one['strength']):,} ties; of their strength {said}." if said else "no ties."


UNITS = {"share": "", "1": "", "power": "", "income/month": ", incomes a month"}


# --- the parts they share ----------------------------------------------------------------------


def lines(
    rows: Rows,
    by: str,
    colours: Mapping[str, str],
    ink: Mapping[str, str],
    title: str,
    width: int,
    *,
    height: int = 260,
    percent: bool = False,
    before: float = 0.0,
    top: float | None = None,
    facet: tuple[str, list[str], int] | None = None,
) -> Any:
    """Lines over the months with their bands, each named at its end."""
    high = top if top is not None else 1.04 * max((row["upper"] for row in rows), default=1.0)
    last = max((row["month"] for row in rows), default=1)
    names = [name for name in colours if any(row[by] == name for row in rows)]
    room = 10 + 7.2 * max((len(name) for name in names), default=1)
    groups = facet[1] if facet else [None]
    for group in groups:
        here = [row for row in rows if row["month"] == last]
        here = [row for row in here if facet is None or row[facet[0]] == group]
        line = 14 * high / height
        places = spread([row["value"] for row in here], line, line / 2, high - line / 2)
        for row, place in zip(here, places, strict=True):
            row.update(label=row[by], place=place)
    inner = width if facet else width - 52
    far = last * inner / max(inner - room, 1)  # room for the names
    scale = alt.Scale(domain=[-before, far], nice=False)
    ticks = alt.Axis(
        values=[month for month in range(0, last + 2, step(last)) if month <= last + 1],
        grid=False,
        titleAnchor="start",
    )
    x = alt.X("month:Q", title="month", scale=scale, axis=ticks)
    levels = alt.Scale(domain=[0, high], nice=False, zero=True)
    level_axis = alt.Axis(format=".0%" if percent else ".3~g", tickCount=5)
    y = alt.Y("value:Q", title=title, scale=levels, axis=level_axis)
    domain = alt.Scale(domain=names, range=[colours[name] for name in names])
    inks = alt.Scale(domain=names, range=[ink[name] for name in names])
    base = alt.Chart().encode(x=x)
    band = base.mark_area(opacity=0.16).encode(
        y=alt.Y("lower:Q", title=title, scale=levels, axis=level_axis),
        y2="upper:Q",
        color=alt.Color(f"{by}:N", scale=domain, legend=None),
    )
    line = base.mark_line(strokeWidth=2).encode(
        y=y,
        color=alt.Color(f"{by}:N", scale=domain, legend=None),
        tooltip=tooltips(by, "month"),
    )
    text = (
        base.transform_filter("isValid(datum.label)")
        .mark_text(align="left", dx=6, fontSize=12, fontWeight=600)
        .encode(
            y=alt.Y("place:Q", scale=levels),
            text="label:N",
            color=alt.Color(f"{by}:N", scale=inks, legend=None),
        )
    )
    data = inline(rows)
    chart = alt.layer(band, line, text, data=data).resolve_scale(color="independent")
    chart = chart.properties(width=inner, height=height)
    if facet is None:
        return chart
    return chart.facet(facet=heading(facet[0], facet[1]), columns=facet[2]).resolve_axis(
        x="independent", y="independent"
    )


def small_multiples(
    rows: Rows, results: xarray.Dataset, width: int, title: str, *, shared: bool
) -> Any:
    """A panel for each `panel` of the rows, with a line for each policy."""
    columns = 1 if width < NARROW else 2
    order = list(dict.fromkeys(row["panel"] for row in rows))
    last = last_month(results)
    ticks = alt.Axis(values=list(range(0, last + 2, step(last))), grid=False)
    scale = alt.Scale(domain=[0, last + 1], nice=False)
    axis = alt.Axis(tickCount=4, format=".3~g")
    base = alt.Chart().encode(
        x=alt.X("month:Q", title="month", axis=ticks, scale=scale),
        color=policy_legend(policy_colours(results), width),
    )
    band = base.mark_area(opacity=0.16).encode(
        y=alt.Y("lower:Q", title=title, axis=axis), y2="upper:Q"
    )
    line = base.mark_line(strokeWidth=2).encode(
        y=alt.Y("value:Q", title=title, axis=axis), tooltip=tooltips("policy", "month")
    )
    chart = alt.layer(band, line, data=inline(rows))
    chart = chart.properties(width=panel(width, columns, 50), height=150)
    faceted = chart.facet(facet=heading("panel", order), columns=columns)
    faceted = faceted.resolve_axis(x="independent", y="independent")
    return faceted if shared else faceted.resolve_scale(y="independent")


def dots(
    rows: Rows,
    by: str,
    columns: int,
    width: int,
    colour: alt.Color,
    *,
    percent: bool = False,
    names: bool = True,
    around_zero: bool = False,
) -> Any:
    """Dots with their ranges: a panel for each `panel` of the rows, each with its own scale."""
    order = list(dict.fromkeys(row[by] for row in rows))
    margin = 7 * max(map(len, order), default=1) if names else 16
    inner = panel(width, columns, margin)
    axis = alt.Axis(tickCount=3, format=".0%" if percent else ".3~g", labelOverlap="greedy")
    named_axis = alt.Axis(domain=False, ticks=False, grid=False, labelLimit=200, labelPadding=10)
    panels = []
    for title in dict.fromkeys(row["panel"] for row in rows):
        here = [row for row in rows if row["panel"] == title]
        low, high = min(row["lower"] for row in here), max(row["upper"] for row in here)
        if around_zero:
            low, high = min(low, -LEAST_CHANGE), max(high, LEAST_CHANGE)
        scale = alt.Scale(domain=[0, 1] if percent else [low, high], nice=not percent, zero=False)
        base = alt.Chart(inline(here)).encode(
            y=alt.Y(f"{by}:N", sort=order, title=None, axis=named_axis if names else None),
            color=colour,
            tooltip=tooltips(by, "panel"),
        )
        ranges = alt.X("lower:Q", title=None, axis=axis, scale=scale)
        bar = base.mark_rule(strokeWidth=2.5, opacity=0.55).encode(x=ranges, x2="upper:Q")
        dot = base.mark_point(filled=True, size=60, opacity=1).encode(
            x=alt.X("value:Q", title=None, axis=axis, scale=scale)
        )
        layers = [bar, dot]
        if around_zero:
            nothing = alt.Chart(inline([{"zero": 0}])).mark_rule(color=FAINT)
            layers.insert(0, nothing.encode(x=alt.X("zero:Q", title=None, scale=scale)))
        named_panel = alt.TitleParams(title, fontSize=13, fontWeight=600, offset=6)
        height = max(20 * len(order), 40)
        panels.append(alt.layer(*layers).properties(title=named_panel, width=inner, height=height))
    return alt.concat(*panels, columns=columns, spacing=22)


def measured_marks(rows: Rows, room: float) -> Any:
    """Diamonds at the left for what was measured, with their bounds."""
    many = max(len(rows), 1)
    marks = [
        {**ends(row), "time": row["time"], "at": -room * (many - place) / (many + 1)}
        for place, row in enumerate(rows)
    ]
    base = alt.Chart(inline(marks)).encode(x=alt.X("at:Q"), tooltip=tooltips("time", "time"))
    bar = base.mark_rule(strokeWidth=2, color=INK, opacity=0.6).encode(y="lower:Q", y2="upper:Q")
    dot = base.mark_point(shape="diamond", filled=True, size=70, color=INK, opacity=1)
    label = "◆ " + " and ".join(measured_at(row) for row in rows).replace("and measured", "and")
    said = [{"at": -room, "y": 0, "label": label}]
    text = alt.Chart(inline(said)).mark_text(align="left", color=INK, dy=-10, dx=2)
    return alt.layer(bar, dot.encode(y="value:Q"), text.encode(x="at:Q", y="y:Q", text="label:N"))


def measured_at(row: Row) -> str:
    """Measured, and when if the table says so."""
    return "measured" if row["time"] == "measured" else f"measured {row['time']}"


def policy_legend(colours: Mapping[str, str], width: int) -> alt.Color:
    """Policies by colour, named above the chart."""
    return alt.Color(
        "policy:N",
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=legend(width),
    )


def tooltips(*names: str) -> list[alt.Tooltip]:
    """What is said of the mark under the pointer."""
    said = [alt.Tooltip(f"{name}:N") for name in dict.fromkeys(names)]
    numbers = {"value": "median", "lower": "from", "upper": "to"}
    return said + [alt.Tooltip(f"{n}:Q", title=t, format=".3~g") for n, t in numbers.items()]


def gathered(
    results: xarray.Dataset, names: Mapping[str, str], as_: str, policy: str | None = None
) -> Rows:
    """Several indices as rows of one table, told apart by their labels."""
    chosen = results if policy is None else results.sel(policy=policy, drop=True)
    return [
        {as_: label, **row}
        for name, label in names.items()
        if name in results
        for row in bands(chosen[name])
    ]


def named(rows: Rows) -> Rows:
    """The rows with their policies and sectors in words."""
    said = {"policy": words, "sector": sector_words}
    return [
        {key: said[key](value) if key in said else value for key, value in row.items()}
        for row in rows
    ]


def sector_words(name: str) -> str:
    """A sector as the page calls it."""
    return "associations" if name == "social" else name


def ends(row: Row) -> Row:
    """The numbers of a row alone."""
    return {name: row[name] for name in ("value", "lower", "upper")}


def step(last: int) -> int:
    """Months between two ticks: whole years where there are years."""
    for months in (6, 12, 24, 60, 120, 240):
        if last / months <= 6:
            return months
    return 600


def months(results: xarray.Dataset) -> int:
    """How many months were run."""
    return last_month(results) + 1


def short(row: Row) -> str:
    """A number with its range, for a sentence."""
    return f"{row['value']:.3g} ({row['lower']:.3g} to {row['upper']:.3g})"


def in_words(rows: Rows, by: str) -> str:
    """Numbers with their ranges, for a sentence."""
    return ", ".join(f"{row[by]} {short(row)}" for row in rows) + "."


def all_in_words(rows: Rows, *by: str) -> str:
    """Every dot with its range, for those who do not see them."""
    said = [" ".join(str(row[name]) for name in by) + f" {short(row)}" for row in rows]
    return "; ".join(said) + "."


def ends_in_words(rows: Rows, *by: str) -> str:
    """Where the lines end, for those who do not see them."""
    last = max((row["month"] for row in rows), default=0)
    said = [
        " ".join(str(row[name]) for name in by) + f" {short(row)}"
        for row in rows
        if row["month"] == last
    ]
    return f"In month {last}: " + ", ".join(said) + "."
