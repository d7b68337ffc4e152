"""Time one month of one society on 1, 2 and 4 processes, and count what they send each other.

    python benchmarks/scale.py [--citizens N] [--processes 1,2,4]      prints tables, judges nothing

Each process has one core of its own as long as there are enough. Strong scaling: N citizens in all.
Weak scaling: N for each process. The model of docs/scale.md stands beside what was measured: the
time of one process for its part of the citizens, and what the link takes for the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MONTHS, SEGMENTS = 12, 3
SUMS = 20  # one after the other, to time one of them
WIDTH = {"pred": 1, "s8": 1, "u8": 1, "s16": 2, "s32": 4, "u32": 4, "f32": 4, "s64": 8, "f64": 8}
SENDS = "all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter"
COUNTED = 65_536  # citizens for whom the compiled month is read


def peak() -> int:
    """Peak memory of this process, bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def month(citizens: int, devices: int) -> dict[str, float]:
    """Seconds a month of the full model on all devices, and peak memory of this process."""
    import datapolis as dp
    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Policy
    from datapolis.model import sharding
    from datapolis.model.simulation import Run

    run = Run.begin(
        dp.World.generate(citizens, seed=1),
        months=240,
        seeds=1,
        parameters=Parameters(),
        policies=Policy(),
        mesh=sharding.mesh() if devices > 1 else None,
    )
    run.advance()
    times = []
    for _ in range(SEGMENTS):
        started = time.perf_counter()
        run.advance()
        times.append((time.perf_counter() - started) / MONTHS)
    return {"month": sorted(times)[SEGMENTS // 2], "fastest": min(times), "peak": peak()}


def link(citizens: int, devices: int) -> dict[str, float]:
    """Seconds that one small sum takes inside a program, and bytes a second of gathering."""
    import jax
    import jax.numpy as jnp
    from jax.sharding import PartitionSpec

    from datapolis.model import sharding

    def timed(work: jax.stages.Wrapped, values: jax.Array, repeats: int) -> float:
        work(values).block_until_ready()
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            work(values).block_until_ready()
            times.append(time.perf_counter() - started)
        return sorted(times)[repeats // 2]

    def summed(values: jax.Array) -> jax.Array:
        for _ in range(SUMS):
            values = jax.lax.psum(values, mesh.axis_names[0]) / devices
        return values

    mesh = sharding.mesh()
    many = 2**22 * devices
    with jax.set_mesh(mesh):

        def place(count: int) -> jax.Array:
            return sharding.place({"own": jnp.ones(count)}, mesh, count)["own"]

        whole = PartitionSpec()
        gather = jax.jit(lambda values: jax.lax.with_sharding_constraint(values, whole))
        sums = jax.jit(jax.shard_map(summed, in_specs=whole, out_specs=whole))
        small = timed(sums, jnp.ones(16), 11) / SUMS
        large = timed(gather, place(many), 11)
    received = 4 * many * (devices - 1) / devices
    return {"latency": small, "bandwidth": received / max(large - small, 1e-9)}


def together(part: str, citizens: int, processes: int) -> list[dict[str, float]]:
    """What each of so many processes found, run together."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    begun = [
        subprocess.Popen(
            [
                *(sys.executable, __file__, "--part", part, "--citizens", str(citizens)),
                *("--address", address, "--processes", str(processes), "--process", str(process)),
            ],
            stdout=subprocess.PIPE,
        )
        for process in range(processes)
    ]
    said = [one.communicate()[0].decode() for one in begun]
    return [json.loads(text.splitlines()[-1]) for text in said]


def one_of_them(part: str, citizens: int, address: str, processes: int, process: int) -> None:
    """Be one process: take a core, join, do the part, and print what was found."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[process % len(cores)]})
    if processes > 1:
        from datapolis.model import sharding

        sharding.join(address, processes, process)
    print(json.dumps({"month": month, "link": link}[part](citizens, processes)))


def sent(text: str) -> dict[str, float]:
    """How many arrays a compiled program sends, the bytes that are gathered and those added.

    Arrays that are sent by one collective are still sent one by one. Gathered bytes are what each
    device holds in the end; added bytes are what each one gives.
    """
    found = {"arrays": 0.0, "gathered": 0.0, "added": 0.0}
    for shapes, kind in re.findall(rf" = (\S.*?) ({SENDS})(?:-start)?\(", text):
        size = 0
        for width, shape in re.findall(r"(\w+)\[([\d,]*)\]", shapes):
            count = 1
            for length in filter(None, shape.split(",")):
                count *= int(length)
            size += WIDTH[width] * count
            found["arrays"] += 1
        found["added" if kind == "all-reduce" else "gathered"] += size
    return found


def counted(devices: int) -> dict[str, float]:
    """What the month that is compiled for so many devices sends, read from its text."""
    with tempfile.TemporaryDirectory() as folder:
        flags = f"--xla_force_host_platform_device_count={devices} --xla_dump_to={folder}"
        flags += " --xla_backend_optimization_level=0 --xla_dump_hlo_module_re=.*_advanced.*"
        code = "import sys; sys.path.insert(0, 'benchmarks'); import scale; "
        code += f"scale.SEGMENTS = 1; scale.month({COUNTED}, {devices})"
        environment = {**os.environ, "XLA_FLAGS": flags}
        environment.pop("JAX_COMPILATION_CACHE_DIR", None)
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        (file,) = Path(folder).glob("*cpu_after_optimizations.txt")
        return sent(file.read_text())


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in Markdown."""
    print("\n| " + " | ".join(head) + " |\n|" + " ---: |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def scaling(
    name: str,
    sizes: dict[int, int],
    links: dict[int, dict[str, float]],
    sends: dict[int, dict[str, float]],
) -> None:
    """Print times at each number of processes, and beside them what the model says."""
    print(f"\n{name}")
    rows, one = [], 0.0
    for processes, citizens in sizes.items():
        found = together("month", citizens, processes)
        took = max(each["month"] for each in found)
        one = one or took * processes / citizens  # seconds a citizen on the first
        ideal = one * citizens / processes
        per_citizen, waits = 0.0, 0.0
        if processes > 1:
            send, through = sends[processes], links[processes]
            per_citizen = send["gathered"] / COUNTED
            received = per_citizen * citizens * (processes - 1) / processes
            received += 2 * send["added"] * (processes - 1) / processes
            waits = send["arrays"] * through["latency"] + received / through["bandwidth"]
        rows.append(
            [
                f"{processes}",
                f"{citizens:,}",
                f"{1e3 * took:,.0f}",
                f"{1e3 * (ideal + waits):,.0f}",
                f"{1e-6 * citizens / took:.2f}",
                f"{100 * ideal / took:.0f} %",
                f"{max(each['peak'] for each in found) / 2**30:.2f}",
            ]
        )
    head = "processes", "citizens", "ms/month", "model ms", "M citizen-months/s", "efficiency"
    table([*head, "peak GiB each"], rows)


def main() -> None:
    """Print the tables, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--citizens", type=int, default=2**20)
    parser.add_argument("--processes", default="1,2,4")
    for name in ("part", "address", "process"):
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    numbers = [int(one) for one in asked.processes.split(",")]
    if asked.part:
        one_of_them(asked.part, asked.citizens, asked.address, numbers[0], int(asked.process))
        return
    cores = os.cpu_count() or 1
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}")
    several = [one for one in numbers if one > 1]
    sends = {one: counted(one) for one in several}
    links = {one: together("link", 0, one)[0] for one in several}
    print("\nWhat a month sends, and the link between the processes")
    table(
        ["processes", "arrays", "gathered bytes/citizen", "added kB", "latency us", "GB/s"],
        [
            [
                f"{one}",
                f"{sends[one]['arrays']:.0f}",
                f"{sends[one]['gathered'] / COUNTED:.1f}",
                f"{sends[one]['added'] / 1e3:,.1f}",
                f"{1e6 * links[one]['latency']:,.0f}",
                f"{links[one]['bandwidth'] / 1e9:.2f}",
            ]
            for one in several
        ],
    )
    if max(numbers) > cores:
        print(f"\nMore than {cores} processes share cores: their times say nothing of scaling.")
    scaling("Strong scaling", dict.fromkeys(numbers, asked.citizens), links, sends)
    scaling("Weak scaling", {one: asked.citizens * one for one in numbers}, links, sends)


if __name__ == "__main__":
    main()
