"""What the commands share: arguments, messages and exit codes, progress, stopping."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from datapolis import __version__
from datapolis.core.errors import InputError, Interrupted, StoreError, kind_of

Function = TypeVar("Function", bound=Callable[..., None])
Progress = Callable[[str, int, int], None]

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="a TOML file")]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="the folder of the results")]
Data = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="with tables that do not lie beside the study"),
]

Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="of Dask, such as tcp://host:8786, or processes:2; threads if none"
    ),
]


def say(text: str) -> None:
    """A line for the person at the terminal; results go elsewhere."""
    print(text, file=sys.stderr, flush=True)


def told(command: Function) -> Function:
    """Turn the errors that a user can meet into one message and an exit code."""

    @wraps(command)
    def wrapped(*arguments: Any, **named: Any) -> None:
        try:
            command(*arguments, **named)
        except (InputError, StoreError) as error:
            say(str(error))
            raise typer.Exit(error.exit_code) from None
        except Interrupted as stop:
            say(str(stop))
            if stop.resume:
                say(f"To go on:\n  {stop.resume}")
            leave(stop.exit_code)
        except KeyboardInterrupt:
            say("Stopped.")
            leave(130)
        except BrokenPipeError:  # whoever read the output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            if os.environ.get("DATAPOLIS_DEBUG"):
                raise
            say(f"An error of datapolis itself, not of yours: {kind_of(error)}")
            say("Please report it with the output of `datapolis doctor`. What is done is kept.")
            say("With DATAPOLIS_DEBUG=1 in the environment the same command shows where.")
            raise typer.Exit(1) from None

    return wrapped  # type: ignore[return-value]


def leave(code: int) -> NoReturn:
    """End now, even if a thread is in the middle of a compilation: the folder bears it."""
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise typer.Exit(code)


def prepare() -> None:
    """Keep compiled code between runs, quietly: by version and by kind of processor."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    import jax

    folder = cache_folder() / f"{__version__}-jax{jax.__version__}-{processor()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # it works without
    config: Any = jax.config
    config.update("jax_compilation_cache_dir", str(folder))
    config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def cache_folder() -> Path:
    """Where this system keeps what can be made again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "datapolis"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "datapolis" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "datapolis"


def processor() -> str:
    """A short name for what compiled code depends on, for caches that several machines share."""
    import hashlib
    import platform

    kind = f"{platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kind += "".join(line for line in lines if line.startswith(("flags", "model name")))[:4000]
    except OSError:
        pass
    return hashlib.sha256(kind.encode()).hexdigest()[:8]


def stoppable(work: Callable[[], Any], stopped: Callable[[], Interrupted]) -> None:
    """Do the work in a thread, so that Ctrl-C is heard even while XLA compiles."""
    problems: list[BaseException] = []

    def body() -> None:
        try:
            work()
        except BaseException as error:
            problems.append(error)

    previous = None
    if threading.current_thread() is threading.main_thread():
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    thread = threading.Thread(target=body, name="work", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.1)
    except KeyboardInterrupt:
        raise stopped() from None
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)
    if problems:
        raise problems[0]


class Lines:
    """Progress without a terminal: a line now and then."""

    EVERY = 20.0  # seconds

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()
        self.first: tuple[float, int] | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if self.first is None and done > 0:  # what came before was compiling
            self.first = (now, done)
        if done < total and now - self.last < self.EVERY and done > 0:
            return
        self.last = now
        share = f"{100 * done / total:3.0f} % " if total else ""
        say(f"{now - self.began:5.0f} s  {share}{what}{self.left(now, done, total)}")

    def left(self, now: float, done: int, total: int) -> str:
        """How long it may still take, once something is done."""
        start, before = self.first or (now, done)
        if not total or done <= before or done >= total:
            return ""
        return f", about {(now - start) / (done - before) * (total - done):.0f} s left"

    def say(self, text: str) -> None:
        """A sentence between the lines."""
        say(text)


class Bar:
    """Progress on a terminal: a bar with the time left."""

    def __init__(self, progress: Any) -> None:
        self.progress = progress
        self.task = progress.add_task("reading", total=None)

    def __call__(self, what: str, done: int, total: int) -> None:
        self.progress.update(
            self.task, description=what, completed=done if total else 0, total=total or None
        )

    def say(self, text: str) -> None:
        """A sentence above the bar."""
        self.progress.console.print(text, markup=False, highlight=False)


@contextmanager
def bar() -> Iterator[Any]:
    """What shows progress, on stderr."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress)
