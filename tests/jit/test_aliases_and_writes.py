"""A Value that a jitted function gets twice, an array that it writes into, and whole numbers that it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_mini import JitError, Value, jit


@pytest.mark.parametrize("data", [3.0, np.array([3.0, 4.0])])
def test_a_value_that_is_an_argument_twice_gets_both_of_its_gradients(data: Any) -> None:
    x, f = Value(data), jit(lambda a, b: (a * b * b).sum())
    for _ in range(2):
        f(x, x).backward()
    np.testing.assert_allclose(x.grad, 2 * 3 * x.data**2)


def test_a_parameter_that_is_also_an_argument_gets_both_of_its_gradients() -> None:
    w, x = Value(2.0), Value(5.0)
    f = jit(lambda a: a["p"] * w)
    f({"p": x}).backward()
    w.zero_grad()
    f({"p": w}).backward()
    assert w.grad == 4.0


@pytest.mark.parametrize(
    "write", [lambda a: a.__setitem__(0, a[0] + 1), lambda a: a.fill(a[0] + 1), lambda a: a.sort()]
)
def test_a_write_into_an_array_that_the_function_closes_over_is_refused(write: Any) -> None:
    w, array = Value(np.ones(2)), np.array([1.0, 0.0])

    def f() -> Any:
        write(array)
        return (w * array).sum()

    with pytest.raises(JitError, match=r"writes into an array of shape \(2,\)"):
        jit(f)()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (~x).sum(),
        lambda x: (x & 1).sum(),
        lambda x: (x | 4).sum(),
        lambda x: np.percentile(x, 30),
        lambda x: np.linalg.norm(x),
        lambda x: np.mean(x),
        lambda x: np.maximum(x, 2).sum(),
        lambda x: ((x > 1) & (x < 9)).sum(),
    ],
)
@pytest.mark.parametrize("dtype", [np.int64, np.int16])
def test_whole_numbers_are_computed_with_as_without_jit(f: Any, dtype: Any) -> None:
    w = Value(1.0)
    jitted = jit(lambda x: f(x) * w)
    for x in (np.array([0, 1, 200], dtype), np.array([300, 7, 5], dtype)):
        assert float(jitted(x).data) == float(f(x))
