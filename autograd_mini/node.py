"""One entry of the graph, and the one walk over it. What a node can do is in ``value.py``."""

from __future__ import annotations

from typing import Any

from autograd_mini.ops.operation import Operation


class Node:
    """Data, the op that made it, and that op's operands.

    A scalar graph has a node for every multiplication, so a node is one object with slots: what the garbage
    collector has to visit is what costs. The operands stand in two slots, ``_x`` and ``_y`` (None for an op
    of one operand); an op of more keeps a tuple in ``_x``. An operand that is a plain number or array is
    a constant and stands there as it is, until somebody asks for ``inputs``.
    """

    __slots__ = ("data", "op", "_x", "_y", "_grad", "requires_grad", "_label")

    data: Any
    op: Operation | None
    _x: Any
    _y: Any
    _grad: Any
    requires_grad: bool
    _label: Any  # a str; or, until there is one, the scope that the node was computed in


def topological_order(root: Node) -> list[Node]:
    """The recorded nodes below ``root``, operands before consumers; leaves are left out.

    Depth first with a stack of its own, so a chain of a million nodes is no deeper than one of ten.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[Any] = [root]
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if node is None:  # everything below the next entry is done
            order.append(pop())
            continue
        if node in seen or node.op is None:
            continue
        seen.add(node)
        push(node)
        push(None)
        x, y = node._x, node._y
        if x.__class__ is tuple:
            stack.extend([operand for operand in x if isinstance(operand, Node)])
        elif isinstance(x, Node) and x.op is not None:
            push(x)
        if isinstance(y, Node) and y.op is not None:
            push(y)
    return order
