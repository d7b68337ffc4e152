"""What all pages have: a session, a courier, and work in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from datapolis.app.components import Courier, Html, escape
from datapolis.app.jobs import Job, Told
from datapolis.app.state import Session
from datapolis.errors import InputError, StoreError, kind_of


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

    @property
    def parts(self) -> dict[str, Any]:
        """The parts by the names of their places."""
        return {"courier": self.courier, "status": self.status}

    def opened(self) -> None:
        """Called once the page is there."""

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

    def begin(self, work: Callable[[Job], None], changed: Callable[[Told], None]) -> None:
        """Begin some work in the background; what was at work is cancelled."""
        if self.session.job is not None:
            self.session.job.cancel()
        self.session.job = Job(work, lambda told: self.put(partial(changed, told)))
        self.session.job.start()

    def aside(self, work: Callable[[], None], told: Callable[[str], None]) -> threading.Thread:
        """Do something short in a thread; what goes wrong is told in words.

        What it wants to show it hands to `put`.
        """

        def body() -> None:
            try:
                work()
            except (InputError, StoreError) as error:
                self.put(partial(told, str(error)))
            except Exception as error:
                said = f"An error of datapolis itself, not of yours: {kind_of(error)}."
                self.put(partial(told, said))

        thread = threading.Thread(target=body, name="datapolis-aside", daemon=True)
        thread.start()
        return thread
