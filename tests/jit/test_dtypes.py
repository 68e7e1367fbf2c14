"""Booleans and small whole numbers beside float32 and float16: a program has the dtypes that the function has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import Value, jit

OPS: dict[str, Any] = {
    "where": lambda w, x: am.where(w > 1, w, x),
    "where, the other way": lambda w, x: am.where(x > 1, x, w),
    "where, the condition": lambda w, x: am.where(x, w, 0),
    "clip": lambda w, x: am.clip(w, x, 5.0),
    "stack": lambda w, x: np.stack([w, x]),
    "concatenate": lambda w, x: np.concatenate([x, 2 * w]),
    "einsum": lambda w, x: np.einsum("i,i,j->j", w, x, x),
    "linear": lambda w, x: am.linear(x.reshape(1, 3), w.reshape(1, 3), w[:1]),
    "mul": lambda w, x: w * x,
}


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int16, np.int64, np.float16])
@pytest.mark.parametrize("of_parameter", [np.float32, np.float16])
@pytest.mark.parametrize("name", OPS)
def test_a_result_and_its_gradient_have_the_dtype_that_they_have_without_jit(
    name: str, of_parameter: Any, dtype: Any
) -> None:
    w = Value(np.array([1.0, 2.0, 3.0], of_parameter))

    def f(x: Any) -> Any:
        return OPS[name](w, x)

    replayed = jit(f)
    for x in (np.array([1, 0, 3], dtype), np.array([0, 1, 1], dtype)):
        expected, result = f(x), replayed(x)
        assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(result.data, expected.data)
        grads = []
        for of in (expected, result):
            w.zero_grad()
            of.sum().backward()
            grads.append(w.grad)
        assert grads[0].dtype == grads[1].dtype
        np.testing.assert_array_equal(*grads)


OF_A_SCALAR: dict[str, Any] = {
    "where": lambda w, c: am.where(w > 1, w, c),
    "where, the other way": lambda w, c: am.where(w > 1, c, w),
    "select": lambda w, c: am.select([w > 1], [w], c),
    "clip": lambda w, c: am.clip(w, c),
    "stack": lambda w, c: np.stack([w[0], c]),
    "einsum": lambda w, c: np.einsum("i,->i", w, c),
    "maximum": lambda w, c: am.maximum(c, w),
}


@pytest.mark.parametrize("name", OF_A_SCALAR)
def test_a_scalar_of_numpys_brings_no_dtype_along_beside_a_value(name: str) -> None:
    w, c = Value(np.array([1.0, 2.0, 3.0], np.float16)), np.float32(1.5)
    f = jit(lambda: OF_A_SCALAR[name](w, c))
    expected = OF_A_SCALAR[name](w, c)
    assert (f().dtype, f().dtype) == (expected.dtype, expected.dtype)
    np.testing.assert_array_equal(f().data, expected.data)


def test_a_flag_in_an_array_without_axes_is_a_number_to_an_op_of_numbers() -> None:
    w = Value(2.0)
    f = jit(lambda x: am.where(w > 1, x > 1, w))
    for x in (1.0, 3.0):
        assert f(x).data.__class__ is float
        assert f(x).data == (x > 1)


NUMPYS: dict[str, Any] = {
    "x * c": lambda x, c: x * c,
    "c * x": lambda x, c: c * x,
    "x / np.sqrt": lambda x, c: x / np.sqrt(c),
    "np.where": lambda x, c: np.where(x > 0, x, c),
    "then a parameter": lambda x, c: (x * c) * W32,
    "after a parameter": lambda x, c: (x * W32) * c,
}
W32 = Value(np.ones(2, np.float32))


@pytest.mark.parametrize("name", NUMPYS)
def test_a_float64_of_numpys_makes_float64_of_a_float32_argument_and_not_of_a_value(name: str) -> None:
    f, x = NUMPYS[name], np.ones(2, np.float32)
    expected = f(x, np.float64(1.5))
    replayed = jit(lambda x: f(x, np.float64(1.5)))
    for _ in range(2):
        actual = replayed(x)
        np.testing.assert_allclose(actual.data, getattr(expected, "data", expected), rtol=1e-7)
        assert actual.dtype == expected.dtype
