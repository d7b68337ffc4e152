"""Hostile input: does anything that is read end otherwise than in an answer or a sentence?

`python -m verification.fuzz --minutes 60` makes studies, tables, uploads and links that mean harm,
or are merely broken, and lets datapolis read them. A failure is any error but InputError and
StoreError, an answer that takes longer than PATIENCE seconds, a program or a connection that is
started, code that is compiled from what was given, a file written outside the folder that was
meant, a cell that a spreadsheet would take for a formula, and HTML in which something given stands
as a tag.

    --minutes M       how long, over all targets                         default 1
    --target NAME     study, tables, uploads or links; may be repeated   default all
    --seed S          the first seed; the same seed gives the same inputs
    --again FILE      one kept input once more, with its traceback
    --atheris         let coverage choose the inputs of one target, if atheris is installed

A slice of SLICE seconds is a process of its own, so that a crash is a failure too and not an end.
Each kind of failure is kept once, as the input that made it, under out/fuzz/.
"""

from __future__ import annotations

import argparse
import ast
import base64
import contextlib
import csv
import io
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from datapolis.core.errors import InputError, StoreError, kind_of

OUT = Path("out/fuzz")
PATIENCE = 20  # seconds of processor time for one input
SLICE = 120.0  # seconds of one process
EXAMPLES = 1_000_000  # more than fit into a slice
CANARY = "canary7"
TAGS = (f"<script>{CANARY}", f"<img src=x onerror={CANARY}", f"<svg onload={CANARY}")
STARTED = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")

NASTY = (
    "", " ", "\0", "a\0b", "../../outside", "/etc/passwd", "/etc/hostname.csv", "C:\\x.csv", "..",
    "..\\x.csv", "a/b", "x" * 300, "\U0001d49c" * 90 + ".csv", *(f"{tag}>" for tag in TAGS),
    f'"><img src=x onerror={CANARY}>', f"'><script>{CANARY}</script>", f"=cmd|'/c {CANARY}'!A0",
    "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", f"{{{{{CANARY}}}}}", "${7*7}", "%s%n", "log(a)",
    "log()", "log(", f"log(__import__('os').system('{CANARY}'))", f"__import__('{CANARY}')",
    "'; DROP TABLE cells; --", 'a"b', "a'b", "a`b", "nan", "inf", "-inf", "1e999", "-0", "0x10",
    "1_000", "٣", "\u202e", "\x1b[2J", "NA", "2014-06-27", "9999-99-99", "a<25", "a>", "<", "a,b",
    "a=b", "=", ",", "*", "[a]", "?", "CON", "__proto__", "datum", "a.b", "a:Q", "a[0]",
)  # fmt: skip
"""Texts that something, somewhere, takes for more than text."""

NUMBERS = (0, 1, -1, 2, 0.5, 1e308, -1e308, 5e-324, 2**31, 2**63 - 1, float("nan"), float("inf"))

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
numbers = st.one_of(st.sampled_from(NUMBERS), st.integers(-10, 400), st.floats())
values = st.recursive(
    st.one_of(texts, numbers, st.booleans()),
    lambda inside: st.one_of(
        st.lists(inside, max_size=4), st.dictionaries(texts, inside, max_size=4)
    ),
    max_leaves=8,
)


class Wrong(Exception):
    """What was given did what it may not do."""


# --- what nothing that is read may do ------------------------------------------------------------


class Watch:
    """Hears of programs, connections, code and files, as Python's audit hooks tell them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.on, self.heard = folder.resolve(), False, ""
        sys.addaudithook(self.hear)

    def hear(self, event: str, given: tuple[Any, ...]) -> None:
        """Note the first thing that may not be; raising here could be caught by somebody."""
        if not self.on or self.heard:
            return
        if event.startswith(STARTED) or event == "pickle.find_class":
            self.heard = f"{event} {given!r}"[:200]
        elif event == "compile" and CANARY in str(given[0]):
            self.heard = "what was given is compiled"
        elif event == "open" and isinstance(given[0], str) and writes(given[1], given[2]):
            place = Path(given[0]).absolute()
            allowed = (self.folder, Path(tempfile.gettempdir()).resolve(), Path("/dev"))
            if (
                not any(place.is_relative_to(one) for one in allowed)
                and "__pycache__" not in given[0]
            ):
                self.heard = f"a file is written outside: {place}"

    def __enter__(self) -> None:
        self.on, self.heard = True, ""

    def __exit__(self, *problem: Any) -> None:
        self.on = False
        if self.heard and not any(problem):
            raise Wrong(self.heard)


def writes(mode: Any, flags: Any) -> bool:
    """Whether a file is opened to be written."""
    if isinstance(mode, str):
        return any(one in mode for one in "wax+")
    return bool(flags & 3) if isinstance(flags, int) else False


def check_html(html: str) -> None:
    """Nothing given may stand in a page as a tag."""
    for tag in TAGS:
        if tag in html:
            raise Wrong(f"a tag in a page: {tag}")


def check_sheet(text: str) -> None:
    """No cell may be one that a spreadsheet takes for a formula."""
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            with contextlib.suppress(ValueError):
                float(cell)
                continue
            if cell.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r"):
                raise Wrong("a formula in a CSV file")


def check_inside(folder: Path, place: Path) -> None:
    """A file has to lie in its folder."""
    if not place.resolve().is_relative_to(folder.resolve()):
        raise Wrong(f"a file outside: {place}")


# --- studies -------------------------------------------------------------------------------------


def toml_of(value: Any) -> str:
    """A value as TOML, also where it makes no sense."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)} = {toml_of(one)}" for key, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_of, value))}]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def study_keys() -> list[str]:
    """The keys that a study knows, so that values come to where they are looked at."""
    from datapolis.core.parameters import DECLARED
    from datapolis.core.policy import LEVERS
    from datapolis.studies.document.sections import Asked, WorldPart

    table = "table name weight time month most optional from to income".split()
    parts, asked = ("firms", "graph", "ties", "incomes"), "kind table tables outcome within drop"
    timed, listed = ("when", "at", "from", "level"), ("vary", "seed", "test", "extra")
    return [
        *(f"world.{name}" for name in WorldPart.model_fields),
        *(f"world.{part}.{name}" for part in parts for name in table),
        *(f"parameters.{path}" for path in DECLARED),
        *(f"policies.p.{name}" for name in LEVERS),
        *(f"policies.p.{name}.{key}" for name in LEVERS[:3] for key in timed),
        *(f"measure.m.{name}" for name in asked.split()),
        *(f"{name}.{key}" for name in Asked.model_fields for key in listed),
        *(field.alias or name for name, field in Asked.model_fields.items()),
    ]


@st.composite
def studies(draw: st.DrawFn) -> bytes:
    """A study of wrong values, a good one with wrong lines, or anything at all."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.binary(max_size=400))
    if kind < 6:
        pairs = draw(
            st.lists(st.tuples(st.sampled_from(study_keys()), values), min_size=1, max_size=6)
        )
        lines = ["schema = 2", 'title = "t"', *(f"{key} = {toml_of(one)}" for key, one in pairs)]
        return "\n".join(lines).encode("utf-8", "surrogatepass")
    lines = GOOD.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        key, _, rest = lines[at].partition("=")
        wrong = draw(st.one_of(values.map(toml_of), texts, st.just("[" * 30)))
        lines[at] = draw(
            st.sampled_from((f"{key}= {wrong}", f"[{json.dumps(wrong)}]", wrong, rest))
        )
    return "\n".join(lines).encode("utf-8", "surrogatepass")


GOOD = """schema = 2
title = "A study"
about = "words"
[world]
citizens = 200
months = 12
agencies = 3
[world.firms]
table = "firms.csv"
name = "name"
weight = "amount"
time = "time"
[parameters]
law.lag = 24.0
"attention.network_effect" = 0.4
[policies.opened]
open_data = 0.6
data_sharing = { from = 6, to = 9, level = 0.8 }
antitrust = { when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }
parameters.law.lag = { at = 3, months = 4, level = 30.0 }
[[scenario]]
month = 3
whom = "largest firm"
data = 0.5
[ensemble]
members = 2
vary = ["law.lag"]
[claims]
test = ["M9"]
[sensitivity]
outcomes = ["harm"]
[measure.market]
kind = "concentration"
table = "firms.csv"
holder = "name"
amount = "amount"
basis = "amount"
"""
TABLE = "name,amount,time\n" + "".join(f"f{n},{n + 1},2020\n" for n in range(20))


def try_study(text: bytes, folder: Path) -> None:
    """Read a study; what it names has to lie beside it, and what is written in its folder."""
    from datapolis.studies.inputs import read_inputs
    from datapolis.studies.study import parse_study

    (folder / "firms.csv").write_text(TABLE)
    study = parse_study(text, folder / "study.toml")
    for name, part in study.measures.items():
        check_inside(folder / "audits", folder / "audits" / f"{name}.json")
        for table in part.all_tables:
            check_inside(folder, folder / table)
    for table in study.world.tables().values():
        check_inside(folder, folder / table.table)
    read_inputs(study, folder)


# --- tables --------------------------------------------------------------------------------------


@st.composite
def tables_given(draw: st.DrawFn) -> dict[str, Any]:
    """A file that may be a table, and what is asked of it."""
    suffix = draw(st.sampled_from((".csv", ".csv", ".tsv", ".parquet", ".csv.gz")))
    names = draw(st.lists(texts, min_size=1, max_size=5))
    rows = draw(st.integers(0, 40))
    columns = [draw(cells(rows)) for _ in names]
    content = written(suffix, names, columns)
    if draw(st.integers(0, 3)) == 0:
        content = draw(broken(content))
    given = {"suffix": suffix, "content": content, "columns": names}
    return {**given, "kind": draw(st.sampled_from(KINDS)), "options": draw(options(names))}


KINDS = (
    "concentration tails islands prices disclosure breaches rights enforcement influence diffusion"
).split()


def cells(rows: int) -> st.SearchStrategy[list[Any]]:
    """A column: of texts, of numbers, of dates, or of all of these."""
    few = st.lists(texts, min_size=1, max_size=4).flatmap(st.sampled_from)
    dates = st.dates().map(str)
    kinds = (
        few,
        texts,
        numbers,
        dates,
        st.integers(0, 1),
        st.floats(0, 100),
        st.one_of(texts, numbers),
    )
    return st.sampled_from(kinds).flatmap(lambda kind: st.lists(kind, min_size=rows, max_size=rows))


@st.composite
def options(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Options of audits: often a column, sometimes what no audit expects."""
    column = st.one_of(st.sampled_from(names), st.sampled_from(names), texts)
    one = st.one_of(column, column, numbers, st.booleans(), st.lists(column, max_size=3))
    words = st.sampled_from(OPTIONS)
    return draw(st.dictionaries(words, one, max_size=12))


OPTIONS = tuple(
    "holder amount time basis floor whole value unit group source target layer edge_means outcome "
    "within same cost by known sensitive fraction date people right levels category body fines "
    "company currency node adopted strong weak drop duplicates public min_group draws seed".split()
)


def written(suffix: str, names: list[str], columns: list[list[Any]]) -> bytes:
    """The table as the bytes of a file."""
    import gzip

    if suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        made = {}
        for name, column in zip(names, columns, strict=True):
            kinds = {type(one) for one in column} - {int}
            plain = column if len(kinds) < 2 else [str(one) for one in column]
            with contextlib.suppress(pyarrow.ArrowException, OverflowError, UnicodeError):
                made[name] = pyarrow.array(plain)
        kept = io.BytesIO()
        parquet.write_table(pyarrow.table(made), kept)
        return kept.getvalue()
    text = io.StringIO()
    rows = csv.writer(text, delimiter="\t" if suffix == ".tsv" else ",")
    rows.writerow(names)
    rows.writerows(zip(*columns, strict=True))
    content = text.getvalue().encode("utf-8", "surrogatepass")
    return gzip.compress(content) if suffix.endswith(".gz") else content


@st.composite
def broken(draw: st.DrawFn, content: bytes) -> bytes:
    """A file with other bytes here and there, or cut off."""
    kept = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        if kept:
            at = draw(st.integers(0, len(kept) - 1))
            kept[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(kept[: draw(st.integers(0, len(kept)))] if draw(st.booleans()) else kept)


def try_table(given: dict[str, Any], folder: Path) -> None:
    """Read a table in both ways, ask an audit of it, and look at what it writes."""
    from datapolis import tables

    path = folder / f"t{given['suffix']}"
    path.write_bytes(given["content"])
    names = given["columns"]
    for read in (
        lambda: tables.read(path, {"one": names[0], "two": names[-1]}, numbers=("two",)),
        lambda: tables.open_table(path).fetch(*names[:2]),
        lambda: tables.open_table(path).numbers(names[-1]).group(names[:1]),
        lambda: tables.open_table(path, drop=f"{names[0]}=x", duplicates="drop").text(names[0]),
    ):
        with contextlib.suppress(InputError, StoreError):
            read()
    check_audit(asked(path, given), folder, drawn=len(given["content"]) % 3 == 0)


def asked(path: Path, given: dict[str, Any]) -> Any:
    """The audit of a table, with as many of the options as it takes; missing ones are columns."""
    from datapolis.audits import AUDITS
    from datapolis.audits.finding import options_of
    from datapolis.studies.audit_options import misfit

    audit, names = AUDITS[given["kind"]], given["columns"]
    taken = {}
    for turn, (name, one) in enumerate(options_of(audit).items()):
        value = given["options"].get(name)
        fits = value is not None and not misfit(value, one.annotation)
        if fits:
            taken[name] = value
        elif one.default is one.empty:
            column = names[turn % len(names)]
            taken[name] = [column] if misfit(column, one.annotation) else column
    return audit(path, **{"draws": 19, **taken} if "draws" in options_of(audit) else taken)


def check_audit(found: Any, folder: Path, drawn: bool = True) -> None:
    """Files of an audit are harmless, and pages and cells of a notebook, which take longer."""
    from datapolis.app.pages.measure import answer
    from datapolis.report.measured import page

    if drawn:
        check_html(page([found]))
        check_html(answer(found, False))
        check_html(found._repr_html_())
    place = found.save(Path(tempfile.mkdtemp(dir=folder)) / "audit")
    check_sheet((place / "findings.csv").read_text(encoding="utf-8"))


# --- uploads and pages ---------------------------------------------------------------------------


@st.composite
def uploads(draw: st.DrawFn) -> list[Any]:
    """What a browser, or somebody in its place, sends to the page Measure."""
    given = draw(tables_given())
    name = draw(st.one_of(st.just("t"), texts)) + draw(st.sampled_from((given["suffix"], "")))
    data = base64.b64encode(given["content"]).decode()
    piece = {"name": name, "turn": "a", "place": 0, "many": 1, "data": data}
    column = st.one_of(st.sampled_from(given["columns"]), values)
    ids = st.sampled_from((*OPTIONS, "ask_floor", "ask_unit", "ask_cost", "measure", "report"))
    change = st.builds(lambda id, value: ["change", id, value], ids, column)
    odd = st.builds(lambda value: ["upload", value], st.one_of(values, wrong_pieces(piece)))
    raw = st.builds(lambda value: ["form", value], values)
    said = draw(st.lists(st.one_of(change, change, odd, raw), max_size=12))
    return [
        ["upload", piece],
        ["change", "kind", given["kind"]],
        *said,
        ["change", "measure", True],
    ]


def wrong_pieces(piece: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A piece of a file with one thing wrong."""
    return st.builds(lambda key, value: {**piece, key: value}, st.sampled_from(list(piece)), values)


def try_uploads(said: list[Any], folder: Path) -> None:
    """Send it all; files lie in the session's folder, go with it, and nothing is ours to excuse."""
    from datapolis.app.pages.measure import Measure
    from datapolis.app.state import Session, Settings

    page = Measure(Session(Settings(results=folder)))
    page.session.folder = folder / "uploads"
    page.session.folder.mkdir(exist_ok=True)
    try:
        for what, *given in said:
            if what == "upload":
                page.first._handle_msg(given[0])
            elif what == "form":
                page.options._handle_msg(given[0])
            else:
                page.changed(*given)
            settled(page)
            for part in page.parts.values():
                check_html(str(getattr(part, "html", "")))
            if "not of yours" in page.status.html:
                raise Wrong(page.status.html)
    finally:
        page.session.close()
    if (folder / "uploads").exists():
        raise Wrong("what was uploaded is still there")


def settled(page: Any) -> None:
    """Wait until nothing is at work for a page."""
    while page.session.busy or any(one.name == "datapolis-aside" for one in threading.enumerate()):
        time.sleep(0.005)


links = st.dictionaries(
    st.one_of(
        texts,
        st.deferred(lambda: st.sampled_from(link_names())),
    ),
    st.one_of(texts, numbers.map(str), st.from_regex(r"[0-9.]{1,5}[~@][0-9]{1,4}-[0-9]{1,4}")),
    max_size=8,
)


def link_names() -> list[str]:
    """The names that links know."""
    from datapolis.app.view import WHOLE
    from datapolis.core.parameters import DECLARED
    from datapolis.core.policy import LEVERS

    more = ("show", "kind", "x", "verdict", "claim", "from", "portfolio", "bound_rights")
    return [*WHOLE, *DECLARED, *LEVERS, *more, *OPTIONS]


def try_link(query: dict[str, str], folder: Path) -> None:
    """Follow a link to each page; what cannot be used is told in words."""
    from datapolis.app.pages.claims import Claims
    from datapolis.app.pages.measure import Measure
    from datapolis.app.pages.policies import Policies
    from datapolis.app.pages.simulate import Simulate
    from datapolis.app.state import Session, Settings
    from datapolis.app.view import Base, from_query, python_lines, study_of

    view, _ = from_query(query)
    study_of(view, Base())
    ast.parse(python_lines(view, Base()))
    pages: list[Callable[[Session], Any]] = [Simulate, Measure, Policies, Claims]
    for kind in pages[: 3 + (len(query) % 4 == 0)]:  # verdicts take a second to draw
        page = kind(Session(Settings(results=folder), query=dict(query)))
        if not isinstance(page, Simulate):
            page.opened()
        settled(page)
        for part in page.parts.values():
            check_html(str(getattr(part, "html", "")))
        if "not of yours" in page.status.html:
            raise Wrong(page.status.html)
        page.session.close()


TARGETS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any, Path], None]]] = {
    "study": (studies(), try_study),
    "tables": (tables_given(), try_table),
    "uploads": (uploads(), try_uploads),
    "links": (links, try_link),
}


# --- trying --------------------------------------------------------------------------------------


class Slow(BaseException):
    """An input takes too long; nobody below may catch it."""


@contextlib.contextmanager
def patient() -> Iterator[None]:
    """Raise Slow where an input takes longer than anybody waits."""

    def late(*_: Any) -> None:
        raise Slow

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def attempt(target: str, given: Any, watch: Watch) -> str:
    """Try one input; the kind of failure, or nothing."""
    try:
        with (
            tempfile.TemporaryDirectory(dir=watch.folder) as folder,
            patient(),
            watch,
            contextlib.suppress(InputError, StoreError),
        ):
            TARGETS[target][1](given, Path(folder))
    except Slow:
        return f"takes longer than {PATIENCE} s"
    except Wrong as wrong:
        return str(wrong)[:300]
    except Exception as error:
        return kind_of(error)
    return ""


def tries(
    target: str,
    first: int,
    took: Callable[[Any, str], None],
    *,
    until: float = float("inf"),
    most: int = EXAMPLES,
) -> None:
    """Inputs of one seed until the time is over or there are many; each is told, and failures."""
    with tempfile.TemporaryDirectory(prefix="datapolis-fuzz-") as folder:
        watch = Watch(Path(folder))

        @seed(first)
        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(TARGETS[target][0])
        def one(given: Any) -> None:
            if time.monotonic() > until:
                raise KeyboardInterrupt  # the only way to end it early
            took(given, "")
            failed = attempt(target, given, watch)
            if failed:
                took(given, failed)

        with contextlib.suppress(KeyboardInterrupt):
            one()


def child(target: str, first: int, seconds: float, out: Path) -> None:
    """One slice: writes how many inputs were tried, the last of them, and failures."""
    counts: Counter[str] = Counter()
    now = out / "now"

    def took(given: Any, failed: str) -> None:
        if failed:
            if not counts[failed]:
                keep(out, target, failed, repr(given))
            counts[failed] += 1
            return
        counts["tried"] += 1
        now.write_text(repr(given), encoding="utf-8", errors="backslashreplace")

    tries(target, first, took, until=time.monotonic() + seconds)
    (out / "told.json").write_text(json.dumps(counts))
    now.unlink(missing_ok=True)


def keep(out: Path, target: str, failed: str, given: str) -> Path:
    """Keep an input that failed, with what it did."""
    import hashlib

    name = hashlib.sha256(failed.encode()).hexdigest()[:8]
    place = OUT / f"{target}-{name}.txt"
    if not place.exists():
        text = f"# {target}: {failed!r}\n{given}\n"
        place.write_text(text, encoding="utf-8", errors="backslashreplace")
    return place


def sliced(target: str, first: int, seconds: float) -> Counter[str]:
    """One slice in a process of its own; a process that dies is a failure of its last input."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        command = [sys.executable, "-m", "verification.fuzz", "--child", target, str(first)]
        process = subprocess.Popen([*command, str(seconds), folder])
        try:
            ended = process.wait(seconds + 10 * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            ended = process.wait()
        if (out / "told.json").exists():
            return Counter(json.loads((out / "told.json").read_text()))
        failed = f"the process ends with {ended}"
        last = (out / "now").read_text(encoding="utf-8") if (out / "now").exists() else "''"
        keep(out, target, failed, last)
        return Counter({failed: 1, "tried": 1})


def run(targets: list[str], minutes: float, first: int) -> Counter[tuple[str, str]]:
    """All targets in turn until the time is over."""
    OUT.mkdir(parents=True, exist_ok=True)
    counts: Counter[tuple[str, str]] = Counter()
    began, turn = time.monotonic(), 0
    seconds = min(SLICE, 60 * minutes / len(targets))
    while time.monotonic() - began < 60 * minutes:
        target = targets[turn % len(targets)]
        for what, many in sliced(target, first + turn, seconds).items():
            counts[target, what] += many
        turn += 1
        failures = sum(many for (_, what), many in counts.items() if what != "tried")
        tried = sum(many for (_, what), many in counts.items() if what == "tried")
        print(
            f"{(time.monotonic() - began) / 60:6.1f} min  {target:<8} "
            f"seed {first + turn - 1}: {tried:,} inputs so far, {failures} failures",
            flush=True,
        )
    return counts


def report(counts: Counter[tuple[str, str]], targets: list[str]) -> int:
    """Print the table; how many kinds of failures there are."""
    print(f"\n{'target':<10}{'inputs':>10}{'failures':>10}{'kinds':>8}")
    kinds = 0
    for target in targets:
        wrong = {what: many for (of, what), many in counts.items() if of == target}
        tried = wrong.pop("tried", 0)
        kinds += len(wrong)
        print(f"{target:<10}{tried:>10,}{sum(wrong.values()):>10,}{len(wrong):>8}")
    for (target, what), many in counts.items():
        if what != "tried":
            print(f"  {target}: {many} x {what}")
    if kinds:
        print(f"The inputs are kept in {OUT}; try one again with --again FILE.")
    return kinds


def again(file: Path) -> int:
    """A kept input once more, with its traceback."""
    head, _, text = file.read_text(encoding="utf-8").partition("\n")
    target, given = head[2:].partition(":")[0], plain(text)
    with tempfile.TemporaryDirectory() as folder:
        try:
            TARGETS[target][1](given, Path(folder))
        except (InputError, StoreError) as error:
            print(f"told: {error}")
        except Exception:
            traceback.print_exc()
            return 1
    return 0


class _Numbers(ast.NodeTransformer):
    """The names nan and inf, which stand in what `repr` writes, as the numbers they are."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A number in place of its name."""
        return ast.Constant(float(node.id))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """-inf, which is no number for Python's parser either."""
        operand = self.visit(node.operand)
        return ast.Constant(-operand.value) if isinstance(node.op, ast.USub) else node


def plain(text: str) -> Any:
    """What `repr` wrote of plain values."""
    return ast.literal_eval(_Numbers().visit(ast.parse(text.strip(), mode="eval")).body)


def guided(target: str, seconds: float) -> None:
    """Inputs that coverage chooses; needs atheris."""
    import atheris

    with atheris.instrument_imports(include=["datapolis"]):
        import datapolis.app.view
        import datapolis.studies.study
        import datapolis.tables.opened
    assert datapolis is not None
    folder = tempfile.mkdtemp(prefix="datapolis-fuzz-")
    watch = Watch(Path(folder))

    @settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(TARGETS[target][0])
    def one(given: Any) -> None:
        failed = attempt(target, given, watch)
        if failed:
            OUT.mkdir(parents=True, exist_ok=True)
            print(f"{failed}: {keep(OUT, target, failed, repr(given))}", flush=True)

    atheris.Setup(
        [sys.argv[0], f"-max_total_time={int(seconds)}", "-print_final_stats=1"],
        one.hypothesis.fuzz_one_input,  # type: ignore[attr-defined]
    )
    atheris.Fuzz()


def main() -> int:
    """Try, report; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m verification.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--target", action="append", choices=list(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path)
    parser.add_argument("--atheris", action="store_true")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.child:
        target, first, seconds, out = wanted.child
        child(target, int(first), float(seconds), Path(out))
        return 0
    if wanted.again:
        return again(wanted.again)
    targets = wanted.target or list(TARGETS)
    if wanted.atheris:
        guided(targets[0], 60 * wanted.minutes)
        return 0
    return 1 if report(run(targets, wanted.minutes, wanted.seed), targets) else 0


if __name__ == "__main__":
    sys.exit(main())
