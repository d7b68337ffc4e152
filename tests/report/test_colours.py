"""Colours of the page can be told from its paper: 4.5 to 1 for text, 3 to 1 for marks (WCAG AA)."""

import re
from importlib.resources import files

import pytest

STYLE = (files("datapolis.report") / "page.css").read_text(encoding="utf-8")
THEMES = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in STYLE.split(":root")]
TEXT = {"ink", "faint", "link"}


def luminance(colour):
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [1, 2, 3], ids=["light", "dark", "print"])
def test_contrast(theme):
    colours = THEMES[theme]
    assert colours.keys() == THEMES[1].keys()
    weak = {}
    for name in colours.keys() - {"paper", "raised", "grid"}:
        text = name in TEXT or name.endswith("-ink")
        papers = ("paper", "raised") if name in TEXT else ("paper",)
        found = min(contrast(colours[name], colours[paper]) for paper in papers)
        if found < (4.5 if text else 3.0):
            weak[name] = round(found, 2)
    assert not weak
