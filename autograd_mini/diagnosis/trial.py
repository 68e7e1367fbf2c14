"""Steps of an optimizer tried on the recorded graph: what the loss of these very data would be after each of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
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

    def remembered(self) -> dict[Value, Any]:
        """What the parameters are after the next step, if its gradients were 0: where earlier ones carry them."""
        return self._moved(self.now, {x: g * 0.0 for x, g in self.grads.items()}, dict(self.states), 1.0)

    def loss_at(self, numbers: dict[Value, Any]) -> float:
        """The loss with these numbers in the parameters; nan where an op, such as a root, has none for them."""
        try:
            return float(np.asarray(self._again(numbers)).item())
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
        return self._computed(numbers, self._shifted)

    def _computed(self, numbers: dict[Value, Any], shifted: set[Value], more: float = 0.0) -> Any:
        """The loss, where ``shifted`` has what a maximum and ``more`` is subtracted in."""
        new = dict(numbers)
        shifts: dict[int, Any] = {}  # by the array that each was in the step
        with np.errstate(all="ignore"):
            for value in self.step.graph.values:
                if value.op is not None and any(x in new for x in value.inputs):
                    if value in shifted:
                        x, constant = value.inputs
                        data = new[x].data if isinstance(new[x], Value) else new[x]
                        shifts[id(constant.data)] = _largest(data, constant) + more
                    op: Any = value.op
                    new[value] = op(*[new[x] if x in new else shifts.get(id(x.data), x.data) for x in value.inputs])
        return new[self.step.loss]

    @cached_property
    def _shifted(self) -> set[Value]:
        """What a softmax takes exp of: scores less their maximum, a constant of the graph, so that exp stays finite.

        It does so for the numbers of the step only, so the maximum is taken anew, if the loss is the same whatever is
        subtracted there.
        """
        shifted: set[Value] = set()
        for value in self.step.graph.values:
            x = value.inputs[0] if value.op is not None and value.op.name == "exp" else None
            if x is not None and x.op is not None and x.op.name == "sub" and _is_less_its_maximum(x):
                shifted.add(x)
        if not shifted:
            return shifted
        again = np.asarray(self._computed(self.now, shifted, more=0.5)).item()
        same = math.isclose(again, self.step.loss.item(), rel_tol=1e-5, abs_tol=1e-6)
        return shifted if same else set()


def _is_less_its_maximum(difference: Value) -> bool:
    scores, constant = difference.inputs
    if constant.requires_grad or scores.size <= constant.size or scores.shape != difference.shape:
        return False
    return bool(np.array_equal(_largest(scores.data, constant), constant.data))


def _largest(data: Any, like: Value) -> Any:
    """The maxima of ``data`` along the axes that ``like``, which is subtracted from it, has not or has as 1."""
    shape = (1,) * (np.ndim(data) - like.ndim) + like.shape
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    largest = np.max(data, axis=axes, keepdims=True).reshape(like.shape)
    return float(largest) if like.data.__class__ is float else largest
