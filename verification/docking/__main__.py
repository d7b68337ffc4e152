"""`python -m verification.docking`: both models side by side; tables in out/dock/."""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from verification.docking.compare import Summary, months_together, summaries
from verification.docking.runs import LEVEL, OF_MEAN, OF_SPREAD, Plan, Verdict, runs, verdicts
from verification.docking.societies import cases

TOGETHER = 24  # months for which both models are left to themselves with the same chance
COLOURS = {"equivalent": "green", "differs": "red", "not decided": "yellow"}


def main() -> int:
    """Dock, print, write; 1 if anything differs."""
    wanted = _arguments()
    console = Console()
    folder = Path(wanted.out)
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    if wanted.part in ("all", "mechanisms"):
        failed += dock_mechanisms(console, folder)
    if wanted.part in ("all", "runs"):
        plan = Plan(wanted.citizens, wanted.months, wanted.replicates, wanted.lever)
        failed += dock_runs(console, folder, plan, wanted.processes)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verification.docking", description=__doc__)
    parser.add_argument("--part", choices=("all", "mechanisms", "runs"), default="all")
    parser.add_argument("--citizens", type=int, default=Plan.citizens)
    parser.add_argument("--months", type=int, default=Plan.months)
    parser.add_argument("--replicates", type=int, default=Plan.replicates)
    parser.add_argument("--lever", type=float, default=Plan.lever, help="all levers, 0 to 1")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", default="out/dock")
    return parser.parse_args()


def dock_mechanisms(console: Console, folder: Path) -> int:
    """Mechanism by mechanism, and the month; how many fields differ."""
    found = summaries()
    table = Table(title="The same society, the same chance: one step of both models")
    for name in Summary.HEADINGS:
        table.add_column(name, overflow="fold")
    for one in found:
        table.add_row(*one.row(), style=None if one.agrees else "red")
    console.print(table)
    _write(folder / "mechanisms", found)
    differing = sum(not one.agrees for one in found)
    console.print(f"{len(found) - differing} of {len(found)} steps agree up to rounding.")
    together = {one.name: months_together(one, TOGETHER) for one in cases()}
    console.print(
        f"Left to themselves with the same chance, {sum(n == TOGETHER for n in together.values())} "
        f"of {len(together)} societies had no other whole number in {TOGETHER} months "
        f"(least: {min(together.values())})."
    )
    (folder / "together.json").write_text(json.dumps(together, indent=1) + "\n")
    return differing


def dock_runs(console: Console, folder: Path, plan: Plan, processes: int) -> int:
    """Whole runs in both models; how many entries of indices differ."""
    pairs = list(
        track(runs(plan, processes), "Running both models", plan.replicates, console=console)
    )
    found = verdicts([one for one, _ in pairs], [other for _, other in pairs], plan.world(0))
    console.print(_table(found, plan))
    _write(folder / "indices", found)
    _write_runs(folder / "runs.npz", pairs)
    (folder / "plan.json").write_text(json.dumps(asdict(plan), indent=1) + "\n")
    count = Counter(one.verdict for one in found)
    console.print(
        f"{plan.replicates} replicates of {plan.citizens} citizens over {plan.months} months, "
        f"{len(found)} entries of indices: "
        + ", ".join(f"{count[name]} {name}" for name in COLOURS)
        + "."
    )
    return count["differs"]


def _table(found: list[Verdict], plan: Plan) -> Table:
    table = Table(
        title=f"Month {plan.months} of {plan.replicates} runs in each model "
        f"(bounds: the larger of {OF_MEAN:.0%} of the mean and {OF_SPREAD:g} standard deviations, "
        f"TOST at {LEVEL:.0%})"
    )
    for name in ("index", "package", "reference", "bound", "p TOST", "KS", "KS bound", "verdict"):
        table.add_column(name, justify="left" if name in ("index", "verdict") else "right")
    for one in found:
        table.add_row(
            f"{one.index} {one.label}".strip(),
            f"{one.package:.4g}",
            f"{one.reference:.4g}",
            f"±{one.bound:.2g} {one.rule}",
            f"{one.p_equivalence:.2g}",
            f"{one.distance:.2f}",
            f"{one.distance_bound:.2f}",
            f"[{COLOURS[one.verdict]}]{one.verdict}",
        )
    return table


def _write_runs(path: Path, pairs: list[Any]) -> None:
    """What every run ended with: an array for each model and index, one row a replicate."""
    models = dict(zip(("package", "reference"), zip(*pairs, strict=True), strict=True))
    arrays = {
        f"{model}.{name}": np.stack([run[name] for run in members])
        for model, members in models.items()
        for name in members[0]
    }
    np.savez_compressed(path, **arrays)


def _write(path: Path, found: list[Any]) -> None:
    """The same table as CSV and as JSON."""
    rows = [{item.name: getattr(one, item.name) for item in fields(one)} for one in found]
    with path.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    path.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
