"""The server: pages for a browser, on this machine alone unless it was told otherwise."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import socket
import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import panel
from panel.io.server import get_server
from panel.io.threads import StoppableThread
from tornado.ioloop import IOLoop
from tornado.web import RedirectHandler, RequestHandler

from datapolis import __version__
from datapolis.app.comparison import Comparison
from datapolis.app.components import asset, style
from datapolis.app.guard import EVERYWHERE, HOST, LEAST_TOKEN, Guard, bracketed
from datapolis.app.pages.claims import Claims
from datapolis.app.pages.measure import Measure
from datapolis.app.pages.page import Page
from datapolis.app.pages.policies import Policies
from datapolis.app.pages.simulate import Simulate
from datapolis.app.state import Session, Settings
from datapolis.app.view import AT_ONCE
from datapolis.core.errors import InputError, StoreError
from datapolis.model.simulation import SEGMENT

PORT = 5_006
PAGES: tuple[type[Page], ...] = (Simulate, Measure, Claims, Policies)
MESSAGE = 4_000_000  # bytes of a message from a browser; a piece of a table takes 1.4 million
BODY = 65_536  # bytes of a request: pages are only asked for
IDLE = 60  # seconds that a connection may stay silent before it asks
LEFT = 5_000  # milliseconds between two looks for pages that were left; after two they are closed
QUIET = ("bokeh.server.views.ws", "bokeh.server.util", "tornado.access")
"""What would write addresses, or pieces of messages and so of tables, to the terminal."""


def serve(
    settings: Settings | None = None,
    *,
    port: int = PORT,
    address: str = HOST,
    names: Iterable[str] = (),
    token: str = "",
    open_browser: bool = False,
    threaded: bool = False,
    warm: bool = False,
    ready: Callable[[], None] | None = None,
) -> Any:
    """Serve the pages until stopped; threaded, return the server's thread.

    At an `address` that others can reach a `token` is needed, and `names` are those by which they
    may call this machine. With `warm` the month is compiled for the size that pages open with
    before anybody asks. `ready` is called once the pages can be asked for.

    Raises InputError where others could come in without a token, StoreError where the port or the
    address cannot be used.
    """
    settings = settings or Settings()
    guard = Guard(
        port,
        address,
        tuple(names),
        token,
        pages=tuple(page.name for page in PAGES),
        full=settings.room.full,
    )
    check_token(guard)
    check_port(port, address)
    if warm:
        threading.Thread(target=warm_up, args=(settings,), name="warm-up", daemon=True).start()
    panel.config.reconnect = True
    if not os.environ.get("DATAPOLIS_DEBUG"):
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if not threaded:
        return stand(
            settings,
            guard,
            loop=None,
            server_id=uuid.uuid4().hex,
            browser=open_browser,
            ready=ready,
        )
    loop = IOLoop(make_current=False)
    named: dict[str, Any] = {
        "loop": loop,
        "server_id": uuid.uuid4().hex,
        "browser": open_browser,
        "ready": ready,
    }
    thread = StoppableThread(
        target=stand, io_loop=loop, args=(settings, guard), kwargs=named, owns_loop=True
    )
    panel.state._threads[named["server_id"]] = thread
    thread.start()
    return thread


def stand(
    settings: Settings,
    guard: Guard,
    *,
    loop: IOLoop | None,
    server_id: str,
    browser: bool,
    ready: Callable[[], None] | None = None,
) -> Any:
    """Serve in this thread, with the guard at the door."""
    try:
        server = get_server(
            {f"/{page.name}": opener(page, settings) for page in PAGES},
            port=guard.port,
            address=guard.address,
            websocket_origin=["*"],  # the guard has compared the page with the server before
            title={f"/{page.name}": f"{page.words}, datapolis" for page in PAGES},
            loop=loop,
            server_id=server_id,
            start=False,
            extra_patterns=[
                (r"/", RedirectHandler, {"url": f"/{PAGES[0].name}", "permanent": False}),
                (r"/assets/vega\.js", Script),
            ],
            sign_sessions=True,
            secret_key=secrets.token_bytes(32),
            include_headers=[],  # else the page would hold them, cookies among them
            include_cookies=[],
            check_unused_sessions_milliseconds=LEFT,
            unused_session_lifetime_milliseconds=2 * LEFT,
            websocket_max_message_size=MESSAGE,
            http_server_kwargs={"max_body_size": BODY, "idle_connection_timeout": IDLE},
        )
    except OSError as error:
        raise unusable(guard.port, guard.address, error) from None
    guard.stand_at(server._tornado)
    server.start()
    if ready is not None:
        ready()
    if browser:
        import webbrowser

        server.io_loop.add_callback(webbrowser.open, link(guard.port, guard.address, guard.token))
    with suppress(RuntimeError):  # stopped from elsewhere
        server.io_loop.start()
    return server


def check_port(port: int, address: str) -> None:
    """StoreError where the port or the address cannot be used; nothing is served before."""
    if not port:  # any that is free
        return
    try:
        found = socket.getaddrinfo(address or None, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, place = found[0]
        with socket.socket(family, kind, protocol) as one:
            if os.name != "nt":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(place)
    except OSError as error:
        raise unusable(port, address, error) from None


def unusable(port: int, address: str, error: OSError) -> StoreError:
    """Why nothing can be served there, and what to do."""
    where = f"{bracketed(address)}:{port}"
    if error.errno == errno.EADDRINUSE:
        return StoreError(
            f"{where} is taken by another program, perhaps by an app that still runs: end that "
            "one, or choose another port with --port; nothing is served"
        )
    return StoreError(f"{where} cannot be used ({error.strerror}); try --port or --address")


def check_token(guard: Guard) -> None:
    """InputError where others could come in without a token, or with one that can be guessed."""
    if not guard.token and not guard.alone:
        raise InputError(
            "others could come in without a token",
            field="address",
            value=guard.address,
            allowed="an address of this machine alone, or a token besides",
        )
    if guard.token and not (len(guard.token) >= LEAST_TOKEN and guard.token.isprintable()):
        raise InputError(
            "the token is too easily guessed",
            field="token",
            allowed=f"{LEAST_TOKEN} characters or more; best none given, then one is made",
        )


def warm_up(settings: Settings) -> None:
    """Compile the month of the society that pages open with; what goes wrong is told on a run."""
    from dataclasses import replace

    with suppress(Exception):
        view = replace(settings.base.view(), months=SEGMENT, members=AT_ONCE)
        Comparison(view, settings.base).advance()


def link(port: int, address: str = HOST, token: str = "") -> str:
    """Where the app is found, with the token that opens it."""
    from urllib.parse import quote

    host = HOST if address in EVERYWHERE else address
    shown = f"?token={quote(token, safe='')}" if token else ""
    return f"http://{bracketed(host)}:{port}/{shown}"


class Script(RequestHandler):
    """Vega, from the library that draws the charts; the same for everybody."""

    def get(self) -> None:
        """Send it, to be kept for a day."""
        from datapolis.report.render import bundle

        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "private, max-age=86400")
        self.write(bundle())


def opener(kind: type[Page], settings: Settings) -> Callable[[], Any]:
    """What Panel calls for each new session of a page."""

    def opened() -> Any:
        return open_page(kind, settings)

    return opened


def open_page(kind: type[Page], settings: Settings) -> Any:
    """A page for a new session."""
    page = kind(Session(settings, query=asked()))
    page.document = panel.state.curdoc
    if page.document is not None:
        panel.state.onload(page.opened)
        panel.state.on_session_destroyed(lambda _: page.session.close())
    return template(page)


def asked() -> dict[str, str]:
    """What the link says behind its question mark: the first of each name, as text."""
    found = {}
    for name, values in (panel.state.session_args or {}).items():
        text = values[0] if values else b""
        found[str(name)] = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return {name: text for name, text in found.items() if not name.startswith("bokeh-")}


def template(page: Page) -> Any:
    """The page as a Panel template."""
    body = asset("page.html").replace("{% block page %}{% endblock %}", page.layout)
    made = panel.Template(body)
    for name, part in page.parts.items():
        made.add_panel(name, part)
    for name, value in {
        "style": style(),
        "script": asset("page.js"),
        "pages": [(one.name, one.words) for one in PAGES],
        "here": page.name,
        "heading": page.heading,
        "lead": page.lead,
        "version": __version__,
    }.items():
        made.add_variable(name, value)
    return made
