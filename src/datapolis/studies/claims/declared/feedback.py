"""Trust, talk, and loops: X22 to X24."""

from __future__ import annotations

import numpy as np

from datapolis.studies.claims.declared.shared import AS_DRAWN, LOG, POINTS
from datapolis.studies.claims.experiment import (
    YEAR,
    Arm,
    Criterion,
    Effect,
    Experiment,
    Runs,
    difference,
    growth,
)
from datapolis.studies.claims.worlds import STRANGERS


def _fall_and_rise(runs: Runs) -> np.ndarray:
    """The largest fall of trust within a year less its largest rise within one, once it fell."""
    series = runs.series("seen", "trust")
    change = series[:, YEAR:] - series[:, :-YEAR]
    fall = np.maximum(-np.min(change, axis=1), 0.0)
    place = np.argmin(change, axis=1)
    after = np.where(np.arange(change.shape[1])[None, :] > place[:, None], change, 0.0)
    return np.asarray(fall - np.maximum(np.max(after, axis=1), 0.0))


X22 = Experiment(
    id="X22",
    claims=("V12", "V13"),
    indices=("trust", "online", "technology"),
    question="Does personal pricing, once seen, cost firms more trust than it earns them?",
    arms=(
        Arm(
            name="unseen",
            says="prices are not compared, no scandals",
            parameters={"pricing.watching": 0.0, "rumours.rate": 0.0, "pricing.segments": 32.0},
        ),
        Arm(
            name="seen",
            says="prices are compared, scandals are told",
            parameters={
                "pricing.watching": 0.9,
                "pricing.witness": 50.0,
                "rumours.rate": 0.5,
                "pricing.segments": 32.0,
            },
        ),
    ),
    criteria=(
        Criterion(
            name="revenue falls once prices are seen",
            claims=("V13",),
            effect=growth("revenue", "seen", "unseen"),
            side="direction",
            least=POINTS,
            sign=-1,
            unit=LOG,
        ),
        Criterion(
            name="trust falls faster than it comes back",
            claims=("V12",),
            effect=_fall_and_rise,
            side="direction",
            least=POINTS,
        ),
        Criterion(
            name="trust is lower",
            claims=("V12",),
            effect=difference("trust", "seen", "unseen"),
            side="direction",
            least=POINTS,
            sign=-1,
            needed=False,
        ),
        Criterion(
            name="technology is slower",
            claims=("V13",),
            effect=difference("technology@mean", "seen", "unseen"),
            side="direction",
            least=0.01,
            sign=-1,
            needed=False,
        ),
    ),
    refuted_if="revenue and trust do not answer to what is seen",
    hinges=("trust.unfair_loss", "trust.gain", "attention.trust_elasticity", "pricing.rivalry",
            "pricing.adaptation", "trust.rumour_loss", "pricing.tolerance", "pricing.fine"),
)  # fmt: skip


def _talk(name: str, tellers: float, world: str) -> Arm:
    who = "strangers" if world == STRANGERS else "kin"
    return Arm(
        name=name,
        says=f"ties of {who}, {tellers:g} teller{'s' if tellers > 1 else ''} needed",
        parameters={"rumours.tellers": tellers, "rumours.rate": 1.0, "rumours.seed": 0.01},
        world=world,
    )


X23 = Experiment(
    id="X23",
    claims=("V23", "V24", "V25"),
    indices=("rumour_reach", "rumour_half_time"),
    question="Do weak ties carry rumours further, if one teller is enough, and less far if two "
    "are needed?",
    arms=(
        _talk("kin, one", 1.0, "plain"),
        _talk("strangers, one", 1.0, STRANGERS),
        _talk("kin, two", 2.0, "plain"),
        _talk("strangers, two", 2.0, STRANGERS),
    ),
    criteria=(
        Criterion(
            name="with one teller, strangers carry rumours further and sooner",
            claims=("V24", "V25"),
            effect=difference("rumour_heard@mean", "strangers, one", "kin, one"),
            side="direction",
            least=0.02,
        ),
        Criterion(
            name="with two tellers, less far and later",
            claims=("V23",),
            effect=difference("rumour_heard@mean", "strangers, two", "kin, two"),
            side="direction",
            least=0.02,
            sign=-1,
        ),
        Criterion(
            name="with one teller, the widest rumour reaches more",
            claims=("V24",),
            effect=difference("rumour_heard@max", "strangers, one", "kin, one"),
            side="direction",
            least=0.02,
            needed=False,
        ),
    ),
    refuted_if="strangers carry rumours further in both cases, or in neither",
    hinges=("rumours.strong_transmission", "rumours.weak_transmission", "rumours.stifling",
            "rumours.forgetting", "technology.half_reach", "technology.growth"),
    silent="That kin yield to strangers (V23) is done to the net here, it does not come about; how "
    "rumours make a society fragile (V25) has no measure in the essay.",
)  # fmt: skip


LOOPS = {
    "trust": "citizens.trust",
    "uses": "citizens.uses",
    "awareness": "citizens.awareness",
    "law": "regions.law",
    "rights": "citizens.rights",
    "ties": "organizations.strength",
}
SUMS = ("power_share.government", "total_power", "top_fifth_share", "harm", "solved",
        "citizens_gain", "technology", "awake")  # fmt: skip


def cut_loop(loop: str) -> Effect:
    """The largest change of any macro outcome by holding a stock, in units of chance alone.

    The unit is the standard deviation of the difference of two runs that differ in their seed only,
    over all draws.
    """

    def effect(runs: Runs) -> np.ndarray:
        found = []
        for name in SUMS:
            plain, other = runs.of("plain", name), runs.of("plain, other chance", name)
            noise = np.sqrt(np.nanmean((plain - other) ** 2))
            moved = np.abs(runs.of(f"{loop} held", name) - plain)
            found.append(moved / max(float(noise), 1e-9))
        return np.asarray(np.max(found, axis=0))

    return effect


BEYOND_NOISE = 4.0  # of 48 differences the largest by chance is about 2.5


X24 = Experiment(
    id="X24",
    claims=("I6",),
    indices=("power_share", "user_herfindahl", "trust", "harm", "rights"),
    question="Does new power feed back on relations and persons: do outcomes change if a loop is "
    "cut?",
    arms=(
        AS_DRAWN,
        Arm(name="plain, other chance", says="as drawn, with other chance", replicate=True),
        *(
            Arm(name=f"{name} held", says=f"{name} held at the start", frozen=(path,))
            for name, path in LOOPS.items()
        ),
    ),
    criteria=(
        Criterion(
            name="cutting some loop moves some outcome beyond chance",
            claims=("I6",),
            effect=lambda runs: np.max(
                [cut_loop(loop)(runs) for loop in LOOPS],
                axis=0,
            ),
            side="mark",
            least=BEYOND_NOISE,
            unit="times chance",
        ),
        *(
            Criterion(
                name=f"cutting the loop of {loop} does",
                claims=("I6",),
                effect=cut_loop(loop),
                side="mark",
                least=BEYOND_NOISE,
                unit="times chance",
                needed=False,
            )
            for loop in LOOPS
        ),
    ),
    refuted_if="all loops are inert: nothing moves beyond chance",
    hinges=("attention.trust_elasticity", "technology.autonomy", "technology.growth",
            "mining.exponent", "law.lag", "ties.adaptation"),
    built_in="One loop is enough, so this is a low bar; which loops count is told beside it.",
)  # fmt: skip
