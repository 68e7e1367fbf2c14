"""Gradients that are exactly 0 in all parameters: at which op they became so, and whether that is a minimum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.value import Value

KIND = "all gradients zero"

_INFINITE = float("inf")
_BOUNDS = {
    "relu": (0.0, _INFINITE),
    "sign": (-1.0, 1.0),
    "heaviside": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "softplus": (0.0, _INFINITE),
    "floor": (-_INFINITE, _INFINITE),
    "ceil": (-_INFINITE, _INFINITE),
    "trunc": (-_INFINITE, _INFINITE),
    "rint": (-_INFINITE, _INFINITE),
}
_FEWEST = 10  # elements; fewer samples are on the flat side of a relu by chance, and the next ones are not
_STEPS = ("sign", "heaviside", "floor", "ceil", "trunc", "rint")


def everywhere(step: Step) -> Iterator[Finding]:
    """The op that lets no gradient pass, where the loss would get smaller if its output could move.

    A loss in its minimum has gradients of 0 too, such as a hinge loss of 0: there the output of relu is at its end,
    and the loss wants it no higher.
    """
    reached = [(name, x) for name, x in step.parameters if x in step.gradients and x.op is None]
    if not reached or any(np.any(step.gradients[x]) for _, x in reached):
        return
    stuck = [value for value in step.graph.values if value.op and _is_stuck(step, value)]
    steps = [value for value in stuck if value.op and value.op.name in _STEPS]
    if steps or sum(value.size for value in stuck) >= _FEWEST:
        value = (steps or stuck)[-1]  # the nearest to the loss
        op: Any = value.op
        more = f" (and {len(stuck) - 1:,} more like it)" if len(stuck) > 1 else ""
        why = "whose slope is 0 everywhere" if op.name in _STEPS else "whose slope is 0 at what goes in"
        yield Finding(
            KIND,
            step.name(value),
            value,
            f"the gradients of all {len(reached):,} parameters are exactly 0, so this step changes nothing: they "
            f"become 0 at {step.described(value)}{more}, {why}",
            "take the loss of what goes into it, or something smooth in its place (tanh, sigmoid)"
            if op.name in _STEPS
            else f"leave the {op.name} out before the loss, or begin with fresh weights and a lower learning rate",
            step.line(value),
        )


def _is_stuck(step: Step, value: Value) -> bool:
    """Whether a gradient reaches it and none passes, though its output is not at the end the loss wants it to go to."""
    low, high = _bounds(value)
    if low is None or value not in step.gradients:
        return False
    g, z = np.asarray(step.gradients[value]), np.asarray(value.data)
    if not np.any(((g > 0) & (z > low)) | ((g < 0) & (z < high))):
        return False
    return not any(np.any(step.gradients.get(x, 0.0)) for x in value.inputs if x.requires_grad)


def _bounds(value: Value) -> tuple[Any, Any]:
    """Between which numbers its output can lie; (None, None) for an op that does not let gradients down to 0."""
    op: Any = value.op
    constants = [x.data for x in value.inputs if not x.requires_grad]
    if op.name == "clip" and len(constants) == 2:
        return constants[0], constants[1]
    if op.name in ("maximum", "minimum") and len(constants) == 1:
        return (constants[0], _INFINITE) if op.name == "maximum" else (-_INFINITE, constants[0])
    return _BOUNDS.get(op.name, (None, None))
