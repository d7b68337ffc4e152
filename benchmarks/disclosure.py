"""Time k, l, t and beta of a table about people: here, in plain pandas, and with pycanon.

    DATA=folder python benchmarks/disclosure.py [--pycanon PYTHON]      prints, judges nothing

Medians of five rounds in which the programs take turns. The table is the Adult file; it is in
memory as a data frame when the time starts, and once more it is read from the file. Plain pandas
takes one group-by for each measure. pycanon lives in an environment of its own, for it needs an
older NumPy: PYTHON is its interpreter. The larger tables have as many rows with each column dealt
out by itself, so that the number of classes grows with them.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas

from datapolis.audits.disclosure import match, measures, read_cells
from datapolis.tables import open_table
from examples.measure import real

ROUNDS = 5
QUASI = ["age", "education", "occupation", "relationship", "sex", "native-country"]
SENSITIVE = "salary-class"
SIZES = (32_561, 100_000, 300_000, 1_000_000)

PYCANON = """
import json, sys, time
import pandas
from pycanon import anonymity
quasi, sensitive = json.loads(sys.argv[2]), [sys.argv[3]]
frame = pandas.read_csv(sys.argv[1])
for line in sys.stdin:
    started = time.perf_counter()
    if line.strip() == "file":
        frame = pandas.read_csv(sys.argv[1])
    found = [
        anonymity.k_anonymity(frame, quasi),
        anonymity.l_diversity(frame, quasi, sensitive),
        anonymity.t_closeness(frame, quasi, sensitive),
        anonymity.basic_beta_likeness(frame, quasi, sensitive),
    ]
    print(json.dumps([time.perf_counter() - started, [float(one) for one in found]]), flush=True)
"""


def ours(source: Any) -> list[float]:
    """k, l, t and beta of an opened table, or of a file."""
    cells = read_cells(open_table(source), QUASI, SENSITIVE)
    found = measures(match(cells, range(len(QUASI))))
    return [found[name] for name in ("k", "l", "t", "beta")]


def plain_pandas(source: Any) -> list[float]:
    """The same with one group-by for each measure."""
    frame = pandas.read_csv(source) if isinstance(source, Path) else source
    p = frame[SENSITIVE].value_counts(normalize=True)

    def shares() -> Any:
        counted = frame.groupby(QUASI)[SENSITIVE].value_counts(normalize=True)
        return counted.unstack(fill_value=0)

    return [
        float(frame.groupby(QUASI).size().min()),
        float(frame.groupby(QUASI)[SENSITIVE].nunique().min()),
        float((shares() - p).abs().sum(axis=1).max() / 2),
        float(((shares() - p) / p).max().max()),
    ]


def four_group_bys(frame: Any) -> list[float]:
    """The least that four group-bys cost: the size of the classes, four times."""
    return [float(frame.groupby(QUASI).size().min()) for _ in range(4)]


def timed(call: Callable[[Any], list[float]], source: Any) -> tuple[float, list[float]]:
    """Seconds, and what was found."""
    started = time.perf_counter()
    found = call(source)
    return time.perf_counter() - started, found


def rounds(programs: dict[str, Callable[[], tuple[float, list[float]]]]) -> dict[str, float]:
    """The median seconds of each program, which take turns; all must find the same."""
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            took, found[name] = program()
            seconds[name].append(took)
    first = found["here"]
    for name, values in found.items():
        if name != "four group-bys":
            np.testing.assert_allclose(values, first, rtol=1e-9, err_msg=name)
    return {name: sorted(took)[ROUNDS // 2] for name, took in seconds.items()}


def told(title: str, medians: dict[str, float]) -> None:
    """Print the medians, and how many times as long as here each took."""
    print(f"\n{title}\n{'':>16} {'ms':>10} {'times as long':>14}")
    for name, seconds in medians.items():
        print(f"{name:>16} {1e3 * seconds:>10,.1f} {seconds / medians['here']:>14,.1f}")


def dealt(frame: Any, rows: int, seed: int = 1) -> Any:
    """So many rows, each column drawn by itself from that of the frame."""
    random = np.random.default_rng(seed)
    columns = {
        name: frame[name].to_numpy()[random.integers(len(frame), size=rows)]
        for name in [*QUASI, SENSITIVE]
    }
    return pandas.DataFrame(columns)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pycanon", help="the Python of an environment with pycanon")
    peer = parser.parse_args().pycanon
    try:
        path = Path(real.table("adult_raw_quasi_identifiers.csv"))
    except real.Missing as missing:
        print(f"skipped: {missing}")
        return
    frame = pandas.read_csv(path)
    print(f"{platform.machine()}, Python {platform.python_version()}, {len(frame):,} people")
    worker = None
    if peer:
        command = [peer, "-c", PYCANON, str(path), json.dumps(QUASI), SENSITIVE]
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def pycanon(what: str) -> tuple[float, list[float]]:
        assert worker and worker.stdin and worker.stdout
        worker.stdin.write(f"{what}\n")
        took, found = json.loads(worker.stdout.readline())
        return float(took), found

    opened = open_table(frame)
    ours(opened), plain_pandas(frame)  # what is loaded once is not timed
    programs: dict[str, Callable[[], tuple[float, list[float]]]] = {
        "here": lambda: timed(ours, opened),
        "pandas": lambda: timed(plain_pandas, frame),
        "four group-bys": lambda: timed(four_group_bys, frame),
    }
    if worker:
        programs["pycanon"] = lambda: pycanon("memory")
    told("From a table in memory", rounds(programs))
    programs = {"here": lambda: timed(ours, path), "pandas": lambda: timed(plain_pandas, path)}
    if worker:
        programs["pycanon"] = lambda: pycanon("file")
    told("From the file: read, checked, repeats counted", rounds(programs))
    if worker and worker.stdin:
        worker.stdin.close()
        worker.wait()
    print(f"\nLarger tables\n{'rows':>12} {'classes':>10} {'ms':>10} {'us/row':>8} {'pandas':>10}")
    for rows in SIZES:
        larger = dealt(frame, rows)
        table = open_table(larger)
        programs = {
            "here": lambda table=table: timed(ours, table),
            "four group-bys": lambda larger=larger: timed(four_group_bys, larger),
        }
        medians = rounds(programs)
        classes = larger.groupby(QUASI).ngroups
        here = medians["here"]
        ratio = medians["four group-bys"] / here
        print(
            f"{rows:>12,} {classes:>10,} {1e3 * here:>10,.1f} {1e6 * here / rows:>8.2f} "
            f"{ratio:>10.1f}"
        )
    print("pandas: how many times as long four group-bys take there")


if __name__ == "__main__":
    main()
