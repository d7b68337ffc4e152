"""The page of an answer: what was asked, the answer in a sentence, charts, how sure, and again.

Every kind of question (`report.answers`) says its page as an `Answer`; this module draws it, with
where it comes from read off the folder.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from datapolis import __version__
from datapolis.audits.finding import short
from datapolis.report.render import WIDTHS, picture, rendered, write_page

SHOWN = 24  # rows of a table that are not folded away


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page: a heading, sentences, charts, a table."""

    title: str
    text: str = ""  # paragraphs parted by an empty line
    charts: Callable[[int], Sequence[Any]] | None = None  # width in pixels -> Altair charts
    columns: Mapping[str, Sequence[Any]] | None = None  # heading -> cells


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the page of an answer says."""

    kind: str
    title: str
    asked: str
    answer: str
    sections: Sequence[Section]
    sure: Sequence[str]  # how sure it is, and what it cannot say
    again: Sequence[str]  # lines that give the same


def percent(share: float) -> str:
    """A share to read."""
    return f"{100 * share:.0f} %"


def joined(names: Sequence[str]) -> str:
    """Names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def page(out: Path) -> Answer:
    """What the page says of the answer that a folder holds."""
    kind = json.loads((out / "answer.json").read_text(encoding="utf-8"))["kind"]
    answer: Answer = import_module(f"datapolis.report.answers.{kind}").page(out)
    return answer


def write(out: Path) -> Path:
    """Write the page of the answer that a folder holds, and return its path."""
    return write_answer(out, page(out))


def write_answer(out: Path, answer: Answer) -> Path:
    """Write a page into the folder of its answer. Raises StoreError if it cannot be written."""
    return write_page(out / "report.html", html(answer, _provenance(out)))


def html(answer: Answer, provenance: Mapping[str, Any]) -> str:
    """The page as HTML."""
    specs: dict[str, Any] = {"specs": {}, "data": {}}
    return rendered(
        "answered.html",
        specs,
        title=answer.title,
        kind=answer.kind,
        asked=answer.asked,
        answer=answer.answer,
        sections=[
            _section(one, f"part-{place}", specs) for place, one in enumerate(answer.sections, 1)
        ],
        sure=answer.sure,
        again=answer.again,
        provenance=provenance,
        version=__version__,
    )


def _section(section: Section, id: str, specs: dict[str, Any]) -> dict[str, Any]:
    from markupsafe import Markup

    figures: dict[int, dict[str, Any]] = {}
    for size, width in WIDTHS.items():
        for place, chart in enumerate(section.charts(width) if section.charts else ()):
            name = f"{id}-{place}"
            title, description, drawn = picture(chart, f"{name}-{size}", specs)
            figure = figures.setdefault(place, {"id": name})
            figure.update({"title": title, "description": description, size: Markup(drawn)})
    columns = dict(section.columns or {})
    numeric = [_is_numeric(cells) for cells in columns.values()]
    rows = [
        [
            {"text": _cell(value), "number": is_number}
            for value, is_number in zip(row, numeric, strict=True)
        ]
        for row in zip(*columns.values(), strict=True)
    ]
    return {
        "id": id,
        "title": section.title,
        "paragraphs": [part for part in section.text.split("\n\n") if part],
        "figures": list(figures.values()),
        "headings": list(columns),
        "first": rows[:SHOWN],
        "rest": rows[SHOWN:],
    }


def _is_numeric(cells: Sequence[Any]) -> bool:
    return any(isinstance(one, int | float | np.number) for one in cells)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return "–"
    if isinstance(value, float | np.floating):
        return short(float(value))
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return f"{int(value):,}"
    return str(value)


def _provenance(out: Path) -> dict[str, Any]:
    """Where an answer comes from, as far as its folder says it."""
    found: dict[str, Any] = {}
    for name in ("provenance", "question"):
        place = out / f"{name}.json"
        if place.is_file():
            found[name] = json.loads(place.read_text(encoding="utf-8"))
    about, question = found.get("provenance", {}), found.get("question", {})
    versions = about.get("versions", {})
    return {
        "facts": {
            "study": about.get("title", ""),
            "made": about.get("date", ""),
            "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
            "asked": ", ".join(
                f"{name} = {json.dumps(value, ensure_ascii=False)}"
                for name, value in question.items()
                if name not in ("kind", "world")
            ),
            "world": question.get("world", ""),
        },
        "inputs": about.get("inputs", []),
    }
