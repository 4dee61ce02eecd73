"""A method's own file, to be read: which lines are its loss, and where the functions stand that it calls.

The loss is what ``step`` gives to ``StepResult``: its assignments, and those of the values that they are made of. Nothing is
listed by hand, so a person's own file is read like one of ours.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ssllab
from ssllab.methods.base import Method

_OURS = Path(ssllab.__file__).resolve().parent


@dataclass(frozen=True)
class Link:
    """Characters ``start`` to ``end`` of ``line`` (from 1) name the function or class ``to``."""

    line: int
    start: int
    end: int
    to: Any


@dataclass(frozen=True)
class Listing:
    """A file as it is on disk. ``marked``: lines, from 1; ``links``: names that can be followed; ``elsewhere``: the ``step``
    of a method whose own file has none."""

    path: Path
    text: str
    marked: tuple[int, ...] = ()
    links: tuple[Link, ...] = ()
    elsewhere: Any = None

    @property
    def name(self) -> str:
        """The path below ssllab's folder for a file of ours."""
        return str(self.path.relative_to(_OURS.parent) if self.path.is_relative_to(_OURS) else self.path)


def of_method(method: type[Method]) -> Listing:
    """The file of ``method``, with the lines of its loss. Raises OSError where it cannot be read."""
    path, text, tree = _read(method)
    owner = next(cls for cls in method.__mro__ if "step" in vars(cls))
    here = _file(owner) == path
    step = _definition(tree, owner.__name__, "step") if here else None
    marked = _lines(loss_of(step)) if step is not None else ()
    elsewhere = None if here else vars(owner)["step"]
    return Listing(path, text, marked, tuple(_links(text, tree, method)), elsewhere)


def of_function(function: Any) -> Listing:
    """The file of a function or class, with its own lines marked. Raises OSError where it cannot be read."""
    path, text, tree = _read(function)
    node = _definition(tree, *function.__qualname__.split("."))
    name, *inside = function.__qualname__.split(".")
    module = vars(sys.modules[function.__module__])
    marked: tuple[int, ...] = ()
    if node is not None:
        loss = loss_of(node) if node.name == "step" else []
        marked = _lines(loss or [node])
    owner = module.get(name) if inside or inspect.isclass(function) else None
    return Listing(path, text, marked, tuple(_links(text, tree, owner, module)))


def loss_of(step: ast.AST) -> list[ast.stmt]:
    """The statements of a ``step`` that make its loss: those that assign it, and those that compute what these read."""
    results = [
        node for node in ast.walk(step) if isinstance(node, ast.Call) and _called(node) == "StepResult"
    ]
    given = [call.args[0] if call.args else _keyword(call, "loss") for call in results]
    wanted = {name for value in given if value is not None for name in _names(value)}
    assigned = [
        node for node in ast.walk(step) if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
    ]
    loss = [node for node in assigned if _targets(node) & wanted]
    if not loss:  # computed where it is returned
        return [node for node in ast.walk(step) if isinstance(node, ast.Return) and results]
    read = {name for node in loss for name in _names(node)} - wanted
    parts = [node for node in assigned if _targets(node) & read and _computes(node)]
    return sorted({*loss, *parts}, key=lambda node: node.lineno)


def _read(thing: Any) -> tuple[Path, str, ast.Module]:
    path = _file(thing)
    if path is None:
        raise OSError(f"{thing.__name__} has no file that can be read")
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return path, text, ast.parse(text)
    except (SyntaxError, ValueError):  # saved anew since it was imported, and wrong
        return path, text, ast.Module([], [])


def _file(thing: Any) -> Path | None:
    try:
        found = inspect.getsourcefile(inspect.unwrap(thing))
    except TypeError:  # built in, or of a module that is gone
        return None
    return Path(found).resolve() if found else None


def _definition(tree: ast.AST, *names: str) -> Any:
    """The class or function of that (qualified) name; None where it is not there."""
    at: Any = tree
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for name in names:
        at = next(
            (node for node in getattr(at, "body", ()) if isinstance(node, kinds) and node.name == name), None
        )
    return at


def _lines(nodes: list[Any]) -> tuple[int, ...]:
    return tuple(sorted({line for node in nodes for line in range(node.lineno, (node.end_lineno or 0) + 1)}))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _names(node: ast.AST) -> set[str]:
    found = (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))
    return {inner.id for inner in found if isinstance(inner.ctx, ast.Load)}


def _targets(node: Any) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}


def _computes(node: Any) -> bool:
    return any(isinstance(inner, ast.Call | ast.BinOp) for inner in ast.walk(node))


def _links(text: str, tree: ast.AST, owner: Any, module: Mapping[str, Any] | None = None) -> Iterator[Link]:
    """Names of functions and classes of ssllab or of the file itself, and methods of ``owner`` called on ``self``."""
    if module is None:
        module = vars(sys.modules[owner.__module__])
    lines = text.splitlines()
    near = {_file(owner)} if owner is not None else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            to, start = module.get(node.id), node.col_offset
        elif (
            isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "self" and owner is not None
        ):
            to = inspect.getattr_static(owner, node.attr, None)
            start = (node.end_col_offset or 0) - len(node.attr.encode())
        else:
            continue
        if not (inspect.isfunction(to) or inspect.isclass(to)):
            continue
        file = _file(to)
        if file is None or not (file.is_relative_to(_OURS) or file in near):
            continue
        line = lines[node.lineno - 1].encode()  # columns are counted in bytes
        begin, end = (len(line[:place].decode()) for place in (start, node.end_col_offset or 0))
        yield Link(node.lineno, begin, end, to)
