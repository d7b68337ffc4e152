"""Shocks: what strikes from outside, before the month begins (section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verification.reference.people import Organization, Society


@dataclass(frozen=True)
class Shock:
    """A blow to data, wealth or safety, active from its first to its last month.

    It means everybody (`target="all"`), a sector (0, 1, 2), the place that holds most data
    (`target="largest"`), or one organization (`place`).
    """

    first: int
    last: int
    target: str | int = "all"
    place: int | None = None
    data_loss: float = 0.0
    wealth_loss: float = 0.0
    attacks: float = 1.0
    """Factor on attacks."""


def strike(society: Society, shocks: Sequence[Shock]) -> None:
    """Takes data and wealth away: each is multiplied by 1 - loss, one shock after the other.

    Who is struck is written down as `flows.shocked`; breaches (7.8) count it among the hit.
    """
    flows = society.flows
    flows.attacks = 1.0
    flows.shocked = [False] * len(society.organizations)
    flows.shock_loss = 0.0
    active = [shock for shock in shocks if shock.first <= society.month <= shock.last]
    meant = [_meant(society, shock) for shock in active]
    for shock, organizations in zip(active, meant, strict=True):
        flows.attacks *= shock.attacks
        for organization in (one for one in organizations if one.alive):
            flows.shock_loss += organization.wealth * shock.wealth_loss
            organization.data *= 1 - shock.data_loss
            organization.wealth *= 1 - shock.wealth_loss
            if shock.data_loss > 0 or shock.wealth_loss > 0:
                flows.shocked[organization.place] = True


def _meant(society: Society, shock: Shock) -> list[Organization]:
    everybody = society.organizations
    if shock.place is not None:
        return [everybody[shock.place]]
    if shock.target == "all":
        return list(everybody)
    if shock.target == "largest":
        return [max(everybody, key=lambda organization: organization.data)]
    return [organization for organization in everybody if organization.sector == shock.target]
