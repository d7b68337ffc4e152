"""Answers of docs/theory.md that the methods of studies must give."""

import numpy as np
import pytest

from datapolis.studies.sensitivity import decompose

pytest.importorskip("SALib")


def test_o56_shares_of_variance_of_ishigamis_function():
    """S1 .3139, .4424, 0 and ST .5576, .4424, .2437 (O56): inside the intervals, and within .02."""

    def ishigami(levels):
        x = np.pi * (2.0 * levels - 1.0)
        return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    found = {one.parameter: one for one in decompose(ishigami, ["x1", "x2", "x3"], base=4096)}
    expected = {"x1": (0.3139, 0.5576), "x2": (0.4424, 0.4424), "x3": (0.0, 0.2437)}
    for name, (first, total) in expected.items():
        one = found[name]
        assert one.alone == pytest.approx(first, abs=0.02)
        assert one.size == pytest.approx(total, abs=0.02)
        assert one.alone_lower <= first <= one.alone_upper
        assert one.lower <= total <= one.upper
