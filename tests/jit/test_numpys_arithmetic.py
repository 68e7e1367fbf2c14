"""What a function computes of its arguments before a Value comes in: NumPy's arithmetic, with and without jit."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from autograd_mini import JitError, Value, jit
from autograd_mini.ops.operation import dtype_of

OPERANDS = [
    *(3, 2.5, np.float16(1.5), np.float32(2.1), np.float64(2.1), np.int64(3), np.uint8(200)),
    *(np.array([1.5, 2.5], dtype) for dtype in (np.float16, np.float32, np.float64)),
    *(np.array([100, 3], dtype) for dtype in (np.int8, np.uint8, np.int64)),
    np.array([True, False]),
]
OF_TWO: list[Callable[..., Any]] = [
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow),
    *(operator.matmul, np.add, np.multiply, np.maximum, np.hypot, np.arctan2),
]
OF_ONE: list[Callable[..., Any]] = [operator.neg, operator.abs, np.sqrt, np.negative, np.square, np.sign]
BESIDE: dict[str, Any] = {
    "alone": None,
    "a float": 2.0,
    "float16": np.array([1.0, 2.0], np.float16),
}


@pytest.fixture(autouse=True)
def whatever_overflows() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("value", BESIDE)
@pytest.mark.parametrize("f", [*OF_TWO, *OF_ONE], ids=lambda f: f"{type(f).__name__} {f.__name__}")
def test_arithmetic_of_arguments_is_numpys(f: Callable[..., Any], value: str) -> None:
    data = BESIDE[value]
    w = None if data is None else Value(data)

    def g(*operands: Any) -> Any:
        return f(*operands) if w is None else w * f(*operands)

    compared = 0
    for operands in product(OPERANDS, repeat=2 if f in OF_TWO else 1):
        try:
            without = g(*operands)
        except (TypeError, ValueError) as error:
            with pytest.raises(type(error) if f is not operator.matmul else (TypeError, ValueError)):
                jit(g)(*operands)
            continue
        check_alike(jit(g)(*operands), without, operands)
        compared += 1
    assert compared >= len(OPERANDS) // 2


def check_alike(with_jit: Any, without: Any, operands: Any) -> None:
    """The same numbers of the same dtype; whole numbers without axes are returned as floats."""
    found, expected = with_jit.data, without.data if isinstance(without, Value) else without
    if isinstance(expected, int | np.integer):
        assert found == float(expected)
        return
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    assert isinstance(found, float) == isinstance(expected, float)
    smallest = max([np.finfo(dtype).eps for dtype in map(dtype_of, (0.0, found, *operands)) if dtype.kind == "f"])
    np.testing.assert_allclose(found, expected, rtol=2 * smallest)


BYTES = np.array([200, 100, 7], np.uint8)
OF_BYTES: dict[str, Callable[[Any], Any]] = {
    "a number before": lambda u: 100 - u,
    "a number before, //": lambda u: 7 // u,
    "a power of a number": lambda u: 3**u,
    "copy": lambda u: u.copy() - 128,
    "np.copy": lambda u: np.copy(u) - 128,
    "clip": lambda u: u.clip(0, 150) + 200,
    "np.clip": lambda u: np.clip(u, 0, 150) + 200,
    "round": lambda u: u.round() + 100,
    "concatenate": lambda u: np.concatenate([u, u]) + 100,
    "stack": lambda u: np.stack([u, u]) + 100,
    "where": lambda u: np.where(u > 50, u, 0) + 100,
    "diff": np.diff,
    "a difference of elements": lambda u: u[1] - u[0] + u[2:],
    "dot": lambda u: u @ u + u,
    "reshape": lambda u: u.reshape(3, 1) + 100,
    "sum": lambda u: u.sum() + u,
    "bits": lambda u: (u > 50) | u,
    "bits and a number": lambda u: (u > 50) | 2,
    "bits of truths": lambda u: (u > 50) | (u < 10),
}


@pytest.mark.parametrize("name", OF_BYTES)
def test_bytes_stay_bytes(name: str) -> None:
    f, w = OF_BYTES[name], Value(2.0)
    for u in (BYTES, BYTES[::-1].copy()):
        expected = f(u)
        found = jit(f)(u)
        assert found.data.dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(found.data, expected)
        np.testing.assert_array_equal(jit(lambda u: w * f(u))(u).data, 2.0 * np.asarray(expected))


BESIDE_FLOAT32: dict[str, Callable[[Any, Any], Any]] = {
    "a count": lambda w, m: (w * m).sum() / m.sum(),
    "an element": lambda w, m: w * m.astype(int)[0],
    "the largest": lambda w, m: w / (m.astype(int).max() + 1),
    "a comparison": lambda w, m: (w * np.greater(m, w)).sum(),
}


@pytest.mark.parametrize("name", BESIDE_FLOAT32)
def test_a_whole_number_beside_a_value_of_float32_leaves_it_one(name: str) -> None:
    f, w = BESIDE_FLOAT32[name], Value(np.array([1.0, 2.0, 3.0], np.float32))
    m = np.array([True, False, True])
    expected, found = f(w, m), jit(lambda m: f(w, m))(m)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.data, expected.data)


def test_a_mean_in_float64_makes_float64_of_float32() -> None:
    x, y = np.array([1.0, 2.0]), np.array([0.1, 0.2], np.float32)
    assert jit(lambda x, y: y * x.mean())(x, y).dtype == (y * x.mean()).dtype == np.float64


def test_a_whole_number_that_becomes_a_fraction_is_refused() -> None:
    f = jit(lambda n, x: x * 10**n)
    x = np.array([3, 8])
    assert f(2, x).data.tolist() == [300, 800]
    with pytest.raises(JitError, match=r"a whole number when it was traced is 0\.1 now"):
        f(-1, x)


def test_a_replay_wraps_around_as_well() -> None:
    w = Value([1.0, 1.0])
    loss = jit(lambda pixels: (w * (pixels - 100)).sum())
    assert [loss(np.array(pixels, np.uint8)).data for pixels in ([110, 120], [90, 101])] == [30.0, 247.0]


def test_a_scalar_of_a_small_float_brings_no_dtype_to_a_value() -> None:
    x = np.array([1.0, 2.0], np.float32)
    w = Value(2.0)
    assert type(jit(lambda x: w * x.mean())(x).data) is type((w * x.mean()).data) is float


def test_data_is_cast_to_whole_numbers() -> None:
    w = Value([1.0, 1.0])
    loss = jit(lambda x: (w * (x.astype(np.uint8) + 200)).sum())
    assert [loss(np.array(x)).data for x in ([1.5, 60.0], [2.9, 3.0])] == [205.0, 405.0]


SMALL = Value(np.array([0.1, 0.2], np.float32))
NUMBER, OTHER = Value(0.7), Value(0.3)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.where(SMALL > 0, np.float32(0.3), NUMBER),
        lambda x: np.where(x > 0, NUMBER, np.float32(0.3)) * SMALL,
        lambda x: np.stack([NUMBER, np.float32(0.3)]),
        lambda x: np.where(SMALL > 0, SMALL, np.float64(0.1)),
        lambda x: x.astype(np.float32) * NUMBER,
        lambda x: x.astype(np.float64) * SMALL,
        lambda x: np.where(x > 0, x.astype(np.float32), NUMBER),
        lambda x: np.arctan2(np.any(x > 0), NUMBER),
        lambda x: np.arctan2(np.isfinite(x.sum()), SMALL),
        lambda x: np.arctan2(x > 0, NUMBER * OTHER) - (x.sum() > 0),
    ],
)
def test_a_scalar_of_numpys_or_a_bool_beside_a_value_is_a_plain_number_and_an_array_without_axes_is_not(f: Any) -> None:
    x = np.array(1 / 3)
    found = []
    for g in (f, jit(f)):
        for value in (SMALL, NUMBER, OTHER):
            value.zero_grad()
        result = g(x)
        result.sum().backward()
        found.append([result.data, SMALL.grad, NUMBER.grad, OTHER.grad])
    for expected, data in zip(*found, strict=True):
        np.testing.assert_allclose(data, expected, rtol=1e-7 if dtype_of(data) == np.float32 else 1e-15, atol=0)
        assert dtype_of(data) == dtype_of(expected)
