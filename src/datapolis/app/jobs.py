"""Work in the background of a session: it tells how far it is, and can be cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from datapolis.core.errors import InputError, StoreError, kind_of

State = Literal["waiting", "running", "done", "cancelled", "failed"]
AT_WORK = 2  # jobs of all sessions that are at work at once; others wait for their turn
TURNS = threading.BoundedSemaphore(AT_WORK)
IN_LINE = 32  # jobs of all sessions that wait for their turn; more are refused
LINE = threading.BoundedSemaphore(IN_LINE)
LONGEST = 1_800  # seconds of a job, as far as it can be stopped between two parts
CROWDED = (
    f"Too many are at work: {IN_LINE} wait for their turn already. Nothing was begun; try again in "
    "some minutes."
)
TOO_LONG = (
    f"This takes longer than the {LONGEST // 60} minutes that a page may ask for. Ask for less, or "
    "use the command line."
)


@dataclass(frozen=True)
class Told:
    """What a job told at one moment."""

    job: Job
    state: State
    says: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for the job."""
        return not self.job.cancelled


class Cancelled(Exception):
    """The person does not want it any more."""


class Job:
    """One piece of work in a thread. What it tells is told through `changed`, from that thread."""

    def __init__(self, work: Callable[[Job], None], changed: Callable[[Told], None]) -> None:
        self.work, self.changed = work, changed
        self.state: State = "waiting"
        self.problem = ""
        self._began = time.monotonic()
        self._stop = threading.Event()
        self.thread = threading.Thread(target=self._body, name="datapolis-job", daemon=True)

    def start(self) -> Job:
        """Begin."""
        self.thread.start()
        return self

    @property
    def active(self) -> bool:
        """Whether it waits or works, and nobody has cancelled it."""
        return self.state in ("waiting", "running")

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants it any more."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Stop between two parts of the work; for the person it has stopped at once."""
        if self.active:
            self._stop.set()
            self.state = "cancelled"

    def check(self) -> None:
        """Raise Cancelled if nobody waits for this any more."""
        if self._stop.is_set():
            raise Cancelled
        if self.state == "running" and time.monotonic() - self._began > LONGEST:
            raise InputError(TOO_LONG)

    def tell(self, says: str, done: int, total: int) -> None:
        """Say how far it is."""
        self.check()
        self.changed(Told(self, self.state, says, done, total))

    def _body(self) -> None:
        try:
            if not TURNS.acquire(blocking=False):
                self._stand_in_line()
            try:
                self.check()
                self._began, self.state = time.monotonic(), "running"
                self.work(self)
                self.check()
            finally:
                TURNS.release()
            self.state = "done"
        except Cancelled:
            self.state = "cancelled"
        except (InputError, StoreError) as error:
            self.problem, self.state = str(error), "failed"
        except MemoryError:
            self.problem, self.state = "Not enough memory for this; ask for less.", "failed"
        except Exception as error:
            self.problem = f"An error of datapolis itself, not of yours: {kind_of(error)}."
            self.state = "failed"
        self.changed(Told(self, self.state, problem=self.problem))

    def _stand_in_line(self) -> None:
        """Wait for a turn. Raises InputError where too many do."""
        if not LINE.acquire(blocking=False):
            raise InputError(CROWDED)
        try:
            self.tell("Waiting: others are at work on this machine", 0, 0)
            while not TURNS.acquire(timeout=0.2):
                self.check()
        finally:
            LINE.release()
