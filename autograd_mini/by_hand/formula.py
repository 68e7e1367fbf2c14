"""What a step of the backward pass says, as a formula: the op's own rule, run on Symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd_mini import ops
from autograd_mini.backward import apply, fit
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.operation import Operation, Pointwise, data_of


class Term(NamedTuple):
    """What one use of an operand adds to its gradient."""

    local: Any  # d output / d operand, element by element: a Symbol or a plain number; None if the op mixes elements
    amount: Any  # what is added, in the operand's shape: a Symbol


def term(op: Operation, i: int, upstream: Symbol, output: Symbol, operands: Sequence[Any]) -> Term:
    """The contribution to operand ``i`` of ``output = op(*operands)``. Operands are Symbols or plain numbers.

    An element-by-element op gives ``upstream * local``, summed over the axes along which the operand was broadcast;
    another gives whatever its rule is, such as ``x.T @ upstream``.

    >>> x, y = Symbol("x", 3.0), Symbol("y", 5.0)
    >>> term(ops.mul, 0, Symbol("g", 2.0), Symbol("z", 15.0), [x, y]).local is y
    True
    """
    if not isinstance(op, Pointwise):
        return Term(None, fit(op.rule(i)(upstream, output, *operands), data_of(operands[i])))
    local = apply(op.rule(i), 1.0, output, *operands)
    # Not by ops.mul, which would leave out a factor of 1: a person writes it down.
    product = Symbol(None, ops.mul(upstream.data, data_of(local)), ops.mul, (upstream, local))
    return Term(local, fit(product, data_of(operands[i])))


def definition(op: Operation, output: Symbol, operands: Sequence[Any]) -> Symbol:
    """The formula that ``output`` was computed by."""
    return Symbol(None, output.data, op, tuple(operands))
