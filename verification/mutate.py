"""Mutation check of the mechanisms: which wrong equations would the tests let pass?

`python -m verification.mutate` changes the mechanisms in one place at a time
(verification/mutants.py) and runs the tests that concern the mechanism: its own, then docking
against the reference, oracles, the contract, and the invariants. The first failure kills the
mutant; so does a test that takes far longer than it should. JAX and pytest are loaded once; each
mutant is a fork that loads datapolis with the mutant in its place, from a copy of the working tree,
and reads what the compiler made of everything else from a cache.

    --sample N          N mutants, spread over all mechanisms by their number       default 170
    --mechanism NAME    of those, only this mechanism's; may be repeated
    --seed S            which mutants are drawn
    --all               every mutant
    --stages a,b        of own, docking, oracles, contract, properties              default all
    --again             try survivors once more: the tests have changed
    --table             only the table of what is known

Results are appended to out/mutation.jsonl, and are not computed twice as long as the text of the
mechanism stays. Survivors that no test can kill are named in verification/equivalent.toml, with
reasons.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from verification.mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
MECHANISMS = ROOT / "src" / "datapolis" / "mechanisms"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
COPIED = ("src", "tests", "reference", "docking", "examples", "docs", "pyproject.toml")
PRELOADED = "jax jax.numpy jax.scipy numpy pytest scipy.stats scipy.special networkx hypothesis"
STAGES = ("own", "docking", "oracles", "contract", "properties")
FEWEST = 6  # mutants of a mechanism in a sample
PATIENCE, GRACE = 4.0, 60.0  # a test may take so many times as long, and so many seconds more
TICK = 0.1  # seconds between two looks at the forks


def main() -> int:
    """Draw, run, print; 1 if a mutant survives that is not known to be equivalent."""
    wanted = _arguments()
    results = Path(wanted.out) / "mutation.jsonl"
    plan = _plan(wanted)
    if not wanted.table:
        results.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            Laboratory(Path(folder), results, wanted).run(plan)
    return _report(plan, _known(results))


def _arguments() -> argparse.Namespace:
    names = sorted(file.stem for file in MECHANISMS.glob("[a-z]*.py"))
    parser = argparse.ArgumentParser(prog="python -m verification.mutate", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--sample", type=int, default=170)
    parser.add_argument("--mechanism", action="append", choices=names)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", default="out")
    wanted = parser.parse_args()
    wanted.mechanism = wanted.mechanism or names
    wanted.stages = [stage for stage in STAGES if stage in wanted.stages.split(",")]
    return wanted


# --- which mutants ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """A mutant of a mechanism."""

    mechanism: str
    digest: str  # of the mechanism's text
    mutant: Mutant

    @property
    def key(self) -> tuple[str, str, str]:
        """What a result is found by."""
        return self.mechanism, self.digest, self.mutant.identity


def _plan(wanted: argparse.Namespace) -> list[Trial]:
    """The trials, mechanism by mechanism; a larger sample holds the smaller one."""
    every = {}
    for file in sorted(MECHANISMS.glob("[a-z]*.py")):
        name, text = file.stem, file.read_text()
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        every[name] = [Trial(name, digest, mutant) for mutant in mutants(text)]
        random.Random(f"{wanted.seed} {name}").shuffle(every[name])
    if wanted.all:
        return [trial for name in wanted.mechanism for trial in every[name]]
    spare = wanted.sample - FEWEST * len(every)
    number = sum(map(len, every.values()))
    return [
        trial
        for name in wanted.mechanism
        for trial in every[name][: FEWEST + max(0, round(spare * len(every[name]) / number))]
    ]


def _known(results: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The last result of each trial."""
    lines = results.read_text().splitlines() if results.exists() else []
    rows = map(json.loads, lines)
    return {(row["mechanism"], row["digest"], row["identity"]): row for row in rows}


def _equivalent() -> dict[str, dict[str, str]]:
    """Why a mutant computes the same, by mechanism and name."""
    return tomllib.loads(EQUIVALENT.read_text())


# --- how they are tried -------------------------------------------------------------------------


@dataclass
class Job:
    """A fork at work: which trial (none: the tests as they are), and how long it may go on.

    Its time is counted in ticks of the loop that waits for it: a machine that sleeps kills nothing.
    """

    trial: Trial | None
    mechanism: str
    answer: Path
    left: float = float("inf")
    begun: float = field(default_factory=time.monotonic)


class Laboratory:
    """A copy of the working tree, and a process with JAX loaded that forks once a mutant."""

    def __init__(self, folder: Path, results: Path, wanted: argparse.Namespace) -> None:
        self.folder, self.results, self.wanted = folder, results, wanted
        self.tree, self.console = folder / "tree", Console()
        self.usual: dict[str, dict[str, float]] = {}  # how long the tests take, by mechanism
        self.kills = Counter(row["by"] for row in _known(results).values() if row["killed"])
        self.reasons = _equivalent()
        self.jobs: dict[int, Job] = {}
        self.done = 0
        ignore = shutil.ignore_patterns("__pycache__", ".*_cache")
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.tree / name, ignore=ignore)
            elif (ROOT / name).exists():
                self.tree.mkdir(exist_ok=True)
                shutil.copy(ROOT / name, self.tree / name)
        os.environ |= {
            "JAX_PLATFORMS": "cpu",
            "JAX_COMPILATION_CACHE_DIR": str((results.parent / "mutation-compiled").resolve()),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        for name in PRELOADED.split():
            importlib.import_module(name)

    def run(self, plan: list[Trial]) -> None:
        """All trials that have no result yet; the tests as they are before the first of each."""
        known = _known(self.results)
        waiting = [trial for trial in plan if not self._settled(known.get(trial.key))]
        self.console.print(f"{len(plan)} mutants, {len(waiting)} to try")
        todo = self._order(waiting)
        try:
            self._work(todo, len(waiting))
        finally:
            for process in self.jobs:
                with suppress(ProcessLookupError):
                    os.killpg(process, signal.SIGKILL)

    def _settled(self, row: dict[str, Any] | None) -> bool:
        if row is None:
            return False
        if row["killed"] or row["identity"] in self.reasons.get(row["mechanism"], {}):
            return True
        return not self.wanted.again and set(self.wanted.stages) <= set(row["stages"])

    def _order(self, waiting: list[Trial]) -> list[tuple[str, Trial | None]]:
        """Each mechanism's tests as they are one mechanism ahead of its mutants."""
        names = list(dict.fromkeys(trial.mechanism for trial in waiting))
        todo: list[tuple[str, Trial | None]] = []
        for ahead, name in zip([*names[1:], None], names, strict=True):
            if not todo:
                todo.append((name, None))
            if ahead is not None:
                todo.append((ahead, None))
            todo += [(name, trial) for trial in waiting if trial.mechanism == name]
        return todo

    def _work(self, todo: list[tuple[str, Trial | None]], number: int) -> None:
        while todo or self.jobs:
            ready = (
                place
                for place, (name, trial) in enumerate(todo)
                if trial is None or name in self.usual
            )
            place = next(ready, None)
            if place is not None and len(self.jobs) < self.wanted.processes:
                self._begin(*todo.pop(place))
                continue
            process, status = os.waitpid(-1, os.WNOHANG)
            if process:
                self._end(self.jobs.pop(process), status, number)
            else:
                time.sleep(TICK)
                self._stop_the_late()

    def _begin(self, name: str, trial: Trial | None) -> None:
        answer = self.folder / f"{name}-{trial.mutant.identity if trial else 'as-it-is'}"
        job = Job(trial, name, answer)
        if trial is not None:
            job.left = PATIENCE * sum(self.usual[name].values()) + GRACE
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            code = 2
            try:
                usual = self.usual.get(name, {})
                code = Bench(self.tree, job, self.wanted.stages, usual, self.kills).run()
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        self.jobs[process] = job

    def _stop_the_late(self) -> None:
        for process, job in self.jobs.items():
            job.left -= TICK
            if job.left < 0.0:
                with suppress(ProcessLookupError):
                    os.killpg(process, signal.SIGKILL)

    def _end(self, job: Job, status: int, number: int) -> None:
        """Note what became of a fork."""
        found = json.loads(job.answer.read_text()) if job.answer.exists() else {}
        if job.trial is None:
            if status or found.get("by"):
                log = job.answer.with_suffix(".log").read_text()
                raise SystemExit(f"the tests of {job.mechanism} fail unmutated:\n{log[-4000:]}")
            self.usual[job.mechanism] = found["durations"]
            return
        mutant, seconds = job.trial.mutant, time.monotonic() - job.begun
        by = found.get("by", "") if not status else "no result in time, or a crash"
        row = {
            "mechanism": job.mechanism,
            "digest": job.trial.digest,
            "identity": mutant.identity,
            "line": mutant.line,
            "within": mutant.within,
            "before": mutant.before,
            "after": mutant.after,
            "killed": bool(by),
            "stage": found.get("stage", "") if by else "",
            "by": by,
            "stages": self.wanted.stages,
            "seconds": round(seconds, 1),
        }
        self.kills[by] += 1
        with self.results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self.done += 1
        word = "[green]killed[/]" if by else "[red]survives[/]"
        change = f"{mutant.before[:60]} -> {mutant.after[:60]}".replace("[", r"\[")
        where = f"{job.mechanism}:{mutant.line}"
        self.console.print(f"{self.done}/{number} {where} {word} {seconds:.0f} s  {change}")


class Bench:
    """Within a fork: the tests of one mechanism, with a mutant in its place or as they are."""

    def __init__(
        self,
        tree: Path,
        job: Job,
        stages: list[str],
        usual: dict[str, float],
        kills: Counter[str],
    ) -> None:
        self.tree, self.job, self.stages, self.usual, self.kills = tree, job, stages, usual, kills
        self.durations: dict[str, float] = {}
        self.failed = ""

    def run(self) -> int:
        """Stage by stage until the first failure; 0 whatever it is, the answer is in a file."""
        import jax
        import pytest

        os.setpgid(0, 0)
        log = os.open(self.job.answer.with_suffix(".log"), os.O_CREAT | os.O_WRONLY)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(self.tree)
        here = {str(ROOT), str(ROOT / "src"), ""}
        sys.path[:] = [str(self.tree / "src"), *(path for path in sys.path if path not in here)]
        if self.job.trial is not None:  # what the compiler makes of a mutant is of no further use
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 1e9)
            sys.meta_path.insert(0, InItsPlace(self.job.mechanism, self.job.trial.mutant.text))
        found: dict[str, Any] = {}
        for stage in self.stages:
            for what in self._tests(stage):
                options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
                options += ["--tb=line", "--assert=plain"]
                code = pytest.main([*options, *what], plugins=[self])
                if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                    found = {"stage": stage, "by": self.failed or f"{stage}: cannot be loaded"}
                    break
            if found:
                break
        import datapolis

        assert Path(datapolis.__file__).is_relative_to(self.tree)
        self.job.answer.write_text(json.dumps({"durations": self.durations, **found}))
        return 0

    def _tests(self, stage: str) -> Iterator[list[str]]:
        """What pytest is told to run at a stage."""
        name = self.job.mechanism
        if stage == "own":
            yield [f"tests/model/mechanisms/test_{name}.py"]
        elif stage == "docking" and Path("tests/docking/test_mechanisms.py").exists():
            yield ["tests/docking/test_mechanisms.py", "-k", name]
        elif stage == "oracles":
            file = Path("tests/oracles/test_mechanism_oracles.py")
            if re.search(rf"import [a-z, ]*\b{name}\b", file.read_text()):
                yield [str(file)]
        elif stage == "contract":
            yield ["tests/test_contract.py", "-k", name]
        elif stage == "properties":
            yield ["tests/properties/test_invariants.py"]

    # What pytest asks of its plugins: which tests come first, and how long each one takes.

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Tests first that are short or have killed often."""

        def promise(item: Any) -> float:
            return (self.kills[item.nodeid] + 0.5) / (self.usual.get(item.nodeid, 0.0) + 0.5)

        items.sort(key=promise, reverse=True)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note time and failure."""
        self.durations[report.nodeid] = self.durations.get(report.nodeid, 0.0) + report.duration
        if report.failed and not self.failed:
            self.failed = report.nodeid


class InItsPlace(MetaPathFinder, Loader):
    """Loads a mutant where the mechanism is asked for."""

    def __init__(self, mechanism: str, text: str) -> None:
        self.name, self.text = f"datapolis.model.mechanisms.{mechanism}", text

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """The mutant's, if it is asked for."""
        if fullname == self.name:
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def create_module(self, spec: Any) -> None:
        """As usual."""

    def exec_module(self, module: Any) -> None:
        """Run the mutant's text."""
        exec(compile(self.text, f"<mutant of {self.name}>", "exec"), module.__dict__)


# --- what came out ------------------------------------------------------------------------------


def _report(plan: Iterable[Trial], known: dict[tuple[str, str, str], dict[str, Any]]) -> int:
    """The table by mechanism, and the survivors; 1 if one of them is not known as equivalent."""
    reasons = _equivalent()
    heads = ("mechanism", "mutants", "equivalent", "killed", "by its own tests", "share")
    table = Table(*heads, title="Mutants of the mechanisms")
    sums = [0, 0, 0, 0]
    survivors = []
    names = list(dict.fromkeys(trial.mechanism for trial in plan))
    for name in names:
        rows = [known[one.key] for one in plan if one.mechanism == name and one.key in known]
        alive = [row for row in rows if not row["killed"]]
        equivalent = [row for row in alive if row["identity"] in reasons.get(name, {})]
        survivors += [row for row in alive if row not in equivalent]
        killed = [row for row in rows if row["killed"]]
        own = [row for row in killed if row["stage"] == "own"]
        counts = [len(rows), len(equivalent), len(killed), len(own)]
        sums = [one + other for one, other in zip(sums, counts, strict=True)]
        table.add_row(name, *map(str, counts), _share(counts))
    table.add_row("all", *map(str, sums), _share(sums), style="bold")
    console = Console()
    console.print(table)
    for row in survivors:
        console.print(
            f"{row['mechanism']}.py:{row['line']} {row['identity']}\n    {row['within']}\n"
            f"  - {row['before']}\n  + {row['after'] or '(dropped)'}",
            markup=False,
            highlight=False,
        )
    return 1 if survivors else 0


def _share(counts: list[int]) -> str:
    rows, equivalent, killed, _ = counts
    return f"{killed / (rows - equivalent):.0%}" if rows > equivalent else ""


if __name__ == "__main__":
    raise SystemExit(main())
