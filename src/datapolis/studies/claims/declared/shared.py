"""Sizes of effects that matter, and what several experiments share."""

from datapolis.studies.claims.experiment import Arm

POINTS = 0.05  # of a share
TENTH = 0.1  # as a logarithm: a tenth more
LOG = "ln ratio"
AS_DRAWN = Arm(name="plain", says="as drawn")
DATA = ("absorption.firms", "absorption.government", "mining.exponent", "power.reference")
FEEDBACK = ("attention.network_effect", "attention.quality_effect", "mining.exponent")
