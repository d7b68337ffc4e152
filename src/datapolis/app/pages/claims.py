"""The page Claims: the verdicts of a trial, and the experiment behind each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from datapolis.app.components import escape, figure, paragraphs, table
from datapolis.app.pages.answers import Answers, last_words, section
from datapolis.report.answered import Answer
from datapolis.studies.claims.claim_test import Trial, claims_of, said
from datapolis.studies.claims.draws import BOX, POSTERIOR
from datapolis.studies.claims.verdict import VERDICTS

ALL, OVERVIEW = "all", "overview"


@dataclass(frozen=True)
class Content:
    """A trial and its page."""

    trial: Trial
    answer: Answer

    def place(self, experiment: str) -> int:
        """Where an experiment stands among those tried; -1 if it was not."""
        return next((i for i, one in enumerate(self.trial.tried) if one.id == experiment), -1)


class Claims(Answers):
    """Which verdicts at the left, the table and the experiment at the right."""

    name: ClassVar[str] = "claims"
    words: ClassVar[str] = "Claims"
    heading: ClassVar[str] = "Which claims hold, and where?"
    lead: ClassVar[str] = (
        "The essay's claims on trial: each experiment pulls one thing in the model, in many draws "
        "of its parameters. A verdict is about this model, not about the world."
    )
    kind: ClassVar[str] = "claims"
    command: ClassVar[str] = "datapolis claims"

    def pick(self, name: str, text: str) -> str:
        """Take over an experiment, a verdict or a claim."""
        allowed = {"x": self._experiments(), "verdict": [ALL, *VERDICTS], "claim": self._claims()}
        if name not in allowed:
            return f"{name}: nothing of that name can be in a link"
        if text not in allowed[name]:
            return f"{name}: no such choice (given: {text[:40]!r})"
        self.chosen[name] = text
        if name == "claim" and text:
            self.chosen["x"] = claims_of(self.content.trial)[text][0][0]
        elif name == "x":
            self.chosen["claim"] = ""
        return ""

    def _experiments(self) -> list[str]:
        return [OVERVIEW, *(one.id for one in self.content.trial.tried)]

    def _claims(self) -> list[str]:
        return ["", *claims_of(self.content.trial)]

    def read(self, path: Path) -> Content:
        """The trial that a folder holds."""
        from datapolis.report.answered import page

        return Content(Trial.read(path), page(path))

    def groups(self) -> list[dict[str, Any]]:
        """Which trial, which experiment, which verdicts."""
        trial = self.content.trial
        experiments = [[OVERVIEW, "all of them"]]
        experiments += [[one.id, f"{one.id}: {one.question}"] for one in trial.tried]
        order = sorted(claims_of(trial), key=lambda one: ("IMERVP".index(one[0]), int(one[1:])))
        return [
            {
                "fields": [
                    self.source_field(),
                    {"id": "x", "kind": "select", "label": "Experiment", "options": experiments},
                    {
                        "id": "claim",
                        "kind": "select",
                        "label": "or the experiment of a claim",
                        "options": [["", "choose a claim"], *([one, one] for one in order)],
                        "help": "Counted as in docs/claims-map.md.",
                    },
                    {
                        "id": "verdict",
                        "kind": "choice",
                        "label": "Verdicts on what is calibrated",
                        "options": [[ALL, "all"], *([one, one] for one in VERDICTS)],
                    },
                ]
            }
        ]

    def values(self) -> dict[str, Any]:
        """What is chosen."""
        chosen = {"x": OVERVIEW, "claim": "", "verdict": ALL, **self.chosen}
        return {name: chosen[name] for name in ("from", "x", "claim", "verdict")}

    def html(self, chosen: dict[str, str], width: int) -> str:
        """The experiment that is chosen, above it the way back; or all verdicts."""
        content: Content = self.content
        place = content.place(chosen.get("x", OVERVIEW))
        if place >= 0:
            back = '<p><a href="claims?x=overview">All verdicts</a></p>'
            return back + section(content.answer.sections[1 + place], width)
        return self._overview(content, chosen.get("verdict", ALL), width)

    def _overview(self, content: Content, verdict: str, width: int) -> str:
        trial, answer = content.trial, content.answer
        made = [paragraphs([answer.answer], "lead"), paragraphs([answer.asked])]
        shown = [
            one
            for one in trial.tried
            if verdict == ALL
            or (POSTERIOR in one.verdicts and one.verdicts[POSTERIOR].verdict == verdict)
        ]
        source = self.chosen["from"]
        more = "" if source == next(iter(self.answers)) else f"&from={escape(source)}"
        columns = {
            "Experiment": [one.id for one in shown],
            "Question": [one.question for one in shown],
            "Calibrated": [said(one, POSTERIOR) for one in shown],
            "Whole box": [said(one, BOX) for one in shown],
            "Differ": ["yes" if one.flips else "" for one in shown],
        }
        links = {one.id: f"claims?x={one.id}{more}" for one in shown}
        if shown:
            made.append(table(columns, "Verdicts", links=links))
        else:
            made.append(paragraphs([f"No experiment is {verdict} in what is calibrated."]))
        first = answer.sections[0]
        made.append("<h2>In how many draws</h2>" + paragraphs(first.text.split("\n\n")))
        made += [figure(chart) for chart in (first.charts(width) if first.charts else ())]
        claims = answer.sections[-1]
        folded = section(claims, width, "h3")
        made.append(f"<details><summary>{escape(claims.title)}</summary>{folded}</details>")
        made.append(last_words(answer))
        return "".join(made)
