"""The chain rule: walks the graph once from the root, and sends gradients back to the operands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_mini import modes, ops
from autograd_mini.node import Node, topological_order
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import (
    DATA,
    PLAIN,
    Carrier,
    Pointwise,
    Rule,
    as_data,
    dtype_of,
    is_foreign,
    passed_on,
    shape_of,
)
from autograd_mini.ops.reduction import unbroadcast


def gradients(root: Node, upstream: Carrier, *, create_graph: bool = False) -> dict[Node, Carrier]:
    """d root / d node for every node that needs one. The nodes themselves are not touched.

    With ``create_graph`` the rules run on the nodes instead of on their data, so the gradients are Values.
    """
    if modes.open_blocks and modes.watch() and modes.watch().deriving is None:
        watched: dict[Node, Carrier] = modes.watch().gradients(root, upstream, create_graph)
        return watched
    grads: dict[Node, Carrier] = {root: upstream}
    with np.errstate(all="ignore"):
        for node in reversed(topological_order(root)):
            try:
                g = grads[node]
            except KeyError:  # below nothing but Values whose requires_grad was taken away
                continue
            x, y = node._x, node._y
            op: Any = node.op  # an Operation: the order has no leaves
            z = node if create_graph else node.data
            if isinstance(x, Node):
                a = x if create_graph else x.data
                wanted = x.requires_grad
            elif x.__class__ is tuple:
                send(grads, node, g, create_graph)
                continue
            else:
                a, wanted = x, False
            if y is None:
                rule = op.rules[0]
                try:
                    contribution = rule(g, z, a)
                except ArithmeticError:
                    contribution = _at_the_limit(rule, g, z, a)
            else:
                rule_x, rule = op.rules
                if isinstance(y, Node):
                    b = y if create_graph else y.data
                    y_wanted = y.requires_grad
                else:
                    b, y_wanted = y, False
                if wanted:
                    try:
                        contribution = g if rule_x is passed_on else rule_x(g, z, a, b)
                    except ArithmeticError:
                        contribution = _at_the_limit(rule_x, g, z, a, b)
                    if contribution.__class__ is float and a.__class__ is float:
                        grads[x] = grads[x] + contribution if x in grads else contribution
                    else:
                        _accumulate(grads, x, contribution, g)
                if not y_wanted:
                    continue
                try:
                    contribution = g if rule is passed_on else rule(g, z, a, b)
                except ArithmeticError:
                    contribution = _at_the_limit(rule, g, z, a, b)
                x, a = y, b
            if contribution.__class__ is float and a.__class__ is float:
                grads[x] = grads[x] + contribution if x in grads else contribution
            else:
                _accumulate(grads, x, contribution, g)
    return grads


def one_like(data: Any) -> Carrier:
    """The gradient of a root by itself: 1, in the shape and dtype of its data."""
    return 1.0 if data.__class__ is float else np.ones_like(data)


class Contribution(NamedTuple):
    """One step of the backward pass: what one use of an operand adds to the operand's gradient."""

    consumer: Any  # the Value that the operand was used for
    operand_index: int  # which of the consumer's operands it is
    operand: Any
    upstream: Carrier  # the gradient of the consumer
    local: Carrier | None  # d consumer / d operand, element by element; None if the op mixes elements
    amount: Carrier  # what is added, in the operand's shape
    before: Carrier | None  # the operand's gradient without it; None before the first
    after: Carrier


def contributions(
    root: Node, upstream: Carrier, given: Mapping[Any, Carrier] | None = None
) -> tuple[list[Contribution], dict[Any, Carrier]]:
    """The steps of ``gradients`` in order, each with its numbers, and the gradients. The nodes are not touched.

    Where ``given`` has a gradient for a node, the walk goes on from that one; the result has the one computed.
    """
    given = given or {}
    grads: dict[Node, Carrier] = {root: upstream}
    steps: list[Contribution] = []

    def note(node: Node, i: int, operands: list[Carrier], contribution: Carrier, before: Carrier | None) -> None:
        op: Any = node.op
        x, upstream = inputs_of(node)[i], given.get(node, grads[node])
        local = apply(op.rules[i], 1.0, node.data, *operands) if isinstance(op, Pointwise) else None
        amount = grads[x] if before is None else fit(contribution, x.data)
        steps.append(Contribution(node, i, x, upstream, local, amount, before, grads[x]))

    with np.errstate(all="ignore"):
        for node in reversed(topological_order(root)):
            if node in grads:
                send(grads, node, given.get(node, grads[node]), note=note)
    return steps, grads


def backward(root: Node, upstream: Carrier, *, create_graph: bool = False) -> None:
    """Gives every node below ``root`` its gradient: leaves accumulate, interior nodes start anew.

    Nothing is written before all of it is computed, so an error on the way, or Ctrl-C, changes nothing.
    """
    grads = gradients(root, upstream, create_graph=create_graph)
    for node in grads:
        if node.op is None and node._grad is not None:
            grads[node] = added_up(node, grads[node], create_graph)
    write(grads.items())


def added_up(leaf: Node, g: Carrier, create_graph: bool = False) -> Carrier:
    """The gradient that the leaf has from before, and ``g``."""
    before = leaf._grad.data if isinstance(leaf._grad, Node) and not create_graph else leaf._grad
    if shape_of(before) != shape_of(g):
        raise ValueError(
            located(
                f"backward: a leaf has a gradient of shape {shape_of(before)} from before and gets one of "
                f"{shape_of(g)}; after replacing its data, forget the old one with zero_grad()"
            )
        )
    return _same_kind(before + g, leaf.data)


def write(grads: Collection[tuple[Node, Carrier]]) -> None:
    """Gives each node its gradient: all of them, even if Ctrl-C comes in the middle of it."""
    try:
        for node, g in grads:
            node._grad = g
    except BaseException:
        for node, g in grads:
            node._grad = g
        raise


def send(
    grads: dict[Node, Carrier],
    node: Node,
    g: Carrier,
    create_graph: bool = False,
    note: Callable[[Node, int, list[Carrier], Carrier, Carrier | None], None] | None = None,
) -> None:
    """The step of the walk for an op of any number of operands: each gets its contribution of ``g``.

    ``note``, if there is one, is told of each when it was added: the node, the operand's index, what the rule was
    given as operands, the contribution, and the operand's gradient before.
    """
    op: Any = node.op
    inputs = inputs_of(node)
    z = node if create_graph else node.data
    operands = [x.data if isinstance(x, Node) and not create_graph else x for x in inputs]
    rules = op.rules
    each = None if rules else getattr(op, "rule_for_each", None)  # the call of a jitted function has op.rule alone
    given = operands if each is None else (operands,)
    for i, x in enumerate(inputs):
        if isinstance(x, Node) and x.requires_grad:
            rule = rules[i] if rules else op.rule(i) if each is None else partial(each, i)
            try:
                contribution = rule(g, z, *given)
            except ArithmeticError:
                contribution = _at_the_limit(op.rule(i), g, z, *operands)
            before = grads.get(x) if note else None
            _accumulate(grads, x, contribution, g)
            if note:
                note(node, i, operands, contribution, before)


def inputs_of(node: Node) -> tuple[Any, ...]:
    """The operands of a recorded node as they stand in it: Values, and plain numbers and arrays."""
    if node._x.__class__ is tuple:
        inputs: tuple[Any, ...] = node._x
        return inputs
    return (node._x,) if node._y is None else (node._x, node._y)


def _accumulate(grads: dict[Node, Carrier], operand: Node, contribution: Carrier, g: Carrier) -> None:
    """Adds a contribution to the operand's gradient, in the operand's own shape and dtype."""
    data = operand.data
    kind = data.__class__
    if contribution.__class__ is not kind or (
        kind not in _NUMBERS and (contribution.dtype is not data.dtype or contribution.shape != data.shape)
    ):
        contribution = fit(contribution, data)
    if operand in grads:
        contribution = grads[operand] + contribution
        if contribution.__class__ is not kind:
            contribution = _same_kind(contribution, data)
    elif operand.op is None and contribution.__class__ not in _NUMBERS and _is_shared(contribution, g):
        contribution = contribution.copy()  # a leaf's own: it may be clipped in place
    grads[operand] = contribution


_NUMBERS = DATA - {np.ndarray}  # of these two of one class are of one dtype and shape


def _is_shared(contribution: Carrier, g: Carrier) -> bool:
    """Whether a contribution may be the gradient of another node too, or a part of it."""
    if contribution.__class__ is np.ndarray:
        return contribution is g or contribution.base is not None
    return contribution is g and is_foreign(g)


def _same_kind(total: Carrier, data: Any) -> Carrier:
    """A sum of gradients, an array if the data is one: NumPy adds two 0-d arrays up to a scalar."""
    return np.asarray(total) if data.__class__ is np.ndarray and isinstance(total, np.generic) else total


def fit(contribution: Carrier, data: Any) -> Carrier:
    """Undoes what broadcasting and type promotion did to an operand, here and nowhere else."""
    if (
        contribution.__class__ is data.__class__ is np.ndarray
        and contribution.ndim >= data.ndim > 0
        and contribution.dtype is data.dtype
    ):  # the gradient of a bias, as nearly always: the questions below take 0.2 us
        return unbroadcast(contribution, data.shape)
    shape, dtype = shape_of(data), dtype_of(data)
    if contribution.__class__ is not np.ndarray and not hasattr(contribution, "record"):
        contribution = as_data(contribution)
    own = shape_of(contribution)
    if own != shape:
        # a rule may answer with a number, such as 0
        contribution = unbroadcast(contribution, shape) if own else ops.broadcast_to(contribution, shape)
    own_dtype = dtype_of(contribution)
    if own_dtype is not dtype and own_dtype != dtype:
        if dtype.kind != "f":
            raise TypeError(
                located(
                    f"backward: the data of a Value is an array of {dtype}, which a gradient does not fit; assign "
                    "floats (p.data = x.astype(float))"
                )
            )
        contribution = ops.astype(contribution, dtype)
    if contribution.__class__ is data.__class__:
        return contribution
    if data.__class__ is np.ndarray and isinstance(contribution, float | np.generic):
        return np.asarray(contribution)
    if data.__class__ is float and isinstance(contribution, np.ndarray | np.generic):
        return float(contribution)
    if data.__class__ not in PLAIN and is_foreign(data) and isinstance(contribution, np.ndarray | float):
        return np.zeros_like(data) + contribution
    return contribution


def apply(rule: Rule, *operands: Carrier) -> Carrier:
    """A rule on whatever it is given, by IEEE rules."""
    try:
        return rule(*operands)
    except ArithmeticError:
        return _at_the_limit(rule, *operands)


def _at_the_limit(rule: Rule, *operands: Carrier) -> Carrier:
    """A rule on Python floats again, the IEEE way: g / 0 is inf or nan where Python raises."""
    return rule(*(np.float64(x) if x.__class__ is float else x for x in operands))
