"""The edges of ``**``, zeros, infinities, nan, negative bases, half exponents: alike eagerly and under jit."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, jit, stack
from autograd_mini.compiler import native

EDGES = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1.5, -1.5, 3.0, -3.0, math.inf, -math.inf, math.nan]
X, Y = np.array(list(product(EDGES, EDGES))).T.copy()


@pytest.fixture(params=["fast", "NumPy alone"], autouse=True)
def backend(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "NumPy alone":
        monkeypatch.setattr(native, "machine_code", lambda: None)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_of_arrays(dtype: Any) -> None:
    x, y = Value(X.astype(dtype)), Value(Y.astype(dtype))
    check_alike(lambda: x**y * 1.0, [x, y])


@pytest.mark.parametrize("exponent", EDGES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_of_an_array_and_one_exponent(dtype: Any, exponent: float) -> None:
    """NumPy takes sqrt for ``x ** 0.5``, which gives nan of -inf and -0.0 of -0.0, where pow gives inf and 0.0."""
    x, y = Value(np.array(EDGES, dtype)), Value(exponent)
    check_alike(lambda: x**exponent * 1.0, [x])
    check_alike(lambda: x**y * 1.0, [x, y])
    column = Value(np.full((2, 1), exponent, dtype))
    check_alike(lambda: stack([x, x]) ** column * 1.0, [x, column])
    without_axes = Value(np.array(-math.inf, dtype))
    check_alike(lambda: without_axes**exponent * x, [x, without_axes])


@pytest.mark.parametrize("exponent", EDGES)
def test_of_numbers(exponent: float) -> None:
    """Python's rules: ``(-inf) ** 0.5`` is inf, of many numbers that are packed into a vector too."""
    x, y = Value(1.0), Value(exponent)
    one, two = jit(lambda: x**exponent * 1.0), jit(lambda: x**y * 1.0)
    for base in EDGES:
        x.data = base
        check_alike(lambda: x**exponent * 1.0, [x], one)
        check_alike(lambda: x**y * 1.0, [x, y], two)
    many = [Value(base) for base in EDGES * 6]
    check_alike(lambda: stack([base**exponent for base in many]), many)
    check_alike(lambda: stack([base**y for base in many]), many)


def check_alike(f: Any, values: list[Value], compiled: Any = None) -> None:
    found = []
    for g in (f, compiled or jit(f)):
        for value in values:
            value.zero_grad()
        result = g()
        result.sum().backward()
        found.append([result.data, *[value.grad for value in values]])
    for expected, data in zip(*found, strict=True):
        tolerance = 1e-6 if np.asarray(data).dtype == np.float32 else 1e-14
        np.testing.assert_allclose(data, expected, rtol=tolerance, atol=0)
    expected, data = found[0][0], found[1][0]
    assert (np.signbit(data) == np.signbit(expected))[np.asarray(expected) == 0].all()
