"""Numbers obey the same IEEE rules as arrays: inf and nan are answers, never exceptions or complex numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, ops

INF, NAN = math.inf, math.nan
NASTY = [0.0, -0.0, 5e-324, 1e-320, 2.2e-308, 1e-20, 0.5, 1.0, -1.0, 2.0, -8.0, 36.7, 710.0, -745.0, 1000.0, -1000.0]
NASTY += [1e154, 1e200, -1e200, 1e308, -1e308, INF, -INF, NAN]
FEWER = [0.0, -0.0, 1e-320, 1 / 3, 1.0, -1.0, 2.0, -8.0, 1000.0, -1000.0, 1e308, -1e308, INF, -INF, NAN]

UNARY: dict[str, Callable[[Any], Any]] = {
    name: getattr(ops, name)
    for name in [
        "abs",
        "cos",
        "elu",
        "erf",
        "exp",
        "expm1",
        "gelu",
        "leaky_relu",
        "log",
        "log1p",
        "neg",
        "relu",
        "sigmoid",
        "sign",
        "silu",
        "sin",
        "softplus",
        "sqrt",
        "tan",
        "tanh",
        *("arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "sinc", "deg2rad", "rad2deg"),
        *("exp2", "log2", "log10", "cbrt", "square", "reciprocal", "positive", "nan_to_num"),
        *("floor", "ceil", "trunc", "rint", "round", "erfinv", "lgamma", "digamma"),
    ]
} | {
    "gelu tanh": lambda x: ops.gelu(x, "tanh"),
    "clip": lambda x: ops.clip(x, -2.0, 2.0),
    "x ** 2": lambda x: x**2,
    "x ** -1": lambda x: x**-1.0,
    "x ** (1/3)": lambda x: x ** (1 / 3),
    "x ** 0": lambda x: x**0,
    "2 ** x": lambda x: 2.0**x,
    "0 ** x": lambda x: 0.0**x,
    "1 / x": lambda x: 1 / x,
    "0 / x": lambda x: 0 / x,
    "x / 0": lambda x: x / 0,
    "x / 0.0 / x": lambda x: x / 0.0 / x,
    "x * x": lambda x: x * x,
}
# NumPy leaves open which of 0.0 and -0.0 is the larger.
EITHER_ZERO = {"maximum", "minimum", "elu", "fmax", "fmin"}
BINARY = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "elu", "leaky_relu"]
BINARY += ["arctan2", "hypot", "logaddexp", "logaddexp2", "float_power", "copysign", "heaviside", "fmax", "fmin"]
BINARY += ["floor_divide", "remainder", "fmod"]


def assert_same(number: Any, array: Any, what: str, *, either_zero: bool = False) -> None:
    """Equal nan, inf and sign of zero; finite values within a few units in the last place."""
    assert type(number) is float, f"{what} of numbers is {number!r}"
    element = float(np.asarray(array).reshape(-1)[0])
    if either_zero and element == 0:
        assert number == 0, what
    elif math.isnan(element) or math.isinf(element) or element == 0:
        assert repr(number) == repr(element), what
    else:
        assert number == pytest.approx(element, rel=1e-14, abs=5e-324), what


def compare(f: Callable[..., Any], numbers: tuple[float, ...], *, either_zero: bool = False) -> None:
    """The same function of numbers and of arrays of one element, forward and backward."""
    scalars, arrays = [Value(x) for x in numbers], [Value(np.array([x])) for x in numbers]
    with np.errstate(all="ignore"):  # what NumPy says about overflow in + - * of arrays
        of_scalars, of_arrays = f(*scalars), f(*arrays)
        assert_same(of_scalars.data, of_arrays.data, "the result", either_zero=either_zero)
        of_scalars.backward()
        of_arrays.backward()
    for i, (x, y) in enumerate(zip(scalars, arrays, strict=True)):
        assert_same(x.grad, y.grad, f"the gradient of operand {i}", either_zero=either_zero)


@contextmanager
def at(*numbers: float) -> Iterator[None]:
    """What fails says for which numbers."""
    try:
        yield
    except Exception as error:
        error.add_note(f"at {numbers}")
        raise


@pytest.mark.parametrize("name", UNARY)
def test_a_number_is_an_array_of_one(name: str) -> None:
    for x in NASTY:
        with at(x):
            compare(UNARY[name], (x,), either_zero=name in EITHER_ZERO)


@pytest.mark.parametrize("name", BINARY)
def test_two_numbers_are_two_arrays_of_one(name: str) -> None:
    for pair in itertools.product(FEWER, repeat=2):
        with at(*pair):
            compare(getattr(ops, name), pair, either_zero=name in EITHER_ZERO)


def test_clipping_numbers_is_clipping_arrays() -> None:
    for x, (low, high) in itertools.product(FEWER, [(-1.0, 1.0), (0.0, 0.0), (-INF, INF), (-INF, 0.0), (2.0, -1.0)]):
        # of two zeros the clip of NumPy 2.0 takes the first for a number, and the second for an array
        takes_either = np.lib.NumpyVersion(np.__version__) < "2.1.0" and x == 0 and 0.0 in (low, high)
        compare(lambda x, low=low, high=high: ops.clip(x, low, high), (x,), either_zero=takes_either)


@pytest.mark.parametrize("name", UNARY)
def test_a_second_derivative_of_a_number_is_that_of_an_array(name: str) -> None:
    def second(data: Any) -> Any:
        value = Value(data)
        with np.errstate(all="ignore"):
            UNARY[name](value).backward(create_graph=True)
            first = value.grad
            value.zero_grad()
            if isinstance(first, Value) and first.requires_grad:
                first.backward()
        return value.grad

    for x in NASTY:
        with at(x):
            number, array = second(x), float(second(np.array([x]))[0])
            assert type(number) is float
            if math.isfinite(number) and math.isfinite(array):
                assert number == pytest.approx(array, rel=1e-13, abs=1e-300)
            else:
                assert repr(number) == repr(array)


@pytest.mark.parametrize(
    ("expected", "compute"),
    [
        (NAN, lambda: Value(-1.0).log()),
        (-INF, lambda: Value(0.0).log()),
        (INF, lambda: 1 / Value(0.0)),
        (-INF, lambda: Value(1.0) / -0.0),
        (NAN, lambda: Value(0.0) / 0),
        (INF, lambda: Value(1000.0).exp()),
        (INF, lambda: Value(1000.0).expm1()),
        (NAN, lambda: Value(-8.0) ** (1 / 3)),
        (NAN, lambda: (-8.0) ** Value(1 / 3)),
        (INF, lambda: Value(0.0) ** -1.0),
        (INF, lambda: Value(0) ** -1),
        (INF, lambda: Value(10.0) ** 400),
        (INF, lambda: 10 ** Value(400)),
        (INF, lambda: Value(1e308) * 10),
        (NAN, lambda: Value(-1.0).sqrt()),
        (NAN, lambda: Value(INF).sin()),
        (NAN, lambda: Value(INF).cos()),
        (NAN, lambda: Value(INF).tan()),
        (NAN, lambda: Value(INF) - INF),
        (NAN, lambda: Value(INF) * 0),
        (-INF, lambda: Value(-1.0).log1p()),
        (NAN, lambda: Value(-2.0).log1p()),
        (1.0, lambda: Value(NAN) ** 0),
    ],
)
def test_ieee_arithmetic_has_an_answer_for_everything(expected: float, compute: Callable[[], Value]) -> None:
    assert repr(compute().data) == repr(expected)


def grad(f: Callable[[Value], Value], x: float) -> Any:
    value = Value(x)
    f(value).backward()
    return value.grad


@pytest.mark.parametrize(
    ("expected", "f", "x"),
    [
        (INF, lambda x: x.sqrt(), 0.0),
        (INF, lambda x: x.log(), 0.0),
        (-INF, lambda x: 1 / x, 0.0),
        (-INF, lambda x: x**-1, 0.0),
        (INF, lambda x: x**0.5, 0.0),
        (INF, lambda x: x.exp(), 1000.0),
        (NAN, lambda x: x ** (1 / 3), -8.0),
        (NAN, lambda x: (-8.0) ** x, 1 / 3),
        (0.0, lambda x: x.tanh(), 1000.0),
        (INF, lambda x: x / 0, 1.0),
        (INF, lambda x: x.log1p(), -1.0),
        (-1.0, lambda x: x.log(), -1.0),
    ],
)
def test_a_gradient_is_infinite_or_nan_where_ieee_says_so(expected: float, f: Any, x: float) -> None:
    assert repr(grad(f, x)) == repr(expected)


# ---------------------------------------------------------------- stable where the naive formula is not

STABLE = [
    ("tanh", 1000.0, 1.0, 0.0),
    ("tanh", -1000.0, -1.0, 0.0),
    ("sigmoid", 1000.0, 1.0, 0.0),
    ("sigmoid", -1000.0, 0.0, 0.0),
    ("sigmoid", -700.0, math.exp(-700), math.exp(-700)),
    ("sigmoid", -40.0, math.exp(-40), math.exp(-40)),
    ("softplus", 1000.0, 1000.0, 1.0),
    ("softplus", -1000.0, 0.0, 0.0),
    ("softplus", -40.0, math.exp(-40), math.exp(-40)),
    ("silu", 1000.0, 1000.0, 1.0),
    ("silu", -1000.0, 0.0, 0.0),
    ("gelu", 1000.0, 1000.0, 1.0),
    ("gelu", -1000.0, 0.0, 0.0),
    ("elu", -1000.0, -1.0, 0.0),
    ("log1p", 1e-20, 1e-20, 1.0),
    ("expm1", 1e-20, 1e-20, 1.0),
]


@pytest.mark.parametrize(("op", "x", "expected", "slope"), STABLE)
@pytest.mark.parametrize(
    "kind", [float, lambda x: np.array([x]), lambda x: np.array(x)], ids=["number", "array", "0-d"]
)
def test_an_op_is_stable_far_out(kind: Any, op: str, x: float, expected: float, slope: float) -> None:
    value = Value(kind(x))
    z = getattr(ops, op)(value)
    z.backward()
    assert z.item() == pytest.approx(expected, rel=1e-14, abs=0)
    assert float(np.asarray(value.grad).item()) == pytest.approx(slope, rel=1e-14, abs=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("x", [1000.0, -1000.0, 90.0, -90.0, 89.0, -104.0])
@pytest.mark.parametrize("op", ["tanh", "sigmoid", "softplus", "silu", "gelu", "elu", "relu"])
def test_an_activation_far_out_is_finite_in_every_dtype(op: str, x: float, dtype: str) -> None:
    value = Value(np.array([x], dtype=dtype))
    z = getattr(ops, op)(value)
    z.backward()
    assert np.isfinite(z.data).all()
    assert np.isfinite(value.grad).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_softmax_of_large_numbers_is_finite(size: float, dtype: str) -> None:
    x = Value(np.array([size, size, size - 1], dtype=dtype))
    e = math.exp(-1)
    expected = np.array([1, 1, e]) / (2 + e)
    tolerance = 1e-15 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(x.softmax().data, expected, rtol=tolerance)
    np.testing.assert_allclose(x.log_softmax().data, np.log(expected), rtol=4e-12 if dtype == "float64" else 1e-3)
    assert x.logsumexp().item() == pytest.approx(size + math.log(2 + e), rel=1e-7)
    x.logsumexp().backward()
    np.testing.assert_allclose(x.grad, expected, rtol=tolerance)


def test_softmax_of_far_apart_numbers_is_one_and_zero() -> None:
    x = Value([1e4, -1e4])
    assert x.softmax().data.tolist() == [1.0, 0.0]
    assert x.log_softmax().data.tolist() == [0.0, -2e4]
    assert x.logsumexp().item() == 1e4


def test_a_number_alone_has_softmax_one() -> None:
    assert (Value(1e4).softmax().item(), Value(1e4).log_softmax().item(), Value(1e4).logsumexp().item()) == (
        1.0,
        0.0,
        1e4,
    )


SILENT = ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "tanh", "exp2", "log2", "log10", "cbrt", "sinc"]
SILENT += ["arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "erfinv", "lgamma", "digamma"]
SILENT += ["floor", "ceil", "trunc", "rint", "nan_to_num", "reciprocal", "deg2rad"]
SILENT_OF_TWO = ["div", "pow", "arctan2", "hypot", "logaddexp", "logaddexp2", "fmax", "fmin", "copysign", "heaviside"]
SILENT_OF_TWO += ["floor_divide", "remainder", "fmod", "float_power"]


@pytest.mark.parametrize("name", [*SILENT, *SILENT_OF_TWO])
def test_an_op_of_arrays_is_silent_about_nan_and_inf(name: str) -> None:
    nasty = Value(np.array(NASTY))
    op = getattr(ops, name)
    z = op(nasty, Value(np.array(NASTY[::-1]))) if name in SILENT_OF_TWO else op(nasty)
    z.backward(np.ones(len(NASTY)))


@pytest.mark.parametrize(
    "name", ["sigmoid", "softplus", "relu", "leaky_relu", "elu", "erf", "gelu", "silu", "abs", "sign", "neg"]
)
def test_an_activation_of_arrays_is_silent_about_nan_and_inf(name: str) -> None:
    z = getattr(ops, name)(Value(np.array([x for x in NASTY if abs(x) != INF])))
    z.backward(np.ones(z.shape))
