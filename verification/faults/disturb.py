"""One disturbed run: a job, what befalls it, a restart, and how that ended.

equal   it ended, at once or when started again, with what the undisturbed job ends with
told    it stopped with exit code 2 or 3 and one message that says what to do
lost    anything else: other values, an error of our own, a traceback, a job that hangs
skipped this machine cannot disturb in this way; why is told
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from verification.faults.damage import CLASSES, damage, damage_some
from verification.faults.ground import Ground
from verification.faults.jobs import JOBS, Ended, Running, content, differing, environment

CLOCK = Path(__file__).with_name("clock")
TICK = 0.004  # seconds between two looks at a job
DAY = 86_400.0
ROOM = "256m"  # of a disk on which there is room again


class Skipped(Exception):
    """This machine cannot disturb in that way."""


@dataclass(frozen=True)
class Trial:
    """What is to be tried: the kind of disturbance, the job, and the chance of it."""

    number: int
    kind: str
    job: str
    seed: int

    @property
    def chance(self) -> random.Random:
        """All that is left to chance comes from here."""
        return random.Random(f"{self.seed} {self.number} {self.kind} {self.job}")


@dataclass
class Verdict:
    """How a trial ended."""

    verdict: str
    what: str = ""  # befell it
    why: str = ""  # it was told, lost or skipped
    ends: list[int] = field(default_factory=list)  # the exit codes, one a start


class Scene:
    """A trial in a folder of its own."""

    def __init__(self, ground: Ground, trial: Trial, folder: Path) -> None:
        self.ground, self.trial, self.folder = ground, trial, folder
        self.job, self.chance = JOBS[trial.job], trial.chance
        self.out = folder / "out"
        self.ends: list[int] = []
        self.what = ""
        self.cache = ground.cache
        self.more: dict[str, str] = {}  # of the environment
        folder.mkdir(parents=True)

    def start(self, limit: int | None = None) -> Running:
        """Start the job: by a fork, or afresh where what it loads is disturbed."""
        words = self.job.arguments(self.ground.study, self.out)
        said = self.folder / f"said-{len(self.ends)}.txt"
        afresh = bool(self.more) or self.cache != self.ground.cache
        forge = None if afresh else self.ground.forge
        tree = self.ground.tree
        settings = {**environment(self.job, self.cache, tree), **self.more}
        return Running(words, said, settings, limit, forge, tree)

    def end(self, running: Running) -> Ended:
        """Wait for the end of the job."""
        ended = running.ended()
        self.ends.append(ended.code)
        return ended

    def verdict(self, verdict: str, why: str = "") -> Verdict:
        """The verdict, with what befell the job and how it ended each time."""
        return Verdict(verdict, self.what, why, self.ends)

    def judged(self, ended: Ended) -> Verdict:
        """The verdict on a job that nothing disturbs any more."""
        if ended.code == 0:
            other = differing(self.ground.expected[self.job.name], content(self.out))
            return (
                self.verdict("lost", f"other: {', '.join(other[:4])}")
                if other
                else (self.verdict("equal"))
            )
        if ended.clear and self.half_written():
            return self.verdict("lost", "left a folder that looks done and is not")
        if ended.clear:
            return self.verdict("told", ended.message)
        return self.verdict("lost", f"ended with {ended.code}: {ended.message[:300]}")

    def half_written(self) -> bool:
        """Whether a job that cannot go on where it was left a part of its folder."""
        expected = self.ground.expected[self.job.name]
        return self.job.name == "measure" and self.out.exists() and content(self.out) != expected

    def settled(self, ended: Ended, killed: bool = False) -> Verdict:
        """The verdict on a job that was disturbed: it is started again unless it ended well."""
        if ended.code == 0:
            return self.judged(ended)
        if not killed and not ended.clear:
            return self.judged(ended)
        if not killed:
            self.what += f"; stopped with {ended.code}"
        return self.judged(self.end(self.start()))

    def copied(self, whole: bool = False) -> None:
        """Begin with a folder in which the job was killed halfway, or was done."""
        source = (self.ground.whole if whole else self.ground.half)(self.job.name)
        if source.exists():
            shutil.copytree(source, self.out, symlinks=True)


# --- kinds --------------------------------------------------------------------------------------


def killed(scene: Scene) -> Verdict:
    """SIGKILL at a random moment: of time, or when so many files are there; up to three times."""
    chance, running = scene.chance, None
    often = chance.choice((1, 1, 2, 3)) if scene.job.name in ("run", "measure") else 1
    for again in range(often):
        running = scene.start()
        if chance.random() < 0.35:
            moment = chance.uniform(0.0, scene.ground.seconds[scene.job.name])
            told = f"after {moment:.1f} s"
            _until(running, lambda moment=moment, running=running: running.seconds >= moment)
        else:
            many = chance.randint(1, scene.ground.files[scene.job.name])
            told = f"at file {many}"
            _until(running, lambda many=many: _count(scene.folder) >= many)
            time.sleep(chance.uniform(0.0, 0.02))
        whole = chance.random() < 0.5
        scene.what += f"{', ' if again else 'killed '}{told}{'' if whole else ' (parent alone)'}"
        running.kill(whole)
        running.process.wait()
        scene.ends.append(running.process.returncode)
        if running.process.returncode >= 0:
            ended = Ended(running.process.returncode, running.said.read_text(), running.seconds)
            return scene.judged(ended)
    verdict = scene.judged(scene.end(scene.start()))
    if running is not None:
        running.clear_away()
    return verdict


def worker_killed(scene: Scene) -> Verdict:
    """SIGKILL to one worker of the cluster, or to all, at random moments; the job goes on."""
    chance = scene.chance
    running = scene.start()
    _until(running, lambda: len(_workers(running)) >= 2)
    left = max(scene.ground.seconds["dask"] - running.seconds, 1.0)
    moment = running.seconds + chance.uniform(0.0, left)
    _until(running, lambda: running.seconds >= moment)
    there = _workers(running)
    every = chance.random() < 0.25
    for worker in there if every else chance.sample(there, min(1, len(there))):
        _kill(worker)
    scene.what = f"{'all workers' if every else 'a worker'} killed after {moment:.1f} s"
    if not there:
        scene.what = "ended before a worker could be killed"
    return scene.settled(scene.end(running))


def full_disk(scene: Scene) -> Verdict:
    """A small disk that fills up; then there is room."""
    room = _room(scene)
    with mounted(scene.folder / "disk", f"size={room}") as disk:
        scene.out = disk / "out"
        scene.what = f"a disk of {room:,} bytes"
        ended = scene.end(scene.start())
        _remount(disk, f"size={ROOM}")
        return scene.settled(ended)


def file_limit(scene: Scene) -> Verdict:
    """No file may grow beyond a limit (RLIMIT_FSIZE); then there is none."""
    limit = int(10 ** scene.chance.uniform(3.3, 6.2))  # what it says must fit as well
    scene.what = f"no file above {limit:,} bytes"
    return scene.settled(scene.end(scene.start(limit)))


def read_only(scene: Scene) -> Verdict:
    """A folder that may not be written, new or half done; then it may."""
    new = scene.chance.random() < 0.3
    scene.what = f"a {'new' if new else 'half-done'} folder read-only"
    if os.geteuid() != 0:
        return _read_only_by_mode(scene, new)
    with mounted(scene.folder / "disk", f"size={ROOM}") as disk:
        scene.out = disk / "out"
        if not new:
            scene.copied()
        before = _snapshot(disk)
        _remount(disk, "ro")
        ended = scene.end(scene.start())
        _remount(disk, "rw")
        return _untouched(scene, ended, before, disk)


def _read_only_by_mode(scene: Scene, new: bool) -> Verdict:
    folder = scene.folder / "disk"
    folder.mkdir()
    scene.out = folder / "out"
    if not new:
        scene.copied()
    before = _snapshot(folder)
    places = [folder, *(one for one in folder.rglob("*") if one.is_dir())]
    for place in places:
        place.chmod(0o555)
    try:
        ended = scene.end(scene.start())
    finally:
        for place in places:
            place.chmod(0o755)
    return _untouched(scene, ended, before, folder)


def _untouched(scene: Scene, ended: Ended, before: dict[str, bytes], folder: Path) -> Verdict:
    if ended.code == 0:
        return scene.verdict("lost", "ended well though nothing could be written")
    if _snapshot(folder) != before:
        return scene.verdict("lost", "changed a folder that may not be written")
    return scene.settled(ended)


def damaged(kind: str) -> Callable[[Scene], Verdict]:
    """Files of one class damaged in a half-done folder, or in one that was done."""

    def disturb(scene: Scene) -> Verdict:
        whole = scene.chance.random() < 0.3 or kind == "table"
        scene.copied(whole)
        told = damage_some(scene.out, kind, scene.chance)
        if not told:
            raise Skipped(f"no file of the class {kind} there")
        scene.what = f"{'done' if whole else 'half done'}: {told}"
        return scene.judged(scene.end(scene.start()))

    return disturb


def cache_damaged(scene: Scene) -> Verdict:
    """Files of the cache of compiled programs damaged."""
    scene.cache = scene.folder / "cache"
    shutil.copytree(scene.ground.cache, scene.cache)
    there = sorted(place for place in scene.cache.rglob("*-cache"))
    chosen = scene.chance.sample(there, min(len(there), 1 + len(there) // 3))
    for place in chosen:
        damage(place, scene.chance.choice(("flip", "cut", "empty")), scene.chance)
    scene.what = f"{len(chosen)} of {len(there)} compiled programs damaged"
    return scene.settled(scene.end(scene.start()))


def clock(scene: Scene) -> Verdict:
    """A clock that jumps by up to years, at the start and twice more."""
    chance = scene.chance
    usual = scene.ground.seconds[scene.job.name]
    jumps = [(0.0, chance.uniform(-3_000 * DAY, 3_000 * DAY), 0.0)]
    jumps += [
        (
            chance.uniform(0.0, usual),
            chance.choice((-1, 1)) * 10 ** chance.uniform(0.0, 8.0),
            10 ** chance.uniform(0.0, 4.0) if chance.random() < 0.5 else 0.0,
        )
        for _ in range(2)
    ]
    paths = os.pathsep.join([str(CLOCK), str(scene.ground.tree / "src")])
    scene.more = {"PYTHONPATH": paths, "FAULT_CLOCK": json.dumps(jumps)}
    scene.what = "jumps " + ", ".join(
        f"{wall:+.0f} s{f' (steady clock +{steady:.0f} s)' if steady else ''} at {at:.1f} s"
        for at, wall, steady in jumps
    )
    return scene.settled(scene.end(scene.start()))


KINDS: dict[str, Callable[[Scene], Verdict]] = {
    "kill": killed,
    "worker": worker_killed,
    "full disk": full_disk,
    "file limit": file_limit,
    "read-only": read_only,
    **{f"damaged {kind}": damaged(kind) for kind in CLASSES},
    "damaged cache": cache_damaged,
    "clock": clock,
}


# --- what kinds need ----------------------------------------------------------------------------


def _until(running: Running, there: Callable[[], bool]) -> None:
    while not running.over and not there():
        time.sleep(TICK)


def _count(folder: Path) -> int:
    """How many files there are, but for what the jobs said."""
    return sum(len(files) for _, _, files in os.walk(folder)) - len(list(folder.glob("said-*")))


def _workers(running: Running) -> list[int]:
    """The processes that a job has started to compute."""
    import psutil

    try:
        below = psutil.Process(running.process.pid).children(recursive=True)
        return [one.pid for one in below if any("spawn_main" in word for word in one.cmdline())]
    except psutil.Error:
        return []


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _room(scene: Scene) -> int:
    """A size of disk at which the job will fail somewhere, in whole pages."""
    needs = scene.ground.bytes[scene.job.name]
    return max(int(needs * scene.chance.uniform(0.02, 0.95)) // 4096, 2) * 4096


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A disk of its own in memory; Skipped where that may not be."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        raise Skipped("needs root and mount")
    place.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True
    )
    if done.returncode:
        raise Skipped("mount is refused here")
    try:
        yield place
    finally:
        unmount(place)


def _remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def unmount(place: Path) -> None:
    """Take a disk away, whoever still looks at it."""
    subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)
