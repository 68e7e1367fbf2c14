"""What a slip is, and a use of a node, ready to be derived wrongly: with the op's own rule, its arguments altered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.backward import Contribution
from autograd_mini.ops.operation import Pointwise
from autograd_mini.ops.reduction import unbroadcast
from autograd_mini.value import Value

MOST_USES = 500  # of a node that are looked into; a weight of a long loop has thousands, and most of them are alike


class Slip(NamedTuple):
    """A mistake, and what it makes of an amount or of a gradient."""

    kind: str
    words: str
    result: Any

    def __str__(self) -> str:
        return f"likely {self.kind}: {self.words}"


class Use:
    """One use of a node, ready to be derived wrongly: ``z = op(*operands)``, and the gradient ``g`` of ``z``."""

    def __init__(self, step: Contribution, names: Mapping[Value, str]) -> None:
        self.step = step
        self.op: Any = step.consumer.op
        self.i = step.operand_index
        self.g, self.z = np.asarray(step.upstream, float), np.asarray(step.consumer.data, float)
        self.operands = [plain(operand) for operand in step.consumer.inputs]
        self.x = self.operands[self.i]
        self.amount = np.asarray(step.amount, float)
        self.node, self.consumer = names[step.operand], names[step.consumer]
        self.others = [names[operand] for j, operand in enumerate(step.consumer.inputs) if j != self.i]
        self.does = self.op.symbol

    def raw(self, g: Any = None, z: Any = None, operands: Any = None) -> Any:
        """What the op's rule gives, with some of its arguments altered; before broadcasting is undone."""
        operands = self.operands if operands is None else operands
        amount = self.op.rule(self.i)(self.g if g is None else g, self.z if z is None else z, *operands)
        # A rule may answer with a number, such as 0
        return np.broadcast_to(amount, self.z.shape) if isinstance(self.op, Pointwise) else amount

    def but(self, x: Any) -> list[Any]:
        """The operands with another one in the place of this."""
        return [x if j == self.i else operand for j, operand in enumerate(self.operands)]

    def fit(self, amount: Any) -> Any:
        """An amount in the shape of the operand; raises ``ValueError`` if it cannot be summed to it."""
        return unbroadcast(np.asarray(amount), self.x.shape)


def plain(operand: Value) -> Any:
    """The data of an operand, as floats unless it is a condition."""
    data = np.asarray(operand.data)
    return data if data.dtype == bool else data.astype(float)
