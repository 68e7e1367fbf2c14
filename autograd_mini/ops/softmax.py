"""softmax, log_softmax and logsumexp: compositions of other ops that stay finite for large numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.ops.operation import Carrier, Operation, dtype_of
from autograd_mini.ops.pointwise import exp, log
from autograd_mini.ops.reduction import Axis, sum
from autograd_mini.ops.shape import squeeze


def _peak(x: Any, axis: Axis) -> Any:
    largest = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(largest), largest, 0).astype(dtype_of(x))


_PEAK = Operation("peak", _peak, lambda g, z, x, axis: 0.0, params=("axis",))


def _shift(x: Carrier, axis: Axis) -> Any:
    """The maximum as a constant: the three functions below are the same whatever is subtracted first."""
    peak = _PEAK.on(x.detach() if hasattr(x, "record") else x, axis)
    return peak.data if hasattr(peak, "record") else peak


def logsumexp(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """log(sum(exp(x))) along ``axis``, without overflow. PyTorch: ``torch.logsumexp``.

    >>> round(float(logsumexp(np.array([1000.0, 1000.0]))), 6)
    1000.693147
    """
    shift = _shift(x, axis)
    total = log(sum(exp(x - shift), axis, keepdims=True)) + shift
    return total if keepdims else squeeze(total, axis)


def softmax(x: Carrier, axis: int = -1) -> Carrier:
    """exp(x) / sum(exp(x)) along ``axis``: positive numbers that sum to 1. PyTorch: ``F.softmax``.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    e = exp(x - _shift(x, axis))
    return e / sum(e, axis, keepdims=True)


def log_softmax(x: Carrier, axis: int = -1) -> Carrier:
    """log(softmax(x)) along ``axis``, without overflow. PyTorch: ``F.log_softmax``.

    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    shifted = x - _shift(x, axis)
    return shifted - log(sum(exp(shifted), axis, keepdims=True))
