"""Averages with weights, spans and order statistics: compositions of sums, extremes and sorting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.ops.axes import Axis, kept, reduced, together
from autograd_mini.ops.caller import located
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import (
    Carrier,
    as_carriers,
    as_floating,
    as_keepdims,
    dtype_of,
    guarded,
    map_data,
    shape_of,
)
from autograd_mini.ops.picking import take_along_axis
from autograd_mini.ops.reduction import broadcast_to, count_along, max, mean, min, sum
from autograd_mini.ops.shape import reshape, transpose
from autograd_mini.ops.sorting import sort


def average(
    x: Carrier, axis: Axis = None, weights: Carrier = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """The mean of the elements along ``axis``, each as often as its weight says. PyTorch has none.

    ``weights`` has the shape of ``x``, or the lengths of the axes that are averaged over. With ``returned`` the sum of
    the weights comes along, in the shape of the mean.

    >>> average(np.array([1.0, 4.0]), weights=np.array([2.0, 1.0]))
    2.0

    Raises ``ZeroDivisionError`` where weights sum to 0, and ``ValueError`` where their shape does not fit.
    """
    if weights is None:
        x = as_floating(x)
        result = mean(x, axis, keepdims)
        total: Carrier = dtype_of(x).type(count_along(x, axis))
    else:
        x, weights = as_carriers(x, weights)
        weights = _like(x, weights, axis)
        total = sum(weights, axis, keepdims)
        map_data(partial(guarded, "average", _check_divisors), total)
        result = sum(x * weights, axis, keepdims) / total
    return (result, broadcast_to(total, shape_of(result))) if returned else result


def _check_divisors(total: Any) -> None:
    if not hasattr(total, "compute") and np.any(total == 0):
        raise ZeroDivisionError(located("average: the weights sum to 0, so there is nothing to divide by"))


def _like(x: Carrier, weights: Carrier, axis: Axis) -> Carrier:
    """Weights of the axes that are averaged over as weights that broadcast against ``x``."""
    shape = shape_of(x)
    if shape_of(weights) == shape:
        return weights
    given = axis if isinstance(axis, tuple) else (axis,)
    lengths = None if axis is None else tuple(shape[reduced("average", x, a)[0]] for a in given)
    if shape_of(weights) != lengths:
        raise ValueError(
            located(
                f"average of {shape}, axis={axis}: the weights have shape {shape_of(weights)}; "
                f"give one for each element, {shape}, or name the axes that they are for"
            )
        )
    axes = [reduced("average", x, a)[0] for a in given]
    in_order = transpose(weights, tuple(int(i) for i in np.argsort(axes)))
    return reshape(in_order, tuple(n if i in axes else 1 for i, n in enumerate(shape)))


def ptp(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The largest element less the smallest along ``axis``; ties share the gradient evenly.

    PyTorch: ``torch.amax(x) - torch.amin(x)``.

    >>> ptp(np.array([3.0, 1.0, 2.0]))
    2.0
    """
    return max(x, axis, keepdims) - min(x, axis, keepdims)


# ---------------------------------------------------------------- order statistics


def median(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The element in the middle along ``axis``, or the mean of the two that are. PyTorch: ``torch.quantile(x, 0.5)``.

    ``torch.median`` takes the smaller of two. Where an element is nan so is the result. The gradient goes to the
    elements that a stable sort has there, as in PyTorch, also where others are equal to them.

    >>> median(np.array([4.0, 1.0, 3.0, 2.0]))
    2.5
    """
    return middle("median", x, axis, keepdims, skip_nan=False)


def middle(op: str, x: Carrier, axis: Axis, keepdims: bool, skip_nan: bool) -> Carrier:
    """``median``, or ``nanmedian``."""
    x = as_floating(x)
    if not count_along(x, axis):
        return mean(x, axis, keepdims)  # of nothing: nan
    axes = reduced(op, x, axis)
    rows = sort(together(x, axes), -1)
    at = map_data(partial(_places, skip_nan, lambda last: last / 2), rows)
    low, high = map_data(_below, at), map_data(_above, at)
    result = 0.5 * take_along_axis(rows, low) + 0.5 * take_along_axis(rows, high)
    return reshape(result, kept(x, axes) if as_keepdims(keepdims) else shape_of(result)[:-1])


def quantile(x: Carrier, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Carrier:
    """What a fraction ``q`` of the elements along ``axis`` lies below. PyTorch: ``torch.quantile``.

    ``q``, one or an array of them, makes the first axes of the result. Between two elements ``method`` interpolates as
    NumPy describes it: linear, lower, higher, nearest, midpoint, hazen, weibull, median_unbiased, normal_unbiased,
    inverted_cdf, averaged_inverted_cdf, interpolated_inverted_cdf or closest_observation. Where an element is nan so
    is the result. The gradient goes to the elements that a stable sort has there, as in PyTorch, also where others are
    equal to them.

    >>> quantile(np.array([1.0, 2.0, 3.0]), [0.25, 1.0])
    array([1.5, 3. ])
    """
    return between("quantile", x, q, axis, method, keepdims, skip_nan=False)


def percentile(x: Carrier, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Carrier:
    """``quantile`` of ``q`` percent.

    >>> percentile(np.array([1.0, 2.0, 3.0]), 25)
    1.5
    """
    return between("percentile", x, percent(q), axis, method, keepdims, skip_nan=False)


def percent(q: Any) -> Any:
    """Percents as fractions; a number stays a number, which promotes otherwise than an array."""
    if hasattr(q, "record"):
        raise TypeError(located("percentile: there is no derivative by q; give plain numbers"))
    return q / 100 if isinstance(q, int | float) else np.true_divide(q, 100)


_ALPHA_BETA = {
    "linear": (1, 1),
    "hazen": (0.5, 0.5),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
    "interpolated_inverted_cdf": (0, 1),
    "inverted_cdf": (0, 1),
    "averaged_inverted_cdf": (0, 1),
    "closest_observation": (0, 1),
}
_ROUNDED: dict[str, Callable[[Any], Any]] = {
    "lower": np.floor,
    "higher": np.ceil,
    "nearest": np.rint,
    "midpoint": lambda at: (np.floor(at) + np.ceil(at)) / 2,
    "inverted_cdf": np.ceil,
    "averaged_inverted_cdf": lambda at: (np.floor(at + 1) + np.ceil(at)) / 2,
    "closest_observation": lambda at: np.rint(at + 1) - 1,  # of two as close the one that is even, counted from 1
}


def between(op: str, x: Carrier, q: Any, axis: Axis, method: str, keepdims: bool, skip_nan: bool) -> Carrier:
    """``quantile``, or ``nanquantile``: the elements on either side of a position, and the line between them."""
    if hasattr(q, "record"):
        raise TypeError(located(f"{op}: there is no derivative by q; give plain numbers"))
    x, fractions = as_floating(x), np.asarray(q, dtype=np.float64)
    if not np.all((fractions >= 0) & (fractions <= 1)):
        raise ValueError(located(f"{op}: {q} is not between 0 and 1 (percentiles: 0 and 100)"))
    if method not in _ALPHA_BETA and method not in _ROUNDED:
        known = ", ".join({**_ALPHA_BETA, **_ROUNDED})
        raise ValueError(located(f"{op}: no method {method!r}; there are {known}"))
    axes = reduced(op, x, axis)
    if not count_along(x, axes):
        raise ValueError(located(f"{op} of {shape_of(x)}, axis={axis}: there is nothing to choose from"))
    rows = sort(together(x, axes), -1)
    alpha, beta = _ALPHA_BETA.get(method, (1, 1))

    def place(last: Any) -> Any:
        at = (last + 1) * fractions.ravel() + (alpha + fractions.ravel() * (1 - alpha - beta)) - 1
        return np.clip(_ROUNDED.get(method, lambda at: at)(at), 0, last)

    at = map_data(partial(_places, skip_nan, place), rows)
    between_two = method not in ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")
    promotes = between_two and type(q) is not float and np.asarray(q).dtype.kind == "f"  # as NumPy has it
    dtype = np.result_type(dtype_of(x), np.asarray(q)) if promotes else dtype_of(x)
    weight = map_data(lambda at: (at - np.floor(at)).astype(dtype), at)
    below, above = take_along_axis(rows, map_data(_below, at)), take_along_axis(rows, map_data(_above, at))
    result = below + (above - below) * weight
    result = transpose(result, (len(shape_of(result)) - 1, *range(len(shape_of(result)) - 1)))
    return reshape(result, (*fractions.shape, *(kept(x, axes) if as_keepdims(keepdims) else shape_of(result)[1:])))


def _places(skip_nan: bool, place: Callable[[Any], Any], ordered: Any) -> Any:
    """Positions along the last axis: ``place`` of the last one that counts; where that is nan, the nan's."""
    missing = np.isnan(ordered)
    if skip_nan:
        return place(np.maximum(np.sum(~missing, -1, keepdims=True) - 1, 0))
    last = np.full((*ordered.shape[:-1], 1), ordered.shape[-1] - 1)
    return np.where(missing[..., -1:], last, place(last))


def _below(at: Any) -> Any:
    return np.floor(at).astype(int)


def _above(at: Any) -> Any:
    return np.ceil(at).astype(int)


FUNCTIONS.update(
    {np.average: average, np.ptp: ptp, np.median: median, np.quantile: quantile, np.percentile: percentile}
)
