"""No module imports itself by way of others, not even inside a function.

Imports for type checkers alone do not count: they are never run. A package's `__init__` that loads
its modules when they are asked for is no circle either.
"""

import ast
from pathlib import Path

import networkx

ROOT = Path(__file__).parents[1] / "src"
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in ROOT.rglob("*.py")
    if path.stem != "__init__"
}


def imported(node):
    """The names of modules that are imported below a node of the syntax tree when it is run."""
    for one in ast.iter_child_nodes(node):
        if isinstance(one, ast.If) and ast.unparse(one.test) == "TYPE_CHECKING":
            continue
        if isinstance(one, ast.Import):
            yield from (alias.name for alias in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module:
            yield one.module
            yield from (f"{one.module}.{alias.name}" for alias in one.names)
        else:
            yield from imported(one)


def test_modules_do_not_import_in_circles():
    graph = networkx.DiGraph(
        (name, other)
        for name, path in FILES.items()
        for other in imported(ast.parse(path.read_text(encoding="utf-8")))
        if other in FILES
    )
    assert graph.number_of_edges() > 500
    circles = networkx.strongly_connected_components(graph)
    assert [sorted(one) for one in circles if len(one) > 1] == []
