"""`datapolis measure KIND TABLE…`: a command for each audit, made from the audit's own signature.

The options of an audit, their defaults and the words that explain them are written once, at the
audit; here they become a command line. Lists are written `one,other`, pairs `name=column`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer

from datapolis.core.errors import InputError, StoreError

EMPTY = inspect.Parameter.empty
MOST = 40  # findings that a terminal shows


def measure_app(told: Callable[[Any], Any], bar: Callable[[], Any]) -> typer.Typer:
    """The command `measure`: one command for each audit."""
    from datapolis import audits

    app = typer.Typer(
        name="measure",
        help="Measure the real world: findings from tables, each with what it cannot say.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(lambda: None)
    for kind, audit in audits.AUDITS.items():
        summary = (inspect.getdoc(audit) or "").split("\n\n")[0].replace("\n", " ")
        app.command(kind, help=summary, short_help=summary)(told(door(audit, bar)))
    return app


def door(audit: Callable[..., Any], bar: Callable[[], Any]) -> Callable[..., None]:
    """A function for the command line with the options of an audit."""
    from datapolis.audits.finding import options_of, sources_of, with_progress

    sources, options = sources_of(audit), options_of(audit)
    least = sum(sources.values())

    def command(**given: Any) -> None:
        tables: list[str] = given.pop("tables")
        out, log, spark, encoding = (
            given.pop(name) for name in ("out", "log", "spark", "encoding")
        )
        if not least <= len(tables) <= len(sources):
            raise InputError(
                f"{len(tables)} tables were given",
                field="TABLE",
                allowed=" ".join(
                    name.upper() if needed else f"[{name.upper()}]"
                    for name, needed in sources.items()
                ),
            )
        if out is not None and Path(out).exists():
            raise StoreError(f"{out}: exists already; nothing was written")
        named = {
            name: converted(value, options[name].annotation, name)
            for name, value in given.items()
            if value is not None
        }
        with bar() as progress:
            opened = [open_one(path, spark, encoding) for path in tables]
            found = audit(
                **dict(zip(sources, opened, strict=False)),
                **named,
                **with_progress(audit, progress),
            )
        if log is not None:
            found = entered(Path(log), found, opened, named)
        show(found)
        if out is not None:
            save(found, Path(out))

    parameters = [
        inspect.Parameter(
            "tables",
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[
                list[str], typer.Argument(metavar="TABLE", help=" and ".join(sources))
            ],
        )
    ]
    parameters += [as_option(one) for one in options.values()]
    for name, kind, words in (
        ("out", str | None, "new folder for findings, targets and a report"),
        ("log", str | None, "folder that remembers, without values, what was told before"),
        ("spark", str | None, "read with Spark, at this master: local[*] or an address"),
        ("encoding", str, "of a CSV file: utf-8, utf-16 or latin-1"),
    ):
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default="utf-8" if name == "encoding" else None,
                annotation=Annotated[kind, typer.Option(f"--{name}", help=words)],
            )
        )
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def as_option(one: inspect.Parameter) -> inspect.Parameter:
    """A keyword of an audit as an option of the command line."""
    from datapolis.audits.options import number_or_word

    name, hint, default = one.name, one.annotation, one.default
    kind, words = (get_args(hint) if get_origin(hint) is Annotated else (hint, ""))[:2]
    flag = f"--{name.replace('_', '-')}"
    shown: dict[str, Any] = {
        "help": words,
        "show_default": default not in (None, "", (), {}, EMPTY),
    }
    if kind is bool:
        annotation: Any = Annotated[bool, typer.Option(flag, **{**shown, "show_default": False})]
    elif get_origin(kind) in (Sequence, Mapping) or kind is Any or number_or_word(kind):
        if isinstance(default, Mapping):
            default = ",".join(f"{key}={value}" for key, value in default.items())
        elif isinstance(default, list | tuple):
            default = ",".join(map(str, default))
        annotation = Annotated[str | None, typer.Option(flag, metavar="TEXT", **shown)]
        if default is EMPTY:
            annotation = Annotated[str, typer.Option(flag, metavar="TEXT", **shown)]
    else:
        annotation = Annotated[kind, typer.Option(flag, **shown)]
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=annotation,
    )


def converted(value: Any, hint: Any, name: str) -> Any:
    """What was typed as what the audit takes."""
    from datapolis.audits.options import columns_by_name, number_or_word

    kind = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    origin = get_origin(kind)
    if isinstance(value, str) and (words := number_or_word(kind)):
        return value if value in words else number(value, name, ("a number", *words))
    if origin is Sequence and isinstance(value, str):
        items = [one.strip() for one in value.split(",") if one.strip()]
        if get_args(kind) == (float,):
            return [number(one, name) for one in items]
        return items
    if origin is Mapping and isinstance(value, str):
        return columns_by_name(value, f"--{name}")
    return value


def number(
    text: str, name: str, allowed: Sequence[str] = ("numbers with commas between",)
) -> float:
    """A number that was typed, alone or in a list."""
    try:
        return float(text)
    except ValueError:
        raise InputError(
            "not a number", field=f"--{name}", value=text, allowed=", ".join(allowed)
        ) from None


def open_one(path: str, spark: str | None, encoding: str) -> Any:
    """A table on DuckDB, or on Spark."""
    from datapolis import tables

    if spark is not None:
        return tables.on_spark(path, spark, encoding)
    return tables.open_table(path, encoding=encoding)


def entered(log: Path, found: Any, opened: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """An audit with notes on the log it was entered in; InputError if that would say too much."""
    from dataclasses import replace

    from datapolis.audits.disclosure_log import Ledger

    notes = Ledger(log).enter(found.kind, opened, named, found)
    return replace(found, notes=(*found.notes, *notes))


def show(found: Any) -> None:
    """The findings as a table, then what they cannot say, then what was read."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from datapolis.audits.finding import short

    wide = None if sys.stdout.isatty() else 160
    console = Console(width=wide, highlight=False, markup=False, emoji=False)
    console.print(found.title, style="bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, justify in (("finding", "left"), ("of", "left"), ("estimate", "right")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for name in ("from", "to"):
        table.add_column(name, justify="right")
    table.add_column("interval")
    table.add_column("says", ratio=1)
    for one in found.findings[:MOST]:
        kind = "" if one.interval == "none" else one.interval
        table.add_row(
            one.name,
            one.of,
            short(one.estimate),
            short(one.lower),
            short(one.upper),
            kind,
            one.says,
        )
    console.print(table)
    if len(found.findings) > MOST:
        console.print(f"... and {len(found.findings) - MOST} more: see the folder of --out.")
    if found.question:
        console.print(f"\n{found.question}")
    limits = list(dict.fromkeys(one.cannot_say for one in found.findings if one.cannot_say))
    for title, lines in (("It cannot say:", limits), ("What was read:", found.notes)):
        if lines:
            console.print(f"\n{title}", style="bold")
        for line in lines:
            console.print(f"- {line}")
    if found.targets:
        console.print(f"\n{len(found.targets)} targets for calibration (with --out: a table).")


def save(found: Any, out: Path) -> None:
    """Findings, targets and a report in a new folder, which is there as a whole or not at all."""
    import os
    import shutil

    from datapolis.report import write_measured
    from datapolis.studies.files import disk

    partial = out.with_name(f".{out.name}.partial")
    with disk(out):
        shutil.rmtree(partial, ignore_errors=True)
        found.save(partial)
        write_measured([found], partial / "report.html")
        os.replace(partial, out)
    for path in sorted(out.iterdir()):
        print(path)
