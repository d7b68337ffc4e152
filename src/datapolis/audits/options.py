"""Options that audits share, with the words that the command line and the documentation show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from datapolis import tables
from datapolis.audits.privacy import LEAST
from datapolis.errors import InputError

Drop = Annotated[str, "rows to leave out, as column=value or column=one,other"]
Duplicates = Annotated[tables.Duplicates, "what is done with rows that repeat another row exactly"]
Public = Annotated[bool, "the table is a public register: show groups of any size, and names"]
MinGroup = Annotated[int, "least number of units, and of people, in a group that is shown"]
Seed = Annotated[int, "of every random step"]
Draws = Annotated[int, "permutations and bootstrap samples; at least 9,999 to be cited"]
Progress = Callable[[str, int, int], None] | None
"""What is told while work goes on: what, how much is done, how much there is."""

MIN_GROUP = LEAST


def columns_by_name(text: str, field: str) -> dict[str, str]:
    """The columns that `name=column,other=column` says. Raises InputError naming the field."""
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    if not all(equals and key.strip() and column.strip() for key, equals, column in pairs):
        raise InputError(
            "cannot be read", field=field, value=text, allowed="name=column,other=column"
        )
    return {key.strip(): column.strip() for key, _, column in pairs}
