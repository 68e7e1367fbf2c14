"""A user's function of the data, ``value.map_data(f)``, warns, raises and keeps in a replay what it does otherwise."""

from __future__ import annotations

import traceback
import warnings
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, jit

W = Value([1.0, 2.0, 3.0])
GOOD, BAD = np.ones(3), np.zeros(3)


def inverse(data: Any) -> Any:
    return np.reciprocal(data)


def warns(data: Any) -> Any:
    warnings.warn(f"the least is {data.min()}", stacklevel=2)
    return data


def raises(data: Any) -> Any:
    if data.min() <= 0:
        raise LookupError(f"the least is {data.min()}")
    return data


def words_of(f: Any, *xs: Any) -> list[list[str]]:
    """What each call warns of."""
    found = []
    for x in xs:
        with warnings.catch_warnings(record=True) as words:
            warnings.simplefilter("always")
            f(Value(x, requires_grad=False))
        found.append([str(word.message) for word in words])
    return found


@pytest.mark.parametrize("g", [inverse, warns, np.reciprocal])
@pytest.mark.parametrize("is_used", [True, False])
def test_a_warning_is_given_at_each_call_that_gives_one_without_jit(g: Any, is_used: bool) -> None:
    def f(x: Any) -> Any:
        y = x.map_data(g)
        return W * y if is_used else W * 2.0

    expected = words_of(f, GOOD, BAD, BAD)
    assert expected[1]
    assert words_of(jit(f), GOOD, BAD, BAD) == expected


def test_the_error_state_of_numpy_is_the_callers() -> None:
    f = jit(lambda x: W * x.map_data(inverse))
    f(GOOD)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        f(BAD)
    with np.errstate(divide="ignore"):
        assert words_of(f, BAD) == [[]]


@pytest.mark.parametrize("instead", [None, lambda data: data])
@pytest.mark.parametrize("is_used", [True, False])
def test_an_error_is_raised_with_the_traced_line(instead: Any, is_used: bool) -> None:
    @jit
    def f(x: Any) -> Any:
        y = x.map_data(raises, instead=instead)
        return W * y if is_used else W * 2.0

    f(GOOD)
    with pytest.raises(LookupError, match=r"the least is 0.0") as error:
        f(BAD)
    assert "y = x.map_data(raises, instead=instead)" in "".join(traceback.format_exception(error.value))
    np.testing.assert_array_equal(f(GOOD).data, W.data * (1 if is_used else 2))


def test_what_a_function_keeps_stays_what_it_was() -> None:
    kept: list[Any] = []

    def keep(data: Any) -> Any:
        kept.append(data)
        return data

    f = jit(lambda x: (W * (2.0 * x).map_data(keep, instead=lambda data: data)).sum())
    for x in (1.0, 2.0, 3.0):
        f(np.full(3, x))
    np.testing.assert_array_equal(kept, [np.full(3, 2.0 * x) for x in (1.0, 2.0, 3.0)])


def test_a_function_that_gives_nothing_gives_none() -> None:
    assert jit(lambda x: (W * x).map_data(lambda data: None))(GOOD) is None
