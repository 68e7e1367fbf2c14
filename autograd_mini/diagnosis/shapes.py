"""Shapes that fit together and mean something else: a column beside a row, and a class that is the only one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_mini.diagnosis import source
from autograd_mini.diagnosis.forms import Forms
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.ops.operation import Pointwise
from autograd_mini.value import Value

OUTER = "outer difference"
ONE_CLASS = "one class"


def outer(step: Step) -> Iterator[Finding]:
    """Predictions (n, 1) against targets (n,): broadcasting makes (n, n), each prediction against each target."""
    parameters = {x for _, x in step.parameters}
    for value in step.graph.values:
        if value.op is None or len(value.inputs) != 2 or not isinstance(value.op, Pointwise):
            continue
        x, y = value.inputs
        if not (x.size == y.size > 1 and value.size == x.size**2):
            continue
        # The one is data. Of two that are learned, the differences of each from each may well be wanted.
        data = [operand for operand in (x, y) if operand.op is None and operand not in parameters]
        if data and _goes_into_one_number(step, value):
            name = step.variables.get(id(data[0].data), "") or step.variables.get(id(data[0]), "")
            other = f"{x.shape} and {y.shape}"
            yield Finding(
                OUTER,
                step.name(value),
                value,
                f"{step.described(value)} was broadcast from {other}: each of the {x.size:,} predictions is compared "
                "with each target, and not with its own",
                f"give both one shape, such as .reshape{min(x.shape, y.shape, key=len)}, or take a loss of nn "
                "(mse_loss), which refuses such shapes",
                step.line(value) or (source.line_of_operation_with(name) if name else ""),
            )
            return  # what is computed from it later has the same cause


def _goes_into_one_number(step: Step, value: Value) -> bool:
    """True if it is looked at element by element and then added up at once: as a loss is, and no kernel."""
    seen, stack = {value}, [value]
    while stack:
        for user in step.consumers[step.position[stack.pop()]]:
            if user.size == 1 or user in seen:
                continue
            if not isinstance(user.op, Pointwise) or user.shape != value.shape:
                return False
            seen.add(user)
            stack.append(user)
    return True


def one_class(step: Step) -> Iterator[Finding]:
    """The cross-entropy of a single logit: softmax makes it 1, whatever it is, and the loss 0."""
    forms = Forms()
    for value in step.graph.values:
        if value.op is None or value.op.name != "sub":
            continue
        _, scores = forms.taken_from(value)
        if scores is None or not scores.requires_grad or value.ndim < 2 or np.any(value.data):
            continue
        yield Finding(
            ONE_CLASS,
            step.name(value),
            value,
            f"{step.described(value)} is the log_softmax of a single class, which is 0 whatever the logits are: "
            "nothing is learned",
            "for yes or no with one logit take binary_cross_entropy_with_logits; for C classes the last layer has C "
            "outputs",
            step.line(value),
        )
        return
