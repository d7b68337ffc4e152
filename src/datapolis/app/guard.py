"""Who may ask the server for what: looked at before anything else of a request.

A request has to name this server as its host, or a page elsewhere could speak to it under a name of
its own (DNS rebinding). Where a token is set it has to be shown once; a cookie stands for it from
then on. A page elsewhere may link to a page here and do nothing else: no script, no frame, no
websocket. Only what the app needs is served at all, and no more sessions than fit.

Whatever is answered says what a browser may do with it: run no script but ours, ask nobody else,
show it in no frame, keep no page.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application, OutputTransform, RequestHandler

from datapolis.app.components import escape, style

HOST = "127.0.0.1"
HERE = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::")
LEAST_TOKEN = 16  # characters
FILES = ("/static/", "/assets/vega.js", "/favicon.ico")
BORROWED = ("bokeh-session-id", "bokeh-token")  # by which one could enter another's session

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "microphone=(), midi=(), payment=(), usb=(), clipboard-write=(self)"
    ),
}
POLICY = (
    "default-src 'none'",
    "style-src 'self' 'unsafe-inline'",  # Bokeh writes the style of each part into it
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
PLAIN = re.compile(r"[A-Za-z0-9.:\[\]-]+")  # a host that can stand in a header
SCRIPT = re.compile(rb"<script(?![^>]*(\bsrc=|application/json))")


@dataclass(frozen=True)
class Refusal:
    """What is answered in place of what was asked for."""

    status: int
    title: str
    says: str
    cookie: str = ""  # its name, where somebody is let in
    onward: str = ""  # where the browser goes then


@dataclass(frozen=True)
class Guard:
    """What a request has to show, and which answers leave."""

    port: int
    address: str = HOST
    names: tuple[str, ...] = ()  # by which others may call this machine besides
    token: str = ""
    pages: tuple[str, ...] = ()
    full: Callable[[], bool] = lambda: False  # whether no further session fits
    passes: str = field(default_factory=lambda: secrets.token_urlsafe(32))  # the cookie's value

    @property
    def alone(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_here(self.address)

    @property
    def hosts(self) -> list[str]:
        """What a request may call this server."""
        called = [*self.names, *HERE]
        if not self.alone:
            called += [socket.gethostname(), self.address]
        found = [f"{bracketed(name)}:{self.port}" for name in called]
        bare = called if self.port == 80 else self.names  # a server in front has another port
        return [one.lower() for one in [*found, *map(bracketed, bare)]]

    @property
    def cookie(self) -> str:
        """The name of the cookie; browsers do not tell the ports of a machine apart."""
        return f"datapolis-{self.port}"

    def stand_at(self, server: Application) -> None:
        """Look at each request first, and at each answer last."""
        server.default_router.rules.insert(0, Rule(_Refused(self), _Answer))
        server.add_transform(_Careful)
        server.settings["log_function"] = lambda handler: None  # a line could hold the token

    def refuses(self, request: HTTPServerRequest) -> Refusal | None:
        """What is answered to a request that may not pass; None if it may."""
        headers, socketed = request.headers, request.path.endswith("/ws")
        if not self.knows(request.host):
            return Refusal(
                403,
                "Not the name of this server",
                "The address names this server otherwise than it was told. Whoever started it can "
                "add the name with --name.",
            )
        if self.token and not self.admits(request):
            return self._at_the_door(request)
        if request.method not in ("GET", "HEAD"):
            return Refusal(405, "Not possible", "Pages can be looked at, nothing else.")
        if not self.serves(request.path):
            return Refusal(404, "No such page", f"There are {', '.join(self.pages)}.")
        if is_foreign(headers, request.host, socketed):
            return Refusal(403, "From elsewhere", "Another page may link here and do nothing else.")
        if "Bokeh-Session-Id" in headers or any(name in request.arguments for name in BORROWED):
            return Refusal(403, "Not a session of yours", "Open the page anew.")
        if request.path.strip("/") in self.pages and self.full():
            return Refusal(
                503,
                "Too many are at work",
                "As many pages are open as this machine can serve at once. Nothing is wrong with "
                "what you asked; try again in some minutes, or close a page that you do not need.",
            )
        return None

    def knows(self, host: str) -> bool:
        """Whether a request may call the server so."""
        called = host.lower()
        if called in self.hosts:
            return True
        name, _, port = called.rpartition(":")
        return self.address in EVERYWHERE and port == str(self.port) and is_number(name)

    def serves(self, path: str) -> bool:
        """Whether the app needs this path."""
        pages = [f"/{page}{end}" for page in self.pages for end in ("", "/", "/ws")]
        return path == "/" or path in pages or path.startswith(FILES)

    def admits(self, request: HTTPServerRequest) -> bool:
        """Whether the browser holds the cookie of those who have shown the token."""
        held = request.cookies.get(self.cookie)
        return held is not None and same(held.value, self.passes)

    def _at_the_door(self, request: HTTPServerRequest) -> Refusal:
        """Let in who shows the token; the page that says so keeps the token out of the address."""
        shown = request.arguments.get("token", [b""])[0]
        if not same(shown, self.token):
            return Refusal(
                403,
                "A token is needed",
                "Open the whole address that was printed when the app was started: it ends in "
                "?token= and the token.",
            )
        onward = request.path if self.serves(request.path) else "/"
        return Refusal(200, "Come in", "The pages are opened.", self.cookie, onward)


def is_here(address: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def is_number(name: str) -> bool:
    """Whether a host is called by its number: no name server can point that elsewhere."""
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def bracketed(name: str) -> str:
    """A host as an address of the web writes it."""
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def is_foreign(headers: HTTPHeaders, host: str, socketed: bool) -> bool:
    """Whether a page elsewhere asks, and for more than to be followed as a link."""
    origin = headers.get("Origin", "")
    if (origin or socketed) and origin.partition("://")[2].lower() != host.lower():
        return True
    linked = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest"))
    elsewhere = headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    return elsewhere and linked != ("navigate", "document")


def same(one: str | bytes, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how far they agree."""
    given = one.encode("utf-8", "replace") if isinstance(one, str) else one
    return hmac.compare_digest(given, other.encode())


def policy(host: str, once: str) -> str:
    """What a page may do: run the scripts of this server, and those in it that know a word."""
    # blob: is how Panel loads the scripts of our parts; only a script that runs can make one
    script = f"script-src 'self' blob: 'nonce-{once}'"
    asks = f"connect-src 'self' blob: ws://{host} wss://{host}"
    return "; ".join([*POLICY, script, asks])


class _Refused(Matcher):
    """Takes the requests that may not pass."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """What is answered, or None for a request that may pass."""
        refusal = self.guard.refuses(request)
        if refusal is None:
            return None
        return {"target_kwargs": {"refusal": refusal, "passes": self.guard.passes}}


class _Answer(RequestHandler):
    """Answers in words in place of what was asked for."""

    def initialize(self, refusal: Refusal, passes: str) -> None:
        """What is answered."""
        self.refusal, self.passes = refusal, passes

    def prepare(self) -> None:
        """Answer at once, whatever the method."""
        refusal = self.refusal
        self.set_status(refusal.status)
        if refusal.cookie:
            self.set_cookie(refusal.cookie, self.passes, httponly=True, samesite="Strict", path="/")
        if refusal.status == 503:
            self.set_header("Retry-After", "60")
        self.finish(in_words(refusal))


class _Careful(OutputTransform):
    """Says of every answer what a browser may do with it."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self.host = request.host if PLAIN.fullmatch(request.host) else HOST

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add what is said, and a word used once to our scripts; pages are kept nowhere."""
        once = secrets.token_urlsafe(16)
        for name, value in HEADERS.items():
            headers[name] = value
        headers["Content-Security-Policy"] = policy(self.host, once)
        if headers.get("Content-Type", "").startswith("text/html"):
            headers["Cache-Control"] = "no-store"
            chunk = SCRIPT.sub(f'<script nonce="{once}"'.encode(), chunk)
            headers["Content-Length"] = str(len(chunk))
            headers.pop("Etag", "")
        headers.pop("Server", "")
        return status_code, headers, chunk


def in_words(refusal: Refusal) -> str:
    """A page that says why."""
    onward = (
        f'<meta http-equiv="refresh" content="0; url={escape(refusal.onward)}">'
        if refusal.onward
        else ""
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(refusal.title)}</title>{onward}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{style()}</style></head><body><main class="page">
<div class="opening"><h1>{escape(refusal.title)}</h1><p>{escape(refusal.says)}</p></div>
</main></body></html>
"""
