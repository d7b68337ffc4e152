"""The same work in datapolis and in each of its peers, side by side in one run.

    python benchmarks/compare.py [--works wealth rumour citizens] [--peers datapolis numba mesa ...]
                                 [--sizes 10000 1000000] [--rounds 5] [--quick] [--out FILE.json]

Prints tables in Markdown, keeps all figures as JSON, judges nothing. The works, and how a peer is
run, stand in benchmarks/peers/protocol.py. Each peer has an environment of its own in .peers/,
made from benchmarks/peers/requirements/ when it is first needed, and each work and size a process
of its own. All processes of a work and size live at once, and one runs at a time, in turn, round
after round; each round has its own seed. A peer that would need more than one second a step at the
next size is not run there: its time is said in proportion, with a ~.

Bytes an agent are the growth of the peak during the steps from the next smaller size to this one;
for the smallest one, from a tenth of it. Answers agree with those of datapolis if their means over
the rounds differ by at most four standard errors (from the spread between rounds, pooled over
peers) and half a percent; the month of a peak by one, and the largest firm by 0.003 at 10,000
agents, less with the root of more: datapolis draws its citizens' fixed tastes itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import fmean, median
from typing import Any

HERE = Path(__file__).resolve().parent
PEERS, ENVIRONMENTS = HERE / "peers", HERE.parent / ".peers"
WORKS, SIZES, STEPS, ROUNDS = ("wealth", "rumour", "citizens"), (10_000, 1_000_000), 24, 5
OURS = "datapolis"
LARGE = 100_000  # agents from which their memory stands out against the interpreter's
LONGEST = 60.0  # seconds a step, after which a peer is stopped
SLOW = 1.0  # seconds a step at the next size, beyond which it is not run there
PATIENCE = 1200.0  # seconds in which a program must be ready, and compile
NOT_THIS = 3  # exit status of a program that does not do the work
CLOSE = {"month": 1.0, "top": 0.003}  # differences that are none at 10,000 agents


class Left(Exception):
    """A peer is left out, and why; without a reason where it does not do the work."""


@dataclass
class Found:
    """What one peer did in one work at one size."""

    peer: str
    agents: int
    version: str = ""
    ready: float = 0.0  # seconds to lay out the inputs
    first: float = 0.0  # seconds of the warm-up
    seconds: list[float] = field(default_factory=list)  # of each round
    answers: list[dict[str, float]] = field(default_factory=list)
    peak: int = 0  # bytes
    left: str = ""  # why there is no more

    @property
    def step(self) -> float:
        """Seconds a step, the median of the rounds."""
        return median(self.seconds) / STEPS


class Program:
    """A peer's program under way: told what to do in lines, answering in JSON."""

    def __init__(self, peer: str, work: str, inputs: Path) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed in `end`)
        self.process = subprocess.Popen(
            [str(interpreter(peer)), str(PEERS / f"{peer}_peer.py"), work, str(inputs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def told(self, line: str, patience: float) -> dict[str, Any]:
        """The answer to a line (none for the first answer), within so many seconds."""
        assert self.process.stdin is not None and self.process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.process.kill()

        watch = threading.Timer(patience, stop)
        watch.start()
        try:
            if line:
                self.process.stdin.write(line + "\n")
                self.process.stdin.flush()
            said = next((line for line in self.process.stdout if line.startswith("{")), "")
        except BrokenPipeError:
            said = ""
        finally:
            watch.cancel()
        if said:
            answer: dict[str, Any] = json.loads(said)
            return answer
        if late.is_set():
            raise Left(f"stopped after {patience:,.0f} s")
        if self.process.wait() == NOT_THIS:
            raise Left
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        raise Left(lines[-1] if lines else f"ended with status {self.process.returncode}")

    def end(self) -> None:
        """Let it go."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()


@contextmanager
def begun(peer: str, work: str, inputs: Path) -> Iterator[Program]:
    """A program that is ended at last."""
    program = Program(peer, work, inputs)
    try:
        yield program
    finally:
        program.end()


def interpreter(peer: str) -> Path:
    """The Python of a peer's environment, which is made if it is not there."""
    if peer == OURS:
        return Path(sys.executable)
    wanted = PEERS / "requirements" / f"{peer}.txt"
    if not wanted.exists():
        raise Left(f"no file {wanted.relative_to(HERE.parent)}")
    home = ENVIRONMENTS / peer
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = home / "made-from"
    made_from = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if python.exists() and mark.exists() and mark.read_text() == made_from:
        return python
    print(f"Making {home.relative_to(HERE.parent)} ...", file=sys.stderr)
    head = wanted.read_text().partition("\n")[0]
    base = based_on(head.removeprefix("# Python ") if head.startswith("# Python ") else "")
    shutil.rmtree(home, ignore_errors=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([base, "-m", "venv", str(home)], [*install, "-r", str(wanted)]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if "ERROR" in line]
            raise Left(f"does not install: {said[0] if said else done.stderr.strip()}")
    mark.write_text(made_from)
    return python


def based_on(version: str) -> str:
    """A Python of that version ("3.12"), from the path or from pyenv; this one if it will do."""
    if not version or platform.python_version().startswith(version + "."):
        return sys.executable
    known = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found = shutil.which(f"python{version}") if not known else str(known[-1])
    if not found:
        raise Left(f"needs Python {version}, which is neither on the path nor in pyenv")
    return found


def inputs_of(work: str, agents: int, folder: Path) -> Path:
    """The file of a work's inputs at a size, made if it is not there."""
    path = folder / f"{work}-{agents}.npz"
    if not path.exists():
        command = [sys.executable, str(PEERS / "inputs.py"), work, str(agents), str(path)]
        subprocess.run(command, check=True)
    return path


def side_by_side(
    work: str, agents: int, peers: Sequence[str], rounds: int, folder: Path
) -> list[Found]:
    """What each peer did at one size: a warm-up each, then round after round in turn."""
    inputs, found, running = inputs_of(work, agents, folder), [], []
    with ExitStack() as stack:
        for peer in peers:
            one = Found(peer, agents)
            try:
                print(f"{work}, {agents:,} agents: {peer}", file=sys.stderr)
                program = stack.enter_context(begun(peer, work, inputs))
                said = program.told("", PATIENCE)
                one.ready, one.version = said["ready"], said["version"]
                said = program.told(f"go {STEPS} 0", PATIENCE + LONGEST * STEPS)
                one.first, one.peak = said["seconds"], said["peak"]
                one.answers.append(said["answer"])
                running.append((one, program))
            except Left as reason:
                one.left = str(reason)
                if not one.left:
                    continue
            found.append(one)
        for number in range(1, rounds + 1):
            for one, program in running:
                if one.left:
                    continue
                try:
                    said = program.told(f"go {STEPS} {number}", LONGEST * STEPS)
                    one.seconds.append(said["seconds"])
                    one.answers.append(said["answer"])
                    one.peak = max(one.peak, said["peak"])
                except Left as reason:
                    one.left = str(reason)
    return found


def base(work: str, agents: int, peers: Sequence[str], folder: Path) -> dict[str, int]:
    """The peak memory of each peer at a size where agents hardly count."""
    small = side_by_side(work, agents, peers, 1, folder)
    return {one.peer: one.peak for one in small if not one.left}


def compared(found: Sequence[Found]) -> dict[str, str]:
    """For each peer, whether its answers are those of datapolis."""
    done = {one.peer: one for one in found if len(one.answers) > 1}
    if OURS not in done:
        return {}
    verdicts = {OURS: "-"}
    for peer, one in done.items():
        differs = []
        for name in one.answers[0].keys() & done[OURS].answers[0].keys():
            spread, free = 0.0, 0
            for other in done.values():
                values = [answer[name] for answer in other.answers if name in answer]
                if values:
                    middle = fmean(values)
                    spread += sum((value - middle) ** 2 for value in values)
                    free += len(values) - 1
            theirs = [answer[name] for answer in one.answers]
            ours = [answer[name] for answer in done[OURS].answers]
            error = (spread / max(free, 1) * (1 / len(theirs) + 1 / len(ours))) ** 0.5
            close = CLOSE.get(name, 0.0) * (1.0 if name == "month" else (1e4 / one.agents) ** 0.5)
            allowed = 4.0 * error + max(close, 0.005 * abs(fmean(ours)))
            if not abs(fmean(theirs) - fmean(ours)) <= allowed:
                differs.append(f"{name} {fmean(theirs):.4g} against {fmean(ours):.4g}")
        if peer != OURS:
            verdicts[peer] = "agree" if not differs else "differ: " + ", ".join(sorted(differs))
    return verdicts


def machine() -> dict[str, Any]:
    """The processor, its cores, and what runs this."""
    name = platform.processor() or platform.machine()
    known = Path("/proc/cpuinfo")
    if known.exists():
        for line in known.read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": date.today().isoformat(),
        "processor": name,
        "cores": cores,
        "system": platform.system(),
        "python": platform.python_version(),
    }


def rows_of(
    work: str, sizes: Sequence[int], peers: Sequence[str], rounds: int, folder: Path
) -> Any:
    """All that was found in one work, a row for each peer and size."""
    rows: list[dict[str, Any]] = []
    smaller = base(work, max(sizes[0] // 10, 100), peers, folder)
    below, goes = max(sizes[0] // 10, 100), list(peers)
    slow: dict[str, float] = {}  # seconds an agent and step of those who go no further
    for agents in sizes:
        found = side_by_side(work, agents, goes, rounds, folder)
        verdicts = compared(found)
        ours = next((one.step for one in found if one.peer == OURS and one.seconds), 0.0)
        for one in found:
            row: dict[str, Any] = {"work": work, "peer": one.peer, "agents": agents}
            if one.seconds:
                row |= {
                    "version": one.version,
                    "ready": one.ready,
                    "warm_up": one.first,
                    "seconds": one.seconds,
                    "step": one.step,
                    "peak": one.peak,
                    "ratio": one.step / ours if ours else None,
                    "answers": one.answers,
                    "verdict": verdicts.get(one.peer, ""),
                }
                if one.peer in smaller:
                    row["bytes"] = (one.peak - smaller[one.peer]) / (agents - below)
            if one.left:
                row["left"] = one.left
            rows.append(row)
        for peer, each in slow.items():
            step = each * agents
            ratio = step / ours if ours else None
            rows.append(
                {"work": work, "peer": peer, "agents": agents, "step": step, "ratio": ratio}
            )
        larger = [size for size in sizes if size > agents]
        for one in found:
            if not one.seconds:
                goes.remove(one.peer)
            elif larger and one.step / agents * larger[0] > SLOW:
                slow[one.peer] = one.step / agents
                goes.remove(one.peer)
        goes = [peer for peer in goes if peer in {one.peer for one in found}]
        smaller, below = {one.peer: one.peak for one in found if one.seconds}, agents
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows of one work, in Markdown."""
    head = (
        "| peer | agents | first s | ms a step | range | M agent-steps/s | bytes an agent "
        "| times datapolis | answers |"
    )
    lines = [head, "| --- |" + " ---: |" * 7 + " --- |"]
    ordered = sorted(rows, key=lambda row: (row["agents"], row.get("step", 1e9)))
    for row in ordered:
        name = f"{row['peer'].replace('_', '-')} {row.get('version', '')}".strip()
        if "step" not in row:
            cells = [name, f"{row['agents']:,}", *[""] * 6, f"left out: {row['left']}"]
        else:
            measured = "seconds" in row
            about = "" if measured else "~"
            scale = 1e3 / STEPS
            span = row.get("seconds", [])
            cells = [
                name,
                f"{row['agents']:,}",
                f"{row['warm_up']:.1f}" if measured else "",
                about + number(1e3 * row["step"]),
                f"{number(scale * min(span))}–{number(scale * max(span))}" if measured else "",
                number(row["agents"] / row["step"] / 1e6),
                grown(row),
                about + number(row["ratio"]) if row.get("ratio") else "",
                row.get("verdict", "not run at this size")
                + (f"; {row['left']}" if "left" in row else ""),
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def grown(row: dict[str, Any]) -> str:
    """Bytes an agent; roughly where the interpreter outweighs them, blank where it hides them."""
    each = row.get("bytes", 0.0)
    if each <= 0.0:
        return ""
    return f"{each:,.0f}" if row["agents"] >= LARGE else f"~{each:,.0f}"


def number(value: float) -> str:
    """A number with three figures that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def main() -> None:
    """Run, print the tables, and keep the figures."""
    everyone = sorted(path.stem.removesuffix("_peer") for path in PEERS.glob("*_peer.py"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--works", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--peers", nargs="+", choices=everyone, default=everyone)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="10,000 agents and two rounds")
    parser.add_argument("--out", type=Path, default=HERE.parent / "out" / "peers.json")
    asked = parser.parse_args()
    sizes = [SIZES[0]] if asked.quick else sorted(asked.sizes)
    rounds = 2 if asked.quick else asked.rounds
    peers = [OURS] * (OURS in asked.peers) + [one for one in asked.peers if one != OURS]
    about, rows = machine(), []
    began = time.perf_counter()
    print(
        f"{about['date']}: {about['processor']}, {about['cores']} cores, {about['system']}; "
        f"{STEPS} steps a round, {rounds} rounds"
    )
    with tempfile.TemporaryDirectory() as folder:
        for work in asked.works:
            found = rows_of(work, sizes, peers, rounds, Path(folder))
            rows += found
            print(f"\n## {work}\n\n{table(found)}", flush=True)
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            whole = {**about, "steps": STEPS, "rounds": rounds, "rows": rows}
            asked.out.write_text(json.dumps(whole, indent=1) + "\n")
    print(f"\nAll of it took {(time.perf_counter() - began) / 60:.1f} minutes.", file=sys.stderr)


if __name__ == "__main__":
    main()
