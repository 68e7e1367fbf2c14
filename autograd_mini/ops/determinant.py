"""Determinants, and the cofactors that are their derivative: exact for singular matrices too, to any order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from itertools import permutations
from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.ops.inverse import by_inverse, matrices, per_matrix
from autograd_mini.ops.linalg import swap_last
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Operation

# ---------------------------------------------------------------- cofactors


def _cofactor(x: Any, *directions: Any) -> Any:
    """By singular values: x = U S Vh, and the cofactors of a product are the product of the cofactors.

    Nothing is divided by a determinant. The determinant is a sum over permutations, so that along directions it is a
    sum over the rows of S that they take the place of, one row each, times the product of the singular values left.
    """
    finite = np.all(np.isfinite(x), axis=(-2, -1), keepdims=True)  # LAPACK would raise, for the whole batch
    u, s, vh = np.linalg.svd(np.where(finite, x, 0), full_matrices=False)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    turned = [np.swapaxes(u, -1, -2) @ direction @ np.swapaxes(vh, -1, -2) for direction in directions]
    others = _products_of_others(s, 1 + len(directions))
    unit = np.eye(s.shape[-1], dtype=s.dtype)
    inside: Any = 0.0
    for parity, subscripts in _permuted(1 + len(directions)):
        part = np.einsum(subscripts, others, *turned)
        inside = inside + parity * (part[..., None] * unit if subscripts.endswith(">...a") else part)
    return np.where(finite, u @ (inside * sign[..., None, None]) @ vh, np.nan)


@lru_cache(maxsize=16)
def _permuted(count: int) -> list[tuple[int, str]]:
    """The terms of the sum as einsums of the products and the directions, each with the sign of its permutation.

    Row a is that of the result: its column is another row's, or its own, on the diagonal.
    """
    rows, terms = ascii_lowercase[:count], []
    for columns in permutations(rows):
        parity = round(np.linalg.det(np.eye(count)[[rows.index(column) for column in columns]]))
        factors = "".join(f",...{row}{column}" for row, column in zip(rows[1:], columns[1:], strict=True))
        terms.append((parity, f"...{rows}{factors}->...a{columns[0].strip('a')}"))
    return terms


def _products_of_others(s: Any, count: int) -> Any:
    """For each ``count`` different numbers of ``s`` the product of all the others; 0 where one is taken twice."""
    unit, axes = np.eye(s.shape[-1], dtype=bool), range(1, 1 + count)
    taken = reduce(np.logical_or, [np.expand_dims(unit, [a for a in axes if a != axis]) for axis in axes])
    return np.prod(np.where(taken, 1, s[(..., *[None] * count)]), axis=-1 - count) * (taken.sum(axis=0) == count)


def _by_cofactor(i: int, g: Carrier, z: Carrier, operands: Sequence[Carrier]) -> Carrier:
    """One direction more; or the upstream gradient in the place of one, for the order of directions does not matter."""
    x, *directions = operands
    before, after = directions[: i - 1], directions[i:]
    return cofactor(x, *directions, g) if i == 0 else cofactor(x, *before, g, *after)


_COFACTOR = Operation("cofactor", _cofactor, rule_for_each=_by_cofactor)


def cofactor(x: Carrier, *directions: Carrier) -> Carrier:
    """The matrix of cofactors, det(x) * inv(x).T where there is an inverse: the derivative of ``det``.

    It exists for singular matrices too. With ``directions``, matrices in the shape of ``x``, it is its derivative along
    all of them. PyTorch has none.

    >>> cofactor(np.array([[1.0, 2.0], [2.0, 4.0]])).round(12) + 0.0
    array([[ 4., -2.],
           [-2.,  1.]])
    >>> cofactor(np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 4.0]])).round(12) + 0.0
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    return _COFACTOR(*[matrices("cofactor", operand, square=True) for operand in (x, *directions)])


# ---------------------------------------------------------------- determinants


def _inverse(x: Any) -> Any:
    """The inverse, and nan for a singular matrix, which may be one of a batch."""
    regular = (np.linalg.slogdet(x)[0] != 0)[..., None, None]
    return np.where(regular, np.linalg.inv(np.where(regular, x, np.eye(x.shape[-1], dtype=x.dtype))), np.nan)


_INVERSE = Operation("slogdet.inverse", _inverse, by_inverse, symbol="inv")
_DET = Operation("det", np.linalg.det, lambda g, z, x: per_matrix(g) * cofactor(x))
_SIGN = Operation("slogdet.sign", lambda x: np.linalg.slogdet(x)[0], lambda g, z, x: 0.0)
_LOGABSDET = Operation(
    "slogdet.logabsdet",
    lambda x: np.linalg.slogdet(x)[1],
    lambda g, z, x: per_matrix(g) * swap_last(_INVERSE.on(x)),
)


class SlogdetResult(NamedTuple):
    """What ``slogdet`` returns, as NumPy's has it."""

    sign: Carrier
    logabsdet: Carrier


def det(x: Carrier) -> Carrier:
    """The determinant. PyTorch: ``torch.linalg.det``.

    Its derivatives of any order are exact for singular matrices too. PyTorch's second ones are nan where more than one
    singular value is 0.

    >>> round(det(np.array([[1.0, 2.0], [3.0, 4.0]])), 12)
    -2.0
    """
    return _DET.on(matrices("det", x, square=True))


def slogdet(x: Carrier) -> SlogdetResult:
    """``sign`` and ``logabsdet`` of the determinant, which is sign * exp(logabsdet). PyTorch: ``torch.linalg.slogdet``.

    It does not overflow as the determinant does. The sign has gradient 0. A singular matrix has sign 0, logabsdet -inf,
    and gradient nan, where PyTorch's is nan or inf; of a batch the others have theirs.

    >>> slogdet(np.array([[0.0, 1.0], [1.0, 0.0]])).sign
    -1.0
    """
    x = matrices("slogdet", x, square=True)
    return SlogdetResult(_SIGN.on(x), _LOGABSDET.on(x))


FUNCTIONS.update({np.linalg.det: det, np.linalg.slogdet: slogdet})
