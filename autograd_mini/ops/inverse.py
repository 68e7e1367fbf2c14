"""Inverses and what is solved for: matrices in the last two axes, batches of them in the others."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.linalg import matmul, swap_last
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Operation, as_floating, shape_of
from autograd_mini.ops.shape import expand_dims, moveaxis, ravel, reshape, squeeze

# ---------------------------------------------------------------- what the files of matrices share


def matrices(op: str, x: Any, *, square: bool = False) -> Carrier:
    """``x``, if it is a matrix or a batch of them."""
    x = as_floating(x)
    shape = shape_of(x)
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        raise ValueError(located(f"{op}: shape {shape} is no {'square ' * square}matrix, nor a batch of them"))
    return x


def finite(x: Any) -> Any:
    """``x``, if LAPACK may look for its singular vectors: with inf in it that goes on for ever."""
    if x.__class__ is np.ndarray and not np.isfinite(x).all():
        raise np.linalg.LinAlgError("there is inf or nan in it, so it has no singular vectors")
    return x


def per_matrix(g: Carrier) -> Carrier:
    """A number for each matrix of a batch, as what multiplies that matrix."""
    return expand_dims(g, (-2, -1)) if shape_of(g) else g


# ---------------------------------------------------------------- inverses


def by_inverse(g: Carrier, z: Carrier, x: Carrier) -> Carrier:
    """The derivative of the inverse ``z``."""
    return -swap_last(z) @ g @ swap_last(z)


_INV = Operation("inv", np.linalg.inv, by_inverse)
_SOLVE = Operation(
    "solve",
    np.linalg.solve,
    lambda g, z, x, y: -solve(swap_last(x), g) @ swap_last(z),
    lambda g, z, x, y: solve(swap_last(x), g),
)
_PINV = Operation(
    "pinv",
    lambda x, rcond: np.linalg.pinv(finite(x), rcond),
    lambda g, z, x, rcond: (
        # As the inverse's, and for what x does not reach (I - x @ z) and what it sends to zero (I - z @ x).
        -swap_last(z) @ g @ swap_last(z)
        + (swap_last(g) - x @ (z @ swap_last(g))) @ z @ swap_last(z)
        + swap_last(z) @ z @ (swap_last(g) - (swap_last(g) @ z) @ x)
    ),
    params=("rcond",),
)


def inv(x: Carrier) -> Carrier:
    """The inverse matrix. PyTorch: ``torch.linalg.inv``.

    >>> inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])

    Raises ``numpy.linalg.LinAlgError`` if the matrix is singular.
    """
    return _INV.on(matrices("inv", x, square=True))


def solve(x: Carrier, y: Carrier) -> Carrier:
    """``inv(x) @ y`` without the inverse, for ``y`` (M,) or (..., M, K). PyTorch: ``torch.linalg.solve``.

    Batches broadcast. As in NumPy, ``y`` is a vector only if it has a single axis.

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([1.0, 1.0]))
    array([0.5 , 0.25])

    Raises ``numpy.linalg.LinAlgError`` if ``x`` is singular.
    """
    x, y = matrices("solve", x, square=True), as_floating(y)
    if shape_of(x)[-1:] != shape_of(y)[-2:][:1]:
        raise ValueError(
            located(
                f"solve of {shape_of(x)} and {shape_of(y)}: the second must have {shape_of(x)[-1]} rows, "
                "as many as the matrix"
            )
        )
    return squeeze(_SOLVE(x, expand_dims(y, -1)), -1) if len(shape_of(y)) == 1 else _SOLVE(x, y)


def pinv(x: Carrier, rcond: Any = None, *, rtol: Any = None) -> Carrier:
    """The Moore-Penrose pseudo-inverse of a matrix of any shape and rank. PyTorch: ``torch.linalg.pinv``.

    Singular values up to ``rcond`` (or ``rtol``) times the largest count as zero, by default up to 1e-15 times. The
    gradient is that of a matrix that keeps its rank when it is moved.

    >>> pinv(np.array([[2.0, 0.0], [0.0, 0.0]]))
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    return _PINV.on(matrices("pinv", x), rtol if rcond is None else rcond)


# ---------------------------------------------------------------- compositions


def matrix_power(x: Carrier, n: int) -> Carrier:
    """``x @ x @ ...``, ``n`` times; of a negative ``n`` the inverse's. PyTorch: ``torch.linalg.matrix_power``.

    >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 3)
    array([[1., 3.],
           [0., 1.]])
    """
    x, n = matrices("matrix_power", x, square=True), index(n)
    if n == 0:
        shape = shape_of(x)
        return where(np.ones(shape, dtype=bool), np.broadcast_to(np.eye(shape[-1], dtype=x.dtype), shape), x)
    square, n, power = inv(x) if n < 0 else x, abs(n), None
    while True:
        if n & 1:
            power = square if power is None else matmul(power, square)
        n >>= 1
        if not n:
            return power
        square = matmul(square, square)


def tensorinv(x: Carrier, ind: int = 2) -> Carrier:
    """The inverse of what ``tensordot(x, y, y.ndim)`` does, of (*M, *N) with ``ind`` axes in M: (*N, *M).

    PyTorch: ``torch.linalg.tensorinv``.

    >>> tensorinv(np.eye(4).reshape(2, 2, 4)).shape
    (4, 2, 2)
    """
    x = as_floating(x)
    rows, columns = shape_of(x)[:ind], shape_of(x)[ind:]
    return reshape(inv(reshape(x, (math.prod(rows), math.prod(columns)))), columns + rows)


def tensorsolve(x: Carrier, y: Carrier, axes: Any = None) -> Carrier:
    """The z for which ``tensordot(x, z, z.ndim)`` is ``y``; ``axes`` of ``x`` are moved to its end first.

    PyTorch: ``torch.linalg.tensorsolve``.

    >>> tensorsolve(2 * np.eye(4).reshape(4, 2, 2), np.ones(4))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    x, y = as_floating(x), as_floating(y)
    if axes is not None:
        x = moveaxis(x, axes, range(-len(axes), 0))
    unknowns = shape_of(x)[len(shape_of(y)) :]
    return reshape(solve(reshape(x, (-1, math.prod(unknowns))), ravel(y)), unknowns)


FUNCTIONS.update(
    {
        np.linalg.inv: inv,
        np.linalg.solve: solve,
        np.linalg.pinv: pinv,
        np.linalg.matrix_power: matrix_power,
        np.linalg.tensorinv: tensorinv,
        np.linalg.tensorsolve: tensorsolve,
    }
)
