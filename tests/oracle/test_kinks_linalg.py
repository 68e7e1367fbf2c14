"""Where a matrix has no inverse or a value repeats: what is defined is PyTorch's or exact, and the rest says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from compare import assert_same_as_torch

from autograd_mini import Value, ops

REPEATED = np.diag([2.0, 1.0, 1.0])
WEIGHTS = np.arange(1.0, 10.0).reshape(3, 3)
TRIANGULAR = np.array([[2.0, 7.0, 8.0], [0.3, 5.0, 9.0], [0.1, 0.4, 9.0]])  # above the diagonal: not looked at


@pytest.mark.parametrize("matrix", [np.eye(3), REPEATED, np.zeros((3, 3))], ids=["identity", "repeated", "zero"])
@pytest.mark.parametrize(
    ("ours", "twin"),
    [
        (lambda x: ops.eigvalsh(x), torch.linalg.eigvalsh),
        (lambda x: ops.eigh(x).eigenvalues, lambda x: torch.linalg.eigh(x)[0]),
        (lambda x: ops.svdvals(x), torch.linalg.svdvals),
        (lambda x: ops.svd(x).S, lambda x: torch.linalg.svd(x)[1]),
    ],
    ids=["eigvalsh", "eigh", "svdvals", "svd"],
)
def test_values_that_repeat_have_pytorchs_gradient(ours: Callable[..., Any], twin: Any, matrix: Any) -> None:
    assert_same_as_torch(lambda x: ours(x).sum(), lambda x: twin(x).sum(), [matrix], second_order=False)


@pytest.mark.parametrize(
    ("ours", "twin"),
    [
        (lambda x: ops.eigh(x).eigenvectors ** 3, lambda x: torch.linalg.eigh(x)[1] ** 3),
        (lambda x: ops.svd(x).U ** 3, lambda x: torch.linalg.svd(x)[0] ** 3),
    ],
    ids=["eigh", "svd"],
)
def test_vectors_of_values_that_repeat_have_no_gradient_as_in_pytorch(ours: Callable[..., Any], twin: Any) -> None:
    x, t = Value(np.eye(3)), torch.eye(3, dtype=torch.float64, requires_grad=True)
    (ours(x) * WEIGHTS).sum().backward()
    (twin(t) * torch.tensor(WEIGHTS)).sum().backward()
    assert t.grad is not None
    assert np.isnan(t.grad.numpy()).all()
    assert np.isnan(x.grad).all()


@pytest.mark.parametrize(
    ("ours", "twin"),
    [
        (lambda x: ops.cholesky(x), torch.linalg.cholesky),
        (lambda x: ops.eigvalsh(x), torch.linalg.eigvalsh),
        (lambda x: ops.eigh(x).eigenvectors ** 2, lambda x: torch.linalg.eigh(x)[1] ** 2),
    ],
    ids=["cholesky", "eigvalsh", "eigh"],
)
def test_the_gradient_is_symmetric_though_one_triangle_is_looked_at(ours: Callable[..., Any], twin: Any) -> None:
    assert_same_as_torch(ours, twin, [TRIANGULAR])
    x = Value(TRIANGULAR)
    (ours(x) * WEIGHTS[: ours(x).shape[0]]).sum().backward()
    np.testing.assert_allclose(x.grad, x.grad.T, rtol=1e-12)


@pytest.mark.parametrize(
    "singular",
    [np.array([[1.0, 2.0], [2.0, 4.0]]), np.zeros((2, 2)), np.diag([1.0, 2.0, 0.0]), np.diag([1.0, 0.0, 0.0])],
    ids=["rank 1 of 2", "zero", "rank 2 of 3", "rank 1 of 3"],
)
def test_the_determinant_of_a_singular_matrix_has_its_exact_gradient(singular: Any) -> None:
    """The cofactors, as minors by definition. PyTorch gives 0 for the first."""
    n = len(singular)
    minors = [[np.delete(np.delete(singular, i, 0), j, 1) for j in range(n)] for i in range(n)]
    expected = [[(-1) ** (i + j) * np.linalg.det(minors[i][j]) for j in range(n)] for i in range(n)]
    x = Value(singular)
    x.det().backward()
    np.testing.assert_allclose(x.grad, expected, atol=1e-14)


def test_the_sign_of_a_determinant_is_flat() -> None:
    x = Value(np.diag([1.0, -2.0]))
    sign, logabsdet = x.slogdet()
    assert sign.item() == -1.0
    assert logabsdet.item() == pytest.approx(np.log(2))
    sign.backward()
    np.testing.assert_array_equal(x.grad, np.zeros((2, 2)))


def test_a_singular_matrix_has_logabsdet_minus_inf_and_no_gradient() -> None:
    x = Value(np.zeros((2, 2)))
    sign, logabsdet = ops.slogdet(x)
    assert (sign.item(), logabsdet.item()) == (0.0, -np.inf)
    with pytest.raises(np.linalg.LinAlgError):
        logabsdet.backward()


def test_pinv_of_a_matrix_of_less_than_full_rank_has_pytorchs_gradient() -> None:
    singular = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    assert_same_as_torch(
        lambda x: ops.pinv(x), lambda x: torch.linalg.pinv(x, rtol=1e-15), [singular], second_order=False
    )


def test_a_matrix_to_the_power_0_is_constant() -> None:
    x = Value(TRIANGULAR)
    identity = np.linalg.matrix_power(x, 0)
    np.testing.assert_array_equal(identity.data, np.eye(3))
    identity.sum().backward()
    np.testing.assert_array_equal(x.grad, np.zeros((3, 3)))


def test_the_least_squares_of_too_few_equations_is_the_shortest_solution() -> None:
    x, y = Value([[1.0, 1.0]]), Value([2.0])
    solution, residuals, rank, _ = np.linalg.lstsq(x, y)
    np.testing.assert_allclose(solution.data, [1.0, 1.0])
    assert (residuals.shape, rank) == ((0,), 1)
    solution.sum().backward()
    assert y.grad == pytest.approx(1.0)
