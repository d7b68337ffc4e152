"""What all pages have: a session, a courier, and work in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from datapolis.app.components import Courier, Html, escape, problem, progress
from datapolis.app.exports import Citation, block
from datapolis.app.jobs import Job, Told
from datapolis.app.state import Session
from datapolis.core.errors import InputError, StoreError, kind_of

ASIDES = threading.BoundedSemaphore(2)  # short pieces of work of all sessions at once
MOST_ASIDES = 8  # of one page, at work or waiting
CROWDED = "Too much was asked at once. Wait for what is under way, then try again."


class Page:
    """One page of one session."""

    name: ClassVar[str]
    words: ClassVar[str]  # in the list of pages
    heading: ClassVar[str]
    lead: ClassVar[str]
    layout: ClassVar[str]  # the body, with a place for each part

    def __init__(self, session: Session) -> None:
        self.session = session
        self.courier = Courier()
        self.status = Html(look="status", live=True)
        self.document: Any = None  # of the browser's page, where there is one
        self._drawing = threading.Lock()
        self._asides: set[threading.Thread] = set()

    @property
    def parts(self) -> dict[str, Any]:
        """The parts by the names of their places."""
        return {"courier": self.courier, "status": self.status}

    def opened(self) -> None:
        """Called once the page is there."""

    def refresh(self) -> None:
        """Bring all parts to what the session holds."""

    def finished(self) -> None:
        """Called once the work of the session is done."""

    def failed(self, said: str) -> None:
        """Tell in words what went wrong."""
        self.status.html = problem(said)
        self.refresh()

    def told(self, told: Told) -> None:
        """Show how far the work of the session is."""
        if told.job is not self.session.job or not told.wanted:
            return
        if told.state in ("waiting", "running"):
            self.status.html = progress(told.says, told.done, told.total)
        elif told.state == "done":
            self.finished()
        elif told.state == "failed":
            self.failed(told.problem)

    def prepare(self, make: Callable[[], tuple[str, bytes, str]]) -> None:
        """Make a file in a thread, and hand it to the person."""

        def work() -> None:
            self.put(partial(self.hand_out, *make()))

        self.status.html = progress("Preparing the file …", 0, 0)
        self.aside(work)

    def hand_out(self, name: str, content: bytes, kind: str) -> None:
        """Hand a file to the person."""
        self.courier.send(name, content, kind)
        self.status.html = escape(f"{name} is ready ({len(content) / 1e3:,.0f} kB).")

    def put(self, change: Callable[[], None]) -> None:
        """Change what is shown: from a thread, in the page's own turn; the order is kept."""
        if self.document is None:
            change()
        elif self.document.session_context and not self.document.session_context.destroyed:
            self.document.add_next_tick_callback(change)

    def begin(self, work: Callable[[Job], None]) -> None:
        """Begin some work in the background; what was at work is cancelled."""
        if self.session.job is not None:
            self.session.job.cancel()
        self.session.job = Job(work, lambda told: self.put(partial(self.told, told)))
        self.session.job.start()

    def aside(self, work: Callable[[], None]) -> None:
        """Do something short in a thread; what goes wrong is told in words.

        What it wants to show it hands to `put`. Few are at work at once, and few of one page wait.
        """

        def body() -> None:
            try:
                with ASIDES:
                    work()
            except (InputError, StoreError) as error:
                self.put(partial(self.failed, str(error)))
            except Exception as error:
                said = f"An error of datapolis itself, not of yours: {kind_of(error)}."
                self.put(partial(self.failed, said))

        self._asides = {one for one in self._asides if one.is_alive()}
        if len(self._asides) >= MOST_ASIDES:
            self.failed(CROWDED)
            return
        thread = threading.Thread(target=body, name="datapolis-aside", daemon=True)
        self._asides.add(thread)
        thread.start()


def downloads(names: Mapping[str, str]) -> dict[str, Any]:
    """The buttons of the files that can be taken away, and of the link to what is shown."""
    buttons = [
        {"id": id, "kind": "button", "label": label, "look": "plain"}
        for id, label in {**names, "link": "Copy link"}.items()
    ]
    return {"title": "Take it with you", "look": "row", "fields": buttons}


def reproduced(says: str, lines: str, citation: Citation) -> str:
    """The few lines that give the same numbers, and what to cite."""
    return (
        f"<h2>Reproduce in Python</h2><p>{says}</p>"
        f'<pre tabindex="0"><code>{escape(lines)}</code></pre>' + block(citation, "h2")
    )
