"""Mutants of a module: its text with one change each, none of which a test should let pass.

    a + b           a - b, a, b            a - b            a + b, a
    a * b, a / b    swapped                a ** b           a * b
    a & b, a | b    swapped, a, b          a < b            a > b, a <= b;  == and != swapped
    -a, ~a, not a   a                      1.7, 3           times 1.5, less 1;  0 and 1 swapped
    min, max, sum, mean, any, all and their like            swapped
    clip01(a), jnp.clip(a, ...), jnp.sqrt(a)                a
    jnp.where(a, b, c)                     jnp.where(a, c, b)
    replace(a, b=c, ...)                   without b=c
    a.at[b].add(c)                         set, and the other way round

Left alone: docstrings, types, decorators, what is raised; which draw of chance is which; axes and
shapes.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

BINARY = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
SUMS = (ast.Add, ast.BitAnd, ast.BitOr)
COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.Gt, ast.LtE),
    ast.LtE: (ast.GtE, ast.Lt),
    ast.Gt: (ast.Lt, ast.GtE),
    ast.GtE: (ast.LtE, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
SWAPPED = {"minimum": "maximum", "min": "max", "argmin": "argmax", "slot_min": "slot_max"}
SWAPPED |= {"sum": "mean", "any": "all", "add": "set"}
SWAPPED |= {after: before for before, after in SWAPPED.items()}
REMOVED = ("clip01", "clip", "sqrt")
DRAWS = {"chance", "noise", "noise_pair", "normal", "one_of_kin"}  # their last argument: which draw
FACTOR = 1.5


@dataclass(frozen=True)
class Mutant:
    """One change: where, what, and the whole text with it."""

    identity: str  # does not depend on line numbers
    line: int
    within: str  # the line of the text
    before: str
    after: str
    text: str


def mutants(text: str) -> list[Mutant]:
    """All mutants of a module's text, in its order."""
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    seen: Counter[tuple[str, str, str]] = Counter()
    spans, found = set(), []
    for node, after in _changes(ast.parse(text)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        if (start, end, after) in spans:
            continue
        spans.add((start, end, after))
        whole = text.encode()
        before = " ".join(whole[start:end].decode().split())
        within = lines[node.lineno - 1].decode().strip()
        what = (within, before, after)
        seen[what] += 1
        identity = hashlib.sha256(repr((*what, seen[what])).encode()).hexdigest()[:10]
        rest = whole[end:]
        if not after:  # a keyword goes, and its comma with it
            rest = rest.lstrip().removeprefix(b",")
        changed = whole[:start] + after.encode() + rest
        found.append(Mutant(identity, node.lineno, within, before, after, changed.decode()))
    return found


def _changes(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.keyword, str]]:
    """Every expression that is changed, and the text in its place."""
    for node in _expressions(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "replace":
            yield from ((one, "") for one in node.keywords)
        for other in _others(node):
            plain = isinstance(other, (ast.Call, ast.Constant, ast.Name, ast.Attribute))
            yield node, ast.unparse(other) if plain else f"({ast.unparse(other)})"


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that may be changed, from the outside in."""
    if isinstance(node, ast.expr):
        yield node
    for child in _children(node):
        yield from _expressions(child)


def _children(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return list(node.body)
        case ast.Raise() | ast.Assert() | ast.Import() | ast.ImportFrom() | ast.JoinedStr():
            return []
        case ast.Expr(value=ast.Constant()):
            return []
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return []
        case ast.AnnAssign(value=value):
            return [] if value is None else [value]
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return []
        case ast.Assign(value=value) | ast.AugAssign(value=value):
            return [value]
        case ast.Call(func=func, args=arguments, keywords=keywords):
            if _name(func) in DRAWS:
                arguments = arguments[:-1]
            named = [one.value for one in keywords if one.arg not in ("axis", "keepdims", "strict")]
            return [func, *arguments, *named]
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return []
    return list(ast.iter_child_nodes(node))


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _others(node: ast.expr) -> Iterator[ast.expr]:
    """What may stand in the place of an expression."""
    match node:
        case ast.BinOp(left, operator, right):
            if type(operator) in BINARY:
                yield ast.BinOp(left, BINARY[type(operator)](), right)
            if isinstance(operator, (*SUMS, ast.Sub)):
                yield left
            if isinstance(operator, SUMS):
                yield right
        case ast.UnaryOp(ast.USub() | ast.Invert() | ast.Not(), operand):
            yield operand
        case ast.Compare(left, [operator], compared):
            for other in COMPARED.get(type(operator), ()):
                yield ast.Compare(left, [other()], compared)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=(int() | float()) as value):
            one = type(value)(1)
            moved = value * FACTOR if isinstance(value, float) else value - 1
            yield ast.Constant(one - value if value in (0, 1) else moved)
        case ast.Call():
            yield from _other_calls(node)


def _other_calls(call: ast.Call) -> Iterator[ast.expr]:
    name, arguments = _name(call.func), call.args
    if name in SWAPPED:
        other = copy.deepcopy(call)
        if isinstance(other.func, ast.Name):
            other.func.id = SWAPPED[name]
        elif isinstance(other.func, ast.Attribute):
            other.func.attr = SWAPPED[name]
        known = not isinstance(call.func, ast.Name) or name.startswith("slot_")
        if known:  # a function of this name is surely at hand
            yield other
    if name in REMOVED:
        yield arguments[0]
    if name == "where":
        yield ast.Call(call.func, [arguments[0], arguments[2], arguments[1]], call.keywords)
