"""What citizens gain, enjoy and lose: X17 to X19."""

from __future__ import annotations

import numpy as np

from datapolis.core.policy import Policy
from datapolis.studies.claims.declared.shared import AS_DRAWN, LOG, POINTS, TENTH
from datapolis.studies.claims.experiment import (
    Arm,
    Change,
    Criterion,
    Experiment,
    NetGain,
    Runs,
    difference,
    growth,
    log_ratio,
)


def _personal(name: str, traces: float) -> Arm:
    return Arm(
        name=name,
        says=f"{traces:g} of activity recorded, being known pulls {2 * traces:g} utils",
        parameters={"collection.traces": traces, "attention.personal_help": 2.0 * traces},
    )


def _ahead(runs: Runs) -> np.ndarray:
    gain = {
        who: runs.of("much", f"{who}_gain@mean") - runs.of("little", f"{who}_gain@mean")
        for who in ("citizens", "firms", "government")
    }
    return np.asarray(gain["citizens"] - np.maximum(gain["firms"], gain["government"]))


def _poorest(runs: Runs) -> np.ndarray:
    found = [
        runs.of("much", f"citizens_gain_by_decile.{decile}@mean")
        - runs.of("little", f"citizens_gain_by_decile.{decile}@mean")
        for decile in range(1, 11)
    ]
    return np.asarray(np.min(found, axis=0))


MONEY = "incomes a month"

X17 = Experiment(
    id="X17",
    claims=("R1", "R9", "R13", "V1"),
    indices=("citizens_gain", "citizens_gain_by_decile", "firms_gain", "government_gain"),
    question="Do citizens gain most when more is recorded and put to personal service?",
    arms=(_personal("little", 0.1), _personal("some", 0.5), _personal("much", 1.0)),
    criteria=(
        Criterion(
            name="citizens gain",
            claims=("R1", "R9"),
            effect=NetGain("much", "little"),
            side="direction",
            least=0.001,
            unit=MONEY,
        ),
        Criterion(
            name="more than firms and than government",
            claims=("R1",),
            effect=_ahead,
            side="direction",
            least=0.0,
            unit=MONEY,
        ),
        Criterion(
            name="in every decile of income",
            claims=("R1",),
            effect=_poorest,
            side="mark",
            least=0.0,
            unit=MONEY,
            needed=False,
        ),
        Criterion(
            name="harm grows too: a double edge",
            claims=("V1",),
            effect=growth("harm@mean", "much", "little"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="people spend more time online",
            claims=("R13", "R9"),
            effect=growth("online@mean", "much", "little"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="some is better than little or much",
            claims=("V4",),
            effect=lambda runs: (
                runs.of("some", "citizens_gain@mean")
                - np.maximum(
                    runs.of("little", "citizens_gain@mean"), runs.of("much", "citizens_gain@mean")
                )
            ),
            side="mark",
            least=0.0002,
            unit=MONEY,
            needed=False,
        ),
    ),
    refuted_if="citizens lose, or firms gain more",
    hinges=("pricing.segments", "pricing.rivalry", "pricing.basket", "breaches.attack_rate",
            "breaches.scam", "welfare.harm", "welfare.service", "trust.harm_loss",
            "pricing.adaptation"),
    silent="Against what a citizen's gain and harm weigh: here half an income for full harm, "
    "varied in the box; the weights at which the gain turns stand beside.",
)  # fmt: skip


_OPEN = Policy(open_data=1.0, public_platform=1.0, government_transparency=1.0)


def _spread(name: str, value: float) -> Arm:
    return Arm(
        name=name,
        says=f"all three levers, thresholds spread {value:g}",
        parameters={"trust.threshold_spread": value},
        policy=_OPEN,
    )


def _awake_jump(runs: Runs) -> np.ndarray:
    found = [runs.of(arm, "awake") for arm in ("alike", "near", "apart", "far apart")]
    return np.asarray(np.max(np.abs(np.diff(np.stack(found), axis=0)), axis=0))


X18 = Experiment(
    id="X18",
    claims=("R2", "R3", "R4", "R5", "R6", "R7", "P2", "P12"),
    indices=("rights", "rights_by_decile", "awake", "pivotality"),
    question="Do disclosure and platforms serve each right, and wake citizens by a jump?",
    arms=(
        AS_DRAWN,
        Arm(name="open data", says="official data disclosed", policy=Policy(open_data=1.0)),
        Arm(name="platforms", says="opinion platforms", policy=Policy(public_platform=1.0)),
        Arm(
            name="transparent",
            says="government may watch less",
            policy=Policy(government_transparency=1.0),
        ),
        Arm(name="all three", says="all three levers", policy=_OPEN),
        _spread("alike", 0.02),
        _spread("near", 0.1),
        _spread("apart", 0.2),
        _spread("far apart", 0.4),
    ),
    criteria=(
        Criterion(
            name="between two spreads of thresholds half of all citizens wake or not",
            claims=("R6",),
            effect=_awake_jump,
            side="mark",
            least=0.5,
        ),
        Criterion(
            name="disclosure serves the right to know",
            claims=("R2", "P12"),
            effect=difference("rights.know@mean", "open data", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="platforms serve participation",
            claims=("R3", "P12"),
            effect=difference("rights.participate@mean", "platforms", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="less watching serves expression",
            claims=("R4",),
            effect=difference("rights.express@mean", "transparent", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="disclosure serves supervision",
            claims=("R5",),
            effect=difference("rights.supervise@mean", "open data", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="met rights wake citizens",
            claims=("R6", "P2"),
            effect=difference("awake@mean", "all three", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="citizens come to weigh in governance",
            claims=("R7",),
            effect=difference("citizens_pivotality@mean", "all three", "plain"),
            side="direction",
            least=POINTS,
            needed=False,
        ),
    ),
    refuted_if="citizens wake smoothly with the spread, or not at all",
    hinges=("trust.threshold", "trust.example", "rights.response", "trust.known_lesson",
            "trust.awareness_decay", "technology.half_reach", "exchange.open_government",
            "trust.harm_lesson"),
    built_in="Each lever stands in the equation of its right; how much arrives is an outcome.",
    silent="What citizens do once awake, besides asking for law.",
)  # fmt: skip


def _risk(name: str, traces: float, contagion: float | None = None) -> Arm:
    more = "" if contagion is None else f", leaks spread with {contagion:g}"
    changed: dict[str, float | Change] = {"collection.traces": traces}
    if contagion is not None:
        changed["breaches.contagion"] = contagion
    return Arm(name=name, says=f"{traces:g} of activity recorded{more}", parameters=changed)


def _loss_elasticity(runs: Runs) -> np.ndarray:
    """Elasticity of leaked data in data held by firms, less 1."""
    data = log_ratio(
        runs.of("much", "data_held.market@mean"), runs.of("little", "data_held.market@mean")
    )
    loss = log_ratio(runs.of("much", "leaked.market@mean"), runs.of("little", "leaked.market@mean"))
    return np.asarray(loss / np.where(data > TENTH, data, np.nan) - 1.0)


X19 = Experiment(
    id="X19",
    claims=("V2", "V15", "V19", "V20", "V21", "V22", "V26"),
    indices=("leaked", "lawbreakers_power", "harm_median"),
    question="Do losses grow faster than the data, and break out where organizations hang "
    "together?",
    arms=(
        AS_DRAWN,
        _risk("little", 0.25),
        _risk("much", 1.0),
        _risk("apart", 1.0, 0.0),
        _risk("coupled", 1.0, 0.5),
        Arm(
            name="liable",
            says="holders feel the whole of a loss",
            parameters={"breaches.liability": 1.0},
        ),
    ),
    criteria=(
        Criterion(
            name="leaks from firms grow faster than their data",
            claims=("V19", "V26"),
            effect=_loss_elasticity,
            side="direction",
            least=TENTH,
            unit="elasticity above 1",
        ),
        Criterion(
            name="the worst month hits 10 points more organizations where leaks spread",
            claims=("V22",),
            effect=difference("hit_share@max", "coupled", "apart"),
            side="direction",
            least=0.1,
        ),
        Criterion(
            name="there are more lawbreakers where more is recorded",
            claims=("V20", "V21"),
            effect=growth("lawbreakers@mean", "much", "little"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="what escaped control grows faster than awareness of it",
            claims=("V2",),
            effect=lambda runs: (
                runs.of("plain", "stray_share@change") - runs.of("plain", "awareness@change")
            ),
            side="direction",
            least=POINTS,
            needed=False,
        ),
        Criterion(
            name="harm is lower where holders feel the whole of a loss",
            claims=("V15",),
            effect=growth("harm@mean", "liable", "plain"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="the median harm rises",
            claims=("V19",),
            effect=growth("harm_median@mean", "much", "little"),
            side="direction",
            least=TENTH,
            unit=LOG,
            needed=False,
        ),
    ),
    refuted_if="losses grow in line with the data or slower, and coupling changes little",
    hinges=("breaches.attack_rate", "breaches.security_effect", "breaches.liability",
            "breaches.loss", "breaches.loot", "breaches.crowding", "breaches.recruitment",
            "ties.adaptation"),
    silent="National security (V19) and power to destroy (V21), beyond the number and the means "
    "of lawbreakers. How the net of ties tears is measured on request, not every month.",
)  # fmt: skip
