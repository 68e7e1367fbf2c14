"""nan and inf: at which Value they began, on the way forward or on the way back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.diagnosis.names import Names
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.ops.operation import Pointwise
from autograd_mini.text import number
from autograd_mini.value import Value

KIND = "nan or inf"

ADVICE = {
    "log": "keep its operand above 0: clip(x, 1e-12), or log_softmax and cross_entropy, which take logits",
    "div": "keep the divisor away from 0: add a small number to it",
    "exp": "keep its operand small: softmax and logsumexp subtract the maximum first",
    "sqrt": "keep its operand above 0: sqrt(x + 1e-12); at 0 its derivative is inf",
    "pow": "keep its base above 0; a negative number to a fractional power is nan, 0 to a negative power is inf",
}
TOO_LARGE = "the numbers have grown too large: lower the learning rate, scale the inputs, or clip the gradients"


def is_finite(x: Any) -> bool:
    """True if there is neither nan nor inf."""
    return math.isfinite(x) if x.__class__ is float else bool(np.isfinite(x).all())


def forward(step: Step) -> Iterator[Finding]:
    """The first Value that is not finite, of those that made the loss so. A mask of -inf that did not is fine."""
    if is_finite(step.loss.data):
        return
    value, message, advice = origin(step, step.loss)
    yield Finding(KIND, step.name(value), value, message, advice, step.line(value))


def origin(names: Names, loss: Value) -> tuple[Value, str, str]:
    """The first Value that is not finite, of those that made ``loss`` so; what there is to say of it, and to do."""
    values, operands = names.graph
    spoiled = {len(values) - 1}
    origins: list[int] = []
    for i in range(len(values) - 1, -1, -1):
        if i in spoiled:
            causes = [j for j in operands[i] if not is_finite(values[j].data)]
            spoiled.update(causes)
            if not causes:
                origins.append(i)
    value = values[origins[-1]]  # of several the first
    index, what = first(value.data)
    message = f"the loss is {number(loss.item())}; it began at {names.described(value)}, which is {what}{at(index)}"
    if value.op is not None:
        message += _operands_at(value, index)
        advice = ADVICE.get(value.op.name, TOO_LARGE)
    elif value.requires_grad:
        advice = (
            "the step before this one has written it there: diagnose that step, or begin with fresh parameters and a "
            "lower learning rate"
        )
    else:
        advice = "the data have it already: remove or replace what is missing (np.isfinite finds it)"
    return value, message, advice


def back(step: Step) -> Iterator[Finding]:
    """The first gradient of the backward pass that is not finite, of those that spoil a parameter's."""
    values = step.graph.values
    bad = {i for i, value in enumerate(values) if value in step.gradients and not is_finite(step.gradients[value])}
    reached = [step.position[x] for _, x in step.parameters if step.position.get(x) in bad]
    if not reached:
        return
    seen, origins, stack = set(reached), [], list(reached)
    while stack:
        i = stack.pop()
        causes = [j for j in map(step.position.__getitem__, step.consumers[i]) if j in bad]
        if not causes:
            origins.append(i)
        stack.extend(j for j in causes if j not in seen)
        seen.update(causes)
    value = values[max(origins)]
    index, what = first(step.gradients[value])
    users = step.consumers[max(origins)]
    user = next((user for user in users if not is_finite(step.sent_by(user).get(value, 0.0))), None)
    spoiled = step.names[reached[0]]
    message = f"the gradient of {spoiled} is not finite, though the loss is; it began at "
    if user is None or user.op is None:  # the sum of contributions that are finite
        advice = TOO_LARGE
        message += f"{step.described(value)}, whose gradient is {what}{at(index)}"
    else:
        message += f"{step.described(user)}: it sends {what} back to {step.name(value)}{at(index)}"
        if value.size and index is not None:
            message += f", which is {number(np.asarray(value.data)[index])} there"
        advice = ADVICE.get(user.op.name, TOO_LARGE)
    yield Finding(KIND, step.name(value), value, message, advice, step.line(value if user is None else user))


def first(data: Any) -> tuple[tuple[int, ...] | None, str]:
    """Where the first element is that is not finite (None in a single number), and what it is."""
    if not np.shape(data):
        return None, number(data)
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(data))[0])
    return index, number(data[index])


def at(index: tuple[int, ...] | None) -> str:
    return "" if index is None else f" at [{', '.join(map(str, index))}]"


def _operands_at(value: Value, index: tuple[int, ...] | None) -> str:
    """What the operands are at that element, where the op works on each element by itself."""
    if not isinstance(value.op, Pointwise):
        return ""
    there = [np.broadcast_to(np.asarray(x.data), value.shape)[index or ()] for x in value.inputs]
    return f" ({value.op.name} of {' and '.join(map(number, there))})"
