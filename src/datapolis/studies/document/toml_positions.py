"""The line of each key in a TOML text, so that an error can say where to look.

TOML readers do not tell it. The text is known to be valid: only its structure is followed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]  # of a key in the file: ("policies", "watchdog", ...)

_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_SKIP = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|\#[^\n]*', re.DOTALL
)


class Lines:
    """The line of each key of a TOML text that is known to be valid."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[Place, int] = {}
        self._many: dict[Place, int] = {}  # elements of [[arrays]] so far
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._scan()

    def of(self, place: Place) -> int | None:
        """The line of a key, or of what it would stand in; None if the file has neither."""
        for end in range(len(place), 0, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return None

    def also(self, place: Place, written: Place) -> None:
        """A key can be asked for under another name than the one that is written."""
        line = self.of(written)
        if line is not None:
            self.lines.setdefault(place, line)

    def _line(self, at: int) -> int:
        return bisect_left(self._ends, at) + 1

    def _scan(self) -> None:
        head: Place = ()
        text, at = self.text, 0
        while at < len(text):
            if text[at].isspace():
                at += 1
            elif text[at] == "#":
                at = self._end_of_line(at)
            elif text[at] == "[":
                head, at = self._header(at)
            else:
                at = self._pair(at, head)

    def _end_of_line(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def _names(self, at: int) -> tuple[tuple[str, ...], int]:
        names = []
        while found := _KEY.match(self.text, at):
            names.append(next(part for part in found.groups() if part is not None))
            at = found.end()
            if self.text[at : at + 1] != ".":
                break
            at += 1
        return tuple(names), at

    def _note(self, head: Place, names: tuple[str, ...], at: int) -> Place:
        for end in range(1, len(names) + 1):
            self.lines.setdefault((*head, *names[:end]), self._line(at))
        return (*head, *names)

    def _header(self, at: int) -> tuple[Place, int]:
        many = self.text.startswith("[[", at)
        names, end = self._names(at + 1 + many)
        head: Place = ()
        for name in names[:-1]:
            head = (*head, name)
            if head in self._many:
                head = (*head, self._many[head] - 1)
        place = self._note(head, names[-1:], at)
        if many:
            number = self._many.get(place, 0)
            self._many[place] = number + 1
            place = (*place, number)
            self.lines[place] = self._line(at)
        return place, self._end_of_line(end)

    def _pair(self, at: int, head: Place) -> int:
        names, end = self._names(at)
        if not names:
            return self._end_of_line(at)
        place = self._note(head, names, at)
        return self._value(end + 1, place)

    def _value(self, at: int, place: Place) -> int:
        """Skip a value; note the lines of the elements of a list and of the keys of a table."""
        text = self.text
        while at < len(text) and text[at] in " \t":
            at += 1
        if text[at : at + 1] == "[":
            return self._inside(at + 1, "]", place)
        if text[at : at + 1] == "{":
            return self._inside(at + 1, "}", place)
        if (found := _SKIP.match(text, at)) and text[at] != "#":
            return found.end()
        while at < len(text) and text[at] not in ",]}\n#":
            at += 1
        return at

    def _inside(self, at: int, closing: str, place: Place) -> int:
        text, number = self.text, 0
        while at < len(text) and text[at] != closing:
            if text[at].isspace() or text[at] == ",":
                at += 1
            elif text[at] == "#":
                at = self._end_of_line(at)
            elif closing == "}":
                at = self._pair(at, place)
            else:
                self.lines[(*place, number)] = self._line(at)
                at = self._value(at, (*place, number))
                number += 1
        return at + 1
