"""The commands that ask the model: sensitivity, calibrate, forecast, claims, search.

Each takes what its library door takes, and writes a folder: the answer, its page, every run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datapolis.cli.shared import Data, Out, Scheduler, Study, bar, prepare, stoppable, told
from datapolis.core.errors import Interrupted


def add(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(short_help="what an outcome depends on")(told(sensitivity))
    app.command(short_help="fit the model to what was measured")(told(calibrate))
    app.command(short_help="what a calibrated model makes of months it has not seen")(
        told(forecast)
    )
    app.command(short_help="the essay's claims on trial")(told(claims))
    app.command(short_help="search policies that hold up")(told(search))


def sensitivity(
    study: Study,
    out: Out,
    method: Annotated[
        str | None, typer.Option(help="morris or sobol; the study's if not given")
    ] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help='such as "harm@120" or "power_share.market"; often')
    ] = None,
    vary: Annotated[list[str] | None, typer.Option(help="a parameter; often; all if none")] = None,
    runs: Annotated[int | None, typer.Option(help="at most so many")] = None,
    months: Annotated[int | None, typer.Option(help="other than the study's")] = None,
    citizens: Annotated[int | None, typer.Option(help="other than the study's")] = None,
    policy: Annotated[str, typer.Option(help="one of the study's policies")] = "none",
    data: Data = None,
    scheduler: Scheduler = None,
) -> None:
    """Ask which parameters an outcome of STUDY depends on; the answer lies in OUT."""
    prepare()
    from datapolis.studies.sensitivity import ask

    _answer(
        partial(
            ask,
            study,
            method=method,
            outcomes=outcome or None,
            vary=vary or None,
            runs=runs,
            months=months,
            citizens=citizens,
            policy=policy,
            data=data,
            scheduler=scheduler,
        ),
        out,
    )


def calibrate(
    study: Study,
    out: Out,
    targets: Annotated[
        list[str] | None,
        typer.Option(help="an audit of the study, the path of one, or a fact; often"),
    ] = None,
    vary: Annotated[list[str] | None, typer.Option(help="a parameter to fit; often")] = None,
    particles: Annotated[int | None, typer.Option(help="sets of parameters to keep")] = None,
    generations: Annotated[int | None, typer.Option(help="at most so many")] = None,
    recovery: Annotated[int | None, typer.Option(help="planted truths to find again")] = None,
    seed: Annotated[int | None, typer.Option(help="of chance")] = None,
    data: Data = None,
    scheduler: Scheduler = None,
) -> None:
    """Fit the model of STUDY to measured targets; the posterior lies in OUT."""
    prepare()
    from datapolis.studies.calibration import ask

    _answer(
        partial(
            ask,
            study,
            targets=targets or (),
            vary=vary or (),
            particles=particles,
            generations=generations,
            recovery=recovery,
            seed=seed,
            data=data,
            scheduler=scheduler,
        ),
        out,
    )


def forecast(
    study: Study,
    out: Out,
    draws: Annotated[int, typer.Option(help="of the baseline that ships, for each forecast")] = 32,
    data: Data = None,
    scheduler: Scheduler = None,
) -> None:
    """Forecast a measured panel from rolling origins, beside the last value and drift."""
    prepare()
    from datapolis.studies.forecast import ask

    _answer(partial(ask, study, draws=draws, data=data, scheduler=scheduler), out)


def claims(
    experiment: Annotated[
        list[str] | None,
        typer.Argument(metavar="X13", help="experiments, or claims (M32); all if none"),
    ] = None,
    mode: Annotated[str, typer.Option(help="quick (minutes), moderate or full (hours)")] = "quick",
    quick: Annotated[bool, typer.Option("--quick", help="short for --mode quick")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="OUT", help="the folder; out/claims-... if none")
    ] = None,
    study: Annotated[
        Path | None, typer.Option(help="whose world; a small made one if none")
    ] = None,
    draws: Annotated[int | None, typer.Option(help="of all parameters, other than usual")] = None,
    seed: Annotated[int, typer.Option(help="of chance")] = 0,
    data: Data = None,
    scheduler: Scheduler = None,
) -> None:
    """Put the essay's claims on trial, and print a verdict for each experiment."""
    prepare()
    from datapolis.studies.claims import claim_test

    mode = "quick" if quick else mode
    folder = out or Path("out") / "-".join(["claims", mode, *(experiment or [])])
    _answer(
        partial(
            claim_test.ask,
            only=experiment or None,
            mode=mode,
            study=study,
            draws=draws,
            seed=seed,
            data=data,
            scheduler=scheduler,
        ),
        folder,
        show=_verdicts,
    )


def _verdicts(folder: Path) -> None:
    """The table of verdicts."""
    from rich.console import Console
    from rich.table import Table

    from datapolis.studies.claims import claim_test

    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = {"X": "X", "question": "question", "posterior": "calibrated", "box": "whole box"}
    for name, heading in columns.items():
        table.add_column(heading, overflow="fold", ratio=2 if name == "question" else None)
    for row in claim_test.rows(claim_test.Trial.read(folder)):
        table.add_row(*(row[name] for name in columns))
    Console().print(table)


def search(
    study: Study,
    out: Out,
    budget: Annotated[str, typer.Option(help="small, medium or large")] = "small",
    objective: Annotated[
        list[str] | None, typer.Option(help='a name, or an outcome with a sign: "-harm"; often')
    ] = None,
    lever: Annotated[list[str] | None, typer.Option(help="that may be used; often")] = None,
    vary: Annotated[list[str] | None, typer.Option(help="a parameter not known; often")] = None,
    posterior: Annotated[
        Path | None, typer.Option(help="draws of parameters, as calibrate leaves them")
    ] = None,
    citizens: Annotated[int | None, typer.Option(help="other than the budget's")] = None,
    months: Annotated[int | None, typer.Option(help="other than the budget's")] = None,
    data: Data = None,
    scheduler: Scheduler = None,
) -> None:
    """Search portfolios of levers that hold up whatever is true; the answer lies in OUT."""
    prepare()
    from datapolis.studies.search import ask

    _answer(
        partial(
            ask,
            study,
            budget=budget,
            objectives=objective or None,
            levers=lever or None,
            vary=vary or None,
            posterior=posterior,
            citizens=citizens,
            months=months,
            data=data,
            scheduler=scheduler,
        ),
        out,
    )


def _answer(
    ask: Callable[..., Path], out: Path, show: Callable[[Path], None] | None = None
) -> None:
    """Ask, with progress; print the answer and where it lies."""
    from datapolis.report.answered import page, write

    with bar() as progress:
        stoppable(
            lambda: ask(out=out, progress=progress, tell=progress.say, report=write),
            lambda: Interrupted(
                f"Stopped: what is done is kept in {out}; the same command goes on from there."
            ),
        )
    if show is not None:
        show(out)
    print(page(out).answer)
    print(out / "report.html")
