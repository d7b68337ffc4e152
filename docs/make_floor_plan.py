"""Draw the floor plan of the code: `python docs/make_floor_plan.py` writes docs/floor-plan.svg.

The floors are the layers that `make lint` holds the imports to, in pyproject.toml.
"""

from __future__ import annotations

import re
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOLDS = {
    "cli": "the command line",
    "app": "the same in a browser",
    "report": "pages, charts and sentences",
    "studies": "a study file, its runs, and questions to the model: search, calibration, claims",
    "audits": "questions to a table: ten kinds, and what may be published of them",
    "tables": "files and databases, read and checked",
    "model": "the society, its mechanisms, the month",
    "theme": "colours",
    "statistics": "indicators and inference: arrays in, numbers out",
    "core": "parameters, levers, shocks, declarations, errors: no JAX, no NumPy",
}
BESIDE = ("verification", "tests", "benchmarks", "examples", "docs")
WIDTH, HEIGHT, GAP, SIDE = 860, 46, 8, 150
LIGHT, DARK, LINE = "#eef3f8", "#1f3a56", "#9fb4c8"


def room(x: float, y: float, width: float, name: str, about: str) -> str:
    """One package: a box with its name and what it holds."""
    middle = x + width / 2
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="4" fill="{LIGHT}" '
        f'stroke="{LINE}"/><text x="{middle}" y="{y + 19}" class="name">{escape(name)}</text>'
        f'<text x="{middle}" y="{y + 36}" class="about">{escape(about)}</text>'
    )


def floors() -> list[list[tuple[str, str]]]:
    """The packages of each floor with what they hold, from the roof down."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    found = [[one for one in re.findall(r"\w+", layer) if one[0] != "_"] for layer in layers]
    return [[(name, HOLDS[name]) for name in floor] for floor in found if floor]


def plan() -> str:
    """The whole picture as SVG."""
    parts, y = [], 10.0
    for floor in floors():
        letters = [max(len(about), 2 * len(name)) + 6 for name, about in floor]
        room_for = WIDTH - SIDE - 40 - GAP * (len(floor) - 1)
        x = 20.0
        for (name, about), many in zip(floor, letters, strict=True):
            width = round(room_for * many / sum(letters), 1)
            parts.append(room(x, y, width, name, about))
            x += width + GAP
        y += HEIGHT + GAP
    side, top = WIDTH - SIDE, 10.0
    high = (y - GAP - top - GAP * (len(BESIDE) - 1)) / len(BESIDE)
    for name in BESIDE:
        parts.append(
            f'<rect x="{side}" y="{top:.1f}" width="{SIDE - 20}" height="{high:.1f}" rx="4" '
            f'fill="none" stroke="{LINE}" stroke-dasharray="4 3"/>'
            f'<text x="{side + (SIDE - 20) / 2}" y="{top + high / 2 + 5:.1f}" class="name">'
            f"{name}</text>"
        )
        top += high + GAP
    style = (
        f"text{{font-family:sans-serif;text-anchor:middle;fill:{DARK}}}"
        ".name{font-size:14px;font-weight:600}.about{font-size:11.5px}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" role="img" '
        f'aria-label="Floor plan of the code"><style>{style}</style>'
        f'<rect width="{WIDTH}" height="{y:.0f}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


if __name__ == "__main__":
    (ROOT / "docs" / "floor-plan.svg").write_text(plan(), encoding="utf-8")
