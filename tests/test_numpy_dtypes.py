"""Whole numbers and booleans beside float32 and float16 are promoted as NumPy promotes them, with and without jit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, jit, ops

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "where": lambda v, m: np.where([True, False, True], v, m),
    "where, the other way": lambda v, m: np.where(np.array([True, False, True]), m, v),
    "dot": np.dot,
    "inner": lambda v, m: np.inner(m, v),
    "outer": np.outer,
    "vdot": np.vdot,
    "kron": np.kron,
    "cross": np.cross,
    "tensordot": lambda v, m: np.tensordot(v, m, 1),
    "matmul": lambda v, m: v @ m,
    "einsum": lambda v, m: np.einsum("i,i,j->j", v, m, m),
    "multi_dot": lambda v, m: np.linalg.multi_dot([v[None], m[:, None], v[None]]),
    "concatenate": lambda v, m: np.concatenate([v, m]),
    "stack": lambda v, m: np.stack([m, v]),
    "append": np.append,
    "block": lambda v, m: np.block([[v], [m]]),
    "column_stack": lambda v, m: np.column_stack([v, m]),
    "select": lambda v, m: np.select([[True, False, False], [False, True, False]], [v, m]),
    "choose": lambda v, m: np.choose([0, 1, 0], [v, m]),
    "clip": lambda v, m: np.clip(v, m, 5 * m),
    "convolve": np.convolve,
    "correlate": lambda v, m: np.correlate(m, v, "full"),
    "diff(prepend)": lambda v, m: np.diff(v, prepend=m),
    "diff(append)": lambda v, m: np.diff(v, append=m),
    "trapezoid": lambda v, m: np.trapezoid(m, x=v),
    "average": lambda v, m: np.average(v, weights=m),
    "mul": lambda v, m: v * m,
}


@pytest.mark.parametrize("whole", [np.int8, bool, np.int16, np.int32])
@pytest.mark.parametrize("small", [np.float32, np.float16])
@pytest.mark.parametrize("name", CALLS)
def test_a_result_has_numpys_dtype(name: str, small: Any, whole: Any) -> None:
    call, data, m = CALLS[name], np.array([0.5, 1.5, 2.0], small), np.array([1, 0, 1], whole)
    expected = call(data, m)
    w, x = Value(data), Value(data)
    z, replayed = call(w, m), jit(lambda m: call(x, m))
    of_plain = getattr(ops, name)(data, m) if name in ("kron", "append", "outer", "convolve") else expected
    assert z.dtype == expected.dtype
    assert of_plain.dtype == expected.dtype
    np.testing.assert_allclose(z.data, expected, rtol=1e-3 if small is np.float16 else 1e-6)
    z.sum().backward()
    for _ in range(2):
        x.zero_grad()
        again = replayed(m)
        assert again.dtype == expected.dtype
        again.sum().backward()
    np.testing.assert_allclose(x.grad, w.grad, rtol=1e-3 if small is np.float16 else 1e-6)
    assert x.grad.dtype == w.grad.dtype == small


def test_what_stands_for_a_nan_takes_the_dtype_of_what_it_is_put_into() -> None:
    data, new = np.array([1.0, np.nan], np.float32), np.array([5.0, 6.0])
    x, stands_in = Value(data), Value(new)
    z = np.nan_to_num(x, nan=stands_in)
    assert z.dtype == np.nan_to_num(data, nan=new).dtype == np.float32
    assert z.data.tolist() == [1.0, 6.0]
    z.sum().backward()
    assert (x.grad.tolist(), stands_in.grad.tolist()) == ([1.0, 0.0], [0.0, 1.0])


def test_the_number_of_elements_that_an_average_returns_has_its_dtype() -> None:
    data = np.ones((2, 3), np.float32)
    for axis in (None, 0):
        for of_value, of_numpy in zip(
            np.average(Value(data), axis=axis, returned=True), np.average(data, axis=axis, returned=True), strict=True
        ):
            assert of_value.dtype == of_numpy.dtype
            np.testing.assert_array_equal(getattr(of_value, "data", of_value), of_numpy)
