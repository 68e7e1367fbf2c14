"""NumPy's keywords on Values: those that are there do what NumPy's do, with their gradient; the others are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograd_mini import Value, gradcheck, jit, ops

X = np.array([[0.5, -1.5, 2.0], [3.0, 0.25, 1.0]])
NAN = np.array([[0.5, np.nan, 2.0], [3.0, 0.25, np.nan]])
SOME = np.array([[True, False, True], [False, True, True]])
NONE = np.array([[False] * 3, [True] * 3])

CALLS: dict[str, Callable[[Any], Any]] = {
    "sum(where)": lambda x: np.sum(x, where=SOME),
    "sum(where, axis)": lambda x: np.sum(x, axis=1, where=[True, False, True]),
    "sum(where of a column)": lambda x: np.sum(x, axis=1, keepdims=True, where=[[True], [False]]),
    "sum(initial)": lambda x: np.sum(x, axis=0, initial=2.5),
    "sum(where, initial)": lambda x: np.sum(x, initial=-1.0, where=False),
    "mean(where)": lambda x: np.mean(x, axis=0, where=SOME),
    "var(where)": lambda x: np.var(x, axis=1, ddof=1, where=SOME),
    "var(where) of all": lambda x: np.var(x, where=SOME, keepdims=True),
    "std(where)": lambda x: np.std(x, axis=1, where=SOME),
    "prod(where)": lambda x: np.prod(x, axis=0, where=SOME),
    "prod(initial)": lambda x: np.prod(x, axis=1, initial=-2.0),
    "max(initial)": lambda x: np.max(x, axis=0, initial=1.5),
    "max(where, initial)": lambda x: np.max(x, axis=1, initial=-np.inf, where=SOME),
    "amax(initial)": lambda x: np.amax(x, initial=0.0, keepdims=True),
    "min(initial)": lambda x: np.min(x, axis=0, initial=0.0),
    "min(where, initial)": lambda x: np.min(x, axis=1, initial=10.0, where=NONE),
    "nansum(where)": lambda x: np.nansum(x, axis=0, initial=1.0, where=SOME),
    "nanprod(where)": lambda x: np.nanprod(x, axis=0, initial=2.0, where=SOME),
    "nanmean(where)": lambda x: np.nanmean(x, axis=1, where=SOME),
    "nanvar(where)": lambda x: np.nanvar(x, where=SOME),
    "nanstd(where)": lambda x: np.nanstd(x, where=SOME, ddof=1),
    "nanmax(where)": lambda x: np.nanmax(x, axis=1, initial=-1.0, where=SOME),
    "nanmin(initial)": lambda x: np.nanmin(x, axis=1, initial=0.3),
    "add.reduce(initial)": lambda x: np.add.reduce(x, initial=1.0),
    "multiply.reduce(where)": lambda x: np.multiply.reduce(x, axis=1, where=SOME),
    "maximum.reduce(initial)": lambda x: np.maximum.reduce(x, axis=None, initial=1.0),
    "reshape(F)": lambda x: np.reshape(x, (3, -1), order="F"),
    "reshape(F) to three axes": lambda x: np.reshape(x, (1, 3, 2), order="F"),
    "ravel(F)": lambda x: np.ravel(x, order="F"),
    ".reshape(F)": lambda x: x.reshape(3, 2, order="F"),
    ".ravel(F)": lambda x: x.ravel("F"),
    ".flatten(F)": lambda x: x.flatten(order="F"),
    ".sum(where)": lambda x: x.sum(axis=0, where=SOME, initial=1.0),
    ".mean(where)": lambda x: x.mean(where=SOME),
    ".var(where)": lambda x: x.var(where=SOME),
    ".std(where)": lambda x: x.std(where=SOME),
    ".prod(where)": lambda x: x.prod(where=SOME, initial=2.0),
    ".max(where)": lambda x: x.max(where=SOME, initial=0.75),
    ".min(where)": lambda x: x.min(where=SOME, initial=0.75),
    ".max(where of all)": lambda x: x.max(axis=0, where=True),
    "min(where of all)": lambda x: np.min(x, axis=0, where=True),
    ".astype(copy)": lambda x: x.astype(np.float64, copy=False),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_keyword_does_what_numpys_does(name: str) -> None:
    data = NAN if "nan" in name else X
    np.testing.assert_allclose(CALLS[name](Value(data)).data, CALLS[name](data), rtol=1e-14)


@pytest.mark.parametrize("name", CALLS)
def test_a_keyword_has_its_derivative(name: str) -> None:
    data = np.where(np.isnan(NAN), 7.0, NAN) if "nan" in name else X
    assert gradcheck(lambda x: (CALLS[name](x) ** 2).sum(), data).ok


@pytest.mark.parametrize("name", ["sum(where)", "var(where)", "nanmean(where)", "max(where, initial)", "reshape(F)"])
def test_a_keyword_is_replayed_by_jit(name: str) -> None:
    replayed = jit(lambda x: (CALLS[name](x) ** 2).sum())
    for data in (X, X + 1.0, NAN if "nan" in name else -X):
        x, y = Value(data), Value(data)
        replayed(x).backward()
        (CALLS[name](y) ** 2).sum().backward()
        np.testing.assert_allclose(x.grad, y.grad, rtol=1e-12)


def test_a_condition_on_the_values_themselves_leaves_elements_out() -> None:
    x = Value(X)
    np.sum(x * x, where=x > 0).backward()
    assert x.grad.tolist() == np.where(X > 0, 2 * X, 0.0).tolist()


def test_a_reduction_of_a_part_is_pytorchs_of_the_part() -> None:
    x, tensor = Value(X), torch.tensor(X, requires_grad=True)
    np.std(x, where=SOME, ddof=1).backward()
    tensor[torch.tensor(SOME)].std().backward()
    np.testing.assert_allclose(x.grad, tensor.grad.numpy(), rtol=1e-12)


def test_what_is_left_out_may_be_nan() -> None:
    x = Value(NAN)
    (np.sum(x, where=SOME & ~np.isnan(NAN)) + np.mean(x, where=[True, False, False])).backward()
    assert x.grad.tolist() == [[1.5, 0.0, 1.0], [0.5, 1.0, 0.0]]


def test_a_tie_with_the_initial_number_is_shared_with_it() -> None:
    x = Value([1.0, 3.0])
    np.max(x, initial=3.0).backward()
    assert x.grad.tolist() == [0.0, 0.5]


def test_the_largest_of_nothing_is_the_initial_number() -> None:
    assert np.max(Value(np.zeros((0, 3))), axis=0, initial=2.0).data.tolist() == [2.0, 2.0, 2.0]
    assert np.min(Value(np.zeros((2, 0))), initial=2.0).data == 2.0


def test_the_mean_of_what_is_left_out_is_nan() -> None:
    assert np.isnan(np.mean(Value(X), axis=1, where=NONE).data).tolist() == [True, False]


def test_an_initial_value_has_a_gradient_too() -> None:
    x, start = Value(X), Value(2.0)
    (ops.sum(x, initial=start) * ops.prod(x[0], initial=start)).backward()
    assert start.grad == X.sum() * X[0].prod() + 2 * 2.0 * X[0].prod()


@pytest.mark.parametrize(
    "call",
    [
        lambda x, dtype: np.sum(x, dtype=dtype),
        lambda x, dtype: np.mean(x, axis=0, dtype=dtype),
        lambda x, dtype: np.var(x, dtype=dtype),
        lambda x, dtype: np.cumsum(x, dtype=dtype),
        lambda x, dtype: np.concatenate([x, x], dtype=dtype),
        lambda x, dtype: np.trace(x, dtype=dtype),
    ],
)
def test_a_dtype_is_what_is_computed_in(call: Any) -> None:
    for data, dtype in ((X, np.float32), (X.astype(np.float32), np.float64)):
        x = Value(data)
        z = call(x, dtype)
        assert z.dtype == (np.dtype(dtype) if z.shape or dtype is np.float32 else np.float64)
        np.testing.assert_array_equal(z.data, call(data, dtype))
        z.sum().backward()
        assert x.grad.dtype == data.dtype


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.sum(x, out=np.zeros(())), r"np\.sum on a Value takes no out=; .* array = array \+ value"),
        (lambda x: np.exp(x, where=SOME), r"np\.exp on a Value takes no where=; .*np\.where\(condition, result, other"),
        (lambda x: np.exp(x, dtype="float32"), r"takes no dtype=; convert before, as in x\.astype\(dtype\)"),
        (lambda x: np.median(x, overwrite_input=True), "takes no overwrite_input=; leave it out"),
        (lambda x: np.quantile(x, 0.5, weights=X), "takes no weights=; it takes axis=, keepdims=, method="),
        (lambda x: np.copy(x, order="F"), r"takes no order=; .* np\.reshape and np\.ravel take order='C' and 'F'"),
        (lambda x: np.add.accumulate(x, dtype="float32"), r"np\.add\.accumulate on a Value takes no dtype="),
        (lambda x: np.sum(x, dtype=int), "a gradient needs float16, float32 or float64"),
    ],
)
def test_a_keyword_that_is_not_there_is_named_with_what_to_do(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words) as caught:
        call(Value(X))
    assert "test_numpy_keywords.py" in str(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.max(x, where=SOME), r"max: where= may leave nothing.* initial=-inf"),
        (lambda x: np.min(x, where=SOME), r"min: where= may leave nothing.* initial=inf"),
        (lambda x: np.sum(x, where=[[True] * 3] * 3), r"sum: where= has shape \(3, 3\), .* \(2, 3\)"),
        (lambda x: np.sum(x[0], where=SOME), r"sum: where= has shape \(2, 3\), .* \(3,\)"),
        (lambda x: np.reshape(x, (3, 2), order="A"), "order is 'C', row by row, or 'F'"),
        (lambda x: np.ravel(x, order="K"), "order is 'C', row by row, or 'F'"),
    ],
)
def test_a_keyword_that_does_not_fit_is_explained(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(Value(X))


def test_a_condition_of_numbers_is_refused() -> None:
    with pytest.raises(TypeError, match="where= is a boolean"):
        np.sum(Value(X), where=np.ones(3))
