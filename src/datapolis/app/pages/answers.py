"""What the pages of stored answers share: where answers lie, and how their sections are shown."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from datapolis.app.components import WIDTHS, Form, Html, escape, figure, paragraphs, problem, table
from datapolis.app.pages.page import Page
from datapolis.app.state import Session
from datapolis.audits.finding import short
from datapolis.core.errors import InputError, StoreError
from datapolis.report.answered import Answer, Section

SHIPPED = Path(__file__).parents[1] / "shipped"
MOST = 40  # folders that are offered
LARGEST = 50_000_000  # bytes of an answer that is read


def found_answers(folder: Path, kind: str) -> dict[str, Path]:
    """The folders with an answer of a kind, by the names under which they are offered."""
    found: dict[str, Path] = {}
    shipped = SHIPPED / kind
    places = [
        path for depth in ("", "*/", "*/*/") for path in sorted(folder.glob(f"{depth}answer.json"))
    ]
    for path in places[: 10 * MOST]:
        if len(found) < MOST and kind_of_answer(path) == kind:
            found[path.parent.relative_to(folder).as_posix()] = path.parent
    if (shipped / "answer.json").is_file():
        found["shipped"] = shipped
    return found


def kind_of_answer(path: Path) -> str:
    """What kind of answer a file holds; nothing if it holds none."""
    try:
        if path.stat().st_size > LARGEST:
            return ""
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(content.get("kind", "")) if isinstance(content, dict) else ""


class Answers(Page, ABC):
    """A page of stored answers: which one, and what of it is shown."""

    kind: ClassVar[str]
    command: ClassVar[str]  # that makes one

    layout: ClassVar[str] = """<div class="split">
<aside class="stays" aria-label="What is shown">{{ embed(roots.controls) }}</aside>
<div class="results">{{ embed(roots.status) }}{{ embed(roots.body) }}</div></div>"""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.answers = found_answers(session.settings.results, self.kind)
        self.chosen: dict[str, str] = {"from": next(iter(self.answers), "")}
        self.content: Any = None
        self.slips: list[str] = []
        self.linked = {k[:60]: text[:200] for k, text in list(session.query.items())[:20]}
        if "from" in self.linked:
            self.slips.append(self.take("from", self.linked.pop("from")))
        self.controls = Form(self.changed)
        self.body = Html()

    @property
    def parts(self) -> dict[str, Any]:
        """The parts by the names of their places."""
        return {**super().parts, "controls": self.controls, "body": self.body}

    def opened(self) -> None:
        """Read the answer that is chosen."""
        self.load()

    def load(self) -> None:
        """Read the chosen answer in a thread."""
        path = self.answers.get(self.chosen["from"])
        if path is None:
            self.body.html = self.nothing()
            self._tell_slips()
            return
        self.aside(partial(self._load, path))

    def _load(self, path: Path) -> None:
        try:
            content = self.read(path)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(
                f"{path.name}: holds no answer that can be read ({type(error).__name__})"
            ) from None
        self.put(partial(self._loaded, content))

    def _loaded(self, content: Any) -> None:
        self.content = content
        self.slips += [self.pick(name, text) for name, text in self.linked.items()]
        self.linked = {}
        self.controls.groups = self.groups()
        self.controls.values = self.values()
        self._tell_slips()
        self.draw()

    def _tell_slips(self) -> None:
        said = [text for text in self.slips if text]
        if said:
            self.status.html = problem("Some of the link could not be used:\n" + "\n".join(said))
            self.slips = []

    def draw(self) -> None:
        """Draw what is chosen, in a thread."""
        chosen = dict(self.chosen)

        def work() -> None:
            with self._drawing:
                html = self.html(chosen, WIDTHS[self.courier.narrow])
            self.put(partial(self._drawn, chosen, html))

        self.aside(work)

    def _drawn(self, chosen: dict[str, str], html: str) -> None:
        if chosen == self.chosen:
            self.body.html = html

    def changed(self, id: str, value: Any) -> None:
        """A field was changed."""
        slip = self.take(id, _text(value))
        if slip:
            self.controls.errors = {**self.controls.errors, id: slip}
            return
        self.controls.errors = {k: v for k, v in self.controls.errors.items() if k != id}
        self.courier.address(self.query())
        if id == "from":
            self.content = None
            self.load()
        elif self.content is not None:
            self.controls.values = self.values()
            self.draw()

    def query(self) -> dict[str, str]:
        """What is chosen, as a link."""
        first = next(iter(self.answers), "")
        return {
            name: value
            for name, value in self.chosen.items()
            if value and not (name == "from" and value == first)
        }

    def take(self, name: str, text: str) -> str:
        """Take over a choice; what is wrong with it, in words, or nothing."""
        if name == "from":
            if text not in self.answers:
                return str(
                    InputError(
                        "no such answer", field=name, value=text, allowed=", ".join(self.answers)
                    )
                )
            self.chosen = {"from": text}
            return ""
        return self.pick(name, text)

    def source_field(self) -> dict[str, Any]:
        """The choice of an answer."""
        options = [
            [name, "made for docs/claims.md, shipped" if name == "shipped" else name]
            for name in self.answers
        ]
        return {"id": "from", "kind": "select", "label": "The answer of", "options": options}

    def nothing(self) -> str:
        """What is said where there is no answer yet."""
        return (
            '<div class="empty"><p><strong>No answer is stored yet.</strong></p>'
            f"<p>Run <code>{escape(self.command)}</code> and start the app with "
            "<code>--results</code> and the folder that holds it, here "
            f"<code>{escape(self.session.settings.results)}</code>.</p></div>"
        )

    # --- what each kind says -------------------------------------------------------------------

    @abstractmethod
    def pick(self, name: str, text: str) -> str:
        """Take over a choice of this kind of answer; what is wrong with it, or nothing."""

    @abstractmethod
    def read(self, path: Path) -> Any:
        """The answer that a folder holds."""

    @abstractmethod
    def groups(self) -> list[dict[str, Any]]:
        """The fields."""

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """Their values."""

    @abstractmethod
    def html(self, chosen: dict[str, str], width: int) -> str:
        """What is shown of it."""


def section(one: Section, width: int, level: str = "h2") -> str:
    """A section of an answer as HTML: sentences, charts, table."""
    made = [f"<{level}>{escape(one.title)}</{level}>"]
    made.append(paragraphs([text for text in one.text.split("\n\n") if text]))
    made += [figure(chart) for chart in (one.charts(width) if one.charts else ())]
    if one.columns:
        made.append(columns_table(one.columns, one.title))
    return "".join(made)


def columns_table(columns: Mapping[str, Sequence[Any]], label: str) -> str:
    """The table of a section."""
    written = {name: [cell(one) for one in found] for name, found in columns.items()}
    numeric = [
        name
        for name, found in columns.items()
        if any(isinstance(one, int | float) for one in found)
    ]
    return table(written, label, numeric=numeric)


def cell(value: Any) -> str:
    """A cell to read."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return short(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def last_words(answer: Answer) -> str:
    """How sure it is, and the lines that give the same."""
    sure = "".join(f"<li>{escape(text)}</li>" for text in answer.sure)
    again = escape("\n".join(answer.again))
    return (
        f"<h2>How sure this is</h2><ul>{sure}</ul><h2>Reproduce it</h2>"
        f'<pre tabindex="0"><code>{again}</code></pre>'
    )


def _text(value: Any) -> str:
    return str(value)[:200] if isinstance(value, str | int | float) else ""
