"""Docstrings on the site: columns of names and meanings become tables.

    months       how many, counted from 0
    seed         of all chance in the run;
                 the same seed gives the same run

is a table of two rows. Equations, which are indented, and prose stay as they are. The fields of a
dataclass become a table too, where comments beside them say what they are.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

ROW = re.compile(r"(?P<name>\S(?:[^ ]| (?! ))*?) {2,}(?P<words>\S.*)")
COMMENT = re.compile(r"  # (.+)$")
EXAMPLE = ">>>"


class Columns(griffe.Extension):
    """Rewrites each docstring as it is read."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)

    def on_class(self, *, cls: Any, **_: Any) -> None:
        """Add a dataclass's fields to its docstring."""
        if cls.docstring is None or "dataclass" not in cls.labels:
            return
        lines = cls.module.lines_collection[cls.filepath]
        rows, told = [], False
        for name, member in cls.members.items():
            if not member.is_attribute or member.annotation is None or member.docstring:
                continue
            words = COMMENT.search(lines[member.lineno - 1])
            kind = str(member.annotation).replace(" | ", " or ")
            rows.append(f"| `{name}` | `{kind}` | {escaped(words[1]) if words else ''} |")
            told = told or words is not None
        if told:
            head = "| field | is | meaning |\n| --- | --- | --- |\n"
            cls.docstring.value += f"\n\n{head}" + "\n".join(rows)


def escaped(text: str) -> str:
    """Text for the cell of a table."""
    return text.replace("|", "\\|")


def as_markdown(text: str) -> str:
    """A docstring as Markdown."""
    return "\n\n".join(_paragraph(one) for one in re.split(r"\n[ ]*\n", text))


def _paragraph(text: str) -> str:
    if text.startswith(EXAMPLE):
        return f"```python\n{text.replace(EXAMPLE + ' ', '')}\n```"
    rows = _rows(text.split("\n"))
    if not rows:
        return text
    cells = "\n".join(f"| `{name}` | {words} |" for name, words in rows)
    return f"| name | meaning |\n| --- | --- |\n{cells}"


def _rows(lines: list[str]) -> list[tuple[str, str]]:
    """The rows of a paragraph that is a table; none if it is not."""
    rows: list[tuple[str, str]] = []
    for line in lines:
        found = ROW.fullmatch(line)
        if found:
            rows.append((found["name"], escaped(found["words"])))
        elif rows and line.startswith("  "):
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
        else:
            return []
    return rows
