"""What a study measures: the market its firms start from, and the audits under [measure].

    [measure.prices_by_income]
    kind = "prices"
    table = "offers.csv"
    outcome = "speed_down<25"
    within = ["city", "provider"]

`kind` names an audit, `table` (or `tables`) its tables; all other keys are the options of that
audit, as in `datapolis.audits` and on the command line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datapolis import tables
from datapolis.audits import AUDITS, Audit
from datapolis.audits.finding import with_progress
from datapolis.core.errors import InputError, nearest
from datapolis.studies.files import unsealed

if TYPE_CHECKING:
    from datapolis.studies.study import Study

FIRMS = "firms"  # the name of the audit of the table under [world.firms]


def measure(
    study: Study,
    folders: Sequence[Path],
    *,
    kept: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[dict[str, Audit], list[str]]:
    """The audits that a study asks for under [measure], by name, and notes on those left out.

    What an earlier run of the same study left in the folder `kept`, of the same tables, is not
    measured again.
    """
    found: dict[str, Audit] = {}
    notes: list[str] = []
    for name, part in study.measures.items():
        paths = [tables.find(table, folders) for table in part.all_tables]
        missing = [table for table, path in zip(part.all_tables, paths, strict=True) if not path]
        if missing and not part.optional:
            others = [one.name for folder in folders for one in folder.iterdir() if one.is_file()]
            raise study.error(
                "no such file beside the study or in the folder of --data",
                ("measure", name, "table"),
                value=missing[0],
                nearest=nearest(missing[0], others),
            )
        if missing:
            notes.append(
                f"[measure.{name}] {missing[0]} was not found, so this is not measured. Give the "
                "folder that holds it with --data."
            )
            continue
        earlier = _earlier(kept, name, paths)
        if earlier is not None:
            found[name] = earlier
            continue
        audit = AUDITS[part.kind]
        try:
            found[name] = audit(*paths, **part.options, **with_progress(audit, progress))
        except InputError as error:
            place = f"measure.{name}" + (f": {error.field}" if error.field else "")
            raise error.at(field=place) from None
    return found, notes


def _earlier(kept: Path | None, name: str, paths: Sequence[Path | None]) -> Audit | None:
    """The audit that an earlier run kept, if it can be read and its tables are what they were."""
    if kept is None or not (kept / f"{name}.json").is_file():
        return None
    try:
        held = json.loads((kept / f"{name}.json").read_text(encoding="utf-8"))
        audit = Audit.from_json(unsealed(held))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    same = [one["sha256"] for one in audit.inputs] == [tables.sha256(one) for one in paths if one]
    return audit if same else None
