"""Moving elements without changing them: every row here is linear and is undone by another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Linear, as_shape, dtype_of, normalize_axes, shape_of


def _inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(i) for i in np.argsort(normalize_axes(axes, len(axes))))


_RESHAPE = Linear(
    "reshape",
    lambda x, shape: np.asarray(x).reshape(shape)[()],
    lambda g, z, x, shape: reshape(g, shape_of(x)),
    params=("shape",),
)
_TRANSPOSE = Linear(
    "transpose",
    lambda x, axes: np.asarray(x).transpose(axes)[()],
    lambda g, z, x, axes: transpose(g, _inverse(axes)),
    params=("axes",),
)
_ASTYPE = Linear(
    "astype",
    lambda x, dtype: np.asarray(x).astype(dtype)[()],
    lambda g, z, x, dtype: astype(g, dtype_of(x)),
    params=("dtype",),
)
_CONCATENATE = Linear(
    "concatenate",
    lambda *xs, axis, starts: np.concatenate(xs, axis),
    rule_for_each=lambda i, g, z, *xs, axis, starts: g[(slice(None),) * axis + (slice(starts[i], starts[i + 1]),)],
    params=("axis", "starts"),
)
_STACK = Linear(
    "stack",
    lambda *xs, axis: np.stack(xs, axis),
    rule_for_each=lambda i, g, z, *xs, axis: g[(slice(None),) * axis + (i,)],
    params=("axis",),
)


def reshape(x: Carrier, shape: int | tuple[int, ...]) -> Carrier:
    """The same elements in another shape; one length may be -1. PyTorch: ``torch.reshape``.

    >>> reshape(np.array([1.0, 2.0, 3.0, 4.0]), (2, -1))
    array([[1., 2.],
           [3., 4.]])
    """
    return _RESHAPE.on(x, as_shape(shape))


def transpose(x: Carrier, axes: Sequence[int] | None = None) -> Carrier:
    """The axes in another order, by default reversed. PyTorch: ``torch.permute``.

    >>> transpose(np.array([[1.0, 2.0]])).shape
    (2, 1)
    """
    return _TRANSPOSE.on(x, None if axes is None else as_shape(axes))


def astype(x: Carrier, dtype: Any) -> Carrier:
    """The same numbers as float16, float32 or float64. PyTorch: ``torch.Tensor.to``.

    >>> astype(np.array([1.0, 2.0]), "float32").dtype
    dtype('float32')
    """
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(located(f"astype: a gradient needs float16, float32 or float64, not {dtype}"))
    return _ASTYPE.on(x, dtype)


def ravel(x: Carrier) -> Carrier:
    """All elements in one axis. PyTorch: ``torch.ravel``.

    >>> ravel(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 2., 3., 4.])
    """
    return reshape(x, -1)


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
    try:
        shape = numpy_function(np.empty(shape_of(x), dtype=bool), axis).shape
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"{op} of {shape_of(x)}, axis={axis}: {cause}")) from None
    return reshape(x, shape)


def concatenate(xs: Sequence[Carrier], axis: int = 0) -> Carrier:
    """Arrays joined along an axis that they have. PyTorch: ``torch.cat``.

    >>> concatenate([np.array([1.0]), np.array([2.0, 3.0])])
    array([1., 2., 3.])
    """
    if not len(xs):
        raise ValueError(located("concatenate: there is nothing to join; give at least one array"))
    first = shape_of(xs[0])
    if not first or not -len(first) <= axis < len(first):
        raise ValueError(located(f"concatenate: shape {first} has no axis {axis}; use stack to join along a new axis"))
    axis %= len(first)
    starts = [0]
    for x in xs:
        if len(shape_of(x)) != len(first):
            raise ValueError(located(f"concatenate: shapes {[shape_of(x) for x in xs]} differ in their number of axes"))
        starts.append(starts[-1] + shape_of(x)[axis])
    return _CONCATENATE.bind(axis, tuple(starts))(*xs)


def stack(xs: Sequence[Carrier], axis: int = 0) -> Carrier:
    """Arrays or numbers of one shape joined along a new axis. PyTorch: ``torch.stack``.

    >>> stack([1.0, 2.0])
    array([1., 2.])
    """
    if not len(xs):
        raise ValueError(located("stack: there is nothing to join; give at least one array"))
    ndim = len(shape_of(xs[0])) + 1
    if not -ndim <= axis < ndim:
        raise ValueError(located(f"stack: a stack of shape {shape_of(xs[0])} has no axis {axis}"))
    return _STACK.bind(axis % ndim)(*xs)


FUNCTIONS.update(
    {
        np.reshape: reshape,
        np.transpose: transpose,
        np.ravel: ravel,
        np.expand_dims: expand_dims,
        np.squeeze: squeeze,
        np.concatenate: concatenate,
        np.stack: stack,
    }
)
