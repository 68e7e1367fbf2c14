"""Products of matrices: linear in each operand, so each derivative is another product."""

from __future__ import annotations

import numpy as np

from autograd_mini.ops.operation import Carrier, Linear, shape_of
from autograd_mini.ops.shape import expand_dims, squeeze, transpose


def swap_last(x: Carrier) -> Carrier:
    """The transpose of each matrix in a batch of them."""
    ndim = len(shape_of(x))
    return transpose(x) if ndim == 2 else transpose(x, (*range(ndim - 2), ndim - 1, ndim - 2))


def _as_matrices(g: Carrier, x: Carrier, y: Carrier) -> tuple[Carrier, Carrier, Carrier]:
    """``g``, ``x`` and ``y`` of a product with a vector in it as those of the same product of matrices."""
    if len(shape_of(x)) == 1:
        x, g = expand_dims(x, 0), expand_dims(g, -1 if len(shape_of(y)) == 1 else -2)
    if len(shape_of(y)) == 1:
        y, g = expand_dims(y, 1), expand_dims(g, -1)
    return g, x, y


def _matmul_by_x(g: Carrier, z: Carrier, x: Carrier, y: Carrier) -> Carrier:
    g, x_matrix, y = _as_matrices(g, x, y)
    by_x = matmul(g, swap_last(y))
    return by_x if x_matrix is x else squeeze(by_x, -2)


def _matmul_by_y(g: Carrier, z: Carrier, x: Carrier, y: Carrier) -> Carrier:
    g, x, y_matrix = _as_matrices(g, x, y)
    by_y = matmul(swap_last(x), g)
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
