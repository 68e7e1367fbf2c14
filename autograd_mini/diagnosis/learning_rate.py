"""The step that the optimizer is about to take, beside the weights that it changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.diagnosis.layers import rms
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step, plain
from autograd_mini.text import number

KIND = "learning rate too high"

_TOO_FAR = 30.0  # times the weights, or 1 where they are smaller: a first step from 0 is often a large one


def too_high(step: Step, optimizer: Any) -> Iterator[Finding]:
    """A step that leaves nothing of the weights. The optimizer says itself how far it goes; nothing is changed."""
    if not hasattr(optimizer, "update") or getattr(optimizer, "needs_closure", True):
        return
    groups = [group for group in optimizer.param_groups for _ in group["params"]]
    before, moved = [], []
    for x, state, group in zip(optimizer.params, optimizer.state, groups, strict=True):
        if x.has_grad and x.op is None and np.shape(x.grad) == x.shape:
            w, g = [np.float64(v) if isinstance(v, float) else v for v in (x.data, plain(x.grad))]  # 1 / 0 is inf
            with np.errstate(all="ignore"):
                new, _ = optimizer.update(w, g, state, group)
            before.append(np.asarray(w, np.float64))
            moved.append(np.asarray(new, np.float64) - before[-1])
    if not moved:
        return
    size, way = rms(before), rms(moved)
    if way > _TOO_FAR * max(size, 1.0):
        name, x = step.parameters[0]
        rates = sorted({float(group["lr"]) for group in groups})
        yield Finding(
            KIND,
            name,
            x,
            f"with lr={' and '.join(map(number, rates))} the next step changes the parameters by about {number(way)}, "
            f"and they are about {number(size)}: nothing of them is left",
            "lower the learning rate, by powers of ten, until a step changes them by about a thousandth",
        )
