"""Does a measured market rest, at every draw of the shipped posterior? A minute on two cores.

    python benchmarks/rest.py [STUDY] [DATA]

Largest difference from what was measured over 24 months of attention alone, over all draws.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import datapolis as dp
from datapolis.studies import market_inversion
from datapolis.studies.inputs import build_world, read_inputs
from datapolis.studies.posterior import baseline
from datapolis.studies.study import read_study

EXAMPLE = "examples/web-tracking/study.toml"


def main(study: str = EXAMPLE, data: str = "examples/web-tracking") -> None:
    read = read_study(Path(study))
    world, kept = build_world(read, read_inputs(read, data)), baseline()
    found = []
    for row in kept.values:
        draw = dict(zip(kept.paths, row.tolist(), strict=True))
        found.append(market_inversion.rest(world, dp.Parameters().set(draw)))
    for name in ("distance", "top", "drift"):
        values = np.array([getattr(one, name) for one in found])
        print(f"{name:10} largest {values.max():.5f}, median {np.median(values):.5f}")
    print(f"{sum(one.holds for one in found)} of {len(found)} draws rest")


if __name__ == "__main__":
    main(*sys.argv[1:])
