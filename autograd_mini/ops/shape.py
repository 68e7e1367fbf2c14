"""The same elements in another shape, order of axes or dtype: every row here is linear and is undone by another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_mini.ops.caller import located
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import (
    Carrier,
    Linear,
    as_array,
    as_floating,
    as_shape,
    dtype_of,
    normalize_axes,
    shape_of,
)


def _inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(i) for i in np.argsort(normalize_axes(axes, len(axes))))


_RESHAPE = Linear(
    "reshape",
    lambda x, shape: as_array(x).reshape(shape)[()],
    lambda g, z, x, shape: reshape(g, shape_of(x)),
    params=("shape",),
)
_TRANSPOSE = Linear(
    "transpose",
    lambda x, axes: (as_array(x).T if axes is None else as_array(x).transpose(axes))[()],
    lambda g, z, x, axes: transpose(g, _inverse(axes)),
    params=("axes",),
)
_ASTYPE = Linear(
    "astype",
    lambda x, dtype: as_array(x).astype(dtype)[()],
    lambda g, z, x, dtype: astype(g, dtype_of(x)),
    params=("dtype",),
)


def checked_axes(op: str, x: Carrier, axis: Any) -> tuple[int, ...]:
    """Axes, one or several, as numbers in [0, ndim); the error for one that is not there names ``op``."""
    try:
        return normalize_axis_tuple(axis, len(shape_of(x)))
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"{op} of {shape_of(x)}, axis={axis}: {cause}")) from None


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that takes ``part`` of one axis, and all of the others."""
    return (*[slice(None)] * axis, part)


def reshape(x: Carrier, shape: int | tuple[int, ...], order: str = "C") -> Carrier:
    """The same elements in another shape; one length may be -1. PyTorch: ``torch.reshape``.

    With ``order="F"``, Fortran's, they are read and placed column by column instead of row by row.

    >>> reshape(np.array([1.0, 2.0, 3.0, 4.0]), (2, -1))
    array([[1., 2.],
           [3., 4.]])
    """
    if order == "C":
        return _RESHAPE.on(x, as_shape(shape))
    if order != "F":
        raise ValueError(
            located(f"reshape or ravel: order is 'C', row by row, or 'F', column by column, and not {order!r}")
        )
    return transpose(reshape(transpose(x), as_shape(shape)[::-1]))


def transpose(x: Carrier, axes: Sequence[int] | None = None) -> Carrier:
    """The axes in another order, by default reversed. PyTorch: ``torch.permute``; its ``transpose`` is ``swapaxes``.

    >>> transpose(np.array([[1.0, 2.0]])).shape
    (2, 1)
    """
    return _TRANSPOSE.on(x, None if axes is None else as_shape(axes))


def astype(x: Carrier, dtype: Any, copy: bool = True) -> Carrier:
    """The same numbers as float16, float32 or float64. PyTorch: ``torch.Tensor.to``.

    With ``copy=False`` what has the dtype already is given as it is, as by NumPy.

    >>> x = np.array([1.0, 2.0])
    >>> astype(x, "float32").dtype, astype(x, "float64", copy=False) is x
    (dtype('float32'), True)
    """
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(located(f"astype: a gradient needs float16, float32 or float64, not {dtype}"))
    if not copy:
        x = as_floating(x)
        if dtype_of(x) == dtype:
            return x
    return _ASTYPE.on(x, dtype)


def ravel(x: Carrier, order: str = "C") -> Carrier:
    """All elements in one axis, with ``order="F"`` column by column. PyTorch: ``torch.ravel``.

    >>> ravel(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 2., 3., 4.])
    """
    return reshape(x, -1, order)


def expand_dims(x: Carrier, axis: int | tuple[int, ...]) -> Carrier:
    """``x`` with an axis of length 1 put in at ``axis``. PyTorch: ``torch.unsqueeze``.

    >>> expand_dims(np.array([1.0, 2.0]), 0).shape
    (1, 2)
    """
    return _reshaped_like(np.expand_dims, "expand_dims", x, axis)


def squeeze(x: Carrier, axis: int | tuple[int, ...] | None = None) -> Carrier:
    """``x`` without its axes of length 1, or without those named. PyTorch: ``torch.squeeze``.

    >>> squeeze(np.array([[1.0, 2.0]])).shape
    (2,)
    """
    return _reshaped_like(np.squeeze, "squeeze", x, axis)


def _reshaped_like(numpy_function: Callable[..., Any], op: str, x: Carrier, axis: Any) -> Carrier:
    """``x`` in the shape that NumPy's function would give it."""
    x = as_floating(x)
    try:
        shape = numpy_function(np.empty(shape_of(x), dtype=bool), axis).shape
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"{op} of {shape_of(x)}, axis={axis}: {cause}")) from None
    return reshape(x, shape)


def swapaxes(x: Carrier, axis1: int, axis2: int) -> Carrier:
    """``x`` with two of its axes exchanged. PyTorch: ``torch.swapaxes``.

    >>> swapaxes(np.zeros((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    return _reordered_like(np.swapaxes, "swapaxes", x, axis1, axis2)


def moveaxis(x: Carrier, source: int | Sequence[int], destination: int | Sequence[int]) -> Carrier:
    """``x`` with the axes ``source`` at the places ``destination``, the others in order. PyTorch: ``torch.moveaxis``.

    >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return _reordered_like(np.moveaxis, "moveaxis", x, source, destination)


def rollaxis(x: Carrier, axis: int, start: int = 0) -> Carrier:
    """``x`` with ``axis`` moved to before the axis ``start``. ``moveaxis`` is the clearer one.

    >>> rollaxis(np.zeros((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    return _reordered_like(np.rollaxis, "rollaxis", x, axis, start)


def _reordered_like(numpy_function: Callable[..., Any], op: str, x: Carrier, *places: Any) -> Carrier:
    """``x`` with its axes in the order that NumPy's function would give them."""
    x = as_floating(x)
    try:
        order = numpy_function(np.empty(range(len(shape_of(x)))), *places).shape  # axis 0 has length 0, 1 has 1, ...
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"{op} of {shape_of(x)}, {', '.join(map(str, places))}: {cause}")) from None
    return transpose(x, order) if order != tuple(range(len(order))) else x


def atleast_1d(*xs: Carrier) -> Carrier:
    """A number as an array of length 1, any array as it is; of several, a tuple. PyTorch: ``torch.atleast_1d``.

    >>> atleast_1d(3.0)
    array([3.])
    """
    return _each_reshaped_like(np.atleast_1d, xs)


def atleast_2d(*xs: Carrier) -> Carrier:
    """Axes of length 1 put in front until there are two; of several, a tuple. PyTorch: ``torch.atleast_2d``.

    >>> atleast_2d(np.array([1.0, 2.0]))
    array([[1., 2.]])
    """
    return _each_reshaped_like(np.atleast_2d, xs)


def atleast_3d(*xs: Carrier) -> Carrier:
    """Axes of length 1 put around until there are three: a vector becomes (1, n, 1), a matrix (m, n, 1).

    Of several, a tuple. PyTorch: ``torch.atleast_3d``.

    >>> atleast_3d(np.array([1.0, 2.0])).shape
    (1, 2, 1)
    """
    return _each_reshaped_like(np.atleast_3d, xs)


def _each_reshaped_like(numpy_function: Callable[..., Any], xs: tuple[Carrier, ...]) -> Carrier:
    xs = tuple(map(as_floating, xs))
    shapes = [numpy_function(np.empty(shape_of(x), dtype=bool)).shape for x in xs]
    reshaped = [x if shape_of(x) == shape else reshape(x, shape) for x, shape in zip(xs, shapes, strict=True)]
    return reshaped[0] if len(reshaped) == 1 else tuple(reshaped)


FUNCTIONS.update(
    {
        np.reshape: reshape,
        np.transpose: transpose,
        np.ravel: ravel,
        np.expand_dims: expand_dims,
        np.squeeze: squeeze,
        np.swapaxes: swapaxes,
        np.moveaxis: moveaxis,
        np.rollaxis: rollaxis,
        np.atleast_1d: atleast_1d,
        np.atleast_2d: atleast_2d,
        np.atleast_3d: atleast_3d,
    }
)
if hasattr(np, "astype"):  # since NumPy 2.1
    FUNCTIONS[np.astype] = astype
