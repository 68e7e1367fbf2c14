"""The keyword ``where=`` of NumPy's reductions: what is left out, and how many elements there remain."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where as choose_by
from autograd_mini.ops.operation import Carrier, as_array, as_floating, dtype_of, shape_of
from autograd_mini.ops.shape import astype


def masked(op: str, x: Carrier, where: Any, neutral: float) -> Carrier:
    """``x`` with a number that changes nothing wherever ``where`` does not hold, which then gets a gradient of 0."""
    if where is None:
        return x
    x = as_floating(x)
    return choose_by(_checked(op, x, where), x, neutral)


def marks(op: str, x: Carrier, where: Any) -> Carrier:
    """1 for each element of ``x`` that counts, else 0, in its dtype; they broadcast against it."""
    x = as_floating(x)
    return astype(choose_by(_checked(op, x, where), 1.0, 0.0), dtype_of(x))


def _checked(op: str, x: Carrier, where: Any) -> Any:
    """``where``, if it is a condition on ``x``."""
    if not hasattr(where, "record"):
        where = as_array(where)
        if where.dtype != bool:
            raise TypeError(located(f"{op}: where= is a boolean or an array of them; compare, as in where=x > 0"))
    try:
        fits = np.broadcast_shapes(shape_of(where), shape_of(x)) == shape_of(x)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            located(f"{op}: where= has shape {shape_of(where)}, which does not broadcast to {shape_of(x)}, that of x")
        )
    return where
