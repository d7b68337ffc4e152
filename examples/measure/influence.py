"""Lobbying of data brokers in Washington, 2020: 350 filings, and the totals that were published.

The filings and the totals of 25 companies by quarter come from an investigation of The Markup. No
table of sizes of that year is at hand, so spending is not held against size.
"""

from __future__ import annotations

import csv
from pathlib import Path

from datapolis.audits import Audit
from datapolis.audits.influence import influence
from examples.measure.real import Published, table

TITLE = "Influence: what companies spend to sway government"
MARKUP = "The Markup, totals by company and quarter"
COMPUTED = "computed beforehand from the same table"


def demo() -> tuple[Audit, list[Published]]:
    """Spending by company, and figures to compare."""
    audit = influence(
        table("data_broker_lobbying_filings_2020.csv"),
        payer="company",
        parent="parent_company",
        own="is_self_filer",
        form="type",
        amount="spending",
        period="period",
        public=True,
    )
    published = totals(table("data_broker_lobbying_published_totals_2020.csv"))
    cells = audit.series["cells"]
    ours = {
        (str(company), str(period)): float(amount)
        for company, period, amount in zip(
            cells["company"], cells["period"], cells["amount"], strict=True
        )
    }
    same = sum(ours.get(cell, 0.0) == amount for cell, amount in published.items())
    rows = [
        ("Cells of company and quarter that agree", len(published), same, 0, MARKUP),
        ("Spent, USD", sum(published.values()), audit["spending"].estimate, 0, MARKUP),
        ("Sum of all filings, USD", 40_015_154, audit["plain_sum"].estimate, 0, COMPUTED),
        ("Herfindahl index", 0.155, audit["herfindahl"].estimate, 0.0005, COMPUTED),
        ("Share of the five largest", 0.70, audit["top_five"].estimate, 0.005, COMPUTED),
    ]
    return audit, [Published(*row) for row in rows]


def totals(path: Path) -> dict[tuple[str, str], float]:
    """The published totals by company and quarter; an empty cell is nothing spent."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    quarters = [name for name in rows[0] if "Quarter" in name]
    return {
        (row["company"], quarter): float(row[quarter] or 0) for row in rows for quarter in quarters
    }
