"""Stylised facts of docs/theory.md that name something of a run, as ranges that it should reach.

A fact was published, of other markets and other years; the reading that makes it a range of an
index is ours. `doubt` says what of it is uncertain. A rival contradicts another fact, and is used
only if it is named.
"""

from __future__ import annotations

from dataclasses import dataclass

SPACES = 4  # firms that a citizen uses: a presence is at most that many times a share of attention


@dataclass(frozen=True)
class Fact:
    """A range of an outcome, or of a parameter, that was published."""

    id: str  # of docs/theory.md
    what: str  # an outcome as in `studies.outcomes`, a rule of `studies.targets`, or a parameter
    lower: float
    upper: float
    reading: str  # how the published pattern becomes this range
    doubt: str = ""
    rival: bool = False

    @property
    def name(self) -> str:
        """How a study calls it."""
        return f"{self.id}.{self.what}"


FACTS: tuple[Fact, ...] = (
    Fact(
        "S01", "user_tail", 1.12, 2.10,
        "123 third parties on more than 1 % of sites and 3 on more than 10 %: exponent "
        "log10(123/3) = 1.61, give or take 1.96 / (sqrt 3 ln 10)",
        "sites, not users",
    ),
    Fact(
        "S02", "top_firm_share", 0.5 / SPACES, 0.5,
        "present on about half of visited pages; of attention between a fourth of that, if all "
        "four of a citizen's spaces were as large, and all of it",
    ),
    Fact(
        "S03", "top_firm_share", 0.64 / SPACES, 0.64,
        "present on near 64 % of page loads, read as S02", "secondary source",
    ),
    Fact(
        "S03", "runner_up", 28 / 65, 30 / 63,
        "the second company near 29 % against the first near 64 %, each give or take one",
        "secondary source",
    ),
    Fact("S04", "top_fifth_share", 0.8, 1.0, "top fifth of attention at least .8", "inferred [u]"),
    Fact("S04", "user_gini", 0.75, 0.95, "Gini of attention .75 to .95", "inferred [u]"),
    Fact("S04", "data_top_fifth_share", 0.8, 1.0, "top fifth of data at least .8", "inferred [u]"),
    Fact("S04", "data_gini", 0.75, 0.95, "Gini of data .75 to .95", "inferred [u]"),
    Fact("S06", "breaches.tail", 0.37, 0.57, "tail exponent of breach sizes, 2015 and 2007"),
    Fact(
        "S07", "breaches.tail", 0.6, 0.7,
        "tail .7 give or take .1, as far as the parameter reaches", "rival of S06", rival=True,
    ),
    Fact("S13", "charged_less", 0.6, 1.0, "over 60 % of buyers pay less under personal prices"),
    Fact(
        "S14", "pricing_gain", 0.10, 0.19,
        "personal prices lift profit by 10 to 15 % (S14) or 19 % (S13)", "versions differ",
    ),
    Fact(
        "S23", "law.lag", 44.0, 240.0,
        "from scandal to law in force 44 months, from directive to regulation 276; as far as the "
        "parameter reaches",
        "dates from memory [m]",
    ),
)  # fmt: skip

UNUSED: dict[str, str] = {
    "S08": "trust in one platform; the model's is trust in all",
    "S11": "what buyers believe; the model has no index of belief",
    "S19": "no month of the model is 2024",
}
"""Facts of docs/theory.md that no index stands for, and why."""
