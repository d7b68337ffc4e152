"""The jobs that are disturbed: real commands on a small study, and what of their folder counts.

Dates, durations and the machine do not count; everything else that a reader could use does.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from verification.faults.forge import Forge, Forked
from verification.faults.launch import SHORT

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # seconds that a job may take before it counts as hung
UNCOUNTED = {"date", "seconds", "machine", "seal"}  # keys of JSON files
OURS = "An error of datapolis itself"

STUDY = """schema = 2
title = "A study that is disturbed"

[world]
citizens = 300
months = 24
regions = 2
agencies = 2
associations = 3
firms = 8

[measure.market]
kind = "concentration"
table = "firms.csv"
holder = "firm"
amount = "users"
time = "year"
basis = "amount"

[parameters]
rumours.rate = 1.0

[policies.idle]
antitrust = 1.0

[policies.calm]
rumour_correction = { from = 6, to = 12, level = 0.8 }

[policies.watchdog]
rumour_correction = { when = "rumour_spreading", above = 0.1, level = 1.0, release = 0.05 }

[ensemble]
members = 3
seed = 7
vary = ["rumours.forgetting", "technology.growth"]
"""
QUESTION = """schema = 2
title = "A question that is disturbed"

[world]
citizens = 120
months = 24
regions = 2
agencies = 2
associations = 3
firms = 8

[parameters]
rumours.rate = 1.0

[policies.calm]
rumour_correction = 0.5

[ensemble]
vary = ["rumours.forgetting", "technology.growth"]
"""


@dataclass(frozen=True)
class Job:
    """A command, as words in which {study}, {question}, {firms} and {out} stand for paths."""

    name: str
    words: str
    short: bool = True  # see `launch`

    def arguments(self, study: Path, out: Path) -> list[str]:
        """The words after `datapolis`, from a folder of inputs into the folder `out`."""
        places = {
            "study": study / "study.toml",
            "question": study / "question.toml",
            "firms": study / "firms.csv",
            "out": out,
        }
        return [word.format(**places) for word in self.words.split()]


JOBS = {
    job.name: job
    for job in (
        Job("whole run", "run {study} {out}", short=False),
        Job("run", "run {study} {out}"),
        Job("dask", "run {study} {out} --scheduler processes:2"),
        Job(
            "search",
            "search {question} {out} --objective=-rumour_heard@mean --objective=+technology "
            "--objective=cost",
        ),
        Job(
            "measure",
            "measure concentration {firms} --holder firm --amount users --time year "
            "--basis amount --out {out}",
        ),
    )
}


def write_inputs(place: Path) -> None:
    """The studies and the tables that the jobs read."""
    place.mkdir(parents=True)
    firms = "".join(
        f"{year},firm{one:02d},{(one + 1) ** 2 + 3 * (year - 2000)}\n"
        for year in (2001, 2002)
        for one in range(14)
    )
    (place / "firms.csv").write_text("year,firm,users\n" + firms)
    (place / "study.toml").write_text(STUDY)
    (place / "question.toml").write_text(QUESTION)


# --- a job at work ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """How a job ended: its exit code (below 0: by that signal), and what it said."""

    code: int
    said: str
    seconds: float

    @property
    def clear(self) -> bool:
        """Whether it stopped with an error that a user can act on: exit code 2 or 3, a message."""
        ours = "Traceback" in self.said or OURS in self.said
        return self.code in (2, 3) and bool(self.message) and not ours

    @property
    def message(self) -> str:
        """The last thing it said that is no line of progress."""
        lines = [line for line in self.said.splitlines() if line and not line.startswith(" ")]
        return lines[-1] if lines else ""


def copied_code(tree: Path) -> Path:
    """A copy of the code that is tried: what changes meanwhile in the working tree does not count.

    Raises FileExistsError if there is one already.
    """
    left = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tools"):
        shutil.copytree(ROOT / name, tree / name, ignore=left)
    (tree / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "model.md", tree / "docs" / "model.md")
    return tree


def environment(job: Job, cache: Path, tree: Path = ROOT) -> dict[str, str]:
    """The environment of a job: programs compiled quickly rather than well, and kept in `cache`."""
    return {
        **os.environ,
        SHORT: "1" if job.short else "",
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
        "PYTHONPATH": str(tree / "src"),
    }


class Stopped(Exception):
    """The campaign is being stopped: nothing is started any more."""


class Running:
    """A job at work, in a process group of its own, so that nothing of it stays behind."""

    alive: ClassVar[set[Running]] = set()
    stopping: ClassVar[bool] = False

    @classmethod
    def stop_all(cls) -> None:
        """End all jobs at work, and start none any more."""
        cls.stopping = True
        for one in list(cls.alive):
            one.clear_away()

    def __init__(
        self,
        words: list[str],
        said: Path,
        environment: Mapping[str, str],
        limit: int | None = None,
        forge: Forge | None = None,
        tree: Path = ROOT,
    ) -> None:
        """Start `datapolis` with these words; no file may grow beyond `limit` bytes."""
        if Running.stopping:
            raise Stopped
        self.began = time.monotonic()
        self.said = said
        self.process: subprocess.Popen[bytes] | Forked
        if forge is not None:
            self.process = forge.start(words, said, environment, limit)
        else:
            self.process = _started(words, said, environment, limit, tree)
        Running.alive.add(self)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    @property
    def seconds(self) -> float:
        """How long it is at work."""
        return time.monotonic() - self.began

    def kill(self, whole: bool = True) -> None:
        """SIGKILL to the whole group, or to the process that was started alone."""
        if whole:
            self.clear_away()
        elif not self.over:
            self.process.kill()

    def clear_away(self) -> None:
        """End whatever is left of the group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ended(self) -> Ended:
        """Wait for the end; what takes too long is killed and ends with SIGALRM's number."""
        try:
            code = self.process.wait(max(PATIENCE - self.seconds, 0.1))
        except subprocess.TimeoutExpired:
            code = -signal.SIGALRM
        self.clear_away()
        self.process.wait()
        Running.alive.discard(self)
        return Ended(code, self.said.read_text(errors="replace"), self.seconds)


def _started(
    words: list[str], said: Path, environment: Mapping[str, str], limit: int | None, tree: Path
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "verification.faults.launch", *words]
    if limit is not None:
        command = ["sh", "-c", f'ulimit -f {limit // 512}; exec "$@"', "sh", *command]
    with said.open("w") as file:
        return subprocess.Popen(
            command,
            cwd=tree,
            env=dict(environment),
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
        )


# --- what counts --------------------------------------------------------------------------------


def content(out: Path) -> dict[str, str]:
    """Everything in a folder of results that counts, by name, as hashes."""
    found: dict[str, str] = {}
    for place in sorted(out.rglob("*")):
        inside = place.relative_to(out)
        name = str(inside)
        if place.name in ("results.zarr", "world") and place.is_dir():
            found |= {f"{name}/{key}": value for key, value in _arrays(place).items()}
        if not place.is_file() or _within_arrays(inside) or place.name in ("lock", "index.lock"):
            continue
        if place.suffix == ".parquet":
            found[name] = _table(place)
        elif place.suffix == ".json":
            found[name] = _hash(json.dumps(_counted(json.loads(place.read_text())), sort_keys=True))
        elif place.name == "report.html":
            found[name] = "there" if place.stat().st_size > 1_000 else "cut short"
        elif not place.name.endswith((".partial", ".unfinished")):
            found[name] = _hash(place.read_bytes())
    return found


def _within_arrays(inside: Path) -> bool:
    return any(part in ("results.zarr", "world") for part in inside.parts[:-1])


def _arrays(place: Path) -> dict[str, str]:
    """Values, types and words of every array, and of the group."""
    import zarr

    group: Any = zarr.open_group(str(place), mode="r", use_consolidated=False)
    found = {"": _hash(json.dumps(_counted(group.attrs.asdict()), sort_keys=True, default=str))}
    for name in sorted(group.array_keys()):
        array = group[name]
        about = f"{array.dtype} {array.shape} {array.chunks} {sorted(array.attrs.asdict().items())}"
        found[name] = _hash(about.encode() + np.asarray(array[...]).tobytes())
    return found


def _table(place: Path) -> str:
    from pyarrow import parquet

    table = parquet.read_table(place)
    return _hash(f"{table.schema} {table.to_pylist()}")


def _counted(value: Any) -> Any:
    """Plain values without what does not count."""
    if isinstance(value, dict):
        return {key: _counted(one) for key, one in value.items() if key not in UNCOUNTED}
    return [_counted(one) for one in value] if isinstance(value, list) else value


def _hash(content: bytes | str) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """The names of what differs, or is in one of them alone."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
