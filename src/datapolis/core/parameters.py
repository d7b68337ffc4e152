"""Every constant of the model, declared once: default, meaning, unit, range and source.

One frozen dataclass per mechanism, in the order of the month. Ranges are the priors of sweeps.
F ids are the formal models listed in docs/theory.md with their references; "own" is our assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from datapolis.core.declare import Declaration, declarations, parameter, record
from datapolis.core.errors import InputError, nearest

if TYPE_CHECKING:
    from jax import Array

    Scalar: TypeAlias = float | Array


@record
@dataclass(frozen=True)
class Technology:
    """Step 1: how fast the technology frontier moves."""

    growth: Scalar = parameter(
        0.035, "growth g of the frontier", unit="1/month", low=0.01, high=0.1
    )
    start: Scalar = parameter(0.04, "frontier T at month 0", low=0.01, high=0.3)
    half_reach: Scalar = parameter(
        0.35, "frontier at which communication reaches half", low=0.1, high=1.0
    )
    autonomy: Scalar = parameter(
        0.3,
        "part of growth that needs no trust, against mean trust",
        low=0.0,
        high=3.0,
        source="F28",
    )


@record
@dataclass(frozen=True)
class Absorption:
    """Step 2: how fast each sector takes the technology up, and how much of its data it uses."""

    government: Scalar = parameter(
        0.01, "adoption rate of agencies", unit="1/month", low=0.003, high=0.15, source="F17"
    )
    firms: Scalar = parameter(
        0.10, "adoption rate of firms", unit="1/month", low=0.003, high=0.15, source="F17"
    )
    associations: Scalar = parameter(
        0.05, "adoption rate of associations", unit="1/month", low=0.003, high=0.15, source="F17"
    )
    peers: Scalar = parameter(
        0.3, "part of adoption learnt from tied organizations", low=0.0, high=1.0
    )
    use_government: Scalar = parameter(
        0.5, "share of their data that agencies put to use", low=0.0, high=1.0, source="F03"
    )
    use_firms: Scalar = parameter(
        1.0, "share of their data that firms put to use", low=0.0, high=1.0, source="F03"
    )
    use_associations: Scalar = parameter(
        1.0, "share of their data that associations put to use", low=0.0, high=1.0, source="F03"
    )


@record
@dataclass(frozen=True)
class Attention:
    """Step 3: which firms citizens choose, and how long they stay online."""

    quality_effect: Scalar = parameter(
        0.5, "pull of data-made quality", unit="utils", low=0.0, high=1.5, source="F06"
    )
    network_effect: Scalar = parameter(
        0.35, "pull of other users", unit="utils", low=0.0, high=1.2, source="F06"
    )
    personal_help: Scalar = parameter(
        1.0, "pull of being known", unit="utils", low=0.0, high=3.0, source="F06, F23"
    )
    privacy_concern: Scalar = parameter(
        1.0, "push of being known, by awareness", unit="utils", low=0.0, high=3.0, source="F06, F23"
    )
    price_concern: Scalar = parameter(
        1.0, "push of personal prices, by awareness", unit="utils", low=0.0, high=3.0, source="F06"
    )
    quality_spread: Scalar = parameter(
        0.5, "standard deviation of firms' own quality", unit="utils", low=0.0, high=1.0
    )
    switching_cost: Scalar = parameter(
        0.3, "gain that a new firm must offer", unit="utils", low=0.0, high=4.0, source="F06"
    )
    reconsideration: Scalar = parameter(
        0.25, "probability to look at another firm", unit="1/month", low=0.02, high=1.0
    )
    social: Scalar = parameter(0.5, "part of candidates taken from kin", low=0.0, high=1.0)
    steering: Scalar = parameter(0.2, "how much the top firm steers candidates", low=0.0, high=1.0)
    trust_elasticity: Scalar = parameter(
        0.2, "elasticity of time online in trust", low=0.0, high=1.0, source="F28, S08"
    )


@record
@dataclass(frozen=True)
class Pricing:
    """Step 4: what firms ask of whom, and who sees it."""

    cost: Scalar = parameter(0.1, "unit cost", unit="income", low=0.0, high=0.3)
    basket: Scalar = parameter(
        0.1, "worth of what is bought in a month, times price", unit="1/month", low=0.01, high=0.3
    )
    segments: Scalar = parameter(
        8.0,
        "groups that can be told apart (whole)",
        unit="groups",
        low=1.0,
        high=32.0,
        source="F26",
    )
    rivalry: Scalar = parameter(
        0.3, "share of dealings in which offers are compared", low=0.0, high=1.0
    )
    price_weight: Scalar = parameter(
        3.0, "weight of price in compared offers", unit="utils/income", low=1.0, high=10.0
    )
    adaptation: Scalar = parameter(
        0.2,
        "speed at which practice follows profit",
        unit="1/month",
        low=0.0,
        high=0.5,
        source="F29",
    )
    fine: Scalar = parameter(6.0, "fine, as a multiple of profit", low=0.0, high=20.0, source="F21")
    detection: Scalar = parameter(0.05, "detection without any watcher", low=0.0, high=0.3)
    witness: Scalar = parameter(20.0, "detection by what is seen", low=0.0, high=100.0)
    watching: Scalar = parameter(0.3, "part of prices that kin compare", low=0.0, high=1.0)
    tolerance: Scalar = parameter(0.1, "price difference that nobody minds", low=0.0, high=0.3)
    pressure: Scalar = parameter(
        0.2, "pressure of rivals and shareholders", low=0.0, high=1.0, source="F29"
    )
    backlash: Scalar = parameter(0.3, "cost of users' awareness", low=0.0, high=1.0)


@record
@dataclass(frozen=True)
class Collection:
    """Step 5: what is recorded, with consent and without."""

    traces: Scalar = parameter(
        0.8, "records per month of activity", unit="data/month", low=0.1, high=1.0, source="F04"
    )
    consent: Scalar = parameter(
        1.0,
        "consent by default: -1 opt-in, 1 opt-out",
        unit="logit",
        low=-2.0,
        high=2.0,
        source="F24",
    )
    covert: Scalar = parameter(
        0.5, "part that can be taken without consent", low=0.0, high=0.8, source="F24"
    )
    profile_decay: Scalar = parameter(
        0.05, "decay of personal profiles", unit="1/month", low=0.01, high=0.3, source="F04"
    )
    data_decay: Scalar = parameter(
        0.03, "decay of data", unit="1/month", low=0.01, high=0.1, source="F04"
    )
    administration: Scalar = parameter(
        0.03, "records of all agencies together", unit="data/month", low=0.0, high=0.1
    )
    membership: Scalar = parameter(
        0.01, "records of all associations together", unit="data/month", low=0.0, high=0.05
    )


@record
@dataclass(frozen=True)
class Exchange:
    """Step 6: data that organizations share, derive, sell, and link."""

    open_government: Scalar = parameter(0.15, "openness of agencies", low=0.0, high=1.0)
    open_firms: Scalar = parameter(0.3, "openness of firms", low=0.0, high=1.0)
    open_associations: Scalar = parameter(0.3, "openness of associations", low=0.0, high=1.0)
    derivation: Scalar = parameter(0.1, "data derived from partners' new data", low=0.0, high=0.5)
    linkage: Scalar = parameter(
        0.15, "how well agencies' records match", low=0.0, high=1.0, source="F19"
    )
    pool_match: Scalar = parameter(
        0.15, "how well a pool of firms' data matches", low=0.0, high=1.0
    )
    shared: Scalar = parameter(
        0.0, "share of firms' data that must be pooled", low=0.0, high=0.5, source="F38"
    )
    sale: Scalar = parameter(0.05, "part of new data that is sold on", low=0.0, high=0.3)
    data_price: Scalar = parameter(0.02, "price of data", unit="income/data", low=0.0, high=0.1)
    hoarding_rent: Scalar = parameter(
        0.25, "rent that an agency draws from data of its own", low=0.0, high=1.0, source="F18"
    )
    link_cost: Scalar = parameter(0.05, "cost of a link to each side", low=0.0, high=0.5)
    link_review: Scalar = parameter(
        0.1, "probability that a link is reviewed", unit="1/month", low=0.0, high=0.3
    )
    link_lapse: Scalar = parameter(
        0.02, "probability that a link that does not pay lapses", unit="1/month", low=0.0, high=0.3
    )


@record
@dataclass(frozen=True)
class Mining:
    """Step 7: what data are worth once mined."""

    exponent: Scalar = parameter(
        0.8, "elasticity of creative power in workable data", low=0.0, high=1.2, source="F03"
    )


@record
@dataclass(frozen=True)
class Breaches:
    """Step 8: attacks, leaks, lawbreakers, and data that cannot be recalled."""

    attack_rate: Scalar = parameter(
        0.003, "attacks on an organization", unit="1/month", low=0.0, high=0.1
    )
    vulnerability: Scalar = parameter(
        0.8, "success of an attack without security", low=0.1, high=1.0, source="F30"
    )
    security_effect: Scalar = parameter(
        20.0, "productivity of security", low=1.0, high=100.0, source="F30"
    )
    liability: Scalar = parameter(0.3, "part of a loss that its holder feels", low=0.0, high=1.0)
    loss: Scalar = parameter(50.0, "loss per unit of leaked data", low=5.0, high=200.0)
    reference_data: Scalar = parameter(
        4.0, "holding that makes the reference attack rate", unit="data", low=1.0, high=20.0
    )
    contagion: Scalar = parameter(0.1, "a leak's spread along a full tie", low=0.0, high=0.5)
    smallest_leak: Scalar = parameter(0.01, "smallest share lost", low=0.001, high=0.1)
    tail: Scalar = parameter(
        0.57, "tail exponent of the share lost", low=0.37, high=0.7, source="S06"
    )
    recruitment: Scalar = parameter(
        0.05, "response of lawbreakers to gain", unit="1/month", low=0.01, high=0.2, source="F31"
    )
    loot: Scalar = parameter(1.0, "gain from leaked data", low=0.0, high=5.0)
    crowding: Scalar = parameter(2.0, "lawbreakers at which gain halves", low=0.5, high=10.0)
    crime_cost: Scalar = parameter(0.5, "cost of lawbreaking", low=0.1, high=2.0)
    copying: Scalar = parameter(
        0.1, "growth of copies of leaked data", unit="1/month", low=0.0, high=0.3, source="F25"
    )
    copy_loss: Scalar = parameter(
        0.05, "part of copies that is deleted or out of date", unit="1/month", low=0.0, high=0.2
    )
    copy_room: Scalar = parameter(
        5.0, "copies at which copying ends", unit="copies", low=1.0, high=50.0
    )
    stray_decay: Scalar = parameter(
        0.03, "decay of stray data", unit="1/month", low=0.005, high=0.1
    )
    correlation: Scalar = parameter(
        0.5,
        "correlation between kin, by which one tells of the other",
        low=0.0,
        high=0.95,
        source="O31",
    )
    leak_harm: Scalar = parameter(
        0.5, "harm of a leak of all that is known of a citizen", low=0.0, high=1.0
    )
    scam: Scalar = parameter(
        8e-4, "harm of a lawbreaker who knows all of a citizen", low=0.0, high=0.004
    )


@record
@dataclass(frozen=True)
class Rumours:
    """Step 9: talk over kin and over strangers."""

    strong_transmission: Scalar = parameter(
        0.08, "telling over a strong tie", unit="1/month", low=0.0, high=0.6, source="F32"
    )
    weak_transmission: Scalar = parameter(
        0.08, "telling over a weak tie", unit="1/month", low=0.0, high=0.6, source="F32"
    )
    stifling: Scalar = parameter(
        0.8, "loss of interest on meeting one who knows", low=0.0, high=1.0, source="F32"
    )
    forgetting: Scalar = parameter(
        0.05, "loss of interest by itself", unit="1/month", low=0.0, high=0.5, source="F32"
    )
    tellers: Scalar = parameter(
        1.0, "tellers needed to believe (1 or 2)", unit="tellers", low=1.0, high=2.0, source="F32"
    )
    rate: Scalar = parameter(
        0.2,
        "probability of a new controversy when the last is over",
        unit="1/month",
        low=0.0,
        high=1.0,
    )
    seed: Scalar = parameter(0.002, "share of citizens among whom it begins", low=1e-4, high=0.01)


@record
@dataclass(frozen=True)
class Trust:
    """Step 10: trust, awareness, and awakening."""

    gain: Scalar = parameter(
        0.03, "gain by good experience", unit="1/month", low=0.005, high=0.05, source="F27"
    )
    unfair_loss: Scalar = parameter(
        0.4, "loss by unfair prices", unit="1/month", low=0.1, high=0.9, source="F27"
    )
    harm_loss: Scalar = parameter(
        0.5, "loss by harm", unit="1/month", low=0.1, high=1.0, source="F27"
    )
    rumour_loss: Scalar = parameter(0.02, "loss while spreading", unit="1/month", low=0.0, high=0.1)
    unfair_lesson: Scalar = parameter(
        0.1, "awareness from unfair prices", unit="1/month", low=0.0, high=0.3
    )
    harm_lesson: Scalar = parameter(0.2, "awareness from harm", unit="1/month", low=0.0, high=0.3)
    known_lesson: Scalar = parameter(
        0.02, "awareness from the right to know", unit="1/month", low=0.0, high=0.3
    )
    awareness_decay: Scalar = parameter(
        0.02, "fading of awareness", unit="1/month", low=0.0, high=0.3
    )
    threshold: Scalar = parameter(0.4, "mean awakening threshold", low=0.2, high=0.9, source="F22")
    threshold_spread: Scalar = parameter(
        0.2, "standard deviation of awakening thresholds", low=0.02, high=0.4, source="F22"
    )
    example: Scalar = parameter(
        0.4, "weight of awake acquaintances in awakening", low=0.0, high=1.0, source="F22"
    )
    weariness: Scalar = parameter(
        0.1, "probability that one who was awake tires", unit="1/month", low=0.0, high=0.3
    )


@record
@dataclass(frozen=True)
class Rights:
    """Step 11: rights that are offered become rights that are enjoyed."""

    response: Scalar = parameter(
        0.1, "speed at which rights are taken up", unit="1/month", low=0.02, high=0.2, source="F22"
    )


@record
@dataclass(frozen=True)
class Monitoring:
    """Step 12: government and outsiders watch each other."""

    base: Scalar = parameter(0.1, "watching without provocation", low=0.0, high=0.5, source="F20")
    government_reaction: Scalar = parameter(
        0.5, "government's answer to being watched", low=0.0, high=1.5, source="F20"
    )
    society_reaction: Scalar = parameter(
        0.5, "outsiders' answer to being watched", low=0.0, high=1.5, source="F20"
    )


@record
@dataclass(frozen=True)
class Power:
    """Step 13: power from wealth and from data, and what it buys."""

    wealth_weight: Scalar = parameter(
        0.5, "weight of wealth in base power (a convention)", low=0.5, high=0.5, source="F03"
    )
    substitution: Scalar = parameter(
        1.0, "substitution of wealth and creative power", low=0.2, high=1.0, source="F03"
    )
    reference: Scalar = parameter(
        3.0, "creative power worth one month's income", unit="1/income", low=0.5, high=30.0
    )
    relation: Scalar = parameter(
        0.5, "power from powerful (+) or weak (-) partners", low=-0.8, high=0.8, source="F02"
    )
    capture: Scalar = parameter(
        0.3, "policy that lobbying can turn", low=0.0, high=0.5, source="F15"
    )
    contest: Scalar = parameter(
        1.0, "decisiveness of the lobbying contest", low=0.5, high=2.0, source="F15"
    )


@record
@dataclass(frozen=True)
class Governance:
    """Step 14: who solves public problems, by order or as equals."""

    capabilities: Scalar = parameter(
        1.0, "capabilities that a problem needs", low=1.0, high=3.0, source="F13"
    )
    complexity: Scalar = parameter(
        5.0, "capabilities that technology adds", low=0.0, high=7.0, source="F13"
    )
    needed: Scalar = parameter(
        0.15, "power at which half of the best quality is reached", unit="power", low=0.03, high=0.6
    )
    compliance: Scalar = parameter(0.3, "effort under order", low=0.0, high=1.0)
    joining_benefit: Scalar = parameter(0.5, "worth of a solved problem", low=0.0, high=2.0)
    joining_cost: Scalar = parameter(0.03, "cost of joining", low=0.0, high=0.3)
    talks_cost: Scalar = parameter(0.1, "cost of talks", low=0.0, high=0.3)
    resistance: Scalar = parameter(0.4, "cost of ordering the powerful", low=0.0, high=1.0)
    responsiveness: Scalar = parameter(20.0, "response to the better mode", low=5.0, high=50.0)
    drift: Scalar = parameter(
        0.02, "drift of aims toward partners'", unit="1/month", low=0.0, high=0.05, source="F16"
    )


@record
@dataclass(frozen=True)
class Resources:
    """Step 15: money, entry, exit, takeovers and break-ups."""

    upkeep: Scalar = parameter(0.02, "upkeep of wealth", unit="1/month", low=0.005, high=0.05)
    tax: Scalar = parameter(0.2, "tax on digital revenue", low=0.0, high=0.5)
    income_tax: Scalar = parameter(0.014, "other tax", unit="income/month", low=0.005, high=0.05)
    offline: Scalar = parameter(
        0.004, "firms' income from offline trade", unit="income/month", low=0.0, high=0.01
    )
    donations: Scalar = parameter(
        0.001, "associations' income", unit="income/month", low=0.0, high=0.01
    )
    fixed_cost: Scalar = parameter(
        3e-5, "fixed cost of a firm", unit="income/month", low=0.0, high=3e-4
    )
    lever_cost: Scalar = parameter(
        0.005, "cost of one full lever, of government's wealth", unit="1/month", low=0.0, high=0.02
    )
    ruin: Scalar = parameter(
        1e-5, "wealth below which a firm leaves", unit="income", low=1e-6, high=1e-4
    )
    entrant_wealth: Scalar = parameter(
        3e-4, "wealth of an entrant", unit="income", low=1e-5, high=3e-3
    )
    entry: Scalar = parameter(
        0.05,
        "probability that an empty place is taken",
        unit="1/month",
        low=0.0,
        high=0.3,
        source="F08",
    )
    merger: Scalar = parameter(
        0.1, "probability that a takeover is tried", unit="1/month", low=0.0, high=1.0
    )


@record
@dataclass(frozen=True)
class Law:
    """Step 16: law follows technology; regulators fear for prosperity."""

    lag: Scalar = parameter(
        48.0, "delay of law at full demand", unit="month", low=12.0, high=240.0, source="F35, S23"
    )
    base_demand: Scalar = parameter(0.2, "demand for law without harm", low=0.0, high=0.5)
    strictness_weight: Scalar = parameter(
        2.0, "regulator's weight on strictness", low=0.1, high=5.0, source="F34"
    )
    growth_weight: Scalar = parameter(
        0.3, "regulator's weight on regional growth", low=0.0, high=5.0, source="F34"
    )
    growth_scale: Scalar = parameter(
        0.0,
        "growth counts as part of all firms (0, F34) or against the mean region's (1, own)",
        low=0.0,
        high=1.0,
        source="F34",
    )
    mobility: Scalar = parameter(
        1.0, "firms' response to strictness", low=0.0, high=4.0, source="F34"
    )
    move: Scalar = parameter(
        0.01, "probability that a firm chooses its region anew", unit="1/month", low=0.0, high=0.1
    )


@record
@dataclass(frozen=True)
class Ties:
    """Step 17: ties between organizations."""

    search: Scalar = parameter(
        0.1, "probability to look for a better partner", unit="1/month", low=0.01, high=0.5
    )
    closure: Scalar = parameter(
        0.5, "part of candidates that are partners' partners", low=0.0, high=1.0, source="F10"
    )
    adaptation: Scalar = parameter(
        0.05, "speed at which strength follows worth", unit="1/month", low=0.01, high=0.2
    )
    cost: Scalar = parameter(0.01, "worth that a new tie must add", low=0.0, high=0.2)
    spur: Scalar = parameter(0.3, "search spurred by being hit", low=0.0, high=1.0)


@record
@dataclass(frozen=True)
class Welfare:
    """What is counted as a citizen's gain. Weights of what happened: they change nothing else."""

    service: Scalar = parameter(
        0.02,
        "worth of a month online where one is wholly known",
        unit="income",
        low=0.0,
        high=0.1,
    )
    harm: Scalar = parameter(0.5, "worth of not being harmed", unit="income", low=0.0, high=3.0)


@record
@dataclass(frozen=True)
class Parameters:
    """All constants of the month. `own` holds those of a user's mechanisms, by their names."""

    technology: Technology = field(default_factory=Technology)
    absorption: Absorption = field(default_factory=Absorption)
    attention: Attention = field(default_factory=Attention)
    pricing: Pricing = field(default_factory=Pricing)
    collection: Collection = field(default_factory=Collection)
    exchange: Exchange = field(default_factory=Exchange)
    mining: Mining = field(default_factory=Mining)
    breaches: Breaches = field(default_factory=Breaches)
    rumours: Rumours = field(default_factory=Rumours)
    trust: Trust = field(default_factory=Trust)
    rights: Rights = field(default_factory=Rights)
    monitoring: Monitoring = field(default_factory=Monitoring)
    power: Power = field(default_factory=Power)
    governance: Governance = field(default_factory=Governance)
    resources: Resources = field(default_factory=Resources)
    law: Law = field(default_factory=Law)
    ties: Ties = field(default_factory=Ties)
    welfare: Welfare = field(default_factory=Welfare)
    own: Mapping[str, Any] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """The value at a path, e.g. `get("law.lag")`."""
        value: Any = self
        for name in path.split("."):
            value = value[name] if isinstance(value, Mapping) else getattr(value, name)
        return value

    def set(self, values: Mapping[str, Any]) -> Parameters:
        """A copy with other values, e.g. `set({"law.lag": 24.0})`. Ranges are not checked here."""
        changed = self
        for path, value in values.items():
            changed = _with(changed, path.split("."), value, path)
        return changed

    def declared(self) -> dict[str, Declaration]:
        """Every declaration by path, those of own mechanisms too."""
        found = {item.path: item for item in declarations(self)}
        for name, own in self.own.items():
            found |= {item.path: item for item in declarations(own, f"own.{name}.")}
        return found


def _with(record: Any, names: list[str], value: Any, path: str) -> Any:
    name, *rest = names
    if isinstance(record, Mapping):
        if name not in record:
            raise _unknown(path)
        return {**record, name: _with(record[name], rest, value, path) if rest else value}
    if not is_dataclass(record) or name not in {item.name for item in fields(record)}:
        raise _unknown(path)
    return replace(  # type: ignore[type-var]
        record, **{name: _with(getattr(record, name), rest, value, path) if rest else value}
    )


def _unknown(path: str) -> InputError:
    return InputError("no such parameter", field=path, nearest=nearest(path, DECLARED))


DECLARED: dict[str, Declaration] = {item.path: item for item in declarations(Parameters)}
