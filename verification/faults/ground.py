"""Where jobs are disturbed: their inputs, and what they leave when nothing disturbs them."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from verification.faults.forge import Forge
from verification.faults.jobs import JOBS, ROOT, Running, content, environment, write_inputs

PAGE = 4096  # bytes of a disk that even the smallest file takes


@dataclass
class Ground:
    """Inputs, what undisturbed jobs left, and what half-done ones did."""

    place: Path
    cache: Path
    tree: Path = ROOT  # the code that is tried
    forge: Forge | None = None
    expected: dict[str, dict[str, str]] = field(default_factory=dict)  # by job
    seconds: dict[str, float] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)

    @property
    def study(self) -> Path:
        """The folder of inputs."""
        return self.place / "inputs"

    def half(self, job: str) -> Path:
        """A folder in which a job was killed halfway."""
        return self.place / "half" / job

    def whole(self, job: str) -> Path:
        """A folder in which a job was done."""
        return self.place / "whole" / job

    def prepare(self, name: str) -> str:
        """Do a job undisturbed, and learn from it; say what was learnt."""
        if not self.study.exists():
            write_inputs(self.study)
        out = self.whole(name)
        compiled = self.cache / f"{name}.compiled"
        if not compiled.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            self._undisturbed(name, out)
            compiled.touch()
        self.seconds[name] = self._undisturbed(name, out)
        self.expected[name] = content(out)
        sizes = [one.stat().st_size for one in out.rglob("*") if one.is_file()]
        self.files[name] = len(sizes)
        self.bytes[name] = sum(-(-size // PAGE) * PAGE for size in sizes)
        return (
            f"undisturbed {name}: {self.seconds[name]:.1f} s, {len(sizes)} files, "
            f"{len(self.expected[name])} files and arrays compared"
        )

    def prepare_half(self, name: str) -> None:
        """A folder in which the job was killed when half of its batches were done."""
        half, marks = self.half(name), _marks(self.whole(name))
        running = self._running(name, half)
        while not running.over and _marks(half) < marks // 2:
            time.sleep(0.01)
        running.kill()
        running.process.wait()

    def _undisturbed(self, name: str, out: Path) -> float:
        shutil.rmtree(out, ignore_errors=True)
        ended = self._running(name, out).ended()
        if ended.code:
            raise SystemExit(f"undisturbed {name} ends with {ended.code}:\n{ended.said}")
        return ended.seconds

    def _running(self, name: str, out: Path) -> Running:
        out.parent.mkdir(parents=True, exist_ok=True)
        words, said = JOBS[name].arguments(self.study, out), out.with_suffix(".txt")
        settings = environment(JOBS[name], self.cache, self.tree)
        return Running(words, said, settings, forge=self.forge, tree=self.tree)


def _marks(out: Path) -> int:
    """How many batches are marked as done."""
    return sum(
        len([file for file in files if file.endswith(".json")])
        for folder, _, files in os.walk(out)
        if folder.endswith("done")
    )
