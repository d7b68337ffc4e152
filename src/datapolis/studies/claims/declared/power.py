"""Who has power: X01 to X05."""

from __future__ import annotations

import numpy as np

from datapolis.studies.claims.declared.shared import AS_DRAWN, DATA, FEEDBACK, LOG, POINTS, TENTH
from datapolis.studies.claims.experiment import (
    Arm,
    Criterion,
    Effect,
    Experiment,
    Runs,
    difference,
    first_month,
    growth,
    level,
    log_ratio,
    ways,
    yearly,
)

X01 = Experiment(
    id="X01",
    claims=("I1", "I2", "I3", "I4", "M2", "M21", "E2"),
    indices=("power_share", "total_power"),
    question="Do productive data take power from government while they make more of it in all?",
    arms=(
        AS_DRAWN,
        Arm(
            name="unproductive",
            says="data add nothing: exponent 0, beyond which only skill and use count",
            parameters={"mining.exponent": 0.0},
        ),
    ),
    criteria=(
        Criterion(
            name="government's part of power falls, in three of four ways",
            claims=("I1", "M21"),
            effect=ways("government", "plain", "unproductive", sign=-1),
            side="direction",
            least=POINTS,
            sign=-1,
        ),
        Criterion(
            name="total power rises",
            claims=("I1", "M2", "I4"),
            effect=growth("total_power", "plain", "unproductive"),
            side="direction",
            least=TENTH,
            unit=LOG,
        ),
        Criterion(
            name="power comes from data rather than from wealth at the end",
            claims=("E1", "E2"),
            effect=level("data_weight", "plain"),
            side="mark",
            least=0.5,
            needed=False,
        ),
        Criterion(
            name="concentration between the sectors falls",
            claims=("M21",),
            effect=growth("power_herfindahl_between", "plain", "unproductive"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="without productive data government keeps its part (loses less than a tenth)",
            claims=("I3",),
            effect=level("power_share.government@change", "unproductive"),
            side="mark",
            least=-0.1,
            needed=False,
        ),
    ),
    refuted_if="the share is flat or rises, or total power is flat",
    hinges=(*DATA, "absorption.use_government", "collection.administration", "exchange.linkage"),
    silent="I2, the reform before data, is given by the wealth at the start, not explained.",
)


def depth(arm: str) -> Effect:
    """How far concentration of power dips below its first and its last year, as a logarithm."""

    def effect(runs: Runs) -> np.ndarray:
        years = yearly(runs.series(arm, "power_herfindahl"))
        ends = np.minimum(years[:, 0], years[:, -1])
        return log_ratio(ends, years.min(axis=1))

    return effect


def _feedback(name: str, value: float, **more: float) -> Arm:
    said = f"feedback of users {value:g}, none of data" + (", no entry" if more else "")
    return Arm(
        name=name,
        says=said,
        parameters={
            "attention.network_effect": value,
            "attention.quality_effect": 0.0,
            **({"resources.entry": 0.0} if more else {}),
        },
    )


X02 = Experiment(
    id="X02",
    claims=("I5", "M5", "M22", "M29", "M30"),
    indices=("power_herfindahl", "power_herfindahl_between", "power_herfindahl_within"),
    question="Does concentration fall first and come back later, and only with strong feedback?",
    arms=(
        AS_DRAWN,
        _feedback("weak", 0.6),
        _feedback("strong", 1.2),
        _feedback("closed", 1.2, entry=0.0),
    ),
    criteria=(
        Criterion(
            name="with feedback 1.2, concentration of power dips and comes back",
            claims=("M29", "M30"),
            effect=depth("strong"),
            side="mark",
            least=TENTH,
            unit=LOG,
        ),
        Criterion(
            name="with feedback .6 it does not",
            claims=("M30",),
            effect=depth("weak"),
            side="mark",
            least=-TENTH,
            sign=-1,
            unit=LOG,
        ),
        Criterion(
            name="without entry too, it dips and comes back",
            claims=("M30",),
            effect=depth("closed"),
            side="mark",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="the three sectors come nearer to balance",
            claims=("I5", "M5"),
            effect=level("power_balance@change", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="power becomes more equal inside the sectors",
            claims=("M22",),
            effect=lambda runs: log_ratio(
                runs.of("plain", "power_herfindahl_within"),
                runs.of("plain", "power_herfindahl_within@first"),
            ),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
    ),
    refuted_if="it dips and comes back whatever the feedback, or never",
    hinges=(*DATA, "attention.switching_cost", "attention.reconsideration", "resources.entry",
            "attention.quality_spread"),
    silent="The essay gives no unit of time: short and long run are here the years of one run.",
    length="long",
)  # fmt: skip


_FAST = {"absorption.firms": 0.1, "absorption.associations": 0.1}
_SLOW = {"absorption.firms": 0.003, "absorption.associations": 0.003}

X03 = Experiment(
    id="X03",
    claims=("M1", "M4", "M20", "E5"),
    indices=("enforcement_distance", "capture"),
    question="Does power outside government bend policy, and check the state's expansion?",
    arms=(
        Arm(name="no lobby", says="lobbying turns nothing", parameters={"power.capture": 0.0}),
        Arm(name="lobby", says="half of policy can be turned", parameters={"power.capture": 0.5}),
        Arm(name="strong outsiders", says="outsiders adopt fast", parameters=_FAST),
        Arm(name="weak outsiders", says="outsiders hardly adopt", parameters=_SLOW),
    ),
    criteria=(
        Criterion(
            name="enforcement moves away from what capacity allows",
            claims=("M1", "M4", "E5"),
            effect=difference("enforcement_distance", "lobby", "no lobby"),
            side="direction",
            least=POINTS,
        ),
        Criterion(
            name="government's watching expands less where outsiders are strong",
            claims=("M20",),
            effect=difference("watching_government@change", "strong outsiders", "weak outsiders"),
            side="direction",
            least=POINTS,
            sign=-1,
        ),
        Criterion(
            name="government's wealth expands less where outsiders are strong",
            claims=("M20",),
            effect=growth("wealth.government", "strong outsiders", "weak outsiders"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
    ),
    refuted_if="neither moves with power outside government, or they move the other way",
    hinges=("power.capture", "power.contest", "law.growth_weight", "monitoring.base",
            "monitoring.government_reaction", "exchange.open_government", "power.reference",
            "absorption.government"),
    built_in="That lobbying lowers enforcement is in the equation; its size is an outcome.",
    silent="Which firm bends which policy: lobbying acts by sector, so firms are not swapped.",
)  # fmt: skip


X04 = Experiment(
    id="X04",
    claims=("M3", "M24", "E19", "V17"),
    indices=("dependence", "dependence_share", "steered_to_top"),
    question="Do switching costs and steering make citizens depend on firms, and firms shape what "
    "is seen?",
    arms=(
        AS_DRAWN,
        Arm(
            name="held",
            says="switching costs 2 utils, steering .8",
            parameters={"attention.switching_cost": 2.0, "attention.steering": 0.8},
        ),
        Arm(
            name="free",
            says="neither switching cost nor steering",
            parameters={"attention.switching_cost": 0.0, "attention.steering": 0.0},
        ),
    ),
    criteria=(
        Criterion(
            name="dependence on firms rises",
            claims=("M24",),
            effect=growth("dependence.market", "held", "free"),
            side="direction",
            least=TENTH,
            unit=LOG,
        ),
        Criterion(
            name="the largest firm weighs more in what is shown",
            claims=("E19", "V17"),
            effect=difference("steered_to_top@mean", "held", "free"),
            side="direction",
            least=0.02,
        ),
        Criterion(
            name="time that law does not reach grows",
            claims=("M3",),
            effect=level("beyond_law@change", "plain"),
            side="direction",
            least=POINTS,
            unit="months a month",
            needed=False,
        ),
    ),
    refuted_if="dependence and weight in opinion do not change",
    hinges=(*FEEDBACK, "attention.reconsideration", "attention.quality_spread", "law.lag",
            "attention.social"),
)  # fmt: skip


X05 = Experiment(
    id="X05",
    claims=("M6",),
    indices=("partnership",),
    question="Do dealings as equals take the place of orders once firms have data?",
    arms=(
        Arm(
            name="slow",
            says="firms adopt and record little",
            parameters={"absorption.firms": 0.01, "collection.traces": 0.2},
        ),
        Arm(
            name="fast",
            says="firms adopt and record much",
            parameters={"absorption.firms": 0.12, "collection.traces": 1.0},
        ),
    ),
    criteria=(
        Criterion(
            name="fewer dealings by order where firms have more data",
            claims=("M6",),
            effect=difference("partnership@mean", "fast", "slow"),
            side="direction",
            least=POINTS,
        ),
        Criterion(
            name="in the end most dealings are as equals there",
            claims=("M6",),
            effect=level("partnership", "fast"),
            side="mark",
            least=0.5,
        ),
        Criterion(
            name="the turn comes a year earlier or more",
            claims=("M6",),
            effect=lambda runs: (
                first_month(runs.series("fast", "partnership"), 0.5)
                - first_month(runs.series("slow", "partnership"), 0.5)
            ),
            side="direction",
            least=12.0,
            sign=-1,
            unit="months",
            needed=False,
        ),
    ),
    refuted_if="the part of orders does not depend on firms' data, or stays above half",
    hinges=("governance.compliance", "governance.resistance", "governance.talks_cost",
            "governance.needed", "governance.complexity", "governance.joining_cost",
            "governance.joining_benefit", "power.reference"),
)  # fmt: skip
