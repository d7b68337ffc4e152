"""Let many people use the app at once, without browsers, and look at waiting, memory and privacy.

    PYTHONPATH=. python benchmarks/app_load.py [--visitors 50] [--minutes 10] [--sessions 64]

Each visitor speaks Bokeh's protocol over a websocket of its own, as a browser does: it opens a
page, runs a small society, uploads a table of its own and has it measured, follows links through
the claims, leaves, and comes back. Every table holds a mark that no other has; all that a visitor
ever receives is searched for the marks of others. The server is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import os
import platform
import random
import re
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

MARK = re.compile(r"mark[0-9a-f]{32}")
TOKEN = re.compile(r'"token":"([^"]+)"')
LARGEST = 200_000_000  # bytes of a message to a visitor
EVERY = 10.0  # seconds between two looks at the memory of the server
PATIENCE = 600.0  # seconds that a visitor waits for an answer
THINKING = (1.0, 4.0)  # seconds that a visitor looks at something
CROWDED = "Too many"  # how every polite refusal begins


class Refused(Exception):
    """The server said in words that too many are at work."""


@dataclass
class Visit:
    """One open page, as its browser sees it."""

    connection: WebSocketClientConnection
    mark: str = ""
    models: dict[str, Any] = field(default_factory=dict)  # what the page holds, by id
    roots: list[str] = field(default_factory=list)
    received: int = 0  # characters
    strange: set[str] = field(default_factory=set)  # marks of others; has to stay empty
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    heard: bool = False  # whether the server has said that it listens
    gone: bool = False
    listening: asyncio.Task[None] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def open(cls, server: str, path: str, mark: str = "") -> Visit:
        """Open a page. Raises Refused where the server says that too many are."""
        answer = await got(f"{server}/{path}")
        if answer.code == 503:
            raise Refused(answer.body.decode())
        html = answer.body.decode()
        token = TOKEN.search(html)
        assert token is not None, html[:400]
        page = path.partition("?")[0]
        address = f"{server.replace('http', 'ws', 1)}/{page}/ws"
        connection = await websocket_connect(
            HTTPRequest(address, headers={"Origin": server}, request_timeout=PATIENCE),
            subprotocols=["bokeh", token[1]],
            max_message_size=LARGEST,
        )
        visit = cls(connection, mark)
        visit._search(html)
        visit.listening = asyncio.create_task(visit._listen())
        try:
            await visit.until(lambda: visit.heard)
            await visit._send("PULL-DOC-REQ", {})
            await visit.until(lambda: bool(visit.roots))
            await visit._happen("document_ready", {})
        except BaseException:
            await visit.leave()
            raise
        return visit

    # --- what a person does --------------------------------------------------------------------

    async def tell(self, model: str, **data: Any) -> None:
        """What the script of a part sends when a person does something."""
        await self._happen("data_event", {"model": {"id": model}, "data": as_map(data)})

    async def change(self, id: str, value: Any) -> None:
        """Change the field of that name, once it is there."""
        await self.until(lambda: self.form(id) is not None)
        await self.tell(str(self.form(id)), id=id, value=value)

    async def upload(self, name: str, content: bytes) -> None:
        """Drop a table."""
        part = next(key for key, one in self.parts() if one.get("limits"))
        piece = base64.b64encode(content).decode()
        await self.tell(part, name=name, turn=uuid.uuid4().hex, place=0, many=1, data=piece)

    async def says(self, *words: str) -> str:
        """Wait until the page says one of these; Refused where it says that too many are."""
        await self.until(lambda: any(one in self.text for one in (*words, CROWDED)))
        if CROWDED in self.text and not any(one in self.text for one in words):
            raise Refused(self.text)
        return next(one for one in words if one in self.text)

    async def leave(self) -> None:
        """Close the page."""
        self.connection.close()
        if self.listening is not None:
            await self.listening

    # --- what a page holds ---------------------------------------------------------------------

    def parts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The parts of the page: the id to speak to, and what it shows."""
        for key, model in self.models.items():
            data = model.get("data")
            if isinstance(data, dict) and data.get("id") in self.models:
                yield key, self.models[data["id"]]

    def form(self, id: str) -> str | None:
        """The part that has a field of that name."""
        for key, one in self.parts():
            if f'"{id}"' in json.dumps(one.get("groups", "")):
                return key
        return None

    @property
    def text(self) -> str:
        """All text that the page shows."""
        return "\n".join(str(one["html"]) for one in self.models.values() if "html" in one)

    async def until(self, reached: Any) -> None:
        """Wait until something is so."""
        ends = time.monotonic() + PATIENCE
        while not reached():
            if self.gone or time.monotonic() > ends:
                raise ConnectionError("the server closed the page" if self.gone else "no answer")
            self.changed.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.changed.wait(), 5.0)

    # --- the protocol --------------------------------------------------------------------------

    async def _happen(self, name: str, values: dict[str, Any]) -> None:
        entries = [[key, one] for key, one in values.items()]
        event = {"type": "event", "name": name, "values": {"type": "map", "entries": entries}}
        told = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}
        await self._send("PATCH-DOC", {"events": [told]})

    async def _send(self, kind: str, content: dict[str, Any]) -> None:
        header = {"msgid": f"{next(self._numbers)}", "msgtype": kind}
        for frame in (header, {}, content):
            await self.connection.write_message(json.dumps(frame))

    async def _listen(self) -> None:
        frames: list[Any] = []
        while (frame := await self.connection.read_message()) is not None:
            self._search(frame)
            frames.append(frame)
            wanted = 3 + 2 * json.loads(frames[0]).get("num_buffers", 0)
            if len(frames) == wanted:
                self._take(json.loads(frames[0])["msgtype"], json.loads(frames[2]))
                frames = []
        self.gone = True
        self.changed.set()

    def _search(self, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode("latin-1")
        self.received += len(text)
        self.strange |= set(MARK.findall(text)) - {self.mark}

    def _take(self, kind: str, content: dict[str, Any]) -> None:
        self.heard = True
        if kind == "PULL-DOC-REPLY":
            roots = content["doc"]["roots"]
            self._keep(roots)
            self.roots = [one["id"] for one in roots]
        elif kind == "PATCH-DOC":
            for event in content["events"]:
                self._keep(event)
                if event["kind"] == "ModelChanged":
                    self.models.setdefault(event["model"]["id"], {})[event["attr"]] = event["new"]
        self.changed.set()

    def _keep(self, value: Any) -> None:
        """Every model in a message, by its id."""
        for one in value.values() if isinstance(value, dict) else value:
            if isinstance(one, dict | list):
                self._keep(one)
        if isinstance(value, dict) and "attributes" in value and "id" in value:
            self.models.setdefault(value["id"], {}).update(value["attributes"])


def as_map(data: dict[str, Any]) -> dict[str, Any]:
    """A table of names as Bokeh writes it."""
    entries = [[key, as_map(one) if isinstance(one, dict) else one] for key, one in data.items()]
    return {"type": "map", "entries": entries}


async def got(address: str, **headers: str) -> HTTPResponse:
    """The answer to a request, whatever its status."""
    request = HTTPRequest(address, headers=headers, request_timeout=PATIENCE)
    try:
        return await AsyncHTTPClient().fetch(request)
    except HTTPClientError as error:
        if error.response is None:
            raise
        return error.response


# --- what visitors do --------------------------------------------------------------------------


@dataclass
class Log:
    """How long what took, how often somebody was turned away, and whether anybody saw too much."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    strange: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long something takes, if it succeeds."""
        began = time.perf_counter()
        yield
        self.seconds[what].append(time.perf_counter() - began)


@asynccontextmanager
async def opened(server: str, path: str, own: str, log: Log) -> AsyncIterator[Visit]:
    """A page that is left in the end; what it received was searched for marks of others."""
    with log.timed(f"page {path.partition('?')[0]}"):
        visit = await Visit.open(server, path, own)
    try:
        yield visit
    finally:
        log.strange |= visit.strange
        log.counts["kB received"] += visit.received // 1_000
        await visit.leave()


async def simulating(server: str, log: Log, chance: random.Random) -> None:
    """Open the link to a view, which runs it, and look at other charts of it."""
    seed, level = chance.randrange(10_000), chance.randint(1, 9) / 10
    view = f"citizens=300&months=24&seed={seed}&open_data={level}"
    async with opened(server, f"simulate?{view}", mark(), log) as visit:
        with log.timed("society simulated and drawn"):
            await visit.says("Done: 24 months")
        await asyncio.sleep(chance.uniform(*THINKING))
        with log.timed("other charts drawn"):
            await visit.change("show", "market")
            await visit.says("How users spread over firms")
        await asyncio.sleep(chance.uniform(*THINKING))


async def measuring(server: str, log: Log, chance: random.Random) -> None:
    """Upload a table of one's own, say what it is, and have it measured."""
    own = mark()
    rows = [f"{own}{place},{chance.random():.6f}" for place in range(chance.randint(30, 400))]
    table = "\n".join([f"{own}name,amount", *rows]) + "\n"
    answers = {
        "kind": "concentration",
        "basis": "amount",
        "holder": f"{own}name",
        "amount": "amount",
    }
    async with opened(server, "measure", own, log) as visit:
        with log.timed("table uploaded and read"):
            await visit.upload(f"{own}.csv", table.encode())
            await visit.says("has the columns")
        for id, value in answers.items():
            await visit.change(id, value)
            await asyncio.sleep(chance.uniform(*THINKING) / 4)
        with log.timed("table measured and drawn"):
            await visit.change("measure", True)
            await visit.says("Done.")
        assert own in visit.text, "a visitor does not see its own table"
        await asyncio.sleep(chance.uniform(*THINKING))


async def reading(server: str, log: Log, chance: random.Random) -> None:
    """Read verdicts, and follow the link to an experiment."""
    async with opened(server, "claims", mark(), log) as visit:
        with log.timed("verdicts drawn"):
            await visit.says("In how many draws")
        await asyncio.sleep(chance.uniform(*THINKING))
        with log.timed("experiment drawn"):
            await visit.change("x", f"X{chance.randint(1, 24):02d}")
            await visit.says("It would be refuted if")
        await asyncio.sleep(chance.uniform(*THINKING))


def mark() -> str:
    """What only one visit ever holds."""
    return f"mark{uuid.uuid4().hex}"


async def visiting(server: str, log: Log, until: float, seed: int) -> None:
    """One person, who comes back as long as it lasts."""
    chance = random.Random(seed)
    await asyncio.sleep(chance.uniform(0, 5))
    while time.monotonic() < until:
        does = chance.choice((simulating, measuring, measuring, reading))
        try:
            await does(server, log, chance)
            log.counts[f"visits: {does.__name__}"] += 1
        except Refused:
            log.counts["turned away, in words"] += 1
            await asyncio.sleep(chance.uniform(3, 8))
        except Exception as error:
            log.problems.append(f"{does.__name__}: {type(error).__name__}: {str(error)[:200]}")
            await asyncio.sleep(5)


# --- the server --------------------------------------------------------------------------------


@contextmanager
def server_of(sessions: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The app in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "datapolis.cli", "app", "--no-open", "--port", str(port)]
    process = subprocess.Popen([*command, "--sessions", str(sessions)])
    try:
        for _ in range(1_200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(30)


def memory(process: int) -> float:
    """MB that a process holds now."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True)
    return int(said.stdout.strip() or 0) / 1024


async def watching(process: int, held: list[tuple[float, float]], until: float) -> None:
    """Look at the memory of the server now and then."""
    began = time.monotonic()
    while time.monotonic() < until:
        held.append((time.monotonic() - began, memory(process)))
        await asyncio.sleep(EVERY)


async def crowd(
    server: str, process: int, visitors: int, minutes: float
) -> tuple[Log, list[tuple[float, float]]]:
    """All visitors at once, for some minutes."""
    AsyncHTTPClient.configure(None, max_clients=2 * visitors)
    log, held = Log(), [(0.0, memory(process))]
    until = time.monotonic() + 60 * minutes
    people = [visiting(server, log, until, seed) for seed in range(visitors)]
    await asyncio.gather(watching(process, held, until), *people)
    held.append((held[-1][0] + EVERY, memory(process)))
    return log, held


def report(log: Log, held: list[tuple[float, float]], visitors: int, minutes: float) -> None:
    """Print what was found."""
    print(f"{visitors} visitors, {minutes:g} minutes, {os.cpu_count()} cores, {platform.machine()}")
    print(f"\n{'':<32}{'times':>7}{'median s':>10}{'95 % s':>9}{'longest s':>11}")
    for what, seconds in sorted(log.seconds.items()):
        order = sorted(seconds)
        middle, late = order[len(order) // 2], order[int(0.95 * (len(order) - 1))]
        print(f"{what:<32}{len(order):>7}{middle:>10.2f}{late:>9.2f}{order[-1]:>11.2f}")
    print()
    for what, many in sorted(log.counts.items()):
        print(f"{what:<32}{many:>7}")
    print(f"{'marks of others seen':<32}{len(log.strange):>7}")
    print(f"{'visits that failed':<32}{len(log.problems):>7}")
    for one, many in Counter(log.problems).most_common(5):
        print(f"  {many} x {one}")
    print("\nmemory of the server, MB")
    for part in range(0, 11):
        second, size = held[round(part / 10 * (len(held) - 1))]
        print(f"{second / 60:>8.1f} min{size:>9.0f}")
    late = [one for one in held if one[0] >= held[-1][0] / 2]
    grown = (late[-1][1] - late[0][1]) / max((late[-1][0] - late[0][0]) / 60, 1e-9)
    print(
        f"{max(size for _, size in held):>9.0f} at most; {grown:+.1f} a minute in the second half"
    )


def main() -> int:
    """Serve, visit, report; 1 if anybody saw a mark of another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, default=64)
    asked = parser.parse_args()
    with server_of(asked.sessions) as (server, process):
        log, held = asyncio.run(crowd(server, process.pid, asked.visitors, asked.minutes))
    report(log, held, asked.visitors, asked.minutes)
    return 1 if log.strange else 0


if __name__ == "__main__":
    sys.exit(main())
