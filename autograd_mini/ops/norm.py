"""Norms of vectors and matrices, and condition numbers: compositions of sums, extremes and singular values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.ops.axes import Axis, kept, reduced
from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.decomposition import svdvals
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.inverse import inv
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, as_floating, as_keepdims, shape_of
from autograd_mini.ops.pointwise import abs, div, pow, sign
from autograd_mini.ops.reduction import flat_sqrt, max, min, sum
from autograd_mini.ops.shape import reshape, transpose


def norm(x: Carrier, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Carrier:
    """The length of vectors along one ``axis``, or the norm of matrices along two. PyTorch: ``torch.linalg.norm``.

    ``ord`` and ``axis`` left out it is the root of the sum of all squares; with ``ord`` alone, ``x`` is a vector or a
    matrix. The orders are those of ``vector_norm`` and ``matrix_norm``.

    >>> norm(np.array([3.0, 4.0])), norm(np.array([[1.0, 2.0], [3.0, 4.0]]), ord=1)
    (5.0, 6.0)
    """
    x = as_floating(x)
    axes = reduced("norm", x, axis)
    if axis is None and ord is None:
        return vector_norm(x, None, keepdims)
    if len(axes) == 1:
        return vector_norm(x, axes, keepdims, 2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(located(f"norm of {shape_of(x)}, axis={axis}: give one axis for vectors, two for matrices"))
    if ord is None:
        return vector_norm(x, axes, keepdims)
    others = tuple(i for i in range(len(shape_of(x))) if i not in axes)
    result = matrix_norm(
        x if (*others, *axes) == tuple(range(len(shape_of(x)))) else transpose(x, (*others, *axes)), ord=ord
    )
    return reshape(result, kept(x, axes)) if as_keepdims(keepdims) else result


def vector_norm(x: Carrier, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Carrier:
    """sum(abs(x) ** ord) ** (1 / ord) over ``axis``, by default over all. PyTorch: ``torch.linalg.vector_norm``.

    ``ord`` may also be inf, the largest abs(x), -inf, the smallest, and 0, how many are not 0. As in PyTorch the
    gradient of an element that is 0 is 0, at the zero vector too, and ties for the largest share it evenly.

    >>> vector_norm(np.array([3.0, -4.0])), vector_norm(np.array([3.0, -4.0]), ord=1)
    (5.0, 7.0)
    """
    x = as_floating(x)
    axis = reduced("vector_norm", x, axis)
    _check_order(ord)
    if isinstance(ord, str) or ord is None:
        raise ValueError(located(f"vector_norm: the order is a number, not {ord!r}; matrices have 'fro' and 'nuc'"))
    if ord == 2:
        return flat_sqrt(sum(x * x, axis, keepdims))
    if ord == 1:
        return sum(abs(x), axis, keepdims)
    if ord == 0:
        return sum(abs(sign(x)), axis, keepdims)
    if ord in (math.inf, -math.inf):
        return (max if ord > 0 else min)(abs(x), axis, keepdims)
    # 0 to a power has no slope, or an infinite one, and would make nan of the rest
    is_zero = x == 0
    powers = where(is_zero, 0.0 if ord > 0 else math.inf, pow(where(is_zero, 1.0, abs(x)), float(ord)))
    return pow(sum(powers, axis, keepdims), 1.0 / ord)


def matrix_norm(x: Carrier, keepdims: bool = False, ord: Any = "fro") -> Carrier:
    """The norm of a matrix, or of each in a batch of them. PyTorch: ``torch.linalg.matrix_norm``.

    ``ord`` is 'fro', the root of the sum of squares; 'nuc', the sum of the singular values; 2 or -2, the largest or the
    smallest of them; 1 or -1, the largest or the smallest sum of abs(x) down a column; inf or -inf, along a row.
    As in PyTorch ties share the gradient evenly; singular values that repeat or are 0 have that of the vectors found.

    >>> matrix_norm(np.array([[1.0, 2.0], [3.0, 4.0]]), ord=np.inf)
    7.0
    """
    x = as_floating(x)
    ndim = len(shape_of(x))
    if ndim < 2:
        raise ValueError(located(f"matrix_norm of {shape_of(x)}: a matrix has two axes; use vector_norm"))
    _check_order(ord)
    axes = (ndim - 2, ndim - 1)
    extreme = min if not isinstance(ord, str) and ord < 0 else max
    if ord == "fro":
        result = flat_sqrt(sum(x * x, axes))
    elif ord == "nuc":
        result = sum(svdvals(x), -1)
    elif ord in (2, -2):
        result = extreme(svdvals(x), -1)
    elif ord in (1, -1):
        result = extreme(sum(abs(x), -2), -1)
    elif ord in (math.inf, -math.inf):
        result = extreme(sum(abs(x), -1), -1)
    else:
        raise ValueError(located(f"matrix_norm: no order {ord!r}; there are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf"))
    return reshape(result, kept(x, axes)) if as_keepdims(keepdims) else result


def cond(x: Carrier, p: Any = None) -> Carrier:
    """The condition number: the norm of a matrix times that of its inverse. PyTorch: ``torch.linalg.cond``.

    ``p`` is an order of ``matrix_norm``. By default it is 2, the largest singular value over the least, of which the
    matrix need not be square; ``p=-2`` is the least over the largest.

    >>> cond(np.array([[3.0, 0.0], [0.0, 6.0]])), cond(np.array([[3.0, 0.0], [0.0, 6.0]]), 1)
    (2.0, 2.0)

    Raises ``numpy.linalg.LinAlgError`` for another order than 2 and -2 of a singular matrix.
    """
    if p not in (None, 2, -2):
        return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)
    s = svdvals(x)
    largest, least = getitem(s, (..., 0)), getitem(s, (..., -1))
    return div(least, largest) if p == -2 else div(largest, least)


def _check_order(ord: Any) -> None:
    if hasattr(ord, "record"):
        written_out = "for a Value p above 1 write (abs(x) ** p).sum() ** (1 / p)"
        raise TypeError(located(f"norm: there is no derivative by ord; give a plain number, or {written_out}"))


FUNCTIONS.update(
    {
        np.linalg.norm: norm,
        np.linalg.vector_norm: vector_norm,
        np.linalg.matrix_norm: matrix_norm,
        np.linalg.cond: cond,
    }
)
