"""What can be taken along: report, study file, data, and a note of one page, each citable.

A citable block says of a number what it is an estimate of, how it was made, what its range is, with
which version, from which input (by its hash) and with which seeds.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datapolis import __version__
from datapolis.app.components import asset, escape, table
from datapolis.app.view import AT_ONCE, Base, View, python_lines, short, study_of, study_text
from datapolis.audits.finding import INTERVALS
from datapolis.report.certainty import ENOUGH
from datapolis.report.charts import words
from datapolis.report.tables import KEYS, baseline, changes, key_numbers, large_enough
from datapolis.tables.sheets import harmless_rows

if TYPE_CHECKING:
    import xarray

    from datapolis.audits import Audit


OF_SIMULATION = {
    "report": "Report",
    "note": "Evidence note",
    "study": "Study file",
    "data": "Data",
}
OF_AUDIT = {"report": "Report", "note": "Evidence note", "data": "Findings"}
HTML, TEXT, ZIP = "text/html;charset=utf-8", "text/plain;charset=utf-8", "application/zip"
UNITS = {"share": "share of 1", "1": "", "income/month": "incomes a month"}


@dataclass(frozen=True)
class Citation:
    """What has to stand beside a number so that it can be cited and found again."""

    estimand: str
    method: str
    interval: str
    version: str
    input_sha256: str
    seed: str

    def lines(self) -> dict[str, str]:
        """By name, to be read."""
        return {
            "Estimand": self.estimand,
            "Method": self.method,
            "Interval": self.interval,
            "Version": self.version,
            "Input": f"SHA-256 {self.input_sha256}",
            "Seed": self.seed,
        }


def cited(view: View, base: Base) -> Citation:
    """The citable block of all numbers of a view."""
    after = f" after {view.months} months" if view.months else ""
    return Citation(
        estimand=(
            f"indices of a simulated society of {view.citizens:,} citizens{after}, "
            + ("under a policy and without it" if view.levers else "without a policy")
        ),
        method=(
            f"medians over {view.members} societies run by datapolis.Run in batches of "
            f"{2 * AT_ONCE}; differences are taken society by society"
        ),
        interval=(
            "the middle 90 % of societies: how far chance moves a number in this model, not how "
            "far the model is from the world"
        ),
        version=f"datapolis {__version__}",
        input_sha256=hashlib.sha256(study_text(view, base).encode()).hexdigest(),
        seed=f"{view.seed} to {view.seed + view.members - 1}; of the world {view.world}",
    )


def block(citation: Citation, level: str = "h3") -> str:
    """A citable block as HTML."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in citation.lines().items()
    )
    return f"<{level}>To cite</{level}><table class='cite'><tbody>{rows}</tbody></table>"


# --- of a simulation ---------------------------------------------------------------------------


def of_simulation(
    id: str, view: View | None, base: Base, results: xarray.Dataset | None
) -> tuple[str, bytes, str]:
    """Name, content and kind of a file about a finished view."""
    assert view is not None and results is not None
    if id == "study":
        return "view.toml", study_text(view, base).encode(), TEXT
    if id == "report":
        return "report.html", report(view, base, results).encode(), HTML
    if id == "note":
        return "evidence-note.html", note(view, base, results).encode(), HTML
    return "data.zip", data(view, base, results), ZIP


def report(view: View, base: Base, results: xarray.Dataset) -> str:
    """The report that `datapolis run` would write of these numbers."""
    from datapolis.report.page import page

    return page(results, provenance(view, base), study_text(view, base))


def provenance(view: View, base: Base) -> dict[str, Any]:
    """How the numbers come about."""
    from datapolis.app.comparison import world_of
    from datapolis.studies import pipeline
    from datapolis.studies.inputs import read_inputs

    study = study_of(view, base)
    found: dict[str, Any] = pipeline.provenance(
        study, read_inputs(study, base.data), world_of(view, base)
    )
    return found


def number_rows(results: xarray.Dataset) -> list[dict[str, Any]]:
    """Key numbers as rows: at the start, at the end under each policy, and what changes."""
    last = results.sizes["month"] - 1
    rows: list[dict[str, Any]] = []
    for one in key_numbers(results):
        ends = {"start": one["start"]} | {
            f"month {last}, {words(name)}": row for name, row in one["end"].items()
        }
        for at, row in ends.items():
            if row is not None and row["value"] is not None:
                rows.append(
                    {"index": one["index"], "unit": unit(one["unit"]), "at": at, **three(row)}
                )
    for row in changes(results):
        at = f"change by {words(row['policy'])}"
        rows.append({"index": row["index"], "unit": unit(row["unit"]), "at": at, **three(row)})
    return rows


def unit(name: str) -> str:
    """A unit to read."""
    return UNITS.get(name, name)


def three(row: Mapping[str, Any]) -> dict[str, float]:
    """A number with its range."""
    return {name: row[name] for name in ("value", "lower", "upper")}


def data(view: View, base: Base, results: xarray.Dataset) -> bytes:
    """All numbers: Zarr, Parquet and CSV, with the study, the lines of Python and what to cite."""
    import pyarrow
    from pyarrow import csv, parquet

    shown = large_enough(results, view.citizens)
    citation = cited(view, base)
    kept = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        place = Path(folder)
        shown = shown.assign_attrs(**{f"cite_{k}": v for k, v in asdict(citation).items()})
        shown.to_zarr(place / "results.zarr", mode="w", zarr_format=2, consolidated=True)
        columns = pyarrow.table(rows_of(shown))
        parquet.write_table(columns, place / "indices.parquet")
        csv.write_csv(columns, place / "indices.csv")
        cells = [
            {**row, **asdict(citation), "estimand": f"{row['index']}, {row['at']}"}
            for row in number_rows(shown)
        ]
        csv.write_csv(pyarrow.Table.from_pylist(harmless_rows(cells)), place / "key-numbers.csv")
        (place / "view.toml").write_text(study_text(view, base), encoding="utf-8")
        (place / "reproduce.py").write_text(python_lines(view, base), encoding="utf-8")
        (place / "cite.json").write_text(json.dumps(asdict(citation), indent=1), encoding="utf-8")
        for path in sorted(place.rglob("*")):
            if path.is_file():
                out.write(path, path.relative_to(place).as_posix())
    return kept.getvalue()


def rows_of(results: xarray.Dataset) -> dict[str, Any]:
    """The indices as columns: a row for each policy, member and month."""
    import numpy as np

    sizes = [results.sizes[name] for name in ("policy", "member", "month")]
    grid = np.indices(sizes).reshape(3, -1)
    columns: dict[str, Any] = {
        "policy": results["policy"].values[grid[0]].tolist(),
        "member": grid[1],
        "month": grid[2],
    }
    for name, one in results.data_vars.items():
        if one.ndim == 3:
            columns[str(name)] = one.values.reshape(-1)
        elif one.ndim == 4 and one.dims[3] != "firm":
            for place, label in enumerate(results[one.dims[3]].values):
                columns[f"{name}.{label}"] = one.values[..., place].reshape(-1)
    return columns


def note(view: View, base: Base, results: xarray.Dataset) -> str:
    """One page that prints in black and white: what was asked, what came out, how to cite it."""
    shown = large_enough(results, view.citizens)
    rows = changes(shown) if view.levers else []
    ends = {
        (row["index"], row["policy"]): row
        for one in key_numbers(shown)
        for name, found in one["end"].items()
        if found is not None
        for row in [{**found, "index": one["index"], "policy": name}]
    }
    base_name = baseline(shown)
    columns: dict[str, list[str]] = {"Index": [], "Unit": [], "No policy": []}
    changed: list[str] = []
    clear: list[str] = []
    for key in KEYS:
        plain = ends.get((key.label, base_name))
        if plain is None or plain["value"] is None:
            continue
        columns["Index"].append(key.label)
        columns["Unit"].append(unit(key.unit))
        columns["No policy"].append(ranged(plain))
        found = next((row for row in rows if row["index"] == key.label), None)
        changed.append(ranged(found) if found else "–")
        clear.append(found["certainty"].words if found else "")
    if view.levers:
        columns["Change by the policy"] = changed
        columns["Sign"] = clear
    from datapolis.app.view import plain as as_study
    from datapolis.report.page import setting_words

    said = [
        f"{words(name)}: {setting_words(as_study(one))}" for name, one in view.levers.items()
    ] or ["none"]
    told = [f"{path} = {short(value)}" for path, value in view.parameters.items()] or ["none"]
    return sheet(
        "Evidence note",
        "What a policy changes in a simulated society" if view.levers else "A simulated society",
        [
            ("Policy", said),
            ("Parameters that were changed", told),
        ],
        table(columns, "Key numbers")
        + f"<p>A sign is clear where the middle 90 % of {ENOUGH} societies or more lie on one "
        "side of 0.</p>",
        [
            "It says what follows from the model's assumptions, not what will happen.",
            "Many parameters are assumptions, not measurements; a result that hangs on one is a "
            "result about it.",
            "It may not be used to rate, price or select a person.",
        ],
        cited(view, base),
    )


def ranged(row: Mapping[str, Any]) -> str:
    """A number with its range."""
    return f"{short3(row['value'])} [{short3(row['lower'])}, {short3(row['upper'])}]"


def short3(value: float) -> str:
    """A number in three digits."""
    return f"{value + 0.0:.3g}".replace("-", "−")


def sheet(
    kind: str,
    title: str,
    asked: Sequence[tuple[str, Sequence[str]]],
    found: str,
    cannot: Sequence[str],
    citation: Citation,
) -> str:
    """A note of one page as HTML."""
    parts = "".join(
        f"<dt>{escape(name)}</dt><dd>{'<br>'.join(escape(one) for one in said)}</dd>"
        for name, said in asked
    )
    limits = "".join(f"<li>{escape(one)}</li>" for one in cannot)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>{asset("note.css")}</style></head><body><main>
<p class="kind">{escape(kind)}, {date.today().isoformat()}</p><h1>{escape(title)}</h1>
<dl>{parts}</dl>{found}<h3>What it cannot say</h3><ul>{limits}</ul>{block(citation)}
</main></body></html>
"""


# --- of an audit -------------------------------------------------------------------------------


def cited_audit(audit: Audit) -> Citation:
    """The citable block of the findings of an audit; each finding has its own estimand besides."""
    kinds = sorted({one.interval for one in audit.findings} - {"none"})
    hashes = ", ".join(f"{one['table']} {one['sha256']}" for one in audit.inputs if one["sha256"])
    return Citation(
        estimand="; ".join(dict.fromkeys(one.estimand.rstrip(".") for one in audit.findings[:3])),
        method="; ".join(dict.fromkeys(one.method for one in audit.findings[:3])),
        interval=", ".join(INTERVALS[kind] for kind in kinds) or INTERVALS["none"],
        version=f"datapolis {audit.version}, audit of {audit.kind}, {audit.date}",
        input_sha256=hashes or "no file",
        seed=str(audit.options.get("seed", "none: no chance in it")),
    )


def audit_lines(audit: Audit) -> str:
    """The lines of Python that give the same findings."""
    from datapolis.report.measured import call

    return f"import datapolis as dp\n\nfound = {call(audit)}\nprint(found.frame())\n"


def of_audit(id: str, audit: Audit) -> tuple[str, bytes, str]:
    """Name, content and kind of a file about an audit."""
    if id == "report":
        from datapolis.report.measured import page

        return "report.html", page([audit]).encode(), HTML
    if id == "note":
        return "evidence-note.html", audit_note(audit).encode(), HTML
    return "findings.zip", findings(audit), ZIP


def findings(audit: Audit) -> bytes:
    """Findings, targets, the audit and what to cite, zipped."""
    from pyarrow import Table, csv

    citation = asdict(cited_audit(audit))
    kept = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        place = audit.save(Path(folder) / "audit")
        named = {name: citation[name] for name in ("version", "input_sha256", "seed")}
        rows = [{**row, **named} for row in audit.frame().to_dict("records")]
        csv.write_csv(Table.from_pylist(harmless_rows(rows)), place / "findings.csv")
        (place / "reproduce.py").write_text(audit_lines(audit), encoding="utf-8")
        (place / "cite.json").write_text(json.dumps(citation, indent=1), encoding="utf-8")
        for path in sorted(place.iterdir()):
            out.write(path, path.name)
    return kept.getvalue()


def audit_note(audit: Audit) -> str:
    """One page about an audit that prints in black and white."""
    from datapolis.report.measured import finding_row

    rows = [finding_row(one) for one in audit.findings[:10]]
    columns = {
        "Finding": [f"{row['name']} {row['of']}".strip() for row in rows],
        "Estimate": [f"{row['estimate']} {row['unit']}".strip() for row in rows],
        "Interval": [
            f"{row['range']} ({row['interval']})" if row["range"] else "–" for row in rows
        ],
        "Units": [row["units"] for row in rows],
        "What it says": [row["says"] for row in rows],
    }
    more = len(audit.findings) - len(rows)
    limits = list(dict.fromkeys(one.cannot_say for one in audit.findings if one.cannot_say))[:6]
    options = [
        f"{name} = {value}"
        for name, value in audit.options.items()
        if value not in (None, "", [], {})
    ]
    return sheet(
        f"Evidence note: {audit.kind}",
        audit.title,
        [
            ("Table", [str(one["table"]) for one in audit.inputs]),
            ("Options", ["; ".join(options) or "none"]),
        ],
        table(columns, "Findings")
        + (f"<p>{more} more findings are in the report.</p>" if more else ""),
        limits or ["Why; and rarely whether it holds elsewhere."],
        cited_audit(audit),
    )
