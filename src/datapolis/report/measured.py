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
from datapolis.audits.finding import INTERVALS, Audit, Finding, short
from datapolis.report.render import WIDTHS, picture, rendered, write_page
from datapolis.report.sentences import NBSP

FIRST = 12  # findings that are not folded away


def write_measured(audits: Sequence[Audit], path: Path | str, title: str = "") -> Path:
    """Write the page of one or several audits, and return its path.

    Raises StoreError if it cannot be written.
    """
    return write_page(Path(path), page(audits, title))


def page(audits: Sequence[Audit], title: str = "") -> str:
    """The page as HTML."""
    specs: dict[str, Any] = {"specs": {}, "data": {}}
    return rendered(
        "measured.html",
        specs,
        title=title or (audits[0].title if len(audits) == 1 else "Audits"),
        version=__version__,
        sections=[section(one, f"audit-{place}", specs) for place, one in enumerate(audits, 1)],
    )


def section(audit: Audit, id: str, specs: dict[str, Any]) -> dict[str, Any]:
    """What the template tells of an audit; its charts' specifications are added to `specs`."""
    from markupsafe import Markup

    figures: dict[int, dict[str, Any]] = {}
    for size, width in WIDTHS.items():
        for place, one in enumerate(audit.figures(width)):
            name = f"{id}-{place}"
            figure = figures.setdefault(place, {"id": name, "says": one.says, "title": one.title})
            if one.chart is not None:
                title, description, drawn = picture(one.chart, f"{name}-{size}", specs)
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
        "question": audit.question,
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
        "estimate": short(one.estimate) or "–",
        "range": "" if one.interval == "none" else f"{short(one.lower)} to {short(one.upper)}",
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
    """The p value of a finding, the least it could have, and the one adjusted for its family."""
    if math.isnan(one.p_value):
        return ""
    said = f"p{NBSP}={NBSP}{one.p_value:.2g}"
    if not math.isnan(one.p_least):
        said += f" (least attainable {one.p_least:.2g})"
    if not math.isnan(one.p_adjusted):
        said += f", adjusted {one.p_adjusted:.2g}"
    return said


def call(audit: Audit) -> str:
    """The lines of Python that give the same findings."""
    tables = ", ".join(json.dumps(str(one["table"])) for one in audit.inputs)
    options = "".join(
        f"\n    {name}={value!r},"
        for name, value in audit.options.items()
        if value not in (None, "", [], {}, ())
    )
    return f"dp.audits.{audit.kind}(\n    {tables},{options}\n)"
