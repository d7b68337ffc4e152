"""From charts to a page: pictures for every reader, specifications for those who point at them.

Every chart stands on the page as a picture (SVG), once for a wide and once for a narrow window, and
is drawn again from its numbers where JavaScript runs. Colours are the page's own variables, so that
dark windows and paper suit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from datapolis.core.errors import StoreError
from datapolis.theme import (
    FAINT,
    GRID,
    INK,
    PLAIN,
    POLICIES,
    POLICY_INK,
    SECTOR_INK,
    SECTORS,
)

WIDTHS = {"wide": 720, "narrow": 354}
TURNS = ("first", "second", "third", "fourth")
COLOURS = {
    INK: "ink",
    FAINT: "faint",
    GRID: "grid",
    PLAIN: "plain",
    **{colour: name for name, colour in SECTORS.items()},
    **{colour: f"{name}-ink" for name, colour in SECTOR_INK.items()},
    **dict(zip(POLICIES, TURNS, strict=True)),
    **{colour: f"{name}-ink" for colour, name in zip(POLICY_INK, TURNS, strict=True)},
}
"""Colours of the charts, and the variables of the page that stand for them."""


def picture(chart: Any, name: str, specs: dict[str, Any]) -> tuple[str, str, str]:
    """Title, description and SVG of a chart; its specification is kept in `specs`."""
    import vl_convert

    spec = chart.to_dict(validate=False)
    title = plain_title(spec.pop("title"))
    description = str(spec.pop("description"))
    drawn = with_variables(vl_convert.vegalite_to_svg(json.dumps(spec)))
    data = spec.pop("datasets", {})
    specs["data"].update(data)
    specs["specs"][name] = {**spec, "uses": sorted(data)}
    return title, description, drawn


def plain_title(title: Any) -> str:
    """The text of a chart's title."""
    return str(title["text"] if isinstance(title, Mapping) else title)


def with_variables(text: str) -> str:
    """The text with the charts' colours replaced by the page's variables."""
    for colour, name in COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    return text


def safe_json(value: Any) -> str:
    """JSON that can stand in a page: nothing in it can end the element that holds it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return with_variables(text).replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    import vl_convert

    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return text.replace("</script", "<\\/script")


@cache
def part(name: str) -> str:
    """A file of the page."""
    return (files("datapolis.report") / name).read_text(encoding="utf-8")


def rendered(template: str, specs: Mapping[str, Any], **content: Any) -> str:
    """A page of a template, with the style, the scripts and the charts that it needs."""
    from markupsafe import Markup

    text: str = (
        environment()
        .get_template(template)
        .render(
            **content,
            style=Markup(part("page.css")),
            script=Markup(part("page.js")),
            bundle=Markup(bundle()),
            specs=Markup(safe_json(specs)),
        )
    )
    return text


def write_page(path: Path, text: str) -> Path:
    """Write a page whole or not at all, and return its path; StoreError if it cannot be written."""
    try:
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: the report could not be written ({error.strerror})") from error
    return path


def environment() -> Any:
    """The templates; what comes from a user is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("datapolis.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
