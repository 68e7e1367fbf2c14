"""What the gallery against PyTorch does not see of the pointwise ops."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, erf, gelu, ops, transforms, where

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


# ---------------------------------------------------------------- NumPy's functions

UNARY = {
    **{name: getattr(ops, name) for name in ("arcsin", "arccos", "arctan", "arcsinh", "arctanh", "sinh", "cosh")},
    **{name: getattr(ops, name) for name in ("exp2", "log2", "log10", "cbrt", "square", "reciprocal", "positive")},
    **{name: getattr(ops, name) for name in ("deg2rad", "rad2deg", "sinc", "nan_to_num")},
    **{name: getattr(ops, name) for name in ("floor", "ceil", "trunc", "rint", "round")},
    **{"conjugate": ops.positive, "real": ops.positive},
    **{"radians": ops.deg2rad, "degrees": ops.rad2deg, "fabs": ops.abs, "around": ops.round, "fix": ops.trunc},
}
BINARY = {
    **{name: getattr(ops, name) for name in ("arctan2", "hypot", "logaddexp", "logaddexp2", "float_power", "copysign")},
    **{name: getattr(ops, name) for name in ("heaviside", "fmax", "fmin", "floor_divide", "remainder", "fmod")},
    **{"mod": ops.remainder},
}
KINDS = [
    pytest.param(lambda x, dtype=dtype, shape=shape: np.resize(x, shape).astype(dtype), id=f"{dtype} {shape}")
    for dtype in ("float64", "float32", "float16")
    for shape in ((7,), (), (0, 3), (1, 2))
]


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")  # since NumPy 2.5
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_array_is_numpys_in_values_shape_and_dtype(name: str, kind: Any) -> None:
    x = kind([0.3, -0.7, 0.9, 0.05, -0.45, 0.5, -0.5])
    x = np.asarray(np.abs(x)) if name.startswith("log") else x
    expected = getattr(np, name)(x)
    of_value = getattr(np, name)(Value(x))
    assert type(of_value) is Value
    for actual in (of_value.data, UNARY[name](x)):
        assert (np.shape(actual), np.asarray(actual).dtype) == (np.shape(expected), expected.dtype)
        np.testing.assert_allclose(actual, expected, rtol=2 * np.finfo(expected.dtype).eps)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BINARY)
def test_a_function_of_two_arrays_is_numpys_in_values_shape_and_dtype(name: str, kind: Any) -> None:
    x, y = kind([0.3, 2.7, 0.9, 4.05, 1.45, 0.5, 3.5]), kind([0.2, -0.7, 1.9, 0.5, -4.5, 0.25, -0.5])
    expected = getattr(np, name)(x, y)
    for of_value in (getattr(np, name)(Value(x), y), getattr(np, name)(x, Value(y))):
        assert type(of_value) is Value
        assert (of_value.shape, of_value.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(of_value.data, expected, rtol=2 * np.finfo(expected.dtype).eps)
    actual = BINARY[name](x, y)
    assert (np.shape(actual), np.asarray(actual).dtype) == (expected.shape, expected.dtype)


@pytest.mark.parametrize("decimals", [0, 1, 3, -1, -2])
def test_round_is_numpys_at_any_digit(decimals: int) -> None:
    x = np.array([0.5, 1.5, -2.5, 1234.5678, -1250.0, 1e-9, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(ops.round(x, decimals), np.round(x, decimals))
    np.testing.assert_array_equal(np.round(Value(x), decimals).data, np.round(x, decimals))
    np.testing.assert_array_equal(np.around(Value(x), decimals=decimals).data, np.round(x, decimals))
    number = round(Value(1234.5678), decimals)
    assert type(number.data) is float
    assert number.data == round(1234.5678, decimals)


def test_divmod_is_two_values_whichever_way_it_is_asked_for() -> None:
    x, y = np.array([7.0, -7.0]), np.array([3.0, 3.0])
    for quotient, rest in (
        np.divmod(Value(x), y),
        np.divmod(x, Value(y)),
        divmod(x, Value(y)),
        ops.divmod(Value(x), y),
    ):
        assert (quotient.data.tolist(), rest.data.tolist()) == ([2.0, -3.0], [1.0, 2.0])
    x, y = Value(-7.0), Value(3.0)
    divmod(x, y)[1].backward()
    assert (x.grad, y.grad) == (1.0, 3.0)


@pytest.mark.parametrize("kind", KINDS)
def test_modf_and_ldexp_are_numpys(kind: Any) -> None:
    x = kind([0.3, -2.7, 9.5, -0.0, 2.0, -2.0, 1e3])
    expected: Any
    for actual, expected in zip((*np.modf(Value(x)), *ops.modf(x)), np.modf(x) * 2, strict=True):
        data = getattr(actual, "data", actual)
        assert (np.shape(data), np.asarray(data).dtype) == (expected.shape, expected.dtype)
        assert repr(np.asarray(data).tolist()) == repr(expected.tolist())
    for exponent in (3, -2, np.array(1)):
        expected = np.ldexp(x, exponent)
        for actual in (np.ldexp(Value(x), exponent).data, ops.ldexp(x, exponent)):
            assert np.asarray(actual).dtype == expected.dtype
            np.testing.assert_array_equal(actual, expected)


def test_arrays_on_the_left_of_a_value() -> None:
    x = np.array([7.0, -7.0])
    assert (x // Value(3.0)).data.tolist() == [2.0, -3.0]
    assert (x % Value(3.0)).data.tolist() == [1.0, 2.0]


def test_select_takes_the_first_condition_that_holds() -> None:
    data = np.array([-1.0, 0.5, 2.0, 5.0])
    x, y = Value(data), Value(10.0)
    for z in (
        np.select([data < 0, data < 1, data < 4], [x * 2, y, x * x], default=7.0),
        ops.select([x < 0, x < 1, x < 4], [x * 2, y, x * x], 7.0),
    ):
        assert z.data.tolist() == [-2.0, 10.0, 4.0, 7.0]
        x.zero_grad()
        y.zero_grad()
        z.sum().backward()
        assert (x.grad.tolist(), y.grad) == ([2.0, 0.0, 4.0, 0.0], 1.0)
    np.testing.assert_array_equal(ops.select([data > 1], [data]), np.select([data > 1], [data]))


def test_select_gives_a_nan_that_is_not_taken_no_say() -> None:
    x = Value([0.0, 4.0])
    np.select([x.data > 1], [1 / x], x).sum().backward()
    assert x.grad.tolist()[1] == -1 / 16


@pytest.mark.parametrize(
    ("conditions", "choices", "said"),
    [
        ([], [], "0 conditions for 0 choices"),
        ([True], [1.0, 2.0], "1 conditions for 2 choices"),
    ],
)
def test_select_wants_as_many_choices_as_conditions(conditions: Any, choices: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"select: {said}.*\n  at test_ops_pointwise.py"):
        ops.select(conditions, choices)


def test_select_wants_booleans_as_numpy_does() -> None:
    with pytest.raises(TypeError, match="select: a condition is a boolean"):
        ops.select([np.array([1.0, 0.0])], [Value([1.0, 2.0])])


def test_nan_to_num_puts_in_what_it_is_given() -> None:
    data = np.array([np.nan, np.inf, -np.inf, 2.0])
    np.testing.assert_array_equal(np.nan_to_num(Value(data)).data, np.nan_to_num(data))
    x, nan = Value(data), Value(5.0)
    z = np.nan_to_num(x, nan=nan, posinf=6.0, neginf=7.0)
    assert z.data.tolist() == [5.0, 6.0, 7.0, 2.0]
    z.sum().backward()
    assert (x.grad.tolist(), nan.grad) == ([0.0, 0.0, 0.0, 1.0], 1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.nan_to_num(x, copy=False),
        lambda x: np.round(x, out=np.zeros(2)),
        lambda x: np.arcsin(x, out=np.zeros(2)),
        lambda x: np.square(x, dtype="float32"),
        lambda x: np.divmod(x, x, where=np.ones(2, bool)),
        lambda x: np.hypot.reduce(x),
    ],
)
def test_an_option_that_is_not_there_is_refused(call: Any) -> None:
    with pytest.raises(TypeError):
        call(Value([0.5, 0.25]))


# ---------------------------------------------------------------- what SciPy computes


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_special_functions_keep_shape_and_dtype(dtype: str) -> None:
    for shape in ((), (3,), (0, 2)):
        x = Value(np.full(shape, 0.5, dtype=dtype))
        for f in (ops.erfinv, ops.lgamma, ops.digamma, lambda x: ops.polygamma(2, x)):
            assert (f(x).shape, f(x).dtype) == (shape, dtype)


@pytest.mark.parametrize(
    ("op", "call"),
    [
        ("erfinv", ops.erfinv),
        ("lgamma", ops.lgamma),
        ("digamma", ops.digamma),
        ("polygamma", lambda x: ops.polygamma(1, x)),
    ],
)
@pytest.mark.parametrize("x", [0.5, np.array([0.5]), Value(0.5), Value([0.5])], ids=repr)
def test_without_scipy_the_error_says_what_to_install(
    op: str, call: Any, x: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=f"{op} is computed by SciPy.*pip install scipy\n  at test_ops_pointwise.py"):
        call(x)


def test_polygamma_is_the_chain_of_derivatives_of_lgamma() -> None:
    f = ops.lgamma
    for n in range(4):
        f = transforms.grad(f)
        assert f(2.5) == pytest.approx(ops.polygamma(n, 2.5), rel=1e-14)


@pytest.mark.parametrize(("n", "error"), [(-1, ValueError), (1.5, TypeError), (Value(1.0), TypeError)], ids=repr)
def test_the_order_of_polygamma_is_a_whole_number(n: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        ops.polygamma(n, 2.0)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", ["clip", "maximum", "sin", "div", "where"])
def test_a_numpy_scalar_keeps_its_dtype_beside_plain_numbers(name: str, dtype: str) -> None:
    arguments = {"clip": (-1.0, 1.0), "maximum": (9.0,), "sin": (), "div": (4.0,), "where": (9.0,)}[name]
    first = (True,) if name == "where" else ()
    scalar = np.ones(1, dtype)[0] * 2
    plain = getattr(ops, name)(*first, scalar, *arguments)
    value = getattr(ops, name)(*first, Value(np.array([2.0], dtype))[0], *arguments)
    assert (plain.dtype, value.dtype) == (dtype, dtype)
    assert plain == value.data


def test_ldexp_promotes_plain_arrays_as_it_does_values() -> None:
    x, exponent = np.ones(2, "float16"), np.ones(2, "float32")
    assert ops.ldexp(x, exponent).dtype == ops.ldexp(Value(x), Value(exponent)).dtype == "float32"
    assert ops.ldexp(1.0, exponent).dtype == ops.ldexp(Value(1.0), Value(exponent)).dtype == "float32"
    assert ops.ldexp(exponent, np.array([1, 2])).dtype == "float32"
