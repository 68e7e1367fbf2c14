"""Reductions, running sums, sorting and norms as NumPy is asked for them: what the gallery does not see."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograd_mini import Value, gradcheck, jit, ops

X = np.array([[[0.5, 1.5, -2.0], [3.0, 0.25, 1.0]], [[-1.0, 2.0, 0.75], [0.1, -0.4, 1.2]]])
HOLES = np.where(np.arange(12).reshape(X.shape) % 5 == 1, np.nan, X)
W = np.array([1.0, 2.0, 0.5])

# Calls that NumPy and our ops must answer alike: values, shapes, dtypes, of plain arrays and of Values.
CALLS: dict[str, Callable[[Any], Any]] = {
    **{
        f"{name}({options})": lambda x, name=name, options=options: getattr(np, name)(x, **options)
        for name in (
            "prod",
            "ptp",
            "median",
            "average",
            "nansum",
            "nanprod",
            "nanmean",
            "nanmax",
            "nanmin",
            "nanmedian",
        )
        for options in ({}, {"axis": 1}, {"axis": (-1, 0), "keepdims": True}, {"keepdims": True})
    },
    **{
        f"{name}({options})": lambda x, name=name, options=options: getattr(np, name)(x, **options)
        for name in ("var", "std", "nanvar", "nanstd")
        for options in ({}, {"axis": -1, "ddof": 1}, {"axis": (0, 2), "correction": 1.5}, {"ddof": 0.5})
    },
    "var(mean)": lambda x: np.var(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)),
    "std(mean)": lambda x: np.std(x, axis=0, mean=np.ones((1, 2, 3)), ddof=1),
    **{
        f"{name}(axis={axis})": lambda x, name=name, axis=axis: getattr(np, name)(x, axis=axis)
        for name in ("cumsum", "cumprod", "nancumsum", "nancumprod", "sort")
        for axis in (None, 0, -1)
    },
    **{
        f"{name}({q}, {options})": lambda x, name=name, q=q, options=options: getattr(np, name)(x, q, **options)
        for name, qs in {
            "quantile": [0.3, [0.0, 0.31, 1.0], np.array([[0.1, 0.5]]), 1],
            "percentile": [30, [0, 31.0, 100], np.float64(12.5)],
            "nanquantile": [0.3, [0.2, 0.9]],
            "nanpercentile": [30],
        }.items()
        for q in qs
        for options in ({}, {"axis": (0, 2)}, {"axis": 1, "keepdims": True})
    },
    **{
        f"quantile({method})": lambda x, method=method: np.quantile(x, [0.05, 0.37, 0.5, 0.98], axis=2, method=method)
        for method in (
            *("linear", "lower", "higher", "nearest", "midpoint", "hazen", "weibull", "median_unbiased"),
            *("normal_unbiased", "interpolated_inverted_cdf", "inverted_cdf", "averaged_inverted_cdf"),
            "closest_observation",
        )
    },
    "average(weights)": lambda x: np.average(x, 2, W),
    "average(weights of two axes)": lambda x: np.average(x, axis=(2, 0), weights=X[:, 0].T + 3, keepdims=True),
    "average(weights of all)": lambda x: np.average(x, weights=X + 3),
    "diff(n)": lambda x: np.diff(x, 2),
    "diff(prepend)": lambda x: np.diff(x, axis=1, prepend=0, append=X),
    "gradient": lambda x: np.gradient(x, axis=2),
    "gradient(edge_order)": lambda x: np.gradient(x, 0.5, axis=-1, edge_order=2),
    "gradient(coordinates)": lambda x: np.gradient(x, [0.0, 0.5, 2.0], axis=2),
    "gradient(of all)": lambda x: np.stack(np.gradient(x, 0.5, [1.0, 3.0], 2.0)),
    "gradient(two axes)": lambda x: np.gradient(x, 2.0, axis=(2, 0))[1],
    "trapezoid": np.trapezoid,
    "trapezoid(dx)": lambda x: np.trapezoid(x, dx=0.5, axis=1),
    "trapezoid(x)": lambda x: np.trapezoid(x, [0.0, 0.5, 2.0]),
    "trapezoid(x, axis)": lambda x: np.trapezoid(x, x=X + 5, axis=0),
    "trapezoid(dx of each)": lambda x: np.trapezoid(x, dx=W[:2]),
    "sort(kind)": lambda x: np.sort(x, 0, kind="mergesort"),
    "sort(stable)": lambda x: np.sort(x, 0, stable=True),
    "partition": lambda x: np.partition(x, 1, axis=2)[..., 1],
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1),
    **{
        f"norm({options})": lambda x, options=options: np.linalg.norm(x, **options)
        for options in (
            *({}, {"axis": 1}, {"axis": (2, 0)}, {"axis": 2, "ord": 3, "keepdims": True}, {"ord": 0, "axis": 0}),
            *({"ord": np.inf, "axis": -1}, {"ord": -np.inf, "axis": (0, 1)}, {"ord": "nuc", "axis": (0, 2)}),
            *({"ord": 2, "axis": (0, 2)}, {"ord": -1, "axis": (1, 2), "keepdims": True}, {"keepdims": True}),
            {"ord": "fro", "axis": (-1, 0)},
        )
    },
    "norm of a vector": lambda x: np.linalg.norm(x[0, 0], 1),
    "norm of a matrix": lambda x: np.linalg.norm(x[0], "fro"),
    "vector_norm": np.linalg.vector_norm,
    "vector_norm(...)": lambda x: np.linalg.vector_norm(x, axis=(0, 1), keepdims=True, ord=3),
    "matrix_norm": np.linalg.matrix_norm,
    "matrix_norm(...)": lambda x: np.linalg.matrix_norm(x, keepdims=True, ord=np.inf),
}
if hasattr(np, "cumulative_sum"):
    CALLS["cumulative_sum"] = lambda x: np.cumulative_sum(x, axis=1, include_initial=True)
    CALLS["cumulative_sum(vector)"] = lambda x: np.cumulative_sum(x[0, 0])
    CALLS["cumulative_prod"] = lambda x: np.cumulative_prod(x, axis=-1, include_initial=True)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_numpy_gives_a_value_what_it_gives_an_array(name: str, dtype: str) -> None:
    x = (HOLES if name.startswith("nan") else X).astype(dtype)
    if name.startswith("norm") and dtype == "float16":
        pytest.skip("NumPy computes norms of float16 in other precisions, and has no singular values of it")
    call = CALLS[name]
    expected, actual = call(x), call(Value(x))
    assert isinstance(actual, Value)
    assert actual.shape == np.shape(expected)
    assert actual.dtype == expected.dtype
    tolerance = {"float64": 1e-13, "float32": 1e-5, "float16": 2e-2}[dtype]
    np.testing.assert_allclose(actual.data, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "op", ["prod", "cumsum", "cumprod", "sort", "median", "ptp", "nanmean", "nanmax", "norm", "diff"]
)
@pytest.mark.parametrize("x", [[1, 4, 2], [1.5, 0.5], np.array([3, 1, 2]), np.array([True, False])], ids=repr)
def test_a_plain_operand_gives_a_plain_result(op: str, x: Any) -> None:
    result = getattr(ops, op)(x)
    theirs = getattr(np, op, None) or np.linalg.norm
    floats = np.asarray(x, dtype=np.float64)
    assert type(result) in (float, np.ndarray)
    np.testing.assert_allclose(result, theirs(floats), rtol=1e-14)


def test_average_returns_the_sum_of_the_weights_if_asked() -> None:
    w = Value(W)
    mean, total = np.average(Value(X), axis=2, weights=w, returned=True)
    expected, expected_total = np.average(X, axis=2, weights=W, returned=True)
    np.testing.assert_allclose(mean.data, expected)
    np.testing.assert_array_equal(total.data, expected_total)
    total.sum().backward()
    assert w.grad.tolist() == [4.0, 4.0, 4.0]


def test_partition_puts_the_kth_where_sort_does() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    z = ops.partition(Value(x), [10, 40], 0)
    in_order = np.sort(x, 0)
    np.testing.assert_array_equal(z.data[[10, 40]], in_order[[10, 40]])
    np.testing.assert_array_equal(np.sort(z.data[:10], 0), in_order[:10])
    np.testing.assert_array_equal(np.sort(z.data[41:], 0), in_order[41:])
    weights = np.arange(150.0).reshape(50, 3)
    value = Value(x)
    np.partition(value, 10, axis=0).backward(weights)
    np.testing.assert_array_equal(np.take_along_axis(value.grad, np.argpartition(x, 10, 0), 0), weights)


@pytest.mark.parametrize("op", ["nanmax", "nanmean", "nanmedian", "median", "nanstd"])
def test_no_warning_where_nothing_is_left(op: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(getattr(ops, op)(Value([np.nan, np.nan])).data)


def test_a_mean_that_is_given_takes_its_part_of_the_gradient() -> None:
    x, mean = Value([1.0, 2.0, 6.0]), Value([2.0])
    ops.var(x, mean=mean).backward()
    np.testing.assert_allclose(x.grad, 2 * (x.data - 2) / 3)
    np.testing.assert_allclose(mean.grad, [-2 * np.sum(x.data - 2) / 3])


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda x: ops.prod(x, 3), ValueError, r"prod of \(2, 2, 3\), axis=3"),
        (lambda x: ops.prod(x, (0, 0)), ValueError, "prod of"),
        (lambda x: ops.cumsum(x, -4), ValueError, r"cumsum of \(2, 2, 3\), axis=-4"),
        (lambda x: ops.cumsum(x, (0, 1)), ValueError, "one axis"),
        (lambda x: ops.cumulative_sum(x), ValueError, "needs an axis"),
        (lambda x: ops.sort(x, 5), ValueError, "sort of"),
        (lambda x: ops.diff(x, -1), ValueError, "n=-1"),
        (lambda x: ops.gradient(x, 1.0, 2.0), TypeError, "2 spacings for 3 axes"),
        (lambda x: ops.gradient(x, edge_order=3), ValueError, "there are 1 and 2"),
        (lambda x: ops.gradient(x, axis=0, edge_order=2), ValueError, "takes 3 elements"),
        (lambda x: ops.gradient(x, [1.0, 2.0], axis=2), ValueError, "coordinates for the 3 elements"),
        (lambda x: ops.median(x, 7), ValueError, "axis"),
        (lambda x: ops.quantile(x, 1.5), ValueError, "not between 0 and 1"),
        (lambda x: ops.quantile(x, np.nan), ValueError, "not between 0 and 1"),
        (lambda x: ops.percentile(x, 101), ValueError, "percentiles: 0 and 100"),
        (lambda x: ops.quantile(x, 0.5, method="closest"), ValueError, "there are linear, hazen"),
        (lambda x: ops.quantile(x[:0], 0.5), ValueError, "nothing to choose from"),
        (lambda x: ops.quantile(x, x[0, 0, 0]), TypeError, "no derivative by q"),
        (lambda x: ops.percentile(x, x[0, 0, 0]), TypeError, "no derivative by q"),
        (
            lambda x: np.linalg.norm(x[0, 0], Value(3.0)),
            TypeError,
            "norm: there is no derivative by ord; give a plain number",
        ),
        (lambda x: np.linalg.norm(x[0], Value(2.0)), TypeError, "norm: there is no derivative by ord"),
        (lambda x: ops.average(x, weights=W), ValueError, r"the weights have shape \(3,\)"),
        (lambda x: ops.average(x, 0, W), ValueError, r"the weights have shape \(3,\)"),
        (lambda x: ops.average(x, 2, W - W), ZeroDivisionError, "sum to 0"),
        (lambda x: ops.norm(x, 1), ValueError, "one axis for vectors, two for matrices"),
        (lambda x: ops.norm(x[0], 3), ValueError, "no order 3"),
        (lambda x: ops.norm(x[0, 0], "fro"), ValueError, "the order is a number"),
        (lambda x: ops.matrix_norm(x[0, 0]), ValueError, "use vector_norm"),
        (lambda x: ops.matrix_norm(x, ord="nuclear"), ValueError, "no order 'nuclear'"),
        (lambda x: ops.linear_recurrence(x, x[0]), ValueError, "broadcast first"),
        (lambda x: ops.max(x[:0]), ValueError, "max of"),
        (lambda x: ops.nanmax(x[:0]), ValueError, "max of"),
        (lambda x: ops.nanvar(x, 3), ValueError, "axis 3 is out of bounds"),
        (lambda x: ops.partition(x, 3, 1), ValueError, r"partition of \(2, 2, 3\), axis=1: kth\(=3\) out of bounds"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(call: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        call(Value(X))
    assert "test_ops_reduction.py" in str(caught.value)


def test_the_central_difference_at_a_nan_or_an_infinity_is_that_of_its_neighbours_as_in_numpy() -> None:
    x = np.array([1.0, np.nan, 4.0, np.inf, 9.0, 7.0])
    for spacing in (0.5, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]):
        np.testing.assert_array_equal(ops.gradient(Value(x), spacing).data, np.gradient(x, spacing))


POINTS = np.array([0.0, 1.0, 3.0, 4.0])
EVEN = np.array([0.0, 2.0, 4.0, 6.0])
SQUARES = np.array([1.0, 4.0, 9.0, 20.0])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("spacing", [2.0, POINTS, EVEN], ids=["step", "points", "even points"])
def test_the_spacing_of_samples_has_the_gradient_that_pytorch_gives_it(spacing: Any, order: int) -> None:
    def loss(h: Any) -> Any:
        return (np.gradient(SQUARES, h, edge_order=order) ** 2).sum()

    h, replayed = Value(spacing), Value(spacing)
    loss(h).backward()
    jit(loss)(replayed).backward()
    np.testing.assert_allclose(replayed.grad, h.grad, rtol=1e-12)
    assert gradcheck(loss, spacing).ok
    if np.ndim(spacing):  # PyTorch takes a step as a number only
        at = torch.tensor(spacing, requires_grad=True)
        (torch.gradient(torch.tensor(SQUARES), spacing=(at,), edge_order=order)[0] ** 2).sum().backward()
        np.testing.assert_allclose(h.grad, at.grad.numpy(), rtol=1e-12)


def test_samples_and_their_spacing_have_gradients_together_on_several_axes() -> None:
    grid = np.arange(12.0).reshape(3, 4) ** 1.5

    def loss(x: Any, h: Any, points: Any) -> Any:
        down, across = np.gradient(x, h, points)
        return (down * across).sum() + (np.gradient(x, h)[1] ** 2).sum()

    assert gradcheck(loss, grid, 0.7, POINTS).ok


@pytest.mark.parametrize("order", [1.5, 0.5])
def test_what_a_variance_is_divided_by_has_a_derivative(order: float) -> None:
    for f in (
        lambda p: np.var(Value(SQUARES), ddof=p),
        lambda p: ops.std(SQUARES, correction=p),
        lambda p: np.var(Value(SQUARES), ddof=p, where=SQUARES > 2),
        lambda p: ops.nanstd(SQUARES, ddof=p),
    ):
        assert gradcheck(f, order).ok


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("method", ["inverted_cdf", "averaged_inverted_cdf", "closest_observation", "nearest"])
def test_a_quantile_between_and_on_the_elements_is_numpys(method: Any, count: int) -> None:
    for dtype in (np.float64, np.float32):
        x = np.arange(1.0, 1 + count).astype(dtype) ** 2
        for q in (0.0, 1.0, 0.5, np.linspace(0, 1, 4 * count + 1), np.linspace(0, 1, 7)):
            z, expected = ops.quantile(Value(x), q, method=method), np.quantile(x, q, method=method)
            assert z.dtype == expected.dtype
            np.testing.assert_allclose(z.data, expected, rtol=1e-6 if dtype is np.float32 else 1e-14)
