"""`datapolis app`: the same work in a browser, for this machine alone unless told otherwise."""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from datapolis.cli.shared import Data, prepare, say, told
from datapolis.core.errors import InputError


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
    address: Annotated[
        str, typer.Option(help="to listen at; others that reach it need the token that is printed")
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option(help="by which others may call this machine; may be repeated"),
    ] = None,
    token: Annotated[
        str,
        typer.Option(
            envvar="DATAPOLIS_TOKEN",
            help="that opens the app, at any address; made and printed if others can reach it",
        ),
    ] = "",
    sessions: Annotated[
        int, typer.Option(help="pages that may be open at once; more are refused", min=1)
    ] = 64,
) -> None:
    """Serve the app at http://127.0.0.1:PORT, to this machine alone; Ctrl-C ends it.

    At once 2 runs or audits are at work and 32 wait; more are asked to come again. A table may have
    200 MB, those of a page 400 MB, and those of all pages 4 GB. SECURITY.md says what is defended.
    """
    if find_spec("panel") is None:
        raise InputError(
            "the app needs Panel", field="datapolis app", allowed="pip install 'datapolis[app]'"
        )
    prepare()
    from datapolis.app.guard import is_here
    from datapolis.app.server import link, serve
    from datapolis.app.state import Room, Settings
    from datapolis.app.view import Base

    settings = Settings(base=Base.read(study, data), results=results, room=Room(sessions))
    if not token and not is_here(address):
        token = secrets.token_urlsafe(32)

    def ready() -> None:
        say(f"datapolis is served at {link(port, address, token)} (Ctrl-C ends it)")
        if not is_here(address):
            say("Others can reach it, and nothing is encrypted on the way: see SECURITY.md.")

    serve(
        settings,
        port=port,
        address=address,
        names=name or (),
        token=token,
        open_browser=show,
        warm=True,
        ready=ready,
    )
