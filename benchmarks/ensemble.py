"""Time an ensemble in one folder, beside the same runs without a folder, and beside Mesa.

    PYTHONPATH=. python benchmarks/ensemble.py [MEMBERS] [--months 60] [--citizens 2000] [--mesa 1]

Three things are timed, after compiling: the runs alone, two threads of the same batches; the same
runs asked of a laboratory, that is with Dask, Zarr and marks; and the month written a second time
(`verification/reference/`), run member by member as a batch run of Mesa does, a few months of which
are enough. Peaks of memory are those of processes of their own, with an ensemble and one four times
as large.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RECORD = ("harm", "trust", "power_share", "top_fifth_share", "citizens_gain", "rights")
SIZES = {"regions": 6, "departments": 8, "firms": 200, "associations": 100}
PEER_MONTHS = 12  # of the peer, whose months all take as long


def ours(members: int, months: int, citizens: int) -> dict[str, float]:
    """Seconds of an ensemble with and without its folder, and the peak of memory."""
    from datapolis.model.world import World
    from datapolis.studies.ensemble import batch_size
    from datapolis.studies.run_cache import Laboratory
    from datapolis.studies.runs import Batch, Case, Work

    world = World.generate(citizens, seed=1, **SIZES)
    cases = [Case(seed=seed) for seed in range(members)]
    times: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        lab = Laboratory(Path(folder), {"plain": world})
        work = Work(world, months, RECORD, batch_size(citizens, members))
        batches = [
            Batch(place, "", tuple(cases[place : place + work.size]))
            for place in range(0, members, work.size)
        ]
        work(batches[0])  # compiles
        for name in ("alone", "folder", "alone again", "folder again"):
            started = time.perf_counter()
            if name.startswith("alone"):
                with ThreadPoolExecutor(os.cpu_count()) as pool:
                    list(pool.map(work, batches))
            else:
                lab.run("seeds", cases, months=months, record=RECORD)
            times[name] = time.perf_counter() - started
    times["alone"] = min(times["alone"], times.pop("alone again"))
    times["folder"] = min(times["folder"], times.pop("folder again"))
    return {**times, "batch": work.size, "peak": peak()}


def mesa(citizens: int, members: int) -> dict[str, float]:
    """Seconds a member and month of the reference on Mesa, one member after the other."""
    import jax

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import LEVERS, Levers
    from datapolis.model.noise import stream
    from datapolis.model.society import Society
    from datapolis.model.world import World
    from verification.docking.adapter import to_reference
    from verification.docking.chance import WorldChance
    from verification.reference.month import ReferenceModel

    world = World.generate(citizens, seed=1, **SIZES)
    constants = jax.tree.map(float, Parameters())
    untouched = Levers(**dict.fromkeys(LEVERS, 0.0))
    seconds = 0.0
    for seed in range(members):
        born = jax.jit(Society.start)(world, constants, stream(jax.random.key(seed), "start"))
        chance = WorldChance(seed, world)
        model = ReferenceModel(to_reference(born, world), constants, untouched, chance)
        started = time.perf_counter()
        for _ in range(PEER_MONTHS):
            model.step()
        seconds += time.perf_counter() - started
    return {"month": seconds / members / PEER_MONTHS}


def peak() -> float:
    """Peak memory of this process, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def measured(*arguments: Any) -> dict[str, float]:
    """What a process of its own measures."""
    command = [sys.executable, __file__, "--part", json.dumps(arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure each part in a process of its own; print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("members", nargs="?", type=int, default=128)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--citizens", type=int, default=2000)
    parser.add_argument("--mesa", type=int, default=1, help="members of the peer")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        part, *arguments = json.loads(given.part)
        print(json.dumps({"ours": ours, "mesa": mesa}[part](*arguments)))
        return
    large = measured("ours", given.members, given.months, given.citizens)
    small = measured("ours", max(1, given.members // 4), given.months, given.citizens)
    peer = measured("mesa", given.citizens, given.mesa)
    each = given.members * given.months
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{given.members} members of {given.citizens} citizens over {given.months} months,")
    print(f"in batches of {large['batch']:.0f}: {large['folder']:.1f} s after compiling")
    print(f"    a member and month   {1000 * large['folder'] / each:.2f} ms")
    print(f"    without the folder   {1000 * large['alone'] / each:.2f} ms")
    print(f"    Dask, Zarr and marks {large['folder'] / large['alone'] - 1:.1%} of the compute")
    print(f"    on Mesa              {1000 * peer['month']:.0f} ms, on one core")
    print(f"    ratio                {peer['month'] / (large['folder'] / each):,.0f}")
    print(f"    peak of memory       {large['peak'] / 2**30:.2f} GiB,", end=" ")
    print(f"with a quarter of the members {small['peak'] / 2**30:.2f} GiB")


if __name__ == "__main__":
    main()
