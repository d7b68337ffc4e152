"""What a finding refuses, and what it takes as rounding."""

import numpy as np
import pytest

from datapolis.audits.finding import Finding

WORDS = {"name": "p", "estimand": "A rate.", "basis": "people", "method": "likelihood", "says": "."}


def test_ends_that_cross_by_rounding_are_one_number():
    near = {"lower": 1 + 1e-12, "upper": 1 - 1e-12}
    one = Finding(estimate=1.0, interval="sampling", **near, **WORDS)
    assert one.lower < one.upper and np.isclose(one.lower, one.upper, rtol=1e-11)
    with pytest.raises(ValueError, match=r"lower 2\.0 above upper 1\.0"):
        Finding(estimate=1.0, lower=2.0, upper=1.0, interval="sampling", **WORDS)
