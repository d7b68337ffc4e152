"""Law, and control over one's data: X20 and X21."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from datapolis.core.policy import Policy
from datapolis.studies.claims.declared.shared import AS_DRAWN, LOG, POINTS, TENTH
from datapolis.studies.claims.experiment import (
    Arm,
    Change,
    Criterion,
    Effect,
    Experiment,
    Figure,
    Runs,
    difference,
    growth,
    level,
    log_ratio,
    outcomes,
    total_effect,
)


@dataclass(frozen=True)
class Cause:
    """A cause of harm that the essay names: a parameter, and its two ends."""

    path: str
    low: float
    high: float
    says: tuple[str, str]

    def arms(self, name: str) -> tuple[Arm, Arm]:
        """The arms at its two ends."""
        low, high = (
            Arm(name=f"{name} {end}", says=says, parameters={self.path: value})
            for end, value, says in zip(
                ("low", "high"), (self.low, self.high), self.says, strict=True
            )
        )
        return low, high


CAUSES = {
    "lag": Cause("law.lag", 12.0, 240.0, ("law follows in a year", "law follows in twenty years")),
    "pressure": Cause(
        "pricing.pressure", 0.0, 1.0, ("no pressure of rivals", "full pressure of rivals")
    ),
    "rivalry": Cause(
        "law.growth_weight",
        0.0,
        5.0,
        ("regions do not fear for growth", "regions fear for growth"),
    ),
    "fine": Cause("pricing.fine", 0.0, 20.0, ("no fine", "a fine of twenty profits")),
    "capture": Cause("power.capture", 0.0, 0.5, ("no lobbying", "half of policy can be turned")),
}
_WITHOUT_LAW = ("security_standard", "portability", "antitrust", "regional_coordination")


def _lever(name: str) -> Arm:
    full: dict[str, Any] = {name: 1.0}
    return Arm(name=name, says=name.replace("_", " "), policy=Policy(**full))


def _swing(runs: Runs, cause: str) -> np.ndarray:
    """How much harm differs between the two ends of a cause."""
    return np.asarray(
        np.abs(runs.of(f"{cause} high", "harm@mean") - runs.of(f"{cause} low", "harm@mean"))
    )


def _root(runs: Runs) -> np.ndarray:
    """How far the lag's swing exceeds that of every other cause, of harm as drawn."""
    others = np.max([_swing(runs, cause) for cause in CAUSES if cause != "lag"], axis=0)
    usual = np.maximum(runs.of("plain", "harm@mean"), 1e-6)
    return np.asarray((_swing(runs, "lag") - others) / usual)


def _sole(*others: str) -> Effect:
    """How far law's cut of harm exceeds 1.1 times the best cut by others, of harm as drawn."""

    def effect(runs: Runs) -> np.ndarray:
        plain = runs.of("plain", "harm@mean")
        by_law = plain - runs.of("lag low", "harm@mean")
        best = np.max([plain - runs.of(lever, "harm@mean") for lever in others], axis=0)
        return np.asarray((by_law - 1.1 * np.maximum(best, 0.0)) / np.maximum(plain, 1e-6))

    return effect


_PARTS = {
    "lag": "the lag of law",
    "pressure": "rivals' pressure",
    "rivalry": "regions' fear for growth",
    "fine": "the fine",
    "capture": "lobbying",
}

X20 = Experiment(
    id="X20",
    claims=("V3", "V11", "V18", "V27", "V28", "V29", "V30", "V31", "P6", "P7", "P11"),
    indices=("harm", "law", "law_gap", "enforcement", "race"),
    question="Is the lag of law the root of harm, and law its only remedy?",
    arms=(
        AS_DRAWN,
        *(arm for name, cause in CAUSES.items() for arm in cause.arms(name)),
        *(_lever(name) for name in (*_WITHOUT_LAW, "enforcement_capacity")),
        *(
            Arm(name=f"{name} redrawn", says=f"{_PARTS[name]} drawn anew", redrawn=(cause.path,))
            for name, cause in CAUSES.items()
        ),
    ),
    figures=tuple(
        Figure(
            name=f"Sobol' total effect of {says} on harm",
            claims=("V29",),
            columns=outcomes(("plain", "harm@mean"), (f"{name} redrawn", "harm@mean")),
            of=total_effect,
        )
        for name, says in _PARTS.items()
    ),
    criteria=(
        Criterion(
            name="the lag of law swings harm more than any other cause",
            claims=("V29",),
            effect=_root,
            side="direction",
            least=TENTH,
            unit="of harm",
        ),
        Criterion(
            name="no lever without law cuts harm nearly as much (within a tenth)",
            claims=("V31",),
            effect=_sole(*_WITHOUT_LAW),
            side="mark",
            least=0.02,
            unit="of harm",
        ),
        Criterion(
            name="nor does one of them, if a security standard counts as law",
            claims=("V31",),
            effect=_sole(*_WITHOUT_LAW[1:]),
            side="mark",
            least=0.02,
            unit="of harm",
            needed=False,
        ),
        Criterion(
            name="faster law cuts harm",
            claims=("V3", "P11"),
            effect=growth("harm@mean", "lag low", "lag high"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="law stays behind technology",
            claims=("V30",),
            effect=level("law_gap@mean", "plain"),
            side="mark",
            least=0.2,
            needed=False,
        ),
        Criterion(
            name="inspectors and courts cut harm",
            claims=("P6", "P7"),
            effect=growth("harm@mean", "enforcement_capacity", "plain"),
            side="direction",
            least=POINTS,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="fear for regional growth lowers enforcement",
            claims=("V28",),
            effect=difference("enforcement@mean", "rivalry high", "rivalry low"),
            side="direction",
            least=POINTS,
            sign=-1,
            needed=False,
        ),
        Criterion(
            name="strict law costs firms revenue",
            claims=("V28",),
            effect=growth("revenue@mean", "lag low", "lag high"),
            side="direction",
            least=POINTS,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="pressure of rivals makes firms laxer",
            claims=("V18",),
            effect=difference("laxity@mean", "pressure high", "pressure low"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="fines make prices less personal",
            claims=("V11", "P6"),
            effect=difference("discrimination@mean", "fine high", "fine low"),
            side="direction",
            least=POINTS,
            sign=-1,
            needed=False,
        ),
    ),
    refuted_if="another cause swings harm more, or a lever without law cuts it as much",
    hinges=("law.base_demand", "law.strictness_weight", "technology.growth", "pricing.adaptation",
            "breaches.attack_rate", "breaches.liability", "breaches.security_effect", "law.lag",
            "law.growth_scale"),
    silent="V27 says what regulators owe, which no run can tell. The race of regions is taken away "
    "by coordination, not by a country of one region. What counts as law is not said: a security "
    "standard here acts without the stock of law and its enforcement.",
)  # fmt: skip


_STILL: dict[str, float | Change] = {"pricing.adaptation": 0.0}

X21 = Experiment(
    id="X21",
    claims=("V6", "V7", "V8", "V14", "P5"),
    indices=("covert_share", "stray_share", "inferred", "copies", "harm_by_holder"),
    question="Is one who shares nothing still known, and do firms do most of the harm?",
    arms=(
        Arm(
            name="asked",
            says="opt-in, nothing taken covertly, practices as at the start",
            parameters={**_STILL, "collection.consent": -1.0, "collection.covert": 0.0},
        ),
        Arm(
            name="taken",
            says="opt-out, .8 can be taken covertly, practices as at the start",
            parameters={**_STILL, "collection.consent": 1.0, "collection.covert": 0.8},
        ),
        Arm(
            name="protected",
            says="as taken, under a privacy law",
            parameters={**_STILL, "collection.consent": 1.0, "collection.covert": 0.8},
            policy=Policy(privacy_law=1.0),
        ),
    ),
    criteria=(
        Criterion(
            name="of one who shares nothing a twentieth or more is known, even where all are asked",
            claims=("V7",),
            effect=level("inferred", "asked"),
            side="mark",
            least=POINTS,
        ),
        Criterion(
            name="data held by firms harm more than data held by agencies or associations",
            claims=("V14",),
            effect=lambda runs: log_ratio(
                runs.of("taken", "harm_by_holder.market@mean"),
                np.maximum(
                    runs.of("taken", "harm_by_holder.government@mean"),
                    runs.of("taken", "harm_by_holder.social@mean"),
                ),
            ),
            side="direction",
            least=TENTH,
            unit=LOG,
        ),
        Criterion(
            name="most of what is held about a citizen is out of control",
            claims=("V7",),
            effect=level("stray_share", "taken"),
            side="mark",
            least=0.5,
            needed=False,
        ),
        Criterion(
            name="a twentieth of the intake or more is taken without consent",
            claims=("V6",),
            effect=level("covert_share@mean", "taken"),
            side="mark",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="what is taken harms more than what is asked for",
            claims=("V8",),
            effect=growth("harm@mean", "taken", "asked"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="a privacy law cuts harm",
            claims=("P5",),
            effect=growth("harm@mean", "protected", "taken"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
    ),
    refuted_if="who shares nothing is not known, or harm comes from others than firms",
    hinges=("breaches.correlation", "collection.traces", "breaches.attack_rate",
            "exchange.sale", "collection.profile_decay", "absorption.firms",
            "attention.trust_elasticity", "collection.administration"),
)  # fmt: skip
