"""Where a matrix has no inverse or a value repeats: what is defined is PyTorch's or exact, and the rest says so."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from compare import assert_same_as_torch

from autograd_mini import Value, grad, hessian, jacobian, ops

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


@pytest.mark.parametrize("matrix", [np.eye(2), REPEATED, np.zeros((2, 2))], ids=["identity", "repeated", "zero"])
@pytest.mark.parametrize("values", ["eigvalsh", "svdvals"])
@pytest.mark.parametrize(
    "of", [lambda s: s.sum(), lambda s: (s * s).sum(), lambda s: s[0]], ids=["sum", "squares", "s"]
)
def test_values_that_repeat_have_no_second_derivative_as_in_pytorch(values: str, of: Any, matrix: Any) -> None:
    """Never a finite number: that of the sum of squares is 2, which the derivatives of the vectors cannot say."""
    ours = hessian(lambda x: of(getattr(ops, values)(x)))(matrix)
    twin = torch.autograd.functional.hessian(lambda x: of(getattr(torch.linalg, values)(x)), torch.tensor(matrix))
    assert np.isnan(ours).all()
    assert np.isnan(twin.numpy()).all()


def test_other_functions_of_the_values_have_the_second_derivatives_that_repeated_values_do_not() -> None:
    """As the docstrings say: the trace is the sum of the eigenvalues, the sum of x * x that of the squares."""
    np.testing.assert_array_equal(hessian(ops.trace)(np.eye(2)), np.zeros((2, 2, 2, 2)))
    np.testing.assert_array_equal(hessian(lambda x: (x * x).sum())(np.eye(2)), 2 * np.eye(4).reshape(2, 2, 2, 2))


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


def leibniz(x: Any) -> Any:
    """The determinant by its definition, a sum over permutations: ordinary arithmetic, right for every matrix."""
    n = x.shape[-1]
    total: Any = 0.0
    for columns in permutations(range(n)):
        product: Any = np.linalg.det(np.eye(n)[list(columns)]).round()
        for row, column in enumerate(columns):
            product = product * x[..., row, column]
        total = total + product
    return total


OF_EACH_RANK = {
    "0 of 1": np.zeros((1, 1)),
    "0 of 2": np.zeros((2, 2)),
    "1 of 2": np.array([[1.0, 2.0], [2.0, 4.0]]),
    "1 of 2, nearly": np.array([[1.0, 2.0], [2.0, 4.0 + 1e-12]]),
    "0 of 3": np.zeros((3, 3)),
    "1 of 3": np.outer([1.0, 2.0, 3.0], [1.0, 0.0, 2.0]),
    "2 of 3": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
    "2 of 3, nearly": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0 + 1e-9]]),
    "3 of 3": TRIANGULAR,
    "2 of 4": np.outer([1.0, 2.0, 0.0, 1.0], [3.0, 1.0, 1.0, 2.0]) + np.diag([0.0, 0.0, 2.0, 0.0]),
    "a batch": np.stack([np.zeros((3, 3)), np.diag([1.0, 2.0, 0.0]), TRIANGULAR]),
}


@pytest.mark.parametrize("rank", OF_EACH_RANK)
def test_derivatives_of_a_determinant_are_exact_for_every_rank_and_order(rank: str) -> None:
    """PyTorch's first is 0 for some singular matrices, and its second nan where two singular values are 0."""

    def derivatives(f: Any) -> list[Any]:
        g = lambda x: (f(x) * np.arange(1.0, 4.0)).sum() if x.ndim == 3 else f(x)  # noqa: E731  # of a batch as well
        x = OF_EACH_RANK[rank]
        third = [] if x.ndim == 3 else [jacobian(hessian(g))(x)]
        return [grad(g)(x), hessian(g)(x), *third]

    for ours, expected in zip(derivatives(ops.det), derivatives(leibniz), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


def test_second_derivatives_of_a_singular_determinant_are_pytorchs_where_one_value_is_0() -> None:
    x = np.diag([1.0, 2.0, 0.0])
    expected = torch.autograd.functional.hessian(torch.linalg.det, torch.tensor(x))
    np.testing.assert_allclose(hessian(ops.det)(x), expected, atol=1e-14)


def test_a_determinant_has_no_derivative_beyond_its_degree() -> None:
    x = np.array([[1.0, 2.0], [2.0, 4.0]])
    directions = [np.ones((2, 2))] * 2
    np.testing.assert_array_equal(ops.cofactor(x, *directions), np.zeros((2, 2)))


def test_the_order_of_directions_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    x, first, second = rng.normal(size=(3, 4, 4))
    np.testing.assert_allclose(ops.cofactor(x, first, second), ops.cofactor(x, second, first), rtol=1e-12)
    np.testing.assert_allclose(
        (ops.cofactor(x, first) * second).sum(), (ops.cofactor(x, second) * first).sum(), rtol=1e-12
    )


def test_the_sign_of_a_determinant_is_flat() -> None:
    x = Value(np.diag([1.0, -2.0]))
    sign, logabsdet = x.slogdet()
    assert sign.item() == -1.0
    assert logabsdet.item() == pytest.approx(np.log(2))
    sign.backward()
    np.testing.assert_array_equal(x.grad, np.zeros((2, 2)))


@pytest.mark.parametrize("singular", [np.zeros((2, 2)), np.diag([1.0, 0.0, 3.0])], ids=["zero", "rank 2 of 3"])
def test_a_singular_matrix_has_logabsdet_minus_inf_and_no_gradient_as_in_pytorch(singular: Any) -> None:
    x, t = Value(singular), torch.tensor(singular, requires_grad=True)
    for sign, logabsdet in (ops.slogdet(x), torch.linalg.slogdet(t)):
        assert (sign.item(), logabsdet.item()) == (0.0, -np.inf)
        logabsdet.backward()
    assert t.grad is not None
    assert not np.isfinite(t.grad.numpy()).all()
    assert np.isnan(x.grad).all()


def test_a_singular_matrix_does_not_spoil_the_others_of_its_batch() -> None:
    x, alone = Value(np.stack([np.zeros((2, 2)), TRIANGULAR[:2, :2]])), Value(TRIANGULAR[:2, :2])
    ops.slogdet(alone).logabsdet.backward()
    ops.slogdet(x).logabsdet.sum().backward()
    np.testing.assert_array_equal(x.grad, [np.full((2, 2), np.nan), alone.grad])
    seconds = hessian(lambda x: ops.slogdet(x).logabsdet.sum())(x.data)
    expected = hessian(lambda x: ops.slogdet(x).logabsdet)(alone.data)
    np.testing.assert_allclose(seconds[1, :, :, 1], expected, rtol=1e-12)
    assert np.isnan(seconds[0, :, :, 0]).all()


def test_pinv_of_a_matrix_of_less_than_full_rank_has_pytorchs_gradient() -> None:
    singular = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    assert_same_as_torch(
        lambda x: ops.pinv(x), lambda x: torch.linalg.pinv(x, rtol=1e-15), [singular], second_order=False
    )


ORDERS = ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


@pytest.mark.parametrize(
    ("matrix", "order"),
    [(matrix, order) for matrix in (np.eye(3), np.array([[1.0, -1.0], [1.0, 1.0]])) for order in ORDERS]
    + [(np.ones((2, 2)), order) for order in ORDERS if order not in ("nuc", -2)],  # these two are below
    ids=str,
)
def test_ties_in_a_norm_of_matrices_are_pytorchs(matrix: Any, order: Any) -> None:
    assert_same_as_torch(
        lambda x: ops.matrix_norm(x, ord=order),
        lambda x: torch.linalg.matrix_norm(x, order),
        [matrix],
        second_order=False,
    )


@pytest.mark.parametrize(("order", "of_the_largest"), [("nuc", 0.5), (-2, 0.0)])
def test_the_vectors_of_a_singular_value_of_0_have_the_sign_that_lapack_gives_them(
    order: Any, of_the_largest: float
) -> None:
    """By which processor it runs on, in PyTorch too: the gradient is one of the two, and never their mean."""
    x, theirs = Value(np.ones((2, 2))), torch.ones((2, 2), dtype=torch.float64, requires_grad=True)
    ops.matrix_norm(x, ord=order).backward()
    torch.linalg.matrix_norm(theirs, order).backward()
    for gradient in (x.grad, theirs.grad.numpy()):
        of_zero = (gradient - of_the_largest) / np.array([[0.5, -0.5], [-0.5, 0.5]])
        np.testing.assert_allclose(of_zero, np.sign(of_zero[0, 0]) * np.ones((2, 2)), rtol=1e-12)


@pytest.mark.parametrize("p", [2, -2])
def test_the_condition_of_equal_singular_values_has_pytorchs_gradient(p: int) -> None:
    assert_same_as_torch(lambda x: ops.cond(x, p), lambda x: torch.linalg.cond(x, p), [np.eye(2)], second_order=False)


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


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_determinant_of_what_is_not_finite_has_gradient_nan_and_the_rest_of_its_batch_its_own(bad: float) -> None:
    x = Value(np.array([[[bad, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, 4.0]]]))
    np.linalg.det(x).sum().backward()
    assert np.isnan(x.grad[0]).all()
    np.testing.assert_allclose(x.grad[1], [[4.0, -3.0], [-2.0, 1.0]])
