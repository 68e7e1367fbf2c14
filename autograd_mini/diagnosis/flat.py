"""Gradients that are exactly 0 in all parameters: at which op they became so, and whether that is a minimum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini import backward
from autograd_mini.diagnosis import source
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
_FEWEST = 10  # elements; fewer samples are on the flat side of a relu, or dropped, by chance
_STEPS = ("sign", "heaviside", "floor", "ceil", "trunc", "rint")


def everywhere(step: Step) -> Iterator[Finding]:
    """The op that lets no gradient pass, where the loss would get smaller if its output could move.

    A loss in its minimum has gradients of 0 too, such as a hinge loss of 0: there the output of relu is at its end,
    and the loss wants it no higher. In the minimum of a square the slope is 0 only there, and that of ``0 * x``
    everywhere: that is a fault, unless the loss itself is 0, as of a term that is given no weight.
    """
    reached = [(name, x) for name, x in step.parameters if x in step.gradients and x.op is None]
    if not reached or any(np.any(step.gradients[x]) for _, x in reached):
        return
    stuck = [value for value in _stops(step) if _is_stuck(step, value)]
    steps = [value for value in stuck if value.op and value.op.name in _STEPS]
    if steps or sum(value.size for value in stuck) >= _FEWEST:
        value = (steps or stuck)[0]  # the nearest to the loss
        op: Any = value.op
        more = f" (and {len(stuck) - 1:,} more like it)" if len(stuck) > 1 else ""
        bounded = _bounds(value) != (None, None)
        if op.name in _STEPS:
            why = "whose slope is 0 everywhere"
            advice = "take the loss of what goes into it, or something smooth in its place (tanh, sigmoid)"
        elif bounded:
            why = "whose slope is 0 at what goes in"
            advice = f"leave the {op.name} out before the loss, or begin with fresh weights and a lower learning rate"
        else:
            why = "which sends back 0 whatever goes in"
            advice = f"look what goes into the {op.name}: a factor, a mask or data are 0 there"
        which = f"all {len(reached):,} parameters" if len(reached) > 1 else f"the parameter {reached[0][0]}"
        yield Finding(
            KIND,
            step.name(value),
            value,
            f"the gradients of {which} are exactly 0, so this step changes nothing: they become 0 at "
            f"{step.described(value)}{more}, {why}",
            advice,
            step.line(value) or source.assignment_of(value),
        )


def _stops(step: Step) -> list[Value]:
    """The Values that a gradient reaches and that add nothing but 0 to those of their operands, from the loss on."""
    added: dict[Value, bool] = {}
    for one in backward.contributions(step.loss, step.upstream)[0]:
        if np.any(one.upstream):
            added[one.consumer] = added.get(one.consumer, False) or bool(np.any(one.amount))
    return [value for value, is_something in added.items() if not is_something]


def _is_stuck(step: Step, value: Value) -> bool:
    """Whether its output is not at the end the loss wants it to go to, or is the same whatever goes in."""
    low, high = _bounds(value)
    g, z = np.asarray(step.gradients[value]), np.asarray(value.data)
    if low is not None:
        return bool(np.any(((g > 0) & (z > low)) | ((g < 0) & (z < high))))
    return step.loss.item() != 0 and not any(map(np.any, step.sent_by(value, nudged=True).values()))


def _bounds(value: Value) -> tuple[Any, Any]:
    """Between which numbers its output can lie; (None, None) for an op without an end."""
    op: Any = value.op
    constants = [x.data for x in value.inputs if not x.requires_grad]
    if op.name == "clip" and len(constants) == 2:
        return constants[0], constants[1]
    if op.name in ("maximum", "minimum") and len(constants) == 1:
        return (constants[0], _INFINITE) if op.name == "maximum" else (-_INFINITE, constants[0])
    return _BOUNDS.get(op.name, (None, None))
