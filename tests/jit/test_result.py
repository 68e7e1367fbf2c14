"""What a jitted function returns is a Value among others: it has gradients, and its numbers are the caller's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import Value, no_grad
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

W = Value([1.0, 2.0])


def test_a_result_is_a_value_among_others() -> None:
    w = Value([1.0, 2.0])
    f = jit(lambda x: w * x)
    first, second = f(2.0), f(3.0)  # both wait for their backward
    ((first * second).sum() * 2.0).backward()
    assert first.data.tolist() == [2.0, 4.0]
    assert w.grad.tolist() == [2 * 2 * 6.0 * n for n in (1.0, 2.0)]


def test_a_second_backward_adds_the_same_again() -> None:
    w = Value([1.0, 2.0])
    loss = jit(lambda x: (w * x).sum())(2.0)
    loss.backward()
    first = w.grad
    loss.backward()
    assert w.grad.tolist() == [4.0, 4.0]
    assert first.tolist() == [2.0, 2.0]


def test_a_gradient_is_the_users_own() -> None:
    w, v = Value([1.0, 2.0]), Value([1.0, 2.0])
    f = jit(lambda x: (w + v * x).sum())
    f(2.0).backward()
    w.grad[...] = 7.0
    kept = v.grad
    assert v.grad.tolist() == [2.0, 2.0]
    f(5.0).backward()
    assert (w.grad.tolist(), v.grad.tolist(), kept.tolist()) == ([8.0, 8.0], [7.0, 7.0], [2.0, 2.0])


def test_results_outlive_the_next_call() -> None:
    w = Value([1.0, 2.0])
    f = jit(lambda x: w * x)
    kept = [f(float(n)).data for n in range(5)]
    assert [k.tolist() for k in kept] == [[n * 1.0, n * 2.0] for n in range(5)]


def test_no_grad_and_constants_have_no_gradient() -> None:
    w = Value(2.0)
    f = jit(lambda x: w * x)
    with no_grad():
        assert not f(3.0).requires_grad
    assert f(3.0).requires_grad
    assert not jit(lambda x: Value(2.0, requires_grad=False) * x)(3.0).requires_grad


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_that_is_one_number_everywhere_has_the_shape_of_its_parameter(dtype: Any) -> None:
    p = Value(np.ones((3, 1), dtype))
    jit(lambda x: am.sum(p) * x + am.sum(p))(2.0).backward()
    np.testing.assert_array_equal(p.grad, np.full((3, 1), 3.0, dtype), strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_an_array_without_axes_is_one_too(dtype: Any) -> None:
    p, x = [Value(np.array(data, dtype)) for data in (2.0, 3.0)]
    jit(lambda x: am.sin(p) * x)(x).backward()
    for value, gradient in ((p, 3 * np.cos(p.data)), (x, np.sin(p.data))):
        assert value.grad.__class__ is np.ndarray
        np.testing.assert_allclose(value.grad, gradient, rtol=1e-6, strict=True)


def test_an_array_that_is_returned_is_the_callers_own() -> None:
    f = jit(lambda x: (2.0 * x, np.ones(3)))
    f(1.0)[1][0] = 7.0
    np.testing.assert_array_equal(f(1.0)[1], np.ones(3))


def test_a_loss_in_float32_is_a_number_that_can_be_formatted() -> None:
    w = Value(np.ones((2, 2), np.float32))

    def f(x: Any) -> Any:
        return {"loss": (w * x).sum(), "last": (w * x)[1:, 1:].reshape(()), "rows": (w * x)[0]}

    replayed = jit(f)
    for x in (np.ones((2, 2), np.float32), np.full((2, 2), 3.0, np.float32)):
        expected, actual = f(x), replayed(x)
        assert type(actual["loss"].data) is np.float32
        assert f"{actual['loss'].data:.2f}" == f"{expected['loss'].data:.2f}"
        assert [type(z.data) for z in actual.values()] == [type(z.data) for z in expected.values()]
    assert type(jit(lambda x: x > 1.0)(3.0).data) is np.bool_


@pytest.mark.parametrize("shape", [(3,), ()])
@pytest.mark.parametrize("is_jitted", [False, True])
def test_a_parameter_that_a_result_does_not_depend_on_gets_no_gradient(shape: tuple[int, ...], is_jitted: bool) -> None:
    """An optimizer leaves alone what has none; with zeros weight decay would shrink it."""
    of_both, of_first, of_second, unused = (Value(np.ones(shape)) for _ in range(4))

    def f(x: Any, y: Value) -> Any:
        _ = unused * x
        return (of_both * of_first * x).sum(), (of_both * of_second * y).sum()

    argument = Value(2.0)
    first, second = (jit(f) if is_jitted else f)(3.0, argument)
    everything = (of_both, of_first, of_second, unused, argument)
    first.backward()
    assert [p.has_grad for p in everything] == [True, True, False, False, False]
    first.backward()  # which adds to what is there
    assert [p.has_grad for p in everything] == [True, True, False, False, False]
    second.backward(0.5)
    assert [p.has_grad for p in everything] == [True, True, True, False, True]


def test_a_gradient_of_a_gradient_through_a_program_is_refused() -> None:
    loss = jit(lambda x: (W * x).sum())(2.0)
    with pytest.raises(JitError, match="gradient of a gradient"):
        loss.backward(create_graph=True)
