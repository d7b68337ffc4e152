"""Questions to a table: each audit takes tables and options, and answers with findings."""

from datapolis.audits.breaches import breaches
from datapolis.audits.concentration import concentration
from datapolis.audits.diffusion import diffusion
from datapolis.audits.disclosure import disclosure
from datapolis.audits.disclosure_log import Ledger
from datapolis.audits.enforcement import enforcement
from datapolis.audits.finding import AUDITS, Audit, Finding, Target
from datapolis.audits.influence import influence
from datapolis.audits.islands import islands
from datapolis.audits.prices import prices
from datapolis.audits.private_release import (
    budget_left,
    declare_budget,
    private_counts,
    private_means,
)
from datapolis.audits.rights import rights
from datapolis.audits.tails import tails

__all__ = [
    "AUDITS",
    "Audit",
    "Finding",
    "Target",
    # one audit each
    "breaches",
    "concentration",
    "diffusion",
    "disclosure",
    "enforcement",
    "influence",
    "islands",
    "prices",
    "rights",
    "tails",
    # what several releases tell together
    "Ledger",
    "budget_left",
    "declare_budget",
    "private_counts",
    "private_means",
]
