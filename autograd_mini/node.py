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
    stack: list[Any] = [] if root.op is None else [root, None]
    push, pop, see, done = stack.append, stack.pop, seen.add, order.append
    while stack:
        node = pop()
        if node is not None:  # all of its operands are done
            done(node)
            continue
        node = pop()  # below None lies one to go down from, if no other way has led there since
        if node in seen:
            continue
        while True:
            see(node)
            x, y = node._x, node._y
            if y is not None and isinstance(y, Node) and y.op is not None and y not in seen:
                push(node)
                if isinstance(x, Node) and x.op is not None and x not in seen:
                    push(x)
                    push(None)
                node = y
            elif isinstance(x, Node) and x.op is not None and x not in seen:
                push(node)
                node = x
            elif x.__class__ is tuple:
                push(node)
                for operand in x:
                    if isinstance(operand, Node) and operand.op is not None:
                        push(operand)
                        push(None)
                break
            else:
                done(node)
                break
    return order
