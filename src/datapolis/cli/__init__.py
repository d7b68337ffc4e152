"""The command line: thin doors to the library.

Nothing heavy is imported before a command runs, so that --help answers at once. What a user can do
wrong ends in one message and an exit code: 2 for input, 3 for a folder that cannot be used, 130
when stopped.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datapolis import __version__
from datapolis.cli import questions
from datapolis.cli import schema as schema_command
from datapolis.cli import serve as serve_command
from datapolis.cli.shared import (
    Data,
    Out,
    Scheduler,
    Study,
    bar,
    prepare,
    stoppable,
    told,
)
from datapolis.core.errors import InputError, Interrupted, StoreError

if TYPE_CHECKING:
    from datapolis.model.profiling import Profile

app = typer.Typer(
    name="datapolis",
    help="Measure, simulate and govern data power.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command(short_help="run a study and write its report")
@told
def run(study: Study, out: Out, data: Data = None, scheduler: Scheduler = None) -> None:
    """Run STUDY into the folder OUT: measure, simulate, compare, report.

    Stopped at any point and run again, it goes on where it was.
    """
    prepare()
    from datapolis.report import write
    from datapolis.studies import pipeline

    with bar() as progress:
        stoppable(
            lambda: pipeline.run(
                study,
                out,
                data=data,
                scheduler=scheduler,
                progress=progress,
                tell=progress.say,
                report=write,
            ),
            lambda: pipeline.interrupted(study, out, data),
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
    profile: Annotated[
        bool, typer.Option("--profile", help="then time each mechanism of its month")
    ] = False,
) -> None:
    """Simulate one society of STUDY and save its indices in OUT, one row a month."""
    prepare()
    from datapolis.studies import pipeline

    if seed is not None and not 0 <= seed < 2**31:
        raise InputError("out of range", field="--seed", value=seed, allowed=f"0 to {2**31 - 1}")
    with bar() as progress:
        stoppable(
            lambda: pipeline.simulate_one(
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
    if profile:
        show_profile(pipeline.profile_one(study, data=data, seed=seed, policy=policy))


def show_profile(found: Profile) -> None:
    """Print the time and the bytes of each mechanism, of the month, and of streaming it once."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("mechanism, compiled alone", "ms a month", "MB touched"):
        table.add_column(heading, justify="left" if "alone" in heading else "right")
    for part in found.parts:
        table.add_row(part.name, f"{part.milliseconds:,.2f}", f"{part.megabytes:,.1f}")
    table.add_section()
    table.add_row("the whole month", f"{found.milliseconds:,.2f}", "")
    table.add_row("streamed once", f"{found.least:,.2f}", f"{found.touched:,.1f}")
    Console().print(table)
    print(f"{found.citizens:,} citizens; the month takes {found.ratio:.1f} times the streaming.")


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
    from datapolis.studies.reproduce import again as compared
    from datapolis.studies.reproduce import why_other

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
        raise StoreError(f"{out}: some runs came out otherwise; {why_other(out)}")


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
    from datapolis.studies.document.template import study_text
    from datapolis.studies.files import write_new

    write_new(file, study_text())
    print(file)


@app.command(short_help="write the report of a folder again")
@told
def report(out: Out) -> None:
    """Write the report of OUT again, from what is done there."""
    if (out / "answer.json").is_file():
        from datapolis.report.answered import write
    elif (out / "plan.json").is_file():
        from datapolis.report import write
    else:
        raise StoreError(f"{out}: holds no results of datapolis")
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

    from datapolis.model.mechanisms import absorption, technology
    from datapolis.model.simulation import simulate as simulated
    from datapolis.model.world import World

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


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="say which version this is")] = False,
) -> None:
    """Measure, simulate and govern data power."""
    if show:
        print(f"datapolis {__version__}")
        raise typer.Exit()


questions.add(app)
serve_command.add(app)
schema_command.add(app)


def main() -> None:
    """The command `datapolis`."""
    app()


if __name__ == "__main__":
    main()
