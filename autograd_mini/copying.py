"""How Values are pickled and copied: each graph as a list, operands before consumers, so that nothing is recursive."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any
from weakref import ref

from autograd_mini.node import Node

# The list that is being pickled: its nodes follow their operands, so each is taken by itself. A weak reference, since
# an error on the way leaves it here.
_current: ContextVar[Any] = ContextVar("the graph that is being pickled", default=lambda: None)


def reduced(root: Node) -> tuple[Any, ...]:
    """What ``__reduce_ex__`` gives: a leaf by itself, anything else as the list of the graph below it.

    A pickler, and ``deepcopy``, know what they have seen: nodes that several graphs have in common stay common.
    """
    current = _current.get()()
    if (current and root in current.nodes) or (root.op is None and not isinstance(root._grad, Node)):
        return _alone(root)
    nodes, gradients = _all_below(root)
    in_order = _InOrder(nodes)
    return _joined, (in_order, _Done(in_order), root, gradients)


def shallow_copy(node: Node) -> Any:
    """Another node in the place of this one: of the same operands, with the same data and gradient."""
    make, parts, attributes = _alone(node)
    twin = make(*parts)
    twin._grad = node._grad
    for name, attribute in (attributes or {}).items():
        setattr(twin, name, attribute)
    return twin


def _alone(node: Node) -> tuple[Any, ...]:
    """One node, whose operands are there already. A gradient that is a Value comes later: it may depend on the node."""
    grad = None if isinstance(node._grad, Node) else node._grad
    parts = (type(node), node.data, node.op, node._x, node._y, grad, node.requires_grad, node._label)
    return _made, parts, getattr(node, "__dict__", None) or None


def _made(kind: Any, data: Any, op: Any, x: Any, y: Any, grad: Any, requires_grad: bool, label: Any) -> Any:
    node = object.__new__(kind)
    node.data, node.op, node._x, node._y = data, op, x, y
    node._grad, node.requires_grad, node._label = grad, requires_grad, label
    return node


def _joined(nodes: list[Any], done: bool, root: Any, gradients: list[tuple[Any, Any]]) -> Any:
    """The root of nodes that were made one after the other, with the gradients that are Values put in."""
    for node, gradient in gradients:
        node._grad = gradient
    return root


def _all_below(root: Node) -> tuple[dict[Node, None], list[tuple[Node, Node]]]:
    """The nodes of a graph, operands first, and which of them have a Value as gradient, whose graph is in the list."""
    nodes: dict[Node, None] = {}
    gradients: list[tuple[Node, Node]] = []
    seen: set[Node] = set()
    roots = [root]
    while roots:
        stack = [roots.pop()]
        while stack:  # as in topological_order, leaves included
            node = stack[-1]
            if node in seen:
                nodes.setdefault(stack.pop())
                continue
            seen.add(node)
            operands = node._x if node._x.__class__ is tuple else (node._x, node._y)
            stack += [operand for operand in operands if isinstance(operand, Node) and operand not in seen]
            if isinstance(node._grad, Node):
                gradients.append((node, node._grad))
                roots.append(node._grad)
    return nodes, gradients


class _InOrder:
    """Nodes that are pickled one after the other. They come back as a list."""

    def __init__(self, nodes: dict[Node, None]) -> None:
        self.nodes = nodes
        self.before: Any = None  # the list around this one: a Value may hold others as attributes

    def __reduce__(self) -> tuple[Any, ...]:
        self.before = _current.get()
        _current.set(ref(self))
        return list, (), None, iter(self.nodes)


class _Done:
    """What is pickled after the last node. It comes back as True."""

    def __init__(self, in_order: _InOrder) -> None:
        self.in_order = in_order

    def __reduce__(self) -> tuple[Any, ...]:
        _current.set(self.in_order.before)
        return bool, (1,)
