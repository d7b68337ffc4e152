"""Prices, leaders, holdings, pools, and the 80-20 rule: X09 to X13."""

from __future__ import annotations

import numpy as np

from datapolis.core.policy import Policy
from datapolis.studies.claims.declared.shared import AS_DRAWN, FEEDBACK, LOG, POINTS, TENTH
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
    rank_correlation,
)
from datapolis.studies.claims.worlds import EQUAL, TENFOLD_GOVERNMENT, TENFOLD_MARKET, UNEQUAL


def _prices(name: str, segments: float, rivalry: float, ban: float = 0.0) -> Arm:
    where = "all offers compared" if rivalry else "no offers compared"
    return Arm(
        name=name,
        says=f"{segments:g} price groups, {where}{', personal prices banned' if ban else ''}",
        parameters={"pricing.segments": segments, "pricing.rivalry": rivalry},
        policy=Policy(pricing_ban=ban) if ban else Policy(),
    )


def _surplus_peak(runs: Runs) -> np.ndarray:
    one, two, many = (runs.of(arm, "surplus@mean") for arm in ("one", "two", "many"))
    return np.asarray(np.minimum(log_ratio(two, one), log_ratio(two, many)))


def _ban_turns(runs: Runs) -> np.ndarray:
    helps = log_ratio(runs.of("many banned", "surplus@mean"), runs.of("many", "surplus@mean"))
    hurts = log_ratio(runs.of("two", "surplus@mean"), runs.of("two banned", "surplus@mean"))
    return np.asarray(np.minimum(helps, hurts))


X09 = Experiment(
    id="X09",
    claims=("M23", "R10", "V4", "V9", "V10", "P10", "P15"),
    indices=("surplus", "pricing_gain", "charged_less", "trust"),
    question="Is consumers' surplus largest with few price groups, so that a ban helps or hurts "
    "by how finely people are told apart?",
    arms=(
        _prices("one", 1.0, 0.0),
        _prices("two", 2.0, 0.0),
        _prices("many", 32.0, 0.0),
        _prices("two banned", 2.0, 0.0, 1.0),
        _prices("many banned", 32.0, 0.0, 1.0),
        _prices("many rivals", 32.0, 1.0),
        _prices("one rivals", 1.0, 1.0),
    ),
    criteria=(
        Criterion(
            name="without rivals surplus is larger with two groups than with one or 32",
            claims=("V4", "V9"),
            effect=_surplus_peak,
            side="mark",
            least=0.01,
            unit=LOG,
        ),
        Criterion(
            name="a ban helps with 32 groups and hurts with two",
            claims=("P10", "P15"),
            effect=_ban_turns,
            side="mark",
            least=0.005,
            unit=LOG,
        ),
        Criterion(
            name="with 32 groups surplus is lower than with one",
            claims=("V9",),
            effect=growth("surplus@mean", "many", "one"),
            side="direction",
            least=0.01,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="with 32 groups most buyers are asked for less than the common price",
            claims=("V10",),
            effect=level("charged_less", "many"),
            side="mark",
            least=0.5,
            needed=False,
        ),
        Criterion(
            name="profit and surplus rise together with two groups",
            claims=("R10",),
            effect=lambda runs: np.minimum(
                log_ratio(runs.of("two", "revenue@mean"), runs.of("one", "revenue@mean")),
                log_ratio(runs.of("two", "surplus@mean"), runs.of("one", "surplus@mean")),
            ),
            side="mark",
            least=0.01,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="a ban saves trust with 32 groups",
            claims=("P10", "P15"),
            effect=difference("trust", "many banned", "many"),
            side="direction",
            least=0.02,
            needed=False,
        ),
        Criterion(
            name="between rivals personal prices lower surplus too",
            claims=("V9", "V10"),
            effect=growth("surplus@mean", "many rivals", "one rivals"),
            side="direction",
            least=0.01,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
    ),
    figures=(
        Figure(
            name="rank correlation of scandals and concentration of users",
            claims=("M23",),
            columns=outcomes(("many", "unfair@mean"), ("many", "user_herfindahl@mean")),
            of=rank_correlation,
        ),
    ),
    refuted_if="surplus only falls, or only rises, with the number of groups",
    hinges=("pricing.adaptation", "pricing.fine", "pricing.cost", "absorption.firms",
            "collection.traces", "law.lag", "pricing.watching", "pricing.backlash"),
    silent="Whether scandals (M23) are a sign of concentration or of something that makes both.",
)  # fmt: skip


def _alike(name: str, network: float, quality: float) -> Arm:
    return Arm(
        name=name,
        says=f"equal firms, feedback of users {network:g}, of data {quality:g}",
        parameters={
            "attention.network_effect": network,
            "attention.quality_effect": quality,
            "attention.quality_spread": 0.0,
        },
        world=EQUAL,
    )


X10 = Experiment(
    id="X10",
    claims=("M25", "M27", "M28", "V16"),
    indices=("top_firm_share", "rank_persistence"),
    question="Does one of equal firms take the lead for good, and only if feedback is strong?",
    arms=(
        AS_DRAWN,
        _alike("none", 0.0, 0.0),
        _alike("weak", 0.6, 0.0),
        _alike("strong", 1.2, 0.0),
        Arm(
            name="contained",
            says="no takeovers, no lobbying, no steering",
            parameters={
                "resources.merger": 0.0,
                "power.capture": 0.0,
                "attention.steering": 0.0,
            },
        ),
    ),
    criteria=(
        Criterion(
            name="feedback 1.2 makes one of equals far larger",
            claims=("M27", "M28", "V16"),
            effect=difference("top_firm_share", "strong", "none"),
            side="direction",
            least=0.1,
        ),
        Criterion(
            name="feedback .6 does not",
            claims=("M27",),
            effect=difference("top_firm_share", "weak", "none"),
            side="mark",
            least=-0.1,
            sign=-1,
        ),
        Criterion(
            name="what power buys makes the largest firm larger",
            claims=("M25",),
            effect=difference("top_firm_share", "plain", "contained"),
            side="direction",
            least=0.01,
            needed=False,
        ),
        Criterion(
            name="a fifth of firms has 70 % of all data or more",
            claims=("M28",),
            effect=level("data_top_fifth_share", "plain"),
            side="mark",
            least=0.7,
            needed=False,
        ),
    ),
    refuted_if="firms are locked in without feedback, or not locked in with it",
    hinges=("attention.switching_cost", "attention.reconsideration", "resources.entry",
            "resources.merger", "attention.social", "attention.personal_help",
            "attention.steering", "absorption.firms"),
)  # fmt: skip


def _elasticities(sector: str) -> Effect:
    """Elasticity of a sector's creative power in use less that in its data, over the first year."""

    def effect(runs: Runs) -> np.ndarray:
        power = f"creative_power.{sector}@first"
        plain, halved, ten = (
            runs.of(arm, power) for arm in ("plain", "half use", f"tenfold {sector}")
        )
        held = log_ratio(
            runs.of(f"tenfold {sector}", f"data_held.{sector}@first"),
            runs.of("plain", f"data_held.{sector}@first"),
        )
        by_use = log_ratio(plain, halved) / np.log(2.0)
        by_holding = log_ratio(ten, plain) / np.where(held > 0.01, held, np.nan)
        idle = plain <= 10 * 1e-9  # who uses nothing has no elasticity
        return np.where(idle, np.nan, by_use - by_holding)

    return effect


X11 = Experiment(
    id="X11",
    claims=("M26", "E1", "E17", "R8"),
    indices=("creative_power", "power_share"),
    question="Does power come from using data rather than from holding them?",
    arms=(
        AS_DRAWN,
        Arm(
            name="half use",
            says="agencies and firms use half as much of what they hold",
            parameters={
                "absorption.use_government": Change(0.5),
                "absorption.use_firms": Change(0.5),
            },
        ),
        Arm(
            name="tenfold government",
            says="agencies hold ten times the data at the start",
            world=TENFOLD_GOVERNMENT,
        ),
        Arm(
            name="tenfold market",
            says="firms hold ten times the data at the start",
            world=TENFOLD_MARKET,
        ),
    ),
    criteria=(
        Criterion(
            name="government's power answers more to use than to holdings",
            claims=("E17",),
            effect=_elasticities("government"),
            side="direction",
            least=TENTH,
            unit="elasticity",
        ),
        Criterion(
            name="firms' power answers more to use than to holdings",
            claims=("M26", "R8"),
            effect=_elasticities("market"),
            side="direction",
            least=TENTH,
            unit="elasticity",
        ),
    ),
    refuted_if="power answers more to holdings than to use",
    hinges=("mining.exponent", "exchange.linkage", "exchange.open_firms", "exchange.derivation",
            "exchange.open_government", "collection.traces"),
    built_in="Use multiplies creative power, so its elasticity is 1; that of holdings follows the "
    "exponent of data, which is not known. The verdict is about that exponent.",
    silent="How much power data make in all (E1): see the weight of data in X01.",
    length="start",
)  # fmt: skip


def _pool(name: str, shared: float) -> Arm:
    return Arm(
        name=name,
        says=f"firms pool {shared:g} of their data, which match in full",
        parameters={"exchange.pool_match": 1.0, "exchange.shared": shared},
    )


def _leaks(runs: Runs, arm: str) -> np.ndarray:
    parts = [runs.of(arm, f"leaked.{sector}@mean") for sector in ("government", "market", "social")]
    return np.asarray(np.sum(parts, axis=0))


def _part_of_fall(runs: Runs) -> np.ndarray:
    """The part of the fall with half of all data pooled that is there with a tenth; else 0."""
    none, tenth, half = (runs.of(arm, "user_herfindahl") for arm in ("no pool", "a tenth", "half"))
    whole = none - half
    part = np.divide(none - tenth, whole, out=np.zeros_like(whole), where=whole > 1e-4)
    return np.asarray(np.clip(part, 0.0, 1.0))


X12 = Experiment(
    id="X12",
    claims=("M31", "M33", "V5", "P4", "P14"),
    indices=("user_herfindahl", "data_herfindahl", "leaked"),
    question="Does sharing of data break concentration past a threshold, at the price of more "
    "breaches?",
    arms=(
        AS_DRAWN,
        _pool("no pool", 0.0),
        _pool("a tenth", 0.1),
        _pool("half", 0.5),
        Arm(name="portable", says="portability", policy=Policy(portability=1.0)),
        Arm(name="antitrust", says="antitrust", policy=Policy(antitrust=1.0)),
        Arm(name="owned", says="citizens own their data", policy=Policy(data_ownership=1.0)),
        Arm(name="entry", says="entry .3 a month", parameters={"resources.entry": 0.3}),
    ),
    criteria=(
        Criterion(
            name="concentration of users falls with half of all data pooled",
            claims=("P14", "P4"),
            effect=growth("user_herfindahl", "half", "no pool"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
        ),
        Criterion(
            name="most of the fall is there with a tenth pooled: a threshold",
            claims=("P14",),
            effect=_part_of_fall,
            side="mark",
            least=0.7,
        ),
        Criterion(
            name="more data leak",
            claims=("P14",),
            effect=lambda runs: log_ratio(_leaks(runs, "half"), _leaks(runs, "no pool")),
            side="direction",
            least=TENTH,
            unit=LOG,
        ),
        Criterion(
            name="portability lowers concentration",
            claims=("P4",),
            effect=growth("user_herfindahl", "portable", "plain"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="antitrust lowers concentration",
            claims=("P4", "M33"),
            effect=growth("user_herfindahl", "antitrust", "plain"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="entry lowers concentration",
            claims=("P4",),
            effect=growth("user_herfindahl", "entry", "plain"),
            side="direction",
            least=TENTH,
            sign=-1,
            unit=LOG,
            needed=False,
        ),
        Criterion(
            name="ownership gives citizens back control of data about them",
            claims=("V5",),
            effect=difference("stray_share", "owned", "plain"),
            side="direction",
            least=POINTS,
            sign=-1,
            needed=False,
        ),
        Criterion(
            name="by itself, data of agencies stay in islands (none of half of them)",
            claims=("M31",),
            effect=level("largest_island", "plain"),
            side="mark",
            least=-0.5,
            sign=-1,
            needed=False,
        ),
    ),
    refuted_if="concentration follows the shared part without a threshold, or not at all",
    hinges=("attention.quality_effect", "attention.network_effect", "mining.exponent",
            "absorption.firms", "attention.quality_spread", "breaches.attack_rate",
            "breaches.security_effect", "breaches.liability"),
    length="long",
)  # fmt: skip


X13 = Experiment(
    id="X13",
    claims=("M32",),
    indices=("top_fifth_share", "user_tail"),
    question="Does a fifth of firms have four fifths of the users, as a fifth had of wealth "
    "before data?",
    arms=(
        AS_DRAWN,
        Arm(
            name="before data",
            says="no technology grows (beyond the declared range); wealth spread 80 to 20",
            parameters={"technology.growth": 0.0},
            world=UNEQUAL,
        ),
    ),
    criteria=(
        Criterion(
            name="the top fifth's share of users is within a tenth of .8",
            claims=("M32",),
            effect=lambda runs: runs.of("plain", "top_fifth_share") - 0.8,
            side="band",
            least=-0.1,
            most=0.1,
        ),
        Criterion(
            name="and within a tenth of the top fifth's share of wealth before data",
            claims=("M32",),
            effect=lambda runs: (
                runs.of("plain", "top_fifth_share")
                - runs.of("before data", "wealth_top_fifth_share@first")
            ),
            side="band",
            least=-0.1,
            most=0.1,
        ),
        Criterion(
            name="the tail of users has an exponent near 1.16 (within .4)",
            claims=("M32",),
            effect=lambda runs: runs.of("plain", "user_tail") - 1.160964,
            side="band",  # a smaller exponent is a heavier tail: more of the users at the top
            least=-0.4,
            most=0.4,
            sign=-1,
            unit="exponent",
            needed=False,
        ),
        Criterion(
            name="the top fifth's share of data is within a tenth of .8",
            claims=("M32",),
            effect=lambda runs: runs.of("plain", "data_top_fifth_share") - 0.8,
            side="band",
            least=-0.1,
            most=0.1,
            needed=False,
        ),
    ),
    refuted_if="the top fifth has less than .7 of the users, or a tenth less than it had of wealth "
    "before data; more than that is more than the essay claims",
    hinges=(*FEEDBACK, "attention.quality_spread", "attention.switching_cost", "resources.entry",
            "attention.reconsideration", "absorption.firms"),
    silent="Whose 80 and whose 20: of wealth, users or data. Here of users, data beside it.",
)  # fmt: skip
