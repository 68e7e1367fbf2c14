"""Matrices taken apart: a row for each part of a result, so that the gradient of a part asks for nothing of the others.

Matrices are the last two axes, batches of them the others. What a decomposition leaves open (the sign of a vector, the
basis of a repeated eigenvalue) has no derivative: use it only in what does not depend on it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.diagonals import tril, triu
from autograd_mini.ops.inverse import finite, matrices, pinv, solve
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.linalg import matmul, swap_last
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Operation, as_floating, data_of, dtype_of, guarded, shape_of
from autograd_mini.ops.reduction import sum
from autograd_mini.ops.shape import expand_dims

Triangle = Literal["L", "U"]


class EighResult(NamedTuple):
    """What ``eigh`` returns, as NumPy's has it."""

    eigenvalues: Carrier
    eigenvectors: Carrier


class QRResult(NamedTuple):
    """What ``qr`` returns, as NumPy's has it."""

    Q: Carrier
    R: Carrier


class SVDResult(NamedTuple):
    """What ``svd`` returns, as NumPy's has it."""

    U: Carrier
    S: Carrier
    Vh: Carrier


def _scaled(vectors: Carrier, by: Carrier) -> Carrier:
    """Each column times its number."""
    return vectors * expand_dims(by, -2)


def _divided(x: Carrier, matrix: Carrier) -> Carrier:
    """``x @ inv(matrix).T``."""
    return swap_last(solve(matrix, swap_last(x)))


def _skew(x: Carrier) -> Carrier:
    return (x - swap_last(x)) / 2.0


def _gaps(x: Carrier) -> Carrier:
    """x_j - x_i in row i and column j, and 1 instead of 0 on the diagonal. Where x repeats, what is divided by it is
    infinite or nan, as in PyTorch."""
    return expand_dims(x, -2) - expand_dims(x, -1) + np.eye(shape_of(x)[-1], dtype=dtype_of(x))


# ---------------------------------------------------------------- the rows


def _by_factor(g: Carrier, z: Carrier, x: Carrier) -> Carrier:
    """z.T @ g with half its diagonal and nothing above, between inv(z).T and inv(z); then made symmetric."""
    lower = swap_last(z) @ g
    halved = tril(lower) - tril(triu(lower)) / 2.0
    both = _divided(solve(swap_last(z), halved), swap_last(z))
    return (both + swap_last(both)) / 2.0


_CHOLESKY = Operation("cholesky", np.linalg.cholesky, _by_factor)


def _by_eigenvalues(g: Carrier, z: Carrier, x: Carrier, UPLO: Triangle) -> Carrier:
    vectors = eigh(x, UPLO).eigenvectors
    return _scaled(vectors, g) @ swap_last(vectors)


def _by_eigenvectors(g: Carrier, z: Carrier, x: Carrier, UPLO: Triangle) -> Carrier:
    return z @ (_skew(swap_last(z) @ g) / _gaps(eigvalsh(x, UPLO))) @ swap_last(z)


_EIGVALSH = Operation("eigvalsh", lambda x, UPLO: np.linalg.eigvalsh(x, UPLO), _by_eigenvalues, params=("UPLO",))
_EIGENVECTORS = Operation(
    "eigh.eigenvectors", lambda x, UPLO: np.linalg.eigh(x, UPLO)[1], _by_eigenvectors, params=("UPLO",)
)


def _mirrored(x: Carrier) -> Carrier:
    """The symmetric matrix with what ``x`` has on and above its diagonal."""
    return triu(x) + swap_last(triu(x, 1))


_QR_Q = Operation(
    "qr.Q",
    lambda x: np.linalg.qr(x)[0],
    lambda g, z, x: _divided(g - z @ _mirrored(swap_last(z) @ g), qr(x).R),
)
_QR_R = Operation(
    "qr.R",
    lambda x: np.linalg.qr(x, "r"),
    lambda g, z, x: _divided(qr(x).Q @ _mirrored(g @ swap_last(z)), z),
)


def _by_singular_values(g: Carrier, z: Carrier, x: Carrier) -> Carrier:
    u, _, vh = svd(x, full_matrices=False)
    return _scaled(u, g) @ vh


def _by_left_vectors(g: Carrier, u: Carrier, s: Carrier, vh: Carrier) -> Carrier:
    """Of x = u @ diag(s) @ vh the gradient by way of u; that by way of vh is the same of x.T."""
    inside = _scaled(u @ (2.0 * _skew(swap_last(u) @ g) / _gaps(s * s)), s)
    if shape_of(u)[-2] > shape_of(u)[-1]:
        inside = inside + _scaled(g - u @ (swap_last(u) @ g), 1.0 / s)
    return inside @ vh


def _by_u(g: Carrier, z: Carrier, x: Carrier, full_matrices: bool) -> Carrier:
    _, s, vh = svd(x, full_matrices)
    return _by_left_vectors(g, z, s, vh)


def _by_vh(g: Carrier, z: Carrier, x: Carrier, full_matrices: bool) -> Carrier:
    u, s, _ = svd(x, full_matrices)
    return swap_last(_by_left_vectors(swap_last(g), swap_last(z), s, swap_last(u)))


_SVDVALS = Operation("svdvals", lambda x: np.linalg.svd(x, compute_uv=False), _by_singular_values)
_SVD_U = Operation(
    "svd.U", lambda x, full_matrices: np.linalg.svd(finite(x), full_matrices)[0], _by_u, params=("full_matrices",)
)
_SVD_VH = Operation(
    "svd.Vh", lambda x, full_matrices: np.linalg.svd(finite(x), full_matrices)[2], _by_vh, params=("full_matrices",)
)


# ---------------------------------------------------------------- the functions


def cholesky(x: Carrier, *, upper: bool = False) -> Carrier:
    """The lower triangular L with L @ L.T = x, or the upper with L.T @ L = x. PyTorch: ``torch.linalg.cholesky``.

    Only the lower triangle of ``x`` (or the upper) is looked at. Its gradient is symmetric, as in PyTorch: that of the
    symmetric matrix which it stands for.

    >>> cholesky(np.array([[4.0, 2.0], [2.0, 10.0]]))
    array([[2., 0.],
           [1., 3.]])

    Raises ``numpy.linalg.LinAlgError`` if ``x`` is not positive definite.
    """
    x = matrices("cholesky", x, square=True)
    return swap_last(_CHOLESKY.on(swap_last(x))) if upper else _CHOLESKY.on(x)


def eigh(x: Carrier, UPLO: Triangle = "L") -> EighResult:
    """Ascending eigenvalues (..., M) and eigenvectors, the columns (..., M, M), of symmetric matrices.

    Only the lower triangle of ``x`` is looked at, or the upper of ``UPLO="U"``; the gradient is symmetric. Where an
    eigenvalue repeats, that of the vectors is inf or nan, and so are the second derivatives of the values, as in
    PyTorch, ``torch.linalg.eigh``.

    >>> eigh(np.array([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    array([1., 2.])
    """
    x = matrices("eigh", x, square=True)
    if not hasattr(x, "record"):
        return EighResult(*np.linalg.eigh(x, UPLO))
    return EighResult(_EIGVALSH.on(x, UPLO), _EIGENVECTORS.on(x, UPLO))


def eigvalsh(x: Carrier, UPLO: Triangle = "L") -> Carrier:
    """Ascending eigenvalues of symmetric matrices, as ``eigh`` has them. PyTorch: ``torch.linalg.eigvalsh``.

    Where an eigenvalue repeats, each copy has the gradient of the vector that was found for it, and second derivatives
    are nan, as in PyTorch: they ask for the vectors'. Where eigenvalues differ by rounding alone, these are as large as
    they are wrong, there as here; the trace, ``(x * x).sum()`` and the like have them without eigenvalues.

    >>> eigvalsh(np.array([[0.0, 1.0], [1.0, 0.0]])).round(12)
    array([-1.,  1.])
    """
    return _EIGVALSH.on(matrices("eigvalsh", x, square=True), UPLO)


def qr(x: Carrier, mode: Literal["reduced", "complete", "r"] = "reduced") -> Any:
    """Q with orthonormal columns and the upper triangular R, Q @ R = x; of ``mode="r"`` R alone.

    x is (..., M, N), Q (..., M, K), R (..., K, N) and K the lesser of M and N. ``mode="complete"`` has a derivative
    only where it is the same, for M <= N. The first K columns of ``x`` must be independent. PyTorch:
    ``torch.linalg.qr``, which has no derivative of ``mode="r"``.

    >>> np.abs(qr(np.array([[3.0], [4.0]])).R).round(12)
    array([[5.]])
    """
    x = matrices("qr", x)
    m, n = shape_of(x)[-2:]
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(located(f"qr: the mode is 'reduced', 'complete' or 'r', not {mode!r}"))
    if not hasattr(x, "record"):
        return np.linalg.qr(x, mode) if mode == "r" else QRResult(*np.linalg.qr(x, mode))
    if mode == "complete" and m > n:
        raise ValueError(
            located(
                f"qr of {shape_of(x)}: the last {m - n} columns of a complete Q can be any that fill it up, "
                "so they have no derivative; use mode='reduced'"
            )
        )
    square = x if m >= n else x[..., :m]
    r = _QR_R.on(square)
    if mode == "r" and m >= n:
        return r
    q = _QR_Q.on(square)
    if m < n:
        r = concatenate([r, swap_last(q) @ x[..., m:]], -1)
    return r if mode == "r" else QRResult(q, r)


def svd(x: Carrier, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, S and Vh with U @ diag(S) @ Vh = x, S descending; or S alone, without ``compute_uv``.

    x is (..., M, N), U (..., M, K), S (..., K), Vh (..., K, N) and K the lesser of M and N. ``full_matrices``, U (M, M)
    and Vh (N, N), has a derivative only where it is the same, for M = N. The gradients of U and Vh are inf or nan where
    a singular value repeats, or is 0 of a matrix that is not square. PyTorch: ``torch.linalg.svd``.

    >>> svd(np.array([[3.0, 0.0], [0.0, 4.0]])).S
    array([4., 3.])
    """
    x = matrices("svd", x)
    m, n = shape_of(x)[-2:]
    if not compute_uv:
        return svdvals(x)
    if not hasattr(x, "record"):
        return SVDResult(*np.linalg.svd(finite(x), full_matrices))
    if full_matrices and m != n:
        raise ValueError(
            located(
                f"svd of {shape_of(x)}: the last {abs(m - n)} vectors of a full {'U' if m > n else 'Vh'} can be any "
                "that fill it up, so they have no derivative; use full_matrices=False"
            )
        )
    return SVDResult(_SVD_U.on(x, False), _SVDVALS.on(x), _SVD_VH.on(x, False))


def svdvals(x: Carrier) -> Carrier:
    """Singular values (..., K), descending, of matrices (..., M, N). PyTorch: ``torch.linalg.svdvals``.

    Where they repeat or are 0, each has the gradient of the vectors that were found for it, and second derivatives are
    nan, as in PyTorch: they ask for the vectors'.

    >>> svdvals(np.array([[3.0, 0.0], [0.0, 4.0]]))
    array([4., 3.])
    """
    return _SVDVALS.on(matrices("svdvals", x))


def lstsq(x: Carrier, y: Carrier, rcond: Any = None) -> tuple[Carrier, Carrier, int, Carrier]:
    """The z with the least sum of squares of ``x @ z - y``, and of those the shortest. PyTorch: ``torch.linalg.lstsq``.

    x is (M, N), y (M,) or (M, K). As NumPy it returns the solution, (N,) or (N, K); the sums of the squared residuals,
    empty unless the rank is N < M; the rank; and the singular values of ``x``. Values up to ``rcond`` times the largest
    count as zero, by default the dtype's precision times the longer side.

    >>> solution, residuals, rank, s = lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))
    >>> solution.round(12), residuals.round(12), rank
    (array([2.]), array([2.]), 1)
    """
    x, y = matrices("lstsq", x), as_floating(y)
    m, n = shape_of(x)[-2:]
    try:
        solution, residuals, rank, s = guarded("lstsq", partial(_least_squares, rcond=rcond), data_of(x), data_of(y))
    except np.linalg.LinAlgError as cause:
        raise np.linalg.LinAlgError(located(f"lstsq of {shape_of(x)} and {shape_of(y)}: {cause}")) from cause
    if not hasattr(x, "record") and not hasattr(y, "record"):
        return solution, residuals, rank, s
    least = np.finfo(dtype_of(x)).eps * max(m, n) if rcond is None else rcond
    z = matmul(pinv(x, least), y)
    left = matmul(x, z) - y
    return (
        z,
        sum(left * left, 0, keepdims=len(shape_of(y)) == 1) if residuals.size else residuals,
        rank,
        svdvals(x),
    )


def _least_squares(x: Any, y: Any, rcond: Any) -> tuple[Any, Any, int, Any]:
    solution, residuals, rank, s = np.linalg.lstsq(finite(x), y, rcond)
    return solution, residuals, int(rank), s


FUNCTIONS.update(
    {
        np.linalg.cholesky: cholesky,
        np.linalg.eigh: eigh,
        np.linalg.eigvalsh: eigvalsh,
        np.linalg.qr: qr,
        np.linalg.svd: svd,
        np.linalg.svdvals: svdvals,
        np.linalg.lstsq: lstsq,
    }
)
