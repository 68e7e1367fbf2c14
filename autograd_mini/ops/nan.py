"""Reductions that leave nan out: a nan gets a gradient of 0, and of nothing but nan a mean or an extreme is nan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.ops.axes import Axis, plain
from autograd_mini.ops.choosing import where
from autograd_mini.ops.cumulative import cumsum
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, dtype_of
from autograd_mini.ops.pointwise import div
from autograd_mini.ops.product import cumprod, prod
from autograd_mini.ops.reduction import flat_sqrt, max, min, sum
from autograd_mini.ops.shape import as_carrier
from autograd_mini.ops.statistics import between, middle, percent


def _filled(x: Carrier, number: float) -> Carrier:
    """``x`` with a number that changes nothing in place of each nan."""
    x = as_carrier(x)
    return where(np.isnan(plain(x)), number, x)


def _count(x: Carrier, axis: Axis, keepdims: bool) -> Any:
    """How many elements are no nan, in the dtype of ``x``."""
    return np.sum(~np.isnan(plain(x)), axis=axis, keepdims=keepdims).astype(dtype_of(x))


def nansum(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The sum of the elements along ``axis`` that are no nan. PyTorch: ``torch.nansum``.

    >>> nansum(np.array([1.0, np.nan, 3.0]))
    4.0
    """
    return sum(_filled(x, 0.0), axis, keepdims)


def nanprod(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The product of the elements along ``axis`` that are no nan.

    >>> nanprod(np.array([2.0, np.nan, 3.0]))
    6.0
    """
    return prod(_filled(x, 1.0), axis, keepdims)


def nancumsum(x: Carrier, axis: int | None = None) -> Carrier:
    """The running sum, to which a nan adds nothing.

    >>> nancumsum(np.array([1.0, np.nan, 3.0]))
    array([1., 1., 4.])
    """
    return cumsum(_filled(x, 0.0), axis)


def nancumprod(x: Carrier, axis: int | None = None) -> Carrier:
    """The running product, which a nan leaves as it is.

    >>> nancumprod(np.array([2.0, np.nan, 3.0]))
    array([2., 2., 6.])
    """
    return cumprod(_filled(x, 1.0), axis)


def nanmean(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The mean of the elements along ``axis`` that are no nan; of none it is nan. PyTorch: ``torch.nanmean``.

    >>> nanmean(np.array([1.0, np.nan, 3.0]))
    2.0
    """
    x = as_carrier(x)
    return div(nansum(x, axis, keepdims), _count(x, axis, keepdims))


def nanvar(
    x: Carrier,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    mean: Carrier = None,
    correction: float | None = None,
) -> Carrier:
    """The variance of the elements along ``axis`` that are no nan, with the options of ``var``.

    Of ``ddof`` elements or fewer it is nan.

    >>> nanvar(np.array([1.0, np.nan, 3.0]))
    1.0
    """
    x = as_carrier(x)
    deviation = _filled(x - (nanmean(x, axis, keepdims=True) if mean is None else mean), 0.0)
    freedom = _count(x, axis, keepdims) - (ddof if correction is None else correction)
    return div(sum(deviation * deviation, axis, keepdims), np.where(freedom > 0, freedom, math.nan).astype(dtype_of(x)))


def nanstd(
    x: Carrier,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    mean: Carrier = None,
    correction: float | None = None,
) -> Carrier:
    """The standard deviation of the elements along ``axis`` that are no nan, with the options of ``var``.

    Where it is 0 its gradient is 0, as that of ``std``.

    >>> nanstd(np.array([1.0, np.nan, 3.0]))
    1.0
    """
    return flat_sqrt(nanvar(x, axis, ddof, keepdims, mean, correction))


def nanmax(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The largest element along ``axis`` that is no nan; ties share the gradient evenly.

    >>> nanmax(np.array([1.0, np.nan, 3.0]))
    3.0
    """
    return _extreme(max, -math.inf, x, axis, keepdims)


def nanmin(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The smallest element along ``axis`` that is no nan; ties share the gradient evenly.

    >>> nanmin(np.array([1.0, np.nan, 3.0]))
    1.0
    """
    return _extreme(min, math.inf, x, axis, keepdims)


def _extreme(of: Any, least: float, x: Carrier, axis: Axis, keepdims: bool) -> Carrier:
    x = as_carrier(x)
    missing = np.all(np.isnan(plain(x)), axis=axis, keepdims=keepdims)
    return where(missing, math.nan, of(_filled(x, least), axis, keepdims))


def nanmedian(x: Carrier, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The ``median`` of the elements along ``axis`` that are no nan. PyTorch: ``torch.nanquantile(x, 0.5)``.

    >>> nanmedian(np.array([1.0, np.nan, 3.0]))
    2.0
    """
    return middle("nanmedian", x, axis, keepdims, skip_nan=True)


def nanquantile(x: Carrier, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Carrier:
    """The ``quantile`` of the elements along ``axis`` that are no nan. PyTorch: ``torch.nanquantile``.

    >>> nanquantile(np.array([1.0, np.nan, 3.0]), 0.5)
    2.0
    """
    return between("nanquantile", x, q, axis, method, keepdims, skip_nan=True)


def nanpercentile(x: Carrier, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Carrier:
    """The ``percentile`` of the elements along ``axis`` that are no nan.

    >>> nanpercentile(np.array([1.0, np.nan, 3.0]), 50)
    2.0
    """
    return between("nanpercentile", x, percent(x, q), axis, method, keepdims, skip_nan=True)


FUNCTIONS.update(
    {
        np.nansum: nansum,
        np.nanprod: nanprod,
        np.nancumsum: nancumsum,
        np.nancumprod: nancumprod,
        np.nanmean: nanmean,
        np.nanvar: nanvar,
        np.nanstd: nanstd,
        np.nanmax: nanmax,
        np.nanmin: nanmin,
        np.nanmedian: nanmedian,
        np.nanquantile: nanquantile,
        np.nanpercentile: nanpercentile,
    }
)
