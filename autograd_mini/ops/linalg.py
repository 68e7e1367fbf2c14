"""Products of vectors, matrices and tensors: linear in each operand, so each derivative is another product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.diagonals import diagonal
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Linear, as_carriers, as_floating, shape_of
from autograd_mini.ops.reduction import sum
from autograd_mini.ops.shape import checked_axes, expand_dims, moveaxis, ravel, reshape, squeeze, transpose


def swap_last(x: Carrier) -> Carrier:
    """The transpose of each matrix in a batch of them."""
    ndim = len(shape_of(x))
    return x.T if ndim == 2 else transpose(x, (*range(ndim - 2), ndim - 1, ndim - 2))


def _product(x: Carrier, y: Carrier) -> Carrier:
    """``x @ y``; of two matrices by np.dot, which is BLAS as well and begins 0.6 us sooner.

    Of a matrix of one number np.dot makes a factor, and loses the nan of 0 * inf.
    """
    if x.__class__ is y.__class__ is np.ndarray and x.ndim == y.ndim == 2 and x.size != 1 != y.size:
        return x.dot(y)
    return x @ y


def _matmul_by_x(g: Carrier, z: Carrier, x: Carrier, y: Carrier) -> Carrier:
    if len(shape_of(y)) == 1:
        return (g if len(shape_of(x)) == 1 else expand_dims(g, -1)) * y
    if len(shape_of(x)) == 1:
        return y @ g if len(shape_of(y)) == 2 else squeeze(y @ expand_dims(g, -1), -1)
    return _product(g, swap_last(y))


def _matmul_by_y(g: Carrier, z: Carrier, x: Carrier, y: Carrier) -> Carrier:
    if len(shape_of(x)) == 1:
        return g * x if len(shape_of(y)) == 1 else expand_dims(x, -1) * expand_dims(g, -2)
    if len(shape_of(y)) == 1:
        return swap_last(x) @ g if len(shape_of(x)) == 2 else squeeze(swap_last(x) @ expand_dims(g, -1), -1)
    return _product(swap_last(x), g)


matmul = Linear(
    "matmul",
    np.matmul,
    _matmul_by_x,
    _matmul_by_y,
    symbol="@",
    doc="""x @ y: vectors, matrices, and batches of matrices that broadcast. PyTorch: ``torch.matmul``.

    >>> matmul(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """,
)


def _rows(x: Carrier) -> Carrier:
    """A batch of any number of axes as a matrix, a row for each vector."""
    return x if len(shape_of(x)) == 2 else reshape(x, (-1, shape_of(x)[-1]))


_LINEAR = Linear(
    "linear",
    lambda x, weight, bias: _product(x, weight.T) + bias,
    lambda g, z, x, weight, bias: _product(g, weight),
    lambda g, z, x, weight, bias: _product(_rows(g).T, _rows(x)),
    lambda g, z, x, weight, bias: g,
)


def linear(x: Carrier, weight: Carrier, bias: Carrier = None) -> Carrier:
    """x @ weight.T + bias, for ``x`` (..., in), ``weight`` (out, in) and ``bias`` (out,). PyTorch: ``F.linear``.

    >>> linear(np.array([1.0, 2.0]), np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([0.0, 10.0]))
    array([ 3., 12.])
    """
    return matmul(x, weight.T) if bias is None else _LINEAR(x, weight, bias)


# ---------------------------------------------------------------- compositions: each is one matmul or one mul


def tensordot(x: Carrier, y: Carrier, axes: Any = 2) -> Carrier:
    """The sum of products over pairs of axes. PyTorch: ``torch.tensordot``, whose ``dims`` is ``axes`` here.

    ``axes`` is a number n, for the last n of ``x`` with the first n of ``y``; or two lists, the axes of ``x`` and
    those of ``y`` that go with them. The result has the other axes of ``x``, then those of ``y``.

    >>> tensordot(np.ones((2, 3, 4)), np.ones((4, 3)), axes=([1, 2], [1, 0]))
    array([12., 12.])
    """
    x, y = as_carriers(x, y)
    x_shape, y_shape = shape_of(x), shape_of(y)
    if not np.ndim(axes):
        axes = tuple(range(-axes, 0)), tuple(range(axes))
    of_x, of_y = checked_axes("tensordot", x, axes[0]), checked_axes("tensordot", y, axes[1])
    summed = tuple(x_shape[a] for a in of_x)
    if summed != tuple(y_shape[a] for a in of_y):
        raise ValueError(
            located(
                f"tensordot of {x_shape} and {y_shape}, axes={axes}: the axes that are summed over must have the same "
                "lengths, pair by pair"
            )
        )
    x_free = tuple(a for a in range(len(x_shape)) if a not in of_x)
    y_free = tuple(a for a in range(len(y_shape)) if a not in of_y)
    rows, columns = tuple(x_shape[a] for a in x_free), tuple(y_shape[a] for a in y_free)
    x_matrix = _arranged(x, x_free + of_x, (math.prod(rows), math.prod(summed)))
    y_matrix = _arranged(y, of_y + y_free, (math.prod(summed), math.prod(columns)))
    product = matmul(x_matrix, y_matrix)
    return product if shape_of(product) == rows + columns else reshape(product, rows + columns)


def _arranged(x: Carrier, axes: tuple[int, ...], shape: tuple[int, ...]) -> Carrier:
    """``x`` with its axes in this order, then in this shape."""
    x = x if axes == tuple(range(len(axes))) else transpose(x, axes)
    return x if shape_of(x) == shape else reshape(x, shape)


def dot(x: Carrier, y: Carrier) -> Carrier:
    """Sums of products over the last axis of ``x`` and the last but one of ``y`` (the only one of a vector).

    Of matrices and vectors it is ``x @ y``; a number multiplies. PyTorch: ``torch.dot`` (of vectors), ``torch.mm``.

    >>> dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    11.0
    """
    x, y = as_carriers(x, y)
    ndims = len(shape_of(x)), len(shape_of(y))
    if 0 in ndims:
        return x * y
    return matmul(x, y) if max(ndims) <= 2 else tensordot(x, y, (-1, max(ndims[1] - 2, 0)))


def inner(x: Carrier, y: Carrier) -> Carrier:
    """Sums of products over the last axes of both; a number multiplies. PyTorch: ``torch.inner``.

    >>> inner(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([3.0, 4.0]))
    array([3., 8.])
    """
    x, y = as_carriers(x, y)
    if not shape_of(x) or not shape_of(y):
        return x * y
    return tensordot(x, y, (-1, -1)) if len(shape_of(y)) > 1 else matmul(x, y)


def outer(x: Carrier, y: Carrier) -> Carrier:
    """Each element of ``x`` times each of ``y``, (M, N), both raveled first. PyTorch: ``torch.outer``.

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([[3., 4.],
           [6., 8.]])
    """
    x, y = as_carriers(x, y)
    return reshape(x, (-1, 1)) * ravel(y)


def vdot(x: Carrier, y: Carrier) -> Carrier:
    """The sum of the products of all elements. PyTorch: ``torch.vdot``, of vectors only.

    >>> vdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2)))
    10.0
    """
    x, y = as_carriers(x, y)
    return matmul(ravel(x), ravel(y))


def _vectors(op: str, x: Carrier, axis: int) -> Carrier:
    """``x`` with the axis along which its vectors lie as the last."""
    (axis,) = checked_axes(op, x, axis)
    return x if axis == len(shape_of(x)) - 1 else moveaxis(x, axis, -1)


def vecdot(x: Carrier, y: Carrier, axis: int = -1) -> Carrier:
    """The dot product of the vectors along ``axis``; the other axes broadcast. PyTorch: ``torch.linalg.vecdot``.

    >>> vecdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """
    x, y = as_carriers(x, y)
    x, y = _vectors("vecdot", x, axis), _vectors("vecdot", y, axis)
    if shape_of(x)[-1] != shape_of(y)[-1]:
        raise ValueError(located(f"vecdot of {shape_of(x)} and {shape_of(y)}: the vectors must be of the same length"))
    return sum(x * y, -1)


def matvec(x: Carrier, y: Carrier) -> Carrier:
    """Matrices (..., M, N) times vectors (..., N), batches broadcasting. PyTorch: ``torch.mv``.

    >>> matvec(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    array([[1., 3.],
           [2., 4.]])
    """
    x, y = as_carriers(x, y)
    _check_matrix("matvec", x)
    return matmul(x, y) if len(shape_of(y)) == 1 else squeeze(matmul(x, expand_dims(y, -1)), -1)


def vecmat(x: Carrier, y: Carrier) -> Carrier:
    """Vectors (..., M) times matrices (..., M, N), batches broadcasting.

    >>> vecmat(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 2.],
           [3., 4.]])
    """
    x, y = as_carriers(x, y)
    _check_matrix("vecmat", y)
    return matmul(x, y) if len(shape_of(x)) == 1 else squeeze(matmul(expand_dims(x, -2), y), -2)


def kron(x: Carrier, y: Carrier) -> Carrier:
    """The Kronecker product: every element of ``x`` times a copy of ``y``, side by side. PyTorch: ``torch.kron``.

    >>> kron(np.array([1.0, 10.0]), np.array([1.0, 2.0]))
    array([ 1.,  2., 10., 20.])
    """
    x, y = as_carriers(x, y)
    ndim = max(len(shape_of(x)), len(shape_of(y)))
    if not ndim:
        return x * y
    m, n = ((1,) * (ndim - len(shape)) + shape for shape in (shape_of(x), shape_of(y)))
    blocks = reshape(x, tuple(k for length in m for k in (length, 1)))
    copies = reshape(y, tuple(k for length in n for k in (1, length)))
    return reshape(blocks * copies, tuple(i * j for i, j in zip(m, n, strict=True)))


def cross(
    x: Carrier, y: Carrier, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Carrier:
    """The cross product of vectors of length 3, which lie along ``axis``. PyTorch: ``torch.linalg.cross``.

    ``axisa``, ``axisb`` and ``axisc`` say it for ``x``, ``y`` and the result apart.

    >>> cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    x, y = as_carriers(x, y)
    x, y = _vectors("cross", x, axisa), _vectors("cross", y, axisb)
    if shape_of(x)[-1] != 3 or shape_of(y)[-1] != 3:
        raise ValueError(located(f"cross: vectors have length 3; these have {shape_of(x)[-1]} and {shape_of(y)[-1]}"))
    next_one, one_after = (..., [1, 2, 0]), (..., [2, 0, 1])
    product = getitem(x, next_one) * getitem(y, one_after) - getitem(x, one_after) * getitem(y, next_one)
    return product if axisc == -1 else moveaxis(product, -1, axisc)


def matrix_transpose(x: Carrier) -> Carrier:
    """The last two axes swapped: the transpose of each matrix in a batch. PyTorch: ``x.mT``.

    >>> matrix_transpose(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    x = as_floating(x)
    _check_matrix("matrix_transpose", x)
    return swap_last(x)


def _check_matrix(op: str, x: Carrier) -> None:
    if len(shape_of(x)) < 2:
        raise ValueError(located(f"{op}: shape {shape_of(x)} is no matrix; it takes two axes or more"))


def trace(x: Carrier, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Carrier:
    """The sum along a diagonal of each matrix, ``offset`` above the main one. PyTorch: ``torch.trace``.

    >>> trace(np.array([[1.0, 2.0], [3.0, 4.0]]))
    5.0
    """
    return sum(diagonal(x, offset, axis1, axis2), -1)


def multi_dot(arrays: Sequence[Carrier]) -> Carrier:
    """The product of two matrices or more, in the order that takes the fewest multiplications.

    The first and the last may be vectors. PyTorch: ``torch.linalg.multi_dot``.

    >>> multi_dot([np.ones((2, 3)), np.ones((3, 4)), np.ones(4)])
    array([12., 12.])
    """
    xs = as_carriers(*arrays)
    shapes = [shape_of(x) for x in xs]
    if len(xs) < 2:
        raise ValueError(located(f"multi_dot: a product takes two matrices or more; there are {len(xs)}"))
    if any(len(shape) != 2 for shape in shapes[1:-1]) or any(len(shape) not in (1, 2) for shape in shapes):
        raise ValueError(located(f"multi_dot of shapes {shapes}: all are matrices; the first and last may be vectors"))
    lengths = [shapes[0][0] if len(shapes[0]) == 2 else 1, *(shape[0] for shape in shapes[1:])]
    lengths += shapes[-1][1:] or (1,)
    return _product_of_chain(xs, _cheapest_splits(lengths), 0, len(xs) - 1)


def _product_of_chain(xs: Sequence[Carrier], split: dict[tuple[int, int], int], first: int, last: int) -> Carrier:
    """The product of these of the matrices, each chain cut where ``split`` says."""
    if first == last:
        return xs[first]
    middle = split[first, last]
    return matmul(_product_of_chain(xs, split, first, middle), _product_of_chain(xs, split, middle + 1, last))


def _cheapest_splits(lengths: list[int]) -> dict[tuple[int, int], int]:
    """After which matrix to cut each chain, where matrix i is ``lengths[i]`` by ``lengths[i + 1]``."""
    n = len(lengths) - 1
    cost = {(i, i): 0 for i in range(n)}
    split = {}
    for first, last in sorted(
        [(i, j) for i in range(n) for j in range(i + 1, n)], key=lambda chain: chain[1] - chain[0]
    ):
        cost[first, last], split[first, last] = min(
            (cost[first, k] + cost[k + 1, last] + lengths[first] * lengths[k + 1] * lengths[last + 1], k)
            for k in range(first, last)
        )
    return split


FUNCTIONS.update(
    {
        np.dot: dot,
        np.inner: inner,
        np.outer: outer,
        np.linalg.outer: outer,
        np.vdot: vdot,
        np.vecdot: vecdot,
        np.linalg.vecdot: vecdot,
        np.tensordot: tensordot,
        np.linalg.tensordot: tensordot,
        np.kron: kron,
        np.cross: cross,
        np.linalg.cross: lambda x, y, axis=-1: cross(x, y, axis=axis),
        np.matrix_transpose: matrix_transpose,
        np.linalg.matrix_transpose: matrix_transpose,
        np.trace: trace,
        np.linalg.trace: lambda x, offset=0: trace(x, offset, -2, -1),
        np.linalg.matmul: lambda x, y: matmul(x, y),  # NumPy's own has a signature that the row has not
        np.linalg.multi_dot: multi_dot,
    }
)
if hasattr(np, "matvec"):  # since NumPy 2.2
    FUNCTIONS.update({np.matvec: matvec, np.vecmat: vecmat})
