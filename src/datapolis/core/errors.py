"""The three errors that a user can meet. Anything else is a bug of ours.

InputError   something given is wrong; exit code 2, nothing was written
StoreError   a folder of results cannot be used; exit code 3, nothing was overwritten
Interrupted  the user stopped the work; exit code 130, what is done is kept
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The valid name most like `name`, or None if none comes near."""
    found = get_close_matches(name, list(names), n=1, cutoff=0.6)
    return found[0] if found else None


class InputError(ValueError):
    """Something that was given is wrong: where, what it is, and what is allowed."""

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str = "",
        line: int | None = None,
        field: str = "",
        value: object = None,
        allowed: str = "",
        nearest: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.line = line
        self.field = field
        self.value = value
        self.allowed = allowed
        self.nearest = nearest
        super().__init__(self.sentence())

    def at(self, *, file: str = "", field: str = "") -> InputError:
        """The same error, told of another file or field."""
        return InputError(
            self.problem,
            file=file or self.file,
            line=self.line,
            field=field or self.field,
            value=self.value,
            allowed=self.allowed,
            nearest=self.nearest,
        )

    def sentence(self) -> str:
        """One line: `study.toml:14: policies.watchdog.antitrst: no such lever; did you mean …`."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        head = ": ".join(part for part in (place, self.field) if part)
        text = f"{head}: {self.problem}" if head else self.problem
        if self.value is not None:
            text += f" (given: {self.value!r})"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.nearest:
            text += f"; did you mean {self.nearest!r}?"
        return text


class InputErrors(InputError):
    """Several input errors of one file, told all at once."""

    def __init__(self, errors: list[InputError]) -> None:
        self.errors = errors
        super().__init__("\n".join(error.sentence() for error in errors))


class StoreError(RuntimeError):
    """A results folder that cannot be used as asked; nothing in it was changed."""

    exit_code = 3


class Interrupted(RuntimeError):
    """The user stopped the work; `resume` is the command that goes on."""

    exit_code = 130

    def __init__(self, message: str, resume: str = "") -> None:
        self.resume = resume
        super().__init__(message)


def kind_of(error: Exception) -> str:
    """What kind of error it is and where it arose, without any value."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    file = Path(place.tb_frame.f_code.co_filename).name
    return f"{type(error).__name__} in {file}:{place.tb_lineno}"
