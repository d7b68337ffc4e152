"""What one session holds: nothing of it is shared with another.

Only `comparison.WORLDS` and `comparison.RESULTS` are shared, and they are looked up by a hash of
all that made them. Sessions share the room that there is: how many may be open, and how much they
may upload.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from datapolis.app.jobs import Job
from datapolis.app.view import Base, View
from datapolis.core.errors import InputError

if TYPE_CHECKING:
    import xarray

    from datapolis.audits import Audit


@dataclass(frozen=True)
class Room:
    """What there is room for, and the sessions that are open in it."""

    sessions: int = 64
    of_table: int = 200_000_000  # bytes
    of_session: int = 400_000_000
    of_all: int = 4_000_000_000
    open: WeakSet[Session] = field(default_factory=WeakSet)

    def full(self) -> bool:
        """Whether no further session may be opened."""
        return len(self.open) >= self.sessions

    def check(self, session: Session, more: int) -> None:
        """InputError where a session may not upload so many bytes more."""
        if session.held() + more > self.of_session:
            raise InputError(
                "the tables of this page are too large",
                allowed=f"{self.of_session / 1e6:.0f} MB; datapolis measure reads larger ones",
            )
        if sum(one.held() for one in self.open) + more > self.of_all:
            raise InputError(
                "too many tables are open on this machine; try again in some minutes",
                allowed=f"{self.of_all / 1e6:.0f} MB in all",
            )


@dataclass(frozen=True)
class Settings:
    """What the app was started with."""

    base: Base = field(default_factory=Base)
    results: Path = Path("out")  # where answers of `datapolis claims` and `search` are looked for
    room: Room = field(default_factory=Room)


@dataclass(eq=False)
class Session:
    """One open page of one person."""

    settings: Settings = field(default_factory=Settings)
    query: dict[str, str] = field(default_factory=dict)  # of the link it was opened with
    job: Job | None = None
    folder: Path | None = None  # of uploaded tables; made when one is uploaded, gone with the page
    # of Simulate
    view: View = field(default_factory=View)
    ran: View | None = None  # what the results are of
    results: xarray.Dataset | None = None
    ties: list[dict[str, Any]] = field(default_factory=list)
    # of Measure
    tables: dict[str, Path] = field(default_factory=dict)
    audit: Audit | None = None

    def __post_init__(self) -> None:
        self.settings.room.open.add(self)

    @property
    def busy(self) -> bool:
        """Whether something is at work for it."""
        return self.job is not None and self.job.active

    def uploads(self) -> Path:
        """The folder of its uploaded tables."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="datapolis-"))
        return self.folder

    def held(self) -> int:
        """How many bytes were uploaded and are still there."""
        folder = self.folder
        found = folder.rglob("*") if folder is not None else ()
        return sum(path.stat().st_size for path in found if path.is_file())

    def close(self) -> None:
        """The page was left: stop what is at work, and delete what was uploaded."""
        self.settings.room.open.discard(self)
        if self.job is not None:
            self.job.cancel()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
        self.tables, self.results, self.audit = {}, None, None
