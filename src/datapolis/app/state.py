"""What one session holds: nothing of it is shared with another.

Only `comparison.WORLDS` and `comparison.RESULTS` are shared, and they are looked up by a hash of
all that made them.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datapolis.app.jobs import Job
from datapolis.app.view import Base, View

if TYPE_CHECKING:
    import xarray

    from datapolis.audits import Audit


@dataclass(frozen=True)
class Settings:
    """What the app was started with."""

    base: Base = field(default_factory=Base)
    results: Path = Path("out")  # where answers of `datapolis claims` and `search` are looked for
    most_uploaded: int = 200_000_000  # bytes of a table


@dataclass
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

    @property
    def busy(self) -> bool:
        """Whether something is at work for it."""
        return self.job is not None and self.job.active

    def uploads(self) -> Path:
        """The folder of its uploaded tables."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="datapolis-"))
        return self.folder

    def close(self) -> None:
        """The page was left: stop what is at work, and delete what was uploaded."""
        if self.job is not None:
            self.job.cancel()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
