"""Axes that are reduced or run along: one of them checked, several made into one, an axis turned around."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.operation import Carrier, as_array, as_floating, data_of, dtype_of, normalize_axes, shape_of
from autograd_mini.ops.shape import along, checked_axes, reshape, transpose

Axis = int | tuple[int, ...] | None


def one_axis(op: str, x: Carrier, axis: int | None) -> tuple[Carrier, int]:
    """``x`` and the one axis that is meant, counted from the first; of ``None`` all elements of ``x`` in one axis."""
    x = as_floating(x)
    if axis is None:
        return x if len(shape_of(x)) == 1 else reshape(x, -1), 0
    axes = checked_axes(op, x, axis)
    if len(axes) != 1:
        raise ValueError(located(f"{op} goes along one axis, not along {axis}; reshape first to make several one"))
    return x, axes[0]


def one_axis_or_number(op: str, x: Carrier, axis: int | None) -> tuple[Carrier, int]:
    """``one_axis``, where NumPy takes a number for a vector that holds it."""
    x = as_floating(x)
    return one_axis(op, x, None if not shape_of(x) and axis in (0, -1) else axis)


def reduced(op: str, x: Carrier, axis: Axis) -> tuple[int, ...]:
    """The axes that are reduced, counted from the first, ``None`` meaning all of them; a number has none."""
    ndim = len(shape_of(x))
    return tuple(range(ndim)) if axis is None or (not ndim and axis in (0, -1)) else checked_axes(op, x, axis)


def together(x: Carrier, axes: tuple[int, ...]) -> Carrier:
    """``x`` with these axes made into one, the last."""
    shape = shape_of(x)
    others = tuple(i for i in range(len(shape)) if i not in axes)
    if (*others, *axes) != tuple(range(len(shape))):
        x = transpose(x, (*others, *axes))
    return x if len(axes) == 1 else reshape(x, (*[shape[i] for i in others], math.prod([shape[i] for i in axes])))


def kept(x: Carrier, axis: Axis) -> tuple[int, ...]:
    """The shape of ``x`` reduced over ``axis`` with ``keepdims``."""
    axes = normalize_axes(axis, len(shape_of(x)))
    return tuple(1 if i in axes else n for i, n in enumerate(shape_of(x)))


def part(x: Carrier, axis: int, picked: Any) -> Carrier:
    """``x[picked]`` along an axis, such as ``x[:, 1:]``."""
    return getitem(x, along(axis, picked))


def backwards(x: Carrier, axis: int) -> Carrier:
    """``x`` with an axis turned around. PyTorch: ``torch.flip``."""
    return part(x, axis, slice(None, None, -1))


def slice_of(number: Any, x: Carrier, axis: int) -> Carrier:
    """As much of a number as fits before ``x`` or after it."""
    shape = shape_of(x)
    return np.ones((*shape[:axis], 1, *shape[axis + 1 :]), dtype_of(x)) * number


def plain(x: Carrier) -> Any:
    """The data of any carrier as an array, for what only looks at it: an order, a count."""
    return as_array(data_of(x))
