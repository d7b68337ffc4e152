"""A clock that jumps: Python loads this file by its name where its folder is on PYTHONPATH.

FAULT_CLOCK holds the jumps as JSON, [[after, wall, steady], ...]: so many real seconds after the
start, time.time moves by `wall` seconds (back too) and time.monotonic by `steady` (forward only, as
on a machine that was asleep). What C code asks of the system itself, datetime.now, does not jump.
"""

import json
import os
import time

JUMPS = json.loads(os.environ.get("FAULT_CLOCK", "[]"))
_steady, _wall, _wall_ns, _steady_ns = time.monotonic, time.time, time.time_ns, time.monotonic_ns
_began = _steady()


def jumped(which: int) -> float:
    """By how many seconds the wall (1) or the steady clock (2) is off now."""
    passed = _steady() - _began
    return sum(jump[which] for jump in JUMPS if passed >= jump[0])


if JUMPS:
    time.time = lambda: _wall() + jumped(1)
    time.time_ns = lambda: _wall_ns() + int(jumped(1) * 1e9)
    time.monotonic = lambda: _steady() + jumped(2)
    time.monotonic_ns = lambda: _steady_ns() + int(jumped(2) * 1e9)
