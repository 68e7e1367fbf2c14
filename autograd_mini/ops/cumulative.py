"""Running sums and extremes along an axis, of which the last element is the sum or the extreme."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.ops.axes import backwards, one_axis_or_number, slice_of
from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Linear, Operation, as_floating, guarded, map_data, shape_of
from autograd_mini.ops.picking import take_along_axis
from autograd_mini.ops.pointwise import exp
from autograd_mini.ops.product import cumprod, recurrence_from_the_end


def _logcumsumexp(x: Any, axis: int) -> Any:
    with np.errstate(all="ignore"):  # of two infinities it asks for the difference
        return np.logaddexp.accumulate(x, axis)


def _logcumsumexp_by_x(g: Carrier, z: Carrier, x: Carrier, axis: int) -> Carrier:
    """exp(x[i] - z[k]) for each k >= i, as products of numbers that are at most 1, so that nothing overflows."""
    share = exp(x - where(z == -np.inf, 0.0, z))  # of the sum so far, what its last element is
    before = where(z == np.inf, 0.0, 1 - share)  # and what all others are, nothing beside inf
    return share * (g + recurrence_from_the_end(before, g * before, axis))


_CUMSUM = Linear(
    "cumsum",
    lambda x, axis: np.cumsum(x, axis),
    lambda g, z, x, axis: backwards(cumsum(backwards(g, axis), axis), axis),
    params=("axis",),
)
_LOGCUMSUMEXP = Operation(
    "logcumsumexp",
    _logcumsumexp,
    _logcumsumexp_by_x,
    params=("axis",),
)


def cumsum(x: Carrier, axis: int | None = None) -> Carrier:
    """The running sum along ``axis``, by default of all elements in order. PyTorch: ``torch.cumsum``.

    >>> cumsum(np.array([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    x, axis = one_axis_or_number("cumsum", x, axis)
    return _CUMSUM.on(x, axis)


def logcumsumexp(x: Carrier, axis: int | None = None) -> Carrier:
    """log(cumsum(exp(x))) along ``axis``, without overflow. PyTorch: ``torch.logcumsumexp``.

    An element that is -inf gets a gradient of 0, where PyTorch's is nan; that of inf is nan, as in PyTorch.

    >>> logcumsumexp(np.array([1000.0, 1000.0])) - 1000
    array([0.        , 0.69314718])
    """
    x, axis = one_axis_or_number("logcumsumexp", x, axis)
    return _LOGCUMSUMEXP.on(x, axis)


def cumulative_sum(x: Carrier, axis: int | None = None, include_initial: bool = False) -> Carrier:
    """``cumsum`` as the array API has it: it may begin with the sum of nothing, 0.

    ``axis`` may be left out where there is only one.

    >>> cumulative_sum(np.array([1.0, 2.0]), include_initial=True)
    array([0., 1., 3.])
    """
    return _with_initial("cumulative_sum", cumsum, 0.0, x, axis, include_initial)


def cumulative_prod(x: Carrier, axis: int | None = None, include_initial: bool = False) -> Carrier:
    """``cumprod`` as the array API has it: it may begin with the product of nothing, 1.

    ``axis`` may be left out where there is only one.

    >>> cumulative_prod(np.array([2.0, 3.0]), include_initial=True)
    array([1., 2., 6.])
    """
    return _with_initial("cumulative_prod", cumprod, 1.0, x, axis, include_initial)


def _with_initial(
    op: str, running: Callable[..., Carrier], initial: float, x: Carrier, axis: int | None, include_initial: bool
) -> Carrier:
    x = as_floating(x)
    if axis is None and len(shape_of(x)) > 1:
        raise ValueError(located(f"{op} of {shape_of(x)} needs an axis; only a vector's goes without saying"))
    x, axis = one_axis_or_number(op, x, 0 if axis is None else axis)
    result = running(x, axis)
    return concatenate([slice_of(initial, x, axis), result], axis) if include_initial else result


def cummax(x: Carrier, axis: int | None = None) -> Carrier:
    """The largest element so far along ``axis``. PyTorch: the values of ``torch.cummax``.

    The gradient goes to where it was found, of several equal ones to the latest, as in PyTorch.

    >>> cummax(np.array([1.0, 3.0, 2.0]))
    array([1., 3., 3.])
    """
    return _running_extreme("cummax", np.maximum, x, axis)


def cummin(x: Carrier, axis: int | None = None) -> Carrier:
    """The smallest element so far along ``axis``. PyTorch: the values of ``torch.cummin``.

    The gradient goes to where it was found, of several equal ones to the latest, as in PyTorch.

    >>> cummin(np.array([3.0, 1.0, 2.0]))
    array([3., 1., 1.])
    """
    return _running_extreme("cummin", np.minimum, x, axis)


def _running_extreme(op: str, ufunc: np.ufunc, x: Carrier, axis: int | None) -> Carrier:
    x, axis = one_axis_or_number(op, x, axis)
    return take_along_axis(x, map_data(partial(guarded, op, partial(_found_so_far, ufunc, axis)), x), axis)


def _found_so_far(ufunc: np.ufunc, axis: int, data: Any) -> Any:
    """For each element, where the extreme of those up to it stands; from a nan on nothing else is found."""
    found = (data == ufunc.accumulate(data, axis)) | np.isnan(data)
    places = np.arange(data.shape[axis]).reshape([-1 if i == axis else 1 for i in range(data.ndim)])
    return np.maximum.accumulate(np.where(found, places, 0), axis)


FUNCTIONS[np.cumsum] = cumsum
if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    FUNCTIONS.update({np.cumulative_sum: cumulative_sum, np.cumulative_prod: cumulative_prod})
