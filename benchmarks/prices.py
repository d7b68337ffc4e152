"""Time the audit of prices on a large table, and the memory it takes.

    python benchmarks/prices.py [ROWS] [--large] [--memory 2GiB]     default 10 million rows

A Parquet file is made in a temporary folder: eight offers for each address, of two products, in
twenty cities, so that there are a quarter as many cells as rows. `--large` makes 100 million rows:
25 million cells of 12.5 million units. The audit runs in a process of its own, so that its peak
memory is its own; DuckDB may take `--memory` of it and keeps the rest in the temporary folder. The
count of exact duplicate rows, which opening a table does, is left out.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TABLE = """
copy (
    select
        'city ' || lpad((hash(u) % 20)::varchar, 2, '0') as city,
        case when i % 2 = 0 then 'slow' else 'fast' end as product,
        'address ' || lpad(u::varchar, 9, '0') as address,
        case when hash(u + 1) % 2 = 0 then 'low' else 'high' end as income,
        (hash(u + 2) % 1000)::double as density,
        50 + (hash(u + 3) % 100) / 10.0 + (hash(i) % 100) / 10.0
            + case when hash(u + 1) % 2 = 0 then 0.5 else 0 end as price
    from (select range as i, range // 8 as u from range({rows}))
) to '{path}' (format parquet)
"""


def measured(path: Path, memory: str, spill: Path) -> dict[str, float]:
    """Seconds, cells and peak memory of one audit."""
    import ibis

    from datapolis.audits import cells
    from datapolis.audits.prices import prices
    from datapolis.tables.opened import Table

    connection = ibis.duckdb.connect(
        threads=2, memory_limit=memory, temp_directory=str(spill), preserve_insertion_order=False
    )
    offers = connection.read_parquet(path)
    many = int(offers.count().to_pyarrow().as_py())
    seen: list[int] = []
    reduce_rows = cells.reduce_rows

    def counted(*arguments: object) -> cells.Reduced:
        reduced = reduce_rows(*arguments)  # type: ignore[arg-type]
        seen.append(reduced.cells.rows.size)
        return reduced

    cells.reduce_rows = counted  # type: ignore[assignment]
    started = time.perf_counter()
    found = prices(
        Table("offers", offers, n_rows=many),
        outcome="price",
        by="income=low:high",
        within=["city"],
        same=["product"],
        cost=["density"],
        unit="address",
        public=True,
    )
    one = found["difference", ""]
    return {
        "rows": many,
        "cells": seen[0],
        "units": one.n_units,
        "difference": one.estimate,
        "p": one.p_value,
        "seconds": time.perf_counter() - started,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Make the table, audit it in another process, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--large", action="store_true", help="100 million rows")
    parser.add_argument("--memory", default="2GiB", help="what DuckDB may take")
    parser.add_argument("--audit", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.audit:
        path = Path(given.audit)
        print(json.dumps(measured(path, given.memory, path.parent / "spill")))
        return
    import duckdb

    rows = 100_000_000 if given.large else given.rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "offers.parquet"
        duckdb.connect(config={"preserve_insertion_order": False}).execute(
            TABLE.format(rows=rows, path=path)
        )
        command = [sys.executable, __file__, "--audit", str(path), "--memory", given.memory]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(f"{platform.processor() or platform.machine()}, DuckDB on 2 threads, {given.memory}")
    for name, value in found.items():
        print(f"{name:>12}  {value:,.4g}" if value < 10_000 else f"{name:>12}  {value:,.0f}")


if __name__ == "__main__":
    main()
