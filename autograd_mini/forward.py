"""Forward mode: tangents go from the operands to the results, by the same rows that send gradients back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograd_mini import modes, ops
from autograd_mini.backward import apply, fit, gradients
from autograd_mini.node import Node, topological_order
from autograd_mini.ops.operation import Carrier, Linear, Operation, Pointwise, shape_of
from autograd_mini.value import Value


def tangents(root: Node, given: Mapping[Any, Carrier], *, create_graph: bool = False) -> dict[Node, Carrier]:
    """The directional derivative of every node below ``root`` that depends on a node in ``given``.

    ``given`` has the tangent of each node that moves. With ``create_graph`` the tangents are Values. PyTorch:
    ``torch.autograd.forward_ad``. The walk is over a recorded graph and tangents belong to nodes, so two nested
    derivatives can not take each other's for their own.
    """
    result: dict[Node, Carrier] = dict(given)
    watch = modes.watch() if modes.open_blocks else None
    with np.errstate(all="ignore"):
        for node in topological_order(root):
            if node in given:
                continue
            inputs: tuple[Value, ...] = node.inputs  # type: ignore[attr-defined]  # every Node is a Value
            moving = [i for i, x in enumerate(inputs) if x in result]
            if moving:
                operands = [x if create_graph else x.data for x in inputs]
                pushed = [result.get(x) for x in inputs]
                op: Any = node.op
                z = node if create_graph else node.data
                if watch:
                    result[node] = watch.tangent(root, node, partial(_push, op, moving, pushed, z, operands))
                else:
                    result[node] = _push(op, moving, pushed, z, operands)
    return result


def _push(op: Operation, moving: list[int], pushed: list[Any], z: Carrier, operands: list[Carrier]) -> Carrier:
    """The tangent of ``z``, out of those of its operands."""
    if isinstance(op, Linear) and op.rule_for_each:  # linear in all operands together: stack, concatenate
        zeros = [np.zeros(shape_of(x)) if t is None else t for x, t in zip(operands, pushed, strict=True)]
        return op(*zeros)
    if isinstance(op, Linear) and len(operands) == 1:
        return op(pushed[0])
    total: Carrier = None
    for i in moving:
        if isinstance(op, Pointwise):  # a diagonal Jacobian is its own transpose
            part = apply(op.rule(i), pushed[i], z, *operands)
        else:
            part = _transposed(op, i, pushed[i], z, operands)
        if shape_of(part) != shape_of(z):
            part = ops.broadcast_to(part, shape_of(z))
        total = part if total is None else total + part
    return total


def _transposed(op: Operation, i: int, tangent: Carrier, z: Carrier, operands: list[Carrier]) -> Carrier:
    """J t, out of a rule that says J'g: that is linear in g, and the transpose of what is linear is its gradient."""
    g = Value(np.zeros(shape_of(z)) if shape_of(z) else 0.0)
    values = [x if isinstance(x, Value) else Value(x, requires_grad=False) for x in operands]
    output = z if isinstance(z, Value) else Value(z, requires_grad=False)
    back = fit(op.rule(i)(g, output, *values), values[i].data)
    if not (isinstance(back, Value) and back.requires_grad):
        return np.zeros(shape_of(z)) if shape_of(z) else 0.0
    create_graph = isinstance(z, Value)
    return gradients(back, tangent, create_graph=create_graph)[g]
