"""Steps of an optimizer tried on the recorded graph: what the loss of these very data would be after each of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini import backward, modes
from autograd_mini.diagnosis.step import Step
from autograd_mini.ops.operation import data_of
from autograd_mini.value import Value


class Trial:
    """The graph of ``step`` computed anew with other numbers in the parameters; nothing of the step is changed.

    Data, masks and draws are those of the graph. Only the parameters that hold a gradient move.
    """

    def __init__(self, step: Step, optimizer: Any) -> None:
        self.step = step
        self.optimizer = optimizer
        groups = [group for group in optimizer.param_groups for _ in group["params"]]
        entries = [
            (x, group, state)
            for x, group, state in zip(optimizer.params, groups, optimizer.state, strict=True)
            if x.has_grad and x.op is None and np.shape(x.grad) == x.shape
        ]
        self.groups = {x: group for x, group, _ in entries}
        self.states = {x: state for x, _, state in entries}
        self.now = {x: x.data for x in self.groups}
        self.grads = {x: data_of(x.grad) for x in self.groups}

    def after_a_step(self, slower: float = 1.0) -> dict[Value, Any]:
        """What the parameters are after the next step, with the learning rates divided by ``slower``."""
        return self._moved(self.now, self.grads, dict(self.states), slower)

    def loss_at(self, numbers: dict[Value, Any]) -> float:
        """The loss with these numbers in the parameters; nan where an op, such as a root, has none for them."""
        try:
            return float(self._again(numbers))
        except (ValueError, ArithmeticError):
            return math.nan

    def losses(self, slower: float) -> Iterator[float]:
        """The loss after each of the next steps, all of them on the same data."""
        numbers, grads, states = self.now, self.grads, dict(self.states)
        while True:
            numbers = self._moved(numbers, grads, states, slower)
            leaves = {x: Value(w) for x, w in numbers.items()}
            with modes.recording():
                loss = self._again(leaves)
            yield loss.item()
            found: Any = backward.gradients(loss, self.step.upstream)
            grads = {x: found[leaf] for x, leaf in leaves.items()}

    def _moved(
        self, numbers: dict[Value, Any], grads: dict[Value, Any], states: dict[Value, Any], slower: float
    ) -> dict[Value, Any]:
        """The parameters after a step; ``states`` get their new ones."""
        new: dict[Value, Any] = {}
        with np.errstate(all="ignore"):
            for x, w in numbers.items():
                operands = [np.float64(v) if isinstance(v, float) else v for v in (w, grads[x])]  # 1 / 0 is inf
                group = {**self.groups[x], "lr": self.groups[x]["lr"] / slower}
                moved, states[x] = self.optimizer.update(*operands, states[x], group)
                new[x] = float(moved) if isinstance(w, float) else np.asarray(moved, w.dtype)
        return new

    def _again(self, numbers: dict[Value, Any]) -> Any:
        """The loss out of plain numbers, or out of Values."""
        new = dict(numbers)
        with np.errstate(all="ignore"):
            for value in self.step.graph.values:
                if value.op is not None and any(x in new for x in value.inputs):
                    op: Any = value.op
                    new[value] = op(*[new.get(x, x.data) for x in value.inputs])
        return new[self.step.loss]
