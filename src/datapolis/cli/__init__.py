"""The command line: thin doors to the library.

Nothing heavy is imported before a command runs, so that --help answers at once. What a user can do
wrong ends in one message and an exit code: 2 for input, 3 for a folder that cannot be used, 130
when stopped.
"""

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
from datapolis.errors import InputError, Interrupted, StoreError, kind_of

Function = TypeVar("Function", bound=Callable[..., None])
Progress = Callable[[str, int, int], None]

app = typer.Typer(
    name="datapolis",
    help="Measure, simulate and govern data power.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

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


@app.command(short_help="run a study and write its report")
@told
def run(study: Study, out: Out, data: Data = None, scheduler: Scheduler = None) -> None:
    """Run STUDY into the folder OUT: measure, simulate, compare, report.

    Stopped at any point and run again, it goes on where it was.
    """
    prepare()
    from datapolis.studies import work

    with bar() as progress:
        stoppable(
            lambda: work.run(
                study,
                out,
                data=data,
                scheduler=scheduler,
                progress=progress,
                tell=progress.say,
                report=_report(),
            ),
            lambda: work.interrupted(study, out, data),
        )
    for name in ("report.html", "results.zarr", "tables"):
        if (out / name).exists():
            print(out / name)


@app.command(short_help="simulate one society of a study")
@told
def simulate(
    study: Study,
    out: Out,
    seed: Annotated[
        int | None, typer.Option(help="of chance; the study's if not given", show_default=False)
    ] = None,
    policy: Annotated[str, typer.Option(help="one of the study's policies")] = "none",
    data: Data = None,
) -> None:
    """Simulate one society of STUDY and save its indices in OUT, one row a month."""
    prepare()
    from datapolis.studies import work

    if seed is not None and not 0 <= seed < 2**31:
        raise InputError("out of range", field="--seed", value=seed, allowed=f"0 to {2**31 - 1}")
    with bar() as progress:
        stoppable(
            lambda: work.simulate_one(
                study,
                out,
                data=data,
                seed=seed,
                policy=policy,
                progress=progress,
                tell=progress.say,
            ),
            lambda: Interrupted("Stopped: nothing was kept."),
        )
    print(out / "indices.csv")
    print(out / "results.zarr")


@app.command(short_help="compute stored runs again, and compare")
@told
def again(
    out: Out,
    round: Annotated[str | None, typer.Option(help="this one only", show_default=False)] = None,
    batch: Annotated[int | None, typer.Option(help="this one only", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="every batch, not one a round")] = False,
) -> None:
    """Compute runs that OUT holds again from their record, and compare them bit by bit."""
    prepare()
    from datapolis.studies.again import again as compared

    found: list[Any] = []
    with bar() as progress:
        stoppable(
            lambda: found.extend(
                compared(out, round=round, batch=batch, every=every, progress=progress)
            ),
            lambda: Interrupted("Stopped: nothing was changed."),
        )
    for one in found:
        print(f"{one.round} batch {one.batch} ({one.runs}): {'the same' if one.same else 'OTHER'}")
    if not all(one.same for one in found):
        raise StoreError(f"{out}: some runs came out otherwise; was this the same machine?")


@app.command(
    short_help="audit tables: findings with what they cannot say",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def measure(context: typer.Context) -> None:
    """Measure the real world: `datapolis measure --help` lists the audits."""
    from datapolis.cli.measure import measure_app  # audits are loaded when one is asked for

    measure_app(told, bar)(context.args or ["--help"], prog_name="datapolis measure")


@app.command(short_help="write a commented study")
@told
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the study to write")],
) -> None:
    """Write a commented study into FILE, with every parameter and lever; nothing is overwritten."""
    from datapolis.studies.files import write_new
    from datapolis.studies.template import study_text

    write_new(file, study_text())
    print(file)


@app.command(short_help="write the report of a folder again")
@told
def report(out: Out) -> None:
    """Write the report of OUT again, from what is done there."""
    write = _report()
    if not (out / "plan.json").is_file():
        raise StoreError(f"{out}: holds no results of `datapolis run`")
    if write is None:
        raise StoreError("this installation has no report")
    print(write(out))


@app.command(short_help="what it runs on, and whether it works")
@told
def doctor() -> None:
    """Say what datapolis runs on, and check in some seconds that it works."""
    import platform

    print(f"datapolis {__version__}, Python {platform.python_version()}, {platform.system()}")
    prepare()
    from datapolis.studies.ensemble import machine_memory
    from datapolis.studies.store import versions

    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    import jax

    config: Any = jax.config
    print(f"devices: {', '.join(f'{one.platform} ({one.device_kind})' for one in jax.devices())}")
    print(f"processors: {os.cpu_count()}, memory: {machine_memory() / 2**30:.1f} GiB")
    print(f"compiled code is kept in {config.jax_compilation_cache_dir}")
    began = time.monotonic()
    problem = self_check()
    print(f"self-check: {problem or 'all is well'} ({time.monotonic() - began:.1f} s)")
    if problem:
        raise typer.Exit(1)


def self_check() -> str:
    """What does not work, or nothing: a small society runs twice and gives the same, in range."""
    import numpy as np

    from datapolis.mechanisms import absorption, technology
    from datapolis.simulation import simulate as simulated
    from datapolis.world import World

    world = World.generate(citizens=200, firms=10, departments=2, regions=2, associations=4)
    parts = [technology, absorption]
    one, two = (
        simulated(world, months=24, seed=1, mechanisms=parts, record=["skill"]) for _ in range(2)
    )
    skill = one["skill"].values
    if not np.isfinite(skill).all() or (skill < 0).any():
        return "a simulated quantity is out of range"
    if not np.array_equal(skill, two["skill"].values):
        return "the same seed gave two different runs"
    return ""


def _report() -> Callable[[Path], Path] | None:
    """What writes the report."""
    from datapolis.report import write

    return write


# --- what the commands share -------------------------------------------------------------------


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


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="say which version this is")] = False,
) -> None:
    """Measure, simulate and govern data power."""
    if show:
        print(f"datapolis {__version__}")
        raise typer.Exit()


def main() -> None:
    """The command `datapolis`."""
    app()


if __name__ == "__main__":
    main()
