"""Time one month of the whole model at several sizes.

    python benchmarks/month.py [--large]      prints tables, judges nothing

Each size runs in a process of its own, so that its peak memory is its own; bytes a citizen are what
a size needs beyond the smallest, interpreter and compiler being the same. `--large` adds ten
million citizens.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time

MONTHS = 12


def peak() -> int:
    """Peak memory of this process, bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def datapolis_month(citizens: int, firms: int, segments: int) -> dict[str, float]:
    """Seconds to compile and per month, and peak memory, of the full month."""
    import jax

    import datapolis as dp
    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Policy
    from datapolis.model.simulation import Run

    def begun(size: int) -> Run:
        world = dp.World.generate(size, seed=1, firms=firms)
        policy = Policy()
        return Run.begin(world, months=240, seeds=1, parameters=Parameters(), policies=policy)

    run = begun(citizens)
    started = time.perf_counter()
    run.advance()
    first = time.perf_counter() - started
    times = []
    for _ in range(segments):
        started = time.perf_counter()
        run.advance()
        jax.block_until_ready(run.carry)
        times.append(time.perf_counter() - started)
    month = sorted(times)[len(times) // 2] / MONTHS
    return {
        "citizens": citizens,
        "firms": firms,
        "compile": first - min(times),
        "month": month,
        "fastest": min(times) / MONTHS,
        "slowest": max(times) / MONTHS,
        "peak": peak(),
    }


def apart(call: str) -> dict[str, float]:
    """The result of a call in a process of its own."""
    code = "import json, sys; sys.path.insert(0, 'benchmarks'); import month; "
    code += f"print(json.dumps(month.{call}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Print the tables."""
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    head = f"{'citizens':>12} {'firms':>7} {'compile s':>10} {'ms/month':>10} {'range':>19}"
    print(
        f"\nThe full month\n{head} {'M citizen-months/s':>19} {'bytes/citizen':>14} {'peak GiB':>9}"
    )
    sizes = [(10_000, 200), (100_000, 200), (1_000_000, 200)]
    sizes += [(10_000_000, 200)] if "--large" in sys.argv else []
    sizes += [(100_000, 1_000), (100_000, 10_000)]
    rows = []
    for citizens, firms in sizes:
        segments = 2 if citizens > 1_000_000 else 7
        row = apart(f"datapolis_month({citizens}, {firms}, {segments})")
        rows.append(row)
        grown = (row["peak"] - rows[0]["peak"]) / max(1, citizens - rows[0]["citizens"])
        size = f"{grown:,.0f}" if citizens >= 1_000_000 else "-"
        spread = f"{1e3 * row['fastest']:,.1f}-{1e3 * row['slowest']:,.1f}"
        speed = citizens / row["month"] / 1e6
        print(
            f"{citizens:>12,} {firms:>7,} {row['compile']:>10.1f} {1e3 * row['month']:>10,.1f} "
            f"{spread:>19} {speed:>19.2f} {size:>14} {row['peak'] / 2**30:>9.2f}"
        )


if __name__ == "__main__":
    main()
