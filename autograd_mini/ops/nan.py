"""Reductions that leave nan out: a nan gets a gradient of 0, and of nothing but nan a mean or an extreme is nan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.ops.axes import Axis
from autograd_mini.ops.choosing import where as choose_by
from autograd_mini.ops.cumulative import cumsum
from autograd_mini.ops.masked import masked
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, as_floating
from autograd_mini.ops.product import cumprod, prod
from autograd_mini.ops.reduction import count_where, flat_sqrt, max, mean, min, sum, var
from autograd_mini.ops.statistics import between, middle, percent


def _present(x: Carrier, where: Any = None) -> Any:
    """Which elements are no nan, of those that count."""
    x = as_floating(x)
    present = x == x  # a nan is not equal to itself; a recorded comparison is traced by jit
    return present if where is None else present & where


def nansum(
    x: Carrier, axis: Axis = None, keepdims: bool = False, *, initial: Carrier = None, where: Any = None
) -> Carrier:
    """The sum of the elements along ``axis`` that are no nan. PyTorch: ``torch.nansum``.

    >>> nansum(np.array([1.0, np.nan, 3.0]))
    4.0
    """
    return sum(x, axis, keepdims, initial=initial, where=_present(x, where))


def nanprod(
    x: Carrier, axis: Axis = None, keepdims: bool = False, *, initial: Carrier = None, where: Any = None
) -> Carrier:
    """The product of the elements along ``axis`` that are no nan.

    >>> nanprod(np.array([2.0, np.nan, 3.0]))
    6.0
    """
    return prod(x, axis, keepdims, initial=initial, where=_present(x, where))


def nancumsum(x: Carrier, axis: int | None = None) -> Carrier:
    """The running sum, to which a nan adds nothing.

    >>> nancumsum(np.array([1.0, np.nan, 3.0]))
    array([1., 1., 4.])
    """
    return cumsum(masked("nancumsum", x, _present(x), 0.0), axis)


def nancumprod(x: Carrier, axis: int | None = None) -> Carrier:
    """The running product, which a nan leaves as it is.

    >>> nancumprod(np.array([2.0, np.nan, 3.0]))
    array([2., 2., 6.])
    """
    return cumprod(masked("nancumprod", x, _present(x), 1.0), axis)


def nanmean(x: Carrier, axis: Axis = None, keepdims: bool = False, *, where: Any = None) -> Carrier:
    """The mean of the elements along ``axis`` that are no nan; of none it is nan. PyTorch: ``torch.nanmean``.

    >>> nanmean(np.array([1.0, np.nan, 3.0]))
    2.0
    """
    return mean(x, axis, keepdims, where=_present(x, where))


def nanvar(
    x: Carrier,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    mean: Carrier = None,
    correction: float | None = None,
    where: Any = None,
) -> Carrier:
    """The variance of the elements along ``axis`` that are no nan, with the options of ``var``.

    Of ``ddof`` elements or fewer it is nan.

    >>> nanvar(np.array([1.0, np.nan, 3.0]))
    1.0
    """
    present = _present(x, where)
    variance = var(x, axis, ddof, keepdims, mean=mean, correction=correction, where=present)
    enough = count_where("nanvar", x, axis, keepdims, present) > (ddof if correction is None else correction)
    return choose_by(enough, variance, math.nan)


def nanstd(
    x: Carrier,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    mean: Carrier = None,
    correction: float | None = None,
    where: Any = None,
) -> Carrier:
    """The standard deviation of the elements along ``axis`` that are no nan, with the options of ``var``.

    Where it is 0 its gradient is 0, as that of ``std``.

    >>> nanstd(np.array([1.0, np.nan, 3.0]))
    1.0
    """
    return flat_sqrt(nanvar(x, axis, ddof, keepdims, mean=mean, correction=correction, where=where))


def nanmax(
    x: Carrier, axis: Axis = None, keepdims: bool = False, *, initial: Carrier = None, where: Any = None
) -> Carrier:
    """The largest element along ``axis`` that is no nan; ties share the gradient evenly.

    >>> nanmax(np.array([1.0, np.nan, 3.0]))
    3.0
    """
    return _extreme(max, -math.inf, x, axis, keepdims, initial, where)


def nanmin(
    x: Carrier, axis: Axis = None, keepdims: bool = False, *, initial: Carrier = None, where: Any = None
) -> Carrier:
    """The smallest element along ``axis`` that is no nan; ties share the gradient evenly.

    >>> nanmin(np.array([1.0, np.nan, 3.0]))
    1.0
    """
    return _extreme(min, math.inf, x, axis, keepdims, initial, where)


def _extreme(of: Any, farthest: float, x: Carrier, axis: Axis, keepdims: bool, initial: Carrier, where: Any) -> Carrier:
    if initial is not None or where is not None:
        return of(x, axis, keepdims, initial=initial, where=_present(x, where))
    present = _present(x)
    extreme = of(masked(of.__name__, x, present, farthest), axis, keepdims)
    return choose_by(count_where(of.__name__, x, axis, keepdims, present) == 0, math.nan, extreme)


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
    return between("nanpercentile", x, percent(q), axis, method, keepdims, skip_nan=True)


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
