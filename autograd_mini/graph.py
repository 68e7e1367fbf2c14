"""The graph below a Value as a list, and what each Value in it is called in texts and pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from autograd_mini.node import Node, topological_order
from autograd_mini.text import number, unbroken
from autograd_mini.value import Value


class Graph(NamedTuple):
    """Every Value below a root, operands before consumers and the root last, and the positions of their operands."""

    values: list[Value]
    operands: list[tuple[int, ...]]


def walk(root: Value) -> Graph:
    """The graph below ``root``, constants included: ``topological_order`` with the leaves put in."""
    position: dict[Node, int] = {}
    values: list[Any] = []
    operands: list[tuple[int, ...]] = []
    for node in topological_order(root) or [root]:
        inputs: tuple[Value, ...] = node.inputs  # type: ignore[attr-defined]  # every Node that is made is a Value
        for operand in inputs:
            if operand not in position:  # a leaf
                position[operand] = len(values)
                values.append(operand)
                operands.append(())
        position[node] = len(values)
        values.append(node)
        operands.append(tuple([position[operand] for operand in inputs]))
    return Graph(values, operands)


def names_of(graph: Graph, variables: Mapping[int, str] | None = None) -> list[str]:
    """A name for each Value of ``graph``, no two the same: its label, else the caller's variable, else ``v7``.

    ``v7`` is what stands at position 7. ``variables`` has names by ``id``, of Values and of arrays. A plain number is
    called by its digits, as in the code that used it. A parameter of a module is called by its path,
    ``layers.0.weight``, unless it has a label of the user's own. Where several have one label, the others get a
    number: ``w``, ``w#2``.
    """
    variables = variables or {}
    labels = [unbroken(value.label) if value.label else "" for value in graph.values]
    how_many = Counter(labels)
    paths = paths_of_parameters(graph)
    names: list[str] = []
    reserved = how_many.keys() | set(variables.values()) | set(paths.values())
    taken: set[str] = set()
    last: dict[str, int] = {}
    for i, (value, label) in enumerate(zip(graph.values, labels, strict=True)):
        path = paths.get(id(value), "")
        # nn labels its parameters by their attributes, which is how their paths end
        name = path if how_many[label] > 1 or f".{path}".endswith(f".{label}") else ""
        name = name or label or path or variables.get(id(value), "")
        if not name and value.op is None:
            name = number(value.data) if is_plain_number(value) else variables.get(id(value.data), "")
            if is_plain_number(value):
                names.append(name)
                continue
        called = name or f"v{i}"
        if called in taken or (not name and called in reserved):
            name, n = called, last.get(called, 1)
            while called in taken or called in reserved:
                n += 1
                called = f"{name}#{n}"
            last[name] = n
        taken.add(called)
        names.append(called)
    return names


def refuse_programs(graph: Graph) -> None:
    """Raises ``JitError`` if a jitted function computed a Value of ``graph``: its program has no graph to look at."""
    for value in graph.values:
        if value.op is not None and value.op.name == "jit" and not value.op.rules:
            value.op()


def names_of_loss(graph: Graph, variables: Mapping[int, str]) -> list[str]:
    """``names_of``, where a loss that has neither a label nor a variable is L: in derivations and pictures alike."""
    names, root = names_of(graph, variables), graph.values[-1]
    is_loss = root.size == 1 and root.requires_grad
    if is_loss and not root.label and id(root) not in variables and "L" not in names:
        names[-1] = "L"
    return names


def outermost_modules(graph: Graph) -> list[Any]:
    """The modules that were called in no other one, in the order in which the graph meets them."""
    found: dict[int, Any] = {}
    for scope in dict.fromkeys([value.scope for value in graph.values if value.op]):
        while scope is not None and scope.parent is not None:
            scope = scope.parent
        if scope is not None and hasattr(scope.part, "named_modules"):
            found[id(scope.part)] = scope.part
    return list(found.values())


def paths_of_parameters(graph: Graph) -> dict[int, str]:
    """What the outermost modules of the graph call their parameters, by ``id``; of two that hold one, the first."""
    paths: dict[int, str] = {}
    for module in outermost_modules(graph):
        for path, parameter in module.named_parameters():
            paths.setdefault(id(parameter), path)
    return paths


def module_text(part: Any) -> str:
    """The type of a module and its ``extra_repr``, such as ``Linear 2 -> 16``; "" of a ``named_scope``'s name."""
    if isinstance(part, str):
        return ""
    extra = part.extra_repr() if hasattr(part, "extra_repr") else ""
    return f"{type(part).__name__} {extra}".rstrip()


def is_plain_number(value: Value) -> bool:
    """True for the 2 in ``2 * x``: a constant without a name."""
    return value.op is None and not value.requires_grad and not value.label and value.data.__class__ is float
