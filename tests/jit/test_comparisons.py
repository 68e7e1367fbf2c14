"""A comparison of arguments is NumPy's where one of NumPy's is compared, else a bool; what has no op is NumPy's too."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from autograd_mini import JitError, Value, jit

W = Value(np.array([0.1, 0.2], np.float32))
NUMBERS = [2.5, np.float64(2.5), np.float32(2.5), 2, np.int64(2), np.array(2.5)]
A = np.array([1.0, 3.0, -2.0])
OF_A_NUMBER: dict[str, Callable[[Any, Any], Any]] = {
    "times": lambda s, a: (s > 0) * a,
    "sum of two": lambda s, a: (s > 0) + (a.sum() > 1),
    "not, by ~": lambda s, a: ~(s > 0) * a,
    "and": lambda s, a: ((s > 0) & (a.sum() > 1)) * 1.5,
    "np.invert": lambda s, a: np.invert(s > 0),
    "is a bool": lambda s, a: isinstance(s > 0, bool),
    "is one of NumPy's": lambda s, a: isinstance(s > 0, np.bool_),
    "by a ufunc": lambda s, a: isinstance(np.greater(s, 0), np.bool_),
    "hasattr": lambda s, a: hasattr(s > 0, "astype"),
    "of a sum, astype": lambda s, a: (a.sum() > s).astype(float),
    "of a sum, any": lambda s, a: (a.sum() > s).any(),
    "of an element": lambda s, a: (a[0] > 1).astype(int) + (a[1] == a.max()).sum(),
}
OF_NUMPYS_NUMBER: dict[str, Callable[[Any], Any]] = {
    "astype": lambda s: (s > 0).astype(np.float32),
    "sum": lambda s: (s > 0).sum(),
    "mean": lambda s: (s > 0).mean(),
    "any": lambda s: (s != s).any(),
    "all": lambda s: (s == s).all(),
    "dtype": lambda s: np.ones(2, (s > 0).dtype),
    "shape": lambda s: np.ones((s > 0).shape),
    "reshape": lambda s: (s > 0).reshape(1),
}


@pytest.mark.filterwarnings("ignore:Bitwise inversion")  # from Python 3.12 on, of a bool
@pytest.mark.parametrize("s", NUMBERS, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_a_comparison_of_an_argument_is_what_it_is_without_jit(name: str, s: Any) -> None:
    f = OF_A_NUMBER[name]
    compiled = jit(f)
    for number in (s, type(s)(-1.0) if not isinstance(s, np.ndarray) else np.array(-1.0)):
        check_alike(f(number, A + number), compiled(number, A + number))


@pytest.mark.parametrize("s", [s for s in NUMBERS if isinstance(s, np.generic | np.ndarray)], ids=repr)
@pytest.mark.parametrize("name", OF_NUMPYS_NUMBER)
def test_a_comparison_of_a_number_of_numpys_has_its_methods(name: str, s: Any) -> None:
    f = OF_NUMPYS_NUMBER[name]
    compiled = jit(f)
    check_alike(f(s), compiled(s))
    check_alike(f(-s), compiled(-s))


@pytest.mark.parametrize("s", [0.1, 3, True], ids=repr)
def test_a_comparison_of_a_number_of_pythons_has_none(s: Any) -> None:
    with pytest.raises(AttributeError, match="'bool' object has no attribute 'astype'"):
        jit(lambda s: (s > 0).astype(float))(s)


TENTHS = np.array([0.1, 0.2], np.float32)
BEYOND = 2**53


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda a, s: a > s, (TENTHS, np.float64(0.1))),
        (lambda a, s: a > s, (TENTHS, 0.1)),
        (lambda a, s: np.where(s < a, a, s), (TENTHS, np.float64(0.1))),
        (lambda a: a == np.float64(0.1), (TENTHS,)),
        (lambda s: s < W, (np.float64(0.1),)),
        (lambda a: (np.float64(0.1) < W) & (a > 0), (TENTHS,)),
        (lambda s, t: s > t, (np.float32(0.1), np.float64(0.1))),
        (lambda a, n: a == n, (np.array([BEYOND + 1]), BEYOND)),
        (lambda a, n: a > n, (np.array([BEYOND + 1]), np.int64(BEYOND))),
    ],
)
def test_numbers_are_compared_in_the_dtype_that_numpy_compares_them_in(f: Any, args: Any) -> None:
    check_alike(f(*args), jit(f)(*args))


@pytest.mark.parametrize(
    "f",
    [
        *(lambda k, n: ~k, lambda k, n: ~n, lambda k, n: n & 1, lambda k, n: k << n, lambda k, n: 1 | n),
        *(lambda k, n: np.gcd(k, n), lambda k, n: np.invert(k), lambda k, n: np.bitwise_xor(k, n)),
        *(lambda k, n: np.add(*divmod(k, n)), lambda k, n: np.divmod(k, n)[1], lambda k, n: np.divmod(n, 3)[0] * k),
        *(lambda k, n: np.spacing(k * 1.0), lambda k, n: np.interp(k / 2.0, [0.0, 9.0], [1.0, n])),
        *(lambda k, n: np.add.reduceat(k / 2.0, [0, 2]), lambda k, n: np.convolve(k / 2.0, [1.0, 2.0])),
    ],
)
@pytest.mark.parametrize("n", [2, np.int64(2)], ids=lambda n: type(n).__name__)
def test_what_has_no_gradient_computes_with_arguments_as_without_jit(f: Any, n: Any) -> None:
    compiled = jit(f)
    for k, m in (([5, 6, 7], 2), ([-1, 0, 9], 3)):
        check_alike(f(np.array(k), type(n)(m)), compiled(np.array(k), type(n)(m)))


FACTOR = 2.0


def test_a_function_of_the_users_that_numpy_calls_is_called_at_each_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        return np.piecewise(x, [x > 0], [lambda part: part * FACTOR, np.negative])

    compiled = jit(f)
    for factor, numbers in product([2.0, 3.0], ([-1.0, 2.0], [2.0, -1.0])):
        monkeypatch.setitem(globals(), "FACTOR", factor)
        check_alike(f(np.array(numbers)), compiled(np.array(numbers)))


def test_where_arrays_lie_is_refused() -> None:
    for asks in (np.shares_memory, np.may_share_memory):
        with pytest.raises(JitError, match="asks where arrays lie"):
            jit(lambda x, asks=asks: asks(x, x[1:]))(A)


def check_alike(expected: Any, result: Any) -> None:
    data = result.data if isinstance(result, Value) else result
    assert np.array_equal(expected, data)
    if isinstance(expected, np.ndarray):
        assert expected.dtype == data.dtype
