"""Collection: firms record what citizens do, with consent and without (section 7.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from datapolis.core.parameters import Parameters
from datapolis.core.policy import Levers
from verification.reference.chance import Chance
from verification.reference.people import GOVERNMENT, MARKET, Citizen, Organization, Society
from verification.reference.shared import (
    logit_step,
    pressure_at,
    protection,
    ratio,
    reach_of_communication,
    sigmoid,
)


@dataclass
class Trace:
    """What one citizen leaves at the firm in one slot."""

    openly: float
    """Taken with consent."""
    covertly: float
    """What would be taken without, were the firm wholly lax."""
    laxity: float

    @property
    def taken_covertly(self) -> float:
        """What is taken without consent in fact."""
        return self.covertly * self.laxity

    @property
    def taken(self) -> float:
        """All that is taken."""
        return self.openly + self.taken_covertly


def collection(society: Society, parameters: Parameters, levers: Levers, chance: Chance) -> None:
    """Traces are taken with consent, or covertly as far as a firm is lax; records grow stale.

    Taken = offered × consent + offered × (1 - consent) × covert × (1 - protection) × laxity.
    Profile = profile × (1 - decay) + taken; data = data × (1 - decay) + collected. Laxity moves (on
    the logit scale) by adaptation × (what covert data are worth - fines to be expected - users'
    awareness + pull of the others' practice).
    """
    traces = [_traces(society, place, parameters, levers) for place in range(len(society.citizens))]
    society.flows.taken = [[trace.taken for trace in of_one] for of_one in traces]
    society.flows.covert = _covert_share(traces)
    for citizen, of_one in zip(society.citizens, traces, strict=True):
        _remember(society, citizen, of_one, parameters, levers)
    _collect(society, parameters)
    _learn(society, parameters, traces)


def _traces(society: Society, place: int, parameters: Parameters, levers: Levers) -> list[Trace]:
    """What a citizen leaves in each slot."""
    citizen, flows = society.citizens[place], society.flows
    protected = protection(society.regions[citizen.region], levers)
    minimised = 1 - levers.privacy_law * protected / 2
    traces = []
    for slot, number in enumerate(citizen.uses):
        activity = flows.attention[place][slot] * flows.online[place]
        offered = parameters.collection.traces * activity * minimised
        consent = _consent(citizen, flows.known[place][slot], parameters, levers)
        withheld = offered * (1 - consent)
        covertly = withheld * parameters.collection.covert * (1 - protected)
        traces.append(Trace(offered * consent, covertly, society.firms[number].laxity))
    return traces


def _consent(citizen: Citizen, known: float, parameters: Parameters, levers: Levers) -> float:
    """The part of traces that a citizen lets a firm take."""
    by_default = parameters.collection.consent - 3 * levers.privacy_law
    by_being_known = parameters.attention.personal_help * known - 3 * citizen.awareness * known
    return sigmoid(by_default + by_being_known)


def _covert_share(traces: list[list[Trace]]) -> float:
    """The part of all that is taken that is taken without consent."""
    every = [trace for of_one in traces for trace in of_one]
    covert = math.fsum(trace.taken_covertly for trace in every)
    return ratio(covert, math.fsum(trace.taken for trace in every))


def _remember(
    society: Society,
    citizen: Citizen,
    traces: list[Trace],
    parameters: Parameters,
    levers: Levers,
) -> None:
    """Profiles fade, faster under a privacy law, and take in what is new."""
    protected = protection(society.regions[citizen.region], levers)
    decay = parameters.collection.profile_decay * (1 + levers.privacy_law * protected)
    citizen.profile = [
        profile * (1 - decay) + trace.taken
        for profile, trace in zip(citizen.profile, traces, strict=True)
    ]


def _collect(society: Society, parameters: Parameters) -> None:
    """What each organization collects is added to what is left of its data."""
    flows = society.flows
    taken = [0.0] * len(society.firms)
    for citizen, amounts in zip(society.citizens, flows.taken, strict=True):
        for number, amount in zip(citizen.uses, amounts, strict=True):
            taken[number] += amount / len(society.citizens)
    by_place = {firm.place: taken[firm.number] for firm in society.firms}
    flows.collected = [
        _collected(society, one, by_place, parameters) for one in society.organizations
    ]
    kept = 1 - parameters.collection.data_decay
    for organization, amount in zip(society.organizations, flows.collected, strict=True):
        organization.data = kept * organization.data + amount


def _collected(
    society: Society, one: Organization, taken: dict[int, float], parameters: Parameters
) -> float:
    """Agencies administer, firms take, associations know their members."""
    if not one.alive:
        return 0.0
    if one.sector == GOVERNMENT:
        return parameters.collection.administration / len(society.agencies)
    if one.sector == MARKET:
        return taken[one.place]
    reach = reach_of_communication(society, parameters)
    return parameters.collection.membership * reach / len(society.associations)


def _learn(society: Society, parameters: Parameters, traces: list[list[Trace]]) -> None:
    """Laxity moves toward what pays."""
    rules = parameters.pricing
    worth_of_data = (
        parameters.attention.quality_effect
        * reach_of_communication(society, parameters)
        * parameters.mining.exponent
    )
    covert_parts = _covert_parts(society, traces)
    aware = society.flows.users_awareness
    usual = math.fsum(firm.user_share * firm.laxity for firm in society.firms)
    for firm in society.firms:
        if firm.alive:
            push = worth_of_data * covert_parts[firm.number]
            push -= rules.fine * pressure_at(society, firm) * rules.detection
            push -= rules.backlash * aware[firm.number]
            push += rules.pressure * (usual - firm.laxity)
            firm.laxity = logit_step(firm.laxity, rules.adaptation * push)


def _covert_parts(society: Society, traces: list[list[Trace]]) -> list[float]:
    """By firm: what could be taken covertly, of all that could be taken."""
    openly, covertly = [0.0] * len(society.firms), [0.0] * len(society.firms)
    for citizen, of_one in zip(society.citizens, traces, strict=True):
        for number, trace in zip(citizen.uses, of_one, strict=True):
            openly[number] += trace.openly
            covertly[number] += trace.covertly
    return [ratio(secret, known + secret) for known, secret in zip(openly, covertly, strict=True)]
