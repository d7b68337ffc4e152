"""The page of a policy search: trade-offs, the robust choice, who loses, where it fails, the rule.

Every sentence follows from the numbers of draws that the search never saw, whatever they say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt

from datapolis.report.answered import Answer, Section, joined, percent
from datapolis.report.answers.ranges import range_of
from datapolis.studies.discovery import Box
from datapolis.studies.search import NOTHING, Loss, Row, Search
from datapolis.theme import (
    FAINT,
    GRID,
    INK,
    NARROW,
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

ROBUST_COLOUR, ROBUST_INK = SECTORS["government"], SECTOR_INK["government"]
NOMINAL_COLOUR, NOMINAL_INK = POLICIES[0], POLICY_INK[0]
HIGH = 0.5  # levers from here on are named in the answer
PANELS = {
    "citizens_gain_by_decile": "net gain of a citizen",
    "rights_by_decile": "mean right enjoyed",
}


def page(out: Path) -> Answer:
    """The page of the answer in a folder."""
    found = Search.read(out)
    question = json.loads((out / "question.json").read_text(encoding="utf-8"))
    return Answer(
        kind="search",
        title="Which portfolio of levers is robust?",
        asked=asked(found),
        answer=answer(found),
        sections=[
            tradeoffs(found),
            contents(found),
            robustness(found),
            curse(found),
            losers(found),
            failures(found),
            mending(found),
        ],
        sure=sure(found),
        again=[again(found, question)],
    )


# --- sentences -----------------------------------------------------------------------------------


def asked(found: Search) -> str:
    """What was asked."""
    aims = [f"{'more' if one['sign'] > 0 else 'less'} {spoken(one)}" for one in found.objectives]
    return (
        f"Which portfolio of levers gives {joined(aims)}, whatever {len(found.varied)} uncertain "
        f"parameters are? {found.looked_at:,} portfolios, doing nothing and the study's own among "
        f"them, in {found.draws['search']} worlds of {found.citizens:,} citizens over "
        f"{found.months} months."
    )


def answer(found: Search) -> str:
    """The answer."""
    row = found.row(found.robust)
    many = found.draws["reported"]
    gains = [
        f"{spoken(one)} {short(row.values[one['name']])} (doing nothing "
        f"{short(found.rows[0].values[one['name']])})"
        for one in found.objectives
    ]
    verdict = (
        "It gains over doing nothing on the whole"
        if row.score > 0
        else "On the whole it does not even beat doing nothing"
    )
    return (
        f"{row.name} regrets least at worst: {mainly(row)}. In {many} worlds held back: "
        f"{'; '.join(gains)}. {verdict}, and meets every target in {percent(row.satisficing)} of "
        f"the worlds."
        + (
            f" What it changes of citizens' net gain: {row.turns}"
            if row.turns and any(one["name"] == "prosperity" for one in found.objectives)
            else ""
        )
    )


def mainly(row: Row) -> str:
    """The levers of a portfolio that are up by half or more, and how many others there are."""
    levels = {
        lever: float(one.get("level", 1.0)) if isinstance(one, Mapping) else float(one)
        for lever, one in row.policy.items()
        if lever != "parameters"
    }
    high = [lever for lever, level in levels.items() if level >= HIGH]
    few = len(levels) - len(high)
    named = [
        lever.replace("_", " ") + (" by a rule" if _is_rule(row.policy[lever]) else "")
        for lever in high
    ]
    if not named:
        return "no lever by half or more"
    return joined(named) + (f", and {few} other{'s' * (few > 1)} a little" if few else "")


def _is_rule(setting: Any) -> bool:
    return isinstance(setting, Mapping) and "when" in setting


def short(value: float) -> str:
    """A number to read, in three digits."""
    return f"{value + 0.0:.3g}".replace("-", "−")


def digits(value: float) -> float:
    """A number of a table, in three digits."""
    return float(f"{value:.3g}") + 0.0


def spoken(one: Any) -> str:
    """An objective in words."""
    return str(one["name"]).replace("_", " ")


def called(row: Row, found: Search) -> str:
    """A portfolio with what it was chosen for."""
    names = [
        word
        for name, word in ((found.robust, "robust choice"), (found.nominal, "best at defaults"))
        if name == row.name
    ]
    return f"{row.name}, {' and '.join(names)}" if names else row.name.replace("_", " ")


# --- sections ------------------------------------------------------------------------------------


def tradeoffs(found: Search) -> Section:
    """The portfolios, and what each gives up for what."""
    beaten = [one for one in found.rows if not one.on_front]
    columns: dict[str, Sequence[Any]] = {
        "portfolio": [called(one, found) for one in found.rows],
        **{
            head(one): [digits(row.values[one["name"]]) for row in found.rows]
            for one in found.objectives
        },
        "gain": [digits(row.score) for row in found.rows],
        "regret, worst tenth": [digits(row.regret) for row in found.rows],
        "meets all targets": [percent(row.satisficing) for row in found.rows],
    }
    text = (
        f"Means over {found.draws['reported']} worlds and seeds that the search never saw. Gain is "
        "over doing nothing: every objective in units of how far portfolios lie apart in it, and "
        "then their mean. Regret is what the best portfolio of the same world gains more, in the "
        "tenth of worlds where that is most."
    )
    text += "\n\n" + (
        f"Others beat {joined([called(one, found) for one in beaten])} in every objective at once."
        if beaten
        else "None of them is beaten by another in every objective at once."
    )
    targets = joined([f"{spoken(one)}: {one['target']}" for one in found.objectives])
    text += f" Targets: {targets}."
    return Section(
        title="What each gives up",
        text=text,
        charts=partial(parallel, found),
        columns=columns,
    )


def contents(found: Search) -> Section:
    """What every reported portfolio does."""
    return Section(
        title="What is in them",
        text=(
            "Levers from 0 to 1. Those with a month rise from there to their level in two years; "
            "a rule acts in the month after its index has passed the mark. Every portfolio is "
            "kept in tables/portfolios.parquet as a study would hold it."
        ),
        columns={
            "portfolio": [called(one, found) for one in found.rows],
            "what it does": [one.says for one in found.rows],
        },
    )


def head(one: Any) -> str:
    """An objective as the heading of a column."""
    better = "more is better" if one["sign"] > 0 else "less is better"
    unit = "" if one["unit"] in ("1", "share") else f"{one['unit']}, "
    return f"{spoken(one)} ({unit}{better})"


def robustness(found: Search) -> Section:
    """The price of robustness."""
    robust, nominal = found.row(found.robust), found.row(found.nominal)
    if robust.name == nominal.name:
        text = (
            f"{robust.name} is also the best where every parameter has the study's own value: "
            "being robust costs nothing here."
        )
        rows = [found.rows[0], robust]
    else:
        price, saved = nominal.at_defaults - robust.at_defaults, nominal.regret - robust.regret
        text = (
            f"Where every parameter has the study's own value, {nominal.name} was chosen: it gains "
            f"{short(nominal.at_defaults)}, {robust.name} {short(robust.at_defaults)}. "
        )
        text += (
            f"So being robust costs {short(price)} there"
            if price > 0
            else f"With fresh chance being robust costs nothing there ({short(-price)} gained)"
        )
        text += (
            f", and takes {short(saved)} off the regret of the worst tenth of worlds."
            if saved > 0
            else f"; in worlds held back it regrets {short(-saved)} more at worst, not less."
        )
        rows = [found.rows[0], robust, nominal]
    return Section(
        title="What robustness costs",
        text=text,
        columns={
            "portfolio": [called(one, found) for one in rows],
            "gain at the study's own parameters": [digits(one.at_defaults) for one in rows],
            "gain, mean over worlds": [digits(one.score) for one in rows],
            "regret, worst tenth": [digits(one.regret) for one in rows],
            "meets all targets": [percent(one.satisficing) for one in rows],
        },
    )


def curse(found: Search) -> Section:
    """What the search promised, and what came of it."""
    rows = [one for one in found.rows[1:] if one.chosen_score is not None]
    robust = found.row(found.robust)
    lost = [one.chosen_score - one.score for one in rows if one.chosen_score is not None]
    promised = robust.chosen_score or 0.0
    text = (
        f"What is best of {found.looked_at:,} owes part of it to the worlds it was found in. In "
        f"those {robust.name} gained {short(promised)}, in worlds held back {short(robust.score)}: "
        f"chosen minus reported is {short(promised - robust.score)}. Over all that are reported "
        f"the mean is {short(sum(lost) / len(lost))}. All other numbers on this page are of worlds "
        "held back."
    )
    return Section(title="Promised and kept", text=text, charts=partial(kept, found))


def losers(found: Search) -> Section:
    """Who loses by the choice."""
    said = []
    for index, label in PANELS.items():
        rows = [one for one in found.losses if one.portfolio == found.robust]
        rows = [one for one in rows if one.index == index]
        losing = [one for one in rows if one.losing > 0.5]
        worst = max(rows, key=lambda one: one.losing)
        if losing:
            which = joined([str(one.decile) for one in losing])
            tenths = (
                "every tenth of income has"
                if len(losing) == len(rows)
                else f"tenth {which} of income (1 is the poorest) has"
                if len(losing) == 1
                else f"tenths {which} of income (1 is the poorest) have"
            )
            said.append(f"By {label}, {tenths} less than under doing nothing in most worlds.")
        elif worst.losing > 0.0:
            said.append(
                f"By {label}, no tenth of income loses in most worlds; tenth {worst.decile} "
                f"(1 is the poorest) loses most often, in {percent(worst.losing)} of them."
            )
        else:
            said.append(f"By {label}, no tenth of income loses in any world that was tried.")
    by_index: dict[str, Sequence[Any]] = {}
    for index, label in PANELS.items():
        rows = [one for one in found.losses if one.portfolio == found.robust]
        rows = [one for one in rows if one.index == index]
        by_index[f"{label}, mean change"] = [digits(one.change) for one in rows]
        by_index[f"{label}, loses in"] = [percent(one.losing) for one in rows]
    if turns := found.row(found.robust).turns:
        said.append(f"What it changes of the mean net gain, over all months: {turns}")
    return Section(
        title=f"Who loses by {found.robust}",
        text=" ".join(said)
        + " Losing is having less than in the same world, with the same chance, where nothing is "
        "done; how much less, the table says.",
        charts=partial(by_tenth, found),
        columns={"tenth of income": list(range(1, 11)), **by_index},
    )


def failures(found: Search) -> Section:
    """Where the choice fails."""
    many = found.draws["discovered"]
    text = f"{found.robust} misses a target in {percent(found.failing)} of {many} other worlds."
    if found.box is None:
        if 0.0 < found.failing < 1.0:
            text += (
                " No region of the parameters was found in which failures lie denser than chance "
                "explains."
            )
        return Section(title="Where it fails", text=text)
    box = Box.from_json(found.box)
    text += (
        f" Failures gather where {found.rule}: {percent(box.density)} of those worlds fail, which "
        f"is {percent(box.coverage)} of all failures in {percent(box.mass)} of the worlds. "
        f"Failures shuffled over the worlds give as good a rule in {100 * box.p_chance:.1f} % of "
        "cases or fewer."
    )
    return Section(
        title="Where it fails",
        text=text,
        columns={
            "parameter": list(box.limits),
            "fails from": [_side(low) for low, _ in box.limits.values()],
            "to": [_side(high) for _, high in box.limits.values()],
            "was varied over": [range_of(name) for name in box.limits],
            "quasi-p": [box.p_values[name] for name in box.limits],
        },
    )


def _side(value: float) -> str:
    return "free" if abs(value) == float("inf") else short(value)


def mending(found: Search) -> Section:
    """Whether a rule mends it."""
    one = found.mending
    if one is None:
        why = (
            "It fails nowhere: there is nothing to mend."
            if found.failing == 0.0
            else "No rule was tried: it fails in every world, or no index tells failing worlds "
            "from others."
        )
        return Section(title="Can a rule mend it?", text=why)
    told = f"Failing worlds are told from others by {joined(list(one.watched))}. {one.tried} rules "
    if not one.added:
        text = told + (
            "on them were tried, in failing worlds and in others: none meets the targets more "
            "often, or comes nearer to them. No rule of this kind mends it."
        )
        return Section(title="Can a rule mend it?", text=text)
    rules = [
        f"{lever.replace('_', ' ')} fully while {rule['when']} is "
        f"{'above' if rule['above'] else 'below'} {rule['mark']:.3g}"
        for lever, rule in one.added.items()
    ]
    verdict = (
        "That mends it: more worlds meet the targets than chance explains"
        if one.mended
        else "That is not more than chance explains: it does not clearly mend it"
        if one.won >= one.lost
        else "That does more harm than good"
    )
    text = told + (
        f"on them were tried, in failing worlds and in others. What helps most there: "
        f"{joined(rules)}, the rest as it was.\n\n"
        f"In {one.draws} worlds held back from all of this, {found.robust} meets every target in "
        f"{percent(one.before)}, with that in {percent(one.after)}: {one.won} worlds are won, "
        f"{one.lost} lost (sign test, p = {one.p_value:.2g}). {verdict}. Its gain goes from "
        f"{short(one.score_before)} to {short(one.score_after)}."
    )
    return Section(title="Can a rule mend it?", text=text)


def sure(found: Search) -> list[str]:
    """How sure it is, and what it cannot say."""
    return [
        "The worlds, the seeds and the numbers on this page are not those of the search; the "
        "choice itself would come out otherwise with other worlds, and a longer search may find "
        "better.",
        f"Robust means: over {len(found.varied)} parameters within their ranges, in this model. "
        "What no parameter stands for was not tried.",
        "Objectives weigh alike in gain and regret, each in units of how far portfolios lie apart. "
        "Whoever weighs them otherwise reads the table, not the choice.",
        "Costs are in full levers, each at its declared cost. Nobody has measured what levers cost "
        "a real government.",
        "A policy that meets a target in the model is a reason to look closer, not a reason to "
        "decide.",
    ]


def again(found: Search, question: dict[str, Any]) -> str:
    """The line that gives the same."""
    line = f"datapolis search study.toml out/search --budget {found.budget}"
    return line + ("  # with the posterior that was given" if question.get("posterior") else "")


# --- charts --------------------------------------------------------------------------------------


def parallel(found: Search, width: int = WIDE) -> list[Chart]:
    """An axis for each objective, better upwards; a line for each portfolio."""
    names = [one["name"] for one in found.objectives]
    sides = {}
    for one in found.objectives:
        values = [row.values[one["name"]] for row in found.rows]
        worst, best = (min(values), max(values)) if one["sign"] > 0 else (max(values), min(values))
        sides[one["name"]] = (worst, best)
    kinds = {row.name: kind(row, found) for row in found.rows}
    rows: list[dict[str, Any]] = []
    for row in found.rows:
        for place, name in enumerate(names):
            worst, best = sides[name]
            height = 0.5 if worst == best else (row.values[name] - worst) / (best - worst)
            rows.append(
                {
                    "portfolio": row.name,
                    "kind": kinds[row.name],
                    "objective": name.replace("_", " "),
                    "place": place,
                    "height": height,
                    "value": row.values[name],
                    "says": row.says,
                }
            )
    ends = [row for row in rows if row["place"] == len(names) - 1 and row["kind"] != "other"]
    narrow = width < NARROW
    places = spread([row["height"] for row in ends], 0.062, 0.0, 1.0)
    for end, at in zip(ends, places, strict=True):
        end.update(at=at, label=label(end["portfolio"], found, narrow))
    room = (5.2 if narrow else 6.4) * max(len(row["label"]) for row in ends) + 14
    inner = int(width - 24)
    far = (len(names) - 1) * inner / max(inner - room - 36, 1)
    near = -36 * far / inner
    x_scale = alt.Scale(domain=[near, far], nice=False)
    y_scale = alt.Scale(domain=[-0.17, 1.17], nice=False)
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("place:Q", scale=x_scale, axis=None), y=alt.Y("height:Q", scale=y_scale, axis=None)
    )
    drawn = kind_colours(found)
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=list(drawn), range=[c for c, _ in drawn.values()]),
        legend=None,
    )  # fmt: skip
    inks = alt.Color(
        "kind:N", scale=alt.Scale(domain=list(drawn), range=[i for _, i in drawn.values()]),
        legend=None,
    )  # fmt: skip
    tooltip = [
        alt.Tooltip("portfolio:N"),
        alt.Tooltip("objective:N"),
        alt.Tooltip("value:Q", format=".3~g"),
        alt.Tooltip("says:N", title="does"),
    ]
    axes_rows = [
        {
            "place": place,
            "bottom": 0.0,
            "top": 1.0,
            "name": one["name"].replace("_", " "),
            "best": short(sides[one["name"]][1]),
            "worst": short(sides[one["name"]][0]),
        }
        for place, one in enumerate(found.objectives)
    ]
    axes = alt.Chart(inline(axes_rows)).encode(x=alt.X("place:Q", scale=x_scale, axis=None))
    rule = axes.mark_rule(color=GRID, strokeWidth=1.5).encode(
        y=alt.Y("bottom:Q", scale=y_scale, axis=None), y2="top:Q"
    )
    size = 10 if narrow else 12
    titles = [
        axes.transform_filter(f"datum.place % 2 == {odd}")
        .mark_text(dy=-24 - 13 * odd * narrow, fontSize=size, fontWeight=600, color=INK)
        .encode(y=alt.Y("top:Q", scale=y_scale), text="name:N")
        for odd in (0, 1)
    ]
    best = axes.mark_text(dy=-9, fontSize=size - 1, color=FAINT).encode(
        y=alt.Y("top:Q", scale=y_scale), text="best:N"
    )
    worst = axes.mark_text(dy=11, fontSize=size - 1, color=FAINT).encode(
        y=alt.Y("bottom:Q", scale=y_scale), text="worst:N"
    )
    line = base.mark_line().encode(
        detail="portfolio:N",
        color=colour,
        strokeWidth=alt.condition("datum.kind == 'other'", alt.value(1.0), alt.value(2.4)),
        opacity=alt.condition("datum.kind == 'other'", alt.value(0.55), alt.value(1.0)),
        tooltip=tooltip,
    )
    dot = base.mark_point(filled=True, size=26, opacity=1).encode(color=colour, tooltip=tooltip)
    named = (
        base.transform_filter("isValid(datum.label)")
        .mark_text(align="left", dx=8, fontSize=size, fontWeight=600)
        .encode(y=alt.Y("at:Q", scale=y_scale), text="label:N", color=inks)
    )
    chart = alt.layer(rule, line, dot, named, *titles, best, worst).resolve_scale(
        color="independent"
    )
    chart = chart.properties(width=inner, height=340)
    said = "; ".join(
        f"{called(row, found)}: "
        + ", ".join(f"{name.replace('_', ' ')} {short(row.values[name])}" for name in names)
        for row in found.rows
        if kinds[row.name] != "other"
    )
    return [
        finish(
            chart,
            "Trade-offs between portfolios, better upwards",
            "An axis for each objective, from the worst value at the bottom to the best at the "
            f"top, and a line for each portfolio. {said}.",
        )
    ]


def kind(row: Row, found: Search) -> str:
    """How a portfolio is drawn."""
    if row.name == NOTHING:
        return "nothing"
    if row.name == found.robust:
        return "robust"
    if row.name == found.nominal:
        return "nominal"
    return "other" if row.name.startswith("P") and row.name[1:].isdigit() else row.name


def label(name: str, found: Search, narrow: bool = False) -> str:
    """A portfolio at the end of its line."""
    if name == found.robust:
        return f"{name}, robust"
    if name == found.nominal:
        return f"{name}, nominal" if narrow else f"{name}, best at defaults"
    return name.replace("_", " ")


def kind_colours(found: Search) -> dict[str, tuple[str, str]]:
    """The colour, and the colour of the name, of every kind of portfolio."""
    colours = {
        "nothing": (PLAIN, FAINT),
        "robust": (ROBUST_COLOUR, ROBUST_INK),
        "nominal": (NOMINAL_COLOUR, NOMINAL_INK),
        "other": (PLAIN, FAINT),
    }
    own = [one.name for one in found.rows if kind(one, found) == one.name]
    for place, name in enumerate(own):
        turn = 1 + place % (len(POLICIES) - 1)
        colours[name] = (POLICIES[turn], POLICY_INK[turn])
    return colours


def kept(found: Search, width: int = WIDE) -> list[Chart]:
    """The gain in the worlds of the search, and in worlds held back."""
    rows: list[dict[str, Any]] = [
        {"portfolio": called(one, found), "promised": one.chosen_score, "kept": one.score}
        for one in found.rows[1:]
        if one.chosen_score is not None
    ]
    order = [str(row["portfolio"]) for row in sorted(rows, key=lambda row: -float(row["kept"]))]
    inner = max(int(width - min(6.6 * max(map(len, order)), 210) - 24), 110)
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y(
            "portfolio:N",
            sort=order,
            title=None,
            axis=alt.Axis(domain=False, ticks=False, labelLimit=210),
        ),
        tooltip=[
            alt.Tooltip("portfolio:N"),
            alt.Tooltip("promised:Q", title="in the search", format=".3~g"),
            alt.Tooltip("kept:Q", title="held back", format=".3~g"),
        ],
    )
    said_axis = "gain over doing nothing: ● in worlds held back, ○ in the search"
    axis = alt.X(
        "kept:Q", title=said_axis,
        scale=alt.Scale(zero=True, nice=True), axis=alt.Axis(tickCount=5, format=".2~g"),
    )  # fmt: skip
    rule = base.mark_rule(color=PLAIN, strokeWidth=1.5).encode(x=axis, x2="promised:Q")
    dot = base.mark_point(filled=True, size=64, opacity=1, color=ROBUST_COLOUR).encode(x=axis)
    ring = base.mark_point(size=54, opacity=1, color=INK, fill="white").encode(
        x=alt.X("promised:Q", title=said_axis)
    )
    nothing = (
        alt.Chart(inline([{"zero": 0}]))
        .mark_rule(color=FAINT)
        .encode(x=alt.X("zero:Q", title=said_axis))
    )
    chart = alt.layer(nothing, rule, ring, dot).properties(width=inner, height=21 * len(rows))
    said = "; ".join(
        f"{row['portfolio']} {short(row['promised'])} and {short(row['kept'])}" for row in rows
    )
    return [
        finish(
            chart,
            "What the search promised, and what was kept",
            "For each portfolio its gain over doing nothing in the worlds of the search, and in "
            f"worlds held back: {said}.",
        )
    ]


def by_tenth(found: Search, width: int = WIDE) -> list[Chart]:
    """In how many worlds a tenth of income loses."""
    labels = {found.robust: "robust choice", found.nominal: "best at defaults"}
    if found.robust == found.nominal:
        labels = {found.robust: "robust choice"}
    rows = [
        {
            "panel": PANELS[one.index],
            "tenth": one.decile,
            "losing": one.losing,
            "change": one.change,
            "portfolio": f"{one.portfolio}, {labels[one.portfolio]}",
        }
        for one in found.losses
    ]
    names = [f"{name}, {word}" for name, word in labels.items()]
    colours = [ROBUST_COLOUR, NOMINAL_COLOUR][: len(names)]
    columns = 1 if width < NARROW else 2
    base = alt.Chart().encode(
        x=alt.X("tenth:O", title="tenth of income (1 poorest)", axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "losing:Q",
            title="worlds in which it loses",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format=".0%", tickCount=5),
        ),
        color=alt.Color(
            "portfolio:N", scale=alt.Scale(domain=names, range=colours), legend=legend(width)
        ),
        tooltip=[
            alt.Tooltip("portfolio:N"),
            alt.Tooltip("tenth:O"),
            alt.Tooltip("losing:Q", title="loses in", format=".0%"),
            alt.Tooltip("change:Q", title="mean change", format=".3~g"),
        ],
    )
    line, dot = base.mark_line(strokeWidth=1.5), base.mark_point(filled=True, size=46, opacity=1)
    chart = (
        alt.layer(line, dot, data=inline(rows))
        .properties(width=panel(width, columns, 52), height=170)
        .facet(facet=heading("panel", list(PANELS.values())), columns=columns)
        .resolve_axis(x="independent", y="independent")
    )
    said = "; ".join(
        f"{label}: {_losing(found.losses, found.robust, index)}" for index, label in PANELS.items()
    )
    return [
        finish(
            chart,
            "Who loses, by tenth of income",
            "The share of worlds in which a tenth of income has less than under doing nothing. "
            f"{found.robust}, poorest first: {said}.",
        )
    ]


def _losing(losses: Sequence[Loss], portfolio: str, index: str) -> str:
    rows = [one for one in losses if one.portfolio == portfolio and one.index == index]
    return ", ".join(percent(one.losing) for one in rows)
