"""Who may use the app, for how much, and that nobody sees what another does.

Visitors are those of benchmarks/app_load.py: they speak Bokeh's protocol without a browser.
"""

import asyncio
import base64
import http.client
import random
import re
import threading
import time

import pytest

pytest.importorskip("panel")

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect
from typer.testing import CliRunner

from benchmarks import app_load
from benchmarks.app_load import TOKEN as IN_PAGE
from benchmarks.app_load import Log, Refused, Visit, mark, measuring
from datapolis.app import jobs, server
from datapolis.app.components import LONGEST_NAME, file_name
from datapolis.app.guard import Guard, is_here
from datapolis.app.jobs import Job
from datapolis.app.pages.measure import Measure
from datapolis.app.pages.page import MOST_ASIDES
from datapolis.app.server import PAGES, link, serve
from datapolis.app.state import Room, Session, Settings
from datapolis.core.errors import InputError
from tests.serving import served

SECRET = "a-token-that-nobody-guesses"
WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.fixture(scope="module")
def app():
    """An app for this machine alone."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def locked():
    """An app that a token opens."""
    with served(token=SECRET) as address:
        yield address


def asked(address, path="/simulate", method="GET", **headers):
    """Status, headers and text of the answer to a request made by hand."""
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Host": host, **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, answer.headers, text


async def socketed(address, token, **headers):
    """The status with which a websocket is refused, or what it says first."""
    request = HTTPRequest(
        f"{address.replace('http', 'ws', 1)}/simulate/ws",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    try:
        connection = await websocket_connect(request, subprotocols=["bokeh", token])
    except HTTPClientError as error:
        return error.code
    said = await connection.read_message()
    connection.close()
    if said is not None:
        while await connection.read_message() is not None:
            pass
    return said


# --- what every answer says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/simulate", 200),
        ("/", 302),
        ("/nothing", 404),
        ("/static/js/bokeh.min.js", 200),
        ("/assets/vega.js", 200),
        ("/static/nothing", 404),
        ("/simulate/ws", 403),
    ],
)
def test_every_answer_says_what_a_browser_may_do(app, path, status):
    found, headers, text = asked(app, path)
    assert found == status
    assert {name: headers[name] for name in WANTED} == WANTED
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    scripts = re.search(r"script-src ([^;]*)", policy)[1]
    assert "unsafe" not in scripts and "*" not in policy and "http" not in policy
    assert "camera=()" in headers["Permissions-Policy"] and "Server" not in headers
    if headers["Content-Type"].startswith("text/html"):
        assert headers["Cache-Control"] == "no-store"
        assert int(headers["Content-Length"]) == len(text.encode())


def test_scripts_in_a_page_know_a_word_that_is_used_once(app):
    words = set()
    for _ in range(2):
        _, headers, text = asked(app)
        word = re.search(r"'nonce-([^']+)'", headers["Content-Security-Policy"])[1]
        words.add(word)
        for about in re.findall(r"<script([^>]*)>", text):
            assert "src=" in about or "json" in about or f'nonce="{word}"' in about
    assert len(words) == 2


# --- who may ask ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "",
        "10.0.0.1:{port}",
        "127.0.0.1:{port}.evil.example",
        "x@127.0.0.1:{port}",
        "a;script-src *",
    ],
)
def test_a_host_of_another_name_is_refused(app, host):
    port = app.rpartition(":")[2]
    status, headers, _ = asked(app, Host=host.format(port=port))
    assert status in (400, 403) and "script-src *" not in str(headers)


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_this_machine_has_several_names(app, host):
    assert asked(app, Host=host.format(port=app.rpartition(":")[2]))[0] == 200


def test_hosts_in_numbers_are_known_where_all_addresses_are_listened_at():
    guard = Guard(5006, "0.0.0.0", ("data.example",), SECRET)
    assert guard.knows("192.168.1.7:5006") and guard.knows("[fe80::1]:5006")
    assert guard.knows("data.example:5006") and guard.knows("data.example")
    assert not guard.knows("192.168.1.7:80") and not guard.knows("evil.example:5006")
    assert is_here("127.0.0.2") and is_here("::1") and is_here("localhost")
    assert not is_here("0.0.0.0") and not is_here("192.168.1.7") and not is_here("example")


def fetched(site, mode, dest):
    """What a browser says of who asks, and for what."""
    return {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": dest}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (fetched("cross-site", "no-cors", "script"), 403),
        (fetched("same-site", "cors", "empty"), 403),
        (fetched("cross-site", "navigate", "iframe"), 403),
        (fetched("cross-site", "navigate", "document"), 200),
        (fetched("same-origin", "cors", "empty"), 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_page_elsewhere_may_link_here_and_do_nothing_else(app, headers, status):
    assert asked(app, **headers)[0] == status


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/simulate/autoload.js?bokeh-autoload-element=x", "GET", 404),
        ("/simulate/metadata", "GET", 404),
        ("/simulate", "POST", 405),
        ("/simulate", "PUT", 405),
        ("/static/../../../../etc/passwd", "GET", 404),
        ("/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "GET", 404),
        ("/static/extensions/panel/../../../panel/config.py", "GET", 404),
        ("/simulate?bokeh-session-id=abc", "GET", 403),
        ("/simulate?bokeh-token=abc", "GET", 403),
    ],
)
def test_only_what_the_app_needs_is_served(app, path, method, status):
    found, _, text = asked(app, path, method)
    assert found in (status, 403) and "root:x:" not in text and "import " not in text


def test_a_session_is_entered_by_nobody_else(app):
    token = IN_PAGE.search(asked(app)[2])[1]
    body, _, signature = token.partition(".")
    other = base64.urlsafe_b64encode(b'{"session_id": "mine", "session_expiry": 9999999999}')
    own = {"Origin": app}

    async def all_of_them():
        assert "ACK" in await socketed(app, token, **own)
        assert await socketed(app, token) == 403
        assert await socketed(app, token, Origin="http://evil.example") == 403
        assert await socketed(app, token, Origin=app.replace("127.0.0.1", "localhost")) == 403
        assert await socketed(app, token, Host="evil.example", Origin="http://evil.example") == 403
        forged = other.decode().rstrip("=")
        for wrong in (forged, f"{forged}.{signature}", f"{body}.AAAA"):
            assert await socketed(app, wrong, **own) is None

    asyncio.run(all_of_them())


def test_a_page_holds_nothing_of_the_request(app):
    _, _, text = asked(app, Cookie="other=a-cookie-of-another", X_Private="a-private-header")
    token = IN_PAGE.search(text)[1].partition(".")[0]
    inside = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("latin-1")
    assert "session_id" in inside
    for secret in ("a-cookie-of-another", "a-private-header"):
        assert secret not in text and secret not in inside


# --- the token -----------------------------------------------------------------------------------


def test_without_the_token_nothing_is_served(locked):
    tokens = ("", f"{SECRET}x", SECRET[:-1], "%ff%00")
    files = ("static/js/bokeh.min.js", "assets/vega.js", "favicon.ico", "simulate/", "simulate", "")
    for path in (*(f"/{one}" for one in files), *(f"/simulate?token={one}" for one in tokens)):
        status, headers, text = asked(locked, path)
        assert status == 403 and "token" in text and "Set-Cookie" not in headers, path
        assert SECRET not in text
    assert asyncio.run(socketed(locked, "x.y", Origin=locked)) == 403


def test_the_token_is_shown_once_and_kept_nowhere(locked, capfd):
    status, headers, text = asked(locked, f"/measure?token={SECRET}")
    cookie = headers["Set-Cookie"]
    assert status == 200 and SECRET not in text + cookie and 'url=/measure"' in text
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    held = cookie.partition(";")[0]
    status, _, page = asked(locked, "/measure", Cookie=held)
    assert status == 200 and "<h1>" in page
    assert SECRET not in page and held.partition("=")[2] not in page
    token = IN_PAGE.search(page)[1]
    inside = base64.urlsafe_b64decode(token.partition(".")[0] + "==").decode("latin-1")
    assert held.partition("=")[2] not in inside
    assert asked(locked, "/measure", Cookie=held + "x")[0] == 403
    said = asyncio.run(socketed(locked, token, Origin=locked, Cookie=held))
    assert "ACK" in said
    asked(locked, f"/static/nothing?token={SECRET}", Cookie=held)
    out, err = capfd.readouterr()
    assert SECRET not in out + err


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_others_come_in_with_a_token_or_not_at_all(address):
    with pytest.raises(InputError, match="without a token"):
        serve(address=address)
    with pytest.raises(InputError, match="too easily guessed"):
        serve(address=address, token="short")


def test_the_command_makes_a_token_where_others_can_reach_it(monkeypatch):
    from datapolis.cli import app

    monkeypatch.delenv("DATAPOLIS_TOKEN", raising=False)
    given = []
    monkeypatch.setattr(server, "serve", lambda settings, **named: given.append((settings, named)))
    run = CliRunner().invoke
    for options in ([], ["--address", "0.0.0.0"], ["--address", "0.0.0.0", "--sessions", "3"]):
        assert run(app, ["app", "--no-open", *options]).exit_code == 0
    alone, one, other = (named["token"] for _, named in given)
    assert alone == "" and given[0][1]["address"] == "127.0.0.1"
    assert len(one) > 32 and len(other) > 32 and one != other
    assert given[2][0].room.sessions == 3
    assert link(5006, "0.0.0.0", "a b") == "http://127.0.0.1:5006/?token=a%20b"
    assert link(5006, "::1") == "http://[::1]:5006/"


# --- how much ------------------------------------------------------------------------------------


def test_too_many_are_asked_to_come_again(monkeypatch):
    monkeypatch.setattr(server, "LEFT", 100)

    async def crowd(address):
        first = await Visit.open(address, "claims")
        with pytest.raises(Refused, match="Too many are at work"):
            await Visit.open(address, "measure")
        assert asked(address, "/simulate")[1]["Retry-After"] == "60"
        assert asked(address, "/assets/vega.js")[0] == 200
        await first.leave()
        for _ in range(100):
            try:
                return await (await Visit.open(address, "measure")).leave()
            except Refused:
                await asyncio.sleep(0.1)
        raise AssertionError("nobody is let in again")

    with served(Settings(room=Room(sessions=1))) as address:
        asyncio.run(crowd(address))


def test_a_line_has_an_end(monkeypatch):
    monkeypatch.setattr(jobs, "TURNS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(jobs, "LINE", threading.BoundedSemaphore(1))
    go, told = threading.Event(), []
    works = [Job(lambda job: go.wait(30), told.append).start()]
    while works[0].state != "running":
        time.sleep(0.01)
    works.append(Job(lambda job: None, told.append).start())
    while not any("Waiting" in one.says for one in told):
        time.sleep(0.01)
    works.append(Job(lambda job: None, told.append).start())
    works[2].thread.join(30)
    assert works[2].state == "failed" and "Too many are at work" in works[2].problem
    go.set()
    for one in works:
        one.thread.join(30)
    assert [one.state for one in works[:2]] == ["done", "done"]


def test_a_job_that_takes_too_long_is_stopped_in_words(monkeypatch):
    monkeypatch.setattr(jobs, "LONGEST", 0)
    told = []
    job = Job(lambda job: (time.sleep(0.01), job.tell("on", 1, 2)), told.append).start()
    job.thread.join(30)
    assert job.state == "failed" and "command line" in job.problem


def test_few_pieces_of_work_of_one_page_wait():
    page, go, done = Measure(Session()), threading.Event(), []
    for _ in range(MOST_ASIDES + 3):
        page.aside(lambda: (go.wait(30), done.append(1)))
    assert "Too much was asked at once" in page.status.html
    go.set()
    while any(one.is_alive() for one in page._asides):
        time.sleep(0.01)
    assert len(done) == MOST_ASIDES
    page.session.close()


def sent(page, name, content):
    """Send a table in one piece."""
    data = base64.b64encode(content).decode()
    piece = {"name": name, "turn": "t", "place": 0, "many": 1, "data": data}
    page.first._handle_msg(piece)
    while any(one.is_alive() for one in page._asides):
        time.sleep(0.01)


def test_uploads_have_room_in_a_session_and_in_all():
    settings = Settings(room=Room(of_table=3_000, of_session=2_000, of_all=2_500))
    one, other = Measure(Session(settings)), Measure(Session(settings))
    table = b"a,b\n" + b"x,1\n" * 300
    sent(one, "t.csv", table)
    assert "has the columns" in one.columns.html and one.session.held() == len(table)
    sent(one, "u.csv", table)
    assert "the tables of this page are too large" in one.status.html
    assert one.session.held() == len(table)  # what is there stays
    sent(other, "t.csv", table + b"y,2\n" * 40)
    assert "too many tables are open" in other.status.html and other.session.held() == 0
    one.session.close()
    sent(other, "t.csv", table)
    assert "has the columns" in other.columns.html
    sent(other, "v.csv", b"a" * 3_001)
    assert "too large" in other.status.html
    other.session.close()
    assert not settings.room.open


@pytest.mark.parametrize(
    "name",
    ["\U0001d49c" * 200 + ".csv", "名" * 100 + ".csv", "a" * 5_000 + ".parquet", "é" * 90 + ".tsv"],
)
def test_a_long_name_of_any_letters_is_one_that_a_disk_takes(name, tmp_path):
    kept = file_name(name)
    assert len(kept.encode()) <= LONGEST_NAME and kept.endswith((".csv", ".parquet", ".tsv"))
    (tmp_path / kept).write_text("")


def test_a_disk_that_refuses_is_told(monkeypatch):
    page = Measure(Session())
    page.first._folder = lambda: Session().uploads() / "not" / "there"
    sent(page, "t.csv", b"a,b\n1,2\n")
    assert "could not be kept" in page.status.html


@pytest.mark.parametrize(
    "data", [None, [], {"id": []}, {"id": {}}, {"id": 1}, {"id": "nothing"}, 7]
)
def test_messages_of_no_form_change_nothing(data):
    page = Measure(Session())
    before = dict(page.values)
    for part in (page.kind, page.options, page.go, page.courier):
        part._handle_msg(data)
    assert page.values == before and page.session.job is None
    page.session.close()


def test_a_browser_changes_nothing_but_by_messages():
    """A patch of Bokeh's protocol could set any property; what the server holds stays."""

    async def patched(address):
        visit = await Visit.open(address, "measure")
        upload = next(one for key, one in visit.parts() if one.get("limits"))
        about = next(key for key, one in visit.models.items() if one is upload)
        for attr, new in (("most", 10**12), ("groups", [])):
            event = {"kind": "ModelChanged", "model": {"id": about}, "attr": attr, "new": new}
            if attr in upload:
                await visit._send("PATCH-DOC", {"events": [event]})
        await visit.upload("t.csv", b"a,b\n" + b"x,1\n" * 400)
        await visit.says("the file is too large")
        await visit.leave()

    with served(Settings(room=Room(of_table=1_000))) as address:
        asyncio.run(patched(address))


# --- nobody sees another's -----------------------------------------------------------------------


@pytest.mark.outer
def test_visitors_see_their_own_tables_and_no_others(app, monkeypatch):
    monkeypatch.setattr(app_load, "THINKING", (0.0, 0.1))
    monkeypatch.setattr(app_load, "PATIENCE", 90.0)
    log = Log()

    async def all_at_once():
        await asyncio.gather(*(measuring(app, log, random.Random(turn)) for turn in range(4)))
        visit = await Visit.open(app, "measure", mark())
        await visit.until(lambda: bool(visit.roots))
        log.strange |= visit.strange
        await visit.leave()

    asyncio.run(all_at_once())
    assert log.strange == set() and len(log.seconds["table measured and drawn"]) == 4


def test_a_mark_of_another_would_be_found():
    visit = Visit(None, mark())
    visit._search(f"a page with {visit.mark} and {(other := mark())}")
    assert visit.strange == {other}
    assert len(PAGES) == 4
