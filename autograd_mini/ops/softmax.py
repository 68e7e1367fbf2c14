"""softmax, log_softmax and logsumexp: compositions of other ops that stay finite for large numbers."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.ops.axes import Axis
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import Carrier, as_floating, as_keepdims, dtype_of, is_foreign, map_data, shape_of
from autograd_mini.ops.pointwise import exp, log
from autograd_mini.ops.reduction import sum
from autograd_mini.ops.shape import squeeze


def _shift(op: str, x: Carrier, axis: Axis) -> Any:
    """The maximum as a constant: the three functions below are the same whatever is subtracted first."""
    return map_data(partial(_largest, op=op, axis=axis), x)


def _largest(x: Any, op: str, axis: Axis, out: Any = None) -> Any:
    plain = as_floating(x)
    try:
        if is_foreign(plain):
            largest = np.max(plain, axis=axis, keepdims=True)  # Dask takes no initial
        else:
            largest = np.maximum.reduce(plain, axis=axis, out=out, keepdims=True, initial=-math.inf)
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"{op} of {shape_of(x)}, axis={axis}: {cause}")) from None
    if out is not None and math.isfinite(np.add.reduce(out, None)):  # all are, and no array has to say which
        return out
    return np.where(np.isfinite(largest), largest, 0).astype(dtype_of(plain))


def logsumexp(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """log(sum(exp(x))) along ``axis``, without overflow. PyTorch: ``torch.logsumexp``.

    >>> round(float(logsumexp(np.array([1000.0, 1000.0]))), 6)
    1000.693147
    """
    shift = _shift("logsumexp", x, axis)
    total = log(sum(exp(x - shift), axis, keepdims=True)) + shift
    return total if as_keepdims(keepdims) else squeeze(total, axis)


def softmax(x: Carrier, axis: int = -1) -> Carrier:
    """exp(x) / sum(exp(x)) along ``axis``: positive numbers that sum to 1. PyTorch: ``F.softmax``.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    e = exp(x - _shift("softmax", x, axis))
    return e / sum(e, axis, keepdims=True)


def log_softmax(x: Carrier, axis: int = -1) -> Carrier:
    """log(softmax(x)) along ``axis``, without overflow. PyTorch: ``F.log_softmax``.

    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    shifted = x - _shift("log_softmax", x, axis)
    return shifted - log(sum(exp(shifted), axis, keepdims=True))
