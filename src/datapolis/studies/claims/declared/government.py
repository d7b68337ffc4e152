"""What government does with data: X14 to X16."""

from __future__ import annotations

import numpy as np

from datapolis.core.policy import Policy
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
    ways,
)


def _slope(ways_of: str) -> Effect:
    return ways(ways_of, "equal", "lagged", sign=1, at="change")


def _late(arm: str, runs: Runs) -> np.ndarray:
    half = runs.series(arm, "technology") / 2
    return first_month(runs.series(arm, "skill.government") - half, 0.0)


X14 = Experiment(
    id="X14",
    claims=("E3", "E4", "E6", "E20", "P1", "P8"),
    indices=("power_share", "skill"),
    question="Does government lose power because it adopts late?",
    arms=(
        AS_DRAWN,
        Arm(
            name="equal",
            says="agencies adopt and use as firms do",
            parameters={
                "absorption.government": Change(of="absorption.firms"),
                "absorption.use_government": Change(of="absorption.use_firms"),
            },
        ),
        Arm(
            name="lagged",
            says="agencies adopt a tenth as fast as firms and use half as much",
            parameters={
                "absorption.government": Change(0.1, "absorption.firms"),
                "absorption.use_government": Change(0.5, "absorption.use_firms"),
            },
        ),
        Arm(name="data mindset", says="a data mindset", policy=Policy(data_mindset=1.0)),
    ),
    criteria=(
        Criterion(
            name="its power erodes less when the lag is removed, in three of four ways",
            claims=("E6",),
            effect=_slope("government"),
            side="direction",
            least=POINTS,
        ),
        Criterion(
            name="lagged, it reaches half of technology a year later or more",
            claims=("E4", "E20"),
            effect=lambda runs: _late("lagged", runs) - _late("equal", runs),
            side="direction",
            least=12.0,
            unit="months",
            needed=False,
        ),
        Criterion(
            name="even with equal adoption government's part of power falls",
            claims=("E6",),
            effect=level("power_share.government@change", "equal"),
            side="direction",
            least=POINTS,
            sign=-1,
            needed=False,
        ),
        Criterion(
            name="a data mindset raises government's power, in three of four ways",
            claims=("P1", "P8"),
            effect=ways("government", "data mindset", "plain", sign=1),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="law is further behind where government lags",
            claims=("E20",),
            effect=difference("law_gap@mean", "lagged", "equal"),
            side="direction",
            least=0.02,
            needed=False,
        ),
    ),
    refuted_if="its power erodes as much without the lag: then feedback is the cause",
    hinges=("absorption.firms", "absorption.use_firms", "mining.exponent", "power.reference",
            "collection.administration", "exchange.linkage", "collection.traces",
            "absorption.associations"),
    built_in="That government is late (E3, E4) is a setting: all sectors have one range here.",
    silent="Why it should be late; personal computers are a case against.",
)  # fmt: skip


def _adoption(name: str, government: float, others: float, says: str) -> Arm:
    return Arm(
        name=name,
        says=says,
        parameters={
            "absorption.government": government,
            "absorption.firms": others,
            "absorption.associations": others,
        },
    )


OUTSIDE = "information_gap.outsiders-government"

X15 = Experiment(
    id="X15",
    claims=("E7", "E8", "E9", "E10", "E11", "E12"),
    indices=("information_gap", "watching_government", "watching_society"),
    question="Does technology in everybody's hands let outsiders see more of government?",
    arms=(
        _adoption("nobody", 0.003, 0.003, "hardly anybody adopts"),
        _adoption("both", 0.1, 0.1, "all sectors adopt alike"),
        _adoption("government only", 0.1, 0.003, "only government adopts"),
    ),
    criteria=(
        Criterion(
            name="what outsiders do not see of government shrinks when all adopt",
            claims=("E11", "E12"),
            effect=difference(OUTSIDE, "both", "nobody"),
            side="direction",
            least=POINTS,
            sign=-1,
        ),
        Criterion(
            name="outsiders' watching grows more than government's",
            claims=("E9",),
            effect=lambda runs: (
                runs.of("both", "watching_society")
                - runs.of("nobody", "watching_society")
                - runs.of("both", "watching_government")
                + runs.of("nobody", "watching_government")
            ),
            side="direction",
            least=0.02,
            needed=False,
        ),
        Criterion(
            name="government watches more when it alone adopts",
            claims=("E7", "E8", "E10"),
            effect=difference("watching_government", "government only", "nobody"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="outsiders see less of government when it alone adopts",
            claims=("E7",),
            effect=difference(OUTSIDE, "government only", "both"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="the gap between firms and citizens grows all the same",
            claims=("V7",),
            effect=difference("information_gap.firm-citizen", "both", "nobody"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
    ),
    refuted_if="the gap widens when all adopt alike",
    hinges=("monitoring.base", "monitoring.government_reaction", "monitoring.society_reaction",
            "exchange.open_government", "power.reference", "mining.exponent",
            "absorption.use_government", "absorption.use_firms"),
    silent="How dispersed watching (E9) and lost control over one's data (V7) weigh together.",
)  # fmt: skip


def _joined(name: str, sharing: float | None, use: float) -> Arm:
    linked = "no links" if sharing is None else f"links reviewed often, sharing {sharing:g}"
    return Arm(
        name=name,
        says=f"{linked}, {use:g} of data used",
        parameters={
            "exchange.link_review": 0.0 if sharing is None else 0.3,
            "absorption.use_government": use,
        },
        policy=Policy(data_sharing=sharing) if sharing else Policy(),
    )


def _steepest(runs: Runs) -> np.ndarray:
    """The part of the rise of the largest island that one of three steps of sharing makes."""
    found = [
        runs.of(arm, "largest_island")
        for arm in ("links only", "a third shared", "two thirds shared", "joined")
    ]
    whole = found[-1] - found[0]
    step = np.max(np.diff(np.stack(found), axis=0), axis=0)
    part = np.divide(step, whole, out=np.zeros_like(whole), where=whole > POINTS)
    return np.asarray(np.clip(part, 0.0, 1.0))


def _together(runs: Runs) -> np.ndarray:
    """What links and use add together beyond what each adds alone, of power without links."""
    joined, joined_low, apart, apart_low = (
        runs.of(arm, "creative_power.government")
        for arm in ("joined", "joined, idle", "apart", "apart, idle")
    )
    return np.asarray((joined - joined_low - apart + apart_low) / np.maximum(apart, 1e-9))


X16 = Experiment(
    id="X16",
    claims=("E13", "E14", "E15", "E16", "E18", "E21", "R11", "R12", "P9"),
    indices=("largest_island", "integration_gap", "solved", "island_exposure"),
    question="Does joining its islands give government data power, at a threshold, and only "
    "where data are used?",
    arms=(
        _joined("apart", None, 1.0),
        _joined("apart, idle", None, 0.25),
        _joined("links only", 0.0, 1.0),
        _joined("a third shared", 0.33, 1.0),
        _joined("two thirds shared", 0.67, 1.0),
        _joined("joined", 1.0, 1.0),
        _joined("joined, idle", 1.0, 0.25),
    ),
    criteria=(
        Criterion(
            name="joined islands raise government's creative power",
            claims=("E18", "E14", "P9", "E21"),
            effect=growth("creative_power.government", "joined", "apart"),
            side="direction",
            least=TENTH,
            unit=LOG,
        ),
        Criterion(
            name="links and use add more together than each alone",
            claims=("E16",),
            effect=_together,
            side="direction",
            least=TENTH,
            unit="of power apart",
        ),
        Criterion(
            name="one step of sharing makes most of the largest island",
            claims=("E15", "E18"),
            effect=_steepest,
            side="mark",
            least=0.6,
        ),
        Criterion(
            name="services get better",
            claims=("R11", "R12"),
            effect=difference("solved@mean", "joined", "apart"),
            side="direction",
            least=0.02,
            needed=False,
        ),
        Criterion(
            name="one breach exposes more",
            claims=("P9",),
            effect=growth("island_exposure", "joined", "apart"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="joined islands raise government's power, in three of four ways",
            claims=("E21", "P9"),
            effect=ways("government", "joined", "apart", sign=1),
            side="direction",
            least=POINTS,
            needed=False,
        ),
    ),
    refuted_if="power rises in line with sharing, or not at all",
    hinges=("exchange.hoarding_rent", "exchange.link_cost", "exchange.linkage", "mining.exponent",
            "absorption.government", "exchange.link_lapse", "collection.administration",
            "power.reference"),
    built_in="Use multiplies power, so that links and use must add more together if links add.",
    silent="E13, how much government holds at the start, is measured or assumed, not explained.",
)  # fmt: skip
