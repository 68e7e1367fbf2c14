"""Differences of neighbours, and what they say of derivatives and integrals of sampled functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.ops.axes import one_axis, part, slice_of
from autograd_mini.ops.caller import located
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, as_carriers, as_floating, dtype_of, shape_of
from autograd_mini.ops.reduction import broadcast_to, sum
from autograd_mini.ops.shape import astype, checked_axes, reshape


def diff(x: Carrier, n: int = 1, axis: int = -1, prepend: Carrier = None, append: Carrier = None) -> Carrier:
    """x[i + 1] - x[i] along ``axis``, ``n`` times over; ``prepend`` and ``append`` lengthen ``x`` before.

    PyTorch: ``torch.diff``.

    >>> diff(np.array([1.0, 4.0, 9.0]))
    array([3., 5.])
    """
    if n < 0:
        raise ValueError(located(f"diff: n={n} is no number of times; give 0 or more"))
    ends = [end for end in (prepend, append) if end is not None]
    x, *ends = as_carriers(x, *ends)
    x, axis = one_axis("diff", x, axis)
    if n and ends:
        ends = [end if shape_of(end) else slice_of(end, x, axis) for end in ends]
        before, after = ends[: prepend is not None], ends[prepend is not None :]
        x = concatenate([*before, x, *after], axis)
    for _ in range(n):
        x = part(x, axis, slice(1, None)) - part(x, axis, slice(-1))
    return x


def trapezoid(y: Carrier, x: Carrier = None, dx: Carrier = 1.0, axis: int = -1) -> Carrier:
    """The integral of ``y`` along ``axis`` by the trapezoidal rule, over the points ``x`` or with steps of ``dx``.

    PyTorch: ``torch.trapezoid``.

    >>> trapezoid(np.array([1.0, 2.0, 3.0])), trapezoid(np.array([1.0, 3.0]), x=np.array([0.0, 10.0]))
    (4.0, 20.0)
    """
    y, dx = as_carriers(y, dx if x is None else x)
    y, axis = one_axis("trapezoid", y, axis)
    if x is not None:
        dx = diff(dx, axis=axis if len(shape_of(dx)) > 1 else 0)
    if len(shape_of(dx)) == 1:
        dx = reshape(dx, tuple(-1 if i == axis else 1 for i in range(len(shape_of(y)))))
    return sum(dx * (part(y, axis, slice(1, None)) + part(y, axis, slice(-1))) / 2.0, axis)


def gradient(x: Carrier, *spacing: Carrier, axis: int | tuple[int, ...] | None = None, edge_order: int = 1) -> Any:
    """The derivative of a sampled function along each axis: central differences, one-sided at the two ends.

    ``spacing`` is a number or the coordinates, one for all axes or one for each. The result is an array for one axis,
    a tuple of them for several. At the ends the differences are exact for polynomials of degree ``edge_order``, 1 or 2.
    The spacing has a derivative too. This is not the gradient of an op, which is ``grad``. PyTorch: ``torch.gradient``.

    >>> gradient(np.array([0.0, 1.0, 4.0, 9.0]))
    array([1., 2., 4., 5.])
    """
    x = as_floating(x)
    axes = tuple(range(len(shape_of(x)))) if axis is None else checked_axes("gradient", x, axis)
    steps = tuple(as_floating(step) for step in spacing or (1.0,))
    if len(steps) == 1 and not shape_of(steps[0]):
        steps *= len(axes)
    if len(steps) != len(axes):
        raise TypeError(
            located(f"gradient: {len(steps)} spacings for {len(axes)} axes; give one for all, or one for each")
        )
    if edge_order not in (1, 2):
        raise ValueError(located(f"gradient: edge_order={edge_order}; there are 1 and 2"))
    results = [_slope(x, a, step, edge_order) for a, step in zip(axes, steps, strict=True)]
    return results[0] if len(results) == 1 else tuple(results)


def _slope(x: Carrier, axis: int, spacing: Carrier, edge_order: int) -> Carrier:
    n = shape_of(x)[axis]
    if n <= edge_order:
        raise ValueError(located(f"gradient of {shape_of(x)} along axis {axis}: that takes {edge_order + 1} elements"))
    if shape_of(spacing) not in ((), (n,)):
        raise ValueError(located(f"gradient: {shape_of(spacing)} coordinates for the {n} elements along axis {axis}"))
    h = diff(spacing) if shape_of(spacing) else broadcast_to(spacing, (n - 1,))
    # evenly spaced coordinates that have a gradient are no exception: each of them may move by itself
    is_even = not shape_of(spacing) or (not hasattr(h, "record") and bool((h == h[0]).all()))
    h = reshape(astype(h, dtype_of(x)), tuple(-1 if a == axis else 1 for a in range(len(shape_of(x)))))
    slopes = diff(x, axis=axis) / h  # between neighbours; at a point, the parabola's through it and both of them
    left, right = part(h, axis, slice(-1)), part(h, axis, slice(1, None))
    before, after = part(slopes, axis, slice(-1)), part(slopes, axis, slice(1, None))
    if is_even:  # the same number, without what a nan or inf in the middle would do to it
        inside = (part(x, axis, slice(2, None)) - part(x, axis, slice(-2))) / (left + right)
    else:
        inside = (right * before + left * after) / (left + right)
    first, last = part(slopes, axis, slice(1)), part(slopes, axis, slice(-1, None))
    if edge_order == 2:
        first = 2.0 * first - part(inside, axis, slice(1))
        last = 2.0 * last - part(inside, axis, slice(-1, None))
    return concatenate([first, inside, last], axis)


FUNCTIONS.update({np.diff: diff, np.gradient: gradient, np.trapezoid: trapezoid})
