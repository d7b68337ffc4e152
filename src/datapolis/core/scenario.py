"""What happens to a society from outside: shocks to its organizations.

A scenario is a set of shocks; one with a seed and a draw of parameters is a member of an ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from datapolis.core.declare import record
from datapolis.core.errors import InputError, nearest

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

WHOM = {"all": -1, "government": -2, "market": -3, "social": -4, "largest": -5}
CAPACITY = 8  # shocks a scenario can hold; one shape for all scenarios


@dataclass(frozen=True)
class Shock:
    """From `month`, for `months` months: losses of data or wealth each month, and more attacks.

    `whom` is "all", a sector ("government", "market", "social"), "largest" (who holds most data),
    or the place of one organization. `attacks` multiplies attacks on everyone.
    """

    month: int
    whom: str | int = "all"
    data: float = 0.0
    wealth: float = 0.0
    attacks: float = 1.0
    months: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.whom, str) and self.whom not in WHOM:
            raise InputError(
                "nobody of that name to shock",
                field="shock.whom",
                value=self.whom,
                allowed=", ".join(WHOM) + ", or a place",
                nearest=nearest(self.whom, WHOM),
            )
        for name in ("data", "wealth"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(
                    "a loss is a share",
                    field=f"shock.{name}",
                    value=getattr(self, name),
                    allowed="0 to 1",
                )
        if self.month < 0 or self.months < 1 or self.attacks < 0:
            raise InputError(
                "a shock needs month >= 0, months >= 1, attacks >= 0", field="shock", value=self
            )


@record
@dataclass(frozen=True)
class Shocks:
    """A scenario as arrays, of one shape for all scenarios."""

    first: Int[Array, "shock"]
    last: Int[Array, "shock"]
    whom: Int[Array, "shock"]
    data: Float[Array, "shock"]
    wealth: Float[Array, "shock"]
    attacks: Float[Array, "shock"]


Scenario: TypeAlias = Sequence[Shock]


def shocks(scenario: Scenario = ()) -> Shocks:
    """The arrays of a scenario; places without a shock begin after they end."""
    import numpy as np

    if len(scenario) > CAPACITY:
        raise InputError(
            "too many shocks in one scenario",
            field="scenario",
            value=len(scenario),
            allowed=f"at most {CAPACITY}",
        )
    empty = CAPACITY - len(scenario)

    def column(values: list[float], rest: float, kind: type) -> Any:
        return np.array(values + [rest] * empty, kind)

    return Shocks(
        first=column([item.month for item in scenario], 1, np.int32),
        last=column([item.month + item.months - 1 for item in scenario], 0, np.int32),
        whom=column(
            [WHOM[item.whom] if isinstance(item.whom, str) else item.whom for item in scenario],
            -1,
            np.int32,
        ),
        data=column([item.data for item in scenario], 0.0, np.float32),
        wealth=column([item.wealth for item in scenario], 0.0, np.float32),
        attacks=column([item.attacks for item in scenario], 1.0, np.float32),
    )
