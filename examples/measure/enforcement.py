"""Fines under the General Data Protection Regulation, 2018 to 2020: a list that was hand-coded.

The list is part of the GDPR Enforcement Tracker (CMS), as coded for a study at PETS 2022. It holds
528 decisions of 764; the share of the largest fifth that was recorded for all 764 is not checked.
"""

from __future__ import annotations

from datapolis.audits import Audit
from datapolis.audits.enforcement import enforcement
from examples.measure.real import Published, table

TITLE = "Enforcement: who fines often, and who fines much"
COMPUTED = "computed beforehand from the same table"


def demo() -> tuple[Audit, list[Published]]:
    """Fines by country and by type, and figures to compare."""
    audit = enforcement(
        table("gdpr_fines_2018_2020.csv"), amount="fine_eur", by=["country", "type"], public=True
    )
    tail, ratio = audit["tail_exponent"], audit["power_law_or_lognormal"]
    rows = [
        ("Decisions", 528, audit["decisions"].estimate, 0),
        ("Known amounts", 517, audit["sum"].n_rows, 0),
        ("Sum of fines, EUR", 245_241_697, audit["sum"].estimate, 0.5),
        ("Share of the largest fifth", 0.978, audit["top_fifth_share"].estimate, 0.0005),
        ("Exponent of the largest fines", 1.58, tail.estimate, 0.005),
        ("Fines above x_min", 84, ratio.n_rows, 0),
        ("Lognormal against power law, p", 0.63, ratio.p_value, 0.005),
    ]
    return audit, [
        Published(what, value, ours, tolerance, COMPUTED) for what, value, ours, tolerance in rows
    ]
