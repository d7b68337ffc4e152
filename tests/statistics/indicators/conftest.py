"""The two kinds of arrays on which every indicator has one text."""

import jax.numpy as jnp
import numpy as np
import pytest


@pytest.fixture(params=["numpy", "jax"])
def xp(request):
    """`numpy` (the tables, float64) or `jax.numpy` (the society, float32)."""
    return np if request.param == "numpy" else jnp
