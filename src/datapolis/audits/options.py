"""Options that audits share, with the words that the command line and the documentation show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

from datapolis import tables
from datapolis.audits.dependencies import Without
from datapolis.audits.privacy import LEAST
from datapolis.core.errors import InputError

Drop = Annotated[str, "rows to leave out, as column=value or column=one,other"]
Duplicates = Annotated[tables.Duplicates, "what is done with rows that repeat another row exactly"]
Thousands = Annotated[
    tables.Thousands, "mark of thousands in numbers, as in 740.736; ask: refused where unclear"
]
Decimal = Annotated[
    tables.Decimal, "mark of decimals in numbers, as in 45,3; ask: a point if clear"
]
Percent = Annotated[bool, "read 45.3% as 45.3, or as .453 where a share from 0 to 1 is asked for"]
Sign = Annotated[Sequence[str], "signs at numbers that are left out, such as € or EUR"]
Blanks = Annotated[
    Sequence[str], "texts that stand for an empty cell among numbers and dates, such as -"
]
Dates = Annotated[tables.Dates, "order in dates such as 06/01/2019; ask: 2019-06-01 alone is read"]
Totals = Annotated[
    tables.Totals, "what is done with rows that are the total of the others; ask: refused"
]
Public = Annotated[bool, "the table is a public register: show groups of any size, and names"]
MinGroup = Annotated[
    int, "least number of units, and of people, in a group that is shown", Without("public")
]
Seed = Annotated[int, "of every random step"]
Draws = Annotated[int, "permutations and bootstrap samples; at least 9,999 to be cited"]
Progress = Callable[[str, int, int], None] | None
"""What is told while work goes on: what, how much is done, how much there is."""

MIN_GROUP = LEAST

READING: dict[str, Any] = {
    "thousands": Thousands,
    "decimal": Decimal,
    "percent": Percent,
    "sign": Sign,
    "blanks": Blanks,
    "dates": Dates,
    "totals": Totals,
}
"""How cells are read: options of every audit, which `audit` adds; see `datapolis.tables.Format`."""


def number_or_word(kind: Any) -> tuple[str, ...]:
    """The words that an option of this type takes beside a number, as whole takes sum; else ()."""
    parts = get_args(kind)
    words = [one for part in parts if get_origin(part) is Literal for one in get_args(part)]
    return tuple(words) if float in parts else ()


def columns_by_name(text: str, field: str) -> dict[str, str]:
    """The columns that `name=column,other=column` says. Raises InputError naming the field."""
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    if not all(equals and key.strip() and column.strip() for key, equals, column in pairs):
        raise InputError(
            "cannot be read", field=field, value=text, allowed="name=column,other=column"
        )
    return {key.strip(): column.strip() for key, _, column in pairs}
