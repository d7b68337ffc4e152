"""What holds organizations together: X06 to X08."""

from __future__ import annotations

import numpy as np

from datapolis.core.policy import Policy
from datapolis.core.scenario import Shock
from datapolis.studies.claims.declared.shared import AS_DRAWN, LOG, POINTS, TENTH
from datapolis.studies.claims.experiment import (
    Arm,
    Change,
    Criterion,
    Effect,
    Experiment,
    Runs,
    difference,
    first_month,
    growth,
    level,
)
from datapolis.studies.claims.worlds import ISOLATED


def largest_rise(arm: str, outcome: str, months: int) -> Effect:
    """The largest rise of an outcome within some months."""

    def effect(runs: Runs) -> np.ndarray:
        series = runs.series(arm, outcome)
        return np.asarray(np.max(series[:, months:] - series[:, :-months], axis=1))

    return effect


def _date(outcome: str, treated: str, control: str, mark: float) -> Effect:
    """Months by which a mark is passed later under the treatment; the horizon if it is not."""
    return lambda runs: (
        first_month(runs.series(treated, outcome), mark)
        - first_month(runs.series(control, outcome), mark)
    )


_FASTER: dict[str, float | Change] = {"technology.half_reach": 0.2}

X06 = Experiment(
    id="X06",
    claims=("M7", "M8", "M9"),
    indices=("community_share", "new_ties"),
    question="Do faster transmission and closed triads merge organizations into one community, "
    "at a threshold?",
    arms=(
        Arm(name="slow", says="reach half at .8", parameters={"technology.half_reach": 0.8}),
        Arm(name="fast", says="reach half at .2, four times as fast", parameters=_FASTER),
        Arm(
            name="open",
            says="fast, no partners' partners",
            parameters={**_FASTER, "ties.closure": 0.0},
        ),
        Arm(
            name="closed",
            says="fast, only partners' partners",
            parameters={**_FASTER, "ties.closure": 1.0},
        ),
        Arm(
            name="underived",
            says="fast, nothing derived from partners' data",
            parameters={**_FASTER, "exchange.derivation": 0.0},
        ),
        Arm(
            name="derived",
            says="fast, half of partners' new data derived",
            parameters={**_FASTER, "exchange.derivation": 0.5},
        ),
    ),
    criteria=(
        Criterion(
            name="the community jumps by .4 or more of all organizations within two years",
            claims=("M9",),
            effect=largest_rise("fast", "community_share", 24),
            side="mark",
            least=0.4,
        ),
        Criterion(
            name="half a year earlier or more with faster transmission",
            claims=("M7",),
            effect=_date("community_share", "fast", "slow", 0.5),
            side="direction",
            least=6.0,
            sign=-1,
            unit="months",
        ),
        Criterion(
            name="three months earlier or more with closure",
            claims=("M9",),
            effect=_date("community_share", "closed", "open", 0.5),
            side="direction",
            least=3.0,
            sign=-1,
            unit="months",
        ),
        Criterion(
            name="ties are denser with faster transmission",
            claims=("M7",),
            effect=growth("tie_density", "fast", "slow"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="ties are denser where data are derived from partners'",
            claims=("M8",),
            effect=growth("tie_density", "derived", "underived"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
    ),
    refuted_if="no jump, or closure does not hasten it",
    hinges=("technology.growth", "ties.search", "ties.adaptation", "ties.cost", "ties.closure",
            "exchange.open_firms", "exchange.open_government", "absorption.firms"),
    silent="Derived data (M8) raise what a partner is worth, but make no tie of themselves. How "
    "long paths are is not read: the community's share tells when they join.",
)  # fmt: skip


SHOCK = 84  # month: organizations have had time to tie
_WAVE = (Shock(SHOCK, "largest", data=0.5, wealth=0.5, attacks=10.0, months=6),)
_SPREADS: dict[str, float | Change] = {"breaches.contagion": 0.5}


def after_shock(outcome: str, treated: str, control: str) -> Effect:
    """The difference of an outcome over the half year from the shock on."""

    def effect(runs: Runs) -> np.ndarray:
        window = slice(SHOCK, SHOCK + 6)
        found = [runs.series(arm, outcome)[:, window].mean(axis=1) for arm in (treated, control)]
        return np.asarray(found[0] - found[1])

    return effect


X07 = Experiment(
    id="X07",
    claims=("M10", "M11"),
    indices=("hit_share", "new_ties_of_hit"),
    question="Does what strikes one organization reach those tied to it, and make them seek "
    "contact?",
    arms=(
        Arm(name="quiet", says="linked, no shock", parameters=_SPREADS),
        Arm(
            name="linked",
            says="attacks tenfold for half a year, the largest holder robbed; ties as they grow",
            parameters=_SPREADS,
            scenario=_WAVE,
        ),
        Arm(
            name="isolated",
            says="the same shock where ties have no strength",
            parameters=_SPREADS,
            scenario=_WAVE,
            world=ISOLATED,
            frozen=("organizations.strength",),
        ),
    ),
    criteria=(
        Criterion(
            name="more organizations are hit where they are linked",
            claims=("M10",),
            effect=after_shock("hit_share", "linked", "isolated"),
            side="direction",
            least=0.01,
        ),
        Criterion(
            name="more new ties after the shock than without it",
            claims=("M11",),
            effect=after_shock("new_ties", "linked", "quiet"),
            side="direction",
            least=0.005,
            unit="ties a month",
        ),
    ),
    refuted_if="as many are hit in isolation, and no more ties are made",
    hinges=("breaches.attack_rate", "breaches.vulnerability", "breaches.security_effect",
            "ties.spur", "ties.search", "ties.adaptation", "technology.growth", "ties.cost"),
    built_in="Only leaks spread over ties, in one round; a loss of data or wealth does not.",
    silent="Which act of one organization reaches others, and how far.",
)  # fmt: skip


def _problem(name: str, capabilities: float, joined: bool) -> Arm:
    says = f"{capabilities:g} capabilities needed" + ("" if joined else ", nobody joins")
    beyond = " (beyond the declared range)" if capabilities > 3 or not joined else ""
    return Arm(
        name=name,
        says=says + beyond,
        parameters={
            "governance.complexity": 0.0,
            "governance.capabilities": capabilities,
            "governance.joining_cost": 0.0 if joined else 9.0,
        },
    )


def _gain(capabilities: str, outcome: str = "solved") -> Effect:
    return difference(outcome, f"together {capabilities}", f"alone {capabilities}")


X08 = Experiment(
    id="X08",
    claims=("M12", "M13", "M14", "M15", "M16", "M17", "M18", "M19", "P3", "P13"),
    indices=("solved", "solved_per_effort", "blur"),
    question="Do coalitions of sectors pay, and the more the more complex problems are?",
    arms=(
        AS_DRAWN,
        _problem("together 1", 1.0, True),
        _problem("alone 1", 1.0, False),
        _problem("together 6", 6.0, True),
        _problem("alone 6", 6.0, False),
        Arm(
            name="supported",
            says="associations and joint governance are supported",
            policy=Policy(association_support=1.0),
        ),
    ),
    criteria=(
        Criterion(
            name="coalitions gain more where six capabilities are needed than where one is",
            claims=("M18", "M19"),
            effect=lambda runs: _gain("6")(runs) - _gain("1")(runs),
            side="direction",
            least=POINTS,
        ),
        Criterion(
            name="with one capability they gain less than a tenth",
            claims=("M18",),
            effect=_gain("1"),
            side="mark",
            least=-0.1,
            sign=-1,
        ),
        Criterion(
            name="with six they solve no less for the effort",
            claims=("M12", "M19", "P13"),
            effect=_gain("6", "solved_per_effort"),
            side="mark",
            least=0.0,
            unit="solved per effort",
        ),
        Criterion(
            name="support for associations solves more",
            claims=("P3", "P13"),
            effect=difference("solved@mean", "supported", "plain"),
            side="direction",
            least=0.02,
            needed=False,
        ),
        Criterion(
            name="aims of the sectors blur",
            claims=("M16",),
            effect=level("blur@change", "plain"),
            side="direction",
            least=POINTS,
            unit="cosine",
            needed=False,
        ),
        Criterion(
            name="ties across sectors grow",
            claims=("M17",),
            effect=level("cross_sector_share@change", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
    ),
    refuted_if="the gain is flat in complexity, or negative after what joining costs",
    hinges=("governance.needed", "governance.compliance", "governance.talks_cost",
            "governance.resistance", "power.reference", "mining.exponent", "absorption.firms",
            "governance.joining_benefit"),
    silent="M13 to M15, what each sector is after, are where the model starts, not what it shows.",
)  # fmt: skip
