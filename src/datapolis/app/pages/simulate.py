"""The page Simulate: a society under a policy of one's own, beside the same one without it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from datapolis.app import exports, fields
from datapolis.app.comparison import RESULTS, Comparison
from datapolis.app.components import (
    WIDTHS,
    Form,
    Html,
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
from datapolis.app.view import SHOWS as SHOW_NAMES
from datapolis.app.view import (
    WHOLE,
    View,
    cleaned,
    declared_number,
    from_query,
    one_of,
    python_lines,
    short,
    timed,
    to_query,
    whole_number,
)
from datapolis.core.errors import InputError
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED
from datapolis.report import charts, sentences
from datapolis.report import page as reports
from datapolis.report.tables import KEYS, Key, large_enough

if TYPE_CHECKING:
    import xarray

EVERY = 1.2  # seconds between two pictures while months arrive
BLANK = (
    '<div class="empty"><p><strong>Nothing is simulated yet.</strong></p><p>Set a policy, or leave '
    "everything as it is, and press Run. The months appear here as they are computed.</p></div>"
)
RULES = "The study's policy follows a rule that this page cannot show, and is opened without it"
STALE = "The charts show what was run before. Press Run for what is set now."


@dataclass(frozen=True)
class Shown:
    """A chart with what it says and what it cannot say."""

    draw: Callable[[xarray.Dataset, int], Any]
    needs: str
    says: tuple[Callable[[xarray.Dataset, Any], str], ...] = ()
    limits: str = ""
    compares: bool = False  # needs a policy besides doing nothing


def _of_report(id: str) -> Shown:
    """A figure of the report."""
    one = next(figure for figure in reports.FIGURES if figure.id == id)
    return Shown(
        lambda results, width: one.draw(results, [], width),
        one.needs[0],
        (one.says,),
        one.limits,
        one.needs_others,
    )


POWER_KEYS = tuple(key for key in KEYS if key.name == "power_share")
USER_KEYS = tuple(key for key in KEYS if key.name in ("top_fifth_share", "user_herfindahl"))
TENTH_KEYS = (
    Key("rights_inequality", "inequality of rights (Gini)"),
    Key("stray_share", "data beyond citizens' control"),
)
PLACES: dict[str, tuple[Shown, ...]] = {
    "power": (
        Shown(
            charts.sector_balances,
            "power_share",
            (reports.say_trends(*POWER_KEYS), reports.say_changes(*POWER_KEYS)),
            next(one.limits for one in reports.FIGURES if one.id == "sector-balance"),
        ),
        _of_report("four-ways"),
    ),
    "market": (
        _of_report("user-concentration"),
        Shown(
            charts.lorenz_curves,
            "user_share_by_firm",
            (reports.say_changes(*USER_KEYS),),
            "The curves are of users, not of money or data. Firms that left are not counted.",
        ),
    ),
    "rights": (_of_report("rights"),),
    "privacy": (_of_report("privacy"),),
    "income": (
        Shown(
            charts.privacy_by_income,
            "rights_by_decile",
            (reports.say_changes(*TENTH_KEYS),),
            "Each point is a mean over a tenth of all citizens; differences inside it are not "
            "shown. Each panel has its own scale.",
        ),
    ),
    "law": (_of_report("law"), _of_report("governance")),
    "changes": (_of_report("policy-changes"),),
}
TIES_LIMITS = (
    "One society of several, the first seed. Which organization is tied to which is mostly chance: "
    "compare how much joins the sectors, not single lines."
)


class Simulate(Page):
    """Sliders and levers at the left, months as they arrive at the right."""

    name: ClassVar[str] = "simulate"
    words: ClassVar[str] = "Simulate"
    heading: ClassVar[str] = "What would a policy change?"
    lead: ClassVar[str] = (
        "A made society of citizens, firms, agencies and associations, run twice with the same "
        "chance: once as government leaves everything alone, once under your policy."
    )
    layout: ClassVar[str] = """<div class="split">
<aside class="stays" aria-label="What is simulated">
<div class="society">{{ embed(roots.controls) }}</div>
<div class="levers">{{ embed(roots.levers) }}</div>
<div class="parameters">{{ embed(roots.parameters) }}</div>
</aside>
<div class="results">{{ embed(roots.status) }}{{ embed(roots.choice) }}{{ embed(roots.body) }}
<div class="actions-of">{{ embed(roots.actions) }}</div>{{ embed(roots.again) }}</div></div>"""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.base = session.settings.base
        session.view, slips = from_query(session.query, self.base)
        self.linked = bool(session.query) and not slips
        view = session.view
        values = fields.values_of(view, self.base)
        self.controls = Form(self.changed, groups=fields.society_groups(), values=values)
        self.levers = Form(self.changed, groups=fields.lever_groups(view), values=values)
        self.parameters = Form(
            self.changed, groups=fields.parameter_groups(view, self.base), values=values
        )
        self.choice = Form(
            self.changed, groups=[_choice()], values={"show": view.show}, visible=False
        )
        self.body = Html(html=BLANK)
        self.actions = Form(self.changed, groups=[downloads(exports.OF_SIMULATION)], visible=False)
        self.again = Html()
        if slips:
            said = "\n".join(str(one) for one in slips)
            self.status.html = problem(f"Some of the link could not be used:\n{said}")
        elif self.base.rules and not session.query:
            said = ", ".join(name.replace("_", " ") for name in self.base.rules)
            self.status.html = problem(f"{RULES}: {said}. `datapolis run` follows it.")
        self.refresh()

    @property
    def parts(self) -> dict[str, Any]:
        """The parts by the names of their places."""
        names = ("controls", "levers", "parameters", "choice", "body", "actions", "again")
        return {**super().parts, **{name: getattr(self, name) for name in names}}

    def opened(self) -> None:
        """A link that says something is followed at once."""
        kept = RESULTS.get(self.session.view.key(self.base))
        if kept is not None:
            self.session.results, self.session.ties = kept
            self.session.ran = self.session.view
            self.finished()
            self.draw_again()
        elif self.linked:
            self.run()

    # --- what a person does --------------------------------------------------------------------

    def changed(self, id: str, value: Any) -> None:
        """A field was changed, or a button pressed."""
        if id == "run":
            self.run()
        elif id == "cancel":
            self.cancel()
        elif id in exports.OF_SIMULATION:
            self.download(id)
        elif id == "link":
            self.courier.tell({"copy": True})
        elif id == "show":
            self.show(value)
        else:
            self.set(id, value)

    def set(self, id: str, value: Any) -> None:
        """Take over a field, or tell what is wrong with it."""
        forms = (self.controls, self.levers, self.parameters)
        form = next((one for one in forms if id in one.ids), self.controls)
        try:
            self.session.view = self._with(id, value)
        except InputError as error:
            said = f"{error.problem[:1].upper()}{error.problem[1:]}: {error.allowed}"
            form.errors = {**form.errors, id: said}
            return
        form.errors = {name: text for name, text in form.errors.items() if name != id}
        form.set(**{id: fields.values_of(self.session.view, self.base)[id]})
        if id == "months":
            self.levers.groups = fields.lever_groups(self.session.view)
        self.courier.address(to_query(self.session.view, self.base))
        if not self.session.busy and self.session.ran is not None:
            same = self.session.view.key(self.base) == self.session.ran.key(self.base)
            self.status.html = "" if same else escape(STALE)

    def _with(self, id: str, value: Any) -> View:
        """The view with another value of a field. Raises InputError."""
        view = self.session.view
        if id in DECLARED:
            number = declared_number(DECLARED[id], _text(value))
            found = replace(view, parameters={**view.parameters, id: number})
        elif id in LEVER_DECLARED:
            found = replace(view, levers={**view.levers, id: read_lever(id, value)})
        elif id in WHOLE:
            found = replace(view, **{id: whole_number(id, _text(value))})  # type: ignore[arg-type]
        else:
            raise InputError("no such field", field=id[:60])
        return cleaned(found, self.base).check()

    def show(self, value: Any) -> None:
        """Show other charts of the same societies."""
        try:
            name = one_of("show", _text(value), SHOW_NAMES)
        except InputError:
            return
        self.session.view = replace(self.session.view, show=name)
        self.choice.set(show=name)
        self.courier.address(to_query(self.session.view, self.base))
        self.draw_again()

    def run(self) -> None:
        """Begin to simulate what is set now."""
        session = self.session
        session.ran, session.results, session.ties = session.view, None, []
        self.courier.address(to_query(session.view, self.base))
        self.begin(partial(self._work, view=session.view))
        self.status.html = progress("Preparing the society …", 0, 0)
        self.refresh()

    def cancel(self) -> None:
        """Stop; what has arrived stays."""
        if not self.session.busy or self.session.job is None:
            return
        self.session.job.cancel()
        self._stopped()

    def download(self, id: str) -> None:
        """Hand out a file."""
        view, results = self.session.ran, self.session.results
        if results is None or view is None or self.session.busy:
            return
        self.prepare(partial(exports.of_simulation, id, view, self.base, results))

    # --- in the background ---------------------------------------------------------------------

    def _work(self, job: Job, view: View) -> None:
        key = view.key(self.base)
        found = RESULTS.get(key)
        if found is None:
            found = self._computed(job, view)
            RESULTS.put(key, found)
        self._draw(view, *found, live=False, job=job)

    def _computed(self, job: Job, view: View) -> tuple[Any, Any]:
        """The results of a view, shown as its months arrive."""
        job.tell("Preparing the society …", 0, 0)
        comparison = Comparison(view, self.base)
        total = view.months * len(comparison.runs)
        job.tell("Compiling the month: some seconds, once for each size of society", 0, 0)
        drawn = 0.0
        while not comparison.done:
            job.check()
            comparison.advance()
            months = sum(run.month for run in comparison.runs)
            job.tell(f"{comparison.month} of {view.months} months", months, total)
            if comparison.month and time.monotonic() - drawn > EVERY and not comparison.done:
                self._draw(view, comparison.results(), comparison.ties(), live=True, job=job)
                drawn = time.monotonic()
        return comparison.results(), comparison.ties()

    def _draw(
        self, view: View, results: Any, ties: Any, *, live: bool, job: Job | None = None
    ) -> None:
        """Draw what is to be shown, in a thread, and put it on the page."""
        with self._drawing:
            show = self.session.view.show
            html = body(results, ties, show, view, self.courier.narrow, live=live)
            if job is not None:
                job.check()
            self.put(partial(self._drawn, view, results, ties, show, html, job))

    def _drawn(
        self, view: View, results: Any, ties: Any, show: str, html: str, job: Job | None
    ) -> None:
        session = self.session
        if job is not None and (job is not session.job or job.cancelled):
            return
        session.ran, session.results, session.ties = view, results, ties
        self.choice.visible = True
        if session.view.show == show:
            self.body.html = html
        elif not session.busy:
            self.draw_again()

    def draw_again(self) -> None:
        """Draw what the session holds, as it is to be shown now."""
        session = self.session
        if session.results is not None and session.ran is not None:
            given = (session.ran, session.results, session.ties)
            live = not self._whole()
            self.aside(partial(self._draw, *given, live=live))

    def finished(self) -> None:
        """Say so, and how to have it again."""
        view = self.session.ran
        assert view is not None
        self.status.html = escape(
            f"Done: {view.months} months, {view.members} societies, seeds {seeds_in_words(view)}."
        )
        self.again.html = reproduced(
            "These lines give the same numbers, bit for bit, on a machine of this kind: the page "
            "runs the same batches. <code>datapolis run</code> on the study file gives them up to "
            "rounding.",
            python_lines(view, self.base),
            exports.cited(view, self.base),
        )
        self.refresh()

    def _stopped(self) -> None:
        results = self.session.results
        months = 0 if results is None else results.sizes["month"]
        self.status.html = escape(
            f"Cancelled. The charts show the first {months} months." if months else "Cancelled."
        )
        if not months:
            self.session.ran = None
        self.refresh()

    def refresh(self) -> None:
        """Which buttons can be pressed."""
        busy = self.session.busy
        ready = self.session.results is not None and not busy and self._whole()
        self.controls.set(run=not busy, cancel=busy)
        self.actions.set(**dict.fromkeys([*exports.OF_SIMULATION, "link"], ready))
        self.actions.visible = ready
        if not ready:
            self.again.html = ""

    def _whole(self) -> bool:
        results, view = self.session.results, self.session.ran
        return view is not None and results is not None and results.sizes["month"] == view.months


def body(
    results: xarray.Dataset,
    ties: Sequence[Any],
    show: str,
    view: View,
    narrow: bool,
    *,
    live: bool,
) -> str:
    """The charts of one choice as HTML."""
    width = WIDTHS[narrow]
    shown = large_enough(results, view.citizens)
    if show == "ties":
        month = results.sizes["month"] - 1
        return figure(charts.tie_network(ties, month, width), [], TIES_LIMITS, live=live)
    made = []
    for one in PLACES[show]:
        if one.needs not in shown or (one.compares and not view.levers):
            continue
        says = [] if live else [say(shown, []) for say in one.says]
        made.append(figure(one.draw(shown, width), says, one.limits, live=live))
    if show == "changes" and not live:
        made.append(numbers(shown))
        if not view.levers:
            made.insert(0, paragraphs(["No lever is set, so there is nothing to compare."]))
    if not made:
        made.append(
            paragraphs(["Groups of fewer than 10 citizens are not shown: take more citizens."])
        )
    return "".join(made)


def numbers(results: xarray.Dataset) -> str:
    """Key numbers with their units beside them."""
    rows = exports.number_rows(results)
    names = list(dict.fromkeys(row["at"] for row in rows))
    indices = list(dict.fromkeys((row["index"], row["unit"]) for row in rows))
    cell = {(row["index"], row["at"]): row for row in rows}
    columns: dict[str, list[str]] = {
        "Index": [index for index, _ in indices],
        "Unit": [unit for _, unit in indices],
    }
    for name in names:
        columns[name] = [
            exports.ranged(one) if (one := cell.get((index, name))) else "–" for index, _ in indices
        ]
    caption = "Medians over societies; in brackets the middle 90 % of them."
    caption = " ".join(filter(None, (caption, sentences.net_gain(results))))
    return "<h2>Key numbers</h2>" + table(columns, "Key numbers", caption, names)


def read_lever(name: str, value: Any) -> Any:
    """What the field of a lever says. Raises InputError."""
    if not isinstance(value, dict) or value.get("kind") not in {kind for kind, _ in fields.KINDS}:
        raise InputError("cannot be read", field=name, allowed="a kind, a level and months")
    if value["kind"] == "off":
        return 0.0
    level = declared_number(LEVER_DECLARED[name], _text(value.get("level")))
    if value["kind"] == "always":
        return level
    high = WHOLE["months"][1]
    start, end = (whole_number_of(name, _text(value.get(side)), high) for side in ("from", "to"))
    return timed(name, "~" if value["kind"] == "rises" else "@", level, start, end)


def whole_number_of(name: str, text: str, high: int) -> int:
    """A month."""
    if not text.isascii() or not text.isdigit() or int(text[:9]) > high:
        raise InputError("not a month", field=name, value=text[:20], allowed=f"0 to {high}")
    return int(text)


def seeds_in_words(view: View) -> str:
    """The seeds of the members."""
    return f"{view.seed} to {view.seed + view.members - 1}"


def _text(value: Any) -> str:
    """What a browser sent as text of bounded length."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return short(float(value)) if isinstance(value, float) else str(value)[:400]


def _choice() -> dict[str, Any]:
    field = {"id": "show", "kind": "choice", "label": "What is shown", "quiet": True}
    return {"fields": [{**field, "options": fields.SHOWS}]}
