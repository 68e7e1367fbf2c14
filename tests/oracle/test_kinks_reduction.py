"""Zeros in products, ties in orders and extremes, nan and inf, the zero vector: the conventions are PyTorch's."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from compare import assert_same_as_torch

from autograd_mini import Value, ops

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize("row", list(itertools.product([0.0, 2.0, -3.0], repeat=3)), ids=str)
@pytest.mark.parametrize(("op", "twin"), [("prod", torch.prod), ("cumprod", torch.cumprod)])
def test_the_derivative_of_a_product_is_exact_where_factors_are_zero(
    op: str, twin: Any, row: tuple[float, ...]
) -> None:
    assert_same_as_torch(lambda x: getattr(ops, op)(x, axis=0), lambda x: twin(x, 0), [np.array(row)])


def test_a_product_with_one_zero_sends_its_gradient_to_the_zero_alone() -> None:
    x = Value([2.0, 0.0, 5.0])
    x.prod().backward()
    assert x.grad.tolist() == [0.0, 10.0, 0.0]


@pytest.mark.parametrize("row", [[1e200, 1e200, 3.0], [INF, 2.0, 3.0], [1e-320, 2.0, 4.0]], ids=str)
def test_the_derivative_of_a_product_is_the_product_of_the_others_where_the_whole_overflows(row: list[float]) -> None:
    x = Value(row)
    with np.errstate(all="ignore"):
        x.prod().backward()
        expected = [math.prod(row[:i]) * math.prod(row[i + 1 :]) for i in range(len(row))]
    np.testing.assert_allclose(x.grad, expected, rtol=1e-14)


TIES = [[1.0, 3.0, 3.0, 2.0, 3.0], [5.0, 5.0, 5.0, 5.0], [0.0, -0.0, 0.0, 1.0], [INF, 1.0, INF, -INF]]


@pytest.mark.parametrize("row", TIES, ids=str)
@pytest.mark.parametrize(("op", "twin"), [("cummax", torch.cummax), ("cummin", torch.cummin)])
def test_a_running_extreme_that_is_met_again_sends_its_gradient_to_the_latest(
    op: str, twin: Any, row: list[float]
) -> None:
    assert_same_as_torch(getattr(ops, op), lambda x: twin(x, 0).values, [np.array(row)], second_order=False)


@pytest.mark.parametrize("op", ["cummax", "cummin"])
def test_a_running_extreme_is_nan_from_the_first_nan_on(op: str) -> None:
    x = Value([1.0, NAN, 3.0, 0.0])
    z = getattr(ops, op)(x)
    z.backward(np.ones(4))
    np.testing.assert_array_equal(z.data, [1.0, NAN, NAN, NAN])
    np.testing.assert_array_equal(x.grad, [1.0, 3.0, 0.0, 0.0])


@pytest.mark.parametrize("row", TIES, ids=str)
def test_equal_elements_keep_their_order_in_a_sort(row: list[float]) -> None:
    twin = lambda x: torch.sort(x, stable=True).values  # noqa: E731  # beside the op
    assert_same_as_torch(ops.sort, twin, [np.array(row)], second_order=False)


@pytest.mark.parametrize("row", TIES[:3], ids=str)
@pytest.mark.parametrize("q", [0.0, 0.3, 0.5, 0.75, 1.0])
def test_ties_in_a_quantile_are_those_of_a_stable_sort(row: list[float], q: float) -> None:
    def twin(x: torch.Tensor) -> torch.Tensor:
        at, in_order = q * (len(row) - 1), torch.sort(x, stable=True).values
        return torch.lerp(in_order[math.floor(at)], in_order[math.ceil(at)], at % 1)

    assert_same_as_torch(lambda x: ops.quantile(x, q), twin, [np.array(row)], second_order=False)


@pytest.mark.parametrize("op", ["max", "min", "ptp", "median", "prod", "norm", "average"])
def test_nan_spoils_a_reduction_of_its_row_and_no_other(op: str) -> None:
    x = Value([[1.0, NAN, 2.0], [4.0, 6.0, 5.0]])
    z = getattr(ops, op)(x, axis=1)
    assert np.isnan(z.data).tolist() == [True, False]
    z.backward(np.ones(2))
    assert np.isfinite(x.grad[1]).all()


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize(("op", "twin"), [("max", torch.amax), ("min", torch.amin)])
def test_an_extreme_of_nan_has_pytorchs_gradient(op: str, twin: Any, axis: Any) -> None:
    x = np.array([[1.0, NAN, 3.0], [3.0, 2.0, 3.0]])
    dim = (0, 1) if axis is None else axis
    assert_same_as_torch(lambda x: getattr(ops, op)(x, axis), lambda x: twin(x, dim), [x], second_order=False)


@pytest.mark.parametrize("q", [0.2, 0.5])
def test_a_quantile_of_nan_is_pytorchs(q: float) -> None:
    x = np.array([[1.0, NAN, 3.0], [3.0, 2.0, 7.0]])
    assert_same_as_torch(lambda x: ops.quantile(x, q, 1), lambda x: torch.quantile(x, q, 1), [x], second_order=False)
    assert_same_as_torch(
        lambda x: ops.nanquantile(x, q, 1), lambda x: torch.nanquantile(x, q, 1), [x], second_order=False
    )


NOTHING = [[NAN, NAN], [1.0, NAN]]


@pytest.mark.parametrize("op", ["nanmean", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian"])
def test_of_nothing_but_nan_there_is_no_mean_and_no_extreme(op: str) -> None:
    z = getattr(ops, op)(Value(NOTHING), axis=1)
    expected = 0.0 if op in ("nanvar", "nanstd") else 1.0
    np.testing.assert_array_equal(z.data, [NAN, expected])


def test_a_variance_of_fewer_elements_than_ddof_is_nan() -> None:
    np.testing.assert_array_equal(ops.nanvar(Value(NOTHING), axis=1, ddof=2).data, [NAN, NAN])


@pytest.mark.parametrize(("op", "neutral"), [("nansum", 0.0), ("nanprod", 1.0)])
def test_a_sum_of_nothing_but_nan_is_that_of_nothing(op: str, neutral: float) -> None:
    assert getattr(ops, op)(Value(NOTHING), axis=1).data.tolist() == [neutral, 1.0]


@pytest.mark.parametrize("op", ["nansum", "nanprod", "nanmean", "nanmax", "nanvar", "nanmedian", "nancumsum"])
def test_a_nan_that_is_left_out_gets_gradient_zero(op: str) -> None:
    x = Value([2.0, NAN, 3.0])
    getattr(ops, op)(x).sum().backward()
    assert x.grad[1] == 0.0
    assert np.isfinite(x.grad).all()


ORDERS = [2, 1, 0, 3, 2.5, 1.5, 0.5, INF, -INF]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("row", [[0.0, 0.0, 0.0], [0.0, 2.0, -1.0], [3.0, -3.0, 3.0]], ids=str)
def test_a_norm_at_zeros_and_ties_has_pytorchs_gradient(order: float, row: list[float]) -> None:
    assert_same_as_torch(
        lambda x: ops.vector_norm(x, ord=order),
        lambda x: torch.linalg.vector_norm(x, order),
        [np.array(row)],
        second_order=False,
    )


@pytest.mark.parametrize("order", [-1, -2.5])
def test_a_norm_of_negative_order_is_zero_where_an_element_is(order: float) -> None:
    x = Value([0.0, 2.0, -1.0])
    z = ops.vector_norm(x, ord=order)
    z.backward()
    assert z.data == 0.0
    assert x.grad[1:].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("order", [2, 3, 1.5])
def test_a_zero_row_has_no_nan_in_its_second_derivatives(order: float) -> None:
    x = Value([[0.0, 0.0], [3.0, 4.0]])
    ops.norm(x, order, axis=1).sum().backward(create_graph=True)
    g = x.grad
    x.zero_grad()
    (g * g).sum().backward()
    assert x.grad[0].tolist() == [0.0, 0.0]
    assert np.isfinite(x.grad).all()


def test_a_zero_row_among_others_gets_gradient_zero() -> None:
    for order in (2, 3, 1, 0.5):
        x = Value([[0.0, 0.0], [3.0, 4.0]])
        ops.norm(x, order, axis=1).sum().backward()
        assert x.grad[0].tolist() == [0.0, 0.0]
        assert np.isfinite(x.grad).all()


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, INF, -INF])
def test_the_norm_of_a_zero_matrix_has_a_finite_gradient_where_pytorchs_is(order: Any) -> None:
    x, t = Value(np.zeros((2, 2))), torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
    ops.matrix_norm(x, ord=order).backward()
    torch.linalg.matrix_norm(t, order).backward()
    if order not in ("nuc", 2):  # their singular vectors are any
        np.testing.assert_array_equal(x.grad, t.grad.numpy())


@pytest.mark.parametrize("row", [[1000.0, 1000.0, -1000.0], [-1000.0, 1000.0, 0.0], [700.0, 0.0, 800.0]], ids=str)
def test_logcumsumexp_of_large_and_infinite_numbers_is_pytorchs(row: list[float]) -> None:
    assert_same_as_torch(ops.logcumsumexp, lambda x: torch.logcumsumexp(x, 0), [np.array(row)], second_order=False)


@pytest.mark.parametrize("row", [[1.0, INF], [INF, 1.0], [1.0, INF, 2.0], [1.0, 2.0, INF, INF], [1.0, NAN]], ids=str)
def test_of_a_logcumsumexp_an_infinite_element_alone_gets_nan_as_in_pytorch(row: list[float]) -> None:
    for k in range(len(row)):
        x, t, g = Value(row), torch.tensor(row, dtype=torch.float64, requires_grad=True), np.eye(len(row))[k]
        x.logcumsumexp().backward(g)
        torch.logcumsumexp(t, 0).backward(torch.tensor(g))
        np.testing.assert_allclose(x.grad, t.grad.numpy(), rtol=1e-14)


def test_what_adds_nothing_to_a_logcumsumexp_gets_gradient_zero() -> None:
    x = Value([-INF, 1.0, 2.0])  # where PyTorch has nan
    z = x.logcumsumexp(0)
    z.backward([0.0, 1.0, 1.0])
    y = Value([1.0, 2.0])
    y.logcumsumexp(0).backward(np.ones(2))
    assert z.data[0] == -INF
    np.testing.assert_allclose(x.grad, [0.0, *y.grad], rtol=1e-15)
