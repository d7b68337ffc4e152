"""What datapolis brings along: licences, a bill of materials, and weaknesses that are known.

    python -m verification.supply licences     writes docs/know/dependencies.md
    python -m verification.supply materials    writes out/supply/sbom.json (CycloneDX)
    python -m verification.supply audit        asks PyPI for known weaknesses of what is pinned

The last two install their tools into an environment of their own, .supply/.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "know" / "dependencies.md"
PINNED = ROOT / "requirements" / "core.txt"
OUT, TOOLS = ROOT / "out" / "supply", ROOT / ".supply"
EXTRAS = ("app", "studies", "spark", "privacy")
SPELLED = {
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "MIT license": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "BSD-3": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "new BSD": "BSD-3-Clause",
    "ISC": "ISC",
    "ISC License (ISCL)": "ISC",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "http://www.apache.org/licenses/LICENSE-2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "MPL 2.0": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU GENERAL PUBLIC LICENSE": "GPL-3.0-only",
}
"""How some packages spell a licence, and its SPDX name."""
COMPATIBLE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT",
    "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
}  # fmt: skip
"""What a work under Apache-2.0 may be passed on with; MPL-2.0 covers its own files alone."""
READ = {"graphemeu": "MIT"}  # packages that give the text of their licence and not its name
APART = {
    "moocore": "used by pymoo as a library; whoever passes it on must let it be replaced",
    "platypus-opt": "needed by EMA Workbench, never imported by datapolis itself; an environment "
    "that holds both may be used freely, but passed on as a whole only under the GPL",
}
"""Packages of other licences, which come with an extra alone, and what follows from that."""

HEAD = """# Dependencies and their licences

<!-- made by `python -m verification.supply licences` -->

datapolis is under the Apache License 2.0. Below is what it installs, with the versions that were
there when this page was made. A test fails where a licence is neither one under which all may be
passed on together nor told as an exception.

`requirements/` holds exact versions with the hashes of all files of each, so that `pip install -r`
takes nothing else. `python -m verification.supply materials` writes a bill of materials
(CycloneDX), `python -m verification.supply audit` asks PyPI for known weaknesses.

"""


@dataclass(frozen=True)
class Part:
    """A package that comes along."""

    name: str
    version: str
    licence: str


def spdx(licence: str) -> str:
    """A licence by its SPDX name."""
    return SPELLED.get(licence.strip(), licence.strip())


def licence_of(name: str) -> str:
    """The licence that an installed package states, by its SPDX name."""
    if name in READ:
        return READ[name]
    stated = distribution(name).metadata
    if stated.get("License-Expression"):
        return spdx(stated["License-Expression"])
    marks = [one.split(" :: ")[-1] for one in stated.get_all("Classifier", []) if "License" in one]
    marks = [one for one in marks if one not in ("OSI Approved", "License")]
    if marks:
        return " OR ".join(sorted({spdx(one) for one in marks}))
    first = (stated.get("License") or "not stated").strip().splitlines()[0]
    return spdx(first)


def needs(name: str, extra: str = "") -> Iterator[tuple[str, set[str]]]:
    """The packages that an installed package needs here, and which of their extras."""
    for line in distribution(name).requires or []:
        one = Requirement(line)
        wanted = one.marker is None or one.marker.evaluate({"extra": extra})
        plain = one.marker is None or one.marker.evaluate({"extra": ""})
        if wanted and (not extra or not plain):
            yield canonicalize_name(one.name), set(one.extras)


def closure(extra: str = "") -> dict[str, Part]:
    """All packages that datapolis brings along, or that an extra adds."""
    found: dict[str, Part] = {}
    asked = [("datapolis", extra)]
    seen = set()
    while asked:
        name, of = asked.pop()
        if (name, of) in seen:
            continue
        seen.add((name, of))
        for other, extras in needs(name, of):
            try:
                version = distribution(other).version
            except PackageNotFoundError:
                continue  # of another system
            found[other] = Part(other, version, licence_of(other))
            asked += [(other, ""), *((other, one) for one in extras)]
    return found


def incompatible(parts: dict[str, Part]) -> list[Part]:
    """Packages with a licence, or none of several to choose from, that is not known to fit."""
    told = parts.keys() - APART.keys()

    def fits(licence: str) -> bool:
        choices = [re.split(r" AND ", one.strip("() ")) for one in re.split(r" OR ", licence)]
        return any(all(part.strip("() ") in COMPATIBLE for part in one) for one in choices)

    return [parts[name] for name in sorted(told) if not fits(parts[name].licence)]


def page() -> str:
    """The page of dependencies."""
    core = closure()
    text = HEAD + "## What is always installed\n\n" + table(core)
    for extra in EXTRAS:
        more = {name: one for name, one in closure(extra).items() if name not in core}
        text += f"\n## With `datapolis[{extra}]`\n\n" + table(more)
        text += "".join(f"\n{name}: {why}.\n" for name, why in APART.items() if name in more)
    return text


def table(parts: dict[str, Part]) -> str:
    """Packages as a table."""
    rows = [f"| {one.name} | {one.version} | {one.licence} |" for _, one in sorted(parts.items())]
    return "\n".join(["| package | version | licence |", "| --- | --- | --- |", *rows]) + "\n"


def tool(name: str) -> Path:
    """A program of the environment of tools, which is made if it is not there."""
    folder = TOOLS / ("Scripts" if sys.platform == "win32" else "bin")
    if not (folder / name).exists():
        venv.create(TOOLS, with_pip=True, symlinks=True)
        install = [str(folder / "python"), "-m", "pip", "install", "--quiet", "-r"]
        subprocess.run([*install, str(ROOT / "requirements" / "supply.txt")], check=True)
    return folder / name


def materials() -> None:
    """Write the bill of materials."""
    OUT.mkdir(parents=True, exist_ok=True)
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    file = OUT / "sbom.json"
    command = [str(tool("cyclonedx-py")), "requirements", str(PINNED), *options, "-o", str(file)]
    subprocess.run(command, check=True)
    many = len(json.loads(file.read_text())["components"])
    print(f"{file.relative_to(ROOT)}: {many} components")


def audit() -> None:
    """Say which pinned versions have a known weakness, and which could not be looked up."""
    OUT.mkdir(parents=True, exist_ok=True)
    file = OUT / "audit.json"
    options = ["--no-deps", "--disable-pip", "--format", "json", "--output", str(file)]
    command = [str(tool("pip-audit")), "--requirement", str(PINNED), *options]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
    rows = json.loads(file.read_text())["dependencies"]
    unknown = [one["name"] for one in rows if "skip_reason" in one]
    weak = [one for one in rows if one.get("vulns")]
    print(f"{len(rows)} packages: {len(weak)} with a known weakness, {len(unknown)} not looked up")
    for one in weak:
        print(f"{one['name']} {one['version']}: {', '.join(v['id'] for v in one['vulns'])}")


def main() -> None:
    """Do what is asked."""
    asked = sys.argv[1] if sys.argv[1:] else ""
    if asked == "licences":
        PAGE.write_text(page(), encoding="utf-8")
    elif asked == "materials":
        materials()
    elif asked == "audit":
        audit()
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
