"""Time the fit of a tail here and with the package powerlaw, on the sizes of cities.

    DATA=folder python benchmarks/tails.py       prints, judges nothing

Medians of five rounds in which the programs take turns. The whole fit chooses x_min among all
values. A sample drawn again is timed as one of a hundred here; of powerlaw a subset of candidates
is timed, those from 45 to 70, and multiplied by the number of candidates, which flatters it: they
have short tails.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas

from datapolis.statistics.inference import power_law
from examples.measure import real

ROUNDS = 5
SUBSET = (45.0, 70.0)
DRAWS = 100


def cities() -> Any:
    """Inhabitants of cities, in thousands."""
    found = real.table("heavytail_cities.csv")
    frame = found if isinstance(found, pandas.DataFrame) else pandas.read_csv(found)
    return frame["value"].to_numpy() / 1000


def theirs(values: Any, **options: Any) -> tuple[float, float]:
    """alpha and x_min as powerlaw finds them."""
    import powerlaw

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = powerlaw.Fit(values, verbose=False, **options)
        return found.alpha, found.xmin


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long it takes, and what it gives."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def main() -> None:
    """Print both times and their ratio."""
    values = cities()
    sample = np.random.default_rng(0).choice(values, values.size)
    part = np.unique(sample[(sample >= SUBSET[0]) & (sample < SUBSET[1])]).size
    scale = np.unique(sample).size / part
    whole: list[tuple[float, float]] = []
    again: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        ours, one = seconds(lambda: power_law.fit(values))
        long, other = seconds(lambda: theirs(values))
        assert one.x_min == other[1] and np.isclose(one.alpha, other[0], rtol=1e-10)
        whole.append((ours, long))
        ours, _ = seconds(lambda: power_law.bootstrap(values, draws=DRAWS, seed=1))
        long, _ = seconds(lambda: theirs(sample, xmin=SUBSET))
        again.append((ours / DRAWS, long * scale))
    for name, rows in (("whole fit", whole), ("sample drawn again", again)):
        short, long = np.median(np.asarray(rows), axis=0)
        print(f"{name}: {1000 * short:.1f} ms, powerlaw {long:.2f} s: {long / short:,.0f} times")


if __name__ == "__main__":
    main()
