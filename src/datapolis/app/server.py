"""The server: pages for a browser on this machine, and nothing that comes from elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import panel
from tornado.web import RedirectHandler, RequestHandler

from datapolis import __version__
from datapolis.app.comparison import Comparison
from datapolis.app.components import asset, style
from datapolis.app.pages.claims import Claims
from datapolis.app.pages.measure import Measure
from datapolis.app.pages.page import Page
from datapolis.app.pages.policies import Policies
from datapolis.app.pages.simulate import Simulate
from datapolis.app.state import Session, Settings
from datapolis.app.view import AT_ONCE
from datapolis.errors import StoreError
from datapolis.simulation import SEGMENT

HOST = "127.0.0.1"
PORT = 5_006
PAGES: tuple[type[Page], ...] = (Simulate, Measure, Claims, Policies)


def serve(
    settings: Settings | None = None,
    *,
    port: int = PORT,
    open_browser: bool = False,
    threaded: bool = False,
    warm: bool = False,
) -> Any:
    """Serve the pages on this machine until stopped; threaded, return the server's thread.

    With `warm` the month is compiled for the size that pages open with before anybody asks.

    Raises StoreError where the port is taken.
    """
    settings = settings or Settings()
    if warm:
        threading.Thread(target=warm_up, args=(settings,), name="warm-up", daemon=True).start()
    panel.config.reconnect = True
    try:
        return panel.serve(  # type: ignore[no-untyped-call]
            {f"/{page.name}": opener(page, settings) for page in PAGES},
            port=port,
            address=HOST,
            websocket_origin=[f"{HOST}:{port}", f"localhost:{port}"],
            show=open_browser,
            title={f"/{page.name}": f"{page.words}, datapolis" for page in PAGES},
            threaded=threaded,
            verbose=False,
            extra_patterns=[
                (r"/", RedirectHandler, {"url": f"/{PAGES[0].name}", "permanent": False}),
                (r"/assets/vega\.js", Script),
            ],
        )
    except OSError as error:
        raise StoreError(f"port {port} cannot be used ({error.strerror}); try --port") from None


def warm_up(settings: Settings) -> None:
    """Compile the month of the society that pages open with; what goes wrong is told on a run."""
    from dataclasses import replace

    with suppress(Exception):
        view = replace(settings.base.view(), months=SEGMENT, members=AT_ONCE)
        Comparison(view, settings.base).advance()


def address(port: int) -> str:
    """Where the app is found."""
    return f"http://{HOST}:{port}/"


class Script(RequestHandler):
    """Vega, from the library that draws the charts; the same for everybody."""

    def get(self) -> None:
        """Send it, to be kept for a day."""
        from datapolis.report.drawn import bundle

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
