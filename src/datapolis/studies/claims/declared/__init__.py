"""The experiments X01 to X24, as declared: treatment, control, outcome, and what would refute it.

Each reads as its row in docs/claims-map.md. Effects that matter are set here, before any run: 5
points of a share, a tenth of a quantity (0.1 as a logarithm), a year of a date, unless said
otherwise. What would be true by the equations alone is told under `built_in`.

A first quick trial showed three experiments to read something else than their claim. They were
mended before any larger trial, and no smallest effect was touched:

X07  the shock came before organizations had ties; it now comes in month 84
X11  holdings of all sectors were raised at once; now those of one sector at a time
X23  reach was that of the rumour before, which outlasts a rumour under way; now who has heard
X20  a criterion was added beside: a security standard may count as law

X13 read distances from .8, of which a top fifth of .97 was "the opposite"; they are bands now, with
the same ends, above which is more than claimed. Every criterion declares its side (`experiment`).

Added beside the verdicts after that, so that none rests on it: criteria for derived data (M8, in
X06) and for liability (V15, X19); figures for scandals and concentration (M23, X09) and for the
part of each cause in harm (V29, X20).
"""

from datapolis.studies.claims.declared.community import X06, X07, X08
from datapolis.studies.claims.declared.feedback import X22, X23, X24
from datapolis.studies.claims.declared.government import X14, X15, X16
from datapolis.studies.claims.declared.law import X20, X21
from datapolis.studies.claims.declared.market import X09, X10, X11, X12, X13
from datapolis.studies.claims.declared.power import X01, X02, X03, X04, X05
from datapolis.studies.claims.declared.rights import X17, X18, X19
from datapolis.studies.claims.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    X01, X02, X03, X04, X05, X06, X07, X08, X09, X10, X11, X12,
    X13, X14, X15, X16, X17, X18, X19, X20, X21, X22, X23, X24,
)  # fmt: skip

CRITERIA = tuple(criterion for one in EXPERIMENTS for criterion in one.criteria)
