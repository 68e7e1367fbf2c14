"""Diagonals and triangles of matrices: the last two axes where there are more."""

from __future__ import annotations

from operator import index

import numpy as np

from autograd_mini.ops.arranging import resize
from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.indexing import getitem, scatter_add
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Linear, as_floating, dtype_of, shape_of
from autograd_mini.ops.shape import astype, checked_axes, moveaxis, ravel, reshape


def _places(rows: int, columns: int, offset: int) -> slice:
    """Where a diagonal lies among the elements of a matrix in a row: every so many, so it is a slice."""
    start = offset if offset >= 0 else -offset * columns
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    return slice(start, start + count * (columns + 1), columns + 1)


def diagonal(x: Carrier, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Carrier:
    """The diagonal of ``axis1`` and ``axis2``, ``offset`` places above the main one. PyTorch: ``torch.diagonal``.

    It is the last axis of the result.

    >>> diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])

    Raises ``ValueError`` if there are less than two axes, or if they are the same.
    """
    x = as_floating(x)
    axes = checked_axes("diagonal", x, (axis1, axis2))
    if axes != (len(shape_of(x)) - 2, len(shape_of(x)) - 1):
        x = moveaxis(x, axes, (-2, -1))
    *batch, rows, columns = shape_of(x)
    return getitem(reshape(x, (*batch, rows * columns)), (..., _places(rows, columns, offset)))


def diag(x: Carrier, k: int = 0) -> Carrier:
    """The ``k``-th diagonal of a matrix, or the matrix of zeros with this one. PyTorch: ``torch.diag``.

    >>> diag(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    >>> diag(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    x = as_floating(x)
    if len(shape_of(x)) == 2:
        return diagonal(x, k)
    if len(shape_of(x)) != 1:
        raise ValueError(located(f"diag of {shape_of(x)}: give a vector or a matrix (diagonal takes more axes)"))
    n = shape_of(x)[0] + abs(k)
    return reshape(scatter_add(x, (n * n,), _places(n, n, k)), (n, n))


def diagflat(x: Carrier, k: int = 0) -> Carrier:
    """The matrix of zeros with all elements of ``x`` on its ``k``-th diagonal. PyTorch: ``torch.diagflat``.

    >>> diagflat(np.array([[1.0, 2.0]]))
    array([[1., 0.],
           [0., 2.]])
    """
    return diag(ravel(as_floating(x)), k)


def fill_diagonal(x: Carrier, val: Carrier, wrap: bool = False) -> Carrier:
    """``x`` with ``val``, a number or a row that is started again, on its diagonal. PyTorch: ``Tensor.fill_diagonal_``.

    Not in place as NumPy's: what was on the diagonal gets no gradient. Of more than two axes, which must be equally
    long, it is where all indices are equal. ``wrap`` goes on below the square of a tall matrix.

    >>> fill_diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]), 0.0)
    array([[0., 2.],
           [3., 0.]])
    """
    x = as_floating(x)
    on = np.zeros(shape_of(x), dtype=bool)
    try:
        np.fill_diagonal(on, True, wrap)
    except ValueError as cause:
        raise ValueError(located(f"fill_diagonal of {shape_of(x)}: {cause}")) from None
    if not shape_of(val):
        filled = where(on, val, x)
    else:
        values = resize(val, int(on.sum()))
        filled = where(on, scatter_add(values, shape_of(x), on), x)
    return astype(filled, dtype_of(x), copy=False)


# Rows, though a mask would do: the derivatives of cholesky and qr are written with them.
_TRIU = Linear("triu", lambda x, k: np.triu(x, k), lambda g, z, x, k: triu(g, k), params=("k",))
_TRIL = Linear("tril", lambda x, k: np.tril(x, k), lambda g, z, x, k: tril(g, k), params=("k",))


def triu(x: Carrier, k: int = 0) -> Carrier:
    """The elements on and above the ``k``-th diagonal, zero below it. PyTorch: ``torch.triu``.

    >>> triu(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 2.],
           [0., 4.]])
    """
    return _TRIU.on(_with_axes("triu", x), index(k))


def tril(x: Carrier, k: int = 0) -> Carrier:
    """The elements on and below the ``k``-th diagonal, zero above it. PyTorch: ``torch.tril``.

    >>> tril(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 0.],
           [3., 4.]])
    """
    return _TRIL.on(_with_axes("tril", x), index(k))


def _with_axes(op: str, x: Carrier) -> Carrier:
    """``x``, if it is a matrix, or a vector, which NumPy repeats as the rows of one."""
    x = as_floating(x)
    if not shape_of(x):
        raise ValueError(located(f"{op} of a number: give a matrix, or a vector for the rows of one"))
    return x


FUNCTIONS.update(
    {
        np.diagonal: diagonal,
        np.linalg.diagonal: lambda x, offset=0: diagonal(x, offset, -2, -1),
        np.diag: diag,
        np.diagflat: diagflat,
        np.triu: triu,
        np.tril: tril,
    }
)
