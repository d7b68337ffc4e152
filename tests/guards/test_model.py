"""A society and a study give the numbers that they gave, and the same bits, on one platform.

On another processor one citizen may choose otherwise by a rounding, and two years carry it on:
tests/test_golden.py asks there.
"""

import pytest

from tests.guards.comparing import other_bits, platform, read_json
from tests.guards.renew import SIMULATED, other

PLATFORM = {"platform": ""}


@pytest.mark.parametrize("name", SIMULATED)
def test_numbers_are_what_they_were(name):
    kept = read_json(name)
    if kept["platform"] != platform():
        pytest.skip(f"{name}: kept on another platform ({kept['platform']})")
    found = SIMULATED[name]()
    assert other(name, {**kept, **PLATFORM}, {**found, **PLATFORM}) == []


@pytest.mark.parametrize("name", SIMULATED)
def test_bits_are_what_they_were(name):
    kept = read_json(name)
    if kept["platform"] != platform():
        pytest.skip(f"{name}: kept on another platform ({kept['platform']})")
    assert other_bits(kept, SIMULATED[name]()) == []
