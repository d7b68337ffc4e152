"""How the cells of a table are written: what marks thousands and decimals, the order of a date.

Nothing is guessed. Where a cell fits more than one reading, or none, the table is refused, and the
refusal names the option that decides; `ask` stands for an option that nobody has decided yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

from datapolis.core.errors import InputError, nearest

Thousands = Literal["ask", "none", ".", ",", "'", "space"]
Decimal = Literal["ask", ".", ","]
Dates = Literal["ask", "year-first", "day-first", "month-first"]
Totals = Literal["ask", "drop", "keep"]


@dataclass(frozen=True)
class Format:
    """The conventions by which the cells of one table are read.

    thousands   what groups digits by three: "740.736" is 740736 with "."
    decimal     what stands before decimals: "45,3" is 45.3 with ","
    percent     whether "45.3%" is read: as 45.3, or as .453 where a share from 0 to 1 is asked for
    sign        texts before or after numbers that are left out, such as "€" or "EUR"
    blanks      texts that stand for an empty cell where a number or a date belongs, such as "-"
    dates       the order of day, month and year in "06/01/2019"
    totals      what is done with rows that are the total of the others
    """

    thousands: Thousands = "ask"
    decimal: Decimal = "ask"
    percent: bool = False
    sign: Sequence[str] = ()
    blanks: Sequence[str] = ()
    dates: Dates = "ask"
    totals: Totals = "ask"

    def __post_init__(self) -> None:
        for name, kind in CHOICES.items():
            value, allowed = getattr(self, name), get_args(kind)
            if value not in allowed:
                raise InputError(
                    "no such choice",
                    field=name,
                    value=value,
                    allowed=", ".join(allowed),
                    nearest=nearest(str(value), allowed),
                )
        if self.thousands == self.decimal != "ask":
            raise InputError(
                "one mark cannot stand for both thousands and decimals",
                field="thousands",
                value=self.thousands,
                allowed="another mark than that of decimals",
            )
        for name in LISTS:
            given = getattr(self, name)
            texts = (given,) if isinstance(given, str) else tuple(given)
            object.__setattr__(self, name, tuple(text.strip() for text in texts if text.strip()))

    @property
    def said(self) -> str:
        """In words what was decided of cells; "" where nothing was."""
        chosen = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "totals"}
        told = [
            name if value is True else f"{name} = {' '.join(value) if name in LISTS else value!r}"
            for name, value in chosen.items()
            if value not in ("ask", False, ())
        ]
        return f"cells are read as asked: {'; '.join(told)}" if told else ""

    @property
    def plain(self) -> bool:
        """Whether numbers are read as a program writes them, 1234.5, until asked otherwise."""
        return self.thousands in ("ask", "none") and self.decimal in ("ask", ".") and not self.marks

    @property
    def marks(self) -> tuple[str, ...]:
        """What is taken off a number before it is read."""
        return (*self.sign, *(("%",) if self.percent else ()))

    @property
    def point(self) -> str:
        """What marks decimals, once thousands are known."""
        if self.decimal != "ask":
            return self.decimal
        return "," if self.thousands == "." else "."


CHOICES = {"thousands": Thousands, "decimal": Decimal, "dates": Dates, "totals": Totals}
LISTS = ("sign", "blanks")
