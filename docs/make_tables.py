"""Write the generated tables of the documents anew, from the declarations in the code.

    python docs/make_tables.py            writes them
    python docs/make_tables.py --check    writes nothing; exits 1 if one is out of date

A generated part of a document stands between two marks, and nothing else is touched:

    <!-- begin: levers (made by docs/make_tables.py) -->
    <!-- end: levers -->
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_CLAIMS, LEVER_COST, LEVER_DECLARED, LEVERS
from datapolis.model.indices import GROUPS, INDICES, STANDARD
from datapolis.model.month import MONTH
from datapolis.model.society import Flows

DOCUMENTS = Path(__file__).parent
MARKS = re.compile(
    r"(?P<begin><!-- begin: (?P<name>[a-z-]+)[^>]*-->\n).*?(?P<end><!-- end: (?P=name) -->)",
    re.DOTALL,
)
SHOCKS = "shocks"  # what makes a flow before any mechanism does


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(heads), line(["---"] * len(heads)), *map(line, rows)]) + "\n"


def code(name: str) -> str:
    """A name as code."""
    return f"`{name}`"


def month_table() -> str:
    """The mechanisms in order, each with the first sentence of its file and what it writes."""
    rows = []
    for place, mechanism in enumerate(MONTH, 1):
        about = (inspect.getdoc(inspect.getmodule(mechanism)) or "").partition("\n\n")[0]
        name, _, does = " ".join(about.split()).partition(": ")
        does = does or name
        stocks = [path for path in mechanism.writes if not path.startswith("flows.")]
        rows.append(
            (
                place,
                code(mechanism.__name__),
                does[0].upper() + does[1:],
                ", ".join(map(code, stocks)) or "only flows",
            )
        )
    return table(("step", "mechanism", "in a sentence", "stocks it writes"), rows)


def parameter_table() -> str:
    """Every parameter of the month."""
    rows = [
        (
            code(item.path),
            f"{item.default:g}",
            f"{item.low:g} to {item.high:g}" if item.low < item.high else "fixed",
            item.unit,
            item.source,
            item.about,
        )
        for item in DECLARED.values()
    ]
    return table(("parameter", "default", "range", "unit", "source", "meaning"), rows)


def lever_table() -> str:
    """Every lever of government."""
    rows = [
        (
            code(name),
            LEVER_DECLARED[name].source,
            LEVER_CLAIMS[name].replace(" ", ", "),
            f"{cost:g}",
            LEVER_DECLARED[name].about,
        )
        for name, cost in zip(LEVERS, LEVER_COST, strict=True)
    ]
    return table(("lever", "mechanisms", "claims", "cost", "what it does"), rows)


def index_table() -> str:
    """Every index that can be recorded."""
    rows = [
        (
            code(one.name),
            one.unit,
            ", ".join(one.dims) or "-",
            one.group + ("" if one.name in STANDARD else " (on request)"),
            one.about,
        )
        for one in INDICES.values()
    ]
    return table(("index", "unit", "dims", "group", "what it is"), rows)


def flow_table() -> str:
    """Every flow of the month, who makes it, and who reads it."""
    texts = {step.__name__: inspect.getsource(inspect.getmodule(step)) for step in MONTH}  # type: ignore[arg-type]
    observed = "".join(inspect.getsource(group) for group in GROUPS)
    rows = []
    for item in fields(Flows):
        maker = vars(item.default_factory())["maker"]  # type: ignore[misc]
        read = re.compile(rf"\bflows\.{item.name}\b(?!\")")
        readers = [name for name, text in texts.items() if name != maker and read.search(text)]
        seen = "yes" if read.search(observed) else "-"
        made_by = maker if maker == SHOCKS else code(maker)
        rows.append((code(f"flows.{item.name}"), made_by, ", ".join(readers) or "-", seen))
    return table(("flow", "made by", "read by", "by an index"), rows)


def claim_levers() -> str:
    """The levers declared for each claim, a claim a row."""
    levers: dict[str, list[str]] = {}
    for name in LEVERS:
        for claim in LEVER_CLAIMS[name].split():
            levers.setdefault(claim, []).append(name)

    def order(claim: str) -> tuple[int, int]:
        return "IMERVP".index(claim[0]), int(claim[1:])

    rows = [(claim, ", ".join(map(code, levers[claim]))) for claim in sorted(levers, key=order)]
    return table(("claim", "levers declared for it"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "month": month_table,
    "flows": flow_table,
    "parameters": parameter_table,
    "levers": lever_table,
    "indices": index_table,
    "claim-levers": claim_levers,
}


def filled(text: str) -> str:
    """A document with its generated parts as the code now says; KeyError at an unknown mark."""
    return MARKS.sub(lambda found: f"{found['begin']}{TABLES[found['name']]()}{found['end']}", text)


def brought_up_to_date(texts: Mapping[Path, str], about: str, script: str) -> int:
    """Write the documents that should read otherwise, or with --check only name them.

    The status to exit with: 1 if something is out of date and stays so.
    """
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of date")
    check = parser.parse_args().check
    old = [
        path
        for path, text in texts.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if old and not check:
        for path in old:
            path.write_text(texts[path], encoding="utf-8")
    if old:
        names = ", ".join(path.name for path in old)
        print(f"{'out of date' if check else 'written'}: {names}")
    if old and check:
        print(f"run: python docs/{script}")
    return 1 if old and check else 0


def main() -> int:
    """Write the tables, or only check them."""
    texts = {
        path: filled(path.read_text(encoding="utf-8")) for path in sorted(DOCUMENTS.glob("*.md"))
    }
    return brought_up_to_date(texts, __doc__ or "", "make_tables.py")


if __name__ == "__main__":
    sys.exit(main())
