"""The command `datapolis` as it is, but for sizes: small batches, and a search of seconds.

`python -m verification.faults.launch run study.toml out` is `datapolis run study.toml out` with
batches of two members, so that a short run has many of them. With FAULT_SHORT in the environment a
month has two mechanisms and three indices, and reports have no charts: the same folders, marks,
tables and errors in a quarter of the time.
"""

from __future__ import annotations

import os
import sys
from functools import partial

AT_ONCE = 600  # citizens in a batch: two members of the studies that are disturbed
SHORT = "FAULT_SHORT"


def main() -> None:
    """Set the sizes that the command needs, then be the command."""
    command = sys.argv[1]
    if command in ("run", "search"):
        from datapolis.studies import ensemble

        ensemble.AT_ONCE = AT_ONCE
    if command == "search":
        from datapolis.studies import search

        search.BUDGETS["small"] = search.Budget(120, 24, 4, 2, 3, 1, 8, 40, 8, 10)
    if os.environ.get(SHORT):
        _shorten(command)
    from datapolis.cli import main as datapolis

    datapolis()


def _shorten(command: str) -> None:
    """A short month, and reports without charts."""
    from datapolis.report import answered, measured, page, render

    render.bundle = lambda: ""
    for module in (answered, measured, page):
        module.picture = lambda chart, *_: ("a chart", "left out", "")
    page.FIGURES = ()
    if command == "measure":
        return
    from datapolis.model.mechanisms import rumours, technology

    parts = [technology, rumours]
    if command == "run":
        from datapolis.studies import pipeline

        record = ["rumour_spreading", "technology", "skill"]
        pipeline.run = partial(pipeline.run, mechanisms=parts, record=record)
    else:
        from datapolis.report.answers import search as words
        from datapolis.studies import search

        words.losers = lambda _: answered.Section(title="Who loses", text="left out")
        search.TRIGGERS = {"rumour_spreading": "above", "trust": "below"}
        search.DECILES = ("rights_by_decile", "trust_by_decile")
        search.ask = partial(search.ask, mechanisms=parts)


if __name__ == "__main__":
    main()
