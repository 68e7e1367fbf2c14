"""Products of matrices: linear in each operand, so each derivative is another product."""

from __future__ import annotations

import numpy as np

from autograd_mini.ops.operation import Carrier, Linear, shape_of
from autograd_mini.ops.shape import expand_dims, reshape, squeeze, transpose


def swap_last(x: Carrier) -> Carrier:
    """The transpose of each matrix in a batch of them."""
    ndim = len(shape_of(x))
    return x.T if ndim == 2 else transpose(x, (*range(ndim - 2), ndim - 1, ndim - 2))


def _as_matrices(g: Carrier, x: Carrier, y: Carrier) -> tuple[Carrier, Carrier, Carrier]:
    """``g``, ``x`` and ``y`` of a product with a vector in it as those of the same product of matrices."""
    if len(shape_of(x)) == 1:
        x, g = expand_dims(x, 0), expand_dims(g, -1 if len(shape_of(y)) == 1 else -2)
    if len(shape_of(y)) == 1:
        y, g = expand_dims(y, 1), expand_dims(g, -1)
    return g, x, y


def _matmul_by_x(g: Carrier, z: Carrier, x: Carrier, y: Carrier) -> Carrier:
    g, x_matrix, y = _as_matrices(g, x, y)
    by_x = g @ swap_last(y)
    return by_x if x_matrix is x else squeeze(by_x, -2)


def _matmul_by_y(g: Carrier, z: Carrier, x: Carrier, y: Carrier) -> Carrier:
    g, x, y_matrix = _as_matrices(g, x, y)
    by_y = swap_last(x) @ g
    return by_y if y_matrix is y else squeeze(by_y, -1)


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
    lambda x, weight, bias: np.matmul(x, weight.T) + bias,
    lambda g, z, x, weight, bias: g @ weight,
    lambda g, z, x, weight, bias: _rows(g).T @ _rows(x),
    lambda g, z, x, weight, bias: g,
)


def linear(x: Carrier, weight: Carrier, bias: Carrier = None) -> Carrier:
    """x @ weight.T + bias, for ``x`` (..., in), ``weight`` (out, in) and ``bias`` (out,). PyTorch: ``F.linear``.

    >>> linear(np.array([1.0, 2.0]), np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([0.0, 10.0]))
    array([ 3., 12.])
    """
    return matmul(x, weight.T) if bias is None else _LINEAR(x, weight, bias)
