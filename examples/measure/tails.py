"""Heavy tails: words, terrorism, blackouts and cities as published; breaches, fines and reach."""

from __future__ import annotations

from typing import Any

from datapolis.audits.finding import Audit
from datapolis.audits.tails import tails
from examples.measure.real import Missing, Published, table

TITLE = "How heavy tails are, and whether they are power laws"
CLAUSET = "Clauset, Shalizi and Newman (2009), with the package powerlaw"
COMPUTED = "computed independently on the same table"
FOUR: tuple[tuple[str, dict[str, Any], float, float, int], ...] = (
    ("words", {"discrete": True}, 1.95, 7, 2958),
    ("terrorism", {"discrete": True}, 2.37, 12, 547),
    ("blackouts", {"divide_by": 1000}, 2.27, 230, 59),
    ("cities", {"divide_by": 1000}, 2.37, 52.457, 580),
)
DRAWS = 999  # of the tables that are not drawn


def demo() -> tuple[Audit, list[Published]]:
    """The audit of the sizes of breaches, and the published figures of all tables there are."""
    published = [one for four in FOUR for one in _one_of_four(*four)]
    breaches = tails(
        table("hhs_breaches_submissions_200910_201502.csv"),
        "individuals_affected",
        above=500,
        public=True,
    )
    for what, name, figure, tolerance in (
        ("alpha of breaches", "alpha", 1.74, 0.005),
        ("x_min of breaches", "x_min", 5000, 0),
        ("mu of breaches, cut at 500", "listed_mu", 3.84, 0.005),
        ("sigma of breaches, cut at 500", "listed_sigma", 3.22, 0.005),
    ):
        ours = breaches[name].estimate
        published.append(Published(what, figure, ours, tolerance, COMPUTED))
    tail = breaches["alpha"].n_rows
    published.append(Published("values in the tail of breaches", 376, tail, 0, COMPUTED))
    for more in (_fines, _reach):
        try:
            published += more()
        except Missing:
            continue
    return breaches, published


def _one_of_four(
    name: str, options: dict[str, Any], alpha: float, x_min: float, n_tail: int
) -> list[Published]:
    found = tails(table(f"heavytail_{name}.csv"), "value", public=True, draws=DRAWS, **options)
    rows = [
        Published(f"alpha of {name}", alpha, found["alpha"].estimate, 0.01, CLAUSET),
        Published(f"x_min of {name}", x_min, found["x_min"].estimate, 1e-9, CLAUSET),
        Published(f"values in the tail of {name}", n_tail, found["alpha"].n_rows, 0, CLAUSET),
    ]
    if name == "blackouts":
        error = found["standard_error"].estimate
        rows.append(Published("standard error of alpha, blackouts", 0.27, error, 0.02, COMPUTED))
    if name == "words":
        forced = found["lognormal_mu_above_0"].estimate
        rows.append(Published("R of words with mu forced up", 5.7, forced, 0.05, COMPUTED))
        free = found["lognormal"].estimate
        rows.append(
            Published(
                "R of words with mu free",
                0.44,
                free,
                0.05,
                COMPUTED,
                "theirs stops at mu = -724, but the likelihood grows on to the limit",
            )
        )
    return rows


def _fines() -> list[Published]:
    found = tails(
        table("gdpr_fines_2018_2020.csv"),
        "fine_eur",
        above=1,
        empty="drop",
        public=True,
        draws=DRAWS,
    )
    return [
        Published(
            "share of fines that end in 000", 0.71, found["rounded"].estimate, 0.005, COMPUTED
        ),
        Published("alpha of fines", 1.58, found["alpha"].estimate, 0.005, COMPUTED),
        Published("p of the lognormal, fines", 0.63, found["lognormal"].p_value, 0.005, COMPUTED),
    ]


def _reach() -> list[Published]:
    found = tails(
        table("tracker_company_month_201705_201801.csv"),
        "reach",
        only="month=2017-05",
        most=1,
        public=True,
        draws=DRAWS,
    )
    p = found["cutoff"].p_value
    return [Published("p of the cutoff, reach 2017-05 (below .001)", 0.0005, p, 0.0005, COMPUTED)]
