"""The parts that pages are made of: forms, text and charts, uploads, and what a page does besides.

Each is drawn by a small script of ours (`assets/`) inside Panel, so that every input has a label,
one look holds in light and dark, and nothing comes from elsewhere. What a browser sends is data of
unknown worth: it is checked here and by whoever is told of it.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from datapolis.core.errors import InputError
from datapolis.report.render import part, picture, safe_json

KINDS = (".csv", ".tsv", ".parquet")
LONGEST_NAME = 120  # bytes of the name of an uploaded file
WIDTHS = {False: 720, True: 354}  # of a chart, in a wide window and in a narrow one
_DRAWING = threading.Lock()


@cache
def asset(name: str) -> str:
    """A file of the app."""
    return (files("datapolis.app") / "assets" / name).read_text(encoding="utf-8")


@cache
def style() -> str:
    """The look of the report, and what the app needs besides."""
    return part("page.css") + asset("app.css")


class Part(JSComponent):
    """A part of a page, in the look of the app."""

    __abstract = True

    def __init__(self, **given: Any) -> None:
        given.setdefault("stylesheets", [style()])
        super().__init__(**given)  # type: ignore[no-untyped-call]

    @property
    def _linked_properties(self) -> tuple[str, ...]:
        """None: a browser changes nothing here by itself, it sends messages that are checked."""
        return ()


class Form(Part):
    """Groups of fields; `changed(id, value)` is called with what a person enters."""

    groups = param.List(default=[])
    values = param.Dict(default={})
    errors = param.Dict(default={})
    _esm = asset("form.js")

    def __init__(self, changed: Callable[[str, Any], None], **given: Any) -> None:
        self._changed = changed
        super().__init__(**given)

    @property
    def ids(self) -> set[str]:
        """The names of its fields."""
        return {field["id"] for group in self.groups for field in group["fields"]}

    def set(self, **values: Any) -> None:
        """Show other values of some fields."""
        self.values = {**self.values, **values}

    def _handle_msg(self, data: Any) -> None:
        if not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
            return
        if data["id"] in self.ids:
            self._changed(data["id"], data.get("value"))


class Html(Part):
    """Text, tables and charts that the server writes."""

    html = param.String(default="")
    look = param.String(default="body")
    live = param.Boolean(default=False)
    _esm = asset("html.js")


class Courier(Part):
    """The address of a view, downloads, and whether the window is narrow."""

    narrow = param.Boolean(default=False)
    _esm = asset("courier.js")

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, Mapping) and data.get("id") == "narrow":
            self.narrow = data.get("value") is True

    def address(self, query: Mapping[str, str]) -> None:
        """Let the address of the page give the view back."""
        from urllib.parse import urlencode

        text = urlencode(dict(query), safe="~@,")
        self.tell({"address": f"?{text}" if text else ""})

    def send(self, name: str, content: bytes, kind: str) -> None:
        """Hand a file to the person."""
        data = base64.b64encode(content).decode("ascii")
        self.tell({"name": name, "kind": kind, "content": data})

    def tell(self, message: Mapping[str, Any]) -> None:
        """Say something to the page; from any thread."""
        self._send_msg(dict(message))


class Upload(Part):
    """A table that a person drops; it is written into a folder of the session's own."""

    label = param.String(default="A table: CSV, TSV or Parquet")
    limits = param.String(default="")
    most = param.Integer(default=0)  # bytes of a table
    _esm = asset("upload.js")

    def __init__(
        self,
        folder: Callable[[], Path],
        room: Callable[[int], None],  # InputError where there is none for so many bytes more
        arrived: Callable[[Path], None],
        refused: Callable[[str], None],
        **given: Any,
    ) -> None:
        self._folder, self._room = folder, room
        self._arrived, self._refused = arrived, refused
        self._turn, self._next = "", 0
        self._path: Path | None = None
        super().__init__(**given)
        self.limits = (
            f"Up to {self.most / 1e6:.0f} MB. It stays on this machine, and is deleted when you "
            "leave the page. For larger tables there is datapolis measure on the command line."
        )

    def _handle_msg(self, data: Any) -> None:
        try:
            self._piece(data)
        except InputError as error:
            self._drop(str(error))
        except OSError as error:
            self._drop(f"The table could not be kept: {error.strerror or 'the disk refuses it'}.")

    def _drop(self, said: str) -> None:
        """Leave an upload that cannot go on, and say why."""
        self._turn = ""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
        self._refused(said)

    def _piece(self, data: Any) -> None:
        """The next piece of a file, in its order."""
        if isinstance(data, Mapping) and "refused" in data:
            raise InputError("the file is too large", allowed=f"{self.most / 1e6:.0f} MB")
        wanted = {"name": str, "turn": str, "place": int, "many": int, "data": str}
        if not isinstance(data, Mapping) or not all(
            isinstance(data.get(name), kind) for name, kind in wanted.items()
        ):
            raise InputError("the upload could not be read; try again")
        name = file_name(data["name"])
        if data["place"] == 0:
            self._turn, self._next = data["turn"], 0
            self._path = self._folder() / name
            self._path.unlink(missing_ok=True)
        if self._path is None or (data["turn"], data["place"]) != (self._turn, self._next):
            return  # of an upload that was left
        try:
            piece = base64.b64decode(data["data"], validate=True)
        except ValueError:
            raise InputError("the upload could not be read; try again") from None
        before = self._path.stat().st_size if self._path.exists() else 0
        if before + len(piece) > self.most:
            raise InputError("the file is too large", allowed=f"{self.most / 1e6:.0f} MB")
        self._room(len(piece))
        with self._path.open("ab") as file:
            file.write(piece)
        self._next += 1
        if self._next == data["many"]:
            path, self._path, self._turn = self._path, None, ""
            self._arrived(path)


def file_name(given: str) -> str:
    """The name of an uploaded file as it may stand in a folder; InputError for other kinds."""
    name = given.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(one if one.isalnum() or one in "._- " else "_" for one in name).strip(". ")
    kept = kept.encode()[-LONGEST_NAME:].decode(errors="ignore").strip(". ")
    if not kept.lower().endswith(KINDS):
        raise InputError(
            "not a table that can be read here",
            field="file",
            value=name[:60],
            allowed=", ".join(KINDS),
        )
    return kept


# --- text --------------------------------------------------------------------------------------


def escape(text: Any) -> str:
    """Text that can stand in a page, whatever it holds."""
    from markupsafe import escape as escaped

    return str(escaped(text))


def paragraphs(texts: Sequence[str], look: str = "") -> str:
    """Paragraphs."""
    of = f' class="{look}"' if look else ""
    return "".join(f"<p{of}>{escape(text)}</p>" for text in texts if text)


def problem(text: str) -> str:
    """What went wrong, in words."""
    return f'<div class="said-error" role="alert"><p>{escape(text)}</p></div>' if text else ""


def drawn(chart: Any, *, live: bool = False) -> str:
    """A chart with its title: a picture that tells its numbers when pointed at, unless `live`."""
    specs: dict[str, Any] = {"specs": {}, "data": {}}
    with _DRAWING:
        title, description, svg = picture(chart, "chart", specs)
    spec = {**specs["specs"]["chart"], "datasets": specs["data"]}
    spec.pop("uses", None)
    script = "" if live else f'<script type="application/json">{safe_json(spec)}</script>'
    return (
        f"<h3>{escape(title)}</h3>"
        f'<data-chart role="img" aria-label="{escape(description)}">{svg}{script}</data-chart>'
    )


def figure(chart: Any, says: Sequence[str] = (), limits: str = "", *, live: bool = False) -> str:
    """A chart with what it says and what it cannot say."""
    said = paragraphs([text for text in says if text]) + paragraphs(
        [limits] if limits else [], "limits"
    )
    caption = f"<figcaption>{said}</figcaption>" if said else ""
    return f"<figure>{drawn(chart, live=live)}{caption}</figure>"


def table(
    columns: Mapping[str, Sequence[Any]],
    label: str,
    caption: str = "",
    numeric: Sequence[str] = (),
    links: Mapping[str, str] | None = None,
) -> str:
    """Columns as a table that can be read aloud; the first column heads its row, or links on."""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    names = list(columns)
    rows = []
    for row in zip(*columns.values(), strict=True):
        cells = [
            f'<td class="number">{escape(cell)}</td>'
            if name in numeric
            else f"<td>{escape(cell)}</td>"
            for name, cell in zip(names[1:], row[1:], strict=True)
        ]
        first = escape(row[0])
        if links and row[0] in links:
            first = f'<a href="{escape(links[row[0]])}">{first}</a>'
        rows.append(f'<tr><th scope="row">{first}</th>{"".join(cells)}</tr>')
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table>{said}'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def progress(says: str, done: int, total: int) -> str:
    """How far it is."""
    if total:
        bar = f'<progress max="{total}" value="{done}" aria-label="done"></progress>'
    else:
        bar = '<progress aria-label="at work"></progress>'
    return f"{bar}{escape(says)}"
