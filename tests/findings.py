"""What the tests of the audits share."""

import numpy as np


def same_findings(one, other, atol=0.0):
    """Two audits with the same findings: words and whole numbers equal, others to 1e-9."""
    assert len(one.findings) == len(other.findings)
    for left, right in zip(one.findings, other.findings, strict=True):
        at = (left.name, left.of)
        assert at == (right.name, right.of)
        assert (left.n_rows, left.n_units) == (right.n_rows, right.n_units), at
        for number in ("estimate", "lower", "upper", "p_value", "p_adjusted", "p_least"):
            np.testing.assert_allclose(
                getattr(right, number), getattr(left, number), rtol=1e-9, atol=atol, err_msg=str(at)
            )
