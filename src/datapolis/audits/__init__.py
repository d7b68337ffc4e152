"""Questions to a table: each audit takes tables and options, and answers with findings."""

from datapolis.audits.concentration import concentration
from datapolis.audits.finding import AUDITS, Audit, Finding, Target

__all__ = [
    "AUDITS",
    "Audit",
    "Finding",
    "Target",
    # one audit each
    "concentration",
]
