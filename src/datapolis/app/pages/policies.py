"""The page Policies: portfolios that a search found, brushed by what one asks of each objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from datapolis.app.components import escape, figure, paragraphs
from datapolis.app.pages.answers import Answers, columns_table, last_words, section
from datapolis.app.view import Base as Start
from datapolis.app.view import View, cleaned, short, to_query
from datapolis.core.policy import LEVER_DECLARED, Pulse, Ramp
from datapolis.report.answered import Answer
from datapolis.report.answers.search import called, digits, head, parallel, spoken
from datapolis.report.page import setting_words
from datapolis.studies.search import NOTHING, Row, Search


@dataclass(frozen=True)
class Content:
    """A search and its page."""

    search: Search
    answer: Answer

    def sides(self, name: str) -> tuple[float, float]:
        """The least and the greatest value of an objective among the portfolios."""
        values = [row.values[name] for row in self.search.rows]
        return min(values), max(values)


class Policies(Answers):
    """What is asked of each objective at the left, what is left of the portfolios at the right."""

    name: ClassVar[str] = "policies"
    words: ClassVar[str] = "Policies"
    heading: ClassVar[str] = "Which policy holds up whatever is true?"
    lead: ClassVar[str] = (
        "Portfolios of levers that a search found, none beaten in every objective at once. Say "
        "what you ask of each objective; see which are left, and where the robust one fails."
    )
    kind: ClassVar[str] = "search"
    command: ClassVar[str] = "datapolis search study.toml out/search --budget small"

    def pick(self, name: str, text: str) -> str:
        """Take over a bound on an objective, or a portfolio."""
        found: Search = self.content.search
        if name == "portfolio":
            if text and text not in {row.name for row in found.rows}:
                return f"portfolio: no such portfolio (given: {text[:40]!r})"
            self.chosen[name] = text
            return ""
        objectives = {f"bound_{one['name']}": one for one in found.objectives}
        if name not in objectives:
            return f"{name[:40]}: nothing of that name can be in a link"
        low, high = self.content.sides(objectives[name]["name"])
        try:
            value = float(text)
        except ValueError:
            return f"{spoken(objectives[name])}: not a number (given: {text[:40]!r})"
        if not low - 1e-9 <= value <= high + 1e-9:
            return f"{spoken(objectives[name])}: out of range; allowed: {low:.3g} to {high:.3g}"
        self.chosen[name] = short(value)
        return ""

    def read(self, path: Path) -> Content:
        """The search that a folder holds."""
        from datapolis.report.answered import page

        return Content(Search.read(path), page(path))

    def groups(self) -> list[dict[str, Any]]:
        """Which search, a bound for each objective, and one portfolio to look at."""
        found: Search = self.content.search
        bounds = []
        for one in found.objectives:
            low, high = self.content.sides(one["name"])
            more = one["sign"] > 0
            bounds.append(
                {
                    "id": f"bound_{one['name']}",
                    "kind": "range",
                    "label": f"{spoken(one).capitalize()}: at {'least' if more else 'most'}",
                    "unit": "" if one["unit"] in ("1", "share") else str(one["unit"]),
                    "min": low,
                    "max": high,
                    "step": (high - low) / 100 or 1e-6,
                    "default": low if more else high,
                    "info": f"{one['about']}. Target of the search: {one['target']}.",
                }
            )
        names = [[row.name, called(row, found)] for row in found.rows]
        return [
            {"fields": [self.source_field()]},
            {
                "title": "What you ask",
                "note": "Portfolios that do not meet it are left out.",
                "fields": bounds,
            },
            {
                "title": "Look at one",
                "fields": [
                    {
                        "id": "portfolio",
                        "kind": "select",
                        "label": "Portfolio",
                        "options": [["", "none"], *names],
                    }
                ],
            },
        ]

    def values(self) -> dict[str, Any]:
        """What is chosen."""
        found: dict[str, Any] = {"from": self.chosen["from"]}
        for one in self.content.search.objectives:
            low, high = self.content.sides(one["name"])
            name = f"bound_{one['name']}"
            found[name] = float(self.chosen.get(name, low if one["sign"] > 0 else high))
        return {**found, "portfolio": self.chosen.get("portfolio", "")}

    def left(self, chosen: Mapping[str, str]) -> tuple[Row, ...]:
        """The portfolios that meet every bound."""
        kept = []
        for row in self.content.search.rows:
            meets = True
            for one in self.content.search.objectives:
                bound = chosen.get(f"bound_{one['name']}")
                if bound is not None:
                    gap = one["sign"] * (row.values[one["name"]] - float(bound))
                    meets = meets and gap >= -1e-9
            if meets:
                kept.append(row)
        return tuple(kept)

    def html(self, chosen: dict[str, str], width: int) -> str:
        """The portfolios that are left, the one that is looked at, and how the robust one holds."""
        found: Search = self.content.search
        answer: Answer = self.content.answer
        rows = self.left(chosen)
        many = len(found.rows)
        made = [paragraphs([answer.answer], "lead"), paragraphs([answer.asked])]
        made.append(f"<h2>{len(rows)} of {many} portfolios meet what you ask</h2>")
        if rows:
            made.append(figure(parallel(replace(found, rows=rows), width)[0]))
            made.append(columns_table(_columns(rows, found), "Portfolios"))
        else:
            made.append(paragraphs(["None does: ask less of one objective."]))
        if chosen.get("portfolio"):
            made.append(_one(found.row(chosen["portfolio"]), found))
        contents = section(answer.sections[1], width, "h3")
        title = escape(answer.sections[1].title)
        made.append(f"<details><summary>{title}</summary>{contents}</details>")
        made += [section(one, width) for one in answer.sections[2:]]
        made.append(last_words(answer))
        return "".join(made)


def _columns(rows: tuple[Row, ...], found: Search) -> dict[str, list[Any]]:
    return {
        "Portfolio": [called(row, found) for row in rows],
        **{
            head(one): [digits(row.values[one["name"]]) for row in rows] for one in found.objectives
        },
        "Regret, worst tenth": [digits(row.regret) for row in rows],
        "Meets all targets": [f"{row.satisficing:.0%}" for row in rows],
    }


def _one(row: Row, found: Search) -> str:
    """A portfolio with its levers, and a way to see it at work."""
    items = "".join(
        f"<li><strong>{escape(name.replace('_', ' '))}</strong>: {escape(setting_words(one))}</li>"
        for name, one in row.policy.items()
        if name in LEVER_DECLARED
    )
    columns: dict[str, list[Any]] = {
        "Objective": [spoken(one) for one in found.objectives],
        "Unit": [str(one["unit"]) for one in found.objectives],
        "Mean": [digits(row.values[one["name"]]) for one in found.objectives],
        "From": [digits(row.lower[one["name"]]) for one in found.objectives],
        "To": [digits(row.upper[one["name"]]) for one in found.objectives],
    }
    text = f"<h2>{escape(called(row, found))}</h2>"
    text += f"<ul>{items}</ul>" if items else "<p>It leaves every lever untouched.</p>"
    text += columns_table(columns, "Objectives of the portfolio")
    text += paragraphs(["From and to hold the middle 90 % of worlds held back."], "limits")
    if row.name != NOTHING:
        link, rules = link_of(row)
        text += f'<p><a href="{escape(link)}">See it at work on the page Simulate</a></p>'
        if rules:
            said = ", ".join(name.replace("_", " ") for name in rules)
            text += paragraphs([f"Rules cannot be shown there; left out: {said}."], "limits")
    return text


def link_of(row: Row) -> tuple[str, list[str]]:
    """The link to a portfolio at work, and the levers that follow rules and are left out."""
    levers: dict[str, Any] = {}
    rules = []
    for name, one in row.policy.items():
        if name not in LEVER_DECLARED:
            continue
        if not isinstance(one, Mapping):
            levers[name] = round(float(one), 4)
        elif "when" in one:
            rules.append(name)
        elif "at" in one:
            levers[name] = Pulse(int(one["at"]), int(one["months"]), round(float(one["level"]), 4))
        else:
            levers[name] = Ramp(int(one["from"]), int(one["to"]), round(float(one["level"]), 4))
    query = to_query(cleaned(View(levers=levers), Start()), Start())
    return f"simulate?{urlencode(query, safe='~@,')}", rules
