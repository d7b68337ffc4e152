"""Fault campaign: jobs that are killed, starved, damaged and misled, then started again.

`python -m verification.faults` does small real jobs undisturbed, then disturbs them many times:
killed at random moments, on a full or read-only disk, with damaged files in a half-done folder,
under a clock that jumps. Whatever was disturbed is started again, and has to end bit-equal to the
undisturbed job or stop with a clear error; anything else is "lost", and the campaign ends with 1.

    --runs N         disturbed runs                                             default 200
    --seed S         what befalls which job, and when                           default 1
    --kinds a,b      only these kinds: "kill", "worker", "damaged json", ...    default all
    --jobs a,b       only these jobs: run, dask, search, measure                default all
    --processes P    so many at a time                                          default 2
    --again          forget what earlier campaigns of this seed found
    --table          only the table of what is known

Every run is a line of out/faults/seed-S.jsonl as soon as it has ended; stopped and begun again, the
campaign goes on after it. Folders of what was lost stay in out/faults/lost.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from verification.faults.disturb import KINDS, Scene, Skipped, Trial, Verdict, unmount
from verification.faults.forge import Forge
from verification.faults.ground import Ground
from verification.faults.jobs import JOBS, Running, copied_code, environment

SHARES = {
    ("kill", "whole run"): 1,
    ("kill", "run"): 5,
    ("kill", "dask"): 1,
    ("kill", "search"): 2,
    ("kill", "measure"): 2,
    ("worker", "dask"): 2,
    ("full disk", "run"): 2,
    ("full disk", "search"): 1,
    ("full disk", "measure"): 1,
    ("file limit", "run"): 2,
    ("file limit", "search"): 1,
    ("file limit", "measure"): 1,
    ("read-only", "run"): 1,
    ("read-only", "search"): 1,
    ("read-only", "measure"): 1,
    ("damaged chunk", "run"): 2,
    ("damaged chunk", "search"): 1,
    ("damaged labels", "run"): 2,
    ("damaged labels", "search"): 1,
    ("damaged world", "run"): 1,
    ("damaged world", "search"): 1,
    ("damaged mark", "run"): 1,
    ("damaged mark", "search"): 1,
    ("damaged json", "run"): 3,
    ("damaged json", "search"): 2,
    ("damaged table", "run"): 1,
    ("damaged table", "search"): 1,
    ("damaged text", "run"): 1,
    ("damaged text", "search"): 1,
    ("damaged cache", "run"): 1,
    ("clock", "run"): 2,
    ("clock", "dask"): 1,
    ("clock", "search"): 1,
    ("clock", "measure"): 1,
}
"""How often each kind befalls each job, in a round of all of them."""
VERDICTS = ("equal", "told", "lost", "skipped")


def main() -> int:
    """Plan, disturb, print; 1 if anything was lost."""
    wanted = _arguments()
    out = Path(wanted.out)
    results = out / f"seed-{wanted.seed}.jsonl"
    if wanted.again:
        results.unlink(missing_ok=True)
    trials = plan(wanted.runs, wanted.seed, wanted.kinds, wanted.jobs)
    console = Console(highlight=False)
    if not wanted.table:
        out.mkdir(parents=True, exist_ok=True)
        known = {row["number"] for row in read(results)}
        left = [trial for trial in trials if trial.number not in known]
        console.print(f"{len(trials)} disturbed runs, {len(left)} to do")
        if left:
            Campaign(out, results, console, wanted.processes).run(left, len(trials))
    asked = {trial.number for trial in trials}
    return report([row for row in read(results) if row["number"] in asked], console)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verification.faults", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--out", default="out/faults")
    wanted = parser.parse_args()
    for name, known in (("kinds", KINDS), ("jobs", JOBS)):
        chosen = [one.strip() for one in getattr(wanted, name).split(",")]
        if strange := sorted(set(chosen) - set(known)):
            parser.error(f"--{name}: no such {', '.join(strange)}; allowed: {', '.join(known)}")
        setattr(wanted, name, chosen)
    return wanted


def plan(runs: int, seed: int, kinds: list[str], jobs: list[str]) -> list[Trial]:
    """The trials: rounds of all kinds and jobs in their shares, each round shuffled.

    The number of a trial is that of the whole plan, so that a part of it is found again.
    """
    trials: list[Trial] = []
    whole = _rounds(seed)
    for number, (kind, job) in enumerate(whole):
        if len(trials) == runs:
            break
        if kind in kinds and job in jobs:
            trials.append(Trial(number, kind, job, seed))
        if number > 1_000 * runs:
            break
    return trials


def _rounds(seed: int) -> Iterator[tuple[str, str]]:
    chance = random.Random(seed)
    every = [pair for pair, share in SHARES.items() for _ in range(share)]
    while True:
        yield from chance.sample(every, len(every))


def read(results: Path) -> list[dict[str, Any]]:
    """The rows of earlier runs; a line that was cut short is left out."""
    rows = []
    for line in results.read_text().splitlines() if results.exists() else []:
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


# --- the campaign -------------------------------------------------------------------------------


class Campaign:
    """The ground on which trials take place, and where their rows go."""

    def __init__(self, out: Path, results: Path, console: Console, processes: int) -> None:
        self.out, self.results = out.resolve(), results
        self.console, self.processes = console, processes
        self.ground = Ground(self.out / "ground", self.out / "compiled")
        self._writing = threading.Lock()

    def run(self, trials: list[Trial], total: int) -> None:
        """All trials, some at a time; a row for each."""
        self._clear()
        tree = self.ground.tree = copied_code(self.ground.place / "code")
        self.ground.forge = Forge(environment(JOBS["run"], self.ground.cache, tree), tree)
        try:
            for name in [name for name in JOBS if name in {trial.job for trial in trials}]:
                self.console.print(self.ground.prepare(name))
                if name in ("run", "search"):
                    self.ground.prepare_half(name)
            done = total - len(trials)
            with ThreadPoolExecutor(self.processes) as pool:
                waiting = [pool.submit(self._one, trial) for trial in trials]
                try:
                    for future in as_completed(waiting):
                        row = future.result()
                        done += 1
                        self._tell(row, done, total)
                except BaseException:
                    for future in waiting:
                        future.cancel()
                    Running.stop_all()
                    raise
        finally:
            self.ground.forge.close()
            self._clear()

    def _clear(self) -> None:
        """Take away what an earlier campaign, or this one, left on the ground."""
        for line in Path("/proc/mounts").read_text().splitlines() if _has_mounts() else []:
            place = line.split()[1]
            if place.startswith(f"{self.ground.place}/"):
                unmount(Path(place))
        shutil.rmtree(self.ground.place, ignore_errors=True)

    def _one(self, trial: Trial) -> dict[str, Any]:
        folder = self.ground.place / f"trial-{trial.number:05d}"
        shutil.rmtree(folder, ignore_errors=True)
        began = time.monotonic()
        scene = Scene(self.ground, trial, folder)
        try:
            verdict = KINDS[trial.kind](scene)
        except Skipped as why:
            verdict = Verdict("skipped", scene.what, str(why), scene.ends)
        if verdict.verdict == "lost":
            self._keep(folder, trial)
        shutil.rmtree(folder, ignore_errors=True)
        row = {
            "number": trial.number,
            "kind": trial.kind,
            "job": trial.job,
            "verdict": verdict.verdict,
            "what": verdict.what,
            "why": verdict.why.replace(str(self.ground.place), "..."),
            "ends": verdict.ends,
            "seconds": round(time.monotonic() - began, 1),
        }
        if not Running.stopping:
            with self._writing, self.results.open("a") as file:
                file.write(json.dumps(row) + "\n")
        return row

    def _keep(self, folder: Path, trial: Trial) -> None:
        kept = self.out / "lost" / f"{trial.seed}-{trial.number:05d}"
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            shutil.copytree(folder, kept, symlinks=True)

    def _tell(self, row: dict[str, Any], done: int, total: int) -> None:
        told = f": {row['why']}" if row["why"] else ""
        self.console.print(
            f"{done:4d}/{total}  {row['kind']:<15} {row['job']:<8} {row['verdict']:<7} "
            f"{row['seconds']:5.0f} s  {row['what']}{told}",
            soft_wrap=True,
            markup=False,
        )


def _has_mounts() -> bool:
    return Path("/proc/mounts").exists()


# --- what came out ------------------------------------------------------------------------------


def report(rows: list[dict[str, Any]], console: Console) -> int:
    """The table of verdicts by kind; 1 if anything was lost."""
    counts = Counter((row["kind"], row["verdict"]) for row in rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("disturbed by", "runs", *VERDICTS):
        table.add_column(heading, justify="left" if heading == "disturbed by" else "right")
    for kind in KINDS:
        here = [counts[kind, verdict] for verdict in VERDICTS]
        if sum(here):
            table.add_row(kind, str(sum(here)), *(str(count or "-") for count in here))
    table.add_section()
    ends = [sum(counts[kind, verdict] for kind in KINDS) for verdict in VERDICTS]
    table.add_row("all", str(len(rows)), *(str(count or "-") for count in ends))
    console.print(table)
    for row in rows:
        if row["verdict"] == "lost":
            console.print(
                f"lost: {row['number']} {row['kind']}, {row['job']}, {row['what']}: {row['why']}",
                soft_wrap=True,
                markup=False,
            )
    return 1 if any(row["verdict"] == "lost" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
