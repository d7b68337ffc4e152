"""The page Measure: an audit of a table; what decides what may be said is asked before a number."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from datapolis.app import exports, questions
from datapolis.app.bounds import MOST_COLUMNS, check_size
from datapolis.app.components import (
    WIDTHS,
    Form,
    Html,
    Upload,
    escape,
    figure,
    paragraphs,
    problem,
    progress,
    table,
)
from datapolis.app.jobs import Job
from datapolis.app.pages.page import Page, downloads, reproduced
from datapolis.app.state import Session
from datapolis.audits.finding import AUDITS, INTERVALS, Audit, with_progress
from datapolis.core.errors import InputError

FIRST = 12  # findings that are not folded away
LONGEST = 400  # characters of an answer
BLANK = (
    '<div class="empty"><p><strong>Nothing is measured yet.</strong></p><p>Give a table, choose a '
    "question, and say what the numbers are. Nothing is computed before that, and the answer tells "
    "first what it cannot say.</p></div>"
)


class Measure(Page):
    """A table and what is asked of it at the left, the findings at the right."""

    name: ClassVar[str] = "measure"
    words: ClassVar[str] = "Measure"
    heading: ClassVar[str] = "What does a table say, and what can it not?"
    lead: ClassVar[str] = (
        "An audit answers one question to your table with findings that hold up when they are "
        "contested. No model has to be believed."
    )
    layout: ClassVar[str] = """<div class="split">
<aside aria-label="The table and the question">
<div class="table-of">{{ embed(roots.first) }}{{ embed(roots.columns) }}</div>
<div class="question">{{ embed(roots.kind) }}{{ embed(roots.second) }}{{ embed(roots.options) }}
{{ embed(roots.go) }}</div></aside>
<div class="results">{{ embed(roots.status) }}{{ embed(roots.body) }}
<div class="actions-of">{{ embed(roots.actions) }}</div>{{ embed(roots.again) }}</div></div>"""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.known: list[str] = []  # columns of the first table
        self.kind_chosen = ""
        self.values: dict[str, Any] = {}
        self.first, self.second = self._upload("first"), self._upload("second")
        self.second.visible = False
        self.columns = Html(look="columns", live=True)
        field = {
            "id": "kind",
            "kind": "select",
            "label": "The question",
            "options": questions.kinds(),
        }
        self.kind = Form(
            self.changed, groups=[{"fields": [field]}], values={"kind": ""}, visible=False
        )
        self.options = Form(self.changed)
        self.go = Form(self.changed, groups=[_go()], values={"measure": False, "cancel": False})
        self.go.visible = False
        self.body = Html(html=BLANK)
        self.actions = Form(self.changed, groups=[downloads(exports.OF_AUDIT)], visible=False)
        self.again = Html()
        self._follow(session.query)

    def _upload(self, which: str) -> Upload:
        session, room = self.session, self.session.settings.room
        return Upload(
            session.uploads,
            partial(room.check, session),
            partial(self.arrived, which),
            self.failed,
            most=room.of_table,
        )

    @property
    def parts(self) -> dict[str, Any]:
        """The parts by the names of their places."""
        names = ("first", "second", "columns", "kind", "options", "go", "body")
        return {
            **super().parts,
            **{name: getattr(self, name) for name in (*names, "actions", "again")},
        }

    # --- what a person does --------------------------------------------------------------------

    def arrived(self, which: str, path: Path) -> None:
        """A table was uploaded; its columns are told, and nothing else."""
        kept = self.session.uploads() / which
        kept.mkdir(exist_ok=True)
        for other in kept.iterdir():
            other.unlink()
        place = path.rename(kept / path.name)
        self.session.tables.pop(which, None)
        if which == "first":
            self.known, self.session.audit = [], None
            self.body.html = BLANK
        self.refresh()
        self.status.html = progress("Reading the columns …", 0, 0)
        self.aside(partial(self._look, which, place))

    def _look(self, which: str, path: Path) -> None:
        from datapolis import tables

        check_size(path)
        opened = tables.open_table(path)
        names = [str(name) for name in opened.columns]
        self.put(partial(self._looked, which, path, names))

    def _looked(self, which: str, path: Path, names: list[str]) -> None:
        self.session.tables[which] = path
        if which == "first":
            self.known = names
            said = ", ".join(f"<code>{escape(name)}</code>" for name in names[:200])
            self.columns.html = (
                f"<p><strong>{escape(path.name)}</strong> has the columns {said}.</p>"
            )
        self.status.html = ""
        self.refresh()

    def changed(self, id: str, value: Any) -> None:
        """A field was changed, or a button pressed."""
        if id == "kind":
            self.choose(str(value)[:40])
        elif id == "measure":
            self.measure()
        elif id == "cancel":
            self.cancel()
        elif id in exports.OF_AUDIT:
            self.download(id)
        elif id == "link":
            self.courier.tell({"copy": True})
        else:
            self.answer(id, value)

    def choose(self, kind: str) -> None:
        """Choose the question."""
        self.kind_chosen = kind if kind in AUDITS else ""
        self.values = questions.defaults(kind) if self.kind_chosen else {}
        self.options.errors = {}
        self.kind.set(kind=self.kind_chosen)
        self.refresh()

    def answer(self, id: str, value: Any) -> None:
        """Answer one of the questions."""
        if id not in self.values:
            return
        if isinstance(value, list):
            value = [str(one)[:LONGEST] for one in value[:MOST_COLUMNS]]
        elif not isinstance(value, bool):
            value = str(value)[:LONGEST]
        self.values[id] = value
        self.options.errors = {
            name: said for name, said in self.options.errors.items() if name != id
        }
        self.refresh()

    def measure(self) -> None:
        """Begin the audit, if all that decides what may be said was said."""
        if "first" not in self.session.tables or not self.kind_chosen:
            return
        lacking = questions.missing(self.kind_chosen, self.values)
        if lacking:
            self.options.errors = lacking
            self.status.html = problem(
                "No number yet: some of what decides what may be said is not answered."
            )
            return
        try:
            named = questions.named(self.kind_chosen, self.values)
        except InputError as error:
            self.options.errors = {error.field: str(error)}
            return
        self.options.errors = {}
        self.session.audit = None
        self.body.html = ""
        self.begin(partial(self._work, kind=self.kind_chosen, named=named))
        self.status.html = progress("Reading the table …", 0, 0)
        self.refresh()

    def cancel(self) -> None:
        """Stop."""
        if self.session.job is not None and self.session.busy:
            self.session.job.cancel()
            self.status.html = "Cancelled. Nothing was kept."
            self.body.html = BLANK
            self.refresh()

    def download(self, id: str) -> None:
        """Hand out a file."""
        audit = self.session.audit
        if audit is None or self.session.busy:
            return
        self.prepare(partial(exports.of_audit, id, audit))

    # --- in the background ---------------------------------------------------------------------

    def _work(self, job: Job, kind: str, named: dict[str, Any]) -> None:
        audit, session = AUDITS[kind], self.session
        given = [session.tables["first"]]
        if "second" in session.tables and len(questions.sources(kind)) > 1:
            given.append(session.tables["second"])
        job.tell("Measuring …", 0, 0)
        found = audit(*given, **named, **with_progress(audit, job.tell))
        job.check()
        html = answer(found, self.courier.narrow)
        job.check()
        self.put(partial(self._answered, job, found, html))

    def _answered(self, job: Job, found: Audit, html: str) -> None:
        if job is not self.session.job or job.cancelled:
            return
        self.session.audit = found
        self.body.html = html

    def finished(self) -> None:
        """Say so, and how to have it again."""
        self.status.html = "Done."
        audit = self.session.audit
        assert audit is not None
        self.again.html = reproduced(
            "These lines give the same findings, beside the table.",
            exports.audit_lines(audit),
            exports.cited_audit(audit),
        )
        self.refresh()

    # --- what is shown -------------------------------------------------------------------------

    def refresh(self) -> None:
        """Bring all parts to what the session holds."""
        session = self.session
        ready, busy = bool(self.known), session.busy
        self.kind.visible = ready
        if not ready:
            self.columns.html = ""
        asked = ready and bool(self.kind_chosen)
        groups = questions.groups(self.kind_chosen, self.known, self.values) if asked else []
        if groups != self.options.groups:
            self.options.groups = groups
        shown = {
            field["id"]: questions.shown(field, self.values.get(field["id"], ""))
            for group in groups
            for field in group["fields"]
        }
        if shown != self.options.values:
            self.options.values = shown
        sources = questions.sources(self.kind_chosen) if asked else {}
        self.second.visible = len(sources) > 1
        if len(sources) > 1:
            name = list(sources)[1]
            self.second.label = f"A second table: {name} (only if there is one)"
        self.go.visible = asked
        self.go.values = {"measure": asked and not busy, "cancel": busy}
        done = session.audit is not None and not busy
        self.actions.visible = done
        self.actions.values = dict.fromkeys([*exports.OF_AUDIT, "link"], done)
        if not done:
            self.again.html = ""
        if asked:
            self.courier.address(self._query())

    def _query(self) -> dict[str, str]:
        """The question as a link: the table itself is never in it."""
        plain = questions.defaults(self.kind_chosen)
        said = {"kind": self.kind_chosen}
        for name, value in self.values.items():
            if value != plain.get(name) and questions.answered(value):
                said[name] = ",".join(value) if isinstance(value, list) else str(value)
        return said

    def _follow(self, query: dict[str, str]) -> None:
        """Take over the question of a link; what cannot be used is told."""
        kind = query.get("kind", "")
        if not query:
            return
        if kind not in AUDITS:
            self.status.html = problem("The link names no question that can be asked.")
            return
        self.kind_chosen, self.values = kind, questions.defaults(kind)
        self.kind.set(kind=kind)
        unknown = []
        for name, text in list(query.items())[:60]:
            if name == "kind":
                continue
            if name not in self.values or len(text) > LONGEST:
                unknown.append(name[:60])
            elif isinstance(self.values[name], bool):
                self.values[name] = text == "True"
            elif isinstance(self.values[name], list):
                self.values[name] = [one for one in text.split(",") if one]
            else:
                self.values[name] = text
        said = "The question of the link is set. Drop the table that it is asked of."
        self.status.html = escape(said)
        if unknown:
            self.status.html = problem(
                f"Some of the link could not be used: {', '.join(unknown)}.\n{said}"
            )


def answer(audit: Audit, narrow: bool) -> str:
    """The findings as HTML: what they say and cannot say, then the charts."""
    from datapolis.report.measured import finding_row
    from datapolis.report.render import environment

    rows = environment().get_template("audit.html").module.rows
    found = [finding_row(one) for one in audit.findings]
    made = [f"<h2>{escape(audit.title)}</h2>"]
    limits = list(dict.fromkeys(one.cannot_say for one in audit.findings if one.cannot_say))
    made.append(str(rows(found[:FIRST])))
    if found[FIRST:]:
        more = f"<summary>{len(found) - FIRST} more findings</summary>"
        made.append(f"<details>{more}{rows(found[FIRST:])}</details>")
    made.append(paragraphs([audit.question]))
    if limits:
        items = "".join(f"<li>{escape(one)}</li>" for one in limits)
        made.append(f"<h3>What it cannot say</h3><ul>{items}</ul>")
    used = {one.interval for one in audit.findings} - {"none"}
    made.append(
        paragraphs([f"{words}." for kind, words in INTERVALS.items() if kind in used], "limits")
    )
    for one in audit.figures(WIDTHS[narrow]):
        if one.chart is None:
            made.append(f"<figure><h3>{escape(one.title)}</h3>{paragraphs(one.says)}</figure>")
        else:
            made.append(figure(one.chart, one.says))
    notes = "".join(f"<li>{escape(note)}</li>" for note in audit.notes)
    if notes:
        made.append(f"<details><summary>What was read</summary><ul>{notes}</ul></details>")
    if audit.targets:
        columns = {
            "Index": [one.index for one in audit.targets],
            "Value": [f"{one.value:.4g}" for one in audit.targets],
            "Unit": [one.unit or "1" for one in audit.targets],
            "Time": [one.time for one in audit.targets],
        }
        made.append(
            f"<details><summary>{len(audit.targets)} targets for calibration</summary>"
            + table(columns, "Targets", "", ("Value",))
            + "</details>"
        )
    return "".join(made)


def _go() -> dict[str, Any]:
    return {
        "look": "row",
        "fields": [
            {"id": "measure", "kind": "button", "label": "Measure", "look": "primary"},
            {"id": "cancel", "kind": "button", "label": "Cancel", "look": "stop"},
        ],
    }
