"""Several processes that run one society together, as several machines would."""

import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.model import sharding
from tests import spread

pytestmark = pytest.mark.outer


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    (found,) = spread.run(tmp_path_factory.mktemp("alone"), "alone fewer")
    return found


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_find_what_one_finds(tmp_path, alone, processes):
    """All know all results, and the society is the same to the last bit."""
    found = spread.run(tmp_path, "fewer", processes=processes)
    assert len(found) == processes
    for one in found:
        assert one.keys() == alone.keys()
        for name, values in one.items():
            if name.startswith("society"):
                np.testing.assert_array_equal(values, alone[name], err_msg=name)
            else:
                np.testing.assert_allclose(values, alone[name], rtol=5e-6, atol=2e-6, err_msg=name)


@pytest.mark.parametrize(
    ("address", "processes", "process", "field"),
    [
        ("localhost:9000", 0, 0, "processes"),
        ("localhost:9000", 2, 2, "process"),
        ("localhost:9000", 2, -1, "process"),
        ("localhost", 2, 0, "coordinator"),
        (":9000", 2, 0, "coordinator"),
        ("localhost:none", 2, 0, "coordinator"),
    ],
)
def test_who_cannot_join_is_told_why(address, processes, process, field):
    with pytest.raises(InputError) as error:
        sharding.join(address, processes, process)
    assert error.value.field == field


def test_who_comes_late_is_told_so():
    """JAX runs in this process already."""
    import jax

    jax.devices()
    with pytest.raises(InputError, match="cannot join"):
        sharding.join("localhost:9000", 1, 0)
