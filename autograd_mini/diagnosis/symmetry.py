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
        if axis is None or x.shape[axis] < 2:
            continue
        if _alike(x.data, axis) and _alike(step.gradients[x], axis):
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


def _axis_of_units(step: Step, weight: Value) -> int | None:
    """Along which axis of a layer's weight its units lie; None for what is no layer's.

    It is the last in ``x @ weight``, and the first in ``weight @ x``, ``x @ weight.T`` and what nn has of PyTorch.
    """
    for user in step.consumers[step.position[weight]]:
        name = user.op.name if user.op else ""
        if name == "matmul":
            return -1 if user.inputs[1] is weight else 0
        if name in ("linear", "transpose") or name.startswith("conv"):
            return 0
    return None


def _alike(array: Any, axis: int) -> bool:
    rows = np.moveaxis(np.asarray(array), axis, 0)
    size = float(np.max(np.abs(rows), initial=0.0))
    return bool(np.allclose(rows, rows[:1], rtol=0, atol=8 * float(np.finfo(rows.dtype).eps) * size))
