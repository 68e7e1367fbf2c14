"""The line of the user's code that a finding is about, where the source says it beyond doubt. Nodes keep no lines."""

from __future__ import annotations

import ast
import linecache
import os.path
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from autograd_mini.ops import caller
from autograd_mini.value import Value


def forward_of(module: Any) -> str:
    """Where the user's own class of ``module`` defines its forward; "" if it has that of the library."""
    code = getattr(getattr(type(module), "forward", None), "__code__", None)
    if code is None or caller.is_library(code.co_filename):
        return ""
    return _line(code.co_filename, code.co_firstlineno)


def rebinding_of(name: str) -> str:
    """The one line of the caller's code that computes the variable ``name`` anew from itself; "" if there is not one.

    That is ``total += loss``, or ``w = w - lr * w.grad``.
    """
    return _only_line(lambda statement: [statement] if _rebinds(statement, name) else [])


def loops_that_rebind() -> Iterator[tuple[str, str, list[Any]]]:
    """Loops such as ``for p in parameters: p -= lr * p.grad``, in a training loop around the line that asks.

    It may stand in a function that the training loop calls. Of each the variable, the line, and what the loop goes
    through: a list, or the ``parameters()`` of a model.
    """
    asking = caller.user_frame()
    for frame in (asking, asking.f_back):
        if frame is not None and not caller.is_library(frame.f_code.co_filename):
            yield from _loops_around(frame)


def _loops_around(frame: FrameType) -> Iterator[tuple[str, str, list[Any]]]:
    known = {**frame.f_globals, **frame.f_locals}
    for outer in _statements_of(frame.f_code):
        if isinstance(outer, _LOOPS) and outer.lineno <= frame.f_lineno <= (outer.end_lineno or 0):
            for loop in _always_run(outer.body):
                if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
                    name = loop.target.id
                    lines = {node.lineno for node in loop.body if _rebinds(node, name) and _looks_at_grad(node, name)}
                    for number in lines:
                        yield name, _line(frame.f_code.co_filename, number), _members(loop.iter, known)


def _always_run(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block, and those in a ``with`` in it; what stands under an ``if`` may never be run."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.With):
            yield from _always_run(statement.body)


def _looks_at_grad(statement: ast.stmt, name: str) -> bool:
    parts = ast.walk(statement)
    return any(
        isinstance(part, ast.Attribute) and part.attr == "grad" and _is_named(part.value, name) for part in parts
    )


def _members(iterable: ast.expr, known: dict[str, Any]) -> list[Any]:
    """What ``parameters``, or ``model.parameters()``, goes through."""
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute) and not iterable.args:
        owner = iterable.func.value
        model: Any = known.get(owner.id) if isinstance(owner, ast.Name) else None
        is_of_model = iterable.func.attr == "parameters" and hasattr(model, "named_parameters")
        return list(model.parameters()) if is_of_model else []
    members = known.get(iterable.id) if isinstance(iterable, ast.Name) else None
    return list(members) if isinstance(members, list | tuple) else []


def is_loop_variable(name: str) -> bool:
    """True if a ``for`` of the caller's code gives the variable what it goes through: that is not its name."""
    loops = [node for node in _statements_of(caller.user_frame().f_code) if isinstance(node, ast.For)]
    return any(_is_named(target, name) for loop in loops for target in ast.walk(loop.target))


def assignment_of(thing: object) -> str:
    """The one line of the caller's code that gives ``thing`` to the variable that has it; "" if there is not one."""
    frame = caller.user_frame()
    names = {name for name, x in {**frame.f_globals, **frame.f_locals}.items() if x is thing}

    def is_given(statement: ast.stmt) -> list[ast.stmt]:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        return [statement for target in targets if isinstance(target, ast.Name) and target.id in names]

    return _only_line(is_given)


def line_of_operation_with(name: str) -> str:
    """The one line of the caller's code where the variable ``name`` is an operand of a sign; "" if there is not one."""

    def operations(statement: ast.stmt) -> list[ast.BinOp]:
        found = [node for node in ast.walk(statement) if isinstance(node, ast.BinOp)]
        return [node for node in found if _is_named(node.left, name) or _is_named(node.right, name)]

    return _only_line(operations)


def _only_line(found_in: Callable[[ast.stmt], Sequence[ast.stmt | ast.expr]]) -> str:
    """The one line of the caller's code on which something is found in a statement; "" if there is not one."""
    code = caller.user_frame().f_code
    found = {node.lineno for statement in _statements_of(code) for node in found_in(statement)}
    return _line(code.co_filename, found.pop()) if len(found) == 1 else ""


def _statements_of(code: CodeType) -> tuple[ast.stmt, ...]:
    """The statements of ``code``, without those of the functions and classes defined in it."""
    return _statements("".join(linecache.getlines(code.co_filename)), code.co_name, code.co_firstlineno)


@lru_cache(maxsize=8)  # a training loop asks in every step
def _statements(text: str, function: str, first_line: int) -> tuple[ast.stmt, ...]:
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a notebook's cell with magic in it
        return ()
    stack: list[ast.AST] = [tree]
    if function != "<module>":
        stack = [f for f in ast.walk(tree) if isinstance(f, _FUNCTIONS) and _first_line(f) == first_line]
    inside, found = list(stack), []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            found.append(node)
        if node in inside or not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
    return tuple(found)


def _first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


_LOOPS = (ast.For, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def values() -> dict[str, Value]:
    """The caller's variables that are Values, by name."""
    frame = caller.user_frame()
    return {name: x for name, x in {**frame.f_globals, **frame.f_locals}.items() if isinstance(x, Value)}


def _rebinds(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.AugAssign):
        return _is_named(node.target, name)
    if not isinstance(node, ast.Assign):
        return False
    to_it = any(_is_named(target, name) for target in node.targets)
    return to_it and any(_is_named(part, name) for part in ast.walk(node.value))


def _is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _line(path: str, number: int) -> str:
    text = linecache.getline(path, number).strip()
    return f"{os.path.basename(path)}:{number}" + (f": {text}" if text else "")
