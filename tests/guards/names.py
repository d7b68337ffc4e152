"""What is public: names with their signatures, and the commands with their options."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo

import datapolis
from datapolis.cli import app
from datapolis.cli.measure import measure_app

PLAIN = (str, int, float, bool, type(None))


def names() -> list[str]:
    """A line for each public name and for each option of a command."""
    return [*_python(), *_commands()]


def _python() -> Iterator[str]:
    yield f"datapolis: {' '.join(datapolis.__all__)}"
    for name in datapolis.__all__:
        value = getattr(datapolis, name)
        if name == "__version__":
            continue
        if not inspect.ismodule(value):
            yield from _described(f"datapolis.{name}", value)
            continue
        inside = list(getattr(value, "__all__", ()))
        yield f"datapolis.{name}: {' '.join(inside)}"
        for one in inside:
            yield from _described(f"datapolis.{name}.{one}", getattr(value, one))


def _described(path: str, value: Any) -> Iterator[str]:
    if inspect.ismodule(value):
        yield f"{path}: a module"
    elif inspect.isclass(value):
        yield f"{path}{_signature(value)}"
        if is_dataclass(value):
            yield f"{path}: fields {' '.join(one.name for one in fields(value))}"
        for name, member in sorted(vars(value).items()):
            member = getattr(member, "__func__", member)
            if name.startswith("_"):
                continue
            if isinstance(member, property):
                yield f"{path}.{name}: a property"
            elif inspect.isfunction(member):
                yield f"{path}.{name}{_signature(member)}"
    elif callable(value):
        yield f"{path}{_signature(value)}"
    elif isinstance(value, dict):
        yield f"{path}: {' '.join(map(str, value))}"
    else:
        items = value if isinstance(value, tuple | list) else [value]
        yield f"{path}: {' '.join(getattr(one, '__name__', str(one)) for one in items)}"


def _signature(value: Any) -> str:
    """Names, types and defaults of what it takes; types without the modules they lie in."""
    if inspect.isclass(value) and issubclass(value, Exception) and "__init__" not in vars(value):
        return "(...)"
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return "(...)"
    told, before = [], None
    for one in signature.parameters.values():
        if one.kind is one.KEYWORD_ONLY and before not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
            told.append("*")
        if before is one.POSITIONAL_ONLY and one.kind is not one.POSITIONAL_ONLY:
            told.append("/")
        told.append(_parameter(one))
        before = one.kind
    given = signature.return_annotation
    returned = "" if given is signature.empty else f" -> {_type(given)}"
    return f"({', '.join(told)}){returned}"


def _parameter(one: inspect.Parameter) -> str:
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    kind = "" if one.annotation is one.empty else f": {_type(one.annotation)}"
    return f"{stars}{one.name}{kind}{_default(one)}"


def _default(one: inspect.Parameter) -> str:
    if one.default is one.empty:
        return ""
    if isinstance(one.default, Path):
        return f" = {one.default.as_posix()!r}"
    return f" = {one.default!r}" if _is_plain(one.default) else " = <one that is made>"


def _type(kind: Any) -> str:
    text = kind if isinstance(kind, str) else inspect.formatannotation(kind)
    try:
        return ast.unparse(_Bare().visit(ast.parse(text, mode="eval")))
    except SyntaxError:
        return text


class _Bare(ast.NodeTransformer):
    """A type without the modules that its parts lie in, and without words on it."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Name(node.attr)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        is_told = isinstance(node.value, ast.Name) and node.value.id == "Annotated"
        return node.slice.elts[0] if is_told and isinstance(node.slice, ast.Tuple) else node


def _is_plain(default: Any) -> bool:
    if isinstance(default, tuple | list):
        return all(map(_is_plain, default))
    return isinstance(default, PLAIN)


def _commands() -> Iterator[str]:
    yield from _inside("datapolis", app)
    yield from _inside("datapolis measure", measure_app(lambda command: command, lambda: None))


def _inside(path: str, of: typer.Typer) -> Iterator[str]:
    """The commands as they are declared: how Typer makes them is its own affair."""
    if of.registered_callback is not None and of.registered_callback.callback is not None:
        yield from _options(path, of.registered_callback.callback)
    for one in of.registered_commands:
        assert one.callback is not None
        name = one.name or one.callback.__name__.replace("_", "-")
        yield f"$ {path} {name}"
        yield from _options(f"{path} {name}", one.callback)
    for group in of.registered_groups:
        yield from _inside(f"{path} {group.name}", group.typer_instance)


def _options(path: str, command: Any) -> Iterator[str]:
    hints = get_type_hints(command, include_extras=True)
    for name, one in inspect.signature(command).parameters.items():
        if get_origin(hints[name]) is not Annotated:  # the context of Typer
            continue
        kind, about = get_args(hints[name])[:2]
        declared = (about.default, *(about.param_decls or ()))  # Typer keeps the first as default
        flags = " ".join(flag for flag in declared if str(flag).startswith("-"))
        is_argument = isinstance(about, ArgumentInfo)
        plain = name.upper() if is_argument else f"--{name.replace('_', '-')}"
        yield f"$ {path} {flags or plain}: {_type(kind)}{_default(one) or ', needed'}"
