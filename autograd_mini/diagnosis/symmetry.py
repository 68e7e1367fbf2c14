"""Symmetry: units of a layer that began alike get the same gradient in every step, and remain one unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.value import Value

KIND = "symmetric weights"


def unbroken(step: Step) -> Iterator[Finding]:
    """Weights of which all units are equal, and their gradients too."""
    for name, x in step.parameters:
        if x.ndim < 2 or x.op is not None or x not in step.gradients:
            continue
        axis = _axis_of_units(step, x)
        if x.shape[axis] > 1 and _alike(x.data, axis) and _alike(step.gradients[x], axis):
            yield Finding(
                KIND,
                name,
                x,
                f"all {x.shape[axis]:,} units of {name} have the same weights and get the same gradient, so they stay "
                "the same and count as one",
                "begin with random weights: nn.Linear does, nn.init.kaiming_uniform_ and rng.normal(size=shape) / "
                "sqrt(inputs) too; only biases may begin at 0",
            )
            return


def _axis_of_units(step: Step, weight: Value) -> int:
    """The axis along which the units lie: the last of ``x @ weight``, else the first, as in nn and PyTorch."""
    users = step.consumers[step.position[weight]]
    return -1 if any(user.op and user.op.name == "matmul" and user.inputs[1] is weight for user in users) else 0


def _alike(array: Any, axis: int) -> bool:
    rows = np.moveaxis(np.asarray(array), axis, 0)
    size = float(np.max(np.abs(rows), initial=0.0))
    return bool(np.allclose(rows, rows[:1], rtol=0, atol=8 * float(np.finfo(rows.dtype).eps) * size))
