"""Build the wheel and the sdist, install each into an environment of its own, and use it there.

    python -m verification.release dist

An environment that was just made gets nothing but the file and what the file asks for; the commands
run in a new folder, so nothing of the checkout can help. Needs an index of packages for that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = "firm,users\n" + "".join(f"firm {place},{1000 // place}\n" for place in range(1, 21))
STUDY = """schema = 2
title = "A study"
[world]
citizens = 200
months = 12
firms = { table = "firms.csv", name = "firm", weight = "users", basis = "amount" }
[policies.opened]
open_data = 0.6
[ensemble]
members = 2
"""
MEASURE = ("--holder", "firm", "--amount", "users", "--basis", "amount", "--out", "measured")


def build(folder: Path) -> list[Path]:
    """The sdist, and the wheel that is built from it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob("datapolis-*"), key=lambda path: path.suffix)


def use(program: Path, folder: Path) -> Iterator[str]:
    """Do with an installed `datapolis` what a newcomer does first; say what was done."""

    def call(*words: str) -> str:
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        found = subprocess.run(
            [str(program), *words], cwd=folder, env=plain, capture_output=True, text=True
        )
        if found.returncode:
            raise SystemExit(f"datapolis {' '.join(words)}\n{found.stdout}{found.stderr}")
        return found.stdout

    yield call("--version").strip()
    (folder / "firms.csv").write_text(TABLE)
    call("measure", "concentration", "firms.csv", *MEASURE)
    yield f"measured: report of {size(folder / 'measured' / 'report.html')}"
    call("new", "new.toml")
    (folder / "study.toml").write_text(STUDY)
    call("run", "study.toml", "out")
    yield f"simulated: report of {size(folder / 'out' / 'report.html')}"
    yield f"schema of {len(call('schema')) / 1000:,.0f} kB"


def size(path: Path) -> str:
    """How large a file is."""
    return f"{path.stat().st_size / 1000:,.0f} kB"


def environment(folder: Path, with_pip: bool = True) -> Path:
    """A new environment's folder of programs."""
    venv.create(folder, with_pip=with_pip, symlinks=True)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def main() -> None:
    """Build, install and use; end with a message and 1 where something fails."""
    files = build(Path(sys.argv[1] if sys.argv[1:] else "dist"))
    for file in files:
        print(f"{file.name}: {size(file)}")
        with tempfile.TemporaryDirectory() as held:
            programs = environment(Path(held) / "environment")
            install = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*install, "--disable-pip-version-check", str(file)], check=True)
            folder = Path(held) / "elsewhere"
            folder.mkdir()
            for said in use(programs / "datapolis", folder):
                print(f"    {said}")


if __name__ == "__main__":
    main()
