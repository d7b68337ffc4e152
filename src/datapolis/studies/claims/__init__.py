"""The essay on trial: experiments X01 to X24, run over what is calibrated and what is admissible.

`experiment` says what an experiment is, `declared` holds the 24 of them, `verdict` the rule by
which they are judged, and `trial` runs them.
"""

from datapolis.studies.claims.claim_test import Trial, ask, rows
from datapolis.studies.claims.declared import EXPERIMENTS
from datapolis.studies.claims.experiment import Arm, Change, Criterion, Experiment, Runs
from datapolis.studies.claims.verdict import Judged, judged
from datapolis.studies.claims.worlds import WORLDS

__all__ = [
    "EXPERIMENTS", "WORLDS", "Arm", "Change", "Criterion", "Experiment", "Judged", "Runs", "Trial",
    "ask", "judged", "rows",
]  # fmt: skip
