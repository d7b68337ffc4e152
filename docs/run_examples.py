"""Run the Python examples of the pages, and write what they print and draw into the pages.

    python docs/run_examples.py learn/first-society.md    runs one page, or several
    python docs/run_examples.py                           runs all pages that have examples
    python docs/run_examples.py --write ...               writes what was printed and drawn

The examples of a page run one after the other and share their names. A block of `text` that stands
right below an example is what it prints. A picture that an example saves, and that the page shows
from `pictures/`, is kept there.

A page whose examples read os.environ["DATA"] is run only where DATA names a folder with its tables.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

DOCUMENTS = Path(__file__).parent
ROOT = DOCUMENTS.parent
FOLDERS = ("learn", "guides", "look-up", "know")
EXAMPLE = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?P<below>\n?```text\n(?P<printed>.*?)^```\n)?", re.M | re.S
)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
NEAR = 0.05  # of a number, between one processor and another
SMALL = 0.02  # and no difference below this
TABLES = 'os.environ["DATA"]'  # in examples on tables that do not come with the project


@dataclass(frozen=True)
class Example:
    """A block of code, what stands below it as its output, and what it printed."""

    line: int
    code: str
    printed: str | None
    found: str = ""


def pages() -> list[Path]:
    """Every page with examples."""
    every = [*DOCUMENTS.glob("index.md")]
    for folder in FOLDERS:
        every += sorted((DOCUMENTS / folder).rglob("*.md"))
    return [page for page in every if "\n```python\n" in page.read_text(encoding="utf-8")]


def lacks_tables(page: Path) -> bool:
    """Whether a page reads tables that are not here."""
    needed = TABLES in page.read_text(encoding="utf-8")
    return needed and not Path(os.environ.get("DATA") or "?").is_dir()


def examples(page: Path) -> Iterator[Example]:
    """The examples of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in EXAMPLE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Example(line, found["code"], found["printed"])


def run(page: Path, folder: Path) -> Iterator[Example]:
    """Run the examples of a page in a folder, which gets a link to the repository's examples."""
    link = folder / "examples"
    if not link.exists():
        link.symlink_to(ROOT / "examples")
    module = ModuleType(f"page_{page.stem.replace('-', '_')}")  # classes look for their module
    sys.modules[module.__name__] = module
    names: dict[str, Any] = vars(module)
    if os.environ.get("DATA"):
        os.environ["DATA"] = os.path.abspath(os.environ["DATA"])  # the examples run elsewhere
    with chdir(folder):
        for one in examples(page):
            out = io.StringIO()
            source = "\n" * one.line + one.code  # so that a traceback names the line of the page
            with redirect_stdout(out):
                exec(compile(source, str(page.relative_to(ROOT)), "exec"), names)
            found = "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
            yield Example(one.line, one.code, one.printed, found)


def agree(found: str, printed: str) -> bool:
    """Whether two outputs say the same: words exactly, numbers nearly."""
    if NUMBER.sub("#", found).split() != NUMBER.sub("#", printed).split():
        return False
    pairs = zip(NUMBER.findall(found), NUMBER.findall(printed), strict=True)
    return all(
        abs(float(one) - float(other)) <= max(SMALL, NEAR * abs(float(other)))
        for one, other in pairs
    )


def write(page: Path, done: list[Example], folder: Path) -> None:
    """Put what was printed below the examples, and the pictures beside the page."""
    text = page.read_text(encoding="utf-8")
    outputs = iter(done)

    def filled(found: re.Match[str]) -> str:
        one = next(outputs)
        below = f"```text\n{one.found}```\n" if one.found else ""
        return f"```python\n{one.code}```\n{below}"

    text = EXAMPLE.sub(filled, text)
    page.write_text(text, encoding="utf-8")
    for name in re.findall(r"\(pictures/([^)]+)\)", text):
        if (folder / name).exists():
            (page.parent / "pictures").mkdir(exist_ok=True)
            shutil.copy(folder / name, page.parent / "pictures" / name)


def main() -> int:
    """Run pages, and say where their output is another."""
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # as in the tests
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write outputs and pictures")
    parser.add_argument("pages", nargs="*", type=Path, help="below docs/; all if none")
    asked = parser.parse_args()
    others = 0
    for page in [DOCUMENTS / one for one in asked.pages] or pages():
        if lacks_tables(page):
            print(f"{page.relative_to(ROOT)} is left out: DATA names no folder with its tables")
            continue
        with tempfile.TemporaryDirectory() as folder:
            done = list(run(page, Path(folder)))
            if asked.write:
                write(page, done, Path(folder))
                continue
            for one in done:
                if one.printed is not None and not agree(one.found, one.printed):
                    print(f"{page.relative_to(ROOT)}:{one.line} prints\n{one.found}")
                    others += 1
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
