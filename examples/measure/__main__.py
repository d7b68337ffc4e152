"""One audit of each kind on the real tables: the published figure, ours, what it cannot say.

python -m examples.measure [OUT] [KIND ...]     draws them all into OUT/report.html
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from datapolis import audits
from datapolis.report import write_measured
from examples.measure.real import Missing, Published

console = Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False)


def main() -> int:
    """Run the demonstrations; 1 if a published figure is not reproduced."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/measure")
    kinds = sys.argv[2:] or list(audits.AUDITS)
    found, failed = [], 0
    for kind in kinds:
        demonstration = import_module(f"examples.measure.{kind}")
        console.print(f"\n{kind}: {demonstration.TITLE}", style="bold")
        began = time.monotonic()
        try:
            audit, published = demonstration.demo()
        except Missing as missing:
            console.print(f"skipped: {missing}")
            continue
        found.append(audit)
        console.print(beside(published))
        failed += sum(one.verdict == "DIFFERS" for one in published)
        limits = list(dict.fromkeys(one.cannot_say for one in audit.findings if one.cannot_say))
        console.print("It cannot say:")
        for sentence in limits[:4]:
            console.print(f"- {sentence}")
        if len(limits) > 4:
            console.print(f"- and {len(limits) - 4} more, in the report")
        console.print(f"{len(audit.findings)} findings in {time.monotonic() - began:.1f} s")
    out.mkdir(parents=True, exist_ok=True)
    path = write_measured(found, out / "report.html", "Data power, measured")
    console.print(f"\nThe report lies in {path}")
    if failed:
        console.print(f"{failed} published figures are not reproduced", style="bold")
    return int(failed > 0)


def beside(published: list[Published]) -> Table:
    """Published figures and ours."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("figure", overflow="fold")
    for name in ("published", "ours", "difference", "tolerance"):
        table.add_column(name, justify="right")
    table.add_column("", justify="left", overflow="fold")
    table.add_column("source", overflow="fold")
    for one in published:
        table.add_row(
            one.what,
            f"{one.published:,.7g}",
            f"{one.ours:,.7g}",
            f"{one.ours - one.published:+.2g}",
            f"{one.tolerance:.2g}",
            one.verdict,
            one.source,
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
