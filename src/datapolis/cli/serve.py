"""`datapolis app`: the same work in a browser, served on this machine alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from datapolis.cli.shared import Data, prepare, say, told
from datapolis.errors import InputError


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("app", short_help="measure and simulate in a browser")(told(serve_app))


def serve_app(
    port: Annotated[int, typer.Option(help="of this machine", min=1, max=65_535)] = 5006,
    show: Annotated[bool, typer.Option("--open/--no-open", help="open a browser")] = True,
    study: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a study whose world the pages start from")
    ] = None,
    results: Annotated[
        Path, typer.Option(metavar="FOLDER", help="with answers of `claims` and `search`")
    ] = Path("out"),
    data: Data = None,
) -> None:
    """Serve the app at http://127.0.0.1:PORT, to this machine alone; Ctrl-C ends it."""
    if find_spec("panel") is None:
        raise InputError(
            "the app needs Panel", field="datapolis app", allowed="pip install 'datapolis[app]'"
        )
    prepare()
    from datapolis.app.server import address, serve
    from datapolis.app.state import Settings
    from datapolis.app.view import Base

    settings = Settings(base=Base.read(study, data), results=results)
    say(f"datapolis is served at {address(port)} (Ctrl-C ends it)")
    serve(settings, port=port, open_browser=show, warm=True)
