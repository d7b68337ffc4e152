"""The page of audits: what each says, what it cannot say, its charts and where it comes from.

The section of an audit is the same on its own page and in the report of a study.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datapolis import __version__
from datapolis.audits.finding import INTERVALS, Audit, Finding
from datapolis.errors import StoreError
from datapolis.report.drawn import WIDTHS, bundle, environment, part, picture, safe_json
from datapolis.report.sentences import NBSP

FIRST = 12  # findings that are not folded away


def write_measured(audits: Sequence[Audit], path: Path | str, title: str = "") -> Path:
    """Write the page of one or several audits, and return its path.

    Raises StoreError if it cannot be written.
    """
    path = Path(path)
    text = page(audits, title)
    try:
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: the report could not be written ({error.strerror})") from error
    return path


def page(audits: Sequence[Audit], title: str = "") -> str:
    """The page as HTML."""
    from markupsafe import Markup

    specs: dict[str, Any] = {"specs": {}, "data": {}}
    sections = [section(one, f"audit-{place}", specs) for place, one in enumerate(audits, 1)]
    text: str = (
        environment()
        .get_template("measured.html")
        .render(
            title=title or (audits[0].title if len(audits) == 1 else "Audits"),
            version=__version__,
            nbsp=NBSP,
            sections=sections,
            style=Markup(part("page.css")),
            script=Markup(part("page.js")),
            bundle=Markup(bundle()),
            specs=Markup(safe_json(specs)),
        )
    )
    return text


def section(audit: Audit, id: str, specs: dict[str, Any]) -> dict[str, Any]:
    """What the template tells of an audit; its charts' specifications are added to `specs`."""
    from markupsafe import Markup

    figures: dict[int, dict[str, Any]] = {}
    for size, width in WIDTHS.items():
        for place, chart in enumerate(audit.charts(width)):
            name = f"{id}-{place}"
            title, description, drawn = picture(chart, f"{name}-{size}", specs)
            figure = figures.setdefault(place, {"id": name})
            figure.update({"title": title, "description": description, size: Markup(drawn)})
    rows = [finding_row(one) for one in audit.findings]
    used = {one.interval for one in audit.findings} - {"none"}
    return {
        "id": id,
        "kind": audit.kind,
        "title": audit.title,
        "first": rows[:FIRST],
        "rest": rows[FIRST:],
        "limits": list(dict.fromkeys(one.cannot_say for one in audit.findings if one.cannot_say)),
        "figures": list(figures.values()),
        "intervals": [words for kind, words in INTERVALS.items() if kind in used],
        "notes": audit.notes,
        "targets": len(audit.targets),
        "inputs": [dict(one) for one in audit.inputs],
        "options": call(audit),
        "version": audit.version,
        "date": audit.date,
    }


def finding_row(one: Finding) -> dict[str, Any]:
    """A finding as a row of a table."""
    return {
        "name": one.name.replace("_", " "),
        "of": one.of,
        "estimate": number(one.estimate) or "–",
        "range": "" if one.interval == "none" else f"{number(one.lower)} to {number(one.upper)}",
        "interval": one.interval,
        "unit": "" if one.unit in ("", "share") else one.unit,
        "units": f"{one.n_units:,} {one.units}" if one.n_units else "",
        "rows": f"{one.n_rows:,} rows" if one.n_rows else "",
        "p": p_words(one),
        "estimand": one.estimand,
        "basis": one.basis,
        "method": one.method,
        "says": one.says,
        "claims": ", ".join(one.claims),
    }


def p_words(one: Finding) -> str:
    """The p value of a finding, and the one adjusted for its family."""
    if math.isnan(one.p_value):
        return ""
    said = f"p{NBSP}=${NBSP}{one.p_value:.2g}".replace("$", "")
    if not math.isnan(one.p_adjusted):
        said += f", adjusted {one.p_adjusted:.2g}"
    return said


def number(value: float) -> str:
    """A number to four digits; nothing for what is none."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def call(audit: Audit) -> str:
    """The lines of Python that give the same findings."""
    tables = ", ".join(json.dumps(str(one["table"])) for one in audit.inputs)
    options = "".join(
        f"\n    {name}={value!r},"
        for name, value in audit.options.items()
        if value not in (None, "", [], {}, ())
    )
    return f"dp.audits.{audit.kind}(\n    {tables},{options}\n)"
