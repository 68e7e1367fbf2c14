"""What the gallery against PyTorch does not see of the pointwise ops."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, erf, gelu, ops, where

NUMBERS = np.linspace(-4, 4, 41).reshape(1, 41)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("with_scipy", [True, False])
def test_erf_is_the_same_with_and_without_scipy(dtype: str, with_scipy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if with_scipy:
        pytest.importorskip("scipy.special")
    else:
        monkeypatch.setitem(sys.modules, "scipy.special", None)
    x = Value(NUMBERS.astype(dtype))
    z = erf(x)
    assert z.dtype == dtype
    expected = [[math.erf(number) for number in row] for row in x.data.tolist()]
    np.testing.assert_allclose(z.data, expected, rtol=1e-14 if dtype == "float64" else 1e-6)
    assert erf(Value(np.zeros((0, 2), dtype=dtype))).shape == (0, 2)
    assert erf(Value(np.array(0.5, dtype=dtype))).item() == pytest.approx(math.erf(0.5), rel=1e-6)
    assert gelu(x).dtype == dtype


@pytest.mark.parametrize("condition", [True, np.True_, 1, [True, False], np.array([1, 0]), Value([1.0, 0.0])], ids=repr)
def test_where_takes_any_condition(condition: Any) -> None:
    x, y = Value([1.0, 2.0]), Value([10.0, 20.0])
    z = where(condition, x, y)
    taken = np.broadcast_to(np.asarray(getattr(condition, "data", condition), dtype=bool), (2,))
    assert z.data.tolist() == np.where(taken, [1.0, 2.0], [10.0, 20.0]).tolist()
    z.sum().backward()
    assert x.grad.tolist() == taken.astype(float).tolist()
    assert y.grad.tolist() == (~taken).astype(float).tolist()


def test_where_gives_a_nan_or_inf_that_is_not_taken_no_say() -> None:
    x = Value([1.0, np.nan, np.inf])
    where([True, False, False], x, 0.0).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_clip_sends_the_gradient_to_the_bound_that_holds() -> None:
    x, low, high = Value([-5.0, 0.0, 5.0]), Value(-1.0), Value(1.0)
    x.clip(low, high).sum().backward()
    assert (x.grad.tolist(), low.grad, high.grad) == ([0.0, 1.0, 0.0], 1.0, 1.0)


@pytest.mark.parametrize("condition", [True, False])
def test_where_with_one_condition_broadcasts_as_with_many(condition: bool) -> None:
    row, matrix = Value(np.ones(3)), Value(np.full((2, 3), 2.0))
    z = where(condition, row, matrix)
    assert z.data.tolist() == np.where(condition, row.data, matrix.data).tolist()
    z.sum().backward()
    assert row.grad.tolist() == [2.0 * condition] * 3
    assert matrix.grad.tolist() == [[1.0 * (not condition)] * 3] * 2


@pytest.mark.parametrize("condition", [True, False])
@pytest.mark.parametrize(("first", "second"), [("float32", "float64"), ("float64", "float32"), ("float16", "float32")])
def test_where_with_one_condition_promotes_as_with_many(condition: bool, first: str, second: str) -> None:
    x, y = Value(np.ones(3, dtype=first)), Value(np.ones(3, dtype=second))
    z = where(condition, x, y)
    assert z.dtype == np.result_type(first, second)
    z.sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (first, second)


@pytest.mark.parametrize("whole", [np.array([1, 2]), np.array([True, False]), [1, 2], 2, True], ids=repr)
@pytest.mark.parametrize("op", ["sigmoid", "erf", "softmax", "exp", "gelu", "silu", "relu", "sum", "mean", "logsumexp"])
def test_plain_integers_and_lists_are_computed_with_as_floats(op: str, whole: Any) -> None:
    floats = np.asarray(whole, dtype=np.float64)
    f = getattr(ops, op)
    np.testing.assert_array_equal(f(whole), f(floats if floats.ndim else float(floats)), strict=True)


def test_plain_integers_follow_ieee_rules_too() -> None:
    assert ops.div(1, 0) == np.inf
    assert ops.pow(np.array([2]), -1).tolist() == [0.5]
