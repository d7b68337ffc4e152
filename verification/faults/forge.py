"""A process that has loaded what the commands need, and forks one for each job.

Loading takes most of the time of a short job, and is the same in all of them. What is forked is
otherwise the command: a process and a group of its own, with its own environment and arguments.
No thread is at work, and no device of JAX begun, before the fork.

`Forge` is used by the campaign; `python -m verification.faults.forge` is what it starts. A line
asks for a job, {"words", "said", "environment", "limit"}, and a line tells its number, or that one
has ended.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PRELOADED = (
    "numpy jax jax.numpy xarray zarr ibis duckdb pyarrow.parquet altair dask pandas scipy.stats "
    "statsmodels.api datapolis.audits datapolis.report datapolis.report.answered "
    "datapolis.model.simulation datapolis.studies.pipeline datapolis.studies.ensemble "
    "datapolis.studies.search datapolis.cli pymoo.algorithms.moo.nsga2 verification.faults.launch"
)
TICK = 0.02  # seconds between two looks at what has ended


class Forked:
    """A job that was forked, with what the campaign needs of a process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; TimeoutExpired if that takes too long."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("a job", timeout or 0.0)
        return int(self.returncode or 0)

    def kill(self) -> None:
        """SIGKILL to this process alone."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def end(self, code: int) -> None:
        """It has ended."""
        self.returncode = code
        self._ended.set()


class Forge:
    """The other side of the process that forks."""

    def __init__(self, environment: Mapping[str, str], tree: Path, loaded: str = PRELOADED) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "verification.faults.forge", *loaded.split()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            cwd=tree,
            text=True,
            start_new_session=True,
        )
        self._asking, self._born = threading.Lock(), threading.Condition()
        self._waiting: list[int] = []
        self._jobs: dict[int, Forked] = {}
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def start(
        self, words: list[str], said: Path, environment: Mapping[str, str], limit: int | None
    ) -> Forked:
        """Fork a job; no file that it writes may grow beyond `limit` bytes."""
        asked = {"words": words, "said": str(said), "environment": environment, "limit": limit}
        with self._asking, self._born:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            if not self._born.wait_for(lambda: self._waiting, 120):
                raise RuntimeError("nothing was forked")
            return self._jobs[self._waiting.pop()]

    def close(self) -> None:
        """End the process that forks."""
        self._process.kill()
        self._process.wait()
        self._listening.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            with self._born:
                if "code" in told:
                    self._jobs.pop(told["pid"]).end(told["code"])
                else:
                    self._jobs[told["pid"]] = Forked(told["pid"])
                    self._waiting.append(told["pid"])
                    self._born.notify_all()


# --- the process that forks ---------------------------------------------------------------------


def serve() -> None:
    """Load, then fork for each line, and tell each end."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
    waiting, open_ = b"", True
    while open_:
        if select.select([0], [], [], TICK)[0]:
            more = os.read(0, 65_536)
            open_, waiting = bool(more), waiting + more
        *lines, waiting = waiting.split(b"\n")
        for line in lines:
            asked = json.loads(line)
            pid = os.fork()
            if pid == 0:
                _be(asked)
            _tell({"pid": pid})
        while ended := _ended():
            _tell({"pid": ended[0], "code": os.waitstatus_to_exitcode(ended[1])})


def _ended() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _be(asked: dict[str, Any]) -> None:
    """Be the command that is asked for, to its end."""
    from verification.faults.launch import main

    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    os.dup2(os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.environ.clear()
    os.environ.update(asked["environment"])
    if asked["limit"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["limit"], resource.RLIM_INFINITY))
    sys.argv = ["datapolis", *asked["words"]]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
